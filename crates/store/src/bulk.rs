//! Many rows at once, each engine in its own way: binary `COPY` on PostgreSQL, statements of some hundred rows on
//! SQLite. Beside the transactions of the use cases, not in them: `sqlx::Any` cannot say `COPY`.

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, SqliteConnection, any::AnyRow,
    sqlite::SqliteConnectOptions,
};

use crate::{
    Backend, Database, StoreError,
    tables::{Kind, Table},
};

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// How much room it takes, about.
    pub(crate) fn len(&self) -> usize {
        match self {
            Value::Null => 1,
            Value::Int(_) => 8,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        }
    }

    pub(crate) fn read(row: &AnyRow, place: usize, kind: Kind) -> Result<Self, sqlx::Error> {
        Ok(match kind {
            Kind::Int => row.try_get::<Option<i64>, _>(place)?.map_or(Value::Null, Value::Int),
            Kind::Text => row.try_get::<Option<String>, _>(place)?.map_or(Value::Null, Value::Text),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(place)?.map_or(Value::Null, Value::Bytes),
        })
    }
}

/// Rows in one statement of SQLite's; it takes 32,766 values in one.
const ROWS: usize = 500;
/// So much is sent to PostgreSQL at a time.
const CHUNK: usize = 256 * 1024;

/// A connection that inserts in bulk.
#[derive(Debug)]
pub struct Bulk(Connection);

#[derive(Debug)]
enum Connection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Bulk {
    /// Connects. The schema has to be there.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect(database: &Database) -> Result<Self, StoreError> {
        Ok(Self(match (database.url.path(), database.url.postgres_options()) {
            (Some(path), _) => {
                let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
                sqlx::raw_sql(crate::store::EVERY).execute(&mut connection).await?;
                Connection::Sqlite(Box::new(connection))
            }
            (None, Some(options)) => Connection::Postgres(Box::new(options.connect().await?)),
            (None, None) => return Err(sqlx::Error::PoolClosed.into()),
        }))
    }

    /// Which engine.
    pub fn backend(&self) -> Backend {
        match self.0 {
            Connection::Sqlite(_) => Backend::Sqlite,
            Connection::Postgres(_) => Backend::Postgres,
        }
    }

    /// Inserts rows into a table, all or none. Each row has a value for each column, in the order of
    /// [`Table::columns`].
    ///
    /// # Errors
    /// [`StoreError::Exists`] where a key is taken; [`StoreError::Inconsistent`] for a row that is too short or too long,
    /// whose values SQLite would move into the next one; what the database refuses.
    pub async fn insert(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(row) = rows.iter().find(|row| row.len() != table.columns.len()) {
            let column = table.columns.get(row.len()).map_or("one too many", |column| column.0);
            return Err(StoreError::Inconsistent { table: table.name, column, row: None });
        }
        let done = match &mut self.0 {
            Connection::Sqlite(connection) => sqlite(connection, table, rows).await,
            Connection::Postgres(connection) => postgres(connection, table, &rows).await,
        };
        done.map_err(|e| StoreError::from(e).or_exists("a row"))
    }
}

async fn sqlite(connection: &mut SqliteConnection, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut rows = rows.into_iter().peekable();
    let width = table.columns.len();
    // `?` and not `$1`: SQLite looks for each numbered one among all the others, which costs six times the inserting.
    let row = format!("({})", vec!["?"; width].join(", "));
    let statement = |n: usize| {
        let values = vec![row.as_str(); n].join(", ");
        format!("INSERT INTO {} ({}) VALUES {values}", table.name, table.column_list())
    };
    let full = statement(ROWS);
    while rows.peek().is_some() {
        let some: Vec<Vec<Value>> = rows.by_ref().take(ROWS).collect();
        let sql = if some.len() == ROWS { full.clone() } else { statement(some.len()) };
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in some.into_iter().flatten() {
            query = match value {
                Value::Null => query.bind(None::<i64>),
                Value::Int(n) => query.bind(n),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query.execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// The binary format: a signature, rows of values with their lengths, an end (PostgreSQL's manual, COPY, "Binary Format").
async fn postgres(connection: &mut PgConnection, table: &Table, rows: &[Vec<Value>]) -> Result<(), sqlx::Error> {
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.column_list());
    let mut copy = connection.copy_in_raw(&sql).await?;
    let mut buffer = Vec::with_capacity(CHUNK * 2);
    buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for row in rows {
        encode(row, &mut buffer);
        if buffer.len() >= CHUNK {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(buffer.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

fn encode(row: &[Value], buffer: &mut Vec<u8>) {
    let width = i16::try_from(row.len()).unwrap_or(i16::MAX);
    buffer.extend_from_slice(&width.to_be_bytes());
    for value in row {
        let bytes: &[u8] = match value {
            Value::Null => {
                buffer.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            }
            Value::Int(n) => &n.to_be_bytes(),
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
        };
        // Our values are far below 2 GiB; the database refuses one that is not for its length.
        buffer.extend_from_slice(&i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
        buffer.extend_from_slice(bytes);
    }
}
