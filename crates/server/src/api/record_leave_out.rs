//! `PUT /api/v1/records/{record}/left-out`: the class goes on without a pupil, for a reason; or takes the pupil back in.
//!
//! ```json
//! { "reason": "waiting_for_reassessment" }
//! { "reason": null }
//! ```
//!
//! Reasons: `waiting_for_reassessment`, `incomplete`, `transferred`, `other`. `204`. Problems: `wrong-state` (signed),
//! `record-incomplete` (import again), `stale`, `forbidden`, `not-found`, `malformed`.

use axum::{extract::State, http::StatusCode};
use hocba_app::{App, model::LeftOut};
use hocba_record::encoding::RecordId;
use serde::Deserialize;

use super::{
    caller::Caller,
    input::{At, Sent, word_or_null},
};
use crate::{Server, problem::Problem};

/// Why; null takes the pupil back in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    #[serde(deserialize_with = "word_or_null")]
    reason: Option<LeftOut>,
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(record): At<RecordId>,
    Sent(input): Sent<Input>,
) -> Result<StatusCode, Problem> {
    server.service.leave_out(&actor, &record, input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
