//! Accounts, blocks, and how one leads to the other.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    convert::Infallible,
    sync::Arc,
};

use ethers_core::utils::keccak256;
use revm::{
    Context, ExecuteEvm, MainBuilder, MainContext,
    bytecode::Bytecode,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, InvalidTransaction, Output},
    },
    database_interface::{DatabaseRef, WrapDatabaseRef},
    primitives::{Address, B256, Bytes, KECCAK_EMPTY, TxKind, U256, hardfork::SpecId},
    state::{AccountInfo, EvmState},
};
use serde::{Deserialize, Serialize};

use super::{BLOCK_GAS, CHAIN_ID, Refused};
use crate::{contract::TxHash, fees::Fee, transaction::SignedTransaction};

/// An account without its storage and code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Basic {
    pub(super) nonce: u64,
    #[serde(with = "hex_word")]
    pub(super) balance: [u8; 32],
    /// Keccak-256 of the code; `None` without code.
    #[serde(with = "hex_word_opt", default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<[u8; 32]>,
}

/// What a block did to one account: the values after it. What they were before is in the state it is applied to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[serde(with = "hex_address")]
    pub(super) account: [u8; 20],
    /// `None`: the account is gone.
    pub(super) after: Option<Basic>,
    /// Slots and their values in hex; all zero removes the slot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) slots: Vec<(Word, Word)>,
}

/// 32 bytes, in hex on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Word(#[serde(with = "hex_word")] pub(super) [u8; 32]);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    #[serde(with = "hex_address")]
    pub(super) address: [u8; 20],
    pub(super) topics: Vec<Word>,
    #[serde(with = "hex_bytes")]
    pub(super) data: Vec<u8>,
}

/// The transaction of a block and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mined {
    #[serde(with = "hex_bytes")]
    pub(super) raw: Vec<u8>,
    #[serde(with = "hex_word")]
    pub(super) hash: [u8; 32],
    pub(super) success: bool,
    pub(super) gas_used: u64,
    #[serde(with = "hex_address_opt", default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<[u8; 20]>,
    pub(super) logs: Vec<Log>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) number: u64,
    pub(super) time: u64,
    #[serde(with = "hex_word")]
    pub(super) parent: [u8; 32],
    #[serde(with = "hex_word")]
    pub(super) hash: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mined: Option<Mined>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<Change>,
    /// Code that was new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) codes: Vec<Code>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Code(#[serde(with = "hex_bytes")] pub(super) Vec<u8>);

impl Block {
    fn seal(mut self) -> Self {
        self.hash = self.digest();
        self
    }
    /// Keccak-256 over everything but itself.
    pub(super) fn digest(&self) -> [u8; 32] {
        let content = Block { hash: [0; 32], ..self.clone() };
        keccak256(serde_json::to_vec(&content).expect("a block has string keys only and no map"))
    }
}

/// What a block changed, from the other side: values before it.
#[derive(Debug, Default)]
struct Undo {
    accounts: Vec<([u8; 20], Option<Basic>)>,
    slots: Vec<([u8; 20], Word, [u8; 32])>,
}

#[derive(Debug, Default)]
struct Account {
    basic: Option<Basic>,
    storage: HashMap<[u8; 32], [u8; 32]>,
}

/// The chain as it stands.
#[derive(Debug)]
pub(super) struct State {
    accounts: HashMap<[u8; 20], Account>,
    codes: HashMap<[u8; 32], Bytecode>,
    blocks: Vec<Arc<Block>>,
    undo: Vec<Undo>,
    by_hash: HashMap<[u8; 32], u64>,
    by_transaction: HashMap<[u8; 32], u64>,
}

/// What a call came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Returned { output: Vec<u8>, gas_spent: u64 },
    Reverted { output: Vec<u8> },
    Halted { reason: String },
}

/// A call without a transaction.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) from: [u8; 20],
    pub(super) to: Option<[u8; 20]>,
    pub(super) data: Vec<u8>,
    pub(super) gas: Option<u64>,
}

impl State {
    /// A chain of one empty block.
    pub(super) fn new(time: u64) -> Self {
        let first = Block {
            number: 0,
            time,
            parent: [0; 32],
            hash: [0; 32],
            mined: None,
            changes: Vec::new(),
            codes: Vec::new(),
        };
        Self::from_first(first.seal())
    }

    pub(super) fn from_first(first: Block) -> Self {
        let mut state = Self {
            accounts: HashMap::new(),
            codes: HashMap::new(),
            blocks: Vec::new(),
            undo: Vec::new(),
            by_hash: HashMap::new(),
            by_transaction: HashMap::new(),
        };
        state.apply(first);
        state
    }

    pub(super) fn latest(&self) -> &Arc<Block> {
        self.blocks.last().expect("a chain has its first block")
    }
    pub(super) fn block(&self, number: u64) -> Option<&Arc<Block>> {
        self.blocks.get(usize::try_from(number).ok()?)
    }
    pub(super) fn block_by_hash(&self, hash: &[u8; 32]) -> Option<&Arc<Block>> {
        self.block(*self.by_hash.get(hash)?)
    }
    pub(super) fn block_of(&self, transaction: &TxHash) -> Option<&Arc<Block>> {
        self.block(*self.by_transaction.get(transaction.as_bytes())?)
    }
    pub(super) fn blocks(&self, from: u64, to: u64) -> &[Arc<Block>] {
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.blocks.len());
        let to = usize::try_from(to.saturating_add(1)).unwrap_or(usize::MAX).clamp(from, self.blocks.len());
        &self.blocks[from..to]
    }

    /// Whether this block can be the next one.
    pub(super) fn fits(&self, block: &Block) -> Result<(), &'static str> {
        let latest = self.latest();
        if latest.number.checked_add(1) != Some(block.number) || block.parent != latest.hash {
            return Err("it does not follow the block before it");
        }
        if block.time < latest.time {
            return Err("its time runs backwards");
        }
        if block.digest() != block.hash {
            return Err("its hash is not that of its content");
        }
        if block.mined.as_ref().is_some_and(|mined| keccak256(&mined.raw) != mined.hash) {
            return Err("its transaction has another hash");
        }
        Ok(())
    }

    /// Appends a block made by [`mine`](Self::mine) or read from disk. Cannot fail.
    pub(super) fn apply(&mut self, block: Block) {
        let mut undo = Undo::default();
        for Code(code) in &block.codes {
            self.codes.entry(keccak256(code)).or_insert_with(|| Bytecode::new_raw(Bytes::from(code.clone())));
        }
        for change in &block.changes {
            let account = self.accounts.entry(change.account).or_default();
            undo.accounts.push((change.account, account.basic));
            account.basic = change.after;
            for (slot, value) in &change.slots {
                let before = set(&mut account.storage, slot.0, value.0);
                undo.slots.push((change.account, *slot, before));
            }
        }
        self.by_hash.insert(block.hash, block.number);
        if let Some(mined) = &block.mined {
            self.by_transaction.insert(mined.hash, block.number);
        }
        self.undo.push(undo);
        self.blocks.push(Arc::new(block));
    }

    /// Takes back the latest blocks, but never the first; gives their transactions, oldest first.
    pub(super) fn rewind(&mut self, blocks: u64) -> Vec<Vec<u8>> {
        let mut transactions = Vec::new();
        for _ in 0..blocks.min(self.blocks.len() as u64 - 1) {
            let (Some(block), Some(undo)) = (self.blocks.pop(), self.undo.pop()) else { break };
            for (account, slot, before) in undo.slots.iter().rev() {
                set(&mut self.accounts.entry(*account).or_default().storage, slot.0, *before);
            }
            for (account, before) in undo.accounts.iter().rev() {
                self.accounts.entry(*account).or_default().basic = *before;
            }
            self.by_hash.remove(&block.hash);
            if let Some(mined) = &block.mined {
                self.by_transaction.remove(&mined.hash);
                transactions.push(mined.raw.clone());
            }
        }
        transactions.reverse();
        transactions
    }

    /// The next block, not yet part of the chain.
    pub(super) fn mine(&self, transaction: Option<&SignedTransaction>, now: u64) -> Result<Block, Refused> {
        let parent = self.latest();
        let mut block = Block {
            number: parent.number + 1,
            time: now.max(parent.time),
            parent: parent.hash,
            hash: [0; 32],
            mined: None,
            changes: Vec::new(),
            codes: Vec::new(),
        };
        let Some(transaction) = transaction else { return Ok(block.seal()) };
        if transaction.chain() != CHAIN_ID {
            return Err(Refused::Chain(transaction.chain()));
        }
        if self.block_of(&transaction.hash()).is_some() {
            return Err(Refused::AlreadyKnown);
        }
        let terms = transaction.terms();
        let environment = TxEnv {
            caller: Address::from(*transaction.from().as_bytes()),
            gas_limit: terms.gas,
            tx_type: u8::from(matches!(terms.fee, Fee::Dynamic { .. })) * 2,
            gas_price: terms.fee.most(),
            gas_priority_fee: match terms.fee {
                Fee::Legacy { .. } => None,
                Fee::Dynamic { tip, .. } => Some(tip),
            },
            kind: kind(transaction.to().map(|to| *to.as_bytes())),
            data: Bytes::copy_from_slice(transaction.data()),
            nonce: terms.nonce,
            chain_id: Some(CHAIN_ID),
            ..call_environment()
        };
        let view = self.view(parent.number);
        let (result, state) = execute(&view, environment, block.number, block.time, true).map_err(|e| match e {
            EVMError::Transaction(InvalidTransaction::NonceTooLow { tx, state }) => {
                Refused::NonceTooLow { next: state, found: tx }
            }
            EVMError::Transaction(InvalidTransaction::NonceTooHigh { tx, state }) => {
                Refused::NonceTooHigh { next: state, found: tx }
            }
            EVMError::Transaction(InvalidTransaction::LackOfFundForMaxFee { .. }) => {
                Refused::Invalid("insufficient funds for gas * price: this chain is free of charge, use price 0".into())
            }
            other => Refused::Invalid(other.to_string()),
        })?;
        let (changes, codes) = self.changes(state);
        block.changes = changes;
        block.codes = codes;
        block.mined = Some(Mined {
            raw: transaction.raw().to_vec(),
            hash: *transaction.hash().as_bytes(),
            success: result.is_success(),
            gas_used: result.tx_gas_used(),
            created: result.created_address().map(Address::into_array),
            logs: if result.is_success() { result.logs().iter().map(log).collect() } else { Vec::new() },
        });
        Ok(block.seal())
    }

    /// Tries a call on the state after this block, without changing anything.
    pub(super) fn call(&self, call: Call, at: &Block) -> Result<Outcome, Refused> {
        let view = self.view(at.number);
        let environment = TxEnv {
            caller: Address::from(call.from),
            gas_limit: call.gas.unwrap_or(BLOCK_GAS).min(BLOCK_GAS),
            kind: kind(call.to),
            data: call.data.into(),
            nonce: view.basic(&call.from).unwrap_or_default().nonce,
            chain_id: Some(CHAIN_ID),
            ..call_environment()
        };
        let (result, _) =
            execute(&view, environment, at.number, at.time, false).map_err(|e| Refused::Invalid(e.to_string()))?;
        Ok(match result {
            ExecutionResult::Success { gas, output, .. } => Outcome::Returned {
                output: match output {
                    Output::Call(bytes) | Output::Create(bytes, _) => bytes.to_vec(),
                },
                gas_spent: gas.total_gas_spent(),
            },
            ExecutionResult::Revert { output, .. } => Outcome::Reverted { output: output.to_vec() },
            ExecutionResult::Halt { reason, .. } => Outcome::Halted { reason: format!("{reason:?}") },
        })
    }

    pub(super) fn basic_at(&self, account: &[u8; 20], block: u64) -> Basic {
        self.view(block).basic(account).unwrap_or_default()
    }
    pub(super) fn code_at(&self, account: &[u8; 20], block: u64) -> Vec<u8> {
        let code = self.basic_at(account, block).code.and_then(|hash| self.codes.get(&hash));
        code.map_or_else(Vec::new, |code| code.original_bytes().to_vec())
    }

    /// The state after a block: the present one, with the values that later blocks replaced laid over it.
    fn view(&self, block: u64) -> View<'_> {
        let mut view = View { state: self, accounts: HashMap::new(), slots: HashMap::new() };
        let later = usize::try_from(block.saturating_add(1)).unwrap_or(usize::MAX).min(self.undo.len());
        // From the latest back, so that the value before the earliest of the later blocks stays.
        for undo in self.undo[later..].iter().rev() {
            view.accounts.extend(undo.accounts.iter().rev().copied());
            view.slots.extend(undo.slots.iter().rev().map(|(account, slot, before)| ((*account, slot.0), *before)));
        }
        view
    }

    fn changes(&self, state: EvmState) -> (Vec<Change>, Vec<Code>) {
        // Sorted, so that the same transaction on the same state makes the same block.
        let state: BTreeMap<_, _> = state.into_iter().filter(|(_, account)| account.is_touched()).collect();
        let mut changes = Vec::new();
        let mut codes: Vec<Code> = Vec::new();
        for (address, account) in state {
            let key = address.into_array();
            let known = self.accounts.get(&key);
            let mut slots: BTreeMap<[u8; 32], [u8; 32]> = BTreeMap::new();
            let gone = account.is_selfdestructed();
            if let Some(known) = known.filter(|_| gone || account.is_created()) {
                slots.extend(known.storage.keys().map(|slot| (*slot, [0; 32])));
            }
            if !gone {
                let changed = account.storage.iter().filter(|(_, slot)| slot.is_changed());
                slots.extend(changed.map(|(slot, value)| (slot.to_be_bytes(), value.present_value.to_be_bytes())));
            }
            let info = &account.info;
            let code = Some(info.code_hash.0).filter(|hash| *hash != KECCAK_EMPTY.0 && *hash != [0; 32]);
            if let Some((hash, code)) = code.zip(info.code.as_ref()) {
                let code = Code(code.original_bytes().to_vec());
                if !self.codes.contains_key(&hash) && !codes.iter().any(|known| known.0 == code.0) {
                    codes.push(code);
                }
            }
            // Since Spurious Dragon, touching an empty account removes it.
            let after = Some(Basic { nonce: info.nonce, balance: info.balance.to_be_bytes(), code })
                .filter(|_| !gone && !account.is_empty());
            let before = known.and_then(|known| known.basic);
            if after != before || !slots.is_empty() {
                let slots = slots.into_iter().map(|(slot, value)| (Word(slot), Word(value))).collect();
                changes.push(Change { account: key, after, slots });
            }
        }
        (changes, codes)
    }
}

fn set(storage: &mut HashMap<[u8; 32], [u8; 32]>, slot: [u8; 32], value: [u8; 32]) -> [u8; 32] {
    match storage.entry(slot) {
        Entry::Occupied(entry) if value == [0; 32] => entry.remove(),
        Entry::Occupied(mut entry) => entry.insert(value),
        Entry::Vacant(_) if value == [0; 32] => [0; 32],
        Entry::Vacant(entry) => {
            entry.insert(value);
            [0; 32]
        }
    }
}

fn kind(to: Option<[u8; 20]>) -> TxKind {
    to.map_or(TxKind::Create, |to| TxKind::Call(Address::from(to)))
}

fn log(log: &revm::primitives::Log) -> Log {
    Log {
        address: log.address.into_array(),
        topics: log.topics().iter().map(|t| Word(t.0)).collect(),
        data: log.data.data.to_vec(),
    }
}

fn call_environment() -> TxEnv {
    TxEnv {
        tx_type: 0,
        caller: Address::ZERO,
        gas_limit: BLOCK_GAS,
        gas_price: 0,
        kind: TxKind::Create,
        value: U256::ZERO,
        data: Bytes::new(),
        nonce: 0,
        chain_id: Some(CHAIN_ID),
        access_list: Vec::new().into(),
        gas_priority_fee: None,
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: Vec::new(),
    }
}

fn execute(
    view: &View<'_>,
    transaction: TxEnv,
    number: u64,
    time: u64,
    check_nonce: bool,
) -> Result<(ExecutionResult, EvmState), EVMError<Infallible>> {
    let mut evm = Context::mainnet()
        .with_db(WrapDatabaseRef(view))
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::MERGE);
            cfg.chain_id = CHAIN_ID;
            cfg.disable_nonce_check = !check_nonce;
        })
        .modify_block_chained(|block| {
            block.number = U256::from(number);
            block.timestamp = U256::from(time);
            block.gas_limit = BLOCK_GAS;
            block.basefee = 0;
            block.difficulty = U256::ZERO;
            block.prevrandao = Some(B256::ZERO);
        })
        .build_mainnet();
    let done = evm.transact(transaction)?;
    Ok((done.result, done.state))
}

struct View<'a> {
    state: &'a State,
    accounts: HashMap<[u8; 20], Option<Basic>>,
    slots: HashMap<([u8; 20], [u8; 32]), [u8; 32]>,
}

impl View<'_> {
    fn basic(&self, account: &[u8; 20]) -> Option<Basic> {
        match self.accounts.get(account) {
            Some(earlier) => *earlier,
            None => self.state.accounts.get(account).and_then(|a| a.basic),
        }
    }
}

impl DatabaseRef for View<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.basic(&address.into_array()).map(|basic| AccountInfo {
            balance: U256::from_be_bytes(basic.balance),
            nonce: basic.nonce,
            code_hash: basic.code.map_or(KECCAK_EMPTY, B256::from),
            code: None,
            ..AccountInfo::default()
        }))
    }
    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.state.codes.get(&hash.0).cloned().unwrap_or_default())
    }
    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let (account, slot) = (address.into_array(), slot.to_be_bytes());
        let value = match self.slots.get(&(account, slot)) {
            Some(earlier) => Some(earlier),
            None => self.state.accounts.get(&account).and_then(|a| a.storage.get(&slot)),
        };
        Ok(value.map_or(U256::ZERO, |value| U256::from_be_bytes(*value)))
    }
    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(self.state.block(number).map_or(B256::ZERO, |block| B256::from(block.hash)))
    }
}

macro_rules! hex_serde {
    ($name:ident, $type:ty, $decode:expr) => {
        mod $name {
            use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
            pub(super) fn serialize<S: Serializer>(bytes: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&hex::encode(bytes))
            }
            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let decode: fn(Vec<u8>) -> Option<$type> = $decode;
                let text = String::deserialize(deserializer)?;
                hex::decode(text).ok().and_then(decode).ok_or_else(|| D::Error::custom("not hex of the right length"))
            }
        }
    };
    ($name:ident, optional $inner:ident, $type:ty) => {
        mod $name {
            use serde::{Deserializer, Serializer};
            pub(super) fn serialize<S: Serializer>(value: &Option<$type>, serializer: S) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => super::$inner::serialize(value, serializer),
                    None => serializer.serialize_none(),
                }
            }
            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
                super::$inner::deserialize(deserializer).map(Some)
            }
        }
    };
}
hex_serde!(hex_bytes, Vec<u8>, Some);
hex_serde!(hex_word, [u8; 32], |bytes| bytes.try_into().ok());
hex_serde!(hex_address, [u8; 20], |bytes| bytes.try_into().ok());
hex_serde!(hex_word_opt, optional hex_word, [u8; 32]);
hex_serde!(hex_address_opt, optional hex_address, [u8; 20]);
