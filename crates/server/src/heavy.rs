//! Work that keeps a core busy for longer than other requests should wait: spreadsheets, verdicts, a class's signatures.
//!
//! It goes to the runtime's blocking threads, whole: the use cases compute and ask the database in turns, so their thread
//! drives the future to its end. `block_in_place` would not do: it needs the runtime with many threads, and what else
//! the same request waits for stands still meanwhile.

use std::panic::resume_unwind;

use hocba_app::{App, AppError};
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit, task::spawn_blocking};
use tracing::{Instrument as _, Span, instrument::WithSubscriber as _};

use crate::{Server, problem::Problem};

/// Does the work on a thread where it holds up nobody. A panic goes on in the caller, where `http::guard` catches it.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = Handle::current();
    // What it logs goes where the request's log goes, under the request's id.
    let work = work.instrument(Span::current()).with_current_subscriber();
    let done = spawn_blocking(move || runtime.block_on(work)).await;
    done.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

impl Server<App> {
    /// Waits for a turn. Waiting counts towards the request's time, so it ends.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.heavy.clone().acquire_owned().await.map_err(Problem::internal)
    }

    /// Does heavy work in its turn. The turn is the work's: when the client gives up, the work still ends by itself, and
    /// until then nobody takes its place.
    pub(crate) async fn heavy<T: Send + 'static>(
        &self,
        turn: OwnedSemaphorePermit,
        work: impl Future<Output = Result<T, AppError>> + Send + 'static,
    ) -> Result<T, Problem> {
        let work = async move {
            let done = work.await;
            drop(turn);
            done
        };
        Ok(off_thread(work).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_of_another_thread_gives_its_result_and_its_panic() {
        let here = std::thread::current().id();
        let there = off_thread(async {
            tokio::task::yield_now().await;
            std::thread::current().id()
        });
        assert_ne!(there.await, here);
        let panicked = tokio::spawn(off_thread(async { panic!("inside") })).await;
        assert!(panicked.is_err_and(|error| error.is_panic()));
    }
}
