//! A strict reader of DER (X.690 §10): one byte of tag, definite and shortest lengths, nothing left over.
//!
//! Keys and signatures must have one spelling, certificates must say one thing to every reader, and a CRL of some
//! megabytes has to be read without building it in memory first.

use hocba_record::types::UnixTime;

/// The bytes are not the DER that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[n]`, constructed.
    pub(crate) const fn constructed(n: u8) -> u8 {
        0xa0 | n
    }
    /// `[n]`, primitive.
    pub(crate) const fn primitive(n: u8) -> u8 {
        0x80 | n
    }
}

/// One value: its tag, its content, and both together as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// Reads values one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The one value of this tag that `bytes` holds, and nothing after it: a reader over its content.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        let mut reader = Self::new(bytes);
        let content = reader.expect(tag)?;
        reader.finish()?;
        Ok(Self::new(content))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// The tag of the next value.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    pub(crate) fn next(&mut self) -> Result<Element<'a>, Malformed> {
        let (&tag, rest) = self.bytes.split_first().ok_or(Malformed)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed); // no structure read here has tags above 30
        }
        let (&first, rest) = rest.split_first().ok_or(Malformed)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // X.690 §10.1: definite, and as few bytes as will do.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(Malformed)?;
                let length = bytes.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
                if length < 0x80 || bytes[0] == 0 {
                    return Err(Malformed);
                }
                (usize::try_from(length).map_err(|_| Malformed)?, rest)
            }
            _ => return Err(Malformed),
        };
        let (content, after) = rest.split_at_checked(length).ok_or(Malformed)?;
        let whole = &self.bytes[..self.bytes.len() - after.len()];
        self.bytes = after;
        Ok(Element { tag, content, whole })
    }

    /// The content of the next value, which has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        if self.peek() == Some(tag) { Ok(self.next()?.content) } else { Err(Malformed) }
    }

    /// The content of the next value if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.peek() == Some(tag) { Ok(Some(self.next()?.content)) } else { Ok(None) }
    }

    /// A reader over the content of the next value, a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Result<Self, Malformed> {
        self.expect(tag::SEQUENCE).map(Self::new)
    }

    /// `BOOLEAN DEFAULT FALSE`: absent, or TRUE (X.690 §11.1, §11.5).
    pub(crate) fn default_false(&mut self) -> Result<bool, Malformed> {
        match self.optional(tag::BOOLEAN)? {
            None => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Malformed),
        }
    }

    /// A BIT STRING of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Result<&'a [u8], Malformed> {
        match self.expect(tag::BIT_STRING)?.split_first() {
            Some((0, bytes)) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// A `Time`: UTCTime or GeneralizedTime in the forms of RFC 5280 §4.1.2.5.
    pub(crate) fn time(&mut self) -> Result<UnixTime, Malformed> {
        let element = self.next()?;
        time(element.tag, element.content)
    }
}

/// One element, written. What is put together here stays far below 64 KiB.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        Ok(byte) => out.extend([0x81, byte]),
        Err(_) => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

/// The content of an INTEGER of either sign in its shortest form (X.690 §8.3.2) and of at most this many bytes.
pub(crate) fn integer(content: &[u8], max: usize) -> Result<&[u8], Malformed> {
    let longer_than_needed = matches!(content, [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]);
    if (1..=max).contains(&content.len()) && !longer_than_needed { Ok(content) } else { Err(Malformed) }
}

/// The content of an INTEGER that is not negative, without its leading zero (X.690 §8.3.2: shortest form).
pub(crate) fn unsigned(content: &[u8]) -> Result<&[u8], Malformed> {
    match content {
        [] => Err(Malformed),
        [0] => Ok(&[]),
        [0, second, ..] if *second < 0x80 => Err(Malformed),
        [0, rest @ ..] => Ok(rest),
        [first, ..] if *first >= 0x80 => Err(Malformed),
        _ => Ok(content),
    }
}

/// A named-bit list as bits 0 to 15, bit 0 first (X.690 §11.2.2).
pub(crate) fn named_bits(content: &[u8]) -> Result<u16, Malformed> {
    match *content {
        [0] => Ok(0),
        [unused @ 0..=7, first] if first.trailing_zeros() == u32::from(unused) => Ok(u16::from(first) << 8),
        [unused @ 0..=7, first, second] if second.trailing_zeros() == u32::from(unused) => {
            Ok(u16::from_be_bytes([first, second]))
        }
        _ => Err(Malformed),
    }
}

/// UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.1, §4.1.2.5.2).
pub(crate) fn time(tag: u8, content: &[u8]) -> Result<UnixTime, Malformed> {
    let (digits, z) = content.split_at_checked(content.len().saturating_sub(1)).ok_or(Malformed)?;
    if z != b"Z" || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let number = |range: std::ops::Range<usize>| digits[range].iter().fold(0, |n, d| n * 10 + i64::from(d - b'0'));
    let (year, rest) = match (tag, digits.len()) {
        (tag::UTC_TIME, 12) => match number(0..2) {
            year @ 0..50 => (2000 + year, 2),
            year => (1900 + year, 2),
        },
        (tag::GENERALIZED_TIME, 14) => (number(0..4), 4),
        _ => return Err(Malformed),
    };
    let at = |place: usize| number(rest + 2 * place..rest + 2 * place + 2);
    let (month, day, hour, minute, second) = (at(0), at(1), at(2), at(3), at(4));
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return Err(Malformed),
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(Malformed);
    }
    // Days since 1970-01-01 of the proleptic Gregorian calendar; March is the first month, so a leap day is the last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day - 1 - 719_468;
    UnixTime::from_seconds(days * 86_400 + hour * 3600 + minute * 60 + second).map_err(|_| Malformed)
}

/// The content of a GeneralizedTime that may have a fraction (RFC 3161 §2.4.2: in DER, so without zeros at its end, and
/// none that is zero), rounded down to the second.
pub(crate) fn time_of_stamp(content: &[u8]) -> Result<UnixTime, Malformed> {
    let Some(point) = content.iter().position(|byte| *byte == b'.') else {
        return time(tag::GENERALIZED_TIME, content);
    };
    let (whole, fraction) = content.split_at(point);
    let digits = fraction[1..].strip_suffix(b"Z").ok_or(Malformed)?;
    if !digits.iter().all(u8::is_ascii_digit) || matches!(digits.last(), None | Some(b'0')) {
        return Err(Malformed);
    }
    time(tag::GENERALIZED_TIME, &[whole, b"Z"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        let read = |bytes: &[u8]| Reader::only(bytes, tag::OCTET_STRING).map(|r| r.bytes.len());
        assert_eq!(read(&[4, 2, 1, 2]), Ok(2));
        for wrong in [
            &[][..],
            &[4],
            &[4, 2, 1],
            &[4, 2, 1, 2, 3],
            &[5, 2, 1, 2],
            &[4, 0x81, 2, 1, 2],
            &[4, 0x80, 1, 2, 0, 0],
            &[4, 0x82, 0, 2, 1, 2],
            &[4, 0x85, 0, 0, 0, 0, 1, 1],
            &[0x1f, 2, 1, 2],
        ] {
            assert_eq!(read(wrong), Err(Malformed), "{wrong:?}");
        }
        let long = [&[4, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(read(&long), Ok(128));
        let longer = [&[4, 0x82, 1, 0][..], &[7; 256]].concat();
        assert_eq!(read(&longer), Ok(256));
    }

    #[test]
    fn integers_are_short_and_not_negative() {
        assert_eq!(unsigned(&[0]), Ok(&[][..]));
        assert_eq!(unsigned(&[0, 0x80]), Ok(&[0x80][..]));
        assert_eq!(unsigned(&[1, 0]), Ok(&[1, 0][..]));
        for wrong in [&[][..], &[0, 1], &[0, 0], &[0x80], &[0xff, 1]] {
            assert_eq!(unsigned(wrong), Err(Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn a_time_stamp_may_have_a_fraction() {
        let read = |text: &str| time_of_stamp(text.as_bytes()).map(UnixTime::seconds);
        for text in ["20000101000001Z", "20000101000001.5Z", "20000101000001.999999999Z", "20000101000001.05Z"] {
            assert_eq!(read(text), Ok(946_684_801), "{text}");
        }
        for wrong in [
            "20000101000001.Z",
            "20000101000001.0Z",
            "20000101000001.50Z",
            "20000101000001.5",
            "20000101000001.5+0000",
            "20000101000001.5.5Z",
            "20000101000001,5Z",
            "200001010000.5Z",
            ".5Z",
            "",
        ] {
            assert_eq!(read(wrong), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn bits_have_no_trailing_zeros() {
        assert_eq!(named_bits(&[5, 0b1010_0000]), Ok(0b1010_0000_0000_0000));
        assert_eq!(named_bits(&[7, 0, 0x80]), Ok(0x80));
        for wrong in [&[][..], &[1], &[0, 0], &[4, 0b1010_0000], &[8, 1], &[0, 1, 2, 3]] {
            assert_eq!(named_bits(wrong), Err(Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn times_are_read_to_the_second() {
        let utc = |text: &str| time(tag::UTC_TIME, text.as_bytes()).map(UnixTime::seconds);
        let long = |text: &str| time(tag::GENERALIZED_TIME, text.as_bytes()).map(UnixTime::seconds);
        assert_eq!(utc("700101000000Z"), Ok(0));
        assert_eq!(utc("491231235959Z"), Ok(2_524_607_999));
        assert_eq!(long("20500101000000Z"), Ok(2_524_608_000));
        assert_eq!(long("20240229120000Z"), Ok(1_709_208_000));
        assert_eq!(long("20261122105552Z"), Ok(1_795_344_952));
        for wrong in ["20230229120000Z", "20000001000000Z", "20001301000000Z", "20000100000000Z", "20000101240000Z"] {
            assert_eq!(long(wrong), Err(Malformed), "{wrong}");
        }
        for wrong in
            ["20000101000000", "20000101000000.5Z", "2000010100Z", "20000101000000+0000", "500101000000Z", "Z", ""]
        {
            assert_eq!(long(wrong), Err(Malformed), "{wrong}");
        }
        assert_eq!(utc("500101000000Z"), Err(Malformed), "1950 is before our time");
        assert_eq!(utc("20000101000000Z"), Err(Malformed));
    }
}
