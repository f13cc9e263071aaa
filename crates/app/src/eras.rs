//! The contracts that a database's batches and statuses stand in, one after the other.
//!
//! Receipts count on over them: where a closed contract held *n* batches, the first of its successor has number *n*. What
//! goes out names contract and index.

use std::collections::BTreeSet;

use hocba_bundle::{
    facts::{Address, CheckedFacts},
    format::AnchorHint,
};
use hocba_record::encoding::Sha256Digest;
use hocba_store::{
    model::{AttemptState, Deployment},
    retrying,
};

use crate::{
    Actor, App, AppError, Settings,
    people::plain,
    policy::{Action, Place, require},
};

/// A contract that was closed; what it held stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastEra {
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// Batches it held when it was closed, of all issuers.
    pub batches: u64,
    /// Entries of its status log then.
    pub statuses: u64,
}

/// Where a batch is: chain, contract, index.
pub(crate) type BatchPlace = (u64, Address, u64);

/// Where a hint says that a leaf is.
pub(crate) fn place_of(hint: &AnchorHint) -> BatchPlace {
    (hint.chain, hint.contract, hint.batch)
}

impl Settings {
    /// Number of the first batch of the contract in use.
    pub fn first_batch(&self) -> u64 {
        self.past.iter().map(|era| era.batches).sum()
    }

    /// Number of the first entry of its status log.
    pub fn first_status(&self) -> u64 {
        self.past.iter().map(|era| era.statuses).sum()
    }

    /// Where the batch of this number is.
    pub fn batch_place(&self, number: u64) -> (u64, Address, u64) {
        let mut index = number;
        for era in &self.past {
            match index.checked_sub(era.batches) {
                None => return (era.chain, era.contract, index),
                Some(rest) => index = rest,
            }
        }
        (self.chain, self.contract, index)
    }

    /// The number of a batch by its place; `None` in a contract that is not ours.
    pub(crate) fn batch_number(&self, (chain, contract, index): BatchPlace) -> Option<u64> {
        let mut first = 0_u64;
        for era in &self.past {
            if (era.chain, era.contract) == (chain, contract) {
                return (index < era.batches).then(|| first + index);
            }
            first += era.batches;
        }
        ((self.chain, self.contract) == (chain, contract)).then(|| first.checked_add(index)).flatten()
    }
}

/// How a move to a successor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The database belongs to the successor now.
    Done,
    /// It did before.
    Already,
    /// So many batches and statuses are in the closed contract without a receipt here: let the anchoring service find them
    /// first.
    WithoutReceipt {
        /// Batches.
        batches: usize,
        /// Statuses.
        statuses: usize,
    },
}

/// All that can wait at once, and more.
const ALL: u32 = u32::MAX >> 1;

impl App {
    /// Moves the database from the contract in use, which is closed, to its successor. What waits goes into the
    /// successor; transactions made for the closed contract, which takes none any more, are set aside.
    ///
    /// # Errors
    /// `Forbidden`; [`StoreError::OtherDeployment`](hocba_store::StoreError::OtherDeployment) where the database belongs to
    /// a third contract.
    pub async fn move_to(
        &self,
        actor: &Actor,
        (chain, contract): (u64, &Address),
        closed: &CheckedFacts,
    ) -> Result<Moved, AppError> {
        require(actor, Action::CloseBatch, Place::Everywhere)?;
        let data_key = self.key().id().to_owned();
        let settings = self.settings();
        let of = |chain, contract: &Address| Deployment {
            chain,
            contract: contract.to_string(),
            data_key: data_key.clone(),
        };
        let (old, new) = (of(settings.chain, &settings.contract), of(chain, contract));
        let roots: BTreeSet<Sha256Digest> = closed.facts().batches.iter().map(|batch| batch.root).collect();
        let statements: BTreeSet<Sha256Digest> =
            closed.facts().statuses.iter().flatten().map(|status| status.statement).collect();
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("move_to_successor").await?;
            if matches!(tx.agrees(&new).await, Ok(true)) {
                return Ok(Moved::Already);
            }
            tx.agrees(&old).await?;
            let waiting: Vec<_> = tx.batches().await?.into_iter().filter(|batch| batch.receipt.is_none()).collect();
            let ends = tx.waiting_statuses(ALL).await?;
            let batches = waiting.iter().filter(|batch| roots.contains(&batch.root)).count();
            let statuses = ends.iter().filter(|end| statements.contains(&end.statement.leaf_hash())).count();
            if batches + statuses > 0 {
                return Ok(Moved::WithoutReceipt { batches, statuses });
            }
            let mut attempts = tx.status_attempts().await?;
            for batch in &waiting {
                attempts.extend(tx.attempts_of(batch.id).await?);
            }
            for attempt in attempts.iter().filter(|a| !a.state.is_dead() && a.state != AttemptState::Final) {
                tx.move_attempt(attempt, AttemptState::Dropped, None, now).await?;
            }
            tx.succeed(&new).await?;
            tx.audit(&plain(actor, "move_to_successor", contract.to_string(), now)).await?;
            tx.commit().await?;
            Ok(Moved::Done)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use hocba_signature::policy::SigningMode;

    use super::*;

    const FIRST: Address = Address::from_bytes([1; 20]);
    const SECOND: Address = Address::from_bytes([2; 20]);
    const THIRD: Address = Address::from_bytes([3; 20]);

    #[test]
    fn numbers_go_on_over_closed_contracts_and_lead_back_to_their_places() {
        let era = |contract, batches, statuses| PastEra { chain: 7, contract, batches, statuses };
        let past = vec![era(FIRST, 3, 1), era(SECOND, 0, 4)];
        let settings = Settings { chain: 8, contract: THIRD, past, batch_age: 1, signing: SigningMode::Each };
        assert_eq!((settings.first_batch(), settings.first_status()), (3, 5));
        for (number, place) in [(0, (7, FIRST, 0)), (2, (7, FIRST, 2)), (3, (8, THIRD, 0)), (9, (8, THIRD, 6))] {
            assert_eq!(settings.batch_place(number), place);
            assert_eq!(settings.batch_number(place), Some(number));
        }
        // Past the end of a closed contract, in one that held nothing, on another chain.
        for nowhere in [(7, FIRST, 3), (7, SECOND, 0), (7, THIRD, 0), (8, FIRST, 0)] {
            assert_eq!(settings.batch_number(nowhere), None);
        }
    }
}
