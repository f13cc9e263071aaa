//! TT 58/2011/TT-BGDĐT, lower and upper secondary before TT 22/2021, as issued and as amended by TT 26/2020/TT-BGDĐT;
//! articles without a source below are this circular's. Which edition applies follows from the class's year
//! ([`RuleSet::of`]).
//!
//! The editions differ in one thing a record shows: which subjects Art. 13 asks one of (Toán, Ngữ văn; since TT 26/2020 also
//! Ngoại ngữ). `domain.md` §1.5 has all of this from memory, so bars and readings are fields of [`Policy`]. Not covered:
//! the further condition for classes of specialised upper secondary schools (môn chuyên), which a draft does not tell.
//!
//! All arithmetic is in whole tenths.

mod ranking;
mod year_end;

use serde::{Deserialize, Serialize};

pub use ranking::{Bar, Lift};
pub use year_end::passes;

use super::{
    SubjectOutcome,
    average::Rounding,
    common::{self, Reached, YearEnd},
};
use crate::{
    check::{Finding, Message, Place, Span},
    draft::{ClassHeader, Draft},
    form::RuleSet,
    section::{
        Award, CompletionSection, ConductRankingSection, Promotion, Ranking, Section, StudyRankingSection,
        SubjectResult,
    },
    types::{Mark, SubjectCode},
};

/// What the circular leaves open, or what we had no text of at hand, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How an average becomes one decimal (Art. 11: "lấy đến chữ số thập phân thứ nhất sau khi làm tròn số"). Default
    /// [`Rounding::HalfUp`].
    pub rounding: Rounding,
    /// Loại giỏi (Art. 13.1). Default 8,0 on average and in one of the main subjects, none below 6,5.
    pub gioi: Bar,
    /// Loại khá (Art. 13.2). Default 6,5, 6,5 and 5,0.
    pub kha: Bar,
    /// Loại trung bình (Art. 13.3). Default 5,0, 5,0 and 3,5.
    pub trung_binh: Bar,
    /// Loại yếu (Art. 13.4). Default 3,5 on average, none below 2,0; neither main nor comment subjects matter. Kém is
    /// what remains (Art. 13.5).
    pub yeu: Bar,
    /// Whether the one subject of Art. 13.6 may be a comment subject. Default yes: the article says "duy nhất một môn học
    /// nào đó", and one CĐ takes a pupil from Giỏi to Yếu, which point b speaks of.
    pub one_subject_may_be_comment: bool,
    /// Whether optional subjects count towards averages and ranks. Default yes (Art. 9: "tham gia tính điểm trung bình
    /// các môn học như các môn học khác").
    pub optional_subjects_count: bool,
    /// Most sessions (buổi) a promoted pupil may have missed in the year (Art. 15.1b). Default 45.
    pub max_absences: u32,
    /// Whether a pupil whose học lực and hạnh kiểm are both Yếu is retained at once (Art. 15.2b). Default yes; otherwise
    /// both may be mended in summer.
    pub retained_when_both_fail: bool,
    /// Whether a source that says "không được lên lớp" is believed of a pupil who could have mended the year in summer
    /// and has no result of it. Default yes: these years are long over, and no one waits any more.
    pub believe_retained: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rounding: Rounding::HalfUp,
            gioi: Bar { average: 80, main: 80, floor: 65 },
            kha: Bar { average: 65, main: 65, floor: 50 },
            trung_binh: Bar { average: 50, main: 50, floor: 35 },
            yeu: Bar { average: 35, main: 0, floor: 20 },
            one_subject_may_be_comment: true,
            optional_subjects_count: true,
            max_absences: 45,
            retained_when_both_fail: true,
            believe_retained: true,
        }
    }
}

/// What a draft's year amounts to. Rankings are always there but for a pupil on a plan of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Each subject's result, in the order of the draft.
    pub subjects: Vec<SubjectOutcome>,
    /// Averages of all subjects and học lực (Art. 11, 13).
    pub study: Option<StudyRankingSection>,
    /// Where Art. 13.6 lifted a rank.
    pub lifts: Vec<Lift>,
    /// Hạnh kiểm (Art. 3, 4).
    pub conduct: Option<ConductRankingSection>,
    /// Promotion (Art. 15).
    pub promotion: Promotion,
    /// The title of Art. 18, where one is due.
    pub award: Option<Award>,
    /// Completion of the level, in grades 9 and 12.
    pub completion: Option<CompletionSection>,
}

/// The subjects of which Art. 13 asks one to reach a mark: Toán and Ngữ văn, since TT 26/2020 (its Art. 2) Ngoại ngữ too.
pub(super) fn main_subjects(edition: RuleSet) -> &'static [&'static str] {
    match edition {
        RuleSet::Tt58Tt26 => &["toan", "ngu_van", "ngoai_ngu_1"],
        _ => &["toan", "ngu_van"],
    }
}

/// Applies the rules to a draft.
///
/// Refuses what makes a result untrue: a missing mark, comment or rank of conduct (the year's is the homeroom teacher's,
/// Art. 4, and never computed), a subject that is missing, stands twice, is unknown, is assessed in the wrong way, or is
/// unassessed without a plan, and a pupil without any scored subject. Exempt subjects count nowhere.
///
/// For a pupil on a plan of their own (Art. 14) promotion is the decision the source states; học lực is left out where a
/// subject is unassessed or none is scored, hạnh kiểm where nothing of it is given.
///
/// # Errors
/// All such findings, each an error.
pub fn evaluate(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Evaluation, Vec<Finding>> {
    let edition = header.form().rules;
    if !matches!(edition, RuleSet::Tt58 | RuleSet::Tt58Tt26) {
        return Err(vec![Finding::error(Place::Class, Message::GradeUnsupported)]);
    }
    let on_plan = draft.plan.is_some();
    let mut faults = Vec::new();
    let lines = common::lines(header, draft, &mut faults, |known, subject, faults| {
        common::refuse_unassessed(draft, subject, faults);
        let result = common::graded(known, subject, policy.rounding, faults)?;
        let counts = common::counts(known, header.grade, policy.optional_subjects_count);
        Some((counts, SubjectOutcome { code: subject.code.clone(), result }))
    });
    let conduct = year_end::conduct(&draft.conduct_ranking, on_plan, &mut faults);
    let stated = if on_plan { common::stated_promotion(draft, &mut faults) } else { None };
    let counting = || lines.iter().filter(|(counts, _)| *counts).map(|(_, line)| line);
    let scored = counting().filter(|line| matches!(line.result, SubjectResult::Score { .. })).count();
    if faults.is_empty() && scored == 0 && !on_plan {
        faults.push(Finding::error(Place::Subjects, Message::SubjectsTooFew { found: 0, needed: 1 }));
    }
    if !faults.is_empty() {
        return Err(faults);
    }

    let mut lifts = Vec::new();
    let mut rank = |span| {
        let taking_part: Vec<(&SubjectCode, Reached)> =
            counting().filter_map(|line| Some((&line.code, common::reached(&line.result, span)?))).collect();
        let marks = taking_part.iter().filter_map(|(_, reached)| match reached {
            Reached::Score(mark) => Some((*mark, 1)),
            Reached::Comment(_) => None,
        });
        let average: Mark = policy.rounding.average(marks);
        let (rank, lift) = ranking::rank(average, &taking_part, main_subjects(edition), span, policy);
        lifts.extend(lift);
        Ranking { average, rank }
    };
    let whole = scored > 0 && !lines.iter().any(|(_, line)| matches!(line.result, SubjectResult::NotAssessed {}));
    let study = whole.then(|| {
        let (term1, term2, year) = (rank(Span::Term1), rank(Span::Term2), rank(Span::Year));
        let reassessed = counting().any(|line| common::is_reassessed(&line.result)).then(|| rank(Span::Summer));
        StudyRankingSection { term1, term2, year, reassessed }
    });
    let promotion = match (stated, &study, &conduct) {
        (None, Some(study), Some(conduct)) => year_end::promotion(study, conduct, draft, policy),
        (stated, ..) => stated.expect("without a plan, what is missing of study and conduct is a fault"),
    };
    let award = study
        .as_ref()
        .zip(conduct.as_ref())
        .and_then(|(study, conduct)| year_end::award(study.year.rank, conduct.year));
    let completion = common::completion(header, common::goes_on(promotion));
    let subjects = lines.iter().map(|(_, line)| line.clone()).collect();
    Ok(Evaluation { subjects, study, lifts, conduct, promotion, award, completion })
}

/// The sections of a draft without an error; see [`common::assemble`]. The results are học lực and hạnh kiểm.
///
/// # Errors
/// As for [`evaluate`].
pub(super) fn sections(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Vec<Section>, Vec<Finding>> {
    let Evaluation { subjects, study, conduct, promotion, award, completion, .. } = evaluate(header, draft, policy)?;
    let results = study.map(Section::StudyRanking).into_iter().chain(conduct.map(Section::ConductRanking));
    Ok(common::assemble(header, draft, subjects, results, YearEnd { promotion, award, completion }))
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
