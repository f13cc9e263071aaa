//! `GET /api/v1/classes`: the classes the account may see, with how many pupils are where.
//!
//! ```json
//! { "classes": [{ "id": "wI6fLT…", "school": "79DEMO001", "year": "2026-2027", "grade": 9, "name": "9A3",
//!     "states": { "left_out": 1, "returned": 0, "draft": 0, "teacher_signed": 0, "co_signed": 0, "sealed": 0,
//!                 "in_force": 39 } }] }
//! ```

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use hocba_app::{
    App, PublicState,
    model::{Class, Id},
};
use hocba_record::types::{ClassName, Grade, SchoolCode, SchoolYear};
use serde::Serialize;

use super::caller::Caller;
use crate::{Server, problem::Problem};

/// The classes.
#[derive(Serialize)]
pub(crate) struct Output {
    classes: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    class: ClassJson,
    /// Number of pupils in each state; every state is there.
    states: BTreeMap<PublicState, usize>,
}

/// A class.
#[derive(Serialize)]
pub(super) struct ClassJson {
    id: Id,
    school: SchoolCode,
    year: SchoolYear,
    grade: Grade,
    name: ClassName,
}

impl From<Class> for ClassJson {
    fn from(class: Class) -> Self {
        let Class { id, school, year, grade, name, .. } = class;
        Self { id, school, year, grade, name }
    }
}

pub(crate) async fn handle(State(server): State<Server<App>>, Caller(actor): Caller) -> Result<Json<Output>, Problem> {
    let line = |(class, counts): (Class, BTreeMap<PublicState, usize>)| Line {
        class: class.into(),
        states: PublicState::ALL.into_iter().map(|s| (s, counts.get(&s).copied().unwrap_or_default())).collect(),
    };
    let classes = server.service.classes(&actor).await?.into_iter().map(line).collect();
    Ok(Json(Output { classes }))
}
