//! Checks of a draft before it is signed: what is missing, impossible or doubtful, where, and how to mend it.
//!
//! A [`Finding`] is data: a place, a stable key and its parameters. The sentences are made from it here in two
//! languages; a page may make its own. No finding carries a pupil's name, number or birth date, so findings may be
//! counted and logged by their key.

mod compare;
mod finding;
mod identity;
mod place;
mod text;

use std::collections::BTreeMap;

pub use finding::{DuplicateBy, Finding, IdentifierPart, Message, Outcome, Severity};
pub use identity::IdentityPolicy;
pub use place::{AttainmentField, AttainmentGroup, IdentityField, MarkPart, Place, SchoolField, Span, SubjectField};
pub use text::{TextProblem, TextProblems, inspect_text, repair_text};

use crate::{
    catalogue::{self, Subject},
    draft::{Assessment, ClassHeader, Draft, SubjectDraft, TermMarks},
    form::RuleSet,
    rules::{
        Policies,
        average::{Rounding, TermAverage, term_average, year_average},
        tt22::{self, CountTopics},
        tt27, tt30, tt58,
    },
    section::{Attainment, IdentifierKind},
    types::{Mark, PartialDate, Text},
};

/// Everything there is to say about one draft, in the order of the form.
///
/// Without an error in the answer, [`crate::rules::sections`] makes a record of the draft.
pub fn check(header: &ClassHeader, draft: &Draft, policies: &Policies) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rules = header.form().rules;
    check_school(header, &mut findings);
    identity::check(header, draft, &policies.identity, &mut findings);
    check_attachments(draft, &mut findings);
    for subject in &draft.subjects {
        check_subject(subject, &mut findings);
        match rules {
            RuleSet::Tt22 => {
                let regular =
                    |known: &Subject| known.regular_marks(header.grade).filter(|_| policies.tt22.count_regular_marks);
                check_marks(header, subject, policies.tt22.rounding, regular, &mut findings);
            }
            RuleSet::Tt58 | RuleSet::Tt58Tt26 => {
                check_marks(header, subject, policies.tt58.rounding, |_| None, &mut findings);
            }
            RuleSet::Tt27 | RuleSet::Tt30 => {}
        }
    }
    check_electives(header, draft, &mut findings);
    check_topics(header, draft, policies.tt22.count_study_topics, &mut findings);
    let evaluated = match rules {
        RuleSet::Tt22 => tt22::evaluate(header, draft, &policies.tt22)
            .map(|evaluation| compare::tt22(draft, &evaluation, &mut findings)),
        RuleSet::Tt27 => tt27::evaluate(header, draft, &policies.tt27)
            .map(|evaluation| compare::tt27(draft, &evaluation, &mut findings)),
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => tt58::evaluate(header, draft, &policies.tt58)
            .map(|evaluation| compare::tt58(draft, &evaluation, &mut findings)),
        // Everything is as stated; there is nothing to compare.
        RuleSet::Tt30 => tt30::evaluate(header, draft, &policies.tt30).map(drop),
    };
    if let Err(faults) = evaluated {
        findings.extend(faults);
    }
    // Primary school has no limit; of a pupil on a plan of their own the school decides.
    let limit = match rules {
        RuleSet::Tt22 => Some(policies.tt22.max_absences),
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => Some(policies.tt58.max_absences),
        RuleSet::Tt27 | RuleSet::Tt30 => None,
    };
    if let Some(limit) = limit.filter(|_| draft.plan.is_none()) {
        check_attendance(draft, limit, &mut findings);
    }
    match &draft.remark {
        Some(remark) => look_at(&Place::Remark, remark, &mut findings),
        None => findings.push(Finding::warning(Place::Remark, Message::RemarkMissing)),
    }
    for (index, award) in draft.other_awards.iter().enumerate() {
        look_at(&Place::Award { index }, award, &mut findings);
    }
    findings
}

/// Pupils of one class that seem to be one pupil: the same identifier (an error), or the same name and birth date (a
/// warning, since two such pupils may exist). Each of them gets a finding that points at the first.
///
/// Numbers count from 0, as in `drafts`.
pub fn check_class(drafts: &[Draft]) -> Vec<(usize, Finding)> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<(IdentifierKind, &str), usize> = BTreeMap::new();
    let mut people: BTreeMap<(String, PartialDate), usize> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        for identifier in &draft.identity.identifiers {
            let first = *numbers.entry((identifier.kind, identifier.value.as_str())).or_insert(index);
            if first != index {
                let place = Place::Identity { field: IdentityField::Identifier { kind: identifier.kind } };
                let message = Message::PupilDuplicate { other: first, by: DuplicateBy::Identifier };
                findings.push((index, Finding::error(place, message)));
            }
        }
        let name = draft.identity.name.as_str().to_lowercase();
        let first = *people.entry((name, draft.identity.birth_date)).or_insert(index);
        if first != index {
            let place = Place::Identity { field: IdentityField::Name };
            let message = Message::PupilDuplicate { other: first, by: DuplicateBy::NameAndBirthDate };
            findings.push((index, Finding::warning(place, message)));
        }
    }
    findings
}

fn look_at(place: &Place, text: &Text, findings: &mut Vec<Finding>) {
    findings.extend(inspect_text(text.as_str()).findings(place));
}

fn check_school(header: &ClassHeader, findings: &mut Vec<Finding>) {
    let school = &header.school_name;
    look_at(&Place::School { field: SchoolField::Name }, &school.name, findings);
    for (field, text) in [(SchoolField::Ward, &school.ward), (SchoolField::Province, &school.province)] {
        if let Some(text) = text {
            look_at(&Place::School { field }, text, findings);
        }
    }
}

/// The texts of enrolment, plan, certificates, contests, qualities and competences.
fn check_attachments(draft: &Draft, findings: &mut Vec<Finding>) {
    let moves = draft.enrolment.iter().flat_map(|enrolment| [&enrolment.moved_in, &enrolment.moved_out]);
    for school in moves.flatten().map(|moved| &moved.school_name) {
        look_at(&Place::Enrolment, school, findings);
    }
    if let Some(note) = draft.plan.as_ref().and_then(|plan| plan.note.as_ref()) {
        look_at(&Place::Plan, note, findings);
    }
    for (index, line) in draft.certificates.iter().enumerate() {
        for text in [Some(&line.name), line.grade.as_ref(), line.number.as_ref()].into_iter().flatten() {
            look_at(&Place::Certificate { index }, text, findings);
        }
    }
    for (index, line) in draft.contests.iter().enumerate() {
        look_at(&Place::Contest { index }, &line.name, findings);
        look_at(&Place::Contest { index }, &line.prize, findings);
    }
    let mut attainments = |group, items: &[Attainment]| {
        for item in items {
            let at = |field| Place::Attainment { group, code: item.code.clone(), field };
            look_at(&at(AttainmentField::Name), &item.name, findings);
            if let Some(remark) = &item.remark {
                look_at(&at(AttainmentField::Remark), remark, findings);
            }
        }
    };
    attainments(AttainmentGroup::Qualities, &draft.attainments.qualities);
    attainments(AttainmentGroup::Competences, &draft.attainments.competences);
}

/// The texts of a subject's line.
fn check_subject(subject: &SubjectDraft, findings: &mut Vec<Finding>) {
    let at = |field| Place::Subject { code: subject.code.clone(), field };
    look_at(&at(SubjectField::Name), &subject.name, findings);
    for (field, text) in [
        (SubjectField::Remark, &subject.remark),
        (SubjectField::Teacher, &subject.teacher),
        (SubjectField::Source, &subject.source),
    ] {
        if let Some(text) = text {
            look_at(&at(field), text, findings);
        }
    }
    if let Assessment::Exempt(reason) = &subject.assessment {
        look_at(&at(SubjectField::Exemption), reason, findings);
    }
}

/// A line's marks and comments beside the results the source has for them. `regular` says how many regular marks a
/// subject of the catalogue calls for in a term, where anyone asks.
fn check_marks(
    header: &ClassHeader,
    subject: &SubjectDraft,
    rounding: Rounding,
    regular: impl Fn(&Subject) -> Option<usize>,
    findings: &mut Vec<Finding>,
) {
    let at = |field| Place::Subject { code: subject.code.clone(), field };
    match &subject.assessment {
        Assessment::Score { term1, term2, year, .. } => {
            let known = catalogue::by_code(header.form().curriculum(), subject.code.as_str());
            let regular = known.and_then(regular);
            check_term(subject, Span::Term1, term1, rounding, regular, findings);
            check_term(subject, Span::Term2, term2, rounding, regular, findings);
            let computed = [term1, term2].map(|term| term_average(term, rounding).mark());
            if let [Some(first), Some(second)] = computed {
                let computed = year_average(first, second, rounding);
                compare_average(&at(SubjectField::Average { span: Span::Year }), *year, computed, findings);
            }
        }
        Assessment::Comment { term2, year, .. } => {
            // TT 22/2021 Art. 9.1a, TT 58/2011 Art. 10: the year of a comment subject is its second term.
            if let (Some(computed), Some(imported)) = (term2, year)
                && computed != imported
            {
                let message = Message::ResultDisagrees {
                    imported: Outcome::Achievement(*imported),
                    computed: Outcome::Achievement(*computed),
                };
                findings.push(Finding::warning(at(SubjectField::Comment { span: Span::Year }), message));
            }
        }
        Assessment::Level { .. } | Assessment::Exempt(_) | Assessment::NotAssessed => {}
    }
}

/// What does not stop a term's average, but is worth a look: an average of the source that is not ours, single marks
/// that are there in part only, and fewer regular marks than TT 22/2021 Art. 6.2b calls for.
fn check_term(
    subject: &SubjectDraft,
    span: Span,
    marks: &TermMarks,
    rounding: Rounding,
    regular: Option<usize>,
    findings: &mut Vec<Finding>,
) {
    let at = |field| Place::Subject { code: subject.code.clone(), field };
    match term_average(marks, rounding) {
        TermAverage::Computed(computed) => {
            compare_average(&at(SubjectField::Average { span }), marks.average, computed, findings);
        }
        TermAverage::Imported { missing, .. } if missing.len() < MarkPart::ALL.len() => {
            for part in missing {
                findings.push(Finding::warning(at(SubjectField::Mark { span, part }), Message::MarkMissing));
            }
        }
        TermAverage::Imported { .. } | TermAverage::Missing(_) => {}
    }
    let found = marks.regular.len();
    if let Some(expected) = regular.filter(|expected| (1..*expected).contains(&found)) {
        let place = at(SubjectField::Mark { span, part: MarkPart::Regular });
        findings.push(Finding::warning(place, Message::MarksCount { found, expected }));
    }
}

fn compare_average(place: &Place, imported: Option<Mark>, computed: Mark, findings: &mut Vec<Finding>) {
    if let Some(imported) = imported.filter(|imported| *imported != computed) {
        findings.push(Finding::warning(place.clone(), Message::AverageDisagrees { imported, computed }));
    }
}

fn check_electives(header: &ClassHeader, draft: &Draft, findings: &mut Vec<Finding>) {
    let curriculum = header.form().curriculum();
    let electives =
        || catalogue::of(curriculum).filter(|s| s.standing(header.grade) == Some(catalogue::Standing::Elective));
    let found = draft.subjects.iter().filter(|d| electives().any(|s| s.code == d.code.as_str())).count();
    if electives().next().is_some() && found != catalogue::ELECTIVES {
        let message = Message::ElectivesCount { found, expected: catalogue::ELECTIVES };
        findings.push(Finding::warning(Place::Subjects, message));
    }
}

/// Study topics are of TT 22's programme and upper secondary; other classes have no subject with any.
fn check_topics(header: &ClassHeader, draft: &Draft, count: CountTopics, findings: &mut Vec<Finding>) {
    let curriculum = header.form().curriculum();
    let found = draft.subjects.iter().filter(|subject| subject.study_topics).count();
    let asked = match count {
        CountTopics::Never => false,
        CountTopics::WhereEntered => found > 0,
        CountTopics::Always => draft.plan.is_none(),
    };
    if asked && found != catalogue::TOPICS && catalogue::of(curriculum).any(Subject::has_topics) {
        findings.push(Finding::warning(Place::Subjects, Message::TopicsCount { found, expected: catalogue::TOPICS }));
    }
}

fn check_attendance(draft: &Draft, limit: u32, findings: &mut Vec<Finding>) {
    let sessions = tt22::absences(&draft.attendance);
    if sessions > limit {
        findings.push(Finding::warning(Place::Attendance, Message::AttendanceOver { sessions, limit }));
    }
}

#[cfg(test)]
mod tests;
