//! What a message changes: the receiver's rule of the contract, pure.
//!
//! A version number only grows, and a receiver passes over what is not above the highest it knows. So the state that a
//! set of messages leads to does not depend on their order, nor on how often each arrives.

use super::{Event, Incoming};

/// What is known of one `IdBanGhi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The highest version seen.
    pub version: u64,
    /// Whether that version cancelled the record. A cancelled record is remembered, or an older message that comes late
    /// would bring it back.
    pub cancelled: bool,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Take the content: there is none so far. An UPDATE whose NEW is still on its way is taken the same.
    New,
    /// Replace the content.
    Update,
    /// Drop the content (softly); remember the version.
    Cancel,
    /// Pass over: a higher version is known.
    Older,
    /// Pass over: this version is known.
    Same,
}

impl Decision {
    /// Whether the message changes something.
    pub fn changes(self) -> bool {
        matches!(self, Decision::New | Decision::Update | Decision::Cancel)
    }
}

/// The rule. That a sender gives one version to two contents is against the contract and shows as `Same`; whoever wants
/// to know compares the drafts.
pub fn decide(known: Option<Known>, incoming: &Incoming) -> Decision {
    match known {
        Some(known) if incoming.version < known.version => Decision::Older,
        Some(known) if incoming.version == known.version => Decision::Same,
        _ if matches!(incoming.event, Event::Cancel) => Decision::Cancel,
        Some(Known { cancelled: false, .. }) => Decision::Update,
        _ => Decision::New,
    }
}

/// What is known after the message.
pub fn after(known: Option<Known>, incoming: &Incoming) -> Known {
    let cancelled = matches!(incoming.event, Event::Cancel);
    match known {
        Some(known) if incoming.version <= known.version => known,
        _ => Known { version: incoming.version, cancelled },
    }
}
