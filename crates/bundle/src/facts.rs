//! What the chain says: batches and statuses, read whole, with the chained digests that make a list checkable.
//!
//! Facts come from the verifier's own look at the chain or from a snapshot of such a look, never from a bundle.
//! Everything here re-computes what the contract computed (`contracts/src/HocbaAnchor.sol`, `docs/spec/anchor.md`).

use std::{collections::HashMap, fmt, str::FromStr};

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{FormError, UnixTime},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

/// Tag in front of everything hashed for the batch chain.
pub const ANCHOR_TAG: &[u8] = b"hocba-anchor-v1";
/// Tag in front of everything hashed for the status log.
pub const STATUS_LOG_TAG: &[u8] = b"hocba-status-log-v1";
/// Tag in front of what is hashed when an era is closed.
pub const CLOSING_TAG: &[u8] = b"hocba-closing-v1";
/// Tag in front of a record id in its status key.
pub const STATUS_KEY_TAG: &[u8] = b"hocba-status-v1";
/// The only tree algorithm so far: RFC 6962 over SHA-256.
pub const ALG_RFC6962_SHA256: u8 = 1;

/// A contract's address: `0x` and 40 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

impl Address {
    /// Wraps the bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}
impl FromStr for Address {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let error = FormError { what: "contract address (0x and 40 lowercase hex digits)" };
        let digits = text.strip_prefix("0x").ok_or(error)?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| error)?;
        let address = Self(bytes);
        if address.to_string() == text { Ok(address) } else { Err(error) }
    }
}
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}
impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Who answers for a batch: the code of a department or other issuer, 1 to 16 of `a-z`, `0-9`, `-`. On chain it is
/// a `bytes16`, padded with zeros on the right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerCode(String);

impl IssuerCode {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// As the contract stores it.
    pub fn to_bytes16(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..self.0.len()].copy_from_slice(self.0.as_bytes());
        bytes
    }
    /// From what the contract stores.
    ///
    /// # Errors
    /// For bytes that are no padded code.
    pub fn from_bytes16(bytes: &[u8; 16]) -> Result<Self, FormError> {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(16);
        let error = FormError { what: "issuer code" };
        if bytes[end..].iter().any(|b| *b != 0) {
            return Err(error);
        }
        std::str::from_utf8(&bytes[..end]).map_err(|_| error)?.parse()
    }
}
impl FromStr for IssuerCode {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let ok = (1..=16).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if ok { Ok(Self(text.to_owned())) } else { Err(FormError { what: "issuer code (1 to 16 of a-z, 0-9, -)" }) }
    }
}
impl fmt::Display for IssuerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for IssuerCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for IssuerCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// One anchored batch; its index is its place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchFact {
    /// RFC 6962 root.
    pub root: Sha256Digest,
    /// Number of leaves, 1 to 65,536.
    pub size: u32,
    /// Who answers for the batch.
    pub issuer: IssuerCode,
    /// Tree algorithm; 1 is RFC 6962 over SHA-256.
    pub alg: u8,
    /// Block time of the anchor.
    pub time: UnixTime,
}

/// One entry of the status log; its index is its place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusFact {
    /// [`status_key`] of the record or appointment.
    pub key: Sha256Digest,
    /// Lowest version that is live from here on.
    pub live_version: u32,
    /// Whether all versions are revoked.
    pub revoked: bool,
    /// Reason class, never a sentence; see `docs/spec/status.md`.
    pub reason: u8,
    /// Block time of the entry.
    pub time: UnixTime,
    /// Leaf hash of the signed status statement.
    pub statement: Sha256Digest,
}

/// The end of an era: nothing is anchored and no status set in this contract any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Leaf hash of the statement by which the department closed it.
    pub statement: Sha256Digest,
    /// Block time of the closing.
    pub time: UnixTime,
}

/// What one look at the contract at one final block found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainFacts {
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// SHA-256 of the contract's runtime code.
    pub code: Sha256Digest,
    /// Number of the block that was looked at.
    pub block: u64,
    /// Its time.
    pub block_time: UnixTime,
    /// Its hash.
    pub block_hash: Sha256Digest,
    /// All batches from 0 on.
    pub batches: Vec<BatchFact>,
    /// How the era ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
    /// The contract's chained digest after the last of them.
    pub head: Sha256Digest,
    /// Closing digest of the era that this contract succeeds; its own digests grow from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Sha256Digest>,
    /// The whole status log from 0 on; absent in a snapshot that was taken without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<StatusFact>>,
    /// The contract's rolling digest after the last entry.
    pub status_head: Sha256Digest,
}

/// Why facts contradict themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The listed batches do not lead to the contract's digest.
    #[error("the list of batches does not lead to the contract's digest: something was left out, added or changed")]
    BatchDigest,
    /// The listed statuses do not lead to the contract's digest.
    #[error("the status log does not lead to the contract's digest: something was left out, added or changed")]
    StatusDigest,
    /// Block times run backwards, past the closing, or past the block looked at.
    #[error("block times of the list run backwards, past the era's closing, or past block {block}")]
    Time {
        /// The block looked at.
        block: u64,
    },
}

/// The latest word on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Entries on this key, oldest first.
    pub entries: Vec<StatusFact>,
}

impl Standing {
    /// Lowest live version; 0 where no entry raised it.
    pub fn live_version(&self) -> u32 {
        self.entries.last().map_or(0, |e| e.live_version)
    }
    /// The entry that revoked the key, if any.
    pub fn revoked(&self) -> Option<&StatusFact> {
        self.entries.iter().find(|e| e.revoked)
    }
    /// The first entry that put the version below the live one, if any.
    pub fn superseded(&self, version: u32) -> Option<&StatusFact> {
        self.entries.iter().find(|e| e.live_version > version)
    }
}

/// Facts whose digests were re-computed and that can be asked. Those of earlier eras go with them: a status may stand in
/// any era, whichever the record was anchored in.
#[derive(Debug, Clone)]
pub struct CheckedFacts {
    facts: ChainFacts,
    /// *digest_n* of each batch.
    digests: Vec<Sha256Digest>,
    by_key: HashMap<Sha256Digest, Vec<usize>>,
    earlier: Vec<CheckedFacts>,
}

/// The status key of a record or appointment: SHA-256("hocba-status-v1" || id).
pub fn status_key(id: &RecordId) -> Sha256Digest {
    Sha256Digest::of(&[STATUS_KEY_TAG, id.as_bytes()].concat())
}

/// The digest the contract starts from, for batches ([`ANCHOR_TAG`]) or statuses ([`STATUS_LOG_TAG`]). That of a successor
/// grows from the closing digest of the era before, so eras are chained like batches.
pub fn genesis_digest(tag: &[u8], chain: u64, contract: &Address, predecessor: Option<&Sha256Digest>) -> Sha256Digest {
    let predecessor = predecessor.map_or(&[][..], |digest| digest.as_bytes());
    Sha256Digest::of(&[tag, &uint256(chain), contract.as_bytes(), predecessor].concat())
}

/// `digest_n` of a batch, from the one before.
pub fn batch_digest(
    chain: u64,
    contract: &Address,
    index: u64,
    batch: &BatchFact,
    previous: &Sha256Digest,
) -> Sha256Digest {
    let mut hash = Sha256::new();
    hash.update(ANCHOR_TAG);
    hash.update(uint256(chain));
    hash.update(contract.as_bytes());
    hash.update(index.to_be_bytes());
    hash.update(batch.root.as_bytes());
    hash.update(batch.size.to_be_bytes());
    hash.update(batch.issuer.to_bytes16());
    hash.update([batch.alg]);
    hash.update(time_bytes(batch.time));
    hash.update(previous.as_bytes());
    Sha256Digest::from_bytes(hash.finalize().into())
}

/// The rolling digest after a status entry, from the one before.
pub fn status_digest(
    chain: u64,
    contract: &Address,
    index: u64,
    status: &StatusFact,
    previous: &Sha256Digest,
) -> Sha256Digest {
    let mut hash = Sha256::new();
    hash.update(STATUS_LOG_TAG);
    hash.update(uint256(chain));
    hash.update(contract.as_bytes());
    hash.update(index.to_be_bytes());
    hash.update(status.key.as_bytes());
    hash.update(status.live_version.to_be_bytes());
    hash.update([u8::from(status.revoked), status.reason]);
    hash.update(time_bytes(status.time));
    hash.update(status.statement.as_bytes());
    hash.update(previous.as_bytes());
    Sha256Digest::from_bytes(hash.finalize().into())
}

impl Closing {
    /// What the contract computed when it was closed, over all that it holds.
    pub fn digest(
        &self,
        chain: u64,
        contract: &Address,
        (batches, head): (u64, &Sha256Digest),
        (statuses, status_head): (u64, &Sha256Digest),
    ) -> Sha256Digest {
        let mut hash = Sha256::new();
        hash.update(CLOSING_TAG);
        hash.update(uint256(chain));
        hash.update(contract.as_bytes());
        hash.update(batches.to_be_bytes());
        hash.update(head.as_bytes());
        hash.update(statuses.to_be_bytes());
        hash.update(status_head.as_bytes());
        hash.update(time_bytes(self.time));
        hash.update(self.statement.as_bytes());
        Sha256Digest::from_bytes(hash.finalize().into())
    }
}

fn uint256(value: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&value.to_be_bytes());
    bytes
}

fn time_bytes(time: UnixTime) -> [u8; 8] {
    // UnixTime is never negative, so the cast keeps the value.
    time.seconds().unsigned_abs().to_be_bytes()
}

impl ChainFacts {
    /// Re-computes both chained digests and the order of times.
    ///
    /// # Errors
    /// When a list does not lead to the digest that stands beside it, or its times cannot be.
    pub fn check(self) -> Result<CheckedFacts, FactsError> {
        let mut digest = genesis_digest(ANCHOR_TAG, self.chain, &self.contract, self.predecessor.as_ref());
        let (mut times, mut digests) = (Vec::new(), Vec::with_capacity(self.batches.len()));
        for (index, batch) in (0..).zip(&self.batches) {
            digest = batch_digest(self.chain, &self.contract, index, batch, &digest);
            digests.push(digest);
            times.push(batch.time);
        }
        if digest != self.head {
            return Err(FactsError::BatchDigest);
        }
        let end = self.closing.as_ref().map_or(self.block_time, |closing| closing.time.min(self.block_time));
        let late = self.closing.as_ref().is_some_and(|closing| closing.time > self.block_time);
        if late || !times.is_sorted() || times.last().is_some_and(|t| *t > end) {
            return Err(FactsError::Time { block: self.block });
        }
        let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
        if let Some(statuses) = &self.statuses {
            let mut digest = genesis_digest(STATUS_LOG_TAG, self.chain, &self.contract, self.predecessor.as_ref());
            for (index, status) in statuses.iter().enumerate() {
                digest = status_digest(self.chain, &self.contract, index as u64, status, &digest);
                by_key.entry(status.key).or_default().push(index);
            }
            if digest != self.status_head {
                return Err(FactsError::StatusDigest);
            }
            if !statuses.is_sorted_by_key(|s| s.time) || statuses.last().is_some_and(|s| s.time > end) {
                return Err(FactsError::Time { block: self.block });
            }
        }
        Ok(CheckedFacts { facts: self, digests, by_key, earlier: Vec::new() })
    }
}

impl CheckedFacts {
    /// The facts.
    pub fn facts(&self) -> &ChainFacts {
        &self.facts
    }
    /// The same with what is known of earlier eras, the earliest first.
    #[must_use]
    pub fn with_earlier(self, earlier: Vec<CheckedFacts>) -> Self {
        Self { earlier, ..self }
    }
    /// What is known of earlier eras, the earliest first.
    pub fn earlier(&self) -> &[CheckedFacts] {
        &self.earlier
    }
    /// What is known of one contract.
    pub fn of(&self, chain: u64, contract: &Address) -> Option<&CheckedFacts> {
        let all = self.earlier.iter().chain(std::iter::once(self));
        all.into_iter().find(|era| era.facts.chain == chain && era.facts.contract == *contract)
    }
    /// *digest_n* of the batch at this index: it stands for the batch and for each one before it.
    pub fn batch_digest(&self, index: u64) -> Option<&Sha256Digest> {
        usize::try_from(index).ok().and_then(|index| self.digests.get(index))
    }
    /// All eras that are known, the earliest first.
    pub fn eras(&self) -> impl Iterator<Item = &ChainFacts> {
        self.earlier.iter().chain(std::iter::once(self)).map(CheckedFacts::facts)
    }
    /// Whether the status log is among them, of each era that is known.
    pub fn has_statuses(&self) -> bool {
        self.facts.statuses.is_some() && self.earlier.iter().all(CheckedFacts::has_statuses)
    }
    /// What the contract computed when its era was closed: it stands for all that the era holds, for good. `None` while it
    /// is open, and where the status log is not among the facts.
    pub fn closing_digest(&self) -> Option<Sha256Digest> {
        let ChainFacts { chain, contract, batches, head, status_head, .. } = &self.facts;
        let statuses = self.facts.statuses.as_ref()?.len() as u64;
        let closing = self.facts.closing.as_ref()?;
        Some(closing.digest(*chain, contract, (batches.len() as u64, head), (statuses, status_head)))
    }
    /// The standing of a record or appointment over all eras; `None` where the facts hold no status log.
    pub fn standing(&self, id: &RecordId) -> Option<Standing> {
        let mut entries = Vec::new();
        for era in &self.earlier {
            entries.extend(era.standing(id)?.entries);
        }
        let statuses = self.facts.statuses.as_ref()?;
        let places = self.by_key.get(&status_key(id)).map_or(&[][..], Vec::as_slice);
        entries.extend(places.iter().map(|i| statuses[*i].clone()));
        Some(Standing { entries })
    }
}
