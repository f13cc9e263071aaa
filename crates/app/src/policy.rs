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
    /// Make the accounts of a school's people, print their slips, reset, lock and unlock them, end their sessions.
    ManageSchoolAccounts,
    /// Make a school's administrators, and all that besides with their accounts.
    AppointAdministrator,
    /// Prepare a school: its staff list, classes, pupils by class, years.
    PrepareSchool,
    /// See what happened at a school: the audit log.
    ReadAudit,
    /// Make the accounts by which pupils and parents read a book, and print their slips.
    InviteReaders,
    /// Answer what pupils and parents ask about a record.
    AnswerRequests,
    /// Make any account, and tokens: where the data lies, and nowhere else.
    ManageAccounts,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 22] = [
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
        Action::ManageSchoolAccounts,
        Action::AppointAdministrator,
        Action::PrepareSchool,
        Action::ReadAudit,
        Action::InviteReaders,
        Action::AnswerRequests,
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
            Action::ManageSchoolAccounts => "manage_school_accounts",
            Action::AppointAdministrator => "appoint_administrator",
            Action::PrepareSchool => "prepare_school",
            Action::ReadAudit => "read_audit",
            Action::InviteReaders => "invite_readers",
            Action::AnswerRequests => "answer_requests",
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
        AnswerRequests, AppointAdministrator, AppointSchool, AppointTeacher, ChangeSchool, CloseBatch, CoSign, Convert,
        HandOut, Import, InviteReaders, ManageSchoolAccounts, PrepareSchool, ReadAudit, ReadManifest, ReadOverview,
        ReadRecords, ReadStates, Return, Seal, Sign,
    };
    match role {
        GrantRole::HomeroomTeacher => {
            matches!(action, Import | ReadStates | ReadRecords | Sign | InviteReaders | AnswerRequests)
        }
        GrantRole::Principal | GrantRole::DeputyPrincipal => {
            matches!(
                action,
                ReadStates
                    | ReadRecords
                    | CoSign
                    | Return
                    | AppointTeacher
                    | ReadManifest
                    | PrepareSchool
                    | ReadAudit
                    | AnswerRequests
            )
        }
        GrantRole::Clerk => {
            matches!(action, Convert | ReadStates | ReadRecords | Seal | HandOut | ReadManifest | InviteReaders)
        }
        // The department watches progress and sees what is issued, never marks.
        GrantRole::Department => {
            matches!(
                action,
                ReadStates
                    | AppointSchool
                    | ReadManifest
                    | ReadOverview
                    | CloseBatch
                    | ChangeSchool
                    | ManageSchoolAccounts
                    | AppointAdministrator
                    | ReadAudit
            )
        }
        GrantRole::Operator => matches!(action, ReadOverview | CloseBatch),
        // Signs nothing, and sees no marks.
        GrantRole::SchoolAdministrator => {
            matches!(action, ReadStates | ManageSchoolAccounts | PrepareSchool | ReadAudit)
        }
    }
}

fn covers(grant: &Grant, place: Place<'_>) -> bool {
    let school = |code: &SchoolCode| {
        grant.school.as_ref().is_none_or(|s| s == code) && grant.prefix.as_ref().is_none_or(|p| p.covers(code))
    };
    match place {
        Place::Everywhere => grant.school.is_none() && grant.prefix.is_none() && grant.class.is_none(),
        Place::School(code) => school(code) && grant.class.is_none(),
        Place::Class(code, year, name) => {
            school(code) && grant.class.as_ref().is_none_or(|(y, n)| (*y, n) == (year, name))
        }
    }
}

/// What it takes to give somebody this grant, to take it back, or to touch the account of somebody who has it.
///
/// A school's administrator gives the working roles of their own school. Their own account has a grant that it takes more
/// to touch than they have: so nobody raises their own grants.
pub fn to_give(grant: &Grant) -> (Action, Place<'_>) {
    use GrantRole::{Clerk, DeputyPrincipal, HomeroomTeacher, Principal, SchoolAdministrator};
    match (grant.role, &grant.school) {
        (HomeroomTeacher | Principal | DeputyPrincipal | Clerk, Some(school)) => {
            (Action::ManageSchoolAccounts, Place::School(school))
        }
        (SchoolAdministrator, Some(school)) => (Action::AppointAdministrator, Place::School(school)),
        _ => (Action::ManageAccounts, Place::Everywhere),
    }
}

/// Why a grant cannot be given to anybody: what it would say is not meant by its role.
pub fn not_a_grant(grant: &Grant) -> Option<&'static str> {
    if grant.prefix.is_some() && (grant.role != GrantRole::Department || grant.school.is_some()) {
        return Some("only a department has a part of the schools by prefix");
    }
    match grant.role {
        GrantRole::SchoolAdministrator if grant.school.is_none() || grant.class.is_some() => {
            Some("a school's administrator is of one school")
        }
        GrantRole::Department | GrantRole::Operator if grant.class.is_some() => {
            Some("a department or operator has no class")
        }
        _ if grant.class.is_some() && grant.school.is_none() => Some("a class is of a school"),
        _ => None,
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

/// Whether the actor may do this at a school, or at a class of it: for a page about the school whose parts are then
/// looked at one by one.
pub fn may_within(actor: &Actor, action: Action, school: &SchoolCode) -> bool {
    let Actor::Account(account) = actor else { return true };
    let of_class =
        |g: &Grant| g.class.as_ref().is_some_and(|(year, name)| covers(g, Place::Class(school, *year, name)));
    account.grants.iter().any(|g| role_may(g.role, action) && (covers(g, Place::School(school)) || of_class(g)))
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
            prefix: None,
            class: Some((year, class.clone())),
        }]);
        assert!(may(&teacher, Action::Sign, Place::Class(&here, year, &class)));
        assert!(!may(&teacher, Action::Sign, Place::Class(&here, year, &other)));
        assert!(!may(&teacher, Action::Sign, Place::Class(&there, year, &class)));
        assert!(!may(&teacher, Action::Sign, Place::School(&here)));
        assert!(!may(&teacher, Action::CoSign, Place::Class(&here, year, &class)));
        let last_year = SchoolYear::starting(2025).expect("year");
        assert!(!may(&teacher, Action::Sign, Place::Class(&here, last_year, &class)));
        assert!(may_within(&teacher, Action::Import, &here) && !may_within(&teacher, Action::Import, &there));
        assert!(!may_within(&teacher, Action::CoSign, &here));
    }

    #[test]
    fn nobody_signs_in_two_capacities_by_one_grant_and_nobody_sees_marks_without_a_school() {
        for role in GrantRole::ALL {
            let signs = [Action::Sign, Action::CoSign, Action::Seal];
            assert!(signs.into_iter().filter(|a| role_may(*role, *a)).count() <= 1, "{role}");
        }
        for role in [GrantRole::Department, GrantRole::Operator, GrantRole::SchoolAdministrator] {
            assert!(!role_may(role, Action::ReadRecords) && !role_may(role, Action::HandOut), "{role}");
        }
    }

    #[test]
    fn a_prefix_reaches_the_schools_whose_codes_begin_so_and_nothing_beside_them() {
        let province = account(vec![Grant::of_prefix(GrantRole::Department, "79".parse().expect("prefix"))]);
        let ward = account(vec![Grant::of_prefix(GrantRole::Department, "79DEMO00".parse().expect("prefix"))]);
        for (code, of_province, of_ward) in [
            ("79DEMO001", true, true),
            ("79DEMO00", true, true),
            ("79DEMO0", true, false),
            ("79DEMO011", true, false),
            ("79", true, false),
            ("78DEMO001", false, false),
            ("80DEMO001", false, false),
            ("179DEMO001", false, false),
            ("7A9", false, false),
        ] {
            let code = school(code);
            assert_eq!(may(&province, Action::ReadManifest, Place::School(&code)), of_province, "{code}");
            assert_eq!(may(&ward, Action::ReadManifest, Place::School(&code)), of_ward, "{code}");
            let (year, class) = (SchoolYear::starting(2026).expect("year"), "9A3".parse().expect("class"));
            assert_eq!(may(&ward, Action::ReadStates, Place::Class(&code, year, &class)), of_ward, "a class of {code}");
        }
        let all = account(vec![Grant::everywhere(GrantRole::Department)]);
        assert!(may(&all, Action::ReadOverview, Place::Everywhere));
        assert!(!may(&province, Action::ReadOverview, Place::Everywhere), "a part is not the whole");
    }

    #[test]
    fn an_administrator_gives_the_working_roles_of_their_school_and_cannot_touch_their_own_account() {
        let (here, there) = (school("79DEMO001"), school("79DEMO002"));
        let own = Grant::of_school(GrantRole::SchoolAdministrator, here.clone(), None);
        let administrator = account(vec![own.clone()]);
        let gives = |actor: &Actor, grant: &Grant| {
            let (action, place) = to_give(grant);
            may(actor, action, place)
        };
        let department = account(vec![Grant::of_prefix(GrantRole::Department, "79".parse().expect("prefix"))]);
        for role in GrantRole::ALL {
            let works = matches!(
                role,
                GrantRole::HomeroomTeacher | GrantRole::Principal | GrantRole::DeputyPrincipal | GrantRole::Clerk
            );
            let of = |school: &SchoolCode| Grant::of_school(*role, school.clone(), None);
            assert_eq!(gives(&administrator, &of(&here)), works, "{role}");
            assert!(!gives(&administrator, &of(&there)), "{role} elsewhere");
            assert!(!gives(&administrator, &Grant::everywhere(*role)), "{role} everywhere");
            let given = works || *role == GrantRole::SchoolAdministrator;
            assert_eq!(gives(&department, &of(&there)), given, "{role} by the department");
            assert!(!gives(&department, &of(&school("78DEMO001"))), "{role} in another province");
            assert!(!gives(&department, &Grant::everywhere(*role)), "{role} everywhere by the department");
        }
        assert!(!gives(&administrator, &own), "their own");
    }

    #[test]
    fn what_no_role_means_is_no_grant() {
        let (year, class) = (SchoolYear::starting(2026).expect("year"), "9A3".parse().expect("class"));
        let prefix = "79".parse().expect("prefix");
        for role in GrantRole::ALL {
            assert_eq!(not_a_grant(&Grant::of_school(*role, school("79DEMO001"), None)), None, "{role}");
            let everywhere = not_a_grant(&Grant::everywhere(*role)).is_none();
            assert_eq!(everywhere, *role != GrantRole::SchoolAdministrator, "{role}");
            let part = Grant::of_prefix(*role, "79".parse().expect("prefix"));
            assert_eq!(not_a_grant(&part).is_none(), *role == GrantRole::Department, "{role}");
        }
        let both = Grant { school: Some(school("79DEMO001")), ..Grant::of_prefix(GrantRole::Department, prefix) };
        assert!(not_a_grant(&both).is_some());
        let class = Grant { class: Some((year, class)), ..Grant::everywhere(GrantRole::HomeroomTeacher) };
        assert!(not_a_grant(&class).is_some());
    }

    #[test]
    fn an_account_without_grants_may_nothing() {
        let here = school("79DEMO001");
        for action in Action::ALL {
            assert!(!may(&account(Vec::new()), action, Place::School(&here)), "{action}");
        }
    }
}
