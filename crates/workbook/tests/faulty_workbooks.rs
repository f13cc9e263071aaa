//! The sixteen faulty workbooks of `tests/fixtures/workbooks`: what schools send, and every word the teacher reads then.
//!
//! This file is their generator: each is the sound workbook of the sample class with the faults of one kind written in.
//! `UPDATE=1 cargo test -p hocba-workbook --test faulty_workbooks` writes workbooks and findings anew; without it the
//! committed ones are compared. Read the difference of a `.findings.txt` like code: teachers read nothing else.

mod common;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use common::{
    Book, Cells, V, Wide, comma, parts, patched, primary, sample, sound, t, tt58, wide_primary, wide_secondary,
    with_more,
};
use hocba_record::{
    draft::Assessment,
    rules::Policies,
    section::{IdentifierKind, Sex},
};
use hocba_workbook::{CellRef, Finding, Hints, Limits, Mapping, Severity, read_with, template};

/// A workbook by the name of its file, without extension, and what the one who sends it knows beside.
type Fixture = (&'static str, Vec<u8>, Hints);

fn book() -> Book {
    Book::of(&sound(5))
}

/// The name of the pupil with this number.
fn name(book: &mut Book, number: u32) -> String {
    match &book.sheet("Học sinh")[&(number, 1)] {
        V::Text(name) => name.clone(),
        other => panic!("a name, not {other:?}"),
    }
}

/// Writes a pupil's name as `new` on every sheet, as one who copies the list from sheet to sheet does.
fn rename(mut book: Book, number: u32, new: &str) -> Book {
    let old = V::Text(name(&mut book, number));
    for (_, cells) in &mut book.sheets {
        cells.values_mut().filter(|v| **v == old).for_each(|v| *v = t(new));
    }
    book
}

/// Moves a sheet's rows from `first` on (from 0) down.
fn shift(cells: &mut Cells, first: u32, by: u32) {
    let moved: Vec<_> = cells.iter().filter(|((row, _), _)| *row >= first).map(|(at, v)| (*at, v.clone())).collect();
    cells.retain(|(row, _), _| *row < first);
    cells.extend(moved.into_iter().map(|((row, col), v)| ((row + by, col), v)));
}

/// Marks above ten, a forgotten comma, two decimals, a mark that became a date, one written as a word.
fn marks() -> Vec<u8> {
    book()
        .set("Toán", "C9", t("10,5"))
        .set("Toán", "H10", V::Number(85.0))
        .set("Toán", "D11", t("8,55"))
        .set("Toán", "G12", V::Date(46_150.0))
        .set("Ngữ văn", "C13", t("tám"))
        .set("Ngữ văn", "D13", t("vắng"))
        .bytes()
}

/// The Icelandic Ð in names and for “Đạt”, Cyrillic letters, letters and marks stored apart, blanks from a web page.
fn look_alikes() -> Vec<u8> {
    let book = rename(rename(book(), 2, "Ðặng Văn Ðức"), 3, "Nguyễn Thị Аnh");
    let book = rename(rename(book, 4, "Le\u{302} Thi\u{323} Hoa"), 5, "Trần\u{a0}Văn\u{3000}Nam");
    book.set("Rèn luyện", "C2", t("Ð")).set("Học sinh", "G2", t("Phú\u{200b} Thọ")).bytes()
}

/// A final mark without its average, one regular mark of four, a term without conduct, a pupil without birth date.
fn missing_marks() -> Vec<u8> {
    let book = book().clear("Ngữ văn", "H11").clear("Ngữ văn", "I11").clear("Ngữ văn", "Q11");
    let book = ["D9", "E9", "F9"].iter().fold(book, |book, at| book.clear("Toán", at));
    book.clear("Rèn luyện", "D3").clear("Rèn luyện", "E3").clear("Học sinh", "C5").clear("Rèn luyện", "H4").bytes()
}

/// A banner above the table and headings joined over two rows are no fault; cells joined over two pupils and a sheet
/// whose headings were lost are.
fn merged_and_shifted() -> Vec<u8> {
    let mut book = book();
    shift(book.sheet("Toán"), 0, 3);
    book = book.set("Toán", "A1", t("TRƯỜNG THCS TRẦN PHÚ (DEMO)")).set("Toán", "A2", t("Năm học 2026-2027"));
    book.merged.push(("Toán".into(), (0, 0), (0, 7)));
    // The remark of two pupils, typed once.
    book.merged.push(("Toán".into(), (11, 19), (12, 19)));
    // STT and Họ và tên moved up beside “Học kỳ I” and joined with the cell below.
    for (col, heading) in [("A", "STT"), ("B", "Họ và tên")] {
        book = book.clear("Ngữ văn", &format!("{col}8")).set("Ngữ văn", &format!("{col}7"), t(heading));
    }
    book.merged.push(("Ngữ văn".into(), (6, 0), (7, 0)));
    book.merged.push(("Ngữ văn".into(), (6, 1), (7, 1)));
    book.merged.push(("Ngữ văn".into(), (10, 8), (11, 8)));
    book.sheet("Tin học").retain(|(row, _), _| *row != 7);
    book.bytes()
}

/// One number for two pupils of the list, one pupil on two rows of every sheet, and rows of a subject sorted apart.
fn duplicates() -> Vec<u8> {
    let mut book = book();
    let (first, second) = (name(&mut book, 1), name(&mut book, 2));
    for (sheet, cells) in &mut book.sheets {
        // The first pupil's row: the second of a list, the ninth of a subject.
        let row = match &**sheet {
            "Hướng dẫn" | "Lớp" => continue,
            "Học sinh" | "Rèn luyện" | "Kết quả" => 1,
            _ => 8,
        };
        let copy: Vec<_> = cells.range((row, 0)..(row + 1, 0)).map(|((_, col), v)| (*col, v.clone())).collect();
        cells.extend(copy.into_iter().map(|(col, v)| ((row + 5, col), if col == 0 { V::Number(6.0) } else { v })));
    }
    book.set("Học sinh", "A5", V::Number(3.0)).set("Toán", "B9", t(&second)).set("Toán", "B10", t(&first)).bytes()
}

/// The month first, a day that does not exist, two digits of the year, a date's bare number, words.
fn dates() -> Vec<u8> {
    book()
        .set("Học sinh", "C2", t("05/25/2012"))
        .set("Học sinh", "C3", t("31/02/2012"))
        .set("Học sinh", "C4", t("5/3/12"))
        .set("Học sinh", "C5", V::Number(40_973.0))
        .set("Học sinh", "C6", t("không rõ"))
        .set("Toán", "B4", t("cuối tháng 5"))
        .bytes()
}

/// A sheet of a subject that the programme does not have, one copied from another, columns under other names.
fn subjects_and_columns() -> Vec<u8> {
    let mut book = book();
    let copy = book.sheet("Toán").clone();
    book.sheets.insert(5, ("Thiên văn".into(), copy));
    book.set("Thiên văn", "B1", t("thien_van"))
        .set("Thiên văn", "B2", t("Thiên văn"))
        .set("Tin học", "B1", t("cong_nghe"))
        .set("Học sinh", "C1", t("Sinh ngày"))
        .set("Toán", "G8", t("Kiểm tra giữa kỳ"))
        .set("Rèn luyện", "G1", t("Phép"))
        .bytes()
}

/// Averages that are not those of the marks, formulas never calculated or broken, conduct misspelt.
fn averages_and_formulas() -> Vec<u8> {
    let wrong = |mark: &V| match mark {
        V::Number(n) if *n < 9.0 => V::Number(((n + 0.7) * 10.0).round() / 10.0),
        V::Number(n) => V::Number(((n - 0.7) * 10.0).round() / 10.0),
        other => panic!("a mark, not {other:?}"),
    };
    let mut book = book();
    let (term, year) = (wrong(&book.sheet("Toán")[&(9, 8)]), wrong(&book.sheet("Ngữ văn")[&(10, 16)]));
    let bytes = book
        .set("Toán", "I10", term)
        .set("Ngữ văn", "Q11", year)
        .set("Toán", "I9", V::Formula("=ROUND(AVERAGE(C9:H9),1)", "8"))
        .set("Toán", "P12", V::Formula("=AVERAGE(J12:O12)", "8.0416"))
        .set("Toán", "P13", V::Formula("=AVERAGE(DIEM)", "#NAME?"))
        .set("Rèn luyện", "C2", t("Tôt"))
        .set("Rèn luyện", "D4", t("Giỏi"))
        .bytes();
    // Written by a program that does not calculate: the formula is there, its value is not.
    patched(&bytes, "xl/worksheets/sheet4.xml", |xml| {
        assert!(xml.contains("AVERAGE(C9:H9),1)</f><v>8</v>"), "Toán is the fourth sheet");
        xml.replace("AVERAGE(C9:H9),1)</f><v>8</v>", "AVERAGE(C9:H9),1)</f>")
    })
}

/// The cell at a row counted from the first pupil and a column, as `Book::set` names cells.
fn at(wide: &Wide, pupil: u32, col: u32) -> String {
    CellRef { row: wide.first() + pupil, col }.to_string()
}

/// One sheet for the class, as a school's program exports it: a banner, joined headings over two rows, names in capitals,
/// decimal commas, a blank row, notes and a signature; a mark above ten, conduct in the words of an older circular.
fn class_on_one_sheet() -> (Vec<u8>, Hints) {
    let (header, drafts) = sample(5);
    let (mut wide, _) = wide_secondary(&header, &drafts, true);
    wide.rows.insert(3, vec![]);
    let conduct = u32::try_from(wide.rows[0].len()).expect("few") - 7;
    let book = wide.book("Tổng hợp 9A3").set("Tổng hợp 9A3", &at(&wide, 0, 5), t("10,5"));
    let book = book.set("Tổng hợp 9A3", &at(&wide, 1, conduct), t("Trung bình"));
    (book.set("Tổng hợp 9A3", &at(&wide, 2, 6), t("8.25")).bytes(), Hints::of(&header))
}

/// Primary school on one sheet: levels of another circular, a test above ten, a level with a half.
fn primary_on_one_sheet() -> (Vec<u8>, Hints) {
    let (header, drafts) = primary(5);
    let wide = wide_primary(&header, &drafts);
    let last = u32::try_from(wide.rows[0].len()).expect("few");
    let book = wide.book("Lớp 4A1").set("Lớp 4A1", &at(&wide, 0, 5), t("K")).set("Lớp 4A1", &at(&wide, 1, 6), t("11"));
    let book =
        book.set("Lớp 4A1", &at(&wide, 2, last - 10), t("H")).set("Lớp 4A1", &at(&wide, 3, last - 4), t("Xuất xắc"));
    (book.set("Lớp 4A1", &at(&wide, 4, 2), t("12/13/2016")).bytes(), Hints::of(&header))
}

/// Primary school with a sheet for each subject: a level that is a mark, a column lost, a pupil without qualities.
fn primary_by_subject() -> (Vec<u8>, Hints) {
    let (header, drafts) = primary(4);
    let bytes = template(Some(&header), &[], &drafts).expect("the layout holds it");
    let mut book = Book::of(&bytes).set("Toán", "C9", V::Number(9.0)).set("Đạo đức", "C10", t("Đ"));
    book.sheet("Khoa học").remove(&(7, 2));
    (book.set("Phẩm chất, năng lực", "C4", t("Khá")).clear("Tiếng Việt", "C11").bytes(), Hints::default())
}

/// A year of TT 58/2011: conduct and ranking in the words of TT 22, an average above ten.
fn older_year() -> (Vec<u8>, Hints) {
    let (header, drafts) = tt58(4);
    let bytes = template(Some(&header), &[], &drafts).expect("the layout holds it");
    let book = Book::of(&bytes).set("Hạnh kiểm", "C2", t("Đạt")).set("Kết quả", "D3", t("Xuất sắc"));
    (book.set("Kết quả", "C4", t("10,1")).set("Vật lí", "F9", t("7,75")).bytes(), Hints::default())
}

/// No sheet `Lớp`: a banner says the class, and on one sheet another; nobody says the school's code.
fn only_a_banner() -> (Vec<u8>, Hints) {
    let mut book = book().without("Lớp");
    for (sheet, rows) in [("Học sinh", 3), ("Toán", 2)] {
        shift(book.sheet(sheet), 0, rows);
    }
    let book = book.set("Học sinh", "A1", t("TRƯỜNG THCS TRẦN PHÚ (DEMO)")).set("Toán", "A1", t("Lớp: 9A4"));
    let book = book.set("Học sinh", "A2", t("DANH SÁCH LỚP 9A3 – Năm học: 2026 – 2027"));
    (book.set("Toán", "C11", t("-1")).bytes(), Hints::default())
}

/// The class of another school, sent for the one that was chosen.
fn another_school() -> (Vec<u8>, Hints) {
    let (header, _) = sample(5);
    let hints = Hints { school: "79DEMO777".parse().ok(), class: "9A1".parse().ok(), ..Hints::of(&header) };
    (book().set("Lớp", "B5", t("2025-2026")).bytes(), hints)
}

/// What few pupils have: a day that does not exist, a contest without a prize, a level of contest nobody knows, a
/// register nobody knows.
fn what_few_have() -> (Vec<u8>, Hints) {
    let (header, drafts) = sample(3);
    let bytes = template(Some(&header), &[], &with_more(drafts)).expect("the layout holds it");
    let mut book = Book::of(&bytes);
    let find = |book: &mut Book, sheet: &str, heading: &str| {
        let cells = book.sheet(sheet);
        let at = cells.iter().find(|(_, v)| **v == t(heading)).unwrap_or_else(|| panic!("{heading}")).0;
        CellRef { row: at.0 + 1, col: at.1.into() }.to_string()
    };
    for (heading, value) in [("Ngày chuyển đến", "12/13/2026"), ("Cấp cuộc thi 1", "Khu vực"), ("Học lại lớp", "rồi")]
    {
        let cell = find(&mut book, "Bổ sung", heading);
        book = book.set("Bổ sung", &cell, t(value));
    }
    let name = find(&mut book, "Bổ sung", "Chứng chỉ 2");
    book = book.clear("Bổ sung", &name);
    let grade = find(&mut book, "Bổ sung", "Xếp loại chứng chỉ 2");
    (book.set("Bổ sung", &grade, t("Khá")).bytes(), Hints::default())
}

/// A summary with one column for each subject and one row of headings, of an upper secondary class: birth dates without
/// their format, one pupil twice, a number twice, a mark of 10.5, columns nobody knows.
fn one_average_each() -> (Vec<u8>, Hints) {
    let (header, drafts) = hocba_sample::class(2026, &hocba_sample::Options::upper_secondary().with_pupils(4));
    let mut headings: Vec<String> =
        ["TT", "Họ tên học sinh", "Ngày sinh", "Giới tính", "Mã học sinh"].map(Into::into).into();
    let subjects: Vec<_> = drafts[0].subjects.iter().collect();
    headings.extend(subjects.iter().map(|s| s.name.to_string()));
    headings.extend(
        ["Học tập HK1", "Rèn luyện HK1", "Rèn luyện HK2", "Nghỉ có phép", "Nghỉ không phép", "Xếp hạng"]
            .map(Into::into),
    );
    let groups = headings.into_iter().map(|h| (h, Vec::new())).collect();
    let mut rows: Vec<Vec<V>> = Vec::new();
    for (n, draft) in (1_u32..).zip(&drafts) {
        let code = draft.identity.identifiers.iter().find(|i| i.kind == IdentifierKind::School).expect("one");
        let sex = if draft.identity.sex == Sex::Male { "Nam" } else { "Nữ" };
        let mut row = vec![
            V::Number(n.into()),
            V::Text(draft.identity.name.to_string()),
            V::Number(f64::from(39_800 + 17 * n)),
            t(sex),
            t(code.value.as_str()),
        ];
        row.extend(subjects.iter().map(|subject| {
            match draft.subjects.iter().find(|s| s.code == subject.code).map(|s| &s.assessment) {
                Some(Assessment::Score { year, .. }) => comma(*year),
                Some(Assessment::Comment { .. }) => t("Đ"),
                _ => t(""),
            }
        }));
        row.extend([t("K"), t("T"), t("T"), V::Number(1.0), V::Number(0.0), V::Number(n.into())]);
        rows.push(row);
    }
    let mut again = rows[1].clone();
    again[0] = V::Number(5.0);
    rows.push(again);
    rows[3][0] = V::Number(3.0);
    rows[0][5] = V::Number(10.5);
    let title = vec!["SỞ GIÁO DỤC VÀ ĐÀO TẠO", "BẢNG ĐIỂM CẢ NĂM"];
    let wide = Wide { title, groups, rows, notes: vec![(2, 1, "Người lập bảng")] };
    let mut book = wide.book("Sheet1");
    // One row of headings: nothing is joined downwards.
    book.merged.clear();
    let first = wide.first();
    let cells = book.sheet("Sheet1");
    let moved: Vec<_> = cells.iter().filter(|((row, _), _)| *row >= first).map(|(at, v)| (*at, v.clone())).collect();
    cells.retain(|(row, _), _| *row < first);
    cells.extend(moved.into_iter().map(|((row, col), v)| ((row - 1, col), v)));
    (book.bytes(), Hints::of(&header))
}

fn fixtures() -> [Fixture; 16] {
    let alone = |name, bytes| (name, bytes, Hints::default());
    let with = |name, (bytes, hints)| (name, bytes, hints);
    [
        alone("1-diem-ngoai-thang", marks()),
        alone("2-chu-gan-giong", look_alikes()),
        alone("3-thieu-diem", missing_marks()),
        alone("4-o-gop-tieu-de-lech", merged_and_shifted()),
        alone("5-trung-so-trung-hoc-sinh", duplicates()),
        alone("6-ngay-thang", dates()),
        alone("7-mon-la-cot-doi-ten", subjects_and_columns()),
        alone("8-diem-trung-binh-cong-thuc", averages_and_formulas()),
        with("9-bang-tong-hop-ca-lop", class_on_one_sheet()),
        with("10-tieu-hoc-mot-trang", primary_on_one_sheet()),
        with("11-tieu-hoc-tung-mon", primary_by_subject()),
        with("12-thong-tu-58", older_year()),
        with("13-khong-co-trang-lop", only_a_banner()),
        with("14-lop-cua-truong-khac", another_school()),
        with("15-chuyen-truong-chung-chi", what_few_have()),
        with("16-moi-mon-mot-cot", one_average_each()),
    ]
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/workbooks")
}

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// All that is found, as `hocba` says it: the faults of form, and what the record's checks say.
fn findings(bytes: &[u8], hints: &Hints) -> (bool, Vec<Finding>) {
    match read_with(bytes, &Limits::default(), hints, &Mapping::default()) {
        Ok(sheet) => {
            let checks = sheet.check(&Policies::default()).into_iter().map(|(_, finding)| finding);
            (true, sheet.warnings.iter().cloned().chain(checks).collect())
        }
        Err(findings) => (false, findings),
    }
}

fn story(name: &str, bytes: &[u8], hints: &Hints) -> String {
    let (read, findings) = findings(bytes, hints);
    let mut text = format!(
        "{name}.xlsx: {}, {} errors, {} warnings\n",
        if read { "read" } else { "refused" },
        findings.iter().filter(|f| f.is_error()).count(),
        findings.iter().filter(|f| !f.is_error()).count(),
    );
    for f in &findings {
        let severity = if f.severity == Severity::Error { "error" } else { "warning" };
        let cell = f.cell.map(|cell| format!("!{cell}")).unwrap_or_default();
        write!(text, "\n{severity} {} at {}{cell}\n", f.code, f.sheet).expect("a string takes all");
        if let Some(value) = f.value.as_ref().filter(|value| !value.is_empty()) {
            writeln!(text, "  value     {}", value.escape_debug()).expect("a string takes all");
        }
        for (what, words) in [("expected", &f.expected), ("mend", &f.how_to_mend)] {
            writeln!(text, "  {what:<9} vi {}\n            en {}", words.vi, words.en).expect("a string takes all");
        }
    }
    text
}

/// The parts, unpacked: compression may differ from one version of its library to the next, what is in them may not.
fn unpacked(bytes: &[u8]) -> Vec<(String, String)> {
    let mut parts: Vec<_> =
        parts(bytes).into_iter().map(|(name, part)| (name, String::from_utf8_lossy(&part).into_owned())).collect();
    parts.sort();
    parts
}

#[test]
fn the_committed_workbooks_are_what_the_generator_writes() {
    for (name, bytes, _) in fixtures() {
        let path = folder().join(name).with_extension("xlsx");
        let committed = fs::read(&path).unwrap_or_default();
        if !committed.is_empty() && unpacked(&committed) == unpacked(&bytes) {
            continue;
        }
        assert!(updating(), "{} is not what the generator writes; UPDATE=1 writes it anew", path.display());
        fs::create_dir_all(folder()).expect("the folder");
        fs::write(&path, &bytes).expect("the workbook");
    }
}

#[test]
fn each_faulty_workbook_is_told_in_these_words() {
    for (name, bytes, hints) in fixtures() {
        let path = folder().join(name).with_extension("findings.txt");
        let told = story(name, &bytes, &hints);
        if updating() {
            fs::create_dir_all(folder()).expect("the folder");
            fs::write(&path, &told).expect("the findings");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(told, expected, "{}: UPDATE=1 writes it anew", path.display());
    }
}

#[test]
fn each_faulty_workbook_has_an_error_at_a_cell_and_words_in_both_languages() {
    for (name, bytes, hints) in fixtures() {
        let (_, findings) = findings(&bytes, &hints);
        assert!(findings.iter().any(|f| f.is_error() && f.cell.is_some()), "{name}");
        for f in &findings {
            for words in [&f.expected, &f.how_to_mend] {
                assert!(!words.vi.is_empty() && !words.en.is_empty(), "{name}: {f}");
            }
        }
    }
}

#[test]
fn nothing_else_lies_in_the_folder_of_the_fixtures() {
    let mut found: Vec<String> = fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    let mut expected: Vec<String> =
        fixtures().iter().flat_map(|(name, ..)| [format!("{name}.xlsx"), format!("{name}.findings.txt")]).collect();
    expected.push("README.md".into());
    expected.sort();
    assert_eq!(found, expected);
}
