//! Time-stamps (RFC 3161): what to ask an authority for, and what its answer proves of a digest, decades later too.
//!
//! A [`request`] goes to the authority, [`TimeStampResponse`] is what comes back, [`TimeStampToken`] is what is kept. A
//! token that verifies says that the authority saw the digest at [`VerifiedTime::time`], give or take its accuracy.
//!
//! Nothing is fetched and no clock is read: certificates count at the time that the token states. So the token alone
//! does not show that the authority's key was still its own then; whether its certificates were revoked is asked with
//! [`crate::revocation`], as of any other signer.
//!
//! ```
//! use hocba_record::encoding::Sha256Digest;
//! use hocba_signature::{certificate::Certificate, timestamp::{Nonce, TimeStampResponse, TimeStampToken, request}};
//!
//! let digest = Sha256Digest::of(b"a batch");
//! let nonce = Nonce::from_bytes(&[7; 16])?; // random, in earnest
//! let query = request(&digest, None, Some(&nonce)); // goes out as application/timestamp-query
//! # let (answer, roots) = (include_bytes!("../tests/fixtures/timestamp/p256.tsr"), {
//! #     [Certificate::from_der(include_bytes!("../tests/fixtures/timestamp/root.crt"))?] });
//!
//! let response = TimeStampResponse::parse(answer)?;
//! let token = TimeStampToken::parse(response.token())?;
//! let verified = token.verify(&digest, &roots)?;
//! assert_ne!(verified.nonce, Some(nonce), "this one was made for another question");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rules are those of `docs/spec/time-stamp.md`. CMS (RFC 5652) is read here as far as tokens need it, with the
//! strict reader that certificates, CRLs and OCSP answers have.

mod info;
mod response;
mod signing_certificate;
mod token;

use std::time::Duration;

use hocba_record::{encoding::Sha256Digest, types::UnixTime};
pub use response::{Failure, FailureInfo, MAX_RESPONSE_BYTES, Refusal, ResponseError, TimeStampResponse};
pub use token::{MAX_TOKEN_BYTES, MAX_TOKEN_CERTIFICATES, TimeStampToken};

use crate::{
    algorithm::Hash,
    certificate::{Path, PathError},
    der::{Malformed, Reader, element, tag, unsigned},
    path::PolicyId,
    scheme::SchemeError,
};

/// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8 (RFC 3161 §2.3).
pub const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];

/// Longest nonce that a token may have, in bytes of its INTEGER: twice what [`Nonce`] sends, and its sign.
const MAX_NONCE: usize = 33;

/// The question to an authority for a time-stamp over a digest: a `TimeStampReq` (RFC 3161 §2.4.1) in DER, which asks for
/// the authority's certificate with the answer.
///
/// Whoever asks draws the nonce at random and compares it with [`VerifiedTime::nonce`]; it tells this answer from an
/// older one to the same question. `policy` is the one under which the authority shall work, by default the authority's
/// own.
pub fn request(digest: &Sha256Digest, policy: Option<&PolicyId>, nonce: Option<&Nonce>) -> Vec<u8> {
    // NULL, as every client writes it and RFC 5754 §2 allows.
    let algorithm = element(tag::SEQUENCE, &[element(tag::OID, SHA256), element(tag::NULL, &[])].concat());
    let imprint = element(tag::SEQUENCE, &[algorithm, element(tag::OCTET_STRING, digest.as_bytes())].concat());
    let fields = [
        element(tag::INTEGER, &[1]),
        imprint,
        policy.map(|policy| element(tag::OID, policy.contents())).unwrap_or_default(),
        nonce.map(|nonce| element(tag::INTEGER, &nonce.0)).unwrap_or_default(),
        element(tag::BOOLEAN, &[0xff]),
    ];
    element(tag::SEQUENCE, &fields.concat())
}

/// A number that ties an answer to its question. Two are equal if the numbers are, however they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(Box<[u8]>);

/// Too short to be unguessable, or longer than authorities have to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has 8 to 16 bytes")]
pub struct NonceLength;

impl Nonce {
    /// Random bytes, as a number that is not negative.
    ///
    /// # Errors
    /// Fewer than 8 or more than 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NonceLength> {
        if !(8..=16).contains(&bytes.len()) {
            return Err(NonceLength);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let number = &bytes[zeros..];
        let sign: &[u8] = if number.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
        Ok(Self([sign, number].concat().into()))
    }

    /// The content of an INTEGER.
    fn from_integer(content: &[u8]) -> Result<Self, Malformed> {
        crate::der::integer(content, MAX_NONCE).map(|content| Self(content.into()))
    }
}

/// What a token proves, once it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    /// `genTime`, rounded down to the second.
    pub time: UnixTime,
    /// How far the authority says that `genTime` may be off, to both sides (RFC 3161 §2.4.2); if it says so.
    pub accuracy: Option<Duration>,
    /// The policy under which the authority made it.
    pub policy: PolicyId,
    /// Serial number among the authority's tokens, as in DER.
    pub serial: Box<[u8]>,
    /// For whoever asked: it has to be the one that was sent. Later it means nothing.
    pub nonce: Option<Nonce>,
    /// The authority's certificate, one of [`TimeStampToken::certificates`].
    pub signer: Sha256Digest,
    /// From that certificate to the root.
    pub path: Path,
}

/// Why bytes are no time-stamp of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeStampError {
    /// Over [`MAX_TOKEN_BYTES`].
    #[error("the time-stamp token is larger than {MAX_TOKEN_BYTES} bytes")]
    TooLarge,
    /// More than [`MAX_TOKEN_CERTIFICATES`].
    #[error("the time-stamp token has more than {MAX_TOKEN_CERTIFICATES} certificates")]
    TooManyCertificates,
    /// Not the DER of a token, or one with a time out of range.
    #[error("not a time-stamp token in DER")]
    Malformed,
    /// CMS, but not a signed TSTInfo.
    #[error("signed data, but not a time-stamp")]
    NotATimeStamp,
    /// Signed by nobody or by several (RFC 3161 §2.4.2: by one authority).
    #[error("the time-stamp token has not exactly one signer")]
    Signers,
    /// A hash or a signature algorithm that is not verified, such as one with SHA-1.
    #[error("the time-stamp is signed with an algorithm that is not supported")]
    UnsupportedAlgorithm,
    /// Over a digest of another hash function than SHA-256.
    #[error("the time-stamp is over a digest that is not SHA-256")]
    ImprintAlgorithm,
    /// A critical extension in TSTInfo; nothing in such a token may be used.
    #[error("the time-stamp has a critical extension that is not known")]
    UnknownCritical,
    /// The signed attributes do not say that a TSTInfo is what was signed.
    #[error("the signed attributes are not those of a time-stamp")]
    ContentType,
    /// The signed attributes have no digest of this TSTInfo.
    #[error("the signed attributes are not of this time-stamp")]
    MessageDigest,
    /// Neither signing-certificate nor signing-certificate-v2 is signed, so the signer's certificate could be exchanged.
    #[error("the signed attributes name no certificate")]
    NoSigningCertificate,
    /// The signer's certificate is not in the token, or is none that can be used.
    #[error("the signer's certificate is not in the time-stamp token")]
    NoCertificate,
    /// The signed attributes name another certificate than the signer's.
    #[error("the signed attributes name another certificate")]
    OtherCertificate,
    /// The signature does not verify.
    #[error("the signature of the time-stamp does not verify")]
    Signature,
    /// The signer's certificate is not one for time-stamps and for nothing else (RFC 3161 §2.3).
    #[error("the signer's certificate is not one for time-stamps only")]
    Usage,
    /// TSTInfo names an authority that the signer's certificate does not.
    #[error("the time-stamp names another authority than its signer")]
    OtherName,
    /// A time-stamp of something else.
    #[error("the time-stamp is of another digest")]
    OtherDigest,
    /// No path leads from the signer to a pinned root at the time that the token states.
    #[error("the time-stamp authority: {0}")]
    Path(#[from] PathError),
}

impl From<Malformed> for TimeStampError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<SchemeError> for TimeStampError {
    fn from(error: SchemeError) -> Self {
        match error {
            SchemeError::Unsupported => Self::UnsupportedAlgorithm,
            SchemeError::Signature => Self::Signature,
        }
    }
}

/// The hash that an `AlgorithmIdentifier` names, of which this is the content; `None` for another. Parameters are absent
/// or NULL (RFC 5754 §2).
fn hash(mut algorithm: Reader<'_>) -> Result<Option<Hash>, Malformed> {
    let hash = match algorithm.expect(tag::OID)? {
        SHA256 => Hash::Sha256,
        SHA384 => Hash::Sha384,
        SHA512 => Hash::Sha512,
        _ => return Ok(None),
    };
    if algorithm.optional(tag::NULL)?.is_some_and(|null| !null.is_empty()) {
        return Err(Malformed);
    }
    algorithm.finish()?;
    Ok(Some(hash))
}

/// The content of an INTEGER between 0 and 2³² − 1.
fn small(content: &[u8]) -> Result<u32, Malformed> {
    unsigned(content)?.iter().try_fold(0_u32, |n, byte| Some(n.checked_mul(256)? | u32::from(*byte))).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_a_number() {
        let of = |bytes: &[u8]| Nonce::from_bytes(bytes).map(|nonce| nonce.0);
        assert_eq!(of(&[0x7f; 8]), Ok(vec![0x7f; 8].into()));
        assert_eq!(of(&[0x80, 0, 0, 0, 0, 0, 0, 1]), Ok(vec![0, 0x80, 0, 0, 0, 0, 0, 0, 1].into()));
        assert_eq!(of(&[0, 0, 0, 0, 0, 0, 1, 2]), Ok(vec![1, 2].into()));
        assert_eq!(of(&[0, 0, 0, 0, 0, 0, 0xff, 2]), Ok(vec![0, 0xff, 2].into()));
        assert_eq!(of(&[0; 16]), Ok(vec![0].into()));
        assert_eq!(of(&[1; 7]), Err(NonceLength));
        assert_eq!(of(&[1; 17]), Err(NonceLength));
        let one = [&[0; 7][..], &[1]].concat();
        assert_eq!(Nonce::from_bytes(&one), Nonce::from_bytes(&[&[0; 8], one.as_slice()].concat()));
        assert_eq!(Nonce::from_integer(&[1]).ok(), Nonce::from_bytes(&one).ok());
        assert_eq!(Nonce::from_integer(&[0, 1]), Err(Malformed));
        assert_eq!(Nonce::from_integer(&[1; 34]), Err(Malformed));
    }

    #[test]
    fn a_request_holds_what_was_asked_for() {
        let digest = Sha256Digest::from_bytes([7; 32]);
        let policy = "1.2.3".parse().expect("an identifier");
        let nonce = Nonce::from_bytes(&[9; 8]).expect("8 bytes");
        let whole = hex::encode(request(&digest, Some(&policy), Some(&nonce)));
        let imprint = format!("3031300d0609608648016503040201050004{:02x}{}", 32, "07".repeat(32));
        assert_eq!(whole, format!("3047020101{imprint}06022a030208{}0101ff", "09".repeat(8)));
        assert_eq!(hex::encode(request(&digest, None, None)), format!("3039020101{imprint}0101ff"));
    }
}
