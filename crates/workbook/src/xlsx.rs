//! A workbook's bytes into sheets of cells.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    Limits,
    bag::Bag,
    classify::classify,
    finding::{Code, Finding, Words},
    grid::Sheet,
    guard,
    hints::Context,
    table::{Source, Value},
    value,
};
use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};

/// What the cells with a value may take in memory together, 48 MiB: some 400,000 marks, where a CSV of 200 pupils in 25
/// subjects would have 250,000. A count of cells alone would not do: a million of them may all name the one longest
/// string of the workbook, 8 KiB each.
const CELL_BYTES: usize = 48 * 1024 * 1024;
/// A cell without its text: place, value, and its share of the tree they are kept in.
const ONE_CELL: usize = 112;

/// The sheets of a file that is a workbook.
pub(crate) fn open(bytes: &[u8], context: &Context<'_>) -> Result<Vec<Sheet>, Box<Finding>> {
    sheets(guard::repack(bytes, context.limits)?, context.limits)
}

pub(crate) fn tables(bytes: &[u8], context: &Context<'_>) -> (Source, Bag) {
    match open(bytes, context) {
        Ok(sheets) => classify(&sheets, context),
        Err(finding) => (Source::default(), Bag::with(*finding)),
    }
}

/// A call of the library. It does its sums on outside numbers unchecked and panics on some hostile files (and on an
/// overflow where checks are on). The guard bounds what it can allocate and what it can miscount; a panic of the library,
/// and only of the library, is taken for what it means: a file it cannot read. Nothing of the book is used after one.
fn library<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<T, Box<Finding>> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) | Err(_) => Err(guard::damaged()),
    }
}

pub(crate) fn too_large(sheet: &str, limits: &Limits) -> Box<Finding> {
    Box::new(Finding {
        sheet: sheet.to_owned(),
        ..Finding::file(
            Code::SheetTooLarge,
            Words::new(
                format!("Trang có không quá {} dòng và {} cột.", limits.rows, limits.columns),
                format!("A sheet of at most {} rows and {} columns.", limits.rows, limits.columns),
            ),
            Words::new(
                "Xoá các dòng, cột thừa (kể cả dòng trống có định dạng), hoặc chép dữ liệu sang tệp mẫu mới.",
                "Delete surplus rows and columns (also blank formatted ones), or copy the data into a fresh template.",
            ),
        )
    })
}

fn sheets(package: Vec<u8>, limits: &Limits) -> Result<Vec<Sheet>, Box<Finding>> {
    let mut book: Xlsx<_> = library(|| Xlsx::new(Cursor::new(package)))?;
    let listed: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.typ == calamine::SheetType::WorkSheet)
        .map(|s| (s.name.clone(), s.visible != SheetVisible::Visible))
        .collect();
    if listed.len() > limits.sheets {
        return Err(guard::refuse(
            Code::TooManySheets,
            Words::new(format!("Không quá {} trang.", limits.sheets), format!("At most {} sheets.", limits.sheets)),
            Words::new("Mỗi lớp một tệp; xoá các trang thừa.", "One file for each class; delete surplus sheets."),
        ));
    }
    let mut left = limits.cells;
    let mut memory = CELL_BYTES;
    let mut sheets: Vec<Sheet> = Vec::with_capacity(listed.len());
    for (name, hidden) in listed {
        if sheets.iter().any(|s| s.name == name) {
            return Err(guard::damaged());
        }
        let mut cells = BTreeMap::new();
        let mut reader = library(|| book.worksheet_cells_reader(&name))?;
        while let Some(record) = library(|| reader.next_cell_with_formula_metadata())? {
            left = left.checked_sub(1).ok_or_else(|| too_large(&name, limits))?;
            let formula = record.formula.is_some();
            let value = match record.value {
                DataRef::Empty if formula => Value::Unsaved,
                DataRef::Empty => continue,
                DataRef::String(text) => Value::Text(short(&text, limits)),
                DataRef::SharedString(text) => Value::Text(short(text, limits)),
                DataRef::Int(n) => Value::Text(n.to_string()),
                DataRef::Float(n) => Value::Number(n),
                DataRef::Bool(true) => Value::Text("TRUE".into()),
                DataRef::Bool(false) => Value::Text("FALSE".into()),
                DataRef::DateTime(date) => {
                    let (y, m, d, hour, minute, second, milli) =
                        library(|| Ok::<_, Infallible>(date.to_ymd_hms_milli()))?;
                    let parts = [y, m.into(), d.into(), hour.into(), minute.into(), second.into()];
                    // A second stored as a binary fraction of a day may fall a millisecond short.
                    Value::Date(if milli >= 500 { value::next_second(parts) } else { parts })
                }
                DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Value::Text(short(&text, limits)),
                DataRef::Error(error) => Value::Error(error.to_string()),
            };
            if matches!(&value, Value::Text(text) if text.trim().is_empty()) && !formula {
                continue;
            }
            let (row, col) = record.pos;
            if row >= limits.rows || col >= limits.columns {
                return Err(too_large(&name, limits));
            }
            let text = if let Value::Text(text) | Value::Error(text) = &value { text.len() } else { 0 };
            memory = memory.checked_sub(ONE_CELL.saturating_add(text)).ok_or_else(|| too_large(&name, limits))?;
            cells.insert((row, col), (value, formula));
        }
        drop(reader);
        let merged = library(|| book.merge_cells_by_sheet_name(&name))?;
        let merged = merged.into_iter().map(|d| (d.start, d.end)).collect();
        sheets.push(Sheet { name, hidden, cells, merged });
    }
    Ok(sheets)
}

/// A text no longer than the limit and one byte: what is longer is found too long, not carried along.
fn short(text: &str, limits: &Limits) -> String {
    let mut end = text.len().min(limits.text_bytes.saturating_add(1));
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text[..end].to_owned()
}
