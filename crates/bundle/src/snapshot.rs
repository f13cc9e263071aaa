//! Snapshots: chain facts that a verifier fetched itself, kept for when there is no network.
//!
//! A snapshot proves nothing to anyone but whoever took it. Its lists are checked against the contract's chained
//! digests each time it is read, and statuses that come with signed statements can be attributed.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    types::UnixTime,
};
use hocba_signature::statement::Statement;
use serde::{Deserialize, Serialize};

use crate::{
    facts::{ChainFacts, CheckedFacts, FactsError},
    format::AuthorityPart,
};

/// Largest snapshot in bytes: 100,000 statuses and 10,000 batches of about 250 bytes each, twice over.
pub const MAX_SNAPSHOT_BYTES: usize = 64 * 1024 * 1024;

/// The format marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotFormat {
    /// The first.
    #[serde(rename = "snapshot-1")]
    V1,
}

/// A snapshot file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// What is known of earlier eras, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<ChainFacts>,
    /// What the chain said.
    pub facts: ChainFacts,
    /// Format.
    pub hocba: SnapshotFormat,
    /// Signed status statements and what shows the right to make them.
    pub statuses: StatusEvidence,
    /// When it was taken, by the clock of whoever took it.
    pub taken_at: UnixTime,
}

/// Signed statements behind entries of the status log. Hints: each is checked against the log before it is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusEvidence {
    /// Certificates and appointments of those who signed them.
    pub authority: AuthorityPart,
    /// The statements, in any order.
    pub statements: Vec<Statement>,
}

/// A snapshot whose lists lead to the contract's digests.
#[derive(Debug, Clone)]
pub struct OpenSnapshot {
    /// The facts.
    pub facts: CheckedFacts,
    /// The statements behind statuses.
    pub statuses: StatusEvidence,
    /// When it was taken.
    pub taken_at: UnixTime,
}

/// Why a snapshot is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not the canonical bytes of a snapshot.
    #[error(transparent)]
    Unreadable(#[from] CanonicalError),
    /// It contradicts itself.
    #[error(transparent)]
    Facts(#[from] FactsError),
}

impl Snapshot {
    /// The canonical bytes: the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a snapshot holds text and integers below 2^53")
    }
}

impl OpenSnapshot {
    /// Reads and checks a snapshot.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn open(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let snapshot: Snapshot = canonical::from_slice(bytes, Limits { bytes: MAX_SNAPSHOT_BYTES, depth: 9 })?;
        let earlier = snapshot.earlier.into_iter().map(ChainFacts::check).collect::<Result<_, _>>()?;
        Ok(Self {
            facts: snapshot.facts.check()?.with_earlier(earlier),
            statuses: snapshot.statuses,
            taken_at: snapshot.taken_at,
        })
    }
}
