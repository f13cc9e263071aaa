//! Reading rows: a value that does not belong in its column is named, not guessed at.

use std::{fmt::Display, str::FromStr};

use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use sqlx::{Row as _, any::AnyRow};

use crate::StoreError;

/// A row of a table.
pub(crate) struct Row<'a> {
    pub table: &'static str,
    pub row: &'a AnyRow,
}

impl<'a> Row<'a> {
    pub fn of(table: &'static str, row: &'a AnyRow) -> Self {
        Self { table, row }
    }

    fn wrong(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, row: None }
    }

    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }
    pub fn text_opt(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }
    pub fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| self.wrong(column))
    }
    pub fn parsed_opt<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.text_opt(column)?.map(|text| text.parse().map_err(|_| self.wrong(column))).transpose()
    }
    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }
    pub fn int_opt(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }
    pub fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.int(column)?).map_err(|_| self.wrong(column))
    }
    pub fn number_opt<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.int_opt(column)?.map(|n| T::try_from(n).map_err(|_| self.wrong(column))).transpose()
    }
    pub fn time(&self, column: &'static str) -> Result<UnixTime, StoreError> {
        UnixTime::from_seconds(self.int(column)?).map_err(|_| self.wrong(column))
    }
    pub fn time_opt(&self, column: &'static str) -> Result<Option<UnixTime>, StoreError> {
        self.int_opt(column)?.map(|n| UnixTime::from_seconds(n).map_err(|_| self.wrong(column))).transpose()
    }
    pub fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }
    pub fn bytes_opt(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }
    pub fn fixed<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        self.bytes(column)?.try_into().map_err(|_| self.wrong(column))
    }
    pub fn digest(&self, column: &'static str) -> Result<Sha256Digest, StoreError> {
        self.fixed(column).map(Sha256Digest::from_bytes)
    }
    /// What another layer found wrong with a column.
    pub fn read<T, E: Display>(&self, column: &'static str, read: Result<T, E>) -> Result<T, StoreError> {
        read.map_err(|e| StoreError::Inconsistent { table: self.table, column, row: Some(e.to_string()) })
    }
}

/// Reads all rows of a query.
pub(crate) fn all<T>(
    table: &'static str,
    rows: &[AnyRow],
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(&Row::of(table, row))).collect()
}

/// Reads one row, if there is one.
pub(crate) fn maybe<T>(
    table: &'static str,
    row: Option<&AnyRow>,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    row.map(|row| read(&Row::of(table, row))).transpose()
}

/// Asserts that a change touched exactly one row.
pub(crate) fn one(touched: u64, what: &'static str) -> Result<(), StoreError> {
    if touched == 1 { Ok(()) } else { Err(StoreError::Changed { what }) }
}

/// A number as the database takes it. Sizes and versions here are far below 2^63.
pub(crate) fn int(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}
