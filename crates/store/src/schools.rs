//! What becomes of schools.

use hocba_record::types::SchoolCode;

use crate::{
    StoreError, Tx,
    model::SchoolChange,
    row::{Row, all},
};

const TABLE: &str = "school_changes";

impl Tx {
    /// Notes what became of a school.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_school_change(&mut self, change: &SchoolChange) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO school_changes (school, change, successor, name, decision, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(change.school.as_str())
        .bind(change.change.as_str())
        .bind(change.successor.as_ref().map(ToString::to_string))
        .bind(change.name.as_ref().map(ToString::to_string))
        .bind(change.decision.as_ref().map(ToString::to_string))
        .bind(change.changed_at.seconds())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What became of a school, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn school_changes(&mut self, school: &SchoolCode) -> Result<Vec<SchoolChange>, StoreError> {
        let rows = sqlx::query("SELECT * FROM school_changes WHERE school = $1 ORDER BY id")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, change)
    }
}

fn change(row: &Row<'_>) -> Result<SchoolChange, StoreError> {
    Ok(SchoolChange {
        school: row.parsed("school")?,
        change: row.parsed("change")?,
        successor: row.parsed_opt("successor")?,
        name: row.parsed_opt("name")?,
        decision: row.parsed_opt("decision")?,
        changed_at: row.time("changed_at")?,
    })
}
