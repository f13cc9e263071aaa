//! Signing in through an OpenID Connect provider that may lie: what is taken, and what is refused.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use hocba_app::{
    NewAccount,
    access::OpenIdReach,
    model::{Grant, GrantRole},
};
use hocba_tests::{OTHER_SCHOOL, SCHOOL, office::OPERATOR};
use serde_json::json;

use crate::{
    browser::{Answer, Browser, Desk, HERE, PASSWORD, list},
    everything::Everything,
    liar::{CLIENT, Draft, Liar, Lie, RETURN, SECRET, Signing, asked, let_in, open, rule},
};

/// Refused on a page that says what to do, with the ways in beneath it.
fn is_refused(answer: &Answer, browser: &Browser, words: &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert!(answer.find(".faults").contains(words), "{words} in {}", answer.find(".faults"));
    assert!(answer.text.contains("href=\"/sign-in/openid\"") && answer.text.contains("name=\"password\""));
    assert!(!browser.is_in());
    assert!(!answer.text.contains("s-1001") && !answer.text.contains("a-code"), "nothing of tokens");
}

const NOT_CONFIRMED: &str = "không xác nhận";
const AGAIN: &str = "bắt đầu lại";
const NO_ACCOUNT: &str = "chưa có tài khoản";

/// The person of the provider used a second factor there, so ours is not asked for.
fn with_factor(liar: &Liar) {
    liar.told().person["amr"] = json!(["pwd", "mfa"]);
}

async fn reasons(desk: &Desk, account: &str) -> Vec<(String, String)> {
    let mut tx = desk.office.app.store().read().await.expect("read");
    let events = tx.events_of(account).await.expect("events");
    events.into_iter().map(|event| (event.action, event.reason.unwrap_or_default())).collect()
}

#[tokio::test]
async fn whoever_the_provider_vouches_for_is_in_and_state_nonce_and_pkce_go_along() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    let account = desk.account("binh", GrantRole::SchoolAdministrator, SCHOOL).await;
    let mut browser = desk.browser();
    let page = browser.get("/sign-in?next=/me/sessions").await;
    assert_eq!(page.find("a.button"), "Đăng nhập qua Sở GD&ĐT");
    assert!(page.text.contains("href=\"/sign-in/openid?next=/me/sessions\""));
    let gone = browser.get("/sign-in/openid?next=/me/sessions").await;
    let address = gone.location();
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", &format!("{HERE}{RETURN}")),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        ("ui_locales", "vi"),
    ] {
        assert_eq!(asked(address, name), value, "{name}");
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked(address, name).len(), 43, "{name}");
    }
    let again = browser.get("/sign-in/openid").await;
    assert_ne!(asked(address, "state"), asked(again.location(), "state"), "each time another one");
    assert_ne!(asked(address, "nonce"), asked(again.location(), "nonce"));

    let state = browser.leave(&liar, "?next=/me/sessions").await;
    let done = browser.back(&state).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/sessions"), "{}", done.text);
    assert!(!browser.cookies.contains_key("__Host-hocba-openid"), "it served once");
    assert!(browser.get("/home").await.find(".who").ends_with("Tên binh"), "the name is ours");
    let id = account.id.to_string();
    let done = [("add_account", ""), ("link_openid", "openid"), ("sign_in", "openid_factor")];
    let done: Vec<_> = done.into_iter().map(|(action, why)| (action.to_owned(), why.to_owned())).collect();
    assert_eq!(reasons(&desk, &id).await, done);
    // Next time the subject is known, whatever the login is by then.
    liar.told().person["preferred_username"] = json!("binh.tran");
    let mut other = desk.browser();
    assert_eq!(other.through(&liar).await.location(), "/home");
    assert_eq!(liar.told().exchanges, 2);
}

#[tokio::test]
async fn a_return_that_this_browser_did_not_begin_comes_late_or_twice_is_refused_before_the_provider_is_asked() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    let mut browser = desk.browser();
    // Another state, one of another browser, none.
    let theirs = desk.browser().leave(&liar, "").await;
    for wrong in [theirs.as_str(), "", "A"] {
        browser.leave(&liar, "").await;
        is_refused(&browser.back(wrong).await, &browser, AGAIN);
    }
    // The own state without the cookie, or with one that was made longer-lived.
    let state = browser.leave(&liar, "").await;
    let mut bare = desk.browser();
    is_refused(&bare.back(&state).await, &bare, AGAIN);
    let cookie = browser.cookies["__Host-hocba-openid"].clone();
    let parts: Vec<&str> = cookie.splitn(3, '.').collect();
    let until: i64 = parts[1].parse().expect("a time");
    let mut longer = browser.clone();
    longer.cookies.insert("__Host-hocba-openid".into(), format!("{}.{}.", parts[0], until + 60));
    is_refused(&longer.back(&state).await, &longer, AGAIN);
    // Too late.
    let mut late = browser.clone();
    desk.pass(600);
    is_refused(&late.back(&state).await, &late, AGAIN);
    assert_eq!(liar.told().exchanges, 0, "no code was exchanged for any of them");
    // In time, and again with everything that the browser had.
    let state = browser.leave(&liar, "").await;
    let mut again = browser.clone();
    assert_eq!(browser.back(&state).await.location(), "/home");
    is_refused(&again.back(&state).await, &again, AGAIN);
    assert_eq!(liar.told().exchanges, 1);
}

#[tokio::test]
async fn a_token_that_proves_nothing_is_refused_whatever_is_wrong_with_it() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    let lies: [(&str, Lie); 15] = [
        ("of another signing in", |d| d.claims["nonce"] = json!("A".repeat(43))),
        ("without a nonce", |d| {
            d.claims.as_object_mut().expect("claims").remove("nonce");
        }),
        ("for somebody else", |d| d.claims["aud"] = json!("another")),
        ("for somebody else too", |d| d.claims["aud"] = json!([CLIENT, "another"])),
        ("for nobody", |d| d.claims["aud"] = json!([])),
        ("of another issuer", |d| d.claims["iss"] = json!("https://evil.example")),
        ("expired", |d| d.claims["exp"] = d.claims["iat"].clone()),
        ("of the future", |d| d.claims["iat"] = json!(d.claims["iat"].as_i64().expect("a time") + 3600)),
        ("signed by another key", |d| d.key = 9),
        ("signed by a key of another name", |d| {
            d.key = 9;
            d.header["kid"] = json!("key-9");
        }),
        ("signed by nobody", |d| {
            d.by = Signing::Nobody;
            d.header = json!({ "alg": "none" });
        }),
        ("signed by our own secret", |d| {
            d.by = Signing::Secret;
            d.header = json!({ "alg": "HS256" });
        }),
        ("with nothing for a signature", |d| d.by = Signing::Nobody),
        ("about nobody", |d| d.claims["sub"] = json!("")),
        ("not there", |d| d.claims = json!(null)),
    ];
    for (what, lie) in lies {
        liar.told().lie = lie;
        let mut browser = desk.browser();
        let answer = browser.through(&liar).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        is_refused(&answer, &browser, NOT_CONFIRMED);
    }
    // The code is of another verifier, or the provider does not know it, or says no.
    liar.told().lie = |_| {};
    let mut browser = desk.browser();
    let state = browser.leave(&liar, "").await;
    desk.browser().leave(&liar, "").await;
    is_refused(&browser.back(&state).await, &browser, NOT_CONFIRMED);
    liar.told().knows_code = false;
    is_refused(&browser.through(&liar).await, &browser, NOT_CONFIRMED);
    liar.told().knows_code = true;
    let state = browser.leave(&liar, "").await;
    let denied = browser.get(&format!("{RETURN}?error=access_denied&state={state}")).await;
    is_refused(&denied, &browser, NOT_CONFIRMED);
    let state = browser.leave(&liar, "").await;
    let mixed = browser.get(&format!("{RETURN}?code=a-code&iss=https://evil.example&state={state}")).await;
    is_refused(&mixed, &browser, NOT_CONFIRMED);
    // The same way with the truth.
    assert_eq!(browser.through(&liar).await.location(), "/home");
}

#[tokio::test]
async fn new_keys_of_the_provider_are_asked_for_when_a_token_is_signed_by_one() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    assert_eq!(desk.browser().through(&liar).await.location(), "/home");
    liar.told().key = 2;
    let mut early = desk.browser();
    is_refused(&early.through(&liar).await, &early, NOT_CONFIRMED);
    desk.pass(60);
    assert_eq!(desk.browser().through(&liar).await.location(), "/home");
}

#[tokio::test]
async fn a_locked_account_stays_locked_and_whoever_has_none_is_told_whom_to_ask() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    let account = desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    let mut browser = desk.browser();
    assert_eq!(browser.through(&liar).await.location(), "/home");
    desk.office.app.lock_account(&OPERATOR, &account.id).await.expect("locked");
    assert_eq!(browser.get("/me/sessions").await.status, StatusCode::SEE_OTHER, "the session ended");
    let mut locked = desk.browser();
    is_refused(&locked.through(&liar).await, &locked, "đang bị khóa");
    desk.office.app.unlock_account(&OPERATOR, &account.id).await.expect("unlocked");
    assert_eq!(desk.browser().through(&liar).await.location(), "/home");

    let stranger = |liar: &Liar, login: &str, lie: Lie| {
        let mut told = liar.told();
        told.lie = lie;
        told.person["preferred_username"] = json!(login);
    };
    // Somebody nobody knows here, and somebody else who calls themself by a login that is linked.
    for login in ["nobody", "binh", ""] {
        stranger(&liar, login, |d| d.claims["sub"] = json!("s-2002"));
        let mut other = desk.browser();
        is_refused(&other.through(&liar).await, &other, NO_ACCOUNT);
    }
    // What only the operator gives is not taken over by a name.
    let department = Grant::of_prefix(GrantRole::Department, "79".parse().expect("prefix"));
    let new = NewAccount { login: "so".into(), name: "Sở".into(), certificate: None, grants: vec![department] };
    let department = desk.office.app.add_account(&OPERATOR, new).await.expect("added");
    stranger(&liar, "so", |d| d.claims["sub"] = json!("s-3003"));
    let mut other = desk.browser();
    is_refused(&other.through(&liar).await, &other, NO_ACCOUNT);
    desk.office.app.link_openid(&OPERATOR, &department.id, "s-3003").await.expect("linked by the operator");
    assert_eq!(other.through(&liar).await.location(), "/home");
    assert!(desk.office.app.unlink_openid(&OPERATOR, &department.id).await.expect("unlinked"));
    assert_eq!(other.get("/home").await.status, StatusCode::SEE_OTHER, "the session ended with the link");
}

#[tokio::test]
async fn without_linking_by_login_nobody_becomes_an_account_by_its_name() {
    let mut desk = Desk::open().await;
    let liar = Liar::start(&desk).await;
    with_factor(&liar);
    let mut settings = liar.settings(vec![rule("vt", GrantRole::Clerk)]);
    settings.link_by_login = false;
    let_in(&mut desk, settings, CLIENT, SECRET);
    desk.account("binh", GrantRole::Principal, SCHOOL).await;
    liar.told().person["roles"] = json!(["vt"]);
    liar.told().person["schools"] = json!([SCHOOL]);
    let mut browser = desk.browser();
    is_refused(&browser.through(&liar).await, &browser, NO_ACCOUNT);
}

/// The roles that the home page shows, school by school.
async fn roles(browser: &mut Browser) -> String {
    let home = browser.get("/home").await;
    assert_eq!(home.status, StatusCode::OK, "{}", home.location());
    home.find("main")
}

#[tokio::test]
async fn roles_follow_the_claims_and_are_taken_away_again() {
    let rules = vec![rule("qt", GrantRole::SchoolAdministrator), rule("ht", GrantRole::Principal)];
    let (desk, liar) = open(rules).await;
    with_factor(&liar);
    liar.told().person["roles"] = json!(["qt", "ht"]);
    liar.told().person["schools"] = json!([SCHOOL]);
    let mut browser = desk.browser();
    assert_eq!(browser.through(&liar).await.location(), "/home", "an account is made where a rule gives a role");
    let home = roles(&mut browser).await;
    assert!(home.contains("Hiệu trưởng") && home.contains(SCHOOL), "{home}");
    assert_eq!(browser.get(&list()).await.status, StatusCode::OK);
    // The administrator sees them among the school's people, and may not touch themself.
    let page = browser.get(&list()).await;
    assert!(page.text.contains("Trần Văn Bình"), "the name is the provider's");

    // The next token says less: it holds at once, in the session of before as well.
    liar.told().person["roles"] = json!(["ht"]);
    let mut second = desk.browser();
    assert_eq!(second.through(&liar).await.location(), "/home");
    for browser in [&mut second, &mut browser] {
        assert_eq!(browser.get(&list()).await.status, StatusCode::FORBIDDEN);
        assert!(roles(browser).await.contains("Hiệu trưởng"));
    }
    liar.told().person["schools"] = json!([OTHER_SCHOOL]);
    let mut third = desk.browser();
    assert_eq!(third.through(&liar).await.location(), "/home");
    let home = roles(&mut third).await;
    assert!(home.contains(OTHER_SCHOOL) && !home.contains(SCHOOL), "{home}");
    liar.told().person.as_object_mut().expect("claims").remove("roles");
    assert_eq!(desk.browser().through(&liar).await.location(), "/home");
    assert!(!roles(&mut third).await.contains(OTHER_SCHOOL), "nothing is left");
    let mut tx = desk.office.app.store().read().await.expect("read");
    assert_eq!(tx.count_events("set_openid_grants").await.expect("counted"), 4);
    let account = tx.account_of_login("binh").await.expect("read").expect("made");
    assert!(account.grants.is_empty(), "nothing of it stands among what is given here");
}

#[tokio::test]
async fn what_was_given_here_stays_and_what_the_provider_gives_holds_only_where_it_opened_the_door() {
    let (desk, liar) = open(vec![rule("qt", GrantRole::SchoolAdministrator)]).await;
    with_factor(&liar);
    let (mut here, account, _) = desk.signed_in("binh", GrantRole::Clerk, SCHOOL).await;
    liar.told().person["roles"] = json!("qt");
    liar.told().person["schools"] = json!(SCHOOL);
    let mut outside = desk.browser();
    assert_eq!(outside.through(&liar).await.location(), "/home");
    assert_eq!(outside.get(&list()).await.status, StatusCode::OK);
    assert_eq!(here.get(&list()).await.status, StatusCode::FORBIDDEN, "not in a session by password");
    let token = desk.office.app.add_token(&OPERATOR, &account.id, 3600).await.expect("made").token;
    let hocba_app::Actor::Account(actor) = desk.office.app.authenticate(&token).await.expect("known") else {
        panic!("an account")
    };
    assert_eq!(actor.grants.len(), 1, "nor by a token");
    // Another administrator of the school may not touch who is one by the provider's word.
    let (admin, ..) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let session = desk.office.app.session(&admin.cookies["__Host-hocba"]).await.expect("alive");
    assert!(desk.office.app.reset_account(&session.actor, &account.id).await.is_err());
    // Given here, it stays when the claims go.
    liar.told().person["roles"] = json!([]);
    let mut later = desk.browser();
    assert_eq!(later.through(&liar).await.location(), "/home");
    assert!(roles(&mut later).await.contains("Văn thư"));
    assert!(desk.office.app.reset_account(&session.actor, &account.id).await.is_ok());
}

#[tokio::test]
async fn claims_reach_neither_a_school_that_no_rule_names_nor_the_department() {
    let mut fixed = rule("ht", GrantRole::Principal);
    fixed.reach = OpenIdReach::School(SCHOOL.parse().expect("code"));
    let mut part = rule("vt", GrantRole::Clerk);
    part.reach = OpenIdReach::SchoolClaim { claim: "schools".into(), prefix: Some("01".parse().expect("prefix")) };
    let (desk, liar) = open(vec![fixed, part]).await;
    with_factor(&liar);
    let everything = ["ht", "vt", "qt", "department", "operator", "school_administrator"];
    liar.told().person["roles"] = json!(everything);
    liar.told().person["schools"] = json!([OTHER_SCHOOL, "79DEMO999", "01DEMO001", "*", ""]);
    liar.told().person["role"] = json!("department");
    let mut browser = desk.browser();
    assert_eq!(browser.through(&liar).await.location(), "/home");
    let home = roles(&mut browser).await;
    assert!(home.contains(SCHOOL) && !home.contains(OTHER_SCHOOL) && !home.contains("DEMO999"), "{home}");
    assert_eq!(browser.get("/schools").await.status, StatusCode::FORBIDDEN);
    let other = browser.get(&format!("/school/{OTHER_SCHOOL}/opening")).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);

    // By a rule that names it, and nothing else of the claims.
    let mut department = rule("so", GrantRole::Department);
    department.reach = OpenIdReach::Schools(Some("79".parse().expect("prefix")));
    let (desk, liar) = open(vec![department]).await;
    with_factor(&liar);
    liar.told().person["roles"] = json!("so");
    let mut browser = desk.browser();
    assert_eq!(browser.through(&liar).await.location(), "/home");
    let schools = browser.get("/schools").await;
    assert!(schools.text.contains(OTHER_SCHOOL) && schools.text.contains(SCHOOL), "{}", schools.text);
}

#[tokio::test]
async fn our_second_factor_is_asked_for_where_the_provider_did_not_say_it_asked_for_one() {
    let (desk, liar) = open(Vec::new()).await;
    let (_, account, secret) = desk.signed_in("binh", GrantRole::Clerk, SCHOOL).await;
    desk.pass(30);
    liar.told().person["amr"] = json!(["pwd"]);
    let mut browser = desk.browser();
    let state = browser.leave(&liar, "?next=/me/sessions").await;
    let page = browser.back(&state).await;
    assert_eq!((page.status, page.find("h1")), (StatusCode::OK, "Mã xác nhận".to_owned()), "{}", page.text);
    assert!(!browser.is_in() && !page.text.contains("s-1001"), "sealed, not written");
    let wrong = browser.fill(&page, "/sign-in/openid/code", &[("code", "12345")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.find("#code-error").is_empty());
    // It is of this browser, and no form of the way by password.
    let sealed = page.form("/sign-in/openid/code")["sealed"].clone();
    let mut other = desk.browser();
    let theirs = other.through(&liar).await;
    let code = desk.digits(&secret);
    let refused = other.fill(&theirs, "/sign-in/openid/code", &[("sealed", &sealed), ("code", &code)]).await;
    is_refused(&refused, &other, AGAIN);
    let done = browser.fill(&wrong, "/sign-in/openid/code", &[("code", &code)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/sessions"), "{}", done.text);
    let last = reasons(&desk, &account.id.to_string()).await.pop().expect("an event");
    assert_eq!(last, ("sign_in".to_owned(), "openid_totp".to_owned()));
    // Guessing is slowed as after a password.
    desk.pass(30);
    let mut page = desk.browser();
    let form = page.through(&liar).await;
    let mut slow = StatusCode::OK;
    for _ in 0..7 {
        slow = page.fill(&form, "/sign-in/openid/code", &[("code", "000000")]).await.status;
    }
    assert_eq!(slow, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whoever_needs_a_second_factor_and_has_none_enrols_it_without_a_password_that_they_do_not_have() {
    let (desk, liar) = open(vec![rule("vt", GrantRole::Clerk)]).await;
    liar.told().person["roles"] = json!(["vt"]);
    liar.told().person["schools"] = json!([SCHOOL]);
    let mut browser = desk.browser();
    assert_eq!(browser.through(&liar).await.location(), "/me/second-factor");
    assert_eq!(browser.get("/home").await.location(), "/me/second-factor", "nothing else before");
    let page = browser.get("/me/second-factor").await;
    assert!(!page.text.contains("type=\"password\""), "{}", page.text);
    let mut late = browser.clone();
    let page = browser.fill(&page, "/me/second-factor", &[]).await;
    let code = desk.digits(&page.find(".secret"));
    let page = browser.fill(&page, "/me/second-factor/confirm", &[("code", &code)]).await;
    assert_eq!(page.text.matches("<li><code>").count(), 8, "recovery codes");
    assert_eq!(browser.get("/home").await.status, StatusCode::OK);
    // A session that is left open does not change it.
    desk.pass(600);
    let page = late.get("/me/second-factor").await;
    assert!(page.text.contains("type=\"password\""));
    let refused = late.fill(&page, "/me/second-factor", &[("password", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn returns_that_fail_slow_their_address_and_nobody_who_signed_in_with_their_browser_before() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    let mut known = desk.browser();
    for _ in 0..3 {
        assert_eq!(known.through(&liar).await.location(), "/home");
        known.cookies.remove("__Host-hocba");
    }
    let mut guesser = desk.browser();
    for n in 0..300 {
        assert_eq!(guesser.back("A").await.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}: right ones were taken off");
    }
    let slow = guesser.back("A").await;
    assert_eq!(slow.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slow.headers["retry-after"], "12");
    assert_eq!(guesser.through(&liar).await.status, StatusCode::TOO_MANY_REQUESTS, "whatever it is");
    assert_eq!(known.through(&liar).await.location(), "/home");
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be_and_passwords_go_on() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    let (_, _, secret) = desk.signed_in("binh", GrantRole::Clerk, SCHOOL).await;
    desk.pass(30);
    liar.told().up = false;
    let mut browser = desk.browser();
    let away = browser.get("/sign-in/openid?next=/me/sessions").await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.find(".faults").contains("không trả lời"), "{}", away.text);
    let page = browser.fill(&away, "/sign-in", &[("login", "binh"), ("password", PASSWORD)]).await;
    let done = browser.fill(&page, "/sign-in/code", &[("code", &desk.digits(&secret))]).await;
    assert_eq!(done.location(), "/me/sessions");
    liar.told().up = true;
    let mut soon = desk.browser();
    assert_eq!(soon.get("/sign-in/openid").await.status, StatusCode::SERVICE_UNAVAILABLE, "left alone for a moment");
    desk.pass(5);
    assert!(!soon.leave(&liar, "").await.is_empty());
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_leads_to_the_providers_own() {
    let (desk, liar) = open(Vec::new()).await;
    with_factor(&liar);
    desk.account("binh", GrantRole::Clerk, SCHOOL).await;
    let mut browser = desk.browser();
    assert_eq!(browser.through(&liar).await.location(), "/home");
    let token = browser.cookies["__Host-hocba"].clone();
    let home = browser.get("/home").await;
    let out = browser.fill(&home, "/sign-out", &[]).await;
    assert_eq!(out.location(), "/sign-in?done=signed-out-here");
    assert!(desk.office.app.session(&token).await.is_err());
    let page = browser.get(out.location()).await;
    assert!(page.text.contains("href=\"/sign-in/openid/sign-out\""), "{}", page.text);
    let gone = browser.get("/sign-in/openid/sign-out").await;
    assert!(gone.location().starts_with(&format!("{}/out?", liar.issuer)), "{}", gone.location());
    assert_eq!(asked(gone.location(), "client_id"), CLIENT);
    assert_eq!(asked(gone.location(), "post_logout_redirect_uri"), format!("{HERE}/sign-in"));
    assert_eq!(desk.office.clock.load(Ordering::Relaxed), desk.office.app.edges().now().seconds());
}

#[tokio::test]
async fn the_log_says_which_step_failed_and_nothing_of_codes_tokens_and_claims() {
    let (desk, liar) = open(vec![rule("vt", GrantRole::Clerk)]).await;
    with_factor(&liar);
    liar.told().person["roles"] = json!(["vt"]);
    liar.told().person["schools"] = json!([SCHOOL]);
    let (log, guard) = Everything::listen();
    let mut browser = desk.browser();
    let state = browser.leave(&liar, "").await;
    let nonce = liar.nonce();
    assert_eq!(browser.back(&state).await.location(), "/home");
    for lie in [|d: &mut Draft| d.key = 9, |d: &mut Draft| d.claims["aud"] = json!("another")] {
        liar.told().lie = lie;
        desk.browser().through(&liar).await;
    }
    liar.told().knows_code = false;
    desk.browser().through(&liar).await;
    drop(guard);
    let log = log.text();
    for step in ["refused (signature)", "refused (audience)", "refused (the code)", "GET /sign-in/openid/return: 303"] {
        assert!(log.contains(step), "{step} in\n{log}");
    }
    for secret in ["a-code", "s-1001", "binh", "Bình", SECRET, &state, &nonce, "eyJ", "code_verifier"] {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}

#[tokio::test]
async fn without_a_provider_there_is_no_button_and_no_such_page() {
    let desk = Desk::open().await;
    let mut browser = desk.browser();
    assert!(!browser.get("/sign-in").await.text.contains("openid"));
    for address in ["/sign-in/openid", RETURN, "/sign-in/openid/sign-out"] {
        assert_eq!(browser.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
}
