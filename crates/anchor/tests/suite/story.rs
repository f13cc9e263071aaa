//! The service at work, and what can happen to a transaction and to a leader.

use hocba_anchor::{AnchorService, Event, Outcome, Progress, Settings};
use hocba_bundle::facts::ALG_RFC6962_SHA256;
use hocba_chain::{
    Administration, Anchor, AnchorClient, Fee, Role, Signer, StatusChange, Terms,
    testing::{Fault, Orphans, ScriptedChain},
    transaction::{ANCHOR_GAS, prepare_administration, set_status_gas},
};
use hocba_record::encoding::Sha256Digest;
use hocba_store::model::{AttemptState, Delivery, JobKind};

use crate::common::{Setup, World, anchorer, hex, stranger};

async fn terms(client: &AnchorClient<ScriptedChain>, signer: &Signer, gas: u64) -> Terms {
    let nonce = client.mined_transactions(&signer.address()).await.expect("nonce");
    Terms { nonce, gas, fee: Fee::FREE }
}

/// Another department anchors a batch of its own.
async fn foreign_anchor(world: &World, signer: &Signer) {
    world
        .send_foreign(async |client| {
            let head = client.head().await.expect("head");
            let anchor = Anchor {
                index: head.count,
                previous: head.digest,
                root: Sha256Digest::of(&head.count.to_be_bytes()),
                size: 5,
                issuer: "so-khac".parse().expect("issuer"),
                alg: ALG_RFC6962_SHA256,
            };
            let terms = terms(client, signer, ANCHOR_GAS).await;
            client.prepare_anchor(signer, &anchor, terms).expect("signed")
        })
        .await;
}

async fn set_role(world: &World, signer: &Signer, held: bool) {
    let contract = world.deployment.contract;
    for issuer in ["so-demo", "so-khac"] {
        let role = Role::Anchorer(issuer.parse().expect("issuer"));
        let account = signer.address();
        let what = if held { Administration::Grant(role, account) } else { Administration::Revoke(role, account) };
        world
            .send_foreign(async |client| {
                let terms = terms(client, &anchorer(), ANCHOR_GAS).await;
                prepare_administration(&anchorer(), &contract, &what, terms).expect("signed")
            })
            .await;
    }
}

/// Steps until the first transaction of a batch is with a node.
async fn until_sent(service: &mut AnchorService<ScriptedChain>) -> String {
    for _ in 0..20 {
        if let Progress::Did(Event::Sent { tx_hash, .. }) = service.step().await.expect("step") {
            return tx_hash;
        }
    }
    panic!("nothing was sent");
}

fn set_aside(events: &[Event]) -> Vec<AttemptState> {
    let states = events.iter().filter_map(|e| match e {
        Event::SetAside { state, .. } => Some(*state),
        _ => None,
    });
    states.collect()
}

async fn whole(world: &World, what: &str) {
    world.assert_whole(what).await;
    world.assert_clean(what).await;
}

#[tokio::test]
async fn a_class_is_closed_and_anchored_after_its_appointments() {
    for setup in [Setup::QUICK, Setup::SLOW] {
        let world = World::new(setup).await;
        let events = world.story().await.expect("no fault was put in");
        whole(&world, "a quiet day").await;
        let anchored = events.iter().filter(|e| matches!(e, Event::Anchored { .. })).count();
        let closed = events.iter().filter(|e| matches!(e, Event::BatchClosed { .. })).count();
        assert_eq!(anchored, closed);
        if setup.slow {
            assert!(events.iter().any(|e| matches!(e, Event::Included { .. })), "{events:#?}");
        }
    }
}

#[tokio::test]
async fn a_batch_is_closed_when_it_is_full_and_the_rest_when_its_time_is_up() {
    let world = World::sealed(Setup::QUICK).await;
    let mut service = world.service("one");
    let mut closed = Vec::new();
    let next = loop {
        match service.step().await.expect("step") {
            Progress::Did(Event::BatchClosed { kind, leaves, .. }) => closed.push((kind.as_str(), leaves)),
            Progress::Idle { next } => break next,
            _ => {}
        }
    };
    // Three appointments are due at once; of three records two fill a batch, and the third waits for others.
    assert_eq!(closed, [("appointment", 2), ("appointment", 1), ("record", 2)]);
    assert_eq!(next, Some(world.now().plus(600)));
    world.assert_clean("between two batches").await;
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "after its time was up").await;
}

#[tokio::test]
async fn once_ends_when_nothing_is_due_and_says_what_waits() {
    let world = World::sealed(Setup { batch: 4096, ..Setup::QUICK }).await;
    let mut service = world.service("one");
    let mut told = Vec::new();
    let outcome = service.run_until_idle(|e| told.push(e.clone())).await.expect("run");
    assert_eq!(outcome, Outcome::Later(world.now().plus(600)));
    world.app().close_batches(&hocba_app::Actor::LocalOperator).await.expect("closed now");
    assert_eq!(service.run_until_idle(|e| told.push(e.clone())).await.expect("run"), Outcome::Done);
    assert_eq!(told.iter().filter(|e| matches!(e, Event::Anchored { .. })).count(), 2);
    whole(&world, "once").await;
    assert_eq!(world.store.read().await.expect("read").lease("anchoring", world.now()).await.expect("lease"), None);
}

#[tokio::test]
async fn run_ends_when_it_is_told_to_and_gives_the_lease_back() {
    let world = World::sealed(Setup { batch: 2, ..Setup::QUICK }).await;
    let mut service = world.service("one");
    service.run(tokio::time::sleep(std::time::Duration::from_secs(2))).await;
    let mut tx = world.store.read().await.expect("read");
    assert_eq!(tx.lease("anchoring", world.now()).await.expect("lease"), None);
    assert!(tx.batches().await.expect("batches").iter().all(|b| b.receipt.is_some()));
}

#[tokio::test]
async fn a_chain_that_is_down_puts_the_delivery_off_and_nothing_is_lost() {
    let world = World::sealed(Setup::SLOW).await;
    world.chain.go_down();
    let mut service = world.service("one");
    let mut pauses = Vec::new();
    while pauses.len() < 8 {
        match service.step().await.expect("a chain that is down stops nothing") {
            Progress::PutOff { code, until, .. } => {
                assert_eq!(code, "chain_unreachable");
                pauses.push(until.seconds() - world.now().seconds());
                let due = world.now().plus(pauses[pauses.len() - 1]);
                assert_eq!(
                    service.step().await.expect("step"),
                    Progress::PutOff { of: Delivery::Batch(1), code: "chain_unreachable", until: due },
                    "not tried before it is due"
                );
                world.pass(pauses[pauses.len() - 1]);
            }
            Progress::Did(Event::BatchClosed { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    let jobs = world.store.read().await.expect("read").open_jobs().await.expect("jobs");
    let job = jobs.iter().find(|j| j.kind == JobKind::DeliverBatch).expect("the delivery is open");
    assert_eq!((job.tries, job.last_error.as_deref()), (8, Some("chain_unreachable")));
    world.chain.come_up();
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "after the chain came back").await;
}

#[tokio::test]
async fn a_key_without_the_role_is_refused_before_it_costs_anything() {
    let world = World::sealed(Setup::QUICK).await;
    let mut service = world.service_with(stranger(), world.settings("one"));
    let code = loop {
        match service.step().await.expect("step") {
            Progress::PutOff { code, .. } => break code,
            Progress::Did(Event::BatchClosed { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, "not_authorised");
    assert!(world.store.read().await.expect("read").attempts_of(1).await.expect("attempts").is_empty());
    assert_eq!(world.client().await.mined_transactions(&stranger().address()).await, Ok(0));
    set_role(&world, &stranger(), true).await;
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "with the role").await;
}

#[tokio::test]
async fn a_transaction_that_a_node_dropped_is_sent_again_byte_for_byte() {
    let world = World::sealed(Setup::SLOW).await;
    let mut service = world.service("one");
    let first = until_sent(&mut service).await;
    world.chain.forget_waiting();
    assert_eq!(until_sent(&mut service).await, first);
    let events = world.anchor(&mut service).await.expect("no fault");
    assert_eq!(set_aside(&events), []);
    whole(&world, "after it was dropped").await;
}

#[tokio::test]
async fn a_reorganisation_takes_an_inclusion_back_and_the_batch_is_anchored_all_the_same() {
    for orphans in [Orphans::AreLost, Orphans::Wait] {
        let world = World::sealed(Setup::SLOW).await;
        let mut service = world.service("one");
        until_sent(&mut service).await;
        world.chain.mine_waiting();
        let step = service.step().await.expect("step");
        assert!(matches!(step, Progress::Did(Event::Included { .. })), "{step:?}");
        world.assert_clean("included").await;
        world.chain.reorganise(1, orphans);
        let step = service.step().await.expect("step");
        assert!(matches!(step, Progress::Did(Event::Reorganised { .. })), "{step:?}");
        world.assert_clean("reorganised").await;
        let events = world.anchor(&mut service).await.expect("no fault");
        assert_eq!(set_aside(&events), [], "the same transaction makes it");
        whole(&world, "after a reorganisation").await;
    }
}

#[tokio::test]
async fn a_reorganisation_that_puts_another_batch_first_costs_a_new_transaction_only() {
    let world = World::sealed(Setup::SLOW).await;
    set_role(&world, &stranger(), true).await;
    let mut service = world.service("one");
    until_sent(&mut service).await;
    world.chain.mine_waiting();
    service.step().await.expect("included");
    world.chain.reorganise(1, Orphans::Wait);
    foreign_anchor(&world, &stranger()).await;
    let events = world.anchor(&mut service).await.expect("no fault");
    assert_eq!(set_aside(&events), [AttemptState::Reverted]);
    whole(&world, "after a reorganisation with another batch").await;
}

#[tokio::test]
async fn a_nonce_taken_by_a_foreign_transaction_replaces_the_attempt() {
    let world = World::sealed(Setup::SLOW).await;
    let mut service = world.service("one");
    until_sent(&mut service).await;
    world
        .send_foreign(async |client| {
            let change = StatusChange {
                key: Sha256Digest::of(b"key"),
                live_version: 1,
                revoked: false,
                reason: 1,
                statement: Sha256Digest::of(b"statement"),
            };
            let terms = terms(client, &anchorer(), set_status_gas(1)).await;
            client.prepare_set_status(&anchorer(), 0, &[change], terms).expect("signed")
        })
        .await;
    world.chain.mine_waiting();
    let events = world.anchor(&mut service).await.expect("no fault");
    assert_eq!(set_aside(&events), [AttemptState::Replaced]);
    whole(&world, "after a foreign transaction").await;
}

#[tokio::test]
async fn an_index_taken_by_another_leader_costs_the_attempt_only() {
    // The transaction waits and is mined without effect; or no node has it, and it is given up unmined.
    for (forget, wanted) in [(false, AttemptState::Reverted), (true, AttemptState::Dropped)] {
        let world = World::sealed(Setup::SLOW).await;
        set_role(&world, &stranger(), true).await;
        let mut service = world.service("one");
        until_sent(&mut service).await;
        foreign_anchor(&world, &stranger()).await;
        if forget {
            world.chain.forget_waiting();
        }
        let events = world.anchor(&mut service).await.expect("no fault");
        assert_eq!(set_aside(&events), [wanted]);
        whole(&world, "after another leader").await;
    }
}

#[tokio::test]
async fn an_attempt_given_up_that_comes_true_after_all_is_the_one_that_counts() {
    let world = World::sealed(Setup::SLOW).await;
    set_role(&world, &stranger(), true).await;
    let mut service = world.service("one");
    let first = until_sent(&mut service).await;
    let waiting = world.chain.waiting();
    assert_eq!(waiting.len(), 1);
    let raw = world.store.read().await.expect("read").attempts_of(1).await.expect("attempts")[0].raw.clone();
    foreign_anchor(&world, &stranger()).await;
    world.chain.forget_waiting();
    let step = service.step().await.expect("step");
    assert!(matches!(step, Progress::Did(Event::SetAside { state: AttemptState::Dropped, .. })), "{step:?}");
    // The block that took its place is gone, and another node had it all the time.
    world.chain.reorganise(1, Orphans::AreLost);
    world.send_foreign(async |_| hocba_chain::SignedTransaction::from_raw(&raw).expect("recorded")).await;
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "after a resurrection").await;
    let attempts = world.store.read().await.expect("read").attempts_of(1).await.expect("attempts");
    let last = attempts.iter().find(|a| a.state == AttemptState::Final).expect("final");
    assert_eq!(last.tx_hash, first);
}

#[tokio::test]
async fn a_higher_price_outbids_what_waits_and_still_anchors_once() {
    let world = World::sealed(Setup::SLOW).await;
    until_sent(&mut world.service("one")).await;
    let dearer = Settings { fees: hocba_chain::FeePolicy::Fixed { price: 1 }, ..world.settings("one") };
    let mut service = world.service_with(anchorer(), dearer);
    let mut states = Vec::new();
    for _ in 0..6 {
        match service.step().await.expect("step") {
            Progress::Did(Event::SetAside { state, .. }) => states.push(state),
            Progress::Did(Event::Sent { .. }) => break,
            _ => {}
        }
    }
    assert_eq!(states, [AttemptState::Replaced]);
    // Both wait now, with one nonce; whichever is mined first, the other one cannot be.
    assert_eq!(world.chain.waiting().len(), 2);
    let mut service = world.service("one");
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "after outbidding").await;
}

#[tokio::test]
async fn a_second_service_waits_and_takes_over_when_the_lease_is_up() {
    let world = World::sealed(Setup::SLOW).await;
    let (mut one, mut two) = (world.service("one"), world.service("two"));
    until_sent(&mut one).await;
    assert_eq!(two.step().await.expect("step"), Progress::NotLeader);
    let commits = world.store.faults();
    commits.watch();
    assert_eq!(two.step().await.expect("step"), Progress::NotLeader);
    assert!(commits.seen().is_empty(), "a service in waiting writes nothing");
    // One is gone.
    world.pass(16);
    let events = world.anchor(&mut two).await.expect("no fault");
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Sent { .. })).count(), 1, "what was sent is not sent again");
    assert_eq!(one.step().await.expect("step"), Progress::NotLeader);
    two.give_back().await;
    assert_eq!(one.step().await.expect("step"), Progress::Idle { next: None });
    whole(&world, "after a handover").await;
}

#[tokio::test]
async fn a_leader_whose_clock_stands_still_writes_nothing_after_it_lost_the_lease() {
    let world = World::sealed(Setup::SLOW).await;
    let stopped = world.now();
    let mut one = AnchorService::new(
        world.store.clone(),
        world.chain.clone(),
        world.deployment,
        anchorer(),
        world.settings("one"),
        move || stopped,
    );
    until_sent(&mut one).await;
    world.pass(16);
    let mut two = world.service("two");
    let step = two.step().await.expect("step");
    assert!(matches!(step, Progress::Did(_)), "two leads: {step:?}");
    // One still believes in its lease, and finds the batch included; writing it down is refused.
    world.store.faults().watch();
    for _ in 0..3 {
        let step = one.step().await.expect("step");
        assert!(matches!(step, Progress::NotLeader | Progress::UnderWay { .. }), "{step:?}");
    }
    assert!(world.store.faults().seen().is_empty());
    world.anchor(&mut two).await.expect("no fault");
    whole(&world, "with a clock that stood still").await;
}

#[tokio::test]
async fn a_database_restored_from_a_backup_finds_its_batches_on_the_chain_and_sends_nothing() {
    let mut world = World::sealed(Setup { batch: 4096, ..Setup::QUICK }).await;
    let mut service = world.service("one");
    while !matches!(service.step().await.expect("step"), Progress::Did(Event::BatchClosed { .. })) {}
    let backup = world.save().await;
    world.restart().await;
    let mut service = world.service("one");
    let outcome = service.run_until_idle(|_| {}).await.expect("run");
    assert!(matches!(outcome, Outcome::Later(_)));
    world.restore(&backup).await;
    let before = world.facts().await.facts().batches.len();
    let mut service = world.service("one");
    let mut told = Vec::new();
    service.run_until_idle(|e| told.push(e.clone())).await.expect("run");
    assert!(told.iter().all(|e| !matches!(e, Event::Sent { .. })), "{told:?}");
    assert_eq!(world.facts().await.facts().batches.len(), before);
    world.assert_clean("restored").await;
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "after a restore").await;
}

#[tokio::test]
async fn a_node_that_lies_about_the_register_cannot_have_a_batch_anchored_twice() {
    let world = World::sealed(Setup { batch: 4096, ..Setup::QUICK }).await;
    let empty = world.client().await.head().await.expect("head");
    let mut service = world.service("one");
    until_sent(&mut service).await;
    // It says that the register is still empty, and knows of no transaction.
    let head = serde_json::json!(format!("0x{:064x}{}", 0, hex(empty.digest.as_bytes())));
    for _ in 0..3 {
        world.chain.next("eth_call", Fault::Answers(head.clone()));
        world.chain.next("eth_getTransactionCount", Fault::Answers(serde_json::json!("0x1")));
        world.chain.next("eth_getTransactionReceipt", Fault::Answers(serde_json::Value::Null));
        world.chain.next("eth_getTransactionByHash", Fault::Answers(serde_json::Value::Null));
        service.step().await.expect("step");
        world.chain.behave();
    }
    world.anchor(&mut service).await.expect("no fault");
    whole(&world, "with a node that lies").await;
}

#[tokio::test]
async fn nothing_is_sent_after_a_history_that_lacks_what_was_settled() {
    let world = World::sealed(Setup::QUICK).await;
    let mut service = world.service("one");
    let anchored = loop {
        if let Progress::Did(Event::Anchored { batch, .. }) = service.step().await.expect("step") {
            break batch;
        }
    };
    let attempts = world.store.read().await.expect("read").attempts_of(anchored).await.expect("attempts");
    // The consensus never takes a block back, it was said; this chain does.
    world.chain.reorganise(1, Orphans::AreLost);
    let before = sent(&world);
    // What was read before does not count, and a service that begins anew reads the same.
    for mut service in [service, world.service("one")] {
        for _ in 0..4 {
            if let Progress::PutOff { code, .. } = service.step().await.expect("step") {
                assert_eq!(code, "settled_is_missing");
            }
            world.pass(61);
        }
    }
    let next = world.store.read().await.expect("read").next_batch().await.expect("read").expect("one more waits");
    assert_ne!(next.id, anchored, "a receipt stays");
    let jobs = world.store.read().await.expect("read").open_jobs().await.expect("jobs");
    assert!(jobs.iter().any(|job| job.last_error.as_deref() == Some("settled_is_missing")), "{jobs:?}");
    assert_eq!(sent(&world), before, "nothing takes its place");

    // Another node had it all the time; what waited goes on after it.
    let raw = attempts[0].raw.clone();
    world.send_foreign(async |_| hocba_chain::SignedTransaction::from_raw(&raw).expect("recorded")).await;
    world.anchor(&mut world.service("one")).await.expect("no fault");
    assert!(world.store.read().await.expect("read").next_batch().await.expect("read").is_none());
}

/// How many transactions the node was sent.
fn sent(world: &World) -> usize {
    world.chain.requests().iter().filter(|method| *method == "eth_sendRawTransaction").count()
}
