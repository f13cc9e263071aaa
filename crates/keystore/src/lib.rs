//! Where private keys live and how they sign.
//!
//! [`SigningKey`] is the one port to a key that signs statements, wherever it lives: in an encrypted file (PKCS#8 beside
//! its certificates, PKCS#12 with them inside), on a token or in an HSM (PKCS#11, feature `pkcs11`), or at a service for
//! central signing (CSC API v2, feature `remote`). secp256k1 keys send transactions ([`Secp256k1Key`]). A third kind
//! seals personal data in the database ([`DataKey`]). `docs/keys.md` tells signers how to use it.
//!
//! What this crate does not do: it does not decide who may sign what, it does not check certificates beyond "this one
//! is for this key", and it makes no keys by itself: seeds and salts are arguments (RSA blinding and PSS salts come from
//! the operating system). It erases the secrets it holds, but cannot answer for copies in the operating system's memory
//! or in the buffers of the libraries below it.
//!
//! Specifications: PKCS#8 ([RFC 5958]), PBES2 with scrypt or PBKDF2-HMAC-SHA256 and AES-256 ([RFC 8018], [RFC 7914]),
//! Ed25519 keys ([RFC 8410]), EC keys ([RFC 5915]), RSA keys ([RFC 8017]), PEM ([RFC 7468]), PKCS#12 ([RFC 7292]), the
//! form of signatures of JWS ([RFC 7518]). Files go both ways with `openssl pkcs8` and `openssl pkey`; the tests do both.
//!
//! The keys in `keys-example/` are public, so their signatures are worth nothing. They are recognised by fingerprint
//! and open only in [`Mode::Demo`].
//!
//! ```
//! use hocba_keystore::{Cost, Ed25519Key, Mode, Passphrase};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("teacher.key.pem");
//! # let (seed, salt) = ([7; 32], [9; 32]);
//!
//! let key = Ed25519Key::from_seed(&seed); // 32 bytes from the operating system's generator
//! let passphrase = Passphrase::new("một câu dài dễ nhớ");
//! key.save_encrypted(&path, &passphrase, Cost::Standard, &salt)?; // and 32 more
//!
//! let key = Ed25519Key::open(&path, &passphrase, Mode::Production)?;
//! let signature: [u8; 64] = key.sign(b"statement");
//! # let _ = signature;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [RFC 5915]: https://www.rfc-editor.org/rfc/rfc5915
//! [RFC 5958]: https://www.rfc-editor.org/rfc/rfc5958
//! [RFC 7468]: https://www.rfc-editor.org/rfc/rfc7468
//! [RFC 7292]: https://www.rfc-editor.org/rfc/rfc7292
//! [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
//! [RFC 7914]: https://www.rfc-editor.org/rfc/rfc7914
//! [RFC 8017]: https://www.rfc-editor.org/rfc/rfc8017
//! [RFC 8018]: https://www.rfc-editor.org/rfc/rfc8018
//! [RFC 8410]: https://www.rfc-editor.org/rfc/rfc8410

mod chain;
mod container;
mod data_key;
mod ed25519;
mod error;
mod example;
mod file;
mod files;
mod passphrase;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod pkcs12;
#[cfg(feature = "remote")]
mod remote;
mod secp256k1;
mod signing;
mod software;
mod stopped;

pub use chain::{CertificatesFault, MAX_CERTIFICATES, certificates_of, read_certificate_chain};
pub use container::Cost;
pub use data_key::{DataKey, NotOpened, seal, stretch, unseal};
pub use ed25519::Ed25519Key;
pub use error::KeystoreError;
pub use example::is_example_key;
pub use file::MAX_FILE_BYTES;
pub use passphrase::Passphrase;
#[cfg(feature = "pkcs11")]
pub use pkcs11::{
    CertificateReport, Finding, KeyReport, ModuleReport, PinState, SlotReport, TokenChoice, TokenKey, TokenReport,
    inspect_module,
};
#[cfg(feature = "remote")]
pub use remote::{
    Clock, DEFAULT_BATCH, DEFAULT_TIMEOUT, Question, RemoteService, RemoteSettings, SecondFactor, ServiceInfo,
    SystemClock,
};
pub use secp256k1::Secp256k1Key;
pub use signing::SigningKey;
pub use software::SoftwareKey;
pub use stopped::{Secret, SigningError, Stopped};

/// Whether the example keys may be used.
///
/// There is no default on purpose: whoever opens a key says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything shown is marked DEMO. Example keys open, and their files may be readable by everyone, as a checkout
    /// leaves them.
    Demo,
    /// Signatures count. Example keys are refused.
    Production,
}
