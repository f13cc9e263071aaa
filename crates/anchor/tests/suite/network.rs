//! Three nodes that agree, of which some are killed in the middle of deliveries. Minutes, so only when asked for.

use hocba_store::Backend;
use hocba_test_network::{LONG_TESTS, Network, NetworkSettings, Node, long_tests};
use hocba_tests::database::backend;

use crate::{
    conformance::clique,
    stage::{Stage, anchored, sent, started},
};

/// Steps of the service while nodes are dead.
const OUTAGE: usize = 12;

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn network() -> Option<Network> {
    if !long_tests() {
        eprintln!("skipped: it takes minutes; `cargo xtask network`, or {LONG_TESTS}=1, lets it run");
        return None;
    }
    if backend() != Backend::Sqlite {
        eprintln!("skipped: once is enough, on SQLite; unset DATABASE_URL to let it run");
        return None;
    }
    started(Network::start(&NetworkSettings::default()))
}

/// Kills these nodes when a transaction was just sent, and restarts them after a while in which the service goes on
/// trying.
async fn killed_in_the_middle(nodes: &[Node]) {
    let Some(mut network) = network() else { return };
    // Six batches of one leaf, one of which is on its way at each kill.
    let mut stage = Stage::open(clique(&network), 1).await;
    for round in 0..2 {
        let what = format!("{nodes:?} killed, round {round}");
        let events = stage.drive(sent).await;
        assert!(!events.is_empty(), "{what}: something is on its way");
        for node in nodes {
            tokio::task::block_in_place(|| network.kill(*node)).expect("it is killed");
        }
        let mut steps = 0;
        stage
            .drive(|_| {
                steps += 1;
                steps == OUTAGE
            })
            .await;
        tokio::task::block_in_place(|| network.restart_all()).expect("they start again");
        stage.drive(anchored).await;
        stage.assert_clean(&what).await;
    }
    stage.finish().await;
    tokio::task::block_in_place(|| network.wait_for_agreement(1)).expect("they agree");
    stage.assert_whole(&format!("{nodes:?} killed twice")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealer_killed_in_the_middle_of_deliveries_loses_nothing() {
    killed_in_the_middle(&[Node::Sealer2]).await;
}

/// The one that is asked first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sealer_that_is_asked_killed_in_the_middle_of_deliveries_loses_nothing() {
    killed_in_the_middle(&[Node::Sealer1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_follower_killed_in_the_middle_of_deliveries_loses_nothing() {
    killed_in_the_middle(&[Node::Follower]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_killed_in_the_middle_of_deliveries_lose_nothing() {
    killed_in_the_middle(&Node::ALL).await;
}
