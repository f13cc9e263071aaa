//! Pairing: a code of six digits that a person reads in the terminal and types into a page. For it the page gets a token,
//! which works for its origin only and is remembered nowhere but in memory.

use std::collections::HashMap;

use hocba_record::{
    encoding::{Sha256Digest, base64url},
    types::UnixTime,
};

/// How long a code can be typed, in seconds: from the terminal to the browser on the same machine.
pub const CODE_LIFE: i64 = 600;
/// How long a token works, in seconds: a working day.
pub const TOKEN_LIFE: i64 = 12 * 3600;
/// Wrong tries for one code, then there is another.
const TRIES: u8 = 5;
/// Wrong tries for all codes of a process: 20 of 10^6 codes are one chance in 50,000.
const ALL_TRIES: u8 = 20;
/// Most pages paired at once; the oldest gives way.
const MOST_TOKENS: usize = 16;

/// What came of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paired {
    /// The token, for the page.
    Token(String),
    /// Not the code. Another one is to be shown where `new` is set.
    Wrong {
        /// The code to be shown from now on.
        new: Option<String>,
    },
    /// Too old; this one is to be shown from now on.
    Expired {
        /// The code.
        new: String,
    },
    /// Too many wrong tries: no more pages until the agent is started again.
    Closed,
}

/// Who is paired.
pub(crate) struct Pairing {
    code: String,
    made: UnixTime,
    wrong: u8,
    all_wrong: u8,
    /// By SHA-256 of the token: origin and end.
    tokens: HashMap<Sha256Digest, (String, UnixTime)>,
}

impl Pairing {
    /// With a first code of these random bytes.
    pub(crate) fn new(random: &[u8; 32], now: UnixTime) -> Self {
        Self { code: code(random), made: now, wrong: 0, all_wrong: 0, tokens: HashMap::new() }
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Tries a code for an origin. A code that was right is used up, and the next one takes its place unseen until it is
    /// asked for.
    pub(crate) fn pair(
        &mut self,
        origin: &str,
        typed: &str,
        now: UnixTime,
        [for_token, for_code]: [&[u8; 32]; 2],
    ) -> Paired {
        if self.all_wrong >= ALL_TRIES {
            return Paired::Closed;
        }
        if now > self.made.plus(CODE_LIFE) {
            return Paired::Expired { new: self.next_code(for_code, now) };
        }
        if !same(typed.as_bytes(), self.code.as_bytes()) {
            self.wrong += 1;
            self.all_wrong += 1;
            if self.all_wrong >= ALL_TRIES {
                return Paired::Closed;
            }
            let new = (self.wrong >= TRIES).then(|| self.next_code(for_code, now));
            return Paired::Wrong { new };
        }
        self.next_code(for_code, now);
        self.tokens.retain(|_, (_, until)| now < *until);
        while self.tokens.len() >= MOST_TOKENS {
            let oldest = self.tokens.iter().min_by_key(|(_, (_, until))| *until).map(|(digest, _)| *digest);
            oldest.map(|digest| self.tokens.remove(&digest));
        }
        let token = format!("hocbasigner_{}", base64url(for_token));
        let end = now.plus(TOKEN_LIFE);
        self.tokens.insert(Sha256Digest::of(token.as_bytes()), (origin.to_owned(), end));
        Paired::Token(token)
    }

    fn next_code(&mut self, random: &[u8; 32], now: UnixTime) -> String {
        self.code = code(random);
        self.made = now;
        self.wrong = 0;
        self.code.clone()
    }

    /// Whether this token was given to this origin and still works. Looked up by its hash, so that time tells nothing.
    pub(crate) fn knows(&self, origin: &str, token: &str, now: UnixTime) -> bool {
        let found = self.tokens.get(&Sha256Digest::of(token.as_bytes()));
        found.is_some_and(|(of, until)| of == origin && now < *until)
    }
}

/// Six digits; 2^64 is so much more than 10^6 that no code is likelier than another by more than 10^-13.
fn code(random: &[u8; 32]) -> String {
    let (first, _) = random.split_first_chunk::<8>().expect("32 bytes have 8");
    format!("{:06}", u64::from_be_bytes(*first) % 1_000_000)
}

/// Takes as long for a code that is right in the beginning as for one that is not.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://hocba.so.example";

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(1_800_000_000 + seconds).expect("a time")
    }

    fn pairing() -> (Pairing, String) {
        let pairing = Pairing::new(&[7; 32], at(0));
        let code = pairing.code().to_owned();
        (pairing, code)
    }

    fn wrong(code: &str) -> String {
        code.chars().map(|c| if c == '9' { '0' } else { '9' }).collect()
    }

    #[test]
    fn a_code_is_six_digits_and_works_once() {
        let (mut pairing, code) = pairing();
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
        let Paired::Token(token) = pairing.pair(ORIGIN, &code, at(1), [&[1; 32], &[2; 32]]) else { panic!("paired") };
        assert!(pairing.knows(ORIGIN, &token, at(2)));
        assert_eq!(pairing.pair(ORIGIN, &code, at(3), [&[3; 32], &[4; 32]]), Paired::Wrong { new: None });
    }

    #[test]
    fn a_token_is_for_its_origin_and_a_day() {
        let (mut pairing, code) = pairing();
        let Paired::Token(token) = pairing.pair(ORIGIN, &code, at(0), [&[1; 32], &[2; 32]]) else { panic!("paired") };
        assert!(!pairing.knows("https://hocba.so.example.evil", &token, at(1)));
        assert!(!pairing.knows(ORIGIN, &token[1..], at(1)));
        assert!(pairing.knows(ORIGIN, &token, at(TOKEN_LIFE - 1)));
        assert!(!pairing.knows(ORIGIN, &token, at(TOKEN_LIFE)));
    }

    #[test]
    fn a_code_that_is_old_or_was_guessed_at_gives_way_to_another() {
        let (mut pairing, code) = pairing();
        let late = pairing.pair(ORIGIN, &code, at(CODE_LIFE + 1), [&[1; 32], &[2; 32]]);
        let Paired::Expired { new } = late else { panic!("{late:?}") };
        for n in 1..=5 {
            let random = [10 + n; 32];
            let tried = pairing.pair(ORIGIN, &wrong(&new), at(CODE_LIFE + 2), [&[1; 32], &random]);
            assert_eq!(matches!(tried, Paired::Wrong { new: Some(_) }), n == 5, "{tried:?}");
        }
        assert_ne!(pairing.code(), new);
    }

    #[test]
    fn who_guesses_on_is_shut_out_even_with_the_right_code() {
        let (mut pairing, _) = pairing();
        for n in 1..=20 {
            let guess = wrong(pairing.code());
            let tried = pairing.pair(ORIGIN, &guess, at(1), [&[1; 32], &[n; 32]]);
            assert_eq!(tried == Paired::Closed, n == 20, "{n}");
        }
        let right = pairing.code().to_owned();
        assert_eq!(pairing.pair(ORIGIN, &right, at(1), [&[1; 32], &[2; 32]]), Paired::Closed);
    }
}
