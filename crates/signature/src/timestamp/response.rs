//! `TimeStampResp` (RFC 3161 §2.4.2): a token, or why there is none.

use std::fmt;

use super::token::MAX_TOKEN_BYTES;
use crate::der::{Malformed, Reader, tag};

/// Largest response, in bytes: a token, and 2 KiB for what the authority says to people.
pub const MAX_RESPONSE_BYTES: usize = MAX_TOKEN_BYTES + 2 * 1024;

/// An authority's answer with a token. Reading it proves neither the token's shape nor its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampResponse {
    token: Vec<u8>,
    with_modifications: bool,
}

/// Why an answer has no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Over [`MAX_RESPONSE_BYTES`].
    #[error("the answer is larger than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge,
    /// Not the DER of a response.
    #[error("not an answer of a time-stamp authority in DER")]
    Malformed,
    /// The authority made no time-stamp.
    #[error("the authority made no time-stamp: {status} ({failure})")]
    Refused {
        /// How it says so.
        status: Refusal,
        /// Why, if it says why.
        failure: FailureInfo,
    },
}

impl From<Malformed> for ResponseError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// `PKIStatus` of an answer without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// rejection (2).
    Rejection,
    /// waiting (3): not yet.
    Waiting,
    /// revocationWarning (4): its certificate is about to be revoked.
    RevocationWarning,
    /// revocationNotification (5): its certificate was revoked.
    RevocationNotification,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejection => "rejection",
            Self::Waiting => "waiting",
            Self::RevocationWarning => "revocationWarning",
            Self::RevocationNotification => "revocationNotification",
        })
    }
}

/// `PKIFailureInfo`: reasons, often one, sometimes none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailureInfo(u32);

/// One reason; the value is its bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// badAlg: the hash function is not one that the authority takes.
    BadAlgorithm = 0,
    /// badRequest.
    BadRequest = 2,
    /// badDataFormat.
    BadDataFormat = 5,
    /// timeNotAvailable: its clock is not available; later it may be.
    TimeNotAvailable = 14,
    /// unacceptedPolicy.
    UnacceptedPolicy = 15,
    /// unacceptedExtension.
    UnacceptedExtension = 16,
    /// addInfoNotAvailable.
    AddInfoNotAvailable = 17,
    /// systemFailure; later it may work.
    SystemFailure = 25,
}

const FAILURES: [(Failure, &str); 8] = [
    (Failure::BadAlgorithm, "badAlg"),
    (Failure::BadRequest, "badRequest"),
    (Failure::BadDataFormat, "badDataFormat"),
    (Failure::TimeNotAvailable, "timeNotAvailable"),
    (Failure::UnacceptedPolicy, "unacceptedPolicy"),
    (Failure::UnacceptedExtension, "unacceptedExtension"),
    (Failure::AddInfoNotAvailable, "addInfoNotAvailable"),
    (Failure::SystemFailure, "systemFailure"),
];

impl FailureInfo {
    /// Whether this is among the reasons.
    pub fn has(self, failure: Failure) -> bool {
        self.0 & (1 << failure as u32) != 0
    }

    /// The content of a BIT STRING with named bits (X.690 §11.2.2), of which bit *n* becomes 2ⁿ.
    fn read(content: &[u8]) -> Result<Self, Malformed> {
        let (unused, bytes) = content.split_first().ok_or(Malformed)?;
        let shortest = match bytes.last() {
            None => *unused == 0,
            Some(last) => *unused < 8 && last.trailing_zeros() == u32::from(*unused),
        };
        if !shortest || bytes.len() > 4 {
            return Err(Malformed);
        }
        let places = bytes.iter().zip([0, 8, 16, 24]);
        Ok(Self(places.map(|(byte, place)| u32::from(byte.reverse_bits()) << place).sum()))
    }
}

impl fmt::Display for FailureInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            FAILURES.iter().filter(|(failure, _)| self.has(*failure)).map(|(_, name)| *name).collect();
        if names.is_empty() { f.write_str("no reason given") } else { f.write_str(&names.join(", ")) }
    }
}

impl TimeStampResponse {
    /// Reads a response; one that has no token is an error.
    ///
    /// # Errors
    /// See [`ResponseError`].
    pub fn parse(der: &[u8]) -> Result<Self, ResponseError> {
        if der.len() > MAX_RESPONSE_BYTES {
            return Err(ResponseError::TooLarge);
        }
        let mut response = Reader::only(der, tag::SEQUENCE)?;
        let mut info = response.sequence()?;
        let status = info.expect(tag::INTEGER)?;
        let refused = match status {
            [0 | 1] => None,
            [2] => Some(Refusal::Rejection),
            [3] => Some(Refusal::Waiting),
            [4] => Some(Refusal::RevocationWarning),
            [5] => Some(Refusal::RevocationNotification),
            _ => return Err(ResponseError::Malformed),
        };
        // What it says to people is anybody's text.
        info.optional(tag::SEQUENCE)?;
        let failure = info.optional(tag::BIT_STRING)?.map(FailureInfo::read).transpose()?;
        info.finish()?;
        match (refused, failure, response.rest()) {
            (Some(status), failure, []) => Err(ResponseError::Refused { status, failure: failure.unwrap_or_default() }),
            (None, None, token @ [_, ..]) => {
                Reader::only(token, tag::SEQUENCE)?;
                Ok(Self { token: token.to_vec(), with_modifications: status == [1] })
            }
            _ => Err(ResponseError::Malformed),
        }
    }

    /// The token in DER, for [`TimeStampToken::parse`](super::TimeStampToken::parse) and to keep.
    pub fn token(&self) -> &[u8] {
        &self.token
    }
    /// Whether the authority says that the token is not quite what was asked for (grantedWithMods).
    pub fn with_modifications(&self) -> bool {
        self.with_modifications
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::element;

    fn read(parts: &[Vec<u8>]) -> Result<TimeStampResponse, ResponseError> {
        TimeStampResponse::parse(&element(tag::SEQUENCE, &parts.concat()))
    }
    fn info(parts: &[Vec<u8>]) -> Vec<u8> {
        element(tag::SEQUENCE, &parts.concat())
    }
    fn status(n: u8) -> Vec<u8> {
        element(tag::INTEGER, &[n])
    }
    fn bits(content: &[u8]) -> Vec<u8> {
        element(tag::BIT_STRING, content)
    }
    fn token() -> Vec<u8> {
        element(tag::SEQUENCE, &[5, 0])
    }
    fn text() -> Vec<u8> {
        element(tag::SEQUENCE, &element(0x0c, "không".as_bytes()))
    }

    #[test]
    fn a_granted_answer_has_a_token_and_says_whether_it_is_as_asked() {
        for (n, with_modifications) in [(0, false), (1, true)] {
            let response = read(&[info(&[status(n), text()]), token()]).expect("granted");
            assert_eq!((response.token(), response.with_modifications()), (token().as_slice(), with_modifications));
        }
    }

    #[test]
    fn a_refusal_says_why() {
        for (n, refusal) in [
            (2, Refusal::Rejection),
            (3, Refusal::Waiting),
            (4, Refusal::RevocationWarning),
            (5, Refusal::RevocationNotification),
        ] {
            let failure = FailureInfo::default();
            assert_eq!(read(&[info(&[status(n)])]), Err(ResponseError::Refused { status: refusal, failure }));
        }
        for (content, failure, shown) in [
            (&[7, 0x80][..], Failure::BadAlgorithm, "badAlg"),
            (&[5, 0x20], Failure::BadRequest, "badRequest"),
            (&[2, 4], Failure::BadDataFormat, "badDataFormat"),
            (&[1, 0, 2], Failure::TimeNotAvailable, "timeNotAvailable"),
            (&[0, 0, 1], Failure::UnacceptedPolicy, "unacceptedPolicy"),
            (&[7, 0, 0, 0x80], Failure::UnacceptedExtension, "unacceptedExtension"),
            (&[6, 0, 0, 0x40], Failure::AddInfoNotAvailable, "addInfoNotAvailable"),
            (&[6, 0, 0, 0, 0x40], Failure::SystemFailure, "systemFailure"),
        ] {
            let refused = read(&[info(&[status(2), text(), bits(content)])]);
            let Err(error @ ResponseError::Refused { status: Refusal::Rejection, failure: told }) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(FAILURES.map(|(f, _)| told.has(f)), FAILURES.map(|(f, _)| f == failure));
            assert_eq!(error.to_string(), format!("the authority made no time-stamp: rejection ({shown})"));
        }
        let both = read(&[info(&[status(2), bits(&[5, 0xa0])])]).expect_err("refused");
        assert!(both.to_string().ends_with("(badAlg, badRequest)"));
        let none = read(&[info(&[status(3), bits(&[4, 0x10])])]).expect_err("refused");
        assert!(none.to_string().ends_with("waiting (no reason given)"), "a bit without a meaning");
    }

    #[test]
    fn anything_else_is_malformed() {
        for (what, parts) in [
            ("granted, without a token", vec![info(&[status(0)])]),
            ("granted, with a reason for refusing", vec![info(&[status(0), bits(&[5, 0x20])]), token()]),
            ("refused, with a token", vec![info(&[status(2)]), token()]),
            ("an unknown status", vec![info(&[status(6)]), token()]),
            ("two tokens", vec![info(&[status(0)]), token(), token()]),
            ("a token that is no SEQUENCE", vec![info(&[status(0)]), vec![4, 0]]),
            ("more in the status", vec![info(&[status(2), bits(&[5, 0x20]), token()])]),
            ("bits that are not trimmed", vec![info(&[status(2), bits(&[4, 0x20])])]),
            ("bits with zeros behind", vec![info(&[status(2), bits(&[0, 0x20, 0])])]),
            ("more bits than there are", vec![info(&[status(2), bits(&[0, 0, 0, 0, 0, 1])])]),
            ("no bits at all", vec![info(&[status(2), bits(&[])])]),
            ("nothing", vec![]),
        ] {
            assert_eq!(read(&parts), Err(ResponseError::Malformed), "{what}");
        }
        let mut whole = element(tag::SEQUENCE, &[info(&[status(0)]), token()].concat());
        whole.push(0);
        assert_eq!(TimeStampResponse::parse(&whole), Err(ResponseError::Malformed));
        assert_eq!(TimeStampResponse::parse(&vec![0x30; MAX_RESPONSE_BYTES + 1]), Err(ResponseError::TooLarge));
    }
}
