//! The agent between a page and a real server: a class of forty, the agent killed in the middle.

#![allow(clippy::disallowed_methods, reason = "real processes take real time")]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    thread,
    time::{Duration, Instant},
};

use hocba_record::encoding::base64url;
use hocba_tests::{Person, office::chain_of};
use serde_json::{Value, json};

use crate::common::{Running, World, hocba, signal, start};

/// A page: asks the agent and the server, as a browser does.
struct Page {
    origin: String,
    agent: u64,
    token: String,
}

/// One request; status and JSON.
fn ask(port: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut stream = TcpStream::connect(port).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

impl Page {
    /// Pairs with an agent that has just said its port and code.
    fn pair(origin: &str, said: &Value) -> Self {
        let mut page =
            Self { origin: origin.to_owned(), agent: said["port"].as_u64().expect("a port"), token: String::new() };
        let (status, paired) = page.agent("POST", "/v1/pair", &json!({ "code": said["code"] }));
        assert_eq!(status, 200, "{paired}");
        page.token = paired["token"].as_str().expect("a token").to_owned();
        page
    }

    fn agent(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("Origin", self.origin.as_str()), ("Authorization", authorization.as_str())];
        ask(&format!("127.0.0.1:{}", self.agent), method, path, &headers, body)
    }
}

/// A served demonstration with a class of forty.
struct Office {
    world: World,
    origin: String,
    token: String,
    class: Value,
    _serving: Running,
}

impl Office {
    fn begin() -> Self {
        let world = World::empty();
        world.on_demo(&["init", "--demo"]).expect(0);
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let path = world.path("demo/hocba.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        config["chain"]["port"] = port.into();
        fs::write(&path, config.to_string()).expect("written");
        let (header, drafts) = hocba_sample::class(7, &hocba_sample::Options::lower_secondary().with_pupils(40));
        let workbook = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
        fs::write(world.path("lop.xlsx"), workbook).expect("written");
        world.on_demo(&["import", "lop.xlsx"]).expect(0);
        let mut command = hocba(world.home.path());
        command.args(["serve", "--json", "--data-dir", "demo", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
        let (serving, said) = start(command);
        world.on_demo(&["appoint"]).expect(0);
        let token = world.on_demo(&["account", "token", "giaovien", "--json"]).expect(0).out;
        let token: Value = serde_json::from_str(&token).expect("JSON");
        fs::write(world.path("passphrase"), "hocba-demo\n").expect("written");
        fs::set_permissions(world.path("passphrase"), fs::Permissions::from_mode(0o600)).expect("set");
        let mut office = Self {
            world,
            origin: said["url"].as_str().expect("an address").to_owned(),
            token: token["token"].as_str().expect("a token").to_owned(),
            class: Value::Null,
            _serving: serving,
        };
        office.class = office.server("GET", "/classes", &Value::Null)["classes"][0].clone();
        office
    }

    fn server(&self, method: &str, path: &str, body: &Value) -> Value {
        let host = self.origin.strip_prefix("http://").expect("plain HTTP on this machine");
        let authorization = format!("Bearer {}", self.token);
        let (status, answer) = ask(host, method, &format!("/api/v1{path}"), &[("Authorization", &authorization)], body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn of_class(&self, what: &str, body: Value) -> Value {
        let mut body = body;
        body["step"] = json!("sign");
        body["certificates"] = chain_of("teacher").iter().map(|der| base64url(der)).collect();
        self.server("POST", &format!("/classes/{}/{what}", self.class["id"].as_str().expect("an id")), &body)
    }

    /// What the page sends to the agent of what the server gave.
    fn list(&self, tasks: &Value) -> Value {
        json!({
            "certificate": Person::example("teacher").digest(), "role": "homeroom_teacher",
            "school": self.class["school"], "year": self.class["year"], "class": self.class["name"], "tasks": tasks,
        })
    }

    /// Hands signatures in; how many were taken now, and before.
    fn submit(&self, signatures: &[Value]) -> (u64, u64) {
        let of = |s: &Value| {
            let mut s = s.clone();
            s.as_object_mut().expect("an object").remove("number");
            s
        };
        let taken = self.of_class("signatures", json!({ "signatures": signatures.iter().map(of).collect::<Vec<_>>() }));
        (taken["taken"].as_u64().expect("a number"), taken["already"].as_u64().expect("a number"))
    }

    fn signer(&self, more: &[&str]) -> (Running, Value) {
        let mut command = hocba(self.world.home.path());
        command.args(["signer", "--json", "--demo", "--port", "0", "--allow", &self.origin]);
        command.args(["--key", "demo/keys/teacher.key.pem", "--certificate", "demo/keys/teacher.crt.pem"]);
        command.args(["--passphrase-file", "passphrase"]).args(more);
        start(command)
    }
}

#[test]
fn a_class_is_signed_through_the_agent_which_is_killed_after_the_17th_and_resumed() {
    let office = Office::begin();
    let tasks = office.of_class("signing-tasks", json!({}))["tasks"].clone();
    assert_eq!(tasks.as_array().map(Vec::len), Some(40));
    let (agent, said) = office.signer(&["--yes", "--pace", "150"]);
    let page = Page::pair(&office.origin, &said);
    let (status, told) = page.agent("GET", "/v1/certificates", &Value::Null);
    assert_eq!((status, &told["signers"][0]["sha256"]), (200, &json!(Person::example("teacher").digest())));

    let (status, taken) = page.agent("POST", "/v1/sign", &office.list(&tasks));
    assert_eq!((status, &taken["of"]), (202, &json!(40)), "{taken}");
    let id = taken["id"].as_str().expect("an id");
    let mut signatures: Vec<Value> = Vec::new();
    while signatures.len() < 17 {
        let path = format!("/v1/lists/{id}?from={}&wait=20", signatures.len());
        let (status, progress) = page.agent("GET", &path, &Value::Null);
        assert_eq!(status, 200, "{progress}");
        signatures.extend(progress["signatures"].as_array().expect("signatures").iter().cloned());
    }
    signal(&agent, "KILL");
    drop(agent);
    let first = signatures.len();
    assert!((17..40).contains(&first), "{first}");
    assert_eq!(office.submit(&signatures), (first as u64, 0));
    // An answer that got lost: nothing happens twice.
    assert_eq!(office.submit(&signatures), (0, first as u64));

    let rest = office.of_class("signing-tasks", json!({}));
    assert_eq!((&rest["already"], rest["tasks"].as_array().map(Vec::len)), (&json!(first), Some(40 - first)));
    let (_agent, said) = office.signer(&["--yes"]);
    // The old token died with the old agent.
    let old = Page { agent: said["port"].as_u64().expect("a port"), ..page };
    assert_eq!(old.agent("GET", "/v1/certificates", &Value::Null).0, 401);
    let page = Page::pair(&office.origin, &said);
    let (_, taken) = page.agent("POST", "/v1/sign", &office.list(&rest["tasks"]));
    let id = taken["id"].as_str().expect("an id");
    let done = until_ended(&page, id);
    assert_eq!((&done["state"], &done["signed"]), (&json!("done"), &json!(40 - first)));
    let signatures = done["signatures"].as_array().expect("signatures");
    assert_eq!(office.submit(signatures), ((40 - first) as u64, 0));

    // The rest of the way: all forty are in force, and everything stored is sound.
    for step in ["cosign", "seal"] {
        office.world.on_demo(&[step]).expect(0);
    }
    let began = Instant::now();
    loop {
        let states = office.server("GET", "/classes", &Value::Null)["classes"][0]["states"].clone();
        if states["in_force"] == 40 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{states}");
        thread::sleep(Duration::from_millis(100));
    }
    for command in ["fsck", "bundle", "snapshot"] {
        office.world.on_demo(&[command]).expect(0);
    }
    for n in 1..=40 {
        office.world.verify(&format!("demo/bundles/9A3/{n:02}.hocba.json")).expect(0);
    }
}

fn until_ended(page: &Page, id: &str) -> Value {
    loop {
        let (status, progress) = page.agent("GET", &format!("/v1/lists/{id}?wait=1"), &Value::Null);
        assert_eq!(status, 200, "{progress}");
        if !["waiting", "signing"].contains(&progress["state"].as_str().expect("a state")) {
            return progress;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn where_nobody_answers_nothing_is_signed_and_a_changed_mark_is_not_even_asked_about() {
    let office = Office::begin();
    let tasks = office.of_class("signing-tasks", json!({ "only": [1, 2] }))["tasks"].clone();
    let (_agent, said) = office.signer(&[]);
    let page = Page::pair(&office.origin, &said);
    let (_, taken) = page.agent("POST", "/v1/sign", &office.list(&tasks));
    let ended = until_ended(&page, taken["id"].as_str().expect("an id"));
    assert_eq!((&ended["state"], &ended["signed"]), (&json!("declined"), &json!(0)));

    let mut changed = tasks.clone();
    let disclosures = changed[1]["disclosures"].as_array_mut().expect("disclosures");
    let toan = disclosures.iter_mut().find(|d| d[1] == "subject.toan").expect("a subject");
    toan[2]["result"]["year"] = json!((toan[2]["result"]["year"].as_u64().expect("a mark") + 1) % 101);
    let (status, refused) = page.agent("POST", "/v1/sign", &office.list(&changed));
    assert_eq!((status, &refused["code"], &refused["number"]), (422, &json!("changed"), &json!(2)));

    // Another page on the same machine, and one whose name was made to lead here.
    let host = format!("127.0.0.1:{}", page.agent);
    let other = ask(&host, "GET", "/v1/status", &[("Origin", "https://evil.example")], &Value::Null);
    assert_eq!((other.0, &other.1["code"]), (403, &json!("origin-not-allowed")));
}

#[test]
fn the_agent_does_not_start_without_a_page_a_key_or_with_a_published_key() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    fs::write(world.path("passphrase"), "hocba-demo\n").expect("written");
    fs::set_permissions(world.path("passphrase"), fs::Permissions::from_mode(0o600)).expect("set");
    let key = ["--key", "demo/keys/teacher.key.pem", "--certificate", "demo/keys/teacher.crt.pem"];
    let secret = ["--passphrase-file", "passphrase"];
    let allow = ["--allow", "https://hocba.so.example", "--port", "0"];
    let run = world.run(&[&["signer"], &key[..], &secret].concat()).expect(3);
    assert!(run.err.contains("--allow"), "{}", run.err);
    world.run(&[&["signer"], &allow[..]].concat()).expect(3);
    world.run(&["signer", "--allow", "http://hocba.so.example"]).expect(3);
    let run = world.run(&[&["signer"], &allow[..], &key, &secret].concat()).expect(4);
    assert!(run.err.contains("example key"), "{}", run.err);

    let doctor = |args: &[&str]| world.run(&[&["signer", "doctor", "--json", "--demo"], args].concat());
    let good = doctor(&[&allow[..], &key].concat()).expect(0);
    let found: Value = serde_json::from_str(&good.out).expect("one document");
    assert_eq!(found["ok"], true, "{found}");
    for (args, code) in [
        (&key[..], "origins"),
        (&allow[..], "key"),
        (&["--allow", "https://a.vn", "--key", "none.pem"][..], "key"),
        (&["--allow", "https://a.vn", "--pkcs11-module", "demo/hocba.json"][..], "module"),
    ] {
        let found: Value = serde_json::from_str(&doctor(args).expect(4).out).expect("one document");
        let bad = found["findings"].as_array().expect("findings").iter().filter(|f| f["ok"] == false);
        assert!(bad.clone().any(|f| f["code"] == code), "{code}: {found}");
    }
    // A port that somebody has.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let found = doctor(&[&["--allow", "https://a.vn", "--port", &port], &key[..]].concat()).expect(4);
    assert!(found.out.contains("\"port\""), "{}", found.out);
}
