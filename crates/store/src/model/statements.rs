//! Signed statements beside records: appointments, statuses; what authorities said.

use hocba_bundle::evidence::EvidenceKind;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, UnixTime},
};
use hocba_signature::statement::{Role, Statement};

use super::Receipt;

words! {
    /// What came of asking an authority about a certificate.
    WantOutcome {
        /// It said, late enough, that the certificate counted.
        Proven = "proven",
        /// It said that the certificate did not count any more.
        Fallen = "fallen",
        /// The certificate expired before, and the authority says nothing of expired ones: nothing will prove it.
        Silent = "silent",
    }
}

words! {
    /// What a status statement does.
    StatusKind {
        /// A newer version takes a record's place.
        Supersede = "supersede",
        /// A record is withdrawn.
        Revoke = "revoke",
        /// An appointment ends.
        End = "end",
    }
}

/// An appointment, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAppointment {
    /// Identity.
    pub id: RecordId,
    /// School.
    pub school: SchoolCode,
    /// Role given.
    pub role: Role,
    /// Whose certificate.
    pub certificate: Sha256Digest,
    /// Holds from,
    pub valid_from: UnixTime,
    /// and before.
    pub valid_until: UnixTime,
    /// Signed.
    pub statement: Statement,
}

/// A signed status statement, on its way into the contract's status log or in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStatus {
    /// 1, 2, 3 … in the order they were taken.
    pub id: i64,
    /// Appointment or record.
    pub subject: RecordId,
    /// What it does.
    pub action: StatusKind,
    /// Lowest version that is live from here on.
    pub live_version: u32,
    /// Reason class, as the contract has it.
    pub reason: u8,
    /// For a compromised key: what it signed from then on falls.
    pub since: Option<UnixTime>,
    /// The school concerned.
    pub school: SchoolCode,
    /// Signed.
    pub statement: Statement,
    /// When it was taken.
    pub taken_at: UnixTime,
    /// Where it is in the status log, once that is final.
    pub receipt: Option<Receipt>,
}

/// An authority's answer about revocations, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvidence {
    /// The first 128 bits of its leaf.
    pub id: RecordId,
    /// In which form.
    pub kind: EvidenceKind,
    /// SHA-256 of the public key (SubjectPublicKeyInfo) of the authority whose certificates it speaks of.
    pub issuer: Sha256Digest,
    /// Of which certificate; none where it speaks of all of the authority's.
    pub certificate: Option<Sha256Digest>,
    /// The moment whose state it tells.
    pub this_update: UnixTime,
    /// When a newer one was to be had at the latest.
    pub next_update: Option<UnixTime>,
    /// When it came.
    pub fetched_at: UnixTime,
    /// The statement around it, without signatures.
    pub statement: Statement,
}

impl StoredEvidence {
    /// The id that goes with a statement.
    pub fn id_of(statement: &Statement) -> RecordId {
        let leaf = statement.leaf_hash();
        RecordId::from_bytes(*leaf.as_bytes().first_chunk().expect("a digest has 32 bytes"))
    }
}

/// A time-stamp over a batch, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTimeStamp {
    /// Whose digest was stamped.
    pub batch: i64,
    /// By whom, as the trust profile calls the authority.
    pub authority: String,
    /// The token in DER.
    pub token: Vec<u8>,
    /// When the authority saw it, as it states.
    pub gen_time: UnixTime,
    /// When it came.
    pub fetched_at: UnixTime,
}

/// That an authority has to speak of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceWant {
    /// Of which.
    pub certificate: Sha256Digest,
    /// Block time of what rests on it.
    pub anchored_at: UnixTime,
    /// Block time and grace: only an answer of then or later proves it.
    pub wanted_from: UnixTime,
    /// In whose name the answer is anchored.
    pub school: SchoolCode,
    /// What came of it.
    pub outcome: Option<WantOutcome>,
}
