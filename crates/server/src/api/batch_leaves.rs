//! `GET /api/v1/batches/{index}/leaves`: all leaves of a batch of the public record, in their order. Whoever has them
//! computes the root again and compares it with the one on the chain (`docs/watch.md`).
//!
//! ```json
//! { "index": 1, "leaves": ["sha256:6e34…", "sha256:b5bb…"] }
//! ```
//!
//! For anyone: a leaf is the hash of a signed statement with random bits in it, and tells nothing to whoever does not hold
//! the statement (`docs/watch.md`, "What the lists tell"). Whose leaf it is stands in other answers, which ask for an
//! account. Problems: `not-found`.

use axum::{Json, extract::State};
use hocba_app::App;
use hocba_record::encoding::Sha256Digest;
use serde::{Serialize, Serializer};

use super::input::At;
use crate::{Server, problem::Problem};

/// The batch.
#[derive(Serialize)]
pub(crate) struct Output {
    index: u64,
    leaves: Vec<Leaf>,
}

struct Leaf(Sha256Digest);

impl Serialize for Leaf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sha256:{}", self.0.to_hex()))
    }
}

pub(crate) async fn handle(State(server): State<Server<App>>, At(index): At<u64>) -> Result<Json<Output>, Problem> {
    // An answer may have five megabytes, and nobody has to say who they are: so many at a time as verdicts.
    let _turn = server.verifications.acquire().await.map_err(Problem::internal)?;
    let leaves = server.service.batch_leaves(index).await?;
    Ok(Json(Output { index, leaves: leaves.into_iter().map(Leaf).collect() }))
}
