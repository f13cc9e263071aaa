//! A school office at its API: the office of the kit, a router before it, and a token for everybody.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use hocba_app::{
    NewAccount, Step,
    model::{Grant, GrantRole},
};
use hocba_record::{
    encoding::{Sha256Digest, base64url, from_base64url},
    types::SchoolYear,
};
use hocba_server::{Server, config::ServerConfig, http::request_id::RequestIds};
use hocba_signature::statement::Role;
use hocba_tests::{
    NOW, SCHOOL,
    office::{self, OPERATOR, Office, chain_of},
};
use serde_json::{Value, json};

use crate::client::{self, Answer};

pub const EVERYBODY: [&str; 7] = ["nobody", "other", "department", "operator", "principal", "teacher", "clerk"];

pub struct Desk {
    pub office: Office,
    pub router: Router,
    tokens: BTreeMap<&'static str, String>,
}

/// What somebody may do in the tests' school, in one class of it where one is named.
pub fn grant(role: GrantRole, class: Option<&str>) -> Grant {
    let year = SchoolYear::starting(2026).expect("year");
    Grant {
        role,
        school: Some(SCHOOL.parse().expect("code")),
        prefix: None,
        class: class.map(|name| (year, name.parse().expect("class"))),
    }
}

/// What somebody may do everywhere.
pub fn everywhere(role: GrantRole) -> Grant {
    Grant::everywhere(role)
}

impl Desk {
    /// An office without a class; appointments are given where they are asked for.
    pub async fn open(appointed: bool) -> Self {
        let office = Office::open().await;
        if appointed {
            for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
                assert!(office.appoint(role).await, "{role} is new");
            }
        }
        let config =
            ServerConfig { public_url: "https://hocba.example.vn".parse().expect("url"), ..Default::default() };
        let server = Server::new(office.app.clone(), config, RequestIds::new([0xab; 8]));
        let mut desk = Self { router: hocba_server::public(&server), office, tokens: BTreeMap::new() };
        let people = &desk.office.people;
        let (teacher, principal, seal) = (people.teacher.digest(), people.principal.digest(), people.seal.digest());
        for (name, certificate, grants) in [
            ("nobody", None, vec![]),
            ("other", None, vec![grant(GrantRole::HomeroomTeacher, Some("9A4"))]),
            ("department", None, vec![everywhere(GrantRole::Department)]),
            ("operator", None, vec![everywhere(GrantRole::Operator)]),
            ("principal", Some(principal), vec![grant(GrantRole::Principal, None)]),
            ("teacher", Some(teacher), vec![grant(GrantRole::HomeroomTeacher, Some("9A3"))]),
            ("clerk", Some(seal), vec![grant(GrantRole::Clerk, None)]),
        ] {
            desk.account(name, certificate, grants).await;
        }
        desk
    }

    /// An office with a class of so many imported; the class's id.
    pub async fn with_class(pupils: usize) -> (Self, String) {
        let desk = Self::open(true).await;
        let answer = desk.call("teacher", Method::POST, "/classes", office::workbook(pupils, |_, _| {})).await;
        let class = answer.json()["class"].as_str().expect("imported").to_owned();
        (desk, class)
    }

    /// The same, sealed and anchored.
    pub async fn anchored(pupils: usize) -> (Self, String) {
        let (desk, class) = Self::with_class(pupils).await;
        for step in [Step::Sign, Step::CoSign, Step::Seal] {
            assert_eq!(desk.sign(&class, step).await.json()["taken"], pupils);
        }
        desk.office.anchor().await;
        (desk, class)
    }

    /// One more person with an account.
    pub async fn account(&mut self, name: &'static str, certificate: Option<Sha256Digest>, grants: Vec<Grant>) {
        let new = NewAccount { login: name.into(), name: name.into(), certificate, grants };
        let account = self.office.app.add_account(&OPERATOR, new).await.expect("added");
        let token = self.office.app.add_token(&OPERATOR, &account.id, 30 * 86_400).await.expect("a token");
        self.tokens.insert(name, token.token);
    }

    pub fn token(&self, who: &str) -> &str {
        &self.tokens[who]
    }

    /// Somebody's request; a stranger's where the name has no account.
    pub async fn call(&self, who: &str, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(token) = self.tokens.get(who) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        client::send(&self.router, request.body(body.into()).expect("request")).await
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.call(who, Method::GET, path, Body::empty()).await
    }

    pub async fn post(&self, who: &str, path: &str, document: &Value) -> Answer {
        self.call(who, Method::POST, path, document.to_string()).await
    }

    /// One step of a class, by whoever takes it: tasks from the API, signatures by an example key, sent back.
    pub async fn sign(&self, class: &str, step: Step) -> Answer {
        let (_, who) = self.signer(step);
        self.post(who, &format!("/classes/{class}/signatures"), &self.signed(class, step).await).await
    }

    /// What that would send.
    pub async fn signed(&self, class: &str, step: Step) -> Value {
        let (key, who) = self.signer(step);
        let tasks =
            self.post(who, &format!("/classes/{class}/signing-tasks"), &signer_of(step, &certificates(key))).await;
        let key = &self.office.person(step).0.key;
        let tasks = tasks.json();
        let signatures = tasks["tasks"].as_array().expect("tasks").iter().map(|task| {
            let bytes = from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url");
            json!({
                "record": task["record"], "version": task["version"], "revision": task["revision"], "at": task["at"],
                "signature": base64url(&key.sign(&bytes)),
            })
        });
        let signatures: Vec<Value> = signatures.collect();
        json!({ "step": step, "certificates": certificates(self.signer(step).0), "signatures": signatures })
    }

    /// Whose key takes a step, and whose account.
    fn signer(&self, step: Step) -> (&'static str, &'static str) {
        match step {
            Step::Sign => ("teacher", "teacher"),
            Step::CoSign => ("principal", "principal"),
            Step::Seal => ("seal", "clerk"),
        }
    }

    /// The records of a class, by number.
    pub async fn records(&self, class: &str) -> Vec<String> {
        let view = self.get("teacher", &format!("/classes/{class}")).await.json();
        let pupils = view["pupils"].as_array().expect("pupils").iter();
        pupils.map(|pupil| pupil["record"].as_str().expect("an id").to_owned()).collect()
    }

    /// Sets the clock to when verdicts are given.
    pub fn later(&self) {
        self.office.clock.store(NOW, Ordering::Relaxed);
    }
}

/// Certificates as the API takes them.
pub fn certificates(name: &str) -> Vec<String> {
    chain_of(name).iter().map(|der| base64url(der)).collect()
}

/// The body of `signing-tasks`.
pub fn signer_of(step: Step, certificates: &[String]) -> Value {
    json!({ "step": step, "certificates": certificates })
}
