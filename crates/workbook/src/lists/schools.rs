//! The department's schools.

use std::collections::BTreeSet;

use hocba_record::types::{EducationLevel, SchoolCode, Text};

use super::{ListColumn, ListKind, ListMapping, finish, opened, tables};
use crate::{
    Limits,
    columns::fold,
    finding::{Code, Finding, Words},
    table::{At, Field},
    value::{self, Fault, Prose, Reading},
};

/// A line of the department's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolListRow {
    /// Code.
    pub code: SchoolCode,
    /// Name as printed.
    pub name: Text,
    /// Levels it teaches, in their order; empty where the list does not say.
    pub levels: Vec<EducationLevel>,
    /// Commune or ward it lies in, where the list says it.
    pub ward: Option<Text>,
}

/// The department's list without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolList {
    /// In the order of the list.
    pub rows: Vec<SchoolListRow>,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

/// `THCS`, `Tiểu học và THCS`, `TH, THCS & THPT`.
fn levels(field: &Field) -> Reading<Option<Vec<EducationLevel>>> {
    let shown = field.shown();
    let split = shown.replace(" và ", ",").replace(" VÀ ", ",");
    let mut found = BTreeSet::new();
    for word in split.split([',', '&', '+', '-', '–', ';', '/']).map(fold).filter(|word| !word.is_empty()) {
        found.insert(match word.as_str() {
            "tieuhoc" | "th" | "cap1" | "1" => 0,
            "thcs" | "trunghoccoso" | "cap2" | "2" => 1,
            "thpt" | "trunghocphothong" | "cap3" | "3" => 2,
            _ => {
                return Err(Fault::error(
                    Code::NotAChoice,
                    Words::new(
                        "Tiểu học, THCS, THPT; nhiều cấp cách nhau bằng dấu phẩy.",
                        "Tiểu học, THCS, THPT, parted by commas.",
                    ),
                    Words::new("Sửa cấp học, hoặc để trống.", "Mend it, or leave it empty."),
                ));
            }
        });
    }
    let all = [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary];
    Ok((Some(found.into_iter().filter_map(|place: usize| all.get(place).copied()).collect()), Vec::new()))
}

/// Reads the department's list of schools.
///
/// # Errors
/// All findings, warnings among them, where one is an error.
pub fn read_schools(bytes: &[u8], limits: &Limits) -> Result<SchoolList, Vec<Finding>> {
    let (sheets, mut bag) = opened(bytes, limits)?;
    let mut rows: Vec<SchoolListRow> = Vec::new();
    let mut seen = BTreeSet::new();
    for table in tables(ListKind::Schools, &sheets, &ListMapping::default(), &mut bag) {
        for line in &table.rows {
            let code = bag.read(line.get(ListColumn::SchoolCode), value::school_code);
            let name = bag.read(line.get(ListColumn::SchoolName), |f| value::text(f, Prose::Line));
            if let (None, Some(col)) = (line.get(ListColumn::SchoolName), table.columns.get(&ListColumn::SchoolName)) {
                super::missing(&mut bag, At { col: *col, ..line.at }, &ListColumn::SchoolName.words());
            }
            let levels = bag.read(line.get(ListColumn::Levels), levels).unwrap_or_default();
            let ward = bag.read(line.get(ListColumn::Ward), |f| value::text(f, Prose::Line));
            let (Some(code), Some(name)) = (code, name) else { continue };
            if !seen.insert(code.clone()) {
                let fault = Fault::error(
                    Code::SchoolTwice,
                    Words::new("Mỗi mã trường một dòng.", "Each school code once."),
                    Words::new("Xoá dòng thừa hoặc sửa mã.", "Delete the surplus line or mend the code."),
                );
                bag.at(line.at, Some(code.to_string()), fault);
                continue;
            }
            rows.push(SchoolListRow { code, name, levels, ward });
        }
    }
    let (rows, warnings) = finish(rows, bag)?;
    Ok(SchoolList { rows, warnings })
}
