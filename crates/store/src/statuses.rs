//! Status statements, and the transactions that bring them into the contract's status log.

use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, UnixTime},
};

use crate::{
    StoreError, Tx,
    anchoring::{attempt_of, receipt},
    model::{Attempt, Delivery, Receipt, StoredStatus},
    people::statement,
    row::{Row, all, int, maybe, one},
};

const TABLE: &str = "statuses";
const ATTEMPTS: &str = "status_attempts";

impl Tx {
    /// Adds a signed status statement; its number follows the last one. `status.id` and `status.receipt` are not looked
    /// at. Gives the number.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where this very statement is there.
    pub async fn add_status(&mut self, status: &StoredStatus) -> Result<i64, StoreError> {
        let (last,): (Option<i64>,) =
            sqlx::query_as("SELECT MAX(id) FROM statuses").fetch_one(self.connection()).await?;
        let id = last.unwrap_or(0) + 1;
        sqlx::query(
            "INSERT INTO statuses \
             (id, subject, action, live_version, reason, since, school, leaf, statement, taken_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(id)
        .bind(status.subject.to_string())
        .bind(status.action.as_str())
        .bind(i64::from(status.live_version))
        .bind(i64::from(status.reason))
        .bind(status.since.map(UnixTime::seconds))
        .bind(status.school.as_str())
        .bind(status.statement.leaf_hash().as_bytes().to_vec())
        .bind(status.statement.to_bytes())
        .bind(status.taken_at.seconds())
        .execute(self.connection())
        .await
        .map_err(|e| StoreError::from(e).or_exists("the status"))?;
        Ok(id)
    }

    /// All statuses of one appointment or record, in the order they were taken.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn statuses_of(&mut self, subject: &RecordId) -> Result<Vec<StoredStatus>, StoreError> {
        let rows = sqlx::query("SELECT * FROM statuses WHERE subject = $1 ORDER BY id")
            .bind(subject.to_string())
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, status)
    }

    /// All statuses that concern a school, in the order they were taken.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn statuses_of_school(&mut self, school: &SchoolCode) -> Result<Vec<StoredStatus>, StoreError> {
        let rows = sqlx::query("SELECT * FROM statuses WHERE school = $1 ORDER BY id")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, status)
    }

    /// Statuses that are not in the log for good, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_statuses(&mut self, limit: u32) -> Result<Vec<StoredStatus>, StoreError> {
        let rows = sqlx::query("SELECT * FROM statuses WHERE log_index IS NULL ORDER BY id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, status)
    }

    /// The newest statuses, at most so many; the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_statuses(&mut self, limit: u32) -> Result<Vec<StoredStatus>, StoreError> {
        let rows = sqlx::query("SELECT * FROM statuses ORDER BY id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, status)
    }

    /// Numbers of statuses in their order: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status_ids_after(&mut self, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query("SELECT id FROM statuses WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, |row| row.int("id"))
    }

    /// The status of this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status(&mut self, id: i64) -> Result<Option<StoredStatus>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM statuses WHERE id = $1").bind(id).fetch_optional(self.connection()).await?;
        maybe(TABLE, row.as_ref(), status)
    }

    /// The status with the highest number in its receipt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_settled_status(&mut self) -> Result<Option<StoredStatus>, StoreError> {
        let sql = "SELECT * FROM statuses WHERE log_index IS NOT NULL ORDER BY log_index DESC LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(self.connection()).await?;
        maybe(TABLE, row.as_ref(), status)
    }

    /// Notes where a status is in the log, once and for ever.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that was noted before.
    pub async fn add_status_receipt(&mut self, id: i64, receipt: &Receipt) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE statuses SET log_index = $1, block = $2, block_time = $3, tx_hash = $4 \
             WHERE id = $5 AND log_index IS NULL",
        )
        .bind(int(receipt.index))
        .bind(int(receipt.block))
        .bind(receipt.time.seconds())
        .bind(&receipt.tx_hash)
        .bind(id)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the status")
    }

    /// Whether records of a school that were complete at this time are not anchored for good, and the block time of the
    /// last of them that is: what was signed in office counts only if it is anchored before the end of the office.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records_before(
        &mut self,
        school: &SchoolCode,
        at: UnixTime,
    ) -> Result<(bool, Option<UnixTime>), StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) - COUNT(b.block_time) AS open, MAX(b.block_time) AS last FROM leaves l \
             LEFT JOIN batches b ON b.id = l.batch WHERE l.kind = 'record' AND l.school = $1 AND l.ready_at <= $2",
        )
        .bind(school.as_str())
        .bind(at.seconds())
        .fetch_one(self.connection())
        .await?;
        let row = Row::of("leaves", &row);
        Ok((row.int("open")? > 0, row.time_opt("last")?))
    }

    /// The attempts for the status log since the last that became final, in order. Dead ones among them may still come
    /// true; older ones cannot, their nonce is taken.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status_attempts(&mut self) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM status_attempts WHERE id > \
             (SELECT COALESCE(MAX(f.id), 0) FROM status_attempts f WHERE f.state = 'final') \
             OR state IN ('prepared', 'broadcast', 'included') ORDER BY id",
        )
        .fetch_all(self.connection())
        .await?;
        all(ATTEMPTS, &rows, |row| attempt_of(row, Delivery::Statuses))
    }

    /// All attempts for the status log, a page at a time: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status_attempts_after(&mut self, after: i64, limit: u32) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query("SELECT * FROM status_attempts WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(ATTEMPTS, &rows, |row| attempt_of(row, Delivery::Statuses))
    }

    /// The attempt for the status log with this transaction.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn status_attempt(&mut self, tx_hash: &str) -> Result<Option<Attempt>, StoreError> {
        let row = sqlx::query("SELECT * FROM status_attempts WHERE tx_hash = $1")
            .bind(tx_hash)
            .fetch_optional(self.connection())
            .await?;
        maybe(ATTEMPTS, row.as_ref(), |row| attempt_of(row, Delivery::Statuses))
    }
}

fn status(row: &Row<'_>) -> Result<StoredStatus, StoreError> {
    let receipt = receipt(row, "log_index")?;
    Ok(StoredStatus {
        id: row.int("id")?,
        subject: row.parsed("subject")?,
        action: row.parsed("action")?,
        live_version: row.number("live_version")?,
        reason: row.number("reason")?,
        since: row.time_opt("since")?,
        school: row.parsed("school")?,
        statement: statement(row)?,
        taken_at: row.time("taken_at")?,
        receipt,
    })
}
