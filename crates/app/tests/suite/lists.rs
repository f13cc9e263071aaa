//! List mode: one signature of a signer for all records of a class, or of several.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use hocba_app::{App, AppError, NoPublicRecord, Scope, Selection, Settings, Signer, SigningList, Step, model::Id};
use hocba_bundle::report::Verdict;
use hocba_keystore::DataKey;
use hocba_signature::policy::SigningMode;
use hocba_store::model::RecordState;
use hocba_tests::{
    NOW,
    office::{OPERATOR, Office, chain_of},
};

/// A class of so many, signed by lists from now on.
async fn by_lists(pupils: usize) -> (Office, Id) {
    let (mut office, class) = Office::with_class(pupils).await;
    office.sign_by(SigningMode::List);
    (office, class)
}

async fn prepared(office: &Office, class: &Id, step: Step) -> (Signer, SigningList) {
    let (_, name) = office.person(step);
    let signer = office.app.signer(&OPERATOR, step, false, &chain_of(name)).await.expect("a signer");
    let list = office.app.prepare(&OPERATOR, class, &signer, &Selection::All).await.expect("a list");
    (signer, list)
}

/// The signatures of a record, as they are stored.
async fn signatures(office: &Office, class: &Id) -> Vec<Vec<Vec<u8>>> {
    let versions = office.app.store().read().await.expect("read").records_of(class).await.expect("versions");
    let of = |statement: &hocba_signature::statement::Statement| {
        (0..3).filter_map(|i| statement.signature(i).map(<[u8]>::to_vec)).collect()
    };
    versions.iter().map(|v| v.statement.as_ref().map_or(Vec::new(), of)).collect()
}

#[tokio::test]
async fn each_of_three_signs_a_class_of_forty_once_and_every_record_is_valid_alone() {
    let (office, class) = by_lists(40).await;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        let (signer, list) = prepared(&office, &class, step).await;
        let inputs = list.inputs();
        let [(input, tasks)] = inputs.as_slice() else { panic!("{} inputs", inputs.len()) };
        assert_eq!(tasks.len(), 40);
        let signature = office.person(step).0.key.sign(input).to_vec();
        // In chunks, as over a slow line.
        for tasks in tasks.chunks(17) {
            let signed: Vec<_> = tasks.iter().map(|task| task.signed(signature.clone())).collect();
            assert_eq!(office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken").taken, tasks.len());
            // An answer that got lost.
            let again = office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken before");
            assert_eq!((again.taken, again.already), (0, tasks.len()));
        }
    }
    let all: BTreeSet<Vec<u8>> = signatures(&office, &class).await.concat().into_iter().collect();
    assert_eq!(all.len(), 3, "one of the teacher, one of the principal, one of the school");
    office.anchor().await;
    office.clock.store(NOW, Ordering::Relaxed);
    for line in office.lines(&class).await {
        let bundle = office.app.bundle(&OPERATOR, &line.record, Scope::Results).await.expect("a bundle");
        let report = office.app.verify(&bundle.to_bytes()).await;
        assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.checks);
    }
}

#[tokio::test]
async fn a_list_that_was_cut_off_goes_on_with_a_signature_for_the_rest() {
    let (office, class) = by_lists(5).await;
    let (signer, list) = prepared(&office, &class, Step::Sign).await;
    let key = &office.people.teacher.key;
    let signed: Vec<_> = list.tasks[..2].iter().map(|task| task.signed(key.sign(task.bytes()).to_vec())).collect();
    office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken");
    let (_, rest) = prepared(&office, &class, Step::Sign).await;
    assert_eq!((rest.already, rest.tasks.len(), rest.inputs().len()), (2, 3, 1));
    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 3);
    // Lists of different signers need not be the same.
    assert_eq!(office.step(&class, Step::CoSign, &Selection::All).await.taken, 5);
    assert_eq!(office.step(&class, Step::Seal, &Selection::All).await.taken, 5);
}

#[tokio::test]
async fn a_signature_is_taken_at_its_own_place_of_the_list_only() {
    let (office, class) = by_lists(3).await;
    let (signer, list) = prepared(&office, &class, Step::Sign).await;
    let key = &office.people.teacher.key;
    let good: Vec<_> = list.tasks.iter().map(|task| task.signed(key.sign(task.bytes()).to_vec())).collect();
    let mut elsewhere = good.clone();
    elsewhere[0].place = good[1].place.clone();
    let mut nowhere = good.clone();
    nowhere[0].place = None;
    let mut later = good.clone();
    later[0].at = later[0].at.plus(1);
    for (what, signed) in [("another's place", elsewhere), ("no place", nowhere), ("another time", later)] {
        let refused = office.app.submit(&OPERATOR, &class, &signer, &signed).await;
        assert!(matches!(refused, Err(AppError::Signature(_) | AppError::Changed(_))), "{what}: {refused:?}");
    }
    assert!(office.lines(&class).await.iter().all(|line| line.state == RecordState::Draft), "nothing was taken");
    assert_eq!(office.app.submit(&OPERATOR, &class, &signer, &good).await.expect("taken").taken, 3);
}

#[tokio::test]
async fn what_was_signed_one_by_one_is_so_to_its_end_and_the_rest_by_list() {
    let (mut office, class) = Office::with_class(4).await;
    let two = Selection::Only(BTreeSet::from([1, 2]));
    assert_eq!(office.step(&class, Step::Sign, &two).await.taken, 2);
    office.sign_by(SigningMode::List);
    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 2);
    let (_, list) = prepared(&office, &class, Step::CoSign).await;
    assert_eq!((list.tasks.len(), list.inputs().len()), (4, 3), "two alone, two at once");
    office.step(&class, Step::CoSign, &Selection::All).await;
    // Nor does it matter that the school went back to single signatures meanwhile.
    office.sign_by(SigningMode::Each);
    assert_eq!(office.step(&class, Step::Seal, &Selection::All).await.taken, 4);
    office.sign_by(SigningMode::List);
    office.anchor().await;
    office.clock.store(NOW, Ordering::Relaxed);
    for line in office.lines(&class).await {
        let bundle = office.app.bundle(&OPERATOR, &line.record, Scope::Whole).await.expect("a bundle");
        assert_eq!(office.app.verify(&bundle.to_bytes()).await.verdict, Verdict::Valid, "{}", line.number);
    }
}

#[tokio::test]
async fn where_the_trust_profile_accepts_no_lists_nothing_is_signed_by_them() {
    let (office, class) = Office::with_class(2).await;
    let settings = Settings { signing: SigningMode::List, ..office.app.settings().clone() };
    let (store, profile, edges) =
        (office.app.store().clone(), office.app.profile().clone(), office.app.edges().clone());
    let app = App::new(store, DataKey::from_bytes([9; 32]), profile, Arc::new(NoPublicRecord), edges, settings);
    let signer = app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let refused = app.prepare(&OPERATOR, &class, &signer, &Selection::All).await;
    assert!(matches!(refused, Err(AppError::PolicyNotAccepted { policy }) if policy == "hocba-policy-1-list"));
}
