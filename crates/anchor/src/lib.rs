//! The anchoring service: closes batches, brings their roots onto the chain, recovers from every crash; and `fsck`.

mod delivery;
mod error;
mod facts;
mod node;
mod service;

pub use error::AnchorError;
pub use facts::LiveFacts;
pub use service::{AnchorService, Event, Outcome, Progress, Settings};
