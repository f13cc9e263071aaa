//! What a client meets: statuses, problem documents, headers, limits, an orderly end.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use hocba_record::encoding::{base64url, from_base64url};
use hocba_server::{listener, problem::Kind};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
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

/// Begins a request of two bytes over a real connection, and returns when its handler has asked for them.
async fn half_a_request(address: std::net::SocketAddr) -> TcpStream {
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
    assert_eq!(server.await.expect("ends"), listener::Ended::Drained);
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_is_cut_when_the_server_stops() {
    let socket = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = socket.local_addr().expect("an address");
    let limits = hocba_server::config::Limits { drain_seconds: 0, ..common::config().limits };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        listener::serve(socket, common::public(), &limits, async { stopped.await.unwrap_or_default() }).await
    });
    let mut open = half_a_request(address).await;
    stop.send(()).expect("the server runs");
    assert_eq!(server.await.expect("ends"), listener::Ended::Cut);
    let mut rest = Vec::new();
    assert!(open.read_to_end(&mut rest).await.map_or(true, |n| n == 0), "no answer");
}

#[tokio::test]
async fn a_busy_port_is_told_apart_and_the_next_one_is_taken() {
    let first = listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = first.local_addr().expect("an address");
    assert!(matches!(listener::bind(address).await, Err(listener::BindError::Busy(at)) if at == address));
    let next = listener::bind_near(address, 50).await.expect("one of the next is free");
    assert!(next.local_addr().expect("an address").port() > address.port());
}
