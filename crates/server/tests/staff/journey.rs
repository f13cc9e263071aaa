//! What people do, page by page.

use axum::http::StatusCode;
use hocba_app::{
    Lists, Mode, NewAccount,
    access::{Activation, Client},
    model::{Grant, GrantRole},
};
use hocba_record::types::SchoolYear;
use hocba_tests::{SCHOOL, office::OPERATOR};

use crate::browser::{Desk, PASSWORD, list};

#[tokio::test]
async fn a_slip_leads_to_recovery_codes_and_home_and_next_time_password_and_code_do() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    let slip = desk.slip(&account).await;
    let mut browser = desk.browser();
    let page = browser.get("/activate").await;
    let wrong = browser.fill(&page, "/activate", &[("slip", "7777-7777-7777-7777")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.find("#slip-error").is_empty() && !wrong.find(".faults a[href='#slip']").is_empty());
    let page = browser.fill(&wrong, "/activate", &[("slip", &slip)]).await;
    assert_eq!((page.status, page.find("dd")), (StatusCode::OK, "Tên binh".to_owned()));
    assert!(page.text.contains("<svg"), "a QR code");
    let secret = page.find(".secret");
    let code = desk.digits(&secret);
    let with = |again: &'static str, code: &str| {
        [("password", PASSWORD.to_owned()), ("again", again.to_owned()), ("code", code.to_owned())]
    };
    let refused = |fields: [(&'static str, String); 3]| fields;
    for (fields, error) in
        [(refused(with("khác hẳn nhau", &code)), "#again-error"), (refused(with(PASSWORD, "")), "#code-error")]
    {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.fill(&page, "/activate/account", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!page.find(error).is_empty(), "{error}");
        assert!(!page.text.contains(PASSWORD), "no password comes back");
        assert_eq!(page.find(".secret"), secret, "the same secret each time");
    }
    let fields = with(PASSWORD, &code);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.fill(&page, "/activate/account", &fields).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.text.matches("<li><code>").count(), 8, "recovery codes");
    assert_eq!(browser.get("/home").await.find(".who").trim_start_matches("Đang đăng nhập: "), "Tên binh");

    // Another browser, half a minute later.
    desk.pass(30);
    let mut browser = desk.browser();
    let page = browser.get("/sign-in?next=/me/sessions").await;
    let wrong = browser.fill(&page, "/sign-in", &[("login", "binh"), ("password", "không phải")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.fill(&wrong, "/sign-in", &[("login", "binh"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains(PASSWORD), "sealed, not written");
    let wrong = browser.fill(&page, "/sign-in/code", &[("code", "12345")]).await;
    assert!(!wrong.find("#code-error").is_empty());
    let code = desk.digits(&secret);
    let done = browser.fill(&wrong, "/sign-in/code", &[("code", &code)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/sessions"));
    // Both browsers are listed; the other is ended.
    let page = browser.get("/me/sessions").await;
    assert_eq!(page.text.matches("<th scope=\"row\">").count(), 2);
    let done = browser.fill(&page, "/me/sessions/end-others", &[]).await;
    assert_eq!(done.location(), "/me/sessions?done=others-ended");
    let page = browser.get("/me/sessions?done=others-ended").await;
    assert_eq!(page.text.matches("<th scope=\"row\">").count(), 1);
    assert_eq!(page.find(".flash"), "Đã đăng xuất tất cả các nơi khác.");
}

#[tokio::test]
async fn the_second_step_of_signing_in_is_of_one_browser_and_of_a_few_minutes() {
    let desk = Desk::open().await;
    let (_, _, secret) = desk.signed_in("binh", GrantRole::Clerk, SCHOOL).await;
    desk.pass(30);
    let mut browser = desk.browser();
    let page = browser.get("/sign-in").await;
    let page = browser.fill(&page, "/sign-in", &[("login", "binh"), ("password", PASSWORD)]).await;
    let sealed = page.form("/sign-in/code")["sealed"].clone();
    let mut other = desk.browser();
    let theirs = other.get("/sign-in").await;
    let theirs = other.fill(&theirs, "/sign-in", &[("login", "binh"), ("password", PASSWORD)]).await;
    let code = desk.digits(&secret);
    let refused = other.fill(&theirs, "/sign-in/code", &[("sealed", &sealed), ("code", &code)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!other.cookies.contains_key("__Host-hocba"));
    desk.pass(300);
    let code = desk.digits(&secret);
    let late = browser.fill(&page, "/sign-in/code", &[("code", &code)]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!browser.cookies.contains_key("__Host-hocba"));
}

#[tokio::test]
async fn signing_in_gives_a_new_token_and_leads_to_own_pages_only() {
    let desk = Desk::open().await;
    let (mut browser, _, secret) = desk.signed_in("binh", GrantRole::Clerk, SCHOOL).await;
    let old = browser.cookies["__Host-hocba"].clone();
    desk.pass(30);
    // A token that somebody planted is never the session's.
    let mut planted = desk.browser();
    planted.cookies.insert("__Host-hocba".into(), "B".repeat(43));
    for (browser, next) in [(&mut planted, "//evil.example"), (&mut browser, "https://evil.example/")] {
        desk.pass(30);
        // Signed in already: the page of somebody who opened it before.
        let form = {
            let mut fresh = desk.browser();
            let page = fresh.get("/sign-in").await;
            browser.cookies.extend(fresh.cookies.clone());
            page.form("/sign-in")
        };
        let mut form = form;
        form.insert("next".into(), next.into());
        form.insert("login".into(), "binh".into());
        form.insert("password".into(), PASSWORD.into());
        if browser.cookies["__Host-hocba"] == old {
            form.insert("csrf".into(), desk.token(browser, "/sign-in").await);
        }
        let page = browser.post("/sign-in", &form).await;
        let code = desk.digits(&secret);
        let done = browser.fill(&page, "/sign-in/code", &[("code", &code), ("next", next)]).await;
        assert_eq!(done.location(), "/home", "{next}\n{}", done.text);
        let new = &browser.cookies["__Host-hocba"];
        assert!(*new != old && *new != "B".repeat(43));
    }
    assert!(desk.office.app.session(&old).await.is_err(), "the session of before is over");
}

#[tokio::test]
async fn an_administrator_adds_an_account_once_prints_its_slip_once_and_locks_it() {
    let desk = Desk::open().await;
    let (mut browser, ..) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let home = browser.get("/home").await;
    assert!(home.text.contains(&list()), "the home page leads there");
    let add = format!("{}/add", list());
    let page = browser.get(&add).await;
    assert!(!page.text.contains("school_administrator"), "only the department makes administrators");
    let typed = [("name", "Trần Văn Bình"), ("login", "Bình"), ("role", "principal")];
    let refused = browser.fill(&page, &add, &typed).await;
    assert!(!refused.find("#login-error").is_empty() && refused.text.contains("value=\"Trần Văn Bình\""));
    let made_up = browser.fill(&refused, &add, &[("name", "A"), ("login", "abc"), ("role", "operator")]).await;
    assert!(!made_up.find("#role-error").is_empty());
    let mut form = made_up.form(&add);
    for (name, value) in [("name", "Trần Văn Bình"), ("login", "binh"), ("role", "principal")] {
        form.insert(name.into(), value.into());
    }
    assert!(browser.post(&add, &form).await.location().ends_with("?done=account-added"));
    assert!(browser.post(&add, &form).await.location().ends_with("?done=already-sent"));

    let page = browser.get(&list()).await;
    let slips = format!("/school/{SCHOOL}/slips");
    let form = page.form(&slips);
    let printed = browser.post(&slips, &form).await;
    assert_eq!(printed.text.matches("class=\"slip\"").count(), 1);
    let code = printed.find(".secret");
    let again = browser.post(&slips, &form).await;
    assert!(again.location().ends_with("?done=already-sent") && !again.text.contains(&code));
    let client = Client { address: [203, 0, 113, 9].into(), agent: "" };
    assert!(desk.office.app.slip(&code, client).await.is_ok(), "the form that came again voided nothing");

    let school = SCHOOL.parse().expect("code");
    let lines = desk.office.app.school_accounts(&OPERATOR, &school).await.expect("listed");
    let id = lines.iter().find(|line| line.account.login == "binh").expect("added").account.id.to_string();
    let one = format!("{}/{id}", list());
    let page = browser.get(&one).await;
    assert!(browser.fill(&page, &format!("{one}/lock"), &[]).await.location().ends_with("?done=account-locked"));
    let page = browser.get(&one).await;
    assert!(page.text.contains("Đang khóa"));
    assert!(browser.fill(&page, &format!("{one}/unlock"), &[]).await.location().ends_with("?done=account-unlocked"));
    let page = browser.get(&one).await;
    let reset = browser.fill(&page, &format!("{one}/reset"), &[]).await;
    assert_eq!(reset.status, StatusCode::OK);
    assert!(reset.find(".secret") != code, "a new slip");
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it_and_english_is_kept() {
    let desk = Desk::open().await;
    let (mut browser, ..) = desk.signed_in("binh", GrantRole::Clerk, SCHOOL).await;
    let page = browser.get("/me/password?lang=en").await;
    assert_eq!(page.find("h1"), "Change password");
    let new = "một câu chỉ mình tôi biết";
    let wrong = [("old", "không phải"), ("password", new), ("again", new)];
    let refused = browser.fill(&page, "/me/password", &wrong).await;
    assert_eq!(refused.find("#old-error"), "The login, the password or the code is wrong.");
    let right = [("old", PASSWORD), ("password", new), ("again", new)];
    let done = browser.fill(&refused, "/me/password", &right).await;
    assert_eq!(done.location(), "/home?done=password-changed");
    assert_eq!(browser.get("/home").await.find("h1"), "Home");
}

#[tokio::test]
async fn whoever_is_given_a_role_that_needs_a_second_factor_enrols_it_before_anything_else() {
    let desk = Desk::open().await;
    let app = &desk.office.app;
    // Nothing to do yet, so nothing that needs more than a password.
    let new = NewAccount { login: "moi".into(), name: "Tên moi".into(), certificate: None, grants: Vec::new() };
    let account = app.add_account(&OPERATOR, new).await.expect("added");
    let client = Client { address: [203, 0, 113, 9].into(), agent: "" };
    let slip = desk.slip(&account).await;
    let with = Activation { slip: &slip, password: PASSWORD, code: None, client };
    let activated = app.activate(&with).await.expect("activated");
    let mut browser = desk.browser();
    browser.cookies.insert("__Host-hocba".into(), activated.session.token);
    assert_eq!(browser.get("/home").await.status, StatusCode::OK);

    let grant = Grant::of_school(GrantRole::SchoolAdministrator, SCHOOL.parse().expect("code"), None);
    app.set_grants(&OPERATOR, &account.id, &[grant]).await.expect("granted");
    for address in ["/home", &list()] {
        let answer = browser.get(address).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/me/second-factor"), "{address}");
    }
    let add = format!("{}/add", list());
    let csrf = desk.token(&browser, &add).await;
    let fields = [("csrf", csrf.as_str()), ("form", "0123456789abcdef-enrol"), ("login", "ban"), ("name", "Tên bạn")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(browser.post(&add, &fields).await.status, StatusCode::FORBIDDEN);

    let page = browser.get("/me/second-factor").await;
    assert!(!page.find(".note").is_empty(), "it says why");
    let wrong = browser.fill(&page, "/me/second-factor", &[("password", "không phải")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.fill(&page, "/me/second-factor", &[("password", PASSWORD)]).await;
    let code = desk.digits(&page.find(".secret"));
    let page = browser.fill(&page, "/me/second-factor/confirm", &[("code", &code)]).await;
    assert_eq!(page.text.matches("<li><code>").count(), 8, "recovery codes");
    assert_eq!(browser.get(&list()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_school_lacks_is_said_for_the_year_that_is_open_and_changes_with_what_is_done() {
    let desk = Desk::open().await;
    let (mut browser, ..) = desk.signed_in("hieutruong", GrantRole::Principal, SCHOOL).await;
    let home = browser.get("/home").await;
    let address = format!("/school/{SCHOOL}/opening");
    assert!(home.text.contains(&format!("href=\"{address}\"")), "home leads there");
    let page = browser.get(&address).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(&format!("href=\"/school/{SCHOOL}/years\"")), "no year is open: a page opens one");

    let (school, year) = (SCHOOL.parse().expect("code"), SchoolYear::starting(2026).expect("year"));
    let app = &desk.office.app;
    app.open_year(&OPERATOR, &school, year).await.expect("opened");
    let settled = |page: &crate::browser::Answer| page.text.matches('✓').count();
    let before = browser.get(&address).await;
    assert!(before.text.contains("2026-2027") && before.text.contains("Chưa có"), "{}", before.text);
    let staff = "Họ và tên;Chức vụ\nPhan Thị Thảo;Giáo viên\nLê Văn Thư;Văn thư\n";
    app.import_lists(&OPERATOR, &school, year, &Lists::of_staff(staff.as_bytes()), Mode::Apply).await.expect("taken");
    let after = browser.get(&address).await;
    assert!(settled(&after) > settled(&before), "{}", after.text);
    assert!(!after.text.contains("Phan Thị Thảo"), "it counts people and names none");
}
