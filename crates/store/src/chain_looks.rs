//! What the anchoring service does, as far as it told: its lease, what waits for it, and how the chain answered it last.

use std::{fmt, str::FromStr};

use hocba_record::types::UnixTime;

use crate::{
    StoreError, Tx,
    model::{Batch, LeafKind},
    row::{Row, all, int, maybe},
};

const TABLE: &str = "chain_looks";

/// Whether the account that pays for anchoring can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funds {
    /// The network asks for nothing.
    Free,
    /// For a hundred transactions and more.
    Enough,
    /// For fewer.
    Low,
    /// For none.
    None,
    /// No node said.
    Unknown,
}

impl Funds {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Funds::Free => "free",
            Funds::Enough => "enough",
            Funds::Low => "low",
            Funds::None => "none",
            Funds::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Funds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Funds {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Funds::Free, Funds::Enough, Funds::Low, Funds::None, Funds::Unknown];
        all.into_iter().find(|funds| funds.as_str() == text).ok_or(())
    }
}

/// How the chain's operators answered when they were last asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLook {
    /// When.
    pub at: UnixTime,
    /// Operators that are asked.
    pub operators: u32,
    /// That have to agree.
    pub needed: u32,
    /// That agreed.
    pub answered: u32,
    /// The settled block they agree on, and its time; none where too few did.
    pub block: Option<(u64, UnixTime)>,
    /// Of the account that pays.
    pub funds: Option<Funds>,
}

/// A lease as it is in the table, expired or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLease {
    /// Who.
    pub holder: String,
    /// Until when.
    pub until: UnixTime,
}

/// What waits for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Of what.
    pub kind: LeafKind,
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub since: UnixTime,
}

impl Tx {
    /// Notes how the chain answered; what was noted before is gone.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_chain_look(&mut self, look: &ChainLook) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO chain_looks (name, at, operators, needed, answered, block, block_time, funds) \
             VALUES ('anchoring', $1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO UPDATE SET at = excluded.at, \
             operators = excluded.operators, needed = excluded.needed, answered = excluded.answered, \
             block = excluded.block, block_time = excluded.block_time, funds = excluded.funds",
        )
        .bind(look.at.seconds())
        .bind(i64::from(look.operators))
        .bind(i64::from(look.needed))
        .bind(i64::from(look.answered))
        .bind(look.block.map(|(block, _)| int(block)))
        .bind(look.block.map(|(_, time)| time.seconds()))
        .bind(look.funds.map(Funds::as_str))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// How the chain answered last; none where nobody asked yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chain_look(&mut self) -> Result<Option<ChainLook>, StoreError> {
        let row = sqlx::query("SELECT * FROM chain_looks").fetch_optional(self.connection()).await?;
        maybe(TABLE, row.as_ref(), |row| {
            let block: Option<u64> = row.number_opt("block")?;
            Ok(ChainLook {
                at: row.time("at")?,
                operators: row.number("operators")?,
                needed: row.number("needed")?,
                answered: row.number("answered")?,
                block: block.zip(row.time_opt("block_time")?),
                funds: row.parsed_opt("funds")?,
            })
        })
    }

    /// A lease, expired or not; none where it was given back, or never taken.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stored_lease(&mut self, name: &'static str) -> Result<Option<StoredLease>, StoreError> {
        let row = sqlx::query("SELECT * FROM leases WHERE name = $1 AND expires_at > 0")
            .bind(name)
            .fetch_optional(self.connection())
            .await?;
        maybe("leases", row.as_ref(), |row| {
            Ok(StoredLease { holder: row.text("holder")?, until: row.time("expires_at")? })
        })
    }

    /// What waits for a batch, under whatever issuer, by kind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn queues(&mut self) -> Result<Vec<Queue>, StoreError> {
        let rows = sqlx::query(
            "SELECT kind, COUNT(*) AS n, MIN(ready_at) AS since FROM leaves WHERE batch IS NULL GROUP BY kind ORDER BY kind",
        )
        .fetch_all(self.connection())
        .await?;
        all("leaves", &rows, |row| {
            Ok(Queue { kind: row.parsed("kind")?, count: row.number("n")?, since: row.time("since")? })
        })
    }

    /// Ends of appointments that are not in the public status log yet: how many, since when the oldest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn statuses_queue(&mut self) -> Result<Option<(u64, UnixTime)>, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS n, MIN(taken_at) AS since FROM statuses WHERE log_index IS NULL")
            .fetch_one(self.connection())
            .await?;
        let row = Row::of("statuses", &row);
        let count = row.number("n")?;
        Ok(row.time_opt("since")?.map(|since| (count, since)))
    }

    /// Batches, the newest first, a page at a time: those before this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn batches_before(&mut self, before: Option<i64>, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let rows = sqlx::query("SELECT * FROM batches WHERE id < $1 ORDER BY id DESC LIMIT $2")
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all("batches", &rows, crate::anchoring::batch)
    }

    /// How many batches there are, how many of them have no receipt, and since when the oldest of these is closed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_batches(&mut self) -> Result<(u64, u64, Option<UnixTime>), StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN chain_index IS NULL THEN 1 END) AS waiting, \
             MIN(CASE WHEN chain_index IS NULL THEN closed_at END) AS since FROM batches",
        )
        .fetch_one(self.connection())
        .await?;
        let row = Row::of("batches", &row);
        Ok((row.number("n")?, row.number("waiting")?, row.time_opt("since")?))
    }
}
