//! Leaves, batches with their trees, and the transactions that bring them onto the chain.

use hocba_bundle::facts::IssuerCode;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, UnixTime},
};

use crate::{
    StoreError, Tx,
    model::{Attempt, AttemptState, Batch, Delivery, Leaf, LeafKind, Located, Receipt},
    row::{Row, all, int, maybe, one},
};

/// Up to 256 neighbouring nodes of a batch's tree, 32 bytes each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRow {
    /// Level of the nodes: 0 (leaves) or 8.
    pub level: u8,
    /// Which tile of the level.
    pub number: u32,
    /// The nodes.
    pub hashes: Vec<u8>,
}

/// A batch about to be closed.
#[derive(Debug, Clone)]
pub struct NewBatch<'a> {
    /// Anchored under.
    pub issuer: &'a IssuerCode,
    /// Of what.
    pub kind: LeafKind,
    /// Merkle root.
    pub root: Sha256Digest,
    /// The leaves in their order.
    pub leaves: &'a [Leaf],
    /// The tree.
    pub tiles: &'a [TileRow],
}

/// A transaction about to be sent.
#[derive(Debug, Clone)]
pub struct NewAttempt<'a> {
    /// For what.
    pub of: Delivery,
    /// Sender's address, `0x…`.
    pub sender: &'a str,
    /// Nonce of the sender.
    pub nonce: u64,
    /// `0x…`.
    pub tx_hash: &'a str,
    /// Signed bytes.
    pub raw: &'a [u8],
}

/// Leaves that wait for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub since: UnixTime,
}

/// Rows in one statement, as in `records`.
const BULK: usize = 500;

impl Tx {
    /// Puts a complete statement into the queue for a batch.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where this version is in it already.
    pub async fn add_leaf(&mut self, leaf: &Leaf) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO leaves (leaf, kind, subject, version, school, issuer, ready_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(leaf.leaf.as_bytes().to_vec())
        .bind(leaf.kind.as_str())
        .bind(leaf.subject.to_string())
        .bind(i64::from(leaf.version))
        .bind(leaf.school.as_str())
        .bind(leaf.issuer.as_str())
        .bind(leaf.ready_at.seconds())
        .execute(self.connection())
        .await
        .map_err(|e| StoreError::from(e).or_exists("the leaf"))?;
        Ok(())
    }

    /// How many leaves of an issuer wait, and since when.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&mut self, issuer: &IssuerCode, kind: LeafKind) -> Result<Option<Waiting>, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS n, MIN(ready_at) AS since FROM leaves \
             WHERE batch IS NULL AND issuer = $1 AND kind = $2",
        )
        .bind(issuer.as_str())
        .bind(kind.as_str())
        .fetch_one(self.connection())
        .await?;
        let row = Row::of("leaves", &row);
        let count = row.number("n")?;
        Ok(row.time_opt("since")?.map(|since| Waiting { count, since }))
    }

    /// Waiting leaves of an issuer, oldest first; of one moment by their hash, so that the order says nothing else.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_leaves(
        &mut self,
        issuer: &IssuerCode,
        kind: LeafKind,
        limit: u32,
    ) -> Result<Vec<Leaf>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM leaves WHERE batch IS NULL AND issuer = $1 AND kind = $2 ORDER BY ready_at, leaf LIMIT $3",
        )
        .bind(issuer.as_str())
        .bind(kind.as_str())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all("leaves", &rows, leaf)
    }

    /// Closes a batch over waiting leaves and gives it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when one of the leaves is in a batch already.
    pub async fn add_batch(&mut self, new: &NewBatch<'_>, now: UnixTime) -> Result<Batch, StoreError> {
        let (last,): (Option<i64>,) =
            sqlx::query_as("SELECT MAX(id) FROM batches").fetch_one(self.connection()).await?;
        let batch = Batch {
            id: last.unwrap_or(0) + 1,
            issuer: new.issuer.clone(),
            kind: new.kind,
            root: new.root,
            size: u32::try_from(new.leaves.len()).unwrap_or(u32::MAX),
            closed_at: now,
            receipt: None,
        };
        sqlx::query("INSERT INTO batches (id, issuer, kind, root, size, closed_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(batch.id)
            .bind(batch.issuer.as_str())
            .bind(batch.kind.as_str())
            .bind(batch.root.as_bytes().to_vec())
            .bind(i64::from(batch.size))
            .bind(now.seconds())
            .execute(self.connection())
            .await
            .map_err(|e| StoreError::from(e).or_exists("the batch"))?;
        for (chunk, leaves) in new.leaves.chunks(BULK).enumerate() {
            let rows = crate::records::placeholders(leaves.len(), 2);
            let sql = format!(
                "WITH placed (hash, place) AS (VALUES {rows}) UPDATE leaves SET batch = ${b}, position = placed.place \
                 FROM placed WHERE leaves.leaf = placed.hash AND leaves.batch IS NULL",
                b = leaves.len() * 2 + 1
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (place, leaf) in leaves.iter().enumerate() {
                query = query.bind(leaf.leaf.as_bytes().to_vec()).bind(int(chunk * BULK + place));
            }
            let done = query.bind(batch.id).execute(self.connection()).await?;
            if done.rows_affected() != leaves.len() as u64 {
                return Err(StoreError::Changed { what: "a leaf" });
            }
        }
        for tile in new.tiles {
            sqlx::query("INSERT INTO batch_tiles (batch, level, number, hashes) VALUES ($1, $2, $3, $4)")
                .bind(batch.id)
                .bind(i64::from(tile.level))
                .bind(i64::from(tile.number))
                .bind(tile.hashes.clone())
                .execute(self.connection())
                .await?;
        }
        Ok(batch)
    }

    /// Notes where a batch is on the chain, once and for ever.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it has a receipt already.
    pub async fn add_receipt(&mut self, batch: i64, receipt: &Receipt) -> Result<(), StoreError> {
        self.touched.batch(batch);
        self.touched.at(receipt.time);
        let done = sqlx::query(
            "UPDATE batches SET chain_index = $1, block = $2, block_time = $3, tx_hash = $4 \
             WHERE id = $5 AND chain_index IS NULL",
        )
        .bind(int(receipt.index))
        .bind(int(receipt.block))
        .bind(receipt.time.seconds())
        .bind(&receipt.tx_hash)
        .bind(batch)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the batch")
    }

    /// All batches, in the order they were closed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn batches(&mut self) -> Result<Vec<Batch>, StoreError> {
        let rows = sqlx::query("SELECT * FROM batches ORDER BY id").fetch_all(self.connection()).await?;
        all("batches", &rows, batch)
    }

    /// The batch of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn batch(&mut self, id: i64) -> Result<Option<Batch>, StoreError> {
        let row = sqlx::query("SELECT * FROM batches WHERE id = $1").bind(id).fetch_optional(self.connection()).await?;
        maybe("batches", row.as_ref(), batch)
    }

    /// The batch with this number in its receipt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn batch_at(&mut self, index: u64) -> Result<Option<Batch>, StoreError> {
        let row = sqlx::query("SELECT * FROM batches WHERE chain_index = $1")
            .bind(int(index))
            .fetch_optional(self.connection())
            .await?;
        maybe("batches", row.as_ref(), batch)
    }

    /// Batches that are on the chain, from this index of the contract on, in its order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn anchored_from(&mut self, index: u64, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let rows = sqlx::query("SELECT * FROM batches WHERE chain_index >= $1 ORDER BY chain_index LIMIT $2")
            .bind(int(index))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all("batches", &rows, batch)
    }

    /// The batch with the highest number in its receipt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_anchored(&mut self) -> Result<Option<Batch>, StoreError> {
        let sql = "SELECT * FROM batches WHERE chain_index IS NOT NULL ORDER BY chain_index DESC LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(self.connection()).await?;
        maybe("batches", row.as_ref(), batch)
    }

    /// The batch closed first among those without a receipt: batches are anchored in the order they were closed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_batch(&mut self) -> Result<Option<Batch>, StoreError> {
        let row = sqlx::query("SELECT * FROM batches WHERE chain_index IS NULL ORDER BY id LIMIT 1")
            .fetch_optional(self.connection())
            .await?;
        maybe("batches", row.as_ref(), batch)
    }

    /// Where a version is.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn locate(
        &mut self,
        kind: LeafKind,
        subject: &RecordId,
        version: u32,
    ) -> Result<Option<Located>, StoreError> {
        let row = sqlx::query(
            "SELECT b.*, l.position FROM leaves l JOIN batches b ON b.id = l.batch \
             WHERE l.kind = $1 AND l.subject = $2 AND l.version = $3",
        )
        .bind(kind.as_str())
        .bind(subject.to_string())
        .bind(i64::from(version))
        .fetch_optional(self.connection())
        .await?;
        maybe("leaves", row.as_ref(), |row| Ok(Located { batch: batch(row)?, position: row.number("position")? }))
    }

    /// One tile of a batch's tree.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tile(&mut self, batch: i64, level: u8, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT hashes FROM batch_tiles WHERE batch = $1 AND level = $2 AND number = $3")
            .bind(batch)
            .bind(i64::from(level))
            .bind(i64::from(number))
            .fetch_optional(self.connection())
            .await?;
        maybe("batch_tiles", row.as_ref(), |row| row.bytes("hashes"))
    }

    /// All tiles of a batch.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tiles(&mut self, batch: i64) -> Result<Vec<TileRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM batch_tiles WHERE batch = $1 ORDER BY level, number")
            .bind(batch)
            .fetch_all(self.connection())
            .await?;
        all("batch_tiles", &rows, |row| {
            Ok(TileRow { level: row.number("level")?, number: row.number("number")?, hashes: row.bytes("hashes")? })
        })
    }

    /// The leaves of a batch in their order, with their places; of one school only, if it is named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn leaves_of(&mut self, batch: i64, school: Option<&SchoolCode>) -> Result<Vec<(u32, Leaf)>, StoreError> {
        let rows = sqlx::query("SELECT * FROM leaves WHERE batch = $1 AND ($2 = '' OR school = $2) ORDER BY position")
            .bind(batch)
            .bind(school.map_or(String::new(), ToString::to_string))
            .fetch_all(self.connection())
            .await?;
        all("leaves", &rows, |row| Ok((row.number("position")?, leaf(row)?)))
    }

    /// The leaf of a version, waiting or in a batch.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn leaf_of(
        &mut self,
        kind: LeafKind,
        subject: &RecordId,
        version: u32,
    ) -> Result<Option<Leaf>, StoreError> {
        let row = sqlx::query("SELECT * FROM leaves WHERE kind = $1 AND subject = $2 AND version = $3")
            .bind(kind.as_str())
            .bind(subject.to_string())
            .bind(i64::from(version))
            .fetch_optional(self.connection())
            .await?;
        maybe("leaves", row.as_ref(), leaf)
    }

    /// Records a transaction before it is sent.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_attempt(&mut self, attempt: &NewAttempt<'_>, now: UnixTime) -> Result<i64, StoreError> {
        let query = match attempt.of {
            Delivery::Batch(batch) => sqlx::query_as(
                "INSERT INTO anchor_attempts (sender, nonce, tx_hash, raw, made_at, changed_at, state, batch) \
                 VALUES ($1, $2, $3, $4, $5, $5, 'prepared', $6) RETURNING id",
            )
            .bind(attempt.sender)
            .bind(int(attempt.nonce))
            .bind(attempt.tx_hash)
            .bind(attempt.raw.to_vec())
            .bind(now.seconds())
            .bind(batch),
            Delivery::Statuses => sqlx::query_as(
                "INSERT INTO status_attempts (sender, nonce, tx_hash, raw, made_at, changed_at, state) \
                 VALUES ($1, $2, $3, $4, $5, $5, 'prepared') RETURNING id",
            )
            .bind(attempt.sender)
            .bind(int(attempt.nonce))
            .bind(attempt.tx_hash)
            .bind(attempt.raw.to_vec())
            .bind(now.seconds()),
        };
        let (id,): (i64,) =
            query.fetch_one(self.connection()).await.map_err(|e| StoreError::from(e).or_exists("the attempt"))?;
        Ok(id)
    }

    /// Takes an attempt into another state. `block`: where it is included.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not in the state it was read in.
    pub async fn move_attempt(
        &mut self,
        attempt: &Attempt,
        to: AttemptState,
        block: Option<u64>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let sql = match attempt.of {
            Delivery::Batch(_) => {
                "UPDATE anchor_attempts SET state = $1, block = $2, changed_at = $3 WHERE id = $4 AND state = $5"
            }
            Delivery::Statuses => {
                "UPDATE status_attempts SET state = $1, block = $2, changed_at = $3 WHERE id = $4 AND state = $5"
            }
        };
        let done = sqlx::query(sql)
            .bind(to.as_str())
            .bind(block.map(int))
            .bind(now.seconds())
            .bind(attempt.id)
            .bind(attempt.state.as_str())
            .execute(self.connection())
            .await?;
        one(done.rows_affected(), "the attempt")
    }

    /// A transaction of this sender that is under way for a batch: whoever makes another one with the same key waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn live_anchor_attempt(&mut self, sender: &str) -> Result<Option<Attempt>, StoreError> {
        let row = sqlx::query(
            "SELECT a.* FROM anchor_attempts a JOIN batches b ON b.id = a.batch WHERE b.chain_index IS NULL \
             AND a.sender = $1 AND a.state IN ('prepared', 'broadcast', 'included') ORDER BY a.id LIMIT 1",
        )
        .bind(sender)
        .fetch_optional(self.connection())
        .await?;
        maybe("anchor_attempts", row.as_ref(), attempt)
    }

    /// All attempts made for a batch, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn attempts_of(&mut self, batch: i64) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query("SELECT * FROM anchor_attempts WHERE batch = $1 ORDER BY id")
            .bind(batch)
            .fetch_all(self.connection())
            .await?;
        all("anchor_attempts", &rows, attempt)
    }
}

fn leaf(row: &Row<'_>) -> Result<Leaf, StoreError> {
    Ok(Leaf {
        leaf: row.digest("leaf")?,
        kind: row.parsed("kind")?,
        subject: row.parsed("subject")?,
        version: row.number("version")?,
        school: row.parsed("school")?,
        issuer: row.parsed("issuer")?,
        ready_at: row.time("ready_at")?,
    })
}

pub(crate) fn batch(row: &Row<'_>) -> Result<Batch, StoreError> {
    let receipt = receipt(row, "chain_index")?;
    Ok(Batch {
        id: row.int("id")?,
        issuer: row.parsed("issuer")?,
        kind: row.parsed("kind")?,
        root: row.digest("root")?,
        size: row.number("size")?,
        closed_at: row.time("closed_at")?,
        receipt,
    })
}

/// The receipt in a row, whose index is in this column; none where that is null.
pub(crate) fn receipt(row: &Row<'_>, index: &'static str) -> Result<Option<Receipt>, StoreError> {
    let Some(index) = row.number_opt(index)? else { return Ok(None) };
    Ok(Some(Receipt {
        index,
        block: row.number("block")?,
        time: row.time("block_time")?,
        tx_hash: row.text("tx_hash")?,
    }))
}

fn attempt(row: &Row<'_>) -> Result<Attempt, StoreError> {
    attempt_of(row, Delivery::Batch(row.int("batch")?))
}

/// An attempt of either table.
pub(crate) fn attempt_of(row: &Row<'_>, of: Delivery) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        id: row.int("id")?,
        of,
        state: row.parsed("state")?,
        sender: row.text("sender")?,
        nonce: row.number("nonce")?,
        tx_hash: row.text("tx_hash")?,
        raw: row.bytes("raw")?,
        block: row.number_opt("block")?,
        made_at: row.time("made_at")?,
    })
}
