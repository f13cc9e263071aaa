//! Workbooks for tests: a sound one from the sample class, and the ways to spoil it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _, Write as _},
};

use calamine::{Data, Reader as _, Xlsx};
use hocba_record::draft::{ClassHeader, Draft};
use hocba_sample::{Options, class};
use hocba_workbook::{Finding, Limits, mandatory_subjects, read, template};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A class of so many pupils, none of them waiting.
pub fn sample(pupils: usize) -> (ClassHeader, Vec<Draft>) {
    class(2026, &Options::lower_secondary().with_pupils(pupils))
}

/// Its workbook.
pub fn sound(pupils: usize) -> Vec<u8> {
    let (header, drafts) = sample(pupils);
    template(Some(&header), &mandatory_subjects(header.grade.level()), &drafts).expect("the layout holds the sample")
}

/// A cell to write.
#[derive(Debug, Clone, PartialEq)]
pub enum V {
    Text(String),
    Number(f64),
    /// A number shown as a date.
    Date(f64),
    /// A formula with its stored result.
    Formula(&'static str, &'static str),
}

pub fn t(text: &str) -> V {
    V::Text(text.into())
}

/// A row and a column, from 0.
pub type At = (u32, u16);
/// A sheet's cells.
pub type Cells = BTreeMap<At, V>;

/// A workbook as plain cells, to be spoilt and written again.
#[derive(Debug, Clone)]
pub struct Book {
    pub sheets: Vec<(String, Cells)>,
    pub merged: Vec<(String, At, At)>,
    pub hidden: Vec<String>,
}

/// `C7` as row and column from 0.
pub fn cell(name: &str) -> At {
    let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
    let col = letters.bytes().fold(0_u16, |n, b| n * 26 + u16::from(b - b'A') + 1) - 1;
    (name[letters.len()..].parse::<u32>().expect("a row") - 1, col)
}

impl Book {
    pub fn of(bytes: &[u8]) -> Self {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
        let sheets = book
            .sheet_names()
            .into_iter()
            .map(|name| {
                let range = book.worksheet_range(&name).expect("a sheet");
                let (top, left) = range.start().unwrap_or((0, 0));
                let cells = range
                    .used_cells()
                    .filter_map(|(row, col, data)| {
                        let at = (row as u32 + top, u16::try_from(col as u32 + left).expect("a column"));
                        match data {
                            Data::String(text) => Some((at, V::Text(text.clone()))),
                            Data::Float(n) => Some((at, V::Number(*n))),
                            _ => None,
                        }
                    })
                    .collect();
                (name, cells)
            })
            .collect();
        Self { sheets, merged: Vec::new(), hidden: Vec::new() }
    }

    pub fn sheet(&mut self, name: &str) -> &mut Cells {
        &mut self.sheets.iter_mut().find(|(n, _)| n == name).expect("the sheet").1
    }

    pub fn set(mut self, sheet: &str, at: &str, value: V) -> Self {
        self.sheet(sheet).insert(cell(at), value);
        self
    }

    pub fn clear(mut self, sheet: &str, at: &str) -> Self {
        self.sheet(sheet).remove(&cell(at));
        self
    }

    pub fn without(mut self, sheet: &str) -> Self {
        self.sheets.retain(|(name, _)| name != sheet);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        // Not today, or the same cells would give other bytes tomorrow.
        let created = ExcelDateTime::from_ymd(2027, 5, 25).expect("a date");
        book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let date = Format::new().set_num_format("dd/mm/yyyy");
        for (name, cells) in &self.sheets {
            let sheet = book.add_worksheet();
            sheet.set_name(name).expect("a name");
            if self.hidden.contains(name) {
                sheet.set_hidden(true);
            }
            for ((row, col), value) in cells {
                match value {
                    V::Text(text) => sheet.write_string(*row, *col, text).map(|_| ()),
                    V::Number(n) => sheet.write_number(*row, *col, *n).map(|_| ()),
                    V::Date(n) => sheet.write_number_with_format(*row, *col, *n, &date).map(|_| ()),
                    V::Formula(formula, result) => {
                        sheet.write_formula(*row, *col, Formula::new(*formula).set_result(*result)).map(|_| ())
                    }
                }
                .expect("a cell");
            }
            for (_, (top, left), (bottom, right)) in self.merged.iter().filter(|(n, ..)| n == name) {
                let text = match cells.get(&(*top, *left)) {
                    Some(V::Text(text)) => text.clone(),
                    Some(V::Number(n)) => n.to_string(),
                    _ => String::new(),
                };
                sheet.merge_range(*top, *left, *bottom, *right, &text, &Format::new()).expect("a region");
            }
        }
        book.save_to_buffer().expect("written")
    }

    pub fn read(&self) -> Result<hocba_workbook::ClassSheet, Vec<Finding>> {
        read(&self.bytes(), &Limits::default())
    }

    /// The errors of form, as `code at sheet!cell`, without those of the record's own checks.
    pub fn errors(&self) -> Vec<String> {
        let findings = self.read().err().unwrap_or_default();
        findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect()
    }

    pub fn warnings(&self) -> Vec<String> {
        match self.read() {
            Ok(sheet) => sheet.warnings.iter().map(ToString::to_string).collect(),
            Err(findings) => panic!("expected a sound workbook: {findings:?}"),
        }
    }
}

/// The parts of a package.
pub fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a package");
    (0..archive.len())
        .map(|i| {
            let mut entry = archive.by_index(i).expect("an entry");
            let mut part = Vec::new();
            entry.read_to_end(&mut part).expect("a part");
            (entry.name().expect("a name").into_owned(), part)
        })
        .collect()
}

/// A package of these parts.
pub fn package(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        writer.start_file(name.clone(), SimpleFileOptions::default()).expect("an entry");
        writer.write_all(part).expect("a part");
    }
    writer.finish().expect("a package").into_inner()
}

/// The package with one part changed.
pub fn patched(bytes: &[u8], name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut parts = parts(bytes);
    let part = &mut parts.iter_mut().find(|(n, _)| n == name).expect("the part").1;
    *part = change(String::from_utf8(std::mem::take(part)).expect("text")).into_bytes();
    package(&parts)
}
