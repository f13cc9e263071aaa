//! Certificates: reading the few facts we need, and RFC 5280 paths at a given moment.
//!
//! `rustls-webpki` builds the path, with our algorithms instead of its own (no `ring`, no `aws-lc`); it bounds depth,
//! signatures checked and paths tried, so cyclic and very deep chains end. Two things it does not do are done here:
//! key usage (RFC 5280 §4.2.1.3), and the validity of the pinned root itself. Revocation *in time* comes with a later
//! version; its CRL option knows no dates.

use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor};
use webpki::{EndEntityCert, Error as PathBuildError, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::algorithm::{KeyError, PublicKey};
pub use crate::scheme::SignatureCache;

/// Largest certificate in DER, in bytes.
pub const MAX_CERTIFICATE_BYTES: usize = 8 * 1024;
/// id-kp-documentSigning, 1.3.6.1.5.5.7.3.36 (RFC 9336), as DER content.
const DOCUMENT_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24];

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    digest: Sha256Digest,
    key: PublicKey,
    spki_sha256: Sha256Digest,
    subject: String,
    not_before: UnixTime,
    not_after: UnixTime,
    may_sign_documents: bool,
}

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
    /// Constraints of a CA on the path exclude the certificate, or its content is broken.
    #[error("a certificate on the path breaks a rule of RFC 5280")]
    Constraint,
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
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        let spki = &parsed.tbs_certificate.subject_pki;
        let key = PublicKey::from_spki_der(spki.raw).map_err(|error| match error {
            KeyError::Malformed => CertificateError::Malformed,
            KeyError::Unsupported => CertificateError::UnsupportedKey,
            KeyError::Weak => CertificateError::WeakKey,
        })?;
        let time = |t: i64| UnixTime::from_seconds(t).map_err(|_| CertificateError::Malformed);
        let subject = parsed
            .subject()
            .iter_common_name()
            .next()
            .and_then(|cn| cn.as_str().ok())
            .unwrap_or_default()
            .chars()
            .filter(|c| !hocba_record::types::is_invisible(*c))
            .take(200)
            .collect();
        // RFC 5280 §4.2.1.3: if the extension is there, one of the two bits for signing documents must be set.
        let may_sign_documents = match parsed.key_usage() {
            Ok(None) => true,
            Ok(Some(usage)) => usage.value.digital_signature() || usage.value.non_repudiation(),
            Err(_) => false,
        };
        Ok(Self {
            digest: Sha256Digest::of(der),
            key,
            spki_sha256: Sha256Digest::of(spki.raw),
            subject,
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            may_sign_documents,
            der: der.to_vec(),
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
        self.not_before
    }
    /// Last second of validity.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }
    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
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
        if !self.may_sign_documents {
            return Err(PathError::Usage);
        }
        let leaf_der = CertificateDer::from(self.der.as_slice());
        let leaf = EndEntityCert::try_from(&leaf_der).map_err(|e| path_error(&e))?;
        let root_ders: Vec<CertificateDer<'_>> = roots.iter().map(|r| CertificateDer::from(r.der.as_slice())).collect();
        let mut anchors: Vec<TrustAnchor<'_>> = Vec::new();
        let mut places = Vec::new();
        let mut outside = false;
        for (place, (root, der)) in roots.iter().zip(&root_ders).enumerate() {
            if time < root.not_before || root.not_after < time {
                outside = true;
                continue;
            }
            anchors.push(anchor_from_trusted_cert(der).map_err(|_| PathError::Constraint)?);
            places.push(place);
        }
        let intermediates: Vec<CertificateDer<'_>> =
            others.iter().filter(|c| c.digest != self.digest).map(|c| CertificateDer::from(c.der.as_slice())).collect();
        let moment =
            pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(time.seconds().unsigned_abs()));
        let algorithms = cache.algorithms();
        let algorithms: Vec<&dyn SignatureVerificationAlgorithm> = algorithms.iter().map(|a| a as _).collect();
        let verified = leaf
            .verify_for_usage(
                &algorithms,
                &anchors,
                &intermediates,
                moment,
                KeyUsage::required_if_present(DOCUMENT_SIGNING),
                None,
                None,
            )
            .map_err(|e| match path_error(&e) {
                PathError::UnknownIssuer if outside => PathError::OutsideValidity,
                error => error,
            })?;
        let used = verified.intermediate_certificates().map(|c| Sha256Digest::of(&c.der())).collect();
        let anchor = verified.anchor();
        let root = anchors.iter().position(|a| a == anchor).map(|i| places[i]);
        Ok(Path { intermediates: used, root: root.ok_or(PathError::Constraint)? })
    }
}

fn path_error(e: &PathBuildError) -> PathError {
    use PathBuildError as E;
    match e {
        E::CertExpired { .. } | E::CertNotValidYet { .. } => PathError::OutsideValidity,
        E::UnknownIssuer => PathError::UnknownIssuer,
        E::InvalidSignatureForPublicKey => PathError::Signature,
        E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded
        | E::MaximumNameConstraintComparisonsExceeded => PathError::TooComplex,
        E::CaUsedAsEndEntity | E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => PathError::Usage,
        _ => PathError::Constraint,
    }
}
