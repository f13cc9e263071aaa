//! The status log alone, checked while it is read: what a sender needs to know before it sets statuses.

use hocba_bundle::facts::{STATUS_LOG_TAG, StatusFact, status_digest};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};

use crate::{
    AnchorClient, ClientError, Head, MAX_STATUSES, Rpc,
    client::Result,
    contract::{Event, TxHash},
    decode::{BlockHead, Problem, fault},
};

/// All statuses at one block. The list leads to the head that the contract named beside it.
///
/// A transaction that sets statuses names only the index of its first entry, not the digest before it. That it takes
/// effect once rests on the contract's other rule as well: it refuses an entry that says what is stored already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLog {
    /// The block it was read at.
    pub block: BlockHead,
    /// Count and digest.
    pub head: Head,
    entries: Vec<StatusFact>,
}

impl StatusLog {
    /// The entries, by index.
    pub fn entries(&self) -> &[StatusFact] {
        &self.entries
    }

    /// What is stored under a key: the last entry on it.
    pub fn stored(&self, key: &Sha256Digest) -> Option<&StatusFact> {
        self.entries.iter().rev().find(|e| e.key == *key)
    }
}

impl<R: Rpc> AnchorClient<R> {
    /// Reads the status log at the latest block, whole or what came after `earlier`, and re-computes its digests.
    ///
    /// # Errors
    /// The node's own; [`ClientError::Answer`] where the list does not lead to the digest. After a reorganisation that
    /// is so with an `earlier` from before it: read again without.
    pub async fn status_log(&self, earlier: Option<StatusLog>) -> Result<StatusLog> {
        let block = self.block("latest").await?;
        let tag = format!("{:#x}", block.number);
        let head = self.status_head_at(&tag).await?;
        if head.count > MAX_STATUSES {
            return Err(ClientError::TooMany { count: head.count, max: MAX_STATUSES });
        }
        let deployment = self.deployment();
        let (known, mut digest) = match earlier {
            Some(earlier) => (earlier.entries, earlier.head.digest),
            None => (Vec::new(), self.genesis(STATUS_LOG_TAG).await?),
        };
        let first = known.len();
        let entries = self.read_statuses(known, &tag, head.count).await?;
        for (index, entry) in (0..).zip(&entries).skip(first) {
            digest = status_digest(deployment.chain, &deployment.contract, index, entry, &digest);
        }
        if digest != head.digest {
            return Err(fault("statusHead", Problem::Contradiction).into());
        }
        Ok(StatusLog { block, head, entries })
    }

    /// The transaction that made the entry with this index, key and block time, and its block, from the logs. For an entry that is
    /// there although no transaction for it is known: after a restore from a backup.
    ///
    /// # Errors
    /// The node's own.
    pub async fn status_setting(
        &self,
        index: u64,
        key: &Sha256Digest,
        time: UnixTime,
    ) -> Result<Option<(TxHash, u64)>> {
        let is_it = |event| match event {
            Event::StatusSet { index: found, status } => (found, status.key) == (index, *key),
            _ => false,
        };
        self.placed("StatusSet", index, key, time, is_it).await
    }
}
