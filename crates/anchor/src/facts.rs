//! The public record as a running server knows it: the contract read whole, seldom, and shared.

use std::{sync::Arc, time::Duration};

use hocba_app::{PublicRecord, PublicRecordFuture};
use hocba_bundle::{facts::CheckedFacts, report::ChainProblem};
use hocba_chain::{AnchorClient, ClientError, Deployment, Finality, Rpc};
use tokio::{sync::Mutex, time::Instant};

use crate::node::Node;

/// How old an answer may be: a burst of verifications asks the node once, and nobody sees a verdict that is more than
/// a block behind.
const MAX_AGE: Duration = Duration::from_secs(2);

/// What one look gave.
type Look = Result<Arc<CheckedFacts>, ChainProblem>;

/// The contract, read through one node.
///
/// Each look reads what is new since the last one, re-computes all digests, and is shared by everyone who asks within
/// [`LiveFacts::max_age`]: those who ask while it is under way wait for it. A failed look is shared as well, so that a
/// node that hangs is waited for once, not once for each verification in the queue. The node may be down when this is
/// made; it is connected to when first asked, and again after every failure.
pub struct LiveFacts<R> {
    finality: Finality,
    max_age: Duration,
    state: Mutex<State<R>>,
}

struct State<R> {
    node: Node<R>,
    /// The last look, and when it ended.
    last: Option<(Instant, Look)>,
    /// The last look that saw something, to read on from.
    known: Option<Arc<CheckedFacts>>,
}

impl<R: Rpc + Clone> LiveFacts<R> {
    /// Reads this contract through this node.
    pub fn new(rpc: R, deployment: Deployment, finality: Finality) -> Self {
        let state = State { node: Node::new(rpc, deployment, 0), last: None, known: None };
        Self { finality, max_age: MAX_AGE, state: Mutex::new(state) }
    }

    /// How old an answer may be; 2 seconds if nothing else is said.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// Says that the contract was not there before this block, so that logs are not looked for below it.
    #[must_use]
    pub fn since(self, block: u64) -> Self {
        let mut state = self.state.into_inner();
        state.node = state.node.since(block);
        Self { state: Mutex::new(state), ..self }
    }

    async fn look(&self) -> Look {
        let mut state = self.state.lock().await;
        if let Some((at, look)) = &state.last
            && at.elapsed() < self.max_age
        {
            return look.clone();
        }
        let look = state.refresh(self.finality).await;
        state.last = Some((Instant::now(), look.clone()));
        look
    }
}

impl<R: Rpc + Clone> State<R> {
    async fn refresh(&mut self, finality: Finality) -> Look {
        match self.read(finality).await {
            Ok(facts) => {
                self.known = Some(Arc::clone(&facts));
                Ok(facts)
            }
            Err((problem, why)) => {
                self.node.forget();
                tracing::warn!(?problem, "the public record could not be read: {why}");
                Err(problem)
            }
        }
    }

    async fn read(&mut self, finality: Finality) -> Result<Arc<CheckedFacts>, (ChainProblem, String)> {
        let told = |e: ClientError| (e.problem(), e.to_string());
        let client: AnchorClient<R> = self.node.client().await.map_err(told)?;
        if let Some(known) = &self.known {
            // After a reorganisation, what is new does not continue what was known: then everything is read again.
            match client.facts_after(known.facts(), finality).await {
                Ok(facts) => {
                    if let Ok(facts) = facts.check() {
                        return Ok(Arc::new(facts));
                    }
                }
                Err(ClientError::Rpc(e)) => return Err(told(e.into())),
                Err(_) => {}
            }
            self.known = None;
        }
        let facts = client.facts(finality).await.map_err(told)?;
        facts.check().map(Arc::new).map_err(|e| (ChainProblem::Inconsistent, e.to_string()))
    }
}

impl<R: Rpc + Clone> PublicRecord for LiveFacts<R> {
    fn facts(&self) -> PublicRecordFuture<'_> {
        Box::pin(self.look())
    }
}
