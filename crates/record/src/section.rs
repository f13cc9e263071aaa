//! The sections of a year record: what is shown or withheld as one piece, and the exact shape of each.
//!
//! Names in data are English; the four levels of the law keep their Vietnamese names (`tot`, `kha`, `dat`,
//! `chua_dat`), because their letters overlap between rule sets (`domain.md` §6.4).

use serde::{Deserialize, Serialize};

use crate::{
    canonical::{self, CanonicalError, Json},
    encoding::{RecordId, Sha256Digest},
    types::{
        ClassName, EducationLevel, Mark, PartialDate, ProvinceCode, SchoolCode, SectionName, SubjectCode, Text,
        UnixTime, WardCode,
    },
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
    /// `qualities`: phẩm chất chủ yếu (primary).
    Qualities(AttainmentsSection),
    /// `competences`: năng lực cốt lõi, general and specific (primary).
    Competences(AttainmentsSection),
    /// `education_result`: đánh giá kết quả giáo dục (primary).
    EducationResult(EducationResultSection),
    /// `study_ranking`: xếp loại học lực (TT 58/2011).
    StudyRanking(StudyRankingSection),
    /// `conduct_ranking`: xếp loại hạnh kiểm (TT 58/2011).
    ConductRanking(ConductRankingSection),
    /// `individual_plan`: a pupil with a disability, taught and assessed by a plan of their own.
    IndividualPlan(IndividualPlanSection),
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
    /// `certificates`: chứng chỉ.
    Certificates(CertificatesSection),
    /// `contests`: prizes in contests.
    Contests(ContestsSection),
    /// `enrolment`: how the pupil came to the class: moved here during the year, repeats it.
    Enrolment(EnrolmentSection),
    /// `conversion`: who took an earlier year over from paper, and when.
    Conversion(ConversionSection),
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
            Section::Qualities(_) => fixed("qualities"),
            Section::Competences(_) => fixed("competences"),
            Section::EducationResult(_) => fixed("education_result"),
            Section::StudyRanking(_) => fixed("study_ranking"),
            Section::ConductRanking(_) => fixed("conduct_ranking"),
            Section::IndividualPlan(_) => fixed("individual_plan"),
            Section::Certificates(_) => fixed("certificates"),
            Section::Contests(_) => fixed("contests"),
            Section::Enrolment(_) => fixed("enrolment"),
            Section::Conversion(_) => fixed("conversion"),
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
            Section::Qualities(v) => canonical::to_json(v),
            Section::Competences(v) => canonical::to_json(v),
            Section::EducationResult(v) => canonical::to_json(v),
            Section::StudyRanking(v) => canonical::to_json(v),
            Section::ConductRanking(v) => canonical::to_json(v),
            Section::IndividualPlan(v) => canonical::to_json(v),
            Section::Certificates(v) => canonical::to_json(v),
            Section::Contests(v) => canonical::to_json(v),
            Section::Enrolment(v) => canonical::to_json(v),
            Section::Conversion(v) => canonical::to_json(v),
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
            "qualities" => read!(Qualities),
            "competences" => read!(Competences),
            "education_result" => read!(EducationResult),
            "study_ranking" => read!(StudyRanking),
            "conduct_ranking" => read!(ConductRanking),
            "individual_plan" => read!(IndividualPlan),
            "certificates" => read!(Certificates),
            "contests" => read!(Contests),
            "enrolment" => read!(Enrolment),
            "conversion" => read!(Conversion),
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
    /// The ward's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ward_code: Option<WardCode>,
    /// The province's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province_code: Option<ProvinceCode>,
}

impl SchoolSection {
    /// A school of which only the name is known.
    pub fn named(name: Text) -> Self {
        Self { name, ward: None, province: None, ward_code: None, province_code: None }
    }
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
    /// The code of the province of birth, where stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_province: Option<ProvinceCode>,
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
    /// With what it was compared, and when; none where it is as the family gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

impl Identifier {
    /// A number that was compared with nothing.
    pub fn new(kind: IdentifierKind, value: Text) -> Self {
        Self { kind, value, verified: None }
    }
}

/// That an identifier was compared with a register (`domain.md` §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// When.
    pub on: PartialDate,
    /// With which register.
    pub with: Register,
}

/// A register that identifiers are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// Cơ sở dữ liệu quốc gia về dân cư.
    Population,
    /// Cơ sở dữ liệu ngành giáo dục.
    Education,
    /// The paper itself, seen by the school.
    Paper,
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
    /// Whether the pupil takes the subject's study topics (cụm chuyên đề học tập, upper secondary); in the bytes only
    /// where true.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub study_topics: bool,
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
    /// Primary: a level, and the mark of the year-end test where the subject has one.
    Level {
        /// Mức đạt được, at the end of the year.
        year: SubjectLevel,
        /// Điểm kiểm tra định kì cuối năm, whole marks.
        #[serde(skip_serializing_if = "Option::is_none")]
        test: Option<Mark>,
        /// The level after help and re-assessment; the earlier value stays beside it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reassessed: Option<SubjectLevel>,
        /// The test taken again.
        #[serde(skip_serializing_if = "Option::is_none")]
        reassessed_test: Option<Mark>,
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

/// A subject's level in primary school (TT 27/2020 Art. 6, 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectLevel {
    /// C: Chưa hoàn thành.
    ChuaHoanThanh,
    /// H: Hoàn thành.
    HoanThanh,
    /// T: Hoàn thành tốt.
    HoanThanhTot,
}

/// How far a quality or competence is attained in primary school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttainmentLevel {
    /// C: Cần cố gắng.
    CanCoGang,
    /// Đ: Đạt.
    Dat,
    /// T: Tốt.
    Tot,
}

/// Qualities, or competences, in the order of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttainmentsSection {
    /// One line each.
    pub items: Vec<Attainment>,
}

/// One quality or competence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attainment {
    /// Code in the rule set's list: `yeu_nuoc`.
    pub code: SubjectCode,
    /// Name as printed.
    pub name: Text,
    /// At the end of the year.
    pub level: AttainmentLevel,
    /// The homeroom teacher's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<Text>,
}

/// What a year of primary school amounts to (TT 27/2020 Art. 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EducationResult {
    /// Chưa hoàn thành.
    ChuaHoanThanh,
    /// Hoàn thành.
    HoanThanh,
    /// Hoàn thành tốt.
    HoanThanhTot,
    /// Hoàn thành xuất sắc.
    HoanThanhXuatSac,
}

/// The year's result of primary school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EducationResultSection {
    /// Year.
    pub year: EducationResult,
    /// Year, after help and re-assessment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassessed: Option<EducationResult>,
}

/// Học lực (TT 58/2011 Art. 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StudyRank {
    /// Kém.
    Kem,
    /// Yếu.
    Yeu,
    /// Trung bình.
    TrungBinh,
    /// Khá.
    Kha,
    /// Giỏi.
    Gioi,
}

/// Hạnh kiểm (TT 58/2011 Art. 3, 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConductRank {
    /// Yếu.
    Yeu,
    /// Trung bình.
    TrungBinh,
    /// Khá.
    Kha,
    /// Tốt.
    Tot,
}

/// One term's, or the year's, ranking with the average it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// ĐTB các môn.
    pub average: Mark,
    /// Học lực.
    pub rank: StudyRank,
}

/// Học lực per term and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRankingSection {
    /// First term.
    pub term1: Ranking,
    /// Second term.
    pub term2: Ranking,
    /// Year.
    pub year: Ranking,
    /// Year, after tests taken again in summer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassessed: Option<Ranking>,
}

/// Hạnh kiểm per term and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConductRankingSection {
    /// First term.
    pub term1: ConductRank,
    /// Second term.
    pub term2: ConductRank,
    /// Year.
    pub year: ConductRank,
    /// After summer training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrained: Option<ConductRank>,
}

/// That a pupil with a disability is taught and assessed by a plan of their own (kế hoạch giáo dục cá nhân). The results
/// that the plan leaves out are left out of the record; what kind of disability it is does not belong here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndividualPlanSection {
    /// What is printed about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Certificates (chứng chỉ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatesSection {
    /// In the order printed.
    pub items: Vec<CertificateLine>,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateLine {
    /// What it certifies: `Chứng chỉ Nghề phổ thông`.
    pub name: Text,
    /// Grade given: `Giỏi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Text>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<PartialDate>,
}

/// Prizes in contests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContestsSection {
    /// In the order printed.
    pub items: Vec<ContestLine>,
}

/// One prize.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContestLine {
    /// The contest: `Học sinh giỏi môn Toán`.
    pub name: Text,
    /// Who held it.
    pub level: ContestLevel,
    /// The prize: `Giải Nhì`.
    pub prize: Text,
}

/// Who holds a contest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContestLevel {
    /// Cấp trường.
    School,
    /// Cấp xã, phường; before 07/2025 huyện.
    District,
    /// Cấp tỉnh, thành phố.
    Province,
    /// Quốc gia.
    National,
    /// Quốc tế.
    International,
}

/// How the pupil came to the class this year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentSection {
    /// Học lại lớp: the pupil was in this grade the year before.
    pub repeating: bool,
    /// Chuyển đến trong năm học; the marks before that day are the other school's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_in: Option<Move>,
    /// Chuyển đi trong năm học; the year is concluded by the other school.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_out: Option<Move>,
}

/// A move between schools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The day.
    pub on: PartialDate,
    /// The other school as printed.
    pub school_name: Text,
    /// Its code, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school: Option<SchoolCode>,
    /// The class there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassName>,
}

/// The mark of a record that was taken over from paper (NĐ 137/2024 Art. 4: a text, the time and the full name of who
/// did it; Luật GDĐT 2023 Art. 12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversionSection {
    /// The text: [`CONVERSION_MARK`].
    pub mark: Text,
    /// Full name of who took it over.
    pub converter: Text,
    /// When.
    pub converted_at: UnixTime,
    /// Full name of who compared it with the paper a second time, where somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_by: Option<Text>,
    /// The school that made the paper, as printed there, where it is not the one that takes it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_by: Option<Text>,
    /// Which paper: `Sổ đăng bộ số 1234/THCS, trang 12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<Text>,
}

/// The conversion mark.
pub const CONVERSION_MARK: &str = "Số hoá từ học bạ giấy";

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
    /// Học sinh Xuất sắc (TT 22/2021 Art. 15.1a, TT 27/2020 Art. 13.1).
    Excellent {},
    /// Học sinh Giỏi (TT 22/2021 Art. 15.1b); Học sinh giỏi (TT 58/2011 Art. 18.1).
    Good {},
    /// Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện (TT 27/2020 Art. 13.1).
    Outstanding {},
    /// Học sinh tiên tiến (TT 58/2011 Art. 18.2).
    Advanced {},
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
