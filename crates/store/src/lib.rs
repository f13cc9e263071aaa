//! What the service remembers, and the promise that it remembers it whole.
//!
//! **For**: every table of the service, behind functions that speak the language of the use cases. A change is made in
//! one named transaction ([`Store::begin`]) that writes the new state, the audit event and the job that follows from it
//! together; dropped before [`Tx::commit`], nothing happened.
//!
//! **Will not**: decide who may do what or which step comes next (`hocba-app`), look into personal data (it arrives as
//! an [`Envelope`](model::Envelope) and leaves as one), or talk to a chain.
//!
//! # Two engines, one behaviour
//! SQLite for a pilot on one machine, PostgreSQL for a province; the scheme of the [`DatabaseUrl`] chooses. One text of
//! SQL says what both can say ([`Tx`]'s functions); what one engine does better its own way stands in a `match` on
//! [`Backend`] or in `bulk`, and nowhere else. `tests/suite` runs the same tests against both. See docs/adr/0011.
//!
//! # Adding to it
//! A table is a new file in `migrations/sqlite` and one of the same name in `migrations/postgres`, an entry in
//! `tables`, a struct in [`model`], and functions on [`Tx`] in the module of its aggregate. A function that should touch
//! one row says so with `one`; an update of what someone else may have changed meanwhile compares the revision it read.
//! Integers, text and bytes only; `$1`, `ON CONFLICT`, `RETURNING`, `UPDATE … FROM`.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! use hocba_store::{Database, Store, model::School};
//!
//! let store = Store::open(&Database::file(folder.path().join("hocba.sqlite"))).await?;
//! let mut tx = store.begin("add_school").await?;
//! tx.add_school(&School { code: "79DEMO001".parse()?, issuer: "so-demo".parse()? }, 1_800_000_000).await?;
//! tx.commit().await?;
//!
//! assert_eq!(store.read().await?.schools().await?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod anchoring;
mod audit;
pub mod bulk;
mod chain_looks;
mod check;
mod classes;
mod copy;
mod database;
mod department;
mod error;
mod evidence;
mod exchange;
mod faults;
mod forms;
mod jobs;
mod links;
mod mail;
mod migrations;
pub mod model;
mod openid;
mod opening;
mod paper;
mod people;
mod progress;
mod pupils;
mod readers;
mod records;
mod retry;
mod row;
mod schools;
mod statuses;
mod store;
pub mod tables;
mod tasks;
mod time_stamps;

pub use anchoring::{NewAttempt, NewBatch, TileRow, Waiting};
pub use audit::{AUDITED, AuditCursor, AuditLine, AuditSearch, AuditSlice, Subject};
pub use chain_looks::{ChainLook, Funds, Queue, StoredLease};
pub use check::LeafKey;
pub use copy::{Copied, CopyError, CopyEvent, copy};
pub use database::{Backend, Database, DatabaseUrl, InvalidDatabaseUrl};
pub use department::{
    AccountCount, CertificateLine, ClassAppointment, ClassPlan, ClassStates, MAX_SCHOOLS, PositionCount, SchoolLine,
    Unappointed,
};
pub use error::StoreError;
pub use evidence::{EvidenceLine, Wanted};
pub use exchange::{ContractKey, ContractRecord, PackageRecord, StoredPackage};
pub use faults::{Fault, Faults, Moment};
pub use migrations::{NEWEST, Schema, SchemaFault, migration_texts};
pub use progress::{ClassProgress, Figures, LevelFigures, VIETNAM, day_of};
pub use pupils::PupilKey;
pub use records::{Advance, NewDraft, NewVersion};
pub use retry::{MayConflict, attempt, pause, retrying};
pub use store::{Store, Tx};
pub use time_stamps::Unstamped;
