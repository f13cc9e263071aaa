//! Time-stamps: of each authority that is asked, one over the newest batch of records.
//!
//! A batch's digest covers those before it, so after an outage one question makes up for all. Nothing waits for an answer:
//! batches are anchored by another service, and here, too, a time-stamp that does not come lets certificates be asked about.

use hocba_app::model::{Job, JobKind};
use hocba_record::types::UnixTime;

use crate::{
    Ask, Fetch,
    collector::{Collector, Event, Halt, Progress, SYSTEM, TimeStampAddress, pause_after},
};

/// What is to be done about an authority.
enum Todo {
    /// There is nothing to stamp any more, or nobody asks it any more.
    Finish(Job),
    /// There is something to stamp.
    Note(String),
    /// It is time to ask about the batch at this index.
    Ask(TimeStampAddress, Job, u64),
}

impl<F: Fetch> Collector<F> {
    /// A step about time-stamps.
    pub(crate) async fn try_stamp(&mut self) -> Result<Progress, Halt> {
        loop {
            let (todo, next) = self.stamps_due().await?;
            let Some(todo) = todo else { return Ok(Progress::Idle { next }) };
            if !self.lead().await? {
                return Ok(Progress::NotLeader);
            }
            match todo {
                Todo::Finish(job) => {
                    let mut tx = self.begin("settle_time_stamp").await?;
                    tx.finish_job(job.id, self.now()).await?;
                    tx.commit().await?;
                }
                Todo::Note(authority) => {
                    let mut tx = self.begin("note_time_stamp").await?;
                    tx.add_job(JobKind::FetchTimeStamp, &authority, self.now()).await?;
                    tx.commit().await?;
                }
                Todo::Ask(address, job, index) => return self.stamp(&address, &job, index).await.map(Progress::Did),
            }
        }
    }

    /// What is to be done first, or when something will be.
    async fn stamps_due(&self) -> Result<(Option<Todo>, Option<UnixTime>), Halt> {
        let asked = &self.settings.time_stamps;
        let Some(rule) = self.app.profile().time_stamps().filter(|_| !asked.is_empty()) else {
            return Ok((None, None));
        };
        let (now, mut next) = (self.now(), None);
        let mut tx = self.app.store().read().await?;
        let mut jobs: Vec<Job> = tx.open_jobs().await?;
        jobs.retain(|job| job.kind == JobKind::FetchTimeStamp);
        for address in asked.iter().filter(|a| rule.authorities.iter().any(|known| known.id == a.authority)) {
            let job = jobs.iter().position(|job| job.subject == address.authority).map(|at| jobs.swap_remove(at));
            let todo = match (tx.unstamped(Some(&address.authority), rule.from).await?, job) {
                (None, None) => continue,
                (None, Some(job)) => Todo::Finish(job),
                (Some(_), None) => Todo::Note(address.authority.clone()),
                (Some(unstamped), Some(job)) if job.due_at <= now => Todo::Ask(address.clone(), job, unstamped.newest),
                (Some(_), Some(job)) => {
                    next = [Some(job.due_at), next].into_iter().flatten().min();
                    continue;
                }
            };
            return Ok((Some(todo), next));
        }
        Ok((jobs.pop().map(Todo::Finish), next))
    }

    async fn stamp(&self, address: &TimeStampAddress, job: &Job, index: u64) -> Result<Event, Halt> {
        let authority = &address.authority;
        let batch = self.app.store().read().await?.batch_at(index).await?;
        let Some(batch) = batch else { return self.stamp_later(address, job, "chain_behind").await };
        let question = match self.app.time_stamp_question(authority, &batch).await? {
            Ok(question) => question,
            Err(refusal) => return self.stamp_later(address, job, refusal.code()).await,
        };
        let ask = Ask::TimeStamp { url: &address.url, request: question.request() };
        let reply = match self.fetch.fetch(ask).await {
            Ok(reply) => reply,
            Err(error) => return self.stamp_later(address, job, error.code()).await,
        };
        let stamp = match self.app.judge_time_stamp(&question, &reply, self.now()) {
            Ok(stamp) => stamp,
            Err(refusal) => return self.stamp_later(address, job, refusal.code()).await,
        };
        let mut tx = self.begin("keep_time_stamp").await?;
        self.app.keep_time_stamp(&mut tx, SYSTEM, &stamp).await?;
        tx.finish_job(job.id, self.now()).await?;
        tx.commit().await?;
        let (batch, time) = (stamp.batch, stamp.gen_time);
        tracing::info!(batch, %authority, "batch {batch} has a time-stamp of {authority}");
        Ok(Event::Stamped { authority: authority.clone(), batch, time })
    }

    async fn stamp_later(&self, address: &TimeStampAddress, job: &Job, code: &'static str) -> Result<Event, Halt> {
        let authority = address.authority.clone();
        tracing::warn!(%authority, code, "no time-stamp of {authority}: {code}");
        let until = self.now().plus(pause_after(job.tries));
        let mut tx = self.begin("put_off_time_stamp").await?;
        tx.put_off_job(job.id, code, until).await?;
        tx.commit().await?;
        Ok(Event::StampPutOff { authority, code, until })
    }
}
