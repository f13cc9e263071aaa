//! Everything re-derived from what is stored: signatures from statements, leaves from signatures, trees from leaves,
//! receipts from the chain; and the transitions that the tables promise.
//!
//! It reads in one transaction, so everything is of one moment while the service goes on; in pages, so memory stays
//! bounded (one batch's leaves, 13 MB, is the largest piece). It changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use hocba_app::{ALL_STATUSES, App, AppError, Step};
use hocba_bundle::{
    evidence::RevocationEvidence,
    facts::{ALG_RFC6962_SHA256, BatchFact, CheckedFacts, IssuerCode, StatusFact, status_key},
    report::TimeStampProblem,
    time_stamp::judge,
};
use hocba_chain::SignedTransaction;
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    payload::RecordPayload,
    types::UnixTime,
};
use hocba_signature::{
    appointment::Appointment,
    certificate::{Certificate, SignatureCache},
    policy::{SignerRule, SigningPolicy},
    revocation::EvidenceError,
    statement::{Header, Role, Statement, StatementType},
    status::{StatusAction, StatusChange},
    timestamp::TimeStampToken,
};
use hocba_store::{
    LeafKey, Store, StoreError, Tx,
    model::{
        Attempt, AttemptState, AuditEvent, Batch, Class, Id, JobKind, Leaf, LeafKind, Receipt, RecordState,
        RecordVersion, StatusKind, StoredEvidence, StoredStatus, StoredTimeStamp,
    },
};

use crate::{
    delivery::FOUND_ON_CHAIN,
    service::rows,
    statuses::{change_of, says},
};

/// Rows read at a time.
const PAGE: u32 = 500;
/// Most faults kept; what is wrong beyond is counted. A table that was lost would else fill the memory.
const MAX_FAULTS: usize = 1000;

/// What has a fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The database as a whole.
    Database,
    /// A record version.
    Record(RecordId, u32),
    /// An account.
    Account(Id),
    /// An appointment.
    Appointment(RecordId),
    /// A leaf.
    Leaf(Sha256Digest),
    /// A batch.
    Batch(i64),
    /// An authority's answer.
    Evidence(RecordId),
    /// A time-stamp over a batch, and whose.
    TimeStamp(i64, String),
    /// A certificate that an authority has yet to speak of.
    Wanting(Sha256Digest),
    /// What waits under an issuer.
    Waiting(IssuerCode, LeafKind),
    /// An open job.
    Job(i64),
    /// A batch in the contract.
    Chain(u64),
    /// A status statement.
    Status(i64),
    /// A transaction for the status log.
    StatusAttempt(i64),
    /// What waits for the status log.
    Statuses,
    /// An entry of the status log.
    StatusLog(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Database => f.write_str("the database"),
            Place::Record(id, version) => write!(f, "record {id} version {version}"),
            Place::Account(id) => write!(f, "account {id}"),
            Place::Appointment(id) => write!(f, "appointment {id}"),
            Place::Leaf(leaf) => write!(f, "leaf {}", leaf.to_hex()),
            Place::Batch(id) => write!(f, "batch {id}"),
            Place::Evidence(id) => write!(f, "evidence {id}"),
            Place::TimeStamp(batch, authority) => write!(f, "time-stamp of batch {batch} by {authority}"),
            Place::Wanting(certificate) => write!(f, "the question about certificate {}", certificate.to_hex()),
            Place::Waiting(issuer, kind) => write!(f, "{kind} leaves of {issuer}"),
            Place::Job(id) => write!(f, "job {id}"),
            Place::Chain(index) => write!(f, "index {index} on the chain"),
            Place::Status(id) => write!(f, "status {id}"),
            Place::StatusAttempt(id) => write!(f, "transaction {id} for the status log"),
            Place::Statuses => f.write_str("the statuses that wait"),
            Place::StatusLog(index) => write!(f, "entry {index} of the status log"),
        }
    }
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum What {
    /// SQLite's own check complains.
    #[error("the file is damaged: {0}")]
    File(String),
    /// A row holds what no row can.
    #[error("table {table}, column {column} holds what does not belong there")]
    Unreadable {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
    },
    /// The state promises another number of signatures.
    #[error("{found} signatures, its state promises {needed}")]
    SignatureCount {
        /// Found.
        found: usize,
        /// Promised.
        needed: usize,
    },
    /// Headers that no signer of ours makes, or a chain of countersignatures that is broken.
    #[error("the signatures do not build on one another")]
    Headers,
    /// Not the signers of the policy, or one key twice.
    #[error("the signers are not those of the policy")]
    Signers,
    /// The signer's certificate is not kept.
    #[error("certificate {} of a signer is missing", .0.to_hex())]
    Certificate(Sha256Digest),
    /// A signature does not verify.
    #[error("signature {index} does not verify")]
    Signature {
        /// Which, from 0.
        index: usize,
    },
    /// What is signed is not what stands beside it in the table.
    #[error("what was signed says another {0} than the table")]
    Claims(&'static str),
    /// What an account signs in with is not of its form, or does not open.
    #[error("{0}")]
    Access(&'static str),
    /// The personal part does not open, or is not what was signed.
    #[error("{0}")]
    Personal(&'static str),
    /// Complete, and in no queue and no batch.
    #[error("it is complete and has no leaf")]
    NoLeaf,
    /// The leaf is not the hash of the statement, or of another school.
    #[error("its leaf is not that of its statement")]
    OtherLeaf,
    /// A leaf of nothing complete.
    #[error("nothing complete belongs to it")]
    StrayLeaf,
    /// Places of leaves are not 0, 1, 2 … up to the size.
    #[error("its leaves do not fill the places 0 to {}", .size.saturating_sub(1))]
    Positions {
        /// Size as stored.
        size: u32,
    },
    /// A leaf of another issuer or kind.
    #[error("a leaf of another issuer or kind is in it")]
    ForeignLeaf,
    /// The leaves do not lead to the root.
    #[error("its leaves do not lead to its root")]
    Root,
    /// The stored nodes are not those of the tree: proofs handed out would not verify.
    #[error("its stored nodes are not those of its tree")]
    Tiles,
    /// Nothing will be done about it.
    #[error("no open job will {0}")]
    NoJob(&'static str),
    /// A job about nothing.
    #[error("there is nothing for it to do")]
    IdleJob,
    /// More than one transaction is expected to anchor it.
    #[error("{0} transactions are under way for it")]
    LiveAttempts(usize),
    /// A recorded transaction is not the one its columns name.
    #[error("the recorded transaction {0} is not the one its columns name")]
    AttemptBytes(String),
    /// A receipt without the transaction that earned it, or the reverse.
    #[error("receipt and final transaction do not go together")]
    Receipt,
    /// It is no answer of an authority about what the table says.
    #[error("it is no answer of the authority's about that certificate: {0}")]
    NoAnswer(&'static str),
    /// It is no time-stamp of the batch that a verifier would believe.
    #[error("it is no time-stamp of the batch: {0}")]
    NoTimeStamp(&'static str),
    /// A transition left no trace in the audit log.
    #[error("the audit log has no event `{0}` for it")]
    NoEvent(&'static str),
    /// The audit log tells of a transition that the tables do not have.
    #[error("the audit log has an event `{0}` that did not last")]
    LostTransition(&'static str),
    /// The chain has another batch at the receipt's index, or none.
    #[error("the chain has another {0} there")]
    OtherOnChain(&'static str),
    /// The root is on the chain more than once.
    #[error("it is on the chain more than once: {0:?}")]
    AnchoredTwice(Vec<u64>),
    /// A batch of an issuer of ours that we do not know: this database was restored from a backup that is older, or
    /// another installation anchors under the same issuer.
    #[error("a batch of our issuer is there that we do not know")]
    UnknownBatch,
    /// A status about something that is not here.
    #[error("it is about something that is not here")]
    StraySubject,
    /// The log says something of an appointment or record of ours, by a statement that we do not have: the key that sets
    /// statuses was used elsewhere, or this database was restored from a backup that is older.
    #[error("an entry about something of ours is there whose statement we do not have")]
    UnknownStatus,
}

impl What {
    /// Its name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            What::File(_) => "file",
            What::Unreadable { .. } => "unreadable",
            What::SignatureCount { .. } => "signature_count",
            What::Headers => "headers",
            What::Signers => "signers",
            What::Certificate(_) => "certificate",
            What::Signature { .. } => "signature",
            What::Claims(_) => "claims",
            What::Access(_) => "access",
            What::Personal(_) => "personal",
            What::NoLeaf => "no_leaf",
            What::OtherLeaf => "other_leaf",
            What::StrayLeaf => "stray_leaf",
            What::Positions { .. } => "positions",
            What::ForeignLeaf => "foreign_leaf",
            What::Root => "root",
            What::Tiles => "tiles",
            What::NoJob(_) => "no_job",
            What::IdleJob => "idle_job",
            What::LiveAttempts(_) => "live_attempts",
            What::AttemptBytes(_) => "attempt_bytes",
            What::Receipt => "receipt",
            What::NoAnswer(_) => "no_answer",
            What::NoTimeStamp(_) => "no_time_stamp",
            What::NoEvent(_) => "no_event",
            What::LostTransition(_) => "lost_transition",
            What::OtherOnChain(_) => "other_on_chain",
            What::AnchoredTwice(_) => "anchored_twice",
            What::UnknownBatch => "unknown_batch",
            What::StraySubject => "stray_subject",
            What::UnknownStatus => "unknown_status",
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Of what.
    pub place: Place,
    /// What is wrong.
    pub what: What,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Record versions.
    pub records: u64,
    /// Signatures verified, of records and appointments.
    pub signatures: u64,
    /// Personal parts opened; 0 without the data key.
    pub opened: u64,
    /// Appointments.
    pub appointments: u64,
    /// Answers of authorities, each read and its signature verified.
    pub evidence: u64,
    /// Time-stamps over batches; each verified where trust profile and chain are at hand.
    pub time_stamps: u64,
    /// Leaves.
    pub leaves: u64,
    /// Batches, each with its tree built again.
    pub batches: u64,
    /// Transactions made for them.
    pub attempts: u64,
    /// Status statements.
    pub statuses: u64,
    /// Receipts compared with the chain.
    pub receipts: u64,
    /// Receipts of blocks after the one that was looked at.
    pub receipts_after: u64,
}

/// What [`fsck`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How much was looked at.
    pub counted: Counted,
    /// What is wrong, in the order it was found.
    pub faults: Vec<Fault>,
    /// Faults beyond the first thousand.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    fn add(&mut self, place: Place, what: What) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { place, what });
        } else {
            self.more += 1;
        }
    }
}

/// The status logs of all contracts, one after the other, as receipts count.
fn log(facts: &CheckedFacts) -> impl Iterator<Item = &StatusFact> {
    facts.eras().flat_map(|era| era.statuses.iter().flatten())
}

/// Looks at everything. With `app`, personal parts are opened as well; with `facts`, which are read before, of all contracts
/// that batches stand in, receipts are compared with the chain.
///
/// ```no_run
/// # async fn check(app: &hocba_app::App) -> Result<(), Box<dyn std::error::Error>> {
/// let report = hocba_anchor::fsck(app.store(), Some(app), None).await?;
/// for fault in &report.faults {
///     eprintln!("{fault}");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database cannot be read at all; what can be read and is wrong is a [`Fault`].
pub async fn fsck(store: &Store, app: Option<&App>, facts: Option<&CheckedFacts>) -> Result<Report, StoreError> {
    fsck_telling(store, app, facts, |_| {}).await
}

/// The same, telling how far it is after every page.
///
/// # Errors
/// As for [`fsck`].
pub async fn fsck_telling(
    store: &Store,
    app: Option<&App>,
    facts: Option<&CheckedFacts>,
    mut tell: impl FnMut(&Counted) + Send,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for complaint in store.integrity().await? {
        report.add(Place::Database, What::File(complaint));
    }
    let tx = store.read().await?;
    let mut look = Look { tx, app, report, certificates: BTreeMap::new(), classes: BTreeMap::new() };
    look.read_certificates().await?;
    look.accounts().await?;
    look.appointments(&mut tell).await?;
    look.records(&mut tell).await?;
    look.evidence(&mut tell).await?;
    look.leaves(&mut tell).await?;
    let batches = look.batches(&mut tell).await?;
    look.time_stamps(&batches, facts, &mut tell).await?;
    let statuses = look.statuses(facts, &mut tell).await?;
    look.status_attempts(&mut tell).await?;
    look.jobs(&batches, statuses.waiting).await?;
    if let Some(facts) = facts {
        look.chain(&batches, facts).await?;
        look.unknown_statuses(&statuses, facts).await?;
    }
    tell(&look.report.counted);
    Ok(look.report)
}

/// What the walk over the statuses found.
#[derive(Default)]
struct Statuses {
    /// Whether some are not in the log for good.
    waiting: bool,
    /// Leaves of the statements that are here.
    known: HashSet<Sha256Digest>,
}

/// A look in progress.
struct Look<'a> {
    tx: Tx,
    app: Option<&'a App>,
    report: Report,
    certificates: BTreeMap<Sha256Digest, Certificate>,
    classes: BTreeMap<Id, Option<Class>>,
}

/// Whether a recorded transaction is the one its columns name.
fn is_as_named(attempt: &Attempt) -> bool {
    SignedTransaction::from_raw(&attempt.raw).is_ok_and(|t| {
        t.hash().to_string() == attempt.tx_hash
            && t.from().to_string() == attempt.sender
            && t.terms().nonce == attempt.nonce
    })
}

/// A row that cannot be read is a fault; a database that cannot be read is an error.
fn readable<T>(report: &mut Report, place: &Place, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Inconsistent { table, column, .. }) => {
            report.add(place.clone(), What::Unreadable { table, column });
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

impl Look<'_> {
    async fn read_certificates(&mut self) -> Result<(), StoreError> {
        let ders = self.tx.certificates().await;
        if let Some(ders) = readable(&mut self.report, &Place::Database, ders)? {
            // One that cannot be read is missing where it is needed.
            let read = ders.iter().filter_map(|der| Certificate::from_der(der).ok());
            self.certificates = read.map(|c| (*c.digest(), c)).collect();
        }
        Ok(())
    }

    async fn accounts(&mut self) -> Result<(), StoreError> {
        // Without the data key only the forms of rows are seen.
        let mut after: Option<Id> = None;
        loop {
            let page = self.tx.accesses_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (id, access) in page {
                if let Some(what) = self.app.and_then(|app| app.check_access(&id, &access)) {
                    self.report.add(Place::Account(id), What::Access(what));
                }
            }
        }
    }

    async fn appointments(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
        let mut after: Option<RecordId> = None;
        loop {
            let page = self.tx.appointment_ids_after(after.as_ref(), PAGE).await;
            let Some(page) = readable(&mut self.report, &Place::Database, page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            for id in page {
                self.report.counted.appointments += 1;
                let place = Place::Appointment(id);
                let read = self.tx.appointment(&id).await;
                let Some(Some(stored)) = readable(&mut self.report, &place, read)? else { continue };
                self.signatures(&place, &stored.statement, StatementType::Appointment);
                match Appointment::from_bytes(stored.statement.payload()) {
                    Ok(signed) => {
                        let given = stored.statement.headers(StatementType::Appointment).is_ok_and(
                            |headers| matches!(headers.as_slice(), [header] if signed.may_be_given_by(header.role)),
                        );
                        if !given {
                            self.report.add(place.clone(), What::Signers);
                        }
                        for (what, same) in [
                            ("id", signed.id == stored.id),
                            ("school", signed.school == stored.school),
                            ("role", signed.role == stored.role),
                            ("certificate", signed.appointee.certificate == stored.certificate),
                            ("interval", (signed.from, signed.until) == (stored.valid_from, stored.valid_until)),
                        ] {
                            if !same {
                                self.report.add(place.clone(), What::Claims(what));
                            }
                        }
                    }
                    Err(_) => self.report.add(place.clone(), What::Claims("content")),
                }
                self.leaf_of(&place, LeafKind::Appointment, &id, 1, Some(&stored.statement), stored.school.as_str())
                    .await?;
                let events = self.tx.events_of(&id.to_string()).await?;
                self.event(&place, &events, None, "appoint");
            }
            tell(&self.report.counted);
        }
    }

    /// Answers of authorities: what the table says of them is what they say, and their authority signed them.
    async fn evidence(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
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
    async fn time_stamps(
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

    async fn records(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
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

    async fn record(&mut self, place: &Place, version: &RecordVersion) -> Result<(), StoreError> {
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

    async fn class(&mut self, place: &Place, id: &Id) -> Result<Option<Class>, StoreError> {
        if !self.classes.contains_key(id) {
            let read = self.tx.class(id).await;
            let class = readable(&mut self.report, place, read)?.flatten();
            self.classes.insert(*id, class);
        }
        Ok(self.classes.get(id).cloned().flatten())
    }

    /// Checks that headers build on one another and signatures verify; gives the headers.
    fn signatures(&mut self, place: &Place, statement: &Statement, typ: StatementType) -> Option<Vec<Header>> {
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
    async fn leaf_of(
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

    fn event(&mut self, place: &Place, events: &[AuditEvent], version: Option<u32>, action: &'static str) {
        if !events.iter().any(|e| e.action == action && e.version == version) {
            self.report.add(place.clone(), What::NoEvent(action));
        }
    }

    /// Each leaf is that of something complete.
    async fn leaves(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
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

    async fn batches(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<Vec<Batch>, StoreError> {
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

    /// Statuses: signed by whom they name, about something that is here, in the log where their receipts say.
    async fn statuses(
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

    async fn status_attempts(&mut self, tell: &mut (impl FnMut(&Counted) + Send)) -> Result<(), StoreError> {
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
    async fn unknown_statuses(&mut self, statuses: &Statuses, facts: &CheckedFacts) -> Result<(), StoreError> {
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

    /// What waits has its job, and a job has something that waits.
    async fn jobs(&mut self, batches: &[Batch], statuses: bool) -> Result<(), StoreError> {
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

    async fn chain(&mut self, batches: &[Batch], facts: &CheckedFacts) -> Result<(), StoreError> {
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
