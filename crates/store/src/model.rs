//! What is stored, with no database in sight. A state's variants are those of its CHECK in the schema.

use hocba_record::{encoding::RecordId, types::UnixTime};

/// A value that is a word in the database: `as_str`, `FromStr`, `Display`, and all of them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All, in their order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word in the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::model::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text).ok_or($crate::model::UnknownWord)
            }
        }
    };
}

mod anchoring;
mod mail;
mod people;
mod readers;
mod records;
mod schools;
mod statements;
mod tasks;

pub use anchoring::{
    Attempt, AttemptState, Batch, Delivery, Deployment, Job, JobKind, Leaf, LeafKind, Located, Receipt,
};
pub use mail::{MailAddress, MailCode, MailDayState};
pub use people::{Access, Account, Device, Grant, GrantRole, SessionOrigin, StoredSession, StoredSlip, Totp, TryKind};
pub use readers::{LinkChoice, Reader, Relation, RequestState, StoredRequest};
pub use records::{
    Class, ClassKind, HandedOut, LeftOut, Link, LinkContent, LinkScope, PaperLink, RecordLine, RecordState,
    RecordVersion, Renewal, ReturnReason, StoreAnswer,
};
pub use schools::{
    ClassMember, ListedSchool, PlannedClass, Position, School, SchoolChange, SchoolChangeKind, SchoolYearRow,
    StaffMember, YearRecord,
};
pub use statements::{
    EvidenceWant, StatusKind, StoredAppointment, StoredEvidence, StoredStatus, StoredTimeStamp, WantOutcome,
};
pub use tasks::{KeptFile, KeptKind, Task, TaskKind, TaskState};

/// Not one of the words of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the words allowed here")]
pub struct UnknownWord;

/// The identity of a class, an account or a link: 128 random bits, as base64url. No meaning, no personal data.
pub type Id = RecordId;

/// Personal data, sealed. The database cannot open it; `app` can, with the key of this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Which data key.
    pub key_id: String,
    /// 96 bits.
    pub nonce: [u8; 12],
    /// Ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: UnixTime,
    /// Account id, `system` or `operator`.
    pub actor: String,
    /// What, as a code.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Version of the record.
    pub version: Option<u32>,
    /// Reason, as a code.
    pub reason: Option<String>,
}
