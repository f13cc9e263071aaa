//! The anchoring service: closes batches, brings their roots onto the chain, recovers from every crash; and `fsck`.

mod delivery;
mod error;
mod facts;
mod fsck;
mod node;
mod service;

pub use error::AnchorError;
pub use facts::LiveFacts;
pub use fsck::{Counted, Fault, Place, Report, What, fsck, fsck_telling};
pub use service::{AnchorService, Event, Outcome, Progress, Settings};
