//! The one place of the tests that knows what a database is made of: how it is created, kept, and changed behind the
//! service's back. What a file would do at once is async all the same: a server would have to be asked.

use std::path::PathBuf;

use hocba_store::Store;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A database of a test's own, gone with it. It begins empty; opening it makes the tables.
#[derive(Debug)]
pub struct TestDatabase {
    folder: TempDir,
}

/// All that a database held, to begin others with.
#[derive(Debug, Clone)]
pub struct Saved(Vec<u8>);

impl TestDatabase {
    /// A database that is empty.
    pub async fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A database that holds what was saved.
    pub async fn of(saved: &Saved) -> Self {
        let database = Self::new().await;
        std::fs::write(database.path(), &saved.0).expect("written");
        database
    }

    /// Opens it, as the service does when it starts.
    pub async fn open(&self) -> Store {
        Store::open(&self.path()).await.expect("the database opens")
    }

    /// Its file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("hocba.sqlite")
    }

    /// What it holds. Whoever has it open closes it before: the last one to close puts everything into the one file.
    pub async fn save(&self) -> Saved {
        assert!(!self.path().with_extension("sqlite-wal").exists(), "somebody has the database open");
        Saved(std::fs::read(self.path()).expect("the database is a file"))
    }

    /// Changes it behind the service's back, past all constraints; how many rows were touched.
    pub async fn sql(&self, sql: &str) -> u64 {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
        connection.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;").await.expect("pragma");
        let done = connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        connection.close().await.expect("closed");
        done.rows_affected()
    }
}
