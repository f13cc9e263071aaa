//! What is found: where, what, and how much was looked at.

use std::fmt;

use hocba_bundle::facts::IssuerCode;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear},
};
use hocba_store::model::{Id, KeptKind, LeafKind};

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
    /// A task.
    Task(Id),
    /// A file that waits to be taken: whose, and of which kind.
    KeptFile(Id, KeptKind),
    /// The figures kept of a class.
    Progress(SchoolCode, SchoolYear, ClassName),
    /// A link.
    Link(Id),
    /// What a pupil or parent asks.
    Request(Id),
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
            Place::Task(id) => write!(f, "task {id}"),
            Place::KeptFile(account, kind) => write!(f, "the kept {kind} file of account {account}"),
            Place::Progress(school, year, class) => write!(f, "the figures of class {class} of {school}, {year}"),
            Place::Link(id) => write!(f, "link {id}"),
            Place::Request(id) => write!(f, "request {id}"),
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
    /// A figure that is kept is not what counting gives.
    #[error("{figure}: {kept} kept, {counted} counted")]
    Figure {
        /// Which.
        figure: &'static str,
        /// As kept.
        kept: u64,
        /// As counted.
        counted: u64,
    },
    /// A class without kept figures, or figures without a class.
    #[error("{0}")]
    Figures(&'static str),
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
            What::Figure { .. } => "figure",
            What::Figures(_) => "figures",
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
    /// Classes whose figures were counted again.
    pub classes: u64,
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

/// What [`fsck`](super::fsck()) found.
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

    pub(super) fn add(&mut self, place: Place, what: What) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { place, what });
        } else {
            self.more += 1;
        }
    }
}
