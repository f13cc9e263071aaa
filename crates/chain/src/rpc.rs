//! The port to a node: one JSON-RPC 2.0 request, one answer.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use serde_json::{Value, json};

/// What an [`Rpc`] call gives back to wait for.
pub type RpcFuture<'a> = Pin<Box<dyn Future<Output = Result<Value, RpcError>> + Send + 'a>>;

/// A node, or what stands for one: [`HttpRpc`](crate::HttpRpc), [`EmbeddedChain`](crate::embedded::EmbeddedChain) or
/// [`ScriptedChain`](crate::testing::ScriptedChain). Object-safe, so several kinds can stand in one list.
pub trait Rpc: Send + Sync {
    /// Sends one request and gives the `result` member of the answer.
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a>;
}

impl<T: Rpc + ?Sized> Rpc for &T {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        (**self).request(method, params)
    }
}
impl<T: Rpc + ?Sized> Rpc for Arc<T> {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        (**self).request(method, params)
    }
}
impl<T: Rpc + ?Sized> Rpc for Box<T> {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        (**self).request(method, params)
    }
}

/// Why a request has no result. See [`RpcError::may_have_acted`] before repeating one that changes something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// No connection could be made; the node saw nothing.
    #[error("the node cannot be reached: {reason}")]
    Unreachable {
        /// What the transport said.
        reason: String,
    },
    /// No answer in time; the node may have acted.
    #[error("the node did not answer within {after:?}")]
    Timeout {
        /// The time allowed.
        after: Duration,
    },
    /// The connection broke before the whole answer came; the node may have acted.
    #[error("the connection to the node broke: {reason}")]
    Interrupted {
        /// What the transport said.
        reason: String,
    },
    /// The node asks for fewer requests.
    #[error("the node asks for fewer requests")]
    RateLimited {
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
    },
    /// Some other HTTP status than 200, redirects included.
    #[error("the node's HTTP server answered with status {status}")]
    Http {
        /// The status.
        status: u16,
    },
    /// A web page, so this is not the node: a login portal, a proxy's error page or a wrong address.
    #[error("a web page came instead of JSON-RPC: the address leads to something that is not the node")]
    Html,
    /// The answer is not JSON, or not all of it.
    #[error("the node's answer is not JSON: {reason}")]
    NotJson {
        /// What the parser said.
        reason: String,
    },
    /// JSON, but no JSON-RPC 2.0 answer.
    #[error("the node's answer is not JSON-RPC 2.0: {problem}")]
    NotJsonRpc {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The answer belongs to another request.
    #[error("the node's answer carries another request's id")]
    WrongId,
    /// The answer is longer than we are willing to hold.
    #[error("the node's answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The node refused the request.
    #[error("the node refused: {message} (code {code})")]
    Node {
        /// JSON-RPC error code.
        code: i64,
        /// What the refusal means, as far as its code and wording tell.
        class: NodeErrorClass,
        /// The node's words, cut to [`MAX_MESSAGE`] characters and without control characters.
        message: String,
        /// Revert data, where the node gave it.
        data: Option<Vec<u8>>,
    },
}

/// Longest node message that is kept. It goes to logs and screens, and the node chose it.
pub const MAX_MESSAGE: usize = 200;

/// Longest revert data that is kept: the largest custom error of the contract has 4 + 3 * 32 bytes.
pub const MAX_REVERT_DATA: usize = 4096;

/// What a node's refusal means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeErrorClass {
    /// The node holds this very transaction already: as good as accepted.
    AlreadyKnown,
    /// The nonce is used up: this or another transaction of the sender was mined.
    NonceTooLow,
    /// Earlier nonces of the sender are missing.
    NonceTooHigh,
    /// Another transaction with this nonce waits and pays as much or more.
    Underpriced,
    /// The sender cannot pay.
    InsufficientFunds,
    /// The call reverted.
    Reverted,
    /// The node does not know the method.
    MethodNotFound,
    /// The node does not have the block, or no longer its state.
    BlockUnavailable,
    /// Too many logs or too many blocks asked for at once.
    RangeTooLarge,
    /// Fewer requests, please.
    RateLimited,
    /// The node kept the transaction and could not pass it on: it has no peers now.
    NotRelayed,
    /// Anything else.
    Other,
}

impl NodeErrorClass {
    /// Reads code and wording of geth, Besu, ethereumjs and this crate's embedded chain.
    pub fn of(code: i64, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|w| message.contains(w));
        match code {
            3 => Self::Reverted,
            -32601 => Self::MethodNotFound,
            _ if says(&["no peer connection available"]) => Self::NotRelayed,
            _ if says(&[
                "already known",
                "known transaction",
                "already imported",
                "already exists in",
                "already in the txpool",
            ]) =>
            {
                Self::AlreadyKnown
            }
            _ if says(&["nonce too low", "nonce is too low", "nonce below", "lower than the account nonce"]) => {
                Self::NonceTooLow
            }
            _ if says(&["nonce too high", "nonce is too high", "nonce gap", "too distant"]) => Self::NonceTooHigh,
            _ if says(&[
                "underpriced",
                "gas price below",
                "gas price too low",
                "min gas price",
                "replacement gas too low",
                "less than block base fee",
            ]) =>
            {
                Self::Underpriced
            }
            _ if says(&["insufficient funds", "insufficient balance", "upfront cost"]) => Self::InsufficientFunds,
            _ if says(&["revert"]) => Self::Reverted,
            _ if says(&[
                "header not found",
                "unknown block",
                "block not found",
                "block greater than current height",
                "missing trie node",
                "not available",
                "not found in db",
                "does not contain state root",
                "pruned",
            ]) =>
            {
                Self::BlockUnavailable
            }
            _ if says(&["too many requests", "rate limit"]) => Self::RateLimited,
            // A limit, by EIP-1474; Besu says so of a transaction with more gas than a block has, too.
            -32005 if !says(&["gas"]) => Self::RangeTooLarge,
            _ if says(&[
                "range too large",
                "block range",
                "query returned more than",
                "exceeds the limit",
                "too many results",
            ]) =>
            {
                Self::RangeTooLarge
            }
            _ => Self::Other,
        }
    }
}

impl RpcError {
    /// A node's refusal, classed by [`NodeErrorClass::of`].
    pub fn node(code: i64, message: &str, data: Option<Vec<u8>>) -> Self {
        Self::Node { code, class: NodeErrorClass::of(code, message), message: printable(message), data }
    }
    /// The class of a refusal by the node itself.
    pub fn class(&self) -> Option<NodeErrorClass> {
        match self {
            Self::Node { class, .. } => Some(*class),
            _ => None,
        }
    }
    /// Whether the request may have taken effect all the same. A transaction that may have been taken is not lost:
    /// send the same bytes again, or look for its receipt.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::RateLimited { .. } => false,
            Self::Node { class, .. } => {
                use NodeErrorClass::{AlreadyKnown, NonceTooLow, NotRelayed};
                matches!(class, AlreadyKnown | NonceTooLow | NotRelayed)
            }
            _ => true,
        }
    }
}

fn printable(message: &str) -> String {
    message.chars().take(MAX_MESSAGE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The bytes of one request.
pub fn encode_request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string().into_bytes()
}

/// The `result` of one answer. Takes any bytes.
///
/// # Errors
/// For anything but a JSON-RPC 2.0 result with this id, and for the node's own refusals.
pub fn decode_response(id: u64, body: &[u8]) -> Result<Value, RpcError> {
    let answer: Value = serde_json::from_slice(body).map_err(|e| {
        let start = body.iter().find(|b| !b.is_ascii_whitespace());
        if start == Some(&b'<') { RpcError::Html } else { RpcError::NotJson { reason: printable(&e.to_string()) } }
    })?;
    let Value::Object(mut answer) = answer else { return Err(RpcError::NotJsonRpc { problem: "not an object" }) };
    if answer.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(RpcError::NotJsonRpc { problem: "the version is not 2.0" });
    }
    let error = answer.remove("error").filter(|e| !e.is_null());
    match answer.get("id") {
        Some(found) if found.as_u64() == Some(id) => {}
        // A server that could not read the id says null, and then only with an error.
        Some(Value::Null) if error.is_some() => {}
        _ => return Err(RpcError::WrongId),
    }
    match (answer.remove("result"), error) {
        (Some(Value::Null) | None, Some(error)) => Err(decode_refusal(&error)),
        (Some(_), Some(_)) => Err(RpcError::NotJsonRpc { problem: "both a result and an error" }),
        (Some(result), None) => Ok(result),
        (None, None) => Err(RpcError::NotJsonRpc { problem: "neither a result nor an error" }),
    }
}

fn decode_refusal(error: &Value) -> RpcError {
    let code = error.get("code").and_then(Value::as_i64);
    let message = error.get("message").and_then(Value::as_str);
    let (Some(code), Some(message)) = (code, message) else {
        return RpcError::NotJsonRpc { problem: "an error without code or message" };
    };
    // geth: a string; others wrap it in an object. What is longer or no hex is left out, it only explains.
    let data = error.get("data").and_then(|d| d.as_str().or_else(|| d.get("data").and_then(Value::as_str)));
    let data = data
        .and_then(|d| d.strip_prefix("0x"))
        .filter(|d| d.len() <= 2 * MAX_REVERT_DATA)
        .and_then(|d| hex::decode(d).ok());
    RpcError::node(code, message, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &str) -> Result<Value, RpcError> {
        decode_response(7, body.as_bytes())
    }

    #[test]
    fn a_result_is_taken_only_from_a_whole_answer_to_this_request() {
        assert_eq!(decode(r#"{"jsonrpc":"2.0","id":7,"result":"0x1"}"#), Ok(json!("0x1")));
        assert_eq!(decode(r#"{"jsonrpc":"2.0","id":7,"result":null}"#), Ok(Value::Null));
        assert_eq!(decode(r#"{"jsonrpc":"2.0","id":8,"result":"0x1"}"#), Err(RpcError::WrongId));
        assert_eq!(decode(r#"{"jsonrpc":"2.0","id":"7","result":"0x1"}"#), Err(RpcError::WrongId));
        assert_eq!(decode(r#"{"jsonrpc":"2.0","id":null,"result":"0x1"}"#), Err(RpcError::WrongId));
        assert_eq!(decode(r#"{"jsonrpc":"2.0","result":"0x1"}"#), Err(RpcError::WrongId));
        assert!(matches!(decode(r#"{"id":7,"result":"0x1"}"#), Err(RpcError::NotJsonRpc { .. })));
        assert!(matches!(decode(r#"{"jsonrpc":"1.0","id":7,"result":1}"#), Err(RpcError::NotJsonRpc { .. })));
        assert!(matches!(decode(r#"{"jsonrpc":"2.0","id":7}"#), Err(RpcError::NotJsonRpc { .. })));
        assert!(matches!(decode(r#"[{"jsonrpc":"2.0","id":7,"result":1}]"#), Err(RpcError::NotJsonRpc { .. })));
        assert!(matches!(
            decode(r#"{"jsonrpc":"2.0","id":7,"result":1,"error":{"code":1,"message":""}}"#),
            Err(RpcError::NotJsonRpc { .. })
        ));
    }

    #[test]
    fn pages_and_torn_answers_are_told_apart() {
        assert_eq!(decode("\n <!DOCTYPE html><h1>502 Bad Gateway</h1>"), Err(RpcError::Html));
        assert!(matches!(decode(r#"{"jsonrpc":"2.0","id":7,"resu"#), Err(RpcError::NotJson { .. })));
        assert!(matches!(decode(""), Err(RpcError::NotJson { .. })));
        assert!(matches!(decode("upstream connect error"), Err(RpcError::NotJson { .. })));
        assert!(matches!(decode(&"[".repeat(100_000)), Err(RpcError::NotJson { .. })));
    }

    #[test]
    fn a_refusal_is_classed_and_its_words_are_cut() {
        let refusal = |code: i64, message: &str| {
            let body = json!({ "jsonrpc": "2.0", "id": 7, "error": { "code": code, "message": message } });
            decode(&body.to_string()).expect_err("refusal")
        };
        for (message, class) in [
            ("already known", NodeErrorClass::AlreadyKnown),
            ("nonce too low: next nonce 5, tx nonce 4", NodeErrorClass::NonceTooLow),
            ("the tx doesn't have the correct nonce", NodeErrorClass::Other),
            ("replacement transaction underpriced", NodeErrorClass::Underpriced),
            ("insufficient funds for gas * price + value", NodeErrorClass::InsufficientFunds),
            ("execution reverted", NodeErrorClass::Reverted),
            ("header not found", NodeErrorClass::BlockUnavailable),
            ("query returned more than 10000 results", NodeErrorClass::RangeTooLarge),
            // Seen at @ethereumjs/client 0.9.0 (tests/network) and in Besu's sources.
            ("this transaction is already in the TxPool", NodeErrorClass::AlreadyKnown),
            ("replacement gas too low, got maxPriorityFeePerGas: 0", NodeErrorClass::Underpriced),
            ("specified block greater than current height", NodeErrorClass::BlockUnavailable),
            ("no peer connection available", NodeErrorClass::NotRelayed),
            ("value for 0xe0a0dc57 not found in DB", NodeErrorClass::BlockUnavailable),
            ("State trie does not contain state root", NodeErrorClass::BlockUnavailable),
        ] {
            assert_eq!(refusal(-32000, message).class(), Some(class), "{message}");
        }
        assert_eq!(refusal(-32601, "no").class(), Some(NodeErrorClass::MethodNotFound));
        let of_limits = |message| refusal(-32005, message).class();
        assert_eq!(of_limits("Requested range exceeds maximum range limit"), Some(NodeErrorClass::RangeTooLarge));
        assert_eq!(of_limits("Transaction gas limit exceeds block gas limit"), Some(NodeErrorClass::Other));
        assert!(refusal(-32603, "no peer connection available").may_have_acted());
        let RpcError::Node { message, .. } = refusal(-1, &"x\n\u{1b}[31m".repeat(1000)) else { panic!("refusal") };
        assert_eq!(message.chars().count(), MAX_MESSAGE);
        assert!(!message.chars().any(char::is_control));
        assert!(matches!(decode(r#"{"jsonrpc":"2.0","id":7,"error":"no"}"#), Err(RpcError::NotJsonRpc { .. })));
    }

    #[test]
    fn revert_data_is_kept_when_it_is_hex_of_reasonable_length() {
        let data = |data: Value| {
            let body = json!({"jsonrpc": "2.0", "id": 7, "error": {"code": 3, "message": "reverted", "data": data}});
            match decode(&body.to_string()) {
                Err(RpcError::Node { data, .. }) => data,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(data(json!("0x0102")), Some(vec![1, 2]));
        assert_eq!(data(json!({ "data": "0x0102" })), Some(vec![1, 2]));
        assert_eq!(data(json!("0x0")), None);
        assert_eq!(data(json!(5)), None);
        assert_eq!(data(json!(format!("0x{}", "00".repeat(MAX_REVERT_DATA + 1)))), None);
    }
}
