//! Signature algorithms and public keys: what a signed statement may be signed with, and the one way each is verified.
//!
//! Everything is verification only and pure Rust. A key has one spelling (`from_spki_der` is strict), so two certificates
//! hold the same key exactly when their SubjectPublicKeyInfos are equal.

use std::fmt;

use ed25519_dalek::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::{BoxedUint, RsaPublicKey, traits::PublicKeyParts as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::der::{Malformed, Reader, tag, unsigned};

/// `alg` of a signed statement: fully specified names only (RFC 9864, RFC 7518 §3.1). `EdDSA`, `none` and everything else
/// is refused on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), verified strictly.
    Ed25519,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA with P-384 and SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 32 bytes.
    #[serde(rename = "PS256")]
    Ps256,
}

impl Algorithm {
    /// The name as written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::Rs256 => "RS256",
            Algorithm::Ps256 => "PS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Smallest RSA modulus, in bits.
pub const MIN_RSA_BITS: usize = 2048;
/// Largest RSA modulus, in bits: what one check costs grows with its cube.
pub const MAX_RSA_BITS: usize = 4096;

/// A public key out of a SubjectPublicKeyInfo: Ed25519, P-256, P-384, or RSA of 2048 to 4096 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(pub(crate) Key);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Ed25519(VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    Rsa(Box<RsaPublicKey>),
}

/// Why a SubjectPublicKeyInfo is no key that signatures are verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the DER of a SubjectPublicKeyInfo, or a point that is on no curve.
    #[error("not a public key in DER")]
    Malformed,
    /// Another algorithm or curve, a curve given by parameters, a compressed point, or an RSA key restricted to PSS.
    #[error("the key is of an algorithm that is not supported")]
    Unsupported,
    /// RSA outside 2048 to 4096 bits or with an exponent below 65537, or an Ed25519 point of small order.
    #[error("the key is too weak or too large")]
    Weak,
}

impl From<Malformed> for KeyError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The bytes are no signature by this key over this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

// Contents of OBJECT IDENTIFIERs.
const ID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ID_EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    ///
    /// - Ed25519 (RFC 8410): no parameters; a point of small order is refused.
    /// - P-256 and P-384 (RFC 5480): `namedCurve` and the uncompressed point (`04 || X || Y`) only. Compressed points
    ///   are optional to support there; one spelling for a key is worth more here.
    /// - RSA (RFC 3279 §2.3.1): `rsaEncryption` with NULL; modulus of [`MIN_RSA_BITS`] to [`MAX_RSA_BITS`] in whole
    ///   bytes, exponent odd and 65537 ≤ e < 2³². `id-RSASSA-PSS` keys (RFC 4055 §1.2) are unsupported.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let mut spki = Reader::only(der, tag::SEQUENCE)?;
        let mut algorithm = spki.sequence()?;
        let key = spki.bit_string()?;
        spki.finish()?;
        let oid = algorithm.expect(tag::OID)?;
        match oid {
            ID_ED25519 if algorithm.is_empty() => ed25519(key),
            ID_EC_PUBLIC_KEY => {
                let curve = algorithm.next()?;
                algorithm.finish()?;
                match (curve.tag, curve.content) {
                    (tag::OID, SECP256R1) => {
                        uncompressed(key, 32)?;
                        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| KeyError::Malformed)?;
                        Ok(Self(Key::P256(key)))
                    }
                    (tag::OID, SECP384R1) => {
                        uncompressed(key, 48)?;
                        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| KeyError::Malformed)?;
                        Ok(Self(Key::P384(key)))
                    }
                    _ => Err(KeyError::Unsupported),
                }
            }
            RSA_ENCRYPTION => {
                if !algorithm.expect(tag::NULL)?.is_empty() {
                    return Err(KeyError::Malformed);
                }
                algorithm.finish()?;
                rsa_key(key)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// Whether a statement with this `alg` may be verified with this key at all.
    pub fn accepts(&self, alg: Algorithm) -> bool {
        matches!(
            (&self.0, alg),
            (Key::Ed25519(_), Algorithm::Ed25519)
                | (Key::P256(_), Algorithm::Es256)
                | (Key::P384(_), Algorithm::Es384)
                | (Key::Rsa(_), Algorithm::Rs256 | Algorithm::Ps256)
        )
    }

    /// The `alg` that a signer with this key uses unless told otherwise. RS256 rather than PS256 for RSA: tokens and
    /// remote services all make it, few make PSS.
    pub fn default_algorithm(&self) -> Algorithm {
        match self.0 {
            Key::Ed25519(_) => Algorithm::Ed25519,
            Key::P256(_) => Algorithm::Es256,
            Key::P384(_) => Algorithm::Es384,
            Key::Rsa(_) => Algorithm::Rs256,
        }
    }

    /// Size of the key in bits: 256, 384, or the length of the RSA modulus.
    pub fn bits(&self) -> usize {
        match &self.0 {
            Key::Ed25519(_) | Key::P256(_) => 256,
            Key::P384(_) => 384,
            Key::Rsa(key) => key.size() * 8,
        }
    }

    /// The 32 bytes of an Ed25519 key.
    pub fn as_ed25519(&self) -> Option<&[u8; 32]> {
        match &self.0 {
            Key::Ed25519(key) => Some(key.as_bytes()),
            _ => None,
        }
    }

    /// Verifies a signature as it stands in a JWS: Ed25519 strictly (RFC 8032 §5.1.7, no small orders, no cofactor);
    /// ECDSA as r || s of fixed length (RFC 7518 §3.4); RSA of exactly the modulus' length (RFC 8017 §8.1.2, §8.2.2).
    ///
    /// ECDSA signatures with high s are accepted, as RFC 7518 has them: (r, s) and (r, n − s) both verify. Statements are
    /// told apart by their bytes, and `prev` covers the signature before.
    ///
    /// # Errors
    /// [`BadSignature`], also where [`PublicKey::accepts`] is false.
    pub fn verify(&self, alg: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match (&self.0, alg) {
            (Key::Ed25519(key), Algorithm::Ed25519) => verify_ed25519(key, message, signature),
            (Key::P256(key), Algorithm::Es256) => verify_p256(key, &Sha256::digest(message), signature),
            (Key::P384(key), Algorithm::Es384) => verify_p384(key, &Sha384::digest(message), signature),
            (Key::Rsa(key), Algorithm::Rs256) => verify_pkcs1(key, Hash::Sha256, message, signature),
            (Key::Rsa(key), Algorithm::Ps256) => verify_pss(key, Hash::Sha256, message, signature),
            _ => Err(BadSignature),
        }
    }
}

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        Self(Key::Ed25519(key))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Key::Ed25519(_) => "Ed25519",
            Key::P256(_) => "P-256",
            Key::P384(_) => "P-384",
            Key::Rsa(_) => "RSA",
        };
        write!(f, "PublicKey({kind}, {} bits)", self.bits())
    }
}

fn ed25519(key: &[u8]) -> Result<PublicKey, KeyError> {
    let bytes = key.try_into().map_err(|_| KeyError::Malformed)?;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed)?;
    if key.is_weak() { Err(KeyError::Weak) } else { Ok(PublicKey(Key::Ed25519(key))) }
}

/// RFC 5480 §2.2; the point at infinity (`00`) is no key.
fn uncompressed(point: &[u8], coordinate: usize) -> Result<(), KeyError> {
    match point.first() {
        Some(4) if point.len() == 1 + 2 * coordinate => Ok(()),
        Some(2 | 3) if point.len() == 1 + coordinate => Err(KeyError::Unsupported),
        _ => Err(KeyError::Malformed),
    }
}

/// `RSAPublicKey` (RFC 8017 §A.1.1).
fn rsa_key(der: &[u8]) -> Result<PublicKey, KeyError> {
    let mut key = Reader::only(der, tag::SEQUENCE)?;
    let modulus = unsigned(key.expect(tag::INTEGER)?)?;
    let exponent = unsigned(key.expect(tag::INTEGER)?)?;
    key.finish()?;
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    let e = exponent.iter().try_fold(0_u32, |e, byte| Some(e.checked_mul(256)? | u32::from(*byte)));
    let odd = |bytes: &[u8]| bytes.last().is_some_and(|last| last & 1 == 1);
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits)
        || bits % 8 != 0
        || !odd(modulus)
        || !odd(exponent)
        || e.is_none_or(|e| e < 65_537)
    {
        return Err(KeyError::Weak);
    }
    let number =
        |bytes: &[u8]| BoxedUint::from_be_slice(bytes, bytes.len() as u32 * 8).map_err(|_| KeyError::Malformed);
    let key = RsaPublicKey::new(number(modulus)?, number(exponent)?).map_err(|_| KeyError::Weak)?;
    Ok(PublicKey(Key::Rsa(Box::new(key))))
}

/// Hashes that signatures of certificates, CRLs, OCSP answers and time-stamps use. SHA-1 is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha256 => Sha256::digest(message).to_vec(),
            Hash::Sha384 => Sha384::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

pub(crate) fn verify_ed25519(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| BadSignature)?;
    key.verify_strict(message, &signature).map_err(|_| BadSignature)
}

/// r || s, each of 32 bytes, 0 < r, s < n.
pub(crate) fn verify_p256(
    key: &p256::ecdsa::VerifyingKey,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
    key.verify_prehash(digest, &signature).map_err(|_| BadSignature)
}

/// r || s, each of 48 bytes, 0 < r, s < n.
pub(crate) fn verify_p384(
    key: &p384::ecdsa::VerifyingKey,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let signature = p384::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
    key.verify_prehash(digest, &signature).map_err(|_| BadSignature)
}

pub(crate) fn verify_pkcs1(
    key: &RsaPublicKey,
    hash: Hash,
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    use rsa::pkcs1v15::{Signature, VerifyingKey};
    if signature.len() != key.size() {
        return Err(BadSignature);
    }
    let signature = Signature::try_from(signature).map_err(|_| BadSignature)?;
    let (key, digest) = (key.clone(), hash.digest(message));
    let verified = match hash {
        Hash::Sha256 => VerifyingKey::<Sha256>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha384 => VerifyingKey::<Sha384>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha512 => VerifyingKey::<Sha512>::new(key).verify_prehash(&digest, &signature),
    };
    verified.map_err(|_| BadSignature)
}

/// The salt is as long as the hash (RFC 7518 §3.5, RFC 4055 §3.1).
pub(crate) fn verify_pss(key: &RsaPublicKey, hash: Hash, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    use rsa::pss::{Signature, VerifyingKey};
    if signature.len() != key.size() {
        return Err(BadSignature);
    }
    let signature = Signature::try_from(signature).map_err(|_| BadSignature)?;
    let (key, digest) = (key.clone(), hash.digest(message));
    let verified = match hash {
        Hash::Sha256 => VerifyingKey::<Sha256>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha384 => VerifyingKey::<Sha384>::new(key).verify_prehash(&digest, &signature),
        Hash::Sha512 => VerifyingKey::<Sha512>::new(key).verify_prehash(&digest, &signature),
    };
    verified.map_err(|_| BadSignature)
}
