//! Samples of the pages of homeroom teachers, principals and clerks: a class, its marks, what waits to be signed off.

use hocba_app::{
    Actor, ClassReview, ClassView, ImportLook, PublicState, PupilLine, ReviewedPupil, Step,
    model::{Class, ClassKind, Id, LeftOut, Renewal, ReturnReason},
    review::Anomaly,
};
use hocba_record::{
    encoding::RecordId,
    types::{Grade, Mark},
};
use hocba_workbook::{
    CellRef, ClassField, Code, ColumnPreview, Excerpt, ExcerptCell, Finding, Label, Preview, Severity, SheetPreview,
    Words,
};

use super::{Sample, at, fault, inside, school};
use crate::staff::{
    class::{ClassPage, Rights, also},
    marks::{Brought, ImportPage, Look, Named},
    review::{ReviewPage, Shown},
    signing::sample_agent,
    text::Text,
};

fn class(number: u8, grade: u8, name: &str) -> Class {
    Class {
        id: Id::from_bytes([number; 16]),
        school: school(),
        year: "2026-2027".parse().expect("a year"),
        grade: Grade::new(grade).expect("a grade"),
        name: name.parse().expect("a class"),
        kind: ClassKind::Year,
        revision: 1,
    }
}

/// As many as no class is a multiple of, so that neighbours in a list differ.
const NAMES: [&str; 11] = [
    "Nguyễn Thị Minh Khuê",
    "Trần Văn Bình",
    "Lê Hoàng Phương Uyên Nhi",
    "Phạm Quốc Đạt",
    "Võ Thị Xuân",
    "Đặng Gia Bảo",
    "Huỳnh Ngọc Trâm",
    "Bùi Minh Quân",
    "Đỗ Thị Hồng Nhung",
    "Ngô Đức Huy",
    "Dương Khánh Linh",
];

fn line((number, state): (u32, PublicState)) -> PupilLine {
    let name = NAMES[number as usize % NAMES.len()];
    PupilLine {
        record: RecordId::from_bytes([u8::try_from(number).expect("small"); 16]),
        version: 1,
        number,
        state,
        left_out: (state == PublicState::LeftOut).then_some(LeftOut::WaitingForReassessment),
        returned: (state == PublicState::Returned).then_some(ReturnReason::WrongMark),
        note: (state == PublicState::Returned).then(|| "Xem lại điểm Toán cuối kì II.".to_owned()),
        corrected: false,
        complete: number % 2 == 0,
        renewed: None,
        name: Some(name.into()),
        at_store: None,
    }
}

fn lines(states: &[(PublicState, u32)]) -> Vec<PupilLine> {
    let all = states.iter().flat_map(|(state, count)| (0..*count).map(|_| *state));
    (1..).zip(all).map(line).collect()
}

impl Sample for ClassPage {
    fn samples(text: Text) -> Vec<Self> {
        use PublicState::{CoSigned, Draft, InForce, LeftOut, Returned, Sealed, TeacherSigned};
        let agent = sample_agent();
        let teacher = Rights { steps: vec![Step::Sign], imports: true, returns: false, supersedes: 0 };
        let principal = Rights { steps: vec![Step::CoSign], imports: false, returns: true, supersedes: 0 };
        let clerk = Rights { steps: vec![Step::Seal], ..Rights::default() };
        let after = Rights { supersedes: 2, ..clerk.clone() };
        let of = |pupils: Vec<PupilLine>, rights: &Rights| {
            let view = ClassView { class: class(7, 9, "9A3"), pupils };
            let mut page = Self::new(inside(text), &view, "Trường THCS Mẫu".to_owned(), rights, &agent);
            page.also = also(text, &Actor::LocalOperator, &view.class);
            page
        };
        let mut every = lines(&PublicState::ALL.map(|state| (state, 1)));
        every[6].renewed = Some(Renewal::Reassessment);
        every[6].version = 2;
        let nameless = every.iter().map(|line| PupilLine { name: None, note: None, ..line.clone() }).collect();
        let mut corrected = lines(&[(Returned, 1), (CoSigned, 38), (LeftOut, 1)]);
        corrected[0].corrected = true;
        vec![
            of(lines(&[(Draft, 39), (LeftOut, 1)]), &teacher),
            of(lines(&[(TeacherSigned, 17), (Draft, 22), (LeftOut, 1)]), &teacher),
            of(corrected, &teacher),
            of(lines(&[(Returned, 1), (TeacherSigned, 38), (LeftOut, 1)]), &principal),
            of(lines(&[(CoSigned, 20), (Sealed, 10), (InForce, 9), (LeftOut, 1)]), &clerk),
            of(every, &teacher),
            of(nameless, &Rights::default()),
            of(Vec::new(), &teacher),
            of(lines(&[(InForce, 39), (LeftOut, 1)]), &after),
        ]
    }
}

fn mark(tenths: u32) -> Mark {
    Mark::from_tenths(tenths).expect("a mark")
}

impl Sample for ReviewPage {
    fn samples(text: Text) -> Vec<Self> {
        let agent = sample_agent();
        let (code, subject) = (school(), "Toán".parse::<hocba_record::types::Text>().expect("a text"));
        let pupil = |number: u8, anomalies: Vec<Anomaly>| ReviewedPupil {
            record: RecordId::from_bytes([number; 16]),
            revision: 1,
            number: number.into(),
            name: Some(NAMES[number as usize % NAMES.len()].into()),
            anomalies,
        };
        let review = |number: u8, grade: u8, name: &str, odd: bool| {
            let far = Anomaly::FarFromOthers { subject: subject.clone(), year: mark(31), others: 78 };
            let apart = Anomaly::TermsApart { subject: subject.clone(), term1: mark(45), term2: mark(86) };
            let waiting = (1..=39).map(|n| match n {
                7 if odd => pupil(n, vec![apart.clone(), Anomaly::ChangedAfterSigning]),
                12 if odd => pupil(n, vec![far.clone()]),
                _ => pupil(n, Vec::new()),
            });
            ClassReview {
                class: class(number, grade, name),
                counts: [(PublicState::TeacherSigned, 39), (PublicState::LeftOut, 1)].into(),
                anomalies: match odd {
                    true => vec![Anomaly::AllEqual { subject: subject.clone(), mark: mark(80), pupils: 39 }],
                    false => Vec::new(),
                },
                waiting: waiting.collect(),
            }
        };
        let found: Vec<ClassReview> =
            vec![review(1, 9, "9A3", true), review(2, 6, "6A1", false), review(3, 9, "9A4", false)];
        let year = Some("2026-2027".parse().expect("a year"));
        let called = "Trường THCS Mẫu".to_owned();
        let shown = |step, done, returns| Shown {
            school: &code,
            called: called.clone(),
            year,
            step,
            done,
            seed: [7; 8],
            returns,
        };
        let (yes, no) =
            (&(|_: &Class| true) as &dyn Fn(&Class) -> bool, &(|_: &Class| false) as &dyn Fn(&Class) -> bool);
        vec![
            Self::new(inside(text), &found, &shown(Step::CoSign, 0, yes), &agent),
            Self::new(inside(text), &found, &shown(Step::CoSign, 900, yes), &agent),
            Self::new(inside(text), &found[1..], &shown(Step::Seal, 0, no), &agent),
            Self::new(inside(text), &[], &shown(Step::CoSign, 1900, yes), &agent),
        ]
    }
}

fn label(vi: &str, en: &str) -> Label {
    Label { vi: vi.into(), en: en.into() }
}

fn preview() -> Preview {
    let field = |vi: &str, en: &str, value: &str| ClassField {
        field: "class".into(),
        label: label(vi, en),
        value: Some(value.into()),
        from: None,
    };
    Preview {
        class: vec![field("Năm học", "School year", "2026-2027"), field("Lớp", "Class", "9A3")],
        rules: None,
        sheets: vec![SheetPreview {
            sheet: "Toán".into(),
            role: "subject:toan".into(),
            label: label("Môn Toán", "Mathematics"),
            headings: None,
            pupils: 40,
            columns: vec![ColumnPreview {
                column: "T".into(),
                heading: "Ghi chú".into(),
                cells: None,
                field: None,
                label: None,
                examples: Vec::new(),
            }],
        }],
    }
}

fn finding(error: bool, sheet: &str, cell: Option<(u32, u32)>, value: &str) -> Finding {
    Finding {
        code: if error { Code::MarkOutOfRange } else { Code::IgnoredColumn },
        severity: if error { Severity::Error } else { Severity::Warning },
        sheet: sheet.into(),
        cell: cell.map(|(row, col)| CellRef { row, col }),
        value: Some(value.into()),
        expected: Words::new("Điểm từ 0 đến 10.", "A mark from 0 to 10."),
        how_to_mend: Words::new("Sửa lại theo sổ điểm.", "Mend it by the gradebook."),
    }
}

fn excerpt(row: u32, value: &str) -> Excerpt {
    let cell = |column: &str, heading: &str, value: &str, meant| ExcerptCell {
        column: column.into(),
        heading: heading.into(),
        value: value.into(),
        meant,
    };
    Excerpt {
        row,
        name: Some(NAMES[row as usize % NAMES.len()].into()),
        cells: vec![
            cell("D", "HK I / TX2", "8", false),
            cell("E", "HK I / TX3", "9", false),
            cell("F", "HK I / GK", value, true),
            cell("G", "HK I / CK", "8,5", false),
            cell("H", "HK I / ĐTB", "8,6", false),
        ],
    }
}

impl Sample for ImportPage {
    fn samples(text: Text) -> Vec<Self> {
        let look = || Look {
            file: "9A3-hoc-ky-2.xlsx".into(),
            until: Some(at(86_400)),
            preview: Some(preview()),
            workbook: true,
            ..Look::default()
        };
        let pupils =
            || Some((1..=40).map(|n| Named { number: n, name: NAMES[n as usize % NAMES.len()].into() }).collect());
        let faulty = vec![
            finding(true, "Toán", Some((11, 5)), "10,5"),
            finding(true, "Toán", Some((13, 5)), ""),
            finding(false, "Toán", None, "Ghi chú"),
        ];
        let around = || vec![Some(excerpt(12, "10,5")), Some(excerpt(14, "")), None];
        let of =
            |brought| move |look: Look| Self::new(inside(text), (&school(), brought), Some(&look), &|_| String::new());
        let (page, paper) = (of(Brought::Marks), of(Brought::Paper));
        let none = inside(text).wrong(fault(text, "file", "fault-no-file"));
        let before = ImportLook { left_out: [(9, LeftOut::WaitingForReassessment)].into(), ..ImportLook::default() };
        vec![
            Self::new(inside(text), (&school(), Brought::Marks), None, &|_| String::new()),
            Self::new(none, (&school(), Brought::Marks), None, &|_| String::new()),
            page(Look { findings: faulty.clone(), around: around(), ..look() }),
            page(Look {
                findings: faulty[1..].to_vec(),
                around: around()[1..].to_vec(),
                pupils: pupils(),
                faulty: vec![14],
                import: before,
                ..look()
            }),
            page(Look { pupils: pupils(), ..look() }),
            page(Look { pupils: pupils(), import: ImportLook { renewed: vec![3], ..ImportLook::default() }, ..look() }),
            page(Look {
                pupils: pupils(),
                import: ImportLook { would_change: vec![3, 4], ..ImportLook::default() },
                ..look()
            }),
            page(Look {
                pupils: pupils(),
                refused: Some(["Không phải lớp của bạn.".to_owned(), "Not your class.".to_owned()]),
                ..look()
            }),
            page(Look { preview: None, findings: vec![finding(true, "", None, "")], around: vec![None], ..look() }),
            Self::new(inside(text), (&school(), Brought::Paper), None, &|_| String::new()),
            paper(Look { pupils: pupils(), ..look() }),
            paper(Look {
                findings: faulty[1..].to_vec(),
                around: around()[1..].to_vec(),
                pupils: pupils(),
                faulty: vec![14],
                ..look()
            }),
        ]
    }
}
