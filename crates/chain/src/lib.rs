//! The anchor contract over JSON-RPC: read everything it says, send what it should record; and an embedded chain that
//! runs the same bytecode, for development.
//!
//! - [`AnchorClient`] checks that a node is on the right chain and has the right code, reads [`ChainFacts`] whole at one
//!   block, signs and sends, and reads receipts. What a transaction did is read from the contract's events, because some
//!   permissioned nodes leave `status` out of receipts.
//! - [`Rpc`] is the port to a node: [`HttpRpc`], [`embedded::EmbeddedChain`], or [`testing::ScriptedChain`] for stories
//!   in tests.
//! - [`transaction`] makes and signs transactions without a node, so that an attempt is recorded before it is sent.
//! - [`decode`] takes apart what nodes say. A node is not trusted: numbers are bounded, lists are whole or an error, and
//!   the digests of [`ChainFacts::check`] tell whether they are the contract's.
//!
//! - [`Operators`] asks several operators at once and believes what enough of them say of the same settled block, and says
//!   who says otherwise; [`Pool`] sends to all nodes; [`Breaker`] leaves a dead one alone for a while.
//! - [`FeePolicy`] says what is offered for gas, and when more is offered.
//!
//! What it does not do: watch a transaction until it is final, resend, replace or recover after a reorganisation. That is
//! the work of the anchoring service, on top of this. There is no TLS here: a node stands on the same machine or private
//! network, or behind a local proxy.
//!
//! Specification: `docs/spec` (anchor and status digests), `contracts/src/IHocbaAnchor.sol`.
//!
//! ```
//! use hocba_chain::{
//!     Anchor, AnchorClient, Fee, Finality, Roles, Signer, Terms, Wait, embedded, open, transaction::ANCHOR_GAS,
//! };
//! use hocba_record::encoding::Sha256Digest;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A chain in memory whose clock stands still; a real one has a folder and the real time.
//! let chain = embedded::EmbeddedChain::in_memory(|| 1_780_000_000);
//! let signer = Signer::from_secret(&[7; 32], embedded::CHAIN_ID)?;
//! let me = signer.address();
//! let roles = Roles { anchorer: me, issuers: vec!["so-hanoi".parse()?], status_keeper: me };
//! let deployment = open(&chain, &signer, &roles, Fee::FREE, Wait::default()).await?;
//!
//! let client = AnchorClient::connect(chain, deployment).await?;
//! let head = client.head().await?;
//! let anchor = Anchor {
//!     index: head.count,
//!     previous: head.digest,
//!     root: Sha256Digest::of(b"the root of a batch"),
//!     size: 3,
//!     issuer: "so-hanoi".parse()?,
//!     alg: 1,
//! };
//! let terms = Terms { nonce: client.mined_transactions(&me).await?, gas: ANCHOR_GAS, fee: Fee::FREE };
//! let transaction = client.prepare_anchor(&signer, &anchor, terms)?;
//! // Here a service records transaction.raw() and transaction.hash().
//! client.broadcast(&transaction).await?;
//! let receipt = client.wait_for(&transaction.hash(), Wait::default()).await?;
//! assert!(receipt.anchored().is_some());
//!
//! let facts = client.facts(Finality::Instant).await?.check()?;
//! assert_eq!(facts.facts().batches[0].root, anchor.root);
//! # Ok(())
//! # }
//! ```
//!
//! [`ChainFacts`]: hocba_bundle::facts::ChainFacts
//! [`ChainFacts::check`]: hocba_bundle::facts::ChainFacts::check

mod breaker;
mod client;
mod contract;
pub mod decode;
pub mod embedded;
mod fees;
mod http;
mod operators;
mod pool;
mod register;
pub mod rpc;
mod status_log;
pub mod testing;
pub mod transaction;

pub use breaker::Breaker;
pub use client::{
    AnchorClient, Broadcast, ClientError, Finality, Head, MAX_BATCHES, MAX_STATUSES, Receipt, Roles, Wait, administer,
    deploy, latest_block, open,
};
pub use contract::{
    Administration, Anchor, Deployment, Event, FOR_EVER, Issuer, MAX_ADMIN_DELAY, MAX_CHANGES, Opening, Predecessor,
    Revert, Role, RoleId, StatusChange, TxHash, code_digest, decode_event, decode_revert,
};
pub use fees::{Fee, FeePolicy};
pub use http::{DEFAULT_MAX_RESPONSE, DEFAULT_TIMEOUT, HttpRpc, HttpRpcError, HttpSettings};
pub use operators::{Agreed, Operators};
pub use pool::Pool;
pub use register::Register;
pub use rpc::{NodeErrorClass, Rpc, RpcError};
pub use status_log::StatusLog;
pub use transaction::{SignedTransaction, Signer, Terms, TransactionError, contract_address};
