//! secp256k1 keys, which send transactions to the chain.

use std::{fmt, path::Path};

use k256::elliptic_curve::sec1::ToEncodedPoint;
use pkcs8::{
    AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef,
    der::{Encode, asn1::AnyRef},
};
use sec1::EcPrivateKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    Cost, KeystoreError, Mode, Passphrase,
    container::{self, PrivateKey, Writable, pkcs8_v1},
};

/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256k1 (SEC 2 §A.2.1).
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

/// A secp256k1 private key in memory; erased when dropped, never printed. It does not sign here: the chain client does,
/// with [`secret`](Self::secret).
#[derive(Clone)]
pub struct Secp256k1Key {
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 65],
}

impl Secp256k1Key {
    /// Makes a key from its secret number, 32 bytes big-endian; `None` if that is zero or not below the order of the
    /// curve (one in 2^128 random values: draw again).
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        let key = k256::SecretKey::from_slice(secret).ok()?;
        let public = key.public_key().to_encoded_point(false).as_bytes().try_into().ok()?;
        Some(Self { secret: Zeroizing::new(*secret), public })
    }

    /// Opens an encrypted key file (id-ecPublicKey with the named curve; ECPrivateKey of RFC 5915 inside).
    ///
    /// # Errors
    /// Any [`KeystoreError`] but `CertificateMismatch` and `AlreadyExists`.
    pub fn open(path: &Path, passphrase: &Passphrase, mode: Mode) -> Result<Self, KeystoreError> {
        container::open(path, passphrase, mode)
    }

    /// Writes the key to a new file that only its owner can read (mode 0600), whole or not at all.
    ///
    /// `salt` is 32 bytes from a cryptographic generator, never used before; it is stored in the clear.
    ///
    /// # Errors
    /// `AlreadyExists`, `FileNotFound` (no such folder), `Io`.
    pub fn save_encrypted(
        &self,
        path: &Path,
        passphrase: &Passphrase,
        cost: Cost,
        salt: &[u8; 32],
    ) -> Result<(), KeystoreError> {
        container::save(self, path, passphrase, cost, salt)
    }

    /// The text that [`save_encrypted`](Self::save_encrypted) writes.
    #[must_use]
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase, cost: Cost, salt: &[u8; 32]) -> String {
        container::seal(self, passphrase, cost, salt)
    }

    /// The secret number, 32 bytes big-endian. Copies of it are the caller's to erase.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The public key as an uncompressed point: `0x04`, x, y (SEC 1 §2.3.3).
    #[must_use]
    pub const fn public_key(&self) -> &[u8; 65] {
        &self.public
    }

    /// SHA-256 of the uncompressed public key: the name of this key in lists.
    #[must_use]
    pub fn public_key_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.public).into()
    }
}

impl PrivateKey for Secp256k1Key {
    fn from_pkcs8(info: &PrivateKeyInfoRef<'_>, path: &Path) -> Result<Self, KeystoreError> {
        let unsupported = |found: ObjectIdentifier| KeystoreError::UnsupportedKey {
            path: path.to_owned(),
            found: found.to_string(),
            wanted: "1.3.132.0.10 (secp256k1)",
        };
        let malformed = |what: &str| KeystoreError::Malformed { path: path.to_owned(), what: what.into() };
        if info.algorithm.oid != EC_PUBLIC_KEY {
            return Err(unsupported(info.algorithm.oid));
        }
        let curve = info.algorithm.parameters_oid().map_err(|_| malformed("an EC key without a named curve"))?;
        if curve != SECP256K1 {
            return Err(unsupported(curve));
        }
        let inner = EcPrivateKey::try_from(info.private_key.as_bytes())
            .map_err(|_| malformed("what is inside is no ECPrivateKey (RFC 5915)"))?;
        let key = <&[u8; 32]>::try_from(inner.private_key)
            .ok()
            .and_then(Self::from_secret)
            .ok_or_else(|| malformed("the secret is no number of this curve"))?;
        match inner.public_key {
            // A compressed point is legal; it is the same x with the parity in front.
            Some(public) if public != key.public && public != compressed(&key.public) => {
                Err(malformed("the public key beside the private key is another one"))
            }
            _ => Ok(key),
        }
    }

    fn fingerprint(&self) -> [u8; 32] {
        self.public_key_sha256()
    }
}

impl Writable for Secp256k1Key {
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let inner = EcPrivateKey { private_key: &*self.secret, parameters: None, public_key: Some(&self.public) };
        let inner = Zeroizing::new(inner.to_der().expect("32 and 65 bytes encode"));
        pkcs8_v1(AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(&SECP256K1)) }, &inner)
    }
}

/// The 33-byte form of a 65-byte point (SEC 1 §2.3.3).
fn compressed(uncompressed: &[u8; 65]) -> [u8; 33] {
    let mut point = [0; 33];
    point[0] = 0x02 | (uncompressed[64] & 1);
    point[1..].copy_from_slice(&uncompressed[1..33]);
    point
}

impl fmt::Debug for Secp256k1Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secp256k1Key").field("public_key", &hex::encode(self.public)).finish_non_exhaustive()
    }
}
