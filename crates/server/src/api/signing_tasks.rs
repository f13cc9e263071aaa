//! `POST /api/v1/classes/{class}/signing-tasks`: what there is to sign in a class for a signer, as bytes to be signed
//! wherever the key is.
//!
//! ```json
//! { "step": "sign", "certificates": ["MIIB…", "MIIC…"], "only": [1, 2] }
//! →
//! { "tasks": [{ "record": "fLTwI6…", "version": 1, "revision": 2, "number": 1, "at": 1811808000,
//!               "to_sign": "eyJhbGciOi…", "disclosures": [["n4QR1I…", "subject.toan", { … }], …] }],
//!   "already": 0, "waiting": [{ "number": 4, "state": "draft" }], "left_out": [7] }
//! ```
//!
//! `step` is `sign`, `co_sign` (with `"deputy": true` where a deputy does) or `seal`; `certificates` are DER, the
//! signer's first; without `only`, all of the class. `to_sign` is the input of RFC 7515 §5.1, and its payload's digests
//! can be computed again from the disclosures: whoever signs sees what is signed. Nothing is kept of the call.
//!
//! Where records are signed by lists, `to_sign` is the same in all tasks of a list, and signed once. Each task then has
//! its place, `"list": { "index": 0, "path": ["5u0…"], "size": 40 }`, its `payload`, and `prev`, the digest of the
//! signature before where there is one, from which the list's root can be computed again (statement.md §6).
//!
//! Problems: `forbidden`, `not-found`, `unknown-number`, `not-appointed`, `policy-not-accepted`, `certificate-unusable`,
//! `record-incomplete`, `too-many`, `malformed`.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use hocba_app::{App, Selection, SigningList, SigningTask, Step, model::Id};
use hocba_record::{
    disclosure::Disclosure,
    encoding::{RecordId, Sha256Digest},
    types::UnixTime,
};
use hocba_signature::list::ListPlace;
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    input::{At, Base64Url, Sent, chain},
};
use crate::{Server, problem::Problem};

/// A signer and what they would sign.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    step: Step,
    #[serde(default)]
    deputy: bool,
    certificates: Vec<Base64Url>,
    only: Option<BTreeSet<u32>>,
}

/// What there is to sign.
#[derive(Serialize)]
pub(crate) struct Output {
    /// To be signed now.
    tasks: Vec<Task>,
    /// How many have this signature.
    already: usize,
    /// Whose turn has not come: an earlier step is missing.
    waiting: Vec<Waiting>,
    /// Numbers of pupils the class goes on without.
    left_out: Vec<u32>,
}

#[derive(Serialize)]
struct Task {
    record: RecordId,
    version: u32,
    revision: i64,
    number: u32,
    at: UnixTime,
    to_sign: Base64Url,
    #[serde(flatten)]
    list: Option<InList>,
    disclosures: Vec<Disclosure>,
}

#[derive(Serialize)]
struct InList {
    list: ListPlace,
    payload: Base64Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<Sha256Digest>,
}

#[derive(Serialize)]
struct Waiting {
    number: u32,
    state: &'static str,
}

impl From<SigningTask> for Task {
    fn from(task: SigningTask) -> Self {
        let (at, to_sign) = (task.at(), Base64Url(task.bytes().to_vec()));
        let list = task.place().map(|place| InList {
            list: place.clone(),
            payload: Base64Url(task.statement().payload().to_vec()),
            prev: task.statement().prev_for_next(),
        });
        let SigningTask { record, version, revision, number, disclosures, .. } = task;
        Self { record, version, revision, number, at, to_sign, list, disclosures }
    }
}

impl From<SigningList> for Output {
    fn from(list: SigningList) -> Self {
        let waiting = list.waiting.into_iter().map(|(number, state)| Waiting { number, state: state.as_str() });
        Self {
            tasks: list.tasks.into_iter().map(Task::from).collect(),
            already: list.already,
            waiting: waiting.collect(),
            left_out: list.left_out,
        }
    }
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(class): At<Id>,
    Sent(input): Sent<Input>,
) -> Result<Json<Output>, Problem> {
    let Input { step, deputy, certificates, only } = input;
    let (app, chain) = (server.service.clone(), chain(certificates)?);
    let selection = only.map_or(Selection::All, Selection::Only);
    let work = async move {
        let signer = app.signer(&actor, step, deputy, &chain).await?;
        app.prepare(&actor, &class, &signer, &selection).await
    };
    Ok(Json(server.heavy(server.turn().await?, work).await?.into()))
}
