//! The payload of a record: what is open to everyone who holds it, and the digests of everything else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    canonical,
    encoding::{RecordId, Sha256Digest},
    form::{self, Form},
    types::{ClassName, Grade, SchoolCode, SchoolYear},
};

/// What kind of record this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// One pupil's school year, made digitally.
    Year,
    /// An earlier year taken over from paper (số hoá từ học bạ giấy).
    Converted,
    /// Averages of a level under one school seal (trích lục).
    Extract,
}

/// `_sd_alg` (RFC 9901 §4.1.1); this protocol has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SdAlgorithm {
    /// SHA-256.
    #[serde(rename = "sha-256")]
    Sha256,
}

/// The signing policy a record claims, by name and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyReference {
    /// Identifier.
    pub id: String,
    /// SHA-256 of the policy's canonical bytes.
    pub sha256: Sha256Digest,
}

/// What is open in every record. Holds no pupil identifier; school, class and year narrow a pupil down to a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClaims {
    /// Identity of the record, the same in all versions.
    pub id: RecordId,
    /// 1 for the first, one more for each correction.
    pub version: u32,
    /// [`RecordPayload::digest`] of the version this one replaces; present from version 2 on.
    pub replaces: Option<Sha256Digest>,
    /// Kind.
    pub kind: RecordKind,
    /// The school that states it.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Class.
    pub class: ClassName,
    /// The form it is laid out in; names the rule set too.
    pub form: Form,
    /// The signing policy.
    pub policy: PolicyReference,
}

/// The payload as signed. Read with [`RecordPayload::from_bytes`], which also checks what serde cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPayload {
    /// Digests of disclosures and decoys, ascending by their base64url text.
    #[serde(rename = "_sd")]
    pub sd: Vec<Sha256Digest>,
    /// Hash of the disclosures.
    #[serde(rename = "_sd_alg")]
    pub sd_alg: SdAlgorithm,
    /// Class.
    pub class: ClassName,
    /// Form version, see [`form`].
    pub form: String,
    /// Grade.
    pub grade: Grade,
    /// Identity of the record.
    pub id: RecordId,
    /// Kind.
    pub kind: RecordKind,
    /// Signing policy.
    pub policy: PolicyReference,
    /// Digest of the payload this one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Sha256Digest>,
    /// Rule set and its version.
    pub rules: String,
    /// School.
    pub school: SchoolCode,
    /// Version, from 1.
    pub version: u32,
    /// School year.
    pub year: SchoolYear,
}

/// Members of the payload that no disclosure may be named after (RFC 9901 §7.1 step 3.c.iii).
pub const OPEN_CLAIM_NAMES: [&str; 13] = [
    "_sd", "_sd_alg", "class", "form", "grade", "id", "kind", "policy", "replaces", "rules", "school", "version",
    "year",
];

/// Why a payload that reads as JSON is not a record's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not the canonical bytes of a payload.
    #[error(transparent)]
    Canonical(#[from] canonical::CanonicalError),
    /// A form this build does not know; perhaps a newer one.
    #[error("unknown form version")]
    UnknownForm,
    /// Grade or rule set are not the form's.
    #[error("{0} does not go with the form")]
    NotTheForms(FormMember),
    /// `_sd` is not strictly ascending, or not padded to the form's count.
    #[error("the digests in _sd are not {expected} strictly ascending ones")]
    Digests {
        /// The form's count.
        expected: usize,
    },
    /// Version 0, a first version that replaces something, or a later one that replaces nothing.
    #[error("version and replaces contradict each other")]
    Version,
}

/// A member that must agree with the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormMember {
    /// `grade`.
    Grade,
    /// `rules`.
    Rules,
}

impl fmt::Display for FormMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FormMember::Grade => "grade",
            FormMember::Rules => "rules",
        })
    }
}

/// Largest payload in bytes: 32 digests of 46 bytes and about 500 bytes of open claims, four times over.
pub const MAX_PAYLOAD_BYTES: usize = 8192;

impl RecordPayload {
    /// Puts open claims and digests together; the digests are sorted here.
    pub(crate) fn new(open: OpenClaims, mut sd: Vec<Sha256Digest>) -> Self {
        sd.sort_by_cached_key(ToString::to_string);
        Self {
            sd,
            sd_alg: SdAlgorithm::Sha256,
            class: open.class,
            form: open.form.id.to_owned(),
            grade: open.grade,
            id: open.id,
            kind: open.kind,
            policy: open.policy,
            replaces: open.replaces,
            rules: open.form.rules.id().to_owned(),
            school: open.school,
            version: open.version,
            year: open.year,
        }
    }

    /// Reads the canonical bytes of a payload and checks it against its form.
    ///
    /// # Errors
    /// See [`PayloadError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PayloadError> {
        let limits = canonical::Limits { bytes: MAX_PAYLOAD_BYTES, depth: 3 };
        let payload: Self = canonical::from_slice(bytes, limits)?;
        payload.validate()?;
        Ok(payload)
    }

    /// Checks what the types cannot say; done on reading and before signing.
    ///
    /// # Errors
    /// See [`PayloadError`].
    pub fn validate(&self) -> Result<(), PayloadError> {
        let form = form::by_id(&self.form).ok_or(PayloadError::UnknownForm)?;
        if form.level != self.grade.level() {
            return Err(PayloadError::NotTheForms(FormMember::Grade));
        }
        if form.rules.id() != self.rules {
            return Err(PayloadError::NotTheForms(FormMember::Rules));
        }
        // RFC 9901 §4.2.4.1 asks for an order that tells nothing; we ask for one order, so that bytes are unique.
        let texts: Vec<String> = self.sd.iter().map(ToString::to_string).collect();
        if texts.len() != form.slots || !texts.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(PayloadError::Digests { expected: form.slots });
        }
        match (self.version, self.replaces) {
            (1, None) => Ok(()),
            (2.., Some(_)) => Ok(()),
            _ => Err(PayloadError::Version),
        }
    }

    /// The canonical bytes, as signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a payload holds text and small integers only")
    }

    /// SHA-256 of the canonical bytes. Salted, because `_sd` is; this is what `replaces` and `history` hold.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.to_bytes())
    }
}
