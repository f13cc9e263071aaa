//! `GET /api/v1/schools/{school}/batches/{index}/leaves`: everything issued in a school's name in one batch of the
//! public record. Compared with the school's own books, it shows whatever somebody else issued.
//!
//! ```json
//! { "leaves": [{ "position": 0, "leaf": "sha256:6e34…", "kind": "record", "subject": "fLTwI6…", "version": 1 }] }
//! ```
//!
//! `index` is the batch's in the contract; `leaf` is SHA-256(0x00 || statement) (`docs/spec/anchor.md`). Problems:
//! `forbidden`, `not-found`.

use axum::{Json, extract::State};
use hocba_app::{App, model::Leaf};
use hocba_record::{encoding::RecordId, types::SchoolCode};
use serde::Serialize;

use super::{caller::Caller, input::At};
use crate::{Server, problem::Problem};

/// The school's leaves in the batch, by their places.
#[derive(Serialize)]
pub(crate) struct Output {
    leaves: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    position: u32,
    leaf: String,
    kind: &'static str,
    /// Record or appointment.
    subject: RecordId,
    version: u32,
}

impl From<(u32, Leaf)> for Line {
    fn from((position, leaf): (u32, Leaf)) -> Self {
        let Leaf { leaf, kind, subject, version, .. } = leaf;
        Self { position, leaf: format!("sha256:{}", leaf.to_hex()), kind: kind.as_str(), subject, version }
    }
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At((school, index)): At<(SchoolCode, u64)>,
) -> Result<Json<Output>, Problem> {
    let leaves = server.service.manifest(&actor, &school, index).await?;
    Ok(Json(Output { leaves: leaves.into_iter().map(Line::from).collect() }))
}
