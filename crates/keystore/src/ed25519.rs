//! Ed25519 keys, which sign statements.

use std::{fmt, path::Path};

use ed25519_dalek::{Signer, SigningKey};
use pkcs8::{
    AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef,
    der::{Decode, Encode, asn1::OctetStringRef},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    Cost, KeystoreError, Mode, Passphrase,
    container::{self, PrivateKey, Writable, pkcs8_v1},
};

/// id-Ed25519 (RFC 8410 §3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Everything of an Ed25519 SubjectPublicKeyInfo before the 32 bytes of the key (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 private key in memory; erased when dropped, never printed.
#[derive(Clone)]
pub struct Ed25519Key {
    key: SigningKey,
}

impl Ed25519Key {
    /// Makes a key from its seed (RFC 8032 §5.1.5): 32 bytes from a cryptographic generator.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// Opens an encrypted key file.
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

    /// Signs `message` as it is (RFC 8032 §5.1.6, no prehash, no context).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The public key as DER SubjectPublicKeyInfo (RFC 8410 §4), as certificates hold it.
    #[must_use]
    pub fn spki_der(&self) -> [u8; 44] {
        let mut der = [0; 44];
        der[..12].copy_from_slice(&SPKI_PREFIX);
        der[12..].copy_from_slice(&self.public_key());
        der
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the name of this key in lists.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.spki_der()).into()
    }
}

impl PrivateKey for Ed25519Key {
    fn from_pkcs8(info: &PrivateKeyInfoRef<'_>, path: &Path) -> Result<Self, KeystoreError> {
        if info.algorithm.oid != ED25519 {
            return Err(KeystoreError::UnsupportedKey {
                path: path.to_owned(),
                found: info.algorithm.oid.to_string(),
                wanted: "1.3.101.112 (Ed25519)",
            });
        }
        let malformed = |what: &str| KeystoreError::Malformed { path: path.to_owned(), what: what.into() };
        let seed = <&OctetStringRef>::from_der(info.private_key.as_bytes())
            .ok()
            .and_then(|inner| <&[u8; 32]>::try_from(inner.as_bytes()).ok())
            .ok_or_else(|| malformed("the Ed25519 seed is not 32 bytes"))?;
        let key = Self::from_seed(seed);
        match info.public_key {
            Some(public) if public.as_bytes() != Some(&key.public_key()) => {
                Err(malformed("the public key beside the private key is another one"))
            }
            _ => Ok(key),
        }
    }

    fn fingerprint(&self) -> [u8; 32] {
        self.spki_sha256()
    }
}

impl Writable for Ed25519Key {
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let seed = Zeroizing::new(self.key.to_bytes());
        let inner = OctetStringRef::new(&*seed).and_then(|seed| seed.to_der()).expect("32 bytes encode");
        pkcs8_v1(AlgorithmIdentifierRef { oid: ED25519, parameters: None }, &Zeroizing::new(inner))
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Key").field("public_key", &hex::encode(self.public_key())).finish_non_exhaustive()
    }
}
