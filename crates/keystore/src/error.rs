//! What can go wrong with a key file.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{MAX_CERTIFICATES, MAX_FILE_BYTES};

/// Why a key or certificate file could not be used. Each names the file, none names a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// There is no such file: check the configured path.
    #[error("{path} does not exist")]
    FileNotFound {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The passphrase does not open the file. A file damaged after encryption looks the same: nothing in PBES2 with
    /// CBC tells the two apart.
    #[error("{path} does not open with this passphrase")]
    WrongPassphrase {
        /// The key file.
        path: PathBuf,
    },
    /// The file opened, but holds another kind of key than the one asked for.
    #[error("{path} holds a key of kind {found}, wanted {wanted}")]
    UnsupportedKey {
        /// The key file.
        path: PathBuf,
        /// Object identifier found: of the algorithm, or of the curve for an EC key.
        found: String,
        /// Object identifier and name of what was asked for.
        wanted: &'static str,
    },
    /// The file is encrypted in a way we do not open, such as PKCS#12 schemes, DES or HMAC-SHA1.
    #[error(
        "{path} is encrypted with {found}; re-encrypt it: \
         openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in {path} -out new.key.pem"
    )]
    UnsupportedEncryption {
        /// The key file.
        path: PathBuf,
        /// Object identifier or name of the scheme found.
        found: String,
    },
    /// A PKCS#12 file whose protection we do not open: the old schemes (RC2, 3DES, SHA-1), or none.
    #[error(
        "{path} is protected with {found}, as old programs do; write it anew, with the same passphrase if you like: \
         openssl pkcs12 -legacy -in {path} -nodes | openssl pkcs12 -export -out new.p12"
    )]
    OldPkcs12 {
        /// The file.
        path: PathBuf,
        /// Object identifier or name of the scheme found.
        found: String,
    },
    /// There is no certificate for the key in the file: give the chain as a PEM file beside it.
    #[error("{path} holds no certificate for its key; give the certificate chain as a PEM file")]
    CertificateMissing {
        /// The key file.
        path: PathBuf,
    },
    /// The file asks for more work to open than any honest file needs; see [`Cost`](crate::Cost) for the limits.
    #[error("{path} asks for too much work to open: {asked}")]
    CostTooHigh {
        /// The key file.
        path: PathBuf,
        /// The parameters asked for.
        asked: String,
    },
    /// The private key lies in the file in the clear.
    #[error(
        "{path} is not encrypted; encrypt it and destroy the plain copy: \
         openssl pkcs8 -topk8 -v2 aes-256-cbc -in {path} -out encrypted.key.pem"
    )]
    NotEncrypted {
        /// The key file.
        path: PathBuf,
    },
    /// The leaf certificate is for another key.
    #[error("the first certificate of {path} is for key {certificate}, the private key is {key}")]
    CertificateMismatch {
        /// The certificate chain file.
        path: PathBuf,
        /// SHA-256 of the certificate's public key (SPKI), lowercase hex.
        certificate: String,
        /// SHA-256 of the private key's public half (SPKI), lowercase hex.
        key: String,
    },
    /// Others on this machine can read the file.
    #[error("{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")]
    PermissionsTooOpen {
        /// The key or passphrase file.
        path: PathBuf,
        /// Unix permission bits found.
        mode: u32,
    },
    /// The file is not what its name says: no PEM, wrong label, broken ASN.1, inner parts that disagree.
    #[error("{path} is malformed: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was found or missing; never a value from inside a key.
        what: String,
    },
    /// Larger than any key or chain file: read no further than [`MAX_FILE_BYTES`].
    #[error("{path} is larger than {MAX_FILE_BYTES} bytes or holds more than {MAX_CERTIFICATES} certificates")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The key is one of the published examples, and this is not a demo.
    #[error("{path} is the published example key {name:?} ({fingerprint}); anyone can sign with it")]
    ExampleKeyRefused {
        /// The key file.
        path: PathBuf,
        /// Its name in `keys-example/`.
        name: &'static str,
        /// SHA-256 of its public key, lowercase hex.
        fingerprint: String,
    },
    /// Saving would overwrite something, perhaps the only copy of a key.
    #[error("{path} exists already; keys are never overwritten")]
    AlreadyExists {
        /// The file that is in the way.
        path: PathBuf,
    },
    /// The operating system refused to read or write.
    #[error("cannot read or write {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
