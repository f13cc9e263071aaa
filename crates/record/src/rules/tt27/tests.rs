//! Thresholds by article, whole drafts, and the comparison with the clerk.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{
    example::{any_policy, any_pupil, attainment, draft, header, level, line, mark, points, text, with},
    reference::{self, Answer},
    *,
};
use crate::{
    catalogue,
    check::{Severity, check},
    draft::Assessment,
    rules::{self, Policies},
    section::{AttainmentLevel, IndividualPlanSection},
};
use EducationResult::{ChuaHoanThanh, HoanThanh, HoanThanhTot, HoanThanhXuatSac};

fn keys(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.message.key()).collect()
}

fn evaluated(grade: u8, draft: &Draft) -> Evaluation {
    evaluate(&header(grade), draft, &Policy::default()).expect("a sound draft")
}

fn refused(grade: u8, draft: &Draft) -> Vec<&'static str> {
    keys(&evaluate(&header(grade), draft, &Policy::default()).expect_err("a draft to refuse"))
}

fn year(grade: u8, draft: &Draft) -> EducationResult {
    evaluated(grade, draft).result.expect("no plan").year
}

/// A draft with one quality or competence at another level.
fn attained(mut draft: Draft, code: &str, level: AttainmentLevel) -> Draft {
    let given = &mut draft.attainments;
    let mut items = given.qualities.iter_mut().chain(&mut given.competences);
    items.find(|item| item.code.as_str() == code).expect("listed").level = level;
    draft
}

/// The result of a pupil whose lowest test, lowest subject, lowest quality or competence are these.
fn lowest(test: u32, subject: SubjectLevel, attainment: AttainmentLevel) -> EducationResult {
    let pupil = with(draft(5), "toan", level(SubjectLevel::HoanThanhTot, Some(test)));
    let pupil = with(pupil, "am_nhac", level(subject, None));
    year(5, &attained(pupil, "the_chat", attainment))
}

const BEST: (SubjectLevel, AttainmentLevel) = (SubjectLevel::HoanThanhTot, AttainmentLevel::Tot);

#[test]
fn art_9_2a_xuat_sac_needs_every_test_at_9() {
    for (test, result) in [(10, HoanThanhXuatSac), (9, HoanThanhXuatSac), (8, HoanThanhTot)] {
        assert_eq!(lowest(test, BEST.0, BEST.1), result, "{test}");
    }
}

#[test]
fn art_9_2a_tot_needs_every_test_at_7() {
    for (test, result) in [(8, HoanThanhTot), (7, HoanThanhTot), (6, HoanThanh)] {
        assert_eq!(lowest(test, BEST.0, BEST.1), result, "{test}");
    }
}

#[test]
fn art_9_2a_hoan_thanh_needs_every_test_at_5() {
    for (test, result) in [(6, HoanThanh), (5, HoanThanh), (4, ChuaHoanThanh), (0, ChuaHoanThanh)] {
        assert_eq!(lowest(test, BEST.0, BEST.1), result, "{test}");
        assert_eq!(lowest(test, SubjectLevel::HoanThanh, AttainmentLevel::Dat), result, "{test}");
    }
}

#[test]
fn art_9_2a_every_subject_is_t_for_tot_and_none_is_c_for_hoan_thanh() {
    for (subject, result) in [
        (SubjectLevel::HoanThanhTot, HoanThanhXuatSac),
        (SubjectLevel::HoanThanh, HoanThanh),
        (SubjectLevel::ChuaHoanThanh, ChuaHoanThanh),
    ] {
        assert_eq!(lowest(10, subject, AttainmentLevel::Tot), result, "{subject:?}");
    }
}

#[test]
fn art_9_2a_every_quality_and_competence_is_tot_for_tot_and_none_c_for_hoan_thanh() {
    for (attainment, result) in [
        (AttainmentLevel::Tot, HoanThanhXuatSac),
        (AttainmentLevel::Dat, HoanThanh),
        (AttainmentLevel::CanCoGang, ChuaHoanThanh),
    ] {
        assert_eq!(lowest(10, SubjectLevel::HoanThanhTot, attainment), result, "{attainment:?}");
        for code in ["yeu_nuoc", "trach_nhiem", "tu_chu_tu_hoc", "tin_hoc"] {
            assert_eq!(year(3, &attained(draft(3), code, attainment)), result, "{code} {attainment:?}");
        }
    }
}

#[test]
fn bars_of_the_policy_stand_where_it_puts_them() {
    let pupil = |test| with(draft(4), "toan", level(SubjectLevel::HoanThanhTot, Some(test)));
    let policy = Policy { excellent_test: 10, good_test: 9, completed_test: 6, ..Policy::default() };
    for (test, result) in [(10, HoanThanhTot), (9, HoanThanhTot), (8, HoanThanh), (6, HoanThanh), (5, ChuaHoanThanh)] {
        let found = evaluate(&header(4), &pupil(test), &policy).expect("sound").result.expect("no plan").year;
        assert_eq!(found, result, "{test}");
    }
}

/// May with one C, and what the summer made of it.
fn may_and_august(grade: u8, august: Option<SubjectLevel>, stated: Option<Promotion>) -> Draft {
    let assessment = Assessment::Level {
        year: Some(SubjectLevel::ChuaHoanThanh),
        test: Some(points(4)),
        reassessed: august,
        reassessed_test: august.map(|_| points(5)),
    };
    let mut pupil = with(draft(grade), "toan", assessment);
    pupil.imported.promotion = stated;
    pupil
}

#[test]
fn art_11_1_completing_the_grade_promotes_in_may_or_after_help() {
    use Promotion::{Pending, Promoted, PromotedAfterSummer, Retained};
    let (c, h) = (SubjectLevel::ChuaHoanThanh, SubjectLevel::HoanThanh);
    assert_eq!(evaluated(3, &draft(3)).promotion, Promoted);
    let just = with(draft(3), "toan", level(h, Some(5)));
    assert_eq!(evaluated(3, &just).promotion, Promoted);
    for (grade, august, stated, promotion) in [
        (3, None, None, Pending),
        (3, Some(h), None, PromotedAfterSummer),
        (3, Some(c), None, Retained),
        // Art. 11.1c: the principal's decision.
        (3, None, Some(Retained), Retained),
        (3, None, Some(PromotedAfterSummer), Pending),
        (3, Some(c), Some(PromotedAfterSummer), PromotedAfterSummer),
        (3, Some(c), Some(Promoted), Retained),
        (3, Some(h), Some(Retained), PromotedAfterSummer),
        (5, Some(c), Some(PromotedAfterSummer), Retained),
        (5, Some(h), None, PromotedAfterSummer),
    ] {
        let found = evaluated(grade, &may_and_august(grade, august, stated)).promotion;
        assert_eq!(found, promotion, "{grade} {august:?} {stated:?}");
    }
    let strict = Policy { principal_decides: false, ..Policy::default() };
    for (august, stated, promotion) in [(None, Retained, Pending), (Some(c), PromotedAfterSummer, Retained)] {
        let pupil = may_and_august(3, august, Some(stated));
        assert_eq!(evaluate(&header(3), &pupil, &strict).expect("sound").promotion, promotion);
    }
}

#[test]
fn art_11_1b_help_keeps_both_values() {
    let august = evaluated(5, &may_and_august(5, Some(SubjectLevel::HoanThanh), None));
    let result = august.result.expect("no plan");
    assert_eq!((result.year, result.reassessed), (ChuaHoanThanh, Some(HoanThanh)));
    assert_eq!(august.award, None);
    let toan = august.subjects.iter().find(|s| s.code.as_str() == "toan").expect("taught");
    let SubjectResult::Level { year, reassessed, .. } = toan.result else { panic!("a level") };
    assert_eq!((year, reassessed), (SubjectLevel::ChuaHoanThanh, Some(SubjectLevel::HoanThanh)));

    // The level reached by help is that of what needed it.
    let mut pupil =
        attained(attained(draft(2), "cham_chi", AttainmentLevel::CanCoGang), "nhan_ai", AttainmentLevel::Dat);
    for (reached, expected) in [
        (AttainmentLevel::Dat, HoanThanh),
        (AttainmentLevel::Tot, HoanThanh),
        (AttainmentLevel::CanCoGang, ChuaHoanThanh),
    ] {
        pupil.attainments.reassessed = Some(reached);
        let result = evaluated(2, &pupil).result.expect("no plan");
        assert_eq!((result.year, result.reassessed), (ChuaHoanThanh, Some(expected)), "{reached:?}");
    }
}

#[test]
fn art_11_2_primary_school_is_completed_with_grade_5() {
    let completed = |grade, pupil: &Draft| evaluated(grade, pupil).completion.map(|c| c.completed);
    assert_eq!(completed(4, &draft(4)), None);
    assert_eq!(completed(5, &draft(5)), Some(true));
    assert_eq!(completed(5, &may_and_august(5, None, None)), Some(false));
    assert_eq!(completed(5, &may_and_august(5, Some(SubjectLevel::HoanThanh), None)), Some(true));
    assert_eq!(completed(5, &may_and_august(5, Some(SubjectLevel::ChuaHoanThanh), None)), Some(false));
}

#[test]
fn art_13_1_titles() {
    for (test, outstanding, award) in [
        (9, false, Some(Award::Excellent {})),
        (9, true, Some(Award::Excellent {})),
        (8, true, Some(Award::Outstanding {})),
        (7, true, Some(Award::Outstanding {})),
        (8, false, None),
        (6, true, None),
    ] {
        let mut pupil = with(draft(4), "toan", level(SubjectLevel::HoanThanhTot, Some(test)));
        pupil.attainments.outstanding = outstanding;
        assert_eq!(evaluated(4, &pupil).award, award, "{test} {outstanding}");
    }
}

#[test]
fn art_7_1_tests_have_whole_marks_and_their_subjects_have_tests() {
    let test = |tenths| Assessment::Level {
        year: Some(SubjectLevel::HoanThanhTot),
        test: Some(mark(tenths)),
        reassessed: None,
        reassessed_test: None,
    };
    for (tenths, found) in
        [(90, None), (89, Some("test.not_whole")), (91, Some("test.not_whole")), (95, Some("test.not_whole"))]
    {
        let said = evaluate(&header(4), &with(draft(4), "toan", test(tenths)), &Policy::default());
        assert_eq!(said.err().map(|faults| keys(&faults)), found.map(|key| vec![key]), "{tenths}");
    }
    let lenient = Policy { whole_test_marks: false, ..Policy::default() };
    let pupil = with(draft(4), "toan", test(89));
    assert_eq!(evaluate(&header(4), &pupil, &lenient).expect("allowed").result.expect("no plan").year, HoanThanhTot);

    assert_eq!(refused(4, &with(draft(4), "dao_duc", level(SubjectLevel::HoanThanhTot, Some(9)))), ["test.unexpected"]);
    let untested = with(draft(4), "khoa_hoc", level(SubjectLevel::HoanThanhTot, None));
    assert_eq!(refused(4, &untested), ["mark.missing"]);
    let lenient = Policy { tests_required: false, ..Policy::default() };
    assert!(evaluate(&header(4), &untested, &lenient).is_ok());
}

#[test]
fn what_is_missing_is_refused_at_its_place() {
    let mut pupil = draft(5);
    let nothing = Assessment::Level { year: None, test: Some(points(9)), reassessed: None, reassessed_test: None };
    pupil = with(pupil, "toan", nothing);
    pupil.attainments.qualities.remove(0);
    pupil.attainments.competences.remove(9);
    let said: Vec<String> = evaluate(&header(5), &pupil, &Policy::default())
        .expect_err("holes")
        .iter()
        .map(|finding| format!("{} / {}", finding.place.vietnamese(), finding.place.english()))
        .collect();
    assert_eq!(
        said,
        [
            "Môn Toán, mức đạt được cả năm / Mathematics, year level",
            "Phẩm chất Yêu nước / Quality Patriotism",
            "Năng lực Thể chất / Competence Physical fitness",
        ]
    );
}

#[test]
fn the_lists_are_those_of_the_circular_and_of_the_grade() {
    let count = |grade| competences(Grade::new(grade).expect("a grade")).count();
    assert_eq!([1, 2, 3, 4, 5].map(count), [8, 8, 10, 10, 10]);
    let codes: Vec<&str> = QUALITIES.iter().map(|listed| listed.code).collect();
    assert_eq!(codes, ["yeu_nuoc", "nhan_ai", "cham_chi", "trung_thuc", "trach_nhiem"]);
    for listed in QUALITIES.iter().chain(&GENERAL_COMPETENCES).chain(&SPECIFIC_COMPETENCES) {
        assert!(listed.code.parse::<crate::types::SubjectCode>().is_ok());
        assert!(crate::check::inspect_text(listed.name).is_empty(), "{}", listed.name);
    }
    let mut early = draft(2);
    let informatics = SPECIFIC_COMPETENCES.iter().find(|listed| listed.code == "tin_hoc").expect("listed");
    early.attainments.competences.push(attainment(informatics, AttainmentLevel::Tot));
    assert_eq!(refused(2, &early), ["attainment.unknown"]);
    let mut twice = draft(4);
    twice.attainments.qualities.push(twice.attainments.qualities[0].clone());
    assert_eq!(refused(4, &twice), ["attainment.duplicate"]);
}

#[test]
fn attainments_are_recorded_in_the_order_of_the_form() {
    let mut turned = draft(5);
    turned.attainments.qualities.reverse();
    turned.attainments.competences.reverse();
    let (one, other) = (evaluated(5, &draft(5)), evaluated(5, &turned));
    assert_eq!((one.qualities, one.competences), (other.qualities, other.competences));
}

#[test]
fn the_foreign_language_of_grades_1_and_2_is_optional_and_counts_unless_told_otherwise() {
    let curriculum = header(2).form().curriculum();
    let english = catalogue::by_code(curriculum, "ngoai_ngu_1").expect("in the catalogue");
    assert_eq!(year(2, &draft(2)), HoanThanhXuatSac);
    let mut pupil = draft(2);
    pupil.subjects.push(line(english, level(SubjectLevel::HoanThanhTot, None))); // no test of Art. 7.1
    assert_eq!(year(2, &pupil), HoanThanhXuatSac);
    pupil = with(pupil, "ngoai_ngu_1", level(SubjectLevel::HoanThanh, Some(6)));
    assert_eq!(year(2, &pupil), HoanThanh);
    let without = Policy { optional_subjects_count: false, ..Policy::default() };
    let result = evaluate(&header(2), &pupil, &without).expect("sound").result.expect("no plan");
    assert_eq!(result.year, HoanThanhXuatSac);
    let mut missing = draft(3);
    missing.subjects.retain(|s| s.code.as_str() != "ngoai_ngu_1");
    assert_eq!(refused(3, &missing), ["subject.missing"]);
}

#[test]
fn marks_and_comments_of_other_levels_are_refused() {
    let comment = Assessment::Comment { term1: None, term2: None, year: None, reassessed: None };
    assert_eq!(refused(4, &with(draft(4), "am_nhac", comment)), ["subject.kind"]);
    let scored = rules::tt22::example::scored(90);
    assert_eq!(refused(4, &with(draft(4), "toan", scored)), ["subject.kind"]);
    assert_eq!(keys(&evaluate(&header(6), &draft(5), &Policy::default()).expect_err("grade 6")), ["grade.unsupported"]);
}

#[test]
fn exempt_subjects_count_nowhere_but_one_must_be_left() {
    let exempt = || Assessment::Exempt(text("Khuyết tật"));
    let pupil = with(draft(5), "giao_duc_the_chat", exempt());
    assert_eq!(year(5, &pupil), HoanThanhXuatSac);
    let mut all = draft(5);
    for subject in &mut all.subjects {
        subject.assessment = exempt();
    }
    assert_eq!(refused(5, &all), ["subjects.too_few"]);
}

#[test]
fn art_12_a_pupil_on_a_plan_has_what_the_plan_has_and_the_schools_decision() {
    let mut pupil = with(draft(5), "toan", Assessment::NotAssessed);
    assert_eq!(refused(5, &pupil), ["plan.missing"]);
    pupil.plan = Some(IndividualPlanSection { note: None });
    assert_eq!(refused(5, &pupil), ["promotion.missing"]);
    pupil.imported.promotion = Some(Promotion::Promoted);
    let part = evaluated(5, &pupil);
    assert_eq!((&part.result, part.promotion, &part.award), (&None, Promotion::Promoted, &None));
    assert_eq!(part.completion.map(|c| c.completed), Some(true));

    pupil.attainments.qualities.clear();
    pupil.attainments.competences.truncate(2);
    let sections = rules::sections(&header(5), &pupil, &Policies::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    assert!(names.contains(&"individual_plan".to_owned()) && names.contains(&"competences".to_owned()));
    assert!(!names.iter().any(|name| name == "qualities" || name == "education_result"));

    // Whole results are computed; the decision stays the school's.
    let mut whole = draft(5);
    whole.plan = Some(IndividualPlanSection { note: None });
    whole.imported.promotion = Some(Promotion::Retained);
    let whole = evaluated(5, &whole);
    assert_eq!((whole.result.map(|r| r.year), whole.promotion), (Some(HoanThanhXuatSac), Promotion::Retained));
    assert_eq!(whole.completion.map(|c| c.completed), Some(false));
}

#[test]
fn sections_come_in_the_order_of_the_form() {
    let pupil = draft(5);
    let sections = rules::sections(&header(5), &pupil, &Policies::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    let mut expected = vec!["school_details".to_owned(), "identity".into()];
    expected.extend(pupil.subjects.iter().map(|s| format!("subject.{}", s.code)));
    let results = ["qualities", "competences", "education_result"];
    let end = ["attendance", "promotion", "awards", "remarks", "completion"];
    expected.extend(results.into_iter().chain(end).map(str::to_owned));
    assert_eq!(names, expected);
    for section in &sections {
        assert_eq!(Section::from_value(&section.name(), &section.value()).as_ref(), Ok(section));
    }
}

#[test]
fn a_sound_pupil_of_every_primary_grade_has_no_finding_and_doubts_are_found() {
    for grade in 1..=5 {
        assert_eq!(check(&header(grade), &draft(grade), &Policies::default()), [], "{grade}");
    }
    let mut pupil = draft(4);
    pupil.imported.education_year = Some(HoanThanhTot);
    pupil.imported.promotion = Some(Promotion::Retained);
    pupil.attainments.reassessed = Some(AttainmentLevel::Tot);
    pupil = with(
        pupil,
        "toan",
        Assessment::Level {
            year: Some(SubjectLevel::HoanThanhTot),
            test: Some(points(9)),
            reassessed: None,
            reassessed_test: Some(points(10)),
        },
    );
    let findings = check(&header(4), &pupil, &Policies::default());
    assert!(findings.iter().all(|f| f.severity == Severity::Warning));
    assert_eq!(keys(&findings), ["result.disagrees", "result.disagrees", "summer.unneeded", "summer.unneeded"]);
    assert!(
        findings[0].vietnamese().starts_with("Kết quả giáo dục cả năm: tệp ghi Hoàn thành tốt, theo quy định là Hoàn")
    );

    let mut marked = draft(4);
    marked.attainments.qualities[0].remark = Some(text("Ðược"));
    marked.attendance.without_leave = 60; // primary school has no limit
    assert_eq!(keys(&check(&header(4), &marked, &Policies::default())), ["text.look_alike"]);
}

#[test]
fn a_policy_is_data_and_an_empty_one_is_the_default() {
    let policy = Policy { good_test: 8, ..Policy::default() };
    let json = serde_json::to_string(&policy).expect("plain data");
    assert_eq!(serde_json::from_str::<Policy>(&json).expect("its own form"), policy);
    assert_eq!(serde_json::from_str::<Policy>("{}").expect("defaults"), Policy::default());
    assert!(serde_json::from_str::<Policy>(r#"{"good":8}"#).is_err());
}

#[test]
fn the_random_pupils_reach_every_result_title_and_decision() {
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..2000 {
        let pupil = any_pupil().new_tree(&mut runner).expect("a pupil").current();
        let evaluation = evaluate(&pupil.0, &pupil.1, &Policy::default()).expect("complete");
        let result = evaluation.result.expect("no plan");
        for thing in [
            format!("{:?}", result.year),
            format!("again {:?}", result.reassessed),
            format!("{:?}", evaluation.award),
            format!("{:?}", evaluation.promotion),
        ] {
            *met.entry(thing).or_default() += 1;
        }
    }
    for thing in [
        "HoanThanhXuatSac",
        "HoanThanhTot",
        "HoanThanh",
        "ChuaHoanThanh",
        "again None",
        "again Some(HoanThanh)",
        "again Some(ChuaHoanThanh)",
        "None",
        "Some(Excellent)",
        "Some(Outstanding)",
        "Promoted",
        "PromotedAfterSummer",
        "Pending",
        "Retained",
    ] {
        assert!(met.get(thing).is_some_and(|times| *times >= 10), "{thing}: {met:?}");
    }
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(Config { cases: Config::default().cases.max(10_000), ..Config::default() })]

    #[test]
    fn the_rules_agree_with_the_clerk((header, draft) in any_pupil(), policy in any_policy()) {
        let evaluation = evaluate(&header, &draft, &policy).expect("complete");
        let result = evaluation.result.expect("no plan");
        let ours = Answer {
            year: result.year,
            reassessed: result.reassessed,
            promotion: evaluation.promotion,
            award: evaluation.award,
            completed: evaluation.completion.map(|c| c.completed),
        };
        prop_assert_eq!(ours, reference::answer(&header, &draft, &policy));
    }
}
