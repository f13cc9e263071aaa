//! What authorities, and those in between, may send instead of an answer: each has its name, and nothing is kept.

use hocba_app::LATE;
use hocba_evidence::Event;
use hocba_tests::{DAY, NOW};

use crate::{
    authority::{Mood, PilotCa, Ways},
    world::{OPERATOR, World},
};

fn codes(events: &[Event]) -> Vec<&'static str> {
    let code = |event: &Event| match event {
        Event::PutOff { code, .. } => Some(*code),
        _ => None,
    };
    let mut codes: Vec<_> = events.iter().filter_map(code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[tokio::test]
async fn each_bad_answer_has_its_name_and_nothing_is_kept_of_it() {
    // By the list of each authority; by OCSP, with the list for the authority's own certificate.
    for (mood, of_lists, of_ocsp) in [
        (Mood::Down, "unreachable", "unreachable"),
        (Mood::Slow, "timeout", "timeout"),
        (Mood::Redirecting, "redirected", "redirected"),
        (Mood::Busy, "status", "status"),
        (Mood::Large, "too_large", "too_large"),
        (Mood::Html, "not_evidence", "not_evidence"),
        (Mood::Old(3 * DAY), "too_old", "too_old"),
        (Mood::Early(600), "from_the_future", "from_the_future"),
        (Mood::Other, "other_certificate", "other_certificate"),
        (Mood::Forged, "signature", "responder"),
    ] {
        for (ways, code) in [(Ways::Crl, of_lists), (Ways::Ocsp, of_ocsp)] {
            let world = World::new(ways, 1).await;
            world.ca.mood(mood);
            world.appoint().await.expect("appointed");
            let events = world.collect().await.expect("collected");
            let mut expected = vec![code, of_lists];
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(codes(&events), expected, "{mood:?}, {ways:?}: {events:?}");
            let state = world.state().await;
            assert_eq!(state.kept, 0, "{mood:?}");
            assert!(state.failing.iter().all(|f| f.tries == 1 && expected.contains(&f.code.as_str())), "{state:?}");
            assert!(world.collect().await.expect("collected").is_empty(), "{mood:?}: not asked again at once");
            // The authority is well again: what was put off is done.
            world.ca.mood(Mood::Well);
            world.pass(2 * DAY);
            assert!(codes(&world.collect().await.expect("collected")).is_empty(), "{mood:?}");
            assert!(world.state().await.failing.is_empty(), "{mood:?}");
            assert!(world.state().await.kept >= 2, "{mood:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_from_before_the_grace_is_over_does_not_suit_however_often_it_comes() {
    let world = World::new(Ways::Crl, 1).await;
    world.appoint().await.expect("appointed");
    world.collect().await.expect("collected");
    world.anchor().await.expect("anchored");
    world.collect().await.expect("noted");
    let kept = world.state().await.kept;
    world.pass(DAY + 60);
    // Right in every way, and an hour too old.
    world.ca.mood(Mood::Old(3600));
    let events = world.collect().await.expect("collected");
    assert_eq!(codes(&events), ["too_old"], "{events:?}");
    let first = events.iter().find_map(|event| match event {
        Event::PutOff { until, .. } => Some(until.seconds() - world.now().seconds()),
        _ => None,
    });
    assert!(first.is_some_and(|pause| pause <= 6 * 3600), "{first:?}");
    for _ in 0..4 {
        world.pass(7 * 3600);
        world.ca.mood(Mood::Old(world.now().seconds() - NOW - 3600));
        world.collect().await.expect("collected");
        assert_eq!(world.state().await.kept, kept, "nothing of it is kept");
    }
    let state = world.state().await;
    assert!(state.failing.iter().all(|f| f.tries == 5), "{state:?}");
    assert!(state.late_since(world.now()).is_some_and(|since| since.plus(LATE) <= world.now()));
    world.assert_clean("waiting").await;
    world.ca.mood(Mood::Well);
    world.pass(7 * 3600);
    world.collect().await.expect("collected");
    assert_eq!(world.state().await.wanted.due, 0);
}

#[tokio::test]
async fn a_responder_that_says_nothing_is_asked_again() {
    for (mood, code) in [(Mood::NoAnswer, "no_answer"), (Mood::Unknown, "unknown_to_authority")] {
        let world = World::new(Ways::Ocsp, 1).await;
        world.ca.mood(mood);
        world.appoint().await.expect("appointed");
        assert_eq!(codes(&world.collect().await.expect("collected")), [code]);
        let (lines, _) = world.app().evidence_kept(&OPERATOR, 10).await.expect("read");
        assert!(lines.iter().all(|line| line.certificate.is_none()), "the list of the authority above: {lines:?}");
    }
}

#[tokio::test]
async fn what_expired_before_the_last_word_is_said_to_be_lost() {
    let clock = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(NOW));
    let ca = PilotCa::begin(Ways::Crl, clock.clone()).await;
    let school = hocba_tests::School {
        // It ends half a day after it signed, and the grace is a day.
        department: ca.person_until(11, "Sở", NOW + DAY / 2),
        principal: ca.person(12, "Hiệu trưởng"),
        teacher: ca.person(13, "Chủ nhiệm"),
        seal: ca.person(14, "Trường"),
        code: hocba_tests::SCHOOL.to_owned(),
    };
    let world = World::with(ca, school, clock, 1).await;
    world.appoint().await.expect("appointed");
    world.anchor().await.expect("anchored");
    world.collect().await.expect("collected");
    world.pass(2 * DAY);
    world.collect().await.expect("collected");
    let state = world.state().await;
    assert_eq!((state.wanted.silent, state.wanted.due), (1, 0), "{state:?}");
    let jobs = world.store.read().await.expect("read").open_jobs().await.expect("jobs");
    assert!(jobs.iter().all(|job| job.kind != hocba_store::model::JobKind::FetchEvidence), "nobody is asked for ever");
    world.assert_clean("silent").await;
}

#[tokio::test]
async fn an_authority_that_does_not_know_the_certificate_is_asked_again() {
    let world = World::new(Ways::Both, 1).await;
    world.ca.mood(Mood::Unknown);
    world.appoint().await.expect("appointed");
    let events = world.collect().await.expect("collected");
    // Where OCSP knows nothing, the list says something.
    assert!(codes(&events).is_empty(), "{events:?}");
    world.assert_clean("unknown").await;
}

#[tokio::test]
async fn places_inside_the_own_network_are_not_asked_unless_they_are_named() {
    let world = World::new(Ways::Crl, 1).await;
    world.appoint().await.expect("appointed");
    let fetch = hocba_evidence::HttpFetch::new([], hocba_evidence::TIMEOUT).expect("a client");
    let mut collector = hocba_evidence::Collector::new(world.app(), fetch, hocba_evidence::Settings::new("one"));
    let mut events = Vec::new();
    collector.run_until_idle(|event| events.push(event.clone())).await.expect("collected");
    assert_eq!(codes(&events), ["address_refused"]);
    assert_eq!(world.ca.take_asked(), 0);
}

#[tokio::test]
async fn two_collectors_ask_once() {
    let world = World::new(Ways::Crl, 1).await;
    world.appoint().await.expect("appointed");
    let fetch = || hocba_evidence::HttpFetch::new(["127.0.0.1".to_owned()], hocba_evidence::TIMEOUT).expect("a client");
    let mut one = hocba_evidence::Collector::new(world.app(), fetch(), hocba_evidence::Settings::new("one"));
    let mut two = hocba_evidence::Collector::new(world.app(), fetch(), hocba_evidence::Settings::new("two"));
    one.step().await.expect("a step");
    assert_eq!(two.step().await.expect("a step"), hocba_evidence::Progress::NotLeader);
    one.run_until_idle(|_| {}).await.expect("collected");
    two.run_until_idle(|_| {}).await.expect("collected");
    assert_eq!(world.ca.take_asked(), 2);
    let (lines, _) = world.app().evidence_kept(&OPERATOR, 10).await.expect("read");
    assert_eq!(lines.len(), 2);
}
