//! The same rules a second time, written as slowly as a clerk would work them out, to compare with. Nothing here is
//! shared with the real thing but the types: averages are found by trying all hundred and one marks, Art. 9.3 by counting
//! what stands in the way instead of leaving subjects out, and conduct by the sentences of Art. 8.2b.

use super::{OneSubjectLift, Policy, Rounding};
use crate::{
    catalogue,
    draft::{Assessment, ClassHeader, Draft, TermMarks},
    section::{Achievement, Award, Promotion, Rating},
    types::Mark,
};

/// What the clerk arrives at: one entry a subject, `None` for those without a result.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub marks: Vec<Option<(u32, u32, u32)>>,
    pub study: (Rating, Rating, Rating, Option<Rating>),
    pub conduct: Rating,
    pub promotion: Promotion,
    pub award: Option<Award>,
    pub completed: Option<bool>,
}

/// The mark nearest to `sum / weight`, among all there are.
fn nearest(sum: u32, weight: u32, rounding: Rounding) -> u32 {
    let distance = |candidate: u32| (candidate * weight).abs_diff(sum);
    let least = (0..=100).map(distance).min().expect("there are marks");
    let nearest: Vec<u32> = (0..=100).filter(|candidate| distance(*candidate) == least).collect();
    match (nearest.as_slice(), rounding) {
        ([only], _) => *only,
        ([_, upper], Rounding::HalfUp) => *upper,
        (two, Rounding::HalfEven) => *two.iter().find(|t| *t % 2 == 0).expect("one of two neighbours is even"),
        _ => unreachable!("at most two marks are equally near"),
    }
}

fn term(marks: &TermMarks, rounding: Rounding) -> u32 {
    let (Some(midterm), Some(final_exam)) = (marks.midterm, marks.final_exam) else {
        return marks.average.expect("complete pupils only").tenths();
    };
    // Every mark as often as it counts.
    let mut all: Vec<u32> = marks.regular.iter().map(|m| m.tenths()).collect();
    all.extend([midterm.tenths(); 2]);
    all.extend([final_exam.tenths(); 3]);
    nearest(all.iter().sum(), u32::try_from(all.len()).expect("few marks"), rounding)
}

/// Scored subjects' averages and the number of comment subjects not passed.
fn study(scores: &[u32], failed: usize, policy: &Policy) -> Rating {
    let at_least = |bar: u32| scores.iter().filter(|s| **s >= bar).count();
    let below = |bar: u32| scores.len() - at_least(bar);
    let six = usize::from(policy.minimum_subjects);

    let fallen = if failed == 0 && below(65) == 0 && at_least(80) >= six {
        return Rating::Tot;
    } else if failed == 0 && below(50) == 0 && at_least(65) >= six {
        return Rating::Kha;
    } else if failed <= 1 && below(35) == 0 && at_least(50) >= six {
        Rating::Dat
    } else {
        Rating::ChuaDat
    };
    // Art. 9.3: exactly one subject in the way of Tốt, or of Khá, and of the kind that may be.
    let one_in_the_way = |bar: u32| {
        (failed == 0 && below(bar) == 1) || (failed == 1 && below(bar) == 0 && policy.one_subject_may_be_comment)
    };
    if one_in_the_way(65) && at_least(80) >= six {
        if fallen == Rating::Dat || policy.one_subject_lift == OneSubjectLift::OneBelowLost {
            return Rating::Kha;
        }
        return Rating::Dat;
    }
    if one_in_the_way(50) && at_least(65) >= six && fallen == Rating::ChuaDat {
        return Rating::Dat;
    }
    fallen
}

/// Art. 8.2b, sentence by sentence.
fn conduct(term1: Rating, term2: Rating) -> Rating {
    use Rating::{ChuaDat, Dat, Kha, Tot};
    let tot = term2 == Tot && term1 >= Kha;
    let kha = (term2 == Kha && term1 >= Dat)
        || (term2 == Dat && term1 == Tot)
        || (term2 == Tot && (term1 == Dat || term1 == ChuaDat));
    let dat =
        (term2 == Dat && (term1 == Kha || term1 == Dat || term1 == ChuaDat)) || (term2 == Kha && term1 == ChuaDat);
    if tot {
        Tot
    } else if kha {
        Kha
    } else if dat {
        Dat
    } else {
        ChuaDat
    }
}

/// The clerk's answer for a complete draft, or `None` where there are too few scored subjects for any.
pub(super) fn answer(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Option<Answer> {
    let mut marks = Vec::new();
    // Four columns: both terms, the year, the year after summer.
    let mut scores: [Vec<u32>; 4] = Default::default();
    let mut failed = [0; 4];
    let mut summer = false;
    for subject in &draft.subjects {
        let known = catalogue::by_code(header.form().curriculum(), subject.code.as_str()).expect("known");
        let optional = known.standing(header.grade) == Some(catalogue::Standing::Optional);
        let counts = !optional || policy.optional_subjects_count;
        marks.push(None);
        match &subject.assessment {
            Assessment::Score { term1, term2, reassessed, .. } => {
                let (first, second) = (term(term1, policy.rounding), term(term2, policy.rounding));
                let year = nearest(first + second + second, 3, policy.rounding);
                marks.pop();
                marks.push(Some((first, second, year)));
                if counts {
                    summer |= reassessed.is_some();
                    let last = reassessed.map_or(year, Mark::tenths);
                    for (column, value) in scores.iter_mut().zip([first, second, year, last]) {
                        column.push(value);
                    }
                }
            }
            Assessment::Comment { term1, term2, reassessed, .. } => {
                let (first, second) = (term1.expect("complete"), term2.expect("complete"));
                summer |= reassessed.is_some();
                let last = reassessed.unwrap_or(second);
                for (column, value) in failed.iter_mut().zip([first, second, second, last]) {
                    *column += usize::from(value == Achievement::ChuaDat);
                }
            }
            Assessment::Level { .. } | Assessment::Exempt(_) | Assessment::NotAssessed => {}
        }
    }
    if scores[0].len() < usize::from(policy.minimum_subjects) {
        return None;
    }
    let rate = |column: usize| study(&scores[column], failed[column], policy);
    let study = (rate(0), rate(1), rate(2), summer.then(|| rate(3)));
    let conduct = conduct(draft.conduct.term1.expect("complete"), draft.conduct.term2.expect("complete"));

    let bad = |rating: Rating| rating == Rating::ChuaDat;
    let absent = u32::from(draft.attendance.with_leave) + u32::from(draft.attendance.without_leave);
    let promotion = if absent > policy.max_absences {
        Promotion::Retained
    } else if !bad(study.2) && !bad(conduct) {
        Promotion::Promoted
    } else if bad(study.2) && bad(conduct) && !policy.summer_when_both_fail {
        Promotion::Retained
    } else {
        // What was bad, and what summer made of it.
        let mut tried: Vec<Option<Rating>> = Vec::new();
        if bad(study.2) {
            tried.push(study.3);
        }
        if bad(conduct) {
            tried.push(draft.conduct.retrained);
        }
        if tried.contains(&Some(Rating::ChuaDat)) {
            Promotion::Retained
        } else if tried.contains(&None) {
            Promotion::Pending
        } else {
            Promotion::PromotedAfterSummer
        }
    };
    let award = if study.2 == Rating::Tot && conduct == Rating::Tot {
        let top = scores[2].iter().filter(|s| **s >= 90).count();
        Some(if top >= usize::from(policy.minimum_subjects) { Award::Excellent {} } else { Award::Good {} })
    } else {
        None
    };
    let completed = [9, 12]
        .contains(&header.grade.number())
        .then_some([Promotion::Promoted, Promotion::PromotedAfterSummer].contains(&promotion));
    Some(Answer { marks, study, conduct, promotion, award, completed })
}
