//! How the installation does: counts and ages, nothing about anyone.

use hocba_record::types::UnixTime;
use hocba_store::{
    model::{Batch, Deployment, Job, JobKind, LeafKind, RecordState},
    retrying,
};

use crate::{
    Actor, App, AppError, EvidenceState, Settings, TimeStampState,
    people::plain,
    policy::{Action, Place, require},
};

/// Name of the lease that the anchoring service's leader holds.
pub const ANCHORING_LEASE: &str = "anchoring";

/// What an operator looks at.
#[derive(Debug, Clone)]
pub struct Overview {
    /// As of.
    pub at: UnixTime,
    /// Latest record versions in each state, with whether they are in a batch and whether that is anchored.
    pub records: Vec<(RecordState, bool, bool, u64)>,
    /// Records complete and in no batch.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<UnixTime>,
    /// Closed batches without a receipt, oldest first.
    pub unanchored: Vec<Batch>,
    /// Number of anchored batches.
    pub anchored: u64,
    /// Open jobs.
    pub jobs: Vec<Job>,
    /// How the authorities that are asked about revocations do.
    pub evidence: EvidenceState,
    /// How the time-stamp authorities do, where the trust profile believes any.
    pub time_stamps: Option<TimeStampState>,
    /// Who anchors, and until when they have the lease.
    pub leader: Option<(String, UnixTime)>,
}

impl App {
    /// How the installation does.
    ///
    /// # Errors
    /// `Forbidden`, and when the database cannot be read.
    pub async fn overview(&self, actor: &Actor) -> Result<Overview, AppError> {
        require(actor, Action::ReadOverview, Place::Everywhere)?;
        let at = self.edges().now();
        let mut tx = self.store().read().await?;
        let (mut waiting, mut waiting_since) = (0, None);
        for school in issuers(&tx.schools().await?) {
            if let Some(found) = tx.waiting(&school, LeafKind::Record).await? {
                waiting += found.count;
                waiting_since = Some(waiting_since.map_or(found.since, |t: UnixTime| t.min(found.since)));
            }
        }
        let batches = tx.batches().await?;
        let jobs = tx.open_jobs().await?;
        let evidence = EvidenceState::of(&mut tx, &jobs, at).await?;
        let time_stamps = self.time_stamp_state(&mut tx, &jobs).await?;
        let anchored = batches.iter().filter(|b| b.receipt.is_some()).count() as u64;
        Ok(Overview {
            at,
            records: tx.count_records().await?,
            waiting,
            waiting_since,
            unanchored: batches.into_iter().filter(|b| b.receipt.is_none()).collect(),
            anchored,
            jobs,
            evidence,
            time_stamps,
            leader: tx.lease(ANCHORING_LEASE, at).await?,
        })
    }

    /// Has the waiting records and evidence of all schools anchored now rather than when their time is up.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn close_batches(&self, actor: &Actor) -> Result<(), AppError> {
        require(actor, Action::CloseBatch, Place::Everywhere)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("close_batches_now").await?;
            for issuer in issuers(&tx.schools().await?) {
                for (kind, job) in
                    [(LeafKind::Record, JobKind::CloseRecords), (LeafKind::Evidence, JobKind::CloseEvidence)]
                {
                    if tx.waiting(&issuer, kind).await?.is_some() {
                        tx.add_job(job, issuer.as_str(), now).await?;
                    }
                }
            }
            tx.audit(&plain(actor, "close_batches_now", "all".into(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Makes sure that the database belongs to this deployment: the same data key, chain and contract as every other
    /// program on it. The first program says which.
    ///
    /// # Errors
    /// [`StoreError::OtherDeployment`](hocba_store::StoreError::OtherDeployment).
    pub async fn agree(&self) -> Result<(), AppError> {
        let Settings { chain, contract, .. } = self.settings();
        let data_key = self.key().id().to_owned();
        let deployment = Deployment { chain: *chain, contract: contract.to_string(), data_key };
        if self.store().read().await?.agrees(&deployment).await? {
            return Ok(());
        }
        retrying(|| async {
            let mut tx = self.store().begin("agree").await?;
            tx.agree(&deployment).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> bool {
        match self.store().read().await {
            Ok(mut tx) => tx.open_jobs().await.is_ok(),
            Err(_) => false,
        }
    }
}

fn issuers(schools: &[hocba_store::model::School]) -> std::collections::BTreeSet<hocba_bundle::facts::IssuerCode> {
    schools.iter().map(|s| s.issuer.clone()).collect()
}
