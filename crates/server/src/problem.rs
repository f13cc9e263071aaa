//! Everything that can go wrong for a client, as RFC 9457 problem documents.
//!
//! A handler returns a [`Problem`]; `answer` writes it: JSON for programs, a page for people, in their language, with
//! the request's id. `type` is `/problems/<code>`, a page this server serves; `docs/problems.md` lists them all, and a
//! test keeps it in step with this file.
//!
//! Details name members, limits and times, never what a client sent. The findings of a spreadsheet alone repeat what
//! stood in a cell, to whoever sent it.

mod answer;
mod app;
mod kind;

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hocba_app::{model::RecordState, not_appointed_words, policy::Action, state_words};
use hocba_bundle::{
    report::AppointmentProblem,
    text::{date_time, role},
};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolCode, UnixTime},
};
use hocba_signature::statement::Role;
use hocba_workbook::Finding;
use serde_json::{Map, Value, json};

use crate::{
    api::FindingJson,
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
    Forbidden {
        /// What.
        action: Action,
    },
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
    /// The record is in another state than the request expects.
    WrongState {
        /// Record.
        record: RecordId,
        /// Number in the class list.
        number: u32,
        /// State it is in.
        found: RecordState,
        /// State the request needs.
        expected: RecordState,
    },
    /// A spreadsheet contradicts signed records.
    SignedWouldChange {
        /// Class.
        class: ClassName,
        /// Numbers in the class list.
        numbers: Vec<u32>,
    },
    /// Not on the public record yet, so not to be handed out.
    NotAnchored,
    /// A bundle would lack a certificate or an appointment.
    EvidenceMissing {
        /// Whose.
        role: Role,
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
    /// The spreadsheet has faults; all of them, with its warnings.
    Workbook {
        /// Each place. Their `Debug` leaves out what stood there.
        findings: Vec<Finding>,
    },
    /// The spreadsheet is of a school that is not here.
    UnknownSchool {
        /// Its code.
        school: SchoolCode,
    },
    /// The class has no such number.
    UnknownNumber {
        /// The number.
        number: u32,
    },
    /// The draft has no complete content.
    Incomplete {
        /// Number in the class list.
        number: u32,
    },
    /// The signer does not hold the role here now.
    NotAppointed {
        /// The role.
        role: Role,
        /// What comes nearest to it.
        why: AppointmentProblem,
    },
    /// No verdict would accept records that are signed as this server is set to.
    PolicyNotAccepted {
        /// Id of the signing policy.
        policy: String,
    },
    /// The signer's certificate cannot be used.
    Certificate,
    /// The same key signed the record in another role.
    SameKey {
        /// Number in the class list.
        number: u32,
    },
    /// A signature does not verify.
    SignatureWrong {
        /// Of which record.
        record: RecordId,
    },
    /// A time that is past, or too far ahead.
    TimeImpossible,
    /// More entries than one call takes.
    TooMany {
        /// Of which member.
        member: &'static str,
        /// Entries taken.
        limit: usize,
    },
    /// Understood, and against a rule that has no problem of its own.
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
    /// Something we rest on does not answer. What it is, is for the log.
    Unavailable(Cause),
}

/// How long a client should wait where we do not know better: long enough to pass a hiccup, short enough for a person
/// who waits.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Problem {
    /// Our fault, with the cause for the log.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Problem::Internal(Arc::from(cause.into()))
    }

    /// Something we rest on does not answer, with the cause for the log.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Problem::Unavailable(Arc::from(cause.into()))
    }

    /// Its kind: code, status and words.
    pub fn kind(&self) -> Kind {
        match self {
            Problem::Malformed { .. } => Kind::Malformed,
            Problem::Unauthenticated => Kind::Unauthenticated,
            Problem::Forbidden { .. } => Kind::Forbidden,
            Problem::NotFound => Kind::NotFound,
            Problem::MethodNotAllowed => Kind::MethodNotAllowed,
            Problem::LinkUnknown => Kind::LinkUnknown,
            Problem::LinkExpired { .. } => Kind::LinkExpired,
            Problem::LinkWithdrawn { .. } => Kind::LinkWithdrawn,
            Problem::WrongState { .. } => Kind::WrongState,
            Problem::SignedWouldChange { .. } => Kind::SignedWouldChange,
            Problem::NotAnchored => Kind::NotAnchored,
            Problem::EvidenceMissing { .. } => Kind::EvidenceMissing,
            Problem::IdempotencyConflict => Kind::IdempotencyConflict,
            Problem::Stale => Kind::Stale,
            Problem::TooLarge { .. } => Kind::TooLarge,
            Problem::UnsupportedMediaType => Kind::UnsupportedMediaType,
            Problem::Workbook { .. } => Kind::Workbook,
            Problem::UnknownSchool { .. } => Kind::UnknownSchool,
            Problem::UnknownNumber { .. } => Kind::UnknownNumber,
            Problem::Incomplete { .. } => Kind::Incomplete,
            Problem::NotAppointed { .. } => Kind::NotAppointed,
            Problem::PolicyNotAccepted { .. } => Kind::PolicyNotAccepted,
            Problem::Certificate => Kind::Certificate,
            Problem::SameKey { .. } => Kind::SameKey,
            Problem::SignatureWrong { .. } => Kind::SignatureWrong,
            Problem::TimeImpossible => Kind::TimeImpossible,
            Problem::TooMany { .. } => Kind::TooMany,
            Problem::RuleBroken { .. } => Kind::RuleBroken,
            Problem::TooManyRequests { .. } => Kind::TooManyRequests,
            Problem::Internal(_) => Kind::Internal,
            Problem::Busy => Kind::Busy,
            Problem::Unavailable(_) => Kind::Unavailable,
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
            Problem::WrongState { number, found, expected, .. } => {
                let ((found_vi, found_en), (wanted_vi, wanted_en)) = (state_words(*found), state_words(*expected));
                (
                    format!("Học bạ số {number} ở trạng thái “{found_vi}”; việc này cần “{wanted_vi}”."),
                    format!("Number {number} is {found_en}; this needs it {wanted_en}."),
                )
            }
            Problem::SignedWouldChange { numbers, .. } => (
                format!("Học bạ đã ký của số {} phải được trả lại trước.", list(numbers)),
                format!("The signed records of numbers {} have to be returned first.", list(numbers)),
            ),
            Problem::UnknownNumber { number } => {
                (format!("Lớp không có số {number}."), format!("The class has no number {number}."))
            }
            Problem::NotAppointed { role: needed, why } => {
                let why = not_appointed_words(*why);
                (
                    format!("Chưa được bổ nhiệm, phân công: {} ({}).", role(*needed, Language::Vietnamese), why.0),
                    format!("Not appointed as {} here now: {}.", role(*needed, Language::English), why.1),
                )
            }
            Problem::TooMany { member, limit } => (
                format!("{member}: mỗi lần gửi nhiều nhất {limit}."),
                format!("{member}: at most {limit} in one call."),
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
            Problem::Forbidden { action } => json!({ "action": action.as_str() }),
            Problem::WrongState { record, number, found, expected } => json!({
                "record": record,
                "number": number,
                "found_state": found.as_str(),
                "expected_state": expected.as_str(),
            }),
            Problem::SignedWouldChange { class, numbers } => json!({ "class": class, "numbers": numbers }),
            Problem::EvidenceMissing { role } => json!({ "role": role }),
            Problem::NotAppointed { role, why } => json!({ "role": role, "reason": why }),
            Problem::PolicyNotAccepted { policy } => json!({ "policy": policy }),
            Problem::Workbook { findings } => json!({ "findings": FindingJson::of(findings) }),
            Problem::UnknownSchool { school } => json!({ "school": school }),
            Problem::UnknownNumber { number } | Problem::Incomplete { number } | Problem::SameKey { number } => {
                json!({ "number": number })
            }
            Problem::SignatureWrong { record } => json!({ "record": record }),
            Problem::TooMany { member, limit } => json!({ "member": member, "limit": limit }),
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
            Problem::Busy | Problem::Unavailable(_) => Some(RETRY_AFTER),
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

/// Numbers as people write them.
fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unknown => Problem::LinkUnknown,
            LinkError::Expired { at } => Problem::LinkExpired { at },
            LinkError::Withdrawn { at } => Problem::LinkWithdrawn { at },
            LinkError::Unavailable(cause) => Problem::Unavailable(cause),
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
