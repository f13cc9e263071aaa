//! Cells and tables as both file formats deliver them.

use std::collections::BTreeMap;

use hocba_record::{catalogue::Subject, form::RuleSet};

use crate::{columns::Column, plan::SheetPlan};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(f64),
    /// A date of the spreadsheet, as calendar parts: year, month, day, hour, minute, second.
    Date([u16; 6]),
    Error(String),
    /// A formula without a stored result.
    Unsaved,
}

/// Where a cell is: the sheet's index in [`Source::sheets`], row and column from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub sheet: usize,
    pub row: u32,
    pub col: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub at: At,
    pub value: Value,
    pub formula: bool,
}

impl Field {
    /// The value as the teacher sees it, near enough.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Text(text) | Value::Error(text) => text.clone(),
            Value::Number(n) => number_text(*n),
            Value::Date([y, m, d, 0, 0, 0]) => format!("{d:02}/{m:02}/{y}"),
            Value::Date([y, m, d, h, min, s]) => format!("{d:02}/{m:02}/{y} {h:02}:{min:02}:{s:02}"),
            Value::Unsaved => String::new(),
        }
    }

    pub fn is_blank(&self) -> bool {
        matches!(&self.value, Value::Text(text) if text.trim().is_empty())
    }
}

/// A number with a decimal comma, whole numbers without.
pub(crate) fn number_text(n: f64) -> String {
    format!("{n}").replace('.', ",")
}

/// One row of a table: a pupil, or a pupil in a subject.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub at: At,
    pub cells: BTreeMap<Column, Field>,
}

/// A table below a row of headings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub sheet: usize,
    pub columns: BTreeMap<Column, u32>,
    pub rows: Vec<Row>,
    /// The lines above the headings (`Mã môn`, `Giáo viên` …), and the row each was found in.
    pub head: BTreeMap<Column, Field>,
}

/// A file taken apart into the tables of the class workbook.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub sheets: Vec<String>,
    pub class: Option<Table>,
    pub pupils: Option<Table>,
    pub subjects: Vec<(&'static Subject, Table)>,
    pub conduct: Option<Table>,
    pub results: Option<Table>,
    /// What few pupils have: plan, enrolment, certificates, contests.
    pub more: Option<Table>,
    /// What the lines above tables say of the class, at their cells, in the order found.
    pub banner: Vec<(Column, Field)>,
    /// What the grade and year that were found mean.
    pub rules: Option<RuleSet>,
    /// Whether the class stands on one sheet.
    pub wide: bool,
    pub plans: Vec<SheetPlan>,
}
