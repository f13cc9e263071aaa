//! A chain for development, in this process: one block per transaction, mined at once, run by `revm` on the contract's
//! real bytecode, kept in a folder or in memory.
//!
//! It has no consensus and no peers: whoever holds the folder can rewrite it. Its facts prove nothing to anyone else,
//! and it says so: [`EmbeddedChain::open`] refuses [`Mode::Production`], opening logs a warning, and
//! `web3_clientVersion` ends in `NOT FOR PRODUCTION`.
//!
//! | property | value |
//! |---|---|
//! | chain id | [`CHAIN_ID`], always |
//! | rules | Paris (the contract's compile target), gas price and base fee 0, block gas limit [`BLOCK_GAS`] |
//! | transactions | legacy with EIP-155, in the sender's nonce order; reverted ones are mined without effect |
//! | block time | the clock given to it, held at the parent's time if the clock runs backwards |
//! | block hash | Keccak-256 over everything the block holds, in an encoding of its own; there is no state root |
//! | history | every block's state can be asked, `latest`, `safe` and `finalized` are the same block |
//!
//! On disk it is one file, `blocks.log`, of one line per block with length and checksum, only ever appended to and synced
//! before a block is shown to anyone: after a crash a block is there or it is not. Opening replays the lines' state
//! changes, not their transactions. `lock` keeps a second process out.

mod journal;
mod methods;
mod server;
mod state;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde_json::Value;

use self::{journal::Journal, state::State};
use crate::{
    contract::TxHash,
    rpc::{Rpc, RpcFuture, decode_response, encode_request},
    transaction::SignedTransaction,
};

pub use self::server::{MAX_REQUEST, ServeError, serve};

/// Chain id of every embedded chain, so that nothing signed for it is valid on a network that means it.
pub const CHAIN_ID: u64 = 20_269;

/// Most gas of one transaction and one call. 1,000 status changes, the most the contract takes at once, use 32 million.
pub const BLOCK_GAS: u64 = 100_000_000;

/// What `web3_clientVersion` says.
pub const CLIENT_VERSION: &str =
    concat!("hocba-development-chain/", env!("CARGO_PKG_VERSION"), " (embedded, NOT FOR PRODUCTION)");

/// What the caller runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Demo, tests, a developer's machine.
    Development,
    /// Anything whose records someone relies on.
    Production,
}

/// Why an embedded chain cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Asked for in production.
    #[error(
        "the embedded chain is for development only: it has no consensus, so its records prove nothing; \
         configure the nodes of a permissioned network instead"
    )]
    NotForProduction,
    /// Another process, or another part of this one, has it open.
    #[error("the chain in {} is open in another process; stop that one first", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is damaged in a way that a crash does not explain.
    #[error("line {line} of {} is damaged: {problem}; restore the file, or remove the folder to begin anew", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Written by another release.
    #[error("{} has another format than this release writes; remove the folder to begin anew", file.display())]
    OtherFormat {
        /// The file.
        file: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl EmbeddedError {
    fn io(file: &Path, source: io::Error) -> Self {
        Self::Io { file: file.to_owned(), source }
    }
}

type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

struct Inner {
    state: State,
    journal: Option<Journal>,
    clock: Clock,
}

/// A handle on an embedded chain; clones are the same chain. The last one dropped gives the folder free.
#[derive(Clone)]
pub struct EmbeddedChain(Arc<RwLock<Inner>>);

/// Why a transaction was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error(
        "only legacy transactions without value, with EIP-155 and low s, of at most {} bytes are taken",
        crate::transaction::MAX_RAW
    )]
    Malformed,
    #[error("already known")]
    AlreadyKnown,
    #[error("invalid chain id for signer: have {0} want {CHAIN_ID}")]
    Chain(u64),
    #[error("nonce too low: next nonce {next}, tx nonce {found}")]
    NonceTooLow { next: u64, found: u64 },
    #[error("nonce too high: next nonce {next}, tx nonce {found}")]
    NonceTooHigh { next: u64, found: u64 },
    #[error("invalid transaction: {0}")]
    Invalid(String),
    #[error("the block could not be written: {0}")]
    NotWritten(String),
}

impl EmbeddedChain {
    /// Opens the chain in this folder, or begins one. The clock gives seconds since 1970 for new blocks.
    ///
    /// # Errors
    /// See [`EmbeddedError`]. A last line that a crash cut off is set aside, because nobody was told of its block.
    pub fn open(
        folder: &Path,
        mode: Mode,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, EmbeddedError> {
        if mode == Mode::Production {
            return Err(EmbeddedError::NotForProduction);
        }
        let (journal, state) = Journal::open(folder, clock())?;
        tracing::warn!(
            chain = CHAIN_ID,
            blocks = state.latest().number,
            folder = %folder.display(),
            "this is the embedded DEVELOPMENT chain, NOT FOR PRODUCTION: what it records proves nothing"
        );
        Ok(Self::of(state, Some(journal), Box::new(clock)))
    }

    /// A new chain that is gone with its last handle.
    pub fn in_memory(clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self::of(State::new(clock()), None, Box::new(clock))
    }

    fn of(state: State, journal: Option<Journal>, clock: Clock) -> Self {
        Self(Arc::new(RwLock::new(Inner { state, journal, clock })))
    }

    /// Answers one JSON-RPC request or a batch of them. Null for notifications, which want no answer.
    pub fn handle(&self, request: &Value) -> Value {
        methods::handle(self, request)
    }

    /// The number of the latest block.
    pub fn height(&self) -> u64 {
        self.read().state.latest().number
    }

    /// Runs a raw transaction in a block of its own, writes the block, then shows it.
    pub(crate) fn submit(&self, raw: &[u8]) -> Result<TxHash, Refused> {
        let transaction = SignedTransaction::from_raw(raw).map_err(|_| Refused::Malformed)?;
        let hash = transaction.hash();
        let mut inner = self.write();
        let Inner { state, journal, clock } = &mut *inner;
        let block = state.mine(Some(&transaction), clock())?;
        write_and_apply(state, journal.as_mut(), block)?;
        Ok(hash)
    }

    /// Mines a block without a transaction.
    pub(crate) fn mine_empty(&self) -> Result<(), Refused> {
        let mut inner = self.write();
        let Inner { state, journal, clock } = &mut *inner;
        let block = state.mine(None, clock())?;
        write_and_apply(state, journal.as_mut(), block)
    }

    /// Takes the latest blocks back, for tests; never the first one, and never on disk.
    pub(crate) fn rewind(&self, blocks: u64) -> Vec<Vec<u8>> {
        let mut inner = self.write();
        assert!(inner.journal.is_none(), "only a chain in memory is ever rewound");
        inner.state.rewind(blocks)
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        // A panic elsewhere leaves the state whole: a block is applied in one go, after everything that can fail.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Disk first: a block that was shown and then lost would be a reorganisation, which this chain promises not to have.
fn write_and_apply(state: &mut State, journal: Option<&mut Journal>, block: state::Block) -> Result<(), Refused> {
    if let Some(journal) = journal {
        journal.append(&block).map_err(|e| {
            tracing::error!(error = %e, "the embedded chain could not write a block");
            Refused::NotWritten(e.to_string())
        })?;
    }
    state.apply(block);
    Ok(())
}

impl Rpc for EmbeddedChain {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        Box::pin(async move {
            // Through the same bytes as over HTTP, so that the one stands for the other.
            const ID: u64 = 1;
            let request = serde_json::from_slice(&encode_request(ID, method, &params))
                .expect("what serde_json wrote it reads again");
            let chain = self.clone();
            let answer = match tokio::runtime::Handle::try_current() {
                // A block is synced to disk, which is no work for a thread that drives others.
                Ok(runtime) => runtime
                    .spawn_blocking(move || chain.handle(&request))
                    .await
                    .map_err(|e| crate::rpc::RpcError::Interrupted { reason: e.to_string() })?,
                Err(_) => chain.handle(&request),
            };
            decode_response(ID, answer.to_string().as_bytes())
        })
    }
}

impl fmt::Debug for EmbeddedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmbeddedChain(block {})", self.height())
    }
}
