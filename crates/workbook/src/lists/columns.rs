//! The columns of lists, and the headings by which they are known.

use super::ListKind;
use crate::{
    columns::{self, Column, Kind, fold},
    fields,
    finding::Words,
};

/// A column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ListColumn {
    /// STT.
    Number,
    /// Họ và tên.
    Name,
    /// Mã giáo viên.
    StaffCode,
    /// Chức vụ.
    Position,
    /// Email, tên đăng nhập.
    Login,
    /// Chủ nhiệm lớp.
    Homeroom,
    /// Of staff: looked at by nobody and not kept.
    StaffBirth,
    /// Lớp.
    Class,
    /// Khối.
    Grade,
    /// Giáo viên chủ nhiệm.
    Teacher,
    /// Mã trường.
    SchoolCode,
    /// Tên trường.
    SchoolName,
    /// Xã, phường.
    Ward,
    /// Cấp học.
    Levels,
    /// What a class workbook has of a pupil, too.
    Pupil(Column),
}

impl ListColumn {
    /// Its code in the preview.
    pub fn code(self) -> String {
        match self {
            ListColumn::Pupil(column) => fields::code(column),
            other => other.short().to_owned(),
        }
    }

    /// Its name in a [`super::Spot`].
    pub const fn short(self) -> &'static str {
        match self {
            ListColumn::Number => "number",
            ListColumn::Name => "name",
            ListColumn::StaffCode => "code",
            ListColumn::Position => "position",
            ListColumn::Login => "login",
            ListColumn::Homeroom => "homeroom",
            ListColumn::StaffBirth => "staff_birth_date",
            ListColumn::Class => "class",
            ListColumn::Grade => "grade",
            ListColumn::Teacher => "teacher",
            ListColumn::SchoolCode => "school_code",
            ListColumn::SchoolName => "school_name",
            ListColumn::Levels => "levels",
            ListColumn::Ward => "ward",
            ListColumn::Pupil(_) => "pupil",
        }
    }

    pub fn words(self) -> Words {
        match self {
            ListColumn::Number => Words::new("STT", "Number in the list"),
            ListColumn::Name => Words::new("Họ và tên", "Full name"),
            ListColumn::StaffCode => Words::new("Mã giáo viên", "Staff code"),
            ListColumn::Position => Words::new("Chức vụ", "Position"),
            ListColumn::Login => Words::new("Tên đăng nhập hoặc email", "Login or e-mail address"),
            ListColumn::Homeroom => Words::new("Chủ nhiệm lớp", "Homeroom class"),
            ListColumn::StaffBirth => Words::new("Ngày sinh (không lưu)", "Birth date (not kept)"),
            ListColumn::Class => Words::new("Lớp", "Class"),
            ListColumn::Grade => Words::new("Khối", "Grade"),
            ListColumn::Teacher => Words::new("Giáo viên chủ nhiệm", "Homeroom teacher"),
            ListColumn::SchoolCode => Words::new("Mã trường", "School code"),
            ListColumn::SchoolName => Words::new("Tên trường", "School name"),
            ListColumn::Levels => Words::new("Cấp học", "Levels"),
            ListColumn::Ward => Words::new("Xã, phường", "Commune or ward"),
            ListColumn::Pupil(column) => fields::words(column),
        }
    }

    /// As the masking of examples knows it.
    pub const fn of_pupil(self) -> Option<Column> {
        match self {
            ListColumn::Number => Some(Column::Number),
            ListColumn::StaffBirth => Some(Column::BirthDate),
            ListColumn::SchoolCode => Some(Column::SchoolCode),
            ListColumn::SchoolName => Some(Column::SchoolName),
            ListColumn::Pupil(column) => Some(column),
            _ => None,
        }
    }
}

/// The column without which a line is none of the list.
pub(super) const fn key(kind: ListKind) -> ListColumn {
    match kind {
        ListKind::Staff | ListKind::Pupils => ListColumn::Name,
        ListKind::Classes => ListColumn::Class,
        ListKind::Schools => ListColumn::SchoolCode,
    }
}

/// The columns a list must have.
pub(super) const fn required(kind: ListKind) -> &'static [ListColumn] {
    match kind {
        ListKind::Staff => &[ListColumn::Name, ListColumn::Position],
        ListKind::Classes => &[ListColumn::Class],
        ListKind::Schools => &[ListColumn::SchoolCode, ListColumn::SchoolName],
        ListKind::Pupils => &[ListColumn::Name, ListColumn::Pupil(Column::BirthDate), ListColumn::Pupil(Column::Sex)],
    }
}

pub(super) fn header_words(kind: ListKind) -> Words {
    match kind {
        ListKind::Staff => Words::new(
            "Một dòng tiêu đề có Họ và tên, Chức vụ; có thể thêm Mã giáo viên, Tên đăng nhập, Chủ nhiệm lớp.",
            "A row of headings with Họ và tên, Chức vụ; perhaps Mã giáo viên, Tên đăng nhập, Chủ nhiệm lớp.",
        ),
        ListKind::Classes => Words::new(
            "Một dòng tiêu đề có Lớp và Khối hoặc Giáo viên chủ nhiệm.",
            "A row of headings with Lớp, and Khối or Giáo viên chủ nhiệm.",
        ),
        ListKind::Schools => Words::new(
            "Một dòng tiêu đề có Mã trường, Tên trường; có thể thêm Cấp học, Xã/phường.",
            "A row of headings with Mã trường, Tên trường; perhaps Cấp học, Xã/phường.",
        ),
        ListKind::Pupils => Words::new(
            "Một dòng tiêu đề có Họ và tên, Ngày sinh, Giới tính, Số định danh (hoặc mã khác).",
            "A row of headings with Họ và tên, Ngày sinh, Giới tính, Số định danh (or another number).",
        ),
    }
}

/// All that a column of a list may be, in the order in which it is offered.
pub(super) fn choices(kind: ListKind) -> Vec<ListColumn> {
    use ListColumn::{
        Class, Grade, Homeroom, Levels, Login, Name, Number, Position, Pupil, SchoolCode, SchoolName, StaffBirth,
        StaffCode, Teacher, Ward,
    };
    match kind {
        ListKind::Staff => vec![Number, Name, Position, StaffCode, Login, Homeroom, StaffBirth],
        ListKind::Classes => vec![Number, Class, Grade, Teacher],
        ListKind::Schools => vec![Number, SchoolCode, SchoolName, Levels, Ward],
        ListKind::Pupils => {
            let of_pupil = [
                Column::BirthDate,
                Column::Sex,
                Column::Personal,
                Column::Ministry,
                Column::SchoolPupil,
                Column::Lifelong,
                Column::Temporary,
                Column::ForeignPaper,
                Column::Ethnicity,
                Column::Nationality,
                Column::BirthPlace,
            ];
            [Number, Name, Class].into_iter().chain(of_pupil.map(Pupil)).collect()
        }
    }
}

/// What a heading means in a list.
pub(super) fn recognise(kind: ListKind, heading: &str) -> Option<ListColumn> {
    let folded = fold(heading);
    let number = matches!(&*folded, "stt" | "tt" | "sothutu").then_some(ListColumn::Number);
    number.or_else(|| match kind {
        ListKind::Staff => staff(&folded),
        ListKind::Classes => classes(&folded),
        ListKind::Schools => match &*folded {
            "matruong" | "ma" | "madonvi" => Some(ListColumn::SchoolCode),
            "tentruong" | "truong" | "tendonvi" => Some(ListColumn::SchoolName),
            "cap" | "caphoc" | "bachoc" => Some(ListColumn::Levels),
            "xa" | "phuong" | "xaphuong" | "phuongxa" | "xaphuongdackhu" | "xaphuongthitran" | "diaban" | "tenxa"
            | "tenxaphuong" | "tenphuongxa" => Some(ListColumn::Ward),
            _ => None,
        },
        ListKind::Pupils => match columns::recognise(Kind::Pupils, heading, None) {
            Some(Column::Name) => Some(ListColumn::Name),
            // The number of a book is given here, not brought along.
            Some(Column::Book) => None,
            Some(column) => Some(ListColumn::Pupil(column)),
            None => matches!(&*folded, "lop" | "tenlop").then_some(ListColumn::Class),
        },
    })
}

fn staff(folded: &str) -> Option<ListColumn> {
    Some(match folded {
        "hovaten" | "hoten" | "hovatengiaovien" | "hotengiaovien" | "hovatencanbo" | "hotencanbo" | "tengiaovien"
        | "hovatengv" | "hotengv" | "tencanbo" | "hovatencbgvnv" | "hotencbgvnv" => ListColumn::Name,
        "magiaovien" | "magv" | "macanbo" | "macb" | "manhansu" | "macbgvnv" | "madinhdanhgiaovien" | "sohieu"
        | "mavienchuc" => ListColumn::StaffCode,
        "chucvu" | "vaitro" | "vitri" | "vitrivieclam" | "nhomchucvu" | "chucdanh" | "nhiemvu" | "chucvuvaitro" => {
            ListColumn::Position
        }
        "email"
        | "thudientu"
        | "diachiemail"
        | "tendangnhap"
        | "taikhoan"
        | "emailtendangnhap"
        | "emailhoactendangnhap"
        | "tendangnhaphoacemail" => ListColumn::Login,
        "chunhiem" | "chunhiemlop" | "lopchunhiem" | "gvcnlop" | "chunhiemlopneuco" | "gvcn" => ListColumn::Homeroom,
        "ngaysinh" | "ngaythangnamsinh" | "namsinh" => ListColumn::StaffBirth,
        _ => return None,
    })
}

fn classes(folded: &str) -> Option<ListColumn> {
    Some(match folded {
        "lop" | "tenlop" | "malop" => ListColumn::Class,
        "khoi" | "khoilop" => ListColumn::Grade,
        "gvcn"
        | "giaovienchunhiem"
        | "chunhiem"
        | "hotengvcn"
        | "hovatengvcn"
        | "tengvcn"
        | "hovatengiaovienchunhiem" => ListColumn::Teacher,
        _ => return None,
    })
}
