//! A school with its database and a chain in memory, whose story is told again and again: each step may be cut off, and telling
//! it again from the start goes on where it stopped, as a person would who runs the command once more.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use hocba_anchor::{AnchorError, AnchorService, Event, Progress, Report, Settings, fsck};
use hocba_app::{Actor, App, AppError, Edges, Import, NoPublicRecord, PublicRecord, Selection, Step};
use hocba_bundle::{facts::CheckedFacts, profile::OpenProfile};
use hocba_chain::{
    AnchorClient, Deployment, Fee, Finality, Register, Roles, SignedTransaction, Signer, Wait, embedded::CHAIN_ID,
    open, testing::ScriptedChain,
};
use hocba_keystore::DataKey;
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{policy::SigningMode, statement::Role};
use hocba_store::{Store, StoreError, model::Id};
use hocba_tests::{
    NOW, SCHOOL, School, at,
    database::{Saved, TestDatabase},
    office::{chain_of, workbook},
    open_profile, profile_content,
};

/// A pass that was cut off: the process is gone, the files are not.
#[derive(Debug)]
pub struct Crash;

/// Injected faults end the process; anything else is a bug.
impl From<AppError> for Crash {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(StoreError::Injected(_)) => Crash,
            other => panic!("{other}"),
        }
    }
}
impl From<StoreError> for Crash {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}
impl From<AnchorError> for Crash {
    fn from(error: AnchorError) -> Self {
        match error {
            AnchorError::Store(StoreError::Injected(_)) => Crash,
            other => panic!("{other}"),
        }
    }
}

/// The example school; its keys are opened once.
pub fn school() -> &'static School {
    static ONE: OnceLock<School> = OnceLock::new();
    ONE.get_or_init(|| School::example("", SCHOOL))
}

/// A class of so many as a spreadsheet, made once.
fn class_of(pupils: usize) -> Arc<[u8]> {
    static MADE: Mutex<BTreeMap<usize, Arc<[u8]>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().expect("no test panics with it");
    made.entry(pupils).or_insert_with(|| workbook(pupils, |_, _| {}).into()).clone()
}

/// Where all clocks begin.
pub fn now() -> UnixTime {
    at(NOW)
}

pub fn anchorer() -> Signer {
    Signer::from_secret(&[7; 32], CHAIN_ID).expect("key")
}

pub fn stranger() -> Signer {
    Signer::from_secret(&[8; 32], CHAIN_ID).expect("key")
}

/// How the world is set up.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Pupils of the class.
    pub pupils: usize,
    /// Most leaves in a batch.
    pub batch: u32,
    /// When a block is settled.
    pub finality: Finality,
    /// Transactions wait until time passes.
    pub slow: bool,
}

impl Setup {
    pub const QUICK: Setup = Setup { pupils: 3, batch: 2, finality: Finality::Instant, slow: false };
    pub const SLOW: Setup = Setup { pupils: 3, batch: 4096, finality: Finality::Depth(2), slow: true };
}

pub struct World {
    pub database: TestDatabase,
    clock: Arc<AtomicI64>,
    pub chain: ScriptedChain,
    pub deployment: Deployment,
    pub setup: Setup,
    pub store: Store,
}

/// The database of a school whose class is sealed and of which nothing is in a batch yet; made once.
static SEALED: tokio::sync::OnceCell<Saved> = tokio::sync::OnceCell::const_new();

impl World {
    /// A school whose appointments and class wait to be anchored.
    pub async fn sealed(setup: Setup) -> Self {
        let saved = SEALED.get_or_init(|| async {
            let world = World::new(setup).await;
            world.school_work().await.expect("no fault was put in");
            world.save().await
        });
        Self::of(setup, saved.await).await
    }

    /// A database as it was saved, and a chain that begins anew.
    pub async fn of(setup: Setup, saved: &Saved) -> Self {
        Self::on(setup, TestDatabase::of(saved).await).await
    }

    pub async fn new(setup: Setup) -> Self {
        Self::on(setup, TestDatabase::new().await).await
    }

    /// In this database, and on a chain that begins anew.
    pub async fn on(setup: Setup, database: TestDatabase) -> Self {
        let chain = ScriptedChain::new(NOW.unsigned_abs());
        let me = anchorer().address();
        let issuers = ["so-demo", "so-khac"].map(|code| code.parse().expect("issuer")).to_vec();
        let roles = Roles { anchorer: me, issuers, status_keeper: me };
        let deployment = open(&chain, &anchorer(), &roles, Fee::FREE, Wait::default()).await.expect("deployment");
        if setup.slow {
            chain.hold_transactions();
        }
        let clock = Arc::new(AtomicI64::new(NOW));
        let store = database.open().await;
        Self { database, clock, chain, deployment, setup, store }
    }

    /// The process ends, and what it leaves is kept.
    pub async fn save(&self) -> Saved {
        self.store.close().await;
        self.database.save().await
    }

    /// The process is gone, another one begins.
    pub async fn restart(&mut self) {
        self.store.close().await;
        self.store = self.database.open().await;
    }

    /// The same, on a database as it was saved.
    pub async fn restore(&mut self, saved: &Saved) {
        self.store.close().await;
        self.database = TestDatabase::of(saved).await;
        self.store = self.database.open().await;
    }

    pub fn now(&self) -> UnixTime {
        at(self.clock.load(Ordering::SeqCst))
    }

    /// Time passes.
    pub fn tick(&self, seconds: i64) {
        let now = self.clock.fetch_add(seconds, Ordering::SeqCst) + seconds;
        self.chain.set_time(now.unsigned_abs());
    }

    /// Time passes, blocks come.
    pub fn pass(&self, seconds: i64) {
        self.tick(seconds);
        self.chain.mine_waiting();
        self.chain.advance(1);
    }

    pub fn clock(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static + use<> {
        let clock = Arc::clone(&self.clock);
        move || at(clock.load(Ordering::SeqCst))
    }

    pub fn profile(&self) -> OpenProfile {
        let mut content = profile_content();
        let era = &mut content.eras[0];
        (era.chain, era.code, era.contract) = (self.deployment.chain, self.deployment.code, self.deployment.contract);
        open_profile(&content)
    }

    pub fn app(&self) -> App {
        self.app_with(Arc::new(NoPublicRecord))
    }

    /// The same, with a public record that verdicts rest on.
    pub fn app_with(&self, record: Arc<dyn PublicRecord>) -> App {
        static CHANCE: AtomicU64 = AtomicU64::new(0);
        let chance = |bytes: &mut [u8]| {
            for chunk in bytes.chunks_mut(32) {
                let digest = Sha256Digest::of(&CHANCE.fetch_add(1, Ordering::SeqCst).to_be_bytes());
                chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
            }
            true
        };
        let settings = hocba_app::Settings {
            chain: self.deployment.chain,
            contract: self.deployment.contract,
            past: Vec::new(),
            batch_age: 600,
            signing: SigningMode::Each,
        };
        let edges = Edges::new(self.clock(), chance);
        let key = DataKey::from_bytes([9; 32]);
        App::new(self.store.clone(), key, self.profile(), record, edges, settings)
    }

    pub fn settings(&self, holder: &str) -> Settings {
        Settings { batch_size: self.setup.batch, finality: self.setup.finality, ..Settings::new(holder) }
    }

    pub fn service(&self, holder: &str) -> AnchorService<ScriptedChain> {
        self.service_with(anchorer(), self.settings(holder))
    }

    pub fn service_with(&self, signer: Signer, settings: Settings) -> AnchorService<ScriptedChain> {
        AnchorService::new(self.store.clone(), self.chain.clone(), self.deployment, signer, settings, self.clock())
    }

    /// Everything the school does, up to closing; what was done before is not done again.
    pub async fn school_work(&self) -> Result<(), Crash> {
        self.school_work_up_to(Step::Seal).await
    }

    /// The same up to a step, which is the last one taken.
    pub async fn school_work_up_to(&self, last: Step) -> Result<(), Crash> {
        let (app, actor) = (self.app(), Actor::LocalOperator);
        self.appoint(&app).await?;
        app.import(&actor, &class_of(self.setup.pupils), &Import::default()).await?;
        let class = self.class().await?;
        for (step, person, name) in [
            (Step::Sign, &school().teacher, "teacher"),
            (Step::CoSign, &school().principal, "principal"),
            (Step::Seal, &school().seal, "seal"),
        ] {
            if step > last {
                break;
            }
            let signer = app.signer(&actor, step, false, &chain_of(name)).await?;
            let list = app.prepare(&actor, &class, &signer, &Selection::All).await?;
            for tasks in list.tasks.chunks(2) {
                let signed: Vec<_> = tasks.iter().map(|t| t.signed(person.key.sign(t.bytes()).to_vec())).collect();
                app.submit(&actor, &class, &signer, &signed).await?;
            }
        }
        Ok(())
    }

    async fn appoint(&self, app: &App) -> Result<(), Crash> {
        let actor = Actor::LocalOperator;
        let store_school = hocba_store::model::School {
            code: SCHOOL.parse().expect("code"),
            issuer: "so-demo".parse().expect("issuer"),
        };
        app.add_school(&actor, &store_school).await?;
        for (role, class, by, who) in [
            (Role::Principal, None, "department", "principal"),
            (Role::SchoolSeal, None, "department", "seal"),
            (Role::HomeroomTeacher, Some("9A3"), "principal", "teacher"),
        ] {
            let statement = school().appoint(&school().appointment(role, class));
            app.appoint(&actor, &statement, &chain_of(by), &chain_of(who)).await?;
        }
        Ok(())
    }

    pub async fn class(&self) -> Result<Id, Crash> {
        Ok(self.store.read().await?.classes().await?[0].id)
    }

    /// Steps until nothing is left, letting time pass where that is waited for.
    pub async fn anchor(&self, service: &mut AnchorService<ScriptedChain>) -> Result<Vec<Event>, Crash> {
        let mut events = Vec::new();
        for _ in 0..200 {
            match service.step().await? {
                Progress::Did(event) => events.push(event),
                Progress::Idle { next: None } => return Ok(events),
                Progress::Idle { next: Some(next) } => {
                    let wait = next.seconds() - self.now().seconds();
                    if wait > 0 {
                        self.pass(wait);
                    }
                }
                Progress::UnderWay { .. } => self.pass(2),
                Progress::PutOff { until, .. } => self.pass(until.seconds() - self.now().seconds()),
                Progress::NotLeader => self.pass(16),
            }
        }
        panic!("the service does not come to an end: {events:#?}");
    }

    /// The whole story: appointments are anchored, then the class is signed and anchored.
    pub async fn story(&self) -> Result<Vec<Event>, Crash> {
        let mut service = self.service("one");
        self.appoint(&self.app()).await?;
        let mut events = self.anchor(&mut service).await?;
        self.school_work().await?;
        events.extend(self.anchor(&mut service).await?);
        Ok(events)
    }

    pub async fn client(&self) -> AnchorClient<ScriptedChain> {
        AnchorClient::connect(self.chain.clone(), self.deployment).await.expect("the chain is there")
    }

    /// What the chain says now.
    pub async fn facts(&self) -> CheckedFacts {
        let facts = self.client().await.facts(Finality::Instant).await.expect("facts");
        facts.check().expect("the contract's digests are its own")
    }

    /// Changes the database behind the service's back, past all constraints.
    pub async fn sql(&self, sql: &str) {
        assert!(self.database.sql(sql).await > 0, "{sql}: touched nothing");
    }

    /// Walks everything.
    pub async fn fsck(&self) -> Report {
        self.fsck_by(&self.facts().await).await
    }

    /// The same, by what another chain says.
    pub async fn fsck_by(&self, facts: &CheckedFacts) -> Report {
        fsck(&self.store, Some(&self.app()), Some(facts)).await.expect("the database is read")
    }

    /// Nothing is wrong with what is stored, however far it is.
    pub async fn assert_clean(&self, what: &str) -> Report {
        self.assert_clean_by(&self.facts().await, what).await
    }

    /// The same, by what another chain says.
    pub async fn assert_clean_by(&self, facts: &CheckedFacts, what: &str) -> Report {
        let report = self.fsck_by(facts).await;
        assert!(report.is_clean(), "{what}: {:#?}", report.faults);
        report
    }

    /// Sends any transaction of the contract's, mined at once; what waits goes on waiting.
    pub async fn send_foreign(&self, make: impl AsyncFnOnce(&AnchorClient<ScriptedChain>) -> SignedTransaction) {
        let client = self.client().await;
        let transaction = make(&client).await;
        self.chain.mine_at_once();
        client.broadcast(&transaction).await.expect("mined");
        if self.setup.slow {
            self.chain.hold_transactions();
        }
    }

    /// Every batch is on the chain by a transaction that was recorded before it was sent: none had to be looked for.
    pub async fn assert_recorded(&self, what: &str) {
        let mut tx = self.store.read().await.expect("read");
        for batch in tx.batches().await.expect("batches") {
            let attempts = tx.attempts_of(batch.id).await.expect("attempts");
            let earned = attempts.iter().any(|a| a.state == hocba_store::model::AttemptState::Final);
            assert!(earned, "{what}: batch {} was anchored by a transaction that nobody recorded", batch.id);
        }
    }

    /// Everything is anchored, once.
    pub async fn assert_whole(&self, what: &str) {
        let register = self.client().await.register(None).await.expect("register");
        self.assert_whole_by(&register, what).await;
    }

    /// The same, by what another chain says.
    pub async fn assert_whole_by(&self, register: &Register, what: &str) {
        let jobs = self.store.read().await.expect("read").open_jobs().await.expect("jobs");
        assert!(jobs.is_empty(), "{what}: no job is left");
        self.assert_once(register, what).await;
    }

    /// The same, while something else may wait.
    pub async fn assert_whole_but_jobs(&self, what: &str) {
        let register = self.client().await.register(None).await.expect("register");
        self.assert_once(&register, what).await;
    }

    async fn assert_once(&self, register: &Register, what: &str) {
        let mut tx = self.store.read().await.expect("read");
        let class = self.class().await.expect("class");
        let lines = tx.record_lines(&class).await.expect("lines");
        assert_eq!(lines.len(), self.setup.pupils, "{what}: no record was lost");
        assert!(lines.iter().all(|l| l.anchored_at.is_some()), "{what}: every record is anchored: {lines:#?}");
        let batches = tx.batches().await.expect("batches");
        let leaves: u32 = batches.iter().map(|b| b.size).sum();
        assert_eq!(leaves as usize, self.setup.pupils + 3, "{what}: each leaf is in one batch");
        let roots: Vec<_> =
            register.batches().iter().filter(|b| b.issuer.as_str() == "so-demo").map(|b| b.root).collect();
        assert_eq!(roots.len(), batches.len(), "{what}: the chain has our batches and no other");
        assert_eq!(roots.iter().collect::<BTreeSet<_>>().len(), roots.len(), "{what}: none is there twice");
        // Appointments before records: in the order of the register.
        let mut anchored: Vec<_> =
            batches.iter().map(|b| (b.receipt.as_ref().expect("receipt").index, b.kind)).collect();
        anchored.sort_unstable();
        assert!(anchored.is_sorted_by_key(|(_, kind)| *kind), "{what}: appointments come first: {anchored:?}");
    }
}

/// Bytes as SQL and JSON-RPC write them.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
