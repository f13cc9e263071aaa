//! `POST /api/v1/batches/close`: has what waits brought onto the public record now, rather than when its time is up.
//!
//! `202`: the anchoring service does it. Problems: `forbidden`.

use axum::{extract::State, http::StatusCode};
use hocba_app::App;

use super::caller::Caller;
use crate::{Server, problem::Problem};

pub(crate) async fn handle(State(server): State<Server<App>>, Caller(actor): Caller) -> Result<StatusCode, Problem> {
    server.service.close_batches(&actor).await?;
    Ok(StatusCode::ACCEPTED)
}
