//! Records with their signatures, and that each complete statement has its leaf.

use std::collections::BTreeSet;

use hocba_app::{AppError, Step};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    payload::RecordPayload,
};
use hocba_signature::{
    policy::{SignerRule, SigningPolicy},
    statement::{Header, Statement, StatementType},
};
use hocba_store::{
    LeafKey, StoreError,
    model::{AuditEvent, Class, LeafKind, RecordState, RecordVersion},
};

use super::{Counted, Look, PAGE, Place, What, readable};

impl Look<'_> {
    pub(super) async fn records(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let mut after: Option<(RecordId, u32)> = None;
        loop {
            let page = self.tx.version_keys_after(after.as_ref().map(|(id, n)| (id, *n)), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (id, number) in page {
                self.report.counted.records += 1;
                let place = Place::Record(id, number);
                let read = self.tx.record_version(&id, number).await;
                let Some(Some(version)) = readable(&mut self.report, &place, read)? else { continue };
                self.record(&place, &version).await?;
            }
            tell(&self.report.counted);
        }
    }

    pub(super) async fn record(&mut self, place: &Place, version: &RecordVersion) -> Result<(), StoreError> {
        let Some(class) = self.class(place, &version.class).await? else { return Ok(()) };
        let needed = Step::of(class.kind).iter().filter(|step| step.to() <= version.state).count();
        let found = version.statement.as_ref().map_or(0, Statement::len);
        if found != needed {
            self.report.add(place.clone(), What::SignatureCount { found, needed });
        }
        if let Some(statement) = &version.statement {
            let headers = self.signatures(place, statement, StatementType::Record);
            if let Some(headers) = headers {
                self.signers(place, statement, &headers);
            }
            self.claims(place, version, &class, statement);
        }
        if let Some(app) = self.app {
            self.report.counted.opened += 1;
            match app.check_personal(&class, version) {
                Ok(()) => {}
                Err(AppError::Damaged { what, .. }) => self.report.add(place.clone(), What::Personal(what)),
                Err(_) => self.report.add(place.clone(), What::Personal("its marks are not all there")),
            }
        }
        let sealed = version.statement.as_ref().filter(|_| version.state == RecordState::Sealed);
        self.leaf_of(place, LeafKind::Record, &version.record, version.version, sealed, class.school.as_str()).await?;
        let events = self.tx.events_of(&version.record.to_string()).await?;
        for step in Step::of(class.kind).iter().copied() {
            if version.state >= step.to() {
                self.event(place, &events, Some(version.version), step.name());
            }
        }
        let sealed_once = |e: &&AuditEvent| e.action == Step::Seal.name() && e.version == Some(version.version);
        if version.state != RecordState::Sealed && events.iter().any(|e| sealed_once(&e)) {
            self.report.add(place.clone(), What::LostTransition(Step::Seal.name()));
        }
        Ok(())
    }

    /// Checks that headers build on one another and signatures verify; gives the headers.
    pub(super) fn signatures(
        &mut self,
        place: &Place,
        statement: &Statement,
        typ: StatementType,
    ) -> Option<Vec<Header>> {
        let Ok(headers) = statement.headers(typ) else {
            self.report.add(place.clone(), What::Headers);
            return None;
        };
        for (index, header) in headers.iter().enumerate() {
            self.report.counted.signatures += 1;
            match self.certificates.get(&header.certificate) {
                None => self.report.add(place.clone(), What::Certificate(header.certificate)),
                Some(certificate) if statement.verify(index, certificate.key()).is_err() => {
                    self.report.add(place.clone(), What::Signature { index });
                }
                Some(_) => {}
            }
        }
        Some(headers)
    }

    /// The first signers of the policy that is named, in its order and mode, each with a key of its own.
    fn signers(&mut self, place: &Place, statement: &Statement, headers: &[Header]) {
        let payload = RecordPayload::from_bytes(statement.payload()).ok();
        // Any other is a fault that `claims` names.
        let policy =
            payload.and_then(|payload| SigningPolicy::named(&payload.policy)).unwrap_or_else(SigningPolicy::policy_1);
        let fits = |(header, rule): (&Header, &SignerRule)| {
            rule.roles.contains(&header.role) && header.typ == policy.statement_type()
        };
        let roles = headers.len() <= policy.signers.len() && headers.iter().zip(&policy.signers).all(fits);
        let keys: Vec<_> = headers.iter().filter_map(|h| self.certificates.get(&h.certificate)).collect();
        let distinct: BTreeSet<_> = keys.iter().map(|c| c.spki_sha256()).collect();
        if !roles || distinct.len() != keys.len() {
            self.report.add(place.clone(), What::Signers);
        }
    }

    fn claims(&mut self, place: &Place, version: &RecordVersion, class: &Class, statement: &Statement) {
        let Ok(payload) = RecordPayload::from_bytes(statement.payload()) else {
            self.report.add(place.clone(), What::Claims("content"));
            return;
        };
        for (what, same) in [
            ("id", payload.id == version.record),
            ("version", payload.version == version.version),
            ("school", payload.school == class.school),
            ("year", payload.year == class.year),
            ("grade", payload.grade == class.grade),
            ("class", payload.class == class.name),
            ("kind", payload.kind == class.kind.of_records()),
            ("policy", SigningPolicy::named(&payload.policy).is_some()),
        ] {
            if !same {
                self.report.add(place.clone(), What::Claims(what));
            }
        }
    }

    /// A complete statement has its leaf; anything else has none. The reverse is [`Look::leaves`].
    pub(super) async fn leaf_of(
        &mut self,
        place: &Place,
        kind: LeafKind,
        subject: &RecordId,
        version: u32,
        complete: Option<&Statement>,
        school: &str,
    ) -> Result<(), StoreError> {
        let Some(statement) = complete else { return Ok(()) };
        let read = self.tx.leaf_of(kind, subject, version).await;
        match readable(&mut self.report, place, read)? {
            None => {}
            Some(None) => self.report.add(place.clone(), What::NoLeaf),
            Some(Some(leaf)) if leaf.leaf != statement.leaf_hash() || leaf.school.as_str() != school => {
                self.report.add(place.clone(), What::OtherLeaf);
            }
            Some(Some(_)) => {}
        }
        Ok(())
    }

    /// Each leaf is that of something complete.
    pub(super) async fn leaves(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let mut after: Option<Sha256Digest> = None;
        loop {
            let page = self.tx.leaf_keys_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.leaf);
            for LeafKey { leaf, kind, subject, version, .. } in page {
                self.report.counted.leaves += 1;
                let complete = match kind {
                    // Rows that cannot be read were reported where they belong.
                    LeafKind::Record => self
                        .tx
                        .record_version(&subject, version)
                        .await
                        .map_or(true, |v| v.is_some_and(|v| v.state == RecordState::Sealed)),
                    LeafKind::Appointment => self.tx.appointment(&subject).await.map_or(true, |a| a.is_some()),
                    LeafKind::Evidence => self.tx.evidence(&subject).await.map_or(true, |e| e.is_some()),
                };
                if !complete {
                    self.report.add(Place::Leaf(leaf), What::StrayLeaf);
                }
            }
            tell(&self.report.counted);
        }
    }
}
