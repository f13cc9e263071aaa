//! The sections of a year record: what is shown or withheld as one piece, and the exact shape of each.
//!
//! Names in data are English; the four levels of the law keep their Vietnamese names (`tot`, `kha`, `dat`,
//! `chua_dat`), because their letters overlap between rule sets (`domain.md` §6.4).

use serde::{Deserialize, Serialize};

use crate::{
    canonical::{self, CanonicalError, Json},
    encoding::{RecordId, Sha256Digest},
    types::{EducationLevel, Mark, PartialDate, SectionName, SubjectCode, Text, UnixTime},
};

/// One section with its content. The name is the disclosure's claim name (RFC 9901 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// `school_details`: the school as printed; `school` itself is an open claim.
    School(SchoolSection),
    /// `identity`: who the pupil is.
    Identity(Identity),
    /// `subject.<code>`: one subject's line.
    Subject(SubjectSection),
    /// `result`: study results (kết quả học tập).
    Result(StudySection),
    /// `conduct`: conduct results (kết quả rèn luyện).
    Conduct(ConductSection),
    /// `attendance`: absences.
    Attendance(Attendance),
    /// `promotion`: what becomes of the pupil next year (lên lớp).
    Promotion(PromotionSection),
    /// `awards`: khen thưởng.
    Awards(AwardsSection),
    /// `remarks`: the homeroom teacher's remark.
    Remarks(RemarksSection),
    /// `completion`: completion of a level (hoàn thành chương trình), a terminal credential since 2026.
    Completion(CompletionSection),
    /// `manifest`: the names of all sections of this record.
    Manifest(ManifestSection),
    /// `history`: the book's earlier years.
    History(HistorySection),
}

/// A section of this name and value does not exist in this version of the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// The form has no section of this name.
    #[error("the form has no section named {name}")]
    UnknownName {
        /// The name, which is free of personal data by its alphabet and length.
        name: SectionName,
    },
    /// The value is not of the section's shape.
    #[error("section {name}: {source}")]
    Shape {
        /// The section.
        name: SectionName,
        /// What is wrong where.
        source: CanonicalError,
    },
    /// The code inside a subject section is not the one in its name.
    #[error("section {name} speaks of another subject")]
    SubjectMismatch {
        /// The section.
        name: SectionName,
    },
}

impl Section {
    /// The section's name.
    pub fn name(&self) -> SectionName {
        let fixed = |name: &str| name.parse().expect("fixed section names are of the alphabet");
        match self {
            Section::School(_) => fixed("school_details"),
            Section::Identity(_) => fixed("identity"),
            Section::Subject(s) => fixed(&format!("subject.{}", s.code)),
            Section::Result(_) => fixed("result"),
            Section::Conduct(_) => fixed("conduct"),
            Section::Attendance(_) => fixed("attendance"),
            Section::Promotion(_) => fixed("promotion"),
            Section::Awards(_) => fixed("awards"),
            Section::Remarks(_) => fixed("remarks"),
            Section::Completion(_) => fixed("completion"),
            Section::Manifest(_) => fixed("manifest"),
            Section::History(_) => fixed("history"),
        }
    }

    /// The section's value as JSON.
    pub fn value(&self) -> Json {
        let value = match self {
            Section::School(v) => canonical::to_json(v),
            Section::Identity(v) => canonical::to_json(v),
            Section::Subject(v) => canonical::to_json(v),
            Section::Result(v) => canonical::to_json(v),
            Section::Conduct(v) => canonical::to_json(v),
            Section::Attendance(v) => canonical::to_json(v),
            Section::Promotion(v) => canonical::to_json(v),
            Section::Awards(v) => canonical::to_json(v),
            Section::Remarks(v) => canonical::to_json(v),
            Section::Completion(v) => canonical::to_json(v),
            Section::Manifest(v) => canonical::to_json(v),
            Section::History(v) => canonical::to_json(v),
        };
        value.expect("sections hold integers, booleans and text only")
    }

    /// The section of this name with this value.
    ///
    /// # Errors
    /// For a name the form does not have and a value of another shape.
    pub fn from_value(name: &SectionName, value: &Json) -> Result<Self, SectionError> {
        let shape = |source| SectionError::Shape { name: name.clone(), source };
        macro_rules! read {
            ($variant:ident) => {
                canonical::from_json(value).map(Section::$variant).map_err(shape)
            };
        }
        match name.as_str() {
            "school_details" => read!(School),
            "identity" => read!(Identity),
            "result" => read!(Result),
            "conduct" => read!(Conduct),
            "attendance" => read!(Attendance),
            "promotion" => read!(Promotion),
            "awards" => read!(Awards),
            "remarks" => read!(Remarks),
            "completion" => read!(Completion),
            "manifest" => read!(Manifest),
            "history" => read!(History),
            other => {
                let code =
                    other.strip_prefix("subject.").ok_or_else(|| SectionError::UnknownName { name: name.clone() })?;
                let subject: SubjectSection = canonical::from_json(value).map_err(shape)?;
                if subject.code.as_str() == code {
                    Ok(Section::Subject(subject))
                } else {
                    Err(SectionError::SubjectMismatch { name: name.clone() })
                }
            }
        }
    }
}

/// The school as printed on the form; the school's code is an open claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolSection {
    /// Name as printed.
    pub name: Text,
    /// Ward or commune (xã/phường), since 07/2025 the lower of two levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ward: Option<Text>,
    /// Province or city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<Text>,
}

/// Who the pupil is, as printed when the record was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Full name.
    pub name: Text,
    /// Birth date as far as known.
    pub birth_date: PartialDate,
    /// Sex as registered.
    pub sex: Sex,
    /// Ethnicity (dân tộc), where stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ethnicity: Option<Text>,
    /// Nationality, ISO 3166-1 alpha-2, where stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nationality: Option<Text>,
    /// Birthplace as printed, where stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_place: Option<Text>,
    /// At least one; sorted by kind, each kind once.
    pub identifiers: Vec<Identifier>,
    /// Management number of the student book (mã học bạ), where one is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub book: Option<Text>,
}

/// Sex as registered (`GioiTinh` 0/1/2 of the national data contract).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Nữ.
    Female,
    /// Nam.
    Male,
    /// Khác / chưa xác định.
    Other,
}

/// One number by which the pupil is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// Who gives the number.
    pub kind: IdentifierKind,
    /// The number as written.
    pub value: Text,
}

/// Who gives an identifier (`domain.md` §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// Papers of another country.
    ForeignPaper,
    /// Mã người học suốt đời, should the final circular keep it.
    Lifelong,
    /// Mã định danh Bộ GD&ĐT, 10 digits.
    Ministry,
    /// Số định danh cá nhân, 12 digits.
    Personal,
    /// The school's own code for the pupil (mã học sinh).
    School,
    /// A code given until the pupil is verified.
    Temporary,
}

impl IdentifierKind {
    /// Whether the number means the same pupil in every school of the country. The others are given by a school, or by
    /// another state, and two pupils may share one.
    pub fn is_national(self) -> bool {
        matches!(self, Self::Lifelong | Self::Ministry | Self::Personal)
    }
}

/// One of the four levels of TT 22/2021, for study and conduct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// Chưa đạt.
    ChuaDat,
    /// Đạt.
    Dat,
    /// Khá.
    Kha,
    /// Tốt.
    Tot,
}

/// The result of a subject judged by comment only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Achievement {
    /// Chưa đạt.
    ChuaDat,
    /// Đạt.
    Dat,
}

/// One subject's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectSection {
    /// Code in the rule set's catalogue.
    pub code: SubjectCode,
    /// Name as printed.
    pub name: Text,
    /// Results.
    pub result: SubjectResult,
    /// The subject teacher's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<Text>,
    /// The subject teacher who answers for the marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<Text>,
    /// When the gradebook was locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_at: Option<UnixTime>,
    /// Which gradebook the line comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
}

/// What a pupil reached in a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SubjectResult {
    /// Marks.
    Score {
        /// ĐTBmhk I.
        term1: Mark,
        /// ĐTBmhk II.
        term2: Mark,
        /// ĐTBmcn.
        year: Mark,
        /// The year's mark after summer re-assessment; the earlier value stays beside it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reassessed: Option<Mark>,
    },
    /// Comment only.
    Comment {
        /// First term.
        term1: Achievement,
        /// Second term.
        term2: Achievement,
        /// Year (equal to the second term's under TT 22).
        year: Achievement,
        /// After summer re-assessment.
        #[serde(skip_serializing_if = "Option::is_none")]
        reassessed: Option<Achievement>,
    },
    /// Miễn học.
    Exempt {
        /// Why.
        reason: Text,
    },
    /// Không đánh giá (pupils with disabilities on a plan of their own).
    NotAssessed {},
}

/// Study results per term and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudySection {
    /// First term.
    pub term1: Rating,
    /// Second term.
    pub term2: Rating,
    /// Year.
    pub year: Rating,
    /// Year, after summer re-assessment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassessed: Option<Rating>,
}

/// Conduct results per term and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConductSection {
    /// First term.
    pub term1: Rating,
    /// Second term.
    pub term2: Rating,
    /// Year.
    pub year: Rating,
    /// After summer training (rèn luyện trong hè).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrained: Option<Rating>,
}

/// Absences of the year, in sessions (buổi).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attendance {
    /// With leave (có phép).
    pub with_leave: u16,
    /// Without leave (không phép).
    pub without_leave: u16,
}

/// What becomes of the pupil next year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionSection {
    /// The decision.
    pub decision: Promotion,
}

/// The decision on promotion (TT 22/2021 Art. 12, 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promotion {
    /// Được lên lớp.
    Promoted,
    /// Được lên lớp sau đánh giá lại hoặc rèn luyện trong hè.
    PromotedAfterSummer,
    /// Chờ đánh giá lại / rèn luyện trong hè.
    Pending,
    /// Ở lại lớp.
    Retained,
}

/// Awards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwardsSection {
    /// In the order printed; may be empty, so that the absence of an award is not visible from outside.
    pub items: Vec<Award>,
}

/// One award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Award {
    /// Học sinh Xuất sắc (TT 22/2021 Art. 15.1a).
    Excellent {},
    /// Học sinh Giỏi (TT 22/2021 Art. 15.1b).
    Good {},
    /// Any other, as printed.
    Other {
        /// The text.
        text: Text,
    },
}

/// Remarks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemarksSection {
    /// The homeroom teacher's.
    pub homeroom: Text,
}

/// Completion of a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionSection {
    /// The level.
    pub level: EducationLevel,
    /// Whether its programme was completed.
    pub completed: bool,
}

/// The names of all sections of the record, sorted, this one included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSection {
    /// Names.
    pub sections: Vec<SectionName>,
}

/// The book's earlier years, oldest first; empty in the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistorySection {
    /// Earlier records.
    pub entries: Vec<HistoryEntry>,
}

/// One earlier record as it stood when this one was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryEntry {
    /// Its identity.
    pub id: RecordId,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its payload, which is salted through `_sd`.
    pub payload: Sha256Digest,
}
