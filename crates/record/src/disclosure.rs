//! Selective disclosure (RFC 9901): salts, disclosures, `_sd` with decoys, manifest and history.
//!
//! A bundle carries each disclosure as the JSON array `[salt, name, value]`; the RFC's text form is the base64url of
//! that array's canonical bytes, and its digest the SHA-256 of that text. Salts and decoys come from one seed per
//! version (HKDF-SHA256, RFC 5869), so that a school keeps 32 bytes, not hundreds, and a holder of the seed can check
//! that nothing else hides among the digests.

use std::{collections::BTreeSet, fmt};

use hkdf::Hkdf;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::{
    canonical::{self, Json},
    encoding::{Salt, Sha256Digest, base64url, from_base64url},
    payload::{OpenClaims, PayloadError, RecordPayload},
    section::{HistoryEntry, HistorySection, ManifestSection, Section},
    types::SectionName,
};

/// HKDF info of a salt is this, a zero byte and the section's name.
pub const SALT_INFO: &[u8] = b"hocba-salt-v1";
/// HKDF info of a decoy is this, a zero byte and its number as two bytes, big-endian.
pub const DECOY_INFO: &[u8] = b"hocba-decoy-v1";

/// 256 fresh random bits per version. Whoever holds it can re-compute every salt and tell decoys from disclosures, so
/// it goes only where the whole record goes. Not shown by `Debug`, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Wraps the bytes, which must come from a cryptographic random source.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The salt of the section of this name.
    pub fn salt(&self, name: &SectionName) -> Salt {
        Salt::from_bytes(self.expand(SALT_INFO, name.as_str().as_bytes()))
    }

    /// The decoy digest of this number.
    pub fn decoy(&self, number: u16) -> Sha256Digest {
        Sha256Digest::from_bytes(self.expand(DECOY_INFO, &number.to_be_bytes()))
    }

    fn expand<const N: usize>(&self, info: &[u8], what: &[u8]) -> [u8; N] {
        let mut out = [0; N];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand_multi_info(&[info, &[0], what], &mut out)
            .expect("HKDF-SHA256 gives up to 8160 bytes");
        out
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(withheld)")
    }
}
impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}
impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = from_base64url(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        bytes.try_into().map(Seed).map_err(|_| D::Error::custom("a seed is 32 bytes"))
    }
}

/// One disclosure: salt, section name, section value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure(Salt, SectionName, Json);

impl Disclosure {
    /// A disclosure of this section under this salt.
    pub fn new(salt: Salt, section: &Section) -> Self {
        Self(salt, section.name(), section.value())
    }
    /// The salt.
    pub fn salt(&self) -> &Salt {
        &self.0
    }
    /// The section's name.
    pub fn name(&self) -> &SectionName {
        &self.1
    }
    /// The section's value, not yet read.
    pub fn value(&self) -> &Json {
        &self.2
    }
    /// The canonical bytes of the array.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![b'['];
        canonical::write_string(&self.0.to_string(), &mut out);
        out.push(b',');
        canonical::write_string(self.1.as_str(), &mut out);
        out.push(b',');
        self.2.write(&mut out);
        out.push(b']');
        out
    }
    /// The RFC's text: base64url of the canonical array.
    pub fn to_text(&self) -> String {
        base64url(&self.to_bytes())
    }
    /// The digest that stands in `_sd`.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(self.to_text().as_bytes())
    }
    /// Reads the RFC's text, canonical bytes only.
    ///
    /// # Errors
    /// For base64url or JSON that is not in its one form, and for anything but salt, name, value.
    pub fn from_text(text: &str) -> Result<Self, canonical::CanonicalError> {
        let bytes =
            from_base64url(text).map_err(|_| canonical::CanonicalError::Syntax { line: 1, column: text.len() })?;
        canonical::from_slice(&bytes, canonical::Limits { bytes: MAX_DISCLOSURE_BYTES, depth: 8 })
    }
}

/// Largest disclosure in bytes: three texts of 4,096 bytes and room for marks.
pub const MAX_DISCLOSURE_BYTES: usize = 16 * 1024;

/// A record ready to be signed.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What is signed.
    pub payload: RecordPayload,
    /// What travels beside it, ascending by name.
    pub disclosures: Vec<Disclosure>,
}

/// Why sections do not make a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The same section twice, or a manifest or history among the content.
    #[error("section {0} stands twice")]
    DuplicateSection(SectionName),
    /// More sections than the form has digests.
    #[error("{found} sections, the form has room for {slots}")]
    TooMany {
        /// Sections, manifest and history included.
        found: usize,
        /// The form's count.
        slots: usize,
    },
    /// The open claims contradict each other or the form.
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

/// Turns sections into a payload and its disclosures. Adds `manifest` and `history`; pads `_sd` with decoys.
///
/// # Errors
/// See [`IssueError`].
pub fn issue(
    open: OpenClaims,
    content: &[Section],
    history: Vec<HistoryEntry>,
    seed: &Seed,
) -> Result<Issued, IssueError> {
    let mut sections: Vec<Section> = content.to_vec();
    sections.push(Section::History(HistorySection { entries: history }));
    let manifest_name = Section::Manifest(ManifestSection { sections: Vec::new() }).name();
    let mut names = BTreeSet::from([manifest_name]);
    for section in &sections {
        if !names.insert(section.name()) {
            return Err(IssueError::DuplicateSection(section.name()));
        }
    }
    sections.push(Section::Manifest(ManifestSection { sections: names.iter().cloned().collect() }));
    let slots = open.form.slots;
    if sections.len() > slots {
        return Err(IssueError::TooMany { found: sections.len(), slots });
    }
    let mut disclosures: Vec<Disclosure> =
        sections.iter().map(|section| Disclosure::new(seed.salt(&section.name()), section)).collect();
    disclosures.sort_by(|a, b| a.name().cmp(b.name()));
    let mut digests: Vec<Sha256Digest> = disclosures.iter().map(Disclosure::digest).collect();
    digests.extend(decoys(seed, slots - disclosures.len()));
    let payload = RecordPayload::new(open, digests);
    payload.validate()?;
    Ok(Issued { payload, disclosures })
}

fn decoys(seed: &Seed, count: usize) -> impl Iterator<Item = Sha256Digest> + '_ {
    (0..u16::try_from(count).expect("forms have fewer than 65,536 slots")).map(|n| seed.decoy(n))
}

/// Why presented disclosures are not the record's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// The section was changed after signing, or never belonged to this record.
    #[error("section {0} is not among what was signed")]
    NotSigned(SectionName),
    /// Not ascending by name, or one twice.
    #[error("section {0} stands twice or out of order")]
    Order(SectionName),
}

/// Each presented disclosure that is not the record's, in the order presented.
pub fn check_disclosures(payload: &RecordPayload, disclosures: &[Disclosure]) -> Vec<DisclosureError> {
    let signed: BTreeSet<&Sha256Digest> = payload.sd.iter().collect();
    let mut errors = Vec::new();
    for (i, disclosure) in disclosures.iter().enumerate() {
        if i > 0 && disclosures[i - 1].name() >= disclosure.name() {
            errors.push(DisclosureError::Order(disclosure.name().clone()));
        }
        if !signed.contains(&disclosure.digest()) {
            errors.push(DisclosureError::NotSigned(disclosure.name().clone()));
        }
    }
    errors
}

/// How much of a record is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// The manifest is shown and every section it names.
    Whole,
    /// The manifest is shown, and these sections are withheld.
    Partial {
        /// Names of the withheld sections.
        withheld: Vec<SectionName>,
    },
    /// The manifest is withheld: what else is, cannot be known.
    Unknown,
}

/// Shown sections that the manifest does not name: the record contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record's list of sections does not name {0}")]
pub struct ManifestError(pub SectionName);

/// Compares what is shown with the manifest.
///
/// # Errors
/// When a shown section is not in a shown manifest.
pub fn extent(sections: &[Section]) -> Result<Extent, ManifestError> {
    let Some(manifest) = sections.iter().find_map(|s| match s {
        Section::Manifest(m) => Some(m),
        _ => None,
    }) else {
        return Ok(Extent::Unknown);
    };
    let shown: BTreeSet<SectionName> = sections.iter().map(Section::name).collect();
    let named: BTreeSet<SectionName> = manifest.sections.iter().cloned().collect();
    if let Some(extra) = shown.difference(&named).next() {
        return Err(ManifestError(extra.clone()));
    }
    let withheld: Vec<SectionName> = named.difference(&shown).cloned().collect();
    Ok(if withheld.is_empty() { Extent::Whole } else { Extent::Partial { withheld } })
}

/// Whether the seed explains every digest in `_sd` together with these disclosures, so that nothing is hidden.
pub fn seed_explains(payload: &RecordPayload, disclosures: &[Disclosure], seed: &Seed) -> bool {
    let Some(count) = payload.sd.len().checked_sub(disclosures.len()) else { return false };
    let salted = disclosures.iter().all(|d| *d.salt() == seed.salt(d.name()));
    let explained: BTreeSet<Sha256Digest> =
        disclosures.iter().map(Disclosure::digest).chain(decoys(seed, count)).collect();
    salted && explained == payload.sd.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        encoding::RecordId,
        form::TT22_THCS,
        payload::{OPEN_CLAIM_NAMES, PolicyReference, RecordKind},
        section::{Attendance, RemarksSection, SubjectResult, SubjectSection},
        types::{Grade, Mark, SchoolYear},
    };

    fn open() -> OpenClaims {
        OpenClaims {
            id: RecordId::from_bytes([7; 16]),
            version: 1,
            replaces: None,
            kind: RecordKind::Year,
            school: "79DEMO001".parse().expect("code"),
            year: SchoolYear::starting(2026).expect("year"),
            grade: Grade::new(9).expect("grade"),
            class: "9A3".parse().expect("class"),
            form: TT22_THCS,
            policy: PolicyReference { id: "hocba-policy-1".into(), sha256: Sha256Digest::of(b"policy") },
        }
    }

    fn subject(code: &str, tenths: u32) -> Section {
        let mark = Mark::from_tenths(tenths).expect("mark");
        Section::Subject(SubjectSection {
            code: code.parse().expect("code"),
            name: "Môn".parse().expect("text"),
            result: SubjectResult::Score { term1: mark, term2: mark, year: mark, reassessed: None },
            study_topics: false,
            remark: None,
            teacher: None,
            locked_at: None,
            source: None,
        })
    }

    fn content(subjects: usize) -> Vec<Section> {
        let mut sections: Vec<Section> = (0..subjects).map(|n| subject(&format!("mon_{n}"), 80)).collect();
        sections.push(Section::Attendance(Attendance { with_leave: 2, without_leave: 0 }));
        sections.push(Section::Remarks(RemarksSection { homeroom: "Chăm ngoan.".parse().expect("text") }));
        sections
    }

    const SEED: Seed = Seed::from_bytes([42; 32]);

    #[test]
    fn the_number_of_sections_does_not_show() {
        let sizes: Vec<usize> = [0, 5, 12]
            .into_iter()
            .map(|n| issue(open(), &content(n), Vec::new(), &SEED).expect("issue").payload.to_bytes().len())
            .collect();
        assert!(sizes.windows(2).all(|w| w[0] == w[1]), "{sizes:?}");
    }

    #[test]
    fn no_section_is_named_after_an_open_claim() {
        let issued = issue(open(), &content(3), Vec::new(), &SEED).expect("issue");
        let claims = canonical::to_json(&issued.payload).expect("payload");
        let Json::Object(members) = claims else { panic!("a payload is an object") };
        assert!(members.iter().all(|(name, _)| OPEN_CLAIM_NAMES.contains(&name.as_str())));
        assert!(issued.disclosures.iter().all(|d| !OPEN_CLAIM_NAMES.contains(&d.name().as_str())));
    }

    #[test]
    fn a_section_given_twice_and_one_too_many_are_refused() {
        let twice = [subject("toan", 80), subject("toan", 90)];
        assert!(matches!(issue(open(), &twice, Vec::new(), &SEED), Err(IssueError::DuplicateSection(_))));
        assert!(matches!(
            issue(open(), &content(40), Vec::new(), &SEED),
            Err(IssueError::TooMany { found: 44, slots: 32 })
        ));
    }

    #[test]
    fn another_seed_explains_nothing() {
        let issued = issue(open(), &content(4), Vec::new(), &SEED).expect("issue");
        assert!(seed_explains(&issued.payload, &issued.disclosures, &SEED));
        assert!(!seed_explains(&issued.payload, &issued.disclosures, &Seed::from_bytes([43; 32])));
        assert!(!seed_explains(&issued.payload, &issued.disclosures[1..], &SEED));
    }

    #[test]
    fn a_hidden_extra_section_is_not_explained_by_the_seed() {
        let issued = issue(open(), &content(4), Vec::new(), &SEED).expect("issue");
        let mut payload = issued.payload.clone();
        payload.sd[3] = Sha256Digest::of(b"something the manifest does not name");
        payload.sd.sort_by_cached_key(ToString::to_string);
        assert!(!seed_explains(&payload, &issued.disclosures, &SEED));
    }

    proptest! {
        #[test]
        fn any_subset_is_the_records_and_any_change_is_not(mask in any::<u16>(), tenths in 0u32..=100, pick in any::<prop::sample::Index>()) {
            let issued = issue(open(), &content(10), Vec::new(), &SEED).expect("issue");
            let shown: Vec<Disclosure> = issued.disclosures.iter().enumerate()
                .filter(|(i, _)| mask & (1 << i) != 0).map(|(_, d)| d.clone()).collect();
            prop_assert_eq!(check_disclosures(&issued.payload, &shown), vec![]);

            // The same record with one mark changed has no digest in common where it counts.
            let mut changed = shown.clone();
            if !changed.is_empty() {
                let at = pick.index(changed.len());
                let name = changed[at].name().as_str().to_owned();
                if let Some(code) = name.strip_prefix("subject.") && tenths != 80 {
                    changed[at] = Disclosure::new(*changed[at].salt(), &subject(code, tenths));
                    prop_assert_eq!(check_disclosures(&issued.payload, &changed),
                        vec![DisclosureError::NotSigned(name.parse().expect("name"))]);
                }
            }
        }

        #[test]
        fn a_subset_tells_nothing_of_the_rest(tenths in 0u32..=100) {
            // What is open (payload and one disclosure) differs between two pupils only in digests that are random
            // to whoever lacks the salts: same length, and no digest of the withheld section under any shown salt.
            let withheld = subject("toan", tenths);
            let content = [withheld.clone(), subject("ngu_van", 70)];
            let issued = issue(open(), &content, Vec::new(), &SEED).expect("issue");
            let shown = issued.disclosures.iter().find(|d| d.name().as_str() == "subject.ngu_van").expect("shown");
            let guess = Disclosure::new(*shown.salt(), &withheld).digest();
            prop_assert!(!issued.payload.sd.contains(&guess));
        }

        #[test]
        fn disclosure_texts_have_one_form(tenths in 0u32..=100, seed in any::<[u8; 32]>()) {
            let section = subject("toan", tenths);
            let disclosure = Disclosure::new(Seed::from_bytes(seed).salt(&section.name()), &section);
            let text = disclosure.to_text();
            prop_assert_eq!(Disclosure::from_text(&text), Ok(disclosure));
            let spaced = base64url(String::from_utf8(from_base64url(&text).expect("own text")).expect("JSON").replace(',', ", ").as_bytes());
            prop_assert!(Disclosure::from_text(&spaced).is_err());
        }
    }
}
