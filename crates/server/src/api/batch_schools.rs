//! `GET /api/v1/batches/{index}/schools`: under which school's code each leaf of a batch was issued, in their order.
//!
//! ```json
//! { "index": 1, "schools": ["79DEMO001", "79DEMO002"] }
//! ```
//!
//! For whoever may read some school's manifest. Each leaf stands under one school, so a leaf that a service does not show to
//! its school has to stand under another one, where that school finds it (`docs/watch.md`). It tells how many statements a
//! school had in a batch, which is why it is not for anyone. Problems: `forbidden`, `not-found`.

use axum::{Json, extract::State};
use hocba_app::App;
use hocba_record::types::SchoolCode;
use serde::Serialize;

use super::{caller::Caller, input::At};
use crate::{Server, problem::Problem};

/// The batch.
#[derive(Serialize)]
pub(crate) struct Output {
    index: u64,
    schools: Vec<SchoolCode>,
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(index): At<u64>,
) -> Result<Json<Output>, Problem> {
    Ok(Json(Output { index, schools: server.service.batch_schools(&actor, index).await? }))
}
