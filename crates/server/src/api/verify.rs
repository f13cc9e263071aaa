//! `POST /api/v1/verify`: a verdict on the bundle in the body, for anyone.
//!
//! ```json
//! { "verdict": "valid", "headline": "valid", "headline_vi": "Học bạ này là thật và đang có hiệu lực.", "checks": [ … ] }
//! ```
//!
//! Always `200`: a transcript that is not valid is a report, not a failure. What the report says is
//! `docs/spec/verdict.md`. Nothing is kept. Problems: `too-large`, `busy`.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use hocba_bundle::text::ReportJson;

use super::input;
use crate::{MAX_BODY, Server, problem::Problem, service::Service};

pub(crate) async fn handle<S: Service>(State(server): State<Server<S>>, request: Request) -> Result<Response, Problem> {
    let bytes = input::body(request, MAX_BODY).await?;
    let report = server.verify(&bytes).await?;
    Ok(Json(ReportJson::from(&report)).into_response())
}
