//! The register of batches alone, checked while it is read: what a sender needs to know before it anchors.

use hocba_bundle::facts::{ANCHOR_TAG, BatchFact, IssuerCode, batch_digest};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use serde_json::json;

use crate::{
    AnchorClient, ClientError, Head, MAX_BATCHES, Receipt, Rpc,
    client::Result,
    contract::{Event, TxHash, decode_event, topic},
    decode::{self, BlockHead, MAX_PAGE, Problem, fault},
};

/// All batches at one block. The list leads to the head that the contract named beside it, so whoever names that head
/// in an anchoring has seen every batch before it: the contract takes the anchoring after this very list or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The block it was read at.
    pub block: BlockHead,
    /// Count and digest.
    pub head: Head,
    batches: Vec<BatchFact>,
}

impl Register {
    /// The batches, by index.
    pub fn batches(&self) -> &[BatchFact] {
        &self.batches
    }

    /// The first batch with this root, size and issuer, with its index.
    pub fn find(&self, root: &Sha256Digest, size: u32, issuer: &IssuerCode) -> Option<(u64, &BatchFact)> {
        (0..).zip(&self.batches).find(|(_, b)| b.root == *root && b.size == size && b.issuer == *issuer)
    }
}

impl<R: Rpc> AnchorClient<R> {
    /// Reads the register at the latest block, whole or what came after `earlier`, and re-computes its digests.
    ///
    /// # Errors
    /// The node's own; [`ClientError::Answer`] where the list does not lead to the digest. After a reorganisation that
    /// is so with an `earlier` from before it: read again without.
    pub async fn register(&self, earlier: Option<Register>) -> Result<Register> {
        let block = self.block("latest").await?;
        let tag = format!("{:#x}", block.number);
        let head = self.head_at(&tag).await?;
        if head.count > MAX_BATCHES {
            return Err(ClientError::TooMany { count: head.count, max: MAX_BATCHES });
        }
        let deployment = self.deployment();
        let (mut batches, mut digest) = match earlier {
            Some(earlier) => (earlier.batches, earlier.head.digest),
            None => (Vec::new(), self.genesis(ANCHOR_TAG).await?),
        };
        while (batches.len() as u64) < head.count {
            let from = batches.len() as u64;
            let limit = MAX_PAGE.min(head.count - from);
            let page = self.batch_page(from, limit, &tag).await?;
            for (index, batch) in (from..).zip(&page) {
                digest = batch_digest(deployment.chain, &deployment.contract, index, batch, &digest);
            }
            batches.extend(page);
        }
        if batches.len() as u64 != head.count || digest != head.digest {
            return Err(fault("head", Problem::Contradiction).into());
        }
        Ok(Register { block, head, batches })
    }

    /// The transaction that anchored the batch with this index, root and block time, and its block, from the logs. For a
    /// batch that is there although no transaction for it is known: after a restore from a backup.
    ///
    /// # Errors
    /// The node's own.
    pub async fn anchoring(&self, index: u64, root: &Sha256Digest, time: UnixTime) -> Result<Option<(TxHash, u64)>> {
        let is_it = |event| match event {
            Event::Anchored { index: found, batch, .. } => (found, batch.root) == (index, *root),
            _ => false,
        };
        self.placed("Anchored", index, root, time, is_it).await
    }

    /// Makes sure that the block which a receipt names is there, with the receipt's hash and this time: a receipt is one
    /// node's word, and where something was recorded is kept for good.
    ///
    /// # Errors
    /// [`ClientError::Answer`] where it is another block; the node's own.
    pub async fn check_place(&self, receipt: &Receipt, time: UnixTime) -> Result<()> {
        let block = self.block_by_number(&format!("{:#x}", receipt.block)).await?;
        let fits = (block.hash, block.time) == (receipt.block_hash, time);
        if fits { Ok(()) } else { Err(fault("receipt", Problem::Contradiction).into()) }
    }

    /// The transaction of an event with this index, second topic and block time, and its block.
    pub(crate) async fn placed(
        &self,
        name: &str,
        index: u64,
        subject: &Sha256Digest,
        time: UnixTime,
        is_it: impl Fn(Event) -> bool,
    ) -> Result<Option<(TxHash, u64)>> {
        let topics = [topic(name), decode::word(index), *subject.as_bytes()].map(|t| format!("0x{}", hex::encode(t)));
        // Several blocks may have one time on a development chain.
        let (mut from, latest) = (self.first_block_at(time).await?, self.block("latest").await?.number);
        while from <= latest && self.block(&format!("{from:#x}")).await?.time == time {
            let filter = json!([{
                "address": self.deployment().contract,
                "fromBlock": format!("{from:#x}"),
                "toBlock": format!("{from:#x}"),
                "topics": topics,
            }]);
            let logs = decode::decode_logs(&self.rpc().request("eth_getLogs", filter).await?)?;
            for log in logs.iter().filter(|log| log.address == self.deployment().contract && !log.removed) {
                if decode_event(log)?.is_some_and(&is_it) {
                    if log.block != from {
                        return Err(fault("logs", Problem::Contradiction).into());
                    }
                    return Ok(Some((log.transaction, log.block)));
                }
            }
            from += 1;
        }
        Ok(None)
    }

    /// The first block that is not before this time, by halving: block times never decrease.
    async fn first_block_at(&self, time: UnixTime) -> Result<u64> {
        let (mut low, mut high) = (self.lowest(), self.block("latest").await?.number + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.block(&format!("{middle:#x}")).await?.time < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Whether the node has a transaction, mined or waiting. One that it does not have is to be sent again.
    ///
    /// # Errors
    /// The node's own.
    pub async fn knows(&self, transaction: &TxHash) -> Result<bool> {
        let answer = self.rpc().request("eth_getTransactionByHash", json!([transaction.to_string()])).await?;
        match answer.get("hash").and_then(serde_json::Value::as_str) {
            None if answer.is_null() => Ok(false),
            Some(hash) if hash == transaction.to_string() => Ok(true),
            _ => Err(fault("transaction", Problem::Contradiction).into()),
        }
    }
}
