//! Status statements: who says, with a signature, that a record or an appointment no longer stands as it did.
//!
//! The chain holds the change itself and the statement's leaf hash; the statement says who and why. An entry on chain
//! whose statement is missing or does not verify still counts, and is reported as unattributed.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, Text},
};
use serde::{Deserialize, Serialize};

/// What a status statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusAction {
    /// A newer version takes a record's place.
    Supersede,
    /// A record is withdrawn.
    Revoke,
    /// An appointment ends.
    End,
}

/// Reason class. On chain it is this number and nothing more; sentences and decision numbers stay in the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonClass {
    /// 1: đính chính.
    Correction,
    /// 2: đánh giá lại trong hè.
    Reassessment,
    /// 3: cấp nhầm.
    IssuedInError,
    /// 4: theo quyết định.
    Decision,
    /// 5: thôi giữ vai trò.
    LeftRole,
}

impl ReasonClass {
    /// The number on chain.
    pub fn code(self) -> u8 {
        match self {
            ReasonClass::Correction => 1,
            ReasonClass::Reassessment => 2,
            ReasonClass::IssuedInError => 3,
            ReasonClass::Decision => 4,
            ReasonClass::LeftRole => 5,
        }
    }

    /// The class of a number on chain; `None` for one that this build does not know.
    pub fn from_code(code: u8) -> Option<Self> {
        use ReasonClass::{Correction, Decision, IssuedInError, LeftRole, Reassessment};
        [Correction, Reassessment, IssuedInError, Decision, LeftRole].into_iter().find(|r| r.code() == code)
    }
}

/// The payload of a status statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// What happens.
    pub action: StatusAction,
    /// Number of the decision behind it, where there is one. No names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Text>,
    /// Lowest version that is live from here on.
    pub live_version: u32,
    /// Why.
    pub reason: ReasonClass,
    /// For `supersede`: leaf hash of the statement that takes the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Sha256Digest>,
    /// The school concerned.
    pub school: SchoolCode,
    /// The record or appointment.
    pub subject: RecordId,
}

/// Largest status payload in bytes.
pub const MAX_STATUS_BYTES: usize = 8 * 1024;

/// Why a payload is not a status change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// Not the canonical bytes of one.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A replacement without superseding, or the other way round.
    #[error("a replacement goes with superseding and nothing else")]
    Replacement,
}

impl StatusChange {
    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// See [`StatusError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatusError> {
        let change: Self = canonical::from_slice(bytes, Limits { bytes: MAX_STATUS_BYTES, depth: 2 })?;
        if change.replacement.is_some() == (change.action == StatusAction::Supersede) {
            Ok(change)
        } else {
            Err(StatusError::Replacement)
        }
    }

    /// The canonical bytes, as signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a status change holds text and small integers")
    }
}
