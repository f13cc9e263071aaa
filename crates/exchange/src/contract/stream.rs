//! Records out of a file of any length, one at a time, with the memory of one.

use std::io::{self, BufRead};

use super::{Incoming, Limits, RecordKey, fields::words, read::record};
use crate::{
    finding::{Code, Finding},
    loose,
};

/// A record that was not taken, or the place where the file could not be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The record's number in the file, from 0; none for the file as a whole.
    pub index: Option<usize>,
    /// Its key, where it could be read.
    pub id: Option<RecordKey>,
    /// Why; never empty.
    pub findings: Vec<Finding>,
    /// Whether nothing after it was read.
    pub ends: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Behind `[`: a record or `]`.
    First,
    /// Behind a record of an array: `,` or `]`.
    Next,
    /// Behind a comma: a record.
    Item,
    /// One object after the other.
    Lines,
    Done,
}

/// Reads records from a source of bytes, which it neither opens nor closes.
///
/// ```
/// use hocba_exchange::contract::{Event, Limits, Reader};
///
/// let file = r#"{"IdBanGhi":"HB-1","SuKien":"CANCEL","PhienBan":3,"ThoiGianCapNhat":"2027-06-01T08:00:00"}
/// {"IdBanGhi":"HB-2","SuKien":"CANCEL","PhienBan":0,"ThoiGianCapNhat":"2027-06-01T08:00:00"}"#;
/// let mut records = Reader::new(file.as_bytes(), Limits::default());
/// assert_eq!(records.next().expect("one").expect("sound").event, Event::Cancel);
/// let refused = records.next().expect("another").expect_err("versions begin at 1");
/// assert_eq!(refused.findings[0].to_string(), "bad_version at /1/PhienBan");
/// assert!(records.next().is_none());
/// ```
pub struct Reader<R> {
    source: R,
    limits: Limits,
    state: State,
    read: u64,
    index: usize,
    buffer: Vec<u8>,
}

/// Why no record came, before it is a finding.
enum Stop {
    Io,
    FileTooLarge,
    RecordTooLarge,
    TooDeep,
    NotJson,
    Truncated,
}

impl<R: BufRead> Reader<R> {
    /// Records of a source.
    pub fn new(source: R, limits: Limits) -> Self {
        Self { source, limits, state: State::Start, read: 0, index: 0, buffer: Vec::new() }
    }

    fn peek(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            match self.source.fill_buf() {
                Ok(chunk) => return Ok(chunk.first().copied()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Stop::Io),
            }
        }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Stop> {
        self.source.consume(bytes);
        self.read += bytes as u64;
        if self.read > self.limits.bytes { Err(Stop::FileTooLarge) } else { Ok(()) }
    }

    /// The next byte that is not white space.
    fn next_token(&mut self) -> Result<Option<u8>, Stop> {
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(Some(byte));
            }
            self.take(1)?;
        }
        Ok(None)
    }

    /// Bytes of the object that begins here into the buffer; whether it is JSON is seen afterwards.
    fn object(&mut self) -> Result<(), Stop> {
        self.buffer.clear();
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let chunk = match self.source.fill_buf() {
                Ok([]) => return Err(Stop::Truncated),
                Ok(chunk) => chunk,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Stop::Io),
            };
            let (mut used, mut whole) = (0, false);
            for byte in chunk {
                used += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => {
                        depth = depth.saturating_sub(1);
                        whole = depth == 0;
                    }
                    _ => {}
                }
                if whole || depth > 128 || self.buffer.len() + used > self.limits.record_bytes {
                    break;
                }
            }
            if self.buffer.len() + used > self.limits.record_bytes {
                return Err(Stop::RecordTooLarge);
            }
            if depth > 128 {
                return Err(Stop::TooDeep);
            }
            self.buffer.extend_from_slice(&chunk[..used]);
            self.take(used)?;
            if whole {
                return Ok(());
            }
        }
    }

    /// Whether a record follows; it is then in the buffer.
    fn advance(&mut self) -> Result<bool, Stop> {
        if self.state == State::Start {
            if self.peek()? == Some(0xef) {
                for mark in *b"\xef\xbb\xbf" {
                    if self.peek()? != Some(mark) {
                        return Err(Stop::NotJson);
                    }
                    self.take(1)?;
                }
            }
            self.state = match self.next_token()? {
                Some(b'[') => {
                    self.take(1)?;
                    State::First
                }
                Some(b'{') => State::Lines,
                _ => return Err(Stop::NotJson),
            };
        }
        loop {
            match (self.state, self.next_token()?) {
                (State::Lines, None) => return Ok(false),
                (State::First | State::Item | State::Lines, Some(b'{')) => {
                    self.object()?;
                    if self.state != State::Lines {
                        self.state = State::Next;
                    }
                    return Ok(true);
                }
                (State::Next, Some(b',')) => {
                    self.take(1)?;
                    self.state = State::Item;
                }
                (State::First | State::Next, Some(b']')) => {
                    self.take(1)?;
                    return if self.next_token()?.is_none() { Ok(false) } else { Err(Stop::NotJson) };
                }
                (_, None) => return Err(Stop::Truncated),
                _ => return Err(Stop::NotJson),
            }
        }
    }

    fn refused(&self, findings: Vec<Finding>, id: Option<RecordKey>) -> Refused {
        Refused { index: Some(self.index), id, findings, ends: false }
    }

    fn parse(&mut self) -> Result<Incoming, Refused> {
        let pointer = format!("/{}", self.index);
        match loose::parse(&self.buffer, self.limits.depth, self.limits.elements) {
            Ok(value) => record(&value, &pointer, &self.limits).map_err(|(id, findings)| self.refused(findings, id)),
            Err(fault) => Err(self.refused(vec![json_fault(fault, &pointer, &self.limits)], None)),
        }
    }

    fn stop(&mut self, stop: &Stop) -> Refused {
        self.state = State::Done;
        let limits = &self.limits;
        let (code, expected) = match stop {
            Stop::Io => (Code::ReadFailed, words("Đọc được cả tệp.", "A file that can be read to its end.")),
            Stop::FileTooLarge => {
                let n = limits.bytes;
                (Code::FileTooLarge, words(format!("Tệp không quá {n} byte."), format!("A file of at most {n} bytes.")))
            }
            Stop::RecordTooLarge => {
                let n = limits.record_bytes;
                let (vi, en) = (format!("Một bản ghi không quá {n} byte."), format!("A record of at most {n} bytes."));
                (Code::RecordTooLarge, words(vi, en))
            }
            Stop::TooDeep => (Code::TooDeep, deep(limits)),
            Stop::NotJson => (
                Code::NotJson,
                words(
                    "Tệp JSON (UTF-8): một danh sách […] các bản ghi, hoặc mỗi dòng một bản ghi {…}.",
                    "A JSON file in UTF-8: an array […] of records, or one record {…} on each line.",
                ),
            ),
            Stop::Truncated => (Code::Truncated, words("Tệp trọn vẹn.", "A complete file.")),
        };
        let mend = words(
            "Từ chỗ này trở đi tệp không được đọc: xuất lại tệp từ hệ thống gửi.",
            "Nothing from here on was read: export the file from the sending system again.",
        );
        let finding = Finding::error(code, format!("/{}", self.index), expected, mend);
        Refused { index: None, id: None, findings: vec![finding], ends: true }
    }
}

fn deep(limits: &Limits) -> crate::Words {
    words(format!("Không quá {} tầng lồng nhau.", limits.depth), format!("At most {} levels of nesting.", limits.depth))
}

fn json_fault(fault: loose::Fault, pointer: &str, limits: &Limits) -> Finding {
    let (code, expected) = match fault {
        loose::Fault::Syntax { line, column } => (
            Code::NotJson,
            words(
                format!("JSON đúng cú pháp; bản ghi này sai ở dòng {line}, cột {column} của nó."),
                format!("Sound JSON; this record is not at its line {line}, column {column}."),
            ),
        ),
        loose::Fault::Duplicate { line, column } => (
            Code::DuplicateMember,
            words(
                format!("Mỗi trường một lần; có trường lặp lại trước dòng {line}, cột {column} của bản ghi."),
                format!("Each member once; one is repeated before line {line}, column {column} of the record."),
            ),
        ),
        loose::Fault::Deep => (Code::TooDeep, deep(limits)),
        loose::Fault::Many => {
            let n = limits.elements;
            let (vi, en) = (format!("Không quá {n} giá trị một bản ghi."), format!("At most {n} values in a record."));
            (Code::TooManyElements, words(vi, en))
        }
    };
    let mend = words("Sửa ở hệ thống gửi rồi gửi lại bản ghi.", "Mend it in the sending system and send it again.");
    Finding::error(code, pointer, expected, mend)
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Incoming, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        match self.advance() {
            Ok(false) => {
                self.state = State::Done;
                None
            }
            Ok(true) if self.index >= self.limits.records => {
                self.state = State::Done;
                let n = self.limits.records;
                let finding = Finding::error(
                    Code::TooManyRecords,
                    format!("/{}", self.index),
                    words(format!("Không quá {n} bản ghi một tệp."), format!("At most {n} records in a file.")),
                    words("Chia tệp ra nhiều tệp.", "Split the file."),
                );
                Some(Err(Refused { index: None, id: None, findings: vec![finding], ends: true }))
            }
            Ok(true) => {
                let record = self.parse();
                self.index += 1;
                Some(record)
            }
            Err(stop) => Some(Err(self.stop(&stop))),
        }
    }
}

/// Reads a whole file in memory: the records taken, and those that were not.
pub fn read(bytes: &[u8], limits: &Limits) -> (Vec<Incoming>, Vec<Refused>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for record in Reader::new(bytes, limits.clone()) {
        match record {
            Ok(record) => taken.push(record),
            Err(error) => refused.push(error),
        }
    }
    (taken, refused)
}
