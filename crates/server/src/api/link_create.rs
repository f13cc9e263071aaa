//! `POST /api/v1/records/{record}/links`: a link to the record's latest version, for a verifier, with its QR code.
//!
//! ```json
//! { "scope": "results", "expires_at": 1843344000 }
//! →
//! { "id": "fLTwI6…", "url": "https://hocba.example.vn/v#AAECAw…", "qr_svg": "<svg …" }
//! ```
//!
//! Scopes: `whole`, `results`, `identity_and_completion`. Without `expires_at` it is open until it is withdrawn. `201`.
//! The secret stands in the fragment, and nowhere here once the answer has gone out: not even the database can open
//! what the link shows (`docs/spec/links.md`).
//!
//! Problems: `not-anchored`, `evidence-missing`, `time-impossible`, `forbidden`, `not-found`, `malformed`.

use axum::{Json, extract::State, http::StatusCode};
use hocba_app::{App, Scope, model::Id};
use hocba_record::{encoding::RecordId, types::UnixTime};
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    input::{At, Sent, word},
};
use crate::{Server, problem::Problem, qr::Qr};

/// What to show, and for how long.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    #[serde(deserialize_with = "word")]
    scope: Scope,
    expires_at: Option<UnixTime>,
}

/// The link; shown once.
#[derive(Serialize)]
pub(crate) struct Output {
    /// To withdraw it by.
    id: Id,
    /// The secret is its fragment.
    url: String,
    /// The same as a QR code.
    qr_svg: String,
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(record): At<RecordId>,
    Sent(input): Sent<Input>,
) -> Result<(StatusCode, Json<Output>), Problem> {
    let new = server.service.create_link(&actor, &record, input.scope, input.expires_at).await?;
    let url = server.config.public_url.link(&new.secret);
    let qr_svg = Qr::of(&url).map_err(Problem::internal)?.svg("Mã QR xem học bạ");
    Ok((StatusCode::CREATED, Json(Output { id: new.id, url, qr_svg })))
}
