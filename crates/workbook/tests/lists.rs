//! The lists a school is opened with: how headings are known, what is told, what is taken for what beforehand.

use hocba_workbook::{
    Code, Finding, Limits, ListKind, ListMapping, StaffPosition, list_fields, preview_list, preview_list_with,
    read_classes, read_pupils, read_schools, read_staff, read_staff_with, table_workbook,
};

fn limits() -> Limits {
    Limits::default()
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// A workbook of one sheet.
fn book(sheet: &str, rows: &[&[&str]]) -> Vec<u8> {
    let rows = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    table_workbook(&[(sheet.to_owned(), rows)]).expect("a workbook")
}

#[test]
fn a_staff_list_is_read_below_a_banner_in_any_order_of_columns() {
    let bytes = book(
        "DS",
        &[
            &["TRƯỜNG THCS TRẦN PHÚ"],
            &["DANH SÁCH CÁN BỘ, GIÁO VIÊN"],
            &["Chủ nhiệm", "Chức vụ", "STT", "Họ tên", "Ngày sinh", "Email", "Điện thoại"],
            &["", "Hiệu trưởng", "1", "TRẦN VĂN MINH", "05/03/1970", "Minh@Truong.VN", "0903"],
            &["", "Phó Hiệu trưởng", "2", "Lê Thu Hà", "", "", ""],
            &["9A3", "GV", "3", "Nguyễn Thị Hoa", "", "", ""],
            &["", "Nhân viên kế toán", "4", "Bùi Văn Tám", "", "", ""],
            &["", "Văn thư", "5", "Phan Thị Thảo", "", "", ""],
            &["", "", "", "Người lập bảng"],
        ],
    );
    let list = read_staff(&bytes, &limits()).expect("sound");
    let read: Vec<_> = list.rows.iter().map(|row| (row.name.as_str(), row.position, row.login.as_deref())).collect();
    assert_eq!(
        read,
        [
            ("Trần Văn Minh", StaffPosition::Principal, Some("minh@truong.vn")),
            ("Lê Thu Hà", StaffPosition::DeputyPrincipal, None),
            ("Nguyễn Thị Hoa", StaffPosition::Teacher, None),
            ("Phan Thị Thảo", StaffPosition::Clerk, None),
        ]
    );
    assert_eq!(list.rows[2].homeroom.as_ref().map(ToString::to_string).as_deref(), Some("9A3"));
    assert_eq!(
        told(&list.warnings),
        ["ignored_column at DS!G3", "ignored_row at DS!D9", "name_in_capitals at DS!D4", "ignored_row at DS!B7",]
    );
}

#[test]
fn each_fault_of_a_staff_list_is_at_its_cell_and_all_are_told_at_once() {
    let bytes = "Họ và tên;Chức vụ;Mã giáo viên;Tên đăng nhập;Chủ nhiệm lớp\n\
        Trần Văn Minh;Hiệu trưởng;GV1;;\n\
        Lê Thu Hà;Hiệu trưởng;GV1;;\n\
        ;Giáo viên;GV3;;\n\
        Nguyễn Văn Ðức;Giáo viên;GV4;;\n\
        Nguyễn Thị Hoa;;GV5;;\n\
        Phan Thị Thảo;Bạn của trường;GV6;;\n\
        Võ Minh Anh;Giáo viên;GV7;võ anh;\n\
        Võ Minh Bảo;Giáo viên;GV8;bao;9A3\n\
        Võ Minh Châu;Giáo viên;GV9;bao;9A3\n\
        Lê An;Giáo viên;;;\n\
        Lê An;Giáo viên;;;\n";
    let findings = read_staff(bytes.as_bytes(), &limits()).expect_err("faults");
    assert_eq!(
        told(&findings),
        [
            "missing_value at CSV!A4",
            "staff_twice at CSV!C3",
            "two_principals at CSV!B3",
            "wrong_letter at CSV!A5",
            "missing_value at CSV!B6",
            "not_a_position at CSV!B7",
            "bad_login at CSV!D8",
            "login_taken at CSV!D10",
            "homeroom_twice at CSV!E10",
            "staff_twice at CSV!A12",
        ]
    );
    assert!(findings.iter().all(Finding::is_error));
    assert!(!format!("{findings:?}").contains("Minh"), "no name in a log");
}

#[test]
fn a_list_without_its_columns_and_another_file_are_told_apart() {
    let no_position = "Họ và tên;Mã giáo viên\nTrần Văn Minh;GV1\n".as_bytes();
    assert_eq!(told(&read_staff(no_position, &limits()).expect_err("a column")), ["missing_column at CSV"]);
    let other = "Món ăn;Giá\nPhở;50000\n".as_bytes();
    let findings = read_staff(other, &limits()).expect_err("another file");
    assert!(findings.iter().any(|f| f.code == Code::MissingHeader), "{findings:?}");
    assert_eq!(told(&read_staff(b"", &limits()).expect_err("nothing")), ["empty_file"]);
    let twice = "Họ và tên;Chức vụ;Vai trò\nTrần Văn Minh;Hiệu trưởng;Hiệu trưởng\n".as_bytes();
    assert_eq!(told(&read_staff(twice, &limits()).expect_err("a column twice")), ["duplicate_column at CSV!C1"]);
}

#[test]
fn a_class_says_its_grade_by_its_name_and_must_not_say_another() {
    let list = read_classes("Lớp;Giáo viên chủ nhiệm\n9A3;Hoa\n10A1;\n".as_bytes(), &limits()).expect("sound");
    let read: Vec<_> = list.rows.iter().map(|r| (r.class.as_str(), r.grade.number(), r.teacher.as_deref())).collect();
    assert_eq!(read, [("9A3", 9, Some("Hoa")), ("10A1", 10, None)]);
    for (text, code) in [
        ("Lớp;Khối\n9A3;8\n", Code::ClassDisagrees),
        ("Lớp;Khối\n9A3;9\n9A3;9\n", Code::ClassTwice),
        ("Lớp;Khối\nHoa Mai;9\n", Code::BadClassField),
        ("Lớp;Khối\nMai;\n", Code::MissingValue),
        ("Lớp;Khối\n9A3;chín\n", Code::BadClassField),
    ] {
        let findings = read_classes(text.as_bytes(), &limits()).expect_err(text);
        assert!(findings.iter().any(|f| f.code == code), "{text}: {findings:?}");
    }
}

const HEADS: &[&str] = &["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Số định danh"];

#[test]
fn pupils_stand_on_a_sheet_called_as_the_class_below_a_line_or_beside_a_column() {
    let one: &[&str] = &["1", "Lê Thị Hoa", "05/03/2012", "Nữ", "079312000123"];
    let by_name = book("9A3", &[HEADS, one]);
    let by_line = book("Sheet1", &[&["Lớp: 9A3"], HEADS, one]);
    let heads: Vec<&str> = HEADS.iter().copied().chain(["Lớp"]).collect();
    let cells: Vec<&str> = one.iter().copied().chain(["9A3"]).collect();
    let by_column = book("Sheet1", &[&heads, &cells]);
    for bytes in [by_name, by_line, by_column] {
        let list = read_pupils(&bytes, &limits()).expect("sound");
        assert_eq!((list.rows.len(), list.rows[0].class.as_str(), list.rows[0].number), (1, "9A3", 1));
        assert_eq!(list.rows[0].identity.name.as_str(), "Lê Thị Hoa");
    }
    let nowhere = read_pupils(&book("Sheet1", &[HEADS, one]), &limits()).expect_err("no class");
    assert_eq!(told(&nowhere), ["missing_value at Sheet1!A1"]);
}

#[test]
fn numbers_that_run_through_all_classes_begin_anew_in_each() {
    let mut text = String::from("STT;Lớp;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n");
    for (n, class) in [(1, "9A1"), (2, "9A1"), (3, "9A2"), (4, "9A2")] {
        text.push_str(&format!("{n};{class};Lê Văn Tám;05/03/2012;Nam;T{n}\n"));
    }
    let list = read_pupils(text.as_bytes(), &limits()).expect("sound");
    let read: Vec<_> = list.rows.iter().map(|r| (r.class.as_str(), r.number)).collect();
    assert_eq!(read, [("9A1", 1), ("9A1", 2), ("9A2", 1), ("9A2", 2)]);
}

#[test]
fn each_fault_of_a_pupil_list_is_at_its_cell() {
    let heads = "STT;Lớp;Họ và tên;Ngày sinh;Giới tính;Số định danh\n";
    for (line, wanted) in [
        ("1;9A1;Lê Văn Tám;31/02/2012;Nam;079312000123", "not_a_date at CSV!D2"),
        ("1;9A1;Lê Văn Tám;05/03/2012;?;079312000123", "not_a_sex at CSV!E2"),
        ("1;9A1;Lê Văn Tám;05/03/2012;Nam;79312000123", "lost_leading_zero at CSV!F2"),
        ("1;9A1;Lê Văn Tám;05/03/2012;Nam;", "no_identifier at CSV!C2"),
        ("1;;Lê Văn Tám;05/03/2012;Nam;079312000123", "missing_value at CSV!B2"),
        ("x;9A1;Lê Văn Tám;05/03/2012;Nam;079312000123", "bad_number at CSV!A2"),
        ("1;9A1;;05/03/2012;Nam;079312000123", "missing_value at CSV!C2"),
    ] {
        let findings = read_pupils(format!("{heads}{line}\n").as_bytes(), &limits()).expect_err(line);
        assert_eq!(told(&findings), [wanted], "{line}");
    }
    let many: String = (1..=3).map(|n| format!("{n};9A1;Lê Văn Tám;05/03/2012;Nam;07931200012{n}\n")).collect();
    let limits = Limits { pupils: 2, ..limits() };
    let findings = read_pupils(format!("{heads}{many}").as_bytes(), &limits).expect_err("too many");
    assert_eq!(told(&findings), ["too_many_pupils at CSV!A1"]);
}

#[test]
fn the_preview_says_what_each_column_is_read_as_and_shows_nobodys_name() {
    let bytes = "STT;Họ và tên;Chức vụ;Điện thoại;Chủ nhiệm lớp\n1;Trần Văn Minh;Hiệu trưởng;0903123456;\n2;Nguyễn Thị Hoa;Giáo viên;;9A3\n";
    let preview = preview_list(ListKind::Staff, bytes.as_bytes(), &limits()).expect("it opens");
    let [sheet] = preview.sheets.as_slice() else { panic!("one sheet") };
    assert_eq!((sheet.headings, sheet.lines), (Some(1), 2));
    let read: Vec<_> = sheet.columns.iter().map(|c| (c.column.as_str(), c.field.as_deref())).collect();
    assert_eq!(
        read,
        [("A", Some("number")), ("B", Some("name")), ("C", Some("position")), ("D", None), ("E", Some("homeroom"))]
    );
    assert_eq!(sheet.columns[4].examples, ["9A3"]);
    let shown = serde_json::to_string(&preview).expect("JSON");
    assert!(!shown.contains("Minh") && !shown.contains("0903123456"), "{shown}");

    let pupils = book("9A3", &[HEADS, &["1", "Lê Thị Hoa", "05/03/2012", "Nữ", "079312000123"]]);
    let preview = preview_list(ListKind::Pupils, &pupils, &limits()).expect("it opens");
    assert_eq!(preview.sheets[0].class.as_deref(), Some("9A3"));
    assert_eq!(preview.sheets[0].columns[4].field.as_deref(), Some("personal"));
    assert!(!serde_json::to_string(&preview).expect("JSON").contains("079312000123"));
}

#[test]
fn columns_that_somebody_names_are_read_as_they_say_on_every_sheet() {
    let bytes = "Thầy cô;Việc;Mã giáo viên\nTrần Văn Minh;Hiệu trưởng;0903\n".as_bytes();
    let refused = read_staff(bytes, &limits()).expect_err("no headings");
    assert!(refused.iter().any(|f| f.code == Code::MissingHeader), "{refused:?}");
    // The row that may be meant is shown all the same, with nobody's name.
    let preview = preview_list(ListKind::Staff, bytes, &limits()).expect("it opens");
    let headings: Vec<&str> = preview.sheets[0].columns.iter().map(|c| c.heading.as_str()).collect();
    assert_eq!((preview.sheets[0].headings, headings), (None, vec!["Thầy cô", "Việc", "Mã giáo viên"]));
    assert!(!serde_json::to_string(&preview).expect("JSON").contains("Minh"));
    let mut mapping = ListMapping::default();
    for (heading, field) in [("Thầy cô", Some("name")), ("Việc ", Some("position")), ("Mã giáo viên", None)] {
        mapping.set(heading, field);
    }
    let list = read_staff_with(bytes, &limits(), &mapping).expect("sound");
    assert_eq!((list.rows[0].name.as_str(), list.rows[0].code.as_ref()), ("Trần Văn Minh", None));
    assert_eq!(told(&list.warnings), [""; 0], "a column that is left out on purpose is no finding");
    let fields: Vec<_> = preview_list_with(ListKind::Staff, bytes, &limits(), &mapping).expect("it opens").sheets[0]
        .columns
        .iter()
        .map(|c| c.field.clone())
        .collect();
    assert_eq!(fields, [Some("name".to_owned()), Some("position".to_owned()), None]);
    // A field of another list says nothing, and each that is offered is taken.
    mapping.set("Thầy cô", Some("levels"));
    assert!(read_staff_with(bytes, &limits(), &mapping).is_err());
    for kind in [ListKind::Staff, ListKind::Classes, ListKind::Pupils, ListKind::Schools] {
        for (code, _) in list_fields(kind) {
            let mut mapping = ListMapping::default();
            mapping.set("X", Some(&code));
            let (key, name) = match kind {
                ListKind::Classes => ("class", "Lớp"),
                ListKind::Schools => ("school_code", "Mã trường"),
                _ => ("name", "Họ và tên"),
            };
            let text = format!("{name};X\na;b\n");
            let preview = preview_list_with(kind, text.as_bytes(), &limits(), &mapping).expect("it opens");
            let taken = preview.sheets[0].columns[1].field.as_deref();
            assert_eq!(taken, (code != key).then_some(code.as_str()), "{code} of {kind:?}");
        }
    }
}

#[test]
fn the_departments_list_says_levels_as_offices_write_them() {
    let text = "Mã trường;Tên trường;Cấp học\n79DEMO001;THCS Trần Phú;THCS\n79DEMO004;TH và THCS Mẫu;TH, THCS\n79DEMO005;Trường Mẫu;\n";
    let list = read_schools(text.as_bytes(), &limits()).expect("sound");
    assert_eq!(list.rows.iter().map(|r| r.levels.len()).collect::<Vec<_>>(), [1, 2, 0]);
    for (text, wanted) in [
        ("Mã trường;Tên trường\n79DEMO001;A\n79DEMO001;B\n", "school_twice at CSV!A3"),
        ("Mã trường;Tên trường;Cấp\n79DEMO001;A;mầm non\n", "not_a_choice at CSV!C2"),
        ("Mã trường;Tên trường\n7!;A\n", "bad_class_field at CSV!A2"),
    ] {
        assert_eq!(told(&read_schools(text.as_bytes(), &limits()).expect_err(text)), [wanted], "{text}");
    }
}

#[test]
fn no_bytes_whatever_make_a_reader_of_lists_panic() {
    let sound = "STT;Lớp;Họ và tên;Chức vụ;Ngày sinh;Giới tính;Số định danh\n1;9A1;Lê Văn Tám;Giáo viên;05/03/2012;Nam;079312000123\n";
    let workbook = book("9A3", &[HEADS, &["1", "Lê Thị Hoa", "05/03/2012", "Nữ", "079312000123"]]);
    let mut dice = 7_u64;
    for base in [sound.as_bytes(), &workbook] {
        for _ in 0..300 {
            let mut bytes = base.to_vec();
            for _ in 0..4 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = usize::try_from(dice >> 33).expect("small") % bytes.len();
                bytes[place] = dice.to_le_bytes()[5];
            }
            let _ = (read_staff(&bytes, &limits()), read_classes(&bytes, &limits()), read_pupils(&bytes, &limits()));
            let _ = (read_schools(&bytes, &limits()), preview_list(ListKind::Pupils, &bytes, &limits()));
        }
    }
}
