//! Classes.

use hocba_record::types::{ClassName, Grade, SchoolCode, SchoolYear, UnixTime};

use crate::{
    StoreError, Tx,
    model::{Class, Id},
    row::{Row, all, maybe, one},
};

const TABLE: &str = "classes";

impl Tx {
    /// Adds a class at revision 1.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the school has it already.
    pub async fn add_class(&mut self, class: &Class, now: UnixTime) -> Result<(), StoreError> {
        self.touched.class(&class.id, now);
        sqlx::query(
            "INSERT INTO classes (id, school, year, grade, name, revision, imported_at, kind) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(class.id.to_string())
        .bind(class.school.as_str())
        .bind(i64::from(class.year.start()))
        .bind(i64::from(class.grade.number()))
        .bind(class.name.as_str())
        .bind(class.revision)
        .bind(now.seconds())
        .bind(class.kind.as_str())
        .execute(self.connection())
        .await
        .map_err(|e| StoreError::from(e).or_exists("the class"))?;
        Ok(())
    }

    /// Notes that a class was imported again. `class` is as it was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where somebody imported it meanwhile.
    pub async fn class_imported_again(&mut self, class: &Class, grade: Grade, now: UnixTime) -> Result<(), StoreError> {
        self.touched.class(&class.id, now);
        let done = sqlx::query(
            "UPDATE classes SET revision = revision + 1, grade = $1, imported_at = $2 WHERE id = $3 AND revision = $4",
        )
        .bind(i64::from(grade.number()))
        .bind(now.seconds())
        .bind(class.id.to_string())
        .bind(class.revision)
        .execute(self.connection())
        .await?;
        one(done.rows_affected(), "the class")
    }

    /// All classes: by school, latest year first, then by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn classes(&mut self) -> Result<Vec<Class>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM classes ORDER BY school, year DESC, name").fetch_all(self.connection()).await?;
        all(TABLE, &rows, class)
    }

    /// The classes of a school that have records: latest year first, then by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn classes_of_school(&mut self, school: &SchoolCode) -> Result<Vec<Class>, StoreError> {
        let rows = sqlx::query("SELECT * FROM classes WHERE school = $1 ORDER BY year DESC, name")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, class)
    }

    /// The classes of a school's year that have records, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn classes_of(&mut self, school: &SchoolCode, year: SchoolYear) -> Result<Vec<Class>, StoreError> {
        let rows = sqlx::query("SELECT * FROM classes WHERE school = $1 AND year = $2 ORDER BY name")
            .bind(school.as_str())
            .bind(i64::from(year.start()))
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, class)
    }

    /// The class of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn class(&mut self, id: &Id) -> Result<Option<Class>, StoreError> {
        let row = sqlx::query("SELECT * FROM classes WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        maybe(TABLE, row.as_ref(), class)
    }

    /// The class of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn class_named(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
        name: &ClassName,
    ) -> Result<Option<Class>, StoreError> {
        let row = sqlx::query("SELECT * FROM classes WHERE school = $1 AND year = $2 AND name = $3")
            .bind(school.as_str())
            .bind(i64::from(year.start()))
            .bind(name.as_str())
            .fetch_optional(self.connection())
            .await?;
        maybe(TABLE, row.as_ref(), class)
    }
}

fn class(row: &Row<'_>) -> Result<Class, StoreError> {
    Ok(Class {
        id: row.parsed("id")?,
        school: row.parsed("school")?,
        year: row.read("year", SchoolYear::starting(row.number("year")?))?,
        grade: row.read("grade", Grade::new(row.number("grade")?))?,
        name: row.parsed("name")?,
        revision: row.int("revision")?,
        kind: row.parsed("kind")?,
    })
}
