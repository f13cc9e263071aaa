//! TT 22/2021/TT-BGDĐT, lower and upper secondary; articles without a source below are this circular's.
//!
//! All arithmetic is in whole tenths. Where the wording leaves a choice, the choice is a field of [`Policy`], and its
//! documentation says what the choices are and who makes which.

mod average;
mod study;
mod year_end;

use serde::{Deserialize, Serialize};

pub use average::{Rounding, TermAverage, term_average, year_average};
pub use study::{Lift, OneSubjectLift};
pub use year_end::{absences, conduct_of_year, passes};

use self::study::Reached;
use crate::{
    catalogue::{self, Standing, Subject, SubjectKind},
    check::{self, Finding, MarkPart, Message, Place, Severity, Span, SubjectField},
    draft::{Assessment, ClassHeader, Draft, SubjectDraft},
    section::{
        Award, AwardsSection, CompletionSection, ConductSection, Promotion, PromotionSection, RemarksSection, Section,
        StudySection, SubjectResult, SubjectSection,
    },
    types::{EducationLevel, SubjectCode},
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
    /// follow from are in [`catalogue`].
    pub count_regular_marks: bool,
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
        }
    }
}

/// What a draft's year amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Each subject's result, in the order of the draft.
    pub subjects: Vec<SubjectOutcome>,
    /// Study results (Art. 9.2, 9.3).
    pub study: StudySection,
    /// Where Art. 9.3 lifted a study result, for the principal's eye.
    pub lifts: Vec<Lift>,
    /// Conduct results (Art. 8.2).
    pub conduct: ConductSection,
    /// Promotion (Art. 12).
    pub promotion: Promotion,
    /// The title of Art. 15.1a or b, where one is due.
    pub award: Option<Award>,
    /// Completion of the level (Art. 12), in grades 9 and 12.
    pub completion: Option<CompletionSection>,
}

/// One subject's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectOutcome {
    /// The subject.
    pub code: SubjectCode,
    /// Its result.
    pub result: SubjectResult,
}

/// Applies the rules to a draft.
///
/// Refuses what makes a result untrue: a missing mark, comment or conduct result (nothing is averaged over what is
/// there), a subject that is missing, stands twice, is unknown or is assessed in the wrong way, and fewer scored
/// subjects than [`Policy::minimum_subjects`], where every result would be Chưa đạt for no fault of the pupil's.
/// Exempt and unassessed subjects count nowhere.
///
/// # Errors
/// All such findings, each an error.
pub fn evaluate(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Evaluation, Vec<Finding>> {
    let level = header.grade.level();
    if level == EducationLevel::Primary {
        return Err(vec![Finding::error(Place::Class, Message::GradeUnsupported)]);
    }
    let mut faults = Vec::new();
    let mut lines = Vec::with_capacity(draft.subjects.len());
    for (index, subject) in draft.subjects.iter().enumerate() {
        let line = Place::Subject { code: subject.code.clone(), field: SubjectField::Line };
        if draft.subjects.iter().take(index).any(|earlier| earlier.code == subject.code) {
            faults.push(Finding::error(line, Message::SubjectDuplicate));
            continue;
        }
        let Some(known) = catalogue::by_code(level, subject.code.as_str()) else {
            faults.push(Finding::error(line, Message::SubjectUnknown));
            continue;
        };
        if let Some(result) = subject_result(known, subject, policy, &mut faults) {
            let counts = policy.optional_subjects_count || known.standing != Standing::Optional;
            lines.push((counts, SubjectOutcome { code: subject.code.clone(), result }));
        }
    }
    for known in catalogue::of_level(level).filter(|s| s.standing == Standing::Mandatory) {
        if !draft.subjects.iter().any(|s| s.code.as_str() == known.code) {
            let code = known.code.parse().expect("codes of the catalogue are subject codes");
            faults.push(Finding::error(Place::Subject { code, field: SubjectField::Line }, Message::SubjectMissing));
        }
    }
    let conduct = year_end::conduct(&draft.conduct, &mut faults);
    let counting = || lines.iter().filter(|(counts, _)| *counts).map(|(_, line)| line);
    let scored = counting().filter(|line| matches!(line.result, SubjectResult::Score { .. })).count();
    let needed = usize::from(policy.minimum_subjects);
    // Where lines are missing or broken, their number says nothing yet.
    if faults.is_empty() && scored < needed {
        faults.push(Finding::error(Place::Subjects, Message::SubjectsTooFew { found: scored, needed }));
    }
    let Some(conduct) = conduct.filter(|_| faults.is_empty()) else {
        return Err(faults);
    };

    let mut lifts = Vec::new();
    let mut rate = |span| {
        let taking_part: Vec<(&SubjectCode, Reached)> =
            counting().filter_map(|line| Some((&line.code, reached(&line.result, span)?))).collect();
        let (rating, lift) = study::rate(&taking_part, span, policy);
        lifts.extend(lift);
        rating
    };
    let (term1, term2, year) = (rate(Span::Term1), rate(Span::Term2), rate(Span::Year));
    let reassessed = counting().any(|line| is_reassessed(&line.result)).then(|| rate(Span::Summer));
    let study = StudySection { term1, term2, year, reassessed };
    let promotion = year_end::promotion(&study, &conduct, absences(&draft.attendance), policy);
    let year_marks = counting().filter_map(|line| match line.result {
        SubjectResult::Score { year, .. } => Some(year),
        _ => None,
    });
    let award = year_end::award(study.year, conduct.year, year_marks, policy);
    let completion = header.grade.ends_level().then_some(CompletionSection {
        level,
        completed: matches!(promotion, Promotion::Promoted | Promotion::PromotedAfterSummer),
    });
    let subjects = lines.into_iter().map(|(_, line)| line).collect();
    Ok(Evaluation { subjects, study, lifts, conduct, promotion, award, completion })
}

/// The sections of a draft without an error, in the order of the form: school, identity, subjects, result, conduct,
/// attendance, promotion, awards, remarks (where there is one) and, in grades 9 and 12, completion. Manifest and history
/// are added where the record is put together.
///
/// # Errors
/// Every error of [`check::check`], so that nothing is signed that a check would have stopped.
pub fn sections(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Vec<Section>, Vec<Finding>> {
    let mut errors = check::check(header, draft, policy);
    errors.retain(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(errors);
    }
    let evaluation = evaluate(header, draft, policy)?;

    let mut identity = draft.identity.clone();
    identity.identifiers.sort();
    let mut sections = vec![Section::School(header.school_name.clone()), Section::Identity(identity)];
    // Without findings every line of the draft has its outcome, in the same order.
    for (line, outcome) in draft.subjects.iter().zip(evaluation.subjects) {
        sections.push(Section::Subject(SubjectSection {
            code: outcome.code,
            name: line.name.clone(),
            result: outcome.result,
            remark: line.remark.clone(),
            teacher: line.teacher.clone(),
            locked_at: line.locked_at,
            source: line.source.clone(),
        }));
    }
    let others = draft.other_awards.iter().map(|text| Award::Other { text: text.clone() });
    sections.extend([
        Section::Result(evaluation.study),
        Section::Conduct(evaluation.conduct),
        Section::Attendance(draft.attendance.clone()),
        Section::Promotion(PromotionSection { decision: evaluation.promotion }),
        Section::Awards(AwardsSection { items: evaluation.award.into_iter().chain(others).collect() }),
    ]);
    sections.extend(draft.remark.clone().map(|homeroom| Section::Remarks(RemarksSection { homeroom })));
    sections.extend(evaluation.completion.map(Section::Completion));
    Ok(sections)
}

/// One line's result, or `None` with the reasons added to `faults`.
fn subject_result(
    known: &Subject,
    draft: &SubjectDraft,
    policy: &Policy,
    faults: &mut Vec<Finding>,
) -> Option<SubjectResult> {
    let at = |field| Place::Subject { code: draft.code.clone(), field };
    match (&draft.assessment, known.kind) {
        (Assessment::Exempt(reason), _) => Some(SubjectResult::Exempt { reason: reason.clone() }),
        (Assessment::NotAssessed, _) => Some(SubjectResult::NotAssessed {}),
        (Assessment::Score { term1, term2, reassessed, .. }, SubjectKind::Score) => {
            let mut term = |marks, span| match term_average(marks, policy.rounding) {
                TermAverage::Computed(mark) | TermAverage::Imported { mark, .. } => Some(mark),
                TermAverage::Missing(parts) => {
                    let missing =
                        |part: MarkPart| Finding::error(at(SubjectField::Mark { span, part }), Message::MarkMissing);
                    faults.extend(parts.into_iter().map(missing));
                    None
                }
            };
            let (term1, term2) = (term(term1, Span::Term1), term(term2, Span::Term2));
            let (term1, term2) = (term1?, term2?);
            let year = year_average(term1, term2, policy.rounding);
            Some(SubjectResult::Score { term1, term2, year, reassessed: *reassessed })
        }
        (Assessment::Comment { term1, term2, reassessed, .. }, SubjectKind::Comment) => {
            for (span, comment) in [(Span::Term1, term1), (Span::Term2, term2)] {
                if comment.is_none() {
                    faults.push(Finding::error(at(SubjectField::Comment { span }), Message::MarkMissing));
                }
            }
            // Art. 9.1a: the year of a comment subject is its second term.
            let (term1, year) = ((*term1)?, (*term2)?);
            Some(SubjectResult::Comment { term1, term2: year, year, reassessed: *reassessed })
        }
        (Assessment::Score { .. } | Assessment::Comment { .. }, expected) => {
            faults.push(Finding::error(at(SubjectField::Line), Message::SubjectKind { expected }));
            None
        }
    }
}

/// What a line brings to the study result of a span. In summer a re-assessed value stands in for the year's (Art. 14).
fn reached(result: &SubjectResult, span: Span) -> Option<Reached> {
    match *result {
        SubjectResult::Score { term1, term2, year, reassessed } => Some(Reached::Score(match span {
            Span::Term1 => term1,
            Span::Term2 => term2,
            Span::Year => year,
            Span::Summer => reassessed.unwrap_or(year),
        })),
        SubjectResult::Comment { term1, term2, year, reassessed } => Some(Reached::Comment(match span {
            Span::Term1 => term1,
            Span::Term2 => term2,
            Span::Year => year,
            Span::Summer => reassessed.unwrap_or(year),
        })),
        SubjectResult::Exempt { .. } | SubjectResult::NotAssessed {} => None,
    }
}

fn is_reassessed(result: &SubjectResult) -> bool {
    matches!(
        result,
        SubjectResult::Score { reassessed: Some(_), .. } | SubjectResult::Comment { reassessed: Some(_), .. }
    )
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
