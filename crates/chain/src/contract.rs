//! The contract as callers meet it: its code, calls, events and refusals, from the committed ABI and bytecode.

use std::{fmt, str::FromStr, sync::LazyLock};

use ethers_core::abi::{Abi, Function, Token};
use ethers_core::types::{H160, U256};
use ethers_core::utils::keccak256;
use hocba_bundle::facts::{Address, BatchFact, Closing, IssuerCode, StatusFact};
use hocba_record::{
    encoding::Sha256Digest,
    types::{FormError, UnixTime},
};

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

/// The roles of the contract. None includes another, but for the administration, which may also pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The department: gives and takes roles, registers issuers, pauses and goes on, closes the era. One account.
    Admin,
    /// Anchors batches of this issuer, and of no other.
    Anchorer(IssuerCode),
    /// Sets statuses.
    StatusKeeper,
    /// Pauses anchoring.
    Pauser,
}

impl Role {
    /// By which the contract knows it.
    pub fn id(&self) -> RoleId {
        RoleId(match self {
            Role::Admin => [0; 32],
            Role::Anchorer(issuer) => keccak256([&b"hocba-anchorer"[..], &issuer.to_bytes16()].concat()),
            Role::StatusKeeper => keccak256("hocba-status-keeper"),
            Role::Pauser => keccak256("hocba-pauser"),
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Admin => f.write_str("admin"),
            Role::Anchorer(issuer) => write!(f, "anchorer of {issuer}"),
            Role::StatusKeeper => f.write_str("status keeper"),
            Role::Pauser => f.write_str("pauser"),
        }
    }
}

/// A role as the contract names it. That of an anchorer does not tell its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleId([u8; 32]);

impl RoleId {
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match [Role::Admin, Role::StatusKeeper, Role::Pauser].iter().find(|role| role.id() == *self) {
            Some(role) => role.fmt(f),
            None => f.write_str("anchorer of this issuer"),
        }
    }
}

/// The era that a contract goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predecessor {
    /// Its chain.
    pub chain: u64,
    /// Its contract.
    pub contract: Address,
    /// What it computed when it was closed.
    pub closing: Sha256Digest,
    /// When that was; every block time of the successor is later.
    pub closed_at: UnixTime,
}

/// How a contract is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The department's account. It gets the administration and nothing else.
    pub admin: Address,
    /// Seconds between the two steps of a hand-over of the administration, at most [`MAX_ADMIN_DELAY`].
    pub admin_delay: u64,
    /// The era before.
    pub predecessor: Option<Predecessor>,
}

/// Longest delay of a hand-over: a year. The contract takes any number of 48 bits, and one near the end of them would make
/// every hand-over overflow for good.
pub const MAX_ADMIN_DELAY: u64 = 366 * 86_400;

/// An issuer as registered: when it may anchor, and which schools it answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its code.
    pub code: IssuerCode,
    /// First block time, in seconds.
    pub from: u64,
    /// First block time no longer.
    pub until: u64,
    /// Prefixes of school codes, sorted, with commas between; `*` for every school.
    pub schools: String,
}

/// Forever, as an issuer's end: the contract keeps 40 bits of seconds.
pub const FOR_EVER: u64 = (1 << 40) - 1;

/// What an administrator does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Administration {
    /// Gives a role.
    Grant(Role, Address),
    /// Takes a role.
    Revoke(Role, Address),
    /// Registers an issuer, or changes what is registered.
    SetIssuer(Issuer),
    /// Stops anchoring for now; statuses go on.
    Pause,
    /// Lets anchoring go on.
    Unpause,
    /// Ends the era, if it still holds exactly this.
    Close {
        /// Count and digest of the batches.
        head: (u64, Sha256Digest),
        /// Count and digest of the statuses.
        status_head: (u64, Sha256Digest),
        /// Leaf of the department's closing statement.
        statement: Sha256Digest,
    },
    /// First step of a hand-over of the administration.
    BeginHandOver(Address),
    /// Takes the first step back.
    CancelHandOver,
    /// Second step, by the account named in the first, once the delay is over.
    AcceptHandOver,
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
    /// One call set so many statuses.
    StatusesSet {
        /// Index of the first of them.
        first: u64,
        /// How many.
        count: u64,
        /// Block of the call before; 0 where there was none.
        previous: u64,
    },
    /// The era was closed.
    Closed(Closing),
    /// Something about the administration: roles, issuers, pause, hand-over. Named as the contract names it.
    Administered(&'static str),
}

impl Event {
    /// Whether it is one of the two that data are made of.
    pub fn is_entry(&self) -> bool {
        matches!(self, Event::Anchored { .. } | Event::StatusSet { .. })
    }
}

/// Why the contract refused a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Revert {
    /// The sender lacks the role.
    #[error("{account} is not {role}, which this call needs")]
    NotAuthorised {
        /// The role needed.
        role: RoleId,
        /// The sender.
        account: Address,
    },
    /// Anchoring is paused.
    #[error("anchoring is paused")]
    Paused,
    /// The era is closed: a successor takes what comes.
    #[error("the era was closed at {at}")]
    EraClosed {
        /// Block time of the closing, in seconds.
        at: u64,
    },
    /// The issuer may not anchor now. `name` is the contract's error.
    #[error("the issuer is not entitled now: {name}")]
    IssuerNotEntitled {
        /// The contract's error.
        name: &'static str,
    },
    /// The issuer may not anchor yet.
    #[error("the issuer is entitled from block time {from} on, and it is {now}")]
    IssuerNotYetEntitled {
        /// First block time at which it may.
        from: u64,
        /// Block time of the call. 0: the node lets calls know no time, so this says nothing.
        now: u64,
    },
    /// Other statuses were set before the era was to be closed.
    #[error("the status log was to be at {expected}, it is at {found}")]
    StatusDigestMismatch {
        /// Digest expected by the caller.
        expected: Sha256Digest,
        /// Digest on chain.
        found: Sha256Digest,
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
    /// Another refusal the contract knows: administration, page size.
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
    pub(crate) fn status_block() -> Vec<u8> {
        encode("statusBlock", &[])
    }
    pub(crate) fn closing() -> Vec<u8> {
        encode("closing", &[])
    }
    pub(crate) fn predecessor() -> Vec<u8> {
        encode("predecessor", &[])
    }
    pub(crate) fn paused() -> Vec<u8> {
        encode("paused", &[])
    }
    pub(crate) fn issuer(code: &IssuerCode) -> Vec<u8> {
        encode("issuer", &[bytes(&code.to_bytes16())])
    }
    pub(crate) fn issuer_count() -> Vec<u8> {
        encode("issuerCount", &[])
    }
    pub(crate) fn issuer_at(index: u64) -> Vec<u8> {
        encode("issuerAt", &[uint(index)])
    }
    pub(crate) fn default_admin() -> Vec<u8> {
        encode("defaultAdmin", &[])
    }
    pub(crate) fn pending_default_admin() -> Vec<u8> {
        encode("pendingDefaultAdmin", &[])
    }
    pub(crate) fn has_role(role: &Role, account: &Address) -> Vec<u8> {
        encode("hasRole", &[bytes(role.id().as_bytes()), Token::Address(h160(account))])
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
    pub(crate) fn administration(what: &Administration) -> Vec<u8> {
        let account = |account: &Address| Token::Address(h160(account));
        match what {
            Administration::Grant(role, to) => encode("grantRole", &[bytes(role.id().as_bytes()), account(to)]),
            Administration::Revoke(role, of) => encode("revokeRole", &[bytes(role.id().as_bytes()), account(of)]),
            Administration::SetIssuer(issuer) => encode(
                "setIssuer",
                &[
                    bytes(&issuer.code.to_bytes16()),
                    uint(issuer.from),
                    uint(issuer.until),
                    Token::String(issuer.schools.clone()),
                ],
            ),
            Administration::Pause => encode("pause", &[]),
            Administration::Unpause => encode("unpause", &[]),
            Administration::Close { head, status_head, statement } => encode(
                "closeEra",
                &[
                    uint(head.0),
                    bytes(head.1.as_bytes()),
                    uint(status_head.0),
                    bytes(status_head.1.as_bytes()),
                    bytes(statement.as_bytes()),
                ],
            ),
            Administration::BeginHandOver(to) => encode("beginDefaultAdminTransfer", &[account(to)]),
            Administration::CancelHandOver => encode("cancelDefaultAdminTransfer", &[]),
            Administration::AcceptHandOver => encode("acceptDefaultAdminTransfer", &[]),
        }
    }
    pub(crate) fn create(opening: &Opening) -> Vec<u8> {
        let nobody = Address::from_bytes([0; 20]);
        let (chain, contract, closing, closed_at) = match &opening.predecessor {
            None => (0, nobody, [0; 32], 0),
            Some(p) => (p.chain, p.contract, *p.closing.as_bytes(), p.closed_at.seconds().unsigned_abs()),
        };
        let arguments = [
            Token::Address(h160(&opening.admin)),
            uint(opening.admin_delay.min(MAX_ADMIN_DELAY)),
            Token::Tuple(vec![uint(chain), Token::Address(h160(&contract)), bytes(&closing), uint(closed_at)]),
        ];
        let constructor = ABI.constructor().expect("the committed ABI has a constructor");
        constructor.encode_input(CREATION.clone(), &arguments).expect("these are its arguments, see the tests below")
    }
}

/// Topic 0 of an event.
pub(crate) fn topic(event: &str) -> [u8; 32] {
    ABI.event(event).expect("the committed ABI has every event that this crate reads").signature().0
}

/// Interprets a log of the contract; `None` for events that this crate does not know (a later contract's).
///
/// # Errors
/// When the log has the signature of a known event but cannot be one.
pub fn decode_event(log: &RawLog) -> Result<Option<Event>, DecodeError> {
    static TOPICS: LazyLock<[[u8; 32]; 4]> =
        LazyLock::new(|| ["Anchored", "StatusSet", "StatusesSet", "Closed"].map(topic));
    static OTHERS: LazyLock<Vec<([u8; 32], &'static str)>> =
        LazyLock::new(|| ADMINISTRATION.iter().map(|name| (topic(name), *name)).collect());
    let [anchored, status_set, statuses_set, closed] = &*TOPICS;
    Ok(match log.topics.first() {
        Some(first) if first == anchored => {
            let (index, batch, digest) = decode::decode_anchored(&log.topics, &log.data)?;
            Some(Event::Anchored { index, batch, digest })
        }
        Some(first) if first == status_set => {
            let (index, status) = decode::decode_status_set(&log.topics, &log.data)?;
            Some(Event::StatusSet { index, status })
        }
        Some(first) if first == statuses_set => {
            let (first, count, previous) = decode::decode_statuses_set(&log.topics, &log.data)?;
            Some(Event::StatusesSet { first, count, previous })
        }
        Some(first) if first == closed => Some(Event::Closed(decode::decode_closed(&log.data)?)),
        Some(first) => OTHERS.iter().find(|(topic, _)| topic == first).map(|(_, name)| Event::Administered(name)),
        None => None,
    })
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
        "AccessControlUnauthorizedAccount" => Revert::NotAuthorised {
            account: address(values.first()?.clone().into_address()?),
            role: RoleId(*digest(1)?.as_bytes()),
        },
        "EnforcedPause" => Revert::Paused,
        "EraClosed" => Revert::EraClosed { at: number(0)? },
        "IssuerNotYetEntitled" => Revert::IssuerNotYetEntitled { from: number(1)?, now: number(2)? },
        "StatusDigestMismatch" => Revert::StatusDigestMismatch { expected: digest(0)?, found: digest(1)? },
        "IndexMismatch" => Revert::IndexMismatch { expected: number(0)?, found: number(1)? },
        "PrevDigestMismatch" => Revert::PrevDigestMismatch { expected: digest(0)?, found: digest(1)? },
        "StatusIndexMismatch" => Revert::StatusIndexMismatch { expected: number(0)?, found: number(1)? },
        "ChangeCountOutOfRange" => Revert::ChangeCount { count: number(0)?, max: number(1)? },
        "UnknownBatch" => Revert::UnknownBatch { index: number(0)?, count: number(1)? },
        _ => {
            if let Some(name) = name(&BATCH_ERRORS) {
                Revert::BadBatch { name }
            } else if let Some(name) = name(&ISSUER_ERRORS) {
                Revert::IssuerNotEntitled { name }
            } else if let Some(name) = name(&CHANGE_ERRORS) {
                Revert::BadChange { name, position: number(0)? }
            } else {
                Revert::Other { name: name(&OTHER_ERRORS)? }
            }
        }
    })
}

const BATCH_ERRORS: [&str; 4] = ["ZeroRoot", "SizeOutOfRange", "MalformedIssuer", "UnsupportedAlg"];
const ISSUER_ERRORS: [&str; 2] = ["IssuerNotRegistered", "IssuerNoLongerEntitled"];
const CHANGE_ERRORS: [&str; 6] =
    ["ZeroKey", "ZeroReason", "ZeroStatement", "LiveVersionLowered", "RevocationCleared", "NothingChanged"];
const OTHER_ERRORS: [&str; 19] = [
    "AccessControlBadConfirmation",
    "AccessControlEnforcedDefaultAdminDelay",
    "AccessControlEnforcedDefaultAdminRules",
    "AccessControlInvalidDefaultAdmin",
    "ExpectedPause",
    "IssuerAlreadyStarted",
    "IssuerEndInThePast",
    "IssuerIntervalEmpty",
    "PageTooLarge",
    "PredecessorIncomplete",
    "PredecessorNotBefore",
    "SafeCastOverflowedUintDowncast",
    "SchoolCharacterRefused",
    "SchoolPrefixEmpty",
    "SchoolPrefixTooLong",
    "SchoolsNotSorted",
    "SchoolsTooLong",
    "UnknownIssuer",
    "ZeroClosingStatement",
];
/// Events that are about who may do what.
const ADMINISTRATION: [&str; 10] = [
    "DefaultAdminDelayChangeCanceled",
    "DefaultAdminDelayChangeScheduled",
    "DefaultAdminTransferCanceled",
    "DefaultAdminTransferScheduled",
    "IssuerSet",
    "Paused",
    "RoleAdminChanged",
    "RoleGranted",
    "RoleRevoked",
    "Unpaused",
];

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
        let anchor = Anchor { index: 1, previous: digest(1), root: digest(2), size: 3, issuer: issuer.clone(), alg: 1 };
        let change = StatusChange { key: digest(1), live_version: 2, revoked: false, reason: 1, statement: digest(3) };
        let closed_at = UnixTime::from_seconds(1_800_000_000).expect("a time");
        let predecessor = Predecessor { chain: 1, contract: account(2), closing: digest(3), closed_at };
        let opening = Opening { admin: account(1), admin_delay: u64::MAX, predecessor: Some(predecessor) };
        let registered = Issuer { code: issuer.clone(), from: 0, until: FOR_EVER, schools: "79,80".into() };
        for data in [
            call::head(),
            call::status_head(),
            call::batch(1),
            call::batches(0, 1000),
            call::status(&digest(1)),
            call::status_block(),
            call::closing(),
            call::predecessor(),
            call::paused(),
            call::issuer(&issuer),
            call::issuer_count(),
            call::issuer_at(1),
            call::default_admin(),
            call::pending_default_admin(),
            call::has_role(&Role::Anchorer(issuer.clone()), &account(1)),
            call::verify_inclusion(0, &digest(1), 0, &[digest(2)]),
            call::anchor(&anchor),
            call::set_status(0, &[change]),
            call::administration(&Administration::Grant(Role::StatusKeeper, account(1))),
            call::administration(&Administration::Revoke(Role::Pauser, account(1))),
            call::administration(&Administration::SetIssuer(registered)),
            call::administration(&Administration::Pause),
            call::administration(&Administration::Unpause),
            call::administration(&Administration::Close {
                head: (1, digest(1)),
                status_head: (2, digest(2)),
                statement: digest(3),
            }),
            call::administration(&Administration::BeginHandOver(account(1))),
            call::administration(&Administration::CancelHandOver),
            call::administration(&Administration::AcceptHandOver),
            call::create(&opening),
            call::create(&Opening { predecessor: None, ..opening }),
        ] {
            assert!(data.len() >= 4);
        }
        assert_ne!(topic("Anchored"), topic("StatusSet"));
        assert!(ADMINISTRATION.iter().all(|name| topic(name) != [0; 32]));
    }

    #[test]
    fn every_event_of_the_contract_is_known_by_name() {
        for event in ABI.events() {
            let entry = ["Anchored", "StatusSet", "StatusesSet", "Closed"].contains(&event.name.as_str());
            assert!(entry || ADMINISTRATION.contains(&event.name.as_str()), "{}", event.name);
        }
    }

    #[test]
    fn roles_are_those_of_the_contract() {
        let hex = |role: Role| hex::encode(role.id().as_bytes());
        assert_eq!(hex(Role::Admin), "00".repeat(32));
        assert_eq!(role_words(&Role::StatusKeeper.id()), "status keeper");
        assert_eq!(role_words(&Role::Anchorer("so-demo".parse().expect("code")).id()), "anchorer of this issuer");
        assert_ne!(hex(Role::Anchorer("a".parse().expect("code"))), hex(Role::Anchorer("b".parse().expect("code"))));
    }

    fn role_words(role: &RoleId) -> String {
        role.to_string()
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
