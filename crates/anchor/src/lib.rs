//! The anchoring service: closes batches, brings their roots onto the chain, and recovers from every crash on the way;
//! the chain as a running server reads it; and `fsck`, which re-derives everything.
//!
//! **For**: what happens to a record between the school's seal and the public record. [`AnchorService`] takes leaves that
//! wait, puts them into batches, appointments before records, and has each batch's root recorded by the contract,
//! exactly once; ends of appointments it has set in the status log, with the key that may. [`LiveFacts`] is what verdicts
//! ask. [`fsck`] walks the database and says what does not fit together.
//!
//! **Will not**: see a mark or a name (it handles hashes, and `fsck` opens personal parts only with an `App`), decide
//! who may be anchored, decide about statuses, or mend what `fsck` finds.
//!
//! Specification: `docs/spec/anchor.md`; how it behaves for an operator: `docs/anchoring.md`.
//!
//! # Orders of effects, and what a crash between them leaves
//! Every arrow is one transaction, which also renews the lease: who lost it writes nothing.
//!
//! 1. *seal* → the record is sealed, its leaf waits, a job to close is open (`hocba-app`). A crash before: no seal. After:
//!    the job is found.
//! 2. *close_batch* → leaves have places, the tree is stored, a delivery is open, the closing is done. Before: the leaves
//!    wait. After: the delivery is found.
//! 3. look at the register, sign, rehearse. Nothing is written; a crash loses nothing.
//! 4. *record_attempt* → the signed bytes are stored. Only then are they sent. A crash between: the node does not know the
//!    transaction, and the same bytes are sent. A crash after sending: the node knows it, or it is mined; both are seen.
//! 5. *note_attempt* → sent, included, taken back, given up. All of it is seen again by looking; the notes are for people.
//! 6. *record_receipt* → receipt, final attempt, audit event, delivery done. Before: the batch is found in the register.
//!
//! Statuses take the steps 3 to 6 likewise (*record_status_receipts*), see `statuses.rs`.
//!
//! That no crash, no number of leaders and no node can have a batch anchored twice does not rest on this order: a
//! transaction takes effect only after exactly the register in which its batch was not found (see `delivery.rs`).
//!
//! # Example
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! use hocba_anchor::{AnchorService, Outcome, Settings};
//! use hocba_chain::{Fee, Roles, Signer, Wait, embedded, open};
//! use hocba_record::types::UnixTime;
//! use hocba_store::{Database, Store, model::{JobKind, Leaf, LeafKind, School}};
//!
//! // A chain in memory with the contract, and a database in which one leaf waits.
//! let now = UnixTime::from_seconds(1_800_000_000)?;
//! let chain = embedded::EmbeddedChain::in_memory(|| 1_800_000_000);
//! let signer = Signer::from_secret(&[7; 32], embedded::CHAIN_ID)?;
//! let me = signer.address();
//! let roles = Roles { anchorer: me, issuers: vec!["so-demo".parse()?], status_keeper: me };
//! let deployment = open(&chain, &signer, &roles, Fee::FREE, Wait::default()).await?;
//! let store = Store::open(&Database::file(folder.path().join("hocba.sqlite"))).await?;
//! # let school = School { code: "79DEMO001".parse()?, issuer: "so-demo".parse()? };
//! # let leaf = Leaf {
//! #     leaf: hocba_record::encoding::Sha256Digest::of(b"statement"), kind: LeafKind::Appointment,
//! #     subject: hocba_record::encoding::RecordId::from_bytes([1; 16]), version: 1,
//! #     school: school.code.clone(), issuer: school.issuer.clone(), ready_at: now,
//! # };
//! # let mut tx = store.begin("example").await?;
//! # tx.add_school(&school, now.seconds()).await?;
//! # tx.add_leaf(&leaf).await?;
//! # tx.add_job(JobKind::CloseAppointments, "so-demo", now).await?;
//! # tx.commit().await?;
//!
//! let mut service =
//!     AnchorService::new(store.clone(), chain, deployment, signer, Settings::new("this process"), move || now);
//! // A server calls `run(shutdown)`; a command runs until there is nothing to do and shows what happens.
//! let outcome = service.run_until_idle(|event| println!("{event:?}")).await?;
//!
//! assert_eq!(outcome, Outcome::Done);
//! assert!(store.read().await?.batch(1).await?.is_some_and(|batch| batch.receipt.is_some()));
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod delivery;
mod error;
mod facts;
mod fsck;
mod look;
mod node;
mod service;
mod statuses;

pub use error::AnchorError;
pub use facts::LiveFacts;
pub use fsck::{Counted, Fault, Place, Report, What, fsck, fsck_telling};
pub use service::{AnchorService, Event, Outcome, Progress, Settings};
