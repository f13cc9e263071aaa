//! How people sign in: passwords, second factors, slips, sessions, devices, and what was tried.

use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolCode, UnixTime},
};

use crate::{
    StoreError, Tx,
    model::{Access, Account, Device, Envelope, Grant, Id, StoredSession, StoredSlip, Totp, TryKind},
    people::account,
    row::{Row, all, maybe, one},
};

const ACCESS: &str = "account_access";
const SESSIONS: &str = "sessions";
/// Rows that say nothing any more and are removed at a time, when another one is added: more than are added, so they
/// do not pile up, and few enough to be no work.
const SWEPT: i64 = 8;

impl Tx {
    /// The account of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account(&mut self, id: &Id) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE id = $1 AND disabled_at IS NULL")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        self.with_grants(maybe("accounts", row.as_ref(), account)?).await
    }

    /// The accounts with a grant in this school, by login; also one that the OpenID Connect provider gave, which is not
    /// among their grants here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts_of_school(&mut self, school: &SchoolCode) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM accounts WHERE disabled_at IS NULL AND (id IN (SELECT account FROM grants WHERE school = $1) \
             OR id IN (SELECT account FROM openid_grants WHERE school = $1)) ORDER BY login",
        )
        .bind(school.as_str())
        .fetch_all(self.connection())
        .await?;
        let mut accounts = all("accounts", &rows, account)?;
        for account in &mut accounts {
            account.grants = self.grants_of(&account.id).await?;
        }
        Ok(accounts)
    }

    /// Gives an account these things to do, and no others.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_grants(&mut self, account: &Id, grants: &[Grant]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM grants WHERE account = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        for grant in grants {
            self.add_grant(account, grant).await?;
        }
        Ok(())
    }

    /// How an account signs in.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn access_of(&mut self, account: &Id) -> Result<Access, StoreError> {
        let row = sqlx::query("SELECT * FROM account_access WHERE account = $1")
            .bind(account.to_string())
            .fetch_optional(self.connection())
            .await?;
        Ok(maybe(ACCESS, row.as_ref(), access)?.unwrap_or_default())
    }

    /// Accounts in the order of their ids, with how they sign in: those after this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accesses_after(&mut self, after: Option<&Id>, limit: u32) -> Result<Vec<(Id, Access)>, StoreError> {
        let rows = sqlx::query("SELECT * FROM account_access WHERE account > $1 ORDER BY account LIMIT $2")
            .bind(after.map_or(String::new(), ToString::to_string))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        all(ACCESS, &rows, |row| Ok((row.parsed("account")?, access(row)?)))
    }

    /// Sets an account's password. `hash`: argon2id, as a PHC string.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_password(&mut self, account: &Id, hash: &str, now: UnixTime) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO account_access (account, password, password_at) VALUES ($1, $2, $3) \
             ON CONFLICT (account) DO UPDATE SET password = excluded.password, password_at = excluded.password_at",
        )
        .bind(account.to_string())
        .bind(hash)
        .bind(now.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Sets an account's second factor.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_totp(&mut self, account: &Id, totp: &Totp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO account_access (account, key_id, nonce, totp, totp_at, totp_step) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO UPDATE SET key_id = excluded.key_id, \
             nonce = excluded.nonce, totp = excluded.totp, totp_at = excluded.totp_at, totp_step = excluded.totp_step",
        )
        .bind(account.to_string())
        .bind(&totp.secret.key_id)
        .bind(totp.secret.nonce.to_vec())
        .bind(totp.secret.bytes.clone())
        .bind(totp.since.seconds())
        .bind(totp.step)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes a step of the second factor; whether it was not taken before, nor a later one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_totp_step(&mut self, account: &Id, step: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE account_access SET totp_step = $1 WHERE account = $2 AND totp_step < $1")
            .bind(step)
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes password, second factor, recovery codes and e-mail address from an account. A lock stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear_access(&mut self, account: &Id) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE account_access SET password = NULL, password_at = NULL, key_id = NULL, nonce = NULL, totp = NULL, \
             totp_at = NULL, totp_step = NULL WHERE account = $1",
        )
        .bind(account.to_string())
        .execute(self.connection())
        .await?;
        sqlx::query("DELETE FROM recovery_codes WHERE account = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        // It was of whoever had the account; who has it next says their own.
        self.remove_mail(account).await?;
        Ok(())
    }

    /// Locks an account, or opens it again; whether that changed anything.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_locked(&mut self, account: &Id, locked: Option<UnixTime>) -> Result<bool, StoreError> {
        let done = match locked {
            Some(now) => {
                sqlx::query(
                    "INSERT INTO account_access (account, locked_at) VALUES ($1, $2) ON CONFLICT (account) \
                     DO UPDATE SET locked_at = excluded.locked_at WHERE account_access.locked_at IS NULL",
                )
                .bind(account.to_string())
                .bind(now.seconds())
                .execute(self.connection())
                .await?
            }
            None => {
                sqlx::query("UPDATE account_access SET locked_at = NULL WHERE account = $1 AND locked_at IS NOT NULL")
                    .bind(account.to_string())
                    .execute(self.connection())
                    .await?
            }
        };
        Ok(done.rows_affected() == 1)
    }

    /// Keeps a slip, in the place of the one that its account had.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_slip(&mut self, slip: &StoredSlip) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO slips (account, hash, made_by, made_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, made_by = excluded.made_by, \
             made_at = excluded.made_at, expires_at = excluded.expires_at",
        )
        .bind(slip.account.to_string())
        .bind(slip.hash.as_bytes().to_vec())
        .bind(&slip.made_by)
        .bind(slip.made_at.seconds())
        .bind(slip.expires_at.seconds())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the slip")
    }

    /// The slip of a code. `hash`: SHA-256 of the code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn slip_of_code(&mut self, hash: &Sha256Digest) -> Result<Option<StoredSlip>, StoreError> {
        let row = sqlx::query("SELECT * FROM slips WHERE hash = $1")
            .bind(hash.as_bytes().to_vec())
            .fetch_optional(self.connection())
            .await?;
        maybe("slips", row.as_ref(), slip)
    }

    /// The slip of an account.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn slip_of(&mut self, account: &Id) -> Result<Option<StoredSlip>, StoreError> {
        let row = sqlx::query("SELECT * FROM slips WHERE account = $1")
            .bind(account.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe("slips", row.as_ref(), slip)
    }

    /// Takes a slip: it was used. Whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_slip(&mut self, hash: &Sha256Digest) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM slips WHERE hash = $1")
            .bind(hash.as_bytes().to_vec())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives an account these recovery codes, in the place of those it had. `hashes`: under the data key.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_recovery_codes(
        &mut self,
        account: &Id,
        hashes: &[[u8; 32]],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM recovery_codes WHERE account = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        for hash in hashes {
            sqlx::query("INSERT INTO recovery_codes (hash, account, made_at) VALUES ($1, $2, $3)")
                .bind(hash.to_vec())
                .bind(account.to_string())
                .bind(now.seconds())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Takes a recovery code of an account; whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_recovery_code(&mut self, account: &Id, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM recovery_codes WHERE account = $1 AND hash = $2")
            .bind(account.to_string())
            .bind(hash.to_vec())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether a recovery code of an account is there; it stays.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_recovery_code(&mut self, account: &Id, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM recovery_codes WHERE account = $1 AND hash = $2")
            .bind(account.to_string())
            .bind(hash.to_vec())
            .fetch_one(self.connection())
            .await?;
        Ok(n == 1)
    }

    /// How many recovery codes an account has left.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn recovery_codes_left(&mut self, account: &Id) -> Result<u32, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM recovery_codes WHERE account = $1")
            .bind(account.to_string())
            .fetch_one(self.connection())
            .await?;
        Ok(u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// Adds a session, and ends those of the account beyond the last so many; some that are over go with them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_session(&mut self, session: &StoredSession, most: u32) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        )
        .bind(session.created_at.seconds())
        .bind(SWEPT)
        .execute(self.connection())
        .await?;
        sqlx::query(
            "DELETE FROM sessions WHERE account = $1 AND id NOT IN \
             (SELECT id FROM sessions WHERE account = $1 ORDER BY created_at DESC, id LIMIT $2)",
        )
        .bind(session.account.to_string())
        .bind(i64::from(most.saturating_sub(1)))
        .execute(self.connection())
        .await?;
        sqlx::query(
            "INSERT INTO sessions (id, hash, account, label, address, created_at, seen_at, expires_at, began) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(session.id.to_string())
        .bind(session.hash.as_bytes().to_vec())
        .bind(session.account.to_string())
        .bind(&session.label)
        .bind(session.address.to_vec())
        .bind(session.created_at.seconds())
        .bind(session.seen_at.seconds())
        .bind(session.expires_at.seconds())
        .bind(session.began.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The session of a token. `hash`: SHA-256 of the token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session_of_token(&mut self, hash: &Sha256Digest) -> Result<Option<StoredSession>, StoreError> {
        let row = sqlx::query("SELECT * FROM sessions WHERE hash = $1")
            .bind(hash.as_bytes().to_vec())
            .fetch_optional(self.connection())
            .await?;
        maybe(SESSIONS, row.as_ref(), session)
    }

    /// The sessions of an account, the last one seen first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sessions_of(&mut self, account: &Id) -> Result<Vec<StoredSession>, StoreError> {
        let rows = sqlx::query("SELECT * FROM sessions WHERE account = $1 ORDER BY seen_at DESC, id")
            .bind(account.to_string())
            .fetch_all(self.connection())
            .await?;
        all(SESSIONS, &rows, session)
    }

    /// Notes that a session was seen; never an earlier moment than is known.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn touch_session(&mut self, id: &Id, now: UnixTime) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $1")
            .bind(now.seconds())
            .bind(id.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Ends a session of an account; whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_session(&mut self, account: &Id, id: &Id) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE account = $1 AND id = $2")
            .bind(account.to_string())
            .bind(id.to_string())
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends all sessions of an account but this one; how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_sessions_of(&mut self, account: &Id, but: Option<&Id>) -> Result<u32, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE account = $1 AND id <> $2")
            .bind(account.to_string())
            .bind(but.map_or(String::new(), ToString::to_string))
            .execute(self.connection())
            .await?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }

    /// The device of a token. `hash`: SHA-256 of the token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn device_of_token(&mut self, hash: &Sha256Digest) -> Result<Option<Device>, StoreError> {
        let row = sqlx::query("SELECT * FROM devices WHERE hash = $1")
            .bind(hash.as_bytes().to_vec())
            .fetch_optional(self.connection())
            .await?;
        maybe("devices", row.as_ref(), device)
    }

    /// Whether somebody signed in to this account from this network before, with a device that is still known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_known_at(&mut self, account: &Id, address: &[u8; 32], now: UnixTime) -> Result<bool, StoreError> {
        let (n,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM devices WHERE account = $1 AND address = $2 AND expires_at > $3")
                .bind(account.to_string())
                .bind(address.to_vec())
                .bind(now.seconds())
                .fetch_one(self.connection())
                .await?;
        Ok(n > 0)
    }

    /// Adds a device in the place of the one it was before, and forgets those of the account beyond the last so many;
    /// some that are over go with them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_device(
        &mut self,
        device: &Device,
        before: Option<&Sha256Digest>,
        most: u32,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM devices WHERE hash IN (SELECT hash FROM devices WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        )
        .bind(device.used_at.seconds())
        .bind(SWEPT)
        .execute(self.connection())
        .await?;
        if let Some(before) = before {
            sqlx::query("DELETE FROM devices WHERE hash = $1 AND account = $2")
                .bind(before.as_bytes().to_vec())
                .bind(device.account.to_string())
                .execute(self.connection())
                .await?;
        }
        sqlx::query(
            "DELETE FROM devices WHERE account = $1 AND hash NOT IN \
             (SELECT hash FROM devices WHERE account = $1 ORDER BY used_at DESC, hash LIMIT $2)",
        )
        .bind(device.account.to_string())
        .bind(i64::from(most.saturating_sub(1)))
        .execute(self.connection())
        .await?;
        sqlx::query("INSERT INTO devices (hash, account, address, used_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(device.hash.as_bytes().to_vec())
            .bind(device.account.to_string())
            .bind(device.address.to_vec())
            .bind(device.used_at.seconds())
            .bind(device.expires_at.seconds())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets all devices of an account.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_devices(&mut self, account: &Id) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM devices WHERE account = $1")
            .bind(account.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// What was tried under a key: level, and when it was counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tries(&mut self, key: &[u8; 32]) -> Result<Option<(i64, i64)>, StoreError> {
        let row = sqlx::query("SELECT * FROM tries WHERE key = $1")
            .bind(key.to_vec())
            .fetch_optional(self.connection())
            .await?;
        maybe("tries", row.as_ref(), |row| Ok((row.int("level")?, row.int("at")?)))
    }

    /// Notes what was tried under a key. `stale_at`: from when it says nothing any more. Some rows that do not go with
    /// it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_tries(
        &mut self,
        key: &[u8; 32],
        kind: TryKind,
        (level, at): (i64, i64),
        stale_at: i64,
    ) -> Result<(), StoreError> {
        let changed = sqlx::query("UPDATE tries SET level = $1, at = $2, stale_at = $3 WHERE key = $4")
            .bind(level)
            .bind(at)
            .bind(stale_at)
            .bind(key.to_vec())
            .execute(self.connection())
            .await?;
        if changed.rows_affected() == 1 {
            return Ok(());
        }
        // Only when one is added, or two who try again and again would be in each other's way here.
        sqlx::query(
            "DELETE FROM tries WHERE key IN (SELECT key FROM tries WHERE stale_at <= $1 ORDER BY stale_at LIMIT $2)",
        )
        .bind(at)
        .bind(SWEPT)
        .execute(self.connection())
        .await?;
        sqlx::query("INSERT INTO tries (key, kind, level, at, stale_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(key.to_vec())
            .bind(kind.as_str())
            .bind(level)
            .bind(at)
            .bind(stale_at)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets what was tried under a key.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_tries(&mut self, key: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM tries WHERE key = $1").bind(key.to_vec()).execute(self.connection()).await?;
        Ok(())
    }
}

fn access(row: &Row<'_>) -> Result<Access, StoreError> {
    let password = row.text_opt("password")?.zip(row.time_opt("password_at")?);
    let totp = match row.bytes_opt("totp")? {
        Some(bytes) => Some(Totp {
            secret: Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes },
            since: row.time("totp_at")?,
            step: row.int("totp_step")?,
        }),
        None => None,
    };
    Ok(Access { password, totp, locked_at: row.time_opt("locked_at")? })
}

fn slip(row: &Row<'_>) -> Result<StoredSlip, StoreError> {
    Ok(StoredSlip {
        account: row.parsed("account")?,
        hash: row.digest("hash")?,
        made_by: row.text("made_by")?,
        made_at: row.time("made_at")?,
        expires_at: row.time("expires_at")?,
    })
}

fn session(row: &Row<'_>) -> Result<StoredSession, StoreError> {
    Ok(StoredSession {
        id: row.parsed("id")?,
        hash: row.digest("hash")?,
        account: row.parsed("account")?,
        label: row.text("label")?,
        address: row.fixed("address")?,
        created_at: row.time("created_at")?,
        seen_at: row.time("seen_at")?,
        expires_at: row.time("expires_at")?,
        began: row.parsed("began")?,
    })
}

fn device(row: &Row<'_>) -> Result<Device, StoreError> {
    Ok(Device {
        hash: row.digest("hash")?,
        account: row.parsed("account")?,
        address: row.fixed("address")?,
        used_at: row.time("used_at")?,
        expires_at: row.time("expires_at")?,
    })
}
