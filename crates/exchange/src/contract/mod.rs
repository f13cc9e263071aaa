//! The national data contract as JSON (`domain.md` §3.4): records with the envelope `IdBanGhi`, `SuKien`, `PhienBan`,
//! `ThoiGianCapNhat`, and one pupil's year in the fields of học bạ số.
//!
//! **Chưa đối chiếu**: the contract was read second-hand. Names that `domain.md` gives are used exactly; names, shapes and
//! codes that it does not give are ours, and `docs/exchange.md` lists them. Schema:
//! `docs/schemas/contract.schema.json`.
//!
//! A file is an array of records, or one object after the other (usually one on each line), in UTF-8. [`Reader`] gives
//! them one at a time with the memory of one; [`read`] takes a whole file in memory. A record that cannot be taken does
//! not stop the others; a file that cannot be read on does.

mod fields;
mod inbox;
mod read;
mod stream;
mod write;

use std::{fmt, str::FromStr};

use hocba_record::{
    draft::{ClassHeader, Draft},
    types::{ClassName, FormError, SchoolCode, SchoolYear, Text, UnixTime},
};

pub use inbox::{Decision, Known, after, decide};
pub use stream::{Reader, Refused, read};
pub use write::{write, write_lines};

/// How much of a file is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file: 4 GiB; a city's year has about two million records of two KiB.
    pub bytes: u64,
    /// Bytes of one record: 256 KiB; sixteen subjects with the longest remarks have 70.
    pub record_bytes: usize,
    /// Nesting of one record: 8; ours have 4.
    pub depth: usize,
    /// Values of one record, members and elements together: 4,096; ours have about 300.
    pub elements: usize,
    /// Records: 3,000,000.
    pub records: usize,
    /// Findings of one record: 100.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 30, record_bytes: 256 * 1024, depth: 8, elements: 4_096, records: 3_000_000, findings: 100 }
    }
}

/// The longest `IdBanGhi`, in characters.
pub const MAX_KEY_CHARS: usize = 150;

/// `IdBanGhi`: one key for all versions of a record, 1 to 150 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(Text);

impl RecordKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for RecordKey {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        if text.chars().count() > MAX_KEY_CHARS || text.contains('\n') {
            return Err(FormError { what: "record key (1 to 150 characters on one line)" });
        }
        text.parse().map(Self)
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One message of another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// `IdBanGhi`.
    pub id: RecordKey,
    /// `PhienBan`, from 1.
    pub version: u64,
    /// `ThoiGianCapNhat`.
    pub at: UnixTime,
    /// `SuKien`, and what it brings.
    pub event: Event,
    /// What should be looked at although the record was taken.
    pub warnings: Vec<crate::Finding>,
}

/// `SuKien`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// NEW.
    New(Box<Content>),
    /// UPDATE.
    Update(Box<Content>),
    /// CANCEL, softly; what else the record says is not read.
    Cancel,
}

impl Event {
    /// What it brings.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Event::New(content) | Event::Update(content) => Some(content),
            Event::Cancel => None,
        }
    }

    /// The event's name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            Event::New(_) => "NEW",
            Event::Update(_) => "UPDATE",
            Event::Cancel => "CANCEL",
        }
    }
}

/// One pupil's year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// School, year, grade, class.
    pub header: ClassHeader,
    /// The year.
    pub draft: Draft,
    /// `QuaTrinhHocTap`: the other years, as the sender knows them. For comparing with the book; nothing is made of it.
    pub earlier: Vec<EarlierYear>,
}

/// A year at a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierYear {
    /// School year.
    pub year: SchoolYear,
    /// The school as printed.
    pub school_name: Text,
    /// Its code, where known.
    pub school: Option<SchoolCode>,
    /// The class.
    pub class: Option<ClassName>,
}
