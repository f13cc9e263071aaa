//! What is not done, as a page in the frame of all others.

use askama::Template;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use hocba_app::{AppError, access::AccessError};
use serde_json::json;

use super::{
    Asked, Page,
    chrome::{Chrome, Done},
    on_to, words,
};
use crate::{http::request_id::RequestId, problem::Problem};

/// Why a page is not shown or a form not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody is signed in, or not any more.
    NoSession,
    /// A second factor comes first.
    MustEnrol,
    /// The form is not of a page of ours, or of another session.
    NotOurs,
    /// Not with this role.
    Forbidden,
    /// There is nothing here for whoever asks.
    NotFound,
    /// The form was sent before.
    Replayed,
    /// The key that is plugged in is not that of whoever is signed in.
    OtherCertificate,
    /// What signing in and accounts refuse and no page says better.
    Access(AccessError),
    /// Everything else.
    Problem(Problem),
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NoSession => Refusal::NoSession,
            AccessError::App(AppError::Forbidden(_)) => Refusal::Forbidden,
            AccessError::App(AppError::NotFound(_)) => Refusal::NotFound,
            AccessError::App(error) => Refusal::Problem(error.into()),
            other => Refusal::Access(other),
        }
    }
}
impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        AccessError::App(error).into()
    }
}
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal::Problem(problem)
    }
}

/// What of a request its refusal shows.
pub(super) struct Shown {
    chrome: Chrome,
    path: String,
    is_post: bool,
    signed_in: bool,
    by_script: bool,
    kept: Vec<String>,
    /// Where the work of the form can be seen.
    back: String,
    reference: String,
}

impl Shown {
    pub(super) fn of(asked: &Asked, page: &Page, id: &RequestId) -> Self {
        let is_post = page.listed.method == "POST";
        let filled = |path: &str| {
            let fill = |path: String, (name, value): (&String, &String)| path.replace(&format!("{{{name}}}"), value);
            asked.params.iter().fold(path.to_owned(), fill)
        };
        let back = match asked.params.get("school") {
            _ if page.seen_at.is_some() => filled(page.seen_at.unwrap_or_default()),
            Some(school) => format!("/school/{school}/accounts"),
            None if asked.path.starts_with("/me/") => "/me/second-factor".to_owned(),
            None => "/home".to_owned(),
        };
        let signed_in = asked.session.is_some();
        let here = if is_post || !signed_in { if signed_in { "/home" } else { "/sign-in" } } else { &asked.path };
        Self {
            chrome: asked.chrome(here),
            path: asked.path.clone(),
            is_post,
            signed_in,
            by_script: asked.by_script,
            kept: asked.form.typed(),
            back,
            reference: id.as_str().to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/failure.html")]
pub(super) struct FailurePage {
    pub(super) c: Chrome,
    pub(super) detail: String,
    pub(super) kept: Vec<String>,
    pub(super) onward: String,
    pub(super) onward_text: String,
    pub(super) reference: String,
}

pub(super) fn response(refusal: Refusal, shown: Shown) -> Response {
    let t = shown.chrome.t;
    let say = |id: &str| t.say(id).into_owned();
    let mut wait = None;
    let (status, title, detail) = match refusal {
        Refusal::NoSession if !shown.is_post => {
            return on_to_sign_in(&shown.path);
        }
        Refusal::MustEnrol if !shown.is_post => return on_to("/me/second-factor", None),
        Refusal::Replayed => return on_to(&shown.back, Some(Done::AlreadySent)),
        Refusal::NoSession => (StatusCode::UNAUTHORIZED, say("failure-session-title"), say("failure-session")),
        Refusal::MustEnrol => (StatusCode::FORBIDDEN, say("failure-forbidden-title"), say("second-factor-must")),
        Refusal::NotOurs => (StatusCode::FORBIDDEN, say("failure-csrf-title"), say("failure-csrf")),
        Refusal::Forbidden => (StatusCode::FORBIDDEN, say("failure-forbidden-title"), say("failure-forbidden")),
        Refusal::OtherCertificate => {
            (StatusCode::UNPROCESSABLE_ENTITY, say("failure-other-title"), say("signing-not-yours"))
        }
        Refusal::NotFound => (StatusCode::NOT_FOUND, say("failure-not-found-title"), say("failure-not-found")),
        Refusal::Access(error @ AccessError::SlowDown { retry_after }) => {
            wait = Some(retry_after);
            (StatusCode::TOO_MANY_REQUESTS, say("failure-slow-title"), words::of(t, &error))
        }
        Refusal::Access(error) => (StatusCode::UNPROCESSABLE_ENTITY, say("failure-other-title"), words::of(t, &error)),
        Refusal::Problem(problem) => match problem {
            Problem::Internal(cause) => {
                // As in `problem::answer`, which writes those of other pages: the one place where it is logged.
                tracing::error!(%cause, "request {} failed inside", shown.reference);
                (StatusCode::INTERNAL_SERVER_ERROR, say("failure-internal-title"), say("failure-internal"))
            }
            Problem::Unavailable(cause) => {
                tracing::warn!(%cause, "request {} needs something that does not answer", shown.reference);
                wait = Some(5);
                (StatusCode::SERVICE_UNAVAILABLE, say("failure-other-title"), Problem::Busy.detail(t.0))
            }
            other => (other.status(), say("failure-other-title"), other.detail(t.0)),
        },
    };
    if shown.by_script {
        let said = json!({ "title": title, "detail": detail, "reference": shown.reference });
        let mut response = (status, Json(said)).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        return response;
    }
    // What was typed is repeated only to whoever typed it here: a form of another site shows nothing of its own in ours.
    let kept = if status == StatusCode::UNAUTHORIZED { shown.kept } else { Vec::new() };
    let (onward, onward_text) = match shown.signed_in {
        true => ("/home", say("onward-home")),
        false => ("/sign-in", say("onward-sign-in")),
    };
    let page = FailurePage {
        c: shown.chrome.titled(title),
        detail,
        kept,
        onward: onward.to_owned(),
        onward_text,
        reference: shown.reference,
    };
    let Ok(text) = page.render() else { return status.into_response() };
    let mut response = (status, Html(text)).into_response();
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// To the sign-in page, and back afterwards.
fn on_to_sign_in(path: &str) -> Response {
    let next = match super::form::own_path(path) {
        Some("/home") | None => String::new(),
        Some(path) => format!("?next={path}"),
    };
    on_to(&format!("/sign-in{next}"), None)
}
