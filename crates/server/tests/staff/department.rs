//! What a department does, page by page: it looks over its schools, opens one, and notes what becomes of them.

use axum::http::StatusCode;
use hocba_app::{
    Lists, Mode, NewAccount, OpenSchool,
    access::{Activation, Client},
    model::{Grant, GrantRole, ListedSchool},
};
use hocba_record::types::{SchoolCode, SchoolYear};
use hocba_tests::{OTHER_SCHOOL, SCHOOL, office::OPERATOR};

use crate::browser::{Browser, Desk, PASSWORD};

const CLIENT: Client<'static> =
    Client { address: std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)), agent: "" };

pub fn code(text: &str) -> SchoolCode {
    text.parse().expect("code")
}
pub fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("year")
}

/// An officer of the schools of this prefix, signed in.
pub async fn officer(desk: &Desk, login: &str, prefix: &str) -> Browser {
    let grants = vec![Grant::of_prefix(GrantRole::Department, prefix.parse().expect("prefix"))];
    signed_in(desk, NewAccount { login: login.into(), name: format!("Tên {login}"), certificate: None, grants }).await
}

pub async fn signed_in(desk: &Desk, new: NewAccount) -> Browser {
    let account = desk.office.app.add_account(&OPERATOR, new).await.expect("added");
    let slip = desk.slip(&account).await;
    let secret = desk.office.app.slip(&slip, CLIENT).await.expect("a slip").totp.secret;
    let code = desk.digits(&secret);
    let with = Activation { slip: &slip, password: PASSWORD, code: Some(&code), client: CLIENT };
    let activated = desk.office.app.activate(&with).await.expect("activated");
    let mut browser = desk.browser();
    browser.cookies.insert("__Host-hocba".into(), activated.session.token);
    browser
}

async fn listed(desk: &Desk, schools: &[(&str, &str)]) {
    let list = schools.iter().map(|(school, name)| ListedSchool {
        code: code(school),
        name: name.parse().expect("text"),
        levels: Vec::new(),
        ward: None,
    });
    desk.office.app.note_schools(&OPERATOR, &list.collect::<Vec<_>>()).await.expect("noted");
}

#[tokio::test]
async fn an_officer_sees_their_part_of_the_schools_what_each_lacks_and_what_is_theirs_to_do() {
    let desk = Desk::open().await;
    let app = &desk.office.app;
    listed(&desk, &[(SCHOOL, "Trường THCS Nguyễn Du"), (OTHER_SCHOOL, "Trường THCS Đống Đa")]).await;
    let far = OpenSchool {
        code: code("78DEMO001"),
        name: Some("Trường Xa".parse().expect("text")),
        levels: Vec::new(),
        issuer: "so-demo".parse().expect("issuer"),
    };
    app.open_school(&OPERATOR, &far).await.expect("opened");
    let mut browser = officer(&desk, "so", "79").await;
    let home = browser.get("/home").await;
    assert!(home.text.contains("href=\"/department\""), "home leads there");
    let page = browser.get("/department").await;
    assert_eq!(page.status, StatusCode::OK);
    for there in ["Trường THCS Nguyễn Du", "Trường THCS Đống Đa", SCHOOL, "Chưa mở năm học", "Mở năm học: chưa có"]
    {
        assert!(page.text.contains(there), "{there}\n{}", page.text);
    }
    assert!(!page.text.contains("Trường Xa") && !page.text.contains("78DEMO001"), "another province's");
    let found = browser.get("/department?q=dong+da").await;
    assert!(found.text.contains("Đống Đa") && !found.text.contains("Nguyễn Du"));
    let none = browser.get("/department?q=%3Cscript%3E").await;
    assert!(!none.text.contains("<script>") && !none.find(".note").is_empty());

    // A principal with a certificate waits for the department, until they are appointed.
    app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    let principal = &hocba_tests::example_certificates("principal")[0];
    let staff = format!("Họ và tên;Chức vụ;Tên đăng nhập\n{};Hiệu trưởng;hieutruong\n", principal.subject());
    let lists = Lists::of_staff(staff.as_bytes());
    app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &lists, Mode::Apply).await.expect("taken");
    let tasks = browser.get("/department/tasks").await;
    assert!(!tasks.text.contains(principal.subject()), "no certificate, nothing to sign");
    let account = app.store().read().await.expect("read").account_of_login("hieutruong").await.expect("read");
    let chain = hocba_tests::office::chain_of("principal");
    app.enrol_certificate(&OPERATOR, &account.expect("there").id, &chain).await.expect("enrolled");
    let tasks = browser.get("/department/tasks").await;
    assert!(tasks.text.contains(principal.subject()) && tasks.text.contains(&format!("/department/schools/{SCHOOL}")));
    assert!(browser.get("/department").await.text.contains("Hiệu trưởng: cần bổ nhiệm"));
    let until = principal.not_after().seconds();
    desk.office.appoint(hocba_signature::statement::Role::Principal).await;
    let tasks = browser.get("/department/tasks").await;
    assert!(!tasks.text.contains(principal.subject()), "appointed");
    assert!(browser.get("/department").await.text.contains("đã ký, đang ghi sổ chung"));
    desk.office.anchor().await;
    assert!(browser.get("/department").await.text.contains("Hiệu trưởng: đã bổ nhiệm"));

    // Their certificate ends.
    let mut browser = {
        desk.office.clock.store(until - 10 * 86_400, std::sync::atomic::Ordering::Relaxed);
        officer(&desk, "so2", "79").await
    };
    let tasks = browser.get("/department/tasks").await;
    assert!(tasks.text.contains(principal.subject()));
    assert!(browser.get("/department").await.text.contains("1 chứng thư sắp hết hạn"));
    let mut other = officer(&desk, "xa", "78").await;
    let tasks = other.get("/department/tasks").await;
    assert!(!tasks.text.contains(principal.subject()), "not theirs");
}

#[tokio::test]
async fn a_school_is_opened_from_the_list_once_and_its_administrator_begins_with_the_slip() {
    let desk = Desk::open().await;
    listed(&desk, &[("79DEMO005", "Trường Tiểu học Kim Đồng"), ("78DEMO009", "Trường Xa"), (SCHOOL, "Đã mở")]).await;
    let mut browser = officer(&desk, "so", "79").await;
    let open = "/department/schools/open";
    let list = browser.get(open).await;
    assert!(list.text.contains("Kim Đồng") && !list.text.contains("Trường Xa") && !list.text.contains("Đã mở"));
    assert_eq!(browser.get(&format!("{open}?school=78DEMO009")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{open}?school=%3C")).await.status, StatusCode::NOT_FOUND);
    let page = browser.get(&format!("{open}?school=79DEMO005")).await;
    assert!(page.text.contains("Trường Tiểu học Kim Đồng"));
    let wrong = browser.fill(&page, open, &[("name", "Nguyễn Thị Ánh"), ("login", "Ánh")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.find("#login-error").is_empty() && wrong.text.contains("value=\"Nguyễn Thị Ánh\""));
    // A code of another province, written into the form.
    let foreign = [("code", "78DEMO009"), ("school_name", "X"), ("name", "Ánh"), ("login", "anh")];
    let refused = browser.fill(&wrong, open, &foreign).await;
    assert!(refused.find("#code-error").contains("không thuộc phần"), "{}", refused.text);
    let served = [("code", SCHOOL), ("school_name", "X"), ("name", "Ánh"), ("login", "anh")];
    let refused = browser.fill(&refused, open, &served).await;
    assert!(refused.find("#code-error").contains("đã mở"), "{}", refused.text);

    let page = browser.get(&format!("{open}?school=79DEMO005")).await;
    let mut form = page.form(open);
    form.insert("name".into(), "Nguyễn Thị Ánh".into());
    form.insert("login".into(), "anh".into());
    let printed = browser.post(open, &form).await;
    assert_eq!((printed.status, printed.text.matches("class=\"slip\"").count()), (StatusCode::OK, 1));
    let slip = printed.find(".secret");
    let again = browser.post(open, &form).await;
    assert_eq!(again.location(), "/department?done=already-sent");
    assert_eq!(desk.office.app.slip(&slip, CLIENT).await.expect("it still works").login, "anh");
    assert!(browser.get("/department").await.text.contains("79DEMO005"));
    assert!(!browser.get(open).await.text.contains("79DEMO005"), "it is open");

    // One that the list does not have.
    let page = browser.get(&format!("{open}?other=1")).await;
    let typed = [("code", "79demo"), ("school_name", ""), ("name", "Ánh"), ("login", "anh2")];
    let wrong = browser.fill(&page, open, &typed).await;
    assert!(!wrong.find("#code-error").is_empty() && !wrong.find("#school_name-error").is_empty());
    let typed = [("code", "79DEMO077"), ("school_name", "Trường Mới"), ("name", "Ánh"), ("login", "anh2")];
    assert_eq!(browser.fill(&wrong, open, &typed).await.text.matches("class=\"slip\"").count(), 1);
    let view = desk.office.app.school(&code("79DEMO077")).await.expect("served");
    assert_eq!(view.name.expect("a name").as_str(), "Trường Mới");
}

#[tokio::test]
async fn a_school_is_renamed_split_and_closed_and_its_page_tells_the_story() {
    let desk = Desk::open().await;
    listed(&desk, &[(SCHOOL, "Trường THCS Nguyễn Du"), (OTHER_SCHOOL, "Trường THCS Đống Đa")]).await;
    let app = &desk.office.app;
    app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    desk.office.appoint(hocba_signature::statement::Role::Principal).await;
    let mut browser = officer(&desk, "so", "79").await;
    let here = format!("/department/schools/{SCHOOL}");
    let page = browser.get(&here).await;
    assert_eq!((page.status, page.find("h1")), (StatusCode::OK, "Trường THCS Nguyễn Du".to_owned()));
    for there in ["2026-2027", "Hiệu trưởng", "Danh sách nhân sự"] {
        assert!(page.text.contains(there), "{there}\n{}", page.text);
    }
    assert_eq!(browser.get("/department/schools/79DEMO999").await.status, StatusCode::NOT_FOUND);

    let rename = format!("{here}/rename");
    let form = browser.get(&rename).await;
    let empty = browser.fill(&form, &rename, &[("value", " ")]).await;
    assert!(!empty.find("#value-error").is_empty());
    let done = browser.fill(&form, &rename, &[("value", "Trường THCS Mới"), ("decision", "12/QĐ-UBND")]).await;
    assert_eq!(done.location(), format!("{here}?done=already-sent"), "the form that was refused was sent");
    let form = browser.get(&rename).await;
    let done = browser.fill(&form, &rename, &[("value", "Trường THCS Mới"), ("decision", "12/QĐ-UBND")]).await;
    assert_eq!(done.location(), format!("{here}?done=school-changed"));
    let page = browser.get(&here).await;
    assert_eq!(page.find("h1"), "Trường THCS Mới");
    assert!(page.text.contains("Đổi tên thành Trường THCS Mới") && page.text.contains("12/QĐ-UBND"));

    let split = format!("{here}/split");
    for (codes, says) in [("79demo", "#value-error"), ("79DEMO999", "#value-error"), (SCHOOL, "#value-error")] {
        let form = browser.get(&split).await;
        let refused = browser.fill(&form, &split, &[("value", codes)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{codes}");
        assert!(!refused.find(says).is_empty(), "{codes}");
    }
    let form = browser.get(&split).await;
    browser.fill(&form, &split, &[("value", OTHER_SCHOOL)]).await;

    // It ends only where somebody is sure.
    let close = format!("{here}/close");
    let form = browser.get(&close).await;
    let mut fields = form.form(&close);
    fields.insert("value".into(), OTHER_SCHOOL.into());
    fields.remove("sure");
    let refused = browser.post(&close, &fields).await;
    assert!(!refused.find("#sure-error").is_empty());
    assert!(app.school(&code(SCHOOL)).await.expect("there").closed_at.is_none());
    let form = browser.get(&close).await;
    let done = browser.fill(&form, &close, &[("value", OTHER_SCHOOL)]).await;
    assert!(done.location().ends_with("school-changed"), "{}", done.text);
    let page = browser.get(&here).await;
    for there in ["Đã ngừng hoạt động", "Tách một phần cho", "Giải thể; nơi tiếp nhận: 79DEMO002"]
    {
        assert!(page.text.contains(there), "{there}\n{}", page.text);
    }
    assert!(!page.text.contains(&format!("href=\"{close}\"")), "nothing more can become of it");
    let form = browser.get(&rename).await;
    let refused = browser.fill(&form, &rename, &[("value", "Tên khác")]).await;
    assert!(!refused.find("#value-error").is_empty(), "it ended");
    assert!(browser.get("/department").await.text.contains("Đã ngừng hoạt động"));
}

#[tokio::test]
async fn an_officer_of_another_province_and_a_school_s_own_people_see_none_of_it() {
    let desk = Desk::open().await;
    let mut far = officer(&desk, "xa", "78").await;
    let (mut principal, ..) = desk.signed_in("hieutruong", GrantRole::Principal, SCHOOL).await;
    let page = far.get("/department").await;
    assert!(page.status == StatusCode::OK && !page.text.contains(SCHOOL));
    let rename = format!("/department/schools/{SCHOOL}/rename");
    for address in [format!("/department/schools/{SCHOOL}"), rename.clone()] {
        assert_eq!(far.get(&address).await.status, StatusCode::NOT_FOUND, "{address}");
        assert_eq!(principal.get(&address).await.status, StatusCode::FORBIDDEN, "{address}");
    }
    for address in ["/department", "/department/tasks", "/department/schools/open"] {
        assert_eq!(principal.get(address).await.status, StatusCode::FORBIDDEN, "{address}");
    }
    let csrf = desk.token(&far, &rename).await;
    let fields = [("csrf", csrf.as_str()), ("form", "0123456789abcdef-far"), ("value", "Tên của kẻ khác")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(far.post(&rename, &fields).await.status, StatusCode::NOT_FOUND);
    assert!(desk.office.app.school(&code(SCHOOL)).await.expect("there").changes.is_empty());
}

#[tokio::test]
async fn the_list_goes_on_over_pages_and_keeps_what_was_asked() {
    let desk = Desk::open().await;
    let schools: Vec<(String, String)> = (0..55).map(|n| (format!("79PAGE{n:03}"), format!("Trường Số {n}"))).collect();
    for (school, name) in &schools {
        let new = OpenSchool {
            code: code(school),
            name: Some(name.parse().expect("text")),
            levels: Vec::new(),
            issuer: "so-demo".parse().expect("issuer"),
        };
        desk.office.app.open_school(&OPERATOR, &new).await.expect("opened");
    }
    let mut browser = officer(&desk, "so", "79PAGE").await;
    let first = browser.get("/department?q=truong+so&lacking=1").await;
    assert_eq!(first.text.matches("<th scope=\"row\">").count(), 50);
    let next = "/department?q=truong+so&amp;lacking=1&amp;after=79PAGE049";
    let next_plain = "/department?q=truong+so&#38;lacking=1&#38;after=79PAGE049";
    assert!(first.text.contains(next) || first.text.contains(next_plain), "{}", first.text);
    let second = browser.get("/department?q=truong+so&lacking=1&after=79PAGE049").await;
    assert_eq!(second.text.matches("<th scope=\"row\">").count(), 5);
    assert!(second.text.contains("79PAGE054") && !second.text.contains("after="));
    assert!(second.text.contains("value=\"truong so\"") && second.text.contains(" checked"));
}

#[tokio::test]
async fn the_department_s_list_is_handed_in_by_whoever_has_all_schools_and_with_a_fault_nothing_of_it_is_taken() {
    let desk = Desk::open().await;
    let address = "/department/schools/list";
    let mut part = officer(&desk, "part", "79").await;
    assert_eq!(part.get(address).await.status, StatusCode::FORBIDDEN);
    assert!(!part.get("/department/schools/open").await.text.contains(address), "not offered either");
    let new = NewAccount {
        login: "whole".into(),
        name: "Tên whole".into(),
        certificate: None,
        grants: vec![Grant::everywhere(GrantRole::Department)],
    };
    let mut browser = signed_in(&desk, new).await;
    assert!(browser.get("/department/schools/open").await.text.contains(address));
    let page = browser.get(address).await;
    assert!(page.text.contains("accept=\".xlsx,.csv\"") && page.text.contains("Chưa có danh sách nào."));
    let send = async |browser: &mut Browser, list: Option<&[u8]>| {
        let page = browser.get(address).await;
        let mut fields = page.form(address);
        fields.remove("list");
        match list {
            Some(list) => browser.post_files(address, &fields, &[("list", "truong.csv", list)]).await,
            None => browser.post_files(address, &fields, &[("list", "", b"")]).await,
        }
    };
    let none = send(&mut browser, None).await;
    assert!(!none.find("#list-error").is_empty(), "{}", none.text);
    let faulty = "Mã trường;Tên trường\n79DEMO050;Trường Tốt\n79DEMO!51;Trường Sai\n";
    let refused = send(&mut browser, Some(faulty.as_bytes())).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("79DEMO!51") && refused.text.contains("A3"), "{}", refused.text);
    assert_eq!(desk.office.database.count("SELECT COUNT(*) FROM school_list").await, 0);
    let good = "Mã trường;Tên trường\n79DEMO050;Trường Tốt\n79DEMO051;Trường Đúng\n";
    let done = send(&mut browser, Some(good.as_bytes())).await;
    assert_eq!(done.location(), "/department/schools/open?done=list-taken");
    assert!(browser.get(done.location()).await.text.contains("Trường Đúng"));
}
