//! The layouts that schools export: one sheet for a class, sheets with a banner and no sheet `Lớp`, primary school, the
//! years of TT 58; what the caller knows beside the file; and the preview of what is taken for what.

mod common;

use common::{Book, Wide, primary, read_hinted, sample, sound, t, tt58, wide_primary, wide_secondary, with_more};
use hocba_record::{
    draft::{Assessment, Draft},
    rules::Policies,
    section::{AttainmentLevel, IdentifierKind},
    types::{Grade, SchoolYear},
};
use hocba_workbook::{ColumnMapping, Hints, Limits, Mapping, mandatory_subjects, preview, read, read_with, template};

fn warnings(sheet: &hocba_workbook::ClassSheet) -> Vec<String> {
    sheet.warnings.iter().map(|w| format!("{w} {}", w.how_to_mend.vi)).collect()
}

#[test]
fn one_sheet_for_a_class_is_read_with_what_the_caller_knows() {
    let (header, drafts) = sample(5);
    let (wide, expected) = wide_secondary(&header, &drafts, false);
    let book = wide.book("Tổng hợp");
    let sheet = read_hinted(&book.bytes(), &Hints::of(&header)).expect("no fault");
    assert_eq!(sheet.header, header);
    assert_eq!(sheet.drafts(), expected);
    // The notes below the table are told, and nothing else.
    assert!(sheet.warnings.iter().all(|w| w.code.as_str() == "ignored_row"), "{:?}", sheet.warnings);
    // Without joined cells the headings mean the same.
    let mut plain = wide.book("Tổng hợp");
    plain.merged.clear();
    let again = read_hinted(&plain.bytes(), &Hints::of(&header)).expect("no fault");
    assert_eq!(again.drafts(), expected);
}

#[test]
fn a_finding_of_the_checks_is_at_the_cell_of_the_wide_table() {
    let (header, drafts) = sample(3);
    let (wide, _) = wide_secondary(&header, &drafts, false);
    // HK II of the first subject of the second pupil.
    let (row, col) = (wide.first() + 1, 6);
    let mut book = wide.book("Tổng hợp");
    book.sheet("Tổng hợp").remove(&(row, col));
    let sheet = read_hinted(&book.bytes(), &Hints::of(&header)).expect("no fault of form");
    let found = sheet.check(&Policies::default());
    let cell = hocba_workbook::CellRef { row, col: u32::from(col) };
    assert!(
        found.iter().any(|(pupil, f)| *pupil == 1
            && f.is_error()
            && f.sheet == "Tổng hợp"
            && f.cell.is_some_and(|c| c.row == cell.row)),
        "{found:?}"
    );
}

#[test]
fn names_in_capitals_are_stored_in_proper_case_and_it_is_said() {
    let (header, drafts) = sample(2);
    let (wide, expected) = wide_secondary(&header, &drafts, true);
    let sheet = read_hinted(&wide.book("Tổng hợp").bytes(), &Hints::of(&header)).expect("no fault");
    assert_eq!(sheet.drafts(), expected);
    let told = warnings(&sheet);
    for draft in &expected {
        let name = draft.identity.name.as_str();
        let says = |w: &&String| w.starts_with("name_in_capitals") && w.contains(name);
        assert_eq!(told.iter().filter(says).count(), 1, "{told:?}");
    }
}

#[test]
fn a_class_of_another_school_is_refused() {
    let (header, drafts) = sample(2);
    let other = |change: fn(&mut Hints)| {
        let mut hints = Hints::of(&header);
        change(&mut hints);
        let book = template(Some(&header), &[], &drafts).expect("written");
        let findings = read_hinted(&book, &hints).expect_err("another class");
        findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(other(|h| h.school = "01OTHER".parse().ok()), ["class_disagrees at Lớp!B1"]);
    assert_eq!(other(|h| h.class = "9A4".parse().ok()), ["class_disagrees at Lớp!B7"]);
    assert_eq!(other(|h| h.year = SchoolYear::starting(2025).ok()), ["class_disagrees at Lớp!B5"]);
    assert_eq!(other(|h| h.grade = Grade::new(8).ok()), ["class_disagrees at Lớp!B6"]);
    // In the banner of the one sheet: of school, class and year.
    let (wide, _) = wide_secondary(&header, &drafts, false);
    let mut hints = Hints::of(&header);
    hints.class = "9A4".parse().ok();
    let findings = read_hinted(&wide.book("Tổng hợp").bytes(), &hints).expect_err("another class");
    assert_eq!(findings[0].to_string(), "class_disagrees at Tổng hợp!A2");
}

#[test]
fn sheets_for_subjects_need_no_sheet_lop_where_the_banner_and_the_caller_say_it() {
    let (header, drafts) = sample(3);
    let mut book = Book::of(&sound(3)).without("Lớp");
    let cells = book.sheet("Học sinh");
    let moved: Vec<_> = cells.iter().map(|((row, col), v)| ((row + 3, *col), v.clone())).collect();
    cells.clear();
    cells.extend(moved);
    cells.insert((0, 0), t("Trường THCS Trần Phú (DEMO)"));
    cells.insert((1, 0), t("Lớp: 9A3 - Năm học 2026-2027"));
    let findings = book.read().expect_err("no school code");
    assert_eq!(
        findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect::<Vec<_>>(),
        ["missing_value at Học sinh"]
    );
    let hints = Hints { school: Some(header.school.clone()), ..Hints::default() };
    let sheet = read_hinted(&book.bytes(), &hints).expect("no fault");
    assert_eq!(sheet.drafts(), drafts);
    assert_eq!((sheet.header.class.as_str(), sheet.header.grade.number()), ("9A3", 9));
    assert_eq!(warnings(&sheet).len(), 1, "that the grade was taken from the class's name");
    // With all that is known, nothing is left to say.
    let sheet = read_hinted(&book.bytes(), &Hints::of(&header)).expect("no fault");
    assert_eq!((sheet.header, sheet.warnings), (header, vec![]));
}

#[test]
fn a_class_of_primary_school_survives_the_workbook() {
    let (header, drafts) = primary(4);
    let bytes = template(Some(&header), &[], &drafts).expect("the layout holds it");
    let sheet = read_or_say(&bytes);
    assert_eq!(sheet.header, header);
    assert_eq!(sheet.drafts(), drafts);
    assert_eq!(sheet.warnings, []);
}

fn read_or_say(bytes: &[u8]) -> hocba_workbook::ClassSheet {
    match read(bytes, &Limits::default()) {
        Ok(sheet) => sheet,
        Err(findings) => panic!("{findings:?}"),
    }
}

#[test]
fn a_class_of_primary_school_on_one_sheet_is_read() {
    let (header, drafts) = primary(4);
    let wide = wide_primary(&header, &drafts);
    let sheet = read_hinted(&wide.book("TH4A1").bytes(), &Hints::of(&header)).unwrap_or_else(|f| panic!("{f:?}"));
    for (read, whole) in sheet.drafts().iter().zip(&drafts) {
        assert_eq!(read.identity.name, whole.identity.name);
        for (line, other) in read.subjects.iter().zip(&whole.subjects) {
            let (Assessment::Level { year, test, .. }, Assessment::Level { year: y, test: t, .. }) =
                (&line.assessment, &other.assessment)
            else {
                panic!("primary")
            };
            assert_eq!((&line.code, year, test), (&other.code, y, t));
        }
        let levels = |d: &Draft| -> Vec<(String, AttainmentLevel)> {
            let all = d.attainments.qualities.iter().chain(&d.attainments.competences);
            all.map(|a| (a.code.to_string(), a.level)).collect()
        };
        assert_eq!(levels(read), levels(whole));
        assert_eq!(read.attainments.outstanding, whole.attainments.outstanding);
        assert_eq!((&read.attendance, &read.imported), (&whole.attendance, &whole.imported));
    }
    assert_eq!(sheet.rows.len(), 4);
}

#[test]
fn a_class_of_tt58_survives_the_workbook() {
    let (header, drafts) = tt58(4);
    let bytes = template(Some(&header), &[], &drafts).expect("the layout holds it");
    let sheet = read_or_say(&bytes);
    assert_eq!(sheet.drafts(), drafts);
    assert_eq!(sheet.warnings, []);
}

#[test]
fn the_samples_of_every_circular_survive_the_workbook_and_their_checks() {
    for (grade, year) in
        [(1, 2019), (2, 2021), (4, 2026), (5, 2026), (6, 2019), (8, 2022), (9, 2026), (10, 2019), (12, 2026)]
    {
        let (grade, year) = (Grade::new(grade).expect("a grade"), SchoolYear::starting(year).expect("a year"));
        let (header, drafts) = hocba_sample::class(7, &hocba_sample::Options::of(grade, year).with_pupils(6));
        let bytes = template(Some(&header), &[], &drafts).expect("the layout holds it");
        let sheet = read_or_say(&bytes);
        assert_eq!(sheet.header, header);
        assert_eq!(sheet.drafts(), drafts, "{grade:?} {year}");
        assert_eq!(sheet.warnings, [], "{grade:?} {year}");
        let errors: Vec<_> = sheet.check(&Policies::default()).into_iter().filter(|(_, f)| f.is_error()).collect();
        assert_eq!(errors, [], "{grade:?} {year}");
    }
}

#[test]
fn plan_moves_certificates_contests_and_verification_survive_the_workbook() {
    let (header, drafts) = sample(3);
    let drafts = with_more(drafts);
    let bytes = template(Some(&header), &[], &drafts).expect("the layout holds it");
    assert_eq!(read_or_say(&bytes).drafts(), drafts);
    assert!(drafts[0].identity.identifiers.iter().any(|i| i.verified.is_some() && i.kind != IdentifierKind::Temporary));
}

#[test]
fn every_grade_of_every_circular_has_a_template_that_is_only_empty() {
    for (grade, year) in
        [(1, 2019), (1, 2026), (3, 2026), (5, 2026), (9, 2019), (9, 2020), (9, 2026), (12, 2019), (12, 2026)]
    {
        let (mut header, _) = sample(1);
        header.grade = Grade::new(grade).expect("a grade");
        header.year = SchoolYear::starting(year).expect("a year");
        let subjects = mandatory_subjects(header.form().curriculum(), header.grade);
        let bytes = template(Some(&header), &subjects, &[]).expect("written");
        let findings = read(&bytes, &Limits::default()).expect_err("no pupils");
        assert_eq!(
            findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["no_pupils at Học sinh"],
            "{grade} {year}"
        );
    }
}

fn upper_wide(drafts: usize) -> (Hints, Wide) {
    let (header, list) = sample(drafts);
    let (wide, _) = wide_secondary(&header, &list, false);
    (Hints::of(&header), wide)
}

#[test]
fn a_preview_says_what_each_column_is_taken_for_and_masks_people() {
    let (hints, wide) = upper_wide(4);
    let seen =
        preview(&wide.book("Tổng hợp").bytes(), &Limits::default(), &hints, &Mapping::default()).expect("opened");
    assert_eq!(seen.rules.as_deref(), Some("tt22-2021-1"));
    let class: Vec<_> = seen.class.iter().map(|f| (f.field.as_str(), f.value.is_some(), f.from.as_deref())).collect();
    assert_eq!(class[0], ("school_code", true, None));
    assert_eq!(class[1], ("school_name", true, Some("Tổng hợp!A1")));
    assert_eq!(class[6], ("class", true, Some("Tổng hợp!A2")));
    let [sheet] = &*seen.sheets else { panic!("one sheet") };
    assert_eq!(
        (sheet.role.as_str(), sheet.pupils, sheet.headings.as_deref().map(|h| h.starts_with("A5:"))),
        ("wide", 4, Some(true))
    );
    let fields: Vec<_> = sheet.columns.iter().take(8).map(|c| (c.column.as_str(), c.field.as_deref())).collect();
    assert_eq!(
        fields,
        [
            ("A", Some("number")),
            ("B", Some("name")),
            ("C", Some("birth_date")),
            ("D", Some("sex")),
            ("E", Some("school_pupil")),
            ("F", Some("toan:term1.average")),
            ("G", Some("toan:term2.average")),
            ("H", Some("toan:year")),
        ]
    );
    assert_eq!(sheet.columns[5].heading, "Toán / HK I");
    assert_eq!(sheet.columns[5].cells.as_deref(), Some("F7:F10"));
    let json = serde_json::to_string(&seen).expect("serialisable");
    let (_, drafts) = sample(4);
    for draft in drafts {
        assert!(!json.contains(draft.identity.name.as_str()), "a name in the preview");
    }
    assert_eq!(serde_json::from_str::<hocba_workbook::Preview>(&json).expect("read back"), seen);
}

#[test]
fn a_corrected_mapping_is_what_is_read() {
    let (hints, wide) = upper_wide(2);
    let mut book = wide.book("Tổng hợp");
    // A heading nobody knows, over what is the first term of mathematics.
    book.sheet("Tổng hợp").insert((wide.first() - 1, 5), t("Đợt một"));
    let bytes = book.bytes();
    let limits = Limits::default();
    let entry = |column: &str, field: Option<&str>| ColumnMapping {
        sheet: "Tổng hợp".into(),
        column: column.into(),
        field: field.map(Into::into),
    };
    let mapping = Mapping { columns: vec![entry("F", Some("toan:term1.average")), entry("E", None)] };
    assert_eq!(mapping.unknown(), Vec::<&ColumnMapping>::new());
    let seen = preview(&bytes, &limits, &hints, &mapping).expect("opened");
    assert_eq!(seen.sheets[0].columns[5].field.as_deref(), Some("toan:term1.average"));
    assert_eq!(seen.sheets[0].columns[4].field, None);
    let sheet = read_with(&bytes, &limits, &hints, &mapping).unwrap_or_else(|f| panic!("{f:?}"));
    let Assessment::Score { term1, .. } = &sheet.rows[0].draft.subjects[0].assessment else { panic!("scored") };
    assert!(term1.average.is_some());
    assert!(sheet.rows[0].draft.identity.identifiers.is_empty(), "the column was taken out");
    let wrong = Mapping { columns: vec![entry("F", Some("toan:marks")), entry("7", Some("year"))] };
    assert_eq!(wrong.unknown().len(), 2);
}
