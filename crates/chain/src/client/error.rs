//! Why a node did not do what was asked.

use hocba_bundle::{facts::Address, report::ChainProblem};
use hocba_record::encoding::Sha256Digest;

use crate::{
    contract::{Revert, TxHash},
    decode::DecodeError,
    rpc::RpcError,
    transaction::TransactionError,
};

/// Why a question to the chain has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The node could not be asked, or refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The node's answer cannot be what was asked for.
    #[error(transparent)]
    Answer(#[from] DecodeError),
    /// The transaction cannot be made.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The contract refuses the call.
    #[error("the contract refuses: {0}")]
    Reverted(Revert),
    /// The node belongs to another chain.
    #[error("the node is on chain {found}, not on chain {expected}")]
    ChainMismatch {
        /// The chain we want.
        expected: u64,
        /// The node's chain.
        found: u64,
    },
    /// There is no code at the address.
    #[error("there is no contract at {contract}: another network, or the node has not caught up")]
    NoContract {
        /// The address.
        contract: Address,
    },
    /// The code at the address is not the one expected.
    #[error("the code at the contract's address has SHA-256 {}, not {}", found.to_hex(), expected.to_hex())]
    CodeMismatch {
        /// Digest expected.
        expected: Sha256Digest,
        /// Digest found.
        found: Sha256Digest,
    },
    /// No block is settled yet.
    #[error("the chain is at block {latest}, none of it is {depth} blocks deep yet")]
    TooYoung {
        /// The latest block.
        latest: u64,
        /// The depth asked for.
        depth: u64,
    },
    /// The block was replaced while it was being read; ask again.
    #[error("block {block} was replaced while it was being read")]
    Reorganised {
        /// Its number.
        block: u64,
    },
    /// The node has fewer status entries to show than the contract counts, or other ones: its logs are incomplete.
    #[error("the contract counts {expected} status entries, the node's logs show {found} of them")]
    MissingLogs {
        /// Entries the contract counts.
        expected: u64,
        /// Entries found.
        found: u64,
    },
    /// The logs are spread over more blocks than we are willing to walk.
    #[error("the status log is not complete after {requests} requests down to block {block}")]
    ScanTooLong {
        /// Requests made.
        requests: u32,
        /// Block reached.
        block: u64,
    },
    /// More batches or statuses than there can be.
    #[error("the contract counts {count}, more than the {max} that we read")]
    TooMany {
        /// The count.
        count: u64,
        /// The limit.
        max: u64,
    },
    /// Not enough operators say what one node says.
    #[error("fewer than {needed} operators say the same")]
    NoAgreement {
        /// How many have to.
        needed: u8,
        /// What keeps them from it.
        problem: ChainProblem,
    },
    /// The register or the status log does not hold what was settled in it: the node is far behind, or its history is
    /// another one than the one that was settled.
    #[error("entry {settled} was settled, the node has it not among {held}, or another one in its place")]
    SettledIsMissing {
        /// Index of the newest entry that was settled.
        settled: u64,
        /// Entries that the node has.
        held: u64,
    },
    /// The transaction was not mined in the time allowed. It may still be.
    #[error("transaction {0} was not mined in time")]
    NotMined(TxHash),
    /// The transaction was mined and did nothing.
    #[error("transaction {0} was mined without effect")]
    NoEffect(TxHash),
}

impl ClientError {
    /// What a verifier says of a chain that did not answer, or answered this.
    pub fn problem(&self) -> ChainProblem {
        match self {
            ClientError::Rpc(_) | ClientError::TooYoung { .. } => ChainProblem::Unreachable,
            ClientError::ChainMismatch { .. } | ClientError::NoContract { .. } => ChainProblem::OtherChain,
            ClientError::CodeMismatch { .. } => ChainProblem::OtherCode,
            ClientError::NoAgreement { problem, .. } => *problem,
            _ => ChainProblem::Inconsistent,
        }
    }
}
