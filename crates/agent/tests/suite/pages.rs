//! Who may call: names, origins, pairing.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::kit::{ORIGIN, PORT, Token, World, from_page, list, tasks};

fn world() -> World {
    World::new(Token::new(usize::MAX))
}

#[tokio::test]
async fn a_page_whose_own_name_leads_here_is_refused() {
    let world = world();
    let token = world.pair().await;
    let call = |host: &str| {
        let request = Request::get("/v1/certificates").header("origin", ORIGIN);
        let request = request.header("authorization", format!("Bearer {token}")).header("host", host);
        world.send(request.body(Body::empty()).expect("a request"))
    };
    for good in ["127.0.0.1", "[::1]", "localhost"] {
        call(&format!("{good}:{PORT}")).await.expect(200);
    }
    for bad in
        ["hocba.so.example:8792", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8792", "127.0.0.1:8792.x", ""]
    {
        call(bad).await.refused(421, "wrong-host");
    }
    // Nor two names.
    let twice = Request::get("/v1/status").header("host", "127.0.0.1:8792").header("host", "evil.example");
    world.send(twice.body(Body::empty()).expect("a request")).await.refused(421, "wrong-host");
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_and_told_nothing() {
    let world = world();
    let token = world.pair().await;
    for origin in ["https://evil.example", "https://hocba.so.example.evil", "http://hocba.so.example", "null", "x"] {
        for (method, path) in [
            ("GET", "/v1/status"),
            ("GET", "/v1/certificates"),
            ("POST", "/v1/pair"),
            ("POST", "/v1/sign"),
            ("OPTIONS", "/v1/sign"),
        ] {
            let answer = world.send(from_page(origin, method, path, Some(&token), &Value::Null)).await;
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
            answer.refused(403, "origin-not-allowed");
        }
    }
    // A program without an origin learns that the agent is there, and no more.
    world.send(from_page("", "GET", "/v1/status", None, &Value::Null)).await.expect(200);
    world
        .send(from_page("", "GET", "/v1/certificates", Some(&token), &Value::Null))
        .await
        .refused(403, "origin-not-allowed");
    world
        .send(from_page("", "POST", "/v1/pair", None, &json!({ "code": world.agent.code() })))
        .await
        .refused(403, "origin-not-allowed");
}

#[tokio::test]
async fn cors_is_answered_for_the_allowed_origin_and_for_the_private_network() {
    let world = world();
    for origin in [ORIGIN, "http://localhost:8080"] {
        let mut preflight = from_page(origin, "OPTIONS", "/v1/sign", None, &Value::Null);
        let headers = preflight.headers_mut();
        headers.insert("access-control-request-method", "POST".parse().expect("a value"));
        headers.insert("access-control-request-private-network", "true".parse().expect("a value"));
        let answer = world.send(preflight).await.expect(204);
        let header = |name| answer.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!(header("access-control-allow-origin"), origin);
        assert_eq!(header("access-control-allow-private-network"), "true");
        assert_eq!(header("access-control-allow-headers"), "authorization, content-type");
        assert_eq!(header("vary"), "Origin");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
    let answer = world.page("GET", "/v1/status", None, &Value::Null).await.expect(200);
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(answer.body["paired"], false);
}

#[tokio::test]
async fn nothing_is_signed_or_told_without_pairing() {
    let world = world();
    for token in [None, Some(""), Some("hocbasigner_AAAA"), Some(world.agent.code().as_str())] {
        world.page("GET", "/v1/certificates", token, &Value::Null).await.refused(401, "not-paired");
        world.page("POST", "/v1/sign", token, &list(&tasks(1..=2))).await.refused(401, "not-paired");
        world.page("GET", "/v1/lists/x", token, &Value::Null).await.refused(401, "not-paired");
    }
    assert!(world.desk.shown.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_token_is_of_use_to_its_own_origin_only() {
    let world = world();
    let token = world.pair().await;
    world.page("GET", "/v1/certificates", Some(&token), &Value::Null).await.expect(200);
    let other = from_page("http://localhost:8080", "GET", "/v1/certificates", Some(&token), &Value::Null);
    world.send(other).await.refused(401, "not-paired");
    // And another origin's list is not there for it.
    let done = world.sign(&token, &list(&tasks([1]))).await;
    let code = json!({ "code": world.agent.code() });
    let paired = world.send(from_page("http://localhost:8080", "POST", "/v1/pair", None, &code)).await.expect(200);
    let theirs = paired.body["token"].as_str().expect("a token");
    let path = format!("/v1/lists/{}", done["id"].as_str().expect("a digest"));
    let asked = from_page("http://localhost:8080", "GET", &path, Some(theirs), &Value::Null);
    world.send(asked).await.refused(404, "unknown-list");
}

#[tokio::test]
async fn wrong_codes_lead_to_new_ones_and_then_to_nothing() {
    let world = world();
    let wrong = || json!({ "code": if world.agent.code() == "000000" { "000001" } else { "000000" } });
    let first = world.agent.code();
    for _ in 0..5 {
        world.page("POST", "/v1/pair", None, &wrong()).await.refused(403, "wrong-code");
    }
    assert_ne!(world.agent.code(), first);
    assert_eq!(*world.desk.codes.lock().expect("no panic"), [world.agent.code()], "the new one is shown");
    for _ in 5..19 {
        world.page("POST", "/v1/pair", None, &wrong()).await.refused(403, "wrong-code");
    }
    world.page("POST", "/v1/pair", None, &wrong()).await.refused(403, "pairing-closed");
    let right = json!({ "code": world.agent.code() });
    world.page("POST", "/v1/pair", None, &right).await.refused(403, "pairing-closed");
}

#[tokio::test]
async fn bodies_that_are_too_large_or_no_lists_are_refused() {
    let world = world();
    let token = world.pair().await;
    let large = json!({ "code": "0".repeat(2000) });
    world.page("POST", "/v1/pair", None, &large).await.refused(413, "too-large");
    let large = json!({ "x": "0".repeat(hocba_agent::MAX_LIST_BYTES) });
    world.page("POST", "/v1/sign", Some(&token), &large).await.refused(413, "too-large");
    for bad in [json!({}), json!([]), json!({ "tasks": [] }), Value::Null] {
        world.page("POST", "/v1/sign", Some(&token), &bad).await.refused(400, "malformed");
    }
    world.page("GET", "/v1/nothing", Some(&token), &Value::Null).await.refused(404, "not-found");
}
