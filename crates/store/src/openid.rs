//! Accounts as an OpenID Connect provider knows them: links, and grants that follow from its claims.

use hocba_record::types::UnixTime;

use crate::{
    StoreError, Tx,
    model::{Grant, Id},
    row::{Row, all, maybe},
};

impl Tx {
    /// The account of a provider's subject, also one that was closed since.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn openid_account(&mut self, issuer: &str, subject: &str) -> Result<Option<Id>, StoreError> {
        let row = sqlx::query("SELECT * FROM openid_links WHERE issuer = $1 AND subject = $2")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(self.connection())
            .await?;
        maybe("openid_links", row.as_ref(), |row| row.parsed("account"))
    }

    /// Whether an account is some subject's of this provider.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_openid_link(&mut self, account: &Id, issuer: &str) -> Result<bool, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM openid_links WHERE account = $1 AND issuer = $2")
            .bind(account.to_string())
            .bind(issuer)
            .fetch_one(self.connection())
            .await?;
        Ok(n > 0)
    }

    /// Makes an account a subject's.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the subject has an account, or the account a subject of this provider.
    pub async fn add_openid_link(
        &mut self,
        issuer: &str,
        subject: &str,
        account: &Id,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO openid_links (issuer, subject, account, linked_at) VALUES ($1, $2, $3, $4)")
            .bind(issuer)
            .bind(subject)
            .bind(account.to_string())
            .bind(now.seconds())
            .execute(self.connection())
            .await
            .map_err(|e| StoreError::from(e).or_exists("the link"))?;
        Ok(())
    }

    /// Takes the links of an account away; how many there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_openid_links(&mut self, account: &Id) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM openid_links WHERE account = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }

    /// What the provider's claims gave an account to do when it last signed in there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn openid_grants_of(&mut self, account: &Id) -> Result<Vec<Grant>, StoreError> {
        let rows = sqlx::query("SELECT * FROM openid_grants WHERE account = $1 ORDER BY role, school, prefix")
            .bind(account.to_string())
            .fetch_all(self.connection())
            .await?;
        all("openid_grants", &rows, grant)
    }

    /// Puts these in the place of what the provider's claims gave before. Classes are left out: no claim gives one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_openid_grants(&mut self, account: &Id, grants: &[Grant]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM openid_grants WHERE account = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        for grant in grants {
            sqlx::query("INSERT INTO openid_grants (account, role, school, prefix) VALUES ($1, $2, $3, $4)")
                .bind(account.to_string())
                .bind(grant.role.as_str())
                .bind(grant.school.as_ref().map(ToString::to_string))
                .bind(grant.prefix.as_ref().map(ToString::to_string))
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

fn grant(row: &Row<'_>) -> Result<Grant, StoreError> {
    Ok(Grant {
        role: row.parsed("role")?,
        school: row.parsed_opt("school")?,
        prefix: row.parsed_opt("prefix")?,
        class: None,
    })
}
