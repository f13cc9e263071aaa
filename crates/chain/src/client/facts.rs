//! Reading facts whole: every batch and every status, at one block.

use hocba_bundle::facts::{BatchFact, ChainFacts, StatusFact};
use serde_json::json;

use super::{AnchorClient, ClientError, Finality, Result, wants_less};
use crate::{
    contract::{Anchor, Deployment, Event, StatusChange, call, decode_event},
    decode::{self, BlockHead, MAX_PAGE, Problem, fault},
    rpc::Rpc,
    transaction::{SignedTransaction, Signer, Terms, prepare_anchor, prepare_set_status},
};

/// Most batches read. The whole country fills 275 a year; a million is 160 MB of answers and 120 MB of facts, and more
/// than that is a node that makes them up.
pub const MAX_BATCHES: u64 = 1_000_000;
/// Most status entries read, for the same reason: 18 million pupils with one correction in 20 a year are 0.9 million.
pub const MAX_STATUSES: u64 = 10_000_000;
/// Blocks per log request at first: what Besu allows if nothing else is set. Less where a node wants less.
const FIRST_LOG_RANGE: u64 = 5_000;
/// Most log requests for one set of facts. Each brings a call of statuses at least, of a hundred statuses in busy times.
const MAX_LOG_REQUESTS: u32 = 100_000;

/// What the logs of a range say of statuses.
#[derive(Debug, Default)]
struct StatusLogs {
    statuses: Vec<(u64, StatusFact)>,
    /// Of each call, the index of its first status and the block of the call before.
    calls: Vec<(u64, u64)>,
}

impl<R: Rpc> AnchorClient<R> {
    /// Reads everything the contract says, whole and at one settled block. The lists are complete and in order; that
    /// they lead to the digests beside them is for [`ChainFacts::check`] to say.
    ///
    /// # Errors
    /// See [`ClientError`]; nothing partial is ever given.
    pub async fn facts(&self, finality: Finality) -> Result<ChainFacts> {
        self.read_facts(finality, None).await
    }

    /// The same, reading only what came after `earlier`, which must be facts of the same deployment that stood their
    /// check. Where the chain was reorganised below them, the check of the result fails: read [`facts`](Self::facts).
    ///
    /// # Errors
    /// As for [`facts`](Self::facts); also when the contract now counts less than before.
    pub async fn facts_after(&self, earlier: &ChainFacts, finality: Finality) -> Result<ChainFacts> {
        self.read_facts(finality, Some(earlier)).await
    }

    async fn read_facts(&self, finality: Finality, earlier: Option<&ChainFacts>) -> Result<ChainFacts> {
        let block = self.settled(finality).await?;
        self.facts_at(&block, earlier).await
    }

    /// Reads everything at this block.
    pub(crate) async fn facts_at(&self, block: &BlockHead, earlier: Option<&ChainFacts>) -> Result<ChainFacts> {
        let Deployment { chain, contract, code } = self.deployment;
        let earlier = earlier.filter(|e| (e.chain, e.contract, e.code) == (chain, contract, code));
        let tag = format!("{:#x}", block.number);
        self.check_code(&tag).await?;
        let head = self.head_at(&tag).await?;
        let status_head = self.status_head_at(&tag).await?;
        let within = |count: u64, max: u64| if count > max { Err(ClientError::TooMany { count, max }) } else { Ok(()) };
        within(head.count, MAX_BATCHES)?;
        within(status_head.count, MAX_STATUSES)?;

        let mut batches = earlier.map_or_else(Vec::new, |e| e.batches.clone());
        if batches.len() as u64 > head.count {
            return Err(fault("head", Problem::Contradiction).into());
        }
        while (batches.len() as u64) < head.count {
            let from = batches.len() as u64;
            let limit = MAX_PAGE.min(head.count - from);
            batches.extend(self.batch_page(from, limit, &tag).await?);
        }

        let known = earlier.and_then(|e| e.statuses.clone()).unwrap_or_default();
        let statuses = self.read_statuses(known, &tag, status_head.count).await?;
        let closing = decode::decode_closing(&self.call(call::closing(), &tag).await?)?;
        let predecessor = self.predecessor_at(&tag).await?;

        // The block number named the state in every call above; the same hash before and after says that it was one
        // block all the time.
        let again = self.block_by_number(&tag).await?;
        if again.hash != block.hash {
            return Err(ClientError::Reorganised { block: block.number });
        }
        Ok(ChainFacts {
            chain: self.deployment.chain,
            contract: self.deployment.contract,
            code: self.deployment.code,
            block: block.number,
            block_time: block.time,
            block_hash: block.hash,
            batches,
            closing: closing.map(|(closing, _)| closing),
            head: head.digest,
            predecessor: predecessor.map(|p| p.closing),
            statuses: Some(statuses),
            status_head: status_head.digest,
        })
    }

    pub(crate) async fn batch_page(&self, from: u64, limit: u64, tag: &str) -> Result<Vec<BatchFact>> {
        let page = decode::decode_batches(&self.call(call::batches(from, limit), tag).await?)?;
        // All or an error: a short page would loop for ever.
        if page.len() as u64 == limit { Ok(page) } else { Err(fault("batches", Problem::Contradiction).into()) }
    }

    /// Goes back from block to block: the contract says where the latest statuses were set, and each call where the one
    /// before it was. Ends when all are found; never searches where there are none.
    pub(crate) async fn read_statuses(
        &self,
        mut known: Vec<StatusFact>,
        tag: &str,
        count: u64,
    ) -> Result<Vec<StatusFact>> {
        let first = known.len() as u64;
        let missing = count.checked_sub(first).ok_or(fault("statusHead", Problem::Contradiction))?;
        if missing == 0 {
            return Ok(known);
        }
        let mut found: Vec<(u64, StatusFact)> = Vec::new();
        let incomplete = |found: &[_]| ClientError::MissingLogs { expected: count, found: first + found.len() as u64 };
        let mut to = decode::decode_number(&self.call(call::status_block(), tag).await?)?;
        let (mut requests, mut range) = (0, FIRST_LOG_RANGE);
        while (found.len() as u64) < missing {
            requests += 1;
            if requests > MAX_LOG_REQUESTS {
                return Err(ClientError::ScanTooLong { requests: MAX_LOG_REQUESTS, block: to });
            }
            if to < self.since {
                return Err(incomplete(&found));
            }
            let from = to.saturating_sub(range - 1).max(self.since);
            let logs = match self.status_logs(from, to).await {
                Ok(logs) => logs,
                Err(ClientError::Rpc(e)) if range > 1 && wants_less(&e) => {
                    range = (range / 8).max(1);
                    continue;
                }
                Err(e) => return Err(e),
            };
            // The earliest call of the range says where the one before it is: below the range.
            let earliest = logs.calls.iter().min_by_key(|(index, _)| *index).copied();
            found.extend(logs.statuses.into_iter().filter(|(index, _)| *index >= first));
            if found.len() as u64 >= missing {
                break;
            }
            let Some((_, previous)) = earliest.filter(|(_, previous)| *previous < from) else {
                return Err(incomplete(&found));
            };
            to = previous;
        }
        found.sort_by_key(|(index, _)| *index);
        if found.len() as u64 != missing || !found.iter().zip(first..).all(|((index, _), place)| *index == place) {
            return Err(incomplete(&found));
        }
        known.extend(found.into_iter().map(|(_, status)| status));
        Ok(known)
    }

    async fn status_logs(&self, from: u64, to: u64) -> Result<StatusLogs> {
        // All events of the contract: not every node understands a choice of topics.
        let filter = json!([{
            "address": self.deployment.contract,
            "fromBlock": format!("{from:#x}"),
            "toBlock": format!("{to:#x}"),
        }]);
        let logs = decode::decode_logs(&self.rpc.request("eth_getLogs", filter).await?)?;
        let mut read = StatusLogs::default();
        for log in logs {
            if log.address != self.deployment.contract || log.removed {
                continue;
            }
            if !(from..=to).contains(&log.block) {
                return Err(fault("logs", Problem::Contradiction).into());
            }
            match decode_event(&log)? {
                Some(Event::StatusSet { index, status }) => read.statuses.push((index, status)),
                Some(Event::StatusesSet { first, previous, .. }) => read.calls.push((first, previous)),
                _ => {}
            }
        }
        Ok(read)
    }

    /// Signs the anchoring of a batch, without asking the node.
    ///
    /// # Errors
    /// Only when the key belongs to another chain or cannot sign.
    pub fn prepare_anchor(&self, signer: &Signer, anchor: &Anchor, terms: Terms) -> Result<SignedTransaction> {
        self.own_chain(signer)?;
        Ok(prepare_anchor(signer, &self.deployment.contract, anchor, terms)?)
    }

    /// Signs changes of statuses, without asking the node.
    ///
    /// # Errors
    /// For no change or too many, and when the key belongs to another chain or cannot sign.
    pub fn prepare_set_status(
        &self,
        signer: &Signer,
        index: u64,
        changes: &[StatusChange],
        terms: Terms,
    ) -> Result<SignedTransaction> {
        self.own_chain(signer)?;
        Ok(prepare_set_status(signer, &self.deployment.contract, index, changes, terms)?)
    }
}
