//! JSON-RPC: as much of it as the contract client and a page in a browser ask for.

use serde_json::{Map, Value, json};

use super::{
    BLOCK_GAS, CHAIN_ID, CLIENT_VERSION, EmbeddedChain, Refused,
    state::{Block, Call, Log, Mined, Outcome, State},
};
use crate::{
    contract::TxHash,
    decode::{DecodeError, decode_data, decode_fixed, decode_quantity},
    fees::Fee,
    transaction::{MAX_RAW, SignedTransaction},
};

/// Most requests in one batch.
const MAX_BATCH: usize = 100;
/// Most logs in one answer, as public nodes have it: 10,000 are about 10 MB.
const MAX_LOGS: usize = 10_000;
/// Most topics or addresses to choose from in one place of a filter.
const MAX_CHOICES: usize = 100;

#[derive(Debug)]
struct Failure {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl Failure {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
    fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }
    fn answer(self, id: &Value) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(data) = self.data {
            error["data"] = data;
        }
        json!({ "jsonrpc": "2.0", "id": id, "error": error })
    }
}
impl From<DecodeError> for Failure {
    fn from(e: DecodeError) -> Self {
        Self::params(format!("invalid argument: {}: {}", e.what, e.problem))
    }
}
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::new(-32000, refused.to_string())
    }
}

/// The answer to a body that is no JSON.
pub(super) fn parse_error() -> Value {
    Failure::new(-32700, "parse error").answer(&Value::Null)
}

pub(super) fn handle(chain: &EmbeddedChain, request: &Value) -> Value {
    let Value::Array(requests) = request else { return handle_one(chain, request) };
    if requests.is_empty() || requests.len() > MAX_BATCH {
        let message = format!("a batch holds 1 to {MAX_BATCH} requests");
        return Failure::new(-32600, message).answer(&Value::Null);
    }
    let answers: Vec<Value> = requests.iter().map(|r| handle_one(chain, r)).filter(|a| !a.is_null()).collect();
    if answers.is_empty() { Value::Null } else { Value::Array(answers) }
}

fn handle_one(chain: &EmbeddedChain, request: &Value) -> Value {
    let invalid = |message| Failure::new(-32600, message).answer(&Value::Null);
    let Value::Object(request) = request else { return invalid("a request is an object") };
    if request.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid("jsonrpc must be \"2.0\"");
    }
    let Some(method) = request.get("method").and_then(Value::as_str) else { return invalid("method is missing") };
    let id = match request.get("id") {
        None => return Value::Null,
        Some(id @ (Value::String(_) | Value::Number(_) | Value::Null)) => id,
        Some(_) => return invalid("id must be a string or a number"),
    };
    let params = match request.get("params") {
        None => &[][..],
        Some(Value::Array(params)) => params,
        Some(_) => return Failure::params("params must be an array").answer(id),
    };
    match dispatch(chain, method, params) {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(failure) => failure.answer(id),
    }
}

fn dispatch(chain: &EmbeddedChain, method: &str, params: &[Value]) -> Result<Value, Failure> {
    // Sending takes the lock for itself.
    if method == "eth_sendRawTransaction" {
        let raw = decode_data("transaction", argument(params, 0)?, MAX_RAW)?;
        return Ok(json!(chain.submit(&raw)?.to_string()));
    }
    let inner = chain.read();
    let state = &inner.state;
    Ok(match method {
        "web3_clientVersion" => json!(CLIENT_VERSION),
        "eth_chainId" => quantity(CHAIN_ID),
        "net_version" => json!(CHAIN_ID.to_string()),
        "net_listening" => json!(true),
        "eth_syncing" => json!(false),
        "eth_accounts" => json!([]),
        "eth_gasPrice" | "eth_maxPriorityFeePerGas" => quantity(0),
        "eth_blockNumber" => quantity(state.latest().number),
        "eth_getBlockByNumber" => match block_at(state, argument(params, 0)?)? {
            Some(block) => show_block(block, flag(params, 1)?)?,
            None => Value::Null,
        },
        "eth_getBlockByHash" => match state.block_by_hash(&decode_fixed("block hash", argument(params, 0)?)?) {
            Some(block) => show_block(block, flag(params, 1)?)?,
            None => Value::Null,
        },
        "eth_getTransactionCount" => quantity(account_at(state, params)?.nonce),
        "eth_getBalance" => json!(format!("0x{}", trimmed(&account_at(state, params)?.balance))),
        "eth_getCode" => {
            let block = known_block(state, params.get(1))?;
            hex_data(&state.code_at(&decode_fixed("address", argument(params, 0)?)?, block.number))
        }
        "eth_call" => {
            let (output, _) = call(state, params)?;
            hex_data(&output)
        }
        // A quarter on top: less than the whole is lent to inner calls, and refunds come only at the end.
        "eth_estimateGas" => quantity((call(state, params)?.1.saturating_mul(5) / 4).min(BLOCK_GAS)),
        "eth_getTransactionByHash" => match mined(state, params)? {
            Some((block, mined)) => show_transaction(block, mined)?,
            None => Value::Null,
        },
        "eth_getTransactionReceipt" => match mined(state, params)? {
            Some((block, mined)) => show_receipt(block, mined)?,
            None => Value::Null,
        },
        "eth_getLogs" => logs(state, argument(params, 0)?)?,
        _ => return Err(Failure::new(-32601, format!("the method {} does not exist", shortened(method)))),
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

fn argument(params: &[Value], place: usize) -> Result<&Value, Failure> {
    params.get(place).ok_or_else(|| Failure::params(format!("missing value for required argument {place}")))
}

fn flag(params: &[Value], place: usize) -> Result<bool, Failure> {
    match params.get(place) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Failure::params(format!("argument {place} must be true or false"))),
    }
}

fn block_at<'a>(state: &'a State, tag: &Value) -> Result<Option<&'a Block>, Failure> {
    Ok(match tag.as_str() {
        // A block is final as soon as it is there, and nothing is ever pending.
        Some("latest" | "pending" | "safe" | "finalized") => Some(state.latest()),
        Some("earliest") => state.block(0).map(|b| &**b),
        _ => state.block(decode_quantity("block number", tag)?).map(|b| &**b),
    })
}

/// The block of a state that is asked for: a tag, a number, or an object with one of them (EIP-1898).
fn known_block<'a>(state: &'a State, tag: Option<&Value>) -> Result<&'a Block, Failure> {
    let found = match tag {
        None | Some(Value::Null) => Some(&**state.latest()),
        Some(Value::Object(object)) => match (object.get("blockHash"), object.get("blockNumber")) {
            (Some(hash), None) => state.block_by_hash(&decode_fixed("block hash", hash)?).map(|b| &**b),
            (None, Some(number)) => block_at(state, number)?,
            _ => return Err(Failure::params("a block is named by blockHash or by blockNumber")),
        },
        Some(tag) => block_at(state, tag)?,
    };
    found.ok_or_else(|| Failure::new(-32000, "header not found"))
}

fn account_at(state: &State, params: &[Value]) -> Result<super::state::Basic, Failure> {
    let account = decode_fixed("address", argument(params, 0)?)?;
    Ok(state.basic_at(&account, known_block(state, params.get(1))?.number))
}

fn call(state: &State, params: &[Value]) -> Result<(Vec<u8>, u64), Failure> {
    let object = argument(params, 0)?.as_object().ok_or_else(|| Failure::params("a call is an object"))?;
    let get = |name| object.get(name).filter(|v: &&Value| !v.is_null());
    let zero = |v: &Value| v.as_str().is_some_and(|s| s.trim_start_matches("0x").bytes().all(|b| b == b'0'));
    if get("value").is_some_and(|v| !zero(v)) {
        return Err(Failure::params("calls with value are not supported, nobody has a balance here"));
    }
    let data = match (get("data"), get("input")) {
        (Some(a), Some(b)) if a != b => return Err(Failure::params("data and input differ")),
        (Some(data), _) | (None, Some(data)) => decode_data("data", data, MAX_RAW)?,
        (None, None) => Vec::new(),
    };
    let call = Call {
        from: get("from").map(|v| decode_fixed("from", v)).transpose()?.unwrap_or_default(),
        to: get("to").map(|v| decode_fixed("to", v)).transpose()?,
        data,
        gas: get("gas").map(|v| decode_quantity("gas", v)).transpose()?,
    };
    match state.call(call, known_block(state, params.get(1))?)? {
        Outcome::Returned { output, gas_spent } => Ok((output, gas_spent)),
        Outcome::Reverted { output } => {
            Err(Failure { code: 3, message: "execution reverted".into(), data: Some(hex_data(&output)) })
        }
        Outcome::Halted { reason } => Err(Failure::new(-32000, format!("execution halted: {reason}"))),
    }
}

fn mined<'a>(state: &'a State, params: &[Value]) -> Result<Option<(&'a Block, &'a Mined)>, Failure> {
    let hash = TxHash::from_bytes(decode_fixed("transaction hash", argument(params, 0)?)?);
    Ok(state.block_of(&hash).and_then(|block| Some((&**block, block.mined.as_ref()?))))
}

/// What logs are wanted: for each place the choices, none for any.
struct Filter {
    addresses: Vec<[u8; 20]>,
    topics: Vec<Vec<[u8; 32]>>,
}

impl Filter {
    fn read(filter: &Map<String, Value>) -> Result<Self, Failure> {
        let addresses = choices("address", filter.get("address").unwrap_or(&Value::Null))?;
        let topics = match filter.get("topics") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(topics)) if topics.len() <= 4 => {
                topics.iter().map(|t| choices("topics", t)).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(Failure::params("topics must be an array of at most 4")),
        };
        Ok(Self { addresses, topics })
    }
    fn wants(&self, log: &Log) -> bool {
        let chosen = self.addresses.is_empty() || self.addresses.contains(&log.address);
        chosen
            && self.topics.iter().enumerate().all(|(place, wanted)| match log.topics.get(place) {
                Some(topic) => wanted.is_empty() || wanted.contains(&topic.0),
                None => false,
            })
    }
}

fn choices<const N: usize>(what: &'static str, value: &Value) -> Result<Vec<[u8; N]>, Failure> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) if values.len() <= MAX_CHOICES => {
            values.iter().map(|v| Ok(decode_fixed(what, v)?)).collect()
        }
        Value::Array(_) => Err(Failure::params(format!("{what}: at most {MAX_CHOICES} to choose from"))),
        value => Ok(vec![decode_fixed(what, value)?]),
    }
}

fn logs(state: &State, filter: &Value) -> Result<Value, Failure> {
    let object = filter.as_object().ok_or_else(|| Failure::params("a filter is an object"))?;
    let filter = Filter::read(object)?;
    let bound = |name| -> Result<u64, Failure> {
        match object.get(name) {
            None | Some(Value::Null) => Ok(state.latest().number),
            // A range may end above the chain.
            Some(tag) => match block_at(state, tag)? {
                Some(block) => Ok(block.number),
                None => Ok(decode_quantity("block number", tag)?),
            },
        }
    };
    let (from, to) = match object.get("blockHash") {
        Some(hash) if !hash.is_null() => {
            if object.contains_key("fromBlock") || object.contains_key("toBlock") {
                return Err(Failure::params("blockHash goes without fromBlock and toBlock"));
            }
            let block = state.block_by_hash(&decode_fixed("block hash", hash)?);
            let block = block.ok_or_else(|| Failure::new(-32000, "unknown block"))?;
            (block.number, block.number)
        }
        _ => (bound("fromBlock")?, bound("toBlock")?),
    };
    if from > to {
        return Err(Failure::params("invalid block range: it ends before it begins"));
    }
    let mut found = Vec::new();
    for block in state.blocks(from, to) {
        let Some(mined) = &block.mined else { continue };
        for (place, log) in mined.logs.iter().enumerate().filter(|(_, log)| filter.wants(log)) {
            if found.len() == MAX_LOGS {
                return Err(Failure::new(-32005, format!("query returned more than {MAX_LOGS} results")));
            }
            found.push(show_log(block, mined, place, log));
        }
    }
    Ok(Value::Array(found))
}

fn quantity(n: u64) -> Value {
    json!(format!("{n:#x}"))
}
fn hex_data(bytes: &[u8]) -> Value {
    json!(format!("0x{}", hex::encode(bytes)))
}
fn trimmed(word: &[u8; 32]) -> String {
    let digits = hex::encode(word);
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}
fn zeros(bytes: usize) -> Value {
    hex_data(&vec![0; bytes])
}

fn show_block(block: &Block, whole: bool) -> Result<Value, Failure> {
    let show = |mined: &Mined| if whole { show_transaction(block, mined) } else { Ok(hex_data(&mined.hash)) };
    let transactions: Vec<Value> = block.mined.iter().map(show).collect::<Result<_, _>>()?;
    // Members that this chain has nothing to say in are zero: readers of blocks want them to be there.
    Ok(json!({
        "number": quantity(block.number),
        "hash": hex_data(&block.hash),
        "parentHash": hex_data(&block.parent),
        "timestamp": quantity(block.time),
        "transactions": transactions,
        "gasLimit": quantity(BLOCK_GAS),
        "gasUsed": quantity(block.mined.as_ref().map_or(0, |m| m.gas_used)),
        "baseFeePerGas": quantity(0),
        "miner": zeros(20),
        "difficulty": quantity(0),
        "totalDifficulty": quantity(0),
        "extraData": hex_data(b"hocba development"),
        "nonce": zeros(8),
        "mixHash": zeros(32),
        "sha3Uncles": zeros(32),
        "uncles": [],
        "stateRoot": zeros(32),
        "transactionsRoot": zeros(32),
        "receiptsRoot": zeros(32),
        "logsBloom": zeros(256),
        "size": quantity(0),
    }))
}

/// Only what can be read is mined; a file written by other hands may hold anything.
fn read_back(mined: &Mined) -> Result<SignedTransaction, Failure> {
    SignedTransaction::from_raw(&mined.raw).map_err(|_| Failure::new(-32000, "the stored transaction cannot be read"))
}

fn show_transaction(block: &Block, mined: &Mined) -> Result<Value, Failure> {
    let transaction = read_back(mined)?;
    let terms = transaction.terms();
    let (v, r, s) = transaction.signature();
    let mut shown = json!({
        "hash": hex_data(&mined.hash),
        "blockNumber": quantity(block.number),
        "blockHash": hex_data(&block.hash),
        "transactionIndex": quantity(0),
        "type": quantity(kind(&terms.fee)),
        "chainId": quantity(transaction.chain()),
        "from": transaction.from(),
        "to": transaction.to(),
        "nonce": quantity(terms.nonce),
        "gas": quantity(terms.gas),
        "gasPrice": wei(terms.fee.in_block(0)),
        "value": quantity(0),
        "input": hex_data(transaction.data()),
        "v": quantity(v),
        "r": format!("0x{}", trimmed(&r)),
        "s": format!("0x{}", trimmed(&s)),
    });
    if let Fee::Dynamic { max, tip } = terms.fee {
        shown["maxFeePerGas"] = wei(max).into();
        shown["maxPriorityFeePerGas"] = wei(tip).into();
        shown["accessList"] = json!([]);
    }
    Ok(shown)
}

/// The type of a transaction (EIP-2718).
fn kind(fee: &Fee) -> u64 {
    match fee {
        Fee::Legacy { .. } => 0,
        Fee::Dynamic { .. } => 2,
    }
}

fn wei(n: u128) -> String {
    format!("{n:#x}")
}

fn show_receipt(block: &Block, mined: &Mined) -> Result<Value, Failure> {
    let transaction = read_back(mined)?;
    let logs: Vec<Value> = mined.logs.iter().enumerate().map(|(i, log)| show_log(block, mined, i, log)).collect();
    Ok(json!({
        "transactionHash": hex_data(&mined.hash),
        "transactionIndex": quantity(0),
        "blockNumber": quantity(block.number),
        "blockHash": hex_data(&block.hash),
        "from": transaction.from(),
        "to": transaction.to(),
        "contractAddress": mined.created.map(|a| hex_data(&a)),
        "gasUsed": quantity(mined.gas_used),
        "cumulativeGasUsed": quantity(mined.gas_used),
        "effectiveGasPrice": wei(transaction.terms().fee.in_block(0)),
        "status": quantity(u64::from(mined.success)),
        "type": quantity(kind(&transaction.terms().fee)),
        "logsBloom": zeros(256),
        "logs": logs,
    }))
}

fn show_log(block: &Block, mined: &Mined, place: usize, log: &Log) -> Value {
    json!({
        "address": hex_data(&log.address),
        "topics": log.topics.iter().map(|t| hex_data(&t.0)).collect::<Vec<_>>(),
        "data": hex_data(&log.data),
        "blockNumber": quantity(block.number),
        "blockHash": hex_data(&block.hash),
        "transactionHash": hex_data(&mined.hash),
        "transactionIndex": quantity(0),
        "logIndex": quantity(place as u64),
        "removed": false,
    })
}
