//! One fault a test, in an otherwise sound draft.

use super::*;
use crate::{
    book::BookNumber,
    rules::tt22::example::{draft, header, mark, scored, term, text, with},
    section::{
        Achievement, CertificateLine, ContestLevel, ContestLine, EnrolmentSection, Identifier, IdentifierKind,
        IndividualPlanSection, Move, Promotion, Rating, Register, Sex, Verified,
    },
};

/// What a draft's check says, as severity and key.
fn said(grade: u8, draft: &Draft) -> Vec<(Severity, &'static str)> {
    let findings = check(&header(grade), draft, &Policies::default());
    findings.iter().map(|finding| (finding.severity, finding.message.key())).collect()
}

use Severity::{Error, Warning};

#[test]
fn a_sound_draft_of_every_secondary_grade_has_no_finding() {
    for grade in 6..=12 {
        assert_eq!(said(grade, &draft(grade)), [], "{grade}");
    }
}

#[test]
fn an_average_that_is_not_that_of_its_marks_is_shown_with_ours() {
    let wrong = TermMarks { average: Some(mark(89)), ..term(4, 86) };
    let assessment = Assessment::Score { term1: term(4, 86), term2: wrong, year: Some(mark(86)), reassessed: None };
    let findings = check(&header(9), &with(draft(9), "toan", assessment), &Policies::default());
    let place =
        Place::Subject { code: "toan".parse().expect("a code"), field: SubjectField::Average { span: Span::Term2 } };
    let message = Message::AverageDisagrees { imported: mark(89), computed: mark(86) };
    assert_eq!(findings, [Finding::warning(place, message)]);
    assert_eq!(
        findings[0].vietnamese(),
        "Môn Toán, điểm trung bình học kì II: tệp ghi 8,9, tính từ các điểm là 8,6. Học bạ sẽ ghi 8,6; hãy xem lại các \
         điểm nếu 8,9 mới đúng."
    );
    assert!(findings[0].english().starts_with("Mathematics, second term average: the file says 8.9"));
}

#[test]
fn a_year_average_that_disagrees_is_found_without_single_marks_too() {
    let imported = TermMarks { average: Some(mark(80)), ..TermMarks::default() };
    let assessment =
        Assessment::Score { term1: imported.clone(), term2: imported, year: Some(mark(81)), reassessed: None };
    assert_eq!(said(9, &with(draft(9), "toan", assessment)), [(Warning, "average.disagrees")]);
}

#[test]
fn a_missing_mark_is_an_error_unless_an_average_stands_in() {
    let mut marks = TermMarks { final_exam: None, ..term(4, 86) };
    let assess = |term1| Assessment::Score { term1, term2: term(4, 86), year: None, reassessed: None };
    assert_eq!(said(9, &with(draft(9), "toan", assess(marks.clone()))), [(Error, "mark.missing")]);
    marks.average = Some(mark(86));
    assert_eq!(said(9, &with(draft(9), "toan", assess(marks))), [(Warning, "mark.missing")]);
}

#[test]
fn art_6_2b_fewer_regular_marks_than_the_periods_call_for_are_a_warning() {
    let regular =
        |count| Assessment::Score { term1: term(count, 85), term2: term(4, 85), year: None, reassessed: None };
    assert_eq!(said(9, &with(draft(9), "toan", regular(3))), [(Warning, "marks.count")]);
    assert_eq!(said(9, &with(draft(9), "toan", regular(4))), []);
    assert_eq!(said(9, &with(draft(9), "toan", regular(5))), []);
    let lenient = tt22::Policy { count_regular_marks: false, ..tt22::Policy::default() };
    let lenient = Policies { tt22: lenient, ..Policies::default() };
    assert_eq!(check(&header(9), &with(draft(9), "toan", regular(3)), &lenient), []);
}

#[test]
fn art_9_1a_a_comment_year_other_than_the_second_term_is_a_warning() {
    let assessment = Assessment::Comment {
        term1: Some(Achievement::Dat),
        term2: Some(Achievement::Dat),
        year: Some(Achievement::ChuaDat),
        reassessed: None,
    };
    assert_eq!(said(9, &with(draft(9), "nghe_thuat", assessment)), [(Warning, "result.disagrees")]);
}

#[test]
fn what_the_rules_refuse_is_an_error_of_the_check() {
    let mut pupil = draft(9);
    pupil.subjects.remove(0);
    pupil.conduct.term1 = None;
    assert_eq!(said(9, &pupil), [(Error, "subject.missing"), (Error, "conduct.missing")]);
}

#[test]
fn upper_secondary_takes_four_electives() {
    let mut pupil = draft(10);
    let last = pupil.subjects.pop().expect("an elective");
    assert_eq!(said(10, &pupil), [(Warning, "electives.count")]);
    pupil.subjects.push(last);
    assert_eq!(said(10, &pupil), []);
}

#[test]
fn results_of_the_source_are_compared_with_ours() {
    let mut pupil = draft(9);
    pupil.imported.study_term1 = Some(Rating::Tot);
    pupil.imported.study_term2 = Some(Rating::Kha);
    pupil.imported.promotion = Some(Promotion::Retained);
    pupil.conduct.year = Some(Rating::Kha);
    let findings = check(&header(9), &pupil, &Policies::default());
    let places: Vec<&Place> = findings.iter().map(|f| &f.place).collect();
    assert_eq!(places, [&Place::Study { span: Span::Term2 }, &Place::Conduct { span: Span::Year }, &Place::Promotion]);
    assert!(findings.iter().all(|f| f.severity == Warning && f.message.key() == "result.disagrees"));
}

#[test]
fn absences_beyond_the_limit_are_pointed_out() {
    let mut pupil = draft(9);
    pupil.attendance.with_leave = 45;
    assert_eq!(said(9, &pupil), []);
    pupil.attendance.without_leave = 1;
    assert_eq!(said(9, &pupil), [(Warning, "attendance.over")]);
}

#[test]
fn summer_results_no_one_needed_are_pointed_out() {
    let reassessed =
        Assessment::Score { term1: term(4, 85), term2: term(4, 85), year: None, reassessed: Some(mark(90)) };
    assert_eq!(said(9, &with(draft(9), "toan", reassessed)), [(Warning, "summer.unneeded")]);
    let mut pupil = draft(9);
    pupil.conduct.retrained = Some(Rating::Tot);
    assert_eq!(said(9, &pupil), [(Warning, "summer.unneeded")]);
    let weak = with(with(draft(9), "toan", scored(30)), "ngu_van", scored(30));
    assert_eq!(said(9, &weak), []);
}

#[test]
fn a_missing_remark_is_a_warning() {
    let mut pupil = draft(9);
    pupil.remark = None;
    assert_eq!(said(9, &pupil), [(Warning, "remark.missing")]);
}

#[test]
fn look_alike_letters_are_found_wherever_text_is() {
    let bad = || Some(text("Ðức"));
    let faults: [fn(&mut Draft, Option<Text>); 8] = [
        |d, t| d.identity.name = t.expect("some"),
        |d, t| d.identity.ethnicity = t,
        |d, t| d.identity.birth_place = t,
        |d, t| d.subjects[3].name = t.expect("some"),
        |d, t| d.subjects[3].remark = t,
        |d, t| d.subjects[3].teacher = t,
        |d, t| d.remark = t,
        |d, t| d.other_awards.extend(t),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let mut pupil = draft(9);
        fault(&mut pupil, bad());
        assert_eq!(said(9, &pupil), [(Error, "text.look_alike")], "{number}");
    }
    let exempt = Assessment::Exempt(text("Ðơn"));
    assert_eq!(said(9, &with(draft(9), "giao_duc_the_chat", exempt)), [(Error, "text.look_alike")]);
    let mut class = header(9);
    class.school_name.ward = bad();
    assert_eq!(check(&class, &draft(9), &Policies::default()).len(), 1);
}

#[test]
fn a_birth_date_is_doubted_beyond_three_years_and_refused_in_the_school_year() {
    // Grade 9 of 2026-2027: usually born in 2012.
    for (year, expected) in [
        (2012, vec![]),
        (2009, vec![]),
        (2015, vec![]),
        (2008, vec![(Warning, "date.implausible")]),
        (2016, vec![(Warning, "date.implausible")]),
        (2025, vec![(Warning, "date.implausible")]),
        (2026, vec![(Error, "date.impossible")]),
        (2120, vec![(Error, "date.impossible")]),
    ] {
        let mut pupil = draft(9);
        pupil.identity.birth_date = PartialDate::new(year, None, None).expect("a year");
        pupil.identity.identifiers[0] = Identifier::new(IdentifierKind::School, text("HS001"));
        assert_eq!(said(9, &pupil), expected, "{year}");
    }
}

#[test]
fn at_least_one_identifier_is_needed_and_each_kind_once() {
    let mut pupil = draft(9);
    pupil.identity.identifiers.push(pupil.identity.identifiers[0].clone());
    assert_eq!(said(9, &pupil), [(Error, "identifier.repeated")]);
    pupil.identity.identifiers.clear();
    assert_eq!(said(9, &pupil), [(Error, "identifier.missing")]);
}

#[test]
fn numbers_have_the_digits_of_their_kind() {
    for (kind, value, expected) in [
        (IdentifierKind::Personal, "079312000001", vec![]),
        (IdentifierKind::Personal, "79312000001", vec![(Error, "identifier.shape")]),
        (IdentifierKind::Personal, "0793120000011", vec![(Error, "identifier.shape")]),
        (IdentifierKind::Personal, "07931200000A", vec![(Error, "identifier.shape")]),
        (IdentifierKind::Ministry, "7912345678", vec![]),
        (IdentifierKind::Ministry, "791234567", vec![(Error, "identifier.shape")]),
        (IdentifierKind::Temporary, "T1", vec![]),
    ] {
        let mut pupil = draft(9);
        pupil.identity.identifiers = vec![Identifier::new(kind, text(value))];
        assert_eq!(said(9, &pupil), expected, "{value}");
    }
}

#[test]
fn the_personal_number_speaks_of_birth_year_and_sex() {
    // Digit 4: 0 and 1 for 19xx, 2 and 3 for 20xx, 4 and 5 for 21xx; odd for female (NĐ 137/2015 Art. 13).
    for (value, sex, expected) in [
        ("079312000001", Sex::Female, vec![]),
        ("079212000001", Sex::Male, vec![]),
        ("079212000001", Sex::Other, vec![]),
        ("079212000001", Sex::Female, vec![IdentifierPart::Sex]),
        ("079312000001", Sex::Male, vec![IdentifierPart::Sex]),
        ("079313000001", Sex::Female, vec![IdentifierPart::BirthYear]),
        ("079112000001", Sex::Female, vec![IdentifierPart::BirthYear]),
        ("079412000001", Sex::Female, vec![IdentifierPart::BirthYear, IdentifierPart::Sex]),
    ] {
        let mut pupil = draft(9);
        pupil.identity.sex = sex;
        pupil.identity.identifiers[0].value = text(value);
        let place = Place::Identity { field: IdentityField::Identifier { kind: IdentifierKind::Personal } };
        let expected: Vec<Finding> = expected
            .into_iter()
            .map(|part| Finding::warning(place.clone(), Message::IdentifierDisagrees { part }))
            .collect();
        assert_eq!(check(&header(9), &pupil, &Policies::default()), expected, "{value} {sex:?}");
    }
}

#[test]
fn a_vietnamese_pupil_has_a_national_number_and_a_foreign_one_a_foreign_paper() {
    use IdentifierKind::{ForeignPaper, Lifelong, Ministry, Personal, School, Temporary};
    let place = Place::Identity { field: IdentityField::Identifiers };
    for (nationality, kind, value, expected) in [
        (Some("VN"), Personal, "079312000001", None),
        (Some("VN"), Ministry, "7912345678", None),
        (Some("VN"), Lifelong, "A1", None),
        (Some("VN"), Temporary, "T1", Some(Message::NationalIdentifierMissing)),
        (Some("VN"), School, "HS1", Some(Message::NationalIdentifierMissing)),
        (Some("LA"), ForeignPaper, "P1234567", None),
        (Some("LA"), Temporary, "T1", Some(Message::ForeignPaperMissing)),
        (Some("LA"), Ministry, "7912345678", Some(Message::ForeignPaperMissing)),
        (Some("Việt Nam"), Temporary, "T1", None), // no code: not judged
        (None, Temporary, "T1", None),
    ] {
        let mut pupil = draft(9);
        pupil.identity.nationality = nationality.map(text);
        pupil.identity.identifiers = vec![Identifier::new(kind, text(value))];
        let expected: Vec<Finding> =
            expected.map(|message| Finding::warning(place.clone(), message)).into_iter().collect();
        assert_eq!(check(&header(9), &pupil, &Policies::default()), expected, "{nationality:?} {kind:?}");
        let identity =
            IdentityPolicy { expect_national_number: false, expect_foreign_paper: false, ..Default::default() };
        assert_eq!(check(&header(9), &pupil, &Policies { identity, ..Policies::default() }), []);
    }
}

#[test]
fn the_province_of_the_number_is_compared_where_the_policy_lists_it() {
    let listed = [("079", "79"), ("074", "79"), ("001", "01")];
    let number_provinces =
        listed.map(|(number, code)| (number.to_owned(), code.parse().expect("a code"))).into_iter().collect();
    let identity = IdentityPolicy { number_provinces, ..IdentityPolicy::default() };
    let policies = Policies { identity, ..Policies::default() };
    for (number, born, doubted) in [
        ("079312000001", Some("79"), false),
        ("074312000001", Some("79"), false), // merged into it
        ("001312000001", Some("79"), true),
        ("001312000001", None, false),
        ("048312000001", Some("79"), false), // not listed
    ] {
        let mut pupil = draft(9);
        pupil.identity.birth_province = born.map(|code| code.parse().expect("a code"));
        pupil.identity.identifiers[0].value = text(number);
        let found = check(&header(9), &pupil, &policies);
        let expected = Message::IdentifierDisagrees { part: IdentifierPart::Province };
        assert_eq!(found.iter().map(|f| f.message).collect::<Vec<_>>(), Vec::from_iter(doubted.then_some(expected)));
        assert!(found.iter().all(|finding| finding.severity == Warning));
        assert_eq!(check(&header(9), &pupil, &Policies::default()), []);
    }
}

#[test]
fn when_an_identifier_was_verified_is_not_judged() {
    let mut pupil = draft(9);
    let on = "2190-01".parse().expect("a date");
    pupil.identity.identifiers[0].verified = Some(Verified { on, with: Register::Population });
    assert_eq!(said(9, &pupil), []);
}

#[test]
fn three_study_topics_are_chosen_in_upper_secondary() {
    let topics = |count: usize| {
        let mut pupil = draft(11);
        for line in pupil
            .subjects
            .iter_mut()
            .filter(|s| matches!(s.code.as_str(), "toan" | "ngu_van" | "lich_su" | "vat_li"))
            .take(count)
        {
            line.study_topics = true;
        }
        pupil
    };
    use tt22::CountTopics::{Always, Never, WhereEntered};
    for (count, never, entered, always) in
        [(0, false, false, true), (2, false, true, true), (3, false, false, false), (4, false, true, true)]
    {
        for (count_study_topics, doubted) in [(Never, never), (WhereEntered, entered), (Always, always)] {
            let policy = tt22::Policy { count_study_topics, ..tt22::Policy::default() };
            let found = check(&header(11), &topics(count), &Policies { tt22: policy, ..Policies::default() });
            let expected = Finding::warning(Place::Subjects, Message::TopicsCount { found: count, expected: 3 });
            assert_eq!(found, Vec::from_iter(doubted.then_some(expected)), "{count} {count_study_topics:?}");
        }
    }
    let always = tt22::Policy { count_study_topics: Always, ..tt22::Policy::default() };
    assert_eq!(check(&header(9), &draft(9), &Policies { tt22: always, ..Policies::default() }), []);
}

#[test]
fn study_topics_of_a_subject_without_any_are_refused() {
    for (grade, code) in [(11, "gdqpan"), (11, "ngoai_ngu_1"), (9, "toan")] {
        let mut pupil = draft(grade);
        pupil.subjects.iter_mut().find(|s| s.code.as_str() == code).expect("taught").study_topics = true;
        let keys: Vec<_> = said(grade, &pupil);
        assert!(keys.contains(&(Error, "topics.unexpected")), "{code} {keys:?}");
    }
}

#[test]
fn look_alike_letters_are_found_in_what_only_some_pupils_have() {
    let bad = || text("Ðức");
    let faults: [fn(&mut Draft, Text); 6] = [
        |d, t| d.plan = Some(IndividualPlanSection { note: Some(t) }),
        |d, t| {
            let moved = Move { on: "2026-10".parse().expect("a date"), school_name: t, school: None, class: None };
            d.enrolment = Some(EnrolmentSection { repeating: false, moved_in: None, moved_out: Some(moved) });
        },
        |d, t| d.certificates.push(CertificateLine { name: t, grade: None, number: None, issued_on: None }),
        |d, t| {
            let name = text("Nghề");
            d.certificates.push(CertificateLine { name, grade: None, number: Some(t), issued_on: None });
        },
        |d, t| d.contests.push(ContestLine { name: t, level: ContestLevel::School, prize: text("Giải Ba") }),
        |d, t| d.contests.push(ContestLine { name: text("Cờ vua"), level: ContestLevel::School, prize: t }),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let mut pupil = draft(9);
        pupil.imported.promotion = Some(Promotion::Promoted);
        fault(&mut pupil, bad());
        assert_eq!(said(9, &pupil), [(Error, "text.look_alike")], "{number}");
    }
}

#[test]
fn a_class_has_each_pupil_once() {
    let (one, mut twin, mut other) = (draft(9), draft(9), draft(9));
    twin.identity.identifiers[0].value = text("079312000002");
    other.identity.name = text("Trần Thị Khác");
    let found = check_class(&[one, twin, other]);
    let said: Vec<_> = found.iter().map(|(index, f)| (*index, f.severity, f.message)).collect();
    let duplicate = |by| Message::PupilDuplicate { other: 0, by };
    assert_eq!(
        said,
        [(1, Warning, duplicate(DuplicateBy::NameAndBirthDate)), (2, Error, duplicate(DuplicateBy::Identifier))]
    );
}

#[test]
fn no_sentence_holds_a_name_a_number_or_a_birth_date() {
    let mut pupil = draft(9);
    pupil.identity.name = text("Ðặng Bí Mật");
    pupil.identity.birth_date = PartialDate::new(1987, Some(11), Some(23)).expect("a date");
    pupil.identity.identifiers.push(Identifier::new(IdentifierKind::Ministry, text("99887766")));
    let findings = check(&header(9), &pupil, &Policies::default());
    assert_eq!(findings.len(), 4);
    for finding in &findings {
        let json = serde_json::to_string(finding).expect("plain data");
        for said in [finding.vietnamese(), finding.english(), json] {
            for secret in ["Bí Mật", "1987", "99887766", "079312"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}

#[test]
fn a_finding_is_data_under_its_key() {
    let code: crate::types::SubjectCode = "toan".parse().expect("a code");
    let place = Place::Subject { code, field: SubjectField::Mark { span: Span::Term1, part: MarkPart::Midterm } };
    let findings = [
        Finding::error(place.clone(), Message::MarkMissing),
        Finding::error(place.clone(), Message::TextLookAlike { found: 'Ð', suggested: 'Đ' }),
        Finding::warning(place.clone(), Message::AverageDisagrees { imported: mark(1), computed: mark(2) }),
        Finding::warning(
            Place::Promotion,
            Message::ResultDisagrees {
                imported: Outcome::Promotion(Promotion::Pending),
                computed: Outcome::Rating(Rating::Tot),
            },
        ),
    ];
    for finding in findings {
        let json = serde_json::to_value(&finding).expect("plain data");
        assert_eq!(json["message"]["key"], finding.message.key());
        assert_eq!(serde_json::from_value::<Finding>(json).expect("its own form"), finding);
    }
}

#[test]
fn the_key_of_every_message_is_the_one_in_json() {
    let rating = Outcome::Rating(Rating::Tot);
    let subject = catalogue::SubjectKind::Score;
    for message in [
        Message::MarkMissing,
        Message::MarkImpossible,
        Message::AverageDisagrees { imported: mark(1), computed: mark(2) },
        Message::MarksCount { found: 1, expected: 2 },
        Message::SubjectMissing,
        Message::SubjectDuplicate,
        Message::SubjectUnknown,
        Message::SubjectKind { expected: subject },
        Message::ElectivesCount { found: 1, expected: 4 },
        Message::SubjectsTooFew { found: 1, needed: 6 },
        Message::PlanMissing,
        Message::TopicsCount { found: 2, expected: 3 },
        Message::TopicsUnexpected,
        Message::TestNotWhole { found: mark(85) },
        Message::TestUnexpected,
        Message::AttainmentMissing,
        Message::AttainmentDuplicate,
        Message::AttainmentUnknown,
        Message::GradeUnsupported,
        Message::ConductMissing,
        Message::ConductRankMissing,
        Message::PromotionMissing,
        Message::ResultDisagrees { imported: rating, computed: rating },
        Message::AttendanceOver { sessions: 46, limit: 45 },
        Message::SummerUnneeded,
        Message::RemarkMissing,
        Message::TextEmpty,
        Message::TextTooLong { found: 5000, limit: 4096 },
        Message::TextNotNfc,
        Message::TextLookAlike { found: 'Ð', suggested: 'Đ' },
        Message::TextInvisible { found: '\u{200b}' },
        Message::TextSpacing,
        Message::TextLegacyFont,
        Message::DateImpossible,
        Message::DateImplausible { usual: 2012 },
        Message::IdentifierMissing,
        Message::IdentifierShape { digits: 12 },
        Message::IdentifierDisagrees { part: IdentifierPart::Sex },
        Message::IdentifierDisagrees { part: IdentifierPart::Province },
        Message::NationalIdentifierMissing,
        Message::ForeignPaperMissing,
        Message::IdentifierRepeated,
        Message::PupilDuplicate { other: 0, by: DuplicateBy::Identifier },
    ] {
        assert_eq!(serde_json::to_value(message).expect("plain data")["key"], message.key());
        // Every sentence ends, so that two of them can stand in a row.
        assert!(message.vietnamese().ends_with('.') && message.english().ends_with('.'), "{}", message.key());
        assert!(inspect_text(&message.vietnamese()).is_empty() || message.key().starts_with("text."));
    }
}

#[test]
fn a_mistyped_book_number_is_found_and_another_offices_left_alone() {
    let with = |book: &str| {
        let mut pupil = draft(9);
        pupil.identity.book = Some(text(book));
        said(9, &pupil)
    };
    let number = BookNumber::from_random(crate::types::EducationLevel::LowerSecondary, [7; 14]).to_string();
    assert_eq!(with(&number), []);
    assert_eq!(with("SO-79-000123"), []);
    let wrong = number.replacen('7', "8", 1);
    assert_eq!(with(&wrong), [(Error, "book.number")]);
}
