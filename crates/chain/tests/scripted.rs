//! Stories of a node that is late, lost, down or lying.

mod common;

use common::{NOW, anchor, change, connected, digest, next_anchor, set_status, signed_anchor, signer};
use hocba_bundle::facts::FactsError;
use hocba_chain::{
    Administration, Broadcast, ClientError, Deployment, Event, Fee, Finality, Opening, Receipt, Revert, RpcError, Wait,
    administer, deploy,
    rpc::NodeErrorClass,
    testing::{Fault, Orphans, ScriptedChain},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_transaction_waits_and_is_mined_later() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    chain.hold_transactions();
    let transaction = signed_anchor(&client, "one").await;
    assert_eq!(client.broadcast(&transaction).await, Ok(Broadcast::Accepted));
    assert_eq!(client.broadcast(&transaction).await, Ok(Broadcast::AlreadyKnown));
    assert_eq!(client.receipt(&transaction.hash()).await, Ok(None));
    let impatient = Wait { every: std::time::Duration::ZERO, looks: 3 };
    assert_eq!(client.wait_for(&transaction.hash(), impatient).await, Err(ClientError::NotMined(transaction.hash())));
    chain.advance(3);
    assert_eq!(chain.mine_waiting(), [transaction.hash()]);
    assert!(client.receipt(&transaction.hash()).await.expect("answer").expect("mined").succeeded());
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_transaction() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let transaction = signed_anchor(&client, "one").await;
    chain.next("eth_sendRawTransaction", Fault::answer_lost());
    let Err(ClientError::Rpc(error)) = client.broadcast(&transaction).await else { panic!("the answer was lost") };
    assert!(error.may_have_acted());
    assert_eq!(client.broadcast(&transaction).await, Ok(Broadcast::AlreadyKnown));
    assert_eq!(client.head().await.expect("head").count, 1, "anchored once");
}

#[tokio::test]
async fn a_node_that_is_down_has_done_nothing() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let transaction = signed_anchor(&client, "one").await;
    chain.go_down();
    let Err(ClientError::Rpc(error)) = client.broadcast(&transaction).await else { panic!("down") };
    assert!(!error.may_have_acted());
    assert!(matches!(client.facts(Finality::Instant).await, Err(ClientError::Rpc(RpcError::Unreachable { .. }))));
    chain.come_up();
    assert_eq!(client.broadcast(&transaction).await, Ok(Broadcast::Accepted));
}

#[tokio::test]
async fn a_reorganisation_takes_an_anchor_away_and_the_same_bytes_bring_it_back() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let transaction = signed_anchor(&client, "one").await;
    let first = common::send(&client, &transaction).await;
    chain.advance(2);
    chain.reorganise(3, Orphans::AreLost);
    assert_eq!(client.receipt(&transaction.hash()).await, Ok(None));
    assert_eq!(client.head().await.expect("head").count, 0);
    let again = common::send(&client, &transaction).await;
    assert_eq!(again.block, first.block);
    assert_ne!(again.block_hash, first.block_hash);
    client.facts(Finality::Instant).await.expect("facts").check().expect("whole");
}

#[tokio::test]
async fn orphans_that_wait_are_mined_again_in_order() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    for name in ["one", "two", "three"] {
        anchor(&client, name).await;
    }
    let before = client.facts(Finality::Instant).await.expect("facts");
    chain.reorganise(2, Orphans::Wait);
    assert_eq!(chain.waiting().len(), 2);
    // The second of them names a head that is no longer the one before it: block times went on.
    assert_eq!(chain.mine_waiting().len(), 2);
    assert_eq!(client.head().await.expect("head").count, 2);
    // What was read before cannot be continued, and that is noticed.
    let continued = client.facts_after(&before, Finality::Instant).await;
    assert!(matches!(continued, Err(ClientError::Answer(_))), "{continued:?}");
    anchor(&client, "three again").await;
    let continued = client.facts_after(&before, Finality::Instant).await.expect("as many as before");
    assert_eq!(continued.check().expect_err("another history"), FactsError::BatchDigest);
    client.facts(Finality::Instant).await.expect("facts").check().expect("read whole it is fine");
}

#[tokio::test]
async fn a_block_replaced_while_it_is_read_is_noticed() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    anchor(&client, "one").await;
    let answer = |hash: &str| {
        json!({
            "number": "0x2", "hash": format!("0x{}", hash.repeat(32)), "parentHash": format!("0x{}", "33".repeat(32)),
            "timestamp": "0x6a190000",
        })
    };
    chain.next("eth_getBlockByNumber", Fault::Answers(answer("11")));
    chain.next("eth_getBlockByNumber", Fault::Answers(answer("22")));
    assert_eq!(client.facts(Finality::Instant).await, Err(ClientError::Reorganised { block: 2 }));
}

#[tokio::test]
async fn receipts_without_status_and_type_are_enough() {
    let chain = ScriptedChain::new(NOW);
    chain.leave_out_receipt_status();
    let client = connected(chain.clone()).await;
    assert!(anchor(&client, "one").await.succeeded());
    let mut wrong = next_anchor(&client, "two").await;
    wrong.index = 7;
    let terms = common::terms(&client, &signer(), 200_000).await;
    let transaction = client.prepare_anchor(&signer(), &wrong, terms).expect("signed");
    assert!(!common::send(&client, &transaction).await.succeeded());
}

#[tokio::test]
async fn a_node_that_limits_log_ranges_is_asked_for_less() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    set_status(&client, &[change("an", 1, false)]).await;
    chain.advance(50);
    for _ in 0..4 {
        chain.next("eth_getLogs", Fault::refuses(-32005, "query returned more than 10000 results"));
    }
    let facts = client.facts(Finality::Instant).await.expect("facts");
    assert_eq!(facts.statuses.as_ref().map(Vec::len), Some(1));
    facts.check().expect("whole");
    assert!(chain.requests().iter().filter(|m| *m == "eth_getLogs").count() > 4, "asked in small steps");

    chain.always("eth_getLogs", Fault::refuses(-32005, "query returned more than 10000 results"));
    let Err(ClientError::Rpc(error)) = client.facts(Finality::Instant).await else { panic!("never enough") };
    assert_eq!(error.class(), Some(NodeErrorClass::RangeTooLarge));
}

#[tokio::test]
async fn logs_that_are_left_out_added_or_foreign_do_not_pass() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    set_status(&client, &[change("an", 1, false), change("binh", 1, false)]).await;
    let topic = client.rpc();
    let whole = {
        let filter = json!([{ "fromBlock": "0x0", "address": client.deployment().contract }]);
        hocba_chain::Rpc::request(topic, "eth_getLogs", filter).await.expect("logs")
    };
    let logs = whole.as_array().expect("list").clone();
    // The events of the roles, of two changes, and of the call that made them.
    let (roles, statuses) = logs.split_at(logs.len() - 3);
    let read = async |logs: Vec<Value>| {
        chain.next("eth_getLogs", Fault::Answers(Value::Array(logs)));
        client.facts(Finality::Instant).await
    };
    // Unknown events, and those of another contract, are passed over.
    let mut foreign = statuses[0].clone();
    foreign["address"] = json!(format!("0x{}", "99".repeat(20)));
    let facts = read([roles, statuses, &[foreign]].concat()).await.expect("facts");
    facts.check().expect("whole");

    let missing = ClientError::MissingLogs { expected: 2, found: 1 };
    assert_eq!(read(statuses[..1].to_vec()).await, Err(missing));
    let mut removed = statuses[1].clone();
    removed["removed"] = json!(true);
    assert_eq!(
        read(vec![statuses[0].clone(), removed]).await.err(),
        Some(ClientError::MissingLogs { expected: 2, found: 1 })
    );
    assert_eq!(
        read(vec![statuses[0].clone(), statuses[0].clone()]).await,
        Err(ClientError::MissingLogs { expected: 2, found: 2 })
    );
    assert!(read([statuses, statuses].concat()).await.is_err());
    let mut outside = statuses[0].clone();
    outside["blockNumber"] = json!("0xffffffff");
    assert!(matches!(read(vec![outside]).await, Err(ClientError::Answer(_))));
    let mut changed = statuses[0].clone();
    changed["data"] = json!(statuses[1]["data"]);
    let facts = read(vec![changed, statuses[1].clone(), statuses[2].clone()]).await.expect("well-formed");
    assert_eq!(facts.check().expect_err("a lie"), FactsError::StatusDigest);
}

#[tokio::test]
async fn whatever_a_node_answers_gives_an_error_and_no_panic() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let transaction = signed_anchor(&client, "one").await;
    anchor(&client, "one").await;
    set_status(&client, &[change("an", 1, false)]).await;
    let garbage = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("0x"),
        json!("0xzz"),
        json!("0x123"),
        json!(format!("0x{}", "ff".repeat(32))),
        json!(format!("0x{}", "ff".repeat(64))),
        json!(format!("0x{}", "00".repeat(160_064 + 1))),
        json!([]),
        json!([null]),
        json!([{}]),
        json!({}),
        json!({ "number": "0x5" }),
        json!({ "number": "0xffffffffffffffff", "hash": "0x", "parentHash": [], "timestamp": {} }),
        json!({ "blockNumber": "0x1", "logs": 5 }),
    ];
    let methods = [
        "eth_getBlockByNumber",
        "eth_getCode",
        "eth_call",
        "eth_getLogs",
        "eth_getTransactionReceipt",
        "eth_sendRawTransaction",
    ];
    for method in methods {
        for answer in &garbage {
            chain.behave();
            chain.always(method, Fault::Answers(answer.clone()));
            match method {
                "eth_getTransactionReceipt" => match client.receipt(&transaction.hash()).await {
                    Ok(receipt) => assert_eq!((receipt, answer), (None, answer), "{answer}"),
                    Err(ClientError::Answer(_)) => {}
                    Err(other) => panic!("{method} {answer}: {other}"),
                },
                "eth_sendRawTransaction" => {
                    let result = client.broadcast(&transaction).await;
                    assert!(matches!(result, Err(ClientError::Answer(_))), "{method} {answer}: {result:?}");
                }
                _ => {
                    let result = client.facts(Finality::Instant).await;
                    assert!(result.is_err(), "{method} {answer}: {result:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn absurd_counts_are_refused_before_anything_is_allocated() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let head = |count: u64| json!(format!("0x{count:064x}{}", "00".repeat(32)));
    chain.always("eth_call", Fault::Answers(head(u64::MAX)));
    assert!(matches!(client.facts(Finality::Instant).await, Err(ClientError::TooMany { .. })));
    // A count that could be, with pages that do not hold it.
    chain.behave();
    chain.always("eth_call", Fault::Answers(head(900_000)));
    assert!(matches!(client.facts(Finality::Instant).await, Err(ClientError::Answer(_))));
}

#[tokio::test]
async fn a_hash_that_is_not_ours_is_not_taken_for_a_broadcast() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let transaction = signed_anchor(&client, "one").await;
    chain.next("eth_sendRawTransaction", Fault::Answers(json!(format!("0x{}", "11".repeat(32)))));
    assert!(matches!(client.broadcast(&transaction).await, Err(ClientError::Answer(_))));
    let other = anchor(&client, "one").await;
    let answer = hocba_chain::Rpc::request(&chain, "eth_getTransactionReceipt", json!([other.transaction.to_string()]));
    let foreign = answer.await.expect("receipt");
    chain.next("eth_getTransactionReceipt", Fault::Answers(foreign));
    let ours = signed_anchor(&client, "two").await;
    assert!(matches!(client.receipt(&ours.hash()).await, Err(ClientError::Answer(_))));
}

#[tokio::test]
async fn the_register_is_read_on_and_a_list_that_was_tampered_with_is_not_believed() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    anchor(&client, "one").await;
    let first = client.register(None).await.expect("register");
    let third = {
        anchor(&client, "two").await;
        anchor(&client, "three").await
    };
    let whole = client.register(Some(first.clone())).await.expect("read on");
    assert_eq!(whole, client.register(None).await.expect("read whole"));
    assert_eq!(whole.head.count, 3);
    let wanted = &whole.batches()[2];
    assert_eq!(whole.find(&wanted.root, wanted.size, &wanted.issuer).map(|(index, _)| index), Some(2));
    assert_eq!(first.find(&wanted.root, wanted.size, &wanted.issuer), None);
    let found = client.anchoring(2, &wanted.root, wanted.time).await.expect("logs");
    assert_eq!(found, Some((third.transaction, third.block)));
    assert_eq!(client.anchoring(1, &wanted.root, wanted.time).await, Ok(None));
    // A reorganisation: what was read before is not continued.
    chain.reorganise(2, Orphans::AreLost);
    assert!(matches!(client.register(Some(whole.clone())).await, Err(ClientError::Answer(_))));
    anchor(&client, "other two").await;
    anchor(&client, "other three").await;
    assert!(matches!(client.register(Some(whole)).await, Err(ClientError::Answer(_))));
    assert_eq!(client.register(None).await.expect("whole").head.count, 3);
    let head = client.register(Some(first)).await;
    assert!(head.is_ok(), "the first batch is below the reorganisation: {head:?}");
}

#[tokio::test]
async fn a_node_knows_what_waits_and_what_is_mined_and_forgets_what_it_dropped() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    chain.hold_transactions();
    let transaction = signed_anchor(&client, "one").await;
    assert_eq!(client.knows(&transaction.hash()).await, Ok(false));
    client.broadcast(&transaction).await.expect("taken");
    assert_eq!(client.knows(&transaction.hash()).await, Ok(true));
    chain.forget_waiting();
    assert_eq!(client.knows(&transaction.hash()).await, Ok(false));
    client.broadcast(&transaction).await.expect("taken again");
    chain.mine_waiting();
    assert_eq!(client.knows(&transaction.hash()).await, Ok(true));
}

#[tokio::test]
async fn a_node_whose_calls_know_no_time_keeps_no_entitled_issuer_back() {
    let chain = ScriptedChain::new(NOW);
    let client = connected(chain.clone()).await;
    let transaction = signed_anchor(&client, "one").await;
    let refusal = |from: u64, now: u64| {
        let selector = &ethers_core::utils::keccak256("IssuerNotYetEntitled(bytes16,uint40,uint64)")[..4];
        let words: String = [0, from, now].iter().map(|n| format!("{n:064x}")).collect();
        Fault::Answers(json!(format!("0x{}{words}", hex::encode(selector))))
    };
    // The block after the latest one is not before it, so who is entitled now is entitled then.
    for (from, now, told) in [(NOW, 0, None), (NOW + 1, 0, Some(NOW)), (NOW, NOW - 1, Some(NOW - 1))] {
        chain.next("eth_call", refusal(from, now));
        let wanted = told.map_or(Ok(()), |now| Err(ClientError::Reverted(Revert::IssuerNotYetEntitled { from, now })));
        assert_eq!(client.rehearse(&transaction).await, wanted, "from {from} on, by a call at {now}");
        // Nor is that a reason why something had no effect.
        chain.next("eth_call", refusal(from, now));
        let reason = (now != 0).then_some(Revert::IssuerNotYetEntitled { from, now });
        assert_eq!(client.why_without_effect(&transaction, chain.height()).await, Ok(reason));
    }
}

#[tokio::test]
async fn a_receipt_that_names_another_block_is_not_believed_about_its_place() {
    let client = connected(ScriptedChain::new(NOW)).await;
    let receipt = anchor(&client, "one").await;
    let Some(Event::Anchored { batch, .. }) = receipt.anchored() else { panic!("{receipt:?}") };
    assert_eq!(client.check_place(&receipt, batch.time).await, Ok(()));
    let contradicts = |checked: Result<(), ClientError>| matches!(checked, Err(ClientError::Answer(_)));
    let block = Receipt { block: receipt.block - 1, ..receipt.clone() };
    assert!(contradicts(client.check_place(&block, batch.time).await));
    let above = Receipt { block: receipt.block + 1, ..receipt.clone() };
    assert!(contradicts(client.check_place(&above, batch.time).await));
    let hash = Receipt { block_hash: digest("another block"), ..receipt.clone() };
    assert!(contradicts(client.check_place(&hash, batch.time).await));
    assert!(contradicts(client.check_place(&receipt, batch.time.plus(1)).await));
}

#[tokio::test]
async fn who_deploys_waits_for_a_node_that_has_a_block_and_not_yet_what_is_in_it() {
    let busy = || Fault::refuses(-32603, "value for 0xe0a0 not found in DB");
    let wait = Wait { every: std::time::Duration::ZERO, looks: 5 };
    let opening = Opening { admin: signer().address(), admin_delay: 0, predecessor: None };
    let deploy = async |chain: &ScriptedChain| deploy(chain, &signer(), &opening, Fee::FREE, wait).await;
    let administer = async |chain: &ScriptedChain, to: &Deployment| {
        administer(chain, &signer(), to, &Administration::Pause, Fee::FREE, wait).await
    };
    for method in ["eth_getTransactionCount", "eth_getTransactionReceipt", "eth_getCode"] {
        let chain = ScriptedChain::new(NOW);
        chain.next(method, busy());
        chain.next(method, busy());
        deploy(&chain).await.unwrap_or_else(|error| panic!("{method}: {error}"));
    }
    let chain = ScriptedChain::new(NOW);
    let deployment = deploy(&chain).await.expect("deployed");
    for method in ["eth_getTransactionCount", "eth_call", "eth_getTransactionReceipt"] {
        chain.next(method, busy());
    }
    assert!(administer(&chain, &deployment).await.expect("paused").succeeded());
    // Not for ever, and not for another refusal.
    chain.always("eth_call", busy());
    let tired = administer(&chain, &deployment).await;
    assert!(
        matches!(&tired, Err(ClientError::Rpc(e)) if e.class() == Some(NodeErrorClass::BlockUnavailable)),
        "{tired:?}"
    );
    chain.behave();
    chain.next("eth_call", Fault::refuses(-32000, "no"));
    let refused = administer(&chain, &deployment).await;
    assert!(matches!(&refused, Err(ClientError::Rpc(e)) if e.class() == Some(NodeErrorClass::Other)), "{refused:?}");
}
