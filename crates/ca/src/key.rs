//! The CA's own key, and public keys as `rcgen` wants them.

use der::{Encode as _, asn1::UintRef};
use hocba_signature::algorithm::Algorithm;
use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
    SigningKey,
};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

use crate::CaError;

/// A CA's private key, wherever it lives.
///
/// A trait because there are several such places: key files, tokens, and the keys of tests.
pub trait CaKey {
    /// What it signs with: Ed25519, ES256, ES384 or RS256.
    fn algorithm(&self) -> Algorithm;
    /// The public key as DER SubjectPublicKeyInfo.
    fn spki(&self) -> &[u8];
    /// A signature in the form of a JWS: for ECDSA r||s of fixed length (RFC 7518 §3.4). Certificates have another, which
    /// is made of it here.
    ///
    /// # Errors
    /// When the key does not sign now.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed>;
}

/// A key that did not sign: a token pulled out, a service that is away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the CA's key did not sign: {0}")]
pub struct SignFailed(pub String);

/// A public key as its bits and one of rcgen's algorithms.
pub(crate) struct Bits {
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl Bits {
    /// Takes a SubjectPublicKeyInfo apart. rcgen writes it again; whoever uses it compares.
    pub(crate) fn of(spki: &[u8]) -> Result<Self, CaError> {
        let error = CaError::Encoding("public key");
        let (rest, parsed) = SubjectPublicKeyInfo::from_der(spki).map_err(|_| error.clone())?;
        let algorithm = [&PKCS_ED25519, &PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_RSA_SHA256];
        let bits = parsed.subject_public_key.data.to_vec();
        let candidates = algorithm.into_iter().map(|algorithm| Self { bits: bits.clone(), algorithm });
        let mut same = candidates.filter(|key| key.subject_public_key_info() == spki);
        same.next().filter(|_| rest.is_empty()).ok_or(error)
    }
}

impl PublicKeyData for Bits {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// A [`CaKey`] for rcgen.
pub(crate) struct Signer<'k> {
    key: &'k dyn CaKey,
    public: Bits,
    /// rcgen's errors hold no cause; this does.
    failed: std::cell::RefCell<Option<CaError>>,
}

impl<'k> Signer<'k> {
    pub(crate) fn new(key: &'k dyn CaKey) -> Result<Self, CaError> {
        let public = Bits::of(key.spki())?;
        if public.algorithm != wanted(key.algorithm())? {
            return Err(CaError::Algorithm);
        }
        Ok(Self { key, public, failed: None.into() })
    }

    /// The cause of an error of rcgen's.
    pub(crate) fn cause(&self, what: &'static str) -> CaError {
        self.failed.take().unwrap_or(CaError::Encoding(what))
    }
}

fn wanted(algorithm: Algorithm) -> Result<&'static SignatureAlgorithm, CaError> {
    match algorithm {
        Algorithm::Ed25519 => Ok(&PKCS_ED25519),
        Algorithm::Es256 => Ok(&PKCS_ECDSA_P256_SHA256),
        Algorithm::Es384 => Ok(&PKCS_ECDSA_P384_SHA384),
        Algorithm::Rs256 => Ok(&PKCS_RSA_SHA256),
        // rcgen writes no RSASSA-PSS parameters.
        Algorithm::Ps256 => Err(CaError::Algorithm),
    }
}

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        sign(self.key, message).map_err(|error| {
            self.failed.replace(Some(error));
            rcgen::Error::RemoteKeyError
        })
    }
}

/// A signature as X.509 has it: for ECDSA an ECDSA-Sig-Value (RFC 3279 §2.2.3).
pub(crate) fn sign(key: &dyn CaKey, message: &[u8]) -> Result<Vec<u8>, CaError> {
    let signature = key.sign(message)?;
    match key.algorithm() {
        Algorithm::Es256 | Algorithm::Es384 => {
            let error = || CaError::Sign(SignFailed("no ECDSA signature of two halves".into()));
            let (r, s) = signature.split_at_checked(signature.len() / 2).ok_or_else(error)?;
            let halves = (UintRef::new(r), UintRef::new(s));
            let (Ok(r), Ok(s)) = halves else { return Err(error()) };
            EcdsaSignature { r, s }.to_der().map_err(|_| error())
        }
        _ => Ok(signature),
    }
}

/// `ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }`.
#[derive(der::Sequence)]
pub(crate) struct EcdsaSignature<'a> {
    pub(crate) r: UintRef<'a>,
    pub(crate) s: UintRef<'a>,
}
