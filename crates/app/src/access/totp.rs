//! The second factor: time-based one-time passwords (RFC 6238) of six digits, with SHA-1 and steps of 30 seconds, which is
//! what every authenticator app does.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// Bytes of a secret: the length of SHA-1's output, as RFC 4226 §4 (R6) recommends.
pub const SECRET: usize = 20;
/// Seconds of a step.
pub const STEP: i64 = 30;
/// Steps before and after the present one that are taken: clocks of phones are off, and typing takes its time (RFC 6238 §5.2).
pub const WINDOW: i64 = 1;
/// 10^6: six digits.
const DIGITS: u32 = 1_000_000;

/// HOTP (RFC 4226 §5.3), before it is cut to its digits.
fn truncated(secret: &[u8], counter: u64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&counter.to_be_bytes());
    let mac = mac.finalize().into_bytes();
    let offset = usize::from(mac[mac.len() - 1] & 15);
    let four = [mac[offset], mac[offset + 1], mac[offset + 2], mac[offset + 3]];
    u32::from_be_bytes(four) & 0x7fff_ffff
}

/// The step of a moment, in seconds since 1970.
pub const fn step_of(now: i64) -> i64 {
    now.div_euclid(STEP)
}

/// The six digits of a step.
pub fn code_of(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step.unsigned_abs()) % DIGITS)
}

/// The step whose code this is, among those that are taken now and come after the last one that was used: each is taken
/// once (RFC 6238 §5.2). Blanks are passed over, as apps show `123 456`.
pub fn step_for(secret: &[u8], code: &str, now: i64, last: Option<i64>) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    let here = step_of(now);
    // All are computed, whichever fits.
    let steps: Vec<i64> = (here - WINDOW..=here + WINDOW)
        .filter(|step| super::same(code_of(secret, *step).as_bytes(), code.as_bytes()))
        .collect();
    steps.into_iter().find(|step| last.is_none_or(|last| *step > last))
}

/// Base32 (RFC 4648 §6) without padding, as apps take it.
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut bits, mut value) = (String::with_capacity(bytes.len() * 8 / 5 + 1), 0, 0_u32);
    for byte in bytes {
        value = value << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(value >> bits & 31) as usize]));
        }
        value &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(value << (5 - bits) & 31) as usize]));
    }
    text
}

/// `otpauth://totp/…` (Google Authenticator's Key Uri Format), to be shown as a QR code.
pub fn uri(secret: &[u8], issuer: &str, login: &str) -> String {
    let (issuer, login) = (percent(issuer), percent(login));
    format!(
        "otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}",
        base32(secret)
    )
}

/// RFC 3986 §2.1: all but the unreserved.
fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        for (time, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(truncated(KEY, step_of(time).unsigned_abs()) % 100_000_000, code, "at {time}");
            assert_eq!(code_of(KEY, step_of(time)), format!("{:06}", code % 1_000_000));
        }
    }

    #[test]
    fn the_codes_are_those_of_rfc_4226_appendix_d() {
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, code) in expected.iter().enumerate() {
            assert_eq!(code_of(KEY, counter as i64), *code);
        }
    }

    #[test]
    fn a_step_before_and_after_is_taken_two_are_not_and_each_once() {
        let now = 1_800_000_015;
        let here = step_of(now);
        for off in -4..=4 {
            let found = step_for(KEY, &code_of(KEY, here + off), now, None);
            assert_eq!(found, (off.abs() <= 1).then_some(here + off), "{off}");
        }
        let code = code_of(KEY, here);
        assert_eq!(step_for(KEY, &code, now, Some(here - 1)), Some(here));
        assert_eq!(step_for(KEY, &code, now, Some(here)), None, "it was used");
        assert_eq!(step_for(KEY, &code, now, Some(here + 1)), None, "a later one was used");
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(step_for(KEY, &spaced, now, None), Some(here));
        for wrong in ["", "0", "00000000000000", &code[1..], "abcdef", "１２３４５６"] {
            assert_eq!(step_for(KEY, wrong, now, None), None, "{wrong}");
        }
        assert_eq!(step_for(b"another secret, longer", &code, now, None), None);
    }

    #[test]
    fn base32_is_that_of_rfc_4648_and_the_uri_takes_any_name() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        assert_eq!(
            uri(KEY, "Học bạ số", "anh.nguyen"),
            "otpauth://totp/H%E1%BB%8Dc%20b%E1%BA%A1%20s%E1%BB%91:anh.nguyen?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=H%E1%BB%8Dc%20b%E1%BA%A1%20s%E1%BB%91&algorithm=SHA1&digits=6&period=30"
        );
    }
}
