//! Real nodes for tests, killed and restarted at will and gone without a trace when dropped:
//!
//! - [`Anvil`], one node without consensus, there in a third of a second, that mines when told to;
//! - [`Network`], three nodes that agree: two sealers and a follower of `@ethereumjs/client` 0.9.0 with Clique proof of
//!   authority, there in about ten seconds, a block every two.
//!
//! What for: to see that a client lives with what real nodes do. The chain in memory (`hocba_chain::embedded`) and the
//! scripted one answer as we thought a node would.
//!
//! It will not do: sign (callers have their own signer, and keys in [`ACCOUNTS`]), carry real data (all keys are public,
//! nothing is written through to the disk), measure speed, other sealers than two, other systems than Linux and macOS.
//! Where node or the npm packages are missing, `start` says [`Error::NotInstalled`] with the command that helps, and a
//! test skips.
//!
//! A test process that is killed leaves no node behind: a shell that waits for its end kills them and removes their
//! folder, and should even the shell be killed, whoever starts the next node does. Ports are open to this machine only.
//!
//! ```no_run
//! use hocba_test_network::{Network, NetworkSettings, Node};
//! use serde_json::json;
//!
//! let mut network = Network::start(&NetworkSettings::default())?;
//! let [first, _, follower] = network.urls(); // for a client: "http://127.0.0.1:20123"
//! let before = network.height(Node::Follower)?;
//!
//! network.kill(Node::Follower)?; // SIGKILL
//! network.wait_for_height(Node::Sealer1, before + 2)?; // the sealers go on
//! network.restart(Node::Follower)?;
//! let (height, hash) = network.wait_for_agreement(before + 2)?; // all three have this block
//!
//! network.kill(Node::Sealer2)?; // the chain stands still: no sealer may seal twice in a row
//! let block = network.rpc(Node::Sealer1, "eth_getBlockByNumber", json!([format!("{height:#x}"), false]))?;
//! assert_eq!(block["hash"], json!(hash));
//! # Ok::<(), hocba_test_network::Error>(())
//! ```
//!
//! # What these nodes do differently
//!
//! Other nodes do some of it too, so a client should live with all of it. `tests/suite/habits.rs` holds each against running
//! nodes. Of `@ethereumjs/client`:
//!
//! - No `eth_feeHistory` and no `eth_maxPriorityFeePerGas`: legacy transactions with a price of one's own.
//! - `eth_getTransactionCount` and `eth_getBlockByNumber` refuse `"pending"`: the next nonce is the caller's to know.
//! - A receipt has neither `status` nor `type`, and `contractAddress` also where the creation failed: what a transaction
//!   did is seen by its events.
//! - `eth_call` gives the data of a revert as its result, without an error, and `eth_estimateGas` an estimate.
//! - `eth_call` knows no block, whichever it is asked at: number and time are 0, the base fee is an error. State is right.
//! - The same bytes sent again are refused with "this transaction is already in the TxPool" (code -32602) while they
//!   wait, and with "tx nonce too low" once they are mined.
//! - A block above the head is an error ("specified block greater than current height"), not `null`, also as the end of
//!   `eth_getLogs`.
//! - A transaction that a node took may never be mined: sealers refuse from other nodes, without a word, what pays less
//!   than 0.1 gwei, and take the same bytes from a client. The pool is in memory, and a node does not offer a peer twice
//!   what it offered once: what a killed sealer had not mined is lost, although the follower still holds it, and sending
//!   it to the follower again does not help. Send the same bytes to every node, until they are mined.
//! - `eth_sendRawTransaction` fails for a while: "client is not aware of the current chain height yet" on a follower,
//!   after a start until its first new block, and after a minute without one; "State trie does not contain state root"
//!   on any node, between the arrival of a block and its execution (rare with small blocks; not held by a test).
//! - A refusal does not mean that a transaction is not on its way: a follower without peers says "no peer connection
//!   available", keeps the transaction and offers it to the next peer.
//! - `eth_getLogs` looks at the first topic only, goes through 2,500 blocks at most, and leaves out without a word what
//!   comes after 10,000 logs (read in its source; not held by tests).
//!
//! Of anvil: its state is kept by [`Anvil`] over a kill, its pool of transactions is not.

mod account;
mod anvil;
mod error;
mod folder;
mod network;
mod package;
mod ports;
mod process;
pub mod rpc;
mod wait;

pub use account::{ACCOUNTS, Account};
pub use anvil::{Anvil, AnvilSettings, Mining};
pub use error::Error;
pub use network::{Network, NetworkSettings, Node};

/// The variable that asks for tests of minutes: `HOCBA_NETWORK=1`.
pub const LONG_TESTS: &str = "HOCBA_NETWORK";

/// Whether tests of minutes are asked for, by [`LONG_TESTS`].
#[must_use]
pub fn long_tests() -> bool {
    std::env::var_os(LONG_TESTS).is_some_and(|value| value == "1")
}
