//! The management number of a book (mã học bạ).
//!
//! No official format was found (`domain.md` §3.3), so this one is ours: `HB-2K7Q-9XRA-51TC-8WZM`. After `HB-` stand sixteen
//! characters of Crockford's base 32 (no I, L, O, U, so that none is mistaken for another when it is read aloud or typed
//! from paper): the level (1 tiểu học, 2 THCS, 3 THPT), fourteen random ones, and a check character. It says nothing of the
//! pupil, the school or the year, and a number of one level cannot be told from another pupil's number of another level.
//!
//! **Unique.** 70 random bits: among 60 million numbers (18 million pupils, three levels) the chance that any two agree is
//! 6·10⁷ squared over 2⁷¹, below one in a million. An office refuses a number it has already.
//!
//! **Check character.** The sixteen values, as elements of GF(32) (x⁵ + x² + 1), weighted with the powers of its generator,
//! add up to nought. Since no two of the weights are equal, every single wrong character and every exchange of two
//! different ones, neighbours or not, is found; any other error passes with a chance of 1 in 32.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::types::{EducationLevel, Text};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters without the prefix and the dashes.
const LENGTH: usize = 16;
/// Random characters.
const RANDOM: usize = 14;

/// The management number of a pupil's book of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookNumber([u8; LENGTH]);

/// Why a text is no management number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not `HB-` and sixteen characters of the alphabet in groups of four, or of a level that does not exist.
    #[error("not of the form HB-XXXX-XXXX-XXXX-XXXX")]
    Form,
    /// The check character does not agree: a character is wrong, or two were exchanged.
    #[error("the check character does not agree: a character is wrong, or two were exchanged")]
    Check,
}

/// Times the generator of GF(32), modulo x⁵ + x² + 1.
const fn times_generator(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 0b10_0000 == 0 { doubled } else { doubled ^ 0b10_0101 }
}

/// The value that makes the weighted sum nought (Horner's rule).
fn check_value(values: &[u8]) -> u8 {
    values.iter().fold(0, |sum, value| times_generator(sum ^ value))
}

impl BookNumber {
    /// A number from random bits: fourteen times five of them count.
    pub fn from_random(level: EducationLevel, random: [u8; RANDOM]) -> Self {
        let mut values = [0; LENGTH];
        values[0] = match level {
            EducationLevel::Primary => 1,
            EducationLevel::LowerSecondary => 2,
            EducationLevel::UpperSecondary => 3,
        };
        for (value, byte) in values[1..].iter_mut().zip(random) {
            *value = byte & 31;
        }
        values[LENGTH - 1] = check_value(&values[..LENGTH - 1]);
        Self(values)
    }

    /// The level.
    pub fn level(self) -> EducationLevel {
        match self.0[0] {
            1 => EducationLevel::Primary,
            2 => EducationLevel::LowerSecondary,
            _ => EducationLevel::UpperSecondary,
        }
    }

    /// A number as people type it: small letters, blanks instead of dashes, O for 0, I and L for 1.
    ///
    /// # Errors
    /// See [`NumberError`].
    pub fn from_typed(text: &str) -> Result<Self, NumberError> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let plain = plain.to_ascii_uppercase();
        let digits = plain.strip_prefix("HB").ok_or(NumberError::Form)?;
        let mut values = [0; LENGTH];
        let mut count = 0;
        for byte in digits.bytes() {
            let byte = match byte {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let value = ALPHABET.iter().position(|known| *known == byte).ok_or(NumberError::Form)?;
            *values.get_mut(count).ok_or(NumberError::Form)? = u8::try_from(value).map_err(|_| NumberError::Form)?;
            count += 1;
        }
        if count != LENGTH || !(1..=3).contains(&values[0]) {
            return Err(NumberError::Form);
        }
        if check_value(&values[..LENGTH - 1]) == values[LENGTH - 1] {
            Ok(Self(values))
        } else {
            Err(NumberError::Check)
        }
    }

    /// As a section's text.
    pub fn text(self) -> Text {
        self.to_string().parse().expect("a number is of the alphabet of texts")
    }
}

impl fmt::Display for BookNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HB")?;
        for (at, value) in self.0.iter().enumerate() {
            if at % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(ALPHABET[usize::from(*value)]))?;
        }
        Ok(())
    }
}

impl FromStr for BookNumber {
    type Err = NumberError;
    /// The one written form; what people type is for [`BookNumber::from_typed`].
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let number = Self::from_typed(text)?;
        if number.to_string() == text { Ok(number) } else { Err(NumberError::Form) }
    }
}

impl Serialize for BookNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for BookNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(random: [u8; RANDOM]) -> BookNumber {
        BookNumber::from_random(EducationLevel::LowerSecondary, random)
    }

    #[test]
    fn a_number_is_written_in_groups_and_read_as_people_type_it() {
        let number = number([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 30]);
        let text = number.to_string();
        assert_eq!(&text[..19], "HB-2123-4567-89AB-C");
        assert_eq!((text.len(), text.parse()), (22, Ok(number)));
        assert_eq!(number.level(), EducationLevel::LowerSecondary);
        assert_eq!(BookNumber::from_typed(&text.to_lowercase().replace('-', " ").replace('1', "l")), Ok(number));
        assert_eq!(text.to_lowercase().parse::<BookNumber>(), Err(NumberError::Form));
        for bad in
            ["", "HB", "HB-2123-4567-89AB", "HB-9123-4567-89AB-CDYZ", "2123-4567-89AB-CDYZ", "HB-U123-4567-89AB-CDYZ"]
        {
            assert_eq!(BookNumber::from_typed(bad), Err(NumberError::Form), "{bad}");
        }
    }

    #[test]
    fn no_two_weights_are_equal() {
        let mut weight = 1;
        let mut seen = Vec::new();
        for _ in 0..LENGTH {
            assert!(!seen.contains(&weight));
            seen.push(weight);
            weight = times_generator(weight);
        }
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_always_found(random: [u8; RANDOM], at in 1..LENGTH, other in 1..32_u8) {
            let mut wrong = number(random);
            wrong.0[at] ^= other;
            prop_assert_eq!(BookNumber::from_typed(&wrong.to_string()), Err(NumberError::Check));
        }

        #[test]
        fn two_exchanged_characters_are_always_found(random: [u8; RANDOM], a in 1..LENGTH, b in 1..LENGTH) {
            let mut wrong = number(random);
            prop_assume!(wrong.0[a] != wrong.0[b]);
            wrong.0.swap(a, b);
            prop_assert_eq!(BookNumber::from_typed(&wrong.to_string()), Err(NumberError::Check));
        }

        #[test]
        fn what_people_type_never_panics(text in "\\PC{0,30}|(HB)?[-0-9A-Za-z ]{0,24}") {
            let _ = BookNumber::from_typed(&text);
        }
    }
}
