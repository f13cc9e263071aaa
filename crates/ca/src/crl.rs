//! Revocations, and lists of them.

use std::{fmt, str::FromStr};

use hocba_record::types::UnixTime;
use rcgen::{CertificateRevocationListParams, RevocationReason, RevokedCertParams};

use crate::{
    Authority, CaError, SerialNumber,
    authority::{date, key_identifier_method},
};

/// Why a certificate was revoked (RFC 5280 §5.3.1).
///
/// Without `certificateHold` and `removeFromCRL`: a revocation here is for good. A hold that is lifted leaves an interval
/// that no later CRL tells of, and whether a signature counts must be decidable decades later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Nothing said.
    Unspecified,
    /// The key is, or may be, in other hands.
    KeyCompromise,
    /// The CA's key is, or may be, in other hands.
    CaCompromise,
    /// The person left the organisation, or the name is no longer right.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// No longer needed.
    CessationOfOperation,
    /// A privilege was withdrawn.
    PrivilegeWithdrawn,
    /// The attribute authority's key is, or may be, in other hands.
    AaCompromise,
}

/// Not the name of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such reason")]
pub struct UnknownReason;

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The name, as RFC 5280 spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    pub(crate) fn number(self) -> u8 {
        self.rcgen() as u8
    }

    fn rcgen(self) -> RevocationReason {
        match self {
            Self::Unspecified => RevocationReason::Unspecified,
            Self::KeyCompromise => RevocationReason::KeyCompromise,
            Self::CaCompromise => RevocationReason::CaCompromise,
            Self::AffiliationChanged => RevocationReason::AffiliationChanged,
            Self::Superseded => RevocationReason::Superseded,
            Self::CessationOfOperation => RevocationReason::CessationOfOperation,
            Self::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
            Self::AaCompromise => RevocationReason::AaCompromise,
        }
    }
}

impl FromStr for Reason {
    type Err = UnknownReason;
    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownReason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// That a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When the CA did.
    pub at: UnixTime,
    /// Why.
    pub reason: Reason,
    /// Since when the key is known or suspected to have been in other hands (RFC 5280 §5.3.2), where that was before.
    pub invalid_since: Option<UnixTime>,
}

impl Authority<'_> {
    /// A CRL with everything this authority ever revoked. Certificates that have expired stay on it: whether a signature
    /// of back then counts is asked later.
    ///
    /// `number` is higher than that of every CRL before. The same arguments give the same bytes with an Ed25519 key.
    ///
    /// # Errors
    /// [`CaError::Validity`] where `next_update` is not after `this_update`; otherwise as for issuing.
    pub fn crl(
        &self,
        number: u64,
        this_update: UnixTime,
        next_update: UnixTime,
        revoked: &[(SerialNumber, Revocation)],
    ) -> Result<Vec<u8>, CaError> {
        if next_update <= this_update {
            return Err(CaError::Validity { from: this_update, until: next_update });
        }
        let mut revoked = revoked.to_vec();
        revoked.sort_by_key(|(serial, _)| *serial);
        let mut entries = Vec::with_capacity(revoked.len());
        for (serial, revocation) in &revoked {
            entries.push(RevokedCertParams {
                serial_number: serial.rcgen(),
                revocation_time: date(revocation.at)?,
                reason_code: Some(revocation.reason.rcgen()),
                invalidity_date: revocation.invalid_since.map(date).transpose()?,
            });
        }
        let list = CertificateRevocationListParams {
            this_update: date(this_update)?,
            next_update: date(next_update)?,
            crl_number: rcgen::SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: entries,
            key_identifier_method: key_identifier_method(self.key_identifier()),
        };
        let issuer = self.rcgen()?;
        let signed = list.signed_by(&issuer).map_err(|_| issuer.key().cause("CRL"))?;
        Ok(signed.der().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_named_and_numbered_as_in_the_rfc() {
        let numbers = Reason::ALL.map(Reason::number);
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 9, 10]);
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        for unknown in ["certificateHold", "removeFromCRL", "KEYCOMPROMISE", ""] {
            assert_eq!(unknown.parse::<Reason>(), Err(UnknownReason));
        }
    }
}
