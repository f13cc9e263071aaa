//! `hocba watch`: a service that tells the truth, one that lies, and a chain that was written anew.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use hocba_bundle::{
    facts::{ANCHOR_TAG, batch_digest, genesis_digest},
    snapshot::{OpenSnapshot, Snapshot, SnapshotFormat},
};
use hocba_record::encoding::Sha256Digest;
use serde_json::{Value, json};

use crate::common::{Run, Running, World, hocba, start};

const SCHOOL: &str = "79DEMO001";
const SNAPSHOT: &str = "demo/snapshot.hocba-snapshot.json";
const PROFILE: &str = "demo/profile.hocba-profile.json";

/// A copy of the demonstration, served with its chain, each on a port of its own.
struct Served {
    world: World,
    chain: String,
    url: String,
    _running: [Running; 2],
}

impl Served {
    fn new() -> Self {
        let world = World::demo();
        let path = world.path("demo/hocba.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        config["chain"]["port"] = port.into();
        fs::write(&path, config.to_string()).expect("written");
        let mut command = hocba(world.home.path());
        command.args(["chain", "--json", "--data-dir", "demo"]);
        let (chain, document) = start(command);
        let chain_url = document["url"].as_str().expect("an address").to_owned();
        let mut command = hocba(world.home.path());
        command.args(["serve", "--json", "--data-dir", "demo", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
        let (serving, document) = start(command);
        let url = document["url"].as_str().expect("an address").to_owned();
        let token = world.on_demo(&["account", "token", "vanthu", "--json"]).expect(0).out;
        let token: Value = serde_json::from_str(&token).expect("one document");
        fs::write(world.path("token"), token["token"].as_str().expect("a token")).expect("written");
        world.on_demo(&["export", "books", "--out", "books.csv"]).expect(0);
        Self { world, chain: chain_url, url, _running: [chain, serving] }
    }

    /// What the service says at an address of its API.
    fn get(&self, path: &str) -> Value {
        let host = self.url.strip_prefix("http://").expect("plain HTTP on this machine");
        let token = fs::read_to_string(self.world.path("token")).expect("a token");
        let mut stream = TcpStream::connect(host).expect("it listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        serde_json::from_str(body).expect("JSON")
    }

    /// Everything that `watch` asks for, by its address.
    fn answers(&self) -> Answers {
        let list = self.get("/api/v1/batches");
        let mut answers = BTreeMap::new();
        for index in 0..list["batches"].as_array().expect("batches").len() {
            for path in [leaves(index), of_school(index), schools(index)] {
                answers.insert(path.clone(), self.get(&path));
            }
        }
        answers.insert(LIST.to_owned(), list);
        answers
    }
}

type Answers = BTreeMap<String, Value>;

const LIST: &str = "/api/v1/batches?from=0";

fn leaves(index: usize) -> String {
    format!("/api/v1/batches/{index}/leaves")
}

fn schools(index: usize) -> String {
    format!("/api/v1/batches/{index}/schools")
}

fn of_school(index: usize) -> String {
    format!("/api/v1/schools/{SCHOOL}/batches/{index}/leaves")
}

/// A service that says what it is told to say, and `404` of all else.
struct Liar {
    url: String,
    says: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Liar {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let says: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let told = Arc::clone(&says);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
                let first = lines.next().expect("a request").expect("text");
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let path = first.split(' ').nth(1).expect("a path");
                let body = told.lock().expect("no test panics with it").get(path).cloned();
                let (status, body) = body.map_or((404, Vec::new()), |body| (200, body));
                let head =
                    format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                // Whoever asked may have heard enough.
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { url, says }
    }

    fn say(&self, answers: &Answers) {
        let bytes = |(path, value): (&String, &Value)| (path.clone(), value.to_string().into_bytes());
        *self.says.lock().expect("no test panics with it") = answers.iter().map(bytes).collect();
    }

    fn say_bytes(&self, path: &str, bytes: Vec<u8>) {
        self.says.lock().expect("no test panics with it").insert(path.to_owned(), bytes);
    }
}

fn watch(world: &World, args: &[&str]) -> Run {
    world.run(&[&["watch", "--once", "--json", "--profile", PROFILE], args].concat())
}

/// A look at a service by the demonstration's snapshot.
fn look(world: &World, url: &str, books: &str) -> Run {
    let school = ["--school", SCHOOL, "--token-file", "token", "--books", books];
    watch(world, &[&["--snapshot", SNAPSHOT, "--service", url, "--grace", "0"], &school[..]].concat())
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {} {}", run.out, run.err))
}

/// Codes of what was found, with their batches.
fn codes(run: &Run) -> Vec<(String, Value)> {
    let document = document(run);
    let findings = document["findings"].as_array().expect("findings");
    findings.iter().map(|f| (f["code"].as_str().expect("a code").to_owned(), f["batch"].clone())).collect()
}

#[test]
fn a_service_that_tells_the_truth_gives_no_findings() {
    let served = Served::new();
    let world = &served.world;
    let args = ["--rpc", &served.chain, "--service", &served.url, "--school", SCHOOL, "--token-file", "token"];
    let look = |books: &str| document(&watch(world, &[&args[..], &["--books", books]].concat()).expect(0));
    let first = look("books.csv");
    assert_eq!((&first["verdict"], &first["history"]), (&json!("clean"), &json!({ "state": "first" })), "{first}");
    let count = json!({ "class": "9A3 2026-2027", "books": 40, "anchored": 40, "found": 40, "listed": 40 });
    assert_eq!(first["classes"], json!([count]));
    assert_eq!(first["checked"]["batches"], first["batches"]);

    // The transcript files that were handed out say the same of the records; what no file carries is in no file's books.
    let files = ["export", "books", "--bundles", "demo/bundles", "--out", "files.csv"];
    world.run(&files).expect(0);
    let of = |name: &str, kind: &str| -> Vec<String> {
        let text = fs::read_to_string(world.path(name)).expect("books");
        text.lines().filter(|line| line.contains(kind)).map(str::to_owned).collect()
    };
    assert_eq!(of("books.csv", ",record,"), of("files.csv", ",record,"));
    assert_eq!(of("files.csv", ",record,").len(), 40);

    // Whoever has no account recomputes the roots; and the chain goes on from the first look.
    let auditor = ["--rpc", &served.chain, "--service", &served.url, "--books", "files.csv"];
    let second = document(&watch(world, &auditor).expect(0));
    assert_eq!(second["history"], json!({ "state": "goes_on", "batches": 0, "statuses": 0 }));
    assert_eq!(second["checked"], first["checked"]);
    let plain = world.run(&[&["watch", "--once", "--profile", PROFILE], &auditor[..]].concat()).expect(0).out;
    assert!(plain.contains("Không thấy điều gì không khớp.") && plain.contains("nối tiếp lần trước"), "{plain}");

    // A token that the service does not know is said to be refused, and no lie is read into it.
    fs::write(world.path("token"), "hocba_nonsense").expect("written");
    let run = watch(world, &[&args[..], &["--books", "books.csv"]].concat()).expect(3);
    assert_eq!(document(&run)["error"]["code"], "denied");
}

#[test]
fn each_lie_of_a_service_is_found_and_named() {
    let served = Served::new();
    let (world, truth, liar) = (&served.world, served.answers(), Liar::new());
    let batches = truth[LIST]["batches"].as_array().expect("batches").len();
    // The last batch has the records.
    let last = batches - 1;
    let look = |books: &str| look(world, &liar.url, books);
    let lie = |change: &dyn Fn(&mut Answers)| {
        let mut answers = truth.clone();
        change(&mut answers);
        liar.say(&answers);
        codes(&look("books.csv").expect(1))
    };
    let one = |code: &str, batch: Value| vec![(code.to_owned(), batch)];
    liar.say(&truth);
    let run = look("books.csv");
    assert_eq!(codes(&run), [], "the truth, told by another: {}", run.out);
    run.expect(0);

    // Hidden batch.
    let hidden = lie(&|a| {
        for path in [leaves(last), of_school(last), schools(last)] {
            a.remove(&path);
        }
        a.get_mut(LIST).expect("the list")["batches"].as_array_mut().expect("batches").pop();
    });
    assert_eq!(hidden, one("hidden_batch", last.into()));
    // Invented batch.
    let invented = lie(&|a| {
        let list = a.get_mut(LIST).expect("the list")["batches"].as_array_mut().expect("batches");
        let made_up = json!({ "index": batches, "root": list[0]["root"], "size": 1, "time": list[last]["time"] });
        list.push(made_up);
    });
    assert_eq!(invented, one("invented_batch", batches.into()));
    // Foreign leaf: issued under the school's code, and the school never sent it.
    liar.say(&truth);
    let books = fs::read_to_string(world.path("books.csv")).expect("books");
    let (gone, rest): (Vec<&str>, Vec<&str>) = {
        let first = books.lines().position(|line| line.contains(",record,")).expect("a record");
        let of =
            |keep: bool| books.lines().enumerate().filter(|(n, _)| (*n == first) == keep).map(|(_, l)| l).collect();
        (of(true), of(false))
    };
    fs::write(world.path("less.csv"), rest.join("\n")).expect("written");
    let run = look("less.csv").expect(1);
    let foreign = codes(&run);
    assert_eq!(foreign, [("foreign_leaf".to_owned(), last.into()), ("class_count".to_owned(), Value::Null)]);
    let leaf = gone[0].split(',').next().expect("a leaf");
    assert_eq!(document(&run)["findings"][0]["leaf"], leaf);
    let plain = ["--service", &liar.url, "--snapshot", SNAPSHOT, "--school", SCHOOL, "--token-file", "token"];
    let plain = [&["watch", "--once", "--profile", PROFILE, "--books", "less.csv"], &plain[..]].concat();
    let plain = world.run(&plain).expect(1).out;
    assert!(plain.starts_with("✗ [foreign_leaf] Bản ghi lạ dưới mã trường") && plain.contains(leaf), "{plain}");
    // Missing leaf.
    let missing = lie(&|a| {
        a.remove(&schools(last));
        let list = a.get_mut(&of_school(last)).expect("the school's")["leaves"].as_array_mut().expect("leaves");
        list.remove(7);
    });
    let hidden_schools = ("hidden_batch".to_owned(), json!(last));
    assert_eq!(missing[0], hidden_schools, "whose they are is hidden, too");
    assert_eq!(missing[1], ("missing_leaf".to_owned(), json!(last)));

    // Another leaf in place of one: the root tells.
    let other = json!(format!("sha256:{}", "ab".repeat(32)));
    let differs = lie(&|a| a.get_mut(&leaves(last)).expect("leaves")["leaves"][3] = other.clone());
    assert_eq!(differs, one("root_differs", last.into()));
    // Whose a leaf is, told in two ways.
    let two = lie(&|a| a.get_mut(&schools(last)).expect("schools")["schools"][5] = "79DEMO002".into());
    assert_eq!(two, one("two_answers", last.into()));

    // Lists that are none are refused, each for its reason.
    let refused = |bytes: Vec<u8>| {
        liar.say(&truth);
        liar.say_bytes(&leaves(last), bytes);
        let run = look("books.csv").expect(1);
        assert_eq!(codes(&run), one("bad_manifest", last.into()));
        let finding = document(&run)["findings"][0].clone();
        (finding["list"].as_str().expect("a list").to_owned(), finding["problem"].as_str().expect("a word").to_owned())
    };
    let with = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut answer = truth[&leaves(last)].clone();
        change(answer["leaves"].as_array_mut().expect("leaves"));
        answer.to_string().into_bytes()
    };
    for (bytes, problem) in [
        (vec![b' '; 9 * 1024 * 1024], "too_large"),
        (b"<html>500</html>".to_vec(), "not_json"),
        (b"{\"index\":1,\"leaves\":7}".to_vec(), "shape"),
        (with(&|l| l[1] = l[0].clone()), "repeated"),
        (with(&|l| drop(l.pop())), "count"),
    ] {
        assert_eq!(refused(bytes), ("leaves".to_owned(), problem.to_owned()));
    }
}

#[test]
fn history_that_was_written_anew_is_found_and_both_are_kept() {
    let world = World::demo();
    let by = |snapshot: &str| watch(&world, &["--snapshot", snapshot]);
    // What somebody saw once: the same block, with another first batch.
    let honest = OpenSnapshot::open(&fs::read(world.path(SNAPSHOT)).expect("a file")).expect("a snapshot");
    let mut facts = honest.facts.facts().clone();
    facts.batches[0].root = Sha256Digest::of(b"another");
    facts.head = genesis_digest(ANCHOR_TAG, facts.chain, &facts.contract, facts.predecessor.as_ref());
    for (index, batch) in (0..).zip(&facts.batches) {
        facts.head = batch_digest(facts.chain, &facts.contract, index, batch, &facts.head);
    }
    let (hocba, taken_at) = (SnapshotFormat::V1, honest.taken_at);
    let other = Snapshot { earlier: Vec::new(), facts, hocba, statuses: honest.statuses.clone(), taken_at };
    fs::write(world.path("other.json"), other.to_bytes()).expect("written");
    by("other.json").expect(0);
    let kept = fs::read(world.path("hocba-watch/facts.hocba-snapshot.json")).expect("kept");

    let run = by(SNAPSHOT).expect(1);
    let document = document(&run);
    assert_eq!(codes(&run), [("rewritten_history".to_owned(), Value::Null)]);
    assert_eq!(document["findings"][0]["rewriting"], json!({ "what": "batch", "index": 0 }));
    assert_eq!(document["history"]["state"], "rewritten");
    assert_eq!(fs::read(world.path("hocba-watch/facts.hocba-snapshot.json")).expect("kept"), kept, "as it was");
    let beside = document["history"]["kept"].as_str().expect("a file");
    let beside = OpenSnapshot::open(&fs::read(world.path(beside)).expect("a file")).expect("a snapshot");
    assert_eq!(beside.facts.facts(), honest.facts.facts());
    // It is found again the next time, and not in a state that saw nothing else.
    by(SNAPSHOT).expect(1);
    watch(&world, &["--snapshot", SNAPSHOT, "--state", "fresh"]).expect(0);
    // What was kept and is damaged is no reason to begin anew.
    fs::write(world.path("fresh/facts.hocba-snapshot.json"), b"{}").expect("written");
    watch(&world, &["--snapshot", SNAPSHOT, "--state", "fresh"]).expect(4);
}

#[test]
fn what_could_not_be_compared_is_no_finding_and_no_comfort() {
    let world = World::demo();
    // No chain.
    let run = watch(&world, &["--rpc", "http://127.0.0.1:1"]).expect(2);
    assert_eq!(document(&run)["unchecked"], json!([{ "code": "chain", "problem": "unreachable" }]));
    // No service.
    let run = watch(&world, &["--snapshot", SNAPSHOT, "--service", "http://127.0.0.1:1", "--grace", "0"]).expect(2);
    assert_eq!((document(&run)["verdict"].clone(), codes(&run)), (json!("unchecked"), vec![]));
    // No account, books that are none, a school that nobody answers for.
    for (args, code) in [
        (&["--service", "http://127.0.0.1:1", "--school", SCHOOL][..], "no_token"),
        (&["--service", "http://hocba.example.vn"], "bad_url"),
        (&["--books", PROFILE], "books"),
        (&["--manifests", "demo", "--school", "XX"], "unknown_school"),
    ] {
        let run = watch(&world, &[&["--snapshot", SNAPSHOT], args].concat()).expect(3);
        assert_eq!(document(&run)["error"]["code"], code);
    }
    // A folder of answers in which nothing is: each batch is hidden there.
    let run = watch(&world, &["--snapshot", SNAPSHOT, "--manifests", "demo", "--grace", "0"]).expect(1);
    assert!(codes(&run).iter().all(|(code, _)| code == "hidden_batch"), "{}", run.out);
}
