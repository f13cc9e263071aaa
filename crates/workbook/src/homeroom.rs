//! What the homeroom teacher enters: conduct or qualities and competences, absences, results, and what few pupils have.

use std::collections::BTreeSet;

use hocba_record::{
    draft::{AttainmentsDraft, ConductDraft, ConductRankingDraft, Draft, ImportedResults},
    form::RuleSet,
    section::{Attainment, Attendance, CertificateLine, ContestLine, EnrolmentSection, IndividualPlanSection, Move},
    types::{Mark, Text},
};

use crate::{
    attainments::ITEMS,
    bag::Bag,
    columns::{CertificatePart, Column, ContestPart, MovePart, Term, fold},
    finding::{Code, Words},
    table::{At, Field, Row},
    value::{self, Fault, Prose},
};

/// Whether a rule set is one of primary school.
pub(crate) fn is_primary(rules: RuleSet) -> bool {
    matches!(rules, RuleSet::Tt27 | RuleSet::Tt30)
}

fn is_tt58(rules: RuleSet) -> bool {
    matches!(rules, RuleSet::Tt58 | RuleSet::Tt58Tt26)
}

/// A pupil's rows of the three tables.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub conduct: Option<&'a Row>,
    pub results: Option<&'a Row>,
    pub more: Option<&'a Row>,
}

/// Reads them into the draft.
pub(crate) fn fill(draft: &mut Draft, rows: Rows<'_>, rules: RuleSet, bag: &mut Bag) {
    conduct(draft, rows.conduct, rules, bag);
    results(draft, rows.results, rules, bag);
    if let Some(row) = rows.more {
        more(draft, row, bag);
    }
}

fn missing(at: At, vi: &str, en: &str, bag: &mut Bag) {
    let fault = Fault::error(
        Code::MissingValue,
        Words::new(format!("{vi}."), format!("{en}.")),
        Words::new("Điền ô này, hoặc xoá các ô thuộc về nó.", "Fill in this cell, or clear those that belong to it."),
    );
    bag.at(at, None, fault);
}

fn conduct(draft: &mut Draft, row: Option<&Row>, rules: RuleSet, bag: &mut Bag) {
    let get = |column: Column| row.and_then(|r| r.cells.get(&column));
    if is_primary(rules) {
        draft.attainments = attainments(row, bag);
    } else if is_tt58(rules) {
        draft.conduct_ranking = ConductRankingDraft {
            term1: bag.read(get(Column::Conduct(Term::First)), value::conduct_rank),
            term2: bag.read(get(Column::Conduct(Term::Second)), value::conduct_rank),
            year: bag.read(get(Column::ConductYear), value::conduct_rank),
            retrained: bag.read(get(Column::Retrained), value::conduct_rank),
        };
    } else {
        draft.conduct = ConductDraft {
            term1: bag.read(get(Column::Conduct(Term::First)), value::rating),
            term2: bag.read(get(Column::Conduct(Term::Second)), value::rating),
            year: bag.read(get(Column::ConductYear), value::rating),
            retrained: bag.read(get(Column::Retrained), value::rating),
        };
    }
    draft.attendance = Attendance {
        with_leave: bag.read(get(Column::WithLeave), value::count).unwrap_or(0),
        without_leave: bag.read(get(Column::WithoutLeave), value::count).unwrap_or(0),
    };
    draft.remark = bag.read(get(Column::HomeroomRemark), |f| value::text(f, Prose::Lines));
    let awards: BTreeSet<Column> =
        row.iter().flat_map(|r| r.cells.keys()).copied().filter(|c| matches!(c, Column::Award(_))).collect();
    draft.other_awards = awards.into_iter().filter_map(|c| bag.read(get(c), |f| value::text(f, Prose::Line))).collect();
    if let Some(text) = bag.read(get(Column::Title), |f| value::text(f, Prose::Line)) {
        title(draft, &text);
    }
}

/// The titles are the rules' to give; of the others each is an award of its own. That a pupil of primary school is
/// “tiêu biểu” is the class's word (TT 27/2020 Art. 13.1), which the rules ask for.
fn title(draft: &mut Draft, text: &Text) {
    for part in text.as_str().split([';', '\n']).map(str::trim).filter(|p| !p.is_empty()) {
        let folded = fold(part);
        let bare = folded.strip_prefix("hocsinh").or_else(|| folded.strip_prefix("hs")).unwrap_or(&folded);
        if bare.starts_with("tieubieu") || folded == "hstb" {
            draft.attainments.outstanding = true;
        } else if !matches!(bare, "xuatsac" | "gioi" | "tientien" | "khong")
            && let Ok(award) = part.parse()
        {
            draft.other_awards.push(award);
        }
    }
}

fn attainments(row: Option<&Row>, bag: &mut Bag) -> AttainmentsDraft {
    let get = |column: Column| row.and_then(|r| r.cells.get(&column));
    let mut draft = AttainmentsDraft::default();
    for (index, item) in (0_u8..).zip(&ITEMS) {
        let level = bag.read(get(Column::Attainment(index)), value::attainment_level);
        let remark = bag.read(get(Column::AttainmentRemark(index)), |f| value::text(f, Prose::Lines));
        let Some(level) = level else {
            if let (Some(_), Some(field), None) =
                (&remark, get(Column::AttainmentRemark(index)), get(Column::Attainment(index)))
            {
                missing(
                    field.at,
                    &format!("Mức đạt được của “{}”", item.name),
                    &format!("The level of “{}”", item.english),
                    bag,
                );
            }
            continue;
        };
        let list = if item.quality { &mut draft.qualities } else { &mut draft.competences };
        list.push(Attainment {
            code: item.code.parse().expect("the list's codes are codes"),
            name: item.name.parse().expect("the list's names are texts"),
            level,
            remark,
        });
    }
    draft.outstanding = bag.read(get(Column::Outstanding), value::flag).unwrap_or(false);
    draft.reassessed = bag.read(get(Column::AttainmentsReassessed), value::attainment_level);
    draft
}

fn results(draft: &mut Draft, row: Option<&Row>, rules: RuleSet, bag: &mut Bag) {
    let get = |column: Column| row.and_then(|r| r.cells.get(&column));
    let mut imported =
        ImportedResults { promotion: bag.read(get(Column::Promotion), value::promotion), ..ImportedResults::default() };
    if is_primary(rules) {
        imported.education_year = bag.read(get(Column::EducationYear), value::education_result);
    } else if is_tt58(rules) {
        let spans = [
            (Column::Overall(Term::First), Column::Study(Term::First)),
            (Column::Overall(Term::Second), Column::Study(Term::Second)),
            (Column::OverallYear, Column::StudyYear),
        ];
        for ((average, rank), place) in spans.into_iter().zip(&mut imported.ranking) {
            let mark: Option<Mark> = bag.read(get(average), value::mark);
            let rank_read = bag.read(get(rank), value::study_rank);
            if let (None, Some(_), Some(field)) = (get(average), rank_read, get(rank)) {
                // Not an error: it is compared and never taken over.
                let fault = Fault::warning(
                    Code::MissingValue,
                    Words::new("ĐTB các môn đi cùng học lực.", "The average that goes with the ranking."),
                    Words::new(
                        "Không có ĐTB các môn nên học lực này không được đối chiếu.",
                        "Without the average of all subjects this ranking is not compared.",
                    ),
                );
                bag.at(field.at, Some(field.shown()), fault);
            }
            *place = mark.map(|mark| (mark, rank_read));
        }
    } else {
        imported.study_term1 = bag.read(get(Column::Study(Term::First)), value::rating);
        imported.study_term2 = bag.read(get(Column::Study(Term::Second)), value::rating);
        imported.study_year = bag.read(get(Column::StudyYear), value::rating);
    }
    draft.imported = imported;
}

fn more(draft: &mut Draft, row: &Row, bag: &mut Bag) {
    let get = |column: Column| row.cells.get(&column);
    let line = |column: Column, bag: &mut Bag| bag.read(get(column), |f| value::text(f, Prose::Line));
    let plan = bag.read(get(Column::Plan), value::flag).unwrap_or(false);
    let note = line(Column::PlanNote, bag);
    if plan || note.is_some() {
        draft.plan = Some(IndividualPlanSection { note });
    }
    let repeating = bag.read(get(Column::Repeating), value::flag).unwrap_or(false);
    let moved_in = moved(row, Column::MovedIn, bag);
    let moved_out = moved(row, Column::MovedOut, bag);
    if repeating || moved_in.is_some() || moved_out.is_some() {
        draft.enrolment = Some(EnrolmentSection { repeating, moved_in, moved_out });
    }
    let numbers: BTreeSet<u8> = row
        .cells
        .keys()
        .filter_map(|c| match c {
            Column::Certificate(n, _) | Column::Contest(n, _) => Some(*n),
            _ => None,
        })
        .collect();
    for n in numbers {
        let cell = |part| Column::Certificate(n, part);
        let name = line(cell(CertificatePart::Name), bag);
        let grade = line(cell(CertificatePart::Grade), bag);
        let number = bag.read(get(cell(CertificatePart::Number)), |f| value::text(f, Prose::Code));
        let issued_on = bag.read(get(cell(CertificatePart::On)), value::date);
        match name {
            Some(name) => draft.certificates.push(CertificateLine { name, grade, number, issued_on }),
            None => {
                let rest = [CertificatePart::Grade, CertificatePart::Number, CertificatePart::On];
                if let Some(field) = rest.into_iter().find_map(|part| get(cell(part))) {
                    missing(field.at, "Tên chứng chỉ", "The certificate's name", bag);
                }
            }
        }
        let cell = |part| Column::Contest(n, part);
        let parts = [ContestPart::Name, ContestPart::Level, ContestPart::Prize].map(|part| get(cell(part)));
        let name = line(cell(ContestPart::Name), bag);
        let level = bag.read(get(cell(ContestPart::Level)), value::contest_level);
        let prize = line(cell(ContestPart::Prize), bag);
        match (name, level, prize) {
            (Some(name), Some(level), Some(prize)) => draft.contests.push(ContestLine { name, level, prize }),
            _ => {
                let absent = parts.iter().any(Option::is_none);
                if let Some(field) = parts.into_iter().flatten().next().filter(|_| absent) {
                    missing(field.at, "Tên cuộc thi, cấp và giải", "The contest's name, level and prize", bag);
                }
            }
        }
    }
}

fn moved(row: &Row, column: fn(MovePart) -> Column, bag: &mut Bag) -> Option<Move> {
    let get = |part| row.cells.get(&column(part));
    let on = bag.read(get(MovePart::On), value::date);
    let school_name = bag.read(get(MovePart::School), |f| value::text(f, Prose::Line));
    let school = bag.read(get(MovePart::Code), value::school_code);
    let class = bag.read(get(MovePart::Class), value::class_name);
    let fields: [Option<&Field>; 4] =
        [get(MovePart::On), get(MovePart::School), get(MovePart::Code), get(MovePart::Class)];
    match (on, school_name) {
        (Some(on), Some(school_name)) => Some(Move { on, school_name, school, class }),
        _ => {
            let absent = fields[0].is_none() || fields[1].is_none();
            if let Some(field) = fields.into_iter().flatten().next().filter(|_| absent) {
                missing(
                    field.at,
                    "Ngày và tên trường của lần chuyển trường",
                    "The day of the move and the other school",
                    bag,
                );
            }
            None
        }
    }
}
