//! Ending appointments and giving their places to others, signed elsewhere in one action; and what follows from it.

use std::sync::atomic::Ordering;

use hocba_app::{
    AppError, Appointing, AppointmentView, Import, Lists, Mode, ReplacementTasks, Selection, SignedAppointment,
    Standing, Step, WantedEnd, model::GrantRole,
};
use hocba_record::encoding::RecordId;
use hocba_signature::{
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::model::{Id, PlannedClass};
use hocba_tests::{
    DAY, Person, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};

use crate::{
    names::{class, code, year},
    opening::{account, office},
};

const STAFF: &str = "Họ và tên;Chức vụ;Chủ nhiệm lớp\n\
    Trần Văn Minh;Hiệu trưởng;\n\
    Lê Thu Hà;Phó hiệu trưởng;\n\
    Phan Thị Thảo;Văn thư;\n\
    Nguyễn Thị Hoa;Giáo viên;9A3\n\
    Đặng Thị Lan;Giáo viên;\n\
    Đỗ Văn Nam;Giáo viên;\n";
const PEOPLE: [(&str, &str); 5] = [
    ("tranvan.minh", "principal"),
    ("lethu.ha", "deputy"),
    ("phanthi.thao", "seal"),
    ("nguyenthi.hoa", "teacher"),
    ("dangthi.lan", "other-teacher"),
];
const HOMEROOMS: fn() -> Appointing = || Appointing::Homerooms { year: year(2026), deputy: false };

/// A school whose people are appointed: Hoa has 9A3, Lan has a certificate and no class, Nam neither.
async fn staffed() -> Office {
    let office = office().await;
    let lists =
        Lists { staff: Some(STAFF.as_bytes()), classes: Some("Lớp;Khối\n9A3;9\n".as_bytes()), pupils: None };
    office.app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &lists, Mode::Apply).await.expect("taken");
    for (login, file) in PEOPLE {
        let account = account(&office, login).await;
        assert!(office.app.enrol_certificate(&OPERATOR, &account, &chain_of(file)).await.expect("enrolled"), "{login}");
    }
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(office.appoint(role).await);
    }
    office
}

/// The appointment in this role that is in force.
async fn held(office: &Office, role: Role) -> AppointmentView {
    let views = office.app.list_appointments(&OPERATOR, &code(SCHOOL)).await.expect("listed");
    let found = views.into_iter().find(|v| v.appointment.role == role && v.standing == Standing::InForce);
    found.unwrap_or_else(|| panic!("no {role}"))
}

fn wanted(office: &Office, appointment: RecordId, reason: ReasonClass, successor: Option<Id>) -> WantedEnd {
    let now = office.clock.load(Ordering::Relaxed);
    let since = (reason == ReasonClass::KeyCompromised).then(|| at(now - DAY));
    let decision = Some("12/QĐ-THCS".parse().expect("a text"));
    WantedEnd { appointment, reason, since, decision, successor }
}

/// What is to be signed, as it comes back from this key.
fn signed_by(file: &str, tasks: &ReplacementTasks) -> Vec<SignedAppointment> {
    let key = Person::example(file).key;
    let end = SignedAppointment {
        payload: tasks.end.change.to_bytes(),
        at: tasks.end.at,
        signature: key.sign(tasks.end.bytes()).to_vec(),
    };
    let new = tasks.appointment.as_ref().map(|task| SignedAppointment {
        payload: task.appointment.to_bytes(),
        at: task.at,
        signature: key.sign(task.bytes()).to_vec(),
    });
    std::iter::once(end).chain(new).collect()
}

async fn planned(office: &Office) -> PlannedClass {
    let mut tx = office.app.store().read().await.expect("read");
    tx.planned_classes(&code(SCHOOL), year(2026)).await.expect("read").remove(0)
}

/// Whether an account is granted 9A3.
async fn has_class(office: &Office, login: &str) -> bool {
    let account = account(office, login).await;
    let account = office.app.store().read().await.expect("read").account(&account).await.expect("read").expect("there");
    account.grants.iter().any(|g| g.role == GrantRole::HomeroomTeacher && g.class == Some((year(2026), class("9A3"))))
}

/// Whether an account has a certificate.
async fn signs(office: &Office, login: &str) -> bool {
    let account = account(office, login).await;
    let account = office.app.store().read().await.expect("read").account(&account).await.expect("read").expect("there");
    account.certificate.is_some()
}

#[tokio::test]
async fn a_substitute_takes_a_class_over_in_one_action() {
    let office = staffed().await;
    let (app, school) = (&office.app, code(SCHOOL));
    let bytes = workbook(2, |_, _| {});
    let imported = app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
    let hoa = held(&office, Role::HomeroomTeacher).await.appointment;

    let found = app.replaceable(&OPERATOR, &school, HOMEROOMS(), &hoa.id).await.expect("found");
    let names: Vec<&str> = found.successors.iter().map(|s| s.name.as_str()).collect();
    assert_eq!((found.view.standing, names), (Standing::InForce, vec!["Đặng Thị Lan"]), "Nam has no certificate");
    // The principal's is none of the homeroom teachers'.
    let principal = held(&office, Role::Principal).await.appointment.id;
    let beside = app.replaceable(&OPERATOR, &school, HOMEROOMS(), &principal).await;
    assert!(matches!(beside, Err(AppError::NotFound("appointment"))), "{beside:?}");

    let lan = account(&office, "dangthi.lan").await;
    let by = chain_of("principal");
    let prepare = |wanted: WantedEnd| {
        let (by, school) = (by.clone(), school.clone());
        async move { app.prepare_replacement(&OPERATOR, &school, HOMEROOMS(), &wanted, &by).await }
    };
    // Nobody who cannot take it; for no reason that nothing ends for; by nobody who is not in office.
    let nam = account(&office, "dovan.nam").await;
    let refused = prepare(wanted(&office, hoa.id, ReasonClass::LeftRole, Some(nam))).await;
    assert!(matches!(refused, Err(AppError::NotFound("account"))), "{refused:?}");
    let refused = prepare(wanted(&office, hoa.id, ReasonClass::Correction, Some(lan))).await;
    assert!(matches!(refused, Err(AppError::Status(_))), "{refused:?}");
    let teacher = chain_of("teacher");
    let want = wanted(&office, hoa.id, ReasonClass::LeftRole, Some(lan));
    let refused = app.prepare_replacement(&OPERATOR, &school, HOMEROOMS(), &want, &teacher).await;
    assert!(matches!(refused, Err(AppError::NotAppointed { role: Role::Principal, .. })), "{refused:?}");

    let tasks = prepare(want).await.expect("tasks");
    let new = tasks.appointment.as_ref().expect("a successor").appointment.clone();
    assert_eq!((new.appointee.name.as_str(), &new.class, new.year), ("Đặng Thị Lan", &hoa.class, hoa.year));
    let signed = signed_by("principal", &tasks);
    let submit = |signed: Vec<SignedAppointment>| {
        let (by, school) = (by.clone(), school.clone());
        async move { app.submit_replacement(&OPERATOR, &school, (HOMEROOMS(), &hoa.id), &by, &signed).await }
    };
    let changed = |which: usize, change: &dyn Fn(&mut SignedAppointment)| {
        let mut signed = signed.clone();
        change(&mut signed[which]);
        signed
    };
    // Each thing wrong with either, and neither lasts.
    let forged = signed_by("teacher", &tasks);
    let twice = [&signed[..], &signed[..1]].concat();
    let elsewhere = StatusChange { school: code(hocba_tests::OTHER_SCHOOL), ..tasks.end.change.clone() };
    let revokes = StatusChange { action: StatusAction::Revoke, ..tasks.end.change.clone() };
    for wrong in [
        changed(0, &|end| end.signature[0] ^= 1),
        changed(1, &|new| new.signature[0] ^= 1),
        changed(0, &|end| end.at = end.at.plus(-2 * DAY)),
        changed(0, &|end| end.payload = elsewhere.to_bytes()),
        changed(0, &|end| end.payload = revokes.to_bytes()),
        changed(1, &|new| new.payload.clear()),
        forged,
        twice,
        signed[1..].to_vec(),
        Vec::new(),
    ] {
        let refused = submit(wrong).await;
        assert!(matches!(refused, Err(AppError::Status(_) | AppError::Appointment(_))), "{refused:?}");
        assert_eq!(held(&office, Role::HomeroomTeacher).await.appointment, hoa, "neither");
        assert!(has_class(&office, "nguyenthi.hoa").await && !has_class(&office, "dangthi.lan").await);
    }

    // What is signed is the end of one appointment; it does not come in as another one's.
    let of = (HOMEROOMS(), &new.id);
    let other = app.submit_replacement(&OPERATOR, &school, of, &by, &signed).await;
    assert!(matches!(other, Err(AppError::Status(_))), "{other:?}");
    assert_eq!(held(&office, Role::HomeroomTeacher).await.appointment, hoa);

    let done = submit(signed.clone()).await.expect("replaced");
    assert_eq!((done.ended, done.appointed), (true, true));
    assert_eq!(held(&office, Role::HomeroomTeacher).await.appointment.id, new.id);
    assert_eq!(planned(&office).await.homeroom, Some(lan));
    assert!(!has_class(&office, "nguyenthi.hoa").await && has_class(&office, "dangthi.lan").await);
    assert!(signs(&office, "nguyenthi.hoa").await, "she may have another class");
    let again = submit(signed).await.expect("sent again");
    assert_eq!((again.ended, again.appointed), (false, false));
    // Nobody waits to be appointed; who left signs no more, and who came does.
    assert!(app.to_be_appointed(&OPERATOR, &school, HOMEROOMS()).await.expect("asked").is_empty());
    let sign = |file: &str| {
        let chain = chain_of(file);
        async move {
            let signer = app.signer(&OPERATOR, Step::Sign, false, &chain).await.expect("a signer");
            app.prepare(&OPERATOR, &imported, &signer, &Selection::All).await
        }
    };
    assert!(matches!(sign("teacher").await, Err(AppError::AppointmentEnded { .. })));
    assert_eq!(sign("other-teacher").await.expect("a list").tasks.len(), 2);
}

#[tokio::test]
async fn without_a_successor_the_class_waits_for_one_and_a_lost_key_waits_for_a_new_one() {
    for reason in [ReasonClass::Decision, ReasonClass::KeyCompromised] {
        let office = staffed().await;
        let (app, school, by) = (&office.app, code(SCHOOL), chain_of("principal"));
        let hoa = held(&office, Role::HomeroomTeacher).await.appointment;
        let wanted = wanted(&office, hoa.id, reason, None);
        let tasks = app.prepare_replacement(&OPERATOR, &school, HOMEROOMS(), &wanted, &by).await.expect("tasks");
        assert!(tasks.appointment.is_none());
        let signed = signed_by("principal", &tasks);
        let of = (HOMEROOMS(), &hoa.id);
        let done = app.submit_replacement(&OPERATOR, &school, of, &by, &signed).await.expect("ended");
        assert_eq!((done.ended, done.appointed), (true, false));
        let lost = reason == ReasonClass::KeyCompromised;
        // Who left has the class no longer; whose key is lost keeps it, and needs another certificate.
        assert_eq!(has_class(&office, "nguyenthi.hoa").await, lost, "{reason:?}");
        assert_eq!(planned(&office).await.homeroom.is_some(), lost, "{reason:?}");
        assert_eq!(signs(&office, "nguyenthi.hoa").await, !lost, "{reason:?}");
        // Either way the same certificate is not offered again at once.
        assert!(app.to_be_appointed(&OPERATOR, &school, HOMEROOMS()).await.expect("asked").is_empty(), "{reason:?}");
        let over = app.replaceable(&OPERATOR, &school, HOMEROOMS(), &hoa.id).await.expect("still listed");
        assert!(matches!(over.view.standing, Standing::Ended { .. }) && over.successors.is_empty());
        let again = app.prepare_replacement(&OPERATOR, &school, HOMEROOMS(), &wanted, &by).await;
        assert!(matches!(again, Err(AppError::NotFound("appointment"))), "{again:?}");
    }
}

#[tokio::test]
async fn a_department_has_a_deputy_act_for_a_principal_who_left() {
    let office = staffed().await;
    let (app, school, by) = (&office.app, code(SCHOOL), chain_of("department"));
    let principal = held(&office, Role::Principal).await.appointment;
    let found = app.replaceable(&OPERATOR, &school, Appointing::School, &principal.id).await.expect("found");
    let offered: Vec<(&str, Role)> = found.successors.iter().map(|s| (s.name.as_str(), s.role)).collect();
    assert_eq!(offered, [("Lê Thu Hà", Role::DeputyPrincipal)]);
    let wanted = wanted(&office, principal.id, ReasonClass::LeftRole, Some(found.successors[0].account));
    let tasks = app.prepare_replacement(&OPERATOR, &school, Appointing::School, &wanted, &by).await.expect("tasks");
    let signed = signed_by("department", &tasks);
    // What the department signed does not come in as the principal's.
    let beside = app.submit_replacement(&OPERATOR, &school, (HOMEROOMS(), &principal.id), &by, &signed).await;
    assert!(matches!(beside, Err(AppError::Appointment(_) | AppError::Status(_))), "{beside:?}");
    let of = (Appointing::School, &principal.id);
    app.submit_replacement(&OPERATOR, &school, of, &by, &signed).await.expect("replaced");
    assert_eq!(held(&office, Role::DeputyPrincipal).await.appointment.appointee.name.as_str(), "Lê Thu Hà");
    // A principal who left is not offered again until the certificate is enrolled again, as of somebody who came back.
    assert!(!signs(&office, "tranvan.minh").await);
    assert!(app.to_be_appointed(&OPERATOR, &school, Appointing::School).await.expect("asked").is_empty());
    let minh = account(&office, "tranvan.minh").await;
    assert!(app.enrol_certificate(&OPERATOR, &minh, &chain_of("principal")).await.expect("enrolled"));
    let back = app.to_be_appointed(&OPERATOR, &school, Appointing::School).await.expect("asked");
    assert_eq!(back.iter().map(|needed| needed.role).collect::<Vec<_>>(), [Role::Principal]);
}

#[tokio::test]
async fn an_end_is_signed_as_one_and_not_as_an_appointment() {
    let office = staffed().await;
    let (app, school, by) = (&office.app, code(SCHOOL), chain_of("principal"));
    let hoa = held(&office, Role::HomeroomTeacher).await.appointment;
    let wanted = wanted(&office, hoa.id, ReasonClass::LeftRole, None);
    let tasks = app.prepare_replacement(&OPERATOR, &school, HOMEROOMS(), &wanted, &by).await.expect("tasks");
    let principal = Person::example("principal");
    let statement = Statement::unsigned(tasks.end.change.to_bytes());
    let input = statement.prepare(
        StatementType::Appointment,
        Role::Principal,
        principal.certificate.key().default_algorithm(),
        principal.digest(),
        tasks.end.at,
    );
    let signature = principal.key.sign(input.bytes()).to_vec();
    let signed = [SignedAppointment { payload: tasks.end.change.to_bytes(), at: tasks.end.at, signature }];
    let refused = app.submit_replacement(&OPERATOR, &school, (HOMEROOMS(), &hoa.id), &by, &signed).await;
    assert!(matches!(refused, Err(AppError::Status(_))), "{refused:?}");
    assert_eq!(held(&office, Role::HomeroomTeacher).await.appointment, hoa);
}
