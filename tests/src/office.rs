//! A school office: a database of its own, people with example keys, a clock that stands still, and a chain kept in
//! memory. What the use cases, the API and the anchoring service are tried at.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use hocba_app::{Actor, App, Edges, Import, PublicRecord, PublicRecordFuture, Selection, Settings, Step, Submitted};
use hocba_bundle::profile::AcceptedPolicy;
use hocba_keystore::DataKey;
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{
    draft::{ClassHeader, Draft},
    encoding::{RecordId, Sha256Digest},
};
use hocba_sample::Options;
use hocba_signature::{
    policy::{SigningMode, SigningPolicy},
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::{
    NewBatch, Store, TileRow,
    model::{Id, Leaf, LeafKind, LeftOut, Receipt, RecordLine, School as StoredSchool},
};

use crate::{
    CHAIN, CONTRACT, Ledger, NOW, Person, SCHOOL, School, at, database::TestDatabase, example_certificates,
    open_profile, profile_content,
};

/// The chain in memory, as verdicts read it.
#[derive(Clone, Default)]
pub struct Chain(pub Arc<Mutex<Ledger>>);

impl PublicRecord for Chain {
    fn facts(&self) -> PublicRecordFuture<'_> {
        let mut facts = self.0.lock().expect("no test panics with it").facts.clone();
        // A live node's last block is of now.
        facts.block_time = at(NOW);
        Box::pin(async move { Ok(Arc::new(facts.check().expect("the ledger's own digests"))).into() })
    }
}

/// The office.
pub struct Office {
    /// Its use cases.
    pub app: App,
    /// Who works there.
    pub people: School,
    /// Where its batches go.
    pub chain: Chain,
    /// Its clock, in seconds.
    pub clock: Arc<AtomicI64>,
    /// What it remembers.
    pub database: TestDatabase,
    /// Of what passes for random.
    count: Arc<AtomicU64>,
}

/// Whoever sits at the machine.
pub const OPERATOR: Actor = Actor::LocalOperator;

/// The certificates of an example person, leaf first.
pub fn chain_of(name: &str) -> Vec<Vec<u8>> {
    example_certificates(name).iter().map(|c| c.der().to_vec()).collect()
}

/// A class of so many, as a school's spreadsheet, after `change`.
pub fn workbook(pupils: usize, change: impl FnOnce(&mut ClassHeader, &mut Vec<Draft>)) -> Vec<u8> {
    let (mut header, mut drafts) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(pupils));
    change(&mut header, &mut drafts);
    hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook")
}

impl Office {
    /// An office without a class.
    pub async fn open() -> Self {
        let database = TestDatabase::new().await;
        let store = database.open().await;
        let clock = Arc::new(AtomicI64::new(NOW - 10 * 86_400));
        let chain = Chain::default();
        let count = Arc::default();
        let app = Self::app(store, &clock, &chain, &count, SigningMode::Each);
        let office = Self { app, count, people: School::example("", SCHOOL), chain, clock, database };
        let school = StoredSchool { code: SCHOOL.parse().expect("code"), issuer: "so-demo".parse().expect("issuer") };
        office.app.add_school(&OPERATOR, &school).await.expect("added");
        office
    }

    /// The same office from now on set to this mode, by a trust profile that accepts lists.
    pub fn sign_by(&mut self, signing: SigningMode) {
        self.app = Self::app(self.app.store().clone(), &self.clock, &self.chain, &self.count, signing);
    }

    fn app(store: Store, clock: &Arc<AtomicI64>, chain: &Chain, count: &Arc<AtomicU64>, signing: SigningMode) -> App {
        let (time, count) = (clock.clone(), count.clone());
        let edges = Edges::new(
            move || at(time.load(Ordering::Relaxed)),
            move |bytes| {
                // Not random at all, but never the same twice.
                let n = count.fetch_add(1, Ordering::Relaxed);
                for (place, chunk) in bytes.chunks_mut(32).enumerate() {
                    let digest = Sha256Digest::of(&[n.to_be_bytes(), (place as u64).to_be_bytes()].concat());
                    chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
                }
                true
            },
        );
        let settings = Settings { chain: CHAIN, contract: CONTRACT, past: Vec::new(), batch_age: 5, signing };
        let mut profile = profile_content();
        if signing == SigningMode::List {
            let from = profile.policies[0].from;
            profile.policies.push(AcceptedPolicy { from, policy: SigningPolicy::policy_1_list(), until: None });
        }
        let profile = open_profile(&profile);
        App::new(store, DataKey::from_bytes([9; 32]), profile, Arc::new(chain.clone()), edges, settings)
    }

    /// An office with a class of so many imported and everybody appointed.
    pub async fn with_class(pupils: usize) -> (Self, Id) {
        let office = Self::open().await;
        let bytes = workbook(pupils, |_, _| {});
        let class = office.app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
        for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
            assert!(office.appoint(role).await, "{role} is new");
        }
        (office, class)
    }

    /// Gives whoever has this role at the school their appointment; whether it is new.
    pub async fn appoint(&self, role: Role) -> bool {
        let class = (role == Role::HomeroomTeacher).then_some("9A3");
        let statement = self.people.appoint(&self.people.appointment(role, class));
        let (appointer, appointee) = match role {
            Role::HomeroomTeacher => ("principal", "teacher"),
            Role::SchoolSeal => ("department", "seal"),
            _ => ("department", "principal"),
        };
        self.app.appoint(&OPERATOR, &statement, &chain_of(appointer), &chain_of(appointee)).await.expect("appointed")
    }

    /// A signed end of the appointment to this role, by whoever gives it or by the department.
    pub fn end_of(&self, role: Role, by: Role, reason: ReasonClass, since: Option<i64>) -> Statement {
        let class = (role == Role::HomeroomTeacher).then_some("9A3");
        self.end(self.people.appointment(role, class).id, by, reason, since, 1)
    }

    /// A signed end of any appointment.
    pub fn end(
        &self,
        subject: RecordId,
        by: Role,
        reason: ReasonClass,
        since: Option<i64>,
        live_version: u32,
    ) -> Statement {
        let change = StatusChange {
            action: StatusAction::End,
            decision: None,
            live_version,
            reason,
            replacement: None,
            school: self.people.code.parse().expect("code"),
            since: since.map(at),
            subject,
        };
        let now = self.clock.load(Ordering::Relaxed);
        self.people.person(by).sign(Statement::unsigned(change.to_bytes()), StatementType::Status, by, now)
    }

    /// Brings the statuses that wait onto the chain in memory, as the anchoring service would.
    pub async fn publish(&self) {
        let mut tx = self.app.store().begin("publish").await.expect("begun");
        for status in tx.waiting_statuses(1000).await.expect("statuses") {
            let change = StatusChange::from_bytes(status.statement.payload()).expect("a status");
            let now = self.clock.fetch_add(60, Ordering::Relaxed);
            let (index, block) = {
                let mut ledger = self.chain.0.lock().expect("no test panics with it");
                let revoked = change.action != StatusAction::Supersede;
                ledger.set_status(&change, revoked, &status.statement, now);
                (ledger.facts.statuses.as_ref().map_or(0, Vec::len) as u64 - 1, ledger.facts.block)
            };
            let receipt = Receipt { index, block, time: at(now), tx_hash: format!("0x{index:064x}") };
            tx.add_status_receipt(status.id, &receipt).await.expect("noted");
        }
        tx.commit().await.expect("committed");
    }

    /// Who takes a step, and what their files are called.
    pub fn person(&self, step: Step) -> (&Person, &'static str) {
        match step {
            Step::Sign => (&self.people.teacher, "teacher"),
            Step::CoSign => (&self.people.principal, "principal"),
            Step::Seal => (&self.people.seal, "seal"),
        }
    }

    /// One step of a class, by whoever takes it.
    pub async fn step(&self, class: &Id, step: Step, which: &Selection) -> Submitted {
        let (person, name) = self.person(step);
        let signer = self.app.signer(&OPERATOR, step, false, &chain_of(name)).await.expect("a signer");
        let list = self.app.prepare(&OPERATOR, class, &signer, which).await.expect("a list");
        let signed: Vec<_> = list.tasks.iter().map(|t| t.signed(person.key.sign(t.bytes()).to_vec())).collect();
        self.app.submit(&OPERATOR, class, &signer, &signed).await.expect("taken")
    }

    /// The pupils of a class.
    pub async fn lines(&self, class: &Id) -> Vec<RecordLine> {
        self.app.store().read().await.expect("read").record_lines(class).await.expect("lines")
    }

    /// Anchors what waits, as the anchoring service would, on the chain in memory.
    pub async fn anchor(&self) {
        for kind in [LeafKind::Appointment, LeafKind::Record, LeafKind::Evidence] {
            let issuer = "so-demo".parse().expect("issuer");
            let mut tx = self.app.store().begin("close_batch").await.expect("begun");
            let leaves = tx.waiting_leaves(&issuer, kind, 65_536).await.expect("leaves");
            if leaves.is_empty() {
                continue;
            }
            let hashes: Vec<LeafHash> = leaves.iter().map(|l| LeafHash::from_bytes(*l.leaf.as_bytes())).collect();
            let tree = Tree::new(&hashes).expect("a tree");
            let tiles: Vec<TileRow> =
                tree.tiles().map(|t| TileRow { level: t.level, number: t.number, hashes: t.hashes.concat() }).collect();
            let root = Sha256Digest::from_bytes(*tree.root().as_bytes());
            let new = NewBatch { issuer: &issuer, kind, root, leaves: &leaves, tiles: &tiles };
            let now = self.clock.load(Ordering::Relaxed);
            let batch = tx.add_batch(&new, at(now)).await.expect("closed");
            let mut statements: Vec<Statement> = Vec::new();
            for Leaf { subject, version, .. } in &leaves {
                statements.push(match kind {
                    LeafKind::Record => tx
                        .record_version(subject, *version)
                        .await
                        .expect("read")
                        .expect("there")
                        .statement
                        .expect("signed"),
                    LeafKind::Appointment => tx.appointment(subject).await.expect("read").expect("there").statement,
                    LeafKind::Evidence => tx.evidence(subject).await.expect("read").expect("there").statement,
                });
            }
            let index = {
                let mut ledger = self.chain.0.lock().expect("no test panics with it");
                ledger.anchor("so-demo", &statements, now);
                ledger.facts.batches.len() as u64 - 1
            };
            let receipt = Receipt { index, block: index + 1, time: at(now), tx_hash: format!("0x{index:064x}") };
            tx.add_receipt(batch.id, &receipt).await.expect("noted");
            tx.commit().await.expect("committed");
            self.clock.fetch_add(60, Ordering::Relaxed);
        }
    }

    /// A class of so many, sealed and anchored.
    pub async fn anchored(pupils: usize) -> (Self, Id) {
        let (office, class) = Self::with_class(pupils).await;
        for step in [Step::Sign, Step::CoSign, Step::Seal] {
            office.step(&class, step, &Selection::All).await;
        }
        office.anchor().await;
        (office, class)
    }
}

/// What an import with these left out is.
pub fn leaving_out(numbers: &[(u32, LeftOut)]) -> Import {
    Import { leave_out: numbers.iter().copied().collect::<BTreeMap<_, _>>(), ..Import::default() }
}
