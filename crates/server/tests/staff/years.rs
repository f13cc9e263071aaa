//! School years, page by page: opened, closed, and the step from one to the next.

use axum::http::StatusCode;
use hocba_app::{
    Lists, Mode, SchoolFate,
    model::{GrantRole, School},
};
use hocba_record::types::{SchoolCode, SchoolYear};
use hocba_tests::{SCHOOL, office::OPERATOR};

use crate::browser::{Answer, Desk};

const CLASSES: &str = "Lớp;Khối\n8A1;8\nTám;8\n";
const PUPILS: &str = "Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n\
    8A1;1;Lê Văn Tám;05/03/2013;Nam;T1\n8A1;2;Trần Thị Chín;06/03/2013;Nữ;T2\nTám;1;Vũ Thị Hai;08/03/2013;Nữ;T4\n";

fn code(text: &str) -> SchoolCode {
    text.parse().expect("code")
}
fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("year")
}

/// A desk whose school has two classes of pupils in 2026-2027.
async fn with_lists() -> Desk {
    let desk = Desk::open().await;
    let app = &desk.office.app;
    app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    let lists = Lists { staff: None, classes: Some(CLASSES.as_bytes()), pupils: Some(PUPILS.as_bytes()) };
    app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &lists, Mode::Apply).await.expect("taken");
    desk
}

async fn members(desk: &Desk, class: &str) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM class_members m JOIN planned_classes p ON p.id = m.class \
         WHERE p.year = 2027 AND p.name = '{class}'"
    );
    desk.office.database.count(&sql).await
}

#[tokio::test]
async fn a_year_is_opened_and_closed_with_a_reason_where_it_is_not_done() {
    let desk = Desk::open().await;
    let (mut browser, ..) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let years = format!("/school/{SCHOOL}/years");
    assert!(browser.get("/home").await.text.contains(&format!("href=\"{years}\"")), "home leads there");
    let opening = browser.get(&format!("/school/{SCHOOL}/opening")).await;
    assert!(opening.text.contains(&format!("href=\"{years}\"")), "so does what is missing");
    let page = browser.get(&years).await;
    assert!(!page.find(".note").is_empty() && page.text.contains("value=\"2026-2027\""));
    for wrong in ["", "1999-2000", "2026", "2026-2028"] {
        let refused = browser.fill(&page, &years, &[("year", wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(!refused.find("#year-error").is_empty(), "{wrong}");
    }
    let done = browser.fill(&page, &years, &[("year", "2026-2027")]).await;
    assert_eq!(done.location(), format!("{years}?done=year-opened"));
    let lists = Lists { staff: None, classes: Some(CLASSES.as_bytes()), pupils: Some(PUPILS.as_bytes()) };
    desk.office.app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &lists, Mode::Apply).await.expect("taken");

    let one = format!("{years}/2026-2027");
    let page = browser.get(&one).await;
    assert!(page.find(".note").contains('3'), "{}", page.text);
    assert!(page.text.contains(&format!("href=\"/school/{SCHOOL}/opening\"")), "a link to what is missing");
    let close = format!("{one}/close");
    let refused = browser.fill(&page, &close, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.find("#reason-error").contains("Còn 3 học sinh"), "{}", refused.text);
    let odd = browser.fill(&page, &close, &[("reason", "a\u{200b}b")]).await;
    assert!(!odd.find("#reason-error").is_empty(), "text that cannot be used");
    let done = browser.fill(&page, &close, &[("reason", "Lớp học thử")]).await;
    assert_eq!(done.location(), format!("{years}?done=year-closed"));
    let page = browser.get(&years).await;
    assert!(page.text.contains("lý do: Lớp học thử"));
    assert!(!browser.get(&one).await.text.contains("/close\""), "it is closed");
    assert_eq!(browser.get(&format!("{years}/2031-2032")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{years}/2026")).await.status, StatusCode::NOT_FOUND);
}

/// The numbers of a class in the preview: pupils, up, repeat, leave, transfer, undecided.
fn numbers(page: &Answer, class: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.text);
    let select = |text: &str| scraper::Selector::parse(text).expect("a selector");
    let (row, head, cell) = (select("tbody tr"), select("th"), select("td"));
    let text = |e: scraper::ElementRef<'_>| e.text().collect::<String>().trim().to_owned();
    let found = html.select(&row).find(|row| row.select(&head).next().is_some_and(|th| text(th) == class));
    found.unwrap_or_else(|| panic!("no {class} in\n{}", page.text)).select(&cell).take(6).map(text).collect()
}

#[tokio::test]
async fn a_year_is_rolled_over_after_a_look_at_each_class_and_a_decision_for_each_pupil() {
    let desk = with_lists().await;
    let (mut browser, ..) = desk.signed_in("hieutruong", GrantRole::Principal, SCHOOL).await;
    let years = format!("/school/{SCHOOL}/years");
    let roll = format!("{years}/2026-2027/roll");
    let page = browser.get(&roll).await;
    assert!(page.find(".note").contains("2027-2028"), "the next year is opened first\n{}", page.text);
    let done = browser.fill(&page, &years, &[]).await;
    assert_eq!(done.location(), format!("{years}?done=year-opened"));

    let page = browser.get(&roll).await;
    assert_eq!(numbers(&page, "8A1"), ["2", "0", "0", "0", "0", "2"]);
    assert_eq!(numbers(&page, "Toàn trường"), ["3", "0", "0", "0", "0", "3"]);
    assert!(!page.text.contains("Lê Văn Tám"), "numbers first");
    let pupils = format!("{roll}/pupils");
    let class = browser.get(&format!("{pupils}?class=8A1")).await;
    assert!(class.text.contains("Lê Văn Tám") && !class.text.contains("Vũ Thị Hai"));
    assert_eq!(browser.get(&format!("{pupils}?class=9Z9")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&pupils).await.status, StatusCode::NOT_FOUND);
    let untouched = [("move:1", "undecided"), ("move:2", "undecided")];
    let done = browser.fill(&class, &pupils, &untouched).await;
    assert_eq!(done.location(), format!("{roll}?done=nothing-changed"));
    assert_eq!(desk.office.database.count("SELECT COUNT(*) FROM pupil_moves").await, 0);
    let decided = [("move:1", "promote"), ("move:2", "repeat")];
    let done = browser.fill(&class, &pupils, &decided).await;
    assert_eq!(done.location(), format!("{roll}?done=moves-decided"));
    let made_up = browser.fill(&class, &pupils, &[("move:1", "fly")]).await;
    assert_eq!(made_up.status, StatusCode::FORBIDDEN);
    let nobody = browser.fill(&class, &pupils, &[("move:99", "leave")]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(
        desk.office
            .database
            .count("SELECT COUNT(*) FROM class_members m JOIN planned_classes p ON p.id = m.class WHERE p.year = 2027")
            .await,
        0,
        "kept, not carried out"
    );
    // The class whose name does not tell its grade.
    let other = browser.get(&format!("{pupils}?class=T%C3%A1m")).await;
    assert!(other.text.contains("Vũ Thị Hai"), "{}", other.text);
    browser.fill(&other, &pupils, &[("move:1", "promote")]).await;

    let page = browser.get(&roll).await;
    assert_eq!(numbers(&page, "8A1"), ["2", "1", "1", "0", "0", "0"]);
    assert!(page.text.contains("Chưa biết năm sau gọi là gì: Tám"), "{}", page.text);
    let refused = browser.fill(&page, &roll, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.find(".faults").contains("chưa có tên"));
    let odd = browser.fill(&browser.clone().get(&roll).await, &roll, &[("name:Tám", "9 B")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.office.database.count("SELECT COUNT(*) FROM planned_classes WHERE year = 2027").await, 0);
    let page = browser.get(&roll).await;
    let mut form = page.form(&roll);
    form.insert("name:Tám".into(), "9B1".into());
    let done = browser.post(&roll, &form).await;
    assert_eq!(done.location(), format!("{roll}?done=rolled-over"), "{}", done.text);
    assert_eq!((members(&desk, "9A1").await, members(&desk, "8A1").await, members(&desk, "9B1").await), (1, 1, 1));
    let again = browser.post(&roll, &form).await;
    assert_eq!(again.location(), format!("{roll}?done=already-sent"));
    let page = browser.get(&format!("{roll}?done=rolled-over")).await;
    assert!(page.text.contains("Sẽ xếp lớp 0 học sinh; 3 em đã có lớp"), "{}", page.text);

    // Decided otherwise since: moved at once.
    let class = browser.get(&format!("{pupils}?class=8A1")).await;
    browser.fill(&class, &pupils, &[("move:1", "leave"), ("move:2", "repeat")]).await;
    assert_eq!((members(&desk, "9A1").await, members(&desk, "8A1").await), (0, 1));
}

#[tokio::test]
async fn the_pupils_of_a_school_that_ended_go_to_one_of_those_that_go_on_by_whoever_prepares_both() {
    let desk = with_lists().await;
    let app = &desk.office.app;
    let others = ["79DEMO011", "79DEMO012"];
    for other in others {
        let school = School { code: code(other), issuer: "so-demo".parse().expect("issuer") };
        app.add_school(&OPERATOR, &school).await.expect("added");
        app.open_year(&OPERATOR, &code(other), year(2027)).await.expect("opened");
    }
    let fate = SchoolFate::Closed { successors: others.map(code).to_vec() };
    app.school_changed(&OPERATOR, &code(SCHOOL), &fate, None).await.expect("closed");
    let (mut browser, account, _) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let roll = format!("/school/{SCHOOL}/years/2026-2027/roll");
    let page = browser.get(&roll).await;
    for other in others {
        assert!(page.text.contains(&format!("{roll}?into={other}")), "{}", page.text);
    }
    assert_eq!(browser.get(&format!("{roll}?into={}", others[0])).await.status, StatusCode::FORBIDDEN);
    let both = [SCHOOL, others[0]]
        .map(|school| hocba_app::model::Grant::of_school(GrantRole::SchoolAdministrator, code(school), None));
    app.set_grants(&OPERATOR, &account.id, &both).await.expect("granted");
    let page = browser.get(&format!("{roll}?into={}", others[0])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.find(".note").contains(others[0]), "{}", page.text);
    assert_eq!(page.form(&roll)["into"], others[0]);
}

#[tokio::test]
async fn nobody_rolls_over_or_closes_a_year_of_another_school() {
    let desk = with_lists().await;
    let (mut stranger, ..) =
        desk.signed_in("stranger", GrantRole::SchoolAdministrator, hocba_tests::OTHER_SCHOOL).await;
    let (mut officer, ..) = desk.signed_in("officer", GrantRole::Department, SCHOOL).await;
    let year = format!("/school/{SCHOOL}/years/2026-2027");
    for address in [format!("{year}/roll"), format!("{year}/close"), format!("{year}/roll/pupils")] {
        for (browser, status) in [(&mut stranger, StatusCode::NOT_FOUND), (&mut officer, StatusCode::FORBIDDEN)] {
            let csrf = desk.token(browser, &address).await;
            let fields = [("csrf", csrf.as_str()), ("form", "0123456789abcdef-year"), ("reason", "x")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            assert_eq!(browser.post(&address, &fields).await.status, status, "{address}");
        }
    }
    let open = desk.office.app.school_years(&OPERATOR, &code(SCHOOL)).await.expect("years");
    assert!(open[0].row.closed_at.is_none());
}
