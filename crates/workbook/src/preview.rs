//! What a file would be taken for, before anything is read into drafts: for the person who sends it to look over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Limits,
    attainments::ITEMS,
    class, classify,
    columns::Column,
    csv, fields,
    finding::{CellRef, Finding, Words},
    guard,
    hints::{Context, Hints, Mapping},
    plan::{ColumnPlan, Role, SheetPlan},
    table::{At, Field, Source, Value},
    xlsx,
};

/// How many example values are shown of a column.
pub(crate) const EXAMPLES: usize = 3;

/// What a file was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The class header as far as the file or the caller says it, in the order of the sheet `Lớp`.
    pub class: Vec<ClassField>,
    /// The rule set that the grade and year mean; none where either is missing.
    pub rules: Option<String>,
    /// The sheets in the order of the file.
    pub sheets: Vec<SheetPreview>,
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl From<Words> for Label {
    fn from(words: Words) -> Self {
        Self { vi: words.vi, en: words.en }
    }
}

/// One field of the class header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassField {
    /// The field's code: `school_code`.
    pub field: String,
    /// In words.
    pub label: Label,
    /// What was found; none where nothing says it.
    pub value: Option<String>,
    /// Where: `Lớp!B1`; none for what the caller knows.
    pub from: Option<String>,
}

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetPreview {
    /// The sheet's name; `CSV` for a text file.
    pub sheet: String,
    /// What it is taken for: `class`, `instructions`, `pupils`, `subject:toan`, `conduct`, `results`, `more`, `wide`,
    /// `lines`, `ignored`.
    pub role: String,
    /// In words.
    pub label: Label,
    /// The rows of headings: `A5:Z6`.
    pub headings: Option<String>,
    /// Rows of pupils.
    pub pupils: usize,
    /// The columns with a heading.
    pub columns: Vec<ColumnPreview>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnPreview {
    /// Its letters: `C`.
    pub column: String,
    /// The heading as found; those over one another parted by ` / `.
    pub heading: String,
    /// The cells it is read from: `C7:C51`.
    pub cells: Option<String>,
    /// What it is taken for: a code for [`Mapping`]; none where it is not read.
    pub field: Option<String>,
    /// In words.
    pub label: Option<Label>,
    /// Some of its values, those of people masked.
    pub examples: Vec<String>,
}

/// What a file would be taken for by [`crate::read_with`] with the same hints and mapping.
///
/// # Errors
/// The findings of a file that cannot be opened.
pub fn preview(bytes: &[u8], limits: &Limits, hints: &Hints, mapping: &Mapping) -> Result<Preview, Vec<Finding>> {
    let context = Context { limits, hints, mapping };
    let refused = |finding: Box<Finding>| vec![*finding];
    match guard::sniff(bytes, limits).map_err(refused)? {
        guard::Sniffed::Zip => {
            let sheets = xlsx::open(bytes, &context).map_err(refused)?;
            let (source, _) = classify::classify(&sheets, &context);
            Ok(describe(&source, &context, |at| sheets.get(at.sheet)?.field(at.sheet, at.row, at.col)))
        }
        guard::Sniffed::Text => {
            let lines = csv::open(bytes, limits).map_err(refused)?;
            let (source, bag) = csv::split(&lines, &context);
            if source.sheets.is_empty() {
                return Err(bag.findings);
            }
            let rows: BTreeMap<u32, &csv::Line> = lines.iter().map(|line| (line.row, line)).collect();
            Ok(describe(&source, &context, |at| {
                let text = rows.get(&at.row)?.cells.get(usize::try_from(at.col).ok()?)?;
                let field = Field { at, value: Value::Text(text.clone()), formula: false };
                (!field.is_blank()).then_some(field)
            }))
        }
    }
}

fn describe(source: &Source, context: &Context<'_>, cell: impl Fn(At) -> Option<Field>) -> Preview {
    let name = |sheet: usize| source.sheets.get(sheet).cloned().unwrap_or_default();
    let class = class::found(source, context.hints)
        .into_iter()
        .map(|(column, value, at)| ClassField {
            field: fields::code(column),
            label: fields::words(column).into(),
            value,
            from: at.map(|at| format!("{}!{}", name(at.sheet), CellRef { row: at.row, col: at.col })),
        })
        .collect();
    let sheets = source.plans.iter().map(|plan| sheet(plan, name(plan.sheet), &cell)).collect();
    Preview { class, rules: source.rules.map(|rules| rules.id().to_owned()), sheets }
}

pub(crate) fn letters(col: u32) -> String {
    CellRef { row: 0, col }.to_string().trim_end_matches('1').to_owned()
}

fn sheet(plan: &SheetPlan, name: String, cell: &impl Fn(At) -> Option<Field>) -> SheetPreview {
    let (role, label) = match plan.role {
        Role::Class => ("class".into(), Words::new("Thông tin lớp", "The class")),
        Role::Instructions => ("instructions".into(), Words::new("Hướng dẫn, không đọc", "Instructions, not read")),
        Role::Pupils => ("pupils".into(), Words::new("Danh sách học sinh", "The pupils")),
        Role::Subject(subject) => {
            (format!("subject:{}", subject.code), Words::new(format!("Môn {}", subject.name), subject.english))
        }
        Role::Conduct => (
            "conduct".into(),
            Words::new("Rèn luyện, phẩm chất, năng lực, chuyên cần", "Conduct, qualities, competences, absences"),
        ),
        Role::Results => ("results".into(), Words::new("Kết quả để đối chiếu", "Results to compare")),
        Role::More => (
            "more".into(),
            Words::new("Kế hoạch riêng, chuyển trường, chứng chỉ, cuộc thi", "Plan, moves, certificates, contests"),
        ),
        Role::Wide => ("wide".into(), Words::new("Bảng tổng hợp của lớp", "One sheet for the class")),
        Role::Lines => {
            ("lines".into(), Words::new("Mỗi dòng một học sinh và một môn", "A line for each pupil and subject"))
        }
        Role::Ignored => ("ignored".into(), Words::new("Không đọc", "Not read")),
    };
    let headings = plan.header.map(|(top, bottom)| {
        let col = |of: Option<u32>| of.unwrap_or(0);
        let first = CellRef { row: top, col: col(plan.columns.iter().map(|c| c.col).min()) };
        let last = CellRef { row: bottom, col: col(plan.columns.iter().map(|c| c.col).max()) };
        format!("{first}:{last}")
    });
    SheetPreview {
        sheet: name,
        role,
        label: label.into(),
        headings,
        pupils: plan.pupils,
        columns: plan.columns.iter().map(|c| column(plan, c, cell)).collect(),
    }
}

fn column(plan: &SheetPlan, column: &ColumnPlan, cell: &impl Fn(At) -> Option<Field>) -> ColumnPreview {
    let first = plan.header.map_or(0, |(_, bottom)| bottom + 1);
    let taken = column.taken;
    let subject = taken.and_then(|t| t.subject);
    let mut examples: Vec<String> = Vec::new();
    for row in first..=plan.last.unwrap_or(first) {
        if examples.len() == EXAMPLES {
            break;
        }
        let Some(field) = cell(At { sheet: plan.sheet, row, col: column.col }) else { continue };
        let shown = masked(taken.map(|t| t.column), &field.shown());
        if !examples.contains(&shown) {
            examples.push(shown);
        }
    }
    let code = taken.map(|t| match subject {
        Some(subject) => format!("{subject}:{}", fields::code(t.column)),
        None => fields::code(t.column),
    });
    let label = taken.map(|t| {
        let words = fields::words(t.column);
        let subject = subject.and_then(hocba_record::catalogue::by_code_anywhere);
        match subject {
            Some(s) => Words::new(format!("{}: {}", s.name, words.vi), format!("{}: {}", s.english, words.en)).into(),
            None => words.into(),
        }
    });
    ColumnPreview {
        column: letters(column.col),
        heading: column.heading.clone(),
        cells: plan.last.map(|last| {
            let cell = |row| CellRef { row, col: column.col };
            format!("{}:{}", cell(first), cell(last))
        }),
        field: code,
        label,
        examples,
    }
}

/// A value as it may stand on a page that others see: results as they are, of what points to a person next to nothing.
pub(crate) fn masked(column: Option<Column>, value: &str) -> String {
    use Column::*;
    let value = value.trim();
    match column {
        Some(
            Number
            | Sex
            | Regular(..)
            | Midterm(_)
            | FinalExam(_)
            | Average(_)
            | Year
            | Reassessed
            | Conduct(_)
            | ConductYear
            | Retrained
            | WithLeave
            | WithoutLeave
            | Study(_)
            | StudyYear
            | Promotion
            | Overall(_)
            | OverallYear
            | EducationYear
            | Test
            | ReassessedTest
            | AttainmentsReassessed
            | Outstanding
            | Plan
            | Repeating
            | SubjectCode
            | SubjectName
            | LockedAt
            | SchoolCode
            | SchoolName
            | Ward
            | Province
            | SchoolYear
            | Grade
            | Class,
        ) => value.chars().take(24).collect(),
        Some(Attainment(n)) if usize::from(n) < ITEMS.len() => value.chars().take(24).collect(),
        // The year alone.
        Some(BirthDate) => match value.rsplit(['/', '-', '.']).next() {
            Some(year) if year.len() == 4 && value.len() > 4 => format!("…/{year}"),
            _ => "…".into(),
        },
        Some(
            Personal
            | Ministry
            | SchoolPupil
            | Lifelong
            | Temporary
            | ForeignPaper
            | Book
            | Certificate(_, crate::columns::CertificatePart::Number),
        ) => {
            let end: String = value.chars().rev().take(2).collect();
            format!("…{}", end.chars().rev().collect::<String>())
        }
        // Names, remarks, and what nobody knows: the first letter of up to four words.
        _ => {
            let words: Vec<String> =
                value.split_whitespace().take(4).filter_map(|w| w.chars().next()).map(|c| format!("{c}…")).collect();
            words.join(" ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_to_a_person_is_masked() {
        assert_eq!(masked(Some(Column::Name), "Nguyễn Văn An"), "N… V… A…");
        assert_eq!(masked(Some(Column::BirthDate), "05/03/2012"), "…/2012");
        assert_eq!(masked(Some(Column::BirthDate), "40973"), "…");
        assert_eq!(masked(Some(Column::Personal), "079204012345"), "…45");
        assert_eq!(masked(Some(Column::Year), "8,5"), "8,5");
        assert_eq!(masked(None, "0903 123 456"), "0… 1… 4…");
    }
}
