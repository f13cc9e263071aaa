//! Lists, certificates and marks by page: sent, looked at, mended, taken; and the tasks that take them.

use std::{collections::BTreeMap, time::Duration};

use axum::http::StatusCode;
use hocba_app::{
    Actor, Lists, Mode, NewTask,
    model::{Account, Grant, GrantRole, Id, KeptKind, ListedSchool, TaskKind, TaskState},
};
use hocba_record::{
    section::{IdentifierKind, Sex},
    types::{Grade, SchoolCode, SchoolYear},
};
use hocba_sample::{SampleSchool, SchoolOptions, school as made_up};
use hocba_signature::certificate::Certificate;
use hocba_tests::{
    OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, chain_of, workbook},
    repository,
};
use hocba_workbook::{ListMapping, table_workbook};

use crate::browser::{Answer, Browser, Desk};

fn school() -> SchoolCode {
    SCHOOL.parse().expect("code")
}

fn year() -> SchoolYear {
    SchoolYear::starting(2026).expect("year")
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

fn file(sheets: &[(String, Vec<Vec<String>>)]) -> Vec<u8> {
    table_workbook(sheets).expect("a workbook")
}

/// A school of two classes, as `hocba generate --whole-school` makes one of 45.
fn small_school() -> SampleSchool {
    let grades = vec![(Grade::new(9).expect("a grade"), 2)];
    made_up(7, &SchoolOptions { grades, pupils: 60, staff: 20, ..SchoolOptions::lower_secondary() })
}

/// Its staff list; with faults, one login stands there twice.
fn staff(school: &SampleSchool, faulty: bool) -> Vec<u8> {
    let mut rows = vec![row(["STT", "Họ và tên", "Mã giáo viên", "Chức vụ", "Tên đăng nhập", "Chủ nhiệm lớp"])];
    for (place, person) in (1..).zip(&school.staff) {
        let homeroom = person.homeroom.as_ref().map(ToString::to_string).unwrap_or_default();
        let login = if faulty && (8..=9).contains(&place) { "giaovien.moi" } else { "" };
        rows.push(row([&format!("{place}"), &person.name, &person.code, person.position.words(), login, &homeroom]));
    }
    file(&[("Nhân sự".into(), rows)])
}

fn classes(school: &SampleSchool) -> Vec<u8> {
    let mut rows = vec![row(["Lớp", "Khối"])];
    for class in &school.classes {
        rows.push(row([class.options.class.as_str(), &class.options.grade.number().to_string()]));
    }
    file(&[("Lớp".into(), rows)])
}

/// A sheet for each class; with faults, somebody was born on the 31st of February.
fn pupils(school: &SampleSchool, faulty: bool) -> Vec<u8> {
    let mut sheets = Vec::new();
    for (n, class) in school.classes.iter().enumerate() {
        let mut rows = vec![row(["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Số định danh"])];
        for (place, pupil) in (1..).zip(class.pupils()) {
            let number = pupil.identifiers.iter().find(|i| i.kind == IdentifierKind::Personal).expect("a number");
            let born = match faulty && n == 0 && place == 2 {
                true => format!("31/02/{}", pupil.birth_date.year()),
                false => pupil.birth_date.vietnamese(),
            };
            let sex = if pupil.sex == Sex::Male { "Nam" } else { "Nữ" };
            rows.push(row([&format!("{place}"), pupil.name.as_str(), &born, sex, number.value.as_str()]));
        }
        sheets.push((class.options.class.to_string(), rows));
    }
    file(&sheets)
}

fn lists() -> String {
    format!("/school/{SCHOOL}/lists")
}

/// An office with an open year and its administrator.
async fn open() -> (Desk, Browser, Account) {
    let desk = Desk::open().await;
    desk.office.app.open_year(&OPERATOR, &school(), year()).await.expect("opened");
    let (browser, account, _) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    (desk, browser, account)
}

/// Sends lists by the form of the page, and gives the page that follows.
async fn send(browser: &mut Browser, files: &[(&str, &str, &[u8])]) -> Answer {
    let page = browser.get(&lists()).await;
    let mut form = page.form(&lists());
    form.retain(|name, _| !matches!(name.as_str(), "staff" | "classes" | "pupils"));
    form.insert("year".into(), "2026".into());
    // A browser sends fields without a file, too.
    let none = ["staff", "classes", "pupils"].into_iter().filter(|field| !files.iter().any(|file| file.0 == *field));
    let mut files = files.to_vec();
    files.extend(none.map(|field| (field, "", b"".as_slice())));
    let answer = browser.post_files(&lists(), &form, &files).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, lists().as_str()), "{}", answer.text);
    browser.get(&lists()).await
}

/// Looks at the page of a task until it has ended.
async fn ended(browser: &mut Browser, address: &str) -> Answer {
    for _ in 0..600 {
        let page = browser.get(address).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        if !page.text.contains("data-again") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{address} does not end");
}

async fn count(desk: &Desk, table: &str) -> i64 {
    desk.office.database.count(&format!("SELECT COUNT(*) FROM {table}")).await
}

#[tokio::test]
async fn a_fault_stores_nothing_one_list_is_mended_while_the_others_stay_and_then_all_are_taken() {
    let (desk, mut browser, _) = open().await;
    let sample = small_school();
    let all: [(&str, &str, &[u8]); 3] = [
        ("staff", "nhan-su.xlsx", &staff(&sample, true)),
        ("classes", "lop.xlsx", &classes(&sample)),
        ("pupils", "hoc-sinh.xlsx", &pupils(&sample, true)),
    ];
    let page = send(&mut browser, &all).await;
    let take = format!("{}/take", lists());
    assert!(!page.text.contains(&take), "nothing can be taken");
    for told in ["nhan-su.xlsx", "giaovien.moi", "trang Nhân sự, ô\u{a0}E10", "trang 9A1, ô\u{a0}C3", "31/02/"] {
        assert!(page.text.contains(told), "{told}\n{}", page.text);
    }
    // Somebody who sends the form of another page all the same.
    let csrf = desk.token(&browser, &take).await;
    let fields: BTreeMap<String, String> =
        [("csrf".to_owned(), csrf), ("form".to_owned(), "0123456789abcdef-faulty".to_owned())].into();
    let address = browser.post(&take, &fields).await.location().to_owned();
    let refused = ended(&mut browser, &address).await;
    assert!(refused.text.contains("Chưa nhập được") && refused.text.contains("giaovien.moi"), "{}", refused.text);
    for table in ["staff", "planned_classes", "class_members"] {
        assert_eq!(count(&desk, table).await, 0, "{table}");
    }

    // The two that are mended are sent; the third is still there.
    let page = send(&mut browser, &[("staff", "moi.xlsx", &staff(&sample, false))]).await;
    assert!(page.text.contains("31/02/") && !page.text.contains(&take), "one fault is left");
    let page = send(&mut browser, &[("pupils", "hoc-sinh-2.xlsx", &pupils(&sample, false))]).await;
    assert!(page.text.contains("lop.xlsx") && page.text.contains("20 người mới"), "{}", page.text);
    assert!(page.text.contains("60 học sinh mới"), "{}", page.text);
    assert_eq!(count(&desk, "staff").await, 0, "looking stores nothing");
    assert_eq!(count(&desk, "kept_files").await, 3);
    let form = page.form(&take);
    let done = browser.post(&take, &form).await;
    let address = done.location().to_owned();
    assert!(address.starts_with(&format!("/school/{SCHOOL}/tasks/")), "{address}");
    assert!(browser.post(&take, &form).await.location().ends_with("/lists?done=already-sent"));
    let page = ended(&mut browser, &address).await;
    assert!(page.text.contains("Đã nhập xong.") && page.text.contains("2 lớp mới"), "{}", page.text);
    assert_eq!((count(&desk, "staff").await, count(&desk, "class_members").await), (20, 60));
    assert_eq!(count(&desk, "kept_files").await, 0, "what was taken is not kept");

    // The page was left: it is found again from the school's page and from that of the lists.
    for page in [format!("/school/{SCHOOL}/opening"), lists()] {
        assert!(browser.get(&page).await.text.contains(&format!("href=\"{address}\"")), "{page}");
    }
    let page = send(&mut browser, &[("classes", "lop.xlsx", &classes(&sample))]).await;
    assert!(page.text.contains("không có gì để nhập") && !page.text.contains(&take), "{}", page.text);
    let sealed = count(&desk, "tasks WHERE result IS NOT NULL AND ended_at IS NOT NULL").await;
    assert_eq!(sealed, 2, "the refused one and the one that was done");
}

#[tokio::test]
async fn what_is_no_list_is_told_and_put_away_and_a_form_without_a_file_asks_for_one() {
    let (_desk, mut browser, _) = open().await;
    let page = browser.get(&lists()).await;
    let mut form = page.form(&lists());
    form.retain(|name, _| matches!(name.as_str(), "csrf" | "form"));
    form.insert("year".into(), "2026".into());
    let refused = browser.post_files(&lists(), &form, &[("staff", "", b"")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.find("#staff-error"), "Hãy chọn tệp.");
    form.insert("year".into(), "2031".into());
    let refused = browser.post_files(&lists(), &form, &[("staff", "a.csv", b"a;b\n")]).await;
    assert_eq!(refused.find("#year-error"), "Hãy chọn một năm học đang mở.");
    let page = send(&mut browser, &[("staff", "<b>anh.png", b"\x89PNG\r\n\x1a\n\0\0\0")]).await;
    assert!(page.text.contains("&#60;b&#62;anh") || page.text.contains("&lt;b&gt;anh"), "{}", page.text);
    assert!(page.text.contains("cả tệp") && !page.text.contains("/lists/take"), "{}", page.text);
    let forget = format!("{}/forget", lists());
    assert!(browser.fill(&page, &forget, &[]).await.location().ends_with("?done=file-forgotten"));
    assert!(!browser.get(&lists()).await.text.contains("png"));
}

#[tokio::test]
async fn a_column_that_was_not_recognised_is_named_and_the_list_is_read_again() {
    let (_desk, mut browser, _) = open().await;
    let list = "Thầy cô;Việc\nPhan Thị Thảo;Giáo viên\nLê Văn Thư;Văn thư\n";
    let page = send(&mut browser, &[("staff", "ds.csv", list.as_bytes())]).await;
    assert!(page.text.contains("Thầy cô") && !page.text.contains("/lists/take"), "{}", page.text);
    assert!(!page.text.contains("Phan Thị Thảo"), "examples are masked");
    let columns = format!("{}/columns", lists());
    let stale = [("column-0", "name"), ("column-1", "position"), ("version", "AAAA")];
    assert!(!browser.fill(&page, &columns, &stale).await.location().contains("done"), "of another file");
    let said = browser.fill(&page, &columns, &[("column-0", "name"), ("column-1", "position")]).await;
    assert!(said.location().ends_with("?done=columns-said"));
    let page = browser.get(&lists()).await;
    assert!(page.text.contains("2 người mới") && page.text.contains("/lists/take"), "{}", page.text);
    // What is no field of the list says nothing.
    browser.fill(&page, &columns, &[("column-0", "grade"), ("column-1", "position")]).await;
    assert!(!browser.get(&lists()).await.text.contains("/lists/take"), "no name any more");
}

#[tokio::test]
async fn tasks_and_files_of_others_are_not_there() {
    let (desk, mut browser, account) = open().await;
    send(&mut browser, &[("classes", "lop.csv", "Lớp;Khối\n9A1;9\n".as_bytes())]).await;
    let new = NewTask { kind: TaskKind::TakeLists, school: school(), year: year(), class: None };
    let id = desk.office.app.begin_task(&Actor::Account(account.clone()), &new).await.expect("begun");
    let there = format!("/school/{SCHOOL}/tasks/{id}");
    assert!(browser.get(&there).await.text.contains("data-again"), "it runs");
    let (mut stranger, ..) = desk.signed_in("stranger", GrantRole::SchoolAdministrator, OTHER_SCHOOL).await;
    assert_eq!(stranger.get(&there).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.get(&format!("/school/{OTHER_SCHOOL}/tasks/{id}")).await.status, StatusCode::NOT_FOUND);
    let (mut clerk, ..) = desk.signed_in("thu", GrantRole::Clerk, SCHOOL).await;
    assert_eq!(clerk.get(&there).await.status, StatusCode::NOT_FOUND, "not with this role");
    // A colleague who prepares the school sees the work, and not the files.
    let (mut colleague, ..) = desk.signed_in("pho", GrantRole::DeputyPrincipal, SCHOOL).await;
    assert_eq!(colleague.get(&there).await.status, StatusCode::OK);
    assert!(browser.get(&lists()).await.text.contains("lop.csv"));
    assert!(!colleague.get(&lists()).await.text.contains("lop.csv"));
}

#[tokio::test]
async fn a_task_whose_process_died_is_told_as_interrupted_and_done_again_it_changes_nothing() {
    let (desk, mut browser, account) = open().await;
    let app = &desk.office.app;
    let list = "Lớp;Khối\n9A1;9\n";
    let actor = Actor::Account(account);
    let new = NewTask { kind: TaskKind::TakeLists, school: school(), year: year(), class: None };
    let id = app.begin_task(&actor, &new).await.expect("begun");
    // It stored what it had to store, and its process died before it could say so.
    let classes = Lists::of_classes(list.as_bytes());
    app.import_lists(&OPERATOR, &school(), year(), &classes, Mode::Apply).await.expect("taken");
    let there = format!("/school/{SCHOOL}/tasks/{id}");
    assert!(browser.get(&there).await.text.contains("data-again"), "nobody knows yet");
    desk.pass(55);
    app.beat_task(&id, 1, 2).await.expect("a sign of life");
    desk.pass(55);
    assert!(browser.get(&there).await.text.contains("1 trong 2 dòng"), "it was heard of");
    desk.pass(6);
    let page = browser.get(&there).await;
    assert!(page.text.contains("Bị ngắt giữa chừng") && page.text.contains("không bị nhập hai lần"), "{}", page.text);
    let page = send(&mut browser, &[("classes", "lop.csv", list.as_bytes())]).await;
    assert!(page.text.contains("không có gì để nhập"), "{}", page.text);
    // The next task marks it for good.
    app.begin_task(&actor, &new).await.expect("begun");
    assert_eq!(count(&desk, "tasks WHERE state = 'interrupted'").await, 1);
    // A process that was only slow says what came of it after all.
    app.end_task(&id, TaskState::Done, b"{\"refused\":null,\"counts\":[],\"findings\":[]}").await.expect("ended");
    assert!(browser.get(&there).await.text.contains("Đã nhập xong."));
    assert!(app.end_task(&id, TaskState::Refused, b"{}").await.is_err(), "it has ended once");
    // Two weeks later it is forgotten.
    desk.pass(15 * 86_400);
    app.begin_task(&actor, &new).await.expect("begun");
    assert_eq!(count(&desk, "tasks").await, 1);
}

#[tokio::test]
async fn a_file_is_sealed_at_rest_and_over_after_a_day() {
    let (desk, _, account) = open().await;
    let (app, actor) = (&desk.office.app, Actor::Account(account));
    let keep = async |kind, bytes: &[u8]| {
        let file = ("Danh sách Phan Thị Thảo.csv", bytes);
        app.keep_file(&actor, &school(), (kind, Some(year())), file, &ListMapping::default()).await.expect("kept");
    };
    keep(KeptKind::Staff, "Họ và tên;Chức vụ\nPhan Thị Thảo;Giáo viên\n".as_bytes()).await;
    let kept = app.kept_files(&actor, &school()).await.expect("read");
    assert!(kept[0].name.contains("Thảo") && kept[0].bytes.ends_with("Giáo viên\n".as_bytes()));
    let mut tx = app.store().read().await.expect("read");
    let Actor::Account(account) = &actor else { panic!("an account") };
    let stored = tx.kept_files(&account.id, &school(), app.edges().now()).await.expect("read");
    let needle = "Thảo".as_bytes();
    assert!(!stored[0].personal.bytes.windows(needle.len()).any(|w| w == needle), "nothing of it is in the clear");
    drop(tx);
    desk.pass(86_399);
    assert_eq!(app.kept_files(&actor, &school()).await.expect("read").len(), 1);
    desk.pass(1);
    assert_eq!(app.kept_files(&actor, &school()).await.expect("read").len(), 0);
    keep(KeptKind::Classes, b"x").await;
    assert_eq!(count(&desk, "kept_files").await, 1, "the one that is over is gone for good");
}

fn pem(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("keys-example").join(name)).expect("an example key")
}

fn subject(name: &str) -> String {
    Certificate::from_der(&chain_of(name)[0]).expect("a certificate").subject().to_owned()
}

#[tokio::test]
async fn many_certificates_find_their_people_and_each_that_does_not_says_why() {
    let (desk, mut browser, _) = open().await;
    let app = &desk.office.app;
    let listed =
        ListedSchool { code: school(), name: subject("seal").parse().expect("a name"), levels: Vec::new(), ward: None };
    app.note_schools(&OPERATOR, &[listed]).await.expect("noted");
    let (principal, teacher) = (subject("principal"), subject("teacher"));
    let staff = format!(
        "Họ và tên;Mã giáo viên;Chức vụ\n{principal};A1;Hiệu trưởng\nLê Văn Thư;A2;Văn thư\n{teacher};A3;Giáo viên\n{teacher};A4;Giáo viên\n"
    );
    app.import_lists(&OPERATOR, &school(), year(), &Lists::of_staff(staff.as_bytes()), Mode::Apply)
        .await
        .expect("taken");
    let address = format!("/school/{SCHOOL}/certificates");
    let page = browser.get(&address).await;
    assert!(page.text.contains("0 trong 4 người có chứng thư"), "{}", page.text);
    // The leaf alone in DER, its issuers in another file.
    let chain = chain_of("principal");
    let (leaf, seal, twice, key) = (&chain[0], pem("seal.crt.pem"), pem("teacher.crt.pem"), pem("principal.key.pem"));
    let mut files: Vec<(&str, &str, &[u8])> = vec![
        ("files", "hieu-truong.der", leaf),
        ("files", "con-dau.pem", &seal),
        ("files", "trung-ten.pem", &twice),
        ("files", "khoa.pem", &key),
        ("files", "anh.cer", b"GIF89a"),
    ];
    files.extend(chain[1..].iter().map(|issuer| ("files", "noi-cap.der", issuer.as_slice())));
    let answer = browser.choose(&page, &address, &files).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    for told in ["2 chứng thư đã ghi", "Nhiều người có tên này", "khóa bí mật", "không phải chứng thư"]
    {
        assert!(answer.text.contains(told), "{told}\n{}", answer.text);
    }
    let people = app.staff_certificates(&OPERATOR, &school()).await.expect("listed");
    let has = |name: &str| people.iter().filter(|p| p.name == name && p.certificate.is_some()).count();
    assert_eq!((has(&principal), has("Lê Văn Thư"), has(&teacher)), (1, 1, 0));
    // For one of the two of one name, by their own page; and never under another name.
    let one = people.iter().find(|p| p.name == teacher).expect("a teacher");
    let there = format!("{address}/{}", one.account);
    let page = browser.get(&there).await;
    let refused = browser.choose(&page, &there, &[("files", "x.pem", &pem("principal.crt.pem"))]).await;
    assert_eq!(refused.find("#files-error"), "Tên trong chứng thư không phải họ tên của người này.");
    let done = browser.choose(&page, &there, &[("files", "x.pem", &twice)]).await;
    assert!(done.location().ends_with("?done=certificate-enrolled"), "{}", done.text);
    let again = browser.choose(&page, &there, &[("files", "x.pem", &twice)]).await;
    assert!(again.location().ends_with("?done=certificate-enrolled"), "what is there is there");
    let other = people.iter().rfind(|p| p.name == teacher).expect("the other one");
    let there = format!("{address}/{}", other.account);
    let page = browser.get(&there).await;
    let taken = browser.choose(&page, &there, &[("files", "x.pem", &twice)]).await;
    assert_eq!(taken.find("#files-error"), "Chứng thư này đã được ghi cho tài khoản khác.");
    let none = browser.choose(&page, &there, &[("files", "", b"")]).await;
    assert_eq!(none.find("#files-error"), "Hãy chọn tệp.");
    let nobody = Id::from_bytes([99; 16]);
    assert_eq!(browser.get(&format!("{address}/{nobody}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_homeroom_teacher_takes_the_marks_of_their_own_class_and_of_no_other() {
    let desk = Desk::open().await;
    let (mut browser, account, _) = desk.signed_in("chunhiem", GrantRole::HomeroomTeacher, SCHOOL).await;
    let class = Some((year(), "9A3".parse().expect("class")));
    let grant = Grant::of_school(GrantRole::HomeroomTeacher, school(), class);
    desk.office.app.set_grants(&OPERATOR, &account.id, &[grant]).await.expect("granted");
    let home = browser.get("/home").await;
    let classes = format!("/school/{SCHOOL}/classes");
    assert!(home.text.contains(&format!("href=\"{classes}\"")), "home leads there");
    let import = format!("{classes}/import");
    assert!(browser.get(&classes).await.text.contains(&import));
    assert_eq!(browser.get(&lists()).await.status, StatusCode::FORBIDDEN);

    let other_class = workbook(2, |header, _| header.class = "9A4".parse().expect("class"));
    let page = browser.get(&import).await;
    assert_eq!(browser.choose(&page, &import, &[("file", "a.xlsx", &other_class)]).await.location(), import);
    let page = browser.get(&import).await;
    let take = format!("{import}/take");
    assert!(page.text.contains("không được làm việc này với lớp") && !page.text.contains(&take), "{}", page.text);
    let csrf = desk.token(&browser, &take).await;
    let fields: BTreeMap<String, String> =
        [("csrf".to_owned(), csrf), ("form".to_owned(), "0123456789abcdef-other".to_owned())].into();
    assert_eq!(browser.post(&take, &fields).await.status, StatusCode::FORBIDDEN);

    // Of another school: a fault, and the file comes back with a comment.
    let other_school = workbook(2, |header, _| header.school = OTHER_SCHOOL.parse().expect("code"));
    let page = browser.get(&import).await;
    browser.choose(&page, &import, &[("file", "a.xlsx", &other_school)]).await;
    let page = browser.get(&import).await;
    assert!(page.text.contains("Còn 1 lỗi") && !page.text.contains(&take), "{}", page.text);
    let annotated = browser.get(&format!("{import}/annotated")).await;
    assert!(annotated.text.starts_with("PK") && annotated.headers["content-disposition"].to_str().is_ok());
    assert_eq!(count(&desk, "classes").await, 0, "nothing was stored");

    let own = workbook(3, |_, _| ());
    let page = browser.get(&import).await;
    browser.choose(&page, &import, &[("file", "9A3.xlsx", &own)]).await;
    let page = browser.get(&import).await;
    assert!(page.text.contains("Không còn lỗi: 3 học sinh."), "{}", page.text);
    let done = browser.fill(&page, &take, &[]).await;
    let page = ended(&mut browser, done.location()).await;
    assert!(page.text.contains("3 học sinh có bản nháp mới"), "{}", page.text);
    assert!(!browser.get(&import).await.text.contains("9A3.xlsx"), "what was taken is not kept");
    let page = browser.get(&classes).await;
    assert!(page.text.contains("9A3") && page.text.contains(done.location()), "{}", page.text);
    // A colleague with another class does not see the work on this one.
    let (mut colleague, account, _) = desk.signed_in("khac", GrantRole::HomeroomTeacher, SCHOOL).await;
    let class = Some((year(), "9A4".parse().expect("class")));
    let grant = Grant::of_school(GrantRole::HomeroomTeacher, school(), class);
    desk.office.app.set_grants(&OPERATOR, &account.id, &[grant]).await.expect("granted");
    assert_eq!(colleague.get(done.location()).await.status, StatusCode::NOT_FOUND);
    assert!(colleague.get(&classes).await.text.contains("Chưa có lớp nào có điểm"));
}
