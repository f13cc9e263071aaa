//! Ends of appointments and what they leave behind: who signs on, who takes over, what waits, what fell.

use std::sync::atomic::Ordering;

use hocba_app::{App, AppError, Fault, NewAppointment, NewEnd, Replaced, Scope, Selection, Standing, Step, Stuck};
use hocba_bundle::{
    format::Bundle,
    report::{Report, Verdict},
};
use hocba_record::{encoding::RecordId, types::SchoolCode};
use hocba_signature::{
    algorithm::Algorithm,
    appointment::Appointment,
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::model::{Id, JobKind, LeafKind, RecordState, ReturnReason};
use hocba_tests::{
    DAY, NOW, Person, SCHOOL, at,
    office::{OPERATOR, Office, chain_of},
};

use ReasonClass::{Decision, KeyCompromised, LeftRole};

fn school() -> SchoolCode {
    SCHOOL.parse().expect("code")
}

async fn end(office: &Office, role: Role, by: Role, reason: ReasonClass, since: Option<i64>) -> Result<bool, AppError> {
    let file = if by == Role::Department { "department" } else { "principal" };
    let statement = office.end_of(role, by, reason, since);
    office.app.end_appointment(&OPERATOR, &statement, &chain_of(file)).await
}

/// A task list for a step, or why there is none.
async fn prepare(office: &Office, class: &Id, step: Step) -> Result<hocba_app::SigningList, AppError> {
    let signer = office.app.signer(&OPERATOR, step, false, &chain_of(office.person(step).1)).await?;
    office.app.prepare(&OPERATOR, class, &signer, &Selection::All).await
}

/// An appointment of a person of the examples, by whoever gives it.
fn appointment_of(office: &Office, person: &str, role: Role, n: u8) -> Statement {
    let class = (role == Role::HomeroomTeacher).then_some("9A3");
    let mut appointment = office.people.appointment(role, class);
    appointment.id = RecordId::from_bytes([n; 16]);
    appointment.appointee.certificate = Person::example(person).digest();
    office.people.appoint(&appointment)
}

fn refused_for(done: &Result<impl Sized, AppError>, wanted: ReasonClass) -> bool {
    matches!(done, Err(AppError::AppointmentEnded { reason, .. }) if *reason == wanted)
}

#[tokio::test]
async fn after_the_end_nothing_is_taken_any_more_and_the_reason_is_told() {
    for (reason, since) in [(LeftRole, None), (Decision, None), (KeyCompromised, Some(NOW - 20 * DAY))] {
        let (office, class) = Office::with_class(2).await;
        // A list that was prepared in office, submitted after it.
        let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
        let list = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list");
        let key = &office.people.teacher.key;
        let signed: Vec<_> = list.tasks.iter().map(|t| t.signed(key.sign(t.bytes()).to_vec())).collect();
        assert!(end(&office, Role::HomeroomTeacher, Role::Principal, reason, since).await.expect("ended"));
        assert!(refused_for(&office.app.submit(&OPERATOR, &class, &signer, &signed).await, reason), "{reason:?}");
        assert!(refused_for(&prepare(&office, &class, Step::Sign).await, reason), "{reason:?}");
        assert!(office.lines(&class).await.iter().all(|l| l.state == RecordState::Draft));
        // Again in the same way: nothing happens. The event and the job are there once.
        assert!(!end(&office, Role::HomeroomTeacher, Role::Department, reason, since).await.expect("ended before"));
        let mut tx = office.app.store().read().await.expect("read");
        let id = office.people.appointment(Role::HomeroomTeacher, Some("9A3")).id;
        let events = tx.events_of(&id.to_string()).await.expect("events");
        let ends: Vec<_> = events.iter().filter(|e| e.action == "end_appointment").collect();
        assert_eq!(
            ends.iter().map(|e| e.reason.as_deref()).collect::<Vec<_>>(),
            [Some(hocba_app::reason_code(reason))]
        );
        let jobs = tx.open_jobs().await.expect("jobs");
        assert_eq!(jobs.iter().filter(|j| j.kind == JobKind::DeliverStatuses).count(), 1);
    }
}

#[tokio::test]
async fn who_was_ended_gives_and_ends_nothing() {
    let (office, _) = Office::with_class(1).await;
    assert!(end(&office, Role::Principal, Role::Department, LeftRole, None).await.expect("ended"));
    let done = end(&office, Role::HomeroomTeacher, Role::Principal, LeftRole, None).await;
    assert!(refused_for(&done, LeftRole));
    let statement = appointment_of(&office, "seal", Role::HomeroomTeacher, 9);
    let done = office.app.appoint(&OPERATOR, &statement, &chain_of("principal"), &chain_of("seal")).await;
    assert!(refused_for(&done, LeftRole));
    // Appointed anew, with the same certificate, the principal works on.
    let again = appointment_of(&office, "principal", Role::Principal, 8);
    let done = office.app.appoint(&OPERATOR, &again, &chain_of("department"), &chain_of("principal")).await;
    assert!(done.expect("appointed"));
    assert!(end(&office, Role::HomeroomTeacher, Role::Principal, LeftRole, None).await.expect("ended"));
}

#[tokio::test]
async fn only_who_may_give_an_appointment_or_the_department_ends_it() {
    let (office, _) = Office::with_class(1).await;
    let refused = |done: Result<bool, AppError>| matches!(done, Err(AppError::Status(_)));
    assert!(
        refused(end(&office, Role::SchoolSeal, Role::Principal, LeftRole, None).await),
        "the department gives seals"
    );
    assert!(refused(end(&office, Role::Principal, Role::Principal, LeftRole, None).await));
    let by = |role, person: &Person, file: &str| {
        let subject = office.people.appointment(Role::HomeroomTeacher, Some("9A3")).id;
        let change = change(subject, LeftRole, None, 1);
        (person.sign(Statement::unsigned(change.to_bytes()), StatementType::Status, role, NOW), chain_of(file))
    };
    // The teacher's own word, a deputy who is none, a department of elsewhere, another's certificate, a broken signature.
    let (statement, chain) = by(Role::HomeroomTeacher, &office.people.teacher, "teacher");
    assert!(refused(office.app.end_appointment(&OPERATOR, &statement, &chain).await));
    let (statement, chain) = by(Role::DeputyPrincipal, &office.people.principal, "principal");
    let done = office.app.end_appointment(&OPERATOR, &statement, &chain).await;
    assert!(matches!(done, Err(AppError::NotAppointed { role: Role::DeputyPrincipal, .. })), "{done:?}");
    let (statement, chain) = by(Role::Department, &Person::example("other-department"), "other-department");
    let done = office.app.end_appointment(&OPERATOR, &statement, &chain).await;
    assert!(matches!(done, Err(AppError::NotAppointed { role: Role::Department, .. })), "{done:?}");
    let (statement, _) = by(Role::Principal, &office.people.principal, "principal");
    assert!(refused(office.app.end_appointment(&OPERATOR, &statement, &chain_of("department")).await));
    let unsigned = Statement::unsigned(statement.payload().to_vec());
    let header = office.people.principal.digest();
    let input = unsigned.prepare(StatementType::Status, Role::Principal, Algorithm::Ed25519, header, at(NOW));
    let forged = unsigned.attach(input, vec![7; 64]);
    assert!(refused(office.app.end_appointment(&OPERATOR, &forged, &chain_of("principal")).await));
    let nobody = office.end(RecordId::from_bytes([3; 16]), Role::Department, LeftRole, None, 1);
    let done = office.app.end_appointment(&OPERATOR, &nobody, &chain_of("department")).await;
    assert!(matches!(done, Err(AppError::NotFound("appointment"))));
    let late = end(&office, Role::HomeroomTeacher, Role::Principal, KeyCompromised, Some(NOW + DAY)).await;
    assert!(matches!(late, Err(AppError::Time(_))));
    // Reasons that records have, and actions on records.
    for (action, reason) in [(StatusAction::End, ReasonClass::Correction), (StatusAction::Revoke, LeftRole)] {
        let subject = office.people.appointment(Role::HomeroomTeacher, Some("9A3")).id;
        let change = StatusChange { action, ..change(subject, reason, None, 1) };
        let department = &office.people.department;
        let statement = Statement::unsigned(change.to_bytes());
        let statement = department.sign(statement, StatementType::Status, Role::Department, NOW);
        assert!(refused(office.app.end_appointment(&OPERATOR, &statement, &chain_of("department")).await));
    }
    assert_eq!(office.app.appointments(&school(), at(NOW)).await.expect("read").len(), 3, "nothing was ended");
}

fn change(subject: RecordId, reason: ReasonClass, since: Option<i64>, live_version: u32) -> StatusChange {
    StatusChange {
        action: StatusAction::End,
        decision: None,
        live_version,
        reason,
        replacement: None,
        school: school(),
        since: since.map(at),
        subject,
    }
}

#[tokio::test]
async fn after_an_end_only_a_compromise_is_news_and_after_that_only_an_earlier_one() {
    let (office, _) = Office::with_class(1).await;
    let id = office.people.appointment(Role::HomeroomTeacher, Some("9A3")).id;
    let app = office.app.clone();
    let ended = async |reason, since, live_version| {
        let statement = office.end(id, Role::Department, reason, since, live_version);
        app.end_appointment(&OPERATOR, &statement, &chain_of("department")).await
    };
    let before = |done: Result<bool, AppError>| matches!(done, Err(AppError::EndedBefore { .. }));
    assert!(ended(LeftRole, None, 2).await.expect("ended"));
    assert!(before(ended(Decision, None, 3).await));
    assert!(before(ended(KeyCompromised, Some(NOW - 30 * DAY), 1).await), "versions never go down on the chain");
    assert!(ended(KeyCompromised, Some(NOW - 30 * DAY), 2).await.expect("ended"));
    assert!(!ended(KeyCompromised, Some(NOW - 30 * DAY), 2).await.expect("ended before"));
    assert!(before(ended(KeyCompromised, Some(NOW - 20 * DAY), 3).await), "later than was thought");
    assert!(before(ended(KeyCompromised, Some(NOW - 40 * DAY), 2).await), "the contract would see no difference");
    assert!(ended(KeyCompromised, Some(NOW - 40 * DAY), 3).await.expect("ended"));
    let views = office.app.list_appointments(&OPERATOR, &school()).await.expect("views");
    let view = views.iter().find(|v| v.appointment.id == id).expect("the teacher");
    let Standing::Ended { reason, since, published, .. } = &view.standing else { panic!("{view:?}") };
    assert_eq!((*reason, *since, *published), (Some(KeyCompromised), Some(at(NOW - 40 * DAY)), None));
    assert!(office.people.appointment(Role::Principal, None).covers(at(NOW)));
    let in_force = views.iter().filter(|v| v.standing == Standing::InForce && !v.anchored).count();
    assert_eq!(in_force, 2, "{views:#?}");
}

#[tokio::test]
async fn what_someone_signed_who_left_is_not_carried_on_but_returned() {
    let (office, class) = Office::with_class(2).await;
    let only = |n: u32| Selection::Only([n].into());
    office.step(&class, Step::Sign, &Selection::All).await;
    office.step(&class, Step::CoSign, &only(1)).await;
    // Prepared in office, submitted after it.
    let signer = office.app.signer(&OPERATOR, Step::Seal, false, &chain_of("seal")).await.expect("a signer");
    let list = office.app.prepare(&OPERATOR, &class, &signer, &only(1)).await.expect("a list");
    let sealed: Vec<_> = list.tasks.iter().map(|t| t.signed(office.people.seal.key.sign(t.bytes()).to_vec())).collect();
    assert!(end(&office, Role::HomeroomTeacher, Role::Principal, LeftRole, None).await.expect("ended"));
    let refused = office.app.submit(&OPERATOR, &class, &signer, &sealed).await;
    let gone = matches!(refused, Err(AppError::SignerGone { number: 1, role: Role::HomeroomTeacher }));
    assert!(gone, "{refused:?}");
    let list = prepare(&office, &class, Step::CoSign).await.expect("a list");
    assert_eq!((list.tasks.len(), list.signer_gone.as_slice()), (0, [(2, Role::HomeroomTeacher)].as_slice()));

    let orphaned = office.app.orphaned_work(&OPERATOR, &school()).await.expect("a list");
    let said: Vec<_> = orphaned.iter().map(|o| (o.step, o.stuck, o.count, o.gone.len())).collect();
    assert_eq!(said, [(Step::CoSign, Stuck::SignerGone, 1, 1), (Step::Seal, Stuck::SignerGone, 1, 1)]);
    for line in office.lines(&class).await {
        office.app.return_record(&OPERATOR, &line.record, ReturnReason::Other).await.expect("returned");
    }
    let orphaned = office.app.orphaned_work(&OPERATOR, &school()).await.expect("a list");
    let [one] = orphaned.as_slice() else { panic!("{orphaned:?}") };
    assert_eq!((one.step, one.stuck, one.count), (Step::Sign, Stuck::NobodyToSign, 2));
    assert_eq!(one.gone[0].role, Role::HomeroomTeacher);
    assert!(matches!(one.gone[0].standing, Standing::Ended { reason: Some(LeftRole), .. }));
    // A substitute signs, and nothing waits any more.
    let substitute = appointment_of(&office, "deputy", Role::HomeroomTeacher, 9);
    let done = office.app.appoint(&OPERATOR, &substitute, &chain_of("principal"), &chain_of("deputy")).await;
    assert!(done.expect("appointed"));
    assert!(office.app.orphaned_work(&OPERATOR, &school()).await.expect("a list").is_empty());
    let deputy = Person::example("deputy");
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("deputy")).await.expect("a signer");
    let list = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list");
    let signed: Vec<_> = list.tasks.iter().map(|t| t.signed(deputy.key.sign(t.bytes()).to_vec())).collect();
    assert_eq!(office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken").taken, 2);
    assert_eq!(office.step(&class, Step::CoSign, &Selection::All).await.taken, 2);
}

#[tokio::test]
async fn work_that_nobody_was_ever_appointed_for_is_named_as_well() {
    let office = Office::open().await;
    let bytes = hocba_tests::office::workbook(3, |_, _| {});
    office.app.import(&OPERATOR, &bytes, &hocba_app::Import::default()).await.expect("imported");
    let orphaned = office.app.orphaned_work(&OPERATOR, &school()).await.expect("a list");
    let [one] = orphaned.as_slice() else { panic!("{orphaned:?}") };
    assert_eq!((one.step, one.stuck, one.count, one.gone.len()), (Step::Sign, Stuck::NobodyToSign, 3, 0));
}

#[tokio::test]
async fn a_replacement_is_both_or_neither() {
    let (office, class) = Office::with_class(1).await;
    let end = office.end_of(Role::HomeroomTeacher, Role::Principal, LeftRole, None);
    let (by, whom) = (chain_of("principal"), chain_of("deputy"));
    let end = NewEnd { statement: &end, chain: &by };
    let appointed = |statement| NewAppointment { statement, appointer_chain: &by, appointee_chain: &whom };
    // A teacher of another class takes nobody's place, and the end does not last without it.
    let elsewhere = {
        let mut appointment: Appointment = office.people.appointment(Role::HomeroomTeacher, Some("9A4"));
        appointment.id = RecordId::from_bytes([4; 16]);
        appointment.appointee.certificate = Person::example("deputy").digest();
        office.people.appoint(&appointment)
    };
    let refused = office.app.replace_appointment(&OPERATOR, &end, &appointed(&elsewhere)).await;
    assert!(matches!(refused, Err(AppError::Appointment(_))), "{refused:?}");
    assert_eq!(prepare(&office, &class, Step::Sign).await.expect("still in office").tasks.len(), 1);

    let substitute = appointment_of(&office, "deputy", Role::HomeroomTeacher, 5);
    let done = office.app.replace_appointment(&OPERATOR, &end, &appointed(&substitute)).await.expect("replaced");
    assert_eq!(done, Replaced { ended: true, appointed: true });
    let again = office.app.replace_appointment(&OPERATOR, &end, &appointed(&substitute)).await.expect("there already");
    assert_eq!(again, Replaced { ended: false, appointed: false });
    assert!(refused_for(&prepare(&office, &class, Step::Sign).await, LeftRole));
    let waiting = {
        let mut tx = office.app.store().read().await.expect("read");
        tx.waiting(&"so-demo".parse().expect("issuer"), LeafKind::Appointment).await.expect("read").map(|w| w.count)
    };
    assert_eq!(waiting, Some(4), "three from before and the substitute");
}

#[tokio::test]
async fn a_principal_on_leave_is_replaced_by_an_acting_deputy() {
    let (office, class) = Office::with_class(1).await;
    office.step(&class, Step::Sign, &Selection::All).await;
    let end = office.end_of(Role::Principal, Role::Department, Decision, None);
    let (by, whom) = (chain_of("department"), chain_of("deputy"));
    let end = NewEnd { statement: &end, chain: &by };
    let deputy = appointment_of(&office, "deputy", Role::DeputyPrincipal, 6);
    let new = NewAppointment { statement: &deputy, appointer_chain: &by, appointee_chain: &whom };
    office.app.replace_appointment(&OPERATOR, &end, &new).await.expect("replaced");
    assert!(refused_for(&prepare(&office, &class, Step::CoSign).await, Decision));
    let signer = office.app.signer(&OPERATOR, Step::CoSign, true, &whom).await.expect("a signer");
    // The teacher was appointed by the principal in office, and stays.
    assert_eq!(office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list").tasks.len(), 1);
    assert!(office.app.orphaned_work(&OPERATOR, &school()).await.expect("a list").is_empty());
    // The other way round a deputy's place is no principal's.
    let end = office.end(RecordId::from_bytes([6; 16]), Role::Department, LeftRole, None, 1);
    let end = NewEnd { statement: &end, chain: &by };
    let principal = appointment_of(&office, "principal", Role::Principal, 7);
    let whom = chain_of("principal");
    let new = NewAppointment { statement: &principal, appointer_chain: &by, appointee_chain: &whom };
    let refused = office.app.replace_appointment(&OPERATOR, &end, &new).await;
    assert!(matches!(refused, Err(AppError::Appointment(_))), "{refused:?}");
}

#[tokio::test]
async fn the_re_signing_queue_lists_what_was_anchored_with_a_stolen_key_and_nothing_before() {
    let (office, class) = Office::with_class(3).await;
    let only = |n: u32| Selection::Only([n].into());
    let steal = |office: &Office| office.clock.load(Ordering::Relaxed);
    // The first record is anchored before the key is stolen, the second after it; the third is not anchored yet.
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        office.step(&class, step, &only(1)).await;
    }
    office.anchor().await;
    office.clock.fetch_add(DAY, Ordering::Relaxed);
    let stolen = steal(&office);
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        office.step(&class, step, &only(2)).await;
    }
    office.anchor().await;
    let empty = office.app.resigning_queue(&OPERATOR, &school()).await.expect("a queue");
    assert!(empty.fallen.is_empty() && !empty.more);
    let done = end(&office, Role::Principal, Role::Department, KeyCompromised, Some(stolen)).await;
    assert!(done.expect("ended"));
    let queue = office.app.resigning_queue(&OPERATOR, &school()).await.expect("a queue");
    let [one] = queue.fallen.as_slice() else { panic!("{queue:?}") };
    assert_eq!((one.number, one.role, one.through), (2, Role::Principal, None));
    let appointment = office.people.appointment(Role::Principal, None).id;
    assert_eq!(one.fault, Fault::Compromised { appointment, since: at(stolen) });
    assert!(one.anchored_at >= at(stolen));
    // Believed stolen earlier: the first falls as well.
    let id = office.people.appointment(Role::Principal, None).id;
    let earlier = office.end(id, Role::Department, KeyCompromised, Some(stolen - 2 * DAY), 2);
    office.app.end_appointment(&OPERATOR, &earlier, &chain_of("department")).await.expect("ended");
    let queue = office.app.resigning_queue(&OPERATOR, &school()).await.expect("a queue");
    assert_eq!(queue.fallen.iter().map(|f| f.number).collect::<Vec<_>>(), [1, 2]);
    let looks = office.app.store().read().await.expect("read").events_of(SCHOOL).await.expect("events");
    assert_eq!(looks.iter().filter(|e| e.action == "resigning_queue").count(), 3, "that somebody looked is noted");
}

#[tokio::test]
async fn what_rests_on_an_appointment_given_with_a_stolen_key_falls_with_it() {
    let (office, class) = Office::with_class(1).await;
    office.anchor().await;
    office.clock.fetch_add(DAY, Ordering::Relaxed);
    let stolen = office.clock.load(Ordering::Relaxed);
    // With the stolen key somebody is made homeroom teacher; the class is then signed by an honest deputy.
    let made = appointment_of(&office, "other-teacher", Role::HomeroomTeacher, 5);
    let done = office.app.appoint(&OPERATOR, &made, &chain_of("principal"), &chain_of("other-teacher")).await;
    assert!(done.expect("appointed"));
    let deputy = appointment_of(&office, "deputy", Role::DeputyPrincipal, 6);
    let done = office.app.appoint(&OPERATOR, &deputy, &chain_of("department"), &chain_of("deputy")).await;
    assert!(done.expect("appointed"));
    office.anchor().await;
    for (step, deputy, name) in
        [(Step::Sign, false, "other-teacher"), (Step::CoSign, true, "deputy"), (Step::Seal, false, "seal")]
    {
        let person = Person::example(name);
        let signer = office.app.signer(&OPERATOR, step, deputy, &chain_of(name)).await.expect("a signer");
        let list = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list");
        let signed: Vec<_> = list.tasks.iter().map(|t| t.signed(person.key.sign(t.bytes()).to_vec())).collect();
        assert_eq!(office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken").taken, 1);
    }
    office.anchor().await;
    let done = end(&office, Role::Principal, Role::Department, KeyCompromised, Some(stolen)).await;
    assert!(done.expect("ended"));
    let queue = office.app.resigning_queue(&OPERATOR, &school()).await.expect("a queue");
    let [one] = queue.fallen.as_slice() else { panic!("{queue:?}") };
    assert_eq!((one.role, one.through), (Role::HomeroomTeacher, Some(RecordId::from_bytes([5; 16]))));
    let appointment = office.people.appointment(Role::Principal, None).id;
    assert_eq!(one.fault, Fault::Compromised { appointment, since: at(stolen) });
}

async fn bundle(office: &Office, class: &Id) -> Bundle {
    let record = office.lines(class).await[0].record;
    office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("a bundle")
}

/// Who a report says withdrew the record.
fn named(report: &Report) -> Option<Role> {
    let text = format!("{report:?}");
    [Role::Principal, Role::Department].into_iter().find(|role| text.contains(&format!("by: Some({role:?})")))
}

#[tokio::test]
async fn a_bundle_holds_the_appointment_that_was_in_force_not_the_one_that_was_ended_before() {
    let (office, class) = Office::with_class(1).await;
    office.anchor().await;
    // Ended by mistake, published, given again to the same person.
    assert!(end(&office, Role::HomeroomTeacher, Role::Principal, Decision, None).await.expect("ended"));
    office.publish().await;
    let again = appointment_of(&office, "teacher", Role::HomeroomTeacher, 8);
    let done = office.app.appoint(&OPERATOR, &again, &chain_of("principal"), &chain_of("teacher")).await;
    assert!(done.expect("appointed"));
    office.anchor().await;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        office.step(&class, step, &Selection::All).await;
    }
    office.anchor().await;
    let bundle = bundle(&office, &class).await;
    office.clock.store(NOW, Ordering::Relaxed);
    let report = office.app.verify(&bundle.to_bytes()).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.checks);
}

#[tokio::test]
async fn a_verdict_names_who_withdrew_a_record_from_the_statements_kept_here() {
    let (office, class) = Office::anchored(1).await;
    let bundle = bundle(&office, &class).await;
    let record = office.lines(&class).await[0].record;
    let change = StatusChange {
        action: StatusAction::Revoke,
        reason: ReasonClass::IssuedInError,
        ..change(record, LeftRole, None, 1)
    };
    // Withdrawing records is a use case of its own; here the statement is simply there.
    let principal = &office.people.principal;
    let statement = Statement::unsigned(change.to_bytes());
    let statement =
        principal.sign(statement, StatementType::Status, Role::Principal, office.clock.load(Ordering::Relaxed));
    let mut tx = office.app.store().begin("revoke").await.expect("begun");
    let status = hocba_store::model::StoredStatus {
        id: 0,
        subject: record,
        action: hocba_store::model::StatusKind::Revoke,
        live_version: 1,
        reason: ReasonClass::IssuedInError.code(),
        since: None,
        school: school(),
        statement: statement.clone(),
        taken_at: at(office.clock.load(Ordering::Relaxed)),
        receipt: None,
    };
    tx.add_status(&status).await.expect("added");
    tx.commit().await.expect("committed");
    office.publish().await;
    office.clock.store(NOW, Ordering::Relaxed);
    let report = office.app.verify(&bundle.to_bytes()).await;
    assert_eq!(report.verdict, Verdict::Invalid);
    assert_eq!(named(&report), Some(Role::Principal), "{report:?}");
    // The same for whoever keeps a snapshot: the statement, the principal's appointment and certificate, the department's.
    let evidence = office.app.status_evidence().await.expect("evidence");
    assert_eq!(evidence.statements, [statement]);
    assert_eq!((evidence.authority.appointments.len(), evidence.authority.certificates.len()), (1, 3));
    // Where the statements cannot be had, the verdict stands and names nobody.
    let alone = Office::open().await;
    let app = App::new(
        alone.app.store().clone(),
        hocba_keystore::DataKey::from_bytes([9; 32]),
        office.app.profile().clone(),
        std::sync::Arc::new(office.chain.clone()),
        office.app.edges().clone(),
        office.app.settings().clone(),
    );
    let report = app.verify(&bundle.to_bytes()).await;
    assert_eq!((report.verdict, named(&report)), (Verdict::Invalid, None));
}
