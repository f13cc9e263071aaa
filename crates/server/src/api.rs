//! The JSON API, one file for each endpoint.

mod links_open;

use axum::{Router, body::Bytes, routing::post};
use serde::de::DeserializeOwned;

use crate::{Server, problem::Problem, service::Service};

pub(crate) fn routes<S: Service>() -> Router<Server<S>> {
    Router::new().route("/links/open", post(links_open::handle::<S>))
}

/// A JSON body of this shape. What is wrong with it is said by name only: the text of an error would repeat what was
/// sent.
pub(crate) fn json<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|_| Problem::Malformed { member: "body" })
}
