//! One node.

use std::{fs, net::TcpStream, os::unix::fs::PermissionsExt as _, time::Duration};

use hocba_test_network::{ACCOUNTS, Anvil, AnvilSettings, Error, Mining};
use serde_json::{Value, json};

use crate::support::{becomes, folder_and_processes, hold, is_holder, killed_holder, runs, skipped, started, stays};

fn start(settings: &AnvilSettings) -> Option<Anvil> {
    started(Anvil::start(settings))
}

/// Sends one wei from the first account to the second; the node has their keys. Gives the hash.
fn pay(anvil: &Anvil) -> Value {
    let payment = json!([{ "from": ACCOUNTS[0].address, "to": ACCOUNTS[1].address, "value": "0x1" }]);
    anvil.rpc("eth_sendTransaction", payment).expect("it is taken")
}

/// As [`pay`], where blocks come by themselves: gives the receipt too, once there is one. "Instantly" is a moment after
/// the answer.
fn paid(anvil: &Anvil) -> (Value, Value) {
    let hash = pay(anvil);
    assert!(becomes(|| !receipt(anvil, &hash).is_null()), "{hash} is not mined");
    (receipt(anvil, &hash), hash)
}

fn receipt(anvil: &Anvil, hash: &Value) -> Value {
    anvil.rpc("eth_getTransactionReceipt", json!([hash])).expect("the node answers")
}

fn balance(anvil: &Anvil, block: &str) -> Value {
    anvil.rpc("eth_getBalance", json!([ACCOUNTS[1].address, block])).expect("the node answers")
}

#[test]
fn what_was_mined_is_kept_over_kills() {
    let Some(mut anvil) = start(&AnvilSettings::default()) else { return };
    let url = anvil.url();
    assert_eq!(anvil.height().expect("it answers"), 0);
    let (receipts, hashes) = [paid(&anvil), paid(&anvil)].into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    assert!(receipts.iter().all(|receipt| receipt["status"] == "0x1"), "{receipts:#?}");
    let balances = ["0x0", "0x1", "0x2"].map(|block| balance(&anvil, block));
    let genesis = anvil.rpc("eth_getBlockByNumber", json!(["0x0", false])).expect("it answers");

    for height in 2..6 {
        anvil.kill().expect("it is killed");
        assert!(TcpStream::connect(url.trim_start_matches("http://")).is_err(), "nobody answers");
        assert!(matches!(anvil.height(), Err(Error::Rpc(_))));
        anvil.kill().expect("it is killed already");
        anvil.restart().expect("it starts again");
        assert_eq!(anvil.url(), url);
        assert_eq!(anvil.height().expect("it answers"), height);
        assert_eq!(hashes.iter().map(|hash| receipt(&anvil, hash)).collect::<Vec<_>>(), receipts);
        assert_eq!(["0x0", "0x1", "0x2"].map(|block| balance(&anvil, block)), balances);
        assert_eq!(anvil.rpc("eth_getBlockByNumber", json!(["0x0", false])).expect("it answers"), genesis);
        anvil.mine(1).expect("it goes on");
    }
}

#[test]
fn without_keeping_the_state_a_restart_begins_another_chain() {
    let Some(mut anvil) = start(&AnvilSettings { keep_state: false, ..AnvilSettings::default() }) else { return };
    let (mined, hash) = paid(&anvil);
    assert_eq!(mined["blockNumber"], "0x1");
    // Killed on the way.
    anvil.restart().expect("it starts again");
    assert_eq!(anvil.height().expect("it answers"), 0);
    assert_eq!(receipt(&anvil, &hash), Value::Null);
}

#[test]
fn blocks_come_when_asked_for_and_what_waits_is_lost_by_a_kill() {
    let settings = AnvilSettings { mining: Mining::OnDemand, chain_id: 4242, ..AnvilSettings::default() };
    let Some(mut anvil) = start(&settings) else { return };
    let mined = pay(&anvil);
    assert_eq!(receipt(&anvil, &mined), Value::Null);
    assert_eq!(anvil.height().expect("it answers"), 0);
    anvil.mine(2).expect("it mines");
    assert_eq!(anvil.height().expect("it answers"), 2);
    assert_eq!(receipt(&anvil, &mined)["blockNumber"], "0x1");

    let lost = pay(&anvil);
    anvil.kill().expect("it is killed");
    anvil.restart().expect("it starts again");
    anvil.mine(1).expect("it mines");
    assert_eq!(receipt(&anvil, &lost), Value::Null);
    assert_eq!(receipt(&anvil, &mined)["blockNumber"], "0x1");
    assert_eq!(anvil.rpc("eth_chainId", json!([])).expect("it answers"), "0x1092");
}

#[test]
fn blocks_come_at_intervals() {
    let settings = AnvilSettings { mining: Mining::Every(Duration::from_secs(1)), ..AnvilSettings::default() };
    let Some(anvil) = start(&settings) else { return };
    assert!(becomes(|| anvil.height().is_ok_and(|height| height >= 2)));
}

#[test]
fn the_rules_are_those_of_paris_unless_others_are_wanted() {
    let Some(anvil) = start(&AnvilSettings::default()) else { return };
    let head = |anvil: &Anvil| anvil.rpc("eth_getBlockByNumber", json!(["latest", false])).expect("it answers");
    let paris = head(&anvil);
    assert_eq!((&paris["difficulty"], paris.get("withdrawalsRoot")), (&json!("0x0"), None), "{paris:#}");
    let settings = AnvilSettings {
        hardfork: "shanghai".to_owned(),
        extra: ["--block-base-fee-per-gas", "0"].map(str::to_owned).into(),
        ..AnvilSettings::default()
    };
    let Some(anvil) = start(&settings) else { return };
    let shanghai = head(&anvil);
    assert!(shanghai.get("withdrawalsRoot").is_some(), "{shanghai:#}");
    assert_eq!(shanghai["baseFeePerGas"], "0x0");
}

#[test]
fn an_argument_that_does_not_exist_is_told_with_the_nodes_own_words() {
    let settings = AnvilSettings { extra: vec!["--no-such-argument".into()], ..AnvilSettings::default() };
    let error = match Anvil::start(&settings) {
        Err(error @ Error::NotInstalled { .. }) => return skipped(&error.to_string()),
        started => started.expect_err("it cannot start").to_string(),
    };
    assert!(error.contains("anvil ended") && error.contains("unexpected argument '--no-such-argument'"), "{error}");
}

#[test]
fn nothing_is_left_after_drop() {
    let Some(anvil) = start(&AnvilSettings::default()) else { return };
    let (folder, processes) = folder_and_processes(&anvil.log());
    assert!(processes.len() == 1 && runs(&processes[0]), "{processes:?}");
    assert_eq!(fs::metadata(&folder).expect("it exists").permissions().mode() & 0o777, 0o700, "others stay out");
    drop(anvil);
    assert!(!runs(&processes[0]) && !folder.exists(), "{} is still there", folder.display());
}

#[test]
fn the_node_of_a_killed_process_goes() {
    killed_holder("anvil::holds_a_node_until_killed");
}

/// Not a test of its own: what [`the_node_of_a_killed_process_goes`] kills.
#[test]
fn holds_a_node_until_killed() {
    if is_holder("anvil::holds_a_node_until_killed")
        && let Some(anvil) = start(&AnvilSettings::default())
    {
        hold(&anvil.log());
    }
}

#[test]
fn nodes_do_not_see_each_other() {
    let (Some(one), Some(other)) = (start(&AnvilSettings::default()), start(&AnvilSettings::default())) else { return };
    assert_ne!(one.url(), other.url());
    one.mine(3).expect("it mines");
    assert!(stays(Duration::from_millis(300), || other.height().is_ok_and(|height| height == 0)));
}
