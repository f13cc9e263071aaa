//! One object of the contract, member by member: what is there, what is wrong with it, and what nobody asked for.

use std::{cell::RefCell, collections::BTreeSet, str::FromStr};

use hocba_record::{
    check::repair_text,
    types::{Mark, PartialDate, Text, UnixTime},
};

use crate::{
    codes::Table,
    finding::{Code, Finding, Words, member},
    loose::Value,
    time,
};

/// Findings of one record, up to a limit.
#[derive(Debug)]
pub(crate) struct Bag {
    findings: RefCell<Vec<Finding>>,
    limit: usize,
}

impl Bag {
    pub fn new(limit: usize) -> Self {
        Self { findings: RefCell::new(Vec::new()), limit }
    }
    pub fn push(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        // An error must be told even where warnings have filled the list.
        if findings.len() < self.limit || finding.is_error() && !findings.iter().any(Finding::is_error) {
            findings.push(finding);
        }
    }
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }
}

pub(crate) fn words(vi: impl Into<String>, en: impl Into<String>) -> Words {
    Words::new(vi, en)
}

fn send_again() -> Words {
    words("Sửa ở hệ thống gửi rồi gửi lại bản ghi.", "Mend it in the sending system and send the record again.")
}

/// The members of one object.
pub(crate) struct Members<'a> {
    pub pointer: String,
    members: &'a [(String, Value)],
    asked: RefCell<BTreeSet<&'static str>>,
    bag: &'a Bag,
}

impl<'a> Members<'a> {
    /// The members of an object; a finding for anything else.
    pub fn of(value: &'a Value, pointer: String, bag: &'a Bag) -> Option<Self> {
        let Value::Object(members) = value else {
            bag.push(Finding::error(
                Code::WrongType,
                pointer,
                words("Một đối tượng JSON {…}.", "A JSON object {…}."),
                send_again(),
            ));
            return None;
        };
        Some(Self { pointer, members, asked: RefCell::default(), bag })
    }

    fn place(&self, name: &str) -> String {
        member(&self.pointer, name)
    }

    /// Tells a finding at a member.
    pub fn tell(&self, code: Code, name: &str, value: &str, expected: Words) {
        self.bag.push(Finding::error(code, self.place(name), expected, send_again()).with(value));
    }

    /// The member, unless it is absent, `null` or blank: systems write all three for "nothing".
    pub fn value(&self, name: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name);
        let found = self.members.iter().find(|(n, _)| n == name).map(|(_, v)| v)?;
        match found {
            Value::Null => None,
            Value::Text(text) if text.trim().is_empty() => None,
            value => Some(value),
        }
    }

    /// Whether the member says something.
    pub fn has(&self, name: &'static str) -> bool {
        self.value(name).is_some()
    }

    /// A member that must be there.
    pub fn required<T>(
        &self,
        name: &'static str,
        what: (&str, &str),
        read: impl FnOnce(&'static str) -> Option<T>,
    ) -> Option<T> {
        if self.has(name) {
            return read(name);
        }
        let expected = words(format!("“{name}”: {}.", what.0), format!("“{name}”: {}.", what.1));
        self.bag.push(Finding::error(Code::MissingMember, self.place(name), expected, send_again()));
        None
    }

    fn wrong_type(&self, name: &str, vi: &str, en: &str) {
        self.bag.push(Finding::error(Code::WrongType, self.place(name), words(vi, en), send_again()));
    }

    /// A text or a number, as text.
    pub fn raw(&self, name: &'static str) -> Option<&'a str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Number(number) => Some(number),
            _ => {
                self.wrong_type(name, "Một chuỗi hoặc số.", "A string or a number.");
                None
            }
        }
    }

    /// A text of at most so many characters.
    pub fn text(&self, name: &'static str, most: usize) -> Option<Text> {
        let raw = self.raw(name)?;
        if raw.chars().count() > most {
            self.tell(
                Code::TooLong,
                name,
                raw,
                words(format!("Không quá {most} ký tự."), format!("At most {most} characters.")),
            );
            return None;
        }
        if let Ok(text) = raw.parse() {
            return Some(text);
        }
        let expected = match repair_text(raw).map(|r| crate::finding::cut(&r)) {
            Some(repaired) => words(
                format!("Chữ Unicode dựng sẵn (NFC), không ký tự ẩn, không thừa dấu cách; có lẽ là “{repaired}”."),
                format!("Text in NFC without invisible characters or needless blanks; perhaps “{repaired}”."),
            ),
            None => words("Chữ Unicode dựng sẵn (NFC), không quá 4096 byte.", "Text in NFC of at most 4096 bytes."),
        };
        self.tell(Code::BadText, name, raw, expected);
        None
    }

    /// A value of one of our small types.
    pub fn parsed<T: FromStr>(&self, name: &'static str, expected: (&str, &str)) -> Option<T> {
        let raw = self.raw(name)?;
        let value = raw.parse().ok();
        if value.is_none() {
            self.tell(Code::BadValue, name, raw, words(expected.0, expected.1));
        }
        value
    }

    /// Exactly so many digits.
    pub fn digits(&self, name: &'static str, count: usize) -> Option<Text> {
        let raw = self.raw(name)?;
        if raw.len() == count && raw.bytes().all(|b| b.is_ascii_digit()) {
            return raw.parse().ok();
        }
        let expected = words(format!("Đúng {count} chữ số."), format!("Exactly {count} digits."));
        self.tell(Code::BadValue, name, raw, expected);
        None
    }

    /// A coded value.
    pub fn code<T: Copy>(&self, name: &'static str, table: Table<T>) -> Option<T> {
        let raw = self.raw(name)?;
        let found = table.iter().find(|(code, _)| *code == raw).map(|(_, value)| *value);
        if found.is_none() {
            let codes: Vec<&str> = table.iter().map(|(code, _)| *code).collect();
            let codes = codes.join(", ");
            self.tell(
                Code::UnknownCode,
                name,
                raw,
                words(format!("Một trong các mã: {codes}."), format!("One of the codes: {codes}.")),
            );
        }
        found
    }

    /// `true`/`false`, `1`/`0`.
    pub fn flag(&self, name: &'static str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(n) | Value::Text(n) if n == "1" => Some(true),
            Value::Number(n) | Value::Text(n) if n == "0" => Some(false),
            _ => {
                self.wrong_type(name, "true, false, 1 hoặc 0.", "true, false, 1 or 0.");
                None
            }
        }
    }

    /// A number of sessions or the like.
    pub fn count(&self, name: &'static str) -> Option<u16> {
        self.parsed(name, ("Số nguyên từ 0 đến 65535.", "A whole number from 0 to 65535."))
    }

    /// A date as far as known.
    pub fn date(&self, name: &'static str) -> Option<PartialDate> {
        let raw = self.raw(name)?;
        let date = raw.parse().ok();
        if date.is_none() {
            self.tell(
                Code::BadDate,
                name,
                raw,
                words("YYYY-MM-DD, YYYY-MM hoặc YYYY, có thật trên lịch.", "YYYY-MM-DD, YYYY-MM or YYYY that exists."),
            );
        }
        date
    }

    /// A moment.
    pub fn time(&self, name: &'static str) -> Option<UnixTime> {
        let raw = self.raw(name)?;
        let time = time::parse(raw);
        if time.is_none() {
            self.tell(
                Code::BadDate,
                name,
                raw,
                words(
                    "YYYY-MM-DDTHH:mm:ss, từ năm 1970, có thật trên lịch.",
                    "YYYY-MM-DDTHH:mm:ss that exists, from 1970 on.",
                ),
            );
        }
        time
    }

    /// A mark.
    pub fn mark(&self, name: &'static str) -> Option<Mark> {
        let raw = self.raw(name)?;
        self.mark_of(name, raw)
    }

    fn mark_of(&self, name: &str, raw: &str) -> Option<Mark> {
        match parse_mark(raw) {
            Ok(mark) => Some(mark),
            Err(code) => {
                let expected = words(
                    "Điểm từ 0 đến 10, tối đa một chữ số thập phân. Hệ thống không tự làm tròn.",
                    "A mark from 0 to 10 with at most one decimal. Nothing is rounded here.",
                );
                self.tell(code, name, raw, expected);
                None
            }
        }
    }

    /// Marks in the order given.
    pub fn marks(&self, name: &'static str, most: usize) -> Vec<Mark> {
        let Some(items) = self.array(name, most) else { return Vec::new() };
        let mut marks = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = format!("{name}/{index}");
            match item {
                Value::Number(raw) | Value::Text(raw) => {
                    // The pointer of an item is not one name: told by hand.
                    match parse_mark(raw) {
                        Ok(mark) => marks.push(mark),
                        Err(code) => self.bag.push(
                            Finding::error(
                                code,
                                format!("{}/{at}", self.pointer),
                                words(
                                    "Điểm từ 0 đến 10, tối đa một chữ số thập phân.",
                                    "A mark from 0 to 10 with at most one decimal.",
                                ),
                                send_again(),
                            )
                            .with(raw),
                        ),
                    }
                }
                _ => self.bag.push(Finding::error(
                    Code::WrongType,
                    format!("{}/{at}", self.pointer),
                    words("Một điểm.", "A mark."),
                    send_again(),
                )),
            }
        }
        marks
    }

    fn array(&self, name: &'static str, most: usize) -> Option<&'a [Value]> {
        match self.value(name)? {
            Value::Array(items) if items.len() <= most => Some(items),
            Value::Array(_) => {
                let expected = words(format!("Không quá {most} phần tử."), format!("At most {most} elements."));
                self.bag.push(Finding::error(Code::TooManyElements, self.place(name), expected, send_again()));
                None
            }
            _ => {
                self.wrong_type(name, "Một danh sách JSON […].", "A JSON array […].");
                None
            }
        }
    }

    /// The objects of a list.
    pub fn objects(&self, name: &'static str, most: usize) -> Vec<Members<'a>> {
        let items = self.array(name, most).unwrap_or_default();
        let object = |(index, item)| Members::of(item, format!("{}/{index}", self.place(name)), self.bag);
        items.iter().enumerate().filter_map(object).collect()
    }

    /// The texts of a list.
    pub fn texts(&self, name: &'static str, most: usize) -> Vec<Text> {
        let items = self.array(name, most).unwrap_or_default();
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item {
                Value::Text(raw) if raw.parse::<Text>().is_ok() => texts.extend(raw.parse()),
                _ => self.bag.push(Finding::error(
                    Code::BadText,
                    format!("{}/{index}", self.place(name)),
                    words("Một chuỗi chữ Unicode dựng sẵn (NFC).", "A string in NFC."),
                    send_again(),
                )),
            }
        }
        texts
    }

    /// The members of an object in this one.
    pub fn object(&self, name: &'static str) -> Option<Members<'a>> {
        Members::of(self.value(name)?, self.place(name), self.bag)
    }

    /// Tells members of the contract that are not kept here, and those nobody knows.
    pub fn finish(self, not_kept: &[&'static str]) {
        for name in not_kept {
            if self.has(name) {
                let finding = Finding::error(
                    Code::NotKept,
                    self.place(name),
                    words(
                        "Trường của chuẩn mà học bạ ở đây không lưu.",
                        "A field of the contract that is not kept here.",
                    ),
                    words("Không cần sửa.", "Nothing to do."),
                );
                self.bag.push(finding.warning());
            }
        }
        let asked = self.asked.borrow();
        for (name, _) in self.members.iter().filter(|(name, _)| !asked.contains(name.as_str())) {
            let finding = Finding::error(
                Code::UnknownMember,
                self.place(name),
                words("Một trường của chuẩn (docs/exchange.md).", "A field of the contract (docs/exchange.md)."),
                words("Trường lạ không được đọc: kiểm tra tên trường.", "It was not read: check the field's name."),
            );
            self.bag.push(finding.warning());
        }
    }
}

/// A mark in tenths from a decimal with point or comma.
fn parse_mark(raw: &str) -> Result<Mark, Code> {
    let (whole, decimals) = raw.split_once(['.', ',']).unwrap_or((raw, "0"));
    let (negative, whole) = whole.strip_prefix('-').map_or((false, whole), |rest| (true, rest));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return Err(Code::NotAMark);
    }
    let decimals = decimals.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    let whole: u32 = if whole.len() > 2 { 99 } else { whole.parse().unwrap_or(0) };
    if negative && (whole > 0 || !decimals.is_empty()) || whole > 10 || whole == 10 && !decimals.is_empty() {
        return Err(Code::MarkOutOfRange);
    }
    if decimals.len() > 1 {
        return Err(Code::MarkTooPrecise);
    }
    Mark::from_tenths(whole * 10 + decimals.parse::<u32>().unwrap_or(0)).map_err(|_| Code::MarkOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_exactly() {
        for (raw, tenths) in [("8.5", 85), ("8,5", 85), ("10", 100), ("0", 0), ("7.0", 70), ("-0", 0), ("8.50", 85)] {
            assert_eq!(parse_mark(raw).map(Mark::tenths), Ok(tenths), "{raw}");
        }
        for (raw, code) in [
            ("10.5", Code::MarkOutOfRange),
            ("-1", Code::MarkOutOfRange),
            ("11", Code::MarkOutOfRange),
            ("8.55", Code::MarkTooPrecise),
            ("tám", Code::NotAMark),
            ("8.", Code::NotAMark),
            ("", Code::NotAMark),
            ("1e1", Code::NotAMark),
            ("99999999999999999999", Code::MarkOutOfRange),
        ] {
            assert_eq!(parse_mark(raw), Err(code), "{raw}");
        }
    }
}
