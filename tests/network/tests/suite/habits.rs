//! What these nodes do differently from others, as the crate's documentation tells it. A test that fails here means that
//! the documentation, and perhaps a client, has to change.

use std::time::Duration;

use hocba_test_network::{ACCOUNTS, Error, Network, Node};
use serde_json::{Value, json};

use crate::{
    network::halted,
    support::{LOGS, PRICE, REVERTS, logging, mined, network, receipt, refusal, send, send_until_taken, signed, stays},
};

/// What is seen on a running network without much waiting; the receipt is of a transaction of the first account with
/// nonce 0 that is mined everywhere.
pub(crate) fn at_hand(network: &mut Network, receipt: &Value) {
    receipts_have_neither_status_nor_type(receipt);
    for node in Node::ALL {
        methods_that_are_missing(network, node);
        pending_is_refused(network, node);
        a_block_above_the_head_is_an_error(network, node);
        a_revert_is_a_result(network, node);
        a_call_knows_no_block(network, node);
    }
    the_same_bytes_are_refused(network);
    a_failed_creation_has_an_address(network);
}

fn receipts_have_neither_status_nor_type(receipt: &Value) {
    let fields = receipt.as_object().expect("a receipt is an object");
    assert!(!fields.contains_key("status") && !fields.contains_key("type"), "{receipt:#}");
    assert_eq!(fields["logs"].as_array().map(Vec::len), Some(1), "{receipt:#}");
}

fn methods_that_are_missing(network: &Network, node: Node) {
    let missing = (-32601, "Method not found".to_owned());
    assert_eq!(refusal(network.rpc(node, "eth_feeHistory", json!(["0x1", "latest", []]))), missing);
    assert_eq!(refusal(network.rpc(node, "eth_maxPriorityFeePerGas", json!([]))), missing);
}

fn pending_is_refused(network: &Network, node: Node) {
    let refused = (-32602, "\"pending\" is not yet supported".to_owned());
    let count = json!([ACCOUNTS[0].address, "pending"]);
    assert_eq!(refusal(network.rpc(node, "eth_getTransactionCount", count)), refused);
    assert_eq!(refusal(network.rpc(node, "eth_getBlockByNumber", json!(["pending", false]))), refused);
}

fn a_block_above_the_head_is_an_error(network: &Network, node: Node) {
    let above = format!("{:#x}", network.height(node).expect("it answers") + 1000);
    let refused = (-32602, "specified block greater than current height".to_owned());
    assert_eq!(refusal(network.rpc(node, "eth_getBlockByNumber", json!([above, false]))), refused);
    let logs = json!([{ "fromBlock": "0x0", "toBlock": above }]);
    let refused = (-32602, "specified `toBlock` greater than current height".to_owned());
    assert_eq!(refusal(network.rpc(node, "eth_getLogs", logs)), refused);
}

fn a_revert_is_a_result(network: &Network, node: Node) {
    let call = json!({ "from": ACCOUNTS[0].address, "data": REVERTS, "gas": "0x186a0" });
    let result = network.rpc(node, "eth_call", json!([call, "latest"])).expect("no error comes");
    assert_eq!(result, "0xdeadbeef");
    let call = json!({ "from": ACCOUNTS[0].address, "data": REVERTS });
    network.rpc(node, "eth_estimateGas", json!([call, "latest"])).expect("no error comes");
}

fn a_call_knows_no_block(network: &Network, node: Node) {
    // The instruction, then `PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN`.
    let result_of = |instruction: &str| {
        let data = format!("0x{instruction}60005260206000f3");
        let call = json!({ "from": ACCOUNTS[0].address, "data": data, "gas": "0x186a0" });
        network.rpc(node, "eth_call", json!([call, "latest"]))
    };
    let zero = json!(format!("0x{}", "0".repeat(64)));
    for (name, instruction) in [("TIMESTAMP", "42"), ("NUMBER", "43")] {
        assert_eq!(result_of(instruction).expect("it answers"), zero, "{name}");
    }
    assert_eq!(refusal(result_of("48")), (-32603, "Block has no Base Fee".to_owned()), "BASEFEE");
    // PUSH0 came with Shanghai: what is no instruction ends the call, without an error.
    assert_eq!(result_of("5f").expect("it answers"), "0x");
}

fn the_same_bytes_are_refused(network: &Network) {
    // Waits for ever: transactions of this account before it are missing.
    let waiting = signed(ACCOUNTS[1], 7, PRICE, LOGS);
    send(network, Node::Sealer1, &waiting).expect("it is taken");
    let (code, words) = refusal(send(network, Node::Sealer1, &waiting));
    assert!(code == -32602 && words.ends_with(": this transaction is already in the TxPool"), "{code} {words}");
    let (code, words) = refusal(send(network, Node::Sealer1, &logging(0)));
    assert!(code == -32602 && words.ends_with("(tx nonce too low)"), "{code} {words}");
}

fn a_failed_creation_has_an_address(network: &mut Network) {
    let failing = signed(ACCOUNTS[0], 1, PRICE, REVERTS);
    let hash = send_until_taken(network, Node::Sealer2, &failing);
    let receipt = mined(network, &Node::ALL, &hash);
    let address = receipt["contractAddress"].as_str().expect("an address");
    let code = network.rpc(Node::Follower, "eth_getCode", json!([address, "latest"])).expect("it answers");
    assert_eq!((code, &receipt["logs"]), (json!("0x"), &json!([])));
}

#[test]
fn what_pays_less_than_sealers_want_of_others_is_never_mined_unless_a_client_sends_it_to_them() {
    let Some(mut network) = network() else { return };
    // 1 wei below 0.1 gwei, and a million times the base fee of 7 wei.
    let cheap = signed(ACCOUNTS[0], 0, "0x5f5e0ff", LOGS);
    let hash = send_until_taken(&mut network, Node::Follower, &cheap);
    assert!(stays(Duration::from_secs(8), || receipt(&network, Node::Follower, &hash).is_none()), "it was mined");
    assert!(is_in_pool(send(&network, Node::Follower, &cheap)), "the follower holds it");
    send(&network, Node::Sealer1, &cheap).expect("the sealer takes it from a client");
    mined(&mut network, &Node::ALL, &hash);
}

#[test]
fn what_killed_sealers_had_not_mined_is_lost_though_the_follower_holds_it() {
    let Some(mut network) = network() else { return };
    let sealers = [Node::Sealer1, Node::Sealer2];
    let (first, second) = (logging(0), logging(1));
    // The second waits for the first, as long as it takes.
    let hash = send_until_taken(&mut network, Node::Follower, &second);
    let offered = |network: &Network| sealers.iter().all(|sealer| is_in_pool(send(network, *sealer, &second)));
    network
        .wait_for("the transaction at the sealers", |network| offered(network).then_some(()))
        .expect("it is offered");
    for sealer in sealers {
        network.kill(sealer).expect("it is killed");
    }
    network.restart_all().expect("they start again");
    let first = send_until_taken(&mut network, Node::Follower, &first);
    mined(&mut network, &Node::ALL, &first);
    assert!(stays(Duration::from_secs(8), || receipt(&network, Node::Follower, &hash).is_none()), "it was mined");
    assert!(is_in_pool(send(&network, Node::Follower, &second)), "the follower holds it");
    send_until_taken(&mut network, Node::Sealer1, &second);
    mined(&mut network, &Node::ALL, &hash);
}

/// Whether a node refused a transaction because it holds it.
fn is_in_pool(answer: Result<String, Error>) -> bool {
    answer.is_err() && refusal(answer).1.contains("already in the TxPool")
}

#[test]
fn a_follower_without_peers_keeps_what_it_refuses() {
    let Some(mut network) = network() else { return };
    network.kill(Node::Sealer1).expect("it is killed");
    network.kill(Node::Sealer2).expect("it is killed");
    let alone = |network: &Network| network.rpc(Node::Follower, "net_peerCount", json!([])).is_ok_and(|n| n == "0x0");
    network.wait_for("a follower without peers", |network| alone(network).then_some(())).expect("it is alone");
    let raw = logging(0);
    let refused = (-32603, "no peer connection available".to_owned());
    assert_eq!(refusal(send(&network, Node::Follower, &raw)), refused);
    assert!(is_in_pool(send(&network, Node::Follower, &raw)), "it has kept the transaction");
    let hash = send_until_taken(&mut network, Node::Follower, &raw);
    network.restart_all().expect("they start again");
    mined(&mut network, &Node::ALL, &hash);
}

#[test]
fn a_restarted_follower_refuses_transactions_until_its_first_new_block() {
    let Some(mut network) = network() else { return };
    network.kill(Node::Sealer1).expect("it is killed");
    halted(&mut network, Node::Follower);
    network.restart(Node::Follower).expect("it starts again");
    let raw = logging(0);
    let refused = (-32603, "client is not aware of the current chain height yet (give sync some more time)".to_owned());
    assert!(stays(Duration::from_secs(4), || refusal(send(&network, Node::Follower, &raw)) == refused));
    network.restart(Node::Sealer1).expect("it starts again");
    let hash = send_until_taken(&mut network, Node::Follower, &raw);
    mined(&mut network, &Node::ALL, &hash);
}
