//! Each fault a teacher makes, found at its cell and called by its name.
//!
//! The layout of a three-pupil workbook: pupils in rows 2 to 4 of `Học sinh` and `Rèn luyện`, 9 to 11 of a subject; a
//! scored subject has TX1 in C, GK in G, CK in H, ĐTB in I of the first term, K to Q the second and the year.

mod common;

use common::{Book, V, patched, sample, sound, t};
use hocba_record::{
    rules::Policies,
    types::{Mark, UnixTime},
};
use hocba_workbook::{Code, Finding, Limits, Severity, read, read_csv, read_xlsx};

fn book() -> Book {
    Book::of(&sound(3))
}

#[test]
fn a_workbook_saved_by_another_program_is_as_sound_as_the_template() {
    let sheet = book().read().expect("no fault");
    let (header, drafts) = sample(3);
    assert_eq!((sheet.header.clone(), sheet.drafts()), (header, drafts));
}

#[test]
fn the_three_faults_of_the_demo_are_told_at_once() {
    let (_, drafts) = sample(3);
    let wrong = drafts[1].identity.name.as_str().replacen('Đ', "Ð", 1);
    let wrong = if wrong.contains('Ð') { wrong } else { format!("Ð{wrong}") };
    let findings = book()
        .set("Toán", "C9", t("10,5"))
        .set("Học sinh", "B3", V::Text(wrong))
        .clear("Ngữ văn", "H11")
        .clear("Ngữ văn", "I11")
        .read()
        .expect_err("three faults");
    let errors: Vec<_> = findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect();
    // The wrong name is also not the one of the other sheets once its letter is mended, since the test put one in front.
    let errors: Vec<_> = errors.iter().map(String::as_str).filter(|e| !e.starts_with("pupil_mismatch")).collect();
    assert_eq!(errors, ["mark_out_of_range at Toán!C9", "wrong_letter at Học sinh!B3", "mark.missing at Ngữ văn!H11"]);
    let mark = findings.iter().find(|f| f.code == Code::MarkOutOfRange).expect("found");
    assert_eq!(mark.value.as_deref(), Some("10,5"));
    assert!(mark.how_to_mend.vi.contains("Điểm cao nhất là 10"));
    assert!(mark.how_to_mend.en.contains("The highest mark is 10"));
}

#[test]
fn each_wrong_value_has_its_code_and_cell() {
    let cases: Vec<(&str, &str, V, &str)> = vec![
        ("Toán", "C9", V::Number(10.5), "mark_out_of_range"),
        ("Toán", "C9", V::Number(-1.0), "mark_out_of_range"),
        ("Toán", "I9", t("8,55"), "mark_too_precise"),
        ("Toán", "I9", V::Number(8.333_333), "mark_too_precise"),
        ("Toán", "D10", t("tám"), "not_a_mark"),
        ("Toán", "D10", V::Date(46_150.0), "mark_became_date"),
        ("Toán", "D10", V::Formula("=1/0", "#DIV/0!"), "error_value"),
        ("Toán", "D10", V::Formula("=Sheet9!A1", "#REF!"), "error_value"),
        ("Nghệ thuật", "C9", V::Number(8.0), "not_an_achievement"),
        ("Nghệ thuật", "C9", t("K"), "not_an_achievement"),
        ("Nghệ thuật", "C9", t("x"), "not_an_achievement"),
        ("Rèn luyện", "C2", t("G"), "not_a_rating"),
        ("Rèn luyện", "G2", t("hai"), "not_a_count"),
        ("Rèn luyện", "G2", V::Number(2.5), "not_a_count"),
        ("Rèn luyện", "G2", V::Number(-1.0), "not_a_count"),
        ("Kết quả", "F2", t("có"), "not_a_promotion"),
        ("Học sinh", "C2", t("05/25/2012"), "not_a_date"),
        ("Học sinh", "C2", t("31/02/2012"), "not_a_date"),
        ("Học sinh", "D2", t("M"), "not_a_sex"),
        ("Học sinh", "F2", t("Atlantis"), "unknown_country"),
        ("Học sinh", "H2", t("79204012345"), "lost_leading_zero"),
        ("Học sinh", "H2", V::Number(79_204_012_345.0), "lost_leading_zero"),
        ("Học sinh", "H2", t("07920401234X"), "bad_identifier"),
        ("Học sinh", "I2", t("123"), "bad_identifier"),
        ("Học sinh", "G2", t("Ðồng Nai"), "wrong_letter"),
        ("Học sinh", "G2", V::Date(41_000.0), "not_text"),
        ("Toán", "T9", t("Tốt\u{202e}tốt"), "odd_character"),
        ("Toán", "B3", t("Nguyễn Ð"), "wrong_letter"),
        ("Toán", "B4", t("hôm qua"), "not_a_date"),
        ("Toán", "S9", t("Khuyết tật"), "exempt_with_marks"),
        ("Toán", "A9", t("một"), "bad_number"),
        ("Toán", "A9", V::Number(77.0), "unknown_pupil"),
        ("Toán", "A9", V::Number(2.0), "pupil_mismatch"),
        ("Lớp", "B6", V::Number(13.0), "bad_class_field"),
        ("Lớp", "B5", t("2026"), "bad_class_field"),
        ("Lớp", "B1", t("mã 1"), "bad_class_field"),
        ("Lớp", "B7", t("9 A 3"), "bad_class_field"),
        ("Toán", "B1", t("thien_van"), "unknown_subject"),
        ("Toán", "B1", t("ngu_van"), "subject_conflict"),
    ];
    for (sheet, at, value, code) in cases {
        // Named where it is mended: the name that does not fit, the mark that should not be there.
        let at_cell = match code {
            "pupil_mismatch" => "B9",
            "exempt_with_marks" => "C9",
            _ => at,
        };
        let errors = book().set(sheet, at, value.clone()).errors();
        let expected = format!("{code} at {sheet}!{at_cell}");
        assert!(errors.contains(&expected), "{sheet}!{at} = {value:?}: {expected} not in {errors:?}");
    }
}

#[test]
fn values_written_in_other_ways_are_the_same_values() {
    let (_, drafts) = sample(3);
    let name = drafts[0].identity.name.to_string();
    let spaced = name.replace(' ', "\u{a0} ");
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(&*name).collect();
    let same = [
        book().set("Toán", "B9", V::Text(format!("  {spaced} "))),
        book().set("Học sinh", "B2", V::Text(spaced)),
        book().set("Toán", "B9", V::Text(decomposed.clone())),
        book().set("Toán", "A9", t("1")),
        book().set("Toán", "A9", t(" 01 ")),
        book().set("Lớp", "B5", t("2026 – 2027")),
        book().set("Lớp", "B6", V::Number(9.0)),
        book().set("Lớp", "B1", t("79demo001")),
        book().set("Rèn luyện", "G2", V::Text(drafts[0].attendance.with_leave.to_string())),
        book().set("Học sinh", "F2", t("VN")),
        book().set("Nghệ thuật", "C9", t("đạt")),
        book().set("Nghệ thuật", "C9", t("d")),
    ];
    for book in same {
        assert_eq!(book.read().expect("no fault").drafts(), drafts);
    }
    // Joined again, and said.
    let book = book().set("Học sinh", "B2", V::Text(decomposed));
    assert_eq!(book.read().expect("no fault").drafts(), drafts);
    assert_eq!(book.warnings(), ["decomposed_text at Học sinh!B2"]);
}

#[test]
fn dates_of_the_spreadsheet_are_dates() {
    // 40973 is 05/03/2012 in the calendar of 1900.
    let sheet = book().set("Học sinh", "C2", V::Date(40_973.0)).read().expect("no fault");
    assert_eq!(sheet.rows[0].draft.identity.birth_date.to_string(), "2012-03-05");
    let sheet = book().set("Học sinh", "C2", V::Number(2012.0)).read().expect("no fault");
    assert_eq!(sheet.rows[0].draft.identity.birth_date.to_string(), "2012");
    // Lock time 25/05/2027 17:30 in Vietnam.
    let sheet = book().set("Toán", "B4", V::Date(46_532.0 + 17.5 / 24.0)).read().expect("no fault");
    assert_eq!(sheet.rows[0].draft.subjects[0].locked_at.map(UnixTime::seconds), Some(1_811_241_000));
}

#[test]
fn a_formula_counts_by_the_value_that_was_stored() {
    let sheet = book().set("Toán", "I9", V::Formula("=ROUND(8.04,1)", "8")).read().expect("no fault");
    let draft = &sheet.rows[0].draft.subjects[0];
    assert!(matches!(&draft.assessment, hocba_record::draft::Assessment::Score { term1, .. }
        if term1.average == Mark::from_tenths(80).ok()));

    let bytes = book().set("Toán", "I9", V::Formula("=ROUND(8.04,1)", "8")).bytes();
    let unsaved = patched(&bytes, "xl/worksheets/sheet4.xml", |xml| xml.replace("</f><v>8</v>", "</f>"));
    let findings = read(&unsaved, &Limits::default()).expect_err("no value");
    assert_eq!(findings[0].to_string(), "formula_without_value at Toán!I9");

    let findings = book().set("Toán", "I9", V::Formula("=AVERAGE(C9:H9)", "8.0416")).read().expect_err("not rounded");
    assert!(findings[0].how_to_mend.vi.contains("ROUND"), "{}", findings[0].how_to_mend.vi);
}

#[test]
fn exemption_is_by_reason_or_by_word() {
    let cleared = || {
        let mut book = book();
        book.sheet("Giáo dục thể chất").retain(|(row, col), _| *row != 8 || *col < 2);
        book
    };
    let assessment = |book: Book| {
        let sheet = book.read().expect("no fault");
        let subject =
            sheet.rows[0].draft.subjects.iter().find(|s| s.code.as_str() == "giao_duc_the_chat").expect("there");
        format!("{:?}", subject.assessment)
    };
    assert_eq!(assessment(cleared().set("Giáo dục thể chất", "C9", t("Miễn"))), r#"Exempt(Text("Miễn học"))"#);
    let with_reason = cleared().set("Giáo dục thể chất", "C9", t("miễn")).set("Giáo dục thể chất", "G9", t("Bệnh tim"));
    assert_eq!(assessment(with_reason), r#"Exempt(Text("Bệnh tim"))"#);
    assert_eq!(assessment(cleared().set("Giáo dục thể chất", "G9", t("Không đánh giá"))), "NotAssessed");
}

#[test]
fn rows_sorted_apart_never_give_a_mark_to_another_pupil() {
    let mut book = book();
    let (first, second) = (book.sheet("Toán")[&(8, 1)].clone(), book.sheet("Toán")[&(9, 1)].clone());
    book = book.set("Toán", "B9", second).set("Toán", "B10", first);
    let errors = book.errors();
    assert_eq!(&errors[..2], ["pupil_mismatch at Toán!B9", "pupil_mismatch at Toán!B10"]);
}

#[test]
fn sheets_and_columns_that_are_missing_or_twice_are_told() {
    assert_eq!(book().without("Lớp").errors(), ["missing_sheet"]);
    assert_eq!(book().without("Học sinh").errors(), ["missing_sheet"]);
    assert_eq!(book().without("Rèn luyện").errors()[..1], ["missing_sheet"]);
    assert_eq!(book().clear("Học sinh", "C1").errors()[0], "missing_column at Học sinh");
    assert_eq!(book().clear("Rèn luyện", "D1").errors()[0], "missing_column at Rèn luyện");
    assert_eq!(book().clear("Toán", "B8").errors()[0], "missing_header at Toán");
    assert!(book().set("Toán", "D8", t("TX1")).errors().contains(&"duplicate_column at Toán!D8".to_owned()));
    assert!(book().set("Lớp", "A2", t("Mã trường")).errors().contains(&"duplicate_column at Lớp!A2".to_owned()));
    // The whole subject left out is for the record's checks, for every pupil.
    let sheet = book().without("Toán").read().expect("the form is sound");
    let missing: Vec<_> = sheet.check(&Policies::default()).into_iter().map(|(i, f)| (i, f.to_string())).collect();
    assert_eq!(missing.len(), 3);
    assert_eq!(missing[1], (1, "subject.missing at Học sinh!B3".into()));
    let twice = {
        let mut book = book();
        let copy = book.sheet("Toán").clone();
        book.sheets.push(("Toán (2)".into(), copy));
        book
    };
    assert!(twice.errors().contains(&"duplicate_sheet at Toán (2)".to_owned()));
}

#[test]
fn hidden_traps_are_seen() {
    let mut hidden = book();
    hidden.hidden.push("Toán".into());
    assert_eq!(hidden.errors(), ["hidden_sheet at Toán"]);

    let mut merged = book();
    merged.merged.push(("Toán".into(), (8, 2), (9, 2)));
    assert!(merged.errors().contains(&"merged_cells at Toán!C9".to_owned()));

    let mut gap = book();
    let rows: Vec<_> =
        gap.sheet("Toán").iter().filter(|((row, _), _)| *row >= 9).map(|(at, v)| (*at, v.clone())).collect();
    gap.sheet("Toán").retain(|(row, _), _| *row < 9);
    gap.sheet("Toán").extend(rows.into_iter().map(|((row, col), v)| ((row + 3, col), v)));
    let (_, drafts) = sample(3);
    assert_eq!(gap.read().expect("blank rows between are no fault").drafts(), drafts);

    let note = book().set("Toán", "J14", t("TP.HCM, ngày 25 tháng 5")).set("Toán", "A15", t("Người lập bảng"));
    assert_eq!(note.warnings(), ["ignored_row at Toán!J14", "ignored_row at Toán!A15"]);
    assert!(book().set("Toán", "C14", V::Number(8.0)).errors().contains(&"row_without_number at Toán!C14".to_owned()));
    assert_eq!(
        book().set("Toán", "AA9", t("ghi chú")).set("Toán", "AA8", t("Ghi chú")).warnings(),
        ["ignored_column at Toán!AA8"]
    );

    let twice = book().set("Học sinh", "A3", V::Number(1.0));
    assert!(twice.errors().contains(&"duplicate_number at Học sinh!A3".to_owned()));
    assert!(book().clear("Toán", "B9").errors().contains(&"missing_name at Toán!B9".to_owned()));
    assert_eq!(book().clear("Học sinh", "C2").errors()[..1], ["missing_value at Học sinh!C2"]);

    let mut absent = book();
    absent.sheet("Rèn luyện").retain(|(row, _), _| *row != 2);
    assert!(absent.errors().contains(&"pupil_missing at Rèn luyện".to_owned()));
    assert_eq!(book().clear("Rèn luyện", "G2").clear("Rèn luyện", "G3").warnings(), ["blank_is_zero at Rèn luyện!G2"]);
}

/// As many schools lay it out: STT and Họ và tên over two rows, beside “Học kỳ I” over TX1, TX2 …
#[test]
fn headings_over_two_rows_are_read() {
    let (_, drafts) = sample(3);
    let two_rows = || {
        let book = book().clear("Toán", "A8").clear("Toán", "B8").clear("Toán", "Q8");
        book.set("Toán", "A7", t("STT")).set("Toán", "B7", t("Họ và tên")).set("Toán", "Q7", t("Cả năm"))
    };
    let mut joined = two_rows();
    joined.merged.extend([("Toán".into(), (6, 0), (7, 0)), ("Toán".into(), (6, 1), (7, 1))]);
    assert_eq!(joined.read().expect("no fault").drafts(), drafts);
    assert_eq!(two_rows().set("Toán", "C9", t("10,5")).errors(), ["mark_out_of_range at Toán!C9"]);
    // A first pupil's row of words is no row of headings.
    assert_eq!(book().set("Toán", "C9", t("TX1")).set("Toán", "D9", t("TX2")).errors()[0], "not_a_mark at Toán!C9");
}

#[test]
fn one_wrong_cell_is_told_once_and_not_by_its_consequences() {
    let (_, drafts) = sample(3);
    // The average and the count of marks are those of the row whose mark cannot be read.
    let bad_mark = book().set("Toán", "C9", t("8,55")).read().expect_err("too precise");
    assert_eq!(bad_mark.iter().map(ToString::to_string).collect::<Vec<_>>(), ["mark_too_precise at Toán!C9"]);
    // A number given twice in the list, and right on the fourteen other sheets.
    assert_eq!(book().set("Học sinh", "A3", V::Number(1.0)).errors(), ["duplicate_number at Học sinh!A3"]);
    // Rows sorted apart: both pupils do have a row there.
    let swapped = [("B9", drafts[1].clone()), ("B10", drafts[0].clone())]
        .into_iter()
        .fold(book(), |book, (at, draft)| book.set("Toán", at, t(draft.identity.name.as_str())));
    assert_eq!(swapped.errors(), ["pupil_mismatch at Toán!B9", "pupil_mismatch at Toán!B10"]);
    // A sheet that was not read: its subject is there.
    assert_eq!(book().clear("Toán", "B8").errors(), ["missing_header at Toán"]);
    // A sheet with another's code is not to be deleted as the second of that subject.
    assert_eq!(book().set("Tin học", "B1", t("cong_nghe")).errors()[0], "subject_conflict at Tin học!B1");
    let errors = book().set("Tin học", "B1", t("cong_nghe")).errors();
    assert!(!errors.iter().any(|e| e.starts_with("duplicate_sheet")), "{errors:?}");
}

#[test]
fn a_pupil_without_a_row_is_named() {
    let (_, drafts) = sample(3);
    let mut absent = book();
    absent.sheet("Toán").retain(|(row, _), _| *row != 9 && *row != 10);
    let sheet = absent.read().expect("the form is sound");
    let missing: Vec<_> =
        sheet.check(&Policies::default()).into_iter().map(|(_, f)| (f.to_string(), f.value)).collect();
    let expected = [1, 2].map(|n| ("subject.missing at Toán".to_owned(), Some(drafts[n].identity.name.to_string())));
    assert_eq!(missing, expected);
    // Both are told beside a fault of form, too.
    let errors = absent.set("Rèn luyện", "C2", t("x")).errors();
    assert_eq!(errors, ["not_a_rating at Rèn luyện!C2", "subject.missing at Toán", "subject.missing at Toán"]);
}

#[test]
fn an_unknown_sheet_with_pupils_is_a_fault_and_any_other_is_left_out() {
    let mut book = book();
    let copy = book.sheet("Rèn luyện").clone();
    book.sheets.push(("Thiên văn".into(), copy));
    assert!(book.errors().contains(&"unknown_subject at Thiên văn".to_owned()));
    let mut book = Book::of(&sound(3));
    book.sheets.push(("Ghi chú".into(), [((0, 0), t("nhớ nộp trước 25/5"))].into()));
    assert_eq!(book.warnings(), ["ignored_sheet at Ghi chú"]);
}

#[test]
fn one_pupil_twice_is_found() {
    let (_, drafts) = sample(3);
    let number = drafts[0].identity.identifiers[1].value.to_string();
    let sheet = book().set("Học sinh", "H3", V::Text(number)).read().expect("the form is sound");
    let found: Vec<_> = sheet.check(&Policies::default()).into_iter().map(|(i, f)| (i, f.to_string())).collect();
    assert!(found.contains(&(1, "pupil.duplicate at Học sinh!H3".into())), "{found:?}");
}

#[test]
fn a_value_is_cut_and_never_logged() {
    let findings = book().set("Toán", "C9", V::Text("Nguyễn ".repeat(40))).read().expect_err("no mark");
    assert_eq!(findings[0].value.as_deref().map(|v| v.chars().count()), Some(61));
    assert!(!format!("{findings:?}").contains("Nguyễn"));
}

#[test]
fn every_finding_says_what_and_how_in_two_languages() {
    let bad = book().set("Toán", "C9", t("x")).set("Học sinh", "C2", t("x")).set("Rèn luyện", "C2", t("x")).set(
        "Lớp",
        "B6",
        t("x"),
    );
    let findings: Vec<Finding> = bad.read().expect_err("faults");
    for f in &findings {
        for words in [&f.expected, &f.how_to_mend] {
            assert!(!words.vi.is_empty() && !words.en.is_empty(), "{f}");
        }
    }
    assert!(findings.iter().any(|f| f.severity == Severity::Error));
}

const CSV: &str = "\
Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;Mã môn;HK1 TX1;HK1 TX2;HK1 GK;HK1 CK;HK2 ĐTB;Cả năm;Nhận xét;Rèn luyện HK1;Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép;Nhận xét GVCN
79DEMO001;THCS Trần Phú (DEMO);2026-2027;9;9A3;1;Lê Thị Hoa;05/03/2012;Nữ;HS01;toan;8,5;9;8;7,5;8,0;8,0;\"Chăm;\nngoan\";T;T;0;0;Tốt
;;;;;1;Lê Thị Hoa;;;;ngu_van;8;9;8;7,5;8,0;8,0;;;;;;
;;;;;2;Trần Văn An;2012;Nam;HS02;GDCD;7;7;7;7;7,0;7,0;;K;T;1;0;Khá
";

#[test]
fn a_flat_file_gives_the_same_kind_of_drafts() {
    for text in [CSV.to_owned(), format!("\u{feff}{CSV}"), CSV.replace('\n', "\r\n"), format!("sep=;\n{CSV}")] {
        let sheet = read(text.as_bytes(), &Limits::default()).unwrap_or_else(|f| panic!("{f:?}"));
        assert_eq!(sheet.rows.len(), 2);
        let draft = &sheet.rows[0].draft;
        assert_eq!(draft.subjects.iter().map(|s| s.code.as_str()).collect::<Vec<_>>(), ["toan", "ngu_van"]);
        assert_eq!(draft.subjects[0].remark.as_ref().map(ToString::to_string), Some("Chăm;\nngoan".into()));
        assert_eq!(sheet.rows[1].draft.attendance.with_leave, 1);
    }
    let commas = CSV.replace("\"Chăm;\nngoan\"", "x").replace(',', ".").replace(';', ",");
    assert_eq!(read_csv(commas.as_bytes(), &Limits::default()).expect("no fault").rows.len(), 2);
    assert!(read_xlsx(CSV.as_bytes(), &Limits::default()).is_err());
}

#[test]
fn faults_of_a_flat_file_are_at_its_lines() {
    let errors = |text: String| -> Vec<String> {
        let findings = read(text.as_bytes(), &Limits::default()).err().unwrap_or_default();
        findings.iter().filter(|f| f.is_error() && !matches!(f.code, Code::Check(_))).map(ToString::to_string).collect()
    };
    // A quoted line feed makes no new row in a spreadsheet: the third pupil line stays in row 4.
    assert_eq!(errors(CSV.replace(";GDCD;7;", ";GDCD;11;")), ["mark_out_of_range at CSV!L4"]);
    assert_eq!(errors(CSV.replace(";GDCD;", ";thien_van;")), ["unknown_subject at CSV!K4"]);
    assert_eq!(
        errors(CSV.replace("2;Trần Văn An", "1;Trần Văn An")),
        ["duplicate_number at CSV!F4", "pupil_mismatch at CSV!G4"]
    );
    assert_eq!(errors(CSV.replace("ngu_van", "toan")), ["duplicate_number at CSV!F3"]);
    assert_eq!(errors(CSV.replace("Lê Thị Hoa;;;;", "Lê Thị Hoa;06/03/2012;;;")), ["lines_disagree at CSV!H3"]);
    assert_eq!(errors(CSV.replace(";;;;;2", "79DEMO002;;;;;2")), ["lines_disagree at CSV!A4"]);
    assert_eq!(errors("a;b;c\n1;2;3\n".into()), ["missing_header at CSV"]);
}
