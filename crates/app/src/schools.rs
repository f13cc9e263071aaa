//! What becomes of schools: renamed, merged, split, closed; and who goes on with their work.
//!
//! A school that ended takes no new class. What it issued stays as it is: under its code, its appointments and its name.
//! Corrections go on under the old code, by people whom the department appoints there; mostly the successor's.

use std::collections::BTreeSet;

use hocba_record::types::{SchoolCode, Text, UnixTime};
use hocba_store::{
    Tx,
    model::{AuditEvent, School, SchoolChange, SchoolChangeKind},
    retrying,
};

use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, require},
};

/// Most schools that go on with the work of one.
pub const MAX_SUCCESSORS: usize = 16;

/// What becomes of a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchoolFate {
    /// It goes on under another name.
    Renamed {
        /// The name.
        name: Text,
    },
    /// It ends; another one goes on with its work.
    Merged {
        /// Which.
        into: SchoolCode,
    },
    /// Others take over parts of it; it goes on itself until it is closed.
    Split {
        /// Which.
        into: Vec<SchoolCode>,
    },
    /// It ends.
    Closed {
        /// Who goes on with its work, if anyone does.
        successors: Vec<SchoolCode>,
    },
}

impl SchoolFate {
    fn kind(&self) -> SchoolChangeKind {
        match self {
            SchoolFate::Renamed { .. } => SchoolChangeKind::Renamed,
            SchoolFate::Merged { .. } => SchoolChangeKind::Merged,
            SchoolFate::Split { .. } => SchoolChangeKind::Split,
            SchoolFate::Closed { .. } => SchoolChangeKind::Closed,
        }
    }
    fn successors(&self) -> &[SchoolCode] {
        match self {
            SchoolFate::Renamed { .. } => &[],
            SchoolFate::Merged { into } => std::slice::from_ref(into),
            SchoolFate::Split { into } => into,
            SchoolFate::Closed { successors } => successors,
        }
    }
}

/// A school as others look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolView {
    /// The school.
    pub school: School,
    /// Its name since it was last renamed; before, as the department's list has it.
    pub name: Option<Text>,
    /// When it ended.
    pub closed_at: Option<UnixTime>,
    /// Whom it named as those who go on with its work.
    pub successors: Vec<SchoolCode>,
    /// Who does so today: the successors, or theirs where they ended as well.
    pub today: Vec<SchoolCode>,
    /// Everything that became of it, in order.
    pub changes: Vec<SchoolChange>,
}

impl App {
    /// Notes what became of a school, by the department's word.
    ///
    /// # Errors
    /// `Forbidden`; `UnknownSchool`; `SchoolClosed` for a school or a successor that ended before; `SchoolFate`.
    pub async fn school_changed(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        fate: &SchoolFate,
        decision: Option<&Text>,
    ) -> Result<(), AppError> {
        require(actor, Action::ChangeSchool, Place::School(school))?;
        let (kind, successors) = (fate.kind(), fate.successors());
        let distinct: BTreeSet<&SchoolCode> = successors.iter().collect();
        if distinct.contains(school) || distinct.len() != successors.len() || successors.len() > MAX_SUCCESSORS {
            return Err(AppError::SchoolFate("successors are other schools, each named once"));
        }
        if kind == SchoolChangeKind::Split && successors.is_empty() {
            return Err(AppError::SchoolFate("a split names who takes over"));
        }
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("school_changed").await?;
            for code in std::iter::once(school).chain(successors) {
                tx.school(code).await?.ok_or_else(|| AppError::UnknownSchool(code.clone()))?;
                require_open(&mut tx, code).await?;
            }
            let name = match fate {
                SchoolFate::Renamed { name } => Some(name.clone()),
                _ => None,
            };
            let row = |successor: Option<&SchoolCode>| SchoolChange {
                school: school.clone(),
                change: kind,
                successor: successor.cloned(),
                name: name.clone(),
                decision: decision.cloned(),
                changed_at: now,
            };
            if successors.is_empty() {
                tx.add_school_change(&row(None)).await?;
            }
            for successor in successors {
                tx.add_school_change(&row(Some(successor))).await?;
            }
            let reason = Some(kind.to_string());
            tx.audit(&AuditEvent { reason, ..plain(actor, "school_changed", school.to_string(), now) }).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// A school, what became of it, and who goes on with its work. It says nothing of anyone, so anyone may ask.
    ///
    /// # Errors
    /// `UnknownSchool`.
    pub async fn school(&self, code: &SchoolCode) -> Result<SchoolView, AppError> {
        let mut tx = self.store().read().await?;
        let school = tx.school(code).await?.ok_or_else(|| AppError::UnknownSchool(code.clone()))?;
        let changes = tx.school_changes(code).await?;
        let successors = successors(&changes);
        let listed = tx.listed_school(code).await?;
        let (mut today, mut seen) = (BTreeSet::new(), BTreeSet::from([code.clone()]));
        let mut next = successors.clone();
        // A successor is open when it is named, so the way goes forward in time only; `seen` is for two that lead to one.
        while let Some(code) = next.pop() {
            if !seen.insert(code.clone()) {
                continue;
            }
            let changes = tx.school_changes(&code).await?;
            if closed(&changes).is_some() {
                next.extend(self::successors(&changes));
            } else {
                today.insert(code);
            }
        }
        Ok(SchoolView {
            school,
            name: changes.iter().rev().find_map(|c| c.name.clone()).or(listed.map(|listed| listed.name)),
            closed_at: closed(&changes),
            successors,
            today: today.into_iter().collect(),
            changes,
        })
    }
}

fn closed(changes: &[SchoolChange]) -> Option<UnixTime> {
    changes.iter().find(|c| c.change.closes()).map(|c| c.changed_at)
}

fn successors(changes: &[SchoolChange]) -> Vec<SchoolCode> {
    let named: BTreeSet<SchoolCode> = changes.iter().filter_map(|c| c.successor.clone()).collect();
    named.into_iter().collect()
}

/// Refuses where a school ended.
pub(crate) async fn require_open(tx: &mut Tx, school: &SchoolCode) -> Result<(), AppError> {
    let changes = tx.school_changes(school).await?;
    match closed(&changes) {
        Some(_) => Err(AppError::SchoolClosed { school: school.clone(), successors: successors(&changes) }),
        None => Ok(()),
    }
}
