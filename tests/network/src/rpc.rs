//! As much of JSON-RPC over HTTP/1.1 as it takes to ask a node of ours how far it is. No client for real nodes: it
//! believes what it hears, and opens a connection for each request.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

/// For a connection, and then for each read and write. A node that computes a block answers nobody meanwhile.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Nobody answered.
    Unreachable(io::Error),
    /// The node refused.
    Refused {
        /// JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// Something else than JSON-RPC over HTTP came.
    NotUnderstood(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "the node does not answer: {error}"),
            Self::Refused { code, message } => write!(f, "the node refused: {message} (code {code})"),
            Self::NotUnderstood(answer) => write!(f, "the node's answer is no JSON-RPC: {answer}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}

/// Sends one request to a node on this machine (`http://127.0.0.1:PORT`) and gives its result.
///
/// # Errors
/// See [`Error`].
#[allow(clippy::needless_pass_by_value, reason = "callers write json!([..])")]
pub fn call(url: &str, method: &str, params: Value) -> Result<Value, Error> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let answer = post(address(url)?, &body)?;
    let mut answer: Value =
        serde_json::from_slice(&answer).map_err(|_| not_understood(&String::from_utf8_lossy(&answer)))?;
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        return Err(Error::Refused { code: error["code"].as_i64().unwrap_or_default(), message });
    }
    answer.get_mut("result").map(Value::take).ok_or_else(|| not_understood(&answer.to_string()))
}

/// The number that a result stands for.
///
/// # Errors
/// [`Error::NotUnderstood`] for anything but a `0x` number of up to 64 bits.
pub fn number(result: &Value) -> Result<u64, Error> {
    let digits = result.as_str().and_then(|text| text.strip_prefix("0x"));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| not_understood(&result.to_string()))
}

fn not_understood(answer: &str) -> Error {
    Error::NotUnderstood(answer.chars().take(200).collect())
}

fn address(url: &str) -> Result<SocketAddr, Error> {
    let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    address.and_then(|address| address.parse().ok()).ok_or_else(|| not_understood(&format!("to {url}")))
}

fn post(address: SocketAddr, body: &str) -> Result<Vec<u8>, Error> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    content(&answer)
}

/// The content of a whole HTTP answer (RFC 9112): by its length, in chunks, or to the end.
fn content(answer: &[u8]) -> Result<Vec<u8>, Error> {
    let wrong = || not_understood(&String::from_utf8_lossy(answer));
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(wrong)?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") {
        return Err(wrong());
    }
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let rest = &answer[end + 4..];
    if field("transfer-encoding") == Some("chunked") {
        return unchunked(rest).ok_or_else(wrong);
    }
    match field("content-length").map(str::parse) {
        None => Ok(rest.to_vec()),
        Some(Ok(length)) => rest.get(..length).map(<[u8]>::to_vec).ok_or_else(wrong),
        Some(Err(_)) => Err(wrong()),
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let digits = std::str::from_utf8(&rest[..line]).ok()?;
        let length = usize::from_str_radix(digits.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some(content);
        }
        rest = rest.get(line + 2..)?;
        content.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_taken_by_length_in_chunks_or_to_the_end() {
        let content = |answer: &str| content(answer.as_bytes()).ok().map(|c| String::from_utf8(c).expect("text"));
        assert_eq!(content("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").as_deref(), Some("{}"));
        assert_eq!(content("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n{}").as_deref(), Some("{}"));
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
        assert_eq!(content(chunks).as_deref(), Some("{}"));
        for wrong in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 404 Not Found\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n",
        ] {
            assert_eq!(content(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn addresses_are_those_of_our_nodes() {
        assert!(address("http://127.0.0.1:20000").is_ok());
        assert!(address("http://127.0.0.1:20000/").is_ok());
        assert!(address("https://127.0.0.1:20000").is_err());
        assert!(address("http://example.org").is_err());
    }

    #[test]
    fn numbers_are_hexadecimal() {
        assert_eq!(number(&json!("0x1f")).ok(), Some(31));
        for wrong in [json!("1f"), json!("0x"), json!(31), Value::Null] {
            assert!(number(&wrong).is_err(), "{wrong}");
        }
    }
}
