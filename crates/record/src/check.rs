//! Checks of a draft before it is signed: what is missing, impossible or doubtful, where, and how to mend it.
//!
//! A [`Finding`] is data: a place, a stable key and its parameters. The sentences are made from it here in two
//! languages; a page may make its own. No finding carries a pupil's name, number or birth date, so findings may be
//! counted and logged by their key.

mod finding;
mod place;
mod text;

use std::collections::BTreeMap;

pub use finding::{DuplicateBy, Finding, IdentifierPart, Message, Outcome, Severity};
pub use place::{IdentityField, MarkPart, Place, SchoolField, Span, SubjectField};
pub use text::{TextProblem, TextProblems, inspect_text, repair_text};

use crate::{
    catalogue,
    draft::{Assessment, ClassHeader, Draft, SubjectDraft, TermMarks},
    rules::tt22::{self, Evaluation, Policy, TermAverage},
    section::{Identifier, IdentifierKind, Sex, SubjectResult},
    types::{Mark, PartialDate, Text},
};

/// Years a birth year may lie from the one usual for the grade before it is doubted. Pupils start late, repeat and skip
/// grades; three years covers these and still finds the commonest slip, a wrong digit for the decade.
const AGE_TOLERANCE: u16 = 3;

/// Everything there is to say about one draft, in the order of the form.
///
/// Without an error in the answer, [`tt22::sections`] makes a record of the draft.
pub fn check(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_school(header, &mut findings);
    check_identity(header, draft, &mut findings);
    for subject in &draft.subjects {
        check_subject(header, subject, policy, &mut findings);
    }
    check_electives(header, draft, &mut findings);
    match tt22::evaluate(header, draft, policy) {
        Ok(evaluation) => compare(draft, &evaluation, &mut findings),
        Err(faults) => findings.extend(faults),
    }
    check_attendance(draft, policy, &mut findings);
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

fn check_identity(header: &ClassHeader, draft: &Draft, findings: &mut Vec<Finding>) {
    let identity = &draft.identity;
    let at = |field| Place::Identity { field };
    look_at(&at(IdentityField::Name), &identity.name, findings);
    check_birth_date(header, identity.birth_date, findings);
    for (field, text) in [
        (IdentityField::Ethnicity, &identity.ethnicity),
        (IdentityField::Nationality, &identity.nationality),
        (IdentityField::BirthPlace, &identity.birth_place),
        (IdentityField::Book, &identity.book),
    ] {
        if let Some(text) = text {
            look_at(&at(field), text, findings);
        }
    }
    if identity.identifiers.is_empty() {
        findings.push(Finding::error(at(IdentityField::Identifiers), Message::IdentifierMissing));
    }
    for (index, identifier) in identity.identifiers.iter().enumerate() {
        let place = at(IdentityField::Identifier { kind: identifier.kind });
        if identity.identifiers.iter().take(index).any(|earlier| earlier.kind == identifier.kind) {
            findings.push(Finding::error(place.clone(), Message::IdentifierRepeated));
        }
        look_at(&place, &identifier.value, findings);
        check_identifier(identifier, identity.birth_date, identity.sex, &place, findings);
    }
}

/// The usual birth year of a grade is that of a pupil who was six in the year grade 1 began.
fn check_birth_date(header: &ClassHeader, birth_date: PartialDate, findings: &mut Vec<Finding>) {
    let place = Place::Identity { field: IdentityField::BirthDate };
    let (start, born) = (header.year.start(), birth_date.year());
    let usual = start.saturating_sub(u16::from(header.grade.number()) + 5);
    if born >= start {
        findings.push(Finding::error(place, Message::DateImpossible));
    } else if born.abs_diff(usual) > AGE_TOLERANCE {
        findings.push(Finding::warning(place, Message::DateImplausible { usual }));
    }
}

fn check_identifier(
    identifier: &Identifier,
    birth_date: PartialDate,
    sex: Sex,
    place: &Place,
    findings: &mut Vec<Finding>,
) {
    let digits = match identifier.kind {
        IdentifierKind::Personal => 12,
        IdentifierKind::Ministry => 10,
        _ => return,
    };
    let value = identifier.value.as_str().as_bytes();
    if value.len() != digits || !value.iter().all(u8::is_ascii_digit) {
        findings.push(Finding::error(place.clone(), Message::IdentifierShape { digits }));
        return;
    }
    if identifier.kind != IdentifierKind::Personal {
        return;
    }
    // NĐ 137/2015 Art. 13: digit 4 is twice the centuries since the 20th, plus one for female; digits 5 and 6 the year.
    let digit = |place: usize| value.get(place).map_or(0, |byte| u16::from(byte - b'0'));
    let century_and_sex = digit(3);
    let year = 1900 + century_and_sex / 2 * 100 + digit(4) * 10 + digit(5);
    let female = century_and_sex % 2 == 1;
    let mut disagrees = |part| findings.push(Finding::warning(place.clone(), Message::IdentifierDisagrees { part }));
    if year != birth_date.year() {
        disagrees(IdentifierPart::BirthYear);
    }
    if matches!((sex, female), (Sex::Male, true) | (Sex::Female, false)) {
        disagrees(IdentifierPart::Sex);
    }
}

fn check_subject(header: &ClassHeader, subject: &SubjectDraft, policy: &Policy, findings: &mut Vec<Finding>) {
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
    match &subject.assessment {
        Assessment::Score { term1, term2, year, .. } => {
            check_term(header, subject, Span::Term1, term1, policy, findings);
            check_term(header, subject, Span::Term2, term2, policy, findings);
            let computed = [term1, term2].map(|term| tt22::term_average(term, policy.rounding).mark());
            if let [Some(first), Some(second)] = computed {
                let computed = tt22::year_average(first, second, policy.rounding);
                compare_average(&at(SubjectField::Average { span: Span::Year }), *year, computed, findings);
            }
        }
        Assessment::Comment { term2, year, .. } => {
            // TT 22/2021 Art. 9.1a: the year of a comment subject is its second term.
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
        Assessment::Exempt(reason) => look_at(&at(SubjectField::Exemption), reason, findings),
        Assessment::NotAssessed => {}
    }
}

/// What does not stop a term's average, but is worth a look: an average of the source that is not ours, single marks
/// that are there in part only, and fewer regular marks than Art. 6.2b calls for.
fn check_term(
    header: &ClassHeader,
    subject: &SubjectDraft,
    span: Span,
    marks: &TermMarks,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) {
    let at = |field| Place::Subject { code: subject.code.clone(), field };
    match tt22::term_average(marks, policy.rounding) {
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
    let expected = catalogue::by_code(header.grade.level(), subject.code.as_str())
        .and_then(|s| s.regular_marks(header.grade))
        .filter(|expected| policy.count_regular_marks && (1..*expected).contains(&found));
    if let Some(expected) = expected {
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
    let electives =
        || catalogue::of_level(header.grade.level()).filter(|s| s.standing == catalogue::Standing::Elective);
    let found = draft.subjects.iter().filter(|d| electives().any(|s| s.code == d.code.as_str())).count();
    if electives().next().is_some() && found != catalogue::ELECTIVES {
        let message = Message::ElectivesCount { found, expected: catalogue::ELECTIVES };
        findings.push(Finding::warning(Place::Subjects, message));
    }
}

fn check_attendance(draft: &Draft, policy: &Policy, findings: &mut Vec<Finding>) {
    let sessions = tt22::absences(&draft.attendance);
    if sessions > policy.max_absences {
        let message = Message::AttendanceOver { sessions, limit: policy.max_absences };
        findings.push(Finding::warning(Place::Attendance, message));
    }
}

/// Our results beside those of the source, and summer results that no one needed.
fn compare(draft: &Draft, evaluation: &Evaluation, findings: &mut Vec<Finding>) {
    let (study, conduct, imported) = (&evaluation.study, &evaluation.conduct, &draft.imported);
    let mut differ = |place: Place, imported: Option<Outcome>, computed: Outcome| {
        if let Some(imported) = imported.filter(|imported| *imported != computed) {
            findings.push(Finding::warning(place, Message::ResultDisagrees { imported, computed }));
        }
    };
    for (span, theirs, ours) in [
        (Span::Term1, imported.study_term1, study.term1),
        (Span::Term2, imported.study_term2, study.term2),
        (Span::Year, imported.study_year, study.year),
    ] {
        differ(Place::Study { span }, theirs.map(Outcome::Rating), Outcome::Rating(ours));
    }
    let year = Place::Conduct { span: Span::Year };
    differ(year, draft.conduct.year.map(Outcome::Rating), Outcome::Rating(conduct.year));
    differ(Place::Promotion, imported.promotion.map(Outcome::Promotion), Outcome::Promotion(evaluation.promotion));
    // Art. 14: re-assessment is for pupils whose study result fails; Art. 13: training for those whose conduct does.
    if tt22::passes(study.year) {
        for subject in &evaluation.subjects {
            let reassessed = matches!(
                subject.result,
                SubjectResult::Score { reassessed: Some(_), .. } | SubjectResult::Comment { reassessed: Some(_), .. }
            );
            if reassessed {
                let place =
                    Place::Subject { code: subject.code.clone(), field: SubjectField::Average { span: Span::Summer } };
                findings.push(Finding::warning(place, Message::SummerUnneeded));
            }
        }
    }
    if conduct.retrained.is_some() && tt22::passes(conduct.year) {
        findings.push(Finding::warning(Place::Conduct { span: Span::Summer }, Message::SummerUnneeded));
    }
}

#[cfg(test)]
mod tests;
