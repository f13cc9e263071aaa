//! The intake edge: the bytes of a class workbook in, drafts or findings out; and the template a school fills in.
//!
//! **For**: reading `.xlsx` and `.csv` files of one class ([`read`], [`read_with`]) into drafts of `hocba-record`, with
//! *all* faults at once, each at its cell, in words a teacher can act on ([`Finding`]); saying beforehand what each column
//! is taken for ([`preview`]) and taking a correction ([`Mapping`]); finding the cell behind a place of the record's checks
//! ([`ClassSheet::locate`], [`ClassSheet::check`]); writing the workbook, empty or filled, for any grade and year
//! ([`template`]); giving the teacher's own file back with the findings as comments ([`annotate`]); reading many
//! classes from one text file, one at a time ([`bulk`]); reading the lists a school is opened with: staff, classes and
//! pupils ([`read_staff`], [`read_classes`], [`read_pupils`], [`preview_list`]).
//!
//! **Will not**: touch files, clocks or the network; guess, round or fill in what a cell does not say; calculate
//! formulas (the value a spreadsheet stored counts, where there is one); follow links, run macros or expand entities;
//! decide whether marks make sense (that is `hocba_record::check`). A value found wrong is repeated in its finding for
//! the teacher's own screen, and never in `Debug` or `Display`.
//!
//! # The class workbook
//!
//! | sheet | holds |
//! |---|---|
//! | `Hướng dẫn` | instructions; not read |
//! | `Lớp` | one line for each: Mã trường, Tên trường, Xã/phường, Tỉnh/thành phố, Năm học, Khối, Lớp |
//! | `Học sinh` | STT, Họ và tên, Ngày sinh, Giới tính, Dân tộc, Quốc tịch, Nơi sinh, Số định danh, Mã định danh Bộ, Mã học sinh, Mã người học suốt đời, Mã tạm, Giấy tờ nước ngoài, Mã học bạ; optional for each number: `Số định danh: đối chiếu với` (Dân cư, Ngành, Giấy tờ) and `Số định danh: ngày đối chiếu` |
//! | one for each subject | above: Mã môn, Tên môn, Giáo viên, Khoá sổ, Nguồn; then STT, Họ và tên, and |
//! | – scored | under Học kỳ I and Học kỳ II: TX1 … TX4 (to TX9), GK, CK, ĐTB; then Cả năm, Đánh giá lại, Miễn, Nhận xét, Chuyên đề (x; upper secondary) |
//! | – by comment | HK I, HK II, Cả năm, Đánh giá lại (Đ or CĐ), Miễn, Nhận xét |
//! | – of primary school | Mức đạt được (T, H, C), Điểm KTĐK, Đánh giá lại, Điểm KTĐK lại, Miễn, Nhận xét |
//! | `Rèn luyện` | STT, Họ và tên, HK I, HK II, Cả năm, Rèn luyện lại (T, K, Đ, CĐ), Nghỉ có phép, Nghỉ không phép, Nhận xét GVCN, Khen thưởng khác (one or more columns) |
//! | `Hạnh kiểm` | the same for the years of TT 58/2011, with T, K, TB, Y |
//! | `Phẩm chất, năng lực` | the same for primary school, with a column for each quality and competence (T, Đ, C) and, where there are any, `Nhận xét …` for each; Nổi bật hoặc tiến bộ (x), Phẩm chất, năng lực lại |
//! | `Kết quả` | optional, what the source computed: Học tập HK I, HK II, Cả năm, Lên lớp; TT 58: ĐTB các môn and Học lực (G, K, TB, Y, Kém); primary school: Kết quả giáo dục; compared, not taken over |
//! | `Bổ sung` | optional, one row for each pupil concerned: Học theo kế hoạch riêng (x), Ghi chú kế hoạch riêng, Học lại lớp (x); Ngày chuyển đến, Chuyển đến từ trường, Mã trường cũ, Lớp cũ; Ngày chuyển đi, Chuyển đi đến trường, Mã trường mới, Lớp mới; Chứng chỉ 1, Xếp loại chứng chỉ 1, Số chứng chỉ 1, Ngày cấp chứng chỉ 1, …; Cuộc thi 1, Cấp cuộc thi 1, Giải 1, … |
//!
//! # What schools export
//!
//! **One sheet for a class**: a wide table, one row for each pupil, with subjects (three or more make it one) as headings
//! over `HK I`, `HK II`, `CN`, over `Mức đạt được`, `Điểm KTĐK`, or alone for one column each; the pupil's own columns, conduct,
//! study, qualities and competences, absences, `Danh hiệu` and remark stand anywhere. Headings may take up to four rows,
//! joined or not. Of the titles under `Danh hiệu`, those the rules give are left to the rules, `Tiêu biểu` is the class's
//! word for it (TT 27/2020 Art. 13.1), and any other is an award. A pupil with nothing under a subject does not take it.
//! Sheets of their own (`Học sinh`, `Rèn luyện` …) go before the wide one.
//!
//! **No sheet `Lớp`**: lines above a table that begin with `Trường`, or have `Lớp`, `Năm học`, `Khối`, `Mã trường`, `Môn` in
//! them, say it as well, and what they leave out the caller may know ([`Hints`]). All of them must agree
//! ([`Code::ClassDisagrees`]).
//!
//! Names in capitals become `Nguyễn Văn An`, and a bare serial number among birth dates a date, each with a warning that
//! says what will be stored. Blank rows, and notes and signatures below a table, are passed over, the latter with a warning.
//!
//! # Reading
//!
//! Sheets may stand in any order and may be left out for subjects the class does not have; columns too, in any order.
//! Lines above the headings are passed over, and STT and Họ và tên may be joined over two rows of headings.
//! A pupil is matched by STT *and* name, so rows sorted apart never give a mark to another pupil. A pupil who does not
//! take a subject has no row there; one who is exempt has the reason under `Miễn` (or `Miễn` in a mark's cell), one not
//! assessed `Không đánh giá`. Where teacher, lock date, source or printed name differ for one pupil, a column of that
//! name in the table overrides the line above it. Texts are tidied (NFC, single blanks).
//!
//! A **CSV** is one table, UTF-8 with or without byte order mark, separated by `;` (with decimal commas), `,` or tabs:
//! one line for each pupil and subject. Its columns are those above with the term in the heading (`HK1 TX1`, `HK2 ĐTB`,
//! `Rèn luyện HK1`, `Học tập cả năm`, `Yêu nước`), `Mã môn`, and the seven of `Lớp`; what belongs to the pupil or the class stands in
//! the first line and is repeated or left empty in the others.
//!
//! ```
//! use hocba_workbook::{Code, Limits, read};
//!
//! let csv = "\u{feff}Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;\
//!     Mã môn;HK1 ĐTB;HK2 ĐTB;Rèn luyện HK1;Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép\n\
//!     79DEMO001;THCS Trần Phú (DEMO);2026-2027;9;9A3;1;Lê Thị Hoa;05/03/2012;Nữ;HS01;toan;8,5;MARK;T;T;0;0\n";
//! let sheet = read(csv.replace("MARK", "9,0").as_bytes(), &Limits::default()).expect("no fault");
//! assert_eq!(sheet.rows[0].draft.identity.name.as_str(), "Lê Thị Hoa");
//!
//! let findings = read(csv.replace("MARK", "10,5").as_bytes(), &Limits::default()).expect_err("above ten");
//! assert_eq!((findings[0].code, findings[0].to_string()), (Code::MarkOutOfRange, "mark_out_of_range at CSV!M2".into()));
//! println!("{} {}", findings[0].expected.vi, findings[0].how_to_mend.vi);
//! ```

mod annotate;
mod assemble;
mod attainments;
mod bag;
pub mod bulk;
mod class;
mod classify;
mod columns;
mod csv;
mod excerpt;
mod fields;
mod finding;
mod grid;
mod guard;
mod hints;
mod homeroom;
mod lists;
mod plan;
mod preview;
mod report;
mod sheet;
mod table;
mod template;
mod value;
mod wide;
mod xlsx;

pub use annotate::{AnnotateError, annotate};
pub use excerpt::{Excerpt, ExcerptCell, excerpts};
pub use finding::{CellRef, Code, Finding, Location, MAX_VALUE_CHARS, Severity, Words};
pub use hints::{ColumnMapping, Hints, Mapping};
pub use lists::{
    ClassList, ClassListRow, ListKind, ListMapping, ListPreview, ListSheet, PupilList, PupilListRow, SchoolList,
    SchoolListRow, Spot, StaffList, StaffPosition, StaffRow, is_login, list_fields, name_key, preview_list,
    preview_list_with, propose_login, read_classes, read_classes_with, read_pupils, read_pupils_with, read_schools,
    read_staff, read_staff_with, table_workbook,
};
pub use preview::{ClassField, ColumnPreview, Label, Preview, SheetPreview, preview};
pub use report::{ReportCell, ReportSheet, report_workbook};
pub use sheet::{ClassSheet, PlacedDraft};
pub use template::{TEMPLATE_ROWS, TemplateError, template};

use hocba_record::{catalogue, form::Curriculum, rules::Policies, types::Grade};

use crate::hints::Context;

/// How much of a file is looked at. The defaults fit one class with room to spare and keep one import below 200 MiB
/// beyond the file itself, whatever the file is (`tests/memory.rs` measures 163 MiB for the largest they let through).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file: 20 MiB; a filled workbook of 45 pupils is below 100 KiB.
    pub input_bytes: usize,
    /// Bytes of all parts unpacked: 64 MiB; a filled workbook of 45 pupils has less than 2 MiB.
    pub unpacked_bytes: u64,
    /// Unpacked bytes of a part for each packed one, judged above 1 MiB: 200; sheets of marks reach about 20.
    pub ratio: u64,
    /// Entries of the package: 2,000.
    pub entries: usize,
    /// Sheets: 64; a class has about 20.
    pub sheets: usize,
    /// Rows of a sheet that may hold a value: 5,000, enough for a CSV of 200 pupils in 25 subjects.
    pub rows: u32,
    /// Columns of a sheet that may hold a value: 256.
    pub columns: u32,
    /// Cells of all sheets, blank formatted ones included, and strings of the workbook: 1,000,000. Those with a value
    /// may take 48 MiB besides, which no limit here changes.
    pub cells: u64,
    /// Bytes of one cell's text that are kept: 8,192, twice the longest `Text`.
    pub text_bytes: usize,
    /// Pupils of a class: 200.
    pub pupils: usize,
    /// Findings listed: 1,000.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input_bytes: 20 * 1024 * 1024,
            unpacked_bytes: 64 * 1024 * 1024,
            ratio: 200,
            entries: 2_000,
            sheets: 64,
            rows: 5_000,
            columns: 256,
            cells: 1_000_000,
            text_bytes: 8_192,
            pupils: 200,
            findings: 1_000,
        }
    }
}

/// Reads a class from a `.xlsx` or `.csv` file, whichever the bytes are.
///
/// # Errors
/// All findings, warnings among them, as soon as one is an error of form. They then include what the record's checks
/// (with the default policy) say of the pupils that could be read, except at cells that have a finding already: the
/// teacher mends everything at once.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<ClassSheet, Vec<Finding>> {
    read_with(bytes, limits, &Hints::default(), &Mapping::default())
}

/// As [`read`], with what the caller knows of the class and how it wants columns to be taken.
///
/// # Errors
/// As [`read`]; and where the file and the hints speak of different classes ([`Code::ClassDisagrees`]).
pub fn read_with(bytes: &[u8], limits: &Limits, hints: &Hints, mapping: &Mapping) -> Result<ClassSheet, Vec<Finding>> {
    let context = Context { limits, hints, mapping };
    match guard::sniff(bytes, limits) {
        Ok(guard::Sniffed::Zip) => finish(xlsx::tables(bytes, &context), &context),
        Ok(guard::Sniffed::Text) => finish(csv::tables(bytes, &context), &context),
        Err(finding) => Err(vec![*finding]),
    }
}

/// Reads a class from a workbook.
///
/// # Errors
/// As [`read`]; and for anything that is not a workbook.
pub fn read_xlsx(bytes: &[u8], limits: &Limits) -> Result<ClassSheet, Vec<Finding>> {
    let context = Context { limits, hints: &Hints::default(), mapping: &Mapping::default() };
    match guard::sniff(bytes, limits) {
        Ok(guard::Sniffed::Zip) => finish(xlsx::tables(bytes, &context), &context),
        Ok(guard::Sniffed::Text) => Err(vec![*guard::damaged()]),
        Err(finding) => Err(vec![*finding]),
    }
}

/// Reads a class from a flat text file.
///
/// # Errors
/// As [`read`]; and for anything that is not text in UTF-8.
pub fn read_csv(bytes: &[u8], limits: &Limits) -> Result<ClassSheet, Vec<Finding>> {
    let context = Context { limits, hints: &Hints::default(), mapping: &Mapping::default() };
    match guard::sniff(bytes, limits) {
        // Text may begin with the letters that open a package; asked for text, it is taken as text.
        Ok(_) => finish(csv::tables(bytes, &context), &context),
        Err(finding) => Err(vec![*finding]),
    }
}

fn finish((source, bag): (table::Source, bag::Bag), context: &Context<'_>) -> Result<ClassSheet, Vec<Finding>> {
    if source.sheets.is_empty() && bag.has_errors() {
        return Err(bag.findings);
    }
    let limits = context.limits;
    let assembled = assemble::assemble(&source, bag, context);
    let mut findings = assembled.bag.findings;
    match assembled.sheet {
        Some(mut sheet) if findings.iter().all(|f| !f.is_error()) => {
            sheet.warnings = findings;
            Ok(sheet)
        }
        sheet => {
            let of_form = findings.len();
            for (_, finding) in sheet.iter().flat_map(|s| s.check(&Policies::default())) {
                // Without a cell it is about one pupil of several, by name.
                let same =
                    |f: &Finding| f.location() == finding.location() && (f.cell.is_some() || f.value == finding.value);
                let told = findings.iter().any(same);
                if !told && !is_echo(&finding, &findings[..of_form]) && findings.len() < limits.findings {
                    findings.push(finding);
                }
            }
            Err(findings)
        }
    }
}

/// Whether a finding of the record's checks may be there only because something could not be read: told beside its
/// cause, it would send the teacher to mend what is right. Once the cause is mended and it is still so, it is told.
fn is_echo(finding: &Finding, of_form: &[Finding]) -> bool {
    let errors = || of_form.iter().filter(|f| f.is_error());
    match finding.code {
        // The average and the number of marks lack the mark of the same row that is no mark.
        Code::Check("average.disagrees" | "marks.count") => {
            errors().any(|f| f.sheet == finding.sheet && f.cell.map(|c| c.row) == finding.cell.map(|c| c.row))
        }
        // The column that would have it is not there.
        Code::Check("mark.missing") => errors().any(|f| f.sheet == finding.sheet && f.code == Code::MissingColumn),
        // The subject's sheet was not read, or not the pupil's row of it.
        Code::Check("subject.missing") => errors().any(|f| match f.code {
            Code::MissingHeader | Code::UnknownSubject | Code::SubjectConflict | Code::DuplicateSheet => true,
            Code::PupilMismatch
            | Code::UnknownPupil
            | Code::DuplicateNumber
            | Code::BadNumber
            | Code::RowWithoutNumber
            | Code::MissingName => f.sheet == finding.sheet,
            _ => false,
        }),
        _ => false,
    }
}

/// The subjects a template for a grade should have: all mandatory ones, in the order of the form.
pub fn mandatory_subjects(curriculum: Curriculum, grade: Grade) -> Vec<&'static catalogue::Subject> {
    catalogue::mandatory(curriculum, grade).collect()
}
