//! Evidence of revocation: of which certificates an authority has yet to speak, what it said, and what of it a bundle
//! needs. Asking is `hocba-evidence`'s; everything is decided here.
//!
//! # What is asked, and when
//! - When a signature is taken: of each certificate on its path, unless an answer of the last [`FRESH`] seconds is kept.
//!   It proves nothing yet, and tells soon of a certificate that was revoked.
//! - When a batch is anchored: of each certificate on the paths of its signers, an answer of block time + grace or later
//!   ([`EvidenceWant`]). Only such an answer is final (docs/spec/long-term.md).
//!
//! Both become one job for each certificate; a CRL that one job fetched settles the others of its authority unasked.

use std::collections::{BTreeMap, BTreeSet};

use hocba_bundle::{
    evidence::{EvidenceKind, MAX_EVIDENCE_BYTES, RevocationEvidence},
    format::{AnchoredStatement, AuthorityPart},
    profile::RevocationRule,
};
use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    certificate::{Certificate, Path, SignatureCache},
    path::End,
    revocation::{Answer, Evidence, EvidenceError, Standing, Status, standing},
    statement::StatementType,
};
use hocba_store::{
    EvidenceLine, Tx, Wanted,
    model::{AuditEvent, Batch, EvidenceWant, Job, JobKind, Leaf, LeafKind, School, StoredEvidence, WantOutcome},
    retrying,
};

use crate::{
    Actor, App, AppError,
    eras::BatchPlace,
    policy::{Action, Place, require},
    signing::certificates,
};

/// Name of the lease of whoever asks the authorities.
pub const COLLECTING_LEASE: &str = "collecting";
/// How long an answer spares another question when something is signed, in seconds: half a day. Authorities publish once
/// or twice a day.
pub const FRESH: i64 = 43_200;
/// How old the state may be that an answer without an end tells when something is signed, in seconds.
const OLDEST: i64 = 30 * 86_400;
/// After how long an authority that has not answered is worth a person's attention, in seconds.
pub const LATE: i64 = 86_400;
/// Statements of a batch read at a time.
const PAGE: u32 = 500;

/// Why an answer is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is none that counts: another form, another certificate, another key.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// Over [`MAX_EVIDENCE_BYTES`].
    #[error("the answer is larger than {MAX_EVIDENCE_BYTES} bytes")]
    TooLarge,
    /// A CRL where an OCSP answer was asked for, or the reverse.
    #[error("the answer is not of the form that was asked for")]
    OtherKind,
    /// Of a moment that has not come.
    #[error("the answer is of a moment that has not come: a clock is wrong")]
    Future,
    /// It tells a state that is too old for what is asked.
    #[error("the answer tells a state that is too old")]
    TooOld,
    /// The authority does not know the certificate.
    #[error("the authority says that it does not know the certificate")]
    Unknown,
}

impl Refusal {
    /// Its name in jobs, logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::TooLarge | Refusal::Evidence(EvidenceError::TooLarge) => "too_large",
            Refusal::OtherKind | Refusal::Evidence(EvidenceError::Malformed) => "not_evidence",
            Refusal::Future => "from_the_future",
            Refusal::TooOld => "too_old",
            Refusal::Unknown => "unknown_to_authority",
            Refusal::Evidence(EvidenceError::OtherIssuer | EvidenceError::NotCovered) => "other_certificate",
            Refusal::Evidence(EvidenceError::Signature) => "signature",
            Refusal::Evidence(EvidenceError::Responder) => "responder",
            Refusal::Evidence(EvidenceError::NoAnswer) => "no_answer",
            Refusal::Evidence(_) => "unusable",
        }
    }
}

/// What an authority said of a certificate, checked.
#[derive(Debug, Clone)]
pub struct Judged {
    /// As it came.
    pub evidence: RevocationEvidence,
    /// What it says.
    pub answer: Answer,
}

/// A certificate that an authority is to speak of.
#[derive(Debug, Clone)]
pub struct Question {
    /// The certificate, its issuer, and so on up to the root.
    path: Vec<Certificate>,
    /// What is not decided, the earliest first.
    wants: Vec<EvidenceWant>,
    /// Whether a recent answer is kept.
    fresh: bool,
}

impl Question {
    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.path[0]
    }
    /// Who issued it.
    pub fn issuer(&self) -> &Certificate {
        &self.path[1]
    }
    /// Whether something that is anchored waits for an answer that the authority can have given by now.
    pub fn has_due(&self, now: UnixTime) -> bool {
        self.due(now).next().is_some()
    }
    /// Whether a recent answer is kept.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }
    fn due(&self, now: UnixTime) -> impl Iterator<Item = &EvidenceWant> {
        self.wants.iter().filter(move |want| want.wanted_from <= now)
    }

    /// Looks at what an authority answered: everything that makes it evidence for this certificate. Whether it is new
    /// enough, [`Question::serves`] tells.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn judge(&self, kind: EvidenceKind, der: Vec<u8>, now: UnixTime) -> Result<Judged, Refusal> {
        if der.len() > MAX_EVIDENCE_BYTES {
            return Err(Refusal::TooLarge);
        }
        let read = Evidence::from_der(&der)?;
        if matches!(read, Evidence::Crl(_)) != (kind == EvidenceKind::Crl) {
            return Err(Refusal::OtherKind);
        }
        let path: Vec<&Certificate> = self.path.iter().collect();
        let answer = read.answer(&path, &SignatureCache::default())?;
        // Nothing is said before it is anchored, so it would never be believed.
        if answer.this_update > now {
            return Err(Refusal::Future);
        }
        Ok(Judged { evidence: RevocationEvidence::new(kind, der), answer })
    }

    /// Whether an answer is of use: it decides something that is due, or it is the recent one that is missing.
    ///
    /// # Errors
    /// `TooOld`, `Unknown`.
    pub fn serves(&self, answer: &Answer, now: UnixTime) -> Result<(), Refusal> {
        if self.wants.iter().any(|want| decides(want, std::slice::from_ref(answer)).is_some()) {
            return Ok(());
        }
        if answer.status == Status::Unknown {
            return Err(Refusal::Unknown);
        }
        let current = match answer.next_update {
            Some(next) => next > now,
            None => answer.this_update >= now.plus(-OLDEST),
        };
        if !self.fresh && current && !self.has_due(now) { Ok(()) } else { Err(Refusal::TooOld) }
    }

    /// Whether an answer shows that nothing will ever prove what is due: the certificate had expired by its moment, and
    /// its authority says nothing of expired ones.
    pub fn is_silent(&self, answer: &Answer, now: UnixTime) -> bool {
        self.due(now).any(|want| is_silent(want, self.certificate(), answer))
    }
}

fn decides(want: &EvidenceWant, answers: &[Answer]) -> Option<WantOutcome> {
    let grace = want.wanted_from.seconds() - want.anchored_at.seconds();
    match standing(answers, want.anchored_at, u32::try_from(grace).unwrap_or(u32::MAX), None) {
        Standing::Proven => Some(WantOutcome::Proven),
        Standing::Fallen { .. } => Some(WantOutcome::Fallen),
        Standing::Open { .. } => None,
    }
}

fn is_silent(want: &EvidenceWant, certificate: &Certificate, answer: &Answer) -> bool {
    answer.status == Status::Unknown
        && answer.this_update > certificate.not_after()
        && answer.this_update >= want.wanted_from
}

/// Something that an authority was asked in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// SHA-256 of the certificate; or which time-stamp authority.
    pub certificate: String,
    /// Why, as a code (docs/evidence.md).
    pub code: String,
    /// How often in a row.
    pub tries: u32,
    /// When it is tried again.
    pub next: UnixTime,
}

/// How the authorities do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceState {
    /// Answers kept.
    pub kept: u64,
    /// How far behind they are.
    pub wanted: Wanted,
    /// Certificates whose last question failed.
    pub failing: Vec<Failing>,
}

impl Failing {
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            certificate: job.subject.clone(),
            code: job.last_error.clone().unwrap_or_default(),
            tries: job.tries,
            next: job.due_at,
        }
    }
}

impl EvidenceState {
    /// Since when an authority has not said what is due, if that is long enough for somebody to look after it.
    pub fn late_since(&self, now: UnixTime) -> Option<UnixTime> {
        self.wanted.due_since.filter(|since| since.plus(LATE) <= now)
    }

    pub(crate) async fn of(tx: &mut Tx, jobs: &[Job], now: UnixTime) -> Result<Self, AppError> {
        let failing = jobs.iter().filter(|job| job.kind == JobKind::FetchEvidence && job.tries > 0);
        let failing = failing.map(Failing::of).collect();
        Ok(Self { kept: tx.count_evidence().await?, wanted: tx.wanted(now).await?, failing })
    }
}

/// What came of evidence that was added by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedEvidence {
    /// In which form.
    pub kind: EvidenceKind,
    /// Whether it was not kept before.
    pub new: bool,
    /// The moment whose state it tells.
    pub this_update: UnixTime,
    /// Certificates here that it speaks of.
    pub certificates: usize,
    /// Questions that it settled.
    pub settled: usize,
}

/// The certificate with its issuers up to the root.
pub(crate) fn chain_on(
    path: &Path,
    certificate: &Certificate,
    others: &[Certificate],
    roots: &[Certificate],
) -> Vec<Certificate> {
    let used = path.intermediates.iter().filter_map(|digest| others.iter().find(|c| c.digest() == digest));
    [certificate].into_iter().chain(used).chain(roots.get(path.root)).cloned().collect()
}

impl App {
    /// Whether any authority of the trust profile is asked about revocations at all.
    pub fn asks_authorities(&self) -> bool {
        (0..self.profile().roots().len()).any(|root| self.profile().revocation_rule(root).is_some())
    }

    /// The longest grace of the profile's families, in seconds: what is final by it is final for each.
    pub(crate) fn grace(&self) -> u32 {
        let rules = (0..self.profile().roots().len()).filter_map(|root| self.profile().revocation_rule(root));
        rules.map(|rule| rule.grace).max().unwrap_or(0)
    }

    /// The path of a certificate at the first of these times at which it has one, with its family's rule.
    pub(crate) fn path_of(
        &self,
        certificate: &Certificate,
        others: &[Certificate],
        times: &[UnixTime],
    ) -> Option<(Vec<Certificate>, Option<RevocationRule>)> {
        let end = if certificate.is_ca() { End::Authority } else { End::Signer };
        let (cache, roots) = (SignatureCache::default(), self.profile().roots());
        let path = times.iter().find_map(|at| self.profile().path(certificate, &cache, others, *at, end).ok())?;
        Some((chain_on(&path, certificate, others, roots), self.profile().revocation_rule(path.root)))
    }

    /// Whether the newest answers that are kept let a signer's certificate and those above it count now. A signature that
    /// no verdict would ever believe is not taken.
    pub(crate) async fn refuse_revoked(
        &self,
        tx: &mut Tx,
        signer: &Certificate,
        chain: &[Certificate],
        now: UnixTime,
    ) -> Result<(), AppError> {
        if !self.asks_authorities() {
            return Ok(());
        }
        let Some((path, Some(_))) = self.path_of(signer, chain, &[now]) else { return Ok(()) };
        let path: Vec<&Certificate> = path.iter().collect();
        let cache = SignatureCache::default();
        for place in 0..path.len() - 1 {
            for about in [Some(path[place].digest()), None] {
                let lines = tx.evidence_about(path[place + 1].spki_sha256(), about).await?;
                let Some(newest) = lines.last() else { continue };
                let Some(kept) = tx.evidence(&newest.id).await? else { continue };
                let read = RevocationEvidence::of(&kept.statement).ok().and_then(|evidence| evidence.read());
                let answer = read.and_then(|read| read.answer(&path[place..], &cache).ok());
                if answer.and_then(|answer| answer.cut_off(None)).is_some_and(|cut_off| cut_off <= now) {
                    let whose = if place == 0 { "it" } else { "that of an authority above it" };
                    return Err(AppError::Certificate(format!("the authority has revoked {whose}")));
                }
            }
        }
        Ok(())
    }

    /// Has the authorities of a signer asked, where they were not asked lately: with the signature that was just taken.
    pub(crate) async fn ask_about(
        &self,
        tx: &mut Tx,
        signer: &Certificate,
        chain: &[Certificate],
        now: UnixTime,
    ) -> Result<(), AppError> {
        if !self.asks_authorities() {
            return Ok(());
        }
        let Some((path, Some(_))) = self.path_of(signer, chain, &[now]) else { return Ok(()) };
        for pair in path.windows(2) {
            let (certificate, issuer) = (pair[0].digest(), pair[1].spki_sha256());
            if !tx.has_evidence_since(issuer, certificate, now.plus(-FRESH), now).await? {
                tx.add_job(JobKind::FetchEvidence, &certificate.to_string(), now).await?;
            }
        }
        Ok(())
    }

    /// Notes of an anchored batch what its signers need, and when to ask for it. Gives how many certificates that are.
    /// `issuers`: certificates of authorities.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_wants(
        &self,
        tx: &mut Tx,
        batch: &Batch,
        issuers: &[Certificate],
        now: UnixTime,
    ) -> Result<usize, AppError> {
        let Some(receipt) = &batch.receipt else { return Ok(0) };
        let typ = match batch.kind {
            LeafKind::Record => StatementType::Record,
            _ => StatementType::Appointment,
        };
        let mut signers: BTreeMap<Sha256Digest, SchoolCode> = BTreeMap::new();
        let mut from = 0;
        loop {
            let page = tx.statements_of(batch, from, PAGE).await?;
            let Some((last, ..)) = page.last() else { break };
            from = last + 1;
            for (_, school, statement) in page {
                for header in statement.headers(typ).into_iter().flatten() {
                    signers.entry(header.certificate).or_insert_with(|| school.clone());
                }
            }
        }
        let mut wants: BTreeMap<Sha256Digest, EvidenceWant> = BTreeMap::new();
        for (signer, school) in signers {
            let Some(certificate) = self.known(tx, &signer).await? else { continue };
            let Some((path, Some(rule))) = self.path_of(&certificate, issuers, &[receipt.time]) else { continue };
            for certificate in &path[..path.len() - 1] {
                wants.entry(*certificate.digest()).or_insert_with(|| EvidenceWant {
                    certificate: *certificate.digest(),
                    anchored_at: receipt.time,
                    wanted_from: receipt.time.plus(i64::from(rule.grace)),
                    school: school.clone(),
                    outcome: None,
                });
            }
        }
        for want in wants.values() {
            tx.add_want(want).await?;
            tx.add_job(JobKind::FetchEvidence, &want.certificate.to_string(), want.wanted_from).await?;
        }
        tx.note_wants(batch.id, now).await?;
        Ok(wants.len())
    }

    async fn known(&self, tx: &mut Tx, digest: &Sha256Digest) -> Result<Option<Certificate>, AppError> {
        let der = tx.certificate(digest).await?;
        Ok(der.and_then(|der| Certificate::from_der(&der).ok()))
    }

    /// Certificates of authorities that are kept, besides the pinned roots.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn issuers(&self) -> Result<Vec<Certificate>, AppError> {
        let known = certificates(&mut self.store().read().await?).await?;
        Ok(known.into_values().filter(Certificate::is_ca).collect())
    }

    /// What is to be asked about a certificate; none where it is not kept, leads to no root, or its family publishes
    /// nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn question(
        &self,
        tx: &mut Tx,
        digest: &Sha256Digest,
        issuers: &[Certificate],
        now: UnixTime,
    ) -> Result<Option<Question>, AppError> {
        let Some(certificate) = self.known(tx, digest).await? else { return Ok(None) };
        let wants = tx.open_wants(digest).await?;
        let mut times: Vec<UnixTime> = wants.iter().map(|want| want.anchored_at).collect();
        times.push(now);
        let Some((path, Some(_))) = self.path_of(&certificate, issuers, &times) else { return Ok(None) };
        let issuer = path[1].spki_sha256();
        let fresh = tx.has_evidence_since(issuer, digest, now.plus(-FRESH), now).await?;
        // Of an expired certificate nobody signs any more.
        Ok(Some(Question { fresh: fresh || certificate.not_after() < now, path, wants }))
    }

    /// Settles by what is kept, and by one more answer where there is one, what can be settled. Gives what stays open.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn settle(
        &self,
        tx: &mut Tx,
        question: &Question,
        heard: Option<&Answer>,
        now: UnixTime,
    ) -> Result<Vec<EvidenceWant>, AppError> {
        let certificate = question.certificate();
        let open = tx.open_wants(certificate.digest()).await?;
        let Some(earliest) = open.first().map(|want| want.wanted_from) else { return Ok(open) };
        let mut answers: Vec<Answer> = heard.copied().into_iter().collect();
        let (path, cache) = (question.path.iter().collect::<Vec<_>>(), SignatureCache::default());
        for about in [Some(certificate.digest()), None] {
            // Only what is late enough proves anything; of what says "revoked" the newest is enough.
            let lines = tx.evidence_about(question.issuer().spki_sha256(), about).await?;
            let newest = lines.last().map(|line| line.id);
            for line in lines.iter().filter(|line| line.this_update >= earliest || Some(line.id) == newest) {
                let Some(kept) = tx.evidence(&line.id).await? else { continue };
                let read = RevocationEvidence::of(&kept.statement).ok().and_then(|evidence| evidence.read());
                answers.extend(read.and_then(|read| read.answer(&path, &cache).ok()));
            }
        }
        let mut left = Vec::new();
        for want in open {
            let silent = || answers.iter().any(|answer| is_silent(&want, certificate, answer));
            match decides(&want, &answers).or_else(|| silent().then_some(WantOutcome::Silent)) {
                Some(outcome) => tx.decide_want(&want, outcome, now).await?,
                None => left.push(want),
            }
        }
        Ok(left)
    }

    /// Keeps an answer and has it anchored; whether it is new. Kept once, whoever it is asked for.
    ///
    /// # Errors
    /// When the database refuses; `NotFound` where there is no school in whose name to anchor it.
    pub async fn keep(
        &self,
        tx: &mut Tx,
        actor: &str,
        question: &Question,
        judged: &Judged,
        now: UnixTime,
    ) -> Result<bool, AppError> {
        let digest = question.certificate().digest();
        let school = match question.wants.first() {
            Some(want) => tx.school(&want.school).await?,
            None => tx.school_of_certificate(digest).await?,
        };
        let School { code, issuer } = school.ok_or(AppError::NotFound("school"))?;
        let statement = judged.evidence.statement();
        let stored = StoredEvidence {
            id: StoredEvidence::id_of(&statement),
            kind: judged.evidence.kind,
            issuer: *question.issuer().spki_sha256(),
            certificate: (judged.evidence.kind == EvidenceKind::Ocsp).then_some(*digest),
            this_update: judged.answer.this_update,
            next_update: judged.answer.next_update,
            fetched_at: now,
            statement,
        };
        if !tx.add_evidence(&stored).await? {
            return Ok(false);
        }
        let leaf = Leaf {
            leaf: stored.statement.leaf_hash(),
            kind: LeafKind::Evidence,
            subject: stored.id,
            version: 1,
            school: code,
            issuer: issuer.clone(),
            ready_at: now,
        };
        tx.add_leaf(&leaf).await?;
        tx.add_job(JobKind::CloseEvidence, issuer.as_str(), now.plus(self.settings().batch_age)).await?;
        tx.audit(&AuditEvent {
            at: now,
            actor: actor.to_owned(),
            action: "keep_evidence".to_owned(),
            subject: stored.id.to_string(),
            version: None,
            reason: None,
        })
        .await?;
        Ok(true)
    }

    /// Takes an authority's answer that somebody brought: a school without a way out has it fetched elsewhere.
    ///
    /// # Errors
    /// `Forbidden`; `Evidence` where it is none, or of no certificate here.
    pub async fn add_evidence(&self, actor: &Actor, der: &[u8]) -> Result<AddedEvidence, AppError> {
        require(actor, Action::CloseBatch, Place::Everywhere)?;
        if der.len() > MAX_EVIDENCE_BYTES {
            return Err(AppError::Evidence(Refusal::TooLarge));
        }
        let read = Evidence::from_der(der).map_err(|error| AppError::Evidence(error.into()))?;
        let kind = if matches!(read, Evidence::Crl(_)) { EvidenceKind::Crl } else { EvidenceKind::Ocsp };
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("add_evidence").await?;
            let known = certificates(&mut tx).await?;
            let issuers: Vec<Certificate> = known.values().filter(|c| c.is_ca()).cloned().collect();
            let (mut spoken_of, mut refused) = (Vec::new(), Refusal::Evidence(EvidenceError::OtherIssuer));
            for certificate in known.values() {
                let Some(mut question) = self.question(&mut tx, certificate.digest(), &issuers, now).await? else {
                    continue;
                };
                question.fresh = false;
                match question.judge(kind, der.to_vec(), now) {
                    Ok(judged) => spoken_of.push((question, judged)),
                    // Of all certificates that it does not speak of, the reason is this one.
                    Err(Refusal::Evidence(EvidenceError::OtherIssuer | EvidenceError::NotCovered)) => {}
                    Err(refusal) => refused = refusal,
                }
            }
            let Some((question, judged)) = spoken_of.first() else { return Err(AppError::Evidence(refused)) };
            let new = self.keep(&mut tx, &actor.id(), question, judged, now).await?;
            let mut settled = 0;
            for (question, judged) in &spoken_of {
                let open = self.settle(&mut tx, question, Some(&judged.answer), now).await?;
                settled += question.wants.len() - open.len();
                let subject = question.certificate().digest().to_string();
                if let Some(job) = tx.open_job(JobKind::FetchEvidence, &subject).await? {
                    match open.first() {
                        None => tx.finish_job(job.id, now).await?,
                        Some(next) if next.wanted_from > now => tx.move_job(job.id, next.wanted_from).await?,
                        Some(_) => {}
                    }
                }
            }
            tx.commit().await?;
            let certificates = spoken_of.len();
            Ok(AddedEvidence { kind, new, this_update: judged.answer.this_update, certificates, settled })
        })
        .await
    }

    /// The newest evidence, at most so many, and how the authorities do.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn evidence_kept(
        &self,
        actor: &Actor,
        limit: u32,
    ) -> Result<(Vec<EvidenceLine>, EvidenceState), AppError> {
        require(actor, Action::ReadOverview, Place::Everywhere)?;
        let mut tx = self.store().read().await?;
        let jobs = tx.open_jobs().await?;
        let state = EvidenceState::of(&mut tx, &jobs, self.edges().now()).await?;
        Ok((tx.newest_evidence(limit).await?, state))
    }

    /// Anchored evidence about these certificates and those above them, oldest moment first: a line, the authority, and
    /// the block time of the line's batch.
    pub(crate) async fn evidence_on(
        &self,
        tx: &mut Tx,
        certificates: &BTreeSet<Sha256Digest>,
        known: &BTreeMap<Sha256Digest, Certificate>,
        now: UnixTime,
    ) -> Result<Vec<EvidenceLine>, AppError> {
        if !self.asks_authorities() {
            return Ok(Vec::new());
        }
        let issuers: Vec<Certificate> = known.values().filter(|c| c.is_ca()).cloned().collect();
        let mut asked: BTreeSet<(Sha256Digest, Option<Sha256Digest>)> = BTreeSet::new();
        for certificate in certificates.iter().filter_map(|digest| known.get(digest)) {
            let times = [now, certificate.not_before(), certificate.not_after()];
            let Some((path, Some(_))) = self.path_of(certificate, &issuers, &times) else { continue };
            for pair in path.windows(2) {
                let issuer = *pair[1].spki_sha256();
                asked.extend([(issuer, None), (issuer, Some(*pair[0].digest()))]);
            }
        }
        let mut lines = Vec::new();
        for (issuer, certificate) in asked {
            let about = tx.evidence_about(&issuer, certificate.as_ref()).await?;
            // Nothing is said before it is anchored.
            lines.extend(about.into_iter().filter(|e| e.anchored_at.is_some_and(|at| e.this_update <= at)));
        }
        Ok(lines)
    }

    /// A line with its statement and its place on the chain.
    pub(crate) async fn anchored_evidence(
        &self,
        tx: &mut Tx,
        line: &EvidenceLine,
    ) -> Result<Option<AnchoredStatement>, AppError> {
        let Some(anchor) = self.anchor(tx, LeafKind::Evidence, &line.id, 1).await? else { return Ok(None) };
        Ok(tx.evidence(&line.id).await?.map(|kept| AnchoredStatement { anchor, statement: kept.statement }))
    }

    /// What a verdict on a bundle is helped by: answers that came after it was made.
    pub(crate) async fn evidence_beside(
        &self,
        tx: &mut Tx,
        authority: &AuthorityPart,
        anchors: impl Iterator<Item = BatchPlace>,
        now: UnixTime,
    ) -> Result<Vec<AnchoredStatement>, AppError> {
        if !self.asks_authorities() {
            return Ok(Vec::new());
        }
        let carried = authority.certificates.iter().filter_map(|der| Certificate::from_der(&der.0).ok());
        let known: BTreeMap<Sha256Digest, Certificate> = carried.map(|c| (*c.digest(), c)).collect();
        let lines = self.evidence_on(tx, &known.keys().copied().collect(), &known, now).await?;
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let mut times = BTreeSet::new();
        for number in anchors.filter_map(|place| self.settings().batch_number(place)) {
            times.extend(tx.batch_at(number).await?.and_then(|batch| batch.receipt).map(|receipt| receipt.time));
        }
        let mut found = Vec::new();
        for line in needed(&lines, &times, self.grace()) {
            found.extend(self.anchored_evidence(tx, line).await?);
        }
        Ok(found)
    }
}

/// Of each authority and certificate: for each time the first final answer, and the last of all.
pub(crate) fn needed<'a>(lines: &'a [EvidenceLine], times: &BTreeSet<UnixTime>, grace: u32) -> Vec<&'a EvidenceLine> {
    let mut groups: BTreeMap<(Sha256Digest, Option<Sha256Digest>), Vec<&EvidenceLine>> = BTreeMap::new();
    for line in lines {
        groups.entry((line.issuer, line.certificate)).or_default().push(line);
    }
    let mut chosen = BTreeMap::new();
    for group in groups.into_values() {
        let first = |at: &UnixTime| group.iter().find(|line| line.this_update >= at.plus(i64::from(grace)));
        for line in times.iter().filter_map(first).chain(group.last()) {
            chosen.insert(line.id.to_string(), *line);
        }
    }
    chosen.into_values().collect()
}
