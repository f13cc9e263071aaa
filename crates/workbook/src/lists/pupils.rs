//! The pupils of a school, by class.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{section::Identity, types::ClassName};

use super::{Found, ListColumn, ListKind, ListMapping, Spot, finish, opened, tables};
use crate::{
    Limits,
    assemble::{identity, number_of},
    class::{self, banner},
    columns::{Column, IDENTIFIERS},
    finding::{Code, Finding, Words},
    grid::Sheet,
    table::{At, Field, Row, Table, Value},
    value::{self, Fault},
};

/// A line of a pupil list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PupilListRow {
    /// Where it stands.
    pub spot: Spot,
    /// Class.
    pub class: ClassName,
    /// Number in the class list.
    pub number: u32,
    /// Who; with at least one identifier.
    pub identity: Identity,
}

/// A pupil list without a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PupilList {
    /// By class, in the order of the list.
    pub rows: Vec<PupilListRow>,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

/// The class all lines of a sheet are of: a line `Lớp: 9A3` above the table, or the sheet's name. None where a column says
/// it. With the cell it stands in, if it is one.
pub(super) fn class_of_sheet(sheet: &Sheet, table: &Found) -> Option<(String, Option<At>)> {
    if table.columns.contains_key(&ListColumn::Class) {
        return None;
    }
    for ((row, col), (value, _)) in sheet.cells.range(..(table.header, 0)) {
        let Value::Text(text) = value else { continue };
        if let Some((_, class)) = banner(text).into_iter().find(|(column, _)| *column == Column::Class) {
            return Some((class, Some(At { sheet: table.sheet, row: *row, col: *col })));
        }
    }
    let name = sheet.name.trim();
    let name = name.strip_prefix("Lớp").or_else(|| name.strip_prefix("LỚP")).unwrap_or(name).trim();
    Some((name.to_owned(), None))
}

/// As the reader of class workbooks takes a line and its table.
fn as_row(line: &super::Line) -> Row {
    let cells = line
        .cells
        .iter()
        .filter_map(|(column, field)| {
            let column = match column {
                ListColumn::Number => Column::Number,
                ListColumn::Name => Column::Name,
                ListColumn::Pupil(column) => *column,
                _ => return None,
            };
            Some((column, field.clone()))
        })
        .collect();
    Row { at: line.at, cells }
}

fn as_table(table: &Found) -> Table {
    let columns = table
        .columns
        .iter()
        .filter_map(|(column, col)| match column {
            ListColumn::Pupil(column) => Some((*column, *col)),
            _ => None,
        })
        .collect();
    Table { sheet: table.sheet, columns, ..Table::default() }
}

/// Reads a list of pupils: one sheet with a column Lớp, or a sheet for each class.
///
/// # Errors
/// All findings, warnings among them, where one is an error.
pub fn read_pupils(bytes: &[u8], limits: &Limits) -> Result<PupilList, Vec<Finding>> {
    read_pupils_with(bytes, limits, &ListMapping::default())
}

/// As [`read_pupils`], with columns taken as the mapping says.
///
/// # Errors
/// As [`read_pupils`].
pub fn read_pupils_with(bytes: &[u8], limits: &Limits, mapping: &ListMapping) -> Result<PupilList, Vec<Finding>> {
    let (sheets, mut bag) = opened(bytes, limits)?;
    let mut rows: Vec<PupilListRow> = Vec::new();
    // Which sheet the lines of a class stand on.
    let mut homes: BTreeMap<ClassName, usize> = BTreeMap::new();
    for table in tables(ListKind::Pupils, &sheets, mapping, &mut bag) {
        let Some(sheet) = sheets.get(table.sheet) else { continue };
        let whole = match class_of_sheet(sheet, &table) {
            None => None,
            Some((text, at)) => {
                let field = Field {
                    at: at.unwrap_or(At { sheet: table.sheet, row: 0, col: 0 }),
                    value: Value::Text(text),
                    formula: false,
                };
                match value::class_name(&field) {
                    Ok((Some(name), _)) if class::grade_of(&name).is_some() => Some(name),
                    _ => {
                        let fault = Fault::error(
                            Code::MissingValue,
                            Words::new(
                                "Lớp: một cột Lớp, một dòng “Lớp: 9A3” trên bảng, hoặc tên trang là tên lớp.",
                                "The class: a column Lớp, a line “Lớp: 9A3” above the table, or the sheet called as the class.",
                            ),
                            Words::new("Thêm một trong ba cách.", "Add one of the three."),
                        );
                        bag.at(At { sheet: table.sheet, row: table.header, col: 0 }, Some(sheet.name.clone()), fault);
                        continue;
                    }
                }
            }
        };
        let list = as_table(&table);
        let mut here: BTreeMap<ClassName, Vec<(Option<u32>, PupilListRow)>> = BTreeMap::new();
        for line in &table.rows {
            let row = as_row(line);
            let class = match &whole {
                Some(class) => Some(class.clone()),
                None => {
                    if line.get(ListColumn::Class).is_none() {
                        let col = table.columns.get(&ListColumn::Class).copied().unwrap_or(0);
                        super::missing(&mut bag, At { col, ..line.at }, &ListColumn::Class.words());
                    }
                    bag.read(line.get(ListColumn::Class), value::class_name)
                }
            };
            let identity = identity(&row, &list, &mut bag);
            let number = number_of(&row);
            if let (None, Some(field)) = (number, line.get(ListColumn::Number)) {
                let fault = Fault::error(
                    Code::BadNumber,
                    Words::new("Số thứ tự từ 1.", "A number from 1."),
                    Words::new("Sửa STT, hoặc bỏ cả cột STT.", "Mend it, or leave out the whole column."),
                );
                bag.at(field.at, Some(field.shown()), fault);
            }
            let (Some(class), Some(identity)) = (class, identity) else { continue };
            // One that could not be read was told already.
            let unread = IDENTIFIERS.iter().any(|(column, _)| row.cells.contains_key(column));
            if identity.identifiers.is_empty() && unread {
                continue;
            }
            if identity.identifiers.is_empty() {
                let fault = Fault::error(
                    Code::NoIdentifier,
                    Words::new(
                        "Ít nhất một mã: số định danh, mã định danh Bộ hoặc mã học sinh.",
                        "At least one number: personal, ministry's or the school's.",
                    ),
                    Words::new(
                        "Điền một mã: nhờ nó học bạ các năm của học sinh nối được với nhau.",
                        "Fill one in: by it the pupil's years are one book.",
                    ),
                );
                bag.at(line.at, Some(identity.name.to_string()), fault);
                continue;
            }
            let spot = Spot::of(&sheets, line.at, &table.columns);
            let row = PupilListRow { spot, class: class.clone(), number: number.unwrap_or(0), identity };
            here.entry(class).or_default().push((number, row));
        }
        for (class, lines) in here {
            if *homes.entry(class.clone()).or_insert(table.sheet) != table.sheet {
                let fault = Fault::error(
                    Code::ClassAgain,
                    Words::new("Mỗi lớp trên một trang.", "Each class on one sheet."),
                    Words::new("Gộp học sinh của lớp vào một trang.", "Put the pupils of the class on one sheet."),
                );
                bag.at(At { sheet: table.sheet, row: table.header, col: 0 }, Some(class.to_string()), fault);
                continue;
            }
            if lines.len() > limits.pupils {
                let fault = Fault::error(
                    Code::TooManyPupils,
                    Words::new(
                        format!("Không quá {} học sinh một lớp.", limits.pupils),
                        format!("At most {} pupils in a class.", limits.pupils),
                    ),
                    Words::new("Kiểm tra tên lớp của từng dòng.", "Check the class of each line."),
                );
                bag.at(At { sheet: table.sheet, row: table.header, col: 0 }, Some(class.to_string()), fault);
                continue;
            }
            // Numbers that run through all classes of a sheet are none of the class: they begin anew here.
            let own = lines.iter().all(|(n, _)| n.is_some()) && lines.iter().any(|(n, _)| *n == Some(1));
            let own = own || whole.is_some() && lines.iter().all(|(n, _)| n.is_some());
            let mut numbers = BTreeSet::new();
            for (place, (_, mut row)) in (1_u32..).zip(lines) {
                if !own {
                    row.number = place;
                }
                if !numbers.insert(row.number) {
                    let finding = row.spot.error(
                        "number",
                        Some(&row.number.to_string()),
                        Code::DuplicateNumber,
                        Words::new("Mỗi STT một lần trong lớp.", "Each number once in the class."),
                        Words::new("Đánh lại STT.", "Number the lines anew."),
                    );
                    bag.push(finding);
                }
                rows.push(row);
            }
        }
    }
    let (rows, warnings) = finish(rows, bag)?;
    Ok(PupilList { rows, warnings })
}
