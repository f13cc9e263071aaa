//! The database and its transactions.

use std::{fs::OpenOptions, path::Path, time::Duration};

use sqlx::{
    Any, AnyConnection, Transaction,
    any::AnyPoolOptions,
    pool::{Pool, PoolConnection},
};
use tracing::Instrument as _;

use crate::{
    Backend, Database, DatabaseUrl, Faults, Moment, Schema, SchemaFault, StoreError, migrations, progress::Touched,
    retry::is_alone,
};

/// SQLite: what every connection is told. `synchronous=FULL`: a committed transaction survives a power cut.
pub(crate) const EVERY: &str = "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; \
                     PRAGMA secure_delete = ON; PRAGMA cache_size = -16000;";
/// SQLite: how many transactions may read at a time. Reading takes a fraction of a millisecond; more would wait for the
/// disk.
const READERS: u32 = 4;
/// SQLite's page, in bytes: its default since 2016.
const PAGE: u64 = 4096;

/// A transaction that is slower than this to go on is given up by PostgreSQL: its process hangs, and others wait.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// How long a replica is waited for: the database itself has the same answer.
const REPLICA_PATIENCE: Duration = Duration::from_secs(1);

/// What a pool of connections is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Write,
    Read,
}

/// The database of one deployment. Several processes, and with PostgreSQL several machines, may have it open.
#[derive(Debug, Clone)]
pub struct Store {
    writers: Pool<Any>,
    readers: Pool<Any>,
    /// A copy that may be moments behind.
    replica: Option<Pool<Any>>,
    database: Database,
    faults: Faults,
}

impl Store {
    /// Opens a database whose schema is this program's. A file of SQLite's belongs to one program: it is made where
    /// there is none and brought up to date. One on a server belongs to many: [`Store::migrate`] is somebody's decision.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a schema of another release; [`StoreError::Unavailable`], [`StoreError::NoRoom`].
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        Self::open_where(database, |_| false).await
    }

    /// As [`Store::open`], whatever is wrong with the schema that `accepts` takes.
    pub(crate) async fn open_where(
        database: &Database,
        accepts: impl Fn(SchemaFault) -> bool,
    ) -> Result<Self, StoreError> {
        let writers = connect(database, &database.url, Use::Write).await?;
        let fault = match database.backend() {
            Backend::Sqlite => match migrations::run(&writers, Backend::Sqlite).await {
                Err(StoreError::Schema(fault)) => Some(fault),
                done => done.map(|()| None)?,
            },
            Backend::Postgres => migrations::look(&mut *writers.acquire().await?, Backend::Postgres).await?.fault,
        };
        if let Some(fault) = fault.filter(|fault| !accepts(*fault)) {
            return Err(StoreError::Schema(fault));
        }
        let readers = connect(database, &database.url, Use::Read).await?;
        let replica = match &database.replica {
            // Not waited for: a replica that is away is no reason not to begin.
            Some(url) => {
                let options = pool(database, url.backend(), Use::Read).acquire_timeout(REPLICA_PATIENCE);
                Some(options.connect_lazy_with(url.connect_options()?))
            }
            None => None,
        };
        Ok(Self { writers, readers, replica, database: database.clone(), faults: Faults::default() })
    }

    /// Brings the schema of a database up to date.
    ///
    /// # Errors
    /// [`StoreError::Schema`] where it is of a later release, altered, or half applied.
    pub async fn migrate(database: &Database) -> Result<(), StoreError> {
        let pool = connect(database, &database.url, Use::Write).await?;
        let done = migrations::run(&pool, database.backend()).await;
        pool.close().await;
        done
    }

    /// How far the schema of a database is; changes nothing, makes nothing.
    ///
    /// # Errors
    /// When it cannot be reached, or is a file that is not there.
    pub async fn schema(database: &Database) -> Result<Schema, StoreError> {
        if let Some(path) = database.url.path() {
            std::fs::metadata(path).map_err(sqlx::Error::Io)?;
        }
        let pool = connect(database, &database.url, Use::Read).await?;
        let schema = migrations::look(&mut *pool.acquire().await?, database.backend()).await;
        pool.close().await;
        schema
    }

    /// The database it has open.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Which engine.
    pub fn backend(&self) -> Backend {
        self.database.backend()
    }

    /// Faults put in by tests.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Begins a change, named after its use case. It happens as if alone: on SQLite it waits for the writer before it,
    /// on PostgreSQL it may be taken back for another one, and waits only for one that was taken back again and again, see
    /// [`retrying`](crate::retrying).
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let span = tracing::debug_span!("transaction", name);
        let begin = match self.backend() {
            // IMMEDIATE: the lock is taken now, not at the first write, where it could no longer be waited for.
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
        };
        let mut inner = self.writers.begin_with(begin).instrument(span).await?;
        if self.backend() == Backend::Postgres {
            // First of all: what it sees is of the moment after. The table is any that always is there; those that only
            // read it wait for neither.
            let turn = match is_alone() {
                false => "LOCK TABLE deployment IN ROW SHARE MODE",
                true => "LOCK TABLE deployment IN EXCLUSIVE MODE",
            };
            sqlx::raw_sql(turn).execute(&mut *inner).await?;
        }
        Ok(Tx { inner, name, backend: self.backend(), faults: self.faults.clone(), touched: Touched::default() })
    }

    /// Begins to read: everything that is read in it is of one moment.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.read_from(&self.readers, self.backend()).await
    }

    /// Begins to read what may be some moments old, from the replica where there is one: for what verifiers look at. What
    /// must be true now, and what was not found, is asked of [`Store::read`].
    ///
    /// # Errors
    /// When neither the replica nor the database can be reached.
    pub async fn read_behind(&self) -> Result<Tx, StoreError> {
        if let (Some(replica), Some(url)) = (&self.replica, &self.database.replica) {
            match self.read_from(replica, url.backend()).await {
                Ok(tx) => return Ok(tx),
                Err(error) => tracing::warn!(%error, "the replica does not answer; asking the database itself"),
            }
        }
        self.read().await
    }

    async fn read_from(&self, pool: &Pool<Any>, backend: Backend) -> Result<Tx, StoreError> {
        let inner = match backend {
            Backend::Sqlite => pool.begin().await?,
            Backend::Postgres => pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
        };
        Ok(Tx { inner, name: "read", backend, faults: Faults::default(), touched: Touched::default() })
    }

    /// Closes all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
        self.readers.close().await;
        if self.backend() == Backend::Sqlite
            && let Ok(mut connection) = self.writers.acquire().await
        {
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await;
        }
        self.writers.close().await;
    }

    /// The engine's own check of what it keeps. Gives what it complains about.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut tx = self.read().await?;
        let sql = match self.backend() {
            Backend::Sqlite => "PRAGMA quick_check",
            // What was added without looking at the rows that were there, or is not finished.
            Backend::Postgres => {
                "SELECT 'constraint ' || conname || ' is not validated' FROM pg_catalog.pg_constraint \
                 WHERE NOT convalidated AND connamespace = current_schema()::regnamespace UNION ALL \
                 SELECT 'index ' || indexrelid::regclass::text || ' is not valid' FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
                 WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace"
            }
        };
        let rows: Vec<(String,)> = sqlx::query_as(sql).fetch_all(tx.connection()).await?;
        Ok(rows.into_iter().map(|r| r.0).filter(|line| line != "ok").collect())
    }

    /// How much room it takes, in bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn size(&self) -> Result<u64, StoreError> {
        let sql = match self.backend() {
            Backend::Sqlite => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Backend::Postgres => "SELECT pg_database_size(current_database())",
        };
        let (bytes,): (i64,) = sqlx::query_as(sql).fetch_one(self.read().await?.connection()).await?;
        Ok(bytes.unsigned_abs())
    }

    /// How many seconds the replica is behind, if there is one: 0 where it has everything, else the age of the last
    /// change that it has.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn replica_delay(&self) -> Option<Result<u64, StoreError>> {
        let replica = self.replica.as_ref()?;
        let asked = async {
            // Connected to the primary, with nothing received that is not replayed: however long nothing happened.
            let (seconds,): (i64,) = sqlx::query_as(
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_stat_wal_receiver) \
                 AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 \
                 ELSE COALESCE(CAST(EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()) AS BIGINT), 0) END",
            )
            .fetch_one(replica)
            .await?;
            Ok(seconds.unsigned_abs())
        };
        Some(asked.await)
    }

    /// A connection of its own, outside any transaction.
    pub(crate) async fn writer(&self) -> Result<PoolConnection<Any>, StoreError> {
        Ok(self.writers.acquire().await?)
    }
}

/// Connects at least once, so that a wrong address is known at once.
async fn connect(database: &Database, url: &DatabaseUrl, purpose: Use) -> Result<Pool<Any>, StoreError> {
    sqlx::any::install_default_drivers();
    if let (Some(path), Use::Write) = (url.path(), purpose) {
        make_file(path)?;
    }
    Ok(pool(database, url.backend(), purpose).connect_with(url.connect_options()?).await?)
}

/// Made by us first: SQLite would make it readable by everyone, and its WAL takes over the permissions.
fn make_file(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(sqlx::Error::Io)?;
    Ok(())
}

fn pool(database: &Database, backend: Backend, purpose: Use) -> AnyPoolOptions {
    let told = match (backend, purpose) {
        (Backend::Sqlite, Use::Write) => {
            let limit = database.max_bytes.map(|bytes| format!("PRAGMA max_page_count = {};", (bytes / PAGE).max(1)));
            format!("{EVERY} PRAGMA journal_mode = WAL; {}", limit.unwrap_or_default())
        }
        (Backend::Sqlite, Use::Read) => format!("{EVERY} PRAGMA query_only = ON;"),
        (Backend::Postgres, _) => format!(
            "SET application_name = 'hocba'; SET statement_timeout = {statement}; SET lock_timeout = {statement}; \
             SET idle_in_transaction_session_timeout = {idle}",
            statement = database.statement_timeout.as_millis(),
            idle = IDLE_IN_TRANSACTION.as_millis(),
        ),
    };
    let options = AnyPoolOptions::new().after_connect(move |connection, _| {
        let told = told.clone();
        Box::pin(async move {
            sqlx::raw_sql(sqlx::AssertSqlSafe(told)).execute(&mut *connection).await?;
            Ok(())
        })
    });
    match backend {
        Backend::Sqlite => options
            .max_connections(if purpose == Use::Write { 1 } else { READERS })
            // Whoever waits, waits for the one writer; a class of two thousand is imported in seconds.
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(None)
            .max_lifetime(None),
        Backend::Postgres => options.max_connections(database.connections).acquire_timeout(Duration::from_secs(10)),
    }
}

/// One transaction. What was done in it is gone unless [`Tx::commit`] says otherwise.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Any>,
    name: &'static str,
    backend: Backend,
    faults: Faults,
    /// Classes whose figures have to be counted again before it may last.
    pub(crate) touched: Touched,
}

impl Tx {
    /// Makes everything done in it last, with the figures of the classes it touched.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it lost against another one; when the database refuses. Nothing was changed then,
    /// unless the answer itself got lost ([`StoreError::Unavailable`]).
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.settle_progress().await?;
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

    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }
}
