//! The lists a school is opened with: staff, classes, and pupils by class; from `.xlsx` or `.csv`, with all faults at once.
//!
//! Headings are known by their words, in any order, below whatever stands above them. A list may stand on several sheets:
//! pupils mostly have one for each class, which then names it, as a line `Lớp: 9A3` above the table does.

mod classes;
mod columns;
mod pupils;
mod schools;
mod staff;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Limits,
    bag::Bag,
    csv,
    finding::{CellRef, Code, Finding, Severity, Words, cut},
    grid::{HEADER_ROWS, Sheet},
    guard,
    hints::{Context, Hints, Mapping},
    preview::{ColumnPreview, EXAMPLES, Label, letters, masked},
    table::{At, Field, Value},
    value::{self, Fault},
    xlsx,
};

pub use classes::{ClassList, ClassListRow, read_classes, read_classes_with};
use columns::ListColumn;
pub use pupils::{PupilList, PupilListRow, read_pupils, read_pupils_with};
pub use schools::{SchoolList, SchoolListRow, read_schools};
pub use staff::{StaffList, StaffPosition, StaffRow, is_login, name_key, propose_login, read_staff, read_staff_with};
pub use write::table_workbook;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Who works at a school.
    Staff,
    /// Its classes.
    Classes,
    /// Its pupils by class.
    Pupils,
    /// The department's schools.
    Schools,
}

/// How columns of a list are to be taken, where their headings mislead: by heading, since the sheets of a list have the
/// same ones. What is not named here is read by its heading's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ListMapping(BTreeMap<String, Option<String>>);

impl ListMapping {
    /// Takes the columns of this heading, as the preview shows it, for a field of [`list_fields`]; none leaves them out.
    pub fn set(&mut self, heading: &str, field: Option<&str>) {
        self.0.insert(heading.trim().to_owned(), field.map(str::to_owned));
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a heading means. A field that the list does not have says nothing.
    fn column(&self, kind: ListKind, heading: &str) -> Option<ListColumn> {
        let by_words = || columns::recognise(kind, heading);
        match self.0.get(heading.trim()) {
            None => by_words(),
            Some(None) => None,
            Some(Some(field)) => columns::choices(kind).into_iter().find(|c| c.code() == *field).or_else(by_words),
        }
    }

    fn leaves_out(&self, heading: &str) -> bool {
        self.0.get(heading.trim()) == Some(&None)
    }
}

/// What a column of a list may be: codes, and words for them.
pub fn list_fields(kind: ListKind) -> Vec<(String, Label)> {
    columns::choices(kind).into_iter().map(|column| (column.code(), column.words().into())).collect()
}

/// Where a line of a list stands, for findings that only whoever knows more than the file can make.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    sheet: String,
    row: u32,
    columns: BTreeMap<&'static str, u32>,
}

impl Spot {
    /// A fault of this line, at the cell of a column: `name`, `code`, `position`, `login`, `homeroom`, `class`, `grade`,
    /// `teacher`; the line's first cell where the list has no such column.
    pub fn error(&self, column: &str, value: Option<&str>, code: Code, expected: Words, how_to_mend: Words) -> Finding {
        let col = self.columns.get(column).or_else(|| self.columns.values().min()).copied().unwrap_or(0);
        Finding {
            code,
            severity: Severity::Error,
            sheet: self.sheet.clone(),
            cell: Some(CellRef { row: self.row, col }),
            value: value.map(cut),
            expected,
            how_to_mend,
        }
    }

    fn of(sheets: &[Sheet], at: At, columns: &BTreeMap<ListColumn, u32>) -> Self {
        let named = columns.iter().map(|(column, col)| (column.short(), *col)).collect();
        let sheet = sheets.get(at.sheet).map(|s| s.name.clone()).unwrap_or_default();
        Self { sheet, row: at.row, columns: named }
    }
}

/// What a list would be taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPreview {
    /// The sheets in the order of the file.
    pub sheets: Vec<ListSheet>,
}

/// A sheet of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSheet {
    /// Its name; `CSV` for a text file.
    pub sheet: String,
    /// The row of headings; none for a sheet that is not read.
    pub headings: Option<u32>,
    /// Lines that are read.
    pub lines: usize,
    /// The class all its lines are of, as the sheet's name or a line above the table says.
    pub class: Option<String>,
    /// The columns with a heading.
    pub columns: Vec<ColumnPreview>,
}

/// A table found on a sheet.
struct Found {
    sheet: usize,
    header: u32,
    columns: BTreeMap<ListColumn, u32>,
    /// Every heading, and what it is taken for.
    headings: Vec<(u32, String, Option<ListColumn>)>,
    rows: Vec<Line>,
}

/// A line of a table.
struct Line {
    at: At,
    cells: BTreeMap<ListColumn, Field>,
}

impl Line {
    fn get(&self, column: ListColumn) -> Option<&Field> {
        self.cells.get(&column)
    }

    fn shown(&self, column: ListColumn) -> Option<String> {
        self.get(column).map(|f| f.shown().trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// The sheets of a file, whatever its form.
fn open(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, Box<Finding>> {
    let context = Context { limits, hints: &Hints::default(), mapping: &Mapping::default() };
    match guard::sniff(bytes, limits)? {
        guard::Sniffed::Zip => xlsx::open(bytes, &context),
        guard::Sniffed::Text => {
            let mut cells = BTreeMap::new();
            for line in csv::open(bytes, limits)? {
                for (col, text) in (0_u32..).zip(line.cells) {
                    if !text.trim().is_empty() {
                        cells.insert((line.row, col), (Value::Text(text), false));
                    }
                }
            }
            Ok(vec![Sheet { name: csv::SHEET.to_owned(), hidden: false, cells, merged: Vec::new() }])
        }
    }
}

/// The row of headings: the first with the column that makes the list, and another one.
fn header_of(kind: ListKind, sheet: &Sheet, mapping: &ListMapping) -> Option<u32> {
    let last = sheet.cells.keys().next_back().map_or(0, |(row, _)| *row).min(HEADER_ROWS);
    (0..=last).find(|row| {
        let known: BTreeSet<ListColumn> = sheet
            .row(*row)
            .filter_map(|(_, value)| if let Value::Text(text) = value { mapping.column(kind, text) } else { None })
            .collect();
        known.contains(&columns::key(kind)) && known.len() >= 2
    })
}

/// The row that may be meant for headings, where none is known: the first of those with the most texts.
fn likely_header(sheet: &Sheet) -> Option<u32> {
    let last = sheet.cells.keys().next_back().map_or(0, |(row, _)| *row).min(HEADER_ROWS);
    let texts = |row: u32| sheet.row(row).filter(|(_, v)| matches!(v, Value::Text(t) if !t.trim().is_empty())).count();
    let most = (0..=last).map(texts).max().filter(|most| *most >= 2)?;
    (0..=last).find(|row| texts(*row) == most)
}

fn find(kind: ListKind, index: usize, sheet: &Sheet, header: u32, mapping: &ListMapping, bag: &mut Bag) -> Found {
    let mut found = Found { sheet: index, header, columns: BTreeMap::new(), headings: Vec::new(), rows: Vec::new() };
    for (col, value) in sheet.row(header) {
        let Value::Text(text) = value else { continue };
        let mut taken = mapping.column(kind, text);
        let at = At { sheet: index, row: header, col };
        match taken {
            Some(column) if found.columns.contains_key(&column) => {
                bag.duplicate_column(at, text);
                taken = None;
            }
            Some(column) => {
                found.columns.insert(column, col);
            }
            None if mapping.leaves_out(text) => {}
            None => bag.ignored_column(at, text),
        }
        found.headings.push((col, text.trim().to_owned(), taken));
    }
    for column in columns::required(kind) {
        if !found.columns.contains_key(column) {
            let words = column.words();
            bag.on_sheet(
                index,
                Code::MissingColumn,
                Severity::Error,
                Words::new(format!("Cột “{}”.", words.vi), format!("A column “{}”.", words.vi)),
                Words::new("Thêm cột, hoặc sửa tiêu đề cột.", "Add the column, or mend its heading."),
            );
        }
    }
    let key = columns::key(kind);
    let last = sheet.cells.keys().next_back().map_or(0, |(row, _)| *row);
    for row in header + 1..=last {
        let cells: BTreeMap<ListColumn, Field> =
            found.columns.iter().filter_map(|(c, col)| Some((*c, sheet.field(index, row, *col)?))).collect();
        let others = cells.keys().filter(|c| **c != ListColumn::Number).count();
        let filled = sheet.row(row).filter(|(_, v)| !matches!(v, Value::Text(t) if t.trim().is_empty())).count();
        if filled == 0 || cells.keys().all(|c| *c == ListColumn::Number) && filled <= 1 {
            continue;
        }
        let at = At { sheet: index, row, col: found.columns.get(&key).copied().unwrap_or(0) };
        // Dates, totals and signatures below a table have one cell a line.
        // A class may have nothing but its name.
        let class = kind == ListKind::Classes && cells.get(&key).is_some_and(|f| value::class_name(f).is_ok());
        if (others <= 1 && filled <= 1 && found.columns.len() > 1 || others == 0) && !class {
            let shown = sheet.row(row).next().and_then(|(col, _)| sheet.field(index, row, col)).map(|f| f.shown());
            bag.at(
                at,
                shown,
                Fault::warning(
                    Code::IgnoredRow,
                    Words::new("Một dòng của danh sách.", "A line of the list."),
                    Words::new(
                        "Dòng này không được đọc. Nếu là một dòng của danh sách, điền đủ các ô.",
                        "This line is not read. If it belongs to the list, fill in its cells.",
                    ),
                ),
            );
            continue;
        }
        if cells.contains_key(&key) {
            found.rows.push(Line { at, cells });
        } else {
            let words = key.words();
            missing(bag, at, &words);
        }
    }
    found
}

fn missing(bag: &mut Bag, at: At, words: &Words) {
    bag.at(
        at,
        None,
        Fault::error(
            Code::MissingValue,
            Words::new(format!("{}.", words.vi), format!("{}.", words.en)),
            Words::new("Điền ô này, hoặc xoá cả dòng.", "Fill in the cell, or delete the line."),
        ),
    );
}

/// The tables of a list.
fn tables(kind: ListKind, sheets: &[Sheet], mapping: &ListMapping, bag: &mut Bag) -> Vec<Found> {
    let mut found = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        if crate::columns::fold(&sheet.name).starts_with("huongdan") {
            continue;
        }
        if let Some(header) = header_of(kind, sheet, mapping) {
            found.push(find(kind, index, sheet, header, mapping, bag));
        } else if !sheet.cells.is_empty() {
            bag.on_sheet(
                index,
                Code::IgnoredSheet,
                Severity::Warning,
                columns::header_words(kind),
                Words::new(
                    "Trang không có dòng tiêu đề nên không được đọc.",
                    "The sheet has no row of headings and is not read.",
                ),
            );
        }
    }
    if found.is_empty() {
        bag.push(Finding::file(
            Code::MissingHeader,
            columns::header_words(kind),
            Words::new(
                "Kiểm tra có đúng tệp không; thêm dòng tiêu đề.",
                "Check that it is the right file; add the row of headings.",
            ),
        ));
    }
    found
}

/// A bag for a file's findings, or the one finding of a file that does not open.
fn opened(bytes: &[u8], limits: &Limits) -> Result<(Vec<Sheet>, Bag), Vec<Finding>> {
    let sheets = open(bytes, limits).map_err(|finding| vec![*finding])?;
    let names = sheets.iter().map(|s| s.name.clone()).collect();
    Ok((sheets, Bag::new(names, limits.findings)))
}

/// What a list would be taken for: each column's heading, what it is read as, and some of its values, those of people
/// masked. Nothing is stored.
///
/// # Errors
/// The finding of a file that cannot be opened.
pub fn preview_list(kind: ListKind, bytes: &[u8], limits: &Limits) -> Result<ListPreview, Vec<Finding>> {
    preview_list_with(kind, bytes, limits, &ListMapping::default())
}

/// As [`preview_list`], with columns taken as the mapping says. Of a file in which no row of headings is known, the row
/// that may be meant is shown with columns that are not read, so that a mapping can name them.
///
/// # Errors
/// As [`preview_list`].
pub fn preview_list_with(
    kind: ListKind,
    bytes: &[u8],
    limits: &Limits,
    mapping: &ListMapping,
) -> Result<ListPreview, Vec<Finding>> {
    let (sheets, mut bag) = opened(bytes, limits)?;
    let found = tables(kind, &sheets, mapping, &mut bag);
    let describe = |(index, sheet): (usize, &Sheet)| {
        let Some(table) = found.iter().find(|f| f.sheet == index) else {
            let mut columns = Vec::new();
            if let Some(header) = likely_header(sheet).filter(|_| found.is_empty()) {
                // The finds of this are told by `tables` already.
                let mut unsaid = Bag::new(sheets.iter().map(|s| s.name.clone()).collect(), limits.findings);
                let table = find(kind, index, sheet, header, mapping, &mut unsaid);
                columns = table.headings.iter().map(|heading| column(sheet, &table, heading)).collect();
            }
            return ListSheet { sheet: sheet.name.clone(), headings: None, lines: 0, class: None, columns };
        };
        let class = (kind == ListKind::Pupils).then(|| pupils::class_of_sheet(sheet, table)).flatten();
        ListSheet {
            sheet: sheet.name.clone(),
            headings: Some(table.header + 1),
            lines: table.rows.len(),
            class: class.map(|(text, _)| text),
            columns: table.headings.iter().map(|heading| column(sheet, table, heading)).collect(),
        }
    };
    Ok(ListPreview { sheets: sheets.iter().enumerate().map(describe).collect() })
}

fn column(sheet: &Sheet, table: &Found, heading: &(u32, String, Option<ListColumn>)) -> ColumnPreview {
    let (col, heading, taken) = heading;
    let mut examples: Vec<String> = Vec::new();
    for line in &table.rows {
        let Some(field) = sheet.field(table.sheet, line.at.row, *col) else { continue };
        let shown = match taken {
            Some(ListColumn::Position | ListColumn::Homeroom | ListColumn::Class | ListColumn::Grade) => {
                field.shown().trim().chars().take(24).collect()
            }
            Some(taken) => masked(taken.of_pupil(), &field.shown()),
            None => masked(None, &field.shown()),
        };
        if !examples.contains(&shown) {
            examples.push(shown);
        }
        if examples.len() == EXAMPLES {
            break;
        }
    }
    let cell = |row| CellRef { row, col: *col };
    ColumnPreview {
        column: letters(*col),
        heading: heading.clone(),
        cells: table.rows.last().map(|last| format!("{}:{}", cell(table.header + 1), cell(last.at.row))),
        field: taken.map(ListColumn::code),
        label: taken.map(|t| t.words().into()),
        examples,
    }
}

/// All findings, or nothing but warnings.
fn finish<T>(list: T, bag: Bag) -> Result<(T, Vec<Finding>), Vec<Finding>> {
    if bag.has_errors() { Err(bag.findings) } else { Ok((list, bag.findings)) }
}
