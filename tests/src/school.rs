//! A whole school, its year sealed: for what happens after it.

use hocba_app::{OpenSchool, Selection, Step};
use hocba_exchange::contract::{Content, Event, Incoming};
use hocba_record::{
    encoding::RecordId,
    types::{Grade, SchoolYear},
};
use hocba_sample::{SampleSchool, SchoolOptions};
use hocba_signature::{policy::SigningMode, statement::Role};
use hocba_store::model::Id;

use crate::{
    NOW, SCHOOL, at,
    office::{OPERATOR, Office, chain_of},
};

/// A school of so many pupils whose year is sealed and anchored: all classes but the last. `per_grade` classes of each of
/// grades 9, 8 and 7, and one more of grade 6.
pub async fn sealed_school(pupils: usize, per_grade: usize) -> (Office, Vec<Id>, SampleSchool) {
    let mut office = Office::open().await;
    let (school, year) = (SCHOOL.parse().expect("code"), SchoolYear::starting(2026).expect("year"));
    let opening = OpenSchool {
        code: school,
        name: Some("Trường THCS Trần Phú".parse().expect("text")),
        levels: Vec::new(),
        issuer: "so-demo".parse().expect("issuer"),
    };
    office.app.open_school(&OPERATOR, &opening).await.expect("opened");
    assert!(office.app.open_year(&OPERATOR, &opening.code, year).await.expect("opened"));
    office.sign_by(SigningMode::List);
    let grade = |n| Grade::new(n).expect("grade");
    let options = SchoolOptions {
        grades: vec![(grade(9), per_grade), (grade(8), per_grade), (grade(7), per_grade), (grade(6), per_grade + 1)],
        pupils,
        ..SchoolOptions::lower_secondary()
    };
    let sample = hocba_sample::school(5, &options);
    for role in [Role::Principal, Role::SchoolSeal] {
        assert!(office.appoint(role).await);
    }
    let mut ids = Vec::new();
    for (place, class) in sample.classes.iter().enumerate() {
        let (header, drafts) = class.drafts();
        let messages: Vec<Incoming> = drafts
            .into_iter()
            .enumerate()
            .map(|(n, draft)| Incoming {
                id: format!("MAU-{}-{n}", header.class).parse().expect("a key"),
                version: 1,
                at: at(NOW),
                event: Event::New(Box::new(Content { header: header.clone(), draft, earlier: Vec::new() })),
                warnings: Vec::new(),
            })
            .collect();
        let taken = office.app.take_messages(&OPERATOR, &messages, &Default::default()).await.expect("taken");
        assert!(taken.refused.is_empty(), "{:?}", taken.refused);
        let mut tx = office.app.store().read().await.expect("read");
        let stored = tx.class_named(&header.school, header.year, &header.class).await.expect("read").expect("there");
        drop(tx);
        ids.push(stored.id);
        let mut appointment = office.people.appointment(Role::HomeroomTeacher, Some(header.class.as_str()));
        appointment.id = RecordId::from_bytes([u8::try_from(place + 1).expect("small"); 16]);
        let statement = office.people.appoint(&appointment);
        let done = office.app.appoint(&OPERATOR, &statement, &chain_of("principal"), &chain_of("teacher")).await;
        assert!(done.expect("appointed"));
    }
    office.anchor().await;
    let (last, sealed) = ids.split_last().expect("classes");
    for class in sealed {
        for step in [Step::Sign, Step::CoSign, Step::Seal] {
            office.step(class, step, &Selection::All).await;
        }
    }
    assert!(office.lines(last).await.iter().all(|line| line.left_out.is_none()));
    office.anchor().await;
    (office, ids, sample)
}
