//! The classes of a school.

use std::collections::BTreeSet;

use hocba_record::types::{ClassName, Grade};

use super::{ListColumn, ListKind, ListMapping, Spot, finish, opened, tables};
use crate::{
    Limits, class,
    finding::{Code, Finding, Words},
    table::At,
    value::{self, Fault},
};

/// A line of a class list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassListRow {
    /// Where it stands.
    pub spot: Spot,
    /// Name.
    pub class: ClassName,
    /// Grade, from its column or the name.
    pub grade: Grade,
    /// The homeroom teacher as the list names them: name, staff code or login.
    pub teacher: Option<String>,
}

/// A class list without a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassList {
    /// In the order of the list.
    pub rows: Vec<ClassListRow>,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

/// Reads a list of classes.
///
/// # Errors
/// All findings, warnings among them, where one is an error.
pub fn read_classes(bytes: &[u8], limits: &Limits) -> Result<ClassList, Vec<Finding>> {
    read_classes_with(bytes, limits, &ListMapping::default())
}

/// As [`read_classes`], with columns taken as the mapping says.
///
/// # Errors
/// As [`read_classes`].
pub fn read_classes_with(bytes: &[u8], limits: &Limits, mapping: &ListMapping) -> Result<ClassList, Vec<Finding>> {
    let (sheets, mut bag) = opened(bytes, limits)?;
    let mut rows: Vec<ClassListRow> = Vec::new();
    let mut seen = BTreeSet::new();
    for table in tables(ListKind::Classes, &sheets, mapping, &mut bag) {
        for line in &table.rows {
            let at = |column| At { col: table.columns.get(&column).copied().unwrap_or(line.at.col), ..line.at };
            let name = bag.read(line.get(ListColumn::Class), value::class_name);
            let said = line.get(ListColumn::Grade).is_some();
            let grade = bag.read(line.get(ListColumn::Grade), value::grade);
            let teacher = line.shown(ListColumn::Teacher);
            let Some(name) = name else { continue };
            if !seen.insert(name.clone()) {
                let fault = Fault::error(
                    Code::ClassTwice,
                    Words::new("Mỗi lớp một dòng.", "Each class once."),
                    Words::new("Xoá dòng thừa hoặc sửa tên lớp.", "Delete the surplus line or mend the name."),
                );
                bag.at(at(ListColumn::Class), Some(name.to_string()), fault);
                continue;
            }
            let of_name = class::grade_of(&name);
            let grade = match (grade, of_name) {
                (Some(grade), Some(other)) if grade != other => {
                    let fault = Fault::error(
                        Code::ClassDisagrees,
                        Words::new(
                            format!("Khối {}, như tên lớp {name}.", other.number()),
                            format!("Grade {}, as the class's name {name} says.", other.number()),
                        ),
                        Words::new("Sửa khối hoặc tên lớp.", "Mend the grade or the name."),
                    );
                    bag.at(at(ListColumn::Grade), Some(grade.number().to_string()), fault);
                    continue;
                }
                (Some(grade), _) => grade,
                (None, Some(grade)) if !said => grade,
                (None, Some(_)) => continue,
                (None, None) => {
                    let fault = Fault::error(
                        Code::MissingValue,
                        Words::new("Khối của lớp.", "The grade of the class."),
                        Words::new(
                            "Thêm khối: tên lớp không bắt đầu bằng số của khối.",
                            "Add the grade: the name does not begin with its number.",
                        ),
                    );
                    bag.at(at(ListColumn::Grade), Some(name.to_string()), fault);
                    continue;
                }
            };
            let spot = Spot::of(&sheets, line.at, &table.columns);
            rows.push(ClassListRow { spot, class: name, grade, teacher });
        }
    }
    let (rows, warnings) = finish(rows, bag)?;
    Ok(ClassList { rows, warnings })
}
