//! From a signature to the final answer.

use hocba_app::{AppError, Fault, Step};
use hocba_bundle::{
    evidence::EvidenceKind,
    report::{CheckId, Headline, Outcome, Report},
};
use hocba_evidence::Event;
use hocba_signature::statement::Role;
use hocba_tests::{DAY, NOW, SCHOOL, codes};

use crate::{
    authority::{Mood, TEACHER, Ways},
    world::{OPERATOR, World},
};

fn revocation(report: &Report) -> &Outcome {
    let check = report.checks.iter().find(|check| check.id == CheckId::Revocation);
    &check.expect("a check of its own").outcome
}

fn kept(events: &[Event]) -> Vec<EvidenceKind> {
    let kind = |event: &Event| match event {
        Event::Kept { kind, .. } => Some(*kind),
        _ => None,
    };
    events.iter().filter_map(kind).collect()
}

#[tokio::test]
async fn a_record_is_provisional_until_the_authorities_last_word_is_anchored() {
    let world = World::new(Ways::Crl, 40).await;
    world.appoint().await.expect("appointed");
    let events = world.collect().await.expect("collected");
    assert_eq!(kept(&events), [EvidenceKind::Crl; 2], "one list of each authority: {events:?}");
    world.anchor().await.expect("anchored");
    world.sign().await.expect("signed");
    assert_eq!(world.ca.take_asked(), 2);
    assert!(kept(&world.collect().await.expect("collected")).is_empty(), "lists of this morning serve all signers");
    world.anchor().await.expect("anchored");
    world.collect().await.expect("noted");
    assert_eq!(world.ca.take_asked(), 0);

    let early = world.bundle().await;
    let report = world.verify(&early).await;
    assert_eq!(report.headline, Headline::Provisional, "{:?}", codes(&report));
    let state = world.state().await;
    assert_eq!((state.wanted.early, state.wanted.due), (5, 0), "four signers and an authority: {state:?}");
    assert!(world.collect().await.expect("collected").is_empty(), "nothing is due before the grace is over");
    world.assert_clean("before the grace").await;

    world.pass(2 * DAY);
    assert_eq!(world.state().await.wanted.due, 5);
    let events = world.collect().await.expect("collected");
    assert_eq!(kept(&events), [EvidenceKind::Crl; 2], "{events:?}");
    assert_eq!(world.ca.take_asked(), 2, "forty records, four signers, two questions");
    let state = world.state().await;
    assert_eq!((state.kept, state.wanted.early, state.wanted.due), (4, 0, 0), "{state:?}");
    let report = world.verify(&world.bundle().await).await;
    assert_eq!(report.headline, Headline::Provisional, "kept, and not anchored yet");
    world.anchor().await.expect("anchored");

    let late = world.bundle().await;
    let report = world.verify(&late).await;
    assert_eq!(report.headline, Headline::Valid, "{:?}", codes(&report));
    assert_eq!(*revocation(&report), Outcome::Passed);
    assert_eq!(late.authority.evidence.len(), 2, "the final list of each authority, and nothing else");
    // Decades later the authorities are gone, and nobody has to be asked.
    world.ca.mood(Mood::Down);
    world.pass(400 * DAY);
    let report = world.verify(&late).await;
    assert!(matches!(revocation(&report), Outcome::Passed), "{:?}", codes(&report));
    // The one that was handed out early says so, to whoever has nothing else.
    let report = world.verify(&early).await;
    assert!(codes(&report).contains(&"certificate.revocation_unknown"), "{:?}", codes(&report));
    let jobs = world.store.read().await.expect("read").open_jobs().await.expect("jobs");
    assert!(jobs.is_empty(), "{jobs:?}");
    let report = world.assert_clean("at the end").await;
    assert_eq!(report.counted.evidence, 4);
}

#[tokio::test]
async fn with_ocsp_each_certificate_is_answered_for() {
    let world = World::new(Ways::Both, 2).await;
    world.story().await.expect("no fault was put in");
    let report = world.verify(&world.bundle().await).await;
    assert_eq!(report.headline, Headline::Valid, "{:?}", codes(&report));
    let bundle = world.bundle().await;
    assert_eq!(bundle.authority.evidence.len(), 5, "four signers by OCSP, the authority above them by its list");
    world.assert_clean("with OCSP").await;
    // A responder that does not work is no reason not to look at the list.
    let world = World::new(Ways::Both, 2).await;
    world.ca.mood(Mood::NoAnswer);
    world.appoint().await.expect("appointed");
    assert_eq!(kept(&world.collect().await.expect("collected")), [EvidenceKind::Crl; 2]);
}

#[tokio::test]
async fn the_server_helps_a_bundle_that_was_handed_out_early() {
    let world = World::new(Ways::Crl, 2).await;
    world.appoint().await.expect("appointed");
    world.anchor().await.expect("anchored");
    world.sign().await.expect("signed");
    world.anchor().await.expect("anchored");
    let early = world.bundle().await;
    world.collect().await.expect("collected");
    world.pass(2 * DAY);
    world.collect().await.expect("collected");
    world.anchor().await.expect("anchored");
    world.pass(60 * DAY);
    assert_eq!(world.verify(&early).await.headline, Headline::Inconclusive);
    let beside = world.app().beside(&early.to_bytes()).await.expect("read");
    assert_eq!(beside.authority.evidence.len(), 2);
    let report = world.verify_with(&early, &beside).await;
    assert_eq!(report.headline, Headline::Valid, "{:?}", codes(&report));
}

#[tokio::test]
async fn a_certificate_that_was_revoked_signs_no_more_and_what_it_signed_meanwhile_falls() {
    // Nobody was asked between the revocation and the signature: the verdict tells.
    let world = World::new(Ways::Crl, 2).await;
    world.appoint().await.expect("appointed");
    world.anchor().await.expect("anchored");
    world.ca.revoke(TEACHER, NOW - DAY);
    world.sign().await.expect("signed, since nobody knows");
    world.anchor().await.expect("anchored");
    world.pass(2 * DAY);
    world.collect().await.expect("collected");
    world.anchor().await.expect("anchored");
    let report = world.verify(&world.bundle().await).await;
    assert_eq!(codes(&report), ["certificate.revoked"], "{:?}", report.headline);
    world.assert_clean("a record that fell").await;
    let queue = world.app().resigning_queue(&OPERATOR, &SCHOOL.parse().expect("a code")).await.expect("a queue");
    let certificate = world.school.teacher.digest();
    assert_eq!(queue.fallen.iter().map(|fallen| fallen.number).collect::<Vec<_>>(), [1, 2]);
    for fallen in &queue.fallen {
        assert_eq!(fallen.fault, Fault::Revoked { certificate });
        assert_eq!((fallen.role, fallen.through), (Role::HomeroomTeacher, None));
    }

    // Where it is known, the signature is not taken.
    let world = World::new(Ways::Crl, 2).await;
    world.ca.revoke(TEACHER, NOW - DAY);
    world.appoint().await.expect("appointed");
    world.collect().await.expect("collected");
    let app = world.app();
    let workbook = hocba_tests::office::workbook(2, |_, _| {});
    app.import(&OPERATOR, &workbook, &hocba_app::Import::default()).await.expect("imported");
    let refused = world.step(Step::Sign).await.expect_err("revoked");
    assert!(matches!(refused, AppError::Certificate(_)), "{refused:?}");
}

#[tokio::test]
async fn who_has_no_way_out_brings_the_answers() {
    let world = World::new(Ways::Crl, 2).await;
    world.ca.mood(Mood::Down);
    world.appoint().await.expect("appointed");
    world.anchor().await.expect("anchored");
    world.sign().await.expect("signed");
    world.anchor().await.expect("anchored");
    world.collect().await.expect("collected");
    world.pass(3 * DAY);
    world.collect().await.expect("collected");
    let state = world.state().await;
    assert_eq!((state.kept, state.wanted.due), (0, 5), "{state:?}");
    assert!(state.late_since(world.now()).is_some(), "a day and more: somebody should look");
    assert!(state.failing.iter().all(|f| f.code == "unreachable" && f.tries > 0), "{state:?}");

    let app = world.app();
    let now = world.now().seconds();
    for (of_root, certificates) in [(true, 1), (false, 4)] {
        let list = world.ca.crl(of_root, now, Mood::Well);
        let added = app.add_evidence(&OPERATOR, &list).await.expect("taken");
        assert!(added.new && added.certificates == certificates, "{added:?}");
        assert!(added.settled >= certificates, "{added:?}");
        assert!(!app.add_evidence(&OPERATOR, &list).await.expect("taken").new, "once");
    }
    for (refused, code) in [
        (world.ca.crl(false, now, Mood::Forged), "signature"),
        (world.ca.crl(false, now, Mood::Other), "other_certificate"),
        (world.ca.crl(false, now + 60, Mood::Well), "from_the_future"),
        (b"-----BEGIN".to_vec(), "not_evidence"),
        (vec![0x30; 70_000], "too_large"),
    ] {
        match app.add_evidence(&OPERATOR, &refused).await {
            Err(AppError::Evidence(refusal)) => assert_eq!(refusal.code(), code),
            other => panic!("{code}: {other:?}"),
        }
    }
    assert_eq!(world.state().await.kept, 2);
    world.anchor().await.expect("anchored");
    let report = world.verify(&world.bundle().await).await;
    assert_eq!(report.headline, Headline::Valid, "{:?}", codes(&report));
    world.assert_clean("by hand").await;
}
