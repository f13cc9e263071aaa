//! What a node says, taken apart. Every function here takes anything at all and answers without panic, with memory in
//! proportion to what it was given: fuzz targets call them directly.

use hocba_bundle::facts::{Address, BatchFact, Closing, IssuerCode, StatusFact};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use serde_json::{Map, Value};

use crate::{Predecessor, TxHash};

/// Most batches a page may hold; the contract's own limit.
pub const MAX_PAGE: u64 = 1000;

/// Most topics a log can have.
const MAX_TOPICS: usize = 4;

/// Longest event data taken; the contract's longest event, of an issuer, has 512 bytes of school codes and 4 words.
const MAX_LOG_DATA: usize = 4096;

/// A part of a node's answer that cannot be what it should be. The node is broken, hostile or of an unknown kind; asking
/// it again will hardly help, another node may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node's answer cannot be read: {what}: {problem}")]
pub struct DecodeError {
    /// The part.
    pub what: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is absent.
    #[error("missing")]
    Missing,
    /// Another JSON type.
    #[error("of the wrong type")]
    Type,
    /// No 0x-prefixed hex.
    #[error("not hex")]
    Hex,
    /// Too short, too long, or not a whole number of items.
    #[error("of the wrong length")]
    Length,
    /// A number or code that cannot be.
    #[error("out of range")]
    Range,
    /// Two parts that cannot both be true.
    #[error("contradicts another part of the answer")]
    Contradiction,
}

/// Shorthand of this module.
pub type Result<T> = std::result::Result<T, DecodeError>;

pub(crate) const fn fault(what: &'static str, problem: Problem) -> DecodeError {
    DecodeError { what, problem }
}

/// A block's head, as far as we look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHead {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Sha256Digest,
    /// Its parent's hash.
    pub parent: Sha256Digest,
    /// Its time.
    pub time: UnixTime,
}

/// A log entry, not yet interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLog {
    /// The contract that wrote it.
    pub address: Address,
    /// Event signature and indexed arguments.
    pub topics: Vec<[u8; 32]>,
    /// The other arguments.
    pub data: Vec<u8>,
    /// Number of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: Sha256Digest,
    /// Its transaction.
    pub transaction: TxHash,
    /// Whether the node says that a reorganisation took it away.
    pub removed: bool,
}

/// A receipt, not yet interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReceipt {
    /// The transaction.
    pub transaction: TxHash,
    /// Number of the block that holds it.
    pub block: u64,
    /// Hash of that block.
    pub block_hash: Sha256Digest,
    /// Gas used, where the node says so.
    pub gas_used: Option<u64>,
    /// Whether it succeeded, where the node says so.
    pub status: Option<bool>,
    /// The contract it created.
    pub created: Option<Address>,
    /// What it logged.
    pub logs: Vec<RawLog>,
}

/// A number written as `0x` and up to 16 significant hex digits.
///
/// # Errors
/// For anything else.
pub fn decode_quantity(what: &'static str, value: &Value) -> Result<u64> {
    let digits = hex_digits(what, value)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(fault(what, Problem::Hex));
    }
    // Leading zeros are against the rules but harmless, and some nodes write them.
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(digits, 16).map_err(|_| fault(what, Problem::Range))
}

/// An amount in wei, written as `0x` and up to 64 hex digits; held at the largest 128-bit number.
///
/// # Errors
/// For anything else.
pub fn decode_wei(what: &'static str, value: &Value) -> Result<u128> {
    let digits = hex_digits(what, value)?;
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(fault(what, Problem::Hex));
    }
    match digits.trim_start_matches('0') {
        "" => Ok(0),
        digits => Ok(u128::from_str_radix(digits, 16).unwrap_or(u128::MAX)),
    }
}

/// Bytes written as `0x` and hex, at most `max` of them.
///
/// # Errors
/// For anything else.
pub fn decode_data(what: &'static str, value: &Value, max: usize) -> Result<Vec<u8>> {
    let digits = hex_digits(what, value)?;
    if digits.len() > max.saturating_mul(2) {
        return Err(fault(what, Problem::Length));
    }
    hex::decode(digits).map_err(|_| fault(what, Problem::Hex))
}

/// Exactly `N` bytes written as `0x` and hex.
///
/// # Errors
/// For anything else.
pub fn decode_fixed<const N: usize>(what: &'static str, value: &Value) -> Result<[u8; N]> {
    let digits = hex_digits(what, value)?;
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return Err(fault(what, Problem::Length));
    }
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| fault(what, Problem::Hex))?;
    Ok(bytes)
}

fn hex_digits<'a>(what: &'static str, value: &'a Value) -> Result<&'a str> {
    value.as_str().ok_or(fault(what, Problem::Type))?.strip_prefix("0x").ok_or(fault(what, Problem::Hex))
}

fn object<'a>(what: &'static str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or(fault(what, Problem::Type))
}

fn member<'a>(object: &'a Map<String, Value>, what: &'static str) -> Result<&'a Value> {
    object.get(what).filter(|v| !v.is_null()).ok_or(fault(what, Problem::Missing))
}

fn optional<'a>(object: &'a Map<String, Value>, what: &'static str) -> Option<&'a Value> {
    object.get(what).filter(|v| !v.is_null())
}

/// A block as `eth_getBlockByNumber` gives it.
///
/// # Errors
/// When number, hash, parent or time are absent or cannot be.
pub fn decode_block(value: &Value) -> Result<BlockHead> {
    let block = object("block", value)?;
    Ok(BlockHead {
        number: decode_quantity("number", member(block, "number")?)?,
        hash: Sha256Digest::from_bytes(decode_fixed("hash", member(block, "hash")?)?),
        parent: Sha256Digest::from_bytes(decode_fixed("parentHash", member(block, "parentHash")?)?),
        time: time("timestamp", decode_quantity("timestamp", member(block, "timestamp")?)?)?,
    })
}

/// A list of logs as `eth_getLogs` gives it.
///
/// # Errors
/// When it is no list, or an entry cannot be a mined log.
pub fn decode_logs(value: &Value) -> Result<Vec<RawLog>> {
    value.as_array().ok_or(fault("logs", Problem::Type))?.iter().map(decode_log).collect()
}

/// One log.
///
/// # Errors
/// When a part that we look at is absent or cannot be.
pub fn decode_log(value: &Value) -> Result<RawLog> {
    let log = object("log", value)?;
    let topics = member(log, "topics")?.as_array().ok_or(fault("topics", Problem::Type))?;
    if topics.len() > MAX_TOPICS {
        return Err(fault("topics", Problem::Length));
    }
    Ok(RawLog {
        address: Address::from_bytes(decode_fixed("address", member(log, "address")?)?),
        topics: topics.iter().map(|t| decode_fixed("topics", t)).collect::<Result<_>>()?,
        data: decode_data("data", member(log, "data")?, MAX_LOG_DATA)?,
        block: decode_quantity("blockNumber", member(log, "blockNumber")?)?,
        block_hash: Sha256Digest::from_bytes(decode_fixed("blockHash", member(log, "blockHash")?)?),
        transaction: TxHash::from_bytes(decode_fixed("transactionHash", member(log, "transactionHash")?)?),
        removed: match optional(log, "removed") {
            None => false,
            Some(removed) => removed.as_bool().ok_or(fault("removed", Problem::Type))?,
        },
    })
}

/// A receipt as `eth_getTransactionReceipt` gives it; `None` for one that is not mined. `status` and `type` may be
/// absent: some permissioned nodes leave them out.
///
/// # Errors
/// When a part that we look at cannot be, or a log belongs to another block or transaction.
pub fn decode_receipt(value: &Value) -> Result<Option<RawReceipt>> {
    if value.is_null() {
        return Ok(None);
    }
    let receipt = object("receipt", value)?;
    if optional(receipt, "blockNumber").is_none() {
        return Ok(None);
    }
    let receipt = RawReceipt {
        transaction: TxHash::from_bytes(decode_fixed("transactionHash", member(receipt, "transactionHash")?)?),
        block: decode_quantity("blockNumber", member(receipt, "blockNumber")?)?,
        block_hash: Sha256Digest::from_bytes(decode_fixed("blockHash", member(receipt, "blockHash")?)?),
        gas_used: optional(receipt, "gasUsed").map(|v| decode_quantity("gasUsed", v)).transpose()?,
        status: match optional(receipt, "status").map(|v| decode_quantity("status", v)).transpose()? {
            None => None,
            Some(0) => Some(false),
            Some(1) => Some(true),
            Some(_) => return Err(fault("status", Problem::Range)),
        },
        created: optional(receipt, "contractAddress")
            .map(|v| decode_fixed("contractAddress", v).map(Address::from_bytes))
            .transpose()?,
        logs: decode_logs(member(receipt, "logs")?)?,
    };
    let own = |log: &RawLog| {
        log.transaction == receipt.transaction && log.block == receipt.block && log.block_hash == receipt.block_hash
    };
    if !receipt.logs.iter().all(own) {
        return Err(fault("logs", Problem::Contradiction));
    }
    if receipt.status == Some(false) && !receipt.logs.is_empty() {
        return Err(fault("status", Problem::Contradiction));
    }
    Ok(Some(receipt))
}

/// What `head()` and `statusHead()` return: count and digest.
///
/// # Errors
/// For anything but two words, the first a 64-bit number.
pub fn decode_head(bytes: &[u8]) -> Result<(u64, Sha256Digest)> {
    let mut words = Words::of("head", bytes, 2)?;
    Ok((words.uint(8)?, words.digest()))
}

/// What `batches(from, limit)` returns.
///
/// # Errors
/// For anything but the one ABI encoding of at most [`MAX_PAGE`] batches.
pub fn decode_batches(bytes: &[u8]) -> Result<Vec<BatchFact>> {
    const WORDS: usize = 5;
    let (head, items) = bytes.split_at_checked(64).ok_or(fault("batches", Problem::Length))?;
    let mut head = Words::of("batches", head, 2)?;
    if head.uint(8)? != 32 {
        return Err(fault("batches", Problem::Range));
    }
    let count = head.uint(8)?;
    if count > MAX_PAGE {
        return Err(fault("batches", Problem::Range));
    }
    if items.len() as u64 != count * (WORDS as u64) * 32 {
        return Err(fault("batches", Problem::Length));
    }
    items.chunks_exact(WORDS * 32).map(decode_batch).collect()
}

/// What `batch(n)` returns.
///
/// # Errors
/// For anything but the five words of a batch that the contract can hold.
pub fn decode_batch(bytes: &[u8]) -> Result<BatchFact> {
    let mut words = Words::of("batch", bytes, 5)?;
    let root = words.digest();
    let size = words.u32()?;
    let at = words.uint(5)?;
    let alg = words.u8()?;
    let issuer = words.issuer()?;
    Ok(BatchFact { root, size, issuer, alg, time: time("batch", at)? })
}

/// The status stored under a key, without the statement, which only the event holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredStatus {
    /// Lowest live version.
    pub live_version: u32,
    /// Whether all versions are revoked.
    pub revoked: bool,
    /// Reason class.
    pub reason: u8,
    /// Block time of the latest change.
    pub time: UnixTime,
}

/// What `status(key)` returns; `None` where none was ever set.
///
/// # Errors
/// For anything but the four words of a status.
pub fn decode_status(bytes: &[u8]) -> Result<Option<StoredStatus>> {
    let mut words = Words::of("status", bytes, 4)?;
    let live_version = words.u32()?;
    let revoked = words.bool()?;
    let reason = words.u8()?;
    let at = words.uint(5)?;
    // The contract never stores reason 0.
    if reason == 0 {
        let empty = live_version == 0 && !revoked && at == 0;
        return if empty { Ok(None) } else { Err(fault("status", Problem::Contradiction)) };
    }
    Ok(Some(StoredStatus { live_version, revoked, reason, time: time("status", at)? }))
}

/// What a function returns that answers with a boolean.
///
/// # Errors
/// For anything but one word, 0 or 1.
pub fn decode_bool(bytes: &[u8]) -> Result<bool> {
    Words::of("boolean", bytes, 1)?.bool()
}

/// A number as a topic has it.
pub(crate) fn word(n: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&n.to_be_bytes());
    word
}

pub(crate) fn decode_anchored(topics: &[[u8; 32]], data: &[u8]) -> Result<(u64, BatchFact, Sha256Digest)> {
    let indexed = topics.get(1..3).filter(|_| topics.len() == 3).ok_or(fault("Anchored", Problem::Length))?.concat();
    let mut indexed = Words::of("Anchored", &indexed, 2)?;
    let mut words = Words::of("Anchored", data, 5)?;
    let index = indexed.uint(8)?;
    let root = indexed.digest();
    let size = words.u32()?;
    let issuer = words.issuer()?;
    let alg = words.u8()?;
    let at = words.uint(8)?;
    let digest = words.digest();
    Ok((index, BatchFact { root, size, issuer, alg, time: time("Anchored", at)? }, digest))
}

pub(crate) fn decode_status_set(topics: &[[u8; 32]], data: &[u8]) -> Result<(u64, StatusFact)> {
    let indexed = topics.get(1..3).filter(|_| topics.len() == 3).ok_or(fault("StatusSet", Problem::Length))?.concat();
    let mut indexed = Words::of("StatusSet", &indexed, 2)?;
    let mut words = Words::of("StatusSet", data, 5)?;
    let index = indexed.uint(8)?;
    let key = indexed.digest();
    let live_version = words.u32()?;
    let revoked = words.bool()?;
    let reason = words.u8()?;
    let at = words.uint(8)?;
    let statement = words.digest();
    Ok((index, StatusFact { key, live_version, revoked, reason, time: time("StatusSet", at)?, statement }))
}

pub(crate) fn decode_statuses_set(topics: &[[u8; 32]], data: &[u8]) -> Result<(u64, u64, u64)> {
    let indexed = topics.get(1..2).filter(|_| topics.len() == 2).ok_or(fault("StatusesSet", Problem::Length))?.concat();
    let mut words = Words::of("StatusesSet", data, 2)?;
    Ok((Words::of("StatusesSet", &indexed, 1)?.uint(8)?, words.uint(8)?, words.uint(8)?))
}

pub(crate) fn decode_closed(data: &[u8]) -> Result<Closing> {
    let mut words = Words::of("Closed", data, 7)?;
    let (_, _, _, _) = (words.uint(8)?, words.digest(), words.uint(8)?, words.digest());
    let at = words.uint(8)?;
    Ok(Closing { statement: words.digest(), time: time("Closed", at)? })
}

/// What `closing()` returns: the closing and its digest; `None` while the era is open.
///
/// # Errors
/// For anything but three words, all zero or none.
pub fn decode_closing(bytes: &[u8]) -> Result<Option<(Closing, Sha256Digest)>> {
    let mut words = Words::of("closing", bytes, 3)?;
    let (at, statement, digest) = (words.uint(5)?, words.digest(), words.digest());
    match [at == 0, is_zero(&statement), is_zero(&digest)] {
        [true, true, true] => Ok(None),
        [false, false, false] => Ok(Some((Closing { statement, time: time("closing", at)? }, digest))),
        _ => Err(fault("closing", Problem::Contradiction)),
    }
}

/// What `predecessor()` returns; `None` for the first era.
///
/// # Errors
/// For anything but four words, all zero or none.
pub fn decode_predecessor(bytes: &[u8]) -> Result<Option<Predecessor>> {
    let mut words = Words::of("predecessor", bytes, 4)?;
    let (chain, contract) = (words.uint(8)?, words.address()?);
    let (closing, at) = (words.digest(), words.uint(8)?);
    match [chain == 0, *contract.as_bytes() == [0; 20], is_zero(&closing), at == 0] {
        [true, true, true, true] => Ok(None),
        [false, false, false, false] => {
            Ok(Some(Predecessor { chain, contract, closing, closed_at: time("predecessor", at)? }))
        }
        _ => Err(fault("predecessor", Problem::Contradiction)),
    }
}

/// What `issuer(code)` returns: first and end second, schools; `None` for a code that was never registered.
///
/// # Errors
/// For anything but the one ABI encoding of two numbers and at most 512 bytes of text.
pub fn decode_issuer(bytes: &[u8]) -> Result<Option<(u64, u64, String)>> {
    const MAX_SCHOOLS: u64 = 512;
    let (head, tail) = bytes.split_at_checked(128).ok_or(fault("issuer", Problem::Length))?;
    let mut words = Words::of("issuer", head, 4)?;
    let (from, until, offset, length) = (words.uint(5)?, words.uint(5)?, words.uint(8)?, words.uint(8)?);
    if offset != 96 || length > MAX_SCHOOLS {
        return Err(fault("issuer", Problem::Range));
    }
    let length = usize::try_from(length).map_err(|_| fault("issuer", Problem::Range))?;
    let (text, padding) = tail.split_at_checked(length).ok_or(fault("issuer", Problem::Length))?;
    if tail.len() != length.next_multiple_of(32) || padding.iter().any(|b| *b != 0) {
        return Err(fault("issuer", Problem::Length));
    }
    let schools = std::str::from_utf8(text).map_err(|_| fault("issuer", Problem::Range))?;
    if !schools.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b',' || b == b'*') {
        return Err(fault("issuer", Problem::Range));
    }
    match (from, until) {
        (0, 0) if schools.is_empty() => Ok(None),
        _ if until > from => Ok(Some((from, until, schools.to_owned()))),
        _ => Err(fault("issuer", Problem::Contradiction)),
    }
}

/// What `issuerAt(index)` returns.
///
/// # Errors
/// For anything but one issuer code.
pub fn decode_issuer_code(bytes: &[u8]) -> Result<IssuerCode> {
    Words::of("issuerAt", bytes, 1)?.issuer()
}

/// What `defaultAdmin()` returns.
///
/// # Errors
/// For anything but one address.
pub fn decode_address(bytes: &[u8]) -> Result<Address> {
    Words::of("address", bytes, 1)?.address()
}

/// What `pendingDefaultAdmin()` returns: who is named, and from when the hand-over can be accepted; `None` where nobody is.
///
/// # Errors
/// For anything but two words.
pub fn decode_hand_over(bytes: &[u8]) -> Result<Option<(Address, UnixTime)>> {
    let mut words = Words::of("pendingDefaultAdmin", bytes, 2)?;
    let (account, from) = (words.address()?, words.uint(6)?);
    if *account.as_bytes() == [0; 20] { Ok(None) } else { Ok(Some((account, time("pendingDefaultAdmin", from)?))) }
}

/// What a view of one number returns.
///
/// # Errors
/// For anything but one 64-bit number.
pub fn decode_number(bytes: &[u8]) -> Result<u64> {
    Words::of("number", bytes, 1)?.uint(8)
}

fn is_zero(digest: &Sha256Digest) -> bool {
    *digest.as_bytes() == [0; 32]
}

fn time(what: &'static str, seconds: u64) -> Result<UnixTime> {
    let seconds = i64::try_from(seconds).map_err(|_| fault(what, Problem::Range))?;
    UnixTime::from_seconds(seconds).map_err(|_| fault(what, Problem::Range))
}

/// ABI words of static types, each with all bits accounted for.
struct Words<'a> {
    what: &'static str,
    rest: &'a [[u8; 32]],
}

impl<'a> Words<'a> {
    fn of(what: &'static str, bytes: &'a [u8], count: usize) -> Result<Self> {
        match bytes.as_chunks::<32>() {
            (words, []) if words.len() == count => Ok(Self { what, rest: words }),
            _ => Err(fault(what, Problem::Length)),
        }
    }
    fn next(&mut self) -> &'a [u8; 32] {
        let (first, rest) = self.rest.split_first().expect("callers take no more words than they asked for");
        self.rest = rest;
        first
    }
    fn digest(&mut self) -> Sha256Digest {
        Sha256Digest::from_bytes(*self.next())
    }
    fn address(&mut self) -> Result<Address> {
        let (zeros, address) = self.next().split_at(12);
        if zeros.iter().any(|b| *b != 0) {
            return Err(fault(self.what, Problem::Range));
        }
        Ok(Address::from_bytes(address.try_into().expect("20 of 32 bytes")))
    }
    /// An unsigned number of at most `bytes` ≤ 8 bytes.
    fn uint(&mut self, bytes: usize) -> Result<u64> {
        let (zeros, number) = self.next().split_at(32 - bytes);
        if zeros.iter().any(|b| *b != 0) {
            return Err(fault(self.what, Problem::Range));
        }
        Ok(number.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }
    fn u32(&mut self) -> Result<u32> {
        Ok(u32::try_from(self.uint(4)?).expect("four bytes fit"))
    }
    fn u8(&mut self) -> Result<u8> {
        Ok(u8::try_from(self.uint(1)?).expect("one byte fits"))
    }
    fn bool(&mut self) -> Result<bool> {
        match self.uint(1)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(fault(self.what, Problem::Range)),
        }
    }
    fn issuer(&mut self) -> Result<IssuerCode> {
        let word = self.next();
        let (code, zeros) = word.split_first_chunk::<16>().expect("32 is more than 16");
        if zeros.iter().any(|b| *b != 0) {
            return Err(fault(self.what, Problem::Range));
        }
        IssuerCode::from_bytes16(code).map_err(|_| fault("issuer", Problem::Range))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_hex_numbers_of_64_bits() {
        let q = |v: Value| decode_quantity("q", &v).map_err(|e| e.problem);
        assert_eq!(q(json!("0x0")), Ok(0));
        assert_eq!(q(json!("0xffffffffffffffff")), Ok(u64::MAX));
        assert_eq!(q(json!("0x00000000000000000000000f")), Ok(15));
        assert_eq!(q(json!("0x10000000000000000")), Err(Problem::Range));
        assert_eq!(q(json!(format!("0x{}", "f".repeat(1 << 20)))), Err(Problem::Range));
        for not_hex in [json!("0x"), json!("12"), json!("0x+1"), json!("0x-1"), json!("0x 1"), json!("")] {
            assert_eq!(q(not_hex), Err(Problem::Hex));
        }
        for other in [json!(5), json!(null), json!(1e300), json!([]), json!({}), json!(true)] {
            assert_eq!(q(other), Err(Problem::Type));
        }
    }

    fn word(n: u64) -> [u8; 32] {
        let mut word = [0; 32];
        word[24..].copy_from_slice(&n.to_be_bytes());
        word
    }

    fn a_batch() -> Vec<u8> {
        let mut issuer = [0; 32];
        issuer[..8].copy_from_slice(b"so-hanoi");
        [[7; 32], word(3), word(1_700_000_000), word(1), issuer].concat()
    }

    #[test]
    fn a_page_of_batches_has_one_encoding() {
        let page = |n: u64, items: &[u8]| [&word(32)[..], &word(n), items].concat();
        let two = [a_batch(), a_batch()].concat();
        assert_eq!(decode_batches(&page(2, &two)).expect("page").len(), 2);
        assert_eq!(decode_batches(&page(0, &[])), Ok(vec![]));
        assert!(decode_batches(&[]).is_err());
        assert!(decode_batches(&page(1, &two)).is_err(), "surplus batch");
        assert!(decode_batches(&page(3, &two)).is_err(), "missing batch");
        assert!(decode_batches(&page(u64::MAX, &two)).is_err(), "count that overflows");
        assert!(decode_batches(&page(2, &two[..319])).is_err(), "torn");
        assert!(decode_batches(&[&word(64)[..], &word(0)].concat()).is_err(), "offset");
        assert!(decode_batches(&page(1001, &a_batch().repeat(1001))).is_err(), "more than a page");
    }

    #[test]
    fn every_bit_of_a_batch_is_accounted_for() {
        let good = a_batch();
        for (byte, why) in
            [(32, "size"), (64, "time"), (90, "time past 40 bits"), (96, "alg"), (126, "alg"), (150, "issuer tail")]
        {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            assert!(decode_batch(&bad).is_err(), "{why}");
        }
        let mut loud = good;
        loud[128] = b'S';
        assert_eq!(decode_batch(&loud).expect_err("capital letter").what, "issuer");
    }

    #[test]
    fn a_status_that_was_never_set_is_none() {
        assert_eq!(decode_status(&[0; 128]), Ok(None));
        let set = [word(2), word(1), word(4), word(1_700_000_000)].concat();
        assert!(decode_status(&set).expect("status").expect("set").revoked);
        assert!(decode_status(&[word(2), word(0), word(0), word(0)].concat()).is_err(), "version without reason");
        assert!(decode_status(&[word(2), word(2), word(4), word(0)].concat()).is_err(), "boolean 2");
    }

    #[test]
    fn receipts_without_status_and_type_are_read() {
        let hash = format!("0x{}", "11".repeat(32));
        let receipt = json!({ "transactionHash": hash, "blockNumber": "0x5", "blockHash": hash, "logs": [] });
        let read = decode_receipt(&receipt).expect("readable").expect("mined");
        assert_eq!((read.block, read.status, read.created), (5, None, None));
        assert_eq!(decode_receipt(&Value::Null), Ok(None));
        let with = |name: &str, value: Value| {
            let mut receipt = receipt.clone();
            receipt[name] = value;
            decode_receipt(&receipt)
        };
        assert_eq!(with("blockNumber", Value::Null), Ok(None));
        assert_eq!(with("status", json!("0x2")), Err(fault("status", Problem::Range)));
        assert_eq!(with("status", json!(true)), Err(fault("status", Problem::Type)));
        assert_eq!(with("logs", Value::Null), Err(fault("logs", Problem::Missing)));
        assert_eq!(with("logs", json!("0x")), Err(fault("logs", Problem::Type)));
        let log = json!({
            "address": format!("0x{}", "22".repeat(20)), "topics": [], "data": "0x", "blockNumber": "0x6",
            "blockHash": hash, "transactionHash": hash,
        });
        assert_eq!(with("logs", json!([log])), Err(fault("logs", Problem::Contradiction)));
    }
}
