//! Cells into the words of a transcript. Every reading either gives the value or says what is wrong and how to mend it;
//! nothing is guessed.

mod lists;

use hocba_record::{
    check::{TextProblem, inspect_text, repair_text},
    section::IdentifierKind,
    types::{ClassName, Grade, MAX_TEXT_BYTES, Mark, PartialDate, SchoolCode, SchoolYear, Text, UnixTime},
};
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    columns::fold,
    finding::{Code, Severity, Words, cut},
    table::{Field, Value, number_text},
};

pub(crate) use lists::{
    achievement, attainment_level, conduct_rank, contest_level, education_result, flag, promotion, rating, register,
    sex, study_rank, subject_level,
};

/// What is wrong with one cell, before its place is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub code: Code,
    pub severity: Severity,
    pub expected: Box<Words>,
    pub how_to_mend: Box<Words>,
}

impl Fault {
    pub fn error(code: Code, expected: Words, how_to_mend: Words) -> Self {
        Self { code, severity: Severity::Error, expected: expected.into(), how_to_mend: how_to_mend.into() }
    }
    pub fn warning(code: Code, expected: Words, how_to_mend: Words) -> Self {
        Self { code, severity: Severity::Warning, expected: expected.into(), how_to_mend: how_to_mend.into() }
    }
}

/// A value, and what should be looked at although it was understood.
pub(crate) type Reading<T> = Result<(T, Vec<Fault>), Fault>;

/// `None` for a blank cell; a fault for cells no reader can take.
fn readable(field: &Field) -> Result<Option<&Value>, Fault> {
    match &field.value {
        _ if field.is_blank() => Ok(None),
        Value::Unsaved => Err(Fault::error(
            Code::FormulaWithoutValue,
            Words::new("Một giá trị, hoặc công thức đã tính.", "A value, or a formula that has been calculated."),
            Words::new(
                "Mở tệp bằng Excel và lưu lại để công thức được tính, hoặc gõ thẳng giá trị.",
                "Open the file in Excel and save it so that the formula is calculated, or type the value.",
            ),
        )),
        Value::Error(shown) => Err(Fault::error(
            Code::ErrorValue,
            Words::new("Một giá trị, không phải lỗi công thức.", "A value, not a formula's error."),
            Words::new(
                format!("Công thức trong ô báo lỗi {shown}: sửa công thức hoặc gõ thẳng giá trị."),
                format!("The formula in the cell gives {shown}: mend it or type the value."),
            ),
        )),
        value => Ok(Some(value)),
    }
}

fn mark_words() -> Words {
    Words::new(
        "Điểm từ 0 đến 10, tối đa một chữ số thập phân, ví dụ 8,5.",
        "A mark from 0 to 10 with at most one decimal, such as 8,5.",
    )
}

/// A mark: a number, or text with a decimal comma or point. 8,50 is 8,5; 8,55 is refused, not rounded.
pub(crate) fn mark(field: &Field) -> Reading<Option<Mark>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let not_a_mark = |words| Err(Fault::error(Code::NotAMark, mark_words(), words));
    let retype = Words::new("Gõ lại điểm bằng chữ số, ví dụ 8,5.", "Type the mark in digits, such as 8,5.");
    let text = match value {
        Value::Date([_, month, day, ..]) => {
            return Err(Fault::error(
                Code::MarkBecameDate,
                mark_words(),
                Words::new(
                    format!(
                        "Bảng tính đã đổi điểm thành ngày {day}/{month}. Đặt định dạng ô là Số (Number) rồi gõ lại, có lẽ là \
                         {day},{month}."
                    ),
                    format!(
                        "The spreadsheet turned the mark into a date, {day}/{month}. Format the cell as Number and type it \
                         again, perhaps {day},{month}."
                    ),
                ),
            ));
        }
        // The shortest decimal that is this number: some programs store 8.3 as 8.3000000000000007.
        Value::Number(n) => {
            let tenths = n * 10.0;
            let near = tenths.round();
            if (tenths - near).abs() < 1e-9 { number_text(near / 10.0) } else { number_text(*n) }
        }
        Value::Text(text) => text.trim().replace(['\u{a0}', '\u{202f}'], " ").trim().to_owned(),
        Value::Error(_) | Value::Unsaved => return not_a_mark(retype),
    };
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim()),
        None => (false, &*text),
    };
    let (whole, decimals) = match digits.split_once([',', '.']) {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return not_a_mark(retype),
        None => (digits, ""),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
        return not_a_mark(retype);
    }
    let decimals = decimals.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    // At most "10" in front of the comma, or it is out of range however it goes on.
    let whole = if whole.len() > 2 { 99 } else { whole.parse::<u32>().unwrap_or(0) };
    let out_of_range =
        negative && (whole > 0 || !decimals.is_empty()) || whole > 10 || whole == 10 && !decimals.is_empty();
    if out_of_range {
        return Err(Fault::error(
            Code::MarkOutOfRange,
            mark_words(),
            Words::new(
                if negative {
                    "Điểm thấp nhất là 0."
                } else {
                    "Điểm cao nhất là 10: kiểm tra sổ điểm và gõ lại."
                },
                if negative {
                    "The lowest mark is 0."
                } else {
                    "The highest mark is 10: check the gradebook and type it again."
                },
            ),
        ));
    }
    if decimals.len() > 1 {
        return Err(Fault::error(
            Code::MarkTooPrecise,
            mark_words(),
            if field.formula {
                Words::new(
                    "Công thức cho nhiều chữ số thập phân: dùng =ROUND(…;1), hoặc gõ thẳng điểm đã làm tròn.",
                    "The formula gives more decimals: use =ROUND(…,1), or type the rounded mark.",
                )
            } else {
                Words::new(
                    "Gõ điểm như trong sổ điểm, với một chữ số thập phân. Hệ thống không tự làm tròn.",
                    "Type the mark as in the gradebook, with one decimal. Nothing is rounded for you.",
                )
            },
        ));
    }
    let tenths = whole * 10 + decimals.parse::<u32>().unwrap_or(0);
    match Mark::from_tenths(tenths) {
        Ok(mark) => Ok((Some(mark), Vec::new())),
        Err(_) => not_a_mark(retype),
    }
}

/// Countries by the names on pupils' papers; any other by its two letters (ISO 3166-1).
const COUNTRIES: &[(&str, &str)] = &[
    ("vietnam", "VN"),
    ("lao", "LA"),
    ("campuchia", "KH"),
    ("thailan", "TH"),
    ("trungquoc", "CN"),
    ("dailoan", "TW"),
    ("hanquoc", "KR"),
    ("nhatban", "JP"),
    ("nhat", "JP"),
    ("hoaky", "US"),
    ("my", "US"),
    ("canada", "CA"),
    ("uc", "AU"),
    ("anh", "GB"),
    ("phap", "FR"),
    ("duc", "DE"),
    ("nga", "RU"),
    ("ando", "IN"),
    ("singapore", "SG"),
    ("malaysia", "MY"),
    ("philippines", "PH"),
    ("indonesia", "ID"),
];

/// A nationality as its ISO 3166-1 alpha-2 code.
pub(crate) fn country(field: &Field) -> Reading<Option<Text>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let fault = || {
        Fault::error(
            Code::UnknownCountry,
            Words::new(
                "Tên nước (Việt Nam) hoặc mã hai chữ (VN).",
                "A country's name (Việt Nam) or its two letters (VN).",
            ),
            Words::new(
                "Gõ mã hai chữ in hoa của nước, ví dụ KR.",
                "Type the country's two capital letters, such as KR.",
            ),
        )
    };
    let Value::Text(text) = value else { return Err(fault()) };
    let text = text.trim();
    let folded = fold(text);
    let code = match COUNTRIES.iter().find(|(name, _)| *name == folded) {
        Some((_, code)) => *code,
        None if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) => text,
        None => return Err(fault()),
    };
    Ok((code.parse().ok(), Vec::new()))
}

/// A whole number of sessions.
pub(crate) fn count(field: &Field) -> Reading<Option<u16>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let text = match value {
        Value::Number(n) => number_text(*n),
        Value::Text(text) => text.trim().to_owned(),
        _ => String::new(),
    };
    match text.parse::<u16>() {
        Ok(count) if count <= 400 && !text.starts_with('+') => Ok((Some(count), Vec::new())),
        _ => Err(Fault::error(
            Code::NotACount,
            Words::new("Số buổi nghỉ, số nguyên từ 0 đến 400.", "A number of sessions, whole, from 0 to 400."),
            Words::new("Gõ số buổi bằng chữ số.", "Type the number of sessions in digits."),
        )),
    }
}

/// A birth date as far as known: dd/mm/yyyy, mm/yyyy, yyyy, or a date of the spreadsheet.
pub(crate) fn date(field: &Field) -> Reading<Option<PartialDate>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let fault = || {
        Fault::error(
            Code::NotADate,
            Words::new(
                "Ngày/tháng/năm, ví dụ 05/03/2012; hoặc chỉ năm 2012.",
                "Day/month/year, such as 05/03/2012; or the year alone, 2012.",
            ),
            Words::new(
                "Gõ lại theo thứ tự ngày/tháng/năm; kiểm tra ngày có thật trên lịch.",
                "Type it as day/month/year; check that the day exists in the calendar.",
            ),
        )
    };
    let (year, month, day) = match value {
        Value::Date([y, m, d, ..]) => (*y, u8::try_from(*m).ok(), u8::try_from(*d).ok()),
        // A serial number that lost the format of a date; five digits are no year, so it can mean nothing else.
        Value::Number(n) if n.fract() == 0.0 && (BIRTHS).contains(n) => {
            let [y, m, d, ..] = from_serial(*n).ok_or_else(fault)?;
            let (month, day) = (u8::try_from(m).ok(), u8::try_from(d).ok());
            let date = PartialDate::new(y, month, day).map_err(|_| fault())?;
            let shown = format!("{d:02}/{m:02}/{y}");
            let look = Fault::warning(
                Code::SerialDate,
                Words::new("Ngày/tháng/năm, ví dụ 05/03/2012.", "Day/month/year, such as 05/03/2012."),
                Words::new(
                    format!("Ô mất định dạng ngày; số này là ngày {shown} và sẽ được ghi như vậy. Kiểm tra lại."),
                    format!("The cell lost its date format; the number is {shown} and will be stored so. Check it."),
                ),
            );
            return Ok((Some(date), vec![look]));
        }
        Value::Number(n) => match number_text(*n).parse::<u16>() {
            Ok(year) => (year, None, None),
            Err(_) => return Err(fault()),
        },
        Value::Text(text) => parse_date(text.trim()).ok_or_else(fault)?,
        _ => return Err(fault()),
    };
    match PartialDate::new(year, month, day) {
        Ok(date) => Ok((Some(date), Vec::new())),
        Err(_) => Err(fault()),
    }
}

/// Serial numbers taken for birth dates: 1954-10-03 to 2064-04-08, all of five digits.
const BIRTHS: std::ops::RangeInclusive<f64> = 20_000.0..=60_000.0;

/// The date of a serial number of the calendar that begins with 1900; from 60 on it counts from 1899-12-30.
fn from_serial(serial: f64) -> Option<[u16; 6]> {
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within BIRTHS")]
    let days = serial as i64 + days_from_civil(1899, 12, 30);
    (serial >= 60.0).then(|| civil_days(days, 0))
}

fn parse_date(text: &str) -> Option<(u16, Option<u8>, Option<u8>)> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
    if parts.iter().any(|p| p.is_empty() || p.len() > 4 || !p.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let year = |p: &str| if p.len() == 4 { p.parse::<u16>().ok() } else { None };
    let small = |p: &str| if p.len() <= 2 { p.parse::<u8>().ok() } else { None };
    match *parts {
        [y] => Some((year(y)?, None, None)),
        [m, y] if y.len() == 4 => Some((year(y)?, Some(small(m)?), None)),
        [y, m, d] if y.len() == 4 => Some((year(y)?, Some(small(m)?), Some(small(d)?))),
        [d, m, y] => Some((year(y)?, Some(small(m)?), Some(small(d)?))),
        _ => None,
    }
}

/// Vietnam's time zone, in seconds east of UTC, all the year.
pub(crate) const VIETNAM: i64 = 7 * 3600;

/// A moment in Vietnamese time: dd/mm/yyyy, with hh:mm or hh:mm:ss if given; a day alone means its beginning.
pub(crate) fn moment(field: &Field) -> Reading<Option<UnixTime>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let fault = || {
        Fault::error(
            Code::NotADate,
            Words::new(
                "Ngày khoá sổ, ví dụ 25/05/2027 hoặc 25/05/2027 17:30.",
                "The lock date, such as 25/05/2027 or 25/05/2027 17:30.",
            ),
            Words::new("Gõ lại theo thứ tự ngày/tháng/năm.", "Type it as day/month/year."),
        )
    };
    let parts = match value {
        Value::Date(parts) => *parts,
        Value::Text(text) => {
            let (date, time) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            let (y, Some(m), Some(d)) = parse_date(date).ok_or_else(fault)? else { return Err(fault()) };
            let mut clock = [0_u16; 3];
            for (i, part) in time.trim().split(':').filter(|p| !p.is_empty()).enumerate() {
                let ok = part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
                *clock.get_mut(i).filter(|_| ok).ok_or_else(fault)? = part.parse().map_err(|_| fault())?;
            }
            [y, m.into(), d.into(), clock[0], clock[1], clock[2]]
        }
        _ => return Err(fault()),
    };
    let [y, m, d, hour, minute, second] = parts;
    let small = |n: u16| u8::try_from(n).ok();
    PartialDate::new(y, small(m), small(d)).map_err(|_| fault())?;
    if d == 0 || hour > 23 || minute > 59 || second > 59 {
        return Err(fault());
    }
    let seconds = days_from_civil(y.into(), m.into(), d.into()) * 86_400
        + i64::from(hour) * 3600
        + i64::from(minute) * 60
        + i64::from(second)
        - VIETNAM;
    UnixTime::from_seconds(seconds).map(|time| (Some(time), Vec::new())).map_err(|_| fault())
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The calendar date and clock of a moment in Vietnamese time.
pub(crate) fn civil(time: UnixTime) -> [u16; 6] {
    let local = time.seconds() + VIETNAM;
    civil_days(local.div_euclid(86_400), local.rem_euclid(86_400))
}

/// The calendar date so many days after 1970-01-01, and the clock so many seconds into the day.
fn civil_days(days: i64, clock: i64) -> [u16; 6] {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    [year, month, day, clock / 3600, clock / 60 % 60, clock % 60].map(|n| u16::try_from(n).unwrap_or(u16::MAX))
}

/// One second later, within the day and on; months do not matter since only the last second of a day is affected and a
/// spreadsheet's date that close to midnight is midnight.
pub(crate) fn next_second(parts: [u16; 6]) -> [u16; 6] {
    let [y, m, d, hour, minute, second] = parts;
    let days = days_from_civil(y.into(), m.into(), d.into());
    let seconds = days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) + 1 - VIETNAM;
    UnixTime::from_seconds(seconds).map_or(parts, civil)
}

fn class_field(expected: Words) -> Fault {
    let mend = Words::new(
        "Sửa ô này trên trang Lớp (hoặc cột này của tệp CSV).",
        "Correct this cell of the sheet Lớp (or this column of the CSV).",
    );
    Fault::error(Code::BadClassField, expected, mend)
}

/// What a cell of the class sheet shows, as text.
fn class_text(field: &Field) -> Result<Option<String>, Fault> {
    Ok(match readable(field)? {
        None => None,
        Some(Value::Text(text)) => Some(text.trim().to_owned()),
        Some(Value::Number(n)) => Some(number_text(*n)),
        Some(_) => return Err(class_field(Words::new("Chữ hoặc số.", "Text or a number."))),
    })
}

/// Khối, 1 to 12.
pub(crate) fn grade(field: &Field) -> Reading<Option<Grade>> {
    let Some(text) = class_text(field)? else { return Ok((None, Vec::new())) };
    let words = || Words::new("Khối từ 1 đến 12.", "A grade from 1 to 12.");
    let grade = text.parse().ok().and_then(|n| Grade::new(n).ok());
    grade.map(|g| (Some(g), Vec::new())).ok_or_else(|| class_field(words()))
}

/// Năm học: `2026-2027`, with blanks, a slash or a long dash as schools write it.
pub(crate) fn school_year(field: &Field) -> Reading<Option<SchoolYear>> {
    let Some(text) = class_text(field)? else { return Ok((None, Vec::new())) };
    let words = || Words::new("Năm học dạng 2026-2027.", "A school year such as 2026-2027.");
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if matches!(c, '–' | '—' | '/') { '-' } else { c })
        .collect();
    plain.parse().map(|year| (Some(year), Vec::new())).map_err(|_| class_field(words()))
}

/// Mã trường.
pub(crate) fn school_code(field: &Field) -> Reading<Option<SchoolCode>> {
    let Some(text) = class_text(field)? else { return Ok((None, Vec::new())) };
    let words = || {
        Words::new(
            "Mã trường gồm 2 đến 20 chữ in hoa và chữ số.",
            "A school code of 2 to 20 capital letters and digits.",
        )
    };
    text.to_ascii_uppercase().parse().map(|code| (Some(code), Vec::new())).map_err(|_| class_field(words()))
}

/// Lớp.
pub(crate) fn class_name(field: &Field) -> Reading<Option<ClassName>> {
    let Some(text) = class_text(field)? else { return Ok((None, Vec::new())) };
    let words = || {
        Words::new(
            "Tên lớp như 9A3: chữ, số, dấu . - /, không dấu cách.",
            "A class such as 9A3: letters, digits, . - /, no blanks.",
        )
    };
    text.nfc().collect::<String>().parse().map(|name| (Some(name), Vec::new())).map_err(|_| class_field(words()))
}

/// An identifier. Those of known length are looked at for the zero that spreadsheets drop; whether the digits make
/// sense is for the record's own checks.
pub(crate) fn identifier(field: &Field, kind: IdentifierKind) -> Reading<Option<Text>> {
    let digits = match kind {
        IdentifierKind::Personal => 12,
        IdentifierKind::Ministry => 10,
        _ => return text(field, Prose::Code),
    };
    let bad = || {
        Fault::error(
            Code::BadIdentifier,
            Words::new(format!("Đúng {digits} chữ số."), format!("Exactly {digits} digits.")),
            Words::new(
                "Đặt định dạng ô là Văn bản (Text) rồi gõ lại theo giấy tờ.",
                "Format the cell as Text and type it again from the papers.",
            ),
        )
    };
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let found = match value {
        Value::Text(text) => text.chars().filter(|c| !c.is_whitespace()).collect::<String>(),
        Value::Number(n) if n.fract() == 0.0 && (0.0..1e15).contains(n) => number_text(*n),
        _ => return Err(bad()),
    };
    if !found.bytes().all(|b| b.is_ascii_digit()) || found.len() > digits {
        return Err(bad());
    }
    if found.len() < digits {
        // Province codes of 12-digit numbers begin with one or two zeros; more digits are not missing by accident.
        if digits - found.len() > 2 {
            return Err(bad());
        }
        return Err(Fault::error(
            Code::LostLeadingZero,
            Words::new(
                format!("Đúng {digits} chữ số, có lẽ là {found:0>digits$}."),
                format!("Exactly {digits} digits, perhaps {found:0>digits$}."),
            ),
            Words::new(
                "Bảng tính đã bỏ số 0 ở đầu. Đặt định dạng cột là Văn bản (Text) rồi gõ lại theo giấy tờ.",
                "The spreadsheet dropped the leading zero. Format the column as Text and type it again from the papers.",
            ),
        ));
    }
    found.parse().map(|text| (Some(text), Vec::new())).map_err(|_| bad())
}

/// What kind of text a cell should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prose {
    /// A person's name: letters, spaces, and `'`, `’`, `-`, `.`.
    Name,
    /// One line: a school, a place, an award.
    Line,
    /// Several lines: a remark.
    Lines,
    /// A code or number, which a spreadsheet may have stored as a number.
    Code,
}

/// Text for people, cleaned of what no one sees, with the letters it seems to have.
pub(crate) fn text(field: &Field, prose: Prose) -> Reading<Option<Text>> {
    let Some(value) = readable(field)? else { return Ok((None, Vec::new())) };
    let raw = match value {
        Value::Text(text) => text.clone(),
        Value::Number(n) if prose != Prose::Name => number_text(*n),
        _ => {
            return Err(Fault::error(
                Code::NotText,
                Words::new("Chữ.", "Text."),
                Words::new(
                    "Đặt định dạng ô là Văn bản (Text) rồi gõ lại.",
                    "Format the cell as Text and type it again.",
                ),
            ));
        }
    };
    let (cleaned, looks) = clean(&raw, prose)?;
    if cleaned.is_empty() {
        return Ok((None, looks));
    }
    let mut looks = looks;
    let cleaned = match proper_case(&cleaned).filter(|_| prose == Prose::Name) {
        Some(proper) => {
            looks.push(Fault::warning(
                Code::NameInCapitals,
                Words::new(format!("“{proper}”."), format!("“{proper}”.")),
                Words::new(
                    format!("Tên viết toàn chữ hoa; học bạ sẽ ghi “{proper}”. Nếu khác, gõ lại tên trong ô."),
                    format!(
                        "The name is in capitals; “{proper}” will be stored. If that is wrong, type the name again."
                    ),
                ),
            ));
            proper
        }
        None => cleaned,
    };
    match cleaned.parse() {
        Ok(text) => Ok((Some(text), looks)),
        Err(_) => Err(odd_character('\u{fffd}', prose)),
    }
}

/// `NGUYỄN VĂN AN` → `Nguyễn Văn An`; nothing for a name that has small letters or is one word.
fn proper_case(name: &str) -> Option<String> {
    if !name.contains(' ')
        || name.chars().any(char::is_lowercase)
        || name.chars().filter(|c| c.is_uppercase()).count() < 4
    {
        return None;
    }
    let mut first = true;
    let proper = name.chars().flat_map(|c| {
        let letter: Vec<char> = if first { vec![c] } else { c.to_lowercase().collect() };
        first = !c.is_alphabetic() && !matches!(c, '\'' | '’');
        letter
    });
    Some(proper.collect::<String>().nfc().collect())
}

/// The text as it will be printed: NFC, single blanks, nothing invisible. What has one harmless repair is repaired and
/// told; a wrong letter is a fault that shows the repair, since a name is the pupil's and not ours to change.
pub(crate) fn clean(raw: &str, prose: Prose) -> Result<(String, Vec<Fault>), Fault> {
    let one_line;
    let raw = if prose == Prose::Lines {
        raw
    } else {
        one_line = raw.replace(['\r', '\n'], " ");
        &one_line
    };
    let repaired = repair_text(raw);
    let mut looks = Vec::new();
    for problem in inspect_text(raw).problems {
        match problem {
            TextProblem::LookAlike { found, suggested } => {
                let shown = cut(repaired.as_deref().unwrap_or_default());
                return Err(Fault::error(
                    Code::WrongLetter,
                    Words::new(format!("“{shown}”."), format!("“{shown}”.")),
                    Words::new(
                        format!(
                            "Chữ “{found}” (U+{:04X}) trông giống “{suggested}” nhưng là chữ khác. Xoá và gõ lại “{suggested}” bằng \
                             bộ gõ Unicode.",
                            u32::from(found)
                        ),
                        format!(
                            "“{found}” (U+{:04X}) looks like “{suggested}” and is another letter. Delete it and type \
                             “{suggested}” with a Unicode keyboard.",
                            u32::from(found)
                        ),
                    ),
                ));
            }
            TextProblem::NotNfc => looks.push(Fault::warning(
                Code::DecomposedText,
                Words::new("Chữ Unicode dựng sẵn (NFC).", "Composed Unicode letters (NFC)."),
                Words::new(
                    "Chữ và dấu lưu rời nhau; đã ghép lại, chữ nhìn không đổi. Không cần sửa.",
                    "Letters and marks were stored apart; they were joined and look the same. Nothing to do.",
                ),
            )),
            // Leavings of copy and paste go; what can deceive a reader (bidirectional marks, controls) is a fault.
            TextProblem::Invisible {
                found: '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}',
            } => {
                if looks.iter().all(|l| l.code != Code::InvisibleCharacter) {
                    looks.push(Fault::warning(
                        Code::InvisibleCharacter,
                        Words::new("Không có ký tự ẩn.", "No invisible characters."),
                        Words::new(
                            "Đã bỏ ký tự ẩn (thường do chép từ trang web). Không cần sửa.",
                            "Invisible characters (often pasted from a web page) were removed. Nothing to do.",
                        ),
                    ));
                }
            }
            TextProblem::Invisible { found } => return Err(odd_character(found, prose)),
            // Blanks harm no one; old fonts are for the record's own checks to doubt.
            TextProblem::Empty | TextProblem::TooLong { .. } | TextProblem::Spacing | TextProblem::LegacyFont => {}
        }
    }
    let Some(text) = repaired else {
        if raw.len() > MAX_TEXT_BYTES {
            return Err(Fault::error(
                Code::TextTooLong,
                Words::new(
                    "Không quá 4.096 byte (khoảng 3.000 chữ cái).",
                    "At most 4,096 bytes (about 3,000 letters).",
                ),
                Words::new("Viết ngắn lại.", "Make it shorter."),
            ));
        }
        return Ok((String::new(), looks));
    };
    let odd = |c: char| match prose {
        Prose::Name => !(c.is_alphabetic() || matches!(c, ' ' | '\'' | '’' | '-' | '.')),
        Prose::Line | Prose::Lines | Prose::Code => c == '\u{fffd}' || is_noncharacter(c),
    };
    match text.chars().find(|c| odd(*c)) {
        Some(found) => Err(odd_character(found, prose)),
        None => Ok((text, looks)),
    }
}

fn odd_character(found: char, prose: Prose) -> Fault {
    let code = u32::from(found);
    Fault::error(
        Code::OddCharacter,
        match prose {
            Prose::Name => {
                Words::new("Họ tên chỉ gồm chữ cái, dấu cách, ' - .", "A name of letters, spaces, ' - . only.")
            }
            _ => Words::new("Chữ không có ký tự lạ.", "Text without odd characters."),
        },
        Words::new(
            format!("Xoá ký tự lạ (U+{code:04X}) và gõ lại; kiểm tra phông chữ là Unicode (không phải TCVN3, VNI)."),
            format!(
                "Delete the odd character (U+{code:04X}) and type it again; check that the font is Unicode (not TCVN3 or VNI)."
            ),
        ),
    )
}

fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

#[cfg(test)]
mod tests {
    use hocba_record::section::Rating;

    use super::*;
    use crate::table::At;

    fn field(value: Value) -> Field {
        Field { at: At { sheet: 0, row: 0, col: 0 }, value, formula: false }
    }
    fn typed(text: &str) -> Field {
        field(Value::Text(text.into()))
    }

    #[test]
    fn marks_are_read_with_comma_or_point_as_number_or_text() {
        for (value, tenths) in [
            (Value::Number(8.5), 85),
            (Value::Number(10.0), 100),
            (Value::Number(0.0), 0),
            (Value::Number(8.3 + 1e-15), 83),
            (Value::Number(0.1 + 0.2), 3),
            (Value::Text("8,5".into()), 85),
            (Value::Text(" 8.5 ".into()), 85),
            (Value::Text("8,50".into()), 85),
            (Value::Text("10,0".into()), 100),
            (Value::Text("07".into()), 70),
            (Value::Text("\u{a0}7".into()), 70),
        ] {
            let mark = mark(&field(value.clone())).map(|(mark, _)| mark.map(Mark::tenths));
            assert_eq!(mark, Ok(Some(tenths)), "{value:?}");
        }
        assert_eq!(mark(&typed("  ")).map(|(mark, _)| mark), Ok(None));
    }

    #[test]
    fn a_mark_that_is_none_is_said_to_be_none_for_the_right_reason() {
        for (value, code) in [
            (Value::Text("10,5".into()), Code::MarkOutOfRange),
            (Value::Number(10.5), Code::MarkOutOfRange),
            (Value::Number(85.0), Code::MarkOutOfRange),
            (Value::Number(-1.0), Code::MarkOutOfRange),
            (Value::Text("8,55".into()), Code::MarkTooPrecise),
            (Value::Number(8.55), Code::MarkTooPrecise),
            (Value::Text("8,5 đ".into()), Code::NotAMark),
            (Value::Text("8,".into()), Code::NotAMark),
            (Value::Text(",5".into()), Code::NotAMark),
            (Value::Text("8,5,5".into()), Code::NotAMark),
            (Value::Text("٨".into()), Code::NotAMark),
            (Value::Text("vắng".into()), Code::NotAMark),
            (Value::Number(f64::NAN), Code::NotAMark),
            (Value::Number(f64::INFINITY), Code::NotAMark),
            (Value::Number(1e300), Code::MarkOutOfRange),
            (Value::Date([2027, 5, 8, 0, 0, 0]), Code::MarkBecameDate),
            (Value::Error("#REF!".into()), Code::ErrorValue),
            (Value::Unsaved, Code::FormulaWithoutValue),
        ] {
            assert_eq!(mark(&field(value.clone())).map_err(|f| f.code), Err(code), "{value:?}");
        }
    }

    #[test]
    fn dates_are_day_month_year_and_may_be_partial() {
        for (value, shown) in [
            (Value::Text("05/03/2012".into()), "2012-03-05"),
            (Value::Text("5-3-2012".into()), "2012-03-05"),
            (Value::Text("2012-03-05".into()), "2012-03-05"),
            (Value::Text("03/2012".into()), "2012-03"),
            (Value::Text(" 2012 ".into()), "2012"),
            (Value::Number(2012.0), "2012"),
            (Value::Date([2012, 3, 5, 0, 0, 0]), "2012-03-05"),
        ] {
            let date = date(&field(value.clone())).map(|(date, _)| date.map(|d| d.to_string()));
            assert_eq!(date, Ok(Some(shown.into())), "{value:?}");
        }
        for bad in ["05/25/2012", "31/06/2012", "5/3/12", "hôm qua", "1/2/3/2012", "+1/2/2012", "2012-13-01"] {
            assert_eq!(date(&typed(bad)).map_err(|f| f.code), Err(Code::NotADate), "{bad}");
        }
        let (read, looks) = date(&field(Value::Number(40_973.0))).expect("a serial number");
        assert_eq!((read.map(|d| d.to_string()), looks[0].code), (Some("2012-03-05".into()), Code::SerialDate));
        assert!(looks[0].how_to_mend.vi.contains("05/03/2012"), "what will be stored is said");
        for bad in [410_000.0, 12_345.0, 40_973.5] {
            assert!(date(&field(Value::Number(bad))).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_are_in_vietnamese_time() {
        let seconds =
            |text: &str| moment(&typed(text)).map(|(time, _)| time.map(UnixTime::seconds)).map_err(|f| f.code);
        assert_eq!(seconds("01/01/1970 07:00"), Ok(Some(0)));
        assert_eq!(seconds("25/05/2027 17:30:05"), Ok(Some(1_811_241_005)));
        assert_eq!(seconds("25/05/2027"), Ok(Some(1_811_178_000)));
        for bad in ["05/2027", "25/05/2027 25:00", "25/05/2027 1:2:3:4", "1/1/1970"] {
            assert_eq!(seconds(bad), Err(Code::NotADate), "{bad}");
        }
        for seconds in [0, 951_782_400, 1_811_241_005, 4_102_444_799] {
            let time = UnixTime::from_seconds(seconds).expect("in range");
            let back = moment(&field(Value::Date(civil(time)))).map(|(time, _)| time);
            assert_eq!(back, Ok(Some(time)));
        }
    }

    #[test]
    fn wrong_letters_are_shown_with_their_repair() {
        let fault = text(&typed("Ðặng Văn Ðức"), Prose::Name).expect_err("Ð is not Đ");
        assert_eq!(fault.code, Code::WrongLetter);
        assert!(fault.expected.vi.contains("Đặng Văn Đức"));
        let (read, looks) = rating(&typed("CÐ")).expect("means CĐ");
        assert_eq!((read, looks[0].code), (Some(Rating::ChuaDat), Code::WrongLetter));
    }

    #[test]
    fn text_is_cleaned_of_what_no_one_sees() {
        let codes = |raw: &str, prose| {
            let (text, looks) = text(&typed(raw), prose).expect("readable");
            (text.map(|t| t.to_string()), looks.into_iter().map(|f| f.code).collect::<Vec<_>>())
        };
        assert_eq!(codes("  Lê\u{a0} Thị  Hoa ", Prose::Name), (Some("Lê Thị Hoa".into()), vec![]));
        assert_eq!(codes("Le\u{302} Hoa", Prose::Name), (Some("Lê Hoa".into()), vec![Code::DecomposedText]));
        assert_eq!(codes("Ngoan\u{200b}.", Prose::Lines), (Some("Ngoan.".into()), vec![Code::InvisibleCharacter]));
        assert_eq!(codes("Ngoan.\r\n Cố gắng.\n", Prose::Lines), (Some("Ngoan.\nCố gắng.".into()), vec![]));
        assert_eq!(codes("\u{200b}", Prose::Line).0, None);
        assert_eq!(codes("Lê\u{3000}Thị\u{202f}Hoa", Prose::Line), (Some("Lê Thị Hoa".into()), vec![]));
        for bad in ["Nguy\u{fffd}n", "Nguy¨n V¨n", "Hoa\u{202e}", "An 2", "Lê\u{3164}Hoa", "Lê\u{2800}Hoa"] {
            assert_eq!(text(&typed(bad), Prose::Name).map_err(|f| f.code), Err(Code::OddCharacter), "{bad:?}");
        }
    }
}
