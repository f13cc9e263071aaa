//! What was found in files, as it is kept with a task and as it is shown.

use askama::Template;
use hocba_workbook::{Finding, ListKind, Words};
use serde::{Deserialize, Serialize};

use super::text::Text;
use crate::language;

/// Findings that are listed on a page; beyond, it says how many more there are.
const SHOWN: usize = 100;

/// A finding, in both languages: a page may be looked at in either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FindingLine {
    /// Which list it is of; none where there is one file only.
    pub(super) list: Option<String>,
    pub(super) error: bool,
    pub(super) code: String,
    pub(super) sheet: String,
    pub(super) cell: Option<String>,
    pub(super) value: Option<String>,
    pub(super) expected: [String; 2],
    pub(super) mend: [String; 2],
}

impl FindingLine {
    pub(super) fn of(list: Option<ListKind>, finding: &Finding) -> Self {
        let both = |words: &Words| [words.vi.clone(), words.en.clone()];
        Self {
            list: list.map(|kind| list_code(kind).to_owned()),
            error: finding.is_error(),
            code: finding.code.to_string(),
            sheet: finding.sheet.clone(),
            cell: finding.cell.map(|cell| cell.to_string()),
            value: finding.value.clone(),
            expected: both(&finding.expected),
            mend: both(&finding.how_to_mend),
        }
    }
}

/// A list's name in forms and results.
pub(super) const fn list_code(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Staff => "staff",
        ListKind::Classes => "classes",
        ListKind::Pupils => "pupils",
        ListKind::Schools => "schools",
    }
}

/// A list's name to people.
pub(super) fn list_name(t: Text, code: &str) -> String {
    match code {
        "staff" => t.say("list-staff"),
        "classes" => t.say("list-classes"),
        "pupils" => t.say("list-pupils"),
        _ => t.say("list-file"),
    }
    .into_owned()
}

/// A finding as a line of the table.
pub(super) struct LineView {
    pub(super) level: String,
    pub(super) error: bool,
    pub(super) place: String,
    pub(super) value: String,
    pub(super) expected: String,
    pub(super) mend: String,
}

/// The findings of one list, or of one file.
#[derive(Template)]
#[template(path = "staff/findings.html")]
pub(super) struct Findings {
    pub(super) t: Text,
    pub(super) caption: String,
    pub(super) lines: Vec<LineView>,
    pub(super) more: u32,
}

impl Findings {
    /// Errors first; nothing where there is none.
    pub(super) fn of(t: Text, caption: String, found: &[&FindingLine]) -> Option<Self> {
        let mut found: Vec<&&FindingLine> = found.iter().collect();
        found.sort_by_key(|line| !line.error);
        let more = u32::try_from(found.len().saturating_sub(SHOWN)).unwrap_or(u32::MAX);
        let lines: Vec<LineView> = found.into_iter().take(SHOWN).map(|line| view(t, line)).collect();
        (!lines.is_empty()).then_some(Self { t, caption, lines, more })
    }
}

fn view(t: Text, line: &FindingLine) -> LineView {
    let pick = |both: &[String; 2]| language::pick(t.0, both[0].clone(), both[1].clone());
    let place = match (line.sheet.as_str(), &line.cell) {
        ("", None) => t.say("finding-whole-file").into_owned(),
        // A text file has one sheet, and nobody calls it anything.
        ("CSV" | "", Some(cell)) => t.with("finding-cell", &[("cell", cell)]).into_owned(),
        (sheet, Some(cell)) => t.with("finding-sheet-cell", &[("sheet", sheet), ("cell", cell)]).into_owned(),
        (sheet, None) => t.with("finding-sheet", &[("sheet", sheet)]).into_owned(),
    };
    LineView {
        level: if line.error { t.say("finding-error") } else { t.say("finding-warning") }.into_owned(),
        error: line.error,
        place,
        value: line.value.clone().unwrap_or_else(|| "–".to_owned()),
        expected: pick(&line.expected),
        mend: pick(&line.mend),
    }
}
