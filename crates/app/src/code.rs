//! Codes that people read from paper and type: Crockford's base32, in groups, with a check digit.
//!
//! The last character makes the sum of all, each times a power of α in GF(32), zero: a single wrong character and two
//! that changed places are always seen, so that a typing error is told from a slip that is over.

use zeroize::Zeroizing;

/// Characters of an activation slip's code: 15 of chance (75 bits) and the check digit, in four groups of four.
pub const SLIP: usize = 16;
/// Characters of a paper link's code: as those of a slip.
pub const PAPER: usize = 16;
/// Characters of a recovery code: 9 of chance (45 bits, and guessed as slowly as a password) and the check digit.
pub const RECOVERY: usize = 10;
/// Recovery codes of an account.
pub const RECOVERY_CODES: usize = 8;

/// Without I, L, O and U, which are read as others (Crockford).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code is not of its form, or its check digit does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the code is mistyped")]
pub struct Mistyped;

/// α times a value, in GF(32) with x⁵ + x² + 1.
const fn times(value: u8) -> u8 {
    let shifted = value << 1;
    if shifted & 32 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

/// A code of `random.len()` characters of chance, one for each byte, and the check digit; without groups.
pub fn make(random: &[u8]) -> String {
    // 256 is a multiple of 32: each character is as likely.
    let values = random.iter().map(|byte| byte & 31);
    let check = times(values.clone().fold(0, |sum, value| times(sum) ^ value));
    values.chain([check]).map(|value| char::from(ALPHABET[usize::from(value)])).collect()
}

/// A code as printed, in groups of so many.
pub fn grouped(code: &str, group: usize) -> String {
    let mut text = String::with_capacity(code.len() * 2);
    for (place, c) in code.chars().enumerate() {
        if place > 0 && place % group == 0 {
            text.push('-');
        }
        text.push(c);
    }
    text
}

/// A code of so many characters as somebody typed it: small letters, blanks and dashes as they come, O for 0, I and L
/// for 1.
///
/// # Errors
/// [`Mistyped`].
pub fn parse(typed: &str, characters: usize) -> Result<Zeroizing<String>, Mistyped> {
    let mut code = Zeroizing::new(String::with_capacity(characters));
    let mut sum = 0;
    for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–' | '.')) {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = ALPHABET.iter().position(|letter| char::from(*letter) == c).ok_or(Mistyped)?;
        if code.len() == characters {
            return Err(Mistyped);
        }
        sum = times(sum) ^ u8::try_from(value).map_err(|_| Mistyped)?;
        code.push(c);
    }
    if code.len() == characters && sum == 0 { Ok(code) } else { Err(Mistyped) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(n: u8) -> Vec<u8> {
        (0..15)
            .map(|place: u8| n.wrapping_mul(37).wrapping_add(place.wrapping_mul(n | 1)).wrapping_add(place * place))
            .collect()
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = make(&random(3));
        assert_eq!(code.len(), SLIP);
        let printed = grouped(&code, 4);
        assert_eq!(printed.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
        for typed in
            [printed.clone(), printed.to_lowercase(), printed.replace('-', " "), code.clone(), format!(" {code}\n")]
        {
            assert_eq!(parse(&typed, SLIP).expect("read").as_str(), code, "{typed}");
        }
        let zeros = make(&[0; 15]);
        assert_eq!(parse(&zeros.replace('0', "o"), SLIP).expect("read").as_str(), zeros);
        for wrong in ["", "0", &code[1..], &format!("{code}0"), &code.replace(&code[..1], "U"), "ộộộộộộộộộộộộộộộộ"]
        {
            assert_eq!(parse(wrong, SLIP).map(|_| ()), Err(Mistyped), "{wrong}");
        }
        assert_eq!(parse(&make(&random(5)[..9]), RECOVERY).expect("read").len(), RECOVERY);
    }

    #[test]
    fn every_wrong_character_and_every_swap_of_neighbours_is_seen() {
        for n in 0..20 {
            let code = make(&random(n)).into_bytes();
            for place in 0..SLIP {
                for letter in ALPHABET.iter().filter(|letter| **letter != code[place]) {
                    let mut wrong = code.clone();
                    wrong[place] = *letter;
                    let wrong = String::from_utf8(wrong).expect("ASCII");
                    assert!(parse(&wrong, SLIP).is_err(), "{wrong}");
                }
                if place + 1 < SLIP && code[place] != code[place + 1] {
                    let mut wrong = code.clone();
                    wrong.swap(place, place + 1);
                    let wrong = String::from_utf8(wrong).expect("ASCII");
                    assert!(parse(&wrong, SLIP).is_err(), "{wrong}");
                }
            }
        }
    }
}
