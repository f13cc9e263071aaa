//! Who signed what, in which role, and by what right.
//!
//! **For**: signed statements ([`statement`], JWS cut down to one meaning) in the algorithms of [`algorithm`], signing
//! policies ([`policy`]), one signature over many of them ([`list`]), appointments ([`appointment`]), status statements
//! ([`status`]), certificates ([`certificate`]) with their paths at a given moment ([`path`]), and what CRLs and OCSP
//! responses say of a moment ([`revocation`]), and time-stamps ([`timestamp`]).
//!
//! **Will not**: hold private keys (a [`statement::SigningInput`] goes to where the key lives, the signature comes
//! back), fetch anything, read clocks, or decide whether a record is valid; `hocba-bundle` puts the pieces together.
//!
//! Implements `docs/spec/statement.md`, `certificates.md`, `authority.md`, `status.md` and `time-stamp.md`.
//!
//! ```
//! use ed25519_dalek::{Signer, SigningKey};
//! use hocba_record::{encoding::Sha256Digest, types::UnixTime};
//! use hocba_signature::{algorithm::Algorithm, statement::{Role, Statement, StatementType}};
//!
//! let teacher = SigningKey::from_bytes(&[1; 32]); // lives in a keystore, in earnest
//! let certificate = Sha256Digest::of(b"the teacher's certificate in DER");
//! let statement = Statement::unsigned(br#"{"id":"..."}"#.to_vec());
//!
//! let at = UnixTime::from_seconds(1_800_000_000)?;
//! let input = statement.prepare(
//!     StatementType::Record, Role::HomeroomTeacher, Algorithm::Ed25519, certificate, at);
//! let signature = teacher.sign(input.bytes()).to_vec();
//! let statement = statement.attach(input, signature);
//!
//! assert_eq!(statement.headers(StatementType::Record)?[0].role, Role::HomeroomTeacher);
//! statement.verify(0, &teacher.verifying_key().into())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod algorithm;
pub mod appointment;
pub mod certificate;
mod der;
pub mod example;
pub mod list;
pub mod path;
pub mod policy;
pub mod revocation;
mod scheme;
pub mod statement;
pub mod status;
pub mod timestamp;
mod x509;
