//! Work that takes longer than a request, and the files that wait for it.

use hocba_record::types::{ClassName, SchoolCode, SchoolYear, UnixTime};

use crate::{
    StoreError, Tx,
    model::{Envelope, Id, KeptFile, KeptKind, Task, TaskState},
    row::{Row, all, maybe, one},
};

const TASKS: &str = "tasks";
const FILES: &str = "kept_files";

impl Tx {
    /// Adds a task that runs, and removes those that were begun before `forget`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_task(&mut self, task: &Task, forget: UnixTime) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM tasks WHERE begun_at < $1").bind(forget.seconds()).execute(self.connection()).await?;
        sqlx::query(
            "INSERT INTO tasks (id, school, account, kind, year, class, steps_done, steps, state, begun_at, beat_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(task.id.to_string())
        .bind(task.school.as_str())
        .bind(task.account.to_string())
        .bind(task.kind.as_str())
        .bind(i64::from(task.year.start()))
        .bind(task.class.as_ref().map(ClassName::as_str))
        .bind(i64::from(task.done))
        .bind(i64::from(task.steps))
        .bind(TaskState::Running.as_str())
        .bind(task.begun_at.seconds())
        .bind(task.beat_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Says that a task's process is alive, and how far it is. Of a task that does not run any more it says nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn beat_task(&mut self, id: &Id, done: u32, steps: u32, now: UnixTime) -> Result<(), StoreError> {
        sqlx::query("UPDATE tasks SET steps_done = $1, steps = $2, beat_at = $3 WHERE id = $4 AND state = $5")
            .bind(i64::from(done))
            .bind(i64::from(steps))
            .bind(now.seconds())
            .bind(id.to_string())
            .bind(TaskState::Running.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Ends a task, once. One that was taken for interrupted, and did its work after all, is told as it was.
    ///
    /// # Errors
    /// `Changed` where it has ended otherwise.
    pub async fn end_task(
        &mut self,
        id: &Id,
        state: TaskState,
        result: &Envelope,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE tasks SET state = $1, key_id = $2, nonce = $3, result = $4, beat_at = $5, ended_at = $5, \
             steps_done = steps WHERE id = $6 AND state IN ($7, $8)",
        )
        .bind(state.as_str())
        .bind(&result.key_id)
        .bind(result.nonce.to_vec())
        .bind(result.bytes.clone())
        .bind(now.seconds())
        .bind(id.to_string())
        .bind(TaskState::Running.as_str())
        .bind(TaskState::Interrupted.as_str())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "task")
    }

    /// Marks the tasks whose process was last heard of before `silent` as interrupted. Gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn interrupt_tasks(&mut self, silent: UnixTime, now: UnixTime) -> Result<u64, StoreError> {
        let done = sqlx::query("UPDATE tasks SET state = $1, ended_at = $2 WHERE state = $3 AND beat_at < $4")
            .bind(TaskState::Interrupted.as_str())
            .bind(now.seconds())
            .bind(TaskState::Running.as_str())
            .bind(silent.seconds())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }

    /// A task.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn task(&mut self, id: &Id) -> Result<Option<Task>, StoreError> {
        let row = sqlx::query("SELECT * FROM tasks WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe(TASKS, row.as_ref(), task)
    }

    /// The latest tasks of a school, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tasks_of(&mut self, school: &SchoolCode, limit: u32) -> Result<Vec<Task>, StoreError> {
        let rows = sqlx::query("SELECT * FROM tasks WHERE school = $1 ORDER BY begun_at DESC, id LIMIT $2")
            .bind(school.as_str())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TASKS, &rows, task)
    }

    /// Tasks after one, in the order of their ids; for a look at all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tasks_after(&mut self, after: Option<&Id>, limit: u32) -> Result<Vec<Task>, StoreError> {
        let rows = sqlx::query("SELECT * FROM tasks WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.map(ToString::to_string).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TASKS, &rows, task)
    }

    /// Keeps a file in the place of the one before of its kind, and removes those that are over.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_file(&mut self, file: &KeptFile) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM kept_files WHERE expires_at <= $1")
            .bind(file.kept_at.seconds())
            .execute(self.connection())
            .await?;
        sqlx::query(
            "INSERT INTO kept_files (account, school, kind, year, key_id, nonce, personal, kept_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account, school, kind) DO UPDATE SET \
             year = excluded.year, key_id = excluded.key_id, nonce = excluded.nonce, personal = excluded.personal, \
             kept_at = excluded.kept_at, expires_at = excluded.expires_at",
        )
        .bind(file.account.to_string())
        .bind(file.school.as_str())
        .bind(file.kind.as_str())
        .bind(file.year.map(|year| i64::from(year.start())))
        .bind(&file.personal.key_id)
        .bind(file.personal.nonce.to_vec())
        .bind(file.personal.bytes.clone())
        .bind(file.kept_at.seconds())
        .bind(file.expires_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The files that an account has kept at a school and that are not over, by kind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kept_files(
        &mut self,
        account: &Id,
        school: &SchoolCode,
        now: UnixTime,
    ) -> Result<Vec<KeptFile>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM kept_files WHERE account = $1 AND school = $2 AND expires_at > $3 ORDER BY kind",
        )
        .bind(account.to_string())
        .bind(school.as_str())
        .bind(now.seconds())
        .fetch_all(self.connection())
        .await?;
        all(FILES, &rows, kept_file)
    }

    /// Whose files of which kind are kept where, those that are over among them; for a look at all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kept_file_keys(&mut self) -> Result<Vec<(Id, SchoolCode, KeptKind)>, StoreError> {
        let rows = sqlx::query("SELECT account, school, kind FROM kept_files ORDER BY account, school, kind")
            .fetch_all(self.connection())
            .await?;
        all(FILES, &rows, |row| Ok((row.parsed("account")?, row.parsed("school")?, row.parsed("kind")?)))
    }

    /// One of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kept_file(
        &mut self,
        (account, school, kind): &(Id, SchoolCode, KeptKind),
    ) -> Result<Option<KeptFile>, StoreError> {
        let row = sqlx::query("SELECT * FROM kept_files WHERE account = $1 AND school = $2 AND kind = $3")
            .bind(account.to_string())
            .bind(school.as_str())
            .bind(kind.as_str())
            .fetch_optional(self.connection())
            .await?;
        maybe(FILES, row.as_ref(), kept_file)
    }

    /// Removes a kept file, unless another one took its place: the nonce of its envelope says which it is. Gives whether
    /// it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn drop_kept_file(
        &mut self,
        account: &Id,
        school: &SchoolCode,
        kind: KeptKind,
        nonce: &[u8; 12],
    ) -> Result<bool, StoreError> {
        let done =
            sqlx::query("DELETE FROM kept_files WHERE account = $1 AND school = $2 AND kind = $3 AND nonce = $4")
                .bind(account.to_string())
                .bind(school.as_str())
                .bind(kind.as_str())
                .bind(nonce.to_vec())
                .execute(self.connection())
                .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn task(row: &Row<'_>) -> Result<Task, StoreError> {
    let result = match row.bytes_opt("result")? {
        Some(bytes) => Some(Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes }),
        None => None,
    };
    Ok(Task {
        id: row.parsed("id")?,
        school: row.parsed("school")?,
        account: row.parsed("account")?,
        kind: row.parsed("kind")?,
        year: row.read("year", SchoolYear::starting(row.number("year")?))?,
        class: row.parsed_opt("class")?,
        done: row.number("steps_done")?,
        steps: row.number("steps")?,
        state: row.parsed("state")?,
        result,
        begun_at: row.time("begun_at")?,
        beat_at: row.time("beat_at")?,
        ended_at: row.time_opt("ended_at")?,
    })
}

fn kept_file(row: &Row<'_>) -> Result<KeptFile, StoreError> {
    let year = row.number_opt("year")?.map(|start| row.read("year", SchoolYear::starting(start))).transpose()?;
    Ok(KeptFile {
        account: row.parsed("account")?,
        school: row.parsed("school")?,
        kind: row.parsed("kind")?,
        year,
        personal: Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes: row.bytes("personal")? },
        kept_at: row.time("kept_at")?,
        expires_at: row.time("expires_at")?,
    })
}
