//! Three operators, of whom two have to agree.

use std::{fmt, sync::Arc};

use hocba_anchor::{Event, LiveFacts, Progress};
use hocba_app::{Actor, Scope};
use hocba_bundle::{
    facts::ChainFacts,
    report::{Agreement, ChainProblem, OperatorWord, Report, Verdict},
};
use hocba_chain::{AnchorClient, Finality, Operators, StatusChange, transaction::set_status_gas};
use hocba_record::encoding::Sha256Digest;

use crate::{
    proxy::{Mischief, Proxy},
    stage::{self, Http, Site, Stage, anchored, embedded},
};

const NAMES: [&str; 3] = ["first", "second", "third"];

/// Sets a status with this number.
async fn set(stage: &Stage, number: u32) {
    let digest = |text: &str| Sha256Digest::of(format!("{text} {number}").as_bytes());
    let index = stage.client.status_head().await.expect("head").count;
    let (key, statement) = (digest("key"), digest("statement"));
    let change = StatusChange { key, live_version: 2, revoked: false, reason: 1, statement };
    let terms = stage.terms(&stage.site.admin, set_status_gas(1), stage.site.fee).await;
    let set = stage.client.prepare_set_status(&stage.site.admin, index, &[change], terms).expect("signed");
    stage.send(&set).await;
}

/// A history that begins as the true one does, in a contract with the same address and code: the same school anchors other
/// batches, and another status is set in as many blocks.
async fn invented(number: u32, height: u64) -> String {
    let url = embedded().await;
    let stage = Stage::open(Site::embedded(url.clone()), 2).await;
    let mut reached = 0;
    for n in 0.. {
        if reached >= height {
            break;
        }
        set(&stage, number * 1000 + n).await;
        reached = stage.client.settled(Finality::Instant).await.expect("a block").number;
    }
    url
}

/// A school with everything anchored, and three proxies before its node.
struct Play {
    stage: Stage,
    proxies: [Proxy; 3],
    /// Of the last block but one.
    before: ChainFacts,
    truth: ChainFacts,
}

impl Play {
    async fn new() -> Self {
        let node = embedded().await;
        let mut stage = Stage::open(Site::embedded(node.clone()), 4096).await;
        stage.drive(|_| false).await;
        stage.finish().await;
        let before = stage.facts().await.facts().clone();
        set(&stage, 1).await;
        let truth = stage.facts().await.facts().clone();
        let proxies = [Proxy::before(&node).await, Proxy::before(&node).await, Proxy::before(&node).await];
        Self { stage, proxies, before, truth }
    }

    fn operators(&self) -> Operators<Http> {
        self.operators_at(&self.proxies.each_ref().map(Proxy::url))
    }

    fn operators_at(&self, urls: &[String; 3]) -> Operators<Http> {
        let named = NAMES.iter().zip(urls).map(|(name, url)| ((*name).to_owned(), vec![self.stage.site.http(url)]));
        Operators::new(named, 2, self.stage.world.deployment)
    }

    /// Verifies a record by what they say.
    async fn verify(&self, operators: Operators<Http>) -> Report {
        let world = &self.stage.world;
        let app = world.app_with(Arc::new(LiveFacts::of(operators, Finality::Instant)));
        let mut tx = world.store.read().await.expect("read");
        let class = world.class().await.expect("class");
        let record = tx.record_lines(&class).await.expect("lines")[0].record;
        drop(tx);
        let bundle = app.bundle(&Actor::LocalOperator, &record, Scope::Whole).await.expect("a bundle");
        app.verify(&bundle.to_bytes()).await
    }
}

fn words(agreement: &Agreement) -> [OperatorWord; 3] {
    let ids: Vec<_> = agreement.operators.iter().map(|said| said.id.as_str()).collect();
    assert_eq!((ids, agreement.needed), (NAMES.to_vec(), 2));
    [0, 1, 2].map(|place| agreement.operators[place].word)
}

/// One lies, the others do not.
fn one(place: usize, word: OperatorWord) -> [OperatorWord; 3] {
    let mut words = [OperatorWord::Agrees; 3];
    words[place] = word;
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_that_lies_or_lags_is_outvoted_and_named() {
    let play = Play::new().await;
    let lies = [
        (Mischief::Digest(0), OperatorWord::Differs),
        (Mischief::Old(play.before.block), OperatorWord::Behind { block: play.before.block }),
        (Mischief::OtherChain, OperatorWord::OtherChain),
        (Mischief::OtherCode, OperatorWord::OtherCode),
        (Mischief::Torn, OperatorWord::Silent),
    ];
    for (mischief, word) in lies {
        for place in 0..3 {
            play.proxies[place].misbehave(mischief.clone());
            let (facts, agreement) = play.operators().facts(Finality::Instant, None).await;
            assert_eq!(facts.expect("two agree").facts(), &play.truth, "{mischief:?} at {place}");
            assert_eq!(words(&agreement), one(place, word), "{mischief:?} at {place}");
            play.proxies[place].behave();
        }
    }
}

/// Its digests are the true ones, so only who reads its lists can tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_agrees_and_then_lies_about_a_root_or_a_status_is_named_by_who_reads_from_it() {
    let play = Play::new().await;
    for mischief in [Mischief::Root, Mischief::Entry] {
        for place in 0..3 {
            play.proxies[place].misbehave(mischief.clone());
            for earlier in [None, Some(&play.before)] {
                // Of the batches nothing is new since then, so no list of them is read.
                let read = place == 0 && !(mischief == Mischief::Root && earlier.is_some());
                let word = if read { OperatorWord::Inconsistent } else { OperatorWord::Agrees };
                let (facts, agreement) = play.operators().facts(Finality::Instant, earlier).await;
                let what = format!("{mischief:?} at {place}, read on: {}", earlier.is_some());
                assert_eq!(facts.expect("two agree").facts(), &play.truth, "{what}");
                assert_eq!(words(&agreement), one(place, word), "{what}");
            }
            play.proxies[place].behave();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_history_that_one_invented_is_outvoted_and_the_report_names_who_told_it() {
    let play = Play::new().await;
    let [first, second, _] = play.proxies.each_ref().map(Proxy::url);
    let invented = invented(1, play.truth.block).await;
    // By itself it holds together.
    let alone = AnchorClient::connect(play.stage.site.http(&invented), play.stage.world.deployment).await;
    let other = alone.expect("the same contract").facts(Finality::Instant).await.expect("facts");
    assert!(other.clone().check().is_ok() && other.block == play.truth.block && other.head != play.truth.head);

    for urls in [[invented.clone(), first.clone(), second.clone()], [first, second, invented]] {
        let place = usize::from(urls[0] == play.proxies[0].url()) * 2;
        let (facts, agreement) = play.operators_at(&urls).facts(Finality::Instant, None).await;
        assert_eq!(facts.expect("two agree").facts(), &play.truth);
        assert_eq!(words(&agreement), one(place, OperatorWord::Differs));
        let report = play.verify(play.operators_at(&urls)).await;
        assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
        assert_eq!(report.as_of.agreement, Some(agreement));
    }
}

/// Why nothing is known, for what happens at the three.
async fn unknown(play: &Play, urls: [String; 3], what: impl fmt::Debug) -> (ChainProblem, [OperatorWord; 3]) {
    let (facts, agreement) = play.operators_at(&urls).facts(Finality::Instant, None).await;
    let problem = facts.map(|facts| facts.facts().clone()).expect_err("no two agree");
    let report = play.verify(play.operators_at(&urls)).await;
    assert_eq!(report.verdict, Verdict::Inconclusive, "{what:?}: {:#?}", report.checks);
    assert_eq!(report.as_of.agreement, Some(agreement.clone()), "{what:?}");
    (problem, words(&agreement))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_two_agree_nothing_is_believed_and_a_verdict_is_inconclusive() {
    use OperatorWord::{Differs, Silent};
    let play = Play::new().await;
    let urls = play.proxies.each_ref().map(Proxy::url);
    assert_eq!(play.verify(play.operators()).await.verdict, Verdict::Valid);

    // Three digests of one register.
    play.proxies[0].misbehave(Mischief::Digest(0));
    play.proxies[1].misbehave(Mischief::Digest(1));
    let found = unknown(&play, urls.clone(), "three digests").await;
    assert_eq!(found, (ChainProblem::NoAgreement, [Differs; 3]));

    // One lies, one is silent: the honest one alone is not enough.
    play.proxies[1].misbehave(Mischief::HangsUpBefore);
    let found = unknown(&play, urls.clone(), "one lies, one is silent").await;
    assert_eq!(found, (ChainProblem::NoAgreement, [Differs, Silent, Differs]));
    play.proxies[0].misbehave(Mischief::HangsUpBefore);
    let found = unknown(&play, urls.clone(), "two are silent").await;
    assert_eq!(found, (ChainProblem::Unreachable, [Silent, Silent, OperatorWord::Agrees]));

    // Three whole histories.
    play.proxies[0].behave();
    let histories = [urls[0].clone(), invented(1, play.truth.block).await, invented(2, play.truth.block).await];
    let found = unknown(&play, histories, "three histories").await;
    assert_eq!(found, (ChainProblem::NoAgreement, [Differs; 3]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_writes_down_only_what_enough_operators_say() {
    let node = embedded().await;
    let proxies = [Proxy::before(&node).await, Proxy::before(&node).await, Proxy::before(&node).await];
    let mut stage = Stage::open(Site::embedded(node), 2).await;
    let named = NAMES.iter().zip(&proxies).map(|(name, p)| ((*name).to_owned(), vec![stage.site.http(&p.url())]));
    let operators = Operators::new(named, 2, stage.world.deployment);
    stage.service = stage::service(&stage.world, &stage.site, operators);

    // Two that are not the one which is asked say otherwise: the batch is there, and no receipt is written.
    proxies[1].misbehave(Mischief::Digest(0));
    proxies[2].misbehave(Mischief::Digest(1));
    let mut steps = 0;
    let events = stage
        .drive(|progress| {
            steps += 1;
            matches!(progress, Progress::PutOff { code: "chain_no_agreement", .. }) || steps == 40
        })
        .await;
    assert!(steps < 40 && events.iter().all(|event| !matches!(event, Event::Anchored { .. })), "{events:?}");
    assert_eq!(stage.client.head().await.expect("head").count, 1, "it is on the chain all the same");
    stage.assert_clean("without agreement").await;

    // Two of three are enough, whoever is asked first.
    proxies[2].behave();
    stage.drive(anchored).await;
    proxies[1].behave();
    proxies[0].misbehave(Mischief::Root);
    stage.finish().await;
    stage.assert_whole("with one that lies").await;
}
