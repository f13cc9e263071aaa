//! Time-stamps over batches.

use hocba_record::types::UnixTime;

use crate::{
    StoreError, Tx,
    model::StoredTimeStamp,
    row::{Row, all, int},
};

const TABLE: &str = "time_stamps";

/// Batches of records that are anchored, and that no time-stamp is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unstamped {
    /// How many.
    pub batches: u64,
    /// Block time of the oldest.
    pub since: UnixTime,
    /// Index of the newest in the contract: a time-stamp over it is one over all of them.
    pub newest: u64,
}

impl Tx {
    /// Keeps a time-stamp; whether it is new. Of one batch and authority the first stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_time_stamp(&mut self, stamp: &StoredTimeStamp) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO time_stamps (batch, authority, token, gen_time, fetched_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (batch, authority) DO NOTHING",
        )
        .bind(stamp.batch)
        .bind(&stamp.authority)
        .bind(stamp.token.clone())
        .bind(stamp.gen_time.seconds())
        .bind(stamp.fetched_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Time-stamps of batches after this one, in the order of batches and authorities.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn time_stamps_after(
        &mut self,
        after: Option<(i64, &str)>,
        limit: u32,
    ) -> Result<Vec<StoredTimeStamp>, StoreError> {
        let (batch, authority) = after.unwrap_or((0, ""));
        let rows = sqlx::query(
            "SELECT * FROM time_stamps WHERE batch > $1 OR (batch = $1 AND authority > $2) \
             ORDER BY batch, authority LIMIT $3",
        )
        .bind(batch)
        .bind(authority)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, time_stamp)
    }

    /// All time-stamps with the index of their batch in the contract, the lowest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn placed_time_stamps(&mut self) -> Result<Vec<(u64, StoredTimeStamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT t.*, b.chain_index FROM time_stamps t JOIN batches b ON b.id = t.batch \
             WHERE b.chain_index IS NOT NULL ORDER BY b.chain_index, t.authority",
        )
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, |row| Ok((row.number("chain_index")?, time_stamp(row)?)))
    }

    /// Number of time-stamps kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_time_stamps(&mut self) -> Result<u64, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM time_stamps").fetch_one(self.connection()).await?;
        Ok(n.unsigned_abs())
    }

    /// Anchored batches of records, entered at this time or later, that no time-stamp is about: none of this authority, or
    /// of none at all. One of a later batch is one of those before it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unstamped(
        &mut self,
        authority: Option<&str>,
        from: UnixTime,
    ) -> Result<Option<Unstamped>, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS n, MIN(block_time) AS since, MAX(chain_index) AS newest FROM batches \
             WHERE kind = 'record' AND chain_index IS NOT NULL AND block_time >= $1 AND chain_index > COALESCE(( \
             SELECT MAX(b.chain_index) FROM time_stamps t JOIN batches b ON b.id = t.batch \
             WHERE $2 = '' OR t.authority = $2), -1)",
        )
        .bind(int(from.seconds()))
        .bind(authority.unwrap_or_default())
        .fetch_one(self.connection())
        .await?;
        let row = Row::of("batches", &row);
        let (since, newest) = (row.time_opt("since")?, row.number_opt("newest")?);
        let batches = row.number("n")?;
        Ok(since.zip(newest).map(|(since, newest)| Unstamped { batches, since, newest }))
    }
}

fn time_stamp(row: &Row<'_>) -> Result<StoredTimeStamp, StoreError> {
    Ok(StoredTimeStamp {
        batch: row.int("batch")?,
        authority: row.text("authority")?,
        token: row.bytes("token")?,
        gen_time: row.time("gen_time")?,
        fetched_at: row.time("fetched_at")?,
    })
}
