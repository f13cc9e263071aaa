//! A pupil's school year as data that can be signed, shown in parts, and checked decades later.
//!
//! **For**: the year record and its sections ([`section`]), the canonical bytes everything is hashed over
//! ([`canonical`]), selective disclosure ([`disclosure`]), the open claims ([`payload`]), and, before signing, the
//! rule sets and checks that turn a gradebook's draft into results.
//!
//! **Will not**: read files or clocks, make random numbers (a [`disclosure::Seed`] is an argument), sign, or
//! re-compute a signed record's results to decide whether it is valid.
//!
//! Implements `docs/spec/canonical.md`, `record.md` and `disclosure.md`.
//!
//! ```
//! use hocba_record::{disclosure::{self, Seed}, encoding::{RecordId, Sha256Digest}, form::TT22_THCS, payload::*,
//!     section::{Attendance, Section}, types::{Grade, SchoolYear}};
//!
//! let open = OpenClaims {
//!     id: RecordId::from_bytes([1; 16]),
//!     version: 1,
//!     replaces: None,
//!     kind: RecordKind::Year,
//!     school: "79DEMO001".parse()?,
//!     year: SchoolYear::starting(2026)?,
//!     grade: Grade::new(9)?,
//!     class: "9A3".parse()?,
//!     form: TT22_THCS,
//!     policy: PolicyReference { id: "hocba-policy-1".into(), sha256: Sha256Digest::of(b"...") },
//! };
//! let seed = Seed::from_bytes([9; 32]); // from a cryptographic random source
//! let content = [Section::Attendance(Attendance { with_leave: 2, without_leave: 0 })];
//! let issued = disclosure::issue(open, &content, Vec::new(), &seed)?;
//!
//! // Any subset of the disclosures belongs to the payload; the rest stays hidden.
//! let shown = &issued.disclosures[..1];
//! assert!(disclosure::check_disclosures(&issued.payload, shown).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod book;
pub mod canonical;
pub mod catalogue;
pub mod check;
pub mod disclosure;
pub mod draft;
pub mod encoding;
pub mod form;
pub mod payload;
pub mod rules;
pub mod section;
pub mod types;
