//! How far the schools of a department are, by ward and level.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Add, AddAssign},
};

use hocba_record::types::{EducationLevel, SchoolCode, SchoolYear, Text, UnixTime};
use hocba_store::{ClassProgress, Figures, LevelFigures, SchoolLine, Tx, model::Id};

use crate::{
    Actor, App, AppError, SCHOOLS_PAGE,
    department::{is_found, search_key},
    policy::{Action, Place, may, require, require_somewhere},
};

/// Figures of several classes and schools together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Schools that go on and have a year open.
    pub schools: u64,
    /// Those in which everything expected is in force.
    pub schools_done: u64,
    /// Classes.
    pub classes: u64,
    /// Those in which everything expected is in force.
    pub classes_done: u64,
    /// Pupils and records.
    pub figures: Figures,
}

impl Add for Sum {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            schools: self.schools + other.schools,
            schools_done: self.schools_done + other.schools_done,
            classes: self.classes + other.classes,
            classes_done: self.classes_done + other.classes_done,
            figures: self.figures + other.figures,
        }
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum {
    /// One school's, from its classes.
    fn school(self) -> Self {
        Self { schools: 1, schools_done: u64::from(self.figures.is_done()), ..self }
    }
}

/// Which ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WardChoice {
    /// This one.
    Named(Text),
    /// The schools of which the department's list does not say it.
    Unknown,
}

impl WardChoice {
    fn is(&self, ward: Option<&Text>) -> bool {
        match self {
            WardChoice::Named(wanted) => ward == Some(wanted),
            WardChoice::Unknown => ward.is_none(),
        }
    }
}

/// Where a page of the schools ends: what comes after is further, or as far and later by code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgressCursor {
    /// How much of what is expected is in force, of a thousand.
    pub permille: u64,
    /// School.
    pub code: SchoolCode,
}

/// What is asked of [`App::progress`].
#[derive(Debug, Clone, Default)]
pub struct ProgressQuery {
    /// Words of the name or a part of the code; narrows the list of schools, not the figures.
    pub search: String,
    /// Only schools of this ward.
    pub ward: Option<WardChoice>,
    /// Only classes of this level.
    pub level: Option<EducationLevel>,
    /// Only schools that are not done.
    pub unfinished: bool,
    /// Those after this place.
    pub after: Option<ProgressCursor>,
}

/// A ward with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WardSum {
    /// Which; none where the department's list does not say it.
    pub ward: Option<Text>,
    /// Figures.
    pub sum: Sum,
}

/// A school with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolProgress {
    /// Code.
    pub code: SchoolCode,
    /// As it is called today.
    pub name: Option<Text>,
    /// Where it lies.
    pub ward: Option<Text>,
    /// Its newest open year; none where it has none.
    pub year: Option<SchoolYear>,
    /// Figures.
    pub sum: Sum,
}

impl SchoolProgress {
    fn place(&self) -> ProgressCursor {
        ProgressCursor { permille: self.sum.figures.permille(), code: self.code.clone() }
    }
}

/// How far the schools are.
#[derive(Debug, Clone)]
pub struct ProgressPage {
    /// As of.
    pub at: UnixTime,
    /// All together.
    pub total: Sum,
    /// Schools that go on and have no year open.
    pub without_year: u64,
    /// By level, from the grades of the classes; levels without a class are left out.
    pub levels: Vec<(EducationLevel, Sum)>,
    /// By ward, in the order of their names; the unknown one last.
    pub wards: Vec<WardSum>,
    /// The wards there are, whatever was asked; none for the unknown one.
    pub ward_names: Vec<Option<Text>>,
    /// Schools that were found, on all pages.
    pub found: u64,
    /// The furthest behind first, then by code.
    pub schools: Vec<SchoolProgress>,
    /// Where the next page begins; none on the last one.
    pub next: Option<ProgressCursor>,
}

/// A school's classes.
#[derive(Debug, Clone)]
pub struct SchoolStanding {
    /// As of.
    pub at: UnixTime,
    /// The school, with all its levels.
    pub school: SchoolProgress,
    /// The classes of the year by grade and name, with the id of those that have records.
    pub classes: Vec<(ClassProgress, Option<Id>)>,
}

/// The schools that are watched: those that go on and that the actor reaches.
pub(super) struct Watched {
    pub lines: Vec<SchoolLine>,
    wards: BTreeMap<SchoolCode, Text>,
}

impl Watched {
    pub(super) async fn read(tx: &mut Tx, actor: &Actor) -> Result<Self, AppError> {
        let mut lines = tx.school_lines().await?;
        lines.retain(|line| !line.closed && may(actor, Action::AppointSchool, Place::School(&line.code)));
        Ok(Self { lines, wards: tx.wards().await? })
    }

    pub fn ward(&self, code: &SchoolCode) -> Option<&Text> {
        self.wards.get(code)
    }

    /// The wards in the order of their names, the unknown one last.
    fn ward_names(&self) -> Vec<Option<Text>> {
        let names: BTreeSet<(bool, Option<&Text>)> =
            self.lines.iter().map(|line| self.ward(&line.code)).map(|ward| (ward.is_none(), ward)).collect();
        names.into_iter().map(|(_, ward)| ward.cloned()).collect()
    }

    pub fn without_year(&self, ward: Option<&WardChoice>) -> u64 {
        let here = |line: &&SchoolLine| ward.is_none_or(|choice| choice.is(self.ward(&line.code)));
        self.lines.iter().filter(here).filter(|line| line.year.is_none()).count() as u64
    }

    /// Every school of the ward with its figures of the level, by code; one without a class of the level only where none
    /// is asked for.
    pub fn schools(
        &self,
        rows: &[LevelFigures],
        ward: Option<&WardChoice>,
        level: Option<EducationLevel>,
    ) -> Vec<SchoolProgress> {
        let mut sums: BTreeMap<&SchoolCode, Sum> = BTreeMap::new();
        for row in rows.iter().filter(|row| level.is_none_or(|level| row.level == level)) {
            *sums.entry(&row.school).or_default() += of_row(row);
        }
        let here = |line: &&SchoolLine| ward.is_none_or(|choice| choice.is(self.ward(&line.code)));
        let schools = self.lines.iter().filter(here).filter_map(|line| {
            let sum = match (line.year, sums.get(&line.code)) {
                (Some(_), Some(sum)) => sum.school(),
                (Some(_), None) if level.is_none() => Sum::default().school(),
                (None, _) if level.is_none() => Sum::default(),
                _ => return None,
            };
            Some(SchoolProgress {
                code: line.code.clone(),
                name: line.name.clone(),
                ward: self.ward(&line.code).cloned(),
                year: line.year,
                sum,
            })
        });
        schools.collect()
    }
}

fn of_row(row: &LevelFigures) -> Sum {
    Sum { classes: row.classes, classes_done: row.done, figures: row.figures, ..Sum::default() }
}

/// All of them together.
pub(super) fn total(schools: &[SchoolProgress]) -> Sum {
    schools.iter().fold(Sum::default(), |total, school| total + school.sum)
}

/// By ward: the named ones in the order of their names, the unknown one last.
pub(super) fn by_ward(schools: &[SchoolProgress]) -> Vec<WardSum> {
    let mut wards: BTreeMap<(bool, Option<&Text>), Sum> = BTreeMap::new();
    for school in schools {
        *wards.entry((school.ward.is_none(), school.ward.as_ref())).or_default() += school.sum;
    }
    wards.into_iter().map(|((_, ward), sum)| WardSum { ward: ward.cloned(), sum }).collect()
}

impl App {
    /// How far the schools of a department are in the year that is open, those that lag first, a page at a time.
    ///
    /// Reads one row for each level of a school, whatever it has; no record.
    ///
    /// # Errors
    /// `Forbidden` for whoever appoints at no school.
    pub async fn progress(&self, actor: &Actor, query: &ProgressQuery) -> Result<ProgressPage, AppError> {
        require_somewhere(actor, Action::AppointSchool)?;
        let at = self.edges().now();
        let mut tx = self.store().read().await?;
        let watched = Watched::read(&mut tx, actor).await?;
        let rows = tx.level_figures(None).await?;
        let mut schools = watched.schools(&rows, query.ward.as_ref(), query.level);
        let total = total(&schools);
        let wards = by_ward(&schools);
        let mut levels = Vec::new();
        for level in [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary] {
            if query.level.is_some_and(|wanted| wanted != level) {
                continue;
            }
            let of_level = watched.schools(&rows, query.ward.as_ref(), Some(level));
            if !of_level.is_empty() {
                levels.push((level, self::total(&of_level)));
            }
        }
        let search = search_key(&query.search);
        schools.retain(|school| {
            is_found(&search, &school.code, school.name.as_ref()) && !(query.unfinished && school.sum.figures.is_done())
        });
        schools.sort_by_key(SchoolProgress::place);
        let found = schools.len() as u64;
        if let Some(after) = &query.after {
            schools.retain(|school| school.place() > *after);
        }
        let more = schools.len() > SCHOOLS_PAGE;
        schools.truncate(SCHOOLS_PAGE);
        let next = schools.last().filter(|_| more).map(SchoolProgress::place);
        let without_year = watched.without_year(query.ward.as_ref());
        let ward_names = watched.ward_names();
        Ok(ProgressPage { at, total, without_year, levels, wards, ward_names, found, schools, next })
    }

    /// How far the classes of one school are.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for a school that is not served here, or that ended.
    pub async fn school_progress(&self, actor: &Actor, school: &SchoolCode) -> Result<SchoolStanding, AppError> {
        require(actor, Action::AppointSchool, Place::School(school))?;
        let at = self.edges().now();
        let mut tx = self.store().read().await?;
        let mut watched = Watched::read(&mut tx, actor).await?;
        watched.lines.retain(|line| line.code == *school);
        let year = watched.lines.first().ok_or(AppError::NotFound("school"))?.year;
        let classes = match year {
            Some(year) => tx.progress_of(school, year).await?,
            None => Vec::new(),
        };
        let mut sum = Sum::default();
        for (class, _) in &classes {
            let figures = class.figures;
            sum += Sum { classes: 1, classes_done: u64::from(figures.is_done()), figures, ..Sum::default() };
        }
        let mut found = watched.schools(&[], None, None);
        let mut of_school = found.pop().ok_or(AppError::NotFound("school"))?;
        if year.is_some() {
            of_school.sum = sum.school();
        }
        Ok(SchoolStanding { at, school: of_school, classes })
    }
}
