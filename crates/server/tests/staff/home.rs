//! The first screen: what waits for each, and where it is done.

use hocba_app::{
    Import, Selection, Step,
    model::{Grant, GrantRole, ListedSchool},
};
use hocba_record::types::SchoolYear;
use hocba_signature::statement::Role;
use hocba_tests::{
    SCHOOL,
    office::{OPERATOR, workbook},
};

use crate::browser::{Answer, Desk};

/// What waits, as its text and where it leads.
fn first(page: &Answer) -> (String, bool) {
    (page.find("main .card li a"), page.text.contains("Việc cần làm"))
}

#[tokio::test]
async fn home_says_in_order_what_waits_for_teacher_principal_and_clerk_and_leads_there() {
    let desk = Desk::open().await;
    let app = &desk.office.app;
    let (mut teacher, account, _) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let (mut principal, ..) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    let (mut clerk, ..) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let of_class = Some((SchoolYear::starting(2026).expect("a year"), "9A3".parse().expect("a class")));
    let grant = Grant::of_school(GrantRole::HomeroomTeacher, SCHOOL.parse().expect("a code"), of_class);
    app.set_grants(&OPERATOR, &account.id, std::slice::from_ref(&grant)).await.expect("set");

    let page = teacher.get("/home").await;
    assert_eq!(first(&page), ("Lớp 9A3 chưa có điểm: nhập bảng điểm của lớp".to_owned(), true));
    assert!(page.text.contains(&format!("href=\"/school/{SCHOOL}/classes/import\"")));
    assert_eq!(first(&principal.get("/home").await), ("Mở năm học".to_owned(), true));
    let idle = clerk.get("/home").await;
    assert!(idle.text.contains("Hiện không có việc nào chờ bạn.") && !first(&idle).1);

    let bytes = workbook(3, |_, _| {});
    let class = app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    let page = teacher.get("/home").await;
    assert_eq!(first(&page), ("Lớp 9A3: 3 học bạ chờ bạn ký".to_owned(), true));
    assert!(page.text.contains(&format!("href=\"/school/{SCHOOL}/classes/{class}\"")));
    assert!(!principal.get("/home").await.text.contains("chờ ký duyệt"), "not the principal's turn");

    desk.office.step(&class, Step::Sign, &Selection::All).await;
    assert!(teacher.get("/home").await.text.contains("Hiện không có việc nào chờ bạn."));
    assert!(principal.get("/home").await.text.contains("3 học bạ của 1 lớp chờ ký duyệt"));
    desk.office.step(&class, Step::CoSign, &Selection::All).await;
    assert_eq!(first(&clerk.get("/home").await), ("3 học bạ của 1 lớp chờ ký số của trường".to_owned(), true));
    assert!(!principal.get("/home").await.text.contains("chờ ký duyệt"));
}

#[tokio::test]
async fn a_school_is_called_by_its_name_once_it_is_known() {
    let desk = Desk::open().await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    assert_eq!(teacher.get("/home").await.find("main .card h2"), format!("Trường {SCHOOL}"));
    let listed = ListedSchool {
        code: SCHOOL.parse().expect("a code"),
        name: "Trường THCS Trần Phú".parse().expect("a text"),
        levels: Vec::new(),
        ward: None,
    };
    desk.office.app.note_schools(&OPERATOR, &[listed]).await.expect("noted");
    assert_eq!(teacher.get("/home").await.find("main .card h2"), "Trường THCS Trần Phú");
}
