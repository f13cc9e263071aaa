//! The database and its transactions.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Any, AnyConnection, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
    pool::Pool,
};
use tracing::Instrument as _;

use crate::{Faults, Moment, StoreError, migrations};

/// What every connection is told. `synchronous=FULL`: a committed transaction survives a power cut.
const EVERY: &str = "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; \
                     PRAGMA secure_delete = ON; PRAGMA cache_size = -16000;";

/// How many transactions may read at a time. Reading takes a fraction of a millisecond; more would wait for the disk.
const READERS: u32 = 4;

/// The database of one deployment: one writer at a time, several readers beside it.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Pool<Any>,
    readers: Pool<Any>,
    path: PathBuf,
    faults: Faults,
}

impl Store {
    /// Opens the database in a file, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a database of a newer program; [`StoreError::Database`] where the file cannot be used.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        // Made by us first: SQLite would make it readable by everyone, and its WAL takes over the permissions.
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(sqlx::Error::Io)?;
        let connect = options_of(path)?;
        let writer = pool(1, "PRAGMA journal_mode = WAL;").connect_with(connect.clone()).await?;
        migrations::run(&writer).await?;
        let readers = pool(READERS, "PRAGMA query_only = ON;").connect_with(connect).await?;
        Ok(Self { writer, readers, path: path.to_owned(), faults: Faults::default() })
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Faults put in by tests.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Begins a change, named after its use case. Waits for the writer before.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let span = tracing::debug_span!("transaction", name);
        // IMMEDIATE: the lock is taken now, not at the first write, where it could no longer be waited for.
        let inner = self.writer.begin_with("BEGIN IMMEDIATE").instrument(span.clone()).await?;
        Ok(Tx { inner, name, faults: self.faults.clone() })
    }

    /// Begins to read: everything that is read in it is of one moment.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = self.readers.begin().await?;
        Ok(Tx { inner, name: "read", faults: Faults::default() })
    }

    /// Closes all connections and folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Ok(mut connection) = self.writer.acquire().await {
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await;
        }
        self.writer.close().await;
    }

    /// SQLite's own check of the file. Gives what it complains about.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut tx = self.read().await?;
        let rows: Vec<(String,)> = sqlx::query_as("PRAGMA quick_check").fetch_all(tx.connection()).await?;
        let broken: Vec<String> = rows.into_iter().map(|r| r.0).filter(|line| line != "ok").collect();
        Ok(broken)
    }
}

fn options_of(path: &Path) -> Result<AnyConnectOptions, StoreError> {
    let url = format!("sqlite://{}", percent_encoded(path));
    Ok(url.parse()?)
}

/// A file name as the part of a URL.
fn percent_encoded(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

fn pool(connections: u32, also: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(EVERY).execute(&mut *connection).await?;
                sqlx::raw_sql(also).execute(&mut *connection).await?;
                Ok(())
            })
        })
}

/// One transaction. What was done in it is gone unless [`Tx::commit`] says otherwise.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Any>,
    name: &'static str,
    faults: Faults,
}

impl Tx {
    /// Makes everything done in it last.
    ///
    /// # Errors
    /// When the database refuses; nothing was changed then, unless the answer itself got lost.
    pub async fn commit(self) -> Result<(), StoreError> {
        let fault = self.faults.strike(self.name);
        if fault == Some(Moment::Failed) {
            self.inner.rollback().await?;
            return Err(StoreError::Injected(self.name));
        }
        self.inner.commit().await?;
        match fault {
            Some(_) => Err(StoreError::Injected(self.name)),
            None => Ok(()),
        }
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}
