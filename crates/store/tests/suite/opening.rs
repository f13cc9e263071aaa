//! What is there of a school before its first record.

use hocba_record::types::{EducationLevel, Grade, SchoolYear};
use hocba_store::{
    StoreError,
    model::{Account, ClassMember, ListedSchool, PlannedClass, Position, StaffMember},
};

use crate::kit::{at, digest, envelope, id, school, with_drafts};

fn year() -> SchoolYear {
    SchoolYear::starting(2026).expect("year")
}

fn account(n: u64, login: &str) -> Account {
    Account { id: id(n), login: login.into(), name: "A".into(), certificate: None, grants: Vec::new() }
}

fn planned(n: u64, name: &str) -> PlannedClass {
    PlannedClass {
        id: id(n),
        school: school(),
        year: year(),
        grade: Grade::new(9).expect("grade"),
        name: name.parse().expect("class"),
        homeroom: None,
        origin: None,
    }
}

#[tokio::test]
async fn the_departments_list_takes_new_words_and_keeps_the_order_of_levels() {
    let (_database, store) = with_drafts(1).await;
    let listed =
        |name: &str, levels| ListedSchool { code: school(), name: name.parse().expect("text"), levels, ward: None };
    let both = vec![EducationLevel::Primary, EducationLevel::LowerSecondary];
    let mut tx = store.begin("test").await.expect("begun");
    tx.note_schools(&[listed("A", Vec::new())], at(0)).await.expect("noted");
    tx.note_schools(&[listed("B", both.clone())], at(1)).await.expect("noted");
    assert_eq!(tx.listed_school(&school()).await.expect("read"), Some(listed("B", both)));
    assert_eq!(tx.listed_schools().await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_staff_number_and_a_certificate_are_one_persons() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    for (n, login) in [(1, "one"), (2, "two")] {
        tx.add_account(&account(n, login), at(0)).await.expect("added");
    }
    let member = |n: u64, position| StaffMember {
        account: id(n),
        school: school(),
        code: Some("GV1".parse().expect("text")),
        position,
    };
    tx.put_staff(&member(1, Position::Teacher), at(0)).await.expect("put");
    tx.put_staff(&member(1, Position::Principal), at(0)).await.expect("changed");
    assert_eq!(tx.staff_of(&school()).await.expect("read"), [member(1, Position::Principal)]);
    tx.set_certificate(&id(1), &digest(7)).await.expect("set");
    assert!(matches!(tx.set_certificate(&id(9), &digest(8)).await, Err(StoreError::Changed { .. })), "nobody");
    tx.commit().await.expect("committed");
    let mut tx = store.begin("test").await.expect("begun");
    assert!(matches!(tx.put_staff(&member(2, Position::Teacher), at(0)).await, Err(StoreError::Exists { .. })));
    drop(tx);
    let mut tx = store.begin("test").await.expect("begun");
    let taken = tx.set_certificate(&id(2), &digest(7)).await;
    assert!(matches!(taken, Err(StoreError::Exists { what: "the certificate" })), "{taken:?}");
    drop(tx);
    let mut tx = store.read().await.expect("read");
    assert_eq!(tx.account(&id(1)).await.expect("read").expect("there").certificate, Some(digest(7)));
    assert_eq!(tx.logins().await.expect("read"), ["one", "two"]);
}

#[tokio::test]
async fn a_year_is_opened_once_and_closed_once() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    assert!(tx.add_school_year(&school(), year(), at(0)).await.expect("opened"));
    assert!(!tx.add_school_year(&school(), year(), at(1)).await.expect("there"));
    tx.close_school_year(&school(), year(), None, at(2)).await.expect("closed");
    let again = tx.close_school_year(&school(), year(), None, at(3)).await;
    assert!(matches!(again, Err(StoreError::Changed { .. })));
    let years = tx.school_years(&school()).await.expect("read");
    assert_eq!((years.len(), years[0].opened_at, years[0].closed_at), (1, at(0), Some(at(2))));
}

#[tokio::test]
async fn a_class_list_has_a_number_and_a_pupil_once_and_counts_them() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    tx.add_account(&account(1, "one"), at(0)).await.expect("added");
    tx.put_planned_class(&planned(5, "9A9"), at(0)).await.expect("planned");
    let with_teacher = PlannedClass { homeroom: Some(id(1)), ..planned(5, "9A9") };
    tx.put_planned_class(&with_teacher, at(0)).await.expect("changed");
    assert_eq!(tx.planned_classes(&school(), year()).await.expect("read"), [with_teacher]);
    tx.add_pupils(&[id(11), id(12)], at(0)).await.expect("added");
    let member = |number, pupil| ClassMember { class: id(5), number, pupil: id(pupil), personal: envelope(pupil) };
    tx.add_members(&[member(1, 11), member(2, 12)]).await.expect("added");
    assert_eq!(tx.count_members(&school(), year()).await.expect("read").get(&id(5)), Some(&2));
    tx.remove_members(&[(id(5), 2)]).await.expect("removed");
    assert_eq!(tx.members_of_year(&school(), year()).await.expect("read"), [member(1, 11)]);
    tx.note_move(&school(), year(), (&id(11), "repeat"), at(0)).await.expect("noted");
    tx.note_move(&school(), year(), (&id(11), "leave"), at(1)).await.expect("noted");
    let moves = tx.moves(&school(), year()).await.expect("read");
    assert_eq!(moves.get(&id(11)).map(String::as_str), Some("leave"));
    tx.commit().await.expect("committed");
    for (number, pupil) in [(1, 12), (2, 11)] {
        let mut tx = store.begin("test").await.expect("begun");
        assert!(matches!(tx.add_members(&[member(number, pupil)]).await, Err(StoreError::Exists { .. })));
    }
    let mut tx = store.begin("test").await.expect("begun");
    assert!(matches!(tx.put_planned_class(&planned(6, "9A9"), at(0)).await, Err(StoreError::Exists { .. })));
}
