//! A node that is left alone for a while after it failed several times, so that nobody waits for it again and again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use crate::rpc::{Rpc, RpcError, RpcFuture};

/// So many requests in a row fail before a node is left alone: one may be chance, three are not.
const PATIENCE: u32 = 3;
/// First rest; it doubles with each trial that fails.
const FIRST_REST: Duration = Duration::from_secs(1);
/// Longest rest: a node that came back is noticed within a minute.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// A node behind a circuit breaker. Clones share what is known of the node.
#[derive(Debug)]
pub struct Breaker<R> {
    inner: R,
    /// None: the only node there is, which is never left alone.
    state: Option<Arc<Mutex<State>>>,
}

impl<R: Clone> Clone for Breaker<R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), state: self.state.clone() }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// Left alone until then. Afterwards one request may try; the next ones wait for its outcome.
    resting: Option<Instant>,
}

impl<R> Breaker<R> {
    /// A node of which nothing is known yet.
    pub fn new(inner: R) -> Self {
        Self { inner, state: Some(Arc::default()) }
    }

    /// The only node there is: nobody else can be asked, so it is asked whenever the caller wants, who makes pauses of its
    /// own.
    pub fn alone(inner: R) -> Self {
        Self { inner, state: None }
    }

    /// The node itself.
    pub fn inner(&self) -> &R {
        &self.inner
    }

    /// Whether it is left alone now.
    pub fn is_resting(&self) -> bool {
        self.state().is_some_and(|state| state.resting.is_some_and(|until| Instant::now() < until))
    }

    fn state(&self) -> Option<MutexGuard<'_, State>> {
        self.state.as_ref().map(|state| state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a request may go to the node. The first one after a rest is a trial: until it is answered, the others find
    /// the node resting for as long as the trial may take.
    fn admit(&self) -> Result<(), RpcError> {
        let Some(mut state) = self.state() else { return Ok(()) };
        let Some(until) = state.resting else { return Ok(()) };
        let now = Instant::now();
        if now < until {
            let reason = format!("left alone for {} s after {} failures", (until - now).as_secs() + 1, state.failures);
            return Err(RpcError::Unreachable { reason });
        }
        state.resting = Some(now + rest(state.failures));
        Ok(())
    }

    fn note(&self, outcome: &Result<Value, RpcError>) {
        let Some(mut state) = self.state() else { return };
        match outcome {
            Err(RpcError::RateLimited { retry_after: Some(wait) }) => {
                state.resting = Some(Instant::now() + (*wait).min(LONGEST_REST));
            }
            Err(error) if is_the_nodes_fault(error) => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= PATIENCE {
                    state.resting = Some(Instant::now() + rest(state.failures));
                }
            }
            // An answer, if only a refusal: it is there.
            _ => *state = State::default(),
        }
    }
}

/// What says that the node, or the way to it, is not well. A refusal is an answer, and an answer too long for us is our
/// question's fault.
fn is_the_nodes_fault(error: &RpcError) -> bool {
    !matches!(error, RpcError::Node { .. } | RpcError::TooLarge { .. })
}

fn rest(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(PATIENCE)).unwrap_or(u32::MAX);
    FIRST_REST.saturating_mul(doubled).min(LONGEST_REST)
}

impl<R: Rpc> Rpc for Breaker<R> {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        Box::pin(async move {
            self.admit()?;
            let outcome = self.inner.request(method, params).await;
            self.note(&outcome);
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use serde_json::json;

    use super::*;

    /// Answers as listed, then with a number; counts who asks.
    #[derive(Clone, Default)]
    struct Listed {
        answers: Arc<Mutex<VecDeque<Result<Value, RpcError>>>>,
        asked: Arc<AtomicUsize>,
    }

    impl Rpc for Listed {
        fn request<'a>(&'a self, _: &'a str, _: Value) -> RpcFuture<'a> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let answer = self.answers.lock().expect("no panic").pop_front().unwrap_or(Ok(json!(1)));
            Box::pin(async { answer })
        }
    }

    fn failing(times: usize, error: &RpcError) -> (Breaker<Listed>, Arc<AtomicUsize>) {
        let node = Listed::default();
        *node.answers.lock().expect("no panic") = (0..times).map(|_| Err(error.clone())).collect();
        let asked = Arc::clone(&node.asked);
        (Breaker::new(node), asked)
    }

    fn dead() -> RpcError {
        RpcError::Unreachable { reason: "refused".into() }
    }

    async fn ask(node: &Breaker<Listed>) -> Result<Value, RpcError> {
        node.request("eth_blockNumber", json!([])).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_node_is_asked_three_times_and_then_left_alone_longer_and_longer() {
        let (node, asked) = failing(5, &dead());
        for _ in 0..10 {
            assert!(ask(&node).await.is_err());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        for (wait, trials) in [(1, 4), (2, 5)] {
            tokio::time::advance(Duration::from_secs(wait)).await;
            for _ in 0..5 {
                assert!(ask(&node).await.is_err());
            }
            assert_eq!(asked.load(Ordering::Relaxed), trials, "one trial after each rest");
        }
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(ask(&node).await, Ok(json!(1)), "it is back");
        assert_eq!(ask(&node).await, Ok(json!(1)), "and asked as before");
        assert_eq!(rest(1000), LONGEST_REST);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_answers_and_a_node_that_wants_peace_gets_it() {
        let (node, asked) = failing(50, &RpcError::node(-32000, "header not found", None));
        for _ in 0..50 {
            assert!(ask(&node).await.is_err());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 50);

        let (node, asked) = failing(1, &RpcError::RateLimited { retry_after: Some(Duration::from_secs(7)) });
        assert!(ask(&node).await.is_err());
        assert!(node.is_resting() && ask(&node).await.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(ask(&node).await, Ok(json!(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_only_node_is_asked_whatever_it_did() {
        let node = Breaker::alone(failing(10, &dead()).0.inner);
        for _ in 0..10 {
            assert!(ask(&node).await.is_err() && !node.is_resting());
        }
        assert_eq!(ask(&node).await, Ok(json!(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_between_two_failures_is_enough_to_be_asked_on() {
        let (node, asked) = failing(0, &dead());
        let mixed = [Err(dead()), Err(dead()), Ok(json!(1)), Err(dead()), Err(dead()), Ok(json!(1))];
        *node.inner().answers.lock().expect("no panic") = mixed.into();
        for _ in 0..6 {
            let _ = ask(&node).await;
        }
        assert_eq!(asked.load(Ordering::Relaxed), 6);
    }
}
