//! The book (học bạ): a pupil's years in order, what is remarkable about them, and the book's management number.
//!
//! A book is no document of its own: it is the ordered set of a pupil's year records. [`review`] looks at the records of
//! one pupil, from however many schools and rule sets, and says in words a parent understands what a careful reader would
//! notice: which years came from paper, which were corrected, where the pupil moved, repeated, was re-assessed, and
//! whether years are missing or told twice. It decides nothing about validity.

mod number;

pub use number::{BookNumber, NumberError};

use std::collections::BTreeMap;

use crate::{
    form::RuleSet,
    payload::RecordKind,
    section::{EnrolmentSection, Promotion, Section, SubjectResult},
    types::{EducationLevel, Grade, PartialDate, SchoolCode, SchoolYear, Text, UnixTime},
};

/// What the review looks at of one record: its open claims and as much of its sections as is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookYear {
    /// School that states it.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Kind.
    pub kind: RecordKind,
    /// Version.
    pub version: u32,
    /// Rule set, where this build knows it.
    pub rules: Option<RuleSet>,
    /// What the shown sections say.
    pub shown: Shown,
}

/// What shown sections say, as far as the review uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The school's printed name.
    pub school_name: Option<Text>,
    /// How the pupil came to the class.
    pub enrolment: Option<EnrolmentSection>,
    /// The decision on promotion.
    pub promotion: Option<Promotion>,
    /// Who took it over from paper, and when.
    pub conversion: Option<(Text, UnixTime)>,
    /// Whether a result of summer stands beside the year's.
    pub reassessed: bool,
    /// A level that was completed with this year.
    pub completed: Option<EducationLevel>,
}

impl Shown {
    /// What these sections say.
    pub fn of<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Self {
        let mut shown = Self::default();
        for section in sections {
            match section {
                Section::School(school) => shown.school_name = Some(school.name.clone()),
                Section::Enrolment(enrolment) => shown.enrolment = Some(enrolment.clone()),
                Section::Promotion(promotion) => shown.promotion = Some(promotion.decision),
                Section::Conversion(conversion) => {
                    shown.conversion = Some((conversion.converter.clone(), conversion.converted_at));
                }
                Section::Completion(completion) if completion.completed => shown.completed = Some(completion.level),
                other => shown.reassessed |= is_reassessed(other),
            }
        }
        shown
    }
}

/// Whether a section holds a result of summer beside the year's.
fn is_reassessed(section: &Section) -> bool {
    match section {
        Section::Subject(subject) => match &subject.result {
            SubjectResult::Score { reassessed, .. } => reassessed.is_some(),
            SubjectResult::Comment { reassessed, .. } => reassessed.is_some(),
            SubjectResult::Level { reassessed, reassessed_test, .. } => {
                reassessed.is_some() || reassessed_test.is_some()
            }
            SubjectResult::Exempt { .. } | SubjectResult::NotAssessed {} => false,
        },
        Section::Result(result) => result.reassessed.is_some(),
        Section::EducationResult(result) => result.reassessed.is_some(),
        Section::StudyRanking(ranking) => ranking.reassessed.is_some(),
        Section::Conduct(conduct) => conduct.retrained.is_some(),
        Section::ConductRanking(conduct) => conduct.retrained.is_some(),
        _ => false,
    }
}

/// Something a careful reader would notice, about the year at this place of the list given to [`review`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The year it is about: its place in the list.
    pub at: usize,
    /// What.
    pub what: Remark,
}

/// What is remarkable about a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Taken over from paper, by whom and when where that is shown.
    Converted {
        /// Full name and time.
        by: Option<(Text, UnixTime)>,
    },
    /// A later version than the first; the results of summer are told by [`Remark::Reassessed`].
    Corrected {
        /// The version.
        version: u32,
    },
    /// A result of summer stands beside the year's.
    Reassessed,
    /// The pupil came from another school during the year.
    MovedIn {
        /// From which.
        from: Text,
        /// On which day.
        on: PartialDate,
    },
    /// The pupil left for another school during the year.
    MovedOut {
        /// For which.
        to: Text,
        /// On which day.
        on: PartialDate,
    },
    /// Another school than the year before.
    OtherSchool {
        /// The one before.
        from: Name,
        /// This year's.
        to: Name,
    },
    /// The same grade as the year before.
    Repeated,
    /// Assessed by another circular than the year before.
    OtherRules {
        /// The one before.
        from: RuleSet,
        /// This year's.
        to: RuleSet,
    },
    /// Years before it are in no record.
    Gap {
        /// The first of them.
        first: SchoolYear,
        /// The last of them.
        last: SchoolYear,
    },
    /// The same school year is told by an earlier record, too, and no move during the year explains it.
    Overlap,
    /// The grade does not follow from the one before.
    GradeJump {
        /// The one before.
        from: Grade,
    },
    /// A level was completed.
    Completed {
        /// Which.
        level: EducationLevel,
    },
}

/// A school by its printed name, or by its code where that is withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// As printed.
    Printed(Text),
    /// Its code.
    Code(SchoolCode),
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Name::Printed(name) => name.fmt(f),
            Name::Code(code) => code.fmt(f),
        }
    }
}

impl Remark {
    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Remark::Converted { .. } => "converted",
            Remark::Corrected { .. } => "corrected",
            Remark::Reassessed => "reassessed",
            Remark::MovedIn { .. } => "moved_in",
            Remark::MovedOut { .. } => "moved_out",
            Remark::OtherSchool { .. } => "other_school",
            Remark::Repeated => "repeated",
            Remark::OtherRules { .. } => "other_rules",
            Remark::Gap { .. } => "gap",
            Remark::Overlap => "overlap",
            Remark::GradeJump { .. } => "grade_jump",
            Remark::Completed { .. } => "completed",
        }
    }

    /// Whether it is a question to ask, rather than a fact of life.
    pub const fn is_question(&self) -> bool {
        matches!(self, Remark::Gap { .. } | Remark::Overlap | Remark::GradeJump { .. })
    }
}

/// What is remarkable about the years of one pupil, in their order (records of one school year in the order given).
pub fn review(years: &[BookYear]) -> Vec<Note> {
    let mut order: Vec<usize> = (0..years.len()).collect();
    order.sort_by_key(|at| years[*at].year);
    let mut notes = Vec::new();
    let mut before: Option<&BookYear> = None;
    for at in order {
        let year = &years[at];
        let mut add = |what| notes.push(Note { at, what });
        if let Some(before) = before {
            compare(before, year, &mut add);
        }
        if year.kind == RecordKind::Converted {
            add(Remark::Converted { by: year.shown.conversion.clone() });
        }
        if let Some(moved) = year.shown.enrolment.as_ref().and_then(|e| e.moved_in.as_ref()) {
            add(Remark::MovedIn { from: moved.school_name.clone(), on: moved.on });
        }
        if let Some(moved) = year.shown.enrolment.as_ref().and_then(|e| e.moved_out.as_ref()) {
            add(Remark::MovedOut { to: moved.school_name.clone(), on: moved.on });
        }
        if before.is_none() && year.shown.enrolment.as_ref().is_some_and(|e| e.repeating) {
            add(Remark::Repeated);
        }
        if year.shown.reassessed {
            add(Remark::Reassessed);
        }
        if year.version > 1 && !year.shown.reassessed {
            add(Remark::Corrected { version: year.version });
        }
        if let Some(level) = year.shown.completed {
            add(Remark::Completed { level });
        }
        before = Some(year);
    }
    notes
}

/// What changed from one year to the next.
fn compare(before: &BookYear, year: &BookYear, add: &mut impl FnMut(Remark)) {
    let gap = i32::from(year.year.start()) - i32::from(before.year.start());
    let moved = |year: &BookYear, out: bool| {
        let enrolment = year.shown.enrolment.as_ref();
        enrolment.is_some_and(|e| if out { e.moved_out.is_some() } else { e.moved_in.is_some() })
    };
    if gap == 0 {
        // Two schools tell one year: the one that was left, and the one that concluded it.
        let explained = before.school != year.school && (moved(before, true) || moved(year, false));
        if !explained {
            add(Remark::Overlap);
        }
    }
    let plus = |year: SchoolYear, by: i32| {
        let start = u16::try_from(i32::from(year.start()) + by).ok();
        start.and_then(|start| SchoolYear::starting(start).ok())
    };
    if let (2.., Some(first), Some(last)) = (gap, plus(before.year, 1), plus(year.year, -1)) {
        add(Remark::Gap { first, last });
    }
    if before.school != year.school && !moved(year, false) {
        let name = |year: &BookYear| {
            year.shown.school_name.clone().map_or_else(|| Name::Code(year.school.clone()), Name::Printed)
        };
        add(Remark::OtherSchool { from: name(before), to: name(year) });
    }
    let (from, to) = (i32::from(before.grade.number()), i32::from(year.grade.number()));
    if gap > 0 && from == to {
        add(Remark::Repeated);
    } else if to != from + i32::from(gap > 0) && to - from != gap {
        add(Remark::GradeJump { from: before.grade });
    }
    if let (Some(from), Some(to)) = (before.rules, year.rules)
        && from != to
    {
        add(Remark::OtherRules { from, to });
    }
}

/// Records of each level, as places in the list: a book is kept per level.
pub fn levels(years: &[BookYear]) -> BTreeMap<EducationLevel, Vec<usize>> {
    let mut levels: BTreeMap<EducationLevel, Vec<usize>> = BTreeMap::new();
    for (at, year) in years.iter().enumerate() {
        levels.entry(year.grade.level()).or_default().push(at);
    }
    levels
}

#[cfg(test)]
mod tests;
