//! Schools, their staff, years and classes as planned.

use hocba_bundle::facts::IssuerCode;
use hocba_record::types::{ClassName, EducationLevel, Grade, SchoolCode, SchoolYear, Text, UnixTime};

use super::{Envelope, Id, LeftOut, RecordState};

words! {
    /// What becomes of a school.
    SchoolChangeKind {
        /// Đổi tên: it goes on under another name.
        Renamed = "renamed",
        /// Sáp nhập: another school goes on with its work.
        Merged = "merged",
        /// Tách: another school takes over a part; it goes on itself until it is closed.
        Split = "split",
        /// Giải thể.
        Closed = "closed",
    }
}

impl SchoolChangeKind {
    /// Whether the school takes no new class from then on.
    pub const fn closes(self) -> bool {
        matches!(self, SchoolChangeKind::Merged | SchoolChangeKind::Closed)
    }
}

words! {
    /// What somebody is at a school, as its staff list says. What they may do is in their grants.
    Position {
        /// Hiệu trưởng.
        Principal = "principal",
        /// Phó hiệu trưởng.
        DeputyPrincipal = "deputy_principal",
        /// Giáo viên.
        Teacher = "teacher",
        /// Văn thư.
        Clerk = "clerk",
        /// Quản trị: looks after accounts and lists.
        Administrator = "administrator",
    }
}

/// A school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct School {
    /// Code.
    pub code: SchoolCode,
    /// Under which its batches are anchored.
    pub issuer: IssuerCode,
}

/// What became of a school, with one of those who go on with its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolChange {
    /// The school.
    pub school: SchoolCode,
    /// What.
    pub change: SchoolChangeKind,
    /// Who goes on; of several, each has a row.
    pub successor: Option<SchoolCode>,
    /// As it is called from then on, where it was renamed.
    pub name: Option<Text>,
    /// Number of the decision.
    pub decision: Option<Text>,
    /// When it was noted.
    pub changed_at: UnixTime,
}

/// A school of the department's list; it may or may not be served here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSchool {
    /// Code.
    pub code: SchoolCode,
    /// As printed.
    pub name: Text,
    /// Levels it teaches, in their order; empty where the list does not say.
    pub levels: Vec<EducationLevel>,
    /// Commune or ward (xã, phường) it lies in, where the list says it.
    pub ward: Option<Text>,
}

/// Somebody of a school's staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    /// Their account.
    pub account: Id,
    /// Where.
    pub school: SchoolCode,
    /// The school's own number for them.
    pub code: Option<Text>,
    /// As what.
    pub position: Position,
}

/// A school year of a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolYearRow {
    /// The year.
    pub year: SchoolYear,
    /// When it was opened here.
    pub opened_at: UnixTime,
    /// When it was closed.
    pub closed_at: Option<UnixTime>,
    /// Why it was closed although records were unfinished.
    pub reason: Option<Text>,
}

/// How far a record of a school year is: its latest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearRecord {
    /// Whose; none for records from before pupils were kept.
    pub pupil: Option<Id>,
    /// 1, 2 …
    pub version: u32,
    /// How far the signatures are.
    pub state: RecordState,
    /// Why the class goes on without it.
    pub left_out: Option<LeftOut>,
}

/// A class that is planned, with or without records yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedClass {
    /// Identity.
    pub id: Id,
    /// School.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Name.
    pub name: ClassName,
    /// Account of who is to be its homeroom teacher.
    pub homeroom: Option<Id>,
    /// Whose pupils were rolled over into it.
    pub origin: Option<SchoolCode>,
}

/// A pupil expected in a planned class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMember {
    /// The planned class.
    pub class: Id,
    /// Number in the class list (STT).
    pub number: u32,
    /// Who.
    pub pupil: Id,
    /// Their identity.
    pub personal: Envelope,
}
