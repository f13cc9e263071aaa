//! Every page and form of the list, and what each refuses.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::StatusCode,
};
use hocba_app::{model::GrantRole, policy::role_may};
use hocba_server::staff::{Access, Listed, listed};
use hocba_tests::{OTHER_SCHOOL, SCHOOL, office::OPERATOR};
use hyper::body::Frame;

use crate::browser::{Answer, Browser, Desk, HERE, multipart};

fn address(page: &Listed, school: &str, account: &str) -> String {
    // A task, a class, and a record, is any id: there is none.
    page.path
        .replace("{school}", school)
        .replace("{account}", account)
        .replace("{task}", account)
        .replace("{class}", account)
        .replace("{pupil}", account)
        .replace("{record}", account)
        .replace("{request}", account)
        .replace("{link}", account)
        .replace("{appointment}", account)
        .replace("{year}", "2026-2027")
}

fn fields(csrf: &str) -> BTreeMap<String, String> {
    [("csrf", csrf), ("form", "0123456789abcdef-route"), ("name", "Tên ai đó"), ("password", "bí mật")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

const OURS: &[(&str, &str)] = &[("sec-fetch-site", "same-origin"), ("origin", HERE)];

/// Sends a form of the list as a browser would: with a file where it takes one.
async fn send(
    browser: &mut Browser,
    page: &Listed,
    address: &str,
    fields: &BTreeMap<String, String>,
    headers: &[(&str, &str)],
) -> Answer {
    match page.files {
        0 => browser.post_from(address, fields, headers).await,
        _ => browser.post_body(address, Body::from(multipart(fields, &[("file", "a.csv", b"a;b\n")])), headers).await,
    }
}

/// A role of a school that may, or that may not, ask for a page.
fn role(page: &Listed, may: bool) -> GrantRole {
    let (Access::May(action) | Access::MayWithin(action)) = page.access else { return GrantRole::SchoolAdministrator };
    // The administrator before all others, so that most pages are asked for by one person.
    let roles = std::iter::once(&GrantRole::SchoolAdministrator).chain(GrantRole::ALL);
    roles.copied().find(|role| role_may(*role, action) == may).expect("a role")
}

/// People of the schools, one for each role.
#[derive(Default)]
struct People(BTreeMap<(GrantRole, String), Browser>);

impl People {
    async fn of(&mut self, desk: &Desk, role: GrantRole, school: &str) -> Browser {
        let key = (role, school.to_owned());
        if !self.0.contains_key(&key) {
            let login = format!("nguoi{}", self.0.len());
            let (browser, ..) = desk.signed_in(&login, role, school).await;
            self.0.insert(key.clone(), browser);
        }
        self.0[&key].clone()
    }
}

async fn ask(browser: &mut Browser, page: &Listed, address: &str, csrf: &str) -> Answer {
    match page.method {
        "GET" => browser.get(address).await,
        _ => send(browser, page, address, &fields(csrf), OURS).await,
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
async fn a_role_without_the_right_gets_403_and_somebody_of_another_school_404_as_for_one_that_is_not_there() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let (mut here, mut elsewhere) = (BTreeMap::new(), BTreeMap::new());
    for &role in GrantRole::ALL {
        here.insert(role, desk.signed_in(&format!("{}.here", role.as_str()), role, SCHOOL).await.0);
        elsewhere.insert(role, desk.signed_in(&format!("{}.there", role.as_str()), role, OTHER_SCHOOL).await.0);
    }
    let before =
        desk.office.app.school_accounts(&OPERATOR, &SCHOOL.parse().expect("code")).await.expect("listed").len();
    for page in listed() {
        let (Access::May(action) | Access::MayWithin(action)) = page.access else { continue };
        let page = &page;
        let there = address(page, SCHOOL, &account);
        // Every role that may not.
        for (role, browser) in here.iter().filter(|(role, _)| !role_may(**role, action)) {
            let csrf = desk.token(browser, &there).await;
            let answer = ask(&mut browser.clone(), page, &there, &csrf).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} as {role:?}", page.path);
            is(&answer, StatusCode::FORBIDDEN, page);
        }
        if !page.path.contains("{school}") {
            continue;
        }
        // Every role that may, elsewhere.
        for (role, stranger) in elsewhere.iter().filter(|(role, _)| role_may(**role, action)) {
            let mut told = Vec::new();
            for school in [SCHOOL, "79DEMO999"] {
                let there = address(page, school, &account);
                let csrf = desk.token(stranger, &there).await;
                let answer = ask(&mut stranger.clone(), page, &there, &csrf).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} as {role:?}", page.path);
                is(&answer, StatusCode::NOT_FOUND, page);
                told.push(answer.find("main > p"));
            }
            assert_eq!(told[0], told[1], "one answer for both");
            // An account of the first school, asked for in the own one.
            if page.path.contains("{account}") {
                let there = address(page, OTHER_SCHOOL, &account);
                let csrf = desk.token(stranger, &there).await;
                is(&ask(&mut stranger.clone(), page, &there, &csrf).await, StatusCode::NOT_FOUND, page);
            }
        }
    }
    let lines = desk.office.app.school_accounts(&OPERATOR, &SCHOOL.parse().expect("code")).await.expect("listed");
    assert_eq!(lines.len(), before, "nobody was added");
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
            let answer = send(&mut browser.clone(), page, &there, &fields(wrong), OURS).await;
            is(&answer, StatusCode::FORBIDDEN, page);
            tried += 1;
        }
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
        ] {
            let answer = send(&mut browser.clone(), page, &there, &fields(&right), headers).await;
            is(&answer, StatusCode::FORBIDDEN, page);
            assert!(!answer.text.contains("Tên ai đó"), "what another site wrote is not shown");
        }
        // The same for forms before there is a session: no cookie, no form.
        if page.access == Access::Anybody {
            let answer = send(&mut desk.browser(), page, &there, &fields(&right), OURS).await;
            is(&answer, StatusCode::FORBIDDEN, page);
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
    let mut people = People::default();
    let mut tried = 0;
    for page in listed().iter().filter(|page| page.once) {
        let mut browser = people.of(&desk, role(page, true), SCHOOL).await;
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
        is(&send(&mut browser, page, &there, &bare, OURS).await, StatusCode::FORBIDDEN, page);
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

#[tokio::test]
async fn a_form_comes_in_its_own_form_and_no_larger_than_it_says() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let mut people = People::default();
    for page in listed().iter().filter(|page| page.method == "POST" && page.access != Access::Anybody) {
        let browser = people.of(&desk, role(page, true), SCHOOL).await;
        let there = address(page, SCHOOL, &account);
        let csrf = desk.token(&browser, &there).await;
        let other = Listed { files: usize::from(page.files == 0), ..*page };
        let answer = send(&mut browser.clone(), &other, &there, &fields(&csrf), OURS).await;
        is(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, page);
        let large = vec![b'x'; page.files.max(page.fields) + 1];
        let answer = match page.files {
            0 => {
                let mut fields = fields(&csrf);
                fields.insert("name".into(), String::from_utf8(large).expect("ASCII"));
                browser.clone().post(&there, &fields).await
            }
            _ => browser.clone().post_files(&there, &fields(&csrf), &[("file", "a.csv", &large)]).await,
        };
        is(&answer, StatusCode::PAYLOAD_TOO_LARGE, page);
    }
}

/// Chunks without end, always there: whoever reads on comes to the limit and says another thing.
struct Endless {
    head: Option<Bytes>,
    read: Arc<AtomicUsize>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        let chunk = self.head.take().unwrap_or_else(|| Bytes::from_static(&[b'x'; 4096]));
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}

#[tokio::test]
async fn of_a_form_that_is_refused_no_file_is_read() {
    let desk = Desk::open().await;
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await.id.to_string();
    let mut people = People::default();
    for page in listed().iter().filter(|page| page.files > 0) {
        let browser = people.of(&desk, role(page, true), SCHOOL).await;
        let there = address(page, SCHOOL, &account);
        let read = Arc::new(AtomicUsize::new(0));
        let head = multipart(&fields("AAAA"), &[("file", "a.csv", b"")]);
        let head = Some(Bytes::from(head[..head.len() - 20].to_vec()));
        let body = Body::new(Endless { head, read: read.clone() });
        is(&browser.clone().post_body(&there, body, OURS).await, StatusCode::FORBIDDEN, page);
        assert!(read.load(Ordering::Relaxed) < 64, "{} chunks were read", read.load(Ordering::Relaxed));
    }
}
