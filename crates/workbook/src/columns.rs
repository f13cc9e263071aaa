//! The columns a table may have and the headings by which they are known.

use hocba_record::section::IdentifierKind;
use unicode_normalization::UnicodeNormalization as _;

use crate::attainments;

/// A term (học kỳ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// Học kỳ I.
    First,
    /// Học kỳ II.
    Second,
}

/// What a column says of a move between schools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovePart {
    /// The day.
    On,
    /// The other school's name.
    School,
    /// Its code.
    Code,
    /// The class there.
    Class,
}

/// What a column says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificatePart {
    /// What it certifies.
    Name,
    /// Grade.
    Grade,
    /// Number.
    Number,
    /// Day of issue.
    On,
}

/// What a column says of a prize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContestPart {
    /// The contest.
    Name,
    /// Who held it.
    Level,
    /// The prize.
    Prize,
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
    /// Chuyên đề: whether the pupil takes the subject's study topics (upper secondary).
    StudyTopics,
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
    /// ĐTB các môn of a term (TT 58/2011).
    Overall(Term),
    /// ĐTB các môn of the year.
    OverallYear,
    /// Primary: the year's result.
    EducationYear,
    /// Danh hiệu: the titles the rules give, and other awards.
    Title,
    // Primary school
    /// Điểm KTĐK at the end of the year.
    Test,
    /// The test taken again.
    ReassessedTest,
    /// A quality or competence, by its place in the list of all.
    Attainment(u8),
    /// The remark about it.
    AttainmentRemark(u8),
    /// The lowest level after summer help.
    AttainmentsReassessed,
    /// Nổi bật: recognised by the class (TT 27/2020 Art. 13.1).
    Outstanding,
    // Bổ sung
    /// Học theo kế hoạch riêng.
    Plan,
    /// What is printed about it.
    PlanNote,
    /// Học lại lớp.
    Repeating,
    /// Moved in during the year: day, school, its code, class there.
    MovedIn(MovePart),
    /// Moved out during the year.
    MovedOut(MovePart),
    /// A certificate, counted from 1.
    Certificate(u8, CertificatePart),
    /// A prize, counted from 1.
    Contest(u8, ContestPart),
    /// With which register an identifier was compared.
    VerifiedWith(IdentifierKind),
    /// When.
    VerifiedOn(IdentifierKind),
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
    /// Plan, enrolment, certificates, contests.
    More,
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
        "hovaten" | "hoten" | "hotenhocsinh" | "hovatenhocsinh" | "tenhocsinh" | "hovatenhs" | "hotenhs" => {
            return Some(Column::Name);
        }
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
                // What the template calls so is the year's, and a term's here.
                (None, Some(term)) => {
                    mark(term, &folded).or_else(|| subject(&folded)).filter(|_| level_word(&folded).is_none())
                }
                (None, None) => subject(&folded),
            }
        }
        Kind::Conduct => group
            .map(fold)
            .filter(|group| attainments::is_group(group))
            .and_then(|_| attainments::by_heading(&folded))
            .map(Column::Attainment)
            .or_else(|| conduct(&folded)),
        Kind::Results => result(&folded),
        Kind::More => more(&folded),
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
                    .or_else(|| (folded == "lenlop").then_some(Column::Promotion))
                    .or_else(|| result(&folded).filter(|c| !matches!(c, Column::StudyYear)))
                    .or_else(|| more(&folded)),
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
        _ => {
            // "Số định danh: đối chiếu với", "Số định danh: ngày đối chiếu"
            let (number, on) = match (folded.strip_suffix("ngaydoichieu"), folded.strip_suffix("doichieuvoi")) {
                (Some(number), _) => (number, true),
                (None, Some(number)) => (number, false),
                (None, None) => return None,
            };
            let kind = identifier_kind(pupil(number)?)?;
            if on { Column::VerifiedOn(kind) } else { Column::VerifiedWith(kind) }
        }
    })
}

/// The identifiers by column, in the order of [`IdentifierKind`], in which an identity lists them.
pub(crate) const IDENTIFIERS: [(Column, IdentifierKind); 6] = [
    (Column::ForeignPaper, IdentifierKind::ForeignPaper),
    (Column::Lifelong, IdentifierKind::Lifelong),
    (Column::Ministry, IdentifierKind::Ministry),
    (Column::Personal, IdentifierKind::Personal),
    (Column::SchoolPupil, IdentifierKind::School),
    (Column::Temporary, IdentifierKind::Temporary),
];

fn identifier_kind(column: Column) -> Option<IdentifierKind> {
    IDENTIFIERS.into_iter().find(|(c, _)| *c == column).map(|(_, kind)| kind)
}

/// What primary school has for each subject.
pub(crate) fn level_word(folded: &str) -> Option<Column> {
    Some(match folded {
        "mucdatduoc" | "muc" | "mdd" | "mucdat" | "mucdohoanthanh" | "danhgia" | "xeploai" => Column::Year,
        "diemktdk" | "ktdk" | "diemkiemtradinhki" | "diemkiemtradinhky" | "diemkt" | "diem" | "diembaiktdk"
        | "diemktdkcuoinam" => Column::Test,
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
        "canam" | "dtbmcn" | "dtbcanam" | "cn" | "tbcn" | "cuoinam" => Column::Year,
        "danhgialai" | "thilai" | "ktlai" | "kiemtralai" => Column::Reassessed,
        "ktdklai" | "diemktdklai" => Column::ReassessedTest,
        "mien" | "mienhoc" | "mienkhongdanhgia" | "mienhockhongdanhgia" => Column::Exempt,
        "nhanxet" | "nhanxetmon" | "nhanxetcuagiaovienmon" => Column::Remark,
        "mamon" => Column::SubjectCode,
        "tenmon" | "mon" | "tenmonneukhac" => Column::SubjectName,
        "giaovien" | "giaovienneukhac" | "giaovienbomon" => Column::Teacher,
        "khoaso" | "khoasoneukhac" | "ngaykhoaso" => Column::LockedAt,
        "nguon" | "nguonneukhac" | "nguondulieu" => Column::Source,
        "chuyende" | "chuyendehoctap" | "hocchuyende" => Column::StudyTopics,
        _ => return level_word(folded),
    })
}

fn conduct(folded: &str) -> Option<Column> {
    if let Some((term, "")) = term_of(folded) {
        return Some(Column::Conduct(term));
    }
    if let Some(n) = folded.strip_prefix("khenthuongkhac") {
        return if n.is_empty() { Some(1) } else { n.parse().ok() }.filter(|n| *n > 0).map(Column::Award);
    }
    if let Some(item) = folded.strip_prefix("nhanxet").and_then(attainments::by_heading) {
        return Some(Column::AttainmentRemark(item));
    }
    if let Some(item) = attainments::by_heading(folded) {
        return Some(Column::Attainment(item));
    }
    Some(match folded {
        "canam" | "cn" | "cuoinam" => Column::ConductYear,
        "phamchatnangluclai" | "pcnllai" => Column::AttainmentsReassessed,
        "noibat" | "noibathoactienbo" | "tieubieu" => Column::Outstanding,
        "danhhieu" | "khenthuong" | "danhhieukhenthuong" | "danhhieuthidua" => Column::Title,
        "renluyenlai" | "renluyentronghe" => Column::Retrained,
        "nghicophep" | "cophep" | "nghicp" | "sobuoinghicophep" | "songaynghicophep" => Column::WithLeave,
        "nghikhongphep" | "khongphep" | "nghikp" | "sobuoinghikhongphep" | "songaynghikhongphep" => {
            Column::WithoutLeave
        }
        "nhanxetgvcn" | "nhanxetcuagvcn" | "nhanxetcuagiaovienchunhiem" | "nhanxetchung" => Column::HomeroomRemark,
        _ => return None,
    })
}

fn result(folded: &str) -> Option<Column> {
    if let Some(rest) = ["dtbcacmon", "tbcm", "tbcacmon", "dtbcm"].iter().find_map(|p| folded.strip_prefix(p)) {
        return match term_of(rest) {
            Some((term, "")) => Some(Column::Overall(term)),
            None if matches!(rest, "" | "canam" | "cn") => Some(Column::OverallYear),
            _ => None,
        };
    }
    let rest = folded.strip_prefix("hoctap").or_else(|| folded.strip_prefix("hocluc")).unwrap_or(folded);
    if let Some((term, "")) = term_of(rest) {
        return Some(Column::Study(term));
    }
    Some(match rest {
        "canam" | "cn" => Column::StudyYear,
        "lenlop" | "ketquacuoinam" | "duoclenlop" | "hoanthanhchuongtrinhlophoc" => Column::Promotion,
        "ketquagiaoduc" | "danhgiaketquagiaoduc" | "kqgd" | "mucdohoanthanh" | "ketquadanhgiagiaoduc" => {
            Column::EducationYear
        }
        _ => return None,
    })
}

/// The sheet of what few pupils have.
fn more(folded: &str) -> Option<Column> {
    let digits = folded.trim_end_matches(|c: char| c.is_ascii_digit());
    let n = match &folded[digits.len()..] {
        "" => 1,
        number => number.parse().ok().filter(|n| *n > 0)?,
    };
    Some(match digits {
        "hoctheokehoachrieng" | "kehoachrieng" | "kehoachgiaoduccanhan" => Column::Plan,
        "ghichukehoachrieng" => Column::PlanNote,
        "hoclai" | "hoclailop" | "luuban" => Column::Repeating,
        "ngaychuyenden" => Column::MovedIn(MovePart::On),
        "chuyendentu" | "chuyendentutruong" | "truongchuyenden" => Column::MovedIn(MovePart::School),
        "matruongcu" => Column::MovedIn(MovePart::Code),
        "lopcu" => Column::MovedIn(MovePart::Class),
        "ngaychuyendi" => Column::MovedOut(MovePart::On),
        "chuyendidentruong" | "truongchuyendi" => Column::MovedOut(MovePart::School),
        "matruongmoi" => Column::MovedOut(MovePart::Code),
        "lopmoi" => Column::MovedOut(MovePart::Class),
        "chungchi" => Column::Certificate(n, CertificatePart::Name),
        "xeploaichungchi" => Column::Certificate(n, CertificatePart::Grade),
        "sochungchi" => Column::Certificate(n, CertificatePart::Number),
        "ngaycapchungchi" => Column::Certificate(n, CertificatePart::On),
        "cuocthi" => Column::Contest(n, ContestPart::Name),
        "capcuocthi" => Column::Contest(n, ContestPart::Level),
        "giai" => Column::Contest(n, ContestPart::Prize),
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
