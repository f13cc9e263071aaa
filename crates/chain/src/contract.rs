//! The contract as callers meet it: its code, calls, events and refusals, from the committed ABI and bytecode.

use std::{fmt, str::FromStr, sync::LazyLock};

use ethers_core::abi::{Abi, Function, Token};
use ethers_core::types::{H160, U256};
use hocba_bundle::facts::{Address, BatchFact, IssuerCode, StatusFact};
use hocba_record::{encoding::Sha256Digest, types::FormError};

use crate::decode::{self, DecodeError, RawLog};

static ABI: LazyLock<Abi> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../contracts/abi/HocbaAnchor.json"))
        .expect("the committed ABI is read by the tests below")
});
static CREATION: LazyLock<Vec<u8>> =
    LazyLock::new(|| committed(include_str!("../../../contracts/bytecode/HocbaAnchor.bin")));
static RUNTIME: LazyLock<Vec<u8>> =
    LazyLock::new(|| committed(include_str!("../../../contracts/bytecode/HocbaAnchor.runtime.bin")));

fn committed(text: &str) -> Vec<u8> {
    hex::decode(text.trim()).expect("the committed bytecode is read by the tests below")
}

/// Most changes one `setStatus` takes; the contract's own limit.
pub const MAX_CHANGES: usize = 1000;

/// A transaction's hash: `0x` and 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxHash([u8; 32]);

impl TxHash {
    /// Wraps the bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
impl FromStr for TxHash {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let error = FormError { what: "transaction hash (0x and 64 lowercase hex digits)" };
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix("0x").ok_or(error)?, &mut bytes).map_err(|_| error)?;
        let hash = Self(bytes);
        if hash.to_string() == text { Ok(hash) } else { Err(error) }
    }
}
impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}
impl fmt::Debug for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxHash({self})")
    }
}

/// Which contract on which chain: what must be the same before anything is believed or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment {
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract's address.
    pub contract: Address,
    /// SHA-256 of the contract's runtime code; [`code_digest`] for the contract of this release.
    pub code: Sha256Digest,
}

/// SHA-256 of the runtime code of the contract in this release. The contract has no immutables, so every deployment has
/// this very code.
pub fn code_digest() -> Sha256Digest {
    Sha256Digest::of(&RUNTIME)
}

/// The roles of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Gives and takes roles.
    Admin,
    /// Anchors batches.
    Anchorer,
    /// Sets statuses.
    StatusKeeper,
}

/// Who holds which role when the contract is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Gives and takes roles.
    pub admin: Address,
    /// Anchors batches.
    pub anchorer: Address,
    /// Sets statuses.
    pub status_keeper: Address,
}

/// A batch to anchor, after a head that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Index the batch must get.
    pub index: u64,
    /// Digest of the head it must follow.
    pub previous: Sha256Digest,
    /// Merkle root.
    pub root: Sha256Digest,
    /// Number of leaves, 1 to 65,536.
    pub size: u32,
    /// Who answers for it.
    pub issuer: IssuerCode,
    /// Tree algorithm; 1 is RFC 6962 over SHA-256.
    pub alg: u8,
}

/// One change of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// [`status_key`](hocba_bundle::facts::status_key) of the record or appointment.
    pub key: Sha256Digest,
    /// Lowest version that is live from here on.
    pub live_version: u32,
    /// Whether all versions are revoked.
    pub revoked: bool,
    /// Reason class, not 0.
    pub reason: u8,
    /// Leaf hash of the signed status statement.
    pub statement: Sha256Digest,
}

/// An event of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A batch was anchored.
    Anchored {
        /// Its index.
        index: u64,
        /// What was anchored.
        batch: BatchFact,
        /// The new head.
        digest: Sha256Digest,
    },
    /// A status was set.
    StatusSet {
        /// Index in the status log.
        index: u64,
        /// What was set.
        status: StatusFact,
    },
}

/// Why the contract refused a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Revert {
    /// The sender lacks the role.
    #[error("{account} does not hold the role {role:?} that this call needs")]
    NotAuthorised {
        /// The role needed.
        role: Role,
        /// The sender.
        account: Address,
    },
    /// Another batch came first, or this one is anchored already.
    #[error("the batch was to get index {expected}, the register is at {found}")]
    IndexMismatch {
        /// Index expected by the caller.
        expected: u64,
        /// Number of batches on chain.
        found: u64,
    },
    /// The register's head is another one than was read.
    #[error("the batch was to follow head {expected}, the register's head is {found}")]
    PrevDigestMismatch {
        /// Digest expected by the caller.
        expected: Sha256Digest,
        /// Digest on chain.
        found: Sha256Digest,
    },
    /// Other statuses were set first, or these already.
    #[error("the first change was to get index {expected}, the status log is at {found}")]
    StatusIndexMismatch {
        /// Index expected by the caller.
        expected: u64,
        /// Number of entries on chain.
        found: u64,
    },
    /// The batch itself cannot be anchored: zero root, size, issuer or algorithm. `name` is the contract's error.
    #[error("the contract does not take this batch: {name}")]
    BadBatch {
        /// The contract's error.
        name: &'static str,
    },
    /// One of the changes cannot be made. `name` is the contract's error.
    #[error("the contract does not take change {position} of this list: {name}")]
    BadChange {
        /// The contract's error.
        name: &'static str,
        /// Place in the list, from 0.
        position: u64,
    },
    /// The list of changes is empty or too long.
    #[error("{count} changes at once, 1 to {max} are allowed")]
    ChangeCount {
        /// Changes given.
        count: u64,
        /// Changes allowed.
        max: u64,
    },
    /// The batch does not exist.
    #[error("there is no batch {index}, the register has {count}")]
    UnknownBatch {
        /// Index asked for.
        index: u64,
        /// Number of batches.
        count: u64,
    },
    /// Another refusal the contract knows: roles, page size.
    #[error("the contract refused: {name}")]
    Other {
        /// The contract's error.
        name: &'static str,
    },
    /// Nothing the contract would say: out of gas, another contract, a node that gives no data.
    #[error("the call failed without a reason we know")]
    Unknown,
}

pub(crate) fn h160(address: &Address) -> H160 {
    H160(*address.as_bytes())
}

pub(crate) fn address(h160: H160) -> Address {
    Address::from_bytes(h160.0)
}

fn function(name: &str) -> &'static Function {
    ABI.function(name).expect("the committed ABI has every function that this crate calls, see the tests below")
}

fn encode(name: &str, arguments: &[Token]) -> Vec<u8> {
    function(name).encode_input(arguments).expect("arguments fit the committed ABI, see the tests below")
}

fn uint(n: impl Into<U256>) -> Token {
    Token::Uint(n.into())
}

fn bytes(bytes: &[u8]) -> Token {
    Token::FixedBytes(bytes.to_vec())
}

/// Call data; every function pairs with one of [`decode`](crate::decode).
pub(crate) mod call {
    use super::*;

    pub(crate) fn head() -> Vec<u8> {
        encode("head", &[])
    }
    pub(crate) fn status_head() -> Vec<u8> {
        encode("statusHead", &[])
    }
    pub(crate) fn batch(index: u64) -> Vec<u8> {
        encode("batch", &[uint(index)])
    }
    pub(crate) fn batches(from: u64, limit: u64) -> Vec<u8> {
        encode("batches", &[uint(from), uint(limit)])
    }
    pub(crate) fn status(key: &Sha256Digest) -> Vec<u8> {
        encode("status", &[bytes(key.as_bytes())])
    }
    pub(crate) fn has_role(role: Role, account: &Address) -> Vec<u8> {
        encode("hasRole", &[uint(role as u8), Token::Address(h160(account))])
    }
    pub(crate) fn verify_inclusion(batch: u64, leaf: &Sha256Digest, index: u64, path: &[Sha256Digest]) -> Vec<u8> {
        let path = path.iter().map(|node| bytes(node.as_bytes())).collect();
        encode("verifyInclusion", &[uint(batch), bytes(leaf.as_bytes()), uint(index), Token::Array(path)])
    }
    pub(crate) fn anchor(anchor: &Anchor) -> Vec<u8> {
        encode(
            "anchor",
            &[
                uint(anchor.index),
                bytes(anchor.previous.as_bytes()),
                bytes(anchor.root.as_bytes()),
                uint(anchor.size),
                bytes(&anchor.issuer.to_bytes16()),
                uint(anchor.alg),
            ],
        )
    }
    pub(crate) fn set_status(index: u64, changes: &[StatusChange]) -> Vec<u8> {
        let change = |c: &StatusChange| {
            Token::Tuple(vec![
                bytes(c.key.as_bytes()),
                uint(c.live_version),
                Token::Bool(c.revoked),
                uint(c.reason),
                bytes(c.statement.as_bytes()),
            ])
        };
        encode("setStatus", &[uint(index), Token::Array(changes.iter().map(change).collect())])
    }
    pub(crate) fn set_role(role: Role, account: &Address, held: bool) -> Vec<u8> {
        let name = if held { "grantRole" } else { "revokeRole" };
        encode(name, &[uint(role as u8), Token::Address(h160(account))])
    }
    pub(crate) fn create(roles: &Roles) -> Vec<u8> {
        let arguments =
            [roles.admin, roles.anchorer, roles.status_keeper].map(|account| Token::Address(h160(&account)));
        let constructor = ABI.constructor().expect("the committed ABI has a constructor");
        constructor.encode_input(CREATION.clone(), &arguments).expect("three addresses are its arguments")
    }
}

/// Topic 0 of an event.
pub(crate) fn topic(event: &str) -> [u8; 32] {
    ABI.event(event).expect("the committed ABI has every event that this crate reads").signature().0
}

/// Interprets a log of the contract; `None` for events that this crate does not read (roles, or a later contract's).
///
/// # Errors
/// When the log has the signature of a known event but cannot be one.
pub fn decode_event(log: &RawLog) -> Result<Option<Event>, DecodeError> {
    static TOPICS: LazyLock<[[u8; 32]; 2]> = LazyLock::new(|| [topic("Anchored"), topic("StatusSet")]);
    let [anchored, status_set] = &*TOPICS;
    match log.topics.first() {
        Some(first) if first == anchored => {
            let (index, batch, digest) = decode::decode_anchored(&log.topics, &log.data)?;
            Ok(Some(Event::Anchored { index, batch, digest }))
        }
        Some(first) if first == status_set => {
            let (index, status) = decode::decode_status_set(&log.topics, &log.data)?;
            Ok(Some(Event::StatusSet { index, status }))
        }
        _ => Ok(None),
    }
}

/// Interprets revert data. Never fails: what cannot be read is [`Revert::Unknown`].
pub fn decode_revert(data: &[u8]) -> Revert {
    known_revert(data).unwrap_or(Revert::Unknown)
}

fn known_revert(data: &[u8]) -> Option<Revert> {
    let (selector, arguments) = data.split_at_checked(4)?;
    let error = ABI.errors().find(|e| e.signature().as_bytes().starts_with(selector))?;
    let values = error.decode(arguments).ok()?;
    let number = |i: usize| values.get(i)?.clone().into_uint().filter(|n| n.bits() <= 64).map(|n| n.low_u64());
    let digest = |i: usize| {
        let bytes = values.get(i)?.clone().into_fixed_bytes()?;
        Some(Sha256Digest::from_bytes(bytes.try_into().ok()?))
    };
    let name = |known: &[&'static str]| known.iter().copied().find(|n| *n == error.name);
    Some(match error.name.as_str() {
        "MissingRole" => Revert::NotAuthorised {
            role: [Role::Admin, Role::Anchorer, Role::StatusKeeper].get(usize::try_from(number(0)?).ok()?).copied()?,
            account: address(values.get(1)?.clone().into_address()?),
        },
        "IndexMismatch" => Revert::IndexMismatch { expected: number(0)?, found: number(1)? },
        "PrevDigestMismatch" => Revert::PrevDigestMismatch { expected: digest(0)?, found: digest(1)? },
        "StatusIndexMismatch" => Revert::StatusIndexMismatch { expected: number(0)?, found: number(1)? },
        "ChangeCountOutOfRange" => Revert::ChangeCount { count: number(0)?, max: number(1)? },
        "UnknownBatch" => Revert::UnknownBatch { index: number(0)?, count: number(1)? },
        _ => {
            if let Some(name) = name(&BATCH_ERRORS) {
                Revert::BadBatch { name }
            } else if let Some(name) = name(&CHANGE_ERRORS) {
                Revert::BadChange { name, position: number(0)? }
            } else {
                Revert::Other { name: name(&OTHER_ERRORS)? }
            }
        }
    })
}

const BATCH_ERRORS: [&str; 4] = ["ZeroRoot", "SizeOutOfRange", "MalformedIssuer", "UnsupportedAlg"];
const CHANGE_ERRORS: [&str; 6] =
    ["ZeroKey", "ZeroReason", "ZeroStatement", "LiveVersionLowered", "RevocationCleared", "NothingChanged"];
const OTHER_ERRORS: [&str; 5] = ["ZeroAccount", "RoleAlreadyHeld", "RoleNotHeld", "LastAdmin", "PageTooLarge"];

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> Address {
        Address::from_bytes([n; 20])
    }
    fn digest(n: u8) -> Sha256Digest {
        Sha256Digest::from_bytes([n; 32])
    }

    #[test]
    fn the_committed_abi_has_everything_that_is_called() {
        let issuer: IssuerCode = "so-hanoi".parse().expect("code");
        let anchor = Anchor { index: 1, previous: digest(1), root: digest(2), size: 3, issuer, alg: 1 };
        let change = StatusChange { key: digest(1), live_version: 2, revoked: false, reason: 1, statement: digest(3) };
        let roles = Roles { admin: account(1), anchorer: account(2), status_keeper: account(3) };
        for data in [
            call::head(),
            call::status_head(),
            call::batch(1),
            call::batches(0, 1000),
            call::status(&digest(1)),
            call::has_role(Role::Anchorer, &account(1)),
            call::verify_inclusion(0, &digest(1), 0, &[digest(2)]),
            call::anchor(&anchor),
            call::set_status(0, &[change]),
            call::set_role(Role::Anchorer, &account(1), true),
            call::set_role(Role::Anchorer, &account(1), false),
            call::create(&roles),
        ] {
            assert!(data.len() >= 4);
        }
        assert_ne!(topic("Anchored"), topic("StatusSet"));
    }

    #[test]
    fn the_committed_code_is_the_one_its_build_names() {
        let about: serde_json::Value =
            serde_json::from_str(include_str!("../../../contracts/bytecode/HocbaAnchor.json")).expect("JSON");
        assert_eq!(about["runtimeSha256"], code_digest().to_hex());
    }

    #[test]
    fn every_error_of_the_contract_is_known_by_name() {
        for error in ABI.errors() {
            let mut data = error.signature().as_bytes()[..4].to_vec();
            data.extend(vec![0; 32 * error.inputs.len()]);
            assert_ne!(decode_revert(&data), Revert::Unknown, "{}", error.name);
            assert_eq!(
                decode_revert(&data[..4]),
                if error.inputs.is_empty() { decode_revert(&data) } else { Revert::Unknown }
            );
        }
        for odd in [&[][..], &[1, 2, 3], &[0; 4], &[0xff; 2000]] {
            assert_eq!(decode_revert(odd), Revert::Unknown);
        }
    }

    #[test]
    fn absurd_numbers_in_a_refusal_are_not_believed() {
        let error = ABI.errors().find(|e| e.name == "IndexMismatch").expect("error");
        let data = [&error.signature().as_bytes()[..4], &[0xff; 64]].concat();
        assert_eq!(decode_revert(&data), Revert::Unknown);
    }
}
