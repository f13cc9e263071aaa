//! The collector: one job at a time, each of which leaves the database whole.

use std::{collections::BTreeMap, future::Future, time::Duration};

use hocba_app::{
    App, AppError, COLLECTING_LEASE, EvidenceRefusal, Judged, Question,
    model::{EvidenceWant, Job, JobKind},
};
use hocba_bundle::evidence::EvidenceKind;
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    certificate::Certificate,
    revocation::{Answer, ocsp_request},
};
use hocba_store::{StoreError, Tx, attempt, pause, retrying};

use crate::{Ask, Fetch, FetchError};

/// Who did it, in the audit log.
pub(crate) const SYSTEM: &str = "system";
/// Pause while there is nothing to do. Grace is counted in days.
const IDLE: Duration = Duration::from_secs(5);
/// How often a step is done again at once that met with somebody else's change.
const CONFLICTS: u32 = 8;
/// First pause after a failure, in seconds; doubled each time.
const FIRST_PAUSE: i64 = 60;
/// Longest pause, in seconds: an authority that publishes once a day is asked four times a day.
const LONGEST_PAUSE: i64 = 6 * 3600;
/// Pause where a certificate names no address: somebody has to bring the answer.
const NOBODY_PAUSE: i64 = 86_400;
/// How long a list, or that an address does not answer, is remembered, in seconds: what serves all certificates of an
/// authority is asked for once.
const REMEMBERED: i64 = 60;
/// Most lists remembered, of at most 64 KiB each.
const MAX_REMEMBERED: usize = 64;
/// How long the certificates of authorities are kept in memory, in seconds.
const ISSUERS_FOR: i64 = 600;
/// Most addresses of one kind asked for one certificate.
const MAX_ADDRESSES: usize = 2;

/// How the collector works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of this process in the lease: another one for each process.
    pub holder: String,
    /// How long the lease lasts, in seconds: longer than the questions of one step may take.
    pub lease: i64,
    /// Where which time-stamp authorities of the trust profile are asked.
    pub time_stamps: Vec<TimeStampAddress>,
}

/// Where a time-stamp authority is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampAddress {
    /// Which, as the trust profile calls it.
    pub authority: String,
    /// Where, over plain HTTP.
    pub url: String,
}

impl Settings {
    /// The usual settings, under this name.
    pub fn new(holder: impl Into<String>) -> Self {
        Self { holder: holder.into(), lease: 60, time_stamps: Vec::new() }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was noted what a batch's signers need.
    Noted {
        /// Batch.
        batch: i64,
        /// Certificates that have to be spoken of.
        certificates: usize,
    },
    /// An answer was kept.
    Kept {
        /// About which certificate.
        certificate: Sha256Digest,
        /// In which form.
        kind: EvidenceKind,
        /// The moment whose state it tells.
        this_update: UnixTime,
    },
    /// What was kept before was enough, or there is nothing to ask.
    Settled {
        /// About which certificate.
        certificate: Sha256Digest,
    },
    /// No answer came that is of use; it is tried again.
    PutOff {
        /// About which certificate.
        certificate: Sha256Digest,
        /// Why, as a code (docs/evidence.md).
        code: &'static str,
        /// Tried again then.
        until: UnixTime,
    },
    /// A time-stamp was kept.
    Stamped {
        /// Of which authority.
        authority: String,
        /// Over which batch, and those before it.
        batch: i64,
        /// When the authority saw it, as it states.
        time: UnixTime,
    },
    /// No time-stamp came; it is tried again.
    StampPutOff {
        /// Of which authority.
        authority: String,
        /// Why, as a code (docs/evidence.md).
        code: &'static str,
        /// Tried again then.
        until: UnixTime,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another process collects.
    NotLeader,
    /// Something happened; there may be more to do at once.
    Did(Event),
    /// Nothing to do now.
    Idle {
        /// When the next question is due, if there is one.
        next: Option<UnixTime>,
    },
}

/// What stops a step. What was done before it is kept.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CollectorError(#[from] AppError);

impl From<StoreError> for CollectorError {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

/// Why a step ended early.
pub(crate) enum Halt {
    Lease,
    Stop(CollectorError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Stop(error.into())
    }
}
impl From<AppError> for Halt {
    fn from(error: AppError) -> Self {
        Halt::Stop(error.into())
    }
}

/// Asks the authorities; see the [crate](crate).
pub struct Collector<F> {
    pub(crate) app: App,
    pub(crate) fetch: F,
    pub(crate) settings: Settings,
    /// Until when we have the lease for certain.
    lease: Option<UnixTime>,
    issuers: Option<(UnixTime, Vec<Certificate>)>,
    lists: BTreeMap<String, (UnixTime, Vec<u8>)>,
    silent: BTreeMap<String, (UnixTime, FetchError)>,
}

impl<F: Fetch> Collector<F> {
    /// Puts it together. Nothing is asked before there is something to ask.
    pub fn new(app: App, fetch: F, settings: Settings) -> Self {
        Self { app, fetch, settings, lease: None, issuers: None, lists: BTreeMap::new(), silent: BTreeMap::new() }
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.app.edges().now()
    }

    /// One step: notes what an anchored batch needs, or asks about one certificate. Leaves everything whole however it
    /// ends; cancelling it is a crash, and a crash is safe.
    ///
    /// # Errors
    /// When the database fails. An authority that fails is [`Event::PutOff`].
    pub async fn step(&mut self) -> Result<Progress, CollectorError> {
        let mut round = 1;
        loop {
            match attempt(round, self.try_step()).await {
                Err(Halt::Stop(CollectorError(AppError::Store(StoreError::Conflict)))) if round <= CONFLICTS => {
                    pause(round).await;
                    round += 1;
                }
                Ok(progress) => return Ok(progress),
                Err(Halt::Lease) => {
                    self.lease = None;
                    return Ok(Progress::NotLeader);
                }
                Err(Halt::Stop(error)) => {
                    self.lease = None;
                    return Err(error);
                }
            }
        }
    }

    async fn try_step(&mut self) -> Result<Progress, Halt> {
        let stamps = match self.try_stamp().await? {
            Progress::Idle { next } => next,
            other => return Ok(other),
        };
        match self.try_ask().await? {
            Progress::Idle { next } => Ok(Progress::Idle { next: next.into_iter().chain(stamps).min() }),
            other => Ok(other),
        }
    }

    /// A step about revocations.
    async fn try_ask(&mut self) -> Result<Progress, Halt> {
        if !self.app.asks_authorities() {
            return Ok(Progress::Idle { next: None });
        }
        let now = self.now();
        let mut tx = self.app.store().read().await?;
        let batch = tx.unnoted_batch().await?;
        let jobs = tx.open_jobs().await?;
        drop(tx);
        let next = jobs.iter().find(|job| job.kind == JobKind::FetchEvidence);
        if batch.is_none() && next.is_none_or(|job| job.due_at > now) {
            return Ok(Progress::Idle { next: next.map(|job| job.due_at) });
        }
        if !self.lead().await? {
            return Ok(Progress::NotLeader);
        }
        if let Some(batch) = batch {
            let issuers = self.issuers(true).await?;
            let mut tx = self.begin("note_wants").await?;
            let certificates = self.app.note_wants(&mut tx, &batch, &issuers, now).await?;
            tx.commit().await?;
            return Ok(Progress::Did(Event::Noted { batch: batch.id, certificates }));
        }
        match next {
            Some(job) => self.work(&job.clone()).await.map(Progress::Did),
            None => Ok(Progress::Idle { next: None }),
        }
    }

    async fn work(&mut self, job: &Job) -> Result<Event, Halt> {
        let now = self.now();
        let certificate: Sha256Digest = match job.subject.parse() {
            Ok(digest) => digest,
            // Nobody writes such a job; it would come back for ever.
            Err(_) => return self.done(job, Sha256Digest::of(job.subject.as_bytes())).await,
        };
        let issuers = self.issuers(false).await?;
        let mut tx = self.app.store().read().await?;
        let mut question = self.app.question(&mut tx, &certificate, &issuers, now).await?;
        if question.is_none() {
            // The certificate of its authority may have come after what we remember.
            let issuers = self.issuers(true).await?;
            question = self.app.question(&mut tx, &certificate, &issuers, now).await?;
        }
        drop(tx);
        let Some(question) = question else {
            tracing::warn!(%certificate, "certificate {certificate} is asked about, and leads to no authority that answers");
            return self.done(job, certificate).await;
        };
        if self.settled(job, &question, None).await? {
            return Ok(Event::Settled { certificate });
        }
        match self.ask(&question, now).await {
            Ok(judged) => self.keep(job, &question, &judged).await,
            Err(failure) => self.put_off(job, &question, &failure).await,
        }
    }

    /// Settles what can be by what is kept; whether that is all that is due.
    async fn settled(&self, job: &Job, question: &Question, heard: Option<&Answer>) -> Result<bool, Halt> {
        let now = self.now();
        let mut tx = self.begin("settle_evidence").await?;
        let open = self.app.settle(&mut tx, question, heard, now).await?;
        // A job that came up while nothing is due came with a signature.
        let asks = match question.has_due(now) {
            true => open.iter().any(|want| want.wanted_from <= now),
            false => !question.is_fresh(),
        };
        if asks && heard.is_none() {
            // Nothing was written yet that needs to last, unless something was settled.
            tx.commit().await?;
            return Ok(false);
        }
        self.next(&mut tx, job, &open, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The job comes back when the next answer can be final, or is done.
    async fn next(&self, tx: &mut Tx, job: &Job, open: &[EvidenceWant], now: UnixTime) -> Result<(), Halt> {
        match open.first() {
            None => tx.finish_job(job.id, now).await?,
            Some(want) => tx.move_job(job.id, want.wanted_from.max(now.plus(FIRST_PAUSE))).await?,
        }
        Ok(())
    }

    async fn done(&self, job: &Job, certificate: Sha256Digest) -> Result<Event, Halt> {
        let mut tx = self.begin("settle_evidence").await?;
        tx.finish_job(job.id, self.now()).await?;
        tx.commit().await?;
        Ok(Event::Settled { certificate })
    }

    /// Asks where the certificate says, OCSP first: it is smaller, and of now. The first answer that serves is taken.
    async fn ask(&mut self, question: &Question, now: UnixTime) -> Result<Judged, Failure> {
        let (certificate, issuer) = (question.certificate(), question.issuer());
        let request = ocsp_request(certificate, issuer);
        let ocsp = certificate.ocsp_urls().take(MAX_ADDRESSES).map(|url| Ask::Ocsp { url, request: &request });
        let crl = certificate.crl_urls().take(MAX_ADDRESSES).map(|url| Ask::Crl { url });
        let mut failure = Failure { code: "no_address", next_update: None, silent: None };
        for ask in ocsp.chain(crl) {
            let kind = if matches!(ask, Ask::Ocsp { .. }) { EvidenceKind::Ocsp } else { EvidenceKind::Crl };
            let answered = match self.fetch(ask, now).await {
                Ok(der) => question.judge(kind, der, now).map_err(EvidenceRefusal::code),
                Err(error) => Err(error.code()),
            };
            let judged = match answered {
                Ok(judged) => judged,
                Err(code) => {
                    report(question, ask, code);
                    // An answer that was right and too old says more than an address that says nothing.
                    failure.code = if failure.code == "too_old" { "too_old" } else { code };
                    continue;
                }
            };
            match question.serves(&judged.answer, now) {
                Ok(()) => return Ok(judged),
                Err(refusal) => {
                    report(question, ask, refusal.code());
                    let silent = question.is_silent(&judged.answer, now).then_some(judged.answer);
                    let next_update = judged.answer.next_update.or(failure.next_update);
                    failure = Failure { code: refusal.code(), next_update, silent: silent.or(failure.silent) };
                }
            }
        }
        Err(failure)
    }

    async fn fetch(&mut self, ask: Ask<'_>, now: UnixTime) -> Result<Vec<u8>, FetchError> {
        let url = ask.url();
        let recent = |at: &UnixTime| at.plus(REMEMBERED) > now;
        if let Some((_, error)) = self.silent.get(url).filter(|(at, _)| recent(at)) {
            return Err(*error);
        }
        if let (Ask::Crl { .. }, Some((_, der))) = (ask, self.lists.get(url).filter(|(at, _)| recent(at))) {
            return Ok(der.clone());
        }
        let fetched = self.fetch.fetch(ask).await;
        for forget in [self.lists.len() >= MAX_REMEMBERED, self.silent.len() >= MAX_REMEMBERED] {
            if forget {
                self.lists.retain(|_, (at, _)| recent(at));
                self.silent.retain(|_, (at, _)| recent(at));
            }
        }
        match (&fetched, ask) {
            (Ok(der), Ask::Crl { .. }) if self.lists.len() < MAX_REMEMBERED => {
                self.lists.insert(url.to_owned(), (now, der.clone()));
            }
            (Err(error @ (FetchError::Unreachable | FetchError::Timeout)), _) if self.silent.len() < MAX_REMEMBERED => {
                self.silent.insert(url.to_owned(), (now, *error));
            }
            _ => {}
        }
        fetched
    }

    /// Keeps an answer with everything that follows from it.
    async fn keep(&self, job: &Job, question: &Question, judged: &Judged) -> Result<Event, Halt> {
        let now = self.now();
        let certificate = *question.certificate().digest();
        let mut tx = self.begin("keep_evidence").await?;
        let new = self.app.keep(&mut tx, SYSTEM, question, judged, now).await?;
        let open = self.app.settle(&mut tx, question, Some(&judged.answer), now).await?;
        self.next(&mut tx, job, &open, now).await?;
        tx.commit().await?;
        let (kind, this_update) = (judged.evidence.kind, judged.answer.this_update);
        tracing::info!(%certificate, ?kind, new, "an authority spoke of certificate {certificate}");
        Ok(Event::Kept { certificate, kind, this_update })
    }

    /// Another try later; where nothing will ever be proven, none.
    async fn put_off(&self, job: &Job, question: &Question, failure: &Failure) -> Result<Event, Halt> {
        let now = self.now();
        let certificate = *question.certificate().digest();
        if failure.silent.is_some() {
            tracing::error!(
                %certificate,
                "certificate {certificate} expired before its authority's word was final: what it signed last cannot be proven"
            );
            self.settled(job, question, failure.silent.as_ref()).await?;
            return Ok(Event::Settled { certificate });
        }
        let until = now.plus(match failure.code {
            "no_address" => NOBODY_PAUSE,
            _ => pause_after(job.tries),
        });
        // One that says when it will know more is asked then, if that is sooner than for ever.
        let until = match failure.next_update.filter(|next| *next > now && failure.code == "too_old") {
            Some(next) => next.plus(FIRST_PAUSE).min(now.plus(LONGEST_PAUSE)),
            None => until,
        };
        let mut tx = self.begin("put_off_evidence").await?;
        tx.put_off_job(job.id, failure.code, until).await?;
        tx.commit().await?;
        Ok(Event::PutOff { certificate, code: failure.code, until })
    }

    async fn issuers(&mut self, anew: bool) -> Result<Vec<Certificate>, Halt> {
        let now = self.now();
        if let Some((read, issuers)) = &self.issuers
            && !anew
            && read.plus(ISSUERS_FOR) > now
        {
            return Ok(issuers.clone());
        }
        let issuers = self.app.issuers().await?;
        self.issuers = Some((now, issuers.clone()));
        Ok(issuers)
    }

    /// Whether we have the lease; looked at before it is taken, so that who waits writes nothing.
    pub(crate) async fn lead(&mut self) -> Result<bool, Halt> {
        let (now, lease) = (self.now(), self.settings.lease.max(1));
        if self.lease.is_some_and(|until| now.plus(lease / 2) < until) {
            return Ok(true);
        }
        self.lease = None;
        let held = self.app.store().read().await?.lease(COLLECTING_LEASE, now).await?;
        if held.is_some_and(|(holder, _)| holder != self.settings.holder) {
            return Ok(false);
        }
        let tx = self.begin("take_collecting_lease").await?;
        tx.commit().await?;
        self.lease = Some(now.plus(lease));
        Ok(true)
    }

    /// Begins a change as the one who collects: whoever lost the lease meanwhile writes nothing.
    pub(crate) async fn begin(&self, name: &'static str) -> Result<Tx, Halt> {
        let now = self.now();
        let mut tx = self.app.store().begin(name).await?;
        let until = now.plus(self.settings.lease.max(1));
        if tx.take_lease(COLLECTING_LEASE, &self.settings.holder, now, until).await? {
            Ok(tx)
        } else {
            Err(Halt::Lease)
        }
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

    async fn pass(&mut self) -> Duration {
        match self.step().await {
            Ok(Progress::Did(_)) => Duration::ZERO,
            Ok(Progress::NotLeader | Progress::Idle { .. }) => IDLE,
            Err(error) => {
                tracing::error!(%error, "collecting evidence stands still: {error}");
                IDLE * 5
            }
        }
    }

    /// Steps until nothing is left that can be done now, telling of each event. Gives the lease back at the end.
    ///
    /// # Errors
    /// As for [`Collector::step`].
    pub async fn run_until_idle(&mut self, mut tell: impl FnMut(&Event)) -> Result<Progress, CollectorError> {
        let last = loop {
            match self.step().await? {
                Progress::Did(event) => tell(&event),
                last => break last,
            }
        };
        self.give_back().await;
        Ok(last)
    }

    /// Gives the lease back, so that another process need not wait for it to run out.
    pub async fn give_back(&mut self) {
        if self.lease.take().is_none() {
            return;
        }
        let given = retrying(|| async {
            let mut tx = self.app.store().begin("give_back_lease").await?;
            tx.give_back_lease(COLLECTING_LEASE, &self.settings.holder).await?;
            tx.commit().await
        });
        if let Err(error) = given.await {
            tracing::warn!(%error, "the collecting lease could not be given back; it runs out by itself");
        }
    }
}

/// How long to wait after a failure, of so many before it.
pub(crate) fn pause_after(tries: u32) -> i64 {
    FIRST_PAUSE.saturating_mul(1 << tries.min(20)).min(LONGEST_PAUSE)
}

/// Why no answer was of use.
struct Failure {
    code: &'static str,
    /// When the authority says that it will know more.
    next_update: Option<UnixTime>,
    /// What shows that nothing will be proven.
    silent: Option<Answer>,
}

/// One line for each failure. A certificate's names, and what else an address may hold, are nobody's business.
fn report(question: &Question, ask: Ask<'_>, code: &'static str) {
    let certificate = question.certificate().digest();
    let host = ask.url().split('/').nth(2).unwrap_or_default();
    let host: String =
        host.rsplit('@').next().unwrap_or_default().chars().filter(char::is_ascii_graphic).take(100).collect();
    tracing::warn!(%certificate, authority = host, code, "no evidence about certificate {certificate} from {host}: {code}");
}
