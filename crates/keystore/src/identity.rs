//! A signing key together with the certificates that say whose it is.

use std::path::Path;

use pkcs8::Document;
use sha2::{Digest, Sha256};

use crate::{Ed25519Key, KeystoreError, Mode, Passphrase, file};

/// Most certificates in one chain file, as in the protocol's limits.
pub const MAX_CERTIFICATES: usize = 16;

/// An Ed25519 key and its certificate chain; the first certificate is for this very key.
#[derive(Clone, Debug)]
pub struct Identity {
    key: Ed25519Key,
    certificate_chain: Vec<Vec<u8>>,
}

impl Identity {
    /// Opens a key file and the PEM certificate chain beside it.
    ///
    /// # Errors
    /// Those of [`Ed25519Key::open`], the file errors again for the chain, and `CertificateMismatch`.
    pub fn open(
        key_path: &Path,
        chain_path: &Path,
        passphrase: &Passphrase,
        mode: Mode,
    ) -> Result<Self, KeystoreError> {
        // The chain first: it is public and cheap, and no key needs to be in memory to find its path misspelt.
        let certificate_chain = read_certificate_chain(chain_path)?;
        let key = Ed25519Key::open(key_path, passphrase, mode)?;
        let certified = leaf_spki(&certificate_chain[0], chain_path)?;
        if certified != key.spki_der() {
            return Err(KeystoreError::CertificateMismatch {
                path: chain_path.to_owned(),
                certificate: hex::encode(Sha256::digest(certified)),
                key: hex::encode(key.spki_sha256()),
            });
        }
        Ok(Self { key, certificate_chain })
    }

    /// The private key.
    #[must_use]
    pub const fn key(&self) -> &Ed25519Key {
        &self.key
    }

    /// DER certificates, leaf first, 1 to [`MAX_CERTIFICATES`], byte for byte as in the file. Nothing but the leaf's key
    /// has been checked: order, names, dates and signatures are the verifier's business.
    #[must_use]
    pub fn certificate_chain(&self) -> &[Vec<u8>] {
        &self.certificate_chain
    }

    /// SHA-256 of the leaf certificate, which a signature names as `x5t#S256` (RFC 7515 §4.1.8).
    #[must_use]
    pub fn leaf_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate_chain[0]).into()
    }
}

/// Reads the DER of one or more `CERTIFICATE` blocks; text between them is legal in PEM (RFC 7468 §2) and skipped.
///
/// # Errors
/// `FileNotFound` and its kin, `TooLarge` above [`MAX_CERTIFICATES`], `Malformed` for anything but certificates.
pub fn read_certificate_chain(path: &Path) -> Result<Vec<Vec<u8>>, KeystoreError> {
    const END: &str = "-----END CERTIFICATE-----";
    let malformed = |what: String| KeystoreError::Malformed { path: path.to_owned(), what };
    let contents = file::read(path)?;
    let mut rest = contents.text.as_str();
    let mut chain = Vec::new();
    while let Some(end) = rest.find(END) {
        if chain.len() == MAX_CERTIFICATES {
            return Err(KeystoreError::TooLarge { path: path.to_owned() });
        }
        let (block, behind) = rest.split_at(end + END.len());
        let (_, document) = Document::from_pem(block).map_err(|error| malformed(error.to_string()))?;
        chain.push(document.into_vec());
        rest = behind;
    }
    if chain.is_empty() || rest.contains("-----BEGIN") {
        return Err(malformed("wanted certificates and nothing else".into()));
    }
    Ok(chain)
}

/// The DER SubjectPublicKeyInfo of the leaf, byte for byte.
fn leaf_spki<'a>(leaf: &'a [u8], path: &Path) -> Result<&'a [u8], KeystoreError> {
    match x509_parser::parse_x509_certificate(leaf) {
        Ok(([], leaf)) => Ok(leaf.tbs_certificate.subject_pki.raw),
        _ => {
            let what = "the first certificate is no X.509 certificate".into();
            Err(KeystoreError::Malformed { path: path.to_owned(), what })
        }
    }
}
