//! What the server asks of the application. Handlers translate; whoever implements this decides: `hocba_app::App`, and
//! in tests and examples a set of samples without a database.

mod app;

use std::{error::Error, future::Future, sync::Arc, time::Duration};

use hocba_bundle::report::Report;
use hocba_record::types::UnixTime;

/// A cause for the log. Holds ids and places, never names, marks or tokens (`style.md` 11).
pub type Cause = Arc<dyn Error + Send + Sync>;

/// A bundle as a link stores it: opened by the key in the link's fragment, which the server never sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBundle {
    /// Nonce of AES-256-GCM.
    pub nonce: [u8; 12],
    /// Ciphertext and tag; the associated data is SHA-256 of the token.
    pub ciphertext: Vec<u8>,
}

/// Why a link does not open.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LinkError {
    /// There is no such link, or nothing is left of it.
    #[error("there is no such link")]
    Unknown,
    /// It was given for a time that is over.
    #[error("the link has expired")]
    Expired {
        /// Since when.
        at: UnixTime,
    },
    /// Whoever gave it took it back.
    #[error("the link was withdrawn")]
    Withdrawn {
        /// When.
        at: UnixTime,
    },
    /// Could not look, for now: the database does not answer.
    #[error("the link could not be looked up now")]
    Unavailable(Cause),
    /// Could not look.
    #[error("the link could not be looked up")]
    Failed(Cause),
}

/// One thing the server rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Short stable name: `database`, `chain`.
    pub name: &'static str,
    /// Whether it answers.
    pub up: bool,
    /// Whether requests are of use without it. The chain is not required: a verdict without it is inconclusive.
    pub required: bool,
}

/// Whether requests should be sent here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// What the server rests on.
    pub parts: Vec<Part>,
}

impl Readiness {
    /// Everything required is up.
    pub fn is_ready(&self) -> bool {
        self.parts.iter().all(|part| part.up || !part.required)
    }
}

/// What the operator wants to see at a glance. Counts and ages only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// Number of record versions in each state, in the order of their life.
    pub records: Vec<(&'static str, u64)>,
    /// Batches closed and not yet final on the chain.
    pub batches_waiting: u64,
    /// Batches whose anchor is final.
    pub batches_anchored: u64,
    /// Age of the oldest statement that is not yet final on the chain.
    pub oldest_waiting: Option<Duration>,
    /// Certificates whose authority cannot have given its final word yet, should have, and never will.
    pub evidence: [(&'static str, u64); 3],
    /// Since how long the longest awaited word should be there.
    pub evidence_late: Option<Duration>,
    /// Certificates whose authority was asked in vain.
    pub evidence_failing: u64,
    /// Batches of records that no time-stamp is about, where the trust profile believes a time-stamp authority.
    pub unstamped_batches: u64,
    /// Age of the oldest of them.
    pub unstamped_oldest: Option<Duration>,
    /// Time-stamp authorities that were asked in vain.
    pub time_stamps_failing: u64,
    /// Last block seen and its time.
    pub chain_head: Option<(u64, UnixTime)>,
    /// Who holds the anchoring lease, and until when.
    pub leader: Option<(String, UnixTime)>,
}

impl Overview {
    /// Certificates whose authority should have given its final word.
    pub fn evidence_due(&self) -> u64 {
        self.evidence.iter().find(|(state, _)| *state == "due").map_or(0, |(_, count)| *count)
    }
}

/// What the server asks of the application.
pub trait Service: Clone + Send + Sync + 'static {
    /// Verifies the bytes of a bundle. Never fails: what is wrong is a report.
    fn verify(&self, bytes: &[u8]) -> impl Future<Output = Report> + Send;
    /// Takes what is stored behind a link, and notes the look for the pupil.
    fn open_link(&self, token: [u8; 32]) -> impl Future<Output = Result<SealedBundle, LinkError>> + Send;
    /// Whether requests should be sent here.
    fn ready(&self) -> impl Future<Output = Readiness> + Send;
    /// What the operator wants to see.
    fn overview(&self) -> impl Future<Output = Result<Overview, Cause>> + Send;
}
