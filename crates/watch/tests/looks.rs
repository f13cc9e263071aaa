//! Each thing that does not go together is found, by itself; and where all goes together nothing is.

use hocba_bundle::{
    facts::{
        ANCHOR_TAG, Address, BatchFact, ChainFacts, CheckedFacts, Closing, IssuerCode, STATUS_LOG_TAG, StatusFact,
        batch_digest, genesis_digest, status_digest,
    },
    report::{Agreement, OperatorSaid, OperatorWord},
    text::Language,
};
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{Text, UnixTime},
};
use hocba_watch::{
    Answer, Answers, BatchList, Books, ClassCount, Entry, Finding, Hidden, History, Invented, LeafList, Line, List,
    Look, MAX_FINDINGS, ManifestError, Missing, Outcome, Rewriting, SchoolCodes, SchoolList, Settings, Unchecked,
    Verdict, disagreement,
    history::compare,
    manifest::{Claim, PAGE},
    text::{told, unchecked},
};

const SCHOOL: &str = "79DEMO001";
const NOON: i64 = 1_811_808_000;
/// Between two batches.
const STEP: i64 = 100;
/// Long after the last of them.
const LATER: i64 = NOON + 1_000_000;

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds).expect("a time")
}

fn leaf(n: u8) -> Sha256Digest {
    Sha256Digest::of(&[n])
}

fn id(n: u8) -> RecordId {
    RecordId::from_bytes([n; 16])
}

fn root(leaves: &[Sha256Digest]) -> Sha256Digest {
    let hashes: Vec<LeafHash> = leaves.iter().map(|leaf| LeafHash::from_bytes(*leaf.as_bytes())).collect();
    Sha256Digest::from_bytes(*Tree::new(&hashes).expect("a tree").root().as_bytes())
}

fn issuer(code: &str) -> IssuerCode {
    code.parse().expect("a code")
}

/// A chain that can be changed before it is looked at.
#[derive(Clone)]
struct Chain {
    contract: u8,
    code: u8,
    block: u64,
    fork: u8,
    batches: Vec<BatchFact>,
    statuses: Vec<StatusFact>,
    closing: Option<Closing>,
    predecessor: Option<Sha256Digest>,
}

impl Chain {
    /// Three batches: leaves 0 and 1, leaves 2 to 4, leaf 5; and one status.
    fn new() -> Self {
        let batch = |(place, leaves): (i64, &[u8])| {
            let leaves: Vec<Sha256Digest> = leaves.iter().map(|n| leaf(*n)).collect();
            let size = u32::try_from(leaves.len()).expect("small");
            BatchFact { root: root(&leaves), size, issuer: issuer("so-79"), alg: 1, time: at(NOON + place * STEP) }
        };
        let lists: [&[u8]; 3] = [&[0, 1], &[2, 3, 4], &[5]];
        let statuses = vec![status(1)];
        let batches = (0..).zip(lists).map(batch).collect();
        Self { contract: 0x11, code: 1, block: 100, fork: 0, batches, statuses, closing: None, predecessor: None }
    }

    fn address(&self) -> Address {
        Address::from_bytes([self.contract; 20])
    }

    fn facts(&self) -> CheckedFacts {
        let (contract, predecessor) = (self.address(), self.predecessor.as_ref());
        let mut head = genesis_digest(ANCHOR_TAG, 7, &contract, predecessor);
        for (index, batch) in (0..).zip(&self.batches) {
            head = batch_digest(7, &contract, index, batch, &head);
        }
        let mut status_head = genesis_digest(STATUS_LOG_TAG, 7, &contract, predecessor);
        for (index, status) in (0..).zip(&self.statuses) {
            status_head = status_digest(7, &contract, index, status, &status_head);
        }
        let facts = ChainFacts {
            chain: 7,
            contract,
            code: leaf(self.code),
            block: self.block,
            block_time: at(NOON + 10 * STEP),
            block_hash: Sha256Digest::of(&[self.fork, 9]),
            batches: self.batches.clone(),
            closing: self.closing.clone(),
            head,
            predecessor: self.predecessor,
            statuses: Some(self.statuses.clone()),
            status_head,
        };
        facts.check().expect("consistent facts")
    }
}

fn status(n: u8) -> StatusFact {
    let time = at(NOON + i64::from(n));
    StatusFact { key: leaf(n), live_version: 2, revoked: false, reason: 1, time, statement: leaf(n) }
}

/// What an honest service says of [`Chain::new`], to be changed.
#[derive(Clone)]
struct Service {
    list: Answer<BatchList>,
    leaves: Vec<Answer<LeafList>>,
    school: Vec<Option<Answer<SchoolList>>>,
    schools: Vec<Option<Answer<SchoolCodes>>>,
}

fn line(position: u32, n: u8) -> Line {
    Line { position, leaf: leaf(n), kind: "record".parse().expect("a kind"), subject: id(n), version: 1 }
}

/// All of them this school's.
fn codes(size: usize) -> SchoolCodes {
    SchoolCodes { schools: vec![SCHOOL.parse().expect("a code"); size] }
}

impl Service {
    fn honest() -> Self {
        let chain = Chain::new();
        let claim =
            |(index, batch): (u64, &BatchFact)| Claim { index, root: batch.root, size: batch.size, time: batch.time };
        let lists: [&[u8]; 3] = [&[0, 1], &[2, 3, 4], &[5]];
        let school = |list: &&[u8]| {
            let lines = (0..).zip(*list).map(|(position, n)| line(position, *n)).collect();
            Some(Answer::Given(SchoolList { lines }))
        };
        Self {
            list: Answer::Given(BatchList { batches: (0..).zip(&chain.batches).map(claim).collect() }),
            leaves: lists
                .iter()
                .map(|list| Answer::Given(LeafList { leaves: list.iter().map(|n| leaf(*n)).collect() }))
                .collect(),
            school: lists.iter().map(school).collect(),
            schools: lists.iter().map(|list| Some(Answer::Given(codes(list.len())))).collect(),
        }
    }

    fn claims(&mut self) -> &mut Vec<Claim> {
        let Answer::Given(list) = &mut self.list else { panic!("a list") };
        &mut list.batches
    }

    fn lines(&mut self, batch: usize) -> &mut Vec<Line> {
        let Some(Answer::Given(list)) = &mut self.school[batch] else { panic!("a list") };
        &mut list.lines
    }
}

fn class(name: &str) -> Option<Text> {
    Some(name.parse().expect("text"))
}

fn entry(n: u8) -> Entry {
    let (name, batch) = match n {
        0 | 1 => ("9A1", 0),
        2..=4 => ("9A2", 1),
        _ => ("9A2", 2),
    };
    let kind = "record".parse().expect("a kind");
    Entry { leaf: leaf(n), kind, subject: id(n), version: 1, class: class(name), batch: Some(batch) }
}

/// The books of the school: all six.
fn books() -> Vec<Entry> {
    (0..6).map(entry).collect()
}

fn look_with(chain: &Chain, service: &Service, books: Option<Vec<Entry>>, settings: Settings) -> Outcome {
    let (facts, books) = (chain.facts(), books.map(Books::of));
    let mut look = Look::new(&facts, settings, books.as_ref());
    assert_eq!(look.list(0, service.list.clone()), None, "one page");
    for index in look.wanted() {
        let place = usize::try_from(index).expect("small");
        let leaves = service.leaves.get(place).cloned().unwrap_or(Answer::Absent);
        let of_school = service.school.get(place).cloned().unwrap_or(Some(Answer::Absent));
        look.batch(index, Answers { leaves, of_school, schools: service.schools.get(place).cloned().flatten() });
    }
    look.finish()
}

/// Of the school, at this time.
fn settings(now: i64) -> Settings {
    Settings { school: Some(SCHOOL.parse().expect("a code")), ..Settings::at(at(now)) }
}

fn look(chain: &Chain, service: &Service, books: Option<Vec<Entry>>) -> Outcome {
    look_with(chain, service, books, settings(LATER))
}

/// One thing that is made otherwise.
type Change<'a, T> = &'a dyn Fn(&mut T);

/// What is found where the service was changed.
fn found(change: impl FnOnce(&mut Service)) -> Vec<Finding> {
    let mut service = Service::honest();
    change(&mut service);
    look(&Chain::new(), &service, Some(books())).findings
}

#[test]
fn where_all_goes_together_nothing_is_found_and_the_classes_are_counted() {
    let outcome = look(&Chain::new(), &Service::honest(), Some(books()));
    let count = |name, n| ClassCount { class: class(name), books: n, anchored: n, found: n, listed: n };
    let clean =
        Outcome { batches: 3, leaves: 6, classes: vec![count("9A1", 2), count("9A2", 4)], ..Outcome::default() };
    assert_eq!(outcome, clean);
    assert_eq!(outcome.verdict(), Verdict::Clean);
}

#[test]
fn a_record_that_waits_is_counted_and_not_missed() {
    let mut books = books();
    books.push(Entry { batch: None, ..entry(6) });
    let outcome = look(&Chain::new(), &Service::honest(), Some(books));
    assert_eq!(outcome.verdict(), Verdict::Clean, "{outcome:?}");
    assert_eq!((outcome.classes[1].books, outcome.classes[1].anchored), (5, 4));
}

#[test]
fn an_auditor_without_books_or_school_recomputes_every_root() {
    let service = Service { school: vec![None; 3], schools: vec![None; 3], ..Service::honest() };
    let outcome = look(&Chain::new(), &service, None);
    assert_eq!((outcome.verdict(), outcome.batches, outcome.leaves), (Verdict::Clean, 3, 6));
    assert_eq!(outcome.classes, []);
}

#[test]
fn a_hidden_batch_is_found_in_each_way_of_hiding_it() {
    let all: [(Change<'_, Service>, Hidden); 4] = [
        (&|s| s.leaves[2] = Answer::Absent, Hidden::NoLeaves),
        (&|s| s.claims().truncate(2), Hidden::NotListed),
        (&|s| s.school[2] = Some(Answer::Absent), Hidden::NoSchoolList),
        (&|s| s.schools[2] = Some(Answer::Absent), Hidden::NoSchoolList),
    ];
    for (change, how) in all {
        assert_eq!(found(change), [Finding::HiddenBatch { batch: 2, how }]);
    }
    // Hidden altogether, it is one finding.
    let findings = found(|s| {
        s.claims().pop();
        (s.leaves[2], s.school[2], s.schools[2]) = (Answer::Absent, Some(Answer::Absent), Some(Answer::Absent));
    });
    assert_eq!(findings, [Finding::HiddenBatch { batch: 2, how: Hidden::NoLeaves }]);
}

#[test]
fn a_batch_that_was_just_anchored_is_not_hidden_yet() {
    let mut service = Service::honest();
    service.leaves[2] = Answer::Absent;
    service.claims().pop();
    let last = NOON + 2 * STEP;
    for (now, pending) in [(last + Settings::GRACE - 1, true), (last + Settings::GRACE, false)] {
        let outcome = look_with(&Chain::new(), &service, Some(books()), settings(now));
        assert_eq!(outcome.pending == [2], pending, "{outcome:?}");
        assert_eq!(outcome.findings.is_empty(), pending, "{outcome:?}");
    }
}

#[test]
fn an_invented_batch_is_found_unless_the_node_may_not_be_there_yet() {
    let with = |time: i64, now: i64| {
        let mut service = Service::honest();
        service.claims().push(Claim { index: 3, root: leaf(9), size: 1, time: at(time) });
        let outcome = look_with(&Chain::new(), &service, Some(books()), settings(now));
        (outcome.findings, outcome.pending)
    };
    let invented = |why| (vec![Finding::InventedBatch { batch: 3, why }], vec![]);
    let block = NOON + 10 * STEP;
    // By its time the chain that was looked at would have it.
    assert_eq!(with(block, block + 5), invented(Invented::NotOnChain));
    // It is later than the block that was looked at, and long ago.
    assert_eq!(with(block + 1, LATER), invented(Invented::NotOnChain));
    assert_eq!(with(LATER + 601, LATER), invented(Invented::FromTheFuture));
    assert_eq!(with(block + 1, block + 5), (vec![], vec![3]));
}

#[test]
fn leaves_that_do_not_lead_to_the_root_are_found() {
    let findings = found(|s| s.leaves[0] = Answer::Given(LeafList { leaves: vec![leaf(1), leaf(0)] }));
    let differs =
        Finding::RootDiffers { batch: 0, computed: root(&[leaf(1), leaf(0)]), anchored: root(&[leaf(0), leaf(1)]) };
    assert_eq!(findings, [differs]);
}

#[test]
fn a_list_with_positions_missing_or_too_many_is_refused() {
    for listed in [1, 3] {
        let leaves = [leaf(0), leaf(1), leaf(2)][..listed].to_vec();
        let findings = found(|s| s.leaves[0] = Answer::Given(LeafList { leaves }));
        let error = ManifestError::Count { listed, size: 2 };
        assert_eq!(findings, [Finding::BadManifest { batch: Some(0), list: List::Leaves, error }]);
        let findings = found(|s| s.schools[0] = Some(Answer::Given(codes(listed))));
        assert_eq!(findings, [Finding::BadManifest { batch: Some(0), list: List::Schools, error }]);
    }
}

#[test]
fn a_list_that_was_refused_is_a_finding_wherever_it_came_from() {
    let error = ManifestError::NotJson { line: 1, column: 1 };
    let bad = |batch, list| vec![Finding::BadManifest { batch, list, error }];
    assert_eq!(found(|s| s.leaves[1] = Answer::Refused(error)), bad(Some(1), List::Leaves));
    assert_eq!(found(|s| s.school[1] = Some(Answer::Refused(error))), bad(Some(1), List::OfSchool));
    assert_eq!(found(|s| s.schools[1] = Some(Answer::Refused(error))), bad(Some(1), List::Schools));
    assert_eq!(found(|s| s.list = Answer::Refused(error)), bad(None, List::Batches));
}

#[test]
fn a_list_of_batches_that_contradicts_the_chain_is_found() {
    let all: [fn(&mut Claim); 3] = [|c| c.root = leaf(7), |c| c.size = 4, |c| c.time = c.time.plus(1)];
    for change in all {
        assert_eq!(found(|s| change(&mut s.claims()[1])), [Finding::ListDiffers { batch: 1 }]);
    }
}

/// The chain and the service with one leaf more in the last batch, which the service lists under the school.
fn with_one_more(n: u8) -> (Chain, Service) {
    let (mut chain, mut service) = (Chain::new(), Service::honest());
    let leaves = vec![leaf(5), leaf(n)];
    (chain.batches[2].root, chain.batches[2].size) = (root(&leaves), 2);
    (service.claims()[2].root, service.claims()[2].size) = (root(&leaves), 2);
    service.leaves[2] = Answer::Given(LeafList { leaves });
    service.lines(2).push(line(1, n));
    service.schools[2] = Some(Answer::Given(codes(2)));
    (chain, service)
}

#[test]
fn a_foreign_leaf_is_found_and_so_is_a_new_version_of_a_known_record() {
    let (chain, service) = with_one_more(77);
    let foreign = |subject, version, known_subject| {
        let kind = "record".parse().expect("a kind");
        Finding::ForeignLeaf { batch: 2, position: 1, leaf: leaf(77), kind, subject, version, known_subject }
    };
    let outcome = look(&chain, &service, Some(books()));
    assert_eq!(outcome.findings, [foreign(id(77), 1, false), Finding::ClassCount { class: None, books: 0, listed: 1 }]);

    let (chain, mut service) = with_one_more(77);
    (service.lines(2)[1].subject, service.lines(2)[1].version) = (id(3), 2);
    let outcome = look(&chain, &service, Some(books()));
    let count = Finding::ClassCount { class: class("9A2"), books: 4, listed: 5 };
    assert_eq!(outcome.findings, [foreign(id(3), 2, true), count]);
}

#[test]
fn a_foreign_leaf_of_any_kind_is_found() {
    let (chain, mut service) = with_one_more(77);
    service.lines(2)[1].kind = "evidence".parse().expect("a kind");
    let outcome = look(&chain, &service, Some(books()));
    assert!(matches!(&outcome.findings[..], [Finding::ForeignLeaf { .. }]), "{:?}", outcome.findings);
}

#[test]
fn a_leaf_under_the_school_that_the_batch_does_not_have_is_found() {
    for (position, n) in [(0, 1), (2, 1), (4_000_000_000, 1)] {
        let findings = found(|s| {
            s.schools[0] = None;
            s.lines(0).retain(|line| line.leaf != leaf(n));
            let place = s.lines(0).len();
            s.lines(0).insert(place, line(position, n));
        });
        assert_eq!(findings, [Finding::ListedNotAnchored { batch: 0, position, leaf: leaf(n) }]);
    }
}

#[test]
fn a_leaf_of_the_books_that_is_said_to_be_of_something_else_is_found() {
    let other = vec![Finding::OtherSubject { batch: 0, position: 1, leaf: leaf(1), subject: id(1), version: 1 }];
    assert_eq!(found(|s| s.lines(0)[1].version = 2), other);
    // Said to be of another record of the same class, the counts stay.
    assert_eq!(found(|s| s.lines(0)[1].subject = id(0)), other);
}

#[test]
fn a_service_that_says_two_things_of_whose_a_leaf_is_is_found() {
    // To all it is another school's, to the school its own; a leaf that the school's books have.
    let other = found(|s| {
        let Some(Answer::Given(codes)) = &mut s.schools[1] else { panic!("a list") };
        codes.schools[2] = "79DEMO002".parse().expect("a code");
    });
    assert_eq!(other, [Finding::TwoAnswers { batch: 1, position: 2, in_school_list: true }]);
    // A leaf of which the school's books know nothing, and its list says nothing: to all it is the school's.
    let (chain, mut service) = with_one_more(77);
    service.lines(2).pop();
    let outcome = look(&chain, &service, Some(books()));
    assert_eq!(outcome.findings, [Finding::TwoAnswers { batch: 2, position: 1, in_school_list: false }]);
}

fn missing(n: u8, batch: u64, place: Missing) -> Finding {
    let Entry { leaf, subject, version, class, .. } = entry(n);
    Finding::MissingLeaf { batch, leaf, subject, version, class, place }
}

#[test]
fn a_leaf_that_the_service_does_not_list_is_missing() {
    let findings = found(|s| {
        s.schools[1] = None;
        s.lines(1).remove(1);
    });
    let count = Finding::ClassCount { class: class("9A2"), books: 4, listed: 3 };
    assert_eq!(findings, [missing(3, 1, Missing::NotListed), count]);
}

#[test]
fn what_an_authority_said_may_stand_under_another_school() {
    let mut books = books();
    books[3].kind = "evidence".parse().expect("a kind");
    let mut service = Service::honest();
    service.schools[1] = None;
    service.lines(1).remove(1);
    let outcome = look(&Chain::new(), &service, Some(books));
    assert_eq!(outcome.verdict(), Verdict::Clean, "{outcome:?}");
}

#[test]
fn a_leaf_that_is_said_to_be_anchored_and_is_not_in_the_batch_is_missing() {
    let with = |entry: Entry| {
        let books = [books(), vec![entry]].concat();
        look(&Chain::new(), &Service::honest(), Some(books)).findings
    };
    let count = Finding::ClassCount { class: class("9A2"), books: 5, listed: 4 };
    let findings = with(Entry { batch: Some(1), ..entry(6) });
    assert_eq!(findings, [missing(6, 1, Missing::NotInBatch), count.clone()]);
    let findings = with(Entry { batch: Some(3), ..entry(6) });
    assert_eq!(findings, [missing(6, 3, Missing::NoSuchBatch), count]);
}

#[test]
fn a_service_that_says_nothing_is_not_accused_and_not_cleared() {
    let mut service = Service::honest();
    (service.leaves[1], service.school[1], service.schools[1]) =
        (Answer::Silent, Some(Answer::Silent), Some(Answer::Silent));
    let outcome = look(&Chain::new(), &service, Some(books()));
    assert_eq!(outcome.verdict(), Verdict::Unchecked);
    assert_eq!(outcome.unchecked, [Unchecked::Batch { batch: 1 }]);
    for answer in [Answer::Silent, Answer::Absent] {
        let outcome = look(&Chain::new(), &Service { list: answer, ..Service::honest() }, Some(books()));
        assert_eq!((outcome.verdict(), &outcome.unchecked[..]), (Verdict::Unchecked, &[Unchecked::List][..]));
    }
}

#[test]
fn a_tree_of_another_algorithm_is_not_judged() {
    let mut chain = Chain::new();
    chain.batches[0].alg = 2;
    let outcome = look(&chain, &Service::honest(), Some(books()));
    assert_eq!(outcome.unchecked, [Unchecked::Algorithm { batch: 0 }]);
    assert_eq!(outcome.findings, []);
}

#[test]
fn batches_of_other_issuers_and_earlier_ones_are_not_asked_for() {
    let mut chain = Chain::new();
    chain.batches[1].issuer = issuer("so-01");
    let facts = chain.facts();
    let wanted = |settings| Look::new(&facts, settings, None).wanted();
    let all = Settings::at(at(LATER));
    assert_eq!(wanted(all.clone()), [0, 1, 2]);
    assert_eq!(wanted(Settings { issuers: Some([issuer("so-79")].into()), ..all.clone() }), [0, 2]);
    assert_eq!(wanted(Settings { since: 1, ..all }), [1, 2]);
}

#[test]
fn counts_of_a_part_are_no_finding() {
    let mut service = Service::honest();
    service.leaves[0] = Answer::Silent;
    let outcome = look_with(&Chain::new(), &service, Some(books()), Settings { since: 1, ..settings(LATER) });
    assert_eq!(outcome.verdict(), Verdict::Clean, "{outcome:?}");
    assert_eq!((outcome.batches, outcome.classes[0].found, outcome.classes[0].listed), (2, 0, 0));
}

#[test]
fn a_long_list_goes_on_page_by_page_and_an_endless_one_ends() {
    let facts = Chain::new().facts();
    let mut look = Look::new(&facts, Settings::at(at(LATER)), None);
    let claim = |index| Claim { index, root: leaf(9), size: 1, time: at(NOON) };
    let page = |from: u64| Answer::Given(BatchList { batches: (from..from + PAGE as u64).map(claim).collect() });
    let mut next = Some(0);
    let mut pages = 0;
    while let Some(from) = next {
        next = look.list(from, page(from));
        pages += 1;
    }
    assert_eq!(pages, 2);
    let outcome = look.finish();
    assert_eq!((outcome.findings.len(), outcome.more), (MAX_FINDINGS, 2 * PAGE as u64 - MAX_FINDINGS as u64));
}

/// What comes of looking at one chain after the other.
fn goes_on(before: &Chain, now: &Chain) -> History {
    compare(&before.facts(), &now.facts())
}

#[test]
fn a_chain_that_only_grew_goes_on() {
    let before = Chain::new();
    assert_eq!(goes_on(&before, &before), History::GoesOn { batches: 0, statuses: 0 });
    let mut now = before.clone();
    (now.block, now.fork) = (101, 1);
    now.batches.push(BatchFact { time: at(NOON + 5 * STEP), ..now.batches[0].clone() });
    now.statuses.extend([status(2), status(3)]);
    assert_eq!(goes_on(&before, &now), History::GoesOn { batches: 1, statuses: 2 });
    // Asked of a node that is not so far, it is behind and nothing worse.
    assert_eq!(goes_on(&now, &before), History::Behind { before: 101, now: 100 });
}

#[test]
fn each_way_of_writing_history_anew_is_found() {
    let closed = Closing { statement: leaf(8), time: at(NOON + 9 * STEP) };
    let other_closing = Closing { statement: leaf(9), ..closed.clone() };
    let changed = |change: &dyn Fn(&mut Chain)| {
        let (before, mut now) = (Chain { closing: Some(closed.clone()), ..Chain::new() }, Chain::new());
        (now.closing, now.block, now.fork) = (Some(closed.clone()), 101, 1);
        change(&mut now);
        goes_on(&before, &now)
    };
    assert_eq!(changed(&|_| {}), History::GoesOn { batches: 0, statuses: 0 });
    let contract = Address::from_bytes([0x11; 20]);
    let all: [(Change<'_, Chain>, Rewriting); 12] = [
        (&|c| c.batches[1].root = leaf(9), Rewriting::Batch { index: 1 }),
        (&|c| c.batches[2].time = c.batches[2].time.plus(1), Rewriting::Batch { index: 2 }),
        (&|c| c.batches[0].issuer = issuer("so-01"), Rewriting::Batch { index: 0 }),
        (&|c| c.batches.truncate(2), Rewriting::BatchesGone { before: 3, now: 2 }),
        (&|c| c.statuses[0].live_version = 3, Rewriting::Status { index: 0 }),
        (&|c| c.statuses.clear(), Rewriting::StatusesGone { before: 1, now: 0 }),
        (&|c| c.code = 2, Rewriting::Code),
        (&|c| c.contract = 0x22, Rewriting::Contract { chain: 7, contract }),
        (&|c| c.predecessor = Some(leaf(3)), Rewriting::Predecessor),
        (&|c| c.block = 100, Rewriting::Block { number: 100 }),
        (&|c| c.closing = None, Rewriting::Closing),
        (&|c| c.closing = Some(other_closing.clone()), Rewriting::Closing),
    ];
    for (change, rewriting) in all {
        assert_eq!(changed(change), History::Rewritten(vec![rewriting]));
    }
    // A part of what was there, at an earlier block, with one batch changed, is no lateness.
    let before = Chain { block: 101, ..Chain::new() };
    let mut now = Chain::new();
    now.batches.pop();
    now.batches[0].root = leaf(9);
    assert_eq!(goes_on(&before, &now), History::Rewritten(vec![Rewriting::Batch { index: 0 }]));
}

#[test]
fn another_contract_goes_on_only_where_it_names_what_the_one_before_held() {
    let before = Chain::new();
    let mut old = before.clone();
    (old.block, old.fork, old.closing) = (101, 1, Some(Closing { statement: leaf(8), time: at(NOON + 9 * STEP) }));
    let old = old.facts();
    let next = |predecessor| {
        let chain =
            Chain { contract: 0x22, block: 102, predecessor, batches: vec![], statuses: vec![], ..Chain::new() };
        chain.facts().with_earlier(vec![old.clone()])
    };
    let kept = before.facts();
    assert_eq!(compare(&kept, &next(old.closing_digest())), History::GoesOn { batches: 0, statuses: 0 });
    for predecessor in [None, Some(leaf(3))] {
        assert_eq!(compare(&kept, &next(predecessor)), History::Rewritten(vec![Rewriting::Succession]));
    }
    // Kept of the new one, with the old one beside it, it goes on as well, also where the old one is not at hand now.
    let kept = next(old.closing_digest());
    assert_eq!(compare(&kept, &kept), History::GoesOn { batches: 0, statuses: 0 });
    assert_eq!(compare(&kept, &kept.clone().with_earlier(vec![])), History::GoesOn { batches: 0, statuses: 0 });
}

#[test]
fn a_look_tells_what_became_of_history() {
    let now = Chain::new();
    let (facts, mut other) = (now.facts(), Chain { block: 99, ..Chain::new() });
    other.batches[0].root = leaf(9);
    let mut look = Look::new(&facts, Settings::at(at(LATER)), None);
    look.history(&other.facts(), &facts);
    let rewritten = Finding::RewrittenHistory { rewriting: Rewriting::Batch { index: 0 } };
    assert_eq!(look.finish().findings, [rewritten]);

    let mut look = Look::new(&facts, Settings::at(at(LATER)), None);
    look.history(&Chain { block: 200, ..now }.facts(), &facts);
    let outcome = look.finish();
    assert_eq!(outcome.unchecked, [Unchecked::Behind { before: 200, now: 100 }]);
    assert_eq!(outcome.verdict(), Verdict::Unchecked);
}

#[test]
fn operators_who_tell_another_history_are_named_and_silent_or_late_ones_are_not() {
    let said = |id: &str, word| OperatorSaid { id: id.to_owned(), word };
    let of = |operators: Vec<OperatorSaid>| Agreement { needed: 1, operators };
    let others = [
        said("b", OperatorWord::Differs),
        said("c", OperatorWord::Inconsistent),
        said("d", OperatorWord::OtherChain),
        said("e", OperatorWord::OtherCode),
    ];
    let quiet = vec![
        said("a", OperatorWord::Agrees),
        said("f", OperatorWord::Silent),
        said("g", OperatorWord::Behind { block: 3 }),
    ];
    assert_eq!(disagreement(&of(quiet.clone())), None);
    let facts = Chain::new().facts();
    for other in others {
        let mut look = Look::new(&facts, Settings::at(at(LATER)), None);
        look.operators(&of([quiet.clone(), vec![other.clone()]].concat()));
        assert_eq!(look.finish().findings, [Finding::TwoHistories { operators: vec![other] }]);
    }
}

#[test]
fn every_finding_has_its_code_in_the_document_and_words_in_both_languages() {
    let (batch, position, leaf) = (4, 2, leaf(1));
    let (kind, subject, version) = ("record".parse().expect("a kind"), id(1), 1);
    let all = [
        Finding::HiddenBatch { batch, how: Hidden::NoLeaves },
        Finding::InventedBatch { batch, why: Invented::NotOnChain },
        Finding::RootDiffers { batch, computed: leaf, anchored: leaf },
        Finding::ListDiffers { batch },
        Finding::BadManifest { batch: Some(batch), list: List::OfSchool, error: ManifestError::TooMany { limit: 1 } },
        Finding::ForeignLeaf { batch, position, leaf, kind, subject, version, known_subject: true },
        Finding::OtherSubject { batch, position, leaf, subject, version },
        Finding::TwoAnswers { batch, position, in_school_list: true },
        Finding::ListedNotAnchored { batch, position, leaf },
        missing(1, batch, Missing::NotInBatch),
        Finding::RewrittenHistory { rewriting: Rewriting::Code },
        Finding::TwoHistories { operators: vec![] },
        Finding::ClassCount { class: None, books: 1, listed: 2 },
    ];
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/watch.md")).expect("the page");
    for finding in &all {
        let json = serde_json::to_value(finding).expect("JSON");
        assert_eq!(json["code"], finding.code());
        assert!(document.contains(&format!("| `{}` |", finding.code())), "{} is in docs/watch.md", finding.code());
        let (vi, en) = (told(finding, Language::Vietnamese), told(finding, Language::English));
        assert!(!vi.what.is_ascii() && !vi.act.is_ascii(), "{vi:?}");
        assert!(en.what.is_ascii() && en.act.is_ascii(), "{en:?}");
    }
    for one in [Unchecked::Batch { batch }, Unchecked::List, Unchecked::Behind { before: 2, now: 1 }] {
        assert_eq!(serde_json::to_value(&one).expect("JSON")["code"], one.code());
        assert!(!unchecked(&one, Language::Vietnamese).is_ascii() && unchecked(&one, Language::English).is_ascii());
    }
}
