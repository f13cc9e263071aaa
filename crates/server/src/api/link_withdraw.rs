//! `DELETE /api/v1/links/{link}`: withdraws a link. What it showed is deleted here; copies already taken remain with
//! whoever took them.
//!
//! `204`, also for a link that was withdrawn before. Problems: `forbidden`, `not-found`.

use axum::{extract::State, http::StatusCode};
use hocba_app::{App, AppError, model::Id};

use super::{caller::Caller, input::At};
use crate::{Server, problem::Problem};

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(link): At<Id>,
) -> Result<StatusCode, Problem> {
    match server.service.withdraw_link(&actor, &link).await {
        // Withdrawn before: what was asked for is so.
        Ok(()) | Err(AppError::Changed(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}
