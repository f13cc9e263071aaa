//! Links: a bundle encrypted under a key that the database never sees, and the looks that were taken at it.

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::UnixTime,
};

use sqlx::AssertSqlSafe;

use crate::{
    StoreError, Tx,
    model::{HandedOut, Id, Link, LinkContent},
    row::{Row, all, maybe, one},
};

const TABLE: &str = "links";
/// All but the bundle, which is large.
const LINE: &str = "SELECT k.id, k.record, k.scope, k.created_by, k.created_at, k.expires_at, k.withdrawn_at";

impl Tx {
    /// Adds a link. `token_hash`: SHA-256 of the token.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_link(
        &mut self,
        link: &Link,
        token_hash: &Sha256Digest,
        content: &LinkContent,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO links (id, token_hash, record, scope, created_by, created_at, expires_at, nonce, bundle) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(link.id.to_string())
        .bind(token_hash.as_bytes().to_vec())
        .bind(link.record.to_string())
        .bind(link.scope.as_str())
        .bind(&link.created_by)
        .bind(link.created_at.seconds())
        .bind(link.expires_at.map(UnixTime::seconds))
        .bind(content.nonce.to_vec())
        .bind(content.bytes.clone())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The link of a token, and its content unless it was withdrawn.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link_of_token(
        &mut self,
        token_hash: &Sha256Digest,
    ) -> Result<Option<(Link, Option<LinkContent>)>, StoreError> {
        let row = sqlx::query("SELECT * FROM links WHERE token_hash = $1")
            .bind(token_hash.as_bytes().to_vec())
            .fetch_optional(self.connection())
            .await?;
        maybe(TABLE, row.as_ref(), |row| {
            let content = match row.bytes_opt("bundle")? {
                Some(bytes) => Some(LinkContent { nonce: row.fixed("nonce")?, bytes }),
                None => None,
            };
            Ok((link(row)?, content))
        })
    }

    /// The link of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link(&mut self, id: &Id) -> Result<Option<Link>, StoreError> {
        let sql = format!("{LINE} FROM links k WHERE k.id = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(self.connection()).await?;
        maybe(TABLE, row.as_ref(), link)
    }

    /// All links of a record, in the order they were made, with the number of looks at each.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn links_of(&mut self, record: &RecordId) -> Result<Vec<(Link, u64)>, StoreError> {
        let sql = format!(
            "{LINE}, (SELECT COUNT(*) FROM link_looks o WHERE o.link = k.id) AS looks \
             FROM links k WHERE k.record = $1 ORDER BY k.created_at, k.id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(record.to_string()).fetch_all(self.connection()).await?;
        all(TABLE, &rows, |row| Ok((link(row)?, row.number("looks")?)))
    }

    /// The links to a record that the house handed out, the newest first: all but those that a pupil or parent made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn handed_out_of(&mut self, record: &RecordId) -> Result<Vec<HandedOut>, StoreError> {
        let sql = format!(
            "{LINE}, k.version, (SELECT COUNT(*) FROM link_looks o WHERE o.link = k.id) AS looks, \
             (SELECT MAX(o.at) FROM link_looks o WHERE o.link = k.id) AS last_look \
             FROM links k WHERE k.record = $1 AND NOT EXISTS (SELECT 1 FROM link_choices c WHERE c.link = k.id) \
             ORDER BY k.created_at DESC, k.id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(record.to_string()).fetch_all(self.connection()).await?;
        all(TABLE, &rows, |row| {
            let (paper, looks) = (row.number_opt("version")?, row.number("looks")?);
            Ok(HandedOut { link: link(row)?, paper, looks, last_look: row.time_opt("last_look")? })
        })
    }

    /// Withdraws a link: its bundle is gone from here; copies taken remain with whoever took them.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was withdrawn already.
    pub async fn withdraw_link(&mut self, id: &Id, now: UnixTime) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE links SET withdrawn_at = $1, nonce = NULL, bundle = NULL WHERE id = $2 AND withdrawn_at IS NULL",
        )
        .bind(now.seconds())
        .bind(id.to_string())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the link")
    }

    /// Notes a look.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_look(&mut self, id: &Id, now: UnixTime) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO link_looks (link, at) VALUES ($1, $2)")
            .bind(id.to_string())
            .bind(now.seconds())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// When somebody looked, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn looks_at(&mut self, id: &Id) -> Result<Vec<UnixTime>, StoreError> {
        let rows = sqlx::query("SELECT at FROM link_looks WHERE link = $1 ORDER BY id")
            .bind(id.to_string())
            .fetch_all(self.connection())
            .await?;
        all("link_looks", &rows, |row| row.time("at"))
    }
}

fn link(row: &Row<'_>) -> Result<Link, StoreError> {
    Ok(Link {
        id: row.parsed("id")?,
        record: row.parsed("record")?,
        scope: row.parsed("scope")?,
        created_by: row.text("created_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.time_opt("expires_at")?,
        withdrawn_at: row.time_opt("withdrawn_at")?,
    })
}
