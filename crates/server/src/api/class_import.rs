//! `POST /api/v1/classes`: imports a class from its spreadsheet, or replaces the drafts of one that is there.
//!
//! The body is the file as it is: a workbook (`.xlsx`) or a CSV, up to [`max_bytes`]. `leave_out` names pupils
//! the class goes on without, and why: `?leave_out=7:waiting_for_reassessment,9:incomplete`. `renew=correction` or
//! `renew=reassessment` makes a new version of sealed records that the file says otherwise of; without it such a file is
//! refused. Sent again, it does the same again and changes nothing.
//!
//! ```json
//! { "class": "wI6fLT…", "ready": 38, "left_out": [7, 9], "unchanged": 0, "renewed": 0, "warnings": [] }
//! ```
//!
//! `201`. Problems: `workbook` with all findings, `unknown-school`, `unknown-number`, `signed-would-change`,
//! `wrong-state`, `forbidden`, `too-large`, `unsupported-media-type`, `malformed`, `stale`.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
};
use hocba_app::{
    App, Import, Imported,
    model::{Id, LeftOut, Renewal},
    policy::{Action, require_somewhere},
};
use serde::Serialize;

use super::{FindingJson, caller::Caller, input};
use crate::{Server, problem::Problem};

/// What an import did.
#[derive(Serialize)]
pub(crate) struct Output {
    /// The class.
    class: Id,
    /// Pupils that can be signed.
    ready: usize,
    /// Numbers left out.
    left_out: Vec<u32>,
    /// Pupils whose records are signed, and the same in the spreadsheet.
    unchanged: usize,
    /// Pupils whose records were sealed, and who have a draft of a new version now.
    renewed: usize,
    /// What deserves a look.
    warnings: Vec<FindingJson>,
}

impl From<Imported> for Output {
    fn from(imported: Imported) -> Self {
        let Imported { class, ready, kept: _, left_out, unchanged, renewed, warnings } = imported;
        Self { class, ready, left_out, unchanged, renewed, warnings: FindingJson::of(&warnings) }
    }
}

/// Largest file that is taken: what the intake reads.
pub(super) fn max_bytes() -> usize {
    hocba_workbook::Limits::default().input_bytes
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Output>), Problem> {
    require_somewhere(&actor, Action::Import)?;
    let import = Import { leave_out: leave_out(&uri)?, renew: renew(&uri)?, ..Import::default() };
    if is_form(&headers) {
        return Err(Problem::UnsupportedMediaType);
    }
    // The turn comes before the body: files that wait in memory count as well.
    let turn = server.turn().await?;
    let bytes = input::body(request, max_bytes()).await?;
    let app = server.service.clone();
    let imported = server.heavy(turn, async move { app.import(&actor, &bytes, &import).await }).await?;
    Ok((StatusCode::CREATED, Json(imported.into())))
}

fn leave_out(uri: &Uri) -> Result<BTreeMap<u32, LeftOut>, Problem> {
    let malformed = || Problem::Malformed { member: "leave_out" };
    let mut left_out = BTreeMap::new();
    let asked = input::asked(uri, "leave_out")?.unwrap_or_default();
    for (number, reason) in asked.split(',').filter(|item| !item.is_empty()).map(|item| item.split_once(':').unzip()) {
        let number = number.and_then(|n| n.parse().ok()).ok_or_else(malformed)?;
        let reason = reason.and_then(|r| r.parse().ok()).ok_or_else(malformed)?;
        if left_out.insert(number, reason).is_some() {
            return Err(malformed());
        }
    }
    Ok(left_out)
}

fn renew(uri: &Uri) -> Result<Option<Renewal>, Problem> {
    let asked = input::asked(uri, "renew")?;
    asked.map(|reason| reason.parse().map_err(|_| Problem::Malformed { member: "renew" })).transpose()
}

/// A form would put its own lines around the file.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pupil_is_left_out_for_one_known_reason() {
        let of = |query: &str| leave_out(&format!("/api/v1/classes{query}").parse().expect("an address"));
        assert!(of("").expect("nobody").is_empty());
        let two = of("?leave_out=7:waiting_for_reassessment,9%3Aincomplete").expect("two");
        assert_eq!(
            two.into_iter().collect::<Vec<_>>(),
            [(7, LeftOut::WaitingForReassessment), (9, LeftOut::Incomplete)]
        );
        for bad in ["7", "7:", "7:lazy", "-7:other", "7:other,7:incomplete", "7:other;9:other"] {
            let query = format!("?leave_out={bad}");
            assert!(matches!(of(&query), Err(Problem::Malformed { member: "leave_out" })), "{bad}");
        }
    }
}
