//! The same rules a second time, sentence by sentence as Art. 9.2a, 11 and 13.1 have them, to compare with: where the real
//! thing looks at the lowest of everything, the clerk ticks off one cell after the other. Nothing is shared but the types.

use super::Policy;
use crate::{
    catalogue,
    draft::{Assessment, ClassHeader, Draft},
    section::{AttainmentLevel, Award, EducationResult, Promotion, SubjectLevel},
    types::Mark,
};

/// What the clerk arrives at.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub year: EducationResult,
    pub reassessed: Option<EducationResult>,
    pub promotion: Promotion,
    pub award: Option<Award>,
    pub completed: Option<bool>,
}

/// T, H and C of the subjects, T, Đ and C of qualities and competences, tests in tenths.
fn judge(subjects: &[char], attainments: &[char], tests: &[u32], policy: &Policy) -> EducationResult {
    let mut excellent = true;
    let mut good = true;
    let mut done = true;
    for letter in subjects.iter().chain(attainments) {
        match letter {
            'T' => {}
            'H' | 'Đ' => (excellent, good) = (false, false),
            _ => (excellent, good, done) = (false, false, false),
        }
    }
    for test in tests {
        let short = |points: u8| *test < u32::from(points) * 10;
        excellent &= !short(policy.excellent_test);
        good &= !short(policy.good_test);
        done &= !short(policy.completed_test);
    }
    if excellent {
        EducationResult::HoanThanhXuatSac
    } else if good {
        EducationResult::HoanThanhTot
    } else if done {
        EducationResult::HoanThanh
    } else {
        EducationResult::ChuaHoanThanh
    }
}

/// The clerk's answer for a complete draft.
pub(super) fn answer(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Answer {
    let letter = |level: SubjectLevel| match level {
        SubjectLevel::HoanThanhTot => 'T',
        SubjectLevel::HoanThanh => 'H',
        SubjectLevel::ChuaHoanThanh => 'C',
    };
    let attained = |level: AttainmentLevel| match level {
        AttainmentLevel::Tot => 'T',
        AttainmentLevel::Dat => 'Đ',
        AttainmentLevel::CanCoGang => 'C',
    };
    let (mut may, mut august) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    let mut summer = draft.attainments.reassessed.is_some();
    for subject in &draft.subjects {
        let known = catalogue::by_code(header.form().curriculum(), subject.code.as_str()).expect("known");
        if known.standing(header.grade) == Some(catalogue::Standing::Optional) && !policy.optional_subjects_count {
            continue;
        }
        let Assessment::Level { year, test, reassessed, reassessed_test } = &subject.assessment else { continue };
        let year = year.expect("complete pupils only");
        summer = summer || reassessed.is_some() || reassessed_test.is_some();
        may.0.push(letter(year));
        august.0.push(letter(reassessed.unwrap_or(year)));
        may.1.extend(test.map(Mark::tenths));
        august.1.extend(reassessed_test.or(*test).map(Mark::tenths));
    }
    let items = || draft.attainments.qualities.iter().chain(&draft.attainments.competences);
    let of_may: Vec<char> = items().map(|item| attained(item.level)).collect();
    let helped = draft.attainments.reassessed.map(attained);
    let of_august: Vec<char> = of_may.iter().map(|c| if *c == 'C' { helped.unwrap_or('C') } else { *c }).collect();

    let year = judge(&may.0, &of_may, &may.1, policy);
    let reassessed = summer.then(|| judge(&august.0, &of_august, &august.1, policy));
    let failed = |result: EducationResult| result == EducationResult::ChuaHoanThanh;
    let source = if policy.principal_decides { draft.imported.promotion } else { None };
    let promotion = if !failed(year) {
        Promotion::Promoted
    } else {
        match reassessed {
            None if source == Some(Promotion::Retained) => Promotion::Retained,
            None => Promotion::Pending,
            Some(again) if !failed(again) => Promotion::PromotedAfterSummer,
            Some(_) if header.grade.number() < 5 && source == Some(Promotion::PromotedAfterSummer) => {
                Promotion::PromotedAfterSummer
            }
            Some(_) => Promotion::Retained,
        }
    };
    let award = if year == EducationResult::HoanThanhXuatSac {
        Some(Award::Excellent {})
    } else if year == EducationResult::HoanThanhTot && draft.attainments.outstanding {
        Some(Award::Outstanding {})
    } else {
        None
    };
    let completed = (header.grade.number() == 5).then_some(!failed(year) || reassessed.is_some_and(|r| !failed(r)));
    Answer { year, reassessed, promotion, award, completed }
}
