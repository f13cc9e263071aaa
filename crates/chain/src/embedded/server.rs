//! The embedded chain over HTTP, for a page in a browser and for other tools on this machine.

use std::io;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::Response,
    routing::post,
};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{EmbeddedChain, methods};

/// Longest request taken: the largest transaction, twice for its hex, and a little around it.
pub const MAX_REQUEST: usize = 2 * crate::transaction::MAX_RAW + (64 << 10);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener can be reached from other machines.
    #[error("the embedded chain is served on this machine only; listen on 127.0.0.1 or [::1], not on {0}")]
    NotLoopback(std::net::SocketAddr),
    /// The system refused.
    #[error("the embedded chain's server failed: {0}")]
    Io(#[from] io::Error),
}

/// Serves the chain until the future is dropped.
///
/// Any page may ask: nothing here is secret, and every change has to be signed.
///
/// # Errors
/// For a listener that other machines can reach, and when the system refuses.
pub async fn serve(chain: EmbeddedChain, listener: TcpListener) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    tracing::warn!(%address, "serving the embedded DEVELOPMENT chain, NOT FOR PRODUCTION, at http://{address}");
    let app = Router::new()
        .route("/", post(answer).options(preflight))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(middleware::map_response(any_origin))
        .with_state(chain);
    Ok(axum::serve(listener, app).await?)
}

async fn answer(State(chain): State<EmbeddedChain>, body: Bytes) -> Response {
    let answer = tokio::task::spawn_blocking(move || match serde_json::from_slice(&body) {
        Ok(request) => chain.handle(&request),
        Err(_) => methods::parse_error(),
    })
    .await;
    match answer {
        Ok(Value::Null) => with_status(StatusCode::NO_CONTENT, Body::empty()),
        Ok(answer) => {
            let mut response = with_status(StatusCode::OK, Body::from(answer.to_string()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
        Err(e) => {
            tracing::error!(error = %e, "a request to the embedded chain failed");
            with_status(StatusCode::INTERNAL_SERVER_ERROR, Body::empty())
        }
    }
}

async fn preflight() -> Response {
    let mut response = with_status(StatusCode::NO_CONTENT, Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    // Chromium asks before a page of the outside talks to this machine.
    headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    response
}

async fn any_origin(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
