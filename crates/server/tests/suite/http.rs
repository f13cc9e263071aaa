//! What a client meets: statuses, problem documents, headers, limits, an orderly end.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use hocba_record::encoding::{base64url, from_base64url};
use hocba_server::{
    config::Limits,
    lifecycle::{Lifecycle, Stage},
    listener::{self, Ended},
    problem::Kind,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    client::{get, post, send},
    common,
};

fn token(name: &str) -> String {
    base64url(&common::derive(&common::secret(name), "hocba-link-token-v1"))
}

#[tokio::test]
async fn a_link_gives_its_sealed_bundle_and_nothing_that_opens_it() {
    let router = common::public();
    let answer = post(&router, "/api/v1/links/open", json!({ "token": token("valid") }).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let document = answer.json();
    let (_, sealed) = common::seal(&common::secret("valid"), &common::Samples::new().files()[0].1);
    assert_eq!(from_base64url(document["nonce"].as_str().expect("nonce")), Ok(sealed.nonce.to_vec()));
    assert_eq!(from_base64url(document["ciphertext"].as_str().expect("ciphertext")), Ok(sealed.ciphertext));
    assert_eq!(document.as_object().map(serde_json::Map::len), Some(2));
}

#[tokio::test]
async fn links_that_do_not_open_say_why_in_the_language_asked_for() {
    let router = common::public();
    for (name, code, words) in [
        ("unknown", "link-unknown", "never was"),
        ("expired", "link-expired", "Expired at 31/05/2027"),
        ("withdrawn", "link-withdrawn", "Withdrawn at 31/05/2027"),
    ] {
        let body = json!({ "token": token(name) }).to_string();
        let answer = post(&router, "/api/v1/links/open?lang=en", body.clone()).await;
        assert_eq!(answer.problem(), code);
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{}", answer.text());
        let vietnamese = post(&router, "/api/v1/links/open", body).await;
        assert_ne!(vietnamese.json()["title"], answer.json()["title"]);
    }
    let expired = post(&router, "/api/v1/links/open", json!({ "token": token("expired") }).to_string()).await;
    assert_eq!(expired.json()["expired_at"], hocba_tests::NOW - hocba_tests::DAY);
}

#[tokio::test]
async fn malformed_requests_are_told_what_and_never_shown_what_they_sent() {
    let router = common::public();
    let short = json!({ "token": "c2VjcmV0LXNlY3JldA" }).to_string();
    let surplus = json!({ "token": token("valid"), "secret": "c2VjcmV0LXNlY3JldA" }).to_string();
    for (body, member) in
        [(short, "token"), (surplus, "body"), ("c2VjcmV0LXNlY3JldA".to_owned(), "body"), (String::new(), "body")]
    {
        let answer = post(&router, "/api/v1/links/open", body).await;
        assert_eq!(answer.problem(), "malformed");
        assert_eq!(answer.json()["member"], member);
        assert!(!answer.text().contains("c2VjcmV0"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_failure_inside_shows_a_reference_and_no_cause() {
    let router = common::public();
    for (address, body) in
        [("/api/v1/links/open", json!({ "token": token("failing") }).to_string()), ("/v/report", "panic".to_owned())]
    {
        let answer = post(&router, address, body).await;
        assert_eq!(answer.problem(), "internal");
        assert!(!answer.text().contains("Nguyễn") && !answer.text().contains("panic"), "{}", answer.text());
        assert_eq!(answer.json().as_object().map(serde_json::Map::len), Some(5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_told_to_come_back() {
    let answer = post(&common::public(), "/v/report", "sleep").await;
    assert_eq!(answer.problem(), "busy");
    assert_eq!(answer.headers[header::RETRY_AFTER], "5");
}

#[tokio::test]
async fn what_libraries_refuse_is_a_problem_document_too() {
    let router = common::public();
    assert_eq!(get(&router, "/api/v1/nothing").await.problem(), "not-found");
    assert_eq!(get(&router, "/assets/none.js").await.problem(), "not-found");
    assert_eq!(get(&router, "/problems/none").await.problem(), "not-found");
    let wrong =
        send(&router, Request::builder().method(Method::DELETE).uri("/v").body(Body::empty()).expect("request")).await;
    assert_eq!(wrong.problem(), "method-not-allowed");
    assert!(wrong.headers[header::ALLOW].to_str().is_ok_and(|allow| allow.contains("GET")));
    let large = post(&router, "/v/report", vec![b' '; hocba_server::MAX_BODY + 1]).await;
    assert_eq!(large.problem(), "too-large");
    assert_eq!(large.json()["limit"], hocba_server::MAX_BODY);
}

#[tokio::test]
async fn a_browser_gets_the_problem_as_a_page() {
    let request = Request::get("/nowhere?lang=en").header(header::ACCEPT, "text/html,*/*;q=0.8");
    let answer = send(&common::public(), request.body(Body::empty()).expect("request")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("<h1>Nothing is here</h1>"), "{}", answer.text());
}

#[tokio::test]
async fn a_form_without_a_script_gets_a_whole_page_with_the_verdict() {
    let router = common::public();
    let file = common::Samples::new().files()[0].1.clone();
    let mut form = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.hocba.json\"\r\n\r\n".to_vec();
    form.extend(file);
    form.extend(b"\r\n--x--\r\n");
    let multipart = |body: Vec<u8>| {
        Request::post("/v/report")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from(body))
            .expect("request")
    };
    let answer = send(&router, multipart(form)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().starts_with("<!doctype html>") && answer.text().contains("Học bạ này là thật"));
    let without = send(
        &router,
        multipart(b"--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n".to_vec()),
    )
    .await;
    assert_eq!((without.problem().as_str(), without.json()["member"].as_str()), ("malformed", Some("file")));
    assert_eq!(send(&router, multipart(b"nonsense".to_vec())).await.problem(), "malformed");
    // Coming back to the address later leads to the empty page.
    assert_eq!(get(&router, "/v/report").await.headers[header::LOCATION], "/v");
}

#[tokio::test]
async fn guards_stand_on_every_answer() {
    let router = common::public();
    for answer in [get(&router, "/v").await, get(&router, "/nowhere").await, post(&router, "/v/report", "{}").await] {
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        assert!(!answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "plain HTTP promises no HTTPS");
        // The policy forbids both; a page that had them would be broken.
        assert!(!answer.text().contains(" style=") && !answer.text().contains("<script>"));
    }
    let secure = hocba_server::config::ServerConfig {
        public_url: "https://hocba.example.vn".parse().expect("url"),
        ..common::config()
    };
    let router = hocba_server::for_anyone(&common::server(secure));
    assert!(get(&router, "/v").await.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn assets_may_be_kept_for_ever_under_the_names_that_pages_use() {
    let router = common::public();
    let page = get(&router, "/v").await;
    let addresses: Vec<&str> = page
        .text()
        .match_indices("/assets/")
        .map(|(at, _)| page.text()[at..].split('"').next().expect("quoted"))
        .collect();
    assert_eq!(addresses.len(), 3);
    for address in addresses {
        let asset = get(&router, address).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.headers[header::CACHE_CONTROL].to_str().is_ok_and(|keep| keep.contains("immutable")));
    }
}

#[tokio::test]
async fn a_request_keeps_a_well_formed_id_and_gets_one_otherwise() {
    let router = common::public();
    let with = |id: &str| Request::get("/healthz").header("x-request-id", id).body(Body::empty()).expect("request");
    assert_eq!(send(&router, with("proxy-1234")).await.headers["x-request-id"], "proxy-1234");
    assert_eq!(send(&router, with("x\"y z")).await.headers["x-request-id"], "abababababababab-000000");
    assert_eq!(get(&router, "/healthz").await.headers["x-request-id"], "abababababababab-000001");
}

#[tokio::test]
async fn readiness_needs_the_database_and_not_the_chain() {
    let mut samples = common::Samples::new();
    let answer = get(&common::public_of(samples.clone()), "/readyz").await;
    assert_eq!((answer.status, answer.json()["ready"].as_bool()), (StatusCode::OK, Some(true)));
    assert_eq!(answer.json()["parts"]["chain"]["up"], false);
    samples.up = false;
    let answer = get(&common::public_of(samples), "/readyz").await;
    assert_eq!((answer.status, answer.json()["ready"].as_bool()), (StatusCode::SERVICE_UNAVAILABLE, Some(false)));
}

#[tokio::test]
async fn metrics_count_routes_and_verdicts_and_nothing_that_a_client_sent() {
    let server = common::server(common::config());
    let (router, operator) = (hocba_server::for_anyone(&server), hocba_server::operator(&server));
    post(&router, "/v/report?lang=en&who=nguyen-van-a", "{}").await;
    get(&router, "/nowhere/nguyen-van-a").await;
    let text = get(&operator, "/metrics").await;
    let text = text.text();
    for line in [
        "hocba_http_requests_total{method=\"POST\",route=\"/v/report\",status=\"200\"} 1",
        "hocba_http_requests_total{method=\"GET\",route=\"(none)\",status=\"404\"} 1",
        "hocba_verdicts_total{verdict=\"invalid\"} 1",
        "hocba_records{state=\"sealed\"} 39",
        "hocba_oldest_waiting_seconds 90",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("nguyen"));
    // Metrics are the operator's.
    assert_eq!(get(&router, "/metrics").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_kind_of_problem_has_a_page() {
    let router = common::public();
    for kind in Kind::ALL {
        let page = get(&router, &format!("{}?lang=en", kind.uri())).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.text().contains(&kind.title(hocba_server::language::Language::English).replace('\'', "&#39;")),
            "{}",
            kind.code()
        );
    }
}

#[tokio::test]
async fn a_server_that_leaves_says_so_to_the_operator_and_sends_clients_away() {
    let server = common::server(common::config());
    let operator = hocba_server::operator(&server);
    let before = get(&operator, "/").await;
    assert!(before.text().contains("<h1>Sẵn sàng") && !before.headers.contains_key(header::CONNECTION));
    server.life().enter(Stage::Draining);
    let after = get(&operator, "/").await;
    assert!(after.text().contains("<h1>Đang dừng") && after.headers[header::CONNECTION] == "close");
    let ready = get(&operator, "/readyz").await;
    assert_eq!((ready.status, &ready.json()["draining"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(true)));
}

/// Begins a request of two bytes over a real connection, and returns when its handler has asked for them.
async fn half_a_request(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let head = "POST /v/report HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sends");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.expect("an answer");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn stopping_answers_what_runs_and_takes_nothing_new() {
    let socket = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = socket.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let limits = common::config().limits;
    let server = tokio::spawn(async move {
        listener::serve(socket, common::public(), &limits, async { stopped.await.unwrap_or_default() }).await
    });
    let mut slow = half_a_request(address).await;
    stop.send(()).expect("the server runs");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    slow.write_all(b"{}").await.expect("sends");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(server.await.expect("ends"), Ended::Drained);
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_is_cut_when_the_server_stops() {
    let socket = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = socket.local_addr().expect("an address");
    let limits = Limits { closing_seconds: 0, ..common::config().limits };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        listener::serve(socket, common::public(), &limits, async { stopped.await.unwrap_or_default() }).await
    });
    let mut open = half_a_request(address).await;
    stop.send(()).expect("the server runs");
    assert_eq!(server.await.expect("ends"), Ended::Cut);
    let mut rest = Vec::new();
    assert!(open.read_to_end(&mut rest).await.map_or(true, |n| n == 0), "no answer");
}

/// A server on a port of its own.
struct Running {
    address: SocketAddr,
    life: Lifecycle,
    ended: JoinHandle<Ended>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let socket = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let server = common::server(common::config());
        let life = server.life().clone();
        let (router, stop) = (hocba_server::for_anyone(&server), life.reached(Stage::Closing));
        let ended = tokio::spawn(async move { listener::serve(socket, router, &limits, stop).await });
        Self { address, life, ended }
    }
}

/// Asks over a connection and reads the whole answer: its status, and whether the server closes the connection.
async fn ask(stream: &mut TcpStream, path: &str) -> io::Result<(u16, bool)> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        if body.len() >= length.parse().expect("a number") {
            return Ok((head[9..12].parse().expect("a status"), head.contains("\r\nconnection: close")));
        }
    }
}

/// What clients in a closed loop do and see.
#[derive(Default)]
struct Traffic {
    to_new: AtomicBool,
    enough: AtomicBool,
    on_old: AtomicUsize,
    by_old: AtomicUsize,
    by_new: AtomicUsize,
}

impl Traffic {
    /// Asks again and again over connections that it keeps, of the server that it is sent to, until it is enough.
    async fn flow(&self, old: SocketAddr, new: SocketAddr) -> io::Result<()> {
        while !self.enough.load(Ordering::SeqCst) {
            self.on_old.fetch_add(1, Ordering::SeqCst);
            let to_new = self.to_new.load(Ordering::SeqCst);
            if to_new {
                self.on_old.fetch_sub(1, Ordering::SeqCst);
            }
            let (address, answered) = if to_new { (new, &self.by_new) } else { (old, &self.by_old) };
            let mut stream = TcpStream::connect(address).await?;
            loop {
                let (status, closes) = ask(&mut stream, "/healthz").await?;
                assert_eq!(status, 200);
                answered.fetch_add(1, Ordering::SeqCst);
                if closes || self.enough.load(Ordering::SeqCst) {
                    break;
                }
            }
            if !to_new {
                self.on_old.fetch_sub(1, Ordering::SeqCst);
            }
        }
        Ok(())
    }
}

async fn until(mut so: impl FnMut() -> bool) {
    timeout(Duration::from_secs(30), async {
        while !so() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it comes to that");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_readiness_loses_no_request_when_a_server_is_replaced() {
    let (old, new) = (Running::start(Limits::default()).await, Running::start(Limits::default()).await);
    let traffic = Arc::new(Traffic::default());
    let clients = (0..8).map(|_| {
        let (traffic, old, new) = (traffic.clone(), old.address, new.address);
        tokio::spawn(async move { traffic.flow(old, new).await })
    });
    let clients: Vec<_> = clients.collect();
    let balancer = tokio::spawn({
        let (traffic, address) = (traffic.clone(), old.address);
        async move {
            while ask(&mut TcpStream::connect(address).await?, "/readyz").await?.0 == 200 {}
            traffic.to_new.store(true, Ordering::SeqCst);
            io::Result::Ok(())
        }
    });
    until(|| traffic.by_old.load(Ordering::SeqCst) > 200).await;
    let mut idle = TcpStream::connect(old.address).await.expect("the server listens");
    assert_eq!(ask(&mut idle, "/healthz").await.expect("an answer"), (200, false));

    old.life.enter(Stage::Draining);
    let mut late = TcpStream::connect(old.address).await.expect("who has not noticed is still served");
    assert_eq!(ask(&mut late, "/readyz").await.expect("an answer"), (503, true));
    let mut slow = half_a_request(old.address).await;
    balancer.await.expect("no panic").expect("probes are answered");
    // A drain time is long enough when this is so before it ends.
    until(|| traffic.on_old.load(Ordering::SeqCst) == 0).await;

    old.life.enter(Stage::Closing);
    assert_eq!(idle.read(&mut [0]).await.expect("an end in order"), 0);
    slow.write_all(b"{}").await.expect("sends");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\r\nconnection: close"), "{answer}");
    assert_eq!(old.ended.await.expect("ends"), Ended::Drained);
    let before = traffic.by_new.load(Ordering::SeqCst);
    until(|| traffic.by_new.load(Ordering::SeqCst) > before + 200).await;
    traffic.enough.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.expect("no panic").expect("each request was answered");
    }
}

#[tokio::test]
async fn a_connection_that_waits_for_its_turn_is_answered_when_the_server_closes() {
    let server = Running::start(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = half_a_request(server.address).await;
    let mut second = TcpStream::connect(server.address).await.expect("the system takes it");
    let asked = ask(&mut second, "/healthz");
    server.life.enter(Stage::Closing);
    let (answer, ()) = tokio::join!(asked, async {
        while TcpStream::connect(server.address).await.is_ok() {}
        first.write_all(b"{}").await.expect("sends");
    });
    assert_eq!(answer.expect("an answer"), (200, true));
    assert_eq!(server.ended.await.expect("ends"), Ended::Drained);
}

#[tokio::test]
async fn a_connection_kept_in_reserve_does_not_hold_up_the_end() {
    let server = Running::start(Limits { header_seconds: 120, ..Limits::default() }).await;
    let _silent = TcpStream::connect(server.address).await.expect("the server listens");
    server.life.enter(Stage::Closing);
    let ended = timeout(Duration::from_secs(20), server.ended).await.expect("long before the head's time is over");
    assert_eq!(ended.expect("ends"), Ended::Drained);
}

#[tokio::test]
async fn a_busy_port_is_told_apart_and_the_next_one_is_taken() {
    let first = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = first.local_addr().expect("an address");
    assert!(matches!(listener::bind(address).await, Err(listener::BindError::Busy(at)) if at == address));
    let next = listener::bind_near(address, 50).await.expect("one of the next is free");
    assert!(next.local_addr().expect("an address").port() > address.port());
}
