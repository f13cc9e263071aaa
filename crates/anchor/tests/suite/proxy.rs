//! What stands between a client and an honest node and does harm: a server of HTTP that passes requests on to the node's
//! own, and hangs up, answers late, or lies as it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use ethers_core::utils::keccak256;
use hocba_chain::SignedTransaction;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What it does. Requests reach the node unless it says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum Mischief {
    /// Answers after so long.
    Late(Duration),
    /// Hangs up without passing the request on.
    HangsUpBefore,
    /// Passes the request on and hangs up.
    HangsUpAfter,
    /// The same for transactions only.
    LosesTheAnswer,
    /// Passes each request on twice, and gives the second answer.
    Twice,
    /// Answers with this status and a line of text.
    Status(u16),
    /// Answers with a web page.
    Page,
    /// Cuts answers off in the middle, by a length that fits.
    Torn,
    /// Answers another request.
    WrongId,
    /// Knows nothing after this block; passes transactions on.
    Old(u64),
    /// Says it is on another chain.
    OtherChain,
    /// Says the contract has another code.
    OtherCode,
    /// Takes transactions and forgets them.
    Forgets,
    /// The same, and gives a receipt by which the batch is anchored, after the pattern of this transaction's.
    Forges(String),
    /// Says that transactions are in the block after the one they are in.
    OtherBlock,
    /// Changes a bit of the first root in a list of batches.
    Root,
    /// Changes this bit of the register's digest.
    Digest(u8),
    /// Changes a bit of the statuses in the logs.
    Entry,
}

#[derive(Debug, Default)]
struct State {
    mischief: Option<Mischief>,
    /// The last transaction that was forgotten.
    forgotten: Option<SignedTransaction>,
}

/// The proxy. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Proxy {
    url: String,
    node: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Before the node at this URL, and well-behaved.
    pub async fn before(node: &str) -> Self {
        let node = node.trim_start_matches("http://").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let proxy = Self { url, node, state: Arc::default() };
        let server = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                // Ends with the connection; whoever hung up does not wait for an answer.
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn misbehave(&self, mischief: Mischief) {
        self.state.lock().expect("no panic").mischief = Some(mischief);
    }

    pub fn behave(&self) {
        self.state.lock().expect("no panic").mischief = None;
    }

    /// One request; `None`: somebody hung up.
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let request: Value = serde_json::from_slice(&read(&mut stream).await?).expect("our client sends JSON");
        let mischief = self.state.lock().expect("no panic").mischief.clone();
        let (mut status, mut kind) = (200, "application/json");
        let body = match &mischief {
            None => self.ask(&request).await?.to_string(),
            Some(Mischief::HangsUpBefore) => return None,
            Some(Mischief::HangsUpAfter) => {
                self.ask(&request).await?;
                return None;
            }
            Some(Mischief::LosesTheAnswer) if request["method"] == "eth_sendRawTransaction" => {
                self.ask(&request).await?;
                return None;
            }
            Some(Mischief::Late(wait)) => {
                let answer = self.ask(&request).await?;
                tokio::time::sleep(*wait).await;
                answer.to_string()
            }
            Some(Mischief::Twice) => {
                self.ask(&request).await?;
                self.ask(&request).await?.to_string()
            }
            Some(Mischief::Status(code)) => {
                (status, kind) = (*code, "text/plain");
                "not now".to_owned()
            }
            Some(Mischief::Page) => {
                kind = "text/html";
                "<!DOCTYPE html><title>Login</title>".to_owned()
            }
            Some(Mischief::Torn) => {
                let whole = self.ask(&request).await?.to_string();
                whole[..whole.len() / 2].to_owned()
            }
            Some(Mischief::WrongId) => {
                let mut answer = self.ask(&request).await?;
                answer["id"] = json!(request["id"].as_u64()? + 1);
                answer.to_string()
            }
            Some(other) => self.lie(other, request).await?.to_string(),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.ok()?;
        stream.shutdown().await.ok()
    }

    /// An answer that is well-formed and wrong.
    async fn lie(&self, mischief: &Mischief, mut request: Value) -> Option<Value> {
        let method = request["method"].as_str()?.to_owned();
        let (method, asked) = (method.as_str(), request["params"][0].clone());
        let answer = |result: Value| Some(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
        match (mischief, method) {
            (Mischief::OtherChain, "eth_chainId") => return answer(json!("0x539")),
            (Mischief::OtherCode, "eth_getCode") => return answer(json!("0x6000")),
            (Mischief::Forgets | Mischief::Forges(_), "eth_sendRawTransaction") => {
                let transaction = SignedTransaction::from_raw(&bytes(&asked)).expect("our client's");
                let hash = transaction.hash().to_string();
                self.state.lock().expect("no panic").forgotten = Some(transaction);
                return answer(json!(hash));
            }
            (Mischief::Forges(pattern), "eth_getTransactionReceipt") => {
                let forgotten = self.state.lock().expect("no panic").forgotten.clone();
                let forgotten = forgotten.filter(|transaction| asked == transaction.hash().to_string());
                if let Some(transaction) = forgotten {
                    let real = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [pattern] });
                    let receipt = self.ask(&real).await?["result"].take();
                    return answer(forged(receipt, &transaction));
                }
            }
            (Mischief::Old(block), "eth_blockNumber") => return answer(json!(format!("{block:#x}"))),
            (Mischief::Old(block), _) => {
                for param in request["params"].as_array_mut()?.iter_mut().filter(|param| **param == "latest") {
                    *param = json!(format!("{block:#x}"));
                }
            }
            _ => {}
        }
        let mut answer = self.ask(&request).await?;
        let result = &mut answer["result"];
        let called = bytes(&asked["data"]);
        let calls = |signature: &str| method == "eth_call" && called.starts_with(&keccak256(signature)[..4]);
        match mischief {
            Mischief::Old(block)
                if matches!(method, "eth_getTransactionReceipt" | "eth_getTransactionByHash")
                    && number(&result["blockNumber"]).is_some_and(|mined| mined > *block) =>
            {
                *result = Value::Null;
            }
            Mischief::OtherBlock if method == "eth_getTransactionReceipt" && !result.is_null() => {
                let other = json!(format!("{:#x}", number(&result["blockNumber"])? + 1));
                for log in result["logs"].as_array_mut()? {
                    log["blockNumber"] = other.clone();
                }
                result["blockNumber"] = other;
            }
            // Behind the offset and the length.
            Mischief::Root if calls("batches(uint64,uint64)") => flip(result, 2 * 32, 0),
            Mischief::Digest(bit) if calls("head()") => flip(result, 32, *bit),
            Mischief::Entry if method == "eth_getLogs" => {
                let topic = "StatusSet(uint64,bytes32,uint32,bool,uint8,uint64,bytes32)";
                let topic = json!(format!("0x{}", crate::common::hex(&keccak256(topic))));
                for log in result.as_array_mut()?.iter_mut().filter(|log| log["topics"][0] == topic) {
                    // The last bit of the live version.
                    flip(&mut log["data"], 31, 0);
                }
            }
            _ => {}
        }
        Some(answer)
    }

    /// Asks the node itself.
    async fn ask(&self, request: &Value) -> Option<Value> {
        let body = request.to_string();
        let mut stream = TcpStream::connect(self.node).await.ok()?;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        serde_json::from_slice(&answer[end + 4..]).ok()
    }
}

/// The body of a request.
async fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length: usize =
                head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
            if let Some(body) = request.get(end + 4..end + 4 + length) {
                return Some(body.to_vec());
            }
        }
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
}

/// The receipt of another anchoring as that of this transaction: its index, its root, its size.
fn forged(mut receipt: Value, transaction: &SignedTransaction) -> Value {
    let hash = json!(transaction.hash().to_string());
    let word = |n: usize| &transaction.data()[4 + 32 * n..4 + 32 * (n + 1)];
    receipt["transactionHash"] = hash.clone();
    for log in receipt["logs"].as_array_mut().expect("logs") {
        log["transactionHash"] = hash.clone();
        log["topics"][1] = json!(format!("0x{}", crate::common::hex(word(0))));
        log["topics"][2] = json!(format!("0x{}", crate::common::hex(word(2))));
        let size = [word(3), &bytes(&log["data"])[32..]].concat();
        log["data"] = json!(format!("0x{}", crate::common::hex(&size)));
    }
    receipt
}

/// The bytes of a `0x` text; none of anything else.
fn bytes(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap_or_default().trim_start_matches("0x").as_bytes();
    let pairs = digits.chunks_exact(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// Changes a bit of the byte at this place, where there is one.
fn flip(value: &mut Value, place: usize, bit: u8) {
    let mut found = bytes(value);
    if let Some(byte) = found.get_mut(place) {
        *byte ^= 1 << bit;
        *value = json!(format!("0x{}", crate::common::hex(&found)));
    }
}
