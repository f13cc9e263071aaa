//! A draft: one pupil's year as the gradebook has it, before it is checked and becomes sections.
//!
//! Drafts come from a workbook, a CSV or the city's shared database. They may be incomplete or wrong; [`crate::check`]
//! says how, and [`crate::rules`] turns a sound one into results.

use crate::{
    form::Form,
    section::{
        Achievement, Attainment, AttainmentLevel, Attendance, CertificateLine, ConductRank, ContestLine,
        EducationResult, EnrolmentSection, Identity, IndividualPlanSection, Promotion, Rating, SchoolSection,
        StudyRank, SubjectLevel,
    },
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

impl ClassHeader {
    /// The form of its records: the rule set of the grade in that year.
    pub fn form(&self) -> Form {
        Form::of(self.grade, self.year)
    }
}

/// One pupil's year as imported. Which of conduct, ranking and attainments count depends on the rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who.
    pub identity: Identity,
    /// Subjects in the order of the form.
    pub subjects: Vec<SubjectDraft>,
    /// Conduct (TT 22/2021).
    pub conduct: ConductDraft,
    /// Conduct (TT 58/2011).
    pub conduct_ranking: ConductRankingDraft,
    /// Qualities and competences (primary).
    pub attainments: AttainmentsDraft,
    /// For a pupil with a disability who is assessed by a plan of their own: results the plan leaves out may be missing.
    pub plan: Option<IndividualPlanSection>,
    /// How the pupil came to the class, where there is something to say.
    pub enrolment: Option<EnrolmentSection>,
    /// Certificates.
    pub certificates: Vec<CertificateLine>,
    /// Prizes in contests.
    pub contests: Vec<ContestLine>,
    /// Absences.
    pub attendance: Attendance,
    /// The homeroom teacher's remark.
    pub remark: Option<Text>,
    /// Awards beyond those the rules give.
    pub other_awards: Vec<Text>,
    /// Results the source computed itself, to be compared with ours.
    pub imported: ImportedResults,
}

impl Draft {
    /// A year in which nothing stands yet.
    pub fn of(identity: Identity) -> Self {
        Self {
            identity,
            subjects: Vec::new(),
            conduct: ConductDraft::default(),
            conduct_ranking: ConductRankingDraft::default(),
            attainments: AttainmentsDraft::default(),
            plan: None,
            enrolment: None,
            certificates: Vec::new(),
            contests: Vec::new(),
            attendance: Attendance { with_leave: 0, without_leave: 0 },
            remark: None,
            other_awards: Vec::new(),
            imported: ImportedResults::default(),
        }
    }
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
    /// Whether the pupil takes the subject's study topics (upper secondary), where the source says so.
    pub study_topics: bool,
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
    /// By level, with a test where the subject has one (primary).
    Level {
        /// At the end of the year.
        year: Option<SubjectLevel>,
        /// The year-end test.
        test: Option<Mark>,
        /// After help and re-assessment.
        reassessed: Option<SubjectLevel>,
        /// The test taken again.
        reassessed_test: Option<Mark>,
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

/// Hạnh kiểm as imported (TT 58/2011).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConductRankingDraft {
    /// First term, by the homeroom teacher.
    pub term1: Option<ConductRank>,
    /// Second term.
    pub term2: Option<ConductRank>,
    /// Year, by the homeroom teacher.
    pub year: Option<ConductRank>,
    /// After summer training.
    pub retrained: Option<ConductRank>,
}

/// Qualities and competences as imported; codes are the rule set's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttainmentsDraft {
    /// Qualities that have a level.
    pub qualities: Vec<Attainment>,
    /// Competences that have a level.
    pub competences: Vec<Attainment>,
    /// Whether the class recognises that the pupil stood out in a subject or made clear progress (TT 27/2020 Art. 13.1).
    pub outstanding: bool,
    /// The lowest level after summer help, where a quality or competence needed it.
    pub reassessed: Option<AttainmentLevel>,
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
    /// Primary: the year's result.
    pub education_year: Option<EducationResult>,
    /// TT 58/2011: average of all subjects and học lực of first term, second term and year.
    pub ranking: [Option<(Mark, Option<StudyRank>)>; 3],
    /// Promotion.
    pub promotion: Option<Promotion>,
}
