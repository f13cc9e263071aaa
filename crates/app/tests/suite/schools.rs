//! Schools that are renamed, merged, split, closed; and who goes on with their work.

use hocba_app::{AppError, Import, SchoolFate, Selection, Step};
use hocba_record::types::SchoolCode;
use hocba_signature::statement::Role;
use hocba_store::model::School;
use hocba_tests::{
    SCHOOL,
    office::{OPERATOR, Office, chain_of, workbook},
};

fn code(text: &str) -> SchoolCode {
    text.parse().expect("code")
}

/// An office with a class, and two more schools.
async fn town() -> (Office, hocba_store::model::Id) {
    let (office, class) = Office::with_class(2).await;
    for other in ["79DEMO002", "79DEMO003"] {
        let school = School { code: code(other), issuer: "so-demo".parse().expect("issuer") };
        office.app.add_school(&OPERATOR, &school).await.expect("added");
    }
    (office, class)
}

async fn changed(office: &Office, school: &str, fate: SchoolFate) -> Result<(), AppError> {
    let decision = "12/QĐ-UBND".parse().expect("text");
    office.app.school_changed(&OPERATOR, &code(school), &fate, Some(&decision)).await
}

async fn import(office: &Office, school: &str, class: &str) -> Result<(), AppError> {
    let bytes = workbook(2, |header, _| {
        header.school = code(school);
        header.class = class.parse().expect("class");
    });
    office.app.import(&OPERATOR, &bytes, &Import::default()).await.map(|_| ())
}

#[tokio::test]
async fn a_merged_school_takes_no_new_class_finishes_what_it_has_and_names_who_goes_on() {
    let (office, class) = town().await;
    changed(&office, SCHOOL, SchoolFate::Merged { into: code("79DEMO002") }).await.expect("noted");
    let refused = import(&office, SCHOOL, "9A4").await;
    let named =
        matches!(&refused, Err(AppError::SchoolClosed { successors, .. }) if *successors == [code("79DEMO002")]);
    assert!(named, "{refused:?}");
    import(&office, SCHOOL, "9A3").await.expect("a class that is there may be mended");
    import(&office, "79DEMO002", "9A4").await.expect("the successor's own");
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        assert_eq!(office.step(&class, step, &Selection::All).await.taken, 2, "its records stay");
    }
    let view = office.app.school(&code(SCHOOL)).await.expect("known");
    assert!(view.closed_at.is_some());
    assert_eq!(
        (view.successors.as_slice(), view.today.as_slice()),
        (&[code("79DEMO002")][..], &[code("79DEMO002")][..])
    );
    assert_eq!(view.changes[0].decision.as_ref().map(ToString::to_string).as_deref(), Some("12/QĐ-UBND"));
    let events = office.app.store().read().await.expect("read").events_of(SCHOOL).await.expect("events");
    assert_eq!(
        events.last().map(|e| (e.action.as_str(), e.reason.as_deref())),
        Some(("school_changed", Some("merged")))
    );
}

#[tokio::test]
async fn the_successors_people_are_appointed_at_the_old_code_for_corrections() {
    let (office, _) = town().await;
    changed(&office, SCHOOL, SchoolFate::Merged { into: code("79DEMO002") }).await.expect("noted");
    let mut appointment = office.people.appointment(Role::DeputyPrincipal, None);
    appointment.appointee.certificate = hocba_tests::Person::example("other-principal").digest();
    let statement = office.people.appoint(&appointment);
    let done = office.app.appoint(&OPERATOR, &statement, &chain_of("department"), &chain_of("other-principal")).await;
    assert!(done.expect("appointed at the old code"));
}

#[tokio::test]
async fn today_is_found_through_several_ends_and_a_split_does_not_end_a_school() {
    let (office, _) = town().await;
    let (two, three) = (code("79DEMO002"), code("79DEMO003"));
    changed(&office, SCHOOL, SchoolFate::Split { into: vec![two.clone(), three.clone()] }).await.expect("noted");
    import(&office, SCHOOL, "9A4").await.expect("it goes on");
    changed(&office, SCHOOL, SchoolFate::Renamed { name: "THCS Mới".parse().expect("text") }).await.expect("noted");
    changed(&office, SCHOOL, SchoolFate::Closed { successors: Vec::new() }).await.expect("noted");
    let view = office.app.school(&code(SCHOOL)).await.expect("known");
    assert_eq!(view.name.as_ref().map(ToString::to_string).as_deref(), Some("THCS Mới"));
    assert_eq!(
        (view.successors.clone(), view.today.clone()),
        (vec![two.clone(), three.clone()], vec![two.clone(), three.clone()])
    );
    changed(&office, "79DEMO002", SchoolFate::Merged { into: three.clone() }).await.expect("noted");
    let view = office.app.school(&code(SCHOOL)).await.expect("known");
    assert_eq!((view.successors, view.today), (vec![two, three.clone()], vec![three.clone()]));
    changed(&office, "79DEMO003", SchoolFate::Closed { successors: Vec::new() }).await.expect("noted");
    assert!(office.app.school(&code(SCHOOL)).await.expect("known").today.is_empty(), "nobody goes on");
}

#[tokio::test]
async fn what_cannot_become_of_a_school_is_refused() {
    let (office, _) = town().await;
    let (one, two, unknown) = (code(SCHOOL), code("79DEMO002"), code("79DEMO009"));
    let form = |done: Result<(), AppError>| matches!(done, Err(AppError::SchoolFate(_)));
    assert!(form(changed(&office, SCHOOL, SchoolFate::Merged { into: one.clone() }).await), "into itself");
    assert!(form(changed(&office, SCHOOL, SchoolFate::Split { into: Vec::new() }).await));
    assert!(form(changed(&office, SCHOOL, SchoolFate::Closed { successors: vec![two.clone(), two.clone()] }).await));
    let nowhere = changed(&office, SCHOOL, SchoolFate::Merged { into: unknown.clone() }).await;
    assert!(matches!(nowhere, Err(AppError::UnknownSchool(code)) if code == unknown));
    assert!(matches!(office.app.school(&unknown).await, Err(AppError::UnknownSchool(_))));
    changed(&office, "79DEMO002", SchoolFate::Closed { successors: vec![one] }).await.expect("noted");
    let closed =
        |done: Result<(), AppError>| matches!(done, Err(AppError::SchoolClosed { school, .. }) if school == two);
    assert!(closed(changed(&office, SCHOOL, SchoolFate::Merged { into: two.clone() }).await), "into one that ended");
    assert!(closed(changed(&office, "79DEMO002", SchoolFate::Renamed { name: "X".parse().expect("text") }).await));
}
