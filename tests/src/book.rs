//! A pupil's book of four years: two taken over from paper, one with a move during the year, one re-assessed in summer.

use hocba_bundle::format::{Bundle, RecordPart};
use hocba_record::{
    disclosure::{Seed, issue},
    encoding::{RecordId, Sha256Digest},
    form::Form,
    payload::{OpenClaims, RecordKind, RecordPayload},
    rules::{self, Policies},
    section::{
        CONVERSION_MARK, ConversionSection, EnrolmentSection, HistoryEntry, Identity, Move, Section, SubjectResult,
    },
    types::{Grade, Mark, SchoolYear},
};
use hocba_sample::Options;
use hocba_signature::{
    appointment::Appointment,
    policy::SigningPolicy,
    statement::{Role, Statement, StatementType},
};

use crate::{DAY, NOW, SCHOOL, SignedRecord, World, at, first_16};
use hocba_bundle::format::AnchoredStatement;

/// One year: what kind it is, and who signs it.
#[derive(Debug, Clone)]
pub struct Year {
    /// Calendar year in which it starts.
    pub start: u16,
    /// Grade.
    pub grade: u8,
    /// Class.
    pub class: &'static str,
    /// Kind.
    pub kind: RecordKind,
    /// Version.
    pub version: u32,
    /// Policy.
    pub policy: SigningPolicy,
    /// What changes about its sections.
    pub change: fn(&mut Vec<Section>),
}

fn conversion(sections: &mut Vec<Section>) {
    sections.push(Section::Conversion(ConversionSection {
        mark: CONVERSION_MARK.parse().expect("text"),
        converter: "Phan Thị Văn Thư".parse().expect("text"),
        converted_at: at(NOW - 100 * DAY),
        compared_by: None,
        made_by: Some("Trường THCS Kim Đồng".parse().expect("text")),
        paper: Some("Sổ đăng bộ số 1234/THCS".parse().expect("text")),
    }));
}

fn moved(sections: &mut Vec<Section>) {
    let from = Move {
        on: "2026-01-19".parse().expect("a date"),
        school_name: "Trường THCS Lê Lợi".parse().expect("text"),
        school: None,
        class: Some("8A5".parse().expect("a class")),
    };
    sections.push(Section::Enrolment(EnrolmentSection { repeating: false, moved_in: Some(from), moved_out: None }));
}

fn summer(sections: &mut Vec<Section>) {
    for section in sections {
        if let Section::Subject(subject) = section
            && let SubjectResult::Score { reassessed, .. } = &mut subject.result
            && subject.code.as_str() == "toan"
        {
            *reassessed = Some(Mark::from_tenths(75).expect("a mark"));
        }
    }
}

/// The four years.
pub fn years() -> Vec<Year> {
    let year = |start, grade, class| Year {
        start,
        grade,
        class,
        kind: RecordKind::Year,
        version: 1,
        policy: SigningPolicy::policy_1(),
        change: |_| {},
    };
    let paper = |year: Year| Year {
        kind: RecordKind::Converted,
        policy: SigningPolicy::converted_1(),
        change: conversion,
        ..year
    };
    vec![
        paper(year(2023, 6, "6A1")),
        paper(year(2024, 7, "7A1")),
        Year { change: moved, ..year(2025, 8, "8A2") },
        Year { version: 2, change: summer, ..year(2026, 9, "9A3") },
    ]
}

/// The sections of a year of the one pupil.
fn sections(year: &Year) -> Vec<Section> {
    let grade = Grade::new(year.grade).expect("a grade");
    let starts = SchoolYear::starting(year.start).expect("a year");
    let options = Options { year: starts, ..Options::lower_secondary() };
    let options = options.of_class(grade, year.class.parse().expect("a class")).with_pupils(1);
    let (header, drafts) = hocba_sample::class(7, &options);
    let mut sections = rules::sections(&header, &drafts[0], &Policies::default()).expect("a sample pupil is sound");
    let one = pupil();
    for section in &mut sections {
        if let Section::Identity(identity) = section {
            *identity = one.clone();
        }
    }
    (year.change)(&mut sections);
    sections
}

fn pupil() -> Identity {
    let (_, drafts) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(1));
    drafts.into_iter().next().expect("a class of one").identity
}

/// An appointment of the homeroom teacher to a class of another year.
fn appointment(world: &World, year: &Year) -> Appointment {
    let mut appointment = world.school.appointment(Role::HomeroomTeacher, Some(year.class));
    let tag = [year.class.as_bytes(), &year.start.to_be_bytes()].concat();
    appointment.id = RecordId::from_bytes(first_16(&Sha256Digest::of(&tag)));
    appointment.year = Some(SchoolYear::starting(year.start).expect("a year"));
    appointment
}

/// A school where these years are signed and anchored, and the parts of the bundle, each with the history of those before.
pub fn anchored(years: &[Year]) -> (World, Vec<RecordPart>) {
    let mut world = World::bare();
    // To 9A3 of 2026 the teacher is appointed already.
    let signs = |year: &Year| year.policy.signers.iter().any(|rule| rule.roles.contains(&Role::HomeroomTeacher));
    let new = years.iter().filter(|year| signs(year) && year.start != 2026);
    let statements: Vec<Statement> = new.map(|year| world.school.appoint(&appointment(&world, year))).collect();
    if !statements.is_empty() {
        let hints = world.ledger.anchor("so-demo", &statements, NOW - 150 * DAY);
        let anchored =
            hints.into_iter().zip(statements).map(|(anchor, statement)| AnchoredStatement { anchor, statement });
        world.store.appointments.extend(anchored);
    }
    let mut history: Vec<HistoryEntry> = Vec::new();
    let mut records = Vec::new();
    for (place, year) in years.iter().enumerate() {
        let tag = [b"book".as_slice(), &place.to_be_bytes()].concat();
        let id = RecordId::from_bytes(first_16(&Sha256Digest::of(&tag)));
        let seed = *Sha256Digest::of(&[tag.as_slice(), b"seed"].concat()).as_bytes();
        let starts = SchoolYear::starting(year.start).expect("a year");
        let grade = Grade::new(year.grade).expect("a grade");
        let open = OpenClaims {
            id,
            version: year.version,
            replaces: (year.version > 1).then(|| Sha256Digest::of(b"the version before")),
            kind: year.kind,
            school: SCHOOL.parse().expect("a school"),
            year: starts,
            grade,
            class: year.class.parse().expect("a class"),
            form: Form::of(grade, starts),
            policy: year.policy.reference(),
        };
        let issued = issue(open, &sections(year), history.clone(), &Seed::from_bytes(seed)).expect("a record");
        let mut statement = Statement::unsigned(issued.payload.to_bytes());
        for (hours, rule) in (0..).zip(&year.policy.signers) {
            let role = rule.roles[0];
            let person = world.school.person(role);
            statement = person.sign(statement, StatementType::Record, role, NOW - 2 * DAY + hours * 3600);
        }
        let payload: &RecordPayload = &issued.payload;
        history.push(HistoryEntry { id, version: year.version, payload: payload.digest() });
        records.push(SignedRecord { statement, disclosures: issued.disclosures, seed });
    }
    let statements: Vec<Statement> = records.iter().map(|r| r.statement.clone()).collect();
    let hints = world.ledger.anchor("so-demo", &statements, NOW - DAY);
    let parts = records.iter().zip(&hints).map(|(record, hint)| World::part(record, hint)).collect();
    (world, parts)
}

/// The book of [`years`].
pub fn book() -> (World, Bundle) {
    let (world, parts) = anchored(&years());
    let bundle = world.assemble(parts);
    (world, bundle)
}
