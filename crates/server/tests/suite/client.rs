//! A client of a router, in memory.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use hocba_server::problem::Kind;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
    /// The problem's code, after checking what all problem documents have.
    pub fn problem(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], self.status.as_u16());
        assert_eq!(document["request_id"].as_str(), self.headers["x-request-id"].to_str().ok());
        assert!(document["title"].is_string() && document["detail"].is_string());
        let code = document["type"].as_str().and_then(|t| t.strip_prefix("/problems/")).expect("a type").to_owned();
        assert_eq!(Kind::of_code(&code).map(Kind::status), Some(self.status), "a documented problem");
        code
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: response.into_body().collect().await.expect("a body").to_bytes().to_vec() }
}

pub async fn get(router: &Router, address: &str) -> Answer {
    send(router, Request::get(address).body(Body::empty()).expect("request")).await
}

pub async fn post(router: &Router, address: &str, body: impl Into<Body>) -> Answer {
    send(router, Request::post(address).body(body.into()).expect("request")).await
}
