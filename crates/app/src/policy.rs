//! Who may do what, where: the one place that says so.
//!
//! A grant opens the door to the work; the right to *sign* comes from an appointment besides, and is asked for where
//! signatures are taken. What is not named here is not allowed.

use std::fmt;

use hocba_record::types::{ClassName, SchoolCode, SchoolYear};
use hocba_store::model::{Class, Grant, GrantRole};

use crate::{Actor, AppError};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Import or replace a class from a spreadsheet; leave pupils out.
    Import,
    /// Take over earlier years from paper.
    Convert,
    /// See states of a class, without marks.
    ReadStates,
    /// See what records say.
    ReadRecords,
    /// Sign as homeroom teacher.
    Sign,
    /// Co-sign as principal or deputy.
    CoSign,
    /// Return a record to its teacher.
    Return,
    /// Apply the school's seal.
    Seal,
    /// Give homeroom teachers their classes.
    AppointTeacher,
    /// Give a school its principal, deputies and seal.
    AppointSchool,
    /// Hand out transcripts: bundles and links, and withdraw links.
    HandOut,
    /// See the list of everything issued in a school's name.
    ReadManifest,
    /// See how the installation does.
    ReadOverview,
    /// Have waiting records anchored now.
    CloseBatch,
    /// Say what became of a school: renamed, merged, split, closed.
    ChangeSchool,
    /// Prepare a school: its staff list, classes, pupils by class, years.
    PrepareSchool,
    /// Make accounts and tokens: where the data lies, and nowhere else.
    ManageAccounts,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 17] = [
        Action::Import,
        Action::Convert,
        Action::ReadStates,
        Action::ReadRecords,
        Action::Sign,
        Action::CoSign,
        Action::Return,
        Action::Seal,
        Action::AppointTeacher,
        Action::AppointSchool,
        Action::HandOut,
        Action::ReadManifest,
        Action::ReadOverview,
        Action::CloseBatch,
        Action::ChangeSchool,
        Action::PrepareSchool,
        Action::ManageAccounts,
    ];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Import => "import",
            Action::Convert => "convert",
            Action::ReadStates => "read_states",
            Action::ReadRecords => "read_records",
            Action::Sign => "sign",
            Action::CoSign => "co_sign",
            Action::Return => "return",
            Action::Seal => "seal",
            Action::AppointTeacher => "appoint_teacher",
            Action::AppointSchool => "appoint_school",
            Action::HandOut => "hand_out",
            Action::ReadManifest => "read_manifest",
            Action::ReadOverview => "read_overview",
            Action::CloseBatch => "close_batch",
            Action::ChangeSchool => "change_school",
            Action::PrepareSchool => "prepare_school",
            Action::ManageAccounts => "manage_accounts",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The whole installation.
    Everywhere,
    /// A school.
    School(&'a SchoolCode),
    /// A class of a school.
    Class(&'a SchoolCode, SchoolYear, &'a ClassName),
}

impl<'a> Place<'a> {
    /// A stored class.
    pub fn of(class: &'a Class) -> Self {
        Place::Class(&class.school, class.year, &class.name)
    }
}

/// Whether a role includes an action, wherever it holds.
pub const fn role_may(role: GrantRole, action: Action) -> bool {
    use Action::{
        AppointSchool, AppointTeacher, ChangeSchool, CloseBatch, CoSign, Convert, HandOut, Import, PrepareSchool,
        ReadManifest, ReadOverview, ReadRecords, ReadStates, Return, Seal, Sign,
    };
    match role {
        GrantRole::HomeroomTeacher => matches!(action, Import | ReadStates | ReadRecords | Sign),
        GrantRole::Principal | GrantRole::DeputyPrincipal => {
            matches!(action, ReadStates | ReadRecords | CoSign | Return | AppointTeacher | ReadManifest | PrepareSchool)
        }
        GrantRole::Clerk => matches!(action, Convert | ReadStates | ReadRecords | Seal | HandOut | ReadManifest),
        // The department watches progress and sees what is issued, never marks.
        GrantRole::Department => {
            matches!(action, ReadStates | AppointSchool | ReadManifest | ReadOverview | CloseBatch | ChangeSchool)
        }
        GrantRole::Operator => matches!(action, ReadOverview | CloseBatch),
    }
}

fn covers(grant: &Grant, place: Place<'_>) -> bool {
    let school = |code: &SchoolCode| grant.school.as_ref().is_none_or(|s| s == code);
    match place {
        Place::Everywhere => grant.school.is_none() && grant.class.is_none(),
        Place::School(code) => school(code) && grant.class.is_none(),
        Place::Class(code, year, name) => {
            school(code) && grant.class.as_ref().is_none_or(|(y, n)| (*y, n) == (year, name))
        }
    }
}

/// Whether the actor may do this here.
pub fn may(actor: &Actor, action: Action, place: Place<'_>) -> bool {
    match actor {
        Actor::LocalOperator => true,
        Actor::Account(account) => account.grants.iter().any(|g| role_may(g.role, action) && covers(g, place)),
    }
}

/// The same as an error.
///
/// # Errors
/// [`AppError::Forbidden`].
pub fn require(actor: &Actor, action: Action, place: Place<'_>) -> Result<(), AppError> {
    if may(actor, action, place) { Ok(()) } else { Err(AppError::Forbidden(action)) }
}

/// Whether the actor may do this anywhere at all: for work that is heavy, and whose place it tells only afterwards.
///
/// # Errors
/// [`AppError::Forbidden`].
pub fn require_somewhere(actor: &Actor, action: Action) -> Result<(), AppError> {
    let may = match actor {
        Actor::LocalOperator => true,
        Actor::Account(account) => account.grants.iter().any(|g| role_may(g.role, action)),
    };
    if may { Ok(()) } else { Err(AppError::Forbidden(action)) }
}

#[cfg(test)]
mod tests {
    use hocba_store::model::{Account, Id};

    use super::*;

    fn school(code: &str) -> SchoolCode {
        code.parse().expect("code")
    }

    fn account(grants: Vec<Grant>) -> Actor {
        Actor::Account(Account {
            id: Id::from_bytes([1; 16]),
            login: "a".into(),
            name: "A".into(),
            certificate: None,
            grants,
        })
    }

    #[test]
    fn a_grant_reaches_its_own_class_and_no_other() {
        let year = SchoolYear::starting(2026).expect("year");
        let (class, other): (ClassName, ClassName) = ("9A3".parse().expect("class"), "9A4".parse().expect("class"));
        let (here, there) = (school("79DEMO001"), school("79DEMO002"));
        let teacher = account(vec![Grant {
            role: GrantRole::HomeroomTeacher,
            school: Some(here.clone()),
            class: Some((year, class.clone())),
        }]);
        assert!(may(&teacher, Action::Sign, Place::Class(&here, year, &class)));
        assert!(!may(&teacher, Action::Sign, Place::Class(&here, year, &other)));
        assert!(!may(&teacher, Action::Sign, Place::Class(&there, year, &class)));
        assert!(!may(&teacher, Action::Sign, Place::School(&here)));
        assert!(!may(&teacher, Action::CoSign, Place::Class(&here, year, &class)));
        let last_year = SchoolYear::starting(2025).expect("year");
        assert!(!may(&teacher, Action::Sign, Place::Class(&here, last_year, &class)));
    }

    #[test]
    fn nobody_signs_in_two_capacities_by_one_grant_and_nobody_sees_marks_without_a_school() {
        for role in GrantRole::ALL {
            let signs = [Action::Sign, Action::CoSign, Action::Seal];
            assert!(signs.into_iter().filter(|a| role_may(*role, *a)).count() <= 1, "{role}");
        }
        for role in [GrantRole::Department, GrantRole::Operator] {
            assert!(!role_may(role, Action::ReadRecords) && !role_may(role, Action::HandOut), "{role}");
        }
    }

    #[test]
    fn an_account_without_grants_may_nothing() {
        let here = school("79DEMO001");
        for action in Action::ALL {
            assert!(!may(&account(Vec::new()), action, Place::School(&here)), "{action}");
        }
    }
}
