//! What other systems told us of records, and what the ministry's store answered to what we sent it.

use std::collections::BTreeMap;

use hocba_record::{encoding::RecordId, types::UnixTime};
use hocba_signature::statement::Statement;

use crate::{
    StoreError, Tx,
    model::{Envelope, Id, StoreAnswer},
    people::statement,
    records::placeholders,
    row::{Row, all, int, maybe, one},
};

const PACKAGE_RECORDS: &str = "package_records";
/// Rows in one statement: at most 5 bound values each.
const BULK: usize = 500;

/// By what another system's record is found again: its key there, under a key that the database does not have.
pub type ContractKey = [u8; 32];

/// What was taken of another system's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractRecord {
    /// The highest version taken.
    pub version: u64,
    /// Whether that version cancelled it.
    pub cancelled: bool,
    /// What was made of it; it may have been removed since.
    pub record: Option<RecordId>,
}

/// A package as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPackage {
    /// 128 random bits.
    pub id: Id,
    /// Code of the department that signed it.
    pub department: String,
    /// When it was put together.
    pub created_at: UnixTime,
    /// The department's statement about it.
    pub statement: Statement,
}

/// One record of a package, and what the store says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageRecord {
    /// Record.
    pub record: RecordId,
    /// The version that was sent.
    pub version: u32,
    /// What the store says.
    pub answer: StoreAnswer,
    /// When it said so, by its clock; none while it waits unanswered.
    pub answered_at: Option<UnixTime>,
    /// Its list of errors, with [`StoreAnswer::Rejected`].
    pub errors: Option<Envelope>,
}

impl Tx {
    /// What is known of these; unknown ones are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn contract_records(
        &mut self,
        keys: &[ContractKey],
    ) -> Result<BTreeMap<ContractKey, ContractRecord>, StoreError> {
        let mut found = BTreeMap::new();
        for keys in keys.chunks(BULK) {
            let places = (1..=keys.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT key, version, cancelled, record FROM contract_records WHERE key IN ({places})");
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for key in keys {
                query = query.bind(key.to_vec());
            }
            let rows = query.fetch_all(self.connection()).await?;
            let read = |row: &Row<'_>| {
                let record = ContractRecord {
                    version: row.number("version")?,
                    cancelled: row.int("cancelled")? != 0,
                    record: row.parsed_opt("record")?,
                };
                Ok((row.fixed::<32>("key")?, record))
            };
            found.extend(all("contract_records", &rows, read)?);
        }
        Ok(found)
    }

    /// Notes what was taken. Versions only rise: a note that is not above the one there is somebody else's change.
    ///
    /// # Errors
    /// [`StoreError::Changed`].
    pub async fn note_contract_records(
        &mut self,
        taken: &[(ContractKey, ContractRecord)],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        for taken in taken.chunks(BULK) {
            let sql = format!(
                "INSERT INTO contract_records (key, version, cancelled, record, taken_at) VALUES {} \
                 ON CONFLICT (key) DO UPDATE SET version = excluded.version, cancelled = excluded.cancelled, \
                 record = excluded.record, taken_at = excluded.taken_at \
                 WHERE contract_records.version < excluded.version",
                placeholders(taken.len(), 5)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (key, record) in taken {
                query = query
                    .bind(key.to_vec())
                    .bind(int(record.version))
                    .bind(i64::from(record.cancelled))
                    .bind(record.record.map(|r| r.to_string()))
                    .bind(now.seconds());
            }
            let done = query.execute(self.connection()).await?;
            if done.rows_affected() != taken.len() as u64 {
                return Err(StoreError::Changed { what: "what is known of another system's record" });
            }
        }
        Ok(())
    }

    /// Notes a package that is about to be sent, with the records in it and their versions.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for an id that is taken.
    pub async fn add_package(
        &mut self,
        package: &StoredPackage,
        records: &[(RecordId, u32)],
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO packages (id, department, created_at, statement) VALUES ($1, $2, $3, $4)")
            .bind(package.id.to_string())
            .bind(&package.department)
            .bind(package.created_at.seconds())
            .bind(package.statement.to_bytes())
            .execute(self.connection())
            .await
            .map_err(|e| StoreError::from(e).or_exists("the package"))?;
        for records in records.chunks(BULK) {
            let sql = format!(
                "INSERT INTO package_records (package, record, version) VALUES {}",
                placeholders(records.len(), 3)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (record, version) in records {
                query = query.bind(package.id.to_string()).bind(record.to_string()).bind(i64::from(*version));
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The package of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn package(&mut self, id: &Id) -> Result<Option<StoredPackage>, StoreError> {
        let row = sqlx::query("SELECT * FROM packages WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe("packages", row.as_ref(), |row| {
            Ok(StoredPackage {
                id: row.parsed("id")?,
                department: row.text("department")?,
                created_at: row.time("created_at")?,
                statement: statement(row)?,
            })
        })
    }

    /// The records of a package, by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn package_records(&mut self, package: &Id) -> Result<Vec<PackageRecord>, StoreError> {
        let rows = sqlx::query("SELECT * FROM package_records WHERE package = $1 ORDER BY record")
            .bind(package.to_string())
            .fetch_all(self.connection())
            .await?;
        all(PACKAGE_RECORDS, &rows, package_record)
    }

    /// Writes what the store says of a record of a package, in place of what it said before.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where the package has no such record.
    pub async fn answer(&mut self, package: &Id, said: &PackageRecord) -> Result<(), StoreError> {
        let envelope = said.errors.as_ref();
        let done = sqlx::query(
            "UPDATE package_records SET answer = $1, answered_at = $2, key_id = $3, nonce = $4, errors = $5 \
             WHERE package = $6 AND record = $7",
        )
        .bind(said.answer.as_str())
        .bind(said.answered_at.map(UnixTime::seconds))
        .bind(envelope.map(|e| e.key_id.clone()))
        .bind(envelope.map(|e| e.nonce.to_vec()))
        .bind(envelope.map(|e| e.bytes.clone()))
        .bind(package.to_string())
        .bind(said.record.to_string())
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the record of the package")
    }

    /// Of each record of a class, the package it was last sent in and what the store says of it there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn answers_of_class(
        &mut self,
        class: &Id,
    ) -> Result<BTreeMap<RecordId, (Id, PackageRecord)>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.* FROM package_records a JOIN records r ON r.id = a.record JOIN packages p ON p.id = a.package \
             WHERE r.class = $1 ORDER BY p.created_at, p.id",
        )
        .bind(class.to_string())
        .fetch_all(self.connection())
        .await?;
        let read = |row: &Row<'_>| Ok((row.parsed::<Id>("package")?, package_record(row)?));
        let sent = all(PACKAGE_RECORDS, &rows, read)?;
        // The last one stays.
        Ok(sent.into_iter().map(|(package, answer)| (answer.record, (package, answer))).collect())
    }
}

fn package_record(row: &Row<'_>) -> Result<PackageRecord, StoreError> {
    let errors = match row.bytes_opt("errors")? {
        Some(bytes) => Some(Envelope { key_id: row.text("key_id")?, nonce: row.fixed("nonce")?, bytes }),
        None => None,
    };
    Ok(PackageRecord {
        record: row.parsed("record")?,
        version: row.number("version")?,
        answer: row.parsed("answer")?,
        answered_at: row.time_opt("answered_at")?,
        errors,
    })
}
