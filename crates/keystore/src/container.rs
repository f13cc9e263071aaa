//! The encrypted PKCS#8 file around a private key: opened, guarded and sealed in the same way for every kind of key.

use std::path::Path;

use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier, PrivateKeyInfoRef,
    SecretDocument,
    der::{
        self, Decode, Encode, SliceReader,
        asn1::{AnyRef, OctetStringRef},
        pem::PemLabel,
    },
    pkcs5::{
        self, EncryptionScheme,
        pbes2::{self, Kdf, Pbkdf2Prf},
        scrypt,
    },
};
use zeroize::Zeroizing;

use crate::{
    KeystoreError, Mode, Passphrase,
    file::{self, Access},
    is_example_key,
};

/// How much work it takes to open a file, and so to try one passphrase.
///
/// On opening, a file may ask for anything up to 2,000,000 rounds of PBKDF2, or scrypt with N·r ≤ 2^20 (128 MiB) and
/// N·r·p ≤ 2^22: about a second each. Beyond that it is refused before any work is done, so that a hostile file can
/// neither fill the memory nor stop the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// scrypt, N = 2^14, r = 8, p = 5: 16 MiB and about 0.2 s. One of OWASP's equivalent settings for passwords, and the
    /// one among them that fits the 32 MiB OpenSSL allows itself.
    Standard,
    /// PBKDF2-HMAC-SHA256 with 2,048 rounds, about 1 ms: for example keys, whose passphrase is public anyway.
    Example,
}

/// Rounds for [`Cost::Example`].
const EXAMPLE_ROUNDS: u32 = 2_048;
/// scrypt log2(N), r, p for [`Cost::Standard`].
const STANDARD_SCRYPT: (u8, u32, u32) = (14, 8, 5);

/// Three times what OWASP asks of PBKDF2-HMAC-SHA256 (600,000), rounded up: room for years of growth.
pub(crate) const MAX_PBKDF2_ROUNDS: u32 = 2_000_000;
/// scrypt takes 128·N·r bytes: 2^20 is 128 MiB, OWASP's largest setting (N = 2^17, r = 8).
const MAX_SCRYPT_MEMORY: u64 = 1 << 20;
/// scrypt's time goes with N·r·p: four times the largest memory.
const MAX_SCRYPT_TIME: u64 = 1 << 22;

/// One kind of private key inside the container.
pub(crate) trait PrivateKey: Sized {
    /// Reads the key from a decrypted PKCS#8 structure.
    fn from_pkcs8(info: &PrivateKeyInfoRef<'_>, path: &Path) -> Result<Self, KeystoreError>;
    /// SHA-256 that names the public key in the list of examples.
    fn fingerprint(&self) -> [u8; 32];
}

/// A private key that can be put into a container.
pub(crate) trait Writable {
    /// The plain PKCS#8 structure.
    fn to_pkcs8(&self) -> Zeroizing<Vec<u8>>;
}

/// Reads, decrypts and guards one key file.
pub(crate) fn open<K: PrivateKey>(path: &Path, passphrase: &Passphrase, mode: Mode) -> Result<K, KeystoreError> {
    let contents = file::read(path)?;
    let plain = decrypt(&contents.text, passphrase, path)?;
    // CBC has no checksum: a wrong passphrase shows as bad padding, or now and then as well padded noise.
    let info = PrivateKeyInfoRef::try_from(plain.as_bytes())
        .map_err(|_| KeystoreError::WrongPassphrase { path: path.to_owned() })?;
    let key = K::from_pkcs8(&info, path)?;
    guard(&key, &contents.access, path, mode)?;
    Ok(key)
}

/// Refuses example keys in earnest, and files of other keys that others can read.
pub(crate) fn guard<K: PrivateKey>(key: &K, file: &Access, path: &Path, mode: Mode) -> Result<(), KeystoreError> {
    let fingerprint = key.fingerprint();
    match (is_example_key(&fingerprint), mode) {
        (Some(name), Mode::Production) => {
            Err(KeystoreError::ExampleKeyRefused { path: path.to_owned(), name, fingerprint: hex::encode(fingerprint) })
        }
        (Some(_), Mode::Demo) => Ok(()),
        (None, _) => file.refuse_if_open_to_others(path),
    }
}

/// Seals a key and writes it to a new file.
pub(crate) fn save<K: Writable>(
    key: &K,
    path: &Path,
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; 32],
) -> Result<(), KeystoreError> {
    file::create(path, &seal(key, passphrase, cost, salt), &salt[..8])
}

/// The PEM text of a sealed key. The first half of `salt` salts the key derivation, the second is the IV.
pub(crate) fn seal<K: Writable>(key: &K, passphrase: &Passphrase, cost: Cost, salt: &[u8; 32]) -> String {
    let (kdf_salt, iv) = salt.split_at(16);
    let iv = iv.try_into().expect("32 - 16 = 16 bytes");
    let parameters = match cost {
        Cost::Standard => {
            let (log_n, r, p) = STANDARD_SCRYPT;
            let cost = scrypt::Params::new(log_n, r, p).expect("constants within the limits of scrypt");
            pbes2::Parameters::generate_scrypt_aes256cbc(cost, kdf_salt, iv)
        }
        Cost::Example => pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(EXAMPLE_ROUNDS, kdf_salt, iv),
    }
    .expect("constants and a salt of 16 bytes are within the limits of PBES2");
    let encrypted = parameters.encrypt(passphrase.as_bytes(), &key.to_pkcs8()).expect("CBC encrypts any length");
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: EncryptionScheme::from(parameters),
        encrypted_data: OctetStringRef::new(&encrypted).expect("a key is shorter than DER's longest string"),
    };
    let document = SecretDocument::encode_msg(&info).expect("a structure made of valid parts encodes");
    let pem = document.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).expect("the label is plain ASCII");
    String::clone(&pem) // it is encrypted: nothing here to erase
}

fn decrypt(pem: &str, passphrase: &Passphrase, path: &Path) -> Result<SecretDocument, KeystoreError> {
    let malformed = |what: String| KeystoreError::Malformed { path: path.to_owned(), what };
    let (label, document) = SecretDocument::from_pem(pem).map_err(|error| malformed(error.to_string()))?;
    match label {
        EncryptedPrivateKeyInfoRef::PEM_LABEL => {}
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
            return Err(KeystoreError::NotEncrypted { path: path.to_owned() });
        }
        other => return Err(malformed(format!("holds {other:?}, not an encrypted private key"))),
    }
    decrypt_der(document.as_bytes(), passphrase, path)
}

/// Opens the DER of an `EncryptedPrivateKeyInfo` (RFC 5958 §3), or of anything encrypted in the same way.
pub(crate) fn decrypt_der(
    encrypted: &[u8],
    passphrase: &Passphrase,
    path: &Path,
) -> Result<SecretDocument, KeystoreError> {
    let malformed = |what: String| KeystoreError::Malformed { path: path.to_owned(), what };
    let scheme = scheme_oid(encrypted).map_err(|error| malformed(error.to_string()))?;
    if scheme != pbes2::PBES2_OID {
        return Err(unsupported_encryption(path, scheme));
    }
    let info = EncryptedPrivateKeyInfoRef::from_der(encrypted).map_err(|error| match error.kind() {
        der::ErrorKind::OidUnknown { oid } => unsupported_encryption(path, oid),
        _ => malformed(error.to_string()),
    })?;
    let Some(parameters) = info.encryption_algorithm.pbes2() else {
        return Err(unsupported_encryption(path, scheme));
    };
    check_parameters(parameters, path)?;
    info.decrypt(passphrase.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::UnsupportedAlgorithm { oid }) => {
            unsupported_encryption(path, oid)
        }
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::AlgorithmParametersInvalid { oid }) => {
            malformed(format!("invalid parameters for {oid}"))
        }
        // Bad padding, or well padded noise that is no DER.
        _ => KeystoreError::WrongPassphrase { path: path.to_owned() },
    })
}

/// The encryption scheme of an EncryptedPrivateKeyInfo (RFC 5958 §3), read ahead: for schemes it does not know, the
/// library cannot say which one it met.
fn scheme_oid(encrypted: &[u8]) -> der::Result<ObjectIdentifier> {
    let mut reader = SliceReader::new(encrypted)?;
    let body = AnyRef::decode(&mut reader)?;
    let mut reader = SliceReader::new(body.value())?;
    Ok(AlgorithmIdentifierRef::decode(&mut reader)?.oid)
}

/// Refuses weak ciphers and absurd work before any of it is done.
fn check_parameters(parameters: &pbes2::Parameters, path: &Path) -> Result<(), KeystoreError> {
    use pbes2::EncryptionScheme::{Aes256Cbc, Aes256Gcm};
    if !matches!(parameters.encryption, Aes256Cbc { .. } | Aes256Gcm { .. }) {
        return Err(unsupported_encryption(path, parameters.encryption.oid()));
    }
    let asked = match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.prf != Pbkdf2Prf::HmacWithSha256 => {
            return Err(unsupported_encryption(path, pbkdf2.prf.oid()));
        }
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count > MAX_PBKDF2_ROUNDS => {
            format!("{} rounds of PBKDF2", pbkdf2.iteration_count)
        }
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count == 0 => {
            return Err(KeystoreError::Malformed {
                path: path.to_owned(),
                what: "PBKDF2 without a single round".into(),
            });
        }
        Kdf::Pbkdf2(_) => return Ok(()),
        Kdf::Scrypt(scrypt) => {
            let (n, r, p) = (scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization);
            // RFC 7914 §6; pkcs5 0.8.1 would panic on N = 0.
            if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                let what = format!("scrypt knows no N = {n}, r = {r}, p = {p}");
                return Err(KeystoreError::Malformed { path: path.to_owned(), what });
            }
            let memory = n.checked_mul(r.into());
            let time = memory.and_then(|memory| memory.checked_mul(p.into()));
            match (memory, time) {
                (Some(memory), Some(time)) if memory <= MAX_SCRYPT_MEMORY && time <= MAX_SCRYPT_TIME => return Ok(()),
                _ => format!("scrypt with N = {n}, r = {r}, p = {p}"),
            }
        }
        _ => return Err(unsupported_encryption(path, parameters.kdf.oid())),
    };
    Err(KeystoreError::CostTooHigh { path: path.to_owned(), asked })
}

fn unsupported_encryption(path: &Path, oid: ObjectIdentifier) -> KeystoreError {
    KeystoreError::UnsupportedEncryption { path: path.to_owned(), found: oid.to_string() }
}

/// Encodes a PKCS#8 structure (RFC 5958), version 1: OpenSSL 3.0 does not read version 2.
pub(crate) fn pkcs8_v1(algorithm: AlgorithmIdentifierRef<'_>, private_key: &[u8]) -> Zeroizing<Vec<u8>> {
    let private_key = OctetStringRef::new(private_key).expect("a key is shorter than DER's longest string");
    let info = PrivateKeyInfoRef::new(algorithm, private_key);
    Zeroizing::new(info.to_der().expect("a structure made of valid parts encodes"))
}

#[cfg(test)]
mod tests {
    use pkcs8::pkcs5::pbes2::{Pbkdf2Params, Salt, ScryptParams};

    use super::*;

    /// A key file whose derivation asks for this much; what is encrypted does not matter, it must not come to that.
    fn refusal(kdf: Kdf) -> KeystoreError {
        let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: EncryptionScheme::from(pbes2::Parameters { kdf, encryption }),
            encrypted_data: OctetStringRef::new(&[0; 16]).unwrap(),
        };
        let document = SecretDocument::encode_msg(&info).unwrap();
        let pem = document.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).unwrap();
        decrypt(&pem, &Passphrase::new(""), Path::new("hostile.pem")).unwrap_err()
    }

    fn scrypt_refusal(cost_parameter: u64, block_size: u16, parallelization: u16) -> KeystoreError {
        let salt = Salt::new([0; 16]).unwrap();
        let key_length = None;
        refusal(Kdf::Scrypt(ScryptParams { salt, cost_parameter, block_size, parallelization, key_length }))
    }

    fn pbkdf2_refusal(rounds: u32) -> KeystoreError {
        refusal(Kdf::Pbkdf2(Pbkdf2Params::hmac_sha256(rounds, &[0; 16]).unwrap()))
    }

    #[test]
    fn files_that_ask_for_absurd_work_are_refused_before_it_is_done() {
        for (n, r, p) in
            [(1 << 18, 8, 1), (1 << 40, 1, 1), (1 << 63, u16::MAX, u16::MAX), (2, u16::MAX, u16::MAX), (1 << 14, 8, 33)]
        {
            let error = scrypt_refusal(n, r, p);
            assert!(matches!(error, KeystoreError::CostTooHigh { .. }), "N = {n}, r = {r}, p = {p}: {error}");
        }
        let error = pbkdf2_refusal(MAX_PBKDF2_ROUNDS + 1);
        assert!(matches!(error, KeystoreError::CostTooHigh { .. }), "{error}");
    }

    #[test]
    fn parameters_that_make_no_sense_are_refused_without_panic() {
        for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (1 << 10, 0, 1), (1 << 10, 8, 0)] {
            let error = scrypt_refusal(n, r, p);
            assert!(matches!(error, KeystoreError::Malformed { .. }), "N = {n}, r = {r}, p = {p}: {error}");
        }
        let error = pbkdf2_refusal(0);
        assert!(matches!(error, KeystoreError::Malformed { .. }), "{error}");
    }

    #[test]
    fn the_largest_work_allowed_is_done() {
        // The file is noise, so what is left to say after the work is that the passphrase is wrong.
        for error in [pbkdf2_refusal(MAX_PBKDF2_ROUNDS), scrypt_refusal(1 << 17, 8, 1), pbkdf2_refusal(1)] {
            assert!(matches!(error, KeystoreError::WrongPassphrase { .. }), "{error}");
        }
    }

    #[test]
    fn any_damaged_byte_in_front_of_the_ciphertext_is_refused_without_panic() {
        let scrypt = scrypt::Params::new(1, 1, 1).unwrap();
        for parameters in [
            pbes2::Parameters::generate_scrypt_aes256cbc(scrypt, &[1; 16], [2; 16]).unwrap(),
            pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1, &[1; 16], [2; 16]).unwrap(),
        ] {
            let encrypted = parameters.encrypt("x", &[0; 48]).unwrap();
            let info = EncryptedPrivateKeyInfoRef {
                encryption_algorithm: EncryptionScheme::from(parameters),
                encrypted_data: OctetStringRef::new(&encrypted).unwrap(),
            };
            let good = info.to_der().unwrap();
            for place in 0..good.len() - encrypted.len() {
                for value in [0x00, 0x01, 0x7f, 0xff, good[place] ^ 1, good[place] ^ 0x80] {
                    let mut bad = good.clone();
                    bad[place] = value;
                    // The outer SEQUENCE must hold, or it does not even become PEM.
                    let Ok(document) = SecretDocument::try_from(bad) else { continue };
                    let pem = document.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).unwrap();
                    let opened = decrypt(&pem, &Passphrase::new("x"), Path::new("damaged.pem"));
                    assert!(opened.is_err(), "byte {place} as {value:#04x}: noise is no key");
                }
            }
        }
    }

    #[test]
    fn sealing_twice_gives_the_same_bytes_and_another_salt_others() {
        let key = crate::Ed25519Key::from_seed(&[7; 32]);
        let pem = |salt| seal(&key, &Passphrase::new("x"), Cost::Example, &salt);
        assert_eq!(pem([1; 32]), pem([1; 32]));
        assert_ne!(pem([1; 32]), pem([2; 32]));
    }
}
