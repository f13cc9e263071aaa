//! A class to be signed, a key that can be pulled out, a person who answers as told, and a page.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode},
};
use hocba_agent::{Agent, Edges, Person as Sitter, Review, Settings, SignStopped, Signer, State, Whole};
use hocba_record::{
    disclosure::{Issued, Seed, issue},
    encoding::{base64url, from_base64url},
    types::UnixTime,
};
use hocba_signature::{
    algorithm::Algorithm,
    list::ListPlace,
    statement::{Role, Statement, StatementType},
};
use hocba_tests::{NOW, Person, SCHOOL, at, example_certificates, open_claims};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const ORIGIN: &str = "https://hocba.so.example";
pub const PORT: u16 = 8792;

/// One pupil's record, with nobody's signature yet.
pub fn record(n: u16) -> Issued {
    let sections = hocba_sample::record_sections(u64::from(n));
    issue(open_claims(SCHOOL, n), &sections, Vec::new(), &Seed::from_bytes([n.to_le_bytes()[0]; 32])).expect("issued")
}

/// The task of a record, as a server's `signing-tasks` has it.
pub fn task_of(issued: &Issued, number: u16, signer: &str, role: Role, time: i64) -> Value {
    let person = Person::example(signer);
    let statement = Statement::unsigned(issued.payload.to_bytes());
    let statement = match role {
        Role::HomeroomTeacher => statement,
        _ => Person::example("teacher").sign(statement, StatementType::Record, Role::HomeroomTeacher, time),
    };
    let input = statement.prepare(StatementType::Record, role, Algorithm::Ed25519, person.digest(), at(time));
    json!({
        "record": issued.payload.id, "version": issued.payload.version, "revision": 1, "number": number, "at": time,
        "to_sign": base64url(input.bytes()), "disclosures": issued.disclosures,
    })
}

pub fn task(number: u16) -> Value {
    task_of(&record(number), number, "teacher", Role::HomeroomTeacher, NOW)
}

pub fn tasks(numbers: impl IntoIterator<Item = u16>) -> Vec<Value> {
    numbers.into_iter().map(task).collect()
}

/// Tasks of records that are signed as one list, as a server's `signing-tasks` has them.
pub fn listed(numbers: impl IntoIterator<Item = u16>, role: Role, time: i64) -> Vec<Value> {
    let numbers: Vec<u16> = numbers.into_iter().collect();
    let records: Vec<Issued> = numbers.iter().map(|n| record(*n)).collect();
    let statement = |issued: &Issued| {
        let statement = Statement::unsigned(issued.payload.to_bytes());
        match role {
            Role::HomeroomTeacher => statement,
            _ => Person::example("teacher").sign(statement, StatementType::Record, Role::HomeroomTeacher, NOW),
        }
    };
    let statements: Vec<Statement> = records.iter().map(statement).collect();
    let certificate = Person::example("teacher").digest();
    let alg = Algorithm::Ed25519;
    let input = Statement::prepare_list(&statements, StatementType::Record, role, alg, certificate, at(time));
    let input = input.expect("a list");
    let task = |(((number, issued), statement), place): (((&u16, Issued), &Statement), &ListPlace)| {
        let mut task = json!({
            "record": issued.payload.id, "version": issued.payload.version, "revision": 1, "number": number, "at": time,
            "to_sign": base64url(input.bytes()), "disclosures": issued.disclosures,
            "list": place, "payload": base64url(statement.payload()),
        });
        if let Some(prev) = statement.prev_for_next() {
            task["prev"] = json!(prev);
        }
        task
    };
    numbers.iter().zip(records).zip(&statements).zip(input.places()).map(task).collect()
}

/// What a page sends for them.
pub fn list(tasks: &[Value]) -> Value {
    let payload = record(1).payload;
    json!({
        "certificate": Person::example("teacher").digest(), "role": "homeroom_teacher",
        "school": payload.school, "year": payload.year, "class": payload.class, "tasks": tasks,
    })
}

/// The bytes that a task would have signed.
pub fn bytes_of(task: &Value) -> Vec<u8> {
    from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url")
}

/// A token that can be pulled out: it fails after so many signatures, until it is plugged in again.
pub struct Token {
    /// Panics where it would say that it is not there.
    faulty: bool,
    person: Person,
    chain: Vec<Vec<u8>>,
    pub state: Arc<TokenState>,
}

pub struct TokenState {
    /// Signatures it gives before it is pulled out.
    pub left: AtomicUsize,
    /// Signatures it ever gave.
    pub made: AtomicUsize,
    /// Signatures after which it is slow, until this is raised.
    slow_after: Mutex<usize>,
    raised: Condvar,
}

impl TokenState {
    /// Lets it go on.
    pub fn go_on(&self) {
        *self.slow_after.lock().expect("no panic") = usize::MAX;
        self.raised.notify_all();
    }
}

impl Token {
    pub fn new(left: usize) -> Self {
        let chain = example_certificates("teacher").iter().map(|c| c.der().to_vec()).collect();
        let slow_after = usize::MAX.into();
        let state = TokenState { left: left.into(), made: 0.into(), slow_after, raised: Condvar::new() };
        Self { faulty: false, person: Person::example("teacher"), chain, state: Arc::new(state) }
    }

    /// Gives so many signatures, and the next ones after [`TokenState::go_on`].
    pub fn slow_after(made: usize) -> Self {
        let token = Self::new(usize::MAX);
        *token.state.slow_after.lock().expect("no panic") = made;
        token
    }

    pub fn faulty(left: usize) -> Self {
        Self { faulty: true, ..Self::new(left) }
    }
}

impl Signer for Token {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }
    fn certificate_chain(&self) -> &[Vec<u8>] {
        &self.chain
    }
    fn sign_each(
        &mut self,
        messages: &[&[u8]],
        taken: &mut dyn FnMut(usize, Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), SignStopped> {
        for (place, message) in messages.iter().enumerate() {
            let slow = self.state.slow_after.lock().expect("no panic");
            let waits = |after: &mut usize| self.state.made.load(Ordering::SeqCst) >= *after;
            drop(self.state.raised.wait_while(slow, waits).expect("no panic"));
            let left = self.state.left.load(Ordering::SeqCst);
            assert!(left > 0 || !self.faulty, "a fault in the library");
            self.state.left.store(left.checked_sub(1).ok_or(SignStopped("no token".into()))?, Ordering::SeqCst);
            self.state.made.fetch_add(1, Ordering::SeqCst);
            if taken(place, self.person.key.sign(message).to_vec()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Whoever sits before the terminal.
pub struct Desk {
    pub codes: Mutex<Vec<String>>,
    /// What they say when asked.
    pub says: AtomicBool,
    /// What they were shown.
    pub shown: Mutex<Vec<(String, Review)>>,
    /// Classes of several that they were shown, and the several that they were asked about.
    pub parts: Mutex<Vec<(String, Review)>>,
    pub wholes: Mutex<Vec<Whole>>,
    pub told: Mutex<Vec<(State, usize)>>,
    random: AtomicU8,
}

impl Sitter for Desk {
    fn show_code(&self, code: &str) {
        self.codes.lock().expect("no panic").push(code.to_owned());
    }
    fn confirms(&self, origin: &str, review: &Review) -> bool {
        self.shown.lock().expect("no panic").push((origin.to_owned(), review.clone()));
        self.says.load(Ordering::SeqCst)
    }
    fn shows(&self, origin: &str, review: &Review) {
        self.parts.lock().expect("no panic").push((origin.to_owned(), review.clone()));
    }
    fn confirms_whole(&self, _: &str, whole: &Whole) -> bool {
        self.wholes.lock().expect("no panic").push(whole.clone());
        self.says.load(Ordering::SeqCst)
    }
    fn told(&self, _: &Review, state: &State, signed: usize) {
        self.told.lock().expect("no panic").push((state.clone(), signed));
    }
}

/// An agent with its person and its token.
pub struct World {
    pub agent: Agent,
    pub desk: Arc<Desk>,
    pub token: Arc<TokenState>,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{self:?}");
    }
}

impl World {
    pub fn new(token: Token) -> Self {
        let desk = Arc::new(Desk {
            codes: Mutex::default(),
            says: true.into(),
            shown: Mutex::default(),
            parts: Mutex::default(),
            wholes: Mutex::default(),
            told: Mutex::default(),
            random: 1.into(),
        });
        let state = token.state.clone();
        let random = desk.clone();
        let edges = Edges {
            now: Arc::new(|| -> UnixTime { at(NOW) }),
            random: Arc::new(move || Some([random.random.fetch_add(1, Ordering::SeqCst); 32])),
        };
        let allowed = vec![ORIGIN.parse().expect("an origin"), "http://localhost:8080".parse().expect("an origin")];
        let settings = Settings { allowed, signers: vec![Box::new(token)], person: desk.clone(), edges };
        let agent = Agent::new(settings).expect("set up");
        let router = agent.router(PORT);
        Self { agent, desk, token: state, router }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.expect("answered");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends what a page of the allowed origin sends.
    pub async fn page(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.send(from_page(ORIGIN, method, path, token, body)).await
    }

    /// Pairs the page.
    pub async fn pair(&self) -> String {
        let code = json!({ "code": self.agent.code() });
        let answer = self.page("POST", "/v1/pair", None, &code).await.expect(200);
        answer.body["token"].as_str().expect("a token").to_owned()
    }

    /// Has a list signed and waits until it has ended; its last progress, with all signatures.
    pub async fn sign(&self, token: &str, list: &Value) -> Value {
        let taken = self.page("POST", "/v1/sign", Some(token), list).await.expect(202).body;
        self.ended(token, taken["id"].as_str().expect("a digest")).await
    }

    pub async fn ended(&self, token: &str, list: &str) -> Value {
        let mut seen = 0;
        loop {
            let path = format!("/v1/lists/{list}?wait=5&from={seen}");
            let progress = self.page("GET", &path, Some(token), &Value::Null).await.expect(200).body;
            seen += progress["signatures"].as_array().expect("signatures").len();
            if !["waiting", "signing"].contains(&progress["state"].as_str().expect("a state")) {
                let all = self.page("GET", &format!("/v1/lists/{list}"), Some(token), &Value::Null).await.expect(200);
                assert_eq!(all.body["signatures"].as_array().map(Vec::len), Some(seen), "none twice, none left out");
                return all.body;
            }
        }
    }
}

pub fn from_page(origin: &str, method: &str, path: &str, token: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", format!("127.0.0.1:{PORT}"));
    if !origin.is_empty() {
        request = request.header("origin", origin);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    request.body(body).expect("a request")
}
