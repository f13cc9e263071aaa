//! Telling people by e-mail.

use hocba_record::types::UnixTime;

use super::{Envelope, Id};

/// Where an account is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress {
    /// Whose.
    pub account: Id,
    /// The address, sealed.
    pub address: Envelope,
    /// Since when it is known to be theirs.
    pub confirmed_at: UnixTime,
}

/// An address that waits for the code that was sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailCode {
    /// Whose.
    pub account: Id,
    /// Keyed hash of account and code.
    pub hash: [u8; 32],
    /// The address, sealed.
    pub address: Envelope,
    /// Made at.
    pub made_at: UnixTime,
    /// Works until then.
    pub expires_at: UnixTime,
}

words! {
    /// What became of an account's mail of a day.
    MailDayState {
        /// Nothing waited for them when it was looked at.
        Nothing = "nothing",
        /// Somebody sends it, or ended while they did: whether it went out is not known, and it is not sent again.
        Sending = "sending",
        /// The mail server took it.
        Sent = "sent",
        /// The mail server did not take it; it is tried again.
        PutOff = "put_off",
        /// It was tried often enough, or refused for good.
        GivenUp = "given_up",
    }
}
