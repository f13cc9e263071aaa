//! The process dies at every commit, and the chain fails at every request; then it goes on.
//!
//! After Sunlight's `TestSequenceErrors`: a quiet day is watched first to learn every place where something can break,
//! then each of them is broken in each way, and after the crash as after the recovery everything is walked by `fsck`.

use hocba_chain::testing::Fault as ChainFault;
use hocba_record::types::UnixTime;
use hocba_store::{Backend, Fault, Moment};
use hocba_tests::database::backend;

use crate::common::{Setup, World};

const MOMENTS: [Moment; 2] = [Moment::Failed, Moment::FailedButPersisted];

/// Tells the story with a fault in it, dies of it, walks everything, tells it again from the start.
async fn dies_and_goes_on(mut world: World, what: &str) {
    assert!(world.story().await.is_err(), "{what}: the fault did not strike");
    assert!(world.store.faults().struck(), "{what}");
    world.restart().await;
    if !world.store.read().await.expect("read").classes().await.expect("classes").is_empty() {
        world.assert_clean(what).await;
    }
    world.story().await.unwrap_or_else(|_| panic!("{what}: nothing breaks the second time"));
    world.assert_whole(what).await;
    world.assert_recorded(what).await;
    let report = world.assert_clean(what).await;
    assert_eq!(report.counted.records, world.setup.pupils as u64, "{what}");
    assert_eq!(report.counted.receipts, report.counted.batches, "{what}");
}

async fn commits_of_a_quiet_day(setup: Setup) -> Vec<&'static str> {
    let world = World::new(setup).await;
    world.store.faults().watch();
    world.story().await.expect("no fault was put in");
    world.assert_whole("a quiet day").await;
    world.assert_clean("a quiet day").await;
    world.store.faults().seen()
}

async fn every_commit(setup: Setup) -> usize {
    let names = commits_of_a_quiet_day(setup).await;
    for (place, name) in names.iter().enumerate() {
        for moment in MOMENTS {
            let world = World::new(setup).await;
            world.store.faults().put_after(place, moment);
            dies_and_goes_on(world, &format!("{setup:?}: commit {place} ({name}) {moment:?}")).await;
        }
    }
    names.len() * MOMENTS.len()
}

/// Each name's first commit.
#[tokio::test]
async fn a_crash_at_each_named_transaction_loses_nothing_and_anchors_nothing_twice() {
    let mut names = commits_of_a_quiet_day(Setup::SLOW).await;
    names.sort_unstable();
    names.dedup();
    for wanted in [
        "import_class",
        "sign_records",
        "co_sign_records",
        "seal_records",
        "take_lease",
        "close_batch",
        "record_attempt",
        "note_attempt",
        "record_receipt",
    ] {
        assert!(names.contains(&wanted), "{wanted} is not among {names:?}");
    }
    for name in &names {
        for moment in MOMENTS {
            let world = World::new(Setup::SLOW).await;
            world.store.faults().put(Fault { transaction: name, moment });
            dies_and_goes_on(world, &format!("{name} {moment:?}")).await;
        }
    }
    println!("{} names, {} crashes: {names:?}", names.len(), names.len() * MOMENTS.len());
}

#[tokio::test]
async fn a_crash_at_every_commit_of_the_story_on_a_quick_chain_is_survived() {
    println!("{} crashes", every_commit(Setup::QUICK).await);
}

#[tokio::test]
async fn a_crash_at_every_commit_of_the_story_on_a_slow_chain_is_survived() {
    println!("{} crashes", every_commit(Setup::SLOW).await);
}

/// The process does not die: a full disk, a locked database. The same service goes on after each.
#[tokio::test]
async fn a_commit_that_fails_without_a_crash_is_survived_by_the_same_service() {
    let mut cases = 0;
    for setup in [Setup::QUICK, Setup::SLOW] {
        let world = World::sealed(setup).await;
        world.store.faults().watch();
        world.anchor(&mut world.service("one")).await.expect("no fault was put in");
        let commits = world.store.faults().seen().len();
        for place in 0..commits {
            for moment in MOMENTS {
                let world = World::sealed(setup).await;
                let what = format!("{setup:?}: commit {place} {moment:?}, the process lives");
                world.store.faults().put_after(place, moment);
                let mut service = world.service("one");
                assert!(world.anchor(&mut service).await.is_err(), "{what}");
                world.assert_clean(&what).await;
                world.anchor(&mut service).await.unwrap_or_else(|_| panic!("{what}"));
                world.assert_whole(&what).await;
                world.assert_recorded(&what).await;
                world.assert_clean(&what).await;
                cases += 1;
            }
        }
    }
    println!("{cases} failures");
}

/// Two crashes in one story: the second while the service recovers from the first.
#[tokio::test]
async fn a_crash_during_recovery_is_survived() {
    let commits = {
        let world = World::sealed(Setup::SLOW).await;
        world.store.faults().watch();
        world.anchor(&mut world.service("one")).await.expect("no fault was put in");
        world.store.faults().seen().len()
    };
    let mut cases = 0;
    for place in 0..commits {
        for again in 0..3 {
            let mut world = World::sealed(Setup::SLOW).await;
            let what = format!("commit {place}, then the {again}th after it");
            world.store.faults().put_after(place, Moment::FailedButPersisted);
            assert!(world.anchor(&mut world.service("one")).await.is_err(), "{what}");
            world.restart().await;
            world.store.faults().put_after(again, MOMENTS[(place + again) % 2]);
            // Near the end there may be nothing left to break.
            let _ = world.anchor(&mut world.service("two")).await;
            world.restart().await;
            world.assert_clean(&what).await;
            world.anchor(&mut world.service("three")).await.unwrap_or_else(|_| panic!("{what}"));
            world.assert_whole(&what).await;
            world.assert_recorded(&what).await;
            world.assert_clean(&what).await;
            cases += 1;
        }
    }
    println!("{cases} pairs of crashes");
}

/// A way in which a request fails.
type Way = (&'static str, fn() -> ChainFault);

/// Each request of a quiet day to the node fails: unreachable, or carried out with its answer lost, or answered with
/// nonsense. And the process dies at the same moment or lives on.
#[tokio::test]
async fn every_request_to_the_node_may_fail_in_each_way_and_every_batch_is_anchored_once() {
    let faults: [Way; 4] = [
        ("unreachable", ChainFault::unreachable),
        ("answer lost", ChainFault::answer_lost),
        ("refused", || ChainFault::refuses(-32000, "no")),
        ("nonsense", || ChainFault::Answers(serde_json::json!("0x"))),
    ];
    let (mut cases, mut methods) = (0, std::collections::BTreeSet::new());
    for setup in [Setup { batch: 4096, ..Setup::QUICK }, Setup::SLOW] {
        let quiet = World::sealed(setup).await;
        let before = quiet.chain.requests().len();
        quiet.anchor(&mut quiet.service("one")).await.expect("no fault was put in");
        let requests = quiet.chain.requests().split_off(before);
        methods.extend(requests.iter().cloned());
        for (place, method) in requests.iter().enumerate() {
            for (way, (name, fault)) in faults.iter().enumerate() {
                // What a node does is no matter of the database's engine: on a server one way at each place, in turn.
                if backend() == Backend::Postgres && way != (place / 2) % faults.len() {
                    continue;
                }
                // Half of the cases each: one place meets both, and so does one way of failing.
                let dies = (place + way) % 2 == 0;
                let mut world = World::sealed(setup).await;
                let what = format!("{setup:?}: request {place} ({method}) {name}, dies: {dies}");
                world.chain.after(place, fault());
                let mut service = world.service("one");
                if dies {
                    until_struck(&world, &mut service).await;
                    drop(service);
                    world.restart().await;
                    world.assert_clean(&what).await;
                    service = world.service("two");
                }
                world.anchor(&mut service).await.unwrap_or_else(|_| panic!("{what}"));
                world.assert_whole(&what).await;
                world.assert_recorded(&what).await;
                world.assert_clean(&what).await;
                cases += 1;
            }
        }
    }
    println!("{cases} failures at {} methods: {methods:?}", methods.len());
}

/// Transactions that a quiet day does not have: a delivery put off, and a delivery job that somebody took away.
#[tokio::test]
async fn a_crash_while_a_delivery_is_put_off_or_mended_is_survived() {
    for name in ["put_off_delivery", "add_missing_delivery"] {
        for moment in MOMENTS {
            let mut world = World::sealed(Setup::SLOW).await;
            let what = format!("{name} {moment:?}");
            let mut service = world.service("one");
            while !matches!(service.step().await, Ok(hocba_anchor::Progress::Did(_))) {}
            if name == "add_missing_delivery" {
                world.sql("UPDATE jobs SET done_at = due_at WHERE kind = 'deliver_batch'").await;
            } else {
                world.chain.go_down();
            }
            world.store.faults().put(Fault { transaction: name, moment });
            while service.step().await.is_ok() {}
            drop(service);
            world.restart().await;
            world.chain.come_up();
            world.anchor(&mut world.service("two")).await.unwrap_or_else(|_| panic!("{what}"));
            world.assert_whole(&what).await;
            world.assert_recorded(&what).await;
            world.assert_clean(&what).await;
        }
    }
}

/// Steps until the fault in the chain has struck.
async fn until_struck(world: &World, service: &mut hocba_anchor::AnchorService<hocba_chain::testing::ScriptedChain>) {
    use hocba_anchor::Progress;
    for _ in 0..200 {
        if world.chain.fault_struck() {
            return;
        }
        match service.step().await.expect("no fault in the database") {
            Progress::UnderWay { .. } => world.pass(2),
            Progress::Idle { next: Some(next) } => world.pass(seconds(next, world.now())),
            Progress::PutOff { until, .. } => world.pass(seconds(until, world.now())),
            _ => {}
        }
    }
    panic!("the fault did not strike");
}

fn seconds(a: UnixTime, b: UnixTime) -> i64 {
    (a.seconds() - b.seconds()).max(0)
}
