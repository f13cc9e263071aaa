//! Revocation *in time*: what CRLs (RFC 5280 §5) and OCSP answers (RFC 6960) say of a certificate, and what follows for
//! a signature that existed at a known moment.
//!
//! Evidence is bytes that were collected, anchored and kept; decades later it is read here again. Nothing is fetched and
//! no clock is read: whether an answer is young enough is asked against the block time of the signature.
//!
//! The rules are those of `docs/spec/certificates.md` §5 and §6.

mod crl;
mod ocsp;

pub use crl::{Crl, MAX_CRL_BYTES};
use hocba_record::types::UnixTime;
pub use ocsp::{MAX_OCSP_BYTES, OcspResponse, ocsp_request};

use crate::{
    certificate::{Certificate, SignatureCache},
    der::{Malformed, Reader, tag},
    scheme::SchemeError,
};

/// One piece of revocation evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A CRL. One that is a delta or for some reasons only can show that a certificate is revoked, never that it is not.
    Crl(Crl),
    /// An OCSP response.
    Ocsp(OcspResponse),
}

/// Why evidence says nothing of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Over [`MAX_CRL_BYTES`] or [`MAX_OCSP_BYTES`].
    #[error("the revocation evidence is too large")]
    TooLarge,
    /// Not the DER of a CRL of version 2 or of a basic OCSP response.
    #[error("not a CRL or an OCSP response in DER")]
    Malformed,
    /// A CRL that lists the certificates of several issuers (indirectCRL, certificateIssuer).
    #[error("the CRL is an indirect one")]
    Indirect,
    /// A CRL that lists only what changed (deltaCRLIndicator), and not this certificate.
    #[error("the CRL is a delta and does not list the certificate")]
    Delta,
    /// A CRL for some reasons only (onlySomeReasons) that does not list this certificate.
    #[error("the CRL covers some reasons only and does not list the certificate")]
    SomeReasons,
    /// A critical extension that is not known here; nothing in such evidence may be used (RFC 5280 §5.2).
    #[error("the revocation evidence has a critical extension that is not known")]
    UnknownCritical,
    /// The OCSP responder gave an error instead of an answer.
    #[error("the OCSP responder answered with an error")]
    NoAnswer,
    /// About the certificates of another issuer.
    #[error("the evidence is of another issuer")]
    OtherIssuer,
    /// By the right issuer, but about other certificates: another distribution point, only those of CAs, other serial
    /// numbers in an OCSP response.
    #[error("the evidence does not cover this certificate")]
    NotCovered,
    /// The issuer's certificate does not let it sign CRLs, or was not valid when this one was issued.
    #[error("the issuer's certificate does not let it issue this evidence")]
    IssuerMayNot,
    /// Signed by neither the issuer nor a responder that the issuer itself certified for it (RFC 6960 §4.2.2.2).
    #[error("the OCSP responder is not one that the issuer authorised")]
    Responder,
    /// An algorithm that is not verified, such as one with SHA-1.
    #[error("the evidence is signed with an algorithm that is not supported")]
    UnsupportedAlgorithm,
    /// The signature does not verify.
    #[error("the signature of the evidence does not verify")]
    Signature,
}

impl From<Malformed> for EvidenceError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<SchemeError> for EvidenceError {
    fn from(error: SchemeError) -> Self {
        match error {
            SchemeError::Unsupported => Self::UnsupportedAlgorithm,
            SchemeError::Signature => Self::Signature,
        }
    }
}

/// What evidence says of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The moment whose state this is.
    pub this_update: UnixTime,
    /// When a newer one was to be had at the latest.
    pub next_update: Option<UnixTime>,
    /// The state.
    pub status: Status,
}

/// State of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked(Revocation),
    /// The responder does not know the certificate; or it had expired by `this_update`, and the evidence does not say
    /// that expired certificates stay listed (RFC 5280 §3.3), so that silence says nothing.
    Unknown,
}

/// How a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// revocationDate.
    pub at: UnixTime,
    /// Why; unspecified where nothing is said (RFC 5280 §5.3.1).
    pub reason: Reason,
    /// From when on the key is suspected of having been out of its owner's hands (§5.3.2).
    pub invalidity_date: Option<UnixTime>,
}

/// `CRLReason` (RFC 5280 §5.3.1), without removeFromCRL, which only a delta CRL has and which is no revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// unspecified (0), or nothing said.
    Unspecified,
    /// keyCompromise (1).
    KeyCompromise,
    /// cACompromise (2).
    CaCompromise,
    /// affiliationChanged (3).
    AffiliationChanged,
    /// superseded (4).
    Superseded,
    /// cessationOfOperation (5).
    CessationOfOperation,
    /// certificateHold (6).
    CertificateHold,
    /// privilegeWithdrawn (9).
    PrivilegeWithdrawn,
    /// aACompromise (10).
    AaCompromise,
}

impl Reason {
    /// `None` for removeFromCRL.
    fn from_code(content: &[u8]) -> Result<Option<Self>, Malformed> {
        Ok(Some(match content {
            [0] => Self::Unspecified,
            [1] => Self::KeyCompromise,
            [2] => Self::CaCompromise,
            [3] => Self::AffiliationChanged,
            [4] => Self::Superseded,
            [5] => Self::CessationOfOperation,
            [6] => Self::CertificateHold,
            [8] => return Ok(None),
            [9] => Self::PrivilegeWithdrawn,
            [10] => Self::AaCompromise,
            _ => return Err(Malformed),
        }))
    }

    /// Whether somebody else may have signed with the key before the revocation, so that earlier signatures fall too.
    pub fn is_compromise(self) -> bool {
        matches!(self, Self::Unspecified | Self::KeyCompromise | Self::CaCompromise | Self::AaCompromise)
    }
}

impl Evidence {
    /// Reads a CRL or an OCSP response, whichever it is.
    ///
    /// # Errors
    /// See [`EvidenceError`].
    pub fn from_der(der: &[u8]) -> Result<Self, EvidenceError> {
        // An OCSPResponse begins with its responseStatus, a CertificateList with a SEQUENCE.
        let inner = Reader::new(der).next().map(|e| Reader::new(e.content).peek());
        match inner.map_err(|_| too_large_or_malformed(der, MAX_CRL_BYTES))? {
            Some(tag::ENUMERATED) => OcspResponse::from_der(der).map(Self::Ocsp),
            _ => Crl::from_der(der).map(Self::Crl),
        }
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        match self {
            Self::Crl(crl) => crl.der(),
            Self::Ocsp(response) => response.der(),
        }
    }

    /// What this evidence says of the first certificate of `path`, after everything that makes it evidence was checked.
    ///
    /// `path` is that certificate, its issuer, and so on up to the root, as a path was found (see
    /// [`Certificate::path_with`]); ask again with `&path[1..]` for the issuer. Nothing else is believed to be a CA.
    ///
    /// # Errors
    /// See [`EvidenceError`]; other evidence may still answer.
    pub fn answer(&self, path: &[&Certificate], cache: &SignatureCache) -> Result<Answer, EvidenceError> {
        let [certificate, issuers @ ..] = path else { return Err(EvidenceError::OtherIssuer) };
        let issuer = issuers.first().ok_or(EvidenceError::OtherIssuer)?;
        if certificate.content().issuer != issuer.content().subject {
            return Err(EvidenceError::OtherIssuer);
        }
        match self {
            Self::Crl(crl) => crl.answer(certificate, issuers, cache),
            Self::Ocsp(response) => response.answer(certificate, issuer, cache),
        }
    }
}

fn too_large_or_malformed(der: &[u8], limit: usize) -> EvidenceError {
    if der.len() > limit { EvidenceError::TooLarge } else { EvidenceError::Malformed }
}

/// Silence on a certificate that had expired says nothing, unless the evidence keeps what expired after `kept_since`.
fn good(this_update: UnixTime, certificate: &Certificate, kept_since: Option<UnixTime>) -> Status {
    let kept = kept_since.is_some_and(|since| since <= certificate.not_after());
    if this_update <= certificate.not_after() || kept { Status::Good } else { Status::Unknown }
}

impl Answer {
    /// The moment from which on signatures of the certificate do not count; `None` if there is none.
    ///
    /// `compromise` is the time of compromise that the department states. For keyCompromise, cACompromise, aACompromise
    /// and unspecified: the earliest of invalidityDate, `compromise` and revocationDate. Otherwise, certificateHold
    /// included: the earlier of revocationDate and `compromise`.
    pub fn cut_off(&self, compromise: Option<UnixTime>) -> Option<UnixTime> {
        let Status::Revoked(revocation) = self.status else { return compromise };
        let invalidity = revocation.invalidity_date.filter(|_| revocation.reason.is_compromise());
        [Some(revocation.at), invalidity, compromise].into_iter().flatten().min()
    }

    fn is_hold(&self) -> bool {
        matches!(self.status, Status::Revoked(Revocation { reason: Reason::CertificateHold, .. }))
    }
}

/// Whether a certificate counts for a signature that existed at a given moment, as far as revocation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts, and no honest CA will say otherwise later: an answer from at least `grace` after the moment shows no
    /// cut-off at or before it.
    Proven,
    /// Nothing speaks against it, but no answer is young enough. One with `this_update` at or after `from` would do.
    Open {
        /// Block time plus grace.
        from: UnixTime,
    },
    /// It does not count: the moment is not before this cut-off.
    Fallen {
        /// The earliest cut-off.
        cut_off: UnixTime,
    },
}

/// What several answers on one certificate mean for a signature that existed at `time`.
///
/// The earliest cut-off of all answers holds, whatever a later answer says: revocation is for good (RFC 5280 §3.3).
/// certificateHold is the exception: it counts as revoked from its date on, unless an answer with a later `this_update`
/// says something else; then it counts as if it had not been.
///
/// `grace` is in seconds: how long a CA may take from learning of a loss to publishing it.
pub fn standing(answers: &[Answer], time: UnixTime, grace: u32, compromise: Option<UnixTime>) -> Standing {
    let superseded = |hold: &Answer| {
        answers
            .iter()
            .any(|other| other.this_update > hold.this_update && !other.is_hold() && other.status != Status::Unknown)
    };
    let standing: Vec<&Answer> = answers.iter().filter(|a| !(a.is_hold() && superseded(a))).collect();
    let cut_off = standing.iter().filter_map(|a| a.cut_off(compromise)).chain(compromise).min();
    if let Some(cut_off) = cut_off.filter(|cut_off| *cut_off <= time) {
        return Standing::Fallen { cut_off };
    }
    let from = UnixTime::from_seconds(time.seconds() + i64::from(grace)).unwrap_or(time);
    let young = standing.iter().any(|a| a.status != Status::Unknown && a.this_update >= from);
    if young { Standing::Proven } else { Standing::Open { from } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds).expect("a time")
    }
    fn answer(this_update: i64, status: Status) -> Answer {
        Answer { this_update: at(this_update), next_update: None, status }
    }
    fn revoked(on: i64, reason: Reason, invalidity: Option<i64>) -> Status {
        Status::Revoked(Revocation { at: at(on), reason, invalidity_date: invalidity.map(at) })
    }
    const REASONS: [(Reason, bool); 9] = [
        (Reason::Unspecified, true),
        (Reason::KeyCompromise, true),
        (Reason::CaCompromise, true),
        (Reason::AaCompromise, true),
        (Reason::AffiliationChanged, false),
        (Reason::Superseded, false),
        (Reason::CessationOfOperation, false),
        (Reason::CertificateHold, false),
        (Reason::PrivilegeWithdrawn, false),
    ];

    #[test]
    fn the_cut_off_of_a_compromise_is_the_earliest_moment_known_and_of_other_reasons_the_revocation() {
        for (reason, compromise) in REASONS {
            let says = |invalidity| answer(500, revoked(300, reason, invalidity));
            assert_eq!(says(None).cut_off(None), Some(at(300)), "{reason:?}");
            assert_eq!(says(Some(200)).cut_off(None), Some(at(if compromise { 200 } else { 300 })), "{reason:?}");
            assert_eq!(says(Some(400)).cut_off(None), Some(at(300)), "{reason:?}: never later than the revocation");
            assert_eq!(says(Some(200)).cut_off(Some(at(100))), Some(at(100)), "{reason:?}");
            assert_eq!(says(None).cut_off(Some(at(400))), Some(at(300)), "{reason:?}");
            assert_eq!(reason.is_compromise(), compromise);
        }
        for status in [Status::Good, Status::Unknown] {
            assert_eq!(answer(500, status).cut_off(None), None);
            assert_eq!(answer(500, status).cut_off(Some(at(100))), Some(at(100)));
        }
    }

    #[test]
    fn a_signature_is_proven_once_an_answer_is_young_enough() {
        let stands = |answers: &[Answer]| standing(answers, at(100), 50, None);
        let open = Standing::Open { from: at(150) };
        assert_eq!(stands(&[]), open);
        assert_eq!(stands(&[answer(149, Status::Good)]), open, "a second short of the grace");
        assert_eq!(stands(&[answer(150, Status::Good)]), Standing::Proven);
        assert_eq!(stands(&[answer(900, Status::Unknown)]), open);
        let later = revoked(101, Reason::KeyCompromise, None);
        assert_eq!(stands(&[answer(150, later)]), Standing::Proven, "revoked afterwards");
        assert_eq!(stands(&[answer(149, later)]), open);
        let same = revoked(100, Reason::Superseded, None);
        assert_eq!(stands(&[answer(150, same)]), Standing::Fallen { cut_off: at(100) }, "the moment itself is cut off");
        // What one answer took down no later one lifts, whatever their order.
        let first = answer(120, revoked(300, Reason::KeyCompromise, Some(90)));
        for answers in [[first, answer(900, Status::Good)], [answer(900, Status::Good), first]] {
            assert_eq!(stands(&answers), Standing::Fallen { cut_off: at(90) });
        }
        assert_eq!(
            standing(&[answer(900, Status::Good)], at(100), 50, Some(at(100))),
            Standing::Fallen { cut_off: at(100) }
        );
        assert_eq!(
            standing(&[], at(100), 50, Some(at(100))),
            Standing::Fallen { cut_off: at(100) },
            "without evidence"
        );
    }

    #[test]
    fn a_hold_counts_until_it_is_lifted() {
        let hold = answer(120, revoked(90, Reason::CertificateHold, None));
        let stands = |others: &[Answer]| standing(&[&[hold], others].concat(), at(100), 50, None);
        let fallen = Standing::Fallen { cut_off: at(90) };
        assert_eq!(stands(&[]), fallen);
        assert_eq!(stands(&[answer(119, Status::Good)]), fallen, "an earlier answer lifts nothing");
        assert_eq!(stands(&[answer(900, Status::Unknown)]), fallen);
        assert_eq!(stands(&[answer(900, Status::Good)]), Standing::Proven);
        assert_eq!(stands(&[answer(900, revoked(400, Reason::Superseded, None))]), Standing::Proven);
        let compromised = revoked(400, Reason::KeyCompromise, Some(80));
        assert_eq!(stands(&[answer(900, compromised)]), Standing::Fallen { cut_off: at(80) });
    }
}
