//! Bounds the time of a request and catches its panics.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::{Instrument as _, Span};

use crate::problem::Problem;

/// Runs the request in a task of its own. A panic ends that task and becomes a problem with a reference; what it said
/// is not repeated, for it may quote the request. When a client hangs up, the task still ends by itself, in time.
pub(crate) async fn guard(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let work = tokio::time::timeout(limit, next.run(request)).instrument(Span::current());
    match tokio::spawn(work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::Busy.into_response(),
        Err(_) => Problem::internal("a handler panicked").into_response(),
    }
}
