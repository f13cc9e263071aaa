//! Who works at a school.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    check::repair_text,
    types::{ClassName, Text},
};
use unicode_normalization::UnicodeNormalization as _;

use super::{ListColumn, ListKind, ListMapping, Spot, finish, missing, opened, tables};
use crate::{
    Limits,
    bag::Bag,
    columns::fold,
    finding::{Code, Finding, Words},
    table::{At, Field},
    value::{self, Fault, Prose, Reading},
};

/// What somebody is at a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffPosition {
    /// Hiệu trưởng.
    Principal,
    /// Phó hiệu trưởng.
    DeputyPrincipal,
    /// Giáo viên.
    Teacher,
    /// Văn thư.
    Clerk,
    /// Quản trị.
    Administrator,
}

/// A line of a staff list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRow {
    /// Where it stands.
    pub spot: Spot,
    /// Full name.
    pub name: Text,
    /// The school's own number for them.
    pub code: Option<Text>,
    /// As what.
    pub position: StaffPosition,
    /// The login that is wanted, in small letters; otherwise one is proposed.
    pub login: Option<String>,
    /// The class they are the homeroom teacher of.
    pub homeroom: Option<ClassName>,
}

/// A staff list without a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffList {
    /// In the order of the list.
    pub rows: Vec<StaffRow>,
    /// What deserves a look.
    pub warnings: Vec<Finding>,
}

/// Who keeps no records, and needs no account.
const OTHERS: [&str; 9] = ["ketoan", "baove", "thuvien", "yte", "thietbi", "thuquy", "tapvu", "phucvu", "capduong"];

/// A position, or nothing for whoever keeps no records.
fn position(field: &Field) -> Reading<Option<Option<StaffPosition>>> {
    let shown = field.shown();
    let folded = fold(&shown);
    let begins = |words: &[&str]| words.iter().any(|word| folded.starts_with(word));
    let found = if begins(&["phohieutruong", "hieupho", "pht"]) {
        Some(StaffPosition::DeputyPrincipal)
    } else if begins(&["hieutruong"]) || folded == "ht" {
        Some(StaffPosition::Principal)
    } else if begins(&["giaovien", "totruong", "topho", "tongphutrach"]) || folded == "gv" || folded == "gvcn" {
        Some(StaffPosition::Teacher)
    } else if begins(&["vanthu", "nhanvienvanthu"]) {
        Some(StaffPosition::Clerk)
    } else if begins(&["quantri", "nhanvienquantri", "congnghethongtin", "nhanviencongnghethongtin"]) {
        Some(StaffPosition::Administrator)
    } else if OTHERS.iter().any(|word| folded.strip_prefix("nhanvien").unwrap_or(&folded).starts_with(word)) {
        return Ok((
            Some(None),
            vec![Fault::warning(
                Code::IgnoredRow,
                positions(),
                Words::new(
                    "Người này không làm việc với học bạ nên không có tài khoản.",
                    "They do not work with transcripts, and get no account.",
                ),
            )],
        ));
    } else {
        None
    };
    match found {
        Some(found) => Ok((Some(Some(found)), Vec::new())),
        None => Err(Fault::error(
            Code::NotAPosition,
            positions(),
            Words::new("Sửa lại chức vụ theo một trong các chữ này.", "Put one of these words."),
        )),
    }
}

fn positions() -> Words {
    Words::new(
        "Hiệu trưởng, Phó hiệu trưởng, Giáo viên, Văn thư hoặc Quản trị.",
        "Hiệu trưởng (principal), Phó hiệu trưởng (deputy), Giáo viên (teacher), Văn thư (clerk) or Quản trị (administrator).",
    )
}

/// Whether this can be logged in by: 2 to 64 of `a-z 0-9 . _ - @`, beginning with a letter or digit.
pub fn is_login(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b))
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn login(field: &Field) -> Reading<Option<String>> {
    let text = field.shown().trim().to_lowercase();
    if text.is_empty() {
        return Ok((None, Vec::new()));
    }
    if is_login(&text) {
        return Ok((Some(text), Vec::new()));
    }
    Err(Fault::error(
        Code::BadLogin,
        Words::new(
            "Email hoặc tên đăng nhập: 2 đến 64 chữ không dấu, chữ số, dấu . _ - @.",
            "An e-mail address or a login: 2 to 64 letters without marks, digits, . _ - @.",
        ),
        Words::new(
            "Sửa lại, hoặc để trống: chương trình đề nghị một tên.",
            "Mend it, or leave it empty: one will be proposed.",
        ),
    ))
}

/// A login from a name that is not taken: `nguyenvan.an`, then `nguyenvan.an2`; it is taken from then on.
pub fn propose_login(name: &str, taken: &mut BTreeSet<String>) -> String {
    let words: Vec<String> = name
        .split_whitespace()
        .map(|word| fold(word).chars().filter(char::is_ascii_alphanumeric).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    let base = match words.split_last() {
        Some((given, [])) => given.clone(),
        Some((given, others)) => format!("{}.{given}", others.concat()),
        None => "giaovien".to_owned(),
    };
    // A name is at most 4,096 bytes, a login 64; the given name at the end tells people apart.
    let base: String = base.chars().skip(base.chars().count().saturating_sub(56)).collect();
    let base = base.trim_start_matches('.');
    let base = if base.len() < 2 { format!("{base}.gv") } else { base.to_owned() };
    let mut login = base.clone();
    let mut n = 1_u32;
    while taken.contains(&login) {
        n += 1;
        login = format!("{base}{n}");
    }
    taken.insert(login.clone());
    login
}

/// A name for comparing: composed, repaired of look-alikes and blanks, in small letters; marks count.
pub fn name_key(name: &str) -> String {
    let one_line: String = name.nfc().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    repair_text(&one_line).unwrap_or_default().to_lowercase()
}

/// Reads a staff list.
///
/// # Errors
/// All findings, warnings among them, where one is an error.
pub fn read_staff(bytes: &[u8], limits: &Limits) -> Result<StaffList, Vec<Finding>> {
    read_staff_with(bytes, limits, &ListMapping::default())
}

/// As [`read_staff`], with columns taken as the mapping says.
///
/// # Errors
/// As [`read_staff`].
pub fn read_staff_with(bytes: &[u8], limits: &Limits, mapping: &ListMapping) -> Result<StaffList, Vec<Finding>> {
    let (sheets, mut bag) = opened(bytes, limits)?;
    let mut rows: Vec<StaffRow> = Vec::new();
    let mut seen = Seen::default();
    for table in tables(ListKind::Staff, &sheets, mapping, &mut bag) {
        for line in &table.rows {
            let at = |column| At { col: table.columns.get(&column).copied().unwrap_or(line.at.col), ..line.at };
            let name = bag.read(line.get(ListColumn::Name), |f| value::text(f, Prose::Name));
            let code = bag.read(line.get(ListColumn::StaffCode), |f| value::text(f, Prose::Code));
            let position = bag.read(line.get(ListColumn::Position), position);
            if line.get(ListColumn::Position).is_none() && table.columns.contains_key(&ListColumn::Position) {
                missing(&mut bag, at(ListColumn::Position), &ListColumn::Position.words());
            }
            let login = bag.read(line.get(ListColumn::Login), login);
            let homeroom = bag.read(line.get(ListColumn::Homeroom), value::class_name);
            let (Some(name), Some(Some(position))) = (name, position) else { continue };
            let spot = Spot::of(&sheets, line.at, &table.columns);
            let row = StaffRow { spot, name, code, position, login, homeroom };
            if seen.take(&row, &at, &mut bag) {
                rows.push(row);
            }
        }
    }
    let (rows, warnings) = finish(rows, bag)?;
    Ok(StaffList { rows, warnings })
}

/// What may stand in a staff list once.
#[derive(Default)]
struct Seen {
    codes: BTreeSet<String>,
    logins: BTreeSet<String>,
    homerooms: BTreeSet<ClassName>,
    principal: bool,
    /// Names without code and login, with how often each stood there.
    names: BTreeMap<String, u32>,
}

impl Seen {
    fn take(&mut self, row: &StaffRow, at: &impl Fn(ListColumn) -> At, bag: &mut Bag) -> bool {
        let mut sound = true;
        let mut twice = |column, value: String, code, expected: Words, mend: Words| {
            bag.at(at(column), Some(value), Fault::error(code, expected, mend));
            sound = false;
        };
        if let Some(code) = row.code.as_ref().filter(|code| !self.codes.insert(code.to_string())) {
            twice(
                ListColumn::StaffCode,
                code.to_string(),
                Code::StaffTwice,
                Words::new("Mỗi mã giáo viên một dòng.", "Each staff code once."),
                Words::new("Xoá dòng thừa hoặc sửa mã.", "Delete the surplus line or mend the code."),
            );
        }
        if let Some(login) = row.login.as_ref().filter(|login| !self.logins.insert((*login).clone())) {
            twice(
                ListColumn::Login,
                login.clone(),
                Code::LoginTaken,
                Words::new("Mỗi người một tên đăng nhập riêng.", "A login of their own for each person."),
                Words::new(
                    "Một dòng trên đã dùng tên này: sửa lại, hoặc để trống.",
                    "A line above has it: mend it, or leave it empty.",
                ),
            );
        }
        if let Some(class) = row.homeroom.as_ref().filter(|class| !self.homerooms.insert((*class).clone())) {
            twice(
                ListColumn::Homeroom,
                class.to_string(),
                Code::HomeroomTwice,
                Words::new("Mỗi lớp một giáo viên chủ nhiệm.", "One homeroom teacher for each class."),
                Words::new("Một dòng trên đã chủ nhiệm lớp này: sửa lại.", "A line above has this class: mend it."),
            );
        }
        if row.position == StaffPosition::Principal && std::mem::replace(&mut self.principal, true) {
            twice(
                ListColumn::Position,
                "Hiệu trưởng".to_owned(),
                Code::TwoPrincipals,
                Words::new("Một hiệu trưởng.", "One principal."),
                Words::new(
                    "Người phụ trách thay hiệu trưởng ghi là Phó hiệu trưởng.",
                    "Whoever stands in for the principal is Phó hiệu trưởng.",
                ),
            );
        }
        if row.code.is_none() && row.login.is_none() {
            let times = self.names.entry(name_key(row.name.as_str())).or_default();
            *times += 1;
            if *times > 1 {
                twice(
                    ListColumn::Name,
                    row.name.to_string(),
                    Code::StaffTwice,
                    Words::new(
                        "Người trùng họ tên có mã giáo viên hoặc tên đăng nhập riêng.",
                        "People of one name have a staff code or a login each.",
                    ),
                    Words::new(
                        "Nếu là hai người, thêm mã hoặc tên đăng nhập; nếu là một, xoá dòng thừa.",
                        "If they are two, add a code or login; if one, delete the surplus line.",
                    ),
                );
            }
        }
        sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_proposed_from_a_name_and_never_twice() {
        let mut taken = BTreeSet::new();
        let mut propose = |name| propose_login(name, &mut taken);
        assert_eq!(propose("Nguyễn Văn An"), "nguyenvan.an");
        assert_eq!(propose("NGUYỄN VĂN AN"), "nguyenvan.an2");
        assert_eq!(propose("Đỗ Thị Hường"), "dothi.huong");
        assert_eq!(propose("Y"), "y.gv");
        assert_eq!(propose("李明"), "giaovien");
        let long = propose(&"Nguyễn ".repeat(200));
        assert!(is_login(&long), "{long}");
    }

    #[test]
    fn a_name_is_compared_with_its_marks_and_without_its_capitals() {
        assert_eq!(name_key("NGUYỄN  Văn\nĐức"), name_key("Nguyễn Văn Đức"));
        assert_eq!(name_key("Nguyễn Văn Ðức"), name_key("Nguyễn Văn Đức"), "Ð is repaired");
        assert_ne!(name_key("Nguyễn Văn Bình"), name_key("Nguyễn Văn Binh"));
    }
}
