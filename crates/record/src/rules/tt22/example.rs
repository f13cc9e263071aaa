//! A sound draft for tests to break, and random pupils around the thresholds. Strategies are boxed: as plain types they
//! take longer to compile than to run.

use proptest::prelude::*;

use super::{CountTopics, OneSubjectLift, Policy, Rounding};
use crate::{
    catalogue::{self, Standing, Subject, SubjectKind},
    draft::{
        Assessment, AttainmentsDraft, ClassHeader, ConductDraft, ConductRankingDraft, Draft, ImportedResults,
        SubjectDraft, TermMarks,
    },
    rules::{Listed, tt27, tt30, tt58},
    section::{
        Achievement, Attendance, Identifier, IdentifierKind, Identity, IndividualPlanSection, Rating, SchoolSection,
        Sex,
    },
    types::{Grade, Mark, PartialDate, SchoolYear, Text},
};

pub(crate) fn text(text: &str) -> Text {
    text.parse().expect("a text")
}

pub(crate) fn mark(tenths: u32) -> Mark {
    Mark::from_tenths(tenths).expect("a mark")
}

/// A class of 2026-2027.
pub(crate) fn header(grade: u8) -> ClassHeader {
    header_in(grade, 2026)
}

pub(crate) fn header_in(grade: u8, year: u16) -> ClassHeader {
    ClassHeader {
        school: "79DEMO001".parse().expect("a code"),
        school_name: SchoolSection::named(text("Trường Minh hoạ")),
        year: SchoolYear::starting(year).expect("a year"),
        grade: Grade::new(grade).expect("a grade"),
        class: "9A3".parse().expect("a class"),
    }
}

/// A girl of the usual age.
pub(crate) fn identity(grade: u8, year: u16) -> Identity {
    let born = year - 5 - u16::from(grade);
    Identity {
        name: text("Nguyễn Thị Mẫu"),
        birth_date: PartialDate::new(born, Some(3), Some(5)).expect("a date"),
        sex: Sex::Female,
        ethnicity: None,
        nationality: None,
        birth_place: None,
        birth_province: None,
        identifiers: vec![Identifier::new(IdentifierKind::Personal, text(&format!("0793{:02}000001", born % 100)))],
        book: None,
    }
}

/// A term with the regular marks Art. 6.2b calls for, all marks the same.
pub(crate) fn term(regular: usize, tenths: u32) -> TermMarks {
    let same = mark(tenths);
    TermMarks { regular: vec![same; regular], midterm: Some(same), final_exam: Some(same), average: None }
}

/// The mandatory subjects of the grade and, in upper secondary, the first four electives.
pub(crate) fn subjects_of(grade: u8) -> Vec<&'static Subject> {
    let (curriculum, grade) = (header(grade).form().curriculum(), Grade::new(grade).expect("a grade"));
    let electives = catalogue::of(curriculum).filter(|s| s.standing(grade) == Some(Standing::Elective));
    catalogue::mandatory(curriculum, grade).chain(electives.take(catalogue::ELECTIVES)).collect()
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
            SubjectKind::Level | SubjectKind::TestedLevel => unreachable!("secondary school"),
        },
        study_topics: false,
        remark: None,
        teacher: None,
        locked_at: None,
        source: None,
    };
    Draft {
        subjects: subjects_of(grade).iter().map(subject).collect(),
        conduct: ConductDraft { term1: Some(Rating::Tot), term2: Some(Rating::Tot), year: None, retrained: None },
        attendance: Attendance { with_leave: 0, without_leave: 0 },
        remark: Some(text("Chăm ngoan.")),
        ..Draft::of(identity(grade, 2026))
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
            count_study_topics: CountTopics::WhereEntered,
        })
        .boxed()
}

/// Marks of one subject: a pupil's usual mark, sometimes a mark at another threshold.
fn any_scored(usual: u32) -> BoxedStrategy<Assessment> {
    let outlier = proptest::sample::select(vec![20_u32, 33, 34, 48, 49, 63, 64, 78, 79, 88, 89]);
    prop_oneof![14 => Just(usual), 1 => outlier].prop_flat_map(any_scored_near).boxed()
}

/// Marks of one subject with a little noise, so that averages fall on halves too.
pub(crate) fn any_scored_near(base: u32) -> BoxedStrategy<Assessment> {
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
    (term(), term(), summer)
        .prop_map(|(term1, term2, summer)| Assessment::Score { term1, term2, year: None, reassessed: summer.map(mark) })
        .boxed()
}

pub(crate) fn any_comment() -> BoxedStrategy<Assessment> {
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
            let mut known = subjects_of(grade);
            let at = Grade::new(grade).expect("a grade");
            let curriculum = header(grade).form().curriculum();
            known.extend(catalogue::of(curriculum).filter(|s| s.standing(at) == Some(Standing::Optional)));
            let subjects: Vec<BoxedStrategy<Option<SubjectDraft>>> = known
                .into_iter()
                .map(|subject| {
                    let standing = subject.standing(at).expect("taught in the grade");
                    let assessment = match subject.kind {
                        SubjectKind::Score => any_scored(usual).boxed(),
                        SubjectKind::Comment => any_comment().boxed(),
                        SubjectKind::Level | SubjectKind::TestedLevel => unreachable!("secondary school"),
                    };
                    let exempt = Just(Assessment::Exempt(text("Khuyết tật"))).boxed();
                    let assessment = match standing {
                        Standing::Optional => assessment,
                        _ => prop_oneof![40 => assessment, 1 => exempt, 1 => Just(Assessment::NotAssessed)].boxed(),
                    };
                    let line = assessment.prop_map(|assessment| SubjectDraft {
                        code: subject.code.parse().expect("a code"),
                        name: text(subject.name),
                        assessment,
                        study_topics: false,
                        remark: None,
                        teacher: None,
                        locked_at: None,
                        source: None,
                    });
                    match standing {
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

/// Anything the types admit, in any year: marks missing, subjects unknown, twice, or assessed in the wrong way.
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
        3 => (proptest::option::of(tt27::example::any_level()), maybe(), proptest::option::of(tt27::example::any_level()), maybe())
            .prop_map(|(year, test, reassessed, reassessed_test)| Assessment::Level { year, test, reassessed, reassessed_test }),
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
        .prop_map(|(kind, value)| Identifier::new(kind, text(&value)));
    let rating = || proptest::option::of(any_rating());
    let rank = || proptest::option::of(tt58::example::any_rank());
    let listed: Vec<Listed> = [tt27::QUALITIES.as_slice(), &tt27::SPECIFIC_COMPETENCES, &tt30::QUALITIES].concat();
    let attainments = move || {
        let one = (proptest::sample::select(listed.clone()), tt27::example::any_attainment());
        proptest::collection::vec(one.prop_map(|(listed, level)| tt27::example::attainment(&listed, level)), 0..8)
    };
    let plan = prop_oneof![Just(None), Just(Some(IndividualPlanSection { note: None }))];
    let birth = (1900..=2200_u16).prop_map(|year| PartialDate::new(year, None, None).expect("a year"));
    let sex = prop_oneof![Just(Sex::Male), Just(Sex::Female), Just(Sex::Other)];
    (
        (1..=12_u8, 2014..=2030_u16, birth, sex, proptest::collection::vec(identifier, 0..4)),
        proptest::collection::vec((code, assessment, any::<bool>()), 0..20),
        (rating(), rating(), rating(), rating()),
        (any::<u16>(), any::<u16>()),
        (rating(), rating(), rating(), tt27::example::any_decision()),
        (attainments(), attainments(), plan, (rank(), rank(), rank(), rank())),
    )
        .prop_map(|((grade, year, birth_date, sex, identifiers), subjects, conduct, absences, imported, more)| {
            let base = draft(9);
            let subjects = subjects
                .into_iter()
                .map(|(code, assessment, study_topics)| SubjectDraft {
                    code: code.parse().expect("a code"),
                    name: text("Môn"),
                    assessment,
                    study_topics,
                    remark: Some(text("Tốt")),
                    teacher: Some(text("Trần Văn Ðức")),
                    locked_at: None,
                    source: None,
                })
                .collect();
            let (term1, term2, full, retrained) = conduct;
            let (study_term1, study_term2, study_year, promotion) = imported;
            let (qualities, competences, plan, ranks) = more;
            let draft = Draft {
                subjects,
                conduct: ConductDraft { term1, term2, year: full, retrained },
                conduct_ranking: ConductRankingDraft {
                    term1: ranks.0,
                    term2: ranks.1,
                    year: ranks.2,
                    retrained: ranks.3,
                },
                attainments: AttainmentsDraft { qualities, competences, ..AttainmentsDraft::default() },
                plan,
                attendance: Attendance { with_leave: absences.0, without_leave: absences.1 },
                imported: ImportedResults { study_term1, study_term2, study_year, promotion, ..Default::default() },
                ..Draft::of(Identity { birth_date, sex, identifiers, ..base.identity })
            };
            (header_in(grade, year), draft)
        })
        .boxed()
}
