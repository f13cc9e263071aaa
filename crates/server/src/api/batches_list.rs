//! `GET /api/v1/batches?from=0`: the batches that are on the public record, as this service knows them.
//!
//! ```json
//! { "batches": [{ "index": 0, "root": "sha256:6e34…", "size": 40, "issuer": "so-79", "block": 7, "time": 1811808000 }] }
//! ```
//!
//! Up to 1,000, by their index in the contract, from `from` on. For anyone: the contract says the same, and whoever follows
//! it compares the two (`docs/watch.md`). Problems: `malformed`.

use axum::{Json, extract::State, http::Uri};
use hocba_app::{App, model::Batch};
use hocba_record::types::UnixTime;
use serde::Serialize;

use super::input::asked;
use crate::{Server, problem::Problem};

/// A page of batches.
#[derive(Serialize)]
pub(crate) struct Output {
    batches: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    /// In the contract.
    index: u64,
    root: String,
    size: u32,
    issuer: String,
    block: u64,
    /// Of the block.
    time: UnixTime,
}

fn line(batch: Batch) -> Option<Line> {
    let Batch { root, size, issuer, receipt, .. } = batch;
    let receipt = receipt?;
    let root = format!("sha256:{}", root.to_hex());
    Some(Line {
        index: receipt.index,
        root,
        size,
        issuer: issuer.to_string(),
        block: receipt.block,
        time: receipt.time,
    })
}

pub(crate) async fn handle(State(server): State<Server<App>>, uri: Uri) -> Result<Json<Output>, Problem> {
    let from = match asked(&uri, "from")? {
        None => 0,
        // A register that long is read by no client (docs/spec/limits.md).
        Some(text) => text.parse::<u32>().map(u64::from).map_err(|_| Problem::Malformed { member: "from" })?,
    };
    let batches = server.service.batch_list(from).await?;
    Ok(Json(Output { batches: batches.into_iter().filter_map(line).collect() }))
}
