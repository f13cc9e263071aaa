//! Doing a transaction again that lost against another one.
//!
//! Both engines give every change the promise that it happens as if alone. SQLite keeps it by letting one writer in at a
//! time; PostgreSQL lets several in and takes one back when their outcome would depend on who was first. Nothing of it
//! lasts then, and doing it again is all that is needed. The one that takes longest loses each time, however often it is
//! tried: after some rounds it is let in alone ([`attempt`]), and then there is nobody to lose against.

use std::{future::Future, time::Duration};

use crate::StoreError;

/// From this round on a transaction is let in alone. While tables are small, PostgreSQL remembers what was read by whole
/// tables, and writers of one class are in each other's way: with four that sign and one that makes links, on a machine with
/// three times the work it can do, one in 1,808 lost forty times in a row.
const ALONE: u32 = 5;
/// How often a transaction is tried. Who is alone loses against nobody but a program of a release that knows no turns.
const TRIES: u32 = 20;
/// Pauses grow up to `4 << LONGEST` milliseconds.
const LONGEST: u32 = 7;

tokio::task_local! {
    /// Whether what this task begins is to be alone.
    static TURN: bool;
}

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
pub async fn retrying<T, E, F>(mut once: impl FnMut() -> F) -> Result<T, E>
where
    E: MayConflict,
    F: Future<Output = Result<T, E>>,
{
    for round in 1..TRIES {
        match attempt(round, once()).await {
            Err(error) if error.is_conflict() => {
                tracing::debug!(round, "a transaction was taken back; doing it again");
                pause(round).await;
            }
            done => return done,
        }
    }
    attempt(TRIES, once()).await
}

/// One try of many, the first being round 1: after some that were taken back, the transactions it begins wait until no
/// other changes anything, and others wait for them. What it spawns begins like everything else.
pub async fn attempt<F: Future>(round: u32, once: F) -> F::Output {
    TURN.scope(round >= ALONE, once).await
}

/// Whether what begins now is to be alone.
pub(crate) fn is_alone() -> bool {
    TURN.try_with(|alone| *alone).unwrap_or(false)
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
