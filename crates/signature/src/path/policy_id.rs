//! Identifiers of certificate policies, as profiles name them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Longest identifier in characters: `2.25.` with a number of 128 bits has 44.
pub const MAX_POLICY_ID: usize = 128;

/// The identifier of a certificate policy (RFC 5280 §4.2.1.4): an object identifier in dotted decimal, in its one
/// spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyId {
    text: String,
    contents: Vec<u8>,
}

/// Not an object identifier in dotted decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no object identifier: wanted numbers with dots between, like 2.5.29.32")]
pub struct NotAPolicyId;

impl PolicyId {
    /// The contents of the OBJECT IDENTIFIER in DER (X.690 §8.19), without tag and length.
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }
}

impl PolicyId {
    /// The identifier with these contents of an OBJECT IDENTIFIER in DER.
    pub(crate) fn from_contents(contents: &[u8]) -> Result<Self, NotAPolicyId> {
        let (mut arcs, mut arc, mut within) = (Vec::new(), 0_u128, false);
        for byte in contents {
            // X.690 §8.19.2: as few bytes as will do.
            if !within && *byte == 0x80 {
                return Err(NotAPolicyId);
            }
            arc = arc.checked_mul(128).ok_or(NotAPolicyId)? | u128::from(byte & 0x7f);
            within = byte & 0x80 != 0;
            if !within {
                arcs.push(arc);
                arc = 0;
            }
        }
        let (first, rest) = arcs.split_first().filter(|_| !within).ok_or(NotAPolicyId)?;
        let root = (first / 40).min(2);
        let text = rest.iter().fold(format!("{root}.{}", first - root * 40), |text, arc| format!("{text}.{arc}"));
        if text.len() > MAX_POLICY_ID { Err(NotAPolicyId) } else { Ok(Self { text, contents: contents.to_vec() }) }
    }
}

impl FromStr for PolicyId {
    type Err = NotAPolicyId;

    fn from_str(text: &str) -> Result<Self, NotAPolicyId> {
        if text.len() > MAX_POLICY_ID {
            return Err(NotAPolicyId);
        }
        let arc = |part: &str| {
            let plain = part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            part.parse::<u128>().ok().filter(|_| plain).ok_or(NotAPolicyId)
        };
        let arcs: Vec<u128> = text.split('.').map(arc).collect::<Result<_, _>>()?;
        let [first, second, rest @ ..] = arcs.as_slice() else { return Err(NotAPolicyId) };
        if *first > 2 || (*first < 2 && *second > 39) {
            return Err(NotAPolicyId);
        }
        let mut contents = Vec::new();
        for number in [(first * 40).checked_add(*second).ok_or(NotAPolicyId)?].iter().chain(rest) {
            // Seven bits a byte, the highest first, all but the last marked.
            let groups = (128 - number.leading_zeros()).div_ceil(7).max(1);
            for group in (0..groups).rev() {
                let bits = u8::try_from((number >> (7 * group)) & 0x7f).map_err(|_| NotAPolicyId)?;
                contents.push(if group == 0 { bits } else { bits | 0x80 });
            }
        }
        Ok(Self { text: text.to_owned(), contents })
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for PolicyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PolicyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_encoded_as_in_certificates() {
        // X.690 §8.19.5's example, RFC 5280's certificatePolicies and anyPolicy, an RSA identifier, a UUID's.
        for (text, contents) in [
            ("2.999.3", &[0x88, 0x37, 3][..]),
            ("2.5.29.32", &[0x55, 0x1d, 0x20]),
            ("2.5.29.32.0", &[0x55, 0x1d, 0x20, 0]),
            ("1.2.840.113549.1.1.1", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]),
            ("0.0", &[0]),
        ] {
            let id: PolicyId = text.parse().expect(text);
            assert_eq!((id.contents(), id.to_string().as_str()), (contents, text));
            assert_eq!(PolicyId::from_contents(contents), Ok(id));
        }
        let uuid: PolicyId = "2.25.340282366920938463463374607431768211455".parse().expect("128 bits");
        assert_eq!(uuid.contents().len(), 1 + 19);
        assert_eq!(PolicyId::from_contents(uuid.contents()), Ok(uuid));
    }

    #[test]
    fn nothing_else_is_one() {
        let long = format!("1.2{}", ".3".repeat(64));
        for text in ["", "1", "3.1", "1.40", "1.2.", ".1.2", "1..2", "1.02", "1.-2", "1.+2", "1.2 ", "1.a", &long] {
            assert_eq!(text.parse::<PolicyId>(), Err(NotAPolicyId), "{text}");
        }
        let beyond = [&[0x69, 0x84][..], &[0x80; 17], &[0]].concat();
        let many = [1; 64];
        for contents in [&[][..], &[0x80, 1], &[0x2a, 0x80, 1], &[0x2a, 0x81], &[0x81], &beyond, &many] {
            assert_eq!(PolicyId::from_contents(contents), Err(NotAPolicyId), "{contents:?}");
        }
        assert!("2.25.340282366920938463463374607431768211456".parse::<PolicyId>().is_err(), "129 bits");
        assert!("2.340282366920938463463374607431768211455".parse::<PolicyId>().is_err(), "over with the first");
    }
}
