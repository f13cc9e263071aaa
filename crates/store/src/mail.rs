//! Telling people by e-mail: where to, and which day's mail was taken in hand.

use hocba_record::types::UnixTime;

use crate::{
    StoreError, Tx,
    model::{Envelope, Id, MailAddress, MailCode, MailDayState},
    row::{Row, all, maybe, one},
};

const ADDRESSES: &str = "mail_addresses";
const CODES: &str = "mail_codes";
const DAYS: &str = "mail_days";

impl Tx {
    /// Where an account is written to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_address(&mut self, account: &Id) -> Result<Option<MailAddress>, StoreError> {
        let row = sqlx::query("SELECT * FROM mail_addresses WHERE account = $1")
            .bind(account.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe(ADDRESSES, row.as_ref(), mail_address)
    }

    /// Addresses after one, in the order of their accounts; for a look at all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_addresses_after(
        &mut self,
        after: Option<&Id>,
        limit: u32,
    ) -> Result<Vec<MailAddress>, StoreError> {
        let rows = sqlx::query("SELECT * FROM mail_addresses WHERE account > $1 ORDER BY account LIMIT $2")
            .bind(after.map(ToString::to_string).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(ADDRESSES, &rows, mail_address)
    }

    /// Writes to an account at this address from now on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_mail_address(&mut self, address: &MailAddress) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO mail_addresses (account, key_id, nonce, address, confirmed_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account) DO UPDATE SET key_id = excluded.key_id, nonce = excluded.nonce, \
             address = excluded.address, confirmed_at = excluded.confirmed_at",
        )
        .bind(address.account.to_string())
        .bind(&address.address.key_id)
        .bind(address.address.nonce.to_vec())
        .bind(address.address.bytes.clone())
        .bind(address.confirmed_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The address of an account that waits for its code, while that works.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_code(&mut self, account: &Id, now: UnixTime) -> Result<Option<MailCode>, StoreError> {
        let row = sqlx::query("SELECT * FROM mail_codes WHERE account = $1 AND expires_at > $2")
            .bind(account.to_string())
            .bind(now.seconds())
            .fetch_optional(self.connection())
            .await?;
        maybe(CODES, row.as_ref(), mail_code)
    }

    /// Codes after one, in the order of their accounts; for a look at all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_codes_after(&mut self, after: Option<&Id>, limit: u32) -> Result<Vec<MailCode>, StoreError> {
        let rows = sqlx::query("SELECT * FROM mail_codes WHERE account > $1 ORDER BY account LIMIT $2")
            .bind(after.map(ToString::to_string).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(CODES, &rows, mail_code)
    }

    /// Lets an address wait for its code, in the place of the account's one before; those that are over go.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_mail_code(&mut self, code: &MailCode) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM mail_codes WHERE expires_at <= $1")
            .bind(code.made_at.seconds())
            .execute(self.connection())
            .await?;
        sqlx::query(
            "INSERT INTO mail_codes (account, hash, key_id, nonce, address, made_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, \
             key_id = excluded.key_id, nonce = excluded.nonce, address = excluded.address, \
             made_at = excluded.made_at, expires_at = excluded.expires_at",
        )
        .bind(code.account.to_string())
        .bind(code.hash.to_vec())
        .bind(&code.address.key_id)
        .bind(code.address.nonce.to_vec())
        .bind(code.address.bytes.clone())
        .bind(code.made_at.seconds())
        .bind(code.expires_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes the code of an account, once; whether it was there and works.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_mail_code(&mut self, account: &Id, hash: &[u8; 32], now: UnixTime) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM mail_codes WHERE account = $1 AND hash = $2 AND expires_at > $3")
            .bind(account.to_string())
            .bind(hash.to_vec())
            .bind(now.seconds())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Writes to an account no more, and lets no address of it wait; whether there was one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_mail(&mut self, account: &Id) -> Result<bool, StoreError> {
        let mut gone = 0;
        for sql in ["DELETE FROM mail_addresses WHERE account = $1", "DELETE FROM mail_codes WHERE account = $1"] {
            gone += sqlx::query(sql).bind(account.to_string()).execute(self.connection()).await?.rows_affected();
        }
        Ok(gone > 0)
    }

    /// Accounts after one, in the order of their ids, whose mail of a day may be sent now: not closed, not locked, and
    /// nobody took it in hand yet, or it was put off until now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_due(
        &mut self,
        day: i64,
        now: UnixTime,
        after: Option<&Id>,
        limit: u32,
    ) -> Result<Vec<Id>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.account FROM mail_addresses m JOIN accounts a ON a.id = m.account AND a.disabled_at IS NULL \
             LEFT JOIN account_access x ON x.account = m.account \
             LEFT JOIN mail_days d ON d.account = m.account AND d.day = $1 \
             WHERE m.account > $2 AND x.locked_at IS NULL \
             AND (d.account IS NULL OR (d.state = $3 AND d.due_at <= $4)) ORDER BY m.account LIMIT $5",
        )
        .bind(day)
        .bind(after.map(ToString::to_string).unwrap_or_default())
        .bind(MailDayState::PutOff.as_str())
        .bind(now.seconds())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        all(ADDRESSES, &rows, |row| row.parsed("account"))
    }

    /// Takes an account's mail of a day in hand, where nobody did so yet or it was put off until now: as `Sending`, or as
    /// `Nothing` where there is none. Gives which try it is, from 1; none where it is not to be sent.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn claim_mail_day(
        &mut self,
        account: &Id,
        day: i64,
        state: MailDayState,
        now: UnixTime,
    ) -> Result<Option<u32>, StoreError> {
        let row = sqlx::query(
            "INSERT INTO mail_days (account, day, state, tries) VALUES ($1, $2, $3, 1) ON CONFLICT (account, day) \
             DO UPDATE SET state = excluded.state, tries = mail_days.tries + 1, due_at = NULL \
             WHERE mail_days.state = $4 AND mail_days.due_at <= $5 RETURNING tries",
        )
        .bind(account.to_string())
        .bind(day)
        .bind(state.as_str())
        .bind(MailDayState::PutOff.as_str())
        .bind(now.seconds())
        .fetch_optional(self.connection())
        .await?;
        maybe(DAYS, row.as_ref(), |row| row.number("tries"))
    }

    /// Says what became of a mail that was taken in hand; `due_at` is when it is tried again, of one that is put off.
    ///
    /// # Errors
    /// `Changed` where it was not in hand.
    pub async fn settle_mail_day(
        &mut self,
        account: &Id,
        day: i64,
        state: MailDayState,
        due_at: Option<UnixTime>,
    ) -> Result<(), StoreError> {
        let done =
            sqlx::query("UPDATE mail_days SET state = $1, due_at = $2 WHERE account = $3 AND day = $4 AND state = $5")
                .bind(state.as_str())
                .bind(due_at.map(UnixTime::seconds))
                .bind(account.to_string())
                .bind(day)
                .bind(MailDayState::Sending.as_str())
                .execute(self.connection())
                .await?;
        one(done.rows_affected(), "mail of a day")
    }

    /// What became of an account's mail of a day, and how often it was tried.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mail_day(&mut self, account: &Id, day: i64) -> Result<Option<(MailDayState, u32)>, StoreError> {
        let row = sqlx::query("SELECT state, tries FROM mail_days WHERE account = $1 AND day = $2")
            .bind(account.to_string())
            .bind(day)
            .fetch_optional(self.connection())
            .await?;
        maybe(DAYS, row.as_ref(), |row| Ok((row.parsed("state")?, row.number("tries")?)))
    }

    /// Forgets what became of mails before a day.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_mail_days(&mut self, before: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM mail_days WHERE day < $1").bind(before).execute(self.connection()).await?;
        Ok(())
    }
}

fn envelope(row: &Row<'_>) -> Result<Envelope, StoreError> {
    Ok(Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes: row.bytes("address")? })
}

fn mail_address(row: &Row<'_>) -> Result<MailAddress, StoreError> {
    Ok(MailAddress {
        account: row.parsed("account")?,
        address: envelope(row)?,
        confirmed_at: row.time("confirmed_at")?,
    })
}

fn mail_code(row: &Row<'_>) -> Result<MailCode, StoreError> {
    Ok(MailCode {
        account: row.parsed("account")?,
        hash: row.fixed("hash")?,
        address: envelope(row)?,
        made_at: row.time("made_at")?,
        expires_at: row.time("expires_at")?,
    })
}
