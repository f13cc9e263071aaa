//! What the template holds is what is read from it.

mod common;

use common::{Book, sample, sound};
use hocba_record::{
    catalogue::{self, SubjectKind},
    check::{MarkPart, Place, Span, SubjectField},
    draft::{Assessment, ConductDraft, Draft, ImportedResults, SubjectDraft, TermMarks},
    form::{FORMS, TT22_THCS},
    rules::Policies,
    section::{Achievement, Attendance, Identifier, IdentifierKind, Identity, Promotion, Rating, Sex},
    types::{Grade, Mark, PartialDate, Text, UnixTime},
};
use hocba_sample::{Options, class};
use hocba_workbook::{Code, Limits, TemplateError, mandatory_subjects, read, template};
use proptest::{collection::vec, option, prelude::*, sample::select};

#[test]
fn a_filled_template_is_read_back_as_the_same_class() {
    for options in [Options::lower_secondary(), Options::upper_secondary()] {
        let (header, drafts) = class(5, &options);
        let bytes = template(Some(&header), &[], &drafts).expect("the layout holds the sample");
        let sheet = read(&bytes, &Limits::default()).expect("no fault");
        assert_eq!(sheet.header, header);
        assert_eq!(sheet.drafts(), drafts);
        assert_eq!(sheet.warnings, []);
        assert_eq!(sheet.check(&Policies::default()), []);
        assert!(bytes.len() < 200 * 1024, "{} bytes", bytes.len());
    }
}

#[test]
fn the_same_class_gives_the_same_bytes() {
    assert_eq!(sound(3), sound(3));
}

#[test]
fn an_empty_template_has_nothing_wrong_but_that_it_is_empty() {
    let (header, _) = sample(1);
    let bytes =
        template(Some(&header), &mandatory_subjects(header.form().curriculum(), header.grade), &[]).expect("written");
    let findings = read(&bytes, &Limits::default()).expect_err("no pupils");
    assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), [Code::NoPupils]);
    let blank = template(None, &mandatory_subjects(header.form().curriculum(), header.grade), &[]).expect("written");
    let findings = read(&blank, &Limits::default()).expect_err("no class either");
    let codes: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        codes,
        [
            "missing_value at Lớp!B1",
            "missing_value at Lớp!B2",
            "missing_value at Lớp!B5",
            "missing_value at Lớp!B6",
            "missing_value at Lớp!B7",
            "no_pupils at Học sinh",
        ]
    );
}

#[test]
fn a_finding_of_the_checks_is_at_the_cell_to_mend() {
    let sheet = Book::of(&sound(3))
        .clear("Toán", "H11")
        .clear("Rèn luyện", "D3")
        .clear("Ngữ văn", "E10")
        .clear("Ngữ văn", "H10")
        .clear("Ngữ văn", "I10")
        .read()
        .expect("the form is sound");
    let found: Vec<_> =
        sheet.check(&Policies::default()).into_iter().map(|(pupil, f)| (pupil, f.to_string())).collect();
    let found: Vec<_> = found.iter().map(|(pupil, f)| (*pupil, f.as_str())).collect();
    assert_eq!(
        found,
        [
            (1, "marks.count at Ngữ văn!E10"),
            (1, "mark.missing at Ngữ văn!H10"),
            (1, "conduct.missing at Rèn luyện!D3"),
            (2, "mark.missing at Toán!H11"),
        ]
    );
}

#[test]
fn every_place_has_a_cell_in_the_right_row() {
    let sheet = read(&sound(3), &Limits::default()).expect("no fault");
    let at = |place: &Place| {
        let location = sheet.locate(Some(1), place);
        format!("{}!{}", location.sheet, location.cell.map(|c| c.to_string()).unwrap_or_default())
    };
    let subject = |code: &str, field| Place::Subject { code: code.parse().expect("a code"), field };
    let mark = |span, part| subject("toan", SubjectField::Mark { span, part });
    for (place, cell) in [
        (mark(Span::Term1, MarkPart::Regular), "Toán!C10"),
        (mark(Span::Term1, MarkPart::Midterm), "Toán!G10"),
        (mark(Span::Term2, MarkPart::FinalExam), "Toán!O10"),
        (subject("toan", SubjectField::Average { span: Span::Year }), "Toán!Q10"),
        (subject("toan", SubjectField::Teacher), "Toán!B3"),
        (subject("toan", SubjectField::Remark), "Toán!T10"),
        (subject("nghe_thuat", SubjectField::Comment { span: Span::Term2 }), "Nghệ thuật!D10"),
        (subject("tieng_dan_toc", SubjectField::Line), "Học sinh!B3"),
        (Place::Conduct { span: Span::Year }, "Rèn luyện!E3"),
        (Place::Award { index: 0 }, "Rèn luyện!J3"),
        (Place::Study { span: Span::Year }, "Kết quả!E3"),
        (Place::Class, "Lớp!"),
    ] {
        assert_eq!(at(&place), cell, "{place:?}");
    }
}

#[test]
fn a_draft_the_layout_cannot_hold_is_refused() {
    let (header, mut drafts) = sample(1);
    let mark = Mark::from_tenths(80).expect("a mark");
    if let Assessment::Score { term1, .. } = &mut drafts[0].subjects[0].assessment {
        term1.regular = vec![mark; 10];
    }
    assert!(matches!(template(Some(&header), &[], &drafts), Err(TemplateError::TooManyMarks { .. })));
    let (_, mut drafts) = sample(1);
    drafts[0].subjects[0].code = "thien_van".parse().expect("a code");
    assert!(matches!(template(Some(&header), &[], &drafts), Err(TemplateError::UnknownSubject { .. })));
    let (_, mut drafts) = sample(1);
    let again = drafts[0].subjects[0].clone();
    drafts[0].subjects.push(again);
    assert!(matches!(template(Some(&header), &[], &drafts), Err(TemplateError::SubjectTwice { .. })));
}

#[test]
fn a_class_of_45_is_read_in_well_under_a_second() {
    let bytes = sound(45);
    #[expect(clippy::disallowed_methods, reason = "a test that measures")]
    let start = std::time::Instant::now();
    let sheet = read(&bytes, &Limits::default()).expect("no fault");
    let took = start.elapsed();
    println!("{} bytes, {} pupils: {took:?}", bytes.len(), sheet.rows.len());
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}

fn text(pattern: &'static str) -> impl Strategy<Value = Text> {
    pattern.prop_filter_map("a text", |s: String| s.parse().ok())
}
fn name() -> impl Strategy<Value = Text> {
    text("[A-ZĐÂƯ][a-zăâđêôơưáàảãạếềớợữỳ]{0,6}( [A-ZĐÊÔ][a-zàáâãèéêìíòóôõùúýăđĩũơưạ'-]{1,6}){1,3}")
}
fn line() -> impl Strategy<Value = Text> {
    text("[A-Za-z0-9Đđếữ=+@#_&<>\"'(]([A-Za-z0-9Đđếữ.,:;=+@#_&<>\"'()/-]| [a-zđ]){0,30}")
}
fn lines() -> impl Strategy<Value = Text> {
    text("[A-ZĐ]([a-zđếữ,.;!]| [a-zđ]|\n[a-z]){0,60}")
}
fn mark() -> impl Strategy<Value = Mark> {
    (0_u32..=100).prop_map(|t| Mark::from_tenths(t).expect("in range"))
}
fn rating() -> impl Strategy<Value = Rating> {
    select(vec![Rating::ChuaDat, Rating::Dat, Rating::Kha, Rating::Tot])
}
fn achievement() -> impl Strategy<Value = Achievement> {
    select(vec![Achievement::ChuaDat, Achievement::Dat])
}
fn term() -> impl Strategy<Value = TermMarks> {
    (vec(mark(), 0..=9), option::of(mark()), option::of(mark()), option::of(mark()))
        .prop_map(|(regular, midterm, final_exam, average)| TermMarks { regular, midterm, final_exam, average })
}
fn assessment(kind: SubjectKind) -> BoxedStrategy<Assessment> {
    let exempt = prop_oneof![Just(Assessment::NotAssessed), line().prop_map(Assessment::Exempt)];
    match kind {
        SubjectKind::Score => prop_oneof![
            8 => (term(), term(), option::of(mark()), option::of(mark()))
                .prop_map(|(term1, term2, year, reassessed)| Assessment::Score { term1, term2, year, reassessed }),
            1 => exempt,
        ]
        .boxed(),
        SubjectKind::Comment => prop_oneof![
            8 => (option::of(achievement()), option::of(achievement()), option::of(achievement()), option::of(achievement()))
                .prop_map(|(term1, term2, year, reassessed)| Assessment::Comment { term1, term2, year, reassessed }),
            1 => exempt,
        ]
        .boxed(),
        SubjectKind::Level | SubjectKind::TestedLevel => exempt.boxed(),
    }
}
fn subject(subject: &'static catalogue::Subject) -> impl Strategy<Value = SubjectDraft> {
    // Any name but that of another subject ("nn" is a usual abbreviation of one): a sheet that names two is refused, rightly.
    let own = |name: &Text| {
        let mut known = FORMS.into_iter().map(|form| catalogue::by_heading(form.curriculum(), name.as_str()));
        known.all(|known| known.is_none_or(|known| known.code == subject.code))
    };
    let printed = prop_oneof![
        Just(subject.name.parse::<Text>().expect("a text")),
        line().prop_filter("no other subject's name", own),
    ];
    let locked = option::of((0_i64..4_000_000_000).prop_map(|s| UnixTime::from_seconds(s).expect("in range")));
    (printed, assessment(subject.kind), option::of(lines()), option::of(name()), locked, option::of(line())).prop_map(
        |(name, assessment, remark, teacher, locked_at, source)| SubjectDraft {
            code: subject.code.parse().expect("a code"),
            name,
            assessment,
            study_topics: true,
            remark,
            teacher,
            locked_at,
            source,
        },
    )
}
fn identity() -> impl Strategy<Value = Identity> {
    let date = (1990_u16..2020, option::of((1_u8..=12, option::of(1_u8..=28)))).prop_map(|(year, rest)| {
        PartialDate::new(year, rest.map(|(m, _)| m), rest.and_then(|(_, d)| d)).expect("in the calendar")
    });
    let sex = select(vec![Sex::Male, Sex::Female, Sex::Other]);
    let numbers = (
        option::of(text("[A-Z][0-9]{7}")),
        option::of(text("[0-9A-Z]{8}")),
        option::of(text("[0-9]{10}")),
        option::of(text("[0-9]{12}")),
        option::of(text("[0-9A-Z-]{1,12}")),
        option::of(text("T[0-9]{4}")),
    );
    let rest = (option::of(line()), option::of(text("VN|LA|KR")), option::of(line()), option::of(line()));
    (name(), date, sex, numbers, rest).prop_map(|(name, birth_date, sex, numbers, rest)| {
        let (foreign, lifelong, ministry, personal, school, temporary) = numbers;
        let identifiers = [
            (IdentifierKind::ForeignPaper, foreign),
            (IdentifierKind::Lifelong, lifelong),
            (IdentifierKind::Ministry, ministry),
            (IdentifierKind::Personal, personal),
            (IdentifierKind::School, school),
            (IdentifierKind::Temporary, temporary),
        ];
        let (ethnicity, nationality, birth_place, book) = rest;
        Identity {
            name,
            birth_date,
            sex,
            ethnicity,
            nationality,
            birth_place,
            birth_province: None,
            identifiers: identifiers
                .into_iter()
                .filter_map(|(kind, value)| Some(Identifier::new(kind, value?)))
                .collect(),
            book,
        }
    })
}
fn draft() -> impl Strategy<Value = Draft> {
    let subjects: Vec<_> = mandatory_subjects(TT22_THCS.curriculum(), Grade::new(9).expect("a grade"))
        .into_iter()
        .map(|s| option::weighted(0.4, subject(s)))
        .collect();
    let conduct = (option::of(rating()), option::of(rating()), option::of(rating()), option::of(rating()))
        .prop_map(|(term1, term2, year, retrained)| ConductDraft { term1, term2, year, retrained });
    let attendance =
        (0_u16..=400, 0_u16..=400).prop_map(|(with_leave, without_leave)| Attendance { with_leave, without_leave });
    let promotion = option::of(select(vec![
        Promotion::Promoted,
        Promotion::PromotedAfterSummer,
        Promotion::Pending,
        Promotion::Retained,
    ]));
    let imported = (option::of(rating()), option::of(rating()), option::of(rating()), promotion).prop_map(
        |(study_term1, study_term2, study_year, promotion)| ImportedResults {
            study_term1,
            study_term2,
            study_year,
            promotion,
            ..ImportedResults::default()
        },
    );
    (identity(), subjects, conduct, attendance, option::of(lines()), vec(line(), 0..3), imported).prop_map(
        |(identity, subjects, conduct, attendance, remark, other_awards, imported)| Draft {
            subjects: subjects.into_iter().flatten().collect(),
            conduct,
            attendance,
            remark,
            other_awards,
            imported,
            ..Draft::of(identity)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_drafts_survive_the_workbook(drafts in vec(draft(), 1..4)) {
        let (header, _) = sample(1);
        let subjects = mandatory_subjects(header.form().curriculum(), header.grade);
        let bytes = template(Some(&header), &subjects, &drafts).expect("the layout holds them");
        let sheet = read(&bytes, &Limits::default());
        prop_assert!(sheet.is_ok(), "{:?}", sheet.err());
        let sheet = sheet.expect("just seen");
        prop_assert_eq!(sheet.header.clone(), header);
        prop_assert_eq!(sheet.drafts(), drafts);
        // Whatever the checks say, it is at a sheet that exists.
        for (_, finding) in sheet.check(&Policies::default()) {
            prop_assert!(!finding.sheet.is_empty(), "{}", finding);
        }
    }
}
