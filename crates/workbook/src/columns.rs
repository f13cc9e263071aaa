//! The columns a table may have and the headings by which they are known.

use unicode_normalization::UnicodeNormalization as _;

/// A term (học kỳ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// Học kỳ I.
    First,
    /// Học kỳ II.
    Second,
}

/// A column of one of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Column {
    /// STT: the pupil's number in the class list.
    Number,
    /// Họ và tên.
    Name,
    // Học sinh
    /// Ngày sinh.
    BirthDate,
    /// Giới tính.
    Sex,
    /// Dân tộc.
    Ethnicity,
    /// Quốc tịch.
    Nationality,
    /// Nơi sinh.
    BirthPlace,
    /// Số định danh cá nhân, 12 digits.
    Personal,
    /// Mã định danh Bộ GD&ĐT, 10 digits.
    Ministry,
    /// Mã học sinh.
    SchoolPupil,
    /// Mã người học suốt đời.
    Lifelong,
    /// Mã tạm.
    Temporary,
    /// Giấy tờ nước ngoài.
    ForeignPaper,
    /// Mã học bạ.
    Book,
    // Subjects
    /// TX1 … TX9 of a term, counted from 1.
    Regular(Term, u8),
    /// GK.
    Midterm(Term),
    /// CK.
    FinalExam(Term),
    /// ĐTB of a term; the result of a term in a subject judged by comment.
    Average(Term),
    /// Cả năm.
    Year,
    /// Đánh giá lại.
    Reassessed,
    /// Miễn / không đánh giá.
    Exempt,
    /// Nhận xét of the subject teacher.
    Remark,
    /// Mã môn.
    SubjectCode,
    /// Tên môn, as printed.
    SubjectName,
    /// Giáo viên.
    Teacher,
    /// Khoá sổ: when the gradebook was locked.
    LockedAt,
    /// Nguồn: which gradebook.
    Source,
    // Rèn luyện
    /// Conduct of a term.
    Conduct(Term),
    /// Conduct of the year.
    ConductYear,
    /// Rèn luyện lại.
    Retrained,
    /// Nghỉ có phép.
    WithLeave,
    /// Nghỉ không phép.
    WithoutLeave,
    /// Nhận xét của GVCN.
    HomeroomRemark,
    /// Khen thưởng khác, in order, counted from 1.
    Award(u8),
    // Kết quả
    /// Study result of a term.
    Study(Term),
    /// Study result of the year.
    StudyYear,
    /// Lên lớp.
    Promotion,
    // Lớp
    /// Mã trường.
    SchoolCode,
    /// Tên trường.
    SchoolName,
    /// Xã/phường.
    Ward,
    /// Tỉnh/thành phố.
    Province,
    /// Năm học.
    SchoolYear,
    /// Khối.
    Grade,
    /// Lớp.
    Class,
}

impl Column {
    /// Whether it stands in the lines above a table of this kind (`Mã môn | toan`) rather than in the table.
    pub(crate) fn is_head(self, kind: Kind) -> bool {
        use Column::*;
        match kind {
            Kind::Class => matches!(self, SchoolCode | SchoolName | Ward | Province | SchoolYear | Grade | Class),
            Kind::Subject => matches!(self, SubjectCode | SubjectName | Teacher | LockedAt | Source),
            _ => false,
        }
    }
}

/// What kind of table a heading stands in; some words mean different things in different tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Class,
    Pupils,
    Subject,
    Conduct,
    Results,
    Csv,
}

/// Letters and digits only, in lower case, without Vietnamese marks: `Họ và tên` → `hovaten`.
pub(crate) fn fold(text: &str) -> String {
    text.nfd()
        .filter_map(|c| match c {
            'đ' | 'Đ' | 'ð' | 'Ð' => Some('d'),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// A heading that begins with a term: `HK I`, `Học kỳ 2 TX1`. Gives the term and the rest.
pub(crate) fn term_of(folded: &str) -> Option<(Term, &str)> {
    let rest = ["hocky", "hocki", "hk"].iter().find_map(|p| folded.strip_prefix(p))?;
    // "ii" before "i", or every second term would be a first term followed by "i".
    [("ii", Term::Second), ("2", Term::Second), ("i", Term::First), ("1", Term::First)]
        .into_iter()
        .find_map(|(p, term)| rest.strip_prefix(p).map(|rest| (term, rest)))
}

/// The column a heading means in a table of this kind; `group` is the heading one row above it (`Học kỳ I`).
pub(crate) fn recognise(kind: Kind, heading: &str, group: Option<&str>) -> Option<Column> {
    let folded = fold(heading);
    match &*folded {
        "stt" | "tt" | "sothutu" => return Some(Column::Number),
        "hovaten" | "hoten" | "hotenhocsinh" | "hovatenhocsinh" => return Some(Column::Name),
        _ => {}
    }
    match kind {
        Kind::Class => class(&folded),
        Kind::Pupils => pupil(&folded),
        Kind::Subject => {
            let own = term_of(&folded);
            let group = group.map(fold);
            let of_group = group.as_deref().and_then(term_of).map(|(term, _)| term);
            match (own, of_group) {
                (Some((term, "")), _) => Some(Column::Average(term)),
                (Some((term, rest)), _) => mark(term, rest),
                (None, Some(term)) => mark(term, &folded).or_else(|| subject(&folded)),
                (None, None) => subject(&folded),
            }
        }
        Kind::Conduct => conduct(&folded),
        Kind::Results => result(&folded),
        // A flat file has one row of headings, so its headings carry their table: "HK1 TX1", "Rèn luyện HK1".
        Kind::Csv => {
            if let Some(rest) = folded.strip_prefix("renluyen")
                && let Some(column) = conduct(rest).or_else(|| conduct(&folded))
            {
                return Some(column);
            }
            if let Some(column) = folded.starts_with("hoctap").then(|| result(&folded)).flatten() {
                return Some(column);
            }
            match term_of(&folded) {
                Some((term, "")) => Some(Column::Average(term)),
                Some((term, rest)) => mark(term, rest),
                None => class(&folded)
                    .or_else(|| pupil(&folded))
                    .or_else(|| subject(&folded))
                    .or_else(|| conduct(&folded).filter(|c| !matches!(c, Column::ConductYear)))
                    .or_else(|| (folded == "lenlop").then_some(Column::Promotion)),
            }
        }
    }
}

fn class(folded: &str) -> Option<Column> {
    Some(match folded {
        "matruong" => Column::SchoolCode,
        "tentruong" | "truong" => Column::SchoolName,
        "xaphuong" | "phuongxa" | "xa" | "phuong" => Column::Ward,
        "tinhthanhpho" | "tinh" | "thanhpho" | "tinhthanh" | "tinhtp" => Column::Province,
        "namhoc" => Column::SchoolYear,
        "khoi" | "khoilop" => Column::Grade,
        "lop" | "tenlop" => Column::Class,
        _ => return None,
    })
}

fn pupil(folded: &str) -> Option<Column> {
    Some(match folded {
        "ngaysinh" | "ngaythangnamsinh" => Column::BirthDate,
        "gioitinh" => Column::Sex,
        "dantoc" => Column::Ethnicity,
        "quoctich" => Column::Nationality,
        "noisinh" => Column::BirthPlace,
        "sodinhdanh" | "sodinhdanhcanhan" | "cccd" | "socccd" | "madinhdanhcanhan" => Column::Personal,
        "madinhdanhbo" | "madinhdanhbogddt" | "mabo" => Column::Ministry,
        "mahocsinh" => Column::SchoolPupil,
        "manguoihocsuotdoi" | "manguoihoc" => Column::Lifelong,
        "matam" | "matamthoi" => Column::Temporary,
        "giaytonuocngoai" | "hochieu" => Column::ForeignPaper,
        "mahocba" => Column::Book,
        _ => return None,
    })
}

fn mark(term: Term, folded: &str) -> Option<Column> {
    if let Some(n) = folded.strip_prefix("tx").or_else(|| folded.strip_prefix("ddgtx")) {
        return n.parse().ok().filter(|n| (1..=9).contains(n)).map(|n| Column::Regular(term, n));
    }
    Some(match folded {
        "gk" | "ddggk" | "giuaky" | "giuaki" => Column::Midterm(term),
        "ck" | "ddgck" | "cuoiky" | "cuoiki" => Column::FinalExam(term),
        "dtb" | "dtbmhk" | "tb" | "tbm" | "ketqua" => Column::Average(term),
        _ => return None,
    })
}

fn subject(folded: &str) -> Option<Column> {
    Some(match folded {
        "canam" | "dtbmcn" | "dtbcanam" => Column::Year,
        "danhgialai" => Column::Reassessed,
        "mien" | "mienhoc" | "mienkhongdanhgia" | "mienhockhongdanhgia" => Column::Exempt,
        "nhanxet" | "nhanxetmon" | "nhanxetcuagiaovienmon" => Column::Remark,
        "mamon" => Column::SubjectCode,
        "tenmon" | "mon" | "tenmonneukhac" => Column::SubjectName,
        "giaovien" | "giaovienneukhac" | "giaovienbomon" => Column::Teacher,
        "khoaso" | "khoasoneukhac" | "ngaykhoaso" => Column::LockedAt,
        "nguon" | "nguonneukhac" | "nguondulieu" => Column::Source,
        _ => return None,
    })
}

fn conduct(folded: &str) -> Option<Column> {
    if let Some((term, "")) = term_of(folded) {
        return Some(Column::Conduct(term));
    }
    if let Some(n) = folded.strip_prefix("khenthuongkhac") {
        return if n.is_empty() { Some(1) } else { n.parse().ok() }.filter(|n| *n > 0).map(Column::Award);
    }
    Some(match folded {
        "canam" => Column::ConductYear,
        "renluyenlai" | "renluyentronghe" => Column::Retrained,
        "nghicophep" | "cophep" => Column::WithLeave,
        "nghikhongphep" | "khongphep" => Column::WithoutLeave,
        "nhanxetgvcn" | "nhanxetcuagvcn" | "nhanxetcuagiaovienchunhiem" => Column::HomeroomRemark,
        _ => return None,
    })
}

fn result(folded: &str) -> Option<Column> {
    let rest = folded.strip_prefix("hoctap").unwrap_or(folded);
    if let Some((term, "")) = term_of(rest) {
        return Some(Column::Study(term));
    }
    Some(match rest {
        "canam" => Column::StudyYear,
        "lenlop" => Column::Promotion,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_the_spellings_schools_use() {
        use Term::{First, Second};
        for (heading, group, column) in [
            ("TX1", Some("Học kỳ I"), Column::Regular(First, 1)),
            ("TX4", Some("Học kì II"), Column::Regular(Second, 4)),
            ("ĐTB", Some("HK2"), Column::Average(Second)),
            ("ĐĐGgk", Some("Học kì I"), Column::Midterm(First)),
            ("HK II", None, Column::Average(Second)),
            ("HK I", Some("Kết quả"), Column::Average(First)),
            ("HK1 CK", None, Column::FinalExam(First)),
            ("HKIICK", None, Column::FinalExam(Second)),
            ("Cả năm", None, Column::Year),
            ("Miễn / Không đánh giá", None, Column::Exempt),
            ("NHẬN XÉT", Some("Học kỳ II"), Column::Remark),
        ] {
            assert_eq!(recognise(Kind::Subject, heading, group), Some(column), "{heading}");
        }
        assert_eq!(recognise(Kind::Subject, "TX1", None), None, "a mark without a term is not guessed");
        assert_eq!(recognise(Kind::Subject, "TX0", Some("HK I")), None);
        assert_eq!(recognise(Kind::Csv, "Rèn luyện HK2", None), Some(Column::Conduct(Second)));
        assert_eq!(recognise(Kind::Csv, "Rèn luyện lại", None), Some(Column::Retrained));
        assert_eq!(recognise(Kind::Csv, "Rèn luyện cả năm", None), Some(Column::ConductYear));
        assert_eq!(recognise(Kind::Csv, "Cả năm", None), Some(Column::Year));
        assert_eq!(recognise(Kind::Csv, "Học tập cả năm", None), Some(Column::StudyYear));
        assert_eq!(recognise(Kind::Conduct, "Khen thưởng khác 2", None), Some(Column::Award(2)));
    }

    #[test]
    fn a_decomposed_heading_is_the_same_heading() {
        assert_eq!(fold("Ho\u{323} va\u{300} te\u{302}n"), "hovaten");
    }
}
