//! What can go wrong.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::rpc;

/// Why there is no node, or not what was waited for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Node or an npm package is not there: a test may skip, saying so.
    NotInstalled {
        /// What is missing, and where it was looked for.
        missing: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// A file or folder.
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A node ended by itself, or what was waited for did not come.
    Node {
        /// What happened.
        what: String,
        /// The ends of the nodes' logs.
        logs: String,
    },
    /// A node could not be asked, or refused.
    Rpc(rpc::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { missing, fix } => write!(f, "{missing}: {fix}"),
            Self::File { action, path, source } => write!(f, "cannot {action} {}: {source}", path.display()),
            Self::Node { what, logs } => write!(f, "{what}\n{}", logs.trim_end()),
            Self::Rpc(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Rpc(error) => Some(error),
            Self::NotInstalled { .. } | Self::Node { .. } => None,
        }
    }
}

impl From<rpc::Error> for Error {
    fn from(error: rpc::Error) -> Self {
        Self::Rpc(error)
    }
}

/// Says on which file an operation failed.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::File { action, path: path.to_owned(), source })
    }
}
