//! `GET /api/v1/classes/{class}`: a class with its pupils and where each transcript is. Names are there for those who
//! may see records.
//!
//! ```json
//! { "id": "wI6fLT…", "school": "79DEMO001", "year": "2026-2027", "grade": 9, "name": "9A3",
//!   "pupils": [{ "number": 1, "record": "fLTwI6…", "version": 1, "state": "returned", "returned": "wrong_mark",
//!                "name": "Nguyễn Thị Minh Khuê" }] }
//! ```
//!
//! A record that was sent to the ministry's store has `at_store` besides: `{ "version": 1, "code": "02", "errors": […] }`.
//!
//! Problems: `forbidden`, `not-found`.

use axum::{Json, extract::State};
use hocba_app::{
    App, AtStore, PublicState, PupilLine,
    model::{Id, LeftOut, ReturnReason},
};
use hocba_record::{encoding::RecordId, types::UnixTime};
use serde::Serialize;

use super::{caller::Caller, classes_list::ClassJson, input::At};
use crate::{Server, problem::Problem};

/// A class with its pupils.
#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(flatten)]
    class: ClassJson,
    pupils: Vec<Pupil>,
}

#[derive(Serialize)]
struct Pupil {
    number: u32,
    record: RecordId,
    version: u32,
    state: PublicState,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_store: Option<AtStoreJson>,
}

/// What the ministry's store says; its words are there for those who may see records.
#[derive(Serialize)]
struct AtStoreJson {
    version: u32,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<StoreErrorJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<UnixTime>,
}

#[derive(Serialize)]
struct StoreErrorJson {
    code: String,
    text: String,
}

impl From<AtStore> for AtStoreJson {
    fn from(at_store: AtStore) -> Self {
        let AtStore { version, answer, errors, at, .. } = at_store;
        let errors = errors.into_iter().map(|e| StoreErrorJson { code: e.code.to_string(), text: e.text.to_string() });
        Self { version, code: answer.as_str(), errors: errors.collect(), at }
    }
}

impl From<PupilLine> for Pupil {
    fn from(line: PupilLine) -> Self {
        let PupilLine { record, version, number, state, left_out, returned, name, at_store, .. } = line;
        let (left_out, returned) = (left_out.map(LeftOut::as_str), returned.map(ReturnReason::as_str));
        let at_store = at_store.map(AtStoreJson::from);
        Self { number, record, version, state, left_out, returned, name, at_store }
    }
}

pub(crate) async fn handle(
    State(server): State<Server<App>>,
    Caller(actor): Caller,
    At(class): At<Id>,
) -> Result<Json<Output>, Problem> {
    let view = server.service.class(&actor, &class).await?;
    let pupils = view.pupils.into_iter().map(Pupil::from).collect();
    Ok(Json(Output { class: view.class.into(), pupils }))
}
