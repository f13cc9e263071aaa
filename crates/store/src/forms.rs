//! Forms that were sent and do their work once.

use hocba_record::{encoding::Sha256Digest, types::UnixTime};

use crate::{StoreError, Tx};

/// Rows that are over and removed when one is added: more than are added, so they do not pile up.
const SWEPT: i64 = 8;

impl Tx {
    /// Notes that a form was sent; whether it is the first time. What is noted may go from `expires_at` on, when nobody
    /// can send the form any more.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_form(
        &mut self,
        hash: &Sha256Digest,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<bool, StoreError> {
        sqlx::query(
            "DELETE FROM used_forms WHERE hash IN \
             (SELECT hash FROM used_forms WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        )
        .bind(now.seconds())
        .bind(SWEPT)
        .execute(self.connection())
        .await?;
        let added = sqlx::query(
            "INSERT INTO used_forms (hash, used_at, expires_at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash.as_bytes().to_vec())
        .bind(now.seconds())
        .bind(expires_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(added.rows_affected() == 1)
    }
}
