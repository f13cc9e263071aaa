//! The use cases of `hocba-app`, as the server asks them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hocba_app::{Actor, App, AppError, OpenLinkError};
use hocba_bundle::report::Report;
use hocba_record::types::UnixTime;
use tokio::time::timeout;

use super::{Cause, LinkError, Overview, Part, Readiness, SealedBundle, Service};
use crate::heavy::off_thread;

/// How long the public record may take to say how far it goes. Whoever asks for readiness gives up after a second in
/// most set-ups, and a node that hangs must not make this server look dead.
const CHAIN_TIME: Duration = Duration::from_millis(500);

/// How long the database may take, beside it, before it counts as away; within that second, too. A request waits for
/// longer (ten seconds for a connection): it may be worth waiting, but other servers may be worth asking.
const DATABASE_TIME: Duration = Duration::from_millis(800);

/// How far the public record goes; `None` where it does not say so in time.
async fn chain_head(app: &App) -> Option<(u64, UnixTime)> {
    let app = app.clone();
    // In a task of its own: a first look at a long record goes on, and whoever asks next has its answer.
    let look = tokio::spawn(async move { app.chain_head().await });
    timeout(CHAIN_TIME, look).await.ok()?.ok()?.ok()
}

impl Service for App {
    async fn verify(&self, bytes: &[u8]) -> Report {
        let (app, bytes) = (self.clone(), bytes.to_vec());
        off_thread(async move { App::verify(&app, &bytes).await }).await
    }

    async fn open_link(&self, token: [u8; 32]) -> Result<SealedBundle, LinkError> {
        match App::open_link(self, &token).await {
            Ok(content) => Ok(SealedBundle { nonce: content.nonce, ciphertext: content.bytes }),
            Err(OpenLinkError::Unknown) => Err(LinkError::Unknown),
            Err(OpenLinkError::Expired { at }) => Err(LinkError::Expired { at }),
            Err(OpenLinkError::Withdrawn { at }) => Err(LinkError::Withdrawn { at }),
            Err(OpenLinkError::App(AppError::Store(error))) if error.is_unavailable() => {
                Err(LinkError::Unavailable(Arc::new(error)))
            }
            Err(OpenLinkError::App(error)) => Err(LinkError::Failed(Arc::new(error))),
        }
    }

    async fn ready(&self) -> Readiness {
        let database = async { timeout(DATABASE_TIME, App::ready(self)).await.unwrap_or(false) };
        let (database, chain) = tokio::join!(database, chain_head(self));
        Readiness {
            parts: vec![
                Part { name: "database", up: database, required: true },
                Part { name: "chain", up: chain.is_some(), required: false },
            ],
        }
    }

    async fn overview(&self) -> Result<Overview, Cause> {
        // The operator's listener is for whoever runs the machine, who could ask the database as well.
        let found = App::overview(self, &Actor::LocalOperator).await.map_err(|error| Arc::new(error) as Cause)?;
        let mut records: BTreeMap<_, u64> = BTreeMap::new();
        for (state, _, anchored, count) in found.records {
            *records.entry((state, anchored)).or_default() += count;
        }
        let oldest_batch = found.unanchored.iter().map(|batch| batch.closed_at).min();
        let since = [found.waiting_since, oldest_batch].into_iter().flatten().min();
        let age = since.map(|since| found.at.seconds().saturating_sub(since.seconds()).max(0).unsigned_abs());
        let (wanted, failing) = (found.evidence.wanted, found.evidence.failing.len());
        let late =
            wanted.due_since.map(|since| found.at.seconds().saturating_sub(since.seconds()).max(0).unsigned_abs());
        let stamps = found.time_stamps;
        let unstamped = stamps.as_ref().and_then(|state| state.unstamped);
        let oldest = unstamped.map(|u| found.at.seconds().saturating_sub(u.since.seconds()).max(0).unsigned_abs());
        Ok(Overview {
            unstamped_batches: unstamped.map_or(0, |unstamped| unstamped.batches),
            unstamped_oldest: oldest.map(Duration::from_secs),
            time_stamps_failing: stamps.map_or(0, |state| u64::try_from(state.failing.len()).unwrap_or(u64::MAX)),
            evidence: [("early", wanted.early), ("due", wanted.due), ("silent", wanted.silent)],
            evidence_late: late.map(Duration::from_secs),
            evidence_failing: u64::try_from(failing).unwrap_or(u64::MAX),
            records: records
                .into_iter()
                .map(|((state, anchored), count)| (if anchored { "anchored" } else { state.as_str() }, count))
                .collect(),
            batches_waiting: u64::try_from(found.unanchored.len()).unwrap_or(u64::MAX),
            batches_anchored: found.anchored,
            oldest_waiting: age.map(Duration::from_secs),
            chain_head: chain_head(self).await,
            leader: found.leader,
        })
    }
}
