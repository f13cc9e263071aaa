//! The schema, embedded in the program.

use sqlx::{
    Any, Pool, SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::StoreError;

const SQLITE: [(i64, &str, &str); 1] = [(1, "initial", include_str!("../../../migrations/sqlite/0001_initial.sql"))];

/// Brings the schema up to date. Refuses one that is newer, or whose files were altered since.
pub(crate) async fn run(pool: &Pool<Any>) -> Result<(), StoreError> {
    let migrations = SQLITE.map(|(version, description, sql)| {
        Migration::new(version, description.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    Migrator::with_migrations(migrations.into()).run(pool).await.map_err(|e| StoreError::Schema(e.to_string()))
}
