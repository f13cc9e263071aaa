//! What can go wrong with a key that lives elsewhere, and how far a class got.

use std::path::PathBuf;

use thiserror::Error;

use crate::KeystoreError;

/// Signing ended before the last message.
#[derive(Debug, Error)]
#[error("signed {signed} of {of}, then: {why}")]
pub struct Stopped {
    /// Signatures that were made, checked and handed over.
    pub signed: usize,
    /// Messages that there were.
    pub of: usize,
    /// What happened, and what to do.
    #[source]
    pub why: SigningError,
}

/// Which secret was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// The PIN of a token.
    Pin,
    /// A second factor of a signing service, by its name there: `OTP`, `PIN`.
    Factor(String),
}

/// Why a key could not be opened or did not sign. Each variant is something else to do; none holds a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SigningError {
    /// A key or certificate file.
    #[error(transparent)]
    File(#[from] KeystoreError),
    /// The PKCS#11 module cannot be loaded or does not start: check its path, install the vendor's driver.
    #[error("{path} is no PKCS#11 module that works: {reason}; install the token's driver or check the path")]
    Module {
        /// The library.
        path: PathBuf,
        /// What the loader or the module said.
        reason: String,
    },
    /// The token asked for is not in any slot: plug it in.
    #[error("no token {wanted} is plugged in{}; plug it in and run again", found(.seen))]
    TokenAbsent {
        /// Label or serial number asked for, or "at all".
        wanted: String,
        /// Labels and serial numbers of the tokens that are there.
        seen: Vec<String>,
    },
    /// The token was there and is gone: put it back and go on with the rest.
    #[error("token {token} was pulled out or stopped answering; plug it in again and run again for the rest")]
    TokenPulled {
        /// Its label.
        token: String,
    },
    /// Several tokens fit: name one.
    #[error("several tokens fit{}; name one by its label or serial number", found(.seen))]
    TokenAmbiguous {
        /// Labels and serial numbers.
        seen: Vec<String>,
    },
    /// The secret is wrong. It is never tried twice by itself: tokens lock after a few.
    #[error(
        "the {} is wrong{}",
        match .secret { Secret::Pin => "PIN", Secret::Factor(name) => name },
        match .tries_left { Some(1) => "; one try is left before it locks".into(), Some(n) => format!("; {n} tries are left"), None => String::new() }
    )]
    WrongSecret {
        /// Which one.
        secret: Secret,
        /// Tries before it locks, where the keystore says so.
        tries_left: Option<u32>,
    },
    /// The PIN is locked, or has to be changed before it is used: only the vendor's tool or the CA's desk helps.
    #[error(
        "the PIN of {token} is locked; unlock it with the vendor's tool (PUK) or at the certificate authority's desk"
    )]
    PinLocked {
        /// The token's label, or the credential.
        token: String,
    },
    /// A PIN or second factor is needed and none was given.
    #[error("{asked} is needed and was not given")]
    SecretMissing {
        /// What was asked for.
        asked: String,
    },
    /// The signer's authorisation covered this many signatures or seconds and is used up: ask the signer again.
    #[error("the authorisation is used up after {signatures} signatures; authorise again and run again for the rest")]
    AuthorisationExhausted {
        /// Signatures made under it.
        signatures: usize,
    },
    /// The signer did not confirm, or in time.
    #[error("the signer did not authorise the signatures: {reason}")]
    NotAuthorised {
        /// What the service said.
        reason: String,
    },
    /// The access token of the service is no longer good: log in there again.
    #[error("{server} does not accept the access token any more; log in again")]
    AccessExpired {
        /// The service.
        server: String,
    },
    /// The address or the list of authorities given for a service cannot be used: mend the settings.
    #[error("the signing service cannot be used as it is set up: {reason}")]
    Address {
        /// What is wrong; never the secret in it.
        reason: String,
    },
    /// The service does not answer: try again later.
    #[error("{server} cannot be reached: {reason}; run again later for the rest")]
    Unreachable {
        /// The service, without path or secrets.
        server: String,
        /// What the network said.
        reason: String,
    },
    /// The keystore says no, and saying the same again will not help.
    #[error("{by} refused: {reason}")]
    Refused {
        /// Token or service.
        by: String,
        /// Its words.
        reason: String,
    },
    /// There is no such key.
    #[error("no key {wanted} there{}", found(.seen))]
    KeyNotFound {
        /// Id, credential, or what was looked for.
        wanted: String,
        /// Keys or credentials that are there.
        seen: Vec<String>,
    },
    /// Several keys with certificates fit: name one.
    #[error("several keys fit{}; name one by its id", found(.seen))]
    KeyAmbiguous {
        /// Their ids.
        seen: Vec<String>,
    },
    /// There is no certificate for the key, where it lives or beside it.
    #[error("there is no certificate for key {key}; give it as a PEM file")]
    CertificateMissing {
        /// The key's id.
        key: String,
    },
    /// The certificate is for another key.
    #[error("the certificate is for another key than {key}")]
    CertificateMismatch {
        /// The key's id.
        key: String,
    },
    /// The keystore cannot sign with this algorithm.
    #[error("cannot sign with {wanted}: {what}")]
    UnsupportedMechanism {
        /// The algorithm, or the kind of key.
        wanted: String,
        /// Why not.
        what: String,
    },
    /// The keystore sees only hashes, and Ed25519 signs whole messages (RFC 8032 §4): another key has to be used.
    #[error("{by} signs hashes only, so it cannot sign with Ed25519; use an RSA or ECDSA key")]
    OnlyHashes {
        /// The service.
        by: String,
    },
    /// What came back does not verify under the certificate. The token or service is faulty: do not go on with it.
    #[error("{from} made a signature that its own certificate does not verify; do not use it until that is explained")]
    BadSignature {
        /// Token, file or service.
        from: String,
    },
    /// An answer that is none: too long, not what the specification says.
    #[error("{from} answered with something else than expected: {what}")]
    BadAnswer {
        /// Token or service.
        from: String,
        /// What was wrong with it.
        what: String,
    },
    /// Anything else that the token said.
    #[error("{token} failed: {reason}")]
    Device {
        /// The token's label.
        token: String,
        /// Return value and function of PKCS#11.
        reason: String,
    },
}

fn found(seen: &[String]) -> String {
    if seen.is_empty() { String::new() } else { format!(" (found: {})", seen.join(", ")) }
}
