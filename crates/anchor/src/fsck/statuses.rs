//! Status statements, here and on the chain.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use hocba_bundle::facts::{CheckedFacts, StatusFact, status_key};
use hocba_record::encoding::{RecordId, Sha256Digest};
use hocba_signature::{
    statement::{Role, StatementType},
    status::{StatusAction, StatusChange},
};
use hocba_store::{
    StoreError,
    model::{AttemptState, StatusKind, StoredStatus},
};

use super::{Counted, Look, PAGE, Place, What, batches::is_as_named, readable};
use crate::{
    delivery::FOUND_ON_CHAIN,
    statuses::{change_of, says},
};

/// The status logs of all contracts, one after the other, as receipts count.
fn log(facts: &CheckedFacts) -> impl Iterator<Item = &StatusFact> {
    facts.eras().flat_map(|era| era.statuses.iter().flatten())
}

/// What the walk over the statuses found.
#[derive(Default)]
pub(super) struct Statuses {
    /// Whether some are not in the log for good.
    pub(super) waiting: bool,
    /// Leaves of the statements that are here.
    pub(super) known: HashSet<Sha256Digest>,
}

impl Look<'_> {
    /// Statuses: signed by whom they name, about something that is here, in the log where their receipts say.
    pub(super) async fn statuses(
        &mut self,
        facts: Option<&CheckedFacts>,
        tell: &mut (impl FnMut(&Counted) + Send),
    ) -> Result<Statuses, StoreError> {
        let mut found = Statuses::default();
        let log: Vec<&StatusFact> = facts.into_iter().flat_map(log).collect();
        let by_statement = facts.map(|_| {
            let mut places: HashMap<Sha256Digest, Vec<u64>> = HashMap::new();
            for (index, fact) in (0..).zip(&log) {
                places.entry(fact.statement).or_default().push(index);
            }
            places
        });
        let mut after = 0;
        loop {
            let page = self.tx.status_ids_after(after, PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(found) };
            let Some(last) = page.last() else { return Ok(found) };
            after = *last;
            for id in page {
                self.report.counted.statuses += 1;
                let place = Place::Status(id);
                let read = self.tx.status(id).await;
                let Some(Some(status)) = readable(&mut self.report, &place, read)? else { continue };
                self.status(&place, &status).await?;
                found.known.insert(status.statement.leaf_hash());
                found.waiting |= status.receipt.is_none();
                if let (Some(facts), Some(places)) = (facts, &by_statement) {
                    let places = places.get(&status.statement.leaf_hash()).map_or(&[][..], Vec::as_slice);
                    self.status_on_chain(&place, &status, (facts, &log), places);
                }
            }
            tell(&self.report.counted);
        }
    }

    async fn status(&mut self, place: &Place, status: &StoredStatus) -> Result<(), StoreError> {
        let headers = self.signatures(place, &status.statement, StatementType::Status);
        let signers = [Role::Department, Role::Principal, Role::DeputyPrincipal, Role::SchoolSeal];
        if headers.is_some_and(|h| !matches!(h.as_slice(), [header] if signers.contains(&header.role))) {
            self.report.add(place.clone(), What::Signers);
        }
        match StatusChange::from_bytes(status.statement.payload()) {
            Ok(signed) => {
                let action = match signed.action {
                    StatusAction::Supersede => StatusKind::Supersede,
                    StatusAction::Revoke => StatusKind::Revoke,
                    StatusAction::End => StatusKind::End,
                };
                for (what, same) in [
                    ("subject", signed.subject == status.subject),
                    ("action", action == status.action),
                    ("version", signed.live_version == status.live_version),
                    ("reason", signed.reason.code() == status.reason),
                    ("moment of compromise", signed.since == status.since),
                    ("school", signed.school == status.school),
                ] {
                    if !same {
                        self.report.add(place.clone(), What::Claims(what));
                    }
                }
            }
            Err(_) => self.report.add(place.clone(), What::Claims("content")),
        }
        // Rows that cannot be read were reported where they belong.
        let school = match status.action {
            StatusKind::End => self.tx.appointment(&status.subject).await.map(|a| a.map(|a| a.school)),
            StatusKind::Supersede | StatusKind::Revoke => match self.tx.record(&status.subject).await {
                Ok(Some(version)) => Ok(self.class(place, &version.class).await?.map(|c| c.school)),
                other => other.map(|_| None),
            },
        };
        if school.is_ok_and(|school| school.as_ref() != Some(&status.school)) {
            self.report.add(place.clone(), What::StraySubject);
        }
        let events = self.tx.events_of(&status.subject.to_string()).await?;
        let published = |a: &str| a == "publish_status";
        let taken = match status.action {
            StatusKind::End => Some("end_appointment"),
            StatusKind::Supersede => Some("supersede_record"),
            StatusKind::Revoke => None,
        };
        if let Some(taken) = taken.filter(|taken| !events.iter().any(|e| e.action == *taken)) {
            self.report.add(place.clone(), What::NoEvent(taken));
        }
        let told = events.iter().filter(|e| published(&e.action)).count();
        let of_subject = self.tx.statuses_of(&status.subject).await.unwrap_or_default();
        let settled = of_subject.iter().filter(|s| s.receipt.is_some()).count();
        if told < settled && status.receipt.is_some() {
            self.report.add(place.clone(), What::NoEvent("publish_status"));
        }
        if told > settled && status.receipt.is_none() {
            self.report.add(place.clone(), What::LostTransition("publish_status"));
        }
        if let Some(receipt) = &status.receipt {
            let found = events.iter().any(|e| published(&e.action) && e.reason.as_deref() == Some(FOUND_ON_CHAIN));
            let attempt = self.tx.status_attempt(&receipt.tx_hash).await;
            if let Some(attempt) = readable(&mut self.report, place, attempt)? {
                let earned = match attempt {
                    Some(a) => a.state == AttemptState::Final && a.block == Some(receipt.block),
                    None => found,
                };
                if !earned {
                    self.report.add(place.clone(), What::Receipt);
                }
            }
        }
        Ok(())
    }

    /// An entry where the receipt says, which says what was signed; and no other one by the same statement.
    fn status_on_chain(
        &mut self,
        place: &Place,
        status: &StoredStatus,
        (facts, log): (&CheckedFacts, &[&StatusFact]),
        places: &[u64],
    ) {
        if places.len() > 1 {
            self.report.add(place.clone(), What::AnchoredTwice(places.to_vec()));
        }
        let Some(receipt) = &status.receipt else { return };
        if !facts.has_statuses() {
            return;
        }
        let at = usize::try_from(receipt.index).ok().and_then(|index| log.get(index));
        let Some(fact) = at else {
            if receipt.block > facts.facts().block {
                self.report.counted.receipts_after += 1;
            } else {
                self.report.add(place.clone(), What::OtherOnChain("end"));
            }
            return;
        };
        self.report.counted.receipts += 1;
        let change = change_of(status);
        for (what, same) in [
            ("statement", fact.statement == change.statement),
            ("status", says(fact, &change)),
            ("time", fact.time == receipt.time),
        ] {
            if !same {
                self.report.add(place.clone(), What::OtherOnChain(what));
            }
        }
    }

    pub(super) async fn status_attempts(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let (mut after, mut live) = (0, 0);
        loop {
            let page = self.tx.status_attempts_after(after, PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { break };
            after = last.id;
            for attempt in page {
                self.report.counted.attempts += 1;
                live += usize::from(!attempt.state.is_dead() && attempt.state != AttemptState::Final);
                if !is_as_named(&attempt) {
                    let what = What::AttemptBytes(attempt.tx_hash.clone());
                    self.report.add(Place::StatusAttempt(attempt.id), what);
                }
            }
            tell(&self.report.counted);
        }
        if live > 1 {
            self.report.add(Place::Statuses, What::LiveAttempts(live));
        }
        Ok(())
    }

    /// Entries about what is ours, by statements that are not here.
    pub(super) async fn unknown_statuses(
        &mut self,
        statuses: &Statuses,
        facts: &CheckedFacts,
    ) -> Result<(), StoreError> {
        let foreign = (0..).zip(log(facts)).filter(|(_, fact)| !statuses.known.contains(&fact.statement));
        let mut unknown: BTreeMap<Sha256Digest, Vec<u64>> = BTreeMap::new();
        for (index, fact) in foreign {
            unknown.entry(fact.key).or_default().push(index);
        }
        if unknown.is_empty() {
            return Ok(());
        }
        // Whose they are, the keys do not say: all of ours are tried.
        let mut ours: BTreeSet<&u64> = BTreeSet::new();
        let mut after: Option<RecordId> = None;
        while let Ok(page) = self.tx.appointment_ids_after(after.as_ref(), PAGE).await {
            let Some(last) = page.last() else { break };
            after = Some(*last);
            ours.extend(page.iter().filter_map(|id| unknown.get(&status_key(id))).flatten());
        }
        let mut after: Option<(RecordId, u32)> = None;
        while let Ok(page) = self.tx.version_keys_after(after.as_ref().map(|(id, n)| (id, *n)), PAGE).await {
            let Some(last) = page.last() else { break };
            after = Some(*last);
            ours.extend(page.iter().filter_map(|(id, _)| unknown.get(&status_key(id))).flatten());
        }
        for index in ours {
            self.report.add(Place::StatusLog(*index), What::UnknownStatus);
        }
        Ok(())
    }
}
