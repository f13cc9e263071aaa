//! The subjects of the general education programme of 2018 (TT 32/2018, amended by TT 13/2022), lower and upper
//! secondary: how each is named in print, how it is assessed, and by which headings a spreadsheet knows it.
//!
//! Whether a subject is assessed by comment only is TT 22/2021 Art. 5.3a. The numbers of periods are those of part IV of
//! TT 32/2018; they were written down without the annex on the table, so they feed one warning (too few regular marks)
//! and never a result.

use unicode_normalization::UnicodeNormalization;

use crate::types::{EducationLevel, Grade};

/// How a subject is assessed (TT 22/2021 Art. 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// By comment and mark (Art. 5.3b).
    Score,
    /// By comment only: Đạt or Chưa đạt (Art. 5.3a).
    Comment,
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

/// One subject at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Code in sections and drafts: `ngu_van`.
    pub code: &'static str,
    /// Name as printed, NFC.
    pub name: &'static str,
    /// Name for English readers.
    pub english: &'static str,
    /// The level it belongs to.
    pub level: EducationLevel,
    /// How it is assessed.
    pub kind: SubjectKind,
    /// Mandatory, elective or optional.
    pub standing: Standing,
    /// Periods (tiết) a year, one number for each grade of the level from the lowest; see the module's caution.
    pub periods: &'static [u16],
    /// Further headings of spreadsheets, as [`fold`] leaves them. The folded name and code need not be repeated.
    pub headings: &'static [&'static str],
}

/// Electives a pupil of upper secondary chooses (TT 32/2018 part IV.3, as amended by TT 13/2022).
pub const ELECTIVES: usize = 4;

use EducationLevel::{LowerSecondary as Lower, UpperSecondary as Upper};
use Standing::{Elective, Mandatory, Optional};
use SubjectKind::{Comment, Score};

macro_rules! subjects {
    ($($code:literal $name:literal $english:literal $level:ident $kind:ident $standing:ident $periods:tt $headings:tt;)*) => {
        [$(Subject {
            code: $code, name: $name, english: $english, level: $level, kind: $kind, standing: $standing,
            periods: &$periods, headings: &$headings,
        }),*]
    };
}

/// All subjects, each level in the order of the printed form.
#[rustfmt::skip]
pub static SUBJECTS: [Subject; 33] = subjects![
    "toan" "Toán" "Mathematics" Lower Score Mandatory [140, 140, 140, 140] ["toan hoc"];
    "ngu_van" "Ngữ văn" "Literature" Lower Score Mandatory [140, 140, 140, 140] ["van", "nguvan", "van hoc"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" Lower Score Mandatory [105, 105, 105, 105]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "gdcd" "Giáo dục công dân" "Civics" Lower Score Mandatory [35, 35, 35, 35] ["cong dan", "gd cong dan"];
    "lich_su_dia_li" "Lịch sử và Địa lí" "History and geography" Lower Score Mandatory [105, 105, 105, 105]
        ["lich su va dia ly", "lich su dia ly", "ls dl", "lsdl", "ls va dl", "su dia", "su va dia"];
    "khoa_hoc_tu_nhien" "Khoa học tự nhiên" "Natural science" Lower Score Mandatory [140, 140, 140, 140] ["khtn"];
    "cong_nghe" "Công nghệ" "Technology" Lower Score Mandatory [35, 35, 52, 52] ["cn", "c nghe"];
    "tin_hoc" "Tin học" "Informatics" Lower Score Mandatory [35, 35, 35, 35] ["tin"];
    "giao_duc_the_chat" "Giáo dục thể chất" "Physical education" Lower Comment Mandatory [70, 70, 70, 70]
        ["gdtc", "gd the chat", "the duc", "td"];
    "nghe_thuat" "Nghệ thuật" "Arts" Lower Comment Mandatory [70, 70, 70, 70]
        ["nghe thuat am nhac mi thuat", "nghe thuat am nhac my thuat", "nt"];
    "noi_dung_giao_duc_dia_phuong" "Nội dung giáo dục của địa phương" "Local education" Lower Comment Mandatory
        [35, 35, 35, 35] ["ndgddp", "gddp", "nd gddp", "gd dia phuong", "giao duc dia phuong"];
    "hoat_dong_trai_nghiem_huong_nghiep" "Hoạt động trải nghiệm, hướng nghiệp" "Experience and career guidance" Lower
        Comment Mandatory [105, 105, 105, 105] ["hdtn", "hdtnhn", "hdtn hn", "hoat dong trai nghiem", "hd trai nghiem", "tnhn"];
    "ngoai_ngu_2" "Ngoại ngữ 2" "Foreign language 2" Lower Score Optional [105, 105, 105, 105] ["nn2"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" Lower Score Optional [105, 105, 105, 105]
        ["tdt", "tieng dtts"];

    "toan" "Toán" "Mathematics" Upper Score Mandatory [105, 105, 105] ["toan hoc"];
    "ngu_van" "Ngữ văn" "Literature" Upper Score Mandatory [105, 105, 105] ["van", "nguvan", "van hoc"];
    "ngoai_ngu_1" "Ngoại ngữ 1" "Foreign language 1" Upper Score Mandatory [105, 105, 105]
        ["ngoai ngu", "nn1", "nn", "tieng anh", "anh", "anh van", "t anh", "tieng anh ngoai ngu 1", "ngoai ngu 1 tieng anh"];
    "lich_su" "Lịch sử" "History" Upper Score Mandatory [52, 52, 52] ["su"];
    "giao_duc_the_chat" "Giáo dục thể chất" "Physical education" Upper Comment Mandatory [70, 70, 70]
        ["gdtc", "gd the chat", "the duc", "td"];
    "gdqpan" "Giáo dục quốc phòng và an ninh" "Defence and security education" Upper Score Mandatory [35, 35, 35]
        ["gdqp", "gdqp an", "gdqp va an", "qpan", "quoc phong", "gd quoc phong an ninh", "giao duc quoc phong an ninh"];
    "hoat_dong_trai_nghiem_huong_nghiep" "Hoạt động trải nghiệm, hướng nghiệp" "Experience and career guidance" Upper
        Comment Mandatory [105, 105, 105] ["hdtn", "hdtnhn", "hdtn hn", "hoat dong trai nghiem", "hd trai nghiem", "tnhn"];
    "noi_dung_giao_duc_dia_phuong" "Nội dung giáo dục của địa phương" "Local education" Upper Comment Mandatory
        [35, 35, 35] ["ndgddp", "gddp", "nd gddp", "gd dia phuong", "giao duc dia phuong"];
    "dia_li" "Địa lí" "Geography" Upper Score Elective [70, 70, 70] ["dia ly", "dia"];
    "gdktpl" "Giáo dục kinh tế và pháp luật" "Economics and law" Upper Score Elective [70, 70, 70]
        ["gdkt pl", "ktpl", "kt pl", "gd kinh te va phap luat", "giao duc kinh te phap luat"];
    "vat_li" "Vật lí" "Physics" Upper Score Elective [70, 70, 70] ["vat ly", "li", "ly"];
    "hoa_hoc" "Hoá học" "Chemistry" Upper Score Elective [70, 70, 70] ["hoa"];
    "sinh_hoc" "Sinh học" "Biology" Upper Score Elective [70, 70, 70] ["sinh"];
    "cong_nghe" "Công nghệ" "Technology" Upper Score Elective [70, 70, 70]
        ["cn", "c nghe", "cong nghe cong nghiep", "cong nghe nong nghiep"];
    "tin_hoc" "Tin học" "Informatics" Upper Score Elective [70, 70, 70] ["tin"];
    "am_nhac" "Âm nhạc" "Music" Upper Comment Elective [70, 70, 70] ["nhac"];
    "mi_thuat" "Mĩ thuật" "Fine arts" Upper Comment Elective [70, 70, 70] ["my thuat"];
    "ngoai_ngu_2" "Ngoại ngữ 2" "Foreign language 2" Upper Score Optional [105, 105, 105] ["nn2"];
    "tieng_dan_toc" "Tiếng dân tộc thiểu số" "Ethnic minority language" Upper Score Optional [105, 105, 105]
        ["tdt", "tieng dtts"];
];

impl Subject {
    /// Periods (tiết) a year in this grade; `None` for a grade of another level.
    pub fn periods(&self, grade: Grade) -> Option<u16> {
        if grade.level() != self.level {
            return None;
        }
        let first: u8 = if self.level == Lower { 6 } else { 10 };
        self.periods.get(usize::from(grade.number().checked_sub(first)?)).copied()
    }

    /// Regular marks (ĐĐGtx) each term calls for (TT 22/2021 Art. 6.2b): up to 35 periods a year two, up to 70 three,
    /// above four. `None` for comment subjects and for a grade of another level.
    pub fn regular_marks(&self, grade: Grade) -> Option<usize> {
        match (self.kind, self.periods(grade)?) {
            (Comment, _) => None,
            (Score, 0..=35) => Some(2),
            (Score, 36..=70) => Some(3),
            (Score, _) => Some(4),
        }
    }
}

/// The subjects of a level in the order of the printed form.
pub fn of_level(level: EducationLevel) -> impl Iterator<Item = &'static Subject> {
    SUBJECTS.iter().filter(move |s| s.level == level)
}

/// The subject with this code at this level.
pub fn by_code(level: EducationLevel, code: &str) -> Option<&'static Subject> {
    of_level(level).find(|s| s.code == code)
}

/// The subject a spreadsheet's heading means at this level: its code, its name or a usual abbreviation, with or without
/// diacritics.
pub fn by_heading(level: EducationLevel, heading: &str) -> Option<&'static Subject> {
    let heading = fold(heading);
    of_level(level)
        .find(|s| heading == fold(s.code) || heading == fold(s.name) || s.headings.contains(&heading.as_str()))
}

/// The name to show for a code where the level is not at hand; the name of one code is the same at both levels.
pub fn by_code_any_level(code: &str) -> Option<&'static Subject> {
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
    use crate::types::{SubjectCode, Text};

    #[test]
    fn every_subject_has_a_lawful_code_and_a_printable_name() {
        for subject in &SUBJECTS {
            assert!(subject.code.parse::<SubjectCode>().is_ok(), "{}", subject.code);
            assert!(subject.name.parse::<Text>().is_ok() && is_nfc(subject.name), "{}", subject.name);
            let grades = if subject.level == Lower { 4 } else { 3 };
            assert_eq!(subject.periods.len(), grades, "{}", subject.code);
            assert!(subject.headings.iter().all(|h| fold(h) == *h), "{}", subject.code);
            let any = by_code_any_level(subject.code).expect("in the table");
            assert_eq!((any.name, any.english), (subject.name, subject.english));
        }
    }

    #[test]
    fn a_heading_means_one_subject_of_a_level_at_most() {
        for level in [Lower, Upper] {
            let mut meant = BTreeMap::new();
            for subject in of_level(level) {
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
            (Lower, "TOÁN", "toan"),
            (Lower, "  Ngữ  Văn ", "ngu_van"),
            (Lower, "Tiếng Anh (Ngoại ngữ 1)", "ngoai_ngu_1"),
            (Lower, "LS&ĐL", "lich_su_dia_li"),
            (Lower, "Lịch sử và Địa lý", "lich_su_dia_li"),
            (Lower, "HĐTN-HN", "hoat_dong_trai_nghiem_huong_nghiep"),
            (Lower, "NDGDÐP", "noi_dung_giao_duc_dia_phuong"),
            (Lower, "ngu_van", "ngu_van"),
            (Upper, "Địa li\u{301}", "dia_li"),
            (Upper, "GDQP-AN", "gdqpan"),
            (Upper, "GDKT&PL", "gdktpl"),
            (Upper, "Hóa học", "hoa_hoc"),
        ] {
            assert_eq!(by_heading(level, heading).map(|s| s.code), Some(code), "{heading}");
        }
        assert_eq!(by_heading(Lower, "Vật lí"), None);
        assert_eq!(by_heading(Lower, ""), None);
    }

    #[test]
    fn art_5_3a_names_the_comment_subjects() {
        let comment = |level| of_level(level).filter(|s| s.kind == Comment).map(|s| s.code).collect::<Vec<_>>();
        let arts = "nghe_thuat";
        let common = ["giao_duc_the_chat", "noi_dung_giao_duc_dia_phuong", "hoat_dong_trai_nghiem_huong_nghiep"];
        assert_eq!(comment(Lower), [common[0], arts, common[1], common[2]]);
        assert_eq!(comment(Upper), [common[0], common[2], common[1], "am_nhac", "mi_thuat"]);
    }

    #[test]
    fn art_6_2b_counts_regular_marks_by_periods() {
        let marks = |grade, code| {
            let grade = Grade::new(grade).expect("a grade");
            by_code(grade.level(), code).and_then(|s| s.regular_marks(grade))
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
    fn periods_belong_to_the_grades_of_the_level() {
        let toan = by_code(Lower, "toan").expect("in the table");
        assert_eq!(toan.periods(Grade::new(9).expect("a grade")), Some(140));
        assert_eq!(toan.periods(Grade::new(10).expect("a grade")), None);
        assert_eq!(toan.periods(Grade::new(5).expect("a grade")), None);
    }
}
