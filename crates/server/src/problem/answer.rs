//! Writing a problem: JSON for programs, a page for people.

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::Problem;
use crate::{
    http::request_id::RequestId,
    language::{self, Language},
    pages,
};

/// Turns every failure that comes from below into a problem document, those of libraries too.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let page = wants_page(request.headers());
    let language =
        if page { language::of_page(request.uri()) } else { language::of_api(request.uri(), request.headers()) };
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let mut below = next.run(request).await;
    let problem = match below.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if written(below.headers()) => return below,
        None => match Problem::of_status(below.status()) {
            Some(problem) => problem,
            None => return below,
        },
    };
    // The one place where a cause is logged; the client sees the reference.
    match &problem {
        Problem::Internal(cause) => tracing::error!(cause = chain(cause.as_ref()), "request {id} failed inside"),
        Problem::Unavailable(cause) => {
            tracing::warn!(cause = chain(cause.as_ref()), "request {id} needs something that does not answer");
        }
        _ => {}
    }
    let mut response = if page {
        pages::problems::failure(&problem, &id, language)
    } else {
        let mut response = Json(document(&problem, &id, language)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    *response.status_mut() = problem.status();
    if let Some(allow) = below.headers_mut().remove(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    if matches!(problem, Problem::Unauthenticated) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = problem.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().into());
    }
    response
}

/// The document of RFC 9457 §3.
fn document(problem: &Problem, id: &RequestId, language: Language) -> Value {
    let kind = problem.kind();
    let mut document: Map<String, Value> = problem.members();
    for (name, value) in [
        ("type", json!(kind.uri())),
        ("title", json!(kind.title(language))),
        ("status", json!(kind.status().as_u16())),
        ("detail", json!(problem.detail(language))),
        ("request_id", json!(id.as_str())),
    ] {
        document.insert(name.to_owned(), value);
    }
    Value::Object(document)
}

/// Whether whoever asks is a browser that shows a page. Scripts and programs ask for JSON or for anything.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether a handler wrote the failure itself (readiness does); libraries answer in plain text or with nothing.
fn written(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/") || kind.starts_with("text/html"))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
