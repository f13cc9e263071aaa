//! The schema of both engines, embedded in the program: the same version numbers, tables, columns and constraints.

use std::fmt;

use sqlx::{
    Any, AnyConnection, Connection as _, Pool, SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::{Backend, StoreError};

macro_rules! migrations {
    ($($version:literal $name:literal $file:literal,)+) => {
        const ALL: &[(i64, &str, &str, &str)] = &[$((
            $version,
            $name,
            include_str!(concat!("../../../migrations/sqlite/", $file)),
            include_str!(concat!("../../../migrations/postgres/", $file)),
        )),+];
    };
}

migrations! {
    1 "initial" "0001_initial.sql",
    2 "grant ids" "0002_grant_ids.sql",
    3 "deployment" "0003_deployment.sql",
    4 "statuses" "0004_statuses.sql",
    5 "evidence" "0005_evidence.sql",
    6 "books" "0006_books.sql",
    7 "exchange" "0007_exchange.sql",
    8 "time stamps" "0008_time_stamps.sql",
    9 "opening" "0009_opening.sql",
    10 "access" "0010_access.sql",
    11 "forms" "0011_forms.sql",
    12 "openid" "0012_openid.sql",
    13 "tasks" "0013_tasks.sql",
    14 "department" "0014_department.sql",
    15 "paper links" "0015_paper_links.sql",
    16 "returned notes" "0016_returned_notes.sql",
    17 "watching" "0017_watching.sql",
    18 "readers" "0018_readers.sql",
    19 "mail" "0019_mail.sql",
}

/// The text of every migration for an engine, in order.
pub fn migration_texts(backend: Backend) -> Vec<&'static str> {
    let text = |(_, _, sqlite, postgres): &(i64, &str, &'static str, &'static str)| match backend {
        Backend::Sqlite => *sqlite,
        Backend::Postgres => *postgres,
    };
    ALL.iter().map(text).collect()
}

/// The newest version that this program knows.
pub const NEWEST: i64 = ALL[ALL.len() - 1].0;

/// Why this program must not touch a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaFault {
    /// Of an earlier release, or empty: `hocba database migrate`.
    Older {
        /// Its version; 0 is empty.
        version: i64,
    },
    /// Of a later release than this program.
    Newer {
        /// Its version.
        version: i64,
    },
    /// A migration says another thing than when it was applied: a release that was never published, or altered files.
    Altered {
        /// Its version.
        version: i64,
    },
    /// A migration was begun and not finished.
    Unfinished {
        /// Its version.
        version: i64,
    },
    /// A copy into it was not finished: `hocba database copy` goes on with it.
    Copying,
}

impl fmt::Display for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaFault::Older { version } => {
                write!(f, "is of version {version}, this program needs {NEWEST}: run `hocba database migrate`")
            }
            SchemaFault::Newer { version } => {
                write!(f, "is of version {version}, this program knows {NEWEST}: use the newer release")
            }
            SchemaFault::Altered { version } => write!(f, "migration {version} was altered after it was applied"),
            SchemaFault::Unfinished { version } => write!(f, "migration {version} was begun and not finished"),
            SchemaFault::Copying => f.write_str("a copy into it is not finished: run `hocba database copy` again"),
        }
    }
}

/// How far a database's schema is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Versions applied, with their names; a later release's has none here.
    pub applied: Vec<(i64, Option<&'static str>)>,
    /// Versions to be applied.
    pub pending: Vec<(i64, &'static str)>,
    /// Why it cannot be used as it is.
    pub fault: Option<SchemaFault>,
}

fn of(backend: Backend) -> Migrator {
    let migrations = ALL.iter().map(|(version, name, sqlite, postgres)| {
        let sql = SqlStr::from_static(match backend {
            Backend::Sqlite => sqlite,
            Backend::Postgres => postgres,
        });
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Looks, and changes nothing.
pub(crate) async fn look(connection: &mut AnyConnection, backend: Backend) -> Result<Schema, StoreError> {
    let mut schema = Schema { applied: Vec::new(), pending: Vec::new(), fault: None };
    // `Any` has no boolean of SQLite's.
    let sql = "SELECT version, checksum, CASE WHEN success THEN 1 ELSE 0 END FROM _sqlx_migrations ORDER BY version";
    let applied: Vec<(i64, Vec<u8>, i64)> = if has_table(connection, backend, "_sqlx_migrations").await? {
        sqlx::query_as(sql).fetch_all(&mut *connection).await?
    } else {
        Vec::new()
    };
    let migrator = of(backend);
    let newest = applied.last().map_or(0, |a| a.0);
    for (version, checksum, success) in &applied {
        let known = migrator.iter().find(|m| m.version == *version);
        schema.applied.push((*version, ALL.iter().find(|m| m.0 == *version).map(|m| m.1)));
        let fault = match known {
            None => Some(SchemaFault::Newer { version: newest }),
            Some(_) if *success == 0 => Some(SchemaFault::Unfinished { version: *version }),
            Some(m) if m.checksum.as_ref() != checksum => Some(SchemaFault::Altered { version: *version }),
            Some(_) => None,
        };
        schema.fault = schema.fault.or(fault);
    }
    let is_pending = |version: i64| !applied.iter().any(|a| a.0 == version);
    schema.pending = ALL.iter().filter(|m| is_pending(m.0)).map(|m| (m.0, m.1)).collect();
    if schema.fault.is_none() && !schema.pending.is_empty() {
        schema.fault = Some(SchemaFault::Older { version: newest });
    }
    if schema.fault.is_none() && has_table(connection, backend, crate::copy::MARKER).await? {
        schema.fault = Some(SchemaFault::Copying);
    }
    Ok(schema)
}

/// Brings the schema up to date; two at a time wait for each other (PostgreSQL: an advisory lock; SQLite: its one
/// writer). Refuses one that is newer, altered or unfinished.
pub(crate) async fn run(pool: &Pool<Any>, backend: Backend) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    match look(&mut connection, backend).await?.fault {
        None => return Ok(()),
        Some(SchemaFault::Older { .. }) => {}
        Some(fault) => return Err(StoreError::Schema(fault)),
    }
    let done = match backend {
        Backend::Sqlite => {
            let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
            of(backend).run_direct(None, &mut *tx, false).await.map_err(failed)?;
            tx.commit().await
        }
        Backend::Postgres => return of(backend).run_direct(None, &mut *connection, false).await.map_err(failed),
    };
    Ok(done?)
}

fn failed(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => e.into(),
        MigrateError::VersionMismatch(version) => StoreError::Schema(SchemaFault::Altered { version }),
        MigrateError::VersionMissing(version) => StoreError::Schema(SchemaFault::Newer { version }),
        MigrateError::Dirty(version) => StoreError::Schema(SchemaFault::Unfinished { version }),
        other => StoreError::Database(sqlx::Error::Migrate(Box::new(other))),
    }
}

/// Whether there is a table of this name.
pub(crate) async fn has_table(
    connection: &mut AnyConnection,
    backend: Backend,
    name: &'static str,
) -> Result<bool, StoreError> {
    let sql = match backend {
        Backend::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
        Backend::Postgres => {
            "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = $1"
        }
    };
    let (n,): (i64,) = sqlx::query_as(sql).bind(name).fetch_one(connection).await?;
    Ok(n > 0)
}
