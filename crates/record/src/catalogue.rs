//! The subjects of the general education programmes of 2018 (TT 32/2018, amended by TT 13/2022) and 2006 (QĐ 16/2006):
//! how each is named in print, how it is assessed, and by which headings a spreadsheet knows it.
//!
//! Whether a subject is assessed by comment only is TT 22/2021 Art. 5.3a, TT 58/2011 Art. 5; which subjects of primary
//! school have periodic tests TT 27/2020 Art. 7. The numbers of periods are those of part IV of TT 32/2018; they and the
//! subjects of 2006 were written down without the annexes on the table, so periods feed one warning (too few regular
//! marks) and never a result.

use unicode_normalization::UnicodeNormalization;

use crate::{
    form::{Curriculum, Programme},
    types::{EducationLevel, Grade},
};

/// How a subject is assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// By comment and mark (TT 22/2021 Art. 5.3b).
    Score,
    /// By comment only: Đạt or Chưa đạt (TT 22/2021 Art. 5.3a).
    Comment,
    /// By level: Hoàn thành tốt, Hoàn thành, Chưa hoàn thành (TT 27/2020 Art. 6).
    Level,
    /// By level, with a test at the end of each term (TT 27/2020 Art. 7).
    TestedLevel,
}

/// What ties a pupil to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Every pupil of the level has it (môn học bắt buộc).
    Mandatory,
    /// One of those a pupil of upper secondary chooses four of (môn học lựa chọn).
    Elective,
    /// Taken or not (môn học tự chọn).
    Optional,
}

/// One subject of one programme at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Code in sections and drafts: `ngu_van`.
    pub code: &'static str,
    /// Name as printed, NFC.
    pub name: &'static str,
    /// Name for English readers.
    pub english: &'static str,
    /// The programme and level it belongs to.
    pub curriculum: Curriculum,
    /// How it is assessed.
    pub kind: SubjectKind,
    /// Mandatory, elective or optional; see [`Subject::standing`] for what a grade changes.
    standing: Standing,
    /// Periods (tiết) a year, one number for each grade of the level from the lowest, 0 where it is not taught; see the
    /// module's caution.
    periods: &'static [u16],
    /// Further headings of spreadsheets, as [`fold`] leaves them. The folded name and code need not be repeated.
    pub headings: &'static [&'static str],
}

/// Electives a pupil of upper secondary chooses (TT 32/2018 part IV.3, as amended by TT 13/2022).
pub const ELECTIVES: usize = 4;

/// Clusters of study topics (cụm chuyên đề học tập) a pupil of upper secondary chooses, of three subjects (TT 32/2018
/// part IV.3).
pub const TOPICS: usize = 3;

use EducationLevel::{LowerSecondary as Lower, Primary, UpperSecondary as Upper};
use Programme::{Gdpt2006 as Old, Gdpt2018 as New};
use Standing::{Elective, Mandatory, Optional};
use SubjectKind::{Comment, Level, Score, TestedLevel};

macro_rules! subjects {
    ($($code:literal $name:literal $english:literal $programme:ident $level:ident $kind:ident $standing:ident $periods:tt $headings:tt;)*) => {
        [$(Subject {
            code: $code, name: $name, english: $english, curriculum: Curriculum { programme: $programme, level: $level },
            kind: $kind, standing: $standing, periods: &$periods, headings: &$headings,
        }),*]
    };
}

/// All subjects, each level of a programme in the order of the printed form.
#[rustfmt::skip]
pub static SUBJECTS: [Subject; 92] = subjects![
    "tieng_viet" "Tiếng Việt" "Vietnamese" New Primary TestedLevel Mandatory [420, 350, 245, 245, 245] ["tv", "t viet"];
    "toan" "Toán" "Mathematics" New Primary TestedLevel Mandatory [105, 175, 175, 175, 175] ["toan hoc"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" New Primary TestedLevel Mandatory [70, 70, 140, 140, 140]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "dao_duc" "Đạo đức" "Ethics" New Primary Level Mandatory [35, 35, 35, 35, 35] ["dd"];
    "tu_nhien_xa_hoi" "Tự nhiên và Xã hội" "Nature and society" New Primary Level Mandatory [70, 70, 70, 0, 0]
        ["tnxh", "tn xh", "tn va xh", "tu nhien xa hoi"];
    "lich_su_dia_li" "Lịch sử và Địa lí" "History and geography" New Primary TestedLevel Mandatory [0, 0, 0, 70, 70]
        ["lich su va dia ly", "lich su dia ly", "ls dl", "lsdl", "ls va dl", "su dia", "su va dia"];
    "khoa_hoc" "Khoa học" "Science" New Primary TestedLevel Mandatory [0, 0, 0, 70, 70] ["kh"];
    "tin_hoc" "Tin học" "Informatics" New Primary TestedLevel Mandatory [0, 0, 35, 35, 35]
        ["tin", "tin hoc va cong nghe tin hoc", "thcn tin hoc"];
    "cong_nghe" "Công nghệ" "Technology" New Primary TestedLevel Mandatory [0, 0, 35, 35, 35]
        ["cn", "c nghe", "tin hoc va cong nghe cong nghe", "thcn cong nghe"];
    "giao_duc_the_chat" "Giáo dục thể chất" "Physical education" New Primary Level Mandatory [70, 70, 70, 70, 70]
        ["gdtc", "gd the chat", "the duc", "td"];
    "am_nhac" "Âm nhạc" "Music" New Primary Level Mandatory [35, 35, 35, 35, 35] ["nhac", "nghe thuat am nhac"];
    "mi_thuat" "Mĩ thuật" "Fine arts" New Primary Level Mandatory [35, 35, 35, 35, 35]
        ["my thuat", "nghe thuat mi thuat", "nghe thuat my thuat"];
    "hoat_dong_trai_nghiem" "Hoạt động trải nghiệm" "Experience" New Primary Level Mandatory [105, 105, 105, 105, 105]
        ["hdtn", "hd trai nghiem"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" New Primary TestedLevel Optional
        [70, 70, 70, 70, 70] ["tdt", "tieng dtts", "tieng dan toc"];

    "toan" "Toán" "Mathematics" New Lower Score Mandatory [140, 140, 140, 140] ["toan hoc"];
    "ngu_van" "Ngữ văn" "Literature" New Lower Score Mandatory [140, 140, 140, 140] ["van", "nguvan", "van hoc"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" New Lower Score Mandatory [105, 105, 105, 105]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "gdcd" "Giáo dục công dân" "Civics" New Lower Score Mandatory [35, 35, 35, 35] ["cong dan", "gd cong dan"];
    "lich_su_dia_li" "Lịch sử và Địa lí" "History and geography" New Lower Score Mandatory [105, 105, 105, 105]
        ["lich su va dia ly", "lich su dia ly", "ls dl", "lsdl", "ls va dl", "su dia", "su va dia"];
    "khoa_hoc_tu_nhien" "Khoa học tự nhiên" "Natural science" New Lower Score Mandatory [140, 140, 140, 140] ["khtn"];
    "cong_nghe" "Công nghệ" "Technology" New Lower Score Mandatory [35, 35, 52, 52] ["cn", "c nghe"];
    "tin_hoc" "Tin học" "Informatics" New Lower Score Mandatory [35, 35, 35, 35] ["tin"];
    "giao_duc_the_chat" "Giáo dục thể chất" "Physical education" New Lower Comment Mandatory [70, 70, 70, 70]
        ["gdtc", "gd the chat", "the duc", "td"];
    "nghe_thuat" "Nghệ thuật" "Arts" New Lower Comment Mandatory [70, 70, 70, 70]
        ["nghe thuat am nhac mi thuat", "nghe thuat am nhac my thuat", "nt"];
    "noi_dung_giao_duc_dia_phuong" "Nội dung giáo dục của địa phương" "Local education" New Lower Comment Mandatory
        [35, 35, 35, 35] ["ndgddp", "gddp", "nd gddp", "gd dia phuong", "giao duc dia phuong"];
    "hoat_dong_trai_nghiem_huong_nghiep" "Hoạt động trải nghiệm, hướng nghiệp" "Experience and career guidance" New Lower
        Comment Mandatory [105, 105, 105, 105] ["hdtn", "hdtnhn", "hdtn hn", "hoat dong trai nghiem", "hd trai nghiem", "tnhn"];
    "ngoai_ngu_2" "Ngoại ngữ 2" "Foreign language 2" New Lower Score Optional [105, 105, 105, 105] ["nn2"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" New Lower Score Optional [105, 105, 105, 105]
        ["tdt", "tieng dtts", "tieng dan toc"];

    "toan" "Toán" "Mathematics" New Upper Score Mandatory [105, 105, 105] ["toan hoc"];
    "ngu_van" "Ngữ văn" "Literature" New Upper Score Mandatory [105, 105, 105] ["van", "nguvan", "van hoc"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" New Upper Score Mandatory [105, 105, 105]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "lich_su" "Lịch sử" "History" New Upper Score Mandatory [52, 52, 52] ["su"];
    "giao_duc_the_chat" "Giáo dục thể chất" "Physical education" New Upper Comment Mandatory [70, 70, 70]
        ["gdtc", "gd the chat", "the duc", "td"];
    "gdqpan" "Giáo dục quốc phòng và an ninh" "Defence and security education" New Upper Score Mandatory [35, 35, 35]
        ["gdqp", "gdqp an", "gdqp va an", "qpan", "quoc phong", "gd quoc phong an ninh", "giao duc quoc phong an ninh"];
    "hoat_dong_trai_nghiem_huong_nghiep" "Hoạt động trải nghiệm, hướng nghiệp" "Experience and career guidance" New Upper
        Comment Mandatory [105, 105, 105] ["hdtn", "hdtnhn", "hdtn hn", "hoat dong trai nghiem", "hd trai nghiem", "tnhn"];
    "noi_dung_giao_duc_dia_phuong" "Nội dung giáo dục của địa phương" "Local education" New Upper Comment Mandatory
        [35, 35, 35] ["ndgddp", "gddp", "nd gddp", "gd dia phuong", "giao duc dia phuong"];
    "dia_li" "Địa lí" "Geography" New Upper Score Elective [70, 70, 70] ["dia ly", "dia"];
    "gdktpl" "Giáo dục kinh tế và pháp luật" "Economics and law" New Upper Score Elective [70, 70, 70]
        ["gdkt pl", "ktpl", "kt pl", "gd kinh te va phap luat", "giao duc kinh te phap luat"];
    "vat_li" "Vật lí" "Physics" New Upper Score Elective [70, 70, 70] ["vat ly", "li", "ly"];
    "hoa_hoc" "Hoá học" "Chemistry" New Upper Score Elective [70, 70, 70] ["hoa"];
    "sinh_hoc" "Sinh học" "Biology" New Upper Score Elective [70, 70, 70] ["sinh"];
    "cong_nghe" "Công nghệ" "Technology" New Upper Score Elective [70, 70, 70]
        ["cn", "c nghe", "cong nghe cong nghiep", "cong nghe nong nghiep"];
    "tin_hoc" "Tin học" "Informatics" New Upper Score Elective [70, 70, 70] ["tin"];
    "am_nhac" "Âm nhạc" "Music" New Upper Comment Elective [70, 70, 70] ["nhac"];
    "mi_thuat" "Mĩ thuật" "Fine arts" New Upper Comment Elective [70, 70, 70] ["my thuat"];
    "ngoai_ngu_2" "Ngoại ngữ 2" "Foreign language 2" New Upper Score Optional [105, 105, 105] ["nn2"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" New Upper Score Optional [105, 105, 105]
        ["tdt", "tieng dtts", "tieng dan toc"];

    "tieng_viet" "Tiếng Việt" "Vietnamese" Old Primary TestedLevel Mandatory [350, 315, 280, 280, 280] ["tv", "t viet"];
    "toan" "Toán" "Mathematics" Old Primary TestedLevel Mandatory [140, 175, 175, 175, 175] ["toan hoc"];
    "dao_duc" "Đạo đức" "Ethics" Old Primary Level Mandatory [35, 35, 35, 35, 35] ["dd"];
    "tu_nhien_xa_hoi" "Tự nhiên và Xã hội" "Nature and society" Old Primary Level Mandatory [35, 35, 70, 0, 0]
        ["tnxh", "tn xh", "tn va xh", "tu nhien xa hoi"];
    "khoa_hoc" "Khoa học" "Science" Old Primary TestedLevel Mandatory [0, 0, 0, 70, 70] ["kh"];
    "lich_su_dia_li" "Lịch sử và Địa lí" "History and geography" Old Primary TestedLevel Mandatory [0, 0, 0, 70, 70]
        ["lich su va dia ly", "lich su dia ly", "ls dl", "lsdl", "ls va dl", "su dia", "su va dia"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" Old Primary TestedLevel Optional [70, 70, 140, 140, 140]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "tin_hoc" "Tin học" "Informatics" Old Primary TestedLevel Optional [0, 0, 70, 70, 70] ["tin"];
    "the_duc" "Thể dục" "Physical education" Old Primary Level Mandatory [35, 70, 70, 70, 70] ["td", "gdtc"];
    "am_nhac" "Âm nhạc" "Music" Old Primary Level Mandatory [35, 35, 35, 35, 35] ["nhac"];
    "mi_thuat" "Mĩ thuật" "Fine arts" Old Primary Level Mandatory [35, 35, 35, 35, 35] ["my thuat"];
    "thu_cong" "Thủ công" "Handicraft" Old Primary Level Mandatory [35, 35, 35, 0, 0] ["tc", "thu cong ki thuat"];
    "ki_thuat" "Kĩ thuật" "Technics" Old Primary Level Mandatory [0, 0, 0, 35, 35] ["ky thuat", "kt"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" Old Primary TestedLevel Optional
        [70, 70, 70, 70, 70] ["tdt", "tieng dtts", "tieng dan toc"];

    "toan" "Toán" "Mathematics" Old Lower Score Mandatory [140, 140, 140, 140] ["toan hoc"];
    "vat_li" "Vật lí" "Physics" Old Lower Score Mandatory [35, 35, 35, 70] ["vat ly", "li", "ly"];
    "hoa_hoc" "Hoá học" "Chemistry" Old Lower Score Mandatory [0, 0, 70, 70] ["hoa"];
    "sinh_hoc" "Sinh học" "Biology" Old Lower Score Mandatory [70, 70, 70, 70] ["sinh"];
    "tin_hoc" "Tin học" "Informatics" Old Lower Score Optional [70, 70, 70, 70] ["tin"];
    "ngu_van" "Ngữ văn" "Literature" Old Lower Score Mandatory [140, 140, 140, 175] ["van", "nguvan", "van hoc"];
    "lich_su" "Lịch sử" "History" Old Lower Score Mandatory [35, 70, 52, 52] ["su"];
    "dia_li" "Địa lí" "Geography" Old Lower Score Mandatory [35, 70, 52, 52] ["dia ly", "dia"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" Old Lower Score Mandatory [105, 105, 105, 70]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "gdcd" "Giáo dục công dân" "Civics" Old Lower Score Mandatory [35, 35, 35, 35] ["cong dan", "gd cong dan"];
    "cong_nghe" "Công nghệ" "Technology" Old Lower Score Mandatory [70, 52, 52, 35] ["cn", "c nghe"];
    "the_duc" "Thể dục" "Physical education" Old Lower Comment Mandatory [70, 70, 70, 70] ["td", "gdtc"];
    "am_nhac" "Âm nhạc" "Music" Old Lower Comment Mandatory [35, 35, 35, 18] ["nhac"];
    "mi_thuat" "Mĩ thuật" "Fine arts" Old Lower Comment Mandatory [35, 35, 35, 18] ["my thuat"];
    "ngoai_ngu_2" "Ngoại ngữ 2" "Foreign language 2" Old Lower Score Optional [105, 105, 105, 105] ["nn2"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" Old Lower Score Optional [105, 105, 105, 105]
        ["tdt", "tieng dtts", "tieng dan toc"];

    "toan" "Toán" "Mathematics" Old Upper Score Mandatory [105, 105, 105] ["toan hoc"];
    "vat_li" "Vật lí" "Physics" Old Upper Score Mandatory [70, 70, 70] ["vat ly", "li", "ly"];
    "hoa_hoc" "Hoá học" "Chemistry" Old Upper Score Mandatory [70, 70, 70] ["hoa"];
    "sinh_hoc" "Sinh học" "Biology" Old Upper Score Mandatory [35, 52, 52] ["sinh"];
    "tin_hoc" "Tin học" "Informatics" Old Upper Score Mandatory [70, 52, 52] ["tin"];
    "ngu_van" "Ngữ văn" "Literature" Old Upper Score Mandatory [105, 122, 105] ["van", "nguvan", "van hoc"];
    "lich_su" "Lịch sử" "History" Old Upper Score Mandatory [52, 35, 52] ["su"];
    "dia_li" "Địa lí" "Geography" Old Upper Score Mandatory [52, 35, 52] ["dia ly", "dia"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" Old Upper Score Mandatory [105, 105, 105]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "gdcd" "Giáo dục công dân" "Civics" Old Upper Score Mandatory [35, 35, 35] ["cong dan", "gd cong dan"];
    "cong_nghe" "Công nghệ" "Technology" Old Upper Score Mandatory [52, 52, 35] ["cn", "c nghe"];
    "the_duc" "Thể dục" "Physical education" Old Upper Comment Mandatory [70, 70, 70] ["td", "gdtc"];
    "gdqpan" "Giáo dục quốc phòng và an ninh" "Defence and security education" Old Upper Score Mandatory [35, 35, 35]
        ["gdqp", "gdqp an", "gdqp va an", "qpan", "quoc phong", "gd quoc phong an ninh", "giao duc quoc phong an ninh"];
    "ngoai_ngu_2" "Ngoại ngữ 2" "Foreign language 2" Old Upper Score Optional [105, 105, 105] ["nn2"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" Old Upper Score Optional [105, 105, 105]
        ["tdt", "tieng dtts", "tieng dan toc"];
];

impl Subject {
    /// Periods (tiết) a year in this grade; `None` for a grade of another level and one in which it is not taught.
    pub fn periods(&self, grade: Grade) -> Option<u16> {
        if grade.level() != self.curriculum.level {
            return None;
        }
        let first: u8 = match self.curriculum.level {
            Primary => 1,
            Lower => 6,
            Upper => 10,
        };
        let periods = self.periods.get(usize::from(grade.number().checked_sub(first)?)).copied();
        periods.filter(|periods| *periods > 0)
    }

    /// What ties a pupil of this grade to the subject; `None` where it is not taught. Ngoại ngữ 1 is for who wants it in
    /// grades 1 and 2 (TT 32/2018 part IV).
    pub fn standing(&self, grade: Grade) -> Option<Standing> {
        self.periods(grade)?;
        let early = self.curriculum == (Curriculum { programme: New, level: Primary }) && grade.number() < 3;
        Some(if early && self.code == "ngoai_ngu_1" { Optional } else { self.standing })
    }

    /// Whether the subject has study topics (chuyên đề học tập) a pupil may choose: in upper secondary literature,
    /// mathematics, history and the electives (TT 32/2018 part IV.3).
    pub fn has_topics(&self) -> bool {
        self.curriculum == (Curriculum { programme: New, level: Upper })
            && (matches!(self.code, "ngu_van" | "toan" | "lich_su") || self.standing == Elective)
    }

    /// Regular marks (ĐĐGtx) each term calls for (TT 22/2021 Art. 6.2b): up to 35 periods a year two, up to 70 three,
    /// above four. `None` for other subjects than scored ones, for the programme of 2006, and for a grade of another level.
    pub fn regular_marks(&self, grade: Grade) -> Option<usize> {
        match (self.kind, self.periods(grade)?) {
            _ if self.curriculum.programme != New => None,
            (Comment | Level | TestedLevel, _) => None,
            (Score, 0..=35) => Some(2),
            (Score, 36..=70) => Some(3),
            (Score, _) => Some(4),
        }
    }
}

/// The subjects of a programme's level in the order of the printed form.
pub fn of(curriculum: Curriculum) -> impl Iterator<Item = &'static Subject> {
    SUBJECTS.iter().filter(move |s| s.curriculum == curriculum)
}

/// The subjects of a grade that every pupil has.
pub fn mandatory(curriculum: Curriculum, grade: Grade) -> impl Iterator<Item = &'static Subject> {
    of(curriculum).filter(move |s| s.standing(grade) == Some(Mandatory))
}

/// The subject with this code.
pub fn by_code(curriculum: Curriculum, code: &str) -> Option<&'static Subject> {
    of(curriculum).find(|s| s.code == code)
}

/// The subject a spreadsheet's heading means: its code, its name or a usual abbreviation, with or without diacritics.
pub fn by_heading(curriculum: Curriculum, heading: &str) -> Option<&'static Subject> {
    let heading = fold(heading);
    of(curriculum)
        .find(|s| heading == fold(s.code) || heading == fold(s.name) || s.headings.contains(&heading.as_str()))
}

/// The subject to name a code by where the programme is not at hand; the name of one code is the same in all of them.
pub fn by_code_anywhere(code: &str) -> Option<&'static Subject> {
    SUBJECTS.iter().find(|s| s.code == code)
}

/// A heading without what spreadsheets write differently: lower case, no diacritics, đ as d, and every run of other
/// characters than letters and digits as one space.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase).filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        match c {
            'đ' | 'ð' => folded.push('d'),
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use unicode_normalization::is_nfc;

    use super::*;
    use crate::{
        form::Form,
        types::{SchoolYear, SubjectCode, Text},
    };

    const LOWER: Curriculum = Curriculum { programme: New, level: Lower };
    const UPPER: Curriculum = Curriculum { programme: New, level: Upper };
    const CURRICULA: [Curriculum; 6] = [
        Curriculum { programme: New, level: Primary },
        LOWER,
        UPPER,
        Curriculum { programme: Old, level: Primary },
        Curriculum { programme: Old, level: Lower },
        Curriculum { programme: Old, level: Upper },
    ];

    #[test]
    fn every_subject_has_a_lawful_code_and_a_printable_name() {
        for subject in &SUBJECTS {
            assert!(subject.code.parse::<SubjectCode>().is_ok(), "{}", subject.code);
            assert!(subject.name.parse::<Text>().is_ok() && is_nfc(subject.name), "{}", subject.name);
            let grades = match subject.curriculum.level {
                Primary => 5,
                Lower => 4,
                Upper => 3,
            };
            assert_eq!(subject.periods.len(), grades, "{}", subject.code);
            assert!(subject.headings.iter().all(|h| fold(h) == *h), "{}", subject.code);
            let any = by_code_anywhere(subject.code).expect("in the table");
            assert_eq!((any.name, any.english), (subject.name, subject.english));
        }
    }

    #[test]
    fn a_heading_means_one_subject_of_a_level_at_most() {
        for curriculum in CURRICULA {
            let mut meant = BTreeMap::new();
            for subject in of(curriculum) {
                let own = [fold(subject.code), fold(subject.name)];
                for heading in own.into_iter().chain(subject.headings.iter().map(ToString::to_string)) {
                    let earlier = meant.insert(heading.clone(), subject.code);
                    assert!(earlier.is_none_or(|code| code == subject.code), "{heading}");
                }
            }
        }
    }

    #[test]
    fn headings_are_found_however_the_spreadsheet_spells_them() {
        for (level, heading, code) in [
            (LOWER, "TOÁN", "toan"),
            (LOWER, "  Ngữ  Văn ", "ngu_van"),
            (LOWER, "Tiếng Anh (Ngoại ngữ 1)", "ngoai_ngu_1"),
            (LOWER, "LS&ĐL", "lich_su_dia_li"),
            (LOWER, "Lịch sử và Địa lý", "lich_su_dia_li"),
            (LOWER, "HĐTN-HN", "hoat_dong_trai_nghiem_huong_nghiep"),
            (LOWER, "NDGDÐP", "noi_dung_giao_duc_dia_phuong"),
            (LOWER, "ngu_van", "ngu_van"),
            (UPPER, "Địa li\u{301}", "dia_li"),
            (UPPER, "GDQP-AN", "gdqpan"),
            (UPPER, "GDKT&PL", "gdktpl"),
            (UPPER, "Hóa học", "hoa_hoc"),
        ] {
            assert_eq!(by_heading(level, heading).map(|s| s.code), Some(code), "{heading}");
        }
        assert_eq!(by_heading(LOWER, "Vật lí"), None);
        assert_eq!(by_heading(LOWER, ""), None);
    }

    #[test]
    fn art_5_3a_names_the_comment_subjects() {
        let comment = |level| of(level).filter(|s| s.kind == Comment).map(|s| s.code).collect::<Vec<_>>();
        let arts = "nghe_thuat";
        let common = ["giao_duc_the_chat", "noi_dung_giao_duc_dia_phuong", "hoat_dong_trai_nghiem_huong_nghiep"];
        assert_eq!(comment(LOWER), [common[0], arts, common[1], common[2]]);
        assert_eq!(comment(UPPER), [common[0], common[2], common[1], "am_nhac", "mi_thuat"]);
    }

    #[test]
    fn art_6_2b_counts_regular_marks_by_periods() {
        let marks = |grade, code| {
            let grade = Grade::new(grade).expect("a grade");
            let year = SchoolYear::starting(2026).expect("a year");
            by_code(Form::of(grade, year).curriculum(), code).and_then(|s| s.regular_marks(grade))
        };
        assert_eq!(marks(6, "tin_hoc"), Some(2)); // 35 periods
        assert_eq!(marks(7, "cong_nghe"), Some(2)); // 35
        assert_eq!(marks(8, "cong_nghe"), Some(3)); // 52
        assert_eq!(marks(10, "vat_li"), Some(3)); // 70
        assert_eq!(marks(9, "gdcd"), Some(2));
        assert_eq!(marks(9, "lich_su_dia_li"), Some(4)); // 105
        assert_eq!(marks(12, "toan"), Some(4));
        assert_eq!(marks(9, "nghe_thuat"), None);
    }

    #[test]
    fn art_6_2b_two_marks_up_to_35_periods_three_up_to_70_four_above() {
        let toan = by_code(LOWER, "toan").expect("in the table");
        for (periods, marks) in [
            (&[34; 4], Some(2)),
            (&[35; 4], Some(2)),
            (&[36; 4], Some(3)),
            (&[69; 4], Some(3)),
            (&[70; 4], Some(3)),
            (&[71; 4], Some(4)),
            (&[0; 4], None),
        ] {
            let subject = Subject { periods, ..*toan };
            assert_eq!(subject.regular_marks(Grade::new(8).expect("a grade")), marks, "{periods:?}");
        }
    }

    #[test]
    fn study_topics_belong_to_twelve_subjects_of_upper_secondary() {
        let with: Vec<_> = of(UPPER).filter(|s| s.has_topics()).map(|s| s.code).collect();
        let without: Vec<_> = of(UPPER).filter(|s| !s.has_topics()).map(|s| s.code).collect();
        assert_eq!(with.len(), 12);
        assert_eq!(
            without,
            [
                "ngoai_ngu_1",
                "giao_duc_the_chat",
                "gdqpan",
                "hoat_dong_trai_nghiem_huong_nghiep",
                "noi_dung_giao_duc_dia_phuong",
                "ngoai_ngu_2",
                "tieng_dan_toc"
            ]
        );
        assert_eq!(SUBJECTS.iter().filter(|s| s.has_topics()).count(), 12);
    }

    #[test]
    fn periods_belong_to_the_grades_of_the_level() {
        let toan = by_code(LOWER, "toan").expect("in the table");
        assert_eq!(toan.periods(Grade::new(9).expect("a grade")), Some(140));
        assert_eq!(toan.periods(Grade::new(10).expect("a grade")), None);
        assert_eq!(toan.periods(Grade::new(5).expect("a grade")), None);
    }

    #[test]
    fn primary_subjects_come_and_go_with_the_grades() {
        let codes = |number| {
            let grade = Grade::new(number).expect("a grade");
            mandatory(CURRICULA[0], grade).map(|s| s.code).collect::<Vec<_>>()
        };
        // Seven by TT 32/2018, which has music and fine arts as one; a record has a line for each.
        assert_eq!(codes(1).len(), 8);
        assert!(!codes(2).contains(&"ngoai_ngu_1") && codes(3).contains(&"ngoai_ngu_1"));
        assert!(codes(3).contains(&"tu_nhien_xa_hoi") && !codes(4).contains(&"tu_nhien_xa_hoi"));
        for code in ["khoa_hoc", "lich_su_dia_li"] {
            assert!(!codes(3).contains(&code) && codes(4).contains(&code), "{code}");
        }
        assert!(!codes(2).contains(&"tin_hoc") && codes(5).contains(&"tin_hoc") && codes(5).contains(&"cong_nghe"));
    }

    #[test]
    fn tt27_art_7_names_the_subjects_with_tests() {
        let grade = Grade::new(5).expect("a grade");
        let tested: Vec<_> = mandatory(CURRICULA[0], grade).filter(|s| s.kind == TestedLevel).map(|s| s.code).collect();
        let all = ["tieng_viet", "toan", "ngoai_ngu_1", "lich_su_dia_li", "khoa_hoc", "tin_hoc", "cong_nghe"];
        assert_eq!(tested, all);
    }
}
