//! The public record as a running server knows it: the contract read whole, seldom, and shared.

use std::{sync::Arc, time::Duration};

use hocba_app::{PublicFacts, PublicRecord, PublicRecordFuture};
use hocba_bundle::{facts::CheckedFacts, report::OperatorSaid};
use hocba_chain::{Deployment, Finality, Operators, Rpc};
use tokio::{sync::Mutex, time::Instant};

/// How old an answer may be: a burst of verifications asks the node once, and nobody sees a verdict that is more than
/// a block behind.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The contract, as enough operators tell it.
///
/// Each look reads what is new since the last one, re-computes all digests, and is shared by everyone who asks within
/// [`LiveFacts::max_age`]: those who ask while it is under way wait for it. A failed look is shared as well, so that a
/// node that hangs is waited for once, not once for each verification in the queue. The node may be down when this is
/// made; it is connected to when first asked, and again after every failure.
pub struct LiveFacts<R> {
    finality: Finality,
    max_age: Duration,
    earlier: Vec<CheckedFacts>,
    state: Mutex<State<R>>,
}

struct State<R> {
    operators: Operators<R>,
    /// The last look, and when it ended.
    last: Option<(Instant, PublicFacts)>,
    /// The last look that saw something, to read on from.
    known: Option<Arc<CheckedFacts>>,
    /// Who did not agree last time, so that a change is logged and not each look.
    others: Vec<OperatorSaid>,
}

impl<R: Rpc + Clone> LiveFacts<R> {
    /// Reads this contract through this node.
    pub fn new(rpc: R, deployment: Deployment, finality: Finality) -> Self {
        Self::of(Operators::single(rpc, deployment), finality)
    }

    /// Reads the contract of these operators.
    pub fn of(operators: Operators<R>, finality: Finality) -> Self {
        let state = State { operators, last: None, known: None, others: Vec::new() };
        Self { finality, max_age: MAX_AGE, earlier: Vec::new(), state: Mutex::new(state) }
    }

    /// How old an answer may be; 2 seconds if nothing else is said.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// What is known of earlier eras, the earliest first: closed, so it is read once and for all.
    #[must_use]
    pub fn with_earlier(self, earlier: Vec<CheckedFacts>) -> Self {
        Self { earlier, ..self }
    }

    /// Says that the contract was not there before this block, so that logs are not looked for below it.
    #[must_use]
    pub fn since(self, block: u64) -> Self {
        let state = self.state.into_inner();
        let state = State { operators: state.operators.clone().since(block), ..state };
        Self { state: Mutex::new(state), ..self }
    }

    async fn look(&self) -> PublicFacts {
        let mut state = self.state.lock().await;
        if let Some((at, look)) = &state.last
            && at.elapsed() < self.max_age
        {
            return look.clone();
        }
        let look = state.refresh(self.finality, &self.earlier).await;
        state.last = Some((Instant::now(), look.clone()));
        look
    }
}

impl<R: Rpc + Clone> State<R> {
    async fn refresh(&mut self, finality: Finality, earlier: &[CheckedFacts]) -> PublicFacts {
        let known = self.known.as_ref().map(|facts| facts.facts());
        let (facts, agreement) = self.operators.facts(finality, known).await;
        let others: Vec<OperatorSaid> = agreement.others().cloned().collect();
        if others != self.others {
            for said in &others {
                tracing::warn!(operator = %said.id, word = ?said.word, "operator {} does not agree", said.id);
            }
            self.others = others;
        }
        let facts = match facts {
            Ok(facts) => {
                let facts = Arc::new(facts.with_earlier(earlier.to_vec()));
                self.known = Some(Arc::clone(&facts));
                Ok(facts)
            }
            Err(problem) => {
                tracing::warn!(?problem, "the public record could not be read");
                Err(problem)
            }
        };
        // Of one node there is nothing to compare.
        let agreement = (!self.operators.is_single()).then(|| Arc::new(agreement));
        PublicFacts { facts, agreement }
    }
}

impl<R: Rpc + Clone> PublicRecord for LiveFacts<R> {
    fn facts(&self) -> PublicRecordFuture<'_> {
        Box::pin(self.look())
    }
}
