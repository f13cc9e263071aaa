//! Who is given the right to sign, by one signature for many, and each reason why somebody does not have it.

use std::sync::atomic::Ordering;

use hocba_app::{AppError, Import, NewAppointment, Scope, Selection, Step};
use hocba_bundle::report::{AppointmentProblem, Verdict};
use hocba_record::{
    canonical::Limits,
    encoding::{RecordId, base64url},
    types::{SchoolCode, SchoolYear},
};
use hocba_signature::{
    algorithm::Algorithm,
    appointment::Appointment,
    statement::{Role, Statement, StatementType},
    status::ReasonClass,
};
use hocba_store::model::{Id, School};
use hocba_tests::{
    NOW, OTHER_SCHOOL, Person, SCHOOL, School as People, at,
    office::{OPERATOR, Office, chain_of, workbook},
};

/// An appointment of an example person, as the school's people give it.
fn appointment(office: &Office, person: &str, role: Role, class: Option<&str>, n: u8) -> Appointment {
    let mut appointment = office.people.appointment(role, class);
    appointment.id = RecordId::from_bytes([n; 16]);
    appointment.appointee.certificate = Person::example(person).digest();
    appointment
}

/// Why this person does not get a list for this step; `None` if they do.
async fn refused(office: &Office, class: &Id, step: Step, person: &str) -> Option<AppointmentProblem> {
    let signer = office.app.signer(&OPERATOR, step, false, &chain_of(person)).await.expect("a signer");
    match office.app.prepare(&OPERATOR, class, &signer, &Selection::All).await {
        Ok(_) => None,
        Err(AppError::NotAppointed { role, why }) => {
            assert_eq!(role, step.role(false));
            Some(why)
        }
        Err(other) => panic!("{person}: {other}"),
    }
}

#[tokio::test]
async fn each_way_not_to_be_appointed_has_its_own_reason() {
    use AppointmentProblem::{NotAppointed, OutsideInterval, WrongClass, WrongRole, WrongSchool, WrongYear};
    let (office, class) = Office::with_class(1).await;
    assert_eq!(refused(&office, &class, Step::Sign, "teacher").await, None);
    assert_eq!(refused(&office, &class, Step::Sign, "other-teacher").await, Some(NotAppointed));
    assert_eq!(refused(&office, &class, Step::Sign, "principal").await, Some(WrongRole));
    assert_eq!(refused(&office, &class, Step::CoSign, "teacher").await, Some(WrongRole));

    // Principal, and then also teacher, of another school.
    let school = School { code: OTHER_SCHOOL.parse().expect("code"), issuer: "so-demo-2".parse().expect("issuer") };
    office.app.add_school(&OPERATOR, &school).await.expect("added");
    let other = People::example("other-", OTHER_SCHOOL);
    for (role, class, by, whom) in [
        (Role::Principal, None, "other-department", "other-principal"),
        (Role::HomeroomTeacher, Some("9A3"), "other-principal", "other-teacher"),
    ] {
        let statement = other.appoint(&other.appointment(role, class));
        let new = office.app.appoint(&OPERATOR, &statement, &chain_of(by), &chain_of(whom)).await;
        assert!(new.expect("appointed"));
    }
    assert_eq!(refused(&office, &class, Step::CoSign, "other-principal").await, Some(WrongSchool));
    assert_eq!(refused(&office, &class, Step::Sign, "other-teacher").await, Some(WrongSchool));
    // A principal of elsewhere is not entitled to appoint here.
    let elsewhere = Statement::unsigned(appointment(&office, "seal", Role::HomeroomTeacher, Some("9A3"), 1).to_bytes());
    let elsewhere = other.principal.sign(elsewhere, StatementType::Appointment, Role::Principal, NOW);
    let done = office.app.appoint(&OPERATOR, &elsewhere, &chain_of("other-principal"), &chain_of("seal")).await;
    let entitled = matches!(done, Err(AppError::NotAppointed { role: Role::Principal, why: WrongSchool }));
    assert!(entitled, "{done:?}");

    // Another class, then another year, then the right one not yet; the one that gets furthest is told.
    let year = office.people.appointment(Role::HomeroomTeacher, Some("9A3")).year;
    let before = SchoolYear::starting(2025).expect("year");
    assert_ne!(year, Some(before));
    let (from, until) = (at(NOW + 100 * 86_400), at(NOW + 200 * 86_400));
    for (given, why) in [
        (
            Appointment { year: Some(before), ..appointment(&office, "deputy", Role::HomeroomTeacher, Some("9A3"), 2) },
            WrongYear,
        ),
        (appointment(&office, "deputy", Role::HomeroomTeacher, Some("9A4"), 3), WrongClass),
        (
            Appointment { from, until, ..appointment(&office, "deputy", Role::HomeroomTeacher, Some("9A3"), 4) },
            OutsideInterval,
        ),
    ] {
        let statement = office.people.appoint(&given);
        let new = office.app.appoint(&OPERATOR, &statement, &chain_of("principal"), &chain_of("deputy")).await;
        assert!(new.expect("appointed"));
        assert_eq!(refused(&office, &class, Step::Sign, "deputy").await, Some(why));
    }
    // And once more when it has run out.
    office.clock.store(NOW + 400 * 86_400, Ordering::Relaxed);
    assert_eq!(refused(&office, &class, Step::Sign, "teacher").await, Some(OutsideInterval));
}

#[tokio::test]
async fn an_appointment_that_was_ended_is_told_with_why_and_not_as_missing() {
    let (office, class) = Office::with_class(1).await;
    let end = office.end_of(Role::HomeroomTeacher, Role::Principal, ReasonClass::Decision, None);
    assert!(office.app.end_appointment(&OPERATOR, &end, &chain_of("principal")).await.expect("ended"));
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let done = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.map(|list| list.tasks.len());
    assert!(
        matches!(done, Err(AppError::AppointmentEnded { role: Role::HomeroomTeacher, reason: ReasonClass::Decision })),
        "{done:?}"
    );
}

/// Statements that one signature of the principal stands for.
fn signed_as_list(office: &Office, appointments: &[Appointment]) -> Vec<Statement> {
    let statements: Vec<_> = appointments.iter().map(|a| Statement::unsigned(a.to_bytes())).collect();
    let (typ, principal) = (StatementType::Appointment, &office.people.principal);
    let now = at(office.clock.load(Ordering::Relaxed));
    let input = Statement::prepare_list(&statements, typ, Role::Principal, Algorithm::Ed25519, principal.digest(), now);
    let input = input.expect("a list");
    input.attach(statements, &principal.key.sign(input.bytes())).expect("as many")
}

async fn appoint_all(office: &Office, statements: &[Statement]) -> Result<usize, AppError> {
    let (by, whom) = (chain_of("principal"), chain_of("teacher"));
    let new: Vec<_> = statements
        .iter()
        .map(|statement| NewAppointment { statement, appointer_chain: &by, appointee_chain: &whom })
        .collect();
    office.app.appoint_many(&OPERATOR, &new).await
}

#[tokio::test]
async fn one_signature_gives_45_classes_their_homeroom_teachers_all_or_none() {
    let office = Office::open().await;
    assert!(office.appoint(Role::Principal).await && office.appoint(Role::SchoolSeal).await);
    let bytes = workbook(1, |_, _| {});
    let class = office.app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
    let of_class = |n: u8| {
        // 9A3, the class that was imported, is among them.
        let name = format!("{}A{}", 6 + n % 4, 3 + n / 4);
        appointment(&office, "teacher", Role::HomeroomTeacher, Some(&name), 100 + n)
    };
    let mut appointments: Vec<Appointment> = (0..45).map(of_class).collect();
    let school: SchoolCode = SCHOOL.parse().expect("code");
    let held = async || office.app.appointments(&school, at(NOW)).await.expect("read").len();

    // One that the principal may not give, in the middle; its signature holds like the others'.
    let good = std::mem::replace(&mut appointments[30], appointment(&office, "teacher", Role::SchoolSeal, None, 99));
    let done = appoint_all(&office, &signed_as_list(&office, &appointments)).await;
    let named =
        matches!(&done, Err(AppError::OneOfMany { index: 30, error }) if matches!(**error, AppError::Appointment(_)));
    assert!(named, "{done:?}");
    assert_eq!(held().await, 2, "none of the others was taken");
    appointments[30] = good;
    // One that the database refuses, at the end: an id that is taken.
    let mut taken = appointments.clone();
    taken[44].id = taken[0].id;
    assert!(appoint_all(&office, &signed_as_list(&office, &taken)).await.is_err());
    assert_eq!(held().await, 2);
    // One statement in another's place of the list.
    let statements = signed_as_list(&office, &appointments);
    let mut forged = statements.clone();
    let mut swapped = appointments[7].clone();
    swapped.class = Some("9B9".parse().expect("class"));
    let text = String::from_utf8(statements[7].to_bytes()).expect("JSON");
    let (was, is) = (Statement::unsigned(appointments[7].to_bytes()), Statement::unsigned(swapped.to_bytes()));
    let payload = |s: &Statement| base64url(s.payload());
    let text = text.replace(&payload(&was), &payload(&is));
    let limits = Limits { bytes: 64 * 1024, depth: 8 };
    forged[7] = Statement::from_bytes(text.as_bytes(), limits).expect("a statement");
    assert_eq!(forged[7].payload(), is.payload());
    let done = appoint_all(&office, &forged).await;
    assert!(matches!(done, Err(AppError::OneOfMany { index: 7, .. })), "{done:?}");
    assert_eq!(held().await, 2);

    assert_eq!(appoint_all(&office, &statements).await.expect("appointed"), 45);
    assert_eq!(appoint_all(&office, &statements).await.expect("there already"), 0);
    assert_eq!(held().await, 47);
    let many: Vec<Appointment> = (0..65).map(of_class).collect();
    let done = appoint_all(&office, &signed_as_list(&office, &many)).await;
    assert!(matches!(done, Err(AppError::TooMany { found: 65, max: 64 })), "{done:?}");

    // What rests on one of them is valid by itself: the bundle holds this appointment and its place in the list.
    office.anchor().await;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        office.step(&class, step, &Selection::All).await;
    }
    office.anchor().await;
    let record = office.lines(&class).await[0].record;
    let bundle = office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("a bundle");
    assert_eq!(bundle.authority.appointments.len(), 3, "none of the other 44 teachers");
    office.clock.store(NOW, Ordering::Relaxed);
    let report = office.app.verify(&bundle.to_bytes()).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.checks);
}
