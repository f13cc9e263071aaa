//! Links on paper: which version of a record each shows, and by which data key its code follows.

use hocba_record::encoding::{RecordId, Sha256Digest};

use crate::{
    StoreError, Tx,
    model::{Id, Link, LinkContent, PaperLink},
    row::{Row, all, one},
};

const TABLE: &str = "links";

impl Tx {
    /// Adds a paper link to a version of a record. `token_hash`: SHA-256 of the token; `key_id`: the data key that the
    /// code follows from.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where the version has a living paper link by this key; when the database refuses.
    pub async fn add_paper_link(
        &mut self,
        link: &Link,
        (version, key_id): (u32, &str),
        token_hash: &Sha256Digest,
        content: &LinkContent,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO links (id, token_hash, record, scope, created_by, created_at, nonce, bundle, version, key_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (record, version, key_id) WHERE key_id IS NOT NULL AND withdrawn_at IS NULL DO NOTHING",
        )
        .bind(link.id.to_string())
        .bind(token_hash.as_bytes().to_vec())
        .bind(link.record.to_string())
        .bind(link.scope.as_str())
        .bind(&link.created_by)
        .bind(link.created_at.seconds())
        .bind(content.nonce.to_vec())
        .bind(content.bytes.clone())
        .bind(i64::from(version))
        .bind(key_id)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the paper link")
    }

    /// The living paper links of a class's records, of all versions, in the order they were made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn paper_links_of_class(&mut self, class: &Id) -> Result<Vec<PaperLink>, StoreError> {
        let rows = sqlx::query(
            "SELECT k.id, k.record, k.version, k.key_id, k.created_at, k.withdrawn_at \
             FROM links k JOIN records r ON r.id = k.record \
             WHERE r.class = $1 AND k.key_id IS NOT NULL AND k.withdrawn_at IS NULL ORDER BY k.created_at, k.id",
        )
        .bind(class.to_string())
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, link)
    }

    /// All paper links of a record, withdrawn ones among them, in the order they were made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn paper_links_of(&mut self, record: &RecordId) -> Result<Vec<PaperLink>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, record, version, key_id, created_at, withdrawn_at FROM links \
             WHERE record = $1 AND key_id IS NOT NULL ORDER BY created_at, id",
        )
        .bind(record.to_string())
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, link)
    }
}

fn link(row: &Row<'_>) -> Result<PaperLink, StoreError> {
    Ok(PaperLink {
        id: row.parsed("id")?,
        record: row.parsed("record")?,
        version: row.number("version")?,
        key_id: row.text("key_id")?,
        created_at: row.time("created_at")?,
        withdrawn_at: row.time_opt("withdrawn_at")?,
    })
}
