//! Còn thiếu gì: what a school still lacks before its first class can be signed. A pure function of facts.

use hocba_record::types::{ClassName, SchoolCode, SchoolYear};
use serde::Serialize;

/// How far an appointment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nobody signed one that is in force.
    None,
    /// Signed and in force, not on the public record yet.
    Signed,
    /// On the public record.
    Anchored,
}

/// Those who hold an office of the whole school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Their accounts.
    pub accounts: usize,
    /// Those of them that have a certificate.
    pub certificates: usize,
    /// The appointment that is furthest.
    pub appointment: Stage,
}

/// A planned class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedClassFacts {
    /// Its name.
    pub name: ClassName,
    /// Whether it has a homeroom teacher.
    pub homeroom: bool,
    /// Whether that teacher has a certificate.
    pub certificate: bool,
    /// Whether that certificate was given the class.
    pub appointment: Stage,
    /// Pupils expected.
    pub pupils: u64,
}

/// What is there of a school and a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Which school.
    pub school: SchoolCode,
    /// Which year.
    pub year: SchoolYear,
    /// Whether the school is served here, and goes on.
    pub open: bool,
    /// Whether the year is open.
    pub year_open: bool,
    /// Accounts of its staff.
    pub staff: usize,
    /// The principal.
    pub principal: Holder,
    /// Deputies.
    pub deputy: Holder,
    /// Clerks, and the school's seal.
    pub clerk: Holder,
    /// Its planned classes, by name.
    pub classes: Vec<PlannedClassFacts>,
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ItemState {
    /// Done.
    Done,
    /// So many of so many are missing.
    Missing {
        /// How many are missing.
        missing: usize,
        /// Of how many.
        of: usize,
    },
    /// All are signed; so many are not on the public record yet.
    Waiting {
        /// How many wait.
        waiting: usize,
    },
    /// Another item comes first.
    Blocked {
        /// Its code.
        by: &'static str,
    },
    /// Not there, and not needed.
    Optional,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Stable code.
    pub code: &'static str,
    /// How it stands.
    #[serde(flatten)]
    pub state: ItemState,
    /// In a sentence, in Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
    /// The command that does it; none where it is done or waits for another.
    pub command: Option<String>,
    /// The classes that lack it.
    pub classes: Vec<ClassName>,
}

impl Item {
    /// Whether a first class can be signed without looking at this again.
    pub const fn is_settled(&self) -> bool {
        matches!(self.state, ItemState::Done | ItemState::Optional)
    }
}

/// One of an office's things, or that it is missing, or what comes first.
const fn one(there: bool, first: Option<&'static str>) -> ItemState {
    match (there, first) {
        (true, _) => ItemState::Done,
        (false, Some(by)) => ItemState::Blocked { by },
        (false, None) => ItemState::Missing { missing: 1, of: 1 },
    }
}

const fn appointed(stage: Stage, first: Option<&'static str>) -> ItemState {
    match (stage, first) {
        (Stage::Anchored, _) => ItemState::Done,
        (Stage::Signed, _) => ItemState::Waiting { waiting: 1 },
        (Stage::None, Some(by)) => ItemState::Blocked { by },
        (Stage::None, None) => ItemState::Missing { missing: 1, of: 1 },
    }
}

/// What is there and what is missing, in the order in which it is done.
pub fn checklist(facts: &Facts) -> Vec<Item> {
    let Facts { school, year, principal, deputy, clerk, classes, .. } = facts;
    let unless = |done: bool, by: &'static str| (!done).then_some(by);
    let mut items = Vec::new();
    let mut add = |code, state, vi: &str, en: &str, command: String, classes: Vec<ClassName>| {
        let count = match state {
            ItemState::Missing { missing, of } if of > 1 => {
                (format!("{vi}: thiếu {missing}/{of}"), format!("{en}: {missing} of {of} missing"))
            }
            ItemState::Missing { .. } => (format!("{vi}: chưa có"), format!("{en}: missing")),
            ItemState::Waiting { waiting } => {
                (format!("{vi}: {waiting} đang ghi sổ chung"), format!("{en}: {waiting} being recorded"))
            }
            ItemState::Blocked { .. } => (format!("{vi}: chờ việc trước"), format!("{en}: waits for another item")),
            ItemState::Optional => (format!("{vi}: không bắt buộc"), format!("{en}: not needed")),
            ItemState::Done => (format!("{vi}: xong"), format!("{en}: done")),
        };
        let wanted = match state {
            ItemState::Done | ItemState::Blocked { .. } => None,
            ItemState::Waiting { .. } => Some("hocba anchor --once".to_owned()),
            ItemState::Missing { .. } | ItemState::Optional => Some(command),
        };
        items.push(Item { code, state, vi: count.0, en: count.1, command: wanted, classes });
    };
    let list = |option: &str| format!("hocba school open {school} --year {year} --{option} TEP.xlsx");
    let enrol = "hocba account enrol LOGIN --certificate TEP.crt.pem".to_owned();
    let appoint = |role: &str| format!("hocba appoint --school {school} --role {role} --person LOGIN");

    add(
        "school",
        one(facts.open, None),
        "Mở trường",
        "The school",
        format!("hocba school open {school} --name \"TEN TRUONG\" --issuer MA --year {year}"),
        Vec::new(),
    );
    let year_first = unless(facts.open, "school");
    let command = format!("hocba year open {school} {year}");
    add("year", one(facts.year_open, year_first), "Mở năm học", "The school year", command, Vec::new());
    let ready = unless(facts.open, "school").or(unless(facts.year_open, "year"));
    add("staff", one(facts.staff > 0, ready), "Danh sách nhân sự", "Staff list", list("staff"), Vec::new());
    let staffed = ready.or(unless(facts.staff > 0, "staff"));
    let (vi, en) = ("Tài khoản hiệu trưởng", "The principal's account");
    add("principal_account", one(principal.accounts > 0, staffed), vi, en, list("staff"), Vec::new());
    let first = staffed.or(unless(principal.accounts > 0, "principal_account"));
    let (vi, en) = ("Chứng thư của hiệu trưởng", "The principal's certificate");
    add("principal_certificate", one(principal.certificates > 0, first), vi, en, enrol.clone(), Vec::new());
    let first = first.or(unless(principal.certificates > 0, "principal_certificate"));
    let state = appointed(principal.appointment, first);
    let (vi, en) = ("Bổ nhiệm hiệu trưởng", "The principal's appointment");
    add("principal_appointment", state, vi, en, appoint("principal"), Vec::new());
    let deputies = match (deputy.accounts, deputy.certificates, deputy.appointment) {
        (_, _, Stage::Anchored) => ItemState::Done,
        (_, _, Stage::Signed) => ItemState::Waiting { waiting: 1 },
        _ => ItemState::Optional,
    };
    let (vi, en) = ("Bổ nhiệm phó hiệu trưởng", "A deputy's appointment");
    add("deputy", deputies, vi, en, appoint("deputy-principal"), Vec::new());
    add(
        "clerk",
        one(clerk.accounts > 0, staffed),
        "Tài khoản văn thư",
        "The clerk's account",
        list("staff"),
        Vec::new(),
    );
    let first = staffed.or(unless(clerk.accounts > 0, "clerk"));
    let (vi, en) = ("Chứng thư ký số của trường", "The school seal's certificate");
    add("seal_certificate", one(clerk.certificates > 0, first), vi, en, enrol.clone(), Vec::new());
    let first = first.or(unless(clerk.certificates > 0, "seal_certificate"));
    let (vi, en) = ("Cho phép ký số của trường", "The school seal's appointment");
    add("seal_appointment", appointed(clerk.appointment, first), vi, en, appoint("school-seal"), Vec::new());

    let planned = format!("Lớp của năm học ({})", classes.len());
    let planned_en = format!("Classes of the year ({})", classes.len());
    add("classes", one(!classes.is_empty(), ready), &planned, &planned_en, list("classes"), Vec::new());
    let first = ready.or(unless(!classes.is_empty(), "classes"));
    let names = |lacking: &dyn Fn(&PlannedClassFacts) -> bool| -> Vec<ClassName> {
        classes.iter().filter(|c| lacking(c)).map(|c| c.name.clone()).collect()
    };
    let each = |missing: &[ClassName], first: Option<&'static str>| match (missing.len(), first) {
        (_, Some(by)) => ItemState::Blocked { by },
        (0, None) => ItemState::Done,
        (missing, None) => ItemState::Missing { missing, of: classes.len() },
    };
    let missing = names(&|c| !c.homeroom);
    let state = each(&missing, first);
    add("homerooms", state, "Giáo viên chủ nhiệm", "Homeroom teachers", list("staff"), missing.clone());
    let none_yet = first.or(unless(missing.len() < classes.len(), "homerooms"));
    let missing = names(&|c| !c.certificate);
    let (vi, en) = ("Chứng thư của giáo viên chủ nhiệm", "Homeroom teachers' certificates");
    add("homeroom_certificates", each(&missing, none_yet), vi, en, enrol, missing.clone());
    let none_yet = none_yet
        .or(unless(missing.len() < classes.len(), "homeroom_certificates"))
        .or(unless(principal.appointment > Stage::None, "principal_appointment"));
    let missing = names(&|c| c.appointment == Stage::None);
    let waiting = classes.iter().filter(|c| c.appointment == Stage::Signed).count();
    let state = match each(&missing, none_yet.filter(|_| missing.len() == classes.len())) {
        ItemState::Done if waiting > 0 => ItemState::Waiting { waiting },
        state => state,
    };
    let (vi, en) = ("Phân công chủ nhiệm", "Homeroom appointments");
    add(
        "homeroom_appointments",
        state,
        vi,
        en,
        format!("hocba appoint --school {school} --planned --year {year}"),
        missing,
    );
    let missing = names(&|c| c.pupils == 0);
    add("pupils", each(&missing, first), "Danh sách học sinh", "Pupil lists", list("pupils"), missing);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Facts {
        let nobody = Holder { accounts: 0, certificates: 0, appointment: Stage::None };
        Facts {
            school: "79DEMO001".parse().expect("code"),
            year: SchoolYear::starting(2026).expect("year"),
            open: false,
            year_open: false,
            staff: 0,
            principal: nobody,
            deputy: nobody,
            clerk: nobody,
            classes: Vec::new(),
        }
    }

    fn class(name: &str, stage: Stage) -> PlannedClassFacts {
        PlannedClassFacts {
            name: name.parse().expect("class"),
            homeroom: true,
            certificate: true,
            appointment: stage,
            pupils: 40,
        }
    }

    fn state(facts: &Facts, code: &str) -> ItemState {
        checklist(facts).into_iter().find(|item| item.code == code).expect("an item").state
    }

    #[test]
    fn of_nothing_the_school_is_missing_and_all_else_waits_for_it() {
        let items = checklist(&nothing());
        assert_eq!(items[0].state, ItemState::Missing { missing: 1, of: 1 });
        let open: Vec<_> = items[1..].iter().filter(|i| !matches!(i.state, ItemState::Blocked { .. })).collect();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((open[0].code, open[0].state), ("deputy", ItemState::Optional));
    }

    #[test]
    fn what_blocks_is_itself_an_item_that_is_not_done_and_nothing_blocks_itself() {
        let done = Holder { accounts: 1, certificates: 1, appointment: Stage::Anchored };
        let mut facts = Facts { open: true, year_open: true, ..nothing() };
        for step in 0..6 {
            match step {
                1 => facts.staff = 3,
                2 => facts.principal = Holder { appointment: Stage::None, ..done },
                3 => facts.clerk = done,
                4 => facts.classes = vec![class("9A1", Stage::None)],
                5 => facts.principal = done,
                _ => {}
            }
            let items = checklist(&facts);
            for (place, item) in items.iter().enumerate() {
                let ItemState::Blocked { by } = item.state else { continue };
                let blocking = items.iter().position(|other| other.code == by).expect("an item");
                assert!(blocking < place, "{} is blocked by {by}, which comes later", item.code);
                assert!(!items[blocking].is_settled(), "{} is blocked by {by}, which is done", item.code);
            }
        }
    }

    #[test]
    fn a_signed_appointment_waits_until_it_is_on_the_public_record() {
        let done = Holder { accounts: 1, certificates: 1, appointment: Stage::Anchored };
        let all = Facts {
            open: true,
            year_open: true,
            staff: 3,
            principal: done,
            clerk: done,
            classes: vec![class("9A1", Stage::Anchored), class("9A2", Stage::Anchored)],
            ..nothing()
        };
        assert!(checklist(&all).iter().all(Item::is_settled));
        let mut facts = all.clone();
        facts.classes[1].appointment = Stage::Signed;
        assert_eq!(state(&facts, "homeroom_appointments"), ItemState::Waiting { waiting: 1 });
        facts.classes[0].appointment = Stage::None;
        assert_eq!(state(&facts, "homeroom_appointments"), ItemState::Missing { missing: 1, of: 2 });
        facts = Facts { principal: Holder { appointment: Stage::Signed, ..done }, ..all };
        assert_eq!(state(&facts, "principal_appointment"), ItemState::Waiting { waiting: 1 });
    }

    #[test]
    fn the_classes_that_lack_something_are_named() {
        let mut facts = Facts { open: true, year_open: true, staff: 1, ..nothing() };
        facts.classes = vec![class("9A1", Stage::None), class("9A2", Stage::None)];
        (facts.classes[0].homeroom, facts.classes[0].certificate, facts.classes[1].pupils) = (false, false, 0);
        let named = |code: &str| {
            let item = checklist(&facts).into_iter().find(|item| item.code == code).expect("an item");
            item.classes.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!((named("homerooms"), named("pupils")), (vec!["9A1".to_owned()], vec!["9A2".to_owned()]));
    }
}
