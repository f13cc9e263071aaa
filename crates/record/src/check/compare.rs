//! Our results beside those of the source, and results of the summer that no one needed.

use super::{Finding, Message, Outcome, Place, Span, SubjectField, compare_average};
use crate::{
    draft::Draft,
    rules::{SubjectOutcome, common, tt22, tt27, tt58},
    section::{AttainmentLevel, ConductRank, StudyRank, SubjectResult},
};

fn differ(place: Place, imported: Option<Outcome>, computed: Outcome, findings: &mut Vec<Finding>) {
    if let Some(imported) = imported.filter(|imported| *imported != computed) {
        findings.push(Finding::warning(place, Message::ResultDisagrees { imported, computed }));
    }
}

/// Lines with a result of the summer, where the year asked for none.
fn unneeded(subjects: &[SubjectOutcome], findings: &mut Vec<Finding>) {
    for subject in subjects.iter().filter(|subject| common::is_reassessed(&subject.result)) {
        let span = Span::Summer;
        let field = match subject.result {
            SubjectResult::Level { reassessed: None, .. } => SubjectField::Test { span },
            SubjectResult::Level { .. } => SubjectField::Level { span },
            _ => SubjectField::Average { span },
        };
        let place = Place::Subject { code: subject.code.clone(), field };
        findings.push(Finding::warning(place, Message::SummerUnneeded));
    }
}

pub(super) fn tt22(draft: &Draft, evaluation: &tt22::Evaluation, findings: &mut Vec<Finding>) {
    let imported = &draft.imported;
    if let Some(study) = &evaluation.study {
        for (span, theirs, ours) in [
            (Span::Term1, imported.study_term1, study.term1),
            (Span::Term2, imported.study_term2, study.term2),
            (Span::Year, imported.study_year, study.year),
        ] {
            differ(Place::Study { span }, theirs.map(Outcome::Rating), Outcome::Rating(ours), findings);
        }
    }
    if let Some(conduct) = &evaluation.conduct {
        let year = Place::Conduct { span: Span::Year };
        differ(year, draft.conduct.year.map(Outcome::Rating), Outcome::Rating(conduct.year), findings);
    }
    promotion(draft, evaluation.promotion, findings);
    // Art. 14: re-assessment is for pupils whose study result fails; Art. 13: training for those whose conduct does.
    if evaluation.study.as_ref().is_some_and(|study| tt22::passes(study.year)) {
        unneeded(&evaluation.subjects, findings);
    }
    if evaluation.conduct.as_ref().is_some_and(|c| c.retrained.is_some() && tt22::passes(c.year)) {
        findings.push(Finding::warning(Place::Conduct { span: Span::Summer }, Message::SummerUnneeded));
    }
}

pub(super) fn tt27(draft: &Draft, evaluation: &tt27::Evaluation, findings: &mut Vec<Finding>) {
    if let Some(result) = &evaluation.result {
        let place = Place::EducationResult { span: Span::Year };
        let theirs = draft.imported.education_year.map(Outcome::EducationResult);
        differ(place, theirs, Outcome::EducationResult(result.year), findings);
    }
    promotion(draft, evaluation.promotion, findings);
    // Art. 11.1b: help is for pupils who did not complete the grade.
    if evaluation.result.as_ref().is_some_and(|result| tt27::completes(result.year)) {
        unneeded(&evaluation.subjects, findings);
    }
    let mut levels = evaluation.qualities.items.iter().chain(&evaluation.competences.items).map(|item| item.level);
    if draft.attainments.reassessed.is_some() && !levels.any(|level| level == AttainmentLevel::CanCoGang) {
        findings.push(Finding::warning(Place::AttainmentsReassessed, Message::SummerUnneeded));
    }
}

pub(super) fn tt58(draft: &Draft, evaluation: &tt58::Evaluation, findings: &mut Vec<Finding>) {
    if let Some(study) = &evaluation.study {
        let spans = [(Span::Term1, &study.term1), (Span::Term2, &study.term2), (Span::Year, &study.year)];
        for ((span, ours), theirs) in spans.into_iter().zip(draft.imported.ranking) {
            let place = Place::StudyRanking { span };
            compare_average(&place, theirs.map(|(average, _)| average), ours.average, findings);
            let theirs = theirs.and_then(|(_, rank)| rank).map(Outcome::StudyRank);
            differ(place, theirs, Outcome::StudyRank(ours.rank), findings);
        }
    }
    promotion(draft, evaluation.promotion, findings);
    // Art. 16: tests are taken again by pupils whose học lực is Yếu; Art. 17: training is for those whose hạnh kiểm is.
    if evaluation.study.as_ref().is_some_and(|study| study.year.rank >= StudyRank::TrungBinh) {
        unneeded(&evaluation.subjects, findings);
    }
    if evaluation.conduct.as_ref().is_some_and(|c| c.retrained.is_some() && c.year >= ConductRank::TrungBinh) {
        findings.push(Finding::warning(Place::ConductRanking { span: Span::Summer }, Message::SummerUnneeded));
    }
}

fn promotion(draft: &Draft, computed: crate::section::Promotion, findings: &mut Vec<Finding>) {
    let theirs = draft.imported.promotion.map(Outcome::Promotion);
    differ(Place::Promotion, theirs, Outcome::Promotion(computed), findings);
}
