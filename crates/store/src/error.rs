//! What can go wrong with the database.

use sqlx::error::ErrorKind;

use crate::migrations::SchemaFault;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is starting or stopping, or took too long. The same call may succeed later;
    /// whether a commit that ended so happened is not known.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// There is no room: the disk or a quota is full, a limit on the file's size is reached. Nothing was changed.
    #[error("the database cannot grow (disk full, quota, limit on its size): {0}")]
    NoRoom(#[source] sqlx::Error),
    /// Taken back in favour of another transaction that came at the same time. Nothing lasts of it; do it again
    /// ([`retrying`](crate::retrying)).
    #[error("the transaction lost against another one")]
    Conflict,
    /// The database refuses for another reason.
    #[error("the database: {0}")]
    Database(#[source] sqlx::Error),
    /// A row says what no row can say: another program wrote it, or the file is damaged. Run `hocba fsck`.
    #[error("table {table}, column {column}: a value that does not belong there{}", .row.as_ref().map(|r| format!(" (row {r})")).unwrap_or_default())]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Its key, where known.
        row: Option<String>,
    },
    /// Somebody else changed it since it was read. Read again and decide again.
    #[error("{what} was changed by somebody else meanwhile")]
    Changed {
        /// What.
        what: &'static str,
    },
    /// There is one like that already.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// The schema is not the one that this program was written for; it must not touch it.
    #[error("the database's schema: {0}")]
    Schema(SchemaFault),
    /// The database was begun with another data key, or anchors elsewhere: this program's settings are of another
    /// deployment.
    #[error("the database belongs to a deployment with another {name}")]
    OtherDeployment {
        /// What differs: `chain`, `contract`, `data_key`.
        name: &'static str,
    },
    /// A fault put in by a test.
    #[error("a fault was put in at {0}")]
    Injected(&'static str),
}

/// What PostgreSQL says (appendix A of its manual) of a transaction that lost: serialization_failure, deadlock_detected.
const CONFLICTS: [&str; 2] = ["40001", "40P01"];
/// disk_full, and SQLite's SQLITE_FULL; SQLITE_IOERR_WRITE is what a limit on the size of files comes out as.
const NO_ROOM: [&str; 3] = ["53100", "13", "778"];
/// query_canceled (a time-out), idle_in_transaction_session_timeout, lock_not_available, too_many_connections,
/// admin_shutdown, crash_shutdown, cannot_connect_now, read_only_sql_transaction (a primary that became a replica);
/// SQLITE_BUSY.
const AWAY: [&str; 9] = ["57014", "25P03", "55P03", "53300", "57P01", "57P02", "57P03", "25006", "5"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(e) => match e.code().as_deref() {
                Some(code) if CONFLICTS.contains(&code) => StoreError::Conflict,
                Some(code) if NO_ROOM.contains(&code) => StoreError::NoRoom(error),
                // Class 08: connection exception.
                Some(code) if AWAY.contains(&code) || (code.len() == 5 && code.starts_with("08")) => {
                    StoreError::Unavailable(error)
                }
                _ => StoreError::Database(error),
            },
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
                StoreError::Unavailable(error)
            }
            _ => StoreError::Database(error),
        }
    }
}

impl StoreError {
    /// Turns a broken UNIQUE constraint into [`StoreError::Exists`].
    pub(crate) fn or_exists(self, what: &'static str) -> Self {
        match &self {
            StoreError::Database(sqlx::Error::Database(e)) if e.kind() == ErrorKind::UniqueViolation => {
                StoreError::Exists { what }
            }
            _ => self,
        }
    }

    /// Whether the database is what failed, for now: not the call, and not what is stored.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, StoreError::Unavailable(_) | StoreError::NoRoom(_) | StoreError::Conflict)
    }
}
