//! Samples of the pages of pupils and parents, and of what the school does about them.

use hocba_app::{
    Choice, ClassRequest, Invitation, LinkView, PublicState, ReadBook, ReadLink, ReadYear, ReaderLine, ReaderRequest,
    Reading, Scope,
    access::{AccountState, Slip},
    model::{Class, ClassKind, Envelope, Id, Link, Relation, RequestState, StoredRequest},
};
use hocba_record::{
    encoding::RecordId,
    types::{Grade, SchoolYear, SectionName, Text as RecordText, UnixTime},
};

use super::{Sample, at, fault, inside, school};
use crate::staff::{
    chrome::Done,
    my::{self, BookPage, LinkPage, MyYearPage, NewLinkPage, RequestPage, Typed},
    readers::{ReaderSlipsPage, ReadersPage, RequestsPage},
    text::Text,
};

fn class(start: u16, grade: u8, name: &str) -> Class {
    Class {
        id: Id::from_bytes([7; 16]),
        school: school(),
        year: SchoolYear::starting(start).expect("a year"),
        grade: Grade::new(grade).expect("a grade"),
        name: name.parse().expect("a class"),
        revision: 1,
        kind: ClassKind::Year,
    }
}

fn record(n: u8) -> RecordId {
    RecordId::from_bytes([n; 16])
}

fn line(n: u8, name: &str, readers: Vec<(Relation, AccountState)>) -> ReaderLine {
    ReaderLine {
        record: record(n),
        number: n.into(),
        name: Some(name.into()),
        has_book: n != 4,
        readers: readers.into_iter().map(|(relation, state)| (relation, record(n + 40), state)).collect(),
    }
}

fn lines() -> Vec<ReaderLine> {
    vec![
        line(
            1,
            "Nguyễn Hoàng Anh",
            vec![(Relation::Guardian, AccountState::Active), (Relation::Pupil, AccountState::New)],
        ),
        line(2, "Trần Bảo Châu", vec![(Relation::Guardian, AccountState::Invited(at(86_400)))]),
        line(3, "Lê Nguyễn Hoàng Phương Uyên Nhi", Vec::new()),
        line(4, "Phạm Gia Hân", Vec::new()),
    ]
}

impl Sample for ReadersPage {
    fn samples(text: Text) -> Vec<Self> {
        let class = class(2026, 9, "9A3");
        let nobody = inside(text).wrong(fault(text, "relation", "readers-nobody"));
        vec![
            Self::new(inside(text), &class, &lines()),
            Self::new(nobody, &class, &lines()),
            Self::new(inside(text), &class, &[]),
        ]
    }
}

impl Sample for ReaderSlipsPage {
    fn samples(text: Text) -> Vec<Self> {
        let invitation = |n: u8, name: &str, relation| Invitation {
            number: n.into(),
            name: Some(name.into()),
            relation,
            slip: Slip {
                account: record(n),
                login: format!("ph00000000{n:02}"),
                name: "Phụ huynh".into(),
                code: "7K3M-9QXT-2ZPA-W4RF".into(),
                expires_at: at(14 * 86_400),
            },
        };
        let made = vec![
            invitation(1, "Nguyễn Hoàng Anh", Relation::Guardian),
            invitation(3, "Lê Nguyễn Hoàng Phương Uyên Nhi", Relation::Pupil),
        ];
        vec![Self::new(inside(text), &class(2026, 9, "9A3"), "https://hocba.example.vn".into(), made)]
    }
}

fn request(n: u8, state: RequestState) -> ReaderRequest {
    let personal = Envelope { key_id: String::new(), nonce: [0; 12], bytes: Vec::new() };
    let answered = state == RequestState::Answered;
    ReaderRequest {
        stored: StoredRequest {
            id: record(n),
            record: record(1),
            version: 1,
            account: record(41),
            state,
            personal,
            asked_at: at(0),
            ended_at: (state != RequestState::Open).then(|| at(3600)),
            answered_by: answered.then(|| "operator".into()),
        },
        asked: "Điểm Toán học kỳ II là 8,9 theo sổ điểm.\nXin nhà trường xem lại.".into(),
        answer: answered.then(|| "Đã xem lại. Sổ điểm ghi 8,6.".into()),
    }
}

impl Sample for RequestsPage {
    fn samples(text: Text) -> Vec<Self> {
        let class = class(2026, 9, "9A3");
        let one = |number, state| ClassRequest {
            number,
            name: Some("Nguyễn Hoàng Anh".into()),
            request: request(u8::try_from(number).unwrap_or_default() + 50, state),
        };
        let all = [one(1, RequestState::Open), one(2, RequestState::Answered), one(3, RequestState::Withdrawn)];
        let mut done = inside(text);
        done.flash = Some(Done::RequestAnswered.text(text));
        vec![Self::new(done, &class, &all), Self::new(inside(text), &class, &[])]
    }
}

fn reading() -> Reading {
    Reading {
        pupil: record(9),
        relation: Relation::Guardian,
        name: Some("Nguyễn Hoàng Anh".into()),
        class: Some(class(2026, 9, "9A3")),
    }
}

/// Readings of somebody with two children, for the home page.
pub(super) fn readings() -> Vec<Reading> {
    let (name, class) = (Some("Nguyễn Hoàng Minh".into()), Some(class(2026, 6, "6A1")));
    vec![reading(), Reading { pupil: record(10), name, class, ..reading() }]
}

fn book() -> ReadBook {
    let year = |n, class, state, requests| {
        let school = (n > 1).then(|| "Trường THCS Trần Phú".parse().expect("a text"));
        ReadYear { record: record(n), class, school, state, report: None, requests }
    };
    ReadBook {
        reading: reading(),
        numbers: Vec::new(),
        years: vec![
            year(1, class(2026, 9, "9A3"), PublicState::CoSigned, Vec::new()),
            year(2, class(2025, 8, "8A3"), PublicState::Sealed, vec![request(60, RequestState::Open)]),
            year(3, class(2024, 7, "7A3"), PublicState::Sealed, vec![request(61, RequestState::Answered)]),
        ],
    }
}

fn links() -> Vec<ReadLink> {
    let link = |n, expires_at: Option<UnixTime>, withdrawn_at, choice: Option<Choice>, looks: &[i64]| ReadLink {
        view: LinkView {
            link: Link {
                id: record(n),
                record: record(1),
                scope: Scope::Whole,
                created_by: "operator".into(),
                created_at: at(0),
                expires_at,
                withdrawn_at,
            },
            looks: looks.len() as u64,
        },
        choice,
        looks: looks.iter().map(|seconds| at(*seconds)).collect(),
    };
    let choice = |parts: Option<&[&str]>| Choice {
        years: [record(1), record(2)].into(),
        parts: parts.map(|parts| parts.iter().map(|name| name.parse().expect("a name")).collect()),
        label: "Trường ĐH Bách khoa, hồ sơ 2027".into(),
    };
    vec![
        link(70, Some(at(30 * 86_400)), None, Some(choice(Some(&["identity", "subject.toan"]))), &[600, 7200]),
        link(71, None, None, Some(choice(None)), &[]),
        link(72, Some(at(60)), None, Some(choice(None)), &[30]),
        link(73, None, Some(at(86_400)), Some(choice(None)), &[]),
        link(74, None, None, None, &[900]),
    ]
}

impl Sample for BookPage {
    fn samples(text: Text) -> Vec<Self> {
        let now = at(2 * 86_400);
        let nameless =
            ReadBook { reading: Reading { name: None, ..reading() }, numbers: Vec::new(), years: Vec::new() };
        let mut done = inside(text);
        done.flash = Some(Done::LinkWithdrawn.text(text));
        vec![Self::new(done, &book(), &links(), now), Self::new(inside(text), &nameless, &[], now)]
    }
}

type Parts = Vec<(SectionName, Option<RecordText>)>;

fn offered() -> Vec<(Class, RecordId, Parts)> {
    let part = |name: &str, subject: Option<&str>| {
        (name.parse().expect("a name"), subject.map(|name| name.parse().expect("a text")))
    };
    let parts = || {
        vec![
            part("school_details", None),
            part("identity", None),
            part("subject.toan", Some("Toán")),
            part("subject.ngu_van", Some("Ngữ văn")),
            part("conduct", None),
            part("attendance", None),
            part("remarks", None),
        ]
    };
    vec![(class(2025, 8, "8A3"), record(2), parts()), (class(2026, 9, "9A3"), record(1), parts())]
}

impl Sample for NewLinkPage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = inside(text).wrong(fault(text, "year", "my-link-nothing"));
        let fresh = Typed::fresh(&offered());
        vec![Self::new(inside(text), &record(9), &offered(), &fresh), Self::new(wrong, &record(9), &offered(), &fresh)]
    }
}

impl Sample for LinkPage {
    fn samples(text: Text) -> Vec<Self> {
        let url = "https://hocba.example.vn/v#47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".to_owned();
        let (label, until) = ("Trường ĐH Bách khoa, hồ sơ 2027".to_owned(), "14/02/2027".to_owned());
        let back = (my::address(&record(9)), text.say("my-title-nameless"));
        vec![Self::new(inside(text), (back.0, &back.1), label, until, url).expect("a QR code holds it")]
    }
}

impl Sample for RequestPage {
    fn samples(text: Text) -> Vec<Self> {
        let wrong = inside(text).wrong(fault(text, "text", "my-request-open"));
        let class = class(2026, 9, "9A3");
        vec![
            Self::new(inside(text), &record(9), &class, &record(1), String::new()),
            Self::new(wrong, &record(9), &class, &record(1), "Toán".into()),
        ]
    }
}

impl Sample for MyYearPage {
    fn samples(text: Text) -> Vec<Self> {
        // A report has samples of its own: tests/pages.
        let c = inside(text).titled(text.with("my-one-year", &[("year", "2026-2027")]));
        let c = c.crumb(text.say("my-title-nameless"), my::address(&record(9)));
        vec![Self { c, report: String::new(), file: format!("{}/years/{}/file", my::address(&record(9)), record(1)) }]
    }
}
