//! Whole drafts.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{
    example::{any_policy, any_pupil, draft, header, mark, scored, term, text, with},
    reference::{self, Answer},
    *,
};
use crate::{
    check::{MarkPart, SubjectField, check},
    draft::{Assessment, ConductDraft, TermMarks},
    rules::{self, Policies},
    section::{
        Achievement, CertificateLine, ContestLevel, ContestLine, EnrolmentSection, Identifier, IdentifierKind,
        IndividualPlanSection, Move, Rating,
    },
    types::Mark,
};

fn keys(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.message.key()).collect()
}

fn evaluated(grade: u8, draft: &Draft) -> Evaluation {
    evaluate(&header(grade), draft, &Policy::default()).expect("a sound draft")
}

fn refused(grade: u8, draft: &Draft) -> Vec<&'static str> {
    keys(&evaluate(&header(grade), draft, &Policy::default()).expect_err("a draft to refuse"))
}

fn study(evaluation: &Evaluation) -> &StudySection {
    evaluation.study.as_ref().expect("no plan")
}

fn result<'a>(evaluation: &'a Evaluation, code: &str) -> &'a SubjectResult {
    &evaluation.subjects.iter().find(|s| s.code.as_str() == code).expect("a subject").result
}

#[test]
fn a_sound_pupil_of_every_secondary_grade_gets_results() {
    for grade in 6..=12 {
        let evaluation = evaluated(grade, &draft(grade));
        assert_eq!(study(&evaluation).year, Rating::Tot, "{grade}");
        assert_eq!(evaluation.promotion, Promotion::Promoted);
        assert_eq!(evaluation.award, Some(Award::Good {}));
        assert_eq!(evaluation.completion.is_some(), grade == 9 || grade == 12);
    }
}

#[test]
fn grades_and_years_of_other_circulars_are_not_covered() {
    assert_eq!(refused(5, &draft(9)), ["grade.unsupported"]);
}

#[test]
fn a_missing_mark_is_refused_and_named() {
    let marks = TermMarks { midterm: None, ..term(4, 80) };
    let assessment = Assessment::Score { term1: term(4, 80), term2: marks, year: Some(mark(80)), reassessed: None };
    let findings =
        evaluate(&header(9), &with(draft(9), "toan", assessment), &Policy::default()).expect_err("a mark is missing");
    let field = SubjectField::Mark { span: Span::Term2, part: MarkPart::Midterm };
    let place = Place::Subject { code: "toan".parse().expect("a code"), field };
    assert_eq!(findings, [Finding::error(place, Message::MarkMissing)]);
}

#[test]
fn an_imported_average_stands_in_for_missing_marks() {
    let imported = |tenths| TermMarks { average: Some(mark(tenths)), ..TermMarks::default() };
    let assessment = Assessment::Score { term1: imported(70), term2: imported(75), year: None, reassessed: None };
    let evaluation = evaluated(9, &with(draft(9), "toan", assessment));
    let expected = SubjectResult::Score { term1: mark(70), term2: mark(75), year: mark(73), reassessed: None };
    assert_eq!(result(&evaluation, "toan"), &expected);
}

#[test]
fn art_9_1a_a_comment_subject_ends_the_year_as_its_second_term() {
    for (term1, term2) in [(Achievement::ChuaDat, Achievement::Dat), (Achievement::Dat, Achievement::ChuaDat)] {
        let assessment =
            Assessment::Comment { term1: Some(term1), term2: Some(term2), year: Some(term1), reassessed: None };
        let evaluation = evaluated(9, &with(draft(9), "nghe_thuat", assessment));
        let expected = SubjectResult::Comment { term1, term2, year: term2, reassessed: None };
        assert_eq!(result(&evaluation, "nghe_thuat"), &expected);
    }
}

#[test]
fn a_comment_that_is_missing_is_refused() {
    let assessment = Assessment::Comment {
        term1: Some(Achievement::Dat),
        term2: None,
        year: Some(Achievement::Dat),
        reassessed: None,
    };
    assert_eq!(refused(9, &with(draft(9), "nghe_thuat", assessment)), ["mark.missing"]);
}

#[test]
fn exempt_and_unassessed_subjects_count_nowhere() {
    // Lower secondary has eight scored subjects: two out leaves the six of Art. 9.2a.
    let exempt = Assessment::Exempt(text("Khuyết tật"));
    let six = with(with(draft(9), "tin_hoc", exempt.clone()), "cong_nghe", Assessment::NotAssessed);
    let evaluation = evaluated(9, &with(six.clone(), "giao_duc_the_chat", exempt.clone()));
    assert_eq!(study(&evaluation).year, Rating::Tot);
    assert_eq!(result(&evaluation, "tin_hoc"), &SubjectResult::Exempt { reason: text("Khuyết tật") });
    assert_eq!(result(&evaluation, "cong_nghe"), &SubjectResult::NotAssessed {});
    assert_eq!(study(&evaluated(9, &with(six.clone(), "toan", scored(79)))).year, Rating::Kha);

    let five = with(six, "gdcd", exempt);
    assert_eq!(refused(9, &five), ["subjects.too_few"]);
    let policy = Policy { minimum_subjects: 5, ..Policy::default() };
    assert_eq!(study(&evaluate(&header(9), &five, &policy).expect("enough")).year, Rating::Tot);
}

#[test]
fn art_5_3_marks_for_a_comment_subject_are_refused_and_the_other_way_round() {
    assert_eq!(refused(9, &with(draft(9), "nghe_thuat", scored(90))), ["subject.kind"]);
    let comment = Assessment::Comment { term1: None, term2: None, year: None, reassessed: None };
    assert_eq!(refused(9, &with(draft(9), "toan", comment)), ["subject.kind"]);
}

#[test]
fn the_subjects_must_be_those_of_the_level() {
    let mut missing = draft(9);
    missing.subjects.remove(0);
    assert_eq!(refused(9, &missing), ["subject.missing"]);

    let mut twice = draft(9);
    twice.subjects.push(twice.subjects[0].clone());
    assert_eq!(refused(9, &twice), ["subject.duplicate"]);

    let mut unknown = draft(9);
    unknown.subjects[0].code = "vat_li".parse().expect("a code");
    assert_eq!(refused(9, &unknown), ["subject.unknown", "subject.missing"]);
}

#[test]
fn conduct_of_both_terms_is_needed_and_the_year_is_ours() {
    let mut pupil = draft(9);
    pupil.conduct.year = Some(Rating::Tot);
    pupil.conduct.term2 = Some(Rating::Dat);
    assert_eq!(evaluated(9, &pupil).conduct.map(|c| c.year), Some(Rating::Kha));
    pupil.conduct.term1 = None;
    assert_eq!(refused(9, &pupil), ["conduct.missing"]);
}

#[test]
fn art_9_3_is_applied_to_each_span_by_itself_and_reported() {
    let assessment = Assessment::Score { term1: term(4, 40), term2: term(4, 85), year: None, reassessed: None };
    let evaluation = evaluated(9, &with(draft(9), "toan", assessment)); // the year: (4,0 + 2 × 8,5) / 3 = 7,0
    assert_eq!((study(&evaluation).term1, study(&evaluation).year), (Rating::Kha, Rating::Tot));
    let lift = Lift { span: Span::Term1, subject: "toan".parse().expect("a code"), from: Rating::Dat, to: Rating::Kha };
    assert_eq!(evaluation.lifts, [lift]);
}

#[test]
fn art_14_re_assessment_keeps_both_values() {
    let weak = |reassessed| Assessment::Score { term1: term(4, 30), term2: term(4, 30), year: None, reassessed };
    let two_weak = |reassessed: Option<Mark>| with(with(draft(9), "toan", weak(reassessed)), "ngu_van", weak(None));

    let may = evaluated(9, &two_weak(None));
    assert_eq!((study(&may).year, study(&may).reassessed, may.promotion), (Rating::ChuaDat, None, Promotion::Pending));
    assert_eq!(may.completion.map(|c| c.completed), Some(false));

    let august = evaluated(9, &two_weak(Some(mark(55))));
    let expected =
        SubjectResult::Score { term1: mark(30), term2: mark(30), year: mark(30), reassessed: Some(mark(55)) };
    assert_eq!(result(&august, "toan"), &expected);
    assert_eq!(study(&august).year, Rating::ChuaDat);
    // Ngữ văn at 3,0 is now the only cause: Art. 9.3 lifts Chưa đạt to Đạt.
    assert_eq!(study(&august).reassessed, Some(Rating::Dat));
    assert_eq!(august.promotion, Promotion::PromotedAfterSummer);
    assert_eq!(august.completion.map(|c| c.completed), Some(true));
    assert_eq!(august.award, None);

    let in_vain = evaluated(9, &two_weak(Some(mark(34))));
    assert_eq!((study(&in_vain).reassessed, in_vain.promotion), (Some(Rating::ChuaDat), Promotion::Retained));
}

#[test]
fn optional_subjects_count_unless_the_policy_says_otherwise() {
    let mut pupil = with(draft(9), "toan", scored(79));
    pupil = with(with(pupil, "ngu_van", scored(79)), "gdcd", scored(79));
    assert_eq!(study(&evaluated(9, &pupil)).year, Rating::Kha); // five at 8,0
    let mut second_language = pupil.subjects[0].clone();
    second_language.code = "ngoai_ngu_2".parse().expect("a code");
    second_language.assessment = scored(85);
    pupil.subjects.push(second_language);
    assert_eq!(study(&evaluated(9, &pupil)).year, Rating::Tot);
    let policy = Policy { optional_subjects_count: false, ..Policy::default() };
    let without = evaluate(&header(9), &pupil, &policy).expect("sound");
    assert_eq!(study(&without).year, Rating::Kha);
    assert!(without.subjects.iter().any(|s| s.code.as_str() == "ngoai_ngu_2"));
}

#[test]
fn sections_come_in_the_order_of_the_form() {
    let mut pupil = draft(9);
    pupil.other_awards.push(text("Giải nhì cờ vua cấp xã"));
    pupil.identity.identifiers.push(Identifier::new(IdentifierKind::Ministry, text("7912345678")));
    let sections = sections(&header(9), &pupil, &Policy::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    let mut expected = vec!["school_details".to_owned(), "identity".into()];
    expected.extend(pupil.subjects.iter().map(|s| format!("subject.{}", s.code)));
    expected
        .extend(["result", "conduct", "attendance", "promotion", "awards", "remarks", "completion"].map(str::to_owned));
    assert_eq!(names, expected);
    for section in &sections {
        assert_eq!(Section::from_value(&section.name(), &section.value()).as_ref(), Ok(section));
        match section {
            Section::Identity(identity) => assert!(identity.identifiers.is_sorted()),
            Section::Awards(awards) => assert_eq!(awards.items.len(), 2),
            _ => {}
        }
    }
}

#[test]
fn grades_inside_a_level_and_pupils_without_a_remark_have_fewer_sections() {
    let mut pupil = draft(8);
    pupil.remark = None;
    let sections = sections(&header(8), &pupil, &Policy::default()).expect("sound");
    assert!(!sections.iter().any(|s| matches!(s, Section::Remarks(_) | Section::Completion(_))));
}

#[test]
fn a_look_alike_letter_stops_the_sections_though_the_results_are_sound() {
    let mut pupil = draft(9);
    pupil.identity.name = text("Ðào Thị Mẫu");
    assert!(evaluate(&header(9), &pupil, &Policy::default()).is_ok());
    assert_eq!(keys(&rules::sections(&header(9), &pupil, &Policies::default()).expect_err("Ð")), ["text.look_alike"]);
}

#[test]
fn art_11_a_pupil_on_a_plan_has_what_can_be_computed_and_the_schools_decision() {
    let on_plan = |mut pupil: Draft| {
        pupil.plan = Some(IndividualPlanSection { note: Some(text("Hoà nhập")) });
        pupil
    };
    assert_eq!(refused(9, &on_plan(draft(9))), ["promotion.missing"]);

    let mut pupil = on_plan(draft(9));
    pupil.imported.promotion = Some(Promotion::Retained);
    let whole = evaluated(9, &pupil);
    assert_eq!((study(&whole).year, whole.promotion), (Rating::Tot, Promotion::Retained));
    assert_eq!(whole.completion.map(|c| c.completed), Some(false));

    // Five of eight scored subjects, no conduct.
    for code in ["toan", "ngu_van", "tin_hoc"] {
        pupil = with(pupil, code, Assessment::NotAssessed);
    }
    pupil.conduct = ConductDraft::default();
    pupil.imported.promotion = Some(Promotion::Promoted);
    let part = evaluated(9, &pupil);
    assert_eq!((&part.study, &part.conduct, &part.award), (&None, &None, &None));
    assert_eq!((part.promotion, part.completion.map(|c| c.completed)), (Promotion::Promoted, Some(true)));
    let sections = sections(&header(9), &pupil, &Policy::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    assert_eq!(names[2], "individual_plan");
    assert!(!names.iter().any(|name| name == "result" || name == "conduct"));
    assert_eq!(check(&header(9), &pupil, &Policies::default()), []);

    // A plan leaves out whole results, not half of one, and no line in silence.
    pupil.conduct.term2 = Some(Rating::Tot);
    pupil.subjects.remove(3);
    assert_eq!(refused(9, &pupil), ["subject.missing", "conduct.missing"]);
}

#[test]
fn enrolment_certificates_and_contests_have_sections_where_there_are_any() {
    let mut pupil = draft(12);
    pupil.enrolment = Some(EnrolmentSection {
        repeating: false,
        moved_in: Some(Move {
            on: "2026-11-20".parse().expect("a date"),
            school_name: text("Trường THPT Cũ"),
            school: None,
            class: None,
        }),
        moved_out: None,
    });
    let certificate = CertificateLine {
        name: text("Chứng chỉ Nghề phổ thông"),
        grade: Some(text("Giỏi")),
        number: None,
        issued_on: None,
    };
    let contest =
        ContestLine {
            name: text("Học sinh giỏi môn Toán"), level: ContestLevel::Province, prize: text("Giải Nhì")
        };
    pupil.certificates = vec![certificate];
    pupil.contests = vec![contest];
    pupil.subjects[0].study_topics = true;
    let sections = sections(&header(12), &pupil, &Policy::default()).expect("sound");
    let names: Vec<String> = sections.iter().map(|s| s.name().to_string()).collect();
    assert_eq!(names[..4], ["school_details", "identity", "enrolment", "subject.toan"]);
    assert_eq!(names[names.len() - 5..], ["awards", "certificates", "contests", "remarks", "completion"]);
    for section in &sections {
        assert_eq!(Section::from_value(&section.name(), &section.value()).as_ref(), Ok(section));
        if let Section::Subject(line) = section {
            // In the bytes only where true, so that records without topics keep theirs.
            let said = serde_json::to_value(line).expect("plain data").get("study_topics").cloned();
            assert_eq!(said, (line.code.as_str() == "toan").then_some(serde_json::Value::Bool(true)));
        }
    }
}

#[test]
fn a_policy_is_data_and_an_empty_one_is_the_default() {
    let policy = Policy { rounding: Rounding::HalfEven, ..Policy::default() };
    let json = serde_json::to_string(&policy).expect("plain data");
    assert_eq!(serde_json::from_str::<Policy>(&json).expect("its own form"), policy);
    assert_eq!(serde_json::from_str::<Policy>("{}").expect("defaults"), Policy::default());
    assert!(serde_json::from_str::<Policy>(r#"{"rouding":"half_up"}"#).is_err());
}

fn ours(header: &ClassHeader, draft: &Draft, policy: &Policy) -> Option<Answer> {
    let evaluation = match evaluate(header, draft, policy) {
        Ok(evaluation) => evaluation,
        Err(findings) => {
            assert_eq!(keys(&findings), ["subjects.too_few"]);
            return None;
        }
    };
    let marks = evaluation.subjects.iter().map(|subject| match subject.result {
        SubjectResult::Score { term1, term2, year, .. } => Some((term1.tenths(), term2.tenths(), year.tenths())),
        _ => None,
    });
    let study = study(&evaluation);
    Some(Answer {
        marks: marks.collect(),
        study: (study.term1, study.term2, study.year, study.reassessed),
        conduct: evaluation.conduct.as_ref().expect("no plan").year,
        promotion: evaluation.promotion,
        award: evaluation.award,
        completed: evaluation.completion.map(|c| c.completed),
    })
}

#[test]
fn the_random_pupils_reach_every_level_award_decision_and_lift() {
    let mut runner = TestRunner::deterministic();
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..4096 {
        let pupil = any_pupil().new_tree(&mut runner).expect("a pupil").current();
        if let Ok(evaluation) = evaluate(&pupil.0, &pupil.1, &Policy::default()) {
            let lifts = evaluation.lifts.iter().map(|lift| format!("{:?} to {:?}", lift.from, lift.to));
            let title = format!("{:?}", evaluation.award);
            let decision = format!("{:?}", evaluation.promotion);
            for thing in lifts.chain([title, decision, format!("{:?}", study(&evaluation).year)]) {
                *met.entry(thing).or_default() += 1;
            }
        }
    }
    for thing in [
        "Tot",
        "Kha",
        "Dat",
        "ChuaDat",
        "Dat to Kha",
        "ChuaDat to Dat",
        "None",
        "Some(Good)",
        "Some(Excellent)",
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
        prop_assert_eq!(ours(&header, &draft, &policy), reference::answer(&header, &draft, &policy));
    }
}

proptest! {
    #[test]
    fn the_order_of_subjects_changes_no_result((header, draft) in any_pupil(), policy in any_policy()) {
        let mut turned = draft.clone();
        turned.subjects.reverse();
        let (one, other) = (evaluate(&header, &draft, &policy), evaluate(&header, &turned, &policy));
        if let (Ok(one), Ok(other)) = (one, other) {
            prop_assert_eq!((one.study, one.award, one.promotion), (other.study, other.award, other.promotion));
        }
    }
}
