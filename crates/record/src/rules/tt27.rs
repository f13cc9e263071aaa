//! TT 27/2020/TT-BGDĐT, primary school; articles without a source below are this circular's.
//!
//! Teachers give levels, and marks of year-end tests; what follows from them is whether the pupil completes the grade, and
//! how well. `domain.md` §1.4 says which articles were read and which are from memory; the latter are fields of
//! [`Policy`].

use serde::{Deserialize, Serialize};

use super::{
    SubjectOutcome,
    attainment::{Listed, attained},
    common::{self, Tests, YearEnd},
};
use crate::{
    check::{AttainmentGroup, Finding, Message, Place},
    draft::{ClassHeader, Draft},
    form::RuleSet,
    section::{
        AttainmentLevel, AttainmentsSection, Award, CompletionSection, EducationResult, EducationResultSection,
        Promotion, Section, SubjectLevel, SubjectResult,
    },
    types::{Grade, Mark},
};

macro_rules! listed {
    ($($code:literal $name:literal $english:literal;)*) => {
        [$(Listed { code: $code, name: $name, english: $english }),*]
    };
}
pub(super) use listed;

/// Phẩm chất chủ yếu (Art. 5.2).
pub const QUALITIES: [Listed; 5] = listed![
    "yeu_nuoc" "Yêu nước" "Patriotism";
    "nhan_ai" "Nhân ái" "Kindness";
    "cham_chi" "Chăm chỉ" "Diligence";
    "trung_thuc" "Trung thực" "Honesty";
    "trach_nhiem" "Trách nhiệm" "Responsibility";
];

/// Năng lực chung (Art. 5.2).
pub const GENERAL_COMPETENCES: [Listed; 3] = listed![
    "tu_chu_tu_hoc" "Tự chủ và tự học" "Autonomy and self-study";
    "giao_tiep_hop_tac" "Giao tiếp và hợp tác" "Communication and cooperation";
    "giai_quyet_van_de_sang_tao" "Giải quyết vấn đề và sáng tạo" "Problem solving and creativity";
];

/// Năng lực đặc thù (Art. 5.2); see [`competences`] for what a grade has.
pub const SPECIFIC_COMPETENCES: [Listed; 7] = listed![
    "ngon_ngu" "Ngôn ngữ" "Language";
    "tinh_toan" "Tính toán" "Calculation";
    "khoa_hoc" "Khoa học" "Science";
    "cong_nghe" "Công nghệ" "Technology";
    "tin_hoc" "Tin học" "Informatics";
    "tham_mi" "Thẩm mĩ" "Aesthetics";
    "the_chat" "Thể chất" "Physical fitness";
];

/// The competences of a grade in the order of the form: the general ones, then the specific ones. Grades 1 and 2 have no
/// subject for technology and informatics, and no competence.
pub fn competences(grade: Grade) -> impl Iterator<Item = &'static Listed> + Clone {
    let taught = move |listed: &&Listed| grade.number() > 2 || !matches!(listed.code, "cong_nghe" | "tin_hoc");
    GENERAL_COMPETENCES.iter().chain(SPECIFIC_COMPETENCES.iter().filter(taught))
}

/// What the circular leaves open, or what we had no text of at hand, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Least mark of every year-end test for Hoàn thành xuất sắc (Art. 9.2a). Default 9.
    pub excellent_test: u8,
    /// The same for Hoàn thành tốt. Default 7.
    pub good_test: u8,
    /// The same for Hoàn thành. Default 5.
    pub completed_test: u8,
    /// Whether tests have whole marks only (Art. 7.1: ten-point scale, no decimals). Default yes.
    pub whole_test_marks: bool,
    /// Whether a mandatory subject with a test must have its mark (Art. 7.1). Default yes.
    pub tests_required: bool,
    /// Whether optional subjects (minority language; the foreign language in grades 1 and 2) count towards the year's
    /// result. Default yes: Art. 9.2a says "các môn học". They need no test; one that was taken counts.
    pub optional_subjects_count: bool,
    /// Whether the source's decision is taken for a pupil whose year, or summer, ends with Chưa hoàn thành: Art. 11.1c
    /// has the principal decide. Default yes: "ở lại lớp" is believed without a result of the summer, "lên lớp sau hè"
    /// only behind one and never out of grade 5, whose pupils must complete the programme (Art. 11.2).
    pub principal_decides: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            excellent_test: 9,
            good_test: 7,
            completed_test: 5,
            whole_test_marks: true,
            tests_required: true,
            optional_subjects_count: true,
            principal_decides: true,
        }
    }
}

/// What a draft's year amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Each subject's result, in the order of the draft.
    pub subjects: Vec<SubjectOutcome>,
    /// Qualities in the order of [`QUALITIES`]; empty only under a plan of one's own.
    pub qualities: AttainmentsSection,
    /// Competences in the order of [`competences`]; empty only under a plan of one's own.
    pub competences: AttainmentsSection,
    /// The year's result (Art. 9.2a); none for a pupil on a plan of their own that leaves out what it needs.
    pub result: Option<EducationResultSection>,
    /// Promotion (Art. 11.1).
    pub promotion: Promotion,
    /// The title of Art. 13.1, where one is due.
    pub award: Option<Award>,
    /// Completion of primary school (Art. 11.2), in grade 5.
    pub completion: Option<CompletionSection>,
}

/// Applies the rules to a draft.
///
/// Refuses what makes a result untrue: a level, a test of Art. 7.1, a quality or competence that is missing, a test with a
/// decimal or of a subject without tests, a subject that is missing, stands twice, is unknown, is assessed in the wrong
/// way, or is unassessed without a plan. Exempt subjects count nowhere.
///
/// For a pupil on a plan of their own (Art. 12) promotion is the decision the source states, and the year's result is left
/// out where a subject is unassessed or a quality or competence has no level.
///
/// # Errors
/// All such findings, each an error.
pub fn evaluate(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Evaluation, Vec<Finding>> {
    if header.form().rules != RuleSet::Tt27 {
        return Err(vec![Finding::error(Place::Class, Message::GradeUnsupported)]);
    }
    let on_plan = draft.plan.is_some();
    let tests = Tests { required: policy.tests_required, whole: policy.whole_test_marks };
    let mut faults = Vec::new();
    let lines = common::lines(header, draft, &mut faults, |known, subject, faults| {
        common::refuse_unassessed(draft, subject, faults);
        let result = common::levelled(known, subject, header.grade, &tests, faults)?;
        let counts = common::counts(known, header.grade, policy.optional_subjects_count);
        Some((counts, SubjectOutcome { code: subject.code.clone(), result }))
    });
    let given = &draft.attainments;
    let listed = competences(header.grade);
    let wanted = QUALITIES.len() + listed.clone().count();
    let qualities = attained(AttainmentGroup::Qualities, QUALITIES.iter(), &given.qualities, on_plan, &mut faults);
    let competences = attained(AttainmentGroup::Competences, listed, &given.competences, on_plan, &mut faults);
    let stated = if on_plan { common::stated_promotion(draft, &mut faults) } else { None };

    let counting = || lines.iter().filter(|(counts, _)| *counts).map(|(_, line)| &line.result);
    let assessed = counting().filter(|result| matches!(result, SubjectResult::Level { .. })).count();
    if faults.is_empty() && assessed == 0 && !on_plan {
        faults.push(Finding::error(Place::Subjects, Message::SubjectsTooFew { found: 0, needed: 1 }));
    }
    if !faults.is_empty() {
        return Err(faults);
    }

    let levels = || qualities.items.iter().chain(&competences.items).map(|item| item.level);
    let whole = levels().count() == wanted
        && assessed > 0
        && !lines.iter().any(|(_, line)| matches!(line.result, SubjectResult::NotAssessed {}));
    let result = whole.then(|| {
        let year = year_result(counting().filter_map(at_year_end), levels(), policy);
        let helped = given.reassessed.is_some() || counting().any(common::is_reassessed);
        // What needed help has the level it reached by it; what needed none keeps its own.
        let after_help = |level| match (level, given.reassessed) {
            (AttainmentLevel::CanCoGang, Some(reached)) => reached,
            _ => level,
        };
        let reassessed =
            helped.then(|| year_result(counting().filter_map(after_summer), levels().map(after_help), policy));
        EducationResultSection { year, reassessed }
    });
    let promotion = match (stated, &result) {
        (None, Some(result)) => promotion(result, draft.imported.promotion, header.grade, policy),
        (stated, _) => stated.expect("without a plan, what the result needs is there or a fault"),
    };
    let award = result.as_ref().and_then(|result| award(result.year, given.outstanding));
    let completed = match &result {
        // Going on is not completing: Art. 11.1c lets a principal promote a pupil who did not complete the grade.
        Some(result) if !on_plan => completes(result.year) || result.reassessed.is_some_and(completes),
        _ => common::goes_on(promotion),
    };
    let completion = common::completion(header, completed);
    let subjects = lines.iter().map(|(_, line)| line.clone()).collect();
    Ok(Evaluation { subjects, qualities, competences, result, promotion, award, completion })
}

/// The sections of a draft without an error; see [`common::assemble`]. The results are qualities, competences and the
/// year's result.
///
/// # Errors
/// As for [`evaluate`].
pub(super) fn sections(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Result<Vec<Section>, Vec<Finding>> {
    let Evaluation { subjects, qualities, competences, result, promotion, award, completion } =
        evaluate(header, draft, policy)?;
    let given = |section: AttainmentsSection| Some(section).filter(|section| !section.items.is_empty());
    let results = given(qualities).map(Section::Qualities).into_iter();
    let results = results.chain(given(competences).map(Section::Competences));
    let results = results.chain(result.map(Section::EducationResult));
    Ok(common::assemble(header, draft, subjects, results, YearEnd { promotion, award, completion }))
}

/// Whether a result is enough to complete the grade (Art. 11.1a): Hoàn thành or better.
pub fn completes(result: EducationResult) -> bool {
    result >= EducationResult::HoanThanh
}

/// Level and test of a line at the end of the year.
fn at_year_end(line: &SubjectResult) -> Option<(SubjectLevel, Option<Mark>)> {
    match *line {
        SubjectResult::Level { year, test, .. } => Some((year, test)),
        _ => None,
    }
}

/// The same after help and re-assessment (Art. 11.1b).
fn after_summer(line: &SubjectResult) -> Option<(SubjectLevel, Option<Mark>)> {
    match *line {
        SubjectResult::Level { year, test, reassessed, reassessed_test } => {
            Some((reassessed.unwrap_or(year), reassessed_test.or(test)))
        }
        _ => None,
    }
}

/// The year's result (Art. 9.2a). Every bar is on the lowest: the lowest subject, the lowest of qualities and
/// competences, the lowest test.
fn year_result(
    subjects: impl Iterator<Item = (SubjectLevel, Option<Mark>)>,
    attainments: impl Iterator<Item = AttainmentLevel>,
    policy: &Policy,
) -> EducationResult {
    let (mut subject, mut test) = (SubjectLevel::HoanThanhTot, Mark::MAX);
    for (level, mark) in subjects {
        subject = subject.min(level);
        test = test.min(mark.unwrap_or(Mark::MAX));
    }
    let attainment = attainments.min().unwrap_or(AttainmentLevel::Tot);
    let tests_at = |bar: u8| test.tenths() >= 10 * u32::from(bar);
    let best = subject == SubjectLevel::HoanThanhTot && attainment == AttainmentLevel::Tot;
    if best && tests_at(policy.excellent_test) {
        EducationResult::HoanThanhXuatSac
    } else if best && tests_at(policy.good_test) {
        EducationResult::HoanThanhTot
    } else if subject >= SubjectLevel::HoanThanh
        && attainment >= AttainmentLevel::Dat
        && tests_at(policy.completed_test)
    {
        EducationResult::HoanThanh
    } else {
        EducationResult::ChuaHoanThanh
    }
}

/// Promotion (Art. 11.1).
///
/// * The year completes the grade: promoted, whatever a needless result of the summer says.
/// * Otherwise teachers help and assess again. Not yet: pending. Completed then: promoted after the summer. Not completed:
///   the principal decides, and without a decision the pupil is retained ([`Policy::principal_decides`]).
fn promotion(result: &EducationResultSection, stated: Option<Promotion>, grade: Grade, policy: &Policy) -> Promotion {
    let decided = |decision| policy.principal_decides && stated == Some(decision);
    match result.reassessed {
        _ if completes(result.year) => Promotion::Promoted,
        Some(helped) if completes(helped) => Promotion::PromotedAfterSummer,
        Some(_) if decided(Promotion::PromotedAfterSummer) && !grade.ends_level() => Promotion::PromotedAfterSummer,
        None if !decided(Promotion::Retained) => Promotion::Pending,
        _ => Promotion::Retained,
    }
}

/// The title of the year (Art. 13.1): Hoàn thành xuất sắc is Học sinh Xuất sắc; Hoàn thành tốt of a pupil the class
/// recognises is Học sinh Tiêu biểu. The year counts as it stood in May.
fn award(year: EducationResult, outstanding: bool) -> Option<Award> {
    match year {
        EducationResult::HoanThanhXuatSac => Some(Award::Excellent {}),
        EducationResult::HoanThanhTot if outstanding => Some(Award::Outstanding {}),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod example;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
