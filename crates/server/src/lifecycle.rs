//! How a server leaves without cutting a request off.
//!
//! First it says on `/readyz` that it is not ready and goes on serving ([`Stage::Draining`]): whoever spreads requests over
//! several servers has time to notice, and answers close their connections, so that clients which keep theirs open move
//! as well. Then it takes no more connections and answers what it has read ([`Stage::Closing`]).

use std::sync::Arc;

use tokio::sync::watch;

/// Where a server is in its life. It only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// At work.
    Serving,
    /// At work for those who have not noticed yet that it leaves.
    Draining,
    /// Answering what it has read, and nothing else.
    Closing,
}

/// The life of one server. Clones speak of the same one.
#[derive(Debug, Clone)]
pub struct Lifecycle(Arc<watch::Sender<Stage>>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Serving)))
    }
}

impl Lifecycle {
    /// Where it is.
    pub fn stage(&self) -> Stage {
        *self.0.borrow()
    }

    /// Goes on to this stage, unless it is there or further.
    pub fn enter(&self, stage: Stage) {
        self.0.send_if_modified(|now| {
            let forward = stage > *now;
            *now = stage.max(*now);
            forward
        });
    }

    /// Until it is at this stage or further: `life.reached(Stage::Closing)` is when [`crate::listener::serve`] stops.
    pub fn reached(&self, stage: Stage) -> impl Future<Output = ()> + Send + use<> {
        let mut watching = self.0.subscribe();
        let life = self.0.clone();
        async move {
            // The sender lives as long as this future does, so there is always an answer.
            let _ = watching.wait_for(|now| *now >= stage).await;
            drop(life);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_life_only_goes_forward() {
        let life = Lifecycle::default();
        let (draining, closing) = (life.reached(Stage::Draining), tokio::spawn(life.reached(Stage::Closing)));
        life.enter(Stage::Draining);
        draining.await;
        life.enter(Stage::Serving);
        assert_eq!(life.stage(), Stage::Draining);
        assert!(!closing.is_finished());
        life.enter(Stage::Closing);
        closing.await.expect("it ends");
        life.reached(Stage::Draining).await;
    }
}
