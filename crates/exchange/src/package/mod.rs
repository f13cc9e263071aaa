//! The package for the ministry's store: many signed records in one XML file, signed by the department, and the answers
//! that come back for each record.
//!
//! **Chưa đối chiếu**: the layout of the official package could not be read (`domain.md` §3.3). What is here is one
//! layout of ours behind [`Layout`]; it says so in the file itself. When the official one is known it becomes a second
//! implementation, and nothing else changes: a package is the same thing in any layout.

mod mapping;
mod result;
mod statement;
mod unchecked;

use std::{fmt, str::FromStr};

use hocba_record::{
    encoding::RecordId,
    types::{FormError, Text, UnixTime},
};

pub use result::{Answer, Answers, ResultCode, ResultError, State, merge};
pub use statement::{MAX_CLAIMS_BYTES, PackageClaims, PackageError, verify};
pub use unchecked::{UNCHECKED, Unchecked1};

pub use crate::xml::XmlLimits;
use crate::{Finding, contract::RecordKey, signed::Exported};

/// Code of a department: 1 to 20 capital Latin letters and digits, the beginning of its schools' codes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DepartmentCode(String);

impl DepartmentCode {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DepartmentCode {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let ok = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if ok { Ok(Self(text.to_owned())) } else { Err(FormError { what: "department code (1 to 20 of A-Z, 0-9)" }) }
    }
}

impl fmt::Display for DepartmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Most records of a package.
pub const MAX_RECORDS: usize = 20_000;

/// What stands at the head of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageHeader {
    /// Identity of the package: 128 random bits.
    pub id: RecordId,
    /// The department that sends it.
    pub department: DepartmentCode,
    /// What it is for: `2026-2027`.
    pub period: Text,
    /// When it was put together.
    pub created: UnixTime,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its head.
    pub header: PackageHeader,
    /// Its records, in the order of the file; no key twice.
    pub records: Vec<PackageRecord>,
}

/// One record of a package, with the envelope of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageRecord {
    /// `IdBanGhi`.
    pub id: RecordKey,
    /// `PhienBan`, from 1.
    pub version: u64,
    /// `ThoiGianCapNhat`.
    pub at: UnixTime,
    /// `SuKien`, and what it brings.
    pub event: PackageEvent,
}

/// `SuKien` of a package's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageEvent {
    /// NEW.
    New(Box<Exported>),
    /// UPDATE.
    Update(Box<Exported>),
    /// CANCEL.
    Cancel,
}

impl PackageEvent {
    /// What it brings.
    pub fn record(&self) -> Option<&Exported> {
        match self {
            PackageEvent::New(record) | PackageEvent::Update(record) => Some(record),
            PackageEvent::Cancel => None,
        }
    }

    /// The event's name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            PackageEvent::New(_) => "NEW",
            PackageEvent::Update(_) => "UPDATE",
            PackageEvent::Cancel => "CANCEL",
        }
    }
}

/// Why a package was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// More than [`MAX_RECORDS`].
    #[error("{0} records, a package holds {MAX_RECORDS}")]
    TooMany(usize),
    /// A key twice.
    #[error("record {0} has the key of an earlier one")]
    DuplicateRecord(usize),
    /// A value that the layout cannot hold so that it comes back as it was.
    #[error("record {record}: {section} holds what the layout cannot")]
    Unwritable {
        /// 0-based record.
        record: usize,
        /// The section, or `payload`.
        section: String,
    },
}

/// A way to write packages and read answers. The department's statement names it by [`Layout::id`].
pub trait Layout {
    /// Its name, for ever.
    fn id(&self) -> &'static str;

    /// Whether it was held against an official text. Shown beside every package.
    fn checked(&self) -> bool;

    /// The package's bytes: the same for the same package.
    ///
    /// # Errors
    /// See [`WriteError`].
    fn write(&self, package: &Package) -> Result<Vec<u8>, WriteError>;

    /// Reads a package. That its records are what was signed, [`Exported::rebuild`] says.
    ///
    /// # Errors
    /// Everything found, at least one an error.
    fn read(&self, bytes: &[u8], limits: &XmlLimits) -> Result<Package, Vec<Finding>>;

    /// Writes answers, for tests and for whoever plays the ministry.
    fn write_answers(&self, answers: &Answers) -> Vec<u8>;

    /// Which package a file of answers is about, where it can be read; to look up what was sent before the answers are read.
    fn answered(&self, bytes: &[u8], limits: &XmlLimits) -> Option<RecordId>;

    /// Reads the answers to a package. An answer that cannot be understood is told and passed over, the others are taken:
    /// the file is not ours to mend.
    ///
    /// # Errors
    /// Where the file as a whole is no answer to this package.
    fn read_answers(
        &self,
        bytes: &[u8],
        package: &RecordId,
        sent: &dyn Fn(&RecordKey) -> bool,
        limits: &XmlLimits,
    ) -> Result<(Answers, Vec<Finding>), Vec<Finding>>;
}
