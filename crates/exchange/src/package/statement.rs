//! The department's signature over a package: a statement of its own kind over what the package is, its digest included
//! (`docs/spec/statement.md` §7).

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::{RecordId, Sha256Digest},
    types::{Text, UnixTime},
};
use hocba_signature::statement::{Header, Role, Statement, StatementError, StatementType};
use serde::{Deserialize, Serialize};

use super::{Layout, Package};

/// Largest payload in bytes; ours have about 250.
pub const MAX_CLAIMS_BYTES: usize = 4096;

/// What a department says of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageClaims {
    /// How many records.
    pub count: u32,
    /// When the package was put together.
    pub created: UnixTime,
    /// The department's code.
    pub department: Text,
    /// Identity of the package.
    pub id: RecordId,
    /// Name of the layout ([`Layout::id`]).
    pub layout: Text,
    /// SHA-256 of the file's bytes. The file holds salts, so nobody can guess a mark and test it by this digest.
    pub sha256: Sha256Digest,
}

/// Why a package is not what a department signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The payload is no package's.
    #[error(transparent)]
    Claims(#[from] CanonicalError),
    /// The statement is not one of this kind.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Not exactly one signature, by a department.
    #[error("a package has one signature, by a department")]
    Signer,
    /// Other bytes than those signed.
    #[error("the file is not the one that was signed")]
    Digest,
}

impl PackageClaims {
    /// What is to be signed for a package with these bytes.
    ///
    /// # Panics
    /// Never for a package that a [`Layout`] wrote: it has fewer than 2^32 records, and codes are texts.
    pub fn of(package: &Package, layout: &dyn Layout, bytes: &[u8]) -> Self {
        Self {
            count: u32::try_from(package.records.len()).unwrap_or(u32::MAX),
            created: package.header.created,
            department: package.header.department.as_str().parse().expect("codes are texts"),
            id: package.header.id,
            layout: layout.id().parse().expect("names of layouts are texts"),
            sha256: Sha256Digest::of(bytes),
        }
    }

    /// The canonical bytes, for [`Statement::unsigned`].
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("claims hold text and small integers")
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// For anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::from_slice(bytes, Limits { bytes: MAX_CLAIMS_BYTES, depth: 1 })
    }
}

/// What a statement says of a file: its claims and who signed. The signature itself and the signer's certificate are for
/// the caller to verify ([`Statement::verify`]), as everywhere.
///
/// # Errors
/// See [`PackageError`].
pub fn verify(statement: &Statement, bytes: &[u8]) -> Result<(PackageClaims, Header), PackageError> {
    let mut headers = statement.headers(StatementType::Package)?;
    let header = headers.pop().filter(|h| headers.is_empty() && h.role == Role::Department);
    let header = header.ok_or(PackageError::Signer)?;
    let claims = PackageClaims::from_bytes(statement.payload())?;
    if claims.sha256 != Sha256Digest::of(bytes) {
        return Err(PackageError::Digest);
    }
    Ok((claims, header))
}
