//! The public record as a server reads it.

use std::time::Duration;

use hocba_anchor::LiveFacts;
use hocba_app::PublicRecord as _;
use hocba_bundle::report::ChainProblem;
use hocba_chain::{Finality, testing::Orphans};

use crate::common::{Setup, World};

fn asked(world: &World) -> usize {
    world.chain.requests().len()
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_look_and_the_next_one_reads_what_is_new() {
    let world = World::new(Setup::QUICK).await;
    tokio::time::pause();
    let facts = LiveFacts::new(world.chain.clone(), world.deployment, Finality::Instant);
    let before = asked(&world);
    let (a, b, c) = tokio::join!(facts.facts(), facts.facts(), facts.facts());
    assert!(a.facts.is_ok() && b.facts.is_ok() && c.facts.is_ok());
    let one_look = asked(&world) - before;
    facts.facts().await.facts.expect("cached");
    assert_eq!(asked(&world) - before, one_look, "nobody asked again");
    tokio::time::advance(Duration::from_secs(3)).await;
    facts.facts().await.facts.expect("looked again");
    assert!(asked(&world) - before > one_look);
}

#[tokio::test]
async fn a_node_that_is_down_is_unreachable_and_comes_back() {
    let world = World::new(Setup::QUICK).await;
    tokio::time::pause();
    world.chain.go_down();
    let facts = LiveFacts::new(world.chain.clone(), world.deployment, Finality::Instant);
    let before = asked(&world);
    for _ in 0..10 {
        assert_eq!(facts.facts().await.facts.expect_err("down"), ChainProblem::Unreachable);
    }
    assert_eq!(asked(&world) - before, 1, "a failure is shared, too");
    world.chain.come_up();
    tokio::time::advance(Duration::from_secs(3)).await;
    facts.facts().await.facts.expect("it is back");
}

#[tokio::test]
async fn a_reorganisation_below_what_was_read_is_read_again_whole() {
    let world = World::new(Setup::QUICK).await;
    let facts = LiveFacts::new(world.chain.clone(), world.deployment, Finality::Instant).max_age(Duration::ZERO);
    world.story().await.expect("no fault was put in");
    let count = facts.facts().await.facts.expect("facts").facts().batches.len();
    assert!(count >= 3);
    world.chain.reorganise(2, Orphans::AreLost);
    let after = facts.facts().await.facts.expect("facts");
    assert!(after.facts().batches.len() < count);
    assert_eq!(facts.facts().await.facts.expect("facts").facts(), after.facts());
}
