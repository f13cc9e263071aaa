//! Years taken over from paper: what the paper says stands, also where the rules would come to something else.
//!
//! The rules still say what there is to a year and what is missing; then each result that the paper states takes the place
//! of the computed one. Where the two differ, the check before has warned the clerk.

use crate::{
    draft::{Assessment, Draft},
    section::{Promotion, Section, SubjectResult},
};

/// The computed sections with what the draft states in place of what was computed.
pub(super) fn as_stated(draft: &Draft, mut sections: Vec<Section>) -> Vec<Section> {
    let imported = &draft.imported;
    for section in &mut sections {
        match section {
            Section::Subject(subject) => {
                let stated = draft.subjects.iter().find(|line| line.code == subject.code).map(|line| &line.assessment);
                match (&mut subject.result, stated) {
                    (
                        SubjectResult::Score { term1, term2, year, .. },
                        Some(Assessment::Score { term1: first, term2: second, year: whole, .. }),
                    ) => {
                        *term1 = first.average.unwrap_or(*term1);
                        *term2 = second.average.unwrap_or(*term2);
                        *year = whole.unwrap_or(*year);
                    }
                    (SubjectResult::Comment { year, .. }, Some(Assessment::Comment { year: Some(whole), .. })) => {
                        *year = *whole;
                    }
                    _ => {}
                }
            }
            Section::Result(study) => {
                study.term1 = imported.study_term1.unwrap_or(study.term1);
                study.term2 = imported.study_term2.unwrap_or(study.term2);
                study.year = imported.study_year.unwrap_or(study.year);
            }
            Section::StudyRanking(study) => {
                let terms = [&mut study.term1, &mut study.term2, &mut study.year];
                for (ranking, stated) in terms.into_iter().zip(imported.ranking) {
                    if let Some((average, rank)) = stated {
                        ranking.average = average;
                        ranking.rank = rank.unwrap_or(ranking.rank);
                    }
                }
            }
            Section::EducationResult(result) => result.year = imported.education_year.unwrap_or(result.year),
            Section::Conduct(conduct) => conduct.year = draft.conduct.year.unwrap_or(conduct.year),
            Section::ConductRanking(conduct) => conduct.year = draft.conduct_ranking.year.unwrap_or(conduct.year),
            Section::Promotion(promotion) => promotion.decision = imported.promotion.unwrap_or(promotion.decision),
            // Who is stated to stay has not completed the level, whatever we would have come to.
            Section::Completion(completion) => {
                if let Some(decision) = imported.promotion {
                    completion.completed = matches!(decision, Promotion::Promoted | Promotion::PromotedAfterSummer);
                }
            }
            _ => {}
        }
    }
    sections
}
