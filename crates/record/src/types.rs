//! The small words of a transcript, each parsed once at the edge into a type that keeps the proof.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use unicode_normalization::is_nfc;

/// Text that is not of the form its type asks for. Names the type, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}")]
pub struct FormError {
    /// The type that refused.
    pub what: &'static str,
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $what:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = FormError;
            fn from_str(text: &str) -> Result<Self, FormError> {
                let ok: fn(&str) -> bool = $ok;
                if ok(text) { Ok(Self(text.to_owned())) } else { Err(FormError { what: $what }) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        text_serde!($name);
    };
}

/// The longest [`Text`], in bytes: a homeroom teacher's remark of a full A5 page is under 2,000.
pub const MAX_TEXT_BYTES: usize = 4096;

text_newtype!(
    /// Text for people: NFC (Unicode 15), 1 to 4,096 bytes, trimmed, without control characters (a line feed is
    /// allowed), private-use characters, the invisible ones that make two texts look alike, or any blank but the plain
    /// one (U+0020): a no-break or ideographic blank is seen as a blank and is other bytes.
    Text,
    "text (1 to 4096 bytes, NFC, trimmed, no invisible characters, plain blanks)",
    |s| !s.is_empty()
        && s.len() <= MAX_TEXT_BYTES
        && s.trim() == s
        && !s.chars().any(|c| !matches!(c, ' ' | '\n') && (c.is_whitespace() || is_invisible(c)))
        && is_nfc(s)
);
text_newtype!(
    /// A school's code (mã trường): 2 to 20 capital Latin letters and digits. Codes of one department share a prefix.
    SchoolCode,
    "school code (2 to 20 of A-Z, 0-9)",
    |s| (2..=20).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
);
text_newtype!(
    /// How the codes of a part of the schools begin, `79`: 2 to 20 capital Latin letters and digits.
    SchoolPrefix,
    "prefix of school codes (2 to 20 of A-Z, 0-9)",
    |s| (2..=20).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
);

impl SchoolPrefix {
    /// Whether a school's code begins so.
    pub fn covers(&self, school: &SchoolCode) -> bool {
        school.as_str().starts_with(self.as_str())
    }
}

text_newtype!(
    /// Code of a province (mã tỉnh), 2 digits (QĐ 19/2025/QĐ-TTg; two levels since 07/2025).
    ProvinceCode,
    "province code (2 digits)",
    |s| s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())
);
text_newtype!(
    /// Code of a ward or commune (mã xã, phường), 5 digits.
    WardCode,
    "ward code (5 digits)",
    |s| s.len() == 5 && s.bytes().all(|b| b.is_ascii_digit())
);
text_newtype!(
    /// A class as the school writes it, `9A3`: 1 to 20 bytes of letters, digits, `.`, `-` and `/`, NFC. A Hangul filler
    /// counts as a letter in Unicode; it is not seen, and so not one here.
    ClassName,
    "class name (1 to 20 bytes of letters, digits, . - /)",
    |s| (1..=20).contains(&s.len())
        && s.chars().all(|c| c.is_alphanumeric() && !is_invisible(c) || matches!(c, '.' | '-' | '/'))
        && is_nfc(s)
);
text_newtype!(
    /// A subject's code in the catalogue of its rule set: `toan`, `ngu_van`.
    SubjectCode,
    "subject code (1 to 40 of a-z, 0-9, _)",
    |s| (1..=40).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
);
text_newtype!(
    /// The name of a section, and of its disclosure: `identity`, `subject.toan`.
    SectionName,
    "section name (1 to 64 of a-z, 0-9, _ and .)",
    |s| (1..=64).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.'))
);

/// Characters that no one sees: controls, format and bidirectional marks, private use, byte order mark, and letters
/// without a shape (the grapheme joiner, Hangul fillers, inherent vowels of Khmer, the blank Braille pattern).
///
/// White space is not among them, but for controls and the separators of lines and paragraphs.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// A mark in tenths, 0 (0,0) to 100 (10,0). Integers, so that 8,25 is never rounded by a machine's habit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Mark(u8);

impl Mark {
    /// The highest mark, 10,0.
    pub const MAX: Mark = Mark(100);

    /// A mark of so many tenths.
    ///
    /// # Errors
    /// Above 100 tenths.
    pub fn from_tenths(tenths: u32) -> Result<Self, FormError> {
        u8::try_from(tenths).ok().filter(|t| *t <= 100).map(Mark).ok_or(FormError { what: "mark (0 to 100 tenths)" })
    }

    /// The mark in tenths.
    pub fn tenths(self) -> u32 {
        self.0.into()
    }
}

impl fmt::Display for Mark {
    /// As printed in Vietnam: one decimal behind a comma.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0 / 10, self.0 % 10)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Mark::from_tenths(u32::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A school year (năm học) such as `2026-2027`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolYear(u16);

impl SchoolYear {
    /// The school year that starts in this calendar year.
    ///
    /// # Errors
    /// Before 1950 or after 2200.
    pub fn starting(year: u16) -> Result<Self, FormError> {
        if (1950..=2200).contains(&year) { Ok(Self(year)) } else { Err(FormError { what: "school year" }) }
    }

    /// The calendar year it starts in.
    pub const fn start(self) -> u16 {
        self.0
    }
}

impl FromStr for SchoolYear {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let error = FormError { what: "school year (YYYY-YYYY)" };
        let year = text.get(..4).and_then(|y| y.parse().ok()).ok_or(error)?;
        let parsed = Self::starting(year)?;
        if parsed.to_string() == text { Ok(parsed) } else { Err(error) }
    }
}
impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.0 + 1)
    }
}
text_serde!(SchoolYear);

/// A grade (khối lớp), 1 to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Grade(u8);

impl Grade {
    /// The grade.
    ///
    /// # Errors
    /// Outside 1 to 12.
    pub fn new(grade: u8) -> Result<Self, FormError> {
        if (1..=12).contains(&grade) { Ok(Self(grade)) } else { Err(FormError { what: "grade (1 to 12)" }) }
    }
    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
    /// The level the grade belongs to.
    pub const fn level(self) -> EducationLevel {
        match self.0 {
            1..=5 => EducationLevel::Primary,
            6..=9 => EducationLevel::LowerSecondary,
            _ => EducationLevel::UpperSecondary,
        }
    }
    /// Whether the level is completed with this grade (5, 9, 12).
    pub fn ends_level(self) -> bool {
        matches!(self.0, 5 | 9 | 12)
    }
}
impl<'de> Deserialize<'de> for Grade {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Grade::new(u8::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A level of general education (cấp học).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EducationLevel {
    /// Tiểu học, grades 1 to 5.
    #[serde(rename = "tieu_hoc")]
    Primary,
    /// Trung học cơ sở, grades 6 to 9.
    #[serde(rename = "thcs")]
    LowerSecondary,
    /// Trung học phổ thông, grades 10 to 12.
    #[serde(rename = "thpt")]
    UpperSecondary,
}

/// A birth date as known: `2012-03-05`, `2012-03` or `2012` (national data contract, `domain.md` §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

impl PartialDate {
    /// A date that exists in the calendar, 1900 to 2200.
    ///
    /// # Errors
    /// For a 13th month, a 31st of June, a day without a month.
    pub fn new(year: u16, month: Option<u8>, day: Option<u8>) -> Result<Self, FormError> {
        let error = FormError { what: "date" };
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            None if day.is_some() => return Err(error),
            None => 0,
            Some(1 | 3 | 5 | 7 | 8 | 10 | 12) => 31,
            Some(4 | 6 | 9 | 11) => 30,
            Some(2) if leap => 29,
            Some(2) => 28,
            Some(_) => return Err(error),
        };
        if !(1900..=2200).contains(&year) || day.is_some_and(|d| d == 0 || d > days) {
            return Err(error);
        }
        Ok(Self { year, month, day })
    }
    /// The year.
    pub fn year(self) -> u16 {
        self.year
    }
    /// The month, where known.
    pub fn month(self) -> Option<u8> {
        self.month
    }
    /// The day of the month, where known.
    pub fn day(self) -> Option<u8> {
        self.day
    }
    /// As printed in Vietnam: `05/03/2012`, `03/2012`, `2012`.
    pub fn vietnamese(self) -> String {
        match (self.month, self.day) {
            (Some(m), Some(d)) => format!("{d:02}/{m:02}/{}", self.year),
            (Some(m), None) => format!("{m:02}/{}", self.year),
            _ => self.year.to_string(),
        }
    }
}

impl FromStr for PartialDate {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let error = FormError { what: "date (YYYY, YYYY-MM or YYYY-MM-DD)" };
        let mut parts = text.split('-');
        let year = parts.next().and_then(|p| p.parse().ok()).ok_or(error)?;
        let mut part = || parts.next().map(|p| p.parse::<u8>().map_err(|_| error)).transpose();
        let date = Self::new(year, part()?, part()?)?;
        if date.to_string() == text { Ok(date) } else { Err(error) }
    }
}
impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}
text_serde!(PartialDate);

/// Seconds since 1970-01-01T00:00:00Z, from 1970 to the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The moment so many seconds after the epoch.
    ///
    /// # Errors
    /// Before the epoch or after the year 9999.
    pub fn from_seconds(seconds: i64) -> Result<Self, FormError> {
        if (0..=253_402_300_799).contains(&seconds) { Ok(Self(seconds)) } else { Err(FormError { what: "time" }) }
    }
    /// Seconds since the epoch.
    pub fn seconds(self) -> i64 {
        self.0
    }
    /// So many seconds later, held at the year 9999.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds).clamp(0, 253_402_300_799))
    }
}
impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        UnixTime::from_seconds(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_dates_are_refused() {
        for good in ["2012", "2012-02", "2012-02-29", "2000-02-29", "2013-12-31"] {
            assert_eq!(good.parse::<PartialDate>().expect(good).to_string(), good);
        }
        for bad in [
            "",
            "2012-13",
            "2012-00",
            "2013-02-29",
            "1900-02-29",
            "2012-06-31",
            "2012-1-1",
            "12",
            "2012-",
            "2012-01-01-01",
            "+2012",
        ] {
            assert!(bad.parse::<PartialDate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_school_year_spans_two_calendar_years() {
        assert_eq!("2026-2027".parse::<SchoolYear>().expect("valid").start(), 2026);
        for bad in ["2026", "2026-2028", "2026-27", "2026/2027", "26-27", "2026-2027 ", "９026-2027"] {
            assert!(bad.parse::<SchoolYear>().is_err(), "{bad}");
        }
    }

    #[test]
    fn text_for_people_is_nfc_and_shows_all_it_holds() {
        assert!("Nguyễn Thị Hoa".parse::<Text>().is_ok());
        for bad in ["", " a", "a ", "Nguye\u{302}\u{303}n", "a\u{200b}b", "a\u{202e}b", "a\tb", "\u{feff}a", "a\u{0}"] {
            assert!(bad.parse::<Text>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn letters_without_a_shape_are_no_text() {
        for c in ['\u{34f}', '\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}', '\u{2800}', '\u{3164}', '\u{ffa0}'] {
            assert!(is_invisible(c), "{c:?}");
            for bad in [format!("Lê{c}Hoa"), format!("{c}Hoa"), format!("Hoa{c}"), c.to_string()] {
                assert!(bad.parse::<Text>().is_err(), "{bad:?}");
            }
        }
        assert!("9A3".parse::<ClassName>().is_ok() && "9A\u{3164}".parse::<ClassName>().is_err());
        // Their neighbours have a shape.
        for seen in ["한", "ក", "⠁", "ㅎ", "Ａ"] {
            assert!(!seen.chars().any(is_invisible), "{seen:?}");
        }
    }

    #[test]
    fn the_only_blank_of_a_text_is_the_plain_one() {
        assert!("Lê Thị  Hoa\n5,0".parse::<Text>().is_ok(), "two plain blanks are seen");
        for c in ['\u{a0}', '\u{3000}', '\u{1680}', '\u{2002}', '\u{2009}', '\u{202f}', '\u{205f}', '\u{85}', '\r'] {
            assert!(format!("Lê{c}Hoa").parse::<Text>().is_err(), "{c:?}");
        }
    }

    #[test]
    fn marks_end_at_ten() {
        assert_eq!(Mark::from_tenths(100), Ok(Mark::MAX));
        assert!(Mark::from_tenths(101).is_err());
        assert_eq!(Mark::from_tenths(85).expect("valid").to_string(), "8,5");
    }
}
