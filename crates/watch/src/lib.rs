//! Watching from outside: what follows from the public record, what a service says of its batches, and what a school
//! knows that it sent.
//!
//! **For**: a school or an auditor that trusts neither the service's database nor its server. A [`Look`] takes the facts of
//! the chain, the service's lists one after the other, and the school's [`Books`]; its [`Outcome`] says what does not go
//! together, what could not be compared, and how many records of each class are there.
//!
//! **Will not**: fetch anything, read a clock, or remember: facts, lists, books and the time come in as arguments, and
//! what was seen before is handed in again ([`history::compare`]). It judges no signature; `hocba-bundle` does.
//!
//! Trees and facts are those of `docs/spec/anchor.md`; the lists are described in `docs/api.md`; what can be found this way
//! and what cannot, in `docs/watch.md`.
//!
//! ```
//! use hocba_bundle::facts::{ANCHOR_TAG, BatchFact, ChainFacts, STATUS_LOG_TAG, batch_digest, genesis_digest};
//! use hocba_merkle::{LeafHash, Tree};
//! use hocba_record::{encoding::Sha256Digest, types::UnixTime};
//! use hocba_watch::{Answer, LeafList, Look, Settings, Verdict};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A chain with one batch of two leaves.
//! let leaves = [Sha256Digest::of(b"one"), Sha256Digest::of(b"two")];
//! let tree = Tree::new(&leaves.map(|leaf| LeafHash::from_bytes(*leaf.as_bytes())))?;
//! let (contract, noon) = (format!("0x{}", "11".repeat(20)).parse()?, UnixTime::from_seconds(1_811_808_000)?);
//! let root = Sha256Digest::from_bytes(*tree.root().as_bytes());
//! let batch = BatchFact { root, size: 2, issuer: "so-79".parse()?, alg: 1, time: noon };
//! let head = batch_digest(1, &contract, 0, &batch, &genesis_digest(ANCHOR_TAG, 1, &contract, None));
//! let facts = ChainFacts {
//!     chain: 1, contract, code: Sha256Digest::of(b"code"), block: 7, block_time: noon, block_hash: Sha256Digest::of(b"7"),
//!     batches: vec![batch], closing: None, head, predecessor: None, statuses: Some(vec![]),
//!     status_head: genesis_digest(STATUS_LOG_TAG, 1, &contract, None),
//! }
//! .check()?;
//!
//! // A service that shows the first leaf twice, an hour later.
//! let shown = format!("{{\"index\":0,\"leaves\":[\"sha256:{0}\",\"sha256:{0}\"]}}", leaves[0].to_hex());
//! let mut look = Look::new(&facts, Settings::at(noon.plus(3600)), None);
//! look.batch(0, Answer::from(LeafList::read(shown.as_bytes(), 0)).into());
//! let outcome = look.finish();
//! assert_eq!(outcome.verdict(), Verdict::Found);
//! assert_eq!(outcome.findings[0].code(), "bad_manifest");
//! # Ok(())
//! # }
//! ```

pub mod books;
pub mod finding;
pub mod history;
mod look;
pub mod manifest;
pub mod text;

pub use books::{Books, BooksError, Entry};
pub use finding::{Finding, Hidden, Invented, List, Missing, Unchecked};
pub use history::{History, Rewriting};
pub use look::{Answers, ClassCount, Look, MAX_FINDINGS, Outcome, Settings, Verdict, disagreement};
pub use manifest::{Answer, BatchList, Claim, Kind, LeafList, Line, ManifestError, SchoolCodes, SchoolList};
