//! A workbook's bytes into sheets of cells, and sheets into tables.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};
use hocba_record::catalogue;
use hocba_record::types::{EducationLevel, Grade};

use crate::{
    Limits,
    bag::Bag,
    columns::{Column, Kind, fold, recognise},
    finding::{CellRef, Code, Finding, Severity, Words},
    guard,
    table::{At, Field, Row, Source, Table, Value},
    value,
};

/// One sheet as stored.
struct Sheet {
    name: String,
    hidden: bool,
    cells: BTreeMap<(u32, u32), (Value, bool)>,
    /// First and last cell of each joined region.
    merged: Vec<((u32, u32), (u32, u32))>,
}

/// How many rows are searched for the headings: a school's banner above the table is a handful of lines.
const HEADER_ROWS: u32 = 30;

/// What the cells with a value may take in memory together, 48 MiB: some 400,000 marks, where a CSV of 200 pupils in 25
/// subjects would have 250,000. A count of cells alone would not do: a million of them may all name the one longest
/// string of the workbook, 8 KiB each.
const CELL_BYTES: usize = 48 * 1024 * 1024;
/// A cell without its text: place, value, and its share of the tree they are kept in.
const ONE_CELL: usize = 112;

pub(crate) fn tables(bytes: &[u8], limits: &Limits) -> (Source, Bag) {
    let package = match guard::repack(bytes, limits) {
        Ok(package) => package,
        Err(finding) => return (Source::default(), Bag::with(*finding)),
    };
    match sheets(package, limits) {
        Ok(sheets) => classify(&sheets, limits),
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

impl Sheet {
    fn text(&self, row: u32, col: u32) -> Option<&str> {
        match self.cells.get(&(row, col)) {
            Some((Value::Text(text), _)) => Some(text),
            _ => None,
        }
    }

    fn row(&self, row: u32) -> impl Iterator<Item = (u32, &Value)> {
        self.cells.range((row, 0)..=(row, u32::MAX)).map(|((_, col), (value, _))| (*col, value))
    }

    fn field(&self, sheet: usize, row: u32, col: u32) -> Option<Field> {
        let (value, formula) = self.cells.get(&(row, col))?;
        let field = Field { at: At { sheet, row, col }, value: value.clone(), formula: *formula };
        (!field.is_blank()).then_some(field)
    }

    /// The row that has both STT and Họ và tên.
    fn header_row(&self) -> Option<u32> {
        let last = self.cells.keys().next_back().map_or(0, |(row, _)| *row).min(HEADER_ROWS);
        (0..=last).find(|row| {
            let has = |wanted| {
                self.row(*row).any(|(_, v)| match v {
                    Value::Text(text) => recognise(Kind::Pupils, text, None) == Some(wanted),
                    _ => false,
                })
            };
            has(Column::Number) && has(Column::Name)
        })
    }

    /// The heading above a heading, which may span several columns.
    fn group(&self, row: u32, col: u32) -> Option<&str> {
        let above = row.checked_sub(1)?;
        let (_, (value, _)) = self.cells.range((above, 0)..=(above, col)).next_back()?;
        if let Value::Text(text) = value { Some(text) } else { None }
    }

    /// The row below the headings, where it has headings too: words of this kind of table, and nothing below STT and Họ
    /// và tên.
    fn second_header(&self, kind: Kind, header: u32) -> Option<u32> {
        let row = header + 1;
        let known = |col, text| recognise(kind, text, self.group(row, col));
        let texts = || {
            self.row(row)
                .filter_map(|(col, value)| if let Value::Text(text) = value { Some((col, &**text)) } else { None })
        };
        let pupil = self.row(header).filter(|(_, value)| {
            matches!(value, Value::Text(text) if matches!(recognise(kind, text, None), Some(Column::Number | Column::Name)))
        });
        let below_pupil = |col| self.row(row).any(|(c, _)| c == col);
        let headings = texts().filter(|(col, text)| known(*col, text).is_some()).count();
        (headings >= 2 && !pupil.map(|(col, _)| col).any(below_pupil)).then_some(row)
    }

    /// The lines `Mã môn | toan` above the headings, or of a sheet without headings.
    fn key_values(&self, index: usize, kind: Kind, before: u32, bag: &mut Bag) -> BTreeMap<Column, Field> {
        let mut head = BTreeMap::new();
        for row in 0..before {
            let cells: Vec<u32> = self.row(row).map(|(col, _)| col).collect();
            let Some(first) = cells.first().copied() else { continue };
            let Some(column) =
                self.text(row, first).and_then(|text| recognise(kind, text, None)).filter(|c| c.is_head(kind))
            else {
                continue;
            };
            // An empty answer still has a place: the cell beside its key.
            let at = cells.get(1).copied().unwrap_or(first + 1);
            let field = self.field(index, row, at).unwrap_or(Field {
                at: At { sheet: index, row, col: at },
                value: Value::Text(String::new()),
                formula: false,
            });
            if head.contains_key(&column) {
                bag.duplicate_column(At { sheet: index, row, col: first }, self.text(row, first).unwrap_or_default());
                continue;
            }
            head.insert(column, field);
        }
        head
    }
}

/// What a sheet is for, by its name.
fn kind_of(name: &str) -> Option<Kind> {
    Some(match &*fold(name) {
        "lop" | "thongtinlop" => Kind::Class,
        "hocsinh" | "danhsach" | "danhsachhocsinh" => Kind::Pupils,
        "renluyen" => Kind::Conduct,
        "ketqua" => Kind::Results,
        _ => return None,
    })
}

/// The name of the sheet of instructions, which is not read.
pub(crate) const INSTRUCTIONS: &str = "Hướng dẫn";

fn classify(sheets: &[Sheet], limits: &Limits) -> (Source, Bag) {
    let mut source = Source { sheets: sheets.iter().map(|s| s.name.clone()).collect(), ..Source::default() };
    let mut bag = Bag::new(source.sheets.clone(), limits.findings);

    // The class first: its grade says which subjects there are.
    let mut level = None;
    for (index, sheet) in sheets.iter().enumerate() {
        if kind_of(&sheet.name) != Some(Kind::Class) {
            continue;
        }
        if source.class.is_some() {
            bag.sheet_twice(index);
            continue;
        }
        let head = sheet.key_values(index, Kind::Class, HEADER_ROWS, &mut bag);
        level =
            head.get(&Column::Grade).and_then(|f| value::grade(f).ok()).and_then(|(grade, _)| grade).map(Grade::level);
        source.class = Some(Table { sheet: index, head, ..Table::default() });
    }

    for (index, sheet) in sheets.iter().enumerate() {
        let kind = kind_of(&sheet.name);
        if kind == Some(Kind::Class) || fold(&sheet.name) == fold(INSTRUCTIONS) || sheet.cells.is_empty() {
            continue;
        }
        let header = sheet.header_row();
        if sheet.hidden && (kind.is_some() || header.is_some()) {
            bag.on_sheet(
                index,
                Code::HiddenSheet,
                Severity::Error,
                Words::new("Trang hiện, để người ký nhìn thấy.", "A visible sheet, so that those who sign can see it."),
                Words::new("Bỏ ẩn trang (Unhide) hoặc xoá trang.", "Unhide the sheet, or delete it."),
            );
        }
        match (kind, header) {
            (Some(kind), Some(header)) => {
                let slot = match kind {
                    Kind::Pupils => &mut source.pupils,
                    Kind::Conduct => &mut source.conduct,
                    _ => &mut source.results,
                };
                if slot.is_some() {
                    bag.sheet_twice(index);
                } else {
                    *slot = Some(table(sheet, index, kind, header, limits, &mut bag));
                }
            }
            (_, None) if kind.is_some() || speaks_of_subject(sheet, index, level) => {
                bag.on_sheet(
                    index,
                    Code::MissingHeader,
                    Severity::Error,
                    Words::new(
                        "Một dòng tiêu đề có các cột STT và Họ và tên.",
                        "A row of headings with STT and Họ và tên.",
                    ),
                    Words::new("Chép lại dòng tiêu đề từ tệp mẫu.", "Copy the row of headings from the template."),
                );
            }
            (None, Some(header)) => {
                if let Some(subject) = subject_of(sheet, index, header, level, &mut bag) {
                    if source.subjects.iter().any(|(s, _)| s.code == subject.code) {
                        // A sheet that speaks of two subjects is to be corrected; “delete the surplus one” would cost
                        // the class the marks of the other.
                        let told = |f: &Finding| f.code == Code::SubjectConflict && f.sheet == sheet.name;
                        if !bag.findings.iter().any(told) {
                            bag.sheet_twice(index);
                        }
                    } else {
                        let table = table(sheet, index, Kind::Subject, header, limits, &mut bag);
                        source.subjects.push((subject, table));
                    }
                }
            }
            (_, None) => {
                bag.on_sheet(
                    index,
                    Code::IgnoredSheet,
                    Severity::Warning,
                    Words::new("Các trang của tệp mẫu.", "The sheets of the template."),
                    Words::new(
                        "Trang này không được đọc. Nếu là trang môn học, thêm dòng tiêu đề có STT và Họ và tên.",
                        "This sheet is not read. If it is a subject's, add a row of headings with STT and Họ và tên.",
                    ),
                );
            }
        }
    }
    (source, bag)
}

/// The word for a subject at this level. Without a grade any level's will do; the missing grade is a finding of its own.
fn known_subject(level: Option<EducationLevel>, heading: &str) -> Option<&'static catalogue::Subject> {
    let levels = level.map_or(vec![EducationLevel::LowerSecondary, EducationLevel::UpperSecondary], |l| vec![l]);
    levels.iter().find_map(|l| catalogue::by_heading(*l, heading))
}

/// Whether a sheet without headings was meant for a subject, by its name or a line `Mã môn`. Such a sheet is not left out
/// in silence: its marks would be lost.
fn speaks_of_subject(sheet: &Sheet, index: usize, level: Option<EducationLevel>) -> bool {
    known_subject(level, &sheet.name).is_some()
        || sheet.key_values(index, Kind::Subject, HEADER_ROWS, &mut Bag::default()).contains_key(&Column::SubjectCode)
}

fn subject_of(
    sheet: &Sheet,
    index: usize,
    header: u32,
    level: Option<EducationLevel>,
    bag: &mut Bag,
) -> Option<&'static catalogue::Subject> {
    let known = |heading: &str| known_subject(level, heading);
    // Read again with the table; here only to know the subject, so its findings are left for then.
    let head = sheet.key_values(index, Kind::Subject, header, &mut Bag::default());
    let said = |column| head.get(&column).filter(|f: &&Field| !f.is_blank()).map(Field::shown);
    let code = said(Column::SubjectCode);
    let by_code = code.as_deref().map(known);
    let by_sheet = known(&sheet.name);
    let by_name = said(Column::SubjectName).as_deref().and_then(known);
    let named: Vec<_> = [by_code.flatten(), by_sheet, by_name].into_iter().flatten().collect();
    let Some(first) = named.first().copied().filter(|_| by_code != Some(None)) else {
        let at = head.get(&Column::SubjectCode).map(|f| CellRef { row: f.at.row, col: f.at.col });
        bag.push(Finding {
            code: Code::UnknownSubject,
            severity: Severity::Error,
            sheet: sheet.name.clone(),
            cell: at,
            value: Some(crate::finding::cut(code.as_deref().unwrap_or(&sheet.name))),
            expected: Words::new("Một môn của chương trình ở cấp học này.", "A subject of this level's programme."),
            how_to_mend: Words::new(
                "Ghi mã môn như trong tệp mẫu vào ô Mã môn (ví dụ toan), hoặc đặt tên trang theo tên môn; xoá trang nếu không dùng.",
                "Write the subject's code of the template beside Mã môn (such as toan), or name the sheet after the subject; \
                 delete the sheet if it is not used.",
            ),
        });
        return None;
    };
    if named.iter().any(|s| s.code != first.code) {
        let others: Vec<&str> = named.iter().map(|s| s.name).collect();
        bag.push(Finding {
            code: Code::SubjectConflict,
            severity: Severity::Error,
            sheet: sheet.name.clone(),
            cell: head.get(&Column::SubjectCode).map(|f| CellRef { row: f.at.row, col: f.at.col }),
            value: Some(crate::finding::cut(&others.join(" / "))),
            expected: Words::new(
                "Tên trang, mã môn và tên môn nói về cùng một môn.",
                "The sheet's name, the subject's code and its name speak of one subject.",
            ),
            how_to_mend: Words::new(
                "Trang có lẽ được chép từ môn khác: sửa mã môn, tên môn hoặc tên trang.",
                "The sheet was perhaps copied from another subject: correct the code, the name, or the sheet's name.",
            ),
        });
    }
    Some(first)
}

fn table(sheet: &Sheet, index: usize, kind: Kind, header: u32, limits: &Limits, bag: &mut Bag) -> Table {
    let head = if kind == Kind::Subject { sheet.key_values(index, kind, header, bag) } else { BTreeMap::new() };
    let mut columns = BTreeMap::new();
    let mut unknown = Vec::new();
    let mut awards = 0_u8;
    // Many schools join STT and Họ và tên with the cells below them, beside “Học kỳ I” over TX1, TX2 …
    let second = sheet.second_header(kind, header);
    let last_header = second.unwrap_or(header);
    let upper = sheet.row(header).filter(|(col, _)| second.is_none_or(|row| sheet.text(row, *col).is_none()));
    let lower = second.into_iter().flat_map(|row| sheet.row(row).map(move |(col, value)| (row, col, value)));
    for (row, col, value) in upper.map(|(col, value)| (header, col, value)).chain(lower) {
        let Value::Text(heading) = value else { continue };
        let group = sheet.group(row, col);
        let mut column = recognise(kind, heading, group);
        if let Some(Column::Award(_)) = column {
            awards = awards.saturating_add(1);
            column = Some(Column::Award(awards));
        }
        match column {
            Some(column) if columns.contains_key(&column) => {
                bag.duplicate_column(At { sheet: index, row, col }, heading);
            }
            Some(column) => {
                columns.insert(column, col);
            }
            None => unknown.push((row, col, heading.clone())),
        }
    }
    for (row, col, heading) in unknown {
        // An empty surplus column harms no one.
        if sheet.cells.range((last_header + 1, 0)..).any(|((_, c), _)| *c == col) {
            bag.ignored_column(At { sheet: index, row, col }, &heading);
        }
    }
    let mut rows = Vec::new();
    let last = sheet.cells.keys().next_back().map_or(0, |(row, _)| *row).min(limits.rows);
    for row in last_header + 1..=last {
        let cells: BTreeMap<Column, Field> =
            columns.iter().filter_map(|(column, col)| Some((*column, sheet.field(index, row, *col)?))).collect();
        if !cells.is_empty() {
            rows.push(Row {
                at: At { sheet: index, row, col: columns.get(&Column::Number).copied().unwrap_or(0) },
                cells,
            });
        }
    }
    let table = Table { sheet: index, columns, rows, head };
    let last_pupil =
        table.rows.iter().rev().find(|r| crate::assemble::number_of(r).is_some()).map_or(last_header, |r| r.at.row);
    for ((top, left), (bottom, right)) in &sheet.merged {
        let touches = table.columns.values().any(|col| (left..=right).contains(&col));
        if *bottom > last_header && *top <= last_pupil && touches {
            bag.at(
                At { sheet: index, row: *top, col: *left },
                None,
                value::Fault::error(
                    Code::MergedCells,
                    Words::new(
                        "Mỗi học sinh một dòng, mỗi giá trị một ô.",
                        "One row for each pupil, one cell for each value.",
                    ),
                    Words::new(
                        "Bỏ gộp ô (Unmerge Cells) rồi điền từng ô.",
                        "Unmerge the cells, then fill each of them.",
                    ),
                ),
            );
        }
    }
    table
}
