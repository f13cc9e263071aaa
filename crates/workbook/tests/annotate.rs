//! The teacher's own workbook back, with what was found as comments: read again by our own reader, by calamine, part by
//! part, and by openpyxl, a second implementation.
#![allow(clippy::print_stderr, reason = "a test that cannot run says why")]

mod common;

use std::{collections::BTreeMap, fs, io::Cursor, path::Path, process::Command};

use calamine::{Reader as _, Xlsx};
use common::{Book, V, package, parts, patched, sound, t};
use hocba_workbook::{AnnotateError, Code, Finding, Limits, annotate, read};
use proptest::prelude::*;

/// A workbook with three faults in two sheets, and what is found in it.
fn faulty() -> (Vec<u8>, Vec<Finding>) {
    let bytes = Book::of(&sound(3))
        .set("Toán", "C9", t("10,5"))
        .set("Toán", "D10", t("tám"))
        .set("Rèn luyện", "C2", t("G"))
        .bytes();
    let findings = read(&bytes, &Limits::default()).expect_err("three faults");
    (bytes, findings)
}

fn annotated(bytes: &[u8], findings: &[Finding]) -> Vec<u8> {
    annotate(bytes, findings, &Limits::default()).expect("a workbook")
}

fn by_name(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    parts(bytes).into_iter().collect()
}

#[test]
fn nothing_else_of_the_workbook_changes() {
    let (bytes, findings) = faulty();
    let with = annotated(&bytes, &findings);
    let (before, after) = (by_name(&bytes), by_name(&with));
    let mut changed: Vec<&str> =
        before.iter().filter(|(n, p)| after.get(*n) != Some(p)).map(|(n, _)| n.as_str()).collect();
    changed.sort_unstable();
    // Toán is the fourth sheet, Rèn luyện the last but one; both lead to their drawing now.
    assert_eq!(changed, ["[Content_Types].xml", "xl/worksheets/sheet16.xml", "xl/worksheets/sheet4.xml"]);
    let mut new: Vec<&str> = after.keys().filter(|n| !before.contains_key(*n)).map(String::as_str).collect();
    new.sort_unstable();
    assert_eq!(
        new,
        [
            "xl/comments1.xml",
            "xl/comments2.xml",
            "xl/drawings/vmlDrawing1.vml",
            "xl/drawings/vmlDrawing2.vml",
            "xl/worksheets/_rels/sheet16.xml.rels",
            "xl/worksheets/_rels/sheet4.xml.rels",
        ]
    );
    let sheet =
        |parts: &BTreeMap<String, Vec<u8>>| String::from_utf8(parts["xl/worksheets/sheet4.xml"].clone()).expect("text");
    let element = sheet(&after)
        .split("<legacyDrawing")
        .nth(1)
        .map(|s| s.split("/>").next().expect("closed").to_owned())
        .expect("led to");
    assert_eq!(sheet(&after).replace(&format!("<legacyDrawing{element}/>"), ""), sheet(&before));
}

#[test]
fn our_reader_and_calamine_read_the_same_cells() {
    let (bytes, findings) = faulty();
    let with = annotated(&bytes, &findings);
    assert_eq!(read(&with, &Limits::default()).expect_err("the same faults"), findings);
    let cells = |bytes: &[u8]| {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook");
        book.worksheets()
    };
    assert_eq!(cells(&with), cells(&bytes));
}

/// The text of the comment at a cell, as the part has it.
fn comment(parts: &BTreeMap<String, Vec<u8>>, part: &str, cell: &str) -> Option<String> {
    let xml = String::from_utf8(parts.get(part)?.clone()).expect("text");
    let rest = xml.split(&format!("ref=\"{cell}\"")).nth(1)?;
    Some(rest.split("</comment>").next().expect("closed").to_owned())
}

#[test]
fn each_finding_is_said_in_vietnamese_at_its_cell_with_its_code() {
    let (bytes, findings) = faulty();
    let after = by_name(&annotated(&bytes, &findings));
    let at = comment(&after, "xl/comments1.xml", "C9").expect("at the mark");
    assert!(at.contains("Điểm cao nhất là 10") && at.contains("[mark_out_of_range]"), "{at}");
    assert!(!at.contains("The highest mark"), "{at}");
    assert!(comment(&after, "xl/comments1.xml", "D10").is_some_and(|c| c.contains("[not_a_mark]")));
    assert!(comment(&after, "xl/comments2.xml", "C2").is_some_and(|c| c.contains("[not_a_rating]")));
    let drawing = String::from_utf8(after["xl/drawings/vmlDrawing1.vml"].clone()).expect("text");
    assert!(drawing.contains("<x:Row>8</x:Row><x:Column>2</x:Column>"), "a shape at C9");
}

#[test]
fn what_has_no_cell_is_said_at_the_first_cell() {
    let (bytes, mut findings) = faulty();
    findings.truncate(1);
    let mut on_sheet = findings[0].clone();
    on_sheet.cell = None;
    let on_file = Finding { sheet: String::new(), ..on_sheet.clone() };
    let after = by_name(&annotated(&bytes, &[on_sheet, on_file]));
    let sheets: Vec<bool> = (1..=2).map(|n| comment(&after, &format!("xl/comments{n}.xml"), "A1").is_some()).collect();
    assert_eq!(sheets, [true, true], "on the first sheet and on its own");
}

#[test]
fn annotating_again_replaces_what_was_said_before() {
    let (bytes, findings) = faulty();
    let once = annotated(&bytes, &findings);
    let twice = annotated(&once, &findings);
    assert_eq!(by_name(&twice), by_name(&once));
    let fewer: Vec<Finding> = findings.iter().filter(|f| f.code == Code::MarkOutOfRange).cloned().collect();
    let after = by_name(&annotated(&once, &fewer));
    assert!(comment(&after, "xl/comments1.xml", "C9").is_some());
    assert!(comment(&after, "xl/comments1.xml", "D10").is_none());
    assert!(comment(&after, "xl/comments2.xml", "C2").is_none());
    let drawing = String::from_utf8(after["xl/drawings/vmlDrawing2.vml"].clone()).expect("text");
    assert!(!drawing.contains("<x:Row>"), "no shape is left without its comment");
}

/// A workbook in which a teacher has left two notes.
fn with_notes() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Toán").expect("a name");
    sheet.write_string(8, 2, "10,5").expect("a cell");
    for (row, col, text) in [(8, 2, "Hỏi lại cô Lan"), (0, 5, "Ghi chú & nhắc việc")] {
        let note = rust_xlsxwriter::Note::new(text).set_author("Cô Hoa");
        sheet.insert_note(row, col, &note).expect("a note");
    }
    book.save_to_buffer().expect("written")
}

#[test]
fn a_teachers_own_comments_survive() {
    let bytes = with_notes();
    let (_, findings) = faulty();
    let at: Vec<Finding> = findings.iter().filter(|f| f.code == Code::MarkOutOfRange).cloned().collect();
    let with = annotated(&bytes, &at);
    let xml = |bytes: &[u8]| String::from_utf8(by_name(bytes)["xl/comments1.xml"].clone()).expect("text");
    for kept in ["Hỏi lại cô Lan", "Ghi chú &amp; nhắc việc", "Cô Hoa"] {
        assert!(xml(&with).contains(kept), "{kept}");
    }
    assert!(
        comment(&by_name(&with), "xl/comments1.xml", "C9")
            .is_some_and(|c| c.contains("Hỏi lại cô Lan") && c.contains("mark_out_of_range"))
    );
    assert_eq!(by_name(&with).len(), by_name(&bytes).len(), "the parts that were there are used");
    let drawing =
        |bytes: &[u8]| String::from_utf8(by_name(bytes)["xl/drawings/vmlDrawing1.vml"].clone()).expect("text");
    assert_eq!(drawing(&with), drawing(&bytes), "the cell has its shape already");
    // And taken out again, nothing of ours is left.
    let without = annotated(&with, &[]);
    assert_eq!(xml(&without).matches("<comment ").count(), 2);
    assert!(!xml(&without).contains("hocba"));
}

#[test]
fn a_file_that_is_no_workbook_is_refused() {
    let limits = Limits::default();
    assert!(matches!(annotate(b"STT;x\n", &[], &limits), Err(AnnotateError::NotAWorkbook(_))));
    assert!(matches!(annotate(b"PK\x03\x04", &[], &limits), Err(AnnotateError::NotAWorkbook(_))));
    let (bytes, findings) = faulty();
    for part in ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet4.xml"] {
        let broken = patched(&bytes, part, |xml| xml[..xml.len() / 3].to_owned());
        let _ = annotate(&broken, &findings, &limits);
        let none = package(&parts(&bytes).into_iter().filter(|(n, _)| n != part).collect::<Vec<_>>());
        assert!(annotate(&none, &findings, &limits).is_err(), "{part}");
    }
}

/// openpyxl reads the comments, and writes the file again; what it wrote can be annotated anew.
#[test]
fn a_second_implementation_reads_the_comments() {
    let python = std::env::var_os("HOCBA_PYTHON").unwrap_or_else(|| "python3".into());
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let known = Command::new(&python).args(["-c", "import openpyxl"]).output().is_ok_and(|o| o.status.success());
    if !known {
        eprintln!(
            "skipped: no openpyxl; `pip install -r {}` and HOCBA_PYTHON name a Python that has it",
            here.join("requirements.txt").display()
        );
        return;
    }
    let mut book = Book::of(&sound(3)).set("Toán", "C9", t("10,5"));
    book.sheet("Toán").insert((9, 3), V::Text("tám".into()));
    let bytes = book.bytes();
    let findings = read(&bytes, &Limits::default()).expect_err("two faults");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (path, saved) = (
        folder.join(format!("annotate-{}.xlsx", std::process::id())),
        folder.join(format!("annotate-{}-saved.xlsx", std::process::id())),
    );
    fs::write(&path, annotated(&bytes, &findings)).expect("a temporary file");
    let output =
        Command::new(&python).arg(here.join("read_comments.py")).arg(&path).arg(&saved).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = |cell: &str| told.lines().find(|l| l.starts_with(cell)).unwrap_or_default().to_owned();
    assert!(line("Toán!C9").contains("hocba") && line("Toán!C9").contains("[mark_out_of_range]"), "{told}");
    assert!(line("Toán!D10").contains("[not_a_mark]"), "{told}");
    // Saved by the other program, ours are still known as ours.
    let again = annotated(&fs::read(&saved).expect("saved"), &findings[..1]);
    let comments: String = parts(&again)
        .iter()
        .filter(|(name, _)| name.contains("comment") && !name.ends_with(".rels"))
        .map(|(_, part)| String::from_utf8_lossy(part).into_owned())
        .collect();
    assert_eq!(comments.matches("<comment ").count(), 1, "{comments}");
    fs::remove_file(path).expect("it was there");
    fs::remove_file(saved).expect("it was there");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Parts cut off and stitched together elsewhere: refused or annotated, never a panic.
    #[test]
    fn a_spoilt_part_does_no_harm(which in 0_usize..6, from in 0_usize..4_000, length in 0_usize..400, with in "[<>/\"'=a-z ễ]{0,6}") {
        let (_, findings) = faulty();
        let noted = annotated(&with_notes(), &findings);
        let names = [
            "[Content_Types].xml",
            "xl/comments1.xml",
            "xl/drawings/vmlDrawing1.vml",
            "xl/worksheets/sheet1.xml",
            "xl/worksheets/_rels/sheet1.xml.rels",
            "xl/workbook.xml",
        ];
        let spoilt = patched(&noted, names[which], |part| {
            let boundary = |at: usize| (0..=at.min(part.len())).rev().find(|at| part.is_char_boundary(*at)).unwrap_or(0);
            let (start, end) = (boundary(from % (part.len() + 1)), boundary(from % (part.len() + 1) + length));
            format!("{}{with}{}", &part[..start], &part[end..])
        });
        let limits = Limits::default();
        if let Ok(again) = annotate(&spoilt, &findings, &limits) {
            let _ = read(&again, &limits);
        }
    }
}
