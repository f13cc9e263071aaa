//! `GET /api/v1/records/{record}/links`: the links to a record that the house handed out, the newest first, with how often
//! somebody looked. Their secrets are not here, and what a pupil or parent shares is not here.
//!
//! ```json
//! { "links": [{ "id": "fLTwI6…", "scope": "results", "created_by": "wI6fLT…", "created_at": 1811808000,
//!               "expires_at": null, "withdrawn_at": null, "looks": 3 }] }
//! ```
//!
//! `created_by` is an account, or `operator`. Problems: `forbidden`, `not-found`.

use axum::{Json, extract::State};
use hocba_app::{
    App, LinkLine,
    model::{Id, Link},
};
use hocba_record::{encoding::RecordId, types::UnixTime};
use serde::Serialize;

use super::{caller::Caller, input::At};
use crate::{Server, problem::Problem};

/// The links.
#[derive(Serialize)]
pub(crate) struct Output {
    links: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    id: Id,
    scope: &'static str,
    created_by: String,
    created_at: UnixTime,
    expires_at: Option<UnixTime>,
    withdrawn_at: Option<UnixTime>,
    looks: u64,
}

impl From<LinkLine> for Line {
    fn from(LinkLine { handed, .. }: LinkLine) -> Self {
        let Link { id, scope, created_by, created_at, expires_at, withdrawn_at, .. } = handed.link;
        Self { id, scope: scope.as_str(), created_by, created_at, expires_at, withdrawn_at, looks: handed.looks }
    }
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(record): At<RecordId>,
) -> Result<Json<Output>, Problem> {
    let links = server.service.links(&actor, &record).await?;
    Ok(Json(Output { links: links.into_iter().map(Line::from).collect() }))
}
