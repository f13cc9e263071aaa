//! Bringing one batch onto the chain, and what that has in common with bringing statuses there (`statuses.rs`).
//!
//! # Why a batch is never anchored twice
//! An anchoring names the count and digest of the register it follows. We name those of a [`Register`] that we read
//! whole, re-computed to that very digest, and did not find the batch in. The contract takes the transaction only while
//! its register has that digest, that is, while it holds exactly the list without the batch. So however many
//! transactions for a batch are in the world (given up, replaced, of another leader, brought back by a
//! reorganisation), at most one of them can take effect on any one chain, and no node can lie us into a second one.
//! Everything below is about getting there, not about not getting there twice.

use hocba_bundle::facts::{ALG_RFC6962_SHA256, BatchFact};
use hocba_chain::{
    Anchor, AnchorClient, ClientError, Event as ChainEvent, Fee, FeePolicy, Finality, Head, NodeErrorClass, Pool,
    Register, Revert, Rpc, RpcError, SignedTransaction, Terms, TxHash, decode::BlockHead, transaction::ANCHOR_GAS,
};
use hocba_store::{
    NewAttempt,
    model::{Attempt, AttemptState, Batch, Delivery, Job, Receipt},
};

use crate::{
    AnchorService, Event, Progress,
    error::Halt,
    service::{SYSTEM, event},
};

/// Longest pause after a failure, in seconds: an operator who has mended the chain sees it go on within a minute.
const MAX_BACKOFF: i64 = 60;

/// The reason in the audit event of a batch that was on the chain though we know of no transaction of ours for it.
pub(crate) const FOUND_ON_CHAIN: &str = "found_on_chain";

/// Codes of what keeps a batch from being anchored, as in `jobs.last_error`.
const CODES: [&str; 19] = [
    "anchoring_paused",
    "chain_no_agreement",
    "chain_unreachable",
    "era_closed",
    "issuer_not_entitled",
    "other_chain",
    "other_code",
    "chain_inconsistent",
    "settled_is_missing",
    "not_authorised",
    "bad_batch",
    "contract_refuses",
    "no_funds",
    "underpriced",
    "nonce_too_high",
    "node_refuses",
    "reverted",
    "cannot_sign",
    "status_refused",
];

/// A stored code as one of ours.
pub(crate) fn known_code(stored: Option<&str>) -> &'static str {
    CODES.into_iter().find(|code| Some(*code) == stored).unwrap_or("put_off")
}

/// What a failure is called, for job and operator.
fn code(error: &ClientError) -> &'static str {
    match error {
        ClientError::Rpc(RpcError::Node { class, .. }) => match class {
            NodeErrorClass::InsufficientFunds => "no_funds",
            NodeErrorClass::Underpriced => "underpriced",
            NodeErrorClass::NonceTooHigh => "nonce_too_high",
            // It has a block and not yet what is in it, or is behind.
            NodeErrorClass::RateLimited | NodeErrorClass::BlockUnavailable => "chain_unreachable",
            _ => "node_refuses",
        },
        ClientError::Rpc(_) | ClientError::TooYoung { .. } => "chain_unreachable",
        ClientError::ChainMismatch { .. } | ClientError::NoContract { .. } => "other_chain",
        ClientError::CodeMismatch { .. } => "other_code",
        ClientError::Reverted(Revert::NotAuthorised { .. }) => "not_authorised",
        ClientError::Reverted(Revert::Paused) => "anchoring_paused",
        ClientError::Reverted(Revert::EraClosed { .. }) => "era_closed",
        ClientError::Reverted(Revert::IssuerNotEntitled { .. } | Revert::IssuerNotYetEntitled { .. }) => {
            "issuer_not_entitled"
        }
        ClientError::SettledIsMissing { .. } => "settled_is_missing",
        ClientError::NoAgreement { .. } => "chain_no_agreement",
        ClientError::Reverted(Revert::BadBatch { .. }) => "bad_batch",
        ClientError::Reverted(_) => "contract_refuses",
        ClientError::NoEffect(_) => "reverted",
        ClientError::Transaction(_) => "cannot_sign",
        _ => "chain_inconsistent",
    }
}

/// Whether a refusal says that the register went on since it was read.
fn head_moved(error: &ClientError) -> bool {
    matches!(error, ClientError::Reverted(Revert::IndexMismatch { .. } | Revert::PrevDigestMismatch { .. }))
}

impl<R: Rpc + Clone> AnchorService<R> {
    /// One look at a batch and one thing done about it.
    pub(crate) async fn deliver(&mut self, batch: &Batch, job: &Job) -> Result<Progress, Halt> {
        match self.advance(batch, job).await {
            Err(Halt::Chain(error)) => self.put_off(Delivery::Batch(batch.id), job, &error).await,
            other => other,
        }
    }

    pub(crate) async fn put_off(&mut self, of: Delivery, job: &Job, error: &ClientError) -> Result<Progress, Halt> {
        self.node.forget();
        let code = code(error);
        tracing::warn!(%of, code, tries = job.tries + 1, %error, "{of} is not on the chain yet ({code}): {error}");
        let asked = match error {
            ClientError::Rpc(RpcError::RateLimited { retry_after: Some(wait) }) => {
                wait.as_secs().min(600).cast_signed()
            }
            _ => 0,
        };
        self.put_off_for(of, job, code, asked).await
    }

    pub(crate) async fn put_off_for(
        &mut self,
        of: Delivery,
        job: &Job,
        code: &'static str,
        at_least: i64,
    ) -> Result<Progress, Halt> {
        let until = self.now().plus((1 << job.tries.min(6)).min(MAX_BACKOFF).max(at_least));
        let mut tx = self.begin("put_off_delivery").await?;
        tx.put_off_job(job.id, code, until).await?;
        tx.commit().await?;
        Ok(Progress::PutOff { of, code, until })
    }

    async fn advance(&mut self, batch: &Batch, job: &Job) -> Result<Progress, Halt> {
        let client = self.node.client().await?;
        let register = self.read_register(&client).await?;
        let mut tx = self.store.read().await?;
        let (attempts, newest) = (tx.attempts_of(batch.id).await?, tx.newest_anchored().await?);
        drop(tx);
        // Before anything is read out of it, and before anything is sent after it.
        if let Some(newest) = newest {
            self.still_holds(&newest, &register)?;
        }
        // First a look at the chain: an earlier run may have got further than it could write down.
        let found = register.find(&batch.root, batch.size, &batch.issuer).map(|(index, fact)| (index, fact.clone()));
        let live = attempts.iter().rev().find(|a| !a.state.is_dead());
        let progress = match (found, live) {
            (Some((index, fact)), _) => self.on_chain(&client, &register, batch, job, &attempts, index, &fact).await,
            (None, Some(attempt)) if matches!(attempt.state, AttemptState::Included | AttemptState::Final) => {
                self.taken_back(attempt).await
            }
            (None, Some(attempt)) => self.under_way(&client, attempt).await,
            (None, None) => match reverted_too_often(&attempts, job) {
                Some(hash) => Err(ClientError::NoEffect(hash).into()),
                None => self.attempt(&client, &register, batch, &attempts).await,
            },
        };
        self.register = Some(register);
        progress
    }

    /// The register at the latest block; only what is new is read. Where it does not continue what was read before, the
    /// chain was reorganised (or a node lied): read whole.
    async fn read_register(&mut self, client: &AnchorClient<Pool<R>>) -> Result<Register, ClientError> {
        match self.register.take() {
            None => client.register(None).await,
            earlier => match client.register(earlier).await {
                Err(ClientError::Answer(_)) => client.register(None).await,
                other => other,
            },
        }
    }

    /// Whether the register holds the batch that was settled last. One that does not is of a node that is far behind, or
    /// of a chain that took back what is never taken back: to anchor after it would put one batch in another's place.
    fn still_holds(&self, newest: &Batch, register: &Register) -> Result<(), ClientError> {
        let index = newest.receipt.as_ref().and_then(|receipt| receipt.index.checked_sub(self.settings.before.0));
        // The newest one may be in a contract before this one.
        let Some(index) = index else { return Ok(()) };
        let there = usize::try_from(index).ok().and_then(|index| register.batches().get(index));
        let same =
            |fact: &BatchFact| (fact.root, fact.size, &fact.issuer) == (newest.root, newest.size, &newest.issuer);
        if there.is_some_and(same) {
            return Ok(());
        }
        Err(ClientError::SettledIsMissing { settled: index, held: register.head.count })
    }

    /// The batch is on the chain: notes where, and the receipt once that is settled.
    #[allow(clippy::too_many_arguments, reason = "one look at the world")]
    async fn on_chain(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        register: &Register,
        batch: &Batch,
        job: &Job,
        attempts: &[Attempt],
        index: u64,
        fact: &BatchFact,
    ) -> Result<Progress, Halt> {
        let mut place = None;
        for attempt in attempts.iter().rev() {
            if let Some(block) = anchored_in(client, attempt, index, fact).await? {
                place = Some((attempt.tx_hash.clone(), block));
                break;
            }
        }
        if place.is_none() {
            place =
                client.anchoring(index, &fact.root, fact.time).await?.map(|(hash, block)| (hash.to_string(), block));
        }
        // A node that has the batch and not the transaction is catching up, or one of several behind one address.
        let Some((tx_hash, block)) = place else { return Ok(Progress::UnderWay { of: Delivery::Batch(batch.id) }) };
        let ours = attempts.iter().find(|a| a.tx_hash == tx_hash);
        let settled = self.settled(block, register.block.number);
        let now = self.now();
        if !settled {
            let Some(attempt) = ours else { return Ok(Progress::UnderWay { of: Delivery::Batch(batch.id) }) };
            if attempt.state == AttemptState::Included && attempt.block == Some(block) {
                return Ok(Progress::UnderWay { of: Delivery::Batch(batch.id) });
            }
            let mut tx = self.begin("note_attempt").await?;
            for other in attempts.iter().filter(|a| !a.state.is_dead() && a.id != attempt.id) {
                tx.move_attempt(other, AttemptState::Replaced, None, now).await?;
            }
            tx.move_attempt(attempt, AttemptState::Included, Some(block), now).await?;
            tx.commit().await?;
            return Ok(Progress::Did(Event::Included { of: Delivery::Batch(batch.id), block }));
        }
        if !self.confirm(&register.block, Some(&register.head), None).await? {
            return Ok(Progress::UnderWay { of: Delivery::Batch(batch.id) });
        }
        let mut tx = self.begin("record_receipt").await?;
        for other in attempts.iter().filter(|a| !a.state.is_dead() && a.tx_hash != tx_hash) {
            tx.move_attempt(other, AttemptState::Replaced, None, now).await?;
        }
        let mut anchored = event("anchor_batch", batch, now);
        match ours {
            Some(attempt) => tx.move_attempt(attempt, AttemptState::Final, Some(block), now).await?,
            None => anchored.reason = Some(FOUND_ON_CHAIN.to_owned()),
        }
        let number = self.settings.before.0 + index;
        tx.add_receipt(batch.id, &Receipt { index: number, block, time: fact.time, tx_hash: tx_hash.clone() }).await?;
        tx.audit(&anchored).await?;
        tx.finish_job(job.id, now).await?;
        tx.commit().await?;
        tracing::info!(
            batch = batch.id, index, block, tx.hash = %tx_hash, actor = SYSTEM,
            "anchored batch {} at index {index} in block {block}", batch.id
        );
        Ok(Progress::Did(Event::Anchored {
            batch: batch.id,
            kind: batch.kind,
            leaves: batch.size,
            index,
            block,
            time: fact.time,
        }))
    }

    /// Asks the other operators before anything is written down that one node said; `false`: look again soon.
    pub(crate) async fn confirm(
        &self,
        block: &BlockHead,
        batches: Option<&Head>,
        statuses: Option<&Head>,
    ) -> Result<bool, ClientError> {
        let operators = &self.node.operators;
        if operators.is_single() {
            return Ok(true);
        }
        operators.confirm(block, batches, statuses).await.map_err(|(problem, agreement)| {
            for said in agreement.others() {
                tracing::warn!(operator = %said.id, word = ?said.word, "operator {} does not confirm", said.id);
            }
            ClientError::NoAgreement { needed: agreement.needed, problem }
        })
    }

    /// What the first transaction with this nonce offers, or one that takes the place of others with it.
    pub(crate) async fn offer(
        &self,
        client: &AnchorClient<Pool<R>>,
        before: &[Attempt],
        sender: &str,
        nonce: u64,
    ) -> Result<Fee, ClientError> {
        let base = self.base_fee(client).await?;
        let same = before.iter().filter(|a| a.nonce == nonce && a.sender == sender);
        let fees = same.filter_map(|a| SignedTransaction::from_raw(&a.raw).ok()).map(|t| t.terms().fee);
        let dearest = fees.max_by_key(Fee::most);
        let raised = dearest.and_then(|fee| self.settings.fees.raised(&fee, true, base));
        // Of one that waits at the ceiling the very bytes are made again.
        Ok(raised
            .or(dearest.filter(|fee| fee.most() >= self.settings.fees.first(base).most()))
            .unwrap_or_else(|| self.settings.fees.first(base)))
    }

    async fn base_fee(&self, client: &AnchorClient<Pool<R>>) -> Result<Option<u128>, ClientError> {
        match self.settings.fees {
            FeePolicy::Fixed { .. } => Ok(None),
            FeePolicy::Market { .. } => client.base_fee().await,
        }
    }

    /// What takes the place of a transaction that waits, if something does.
    async fn raised(
        &self,
        client: &AnchorClient<Pool<R>>,
        attempt: &Attempt,
        transaction: &SignedTransaction,
    ) -> Result<Option<Fee>, ClientError> {
        let waited_long = attempt.made_at.plus(self.settings.raise_after) <= self.now();
        let base = if waited_long { self.base_fee(client).await? } else { None };
        Ok(self.settings.fees.raised(&transaction.terms().fee, waited_long, base))
    }

    pub(crate) fn settled(&self, block: u64, latest: u64) -> bool {
        match self.settings.finality {
            Finality::Instant => true,
            Finality::Depth(depth) => block.saturating_add(depth) <= latest,
        }
    }

    /// What was included is not there any more.
    pub(crate) async fn taken_back(&mut self, attempt: &Attempt) -> Result<Progress, Halt> {
        let of = attempt.of;
        self.note(attempt, AttemptState::Broadcast, None).await?;
        tracing::warn!(%of, "the chain took back the block with the transaction for {of}");
        Ok(Progress::Did(Event::Reorganised { of }))
    }

    /// A transaction was recorded and what it delivers is not there: where is it?
    pub(crate) async fn under_way(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        attempt: &Attempt,
    ) -> Result<Progress, Halt> {
        let of = attempt.of;
        let Ok(transaction) = SignedTransaction::from_raw(&attempt.raw) else {
            tracing::error!(%of, attempt = attempt.id, "attempt {} for {of} is damaged; giving it up", attempt.id);
            return self.set_aside(attempt, AttemptState::Dropped, None).await;
        };
        // The nonce before the receipt: mined between the two questions it would else look replaced.
        let mined = client.mined_transactions(&transaction.from()).await?;
        if let Some(receipt) = client.receipt(&transaction.hash()).await? {
            if receipt.succeeded() {
                // Mined since the contract was read.
                return Ok(Progress::UnderWay { of });
            }
            let reason = client.why_without_effect(&transaction, receipt.block).await.ok().flatten();
            tracing::warn!(
                %of, tx.hash = %transaction.hash(), block = receipt.block,
                "the transaction for {of} was mined without effect: {}",
                reason.map_or_else(|| "no reason found".to_owned(), |r| r.to_string())
            );
            return self.set_aside(attempt, AttemptState::Reverted, Some(receipt.block)).await;
        }
        if mined > transaction.terms().nonce {
            return self.set_aside(attempt, AttemptState::Replaced, None).await;
        }
        let outbid = self.raised(client, attempt, &transaction).await?.is_some();
        if client.knows(&transaction.hash()).await? {
            if outbid {
                return self.set_aside(attempt, AttemptState::Replaced, None).await;
            }
            if attempt.state == AttemptState::Prepared {
                return self.was_sent(attempt).await;
            }
            let now = self.now();
            let sent = self.sent.filter(|(of, id, _)| (*of, *id) == (attempt.of, attempt.id));
            let sent = sent.map_or(attempt.made_at, |(_, _, at)| at);
            if sent.plus(self.settings.resend_after) <= now {
                // It says it has it; perhaps it tells others now.
                self.sent = Some((of, attempt.id, now));
                let again = client.broadcast(&transaction).await;
                tracing::info!(%of, accepted = again.is_ok(), "sent the same transaction again");
            }
            return Ok(Progress::UnderWay { of });
        }
        // No node of ours has it. Its very bytes are sent again, if the contract would still take them.
        match client.rehearse(&transaction).await {
            Ok(()) if outbid => self.set_aside(attempt, AttemptState::Dropped, None).await,
            Ok(()) => self.send(client, attempt, &transaction).await,
            // Its place in the contract is taken, or the key lost its right. A new one is rehearsed before it is made.
            Err(ClientError::Reverted(_)) => self.set_aside(attempt, AttemptState::Dropped, None).await,
            Err(e) => Err(e.into()),
        }
    }

    /// Makes, rehearses, records and sends a transaction, in this order: one that would be refused costs nothing, and
    /// a crash after the record can at worst send the same bytes again.
    async fn attempt(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        register: &Register,
        batch: &Batch,
        attempts: &[Attempt],
    ) -> Result<Progress, Halt> {
        let of = Delivery::Batch(batch.id);
        let me = self.signer.address();
        let sender = me.to_string();
        let statuses = self.store.read().await?.status_attempts().await?;
        if statuses.iter().any(|a| !a.state.is_dead() && a.sender == sender) {
            // One key does both, and its next nonce is spoken for.
            return Ok(Progress::UnderWay { of });
        }
        let nonce = client.mined_transactions(&me).await?;
        let anchor = Anchor {
            index: register.head.count,
            previous: register.head.digest,
            root: batch.root,
            size: batch.size,
            issuer: batch.issuer.clone(),
            alg: ALG_RFC6962_SHA256,
        };
        let fee = self.offer(client, attempts, &sender, nonce).await?;
        let terms = Terms { nonce, gas: ANCHOR_GAS, fee };
        let transaction = client.prepare_anchor(&self.signer, &anchor, terms)?;
        match client.rehearse(&transaction).await {
            Err(e) if head_moved(&e) => return Ok(Progress::UnderWay { of }),
            other => other?,
        }
        let hash = transaction.hash().to_string();
        let before = attempts.iter().find(|a| a.tx_hash == hash);
        self.record_and_send(client, of, &transaction, before).await
    }

    /// Records a transaction that was rehearsed, then sends it. `before`: the attempt with these very bytes, given up
    /// before, whose place is free again.
    pub(crate) async fn record_and_send(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        of: Delivery,
        transaction: &SignedTransaction,
        before: Option<&Attempt>,
    ) -> Result<Progress, Halt> {
        let (sender, tx_hash) = (transaction.from().to_string(), transaction.hash().to_string());
        let (nonce, now) = (transaction.terms().nonce, self.now());
        let mut tx = self.begin("record_attempt").await?;
        let attempt = match before {
            Some(before) => {
                tx.move_attempt(before, AttemptState::Prepared, None, now).await?;
                Attempt { state: AttemptState::Prepared, block: None, ..before.clone() }
            }
            None => {
                let raw = transaction.raw();
                let new = NewAttempt { of, sender: &sender, nonce, tx_hash: &tx_hash, raw };
                let (id, raw) = (tx.add_attempt(&new, now).await?, raw.to_vec());
                let state = AttemptState::Prepared;
                Attempt { id, of, state, sender, nonce, tx_hash, raw, block: None, made_at: now }
            }
        };
        tx.commit().await?;
        self.send(client, &attempt, transaction).await
    }

    async fn send(
        &mut self,
        client: &AnchorClient<Pool<R>>,
        attempt: &Attempt,
        transaction: &SignedTransaction,
    ) -> Result<Progress, Halt> {
        match client.broadcast(transaction).await {
            Ok(_) => self.was_sent(attempt).await,
            // It may be there nevertheless; the next look tells.
            Err(ClientError::Rpc(e)) if e.may_have_acted() => Ok(Progress::UnderWay { of: attempt.of }),
            Err(e) => Err(e.into()),
        }
    }

    async fn was_sent(&mut self, attempt: &Attempt) -> Result<Progress, Halt> {
        if attempt.state != AttemptState::Broadcast {
            self.note(attempt, AttemptState::Broadcast, None).await?;
        }
        self.sent = Some((attempt.of, attempt.id, self.now()));
        Ok(Progress::Did(Event::Sent { of: attempt.of, tx_hash: attempt.tx_hash.clone() }))
    }

    async fn set_aside(
        &mut self,
        attempt: &Attempt,
        state: AttemptState,
        block: Option<u64>,
    ) -> Result<Progress, Halt> {
        let of = attempt.of;
        self.note(attempt, state, block).await?;
        tracing::warn!(
            %of, tx.hash = %attempt.tx_hash, %state,
            "a transaction for {of} came to nothing ({state}); making another"
        );
        Ok(Progress::Did(Event::SetAside { of, tx_hash: attempt.tx_hash.clone(), state }))
    }

    async fn note(&mut self, attempt: &Attempt, to: AttemptState, block: Option<u64>) -> Result<(), Halt> {
        let mut tx = self.begin("note_attempt").await?;
        tx.move_attempt(attempt, to, block, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Transactions mined without effect cost gas. Two may be races for a place in the register; after each further one the
/// job is put off, so that what reverts for a reason nobody thought of costs a transaction a minute at most.
pub(crate) fn reverted_too_often(attempts: &[Attempt], job: &Job) -> Option<TxHash> {
    let mut reverted = attempts.iter().filter(|a| a.state == AttemptState::Reverted);
    let last = reverted.next_back()?;
    let allowed = usize::try_from(job.tries).unwrap_or(usize::MAX).saturating_add(2);
    if reverted.count() < allowed { None } else { last.tx_hash.parse().ok() }
}

/// The block in which this attempt anchored the batch, if it did.
async fn anchored_in(
    client: &AnchorClient<impl Rpc>,
    attempt: &Attempt,
    index: u64,
    fact: &BatchFact,
) -> Result<Option<u64>, Halt> {
    let Ok(hash) = attempt.tx_hash.parse::<TxHash>() else { return Ok(None) };
    let Some(receipt) = client.receipt(&hash).await? else { return Ok(None) };
    match receipt.anchored() {
        Some(ChainEvent::Anchored { index: found, batch, .. }) if (*found, batch) == (index, fact) => {
            client.check_place(&receipt, fact.time).await?;
            Ok(Some(receipt.block))
        }
        _ => Ok(None),
    }
}
