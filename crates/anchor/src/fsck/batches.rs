//! Batches: their trees, the transactions made for them, the jobs, and what the chain says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hocba_app::ALL_STATUSES;
use hocba_bundle::facts::{ALG_RFC6962_SHA256, BatchFact, CheckedFacts, IssuerCode};
use hocba_chain::SignedTransaction;
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_store::{
    StoreError,
    model::{Attempt, AttemptState, Batch, JobKind, Leaf, LeafKind},
};

use super::{Counted, Look, Place, What, readable};
use crate::{delivery::FOUND_ON_CHAIN, service::rows};

/// Whether a recorded transaction is the one its columns name.
pub(super) fn is_as_named(attempt: &Attempt) -> bool {
    SignedTransaction::from_raw(&attempt.raw).is_ok_and(|t| {
        t.hash().to_string() == attempt.tx_hash
            && t.from().to_string() == attempt.sender
            && t.terms().nonce == attempt.nonce
    })
}

impl Look<'_> {
    pub(super) async fn batches(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<Vec<Batch>, StoreError> {
        let read = self.tx.batches().await;
        let batches = readable(&mut self.report, &Place::Database, read)?.unwrap_or_default();
        for batch in &batches {
            self.report.counted.batches += 1;
            self.tree(batch).await?;
            self.attempts(batch).await?;
            tell(&self.report.counted);
        }
        Ok(batches)
    }

    async fn tree(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let place = Place::Batch(batch.id);
        let read = self.tx.leaves_of(batch.id, None).await;
        let Some(leaves) = readable(&mut self.report, &place, read)? else { return Ok(()) };
        let dense = leaves.len() as u64 == u64::from(batch.size) && (0..).zip(&leaves).all(|(n, (at, _))| n == *at);
        if !dense {
            self.report.add(place.clone(), What::Positions { size: batch.size });
        }
        let ours = |leaf: &Leaf| leaf.issuer == batch.issuer && leaf.kind == batch.kind;
        if !leaves.iter().all(|(_, leaf)| ours(leaf)) {
            self.report.add(place.clone(), What::ForeignLeaf);
        }
        let hashes: Vec<LeafHash> = leaves.iter().map(|(_, l)| LeafHash::from_bytes(*l.leaf.as_bytes())).collect();
        let tree = Tree::new(&hashes).ok();
        if tree.as_ref().is_none_or(|tree| tree.root().as_bytes() != batch.root.as_bytes()) {
            self.report.add(place.clone(), What::Root);
        }
        let read = self.tx.tiles(batch.id).await;
        if let Some(stored) = readable(&mut self.report, &place, read)?
            && tree.is_none_or(|tree| stored != rows(&tree))
        {
            self.report.add(place, What::Tiles);
        }
        Ok(())
    }

    async fn attempts(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let place = Place::Batch(batch.id);
        let events = self.tx.events_of(&batch.id.to_string()).await?;
        self.event(&place, &events, None, "close_batch");
        let read = self.tx.attempts_of(batch.id).await;
        let Some(attempts) = readable(&mut self.report, &place, read)? else { return Ok(()) };
        self.report.counted.attempts += attempts.len() as u64;
        for attempt in &attempts {
            if !is_as_named(attempt) {
                self.report.add(place.clone(), What::AttemptBytes(attempt.tx_hash.clone()));
            }
        }
        let live = attempts.iter().filter(|a| !a.state.is_dead()).count();
        if live > 1 {
            self.report.add(place.clone(), What::LiveAttempts(live));
        }
        let last = attempts.iter().find(|a| a.state == AttemptState::Final);
        match &batch.receipt {
            Some(receipt) => {
                self.event(&place, &events, None, "anchor_batch");
                let found = events.iter().any(|e| e.reason.as_deref() == Some(FOUND_ON_CHAIN));
                let earned = match last {
                    Some(last) => last.tx_hash == receipt.tx_hash && last.block == Some(receipt.block),
                    None => found,
                };
                if !earned {
                    self.report.add(place, What::Receipt);
                }
            }
            None => {
                if last.is_some() {
                    self.report.add(place.clone(), What::Receipt);
                }
                if events.iter().any(|e| e.action == "anchor_batch") {
                    self.report.add(place, What::LostTransition("anchor_batch"));
                }
            }
        }
        Ok(())
    }

    /// What waits has its job, and a job has something that waits.
    pub(super) async fn jobs(&mut self, batches: &[Batch], statuses: bool) -> Result<(), StoreError> {
        let read = self.tx.open_jobs().await;
        let Some(jobs) = readable(&mut self.report, &Place::Database, read)? else { return Ok(()) };
        let read = self.tx.all_waiting().await;
        let waiting = readable(&mut self.report, &Place::Database, read)?.unwrap_or_default();
        let mut wanted: BTreeMap<(JobKind, String), (Place, &'static str)> = BTreeMap::new();
        for (issuer, kind, _) in waiting {
            let job = match kind {
                LeafKind::Appointment => JobKind::CloseAppointments,
                LeafKind::Record => JobKind::CloseRecords,
                LeafKind::Evidence => JobKind::CloseEvidence,
            };
            let subject = issuer.to_string();
            wanted.insert((job, subject), (Place::Waiting(issuer, kind), "close a batch of them"));
        }
        for batch in batches.iter().filter(|b| b.receipt.is_none()) {
            wanted.insert((JobKind::DeliverBatch, batch.id.to_string()), (Place::Batch(batch.id), "anchor it"));
        }
        if statuses {
            let job = (JobKind::DeliverStatuses, ALL_STATUSES.to_owned());
            wanted.insert(job, (Place::Statuses, "set them"));
        }
        let read = self.tx.wanting().await;
        for certificate in readable(&mut self.report, &Place::Database, read)?.unwrap_or_default() {
            let job = (JobKind::FetchEvidence, certificate.to_string());
            wanted.insert(job, (Place::Wanting(certificate), "ask its authority"));
        }
        for job in jobs {
            // What was signed a moment ago is asked about, whether anything rests on it yet or not.
            let known = |subject: &str| self.certificates.keys().any(|digest| digest.to_string() == subject);
            let asks = match job.kind {
                JobKind::FetchEvidence => known(&job.subject),
                // From when on is the profile's to say: any batch will do.
                JobKind::FetchTimeStamp => {
                    let from = UnixTime::from_seconds(0).expect("1970");
                    self.tx.unstamped(Some(&job.subject), from).await?.is_some()
                }
                _ => false,
            };
            if wanted.remove(&(job.kind, job.subject)).is_none() && !asks {
                self.report.add(Place::Job(job.id), What::IdleJob);
            }
        }
        for (place, what) in wanted.into_values() {
            self.report.add(place, What::NoJob(what));
        }
        Ok(())
    }

    pub(super) async fn chain(&mut self, batches: &[Batch], facts: &CheckedFacts) -> Result<(), StoreError> {
        let register: Vec<&BatchFact> = facts.eras().flat_map(|era| &era.batches).collect();
        let mut by_root: HashMap<(Sha256Digest, u32, &IssuerCode), Vec<u64>> = HashMap::new();
        for (index, fact) in (0..).zip(&register) {
            by_root.entry((fact.root, fact.size, &fact.issuer)).or_default().push(index);
        }
        let mut issuers: BTreeSet<IssuerCode> = batches.iter().map(|b| b.issuer.clone()).collect();
        let read = self.tx.schools().await;
        let schools = readable(&mut self.report, &Place::Database, read)?.unwrap_or_default();
        issuers.extend(schools.into_iter().map(|s| s.issuer));
        for batch in batches {
            let place = Place::Batch(batch.id);
            let found = by_root.remove(&(batch.root, batch.size, &batch.issuer)).unwrap_or_default();
            if found.len() > 1 {
                self.report.add(place.clone(), What::AnchoredTwice(found));
            }
            let Some(receipt) = &batch.receipt else { continue };
            let at = usize::try_from(receipt.index).ok().and_then(|index| register.get(index));
            let Some(fact) = at else {
                if receipt.block > facts.facts().block {
                    self.report.counted.receipts_after += 1;
                } else {
                    self.report.add(place, What::OtherOnChain("end"));
                }
                continue;
            };
            self.report.counted.receipts += 1;
            for (what, same) in [
                ("root", fact.root == batch.root),
                ("size", fact.size == batch.size),
                ("issuer", fact.issuer == batch.issuer),
                ("algorithm", fact.alg == ALG_RFC6962_SHA256),
                ("time", fact.time == receipt.time),
            ] {
                if !same {
                    self.report.add(place.clone(), What::OtherOnChain(what));
                }
            }
        }
        let mut unknown: Vec<u64> = by_root
            .into_iter()
            .filter(|((_, _, issuer), _)| issuers.contains(*issuer))
            .flat_map(|(_, at)| at)
            .collect();
        unknown.sort_unstable();
        for index in unknown {
            self.report.add(Place::Chain(index), What::UnknownBatch);
        }
        Ok(())
    }
}
