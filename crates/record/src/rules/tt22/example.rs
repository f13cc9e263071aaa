//! A sound draft for tests to break, and random pupils around the thresholds. Strategies are boxed: as plain types they
//! take longer to compile than to run.

use proptest::prelude::*;

use super::{OneSubjectLift, Policy, Rounding};
use crate::{
    catalogue::{self, Standing, Subject, SubjectKind},
    draft::{Assessment, ClassHeader, ConductDraft, Draft, ImportedResults, SubjectDraft, TermMarks},
    section::{Achievement, Attendance, Identifier, IdentifierKind, Identity, Promotion, Rating, SchoolSection, Sex},
    types::{Grade, Mark, PartialDate, SchoolYear, Text},
};

pub(crate) fn text(text: &str) -> Text {
    text.parse().expect("a text")
}

pub(crate) fn mark(tenths: u32) -> Mark {
    Mark::from_tenths(tenths).expect("a mark")
}

pub(crate) fn header(grade: u8) -> ClassHeader {
    ClassHeader {
        school: "79DEMO001".parse().expect("a code"),
        school_name: SchoolSection { name: text("Trường Minh hoạ"), ward: None, province: None },
        year: SchoolYear::starting(2026).expect("a year"),
        grade: Grade::new(grade).expect("a grade"),
        class: "9A3".parse().expect("a class"),
    }
}

/// A term with the regular marks Art. 6.2b calls for, all marks the same.
pub(crate) fn term(regular: usize, tenths: u32) -> TermMarks {
    let same = mark(tenths);
    TermMarks { regular: vec![same; regular], midterm: Some(same), final_exam: Some(same), average: None }
}

/// The mandatory subjects of the grade and, in upper secondary, the first four electives.
pub(crate) fn subjects_of(grade: u8) -> Vec<&'static Subject> {
    let level = Grade::new(grade).expect("a grade").level();
    let electives = catalogue::of_level(level).filter(|s| s.standing == Standing::Elective).take(catalogue::ELECTIVES);
    catalogue::of_level(level).filter(|s| s.standing == Standing::Mandatory).chain(electives).collect()
}

/// A pupil with 8,5 and Đạt everywhere, conduct Tốt, no absences: Tốt, Học sinh Giỏi, promoted.
pub(crate) fn draft(grade: u8) -> Draft {
    let subject = |known: &&Subject| SubjectDraft {
        code: known.code.parse().expect("a code"),
        name: text(known.name),
        assessment: match known.kind {
            SubjectKind::Score => {
                let regular = known.regular_marks(Grade::new(grade).expect("a grade")).expect("scored");
                Assessment::Score { term1: term(regular, 85), term2: term(regular, 85), year: None, reassessed: None }
            }
            SubjectKind::Comment => Assessment::Comment {
                term1: Some(Achievement::Dat),
                term2: Some(Achievement::Dat),
                year: None,
                reassessed: None,
            },
        },
        remark: None,
        teacher: None,
        locked_at: None,
        source: None,
    };
    let born = 2026 - 5 - u16::from(grade);
    Draft {
        identity: Identity {
            name: text("Nguyễn Thị Mẫu"),
            birth_date: PartialDate::new(born, Some(3), Some(5)).expect("a date"),
            sex: Sex::Female,
            ethnicity: None,
            nationality: None,
            birth_place: None,
            identifiers: vec![Identifier {
                kind: IdentifierKind::Personal,
                value: text(&format!("0793{:02}000001", born % 100)),
            }],
            book: None,
        },
        subjects: subjects_of(grade).iter().map(subject).collect(),
        conduct: ConductDraft { term1: Some(Rating::Tot), term2: Some(Rating::Tot), year: None, retrained: None },
        attendance: Attendance { with_leave: 0, without_leave: 0 },
        remark: Some(text("Chăm ngoan.")),
        other_awards: Vec::new(),
        imported: ImportedResults::default(),
    }
}

/// A draft with one subject assessed otherwise.
pub(crate) fn with(mut draft: Draft, code: &str, assessment: Assessment) -> Draft {
    let subject = draft.subjects.iter_mut().find(|s| s.code.as_str() == code).expect("a subject of the draft");
    subject.assessment = assessment;
    draft
}

/// All marks of a scored subject in both terms.
pub(crate) fn scored(tenths: u32) -> Assessment {
    Assessment::Score { term1: term(4, tenths), term2: term(4, tenths), year: None, reassessed: None }
}

pub(crate) fn any_rating() -> BoxedStrategy<Rating> {
    prop_oneof![4 => Just(Rating::Tot), 2 => Just(Rating::Kha), 2 => Just(Rating::Dat), 1 => Just(Rating::ChuaDat)]
        .boxed()
}

pub(crate) fn any_policy() -> BoxedStrategy<Policy> {
    let rounding = prop_oneof![3 => Just(Rounding::HalfUp), 1 => Just(Rounding::HalfEven)];
    let lift = prop_oneof![Just(OneSubjectLift::OneAboveFallen), Just(OneSubjectLift::OneBelowLost)];
    (rounding, 4..=6_u8, any::<bool>(), lift, any::<bool>(), 40..=45_u32, any::<bool>())
        .prop_map(|(rounding, minimum_subjects, comment, one_subject_lift, optional, max_absences, both)| Policy {
            rounding,
            minimum_subjects,
            one_subject_may_be_comment: comment,
            one_subject_lift,
            optional_subjects_count: optional,
            max_absences,
            summer_when_both_fail: both,
            count_regular_marks: true,
        })
        .boxed()
}

/// Marks of one subject. A pupil's usual mark, sometimes a mark at another threshold; within the subject a little noise,
/// so that averages fall on halves too.
fn any_scored(usual: u32) -> BoxedStrategy<Assessment> {
    let outlier = proptest::sample::select(vec![20_u32, 33, 34, 48, 49, 63, 64, 78, 79, 88, 89]);
    let base = prop_oneof![14 => Just(usual), 1 => outlier];
    base.prop_flat_map(|base| {
        let single = move || (0..=2_u32).prop_map(move |noise| mark((base + noise).min(100)));
        let term = move || {
            let marks = (proptest::collection::vec(single(), 2..=5), single(), single());
            let marks = marks.prop_map(|(regular, midterm, final_exam)| TermMarks {
                regular,
                midterm: Some(midterm),
                final_exam: Some(final_exam),
                average: None,
            });
            let average = single().prop_map(|average| TermMarks { average: Some(average), ..TermMarks::default() });
            prop_oneof![9 => marks, 1 => average].boxed()
        };
        let summer = proptest::option::weighted(0.1, proptest::sample::select(vec![34_u32, 49, 50, 65]));
        (term(), term(), summer).prop_map(|(term1, term2, summer)| Assessment::Score {
            term1,
            term2,
            year: None,
            reassessed: summer.map(mark),
        })
    })
    .boxed()
}

fn any_comment() -> BoxedStrategy<Assessment> {
    let passed = || prop_oneof![12 => Just(Achievement::Dat), 1 => Just(Achievement::ChuaDat)];
    let summer = proptest::option::weighted(0.05, passed());
    (passed(), passed(), summer)
        .prop_map(|(term1, term2, reassessed)| Assessment::Comment {
            term1: Some(term1),
            term2: Some(term2),
            year: None,
            reassessed,
        })
        .boxed()
}

/// A complete draft of a pupil of any secondary grade, anywhere near the thresholds.
pub(crate) fn any_pupil() -> BoxedStrategy<(ClassHeader, Draft)> {
    let usual = proptest::sample::select(vec![34_u32, 49, 55, 64, 70, 79, 85, 89, 92]);
    (6..=12_u8, usual)
        .prop_flat_map(|(grade, usual)| {
            let level = Grade::new(grade).expect("a grade").level();
            let mut known = subjects_of(grade);
            known.extend(catalogue::of_level(level).filter(|s| s.standing == Standing::Optional));
            let subjects: Vec<BoxedStrategy<Option<SubjectDraft>>> = known
                .into_iter()
                .map(|subject| {
                    let assessment = match subject.kind {
                        SubjectKind::Score => any_scored(usual).boxed(),
                        SubjectKind::Comment => any_comment().boxed(),
                    };
                    let exempt = Just(Assessment::Exempt(text("Khuyết tật"))).boxed();
                    let assessment = match subject.standing {
                        Standing::Optional => assessment,
                        _ => prop_oneof![40 => assessment, 1 => exempt, 1 => Just(Assessment::NotAssessed)].boxed(),
                    };
                    let line = assessment.prop_map(|assessment| SubjectDraft {
                        code: subject.code.parse().expect("a code"),
                        name: text(subject.name),
                        assessment,
                        remark: None,
                        teacher: None,
                        locked_at: None,
                        source: None,
                    });
                    match subject.standing {
                        Standing::Optional => proptest::option::weighted(0.3, line).boxed(),
                        _ => line.prop_map(Some).boxed(),
                    }
                })
                .collect();
            let retrained = proptest::option::weighted(0.2, any_rating());
            let conduct = (any_rating(), any_rating(), retrained);
            let absences = (0..=25_u16, 0..=25_u16);
            (Just(grade), subjects, conduct, absences)
        })
        .prop_map(|(grade, subjects, (term1, term2, retrained), (with_leave, without_leave))| {
            let subjects = subjects.into_iter().flatten().collect();
            let conduct = ConductDraft { term1: Some(term1), term2: Some(term2), year: None, retrained };
            let attendance = Attendance { with_leave, without_leave };
            (header(grade), Draft { subjects, conduct, attendance, ..draft(grade) })
        })
        .boxed()
}

/// Anything the types admit: marks missing, subjects unknown, twice, or assessed in the wrong way.
pub(crate) fn any_draft() -> BoxedStrategy<(ClassHeader, Draft)> {
    let any_mark = || (0..=100_u32).prop_map(mark);
    let maybe = move || proptest::option::of(any_mark());
    let term = move || {
        (proptest::collection::vec(any_mark(), 0..6), maybe(), maybe(), maybe())
            .prop_map(|(regular, midterm, final_exam, average)| TermMarks { regular, midterm, final_exam, average })
    };
    let comment = || proptest::option::of(prop_oneof![Just(Achievement::Dat), Just(Achievement::ChuaDat)]);
    let assessment = prop_oneof![
        4 => (term(), term(), maybe(), maybe())
            .prop_map(|(term1, term2, year, reassessed)| Assessment::Score { term1, term2, year, reassessed }),
        3 => (comment(), comment(), comment(), comment())
            .prop_map(|(term1, term2, year, reassessed)| Assessment::Comment { term1, term2, year, reassessed }),
        1 => Just(Assessment::Exempt(text("Ðơn"))),
        1 => Just(Assessment::NotAssessed),
    ];
    let code = prop_oneof![
        20 => proptest::sample::select(catalogue::SUBJECTS.iter().map(|s| s.code).collect::<Vec<_>>()),
        1 => Just("khong_co"),
    ];
    let identifier = (
        prop_oneof![
            Just(IdentifierKind::Personal),
            Just(IdentifierKind::Ministry),
            Just(IdentifierKind::School),
            Just(IdentifierKind::Temporary)
        ],
        "[0-9]{8,13}|[A-Z]{3}",
    )
        .prop_map(|(kind, value)| Identifier { kind, value: text(&value) });
    let rating = || proptest::option::of(any_rating());
    let decision = proptest::option::of(prop_oneof![Just(Promotion::Promoted), Just(Promotion::Retained)]);
    let birth = (1900..=2200_u16).prop_map(|year| PartialDate::new(year, None, None).expect("a year"));
    let sex = prop_oneof![Just(Sex::Male), Just(Sex::Female), Just(Sex::Other)];
    (
        (1..=12_u8, birth, sex, proptest::collection::vec(identifier, 0..4)),
        proptest::collection::vec((code, assessment), 0..20),
        (rating(), rating(), rating(), rating()),
        (any::<u16>(), any::<u16>()),
        (rating(), rating(), rating(), decision),
    )
        .prop_map(|((grade, birth_date, sex, identifiers), subjects, conduct, absences, imported)| {
            let base = draft(9);
            let subjects = subjects
                .into_iter()
                .map(|(code, assessment)| SubjectDraft {
                    code: code.parse().expect("a code"),
                    name: text("Môn"),
                    assessment,
                    remark: Some(text("Tốt")),
                    teacher: Some(text("Trần Văn Ðức")),
                    locked_at: None,
                    source: None,
                })
                .collect();
            let (term1, term2, year, retrained) = conduct;
            let (study_term1, study_term2, study_year, promotion) = imported;
            let draft = Draft {
                identity: Identity { birth_date, sex, identifiers, ..base.identity },
                subjects,
                conduct: ConductDraft { term1, term2, year, retrained },
                attendance: Attendance { with_leave: absences.0, without_leave: absences.1 },
                remark: None,
                other_awards: Vec::new(),
                imported: ImportedResults { study_term1, study_term2, study_year, promotion },
            };
            (header(grade), draft)
        })
        .boxed()
}
