//! A sheet of cells, and where its headings are.

use std::collections::BTreeMap;

use crate::{
    bag::Bag,
    columns::{Column, Kind, recognise},
    table::{At, Field, Value},
};

/// How many rows are searched for the headings: a school's banner above the table is a handful of lines.
pub(crate) const HEADER_ROWS: u32 = 30;

/// One sheet as stored.
pub(crate) struct Sheet {
    pub name: String,
    pub hidden: bool,
    pub cells: BTreeMap<(u32, u32), (Value, bool)>,
    /// First and last cell of each joined region.
    pub merged: Vec<((u32, u32), (u32, u32))>,
}

impl Sheet {
    pub fn text(&self, row: u32, col: u32) -> Option<&str> {
        match self.cells.get(&(row, col)) {
            Some((Value::Text(text), _)) => Some(text),
            _ => None,
        }
    }

    pub fn row(&self, row: u32) -> impl Iterator<Item = (u32, &Value)> {
        self.cells.range((row, 0)..=(row, u32::MAX)).map(|((_, col), (value, _))| (*col, value))
    }

    pub fn field(&self, sheet: usize, row: u32, col: u32) -> Option<Field> {
        let (value, formula) = self.cells.get(&(row, col))?;
        let field = Field { at: At { sheet, row, col }, value: value.clone(), formula: *formula };
        (!field.is_blank()).then_some(field)
    }

    /// The row that has both STT and Họ và tên.
    pub fn header_row(&self) -> Option<u32> {
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
    pub fn group(&self, row: u32, col: u32) -> Option<&str> {
        let above = row.checked_sub(1)?;
        let (_, (value, _)) = self.cells.range((above, 0)..=(above, col)).next_back()?;
        if let Value::Text(text) = value { Some(text) } else { None }
    }

    /// The row below the headings, where it has headings too: words of this kind of table, and nothing below STT and Họ
    /// và tên.
    pub fn second_header(&self, kind: Kind, header: u32) -> Option<u32> {
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
    pub fn key_values(&self, index: usize, kind: Kind, before: u32, bag: &mut Bag) -> BTreeMap<Column, Field> {
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
