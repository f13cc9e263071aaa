//! Ends of appointments on their way into the status log: in the right order, once, whatever breaks.

use std::collections::BTreeSet;

use hocba_anchor::{AnchorService, Event, Outcome, Progress, Settings};
use hocba_app::{Actor, AppError};
use hocba_bundle::facts::status_key;
use hocba_chain::{
    Administration, Fee, Role as ChainRole, Signer, StatusChange as Change, Terms,
    testing::{Fault as ChainFault, Orphans, ScriptedChain},
    transaction::{ANCHOR_GAS, prepare_administration, set_status_gas},
};
use hocba_record::encoding::Sha256Digest;
use hocba_signature::{
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::{
    Backend, Moment,
    model::{AttemptState, Delivery, JobKind, LeafKind},
};
use hocba_tests::{NOW, SCHOOL, at, database::backend, office::chain_of};

use crate::common::{Crash, Setup, World, anchorer, school, stranger};

const MOMENTS: [Moment; 2] = [Moment::Failed, Moment::FailedButPersisted];
const WHOLE: Setup = Setup { batch: 4096, ..Setup::QUICK };

/// The department ends an office.
async fn end(world: &World, role: Role, reason: ReasonClass, since: Option<i64>) -> Result<bool, Crash> {
    let class = (role == Role::HomeroomTeacher).then_some("9A3");
    let change = StatusChange {
        action: StatusAction::End,
        decision: None,
        live_version: 1,
        reason,
        replacement: None,
        school: SCHOOL.parse().expect("code"),
        since: since.map(at),
        subject: school().appointment(role, class).id,
    };
    let statement = Statement::unsigned(change.to_bytes());
    let statement = school().department.sign(statement, StatementType::Status, Role::Department, NOW);
    let ended = world.app().end_appointment(&Actor::LocalOperator, &statement, &chain_of("department")).await;
    ended.map_err(|e: AppError| e.into())
}

/// Whether one key does everything.
#[derive(Debug, Clone, Copy)]
enum Keys {
    One,
    Two,
}

impl Keys {
    fn keeper(self) -> Signer {
        match self {
            Keys::One => anchorer(),
            Keys::Two => stranger(),
        }
    }
}

/// A school whose class is sealed and not anchored, on a chain where both keys may set statuses.
async fn sealed(setup: Setup) -> World {
    let world = World::sealed(setup).await;
    let contract = world.deployment.contract;
    world
        .send_foreign(async |client| {
            let nonce = client.mined_transactions(&anchorer().address()).await.expect("nonce");
            let terms = Terms { nonce, gas: ANCHOR_GAS, fee: Fee::FREE };
            let keeper = Administration::Grant(ChainRole::StatusKeeper, stranger().address());
            prepare_administration(&anchorer(), &contract, &keeper, terms).expect("signed")
        })
        .await;
    world
}

fn service(world: &World, keys: Keys, holder: &str) -> AnchorService<ScriptedChain> {
    world.service(holder).status_keeper(keys.keeper())
}

/// Two leave, everything is anchored; then the principal's key turns out to be stolen.
async fn story(world: &World, keys: Keys, holder: &str) -> Result<Vec<Event>, Crash> {
    let mut service = service(world, keys, holder);
    end(world, Role::HomeroomTeacher, ReasonClass::LeftRole, None).await?;
    end(world, Role::SchoolSeal, ReasonClass::Decision, None).await?;
    let mut events = world.anchor(&mut service).await?;
    end(world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await?;
    events.extend(world.anchor(&mut service).await?);
    Ok(events)
}

/// Every status that was taken is in the log, once, by a transaction of ours that was recorded before it was sent.
async fn assert_published(world: &World, wanted: usize, what: &str) {
    let mut tx = world.store.read().await.expect("read");
    assert!(tx.open_jobs().await.expect("jobs").is_empty(), "{what}: no job is left");
    let statuses = tx.newest_statuses(100).await.expect("statuses");
    assert_eq!(statuses.len(), wanted, "{what}");
    for status in &statuses {
        let receipt = status.receipt.as_ref().unwrap_or_else(|| panic!("{what}: status {} has no receipt", status.id));
        let attempt = tx.status_attempt(&receipt.tx_hash).await.expect("read");
        let earned = attempt.is_some_and(|a| a.state == AttemptState::Final);
        assert!(earned, "{what}: status {} was set by a transaction that nobody recorded", status.id);
    }
    let log = world.client().await.status_log(None).await.expect("the log");
    let ours: BTreeSet<Sha256Digest> = statuses.iter().map(|s| s.statement.leaf_hash()).collect();
    let found: Vec<Sha256Digest> = log.entries().iter().map(|e| e.statement).filter(|s| ours.contains(s)).collect();
    assert_eq!(found.len(), wanted, "{what}: each is in the log once");
}

/// What was signed in office was anchored before the end of it, by at least a second.
async fn assert_order(world: &World, what: &str) {
    let mut tx = world.store.read().await.expect("read");
    let batches = tx.batches().await.expect("batches");
    let records = batches.iter().filter(|b| b.kind == LeafKind::Record).filter_map(|b| b.receipt.as_ref());
    let last = records.map(|r| r.time).max().expect("records");
    for status in tx.newest_statuses(100).await.expect("statuses").iter().filter(|s| s.since.is_none()) {
        let ended = status.receipt.as_ref().expect("published").time;
        assert!(last < ended, "{what}: a record of {last:?}, an end of {ended:?}");
    }
}

async fn assert_all(world: &World, what: &str) {
    world.assert_whole(what).await;
    world.assert_recorded(what).await;
    assert_published(world, 3, what).await;
    assert_order(world, what).await;
    let report = world.assert_clean(what).await;
    assert_eq!(report.counted.statuses, 3, "{what}");
    assert_eq!(report.counted.receipts, report.counted.batches + 3, "{what}");
}

#[tokio::test]
async fn an_end_waits_for_what_was_signed_before_it_and_is_published_once() {
    for setup in [Setup::QUICK, WHOLE, Setup::SLOW] {
        for keys in [Keys::One, Keys::Two] {
            let world = sealed(setup).await;
            let events = story(&world, keys, "one").await.expect("no fault was put in");
            let what = format!("{setup:?} {keys:?}");
            assert_all(&world, &what).await;
            let published: Vec<usize> = events
                .iter()
                .filter_map(|e| match e {
                    Event::Published { statuses, .. } => Some(*statuses),
                    _ => None,
                })
                .collect();
            assert_eq!(published, [2, 1], "{what}: what is ready goes together");
        }
    }
}

#[tokio::test]
async fn the_end_of_a_stolen_key_waits_for_nothing() {
    for keys in [Keys::One, Keys::Two] {
        let world = sealed(Setup::SLOW).await;
        end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
        let mut service = service(&world, keys, "one");
        let mut sent = Vec::new();
        while sent.is_empty() {
            if let Progress::Did(Event::Sent { of, .. }) = service.step().await.expect("step") {
                sent.push(of);
            }
        }
        assert_eq!(sent, [Delivery::Statuses], "{keys:?}: before any batch");
        world.anchor(&mut service).await.expect("no fault");
        world.assert_whole("with a stolen key").await;
        assert_published(&world, 1, "with a stolen key").await;
        world.assert_clean("with a stolen key").await;
    }
}

#[tokio::test]
async fn with_a_key_of_their_own_statuses_do_not_wait_for_a_batch_that_is_under_way() {
    let world = sealed(Setup::SLOW).await;
    let mut service = service(&world, Keys::Two, "one");
    while !matches!(service.step().await.expect("step"), Progress::Did(Event::Sent { of: Delivery::Batch(_), .. })) {}
    end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
    let step = service.step().await.expect("step");
    assert!(matches!(step, Progress::Did(Event::Sent { of: Delivery::Statuses, .. })), "{step:?}");
    assert_eq!(world.chain.waiting().len(), 2);
    world.anchor(&mut service).await.expect("no fault");
    assert_published(&world, 1, "beside a batch").await;
    world.assert_whole("beside a batch").await;
}

#[tokio::test]
async fn so_many_go_into_one_transaction_as_it_takes() {
    let world = sealed(WHOLE).await;
    let settings = Settings { status_batch: 1, ..world.settings("one") };
    let mut service = world.service_with(anchorer(), settings).status_keeper(anchorer());
    end(&world, Role::HomeroomTeacher, ReasonClass::LeftRole, None).await.expect("ended");
    end(&world, Role::SchoolSeal, ReasonClass::Decision, None).await.expect("ended");
    end(&world, Role::Principal, ReasonClass::LeftRole, None).await.expect("ended");
    let events = world.anchor(&mut service).await.expect("no fault");
    let published = events.iter().filter(|e| matches!(e, Event::Published { statuses: 1, .. })).count();
    assert_eq!(published, 3);
    assert_all(&world, "one by one").await;
    let log = world.client().await.status_log(None).await.expect("the log");
    let subjects = [Role::HomeroomTeacher, Role::SchoolSeal, Role::Principal]
        .map(|role| status_key(&school().appointment(role, (role == Role::HomeroomTeacher).then_some("9A3")).id));
    assert_eq!(log.entries().iter().map(|e| e.key).collect::<Vec<_>>(), subjects, "in the order they were taken");
}

#[tokio::test]
async fn without_the_keepers_key_batches_go_on_and_ends_wait_for_a_service_that_has_it() {
    let world = sealed(WHOLE).await;
    end(&world, Role::HomeroomTeacher, ReasonClass::LeftRole, None).await.expect("ended");
    let mut without = world.service("one");
    assert_eq!(without.run_until_idle(|_| {}).await.expect("run"), Outcome::Done);
    world.assert_clean("without the keeper").await;
    let jobs = world.store.read().await.expect("read").open_jobs().await.expect("jobs");
    assert_eq!(jobs.iter().map(|j| j.kind).collect::<Vec<_>>(), [JobKind::DeliverStatuses]);
    world.pass(2);
    let mut with = service(&world, Keys::Two, "two");
    assert_eq!(with.run_until_idle(|_| {}).await.expect("run"), Outcome::Done);
    world.assert_whole("with the keeper").await;
    assert_published(&world, 1, "with the keeper").await;
}

#[tokio::test]
async fn a_keeper_without_the_role_is_told_so_and_batches_go_on() {
    let world = World::sealed(WHOLE).await;
    end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
    let mut service = service(&world, Keys::Two, "one");
    let (mut codes, mut anchored) = (BTreeSet::new(), 0);
    for _ in 0..20 {
        match service.step().await.expect("step") {
            Progress::PutOff { of: Delivery::Statuses, code, .. } => {
                codes.insert(code);
                // Records wait for others a while before they are anchored.
                world.pass(world.settings("one").batch_age);
            }
            Progress::Did(Event::Anchored { .. }) => anchored += 1,
            Progress::Idle { next: Some(next) } => world.pass(next.seconds() - world.now().seconds()),
            _ => {}
        }
    }
    assert_eq!((codes, anchored), (BTreeSet::from(["not_authorised"]), 2));
    assert!(world.store.read().await.expect("read").status_attempts().await.expect("attempts").is_empty());
    world.assert_clean("without the role").await;
}

#[tokio::test]
async fn a_reorganisation_takes_an_entry_back_and_it_is_set_all_the_same() {
    for orphans in [Orphans::AreLost, Orphans::Wait] {
        let world = sealed(Setup::SLOW).await;
        end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
        let mut service = service(&world, Keys::Two, "one");
        until_sent(&mut service).await;
        world.chain.mine_waiting();
        let step = service.step().await.expect("step");
        assert!(matches!(step, Progress::Did(Event::Included { of: Delivery::Statuses, .. })), "{step:?}");
        world.assert_clean("included").await;
        world.chain.reorganise(1, orphans);
        let step = service.step().await.expect("step");
        assert!(matches!(step, Progress::Did(Event::Reorganised { of: Delivery::Statuses })), "{step:?}");
        let events = world.anchor(&mut service).await.expect("no fault");
        assert!(!events.iter().any(|e| matches!(e, Event::SetAside { .. })), "the same transaction makes it");
        assert_published(&world, 1, "after a reorganisation").await;
        world.assert_clean("after a reorganisation").await;
    }
}

/// Somebody else sets a status, mined at once.
async fn foreign(world: &World, change: Change) {
    world
        .send_foreign(async |client| {
            let nonce = client.mined_transactions(&anchorer().address()).await.expect("nonce");
            let terms = Terms { nonce, gas: set_status_gas(1), fee: Fee::FREE };
            let index = client.status_head().await.expect("head").count;
            client.prepare_set_status(&anchorer(), index, &[change], terms).expect("signed")
        })
        .await;
}

fn elsewhere(n: u8) -> Change {
    let (key, statement) = (Sha256Digest::of(&[n]), Sha256Digest::of(&[n, n]));
    Change { key, live_version: 1, revoked: true, reason: 4, statement }
}

async fn until_sent(service: &mut AnchorService<ScriptedChain>) -> String {
    for _ in 0..20 {
        if let Progress::Did(Event::Sent { of: Delivery::Statuses, tx_hash }) = service.step().await.expect("step") {
            return tx_hash;
        }
    }
    panic!("nothing was sent");
}

#[tokio::test]
async fn a_place_in_the_log_taken_by_somebody_else_costs_the_transaction_only() {
    for (forget, wanted) in [(false, AttemptState::Reverted), (true, AttemptState::Dropped)] {
        let world = sealed(Setup::SLOW).await;
        end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
        let mut service = service(&world, Keys::Two, "one");
        until_sent(&mut service).await;
        foreign(&world, elsewhere(1)).await;
        if forget {
            world.chain.forget_waiting();
        }
        let events = world.anchor(&mut service).await.expect("no fault");
        let aside: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                Event::SetAside { of: Delivery::Statuses, state, .. } => Some(*state),
                _ => None,
            })
            .collect();
        assert_eq!(aside, [wanted]);
        assert_published(&world, 1, "after somebody else").await;
        world.assert_clean("after somebody else").await;
    }
}

#[tokio::test]
async fn a_transaction_given_up_that_comes_true_after_all_is_the_one_that_counts() {
    let world = sealed(Setup::SLOW).await;
    end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
    let mut service = service(&world, Keys::Two, "one");
    let first = until_sent(&mut service).await;
    let raw = world.store.read().await.expect("read").status_attempts().await.expect("attempts")[0].raw.clone();
    foreign(&world, elsewhere(1)).await;
    world.chain.forget_waiting();
    let step = service.step().await.expect("step");
    assert!(matches!(step, Progress::Did(Event::SetAside { state: AttemptState::Dropped, .. })), "{step:?}");
    // The block that took its place is gone, and another node had it all the time.
    world.chain.reorganise(1, Orphans::AreLost);
    world.send_foreign(async |_| hocba_chain::SignedTransaction::from_raw(&raw).expect("recorded")).await;
    world.anchor(&mut service).await.expect("no fault");
    assert_published(&world, 1, "after a resurrection").await;
    let attempt = world.store.read().await.expect("read").status_attempt(&first).await.expect("read");
    assert_eq!(attempt.map(|a| a.state), Some(AttemptState::Final));
    world.assert_clean("after a resurrection").await;
}

#[tokio::test]
async fn nothing_is_set_after_a_log_that_lacks_what_was_settled() {
    let world = sealed(WHOLE).await;
    end(&world, Role::HomeroomTeacher, ReasonClass::LeftRole, None).await.expect("ended");
    let mut one = service(&world, Keys::Two, "one");
    world.anchor(&mut one).await.expect("no fault");
    assert_published(&world, 1, "settled").await;
    world.chain.reorganise(1, Orphans::AreLost);
    end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
    let mut codes = BTreeSet::new();
    for mut service in [one, service(&world, Keys::Two, "one")] {
        for _ in 0..4 {
            if let Progress::PutOff { of: Delivery::Statuses, code, .. } = service.step().await.expect("step") {
                codes.insert(code);
            }
            world.pass(61);
        }
    }
    assert_eq!(codes, BTreeSet::from(["settled_is_missing"]));
    let live = world.store.read().await.expect("read").status_attempts().await.expect("attempts");
    assert!(live.iter().all(|attempt| attempt.state.is_dead() || attempt.state == AttemptState::Final), "{live:?}");
}

#[tokio::test]
async fn what_somebody_else_said_already_is_put_off_and_shown_and_keeps_nothing_else_back() {
    let world = sealed(WHOLE).await;
    let teacher = school().appointment(Role::HomeroomTeacher, Some("9A3")).id;
    foreign(&world, Change { key: status_key(&teacher), reason: 5, ..elsewhere(1) }).await;
    let unknown = world.fsck().await;
    assert_eq!(unknown.faults.iter().map(|f| f.what.code()).collect::<Vec<_>>(), ["unknown_status"]);
    end(&world, Role::HomeroomTeacher, ReasonClass::LeftRole, None).await.expect("ended");
    end(&world, Role::SchoolSeal, ReasonClass::Decision, None).await.expect("ended");
    let mut service = service(&world, Keys::Two, "one");
    let (mut published, mut refused) = (0, false);
    for _ in 0..60 {
        match service.step().await.expect("step") {
            Progress::Did(Event::Published { statuses, .. }) => published += statuses,
            Progress::PutOff { of: Delivery::Statuses, code, .. } => {
                assert_eq!(code, "status_refused");
                refused = true;
                break;
            }
            Progress::Idle { next: Some(next) } => world.pass(next.seconds() - world.now().seconds()),
            _ => world.pass(1),
        }
    }
    assert_eq!((published, refused), (1, true));
    world.assert_whole_but_jobs("with a refused status").await;
}

#[tokio::test]
async fn what_a_restored_backup_does_not_know_is_found_in_the_log_and_not_set_again() {
    let mut world = sealed(WHOLE).await;
    end(&world, Role::HomeroomTeacher, ReasonClass::LeftRole, None).await.expect("ended");
    let backup = world.save().await;
    world.restart().await;
    world.anchor(&mut service(&world, Keys::Two, "one")).await.expect("no fault");
    world.restore(&backup).await;
    let events = world.anchor(&mut service(&world, Keys::Two, "two")).await.expect("no fault");
    assert!(events.iter().any(|e| matches!(e, Event::Published { statuses: 1, .. })), "{events:?}");
    assert!(events.iter().all(|e| !matches!(e, Event::Sent { .. })), "{events:?}");
    let report = world.assert_clean("restored").await;
    assert_eq!(report.counted.statuses, 1);
    assert_eq!(world.client().await.status_head().await.expect("head").count, 1);
    // Older than the end itself: the log knows of something of ours that this database does not.
    let world = {
        let before = World::sealed(WHOLE).await;
        let saved = before.save().await;
        let mut world = world;
        world.restore(&saved).await;
        world
    };
    let codes: BTreeSet<_> = world.fsck().await.faults.iter().map(|f| f.what.code()).collect();
    assert!(codes.contains("unknown_status"), "{codes:?}");
}

/// Tells the story with a fault in it, dies of it, walks everything, tells it again from the start.
async fn dies_and_goes_on(mut world: World, keys: Keys, what: &str) {
    assert!(story(&world, keys, "one").await.is_err(), "{what}: the fault did not strike");
    world.restart().await;
    world.assert_clean(what).await;
    story(&world, keys, "two").await.unwrap_or_else(|_| panic!("{what}: nothing breaks the second time"));
    assert_all(&world, what).await;
}

#[tokio::test]
async fn a_crash_at_every_commit_of_the_story_is_survived_and_sets_nothing_twice() {
    let (mut cases, mut seen) = (0, BTreeSet::new());
    for (setup, keys) in [(WHOLE, Keys::One), (Setup::SLOW, Keys::Two)] {
        let quiet = sealed(setup).await;
        quiet.store.faults().watch();
        story(&quiet, keys, "one").await.expect("no fault was put in");
        let names = quiet.store.faults().seen();
        seen.extend(names.iter().copied());
        for (place, name) in names.iter().enumerate() {
            for moment in MOMENTS {
                let world = sealed(setup).await;
                world.store.faults().put_after(place, moment);
                dies_and_goes_on(world, keys, &format!("{setup:?}: commit {place} ({name}) {moment:?}")).await;
                cases += 1;
            }
        }
    }
    for wanted in ["end_appointment", "record_attempt", "note_attempt", "record_status_receipts"] {
        assert!(seen.contains(wanted), "{wanted} is not among {seen:?}");
    }
    println!("{cases} crashes at {} named transactions", seen.len());
}

#[tokio::test]
async fn a_crash_during_recovery_is_survived() {
    let quiet = sealed(Setup::SLOW).await;
    quiet.store.faults().watch();
    story(&quiet, Keys::Two, "one").await.expect("no fault was put in");
    let commits = quiet.store.faults().seen().len();
    let mut cases = 0;
    for place in 0..commits {
        for again in 0..2 {
            let mut world = sealed(Setup::SLOW).await;
            let what = format!("commit {place}, then the {again}th after it");
            world.store.faults().put_after(place, Moment::FailedButPersisted);
            assert!(story(&world, Keys::Two, "one").await.is_err(), "{what}");
            world.restart().await;
            world.store.faults().put_after(again, MOMENTS[(place + again) % 2]);
            // Near the end there may be nothing left to break.
            let _ = story(&world, Keys::Two, "two").await;
            world.restart().await;
            world.assert_clean(&what).await;
            story(&world, Keys::Two, "three").await.unwrap_or_else(|_| panic!("{what}"));
            assert_all(&world, &what).await;
            cases += 1;
        }
    }
    println!("{cases} pairs of crashes");
}

#[tokio::test]
async fn every_request_to_the_node_may_fail_in_each_way_and_every_status_is_set_once() {
    type Fault = (&'static str, fn() -> ChainFault);
    let faults: [Fault; 4] = [
        ("unreachable", ChainFault::unreachable),
        ("answer lost", ChainFault::answer_lost),
        ("refused", || ChainFault::refuses(-32000, "no")),
        ("nonsense", || ChainFault::Answers(serde_json::json!("0x"))),
    ];
    let (mut cases, mut methods) = (0, BTreeSet::new());
    for (setup, keys) in [(WHOLE, Keys::Two), (Setup::SLOW, Keys::One)] {
        let quiet = sealed(setup).await;
        let before = quiet.chain.requests().len();
        story(&quiet, keys, "one").await.expect("no fault was put in");
        let requests = quiet.chain.requests().split_off(before);
        methods.extend(requests.iter().cloned());
        for (place, method) in requests.iter().enumerate() {
            // Two of the four ways at each place, so that neighbours meet all.
            // On a server, where that is no other matter, one.
            let (first, step) = if backend() == Backend::Postgres { (place % 4, 4) } else { (place % 2, 2) };
            for (name, fault) in faults.iter().skip(first).step_by(step) {
                let world = sealed(setup).await;
                let what = format!("{setup:?}: request {place} ({method}) {name}");
                world.chain.after(place, fault());
                story(&world, keys, "one").await.unwrap_or_else(|_| panic!("{what}"));
                assert_all(&world, &what).await;
                cases += 1;
            }
        }
    }
    println!("{cases} failures at {} methods: {methods:?}", methods.len());
}

#[tokio::test]
async fn a_job_that_somebody_took_away_is_put_back() {
    let world = sealed(WHOLE).await;
    end(&world, Role::Principal, ReasonClass::KeyCompromised, Some(NOW - 86_400)).await.expect("ended");
    world.sql("DELETE FROM jobs WHERE kind = 'deliver_statuses'").await;
    let codes: Vec<_> = world.fsck().await.faults.iter().map(|f| f.what.code()).collect();
    assert_eq!(codes, ["no_job"]);
    world.anchor(&mut service(&world, Keys::Two, "one")).await.expect("no fault");
    assert_published(&world, 1, "without its job").await;
    world.assert_clean("without its job").await;
}

/// Each kind of fault in what is stored of statuses is made by hand and is found.
#[tokio::test]
async fn what_is_wrong_with_statuses_is_found() {
    let mut world = sealed(WHOLE).await;
    story(&world, Keys::Two, "one").await.expect("no fault was put in");
    assert_all(&world, "before").await;
    let saved = world.save().await;
    for (sql, wanted) in [
        ("UPDATE statuses SET reason = 4 WHERE id = 1", &["claims", "other_on_chain"][..]),
        ("UPDATE statuses SET since = 7 WHERE id = 3", &["claims"]),
        ("UPDATE statuses SET action = 'revoke' WHERE id = 1", &["claims", "stray_subject"]),
        ("UPDATE statuses SET action = 'burn' WHERE id = 1", &["unreadable"]),
        (
            "UPDATE statuses SET subject = 'AAAAAAAAAAAAAAAAAAAAAA' WHERE id = 1",
            &["claims", "stray_subject", "no_event"],
        ),
        ("UPDATE statuses SET statement = (SELECT statement FROM statuses WHERE id = 2) WHERE id = 1", &["claims"]),
        ("UPDATE statuses SET statement = x'7b7d' WHERE id = 1", &["unreadable"]),
        ("DELETE FROM statuses WHERE id = 1", &["unknown_status"]),
        ("UPDATE statuses SET log_index = log_index + 9 WHERE id = 3", &["other_on_chain"]),
        ("UPDATE statuses SET block_time = block_time + 1 WHERE id = 3", &["other_on_chain"]),
        ("UPDATE statuses SET tx_hash = '0x00' WHERE id = 3", &["receipt"]),
        (
            "UPDATE statuses SET log_index = NULL, block = NULL, block_time = NULL, tx_hash = NULL WHERE id = 3",
            &["lost_transition", "no_job"],
        ),
        ("UPDATE status_attempts SET raw = x'00' WHERE id = 1", &["attempt_bytes"]),
        ("UPDATE status_attempts SET nonce = nonce + 1 WHERE id = 1", &["attempt_bytes"]),
        ("UPDATE status_attempts SET state = 'dropped', block = NULL WHERE id = 1", &["receipt"]),
        ("DELETE FROM audit_events WHERE action = 'end_appointment'", &["no_event"]),
        ("DELETE FROM audit_events WHERE action = 'publish_status'", &["no_event"]),
        ("INSERT INTO jobs (kind, subject, due_at) VALUES ('deliver_statuses', 'all', 0)", &["idle_job"]),
    ] {
        world.restore(&saved).await;
        world.sql(sql).await;
        let codes: BTreeSet<_> = world.fsck().await.faults.iter().map(|f| f.what.code()).collect();
        for code in wanted {
            assert!(codes.contains(code), "{sql}: {codes:?}");
        }
    }
}
