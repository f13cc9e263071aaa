//! Pages, one file for each.

mod check;
pub(crate) mod problems;
mod report;

pub(crate) use report::part as report_part;

use askama::Template;
use axum::{
    Router,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};

use crate::{Server, assets, problem::Problem, service::Service};

pub(crate) fn routes<S: Service>() -> Router<Server<S>> {
    Router::new()
        // The check page is the only one for everybody so far.
        .route("/", get(|| async { Redirect::to("/v") }))
        .route("/v", get(check::handle))
        .route("/v/report", post(report::handle::<S>).get(|| async { Redirect::to("/v") }))
        .route("/problems", get(problems::list))
        .route("/problems/{code}", get(problems::one))
        .route("/assets/{name}", get(assets::serve))
}

fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}
