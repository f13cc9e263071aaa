//! An OpenID Connect provider that says what a test has it say: in this process, over HTTP, with a key of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hocba_app::access::{AccessSettings, OpenIdReach, OpenIdRule, OpenIdSettings};
use hocba_openid::{Provider, ProviderSettings};
use hocba_record::encoding::{Sha256Digest, base64url};
use hocba_server::{Server, config::ServerConfig, http::request_id::RequestIds};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::browser::{Answer, Browser, Desk, HERE};

pub const CLIENT: &str = "hocba-test";
pub const SECRET: &str = "the client's secret";
pub const RETURN: &str = "/sign-in/openid/return";

/// A token before it is signed.
pub struct Draft {
    pub header: Value,
    pub claims: Value,
    /// Number of the key that signs.
    pub key: u8,
    /// In place of a signature by the key: none at all, or one by the client's secret.
    pub by: Signing,
}

/// What becomes of a true token before it is signed.
pub type Lie = fn(&mut Draft);

pub enum Signing {
    Key,
    Nobody,
    Secret,
}

/// What the provider says next.
pub struct Told {
    nonce: String,
    challenge: String,
    /// Claims of the person, besides those of every token.
    pub person: Value,
    /// What becomes of a true token before it is signed.
    pub lie: Lie,
    /// Whether the token endpoint knows the code.
    pub knows_code: bool,
    /// Number of the key that is published and signs.
    pub key: u8,
    /// How often a code was exchanged.
    pub exchanges: usize,
    /// Whether it answers at all.
    pub up: bool,
}

#[derive(Clone)]
pub struct Liar {
    pub issuer: String,
    told: Arc<Mutex<Told>>,
    clock: Arc<std::sync::atomic::AtomicI64>,
}

fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).expect("a key")
}

/// `base64url(header).base64url(claims).base64url(signature)`
fn signed(draft: &Draft) -> String {
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&draft.header), part(&draft.claims));
    let signature = match draft.by {
        Signing::Key => {
            let signature: Signature = signing_key(draft.key).sign(input.as_bytes());
            base64url(&signature.to_bytes())
        }
        Signing::Nobody => String::new(),
        Signing::Secret => {
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
            mac.update(input.as_bytes());
            base64url(&mac.finalize().into_bytes())
        }
    };
    format!("{input}.{signature}")
}

impl Liar {
    pub async fn start(desk: &Desk) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let told = Told {
            nonce: String::new(),
            challenge: String::new(),
            person: json!({ "preferred_username": "binh", "name": "Trần Văn Bình" }),
            lie: |_| {},
            knows_code: true,
            key: 1,
            exchanges: 0,
            up: true,
        };
        let liar = Self { issuer, told: Arc::new(Mutex::new(told)), clock: desk.office.clock.clone() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(liar.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        liar
    }

    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().expect("no test panics with it")
    }

    /// What the last browser took along.
    pub fn nonce(&self) -> String {
        self.told().nonce.clone()
    }

    /// A deployment that lets people in through it.
    pub fn settings(&self, rules: Vec<OpenIdRule>) -> OpenIdSettings {
        OpenIdSettings {
            issuer: self.issuer.clone(),
            name: "Sở GD&ĐT".into(),
            login_claim: "preferred_username".into(),
            link_by_login: true,
            second_factor: ["mfa".to_owned()].into(),
            rules,
        }
    }
}

/// A rule on the claim `roles`, whose schools are those of the claim `schools`.
pub fn rule(value: &str, role: hocba_app::model::GrantRole) -> OpenIdRule {
    let reach = OpenIdReach::SchoolClaim { claim: "schools".into(), prefix: None };
    OpenIdRule { claim: "roles".into(), value: value.into(), role, reach }
}

async fn metadata(State(liar): State<Liar>) -> Response {
    if !liar.told().up {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let at = |path: &str| format!("{}{path}", liar.issuer);
    Json(json!({
        "issuer": liar.issuer,
        "authorization_endpoint": at("/auth"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "end_session_endpoint": at("/out"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    }))
    .into_response()
}

async fn keys(State(liar): State<Liar>) -> Json<Value> {
    let number = liar.told().key;
    let point = signing_key(number).verifying_key().to_sec1_point(false);
    let (x, y) = (base64url(&point.as_bytes()[1..33]), base64url(&point.as_bytes()[33..]));
    let kid = format!("key-{number}");
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y }] }))
}

async fn token(State(liar): State<Liar>, body: String) -> Response {
    let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let now = liar.clock.load(Ordering::Relaxed);
    let mut told = liar.told();
    told.exchanges += 1;
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    // RFC 7636 §4.6.
    let fits = base64url(Sha256Digest::of(verifier.as_bytes()).as_bytes()) == told.challenge;
    let back = form.get("redirect_uri").is_some_and(|back| *back == format!("{HERE}{RETURN}"));
    if !fits || !back || !told.knows_code {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    let mut claims = json!({
        "iss": liar.issuer, "sub": "s-1001", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": told.nonce,
    });
    let person = told.person.as_object().cloned().unwrap_or_default();
    claims.as_object_mut().expect("an object").extend(person);
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": format!("key-{}", told.key) });
    let mut draft = Draft { header, claims, key: told.key, by: Signing::Key };
    (told.lie)(&mut draft);
    let mut answer = json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 60 });
    if !draft.claims.is_null() {
        answer["id_token"] = signed(&draft).into();
    }
    Json(answer).into_response()
}

/// Lets people in through a provider from now on.
pub fn let_in(desk: &mut Desk, openid: OpenIdSettings, client_id: &str, client_secret: &str) {
    let provider = ProviderSettings {
        issuer: openid.issuer.clone(),
        client_id: client_id.into(),
        client_secret: Some(client_secret.to_owned().into()),
        scopes: vec!["profile".into()],
    };
    let provider = Provider::new(provider).expect("settings");
    desk.office.app = desk.office.app.with_access(AccessSettings { openid: Some(openid), ..AccessSettings::default() });
    let config = ServerConfig { public_url: HERE.parse().expect("url"), ..Default::default() };
    let server = Server::new(desk.office.app.clone(), config, RequestIds::new([0xab; 8])).with_openid(provider);
    desk.router = hocba_server::public(&server);
}

/// An office with a lying provider, by these rules.
pub async fn open(rules: Vec<OpenIdRule>) -> (Desk, Liar) {
    let mut desk = Desk::open().await;
    let liar = Liar::start(&desk).await;
    let settings = liar.settings(rules);
    let_in(&mut desk, settings, CLIENT, SECRET);
    (desk, liar)
}

/// What an address asks with.
pub fn asked(address: &str, name: &str) -> String {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

impl Browser {
    /// Goes to the provider; what it takes along is what the provider will answer to. The state.
    pub async fn leave(&mut self, liar: &Liar, next: &str) -> String {
        let gone = self.get(&format!("/sign-in/openid{next}")).await;
        assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.text);
        let address = gone.location();
        assert!(address.starts_with(&format!("{}/auth?", liar.issuer)), "{address}");
        let mut told = liar.told();
        (told.nonce, told.challenge) = (asked(address, "nonce"), asked(address, "code_challenge"));
        asked(address, "state")
    }

    pub async fn back(&mut self, state: &str) -> Answer {
        self.get(&format!("{RETURN}?code=a-code&state={state}")).await
    }

    /// There and back.
    pub async fn through(&mut self, liar: &Liar) -> Answer {
        let state = self.leave(liar, "").await;
        self.back(&state).await
    }

    pub fn is_in(&self) -> bool {
        self.cookies.contains_key("__Host-hocba")
    }
}
