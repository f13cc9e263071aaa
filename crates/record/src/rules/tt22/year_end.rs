//! What follows from study and conduct at the end of the year: conduct of the year (Art. 8.2b), promotion and completion
//! (Art. 12 to 14), awards (Art. 15).

use super::Policy;
use crate::{
    check::{Finding, Message, Place, Span},
    draft::ConductDraft,
    section::{Attendance, Award, ConductSection, Promotion, Rating, StudySection},
    types::Mark,
};

/// Marks of Art. 15.1a's "at least six subjects", in tenths.
const EXCELLENT: u32 = 90;

/// Whether a level is enough for promotion (Art. 12.1a, b): Đạt or better.
pub fn passes(rating: Rating) -> bool {
    rating >= Rating::Dat
}

/// Sessions (buổi) missed in the year, with and without leave (Art. 12.1c).
pub fn absences(attendance: &Attendance) -> u32 {
    u32::from(attendance.with_leave) + u32::from(attendance.without_leave)
}

/// Conduct of the year from its two terms (Art. 8.2b).
pub fn conduct_of_year(term1: Rating, term2: Rating) -> Rating {
    use Rating::{ChuaDat, Dat, Kha, Tot};
    match (term1, term2) {
        (Tot | Kha, Tot) => Tot,
        (Dat | ChuaDat, Tot) | (Tot | Kha | Dat, Kha) | (Tot, Dat) => Kha,
        (ChuaDat, Kha) | (Kha | Dat | ChuaDat, Dat) => Dat,
        (_, ChuaDat) => ChuaDat,
    }
}

/// Conduct results of a draft, or `None` with what is missing added to `faults`. The year is computed, never imported.
/// A plan of one's own may leave both terms out.
pub(super) fn conduct(draft: &ConductDraft, on_plan: bool, faults: &mut Vec<Finding>) -> Option<ConductSection> {
    if on_plan && draft.term1.is_none() && draft.term2.is_none() {
        return None;
    }
    for (span, term) in [(Span::Term1, draft.term1), (Span::Term2, draft.term2)] {
        if term.is_none() {
            faults.push(Finding::error(Place::Conduct { span }, Message::ConductMissing));
        }
    }
    let (term1, term2) = (draft.term1?, draft.term2?);
    Some(ConductSection { term1, term2, year: conduct_of_year(term1, term2), retrained: draft.retrained })
}

/// Promotion (Art. 12), which in grades 9 and 12 is completion of the level.
///
/// * More absences than [`Policy::max_absences`]: retained; no summer mends that.
/// * Study and conduct of the year both Đạt or better: promoted, whatever a needless summer result says.
/// * Otherwise what failed may be mended in summer: study by re-assessment (Art. 14), conduct by training (Art. 13).
///   All mended: promoted after summer. One tried and failed again: retained, whatever the other is waiting for. Else one
///   is still to be tried: pending.
pub(super) fn promotion(study: &StudySection, conduct: &ConductSection, sessions: u32, policy: &Policy) -> Promotion {
    #[derive(PartialEq)]
    enum Side {
        Passed,
        Mended,
        Waiting,
        FailedAgain,
    }
    let side = |year: Rating, summer: Option<Rating>| match summer {
        _ if passes(year) => Side::Passed,
        None => Side::Waiting,
        Some(summer) if passes(summer) => Side::Mended,
        Some(_) => Side::FailedAgain,
    };
    if sessions > policy.max_absences {
        return Promotion::Retained;
    }
    let both_failed = !passes(study.year) && !passes(conduct.year);
    match (side(study.year, study.reassessed), side(conduct.year, conduct.retrained)) {
        (Side::Passed, Side::Passed) => Promotion::Promoted,
        _ if both_failed && !policy.summer_when_both_fail => Promotion::Retained,
        (Side::FailedAgain, _) | (_, Side::FailedAgain) => Promotion::Retained,
        (Side::Waiting, _) | (_, Side::Waiting) => Promotion::Pending,
        _ => Promotion::PromotedAfterSummer,
    }
}

/// The title of the year (Art. 15.1): both results Tốt is Học sinh Giỏi; with six scored subjects at 9,0 Học sinh Xuất
/// sắc. The year counts as it stood in May; a re-assessed pupil was not Tốt.
pub(super) fn award(
    study: Rating,
    conduct: Rating,
    year: impl Iterator<Item = Mark>,
    policy: &Policy,
) -> Option<Award> {
    if study != Rating::Tot || conduct != Rating::Tot {
        return None;
    }
    let excellent = year.filter(|mark| mark.tenths() >= EXCELLENT).count() >= usize::from(policy.minimum_subjects);
    Some(if excellent { Award::Excellent {} } else { Award::Good {} })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rating::{ChuaDat, Dat, Kha, Tot};

    #[test]
    fn art_8_2b_conduct_of_the_year_has_sixteen_cells() {
        let columns = [Tot, Kha, Dat, ChuaDat];
        for (term1, row) in [
            (Tot, [Tot, Kha, Kha, ChuaDat]),
            (Kha, [Tot, Kha, Dat, ChuaDat]),
            (Dat, [Kha, Kha, Dat, ChuaDat]),
            (ChuaDat, [Kha, Dat, Dat, ChuaDat]),
        ] {
            for (term2, year) in columns.into_iter().zip(row) {
                assert_eq!(conduct_of_year(term1, term2), year, "{term1:?} then {term2:?}");
            }
        }
    }

    fn decide(
        study: (Rating, Option<Rating>),
        conduct: (Rating, Option<Rating>),
        sessions: u32,
        policy: &Policy,
    ) -> Promotion {
        let study = StudySection { term1: Dat, term2: Dat, year: study.0, reassessed: study.1 };
        let conduct = ConductSection { term1: Dat, term2: Dat, year: conduct.0, retrained: conduct.1 };
        promotion(&study, &conduct, sessions, policy)
    }

    #[test]
    fn art_12_dat_in_both_is_enough() {
        for (study, conduct, decision) in [
            (Dat, Dat, Promotion::Promoted),
            (Tot, Dat, Promotion::Promoted),
            (ChuaDat, Dat, Promotion::Pending),
            (Dat, ChuaDat, Promotion::Pending),
            (ChuaDat, ChuaDat, Promotion::Pending),
        ] {
            assert_eq!(
                decide((study, None), (conduct, None), 0, &Policy::default()),
                decision,
                "{study:?} {conduct:?}"
            );
        }
    }

    #[test]
    fn art_12_1c_the_45th_session_may_be_missed_and_the_46th_not() {
        for (sessions, decision) in [(44, Promotion::Promoted), (45, Promotion::Promoted), (46, Promotion::Retained)] {
            assert_eq!(decide((Tot, None), (Tot, None), sessions, &Policy::default()), decision, "{sessions}");
        }
        assert_eq!(decide((ChuaDat, None), (Tot, None), 46, &Policy::default()), Promotion::Retained);
        assert_eq!(decide((ChuaDat, Some(Dat)), (Tot, None), 46, &Policy::default()), Promotion::Retained);
    }

    #[test]
    fn absences_with_and_without_leave_add_up() {
        assert_eq!(absences(&Attendance { with_leave: u16::MAX, without_leave: 1 }), 65_536);
    }

    #[test]
    fn art_13_14_summer_mends_what_failed() {
        for (study, conduct, decision) in [
            ((ChuaDat, Some(Dat)), (Dat, None), Promotion::PromotedAfterSummer),
            ((ChuaDat, Some(ChuaDat)), (Dat, None), Promotion::Retained),
            ((Dat, None), (ChuaDat, Some(Dat)), Promotion::PromotedAfterSummer),
            ((Dat, None), (ChuaDat, Some(ChuaDat)), Promotion::Retained),
            ((ChuaDat, Some(Dat)), (ChuaDat, Some(Dat)), Promotion::PromotedAfterSummer),
            ((ChuaDat, Some(Dat)), (ChuaDat, None), Promotion::Pending),
            ((ChuaDat, None), (ChuaDat, Some(Dat)), Promotion::Pending),
            ((ChuaDat, None), (ChuaDat, Some(ChuaDat)), Promotion::Retained),
            ((ChuaDat, Some(ChuaDat)), (ChuaDat, None), Promotion::Retained),
        ] {
            assert_eq!(decide(study, conduct, 0, &Policy::default()), decision, "{study:?} {conduct:?}");
        }
    }

    #[test]
    fn a_needless_summer_result_takes_nothing_away() {
        assert_eq!(decide((Kha, Some(ChuaDat)), (Dat, Some(ChuaDat)), 0, &Policy::default()), Promotion::Promoted);
    }

    #[test]
    fn a_stricter_reading_of_art_14_retains_pupils_who_fail_both() {
        let strict = Policy { summer_when_both_fail: false, ..Policy::default() };
        assert_eq!(decide((ChuaDat, None), (ChuaDat, None), 0, &strict), Promotion::Retained);
        assert_eq!(decide((ChuaDat, Some(Dat)), (ChuaDat, Some(Dat)), 0, &strict), Promotion::Retained);
        assert_eq!(decide((ChuaDat, None), (Dat, None), 0, &strict), Promotion::Pending);
    }

    #[test]
    fn art_15_six_subjects_at_9_0_tell_excellent_from_good() {
        let title = |study, conduct, marks: [u32; 8]| {
            let marks = marks.into_iter().map(|m| Mark::from_tenths(m).expect("a mark"));
            award(study, conduct, marks, &Policy::default())
        };
        let (six, five) = ([90, 90, 90, 90, 90, 90, 65, 65], [90, 90, 90, 90, 90, 89, 89, 89]);
        assert_eq!(title(Tot, Tot, six), Some(Award::Excellent {}));
        assert_eq!(title(Tot, Tot, five), Some(Award::Good {}));
        assert_eq!(title(Kha, Tot, six), None);
        assert_eq!(title(Tot, Kha, six), None);
    }
}
