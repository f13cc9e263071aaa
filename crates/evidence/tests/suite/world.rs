//! A school whose people have certificates of the pilot CA, with its database, a scripted chain, the anchoring service and
//! a collector over real HTTP. Its story is told again from the start after a crash, and goes on where it stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use hocba_anchor::{AnchorService, Progress, fsck};
use hocba_app::{
    Actor, App, AppError, Edges, EvidenceState, Import, PublicRecord, PublicRecordFuture, Scope, Selection, Step,
};
use hocba_bundle::{
    facts::CheckedFacts,
    format::Bundle,
    profile::{CaFamily, OpenProfile, PinnedRoot, RevocationRule, TimeStampRule},
    report::Report,
    snapshot::StatusEvidence,
    verify::{ChainView, Context, verify},
};
use hocba_chain::{
    AnchorClient, Deployment, Fee, Finality, Roles, Signer, Wait, embedded::CHAIN_ID, open, testing::ScriptedChain,
};
use hocba_evidence::{Collector, Event, HttpFetch, Settings};
use hocba_keystore::DataKey;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::UnixTime,
};
use hocba_signature::{certificate::Certificate, policy::SigningMode, statement::Role};
use hocba_store::{Store, StoreError, model::Id};
use hocba_tests::{
    DAY, NOW, Person, SCHOOL, School, at, database::TestDatabase, office::workbook, open_profile, profile_content,
};

use crate::authority::{PilotCa, TEACHER, Ways};

pub const RULE: RevocationRule = RevocationRule { grace: DAY as u32, provisional: 30 * DAY as u32 };
pub const OPERATOR: Actor = Actor::LocalOperator;

/// A pass that was cut off by a fault that was put in.
#[derive(Debug)]
pub struct Crash;

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
impl From<hocba_anchor::AnchorError> for Crash {
    fn from(error: hocba_anchor::AnchorError) -> Self {
        match error {
            hocba_anchor::AnchorError::Store(error) => error.into(),
            other => panic!("{other}"),
        }
    }
}
impl From<hocba_evidence::CollectorError> for Crash {
    fn from(error: hocba_evidence::CollectorError) -> Self {
        assert!(error.to_string().contains("injected") || format!("{error:?}").contains("Injected"), "{error}");
        Crash
    }
}

pub struct World {
    pub database: TestDatabase,
    pub clock: Arc<AtomicI64>,
    pub chain: ScriptedChain,
    pub deployment: Deployment,
    pub store: Store,
    pub ca: Arc<PilotCa>,
    pub school: School,
    /// Whose time-stamps the profile believes.
    pub stamps: Option<TimeStampRule>,
    pupils: usize,
}

/// The chain, read anew by whoever asks.
struct Record(ScriptedChain, Deployment);

impl PublicRecord for Record {
    fn facts(&self) -> PublicRecordFuture<'_> {
        Box::pin(async move {
            let client = AnchorClient::connect(self.0.clone(), self.1).await.expect("the chain is there");
            let facts = client.facts(Finality::Instant).await.expect("facts");
            Ok(Arc::new(facts.check().expect("the contract's digests are its own"))).into()
        })
    }
}

impl World {
    pub async fn new(ways: Ways, pupils: usize) -> Self {
        let clock = Arc::new(AtomicI64::new(NOW));
        let ca = PilotCa::begin(ways, clock.clone()).await;
        let school = School {
            department: ca.person(11, "Sở"),
            principal: ca.person(12, "Hiệu trưởng"),
            teacher: ca.person(TEACHER, "Chủ nhiệm"),
            seal: ca.person(14, "Trường"),
            code: SCHOOL.to_owned(),
        };
        Self::with(ca, school, clock, pupils).await
    }

    pub async fn with(ca: Arc<PilotCa>, school: School, clock: Arc<AtomicI64>, pupils: usize) -> Self {
        let chain = ScriptedChain::new(NOW.unsigned_abs());
        let me = anchorer().address();
        let issuers = ["so-demo", "so-khac"].map(|code| code.parse().expect("issuer")).to_vec();
        let roles = Roles { anchorer: me, issuers, status_keeper: me };
        let deployment = open(&chain, &anchorer(), &roles, Fee::FREE, Wait::default()).await.expect("deployment");
        let database = TestDatabase::new().await;
        let store = database.open().await;
        Self { database, clock, chain, deployment, store, ca, school, stamps: None, pupils }
    }

    pub async fn restart(&mut self) {
        self.store.close().await;
        self.store = self.database.open().await;
    }

    pub fn now(&self) -> UnixTime {
        at(self.clock.load(Ordering::SeqCst))
    }

    pub fn pass(&self, seconds: i64) {
        let now = self.clock.fetch_add(seconds, Ordering::SeqCst) + seconds;
        self.chain.set_time(now.unsigned_abs());
        self.chain.mine_waiting();
        self.chain.advance(1);
    }

    fn clock(&self) -> impl Fn() -> UnixTime + Send + Sync + 'static + use<> {
        let clock = Arc::clone(&self.clock);
        move || at(clock.load(Ordering::SeqCst))
    }

    pub fn profile(&self) -> OpenProfile {
        let mut content = profile_content();
        let era = &mut content.eras[0];
        (era.chain, era.code, era.contract) = (self.deployment.chain, self.deployment.code, self.deployment.contract);
        content.departments[0].certificate = self.school.department.digest();
        let root = Certificate::from_der(&self.ca.root).expect("a root");
        content.families = vec![CaFamily {
            id: "pilot".into(),
            policies: None,
            revocation: Some(RULE),
            roots: vec![PinnedRoot::from(&root)],
        }];
        content.time_stamps = self.stamps.clone();
        open_profile(&content)
    }

    pub fn app(&self) -> App {
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
            batch_age: 3,
            signing: SigningMode::Each,
        };
        let edges = Edges::new(self.clock(), chance);
        let key = DataKey::from_bytes([9; 32]);
        let record = Arc::new(Record(self.chain.clone(), self.deployment));
        App::new(self.store.clone(), key, self.profile(), record, edges, settings)
    }

    pub fn collector(&self) -> Collector<HttpFetch> {
        let fetch = HttpFetch::new(["127.0.0.1".to_owned()], Duration::from_millis(500)).expect("a client");
        Collector::new(self.app(), fetch, Settings::new("one"))
    }

    fn chain_of(&self, person: &Person) -> Vec<Vec<u8>> {
        vec![person.certificate.der().to_vec(), self.ca.issuing.clone()]
    }

    pub async fn appoint(&self) -> Result<(), Crash> {
        let app = self.app();
        let school = hocba_store::model::School {
            code: SCHOOL.parse().expect("code"),
            issuer: "so-demo".parse().expect("issuer"),
        };
        app.add_school(&OPERATOR, &school).await?;
        for (role, class, by) in [
            (Role::Principal, None, Role::Department),
            (Role::SchoolSeal, None, Role::Department),
            (Role::HomeroomTeacher, Some("9A3"), Role::Principal),
        ] {
            let statement = self.school.appoint(&self.school.appointment(role, class));
            let (by, who) = (self.school.person(by), self.school.person(role));
            app.appoint(&OPERATOR, &statement, &self.chain_of(by), &self.chain_of(who)).await?;
        }
        Ok(())
    }

    pub async fn class(&self) -> Result<Id, Crash> {
        Ok(self.store.read().await?.classes().await?[0].id)
    }

    /// The class imported, and signed by all three.
    pub async fn sign(&self) -> Result<(), Crash> {
        let app = self.app();
        app.import(&OPERATOR, &workbook(self.pupils, |_, _| {}), &Import::default()).await?;
        for step in [Step::Sign, Step::CoSign, Step::Seal] {
            self.step(step).await?;
        }
        Ok(())
    }

    pub async fn step(&self, step: Step) -> Result<(), AppError> {
        let (app, class) = (self.app(), self.class().await.expect("a class"));
        let person = self.school.person(step.role(false));
        let signer = app.signer(&OPERATOR, step, false, &self.chain_of(person)).await?;
        let list = app.prepare(&OPERATOR, &class, &signer, &Selection::All).await?;
        for tasks in list.tasks.chunks(10) {
            let signed: Vec<_> = tasks.iter().map(|t| t.signed(person.key.sign(t.bytes()).to_vec())).collect();
            app.submit(&OPERATOR, &class, &signer, &signed).await?;
        }
        Ok(())
    }

    /// Anchors everything that waits.
    pub async fn anchor(&self) -> Result<(), Crash> {
        let settings = hocba_anchor::Settings { finality: Finality::Instant, ..hocba_anchor::Settings::new("one") };
        let mut service = AnchorService::new(
            self.store.clone(),
            self.chain.clone(),
            self.deployment,
            anchorer(),
            settings,
            self.clock(),
        );
        for _ in 0..200 {
            match service.step().await? {
                Progress::Did(_) => {}
                Progress::Idle { next: None } => {
                    service.give_back().await;
                    return Ok(());
                }
                Progress::Idle { next: Some(next) } => self.pass((next.seconds() - self.now().seconds()).max(1)),
                Progress::UnderWay { .. } => self.pass(2),
                Progress::PutOff { until, .. } => self.pass(until.seconds() - self.now().seconds()),
                Progress::NotLeader => self.pass(16),
            }
        }
        panic!("the service does not come to an end");
    }

    /// Everything that can be asked now.
    pub async fn collect(&self) -> Result<Vec<Event>, Crash> {
        let mut events = Vec::new();
        self.collector().run_until_idle(|event| events.push(event.clone())).await?;
        Ok(events)
    }

    /// From the appointments to final answers, anchored.
    pub async fn story(&self) -> Result<(), Crash> {
        self.appoint().await?;
        self.collect().await?;
        self.anchor().await?;
        self.sign().await?;
        self.collect().await?;
        self.anchor().await?;
        self.collect().await?;
        let until = NOW + 2 * DAY;
        if self.now().seconds() < until {
            self.pass(until - self.now().seconds());
        }
        self.collect().await?;
        self.anchor().await
    }

    pub async fn facts(&self) -> CheckedFacts {
        let client = AnchorClient::connect(self.chain.clone(), self.deployment).await.expect("the chain is there");
        client.facts(Finality::Instant).await.expect("facts").check().expect("the contract's digests are its own")
    }

    pub async fn records(&self) -> Vec<RecordId> {
        let class = self.class().await.expect("a class");
        let lines = self.store.read().await.expect("read").record_lines(&class).await.expect("lines");
        lines.iter().map(|line| line.record).collect()
    }

    pub async fn bundle(&self) -> Bundle {
        let record = self.records().await[0];
        self.app().bundle(&OPERATOR, &record, Scope::Whole).await.expect("a bundle")
    }

    /// What a stranger with the profile and the chain finds, now.
    pub async fn verify(&self, bundle: &Bundle) -> Report {
        self.verify_with(bundle, &StatusEvidence::default()).await
    }

    pub async fn verify_with(&self, bundle: &Bundle, statuses: &StatusEvidence) -> Report {
        self.pass(1);
        let facts = self.facts().await;
        let (profile, now) = (self.profile(), self.now());
        let chain = ChainView::Live { facts: &facts, statuses };
        verify(&bundle.to_bytes(), &Context { profile: &profile, chain, now })
    }

    pub async fn state(&self) -> EvidenceState {
        self.app().evidence_kept(&OPERATOR, 100).await.expect("read").1
    }

    pub async fn assert_clean(&self, what: &str) -> hocba_anchor::Report {
        let facts = self.facts().await;
        let report = fsck(&self.store, Some(&self.app()), Some(&facts)).await.expect("the database is read");
        assert!(report.is_clean(), "{what}: {:#?}", report.faults);
        report
    }
}

pub fn anchorer() -> Signer {
    Signer::from_secret(&[7; 32], CHAIN_ID).expect("key")
}
