//! A signed record as it leaves the house, whatever the format: the payload as signed, its digest, and every section with
//! its salt. JSON and XML are two spellings of this one thing, and [`Exported::rebuild`] finds the way back from it to
//! what was signed, without the database and without the seed.

use std::collections::BTreeSet;

use hocba_record::{
    canonical::{self, Json},
    disclosure::{Disclosure, Extent, extent},
    encoding::{Salt, Sha256Digest},
    payload::RecordPayload,
    section::Section,
    types::SectionName,
};

/// One version of a record with everything shown, but for the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The payload, as signed.
    pub payload: RecordPayload,
    /// SHA-256 of the payload's canonical bytes, as stated by the export.
    pub digest: Sha256Digest,
    /// How many digests of `_sd` belong to no section.
    pub decoys: usize,
    /// Each section with its salt, ascending by name.
    pub sections: Vec<Disclosure>,
}

/// What an export leads back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The digests of the sections, each computed again from salt, name and value, in the order of the sections.
    pub sections: Vec<(SectionName, Sha256Digest)>,
    /// `_sd` made of these and of the digests no section explains.
    pub payload: RecordPayload,
    /// SHA-256 of that payload.
    pub digest: Sha256Digest,
    /// The sections, read.
    pub content: Vec<Section>,
}

/// What of an export is not what was signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Broken {
    /// Value, name or salt of a section are not those whose digest was signed.
    #[error("section {0} is not among what was signed")]
    Section(SectionName),
    /// A section twice, or out of order.
    #[error("section {0} stands twice or out of order")]
    Order(SectionName),
    /// A signed section whose value this build cannot read.
    #[error("section {0} has a value of another shape")]
    Shape(SectionName),
    /// The record's list of sections names it, and the export does not have it.
    #[error("section {0} is missing")]
    Missing(SectionName),
    /// The record's list of sections does not name it.
    #[error("section {0} is not in the record's own list")]
    Surplus(SectionName),
    /// The export has no list of sections, so whether it is whole cannot be known.
    #[error("the record's own list of sections is missing")]
    NoManifest,
    /// Sections and decoys are not as many as the payload has digests.
    #[error("sections and decoys are not as many as the digests")]
    Count,
    /// The payload contradicts its form.
    #[error("the payload is not one of its form")]
    Form,
    /// The payload's digest is not the one stated.
    #[error("the payload does not have the digest stated")]
    Payload,
}

impl Broken {
    /// What is broken, in Vietnamese and English.
    pub fn words(&self) -> crate::Words {
        let vi = match self {
            Broken::Section(name) => format!("Mục “{name}” không đúng với bản đã ký (giá trị, tên hoặc muối đã đổi)."),
            Broken::Order(name) => format!("Mục “{name}” lặp lại hoặc sai thứ tự."),
            Broken::Shape(name) => format!("Mục “{name}” có cấu trúc lạ."),
            Broken::Missing(name) => format!("Thiếu mục “{name}”."),
            Broken::Surplus(name) => format!("Mục “{name}” không có trong danh mục của bản ghi."),
            Broken::NoManifest => "Thiếu danh mục các mục của bản ghi.".to_owned(),
            Broken::Count => "Số mục và số giá trị đệm không khớp số giá trị băm.".to_owned(),
            Broken::Form => "Phần mở của bản ghi không đúng mẫu.".to_owned(),
            Broken::Payload => "Giá trị băm của bản ghi không đúng như đã ghi.".to_owned(),
        };
        crate::Words::new(vi, self.to_string())
    }
}

impl Exported {
    /// The export of a record shown whole.
    pub fn of(payload: &RecordPayload, disclosures: &[Disclosure]) -> Self {
        Self {
            payload: payload.clone(),
            digest: payload.digest(),
            decoys: payload.sd.len().saturating_sub(disclosures.len()),
            sections: disclosures.to_vec(),
        }
    }

    /// Computes every digest again, and says what does not lead to what the payload was signed over.
    ///
    /// That the payload itself is the signed one is for the caller to see: [`Rebuilt::digest`] against the signed
    /// statement's.
    ///
    /// # Errors
    /// Everything that is broken, by name.
    pub fn rebuild(&self) -> Result<Rebuilt, Vec<Broken>> {
        let mut broken = BTreeSet::new();
        let signed: BTreeSet<&Sha256Digest> = self.payload.sd.iter().collect();
        let (mut digests, mut content) = (Vec::new(), Vec::new());
        for (index, section) in self.sections.iter().enumerate() {
            let (name, digest) = (section.name().clone(), section.digest());
            if index > 0 && self.sections[index - 1].name() >= section.name() {
                broken.insert(Broken::Order(name.clone()));
            }
            if !signed.contains(&digest) {
                broken.insert(Broken::Section(name.clone()));
            } else {
                match Section::from_value(&name, section.value()) {
                    Ok(section) => content.push(section),
                    Err(_) => drop(broken.insert(Broken::Shape(name.clone()))),
                }
            }
            digests.push((name, digest));
        }
        if self.payload.validate().is_err() {
            broken.insert(Broken::Form);
        }
        if self.sections.len().checked_add(self.decoys) != Some(self.payload.sd.len()) {
            broken.insert(Broken::Count);
        }
        // What is missing is known from the record's own list; a list that is itself broken was told.
        let listed = self.sections.iter().any(|s| s.name().as_str() == "manifest");
        match extent(&content) {
            Ok(Extent::Whole) => {}
            Ok(Extent::Partial { withheld }) => {
                let present: BTreeSet<&SectionName> = digests.iter().map(|(name, _)| name).collect();
                broken.extend(withheld.into_iter().filter(|name| !present.contains(name)).map(Broken::Missing));
            }
            Ok(Extent::Unknown) if listed => {}
            Ok(Extent::Unknown) => drop(broken.insert(Broken::NoManifest)),
            Err(error) => drop(broken.insert(Broken::Surplus(error.0))),
        }
        let mut payload = self.payload.clone();
        let explained: BTreeSet<&Sha256Digest> = digests.iter().map(|(_, digest)| digest).collect();
        payload.sd = signed.difference(&explained).copied().chain(explained.iter().copied()).copied().collect();
        payload.sd.sort_by_cached_key(ToString::to_string);
        let digest = payload.digest();
        if self.payload.digest() != self.digest {
            broken.insert(Broken::Payload);
        }
        if broken.is_empty() {
            Ok(Rebuilt { sections: digests, payload, digest, content })
        } else {
            Err(broken.into_iter().collect())
        }
    }
}

/// A disclosure of these parts; `None` where they are none.
pub(crate) fn disclosure(salt: Salt, name: &SectionName, value: Json) -> Option<Disclosure> {
    let array = Json::Array(vec![Json::String(salt.to_string()), Json::String(name.to_string()), value]);
    canonical::from_json(&array).ok()
}
