//! One class, all the way: issued, signed by three parties, anchored, bundled, verified; and the three answers.

use hocba_bundle::{
    report::{ChainProblem, Headline, Verdict},
    verify::ChainView,
};
use hocba_tests::World;

#[test]
fn a_signed_and_anchored_record_is_valid() {
    let world = World::new(3);
    let bytes = world.bundle(1).to_bytes();
    let report = world.verify(&bytes);
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(report.headline, Headline::Valid);
    assert!(report.demo);
}

#[test]
fn without_the_chain_it_is_inconclusive_and_nothing_has_failed() {
    let world = World::new(3);
    let bytes = world.bundle(1).to_bytes();
    let report = world.verify_with(&bytes, ChainView::Unavailable(ChainProblem::NotAsked));
    assert_eq!(report.verdict, Verdict::Inconclusive, "{:#?}", report.checks);
}
