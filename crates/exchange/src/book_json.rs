//! A student's book as JSON: each version of each record with its open claims, its digest, and every section with its
//! salt. Schema: `docs/schemas/book.schema.json`.
//!
//! The document is written in canonical JSON (`docs/spec/canonical.md`) and read in any spelling: a person may look at it
//! in an editor and save it, and the digests still come out, since they are over values and not over the file.
//!
//! It carries no signatures: who needs those needs a bundle. What it proves is that these marks are those whose digest
//! the school signed, to whoever has that digest from elsewhere.

use hocba_record::{
    canonical::{self, CanonicalError, Json, Limits},
    disclosure::Disclosure,
    encoding::{Salt, Sha256Digest},
    payload::RecordPayload,
    types::{SectionName, UnixTime},
};
use serde::{Deserialize, Serialize};

use crate::signed::{self, Exported};

/// `format` of the documents this build writes and reads.
pub const FORMAT: &str = "hocba-book-1";
/// Largest document in bytes: twelve years of three versions each have about half a MiB.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Most versions in one document.
pub const MAX_RECORDS: usize = 256;
/// Deepest nesting: document, records, record, sections, section, value and its own four.
pub const MAX_DEPTH: usize = 12;

/// A student's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookExport {
    /// When it was written.
    pub exported_at: UnixTime,
    /// Every version of every record, in the order given.
    pub records: Vec<Exported>,
}

/// Why bytes are no book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Not JSON of this shape.
    #[error(transparent)]
    Json(#[from] CanonicalError),
    /// Written by another version of this program, or something else altogether.
    #[error("not a document of the format {FORMAT}")]
    Format,
    /// More than [`MAX_RECORDS`] versions.
    #[error("more than {MAX_RECORDS} records")]
    TooMany,
    /// A section whose value is no JSON of the subset; its place in the document.
    #[error("records[{record}].sections[{section}] is no section")]
    Section {
        /// 0-based record.
        record: usize,
        /// 0-based section.
        section: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    exported_at: UnixTime,
    format: String,
    records: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    decoys: u16,
    payload: RecordPayload,
    payload_sha256: Sha256Digest,
    sections: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: SectionName,
    salt: Salt,
    value: Json,
}

impl BookExport {
    /// The document's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entry = |d: &Disclosure| Entry { name: d.name().clone(), salt: *d.salt(), value: d.value().clone() };
        let record = |r: &Exported| Record {
            decoys: u16::try_from(r.decoys).unwrap_or(u16::MAX),
            payload: r.payload.clone(),
            payload_sha256: r.digest,
            sections: r.sections.iter().map(entry).collect(),
        };
        let records = self.records.iter().map(record).collect();
        let document = Document { exported_at: self.exported_at, format: FORMAT.to_owned(), records };
        canonical::to_vec(&document).expect("a book holds text, booleans and integers")
    }

    /// Reads a document in any spelling. What it says is not yet compared with what was signed:
    /// [`Exported::rebuild`] does that, for each record.
    ///
    /// # Errors
    /// See [`BookError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BookError> {
        let value = canonical::parse(bytes, Limits { bytes: MAX_BYTES, depth: MAX_DEPTH })?;
        if value.get("format").and_then(Json::as_str) != Some(FORMAT) {
            return Err(BookError::Format);
        }
        if matches!(value.get("records"), Some(Json::Array(records)) if records.len() > MAX_RECORDS) {
            return Err(BookError::TooMany);
        }
        let document: Document = canonical::from_json(&value)?;
        let mut records = Vec::new();
        for (record, r) in document.records.into_iter().enumerate() {
            let mut sections = Vec::new();
            for (section, e) in r.sections.into_iter().enumerate() {
                let made = signed::disclosure(e.salt, &e.name, e.value);
                sections.push(made.ok_or(BookError::Section { record, section })?);
            }
            records.push(Exported { payload: r.payload, digest: r.payload_sha256, decoys: r.decoys.into(), sections });
        }
        Ok(Self { exported_at: document.exported_at, records })
    }
}
