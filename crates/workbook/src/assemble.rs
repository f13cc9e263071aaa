//! Tables into drafts: pupils matched across tables, every cell read, every fault collected.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    catalogue::{self, SubjectKind},
    check::repair_text,
    draft::{Assessment, Draft, SubjectDraft, TermMarks},
    form::RuleSet,
    section::{Identifier, Identity, Sex, Verified},
    types::{PartialDate, SubjectCode, Text},
};

use crate::{
    bag::Bag,
    class,
    columns::{Column, IDENTIFIERS, Term, fold},
    finding::{CellRef, Code, Finding, Severity, Words, cut},
    hints::Context,
    homeroom,
    sheet::{ClassSheet, Layout, PlacedDraft, Places},
    table::{At, Field, Row, Source, Table, Value},
    value::{self, Fault, Prose},
};

/// What was understood of a file, sound or not.
pub(crate) struct Assembled {
    pub sheet: Option<ClassSheet>,
    pub bag: Bag,
}

/// STT of a row, where it is a number from 1.
pub(crate) fn number_of(row: &Row) -> Option<u32> {
    let text = match &row.cells.get(&Column::Number)?.value {
        Value::Number(n) if n.fract() == 0.0 && (1.0..10_000.0).contains(n) => return n.to_string().parse().ok(),
        Value::Text(text) => text.trim(),
        _ => return None,
    };
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten().filter(|n| (1..10_000).contains(n))
}

/// A name for comparing: as it would be after every repair, so that one wrong letter is one finding, not one per sheet;
/// in small letters, since one sheet may have it in capitals.
fn name_key(field: &Field) -> String {
    repair_text(&field.shown().replace(['\r', '\n'], " ")).unwrap_or_default().to_lowercase()
}

/// The rows of a table that speak of pupils, by STT.
fn numbered<'a>(table: &'a Table, bag: &mut Bag) -> BTreeMap<u32, &'a Row> {
    let mut rows: BTreeMap<u32, &Row> = BTreeMap::new();
    let last = table.rows.iter().rev().find(|r| number_of(r).is_some()).map(|r| r.at.row);
    for row in &table.rows {
        let others = || row.cells.iter().filter(|(c, _)| **c != Column::Number).map(|(_, f)| f);
        let Some(number) = number_of(row) else {
            // Below the table stand notes, dates and signatures; nothing there may look like a result.
            let looks_like_data = others().any(|f| {
                !matches!(f.value, Value::Text(_))
                    || value::mark(f).is_ok()
                    || value::rating(f).is_ok()
                    || matches!(f.value, Value::Error(_) | Value::Unsaved)
            });
            let below = last.is_none_or(|last| row.at.row > last);
            let shown = row.cells.get(&Column::Number).or_else(|| others().next());
            let at = shown.map_or(row.at, |f| f.at);
            let shown = shown.map(Field::shown);
            if below && !looks_like_data {
                bag.at(
                    at,
                    shown,
                    Fault::warning(
                        Code::IgnoredRow,
                        Words::new("Dòng có số thứ tự.", "A row with a number."),
                        Words::new(
                            "Dòng ghi chú dưới bảng không được đọc. Không cần sửa.",
                            "A note below the table is not read. Nothing to do.",
                        ),
                    ),
                );
            } else {
                let code =
                    if row.cells.contains_key(&Column::Number) { Code::BadNumber } else { Code::RowWithoutNumber };
                bag.at(
                    at,
                    shown,
                    Fault::error(
                        code,
                        Words::new(
                            "STT là số nguyên từ 1, như trên trang Học sinh.",
                            "STT, a whole number from 1, as on the sheet Học sinh.",
                        ),
                        Words::new(
                            "Ghi STT của học sinh, hoặc xoá dòng.",
                            "Write the pupil's number, or delete the row.",
                        ),
                    ),
                );
            }
            continue;
        };
        if others().next().is_none() {
            continue; // a number prepared in the template
        }
        if !row.cells.contains_key(&Column::Name) {
            let at = table.columns.get(&Column::Name).map_or(row.at, |col| At { col: *col, ..row.at });
            bag.at(
                at,
                None,
                Fault::error(
                    Code::MissingName,
                    Words::new("Họ và tên của học sinh.", "The pupil's full name."),
                    Words::new(
                        "Ghi họ tên như trên trang Học sinh, hoặc xoá các ô khác của dòng.",
                        "Write the name as on the sheet Học sinh, or clear the other cells of the row.",
                    ),
                ),
            );
            continue;
        }
        if let Some(first) = rows.get(&number) {
            let first = CellRef { row: first.at.row, col: first.at.col };
            bag.at(
                row.at,
                Some(number.to_string()),
                Fault::error(
                    Code::DuplicateNumber,
                    Words::new("Mỗi STT một lần.", "Each number once."),
                    Words::new(
                        format!("STT này đã có ở ô {first}: sửa số hoặc xoá dòng thừa."),
                        format!("Cell {first} has this number already: correct it or delete the surplus row."),
                    ),
                ),
            );
            continue;
        }
        rows.insert(number, row);
    }
    rows
}

/// A pupil of the list.
struct Pupil<'a> {
    key: String,
    shown: String,
    row: &'a Row,
}

/// The pupils of the list, and the names on those of its rows whose number is no good.
struct Pupils<'a> {
    by_number: BTreeMap<u32, Pupil<'a>>,
    unnumbered: BTreeSet<String>,
}

impl<'a> Pupils<'a> {
    fn of(list: &'a Table, bag: &mut Bag) -> Self {
        let by_number: BTreeMap<u32, Pupil<'_>> = numbered(list, bag)
            .into_iter()
            .filter_map(|(number, row)| {
                let name = row.cells.get(&Column::Name)?;
                Some((number, Pupil { key: name_key(name), shown: name.shown(), row }))
            })
            .collect();
        let unnumbered = list
            .rows
            .iter()
            .filter(|row| by_number.values().all(|pupil| pupil.row.at != row.at))
            .filter_map(|row| row.cells.get(&Column::Name).map(name_key))
            .collect();
        Self { by_number, unnumbered }
    }
}

/// Rows matched with the pupil list: STT and name must agree.
fn matched<'a>(table: &'a Table, pupils: &Pupils<'_>, bag: &mut Bag) -> BTreeMap<u32, &'a Row> {
    let mut rows = numbered(table, bag);
    rows.retain(|number, row| {
        let Some(name) = row.cells.get(&Column::Name) else { return false };
        let Some(pupil) = pupils.by_number.get(number) else {
            // The list's own row has a wrong number, which was told there; once, not on every sheet.
            if pupils.unnumbered.contains(&name_key(name)) {
                return false;
            }
            bag.at(
                row.at,
                Some(number.to_string()),
                Fault::error(
                    Code::UnknownPupil,
                    Words::new("STT có trên trang Học sinh.", "A number that the sheet Học sinh has."),
                    Words::new(
                        "Thêm học sinh vào trang Học sinh, hoặc sửa STT ở đây.",
                        "Add the pupil to the sheet Học sinh, or correct the number here.",
                    ),
                ),
            );
            return false;
        };
        // Written alike it is alike, which is cheaper to see than what it would be after every repair.
        if name.shown() != pupil.shown && name_key(name) != pupil.key {
            let shown = cut(&pupil.shown);
            bag.at(
                name.at,
                Some(name.shown()),
                Fault::error(
                    Code::PupilMismatch,
                    Words::new(
                        format!("STT {number} trên trang Học sinh là “{shown}”."),
                        format!("Number {number} of the sheet Học sinh is “{shown}”."),
                    ),
                    Words::new(
                        "Các dòng có lẽ đã bị xếp lệch: chép lại STT và họ tên từ trang Học sinh, kiểm tra điểm đúng người.",
                        "The rows have perhaps been sorted apart: copy number and name from the sheet Học sinh again, and check \
                         that the marks are the right pupil's.",
                    ),
                ),
            );
            return false;
        }
        true
    });
    rows
}

fn missing_sheet(name: &str) -> Finding {
    Finding {
        value: Some(name.to_owned()),
        ..Finding::file(
            Code::MissingSheet,
            Words::new(format!("Một trang tên “{name}”."), format!("A sheet named “{name}”.")),
            Words::new("Chép trang này từ tệp mẫu và điền vào.", "Copy the sheet from the template and fill it in."),
        )
    }
}

fn require_columns(table: &Table, required: &[(Column, &str)], bag: &mut Bag) {
    for (column, name) in required {
        if !table.columns.contains_key(column) {
            bag.on_sheet(
                table.sheet,
                Code::MissingColumn,
                Severity::Error,
                Words::new(format!("Cột “{name}”."), format!("A column “{name}”.")),
                Words::new("Thêm cột này như trong tệp mẫu.", "Add the column as in the template."),
            );
        }
    }
}

fn required_of_subject(subject: &catalogue::Subject, table: &Table, wide: bool, bag: &mut Bag) {
    let has = |column| table.columns.contains_key(&column);
    if matches!(subject.kind, SubjectKind::Level | SubjectKind::TestedLevel) {
        if !has(Column::Year) {
            bag.on_sheet(
                table.sheet,
                Code::MissingColumn,
                Severity::Error,
                Words::new(
                    format!("Cột “Mức đạt được” của môn {}.", subject.name),
                    format!("A column “Mức đạt được” of {}.", subject.english),
                ),
                Words::new("Thêm cột như trong tệp mẫu.", "Add the columns as in the template."),
            );
        }
        return;
    }
    // One column for each subject is what some schools' summaries have; what marks it lacks, the record's checks say.
    if wide && has(Column::Year) {
        return;
    }
    for (term, name) in [(Term::First, "HK I"), (Term::Second, "HK II")] {
        let single = has(Column::Midterm(term)) && has(Column::FinalExam(term)) && has(Column::Regular(term, 1));
        let enough = has(Column::Average(term)) || subject.kind == SubjectKind::Score && single;
        if !enough {
            let (vi, en) = match subject.kind {
                SubjectKind::Score => (
                    format!("Các cột TX1…, GK, CK hoặc cột ĐTB dưới “{name}”."),
                    format!("Columns TX1…, GK, CK or a column ĐTB below “{name}”."),
                ),
                _ => (format!("Cột “{name}”."), format!("A column “{name}”.")),
            };
            bag.on_sheet(
                table.sheet,
                Code::MissingColumn,
                Severity::Error,
                Words::new(vi, en),
                Words::new("Thêm cột như trong tệp mẫu.", "Add the columns as in the template."),
            );
        }
    }
    // A column of the other kind of subject is understood as a heading and yet not read.
    if subject.kind == SubjectKind::Comment {
        for (column, col) in &table.columns {
            let filled = table.rows.iter().any(|r| r.cells.contains_key(column));
            if filled && matches!(column, Column::Regular(..) | Column::Midterm(_) | Column::FinalExam(_)) {
                let row = table.rows.first().map_or(0, |r| r.at.row.saturating_sub(1));
                bag.ignored_column(At { sheet: table.sheet, row, col: *col }, "");
            }
        }
    }
}

pub(crate) fn assemble(source: &Source, mut bag: Bag, context: &Context<'_>) -> Assembled {
    let limits = context.limits;
    let header = class::header(source, context.hints, &mut bag);
    let rules = header.as_ref().map(|h| h.form().rules).or(source.rules).unwrap_or(RuleSet::Tt22);
    let Some(list) = &source.pupils else {
        bag.push(missing_sheet("Học sinh"));
        return Assembled { sheet: None, bag };
    };
    require_columns(list, &[(Column::BirthDate, "Ngày sinh"), (Column::Sex, "Giới tính")], &mut bag);
    let pupils = Pupils::of(list, &mut bag);
    if pupils.by_number.is_empty() {
        bag.on_sheet(
            list.sheet,
            Code::NoPupils,
            Severity::Error,
            Words::new("Ít nhất một học sinh.", "At least one pupil."),
            Words::new("Điền STT và họ tên học sinh.", "Fill in the pupils' numbers and names."),
        );
    }
    if pupils.by_number.len() > limits.pupils {
        bag.on_sheet(
            list.sheet,
            Code::TooManyPupils,
            Severity::Error,
            Words::new(
                format!("Một lớp không quá {} học sinh.", limits.pupils),
                format!("At most {} pupils in a class.", limits.pupils),
            ),
            Words::new("Mỗi lớp một tệp.", "One file for each class."),
        );
        return Assembled { sheet: None, bag };
    }

    let mut subjects: Vec<(&'static catalogue::Subject, &Table, BTreeMap<u32, &Row>)> = Vec::new();
    for (subject, table) in &source.subjects {
        required_of_subject(subject, table, source.wide, &mut bag);
        let rows = matched(table, &pupils, &mut bag);
        subjects.push((subject, table, rows));
    }
    // Drafts list subjects in the order of the form, whatever the order of the sheets.
    subjects.sort_by_key(|(subject, ..)| catalogue::SUBJECTS.iter().position(|s| std::ptr::eq(s, *subject)));
    let heads: Vec<Head> = subjects.iter().map(|(subject, table, _)| Head::read(subject, table, &mut bag)).collect();

    let conduct = match &source.conduct {
        Some(table) => {
            let required = [
                (Column::Conduct(Term::First), "HK I"),
                (Column::Conduct(Term::Second), "HK II"),
                (Column::WithLeave, "Nghỉ có phép"),
                (Column::WithoutLeave, "Nghỉ không phép"),
            ];
            // Primary school has no conduct; which qualities a draft lacks, the record's checks say.
            let required = if homeroom::is_primary(rules) { &required[2..] } else { &required };
            require_columns(table, required, &mut bag);
            blank_absences(table, &mut bag);
            Some((table, matched(table, &pupils, &mut bag)))
        }
        None => {
            bag.push(missing_sheet(conduct_sheet(rules)));
            None
        }
    };
    let results = source.results.as_ref().map(|table| (table, matched(table, &pupils, &mut bag)));
    let more = source.more.as_ref().map(|table| (table, matched(table, &pupils, &mut bag)));

    let mut rows = Vec::new();
    for (number, pupil) in &pupils.by_number {
        let identity = identity(pupil.row, list, &mut bag);
        let conduct_row = conduct.as_ref().and_then(|(_, rows)| rows.get(number).copied());
        // A row of this number that is another's has been told as a mismatch.
        let has_number = |table: &Table| table.rows.iter().any(|r| r.cells.len() > 1 && number_of(r) == Some(*number));
        if let Some((table, _)) = conduct.as_ref().filter(|(table, _)| conduct_row.is_none() && !has_number(table)) {
            bag.push(Finding {
                code: Code::PupilMissing,
                severity: Severity::Error,
                sheet: source.sheets.get(table.sheet).cloned().unwrap_or_default(),
                cell: None,
                value: Some(cut(&pupil.shown)),
                expected: Words::new(format!("Một dòng cho STT {number}."), format!("A row for number {number}.")),
                how_to_mend: Words::new("Thêm dòng của học sinh này.", "Add this pupil's row."),
            });
        }
        let mut places = Places { pupil: pupil.row.at, ..Places::default() };
        let mut drafts = Vec::new();
        for ((subject, _, rows), head) in subjects.iter().zip(&heads) {
            let Some(row) = rows.get(number) else { continue };
            drafts.push(subject_draft(subject, head, row, &mut bag));
            places.subjects.insert(head.code.clone(), crate::sheet::SubjectPlace::of(row));
        }
        places.conduct = conduct_row.map(|r| r.at);
        let result_row = results.as_ref().and_then(|(_, rows)| rows.get(number).copied());
        places.results = result_row.map(|r| r.at);
        let more_row = more.as_ref().and_then(|(_, rows)| rows.get(number).copied());
        places.more = more_row.map(|r| r.at);
        // Read although the pupil may not be, so that all faults are told.
        let known = identity.is_some();
        let mut draft = Draft { subjects: drafts, ..Draft::of(identity.unwrap_or_else(nobody)) };
        let rows_of = homeroom::Rows { conduct: conduct_row, results: result_row, more: more_row };
        homeroom::fill(&mut draft, rows_of, rules, &mut bag);
        if known {
            rows.push(PlacedDraft { number: *number, draft, places });
        }
    }

    let layout = Layout::of(source);
    let sheet = header.map(|header| ClassSheet { header, rows, warnings: Vec::new(), layout });
    Assembled { sheet, bag }
}

/// The name of the sheet on which conduct stands.
pub(crate) fn conduct_sheet(rules: RuleSet) -> &'static str {
    match rules {
        RuleSet::Tt27 | RuleSet::Tt30 => "Phẩm chất, năng lực",
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => "Hạnh kiểm",
        RuleSet::Tt22 => "Rèn luyện",
    }
}

/// Stands in for a pupil whose identity cannot be read, while the rest of the row is.
fn nobody() -> Identity {
    Identity {
        name: "?".parse().expect("a text"),
        birth_date: PartialDate::new(2000, None, None).expect("a year"),
        sex: Sex::Other,
        ethnicity: None,
        nationality: None,
        birth_place: None,
        birth_province: None,
        identifiers: Vec::new(),
        book: None,
    }
}

pub(crate) fn identity(row: &Row, list: &Table, bag: &mut Bag) -> Option<Identity> {
    let get = |column: Column| row.cells.get(&column);
    let name = bag.read(get(Column::Name), |f| value::text(f, Prose::Name));
    let birth_date = bag.read(get(Column::BirthDate), value::date);
    let sex = bag.read(get(Column::Sex), value::sex);
    for (column, vi) in [(Column::BirthDate, "Ngày sinh"), (Column::Sex, "Giới tính")] {
        if let (None, Some(col)) = (get(column), list.columns.get(&column)) {
            bag.at(
                At { col: *col, ..row.at },
                None,
                Fault::error(
                    Code::MissingValue,
                    Words::new(format!("{vi} của học sinh."), format!("The pupil's “{vi}”.")),
                    Words::new("Điền theo giấy khai sinh.", "Fill it in from the birth certificate."),
                ),
            );
        }
    }
    let ethnicity = bag.read(get(Column::Ethnicity), |f| value::text(f, Prose::Line));
    let nationality = bag.read(get(Column::Nationality), value::country);
    let birth_place = bag.read(get(Column::BirthPlace), |f| value::text(f, Prose::Line));
    let book = bag.read(get(Column::Book), |f| value::text(f, Prose::Code));
    let identifiers = IDENTIFIERS
        .into_iter()
        .filter_map(|(column, kind)| {
            let value = bag.read(get(column), |f| value::identifier(f, kind));
            let with = bag.read(get(Column::VerifiedWith(kind)), value::register);
            let on = bag.read(get(Column::VerifiedOn(kind)), value::date);
            let verified = with.zip(on).map(|(with, on)| Verified { on, with });
            Some(Identifier { verified, ..Identifier::new(kind, value?) })
        })
        .collect();
    Some(Identity {
        name: name?,
        birth_date: birth_date?,
        sex: sex?,
        ethnicity,
        nationality,
        birth_place,
        birth_province: None,
        identifiers,
        book,
    })
}

/// What stands above a subject's table, for all its pupils.
struct Head {
    code: SubjectCode,
    name: Text,
    teacher: Option<Text>,
    locked_at: Option<hocba_record::types::UnixTime>,
    source: Option<Text>,
}

impl Head {
    fn read(subject: &catalogue::Subject, table: &Table, bag: &mut Bag) -> Self {
        let own = |text: &str| text.parse().expect("the catalogue's names are texts");
        Self {
            code: subject.code.parse().expect("the catalogue's codes are subject codes"),
            name: bag
                .read(table.head.get(&Column::SubjectName), |f| value::text(f, Prose::Line))
                .unwrap_or_else(|| own(subject.name)),
            teacher: bag.read(table.head.get(&Column::Teacher), |f| value::text(f, Prose::Name)),
            locked_at: bag.read(table.head.get(&Column::LockedAt), value::moment),
            source: bag.read(table.head.get(&Column::Source), |f| value::text(f, Prose::Line)),
        }
    }
}

fn is_exempt_word(field: &Field) -> bool {
    matches!(&field.value, Value::Text(text) if matches!(&*fold(text), "mien" | "mienhoc"))
}

fn is_mark_column(column: &Column) -> bool {
    use Column::*;
    matches!(column, Regular(..) | Midterm(_) | FinalExam(_) | Average(_) | Year | Reassessed | Test | ReassessedTest)
}

fn subject_draft(subject: &catalogue::Subject, head: &Head, row: &Row, bag: &mut Bag) -> SubjectDraft {
    let get = |column: Column| row.cells.get(&column);
    let exempt = row.cells.iter().any(|(c, f)| is_mark_column(c) && is_exempt_word(f));
    let reason = bag.read(get(Column::Exempt), |f| value::text(f, Prose::Line));
    let assessment = if exempt || reason.is_some() {
        if let Some((_, field)) = row.cells.iter().find(|(c, f)| is_mark_column(c) && !is_exempt_word(f)) {
            bag.at(
                field.at,
                Some(field.shown()),
                Fault::error(
                    Code::ExemptWithMarks,
                    Words::new("Học sinh miễn học thì không có điểm.", "A pupil who is exempt has no marks."),
                    Words::new(
                        "Xoá điểm, hoặc xoá chữ “Miễn” và lí do.",
                        "Delete the marks, or delete “Miễn” and the reason.",
                    ),
                ),
            );
        }
        match reason {
            Some(reason) if fold(reason.as_str()) == "khongdanhgia" => Assessment::NotAssessed,
            Some(reason) => Assessment::Exempt(reason),
            None => Assessment::Exempt("Miễn học".parse().expect("a text")),
        }
    } else if matches!(subject.kind, SubjectKind::Level | SubjectKind::TestedLevel) {
        Assessment::Level {
            year: bag.read(get(Column::Year), value::subject_level),
            test: bag.read(get(Column::Test), value::mark),
            reassessed: bag.read(get(Column::Reassessed), value::subject_level),
            reassessed_test: bag.read(get(Column::ReassessedTest), value::mark),
        }
    } else if subject.kind == SubjectKind::Score {
        let term1 = term_marks(row, Term::First, bag);
        let term2 = term_marks(row, Term::Second, bag);
        Assessment::Score {
            term1,
            term2,
            year: bag.read(get(Column::Year), value::mark),
            reassessed: bag.read(get(Column::Reassessed), value::mark),
        }
    } else {
        Assessment::Comment {
            term1: bag.read(get(Column::Average(Term::First)), value::achievement),
            term2: bag.read(get(Column::Average(Term::Second)), value::achievement),
            year: bag.read(get(Column::Year), value::achievement),
            reassessed: bag.read(get(Column::Reassessed), value::achievement),
        }
    };
    SubjectDraft {
        code: head.code.clone(),
        name: bag.read(get(Column::SubjectName), |f| value::text(f, Prose::Line)).unwrap_or_else(|| head.name.clone()),
        assessment,
        study_topics: bag.read(get(Column::StudyTopics), value::flag).unwrap_or(false),
        remark: bag.read(get(Column::Remark), |f| value::text(f, Prose::Lines)),
        teacher: bag.read(get(Column::Teacher), |f| value::text(f, Prose::Name)).or_else(|| head.teacher.clone()),
        locked_at: bag.read(get(Column::LockedAt), value::moment).or(head.locked_at),
        source: bag.read(get(Column::Source), |f| value::text(f, Prose::Line)).or_else(|| head.source.clone()),
    }
}

fn term_marks(row: &Row, term: Term, bag: &mut Bag) -> TermMarks {
    let get = |column: Column| row.cells.get(&column);
    let regular = (1..=9).filter_map(|n| bag.read(get(Column::Regular(term, n)), value::mark)).collect();
    TermMarks {
        regular,
        midterm: bag.read(get(Column::Midterm(term)), value::mark),
        final_exam: bag.read(get(Column::FinalExam(term)), value::mark),
        average: bag.read(get(Column::Average(term)), value::mark),
    }
}

/// Teachers leave the cell empty for no absence. One remark for each column says so.
fn blank_absences(table: &Table, bag: &mut Bag) {
    for (column, name) in [(Column::WithLeave, "Nghỉ có phép"), (Column::WithoutLeave, "Nghỉ không phép")] {
        let Some(col) = table.columns.get(&column) else { continue };
        let blank: Vec<&Row> = table
            .rows
            .iter()
            .filter(|r| number_of(r).is_some() && r.cells.contains_key(&Column::Name) && !r.cells.contains_key(&column))
            .collect();
        if let Some(first) = blank.first() {
            let n = blank.len();
            bag.at(
                At { col: *col, ..first.at },
                None,
                Fault::warning(
                    Code::BlankIsZero,
                    Words::new(format!("Số buổi “{name}”."), format!("The sessions “{name}”.")),
                    Words::new(
                        format!("{n} ô trống của cột này được hiểu là 0 buổi. Nên ghi số 0."),
                        format!("{n} empty cells of this column were read as 0. Better write 0."),
                    ),
                ),
            );
        }
    }
}
