//! What can go wrong with the database.

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database or its disk. The same call may succeed later.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
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
    /// The schema is of a newer or altered program; this one must not touch it.
    #[error("the database's schema is not one this program was written for: {0}")]
    Schema(String),
    /// A fault put in by a test.
    #[error("a fault was put in at {0}")]
    Injected(&'static str),
}

impl StoreError {
    /// Turns a broken UNIQUE constraint into [`StoreError::Exists`].
    pub(crate) fn or_exists(self, what: &'static str) -> Self {
        match &self {
            StoreError::Database(sqlx::Error::Database(e)) if e.is_unique_violation() => StoreError::Exists { what },
            _ => self,
        }
    }
}
