//! The bundle a pupil hands out, the profile a verifier trusts, and the report that comes of putting them together.
//!
//! **For**: the file format ([`mod@format`]), the trust profile ([`profile`]), what the chain says ([`facts`],
//! [`snapshot`]), time-stamps over it ([`time_stamp`]), the verifier ([`mod@verify`]) and its report ([`report`], in words:
//! [`text`]); the closing of an era ([`closing`]); and putting bundles together ([`mod@assemble`]).
//!
//! **Will not**: fetch anything, read clocks or files (bytes, chain facts and the time are arguments), or answer with a
//! bare yes or no.
//!
//! Implements `docs/spec/bundle.md`, `profile.md`, `snapshot.md`, `anchor.md`, `time-stamp.md` §9 to §11 and `verdict.md`.
//!
//! ```no_run
//! use hocba_bundle::{profile::OpenProfile, snapshot::OpenSnapshot, verify::{ChainView, Context, verify}};
//! use hocba_record::types::UnixTime;
//!
//! # fn read(_: &str) -> Vec<u8> { Vec::new() }
//! let pinned = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".parse()?; // once, by a way of your own
//! let profile = OpenProfile::open(&read("ministry.hocba-profile.json"), &pinned, None)?;
//! let snapshot = OpenSnapshot::open(&read("yesterday.hocba-snapshot.json"))?;
//! let now = UnixTime::from_seconds(1_811_808_000)?;
//! let context = Context { profile: &profile, chain: ChainView::Snapshot(&snapshot), now };
//!
//! let report = verify(&read("pupil.hocba.json"), &context);
//! println!("{:?}", report.verdict);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod assemble;
pub mod book;
pub mod closing;
pub mod evidence;
pub mod facts;
pub mod format;
pub mod profile;
pub mod report;
pub mod snapshot;
pub mod text;
pub mod time_stamp;
pub mod verify;
