//! Several servers on one PostgreSQL: each has a data folder of its own, and a person's next request may come to any.
//!
//! The database is on the server that `DATABASE_URL` names, else on one of the test's own (`hocba_test_postgres`).

#![allow(clippy::disallowed_methods, reason = "real processes take real time")]

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use hocba_app::{ANCHORING_LEASE, LinkSecret, link_token};
use hocba_record::{
    encoding::{base64url, from_base64url},
    types::Grade,
};
use hocba_sample::Options;
use hocba_store::{Backend, Database, DatabaseUrl, Store};
use hocba_test_postgres::{Error, Mode, Postgres, Settings};
use hocba_tests::{Person, database::backend, office::chain_of, repository};
use serde_json::{Value, json};

use crate::{
    balancer::{self, Balancer, Client, once},
    common::{Run, Running, World, hocba, signal, start},
};

const SCHOOL: &str = "79DEMO001";

/// A server of one's own, or none where its programs are missing.
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run")]
fn own_postgres(durable: bool) -> Option<Box<Postgres>> {
    match Postgres::start(&Settings { durable, ..Settings::default() }) {
        Ok(server) => Some(Box::new(server)),
        Err(error @ (Error::NotInstalled { .. } | Error::NoAccount)) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Two data folders on one database: `demo`, which also has the development chain, and `second`, made from it as an
/// operator does. The chain is a process of its own.
struct Deployment {
    // Dropped in this order: the chain's process, the folders, the database's server.
    _chain: Running,
    world: World,
    own: Option<Box<Postgres>>,
}

impl Deployment {
    /// With the demonstration's people, and no class. None where there is no PostgreSQL.
    fn begin() -> Option<Self> {
        match backend() {
            Backend::Postgres => Some(Self::of(World::empty(), None)),
            Backend::Sqlite => Some(Self::on(own_postgres(false)?)),
        }
    }

    /// The same on this server.
    fn on(own: Box<Postgres>) -> Self {
        Self::of(World::on(&own.url("postgres")), Some(own))
    }

    fn of(world: World, own: Option<Box<Postgres>>) -> Self {
        world.on_demo(&["init", "--demo"]).expect(0);
        let mut chain = hocba(world.home.path());
        chain.args(["chain", "--json", "--port", "0", "--data-dir", "demo"]);
        let (chain, served) = start(chain);

        let path = world.path("demo/hocba.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        // Where the other commands of this folder ask, now that the chain is another process's.
        let port = served["url"].as_str().and_then(|url| url.rsplit(':').next()).expect("a port");
        config["chain"]["port"] = port.parse::<u16>().expect("a port").into();
        fs::write(&path, config.to_string()).expect("written");

        // What every server shares (docs/operations.md). The chain is not copied: a copy would be another chain.
        fs::create_dir(world.path("second")).expect("made");
        config["chain"] = json!({
            "kind": "network", "chain": served["chain"], "contract": served["contract"], "url": served["url"],
        });
        config["database"] = json!({ "url": world.database_url() });
        fs::write(world.path("second/hocba.json"), config.to_string()).expect("written");
        for name in ["data.key", "profile.hocba-profile.json"] {
            fs::copy(world.path("demo").join(name), world.path("second").join(name)).expect("copied");
        }
        // A demonstration's only; a real server is told where its key is.
        fs::create_dir(world.path("second/keys")).expect("made");
        fs::copy(world.path("demo/keys/anchorer.key.pem"), world.path("second/keys/anchorer.key.pem")).expect("copied");
        Self { _chain: chain, world, own }
    }

    /// A command on one of the folders: `demo` by the environment, `second` by what its `hocba.json` says.
    fn command(&self, folder: &str, args: &[&str]) -> Command {
        let mut command = hocba(self.world.home.path());
        if folder == "second" {
            command.env_remove("HOCBA_DATABASE_URL");
        }
        command.args(args).args(["--json", "--data-dir", folder]);
        command
    }

    /// What a command says.
    fn run(&self, folder: &str, args: &[&str]) -> Value {
        let run: Run = self.command(folder, args).output().expect("it starts").into();
        serde_json::from_str(&run.expect(0).out).expect("one document")
    }

    /// Serves a folder at this address.
    fn serve(&self, folder: &str, address: SocketAddr) -> Running {
        let mut command = self.command(folder, &["serve", "--drain", "2", "--operator", "127.0.0.1:0"]);
        command.args(["--listen", &address.to_string(), "--base-url", "https://hocba.example.vn"]);
        let (running, _) = start(command);
        until("it is ready", Duration::from_secs(30), || balancer::is_ready(address));
        running
    }

    /// Imports a class of the school through a folder's command line.
    fn import(&self, folder: &str, class: &str, seed: u64, pupils: usize) {
        let options = Options::lower_secondary();
        let options = options.of_class(Grade::new(9).expect("a grade"), class.parse().expect("a class"));
        let (header, drafts) = hocba_sample::class(seed, &options.with_pupils(pupils));
        let bytes = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
        fs::write(self.world.path(class), bytes).expect("written");
        self.run(folder, &["import", class]);
    }

    fn token(&self, folder: &str, login: &str) -> String {
        self.run(folder, &["account", "token", login])["token"].as_str().expect("a token").to_owned()
    }

    fn store(&self) -> Store {
        let url: DatabaseUrl = self.world.database_url().and_then(|url| url.parse().ok()).expect("a URL");
        let database = Database { connections: 2, ..Database::at(url) };
        runtime().block_on(Store::open(&database)).expect("the database opens")
    }

    /// Walks the whole database and the chain: how much there is of each kind, all of it sound.
    fn fsck(&self) -> Value {
        let found = self.run("second", &["fsck"]);
        assert_eq!((&found["chain"], &found["faults"]), (&json!(true), &json!([])), "{found}");
        assert_eq!(found["checked"]["receipts"], found["checked"]["batches"], "each batch is on the chain: {found}");
        found["checked"].clone()
    }
}

/// One for all tests of this process: a pool of connections belongs to the runtime that made it.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime")
    })
}

fn until(what: &str, patience: Duration, mut there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < patience, "not within {} s: {what}", patience.as_secs());
        thread::sleep(Duration::from_millis(50));
    }
}

/// An address that nobody has, to be served at again and again.
fn address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

/// Whose signature a step is: account, key and word of the API.
struct Signer {
    step: &'static str,
    token: String,
    key: Person,
    certificates: Vec<String>,
}

impl Signer {
    fn new(step: &'static str, token: &str, name: &str) -> Self {
        let certificates = chain_of(name).iter().map(|der| base64url(der)).collect();
        Self { step, token: token.to_owned(), key: Person::example(name), certificates }
    }

    /// Asks for what there is to sign of these numbers and signs it: two requests. How many signatures were taken; none
    /// where a request failed.
    fn sign(&self, client: &mut Client, class: &str, numbers: &[u32]) -> Option<u64> {
        let Self { step, token, key, certificates } = self;
        let asked = json!({ "step": step, "certificates": certificates, "only": numbers });
        let path = format!("/api/v1/classes/{class}/signing-tasks");
        let tasks = client.ask("POST", &path, Some(token), asked.to_string().as_bytes(), 200)?.json();
        let sign = |task: &Value| {
            let bytes = from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url");
            json!({
                "record": task["record"], "version": task["version"], "revision": task["revision"], "at": task["at"],
                "signature": base64url(&key.key.sign(&bytes)),
            })
        };
        let signatures: Vec<Value> = tasks["tasks"].as_array().expect("tasks").iter().map(sign).collect();
        assert_eq!(signatures.len(), numbers.len(), "{step}: {tasks}");
        let signed = json!({ "step": step, "certificates": certificates, "signatures": signatures });
        let path = format!("/api/v1/classes/{class}/signatures");
        let answer = client.ask("POST", &path, Some(token), signed.to_string().as_bytes(), 200)?.json();
        assert_eq!(answer["already"], 0, "nobody else signs these");
        answer["taken"].as_u64()
    }
}

/// The token that a link's page sends.
fn opened_by(url: &str) -> String {
    let secret = url.split_once('#').and_then(|(_, secret)| LinkSecret::from_text(secret)).expect("a link");
    json!({ "token": base64url(&link_token(&secret)) }).to_string()
}

/// How many records of each state the classes have.
fn states(address: SocketAddr, token: &str) -> Vec<Value> {
    let list = once(address, "GET", "/api/v1/classes", Some(token), b"").expect("answered").json();
    list["classes"].as_array().expect("classes").iter().map(|class| class["states"].clone()).collect()
}

/// What the closed loop did.
#[derive(Default)]
struct Done {
    signed: AtomicU64,
    co_signed: AtomicU64,
    sealed: AtomicU64,
    returned: AtomicU64,
    verified: AtomicU64,
    opened: AtomicU64,
    withdrawn: AtomicU64,
}

/// Ends the loop, however the test ends: its threads are waited for.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn two_servers_are_replaced_one_after_the_other_and_no_request_fails() {
    let Some(deployment) = Deployment::begin() else { return };
    // One class has a teacher and an account; the other's teacher gets both now. Work begins in either folder.
    deployment.import("demo", "9A3", 7, 20);
    deployment.run("demo", &["appoint"]);
    deployment.import("second", "9A4", 8, 20);
    let certificate = repository().join("keys-example/other-teacher.crt.pem").display().to_string();
    let appoint = ["appoint", "--role", "homeroom-teacher", "--class", "9A4", "--appointee", &certificate];
    deployment.run("demo", &[&appoint[..], &["--name", "Vũ Thị Lan", "--title", "Giáo viên chủ nhiệm"]].concat());
    let add = ["account", "add", "giaovien2", "--name", "Vũ Thị Lan", "--role", "homeroom_teacher"];
    let of = ["--school", SCHOOL, "--class", "9A4", "--year", "2026-2027", "--certificate", &certificate];
    deployment.run("second", &[&add[..], &of].concat());
    let ready = ["--class", "9A3", "--only", "1,2,3,4"];
    for step in ["sign", "cosign", "seal"] {
        deployment.run("demo", &[&[step], &ready[..]].concat());
    }
    let (teacher, principal) = (deployment.token("demo", "giaovien"), deployment.token("demo", "hieutruong"));
    let (other_teacher, clerk) = (deployment.token("second", "giaovien2"), deployment.token("second", "vanthu"));

    let addresses = [address(), address()];
    let [first, second] = addresses;
    let mut servers = [deployment.serve("demo", first), deployment.serve("second", second)];
    let ask = |address, method, path: &str, token: &str, body: &Value| {
        once(address, method, path, Some(token).filter(|t| !t.is_empty()), body.to_string().as_bytes())
            .expect("answered")
    };
    // A token holds on both, wherever it was made.
    for (address, token) in [(first, &other_teacher), (second, &teacher), (first, &clerk), (second, &principal)] {
        assert_eq!(ask(address, "GET", "/api/v1/classes", token, &Value::Null).status, 200);
    }
    until("four in force", Duration::from_secs(30), || {
        states(first, &principal).iter().any(|states| states["in_force"] == 4)
    });
    let list = ask(first, "GET", "/api/v1/classes", &principal, &Value::Null).json();
    let class = |name: &str| {
        let classes = list["classes"].as_array().expect("classes");
        let id = classes.iter().find(|class| class["name"] == name).expect(name)["id"].as_str().expect("an id");
        let view = ask(second, "GET", &format!("/api/v1/classes/{id}"), &principal, &Value::Null).json();
        let pupils = view["pupils"].as_array().expect("pupils").iter();
        let records = pupils.map(|pupil| pupil["record"].as_str().expect("an id").to_owned()).collect();
        (id.to_owned(), records)
    };
    let classes: [(String, Vec<String>); 2] = [class("9A3"), class("9A4")];
    let handed_out = &classes[0].1[..4];

    // A link opens on the server that did not make it, and on neither once it is withdrawn.
    let links = format!("/api/v1/records/{}/links", handed_out[0]);
    let made = ask(first, "POST", &links, &clerk, &json!({ "scope": "whole" }));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let opens: Value = serde_json::from_str(&opened_by(made["url"].as_str().expect("a link"))).expect("JSON");
    assert_eq!(ask(second, "POST", "/api/v1/links/open", "", &opens).status, 200);
    let link = format!("/api/v1/links/{}", made["id"].as_str().expect("an id"));
    assert_eq!(ask(second, "DELETE", &link, &clerk, &Value::Null).status, 204);
    assert_eq!(ask(first, "POST", "/api/v1/links/open", "", &opens).status, 410);
    // What is verified and opened all the time from now on.
    let lasting = ask(first, "POST", &links, &clerk, &json!({ "scope": "results" })).json();
    let lasting = opened_by(lasting["url"].as_str().expect("a link"));
    let address = format!("/api/v1/records/{}/bundle?scope=whole", handed_out[1]);
    let bundle = ask(second, "GET", &address, &clerk, &Value::Null).body;

    let (balancer, done, ends) = (Balancer::before(&addresses), Done::default(), AtomicBool::new(false));
    let goes_on = || !ends.load(Ordering::Relaxed);
    let began = Instant::now();
    let mut restarts = Vec::new();
    thread::scope(|scope| {
        let _ends = Ends(&ends);
        let (balancer, done) = (&balancer, &done);
        for (place, numbers) in [(0, 5..=12), (0, 13..=20), (1, 1..=10), (1, 11..=20)] {
            let numbers: Vec<u32> = numbers.collect();
            let (token, name) = [(&teacher, "teacher"), (&other_teacher, "other-teacher")][place];
            let (class, records) = &classes[place];
            let records = numbers.iter().map(|n| &records[*n as usize - 1]).collect::<Vec<_>>();
            let [sign, co_sign, seal] =
                [("sign", token, name), ("co_sign", &principal, "principal"), ("seal", &clerk, "seal")]
                    .map(|(step, token, name)| Signer::new(step, token, name));
            scope.spawn(move || {
                let mut client = balancer.client();
                loop {
                    let last = !goes_on();
                    done.signed.fetch_add(sign.sign(&mut client, class, &numbers)?, Ordering::Relaxed);
                    done.co_signed.fetch_add(co_sign.sign(&mut client, class, &numbers)?, Ordering::Relaxed);
                    if last {
                        done.sealed.fetch_add(seal.sign(&mut client, class, &numbers)?, Ordering::Relaxed);
                        return Some(());
                    }
                    for record in &records {
                        let path = format!("/api/v1/records/{record}/return");
                        let reason = br#"{"reason":"wrong_mark"}"#;
                        client.ask("POST", &path, Some(&co_sign.token), reason, 204)?;
                        done.returned.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = balancer.client();
                while goes_on() {
                    client.ask("POST", "/api/v1/links/open", None, lasting.as_bytes(), 200)?;
                    done.opened.fetch_add(1, Ordering::Relaxed);
                    let report = client.ask("POST", "/api/v1/verify", None, &bundle, 200)?.json();
                    assert_eq!(report["verdict"], "valid", "{report}");
                    done.verified.fetch_add(1, Ordering::Relaxed);
                }
                Some(())
            });
        }
        scope.spawn(|| {
            let mut client = balancer.client();
            while goes_on() {
                let scope = br#"{"scope":"identity_and_completion"}"#;
                let path = format!("/api/v1/records/{}/links", handed_out[2]);
                let made = client.ask("POST", &path, Some(&clerk), scope, 201)?.json();
                let opens = opened_by(made["url"].as_str().expect("a link"));
                client.ask("POST", "/api/v1/links/open", None, opens.as_bytes(), 200)?;
                let link = format!("/api/v1/links/{}", made["id"].as_str().expect("an id"));
                client.ask("DELETE", &link, Some(&clerk), b"", 204)?;
                client.ask("POST", "/api/v1/links/open", None, opens.as_bytes(), 410)?;
                done.withdrawn.fetch_add(1, Ordering::Relaxed);
            }
            Some(())
        });

        for place in [0, 0, 1] {
            let before = balancer.served();
            until("each server answers", Duration::from_secs(30), || {
                balancer.served().iter().zip(&before).all(|(now, then)| *now >= then + 50)
            });
            let stopped = Instant::now();
            signal(&servers[place], "TERM");
            assert!(servers[place].0.wait().expect("it ends").success());
            servers[place] = deployment.serve(["demo", "second"][place], addresses[place]);
            until("it is sent requests again", Duration::from_secs(10), || balancer.is_ready(place));
            restarts.push(stopped.elapsed());
        }
        thread::sleep(Duration::from_secs(1));
    });
    let took = began.elapsed();
    let (served, failures) = (balancer.served(), balancer.failures());
    drop(balancer);
    let count = |n: &AtomicU64| n.load(Ordering::Relaxed);
    let requests: u64 = served.iter().sum();
    println!(
        "{requests} requests in {:.1} s ({served:?} by server), {} failed, restarts took {restarts:.1?}; {} signatures, \
         {} co-signatures, {} seals, {} returns, {} verdicts, {} links opened, {} made and withdrawn",
        took.as_secs_f64(),
        failures.len(),
        count(&done.signed),
        count(&done.co_signed),
        count(&done.sealed),
        count(&done.returned),
        count(&done.verified),
        count(&done.opened),
        count(&done.withdrawn),
    );
    assert!(failures.is_empty(), "{} of {requests} failed: {failures:#?}", failures.len());
    assert!(count(&done.signed) > 36 && count(&done.verified) > 50 && count(&done.withdrawn) > 5, "work was done");

    until("all in force", Duration::from_secs(30), || {
        states(second, &principal).iter().all(|states| states["in_force"] == 20)
    });
    // What the clients were told happened, once each, and nothing else did.
    let store = deployment.store();
    let events = |action: &str| {
        let counted = async { store.read().await?.count_events(action).await };
        runtime().block_on(counted).expect("counted")
    };
    for (action, times) in [
        ("sign_records", 4 + count(&done.signed)),
        ("co_sign_records", 4 + count(&done.co_signed)),
        ("seal_records", 4 + count(&done.sealed)),
        ("return_record", count(&done.returned)),
        ("create_link", 2 + count(&done.withdrawn)),
        ("withdraw_link", 1 + count(&done.withdrawn)),
    ] {
        assert_eq!(events(action), times, "{action}");
    }
    assert_eq!(count(&done.sealed), 36);
    runtime().block_on(store.close());
    let checked = deployment.fsck();
    assert_eq!((&checked["records"], &checked["anchored"]), (&json!(40), &json!(40)), "{checked}");
}

/// Who leads, by the lease: the process's id, which its name begins with.
fn leader(store: &Store) -> Option<u32> {
    let now = hocba_tests::at(unix_now());
    let held = runtime().block_on(async { store.read().await?.lease(ANCHORING_LEASE, now).await });
    let (holder, _) = held.expect("read")?;
    Some(holder.split_once('-').and_then(|(id, _)| id.parse().ok()).expect("begins with a process's id"))
}

fn unix_now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    i64::try_from(since.as_secs()).expect("in range")
}

/// How many batches there are, and how many of them are anchored.
fn batches(store: &Store) -> (usize, usize) {
    let read = runtime().block_on(async { store.read().await?.batches().await }).expect("read");
    (read.len(), read.iter().filter(|batch| batch.receipt.is_some()).count())
}

#[test]
fn of_two_who_anchor_one_leads_and_the_other_goes_on_when_it_is_killed_or_stopped() {
    let Some(deployment) = Deployment::begin() else { return };
    deployment.import("demo", "9A3", 7, 9);
    for step in ["appoint", "sign", "cosign"] {
        deployment.run("demo", &[step]);
    }
    let store = deployment.store();
    // Their first document comes when they end, so they are not waited for.
    let anchor = |folder: &str| {
        let child = deployment.command(folder, &["anchor"]).spawn().expect("it starts");
        Running(child)
    };
    let mut running = vec![anchor("demo"), anchor("second")];
    let leads = |running: &[Running]| {
        let leader = leader(&store);
        running.iter().position(|process| Some(process.0.id()) == leader)
    };
    let seal = |numbers: &str| deployment.run("demo", &["seal", "--only", numbers]);
    let anchored = |records: u64, patience: u64| {
        until("anchored", Duration::from_secs(patience), || {
            let status = deployment.run("demo", &["status", "--class", "9A3"]);
            let pupils = status["pupils"].as_array().expect("pupils");
            pupils.iter().filter(|pupil| pupil["state"] == "in_force").count() as u64 == records
        });
    };
    seal("1,2,3");
    anchored(3, 30);
    let (all, on_chain) = batches(&store);
    assert_eq!((all, on_chain), (2, 2), "appointments and records");

    // Killed with work before it: nothing is given back, so the other waits for the lease to run out.
    seal("4,5,6");
    let killed = leads(&running).expect("one of the two leads");
    let began = Instant::now();
    signal(&running[killed], "KILL");
    drop(running.swap_remove(killed));
    anchored(6, 60);
    let after_kill = began.elapsed();
    assert_eq!(leads(&running), Some(0), "the other one leads");

    // Told to stop, it gives the lease back; whoever waits takes it with its next look.
    running.push(anchor(["demo", "second"][killed]));
    let began = Instant::now();
    signal(&running[0], "TERM");
    assert!(running[0].0.wait().expect("it ends").success());
    until("the next one leads", Duration::from_secs(10), || leads(&running) == Some(1));
    let after_stop = began.elapsed();
    seal("7,8,9");
    anchored(9, 30);
    println!("the next one went on {after_kill:.1?} after a kill, {after_stop:.1?} after a stop");

    let (all, on_chain) = batches(&store);
    assert_eq!((all, on_chain), (4, 4), "nothing was cut into more batches than it was sealed in");
    let events = runtime().block_on(async { store.read().await?.count_events("close_batch").await });
    assert_eq!(events.expect("counted"), 4);
    runtime().block_on(store.close());
    let checked = deployment.fsck();
    assert_eq!((&checked["anchored"], &checked["batches"]), (&json!(9), &json!(4)), "{checked}");
}

#[test]
fn a_server_whose_database_is_away_says_so_and_goes_on_when_it_is_back() {
    // What was written before a crash is needed after it.
    let Some(postgres) = own_postgres(true) else { return };
    let mut deployment = Deployment::on(postgres);
    deployment.import("demo", "9A3", 7, 1);
    let teacher = deployment.token("demo", "giaovien");
    let address = address();
    let mut server = deployment.serve("demo", address);
    let classes = || once(address, "GET", "/api/v1/classes", Some(&teacher), b"").expect("answered");
    let opens = json!({ "token": base64url(&[7; 32]) }).to_string();
    let open = || once(address, "POST", "/api/v1/links/open", None, opens.as_bytes()).expect("answered");
    assert_eq!((classes().status, open().status), (200, 404));

    for mode in [Mode::Immediate, Mode::Fast] {
        let postgres = deployment.own.as_mut().expect("begun with one");
        postgres.stop(mode).expect("it stops");
        // At once, and not after the time that a request may wait for a connection.
        let asked = Instant::now();
        assert!(!balancer::is_ready(address));
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        for answer in [classes(), open()] {
            assert_eq!((answer.status, answer.retry_after), (503, Some(5)), "{}", answer.text());
            assert_eq!(answer.json()["type"], "/problems/unavailable");
        }
        assert_eq!(
            once(address, "GET", "/healthz", None, b"").expect("answered").status,
            200,
            "it need not be restarted"
        );

        postgres.start_again().expect("it starts");
        until("it is ready again", Duration::from_secs(15), || balancer::is_ready(address));
        assert_eq!((classes().status, open().status), (200, 404));
    }
    // The anchoring service, too, goes on.
    for step in ["appoint", "sign", "cosign", "seal"] {
        deployment.run("demo", &[step]);
    }
    until("in force", Duration::from_secs(45), || states(address, &teacher)[0]["in_force"] == 1);
    signal(&server, "TERM");
    assert!(server.0.wait().expect("it ends").success());
    deployment.fsck();
}
