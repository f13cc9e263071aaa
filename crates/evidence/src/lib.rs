//! Asks certificate authorities whether certificates were revoked, when something is signed and again once their word is
//! final, and time-stamp authorities about anchored batches; and keeps what they said, so that a transcript can be judged
//! decades later.
//!
//! **For**: the way from a job to a kept answer. [`Collector`] takes the jobs in their order, asks by [`Fetch`] where the
//! certificate says (OCSP first, else the CRL), has `hocba-app` judge the answer, and keeps it with its leaf in one
//! transaction; [`HttpFetch`] asks over the network.
//!
//! **Will not**: decide what is asked and what counts (`hocba-app` does), anchor (`hocba-anchor`), or keep what does not
//! verify: a bad answer is a code in the job, a line in the log, and another try.
//!
//! Specification: `docs/spec/long-term.md`, `docs/spec/time-stamp.md`; for operators: `docs/evidence.md`.
//!
//! # Orders of effects, and what a crash between them leaves
//! 1. *sign_records*, *appoint* … → the signature, and a job for each certificate on its path (`hocba-app`).
//! 2. *note_wants* → of an anchored batch, what its signers need and when, and the jobs. Before: the batch is found again.
//! 3. Asking. Nothing is written; a crash loses an answer that can be had again.
//! 4. *keep_evidence* → the answer, its leaf, the job that closes its batch, what it settles, and the job done or moved.
//!    One transaction. Before: asked again. After: the next job of the same authority is settled without asking.
//! 5. *settle_evidence*, *put_off_evidence* → what is kept settles a job, or the next try. Before: done again.
//!
//! 6. *note_time_stamp* → the job to ask a time-stamp authority about the newest anchored batch. Before: found again.
//! 7. Asking it. Nothing is written; a crash loses a time-stamp, and another one is had.
//! 8. *keep_time_stamp* → the time-stamp, its event, and the job done. Or *put_off_time_stamp* → the next try.
//!
//! Whoever collects holds a lease of its own, which each transaction renews. Two at once would ask twice and keep once.

mod collector;
mod fetch;
mod http;
mod stamps;

pub use collector::{Collector, CollectorError, Event, Progress, Settings, TimeStampAddress};
pub use fetch::{Ask, Fetch, FetchError};
pub use http::{HttpFetch, NotSetUp, TIMEOUT};
