//! Coded values of the contract. T / K / Đ / CĐ, `GioiTinh` 0/1/2 and `MaCapHoc` 02 to 04 are the contract's; tables
//! marked "ours" fill what could not be read, **chưa đối chiếu**, and stand here to be replaced.

use hocba_record::{
    catalogue::{self, Subject},
    form::Curriculum,
    section::{
        Achievement, AttainmentLevel, ConductRank, ContestLevel, EducationResult, Rating, Register, Sex, StudyRank,
        SubjectLevel,
    },
    types::EducationLevel,
};

/// Codes with their meanings.
pub(crate) type Table<T> = &'static [(&'static str, T)];

/// The code of a value.
pub(crate) fn code_of<T: PartialEq>(table: Table<T>, value: &T) -> &'static str {
    table.iter().find(|(_, v)| v == value).map_or("", |(code, _)| code)
}

/// Kết quả học tập, rèn luyện (`HocKy1/HocKy2/CaNam`).
pub(crate) const RATINGS: Table<Rating> =
    &[("T", Rating::Tot), ("K", Rating::Kha), ("Đ", Rating::Dat), ("CĐ", Rating::ChuaDat)];
/// A subject judged by comment.
pub(crate) const ACHIEVEMENTS: Table<Achievement> = &[("Đ", Achievement::Dat), ("CĐ", Achievement::ChuaDat)];
/// `MucDat` of a subject of primary school (TT 27/2020).
pub(crate) const SUBJECT_LEVELS: Table<SubjectLevel> =
    &[("T", SubjectLevel::HoanThanhTot), ("H", SubjectLevel::HoanThanh), ("C", SubjectLevel::ChuaHoanThanh)];
/// `MucDat` of a quality or competence (TT 27/2020).
pub(crate) const ATTAINMENT_LEVELS: Table<AttainmentLevel> =
    &[("T", AttainmentLevel::Tot), ("Đ", AttainmentLevel::Dat), ("C", AttainmentLevel::CanCoGang)];
/// Ours.
pub(crate) const EDUCATION_RESULTS: Table<EducationResult> = &[
    ("HTXS", EducationResult::HoanThanhXuatSac),
    ("HTT", EducationResult::HoanThanhTot),
    ("HT", EducationResult::HoanThanh),
    ("CHT", EducationResult::ChuaHoanThanh),
];
/// Ours.
pub(crate) const STUDY_RANKS: Table<StudyRank> = &[
    ("G", StudyRank::Gioi),
    ("K", StudyRank::Kha),
    ("TB", StudyRank::TrungBinh),
    ("Y", StudyRank::Yeu),
    ("KEM", StudyRank::Kem),
];
/// Ours.
pub(crate) const CONDUCT_RANKS: Table<ConductRank> =
    &[("T", ConductRank::Tot), ("K", ConductRank::Kha), ("TB", ConductRank::TrungBinh), ("Y", ConductRank::Yeu)];
/// `GioiTinh`. Which number is which is **chưa đối chiếu**.
pub(crate) const SEXES: Table<Sex> = &[("0", Sex::Female), ("1", Sex::Male), ("2", Sex::Other)];
/// `MaCapHoc`, as `MaNhomCapHoc` of schools.
pub(crate) const LEVELS: Table<EducationLevel> =
    &[("02", EducationLevel::Primary), ("03", EducationLevel::LowerSecondary), ("04", EducationLevel::UpperSecondary)];
/// Ours.
pub(crate) const CONTEST_LEVELS: Table<ContestLevel> = &[
    ("TRUONG", ContestLevel::School),
    ("XA", ContestLevel::District),
    ("TINH", ContestLevel::Province),
    ("QG", ContestLevel::National),
    ("QT", ContestLevel::International),
];
/// Ours.
pub(crate) const REGISTERS: Table<Register> =
    &[("DAN_CU", Register::Population), ("GIAO_DUC", Register::Education), ("GIAY_TO", Register::Paper)];

/// Ethnicities by code, from memory of the list of 1979 and later editions: the commonest, **chưa đối chiếu**.
pub(crate) const ETHNICITIES: &[(&str, &str)] = &[
    ("01", "Kinh"),
    ("02", "Tày"),
    ("03", "Thái"),
    ("04", "Hoa"),
    ("05", "Khmer"),
    ("06", "Mường"),
    ("07", "Nùng"),
    ("08", "HMông"),
    ("09", "Dao"),
    ("10", "Gia Rai"),
    ("12", "Ê Đê"),
    ("13", "Ba Na"),
    ("17", "Chăm"),
];

/// The longest `MaMonHoc`.
pub(crate) const MAX_SUBJECT_CODE: usize = 15;

/// `MaMonHoc` of a subject. The national list of codes could not be read; ours are written where they fit, and the
/// shortest usual abbreviation where not.
pub(crate) fn subject_code(curriculum: Curriculum, code: &str) -> String {
    if code.len() <= MAX_SUBJECT_CODE {
        return code.to_owned();
    }
    let Some(subject) = catalogue::by_code(curriculum, code) else { return code.to_owned() };
    let leads_back = |h: &&&str| !h.contains(' ') && subject_of(curriculum, h).is_some_and(|s| s.code == code);
    let short = subject.headings.iter().filter(leads_back).min_by_key(|h| h.len());
    short.map_or_else(|| code.to_owned(), |h| h.to_uppercase())
}

/// The subject of a `MaMonHoc`.
pub(crate) fn subject_of(curriculum: Curriculum, code: &str) -> Option<&'static Subject> {
    if let Some(subject) = catalogue::by_code(curriculum, code) {
        return Some(subject);
    }
    // Abbreviations without a blank are compared as they are before a heading is folded, which costs a hundred times as
    // much and would be the dearest step of a long file.
    let small = code.to_ascii_lowercase();
    let abbreviated = |s: &&Subject| s.headings.contains(&small.as_str());
    catalogue::of(curriculum).find(abbreviated).or_else(|| catalogue::by_heading(curriculum, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_a_code_that_fits_and_leads_back() {
        for subject in &catalogue::SUBJECTS {
            let code = subject_code(subject.curriculum, subject.code);
            assert!(code.len() <= MAX_SUBJECT_CODE, "{code}");
            assert_eq!(subject_of(subject.curriculum, &code).map(|s| s.code), Some(subject.code), "{code}");
        }
    }
}
