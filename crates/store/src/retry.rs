//! Doing a transaction again that lost against another one.
//!
//! Both engines give every change the promise that it happens as if alone. SQLite keeps it by letting one writer in at a
//! time; PostgreSQL lets several in and takes one back when their outcome would depend on who was first. Nothing of it
//! lasts then, and doing it again is all that is needed.

use std::{future::Future, time::Duration};

use crate::StoreError;

/// How often a transaction is tried: some seconds in all. While tables are small, PostgreSQL remembers what was read by
/// whole tables, and writers of one class are in each other's way: two in two thousand lost eight times in a row.
const TRIES: u32 = 20;
/// Pauses grow up to `4 << LONGEST` milliseconds.
const LONGEST: u32 = 7;

/// An error that may say: taken back, do it again.
pub trait MayConflict {
    /// Whether the transaction lost against another one and nothing of it lasts.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, StoreError::Conflict)
    }
}

/// Does a use case, from reading to committing, until it is not taken back; pauses longer each time, by chance, so that
/// two that met do not meet again.
///
/// # Errors
/// What the use case ends with; a conflict only after many.
pub async fn retrying<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: MayConflict,
    F: Future<Output = Result<T, E>>,
{
    for round in 1..TRIES {
        match attempt().await {
            Err(error) if error.is_conflict() => {
                tracing::debug!(round, "a transaction was taken back; doing it again");
                pause(round).await;
            }
            done => return done,
        }
    }
    attempt().await
}

/// Waits some milliseconds, up to twice as many with every round.
pub async fn pause(round: u32) {
    let most = 4_u64 << round.min(LONGEST);
    let chance = getrandom::u32().map_or(most, |n| u64::from(n) % most);
    tokio::time::sleep(Duration::from_millis(1 + chance)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_conflict_is_tried_again_and_anything_else_is_not() {
        let mut rounds = 0;
        let done = retrying(|| {
            rounds += 1;
            std::future::ready(if rounds < 4 { Err(StoreError::Conflict) } else { Ok(rounds) })
        });
        assert_eq!(done.await.expect("the fourth time"), 4);
        let mut rounds = 0;
        let failed = retrying(|| {
            rounds += 1;
            std::future::ready(Err::<(), _>(StoreError::Changed { what: "it" }))
        });
        assert!(matches!(failed.await, Err(StoreError::Changed { .. })));
        assert_eq!(rounds, 1);
        let mut rounds = 0;
        let hopeless = retrying(|| {
            rounds += 1;
            std::future::ready(Err::<(), _>(StoreError::Conflict))
        });
        assert!(matches!(hopeless.await, Err(StoreError::Conflict)));
        assert_eq!(rounds, TRIES);
    }
}
