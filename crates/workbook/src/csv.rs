//! A flat text file into the same tables: one line for each pupil and subject.

use std::collections::BTreeMap;

use hocba_record::{catalogue, form::Form};

use crate::{
    Limits,
    bag::Bag,
    class::form_of,
    classify::known_subject,
    columns::{Column, Kind, recognise},
    finding::{Code, Finding, Severity, Words},
    guard,
    hints::Context,
    plan::{ColumnPlan, Role, SheetPlan, Use},
    table::{At, Field, Row, Source, Table, Value},
    value::Fault,
};

/// The name under which a text file's findings speak of it.
pub(crate) const SHEET: &str = "CSV";

/// Text that is not UTF-8, called by the name of what it most likely is. Old Vietnamese fonts (TCVN3) put their letters
/// where Windows-1258, and every other code page a spreadsheet saves in, has signs that no name or remark has.
pub(crate) fn unknown_encoding(bytes: &[u8]) -> Box<Finding> {
    let signs = bytes.iter().take(64 * 1024).filter(|b| matches!(b, 0xa8..=0xae | 0xb5..=0xbe)).count();
    let letters = bytes.iter().take(64 * 1024).filter(|b| matches!(b, 0xc0..=0xff)).count();
    let name = if signs > letters / 8 { "TCVN3 (ABC)" } else { "Windows-1258" };
    guard::refuse(
        Code::UnknownEncoding,
        Words::new("Tệp CSV mã hoá UTF-8.", "A CSV file in UTF-8."),
        Words::new(
            format!(
                "Tệp dùng bảng mã khác, có lẽ {name}. Trong Excel chọn “Lưu thành”, kiểu “CSV UTF-8 (.csv)”, hoặc gửi tệp .xlsx."
            ),
            format!(
                "The file is in another encoding, perhaps {name}. In Excel choose Save As, type “CSV UTF-8 (.csv)”, or send an .xlsx file."
            ),
        ),
    )
}

pub(crate) fn too_large(limits: &Limits) -> Box<Finding> {
    Box::new(Finding {
        sheet: SHEET.into(),
        ..Finding::file(
            Code::SheetTooLarge,
            Words::new(
                format!("Tệp có không quá {} dòng và {} cột.", limits.rows, limits.columns),
                format!("A file of at most {} rows and {} columns.", limits.rows, limits.columns),
            ),
            Words::new(
                "Mỗi lớp một tệp; xoá dòng và cột thừa.",
                "One file for each class; delete surplus rows and columns.",
            ),
        )
    })
}

/// The separator of the heading line: `;` where the comma is the decimal sign, else `,` or a tabulator.
pub(crate) fn separator(first_line: &str) -> u8 {
    let count = |c: char| {
        let mut quoted = false;
        first_line
            .chars()
            .filter(|x| {
                quoted ^= *x == '"';
                *x == c && !quoted
            })
            .count()
    };
    [(b';', count(';')), (b'\t', count('\t')), (b',', count(','))]
        .into_iter()
        .rev()
        .max_by_key(|(_, n)| *n)
        .map_or(b',', |(c, _)| c)
}

/// A record of the file and the row it has in a spreadsheet, from 0.
pub(crate) struct Line {
    pub row: u32,
    pub cells: Vec<String>,
}

fn lines(text: &str, limits: &Limits) -> Result<Vec<Line>, Box<Finding>> {
    let (hint, body) = match text.split_once('\n') {
        // Excel's own hint of the separator, a line that is no data.
        Some((first, rest)) if first.to_ascii_lowercase().starts_with("sep=") => {
            (first.as_bytes().get(4).copied(), rest)
        }
        _ => (None, text),
    };
    let skipped = u32::from(hint.is_some());
    let separator = hint.unwrap_or_else(|| separator(body.lines().find(|l| !l.trim().is_empty()).unwrap_or_default()));
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(body.as_bytes());
    let mut lines = Vec::new();
    let (mut left, mut inside) = (limits.cells, 0_u64);
    for record in reader.records() {
        let record = record.map_err(|_| unknown_encoding(body.as_bytes()))?;
        // The reader counts lines of text; a spreadsheet counts a record with line feeds in it as one row.
        let (line, byte) = record.position().map_or((0, 0), |p| (p.line(), p.byte()));
        // It stands before the line feed of a CRLF and before blank lines, which belong to no record.
        let rest = usize::try_from(byte).ok().and_then(|byte| body.as_bytes().get(byte..)).unwrap_or_default();
        let passed = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| **b == b'\n').count() as u64;
        let line = line.saturating_add(passed);
        let row = line.saturating_sub(1).saturating_sub(inside).saturating_add(skipped.into());
        inside += record.iter().map(|f| f.matches('\n').count() as u64).sum::<u64>();
        let row = u32::try_from(row).ok().filter(|r| *r < limits.rows).ok_or_else(|| too_large(limits))?;
        let columns = u32::try_from(record.len()).unwrap_or(u32::MAX);
        left = left.checked_sub(u64::from(columns)).ok_or_else(|| too_large(limits))?;
        if columns > limits.columns {
            return Err(too_large(limits));
        }
        lines.push(Line { row, cells: record.iter().map(ToOwned::to_owned).collect() });
    }
    Ok(lines)
}

/// The lines of a file that is text.
pub(crate) fn open(bytes: &[u8], limits: &Limits) -> Result<Vec<Line>, Box<Finding>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(text).map_err(|_| unknown_encoding(text)).and_then(|text| lines(text, limits))
}

pub(crate) fn tables(bytes: &[u8], context: &Context<'_>) -> (Source, Bag) {
    match open(bytes, context.limits) {
        Ok(lines) => split(&lines, context),
        Err(finding) => (Source::default(), Bag::with(*finding)),
    }
}

fn at(row: u32, col: usize) -> At {
    At { sheet: 0, row, col: u32::try_from(col).unwrap_or(u32::MAX) }
}

pub(crate) fn split(lines: &[Line], context: &Context<'_>) -> (Source, Bag) {
    let mut bag = Bag::new(vec![SHEET.into()], context.limits.findings);
    let mut source = Source { sheets: vec![SHEET.into()], ..Source::default() };
    let header = lines.iter().position(|line| {
        let has = |wanted| line.cells.iter().any(|c| recognise(Kind::Csv, c, None) == Some(wanted));
        has(Column::Number) && has(Column::Name)
    });
    let Some(header) = header else {
        bag.on_sheet(
            0,
            Code::MissingHeader,
            Severity::Error,
            Words::new("Dòng đầu là tên cột, có STT và Họ và tên.", "A first line of headings with STT and Họ và tên."),
            Words::new("Thêm dòng tên cột như trong hướng dẫn.", "Add the line of headings as in the guide."),
        );
        return (Source::default(), bag);
    };
    let (heading, data) = (&lines[header], &lines[header + 1..]);
    let mut columns = BTreeMap::new();
    let mut plans = Vec::new();
    let mut awards = 0_u8;
    for (col, text) in heading.cells.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let place = at(heading.row, col);
        let mapped = context.mapping.get(SHEET, place.col);
        let mut column = match mapped {
            Some(mapped) => mapped.map(|(_, column)| column),
            None => recognise(Kind::Csv, text, None),
        };
        if let Some(Column::Award(_)) = column {
            awards = awards.saturating_add(1);
            column = Some(Column::Award(awards));
        }
        match column {
            Some(twice) if columns.contains_key(&twice) => {
                bag.duplicate_column(place, text);
                column = None;
            }
            Some(column) => {
                columns.insert(column, place.col);
            }
            None if mapped.is_some() => {}
            None if data.iter().any(|l| l.cells.get(col).is_some_and(|c| !c.trim().is_empty())) => {
                bag.ignored_column(place, text);
            }
            None => {}
        }
        let taken = column.map(|column| Use { column, subject: None });
        plans.push(ColumnPlan { col: place.col, row: heading.row, heading: text.clone(), taken });
    }

    let rows: Vec<Row> = data
        .iter()
        .map(|line| {
            let cell = |(column, col): (&Column, &u32)| {
                let text = line.cells.get(usize::try_from(*col).ok()?)?;
                let value = Value::Text(text.clone());
                let field = Field { at: At { sheet: 0, row: line.row, col: *col }, value, formula: false };
                (!field.is_blank()).then_some((*column, field))
            };
            let number = columns.get(&Column::Number).copied().unwrap_or(0);
            Row { at: At { sheet: 0, row: line.row, col: number }, cells: columns.iter().filter_map(cell).collect() }
        })
        .filter(|row: &Row| !row.cells.is_empty())
        .collect();

    source.class = Some(class(&rows, &columns, heading.row, &mut bag));
    let form = source.class.as_ref().and_then(|class| form_of(&class.head, context.hints));
    let curriculum = form.map(Form::curriculum);
    source.rules = form.map(|form| form.rules);

    // Each pupil's own fields come from the pupil's first line; further lines leave them empty or repeat them.
    let own = |column: &Column| is_pupil(*column) || is_conduct(*column) || is_result(*column) || is_more(*column);
    let mut pupils: Vec<Row> = Vec::new();
    let mut first: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut subjects: BTreeMap<&'static str, (&'static catalogue::Subject, Vec<Row>)> = BTreeMap::new();
    let mut words: BTreeMap<String, Option<&'static catalogue::Subject>> = BTreeMap::new();
    for row in &rows {
        let shown = |column| row.cells.get(&column).map(Field::shown).unwrap_or_default().trim().to_owned();
        let key = (shown(Column::Number), shown(Column::Name));
        match first.get(&key) {
            Some(index) => {
                let earlier = &mut pupils[*index];
                for (column, field) in row.cells.iter().filter(|(c, _)| own(c)) {
                    match earlier.cells.get(column) {
                        Some(had) if had.value == field.value => {}
                        Some(had) => {
                            let said = crate::finding::CellRef { row: had.at.row, col: had.at.col };
                            let fault = disagrees(&said.to_string());
                            bag.at(field.at, Some(field.shown()), fault);
                        }
                        None => {
                            earlier.cells.insert(*column, field.clone());
                        }
                    }
                }
            }
            None => {
                first.insert(key, pupils.len());
                let cells = row.cells.iter().filter(|(c, _)| own(c)).map(|(c, f)| (*c, f.clone())).collect();
                pupils.push(Row { at: row.at, cells });
            }
        }
        let Some(code) = row.cells.get(&Column::SubjectCode).or_else(|| row.cells.get(&Column::SubjectName)) else {
            continue;
        };
        // The same dozen words on every line.
        let known = *words.entry(code.shown()).or_insert_with_key(|word| known_subject(curriculum, word));
        match known {
            Some(subject) => subjects.entry(subject.code).or_insert((subject, Vec::new())).1.push(row.clone()),
            None => bag.at(
                code.at,
                Some(code.shown()),
                Fault::error(
                    Code::UnknownSubject,
                    Words::new("Một môn của chương trình ở cấp học này.", "A subject of this level's programme."),
                    Words::new(
                        "Ghi mã môn như trong tệp mẫu (ví dụ toan).",
                        "Write the subject's code of the template (such as toan).",
                    ),
                ),
            ),
        }
    }

    let table = |rows: Vec<Row>, mine: fn(Column) -> bool| Table {
        sheet: 0,
        columns: columns.iter().filter(|(c, _)| mine(**c)).map(|(c, col)| (*c, *col)).collect(),
        rows,
        head: BTreeMap::new(),
    };
    let part = |mine: fn(Column) -> bool| -> Vec<Row> {
        let keep = |row: &Row| Row {
            at: row.at,
            cells: row.cells.iter().filter(|(c, _)| mine(**c)).map(|(c, f)| (*c, f.clone())).collect(),
        };
        pupils.iter().map(keep).collect()
    };
    source.pupils = Some(table(part(is_pupil), is_pupil));
    source.conduct = Some(table(part(is_conduct), is_conduct));
    if columns.keys().any(|c| is_result(*c) && !is_key(*c)) {
        source.results = Some(table(part(is_result), is_result));
    }
    if columns.keys().any(|c| is_more(*c) && !is_key(*c)) {
        source.more = Some(table(part(is_more), is_more));
    }
    source.plans.push(SheetPlan {
        header: Some((heading.row, heading.row)),
        columns: plans,
        last: rows.last().map(|r| r.at.row),
        pupils: pupils.len(),
        ..SheetPlan::bare(0, Role::Lines)
    });
    source.subjects = subjects.into_values().map(|(subject, rows)| (subject, table(rows, is_subject))).collect();
    (source, bag)
}

fn disagrees(cell: &str) -> Fault {
    Fault::error(
        Code::LinesDisagree,
        Words::new(format!("Như ở ô {cell}."), format!("The same as in cell {cell}.")),
        Words::new(
            "Các dòng của một học sinh, một lớp phải giống nhau ở cột này, hoặc để trống từ dòng thứ hai.",
            "The lines of one pupil and of one class agree in this column, or leave it empty from the second on.",
        ),
    )
}

/// The class is said in columns; every line says the same or nothing.
fn class(rows: &[Row], columns: &BTreeMap<Column, u32>, heading: u32, bag: &mut Bag) -> Table {
    let mut head: BTreeMap<Column, Field> = BTreeMap::new();
    for (column, col) in columns.iter().filter(|(c, _)| c.is_head(Kind::Class)) {
        let mut said = rows.iter().filter_map(|row| row.cells.get(column));
        let Some(first) = said.next() else {
            let blank = Value::Text(String::new());
            head.insert(
                *column,
                Field { at: At { sheet: 0, row: heading + 1, col: *col }, value: blank, formula: false },
            );
            continue;
        };
        if let Some(other) = said.find(|f| f.value != first.value) {
            let cell = crate::finding::CellRef { row: first.at.row, col: first.at.col };
            bag.at(other.at, Some(other.shown()), disagrees(&cell.to_string()));
        }
        head.insert(*column, first.clone());
    }
    Table { sheet: 0, head, ..Table::default() }
}

fn is_key(column: Column) -> bool {
    matches!(column, Column::Number | Column::Name)
}
fn is_pupil(column: Column) -> bool {
    use Column::*;
    is_key(column)
        || matches!(
            column,
            BirthDate
                | Sex
                | Ethnicity
                | Nationality
                | BirthPlace
                | Personal
                | Ministry
                | SchoolPupil
                | Lifelong
                | Temporary
                | ForeignPaper
                | Book
                | VerifiedWith(_)
                | VerifiedOn(_)
        )
}
fn is_conduct(column: Column) -> bool {
    use Column::*;
    is_key(column)
        || matches!(
            column,
            Conduct(_)
                | ConductYear
                | Retrained
                | WithLeave
                | WithoutLeave
                | HomeroomRemark
                | Award(_)
                | Attainment(_)
                | AttainmentRemark(_)
                | AttainmentsReassessed
                | Outstanding
                | Title
        )
}
fn is_result(column: Column) -> bool {
    use Column::*;
    is_key(column) || matches!(column, Study(_) | StudyYear | Promotion | Overall(_) | OverallYear | EducationYear)
}
fn is_more(column: Column) -> bool {
    use Column::*;
    is_key(column)
        || matches!(column, Plan | PlanNote | Repeating | MovedIn(_) | MovedOut(_) | Certificate(..) | Contest(..))
}
fn is_subject(column: Column) -> bool {
    use Column::*;
    is_key(column)
        || matches!(
            column,
            Regular(..)
                | Midterm(_)
                | FinalExam(_)
                | Average(_)
                | Year
                | Reassessed
                | Exempt
                | Remark
                | SubjectCode
                | SubjectName
                | Teacher
                | LockedAt
                | Source
                | Test
                | ReassessedTest
                | StudyTopics
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_number_that_a_spreadsheet_shows_whatever_ends_its_line() {
        for (text, rows) in [
            ("a;b\nc;d\ne;f\n", [0, 1, 2]),
            ("a;b\r\nc;d\r\ne;f\r\n", [0, 1, 2]),
            ("a;b\r\n\r\nc;d\r\ne;f", [0, 2, 3]),
            ("\na;b\n\nc;d\ne;f", [1, 3, 4]),
            ("a;\"b\r\nb\"\r\nc;d\r\ne;f\r\n", [0, 1, 2]),
        ] {
            let found: Vec<u32> = lines(text, &Limits::default()).expect("text").iter().map(|line| line.row).collect();
            assert_eq!(found, rows, "{text:?}");
        }
    }

    #[test]
    fn an_encoding_that_is_not_utf8_is_called_by_its_name() {
        let named = |bytes: &[u8]| unknown_encoding(bytes).how_to_mend.vi;
        // “Họ và tên Nguyễn Thị Đào” in both.
        assert!(named(b"STT;H\xe4 v\xb5 t\xaan\n1;Nguy\xd4n Th\xde \xa7\xb5o\n").contains("TCVN3"));
        assert!(named(b"STT;Ho\xf2 v\xe0 t\xean\n1;Nguy\xea\xden Thi\xf2 \xd0\xe0o\n").contains("Windows-1258"));
    }
}
