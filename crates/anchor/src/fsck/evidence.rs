//! What authorities said: about certificates, and about time.

use hocba_bundle::{evidence::RevocationEvidence, facts::CheckedFacts, report::TimeStampProblem, time_stamp::judge};
use hocba_record::encoding::RecordId;
use hocba_signature::{
    certificate::{Certificate, SignatureCache},
    revocation::EvidenceError,
    timestamp::TimeStampToken,
};
use hocba_store::{
    StoreError,
    model::{Batch, LeafKind, Receipt, StoredEvidence, StoredTimeStamp},
};

use super::{Counted, Look, PAGE, Place, What, readable};

impl Look<'_> {
    /// Answers of authorities: what the table says of them is what they say, and their authority signed them.
    pub(super) async fn evidence(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let mut after: Option<RecordId> = None;
        loop {
            let page = self.tx.evidence_ids_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            for id in page {
                self.report.counted.evidence += 1;
                let place = Place::Evidence(id);
                let read = self.tx.evidence(&id).await;
                let Some(Some(stored)) = readable(&mut self.report, &place, read)? else { continue };
                match RevocationEvidence::of(&stored.statement) {
                    Ok(evidence) => self.answer(&place, &stored, &evidence),
                    Err(_) => self.report.add(place.clone(), What::Claims("content")),
                }
                if StoredEvidence::id_of(&stored.statement) != id {
                    self.report.add(place.clone(), What::Claims("id"));
                }
                let read = self.tx.leaf_of(LeafKind::Evidence, &id, 1).await;
                match readable(&mut self.report, &place, read)? {
                    Some(None) => self.report.add(place.clone(), What::NoLeaf),
                    Some(Some(leaf)) if leaf.leaf != stored.statement.leaf_hash() => {
                        self.report.add(place.clone(), What::OtherLeaf);
                    }
                    _ => {}
                }
                let events = self.tx.events_of(&id.to_string()).await?;
                self.event(&place, &events, None, "keep_evidence");
            }
            tell(&self.report.counted);
        }
    }

    /// What an authority said, compared with its row. Who issued what is told by names and keys: no path is looked for,
    /// for which the trust profile would be needed.
    fn answer(&mut self, place: &Place, stored: &StoredEvidence, evidence: &RevocationEvidence) {
        let Some(read) = evidence.read().filter(|_| evidence.kind == stored.kind) else {
            self.report.add(place.clone(), What::Claims("form"));
            return;
        };
        let roots = self.app.map_or(&[][..], |app| app.profile().roots());
        let issuers: Vec<&Certificate> =
            self.certificates.values().chain(roots).filter(|c| *c.spki_sha256() == stored.issuer).collect();
        // A pinned root is in the profile only; without one nothing can be said.
        if issuers.is_empty() && self.app.is_none() {
            return;
        }
        let subjects: Vec<&Certificate> = match &stored.certificate {
            Some(digest) => self.certificates.get(digest).into_iter().collect(),
            None => self.certificates.values().collect(),
        };
        let authorities: Vec<&Certificate> = self.certificates.values().chain(roots).filter(|c| c.is_ca()).collect();
        let cache = SignatureCache::default();
        let mut last = "its authority is not here";
        for (subject, issuer) in subjects.iter().flat_map(|s| issuers.iter().map(move |i| (*s, *i))) {
            // A list may be signed with an older key of the same authority's.
            let path: Vec<&Certificate> = [subject, issuer].into_iter().chain(authorities.iter().copied()).collect();
            match read.answer(&path, &cache) {
                Ok(answer) => {
                    if (answer.this_update, answer.next_update) != (stored.this_update, stored.next_update) {
                        self.report.add(place.clone(), What::Claims("time"));
                    }
                    return;
                }
                Err(EvidenceError::OtherIssuer | EvidenceError::NotCovered) => {}
                Err(EvidenceError::Signature) => last = "its signature does not verify",
                Err(_) => last = "it cannot be used",
            }
        }
        self.report.add(place.clone(), What::NoAnswer(last));
    }

    /// Time-stamps, judged once more as a verifier does: over the digest that the chain says.
    pub(super) async fn time_stamps(
        &mut self,
        batches: &[Batch],
        facts: Option<&CheckedFacts>,
        tell: &mut (impl FnMut(&Counted) + Send),
    ) -> Result<(), StoreError> {
        let mut after: Option<(i64, String)> = None;
        loop {
            let from = after.as_ref().map(|(batch, authority)| (*batch, authority.as_str()));
            let page = self.tx.time_stamps_after(from, PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.batch, last.authority.clone()));
            for stored in page {
                self.report.counted.time_stamps += 1;
                let place = Place::TimeStamp(stored.batch, stored.authority.clone());
                let receipt = batches.iter().find(|b| b.id == stored.batch).and_then(|b| b.receipt.as_ref());
                match receipt {
                    None => self.report.add(place.clone(), What::NoTimeStamp("its batch is not anchored")),
                    Some(receipt) => {
                        if let Some(what) = self.stamp_fault(&stored, receipt, facts) {
                            self.report.add(place.clone(), what);
                        }
                    }
                }
                let mut events = self.tx.events_of(&stored.batch.to_string()).await?;
                events.retain(|event| event.reason.as_ref() == Some(&stored.authority));
                self.event(&place, &events, None, "keep_time_stamp");
            }
            tell(&self.report.counted);
        }
    }

    fn stamp_fault(&self, stored: &StoredTimeStamp, receipt: &Receipt, facts: Option<&CheckedFacts>) -> Option<What> {
        let token = match TimeStampToken::parse(&stored.token) {
            Ok(token) => token,
            Err(error) => return Some(What::NoTimeStamp(TimeStampProblem::Token(error).code())),
        };
        // What else it says is told by profile and chain only. An authority that a newer profile names no more was good
        // when it was asked.
        let app = self.app.filter(|app| {
            let rule = app.profile().time_stamps();
            rule.is_some_and(|rule| rule.authorities.iter().any(|known| known.id == stored.authority))
        })?;
        let (chain, contract, index) = app.settings().batch_place(receipt.index);
        let digest = facts?.of(chain, &contract)?.batch_digest(index)?;
        let cache = SignatureCache::default();
        match judge(app.profile(), &cache, &token, (digest, receipt.time), stored.fetched_at) {
            Err(problem) => Some(What::NoTimeStamp(problem.code())),
            Ok(stamped) if stamped.time() != stored.gen_time => Some(What::Claims("time")),
            Ok(stamped) if stamped.authority != stored.authority => Some(What::Claims("authority")),
            Ok(_) => None,
        }
    }
}
