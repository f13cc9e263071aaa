//! What client and service need of a node, against each kind of node there is: the embedded chain behind its HTTP
//! server, anvil with and without a price for gas, and three nodes of `@ethereumjs/client` that agree by proof of
//! authority. One list of cases; a node differs by its URLs, its finality and what it takes for gas, and by nothing
//! else that a case may know.

use std::{future::Future, pin::Pin};

use hocba_anchor::{Event, Progress};
use hocba_bundle::facts::{Address, ChainFacts};
use hocba_chain::{
    Administration, AnchorClient, Broadcast, ClientError, Deployment, Event as ChainEvent, Fee, FeePolicy, Finality,
    Head, NodeErrorClass, Revert, Role, Rpc, StatusChange, administer,
    rpc::RpcFuture,
    transaction::{ANCHOR_GAS, set_status_gas},
};
use hocba_record::encoding::Sha256Digest;
use hocba_store::Backend;
use hocba_test_network::{Anvil, AnvilSettings, Network, NetworkSettings, long_tests};
use hocba_tests::database::backend;
use serde_json::Value;

use crate::stage::{GWEI, Patient, Site, Stage, WAIT, anchored, embedded, issuer, registered, started};

type Case = for<'a> fn(&'a mut Play) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// In this order, on one contract: the last ones end it.
const CASES: [(&str, Case); 13] = [
    ("the service anchors three batches", |p| Box::pin(three_batches(p))),
    ("connecting pins chain, address and code", |p| Box::pin(pins(p))),
    ("receipts without status are understood", |p| Box::pin(receipts_without_status(p))),
    ("a transaction sent three times has one effect", |p| Box::pin(sent_again(p))),
    ("a nonce that was used is refused", |p| Box::pin(nonce_too_low(p))),
    ("statuses are set and read whole", |p| Box::pin(statuses(p))),
    ("facts read on from earlier ones are those read whole", |p| Box::pin(read_on(p))),
    ("a stranger is refused", |p| Box::pin(stranger(p))),
    ("a limit and a tip are taken", |p| Box::pin(fee_limit(p))),
    ("nothing is offered for gas", |p| Box::pin(free_of_charge(p))),
    ("a pause keeps batches back and nothing else", |p| Box::pin(paused(p))),
    ("an issuer that is not entitled is refused", |p| Box::pin(not_entitled(p))),
    ("a closed era takes nothing more", |p| Box::pin(closed(p))),
];

/// What the smoke test on three nodes plays.
const SMOKE: usize = 3;

struct Play {
    stage: Stage,
    /// After the first batches.
    earlier: Option<ChainFacts>,
}

/// Plays so many of the cases.
#[allow(clippy::print_stdout, reason = "a test that fails shows how far it came")]
async fn play(site: Site, cases: usize) {
    let name = site.name;
    println!("{name}: the contract is deployed, roles are given");
    let mut play = Play { stage: Stage::open(site, 2).await, earlier: None };
    for (case, run) in &CASES[..cases] {
        println!("{name}: {case}");
        run(&mut play).await;
    }
}

async fn three_batches(play: &mut Play) {
    let stage = &mut play.stage;
    let events = stage.drive(|_| false).await;
    let kinds = events.iter().filter_map(|event| match event {
        Event::Anchored { kind, leaves, index, .. } => Some((kind.as_str(), *leaves, *index)),
        _ => None,
    });
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, [("appointment", 2, 0), ("appointment", 1, 1), ("record", 2, 2)]);
    let facts = stage.facts().await;
    let mut tx = stage.world.store.read().await.expect("read");
    for (batch, fact) in tx.batches().await.expect("batches").iter().zip(&facts.facts().batches) {
        let receipt = batch.receipt.as_ref().expect("a receipt");
        assert_eq!((batch.root, batch.size, receipt.time), (fact.root, fact.size, fact.time));
    }
    drop(tx);
    stage.world.assert_recorded("three batches").await;
    stage.assert_clean("three batches").await;
    stage.assert_places("three batches").await;
    play.earlier = Some(facts.facts().clone());
}

async fn pins(play: &mut Play) {
    let stage = &play.stage;
    let right = stage.world.deployment;
    let connect = async |deployment| AnchorClient::connect(stage.site.pool(), deployment).await.map(|_| ());
    assert_eq!(connect(right).await, Ok(()));
    let other_chain = Deployment { chain: right.chain + 1, ..right };
    let refused = ClientError::ChainMismatch { expected: right.chain + 1, found: right.chain };
    assert_eq!(connect(other_chain).await, Err(refused));
    let nobody = Address::from_bytes([9; 20]);
    let refused = ClientError::NoContract { contract: nobody };
    assert_eq!(connect(Deployment { contract: nobody, ..right }).await, Err(refused));
    let other = Sha256Digest::of(b"another code");
    let refused = ClientError::CodeMismatch { expected: other, found: right.code };
    assert_eq!(connect(Deployment { code: other, ..right }).await, Err(refused));
}

/// A node whose receipts have neither status nor type, as some have.
struct Bare(Patient);

impl Rpc for Bare {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        Box::pin(async move {
            let mut answer = self.0.request(method, params).await?;
            if let Some(receipt) = answer.as_object_mut().filter(|_| method == "eth_getTransactionReceipt") {
                receipt.remove("status");
                receipt.remove("type");
            }
            Ok(answer)
        })
    }
}

async fn receipts_without_status(play: &mut Play) {
    let stage = &play.stage;
    let bare = AnchorClient::connect(Bare(stage.site.pool()), stage.world.deployment).await.expect("it is there");
    let batches = stage.world.store.read().await.expect("read").batches().await.expect("batches");
    for batch in batches {
        let hash = batch.receipt.expect("a receipt").tx_hash.parse().expect("a hash");
        let receipt = bare.receipt(&hash).await.expect("answer").expect("mined");
        assert!(receipt.succeeded() && receipt.anchored().is_some(), "{receipt:?}");
        assert_eq!(stage.client.receipt(&hash).await, Ok(Some(receipt)));
    }
    // It follows a register that is gone: mined, without effect.
    let head = stage.client.head().await.expect("head");
    let mut late = stage.next("so-khac").await;
    late.index = 0;
    let terms = stage.terms(&stage.site.admin, ANCHOR_GAS, stage.site.fee).await;
    let late = stage.client.prepare_anchor(&stage.site.admin, &late, terms).expect("signed");
    let receipt = stage.send(&late).await;
    assert!(!receipt.succeeded(), "{receipt:?}");
    assert_eq!(bare.receipt(&late.hash()).await, Ok(Some(receipt.clone())));
    let why = stage.client.why_without_effect(&late, receipt.block).await.expect("answer");
    // Where a call knows no time, to it the issuer is not entitled yet, and the reason is not found.
    let reason = stage.site.calls_know_time.then_some(Revert::IndexMismatch { expected: 0, found: head.count });
    assert_eq!(why, reason);
    assert_eq!(stage.client.head().await, Ok(head));
}

/// Taken, or refused as what the node has or had.
fn is_known(answer: &Result<Broadcast, ClientError>) -> bool {
    match answer {
        Ok(_) => true,
        Err(ClientError::Rpc(error)) => error.may_have_acted(),
        Err(_) => false,
    }
}

async fn sent_again(play: &mut Play) {
    let stage = &play.stage;
    let before = stage.client.head().await.expect("head").count;
    let transaction = stage.foreign(stage.site.fee).await;
    assert_eq!(stage.client.broadcast(&transaction).await, Ok(Broadcast::Accepted));
    let again = stage.client.broadcast(&transaction).await;
    assert!(is_known(&again), "{again:?}");
    let receipt = stage.client.wait_for(&transaction.hash(), WAIT).await.expect("mined");
    assert!(receipt.anchored().is_some());
    let mined = stage.client.broadcast(&transaction).await;
    assert!(is_known(&mined), "{mined:?}");
    assert_eq!(stage.client.receipt(&transaction.hash()).await, Ok(Some(receipt)));
    assert_eq!(stage.client.head().await.expect("head").count, before + 1);
}

async fn nonce_too_low(play: &mut Play) {
    let stage = &play.stage;
    let mut terms = stage.terms(&stage.site.admin, ANCHOR_GAS, stage.site.fee).await;
    terms.nonce -= 1;
    let anchor = stage.next("so-khac").await;
    let rival = stage.client.prepare_anchor(&stage.site.admin, &anchor, terms).expect("signed");
    match stage.client.broadcast(&rival).await {
        Err(ClientError::Rpc(error)) => assert_eq!(error.class(), Some(NodeErrorClass::NonceTooLow), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(stage.client.receipt(&rival.hash()).await, Ok(None));
}

fn change(key: &str, live_version: u32, revoked: bool) -> StatusChange {
    let statement = Sha256Digest::of(format!("{key} {live_version}").as_bytes());
    StatusChange { key: Sha256Digest::of(key.as_bytes()), live_version, revoked, reason: 2, statement }
}

async fn statuses(play: &mut Play) {
    let stage = &play.stage;
    let me = &stage.site.admin;
    let calls = [vec![change("an", 2, false), change("binh", 0, true)], vec![change("an", 3, true)]];
    let mut first = 0;
    for changes in &calls {
        let terms = stage.terms(me, set_status_gas(changes.len()), stage.site.fee).await;
        let transaction = stage.client.prepare_set_status(me, first, changes, terms).expect("signed");
        let receipt = stage.send(&transaction).await;
        let found: Vec<_> = receipt.statuses().map(|(index, status)| (index, status.statement)).collect();
        let wanted: Vec<_> = (first..).zip(changes.iter().map(|c| c.statement)).collect();
        assert_eq!(found, wanted);
        first += changes.len() as u64;
    }
    let facts = stage.facts().await;
    let found = facts.facts().statuses.as_ref().expect("statuses").iter();
    let found: Vec<_> = found.map(|s| (s.key, s.live_version, s.revoked, s.reason, s.statement)).collect();
    let wanted: Vec<_> =
        calls.iter().flatten().map(|c| (c.key, c.live_version, c.revoked, c.reason, c.statement)).collect();
    assert_eq!(found, wanted);
    let log = stage.client.status_log(None).await.expect("the log");
    assert_eq!(log.head, Head { count: 3, digest: facts.facts().status_head });
    let stored = stage.client.status(&change("an", 0, false).key).await.expect("answer").expect("set");
    assert_eq!((stored.live_version, stored.revoked, stored.reason), (3, true, 2));
    assert_eq!(stage.client.status(&Sha256Digest::of(b"chi")).await, Ok(None));
}

async fn read_on(play: &mut Play) {
    let earlier = play.earlier.as_ref().expect("facts after the first batches");
    let on = play.stage.client.facts_after(earlier, Finality::Instant).await.expect("facts");
    let mut whole = play.stage.facts().await.facts().clone();
    assert!(on.batches.len() > earlier.batches.len() && on.statuses != earlier.statuses, "there is something to read");
    on.clone().check().expect("the contract's digests are its own");
    // Blocks came meanwhile; nothing else did.
    assert!(on.block <= whole.block);
    (whole.block, whole.block_time, whole.block_hash) = (on.block, on.block_time, on.block_hash);
    assert_eq!(on, whole);
}

fn is_unauthorised(refused: Result<impl Sized, ClientError>) -> bool {
    matches!(refused.map(drop), Err(ClientError::Reverted(Revert::NotAuthorised { .. })))
}

async fn stranger(play: &mut Play) {
    let stage = &play.stage;
    let (who, client) = (&stage.site.stranger, &stage.client);
    let heads = async || (client.head().await.expect("head"), client.status_head().await.expect("head"));
    let before = heads().await;
    let terms = stage.terms(who, ANCHOR_GAS, stage.site.fee).await;
    let anchor = client.prepare_anchor(who, &stage.next("so-khac").await, terms).expect("signed");
    let status = client.prepare_set_status(who, 3, &[change("chi", 1, true)], terms).expect("signed");
    assert!(is_unauthorised(client.rehearse(&anchor).await));
    assert!(is_unauthorised(client.rehearse(&status).await));
    for what in [Administration::Pause, Administration::Grant(Role::StatusKeeper, who.address())] {
        let done = administer(&stage.site.pool(), who, client.deployment(), &what, stage.site.fee, WAIT).await;
        assert!(is_unauthorised(done), "{what:?}");
    }
    // Nor does it help to send without asking first, where the sender can pay.
    let receipt = stage.send(&anchor).await;
    assert!(!receipt.succeeded());
    assert_eq!(heads().await, before);
    assert!(!client.has_role(&Role::StatusKeeper, &who.address()).await.expect("answer"));
    assert!(client.has_role(&Role::StatusKeeper, &stage.site.admin.address()).await.expect("answer"));
}

async fn fee_limit(play: &mut Play) {
    let stage = &play.stage;
    if !stage.site.takes_limits {
        return;
    }
    let base = stage.client.base_fee().await.expect("answer").expect("a base fee");
    let fee = FeePolicy::Market { tip: GWEI, ceiling: 100 * GWEI }.first(Some(base));
    assert_eq!(fee, Fee::Dynamic { max: 2 * base + GWEI, tip: GWEI });
    let receipt = stage.send(&stage.foreign(fee).await).await;
    assert!(receipt.anchored().is_some(), "{receipt:?}");
}

async fn free_of_charge(play: &mut Play) {
    let stage = &play.stage;
    if !stage.site.free {
        return;
    }
    let receipt = stage.send(&stage.foreign(Fee::FREE).await).await;
    assert!(receipt.anchored().is_some(), "{receipt:?}");
}

async fn paused(play: &mut Play) {
    let stage = &mut play.stage;
    let (site, deployment) = (stage.site.clone(), stage.world.deployment);
    site.administer(deployment, &Administration::Pause).await.expect("paused");
    assert_eq!(stage.client.paused().await, Ok(true));
    let transaction = stage.foreign(site.fee).await;
    assert_eq!(stage.client.rehearse(&transaction).await, Err(ClientError::Reverted(Revert::Paused)));
    let before = stage.facts().await;
    stage.world.app().close_batches(&hocba_app::Actor::LocalOperator).await.expect("closed now");
    let mut code = None;
    let events = stage
        .drive(|progress| {
            code = if let Progress::PutOff { code, .. } = progress { Some(*code) } else { None };
            code.is_some()
        })
        .await;
    assert_eq!(code, Some("anchoring_paused"));
    assert!(events.iter().all(|event| matches!(event, Event::BatchClosed { .. })), "{events:?}");
    // Statuses go on: a stolen key need not wait for the pause to end.
    let changes = [change("chi", 1, true)];
    let terms = stage.terms(&site.admin, set_status_gas(1), site.fee).await;
    let transaction = stage.client.prepare_set_status(&site.admin, 3, &changes, terms).expect("signed");
    assert_eq!(stage.send(&transaction).await.statuses().count(), 1);
    let after = stage.facts().await;
    assert_eq!(after.facts().batches, before.facts().batches);
    assert_eq!(after.facts().statuses.as_ref().map(Vec::len), Some(4));

    site.administer(deployment, &Administration::Unpause).await.expect("it goes on");
    stage.drive(anchored).await;
    stage.drive(|_| false).await;
    stage.assert_whole("after the pause").await;
}

async fn not_entitled(play: &mut Play) {
    let stage = &play.stage;
    let (site, deployment) = (&stage.site, stage.world.deployment);
    let code = issuer("so-moi");
    let refusal = async || {
        let anchor = stage.next("so-moi").await;
        let terms = stage.terms(&site.admin, ANCHOR_GAS, site.fee).await;
        let transaction = stage.client.prepare_anchor(&site.admin, &anchor, terms).expect("signed");
        match stage.client.rehearse(&transaction).await {
            Err(ClientError::Reverted(reason)) => (reason, transaction),
            other => panic!("{other:?}"),
        }
    };
    let grant = Administration::Grant(Role::Anchorer(code.clone()), site.admin.address());
    site.administer(deployment, &grant).await.expect("granted");
    assert_eq!(refusal().await.0, Revert::IssuerNotEntitled { name: "IssuerNotRegistered" });
    let now = stage.client.settled(Finality::Instant).await.expect("a block").time.seconds().unsigned_abs();
    site.administer(deployment, &registered(&code, now + 86_400)).await.expect("registered");
    let (reason, transaction) = refusal().await;
    let Revert::IssuerNotYetEntitled { from, now: told } = reason else { panic!("{reason:?}") };
    assert!(from == now + 86_400 && (now..from).contains(&told), "{told} of {now} to {from}");
    let before = stage.client.head().await.expect("head");
    assert!(!stage.send(&transaction).await.succeeded());
    assert_eq!(stage.client.head().await, Ok(before));
}

async fn closed(play: &mut Play) {
    let stage = &play.stage;
    let (site, deployment, client) = (&stage.site, stage.world.deployment, &stage.client);
    let (head, status_head) = (client.head().await.expect("head"), client.status_head().await.expect("head"));
    let anchor = stage.foreign(site.fee).await;
    let statement = Sha256Digest::of(b"the closing statement");
    let close = |count| Administration::Close {
        head: (count, head.digest),
        status_head: (status_head.count, status_head.digest),
        statement,
    };
    let mistaken = site.administer(deployment, &close(head.count - 1)).await;
    assert!(matches!(mistaken, Err(ClientError::Reverted(Revert::IndexMismatch { .. }))), "{mistaken:?}");
    let receipt = site.administer(deployment, &close(head.count)).await.expect("closed");
    let [ChainEvent::Closed(closing)] = &receipt.events[..] else { panic!("{receipt:?}") };
    assert_eq!(closing.statement, statement);
    let closed = |refused| matches!(refused, Err(ClientError::Reverted(Revert::EraClosed { .. })));
    assert!(closed(client.rehearse(&anchor).await));
    let terms = stage.terms(&site.admin, set_status_gas(1), site.fee).await;
    let status = client.prepare_set_status(&site.admin, 4, &[change("dung", 1, true)], terms).expect("signed");
    assert!(closed(client.rehearse(&status).await));
    assert!(!stage.send(&status).await.succeeded(), "nor without asking first");
    let facts = stage.facts().await;
    assert_eq!(facts.facts().closing.as_ref(), Some(closing));
    assert_eq!((facts.facts().head, facts.facts().status_head), (head.digest, status_head.digest));
    stage.assert_clean("closed").await;
}

#[tokio::test]
async fn the_embedded_chain_conforms() {
    play(Site::embedded(embedded().await), CASES.len()).await;
}

#[tokio::test]
async fn anvil_conforms() {
    let Some(anvil) = started(Anvil::start(&AnvilSettings::default())) else { return };
    play(Site::funded("anvil", vec![anvil.url()], 31_337, Finality::Instant), CASES.len()).await;
}

#[tokio::test]
async fn anvil_conforms_where_gas_costs_nothing() {
    let extra = ["--block-base-fee-per-gas", "0", "--gas-price", "0"].map(str::to_owned).into();
    let Some(anvil) = started(Anvil::start(&AnvilSettings { extra, ..AnvilSettings::default() })) else { return };
    let site = Site::funded("anvil, free of charge", vec![anvil.url()], 31_337, Finality::Instant);
    let site = Site { fees: FeePolicy::Fixed { price: 0 }, fee: Fee::FREE, free: true, ..site };
    play(site, CASES.len()).await;
}

/// Three nodes that agree, as the cases see them. A sealer may seal one of two blocks in a row, so that a block with two on
/// top of it has been built on by both.
pub fn clique(network: &Network) -> Site {
    let chain = NetworkSettings::default().chain_id;
    let site = Site::funded("three nodes", network.urls().to_vec(), chain, Finality::Depth(2));
    Site { calls_know_time: false, ..site }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
async fn three_nodes_that_agree_take_three_batches() {
    if backend() != Backend::Sqlite {
        return eprintln!("skipped: once is enough, on SQLite; unset DATABASE_URL to let it run");
    }
    let Some(network) = started(Network::start(&NetworkSettings::default())) else { return };
    let cases = if long_tests() { CASES.len() } else { SMOKE };
    play(clique(&network), cases).await;
}
