//! Logs and counts every request: method, matched route, status and time. Never paths, queries, bodies or addresses;
//! those may tell who looked at whom.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use tokio::time::Instant;
use tracing::{Instrument as _, field};

use super::request_id::RequestId;
use crate::metrics::Metrics;

pub(crate) async fn observe(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = name(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let span = tracing::info_span!(
        "request", request.id = %id, http.method = method, http.route = route, http.status = field::Empty
    );
    let began = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    span.record("http.status", status);
    let _entered = span.enter();
    tracing::info!(milliseconds = took.as_millis(), "{method} {route}: {status}");
    metrics.request(method, &route, status, took);
    response
}

/// Known methods by name: a client may send any word, and each would become a series of its own.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
