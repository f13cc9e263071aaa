//! Walks over whole tables, a page at a time, for `fsck`: keys first, so that one unreadable row does not hide the next.

use hocba_bundle::facts::IssuerCode;
use hocba_record::encoding::{RecordId, Sha256Digest};

use crate::{
    StoreError, Tx,
    model::{Job, LeafKind},
    row::{Row, all},
};

/// A leaf's own key, what it is of, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafKey {
    /// SHA-256(0x00 || statement).
    pub leaf: Sha256Digest,
    /// Of what.
    pub kind: LeafKind,
    /// Record, appointment or evidence.
    pub subject: RecordId,
    /// Version of the record; else 1.
    pub version: u32,
    /// In which batch.
    pub batch: Option<i64>,
}

impl Tx {
    /// Records and versions in their order: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version_keys_after(
        &mut self,
        after: Option<(&RecordId, u32)>,
        limit: u32,
    ) -> Result<Vec<(RecordId, u32)>, StoreError> {
        let (record, number) = after.map_or((String::new(), 0), |(record, n)| (record.to_string(), i64::from(n)));
        let rows = sqlx::query(
            "SELECT record, version FROM record_versions WHERE record > $1 OR (record = $1 AND version > $2) \
             ORDER BY record, version LIMIT $3",
        )
        .bind(record)
        .bind(number)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all("record_versions", &rows, |row| Ok((row.parsed("record")?, row.number("version")?)))
    }

    /// Appointments in the order of their ids: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointment_ids_after(
        &mut self,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Vec<RecordId>, StoreError> {
        let rows = sqlx::query("SELECT id FROM appointments WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.map_or(String::new(), ToString::to_string))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all("appointments", &rows, |row| row.parsed("id"))
    }

    /// Leaves in the order of their hashes: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn leaf_keys_after(
        &mut self,
        after: Option<&Sha256Digest>,
        limit: u32,
    ) -> Result<Vec<LeafKey>, StoreError> {
        let rows = sqlx::query(
            "SELECT leaf, kind, subject, version, batch FROM leaves WHERE leaf > $1 ORDER BY leaf LIMIT $2",
        )
        .bind(after.map_or(Vec::new(), |leaf| leaf.as_bytes().to_vec()))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all("leaves", &rows, leaf_key)
    }

    /// What waits for a batch: issuer, kind and number of leaves.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_waiting(&mut self) -> Result<Vec<(IssuerCode, LeafKind, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT issuer, kind, COUNT(*) AS n FROM leaves WHERE batch IS NULL GROUP BY issuer, kind \
             ORDER BY issuer, kind",
        )
        .fetch_all(self.connection())
        .await?;
        all("leaves", &rows, |row| Ok((row.parsed("issuer")?, row.parsed("kind")?, row.number("n")?)))
    }

    /// The open job of this kind and subject.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_job(&mut self, kind: crate::model::JobKind, subject: &str) -> Result<Option<Job>, StoreError> {
        let row = sqlx::query("SELECT * FROM jobs WHERE kind = $1 AND subject = $2 AND done_at IS NULL")
            .bind(kind.as_str())
            .bind(subject)
            .fetch_optional(self.connection())
            .await?;
        crate::row::maybe("jobs", row.as_ref(), crate::jobs::job)
    }
}

fn leaf_key(row: &Row<'_>) -> Result<LeafKey, StoreError> {
    Ok(LeafKey {
        leaf: row.digest("leaf")?,
        kind: row.parsed("kind")?,
        subject: row.parsed("subject")?,
        version: row.number("version")?,
        batch: row.int_opt("batch")?,
    })
}
