//! Pupils through the years, and the management numbers of their books.

use std::collections::BTreeMap;

use hocba_record::{
    book::BookNumber,
    types::{EducationLevel, UnixTime},
};

use crate::{
    StoreError, Tx,
    model::{Id, RecordVersion},
    records::{FULL, TABLE as VERSIONS, placeholders, version},
    row::{Row, all, one},
};

/// By what a pupil is found again: an identifier under a key that the database does not have.
pub type PupilKey = [u8; 32];

/// Rows in one statement: at most 4 bound values each.
const BULK: usize = 500;

pub(crate) const fn level_word(level: EducationLevel) -> &'static str {
    match level {
        EducationLevel::Primary => "tieu_hoc",
        EducationLevel::LowerSecondary => "thcs",
        EducationLevel::UpperSecondary => "thpt",
    }
}

/// `$1, $2` … from `first` on.
pub(crate) fn list(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

impl Tx {
    /// Whose these keys are; unknown ones are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pupils_by_keys(&mut self, keys: &[PupilKey]) -> Result<BTreeMap<PupilKey, Id>, StoreError> {
        let mut found = BTreeMap::new();
        for keys in keys.chunks(BULK) {
            let sql = format!("SELECT key, pupil FROM pupil_keys WHERE key IN ({})", list(1, keys.len()));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for key in keys {
                query = query.bind(key.to_vec());
            }
            let rows = query.fetch_all(self.connection()).await?;
            let read = |row: &Row<'_>| Ok((row.fixed::<32>("key")?, row.parsed::<Id>("pupil")?));
            found.extend(all("pupil_keys", &rows, read)?);
        }
        Ok(found)
    }

    /// Adds pupils.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_pupils(&mut self, pupils: &[Id], now: UnixTime) -> Result<(), StoreError> {
        for pupils in pupils.chunks(BULK) {
            let sql = format!("INSERT INTO pupils (id, created_at) VALUES {}", placeholders(pupils.len(), 2));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for pupil in pupils {
                query = query.bind(pupil.to_string()).bind(now.seconds());
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Adds what pupils are found by.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a key that is another's, or this one's already.
    pub async fn add_pupil_keys(&mut self, keys: &[(PupilKey, Id)], now: UnixTime) -> Result<(), StoreError> {
        for keys in keys.chunks(BULK) {
            let sql = format!("INSERT INTO pupil_keys (key, pupil, created_at) VALUES {}", placeholders(keys.len(), 3));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (key, pupil) in keys {
                query = query.bind(key.to_vec()).bind(pupil.to_string()).bind(now.seconds());
            }
            query.execute(self.connection()).await.map_err(|e| StoreError::from(e).or_exists("the pupil"))?;
        }
        Ok(())
    }

    /// The management numbers of these pupils' books of a level.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn books_of(
        &mut self,
        pupils: &[Id],
        level: EducationLevel,
    ) -> Result<BTreeMap<Id, BookNumber>, StoreError> {
        let mut found = BTreeMap::new();
        for pupils in pupils.chunks(BULK) {
            let sql =
                format!("SELECT pupil, number FROM books WHERE level = $1 AND pupil IN ({})", list(2, pupils.len()));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(level_word(level));
            for pupil in pupils {
                query = query.bind(pupil.to_string());
            }
            let rows = query.fetch_all(self.connection()).await?;
            let read = |row: &Row<'_>| Ok((row.parsed::<Id>("pupil")?, row.parsed::<BookNumber>("number")?));
            found.extend(all("books", &rows, read)?);
        }
        Ok(found)
    }

    /// Adds books.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a number that is taken, or a pupil who has a book of the level.
    pub async fn add_books(&mut self, books: &[(BookNumber, Id)], now: UnixTime) -> Result<(), StoreError> {
        for books in books.chunks(BULK) {
            let sql =
                format!("INSERT INTO books (number, pupil, level, created_at) VALUES {}", placeholders(books.len(), 4));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (number, pupil) in books {
                query = query
                    .bind(number.to_string())
                    .bind(pupil.to_string())
                    .bind(level_word(number.level()))
                    .bind(now.seconds());
            }
            query.execute(self.connection()).await.map_err(|e| StoreError::from(e).or_exists("the book"))?;
        }
        Ok(())
    }

    /// The pupil whose book has this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pupil_of_book(&mut self, number: &BookNumber) -> Result<Option<Id>, StoreError> {
        let row = sqlx::query("SELECT pupil FROM books WHERE number = $1")
            .bind(number.to_string())
            .fetch_optional(self.connection())
            .await?;
        row.as_ref().map(|row| Row::of("books", row).parsed("pupil")).transpose()
    }

    /// Whose records these are; those of nobody known are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pupils_of_class(&mut self, class: &Id) -> Result<BTreeMap<Id, Id>, StoreError> {
        let rows = sqlx::query("SELECT id, pupil FROM records WHERE class = $1 AND pupil IS NOT NULL")
            .bind(class.to_string())
            .fetch_all(self.connection())
            .await?;
        let read = |row: &Row<'_>| Ok((row.parsed::<Id>("id")?, row.parsed::<Id>("pupil")?));
        Ok(all("records", &rows, read)?.into_iter().collect())
    }

    /// Forgets by what those of these pupils are found who have one record only, which is a draft of theirs being
    /// replaced: a number that was mistyped must not find anybody later. Gives who they are.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn loosen_pupils(&mut self, pupils: &[Id]) -> Result<Vec<Id>, StoreError> {
        let mut loose = Vec::new();
        for pupils in pupils.chunks(BULK) {
            let sql = format!(
                "SELECT r.pupil FROM records r JOIN record_versions v ON v.record = r.id WHERE r.pupil IN ({}) \
                 GROUP BY r.pupil HAVING COUNT(*) = 1",
                list(1, pupils.len())
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for pupil in pupils {
                query = query.bind(pupil.to_string());
            }
            let rows = query.fetch_all(self.connection()).await?;
            let found: Vec<Id> = all("records", &rows, |row| row.parsed("pupil"))?;
            if !found.is_empty() {
                let sql = format!("DELETE FROM pupil_keys WHERE pupil IN ({})", list(1, found.len()));
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for pupil in &found {
                    query = query.bind(pupil.to_string());
                }
                query.execute(self.connection()).await?;
            }
            loose.extend(found);
        }
        Ok(loose)
    }

    /// Says whose a record is.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where there is no such record.
    pub async fn set_pupil(&mut self, record: &Id, pupil: Option<&Id>) -> Result<(), StoreError> {
        self.touch_before(record).await?;
        let done = sqlx::query("UPDATE records SET pupil = $1 WHERE id = $2")
            .bind(pupil.map(ToString::to_string))
            .bind(record.to_string())
            .execute(self.connection())
            .await?;
        one(done.rows_affected(), "the record's pupil")?;
        self.touch_before(record).await
    }

    /// The latest version of each of a pupil's records, in all schools, the earliest year first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn records_of_pupil(&mut self, pupil: &Id) -> Result<Vec<RecordVersion>, StoreError> {
        let sql = format!(
            "{FULL} JOIN classes c ON c.id = r.class WHERE r.pupil = $1 AND v.version = \
             (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record) ORDER BY c.year, c.id"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(pupil.to_string()).fetch_all(self.connection()).await?;
        all(VERSIONS, &rows, version)
    }

    /// The latest sealed version of each record that these pupils have of earlier years, by pupil, the earliest first:
    /// what a new year's history names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sealed_before(
        &mut self,
        pupils: &[Id],
        year: u16,
    ) -> Result<BTreeMap<Id, Vec<RecordVersion>>, StoreError> {
        let mut found: BTreeMap<Id, Vec<RecordVersion>> = BTreeMap::new();
        for pupils in pupils.chunks(BULK) {
            let sql = format!(
                "{FULL} JOIN classes c ON c.id = r.class WHERE c.year < $1 AND r.pupil IN ({}) AND v.version = \
                 (SELECT MAX(w.version) FROM record_versions w WHERE w.record = v.record AND w.state = 'sealed') \
                 ORDER BY c.year, c.id",
                list(2, pupils.len())
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(i64::from(year));
            for pupil in pupils {
                query = query.bind(pupil.to_string());
            }
            let rows = query.fetch_all(self.connection()).await?;
            for version in all(VERSIONS, &rows, version)? {
                if let Some(pupil) = version.pupil {
                    found.entry(pupil).or_default().push(version);
                }
            }
        }
        Ok(found)
    }
}
