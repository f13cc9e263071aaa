//! The running service, from outside: pages, links, a chain that goes away.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};

use hocba_store::Backend;
use hocba_tests::database::backend;
use serde_json::Value;

use crate::common::{Running, World, hocba, start};

/// One HTTP/1.1 request; the status and the body.
fn request(url: &str, method: &str, path: &str, content: &str, body: &[u8]) -> (u16, String) {
    let host = url.strip_prefix("http://").expect("plain HTTP on this machine");
    let mut stream = TcpStream::connect(host).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {content}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// Gives the chain a port of its own, so that tests do not meet, nor what else runs on this machine.
fn on_a_port_of_its_own(world: World) -> World {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let path = world.path("demo/hocba.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    config["chain"]["port"] = port.into();
    fs::write(&path, config.to_string()).expect("written");
    world
}

/// A copy of the demonstration, so served.
fn demo_on_a_port_of_its_own() -> World {
    on_a_port_of_its_own(World::demo())
}

fn serve(world: &World) -> (Running, String) {
    let mut command = hocba(world.home.path());
    command.args(["serve", "--json", "--data-dir", "demo", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
    let (running, document) = start(command);
    let url = document["url"].as_str().expect("an address").to_owned();
    (running, url)
}

fn changed(bundle: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(bundle.to_vec()).expect("JSON");
    let start = text.find("\"subject.toan\",{").expect("mathematics is shown");
    let year = start + text[start..].find("\"year\":").expect("the year's mark") + 7;
    let end = year + text[year..].find(['}', ',']).expect("the end of the number");
    let mark: u32 = text[year..end].parse().expect("tenths");
    let other = if mark == 100 { 99 } else { mark + 1 };
    format!("{}{other}{}", &text[..year], &text[end..]).into_bytes()
}

#[test]
fn the_page_names_the_changed_subject_and_says_inconclusive_when_the_chain_is_gone() {
    let world = demo_on_a_port_of_its_own();
    let mut chain = hocba(world.home.path());
    chain.args(["chain", "--json", "--data-dir", "demo"]);
    let (chain, _) = start(chain);
    let (_serving, url) = serve(&world);
    let bundle = fs::read(world.path("demo/bundles/9A3/02.hocba.json")).expect("a bundle");
    let check = |bytes: &[u8]| {
        let (status, page) = request(&url, "POST", "/v/report?lang=vi", "application/json", bytes);
        assert_eq!(status, 200, "{page}");
        page
    };
    let page = check(&bundle);
    assert!(page.contains("Học bạ này là thật và đang có hiệu lực"), "{page}");
    let page = check(&changed(&bundle));
    assert!(page.contains("Toán") && !page.contains("Học bạ này là thật và đang có hiệu lực"), "{page}");

    drop(chain);
    // What was read of the chain may be shown for two seconds more.
    std::thread::sleep(Duration::from_millis(2500));
    let page = check(&bundle);
    assert!(page.to_lowercase().contains("chưa kiểm tra được"), "{page}");
    assert!(!page.contains("giả mạo"), "{page}");
    let file = "demo/bundles/9A3/02.hocba.json";
    let run =
        world.run(&["verify", file, "--profile", "demo/profile.hocba-profile.json", "--rpc", "http://127.0.0.1:1"]);
    assert!(run.expect(2).out.starts_with("[CHƯA KIỂM TRA ĐƯỢC]"));
    // And a saved snapshot makes it valid all the same.
    world.verify(file).expect(0);
}

#[test]
fn a_link_is_made_opened_and_withdrawn() {
    let world = demo_on_a_port_of_its_own();
    let (_serving, url) = serve(&world);
    let run = world.on_demo(&["link", "7", "--json"]).expect(0);
    let document: Value = serde_json::from_str(&run.out).expect("one document");
    let link = document["url"].as_str().expect("a link");
    let secret = link.strip_prefix(&format!("{url}/v#")).expect("of the serving address");
    let secret = hocba_app::LinkSecret::from_text(secret).expect("a secret");
    let token = hocba_record::encoding::base64url(&hocba_app::link_token(&secret));
    let open = || {
        let body = format!("{{\"token\":\"{token}\"}}");
        request(&url, "POST", "/api/v1/links/open", "application/json", body.as_bytes())
    };
    let (status, body) = open();
    assert_eq!(status, 200, "{body}");
    world.on_demo(&["link", "--withdraw", document["id"].as_str().expect("an id")]).expect(0);
    let (status, body) = open();
    assert_eq!(status, 410, "{body}");
    let problem: Value = serde_json::from_str(&body).expect("a problem");
    assert_eq!(problem["type"], "/problems/link-withdrawn");
    // An id that looks like an option is an id.
    let run = world.on_demo(&["link", "--withdraw", "-T2345678901234567890g"]).expect(3);
    assert!(run.err.contains("không tìm thấy"), "{}", run.err);
}

#[test]
fn what_is_sealed_while_it_serves_is_in_force_within_seconds() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    let world = on_a_port_of_its_own(world);
    let (_serving, _) = serve(&world);
    let (header, drafts) = hocba_sample::class(9, &hocba_sample::Options::lower_secondary().with_pupils(2));
    let bytes = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    for command in [&["import", "lop.xlsx"][..], &["appoint"], &["sign"], &["cosign"], &["seal"]] {
        world.on_demo(command).expect(0);
    }
    for _ in 0..60 {
        let run = world.on_demo(&["status", "--class", "9A3", "--json"]).expect(0);
        let document: Value = serde_json::from_str(&run.out).expect("one document");
        if document["pupils"].as_array().expect("pupils").iter().all(|p| p["state"] == "in_force") {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    panic!("still not in force after half a minute");
}

#[test]
fn a_busy_port_leads_to_the_next_one() {
    let world = demo_on_a_port_of_its_own();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = hocba(world.home.path());
    command.args(["serve", "--json", "--no-anchor", "--data-dir", "demo"]);
    command.args(["--listen", &address, "--operator", "127.0.0.1:0"]);
    let (_running, document) = start(command);
    let url = document["url"].as_str().expect("an address");
    assert_ne!(url, format!("http://{address}"));
    assert_eq!(request(url, "GET", "/healthz", "text/plain", b"").0, 200);
}

#[test]
fn a_real_server_whose_port_is_busy_does_not_begin() {
    let world = World::demo();
    let mut chain = hocba(world.home.path());
    chain.args(["chain", "--json", "--port", "0", "--data-dir", "demo"]);
    let (_chain, served) = start(chain);
    let path = world.path("demo/hocba.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    config.as_object_mut().expect("an object").remove("demo");
    config["chain"] = serde_json::json!({
        "kind": "network", "chain": served["chain"], "contract": served["contract"], "url": served["url"],
    });
    fs::write(&path, config.to_string()).expect("written");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let serve = ["serve", "--no-anchor", "--operator", "127.0.0.1:0", "--listen", &address];
    let run = world.on_demo(&serve).expect(4);
    assert!(run.err.contains(&address) && run.err.contains("--listen"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn told_to_end_it_says_that_it_is_not_ready_and_serves_on_for_a_while() {
    let world = demo_on_a_port_of_its_own();
    let mut command = hocba(world.home.path());
    command.args(["serve", "--json", "--data-dir", "demo", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
    command.args(["--drain", "600"]);
    let (mut running, document) = start(command);
    let url = document["url"].as_str().expect("an address");
    let ready = || request(url, "GET", "/readyz", "text/plain", b"");
    assert_eq!(ready().0, 200);
    crate::common::signal(&running, "TERM");
    let (mut status, mut body) = ready();
    for _ in 0..600 {
        if status == 503 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        (status, body) = ready();
    }
    let document: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &document["draining"], &document["ready"]), (503, &true.into(), &false.into()));
    assert_eq!(request(url, "GET", "/v", "text/plain", b"").0, 200);
    // Whoever tells it twice means now.
    crate::common::signal(&running, "TERM");
    assert!(running.0.wait().expect("it ends").success());
}

/// A byte search of everything a finished demonstration leaves, but for the files that are meant to hold the pupils'
/// data: the school's own spreadsheet and the bundles.
#[test]
fn nothing_that_stays_behind_names_a_pupil() {
    let world = demo_on_a_port_of_its_own();
    let mut command = hocba(world.home.path());
    command.args(["serve", "--json", "--data-dir", "demo", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
    let log = fs::File::create(world.path("serve.log")).expect("a log");
    command.env("HOCBA_LOG", "debug").stderr(log);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let _running = Running(child);
    let mut text = String::new();
    let url = loop {
        assert!(out.read_line(&mut text).expect("UTF-8") > 0, "{text}");
        if let Ok(document) = serde_json::from_str::<Value>(&text) {
            break document["url"].as_str().expect("an address").to_owned();
        }
    };
    world.on_demo(&["link", "3"]).expect(0);
    let bundle = fs::read(world.path("demo/bundles/9A3/03.hocba.json")).expect("a bundle");
    for bytes in [&bundle[..], &changed(&bundle), b"{}"] {
        request(&url, "POST", "/v/report", "application/json", bytes);
    }

    let (_, drafts) = hocba_sample::class(1, &hocba_sample::Options::lower_secondary());
    let mut needles: Vec<(String, Vec<u8>)> = Vec::new();
    // Staff are named in the open: certificates and appointments say who they are. A pupil may be called the same.
    let staff = world.on_demo(&["account", "list"]).expect(0).out;
    for draft in drafts.iter().filter(|d| !staff.contains(d.identity.name.as_str())) {
        let mut texts = vec![draft.identity.name.as_str().to_owned()];
        texts.extend(draft.remark.iter().map(|r| r.as_str().to_owned()));
        texts.extend(draft.identity.identifiers.iter().map(|i| i.value.as_str().to_owned()));
        for text in texts {
            let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
            needles.push((text.clone(), text.clone().into_bytes()));
            needles.push((text.clone(), utf16(u16::to_le_bytes)));
            needles.push((text.clone(), utf16(u16::to_be_bytes)));
            // In base64 a text looks different at each of three offsets; the ends that depend on the neighbours are cut.
            for offset in 0..3 {
                let padded = [vec![0; offset], text.clone().into_bytes()].concat();
                let whole = hocba_record::encoding::base64url(&padded);
                let (from, until) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
                let part = whole.as_bytes()[from..until].to_vec();
                let standard = part
                    .iter()
                    .map(|b| match b {
                        b'-' => b'+',
                        b'_' => b'/',
                        b => *b,
                    })
                    .collect();
                needles.push((text.clone(), part));
                needles.push((text.clone(), standard));
            }
        }
    }
    let mut by_head: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (place, (_, needle)) in needles.iter().enumerate() {
        // Shorter ones would be found by chance.
        if let Some(head) = needle.get(..6) {
            by_head.entry(head).or_default().push(place);
        }
    }
    world.write_rows("rows");
    let (mut searched, mut names) = (0, Vec::new());
    let mut folders = vec![world.path("demo"), world.home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "bundles" && path != world.path("demo") {
                    folders.push(path);
                }
                continue;
            }
            if name == "class.xlsx" {
                continue;
            }
            let bytes = fs::read(&path).expect("a file");
            for (place, head) in bytes.windows(6).enumerate() {
                let candidates = by_head.get(head).into_iter().flatten();
                for (text, needle) in candidates.map(|n| &needles[*n]) {
                    assert!(!bytes[place..].starts_with(needle), "{name} holds {text:?}");
                }
            }
            searched += bytes.len();
            names.push(name);
        }
    }
    let kept: &[&str] = match backend() {
        Backend::Sqlite => &["hocba.sqlite", "hocba.sqlite-wal", "serve.log"],
        Backend::Postgres => &["rows", "serve.log"],
    };
    for wanted in kept {
        assert!(names.iter().any(|n| n == wanted), "{wanted} was searched: {names:?}");
    }
    assert!(searched > 300_000, "{searched} bytes were searched");
    // The search finds what is there: a bundle does hold the name.
    let own = drafts[2].identity.name.as_str().as_bytes();
    assert!(bundle.windows(own.len()).any(|w| w == own));
}
