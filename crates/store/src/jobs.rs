//! Work that follows from a change, and leases for what only one may do at a time.

use hocba_record::types::UnixTime;

use crate::{
    Backend, StoreError, Tx,
    model::{Job, JobKind},
    row::{Row, all, one},
};

const TABLE: &str = "jobs";

impl Tx {
    /// Adds a job. Where one like it is open already, that one stays, and is due at the earlier of both times.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_job(&mut self, kind: JobKind, subject: &str, due_at: UnixTime) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO jobs (kind, subject, due_at) VALUES ($1, $2, $3) \
             ON CONFLICT (kind, subject) WHERE done_at IS NULL DO UPDATE SET \
             due_at = CASE WHEN excluded.due_at < jobs.due_at THEN excluded.due_at ELSE jobs.due_at END",
        )
        .bind(kind.as_str())
        .bind(subject)
        .bind(due_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Open jobs, in the order they are due. Whoever holds the anchoring lease works on them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_jobs(&mut self) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query("SELECT * FROM jobs WHERE done_at IS NULL ORDER BY due_at, id")
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, job)
    }

    /// Notes that a job is done.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was done already.
    pub async fn finish_job(&mut self, id: i64, now: UnixTime) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE jobs SET done_at = $1, last_error = NULL WHERE id = $2 AND done_at IS NULL")
            .bind(now.seconds())
            .bind(id)
            .execute(self.connection())
            .await?;
        one(done.rows_affected(), "the job")
    }

    /// Notes that a job failed, and when to try again. `error` is a code of ours, never text from outside.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was done already.
    pub async fn put_off_job(&mut self, id: i64, error: &'static str, due_at: UnixTime) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE jobs SET tries = tries + 1, last_error = $1, due_at = $2 WHERE id = $3 AND done_at IS NULL",
        )
        .bind(error)
        .bind(due_at.seconds())
        .bind(id)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the job")
    }

    /// Gives a job another time, without a failure: what it waits for is of then. Earlier failures are forgotten.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was done already.
    pub async fn move_job(&mut self, id: i64, due_at: UnixTime) -> Result<(), StoreError> {
        let done =
            sqlx::query("UPDATE jobs SET due_at = $1, tries = 0, last_error = NULL WHERE id = $2 AND done_at IS NULL")
                .bind(due_at.seconds())
                .bind(id)
                .execute(self.connection())
                .await?;
        one(done.rows_affected(), "the job")
    }

    /// Takes or renews a lease. Gives whether `holder` has it now, until `expires_at`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_lease(
        &mut self,
        name: &'static str,
        holder: &str,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<bool, StoreError> {
        let sql = match self.backend() {
            Backend::Sqlite => {
                "INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at \
                 WHERE leases.holder = excluded.holder OR leases.expires_at <= $4"
            }
            // SKIP LOCKED: whoever waits for its turn does not wait behind a leader in the middle of a long change; that
            // the row is locked is answer enough. Inserting would wait, so it is done only where there is no row.
            Backend::Postgres => {
                sqlx::query(
                    "INSERT INTO leases (name, holder, expires_at) SELECT $1, '', 0 \
                     WHERE NOT EXISTS (SELECT 1 FROM leases WHERE name = $1) ON CONFLICT DO NOTHING",
                )
                .bind(name)
                .execute(self.connection())
                .await?;
                "UPDATE leases SET holder = $2, expires_at = $3 WHERE name IN (SELECT name FROM leases \
                 WHERE name = $1 AND (holder = $2 OR expires_at <= $4) FOR UPDATE SKIP LOCKED)"
            }
        };
        let done = sqlx::query(sql)
            .bind(name)
            .bind(holder)
            .bind(expires_at.seconds())
            .bind(now.seconds())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a lease back, if `holder` has it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn give_back_lease(&mut self, name: &'static str, holder: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Who holds a lease, and until when; an expired one is nobody's.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn lease(&mut self, name: &'static str, now: UnixTime) -> Result<Option<(String, UnixTime)>, StoreError> {
        let row = sqlx::query("SELECT * FROM leases WHERE name = $1 AND expires_at > $2")
            .bind(name)
            .bind(now.seconds())
            .fetch_optional(self.connection())
            .await?;
        crate::row::maybe("leases", row.as_ref(), |row| Ok((row.text("holder")?, row.time("expires_at")?)))
    }
}

pub(crate) fn job(row: &Row<'_>) -> Result<Job, StoreError> {
    Ok(Job {
        id: row.int("id")?,
        kind: row.parsed("kind")?,
        subject: row.text("subject")?,
        due_at: row.time("due_at")?,
        tries: row.number("tries")?,
        last_error: row.text_opt("last_error")?,
    })
}
