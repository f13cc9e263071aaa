//! What a sheet and its columns were taken for, before anything is assembled.

use hocba_record::catalogue::Subject;

use crate::columns::Column;

/// What a sheet was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Class,
    Instructions,
    Pupils,
    Subject(&'static Subject),
    Conduct,
    Results,
    More,
    /// One sheet for the class: a wide table.
    Wide,
    /// One line for each pupil and subject.
    Lines,
    Ignored,
}

/// What a column was taken for; a subject where the sheet has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub column: Column,
    pub subject: Option<Code>,
}

/// A subject by its code, so that uses can be ordered and compared.
pub(crate) type Code = &'static str;

/// A column with a heading.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnPlan {
    pub col: u32,
    /// The row the heading stands in.
    pub row: u32,
    pub heading: String,
    /// None where it is not read.
    pub taken: Option<Use>,
}

/// A sheet as it was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SheetPlan {
    pub sheet: usize,
    pub role: Role,
    /// First and last row of the headings; none for a sheet without.
    pub header: Option<(u32, u32)>,
    pub columns: Vec<ColumnPlan>,
    /// Last row with a pupil.
    pub last: Option<u32>,
    pub pupils: usize,
}

impl SheetPlan {
    pub fn bare(sheet: usize, role: Role) -> Self {
        Self { sheet, role, header: None, columns: Vec::new(), last: None, pupils: 0 }
    }
}
