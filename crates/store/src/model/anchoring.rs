//! From a leaf to the chain: batches, transactions, jobs.

use std::fmt;

use hocba_bundle::facts::IssuerCode;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, UnixTime},
};

words! {
    /// What a leaf is the hash of.
    LeafKind {
        /// An appointment: anchored before the records that rest on it.
        Appointment = "appointment",
        /// A record version.
        Record = "record",
        /// An authority's answer about revocations.
        Evidence = "evidence",
    }
}

words! {
    /// Where a transaction that anchors a batch is.
    AttemptState {
        /// Signed and recorded, perhaps sent.
        Prepared = "prepared",
        /// A node took it.
        Broadcast = "broadcast",
        /// In a block that may still be replaced.
        Included = "included",
        /// In a block that stays.
        Final = "final",
        /// Another transaction took its nonce.
        Replaced = "replaced",
        /// Mined without effect.
        Reverted = "reverted",
        /// Given up: no node has it, and its place in the contract is taken.
        Dropped = "dropped",
    }
}

impl AttemptState {
    /// Whether nothing more is expected of it. A dead attempt may still come true (a reorganisation, a node that had it
    /// after all); the contract's digests see to it that it cannot do so besides another one.
    pub const fn is_dead(self) -> bool {
        matches!(self, AttemptState::Replaced | AttemptState::Reverted | AttemptState::Dropped)
    }
}

words! {
    /// Work that follows from a change.
    JobKind {
        /// Close a batch of appointments of an issuer.
        CloseAppointments = "close_appointments",
        /// Close a batch of records of an issuer.
        CloseRecords = "close_records",
        /// Bring a batch onto the chain.
        DeliverBatch = "deliver_batch",
        /// Bring the statuses that wait into the contract's status log.
        DeliverStatuses = "deliver_statuses",
        /// Close a batch of authorities' answers of an issuer.
        CloseEvidence = "close_evidence",
        /// Ask an authority about a certificate. Whoever holds the collecting lease works on it.
        FetchEvidence = "fetch_evidence",
        /// Ask a time-stamp authority about the newest batch. Whoever holds the collecting lease works on it.
        FetchTimeStamp = "fetch_time_stamp",
    }
}

impl JobKind {
    /// Whether it is the anchoring service's, and not of whoever collects evidence.
    pub const fn is_anchoring(self) -> bool {
        !matches!(self, JobKind::FetchEvidence | JobKind::FetchTimeStamp)
    }
}

/// What all programs on one database have to agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// EIP-155 chain id that batches are anchored on.
    pub chain: u64,
    /// Address of the contract, `0x…`.
    pub contract: String,
    /// Id of the key that seals personal data.
    pub data_key: String,
}

impl Deployment {
    pub(crate) fn values(&self) -> [(&'static str, String); 3] {
        [("chain", self.chain.to_string()), ("contract", self.contract.clone()), ("data_key", self.data_key.clone())]
    }
}

/// A complete statement on its way into a batch, or in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// SHA-256(0x00 || statement).
    pub leaf: Sha256Digest,
    /// Of what.
    pub kind: LeafKind,
    /// Record, appointment or evidence.
    pub subject: RecordId,
    /// Version of the record; else 1.
    pub version: u32,
    /// School.
    pub school: SchoolCode,
    /// Under which it is anchored.
    pub issuer: IssuerCode,
    /// Waiting since.
    pub ready_at: UnixTime,
}

/// A closed batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// 1, 2, 3 …
    pub id: i64,
    /// Anchored under.
    pub issuer: IssuerCode,
    /// Of what.
    pub kind: LeafKind,
    /// Merkle root.
    pub root: Sha256Digest,
    /// Number of leaves.
    pub size: u32,
    /// Since when.
    pub closed_at: UnixTime,
    /// Where it is on the chain, once that is final.
    pub receipt: Option<Receipt>,
}

/// Where an anchored batch is, or an entry of the status log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Index in the contract's register, or in its status log. Of a successor's, it counts on from those before it.
    pub index: u64,
    /// Block number.
    pub block: u64,
    /// Block time.
    pub time: UnixTime,
    /// Transaction that did it, `0x…`.
    pub tx_hash: String,
}

/// Where a leaf is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The batch.
    pub batch: Batch,
    /// Place of the leaf in it.
    pub position: u32,
}

/// What a transaction delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// The root of this batch.
    Batch(i64),
    /// Statuses that wait.
    Statuses,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Batch(id) => write!(f, "batch {id}"),
            Delivery::Statuses => f.write_str("the status log"),
        }
    }
}

/// A transaction made for a batch, or for the status log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Identity; batches and the status log count apart.
    pub id: i64,
    /// For what.
    pub of: Delivery,
    /// Where it is.
    pub state: AttemptState,
    /// Sender's address, `0x…`.
    pub sender: String,
    /// Nonce of the sender.
    pub nonce: u64,
    /// `0x…`.
    pub tx_hash: String,
    /// Signed bytes.
    pub raw: Vec<u8>,
    /// Where it is included.
    pub block: Option<u64>,
    /// When it was made.
    pub made_at: UnixTime,
}

/// Work to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Identity.
    pub id: i64,
    /// Kind.
    pub kind: JobKind,
    /// Issuer code, batch id, digest of a certificate, or time-stamp authority.
    pub subject: String,
    /// Not before.
    pub due_at: UnixTime,
    /// How often it failed.
    pub tries: u32,
    /// Code of the last failure.
    pub last_error: Option<String>,
}
