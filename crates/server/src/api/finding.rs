//! A finding of the intake, for whoever sent the spreadsheet.

use hocba_workbook::{Finding, Severity, Words};
use serde::Serialize;

/// One fault or oddity, with its place and remedy.
///
/// ```json
/// { "code": "mark_out_of_range", "severity": "error", "sheet": "Toán", "cell": "C12", "value": "85",
///   "expected": { "vi": "…", "en": "…" }, "how_to_mend": { "vi": "…", "en": "…" } }
/// ```
#[derive(Serialize)]
pub(crate) struct FindingJson {
    code: &'static str,
    severity: &'static str,
    sheet: String,
    cell: Option<String>,
    value: Option<String>,
    expected: WordsJson,
    how_to_mend: WordsJson,
}

#[derive(Serialize)]
struct WordsJson {
    vi: String,
    en: String,
}

impl FindingJson {
    pub(crate) fn of(findings: &[Finding]) -> Vec<Self> {
        findings.iter().map(Self::from).collect()
    }
}

impl From<&Finding> for FindingJson {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.as_str(),
            severity: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            sheet: finding.sheet.clone(),
            cell: finding.cell.map(|cell| cell.to_string()),
            value: finding.value.clone(),
            expected: (&finding.expected).into(),
            how_to_mend: (&finding.how_to_mend).into(),
        }
    }
}

impl From<&Words> for WordsJson {
    fn from(words: &Words) -> Self {
        Self { vi: words.vi.clone(), en: words.en.clone() }
    }
}
