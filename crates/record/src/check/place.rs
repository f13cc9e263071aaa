//! Where in a draft a finding is.

use serde::{Deserialize, Serialize};

use crate::{catalogue, rules::attainment, section::IdentifierKind, types::SubjectCode};

/// A term, the year, or the summer after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Học kì I.
    Term1,
    /// Học kì II.
    Term2,
    /// Cả năm.
    Year,
    /// Rèn luyện, đánh giá lại trong kì nghỉ hè.
    Summer,
}

/// A single mark of a term (TT 22/2021 Art. 6, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkPart {
    /// ĐĐGtx.
    Regular,
    /// ĐĐGgk.
    Midterm,
    /// ĐĐGck.
    FinalExam,
}

impl MarkPart {
    /// The parts of a term.
    pub const ALL: [MarkPart; 3] = [MarkPart::Regular, MarkPart::Midterm, MarkPart::FinalExam];
}

/// A field of the school as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchoolField {
    /// Name.
    Name,
    /// Ward or commune.
    Ward,
    /// Province or city.
    Province,
}

/// A field of the pupil's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityField {
    /// Full name.
    Name,
    /// Birth date.
    BirthDate,
    /// Sex.
    Sex,
    /// Ethnicity.
    Ethnicity,
    /// Nationality.
    Nationality,
    /// Birthplace.
    BirthPlace,
    /// The identifiers as a whole.
    Identifiers,
    /// One identifier.
    Identifier {
        /// Which.
        kind: IdentifierKind,
    },
    /// Management number of the student book.
    Book,
}

/// A field of a subject's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectField {
    /// The line as a whole.
    Line,
    /// Name as printed.
    Name,
    /// A single mark.
    Mark {
        /// When.
        span: Span,
        /// Which.
        part: MarkPart,
    },
    /// An average, or the mark after summer re-assessment.
    Average {
        /// Of which span.
        span: Span,
    },
    /// A result by comment.
    Comment {
        /// Of which span.
        span: Span,
    },
    /// A level (primary).
    Level {
        /// Of the year or after the summer.
        span: Span,
    },
    /// The mark of a year-end test (primary).
    Test {
        /// Of the year or after the summer.
        span: Span,
    },
    /// The reason of an exemption.
    Exemption,
    /// The subject teacher's remark.
    Remark,
    /// The subject teacher.
    Teacher,
    /// The gradebook the line comes from.
    Source,
}

/// Qualities or competences (primary).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttainmentGroup {
    /// Phẩm chất chủ yếu.
    Qualities,
    /// Năng lực cốt lõi.
    Competences,
}

/// A field of a quality's or competence's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttainmentField {
    /// Its level.
    Level,
    /// Name as printed.
    Name,
    /// The homeroom teacher's remark.
    Remark,
}

/// Where a finding is. Says nothing about whose draft it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Place {
    /// The class as a whole.
    Class,
    /// The school as printed.
    School {
        /// Field.
        field: SchoolField,
    },
    /// The pupil's identity.
    Identity {
        /// Field.
        field: IdentityField,
    },
    /// The subjects as a whole.
    Subjects,
    /// One subject.
    Subject {
        /// Its code in the catalogue.
        code: SubjectCode,
        /// Field.
        field: SubjectField,
    },
    /// Study results.
    Study {
        /// Of which span.
        span: Span,
    },
    /// Conduct results.
    Conduct {
        /// Of which span.
        span: Span,
    },
    /// One quality or competence (primary).
    Attainment {
        /// Which of the two.
        group: AttainmentGroup,
        /// Its code in the rule set's list.
        code: SubjectCode,
        /// Field.
        field: AttainmentField,
    },
    /// What qualities and competences reached after help in summer (primary).
    AttainmentsReassessed,
    /// The year's result (primary).
    EducationResult {
        /// Of the year or after the summer.
        span: Span,
    },
    /// Học lực and the average of all subjects (TT 58/2011).
    StudyRanking {
        /// Of which span.
        span: Span,
    },
    /// Hạnh kiểm (TT 58/2011).
    ConductRanking {
        /// Of which span.
        span: Span,
    },
    /// The plan of a pupil with a disability.
    Plan,
    /// How the pupil came to the class.
    Enrolment,
    /// A certificate.
    Certificate {
        /// Number from 0.
        index: usize,
    },
    /// A prize in a contest.
    Contest {
        /// Number from 0.
        index: usize,
    },
    /// Absences.
    Attendance,
    /// Promotion.
    Promotion,
    /// The homeroom teacher's remark.
    Remark,
    /// An award beyond those the rules give.
    Award {
        /// Number from 0.
        index: usize,
    },
}

impl Span {
    fn vietnamese(self) -> &'static str {
        match self {
            Span::Term1 => "học kì I",
            Span::Term2 => "học kì II",
            Span::Year => "cả năm",
            Span::Summer => "sau kì nghỉ hè",
        }
    }
    fn english(self) -> &'static str {
        match self {
            Span::Term1 => "first term",
            Span::Term2 => "second term",
            Span::Year => "year",
            Span::Summer => "after the summer",
        }
    }
}

impl MarkPart {
    fn vietnamese(self) -> &'static str {
        match self {
            MarkPart::Regular => "điểm thường xuyên",
            MarkPart::Midterm => "điểm giữa kì",
            MarkPart::FinalExam => "điểm cuối kì",
        }
    }
    fn english(self) -> &'static str {
        match self {
            MarkPart::Regular => "regular marks",
            MarkPart::Midterm => "mid-term mark",
            MarkPart::FinalExam => "final mark",
        }
    }
}

/// An identifier's kind as a school office calls it.
fn kind_vietnamese(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::ForeignPaper => "giấy tờ nước ngoài",
        IdentifierKind::Lifelong => "mã người học suốt đời",
        IdentifierKind::Ministry => "mã định danh Bộ GD&ĐT",
        IdentifierKind::Personal => "số định danh cá nhân",
        IdentifierKind::School => "mã học sinh của trường",
        IdentifierKind::Temporary => "mã tạm",
    }
}

fn kind_english(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::ForeignPaper => "foreign paper",
        IdentifierKind::Lifelong => "lifelong learner code",
        IdentifierKind::Ministry => "Ministry code",
        IdentifierKind::Personal => "personal identification number",
        IdentifierKind::School => "school's pupil code",
        IdentifierKind::Temporary => "temporary code",
    }
}

impl Place {
    /// The place as a school office would name it, to stand in front of a colon.
    pub fn vietnamese(&self) -> String {
        match self {
            Place::Class => "Lớp".into(),
            Place::School { field } => match field {
                SchoolField::Name => "Tên trường".into(),
                SchoolField::Ward => "Xã/phường của trường".into(),
                SchoolField::Province => "Tỉnh/thành phố của trường".into(),
            },
            Place::Identity { field } => match field {
                IdentityField::Name => "Họ và tên".into(),
                IdentityField::BirthDate => "Ngày sinh".into(),
                IdentityField::Sex => "Giới tính".into(),
                IdentityField::Ethnicity => "Dân tộc".into(),
                IdentityField::Nationality => "Quốc tịch".into(),
                IdentityField::BirthPlace => "Nơi sinh".into(),
                IdentityField::Identifiers => "Mã định danh".into(),
                IdentityField::Identifier { kind } => capitalised(kind_vietnamese(*kind)),
                IdentityField::Book => "Mã học bạ".into(),
            },
            Place::Subjects => "Các môn học".into(),
            Place::Subject { code, field } => {
                let subject = catalogue::by_code_anywhere(code.as_str()).map_or(code.as_str(), |s| s.name);
                match field {
                    SubjectField::Line => format!("Môn {subject}"),
                    SubjectField::Name => format!("Môn {subject}, tên in trên học bạ"),
                    SubjectField::Mark { span, part } => {
                        format!("Môn {subject}, {}, {}", span.vietnamese(), part.vietnamese())
                    }
                    SubjectField::Average { span: Span::Summer } => format!("Môn {subject}, kết quả đánh giá lại"),
                    SubjectField::Average { span } => format!("Môn {subject}, điểm trung bình {}", span.vietnamese()),
                    SubjectField::Comment { span } => format!("Môn {subject}, kết quả {}", span.vietnamese()),
                    SubjectField::Level { span } => format!("Môn {subject}, mức đạt được {}", span.vietnamese()),
                    SubjectField::Test { span: Span::Summer } => format!("Môn {subject}, điểm kiểm tra lại"),
                    SubjectField::Test { span } => {
                        format!("Môn {subject}, điểm kiểm tra định kì {}", span.vietnamese())
                    }
                    SubjectField::Exemption => format!("Môn {subject}, lí do miễn học"),
                    SubjectField::Remark => format!("Môn {subject}, nhận xét"),
                    SubjectField::Teacher => format!("Môn {subject}, giáo viên bộ môn"),
                    SubjectField::Source => format!("Môn {subject}, sổ điểm nguồn"),
                }
            }
            Place::Study { span } => format!("Kết quả học tập {}", span.vietnamese()),
            Place::Conduct { span } => format!("Kết quả rèn luyện {}", span.vietnamese()),
            Place::Attainment { group, code, field } => {
                let group_name = match group {
                    AttainmentGroup::Qualities => "Phẩm chất",
                    AttainmentGroup::Competences => "Năng lực",
                };
                let name = attainment::by_code(*group, code.as_str()).map_or(code.as_str(), |listed| listed.name);
                match field {
                    AttainmentField::Level => format!("{group_name} {name}"),
                    AttainmentField::Name => format!("{group_name} {name}, tên in trên học bạ"),
                    AttainmentField::Remark => format!("{group_name} {name}, nhận xét"),
                }
            }
            Place::AttainmentsReassessed => "Phẩm chất, năng lực sau kì nghỉ hè".into(),
            Place::EducationResult { span } => format!("Kết quả giáo dục {}", span.vietnamese()),
            Place::StudyRanking { span } => format!("Học lực {}", span.vietnamese()),
            Place::ConductRanking { span } => format!("Hạnh kiểm {}", span.vietnamese()),
            Place::Plan => "Kế hoạch giáo dục cá nhân".into(),
            Place::Enrolment => "Chuyển trường".into(),
            Place::Certificate { index } => format!("Chứng chỉ, dòng {}", index.saturating_add(1)),
            Place::Contest { index } => format!("Giải trong các cuộc thi, dòng {}", index.saturating_add(1)),
            Place::Attendance => "Số buổi nghỉ học".into(),
            Place::Promotion => "Lên lớp".into(),
            Place::Remark => "Nhận xét của giáo viên chủ nhiệm".into(),
            Place::Award { index } => format!("Khen thưởng khác, dòng {}", index.saturating_add(1)),
        }
    }

    /// The place in English.
    pub fn english(&self) -> String {
        match self {
            Place::Class => "Class".into(),
            Place::School { field } => match field {
                SchoolField::Name => "School name".into(),
                SchoolField::Ward => "School's ward or commune".into(),
                SchoolField::Province => "School's province or city".into(),
            },
            Place::Identity { field } => match field {
                IdentityField::Name => "Full name".into(),
                IdentityField::BirthDate => "Birth date".into(),
                IdentityField::Sex => "Sex".into(),
                IdentityField::Ethnicity => "Ethnicity".into(),
                IdentityField::Nationality => "Nationality".into(),
                IdentityField::BirthPlace => "Birthplace".into(),
                IdentityField::Identifiers => "Identifiers".into(),
                IdentityField::Identifier { kind } => capitalised(kind_english(*kind)),
                IdentityField::Book => "Student book number".into(),
            },
            Place::Subjects => "Subjects".into(),
            Place::Subject { code, field } => {
                let subject = catalogue::by_code_anywhere(code.as_str()).map_or(code.as_str(), |s| s.english);
                match field {
                    SubjectField::Line => subject.into(),
                    SubjectField::Name => format!("{subject}, printed name"),
                    SubjectField::Mark { span, part } => {
                        format!("{subject}, {}, {}", span.english(), part.english())
                    }
                    SubjectField::Average { span: Span::Summer } => format!("{subject}, re-assessed result"),
                    SubjectField::Average { span } => format!("{subject}, {} average", span.english()),
                    SubjectField::Comment { span } => format!("{subject}, {} result", span.english()),
                    SubjectField::Level { span } => format!("{subject}, {} level", span.english()),
                    SubjectField::Test { span: Span::Summer } => format!("{subject}, test taken again"),
                    SubjectField::Test { span } => format!("{subject}, {} test", span.english()),
                    SubjectField::Exemption => format!("{subject}, reason of exemption"),
                    SubjectField::Remark => format!("{subject}, remark"),
                    SubjectField::Teacher => format!("{subject}, subject teacher"),
                    SubjectField::Source => format!("{subject}, source gradebook"),
                }
            }
            Place::Study { span } => format!("Study result, {}", span.english()),
            Place::Conduct { span } => format!("Conduct result, {}", span.english()),
            Place::Attainment { group, code, field } => {
                let group_name = match group {
                    AttainmentGroup::Qualities => "Quality",
                    AttainmentGroup::Competences => "Competence",
                };
                let name = attainment::by_code(*group, code.as_str()).map_or(code.as_str(), |listed| listed.english);
                match field {
                    AttainmentField::Level => format!("{group_name} {name}"),
                    AttainmentField::Name => format!("{group_name} {name}, printed name"),
                    AttainmentField::Remark => format!("{group_name} {name}, remark"),
                }
            }
            Place::AttainmentsReassessed => "Qualities and competences after the summer".into(),
            Place::EducationResult { span } => format!("Result of the year, {}", span.english()),
            Place::StudyRanking { span } => format!("Study ranking, {}", span.english()),
            Place::ConductRanking { span } => format!("Conduct ranking, {}", span.english()),
            Place::Plan => "Individual education plan".into(),
            Place::Enrolment => "Move between schools".into(),
            Place::Certificate { index } => format!("Certificate, line {}", index.saturating_add(1)),
            Place::Contest { index } => format!("Prize in a contest, line {}", index.saturating_add(1)),
            Place::Attendance => "Absences".into(),
            Place::Promotion => "Promotion".into(),
            Place::Remark => "Homeroom teacher's remark".into(),
            Place::Award { index } => format!("Other award, line {}", index.saturating_add(1)),
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
