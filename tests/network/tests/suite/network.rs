//! Three nodes. One test runs always; the others take a minute each and run when asked for.

use std::{collections::HashSet, fs, net::TcpStream, time::Duration};

use hocba_test_network::{Network, NetworkSettings, Node, long_tests};
use serde_json::{Value, json};

use crate::{
    habits,
    support::{
        folder_and_processes, hold, is_holder, killed_holder, logging, mined, network, receipt, runs, send_until_taken,
        started, stays,
    },
};

#[test]
fn three_nodes_agree_take_a_transaction_and_have_the_habits_that_clients_are_told_of() {
    let Some(mut network) = started(Network::start(&NetworkSettings::default())) else { return };
    let (height, hash) = network.wait_for_agreement(3).expect("they agree");
    for node in Node::ALL {
        assert_eq!(network.block_hash(node, height).expect("it answers").as_deref(), Some(hash.as_str()));
        assert_eq!(network.rpc(node, "net_peerCount", json!([])).expect("it answers"), "0x2");
        let log = fs::read_to_string(network.log(node)).expect("it has a log");
        assert!(log.contains(" hardfork=london last="), "{node} has other rules than London's:\n{log}");
    }
    let transaction = send_until_taken(&mut network, Node::Follower, &logging(0));
    let receipt = mined(&mut network, &Node::ALL, &transaction);
    for node in Node::ALL {
        assert_eq!(logs(&network, node), receipt["logs"], "{node}");
    }
    habits::at_hand(&mut network, &receipt);

    let (folder, processes) = folder_and_processes(&network.log(Node::Follower));
    assert_eq!(processes.iter().filter(|process| runs(process)).count(), 3);
    let urls = network.urls();
    assert_eq!(urls.iter().collect::<HashSet<_>>().len(), 3, "{urls:?}");
    drop(network);
    assert!(!processes.iter().any(|process| runs(process)), "a node still runs");
    assert!(!folder.exists(), "{} is still there", folder.display());
    assert!(urls.iter().all(|url| TcpStream::connect(url.trim_start_matches("http://")).is_err()), "{urls:?}");
}

#[test]
fn a_killed_follower_catches_up() {
    let Some(mut network) = network() else { return };
    let begun = network.height(Node::Follower).expect("it answers");
    network.kill(Node::Follower).expect("it is killed");
    assert!(network.height(Node::Follower).is_err());
    let meanwhile = [Node::Sealer1, Node::Sealer2].map(|sealer| {
        let nonce = if sealer == Node::Sealer1 { 0 } else { 1 };
        let transaction = send_until_taken(&mut network, sealer, &logging(nonce));
        mined(&mut network, &[Node::Sealer1, Node::Sealer2], &transaction)
    });
    network.wait_for_height(Node::Sealer1, begun + 4).expect("the sealers go on");
    network.restart(Node::Follower).expect("it starts again");
    network.wait_for_agreement(begun + 5).expect("it catches up");
    for before in meanwhile {
        let hash = before["transactionHash"].as_str().expect("text");
        assert_eq!(mined(&mut network, &[Node::Follower], hash), before);
    }
    // And takes part again.
    let transaction = send_until_taken(&mut network, Node::Follower, &logging(2));
    let last = mined(&mut network, &Node::ALL, &transaction);
    assert_eq!(logs(&network, Node::Follower).as_array().map(Vec::len), Some(3));
    assert_eq!(logs(&network, Node::Follower), logs(&network, Node::Sealer2));
    assert_eq!(last["logs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_first_sealer_killed_halts_the_chain_and_its_restart_resumes_it() {
    halts_and_resumes(Node::Sealer1, Node::Sealer2);
}

#[test]
fn the_second_sealer_killed_halts_the_chain_and_its_restart_resumes_it() {
    halts_and_resumes(Node::Sealer2, Node::Sealer1);
}

fn halts_and_resumes(killed: Node, other: Node) {
    let Some(mut network) = network() else { return };
    network.kill(killed).expect("it is killed");
    let height = halted(&mut network, other);
    let waiting = send_until_taken(&mut network, other, &logging(0));
    assert!(stays(Duration::from_secs(4), || receipt(&network, other, &waiting).is_none()), "it was mined");

    network.restart(killed).expect("it starts again");
    network.wait_for_agreement(height + 4).expect("the chain goes on");
    mined(&mut network, &Node::ALL, &waiting);
}

#[test]
fn all_killed_and_restarted_go_on() {
    let Some(mut network) = network() else { return };
    let transaction = send_until_taken(&mut network, Node::Follower, &logging(0));
    let before = mined(&mut network, &Node::ALL, &transaction);
    for round in 1..=2 {
        let (height, hash) = network.wait_for_agreement(0).expect("they agree");
        for node in Node::ALL {
            network.kill(node).expect("it is killed");
        }
        assert!(Node::ALL.iter().all(|node| network.height(*node).is_err()));
        network.restart_all().expect("they start again");
        network.wait_for_agreement(height + 3).expect("the chain goes on");
        for node in Node::ALL {
            assert_eq!(network.block_hash(node, height).expect("it answers").as_deref(), Some(hash.as_str()), "{node}");
        }
        assert_eq!(mined(&mut network, &Node::ALL, &transaction), before);
        let next = send_until_taken(&mut network, Node::Follower, &logging(round));
        mined(&mut network, &Node::ALL, &next);
    }
    assert_eq!(logs(&network, Node::Follower).as_array().map(Vec::len), Some(3));
}

#[test]
fn a_node_that_ends_by_itself_is_told_with_its_own_words() {
    let Some(mut network) = network() else { return };
    let url = network.url(Node::Follower);
    network.kill(Node::Follower).expect("it is killed");
    let port = std::net::TcpListener::bind(url.trim_start_matches("http://")).expect("the port is free");
    let error = network.restart(Node::Follower).expect_err("its port is taken").to_string();
    assert!(error.contains("follower ended by itself") && error.contains("EADDRINUSE"), "{error}");
    drop(port);
    network.restart(Node::Follower).expect("its port is free");
}

#[test]
fn the_nodes_of_a_killed_process_go() {
    if long_tests() {
        return killed_holder("network::holds_a_network_until_killed");
    }
    drop(network());
}

/// Not a test of its own: what [`the_nodes_of_a_killed_process_go`] kills.
#[test]
fn holds_a_network_until_killed() {
    if is_holder("network::holds_a_network_until_killed")
        && let Some(network) = network()
    {
        hold(&network.log(Node::Follower));
    }
}

/// Waits until a chain without one of its sealers stands still, and gives the height.
pub(crate) fn halted(network: &mut Network, node: Node) -> u64 {
    // Nothing for three periods: the one under way, and two more.
    let quiet = Duration::from_secs(6);
    loop {
        let height = network.height(node).expect("it answers");
        if stays(quiet, || network.height(node).is_ok_and(|now| now == height)) {
            return height;
        }
    }
}

fn logs(network: &Network, node: Node) -> Value {
    let all = json!([{ "fromBlock": "0x0", "toBlock": "latest" }]);
    network.rpc(node, "eth_getLogs", all).expect("it answers")
}
