//! TT 30/2014/TT-BGDĐT as amended by TT 22/2016/TT-BGDĐT, primary school before TT 27/2020; articles without a source
//! below are this circular's.
//!
//! For years taken over from paper: what the paper states is recorded as it stands, and the checks ask for what must be
//! there. The circular has no result of the year beside "Hoàn thành chương trình lớp học" (Art. 14), which is the
//! decision on promotion the source states, and no titles with thresholds (Art. 16): awards are as printed. Of the years
//! before TT 22/2016 a subject is Hoàn thành or Chưa hoàn thành, and a quality Đạt or Chưa đạt (here: Cần cố gắng).

use serde::{Deserialize, Serialize};

use super::{
    SubjectOutcome,
    attainment::{Listed, attained},
    common::{self, Tests, YearEnd},
    tt27::listed,
};
use crate::{
    check::{AttainmentGroup, Finding, Message, Place},
    draft::{ClassHeader, Draft},
    form::RuleSet,
    section::{AttainmentsSection, CompletionSection, Promotion, Section},
};

/// Năng lực (Art. 8).
pub const COMPETENCES: [Listed; 3] = listed![
    "tu_phuc_vu_tu_quan" "Tự phục vụ, tự quản" "Self-reliance";
    "hop_tac" "Hợp tác" "Cooperation";
    "tu_hoc_giai_quyet_van_de" "Tự học và giải quyết vấn đề" "Self-study and problem solving";
];

/// Phẩm chất (Art. 9).
pub const QUALITIES: [Listed; 4] = listed![
    "cham_hoc_cham_lam" "Chăm học, chăm làm" "Diligence in study and work";
    "tu_tin_trach_nhiem" "Tự tin, trách nhiệm" "Confidence and responsibility";
    "trung_thuc_ki_luat" "Trung thực, kỉ luật" "Honesty and discipline";
    "doan_ket_yeu_thuong" "Đoàn kết, yêu thương" "Solidarity and affection";
];

/// What we had no text of at hand, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whether a mandatory subject with a test at the end of the year must have its mark (Art. 10.1). Default yes.
    pub tests_required: bool,
    /// Whether tests have whole marks only (Art. 10.3: ten-point scale, no decimals). Default yes.
    pub whole_test_marks: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { tests_required: true, whole_test_marks: true }
    }
}

/// What a draft's year states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Each subject's result, in the order of the draft.
    pub subjects: Vec<SubjectOutcome>,
    /// Competences in the order of [`COMPETENCES`]; empty only under a plan of one's own.
    pub competences: AttainmentsSection,
    /// Qualities in the order of [`QUALITIES`]; empty only under a plan of one's own.
    pub qualities: AttainmentsSection,
    /// Promotion as stated (Art. 14): promoted is Hoàn thành chương trình lớp học.
    pub promotion: Promotion,
    /// Completion of primary school (Art. 14), in grade 5.
    pub completion: Option<CompletionSection>,
}

/// Takes a draft as it states the year.
///
/// Refuses what leaves a hole in it: a level, a test, a quality, a competence or the decision that is missing, a test with a
/// decimal or of a subject without tests, a subject that is missing, stands twice, is unknown, is assessed in the wrong
/// way, or is unassessed without a plan of the pupil's own (under which qualities and competences may be missing).
///
/// # Errors
/// All such findings, each an error.
pub fn evaluate(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Evaluation, Vec<Finding>> {
    if header.form().rules != RuleSet::Tt30 {
        return Err(vec![Finding::error(Place::Class, Message::GradeUnsupported)]);
    }
    let on_plan = draft.plan.is_some();
    let tests = Tests { required: policy.tests_required, whole: policy.whole_test_marks };
    let mut faults = Vec::new();
    let subjects = common::lines(header, draft, &mut faults, |known, subject, faults| {
        common::refuse_unassessed(draft, subject, faults);
        let result = common::levelled(known, subject, header.grade, &tests, faults)?;
        Some(SubjectOutcome { code: subject.code.clone(), result })
    });
    let given = &draft.attainments;
    let competences =
        attained(AttainmentGroup::Competences, COMPETENCES.iter(), &given.competences, on_plan, &mut faults);
    let qualities = attained(AttainmentGroup::Qualities, QUALITIES.iter(), &given.qualities, on_plan, &mut faults);
    let Some(promotion) = common::stated_promotion(draft, &mut faults).filter(|_| faults.is_empty()) else {
        return Err(faults);
    };
    let completion = common::completion(header, common::goes_on(promotion));
    Ok(Evaluation { subjects, competences, qualities, promotion, completion })
}

/// The sections of a draft without an error; see [`common::assemble`]. The results are competences and qualities.
///
/// # Errors
/// As for [`evaluate`].
pub(super) fn sections(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Vec<Section>, Vec<Finding>> {
    let Evaluation { subjects, competences, qualities, promotion, completion } = evaluate(header, draft, policy)?;
    let given = |section: AttainmentsSection| Some(section).filter(|section| !section.items.is_empty());
    let results = given(competences).map(Section::Competences).into_iter();
    let results = results.chain(given(qualities).map(Section::Qualities));
    Ok(common::assemble(header, draft, subjects, results, YearEnd { promotion, award: None, completion }))
}

#[cfg(test)]
pub(super) mod tests;
