//! A browser before the staff pages of an office: keeps cookies, fills in forms.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hocba_app::{
    access::{Activation, Client, NewSchoolAccount, totp},
    model::{Account, Grant, GrantRole, School},
};
use hocba_record::encoding::base64url;
use hocba_server::{Server, config::ServerConfig, http::request_id::RequestIds};
use hocba_tests::{
    OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, Office, chain_of},
};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use sha2::Sha256;
use tower::ServiceExt as _;

pub const PASSWORD: &str = "mùa hè ở Đà Lạt";
pub const HERE: &str = "https://hocba.example.vn";

pub struct Desk {
    pub office: Office,
    pub router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    /// The text of the first element of this selector.
    pub fn find(&self, selector: &str) -> String {
        let page = Html::parse_document(&self.text);
        let selector = Selector::parse(selector).expect("a selector");
        page.select(&selector)
            .next()
            .map(|found| found.text().collect::<String>())
            .unwrap_or_default()
            .trim()
            .to_owned()
    }
    /// An attribute of the first element of this selector.
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let page = Html::parse_document(&self.text);
        let selector = Selector::parse(selector).expect("a selector");
        let found = page.select(&selector).next().and_then(|found| found.value().attr(name).map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {selector:?} in\n{}", self.text))
    }
    /// What the form to this address holds.
    pub fn form(&self, action: &str) -> BTreeMap<String, String> {
        let page = Html::parse_document(&self.text);
        let selector = Selector::parse(&format!("form[action='{action}'] input")).expect("a selector");
        let field = |input: scraper::ElementRef<'_>| {
            let value = |name| input.value().attr(name).unwrap_or_default().to_owned();
            (value("name"), value("value"))
        };
        let fields: BTreeMap<String, String> = page.select(&selector).map(field).collect();
        assert!(!fields.is_empty(), "no form to {action} in\n{}", self.text);
        fields
    }
}

impl Desk {
    /// An office with two schools.
    pub async fn open() -> Self {
        let office = Office::open().await;
        let school = School { code: OTHER_SCHOOL.parse().expect("code"), issuer: "so-demo".parse().expect("issuer") };
        office.app.add_school(&OPERATOR, &school).await.expect("added");
        let config = ServerConfig { public_url: HERE.parse().expect("url"), ..Default::default() };
        let server = Server::new(office.app.clone(), config, RequestIds::new([0xab; 8]));
        Self { router: hocba_server::public(&server), office }
    }

    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new() }
    }

    pub async fn account(&self, login: &str, role: GrantRole, school: &str) -> Account {
        let grants = vec![Grant::of_school(role, school.parse().expect("code"), None)];
        let new = NewSchoolAccount { login: login.into(), name: format!("Tên {login}"), grants };
        self.office.app.add_school_account(&OPERATOR, &new).await.expect("added")
    }

    pub async fn slip(&self, account: &Account) -> String {
        self.office.app.make_slips(&OPERATOR, &[account.id]).await.expect("made").remove(0).code
    }

    /// The six digits that an app shows now for a secret as it is typed.
    pub fn digits(&self, secret: &str) -> String {
        let now = self.office.clock.load(std::sync::atomic::Ordering::Relaxed);
        totp::code_of(&secret_of(secret), totp::step_of(now))
    }

    pub fn pass(&self, seconds: i64) {
        self.office.clock.fetch_add(seconds, std::sync::atomic::Ordering::Relaxed);
    }

    /// Somebody new, active and signed in; the secret of the app, too.
    pub async fn signed_in(&self, login: &str, role: GrantRole, school: &str) -> (Browser, Account, String) {
        let account = self.account(login, role, school).await;
        let slip = self.slip(&account).await;
        let client = Client { address: [203, 0, 113, 9].into(), agent: "" };
        let secret = self.office.app.slip(&slip, client).await.expect("a slip").totp.secret;
        let code = self.digits(&secret);
        let with = Activation { slip: &slip, password: PASSWORD, code: Some(&code), client };
        let activated = self.office.app.activate(&with).await.expect("activated");
        let mut browser = self.browser();
        browser.cookies.insert("__Host-hocba".into(), activated.session.token);
        (browser, account, secret)
    }

    /// What a form of this browser's session to this address carries.
    pub async fn token(&self, browser: &Browser, action: &str) -> String {
        let session = self.office.app.session(&browser.cookies["__Host-hocba"]).await.expect("alive");
        token(session.csrf.as_str(), action)
    }
}

/// As docs/adr/0022 says it.
pub fn token(secret: &str, action: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("hocba-form-v1\n{action}").as_bytes());
    base64url(&mac.finalize().into_bytes())
}

/// The bytes behind a base32 secret as it is typed.
fn secret_of(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut value) = (Vec::new(), 0, 0_u32);
    for c in text.bytes().filter(|c| *c != b' ') {
        value = value << 5 | u32::from(if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 });
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((value >> bits) as u8);
            value &= (1 << bits) - 1;
        }
    }
    bytes
}

#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().expect("a header"));
        }
        request.headers_mut().entry(header::ACCEPT).or_insert("text/html".parse().expect("a header"));
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(cookie.contains(part), "{part} in {cookie}");
            }
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes: bytes.to_vec() }
    }

    pub async fn get(&mut self, address: &str) -> Answer {
        self.send(Request::get(address).body(Body::empty()).expect("a request")).await
    }

    pub async fn post(&mut self, address: &str, fields: &BTreeMap<String, String>) -> Answer {
        self.post_from(address, fields, &[("sec-fetch-site", "same-origin"), ("origin", HERE)]).await
    }

    pub async fn post_from(
        &mut self,
        address: &str,
        fields: &BTreeMap<String, String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post(address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// A form with files, as a browser sends it: fields first, then files (field, name, bytes).
    pub async fn post_files(
        &mut self,
        address: &str,
        fields: &BTreeMap<String, String>,
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let body = multipart(fields, files);
        self.post_body(address, Body::from(body), &[("sec-fetch-site", "same-origin"), ("origin", HERE)]).await
    }

    /// What a page's script sends, which reads no pages.
    pub async fn post_script(&mut self, address: &str, pairs: &[(String, String)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::post(address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("origin", HERE);
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// The body of a form with files from somewhere.
    pub async fn post_body(&mut self, address: &str, body: Body, headers: &[(&str, &str)]) -> Answer {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let mut request = Request::post(address).header(header::CONTENT_TYPE, kind);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body).expect("a request")).await
    }

    /// Chooses files in the form to this address on a page, and sends it.
    pub async fn choose(&mut self, page: &Answer, action: &str, files: &[(&str, &str, &[u8])]) -> Answer {
        let mut form = page.form(action);
        form.retain(|name, _| !files.iter().any(|(field, ..)| field == name));
        self.post_files(action, &form, files).await
    }

    /// Fills in the form to this address on a page, and sends it.
    pub async fn fill(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = page.form(action);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &form).await
    }
}

const BOUNDARY: &str = "x-boundary-x";

/// RFC 7578.
pub fn multipart(fields: &BTreeMap<String, String>, files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (field, name, bytes) in files {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub fn list() -> String {
    format!("/school/{SCHOOL}/accounts")
}

/// Sends a form of a page as its script does.
pub async fn by_script(
    browser: &mut Browser,
    page: &Answer,
    action: &str,
    file: &str,
    more: &[(&str, String)],
) -> Answer {
    let mut pairs: Vec<(String, String)> = page.form(action).into_iter().collect();
    let chain = chain_of(file).into_iter().map(|der| ("certificate".to_owned(), base64url(&der)));
    pairs.extend(chain);
    pairs.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    browser.post_script(action, &pairs).await
}
