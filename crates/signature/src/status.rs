//! Status statements: who says, with a signature, that a record or an appointment no longer stands as it did.
//!
//! The chain holds the change itself and the statement's leaf hash; the statement says who and why. An entry on chain
//! whose statement is missing or does not verify still counts, and is reported as unattributed.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, Text, UnixTime},
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
    /// 6: lộ hoặc mất khoá ký. What the key signed from [`StatusChange::since`] on falls, whenever the end is published.
    KeyCompromised,
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
            ReasonClass::KeyCompromised => 6,
        }
    }

    /// The class of a number on chain; `None` for one that this build does not know.
    pub fn from_code(code: u8) -> Option<Self> {
        use ReasonClass::{Correction, Decision, IssuedInError, KeyCompromised, LeftRole, Reassessment};
        let all = [Correction, Reassessment, IssuedInError, Decision, LeftRole, KeyCompromised];
        all.into_iter().find(|r| r.code() == code)
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
    /// For a compromised key: the last moment at which nobody else is known to have had it. Records anchored from here
    /// on do not count, by block time; those before do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixTime>,
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
    /// A moment of compromise without the end of an appointment for that reason, or the other way round.
    #[error("`since` goes with ending an appointment for a compromised key and nothing else")]
    Since,
}

impl StatusChange {
    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// See [`StatusError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatusError> {
        let change: Self = canonical::from_slice(bytes, Limits { bytes: MAX_STATUS_BYTES, depth: 2 })?;
        change.validate()?;
        Ok(change)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// `Replacement` and `Since`.
    pub fn validate(&self) -> Result<(), StatusError> {
        if self.replacement.is_some() != (self.action == StatusAction::Supersede) {
            return Err(StatusError::Replacement);
        }
        let compromised = self.reason == ReasonClass::KeyCompromised;
        if self.since.is_some() != compromised || (compromised && self.action != StatusAction::End) {
            return Err(StatusError::Since);
        }
        Ok(())
    }

    /// The canonical bytes, as signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a status change holds text and small integers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: StatusAction, reason: ReasonClass, since: Option<i64>) -> StatusChange {
        StatusChange {
            action,
            decision: None,
            live_version: 1,
            reason,
            replacement: (action == StatusAction::Supersede).then(|| Sha256Digest::of(b"statement")),
            school: "79DEMO001".parse().expect("school"),
            since: since.map(|s| UnixTime::from_seconds(s).expect("time")),
            subject: RecordId::from_bytes([7; 16]),
        }
    }

    #[test]
    fn a_moment_of_compromise_goes_with_the_end_of_an_appointment_for_that_reason_only() {
        use ReasonClass::{KeyCompromised, LeftRole};
        use StatusAction::{End, Revoke, Supersede};
        let read = |change: &StatusChange| StatusChange::from_bytes(&change.to_bytes()).map(|_| ());
        assert_eq!(read(&change(End, KeyCompromised, Some(5))), Ok(()));
        assert_eq!(read(&change(End, LeftRole, None)), Ok(()));
        for (action, reason, since) in [
            (End, KeyCompromised, None),
            (End, LeftRole, Some(5)),
            (Revoke, KeyCompromised, Some(5)),
            (Supersede, KeyCompromised, Some(5)),
            (Revoke, ReasonClass::Decision, Some(5)),
        ] {
            assert_eq!(read(&change(action, reason, since)), Err(StatusError::Since), "{action:?} {reason:?}");
        }
        for code in 0..=u8::MAX {
            assert!(ReasonClass::from_code(code).is_none_or(|reason| reason.code() == code));
        }
    }
}
