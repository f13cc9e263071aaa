//! Whole drafts by article, and the comparison with the clerk; thresholds of Art. 13 are tested beside `ranking::rank`.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{
    example::{YEARS, any_policy, any_pupil, comment, draft, header, mark, scored, term, text, with},
    reference::{self, Answer},
    *,
};
use crate::{
    check::{Severity, check},
    draft::{Assessment, ConductRankingDraft, TermMarks},
    rules::{self, Policies},
    section::{Achievement, ConductRank, IndividualPlanSection, StudyRank},
};

fn keys(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.message.key()).collect()
}

fn evaluated(draft: &Draft) -> Evaluation {
    evaluate(&header(9, 2018), draft, &Policy::default()).expect("a sound draft")
}

fn refused(draft: &Draft) -> Vec<&'static str> {
    keys(&evaluate(&header(9, 2018), draft, &Policy::default()).expect_err("a draft to refuse"))
}

fn pupil() -> Draft {
    draft(9, 2018)
}

/// A pupil with the same mark in every scored subject.
fn all(tenths: u32) -> Draft {
    let mut draft = pupil();
    for subject in &mut draft.subjects {
        if matches!(subject.assessment, Assessment::Score { .. }) {
            subject.assessment = scored(tenths);
        }
    }
    draft
}

/// The same with these ranks of conduct: the year's, and after the summer.
fn behaved(mut draft: Draft, year: ConductRank, retrained: Option<ConductRank>) -> Draft {
    draft.conduct_ranking.year = Some(year);
    draft.conduct_ranking.retrained = retrained;
    draft
}

#[test]
fn a_sound_pupil_of_every_secondary_grade_and_edition_has_no_finding() {
    for (grade, year) in (6..=12).flat_map(|grade| YEARS.map(|year| (grade, year))) {
        let pupil = draft(grade, year);
        assert_eq!(check(&header(grade, year), &pupil, &Policies::default()), [], "{grade} {year}");
        let evaluation = evaluate(&header(grade, year), &pupil, &Policy::default()).expect("sound");
        let study = evaluation.study.expect("no plan").year;
        assert_eq!((study.average, study.rank), (mark(85), StudyRank::Gioi));
        assert_eq!((evaluation.promotion, evaluation.award), (Promotion::Promoted, Some(Award::Good {})));
        assert_eq!(evaluation.completion.map(|c| c.completed), matches!(grade, 9 | 12).then_some(true));
    }
}

#[test]
fn art_11_tests_of_a_period_weigh_twice_and_the_examination_three_times() {
    for (regular, test, exam, average) in [
        ([60, 70], 80, 90, 80), // (60 + 70 + 160 + 270) / 7 = 80,0
        ([100, 0], 50, 50, 50), // 350 / 7
        ([64, 65], 64, 65, 65), // 452 / 7 = 64,57
        ([64, 64], 64, 65, 64), // 451 / 7 = 64,43
        ([79, 80], 79, 80, 80), // 557 / 7 = 79,57
        ([100, 100], 0, 0, 29), // 200 / 7 = 28,57
    ] {
        let marks = TermMarks {
            regular: regular.map(mark).to_vec(),
            midterm: Some(mark(test)),
            final_exam: Some(mark(exam)),
            average: None,
        };
        for year in YEARS {
            let assessment =
                Assessment::Score { term1: marks.clone(), term2: marks.clone(), year: None, reassessed: None };
            let draft = with(draft(9, year), "toan", assessment);
            let evaluation = evaluate(&header(9, year), &draft, &Policy::default()).expect("sound");
            let toan = evaluation.subjects.iter().find(|s| s.code.as_str() == "toan").expect("taught");
            let SubjectResult::Score { term1, year, .. } = toan.result else { panic!("scored") };
            assert_eq!((term1, year), (mark(average), mark(average)));
        }
    }
}

#[test]
fn art_11_an_imported_average_stands_in_for_missing_marks() {
    let imported = |tenths| TermMarks { average: Some(mark(tenths)), ..TermMarks::default() };
    let assessment = Assessment::Score { term1: imported(70), term2: imported(75), year: None, reassessed: None };
    let evaluation = evaluated(&with(pupil(), "toan", assessment));
    let expected = SubjectResult::Score { term1: mark(70), term2: mark(75), year: mark(73), reassessed: None };
    assert_eq!(evaluation.subjects[0].result, expected);
}

#[test]
fn art_11_the_average_of_all_subjects_is_of_the_scored_ones_with_one_decimal() {
    // Ten scored subjects in grade 9: nine at 8,5 and this one.
    for (tenths, average) in [(29, 79), (30, 80), (31, 80), (39, 80), (40, 81)] {
        let study = evaluated(&with(pupil(), "vat_li", scored(tenths))).study.expect("no plan");
        assert_eq!(study.year.average, mark(average), "{tenths}");
    }
    // Each span by itself.
    let assessment = Assessment::Score { term1: term(2, 30), term2: term(2, 85), year: None, reassessed: None };
    let study = evaluated(&with(pupil(), "vat_li", assessment)).study.expect("no plan");
    assert_eq!([&study.term1, &study.term2, &study.year].map(|r| r.average), [80, 85, 83].map(mark));
}

#[test]
fn art_10_a_comment_subject_ends_the_year_as_its_second_term() {
    for (term1, term2) in [(Achievement::ChuaDat, Achievement::Dat), (Achievement::Dat, Achievement::ChuaDat)] {
        let evaluation = evaluated(&with(pupil(), "the_duc", comment(term1, term2)));
        let line = evaluation.subjects.iter().find(|s| s.code.as_str() == "the_duc").expect("taught");
        assert_eq!(line.result, SubjectResult::Comment { term1, term2, year: term2, reassessed: None });
    }
}

#[test]
fn art_4_hanh_kiem_of_both_terms_and_of_the_year_is_the_teachers() {
    let spans = [Span::Term1, Span::Term2, Span::Year];
    for span in spans {
        let mut draft = pupil();
        let rank = match span {
            Span::Term1 => &mut draft.conduct_ranking.term1,
            Span::Term2 => &mut draft.conduct_ranking.term2,
            _ => &mut draft.conduct_ranking.year,
        };
        *rank = None;
        let faults = evaluate(&header(9, 2018), &draft, &Policy::default()).expect_err("missing");
        assert_eq!(faults, [Finding::error(Place::ConductRanking { span }, Message::ConductRankMissing)]);
    }
    let kha = behaved(pupil(), ConductRank::Kha, None);
    assert_eq!(evaluated(&kha).conduct.expect("no plan").year, ConductRank::Kha);
}

#[test]
fn art_15_1_hoc_luc_and_hanh_kiem_at_trung_binh_promote() {
    use ConductRank::{TrungBinh, Yeu};
    for (tenths, conduct, promotion) in [
        (51, TrungBinh, Promotion::Promoted),
        (50, TrungBinh, Promotion::Promoted),
        (49, TrungBinh, Promotion::Pending),
        (50, Yeu, Promotion::Pending),
    ] {
        assert_eq!(evaluated(&behaved(all(tenths), conduct, None)).promotion, promotion, "{tenths} {conduct:?}");
    }
}

#[test]
fn art_15_1b_the_45th_session_may_be_missed_and_the_46th_not() {
    for (sessions, promotion) in [(44, Promotion::Promoted), (45, Promotion::Promoted), (46, Promotion::Retained)] {
        let mut draft = pupil();
        (draft.attendance.with_leave, draft.attendance.without_leave) = (sessions - 20, 20);
        assert_eq!(evaluated(&draft).promotion, promotion, "{sessions}");
        let over = check(&header(9, 2018), &draft, &Policies::default());
        assert_eq!(keys(&over), if sessions > 45 { vec!["attendance.over"] } else { vec![] });
    }
}

#[test]
fn art_15_2b_kem_is_retained_and_so_are_two_yeu() {
    let yeu = ConductRank::Yeu;
    for (tenths, conduct, promotion) in [
        (35, ConductRank::Tot, Promotion::Pending),
        (34, ConductRank::Tot, Promotion::Retained),
        (49, yeu, Promotion::Retained),
        (35, yeu, Promotion::Retained),
    ] {
        assert_eq!(evaluated(&behaved(all(tenths), conduct, None)).promotion, promotion, "{tenths} {conduct:?}");
    }
    let lenient = Policy { retained_when_both_fail: false, ..Policy::default() };
    let found = evaluate(&header(9, 2018), &behaved(all(49), yeu, None), &lenient).expect("sound");
    assert_eq!(found.promotion, Promotion::Pending);
}

/// A pupil at 6,0 but for two subjects, of which one is tested again.
fn tested_again(again: Option<u32>) -> Draft {
    let weak = |reassessed: Option<u32>| Assessment::Score {
        term1: term(2, 30),
        term2: term(2, 30),
        year: None,
        reassessed: reassessed.map(mark),
    };
    with(
        with(all(60), "vat_li", weak(again)),
        "hoa_hoc",
        with(all(60), "toan", scored(45)).subjects[0].assessment.clone(),
    )
}

#[test]
fn art_16_a_test_taken_again_replaces_the_year_and_ranks_it_anew() {
    for (again, reassessed, promotion) in [
        (None, None, Promotion::Pending),
        (Some(35), Some(StudyRank::TrungBinh), Promotion::PromotedAfterSummer),
        (Some(34), Some(StudyRank::Yeu), Promotion::Retained),
        (Some(50), Some(StudyRank::TrungBinh), Promotion::PromotedAfterSummer),
    ] {
        let evaluation = evaluated(&tested_again(again));
        let study = evaluation.study.expect("no plan");
        assert_eq!(study.year.rank, StudyRank::Yeu);
        assert_eq!((study.reassessed.map(|r| r.rank), evaluation.promotion), (reassessed, promotion), "{again:?}");
    }
    // Eight at 6,0, one at 4,5, one at 5,0 instead of 3,0: the average is computed again.
    let study = evaluated(&tested_again(Some(50))).study.expect("no plan");
    assert_eq!((study.year.average, study.reassessed.expect("tested").average), (mark(56), mark(58)));
}

#[test]
fn art_16_who_did_not_come_is_retained_as_the_source_says() {
    let mut draft = tested_again(None);
    draft.imported.promotion = Some(Promotion::Retained);
    assert_eq!(evaluated(&draft).promotion, Promotion::Retained);
    let strict = Policy { believe_retained: false, ..Policy::default() };
    assert_eq!(evaluate(&header(9, 2018), &draft, &strict).expect("sound").promotion, Promotion::Pending);
    draft.imported.promotion = Some(Promotion::Promoted);
    assert_eq!(evaluated(&draft).promotion, Promotion::Pending);
    let mut sound = pupil();
    sound.imported.promotion = Some(Promotion::Retained);
    assert_eq!(evaluated(&sound).promotion, Promotion::Promoted);
}

#[test]
fn art_17_training_in_summer_mends_hanh_kiem() {
    use ConductRank::{TrungBinh, Yeu};
    for (retrained, promotion) in [
        (None, Promotion::Pending),
        (Some(TrungBinh), Promotion::PromotedAfterSummer),
        (Some(Yeu), Promotion::Retained),
    ] {
        assert_eq!(evaluated(&behaved(pupil(), Yeu, retrained)).promotion, promotion, "{retrained:?}");
    }
}

#[test]
fn art_18_titles() {
    use ConductRank::{Kha, Tot, TrungBinh};
    for (tenths, conduct, award) in [
        (80, Tot, Some(Award::Good {})),
        (79, Tot, Some(Award::Advanced {})),
        (80, Kha, Some(Award::Advanced {})),
        (80, TrungBinh, None),
        (65, Kha, Some(Award::Advanced {})),
        (65, Tot, Some(Award::Advanced {})),
        (65, TrungBinh, None),
        (64, Tot, None),
    ] {
        assert_eq!(evaluated(&behaved(all(tenths), conduct, None)).award, award, "{tenths} {conduct:?}");
    }
}

#[test]
fn art_9_optional_subjects_count_unless_the_policy_says_otherwise() {
    let mut draft = all(80);
    let mut informatics = draft.subjects[0].clone();
    informatics.code = "tin_hoc".parse().expect("a code");
    informatics.assessment = scored(64);
    draft.subjects.push(informatics);
    assert_eq!(evaluated(&draft).study.expect("no plan").year.rank, StudyRank::Kha);
    let without = Policy { optional_subjects_count: false, ..Policy::default() };
    let found = evaluate(&header(9, 2018), &draft, &without).expect("sound");
    assert_eq!(found.study.expect("no plan").year.rank, StudyRank::Gioi);
    assert!(found.subjects.iter().any(|s| s.code.as_str() == "tin_hoc"));
}

#[test]
fn tt26_counts_ngoai_ngu_in_its_years_only() {
    for (year, rank) in [(2019, StudyRank::Kha), (2020, StudyRank::Gioi)] {
        let mut draft = draft(9, year);
        for code in ["toan", "ngu_van"] {
            draft = with(draft, code, scored(79));
        }
        let study = evaluate(&header(9, year), &draft, &Policy::default()).expect("sound").study.expect("no plan");
        assert_eq!(study.year.rank, rank, "{year}");
    }
}

#[test]
fn art_13_6_is_reported_for_each_span() {
    let assessment = Assessment::Score { term1: term(2, 40), term2: term(2, 85), year: None, reassessed: None };
    let evaluation = evaluated(&with(pupil(), "dia_li", assessment)); // the year: (4,0 + 2 × 8,5) / 3 = 7,0
    let lift = Lift {
        span: Span::Term1,
        subject: "dia_li".parse().expect("a code"),
        from: StudyRank::TrungBinh,
        to: StudyRank::Kha,
    };
    assert_eq!(evaluation.lifts, [lift]);
}

#[test]
fn what_makes_a_result_untrue_is_refused() {
    let mut missing = pupil();
    missing.subjects.remove(0);
    assert_eq!(refused(&missing), ["subject.missing"]);
    let mut twice = pupil();
    twice.subjects.push(twice.subjects[0].clone());
    assert_eq!(refused(&twice), ["subject.duplicate"]);
    assert_eq!(refused(&with(pupil(), "the_duc", scored(80))), ["subject.kind"]);
    assert_eq!(refused(&with(pupil(), "toan", Assessment::NotAssessed)), ["plan.missing"]);
    let hole = TermMarks { final_exam: None, ..term(2, 80) };
    let assessment = Assessment::Score { term1: hole, term2: term(2, 80), year: None, reassessed: None };
    assert_eq!(refused(&with(pupil(), "toan", assessment)), ["mark.missing"]);
    let mut exempt = pupil();
    for subject in &mut exempt.subjects {
        subject.assessment = Assessment::Exempt(text("Khuyết tật"));
    }
    assert_eq!(refused(&exempt), ["subjects.too_few"]);
}

#[test]
fn art_14_a_pupil_on_a_plan_has_what_can_be_computed_and_the_schools_decision() {
    let mut draft = with(pupil(), "hoa_hoc", Assessment::NotAssessed);
    draft.plan = Some(IndividualPlanSection { note: None });
    draft.conduct_ranking = ConductRankingDraft::default();
    assert_eq!(refused(&draft), ["promotion.missing"]);
    draft.imported.promotion = Some(Promotion::Promoted);
    let evaluation = evaluated(&draft);
    assert_eq!((&evaluation.study, &evaluation.conduct, &evaluation.award), (&None, &None, &None));
    assert_eq!(evaluation.completion.map(|c| c.completed), Some(true));
    let sections = rules::sections(&header(9, 2018), &draft, &Policies::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    assert!(names.contains(&"individual_plan".to_owned()));
    assert!(!names.iter().any(|name| name == "study_ranking" || name == "conduct_ranking"));
    draft.conduct_ranking.year = Some(ConductRank::Tot);
    assert_eq!(refused(&draft), ["conduct_ranking.missing", "conduct_ranking.missing"]);
}

#[test]
fn sections_come_in_the_order_of_the_form() {
    let sections = rules::sections(&header(9, 2018), &pupil(), &Policies::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    let mut expected = vec!["school_details".to_owned(), "identity".into()];
    expected.extend(pupil().subjects.iter().map(|s| format!("subject.{}", s.code)));
    let rest = ["study_ranking", "conduct_ranking", "attendance", "promotion", "awards", "remarks", "completion"];
    expected.extend(rest.map(str::to_owned));
    assert_eq!(names, expected);
    for section in &sections {
        assert_eq!(Section::from_value(&section.name(), &section.value()).as_ref(), Ok(section));
    }
}

#[test]
fn results_of_the_source_are_compared_with_ours() {
    let mut draft = pupil();
    draft.imported.ranking =
        [Some((mark(85), Some(StudyRank::Gioi))), Some((mark(84), None)), Some((mark(85), Some(StudyRank::Kha)))];
    draft.imported.promotion = Some(Promotion::Pending);
    draft.conduct_ranking.retrained = Some(ConductRank::Tot);
    let findings = check(&header(9, 2018), &draft, &Policies::default());
    assert!(findings.iter().all(|f| f.severity == Severity::Warning));
    assert_eq!(keys(&findings), ["average.disagrees", "result.disagrees", "result.disagrees", "summer.unneeded"]);
    assert!(findings[1].vietnamese().starts_with("Học lực cả năm: tệp ghi Khá, theo quy định là Giỏi."));
}

#[test]
fn a_policy_is_data_and_an_empty_one_is_the_default() {
    let policy = Policy { max_absences: 40, ..Policy::default() };
    let json = serde_json::to_string(&policy).expect("plain data");
    assert_eq!(serde_json::from_str::<Policy>(&json).expect("its own form"), policy);
    assert_eq!(serde_json::from_str::<Policy>("{}").expect("defaults"), Policy::default());
    assert!(serde_json::from_str::<Policy>(r#"{"max_absence":1}"#).is_err());
}

#[test]
fn the_random_pupils_reach_every_rank_title_decision_and_lift() {
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..3000 {
        let (header, draft) = any_pupil(2020).new_tree(&mut runner).expect("a pupil").current();
        let evaluation = evaluate(&header, &draft, &Policy::default()).expect("complete");
        let lifts = evaluation.lifts.iter().map(|lift| format!("{:?} to {:?}", lift.from, lift.to));
        let rank = format!("{:?}", evaluation.study.expect("no plan").year.rank);
        let (award, promotion) = (format!("{:?}", evaluation.award), format!("{:?}", evaluation.promotion));
        for thing in lifts.chain([rank, award, promotion]) {
            *met.entry(thing).or_default() += 1;
        }
    }
    for thing in [
        "Gioi",
        "Kha",
        "TrungBinh",
        "Yeu",
        "Kem",
        "TrungBinh to Kha",
        "Yeu to TrungBinh",
        "Kem to Yeu",
        "None",
        "Some(Good)",
        "Some(Advanced)",
        "Promoted",
        "PromotedAfterSummer",
        "Pending",
        "Retained",
    ] {
        assert!(met.get(thing).is_some_and(|times| *times >= 10), "{thing}: {met:?}");
    }
}

fn ours(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Answer {
    let evaluation = evaluate(header, draft, policy).expect("complete");
    let study = evaluation.study.expect("no plan");
    let told = |ranking: Ranking| (ranking.average.tenths(), ranking.rank);
    Answer {
        study: [Some(told(study.term1)), Some(told(study.term2)), Some(told(study.year)), study.reassessed.map(told)],
        promotion: evaluation.promotion,
        award: evaluation.award,
        completed: evaluation.completion.map(|c| c.completed),
    }
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(Config { cases: Config::default().cases.max(10_000), ..Config::default() })]

    #[test]
    fn the_rules_agree_with_the_clerk((header, draft) in any_pupil(2018), policy in any_policy()) {
        prop_assert_eq!(ours(&header, &draft, &policy), reference::answer(&header, &draft, &policy));
    }

    #[test]
    fn the_rules_of_tt26_agree_with_the_clerk((header, draft) in any_pupil(2020), policy in any_policy()) {
        prop_assert_eq!(ours(&header, &draft, &policy), reference::answer(&header, &draft, &policy));
    }
}
