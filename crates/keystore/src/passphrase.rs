//! The passphrase of a key file.

use std::{fmt, path::Path};

use zeroize::Zeroizing;

use crate::{KeystoreError, Mode, file};

/// A passphrase, erased from memory when dropped and never printed.
///
/// Its UTF-8 bytes go into the key derivation as they are; different Unicode forms of the same text are different
/// passphrases, as they are for every other PKCS#8 tool.
#[derive(Clone)]
pub struct Passphrase {
    text: Zeroizing<String>,
}

impl Passphrase {
    /// Takes the passphrase itself.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: Zeroizing::new(text.into()) }
    }

    /// Reads the passphrase from a file, as configuration names it; one line end at the end does not count.
    ///
    /// # Errors
    /// `FileNotFound`, `TooLarge`, `Malformed` (not UTF-8), `Io`; `PermissionsTooOpen` in production if others can read
    /// the file.
    pub fn read(path: &Path, mode: Mode) -> Result<Self, KeystoreError> {
        let contents = file::read(path)?;
        if mode == Mode::Production {
            contents.access.refuse_if_open_to_others(path)?;
        }
        let text = contents.text.strip_suffix('\n').unwrap_or(&contents.text);
        Ok(Self::new(text.strip_suffix('\r').unwrap_or(text)))
    }

    /// The text. Copies of it are the caller's to erase.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}
