//! Bringing statuses into the contract's status log.
//!
//! # Why a status is not set twice
//! A transaction takes effect only while the log has as many entries as it names, and the contract refuses a change that
//! says what is stored already. We name the count of a [`StatusLog`] that we read whole, re-computed to its digest, and
//! did not find the statuses in; and we make the next transaction only when no other one is under way and what was found
//! is settled. A second entry would need a reorganisation deeper than the finality that was set. It would change nothing
//! for a verdict, which takes the first.
//!
//! # The order of an end and of what was signed before it
//! A record counts only if it is anchored before the end of those who signed it. So an end waits until the school's
//! records that were complete when it was taken are anchored, and for a later second; unless a key was compromised: then
//! every second counts more than those records, which can be signed again. A renewed record waits in the same way, so that
//! the new version is on the public record before the old one is said to be replaced.

use std::collections::{BTreeSet, HashMap};

use hocba_bundle::facts::{StatusFact, status_key};
use hocba_chain::{
    AnchorClient, ClientError, Event as ChainEvent, Pool, Revert, Rpc, StatusChange, StatusLog, Terms,
    transaction::set_status_gas,
};
use hocba_record::encoding::Sha256Digest;
use hocba_store::model::{
    Attempt, AttemptState, AuditEvent, Delivery, Job, JobKind, Receipt, StatusKind, StoredStatus,
};

use crate::{
    AnchorService, Event, Progress,
    delivery::{FOUND_ON_CHAIN, known_code, reverted_too_often},
    error::Halt,
    service::SYSTEM,
};

/// Statuses looked at in one step. What is under way is always among the oldest so many that wait.
const LOOK: u32 = 1000;

/// What waits for the log.
struct Waiting {
    /// The oldest, in their order.
    statuses: Vec<StoredStatus>,
    /// Those that may be set now.
    ready: BTreeSet<i64>,
    /// Whether some are ready in a moment.
    soon: bool,
}

/// Where an entry of the log is.
struct Placed<'a> {
    status: &'a StoredStatus,
    index: u64,
    fact: StatusFact,
    tx_hash: String,
    block: u64,
}

/// What the contract is to be told.
pub(crate) fn change_of(status: &StoredStatus) -> StatusChange {
    StatusChange {
        key: status_key(&status.subject),
        live_version: status.live_version,
        revoked: status.action != StatusKind::Supersede,
        reason: status.reason,
        statement: status.statement.leaf_hash(),
    }
}

impl<R: Rpc + Clone> AnchorService<R> {
    /// One look at the status log and one thing done about it; none where there is nothing to do now.
    pub(crate) async fn statuses_step(&mut self, job: &Job) -> Result<Option<Progress>, Halt> {
        if self.keeper.is_none() {
            return Ok(None);
        }
        let of = Delivery::Statuses;
        if job.due_at > self.now() && !self.hurry {
            let code = known_code(job.last_error.as_deref());
            return Ok(Some(Progress::PutOff { of, code, until: job.due_at }));
        }
        let waiting = self.waiting_statuses().await?;
        let attempts = self.store.read().await?.status_attempts().await?;
        if waiting.statuses.is_empty() {
            // The job is done in the transaction that notes the last receipt; somebody took a status away by hand.
            let mut tx = self.begin("finish_statuses").await?;
            tx.finish_job(job.id, self.now()).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let live = attempts.iter().any(|a| !a.state.is_dead());
        if waiting.ready.is_empty() && !live {
            return Ok(waiting.soon.then_some(Progress::UnderWay { of }));
        }
        match self.advance_statuses(job, &waiting, &attempts).await {
            Err(Halt::Chain(error)) => self.put_off(of, job, &error).await.map(Some),
            other => other.map(Some),
        }
    }

    /// What waits, and what of it may be set now.
    async fn waiting_statuses(&self) -> Result<Waiting, Halt> {
        let now = self.now();
        let mut tx = self.store.read().await?;
        let statuses = tx.waiting_statuses(LOOK).await?;
        // What was said of the same appointment before goes with it: versions never go down on the chain.
        let urgent: BTreeSet<_> = statuses.iter().filter(|s| s.since.is_some()).map(|s| s.subject).collect();
        let (mut ready, mut soon) = (BTreeSet::new(), false);
        for status in &statuses {
            if status.action == StatusKind::Revoke || urgent.contains(&status.subject) {
                ready.insert(status.id);
                continue;
            }
            match tx.records_before(&status.school, status.taken_at).await? {
                (true, _) => {}
                // The clocks of the chain and of this machine differ little, and a block's time is a whole second.
                (false, Some(last)) if last >= now => soon = true,
                (false, _) => {
                    ready.insert(status.id);
                }
            }
        }
        Ok(Waiting { statuses, ready, soon })
    }

    async fn advance_statuses(&mut self, job: &Job, waiting: &Waiting, attempts: &[Attempt]) -> Result<Progress, Halt> {
        let client = self.node.client().await?;
        let log = self.read_log(&client).await?;
        // As with batches: what was settled is there, or nothing is read and nothing is sent.
        if let Some(newest) = self.store.read().await?.newest_settled_status().await? {
            self.log_still_holds(&newest, &log)?;
        }
        // First a look at the chain: an earlier run may have got further than it could write down.
        let mut wanted: HashMap<Sha256Digest, (&StoredStatus, StatusChange)> =
            waiting.statuses.iter().map(|s| (s.statement.leaf_hash(), (s, change_of(s)))).collect();
        let mut found: Vec<(&StoredStatus, u64, &StatusFact)> = Vec::new();
        for (index, fact) in (0_u64..).zip(log.entries()) {
            if wanted.get(&fact.statement).is_some_and(|(_, change)| says(fact, change))
                && let Some((status, _)) = wanted.remove(&fact.statement)
            {
                found.push((status, index, fact));
            }
        }
        let live = attempts.iter().rev().find(|a| !a.state.is_dead());
        let progress = match live {
            _ if !found.is_empty() => self.on_log(&client, &log, job, attempts, &found).await,
            Some(attempt) if attempt.state == AttemptState::Included => self.taken_back(attempt).await,
            Some(attempt) => self.under_way(&client, attempt).await,
            None => match reverted_too_often(attempts, job) {
                Some(hash) => Err(ClientError::NoEffect(hash).into()),
                None => self.attempt_statuses(&client, &log, job, waiting).await,
            },
        };
        self.log = Some(log);
        progress
    }

    /// The log at the latest block; only what is new is read. Where it does not continue what was read before, the chain
    /// was reorganised (or a node lied): read whole.
    async fn read_log(&mut self, client: &AnchorClient<Pool<R>>) -> Result<StatusLog, ClientError> {
        match self.log.take() {
            None => client.status_log(None).await,
            earlier => match client.status_log(earlier).await {
                Err(ClientError::Answer(_) | ClientError::MissingLogs { .. }) => client.status_log(None).await,
                other => other,
            },
        }
    }

    /// Whether the log holds the status that was settled last.
    fn log_still_holds(&self, newest: &StoredStatus, log: &StatusLog) -> Result<(), ClientError> {
        let index = newest.receipt.as_ref().and_then(|receipt| receipt.index.checked_sub(self.settings.before.1));
        let Some(index) = index else { return Ok(()) };
        let there = usize::try_from(index).ok().and_then(|index| log.entries().get(index));
        if there.is_some_and(|fact| fact.statement == newest.statement.leaf_hash()) {
            return Ok(());
        }
        Err(ClientError::SettledIsMissing { settled: index, held: log.head.count })
    }

    /// Some are in the log: notes where, and their receipts once that is settled.
    async fn on_log(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        log: &StatusLog,
        job: &Job,
        attempts: &[Attempt],
        found: &[(&StoredStatus, u64, &StatusFact)],
    ) -> Result<Progress, Halt> {
        let of = Delivery::Statuses;
        let placed = places(client, attempts, found).await?;
        // A node that has the entry and not the transaction is catching up, or one of several behind one address.
        let Some(first) = placed.first() else { return Ok(Progress::UnderWay { of }) };
        let now = self.now();
        let settled: Vec<&Placed<'_>> = placed.iter().filter(|p| self.settled(p.block, log.block.number)).collect();
        let live = || attempts.iter().filter(|a| !a.state.is_dead());
        if settled.is_empty() {
            let Some(attempt) = attempts.iter().find(|a| a.tx_hash == first.tx_hash) else {
                return Ok(Progress::UnderWay { of });
            };
            if attempt.state == AttemptState::Included && attempt.block == Some(first.block) {
                return Ok(Progress::UnderWay { of });
            }
            let mut tx = self.begin("note_attempt").await?;
            for other in live().filter(|a| a.id != attempt.id) {
                tx.move_attempt(other, AttemptState::Replaced, None, now).await?;
            }
            tx.move_attempt(attempt, AttemptState::Included, Some(first.block), now).await?;
            tx.commit().await?;
            return Ok(Progress::Did(Event::Included { of, block: first.block }));
        }
        if !self.confirm(&log.block, None, Some(&log.head)).await? {
            return Ok(Progress::UnderWay { of });
        }
        let hashes: BTreeSet<&str> = settled.iter().map(|p| p.tx_hash.as_str()).collect();
        let mut tx = self.begin("record_status_receipts").await?;
        for other in live().filter(|a| !hashes.contains(a.tx_hash.as_str())) {
            tx.move_attempt(other, AttemptState::Replaced, None, now).await?;
        }
        let mut ours = BTreeSet::new();
        for hash in &hashes {
            let Some(attempt) = tx.status_attempt(hash).await? else { continue };
            ours.insert(*hash);
            let block = settled.iter().find(|p| p.tx_hash == *hash).map(|p| p.block);
            if attempt.state != AttemptState::Final {
                tx.move_attempt(&attempt, AttemptState::Final, block, now).await?;
            }
        }
        for Placed { status, index, fact, tx_hash, block } in &settled {
            let number = self.settings.before.1 + *index;
            let receipt = Receipt { index: number, block: *block, time: fact.time, tx_hash: tx_hash.clone() };
            tx.add_status_receipt(status.id, &receipt).await?;
            let reason = (!ours.contains(tx_hash.as_str())).then(|| FOUND_ON_CHAIN.to_owned());
            tx.audit(&AuditEvent { reason, ..published(status, now) }).await?;
        }
        tx.finish_job(job.id, now).await?;
        if !tx.waiting_statuses(1).await?.is_empty() {
            tx.add_job(JobKind::DeliverStatuses, &job.subject, now).await?;
        }
        tx.commit().await?;
        let (statuses, last) = (settled.len(), settled[settled.len() - 1]);
        tracing::info!(
            statuses, block = last.block, tx.hash = %last.tx_hash, actor = SYSTEM,
            "set {statuses} statuses in block {}", last.block
        );
        Ok(Progress::Did(Event::Published { statuses, block: last.block, time: last.fact.time }))
    }

    /// Makes, rehearses, records and sends a transaction, in this order.
    async fn attempt_statuses(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        log: &StatusLog,
        job: &Job,
        waiting: &Waiting,
    ) -> Result<Progress, Halt> {
        let of = Delivery::Statuses;
        let Some(keeper) = self.keeper.clone() else { return Ok(Progress::UnderWay { of }) };
        let me = keeper.address();
        if self.store.read().await?.live_anchor_attempt(&me.to_string()).await?.is_some() {
            // One key does both, and its next nonce is spoken for.
            return Ok(Progress::UnderWay { of });
        }
        let ready = waiting.statuses.iter().filter(|s| waiting.ready.contains(&s.id));
        let changes = acceptable(log, ready.map(change_of), self.settings.status_batch);
        if changes.is_empty() {
            // Somebody else set them, or more than them. It stands on the chain, and whoever runs this has to know.
            tracing::error!("the status log says already, or rules out, what waits to be set");
            return self.put_off_for(of, job, "status_refused", 0).await;
        }
        let nonce = client.mined_transactions(&me).await?;
        let before = self.store.read().await?.status_attempts().await?;
        let fee = self.offer(client, &before, &me.to_string(), nonce).await?;
        let terms = Terms { nonce, gas: set_status_gas(changes.len()), fee };
        let transaction = client.prepare_set_status(&keeper, log.head.count, &changes, terms)?;
        match client.rehearse(&transaction).await {
            // Somebody else was quicker: look again.
            Err(ClientError::Reverted(Revert::StatusIndexMismatch { .. })) => return Ok(Progress::UnderWay { of }),
            other => other?,
        }
        let hash = transaction.hash().to_string();
        let before = self.store.read().await?.status_attempt(&hash).await?;
        self.record_and_send(client, of, &transaction, before.as_ref()).await
    }
}

/// Whether an entry is what was to be set.
pub(crate) fn says(fact: &StatusFact, change: &StatusChange) -> bool {
    (fact.key, fact.live_version, fact.revoked, fact.reason, fact.statement)
        == (change.key, change.live_version, change.revoked, change.reason, change.statement)
}

/// What the contract takes of a list of changes, in their order: nothing that loosens, nothing that changes nothing.
fn acceptable(log: &StatusLog, changes: impl Iterator<Item = StatusChange>, most: usize) -> Vec<StatusChange> {
    let mut stored: HashMap<Sha256Digest, (u32, bool, u8)> = HashMap::new();
    let mut taken = Vec::new();
    for change in changes {
        let before = stored.get(&change.key).copied();
        let before = before.or_else(|| log.stored(&change.key).map(|f| (f.live_version, f.revoked, f.reason)));
        let after = (change.live_version, change.revoked, change.reason);
        let tightens = before
            .is_none_or(|before| before != after && before.0 <= change.live_version && (!before.1 || change.revoked));
        if tightens {
            stored.insert(change.key, after);
            taken.push(change);
        }
        if taken.len() == most {
            break;
        }
    }
    taken
}

/// The transactions and blocks of entries, from our attempts, else from the chain's logs; those that a node can tell.
async fn places<'a>(
    client: &AnchorClient<impl Rpc>,
    attempts: &[Attempt],
    found: &[(&'a StoredStatus, u64, &StatusFact)],
) -> Result<Vec<Placed<'a>>, Halt> {
    let mut known: HashMap<u64, (StatusFact, String, u64)> = HashMap::new();
    for attempt in attempts {
        let Ok(hash) = attempt.tx_hash.parse() else { continue };
        let Some(receipt) = client.receipt(&hash).await? else { continue };
        if let Some((_, status)) = receipt.statuses().next() {
            client.check_place(&receipt, status.time).await?;
        }
        for event in receipt.events {
            if let ChainEvent::StatusSet { index, status } = event {
                known.insert(index, (status, attempt.tx_hash.clone(), receipt.block));
            }
        }
    }
    let mut placed = Vec::new();
    for (status, index, fact) in found {
        let place = match known.get(index) {
            Some((seen, hash, block)) if seen == *fact => Some((hash.clone(), *block)),
            _ => client
                .status_setting(*index, &fact.key, fact.time)
                .await?
                .map(|(hash, block)| (hash.to_string(), block)),
        };
        if let Some((tx_hash, block)) = place {
            placed.push(Placed { status, index: *index, fact: (*fact).clone(), tx_hash, block });
        }
    }
    Ok(placed)
}

/// The event of a status that is in the log for good.
fn published(status: &StoredStatus, at: hocba_record::types::UnixTime) -> AuditEvent {
    AuditEvent {
        at,
        actor: SYSTEM.to_owned(),
        action: "publish_status".to_owned(),
        subject: status.subject.to_string(),
        version: None,
        reason: None,
    }
}
