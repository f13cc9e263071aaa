//! `GET /api/v1/records/{record}/bundle?scope=whole`: the transcript file, to be kept and handed on.
//!
//! The answer is the bundle (`docs/spec/bundle.md`), byte for byte as it has to stay. Its file name has the record's id,
//! which says nothing about the pupil. Scopes: `whole`, `results`, `identity_and_completion`.
//!
//! Problems: `not-anchored`, `evidence-missing`, `forbidden`, `not-found`, `malformed`.

use axum::{
    extract::State,
    http::{Uri, header},
    response::{IntoResponse as _, Response},
};
use hocba_app::App;
use hocba_record::encoding::RecordId;

use super::{
    caller::Caller,
    input::{At, asked},
};
use crate::{Server, problem::Problem};

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(record): At<RecordId>,
    uri: Uri,
) -> Result<Response, Problem> {
    let scope = asked(&uri, "scope")?.and_then(|scope| scope.parse().ok());
    let scope = scope.ok_or(Problem::Malformed { member: "scope" })?;
    let bundle = server.service.bundle(&actor, &record, scope).await?;
    let name = format!("attachment; filename=\"hoc-ba-{record}.hocba.json\"");
    let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bundle.to_bytes()).into_response())
}
