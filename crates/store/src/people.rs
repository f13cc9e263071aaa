//! Schools, accounts, certificates and appointments.

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::{appointment::Appointment, certificate::Certificate, statement::Statement};

use crate::{
    StoreError, Tx,
    model::{Account, Deployment, Grant, Id, School, StoredAppointment},
    row::{Row, all, maybe},
};

impl Tx {
    /// Adds a school, or changes its issuer code.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_school(&mut self, school: &School, now: i64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO schools (code, issuer, created_at) VALUES ($1, $2, $3) \
             ON CONFLICT (code) DO UPDATE SET issuer = excluded.issuer",
        )
        .bind(school.code.as_str())
        .bind(school.issuer.as_str())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// All schools, by code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schools(&mut self) -> Result<Vec<School>, StoreError> {
        let rows = sqlx::query("SELECT * FROM schools ORDER BY code").fetch_all(self.connection()).await?;
        all("schools", &rows, school)
    }

    /// The school of this code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn school(&mut self, code: &SchoolCode) -> Result<Option<School>, StoreError> {
        let row = sqlx::query("SELECT * FROM schools WHERE code = $1")
            .bind(code.as_str())
            .fetch_optional(self.connection())
            .await?;
        maybe("schools", row.as_ref(), school)
    }

    /// Adds an account with its grants.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a login or certificate that is taken.
    pub async fn add_account(&mut self, account: &Account, now: UnixTime) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO accounts (id, login, name, certificate, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(account.id.to_string())
            .bind(&account.login)
            .bind(&account.name)
            .bind(account.certificate.map(|c| c.to_string()))
            .bind(now.seconds())
            .execute(self.connection())
            .await
            .map_err(|e| StoreError::from(e).or_exists("the account"))?;
        for grant in &account.grants {
            self.add_grant(&account.id, grant).await?;
        }
        Ok(())
    }

    /// Gives an account one thing more to do.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_grant(&mut self, account: &Id, grant: &Grant) -> Result<(), StoreError> {
        let (year, class) = grant.class.as_ref().map(|(y, c)| (i64::from(y.start()), c.to_string())).unzip();
        sqlx::query("INSERT INTO grants (account, role, school, year, class, prefix) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(account.to_string())
            .bind(grant.role.as_str())
            .bind(grant.school.as_ref().map(ToString::to_string))
            .bind(year)
            .bind(class)
            .bind(grant.prefix.as_ref().map(ToString::to_string))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// All accounts, by login.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts(&mut self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query("SELECT * FROM accounts WHERE disabled_at IS NULL ORDER BY login")
            .fetch_all(self.connection())
            .await?;
        let mut accounts = all("accounts", &rows, account)?;
        for account in &mut accounts {
            account.grants = self.grants_of(&account.id).await?;
        }
        Ok(accounts)
    }

    /// The account of this login.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_of_login(&mut self, login: &str) -> Result<Option<Account>, StoreError> {
        self.account_where("SELECT * FROM accounts WHERE login = $1 AND disabled_at IS NULL", login).await
    }

    /// The account that signs with this certificate.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_of_certificate(&mut self, digest: &Sha256Digest) -> Result<Option<Account>, StoreError> {
        let sql = "SELECT * FROM accounts WHERE certificate = $1 AND disabled_at IS NULL";
        self.account_where(sql, &digest.to_string()).await
    }

    /// The account an unexpired token belongs to; none of one that is locked. `hash`: SHA-256 of the token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_of_token(
        &mut self,
        hash: &Sha256Digest,
        now: UnixTime,
    ) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(
            "SELECT a.* FROM api_tokens t JOIN accounts a ON a.id = t.account \
             WHERE t.hash = $1 AND t.expires_at > $2 AND a.disabled_at IS NULL AND NOT EXISTS \
             (SELECT 1 FROM account_access x WHERE x.account = a.id AND x.locked_at IS NOT NULL)",
        )
        .bind(hash.as_bytes().to_vec())
        .bind(now.seconds())
        .fetch_optional(self.connection())
        .await?;
        self.with_grants(maybe("accounts", row.as_ref(), account)?).await
    }

    /// Adds a token of an account.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_token(
        &mut self,
        hash: &Sha256Digest,
        account: &Id,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO api_tokens (hash, account, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hash.as_bytes().to_vec())
            .bind(account.to_string())
            .bind(now.seconds())
            .bind(expires_at.seconds())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The account of this id, also one that was closed: who did something once.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_even_closed(&mut self, id: &Id) -> Result<Option<Account>, StoreError> {
        self.account_where("SELECT * FROM accounts WHERE id = $1", &id.to_string()).await
    }

    /// The account of this login, also one that was closed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_with_login(&mut self, login: &str) -> Result<Option<Account>, StoreError> {
        self.account_where("SELECT * FROM accounts WHERE login = $1", login).await
    }

    pub(crate) async fn account_where(
        &mut self,
        sql: &'static str,
        value: &str,
    ) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(sql).bind(value).fetch_optional(self.connection()).await?;
        self.with_grants(maybe("accounts", row.as_ref(), account)?).await
    }

    pub(crate) async fn with_grants(&mut self, account: Option<Account>) -> Result<Option<Account>, StoreError> {
        let Some(mut account) = account else { return Ok(None) };
        account.grants = self.grants_of(&account.id).await?;
        Ok(Some(account))
    }

    pub(crate) async fn grants_of(&mut self, account: &Id) -> Result<Vec<Grant>, StoreError> {
        let rows = sqlx::query("SELECT * FROM grants WHERE account = $1 ORDER BY role, school, year, class, prefix")
            .bind(account.to_string())
            .fetch_all(self.connection())
            .await?;
        all("grants", &rows, grant)
    }

    /// Keeps a certificate; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_certificate(
        &mut self,
        digest: &Sha256Digest,
        der: &[u8],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let not_after = Certificate::from_der(der).ok().map(|certificate| certificate.not_after().seconds());
        sqlx::query(
            "INSERT INTO certificates (digest, der, added_at, not_after) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(digest.to_string())
        .bind(der.to_vec())
        .bind(now.seconds())
        .bind(not_after)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// All certificates in DER, by digest: signers of one deployment and their issuers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn certificates(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = sqlx::query("SELECT * FROM certificates ORDER BY digest").fetch_all(self.connection()).await?;
        all("certificates", &rows, |row| row.bytes("der"))
    }

    /// Says what all programs on this database have to agree on; the first to say it is right.
    ///
    /// # Errors
    /// [`StoreError::OtherDeployment`] where it was said otherwise before.
    pub async fn agree(&mut self, deployment: &Deployment) -> Result<(), StoreError> {
        for (name, value) in deployment.values() {
            sqlx::query("INSERT INTO deployment (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(name)
                .bind(value)
                .execute(self.connection())
                .await?;
        }
        self.agrees(deployment).await.map(|_| ())
    }

    /// Puts another chain and contract in the place of those that were said: the successor of a closed contract.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn succeed(&mut self, deployment: &Deployment) -> Result<(), StoreError> {
        for (name, value) in deployment.values() {
            sqlx::query("UPDATE deployment SET value = $1 WHERE name = $2")
                .bind(value)
                .bind(name)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Whether everything was said, and as it is of this deployment.
    ///
    /// # Errors
    /// [`StoreError::OtherDeployment`] where something was said otherwise.
    pub async fn agrees(&mut self, deployment: &Deployment) -> Result<bool, StoreError> {
        let rows = sqlx::query("SELECT * FROM deployment ORDER BY name").fetch_all(self.connection()).await?;
        let said = all("deployment", &rows, |row| Ok((row.text("name")?, row.text("value")?)))?;
        let values = deployment.values();
        match values.iter().find(|(name, value)| said.iter().any(|s| s.0 == *name && s.1 != *value)) {
            Some((name, _)) => Err(StoreError::OtherDeployment { name }),
            None => Ok(said.len() == values.len()),
        }
    }

    /// Adds a signed appointment.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for an id that is taken.
    pub async fn add_appointment(&mut self, appointment: &StoredAppointment) -> Result<(), StoreError> {
        let read = Appointment::from_bytes(appointment.statement.payload()).ok();
        let (year, class) = read.and_then(|read| read.year.zip(read.class)).unzip();
        sqlx::query(
            "INSERT INTO appointments (id, school, role, certificate, valid_from, valid_until, statement, year, class) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(appointment.id.to_string())
        .bind(appointment.school.as_str())
        .bind(appointment.role.as_str())
        .bind(appointment.certificate.to_string())
        .bind(appointment.valid_from.seconds())
        .bind(appointment.valid_until.seconds())
        .bind(appointment.statement.to_bytes())
        .bind(year.map(|year| i64::from(year.start())))
        .bind(class.map(|class| class.to_string()))
        .execute(self.connection())
        .await
        .map_err(|e| StoreError::from(e).or_exists("the appointment"))?;
        Ok(())
    }

    /// All appointments of a school, in the order they begin.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments_of(&mut self, school: &SchoolCode) -> Result<Vec<StoredAppointment>, StoreError> {
        let rows = sqlx::query("SELECT * FROM appointments WHERE school = $1 ORDER BY valid_from, id")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all("appointments", &rows, appointment)
    }

    /// All appointments of a certificate, at every school, in the order they begin.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments_held_by(
        &mut self,
        certificate: &Sha256Digest,
    ) -> Result<Vec<StoredAppointment>, StoreError> {
        let rows = sqlx::query("SELECT * FROM appointments WHERE certificate = $1 ORDER BY valid_from, id")
            .bind(certificate.to_string())
            .fetch_all(self.connection())
            .await?;
        all("appointments", &rows, appointment)
    }

    /// The appointment of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointment(&mut self, id: &RecordId) -> Result<Option<StoredAppointment>, StoreError> {
        let row = sqlx::query("SELECT * FROM appointments WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe("appointments", row.as_ref(), appointment)
    }
}

pub(crate) fn school(row: &Row<'_>) -> Result<School, StoreError> {
    Ok(School { code: row.parsed("code")?, issuer: row.parsed("issuer")? })
}

pub(crate) fn account(row: &Row<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.parsed("id")?,
        login: row.text("login")?,
        name: row.text("name")?,
        certificate: row.parsed_opt("certificate")?,
        grants: Vec::new(),
    })
}

fn grant(row: &Row<'_>) -> Result<Grant, StoreError> {
    let year = row.number_opt::<u16>("year")?.map(|y| row.read("year", SchoolYear::starting(y))).transpose()?;
    Ok(Grant {
        role: row.parsed("role")?,
        school: row.parsed_opt("school")?,
        prefix: row.parsed_opt("prefix")?,
        class: year.zip(row.parsed_opt("class")?),
    })
}

fn appointment(row: &Row<'_>) -> Result<StoredAppointment, StoreError> {
    Ok(StoredAppointment {
        id: row.parsed("id")?,
        school: row.parsed("school")?,
        role: row.parsed("role")?,
        certificate: row.parsed("certificate")?,
        valid_from: row.time("valid_from")?,
        valid_until: row.time("valid_until")?,
        statement: statement(row)?,
    })
}

/// The signed statement in a row.
pub(crate) fn statement(row: &Row<'_>) -> Result<Statement, StoreError> {
    row.read("statement", Statement::from_bytes(&row.bytes("statement")?, STATEMENT))
}

/// How a stored statement is read: the largest payload as base64url, its signatures, and room to spare.
pub(crate) const STATEMENT: hocba_record::canonical::Limits =
    hocba_record::canonical::Limits { bytes: 512 * 1024, depth: 5 };
