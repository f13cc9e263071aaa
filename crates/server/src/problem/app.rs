//! What a use case refused, as a problem. Codes and numbers of the class list; no names, marks or found values.

use hocba_app::AppError;
use serde_json::{Value, json};

use super::Problem;

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let broken = |findings: Value| Problem::RuleBroken { findings };
        match error {
            AppError::Forbidden(_) => Problem::Forbidden,
            AppError::NotFound(_) => Problem::NotFound,
            AppError::Changed(_) => Problem::Stale,
            AppError::WrongState { found, wanted, .. } => {
                Problem::WrongState { state: found.as_str(), expected: wanted.as_str() }
            }
            AppError::NotAnchored => Problem::WrongState { state: "sealed", expected: "anchored" },
            // The value as found stays where it came from: the teacher has the cell before their eyes.
            AppError::Unsound(findings) => broken(
                findings
                    .iter()
                    .map(|finding| {
                        json!({
                            "code": finding.code.as_str(),
                            "error": finding.is_error(),
                            "sheet": finding.sheet,
                            "cell": finding.cell.map(|cell| cell.to_string()),
                            "expected": { "vi": finding.expected.vi, "en": finding.expected.en },
                            "how_to_mend": { "vi": finding.how_to_mend.vi, "en": finding.how_to_mend.en },
                        })
                    })
                    .collect(),
            ),
            AppError::UnknownSchool(school) => broken(json!([{ "code": "unknown_school", "school": school }])),
            AppError::SignedWouldChange { class, numbers } => {
                broken(json!([{ "code": "signed_would_change", "class": class, "numbers": numbers }]))
            }
            AppError::UnknownNumber(number) => broken(json!([{ "code": "unknown_number", "number": number }])),
            AppError::Incomplete { number } => broken(json!([{ "code": "incomplete", "number": number }])),
            AppError::NotAppointed { role } => broken(json!([{ "code": "not_appointed", "role": role }])),
            AppError::Certificate(_) => broken(json!([{ "code": "certificate" }])),
            AppError::SameKey { number } => broken(json!([{ "code": "same_key", "number": number }])),
            AppError::Signature(record) => broken(json!([{ "code": "signature", "record": record }])),
            AppError::Appointment(_) => broken(json!([{ "code": "appointment" }])),
            AppError::Time(_) => broken(json!([{ "code": "time" }])),
            AppError::Exists(_) => broken(json!([{ "code": "exists" }])),
            error
            @ (AppError::Damaged { .. } | AppError::Assemble(_) | AppError::NoRandomness | AppError::Store(_)) => {
                Problem::internal(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hocba_store::model::RecordState;
    use hocba_workbook::{Code, Finding, Severity, Words};

    use super::*;

    #[test]
    fn findings_name_the_cell_and_never_what_stood_in_it() {
        let finding = Finding {
            code: *Code::ALL.first().expect("there are codes"),
            severity: Severity::Error,
            sheet: "9A3".into(),
            cell: None,
            value: Some("Nguyễn Văn A".into()),
            expected: Words::new("điểm", "a mark"),
            how_to_mend: Words::new("sửa ô", "mend the cell"),
        };
        let problem = Problem::from(AppError::Unsound(vec![finding]));
        let members = Value::Object(problem.members());
        assert_eq!(members["findings"][0]["sheet"], "9A3");
        assert!(!members.to_string().contains("Nguyễn"));
    }

    #[test]
    fn a_step_in_the_wrong_state_says_which_state_it_needs() {
        let record = "AAAAAAAAAAAAAAAAAAAAAA".parse().expect("an id");
        let wanted = RecordState::CoSigned;
        let error = AppError::WrongState { record, number: 7, found: RecordState::Draft, wanted };
        let members = Problem::from(error).members();
        assert_eq!(members["expected_state"], RecordState::CoSigned.as_str());
    }
}
