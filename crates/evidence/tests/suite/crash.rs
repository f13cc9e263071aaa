//! The process dies at every commit of the story; then it goes on, and nothing was lost or kept twice.

use std::collections::BTreeSet;

use hocba_anchor::{Place, What};
use hocba_bundle::report::Headline;
use hocba_store::Moment;
use hocba_tests::codes;

use crate::{authority::Ways, world::World};

const MOMENTS: [Moment; 2] = [Moment::Failed, Moment::FailedButPersisted];

async fn seen() -> Vec<&'static str> {
    let world = World::new(Ways::Crl, 1).await;
    world.store.faults().watch();
    world.story().await.expect("no fault was put in");
    world.store.faults().seen()
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "the number of crashes is a figure that is asked for")]
async fn a_crash_at_every_commit_about_evidence_is_survived() {
    let names = seen().await;
    for wanted in ["take_collecting_lease", "note_wants", "settle_evidence", "keep_evidence"] {
        assert!(names.contains(&wanted), "{wanted} is not among {names:?}");
    }
    let about =
        ["appoint", "seal_records", "note_wants", "settle_evidence", "keep_evidence", "close_batch", "record_receipt"];
    // The first and the last of each.
    let of = |name: &&str| [names.iter().position(|n| n == name), names.iter().rposition(|n| n == name)];
    let places: BTreeSet<usize> = about.iter().flat_map(of).flatten().collect();
    for place in &places {
        for moment in MOMENTS {
            let what = format!("commit {place} ({}) {moment:?}", names[*place]);
            let mut world = World::new(Ways::Crl, 1).await;
            world.store.faults().put_after(*place, moment);
            assert!(world.story().await.is_err(), "{what}: the fault did not strike");
            world.restart().await;
            world.assert_clean(&what).await;
            world.pass(61);
            world.story().await.unwrap_or_else(|_| panic!("{what}: nothing breaks the second time"));
            world.story().await.unwrap_or_else(|_| panic!("{what}: nothing is left to do"));
            world.assert_clean(&what).await;
            let report = world.verify(&world.bundle().await).await;
            assert_eq!(report.headline, Headline::Valid, "{what}: {:?}", codes(&report));
            let jobs = world.store.read().await.expect("read").open_jobs().await.expect("jobs");
            assert!(jobs.is_empty(), "{what}: {jobs:?}");
        }
    }
    println!("{} crashes", places.len() * MOMENTS.len());
}

#[tokio::test]
async fn fsck_finds_evidence_whose_bytes_were_changed() {
    let world = World::new(Ways::Crl, 1).await;
    world.story().await.expect("no fault was put in");
    world.assert_clean("before").await;
    let (lines, _) = world.app().evidence_kept(&crate::world::OPERATOR, 10).await.expect("read");
    let id = lines[0].id;
    let kept = world.store.read().await.expect("read").evidence(&id).await.expect("read").expect("kept");
    // One bit of the authority's signature.
    let mut evidence = hocba_bundle::evidence::RevocationEvidence::of(&kept.statement).expect("evidence");
    *evidence.answer.0.last_mut().expect("bytes") ^= 1;
    let bytes: String = evidence.statement().to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let touched = world.database.sql(&format!("UPDATE evidence SET statement = x'{bytes}' WHERE id = '{id}'")).await;
    assert_eq!(touched, 1);
    let faults = report(&world).await;
    for what in [What::Claims("id"), What::OtherLeaf, What::NoAnswer("its signature does not verify")] {
        assert!(faults.contains(&(Place::Evidence(id), what.clone())), "{what:?} is not among {faults:?}");
    }
    // What the table says beside it.
    let other = lines[1].id;
    world.database.sql(&format!("UPDATE evidence SET this_update = this_update + 1 WHERE id = '{other}'")).await;
    assert!(report(&world).await.contains(&(Place::Evidence(other), What::Claims("time"))));
    world.database.sql(&format!("DELETE FROM evidence WHERE id = '{other}'")).await;
    assert!(report(&world).await.iter().any(|(_, what)| *what == What::StrayLeaf));
}

#[tokio::test]
async fn fsck_finds_a_question_that_nobody_will_ask() {
    let world = World::new(Ways::Crl, 1).await;
    world.appoint().await.expect("appointed");
    world.collect().await.expect("collected");
    world.anchor().await.expect("anchored");
    world.collect().await.expect("noted");
    world.assert_clean("before").await;
    world.database.sql("DELETE FROM jobs WHERE kind = 'fetch_evidence'").await;
    let found = report(&world).await;
    assert!(
        found.iter().any(|(place, what)| matches!((place, what), (Place::Wanting(_), What::NoJob(_)))),
        "{found:?}"
    );
}

async fn report(world: &World) -> Vec<(Place, What)> {
    let facts = world.facts().await;
    let report = hocba_anchor::fsck(&world.store, Some(&world.app()), Some(&facts)).await.expect("read");
    report.faults.into_iter().map(|fault| (fault.place, fault.what)).collect()
}
