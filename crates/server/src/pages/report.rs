//! `POST /v/report`: a verdict on the bundle in the body.
//!
//! The script posts the bytes as they are and gets the report alone; a form without a script posts
//! `multipart/form-data` and gets a whole page. Always 200: a transcript that is not valid is a report, not a failure.
//! Nothing is kept, nobody is signed in and nothing changes, so a form from elsewhere can do no harm.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{FromRequest as _, Multipart, Request, State},
    http::{Uri, header},
    response::{Html, IntoResponse as _, Response},
};
use hocba_bundle::report::Report;

use super::{check::CheckPage, html};
use crate::{
    Server,
    language::{self, Language},
    problem::Problem,
    service::Service,
    view::{Pupil, Tone, View, view, words::Words},
};

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPart {
    w: &'static Words,
    v: View,
}

/// The report as it stands in the page.
pub(crate) fn part(report: &Report, language: Language) -> Result<String, Problem> {
    let v = view(report, language);
    ReportPart { w: v.words, v }.render().map_err(Problem::internal)
}

pub(crate) async fn handle<S: Service>(
    State(server): State<Server<S>>,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    let language = language::of_page(&uri);
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let bytes = if is_form { file_of_form(request).await? } else { body(request).await? };
    let report = server.verify(&bytes).await?;
    let part = part(&report, language)?;
    Ok(if is_form { html(&CheckPage::new(language, Some(&part))) } else { Html(part).into_response() })
}

async fn body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|refused| too_large_or_malformed(refused.status(), "body"))
}

async fn file_of_form(request: Request) -> Result<Bytes, Problem> {
    let refused = |status| too_large_or_malformed(status, "form");
    let mut form = Multipart::from_request(request, &()).await.map_err(|e| refused(e.status()))?;
    while let Some(field) = form.next_field().await.map_err(|e| refused(e.status()))? {
        if field.name() == Some("file") {
            return field.bytes().await.map_err(|e| refused(e.status()));
        }
    }
    Err(Problem::Malformed { member: "file" })
}

fn too_large_or_malformed(status: axum::http::StatusCode, member: &'static str) -> Problem {
    if status == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge { limit: crate::MAX_BODY }
    } else {
        Problem::Malformed { member }
    }
}
