//! How far the records of each class are, as figures kept beside them.
//!
//! Functions of [`Tx`] that change a record, a class list or a receipt note which classes they touch; [`Tx::commit`]
//! counts those anew from their records and writes what it found, in the same transaction. So nobody who changes a record
//! has to think of it, and a figure cannot outlive what it counts. `fsck` counts everything again and compares;
//! docs/adr/0026 says why it is done so.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Add, AddAssign},
};

use hocba_record::{
    encoding::RecordId,
    types::{ClassName, EducationLevel, Grade, SchoolCode, SchoolYear, Text, UnixTime},
};

use crate::{
    Store, StoreError, Tx,
    model::Id,
    retrying,
    row::{Row, all, int},
};

const TABLE: &str = "class_progress";
/// Ids in one statement.
const BULK: usize = 500;
/// The clock of Vietnam is ahead of UTC by this, in seconds; there is no summer time.
pub const VIETNAM: i64 = 7 * 3600;

/// The day of a moment by the clock of Vietnam, in days since 1970-01-01.
pub fn day_of(time: UnixTime) -> i64 {
    time.seconds().saturating_add(VIETNAM).div_euclid(86_400)
}

/// A class as the figures know it: planned, with records, or both.
type Key = (String, i64, String);

/// What a transaction has touched so far.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    keys: BTreeSet<Key>,
    classes: BTreeSet<String>,
    planned: BTreeSet<String>,
    records: BTreeSet<String>,
    /// Records that are new: their pupils wait for one no longer, on whatever list of the school they stand.
    appeared: BTreeSet<String>,
    batches: BTreeSet<i64>,
    /// The latest moment that a function was told.
    at: Option<UnixTime>,
}

impl Touched {
    pub fn at(&mut self, now: UnixTime) {
        self.at = self.at.max(Some(now));
    }
    pub fn class(&mut self, class: &Id, now: UnixTime) {
        self.classes.insert(class.to_string());
        self.at(now);
    }
    pub fn planned(&mut self, class: &Id) {
        self.planned.insert(class.to_string());
    }
    pub fn record(&mut self, record: &RecordId, now: UnixTime) {
        self.records.insert(record.to_string());
        self.at(now);
    }
    pub fn appeared(&mut self, record: &RecordId, now: UnixTime) {
        self.appeared.insert(record.to_string());
        self.record(record, now);
    }
    pub fn batch(&mut self, batch: i64) {
        self.batches.insert(batch);
    }
    fn is_empty(&self) -> bool {
        self.keys.is_empty()
            && self.classes.is_empty()
            && self.planned.is_empty()
            && self.records.is_empty()
            && self.batches.is_empty()
    }
}

/// Pupils and their records, by how far they are. A record counts by its latest version, in one of the six from
/// `drafted` to `left_out`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Pupils on a class list who have no record of the year at the school.
    pub waiting: u64,
    /// Drafts.
    pub drafted: u64,
    /// Signed by the homeroom teacher.
    pub signed: u64,
    /// Signed off by the principal or a deputy.
    pub signed_off: u64,
    /// Sealed by the school, and not on the public record yet.
    pub sealed: u64,
    /// On the public record.
    pub in_force: u64,
    /// Left out: the class goes on without them.
    pub left_out: u64,
    /// Those of `drafted` that were returned to the teacher.
    pub returned: u64,
}

impl Figures {
    /// All that are to be in force one day: everything but what was left out.
    pub const fn expected(&self) -> u64 {
        self.waiting + self.drafted + self.signed + self.signed_off + self.sealed + self.in_force
    }

    /// Whether everything expected is in force, and there is anything.
    pub const fn is_done(&self) -> bool {
        self.in_force > 0 && self.in_force == self.expected()
    }

    /// How much of what is expected is in force, of a thousand; rounded down, so that only all is all. 0 of nothing.
    pub const fn permille(&self) -> u64 {
        match self.expected() {
            0 => 0,
            all => self.in_force.saturating_mul(1000) / all,
        }
    }

    /// By name, in the order of the columns.
    pub const fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("waiting", self.waiting),
            ("drafted", self.drafted),
            ("signed", self.signed),
            ("signed_off", self.signed_off),
            ("sealed", self.sealed),
            ("in_force", self.in_force),
            ("left_out", self.left_out),
            ("returned", self.returned),
        ]
    }
}

impl Add for Figures {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            waiting: self.waiting + other.waiting,
            drafted: self.drafted + other.drafted,
            signed: self.signed + other.signed,
            signed_off: self.signed_off + other.signed_off,
            sealed: self.sealed + other.sealed,
            in_force: self.in_force + other.in_force,
            left_out: self.left_out + other.left_out,
            returned: self.returned + other.returned,
        }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A class with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassProgress {
    /// School year.
    pub year: SchoolYear,
    /// Name.
    pub class: ClassName,
    /// Grade.
    pub grade: Grade,
    /// Figures.
    pub figures: Figures,
    /// Day of the last change ([`day_of`]).
    pub day: i64,
}

/// The classes of a school's newest open year at one level, summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelFigures {
    /// Where.
    pub school: SchoolCode,
    /// By the grades of the classes.
    pub level: EducationLevel,
    /// Classes.
    pub classes: u64,
    /// Those in which everything expected is in force.
    pub done: u64,
    /// Figures.
    pub figures: Figures,
}

/// The columns of the figures, of a table that is called so.
fn columns(of: &str) -> String {
    let names = Figures::default().named().map(|(name, _)| format!("{of}.{name}"));
    names.join(", ")
}

/// Whether everything in a row of figures is in force: the same as [`Figures::is_done`].
const DONE: &str = "p.in_force > 0 AND p.waiting + p.drafted + p.signed + p.signed_off + p.sealed = 0";

fn figures(row: &Row<'_>) -> Result<Figures, StoreError> {
    Ok(Figures {
        waiting: row.number("waiting")?,
        drafted: row.number("drafted")?,
        signed: row.number("signed")?,
        signed_off: row.number("signed_off")?,
        sealed: row.number("sealed")?,
        in_force: row.number("in_force")?,
        left_out: row.number("left_out")?,
        returned: row.number("returned")?,
    })
}

fn level_figures(row: &Row<'_>) -> Result<LevelFigures, StoreError> {
    Ok(LevelFigures {
        school: row.parsed("school")?,
        level: match row.int("level")? {
            0 => EducationLevel::Primary,
            1 => EducationLevel::LowerSecondary,
            _ => EducationLevel::UpperSecondary,
        },
        classes: row.number("classes")?,
        done: row.number("done")?,
        figures: figures(row)?,
    })
}

fn key(row: &Row<'_>) -> Result<Key, StoreError> {
    Ok((row.text("school")?, row.int("year")?, row.text("name")?))
}

fn list(count: usize) -> String {
    (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

impl Store {
    /// Counts the figures of every class of every school anew, a school in each transaction: after rows were written past
    /// this program, or by servers of a release that did not know the figures. Gives how many schools there are.
    ///
    /// # Errors
    /// When the database fails; what was counted until then is kept.
    pub async fn recount(&self, now: UnixTime) -> Result<usize, StoreError> {
        let schools = self.read().await?.schools().await?;
        for school in &schools {
            retrying(|| async {
                let mut tx = self.begin("recount").await?;
                tx.recount(&school.code, now).await?;
                tx.commit().await
            })
            .await?;
        }
        Ok(schools.len())
    }
}

impl Tx {
    /// The classes that ids lead to.
    async fn keys_of(&mut self, sql: &str, ids: &BTreeSet<String>) -> Result<Vec<Key>, StoreError> {
        let ids: Vec<&String> = ids.iter().collect();
        let mut found = Vec::new();
        for ids in ids.chunks(BULK) {
            let sql = sql.replace("{}", &list(ids.len()));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for id in ids {
                query = query.bind((*id).clone());
            }
            let rows = query.fetch_all(self.connection()).await?;
            found.extend(all(TABLE, &rows, key)?);
        }
        Ok(found)
    }

    /// Notes what a record counts for before it goes, or before it is another pupil's.
    pub(crate) async fn touch_before(&mut self, record: &RecordId) -> Result<(), StoreError> {
        let one = BTreeSet::from([record.to_string()]);
        for sql in [OF_RECORDS, LISTS_OF_RECORDS] {
            let keys = self.keys_of(sql, &one).await?;
            self.touched.keys.extend(keys);
        }
        Ok(())
    }

    /// Counts every class of a school anew when this transaction is committed: for rows that were written past the
    /// functions of this crate, or by a release that did not know the figures.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn recount(&mut self, school: &SchoolCode, now: UnixTime) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT school, year, name FROM classes WHERE school = $1 AND kind = 'year' \
             UNION SELECT school, year, name FROM planned_classes WHERE school = $1 \
             UNION SELECT school, year, class AS name FROM class_progress WHERE school = $1",
        )
        .bind(school.as_str())
        .fetch_all(self.connection())
        .await?;
        let keys = all(TABLE, &rows, key)?;
        self.touched.keys.extend(keys);
        self.touched.at(now);
        Ok(())
    }

    /// Counts what was touched, and writes what is new.
    pub(crate) async fn settle_progress(&mut self) -> Result<(), StoreError> {
        if self.touched.is_empty() {
            return Ok(());
        }
        let mut touched = std::mem::take(&mut self.touched);
        for (sql, ids) in [
            (OF_CLASSES, &touched.classes),
            (OF_PLANNED, &touched.planned),
            (OF_RECORDS, &touched.records),
            (LISTS_OF_RECORDS, &touched.appeared),
        ] {
            let keys = self.keys_of(sql, ids).await?;
            touched.keys.extend(keys);
        }
        for batch in &touched.batches {
            let rows = sqlx::query(
                "SELECT DISTINCT c.school, c.year, c.name FROM leaves l JOIN records r ON r.id = l.subject \
                 JOIN classes c ON c.id = r.class WHERE l.batch = $1 AND l.kind = 'record'",
            )
            .bind(*batch)
            .fetch_all(self.connection())
            .await?;
            touched.keys.extend(all(TABLE, &rows, key)?);
        }
        // No function that changes a record goes without a time but in tests; the day before all days says nothing wrong.
        let day = touched.at.map_or(0, day_of);
        for key in &touched.keys {
            if let Some((grade, figures)) = self.counted(key).await? {
                self.keep_progress(key, grade, &figures, day).await?;
            }
        }
        Ok(())
    }

    /// Counts a class from its list, records, leaves and batches; none where there is no class of the year of this name.
    async fn counted(&mut self, (school, year, name): &Key) -> Result<Option<(i64, Figures)>, StoreError> {
        let row = sqlx::query(
            "SELECT COALESCE((SELECT c.grade FROM classes c WHERE c.school = $1 AND c.year = $2 AND c.name = $3 \
             AND c.kind = 'year'), (SELECT p.grade FROM planned_classes p WHERE p.school = $1 AND p.year = $2 \
             AND p.name = $3)) AS grade, \
             (SELECT COUNT(*) FROM planned_classes p JOIN class_members m ON m.class = p.id \
             WHERE p.school = $1 AND p.year = $2 AND p.name = $3 AND NOT EXISTS (SELECT 1 FROM records o \
             JOIN classes t ON t.id = o.class WHERE o.pupil = m.pupil AND t.school = $1 AND t.year = $2 \
             AND t.kind = 'year')) AS waiting, \
             COUNT(CASE WHEN w.state = 'draft' AND w.left_out IS NULL THEN 1 END) AS drafted, \
             COUNT(CASE WHEN w.state = 'teacher_signed' THEN 1 END) AS signed, \
             COUNT(CASE WHEN w.state = 'co_signed' THEN 1 END) AS signed_off, \
             COUNT(CASE WHEN w.state = 'sealed' AND w.chain_index IS NULL THEN 1 END) AS sealed, \
             COUNT(CASE WHEN w.state = 'sealed' AND w.chain_index IS NOT NULL THEN 1 END) AS in_force, \
             COUNT(w.left_out) AS left_out, \
             COUNT(CASE WHEN w.state = 'draft' AND w.left_out IS NULL AND w.returned IS NOT NULL THEN 1 END) AS returned \
             FROM (SELECT v.state, v.left_out, v.returned, b.chain_index FROM classes c JOIN records r ON r.class = c.id \
             JOIN record_versions v ON v.record = r.id \
             AND v.version = (SELECT MAX(n.version) FROM record_versions n WHERE n.record = r.id) \
             LEFT JOIN leaves l ON l.kind = 'record' AND l.subject = v.record AND l.version = v.version \
             LEFT JOIN batches b ON b.id = l.batch \
             WHERE c.school = $1 AND c.year = $2 AND c.name = $3 AND c.kind = 'year') w",
        )
        .bind(school)
        .bind(*year)
        .bind(name)
        .fetch_one(self.connection())
        .await?;
        let row = Row::of(TABLE, &row);
        row.int_opt("grade")?.map(|grade| Ok::<_, StoreError>((grade, figures(&row)?))).transpose()
    }

    async fn keep_progress(
        &mut self,
        (school, year, name): &Key,
        grade: i64,
        figures: &Figures,
        day: i64,
    ) -> Result<(), StoreError> {
        // A clock that was set back does not write into the past: a class's days only rise.
        let changed = "class_progress.grade <> excluded.grade OR class_progress.waiting <> excluded.waiting \
                       OR class_progress.drafted <> excluded.drafted OR class_progress.signed <> excluded.signed \
                       OR class_progress.signed_off <> excluded.signed_off OR class_progress.sealed <> excluded.sealed \
                       OR class_progress.in_force <> excluded.in_force OR class_progress.left_out <> excluded.left_out \
                       OR class_progress.returned <> excluded.returned";
        let sql = format!(
            "INSERT INTO class_progress (school, year, class, grade, waiting, drafted, signed, signed_off, sealed, \
             in_force, left_out, returned, day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             ON CONFLICT (school, year, class) DO UPDATE SET grade = excluded.grade, waiting = excluded.waiting, \
             drafted = excluded.drafted, signed = excluded.signed, signed_off = excluded.signed_off, \
             sealed = excluded.sealed, in_force = excluded.in_force, left_out = excluded.left_out, \
             returned = excluded.returned, day = CASE WHEN excluded.day > class_progress.day THEN excluded.day \
             ELSE class_progress.day END WHERE {changed}"
        );
        let mut query =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(school.clone()).bind(*year).bind(name.clone()).bind(grade);
        for (_, count) in figures.named() {
            query = query.bind(int(count));
        }
        let done = query.bind(day).execute(self.connection()).await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO class_progress_days (school, year, class, day, waiting, drafted, signed, signed_off, sealed, \
             in_force, left_out, returned) SELECT school, year, class, day, waiting, drafted, signed, signed_off, sealed, \
             in_force, left_out, returned FROM class_progress WHERE school = $1 AND year = $2 AND class = $3 \
             ON CONFLICT (school, year, class, day) DO UPDATE SET waiting = excluded.waiting, \
             drafted = excluded.drafted, signed = excluded.signed, signed_off = excluded.signed_off, \
             sealed = excluded.sealed, in_force = excluded.in_force, left_out = excluded.left_out, \
             returned = excluded.returned",
        )
        .bind(school.clone())
        .bind(*year)
        .bind(name.clone())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The classes of a school as they are kept: by year and name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn class_progress(&mut self, school: &SchoolCode) -> Result<Vec<ClassProgress>, StoreError> {
        let rows = sqlx::query("SELECT * FROM class_progress WHERE school = $1 ORDER BY year, class")
            .bind(school.as_str())
            .fetch_all(self.connection())
            .await?;
        all(TABLE, &rows, class_progress)
    }

    /// The same, counted now; `day` is as it is kept, and 0 for a class that is not kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn counted_progress(&mut self, school: &SchoolCode) -> Result<Vec<ClassProgress>, StoreError> {
        let rows = sqlx::query(
            "SELECT k.school, k.year, k.name, COALESCE(p.day, 0) AS day FROM (\
             SELECT school, year, name FROM classes WHERE school = $1 AND kind = 'year' \
             UNION SELECT school, year, name FROM planned_classes WHERE school = $1) k \
             LEFT JOIN class_progress p ON p.school = k.school AND p.year = k.year AND p.class = k.name \
             ORDER BY k.year, k.name",
        )
        .bind(school.as_str())
        .fetch_all(self.connection())
        .await?;
        let keys = all(TABLE, &rows, |row| {
            let year = row.read("year", SchoolYear::starting(row.number("year")?))?;
            Ok((key(row)?, year, row.parsed::<ClassName>("name")?, row.int("day")?))
        })?;
        let mut found = Vec::new();
        for (key, year, class, day) in keys {
            if let Some((grade, figures)) = self.counted(&key).await? {
                let grade = u8::try_from(grade).ok().and_then(|grade| Grade::new(grade).ok());
                let grade = grade.ok_or(StoreError::Inconsistent { table: TABLE, column: "grade", row: None })?;
                found.push(ClassProgress { year, class, grade, figures, day });
            }
        }
        Ok(found)
    }

    /// The last day of each class of a school, by year and name: what `class_progress` has to say, too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_days(&mut self, school: &SchoolCode) -> Result<Vec<ClassProgress>, StoreError> {
        let sql = format!(
            "SELECT d.year, d.class, p.grade, d.day, {} FROM class_progress p JOIN class_progress_days d \
             ON d.school = p.school AND d.year = p.year AND d.class = p.class \
             WHERE p.school = $1 AND d.day = (SELECT MAX(e.day) FROM class_progress_days e WHERE e.school = d.school \
             AND e.year = d.year AND e.class = d.class) ORDER BY d.year, d.class",
            columns("d")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(school.as_str()).fetch_all(self.connection()).await?;
        all("class_progress_days", &rows, class_progress)
    }

    /// The figures of every school in its newest open year, by code and level: of now, or as they were at the end of a
    /// day ([`day_of`]). One row for each level of a school, whatever it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn level_figures(&mut self, day: Option<i64>) -> Result<Vec<LevelFigures>, StoreError> {
        let now = "class_progress p".to_owned();
        let then = format!(
            "(SELECT q.school, q.year, q.class, q.grade, {} FROM class_progress q WHERE q.day <= $1 \
             UNION ALL SELECT q.school, q.year, q.class, q.grade, {} FROM class_progress q JOIN class_progress_days d \
             ON d.school = q.school AND d.year = q.year AND d.class = q.class WHERE q.day > $1 \
             AND d.day = (SELECT MAX(e.day) FROM class_progress_days e WHERE e.school = q.school AND e.year = q.year \
             AND e.class = q.class AND e.day <= $1)) p",
            columns("q"),
            columns("d")
        );
        let sums: Vec<String> = Figures::default()
            .named()
            .iter()
            .map(|(name, _)| format!("CAST(SUM(p.{name}) AS BIGINT) AS {name}"))
            .collect();
        let sql = format!(
            "SELECT p.school, CASE WHEN p.grade <= 5 THEN 0 WHEN p.grade <= 9 THEN 1 ELSE 2 END AS level, \
             COUNT(*) AS classes, COUNT(CASE WHEN {DONE} THEN 1 END) AS done, {} FROM {} \
             JOIN (SELECT school, MAX(year) AS year FROM school_years WHERE closed_at IS NULL GROUP BY school) y \
             ON y.school = p.school AND y.year = p.year \
             GROUP BY p.school, CASE WHEN p.grade <= 5 THEN 0 WHEN p.grade <= 9 THEN 1 ELSE 2 END \
             ORDER BY p.school, level",
            sums.join(", "),
            if day.is_some() { then } else { now }
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        if let Some(day) = day {
            query = query.bind(day);
        }
        let rows = query.fetch_all(self.connection()).await?;
        all(TABLE, &rows, level_figures)
    }

    /// Where the schools of the department's list lie, by code; those of which the list says it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wards(&mut self) -> Result<BTreeMap<SchoolCode, Text>, StoreError> {
        let rows = sqlx::query("SELECT code, ward FROM school_list WHERE ward IS NOT NULL ORDER BY code")
            .fetch_all(self.connection())
            .await?;
        Ok(all("school_list", &rows, |row| Ok((row.parsed("code")?, row.parsed("ward")?)))?.into_iter().collect())
    }

    /// The class of a school's year, where it has records: for a link to it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn progress_of(
        &mut self,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<Vec<(ClassProgress, Option<Id>)>, StoreError> {
        let rows = sqlx::query(
            "SELECT p.*, c.id FROM class_progress p LEFT JOIN classes c ON c.school = p.school AND c.year = p.year \
             AND c.name = p.class AND c.kind = 'year' WHERE p.school = $1 AND p.year = $2 \
             ORDER BY p.grade, p.class",
        )
        .bind(school.as_str())
        .bind(i64::from(year.start()))
        .fetch_all(self.connection())
        .await?;
        all(TABLE, &rows, |row| Ok((class_progress(row)?, row.parsed_opt("id")?)))
    }
}

/// Classes by the ids of what touched them.
const OF_CLASSES: &str = "SELECT DISTINCT c.school, c.year, c.name FROM classes c WHERE c.id IN ({})";
const OF_PLANNED: &str = "SELECT DISTINCT p.school, p.year, p.name FROM planned_classes p WHERE p.id IN ({})";
const OF_RECORDS: &str =
    "SELECT DISTINCT c.school, c.year, c.name FROM records r JOIN classes c ON c.id = r.class WHERE r.id IN ({})";
/// The class lists, of the same school and year, that the pupils of records stand on.
const LISTS_OF_RECORDS: &str = "SELECT DISTINCT p.school, p.year, p.name FROM records r JOIN classes c ON c.id = r.class \
     JOIN class_members m ON m.pupil = r.pupil JOIN planned_classes p ON p.id = m.class AND p.school = c.school \
     AND p.year = c.year WHERE r.id IN ({})";

fn class_progress(row: &Row<'_>) -> Result<ClassProgress, StoreError> {
    Ok(ClassProgress {
        year: row.read("year", SchoolYear::starting(row.number("year")?))?,
        class: row.parsed("class")?,
        grade: row.read("grade", Grade::new(row.number("grade")?))?,
        figures: figures(row)?,
        day: row.int("day")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_vietnam() {
        let at = |seconds| UnixTime::from_seconds(seconds).expect("a time");
        assert_eq!(day_of(at(17 * 3600 - 1)), 0);
        assert_eq!(day_of(at(17 * 3600)), 1);
        assert_eq!(day_of(at(0)), 0);
    }

    #[test]
    fn only_all_of_them_is_a_thousand_of_a_thousand() {
        let figures = Figures { in_force: 1999, drafted: 1, left_out: 7, ..Figures::default() };
        assert_eq!((figures.permille(), figures.is_done(), figures.expected()), (999, false, 2000));
        let done = Figures { in_force: 1999, left_out: 7, ..Figures::default() };
        assert_eq!((done.permille(), done.is_done()), (1000, true));
        let none = Figures { left_out: 7, ..Figures::default() };
        assert_eq!((none.permille(), none.is_done()), (0, false), "nobody is no class that is done");
    }
}
