//! The same rules a second time, as a clerk with the circular on the table works them out, to compare with: averages by
//! trying all marks, Art. 13.6 by mending one subject after the other and looking whether the rank comes back. Nothing is
//! shared but the types.

use super::Policy;
use crate::{
    catalogue,
    draft::{Assessment, ClassHeader, Draft, TermMarks},
    rules::average::Rounding,
    section::{Achievement, Award, ConductRank, Promotion, StudyRank},
    types::Mark,
};

/// What the clerk arrives at: (average, rank) of both terms, the year, the year after summer.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub study: [Option<(u32, StudyRank)>; 4],
    pub promotion: Promotion,
    pub award: Option<Award>,
    pub completed: Option<bool>,
}

/// The mark nearest to `sum / weight`, among all there are.
fn nearest(sum: u32, weight: u32, rounding: Rounding) -> u32 {
    let mut best = 0;
    for candidate in 1..=100_u32 {
        let (old, new) = ((best * weight).abs_diff(sum), (candidate * weight).abs_diff(sum));
        let even = candidate % 2 == 0;
        if new < old || (new == old && (rounding == Rounding::HalfUp || even)) {
            best = candidate;
        }
    }
    best
}

fn term(marks: &TermMarks, rounding: Rounding) -> u32 {
    let (Some(test), Some(exam)) = (marks.midterm, marks.final_exam) else {
        return marks.average.expect("complete pupils only").tenths();
    };
    let daily: u32 = marks.regular.iter().map(|m| m.tenths()).sum();
    let count = u32::try_from(marks.regular.len()).expect("few marks");
    nearest(daily + test.tenths() * 2 + exam.tenths() * 3, count + 5, rounding)
}

/// A column of the gradebook: name and mark of scored subjects, results of the others.
#[derive(Clone, Default)]
struct Column {
    scores: Vec<(String, u32)>,
    comments: Vec<Achievement>,
}

/// Art. 13.1 to 13.5, sentence by sentence.
fn plain(average: u32, column: &Column, tt26: bool, policy: &Policy) -> StudyRank {
    let of = |code: &str| column.scores.iter().find(|(name, _)| name == code).map_or(0, |(_, mark)| *mark);
    let is_there = |code: &str| column.scores.iter().any(|(name, _)| name == code);
    let main = |bar: u8| {
        let reached = |code: &str| is_there(code) && of(code) >= u32::from(bar);
        reached("toan") || reached("ngu_van") || (tt26 && reached("ngoai_ngu_1"))
    };
    let lowest = column.scores.iter().map(|(_, mark)| *mark).min().unwrap_or(100);
    let all_passed = !column.comments.contains(&Achievement::ChuaDat);
    let (g, k, tb, y) = (policy.gioi, policy.kha, policy.trung_binh, policy.yeu);
    if average >= g.average.into() && main(g.main) && lowest >= g.floor.into() && all_passed {
        StudyRank::Gioi
    } else if average >= k.average.into() && main(k.main) && lowest >= k.floor.into() && all_passed {
        StudyRank::Kha
    } else if average >= tb.average.into() && main(tb.main) && lowest >= tb.floor.into() && all_passed {
        StudyRank::TrungBinh
    } else if average >= y.average.into() && lowest >= y.floor.into() {
        StudyRank::Yeu
    } else {
        StudyRank::Kem
    }
}

/// Art. 13.6: mend one subject, leave the average, and see which rank the pupil lost by it.
fn lifted(average: u32, column: &Column, tt26: bool, policy: &Policy) -> StudyRank {
    let fallen = plain(average, column, tt26, policy);
    let mut lost = Vec::new();
    for index in 0..column.scores.len() {
        for bar in [policy.gioi.floor, policy.kha.floor] {
            let mut mended = column.clone();
            let (name, mark) = &mut mended.scores[index];
            if *mark < u32::from(bar) {
                // Just enough; a main subject is to reach its mark by itself, so it is mended out of sight.
                *mark = bar.into();
                *name = format!("mended {name}");
            }
            lost.push(plain(average, &mended, tt26, policy));
        }
    }
    for index in 0..column.comments.len() {
        let mut mended = column.clone();
        mended.comments[index] = Achievement::Dat;
        if policy.one_subject_may_be_comment {
            lost.push(plain(average, &mended, tt26, policy));
        }
    }
    use StudyRank::{Gioi, Kem, Kha, TrungBinh, Yeu};
    if lost.contains(&Gioi) && fallen == TrungBinh {
        Kha // a
    } else if (lost.contains(&Gioi) || lost.contains(&Kha)) && fallen == Yeu {
        TrungBinh // b, c
    } else if (lost.contains(&Gioi) || lost.contains(&Kha)) && fallen == Kem {
        Yeu // d
    } else {
        fallen
    }
}

/// The clerk's answer for a complete draft.
pub(super) fn answer(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Answer {
    let tt26 = header.year.start() >= 2020;
    let mut columns: [Column; 4] = Default::default();
    let mut summer = false;
    for subject in &draft.subjects {
        let known = catalogue::by_code(header.form().curriculum(), subject.code.as_str()).expect("known");
        if known.standing(header.grade) == Some(catalogue::Standing::Optional) && !policy.optional_subjects_count {
            continue;
        }
        match &subject.assessment {
            Assessment::Score { term1, term2, reassessed, .. } => {
                let (first, second) = (term(term1, policy.rounding), term(term2, policy.rounding));
                let year = nearest(first + 2 * second, 3, policy.rounding);
                summer |= reassessed.is_some();
                let all = [first, second, year, reassessed.map_or(year, Mark::tenths)];
                for (column, mark) in columns.iter_mut().zip(all) {
                    column.scores.push((subject.code.to_string(), mark));
                }
            }
            Assessment::Comment { term1, term2, reassessed, .. } => {
                let (first, second) = (term1.expect("complete"), term2.expect("complete"));
                summer |= reassessed.is_some();
                for (column, result) in columns.iter_mut().zip([first, second, second, reassessed.unwrap_or(second)]) {
                    column.comments.push(result);
                }
            }
            _ => {}
        }
    }
    let mut study = columns.each_ref().map(|column| {
        let sum = column.scores.iter().map(|(_, mark)| mark).sum();
        let average = nearest(sum, u32::try_from(column.scores.len()).expect("few subjects"), policy.rounding);
        Some((average, lifted(average, column, tt26, policy)))
    });
    if !summer {
        study[3] = None;
    }

    let year = study[2].expect("a year").1;
    let conduct = draft.conduct_ranking.year.expect("complete");
    let weak_study = matches!(year, StudyRank::Yeu | StudyRank::Kem);
    let weak_conduct = conduct == ConductRank::Yeu;
    let absent = u32::from(draft.attendance.with_leave) + u32::from(draft.attendance.without_leave);
    let promotion = if absent > policy.max_absences || year == StudyRank::Kem {
        Promotion::Retained
    } else if !weak_study && !weak_conduct {
        Promotion::Promoted
    } else if weak_study && weak_conduct && policy.retained_when_both_fail {
        Promotion::Retained
    } else {
        // Whether each weak side was mended, where it was tried.
        let mut tried: Vec<Option<bool>> = Vec::new();
        if weak_study {
            tried.push(study[3].map(|(_, rank)| rank >= StudyRank::TrungBinh));
        }
        if weak_conduct {
            tried.push(draft.conduct_ranking.retrained.map(|rank| rank != ConductRank::Yeu));
        }
        let stays = policy.believe_retained && draft.imported.promotion == Some(Promotion::Retained);
        if tried.contains(&Some(false)) {
            Promotion::Retained
        } else if !tried.contains(&None) {
            Promotion::PromotedAfterSummer
        } else if stays {
            Promotion::Retained
        } else {
            Promotion::Pending
        }
    };
    let award = if year == StudyRank::Gioi && conduct == ConductRank::Tot {
        Some(Award::Good {})
    } else if year >= StudyRank::Kha && conduct >= ConductRank::Kha {
        Some(Award::Advanced {})
    } else {
        None
    };
    let completed = [9, 12]
        .contains(&header.grade.number())
        .then_some([Promotion::Promoted, Promotion::PromotedAfterSummer].contains(&promotion));
    Answer { study, promotion, award, completed }
}
