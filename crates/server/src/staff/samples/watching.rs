//! Samples of what a department watches.

use hocba_app::{
    Alarm, AuditCursor, AuditLine, AuditPage as Trail, BatchLine, ChainHealth, ChainLook, ChainPage as Chain,
    ClassProgress, Daily, Figures, Funds, Person, ProgressCursor, ProgressPage as Progress, ProgressQuery, Queue,
    SchoolProgress, SchoolStanding, ServiceState, Subject, Sum, TrailLine, WardChoice, WardDays, WardSum,
    model::{AuditEvent, Batch, Grant, GrantRole, LeafKind, Receipt},
};
use hocba_record::{
    encoding::Sha256Digest,
    types::{EducationLevel, SchoolYear, Text as Words},
};

use super::{Sample, at, fault, inside, school};
use crate::staff::{
    audit::{AuditPage, Typed},
    chain::ChainPage,
    daily::DailyPage,
    progress::{ProgressPage, SchoolProgressPage},
    text::Text,
};

fn words(text: &str) -> Words {
    text.parse().expect("text")
}

/// So many records, of which so many of a hundred are in force.
fn sum(schools: u64, classes: u64, percent: u64) -> Sum {
    let (all, percent) = (classes * 42, percent.min(100));
    let in_force = all * percent / 100;
    let rest = all - in_force;
    let figures = Figures {
        waiting: rest / 5,
        drafted: rest / 4,
        signed: rest / 6,
        signed_off: rest / 8,
        sealed: rest - rest / 5 - rest / 4 - rest / 6 - rest / 8,
        in_force,
        left_out: classes / 9,
        returned: rest / 40,
    };
    Sum { schools, schools_done: schools * percent / 200, classes, classes_done: classes * percent / 120, figures }
}

fn one_class_done() -> Sum {
    let figures = Figures { in_force: 39, left_out: 1, ..Figures::default() };
    Sum { schools: 1, schools_done: 1, classes: 1, classes_done: 1, figures }
}

fn school_line(code: &str, name: &str, ward: Option<&str>, sum: Sum) -> SchoolProgress {
    SchoolProgress {
        code: code.parse().expect("a code"),
        name: Some(words(name)),
        ward: ward.map(words),
        year: Some(SchoolYear::starting(2026).expect("a year")),
        sum,
    }
}

fn one_school() -> SchoolProgress {
    school_line("79DEMO001", "Trường THCS Mẫu", Some("Phường Bến Thành"), one_class_done())
}

impl Sample for ProgressPage {
    fn samples(text: Text) -> Vec<Self> {
        let wards = [
            (Some("Phường Bến Thành"), 34, 71),
            (Some("Phường Sài Gòn"), 28, 64),
            (Some("Xã Bình Chánh"), 41, 38),
            (Some("Xã Thái Mỹ"), 19, 0),
            (None, 3, 12),
        ];
        let wards: Vec<WardSum> = wards
            .into_iter()
            .map(|(ward, schools, percent)| WardSum { ward: ward.map(words), sum: sum(schools, schools * 31, percent) })
            .collect();
        let total = wards.iter().fold(Sum::default(), |total, ward| total + ward.sum);
        let mut closed = school_line("79DEMO004", "Trường THPT Mới", None, Sum::default());
        closed.year = None;
        let schools = vec![
            closed,
            school_line(
                "79DEMO003",
                "Trường Tiểu học và Trung học cơ sở Nguyễn Bỉnh Khiêm",
                Some("Xã Thái Mỹ"),
                sum(1, 30, 0),
            ),
            school_line("79DEMO002", "Trường THCS Nguyễn Du", Some("Xã Bình Chánh"), sum(1, 45, 61)),
            one_school(),
        ];
        let full = Progress {
            at: at(0),
            total,
            without_year: 4,
            levels: vec![
                (EducationLevel::Primary, sum(60, 1900, 72)),
                (EducationLevel::LowerSecondary, sum(45, 1400, 47)),
                (EducationLevel::UpperSecondary, sum(20, 600, 20)),
            ],
            ward_names: wards.iter().map(|ward| ward.ward.clone()).collect(),
            wards,
            found: 125,
            schools,
            next: Some(ProgressCursor { permille: 1000, code: school() }),
        };
        let one = Progress {
            at: at(0),
            total: one_class_done(),
            without_year: 0,
            levels: vec![(EducationLevel::LowerSecondary, one_class_done())],
            wards: vec![WardSum { ward: Some(words("Phường Bến Thành")), sum: one_class_done() }],
            ward_names: vec![Some(words("Phường Bến Thành"))],
            found: 1,
            schools: vec![one_school()],
            next: None,
        };
        let none = Progress {
            at: at(0),
            total: Sum::default(),
            without_year: 0,
            levels: Vec::new(),
            wards: Vec::new(),
            ward_names: Vec::new(),
            found: 0,
            schools: Vec::new(),
            next: None,
        };
        let narrowed = ProgressQuery {
            search: "nguyen".into(),
            ward: Some(WardChoice::Named(words("Xã Bình Chánh"))),
            level: Some(EducationLevel::LowerSecondary),
            unfinished: true,
            after: Some(ProgressCursor { permille: 0, code: school() }),
        };
        vec![
            Self::new(inside(text), &ProgressQuery::default(), &full),
            Self::new(inside(text), &narrowed, &full),
            Self::new(inside(text), &ProgressQuery::default(), &one),
            Self::new(inside(text), &ProgressQuery::default(), &none),
        ]
    }
}

impl Sample for SchoolProgressPage {
    fn samples(text: Text) -> Vec<Self> {
        let class = |name: &str, grade: u8, figures| {
            let class = ClassProgress {
                year: SchoolYear::starting(2026).expect("a year"),
                class: name.parse().expect("a class"),
                grade: hocba_record::types::Grade::new(grade).expect("a grade"),
                figures,
                day: 20_834,
            };
            (class, None)
        };
        let classes = vec![
            class("6A1", 6, Figures { waiting: 41, ..Figures::default() }),
            class("9A3", 9, Figures { in_force: 39, left_out: 1, ..Figures::default() }),
            class("9A4", 9, Figures { drafted: 2, returned: 1, signed: 38, ..Figures::default() }),
        ];
        let whole = school_line("79DEMO001", "Trường THCS Mẫu", Some("Phường Bến Thành"), sum(1, 45, 61));
        let mut closed = one_school();
        (closed.year, closed.ward, closed.sum) = (None, None, Sum::default());
        vec![
            Self::new(inside(text), &SchoolStanding { at: at(0), school: whole, classes }),
            Self::new(inside(text), &SchoolStanding { at: at(0), school: closed, classes: Vec::new() }),
        ]
    }
}

fn health(alarms: Vec<Alarm>) -> ChainHealth {
    let well = alarms.is_empty();
    ChainHealth {
        at: at(0),
        service: if well {
            ServiceState::Alive { until: at(10) }
        } else {
            ServiceState::Away { until: Some(at(-7200)) }
        },
        look: Some(ChainLook {
            at: at(-40),
            operators: 4,
            needed: 3,
            answered: if well { 4 } else { 2 },
            block: well.then(|| (1_204_331, at(-44))),
            funds: Some(if well { Funds::Free } else { Funds::Low }),
        }),
        queues: if well {
            Vec::new()
        } else {
            vec![
                Queue { kind: LeafKind::Appointment, count: 2, since: at(-600) },
                Queue { kind: LeafKind::Record, count: 1_422, since: at(-5400) },
            ]
        },
        ends: (!well).then(|| (1, at(-3000))),
        batches: 312,
        unanchored: u64::from(!well),
        unanchored_since: (!well).then(|| at(-5000)),
        alarms,
    }
}

fn all_alarms() -> Vec<Alarm> {
    vec![
        Alarm::ServiceAway,
        Alarm::TooFewOperators { answered: 2, needed: 3 },
        Alarm::SomeOperators { answered: 3, operators: 4 },
        Alarm::NoWord,
        Alarm::NoFunds,
        Alarm::FundsLow,
        Alarm::Refused { code: "no_funds".into() },
        Alarm::Refused { code: "chain_unreachable".into() },
        Alarm::Refused { code: "anchoring_paused".into() },
        Alarm::Refused { code: "not_authorised".into() },
        Alarm::BatchLate { since: at(-5000) },
        Alarm::QueueLate { kind: LeafKind::Record, since: at(-5400) },
        Alarm::EndsLate { since: at(-3000) },
    ]
}

impl Sample for ChainPage {
    fn samples(text: Text) -> Vec<Self> {
        let batch = |id: i64, kind, size, anchored: bool| BatchLine {
            batch: Batch {
                id,
                issuer: "so-demo".parse().expect("an issuer"),
                kind,
                root: Sha256Digest::of(b"sample"),
                size,
                closed_at: at(id * 600 - 200_000),
                receipt: anchored.then(|| Receipt {
                    index: 7,
                    block: 9,
                    time: at(id * 600 - 199_990),
                    tx_hash: "0x00".into(),
                }),
            },
            took: anchored.then_some(10),
        };
        let batches = vec![
            batch(312, LeafKind::Record, 4096, false),
            batch(311, LeafKind::Record, 1204, true),
            batch(310, LeafKind::Appointment, 3, true),
            batch(309, LeafKind::Evidence, 51, true),
        ];
        let bad = Chain { health: health(all_alarms()), batches: batches.clone(), next: Some(309) };
        let well = Chain { health: health(Vec::new()), batches: batches[1..].to_vec(), next: None };
        let mut new = health(Vec::new());
        (new.look, new.service, new.batches) = (None, ServiceState::Away { until: None }, 0);
        new.alarms = vec![Alarm::ServiceAway];
        let new = Chain { health: new, batches: Vec::new(), next: None };
        let mut paid = health(Vec::new());
        if let Some(look) = &mut paid.look {
            look.funds = Some(Funds::Enough);
        }
        let paid = Chain { health: paid, batches: Vec::new(), next: None };
        vec![
            Self::new(inside(text), &well, false),
            Self::new(inside(text), &bad, true),
            Self::new(inside(text), &new, false),
            Self::new(inside(text), &paid, false),
        ]
    }
}

/// Names as long as names of wards are.
const WARDS: [&str; 8] = [
    "Phường Bến Thành",
    "Xã Bình Chánh",
    "Phường Nguyễn Thái Bình",
    "Xã Tân Vĩnh Lộc",
    "Phường Bình Hưng Hòa",
    "Đặc khu Côn Đảo",
    "Phường Tân Đông Hiệp",
    "Xã Thái Mỹ",
];

/// A province of so many wards, in the middle of the season.
pub(super) fn busy_day(wards: u64) -> Daily {
    let name = |n: u64| {
        let name = WARDS.into_iter().cycle().nth(usize::try_from(n - 1).expect("few wards")).expect("a circle");
        let round = (n - 1) / WARDS.len() as u64 + 1;
        if round == 1 { words(name) } else { words(&format!("{name} {round}")) }
    };
    let ward = |n: u64| WardDays {
        ward: (n > 0).then(|| name(n)),
        days: [sum(20, 600, 40 + n % 60), sum(20, 600, 38 + n % 60), sum(20, 600, 20 + n % 60)],
    };
    let mut all: Vec<WardDays> = (1..wards).map(ward).collect();
    all.push(ward(0));
    let days = [0, 1, 2].map(|day: usize| {
        all.iter().fold(Sum::default(), |total, ward| total + ward.days.get(day).copied().unwrap_or_default())
    });
    Daily {
        at: at(0),
        days,
        without_year: 4,
        wards: all,
        lagging: vec![
            school_line("79DEMO003", "Trường Tiểu học và Trung học cơ sở Nguyễn Bỉnh Khiêm", None, sum(1, 30, 0)),
            school_line("79DEMO002", "Trường THCS Nguyễn Du", Some("Xã Bình Chánh"), sum(1, 45, 11)),
        ]
        .into_iter()
        .cycle()
        .take(hocba_app::MAX_LAGGING)
        .collect(),
        unfinished: 230,
        unappointed: 3,
        certificates: 12,
        chain: health(vec![Alarm::SomeOperators { answered: 3, operators: 4 }]),
    }
}

/// Step 10 of the demonstration: one class, done.
pub(super) fn one_class() -> Daily {
    let (now, before) = (one_class_done(), Sum { schools: 1, ..Sum::default() });
    Daily {
        at: at(0),
        days: [now, now, before],
        without_year: 0,
        wards: vec![WardDays { ward: Some(words("Phường Bến Thành")), days: [now, now, before] }],
        lagging: Vec::new(),
        unfinished: 0,
        unappointed: 0,
        certificates: 0,
        chain: health(Vec::new()),
    }
}

impl Sample for DailyPage {
    fn samples(text: Text) -> Vec<Self> {
        let nobody = Daily { days: [Sum::default(); 3], wards: Vec::new(), ..one_class() };
        vec![
            Self::new(inside(text), &one_class()),
            Self::new(inside(text), &busy_day(18)),
            Self::new(inside(text), &busy_day(168)),
            Self::new(inside(text), &nobody),
        ]
    }
}

impl Sample for AuditPage {
    fn samples(text: Text) -> Vec<Self> {
        let person = |name: &str, login: &str, role| Person {
            login: login.into(),
            name: name.into(),
            grants: vec![Grant::of_school(role, school(), None)],
        };
        let line = |n: i64, action: &str, reason: Option<&str>, class: Option<&str>, who: Option<Person>| {
            let about = Subject::of(action);
            let actor = match (&who, n % 2) {
                (Some(_), _) => "AQEBAQEBAQEBAQEBAQEBAQ",
                (None, 0) => "system",
                (None, _) => "operator",
            };
            TrailLine {
                whom: who.clone().filter(|_| about == Subject::Account),
                who,
                about,
                line: AuditLine {
                    place: AuditCursor { at: at(-60 * n).seconds(), id: 1000 - n },
                    event: AuditEvent {
                        at: at(-60 * n),
                        actor: actor.into(),
                        action: action.into(),
                        subject: if about == Subject::Batch { "312".into() } else { "BwcHBwcHBwcHBwcHBwcHBw".into() },
                        version: (about == Subject::Record).then_some(2),
                        reason: reason.map(str::to_owned),
                    },
                    school: (about != Subject::Batch).then(|| school().to_string()),
                    class: class.map(str::to_owned),
                },
            }
        };
        let teacher = || Some(person("Lê Hoàng Phương Uyên Nhi", "nhi.le", GrantRole::HomeroomTeacher));
        let principal = || Some(person("Trần Văn Bình", "binh", GrantRole::Principal));
        let lines = vec![
            line(0, "anchor_batch", None, None, None),
            line(2, "seal_records", None, Some("9A3"), Some(person("Phạm Quốc Đạt", "dat", GrantRole::Clerk))),
            line(3, "co_sign_records", None, Some("9A3"), principal()),
            line(4, "return_record", Some("wrong_mark"), Some("9A3"), principal()),
            line(5, "leave_out", Some("waiting_for_reassessment"), Some("9A3"), teacher()),
            line(6, "import_class", None, Some("9A3"), teacher()),
            line(8, "sign_in", Some("totp"), None, teacher()),
            line(9, "open_year", Some("2026"), None, None),
        ];
        let page = Trail { at: at(0), lines, next: Some(AuditCursor { at: at(-600).seconds(), id: 900 }) };
        let end = Trail { next: None, ..page.clone() };
        let none = Trail { at: at(0), lines: Vec::new(), next: None };
        let typed =
            Typed { who: "binh".into(), action: "return_record".into(), from: "1/6/2027".into(), ..Typed::default() };
        let wrong = Typed { from: "31/2/2027".into(), class: "?".into(), ..Typed::default() };
        let faults = [fault(text, "from", "fault-date"), fault(text, "class", "fault-class")].concat();
        let code = school();
        vec![
            Self::new(inside(text), None, &Typed::default(), &page, true, true),
            Self::new(inside(text), Some(&code), &Typed::default(), &end, false, false),
            Self::new(inside(text), Some(&code), &typed, &none, false, true),
            Self::new(inside(text).wrong(faults), Some(&code), &wrong, &none, false, true),
        ]
    }
}
