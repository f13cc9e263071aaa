//! What an envelope holds: the seed and the sections of one version. Disclosures follow from them.

use hocba_record::{
    canonical::Json,
    check::Finding,
    disclosure::{IssueError, Issued, Seed, check_disclosures, issue},
    encoding::{RecordId, Sha256Digest},
    form::Form,
    payload::{OpenClaims, RecordPayload},
    section::{ConversionSection, HistoryEntry, Identity, Section, SectionError},
    types::SectionName,
};
use hocba_signature::policy::SigningPolicy;
use hocba_store::model::{Class, Envelope, RecordVersion};
use serde::{Deserialize, Serialize};

use crate::{App, AppError};

/// The personal part of a record version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    /// Whether it can be signed: a pupil who was left out may be half there.
    pub complete: bool,
    /// Earlier years of the pupil, as they stood when this was imported.
    pub history: Vec<HistoryEntry>,
    /// Digest of the payload of the version before; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Sha256Digest>,
    /// Name and value of each section, manifest and history left out.
    pub sections: Vec<(SectionName, Json)>,
    /// The seed of salts and decoys.
    pub seed: Seed,
    /// What import warned of about this pupil, for whoever looks before signing; no part of what is signed. Envelopes of
    /// earlier releases have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
}

impl Personal {
    /// Of these sections.
    pub fn new(sections: &[Section], seed: Seed, complete: bool) -> Self {
        let sections = sections.iter().map(|s| (s.name(), s.value())).collect();
        Self { complete, history: Vec::new(), replaces: None, sections, seed, warnings: Vec::new() }
    }

    /// The sections as they were imported.
    ///
    /// # Errors
    /// When one is not of its form.
    pub fn sections(&self) -> Result<Vec<Section>, SectionError> {
        self.sections.iter().map(|(name, value)| Section::from_value(name, value)).collect()
    }

    /// Whether both are one draft: the same in everything but the seed, and the moment it was taken over from paper. What
    /// import warned of counts: a spreadsheet whose declared average was put right warns no more.
    pub fn is_same_draft(&self, other: &Self) -> bool {
        let same = |pair: (Section, Section)| match pair {
            (Section::Conversion(mine), Section::Conversion(theirs)) => {
                mine == ConversionSection { converted_at: mine.converted_at, ..theirs }
            }
            (mine, theirs) => mine == theirs,
        };
        let (Ok(mine), Ok(theirs)) = (self.sections(), other.sections()) else { return false };
        (self.complete, &self.history, self.replaces) == (other.complete, &other.history, other.replaces)
            && self.warnings == other.warnings
            && mine.len() == theirs.len()
            && mine.into_iter().zip(theirs).all(same)
    }

    /// Whether both say the same of the pupil. When they were taken over from paper does not count, nor that a book had no
    /// number when the other was made.
    pub fn same_content(&self, other: &Self) -> bool {
        let numbered = |personal: &Self| {
            let mut identities = personal.sections.iter().filter(|(name, _)| name.as_str() == "identity");
            identities.any(|(_, value)| value.get("book").is_some())
        };
        let both = numbered(self) && numbered(other);
        let plain = |personal: &Self| -> Option<Vec<Section>> {
            let sections = personal.sections().ok()?.into_iter().filter(|s| !matches!(s, Section::Conversion(_)));
            let plain = |section| match section {
                Section::Identity(identity) if !both => Section::Identity(Identity { book: None, ..identity }),
                section => section,
            };
            Some(sections.map(plain).collect())
        };
        plain(self).is_some_and(|sections| plain(other).is_some_and(|others| sections == others))
    }

    /// The pupil's name as printed.
    pub fn pupil_name(&self) -> Option<String> {
        self.sections().ok()?.into_iter().find_map(|s| match s {
            Section::Identity(identity) => Some(identity.name.to_string()),
            _ => None,
        })
    }
}

/// Where an envelope belongs; it opens nowhere else.
fn place(record: &RecordId, version: u32) -> String {
    format!("record/{record}/{version}")
}

impl App {
    pub(crate) fn seal(&self, record: &RecordId, version: u32, personal: &Personal) -> Result<Envelope, AppError> {
        let bytes = hocba_record::canonical::to_vec(personal)
            .map(zeroize::Zeroizing::new)
            .map_err(|_| AppError::Damaged { number: 0, what: "sections" })?;
        self.seal_envelope(&place(record, version), &bytes)
    }

    /// Opens the personal part of a version.
    ///
    /// # Errors
    /// [`AppError::Damaged`] when it does not open or is not of its form.
    pub fn personal(&self, version: &RecordVersion) -> Result<Personal, AppError> {
        let damaged = |what| AppError::Damaged { number: version.number, what };
        let place = place(&version.record, version.version);
        let words = ["it was sealed with another data key", "its personal part does not open"];
        let plain = self.open_envelope(&place, &version.personal, words).map_err(damaged)?;
        let limits = hocba_record::canonical::Limits { bytes: 1024 * 1024, depth: 12 };
        hocba_record::canonical::from_slice(&plain, limits).map_err(|_| damaged("its personal part is not of its form"))
    }
}

impl App {
    /// Whether the personal part of a version opens and, where it is signed, says what was signed; for `hocba fsck`.
    ///
    /// # Errors
    /// [`AppError::Damaged`], [`AppError::Incomplete`] for a signed version whose marks are not all there.
    pub fn check_personal(&self, class: &Class, version: &RecordVersion) -> Result<(), AppError> {
        let personal = self.personal(version)?;
        self.note(version)?;
        let Some(statement) = &version.statement else {
            let what = "its sections are not of their form";
            return personal.sections().map(|_| ()).map_err(|_| AppError::Damaged { number: version.number, what });
        };
        // The policy is no part of what is disclosed.
        let disclosures = issued(class, version, &personal, &self.policy())?.disclosures;
        let agree = RecordPayload::from_bytes(statement.payload())
            .is_ok_and(|payload| check_disclosures(&payload, &disclosures).is_empty());
        let what = "its sections are not those that were signed";
        if agree { Ok(()) } else { Err(AppError::Damaged { number: version.number, what }) }
    }
}

/// The payload and disclosures that a personal part amounts to.
pub(crate) fn issued(
    class: &Class,
    version: &RecordVersion,
    personal: &Personal,
    policy: &SigningPolicy,
) -> Result<Issued, AppError> {
    let damaged = |what| AppError::Damaged { number: version.number, what };
    if !personal.complete {
        return Err(AppError::Incomplete { number: version.number });
    }
    let sections = personal.sections().map_err(|_| damaged("its sections are not of their form"))?;
    let open = OpenClaims {
        id: version.record,
        version: version.version,
        replaces: personal.replaces,
        kind: class.kind.of_records(),
        school: class.school.clone(),
        year: class.year,
        grade: class.grade,
        class: class.name.clone(),
        form: Form::of(class.grade, class.year),
        policy: policy.reference(),
    };
    issue(open, &sections, personal.history.clone(), &personal.seed)
        .map_err(|_: IssueError| damaged("its sections do not make a record"))
}
