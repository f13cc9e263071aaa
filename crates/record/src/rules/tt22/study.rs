//! Study results (kết quả học tập), Art. 9.2 and 9.3.

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::{
    check::Span,
    rules::common::Reached,
    section::{Achievement, Rating},
    types::SubjectCode,
};

/// Where Art. 9.3 lifts a result that fell two levels or more because of one subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneSubjectLift {
    /// To the level next above the one it fell to: Tốt fallen to Chưa đạt becomes Đạt. "Điều chỉnh lên mức liền kề" says
    /// where to lift to, not how much of the fall remains; TT 58/2011 Art. 13.6 spelled the same cases out this way, and
    /// the public engines that have the rule do so.
    #[default]
    OneAboveFallen,
    /// To the level next below the one that was lost: Tốt fallen to Chưa đạt becomes Khá.
    OneBelowLost,
}

/// A study result lifted under Art. 9.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lift {
    /// Which result.
    pub span: Span,
    /// The one subject.
    pub subject: SubjectCode,
    /// The level under Art. 9.2 alone.
    pub from: Rating,
    /// The level recorded.
    pub to: Rating,
}

/// Thresholds of Art. 9.2, in tenths.
struct Threshold {
    rating: Rating,
    /// Most comment subjects with Chưa đạt.
    failed_comments: usize,
    /// No scored subject below.
    floor: u32,
    /// At least [`Policy::minimum_subjects`] scored subjects at or above.
    many: u32,
}

/// Art. 9.2a to c, highest first; Chưa đạt (9.2d) is what remains.
const THRESHOLDS: [Threshold; 3] = [
    Threshold { rating: Rating::Tot, failed_comments: 0, floor: 65, many: 80 },
    Threshold { rating: Rating::Kha, failed_comments: 0, floor: 50, many: 65 },
    Threshold { rating: Rating::Dat, failed_comments: 1, floor: 35, many: 50 },
];

/// The level under Art. 9.2.
fn level(subjects: &[Reached], minimum: u8) -> Rating {
    let scores = || {
        subjects.iter().filter_map(|reached| match reached {
            Reached::Score(mark) => Some(mark.tenths()),
            Reached::Comment(_) => None,
        })
    };
    let failed = subjects.iter().filter(|reached| **reached == Reached::Comment(Achievement::ChuaDat)).count();
    THRESHOLDS
        .iter()
        .find(|threshold| {
            failed <= threshold.failed_comments
                && scores().all(|score| score >= threshold.floor)
                && scores().filter(|score| *score >= threshold.many).count() >= usize::from(minimum)
        })
        .map_or(Rating::ChuaDat, |threshold| threshold.rating)
}

/// All but one.
fn without(subjects: &[Reached], left_out: usize) -> Vec<Reached> {
    subjects.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, reached)| *reached).collect()
}

/// The study result of a span under Art. 9.2 and 9.3.
///
/// Art. 9.3: where the result is two levels or more below "the level of point a or b" (Tốt or Khá) only because of one
/// subject, it is lifted to the adjacent level. The algorithm:
///
/// 1. `fallen` = the level of all subjects under Art. 9.2.
/// 2. For each subject that may be the one (scored ones; comment ones too under
///    [`Policy::one_subject_may_be_comment`]): `lost` = the level of the others under Art. 9.2. Leaving the subject out
///    lifts every bar it failed and no bar it did not touch: the others must have the six subjects at the higher
///    threshold by themselves. Had only the failing subject been counted as if it passed, a pupil with five good
///    subjects would owe the result to two causes.
/// 3. If `lost` is Tốt or Khá and at least two levels above `fallen`, that subject is the only cause; there is at most one
///    such subject, since leaving out another would leave this one's failure in place.
/// 4. The result is one level above `fallen`, or one below `lost` ([`Policy::one_subject_lift`]). The two differ in one
///    case: from Tốt to Chưa đạt.
///
/// So under the default: Tốt fallen to Đạt becomes Khá; Tốt or Khá fallen to Chưa đạt becomes Đạt.
pub(super) fn rate(subjects: &[(&SubjectCode, Reached)], span: Span, policy: &Policy) -> (Rating, Option<Lift>) {
    let minimum = policy.minimum_subjects;
    let all: Vec<Reached> = subjects.iter().map(|(_, reached)| *reached).collect();
    let fallen = level(&all, minimum);
    let lift = subjects.iter().enumerate().find_map(|(left_out, (code, reached))| {
        if matches!(reached, Reached::Comment(_)) && !policy.one_subject_may_be_comment {
            return None;
        }
        let to = match (level(&without(&all, left_out), minimum), fallen, policy.one_subject_lift) {
            (Rating::Tot, Rating::Dat, _) | (Rating::Tot, Rating::ChuaDat, OneSubjectLift::OneBelowLost) => Rating::Kha,
            (Rating::Tot, Rating::ChuaDat, OneSubjectLift::OneAboveFallen) | (Rating::Kha, Rating::ChuaDat, _) => {
                Rating::Dat
            }
            _ => return None,
        };
        Some(Lift { span, subject: SubjectCode::clone(code), from: fallen, to })
    });
    (lift.as_ref().map_or(fallen, |lift| lift.to), lift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Mark;

    /// Scored subjects by tenths, then comment subjects.
    fn reached(scores: &[u32], comments: &[Achievement]) -> Vec<Reached> {
        let scores = scores.iter().map(|s| Reached::Score(Mark::from_tenths(*s).expect("a mark")));
        scores.chain(comments.iter().map(|c| Reached::Comment(*c))).collect()
    }

    fn rated(scores: &[u32], comments: &[Achievement], policy: &Policy) -> (Rating, bool) {
        let reached = reached(scores, comments);
        let codes: Vec<SubjectCode> = (0..reached.len()).map(|i| format!("s{i}").parse().expect("a code")).collect();
        let subjects: Vec<_> = codes.iter().zip(reached).collect();
        let (rating, lift) = rate(&subjects, Span::Year, policy);
        (rating, lift.is_some())
    }

    fn under_9_2(scores: &[u32], comments: &[Achievement]) -> Rating {
        level(&reached(scores, comments), 6)
    }

    use Achievement::{ChuaDat as Failed, Dat as Passed};
    const COMMENTS: [Achievement; 4] = [Passed; 4];

    #[test]
    fn art_9_2a_tot_needs_all_at_6_5_and_six_at_8_0() {
        for (scores, rating) in [
            ([80, 80, 80, 80, 80, 80, 65, 65], Rating::Tot),
            ([81, 80, 80, 80, 80, 80, 66, 65], Rating::Tot),
            ([80, 80, 80, 80, 80, 79, 65, 65], Rating::Kha),
            ([80, 80, 80, 80, 80, 80, 65, 64], Rating::Kha),
            ([100, 100, 100, 100, 100, 79, 79, 79], Rating::Kha),
        ] {
            assert_eq!(under_9_2(&scores, &COMMENTS), rating, "{scores:?}");
        }
    }

    #[test]
    fn art_9_2b_kha_needs_all_at_5_0_and_six_at_6_5() {
        for (scores, rating) in [
            ([65, 65, 65, 65, 65, 65, 50, 50], Rating::Kha),
            ([65, 65, 65, 65, 65, 64, 50, 50], Rating::Dat),
            ([65, 65, 65, 65, 65, 65, 50, 49], Rating::Dat),
            ([66, 65, 65, 65, 65, 65, 51, 50], Rating::Kha),
        ] {
            assert_eq!(under_9_2(&scores, &COMMENTS), rating, "{scores:?}");
        }
    }

    #[test]
    fn art_9_2c_dat_needs_six_at_5_0_and_none_below_3_5() {
        for (scores, rating) in [
            ([50, 50, 50, 50, 50, 50, 35, 35], Rating::Dat),
            ([50, 50, 50, 50, 50, 49, 35, 35], Rating::ChuaDat),
            ([50, 50, 50, 50, 50, 50, 35, 34], Rating::ChuaDat),
            ([51, 50, 50, 50, 50, 50, 36, 35], Rating::Dat),
        ] {
            assert_eq!(under_9_2(&scores, &COMMENTS), rating, "{scores:?}");
        }
    }

    #[test]
    fn art_9_2_comment_subjects_all_pass_for_kha_and_one_may_fail_for_dat() {
        let good = [90; 8];
        assert_eq!(under_9_2(&good, &[Passed, Passed, Passed, Passed]), Rating::Tot);
        assert_eq!(under_9_2(&good, &[Failed, Passed, Passed, Passed]), Rating::Dat);
        assert_eq!(under_9_2(&good, &[Failed, Failed, Passed, Passed]), Rating::ChuaDat);
        assert_eq!(under_9_2(&[65; 8], &[Passed, Passed, Passed, Failed]), Rating::Dat);
    }

    #[test]
    fn art_9_3_lifts_a_fall_of_two_levels_by_one() {
        let policy = Policy::default();
        for (scores, result) in [
            ([85, 85, 85, 85, 85, 85, 85, 64], (Rating::Kha, false)), // one level: nothing to lift
            ([85, 85, 85, 85, 85, 85, 85, 50], (Rating::Kha, false)),
            ([85, 85, 85, 85, 85, 85, 85, 49], (Rating::Kha, true)), // Tốt fallen to Đạt
            ([85, 85, 85, 85, 85, 85, 85, 35], (Rating::Kha, true)),
            ([85, 85, 85, 85, 85, 85, 85, 34], (Rating::Dat, true)), // Tốt fallen to Chưa đạt
            ([70, 70, 70, 70, 70, 70, 70, 49], (Rating::Dat, false)), // Khá fallen by one
            ([70, 70, 70, 70, 70, 70, 70, 34], (Rating::Dat, true)), // Khá fallen to Chưa đạt
            ([60, 60, 60, 60, 60, 60, 60, 34], (Rating::ChuaDat, false)), // only Đạt lost
            ([85, 85, 85, 85, 85, 85, 49, 49], (Rating::Dat, false)), // two subjects
            ([85, 85, 85, 85, 85, 85, 64, 34], (Rating::Dat, true)), // two below Tốt's floor, one below Khá's
            ([80, 80, 80, 80, 80, 65, 65, 40], (Rating::Dat, false)), // five at 8,0: Khá is lost, by one level
            ([80, 80, 80, 80, 80, 80, 65, 40], (Rating::Kha, true)),
        ] {
            assert_eq!(rated(&scores, &COMMENTS, &policy), result, "{scores:?}");
        }
    }

    #[test]
    fn art_9_3_can_be_read_as_one_level_below_the_lost_one() {
        let policy = Policy { one_subject_lift: OneSubjectLift::OneBelowLost, ..Policy::default() };
        for (scores, result) in [
            ([85, 85, 85, 85, 85, 85, 85, 34], (Rating::Kha, true)),
            ([85, 85, 85, 85, 85, 85, 85, 49], (Rating::Kha, true)),
            ([70, 70, 70, 70, 70, 70, 70, 34], (Rating::Dat, true)),
        ] {
            assert_eq!(rated(&scores, &COMMENTS, &policy), result, "{scores:?}");
        }
    }

    #[test]
    fn art_9_3_takes_a_comment_subject_for_the_one_only_if_told_so() {
        let told = Policy { one_subject_may_be_comment: true, ..Policy::default() };
        let failed_one = [Failed, Passed, Passed, Passed];
        assert_eq!(rated(&[85; 8], &failed_one, &Policy::default()), (Rating::Dat, false));
        assert_eq!(rated(&[85; 8], &failed_one, &told), (Rating::Kha, true));
        assert_eq!(rated(&[70; 8], &failed_one, &told), (Rating::Dat, false));
        assert_eq!(rated(&[85; 8], &[Failed, Failed, Passed, Passed], &told), (Rating::ChuaDat, false));
    }

    #[test]
    fn art_9_3_one_scored_subject_beside_a_failed_comment_is_not_the_only_cause() {
        let scores = [85, 85, 85, 85, 85, 85, 85, 34];
        for one_subject_may_be_comment in [false, true] {
            let policy = Policy { one_subject_may_be_comment, ..Policy::default() };
            assert_eq!(rated(&scores, &[Failed, Passed], &policy), (Rating::ChuaDat, false));
        }
    }

    #[test]
    fn fewer_subjects_need_a_policy_of_their_own() {
        let policy = Policy { minimum_subjects: 4, ..Policy::default() };
        assert_eq!(rated(&[80, 80, 80, 80, 65], &[Passed], &policy), (Rating::Tot, false));
        assert_eq!(rated(&[80, 80, 80, 80, 65], &[Passed], &Policy::default()), (Rating::ChuaDat, false));
    }

    proptest! {
        #[test]
        fn art_9_3_has_one_culprit_at_most(
            scores in proptest::collection::vec(prop_oneof![0..=100_u32, 30..=40_u32, 80..=90_u32], 0..12),
            comments in proptest::collection::vec(prop_oneof![3 => Just(Passed), 1 => Just(Failed)], 0..5),
            minimum in 0..8_u8,
        ) {
            let all = reached(&scores, &comments);
            let fallen = level(&all, minimum);
            let culprits = (0..all.len()).filter(|out| {
                matches!(
                    (level(&without(&all, *out), minimum), fallen),
                    (Rating::Tot, Rating::Dat | Rating::ChuaDat) | (Rating::Kha, Rating::ChuaDat)
                )
            });
            prop_assert!(culprits.count() <= 1);
        }
    }
}
