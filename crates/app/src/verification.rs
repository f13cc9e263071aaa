//! Verifying, for anyone.

use std::{future::Future, pin::Pin, sync::Arc};

use hocba_bundle::{
    facts::CheckedFacts,
    report::{ChainProblem, Report},
    snapshot::StatusEvidence,
    verify::{ChainView, Context, verify},
};
use hocba_record::types::UnixTime;

use crate::App;

/// What [`PublicRecord::facts`] gives.
pub type PublicRecordFuture<'a> = Pin<Box<dyn Future<Output = Result<Arc<CheckedFacts>, ChainProblem>> + Send + 'a>>;

/// Where verdicts learn what is on the chain. Read whole, so a node never learns which record is being checked.
pub trait PublicRecord: Send + Sync {
    /// What the contract says now, or why that is not known.
    fn facts(&self) -> PublicRecordFuture<'_>;
}

/// Where no chain is asked: verdicts are inconclusive, and say so.
#[derive(Debug, Clone, Copy)]
pub struct NoPublicRecord;

impl PublicRecord for NoPublicRecord {
    fn facts(&self) -> PublicRecordFuture<'_> {
        Box::pin(async { Err(ChainProblem::NotAsked) })
    }
}

impl App {
    /// How far the public record goes: the last block that verdicts rest on now, and its time.
    ///
    /// # Errors
    /// Why that is not known.
    pub async fn chain_head(&self) -> Result<(u64, UnixTime), ChainProblem> {
        let read = self.0.public_record.facts().await?;
        Ok((read.facts().block, read.facts().block_time))
    }

    /// Verifies a bundle, by the deployment's trust profile and what the chain says now.
    pub async fn verify(&self, bytes: &[u8]) -> Report {
        let facts = self.0.public_record.facts().await;
        let statuses = StatusEvidence::default();
        let chain = match &facts {
            Ok(facts) => ChainView::Live { facts, statuses: &statuses },
            Err(problem) => ChainView::Unavailable(*problem),
        };
        verify(bytes, &Context { profile: self.profile(), chain, now: self.edges().now() })
    }
}
