//! Signing policies: who must sign a record, in which order. A policy is data, named in the payload by id and digest.

use hocba_record::{
    canonical,
    encoding::Sha256Digest,
    payload::{PolicyReference, RecordKind},
};
use serde::{Deserialize, Serialize};

use crate::statement::{Header, Role, StatementType};

/// How a signer covers records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigningMode {
    /// One signature per record and signer.
    #[default]
    Each,
    /// One signature per list of records and signer ([`crate::list`]).
    List,
}

/// A signing policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningPolicy {
    /// Identifier.
    pub id: String,
    /// How records are covered.
    pub mode: SigningMode,
    /// The kinds of record it is for; absent: [`RecordKind::Year`] alone. A policy for records taken over from paper,
    /// which no teacher signs, must not serve for a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<RecordKind>>,
    /// One rule per signature, in order.
    pub signers: Vec<SignerRule>,
}

/// Who may give one of the signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerRule {
    /// Any of these roles.
    pub roles: Vec<Role>,
}

/// Why a set of signatures is not the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Too few or too many signatures.
    #[error("{found} signatures, the policy asks for {expected}")]
    Count {
        /// Found.
        found: usize,
        /// Asked for.
        expected: usize,
    },
    /// This entry is signed in a role the policy does not have at its place.
    #[error("signature {index} is given as {found}, which the policy does not accept there")]
    Role {
        /// 0-based entry.
        index: usize,
        /// The role found.
        found: Role,
    },
    /// This entry is signed alone where the policy wants lists, or in a list where it wants each record signed.
    #[error("signature {index} is not given in the policy's mode")]
    Mode {
        /// 0-based entry.
        index: usize,
    },
    /// The policy is not for records of this kind.
    #[error("the policy is not for records of this kind")]
    Kind,
    /// One certificate signs twice.
    #[error("signature {index} is given with the certificate of signature {earlier}")]
    SameCertificate {
        /// 0-based entry.
        index: usize,
        /// The earlier entry.
        earlier: usize,
    },
}

impl SigningPolicy {
    /// Policy 1: homeroom teacher, then principal or deputy, then the school's seal; one signature per record each.
    pub fn policy_1() -> Self {
        let rule = |roles: &[Role]| SignerRule { roles: roles.to_vec() };
        Self {
            id: "hocba-policy-1".into(),
            mode: SigningMode::Each,
            kinds: None,
            signers: vec![
                rule(&[Role::HomeroomTeacher]),
                rule(&[Role::Principal, Role::DeputyPrincipal]),
                rule(&[Role::SchoolSeal]),
            ],
        }
    }

    /// Policy 1 with one signature over each list of records: for slow tokens and billed signatures. Accepted only where
    /// a trust profile lists it.
    pub fn policy_1_list() -> Self {
        Self { id: "hocba-policy-1-list".into(), mode: SigningMode::List, ..Self::policy_1() }
    }

    /// The policy of earlier years taken over from paper: the principal or a deputy, then the school's seal. The clerk who
    /// entered and compared the record is named in its conversion section; the teachers of then are on the paper.
    pub fn converted_1() -> Self {
        let Self { signers, .. } = Self::policy_1();
        Self {
            id: "hocba-policy-converted-1".into(),
            mode: SigningMode::Each,
            kinds: Some(vec![RecordKind::Converted]),
            signers: signers.into_iter().skip(1).collect(),
        }
    }

    /// The same with one signature over each list of records.
    pub fn converted_1_list() -> Self {
        Self { id: "hocba-policy-converted-1-list".into(), mode: SigningMode::List, ..Self::converted_1() }
    }

    /// The policy we sign records of this kind by, in this mode.
    pub fn of(kind: RecordKind, mode: SigningMode) -> Self {
        match (kind, mode) {
            (RecordKind::Converted, SigningMode::Each) => Self::converted_1(),
            (RecordKind::Converted, SigningMode::List) => Self::converted_1_list(),
            (RecordKind::Year | RecordKind::Extract, SigningMode::Each) => Self::policy_1(),
            (RecordKind::Year | RecordKind::Extract, SigningMode::List) => Self::policy_1_list(),
        }
    }

    /// The policies we sign by.
    pub fn ours() -> [Self; 4] {
        [Self::policy_1(), Self::policy_1_list(), Self::converted_1(), Self::converted_1_list()]
    }

    /// The policy that a payload names, if it is one that we sign by. Verifiers take theirs from the trust profile.
    pub fn named(reference: &PolicyReference) -> Option<Self> {
        Self::ours().into_iter().find(|policy| policy.reference() == *reference)
    }

    /// The `typ` that each entry of a record has by this policy.
    pub fn statement_type(&self) -> StatementType {
        match self.mode {
            SigningMode::Each => StatementType::Record,
            SigningMode::List => StatementType::RecordList,
        }
    }

    /// What a payload names.
    pub fn reference(&self) -> PolicyReference {
        let bytes = canonical::to_vec(self).expect("a policy holds text only");
        PolicyReference { id: self.id.clone(), sha256: Sha256Digest::of(&bytes) }
    }

    /// Whether it is for records of this kind.
    ///
    /// # Errors
    /// [`PolicyError::Kind`].
    pub fn check_kind(&self, kind: RecordKind) -> Result<(), PolicyError> {
        let covered = self.kinds.as_ref().map_or(kind == RecordKind::Year, |kinds| kinds.contains(&kind));
        if covered { Ok(()) } else { Err(PolicyError::Kind) }
    }

    /// Whether these headers are exactly the policy's signers, in order, each with a certificate of their own.
    /// That certificates hold distinct keys is for whoever has the certificates.
    ///
    /// # Errors
    /// The first thing that is off.
    pub fn check(&self, headers: &[Header]) -> Result<(), PolicyError> {
        for (index, (header, rule)) in headers.iter().zip(&self.signers).enumerate() {
            if !rule.roles.contains(&header.role) {
                return Err(PolicyError::Role { index, found: header.role });
            }
        }
        if headers.len() != self.signers.len() {
            return Err(PolicyError::Count { found: headers.len(), expected: self.signers.len() });
        }
        if let Some(index) = headers.iter().position(|header| header.typ != self.statement_type()) {
            return Err(PolicyError::Mode { index });
        }
        for (index, header) in headers.iter().enumerate() {
            if let Some(earlier) = headers[..index].iter().position(|h| h.certificate == header.certificate) {
                return Err(PolicyError::SameCertificate { index, earlier });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hocba_record::types::UnixTime;

    use super::*;
    use crate::statement::{Algorithm, StatementType};

    fn headers(roles: &[(Role, u8)]) -> Vec<Header> {
        roles
            .iter()
            .map(|(role, certificate)| Header {
                alg: Algorithm::Ed25519,
                iat: UnixTime::from_seconds(0).expect("time"),
                prev: None,
                role: *role,
                typ: StatementType::Record,
                certificate: Sha256Digest::of(&[*certificate]),
            })
            .collect()
    }

    #[test]
    fn policy_1_takes_its_three_signers_in_order_and_no_others() {
        use Role::{DeputyPrincipal, HomeroomTeacher, Principal, SchoolSeal};
        let check = |roles: &[(Role, u8)]| SigningPolicy::policy_1().check(&headers(roles));
        assert_eq!(check(&[(HomeroomTeacher, 1), (Principal, 2), (SchoolSeal, 3)]), Ok(()));
        assert_eq!(check(&[(HomeroomTeacher, 1), (DeputyPrincipal, 2), (SchoolSeal, 3)]), Ok(()));
        assert_eq!(check(&[]), Err(PolicyError::Count { found: 0, expected: 3 }));
        assert_eq!(check(&[(HomeroomTeacher, 1), (Principal, 2)]), Err(PolicyError::Count { found: 2, expected: 3 }));
        assert_eq!(
            check(&[(HomeroomTeacher, 1), (Principal, 2), (SchoolSeal, 3), (SchoolSeal, 4)]),
            Err(PolicyError::Count { found: 4, expected: 3 })
        );
        assert_eq!(
            check(&[(Principal, 2), (HomeroomTeacher, 1), (SchoolSeal, 3)]),
            Err(PolicyError::Role { index: 0, found: Principal })
        );
        assert_eq!(
            check(&[(HomeroomTeacher, 1), (Principal, 1), (SchoolSeal, 3)]),
            Err(PolicyError::SameCertificate { index: 1, earlier: 0 })
        );
    }

    #[test]
    fn the_digest_of_policy_1_never_changes() {
        assert_eq!(
            String::from_utf8(canonical::to_vec(&SigningPolicy::policy_1()).expect("policy")).expect("JSON"),
            r#"{"id":"hocba-policy-1","mode":"each","signers":[{"roles":["homeroom_teacher"]},{"roles":["principal","deputy_principal"]},{"roles":["school_seal"]}]}"#
        );
    }
}
