//! A server that is not a node, or not a good one.

use std::time::Duration;

use hocba_chain::{HttpRpc, HttpRpcError, HttpSettings, Rpc, RpcError};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Answers every connection with these bytes, then hangs up; `None` never answers.
async fn server(answer: Option<Vec<u8>>) -> HttpRpc {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = format!("http://user:secret@{}/key", listener.local_addr().expect("address"));
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await;
            match &answer {
                Some(answer) => {
                    let _ = stream.write_all(answer).await;
                    let _ = stream.shutdown().await;
                }
                None => open.push(stream),
            }
        }
    });
    let settings = HttpSettings { timeout: Duration::from_millis(500), max_response: 1000 };
    HttpRpc::new(&address, settings).expect("address")
}

fn http(status: &str, headers: &str, body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes())
}

async fn ask(answer: Option<Vec<u8>>) -> Result<Value, RpcError> {
    server(answer).await.request("eth_chainId", json!([])).await
}

#[tokio::test]
async fn each_kind_of_failure_is_told_apart() {
    let good = r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#;
    assert_eq!(ask(http("200 OK", "", good)).await, Ok(json!("0x1")));
    assert_eq!(ask(http("200 OK", "", r#"{"jsonrpc":"2.0","id":2,"result":"0x1"}"#)).await, Err(RpcError::WrongId));
    assert_eq!(ask(http("200 OK", "Content-Type: text/html\r\n", "<html>login</html>")).await, Err(RpcError::Html));
    assert!(matches!(ask(http("200 OK", "", &good[..20])).await, Err(RpcError::NotJson { .. })));
    assert_eq!(ask(http("502 Bad Gateway", "", "<html>")).await, Err(RpcError::Http { status: 502 }));
    assert_eq!(
        ask(http("302 Found", "Location: http://127.0.0.1:1/\r\n", "")).await,
        Err(RpcError::Http { status: 302 })
    );
    assert_eq!(
        ask(http("429 Too Many Requests", "Retry-After: 7\r\n", "")).await,
        Err(RpcError::RateLimited { retry_after: Some(Duration::from_secs(7)) })
    );
    assert_eq!(
        ask(http("429 Too Many Requests", "Retry-After: soon\r\n", "")).await,
        Err(RpcError::RateLimited { retry_after: None })
    );
    assert!(matches!(ask(None).await, Err(RpcError::Timeout { .. })));
    assert!(matches!(
        ask(Some(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"json".to_vec())).await,
        Err(RpcError::Interrupted { .. })
    ));
    assert!(matches!(ask(Some(b"220 smtp ready\r\n".to_vec())).await, Err(RpcError::Interrupted { .. })));
    assert!(matches!(ask(Some(Vec::new())).await, Err(RpcError::Interrupted { .. })));
}

#[tokio::test]
async fn an_answer_past_the_limit_is_not_held_whatever_its_header_claims() {
    let long = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"{}"}}"#, "x".repeat(2000));
    assert_eq!(ask(http("200 OK", "", &long)).await, Err(RpcError::TooLarge { limit: 1000 }));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{long}").into_bytes();
    assert_eq!(ask(Some(endless)).await, Err(RpcError::TooLarge { limit: 1000 }));
}

#[tokio::test]
async fn a_node_that_is_not_there_saw_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = format!("http://{}", listener.local_addr().expect("address"));
    drop(listener);
    let rpc = HttpRpc::new(&address, HttpSettings::default()).expect("address");
    let error = rpc.request("eth_chainId", json!([])).await.expect_err("nobody there");
    assert!(matches!(error, RpcError::Unreachable { .. }), "{error}");
    assert!(!error.may_have_acted());
}

#[tokio::test]
async fn what_an_address_holds_in_secret_is_not_shown() {
    let rpc = server(Some(Vec::new())).await;
    let error = rpc.request("eth_chainId", json!([])).await.expect_err("hangs up");
    for text in [format!("{rpc:?}"), format!("{error} {error:?}")] {
        assert!(!text.contains("secret") && !text.contains("key"), "{text}");
    }
}

#[test]
fn addresses_that_cannot_work_are_refused_with_a_way_out() {
    let refusal = |url| HttpRpc::new(url, HttpSettings::default()).map(|_| ()).expect_err("refused");
    assert_eq!(refusal("localhost"), HttpRpcError::NotAUrl);
    assert_eq!(refusal("https://node.example/"), HttpRpcError::Scheme { scheme: "https".to_owned() });
    assert!(refusal("https://node.example/").to_string().contains("proxy"));
    assert_eq!(refusal("file:///etc/passwd"), HttpRpcError::Scheme { scheme: "file".to_owned() });
}
