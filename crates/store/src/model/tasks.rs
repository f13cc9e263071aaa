//! Work that takes longer than a request, and files that wait.

use hocba_record::types::{ClassName, SchoolCode, SchoolYear, UnixTime};

use super::{Envelope, Id};

words! {
    /// Work that takes longer than a request.
    TaskKind {
        /// Staff, classes and pupils of a school are taken from lists.
        TakeLists = "take_lists",
        /// Marks of a class are taken from a workbook.
        ImportMarks = "import_marks",
        /// Paper links of a class's records are made.
        PaperLinks = "paper_links",
    }
}

words! {
    /// How far a task is.
    TaskState {
        /// Its process works on it.
        Running = "running",
        /// It did its work.
        Done = "done",
        /// It was refused; nothing of it was stored.
        Refused = "refused",
        /// Its process ended before it did.
        Interrupted = "interrupted",
    }
}

/// Work that takes longer than a request, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Identity.
    pub id: Id,
    /// School it is about.
    pub school: SchoolCode,
    /// Who began it.
    pub account: Id,
    /// What it is.
    pub kind: TaskKind,
    /// Year it is about.
    pub year: SchoolYear,
    /// Class it is about; none: the whole school.
    pub class: Option<ClassName>,
    /// Steps that are done, as far as was said.
    pub done: u32,
    /// Steps in all; 0 where it is not known yet.
    pub steps: u32,
    /// How far it is.
    pub state: TaskState,
    /// What came of it, sealed.
    pub result: Option<Envelope>,
    /// Begun at.
    pub begun_at: UnixTime,
    /// When its process last said that it is alive.
    pub beat_at: UnixTime,
    /// Ended at.
    pub ended_at: Option<UnixTime>,
}

words! {
    /// What a kept file is.
    KeptKind {
        /// A staff list.
        Staff = "staff",
        /// A list of classes.
        Classes = "classes",
        /// Lists of pupils.
        Pupils = "pupils",
        /// A class's workbook of marks.
        Marks = "marks",
    }
}

/// A file that was sent and is looked at before it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Whose.
    pub account: Id,
    /// At which school.
    pub school: SchoolCode,
    /// What it is; one of each.
    pub kind: KeptKind,
    /// Year a list is for; a workbook of marks says it itself.
    pub year: Option<SchoolYear>,
    /// The file with its name, sealed.
    pub personal: Envelope,
    /// Sent at.
    pub kept_at: UnixTime,
    /// Gone from then on.
    pub expires_at: UnixTime,
}
