//! TT 22/2021/TT-BGDĐT, lower and upper secondary; articles without a source below are this circular's.
//!
//! All arithmetic is in whole tenths. Where the wording leaves a choice, the choice is a field of [`Policy`], and its
//! documentation says what the choices are and who makes which.

mod study;
mod year_end;

use serde::{Deserialize, Serialize};

pub use study::{Lift, OneSubjectLift};
pub use year_end::{absences, conduct_of_year, passes};

use super::{
    SubjectOutcome,
    average::Rounding,
    common::{self, Reached, YearEnd},
};
use crate::{
    check::{Finding, Message, Place, Span},
    draft::{ClassHeader, Draft},
    form::RuleSet,
    section::{Award, CompletionSection, ConductSection, Promotion, Section, StudySection, SubjectResult},
    types::SubjectCode,
};

/// What the circular leaves open, decided. The default is the reading of the wording we hold to be the plain one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How an average becomes one decimal (Art. 5.3b asks for one decimal "after rounding" and does not say how).
    /// Default [`Rounding::HalfUp`].
    pub rounding: Rounding,
    /// How many scored subjects must reach the higher threshold (Art. 9.2, 15.1a). Default 6, as written; programmes
    /// with fewer subjects (continuing education, special classes) need fewer.
    pub minimum_subjects: u8,
    /// Whether the one subject of Art. 9.3 may be a comment subject. Default no; the wording, "duy nhất một môn học",
    /// does not exclude it.
    pub one_subject_may_be_comment: bool,
    /// Where Art. 9.3 lifts a result to. Default [`OneSubjectLift::OneAboveFallen`].
    pub one_subject_lift: OneSubjectLift,
    /// Whether optional subjects (second foreign language, minority language) count towards study results and awards.
    /// Default yes: Art. 9.2 says "tất cả các môn học".
    pub optional_subjects_count: bool,
    /// Most sessions (buổi) a promoted pupil may have missed in the year (Art. 12.1c). Default 45.
    pub max_absences: u32,
    /// Whether a pupil whose study and conduct both fail may mend both in summer. Default yes; some read Art. 14 as
    /// open only to pupils whose conduct reaches Đạt, and keep the others in their grade at once.
    pub summer_when_both_fail: bool,
    /// Whether fewer regular marks than Art. 6.2b calls for are reported (a warning). Default yes. The periods they
    /// follow from are in [`crate::catalogue`].
    pub count_regular_marks: bool,
    /// Whether a pupil of upper secondary with another number of study topics (cụm chuyên đề học tập) than
    /// [`crate::catalogue::TOPICS`] is reported (a warning). Default [`CountTopics::WhereEntered`].
    pub count_study_topics: CountTopics,
}

/// When the number of study topics is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountTopics {
    /// Never.
    Never,
    /// For pupils of whom at least one is entered: many gradebooks do not hold them.
    #[default]
    WhereEntered,
    /// For every pupil.
    Always,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rounding: Rounding::HalfUp,
            minimum_subjects: 6,
            one_subject_may_be_comment: false,
            one_subject_lift: OneSubjectLift::OneAboveFallen,
            optional_subjects_count: true,
            max_absences: 45,
            summer_when_both_fail: true,
            count_regular_marks: true,
            count_study_topics: CountTopics::WhereEntered,
        }
    }
}

/// What a draft's year amounts to. Study and conduct results are always there but for a pupil on a plan of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Each subject's result, in the order of the draft.
    pub subjects: Vec<SubjectOutcome>,
    /// Study results (Art. 9.2, 9.3).
    pub study: Option<StudySection>,
    /// Where Art. 9.3 lifted a study result, for the principal's eye.
    pub lifts: Vec<Lift>,
    /// Conduct results (Art. 8.2).
    pub conduct: Option<ConductSection>,
    /// Promotion (Art. 12).
    pub promotion: Promotion,
    /// The title of Art. 15.1a or b, where one is due.
    pub award: Option<Award>,
    /// Completion of the level (Art. 12), in grades 9 and 12.
    pub completion: Option<CompletionSection>,
}

/// Applies the rules to a draft.
///
/// Refuses what makes a result untrue: a missing mark, comment or conduct result (nothing is averaged over what is
/// there), a subject that is missing, stands twice, is unknown or is assessed in the wrong way, and fewer scored
/// subjects than [`Policy::minimum_subjects`], where every result would be Chưa đạt for no fault of the pupil's.
/// Exempt and unassessed subjects count nowhere.
///
/// For a pupil on a plan of their own (Art. 11) promotion is the decision the source states. Study results are left out
/// where too few scored subjects are assessed, conduct where neither term has a result.
///
/// # Errors
/// All such findings, each an error.
pub fn evaluate(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Evaluation, Vec<Finding>> {
    if header.form().rules != RuleSet::Tt22 {
        return Err(vec![Finding::error(Place::Class, Message::GradeUnsupported)]);
    }
    let on_plan = draft.plan.is_some();
    let mut faults = Vec::new();
    let lines = common::lines(header, draft, &mut faults, |known, subject, faults| {
        let result = common::graded(known, subject, policy.rounding, faults)?;
        let counts = common::counts(known, header.grade, policy.optional_subjects_count);
        Some((counts, SubjectOutcome { code: subject.code.clone(), result }))
    });
    let conduct = year_end::conduct(&draft.conduct, on_plan, &mut faults);
    let stated = if on_plan { common::stated_promotion(draft, &mut faults) } else { None };
    let counting = || lines.iter().filter(|(counts, _)| *counts).map(|(_, line)| line);
    let scored = counting().filter(|line| matches!(line.result, SubjectResult::Score { .. })).count();
    let needed = usize::from(policy.minimum_subjects);
    // Where lines are missing or broken, their number says nothing yet.
    if faults.is_empty() && scored < needed && !on_plan {
        faults.push(Finding::error(Place::Subjects, Message::SubjectsTooFew { found: scored, needed }));
    }
    if !faults.is_empty() {
        return Err(faults);
    }

    let mut lifts = Vec::new();
    let mut rate = |span| {
        let taking_part: Vec<(&SubjectCode, Reached)> =
            counting().filter_map(|line| Some((&line.code, common::reached(&line.result, span)?))).collect();
        let (rating, lift) = study::rate(&taking_part, span, policy);
        lifts.extend(lift);
        rating
    };
    let study = (scored >= needed).then(|| {
        let (term1, term2, year) = (rate(Span::Term1), rate(Span::Term2), rate(Span::Year));
        let reassessed = counting().any(|line| common::is_reassessed(&line.result)).then(|| rate(Span::Summer));
        StudySection { term1, term2, year, reassessed }
    });
    let promotion = match (stated, &study, &conduct) {
        (None, Some(study), Some(conduct)) => year_end::promotion(study, conduct, absences(&draft.attendance), policy),
        (stated, ..) => stated.expect("without a plan, what is missing of study and conduct is a fault"),
    };
    let year_marks = counting().filter_map(|line| match line.result {
        SubjectResult::Score { year, .. } => Some(year),
        _ => None,
    });
    let award = study
        .as_ref()
        .zip(conduct.as_ref())
        .and_then(|(study, conduct)| year_end::award(study.year, conduct.year, year_marks, policy));
    let completion = common::completion(header, common::goes_on(promotion));
    let subjects = lines.iter().map(|(_, line)| line.clone()).collect();
    Ok(Evaluation { subjects, study, lifts, conduct, promotion, award, completion })
}

/// The sections of a draft without an error; see [`common::assemble`]. The results are study and conduct.
///
/// # Errors
/// As for [`evaluate`].
pub(super) fn sections(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Vec<Section>, Vec<Finding>> {
    let Evaluation { subjects, study, conduct, promotion, award, completion, .. } = evaluate(header, draft, policy)?;
    let results = study.map(Section::Result).into_iter().chain(conduct.map(Section::Conduct));
    Ok(common::assemble(header, draft, subjects, results, YearEnd { promotion, award, completion }))
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
