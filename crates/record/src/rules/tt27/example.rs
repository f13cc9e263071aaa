//! A sound draft for tests to break, and random pupils around the thresholds.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{Policy, QUALITIES, competences};
use crate::{
    catalogue::{self, Standing, Subject, SubjectKind},
    draft::{Assessment, AttainmentsDraft, ClassHeader, Draft, ImportedResults, SubjectDraft},
    rules::{Listed, tt22::example},
    section::{Attainment, AttainmentLevel, Promotion, SubjectLevel},
    types::{Grade, Mark},
};

pub(crate) use example::{header, mark, text, with};

pub(crate) fn level(year: SubjectLevel, test: Option<u32>) -> Assessment {
    Assessment::Level { year: Some(year), test: test.map(|m| mark(10 * m)), reassessed: None, reassessed_test: None }
}

pub(crate) fn line(known: &Subject, assessment: Assessment) -> SubjectDraft {
    SubjectDraft {
        code: known.code.parse().expect("a code"),
        name: text(known.name),
        assessment,
        study_topics: false,
        remark: None,
        teacher: None,
        locked_at: None,
        source: None,
    }
}

pub(crate) fn attainment(listed: &Listed, level: AttainmentLevel) -> Attainment {
    Attainment { code: listed.code.parse().expect("a code"), name: text(listed.name), level, remark: None }
}

/// A pupil of 2026-2027 with Hoàn thành tốt, 9 and Tốt everywhere: Hoàn thành xuất sắc.
pub(crate) fn draft(grade: u8) -> Draft {
    let at = Grade::new(grade).expect("a grade");
    let subject = |known: &Subject| {
        line(known, level(SubjectLevel::HoanThanhTot, (known.kind == SubjectKind::TestedLevel).then_some(9)))
    };
    Draft {
        subjects: catalogue::mandatory(header(grade).form().curriculum(), at).map(subject).collect(),
        attainments: AttainmentsDraft {
            qualities: QUALITIES.iter().map(|listed| attainment(listed, AttainmentLevel::Tot)).collect(),
            competences: competences(at).map(|listed| attainment(listed, AttainmentLevel::Tot)).collect(),
            outstanding: false,
            reassessed: None,
        },
        remark: Some(text("Chăm ngoan.")),
        ..Draft::of(example::identity(grade, 2026))
    }
}

pub(crate) fn any_policy() -> BoxedStrategy<Policy> {
    (8..=10_u8, 6..=8_u8, 4..=6_u8, any::<bool>(), any::<bool>())
        .prop_map(|(excellent_test, good_test, completed_test, optional_subjects_count, principal_decides)| Policy {
            excellent_test,
            good_test,
            completed_test,
            optional_subjects_count,
            principal_decides,
            ..Policy::default()
        })
        .boxed()
}

pub(crate) fn any_level() -> BoxedStrategy<SubjectLevel> {
    select(vec![SubjectLevel::HoanThanhTot, SubjectLevel::HoanThanh, SubjectLevel::ChuaHoanThanh]).boxed()
}

pub(crate) fn any_attainment() -> BoxedStrategy<AttainmentLevel> {
    select(vec![AttainmentLevel::Tot, AttainmentLevel::Dat, AttainmentLevel::CanCoGang]).boxed()
}

pub(crate) fn any_decision() -> BoxedStrategy<Option<Promotion>> {
    use Promotion::{Pending, Promoted, PromotedAfterSummer, Retained};
    option::of(select(vec![Promoted, PromotedAfterSummer, Pending, Retained])).boxed()
}

/// A whole mark of a test, in points.
pub(crate) fn points(mark: u32) -> Mark {
    example::mark(10 * mark)
}

/// A complete draft of a pupil of any primary grade, near one of the thresholds.
pub(crate) fn any_pupil() -> BoxedStrategy<(ClassHeader, Draft)> {
    // What the pupil usually reaches; most lines are so, a few are not.
    let usual =
        (select(vec![SubjectLevel::HoanThanhTot, SubjectLevel::HoanThanhTot, SubjectLevel::HoanThanh]), 5..=10_u32);
    let attainment_usual = select(vec![AttainmentLevel::Tot, AttainmentLevel::Tot, AttainmentLevel::Dat]);
    (1..=5_u8, usual, attainment_usual)
        .prop_flat_map(|(grade, (usual, test), attained)| {
            let at = Grade::new(grade).expect("a grade");
            let known: Vec<&'static Subject> =
                catalogue::of(header(grade).form().curriculum()).filter(|s| s.standing(at).is_some()).collect();
            let subjects: Vec<BoxedStrategy<Option<SubjectDraft>>> = known
                .into_iter()
                .map(|subject| {
                    let tested = subject.kind == SubjectKind::TestedLevel;
                    let optional = subject.standing(at) == Some(Standing::Optional);
                    let year = prop_oneof![40 => Just(usual), 1 => any_level()];
                    let mark = prop_oneof![30 => Just(test), 4 => test.saturating_sub(1)..=(test + 1).min(10), 1 => 3..=10_u32];
                    let mark = if optional { option::of(mark).boxed() } else { mark.prop_map(Some).boxed() };
                    let summer = (option::weighted(0.1, any_level()), option::weighted(0.1, 4..=10_u32));
                    let assessed = (year, mark, summer).prop_map(move |(year, mark, (reassessed, again))| {
                        Assessment::Level {
                            year: Some(year),
                            test: mark.filter(|_| tested).map(points),
                            reassessed,
                            reassessed_test: again.filter(|_| tested).map(points),
                        }
                    });
                    let exempt = Just(Assessment::Exempt(text("Khuyết tật")));
                    let line = prop_oneof![60 => assessed, 1 => exempt].prop_map(move |made| line(subject, made));
                    if optional { option::weighted(0.3, line).boxed() } else { line.prop_map(Some).boxed() }
                })
                .collect();
            let one = || prop_oneof![60 => Just(attained), 1 => any_attainment()];
            let attainments = (
                vec(one(), QUALITIES.len()),
                vec(one(), competences(at).count()),
                any::<bool>(),
                option::weighted(0.2, any_attainment()),
            );
            (Just(at), subjects, attainments, any_decision())
        })
        .prop_map(|(at, subjects, (qualities, competent, outstanding, reassessed), promotion)| {
            let attainments = AttainmentsDraft {
                qualities: QUALITIES.iter().zip(qualities).map(|(l, level)| attainment(l, level)).collect(),
                competences: competences(at).zip(competent).map(|(l, level)| attainment(l, level)).collect(),
                outstanding,
                reassessed,
            };
            let imported = ImportedResults { promotion, ..ImportedResults::default() };
            let subjects = subjects.into_iter().flatten().collect();
            let grade = at.number();
            (header(grade), Draft { subjects, attainments, imported, ..draft(grade) })
        })
        .boxed()
}
