//! For whoever runs the server: is it alive, is it ready, what does it count, how far is the work.

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hocba_app::{PublicState, model::RecordState, state_words};
use hocba_bundle::text::{age, date_time};
use serde_json::{Map, Value, json};

use crate::{
    Server,
    assets::{self, ASSETS, Assets},
    language::Language,
    lifecycle::Stage,
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

/// `GET /readyz`: requests are of use here. 503 with the same document where something required is down, or where the
/// server is about to end.
pub(crate) async fn readyz<S: Service>(State(server): State<Server<S>>) -> Response {
    let ready = server.service.ready().await;
    let leaves = server.life.stage() > Stage::Serving;
    let is_ready = ready.is_ready() && !leaves;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let parts: Map<String, Value> = ready
        .parts
        .iter()
        .map(|part| (part.name.to_owned(), json!({ "up": part.up, "required": part.required })))
        .collect();
    (status, Json(json!({ "ready": is_ready, "draining": leaves, "parts": parts }))).into_response()
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

/// A code as people read it, and as metrics and `/readyz` have it.
struct Named {
    code: &'static str,
    vietnamese: &'static str,
    english: &'static str,
}

impl Named {
    /// One the page has no words for stands for itself.
    fn new(code: &'static str, words: Option<(&'static str, &'static str)>) -> Self {
        let (vietnamese, english) = words.unwrap_or((code, code));
        Self { code, vietnamese, english }
    }

    fn state(code: &'static str) -> Self {
        let words = match code {
            "anchored" => Some(PublicState::InForce.words()),
            _ => code.parse().ok().map(|state: RecordState| state_words(state)),
        };
        Self::new(code, words)
    }

    fn part(code: &'static str) -> Self {
        let words = match code {
            "database" => Some(("cơ sở dữ liệu", "database")),
            "chain" => Some(("sổ chung", "public record")),
            _ => None,
        };
        Self::new(code, words)
    }
}

#[derive(Template)]
#[template(path = "operator.html")]
struct OperatorPage {
    assets: &'static Assets,
    ready: Readiness,
    leaves: bool,
    overview: Option<Overview>,
    oldest: String,
    /// Block and time.
    head: (String, String),
    /// Name and until when.
    leader: (String, String),
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
    let neither = || (none(), String::new());
    let o = overview.clone().unwrap_or_default();
    let seconds = |age: std::time::Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    let page = OperatorPage {
        assets: &ASSETS,
        ready,
        leaves: server.life.stage() > Stage::Serving,
        oldest: o.oldest_waiting.map_or_else(none, |waited| age(seconds(waited), Language::Vietnamese)),
        head: o.chain_head.map_or_else(neither, |(block, time)| (block.to_string(), date_time(time))),
        leader: o.leader.map_or_else(neither, |(name, until)| (name, format!("đến {}", date_time(until)))),
        overview,
    };
    page.render().map(|text| Html(text).into_response()).map_err(Problem::internal)
}
