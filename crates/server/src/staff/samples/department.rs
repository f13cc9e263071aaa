//! Samples of the department's pages and of school years.

use hocba_app::{
    AppointmentView, CertificateLine, ClassStates, DepartmentTasks, Item, ItemState, Move, MoveLine, OfficeState,
    RollOptions, RolledOver, SchoolGlance, SchoolQuery, SchoolView, SchoolsPage as Glances, SchoolsToOpen, Standing,
    Unappointed, YearView,
    model::{Id, ListedSchool, Position, School, SchoolChange, SchoolChangeKind, SchoolYearRow},
};
use hocba_bundle::facts::IssuerCode;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::SchoolYear,
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    statement::Role,
    status::ReasonClass,
};

use super::{Sample, at, fault, inside, school};
use crate::staff::{
    chrome::Fault,
    department::{
        ChangePage, DepartmentPage, Fate, ListPage, OpenPage, Opening, School as LookedAt, SchoolPage, TasksPage,
    },
    text::Text,
    years::{PupilsPage, RollPage, YearPage, YearsPage},
};

fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("a year")
}

fn glance(code: &str, name: &str, settled: usize) -> SchoolGlance {
    SchoolGlance {
        code: code.parse().expect("a code"),
        name: Some(name.parse().expect("a name")),
        closed: false,
        year: Some(year(2026)),
        staff: 52,
        accounts: 55,
        active: 41,
        classes: 45,
        pupils: 1900,
        settled,
        items: 14,
        next: None,
        principal: OfficeState::Appointed,
        seal: OfficeState::Waiting,
        expiring: 0,
        expired: 0,
        states: ClassStates { drafted: 40, signed: 3, sealed: 1, in_force: 1 },
    }
}

impl Sample for DepartmentPage {
    fn samples(text: Text) -> Vec<Self> {
        let item = Item {
            code: "seal_certificate",
            state: ItemState::Missing { missing: 1, of: 1 },
            vi: "Chứng thư ký số của trường: chưa có".into(),
            en: "The school seal's certificate: missing".into(),
            command: None,
            classes: Vec::new(),
        };
        let lacking = SchoolGlance {
            next: Some(item),
            principal: OfficeState::ToAppoint,
            seal: OfficeState::NoCertificate,
            expiring: 3,
            expired: 1,
            ..glance("79DEMO002", "Trường Tiểu học và Trung học cơ sở Nguyễn Bỉnh Khiêm", 9)
        };
        let closed = SchoolGlance { closed: true, ..glance("79DEMO003", "Trường THCS Cũ", 3) };
        let new = SchoolGlance {
            year: None,
            classes: 0,
            pupils: 0,
            states: ClassStates::default(),
            ..glance("79DEMO004", "Trường THPT Mới", 2)
        };
        let schools = vec![glance("79DEMO001", "Trường THCS Mẫu", 14), lacking, closed, new];
        let next = Some("79DEMO004".parse().expect("a code"));
        let full = Glances { at: at(0), all: 2000, schools, next };
        let none = Glances { at: at(0), all: 0, schools: Vec::new(), next: None };
        let first = SchoolQuery::default();
        let later = SchoolQuery {
            search: "nguyen binh khiem".into(),
            lacking: true,
            after: Some("79DEMO000".parse().expect("a code")),
        };
        vec![
            Self::new(inside(text), &first, &full),
            Self::new(inside(text), &later, &full),
            Self::new(inside(text), &first, &none),
        ]
    }
}

impl Sample for TasksPage {
    fn samples(text: Text) -> Vec<Self> {
        let certificate = |name: &str, position, days: i64| CertificateLine {
            school: school(),
            account: Id::from_bytes([1; 16]),
            name: name.into(),
            position,
            not_after: at(days * 86_400),
        };
        let waiting = |name: &str, position, login: &str| Unappointed {
            school: school(),
            position,
            name: name.into(),
            login: login.into(),
        };
        let full = DepartmentTasks {
            at: at(0),
            certificates: vec![
                certificate("Trần Văn Bình", Some(Position::Principal), -3),
                certificate("Trường THCS Mẫu", Some(Position::Clerk), 12),
                certificate("Lê Hoàng Phương Uyên Nhi", Some(Position::Teacher), 59),
                certificate("Phạm Quốc Đạt", None, 60),
            ],
            more_certificates: true,
            unappointed: vec![
                waiting("Trần Văn Bình", Position::Principal, "binh"),
                waiting("Phạm Quốc Đạt", Position::Clerk, "dat"),
            ],
            more_unappointed: true,
        };
        let none = DepartmentTasks {
            at: at(0),
            certificates: Vec::new(),
            more_certificates: false,
            unappointed: Vec::new(),
            more_unappointed: false,
        };
        vec![Self::new(inside(text), &full), Self::new(inside(text), &none)]
    }
}

impl Sample for OpenPage {
    fn samples(text: Text) -> Vec<Self> {
        let listed = |code: &str, name: &str| ListedSchool {
            code: code.parse().expect("a code"),
            name: name.parse().expect("a name"),
            levels: Vec::new(),
            ward: None,
        };
        let schools =
            vec![listed("79DEMO005", "Trường Tiểu học Kim Đồng"), listed("79DEMO006", "Trường THPT Lê Quý Đôn")];
        let one: IssuerCode = "so-demo".parse().expect("an issuer");
        let two = [one.clone(), "so-demo-2".parse().expect("an issuer")];
        let some = SchoolsToOpen { schools, found: 300, listed: 2000, issuers: vec![one.clone()] };
        let none = SchoolsToOpen { schools: Vec::new(), found: 0, listed: 2000, issuers: vec![one] };
        let chosen = Opening {
            code: "79DEMO005".into(),
            school_name: "Trường Tiểu học Kim Đồng".into(),
            listed: true,
            name: "Nguyễn Thị Ánh".into(),
            login: "Ánh".into(),
            ..Opening::default()
        };
        let wrong = inside(text).wrong(fault(text, "login", "access-login"));
        let other = inside(text).wrong(fault(text, "code", "fault-school-code"));
        vec![
            Self::list(inside(text), "", &some, true),
            Self::list(inside(text), "kim dong", &none, false),
            Self::form(wrong, &two, &chosen),
            Self::form(other, &[], &Opening::default()),
        ]
    }
}

impl Sample for ListPage {
    fn samples(text: Text) -> Vec<Self> {
        let csv = "Mã trường;Tên trường\n79 DEMO?;Trường THCS Mẫu\n";
        let findings =
            hocba_workbook::read_schools(csv.as_bytes(), &hocba_workbook::Limits::default()).expect_err("not a code");
        let wrong = inside(text).wrong(fault(text, "list", "fault-list"));
        vec![Self::new(inside(text), 2000, &[]), Self::new(wrong, 0, &findings)]
    }
}

fn school_view(closed: bool) -> SchoolView {
    let change = |change, successor: Option<&str>, name: Option<&str>| SchoolChange {
        school: school(),
        change,
        successor: successor.map(|code| code.parse().expect("a code")),
        name: name.map(|name| name.parse().expect("a name")),
        decision: name.is_none().then(|| "123/QĐ-UBND".parse().expect("a number")),
        changed_at: at(-86_400),
    };
    let mut changes = vec![change(SchoolChangeKind::Renamed, None, Some("Trường THCS Mẫu"))];
    let (mut successors, mut closed_at) = (Vec::new(), None);
    if closed {
        changes.push(change(SchoolChangeKind::Closed, Some("79DEMO002"), None));
        changes.push(change(SchoolChangeKind::Closed, Some("79DEMO003"), None));
        successors = ["79DEMO002", "79DEMO003"].map(|code| code.parse().expect("a code")).to_vec();
        closed_at = Some(at(-86_400));
    }
    SchoolView {
        school: School { code: school(), issuer: "so-demo".parse().expect("an issuer") },
        name: Some("Trường THCS Mẫu".parse().expect("a name")),
        closed_at,
        today: successors.clone(),
        successors,
        changes,
    }
}

impl Sample for SchoolPage {
    fn samples(text: Text) -> Vec<Self> {
        let held = |role, name: &str, standing, anchored| AppointmentView {
            appointment: Appointment {
                appointee: Appointee {
                    certificate: Sha256Digest::of(name.as_bytes()),
                    name: name.parse().expect("a name"),
                    title: "Hiệu trưởng".parse().expect("a title"),
                },
                class: None,
                from: at(-86_400),
                id: RecordId::from_bytes([7; 16]),
                key_storage: KeyStorage::Token,
                role,
                school: school(),
                until: at(365 * 86_400),
                year: None,
            },
            standing,
            anchored,
        };
        let ended =
            Standing::Ended { reason: Some(ReasonClass::LeftRole), at: at(-60), since: None, published: Some(at(0)) };
        let appointments = [
            held(Role::Principal, "Trần Văn Bình", Standing::InForce, true),
            held(Role::Principal, "Võ Thị Xuân", ended, true),
            held(Role::SchoolSeal, "Trường THCS Mẫu", Standing::InForce, false),
            held(Role::HomeroomTeacher, "Lê Hoàng Phương Uyên Nhi", Standing::RanOut, true),
        ];
        let todo = [Item {
            code: "homerooms",
            state: ItemState::Missing { missing: 3, of: 45 },
            vi: "Giáo viên chủ nhiệm".into(),
            en: "Homeroom teachers".into(),
            command: None,
            classes: Vec::new(),
        }];
        let years = school_years();
        let open = school_view(false);
        let closed = school_view(true);
        vec![
            Self::new(inside(text), &LookedAt { view: &open, todo: &todo, years: &years, appointments: &appointments }),
            Self::new(inside(text), &LookedAt { view: &closed, todo: &[], years: &[], appointments: &[] }),
        ]
    }
}

impl Sample for ChangePage {
    fn samples(text: Text) -> Vec<Self> {
        let view = school_view(false);
        let mut pages: Vec<Self> =
            Fate::ALL.map(|fate| Self::new(inside(text), &view, fate, ["", ""])).into_iter().collect();
        let wrong = inside(text).wrong(fault(text, "sure", "fault-sure"));
        pages.push(Self::new(wrong, &view, Fate::Merge, ["79DEMO002", "123/QĐ-UBND"]));
        pages
    }
}

fn school_years() -> Vec<YearView> {
    let row = |start, closed_at, reason: Option<&str>| SchoolYearRow {
        year: year(start),
        opened_at: at(0),
        closed_at,
        reason: reason.map(|text| text.parse().expect("a reason")),
    };
    let view = |row, unfinished| YearView { row, classes: 45, pupils: 1900, unfinished };
    vec![
        view(row(2024, Some(at(0)), None), 0),
        view(row(2025, Some(at(0)), Some("Hai em chuyển trường chưa có học bạ")), 2),
        view(row(2026, None, None), 1900),
    ]
}

impl Sample for YearsPage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = inside(text).wrong(fault(text, "year", "fault-year-choice"));
        vec![
            Self::new(inside(text), &school(), &school_years(), year(2026)),
            Self::new(wrong, &school(), &[], year(2026)),
        ]
    }
}

impl Sample for YearPage {
    fn samples(text: Text) -> Vec<Self> {
        let years = school_years();
        let count = text.count("fault-year-unfinished", 1900).into_owned();
        let wrong = inside(text).wrong(vec![Fault { field: "reason", text: count }]);
        vec![Self::new(inside(text), &school(), &years[1], ""), Self::new(wrong, &school(), &years[2], "")]
    }
}

fn rolled() -> RolledOver {
    let line = |class: &str, number, what, decided, into: Option<&str>, name: Option<&str>| MoveLine {
        class: class.parse().expect("a class"),
        number,
        what,
        decided,
        into: into.map(|name| name.parse().expect("a class")),
        name: name.map(|name| name.parse().expect("a name")),
    };
    RolledOver {
        school: "79DEMO002".parse().expect("a code"),
        pupils: vec![
            line("8A3", 1, Move::Promote, false, Some("9A3"), Some("Nguyễn Lê Hoàng Phương Uyên Nhi")),
            line("8A3", 2, Move::Repeat, true, Some("8A3"), Some("Trần Bình An")),
            line("8A3", 3, Move::Undecided, false, None, None),
            line("9A1", 1, Move::Leave, false, None, None),
            line("Tám", 1, Move::Promote, false, None, None),
        ],
        new_classes: vec!["9A3".parse().expect("a class")],
        placed: 2,
        unchanged: 0,
        unnamed: ["Tám".parse().expect("a class")].into(),
        taken: ["9A3".parse().expect("a class")].into(),
    }
}

impl Sample for RollPage {
    fn samples(text: Text) -> Vec<Self> {
        let none = RollOptions::default();
        let typed = RollOptions {
            names: [("8A3".parse().expect("a class"), "9B1".parse().expect("a class"))].into(),
            ..RollOptions::default()
        };
        let taken = text.with("fault-class-taken", &[("class", "9B1")]).into_owned();
        let wrong = inside(text).wrong(vec![Fault { field: "", text: taken }]);
        let plain = RolledOver {
            school: school(),
            unnamed: Default::default(),
            taken: Default::default(),
            new_classes: Vec::new(),
            ..rolled()
        };
        let nobody = RolledOver { pupils: Vec::new(), ..plain.clone() };
        let schools = ["79DEMO002", "79DEMO003"].map(|code| code.parse().expect("a code"));
        vec![
            Self::new(inside(text), &school(), year(2026), &plain, &none),
            Self::new(wrong, &school(), year(2026), &rolled(), &typed),
            Self::new(inside(text), &school(), year(2026), &nobody, &none),
            Self::without_next(inside(text), &school(), &school(), year(2026)),
            Self::which(inside(text), &school(), year(2026), &schools),
        ]
    }
}

impl Sample for PupilsPage {
    fn samples(text: Text) -> Vec<Self> {
        let shown = rolled();
        let class = "8A3".parse().expect("a class");
        let lines: Vec<&MoveLine> = shown.pupils.iter().filter(|line| line.class == class).collect();
        vec![Self::new(inside(text), &school(), year(2026), &class, &lines, "")]
    }
}
