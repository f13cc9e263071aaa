//! For whoever runs the server: is it alive, is it ready, what does it count, how far is the work.

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hocba_bundle::text::{age, date_time};
use serde_json::{Map, Value, json};

use crate::{
    Server,
    assets::{self, ASSETS, Assets},
    language::Language,
    problem::Problem,
    service::{Overview, Readiness, Service},
};

pub(crate) fn routes<S: Service>() -> Router<Server<S>> {
    Router::new()
        .route("/", get(page::<S>))
        .route("/metrics", get(metrics::<S>))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz::<S>))
        .route("/assets/{name}", get(assets::serve))
}

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: requests are of use here. 503 with the same document where something required is down.
pub(crate) async fn readyz<S: Service>(State(server): State<Server<S>>) -> Response {
    let ready = server.service.ready().await;
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let parts: Map<String, Value> = ready
        .parts
        .iter()
        .map(|part| (part.name.to_owned(), json!({ "up": part.up, "required": part.required })))
        .collect();
    (status, Json(json!({ "ready": ready.is_ready(), "parts": parts }))).into_response()
}

/// `GET /metrics`, in the OpenMetrics text format.
async fn metrics<S: Service>(State(server): State<Server<S>>) -> Response {
    match server.service.overview().await {
        Ok(overview) => server.metrics.overview(&overview),
        // Counters are worth scraping even then; readiness says what is down.
        Err(error) => tracing::warn!(%error, "the overview for metrics could not be read: {error}"),
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], server.metrics.text()).into_response()
}

#[derive(Template)]
#[template(path = "operator.html")]
struct OperatorPage {
    assets: &'static Assets,
    ready: Readiness,
    overview: Option<Overview>,
    oldest: String,
    head: String,
    leader: String,
}

/// `GET /`: the work at a glance.
async fn page<S: Service>(State(server): State<Server<S>>) -> Result<Response, Problem> {
    let ready = server.service.ready().await;
    let overview = match server.service.overview().await {
        Ok(overview) => Some(overview),
        Err(error) => {
            tracing::warn!(%error, "the overview could not be read: {error}");
            None
        }
    };
    let none = || "–".to_owned();
    let o = overview.clone().unwrap_or_default();
    let seconds = |age: std::time::Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    let page = OperatorPage {
        assets: &ASSETS,
        ready,
        oldest: o.oldest_waiting.map_or_else(none, |waited| age(seconds(waited), Language::Vietnamese)),
        head: o.chain_head.map_or_else(none, |(block, time)| format!("{block} ({})", date_time(time))),
        leader: o.leader.map_or_else(none, |(name, until)| format!("{name} (đến {})", date_time(until))),
        overview,
    };
    page.render().map(|text| Html(text).into_response()).map_err(Problem::internal)
}
