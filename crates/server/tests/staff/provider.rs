//! Signing in through a provider that nobody here wrote: npm `oidc-provider` in a process of its own, its forms filled in as
//! a browser would.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use axum::http::StatusCode;
use hocba_app::{access::OpenIdSettings, model::GrantRole};
use hocba_tests::{OTHER_SCHOOL, SCHOOL};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Desk, HERE},
    liar::{CLIENT, RETURN, SECRET, asked, let_in, rule},
    peer::Peer,
};

/// The provider.
struct Provider {
    _peer: Peer,
    issuer: String,
    client: reqwest::Client,
}

/// A client that is not ours. It speaks no TLS here, but has to be given one to be built.
fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.expect("versions").with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("client")
}

impl Provider {
    /// None where node or the package is missing; it says so.
    fn start() -> Option<Self> {
        let told = json!({
            "client_id": CLIENT, "client_secret": SECRET, "redirect_uri": format!("{HERE}{RETURN}"),
            "post_logout_redirect_uri": format!("{HERE}/sign-in"),
        });
        let (peer, said) = Peer::start("openid-provider.mjs", &["oidc-provider"], &told)?;
        let issuer = said["issuer"].as_str().expect("an address").to_owned();
        Some(Self { _peer: peer, issuer, client: client() })
    }

    /// What the provider knows of people from now on.
    async fn knows(&self, accounts: &Value) {
        let put = self.client.put(format!("{}/test/accounts", self.issuer)).body(accounts.to_string());
        assert_eq!(put.send().await.expect("an answer").status(), 204);
    }

    fn settings(&self) -> OpenIdSettings {
        OpenIdSettings {
            issuer: self.issuer.clone(),
            name: "Sở GD&ĐT".into(),
            login_claim: "preferred_username".into(),
            link_by_login: true,
            second_factor: Default::default(),
            rules: vec![rule("qt", GrantRole::SchoolAdministrator), rule("vt", GrantRole::Clerk)],
        }
    }

    /// A browser that nobody signed in with there.
    fn visitor(&self) -> Visitor<'_> {
        Visitor { provider: self, cookies: BTreeMap::new() }
    }
}

/// A browser before the provider's pages.
struct Visitor<'a> {
    provider: &'a Provider,
    cookies: BTreeMap<String, String>,
}

struct Seen {
    status: u16,
    location: String,
    text: String,
}

impl Visitor<'_> {
    async fn send(&mut self, request: reqwest::RequestBuilder) -> Seen {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header("cookie", cookies.join("; ")).send().await.expect("an answer");
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().expect("ASCII").split(';').next().expect("a pair").split_once('=');
            let (name, value) = pair.expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get("location").map(|place| place.to_str().expect("ASCII").to_owned());
        let status = response.status().as_u16();
        let text = response.text().await.expect("text");
        // Relative places are the provider's.
        let place = location.unwrap_or_default();
        let location = if place.starts_with('/') { format!("{}{place}", self.provider.issuer) } else { place };
        Seen { status, location, text }
    }

    async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.provider.client.post(address).body(body);
        self.send(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    /// Follows the provider's pages as this person until they lead back here: with which path and query.
    async fn walk(&mut self, start: &str, subject: &str) -> String {
        let mut seen = self.send(self.provider.client.get(start)).await;
        for _ in 0..12 {
            if let Some(back) = seen.location.strip_prefix(HERE) {
                return back.to_owned();
            }
            if !seen.location.is_empty() {
                let next = seen.location.clone();
                seen = self.send(self.provider.client.get(next)).await;
                continue;
            }
            let (action, prompt) = form(&seen);
            let fields = [("prompt", prompt.as_str()), ("login", subject), ("password", "any")];
            seen = self.post(&action, &fields).await;
        }
        panic!("the provider leads nowhere: {} {}", seen.status, seen.text);
    }
}

/// Where the form of a page goes, and what it is about.
fn form(seen: &Seen) -> (String, String) {
    let page = Html::parse_document(&seen.text);
    let find = |selector: &str, attribute: &str| {
        let selector = Selector::parse(selector).expect("a selector");
        let found = page.select(&selector).next().and_then(|element| element.value().attr(attribute));
        found.map(str::to_owned).unwrap_or_else(|| panic!("{} {}", seen.status, seen.text))
    };
    (find("form[method='post']", "action"), find("form input[name='prompt']", "value"))
}

async fn open() -> Option<(Desk, Provider)> {
    let provider = Provider::start()?;
    let mut desk = Desk::open().await;
    // Its tokens are of now.
    #[allow(clippy::disallowed_methods, reason = "the provider is another process with the machine's clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    desk.office.clock.store(i64::try_from(now).expect("a time"), Ordering::Relaxed);
    let_in(&mut desk, provider.settings(), CLIENT, SECRET);
    let accounts = json!({
        "s-1001": { "preferred_username": "binh", "name": "Trần Văn Bình", "roles": ["qt", "vt"], "schools": [SCHOOL] },
    });
    provider.knows(&accounts).await;
    Some((desk, provider))
}

async fn leave(browser: &mut Browser) -> String {
    browser.get("/sign-in/openid").await.location().to_owned()
}

#[tokio::test]
async fn a_real_provider_lets_people_in_and_their_roles_follow_what_it_says() {
    let Some((desk, provider)) = open().await else { return };
    let mut browser = desk.browser();
    let start = leave(&mut browser).await;
    let back = provider.visitor().walk(&start, "s-1001").await;
    assert!(back.starts_with(RETURN), "{back}");
    assert_eq!(asked(&back, "iss"), provider.issuer, "RFC 9207");
    let done = browser.get(&back).await;
    // The rules give roles that need a second factor, and the provider did not say it asked for one.
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/second-factor"), "{}", done.text);
    let page = browser.get("/me/second-factor").await;
    let page = browser.fill(&page, "/me/second-factor", &[]).await;
    let secret = page.find(".secret");
    browser.fill(&page, "/me/second-factor/confirm", &[("code", &desk.digits(&secret))]).await;
    let home = browser.get("/home").await;
    assert!(home.find(".who").ends_with("Trần Văn Bình") && home.text.contains(SCHOOL));
    let accounts = format!("/school/{SCHOOL}/accounts");
    assert_eq!(browser.get(&accounts).await.status, StatusCode::OK);

    // A role less, and another school.
    let accounts_there = json!({
        "s-1001": { "preferred_username": "binh", "name": "Bình", "roles": ["vt"], "schools": [OTHER_SCHOOL] },
    });
    provider.knows(&accounts_there).await;
    desk.pass(30);
    let mut second = desk.browser();
    let start = leave(&mut second).await;
    let back = provider.visitor().walk(&start, "s-1001").await;
    let page = second.get(&back).await;
    let done = second.fill(&page, "/sign-in/openid/code", &[("code", &desk.digits(&secret))]).await;
    assert_eq!(done.location(), "/home", "{}", done.text);
    assert_eq!(second.get(&accounts).await.status, StatusCode::FORBIDDEN);
    let home = second.get("/home").await;
    assert!(home.text.contains(OTHER_SCHOOL) && !home.text.contains(SCHOOL), "{}", home.text);
}

#[tokio::test]
async fn a_real_provider_requires_pkce_and_takes_a_code_with_its_own_verifier_once() {
    let Some((desk, provider)) = open().await else { return };
    let mut browser = desk.browser();
    let start = leave(&mut browser).await;
    // Without the challenge the provider does not even ask who it is.
    let bare: Vec<&str> = start.split('&').filter(|part| !part.starts_with("code_challenge")).collect();
    assert!(bare.len() + 2 == start.split('&').count(), "challenge and method are there: {start}");
    let refused = provider.visitor().walk(&bare.join("&"), "s-1001").await;
    assert_eq!(asked(&refused, "error"), "invalid_request", "{refused}");
    // A code that another browser began is of another verifier.
    let mut other = desk.browser();
    let theirs = leave(&mut other).await;
    let theirs = provider.visitor().walk(&theirs, "s-1001").await;
    let code = asked(&theirs, "code");
    let mixed = browser.get(&format!("{RETURN}?code={code}&state={}", asked(&start, "state"))).await;
    assert_eq!(mixed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(mixed.find(".faults").contains("không xác nhận") && !browser.is_in(), "{}", mixed.text);
    // A code that was used is worth nothing, also with a state that was not.
    let start = leave(&mut browser).await;
    let back = provider.visitor().walk(&start, "s-1001").await;
    let mut again = browser.clone();
    assert_eq!(browser.get(&back).await.status, StatusCode::SEE_OTHER);
    let replayed = again.get(&back).await;
    assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fresh = leave(&mut again).await;
    let used = asked(&back, "code");
    let replayed = again.get(&format!("{RETURN}?code={used}&state={}", asked(&fresh, "state"))).await;
    assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!again.is_in());
}

#[tokio::test]
async fn a_real_provider_signs_people_out_and_says_no_for_those_it_does_not_know() {
    let Some((desk, provider)) = open().await else { return };
    let mut browser = desk.browser();
    let start = leave(&mut browser).await;
    let back = provider.visitor().walk(&start, "s-1001").await;
    assert_eq!(browser.get(&back).await.status, StatusCode::SEE_OTHER);
    let out = browser.get("/sign-in/openid/sign-out").await;
    let mut visitor = provider.visitor();
    let page = visitor.send(provider.client.get(out.location())).await;
    assert_eq!(page.status, 200, "it asks whether to sign out: {}", page.text);
    // Somebody turns back at the provider.
    let mut other = desk.browser();
    let start = leave(&mut other).await;
    let mut visitor = provider.visitor();
    let seen = visitor.send(provider.client.get(&start)).await;
    let seen = visitor.send(provider.client.get(format!("{}/abort", seen.location))).await;
    let seen = visitor.send(provider.client.get(&seen.location)).await;
    let back = seen.location.strip_prefix(HERE).expect("back here").to_owned();
    assert_eq!(asked(&back, "error"), "access_denied");
    let refused = other.get(&back).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!other.is_in());
}
