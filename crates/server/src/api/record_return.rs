//! `POST /api/v1/records/{record}/return`: returns a signed record to its teacher, with a reason. Its signatures go.
//!
//! ```json
//! { "reason": "wrong_mark" }
//! ```
//!
//! Reasons: `wrong_mark`, `wrong_personal_data`, `wrong_result`, `other`. `204`. Problems: `wrong-state` (a draft, or
//! sealed already), `stale`, `forbidden`, `not-found`, `malformed`.

use axum::{extract::State, http::StatusCode};
use hocba_app::{App, model::ReturnReason};
use hocba_record::encoding::RecordId;
use serde::Deserialize;

use super::{
    caller::Caller,
    input::{At, Sent, word},
};
use crate::{Server, problem::Problem};

/// Why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    #[serde(deserialize_with = "word")]
    reason: ReturnReason,
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(record): At<RecordId>,
    Sent(input): Sent<Input>,
) -> Result<StatusCode, Problem> {
    server.service.return_record(&actor, &record, input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
