//! School years of a school: opened, worked in, closed.

use std::collections::BTreeSet;

use hocba_record::types::{SchoolCode, SchoolYear, Text};
use hocba_store::{
    Tx,
    model::{AuditEvent, Id, LeftOut, RecordState, SchoolYearRow},
    retrying,
};

use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, require},
    schools::require_open,
};

/// A school year as people look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearView {
    /// The year, when it was opened and closed.
    pub row: SchoolYearRow,
    /// Classes planned.
    pub classes: usize,
    /// Pupils expected, or with a record.
    pub pupils: usize,
    /// Those of them without a sealed record of the year.
    pub unfinished: usize,
}

impl YearView {
    /// The newest of these years that is open.
    pub fn newest_open(years: &[Self]) -> Option<SchoolYear> {
        years.iter().filter(|year| year.row.closed_at.is_none()).map(|year| year.row.year).max()
    }
}

/// What closing a year did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedYear {
    /// Whether it was open before.
    pub new: bool,
    /// Pupils without a sealed record.
    pub unfinished: usize,
}

/// How many pupils a year has, and how many of them have no sealed record.
struct Progress {
    pupils: usize,
    unfinished: usize,
}

impl App {
    /// Opens a school year: lists can be taken from then on. Gives whether it is new; a closed year stays closed.
    ///
    /// # Errors
    /// `Forbidden`, `UnknownSchool`, `SchoolClosed`, `YearClosed`.
    pub async fn open_year(&self, actor: &Actor, school: &SchoolCode, year: SchoolYear) -> Result<bool, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("open_year").await?;
            tx.school(school).await?.ok_or_else(|| AppError::UnknownSchool(school.clone()))?;
            require_open(&mut tx, school).await?;
            if let Some(row) = tx.school_years(school).await?.iter().find(|row| row.year == year) {
                return if row.closed_at.is_some() { Err(AppError::YearClosed(year)) } else { Ok(false) };
            }
            tx.add_school_year(school, year, now).await?;
            let reason = Some(year.to_string());
            tx.audit(&AuditEvent { reason, ..plain(actor, "open_year", school.to_string(), now) }).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Closes a school year: its lists stay as they are. Records go on: what is signed can be corrected as ever.
    ///
    /// # Errors
    /// `Forbidden`, `UnknownSchool`, `YearNotOpen`; `YearUnfinished` while pupils have no sealed record, unless a reason
    /// is given.
    pub async fn close_year(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: SchoolYear,
        force: Option<&Text>,
    ) -> Result<ClosedYear, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("close_year").await?;
            tx.school(school).await?.ok_or_else(|| AppError::UnknownSchool(school.clone()))?;
            let row = tx.school_years(school).await?.into_iter().find(|row| row.year == year);
            let row = row.ok_or(AppError::YearNotOpen(year))?;
            let Progress { unfinished, .. } = progress(&mut tx, school, year).await?;
            if row.closed_at.is_some() {
                return Ok(ClosedYear { new: false, unfinished });
            }
            if unfinished > 0 && force.is_none() {
                return Err(AppError::YearUnfinished { unfinished });
            }
            // A reason is for a year that needs one.
            let reason = force.filter(|_| unfinished > 0);
            tx.close_school_year(school, year, reason, now).await?;
            let code = if unfinished > 0 { "unfinished" } else { "finished" };
            let reason = Some(format!("{year} {code}"));
            tx.audit(&AuditEvent { reason, ..plain(actor, "close_year", school.to_string(), now) }).await?;
            tx.commit().await?;
            Ok(ClosedYear { new: true, unfinished })
        })
        .await
    }

    /// A school's years, the earliest first.
    ///
    /// # Errors
    /// `Forbidden`, `UnknownSchool`.
    pub async fn school_years(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<YearView>, AppError> {
        require(actor, Action::ReadStates, Place::School(school))?;
        let mut tx = self.store().read().await?;
        tx.school(school).await?.ok_or_else(|| AppError::UnknownSchool(school.clone()))?;
        let mut views = Vec::new();
        for row in tx.school_years(school).await? {
            let classes = tx.planned_classes(school, row.year).await?.len();
            let Progress { pupils, unfinished } = progress(&mut tx, school, row.year).await?;
            views.push(YearView { row, classes, pupils, unfinished });
        }
        Ok(views)
    }
}

/// Counts whoever is on a class list or has a record of the year. Whoever moved away needs none; a record of a pupil who
/// is not known counts by itself.
async fn progress(tx: &mut Tx, school: &SchoolCode, year: SchoolYear) -> Result<Progress, AppError> {
    let mut finished: BTreeSet<Id> = BTreeSet::new();
    let mut pupils: BTreeSet<Id> = BTreeSet::new();
    let (mut nameless, mut nameless_unfinished) = (0, 0);
    for record in tx.year_records(school, year).await? {
        // Of a pupil whose record is being corrected an earlier version is sealed.
        let done =
            record.state == RecordState::Sealed || record.version > 1 || record.left_out == Some(LeftOut::Transferred);
        match record.pupil {
            Some(pupil) => {
                pupils.insert(pupil);
                if done {
                    finished.insert(pupil);
                }
            }
            None => {
                nameless += 1;
                nameless_unfinished += usize::from(!done);
            }
        }
    }
    pupils.extend(tx.pupils_on_lists(school, year).await?);
    let unfinished = pupils.difference(&finished).count() + nameless_unfinished;
    Ok(Progress { pupils: pupils.len() + nameless, unfinished })
}
