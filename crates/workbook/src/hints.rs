//! What the caller knows beside the file: whose class it should be, and how columns are to be taken.

use hocba_record::{
    draft::ClassHeader,
    section::SchoolSection,
    types::{ClassName, Grade, SchoolCode, SchoolYear},
};
use serde::{Deserialize, Serialize};

use crate::{Limits, columns::Column, fields};

/// What is known of the class before the file is read. It fills in what the file does not say; where the file says
/// something else, that is a finding (`class_disagrees`), so that no class is stored as another's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// The school's code.
    pub school: Option<SchoolCode>,
    /// The school as printed.
    pub school_name: Option<SchoolSection>,
    /// School year.
    pub year: Option<SchoolYear>,
    /// Grade.
    pub grade: Option<Grade>,
    /// Class.
    pub class: Option<ClassName>,
}

impl Hints {
    /// All that a known class says.
    pub fn of(header: &ClassHeader) -> Self {
        Self {
            school: Some(header.school.clone()),
            school_name: Some(header.school_name.clone()),
            year: Some(header.year),
            grade: Some(header.grade),
            class: Some(header.class.clone()),
        }
    }
}

/// How columns are to be taken, where the reading by headings is wrong. What is not named here is read by its heading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The columns corrected.
    pub columns: Vec<ColumnMapping>,
}

/// One column's correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// The sheet's name, as in the preview.
    pub sheet: String,
    /// The column's letters: `C`.
    pub column: String,
    /// The field's code of the preview (`birth_date`, `toan:year`); none leaves the column out.
    pub field: Option<String>,
}

impl Mapping {
    /// The entries whose field no column can have. Reading passes over them; a caller refuses them before.
    pub fn unknown(&self) -> Vec<&ColumnMapping> {
        self.columns
            .iter()
            .filter(|c| {
                letters(&c.column).is_none()
                    || c.field.as_deref().is_some_and(|field| {
                        let (subject, column) = split(field);
                        fields::parse(column).is_none()
                            || subject.is_some_and(|s| hocba_record::catalogue::by_code_anywhere(s).is_none())
                    })
            })
            .collect()
    }

    /// What a column of a sheet is to be: the outer `None` where nothing is said of it.
    pub(crate) fn get(&self, sheet: &str, col: u32) -> Option<Option<(Option<&str>, Column)>> {
        let entry = self.columns.iter().find(|c| c.sheet == sheet && letters(&c.column) == Some(col))?;
        let Some(field) = &entry.field else { return Some(None) };
        let (subject, column) = split(field);
        Some(Some((subject, fields::parse(column)?)))
    }

    /// Whether a sheet's columns are given to subjects: then it is read as one sheet per class.
    pub(crate) fn names_subjects(&self, sheet: &str) -> bool {
        self.columns.iter().any(|c| c.sheet == sheet && c.field.as_deref().is_some_and(|f| split(f).0.is_some()))
    }
}

fn split(field: &str) -> (Option<&str>, &str) {
    match field.split_once(':') {
        Some((subject, column)) => (Some(subject), column),
        None => (None, field),
    }
}

/// `C` as 2; the letters of a column of at most three.
fn letters(column: &str) -> Option<u32> {
    let valid = (1..=3).contains(&column.len()) && column.bytes().all(|b| b.is_ascii_uppercase());
    valid.then(|| column.bytes().fold(0, |n, b| n * 26 + u32::from(b - b'A') + 1) - 1)
}

/// All that goes with the bytes.
pub(crate) struct Context<'a> {
    pub limits: &'a Limits,
    pub hints: &'a Hints,
    pub mapping: &'a Mapping,
}
