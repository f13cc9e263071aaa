//! Findings of a spreadsheet, for people and for programs.

use hocba_workbook::{Code, Finding};
use serde_json::{Value, json};

use crate::{
    error::{Exit, Failure},
    output::{Lang, words},
};

/// The failure of a spreadsheet with faults.
pub fn unsound(findings: &[Finding], lang: Lang) -> Failure {
    let errors = findings.iter().filter(|f| f.is_error()).count();
    let table = table(findings, lang);
    let failure = Failure::new(
        Exit::BadInput,
        "unsound",
        words(
            format!("{table}\nBảng tính có {errors} chỗ phải sửa; chưa ghi gì cả."),
            format!("{table}\nThe workbook has {errors} faults to mend; nothing was written."),
        ),
    )
    .details(json!({ "findings": documents(findings) }));
    // A check is of one pupil, who can be left out; merged cells or a missing column stay, whoever is.
    if !findings.iter().any(|f| f.is_error() && matches!(f.code, Code::Check(_))) {
        return failure;
    }
    failure.hint(words(
        "học sinh chưa đủ điểm có thể để lại sau: --leave-out STT=waiting_for_reassessment",
        "a pupil who is not ready can be left out: --leave-out NUMBER=waiting_for_reassessment",
    ))
}

/// The findings as lines of a table: where, what stands there, what was expected, how to mend it.
pub fn table(findings: &[Finding], lang: Lang) -> String {
    let heads = match lang {
        Lang::Vi => ["", "Trang", "Ô", "Đang ghi", "Cần", "Cách sửa"],
        Lang::En => ["", "Sheet", "Cell", "Found", "Expected", "How to mend"],
    };
    let mut rows = vec![heads.map(str::to_owned)];
    for finding in findings {
        let mark = match (finding.is_error(), lang) {
            (true, Lang::Vi) => "LỖI",
            (true, Lang::En) => "ERROR",
            (false, Lang::Vi) => "xem lại",
            (false, Lang::En) => "look",
        };
        rows.push([
            mark.to_owned(),
            finding.sheet.clone(),
            finding.cell.map(|c| c.to_string()).unwrap_or_default(),
            finding.value.clone().unwrap_or_default(),
            lang.pick(&finding.expected).to_owned(),
            lang.pick(&finding.how_to_mend).to_owned(),
        ]);
    }
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The findings for programs.
pub fn documents(findings: &[Finding]) -> Vec<Value> {
    let document = |f: &Finding| {
        json!({
            "code": f.code.as_str(),
            "severity": if f.is_error() { "error" } else { "warning" },
            "sheet": f.sheet,
            "cell": f.cell.map(|c| c.to_string()),
            "value": f.value,
            "expected_vi": f.expected.vi,
            "expected_en": f.expected.en,
            "how_to_mend_vi": f.how_to_mend.vi,
            "how_to_mend_en": f.how_to_mend.en,
        })
    };
    findings.iter().map(document).collect()
}

#[cfg(test)]
mod tests {
    use hocba_workbook::Severity;

    use super::*;

    #[test]
    fn leaving_a_pupil_out_is_proposed_where_it_would_help() {
        let finding = |code, severity| Finding {
            code,
            severity,
            sheet: "Toán".into(),
            cell: None,
            value: None,
            expected: words("", ""),
            how_to_mend: words("", ""),
        };
        let form = finding(Code::MergedCells, Severity::Error);
        let check = finding(Code::Check("conduct_missing"), Severity::Error);
        let remark = finding(Code::Check("average_differs"), Severity::Warning);
        let proposed = |findings: &[Finding]| unsound(findings, Lang::Vi).text(Lang::Vi).contains("--leave-out");
        assert!(proposed(std::slice::from_ref(&check)));
        assert!(proposed(&[form.clone(), check]), "one of the two goes away");
        assert!(!proposed(&[form, remark]));
    }
}
