//! The statement by which a department closes an era: what the register held, signed, before the contract is told.
//!
//! The contract takes the statement's leaf into its closing digest, the trust profile names the digest. So the statement
//! can be shown by whoever has it and made by nobody else; it is not needed for a verdict.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::Sha256Digest,
};
use hocba_signature::{
    certificate::Certificate,
    statement::{Role, Statement, StatementError, StatementType},
};
use serde::{Deserialize, Serialize};

use crate::facts::{Address, ChainFacts};

/// Largest closing statement in bytes.
pub const MAX_CLOSING_BYTES: usize = 8 * 1024;

/// What is signed: an era as it was when it was closed (`docs/spec/anchor.md` §3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingStatement {
    /// Number of batches.
    pub batches: u64,
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// Digest after the last batch.
    pub head: Sha256Digest,
    /// Number of changes of statuses.
    pub statuses: u64,
    /// Digest after the last of them.
    pub status_head: Sha256Digest,
}

/// Why a closing statement is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosingError {
    /// Not the canonical bytes of such a statement.
    #[error(transparent)]
    Unreadable(#[from] CanonicalError),
    /// Not signed once, by the department with this certificate, as a closing.
    #[error("the closing's signature: {0}")]
    Statement(#[from] StatementError),
}

impl ClosingStatement {
    /// Of an era as it is; `None` where the facts have no status log.
    pub fn of(facts: &ChainFacts) -> Option<Self> {
        let ChainFacts { chain, contract, batches, head, status_head, .. } = facts;
        let statuses = facts.statuses.as_ref()?.len() as u64;
        Some(Self {
            batches: batches.len() as u64,
            chain: *chain,
            contract: *contract,
            head: *head,
            statuses,
            status_head: *status_head,
        })
    }

    /// The canonical bytes, as signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a closing holds text and integers below 2^53")
    }

    /// Reads a signed one. Its leaf, which goes on chain, is [`Statement::leaf_hash`].
    ///
    /// # Errors
    /// See [`ClosingError`]. Whether the certificate is a department's that may close this era is the caller's to know.
    pub fn open(bytes: &[u8], certificate: &Certificate) -> Result<(Self, Statement), ClosingError> {
        let statement = Statement::from_bytes(bytes, Limits { bytes: MAX_CLOSING_BYTES, depth: 4 })?;
        let headers = statement.headers(StatementType::Closing)?;
        match headers.as_slice() {
            [header] if header.role == Role::Department && header.certificate == *certificate.digest() => {}
            _ => return Err(StatementError::NoEntry { index: 0 }.into()),
        }
        statement.verify(0, certificate.key())?;
        let limits = Limits { bytes: MAX_CLOSING_BYTES, depth: 1 };
        Ok((canonical::from_slice(statement.payload(), limits)?, statement))
    }
}
