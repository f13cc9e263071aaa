//! What the service remembers, and the promise that it remembers it whole.
//!
//! **For**: every table of the service, behind functions that speak the language of the use cases. A change is made in
//! one named transaction ([`Store::begin`]) that writes the new state, the audit event and the job that follows from it
//! together; dropped before [`Tx::commit`], nothing happened.
//!
//! **Will not**: decide who may do what or which step comes next (`hocba-app`), look into personal data (it arrives as
//! an [`Envelope`](model::Envelope) and leaves as one), or talk to a chain.
//!
//! # Adding to it
//! A table is a new file in `migrations/sqlite`, a struct in [`model`], and functions on [`Tx`] in the module of its
//! aggregate. A function that should touch one row says so with `one`; an update of what someone else may have changed
//! meanwhile compares the revision it read. SQL is written so that PostgreSQL can say it too (`$1`, `ON CONFLICT`,
//! integers, text and bytes only).
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! use hocba_store::{Store, model::School};
//!
//! let store = Store::open(&folder.path().join("hocba.sqlite")).await?;
//! let mut tx = store.begin("add_school").await?;
//! tx.add_school(&School { code: "79DEMO001".parse()?, issuer: "so-demo".parse()? }, 1_800_000_000).await?;
//! tx.commit().await?;
//!
//! assert_eq!(store.read().await?.schools().await?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod anchoring;
mod audit;
mod check;
mod classes;
mod error;
mod faults;
mod jobs;
mod links;
mod migrations;
pub mod model;
mod people;
mod records;
mod row;
mod store;

pub use anchoring::{NewAttempt, NewBatch, TileRow, Waiting};
pub use check::LeafKey;
pub use error::StoreError;
pub use faults::{Fault, Faults, Moment};
pub use records::{Advance, NewDraft};
pub use store::{Store, Tx};
