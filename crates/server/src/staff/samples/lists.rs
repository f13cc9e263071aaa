//! Samples of the pages on which a school hands in lists, certificates and marks, and of what takes long.

use hocba_app::{
    CertificateFacts, CertificateRefusal, Enrolled, ListsDone, ListsLook, PublicState, StaffCertificate, StaffLine,
    model::{Class, ClassKind, Id, Position, Task, TaskKind, TaskState},
};
use hocba_record::types::SchoolYear;
use hocba_workbook::{CellRef, Code, ColumnPreview, Finding, ListKind, ListPreview, ListSheet, Severity, Words};

use super::{Sample, at, fault, inside, school};
use crate::staff::{
    certificates::{CertificatePage, CertificatesPage},
    classes::ClassesPage,
    findings::FindingLine,
    lists::{self, ListsPage, Look},
    signing::sample_agent,
    tasks::{self, Outcome, TaskPage},
    text::Text,
};

fn year() -> SchoolYear {
    SchoolYear::starting(2026).expect("a year")
}

fn task(kind: TaskKind, state: TaskState, (done, steps): (u32, u32)) -> Task {
    Task {
        id: Id::from_bytes([5; 16]),
        school: school(),
        account: Id::from_bytes([1; 16]),
        kind,
        year: year(),
        class: (kind != TaskKind::TakeLists).then(|| "9A3".parse().expect("a class")),
        done,
        steps,
        state,
        result: None,
        begun_at: at(0),
        beat_at: at(20),
        ended_at: (state != TaskState::Running).then(|| at(42)),
    }
}

pub(super) fn task_lines(text: Text) -> Vec<tasks::TaskLine> {
    [
        task(TaskKind::TakeLists, TaskState::Running, (400, 1900)),
        task(TaskKind::TakeLists, TaskState::Refused, (0, 0)),
        task(TaskKind::ImportMarks, TaskState::Done, (1, 1)),
    ]
    .map(|task| tasks::line(text, &task))
    .into()
}

fn finding(error: bool, sheet: &str, cell: Option<(u32, u32)>, value: &str) -> Finding {
    Finding {
        code: if error { Code::LoginTaken } else { Code::IgnoredColumn },
        severity: if error { Severity::Error } else { Severity::Warning },
        sheet: sheet.into(),
        cell: cell.map(|(row, col)| CellRef { row, col }),
        value: Some(value.into()),
        expected: Words::new("Tên đăng nhập chưa ai dùng.", "A login that nobody has."),
        how_to_mend: Words::new("Chọn tên khác, hoặc để trống.", "Choose another one, or leave it empty."),
    }
}

impl Sample for TaskPage {
    fn samples(text: Text) -> Vec<Self> {
        let running = |progress| task(TaskKind::TakeLists, TaskState::Running, progress);
        let ended = |kind, state| task(kind, state, (1, 1));
        let counts = [("staff-new", 92), ("classes-new", 45), ("pupils-changed", 1900)];
        let counts = counts.map(|(code, count)| (code.to_owned(), count)).to_vec();
        let line = |kind, error| FindingLine::of(Some(kind), &finding(error, "Sheet1", Some((6, 3)), "nguyenvan.an"));
        let findings = vec![line(ListKind::Staff, true), line(ListKind::Pupils, false), line(ListKind::Staff, false)];
        let done = Outcome { counts, findings: vec![findings[1].clone()], ..Outcome::default() };
        let faulty = Outcome { findings, ..Outcome::default() };
        let both = || Some(["Năm học đã đóng.".to_owned(), "The year is closed.".to_owned()]);
        let refused = Outcome { refused: both(), ..Outcome::default() };
        let nothing = Outcome::default();
        let codes = [("codes-made", 38), ("codes-kept", 1), ("codes-waiting", 1)];
        let counts = codes.map(|(code, count)| (code.to_owned(), count)).to_vec();
        let codes = Outcome { counts, ..Outcome::default() };
        let (lists, marks) = (TaskKind::TakeLists, TaskKind::ImportMarks);
        let page = |task: Task, outcome: &Outcome| Self::new(inside(text), &task, outcome);
        vec![
            page(running((0, 0)), &nothing),
            page(running((400, 1900)), &nothing),
            page(ended(lists, TaskState::Done), &done),
            page(ended(marks, TaskState::Done), &nothing),
            page(ended(lists, TaskState::Refused), &faulty),
            page(ended(marks, TaskState::Refused), &refused),
            page(ended(lists, TaskState::Interrupted), &nothing),
            page(task(TaskKind::PaperLinks, TaskState::Running, (12, 40)), &nothing),
            page(ended(TaskKind::PaperLinks, TaskState::Done), &codes),
        ]
    }
}

fn list_preview(headings: &[(&str, Option<&str>, &[&str])]) -> ListPreview {
    let column = |(place, (heading, field, examples)): (usize, &(&str, Option<&str>, &[&str]))| ColumnPreview {
        column: char::from(b'A' + u8::try_from(place).expect("few columns")).to_string(),
        heading: (*heading).into(),
        cells: None,
        field: field.map(str::to_owned),
        label: None,
        examples: examples.iter().map(|&example| example.to_owned()).collect(),
    };
    let columns = headings.iter().enumerate().map(column).collect();
    ListPreview {
        sheets: vec![ListSheet { sheet: "Sheet1".into(), headings: Some(4), lines: 92, class: None, columns }],
    }
}

impl Sample for ListsPage {
    fn samples(text: Text) -> Vec<Self> {
        let staff = || lists::Waiting {
            kind: ListKind::Staff,
            file: "Danh sách cán bộ, giáo viên, nhân viên năm học 2026-2027.xlsx".into(),
            version: [0; 12],
            preview: Some(list_preview(&[
                ("STT", Some("number"), &["1", "2"]),
                ("Họ và tên", Some("name"), &["N••• V•• A••"]),
                ("Chức vụ", Some("position"), &["Giáo viên", "Văn thư"]),
                ("Tài khoản VNPT", None, &["n•••••"]),
            ])),
        };
        let pupils =
            || lists::Waiting { kind: ListKind::Pupils, file: "hoc-sinh.xlsx".into(), version: [1; 12], preview: None };
        let look = |lists, look, refused| Look { year: year(), until: at(86_400), lists, look, refused };
        let staff_line = |outcome| StaffLine {
            name: "Nguyễn Văn An".parse().expect("a name"),
            position: Position::Teacher,
            login: "nguyenvan.an".into(),
            outcome,
        };
        let done = |outcome| ListsDone { staff: vec![staff_line(outcome)], ..ListsDone::default() };
        let warning = || vec![(ListKind::Staff, finding(false, "Sheet1", Some((3, 3)), "Tài khoản VNPT"))];
        let sound = |outcome| ListsLook { done: Some(done(outcome)), lines: Vec::new(), findings: warning() };
        let many = (0..120).map(|row| (ListKind::Staff, finding(true, "Sheet1", Some((row, 3)), "nguyenvan.an")));
        let mut findings: Vec<(ListKind, Finding)> = many.collect();
        findings.push((ListKind::Pupils, finding(true, "", None, "")));
        let faulty = ListsLook { done: None, lines: vec![(ListKind::Staff, 92)], findings };
        let both = || Some(["Năm học đã đóng.".to_owned(), "The year is closed.".to_owned()]);
        let page =
            |c, years: &[SchoolYear], look: Option<Look>, tasks| Self::new(c, &school(), years, look.as_ref(), tasks);
        let years = [year()];
        let none_chosen = inside(text).wrong(fault(text, "staff", "fault-no-file"));
        vec![
            page(inside(text), &[], None, Vec::new()),
            page(inside(text), &years, None, task_lines(text)),
            page(none_chosen, &years, None, Vec::new()),
            page(inside(text), &years, Some(look(vec![staff(), pupils()], faulty, None)), Vec::new()),
            page(inside(text), &years, Some(look(vec![staff()], sound(hocba_app::Outcome::Added), None)), Vec::new()),
            page(
                inside(text),
                &years,
                Some(look(vec![staff()], sound(hocba_app::Outcome::Unchanged), None)),
                Vec::new(),
            ),
            page(inside(text), &years, Some(look(vec![staff()], ListsLook::default(), both())), Vec::new()),
        ]
    }
}

fn people() -> Vec<StaffCertificate> {
    let facts = |days: i64, issuer: Option<&str>| CertificateFacts {
        subject: "Nguyễn Văn An".into(),
        issuer: issuer.map(str::to_owned),
        not_after: at(days * 86_400),
    };
    let line = |number, name: &str, position, certificate| StaffCertificate {
        account: Id::from_bytes([number; 16]),
        name: name.into(),
        position,
        certificate,
    };
    let ca = Some("Cơ quan chứng thực chữ ký số chuyên dùng Chính phủ (DEMO)");
    vec![
        line(1, "Nguyễn Văn An", Position::Principal, Some(facts(700, ca))),
        line(2, "Trần Thị Bình", Position::DeputyPrincipal, Some(facts(21, ca))),
        line(3, "Lê Hoàng Phương Uyên Nhi", Position::Teacher, None),
        line(4, "Phạm Quốc Đạt", Position::Clerk, Some(facts(-3, ca))),
        line(5, "Võ Thị Xuân", Position::Teacher, Some(facts(300, None))),
    ]
}

impl Sample for CertificatesPage {
    fn samples(text: Text) -> Vec<Self> {
        let file =
            |name: &str, subject: &str, outcome| Enrolled { file: name.into(), subject: subject.into(), outcome };
        let id = Id::from_bytes([1; 16]);
        let refused = [
            CertificateRefusal::NoCertificate,
            CertificateRefusal::PrivateKey,
            CertificateRefusal::Issuer,
            CertificateRefusal::Nobody,
            CertificateRefusal::Several,
            CertificateRefusal::Name,
            CertificateRefusal::Unrecognised,
            CertificateRefusal::OutsideValidity,
            CertificateRefusal::Usage,
            CertificateRefusal::Taken,
            CertificateRefusal::Elsewhere,
        ];
        let mut files: Vec<Enrolled> =
            refused.map(|refusal| file("chung-thu.pem", "Trần Văn Minh", Err(refusal))).into();
        files[0].subject = String::new();
        files.push(file("nguyen-van-an.crt.pem", "Nguyễn Văn An", Ok((id, true))));
        files.push(file("tran-thi-binh.cer", "Trần Thị Bình", Ok((id, false))));
        let none = inside(text).wrong(fault(text, "files", "fault-no-file"));
        vec![
            Self::new(inside(text), &school(), &people(), &[], at(0)),
            Self::new(inside(text), &school(), &people(), &files, at(0)),
            Self::new(none, &school(), &people(), &[], at(0)),
            Self::new(inside(text), &school(), &[], &[], at(0)),
        ]
    }
}

impl Sample for CertificatePage {
    fn samples(text: Text) -> Vec<Self> {
        let people = people();
        let wrong = inside(text).wrong(fault(text, "files", "enrol-name"));
        let agent = sample_agent();
        vec![
            Self::new(inside(text), &school(), &people[0], at(0), &agent),
            Self::new(wrong, &school(), &people[2], at(0), &agent),
        ]
    }
}

impl Sample for ClassesPage {
    fn samples(text: Text) -> Vec<Self> {
        let class = |name: &str, number| Class {
            id: Id::from_bytes([number; 16]),
            school: school(),
            year: year(),
            grade: hocba_record::types::Grade::new(9).expect("a grade"),
            name: name.parse().expect("a class"),
            revision: 1,
            kind: ClassKind::Year,
        };
        let counts = |counts: &[(PublicState, usize)]| counts.iter().copied().collect();
        let classes = [
            (class("9A1", 1), counts(&[(PublicState::InForce, 44)])),
            (class("9A2", 2), counts(&[(PublicState::Draft, 40), (PublicState::Returned, 2)])),
            (class("9A3", 3), counts(&[(PublicState::TeacherSigned, 41), (PublicState::CoSigned, 1)])),
        ];
        vec![
            Self::new(inside(text), &school(), &classes, true, task_lines(text)),
            Self::new(inside(text), &school(), &[], false, Vec::new()),
        ]
    }
}
