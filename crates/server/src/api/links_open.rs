//! `POST /api/v1/links/open`: the sealed bundle behind a link.
//!
//! ```json
//! { "token": "<base64url of 32 bytes>" }  →  { "nonce": "<base64url of 12 bytes>", "ciphertext": "<base64url>" }
//! ```
//!
//! A post, so that the token stands in no address, log or history. The answer is of use only to whoever holds the
//! link's secret. Problems: `malformed`, `link-unknown`, `link-expired`, `link-withdrawn`.

use axum::{Json, extract::State};
use hocba_record::encoding::{base64url, from_base64url};
use serde::{Deserialize, Serialize};

use super::input::Sent;
use crate::{Server, problem::Problem, service::Service};

/// Which link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    token: String,
}

/// What is stored behind a link.
#[derive(Serialize)]
pub(crate) struct Output {
    nonce: String,
    ciphertext: String,
}

pub(crate) async fn handle<S: Service>(
    State(server): State<Server<S>>,
    Sent(input): Sent<Input>,
) -> Result<Json<Output>, Problem> {
    let token = from_base64url(&input.token).ok().and_then(|bytes| bytes.try_into().ok());
    let token = token.ok_or(Problem::Malformed { member: "token" })?;
    let sealed = server.service.open_link(token).await?;
    Ok(Json(Output { nonce: base64url(&sealed.nonce), ciphertext: base64url(&sealed.ciphertext) }))
}
