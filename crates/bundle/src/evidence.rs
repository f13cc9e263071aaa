//! Revocation evidence: what a certificate authority said, kept and anchored so that it can be looked at decades later.
//!
//! A CRL or an OCSP answer is signed by the authority already, so the statement around it carries no signature of its own:
//! what it adds is a leaf, and with the leaf's batch the proof that the authority's words existed at that block time.
//! Without it, whoever gets hold of an authority's old key could write any past.

use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::Sha256Digest,
};
use hocba_signature::{revocation::Evidence, statement::Statement};
use serde::{Deserialize, Serialize};

use crate::format::Der;

/// Largest CRL or OCSP answer that can be evidence, in bytes. An OCSP answer has about 2 KiB; a CRL of 64 KiB names some
/// 1,500 certificates. Authorities with longer lists answer by OCSP.
pub const MAX_EVIDENCE_BYTES: usize = 64 * 1024;

/// In which form an authority answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A certificate revocation list (RFC 5280 §5).
    Crl,
    /// An answer about one certificate (RFC 6960).
    Ocsp,
}

/// The format marker. It also keeps this payload from being taken for one of another kind: there is no `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvidenceFormat {
    /// The first.
    #[serde(rename = "evidence-1")]
    V1,
}

/// The payload of the statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationEvidence {
    /// What the authority answered, as it came.
    pub answer: Der,
    /// Format.
    pub hocba: EvidenceFormat,
    /// In which form.
    pub kind: EvidenceKind,
}

/// Why a statement is no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not the canonical bytes of one.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// It carries signatures; the authority's own is inside.
    #[error("evidence carries no signature but the authority's own")]
    Signed,
    /// Over [`MAX_EVIDENCE_BYTES`].
    #[error("the answer has {found} bytes, at most {MAX_EVIDENCE_BYTES} are accepted")]
    TooLarge {
        /// Its size.
        found: usize,
    },
}

impl RevocationEvidence {
    /// What an authority answered.
    pub fn new(kind: EvidenceKind, answer: Vec<u8>) -> Self {
        Self { answer: Der(answer), hocba: EvidenceFormat::V1, kind }
    }

    /// Reads a statement that is evidence.
    ///
    /// # Errors
    /// See [`EvidenceError`]. What the answer says is not looked at.
    pub fn of(statement: &Statement) -> Result<Self, EvidenceError> {
        if !statement.is_empty() {
            return Err(EvidenceError::Signed);
        }
        let limits = Limits { bytes: MAX_EVIDENCE_BYTES * 4 / 3 + 256, depth: 2 };
        let evidence: Self = canonical::from_slice(statement.payload(), limits)?;
        match evidence.answer.0.len() {
            found if found > MAX_EVIDENCE_BYTES => Err(EvidenceError::TooLarge { found }),
            _ => Ok(evidence),
        }
    }

    /// What the authority said, in words of RFC 5280 or 6960; none if the answer is not of the form it claims.
    pub fn read(&self) -> Option<Evidence> {
        match (self.kind, Evidence::from_der(&self.answer.0).ok()?) {
            (EvidenceKind::Crl, evidence @ Evidence::Crl(_)) => Some(evidence),
            (EvidenceKind::Ocsp, evidence @ Evidence::Ocsp(_)) => Some(evidence),
            _ => None,
        }
    }

    /// The statement that is anchored.
    pub fn statement(&self) -> Statement {
        Statement::unsigned(canonical::to_vec(self).expect("evidence holds text"))
    }

    /// SHA-256 of the answer.
    pub fn digest(&self) -> Sha256Digest {
        self.answer.digest()
    }
}

#[cfg(test)]
mod tests {
    use hocba_record::types::UnixTime;
    use hocba_signature::statement::{Algorithm, Role, StatementType};

    use super::*;

    #[test]
    fn evidence_comes_back_and_nothing_else_passes_for_it() {
        let evidence = RevocationEvidence::new(EvidenceKind::Crl, vec![0x30; 1000]);
        assert_eq!(RevocationEvidence::of(&evidence.statement()), Ok(evidence.clone()));
        let largest = RevocationEvidence::new(EvidenceKind::Ocsp, vec![0; MAX_EVIDENCE_BYTES]);
        assert!(RevocationEvidence::of(&largest.statement()).is_ok());
        let larger = RevocationEvidence::new(EvidenceKind::Ocsp, vec![0; MAX_EVIDENCE_BYTES + 1]);
        assert_eq!(
            RevocationEvidence::of(&larger.statement()),
            Err(EvidenceError::TooLarge { found: MAX_EVIDENCE_BYTES + 1 })
        );
        let other = Statement::unsigned(br#"{"a":1}"#.to_vec());
        assert!(matches!(RevocationEvidence::of(&other), Err(EvidenceError::Canonical(_))));
        let time = UnixTime::from_seconds(1).expect("time");
        let statement = evidence.statement();
        let (typ, role, alg) = (StatementType::Record, Role::Principal, Algorithm::Ed25519);
        let input = statement.prepare(typ, role, alg, Sha256Digest::of(b""), time);
        assert_eq!(RevocationEvidence::of(&statement.attach(input, vec![0; 64])), Err(EvidenceError::Signed));
    }
}
