//! Records and their versions.

use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, UnixTime},
};
use hocba_signature::statement::Statement;

use crate::{
    StoreError, Tx,
    model::{Envelope, Id, LeftOut, RecordLine, RecordState, RecordVersion, Renewal, ReturnReason},
    people::statement,
    row::{Row, all, maybe, one},
};

pub(crate) const TABLE: &str = "record_versions";
pub(crate) const FULL: &str =
    "SELECT v.*, r.class, r.number, r.pupil FROM record_versions v JOIN records r ON r.id = v.record";
/// Rows in one statement: 10 bound values each, SQLite takes 32,766, PostgreSQL 65,535.
const BULK: usize = 500;

/// A draft as it is first written.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// Record.
    pub record: RecordId,
    /// Number in the class list (STT).
    pub number: u32,
    /// Whose it is.
    pub pupil: Option<Id>,
    /// Seed and sections.
    pub personal: Envelope,
}

/// A version after the first, as it is first written.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Record.
    pub record: RecordId,
    /// Its number: one above the latest, which is sealed.
    pub version: u32,
    /// Why.
    pub renewed: Renewal,
    /// Seed and sections.
    pub personal: Envelope,
}

impl Tx {
    /// Adds the drafts of a class, version 1 of new records.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a number that is taken.
    pub async fn add_drafts(&mut self, class: &Id, drafts: &[NewDraft], now: UnixTime) -> Result<(), StoreError> {
        for draft in drafts {
            self.touched.appeared(&draft.record, now);
        }
        for drafts in drafts.chunks(BULK) {
            let sql =
                format!("INSERT INTO records (id, class, number, pupil) VALUES {}", placeholders(drafts.len(), 4));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for draft in drafts {
                query = query
                    .bind(draft.record.to_string())
                    .bind(class.to_string())
                    .bind(i64::from(draft.number))
                    .bind(draft.pupil.map(|pupil| pupil.to_string()));
            }
            query.execute(self.connection()).await.map_err(|e| StoreError::from(e).or_exists("the number"))?;
            let sql = format!(
                "INSERT INTO record_versions (record, version, state, revision, key_id, nonce, personal, changed_at) \
                 VALUES {}",
                placeholders(drafts.len(), 8)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for draft in drafts {
                query = query
                    .bind(draft.record.to_string())
                    .bind(1_i64)
                    .bind(RecordState::Draft.as_str())
                    .bind(1_i64)
                    .bind(draft.personal.key_id.clone())
                    .bind(draft.personal.nonce.to_vec())
                    .bind(draft.personal.bytes.clone())
                    .bind(now.seconds());
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Adds a version to a record whose latest one is sealed.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where the latest is not the one before it, or not sealed.
    pub async fn add_version(&mut self, new: &NewVersion, now: UnixTime) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO record_versions \
             (record, version, state, revision, key_id, nonce, personal, changed_at, renewed) \
             SELECT v.record, v.version + 1, 'draft', 1, $1, $2, $3, $4, $5 FROM record_versions v \
             WHERE v.record = $6 AND v.version = $7 AND v.state = 'sealed' AND v.version = \
             (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record)",
        )
        .bind(&new.personal.key_id)
        .bind(new.personal.nonce.to_vec())
        .bind(new.personal.bytes.clone())
        .bind(now.seconds())
        .bind(new.renewed.as_str())
        .bind(new.record.to_string())
        .bind(i64::from(new.version) - 1)
        .execute(self.connection())
        .await?;
        self.touched.record(&new.record, now);
        one(done.rows_affected(), "the record")
    }

    /// Puts another content into a draft.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no draft of this revision any more.
    pub async fn replace_draft(
        &mut self,
        record: &RecordId,
        version: u32,
        revision: i64,
        personal: &Envelope,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE record_versions SET key_id = $1, nonce = $2, personal = $3, changed_at = $4, \
             revision = revision + 1 WHERE record = $5 AND version = $6 AND revision = $7 AND state = 'draft'",
        )
        .bind(&personal.key_id)
        .bind(personal.nonce.to_vec())
        .bind(personal.bytes.clone())
        .bind(now.seconds())
        .bind(record.to_string())
        .bind(i64::from(version))
        .bind(revision)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the draft")
    }

    /// Removes a record that was never signed: a pupil who is no longer in the spreadsheet.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no first draft of this revision any more.
    pub async fn remove_draft(&mut self, record: &RecordId, revision: i64) -> Result<(), StoreError> {
        self.touch_before(record).await?;
        let done = sqlx::query(
            "DELETE FROM record_versions WHERE record = $1 AND version = 1 AND revision = $2 AND state = 'draft'",
        )
        .bind(record.to_string())
        .bind(revision)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the draft")?;
        let done = sqlx::query("DELETE FROM records WHERE id = $1")
            .bind(record.to_string())
            .execute(self.connection())
            .await?;
        one(done.rows_affected(), "the record")
    }

    /// Takes a version a step further: a statement with one signature more.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not in the state or of the revision it was read in.
    pub async fn advance(&mut self, step: &Advance<'_>, now: UnixTime) -> Result<(), StoreError> {
        self.touched.record(step.record, now);
        let done = sqlx::query(
            "UPDATE record_versions SET state = $1, statement = $2, returned = NULL, left_out = NULL, \
             note_key_id = NULL, note_nonce = NULL, note = NULL, changed_at = $3, revision = revision + 1 \
             WHERE record = $4 AND version = $5 AND revision = $6 AND state = $7",
        )
        .bind(step.to.as_str())
        .bind(step.statement.to_bytes())
        .bind(now.seconds())
        .bind(step.record.to_string())
        .bind(i64::from(step.version))
        .bind(step.revision)
        .bind(step.from.as_str())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the record")
    }

    /// Takes a signed version back to a draft, with a new seed: what was signed is not reused. What is written to the teacher
    /// stays until the next signature.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is sealed, or not of the revision it was read in.
    pub async fn return_to_draft(
        &mut self,
        version: &RecordVersion,
        personal: &Envelope,
        (reason, note): (ReturnReason, Option<&Envelope>),
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.touched.record(&version.record, now);
        let done = sqlx::query(
            "UPDATE record_versions SET state = 'draft', statement = NULL, returned = $1, key_id = $2, nonce = $3, \
             personal = $4, changed_at = $5, revision = revision + 1, note_key_id = $6, note_nonce = $7, note = $8 \
             WHERE record = $9 AND version = $10 AND revision = $11 AND state IN ('teacher_signed', 'co_signed')",
        )
        .bind(reason.as_str())
        .bind(&personal.key_id)
        .bind(personal.nonce.to_vec())
        .bind(personal.bytes.clone())
        .bind(now.seconds())
        .bind(note.map(|note| note.key_id.clone()))
        .bind(note.map(|note| note.nonce.to_vec()))
        .bind(note.map(|note| note.bytes.clone()))
        .bind(version.record.to_string())
        .bind(i64::from(version.version))
        .bind(version.revision)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the record")
    }

    /// Leaves a draft out, or takes it back in.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no draft of this revision any more.
    pub async fn leave_out(
        &mut self,
        record: &RecordId,
        version: u32,
        revision: i64,
        reason: Option<LeftOut>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.touched.record(record, now);
        let done = sqlx::query(
            "UPDATE record_versions SET left_out = $1, changed_at = $2, revision = revision + 1 \
             WHERE record = $3 AND version = $4 AND revision = $5 AND state = 'draft'",
        )
        .bind(reason.map(LeftOut::as_str))
        .bind(now.seconds())
        .bind(record.to_string())
        .bind(i64::from(version))
        .bind(revision)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the draft")
    }

    /// The latest version of a record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn record(&mut self, id: &RecordId) -> Result<Option<RecordVersion>, StoreError> {
        let sql = format!("{FULL} WHERE v.record = $1 ORDER BY v.version DESC LIMIT 1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(self.connection()).await?;
        maybe(TABLE, row.as_ref(), version)
    }

    /// A version of a record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn record_version(&mut self, id: &RecordId, number: u32) -> Result<Option<RecordVersion>, StoreError> {
        let sql = format!("{FULL} WHERE v.record = $1 AND v.version = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(i64::from(number))
            .fetch_optional(self.connection())
            .await?;
        maybe(TABLE, row.as_ref(), version)
    }

    /// The latest version of each record of a class, by number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records_of(&mut self, class: &Id) -> Result<Vec<RecordVersion>, StoreError> {
        let sql = format!(
            "{FULL} WHERE r.class = $1 AND v.version = \
             (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record) ORDER BY r.number"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(class.to_string()).fetch_all(self.connection()).await?;
        all(TABLE, &rows, version)
    }

    /// Classes of a school with records whose latest version is sealed and renews another one, while no status says yet that
    /// it takes the place: the class, and how many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn superseding_due(&mut self, school: &SchoolCode) -> Result<Vec<(Id, usize)>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.class AS class, COUNT(*) AS due FROM classes c JOIN records r ON r.class = c.id \
             JOIN record_versions v ON v.record = r.id AND v.version > 1 \
             WHERE c.school = $1 AND v.state = 'sealed' AND v.renewed IS NOT NULL \
             AND v.version = (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record) \
             AND NOT EXISTS (SELECT 1 FROM statuses s WHERE s.subject = v.record \
             AND (s.live_version >= v.version OR s.action = 'revoke')) GROUP BY r.class",
        )
        .bind(school.as_str())
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, |row| Ok((row.parsed("class")?, row.number("due")?)))
    }

    /// All versions in the order of their records, a page at a time: those after `(record, version)`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn versions_after(
        &mut self,
        after: Option<(&RecordId, u32)>,
        limit: u32,
    ) -> Result<Vec<RecordVersion>, StoreError> {
        let sql = format!(
            "{FULL} WHERE v.record > $1 OR (v.record = $1 AND v.version > $2) ORDER BY v.record, v.version LIMIT $3"
        );
        let (record, number) = after.map_or((String::new(), 0), |(record, n)| (record.to_string(), i64::from(n)));
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(record)
            .bind(number)
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, version)
    }

    /// The latest versions of a school's records that were anchored at this block time or later, with that time; by class
    /// and number, a page at a time: those after `(class, number)`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn anchored_since(
        &mut self,
        school: &SchoolCode,
        since: UnixTime,
        after: Option<(&Id, u32)>,
        limit: u32,
    ) -> Result<Vec<(RecordVersion, UnixTime)>, StoreError> {
        let (class, number) = after.map_or((String::new(), 0), |(class, n)| (class.to_string(), i64::from(n)));
        let rows = sqlx::query(
            "SELECT v.*, r.class, r.number, r.pupil, b.block_time FROM records r JOIN classes c ON c.id = r.class \
             JOIN record_versions v ON v.record = r.id \
             JOIN leaves l ON l.kind = 'record' AND l.subject = v.record AND l.version = v.version \
             JOIN batches b ON b.id = l.batch \
             WHERE c.school = $1 AND b.block_time >= $2 AND (r.class > $3 OR (r.class = $3 AND r.number > $4)) \
             AND v.version = (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record) \
             ORDER BY r.class, r.number LIMIT $5",
        )
        .bind(school.as_str())
        .bind(since.seconds())
        .bind(class)
        .bind(number)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, |row| Ok((version(row)?, row.time("block_time")?)))
    }

    /// What a list of a class shows, by number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn record_lines(&mut self, class: &Id) -> Result<Vec<RecordLine>, StoreError> {
        let rows = sqlx::query(
            "SELECT v.record, v.version, r.class, r.number, v.state, v.revision, v.left_out, v.returned, \
             l.batch, b.block_time \
             FROM records r JOIN record_versions v ON v.record = r.id \
             LEFT JOIN leaves l ON l.kind = 'record' AND l.subject = v.record AND l.version = v.version \
             LEFT JOIN batches b ON b.id = l.batch \
             WHERE r.class = $1 AND v.version = \
             (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record) ORDER BY r.number",
        )
        .bind(class.to_string())
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, line)
    }

    /// Number of latest record versions in each state, left out ones not counted: `(state, batched, anchored)` → count.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_records(&mut self) -> Result<Vec<(RecordState, bool, bool, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT v.state, CASE WHEN l.batch IS NULL THEN 0 ELSE 1 END AS batched, \
             CASE WHEN b.chain_index IS NULL THEN 0 ELSE 1 END AS anchored, COUNT(*) AS n \
             FROM record_versions v \
             LEFT JOIN leaves l ON l.kind = 'record' AND l.subject = v.record AND l.version = v.version \
             LEFT JOIN batches b ON b.id = l.batch GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        )
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, |row| {
            Ok((row.parsed("state")?, row.int("batched")? == 1, row.int("anchored")? == 1, row.number("n")?))
        })
    }
}

/// One step of a version's state.
#[derive(Debug, Clone, Copy)]
pub struct Advance<'a> {
    /// Record.
    pub record: &'a RecordId,
    /// Version.
    pub version: u32,
    /// Revision it was read in.
    pub revision: i64,
    /// State it was read in,
    pub from: RecordState,
    /// and the one after.
    pub to: RecordState,
    /// With one signature more.
    pub statement: &'a Statement,
}

/// `($1, $2), ($3, $4)` …
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    use std::fmt::Write as _;
    let mut sql = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let _ = write!(sql, "{}${}", if column == 0 { "" } else { ", " }, row * columns + column + 1);
        }
        sql.push(')');
    }
    sql
}

pub(crate) fn version(row: &Row<'_>) -> Result<RecordVersion, StoreError> {
    Ok(RecordVersion {
        record: row.parsed("record")?,
        version: row.number("version")?,
        class: row.parsed("class")?,
        number: row.number("number")?,
        state: row.parsed("state")?,
        revision: row.int("revision")?,
        statement: match row.bytes_opt("statement")? {
            Some(_) => Some(statement(row)?),
            None => None,
        },
        personal: Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes: row.bytes("personal")? },
        left_out: row.parsed_opt("left_out")?,
        returned: row.parsed_opt("returned")?,
        note: match row.bytes_opt("note")? {
            Some(bytes) => Some(Envelope { key_id: row.text("note_key_id")?, nonce: row.fixed("note_nonce")?, bytes }),
            None => None,
        },
        changed_at: row.time("changed_at")?,
        renewed: row.parsed_opt("renewed")?,
        pupil: row.parsed_opt("pupil")?,
    })
}

fn line(row: &Row<'_>) -> Result<RecordLine, StoreError> {
    Ok(RecordLine {
        record: row.parsed("record")?,
        version: row.number("version")?,
        class: row.parsed("class")?,
        number: row.number("number")?,
        state: row.parsed("state")?,
        revision: row.int("revision")?,
        left_out: row.parsed_opt("left_out")?,
        returned: row.parsed_opt("returned")?,
        batched: row.int_opt("batch")?.is_some(),
        anchored_at: row.time_opt("block_time")?,
    })
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(placeholders(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
