//! Signed records out of made-up classes.

use hocba_exchange::{
    contract::{Content, EarlierYear, Event, Incoming},
    package::{Package, PackageEvent, PackageHeader, PackageRecord},
    signed::Exported,
};
use hocba_record::{
    disclosure::{self, Issued, Seed},
    draft::{ClassHeader, Draft},
    encoding::{RecordId, Sha256Digest},
    payload::{OpenClaims, PolicyReference, RecordKind},
    rules::{self, Policies},
    section::{CertificateLine, ContestLevel, ContestLine, EnrolmentSection, Move, Register, Section, Verified},
    types::{Grade, UnixTime},
};
use hocba_sample::{Options, class};

/// 2027-06-10T08:00:00 in Vietnam.
pub const NOW: i64 = 1_812_589_200;

pub fn now() -> UnixTime {
    UnixTime::from_seconds(NOW).expect("a time")
}

pub fn text<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is of its type"))
}

/// A class of lower or upper secondary with a certificate, a prize, a move and a verified number here and there, so that
/// every kind of section is met.
pub fn a_class(seed: u64, grade: u8, pupils: usize) -> (ClassHeader, Vec<Draft>) {
    let grade = Grade::new(grade).expect("a grade");
    let options = Options { pupils, pending: 0, ..Options::lower_secondary() };
    let options = options.of_class(grade, text(&format!("{}A1", grade.number())));
    let (header, mut drafts) = class(seed, &options);
    if let Some(draft) = drafts.first_mut() {
        draft.certificates.push(CertificateLine {
            name: text("Chứng chỉ Nghề phổ thông"),
            grade: Some(text("Giỏi")),
            number: Some(text("A-0012")),
            issued_on: Some(text("2027-05")),
        });
        draft.contests.push(ContestLine {
            name: text("Học sinh giỏi môn Toán <cấp thành phố> & \"vòng 2\""),
            level: ContestLevel::Province,
            prize: text("Giải Nhì"),
        });
        draft.enrolment = Some(EnrolmentSection {
            repeating: true,
            moved_in: Some(Move {
                on: text("2026-12-01"),
                school_name: text("Trường THCS Lê Lợi (DEMO)"),
                school: Some(text("79DEMO009")),
                class: Some(text("9A1")),
            }),
            moved_out: None,
        });
        draft.identity.identifiers[1].verified = Some(Verified { on: text("2026-09-10"), with: Register::Population });
        draft.remark = Some(text("- Chăm ngoan,\n=tiến bộ \"nhiều\""));
        draft.other_awards.push(text("+ Giấy khen <đột xuất> & 1 phần thưởng"));
    }
    (header, drafts)
}

/// The record of a pupil, issued.
pub fn issued(header: &ClassHeader, draft: &Draft, number: u8) -> (Issued, Vec<Section>) {
    let sections = rules::sections(header, draft, &Policies::default()).expect("a sample pupil passes the checks");
    (issue(header, &sections, number), sections)
}

/// Sections as a record, whatever rules they come from.
pub fn issue(header: &ClassHeader, sections: &[Section], number: u8) -> Issued {
    let open = OpenClaims {
        id: RecordId::from_bytes([number; 16]),
        version: 1,
        replaces: None,
        kind: RecordKind::Year,
        school: header.school.clone(),
        year: header.year,
        grade: header.grade,
        class: header.class.clone(),
        form: header.form(),
        policy: PolicyReference { id: "hocba-policy-1".into(), sha256: Sha256Digest::of(b"policy") },
    };
    disclosure::issue(open, sections, Vec::new(), &Seed::from_bytes([number; 32])).expect("sections of one pupil")
}

/// A class's records.
pub fn exported(seed: u64, grade: u8, pupils: usize) -> Vec<(Exported, Issued)> {
    let (header, drafts) = a_class(seed, grade, pupils);
    let number = |index: usize| u8::try_from(index + 1).expect("a small class");
    let one = |(index, draft)| {
        let (issued, _) = issued(&header, draft, number(index));
        (Exported::of(&issued.payload, &issued.disclosures), issued)
    };
    drafts.iter().enumerate().map(one).collect()
}

/// A package of these records.
pub fn package(records: impl IntoIterator<Item = Exported>) -> Package {
    let header = PackageHeader {
        id: RecordId::from_bytes([200; 16]),
        department: text("79"),
        period: text("2026-2027"),
        created: now(),
    };
    let record = |(index, record): (usize, Exported)| PackageRecord {
        id: text(&format!("HB-79-{index:04}")),
        version: u64::from(record.payload.version),
        at: now(),
        event: PackageEvent::New(Box::new(record)),
    };
    Package { header, records: records.into_iter().enumerate().map(record).collect() }
}

/// A class as messages of the contract.
pub fn messages(seed: u64, grade: u8, pupils: usize) -> Vec<Incoming> {
    let (header, drafts) = a_class(seed, grade, pupils);
    let earlier = vec![EarlierYear {
        year: text("2025-2026"),
        school_name: text("Trường THCS Lê Lợi (DEMO)"),
        school: Some(text("79DEMO009")),
        class: None,
    }];
    let message = |(index, draft): (usize, Draft)| Incoming {
        id: text(&format!("HB-79DEMO001-{index:04}")),
        version: 1,
        at: now(),
        event: Event::New(Box::new(Content { header: header.clone(), draft, earlier: earlier.clone() })),
        warnings: Vec::new(),
    };
    drafts.into_iter().enumerate().map(message).collect()
}
