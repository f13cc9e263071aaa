//! Whose key is to be certified: a PKCS#10 request (RFC 2986), which proves that the applicant has the private key, or
//! a bare public key, where somebody saw to that in another way (a token initialised at the counter).

use der::{Decode as _, asn1::UintRef};
use hocba_signature::algorithm::{Algorithm, KeyError, PublicKey};
use x509_parser::{
    certification_request::X509CertificationRequest,
    oid_registry::{OID_PKCS1_SHA256WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ED25519},
    prelude::FromDer as _,
    x509::AlgorithmIdentifier,
};

use crate::key::EcdsaSignature;

/// Largest request in DER: an RSA key of 4096 bits and its signature take 1.1 KiB, names and wishes the rest.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// A public key to be certified, of an algorithm and strength that signatures here may have.
///
/// Only the key is taken from a request: name, purposes and validity are the CA's to state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    spki: Vec<u8>,
    key: PublicKey,
}

/// Why a key is not certified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Over [`MAX_REQUEST_BYTES`].
    #[error("the request is larger than {MAX_REQUEST_BYTES} bytes")]
    TooLarge,
    /// Not one PKCS#10 request in DER.
    #[error("not a certificate request (PKCS#10)")]
    Malformed,
    /// A key that is too weak, or of an algorithm that is not used here.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Signed with an algorithm that is not used here (SHA-1, DSA …), or that is not the key's.
    #[error("the request is signed with an algorithm that is not accepted")]
    Algorithm,
    /// The request's signature does not verify: whoever sent it has not shown that the private key is theirs.
    #[error("the request is not signed with its own key")]
    Signature,
}

impl Request {
    /// Takes a PKCS#10 request in DER whose signature verifies under its own key.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn from_csr(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLarge);
        }
        let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| RequestError::Malformed)?;
        if !rest.is_empty() {
            return Err(RequestError::Malformed);
        }
        let info = &request.certification_request_info;
        let taken = Self::from_spki(info.subject_pki.raw)?;
        let (algorithm, size) = algorithm(&request.signature_algorithm).ok_or(RequestError::Algorithm)?;
        if !taken.key.accepts(algorithm) {
            return Err(RequestError::Algorithm);
        }
        let signature = request.signature_value.data.as_ref();
        let signature = match size {
            Some(size) => fixed(signature, size).ok_or(RequestError::Signature)?,
            None => signature.to_vec(),
        };
        taken.key.verify(algorithm, info.raw, &signature).map_err(|_| RequestError::Signature)?;
        Ok(taken)
    }

    /// Takes a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`RequestError::Key`].
    pub fn from_spki(der: &[u8]) -> Result<Self, RequestError> {
        Ok(Self { spki: der.to_vec(), key: PublicKey::from_spki_der(der)? })
    }

    /// The key as DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// The algorithm as a JWS names it, and for ECDSA the bytes of half a signature. PSS has parameters to be looked at;
/// who has such a key has an ordinary RSA key as well, and can sign the request as such.
fn algorithm(found: &AlgorithmIdentifier<'_>) -> Option<(Algorithm, Option<usize>)> {
    let oid = &found.algorithm;
    if *oid == OID_SIG_ED25519 {
        Some((Algorithm::Ed25519, None))
    } else if *oid == OID_SIG_ECDSA_WITH_SHA256 {
        Some((Algorithm::Es256, Some(32)))
    } else if *oid == OID_SIG_ECDSA_WITH_SHA384 {
        Some((Algorithm::Es384, Some(48)))
    } else if *oid == OID_PKCS1_SHA256WITHRSA {
        Some((Algorithm::Rs256, None))
    } else {
        None
    }
}

/// An ECDSA-Sig-Value as r||s, each half of this size.
fn fixed(der: &[u8], size: usize) -> Option<Vec<u8>> {
    let EcdsaSignature { r, s } = EcdsaSignature::from_der(der).ok()?;
    let mut out = Vec::with_capacity(2 * size);
    for half in [r, s] {
        let half: UintRef<'_> = half;
        let zeros = size.checked_sub(half.as_bytes().len())?;
        out.extend(std::iter::repeat_n(0, zeros));
        out.extend_from_slice(half.as_bytes());
    }
    Some(out)
}
