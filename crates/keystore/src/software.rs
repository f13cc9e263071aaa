//! Private keys of every kind that signs statements, held in memory.

use std::{fmt, path::Path};

use hocba_signature::algorithm::{Algorithm, PublicKey};
use pkcs8::{AlgorithmIdentifierRef, EncodePublicKey, ObjectIdentifier, PrivateKeyInfoRef, der::asn1::AnyRef};
use rsa::traits::PublicKeyParts;
use sec1::EcPrivateKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    Cost, Ed25519Key, KeystoreError, Mode, Passphrase,
    container::{self, PrivateKey, Writable, pkcs8_v1},
};

/// id-Ed25519 (RFC 8410 §3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1 and secp384r1 (RFC 5480 §2.1.1.1).
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// rsaEncryption (RFC 8017 §A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const WANTED: &str = "Ed25519, P-256, P-384, or RSA of 2048 to 4096 bits";

/// A private key in memory: Ed25519, ECDSA on P-256 or P-384, or RSA of 2048 to 4096 bits. Erased when dropped, never
/// printed.
#[derive(Clone)]
pub struct SoftwareKey {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Ed25519(Ed25519Key),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    // RUSTSEC-2023-0071: operations with a private key may take time that depends on it. They are blinded here, and done
    // on the signer's own machine, where nobody measures them over a network; a key on a token is better off.
    Rsa(Box<rsa::RsaPrivateKey>),
}

impl SoftwareKey {
    /// A P-256 key from its secret number, 32 bytes big-endian from a cryptographic generator; `None` if that is zero or
    /// not below the order of the curve: draw again.
    #[must_use]
    pub fn p256_from_secret(secret: &[u8; 32]) -> Option<Self> {
        Some(Self { kind: Kind::P256(p256::ecdsa::SigningKey::from_slice(secret).ok()?) })
    }

    /// A P-384 key from its secret number of 48 bytes; as [`p256_from_secret`](Self::p256_from_secret).
    #[must_use]
    pub fn p384_from_secret(secret: &[u8; 48]) -> Option<Self> {
        Some(Self { kind: Kind::P384(p384::ecdsa::SigningKey::from_slice(secret).ok()?) })
    }

    /// Opens an encrypted key file.
    ///
    /// # Errors
    /// Any [`KeystoreError`] but `CertificateMismatch` and `AlreadyExists`.
    pub fn open(path: &Path, passphrase: &Passphrase, mode: Mode) -> Result<Self, KeystoreError> {
        container::open(path, passphrase, mode)
    }

    /// Writes an Ed25519, P-256 or P-384 key to a new file; as [`Ed25519Key::save_encrypted`].
    ///
    /// # Errors
    /// `AlreadyExists`, `FileNotFound` (no such folder), `Io`; `UnsupportedKey` for RSA keys, which are not made here.
    pub fn save_encrypted(
        &self,
        path: &Path,
        passphrase: &Passphrase,
        cost: Cost,
        salt: &[u8; 32],
    ) -> Result<(), KeystoreError> {
        match &self.kind {
            Kind::Ed25519(key) => key.save_encrypted(path, passphrase, cost, salt),
            Kind::P256(key) => container::save(key, path, passphrase, cost, salt),
            Kind::P384(key) => container::save(key, path, passphrase, cost, salt),
            Kind::Rsa(_) => Err(KeystoreError::UnsupportedKey {
                path: path.to_owned(),
                found: RSA.to_string(),
                wanted: "Ed25519, P-256 or P-384",
            }),
        }
    }

    /// The public key as DER SubjectPublicKeyInfo, as certificates hold it.
    #[must_use]
    pub fn spki_der(&self) -> Vec<u8> {
        let encoded = match &self.kind {
            Kind::Ed25519(key) => return key.spki_der().to_vec(),
            Kind::P256(key) => key.verifying_key().to_public_key_der(),
            Kind::P384(key) => key.verifying_key().to_public_key_der(),
            Kind::Rsa(key) => key.to_public_key().to_public_key_der(),
        };
        encoded.expect("a valid public key encodes").into_vec()
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_spki_der(&self.spki_der()).expect("of the kinds that `signature` verifies")
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the name of this key in lists.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.spki_der()).into()
    }

    /// Signs `message` in the form of JWS. ECDSA is deterministic (RFC 6979). For RSA the operating system's generator
    /// gives the blinding, and for PSS the salt of 32 bytes.
    ///
    /// `None` if the key does not sign with this algorithm.
    #[must_use]
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        use p256::ecdsa::signature::Signer;
        Some(match (&self.kind, algorithm) {
            (Kind::Ed25519(key), Algorithm::Ed25519) => key.sign(message).to_vec(),
            (Kind::P256(key), Algorithm::Es256) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            (Kind::P384(key), Algorithm::Es384) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            (Kind::Rsa(key), Algorithm::Rs256) => {
                key.sign_with_rng(&mut os(), rsa::Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).ok()?
            }
            (Kind::Rsa(key), Algorithm::Ps256) => {
                key.sign_with_rng(&mut os(), rsa::Pss::<Sha256>::new_blinded(), &Sha256::digest(message)).ok()?
            }
            _ => return None,
        })
    }
}

/// The operating system's generator, for blinding and PSS salts: nothing that a test wants to repeat.
fn os() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

impl From<Ed25519Key> for SoftwareKey {
    fn from(key: Ed25519Key) -> Self {
        Self { kind: Kind::Ed25519(key) }
    }
}

impl PrivateKey for SoftwareKey {
    fn from_pkcs8(info: &PrivateKeyInfoRef<'_>, path: &Path) -> Result<Self, KeystoreError> {
        let malformed = |what: &str| KeystoreError::Malformed { path: path.to_owned(), what: what.into() };
        let unsupported =
            |found: String| KeystoreError::UnsupportedKey { path: path.to_owned(), found, wanted: WANTED };
        let kind = match info.algorithm.oid {
            ED25519 => Kind::Ed25519(Ed25519Key::from_pkcs8(info, path)?),
            EC_PUBLIC_KEY => {
                let curve =
                    info.algorithm.parameters_oid().map_err(|_| malformed("an EC key without a named curve"))?;
                let secret = |length| ec_secret(info, curve, length).map_err(malformed);
                let no_number = || malformed("the secret is no number of this curve");
                let (kind, public) = match curve {
                    P256 => {
                        let key = p256::ecdsa::SigningKey::from_slice(&secret(32)?).map_err(|_| no_number())?;
                        let public = key.verifying_key().to_sec1_bytes();
                        (Kind::P256(key), public)
                    }
                    P384 => {
                        let key = p384::ecdsa::SigningKey::from_slice(&secret(48)?).map_err(|_| no_number())?;
                        let public = key.verifying_key().to_sec1_bytes();
                        (Kind::P384(key), public)
                    }
                    other => return Err(unsupported(other.to_string())),
                };
                ec_public_matches(info, &public)
                    .then_some(kind)
                    .ok_or_else(|| malformed("the public key beside the private key is another one"))?
            }
            RSA => {
                // Reading it checks that the parts are of one key: n = p·q, d·e ≡ 1.
                let key = rsa::RsaPrivateKey::try_from(info.clone())
                    .map_err(|_| malformed("what is inside is no RSA key of two primes whose parts agree"))?;
                let bits = key.n().bits();
                if !(2048..=4096).contains(&bits) {
                    return Err(unsupported(format!("{RSA} (RSA) of {bits} bits")));
                }
                Kind::Rsa(Box::new(key))
            }
            other => return Err(unsupported(other.to_string())),
        };
        let key = Self { kind };
        // The verifier's opinion counts: it also wants an exponent of a size that is in use.
        PublicKey::from_spki_der(&key.spki_der()).map_err(|error| unsupported(error.to_string()))?;
        Ok(key)
    }

    fn fingerprint(&self) -> [u8; 32] {
        self.spki_sha256()
    }
}

/// The secret number of an EC key (RFC 5915), of this many bytes.
fn ec_secret(
    info: &PrivateKeyInfoRef<'_>,
    curve: ObjectIdentifier,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let inner = EcPrivateKey::try_from(info.private_key.as_bytes())
        .map_err(|_| "what is inside is no ECPrivateKey (RFC 5915)")?;
    if inner.parameters.and_then(sec1::EcParameters::named_curve).is_some_and(|named| named != curve) {
        return Err("the curve inside is another one than outside");
    }
    // RFC 5915 §3: as long as the order, with its leading zeros.
    if inner.private_key.len() != length {
        return Err("the secret number is not as long as its curve wants");
    }
    Ok(Zeroizing::new(inner.private_key.to_vec()))
}

/// Whether the point beside the secret, if there is one, is the key's: in full, or its x behind the parity of y.
fn ec_public_matches(info: &PrivateKeyInfoRef<'_>, public: &[u8]) -> bool {
    let Ok(inner) = EcPrivateKey::try_from(info.private_key.as_bytes()) else { return false };
    let half = (public.len() - 1) / 2;
    let parity = 0x02 | (public[public.len() - 1] & 1);
    inner.public_key.is_none_or(|point| point == public || (point[0] == parity && point[1..] == public[1..=half]))
}

macro_rules! writable {
    ($($key:ty, $curve:expr);*) => {$(
        impl Writable for $key {
            fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
                let secret = Zeroizing::new(self.to_bytes());
                let public = self.verifying_key().to_sec1_bytes();
                let inner = EcPrivateKey { private_key: &secret, parameters: None, public_key: Some(&public) };
                let inner = pkcs8::der::Encode::to_der(&inner).map(Zeroizing::new).expect("a secret and a point encode");
                pkcs8_v1(AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(&$curve)) }, &inner)
            }
        }
    )*};
}
writable!(p256::ecdsa::SigningKey, P256; p384::ecdsa::SigningKey, P384);

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").field("spki_sha256", &hex::encode(self.spki_sha256())).finish_non_exhaustive()
    }
}
