//! Every page and form of the list, and what each refuses.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use hocba_app::model::GrantRole;
use hocba_server::staff::{Access, Listed, listed};
use hocba_tests::{OTHER_SCHOOL, SCHOOL, office::OPERATOR};

use crate::browser::{Answer, Browser, Desk};

fn address(page: &Listed, school: &str, account: &str) -> String {
    page.path.replace("{school}", school).replace("{account}", account)
}

fn fields(csrf: &str) -> BTreeMap<String, String> {
    [("csrf", csrf), ("form", "0123456789abcdef-route"), ("name", "Tên ai đó"), ("password", "bí mật")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

async fn ask(browser: &mut Browser, page: &Listed, address: &str, csrf: &str) -> Answer {
    match page.method {
        "GET" => browser.get(address).await,
        _ => browser.post(address, &fields(csrf)).await,
    }
}

fn is(answer: &Answer, status: StatusCode, page: &Listed) {
    assert_eq!(answer.status, status, "{} {}\n{}", page.method, page.path, answer.text);
    if !status.is_redirection() {
        assert!(answer.text.contains("<main id=\"main\""), "{} {} answers with a page", page.method, page.path);
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_sent_to_sign_in_and_their_forms_are_refused() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let mut tried = 0;
    for page in listed().iter().filter(|page| page.access != Access::Anybody) {
        let address = address(page, SCHOOL, &account);
        for session in [None, Some("A".repeat(43))] {
            let mut browser = desk.browser();
            browser.cookies.extend(session.map(|token| ("__Host-hocba".to_owned(), token)));
            let answer = ask(&mut browser, page, &address, "").await;
            if page.method == "GET" {
                is(&answer, StatusCode::SEE_OTHER, page);
                let next = if address == "/home" { String::new() } else { format!("?next={address}") };
                assert_eq!(answer.location(), format!("/sign-in{next}"));
            } else {
                is(&answer, StatusCode::UNAUTHORIZED, page);
                assert!(answer.text.contains("Tên ai đó") && !answer.text.contains("bí mật"), "text comes back");
            }
            tried += 1;
        }
    }
    assert!(tried >= 40);
}

#[tokio::test]
async fn a_role_without_the_right_gets_403_and_the_administrator_of_another_school_404_as_for_one_that_is_not_there() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let (teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let (stranger, ..) = desk.signed_in("stranger", GrantRole::SchoolAdministrator, OTHER_SCHOOL).await;
    for page in listed().iter().filter(|page| matches!(page.access, Access::May(_))) {
        let there = address(page, SCHOOL, &account);
        let csrf = desk.token(&teacher, &there).await;
        is(&ask(&mut teacher.clone(), page, &there, &csrf).await, StatusCode::FORBIDDEN, page);
        if !page.path.contains("{school}") {
            continue;
        }
        let mut told = Vec::new();
        for school in [SCHOOL, "79DEMO999"] {
            let there = address(page, school, &account);
            let csrf = desk.token(&stranger, &there).await;
            let answer = ask(&mut stranger.clone(), page, &there, &csrf).await;
            is(&answer, StatusCode::NOT_FOUND, page);
            told.push(answer.find("main > p"));
        }
        assert_eq!(told[0], told[1], "one answer for both");
        // An account of the first school, asked for in the own one.
        if page.path.contains("{account}") {
            let there = address(page, OTHER_SCHOOL, &account);
            let csrf = desk.token(&stranger, &there).await;
            is(&ask(&mut stranger.clone(), page, &there, &csrf).await, StatusCode::NOT_FOUND, page);
        }
    }
    let lines = desk.office.app.school_accounts(&OPERATOR, &SCHOOL.parse().expect("code")).await.expect("listed");
    assert_eq!(lines.len(), 2, "nobody was added");
    assert!(lines.iter().all(|line| line.state.as_str() != "locked"));
}

#[tokio::test]
async fn a_form_without_its_own_token_or_from_elsewhere_is_refused() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let (browser, ..) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let (other, ..) = desk.signed_in("other", GrantRole::SchoolAdministrator, SCHOOL).await;
    let mut tried = 0;
    for page in listed().iter().filter(|page| page.method == "POST") {
        let there = address(page, SCHOOL, &account);
        let right = desk.token(&browser, &there).await;
        for wrong in ["", "AAAA", &desk.token(&browser, "/elsewhere").await, &desk.token(&other, &there).await] {
            let answer = browser.clone().post(&there, &fields(wrong)).await;
            is(&answer, StatusCode::FORBIDDEN, page);
            tried += 1;
        }
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
        ] {
            let answer = browser.clone().post_from(&there, &fields(&right), headers).await;
            is(&answer, StatusCode::FORBIDDEN, page);
            assert!(!answer.text.contains("Tên ai đó"), "what another site wrote is not shown");
        }
        // The same for forms before there is a session: no cookie, no form.
        if page.access == Access::Anybody {
            is(&desk.browser().post(&there, &fields(&right)).await, StatusCode::FORBIDDEN, page);
        }
    }
    assert!(tried > 40);
    let lines = desk.office.app.school_accounts(&OPERATOR, &SCHOOL.parse().expect("code")).await.expect("listed");
    assert_eq!(lines.len(), 3, "nobody was added");
}

#[tokio::test]
async fn a_form_that_does_its_work_once_is_sent_on_when_it_comes_again() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let (mut browser, ..) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let mut tried = 0;
    for page in listed().iter().filter(|page| page.once) {
        let there = address(page, SCHOOL, &account);
        let csrf = desk.token(&browser, &there).await;
        let first = ask(&mut browser, page, &there, &csrf).await;
        assert!(!first.location().contains("already-sent"), "{}", page.path);
        let again = ask(&mut browser, page, &there, &csrf).await;
        is(&again, StatusCode::SEE_OTHER, page);
        assert!(again.location().ends_with("?done=already-sent"), "{}", again.location());
        // Without an id it is no form of ours.
        let mut bare = fields(&csrf);
        bare.remove("form");
        is(&browser.post(&there, &bare).await, StatusCode::FORBIDDEN, page);
        tried += 1;
    }
    assert!(tried >= 4);
}

#[tokio::test]
async fn a_session_that_was_ended_or_is_over_opens_no_page_and_no_form() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    for over in [false, true] {
        let login = if over { "over" } else { "ended" };
        let (mut browser, ..) = desk.signed_in(login, GrantRole::SchoolAdministrator, SCHOOL).await;
        let pages: Vec<Listed> = listed().into_iter().filter(|page| page.access != Access::Anybody).collect();
        let mut tokens = Vec::new();
        for page in &pages {
            tokens.push(desk.token(&browser, &address(page, SCHOOL, &account)).await);
        }
        let before = browser.clone();
        if over {
            desk.pass(13 * 3600);
        } else {
            let home = browser.get("/home").await;
            assert_eq!(browser.fill(&home, "/sign-out", &[]).await.location(), "/sign-in?done=signed-out");
            assert!(!browser.cookies.contains_key("__Host-hocba"), "the cookie is taken back");
        }
        for (page, csrf) in pages.iter().zip(&tokens) {
            let answer = ask(&mut before.clone(), page, &address(page, SCHOOL, &account), csrf).await;
            let status = if page.method == "GET" { StatusCode::SEE_OTHER } else { StatusCode::UNAUTHORIZED };
            is(&answer, status, page);
        }
    }
}
