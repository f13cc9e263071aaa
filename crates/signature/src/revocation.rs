//! Stub until part A lands.
use hocba_record::types::UnixTime;

use crate::certificate::Certificate;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
    AaCompromise,
    RemoveFromCrl,
}
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Revoked {
    pub at: UnixTime,
    pub reason: Reason,
    pub invalidity: Option<UnixTime>,
}
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CertificateStatus {
    Good,
    Revoked(Revoked),
    Unknown,
}
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Answer {
    pub this_update: UnixTime,
    pub status: CertificateStatus,
}
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Evidence {
    None,
}
#[allow(missing_docs, clippy::missing_errors_doc)]
impl Evidence {
    pub fn crl(_: &[u8]) -> Result<Self, ()> {
        Err(())
    }
    pub fn ocsp(_: &[u8]) -> Result<Self, ()> {
        Err(())
    }
    pub fn answer(&self, _: &Certificate, _: &Certificate) -> Result<Answer, ()> {
        Err(())
    }
}
#[allow(missing_docs)]
pub fn cut_off(revoked: &Revoked, compromise: Option<UnixTime>) -> UnixTime {
    [revoked.invalidity, compromise].into_iter().flatten().fold(revoked.at, UnixTime::min)
}
