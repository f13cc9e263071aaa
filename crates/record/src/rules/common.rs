//! What the rule sets share: which lines a draft must have, what a line amounts to, and the sections around the results.

use crate::{
    catalogue::{self, Standing, Subject, SubjectKind},
    check::{Finding, MarkPart, Message, Place, Span, SubjectField},
    draft::{Assessment, ClassHeader, Draft, SubjectDraft},
    rules::{
        SubjectOutcome,
        average::{Rounding, TermAverage, term_average, year_average},
    },
    section::{
        Achievement, Award, AwardsSection, CertificatesSection, CompletionSection, ContestsSection, Promotion,
        PromotionSection, RemarksSection, Section, SubjectResult, SubjectSection,
    },
    types::{Grade, Mark},
};

/// A place in a subject's line.
pub(super) fn at(draft: &SubjectDraft, field: SubjectField) -> Place {
    Place::Subject { code: draft.code.clone(), field }
}

/// What `each` makes of every line of a subject the grade's programme has. Lines that stand twice, unknown ones, and
/// mandatory subjects without a line are faults: nothing is left out in silence, not even under a plan of one's own.
pub(super) fn lines<T>(
    header: &ClassHeader,
    draft: &Draft,
    faults: &mut Vec<Finding>,
    mut each: impl FnMut(&'static Subject, &SubjectDraft, &mut Vec<Finding>) -> Option<T>,
) -> Vec<T> {
    let curriculum = header.form().curriculum();
    let mut made = Vec::with_capacity(draft.subjects.len());
    for (index, subject) in draft.subjects.iter().enumerate() {
        let line = at(subject, SubjectField::Line);
        if draft.subjects.iter().take(index).any(|earlier| earlier.code == subject.code) {
            faults.push(Finding::error(line, Message::SubjectDuplicate));
            continue;
        }
        let Some(known) = catalogue::by_code(curriculum, subject.code.as_str()) else {
            faults.push(Finding::error(line, Message::SubjectUnknown));
            continue;
        };
        if subject.study_topics && !known.has_topics() {
            faults.push(Finding::error(line, Message::TopicsUnexpected));
        }
        made.extend(each(known, subject, faults));
    }
    for known in catalogue::mandatory(curriculum, header.grade) {
        if !draft.subjects.iter().any(|s| s.code.as_str() == known.code) {
            let code = known.code.parse().expect("codes of the catalogue are subject codes");
            faults.push(Finding::error(Place::Subject { code, field: SubjectField::Line }, Message::SubjectMissing));
        }
    }
    made
}

/// An unassessed line of a pupil without a plan: a fault under the rule sets whose results speak of all subjects.
pub(super) fn refuse_unassessed(draft: &Draft, subject: &SubjectDraft, faults: &mut Vec<Finding>) {
    if draft.plan.is_none() && subject.assessment == Assessment::NotAssessed {
        faults.push(Finding::error(at(subject, SubjectField::Line), Message::PlanMissing));
    }
}

/// Whether a subject counts towards results.
pub(super) fn counts(known: &Subject, grade: Grade, optional_subjects_count: bool) -> bool {
    optional_subjects_count || known.standing(grade) != Some(Standing::Optional)
}

/// The result of a subject with marks or comments, or `None` with the reasons added to `faults`.
pub(super) fn graded(
    known: &Subject,
    draft: &SubjectDraft,
    rounding: Rounding,
    faults: &mut Vec<Finding>,
) -> Option<SubjectResult> {
    match (&draft.assessment, known.kind) {
        (Assessment::Exempt(reason), _) => Some(SubjectResult::Exempt { reason: reason.clone() }),
        (Assessment::NotAssessed, _) => Some(SubjectResult::NotAssessed {}),
        (Assessment::Score { term1, term2, reassessed, .. }, SubjectKind::Score) => {
            let mut term = |marks, span| match term_average(marks, rounding) {
                TermAverage::Computed(mark) | TermAverage::Imported { mark, .. } => Some(mark),
                TermAverage::Missing(parts) => {
                    let missing = |part: MarkPart| {
                        Finding::error(at(draft, SubjectField::Mark { span, part }), Message::MarkMissing)
                    };
                    faults.extend(parts.into_iter().map(missing));
                    None
                }
            };
            let (term1, term2) = (term(term1, Span::Term1), term(term2, Span::Term2));
            let (term1, term2) = (term1?, term2?);
            let year = year_average(term1, term2, rounding);
            Some(SubjectResult::Score { term1, term2, year, reassessed: *reassessed })
        }
        (Assessment::Comment { term1, term2, reassessed, .. }, SubjectKind::Comment) => {
            for (span, comment) in [(Span::Term1, term1), (Span::Term2, term2)] {
                if comment.is_none() {
                    faults.push(Finding::error(at(draft, SubjectField::Comment { span }), Message::MarkMissing));
                }
            }
            // TT 22/2021 Art. 9.1a, TT 58/2011 Art. 10: the year of a comment subject is its second term.
            let (term1, year) = ((*term1)?, (*term2)?);
            Some(SubjectResult::Comment { term1, term2: year, year, reassessed: *reassessed })
        }
        (_, expected) => {
            faults.push(Finding::error(at(draft, SubjectField::Line), Message::SubjectKind { expected }));
            None
        }
    }
}

/// What a rule set wants of the tests of primary school.
pub(super) struct Tests {
    /// Whether a mandatory subject that has a test must have its mark.
    pub required: bool,
    /// Whether marks are whole.
    pub whole: bool,
}

/// The result of a subject with levels, or `None` with the reasons added to `faults`.
pub(super) fn levelled(
    known: &Subject,
    draft: &SubjectDraft,
    grade: Grade,
    tests: &Tests,
    faults: &mut Vec<Finding>,
) -> Option<SubjectResult> {
    match (&draft.assessment, known.kind) {
        (Assessment::Exempt(reason), _) => Some(SubjectResult::Exempt { reason: reason.clone() }),
        (Assessment::NotAssessed, _) => Some(SubjectResult::NotAssessed {}),
        (
            Assessment::Level { year, test, reassessed, reassessed_test },
            kind @ (SubjectKind::Level | SubjectKind::TestedLevel),
        ) => {
            let before = faults.len();
            let mut fault = |field, message| faults.push(Finding::error(at(draft, field), message));
            if year.is_none() {
                fault(SubjectField::Level { span: Span::Year }, Message::MarkMissing);
            }
            let tested = kind == SubjectKind::TestedLevel;
            if tests.required && tested && test.is_none() && known.standing(grade) == Some(Standing::Mandatory) {
                fault(SubjectField::Test { span: Span::Year }, Message::MarkMissing);
            }
            for (span, mark) in [(Span::Year, test), (Span::Summer, reassessed_test)] {
                match mark {
                    Some(_) if !tested => fault(SubjectField::Test { span }, Message::TestUnexpected),
                    Some(mark) if tests.whole && mark.tenths() % 10 != 0 => {
                        fault(SubjectField::Test { span }, Message::TestNotWhole { found: *mark });
                    }
                    _ => {}
                }
            }
            let sound = faults.len() == before;
            year.filter(|_| sound).map(|year| SubjectResult::Level {
                year,
                test: *test,
                reassessed: *reassessed,
                reassessed_test: *reassessed_test,
            })
        }
        (_, expected) => {
            faults.push(Finding::error(at(draft, SubjectField::Line), Message::SubjectKind { expected }));
            None
        }
    }
}

/// What one subject with marks or comments brings to the result of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// An average.
    Score(Mark),
    /// Đạt or Chưa đạt.
    Comment(Achievement),
}

/// What a line brings to the result of a span. In summer a re-assessed value stands in for the year's.
pub(super) fn reached(result: &SubjectResult, span: Span) -> Option<Reached> {
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
        SubjectResult::Level { .. } | SubjectResult::Exempt { .. } | SubjectResult::NotAssessed {} => None,
    }
}

/// Whether a line has a result of the summer.
pub(crate) fn is_reassessed(result: &SubjectResult) -> bool {
    match result {
        SubjectResult::Score { reassessed, .. } => reassessed.is_some(),
        SubjectResult::Comment { reassessed, .. } => reassessed.is_some(),
        SubjectResult::Level { reassessed, reassessed_test, .. } => reassessed.is_some() || reassessed_test.is_some(),
        SubjectResult::Exempt { .. } | SubjectResult::NotAssessed {} => false,
    }
}

/// The decision on promotion as the source states it: what a pupil on a plan of their own and TT 30/2014 go by.
pub(super) fn stated_promotion(draft: &Draft, faults: &mut Vec<Finding>) -> Option<Promotion> {
    if draft.imported.promotion.is_none() {
        faults.push(Finding::error(Place::Promotion, Message::PromotionMissing));
    }
    draft.imported.promotion
}

/// Whether a pupil goes on to the next grade.
pub(super) fn goes_on(promotion: Promotion) -> bool {
    matches!(promotion, Promotion::Promoted | Promotion::PromotedAfterSummer)
}

/// Completion of the level, in its last grade.
pub(super) fn completion(header: &ClassHeader, completed: bool) -> Option<CompletionSection> {
    header.grade.ends_level().then_some(CompletionSection { level: header.grade.level(), completed })
}

/// What ends every year record.
pub(super) struct YearEnd {
    pub promotion: Promotion,
    pub award: Option<Award>,
    pub completion: Option<CompletionSection>,
}

/// The sections of a year around the results of its rule set, in the order of the form: school, identity, enrolment and
/// plan (where there is one), subjects, `results`, attendance, promotion, awards, certificates and contests (where there
/// are), remarks (where there is one) and, in the last grade of a level, completion.
///
/// `outcomes` are of the draft's lines, in their order.
pub(super) fn assemble(
    header: &ClassHeader,
    draft: &Draft,
    outcomes: Vec<SubjectOutcome>,
    results: impl IntoIterator<Item = Section>,
    end: YearEnd,
) -> Vec<Section> {
    let mut identity = draft.identity.clone();
    identity.identifiers.sort();
    let mut sections = vec![Section::School(header.school_name.clone()), Section::Identity(identity)];
    sections.extend(draft.enrolment.clone().map(Section::Enrolment));
    sections.extend(draft.plan.clone().map(Section::IndividualPlan));
    // Without findings every line of the draft has its outcome, in the same order.
    for (line, outcome) in draft.subjects.iter().zip(outcomes) {
        sections.push(Section::Subject(SubjectSection {
            code: outcome.code,
            name: line.name.clone(),
            result: outcome.result,
            study_topics: line.study_topics,
            remark: line.remark.clone(),
            teacher: line.teacher.clone(),
            locked_at: line.locked_at,
            source: line.source.clone(),
        }));
    }
    sections.extend(results);
    let others = draft.other_awards.iter().map(|text| Award::Other { text: text.clone() });
    sections.extend([
        Section::Attendance(draft.attendance.clone()),
        Section::Promotion(PromotionSection { decision: end.promotion }),
        Section::Awards(AwardsSection { items: end.award.into_iter().chain(others).collect() }),
    ]);
    if !draft.certificates.is_empty() {
        sections.push(Section::Certificates(CertificatesSection { items: draft.certificates.clone() }));
    }
    if !draft.contests.is_empty() {
        sections.push(Section::Contests(ContestsSection { items: draft.contests.clone() }));
    }
    sections.extend(draft.remark.clone().map(|homeroom| Section::Remarks(RemarksSection { homeroom })));
    sections.extend(end.completion.map(Section::Completion));
    sections
}
