//! A sound draft for tests to break, and random pupils around the thresholds.

use proptest::{prelude::*, sample::select};

use super::{Bar, Policy};
use crate::{
    catalogue::{self, Standing, Subject, SubjectKind},
    draft::{Assessment, ClassHeader, ConductRankingDraft, Draft, ImportedResults, SubjectDraft},
    rules::{average::Rounding, tt22::example, tt27},
    section::{Achievement, Attendance, ConductRank},
    types::Grade,
};

pub(crate) use example::{mark, scored, term, text, with};

/// A year of the original circular, and one of TT 26/2020.
pub(crate) const YEARS: [u16; 2] = [2018, 2020];

pub(crate) fn header(grade: u8, year: u16) -> ClassHeader {
    example::header_in(grade, year)
}

pub(crate) fn comment(term1: Achievement, term2: Achievement) -> Assessment {
    Assessment::Comment { term1: Some(term1), term2: Some(term2), year: None, reassessed: None }
}

/// A pupil with 8,5 and Đạt everywhere and hạnh kiểm Tốt: Giỏi, Học sinh giỏi, promoted.
pub(crate) fn draft(grade: u8, year: u16) -> Draft {
    let at = Grade::new(grade).expect("a grade");
    let subject = |known: &Subject| {
        let assessment = match known.kind {
            SubjectKind::Score => scored(85),
            _ => comment(Achievement::Dat, Achievement::Dat),
        };
        tt27::example::line(known, assessment)
    };
    let tot = Some(ConductRank::Tot);
    Draft {
        subjects: catalogue::mandatory(header(grade, year).form().curriculum(), at).map(subject).collect(),
        conduct_ranking: ConductRankingDraft { term1: tot, term2: tot, year: tot, retrained: None },
        remark: Some(text("Chăm ngoan.")),
        ..Draft::of(example::identity(grade, year))
    }
}

pub(crate) fn any_rank() -> BoxedStrategy<ConductRank> {
    use ConductRank::{Kha, Tot, TrungBinh, Yeu};
    select(vec![Tot, Tot, Tot, Kha, Kha, TrungBinh, Yeu]).boxed()
}

pub(crate) fn any_policy() -> BoxedStrategy<Policy> {
    let rounding = select(vec![Rounding::HalfUp, Rounding::HalfUp, Rounding::HalfEven]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (rounding, 40..=45_u32, flags, select(vec![65_u8, 64]))
        .prop_map(|(rounding, max_absences, (comment, optional, both, believe), floor)| Policy {
            rounding,
            gioi: Bar { floor, ..Policy::default().gioi },
            one_subject_may_be_comment: comment,
            optional_subjects_count: optional,
            max_absences,
            retained_when_both_fail: both,
            believe_retained: believe,
            ..Policy::default()
        })
        .boxed()
}

/// A complete draft of a pupil of any secondary grade in this year, anywhere near the thresholds.
pub(crate) fn any_pupil(year: u16) -> BoxedStrategy<(ClassHeader, Draft)> {
    let usual = select(vec![20_u32, 34, 49, 50, 55, 64, 65, 70, 78, 79, 80, 85]);
    // At most two subjects are elsewhere, so that the one of Art. 13.6 is met often.
    let outliers = || {
        proptest::collection::vec(
            (0..16_usize, select(vec![18_u32, 19, 20, 33, 34, 48, 49, 50, 63, 64, 79, 90])),
            0..=2,
        )
    };
    let conduct = (any_rank(), any_rank(), any_rank(), proptest::option::weighted(0.3, any_rank()));
    (6..=12_u8, usual, outliers(), conduct, (0..=25_u16, 0..=25_u16), tt27::example::any_decision())
        .prop_flat_map(move |(grade, usual, outliers, conduct, absences, decision)| {
            let at = Grade::new(grade).expect("a grade");
            let known: Vec<&'static Subject> =
                catalogue::of(header(grade, year).form().curriculum()).filter(|s| s.standing(at).is_some()).collect();
            let subjects: Vec<BoxedStrategy<Option<SubjectDraft>>> = known
                .into_iter()
                .enumerate()
                .map(|(index, subject)| {
                    let base = outliers.iter().find(|(at, _)| *at == index).map_or(usual, |(_, mark)| *mark);
                    let assessed = match subject.kind {
                        SubjectKind::Score => example::any_scored_near(base),
                        _ => example::any_comment(),
                    };
                    let exempt = Just(Assessment::Exempt(text("Khuyết tật")));
                    let line = prop_oneof![80 => assessed, 1 => exempt]
                        .prop_map(move |assessment| tt27::example::line(subject, assessment));
                    if subject.standing(at) == Some(Standing::Optional) {
                        proptest::option::weighted(0.3, line).boxed()
                    } else {
                        line.prop_map(Some).boxed()
                    }
                })
                .collect();
            (Just((grade, conduct, absences, decision)), subjects)
        })
        .prop_map(
            move |((grade, (term1, term2, full, retrained), (with_leave, without_leave), promotion), subjects)| {
                let conduct_ranking =
                    ConductRankingDraft { term1: Some(term1), term2: Some(term2), year: Some(full), retrained };
                let draft = Draft {
                    subjects: subjects.into_iter().flatten().collect(),
                    conduct_ranking,
                    attendance: Attendance { with_leave, without_leave },
                    imported: ImportedResults { promotion, ..ImportedResults::default() },
                    ..draft(grade, year)
                };
                (header(grade, year), draft)
            },
        )
        .boxed()
}
