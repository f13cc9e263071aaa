//! One node, which is hostile. What a reader and the service make of it stands in `docs/anchoring.md`, and each row of the
//! table there is played.

use std::{collections::BTreeSet, fs, time::Duration};

use hocba_anchor::{Event, Progress};
use hocba_bundle::{facts::ChainFacts, report::ChainProblem};
use hocba_chain::{AnchorClient, Finality, Operators, StatusChange, transaction::set_status_gas};
use hocba_record::encoding::Sha256Digest;
use hocba_tests::repository;

use crate::{
    proxy::{Mischief, Proxy},
    stage::{self, Site, Stage, anchored, embedded},
};

/// Steps of the service while the node is hostile.
const STEPS: usize = 12;
/// How long the client waits for an answer; a request on this machine takes a few milliseconds, a busy one some tens.
const TIMEOUT: Duration = Duration::from_millis(500);

/// What ends the name of a row in which the service has just been started, so that it has asked for chain and code never
/// before.
const AT_A_START: &str = ", at a start of the service";

/// One batch is anchored and one status set; two batches wait. All through the proxy, which behaves.
struct Play {
    stage: Stage,
    proxy: Proxy,
    /// The node itself.
    honest: Site,
    /// Before the status was set.
    before: ChainFacts,
    /// Of the first batch.
    transaction: String,
}

impl Play {
    async fn new() -> Self {
        let node = embedded().await;
        let honest = Site::embedded(node.clone());
        let proxy = Proxy::before(&node).await;
        let site = Site { timeout: TIMEOUT, ..Site::embedded(proxy.url()) };
        let mut stage = Stage::open(site, 2).await;
        stage.drive(anchored).await;
        let before = stage.facts().await.facts().clone();
        let digest = |text: &str| Sha256Digest::of(text.as_bytes());
        let statement = digest("statement");
        let change = StatusChange { key: digest("key"), live_version: 2, revoked: false, reason: 1, statement };
        let terms = stage.terms(&stage.site.admin, set_status_gas(1), stage.site.fee).await;
        let set = stage.client.prepare_set_status(&stage.site.admin, 0, &[change], terms).expect("signed");
        stage.send(&set).await;
        let batches = stage.world.store.read().await.expect("read").batches().await.expect("batches");
        let transaction = batches[0].receipt.as_ref().expect("anchored").tx_hash.clone();
        Self { stage, proxy, honest, before, transaction }
    }

    fn mischief(&self, name: &str) -> Mischief {
        match name {
            "answers after the client's timeout" => Mischief::Late(2 * TIMEOUT),
            "hangs up before it passes a request on" => Mischief::HangsUpBefore,
            "hangs up after it passed a request on" => Mischief::HangsUpAfter,
            "hangs up after it passed a transaction on" => Mischief::LosesTheAnswer,
            "passes each request on twice" => Mischief::Twice,
            "says 429" => Mischief::Status(429),
            "says 500" => Mischief::Status(500),
            "shows a web page" => Mischief::Page,
            "cuts its answers off" => Mischief::Torn,
            "gives answers a wrong id" => Mischief::WrongId,
            "stands still at an old block" => Mischief::Old(self.before.block),
            "is on another chain" => Mischief::OtherChain,
            "has another code at the address" => Mischief::OtherCode,
            "takes transactions and forgets them" => Mischief::Forgets,
            "forges the receipt of a transaction that it forgot" => Mischief::Forges(self.transaction.clone()),
            "names another block in receipts" => Mischief::OtherBlock,
            "changes a bit of a root" => Mischief::Root,
            "changes a bit of the register's digest" => Mischief::Digest(0),
            "changes a bit of a status" => Mischief::Entry,
            other => panic!("nobody does this: {other}"),
        }
    }

    /// What somebody who verifies makes of it. Facts that are not the chain's are never among it.
    async fn reader(&self) -> &'static str {
        let (site, deployment) = (&self.stage.site, self.stage.world.deployment);
        let operators = Operators::new([("one".to_owned(), vec![site.http(&site.urls[0])])], 1, deployment);
        let node = AnchorClient::connect(self.honest.pool(), deployment).await.expect("the node itself");
        let truth = node.facts(Finality::Instant).await.expect("facts");
        let (facts, agreement) = operators.facts(Finality::Instant, None).await;
        assert_eq!(agreement.agreeing(), usize::from(facts.is_ok()), "{agreement:?}");
        match facts {
            Ok(facts) if *facts.facts() == truth => "the facts",
            Ok(facts) if *facts.facts() == self.before => "the facts of then",
            Ok(facts) => panic!("believed, and not so: {:?}", facts.facts()),
            Err(ChainProblem::Unreachable) => "unreachable",
            Err(ChainProblem::Inconsistent) => "inconsistent",
            Err(ChainProblem::OtherChain) => "other chain",
            Err(ChainProblem::OtherCode) => "other code",
            Err(other) => panic!("{other:?}"),
        }
    }

    /// What the service makes of it in some steps.
    async fn service(&mut self) -> String {
        let (mut steps, mut told) = (0, BTreeSet::new());
        let note = |progress: &Progress| {
            match progress {
                Progress::PutOff { code, .. } => drop(told.insert(format!("`{code}`"))),
                Progress::Did(Event::Anchored { .. }) => drop(told.insert("anchors".to_owned())),
                _ => {}
            }
            steps += 1;
            steps == STEPS
        };
        self.stage.drive(note).await;
        if told.is_empty() { "waits".to_owned() } else { told.into_iter().collect::<Vec<_>>().join(", ") }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_node_is_met_as_the_table_says_and_each_batch_is_anchored_once_when_it_behaves() {
    let page = fs::read_to_string(repository().join("docs/anchoring.md")).expect("the page");
    let table =
        page.split_once("<!-- hostile -->").and_then(|(_, rest)| rest.split_once("<!-- end")).expect("a table").0;
    let (mut rows, mut wrong) = (0, Vec::new());
    for row in table.lines().filter(|line| line.starts_with('|')).skip(2) {
        let columns: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, reader, service] = columns[..] else { panic!("a row: {row}") };
        let mut play = Play::new().await;
        let (name, starts) = name.strip_suffix(AT_A_START).map_or((name, false), |name| (name, true));
        if starts {
            let operators = play.stage.site.operators(play.stage.world.deployment);
            play.stage.service = stage::service(&play.stage.world, &play.stage.site, operators);
        }
        play.proxy.misbehave(play.mischief(name));
        let told = (play.reader().await, play.service().await);
        if (reader, service) != (told.0, told.1.as_str()) {
            wrong.push(format!("{name}: the table says {reader} | {service}, found {} | {}", told.0, told.1));
        }
        play.proxy.behave();
        assert_eq!(play.reader().await, "the facts", "{name}, afterwards");
        play.stage.finish().await;
        play.stage.assert_whole(&format!("{name}, afterwards")).await;
        rows += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rows, 21, "no row was lost");
}
