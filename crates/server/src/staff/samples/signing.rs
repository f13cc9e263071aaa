//! Samples of the pages on which people sign.

use hocba_app::{Appointing, AppointmentView, Needed, Replaceable, Standing, Successor, model::Id};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::SchoolYear,
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    statement::Role,
    status::ReasonClass,
};

use super::{Sample, at, inside, school};
use crate::staff::{
    appointments::AppointmentsPage,
    replacement::{ReplacementPage, Typed},
    signing::sample_agent,
    text::Text,
};

fn appointment(n: u8, name: &str, role: Role, class: Option<&str>) -> Appointment {
    Appointment {
        appointee: Appointee {
            certificate: Sha256Digest::of(b"a certificate"),
            name: name.parse().expect("a name"),
            title: hocba_app::title_of(role).parse().expect("a title"),
        },
        class: class.map(|class| class.parse().expect("a class")),
        from: at(0),
        id: RecordId::from_bytes([n; 16]),
        key_storage: KeyStorage::Token,
        role,
        school: school(),
        until: at(366 * 86_400),
        year: class.map(|_| "2026-2027".parse().expect("a year")),
    }
}

impl Sample for AppointmentsPage {
    fn samples(text: Text) -> Vec<Self> {
        let certificate = Sha256Digest::of(b"a certificate");
        let year: SchoolYear = "2026-2027".parse().expect("a year");
        let person = |name: &str, role, class: Option<&str>| Needed {
            role,
            certificate,
            name: name.parse().expect("a name"),
            class: class.map(|class| (class.parse().expect("a class"), year)),
        };
        let teachers: Vec<Needed> = (1..=45)
            .map(|n| person("Lê Hoàng Phương Uyên Nhi", Role::HomeroomTeacher, Some(&format!("12A{n}"))))
            .collect();
        let school_people =
            vec![person("Đỗ Quang Vinh", Role::Principal, None), person("THPT Nguyễn Du", Role::SchoolSeal, None)];
        let given = |n: u8, name: &str, role, class: Option<&str>, standing, anchored| AppointmentView {
            appointment: appointment(n, name, role, class),
            standing,
            anchored,
        };
        let ended = Standing::Ended {
            reason: Some(ReasonClass::LeftRole),
            at: at(30 * 86_400),
            since: None,
            published: Some(at(30 * 86_400)),
        };
        let lines = [
            given(1, "Đỗ Quang Vinh", Role::Principal, None, Standing::InForce, true),
            given(2, "Hồ Thị Thanh", Role::HomeroomTeacher, Some("12A1"), Standing::InForce, false),
            given(3, "Trần Văn Bình", Role::HomeroomTeacher, Some("12A2"), ended, true),
        ];
        let homerooms = (Appointing::Homerooms { year, deputy: false }, teachers);
        let agent = sample_agent();
        vec![
            Self::new(inside(text), &school(), &[(Appointing::School, school_people)], &[], &agent),
            Self::new(inside(text), &school(), &[homerooms], &lines, &agent),
        ]
    }
}

impl Sample for ReplacementPage {
    fn samples(text: Text) -> Vec<Self> {
        let (agent, code) = (sample_agent(), school());
        let what = Appointing::Homerooms { year: "2026-2027".parse().expect("a year"), deputy: false };
        let appointment = appointment(4, "Nguyễn Thị Hoa", Role::HomeroomTeacher, Some("9A3"));
        let successor = |n: u8, name: &str| Successor {
            account: Id::from_bytes([n; 16]),
            name: name.parse().expect("a name"),
            role: Role::HomeroomTeacher,
            certificate: Sha256Digest::of(&[n]),
        };
        let successors = vec![successor(1, "Vũ Thị Lan"), successor(2, "Lê Hoàng Phương Uyên Nhi")];
        let view = AppointmentView { appointment, standing: Standing::InForce, anchored: true };
        let found = Replaceable { view: view.clone(), successors };
        let ended =
            Standing::Ended { reason: Some(ReasonClass::LeftRole), at: at(86_400), since: None, published: None };
        let over = Replaceable { view: AppointmentView { standing: ended, ..view }, successors: Vec::new() };
        let typed = |reason: &str, since: &str, successor: &str| Typed {
            reason: reason.into(),
            since: since.into(),
            decision: "12/QĐ-THCS".into(),
            successor: successor.into(),
        };
        let page = |found: &Replaceable, typed: &Typed| {
            let (wanted, faults) = match typed.wanted(text, found.view.appointment.id, at(30 * 86_400)) {
                _ if *typed == Typed::default() => (None, Vec::new()),
                Ok(wanted) => (Some(wanted), Vec::new()),
                Err(faults) => (None, faults),
            };
            Self::new(inside(text).wrong(faults), (&code, what), found, typed, wanted.as_ref(), &agent)
        };
        let lan = Id::from_bytes([1; 16]).to_string();
        vec![
            page(&found, &Typed::default()),
            page(&found, &typed("left_role", "", &lan)),
            page(&found, &typed("key_compromised", "5/6/2027", "")),
            page(&found, &typed("key_compromised", "", "nobody")),
            page(&found, &typed("", "5/6/2027", "")),
            page(&over, &Typed::default()),
        ]
    }
}
