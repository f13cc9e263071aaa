//! Keys from files: encrypted PKCS#8 beside a certificate chain, and PKCS#12 with the chain inside.

use std::path::{Path, PathBuf};

use hocba_signature::algorithm::Algorithm;
use sha2::{Digest, Sha256};

use crate::{
    KeystoreError, Mode, Passphrase, SigningError, SigningKey, SoftwareKey,
    chain::{self, read_certificate_chain},
    file, pkcs12,
    signing::{Keystore, algorithm_for},
};

impl SigningKey {
    /// Opens a key file of either format: PKCS#8 in PEM, which needs `chain_path`, or PKCS#12, which may have its
    /// certificates inside; a chain beside it counts more. `algorithm` is for RSA keys that shall make `PS256`.
    ///
    /// # Errors
    /// `File` with what is wrong with it; `UnsupportedMechanism` for an algorithm that the key does not make.
    pub fn open_file(
        key_path: &Path,
        chain_path: Option<&Path>,
        passphrase: &Passphrase,
        algorithm: Option<Algorithm>,
        mode: Mode,
    ) -> Result<Self, SigningError> {
        // The chain first: it is public and cheap, and no key needs to be in memory to find its path misspelt.
        let beside = chain_path.map(|path| read_certificate_chain(path).map(|chain| (path, chain))).transpose()?;
        let is_der = file::read_bytes(key_path)?.0.first() == Some(&0x30);
        let (key, inside) = if is_der {
            let opened = pkcs12::open(key_path, passphrase, mode)?;
            (opened.key, opened.certificate_chain)
        } else {
            (SoftwareKey::open(key_path, passphrase, mode)?, Vec::new())
        };
        let (path, chain) = match beside {
            Some((path, chain)) => (path, chain),
            None if inside.is_empty() => {
                return Err(KeystoreError::CertificateMissing { path: key_path.to_owned() }.into());
            }
            None => (key_path, inside),
        };
        Self::in_memory(key, chain, algorithm, path, key_path)
    }

    /// An open key with its certificates, the key's own first. `source` is where they come from, for messages.
    ///
    /// # Errors
    /// `File` with `CertificateMismatch`; `UnsupportedMechanism` for an algorithm that the key does not make.
    pub fn from_parts(
        key: impl Into<SoftwareKey>,
        certificate_chain: Vec<Vec<u8>>,
        algorithm: Option<Algorithm>,
        source: &Path,
    ) -> Result<Self, SigningError> {
        Self::in_memory(key.into(), certificate_chain, algorithm, source, source)
    }

    fn in_memory(
        key: SoftwareKey,
        chain: Vec<Vec<u8>>,
        algorithm: Option<Algorithm>,
        chain_path: &Path,
        key_path: &Path,
    ) -> Result<Self, SigningError> {
        let leaf = chain.first().and_then(|leaf| chain::parts(leaf)).ok_or_else(|| KeystoreError::Malformed {
            path: chain_path.to_owned(),
            what: "the first certificate is no X.509 certificate".into(),
        })?;
        if leaf.spki != key.spki_der() {
            return Err(KeystoreError::CertificateMismatch {
                path: chain_path.to_owned(),
                certificate: hex::encode(Sha256::digest(leaf.spki)),
                key: hex::encode(key.spki_sha256()),
            }
            .into());
        }
        let public = key.public_key();
        let algorithm = algorithm_for(&public, algorithm)?;
        let keystore = InMemory { key, algorithm, path: key_path.to_owned() };
        Ok(Self::new(Box::new(keystore), algorithm, public, chain))
    }
}

/// A key in this process's memory.
struct InMemory {
    key: SoftwareKey,
    algorithm: Algorithm,
    path: PathBuf,
}

impl Keystore for InMemory {
    fn sign_some(&mut self, messages: &[&[u8]]) -> Result<Vec<Vec<u8>>, SigningError> {
        let signature =
            self.key.sign(self.algorithm, messages[0]).ok_or_else(|| SigningError::UnsupportedMechanism {
                wanted: self.algorithm.to_string(),
                what: "the key in the file failed at it".into(),
            })?;
        Ok(vec![signature])
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}
