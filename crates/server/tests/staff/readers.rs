//! A parent's way: a slip from the teacher, the book, a link for a university, a question to the school.

use axum::http::StatusCode;
use hocba_app::{Selection, Step, model::GrantRole};
use hocba_signature::statement::Role;
use hocba_tests::{
    OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, workbook},
};

use crate::browser::{Answer, Browser, Desk, PASSWORD};

/// A class of two in force.
async fn class(desk: &Desk) -> String {
    let bytes = workbook(2, |_, _| {});
    let class = desk.office.app.import(&OPERATOR, &bytes, &Default::default()).await.expect("imported").class;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        desk.office.step(&class, step, &Selection::All).await;
    }
    desk.office.anchor().await;
    class.to_string()
}

/// What follows each of these attributes in the page.
fn all<'a>(page: &'a Answer, before: &str) -> Vec<&'a str> {
    page.text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect()
}

/// Activates by the slip of a page of slips, and gives the browser with the book's address.
async fn activated(desk: &Desk, slips: &Answer) -> (Browser, String) {
    let mut parent = desk.browser();
    let page = parent.get("/activate").await;
    let page = parent.fill(&page, "/activate", &[("slip", &slips.find(".slip .secret"))]).await;
    let fields = [("password", PASSWORD), ("again", PASSWORD), ("code", "")];
    let answer = parent.fill(&page, "/activate/account", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let home = parent.get("/home").await;
    let books = all(&home, "href=\"/my/");
    assert_eq!(books.len(), 1, "{}", home.text);
    (parent, format!("/my/{}", books[0]))
}

#[tokio::test]
async fn a_parent_gets_a_slip_sees_the_book_shares_two_parts_and_asks_the_school() {
    let desk = Desk::open().await;
    let class = class(&desk).await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let readers = format!("/school/{SCHOOL}/classes/{class}/readers");
    let page = teacher.get(&readers).await;
    let chosen = all(&page, "name=\"chosen\" value=\"")[0].to_owned();
    let nobody = teacher.fill(&page, &readers, &[("relation", ""), ("chosen", &chosen)]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    let slips = teacher
        .fill(&teacher.clone().get(&readers).await, &readers, &[("relation", "guardian"), ("chosen", &chosen)])
        .await;
    assert_eq!((slips.status, slips.text.matches("class=\"slip\"").count()), (StatusCode::OK, 1));

    let (mut parent, book) = activated(&desk, &slips).await;
    let page = parent.get(&book).await;
    assert!(page.text.contains("class=\"card year good\""), "in force: {}", page.text);
    let year = all(&page, &format!("href=\"{book}/years/"))[0].to_owned();
    let year = format!("{book}/years/{year}");
    let report = parent.get(&year).await;
    assert!(report.text.contains("class=\"report\"") && report.find(".verdict .word") == "Hợp lệ");
    let file = parent.get(&format!("{year}/file")).await;
    let name = file.headers["content-disposition"].to_str().expect("text");
    assert_eq!(name, "attachment; filename=\"hoc-ba-2026-2027.hocba.json\"");
    assert!(file.text.starts_with('{'), "a bundle");

    // A link to two parts, and one that names nothing.
    let form = parent.get(&format!("{book}/links/new")).await;
    let links = format!("{book}/links");
    let record = all(&form, "name=\"year\" value=\"")[0].to_owned();
    let fields = [
        ("label", "Trường ĐH Bách khoa"),
        ("year", record.as_str()),
        ("extent", "parts"),
        ("part", "subject.toan"),
        ("days", "7"),
    ];
    let made = parent.fill(&form, &links, &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let secret = made.find(".slip code").split_once("/v#").expect("a link").1.to_owned();
    assert_eq!(secret.len(), 43, "the link is shown once, with its QR code");
    let form = parent.get(&format!("{book}/links/new")).await;
    let nothing = [("label", ""), ("year", record.as_str()), ("extent", "everything"), ("part", ""), ("days", "7")];
    assert_eq!(parent.fill(&form, &links, &nothing).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = parent.get(&book).await;
    assert!(page.text.contains("Trường ĐH Bách khoa") && page.text.contains("1 mục đã chọn"));
    assert!(!page.text.contains(&secret), "nobody shows the secret again");
    let withdraw =
        format!("{links}/{}/withdraw", all(&page, &format!("action=\"{links}/"))[0].split('/').next().expect("an id"));
    assert_eq!(parent.fill(&page, &withdraw, &[]).await.location(), format!("{book}?done=link-withdrawn"));

    // A question, and the school's answer.
    let ask = format!("{year}/request");
    let form = parent.get(&ask).await;
    assert_eq!(parent.fill(&form, &ask, &[("text", " ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = parent.get(&ask).await;
    let sent = parent.fill(&form, &ask, &[("text", "Toán <b>8,9</b>")]).await;
    assert_eq!(sent.location(), format!("{book}?done=request-asked"));
    let requests = format!("/school/{SCHOOL}/classes/{class}/requests");
    let page = teacher.get(&requests).await;
    assert!(page.text.contains("Toán &#60;b&#62;8,9") && !page.text.contains("<b>8,9"), "{}", page.text);
    let answer = all(&page, &format!("action=\"{requests}/"))[0].to_owned();
    let answered =
        teacher.fill(&page, &format!("{requests}/{answer}"), &[("answer", "Đã xem lại, 8,6 là đúng.")]).await;
    assert_eq!(answered.location(), format!("{requests}?done=request-answered"));
    assert!(parent.get(&book).await.text.contains("8,6 là đúng"));
}

#[tokio::test]
async fn a_book_is_not_there_for_anybody_but_its_readers() {
    let desk = Desk::open().await;
    let class = class(&desk).await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let readers = format!("/school/{SCHOOL}/classes/{class}/readers");
    let page = teacher.get(&readers).await;
    let records: Vec<String> = all(&page, "name=\"chosen\" value=\"").into_iter().map(str::to_owned).collect();
    let mut families = Vec::new();
    for record in &records {
        let page = teacher.get(&readers).await;
        let slips = teacher.fill(&page, &readers, &[("relation", "guardian"), ("chosen", record)]).await;
        families.push(activated(&desk, &slips).await);
    }
    let (book, own_record) = (families[0].1.clone(), records[0].clone());
    let (mut stranger, _) = families.pop().expect("two families");
    let (mut principal, ..) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    let id = "A".repeat(22);
    for browser in [&mut stranger, &mut principal, &mut teacher] {
        for page in [
            "",
            &format!("/years/{own_record}"),
            &format!("/years/{own_record}/file"),
            &format!("/years/{own_record}/request"),
            "/links/new",
        ] {
            let answer = browser.get(&format!("{book}{page}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        }
        for form in [
            "/links".to_owned(),
            format!("/links/{id}/withdraw"),
            format!("/years/{own_record}/request"),
            format!("/requests/{id}/withdraw"),
        ] {
            let address = format!("{book}{form}");
            let csrf = desk.token(browser, &address).await;
            let fields = [
                ("csrf", csrf.as_str()),
                ("form", "0123456789abcdef-once"),
                ("text", "x"),
                ("label", "x"),
                ("year", own_record.as_str()),
            ];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let answer = browser.post(&address, &fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{form}");
        }
    }
    // A teacher of another school neither invites nor answers here, nor does the principal print slips.
    let (mut elsewhere, ..) = desk.signed_in("elsewhere", GrantRole::HomeroomTeacher, OTHER_SCHOOL).await;
    assert_eq!(elsewhere.get(&readers).await.status, StatusCode::NOT_FOUND);
    assert_eq!(principal.get(&readers).await.status, StatusCode::FORBIDDEN);
    let through_another = format!("/school/{OTHER_SCHOOL}/classes/{class}/readers");
    assert_eq!(elsewhere.get(&through_another).await.status, StatusCode::NOT_FOUND, "a class of another school");
    // What the department and the operator see of a family's account is not whose it is.
    let parent = &mut families[0].0;
    assert_eq!(parent.get(&readers).await.status, StatusCode::FORBIDDEN);
}
