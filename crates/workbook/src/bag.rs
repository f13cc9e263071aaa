//! Findings as they are collected.

use crate::{
    finding::{CellRef, Code, Finding, Severity, Words, cut},
    table::{At, Field},
    value::{Fault, Reading},
};

/// Collects findings, up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Bag {
    sheets: Vec<String>,
    limit: usize,
    pub findings: Vec<Finding>,
    full: bool,
}

impl Bag {
    pub fn new(sheets: Vec<String>, limit: usize) -> Self {
        Self { sheets, limit, findings: Vec::new(), full: false }
    }

    /// A bag for a file that cannot be opened.
    pub fn with(finding: Finding) -> Self {
        Self { sheets: Vec::new(), limit: 1, findings: vec![finding], full: false }
    }

    /// Keeps a finding. The same one twice (a flat file's line is read as several tables) is kept once.
    pub fn push(&mut self, finding: Finding) {
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < self.limit {
            self.findings.push(finding);
        } else if !self.full && self.limit > 0 {
            self.full = true;
            self.findings.push(Finding::file(
                Code::TooManyFindings,
                Words::new(format!("Không quá {} lỗi.", self.limit), format!("At most {} findings.", self.limit)),
                Words::new(
                    "Còn nhiều lỗi nữa. Sửa các lỗi đã nêu rồi gửi lại tệp.",
                    "There are more. Mend those listed and send the file again.",
                ),
            ));
        }
    }

    pub fn at(&mut self, at: At, value: Option<String>, fault: Fault) {
        self.push(Finding {
            code: fault.code,
            severity: fault.severity,
            sheet: self.sheets.get(at.sheet).cloned().unwrap_or_default(),
            cell: Some(CellRef { row: at.row, col: at.col }),
            value: value.map(|v| cut(&v)),
            expected: *fault.expected,
            how_to_mend: *fault.how_to_mend,
        });
    }

    pub fn on_sheet(&mut self, sheet: usize, code: Code, severity: Severity, expected: Words, how_to_mend: Words) {
        let sheet = self.sheets.get(sheet).cloned().unwrap_or_default();
        self.push(Finding { code, severity, sheet, cell: None, value: None, expected, how_to_mend });
    }

    /// Takes a cell's reading, keeping what is to be said about it.
    pub fn read<T>(&mut self, field: Option<&Field>, reader: impl FnOnce(&Field) -> Reading<Option<T>>) -> Option<T> {
        let field = field?;
        match reader(field) {
            Ok((value, looks)) => {
                for look in looks {
                    self.at(field.at, Some(field.shown()), look);
                }
                value
            }
            Err(fault) => {
                self.at(field.at, Some(field.shown()), fault);
                None
            }
        }
    }

    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    pub fn sheet_twice(&mut self, sheet: usize) {
        self.on_sheet(
            sheet,
            Code::DuplicateSheet,
            Severity::Error,
            Words::new("Mỗi thứ một trang.", "One sheet for each thing."),
            Words::new(
                "Một trang khác đã giữ phần này: xoá trang thừa.",
                "Another sheet already holds this: delete the surplus one.",
            ),
        );
    }

    pub fn duplicate_column(&mut self, at: At, heading: &str) {
        let fault = Fault::error(
            Code::DuplicateColumn,
            Words::new("Mỗi thứ một cột.", "One column for each thing."),
            Words::new("Xoá hoặc đổi tên cột thừa.", "Delete or rename the surplus column."),
        );
        self.at(at, Some(heading.to_owned()), fault);
    }

    pub fn ignored_column(&mut self, at: At, heading: &str) {
        let fault = Fault::warning(
            Code::IgnoredColumn,
            Words::new("Các cột của tệp mẫu.", "The columns of the template."),
            Words::new(
                "Cột này không được đọc. Nếu cần, đặt tên cột như trong tệp mẫu.",
                "This column is not read. If it is needed, name it as in the template.",
            ),
        );
        self.at(at, Some(heading.to_owned()), fault);
    }
}
