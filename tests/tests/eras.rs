//! Two eras: a register that was closed, and its successor. What is anchored in the first stays checkable for good, and a
//! status counts in whichever it stands.

use hocba_bundle::{
    facts::{
        ANCHOR_TAG, Address, ChainFacts, CheckedFacts, Closing, STATUS_LOG_TAG, StatusFact, genesis_digest,
        status_digest, status_key,
    },
    profile::{Era, OpenProfile},
    report::{Headline, Report, Verdict},
    snapshot::{OpenSnapshot, Snapshot, StatusEvidence},
    verify::{ChainView, Context, verify},
};
use hocba_record::{encoding::Sha256Digest, payload::RecordPayload};
use hocba_tests::{CHAIN, CONTRACT, DAY, NOW, World, at, codes, open_profile, profile_content};

/// The successor's address.
const NEXT: Address = Address::from_bytes([0x22; 20]);

/// Which member of the facts is another one than it should be.
type Change = fn(&mut ChainFacts);

struct Eras {
    world: World,
    profile: OpenProfile,
    closed: ChainFacts,
    next: ChainFacts,
}

impl Eras {
    fn new() -> Self {
        let world = World::new(2);
        let mut closed = world.ledger.facts.clone();
        let closing = Closing { statement: Sha256Digest::of(b"the department's statement"), time: closed.block_time };
        let (batches, statuses) = (closed.batches.len() as u64, closed.statuses.as_ref().map_or(0, Vec::len) as u64);
        let digest = closing.digest(CHAIN, &CONTRACT, (batches, &closed.head), (statuses, &closed.status_head));
        closed.closing = Some(closing);

        let genesis = |tag| genesis_digest(tag, CHAIN, &NEXT, Some(&digest));
        let next = ChainFacts {
            contract: NEXT,
            block: closed.block + 10,
            block_time: at(NOW - 3600),
            block_hash: Sha256Digest::of(b"a later block"),
            batches: Vec::new(),
            closing: None,
            head: genesis(ANCHOR_TAG),
            predecessor: Some(digest),
            statuses: Some(Vec::new()),
            status_head: genesis(STATUS_LOG_TAG),
            ..closed.clone()
        };
        let mut content = profile_content();
        let code = content.eras[0].code;
        content.eras[0].closing = Some(digest);
        content.eras[0].last = batches.checked_sub(1);
        content.eras.push(Era { chain: CHAIN, closing: None, code, contract: NEXT, first: 0, last: None });
        Self { profile: open_profile(&content), world, closed, next }
    }

    /// Revokes the first record, in the successor.
    fn revoke(&mut self) {
        let statement = &self.world.records[0].statement;
        let id = RecordPayload::from_bytes(statement.payload()).expect("own payload").id;
        let status = StatusFact {
            key: status_key(&id),
            live_version: 0,
            revoked: true,
            reason: 3,
            time: at(NOW - 7200),
            statement: Sha256Digest::of(b"the department's word"),
        };
        self.next.status_head = status_digest(CHAIN, &NEXT, 0, &status, &self.next.status_head);
        self.next.statuses = Some(vec![status]);
    }

    fn facts(&self, earlier: bool) -> CheckedFacts {
        let next = self.next.clone().check().expect("its digests are its own");
        let closed = earlier.then(|| self.closed.clone().check().expect("its digests are its own"));
        next.with_earlier(closed.into_iter().collect())
    }

    fn verify(&self, facts: &CheckedFacts) -> Report {
        let statuses = StatusEvidence::default();
        let chain = ChainView::Live { facts, statuses: &statuses };
        let context = Context { profile: &self.profile, chain, now: at(NOW) };
        verify(&self.world.bundle(0).to_bytes(), &context)
    }
}

#[test]
fn a_record_of_a_closed_era_is_valid_by_what_it_held_and_its_successor() {
    let eras = Eras::new();
    let report = eras.verify(&eras.facts(true));
    assert_eq!(report.verdict, Verdict::Valid, "{:?}", codes(&report));

    // A snapshot carries both.
    let snapshot =
        Snapshot { earlier: vec![eras.closed.clone()], facts: eras.next.clone(), ..eras.world.ledger.snapshot() };
    let snapshot = OpenSnapshot::open(&snapshot.to_bytes()).expect("a snapshot");
    let context = Context { profile: &eras.profile, chain: ChainView::Snapshot(&snapshot), now: at(NOW) };
    assert_eq!(verify(&eras.world.bundle(0).to_bytes(), &context).verdict, Verdict::Valid);
}

#[test]
fn a_status_in_the_successor_revokes_a_record_of_the_era_before() {
    let mut eras = Eras::new();
    eras.revoke();
    let report = eras.verify(&eras.facts(true));
    assert_eq!((report.verdict, report.headline), (Verdict::Invalid, Headline::Revoked));
}

#[test]
fn an_era_that_is_not_at_hand_may_hide_a_status_and_is_inconclusive() {
    let eras = Eras::new();
    let report = eras.verify(&eras.facts(false));
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(codes(&report).contains(&"chain.era_missing"), "{:?}", codes(&report));
    // The other way round: the closed era alone, as a snapshot from before the successor has it.
    let alone = eras.closed.clone().check().expect("facts");
    let report = eras.verify(&alone);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(codes(&report).contains(&"chain.era_missing"), "{:?}", codes(&report));
}

#[test]
fn a_closed_era_is_what_its_closing_digest_stands_for_and_nothing_else() {
    let changes: [(&str, Change); 5] = [
        ("not closed", |facts| facts.closing = None),
        ("closed by another statement", |facts| {
            if let Some(closing) = &mut facts.closing {
                closing.statement = Sha256Digest::of(b"another");
            }
        }),
        ("closed at another time", |facts| {
            if let Some(closing) = &mut facts.closing {
                closing.time = closing.time.plus(DAY);
                facts.block_time = facts.block_time.plus(DAY);
            }
        }),
        ("without its status log", |facts| facts.statuses = None),
        ("without its last batch", |facts| {
            facts.batches.pop();
            let mut head = genesis_digest(ANCHOR_TAG, CHAIN, &CONTRACT, None);
            for (index, batch) in (0..).zip(&facts.batches) {
                head = hocba_bundle::facts::batch_digest(CHAIN, &CONTRACT, index, batch, &head);
            }
            facts.head = head;
        }),
    ];
    for (what, change) in changes {
        let mut eras = Eras::new();
        change(&mut eras.closed);
        let report = eras.verify(&eras.facts(true));
        assert_eq!(report.verdict, Verdict::Inconclusive, "{what}");
        assert!(codes(&report).contains(&"chain.other_closing"), "{what}: {:?}", codes(&report));
    }
}

#[test]
fn a_successor_that_did_not_grow_from_the_closed_era_is_not_believed() {
    for predecessor in [None, Some(Sha256Digest::of(b"another end"))] {
        let mut eras = Eras::new();
        let genesis = |tag| genesis_digest(tag, CHAIN, &NEXT, predecessor.as_ref());
        eras.next.predecessor = predecessor;
        (eras.next.head, eras.next.status_head) = (genesis(ANCHOR_TAG), genesis(STATUS_LOG_TAG));
        let report = eras.verify(&eras.facts(true));
        assert_eq!(report.verdict, Verdict::Inconclusive);
        assert!(codes(&report).contains(&"chain.other_closing"), "{:?}", codes(&report));
    }
}
