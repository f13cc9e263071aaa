//! Time-stamps over batches, as a verifier sees them: what bears a block time out, and each thing that does not.

use hocba_bundle::{
    assemble::KnownTimeStamp,
    facts::batch_digest,
    format::{BatchTimeStamp, Bundle, BundleError, Der, MAX_TIME_STAMPS_PER_RECORD},
    profile::{PinnedRoot, TimeStampAuthority, TimeStampRule},
    report::{Check, CheckId, Outcome, Report, SkipReason, Verdict},
    text::{self, Language},
    time_stamp::{MAX_DELAY, TOLERANCE},
    verify::{ChainView, Context, verify},
};
use hocba_record::encoding::Sha256Digest;
use hocba_tests::{
    CHAIN, CONTRACT, DAY, Ledger, NOW, World, at, codes, few_sections, open_claims, open_profile, profile_content,
    signed_record,
    stamper::{POLICY, Stamper},
};

/// Block time of the records' batch, the third of the chain: index 2.
const ENTERED: i64 = NOW - DAY;
const BATCH: u64 = 2;

/// *digest_n* as the contract computes it.
fn digest(ledger: &Ledger, index: u64) -> Sha256Digest {
    let genesis = hocba_bundle::facts::genesis_digest(hocba_bundle::facts::ANCHOR_TAG, CHAIN, &CONTRACT, None);
    let batches = (0..=index).zip(&ledger.facts.batches);
    batches.fold(genesis, |before, (n, batch)| batch_digest(CHAIN, &CONTRACT, n, batch, &before))
}

fn stamp(batch: u64, token: Vec<u8>) -> BatchTimeStamp {
    BatchTimeStamp { batch, chain: CHAIN, contract: CONTRACT, token: Der(token) }
}

fn authority(stamper: &Stamper) -> TimeStampAuthority {
    TimeStampAuthority { id: "tsa-1".into(), policies: None, roots: vec![PinnedRoot::from(&stamper.root())] }
}

/// A world whose profile believes one authority and asks for its word.
struct Scene {
    world: World,
    stamper: Stamper,
    rule: TimeStampRule,
}

impl Scene {
    fn new() -> Self {
        let (mut world, stamper) = (World::bare(), Stamper::new(1));
        world.records = (0..2)
            .map(|n| signed_record(&world.school, open_claims(&world.school.code, n), &few_sections(), Vec::new()))
            .collect();
        let statements: Vec<_> = world.records.iter().map(|r| r.statement.clone()).collect();
        world.anchors = world.ledger.anchor("so-demo", &statements, ENTERED);
        let rule = TimeStampRule { authorities: vec![authority(&stamper)], from: at(NOW - 30 * DAY), required: true };
        Self { world, stamper, rule }
    }

    /// A batch of something else, later.
    fn later_batch(&mut self, time: i64) -> u64 {
        let other =
            signed_record(&self.world.other, open_claims(&self.world.other.code, 7), &few_sections(), Vec::new());
        self.world.ledger.anchor("so-demo-2", &[other.statement], time)[0].batch
    }

    fn good(&self, batch: u64, time: i64) -> BatchTimeStamp {
        stamp(batch, self.stamper.token(&digest(&self.world.ledger, batch), time))
    }

    fn bundle(&self, stamps: Vec<BatchTimeStamp>) -> Bundle {
        let mut bundle = self.world.bundle(0);
        bundle.authority.time_stamps = stamps;
        bundle.authority = bundle.authority.in_order();
        bundle
    }

    fn report_of(&self, bundle: &Bundle) -> Report {
        let mut content = profile_content();
        content.time_stamps = Some(self.rule.clone());
        let (profile, snapshot) = (open_profile(&content), self.world.snapshot());
        let chain = ChainView::Snapshot(&snapshot);
        verify(&bundle.to_bytes(), &Context { profile: &profile, chain, now: at(NOW) })
    }

    fn report(&self, stamps: Vec<BatchTimeStamp>) -> Report {
        self.report_of(&self.bundle(stamps))
    }

    /// What alone is found wrong, and the verdict.
    #[track_caller]
    fn refused(&self, stamps: Vec<BatchTimeStamp>, code: &str, verdict: Verdict) {
        let report = self.report(stamps);
        assert_eq!((codes(&report), report.verdict), (vec![code], verdict));
        let outcome = &check(&report).outcome;
        assert!(matches!(outcome, Outcome::Failed(_)) == (verdict == Verdict::Invalid), "{outcome:?}");
        assert_eq!(report.records[0].time_stamp, None, "nothing is shown that does not hold");
        for problem in outcome.problems() {
            for language in [Language::Vietnamese, Language::English] {
                assert!(!text::problem(problem, language).is_empty());
            }
        }
    }
}

fn check(report: &Report) -> &Check {
    report.checks.iter().find(|c| c.id == CheckId::TimeStamp).expect("it is always made")
}

#[test]
fn a_time_stamp_of_the_batch_bears_its_time_out_and_is_shown() {
    let scene = Scene::new();
    let report = scene.report(vec![scene.good(BATCH, ENTERED + 40)]);
    assert_eq!((codes(&report), report.verdict), (vec![], Verdict::Valid));
    assert_eq!(check(&report).outcome, Outcome::Passed);
    let shown = report.records[0].time_stamp.as_ref().expect("shown");
    assert_eq!((shown.authority.as_str(), shown.time), ("tsa-1", at(ENTERED + 40)));
    let vietnamese = text::time_stamp(shown, Language::Vietnamese);
    assert_eq!(vietnamese, "Dấu thời gian của tsa-1: lúc 31/05/2027 07:00 đã có lần ghi sổ này.");
    let english = text::time_stamp(shown, Language::English);
    assert_eq!(english, "Time-stamp of tsa-1: this entry was there at 31/05/2027 07:00.");
}

#[test]
fn a_time_stamp_of_a_later_batch_is_one_of_those_before_it() {
    let mut scene = Scene::new();
    let later = scene.later_batch(ENTERED + 3600);
    assert_eq!(later, BATCH + 1);
    let report = scene.report(vec![scene.good(later, ENTERED + 3700)]);
    assert_eq!((codes(&report), report.verdict), (vec![], Verdict::Valid));
    assert_eq!(report.records[0].time_stamp.as_ref().map(|t| t.time), Some(at(ENTERED + 3700)));
}

#[test]
fn a_profile_without_the_rule_passes_time_stamps_over_even_broken_ones() {
    let scene = Scene::new();
    for token in [scene.good(BATCH, ENTERED), stamp(BATCH, vec![0x30, 0]), stamp(0, vec![1])] {
        let bundle = scene.bundle(vec![token]);
        let report = scene.world.verify(&bundle.to_bytes());
        assert_eq!((codes(&report), report.verdict), (vec![], Verdict::Valid));
        assert_eq!(check(&report).outcome, Outcome::Skipped(SkipReason::NotAsked));
        assert_eq!(report.records[0].time_stamp, None, "never believed");
    }
}

#[test]
fn a_profile_that_believes_nobody_passes_them_over_unless_it_asks_for_them() {
    let mut scene = Scene::new();
    scene.rule.authorities.clear();
    scene.refused(vec![scene.good(BATCH, ENTERED)], "time_stamp.missing", Verdict::Inconclusive);
    scene.rule.required = false;
    let report = scene.report(vec![scene.good(BATCH, ENTERED)]);
    assert_eq!((report.verdict, &check(&report).outcome), (Verdict::Valid, &Outcome::Skipped(SkipReason::NotAsked)));
}

#[test]
fn a_missing_one_matters_only_where_it_is_asked_for() {
    let mut scene = Scene::new();
    scene.refused(vec![], "time_stamp.missing", Verdict::Inconclusive);
    scene.rule.from = at(ENTERED);
    scene.refused(vec![], "time_stamp.missing", Verdict::Inconclusive);
    scene.rule.from = at(ENTERED + 1);
    let report = scene.report(vec![]);
    assert_eq!((report.verdict, &check(&report).outcome), (Verdict::Valid, &Outcome::Skipped(SkipReason::NotAsked)));
    scene.rule.from = at(ENTERED);
    scene.rule.required = false;
    let report = scene.report(vec![]);
    assert_eq!((report.verdict, &check(&report).outcome), (Verdict::Valid, &Outcome::Skipped(SkipReason::NotCarried)));
}

#[test]
fn a_mandatory_check_is_not_skipped_for_want_of_a_time_stamp() {
    let mut scene = Scene::new();
    scene.rule.required = false;
    let mut content = profile_content();
    content.time_stamps = Some(scene.rule.clone());
    content.mandatory = vec![CheckId::TimeStamp];
    scene.world.profile = open_profile(&content);
    let report = scene.world.verify(&scene.bundle(vec![]).to_bytes());
    assert_eq!((codes(&report), report.verdict), (vec!["mandatory.not_shown"], Verdict::Invalid));
    let report = scene.world.verify(&scene.bundle(vec![scene.good(BATCH, ENTERED)]).to_bytes());
    assert_eq!(report.verdict, Verdict::Valid);
}

#[test]
fn a_time_stamp_of_something_else_is_refused() {
    let scene = Scene::new();
    let other = scene.stamper.token(&Sha256Digest::of(b"another batch"), ENTERED);
    scene.refused(vec![stamp(BATCH, other)], "time_stamp.other_digest", Verdict::Invalid);
    // Of the batch before, called one of this.
    let before = scene.stamper.token(&digest(&scene.world.ledger, BATCH - 1), ENTERED);
    scene.refused(vec![stamp(BATCH, before)], "time_stamp.other_digest", Verdict::Invalid);
}

#[test]
fn a_time_stamp_of_an_earlier_batch_is_refused() {
    let scene = Scene::new();
    scene.refused(vec![scene.good(BATCH - 1, ENTERED)], "time_stamp.earlier_batch", Verdict::Invalid);
    // Beside a good one, too: it is of no record here.
    let both = vec![scene.good(BATCH - 1, ENTERED), scene.good(BATCH, ENTERED)];
    scene.refused(both, "time_stamp.earlier_batch", Verdict::Invalid);
}

#[test]
fn an_authority_that_is_not_in_the_profile_is_refused() {
    let scene = Scene::new();
    let stranger = Stamper::new(2).token(&digest(&scene.world.ledger, BATCH), ENTERED);
    scene.refused(vec![stamp(BATCH, stranger)], "time_stamp.unknown_authority", Verdict::Invalid);
}

#[test]
fn a_second_authority_of_the_profile_is_found() {
    let mut scene = Scene::new();
    let second = Stamper::new(2);
    scene.rule.authorities.push(TimeStampAuthority { id: "tsa-2".into(), ..authority(&second) });
    let token = stamp(BATCH, second.token(&digest(&scene.world.ledger, BATCH), ENTERED + 9));
    let report = scene.report(vec![token.clone(), scene.good(BATCH, ENTERED + 10)]);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.records[0].time_stamp.as_ref().map(|t| t.authority.as_str()), Some("tsa-2"), "the earlier one");
    // Each that is carried has to hold.
    let broken = stamp(BATCH, second.token(&Sha256Digest::of(b"other"), ENTERED));
    scene.refused(vec![token, broken], "time_stamp.other_digest", Verdict::Invalid);
}

#[test]
fn an_expired_signer_is_refused() {
    let mut scene = Scene::new();
    scene.stamper = Stamper::valid(1, NOW - 500 * DAY, ENTERED - 1);
    scene.refused(vec![scene.good(BATCH, ENTERED)], "time_stamp.outside_validity", Verdict::Invalid);
    scene.stamper = Stamper::valid(1, NOW - 500 * DAY, ENTERED);
    assert_eq!(scene.report(vec![scene.good(BATCH, ENTERED)]).verdict, Verdict::Valid, "expired since: no matter");
}

#[test]
fn a_flipped_bit_of_a_token_is_noticed() {
    let scene = Scene::new();
    let good = scene.good(BATCH, ENTERED).token.0;
    assert_eq!(scene.report(vec![stamp(BATCH, good.clone())]).verdict, Verdict::Valid);
    // Samples, for each is a whole verification: `crates/signature/tests/timestamp.rs` flips every bit, and knows those that
    // change nothing (time-stamp.md §6).
    for place in (0..good.len()).step_by(23) {
        let mut changed = good.clone();
        changed[place] ^= 1;
        let report = scene.report(vec![stamp(BATCH, changed)]);
        assert_eq!(report.verdict, Verdict::Invalid, "byte {place}");
        assert!(codes(&report).iter().all(|code| code.starts_with("time_stamp.")), "{:?}", codes(&report));
    }
    let mut signature = good;
    *signature.last_mut().expect("bytes") ^= 1;
    scene.refused(vec![stamp(BATCH, signature)], "time_stamp.signature", Verdict::Invalid);
    scene.refused(vec![stamp(BATCH, vec![0x30, 0])], "time_stamp.malformed", Verdict::Invalid);
}

#[test]
fn a_policy_that_the_profile_does_not_accept_is_refused() {
    let mut scene = Scene::new();
    let stamps = || vec![scene.good(BATCH, ENTERED)];
    let stamps = stamps();
    scene.rule.authorities[0].policies = Some(vec!["1.3.6.1.4.1.55555.8".parse().expect("an identifier")]);
    scene.refused(stamps.clone(), "time_stamp.policy", Verdict::Invalid);
    scene.rule.authorities[0].policies = Some(Vec::new());
    scene.refused(stamps.clone(), "time_stamp.policy", Verdict::Invalid);
    scene.rule.authorities[0].policies = Some(vec![POLICY.parse().expect("an identifier")]);
    assert_eq!(scene.report(stamps).verdict, Verdict::Valid);
}

#[test]
fn a_root_counts_until_its_cut_off() {
    let mut scene = Scene::new();
    let stamps = vec![scene.good(BATCH, ENTERED)];
    scene.rule.authorities[0].roots[0].cut_off = Some(at(ENTERED));
    scene.refused(stamps.clone(), "time_stamp.root_cut_off", Verdict::Invalid);
    scene.rule.authorities[0].roots[0].cut_off = Some(at(ENTERED + 1));
    assert_eq!(scene.report(stamps).verdict, Verdict::Valid);
}

#[test]
fn a_time_before_the_block_time_that_was_stamped_is_refused() {
    let scene = Scene::new();
    // Its time was cut to the second, and is good to a second.
    let earliest = ENTERED - TOLERANCE - 2;
    assert_eq!(scene.report(vec![scene.good(BATCH, earliest)]).verdict, Verdict::Valid);
    scene.refused(vec![scene.good(BATCH, earliest - 1)], "time_stamp.early", Verdict::Invalid);
}

#[test]
fn a_time_long_after_the_entry_says_nothing_of_it() {
    // As the chain says, entered so long ago; by the stamp, only seen at the end of that.
    let mut scene = Scene::new();
    let (entered, record) = (NOW - MAX_DELAY - 10 * DAY, scene.world.records[0].statement.clone());
    scene.world = World::bare();
    let again = Scene::new().world.records;
    scene.world.records = again;
    scene.world.anchors = scene.world.ledger.anchor("so-demo", &[record], entered);
    scene.rule.from = at(entered);
    let latest = entered + MAX_DELAY - 2;
    assert_eq!(scene.report(vec![scene.good(BATCH, latest)]).verdict, Verdict::Valid);
    scene.refused(vec![scene.good(BATCH, latest + 1)], "time_stamp.late", Verdict::Inconclusive);
    // One in time beside it is enough.
    let both = vec![scene.good(BATCH, latest), scene.good(BATCH, latest + 1)];
    assert_eq!(scene.report(both).verdict, Verdict::Valid);
    // Named even where none is asked for: leave it out.
    scene.rule.required = false;
    scene.refused(vec![scene.good(BATCH, latest + 1)], "time_stamp.late", Verdict::Inconclusive);
}

#[test]
fn a_time_that_has_not_come_is_not_believed() {
    let scene = Scene::new();
    let latest = NOW + TOLERANCE + 1;
    assert_eq!(scene.report(vec![scene.good(BATCH, latest)]).verdict, Verdict::Valid);
    scene.refused(vec![scene.good(BATCH, latest + 1)], "time_stamp.from_future", Verdict::Inconclusive);
}

#[test]
fn of_a_batch_that_the_snapshot_does_not_know_nothing_can_be_told() {
    let scene = Scene::new();
    let token = scene.stamper.token(&Sha256Digest::of(b"a batch to come"), ENTERED);
    scene.refused(vec![stamp(BATCH + 1, token)], "chain.too_old_for_batch", Verdict::Inconclusive);
}

#[test]
fn a_time_stamp_of_another_contract_is_of_no_use() {
    let scene = Scene::new();
    let foreign = BatchTimeStamp { chain: CHAIN + 1, ..scene.good(BATCH, ENTERED) };
    let report = scene.report(vec![foreign, scene.good(BATCH, ENTERED + 1)]);
    assert_eq!((codes(&report), report.verdict), (vec!["part.unreferenced"], Verdict::Invalid));
}

#[test]
fn each_record_of_a_bundle_has_its_own() {
    let mut scene = Scene::new();
    // The second record was entered long before the first, and long before the rule.
    let old = signed_record(&scene.world.school, open_claims(&scene.world.school.code, 9), &few_sections(), Vec::new());
    let mut world = World::bare();
    let early = world.ledger.anchor("so-demo", std::slice::from_ref(&old.statement), NOW - 90 * DAY).swap_remove(0);
    let late = world.ledger.anchor("so-demo", &[scene.world.records[0].statement.clone()], ENTERED).swap_remove(0);
    let (batch, old_batch) = (late.batch, early.batch);
    let parts = vec![World::part(&old, &early), World::part(&scene.world.records[0], &late)];
    scene.world.ledger = world.ledger;
    let mut bundle = scene.world.assemble(parts);
    let mut shown = |stamps: Vec<BatchTimeStamp>| {
        bundle.authority.time_stamps = stamps;
        bundle.authority = bundle.authority.clone().in_order();
        let report = scene.report_of(&bundle);
        let of = |n: usize| {
            let outcome = report.checks.iter().find(|c| c.id == CheckId::TimeStamp && c.record == Some(n));
            let time = report.records[n].time_stamp.as_ref().map(|shown| shown.time.seconds());
            (outcome.map(|c| c.outcome.clone()), time)
        };
        [of(0), of(1)]
    };
    let not_asked = Some(Outcome::Skipped(SkipReason::NotAsked));
    // One of the later batch is too late for the earlier one, which is as it should be.
    let good = scene.good(batch, ENTERED + 5);
    let passed = (Some(Outcome::Passed), Some(ENTERED + 5));
    assert_eq!(shown(vec![good.clone()]), [(not_asked.clone(), None), passed.clone()]);
    // With one of its own, which is of an earlier batch than the other's, and no reproach to that.
    let own = scene.good(old_batch, NOW - 90 * DAY + 1);
    assert_eq!(shown(vec![good, own.clone()]), [(Some(Outcome::Passed), Some(NOW - 90 * DAY + 1)), passed]);
    // Alone, it leaves the other without.
    let [(first, _), (second, _)] = shown(vec![own]);
    assert_eq!(first, Some(Outcome::Passed));
    assert!(matches!(second, Some(Outcome::Unavailable(p)) if p[0].code() == "time_stamp.missing"));
}

#[test]
fn a_dead_node_leaves_the_check_unmade_and_says_so() {
    let scene = Scene::new();
    let mut content = profile_content();
    content.time_stamps = Some(scene.rule.clone());
    let profile = open_profile(&content);
    let chain = ChainView::Unavailable(hocba_bundle::report::ChainProblem::Unreachable);
    let bytes = scene.bundle(vec![scene.good(BATCH, ENTERED)]).to_bytes();
    let report = verify(&bytes, &Context { profile: &profile, chain, now: at(NOW) });
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert_eq!(check(&report).outcome, Outcome::Skipped(SkipReason::NotReached));
}

#[test]
fn the_file_has_each_once_in_order_and_not_too_many() {
    let scene = Scene::new();
    let mut bundle = scene.bundle(vec![scene.good(BATCH, ENTERED), scene.good(BATCH, ENTERED + 1)]);
    assert!(Bundle::read(&bundle.to_bytes()).is_ok());
    bundle.authority.time_stamps.reverse();
    let order = Err(BundleError::Order { what: "time-stamps" });
    assert_eq!(Bundle::read(&bundle.to_bytes()), order);
    let twice = scene.good(BATCH, ENTERED);
    bundle.authority.time_stamps = vec![twice.clone(), BatchTimeStamp { batch: BATCH + 1, ..twice }];
    assert_eq!(Bundle::read(&bundle.to_bytes()), order);
    let many = (0..=MAX_TIME_STAMPS_PER_RECORD).map(|n| stamp(BATCH, vec![u8::try_from(n).expect("few")]));
    let many = scene.bundle(many.collect());
    assert!(matches!(Bundle::read(&many.to_bytes()), Err(BundleError::Limit { what: "time-stamps", .. })));
    let large = scene.bundle(vec![stamp(BATCH, vec![0; 32 * 1024 + 1])]);
    assert!(matches!(Bundle::read(&large.to_bytes()), Err(BundleError::Limit { what: "bytes in a time-stamp", .. })));
    // A bundle without is what it was before there were any.
    let text = String::from_utf8(scene.bundle(vec![]).to_bytes()).expect("JSON");
    assert!(!text.contains("time_stamps"));
}

#[test]
fn profiles_say_no_more_than_the_page_allows() {
    let mut content = profile_content();
    let before = String::from_utf8(content.to_bytes()).expect("JSON");
    assert!(!before.contains("time_stamps"), "a profile without the rule is what it was");
    let mut rule = Scene::new().rule;
    rule.authorities[0].policies = Some(vec![POLICY.parse().expect("an identifier")]);
    content.time_stamps = Some(rule);
    assert_eq!(*open_profile(&content).profile(), content);
    let text = String::from_utf8(content.to_bytes()).expect("JSON");
    let read = |text: &str| {
        hocba_record::canonical::parse(text.as_bytes(), hocba_record::canonical::Limits { bytes: 1 << 20, depth: 8 })
            .and_then(|json| hocba_record::canonical::from_json::<hocba_bundle::profile::TrustProfile>(&json))
    };
    assert!(read(&text).is_ok());
    for (from, to) in [
        ("\"required\":true", "\"required\":true,\"surplus\":1"),
        ("\"id\":\"tsa-1\"", "\"id\":\"tsa-1\",\"key\":1"),
        ("\"required\":true", "\"required\":1"),
        ("\"required\":true", "\"wanted\":true"),
        (POLICY, "1.x"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(read(&changed).is_err(), "{to}");
    }
    // A root that is none: the profile does not open.
    content.time_stamps.as_mut().expect("set above").authorities[0].roots[0].certificate = Der(vec![0x30, 0]);
    let file = hocba_tests::profile_file(&content);
    let pinned = hocba_tests::Person::example("profile").digest();
    assert!(hocba_bundle::profile::OpenProfile::open(&file, &pinned, None).is_err());
}

#[test]
fn a_bundle_is_put_together_with_the_first_of_each_authority() {
    let mut scene = Scene::new();
    let later = scene.later_batch(ENTERED + 3600);
    let known = |authority: &str, time: i64, stamp: BatchTimeStamp| KnownTimeStamp {
        authority: authority.into(),
        time: at(time),
        stamp,
    };
    let (first, second) = (scene.good(BATCH, ENTERED + 5), scene.good(later, ENTERED + 3605));
    let before = scene.good(BATCH - 1, ENTERED - 5);
    let much_later = scene.good(later, ENTERED + MAX_DELAY);
    scene.world.store.time_stamps = vec![
        known("b", ENTERED + MAX_DELAY, much_later),
        known("a", ENTERED + 3605, second.clone()),
        known("a", ENTERED + 5, first.clone()),
        known("a", ENTERED - 5, before),
        known("c", ENTERED + 3605, second.clone()),
    ];
    let bundle = scene.world.bundle(0);
    let mut expected = vec![first, second];
    expected.sort_by_key(|stamp| stamp.token.digest());
    assert_eq!(bundle.authority.time_stamps, expected);
    assert_eq!(scene.report_of(&bundle).verdict, Verdict::Valid);
}
