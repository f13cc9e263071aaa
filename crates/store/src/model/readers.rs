//! Pupils and parents, what they hand out, and what they ask the school.

use hocba_record::{encoding::RecordId, types::UnixTime};

use super::{Envelope, Id};

words! {
    /// Who reads a pupil's book, besides the school.
    Relation {
        /// The pupil.
        Pupil = "pupil",
        /// A parent or guardian.
        Guardian = "guardian",
    }
}

/// An account that reads a pupil's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The account; it has no grants.
    pub account: Id,
    /// Whose book.
    pub pupil: Id,
    /// As whom.
    pub relation: Relation,
    /// Account id, or `operator`.
    pub made_by: String,
    /// Made at.
    pub made_at: UnixTime,
}

/// What a link shows that a reader made: sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkChoice {
    /// The link.
    pub link: Id,
    /// Whose book.
    pub pupil: Id,
    /// Years, parts, and whom it is for.
    pub personal: Envelope,
}

words! {
    /// How far a request is.
    RequestState {
        /// It waits for the school.
        Open = "open",
        /// The school answered.
        Answered = "answered",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
    }
}

/// A reader asks the school to look at a year again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRequest {
    /// Identity.
    pub id: Id,
    /// The year's record.
    pub record: RecordId,
    /// The version that was looked at.
    pub version: u32,
    /// Who asks.
    pub account: Id,
    /// How far it is.
    pub state: RequestState,
    /// What is asked, and what was answered: sealed.
    pub personal: Envelope,
    /// Asked at.
    pub asked_at: UnixTime,
    /// Answered or withdrawn at.
    pub ended_at: Option<UnixTime>,
    /// Account id, or `operator`.
    pub answered_by: Option<String>,
}
