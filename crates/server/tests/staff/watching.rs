//! What a department watches, page by page: progress down to a class, the day on paper and as a workbook, the public record,
//! and the log, which a school's principal reads, too.

use std::io::Cursor;

use axum::http::{StatusCode, header};
use calamine::{Data, Reader as _, Xlsx};
use hocba_app::{
    Import, OpenSchool, Selection, Step,
    model::{GrantRole, LeftOut, ListedSchool, ReturnReason},
};
use hocba_signature::statement::Role;
use hocba_tests::{
    OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, leaving_out, workbook},
};

use crate::{
    browser::Desk,
    department::{code, officer, year},
};

/// A school with a ward, its year open, and a class of three of whom one is left out; everybody appointed.
async fn school(desk: &Desk) -> hocba_app::model::Id {
    let app = &desk.office.app;
    let listed = |school: &str, name: &str, ward: Option<&str>| ListedSchool {
        code: code(school),
        name: name.parse().expect("text"),
        levels: Vec::new(),
        ward: ward.map(|ward| ward.parse().expect("text")),
    };
    let list = [
        listed(SCHOOL, "Trường THCS Nguyễn Du", Some("Phường Bến Thành")),
        listed(OTHER_SCHOOL, "Trường THCS Đống Đa", None),
        listed("78DEMO001", "Trường Xa", Some("Xã Xa")),
    ];
    app.note_schools(&OPERATOR, &list).await.expect("noted");
    let far = OpenSchool {
        code: code("78DEMO001"),
        name: None,
        levels: Vec::new(),
        issuer: "so-demo".parse().expect("issuer"),
    };
    app.open_school(&OPERATOR, &far).await.expect("opened");
    app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    let import = Import { ..leaving_out(&[(3, LeftOut::WaitingForReassessment)]) };
    let class = app.import(&OPERATOR, &workbook(3, |_, _| {}), &import).await.expect("imported").class;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    class
}

/// The text of a page without its tags.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for part in text.split('<') {
        plain.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
        plain.push(' ');
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_officer_follows_a_class_from_draft_to_force_and_sees_no_pupil() {
    let desk = Desk::open().await;
    let class = school(&desk).await;
    let mut browser = officer(&desk, "so", "79").await;
    for (address, text) in [
        ("/department/progress", "Tiến độ"),
        ("/department/daily", "Trang hằng ngày"),
        ("/department/chain", "Sổ chung"),
        ("/department/audit", "Nhật ký"),
    ] {
        let home = browser.get("/home").await;
        assert!(home.text.contains(&format!("href=\"{address}\">{text}")), "home leads to {address}");
    }
    let page = browser.get("/department/progress").await;
    assert_eq!(page.status, StatusCode::OK);
    let shown = plain(&page.text);
    assert!(shown.contains("0% trong 2 học bạ đã có hiệu lực"), "{shown}");
    assert!(shown.contains("Lớp xong: 0/1. Trường xong: 0/1."), "{shown}");
    assert!(shown.contains("1 trường chưa mở năm học"), "{shown}");
    for there in ["Phường Bến Thành", "Chưa rõ xã, phường", "Trung học cơ sở", "Trường THCS Nguyễn Du", "Đống Đa"]
    {
        assert!(shown.contains(there), "{there}: {shown}");
    }
    assert!(!shown.contains("Trường Xa") && !shown.contains("Xã Xa"), "another province's");
    assert!(
        page.text.contains("class=\"drafted\"")
            && !page.text.contains("rect class=\"in-force\" x=\"0\" y=\"0\" width=\"1000\"")
    );

    // By ward, by level, by name, and to the school.
    let ward = browser.get("/department/progress?ward=Ph%C6%B0%E1%BB%9Dng+B%E1%BA%BFn+Th%C3%A0nh").await;
    assert!(ward.text.contains("Nguyễn Du") && !ward.text.contains("Đống Đa"));
    let unknown = browser.get("/department/progress?ward=-").await;
    assert!(!unknown.text.contains("Nguyễn Du") && unknown.text.contains("Đống Đa"));
    let level = browser.get("/department/progress?level=thpt").await;
    assert!(level.text.contains("Không có trường nào như vậy."));
    let found = browser.get("/department/progress?q=dong+da&unfinished=1").await;
    assert!(found.text.contains("Đống Đa") && !found.text.contains("Nguyễn Du"));
    for nonsense in ["?after=x", "?after=9.%3C", "?ward=%3Cscript%3E", "?level=x", "?q=%3Cscript%3E&after=5.79"] {
        let page = browser.get(&format!("/department/progress{nonsense}")).await;
        assert!(page.status == StatusCode::OK && !page.text.contains("<script>"), "{nonsense}");
    }
    let href = format!("/department/schools/{SCHOOL}/progress");
    assert!(page.text.contains(&format!("href=\"{href}\"")));
    let of_school = plain(&browser.get(&href).await.text);
    assert!(of_school.contains("9A3 Khối 9") && of_school.contains("Phường Bến Thành"), "{of_school}");
    assert_eq!(browser.get("/department/schools/78DEMO001/progress").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/department/schools/79DEMO999/progress").await.status, StatusCode::NOT_FOUND);

    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        desk.office.step(&class, step, &Selection::All).await;
    }
    let shown = plain(&browser.get("/department/progress").await.text);
    assert!(shown.contains("Đã ký số của trường 2"), "{shown}");
    let chain = plain(&browser.get("/department/chain").await.text);
    assert!(chain.contains("2 học bạ, lâu nhất từ") && chain.contains("Dịch vụ ghi sổ chung không chạy"), "{chain}");
    desk.office.anchor().await;
    let shown = plain(&browser.get("/department/progress").await.text);
    assert!(shown.contains("100% trong 2 học bạ đã có hiệu lực"), "{shown}");
    assert!(shown.contains("Lớp xong: 1/1. Trường xong: 1/1."), "{shown}");
    let chain = browser.get("/department/chain").await;
    assert!(
        plain(&chain.text).contains("2 lô, mới nhất ở trên.") && chain.text.contains("Không có gì chờ ghi sổ chung.")
    );
    for word in ["neo", "Merkle", "lá ", "leaf"] {
        assert!(!plain(&chain.text).contains(word), "{word} is no word for people");
    }

    // Whatever a department looks at, no pupil is on it.
    let view = desk.office.app.class(&OPERATOR, &class).await.expect("a class");
    let names: Vec<String> = view.pupils.iter().map(|p| p.name.clone().expect("a name")).collect();
    for address in
        ["/department/progress", &href, "/department/daily", "/department/chain", "/department/audit", "/department"]
    {
        let page = browser.get(address).await;
        assert!(names.iter().all(|name| !page.text.contains(name)), "{address} names a pupil");
    }
}

#[tokio::test]
async fn the_day_reads_well_for_one_class_and_its_workbook_says_the_same() {
    let desk = Desk::open().await;
    let class = school(&desk).await;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        desk.office.step(&class, step, &Selection::All).await;
    }
    let mut browser = officer(&desk, "so", SCHOOL).await;
    let page = browser.get("/department/daily").await;
    let shown = plain(&page.text);
    assert!(shown.contains("0/2 học bạ đã có hiệu lực (0%)"), "{shown}");
    assert!(shown.contains("Trường THCS Nguyễn Du"), "it lags: {shown}");
    desk.office.anchor().await;
    // Somebody anchors, and all answer.
    let now = desk.office.app.edges().now();
    let mut tx = desk.office.app.store().begin("lead").await.expect("begun");
    assert!(tx.take_lease(hocba_app::ANCHORING_LEASE, "one", now, now.plus(15)).await.expect("taken"));
    let look = hocba_app::ChainLook { at: now, operators: 4, needed: 3, answered: 4, block: None, funds: None };
    tx.note_chain_look(&look).await.expect("noted");
    tx.commit().await.expect("committed");
    let page = browser.get("/department/daily").await;
    let shown = plain(&page.text);
    for there in [
        "Tất cả 2 học bạ đã có hiệu lực; không còn gì chờ.",
        "Lớp xong: 1/1. Trường xong: 1/1.",
        "Không còn gì chờ.",
        "4/4 bên giữ sổ chung trả lời khớp nhau (cần ít nhất 3)",
        "Phường Bến Thành",
    ] {
        assert!(shown.contains(there), "{there}: {shown}");
    }
    assert!(!page.text.contains("class=\"alarm\""));

    let sheet = browser.get("/department/daily.xlsx").await;
    assert_eq!(sheet.status, StatusCode::OK);
    let headers = &sheet.headers;
    assert!(headers[header::CONTENT_DISPOSITION].to_str().expect("text").contains("tien-do-20"), "{headers:?}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(sheet.bytes.clone())).expect("a workbook");
    assert_eq!(book.sheet_names(), ["Tiến độ", "Xã, phường"]);
    let range = book.worksheet_range("Tiến độ").expect("a sheet");
    let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let line = |name: &str| rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}: {rows:?}"));
    assert_eq!(line("Đã có hiệu lực")[1..4], ["2", "0", "0"]);
    assert_eq!(line("Học bạ phải có")[1], "2");
    assert_eq!(line("Để lại")[1], "1");
    assert!(range.rows().flatten().any(|cell| *cell == Data::Float(2.0)), "numbers are numbers");
    let wards = book.worksheet_range("Xã, phường").expect("a sheet");
    let ward: Vec<String> = wards.rows().nth(1).expect("a ward").iter().map(ToString::to_string).collect();
    assert_eq!(ward[..5], ["Phường Bến Thành", "1", "1", "2", "2"]);
    // Neither who made it nor anybody's name is in its bytes.
    let mut archive = book
        .worksheets()
        .into_iter()
        .flat_map(|(_, range)| range.rows().flatten().map(ToString::to_string).collect::<Vec<_>>());
    assert!(archive.all(|cell| !cell.contains("Tên so")), "the officer's name");
    let again = browser.get("/department/daily.xlsx").await;
    assert_eq!(again.bytes, sheet.bytes, "the same figures are the same bytes");
}

#[tokio::test]
async fn a_principal_reads_the_log_of_their_school_and_finds_who_returned_a_record() {
    let desk = Desk::open().await;
    let class = school(&desk).await;
    desk.office.step(&class, Step::Sign, &Selection::All).await;
    let (mut principal, account, _) = desk.signed_in("hieutruong", GrantRole::Principal, SCHOOL).await;
    let record = desk.office.lines(&class).await[0].record;
    let acting = hocba_app::Actor::Account(account.clone());
    desk.office.app.return_record(&acting, &record, ReturnReason::WrongMark).await.expect("returned");
    let log = format!("/school/{SCHOOL}/audit");
    assert!(principal.get("/home").await.text.contains(&format!("href=\"{log}\"")), "home leads there");
    let page = principal.get(&log).await;
    assert_eq!(page.status, StatusCode::OK);
    let shown = plain(&page.text);
    let first = shown.split("Về ").nth(1).expect("a table").to_owned();
    assert!(first.contains("Trả lại học bạ Sai điểm"), "the newest first: {first}");
    assert!(shown.contains(&format!("{} (hieutruong) Hiệu trưởng", account.name)), "{shown}");
    assert!(shown.contains("Lớp 9A3") && shown.contains(&format!("Học bạ {}…", &record.to_string()[..10])));
    let view = desk.office.app.class(&OPERATOR, &class).await.expect("a class");
    assert!(view.pupils.iter().all(|p| !page.text.contains(p.name.as_ref().expect("a name"))));

    let found = principal.get(&format!("{log}?who=hieutruong&action=return_record&class=9A3")).await;
    let shown = plain(&found.text);
    assert_eq!(shown.matches('…').count(), 1, "{shown}");
    let none = principal.get(&format!("{log}?who=nobody")).await;
    assert!(none.text.contains("Không có việc nào như vậy."));
    let none = principal.get(&format!("{log}?until=1/1/2000")).await;
    assert!(none.text.contains("Không có việc nào như vậy."));
    let wrong = principal.get(&format!("{log}?from=31/2/2027&class=%3C")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.find("#from-error").is_empty() && !wrong.find("#class-error").is_empty());
    assert!(wrong.text.contains("value=\"31/2/2027\""), "what was typed is still there");
    for nonsense in ["?before=x", "?before=1.2.3", "?action=%3Cscript%3E", "?who=%00", "?before=-1.-1"] {
        let page = principal.get(&format!("{log}{nonsense}")).await;
        assert!(page.status == StatusCode::OK && !page.text.contains("<script>"), "{nonsense}: {}", page.status);
    }

    // The department at its schools; a teacher and another school's principal not at all.
    let mut browser = officer(&desk, "so", "79").await;
    assert!(browser.get(&log).await.text.contains("<div>Trả lại học bạ"));
    let everywhere = browser.get("/department/audit").await;
    assert!(everywhere.text.contains(&format!("href=\"{log}\"")) && !everywhere.text.contains("78DEMO001"));
    let mut far = officer(&desk, "xa", "78").await;
    assert_eq!(far.get(&log).await.status, StatusCode::NOT_FOUND);
    assert!(!far.get("/department/audit").await.text.contains("<div>Trả lại học bạ"));
    let (mut teacher, ..) = desk.signed_in("giaovien", GrantRole::HomeroomTeacher, SCHOOL).await;
    assert_eq!(teacher.get(&log).await.status, StatusCode::FORBIDDEN);
    let (mut other, ..) = desk.signed_in("khac", GrantRole::Principal, OTHER_SCHOOL).await;
    assert_eq!(other.get(&log).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get("/department/audit").await.status, StatusCode::FORBIDDEN);
}
