//! `POST /api/v1/classes/{class}/signatures`: takes signatures over what `signing-tasks` gave, at most [`MOST`] a call,
//! all of them or none.
//!
//! ```json
//! { "step": "sign", "certificates": ["MIIB…", "MIIC…"],
//!   "signatures": [{ "record": "fLTwI6…", "version": 1, "revision": 2, "at": 1811808000, "signature": "o_ZA…" }] }
//! →
//! { "taken": 1, "already": 0 }
//! ```
//!
//! `record`, `version`, `revision`, `at` and, where the task has one, `list` are those of the task. Sent again after an answer got lost, the same
//! signatures count as `already` and nothing changes.
//!
//! Problems: `stale` (changed since the task was made; ask for tasks again), `signature-wrong`, `same-key`,
//! `time-impossible`, `not-appointed`, `certificate-unusable`, `forbidden`, `not-found`, `too-many`, `malformed`.

use axum::{Json, extract::State};
use hocba_app::{App, Signed, Step, Submitted, model::Id};
use hocba_record::{encoding::RecordId, types::UnixTime};
use hocba_signature::list::ListPlace;
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    input::{At, Base64Url, Sent, chain},
};
use crate::{Server, problem::Problem};

/// Most signatures in one call: the largest class there can be. Others wait for the database while they are checked and
/// written, some tenths of a second.
pub(crate) const MOST: usize = 200;

/// A signer and their signatures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    step: Step,
    #[serde(default)]
    deputy: bool,
    certificates: Vec<Base64Url>,
    signatures: Vec<One>,
}

/// A signature over the task of a record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct One {
    record: RecordId,
    version: u32,
    revision: i64,
    at: UnixTime,
    list: Option<ListPlace>,
    signature: Base64Url,
}

/// What came of it.
#[derive(Serialize)]
pub(crate) struct Output {
    /// Taken now.
    pub(crate) taken: usize,
    /// Taken before.
    pub(crate) already: usize,
}

impl From<One> for Signed {
    fn from(one: One) -> Self {
        let One { record, version, revision, at, list, signature } = one;
        Self { record, version, revision, at, place: list, signature: signature.0 }
    }
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(class): At<Id>,
    Sent(input): Sent<Input>,
) -> Result<Json<Output>, Problem> {
    let Input { step, deputy, certificates, signatures } = input;
    if signatures.len() > MOST {
        return Err(Problem::TooMany { member: "signatures", limit: MOST });
    }
    let (app, chain) = (server.service.clone(), chain(certificates)?);
    let signed: Vec<Signed> = signatures.into_iter().map(Signed::from).collect();
    let work = async move {
        let signer = app.signer(&actor, step, deputy, &chain).await?;
        app.submit(&actor, &class, &signer, &signed).await
    };
    let Submitted { taken, already } = server.heavy(server.turn().await?, work).await?;
    Ok(Json(Output { taken, already }))
}
