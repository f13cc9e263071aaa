//! Verifying, for anyone.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::Arc,
};

use hocba_bundle::{
    facts::CheckedFacts,
    format::{AnchoredStatement, AuthorityPart, Bundle, Der},
    report::{Agreement, ChainProblem, Report},
    snapshot::StatusEvidence,
    verify::{ChainView, Context, verify},
};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    payload::RecordPayload,
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::{Certificate, SignatureCache},
    path::End,
    statement::{Role, StatementType},
};
use hocba_store::{
    Tx,
    model::{LeafKind, StoredStatus},
};

use crate::{
    App, AppError,
    appointments::Staff,
    bundles::times,
    eras::{BatchPlace, place_of},
    signing::certificates,
};

/// Most status statements in one snapshot: with 1 KB each, a few megabytes beside the facts.
const MAX_STATEMENTS: u32 = 4096;
/// Most certificates, and most appointments, behind them: half of what a verifier takes, which leaves room for what one
/// last statement adds.
const MAX_PARTS: usize = 512;

/// What one look at the chain gave.
#[derive(Debug, Clone)]
pub struct PublicFacts {
    /// What the contract says, or why that is not known.
    pub facts: Result<Arc<CheckedFacts>, ChainProblem>,
    /// Whose word that is, where several operators were asked.
    pub agreement: Option<Arc<Agreement>>,
}

impl From<Result<Arc<CheckedFacts>, ChainProblem>> for PublicFacts {
    fn from(facts: Result<Arc<CheckedFacts>, ChainProblem>) -> Self {
        Self { facts, agreement: None }
    }
}

/// What [`PublicRecord::facts`] gives.
pub type PublicRecordFuture<'a> = Pin<Box<dyn Future<Output = PublicFacts> + Send + 'a>>;

/// Where verdicts learn what is on the chain. Read whole, so a node never learns which record is being checked.
pub trait PublicRecord: Send + Sync {
    /// What the contract says now, or why that is not known.
    fn facts(&self) -> PublicRecordFuture<'_>;
}

/// Where no chain is asked: verdicts are inconclusive, and say so.
#[derive(Debug, Clone, Copy)]
pub struct NoPublicRecord;

impl PublicRecord for NoPublicRecord {
    fn facts(&self) -> PublicRecordFuture<'_> {
        Box::pin(async { Err(ChainProblem::NotAsked).into() })
    }
}

impl App {
    pub(crate) async fn public_facts(&self) -> Result<Arc<CheckedFacts>, ChainProblem> {
        self.0.public_record.facts().await.facts
    }

    /// How far the public record goes: the last block that verdicts rest on now, and its time.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn chain_head(&self) -> Result<(u64, UnixTime), ChainProblem> {
        let read = self.public_facts().await?;
        Ok((read.facts().block, read.facts().block_time))
    }

    /// Verifies a bundle, by the deployment's trust profile and what the chain says now.
    pub async fn verify(&self, bytes: &[u8]) -> Report {
        let PublicFacts { facts, agreement } = self.0.public_record.facts().await;
        // Who ended or withdrew something is worth knowing, and no condition of a verdict.
        let statuses = self.beside(bytes).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "status statements could not be read; verdicts name nobody");
            StatusEvidence::default()
        });
        let chain = match &facts {
            Ok(facts) => ChainView::Live { facts, statuses: &statuses },
            Err(problem) => ChainView::Unavailable(*problem),
        };
        let mut report = verify(bytes, &Context { profile: self.profile(), chain, now: self.edges().now() });
        report.as_of.agreement = agreement.map(|agreement| (*agreement).clone());
        report
    }

    /// The newest status statements with the authority behind them, for whoever keeps a snapshot: at most 4096.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status_evidence(&self) -> Result<StatusEvidence, AppError> {
        let mut tx = self.store().read().await?;
        let statuses = tx.newest_statuses(MAX_STATEMENTS).await?;
        self.evidence(&mut tx, statuses).await
    }

    /// What helps a verdict on a bundle and is not in it: statements about what it names, and answers of authorities that
    /// came after it was made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn beside(&self, bytes: &[u8]) -> Result<StatusEvidence, AppError> {
        let Ok(read) = Bundle::read(bytes) else { return Ok(StatusEvidence::default()) };
        let Bundle { records, authority, .. } = &read.bundle;
        let records = records.iter().filter_map(|r| RecordPayload::from_bytes(r.statement.payload()).ok());
        let appointments = authority.appointments.iter();
        let appointments = appointments.filter_map(|a| Appointment::from_bytes(a.statement.payload()).ok());
        let subjects: BTreeSet<RecordId> = records.map(|r| r.id).chain(appointments.map(|a| a.id)).collect();
        let mut tx = self.store().read().await?;
        let mut statuses = Vec::new();
        for subject in subjects {
            statuses.extend(tx.statuses_of(&subject).await?);
        }
        let mut found = self.evidence(&mut tx, statuses).await?;
        let anchors = read.bundle.records.iter().map(|r| place_of(&r.anchor));
        let anchors = anchors.chain(authority.appointments.iter().map(|a| place_of(&a.anchor)));
        found.authority.evidence = self.evidence_beside(&mut tx, authority, anchors, self.edges().now()).await?;
        found.authority = found.authority.in_order();
        Ok(found)
    }

    async fn evidence(&self, tx: &mut Tx, statuses: Vec<StoredStatus>) -> Result<StatusEvidence, AppError> {
        if statuses.is_empty() {
            return Ok(StatusEvidence::default());
        }
        let mut behind = Behind {
            app: self,
            known: certificates(tx).await?,
            times: times(tx, self.settings()).await?,
            staff: BTreeMap::new(),
            certificates: BTreeMap::new(),
            appointments: BTreeMap::new(),
        };
        let mut statements = Vec::new();
        for status in statuses {
            if behind.certificates.len().max(behind.appointments.len()) >= MAX_PARTS {
                break;
            }
            let Ok(headers) = status.statement.headers(StatementType::Status) else { continue };
            let at = status.receipt.as_ref().map_or(status.taken_at, |r| r.time);
            for header in &headers {
                behind.add(tx, &header.certificate, header.role, &status.school, at).await?;
            }
            statements.push(status.statement);
        }
        let (certificates, appointments) = (behind.certificates, behind.appointments);
        let authority = AuthorityPart {
            certificates: certificates.into_values().map(|c| Der(c.der().to_vec())).collect(),
            appointments: appointments.into_values().collect(),
            evidence: Vec::new(),
            time_stamps: Vec::new(),
        };
        Ok(StatusEvidence { authority: authority.in_order(), statements })
    }
}

/// What shows the right of those who signed statuses, as it is gathered.
struct Behind<'a> {
    app: &'a App,
    known: BTreeMap<Sha256Digest, Certificate>,
    times: BTreeMap<BatchPlace, UnixTime>,
    staff: BTreeMap<SchoolCode, Staff>,
    certificates: BTreeMap<Sha256Digest, Certificate>,
    appointments: BTreeMap<RecordId, AnchoredStatement>,
}

impl Behind<'_> {
    /// The certificate of a signer with its issuers, the appointment that made them this, and the same of whoever gave it.
    async fn add(
        &mut self,
        tx: &mut Tx,
        signer: &Sha256Digest,
        role: Role,
        school: &SchoolCode,
        at: UnixTime,
    ) -> Result<(), AppError> {
        let (mut signer, mut role, mut at) = (*signer, role, at);
        // Teacher, principal, department: nobody is appointed through more.
        for _ in 0..3 {
            let Some(certificate) = self.known.get(&signer) else { return Ok(()) };
            let issuers: Vec<Certificate> = self.known.values().cloned().collect();
            if let Ok(path) =
                self.app.profile().path(certificate, &SignatureCache::default(), &issuers, at, End::Signer)
            {
                let used = path.intermediates.iter().filter_map(|digest| self.known.get(digest));
                self.certificates.extend(used.map(|c| (*c.digest(), c.clone())));
            }
            self.certificates.insert(signer, certificate.clone());
            if role == Role::Department {
                return Ok(());
            }
            if !self.staff.contains_key(school) {
                self.staff.insert(school.clone(), Staff::of(tx, school).await?);
            }
            let held = self.staff.get(school).into_iter().flat_map(|staff| staff.held_by(&signer, role, None));
            let held: Vec<_> = held.filter(|h| h.appointment.covers(at)).collect();
            let mut above = None;
            for held in held {
                let id = held.appointment.id;
                let Some(anchor) = self.app.anchor(tx, LeafKind::Appointment, &id, 1).await? else { continue };
                let Some(anchored) = self.times.get(&place_of(&anchor)).filter(|anchored| **anchored <= at) else {
                    continue;
                };
                let header = held.statement.headers(StatementType::Appointment).ok().and_then(|h| h.into_iter().next());
                above = header.map(|h| (h.certificate, h.role, *anchored));
                self.appointments.insert(id, AnchoredStatement { anchor, statement: held.statement.clone() });
                break;
            }
            let Some(next) = above else { return Ok(()) };
            (signer, role, at) = next;
        }
        Ok(())
    }
}
