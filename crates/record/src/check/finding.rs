//! A finding: how bad, where, what.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::{
    catalogue::SubjectKind,
    section::{Achievement, ConductRank, EducationResult, Promotion, Rating, StudyRank},
    types::Mark,
};

/// Whether a finding stops a draft from becoming a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The draft cannot be signed until this is mended.
    Error,
    /// Worth a look before signing; the school may leave it.
    Warning,
}

/// One thing to say about a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What.
    pub message: Message,
}

/// What disagrees between the 12-digit number and the rest of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierPart {
    /// Century digit and year digits against the birth date.
    BirthYear,
    /// Sex digit against the sex.
    Sex,
    /// Digits of the province of birth registration against the province of birth.
    Province,
}

/// Why two pupils of a class seem to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateBy {
    /// The same identifier.
    Identifier,
    /// The same name and birth date.
    NameAndBirthDate,
}

/// A result of one of the kinds that are compared with the source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Outcome {
    /// One of four levels.
    Rating(Rating),
    /// Đạt or Chưa đạt of a comment subject.
    Achievement(Achievement),
    /// Promotion.
    Promotion(Promotion),
    /// The year's result (primary).
    EducationResult(EducationResult),
    /// Học lực (TT 58/2011).
    StudyRank(StudyRank),
    /// Hạnh kiểm (TT 58/2011).
    ConductRank(ConductRank),
}

/// What was found. The keys ([`Message::key`]) are stable: catalogues of texts and statistics refer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "key")]
pub enum Message {
    /// A mark or comment the results need is not there.
    #[serde(rename = "mark.missing")]
    MarkMissing,
    /// Not a mark between 0 and 10 with at most one decimal (Art. 5.3b). For importers; a [`Mark`] is always possible.
    #[serde(rename = "mark.impossible")]
    MarkImpossible,
    /// The source's average is not the one its marks give (Art. 9.1b).
    #[serde(rename = "average.disagrees")]
    AverageDisagrees {
        /// The source's.
        imported: Mark,
        /// Ours, which the record gets.
        computed: Mark,
    },
    /// Fewer regular marks than the periods of the subject call for (Art. 6.2b).
    #[serde(rename = "marks.count")]
    MarksCount {
        /// Marks found.
        found: usize,
        /// Marks called for.
        expected: usize,
    },
    /// A mandatory subject of the level is not in the draft.
    #[serde(rename = "subject.missing")]
    SubjectMissing,
    /// A subject stands twice.
    #[serde(rename = "subject.duplicate")]
    SubjectDuplicate,
    /// The catalogue of the level has no such subject.
    #[serde(rename = "subject.unknown")]
    SubjectUnknown,
    /// Marks for a comment subject or comments for a scored one (Art. 5.3).
    #[serde(rename = "subject.kind")]
    SubjectKind {
        /// How the subject is assessed.
        expected: SubjectKind,
    },
    /// Not as many electives as a pupil of upper secondary chooses.
    #[serde(rename = "electives.count")]
    ElectivesCount {
        /// Electives found.
        found: usize,
        /// Electives a pupil chooses.
        expected: usize,
    },
    /// Fewer scored subjects than the rules want at the higher threshold, so that no level but Chưa đạt can be reached.
    #[serde(rename = "subjects.too_few")]
    SubjectsTooFew {
        /// Scored subjects found.
        found: usize,
        /// Scored subjects the policy's minimum asks for.
        needed: usize,
    },
    /// A subject is unassessed, and the pupil has no plan of their own.
    #[serde(rename = "plan.missing")]
    PlanMissing,
    /// Another number of study topics than a pupil of upper secondary chooses.
    #[serde(rename = "topics.count")]
    TopicsCount {
        /// Subjects with study topics found.
        found: usize,
        /// Those a pupil chooses.
        expected: usize,
    },
    /// Study topics of a subject that has none.
    #[serde(rename = "topics.unexpected")]
    TopicsUnexpected,
    /// A test with a decimal where marks are whole (TT 27/2020 Art. 7.1).
    #[serde(rename = "test.not_whole")]
    TestNotWhole {
        /// The mark.
        found: Mark,
    },
    /// A test of a subject that has none (TT 27/2020 Art. 7.1).
    #[serde(rename = "test.unexpected")]
    TestUnexpected,
    /// A quality or competence has no level.
    #[serde(rename = "attainment.missing")]
    AttainmentMissing,
    /// A quality or competence stands twice.
    #[serde(rename = "attainment.duplicate")]
    AttainmentDuplicate,
    /// Not a quality or competence of the grade.
    #[serde(rename = "attainment.unknown")]
    AttainmentUnknown,
    /// These rules do not cover the class's grade in its year.
    #[serde(rename = "grade.unsupported")]
    GradeUnsupported,
    /// A term's conduct result is not there (Art. 8.2a).
    #[serde(rename = "conduct.missing")]
    ConductMissing,
    /// A rank of conduct is not there (TT 58/2011 Art. 4).
    #[serde(rename = "conduct_ranking.missing")]
    ConductRankMissing,
    /// The decision on promotion is not there, and no rule gives it.
    #[serde(rename = "promotion.missing")]
    PromotionMissing,
    /// A result of the source is not the one the rules give.
    #[serde(rename = "result.disagrees")]
    ResultDisagrees {
        /// The source's.
        imported: Outcome,
        /// Ours, which the record gets.
        computed: Outcome,
    },
    /// More absences than promotion allows (Art. 12.1c).
    #[serde(rename = "attendance.over")]
    AttendanceOver {
        /// Sessions (buổi) absent, with and without leave.
        sessions: u32,
        /// Sessions allowed.
        limit: u32,
    },
    /// A summer result where the year's result asks for none (Art. 13, 14).
    #[serde(rename = "summer.unneeded")]
    SummerUnneeded,
    /// The homeroom teacher's remark is not there.
    #[serde(rename = "remark.missing")]
    RemarkMissing,
    /// No text where one must be.
    #[serde(rename = "text.empty")]
    TextEmpty,
    /// More bytes than a text may have.
    #[serde(rename = "text.too_long")]
    TextTooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Diacritics are typed as separate characters (decomposed Unicode).
    #[serde(rename = "text.not_nfc")]
    TextNotNfc,
    /// A character that looks like another.
    #[serde(rename = "text.look_alike")]
    TextLookAlike {
        /// The character.
        found: char,
        /// The one that was probably meant.
        suggested: char,
    },
    /// A character no one sees.
    #[serde(rename = "text.invisible")]
    TextInvisible {
        /// The character.
        found: char,
    },
    /// Blanks at an end, two in a row, or of an unusual kind.
    #[serde(rename = "text.spacing")]
    TextSpacing,
    /// Looks like text of a font from before Unicode (TCVN3, VNI).
    #[serde(rename = "text.legacy_font")]
    TextLegacyFont,
    /// A date the calendar does not have, or a birth in or after the school year.
    #[serde(rename = "date.impossible")]
    DateImpossible,
    /// A birth year far from the one usual for the grade.
    #[serde(rename = "date.implausible")]
    DateImplausible {
        /// The usual one.
        usual: u16,
    },
    /// No identifier at all.
    #[serde(rename = "identifier.missing")]
    IdentifierMissing,
    /// A management number of ours with a wrong character in it.
    BookNumber,
    /// Not the digits this kind of number has.
    #[serde(rename = "identifier.shape")]
    IdentifierShape {
        /// Digits it has.
        digits: usize,
    },
    /// A 12-digit number that speaks of another birth year or sex (NĐ 137/2015 Art. 13).
    #[serde(rename = "identifier.disagrees")]
    IdentifierDisagrees {
        /// What disagrees.
        part: IdentifierPart,
    },
    /// Two identifiers of one kind.
    #[serde(rename = "identifier.repeated")]
    IdentifierRepeated,
    /// A pupil of Vietnamese nationality without a number the country gives.
    #[serde(rename = "identifier.national_missing")]
    NationalIdentifierMissing,
    /// A pupil of another nationality without a paper of that country.
    #[serde(rename = "identifier.foreign_missing")]
    ForeignPaperMissing,
    /// Another draft of the class seems to be of the same pupil.
    #[serde(rename = "pupil.duplicate")]
    PupilDuplicate {
        /// Number of the other draft, from 0.
        other: usize,
        /// Why.
        by: DuplicateBy,
    },
}

impl Finding {
    /// A finding that stops the draft.
    pub fn error(place: Place, message: Message) -> Self {
        Self { severity: Severity::Error, place, message }
    }

    /// A finding worth a look.
    pub fn warning(place: Place, message: Message) -> Self {
        Self { severity: Severity::Warning, place, message }
    }

    /// What, where and how to mend it, for a teacher: "Môn Toán, học kì I, điểm giữa kì: thiếu điểm. …".
    pub fn vietnamese(&self) -> String {
        format!("{}: {}", self.place.vietnamese(), self.message.vietnamese())
    }

    /// The same in English.
    pub fn english(&self) -> String {
        format!("{}: {}", self.place.english(), self.message.english())
    }
}

impl Message {
    /// The stable key, the same as in JSON.
    pub fn key(&self) -> &'static str {
        match self {
            Message::MarkMissing => "mark.missing",
            Message::MarkImpossible => "mark.impossible",
            Message::AverageDisagrees { .. } => "average.disagrees",
            Message::MarksCount { .. } => "marks.count",
            Message::SubjectMissing => "subject.missing",
            Message::SubjectDuplicate => "subject.duplicate",
            Message::SubjectUnknown => "subject.unknown",
            Message::SubjectKind { .. } => "subject.kind",
            Message::ElectivesCount { .. } => "electives.count",
            Message::SubjectsTooFew { .. } => "subjects.too_few",
            Message::PlanMissing => "plan.missing",
            Message::TopicsCount { .. } => "topics.count",
            Message::TopicsUnexpected => "topics.unexpected",
            Message::TestNotWhole { .. } => "test.not_whole",
            Message::TestUnexpected => "test.unexpected",
            Message::AttainmentMissing => "attainment.missing",
            Message::AttainmentDuplicate => "attainment.duplicate",
            Message::AttainmentUnknown => "attainment.unknown",
            Message::GradeUnsupported => "grade.unsupported",
            Message::ConductMissing => "conduct.missing",
            Message::ConductRankMissing => "conduct_ranking.missing",
            Message::PromotionMissing => "promotion.missing",
            Message::ResultDisagrees { .. } => "result.disagrees",
            Message::AttendanceOver { .. } => "attendance.over",
            Message::SummerUnneeded => "summer.unneeded",
            Message::RemarkMissing => "remark.missing",
            Message::TextEmpty => "text.empty",
            Message::TextTooLong { .. } => "text.too_long",
            Message::TextNotNfc => "text.not_nfc",
            Message::TextLookAlike { .. } => "text.look_alike",
            Message::TextInvisible { .. } => "text.invisible",
            Message::TextSpacing => "text.spacing",
            Message::TextLegacyFont => "text.legacy_font",
            Message::DateImpossible => "date.impossible",
            Message::DateImplausible { .. } => "date.implausible",
            Message::BookNumber => "book.number",
            Message::IdentifierMissing => "identifier.missing",
            Message::IdentifierShape { .. } => "identifier.shape",
            Message::IdentifierDisagrees { .. } => "identifier.disagrees",
            Message::IdentifierRepeated => "identifier.repeated",
            Message::NationalIdentifierMissing => "identifier.national_missing",
            Message::ForeignPaperMissing => "identifier.foreign_missing",
            Message::PupilDuplicate { .. } => "pupil.duplicate",
        }
    }

    /// What and how to mend it, in Vietnamese, to stand behind a place and a colon.
    pub fn vietnamese(&self) -> String {
        match self {
            Message::MarkMissing => "còn thiếu. Hãy nhập điểm hoặc mức đánh giá, hoặc ghi miễn học kèm lí do.".into(),
            Message::MarkImpossible => {
                "không phải là điểm. Điểm từ 0 đến 10, nhiều nhất một chữ số thập phân; hãy sửa lại.".into()
            }
            Message::AverageDisagrees { imported, computed } => format!(
                "tệp ghi {imported}, tính từ các điểm là {computed}. Học bạ sẽ ghi {computed}; hãy xem lại các điểm nếu \
                 {imported} mới đúng."
            ),
            Message::MarksCount { found, expected } => {
                format!("có {found} điểm, theo số tiết của môn cần {expected}. Hãy bổ sung nếu nhập thiếu.")
            }
            Message::SubjectMissing => "môn bắt buộc chưa có. Hãy thêm môn này, hoặc ghi miễn học kèm lí do.".into(),
            Message::SubjectDuplicate => "môn này có hai lần. Hãy giữ lại một.".into(),
            Message::SubjectUnknown => {
                "không có môn này trong chương trình của cấp học. Hãy sửa tên hoặc mã môn.".into()
            }
            Message::SubjectKind { expected: SubjectKind::Level | SubjectKind::TestedLevel } => {
                "môn này đánh giá bằng mức T, H, C. Hãy ghi mức đạt được thay cho điểm hoặc Đạt.".into()
            }
            Message::SubjectKind { expected: SubjectKind::Comment } => {
                "môn này chỉ đánh giá bằng nhận xét. Hãy ghi Đạt hoặc Chưa đạt thay cho điểm.".into()
            }
            Message::SubjectKind { expected: SubjectKind::Score } => {
                "môn này đánh giá bằng điểm. Hãy nhập điểm thay cho Đạt hoặc Chưa đạt.".into()
            }
            Message::ElectivesCount { found, expected } => {
                format!("có {found} môn lựa chọn, mỗi học sinh học {expected} môn. Hãy kiểm tra danh sách môn.")
            }
            Message::SubjectsTooFew { found, needed } => format!(
                "chỉ có {found} môn tính điểm, quy định xếp mức cần ít nhất {needed} môn. Hãy bổ sung môn còn thiếu, hoặc \
                 chọn quy định của chương trình có ít môn hơn."
            ),
            Message::PlanMissing => {
                "ghi không đánh giá nhưng học sinh không có kế hoạch giáo dục cá nhân. Hãy nhập kết quả, hoặc ghi kế hoạch."
                    .into()
            }
            Message::TopicsCount { found, expected } => {
                format!("có {found} cụm chuyên đề học tập, mỗi học sinh chọn {expected} cụm. Hãy kiểm tra lại.")
            }
            Message::TopicsUnexpected => "môn này không có chuyên đề học tập. Hãy bỏ đánh dấu chuyên đề.".into(),
            Message::TestNotWhole { found } => {
                format!("ghi {found}, điểm kiểm tra định kì là số nguyên từ 0 đến 10. Hãy sửa lại.")
            }
            Message::TestUnexpected => "môn này không có bài kiểm tra định kì. Hãy bỏ điểm kiểm tra.".into(),
            Message::AttainmentMissing => "còn thiếu. Hãy nhập Tốt, Đạt hoặc Cần cố gắng.".into(),
            Message::AttainmentDuplicate => "có hai lần. Hãy giữ lại một.".into(),
            Message::AttainmentUnknown => "không có trong quy định của khối lớp này. Hãy sửa tên hoặc mã.".into(),
            Message::GradeUnsupported => {
                "quy định này không áp dụng cho khối lớp trong năm học đã chọn. Hãy chọn đúng khối lớp và năm học.".into()
            }
            Message::ConductMissing => "còn thiếu. Hãy nhập Tốt, Khá, Đạt hoặc Chưa đạt.".into(),
            Message::ConductRankMissing => "còn thiếu. Hãy nhập Tốt, Khá, Trung bình hoặc Yếu.".into(),
            Message::PromotionMissing => {
                "còn thiếu. Hãy nhập được lên lớp (hoàn thành chương trình lớp học) hoặc ở lại lớp.".into()
            }
            Message::ResultDisagrees { imported, computed } => format!(
                "tệp ghi {}, theo quy định là {}. Học bạ sẽ ghi {}; hãy xem lại dữ liệu nếu tệp mới đúng.",
                imported.vietnamese(),
                computed.vietnamese(),
                computed.vietnamese()
            ),
            Message::AttendanceOver { sessions, limit } => {
                format!("nghỉ {sessions} buổi, quá {limit} buổi nên không được lên lớp. Hãy kiểm tra lại số buổi nghỉ.")
            }
            Message::SummerUnneeded => {
                "có kết quả trong hè nhưng kết quả cả năm không cần đánh giá lại. Hãy bỏ đi nếu nhập nhầm.".into()
            }
            Message::RemarkMissing => "chưa có nhận xét. Hãy viết nhận xét trước khi ký.".into(),
            Message::TextEmpty => "để trống. Hãy nhập nội dung.".into(),
            Message::TextTooLong { found, limit } => {
                format!("dài {found} byte, nhiều nhất là {limit}. Hãy viết ngắn lại.")
            }
            Message::TextNotNfc => {
                "dấu tiếng Việt được gõ tách rời (Unicode tổ hợp). Hãy chuyển sang Unicode dựng sẵn.".into()
            }
            Message::TextLookAlike { found, suggested } => format!(
                "có kí tự “{found}” ({}) trông giống “{suggested}” ({}). Hãy gõ lại bằng “{suggested}”.",
                code_point(*found),
                code_point(*suggested)
            ),
            Message::TextInvisible { found } => {
                format!("có kí tự không nhìn thấy ({}). Hãy xoá đi và gõ lại.", code_point(*found))
            }
            Message::TextSpacing => "thừa dấu cách, hoặc dấu cách không thông thường. Hãy xoá dấu cách thừa.".into(),
            Message::TextLegacyFont => {
                "có vẻ là phông chữ cũ (TCVN3, VNI). Hãy chuyển sang Unicode nếu chữ hiện sai.".into()
            }
            Message::DateImpossible => "ngày không thể có. Hãy sửa theo giấy khai sinh.".into(),
            Message::DateImplausible { usual } => {
                format!("năm sinh khác nhiều so với khối lớp (thường là {usual}). Hãy đối chiếu giấy khai sinh.")
            }
            Message::BookNumber => {
                "có ký tự sai hoặc đổi chỗ (ký tự kiểm tra không khớp). Hãy xem lại trên học bạ, hoặc để trống.".into()
            }
            Message::IdentifierMissing => {
                "chưa có mã nào. Hãy nhập số định danh cá nhân, mã của Bộ, hoặc một mã tạm.".into()
            }
            Message::IdentifierShape { digits } => format!("phải gồm đúng {digits} chữ số. Hãy sửa lại."),
            Message::IdentifierDisagrees { part: IdentifierPart::BirthYear } => {
                "năm sinh trong số này khác ngày sinh đã nhập. Hãy đối chiếu giấy khai sinh.".into()
            }
            Message::IdentifierDisagrees { part: IdentifierPart::Sex } => {
                "giới tính trong số này khác giới tính đã nhập. Hãy đối chiếu giấy khai sinh.".into()
            }
            Message::IdentifierDisagrees { part: IdentifierPart::Province } => {
                "nơi đăng kí khai sinh trong số này khác tỉnh, thành phố nơi sinh. Hãy đối chiếu giấy khai sinh.".into()
            }
            Message::IdentifierRepeated => "loại mã này có hai lần. Hãy giữ lại một.".into(),
            Message::NationalIdentifierMissing => {
                "học sinh quốc tịch Việt Nam chưa có số định danh cá nhân hoặc mã của Bộ. Hãy bổ sung khi có.".into()
            }
            Message::ForeignPaperMissing => {
                "học sinh nước ngoài chưa có số hộ chiếu hoặc giấy tờ nước ngoài. Hãy bổ sung.".into()
            }
            Message::PupilDuplicate { other, by } => format!(
                "trùng {} với học sinh thứ {} trong lớp. Hãy bỏ dòng nhập hai lần, hoặc sửa dòng sai.",
                match by {
                    DuplicateBy::Identifier => "mã",
                    DuplicateBy::NameAndBirthDate => "họ tên và ngày sinh",
                },
                other.saturating_add(1)
            ),
        }
    }

    /// What and how to mend it, in English.
    pub fn english(&self) -> String {
        match self {
            Message::MarkMissing => "missing. Enter the mark or level, or an exemption with its reason.".into(),
            Message::MarkImpossible => {
                "not a mark. Marks run from 0 to 10 with at most one decimal; correct it.".into()
            }
            Message::AverageDisagrees { imported, computed } => format!(
                "the file says {0}, the marks give {1}. The record will say {1}; look at the marks if {0} is right.",
                english_mark(*imported),
                english_mark(*computed)
            ),
            Message::MarksCount { found, expected } => {
                format!("{found} found, the subject's periods call for {expected}. Add what was left out.")
            }
            Message::SubjectMissing => {
                "a mandatory subject is missing. Add it, or an exemption with its reason.".into()
            }
            Message::SubjectDuplicate => "the subject stands twice. Keep one.".into(),
            Message::SubjectUnknown => "not a subject of this level. Correct its name or code.".into(),
            Message::SubjectKind { expected: SubjectKind::Level | SubjectKind::TestedLevel } => {
                "this subject is assessed by level: T, H or C. Enter the level.".into()
            }
            Message::SubjectKind { expected: SubjectKind::Comment } => {
                "assessed by comment only. Enter Đạt or Chưa đạt instead of marks.".into()
            }
            Message::SubjectKind { expected: SubjectKind::Score } => {
                "assessed by marks. Enter marks instead of Đạt or Chưa đạt.".into()
            }
            Message::ElectivesCount { found, expected } => {
                format!("{found} electives, a pupil takes {expected}. Check the list of subjects.")
            }
            Message::SubjectsTooFew { found, needed } => format!(
                "only {found} scored subjects, the rules want at least {needed}. Add what is missing, or choose the rules \
                 of a programme with fewer subjects."
            ),
            Message::PlanMissing => {
                "unassessed, though the pupil has no plan of their own. Enter the result, or the plan.".into()
            }
            Message::TopicsCount { found, expected } => {
                format!("study topics of {found} subjects, a pupil chooses {expected}. Check the list.")
            }
            Message::TopicsUnexpected => "the subject has no study topics. Remove the mark.".into(),
            Message::TestNotWhole { found } => {
                format!("{}, but tests have whole marks from 0 to 10. Correct it.", english_mark(*found))
            }
            Message::TestUnexpected => "the subject has no test. Remove the mark.".into(),
            Message::AttainmentMissing => "missing. Enter Tốt, Đạt or Cần cố gắng.".into(),
            Message::AttainmentDuplicate => "stands twice. Keep one.".into(),
            Message::AttainmentUnknown => "not one of this grade. Correct its name or code.".into(),
            Message::GradeUnsupported => {
                "these rules do not cover the grade in that year. Choose the right grade and school year.".into()
            }
            Message::ConductMissing => "missing. Enter Tốt, Khá, Đạt or Chưa đạt.".into(),
            Message::ConductRankMissing => "missing. Enter Tốt, Khá, Trung bình or Yếu.".into(),
            Message::PromotionMissing => "missing. Enter whether the pupil goes on to the next grade.".into(),
            Message::ResultDisagrees { imported, computed } => format!(
                "the file says {}, the rules give {computed}. The record will say {computed}; look at the data if the file \
                 is right.",
                imported.english(),
                computed = computed.english()
            ),
            Message::AttendanceOver { sessions, limit } => {
                format!("{sessions} sessions absent, more than the {limit} that promotion allows. Check the number.")
            }
            Message::SummerUnneeded => {
                "a summer result, though the year's result needs none. Remove it if entered by mistake.".into()
            }
            Message::RemarkMissing => "no remark yet. Write it before signing.".into(),
            Message::TextEmpty => "empty. Enter a text.".into(),
            Message::TextTooLong { found, limit } => format!("{found} bytes, at most {limit} fit. Shorten it."),
            Message::TextNotNfc => "diacritics are separate characters. Convert to composed Unicode (NFC).".into(),
            Message::TextLookAlike { found, suggested } => format!(
                "“{found}” ({}) looks like “{suggested}” ({}). Type “{suggested}” instead.",
                code_point(*found),
                code_point(*suggested)
            ),
            Message::TextInvisible { found } => {
                format!("an invisible character ({}). Delete it and type again.", code_point(*found))
            }
            Message::TextSpacing => "needless or unusual blanks. Remove them.".into(),
            Message::TextLegacyFont => {
                "looks like a font from before Unicode (TCVN3, VNI). Convert it if the letters look wrong.".into()
            }
            Message::DateImpossible => "an impossible date. Correct it from the birth certificate.".into(),
            Message::DateImplausible { usual } => {
                format!("far from the birth year usual for the grade ({usual}). Compare the birth certificate.")
            }
            Message::BookNumber => {
                "has a wrong or exchanged character (its check character disagrees). Compare it, or leave it empty."
                    .into()
            }
            Message::IdentifierMissing => {
                "none given. Enter the personal number, the Ministry's code, or a temporary code.".into()
            }
            Message::IdentifierShape { digits } => format!("must be exactly {digits} digits. Correct it."),
            Message::IdentifierDisagrees { part: IdentifierPart::BirthYear } => {
                "holds another birth year than the one entered. Compare the birth certificate.".into()
            }
            Message::IdentifierDisagrees { part: IdentifierPart::Sex } => {
                "holds another sex than the one entered. Compare the birth certificate.".into()
            }
            Message::IdentifierDisagrees { part: IdentifierPart::Province } => {
                "holds another province than that of birth. Compare the birth certificate.".into()
            }
            Message::IdentifierRepeated => "this kind stands twice. Keep one.".into(),
            Message::NationalIdentifierMissing => {
                "a Vietnamese pupil without a personal number or a code of the Ministry. Add it when known.".into()
            }
            Message::ForeignPaperMissing => {
                "a foreign pupil without a passport number or another foreign paper. Add it.".into()
            }
            Message::PupilDuplicate { other, by } => format!(
                "the same {} as pupil {} of the class. Remove the line entered twice, or correct the wrong one.",
                match by {
                    DuplicateBy::Identifier => "identifier",
                    DuplicateBy::NameAndBirthDate => "name and birth date",
                },
                other.saturating_add(1)
            ),
        }
    }
}

impl Outcome {
    fn vietnamese(self) -> &'static str {
        match self {
            Outcome::Rating(Rating::Tot) | Outcome::ConductRank(ConductRank::Tot) => "Tốt",
            Outcome::Rating(Rating::Kha)
            | Outcome::ConductRank(ConductRank::Kha)
            | Outcome::StudyRank(StudyRank::Kha) => "Khá",
            Outcome::Rating(Rating::Dat) | Outcome::Achievement(Achievement::Dat) => "Đạt",
            Outcome::Rating(Rating::ChuaDat) | Outcome::Achievement(Achievement::ChuaDat) => "Chưa đạt",
            Outcome::Promotion(Promotion::Promoted) => "Được lên lớp",
            Outcome::Promotion(Promotion::PromotedAfterSummer) => "Được lên lớp sau kì nghỉ hè",
            Outcome::Promotion(Promotion::Pending) => "Chờ đánh giá lại",
            Outcome::Promotion(Promotion::Retained) => "Ở lại lớp",
            Outcome::EducationResult(EducationResult::HoanThanhXuatSac) => "Hoàn thành xuất sắc",
            Outcome::EducationResult(EducationResult::HoanThanhTot) => "Hoàn thành tốt",
            Outcome::EducationResult(EducationResult::HoanThanh) => "Hoàn thành",
            Outcome::EducationResult(EducationResult::ChuaHoanThanh) => "Chưa hoàn thành",
            Outcome::StudyRank(StudyRank::Gioi) => "Giỏi",
            Outcome::StudyRank(StudyRank::TrungBinh) | Outcome::ConductRank(ConductRank::TrungBinh) => "Trung bình",
            Outcome::StudyRank(StudyRank::Yeu) | Outcome::ConductRank(ConductRank::Yeu) => "Yếu",
            Outcome::StudyRank(StudyRank::Kem) => "Kém",
        }
    }

    /// Levels keep their Vietnamese names; decisions are translated.
    fn english(self) -> &'static str {
        match self {
            Outcome::Promotion(Promotion::Promoted) => "promoted",
            Outcome::Promotion(Promotion::PromotedAfterSummer) => "promoted after the summer",
            Outcome::Promotion(Promotion::Pending) => "waiting for re-assessment",
            Outcome::Promotion(Promotion::Retained) => "not promoted",
            Outcome::Rating(_)
            | Outcome::Achievement(_)
            | Outcome::EducationResult(_)
            | Outcome::StudyRank(_)
            | Outcome::ConductRank(_) => self.vietnamese(),
        }
    }
}

fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

fn english_mark(mark: Mark) -> String {
    format!("{}.{}", mark.tenths() / 10, mark.tenths() % 10)
}
