//! Samples of the pages on which people sign.

use hocba_app::{Appointing, AppointmentView, Needed, Standing};
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
use crate::staff::{appointments::AppointmentsPage, signing::sample_agent, text::Text};

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
            appointment: Appointment {
                appointee: Appointee {
                    certificate,
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
                year: class.map(|_| year),
            },
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
