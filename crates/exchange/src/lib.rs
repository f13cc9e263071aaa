//! Other systems' formats, in and out.
//!
//! **For**: the national data contract as JSON, in and out ([`contract`]), with the receiver's rule for versions
//! ([`contract::decide`]); a student's book as JSON ([`book_json`]); a class as CSV ([`class_csv`]); the package for the
//! ministry's store as XML, the department's statement about it and the answers that come back ([`package`]). Exports of
//! signed records carry the salts, so that JSON, XML and the signed record lead to the same digest
//! ([`signed::Exported::rebuild`]).
//!
//! **Will not**: touch files, clocks or the network (a [`contract::Reader`] reads from a source it is given); decide whether
//! marks make sense (`hocba_record::check` does) or whether a record is valid (`hocba_bundle` does); hold the department's
//! key. What could not be held against an official text says **chưa đối chiếu** where it stands, and in
//! `docs/exchange.md`.
//!
//! ```
//! use hocba_exchange::{book_json::BookExport, signed::{Broken, Exported}};
//! use hocba_record::{disclosure::{self, Seed}, encoding::{RecordId, Sha256Digest}, form::TT22_THCS, payload::*,
//!     section::{Attendance, Section}, types::{Grade, SchoolYear, UnixTime}};
//!
//! let open = OpenClaims {
//!     id: RecordId::from_bytes([1; 16]), version: 1, replaces: None, kind: RecordKind::Year,
//!     school: "79DEMO001".parse()?, year: SchoolYear::starting(2026)?, grade: Grade::new(9)?, class: "9A3".parse()?,
//!     form: TT22_THCS, policy: PolicyReference { id: "hocba-policy-1".into(), sha256: Sha256Digest::of(b"...") },
//! };
//! let content = [Section::Attendance(Attendance { with_leave: 2, without_leave: 0 })];
//! let issued = disclosure::issue(open, &content, Vec::new(), &Seed::from_bytes([9; 32]))?;
//!
//! // The export leads back to what was signed, from its own bytes alone.
//! let exported = Exported::of(&issued.payload, &issued.disclosures);
//! let book = BookExport { exported_at: UnixTime::from_seconds(1_812_000_000)?, records: vec![exported] };
//! let read = BookExport::from_bytes(&book.to_bytes())?;
//! assert_eq!(read.records[0].rebuild().expect("sound").digest, issued.payload.digest());
//!
//! // A changed value is named.
//! let changed = String::from_utf8(book.to_bytes())?.replace("\"with_leave\":2", "\"with_leave\":1");
//! let broken = BookExport::from_bytes(changed.as_bytes())?.records[0].rebuild().expect_err("changed");
//! assert_eq!(broken, [Broken::Section("attendance".parse()?)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod book_json;
pub mod class_csv;
mod codes;
pub mod contract;
mod finding;
mod loose;
pub mod package;
pub mod signed;
mod time;
mod xml;

pub use finding::{Code, Finding, MAX_VALUE_CHARS, Severity, Words};
