//! Whole drafts: the circular has no thresholds.

use super::*;
use crate::{
    catalogue::{self, Subject, SubjectKind},
    check::{Severity, check},
    draft::{Assessment, AttainmentsDraft},
    rules::{
        self, Policies,
        tt22::example::{header_in, identity, text, with},
        tt27::example::{attainment, level, line, points},
    },
    section::{AttainmentLevel, IndividualPlanSection, SubjectLevel},
    types::Grade,
};

const YEAR: u16 = 2018;

fn header(grade: u8) -> ClassHeader {
    header_in(grade, YEAR)
}

/// A pupil of 2018-2019 with Hoàn thành, 8 and Đạt everywhere, who goes on.
pub(crate) fn draft(grade: u8) -> Draft {
    let at = Grade::new(grade).expect("a grade");
    let subject = |known: &Subject| {
        line(known, level(SubjectLevel::HoanThanh, (known.kind == SubjectKind::TestedLevel).then_some(8)))
    };
    let mut draft = Draft {
        subjects: catalogue::mandatory(header(grade).form().curriculum(), at).map(subject).collect(),
        attainments: AttainmentsDraft {
            qualities: QUALITIES.iter().map(|listed| attainment(listed, AttainmentLevel::Dat)).collect(),
            competences: COMPETENCES.iter().map(|listed| attainment(listed, AttainmentLevel::Dat)).collect(),
            ..AttainmentsDraft::default()
        },
        remark: Some(text("Chăm ngoan.")),
        ..Draft::of(identity(grade, YEAR))
    };
    draft.imported.promotion = Some(Promotion::Promoted);
    draft
}

fn refused(grade: u8, draft: &Draft) -> Vec<&'static str> {
    let faults = evaluate(&header(grade), draft, &Policy::default()).expect_err("a draft to refuse");
    faults.iter().map(|finding| finding.message.key()).collect()
}

#[test]
fn a_sound_pupil_of_every_grade_is_taken_as_stated() {
    for grade in 1..=5 {
        assert_eq!(check(&header(grade), &draft(grade), &Policies::default()), [], "{grade}");
        for promotion in [Promotion::Promoted, Promotion::PromotedAfterSummer, Promotion::Retained, Promotion::Pending]
        {
            let mut pupil = draft(grade);
            pupil.imported.promotion = Some(promotion);
            let evaluation = evaluate(&header(grade), &pupil, &Policy::default()).expect("sound");
            assert_eq!(evaluation.promotion, promotion);
            // Art. 14: completion of primary school is that of grade 5.
            let completes = matches!(promotion, Promotion::Promoted | Promotion::PromotedAfterSummer);
            assert_eq!(evaluation.completion.map(|c| c.completed), (grade == 5).then_some(completes));
        }
    }
}

#[test]
fn what_must_be_there_is_asked_for() {
    let mut pupil = draft(4);
    pupil.imported.promotion = None;
    assert_eq!(refused(4, &pupil), ["promotion.missing"]);
    let mut pupil = draft(4);
    pupil.attainments.qualities.pop();
    pupil.attainments.competences.remove(0);
    assert_eq!(refused(4, &pupil), ["attainment.missing", "attainment.missing"]);
    let mut pupil = draft(4);
    pupil.subjects.retain(|s| s.code.as_str() != "toan");
    assert_eq!(refused(4, &pupil), ["subject.missing"]);
    assert_eq!(refused(4, &with(draft(4), "am_nhac", Assessment::NotAssessed)), ["plan.missing"]);
}

#[test]
fn art_10_tests_are_whole_and_there() {
    let assess =
        |test| Assessment::Level { year: Some(SubjectLevel::HoanThanh), test, reassessed: None, reassessed_test: None };
    assert_eq!(refused(4, &with(draft(4), "toan", assess(None))), ["mark.missing"]);
    let half = rules::tt22::example::mark(85);
    assert_eq!(refused(4, &with(draft(4), "toan", assess(Some(half)))), ["test.not_whole"]);
    assert_eq!(refused(4, &with(draft(4), "am_nhac", assess(Some(points(8))))), ["test.unexpected"]);
    let lenient = Policy { tests_required: false, whole_test_marks: false };
    for test in [None, Some(half)] {
        assert!(evaluate(&header(4), &with(draft(4), "toan", assess(test)), &lenient).is_ok());
    }
}

#[test]
fn art_8_9_there_are_three_competences_and_four_qualities() {
    assert_eq!(COMPETENCES.map(|l| l.code), ["tu_phuc_vu_tu_quan", "hop_tac", "tu_hoc_giai_quyet_van_de"]);
    assert_eq!(
        QUALITIES.map(|l| l.code),
        ["cham_hoc_cham_lam", "tu_tin_trach_nhiem", "trung_thuc_ki_luat", "doan_ket_yeu_thuong"]
    );
    let mut of_tt27 = draft(3);
    of_tt27.attainments.qualities.push(attainment(&rules::tt27::QUALITIES[0], AttainmentLevel::Tot));
    assert_eq!(refused(3, &of_tt27), ["attainment.unknown"]);
}

#[test]
fn sections_come_in_the_order_of_the_form_without_a_result_of_the_year() {
    let pupil = draft(5);
    let sections = rules::sections(&header(5), &pupil, &Policies::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    let mut expected = vec!["school_details".to_owned(), "identity".into()];
    expected.extend(pupil.subjects.iter().map(|s| format!("subject.{}", s.code)));
    let rest = ["competences", "qualities", "attendance", "promotion", "awards", "remarks", "completion"];
    expected.extend(rest.map(str::to_owned));
    assert_eq!(names, expected);
}

#[test]
fn a_pupil_on_a_plan_has_what_the_plan_has() {
    let mut pupil = with(draft(5), "khoa_hoc", Assessment::NotAssessed);
    pupil.plan = Some(IndividualPlanSection { note: None });
    pupil.attainments = AttainmentsDraft::default();
    assert!(check(&header(5), &pupil, &Policies::default()).iter().all(|f| f.severity == Severity::Warning));
    let sections = rules::sections(&header(5), &pupil, &Policies::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    assert!(names.contains(&"individual_plan".to_owned()));
    assert!(!names.iter().any(|name| name == "competences" || name == "qualities"));
}
