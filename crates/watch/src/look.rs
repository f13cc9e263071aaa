//! One look: facts, then the service's lists one after the other, then what came of it. One list is held at a time.

use std::collections::{BTreeMap, BTreeSet};

use hocba_bundle::{
    facts::{ALG_RFC6962_SHA256, BatchFact, ChainFacts, CheckedFacts, IssuerCode},
    report::{Agreement, OperatorWord},
};
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolCode, Text, UnixTime},
};
use serde::Serialize;

use crate::{
    books::{Books, Entry},
    finding::{Finding, Hidden, Invented, List, Missing, Unchecked},
    history::{History, compare},
    manifest::{Answer, BatchList, Claim, LeafList, ManifestError, PAGE, SchoolCodes, SchoolList},
};

/// Most findings that are kept; of the others there is a number. A service that makes up batches could name millions.
pub const MAX_FINDINGS: usize = 1000;

/// What is looked at, and when.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose leaves are looked for, where it is a school that looks.
    pub school: Option<SchoolCode>,
    /// Whose batches the service should have; `None`: all.
    pub issuers: Option<BTreeSet<IssuerCode>>,
    /// Leaves are looked at from this batch on; the chain always whole.
    pub since: u64,
    /// Now.
    pub now: UnixTime,
    /// Seconds within which a service and the node that was asked may not be equally far.
    pub grace: i64,
}

impl Settings {
    /// How long a service may take to notice a settled batch, in seconds: its look at the chain comes every few seconds, and
    /// after an outage within a minute.
    pub const GRACE: i64 = 600;

    /// Everything, at this time.
    pub fn at(now: UnixTime) -> Self {
        Self { school: None, issuers: None, since: 0, now, grace: Self::GRACE }
    }
}

/// How a look ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All was compared, and goes together.
    Clean,
    /// Something does not go together.
    Found,
    /// Nothing was found, and something could not be compared.
    Unchecked,
}

/// The records of one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class; none for records that the books count nowhere.
    pub class: Option<Text>,
    /// In the books.
    pub books: u64,
    /// Of these, in the books as anchored, or found in a batch.
    pub anchored: u64,
    /// Of these, found in a batch whose root is the chain's.
    pub found: u64,
    /// Listed by the service under the school.
    pub listed: u64,
}

/// What came of a look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What does not go together.
    pub findings: Vec<Finding>,
    /// How many findings there are beyond [`MAX_FINDINGS`].
    pub more: u64,
    /// What could not be compared.
    pub unchecked: Vec<Unchecked>,
    /// Batches that the service or the node may just not know yet.
    pub pending: Vec<u64>,
    /// Batches whose leaves lead to their root.
    pub batches: u64,
    /// Leaves in these.
    pub leaves: u64,
    /// Records by class, where there are books.
    pub classes: Vec<ClassCount>,
}

impl Outcome {
    /// How the look ends.
    pub fn verdict(&self) -> Verdict {
        if !self.findings.is_empty() {
            Verdict::Found
        } else if !self.unchecked.is_empty() {
            Verdict::Unchecked
        } else {
            Verdict::Clean
        }
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    fn miss(&mut self, unchecked: Unchecked) {
        if self.unchecked.last() != Some(&unchecked) && self.unchecked.len() < MAX_FINDINGS {
            self.unchecked.push(unchecked);
        }
    }
}

/// Operators who tell another history than the one that is believed, or than each other. Silence and lateness are none.
pub fn disagreement(agreement: &Agreement) -> Option<Finding> {
    let other = |word: &OperatorWord| {
        !matches!(word, OperatorWord::Agrees | OperatorWord::Behind { .. } | OperatorWord::Silent)
    };
    let operators: Vec<_> = agreement.operators.iter().filter(|said| other(&said.word)).cloned().collect();
    if operators.is_empty() { None } else { Some(Finding::TwoHistories { operators }) }
}

/// What a service says of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// All its leaves.
    pub leaves: Answer<LeafList>,
    /// Those of the school, where it was asked.
    pub of_school: Option<Answer<SchoolList>>,
    /// Whose they all are, where it was asked.
    pub schools: Option<Answer<SchoolCodes>>,
}

impl From<Answer<LeafList>> for Answers {
    fn from(leaves: Answer<LeafList>) -> Self {
        Self { leaves, of_school: None, schools: None }
    }
}

/// A look under way; see the crate's example.
#[derive(Debug)]
pub struct Look<'a> {
    facts: &'a ChainFacts,
    settings: Settings,
    books: Option<&'a Books>,
    outcome: Outcome,
    /// Batches that the service lists; `None` until it was asked.
    listed: Option<BTreeSet<u64>>,
    /// Whether the list went to its end.
    whole: bool,
    hidden: BTreeSet<u64>,
    seen: BTreeSet<u64>,
    /// Whether all batches were compared with the school's list.
    counted: bool,
    found: BTreeSet<Sha256Digest>,
    counts: BTreeMap<Option<Text>, u64>,
}

impl<'a> Look<'a> {
    /// A look at these facts, which were read just now; with what the school sent.
    pub fn new(facts: &'a CheckedFacts, settings: Settings, books: Option<&'a Books>) -> Self {
        Self {
            facts: facts.facts(),
            settings,
            books,
            outcome: Outcome::default(),
            listed: None,
            whole: false,
            hidden: BTreeSet::new(),
            seen: BTreeSet::new(),
            counted: true,
            found: BTreeSet::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Compares with what was kept of an earlier look, and says whether the facts of now may be kept in its place.
    pub fn history(&mut self, before: &CheckedFacts, now: &CheckedFacts) -> History {
        let history = compare(before, now);
        match &history {
            History::GoesOn { .. } => {}
            History::Behind { before, now } => self.outcome.miss(Unchecked::Behind { before: *before, now: *now }),
            History::Rewritten(rewritings) => {
                for rewriting in rewritings {
                    self.outcome.find(Finding::RewrittenHistory { rewriting: *rewriting });
                }
            }
        }
        history
    }

    /// Notes what the operators said who were asked for the facts.
    pub fn operators(&mut self, agreement: &Agreement) {
        if let Some(finding) = disagreement(agreement) {
            self.outcome.find(finding);
        }
    }

    /// The batches to ask the service for.
    pub fn wanted(&self) -> Vec<u64> {
        let wanted = |(index, batch): (u64, &BatchFact)| self.wants(index, batch).then_some(index);
        (0..).zip(&self.facts.batches).filter_map(wanted).collect()
    }

    fn wants(&self, index: u64, batch: &BatchFact) -> bool {
        index >= self.settings.since && self.settings.issuers.as_ref().is_none_or(|all| all.contains(&batch.issuer))
    }

    fn fact(&self, index: u64) -> Option<&'a BatchFact> {
        usize::try_from(index).ok().and_then(|index| self.facts.batches.get(index))
    }

    /// Whether a service may not have noticed the batch yet.
    fn is_recent(&self, batch: &BatchFact) -> bool {
        batch.time > self.settings.now.plus(-self.settings.grace)
    }

    /// Takes a page of the service's list of batches, which was asked for from `from` on; gives where the next one begins.
    pub fn list(&mut self, from: u64, page: Answer<BatchList>) -> Option<u64> {
        self.listed.get_or_insert_default();
        let page = match page {
            Answer::Given(page) => page,
            Answer::Absent | Answer::Silent => {
                self.outcome.miss(Unchecked::List);
                return None;
            }
            Answer::Refused(error) => {
                self.outcome.find(Finding::BadManifest { batch: None, list: List::Batches, error });
                return None;
            }
        };
        for claim in &page.batches {
            self.claimed(claim);
        }
        let next = page.batches.last().and_then(|claim| claim.index.checked_add(1)).filter(|next| *next > from);
        let end = self.facts.batches.len() as u64 + PAGE as u64;
        match next {
            Some(next) if page.batches.len() == PAGE && next < end => Some(next),
            _ => {
                self.whole = true;
                None
            }
        }
    }

    fn claimed(&mut self, claim: &Claim) {
        let index = claim.index;
        match self.fact(index) {
            Some(batch) => {
                if (claim.root, claim.size, claim.time) != (batch.root, batch.size, batch.time) {
                    self.outcome.find(Finding::ListDiffers { batch: index });
                }
                self.listed.get_or_insert_default().insert(index);
            }
            None => {
                let (now, grace) = (self.settings.now, self.settings.grace);
                if claim.time > now.plus(grace) {
                    self.outcome.find(Finding::InventedBatch { batch: index, why: Invented::FromTheFuture });
                } else if claim.time > self.facts.block_time && claim.time > now.plus(-grace) {
                    // It may have been anchored after the block that was looked at.
                    self.outcome.pending.push(index);
                } else {
                    self.outcome.find(Finding::InventedBatch { batch: index, why: Invented::NotOnChain });
                }
            }
        }
    }

    /// Takes what the service says of a batch.
    pub fn batch(&mut self, index: u64, answers: Answers) {
        let Some(fact) = self.fact(index) else { return };
        self.seen.insert(index);
        let leaves = self.leaves(index, fact, answers.leaves);
        let school = answers.of_school.and_then(|answer| self.given(index, fact, List::OfSchool, answer));
        let schools = answers.schools.and_then(|answer| self.given(index, fact, List::Schools, answer));
        if let Some(schools) = schools {
            self.whose(index, fact, &schools, school.as_ref());
        }
        self.counted &= leaves.is_some() && school.is_some();
        if let Some(list) = &school {
            self.under_school(index, leaves.as_ref(), list);
        }
        let (Some(leaves), Some(books)) = (leaves, self.books) else { return };
        let there: BTreeSet<&Sha256Digest> = leaves.leaves.iter().collect();
        let listed: Option<BTreeSet<&Sha256Digest>> =
            school.as_ref().map(|s| s.lines.iter().map(|l| &l.leaf).collect());
        for entry in books.in_batch(index).filter(|entry| !there.contains(&entry.leaf)) {
            self.missing(index, entry, Missing::NotInBatch);
        }
        for entry in leaves.leaves.iter().filter_map(|leaf| books.get(leaf)) {
            self.found.insert(entry.leaf);
            // What an authority said is of no school: it stands under the one that asked first.
            let of_school = entry.kind.as_str() != "evidence";
            if of_school && listed.as_ref().is_some_and(|listed| !listed.contains(&entry.leaf)) {
                self.missing(index, entry, Missing::NotListed);
            }
        }
    }

    /// The list, or why there is none.
    fn given<T>(&mut self, index: u64, fact: &BatchFact, list: List, answer: Answer<T>) -> Option<T> {
        match answer {
            Answer::Given(given) => return Some(given),
            Answer::Absent if self.hidden.contains(&index) => {}
            Answer::Absent => self.hide(index, fact, Hidden::NoSchoolList),
            Answer::Refused(error) => self.outcome.find(Finding::BadManifest { batch: Some(index), list, error }),
            Answer::Silent => self.outcome.miss(Unchecked::Batch { batch: index }),
        }
        None
    }

    /// Whose the leaves are, by the list for all and by the school's own.
    fn whose(&mut self, batch: u64, fact: &BatchFact, codes: &SchoolCodes, own: Option<&SchoolList>) {
        let listed = codes.schools.len();
        if u32::try_from(listed) != Ok(fact.size) {
            let error = ManifestError::Count { listed, size: fact.size };
            self.outcome.find(Finding::BadManifest { batch: Some(batch), list: List::Schools, error });
            return;
        }
        let (Some(school), Some(own)) = (self.settings.school.clone(), own) else { return };
        let own: BTreeSet<u32> = own.lines.iter().map(|line| line.position).collect();
        for (position, code) in (0..).zip(&codes.schools) {
            let in_school_list = own.contains(&position);
            if in_school_list != (*code == school) {
                self.outcome.find(Finding::TwoAnswers { batch, position, in_school_list });
            }
        }
    }

    fn missing(&mut self, batch: u64, entry: &Entry, place: Missing) {
        let (leaf, subject, version, class) = (entry.leaf, entry.subject, entry.version, entry.class.clone());
        self.outcome.find(Finding::MissingLeaf { batch, leaf, subject, version, class, place });
    }

    fn hide(&mut self, batch: u64, fact: &BatchFact, how: Hidden) {
        self.hidden.insert(batch);
        if self.is_recent(fact) {
            self.outcome.pending.push(batch);
        } else {
            self.outcome.find(Finding::HiddenBatch { batch, how });
        }
    }

    /// The leaves, if they are those of the root on the chain.
    fn leaves(&mut self, index: u64, fact: &BatchFact, answer: Answer<LeafList>) -> Option<LeafList> {
        let bad = |error| Finding::BadManifest { batch: Some(index), list: List::Leaves, error };
        let list = match answer {
            Answer::Given(list) => list,
            Answer::Absent => {
                self.hide(index, fact, Hidden::NoLeaves);
                return None;
            }
            Answer::Refused(error) => {
                self.outcome.find(bad(error));
                return None;
            }
            Answer::Silent => {
                self.outcome.miss(Unchecked::Batch { batch: index });
                return None;
            }
        };
        if fact.alg != ALG_RFC6962_SHA256 {
            self.outcome.miss(Unchecked::Algorithm { batch: index });
            return None;
        }
        let count = ManifestError::Count { listed: list.leaves.len(), size: fact.size };
        if u32::try_from(list.leaves.len()) != Ok(fact.size) {
            self.outcome.find(bad(count));
            return None;
        }
        let hashes: Vec<LeafHash> = list.leaves.iter().map(|leaf| LeafHash::from_bytes(*leaf.as_bytes())).collect();
        let Ok(tree) = Tree::new(&hashes) else {
            // The chain holds no batch of none, and of no more than a tree may have; facts that say so are not ours.
            self.outcome.find(bad(count));
            return None;
        };
        let computed = Sha256Digest::from_bytes(*tree.root().as_bytes());
        if computed != fact.root {
            self.outcome.find(Finding::RootDiffers { batch: index, computed, anchored: fact.root });
            return None;
        }
        self.outcome.batches += 1;
        self.outcome.leaves += u64::from(fact.size);
        Some(list)
    }

    /// What stands under the school: it has to be in the batch, and in the books.
    fn under_school(&mut self, batch: u64, leaves: Option<&LeafList>, list: &SchoolList) {
        for line in &list.lines {
            let (position, leaf) = (line.position, line.leaf);
            if let Some(leaves) = leaves {
                let there = usize::try_from(position).ok().and_then(|place| leaves.leaves.get(place));
                if there != Some(&leaf) {
                    self.outcome.find(Finding::ListedNotAnchored { batch, position, leaf });
                }
            }
            let Some(books) = self.books else { continue };
            if line.kind.is_record() {
                let class = books.class_of(&line.subject).flatten().cloned();
                *self.counts.entry(class).or_default() += 1;
            }
            match books.get(&leaf) {
                None => {
                    let (kind, subject, version) = (line.kind.clone(), line.subject, line.version);
                    let known_subject = books.class_of(&subject).is_some();
                    let found = Finding::ForeignLeaf { batch, position, leaf, kind, subject, version, known_subject };
                    self.outcome.find(found);
                }
                Some(entry) => {
                    if (&entry.kind, entry.subject, entry.version) != (&line.kind, line.subject, line.version) {
                        let (subject, version) = (entry.subject, entry.version);
                        self.outcome.find(Finding::OtherSubject { batch, position, leaf, subject, version });
                    }
                }
            }
        }
    }

    /// What came of it.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        if let (true, Some(listed)) = (self.whole, self.listed.take()) {
            for index in self.wanted() {
                let fact = self.fact(index).filter(|_| !listed.contains(&index) && !self.hidden.contains(&index));
                if let Some(fact) = fact {
                    self.hide(index, fact, Hidden::NotListed);
                }
            }
        }
        let Some(books) = self.books else { return self.outcome };
        let end = self.facts.batches.len() as u64;
        for entry in books.entries() {
            if let Some(batch) = entry.batch.filter(|batch| *batch >= end) {
                self.missing(batch, entry, Missing::NoSuchBatch);
            }
        }
        let mut classes: BTreeMap<Option<Text>, ClassCount> = BTreeMap::new();
        for entry in books.entries().filter(|entry| entry.kind.is_record()) {
            let count = classes.entry(entry.class.clone()).or_default();
            let found = self.found.contains(&entry.leaf);
            count.books += 1;
            count.found += u64::from(found);
            count.anchored += u64::from(found || entry.batch.is_some());
        }
        for (class, listed) in std::mem::take(&mut self.counts) {
            classes.entry(class).or_default().listed += listed;
        }
        // Counts of a part say nothing.
        let whole =
            self.counted && self.settings.since == 0 && self.wanted().iter().all(|index| self.seen.contains(index));
        for (class, mut count) in classes {
            let (books, listed) = (count.anchored, count.listed);
            if whole && books != listed {
                self.outcome.find(Finding::ClassCount { class: class.clone(), books, listed });
            }
            count.class = class;
            self.outcome.classes.push(count);
        }
        self.outcome
    }
}
