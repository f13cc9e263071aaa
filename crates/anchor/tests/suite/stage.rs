//! Nodes that are reached by their URLs, whatever they are, and a school that anchors through them.

use std::{sync::Arc, time::Duration};

use hocba_anchor::{AnchorService, Event, Progress, Settings};
use hocba_bundle::facts::{CheckedFacts, IssuerCode};
use hocba_chain::{
    Administration, Anchor, AnchorClient, Breaker, ClientError, Deployment, Fee, FeePolicy, Finality, HttpRpc,
    HttpSettings, Issuer, NodeErrorClass, Opening, Operators, Pool, Receipt, Role, Rpc, SignedTransaction, Signer,
    Terms, Wait, administer, deploy,
    embedded::{EmbeddedChain, serve},
    rpc::RpcFuture,
    transaction::ANCHOR_GAS,
};
use hocba_record::encoding::Sha256Digest;
use hocba_test_network::{ACCOUNTS, Error};
use hocba_tests::NOW;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::common::{Setup, World, anchorer, stranger};

/// A node at a URL.
pub type Http = Arc<HttpRpc>;

/// Between two looks at what is under way.
const LOOK: Duration = Duration::from_millis(100);
/// Looks until a test gives up: three minutes.
const LOOKS: usize = 1800;
/// For one transaction, on nodes that make a block every two seconds and are restarted meanwhile.
pub const WAIT: Wait = Wait { every: LOOK, looks: 900 };

pub const GWEI: u128 = 1_000_000_000;

/// Asks again where a node is catching up. The service does so by itself, in its next step.
#[derive(Debug, Clone)]
pub struct Patient(Pool<Http>);

impl Rpc for Patient {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        Box::pin(async move {
            for _ in 0..50 {
                match self.0.request(method, params.clone()).await {
                    Err(error) if error.class() == Some(NodeErrorClass::BlockUnavailable) => {
                        tokio::time::sleep(LOOK).await;
                    }
                    answer => return answer,
                }
            }
            self.0.request(method, params).await
        })
    }
}

/// Nodes of one chain, and what has to be known of them.
#[derive(Debug, Clone)]
pub struct Site {
    pub name: &'static str,
    /// Where they answer; with several, most of them have to agree.
    pub urls: Vec<String>,
    /// Administers, anchors and sets statuses.
    pub admin: Signer,
    /// May nothing, and has money.
    pub stranger: Signer,
    /// What the service offers.
    pub fees: FeePolicy,
    /// What everybody else offers.
    pub fee: Fee,
    pub finality: Finality,
    /// Whether transactions with a fee limit (EIP-1559) are taken.
    pub takes_limits: bool,
    /// Whether transactions that offer nothing are taken.
    pub free: bool,
    /// Whether `eth_call` knows the time of its block.
    pub calls_know_time: bool,
    /// For one request.
    pub timeout: Duration,
}

impl Site {
    /// The embedded chain at this URL.
    pub fn embedded(url: String) -> Self {
        Self {
            name: "embedded chain",
            urls: vec![url],
            admin: anchorer(),
            stranger: stranger(),
            fees: FeePolicy::Fixed { price: 0 },
            fee: Fee::FREE,
            finality: Finality::Instant,
            takes_limits: false,
            free: true,
            calls_know_time: true,
            timeout: Duration::from_secs(5),
        }
    }

    /// Nodes whose money is on the keys that everybody knows, and where gas costs something.
    pub fn funded(name: &'static str, urls: Vec<String>, chain: u64, finality: Finality) -> Self {
        let key = |n: usize| {
            let mut secret = [0; 32];
            for (byte, digits) in secret.iter_mut().zip(ACCOUNTS[n].secret.as_bytes().chunks(2)) {
                let digits = std::str::from_utf8(digits).expect("ASCII");
                *byte = u8::from_str_radix(digits, 16).expect("hex");
            }
            Signer::from_secret(&secret, chain).expect("a key")
        };
        Self {
            name,
            urls,
            admin: key(0),
            stranger: key(1),
            fees: FeePolicy::Market { tip: GWEI, ceiling: 100 * GWEI },
            fee: Fee::Legacy { price: 10 * GWEI },
            finality,
            takes_limits: true,
            free: false,
            calls_know_time: true,
            timeout: Duration::from_secs(5),
        }
    }

    pub fn http(&self, url: &str) -> Http {
        let settings = HttpSettings { timeout: self.timeout, ..HttpSettings::default() };
        Arc::new(HttpRpc::new(url, settings).expect("an address"))
    }

    /// Each node is an operator's of its own, and most of them have to agree.
    pub fn operators(&self, deployment: Deployment) -> Operators<Http> {
        match &self.urls[..] {
            [url] => Operators::single(self.http(url), deployment),
            urls => {
                let named = (1..).zip(urls).map(|(n, url)| (format!("operator {n}"), vec![self.http(url)]));
                let quorum = u8::try_from(urls.len() / 2 + 1).expect("a few");
                Operators::new(named, quorum, deployment)
            }
        }
    }

    /// All nodes as one, none of which is ever left alone.
    fn nodes(&self) -> Pool<Http> {
        Pool::new(self.urls.iter().map(|url| Breaker::alone(self.http(url))))
    }

    /// The same, for a test that has no time for a node which has a block and not yet what is in it.
    pub fn pool(&self) -> Patient {
        Patient(self.nodes())
    }

    /// Deploys the contract, step by step as a department does. Two issuers, entitled since yesterday.
    pub async fn deploy(&self) -> Deployment {
        let pool = self.nodes();
        let me = self.admin.address();
        let opening = Opening { admin: me, admin_delay: 0, predecessor: None };
        let deployment = deploy(&pool, &self.admin, &opening, self.fee, WAIT).await.expect("deployed");
        let client = AnchorClient::connect(self.pool(), deployment).await.expect("it is there");
        let block = client.settled(Finality::Instant).await.expect("a block");
        let yesterday = block.time.seconds().unsigned_abs() - 86_400;
        let mut steps = vec![Administration::Grant(Role::StatusKeeper, me)];
        for code in ["so-demo", "so-khac"].map(issuer) {
            steps.push(registered(&code, yesterday));
            steps.push(Administration::Grant(Role::Anchorer(code), me));
        }
        for step in &steps {
            self.administer(deployment, step).await.unwrap_or_else(|error| panic!("{}: {step:?}: {error}", self.name));
        }
        deployment
    }

    pub async fn administer(&self, deployment: Deployment, what: &Administration) -> Result<Receipt, ClientError> {
        administer(&self.nodes(), &self.admin, &deployment, what, self.fee, WAIT).await
    }
}

pub fn issuer(code: &str) -> IssuerCode {
    code.parse().expect("an issuer")
}

/// Registers an issuer for every school, from this block time on.
pub fn registered(code: &IssuerCode, from: u64) -> Administration {
    let until = hocba_chain::FOR_EVER;
    Administration::SetIssuer(Issuer { code: code.clone(), from, until, schools: "*".to_owned() })
}

/// An embedded chain behind its HTTP server; its clock stands still. Gives its address.
pub async fn embedded() -> String {
    served(EmbeddedChain::in_memory(|| NOW.unsigned_abs())).await
}

/// The same for a chain of the caller's.
pub async fn served(chain: EmbeddedChain) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(serve(chain, listener));
    url
}

/// The started nodes, or nothing, and said so, where their programs are not installed.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub fn started<T>(started: Result<T, Error>) -> Option<T> {
    match started {
        Err(error @ Error::NotInstalled { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        started => Some(started.unwrap_or_else(|error| panic!("{error}"))),
    }
}

/// A school with three appointments and three sealed records that wait, and the service that anchors them.
pub struct Stage {
    pub site: Site,
    pub world: World,
    /// Whoever else asks and sends.
    pub client: AnchorClient<Patient>,
    pub service: AnchorService<Http>,
}

impl Stage {
    /// On a contract of its own, with so many leaves in a batch.
    pub async fn open(site: Site, batch: u32) -> Self {
        let deployment = site.deploy().await;
        Self::on(site, deployment, batch).await
    }

    /// On this contract.
    pub async fn on(site: Site, deployment: Deployment, batch: u32) -> Self {
        let mut world = World::sealed(Setup { batch, finality: site.finality, ..Setup::QUICK }).await;
        world.deployment = deployment;
        let client = AnchorClient::connect(site.pool(), deployment).await.expect("it is there");
        let service = service(&world, &site, site.operators(deployment));
        Self { site, world, client, service }
    }

    /// Steps until `until` says so of one, or nothing is due. Time passes as it is waited for, at least a second in ten
    /// looks.
    pub async fn drive(&mut self, mut until: impl FnMut(&Progress) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        for look in 0..LOOKS {
            let progress = self.service.step().await.expect("the database answers");
            if let Progress::Did(event) = &progress {
                events.push(event.clone());
            }
            if until(&progress) {
                return events;
            }
            match progress {
                Progress::Did(_) => {}
                Progress::Idle { .. } => return events,
                Progress::UnderWay { .. } => {
                    tokio::time::sleep(LOOK).await;
                    self.world.tick(i64::from(look % 10 == 9));
                }
                Progress::PutOff { until, .. } => {
                    tokio::time::sleep(LOOK).await;
                    self.world.tick((until.seconds() - self.world.now().seconds()).max(0));
                }
                Progress::NotLeader => self.world.tick(16),
            }
        }
        panic!("{}: the service does not come to an end: {events:#?}", self.site.name);
    }

    /// Closes what waits, and steps until all is anchored.
    pub async fn finish(&mut self) -> Vec<Event> {
        self.world.app().close_batches(&hocba_app::Actor::LocalOperator).await.expect("closed now");
        self.drive(|_| false).await
    }

    /// What the chain says now. Blocks may be replaced, and nodes be busy, while it is read.
    pub async fn facts(&self) -> CheckedFacts {
        let mut last = None;
        for _ in 0..20 {
            match self.client.facts(Finality::Instant).await {
                Ok(facts) => return facts.check().expect("the contract's digests are its own"),
                Err(error @ (ClientError::Rpc(_) | ClientError::Reorganised { .. })) => last = Some(error),
                Err(error) => panic!("{}: {error}", self.site.name),
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{}: {last:?}", self.site.name);
    }

    /// Everything is anchored, once, by a transaction that was recorded before it was sent; each receipt says where.
    pub async fn assert_whole(&self, what: &str) {
        let what = format!("{}: {what}", self.site.name);
        let register = self.client.register(None).await.expect("register");
        self.world.assert_whole_by(&register, &what).await;
        self.world.assert_recorded(&what).await;
        self.assert_clean(&what).await;
        self.assert_places(&what).await;
    }

    pub async fn assert_clean(&self, what: &str) {
        self.world.assert_clean_by(&self.facts().await, what).await;
    }

    /// Each receipt names the block that the transaction is in.
    pub async fn assert_places(&self, what: &str) {
        let batches = self.world.store.read().await.expect("read").batches().await.expect("batches");
        for receipt in batches.iter().filter_map(|batch| batch.receipt.as_ref()) {
            let hash = receipt.tx_hash.parse().expect("a hash");
            let found = self.client.receipt(&hash).await.expect("answer").expect("mined");
            assert_eq!(receipt.block, found.block, "{what}: transaction {hash}");
        }
    }

    pub async fn terms(&self, signer: &Signer, gas: u64, fee: Fee) -> Terms {
        Terms { nonce: self.client.mined_transactions(&signer.address()).await.expect("a number"), gas, fee }
    }

    /// What would be anchored next by this issuer.
    pub async fn next(&self, code: &str) -> Anchor {
        let head = self.client.head().await.expect("head");
        let root = Sha256Digest::of(format!("{code} {}", head.count).as_bytes());
        Anchor { index: head.count, previous: head.digest, root, size: 5, issuer: issuer(code), alg: 1 }
    }

    /// Signs the anchoring of a batch of the other department's.
    pub async fn foreign(&self, fee: Fee) -> SignedTransaction {
        let anchor = self.next("so-khac").await;
        let terms = self.terms(&self.site.admin, ANCHOR_GAS, fee).await;
        self.client.prepare_anchor(&self.site.admin, &anchor, terms).expect("signed")
    }

    /// Sends a transaction and waits for its receipt.
    pub async fn send(&self, transaction: &SignedTransaction) -> Receipt {
        self.client.broadcast(transaction).await.expect("taken");
        self.client.wait_for(&transaction.hash(), WAIT).await.expect("mined")
    }
}

/// The service of a school, over these operators.
pub fn service(world: &World, site: &Site, operators: Operators<Http>) -> AnchorService<Http> {
    let settings =
        Settings { batch_size: world.setup.batch, finality: site.finality, fees: site.fees, ..Settings::new("one") };
    AnchorService::of(world.store.clone(), operators, site.admin.clone(), settings, world.clock())
}

/// Whether something was sent.
pub fn sent(progress: &Progress) -> bool {
    matches!(progress, Progress::Did(Event::Sent { .. }))
}

/// Whether a batch was anchored.
pub fn anchored(progress: &Progress) -> bool {
    matches!(progress, Progress::Did(Event::Anchored { .. }))
}
