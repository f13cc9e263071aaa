//! A whole database into another one: the way from a pilot's file to a province's server.
//!
//! Table by table, in the order of the keys, a page in one transaction: what is there already says how far it came, so a
//! copy that was cut off goes on. A table of its own in the target marks it as unfinished until every row of both was
//! read again and hashed to the same digest; no program opens it before.

use hocba_record::encoding::Sha256Digest;
use sqlx::AssertSqlSafe;

use crate::{
    Backend, Database, SchemaFault, Store, StoreError, Tx,
    bulk::{Bulk, Value},
    tables::{Kind, TABLES, Table},
};

/// The table that marks a target whose copy is not finished.
pub(crate) const MARKER: &str = "copy_unfinished";

/// Values of a page, in bytes, about: a few pages are in memory at a time.
const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Rows of a table's first page, and the bounds of the later ones.
const FIRST_ROWS: usize = 200;
const ROWS: std::ops::RangeInclusive<usize> = 20..=10_000;

/// Why a database was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two databases.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target holds something that no copy put there.
    #[error("the target is not empty: table {0}")]
    NotEmpty(&'static str),
    /// A table says another thing there than here: the source was changed between two runs, or the rows are of another
    /// source. Begin anew with an empty target.
    #[error("table {0} is not the same on both sides")]
    Differs(&'static str),
}

/// How far a copy is, for whoever shows progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyEvent {
    /// Rows of a table were copied, so many now and so many in all.
    Rows {
        /// Table.
        table: &'static str,
        /// In this page.
        rows: u64,
        /// Rows of the table that are there now.
        total: u64,
    },
    /// A table was read again on both sides and is the same.
    Checked {
        /// Table.
        table: &'static str,
        /// Its rows.
        rows: u64,
    },
}

/// A table that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Table.
    pub table: &'static str,
    /// Rows on both sides.
    pub rows: u64,
    /// Rows that were there when the copy began: those of a run that was cut off.
    pub before: u64,
    /// SHA-256 over all rows in the order of their keys, the same on both sides.
    pub digest: Sha256Digest,
}

/// Copies everything of `source` into `target`, whose schema is made if it is empty. Nobody can change the source
/// meanwhile: its writers are kept out.
///
/// # Errors
/// [`CopyError`]; run again, it goes on.
pub async fn copy(
    source: &Database,
    target: &Database,
    mut said: impl FnMut(CopyEvent),
) -> Result<Vec<Copied>, CopyError> {
    let store = Store::open(source).await?;
    let mut from = store.begin("copy_database").await?;
    if from.backend() == Backend::Postgres {
        let all = TABLES.iter().map(|t| t.name).collect::<Vec<_>>().join(", ");
        let lock = format!("LOCK TABLE {all} IN SHARE MODE");
        sqlx::query(AssertSqlSafe(lock)).execute(from.connection()).await.map_err(StoreError::from)?;
    }
    let target = Target::prepare(target).await?;
    let mut bulk = Bulk::connect(&target.database).await?;
    let mut done = Vec::new();
    for table in TABLES {
        let (before, last) = target.reached(table).await?;
        let mut pages = Pages::after(table, last);
        let mut total = before;
        while let Some(rows) = pages.next(&mut from).await? {
            let count = rows.len() as u64;
            bulk.insert(table, rows).await?;
            total += count;
            said(CopyEvent::Rows { table: table.name, rows: count, total });
        }
        done.push((table, before));
    }
    target.settle().await?;
    let mut copied = Vec::new();
    for (table, before) in done {
        let here = digest(&mut from, table).await?;
        let there = digest(&mut target.read().await?, table).await?;
        if here != there {
            return Err(CopyError::Differs(table.name));
        }
        said(CopyEvent::Checked { table: table.name, rows: here.0 });
        copied.push(Copied { table: table.name, rows: here.0, before, digest: here.1 });
    }
    target.finish().await?;
    drop(from);
    store.close().await;
    Ok(copied)
}

/// The side that is written to.
struct Target {
    store: Store,
    database: Database,
}

impl Target {
    /// Makes the schema, and the marker where there is nothing yet.
    async fn prepare(database: &Database) -> Result<Self, CopyError> {
        let fresh = match Store::migrate(database).await {
            Ok(()) => true,
            Err(StoreError::Schema(SchemaFault::Copying)) => false,
            Err(error) => return Err(error.into()),
        };
        let store = Store::open_unfinished(database).await?;
        let target = Self { store, database: database.clone() };
        if fresh {
            let mut tx = target.store.begin("begin_copy").await?;
            for table in TABLES {
                if count(&mut tx, table).await? > 0 {
                    return Err(CopyError::NotEmpty(table.name));
                }
            }
            let make = format!("CREATE TABLE {MARKER} (begun BIGINT)");
            sqlx::query(AssertSqlSafe(make)).execute(tx.connection()).await.map_err(StoreError::from)?;
            tx.commit().await?;
        }
        Ok(target)
    }

    async fn read(&self) -> Result<Tx, StoreError> {
        self.store.read().await
    }

    /// How many rows a table has, and the key of its last one.
    async fn reached(&self, table: &'static Table) -> Result<(u64, Option<Vec<Value>>), StoreError> {
        let mut tx = self.read().await?;
        let rows = count(&mut tx, table).await?;
        let order = table.key.iter().map(|k| format!("{k} DESC")).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {} FROM {} ORDER BY {order} LIMIT 1", table.column_list(), table.name);
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_optional(tx.connection()).await?;
        let last = row.map(|row| values(table, &row)).transpose()?;
        Ok((rows, last.map(|row| key_of(table, &row))))
    }

    /// What has to follow the rows: the numbers that come next, and what the planner knows.
    async fn settle(&self) -> Result<(), StoreError> {
        let mut connection = self.store.writer().await?;
        if self.database.backend() == Backend::Postgres {
            for table in TABLES.iter().filter(|t| t.numbered) {
                let name = table.name;
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence('{name}', 'id'), COALESCE(MAX(id), 0) + 1, false) FROM {name}"
                );
                sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
            }
        }
        sqlx::query("ANALYZE").execute(&mut *connection).await?;
        Ok(())
    }

    async fn finish(self) -> Result<(), StoreError> {
        let mut tx = self.store.begin("finish_copy").await?;
        sqlx::query(AssertSqlSafe(format!("DROP TABLE {MARKER}"))).execute(tx.connection()).await?;
        tx.commit().await?;
        self.store.close().await;
        Ok(())
    }
}

async fn count(tx: &mut Tx, table: &Table) -> Result<u64, StoreError> {
    let sql = format!("SELECT COUNT(*) FROM {}", table.name);
    let (n,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(tx.connection()).await?;
    Ok(n.unsigned_abs())
}

fn values(table: &'static Table, row: &sqlx::any::AnyRow) -> Result<Vec<Value>, StoreError> {
    let read = |(place, (column, kind)): (usize, &(&'static str, Kind))| {
        Value::read(row, place, *kind).map_err(|_| StoreError::Inconsistent { table: table.name, column, row: None })
    };
    table.columns.iter().enumerate().map(read).collect()
}

fn key_of(table: &Table, row: &[Value]) -> Vec<Value> {
    table.key_places().into_iter().filter_map(|place| row.get(place).cloned()).collect()
}

/// A table's rows in the order of its key, a page at a time, each of about [`PAGE_BYTES`].
struct Pages {
    table: &'static Table,
    last: Option<Vec<Value>>,
    rows: usize,
}

impl Pages {
    fn after(table: &'static Table, last: Option<Vec<Value>>) -> Self {
        Self { table, last, rows: FIRST_ROWS }
    }

    async fn next(&mut self, tx: &mut Tx) -> Result<Option<Vec<Vec<Value>>>, StoreError> {
        let (table, key) = (self.table, self.table.key_list());
        let after = match &self.last {
            Some(_) => {
                let places: Vec<_> = (1..=table.key.len()).map(|n| format!("${n}")).collect();
                format!("WHERE ({key}) > ({})", places.join(", "))
            }
            None => String::new(),
        };
        let columns = table.column_list();
        let sql = format!("SELECT {columns} FROM {} {after} ORDER BY {key} LIMIT {}", table.name, self.rows);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in self.last.iter().flatten() {
            query = match value.clone() {
                Value::Null => query.bind(None::<i64>),
                Value::Int(n) => query.bind(n),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        let found = query.persistent(false).fetch_all(tx.connection()).await?;
        let rows: Vec<Vec<Value>> = found.iter().map(|row| values(table, row)).collect::<Result<_, _>>()?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.last = Some(key_of(table, last));
        let bytes: usize = rows.iter().flatten().map(Value::len).sum();
        self.rows = (PAGE_BYTES * rows.len() / bytes.max(1)).clamp(*ROWS.start(), *ROWS.end());
        Ok(Some(rows))
    }
}

/// Rows and digest of a table: SHA-256 over each value's kind, length and bytes, in the order of the keys.
async fn digest(tx: &mut Tx, table: &'static Table) -> Result<(u64, Sha256Digest), StoreError> {
    let mut pages = Pages::after(table, None);
    let (mut rows, mut hash) = (0, Sha256Digest::of(table.name.as_bytes()));
    while let Some(page) = pages.next(tx).await? {
        rows += page.len() as u64;
        // A chain over rows rather than pages: pages may be cut differently on the two sides.
        for row in &page {
            let mut bytes = hash.as_bytes().to_vec();
            for value in row {
                let (kind, content): (u8, &[u8]) = match value {
                    Value::Null => (0, &[]),
                    Value::Int(n) => (1, &n.to_be_bytes()),
                    Value::Text(text) => (2, text.as_bytes()),
                    Value::Bytes(content) => (3, content),
                };
                bytes.push(kind);
                bytes.extend_from_slice(&(content.len() as u64).to_be_bytes());
                bytes.extend_from_slice(content);
            }
            hash = Sha256Digest::of(&bytes);
        }
    }
    Ok((rows, hash))
}

impl Store {
    /// A target whose copy goes on: opened in spite of its marker.
    async fn open_unfinished(database: &Database) -> Result<Self, StoreError> {
        Self::open_where(database, |fault| fault == SchemaFault::Copying).await
    }
}
