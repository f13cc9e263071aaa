//! What happened, in order.

use crate::{
    StoreError, Tx,
    model::AuditEvent,
    row::{Row, all},
};

const TABLE: &str = "audit_events";

impl Tx {
    /// Notes an event.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO audit_events (at, actor, action, subject, version, reason) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(event.at.seconds())
        .bind(&event.actor)
        .bind(&event.action)
        .bind(&event.subject)
        .bind(event.version.map(i64::from))
        .bind(&event.reason)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Everything that happened to one thing, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events_of(&mut self, subject: &str) -> Result<Vec<AuditEvent>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit_events WHERE subject = $1 ORDER BY id")
            .bind(subject)
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, event)
    }

    /// Number of events with this action.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_events(&mut self, action: &str) -> Result<u64, StoreError> {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM audit_events WHERE action = $1")
            .bind(action)
            .fetch_one(self.connection())
            .await?;
        Ok(n.unsigned_abs())
    }
}

fn event(row: &Row<'_>) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        at: row.time("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        version: row.number_opt("version")?,
        reason: row.text_opt("reason")?,
    })
}
