//! What happened, in order; and finding it again.
//!
//! An event knows its subject by id alone. Of which school and class it is is looked up when it is written, by what kind of
//! thing its action is about ([`AUDITED`]): a page of one school's log is then a walk along an index, however long the log.

use std::fmt::Write as _;

use hocba_record::types::UnixTime;

use crate::{
    StoreError, Tx,
    model::{AuditEvent, Id},
    row::{Row, all},
};

const TABLE: &str = "audit_events";

/// Most events that one search looks through before it answers with what it has: some tens of milliseconds on either
/// engine. Whoever looks for something rare goes on from there.
const WALK: u32 = 20_000;

/// What the subject of an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A school, by its code.
    School,
    /// A class with records.
    Class,
    /// A class of a school's plan.
    PlannedClass,
    /// A record.
    Record,
    /// An account: of the school where it works, if that is one.
    Account,
    /// An appointment.
    Appointment,
    /// An appointment or a record whose status changed.
    Status,
    /// A batch, which is of many schools.
    Batch,
    /// Nothing of any one school: the installation, a package, an authority's answer.
    Other,
}

/// Every action that the log knows, and what it is about. The code of a new one stands here, or a test fails; and its words
/// stand in the catalogues of the pages.
pub const AUDITED: &[(&str, Subject)] = &[
    ("activate", Subject::Account),
    ("add_account", Subject::Account),
    ("add_reader", Subject::Account),
    ("add_school", Subject::School),
    ("add_token", Subject::Account),
    ("anchor_batch", Subject::Batch),
    ("answer_request", Subject::Record),
    ("appoint", Subject::Appointment),
    ("ask_school", Subject::Record),
    ("assign_homeroom", Subject::PlannedClass),
    ("change_password", Subject::Account),
    ("close_batch", Subject::Batch),
    ("close_batches_now", Subject::Other),
    ("close_year", Subject::School),
    ("co_sign_records", Subject::Record),
    ("confirm_mail", Subject::Account),
    ("confirm_totp", Subject::Account),
    ("create_link", Subject::Record),
    ("create_paper_link", Subject::Record),
    ("decide_moves", Subject::School),
    ("end_appointment", Subject::Appointment),
    ("end_other_sessions", Subject::Account),
    ("end_session", Subject::Account),
    ("enrol_certificate", Subject::Account),
    ("hand_out_bundle", Subject::Record),
    ("import_class", Subject::Class),
    ("import_lists", Subject::School),
    ("keep_evidence", Subject::Other),
    ("keep_time_stamp", Subject::Batch),
    ("leave_out", Subject::Record),
    ("link_openid", Subject::Account),
    ("lock_account", Subject::Account),
    ("make_slip", Subject::Account),
    ("move_to_successor", Subject::Other),
    ("note_package", Subject::Other),
    ("note_schools", Subject::Other),
    ("open_school", Subject::School),
    ("open_year", Subject::School),
    ("print_record", Subject::Record),
    ("publish_status", Subject::Status),
    ("recovery_codes", Subject::Account),
    ("remove_mail", Subject::Account),
    ("renew_record", Subject::Record),
    ("reset_account", Subject::Account),
    ("resigning_queue", Subject::School),
    ("return_record", Subject::Record),
    ("roll_over", Subject::School),
    ("school_changed", Subject::School),
    ("seal_records", Subject::Record),
    ("send_mail_code", Subject::Account),
    ("set_grants", Subject::Account),
    ("set_openid_grants", Subject::Account),
    ("sign_in", Subject::Account),
    ("sign_in_slowed", Subject::Account),
    ("sign_out", Subject::Account),
    ("sign_records", Subject::Record),
    ("supersede_record", Subject::Record),
    ("take_answers", Subject::Other),
    ("take_cancellation", Subject::Record),
    ("take_messages", Subject::Class),
    ("unlink_openid", Subject::Account),
    ("unlock_account", Subject::Account),
    ("withdraw_certificate", Subject::Account),
    ("withdraw_link", Subject::Record),
    ("withdraw_request", Subject::Record),
];

impl Subject {
    /// What the subject of an action is; of one that is not known, nothing is known.
    pub fn of(action: &str) -> Self {
        AUDITED.iter().find(|(code, _)| *code == action).map_or(Subject::Other, |(_, subject)| *subject)
    }

    /// How school and class are looked up; the subject is `$4`.
    const fn lookup(self) -> (&'static str, &'static str) {
        match self {
            Subject::School => ("(SELECT code FROM schools WHERE code = $4)", "NULL"),
            Subject::Class => {
                ("(SELECT school FROM classes WHERE id = $4)", "(SELECT name FROM classes WHERE id = $4)")
            }
            Subject::PlannedClass => (
                "(SELECT school FROM planned_classes WHERE id = $4)",
                "(SELECT name FROM planned_classes WHERE id = $4)",
            ),
            Subject::Record => (
                "(SELECT c.school FROM records r JOIN classes c ON c.id = r.class WHERE r.id = $4)",
                "(SELECT c.name FROM records r JOIN classes c ON c.id = r.class WHERE r.id = $4)",
            ),
            Subject::Account => (
                "(SELECT CASE WHEN COUNT(*) = 1 THEN MIN(w.school) END FROM (SELECT school FROM grants \
                 WHERE account = $4 AND school IS NOT NULL UNION SELECT school FROM staff WHERE account = $4) w)",
                "NULL",
            ),
            Subject::Appointment => {
                ("(SELECT school FROM appointments WHERE id = $4)", "(SELECT class FROM appointments WHERE id = $4)")
            }
            Subject::Status => ("(SELECT MIN(school) FROM statuses WHERE subject = $4)", "NULL"),
            Subject::Batch | Subject::Other => ("NULL", "NULL"),
        }
    }
}

/// Where a page of the log ends: the next one has what is before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor {
    /// Time.
    pub at: i64,
    /// Number of the event.
    pub id: i64,
}

/// What is looked for. Everything that is given has to hold.
#[derive(Debug, Clone, Default)]
pub struct AuditSearch {
    /// Schools: by code, or by how their codes begin. Without any, of all events, also those of no school.
    pub schools: Option<Vec<(String, bool)>>,
    /// Account id, `system` or `operator`.
    pub actor: Option<String>,
    /// Action.
    pub action: Option<String>,
    /// Name of the class.
    pub class: Option<String>,
    /// From this moment on.
    pub from: Option<UnixTime>,
    /// Before this place: the newest first.
    pub before: Option<AuditCursor>,
}

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Where it stands.
    pub place: AuditCursor,
    /// What happened.
    pub event: AuditEvent,
    /// Of which school.
    pub school: Option<String>,
    /// Of which class.
    pub class: Option<String>,
}

/// A page of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditSlice {
    /// The newest first.
    pub lines: Vec<AuditLine>,
    /// Where to go on; none where there is nothing more.
    pub next: Option<AuditCursor>,
}

/// The code after all that begin so: school codes are capital letters and digits.
fn after_prefix(prefix: &str) -> String {
    let mut bytes = prefix.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    String::from_utf8(bytes).unwrap_or_default()
}

impl Tx {
    /// Notes an event, with the school and class it is of.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        self.touched.at(event.at);
        let (school, class) = Subject::of(&event.action).lookup();
        let sql = format!(
            "INSERT INTO audit_events (at, actor, action, subject, version, reason, school, class) \
             VALUES ($1, $2, $3, $4, $5, $6, {school}, {class})"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
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

    /// What happened to the records of a class by these actions, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events_in_class(&mut self, class: &Id, actions: &[&str]) -> Result<Vec<AuditEvent>, StoreError> {
        let named: Vec<String> = (2..2 + actions.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT e.* FROM records r JOIN audit_events e ON e.subject = r.id \
             WHERE r.class = $1 AND e.action IN ({}) ORDER BY e.id",
            named.join(", ")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(class.to_string());
        for action in actions {
            query = query.bind((*action).to_owned());
        }
        let rows = query.fetch_all(self.connection()).await?;
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

    /// Events, the newest first. It walks along one index, the narrowest that what is looked for allows, and looks at
    /// `WALK` events at most: a page with fewer than `limit` may have a `next`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_events(&mut self, search: &AuditSearch, limit: u32) -> Result<AuditSlice, StoreError> {
        let one = match search.schools.as_deref() {
            Some([(code, false)]) => Some(code),
            _ => None,
        };
        // The first of these is walked along; the others are looked at on the way.
        let mut narrow = [("school", one), ("actor", search.actor.as_ref()), ("action", search.action.as_ref())]
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)));
        let mut values = Values::default();
        let mut walk = String::from("1 = 1");
        if let Some((column, value)) = narrow.next() {
            let _ = write!(walk, " AND {column} = {}", values.text(value));
        }
        if let Some(from) = search.from {
            let _ = write!(walk, " AND at >= {}", values.int(from.seconds()));
        }
        if let Some(before) = search.before {
            let _ = write!(walk, " AND (at, id) < ({}, {})", values.int(before.at), values.int(before.id));
        }
        let inner = format!("SELECT * FROM audit_events WHERE {walk} ORDER BY at DESC, id DESC");
        let of_the_walk = values.0.len();
        let mut filter = String::from("1 = 1");
        for (column, value) in narrow.chain(search.class.as_ref().map(|class| ("class", class))) {
            let _ = write!(filter, " AND {column} = {}", values.text(value));
        }
        if let (Some(schools), None) = (&search.schools, one) {
            filter.push_str(" AND (1 = 0");
            for (code, is_prefix) in schools {
                if *is_prefix {
                    let (low, high) = (values.text(code), values.text(&after_prefix(code)));
                    let _ = write!(filter, " OR (school >= {low} AND school < {high})");
                } else {
                    let _ = write!(filter, " OR school = {}", values.text(code));
                }
            }
            filter.push(')');
        }
        let sql = format!(
            "SELECT * FROM ({inner} LIMIT {WALK}) w WHERE {filter} ORDER BY at DESC, id DESC LIMIT {}",
            limit.saturating_add(1)
        );
        let rows = self.bound(sql, &values.0).await?;
        let mut lines = all(TABLE, &rows, line)?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        if lines.len() > wanted {
            lines.truncate(wanted);
            let next = lines.last().map(|line| line.place);
            return Ok(AuditSlice { lines, next });
        }
        // Fewer than a page: because there are no more, or because the walk ended before the log did. Where an event
        // comes after the walk's last one, it goes on from that.
        let sql = format!("{inner} LIMIT 2 OFFSET {}", WALK - 1);
        let rows = self.bound(sql, values.0.get(..of_the_walk).unwrap_or_default()).await?;
        let next = match all(TABLE, &rows, line)?.as_slice() {
            [last, _] => Some(last.place),
            _ => None,
        };
        Ok(AuditSlice { lines, next })
    }

    async fn bound(&mut self, sql: String, values: &[Bound]) -> Result<Vec<sqlx::any::AnyRow>, StoreError> {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for value in values {
            query = match value {
                Bound::Int(n) => query.bind(*n),
                Bound::Text(text) => query.bind(text.clone()),
            };
        }
        Ok(query.fetch_all(self.connection()).await?)
    }
}

enum Bound {
    Int(i64),
    Text(String),
}

/// Values in the order in which they are bound, and how each is named.
#[derive(Default)]
struct Values(Vec<Bound>);

impl Values {
    fn text(&mut self, text: &str) -> String {
        self.0.push(Bound::Text(text.to_owned()));
        format!("${}", self.0.len())
    }
    fn int(&mut self, n: i64) -> String {
        self.0.push(Bound::Int(n));
        format!("${}", self.0.len())
    }
}

fn line(row: &Row<'_>) -> Result<AuditLine, StoreError> {
    Ok(AuditLine {
        place: AuditCursor { at: row.int("at")?, id: row.int("id")? },
        event: event(row)?,
        school: row.text_opt("school")?,
        class: row.text_opt("class")?,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one_of_its_length() {
        let (low, high) = ("79", after_prefix("79"));
        for (code, within) in
            [("79", true), ("79DEMO001", true), ("79ZZ", true), ("80", false), ("7", false), ("7A", false)]
        {
            assert_eq!(code >= low && code < high.as_str(), within, "{code}");
        }
    }

    #[test]
    fn the_actions_are_in_order_and_each_is_there_once() {
        assert!(AUDITED.is_sorted_by(|a, b| a.0 < b.0));
    }
}
