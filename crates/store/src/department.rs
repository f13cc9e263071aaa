//! Many schools at once: what a department looks at. Each function asks one question about all of the schools it is given,
//! so that a page of fifty costs as many statements as a page of one.

use hocba_record::{
    encoding::Sha256Digest,
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_signature::{appointment::Appointment, certificate::Certificate, statement::Role};

use crate::{
    StoreError, Tx,
    model::{Id, Position},
    people::statement,
    row::{Row, all},
};

/// Most schools that one statement asks about: each is a bound value, and SQLite takes 32,766 of them.
pub const MAX_SCHOOLS: usize = 500;

/// The newest year of a school that is open, as a subquery about the school in `$alias`.
macro_rules! newest_open_year {
    ($school:literal) => {
        concat!("(SELECT MAX(y.year) FROM school_years y WHERE y.school = ", $school, " AND y.closed_at IS NULL)")
    };
}

/// An appointment `a` that is in force at a moment: `$1`.
const IN_FORCE: &str = "a.valid_from <= $1 AND a.valid_until > $1 AND NOT EXISTS \
     (SELECT 1 FROM statuses e WHERE e.subject = a.id AND e.school = a.school AND e.action = 'end')";

/// Whether the appointment `a` is on the public record: 1 or 0.
const ON_RECORD: &str = "(CASE WHEN EXISTS (SELECT 1 FROM leaves l JOIN batches b ON b.id = l.batch \
     WHERE l.kind = 'appointment' AND l.subject = a.id AND l.version = 1 AND b.chain_index IS NOT NULL) THEN 1 ELSE 0 END)";

/// A school in a list of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolLine {
    /// Code.
    pub code: SchoolCode,
    /// As it is called today: since it was last renamed, or as the department's list has it.
    pub name: Option<Text>,
    /// Whether it ended.
    pub closed: bool,
    /// Its newest school year that is open.
    pub year: Option<SchoolYear>,
}

/// Who holds a position at a school, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionCount {
    /// Where.
    pub school: SchoolCode,
    /// As what.
    pub position: Position,
    /// Accounts.
    pub accounts: usize,
    /// Those of them that have a certificate.
    pub certificates: usize,
}

/// A planned class of a school's newest open year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassPlan {
    /// Where.
    pub school: SchoolCode,
    /// Its name.
    pub name: ClassName,
    /// Whether it has a homeroom teacher.
    pub homeroom: bool,
    /// That teacher's certificate.
    pub certificate: Option<Sha256Digest>,
    /// Whether it expects any pupil.
    pub has_pupils: bool,
}

/// A homeroom teacher's appointment in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassAppointment {
    /// Where.
    pub school: SchoolCode,
    /// The year and class it gives.
    pub class: (SchoolYear, ClassName),
    /// Whose certificate.
    pub certificate: Sha256Digest,
    /// Whether it is on the public record.
    pub anchored: bool,
}

/// The accounts of a school's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCount {
    /// Where.
    pub school: SchoolCode,
    /// Accounts with a grant there.
    pub accounts: u64,
    /// Those that somebody can sign in with.
    pub active: u64,
}

/// How far the records of classes are: classes by the record that is least far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassStates {
    /// A record is not signed by its teacher.
    pub drafted: u64,
    /// All are signed, and one at least is not sealed.
    pub signed: u64,
    /// All are sealed, and one at least is not on the public record.
    pub sealed: u64,
    /// All are on the public record.
    pub in_force: u64,
}

/// A certificate that somebody at a school signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateLine {
    /// Where.
    pub school: SchoolCode,
    /// Whose.
    pub account: Id,
    /// Their name.
    pub name: String,
    /// What they are on the staff list; a clerk's certificate is the school's seal.
    pub position: Option<Position>,
    /// Last moment it is valid.
    pub not_after: UnixTime,
}

/// A principal or a seal with a certificate and without an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unappointed {
    /// Where.
    pub school: SchoolCode,
    /// Principal, or clerk for the seal.
    pub position: Position,
    /// Their name.
    pub name: String,
    /// Their login.
    pub login: String,
}

/// `($3, $4, $5)`: so many, after the values that come first.
fn list(codes: &[SchoolCode], after: usize) -> String {
    let places: Vec<String> = (1..=codes.len()).map(|n| format!("${}", n + after)).collect();
    format!("({})", places.join(", "))
}

impl Tx {
    /// All schools that are served here, by code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn school_lines(&mut self) -> Result<Vec<SchoolLine>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT s.code, COALESCE((SELECT c.name FROM school_changes c WHERE c.school = s.code AND c.name IS NOT NULL \
             ORDER BY c.id DESC LIMIT 1), n.name) AS name, CASE WHEN EXISTS (SELECT 1 FROM school_changes c \
             WHERE c.school = s.code AND c.change IN ('merged', 'closed')) THEN 1 ELSE 0 END AS closed, ",
            newest_open_year!("s.code"),
            " AS year FROM schools s LEFT JOIN school_list n ON n.code = s.code ORDER BY s.code"
        ))
        .fetch_all(self.connection())
        .await?;
        all("schools", &rows, |row| {
            let year = row.number_opt::<u16>("year")?.map(|y| row.read("year", SchoolYear::starting(y))).transpose()?;
            Ok(SchoolLine {
                code: row.parsed("code")?,
                name: row.parsed_opt("name")?,
                closed: row.int("closed")? == 1,
                year,
            })
        })
    }

    /// Rows about these schools, of a statement whose first values are `first`; at most [`MAX_SCHOOLS`].
    async fn about(
        &mut self,
        sql: String,
        first: &[i64],
        schools: &[SchoolCode],
    ) -> Result<Vec<sqlx::any::AnyRow>, StoreError> {
        debug_assert!(schools.len() <= MAX_SCHOOLS, "the caller asks in parts");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for value in first {
            query = query.bind(*value);
        }
        for school in schools {
            query = query.bind(school.as_str());
        }
        Ok(query.fetch_all(self.connection()).await?)
    }

    /// Who is on the staff of these schools, by position.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_staff(&mut self, schools: &[SchoolCode]) -> Result<Vec<PositionCount>, StoreError> {
        let sql = format!(
            "SELECT s.school, s.position, COUNT(*) AS accounts, COUNT(a.certificate) AS certificates FROM staff s \
             JOIN accounts a ON a.id = s.account AND a.disabled_at IS NULL WHERE s.school IN {} \
             GROUP BY s.school, s.position ORDER BY s.school, s.position",
            list(schools, 0)
        );
        let rows = self.about(sql, &[], schools).await?;
        all("staff", &rows, |row| {
            Ok(PositionCount {
                school: row.parsed("school")?,
                position: row.parsed("position")?,
                accounts: row.number("accounts")?,
                certificates: row.number("certificates")?,
            })
        })
    }

    /// The offices of whole schools that are held now: which role, and whether one that gives it is on the public record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn offices_held(
        &mut self,
        schools: &[SchoolCode],
        now: UnixTime,
    ) -> Result<Vec<(SchoolCode, Role, bool)>, StoreError> {
        let sql = format!(
            "SELECT a.school, a.role, MAX({ON_RECORD}) AS anchored FROM appointments a \
             WHERE a.school IN {} AND a.role <> 'homeroom_teacher' AND {IN_FORCE} \
             GROUP BY a.school, a.role ORDER BY a.school, a.role",
            list(schools, 1)
        );
        let rows = self.about(sql, &[now.seconds()], schools).await?;
        all("appointments", &rows, |row| Ok((row.parsed("school")?, row.parsed("role")?, row.int("anchored")? == 1)))
    }

    /// The classes that these schools plan for their newest open year, by school and name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn class_plans(&mut self, schools: &[SchoolCode]) -> Result<Vec<ClassPlan>, StoreError> {
        let sql = format!(
            concat!(
                "SELECT p.school, p.name, CASE WHEN h.id IS NULL THEN 0 ELSE 1 END AS homeroom, h.certificate, \
                 CASE WHEN EXISTS (SELECT 1 FROM class_members m WHERE m.class = p.id) THEN 1 ELSE 0 END AS pupils \
                 FROM planned_classes p LEFT JOIN accounts h ON h.id = p.homeroom AND h.disabled_at IS NULL \
                 WHERE p.school IN {} AND p.year = ",
                newest_open_year!("p.school"),
                " ORDER BY p.school, p.name"
            ),
            list(schools, 0)
        );
        let rows = self.about(sql, &[], schools).await?;
        all("planned_classes", &rows, |row| {
            Ok(ClassPlan {
                school: row.parsed("school")?,
                name: row.parsed("name")?,
                homeroom: row.int("homeroom")? == 1,
                certificate: row.parsed_opt("certificate")?,
                has_pupils: row.int("pupils")? == 1,
            })
        })
    }

    /// The homeroom appointments in force at these schools.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn class_appointments(
        &mut self,
        schools: &[SchoolCode],
        now: UnixTime,
    ) -> Result<Vec<ClassAppointment>, StoreError> {
        let sql = format!(
            "SELECT a.school, a.year, a.class, a.certificate, {ON_RECORD} AS anchored, \
             CASE WHEN a.class IS NULL THEN a.statement END AS statement FROM appointments a \
             WHERE a.school IN {} AND a.role = 'homeroom_teacher' AND {IN_FORCE} ORDER BY a.school, a.id",
            list(schools, 1)
        );
        let rows = self.about(sql, &[now.seconds()], schools).await?;
        let found = all("appointments", &rows, |row| {
            let Some(class) = class_given(row)? else { return Ok(None) };
            Ok(Some(ClassAppointment {
                school: row.parsed("school")?,
                class,
                certificate: row.parsed("certificate")?,
                anchored: row.int("anchored")? == 1,
            }))
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The accounts of these schools' people.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_accounts(&mut self, schools: &[SchoolCode]) -> Result<Vec<AccountCount>, StoreError> {
        let sql = format!(
            "SELECT w.school, COUNT(*) AS accounts, \
             COUNT(CASE WHEN x.password IS NOT NULL AND x.locked_at IS NULL THEN 1 END) AS active \
             FROM (SELECT DISTINCT school, account FROM grants WHERE school IN {}) w \
             JOIN accounts a ON a.id = w.account AND a.disabled_at IS NULL \
             LEFT JOIN account_access x ON x.account = a.id GROUP BY w.school ORDER BY w.school",
            list(schools, 0)
        );
        let rows = self.about(sql, &[], schools).await?;
        all("accounts", &rows, |row| {
            Ok(AccountCount {
                school: row.parsed("school")?,
                accounts: row.number("accounts")?,
                active: row.number("active")?,
            })
        })
    }

    /// How many pupils each of these schools has in its newest open year: on a class list, or with a record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_pupils(&mut self, schools: &[SchoolCode]) -> Result<Vec<(SchoolCode, u64)>, StoreError> {
        let codes = list(schools, 0);
        let sql = format!(
            concat!(
                "SELECT w.school, COUNT(*) AS n FROM (SELECT p.school, m.pupil AS who FROM planned_classes p \
                 JOIN class_members m ON m.class = p.id WHERE p.school IN {codes} AND p.year = ",
                newest_open_year!("p.school"),
                " UNION SELECT c.school, COALESCE(r.pupil, r.id) AS who FROM classes c JOIN records r ON r.class = c.id \
                 WHERE c.school IN {codes} AND c.kind = 'year' AND c.year = ",
                newest_open_year!("c.school"),
                ") w GROUP BY w.school ORDER BY w.school"
            ),
            codes = codes
        );
        let rows = self.about(sql, &[], schools).await?;
        all("class_members", &rows, |row| Ok((row.parsed("school")?, row.number("n")?)))
    }

    /// How far the classes with records are, in the newest open year of these schools. Records that were left out do not
    /// hold their class back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn class_states(&mut self, schools: &[SchoolCode]) -> Result<Vec<(SchoolCode, ClassStates)>, StoreError> {
        let sql = format!(
            concat!(
                "SELECT w.school, COUNT(CASE WHEN w.far = 0 THEN 1 END) AS drafted, \
                 COUNT(CASE WHEN w.far = 1 THEN 1 END) AS signed, COUNT(CASE WHEN w.far = 2 THEN 1 END) AS sealed, \
                 COUNT(CASE WHEN w.far = 3 THEN 1 END) AS in_force FROM (SELECT c.school, c.id, \
                 MIN(CASE WHEN b.chain_index IS NOT NULL THEN 3 WHEN v.state = 'sealed' THEN 2 \
                 WHEN v.state = 'draft' THEN 0 ELSE 1 END) AS far \
                 FROM classes c JOIN records r ON r.class = c.id JOIN record_versions v ON v.record = r.id \
                 LEFT JOIN leaves l ON l.kind = 'record' AND l.subject = v.record AND l.version = v.version \
                 LEFT JOIN batches b ON b.id = l.batch \
                 WHERE c.school IN {} AND c.kind = 'year' AND v.left_out IS NULL AND NOT EXISTS \
                 (SELECT 1 FROM record_versions n WHERE n.record = v.record AND n.version > v.version) AND c.year = ",
                newest_open_year!("c.school"),
                " GROUP BY c.school, c.id) w GROUP BY w.school ORDER BY w.school"
            ),
            list(schools, 0)
        );
        let rows = self.about(sql, &[], schools).await?;
        all("classes", &rows, |row| {
            let states = ClassStates {
                drafted: row.number("drafted")?,
                signed: row.number("signed")?,
                sealed: row.number("sealed")?,
                in_force: row.number("in_force")?,
            };
            Ok((row.parsed("school")?, states))
        })
    }

    /// The certificates of people of these schools that are over by then, the soonest first; so many at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn certificates_over(
        &mut self,
        schools: &[SchoolCode],
        by: UnixTime,
        limit: u32,
    ) -> Result<Vec<CertificateLine>, StoreError> {
        let codes = list(schools, 2);
        let sql = |which: &str| {
            format!(
                "SELECT w.school, a.id, a.name, s.position, c.not_after, \
                 CASE WHEN c.not_after IS NULL THEN c.der END AS der FROM certificates c \
                 JOIN accounts a ON a.certificate = c.digest AND a.disabled_at IS NULL \
                 JOIN (SELECT school, account FROM staff WHERE school IN {codes} UNION \
                 SELECT school, account FROM grants WHERE school IN {codes}) w ON w.account = a.id \
                 LEFT JOIN staff s ON s.account = a.id AND s.school = w.school \
                 WHERE {which} ORDER BY c.not_after, w.school, a.login LIMIT $2"
            )
        };
        let (until, most) = (by.seconds(), i64::from(limit));
        let known = self.about(sql("c.not_after <= $1"), &[until, most], schools).await?;
        // Written by a release that did not note it.
        let unknown = self.about(sql("c.not_after IS NULL AND $1 = $1"), &[until, i64::MAX], schools).await?;
        let mut lines = all("certificates", &known, |row| certificate_line(row, row.time("not_after")?))?;
        let read = all("certificates", &unknown, |row| match Certificate::from_der(&row.bytes("der")?) {
            Ok(certificate) => certificate_line(row, certificate.not_after()).map(Some),
            // A certificate that cannot be read does not sign either.
            Err(_) => Ok(None),
        })?;
        lines.extend(read.into_iter().flatten().filter(|line| line.not_after <= by));
        lines.sort_by(|a, b| (a.not_after, &a.school, &a.name).cmp(&(b.not_after, &b.school, &b.name)));
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(lines)
    }

    /// Principals of these schools with a certificate that is not appointed, and clerks with one where the school's seal
    /// is not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unappointed(&mut self, schools: &[SchoolCode], now: UnixTime) -> Result<Vec<Unappointed>, StoreError> {
        let sql = format!(
            "SELECT s.school, s.position, w.name, w.login FROM staff s \
             JOIN accounts w ON w.id = s.account AND w.disabled_at IS NULL \
             WHERE s.school IN {} AND s.position IN ('principal', 'clerk') AND w.certificate IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM school_changes c WHERE c.school = s.school AND c.change IN ('merged', 'closed')) \
             AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.school = s.school AND {IN_FORCE} AND \
             ((s.position = 'clerk' AND a.role = 'school_seal') OR \
             (s.position = 'principal' AND a.role = 'principal' AND a.certificate = w.certificate))) \
             ORDER BY s.school, s.position DESC, w.login",
            list(schools, 1)
        );
        let rows = self.about(sql, &[now.seconds()], schools).await?;
        all("staff", &rows, |row| {
            Ok(Unappointed {
                school: row.parsed("school")?,
                position: row.parsed("position")?,
                name: row.text("name")?,
                login: row.text("login")?,
            })
        })
    }
}

/// The year and class of a homeroom appointment. A row of an earlier release says it in its statement alone; one that
/// says none gives none.
fn class_given(row: &Row<'_>) -> Result<Option<(SchoolYear, ClassName)>, StoreError> {
    match (row.number_opt::<u16>("year")?, row.parsed_opt("class")?) {
        (Some(year), Some(class)) => Ok(Some((row.read("year", SchoolYear::starting(year))?, class))),
        _ => {
            let read = Appointment::from_bytes(statement(row)?.payload()).ok();
            Ok(read.and_then(|appointment| appointment.year.zip(appointment.class)))
        }
    }
}

fn certificate_line(row: &Row<'_>, not_after: UnixTime) -> Result<CertificateLine, StoreError> {
    Ok(CertificateLine {
        school: row.parsed("school")?,
        account: row.parsed("id")?,
        name: row.text("name")?,
        position: row.parsed_opt("position")?,
        not_after,
    })
}
