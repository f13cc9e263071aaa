//! A draft: one pupil's year as the gradebook has it, before it is checked and becomes sections.
//!
//! Drafts come from a workbook, a CSV or the city's shared database. They may be incomplete or wrong; [`crate::check`]
//! says how, and [`crate::rules`] turns a sound one into results.

use crate::{
    section::{Achievement, Attendance, Identity, Promotion, Rating, SchoolSection},
    types::{ClassName, Grade, Mark, SchoolCode, SchoolYear, SubjectCode, Text, UnixTime},
};

/// What all drafts of one class share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassHeader {
    /// The school's code.
    pub school: SchoolCode,
    /// The school as printed.
    pub school_name: SchoolSection,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Class.
    pub class: ClassName,
}

/// One pupil's year as imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who.
    pub identity: Identity,
    /// Subjects in the order of the form.
    pub subjects: Vec<SubjectDraft>,
    /// Conduct.
    pub conduct: ConductDraft,
    /// Absences.
    pub attendance: Attendance,
    /// The homeroom teacher's remark.
    pub remark: Option<Text>,
    /// Awards beyond those the rules give.
    pub other_awards: Vec<Text>,
    /// Results the source computed itself, to be compared with ours.
    pub imported: ImportedResults,
}

/// One subject as imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectDraft {
    /// Code in the catalogue.
    pub code: SubjectCode,
    /// Name as printed.
    pub name: Text,
    /// Marks or comments.
    pub assessment: Assessment,
    /// The subject teacher's remark.
    pub remark: Option<Text>,
    /// The subject teacher.
    pub teacher: Option<Text>,
    /// When the gradebook was locked.
    pub locked_at: Option<UnixTime>,
    /// Which gradebook.
    pub source: Option<Text>,
}

/// How a subject was assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assessment {
    /// By marks.
    Score {
        /// First term.
        term1: TermMarks,
        /// Second term.
        term2: TermMarks,
        /// The year's average as imported.
        year: Option<Mark>,
        /// After summer re-assessment.
        reassessed: Option<Mark>,
    },
    /// By comment.
    Comment {
        /// First term.
        term1: Option<Achievement>,
        /// Second term.
        term2: Option<Achievement>,
        /// The year's result as imported.
        year: Option<Achievement>,
        /// After summer re-assessment.
        reassessed: Option<Achievement>,
    },
    /// Exempt, with the reason.
    Exempt(Text),
    /// Not assessed (own plan).
    NotAssessed,
}

/// One term's marks of one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermMarks {
    /// ĐĐGtx, in the order given.
    pub regular: Vec<Mark>,
    /// ĐĐGgk.
    pub midterm: Option<Mark>,
    /// ĐĐGck.
    pub final_exam: Option<Mark>,
    /// ĐTBmhk as imported; taken as it is where the single marks are not given.
    pub average: Option<Mark>,
}

/// Conduct as imported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConductDraft {
    /// First term, by the homeroom teacher.
    pub term1: Option<Rating>,
    /// Second term.
    pub term2: Option<Rating>,
    /// Year as imported.
    pub year: Option<Rating>,
    /// After summer training.
    pub retrained: Option<Rating>,
}

/// What the source computed itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedResults {
    /// Study result, first term.
    pub study_term1: Option<Rating>,
    /// Study result, second term.
    pub study_term2: Option<Rating>,
    /// Study result, year.
    pub study_year: Option<Rating>,
    /// Promotion.
    pub promotion: Option<Promotion>,
}
