//! Keys that seal personal data at rest, and the sealing itself.
//!
//! AES-256-GCM (NIST SP 800-38D). Each place gets a key of its own, derived from the data key by HKDF-SHA256
//! (RFC 5869): however many records one data key seals, no derived key comes near the number of random nonces that
//! 96 bits allow, and an envelope that is moved to another place does not open there.

use std::{fmt, path::Path};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{KeystoreError, Mode, file};

/// First word of a data key's file.
const FORMAT: &str = "hocba-data-key-1";
const PLACE_INFO: &[u8] = b"hocba-envelope-v1";
const INDEX_INFO: &[u8] = b"hocba-index-v1";
const CODE_INFO: &[u8] = b"hocba-paper-code-v1";
const ID_INFO: &[u8] = b"hocba-data-key-id-v1";

/// A key that seals personal data in the database. Whoever has it and the database has the marks; losing it loses
/// everything that is not in a bundle somewhere, so it is backed up, apart from the database.
#[derive(Clone)]
pub struct DataKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

/// The bytes do not open: another key, another place, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed data does not open with this key in this place")]
pub struct NotOpened;

impl DataKey {
    /// The key of these 32 bytes from the operating system's generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let key = Zeroizing::new(bytes);
        let mut id = [0; 8];
        expand(&key, ID_INFO, &[], &mut id);
        Self { id: hex::encode(id), key }
    }

    /// Reads a data key's file.
    ///
    /// # Errors
    /// `FileNotFound`, `Malformed`, and `PermissionsTooOpen` outside demo mode.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, KeystoreError> {
        let contents = file::read(path)?;
        if mode == Mode::Production {
            contents.access.refuse_if_open_to_others(path)?;
        }
        let malformed = || KeystoreError::Malformed { path: path.to_owned(), what: format!("not a {FORMAT} file") };
        let mut words = contents.text.split_ascii_whitespace();
        let (Some(FORMAT), Some(text), None) = (words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, &mut *key).map_err(|_| malformed())?;
        Ok(Self::from_bytes(*key))
    }

    /// Writes a new data key's file, readable by its owner only.
    ///
    /// # Errors
    /// `AlreadyExists`, `Io`.
    pub fn save(&self, path: &Path) -> Result<(), KeystoreError> {
        let text = Zeroizing::new(format!("{FORMAT} {}\n", Zeroizing::new(hex::encode(*self.key)).as_str()));
        file::create(path, &text, self.id.as_bytes())
    }

    /// The key's name beside what it sealed: derived from the key, tells nothing about it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals bytes for a place. `nonce`: 96 fresh random bits.
    #[must_use]
    pub fn seal(&self, place: &str, nonce: &[u8; 12], bytes: &[u8]) -> Vec<u8> {
        seal(&self.key_of(place), nonce, place.as_bytes(), bytes)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn unseal(&self, place: &str, nonce: &[u8; 12], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        unseal(&self.key_of(place), nonce, place.as_bytes(), bytes)
    }

    /// Under which a text is found again without being told: a pseudo-random function of the key. Whoever lacks the key
    /// cannot try texts against it.
    #[must_use]
    pub fn index(&self, text: &str) -> [u8; 32] {
        let mut index = [0; 32];
        expand(&self.key, INDEX_INFO, text.as_bytes(), &mut index);
        index
    }

    /// The chance of a code that is printed on paper: 15 bytes that follow from the key and a text, so that the same paper
    /// can be printed again and no code is kept (docs/adr/0025). Whoever lacks the key cannot tell them from random.
    #[must_use]
    pub fn code(&self, text: &str) -> Zeroizing<[u8; 15]> {
        let mut chance = Zeroizing::new([0; 15]);
        expand(&self.key, CODE_INFO, text.as_bytes(), &mut *chance);
        chance
    }

    fn key_of(&self, place: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.key, PLACE_INFO, place.as_bytes(), &mut *key);
        key
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

/// PBKDF2-HMAC-SHA-256 (RFC 8018 §5.2): a key from a text of little chance, at the price of so many rounds. Here and not
/// where it is asked for, so that tests have it optimised.
#[must_use]
pub fn stretch(text: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(text, salt, rounds, &mut *key);
    key
}

/// AES-256-GCM as it is. The key must not seal twice with one nonce.
#[must_use]
pub fn seal(key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], bytes: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: bytes, aad: associated };
    Aes256Gcm::new(key.into()).encrypt(nonce.into(), payload).expect("a message is far below 2^36 bytes")
}

/// The reverse of [`seal`].
///
/// # Errors
/// [`NotOpened`].
pub fn unseal(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated: &[u8],
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let payload = Payload { msg: bytes, aad: associated };
    Aes256Gcm::new(key.into()).decrypt(nonce.into(), payload).map(Zeroizing::new).map_err(|_| NotOpened)
}

fn expand(key: &[u8; 32], info: &[u8], place: &[u8], out: &mut [u8]) {
    Hkdf::<Sha256>::new(None, key)
        .expand_multi_info(&[info, &[0], place], out)
        .expect("HKDF-SHA256 gives up to 8160 bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn stretching_agrees_with_the_vectors_of_rfc_7914() {
        // RFC 7914 §11 gives 64 bytes; the first 32 are the first block.
        let expected = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc";
        assert_eq!(hex::encode(*stretch(b"passwd", b"salt", 1)), expected);
        let expected = "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56";
        assert_eq!(hex::encode(*stretch(b"Password", b"NaCl", 80_000)), expected);
    }

    #[test]
    fn codes_of_two_links_and_of_two_keys_have_nothing_in_common() {
        let (key, other) = (DataKey::from_bytes(KEY), DataKey::from_bytes([8; 32]));
        assert_eq!(key.code("a"), key.code("a"));
        assert!(key.code("a") != key.code("b") && key.code("a") != other.code("a"));
        assert_ne!(key.code("a")[..], key.index("a")[..15]);
    }

    #[test]
    fn an_envelope_opens_with_its_key_in_its_place_only() {
        let key = DataKey::from_bytes(KEY);
        let sealed = key.seal("record/a/1", &[1; 12], "Điểm 8,5".as_bytes());
        assert_eq!(key.unseal("record/a/1", &[1; 12], &sealed).expect("opens").as_slice(), "Điểm 8,5".as_bytes());
        assert_eq!(key.unseal("record/b/1", &[1; 12], &sealed), Err(NotOpened));
        assert_eq!(key.unseal("record/a/1", &[2; 12], &sealed), Err(NotOpened));
        assert_eq!(DataKey::from_bytes([8; 32]).unseal("record/a/1", &[1; 12], &sealed), Err(NotOpened));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.unseal("record/a/1", &[1; 12], &changed), Err(NotOpened), "byte {at}");
        }
    }

    #[test]
    fn aes_gcm_gives_the_published_bytes() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 (AES-256, with associated data).
        let bytes = |text: &str| hex::decode(text).expect("hex");
        let key: [u8; 32] =
            bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().expect("32");
        let nonce: [u8; 12] = bytes("cafebabefacedbaddecaf888").try_into().expect("12");
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
        );
        let associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let sealed = bytes(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        assert_eq!(seal(&key, &nonce, &associated, &plain), sealed);
        assert_eq!(unseal(&key, &nonce, &associated, &sealed).expect("opens").as_slice(), plain);
    }

    #[test]
    fn a_key_file_goes_both_ways_and_others_may_not_read_it() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("data.key");
        DataKey::from_bytes(KEY).save(&path).expect("saved");
        let read = DataKey::open(&path, Mode::Production).expect("opened");
        assert_eq!(read.id(), DataKey::from_bytes(KEY).id());
        assert!(matches!(DataKey::from_bytes(KEY).save(&path), Err(KeystoreError::AlreadyExists { .. })));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("mode");
            let refused = DataKey::open(&path, Mode::Production);
            assert!(matches!(refused, Err(KeystoreError::PermissionsTooOpen { .. })));
        }
        std::fs::write(&path, "hocba-data-key-1 zz").expect("write");
        assert!(matches!(DataKey::open(&path, Mode::Demo), Err(KeystoreError::Malformed { .. })));
    }
}
