//! The whole way, in process and over HTTP.

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use common::{NOW, anchor, change, connected, deployed, digest, next_anchor, set_status, signer, stranger, terms};
use hocba_bundle::facts::Address;
use hocba_chain::{
    AnchorClient, ClientError, Deployment, Event, Finality, HttpRpc, HttpSettings, NodeErrorClass, Revert, Role, Rpc,
    RpcError, code_digest, contract_address,
    embedded::{CHAIN_ID, CLIENT_VERSION, EmbeddedChain, ServeError, serve},
    transaction::{ANCHOR_GAS, set_status_gas},
};
use hocba_record::encoding::Sha256Digest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn in_memory() -> EmbeddedChain {
    EmbeddedChain::in_memory(|| NOW)
}

async fn over_http() -> (EmbeddedChain, String) {
    let chain = in_memory();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = format!("http://{}/", listener.local_addr().expect("address"));
    tokio::spawn(serve(chain.clone(), listener));
    (chain, address)
}

async fn the_whole_story<R: Rpc>(client: AnchorClient<R>) {
    let empty = client.facts(Finality::Instant).await.expect("facts");
    assert!(empty.batches.is_empty());
    empty.check().expect("an empty register has its genesis digests");

    for n in 0..5 {
        let receipt = anchor(&client, &format!("batch {n}")).await;
        let Some(Event::Anchored { index, batch, digest: head }) = receipt.anchored() else { panic!("{receipt:?}") };
        assert_eq!((*index, batch.root, batch.issuer.as_str()), (n, digest(&format!("batch {n}")), "so-hanoi"));
        assert_eq!(client.head().await.expect("head").digest, *head);
    }
    let receipt = set_status(&client, &[change("an", 2, false), change("binh", 0, true)]).await;
    assert_eq!(receipt.statuses().map(|(index, _)| index).collect::<Vec<_>>(), [0, 1]);
    set_status(&client, &[change("an", 3, true)]).await;

    let stored = client.status(&digest("an")).await.expect("answer").expect("set");
    assert_eq!((stored.live_version, stored.revoked, stored.reason), (3, true, 2));
    assert_eq!(client.status(&digest("chi")).await.expect("answer"), None);
    assert!(
        client.has_role(&Role::Anchorer("so-hanoi".parse().expect("code")), &signer().address()).await.expect("answer")
    );
    assert!(
        !client
            .has_role(&Role::Anchorer("so-hanoi".parse().expect("code")), &stranger().address())
            .await
            .expect("answer")
    );
    // A tree of one leaf: the root is the leaf. These batches say they have more.
    assert!(!client.verify_inclusion(0, &digest("batch 0"), 0, &[]).await.expect("answer"));
    assert_eq!(client.batch(3).await.expect("answer").root, digest("batch 3"));
    let unknown = client.verify_inclusion(9, &digest("x"), 0, &[]).await;
    assert_eq!(unknown, Err(ClientError::Reverted(Revert::UnknownBatch { index: 9, count: 5 })));

    let facts = client.facts(Finality::Instant).await.expect("facts");
    assert_eq!((facts.batches.len(), facts.statuses.as_ref().map(Vec::len)), (5, Some(3)));
    assert_eq!((facts.chain, facts.code), (CHAIN_ID, code_digest()));
    let checked = facts.clone().check().expect("the digests are the contract's");
    assert!(checked.has_statuses());
    let mut changed = facts.clone();
    changed.batches[2].size += 1;
    assert!(changed.check().is_err());
    let mut shorter = facts.clone();
    shorter.statuses.as_mut().expect("statuses").remove(1);
    assert!(shorter.check().is_err());

    // Three blocks earlier there were no statuses yet, and the same question about then has another answer.
    let deep = client.facts(Finality::Depth(3)).await.expect("facts");
    assert_eq!((deep.block + 3, deep.batches.len(), deep.statuses.as_ref().map(Vec::len)), (facts.block, 4, Some(0)));
    deep.clone().check().expect("they were the contract's then");
    let caught_up = client.facts_after(&deep, Finality::Instant).await.expect("facts");
    assert_eq!(caught_up, facts);
    let too_deep = client.facts(Finality::Depth(1000)).await;
    assert_eq!(too_deep, Err(ClientError::TooYoung { latest: facts.block, depth: 1000 }));
}

#[tokio::test]
async fn the_whole_story_in_process() {
    the_whole_story(connected(in_memory()).await).await;
}

#[tokio::test]
async fn the_whole_story_over_http() {
    let (_, address) = over_http().await;
    the_whole_story(connected(HttpRpc::new(&address, HttpSettings::default()).expect("address")).await).await;
}

#[tokio::test]
async fn more_than_a_page_of_batches_and_many_statuses_are_read_whole() {
    let clock = Arc::new(AtomicU64::new(NOW));
    let chain = EmbeddedChain::in_memory({
        let clock = Arc::clone(&clock);
        move || clock.fetch_add(1, Ordering::Relaxed)
    });
    let client = connected(chain).await;
    for n in 0..1003 {
        anchor(&client, &format!("batch {n}")).await;
    }
    let changes: Vec<_> = (0..1000).map(|n| change(&format!("pupil {n}"), 1, false)).collect();
    let receipt = set_status(&client, &changes).await;
    assert_eq!(receipt.statuses().count(), 1000);
    set_status(&client, &[change("pupil 5", 2, false)]).await;
    let facts = client.facts(Finality::Instant).await.expect("facts");
    assert_eq!((facts.batches.len(), facts.statuses.as_ref().map(Vec::len)), (1003, Some(1001)));
    facts.check().expect("the digests are the contract's");
}

#[tokio::test]
async fn every_refusal_of_the_contract_has_its_own_name() {
    let client = connected(in_memory()).await;
    anchor(&client, "first").await;
    let good = next_anchor(&client, "second").await;
    let head = client.head().await.expect("head");
    let refusal = async |signer, anchor| {
        let transaction =
            client.prepare_anchor(signer, anchor, terms(&client, signer, ANCHOR_GAS).await).expect("signed");
        match client.rehearse(&transaction).await {
            Err(ClientError::Reverted(reason)) => reason,
            other => panic!("{other:?}"),
        }
    };
    let me = &signer();
    let anchorer = Role::Anchorer("so-hanoi".parse().expect("code"));
    let other = Sha256Digest::of(b"another head");
    let mut bad = good.clone();
    bad.previous = other;
    assert_eq!(refusal(me, &bad).await, Revert::PrevDigestMismatch { expected: other, found: head.digest });
    let mut bad = good.clone();
    bad.index = 0;
    assert_eq!(refusal(me, &bad).await, Revert::IndexMismatch { expected: 0, found: 1 });
    let mut bad = good.clone();
    bad.size = 0;
    assert_eq!(refusal(me, &bad).await, Revert::BadBatch { name: "SizeOutOfRange" });
    let mut bad = good.clone();
    bad.alg = 2;
    assert_eq!(refusal(me, &bad).await, Revert::BadBatch { name: "UnsupportedAlg" });
    assert_eq!(
        refusal(&stranger(), &good).await,
        Revert::NotAuthorised { role: anchorer.id(), account: stranger().address() }
    );

    set_status(&client, &[change("an", 2, true)]).await;
    let refusal = async |index, changes: &[_]| {
        let terms = terms(&client, me, set_status_gas(changes.len())).await;
        let transaction = client.prepare_set_status(me, index, changes, terms).expect("signed");
        match client.rehearse(&transaction).await {
            Err(ClientError::Reverted(reason)) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refusal(0, &[change("x", 1, false)]).await, Revert::StatusIndexMismatch { expected: 0, found: 1 });
    assert_eq!(
        refusal(1, &[change("x", 1, false), change("an", 1, true)]).await,
        Revert::BadChange { name: "LiveVersionLowered", position: 1 }
    );
    assert_eq!(
        refusal(1, &[change("an", 2, false)]).await,
        Revert::BadChange { name: "RevocationCleared", position: 0 }
    );
}

#[tokio::test]
async fn a_mined_transaction_without_our_event_did_nothing_and_says_why() {
    let client = connected(in_memory()).await;
    let mut anchor = next_anchor(&client, "late").await;
    anchor.previous = digest("a head that is gone");
    let transaction =
        client.prepare_anchor(&signer(), &anchor, terms(&client, &signer(), ANCHOR_GAS).await).expect("signed");
    let receipt = common::send(&client, &transaction).await;
    assert!(!receipt.succeeded());
    let why = client.why_without_effect(&transaction, receipt.block).await.expect("answer");
    assert!(matches!(why, Some(Revert::PrevDigestMismatch { .. })), "{why:?}");
    // The state it failed on stays what it was for this question, whatever comes later.
    common::anchor(&client, "next").await;
    assert_eq!(client.why_without_effect(&transaction, receipt.block).await.expect("answer"), why);
}

#[tokio::test]
async fn another_chain_another_code_and_no_contract_are_told_apart() {
    let chain = in_memory();
    let right = deployed(&chain).await;
    let connect = async |deployment| AnchorClient::connect(chain.clone(), deployment).await.map(|_| ());
    assert_eq!(connect(right).await, Ok(()));
    let nobody = Address::from_bytes([9; 20]);
    assert_eq!(
        connect(Deployment { chain: 1, ..right }).await,
        Err(ClientError::ChainMismatch { expected: 1, found: CHAIN_ID })
    );
    assert_eq!(
        connect(Deployment { contract: nobody, ..right }).await,
        Err(ClientError::NoContract { contract: nobody })
    );
    let other = digest("another code");
    assert_eq!(
        connect(Deployment { code: other, ..right }).await,
        Err(ClientError::CodeMismatch { expected: other, found: right.code })
    );
    assert_eq!(right.contract, contract_address(&signer().address(), 0));
}

#[tokio::test]
async fn nonces_follow_each_other_and_a_second_copy_is_known() {
    let client = connected(in_memory()).await;
    let transaction = common::signed_anchor(&client, "one").await;
    let mut far = transaction.terms();
    far.nonce += 1;
    let early = client.prepare_anchor(&signer(), &next_anchor(&client, "two").await, far).expect("signed");
    let class = |result: Result<_, ClientError>| match result {
        Err(ClientError::Rpc(e)) => e.class(),
        other => panic!("{other:?}"),
    };
    assert_eq!(class(client.broadcast(&early).await), Some(NodeErrorClass::NonceTooHigh));
    common::send(&client, &transaction).await;
    assert_eq!(client.broadcast(&transaction).await, Ok(hocba_chain::Broadcast::AlreadyKnown));
    let rival =
        client.prepare_anchor(&signer(), &next_anchor(&client, "rival").await, transaction.terms()).expect("signed");
    assert_eq!(class(client.broadcast(&rival).await), Some(NodeErrorClass::NonceTooLow));
}

#[tokio::test]
async fn a_clock_that_runs_backwards_does_not_take_block_time_with_it() {
    let clock = Arc::new(AtomicU64::new(NOW));
    let chain = EmbeddedChain::in_memory({
        let clock = Arc::clone(&clock);
        move || clock.load(Ordering::Relaxed)
    });
    let client = connected(chain).await;
    clock.store(NOW + 60, Ordering::Relaxed);
    anchor(&client, "in time").await;
    clock.store(5, Ordering::Relaxed);
    anchor(&client, "after the clock was set back").await;
    let facts = client.facts(Finality::Instant).await.expect("facts");
    let times: Vec<_> = facts.batches.iter().map(|b| b.time.seconds().unsigned_abs()).collect();
    assert_eq!(times, [NOW + 60, NOW + 60]);
    facts.check().expect("times are in order");
}

/// A client that is not ours. It speaks no TLS here, but has to be given one to be built.
fn browser() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.expect("versions").with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("client")
}

async fn post(address: &str, body: &str) -> (u16, Value) {
    let response = browser().post(address).body(body.to_owned()).send().await.expect("answer");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.expect("body")).unwrap_or(Value::Null))
}

#[tokio::test]
async fn the_server_answers_malformed_requests_in_the_words_of_json_rpc() {
    let (_, address) = over_http().await;
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        ("<html>", -32700),
        ("\u{0}", -32700),
        ("[]", -32600),
        ("5", -32600),
        (r#"{"id":1,"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_coinbase"}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getCode","params":{}}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getCode","params":[]}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getCode","params":["0x00"]}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"gas":"0xfffffffffffffffffffff"}]}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x9","toBlock":"0x1"}]}"#, -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02c0"]}"#, -32000),
    ] {
        let (status, answer) = post(&address, body).await;
        assert_eq!((status, answer["error"]["code"].as_i64()), (200, Some(code)), "{body}: {answer}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(post(&address, &deep).await.1["error"]["code"], -32700);
    let long = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(1 << 20));
    assert_eq!(post(&address, &long).await.0, 413);
}

#[tokio::test]
async fn the_server_answers_batches_notifications_and_a_browsers_questions() {
    let (chain, address) = over_http().await;
    let deployment = deployed(&chain).await;
    let (_, answer) = post(
        &address,
        r#"[{"jsonrpc":"2.0","id":"a","method":"web3_clientVersion"},
            {"jsonrpc":"2.0","method":"eth_blockNumber"},
            {"jsonrpc":"2.0","id":2,"method":"eth_blockNumber"}]"#,
    )
    .await;
    assert_eq!(
        answer,
        json!([
            { "jsonrpc": "2.0", "id": "a", "result": CLIENT_VERSION },
            { "jsonrpc": "2.0", "id": 2, "result": "0x4" },
        ])
    );
    assert!(CLIENT_VERSION.contains("NOT FOR PRODUCTION"));
    assert_eq!(post(&address, r#"{"jsonrpc":"2.0","method":"eth_blockNumber"}"#).await, (204, Value::Null));

    let ask = async |method: &str, params: Value| chain.request(method, params).await;
    for tag in ["latest", "finalized", "safe", "pending", "0x4"] {
        assert_eq!(ask("eth_getBlockByNumber", json!([tag, false])).await.expect("block")["number"], "0x4");
    }
    assert_eq!(ask("eth_getBlockByNumber", json!(["earliest", true])).await.expect("block")["number"], "0x0");
    assert_eq!(ask("eth_getBlockByNumber", json!(["0x5", true])).await, Ok(Value::Null));
    let block = ask("eth_getBlockByNumber", json!(["0x1", true])).await.expect("block");
    assert_eq!(ask("eth_getBlockByHash", json!([block["hash"], true])).await, Ok(block.clone()));
    let transaction = &block["transactions"][0];
    assert_eq!(transaction["from"], signer().address().to_string());
    assert_eq!(ask("eth_getTransactionByHash", json!([transaction["hash"]])).await.as_ref(), Ok(transaction));
    let receipt = ask("eth_getTransactionReceipt", json!([transaction["hash"]])).await.expect("receipt");
    assert_eq!(receipt["contractAddress"], deployment.contract.to_string());
    assert_eq!(receipt["status"], "0x1");
    // Types of the library family read what this chain shows.
    serde_json::from_value::<ethers_core::types::Block<ethers_core::types::Transaction>>(block.clone()).expect("block");
    serde_json::from_value::<ethers_core::types::TransactionReceipt>(receipt).expect("receipt");

    let code = |block| json!([deployment.contract, block]);
    assert_eq!(ask("eth_getCode", code("0x0")).await, Ok(json!("0x")), "it was not there in the first block");
    assert!(ask("eth_getCode", code("0x1")).await.expect("code").as_str().expect("hex").len() > 1000);
    assert!(matches!(
        ask("eth_getCode", code("0x5")).await,
        Err(RpcError::Node { class: NodeErrorClass::BlockUnavailable, .. })
    ));
    assert_eq!(ask("eth_getBalance", json!([signer().address(), "latest"])).await, Ok(json!("0x0")));
    assert_eq!(ask("eth_gasPrice", json!([])).await, Ok(json!("0x0")));
    assert_eq!(ask("net_version", json!([])).await, Ok(json!(CHAIN_ID.to_string())));
    let all = ask("eth_getLogs", json!([{ "fromBlock": "0x0" }])).await.expect("logs");
    assert_eq!(all.as_array().map(Vec::len), Some(4), "the administration, and three roles");
    let role = |place: usize| all[place]["topics"][1].clone();
    assert_ne!(role(0), role(1));
    let either = json!([{ "fromBlock": "0x0", "topics": [null, [role(0), role(1)]] }]);
    assert_eq!(ask("eth_getLogs", either).await.expect("logs").as_array().map(Vec::len), Some(2));
    let nobody = json!([{ "fromBlock": "0x0", "address": Address::from_bytes([9; 20]) }]);
    assert_eq!(ask("eth_getLogs", nobody).await, Ok(json!([])));

    let options = browser().request(reqwest::Method::OPTIONS, &address).send().await.expect("answer");
    assert_eq!(options.status(), 204);
    assert_eq!(options.headers()["access-control-allow-headers"], "content-type");
}

#[tokio::test]
async fn an_estimate_is_enough_and_a_price_nobody_can_pay_is_refused() {
    let client = connected(in_memory()).await;
    let anchor = next_anchor(&client, "x").await;
    let priced = hocba_chain::Terms {
        fee: hocba_chain::Fee::Legacy { price: 1 },
        ..terms(&client, &signer(), ANCHOR_GAS).await
    };
    let transaction = client.prepare_anchor(&signer(), &anchor, priced).expect("signed");
    match client.broadcast(&transaction).await {
        Err(ClientError::Rpc(e)) => assert_eq!(e.class(), Some(NodeErrorClass::InsufficientFunds)),
        other => panic!("{other:?}"),
    }
    let data = format!("0x{}", hex::encode(transaction.data()));
    let call = json!([{ "from": signer().address(), "to": transaction.to(), "data": data }]);
    let estimate = client.rpc().request("eth_estimateGas", call).await.expect("estimate");
    let gas = u64::from_str_radix(estimate.as_str().expect("hex").trim_start_matches("0x"), 16).expect("number");
    let terms = terms(&client, &signer(), gas).await;
    let transaction = client.prepare_anchor(&signer(), &anchor, terms).expect("signed");
    let receipt = common::send(&client, &transaction).await;
    assert!(receipt.succeeded());
    assert!(receipt.gas_used.expect("gas") <= gas && gas < ANCHOR_GAS);
}

#[tokio::test]
async fn the_server_listens_on_this_machine_only() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("port");
    assert!(matches!(serve(in_memory(), listener).await, Err(ServeError::NotLoopback(_))));
}

#[tokio::test]
async fn the_gas_we_give_is_more_than_enough_and_not_absurd() {
    let chain = in_memory();
    let deployment = deployed(&chain).await;
    let block = chain.request("eth_getBlockByNumber", json!(["0x1", false])).await.expect("block");
    let deploy =
        u64::from_str_radix(block["gasUsed"].as_str().expect("hex").trim_start_matches("0x"), 16).expect("hex");
    let client = AnchorClient::connect(chain, deployment).await.expect("connection");
    let first = anchor(&client, "one").await.gas_used.expect("gas");
    let second = anchor(&client, "two").await.gas_used.expect("gas");
    let one = set_status(&client, &[change("an", 1, false)]).await.gas_used.expect("gas");
    let many: Vec<_> = (0..1000).map(|n| change(&format!("pupil {n}"), 1, false)).collect();
    let thousand = set_status(&client, &many).await.gas_used.expect("gas");
    println!("deploy {deploy}, anchor {first} then {second}, status {one}, a thousand {thousand}");
    for (used, given) in [
        (deploy, hocba_chain::transaction::DEPLOY_GAS),
        (first.max(second), ANCHOR_GAS),
        (one, set_status_gas(1)),
        (thousand, set_status_gas(1000)),
    ] {
        assert!(used * 5 / 4 < given && given < used * 4, "{used} used, {given} given");
    }
}
