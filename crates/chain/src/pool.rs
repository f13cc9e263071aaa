//! Several nodes as one, for whoever sends: questions go to one of them as long as it answers, transactions to all.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    breaker::Breaker,
    rpc::{NodeErrorClass, Rpc, RpcError, RpcFuture},
};

/// How long the other nodes are waited for once one has taken a transaction.
const MOMENT: Duration = Duration::from_secs(2);

/// Nodes of one chain. Clones share what is known of them.
///
/// One node is believed at a time here. Whoever rests a decision on an answer asks [`Operators`](crate::Operators).
#[derive(Debug)]
pub struct Pool<R> {
    nodes: Arc<[Breaker<R>]>,
    /// Which one is asked.
    current: Arc<AtomicUsize>,
}

impl<R> Clone for Pool<R> {
    fn clone(&self) -> Self {
        Self { nodes: Arc::clone(&self.nodes), current: Arc::clone(&self.current) }
    }
}

impl<R: Rpc> Pool<R> {
    /// Of these nodes, in the order they are preferred. Without any, every request is unreachable.
    pub fn new(nodes: impl IntoIterator<Item = Breaker<R>>) -> Self {
        Self { nodes: nodes.into_iter().collect(), current: Arc::default() }
    }

    /// The nodes.
    pub(crate) fn nodes(&self) -> &[Breaker<R>] {
        &self.nodes
    }

    /// Asks another node from now on: the current one answers, and not well.
    pub fn turn(&self) {
        let count = self.nodes.len().max(1);
        self.current.store((self.current.load(Ordering::Relaxed) + 1) % count, Ordering::Relaxed);
    }

    /// Asks the nodes from the current one on until one answers. A refusal is an answer.
    async fn ask(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let (count, first) = (self.nodes.len(), self.current.load(Ordering::Relaxed));
        let mut last = RpcError::Unreachable { reason: "no node is configured".to_owned() };
        for turn in 0..count {
            let place = (first + turn) % count;
            match self.nodes[place].request(method, params.clone()).await {
                Err(error) if !matches!(error, RpcError::Node { .. } | RpcError::TooLarge { .. }) => last = error,
                answer => {
                    self.current.store(place, Ordering::Relaxed);
                    return answer;
                }
            }
        }
        Err(last)
    }

    /// Sends to every node, because a node that took a transaction may not pass it on. Taken by one is taken, and the others
    /// have a moment more; where none took it, the word that says most.
    async fn send(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let mut sends: FuturesUnordered<_> =
            self.nodes.iter().map(|node| node.request(method, params.clone())).collect();
        let (mut taken, mut known, mut worst) = (None, None, None::<RpcError>);
        let moment = tokio::time::sleep(MOMENT);
        tokio::pin!(moment);
        loop {
            let answer = tokio::select! {
                biased;
                answer = sends.next() => answer,
                () = &mut moment, if taken.is_some() => None,
            };
            match answer {
                None => break,
                Some(Ok(hash)) if taken.is_none() => {
                    taken = Some(hash);
                    moment.as_mut().reset(Instant::now() + MOMENT);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) if error.class() == Some(NodeErrorClass::AlreadyKnown) => known = Some(error),
                Some(Err(error)) => {
                    if worst.as_ref().is_none_or(|w| weight(&error) > weight(w)) {
                        worst = Some(error);
                    }
                }
            }
        }
        let nobody = || RpcError::Unreachable { reason: "no node is configured".to_owned() };
        taken.ok_or_else(|| known.or(worst).unwrap_or_else(nobody))
    }
}

/// A refusal says more than an answer that got lost, and that more than silence.
fn weight(error: &RpcError) -> u8 {
    match error {
        RpcError::Node { .. } => 2,
        error if error.may_have_acted() => 1,
        _ => 0,
    }
}

impl<R: Rpc> Rpc for Pool<R> {
    fn request<'a>(&'a self, method: &'a str, params: Value) -> RpcFuture<'a> {
        match method {
            "eth_sendRawTransaction" => Box::pin(self.send(method, params)),
            _ => Box::pin(self.ask(method, params)),
        }
    }
}
