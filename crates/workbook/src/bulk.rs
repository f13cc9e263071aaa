//! Many classes from one text file, one class at a time.
//!
//! The file is the CSV of the crate's documentation with the lines of one class standing together. Only the lines of the
//! class being read are in memory, and of the classes behind it their names, so a whole school's or province's file takes
//! no more than its largest class.

use std::{
    cell::Cell,
    collections::HashSet,
    io::{self, BufRead, Cursor, Read},
    rc::Rc,
};

use crate::{
    ClassSheet, Hints, Limits, Mapping,
    columns::{Column, Kind, recognise},
    csv::{self, Line, SHEET},
    finding::{CellRef, Code, Finding, Severity, Words, cut},
    finish, guard,
    hints::Context,
};

/// The heading line at most; the limit on columns bounds it in fact.
const HEADING_BYTES: u64 = 256 * 1024;

/// What is wrong with one class of the file; the other classes are read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFindings {
    /// The class as its first line names it: school code, school year, class. Empty where the file itself is at fault.
    pub class: String,
    /// Its first line, counted from 1 as a text editor does.
    pub line: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The classes of a text file, in its order; see [`classes`].
pub struct Classes<R> {
    reader: ::csv::Reader<Bounded<R>>,
    limits: Limits,
    heading: Line,
    /// Places of school code, school year and class in a line.
    key: [Option<usize>; 3],
    /// Bytes since the last record.
    taken: Rc<Cell<u64>>,
    /// The first line of the next class, already read.
    next: Option<(String, Line)>,
    seen: HashSet<String>,
    state: State,
}

enum State {
    /// The file cannot be read; told once.
    Refused(Box<Finding>),
    Reading,
    Done,
}

/// Reads classes one by one, each as [`crate::read_csv`] would read it alone: the iterator gives a class's sheet, or its
/// findings, and goes on. Limits on rows, cells and pupils are for each class. A class that comes again further down is a
/// finding (`class_again`), since its first part has been given already.
///
/// Cells are named by the lines of the whole file.
pub fn classes<R: BufRead>(mut reader: R, limits: &Limits) -> Classes<R> {
    let taken = Rc::new(Cell::new(0));
    let mut head = Vec::new();
    let mut lines = 0_u64;
    let first = loop {
        head.clear();
        match (&mut reader).take(HEADING_BYTES).read_until(b'\n', &mut head) {
            Ok(0) => break Err(guard::sniff(&[], limits).err().unwrap_or_else(guard::damaged)),
            Ok(_) if lines < 64 && head.trim_ascii().is_empty() => lines += 1,
            Ok(_) => break Ok(()),
            Err(error) => break Err(unreadable(&error)),
        }
    };
    let opened = first.and_then(|()| {
        guard::sniff(&head, limits).and_then(|sniffed| match sniffed {
            guard::Sniffed::Text => Ok(()),
            guard::Sniffed::Zip => Err(guard::damaged()),
        })
    });
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let opened = opened.and_then(|()| std::str::from_utf8(text).map_err(|_| csv::unknown_encoding(text)));
    let (separator, heading, state) = match opened {
        Ok(text) => {
            let separator = csv::separator(text);
            match heading(text, separator, lines) {
                Some(heading) => (separator, heading, State::Reading),
                None => (b';', Line { row: 0, cells: Vec::new() }, State::Refused(no_heading())),
            }
        }
        Err(finding) => (b';', Line { row: 0, cells: Vec::new() }, State::Refused(finding)),
    };
    let place = |column| heading.cells.iter().position(|text| recognise(Kind::Csv, text, None) == Some(column));
    let key = [place(Column::SchoolCode), place(Column::SchoolYear), place(Column::Class)];
    let bounded = Bounded { inner: reader, taken: Rc::clone(&taken), most: record_bytes(limits) };
    let reader = ::csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        // What the library asks for at once counts as taken.
        .buffer_capacity(64 * 1024)
        .from_reader(bounded);
    Classes { reader, limits: limits.clone(), heading, key, taken, next: None, seen: HashSet::new(), state }
}

/// What one line may have: each column a text of the longest kept, and what the library reads ahead.
fn record_bytes(limits: &Limits) -> u64 {
    let line = u64::from(limits.columns).saturating_mul(u64::try_from(limits.text_bytes).unwrap_or(u64::MAX));
    line.saturating_add(128 * 1024)
}

fn heading(text: &str, separator: u8, lines: u64) -> Option<Line> {
    let mut reader =
        ::csv::ReaderBuilder::new().delimiter(separator).has_headers(false).from_reader(Cursor::new(text.as_bytes()));
    let cells: Vec<String> = reader.records().next()?.ok()?.iter().map(ToOwned::to_owned).collect();
    let has = |wanted| cells.iter().any(|c| recognise(Kind::Csv, c, None) == Some(wanted));
    let known = has(Column::Number) && has(Column::Name);
    known.then(|| Line { row: u32::try_from(lines).unwrap_or(u32::MAX), cells })
}

fn on_file(code: Code, expected: Words, how_to_mend: Words) -> Box<Finding> {
    Box::new(Finding { sheet: SHEET.into(), ..Finding::file(code, expected, how_to_mend) })
}

fn no_heading() -> Box<Finding> {
    on_file(
        Code::MissingHeader,
        Words::new("Dòng đầu là tên cột, có STT và Họ và tên.", "A first line of headings with STT and Họ và tên."),
        Words::new("Thêm dòng tên cột như trong hướng dẫn.", "Add the line of headings as in the guide."),
    )
}

fn unreadable(error: &io::Error) -> Box<Finding> {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return on_file(
            Code::SheetTooLarge,
            Words::new("Mỗi dòng một học sinh và một môn.", "One line for each pupil and subject."),
            Words::new(
                "Một dòng quá dài, có lẽ thiếu dấu ngoặc kép đóng: sửa dòng đó rồi gửi lại.",
                "A line is far too long; perhaps a closing quotation mark is missing. Mend it and send the file again.",
            ),
        );
    }
    on_file(
        Code::DamagedFile,
        Words::new("Một tệp đọc được đến cuối.", "A file that can be read to its end."),
        Words::new("Không đọc được tiếp: gửi lại tệp.", "Reading broke off: send the file again."),
    )
}

/// Gives no more than so many bytes between two records: a quotation mark never closed would take the whole file.
struct Bounded<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken.get() > self.most {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let n = self.inner.read(buffer)?;
        self.taken.set(self.taken.get().saturating_add(u64::try_from(n).unwrap_or(u64::MAX)));
        Ok(n)
    }
}

impl<R: Read> Classes<R> {
    /// The next line and the class it belongs to; a line without one belongs to the class before it.
    fn line(&mut self, before: &str) -> Result<Option<(String, Line)>, Box<Finding>> {
        let mut record = ::csv::ByteRecord::new();
        self.taken.set(0);
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(error) => {
                return Err(match error.into_kind() {
                    ::csv::ErrorKind::Io(error) => unreadable(&error),
                    _ => guard::damaged(),
                });
            }
        }
        let record = ::csv::StringRecord::from_byte_record(record)
            .map_err(|error| csv::unknown_encoding(error.into_byte_record().as_slice()))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        // The heading was taken off before; the library counts from 1.
        let row = u32::try_from(line).unwrap_or(u32::MAX).saturating_add(self.heading.row);
        let text = |place: Option<usize>| place.and_then(|i| record.get(i)).map(str::trim).unwrap_or_default();
        let key = self.key.map(text);
        let key = if key.iter().all(|k| k.is_empty()) { before.to_owned() } else { key.join(" ") };
        Ok(Some((key, Line { row, cells: record.iter().map(ToOwned::to_owned).collect() })))
    }

    fn class(&mut self) -> Option<Result<ClassSheet, ClassFindings>> {
        let refused = |class: &str, line: u64, finding: Box<Finding>| {
            Some(Err(ClassFindings { class: cut(class), line, findings: vec![*finding] }))
        };
        let (key, first) = match self.next.take() {
            Some(next) => next,
            None => match self.line("") {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(finding) => {
                    self.state = State::Done;
                    return refused("", 0, finding);
                }
            },
        };
        let begins = u64::from(first.row) + 1;
        let again = !self.seen.insert(key.clone());
        let mut lines = vec![Line { row: self.heading.row, cells: self.heading.cells.clone() }, first];
        let (mut cells, mut too_many) = (0_u64, false);
        let mut broken = None;
        loop {
            match self.line(&key) {
                Ok(Some((same, line))) if same == key => {
                    cells = cells.saturating_add(u64::try_from(line.cells.len()).unwrap_or(u64::MAX));
                    let wide = line.cells.len() > usize::try_from(self.limits.columns).unwrap_or(usize::MAX);
                    let long = lines.len() > usize::try_from(self.limits.rows).unwrap_or(usize::MAX);
                    too_many |= wide || long || cells > self.limits.cells;
                    // What is too much is passed over, not kept.
                    if !too_many && !again {
                        lines.push(line);
                    }
                }
                Ok(next) => {
                    self.next = next;
                    break;
                }
                Err(finding) => {
                    broken = Some(finding);
                    break;
                }
            }
        }
        if let Some(finding) = broken {
            // Perhaps lines of this class are missing: nothing half-read.
            self.state = State::Done;
            return refused(&key, begins, finding);
        }
        if again {
            let row = u32::try_from(begins - 1).unwrap_or(u32::MAX);
            let finding = Finding {
                code: Code::ClassAgain,
                severity: Severity::Error,
                sheet: SHEET.into(),
                cell: Some(CellRef { row, col: 0 }),
                value: Some(cut(&key)),
                expected: Words::new("Các dòng của một lớp đứng liền nhau.", "The lines of one class stand together."),
                how_to_mend: Words::new(
                    "Lớp này đã có ở phía trên: xếp các dòng của lớp liền nhau, hoặc xoá phần thừa.",
                    "The class has been further up already: put its lines together, or delete the surplus ones.",
                ),
            };
            return refused(&key, begins, Box::new(finding));
        }
        if too_many {
            return refused(&key, begins, csv::too_large(&self.limits));
        }
        let (hints, mapping) = (Hints::default(), Mapping::default());
        let context = Context { limits: &self.limits, hints: &hints, mapping: &mapping };
        let read = finish(csv::split(&lines, &context), &context);
        Some(read.map_err(|findings| ClassFindings { class: cut(&key), line: begins, findings }))
    }
}

impl<R: Read> Iterator for Classes<R> {
    type Item = Result<ClassSheet, ClassFindings>;

    fn next(&mut self) -> Option<Self::Item> {
        match std::mem::replace(&mut self.state, State::Reading) {
            State::Done => {
                self.state = State::Done;
                None
            }
            State::Refused(finding) => {
                self.state = State::Done;
                Some(Err(ClassFindings { class: String::new(), line: 0, findings: vec![*finding] }))
            }
            State::Reading => {
                let class = self.class();
                if class.is_none() {
                    self.state = State::Done;
                }
                class
            }
        }
    }
}
