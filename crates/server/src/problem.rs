//! Everything that can go wrong for a client, as RFC 9457 problem documents.
//!
//! A handler returns a [`Problem`]; `answer` writes it: JSON for programs, a page for people, in their language, with
//! the request's id. `type` is `/problems/<code>`, a page this server serves; `docs/problems.md` lists them all, and a
//! test keeps it in step with this file.
//!
//! Details name members, limits and times, never what a client sent.

mod answer;
mod app;
mod kind;

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hocba_bundle::text::date_time;
use hocba_record::types::UnixTime;
use serde_json::{Map, Value, json};

use crate::{
    language::{Language, pick},
    service::{Cause, LinkError},
};

pub(crate) use answer::answer;
pub use kind::{Kind, markdown};

/// What is wrong with a request, or with us.
#[derive(Debug, Clone)]
pub enum Problem {
    /// The request is not of the shape its endpoint takes.
    Malformed {
        /// Which member or part.
        member: &'static str,
    },
    /// Whoever asks has to sign in first.
    Unauthenticated,
    /// Whoever asks may not.
    Forbidden,
    /// There is nothing here.
    NotFound,
    /// Not with this method.
    MethodNotAllowed,
    /// There is no such link.
    LinkUnknown,
    /// The link's time is over.
    LinkExpired {
        /// Since when.
        at: UnixTime,
    },
    /// The link was taken back.
    LinkWithdrawn {
        /// When.
        at: UnixTime,
    },
    /// The thing is in another state than the request expects.
    WrongState {
        /// State found.
        state: &'static str,
        /// State the request needs.
        expected: &'static str,
    },
    /// The idempotency key was used for another request.
    IdempotencyConflict,
    /// Changed by someone else since it was read.
    Stale,
    /// Longer than is taken.
    TooLarge {
        /// Bytes taken.
        limit: usize,
    },
    /// Of a type that is not taken.
    UnsupportedMediaType,
    /// Understood, and against a rule.
    RuleBroken {
        /// What is broken, as data for the client.
        findings: Value,
    },
    /// Asked too often.
    TooManyRequests {
        /// When to ask again.
        retry_after: Duration,
    },
    /// Our fault. The client sees a reference; the cause is for the log.
    Internal(Cause),
    /// Too much at once, or too slow.
    Busy,
    /// Something we rest on does not answer.
    Unavailable,
}

/// How long a client should wait where we do not know better: long enough to pass a hiccup, short enough for a person
/// who waits.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Problem {
    /// Our fault, with the cause for the log.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Problem::Internal(Arc::from(cause.into()))
    }

    /// Its kind: code, status and words.
    pub fn kind(&self) -> Kind {
        match self {
            Problem::Malformed { .. } => Kind::Malformed,
            Problem::Unauthenticated => Kind::Unauthenticated,
            Problem::Forbidden => Kind::Forbidden,
            Problem::NotFound => Kind::NotFound,
            Problem::MethodNotAllowed => Kind::MethodNotAllowed,
            Problem::LinkUnknown => Kind::LinkUnknown,
            Problem::LinkExpired { .. } => Kind::LinkExpired,
            Problem::LinkWithdrawn { .. } => Kind::LinkWithdrawn,
            Problem::WrongState { .. } => Kind::WrongState,
            Problem::IdempotencyConflict => Kind::IdempotencyConflict,
            Problem::Stale => Kind::Stale,
            Problem::TooLarge { .. } => Kind::TooLarge,
            Problem::UnsupportedMediaType => Kind::UnsupportedMediaType,
            Problem::RuleBroken { .. } => Kind::RuleBroken,
            Problem::TooManyRequests { .. } => Kind::TooManyRequests,
            Problem::Internal(_) => Kind::Internal,
            Problem::Busy => Kind::Busy,
            Problem::Unavailable => Kind::Unavailable,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.kind().status()
    }

    /// What happened here, where there is more to say than the kind's own words.
    pub fn detail(&self, language: Language) -> String {
        let (vietnamese, english) = match self {
            Problem::Malformed { member } => {
                (format!("Không đọc được: {member}."), format!("Could not be read: {member}."))
            }
            Problem::LinkExpired { at } => {
                (format!("Hết hạn lúc {}.", date_time(*at)), format!("Expired at {}.", date_time(*at)))
            }
            Problem::LinkWithdrawn { at } => {
                (format!("Rút lại lúc {}.", date_time(*at)), format!("Withdrawn at {}.", date_time(*at)))
            }
            Problem::WrongState { state, expected } => (
                format!("Đang ở trạng thái {state}; việc này cần trạng thái {expected}."),
                format!("The state is {state}; this needs {expected}."),
            ),
            Problem::TooLarge { limit } => {
                (format!("Chỉ nhận đến {limit} byte."), format!("At most {limit} bytes are taken."))
            }
            _ => return self.kind().meaning(language).to_owned(),
        };
        pick(language, vietnamese, english)
    }

    /// Members beside the five of RFC 9457, for programs.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let members = match self {
            Problem::Malformed { member } => json!({ "member": member }),
            Problem::LinkExpired { at } => json!({ "expired_at": at }),
            Problem::LinkWithdrawn { at } => json!({ "withdrawn_at": at }),
            Problem::WrongState { state, expected } => json!({ "state": state, "expected_state": expected }),
            Problem::TooLarge { limit } => json!({ "limit": limit }),
            Problem::RuleBroken { findings } => json!({ "findings": findings }),
            _ => Value::Null,
        };
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// `Retry-After`, where trying again helps.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Problem::TooManyRequests { retry_after } => Some(*retry_after),
            Problem::Busy | Problem::Unavailable => Some(RETRY_AFTER),
            _ => None,
        }
    }

    /// What a status means that a library answered with by itself (a body over the limit, a method without a handler).
    fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status {
            StatusCode::NOT_FOUND => Problem::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Problem::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge { limit: crate::MAX_BODY },
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::UnsupportedMediaType,
            status if status.is_client_error() => Problem::Malformed { member: "body" },
            status if status.is_server_error() => Problem::internal("a library answered with a server error"),
            _ => return None,
        })
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unknown => Problem::LinkUnknown,
            LinkError::Expired { at } => Problem::LinkExpired { at },
            LinkError::Withdrawn { at } => Problem::LinkWithdrawn { at },
            LinkError::Failed(cause) => Problem::Internal(cause),
        }
    }
}

/// Carries the problem to `answer`, which knows the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
