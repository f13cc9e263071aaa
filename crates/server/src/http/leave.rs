//! Sends clients away from a server that is about to end.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::lifecycle::{Lifecycle, Stage};

/// Answers of a server that drains close their connection: the client's next request goes to where others are sent.
pub(crate) async fn leave(State(life): State<Lifecycle>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // Looked at after the work, which may have begun before.
    if life.stage() > Stage::Serving {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
