//! Học lực, Art. 13.

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::{
    check::Span,
    rules::common::Reached,
    section::{Achievement, StudyRank},
    types::{Mark, SubjectCode},
};

/// What a rank asks for, in tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// Least average of all subjects.
    pub average: u8,
    /// Least average of one of the main subjects; 0 where none is asked for.
    pub main: u8,
    /// Least average of every subject.
    pub floor: u8,
}

/// A rank lifted under Art. 13.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lift {
    /// Which result.
    pub span: Span,
    /// The one subject.
    pub subject: SubjectCode,
    /// The rank under Art. 13.1 to 13.5 alone.
    pub from: StudyRank,
    /// The rank recorded.
    pub to: StudyRank,
}

/// The ranks that ask for something, highest first; Kém is what remains (Art. 13.5).
fn bars(policy: &Policy) -> [(StudyRank, Bar); 4] {
    [
        (StudyRank::Gioi, policy.gioi),
        (StudyRank::Kha, policy.kha),
        (StudyRank::TrungBinh, policy.trung_binh),
        (StudyRank::Yeu, policy.yeu),
    ]
}

/// Whether comment subjects matter for a rank: for all down to Trung bình (Art. 13.1c, 2c, 3c).
fn asks_for_comments(rank: StudyRank) -> bool {
    rank >= StudyRank::TrungBinh
}

/// Whether a subject by itself is in the way of a rank.
fn in_the_way(reached: Reached, rank: StudyRank, bar: Bar) -> bool {
    match reached {
        Reached::Score(mark) => mark.tenths() < u32::from(bar.floor),
        Reached::Comment(achievement) => asks_for_comments(rank) && achievement == Achievement::ChuaDat,
    }
}

/// The rank of a span under Art. 13, with the lift of Art. 13.6 where it applies.
///
/// Art. 13.6: where the average reaches Giỏi or Khá, and the rank fell two or more below it because of exactly one subject,
/// it is lifted: Giỏi fallen to Trung bình to Khá (a), Giỏi to Yếu to Trung bình (b), Khá to Yếu to Trung bình (c), Khá to
/// Kém to Yếu (d). "Reaches" is read as the whole of point a: the average of all subjects, and the mark in one of the main
/// ones; an average that reaches Giỏi reaches Khá, so Giỏi fallen to Kém is a case of d. "Because of exactly one subject" is then: one subject below the floor, or one comment subject CĐ, and no other.
/// The average counts as it is, the one subject with it.
pub(super) fn rank(
    average: Mark,
    subjects: &[(&SubjectCode, Reached)],
    main_subjects: &[&str],
    span: Span,
    policy: &Policy,
) -> (StudyRank, Option<Lift>) {
    let reaches = |bar: Bar| {
        let main = subjects.iter().any(|(code, reached)| {
            main_subjects.contains(&code.as_str())
                && matches!(reached, Reached::Score(mark) if mark.tenths() >= u32::from(bar.main))
        });
        average.tenths() >= u32::from(bar.average) && (main || bar.main == 0)
    };
    let obstacles = |rank, bar| subjects.iter().filter(move |(_, reached)| in_the_way(*reached, rank, bar));
    let plain = bars(policy)
        .into_iter()
        .find(|(rank, bar)| reaches(*bar) && obstacles(*rank, *bar).next().is_none())
        .map_or(StudyRank::Kem, |(rank, _)| rank);
    let lift = bars(policy).into_iter().take(2).find_map(|(lost, bar)| {
        let to = match (lost, plain) {
            (StudyRank::Gioi, StudyRank::TrungBinh) => StudyRank::Kha,
            (StudyRank::Gioi | StudyRank::Kha, StudyRank::Yeu) => StudyRank::TrungBinh,
            (StudyRank::Kha, StudyRank::Kem) => StudyRank::Yeu,
            _ => return None,
        };
        let mut in_the_way = obstacles(lost, bar);
        let (Some((code, reached)), None) = (in_the_way.next(), in_the_way.next()) else { return None };
        let may_be = matches!(reached, Reached::Score(_)) || policy.one_subject_may_be_comment;
        (reaches(bar) && may_be).then(|| Lift { span, subject: SubjectCode::clone(code), from: plain, to })
    });
    (lift.as_ref().map_or(plain, |lift| lift.to), lift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::RuleSet;
    use Achievement::{ChuaDat as Failed, Dat as Passed};
    use StudyRank::{Gioi, Kem, Kha, TrungBinh, Yeu};

    /// The rank of averages (Toán, Ngữ văn, Ngoại ngữ first) beside an average of all that is given by itself, since the
    /// bars are independent of each other.
    fn ranked(
        edition: RuleSet,
        average: u32,
        marks: &[u32],
        comments: &[Achievement],
        policy: &Policy,
    ) -> (StudyRank, bool) {
        let mark = |tenths| Mark::from_tenths(tenths).expect("a mark");
        let names = ["toan", "ngu_van", "ngoai_ngu_1"].map(str::to_owned).into_iter();
        let codes: Vec<SubjectCode> = names
            .chain((0..).map(|n| format!("s{n}")))
            .take(marks.len() + comments.len())
            .map(|code| code.parse().expect("a code"))
            .collect();
        let reached = marks.iter().map(|m| Reached::Score(mark(*m)));
        let reached = reached.chain(comments.iter().map(|c| Reached::Comment(*c)));
        let subjects: Vec<_> = codes.iter().zip(reached).collect();
        let (rank, lift) = rank(mark(average), &subjects, super::super::main_subjects(edition), Span::Year, policy);
        (rank, lift.is_some())
    }

    fn old(average: u32, marks: &[u32]) -> StudyRank {
        ranked(RuleSet::Tt58, average, marks, &[Passed, Passed], &Policy::default()).0
    }

    #[test]
    fn art_13_1_gioi_needs_8_0_on_average_8_0_in_toan_or_ngu_van_and_none_below_6_5() {
        for (average, marks, expected) in [
            (80, [80, 65, 65, 65], Gioi),
            (80, [65, 80, 65, 65], Gioi),
            (81, [81, 66, 66, 66], Gioi),
            (79, [80, 65, 65, 65], Kha),
            (80, [79, 79, 100, 100], Kha),
            (80, [80, 65, 65, 64], Kha),
            (80, [80, 65, 65, 50], Kha),
        ] {
            assert_eq!(old(average, &marks), expected, "{average} {marks:?}");
        }
    }

    #[test]
    fn art_13_2_kha_needs_6_5_on_average_6_5_in_toan_or_ngu_van_and_none_below_5_0() {
        for (average, marks, expected) in [
            (65, [65, 50, 50, 50], Kha),
            (65, [50, 65, 50, 50], Kha),
            (66, [66, 51, 51, 51], Kha),
            (64, [65, 50, 50, 50], TrungBinh),
            (65, [64, 64, 100, 100], TrungBinh),
            (65, [65, 50, 50, 49], TrungBinh),
        ] {
            assert_eq!(old(average, &marks), expected, "{average} {marks:?}");
        }
    }

    #[test]
    fn art_13_3_trung_binh_needs_5_0_on_average_5_0_in_toan_or_ngu_van_and_none_below_3_5() {
        for (average, marks, expected) in [
            (50, [50, 35, 35, 35], TrungBinh),
            (50, [35, 50, 35, 35], TrungBinh),
            (51, [51, 36, 36, 36], TrungBinh),
            (49, [50, 35, 35, 35], Yeu),
            (50, [49, 49, 100, 100], Yeu),
            (50, [50, 35, 35, 34], Yeu),
        ] {
            assert_eq!(old(average, &marks), expected, "{average} {marks:?}");
        }
    }

    #[test]
    fn art_13_4_yeu_needs_3_5_on_average_and_none_below_2_0_and_13_5_kem_is_the_rest() {
        for (average, marks, expected) in [
            (35, [20, 20, 20, 20], Yeu),
            (36, [21, 21, 21, 21], Yeu),
            (34, [20, 20, 20, 20], Kem),
            (35, [20, 20, 20, 19], Kem),
            (35, [19, 20, 20, 20], Kem),
            (0, [0, 0, 0, 0], Kem),
        ] {
            assert_eq!(old(average, &marks), expected, "{average} {marks:?}");
        }
    }

    #[test]
    fn art_13_1c_2c_3c_comment_subjects_pass_down_to_trung_binh() {
        // Without the lift of Art. 13.6: two comment subjects are not one.
        for (average, mark) in [(90, 90), (70, 70), (55, 55)] {
            let marks = [mark; 4];
            for (comments, expected) in [([Passed, Passed], true), ([Failed, Failed], false)] {
                let (rank, _) = ranked(RuleSet::Tt58, average, &marks, &comments, &Policy::default());
                assert_eq!(rank >= TrungBinh, expected, "{average} {comments:?}");
            }
        }
        assert_eq!(ranked(RuleSet::Tt58, 40, &[40; 4], &[Failed, Failed], &Policy::default()).0, Yeu);
    }

    #[test]
    fn tt26_art_2_lets_ngoai_ngu_stand_for_toan_and_ngu_van() {
        for (average, marks, before, since) in [
            (80, [79, 79, 80, 90], Kha, Gioi),
            (80, [79, 79, 79, 90], Kha, Kha),
            (65, [64, 64, 65, 90], TrungBinh, Kha),
            (65, [64, 64, 64, 90], TrungBinh, TrungBinh),
            (50, [49, 49, 50, 90], Yeu, TrungBinh),
            (50, [49, 49, 49, 90], Yeu, Yeu),
        ] {
            let comments = [Passed];
            let policy = Policy::default();
            assert_eq!(ranked(RuleSet::Tt58, average, &marks, &comments, &policy), (before, false), "{marks:?}");
            assert_eq!(ranked(RuleSet::Tt58Tt26, average, &marks, &comments, &policy), (since, false), "{marks:?}");
        }
    }

    #[test]
    fn art_13_6_lifts_a_fall_of_two_ranks_because_of_one_subject() {
        for (average, marks, expected) in [
            (80, [80, 80, 80, 50], (Kha, false)),       // one rank: nothing to lift
            (80, [80, 80, 80, 49], (Kha, true)),        // a: Giỏi fallen to Trung bình
            (80, [80, 80, 80, 35], (Kha, true)),        // a
            (80, [80, 80, 80, 34], (TrungBinh, true)),  // b: Giỏi fallen to Yếu
            (80, [80, 80, 80, 20], (TrungBinh, true)),  // b
            (79, [80, 80, 80, 49], (TrungBinh, false)), // Khá fallen by one
            (79, [80, 80, 80, 35], (TrungBinh, false)),
            (79, [80, 80, 80, 34], (TrungBinh, true)), // c: Khá fallen to Yếu
            (65, [65, 65, 65, 20], (TrungBinh, true)), // c
            (79, [80, 80, 80, 19], (Yeu, true)),       // d: Khá fallen to Kém
            (65, [65, 65, 65, 19], (Yeu, true)),       // d
            (64, [80, 80, 80, 34], (Yeu, false)),      // the average reaches Trung bình only
            (64, [80, 80, 80, 19], (Kem, false)),
            (80, [79, 79, 80, 49], (TrungBinh, false)), // neither main subject at 8,0: Giỏi was not reached
            (80, [79, 79, 80, 34], (TrungBinh, true)),  // c, since Khá was
            (80, [80, 80, 49, 49], (TrungBinh, false)), // two subjects
            (80, [80, 80, 64, 34], (TrungBinh, true)),  // two in the way of Giỏi, one in the way of Khá: c
            (80, [80, 80, 49, 34], (Yeu, false)),       // two in the way of both
        ] {
            assert_eq!(
                ranked(RuleSet::Tt58, average, &marks, &[Passed], &Policy::default()),
                expected,
                "{average} {marks:?}"
            );
        }
    }

    #[test]
    fn art_13_6d_covers_gioi_fallen_to_kem_since_kha_was_reached_too() {
        assert_eq!(ranked(RuleSet::Tt58, 80, &[80, 80, 80, 19], &[], &Policy::default()), (Yeu, true));
    }

    #[test]
    fn art_13_6_takes_a_comment_subject_for_the_one_unless_told_otherwise() {
        let told = Policy { one_subject_may_be_comment: false, ..Policy::default() };
        let one = [Failed, Passed];
        let rank = |average, marks: &[u32; 4], comments: &[Achievement], policy: &Policy| {
            ranked(RuleSet::Tt58, average, marks, comments, policy)
        };
        assert_eq!(rank(90, &[90; 4], &one, &Policy::default()), (TrungBinh, true)); // b
        assert_eq!(rank(70, &[70; 4], &one, &Policy::default()), (TrungBinh, true)); // c
        assert_eq!(rank(55, &[55; 4], &one, &Policy::default()), (Yeu, false));
        assert_eq!(rank(90, &[90; 4], &one, &told), (Yeu, false));
        assert_eq!(rank(90, &[90, 90, 90, 64], &one, &Policy::default()), (TrungBinh, true)); // c: 6,4 is enough for Khá
        assert_eq!(rank(90, &[90, 90, 90, 49], &one, &Policy::default()), (Yeu, false)); // two causes
    }
}
