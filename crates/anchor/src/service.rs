//! The service: one step at a time, each of which leaves the database whole.

use std::{future::Future, sync::Arc, time::Duration};

use hocba_app::{ALL_STATUSES, ANCHORING_LEASE};
use hocba_bundle::facts::IssuerCode;
use hocba_chain::{Deployment, FeePolicy, Finality, MAX_CHANGES, Operators, Register, Rpc, Signer, StatusLog};
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_store::{
    NewBatch, Store, StoreError, TileRow, Tx, attempt,
    model::{AttemptState, AuditEvent, Batch, Delivery, Job, JobKind, LeafKind},
    pause, retrying,
};

use crate::{AnchorError, error::Halt, node::Node};

/// Who did it, in the audit log.
pub(crate) const SYSTEM: &str = "system";

/// Pause while a transaction is under way: a tenth of the shortest usual block time.
const BUSY: Duration = Duration::from_millis(200);
/// Pause while there is nothing to do, before jitter: nobody waits less than a block anyway.
const IDLE: Duration = Duration::from_secs(1);
/// How often a step is done again at once that met with somebody else's change.
const CONFLICTS: u32 = 8;
/// How often [`AnchorService::run_until_idle`] tries a chain that does not answer: with doubling pauses from half a
/// second on, 7.5 seconds in all.
const PATIENCE: u32 = 5;

/// How the service works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of this process in the lease: another one for each process, or two would believe they lead. A process that
    /// knows that its predecessor is gone (it has the lock on the data folder) may keep its name and takes over at once.
    pub holder: String,
    /// A batch is closed as soon as so many leaves wait, and has at most so many; 1 to 65,536.
    ///
    /// 4,096 by default. Closing holds the one writer of the database for some 60 ms then (4,096 rows and a tree of
    /// 4,096 leaves), so a teacher who signs meanwhile does not notice; with 65,536 it would be a second. A path has 12
    /// nodes rather than 16. A province of 400,000 pupils is 98 batches, at a block of 4 seconds each seven minutes; the
    /// country's 18 million are 4,395, five hours once a year.
    pub batch_size: u32,
    /// How long a leaf that was left over when a batch was full waits for others, in seconds.
    pub batch_age: i64,
    /// How long the lease lasts, in seconds: after a crash another service takes over when it is up. Longer than a
    /// request to a node may take, so that a leader that waits stays one; correctness does not rest on it.
    pub lease: i64,
    /// Which block counts as settled.
    pub finality: Finality,
    /// What is offered for gas; nothing where the network is free of charge.
    pub fees: FeePolicy,
    /// After so many seconds without inclusion more is offered, where the policy leaves room.
    pub raise_after: i64,
    /// Most statuses in one transaction, 1 to 1,000: 100 use 3.3 million gas, which any network's block has room for.
    pub status_batch: usize,
    /// After so many seconds without inclusion the same bytes are sent again, to a node that says it has them.
    pub resend_after: i64,
    /// The contract was not there before this block.
    pub since: u64,
    /// How many batches and statuses the contracts before this one held: receipts count on from there.
    pub before: (u64, u64),
}

impl Settings {
    /// The usual settings, under this name.
    pub fn new(holder: impl Into<String>) -> Self {
        Self {
            holder: holder.into(),
            batch_size: 4096,
            batch_age: 600,
            lease: 15,
            finality: Finality::Instant,
            fees: FeePolicy::Fixed { price: 0 },
            raise_after: 60,
            status_batch: 100,
            resend_after: 30,
            since: 0,
            before: (0, 0),
        }
    }
}

/// What happened, for whoever shows progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A batch was closed.
    BatchClosed {
        /// Batch.
        batch: i64,
        /// Of what.
        kind: LeafKind,
        /// Anchored under.
        issuer: IssuerCode,
        /// Number of leaves.
        leaves: u32,
    },
    /// A transaction was taken by a node.
    Sent {
        /// What it delivers.
        of: Delivery,
        /// `0x…`.
        tx_hash: String,
    },
    /// What was delivered is in a block that is not settled yet.
    Included {
        /// What it delivers.
        of: Delivery,
        /// Block.
        block: u64,
    },
    /// The chain took a block back that it was in.
    Reorganised {
        /// What it delivers.
        of: Delivery,
    },
    /// A transaction came to nothing; another one follows.
    SetAside {
        /// What it delivers.
        of: Delivery,
        /// `0x…`.
        tx_hash: String,
        /// Replaced, reverted or dropped.
        state: AttemptState,
    },
    /// Statuses are on the chain for good.
    Published {
        /// How many.
        statuses: usize,
        /// Block.
        block: u64,
        /// Block time.
        time: UnixTime,
    },
    /// The batch is on the chain for good.
    Anchored {
        /// Batch.
        batch: i64,
        /// Of what.
        kind: LeafKind,
        /// Number of leaves.
        leaves: u32,
        /// Index in the contract.
        index: u64,
        /// Block.
        block: u64,
        /// Block time.
        time: UnixTime,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another service has the lease.
    NotLeader,
    /// Something happened; there may be more to do at once.
    Did(Event),
    /// A transaction is under way: look again soon.
    UnderWay {
        /// What it delivers.
        of: Delivery,
    },
    /// The chain did not answer, or refuses.
    PutOff {
        /// What it delivers.
        of: Delivery,
        /// Why, as a code (docs/anchoring.md).
        code: &'static str,
        /// Tried again then.
        until: UnixTime,
    },
    /// Nothing to do now.
    Idle {
        /// When the next job is due, if there is one.
        next: Option<UnixTime>,
    },
}

/// How [`AnchorService::run_until_idle`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No job is left.
    Done,
    /// Leaves wait for their batch to be closed then. `App::close_batches` has it done now.
    Later(UnixTime),
    /// The chain does not answer or refuses. Nothing is lost; it is tried again.
    PutOff {
        /// What it delivers.
        of: Delivery,
        /// Why.
        code: &'static str,
    },
    /// Another service has the lease and keeps it: it does the work.
    NotLeader,
}

/// Closes batches and brings them onto the chain; see the [crate](crate).
pub struct AnchorService<R> {
    pub(crate) store: Store,
    pub(crate) node: Node<R>,
    pub(crate) signer: Signer,
    /// Who sets statuses; without, they wait for a service that can.
    pub(crate) keeper: Option<Signer>,
    pub(crate) settings: Settings,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    /// Until when we have the lease for certain.
    lease: Option<UnixTime>,
    /// The register as last read: what comes after it is read next.
    pub(crate) register: Option<Register>,
    /// The status log, likewise.
    pub(crate) log: Option<StatusLog>,
    /// When the operators were last asked how they do.
    pub(crate) looked: Option<UnixTime>,
    /// Which attempt was last sent from here, and when.
    pub(crate) sent: Option<(Delivery, i64, UnixTime)>,
    /// Deliveries are tried whether they are due or not.
    pub(crate) hurry: bool,
}

impl<R: Rpc + Clone> AnchorService<R> {
    /// Puts the service together over one node, which is believed. It is asked for the first time when there is something
    /// to deliver.
    pub fn new(
        store: Store,
        rpc: R,
        deployment: Deployment,
        signer: Signer,
        settings: Settings,
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
    ) -> Self {
        Self::of(store, Operators::single(rpc, deployment), signer, settings, clock)
    }

    /// The same over several operators: sends to all their nodes, and writes down that something is on the chain when
    /// enough of them say so.
    pub fn of(
        store: Store,
        operators: Operators<R>,
        signer: Signer,
        settings: Settings,
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
    ) -> Self {
        let settings = Settings {
            batch_size: settings.batch_size.clamp(1, hocba_merkle::MAX_LEAVES),
            status_batch: settings.status_batch.clamp(1, MAX_CHANGES),
            ..settings
        };
        Self {
            node: Node::new(operators, settings.since),
            store,
            signer,
            keeper: None,
            settings,
            clock: Arc::new(clock),
            lease: None,
            register: None,
            log: None,
            looked: None,
            sent: None,
            hurry: false,
        }
    }

    /// The same, with the key that may set statuses. It may be the one that anchors.
    #[must_use]
    pub fn status_keeper(self, signer: Signer) -> Self {
        Self { keeper: Some(signer), ..self }
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// One step: takes or keeps the lease; closes a batch, appointments before records; or goes on with the delivery of
    /// the first batch that is not anchored. Ends within a few requests to the node, and leaves everything whole however
    /// it ends; cancelling it is a crash, and a crash is safe.
    ///
    /// # Errors
    /// When the database fails. A chain that fails is [`Progress::PutOff`].
    pub async fn step(&mut self) -> Result<Progress, AnchorError> {
        let mut round = 1;
        let done = loop {
            match attempt(round, self.try_step()).await {
                // A teacher's signature and our batch met. A step that was cut off is done again anyway.
                Err(Halt::Stop(AnchorError::Store(StoreError::Conflict))) if round <= CONFLICTS => {
                    pause(round).await;
                    round += 1;
                }
                done => break done,
            }
        };
        match done {
            Ok(progress) => Ok(progress),
            Err(Halt::Lease) => {
                self.lease = None;
                Ok(Progress::NotLeader)
            }
            Err(Halt::Stop(error)) => {
                self.lease = None;
                Err(error)
            }
            // Chain errors are handled where the job is known.
            Err(Halt::Chain(_)) => Ok(Progress::Idle { next: None }),
        }
    }

    async fn try_step(&mut self) -> Result<Progress, Halt> {
        if !self.lead().await? {
            return Ok(Progress::NotLeader);
        }
        let now = self.now();
        let mut tx = self.store.read().await?;
        let jobs = tx.open_jobs().await?;
        let closable = self.closable(&mut tx, &jobs, now).await?;
        let batch = tx.next_batch().await?;
        let orphaned_statuses = !tx.waiting_statuses(1).await?.is_empty();
        drop(tx);
        if let Some(job) = closable {
            return self.close(&job).await;
        }
        // Ends come before batches: the sooner a stolen key's is there, the less counts that a thief has anchored.
        let statuses = match jobs.iter().find(|job| job.kind == JobKind::DeliverStatuses) {
            Some(job) => self.statuses_step(job).await?,
            None if orphaned_statuses => {
                // Written with the status, so it was taken away by hand; without it the end would wait for ever.
                tracing::error!("statuses wait and no job will deliver them; adding it");
                let mut tx = self.begin("add_missing_delivery").await?;
                tx.add_job(JobKind::DeliverStatuses, ALL_STATUSES, now).await?;
                tx.commit().await?;
                return Ok(Progress::UnderWay { of: Delivery::Statuses });
            }
            None => None,
        };
        if let Some(done @ Progress::Did(_)) = statuses {
            return Ok(done);
        }
        let Some(batch) = batch else {
            // Statuses that wait wait for records, or for a service with the right key: no reason to come back.
            let ours = |job: &&Job| job.kind.is_anchoring() && job.kind != JobKind::DeliverStatuses;
            let rest = jobs.iter().filter(ours);
            return Ok(statuses.unwrap_or(Progress::Idle { next: rest.map(|job| job.due_at).min() }));
        };
        let id = batch.id.to_string();
        match jobs.iter().find(|job| job.kind == JobKind::DeliverBatch && job.subject == id) {
            Some(job) if job.due_at > now && !self.hurry => Ok(Progress::PutOff {
                of: Delivery::Batch(batch.id),
                code: crate::delivery::known_code(job.last_error.as_deref()),
                until: job.due_at,
            }),
            Some(job) => self.deliver(&batch, job).await,
            None => {
                // Written with the batch, so it was taken away by hand; without it the batch would wait for ever.
                tracing::error!(batch = batch.id, "batch {id} has no delivery job; adding it");
                let mut tx = self.begin("add_missing_delivery").await?;
                tx.add_job(JobKind::DeliverBatch, &id, now).await?;
                tx.commit().await?;
                Ok(Progress::UnderWay { of: Delivery::Batch(batch.id) })
            }
        }
    }

    /// Whether we have the lease. Asked again when half of it is over, so that an idle leader writes every few seconds
    /// only, and looked at before it is taken, so that a service in waiting writes nothing.
    async fn lead(&mut self) -> Result<bool, Halt> {
        let (now, lease) = (self.now(), self.settings.lease.max(1));
        if self.lease.is_some_and(|until| now.plus(lease / 2) < until) {
            return Ok(true);
        }
        self.lease = None;
        let held = self.store.read().await?.lease(ANCHORING_LEASE, now).await?;
        if held.is_some_and(|(holder, _)| holder != self.settings.holder) {
            return Ok(false);
        }
        let tx = self.begin("take_lease").await?;
        tx.commit().await?;
        self.lease = Some(now.plus(lease));
        Ok(true)
    }

    /// Begins a change as the leader. The lease is renewed in it, so a change and the right to make it last together:
    /// whoever lost the lease meanwhile writes nothing.
    pub(crate) async fn begin(&self, name: &'static str) -> Result<Tx, Halt> {
        let now = self.now();
        let mut tx = self.store.begin(name).await?;
        let until = now.plus(self.settings.lease.max(1));
        if tx.take_lease(ANCHORING_LEASE, &self.settings.holder, now, until).await? { Ok(tx) } else { Err(Halt::Lease) }
    }

    /// The next batch to close. Appointments always come first: a record counts only if the appointment it rests on is
    /// not anchored later, and batches are anchored in the order they are closed.
    async fn closable(&self, tx: &mut Tx, jobs: &[Job], now: UnixTime) -> Result<Option<Job>, Halt> {
        let of = |kind| jobs.iter().filter(move |job| job.kind == kind);
        let mut records = None;
        for job in of(JobKind::CloseRecords) {
            let full = match tx.waiting(&issuer(job)?, LeafKind::Record).await? {
                Some(waiting) => waiting.count >= u64::from(self.settings.batch_size),
                None => false,
            };
            if job.due_at <= now || full {
                records = Some(job);
                break;
            }
        }
        let appointments = of(JobKind::CloseAppointments).find(|job| job.due_at <= now || records.is_some());
        // What authorities said waits for nobody, and nobody for it.
        let evidence = of(JobKind::CloseEvidence).find(|job| job.due_at <= now);
        Ok(appointments.or(records).or(evidence).cloned())
    }

    /// Closes a batch: leaves get their places, the tree is stored, the delivery becomes due, what is left over gets a
    /// job of its own. One transaction, so a crash leaves the leaves waiting or the batch complete.
    async fn close(&mut self, job: &Job) -> Result<Progress, Halt> {
        let (issuer, now) = (issuer(job)?, self.now());
        let kind = match job.kind {
            JobKind::CloseAppointments => LeafKind::Appointment,
            JobKind::CloseEvidence => LeafKind::Evidence,
            _ => LeafKind::Record,
        };
        let mut tx = self.begin("close_batch").await?;
        tx.finish_job(job.id, now).await?;
        let leaves = tx.waiting_leaves(&issuer, kind, self.settings.batch_size).await?;
        if leaves.is_empty() {
            tx.commit().await?;
            return Ok(Progress::Idle { next: Some(now) });
        }
        let hashes: Vec<LeafHash> = leaves.iter().map(|l| LeafHash::from_bytes(*l.leaf.as_bytes())).collect();
        let tree = Tree::new(&hashes).map_err(AnchorError::from)?;
        let root = Sha256Digest::from_bytes(*tree.root().as_bytes());
        let new = NewBatch { issuer: &issuer, kind, root, leaves: &leaves, tiles: &rows(&tree) };
        let batch = tx.add_batch(&new, now).await?;
        tx.add_job(JobKind::DeliverBatch, &batch.id.to_string(), now).await?;
        if let Some(waiting) = tx.waiting(&issuer, kind).await? {
            // A job that was due was due for them too; after one closed for its size they have their own time.
            let due = if job.due_at <= now { job.due_at } else { waiting.since.plus(self.settings.batch_age) };
            tx.add_job(job.kind, issuer.as_str(), due).await?;
        }
        tx.audit(&event("close_batch", &batch, now)).await?;
        tx.commit().await?;
        tracing::info!(batch = batch.id, leaves = batch.size, "closed batch {} with {} leaves", batch.id, batch.size);
        Ok(Progress::Did(Event::BatchClosed { batch: batch.id, kind, issuer, leaves: batch.size }))
    }

    /// Steps until `until` is there, then gives the lease back. A database that fails is logged and tried again.
    pub async fn run(&mut self, until: impl Future<Output = ()> + Send) {
        tokio::pin!(until);
        loop {
            let pause = tokio::select! {
                biased;
                () = &mut until => break,
                pause = self.pass() => pause,
            };
            tokio::select! {
                biased;
                () = &mut until => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.give_back().await;
    }

    /// A step, and how long to pause after it.
    async fn pass(&mut self) -> Duration {
        match self.step().await {
            Ok(Progress::Did(_)) => Duration::ZERO,
            Ok(Progress::UnderWay { .. }) => BUSY,
            Ok(Progress::NotLeader) => IDLE + self.jitter(),
            Ok(Progress::PutOff { .. } | Progress::Idle { .. }) => {
                self.look_around().await;
                IDLE + self.jitter()
            }
            Err(error) => {
                tracing::error!(%error, "anchoring stands still: {error}");
                IDLE * 5
            }
        }
    }

    /// Up to a quarter of a second, another one for each holder, so that several services do not ask in step.
    fn jitter(&self) -> Duration {
        let [byte, ..] = *Sha256Digest::of(self.settings.holder.as_bytes()).as_bytes();
        Duration::from_millis(u64::from(byte))
    }

    /// Gives the lease back, so that another service need not wait for it to run out.
    pub async fn give_back(&mut self) {
        self.lease = None;
        let given = retrying(|| async {
            let mut tx = self.store.begin("give_back_lease").await?;
            tx.give_back_lease(ANCHORING_LEASE, &self.settings.holder).await?;
            tx.commit().await
        });
        if let Err(error) = given.await {
            tracing::warn!(%error, "the anchoring lease could not be given back; it runs out by itself");
        }
    }

    /// Steps until nothing is left that can be done now, telling of each event; for `hocba anchor --once` and the
    /// demonstration. Deliveries that were put off are tried at once. Gives the lease back at the end.
    ///
    /// # Errors
    /// As for [`AnchorService::step`].
    pub async fn run_until_idle(&mut self, mut tell: impl FnMut(&Event)) -> Result<Outcome, AnchorError> {
        self.hurry = true;
        let (mut failures, mut waits) = (0, 0);
        // A service that crashed has the lease until it runs out.
        let most_waits = (self.settings.lease + 2) * 5;
        let outcome = loop {
            match self.step().await? {
                Progress::Did(event) => {
                    failures = 0;
                    tell(&event);
                }
                Progress::UnderWay { .. } => tokio::time::sleep(BUSY).await,
                Progress::Idle { next: None } => break Outcome::Done,
                Progress::Idle { next: Some(next) } if next > self.now() => break Outcome::Later(next),
                Progress::Idle { .. } => {}
                Progress::PutOff { of, code, .. } => {
                    failures += 1;
                    if failures >= PATIENCE {
                        break Outcome::PutOff { of, code };
                    }
                    tokio::time::sleep(Duration::from_millis(250 << failures)).await;
                }
                Progress::NotLeader => {
                    waits += 1;
                    if waits > most_waits {
                        break Outcome::NotLeader;
                    }
                    tokio::time::sleep(BUSY).await;
                }
            }
        };
        self.hurry = false;
        self.give_back().await;
        Ok(outcome)
    }
}

fn issuer(job: &Job) -> Result<IssuerCode, AnchorError> {
    job.subject.parse().map_err(|_| AnchorError::Job(job.id))
}

/// The tiles of a tree as rows.
pub(crate) fn rows(tree: &Tree) -> Vec<TileRow> {
    let row =
        |tile: hocba_merkle::Tile| TileRow { level: tile.level, number: tile.number, hashes: tile.hashes.concat() };
    tree.tiles().map(row).collect()
}

/// An event about a batch.
pub(crate) fn event(action: &str, batch: &Batch, at: UnixTime) -> AuditEvent {
    AuditEvent {
        at,
        actor: SYSTEM.to_owned(),
        action: action.to_owned(),
        subject: batch.id.to_string(),
        version: None,
        reason: None,
    }
}
