//! Certificates: reading one, and RFC 5280 paths at a given moment.
//!
//! A path is found and validated in [`crate::path`]; revocation in time is [`crate::revocation`]'s. Both ask at a given
//! moment, never now, and ask nothing of the outside.

use hocba_record::{encoding::Sha256Digest, types::UnixTime};

pub use crate::scheme::SignatureCache;
use crate::{
    algorithm::{KeyError, PublicKey},
    der::{Reader, tag},
    path::{self, PathRules},
    scheme::SchemeError,
    x509::{Content, GeneralName, PointName, key_usage},
};

/// Largest certificate in DER, in bytes.
pub const MAX_CERTIFICATE_BYTES: usize = 8 * 1024;
/// commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// What a certificate says of itself. Two are equal if their bytes are.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    digest: Sha256Digest,
    key: PublicKey,
    spki_sha256: Sha256Digest,
    subject: String,
    content: Content,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}
impl Eq for Certificate {}

/// Why bytes are no certificate we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Over [`MAX_CERTIFICATE_BYTES`].
    #[error("the certificate is larger than {MAX_CERTIFICATE_BYTES} bytes")]
    TooLarge,
    /// Not one DER certificate, or one with dates out of range.
    #[error("not an X.509 certificate in DER")]
    Malformed,
    /// The key is not of an algorithm this build verifies.
    #[error("the certificate's key is of an algorithm that is not supported")]
    UnsupportedKey,
    /// The key is too short, too long, or one under which forging is easy.
    #[error("the certificate's key is too weak or too large")]
    WeakKey,
}

/// Why no path leads from a certificate to a pinned root at the given moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No path to any pinned root, whatever the time.
    #[error("no path to a recognised certificate authority")]
    UnknownIssuer,
    /// A certificate on the path, or the root, was not yet valid or no longer valid.
    #[error("a certificate was outside its validity at that time")]
    OutsideValidity,
    /// A signature on the path does not verify.
    #[error("a certificate on the path is not signed by its issuer")]
    Signature,
    /// Too deep, too many candidates, or a cycle.
    #[error("the path is too long or branches too often")]
    TooComplex,
    /// The certificate may not sign documents: key usage, extended key usage, or it is a CA's.
    #[error("the certificate is not meant for signing documents")]
    Usage,
    /// A certificate that may not issue, is too far down, has a name that is not permitted, or a critical extension
    /// that is not known here.
    #[error("a certificate on the path breaks a rule of RFC 5280")]
    Constraint,
    /// The path is valid for none of the certificate policies asked for.
    #[error("the path is valid for none of the certificate policies asked for")]
    Policy,
}

/// A verified path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Digests of the intermediate certificates used, from the leaf upwards.
    pub intermediates: Vec<Sha256Digest>,
    /// Position of the root in the list of pinned roots.
    pub root: usize,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::TooLarge);
        }
        let content = Content::read(der).map_err(|_| CertificateError::Malformed)?;
        let spki = &der[content.spki.clone()];
        let key = PublicKey::from_spki_der(spki).map_err(|error| match error {
            KeyError::Malformed => CertificateError::Malformed,
            KeyError::Unsupported => CertificateError::UnsupportedKey,
            KeyError::Weak => CertificateError::WeakKey,
        })?;
        let name = content.subject.texts(COMMON_NAME).next().unwrap_or_default();
        let subject = name.chars().filter(|c| !hocba_record::types::is_invisible(*c)).take(200).collect();
        Ok(Self {
            digest: Sha256Digest::of(der),
            key,
            spki_sha256: Sha256Digest::of(spki),
            subject,
            der: der.to_vec(),
            content,
        })
    }

    /// SHA-256 of the DER: `x5t#S256`.
    pub fn digest(&self) -> &Sha256Digest {
        &self.digest
    }
    /// The public key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn spki_sha256(&self) -> &Sha256Digest {
        &self.spki_sha256
    }
    /// The subject's common name, without invisible characters; empty where there is none.
    pub fn subject(&self) -> &str {
        &self.subject
    }
    /// Start of validity.
    pub fn not_before(&self) -> UnixTime {
        self.content.not_before
    }
    /// Last second of validity.
    pub fn not_after(&self) -> UnixTime {
        self.content.not_after
    }
    /// Whether this is a CA's certificate: basicConstraints with cA.
    pub fn is_ca(&self) -> bool {
        self.content.extensions.basic_constraints.is_some_and(|(ca, _)| ca)
    }
    /// The serial number as in DER: big-endian, two's complement, shortest form.
    pub fn serial(&self) -> &[u8] {
        &self.content.serial
    }
    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// Whether subject and issuer are the same (RFC 5280 §6.1).
    pub fn is_self_issued(&self) -> bool {
        self.content.is_self_issued()
    }
    /// Where the issuer says that OCSP is answered for this certificate (authorityInfoAccess, RFC 5280 §4.2.2.1), as the
    /// certificate has it: from outside, and not looked at.
    pub fn ocsp_urls(&self) -> impl Iterator<Item = &str> {
        self.content.extensions.ocsp.iter().map(String::as_str)
    }
    /// Where the issuer says that its CRL is (cRLDistributionPoints, §4.2.1.13), as the certificate has it. Points for
    /// some reasons only and CRLs of others are left out: what they hold is no evidence here.
    pub fn crl_urls(&self) -> impl Iterator<Item = &str> {
        let points = self.content.extensions.distribution_points.iter().flatten();
        let whole = points.filter(|point| !point.reasons && !point.crl_issuer);
        whole
            .flat_map(|point| match &point.name {
                Some(PointName::Full(names)) => names.as_slice(),
                _ => &[],
            })
            .filter_map(|name| match name {
                GeneralName::Uri(uri) => Some(uri.as_str()),
                _ => None,
            })
    }

    /// Finds a path from this certificate to one of the roots, all valid at `time`.
    ///
    /// `others` may hold any certificates in any order; those used are named in the result.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn path(&self, others: &[Certificate], roots: &[Certificate], time: UnixTime) -> Result<Path, PathError> {
        self.path_with(&SignatureCache::default(), others, roots, time)
    }

    /// As [`Certificate::path`], with signatures that were checked before remembered: the paths of one school share
    /// most of theirs.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn path_with(
        &self,
        cache: &SignatureCache,
        others: &[Certificate],
        roots: &[Certificate],
        time: UnixTime,
    ) -> Result<Path, PathError> {
        self.path_under(cache, others, roots, time, &PathRules::default())
    }

    /// As [`Certificate::path_with`], under rules of the caller's.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn path_under(
        &self,
        cache: &SignatureCache,
        others: &[Certificate],
        roots: &[Certificate],
        time: UnixTime,
        rules: &PathRules<'_>,
    ) -> Result<Path, PathError> {
        path::find(self, cache, others, roots, time, rules)
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// RFC 5280 §4.2.1.3: if keyUsage is there, one of the two bits for signing documents must be set.
    pub(crate) fn may_sign_documents(&self) -> bool {
        self.may(key_usage::DIGITAL_SIGNATURE | key_usage::NON_REPUDIATION)
    }
    pub(crate) fn may_sign_certificates(&self) -> bool {
        self.may(key_usage::KEY_CERT_SIGN)
    }
    pub(crate) fn may_sign_crls(&self) -> bool {
        self.may(key_usage::CRL_SIGN)
    }
    fn may(&self, bits: u16) -> bool {
        self.content.extensions.key_usage.is_none_or(|usage| usage & bits != 0)
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.der[self.content.spki.clone()]
    }

    /// The bits of subjectPublicKey.
    pub(crate) fn key_bits(&self) -> &[u8] {
        let mut spki = Reader::only(self.spki(), tag::SEQUENCE).expect("read before");
        spki.sequence().and_then(|_| spki.bit_string()).expect("read before")
    }

    /// The issuer's name in DER.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.der[self.content.issuer_der.clone()]
    }

    /// Whether this certificate is signed with the key of `issuer`.
    pub(crate) fn check_signature(&self, issuer: &Certificate, cache: &SignatureCache) -> Result<(), SchemeError> {
        let part = |range: &std::ops::Range<usize>| &self.der[range.clone()];
        let content = &self.content;
        cache.verify(part(&content.signature_algorithm), issuer, part(&content.tbs), part(&content.signature))
    }
}
