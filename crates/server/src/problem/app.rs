//! What a use case refused, as a problem. Ids, roles and numbers of the class list; no names, no marks.

use hocba_app::{AppError, reason_code};
use hocba_bundle::assemble::AssembleError;
use serde_json::json;

use super::Problem;

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Forbidden(action) => Problem::Forbidden { action },
            AppError::NotFound(_) => Problem::NotFound,
            AppError::Unsound(findings) => Problem::Workbook { findings },
            AppError::UnknownSchool(school) => Problem::UnknownSchool { school },
            AppError::SignedWouldChange { class, numbers } => Problem::SignedWouldChange { class, numbers },
            AppError::UnknownNumber(number) => Problem::UnknownNumber { number },
            AppError::WrongState { record, number, found, wanted } => {
                Problem::WrongState { record, number, found, expected: wanted }
            }
            AppError::Incomplete { number } => Problem::Incomplete { number },
            AppError::Changed(_) => Problem::Stale,
            AppError::NotAppointed { role, why } => Problem::NotAppointed { role, why },
            AppError::PolicyNotAccepted { policy } => Problem::PolicyNotAccepted { policy },
            AppError::Certificate(_) => Problem::Certificate,
            AppError::SameKey { number } => Problem::SameKey { number },
            AppError::Signature(record) => Problem::SignatureWrong { record },
            AppError::NotAnchored => Problem::NotAnchored,
            AppError::Assemble(
                AssembleError::MissingCertificate { role, .. }
                | AssembleError::NoPath { role, .. }
                | AssembleError::MissingAppointment { role },
            ) => Problem::EvidenceMissing { role },
            AppError::Time(_) => Problem::TimeImpossible,
            AppError::AppointmentEnded { role, reason } => Problem::RuleBroken {
                findings: json!([{ "code": "appointment_ended", "role": role, "reason": reason_code(reason) }]),
            },
            AppError::TwoPupils { number } => {
                Problem::RuleBroken { findings: json!([{ "code": "two_pupils", "number": number }]) }
            }
            AppError::OtherKind { class } => {
                Problem::RuleBroken { findings: json!([{ "code": "other_kind", "class": class }]) }
            }
            AppError::NoTeacherSigns { class } => {
                Problem::RuleBroken { findings: json!([{ "code": "no_teacher_signs", "class": class }]) }
            }
            AppError::SignerGone { number, role } => {
                Problem::RuleBroken { findings: json!([{ "code": "signer_gone", "number": number, "role": role }]) }
            }
            AppError::SchoolClosed { school, successors } => Problem::RuleBroken {
                findings: json!([{ "code": "school_closed", "school": school, "successors": successors }]),
            },
            // Of use cases that have no endpoint yet.
            AppError::OneOfMany { error, .. } => (*error).into(),
            AppError::Status(_) => Problem::RuleBroken { findings: json!([{ "code": "status" }]) },
            AppError::EndedBefore { .. } => Problem::RuleBroken { findings: json!([{ "code": "ended_before" }]) },
            AppError::SchoolFate(_) => Problem::RuleBroken { findings: json!([{ "code": "school_fate" }]) },
            AppError::SchoolName => Problem::RuleBroken { findings: json!([{ "code": "school_name" }]) },
            AppError::CertificateName => Problem::RuleBroken { findings: json!([{ "code": "certificate_name" }]) },
            AppError::YearNotOpen(year) => {
                Problem::RuleBroken { findings: json!([{ "code": "year_not_open", "year": year }]) }
            }
            AppError::YearClosed(year) => {
                Problem::RuleBroken { findings: json!([{ "code": "year_closed", "year": year }]) }
            }
            AppError::YearUnfinished { unfinished } => {
                Problem::RuleBroken { findings: json!([{ "code": "year_unfinished", "unfinished": unfinished }]) }
            }
            AppError::UnknownClass(class) => {
                Problem::RuleBroken { findings: json!([{ "code": "unknown_class", "class": class }]) }
            }
            AppError::ClassTaken(class) => {
                Problem::RuleBroken { findings: json!([{ "code": "class_taken", "class": class }]) }
            }
            AppError::RollOver(_) => Problem::RuleBroken { findings: json!([{ "code": "roll_over" }]) },
            AppError::Evidence(refusal) => Problem::RuleBroken { findings: json!([{ "code": refusal.code() }]) },
            AppError::TooMany { .. } => Problem::RuleBroken { findings: json!([{ "code": "too_many" }]) },
            AppError::Appointment(_) => Problem::RuleBroken { findings: json!([{ "code": "appointment" }]) },
            AppError::Grant(_) => Problem::RuleBroken { findings: json!([{ "code": "grant" }]) },
            AppError::Exists(_) => Problem::RuleBroken { findings: json!([{ "code": "exists" }]) },
            // The same call may succeed in a moment, here or on another server.
            AppError::Store(ref store) if store.is_unavailable() => Problem::unavailable(error),
            // Nothing a client could mend. Their texts have ids and numbers only, and go to the log.
            error @ (AppError::Damaged { .. }
            | AppError::Assemble(AssembleError::NotARecord { .. })
            | AppError::NoRandomness
            | AppError::Store(_)) => Problem::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use hocba_signature::statement::Role;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_bundle_that_lacks_evidence_says_whose() {
        let error = AppError::Assemble(AssembleError::MissingAppointment { role: Role::Principal });
        let problem = Problem::from(error);
        assert_eq!(problem.kind().code(), "evidence-missing");
        assert_eq!(Value::Object(problem.members()), json!({ "role": "principal" }));
    }

    #[test]
    fn what_no_client_can_mend_is_ours() {
        for error in [AppError::NoRandomness, AppError::Damaged { number: 3, what: "sections" }] {
            assert_eq!(Problem::from(error).kind().code(), "internal");
        }
    }

    #[test]
    fn use_cases_without_an_endpoint_break_rules_by_code() {
        for (error, code) in
            [(AppError::Exists("the account"), "exists"), (AppError::Appointment("x".into()), "appointment")]
        {
            let problem = Problem::from(error);
            assert_eq!(
                (problem.kind().code(), &problem.members()["findings"][0]["code"]),
                ("rule-broken", &json!(code))
            );
        }
    }
}
