//! Going on to the next year: who goes up, who repeats, who leaves, and that no record is touched.

use std::collections::{BTreeMap, BTreeSet};

use hocba_app::{
    AppError, Lists, Mode, Move, Reach, RollOptions, SchoolFate, Scope,
    model::{Grant, GrantRole},
};
use hocba_bundle::report::Verdict;
use hocba_record::encoding::RecordId;
use hocba_store::model::{Id, School};
use hocba_tests::{
    SCHOOL,
    office::{OPERATOR, Office},
    school::sealed_school,
};

use crate::{
    department::of,
    names::{class, code, year},
    opening::opened,
};

/// The bytes of every signed statement.
async fn statements(office: &Office, classes: &[Id]) -> BTreeMap<(RecordId, u32), Vec<u8>> {
    let mut all = BTreeMap::new();
    for class in classes {
        for version in office.app.store().read().await.expect("read").records_of(class).await.expect("read") {
            if let Some(statement) = &version.statement {
                all.insert((version.record, version.version), statement.to_bytes());
            }
        }
    }
    all
}

/// Rolls a school over and looks at everything that must hold afterwards.
async fn rolls_over(pupils: usize, per_grade: usize) {
    let (office, ids, sample) = sealed_school(pupils, per_grade).await;
    let (school, years) = (code(SCHOOL), (year(2026), year(2027)));
    let before = statements(&office, &ids).await;
    let last = sample.classes.last().expect("a class").options.clone();
    let none = RollOptions::default();
    let early = office.app.roll_over(&OPERATOR, &school, years, &none, Mode::Apply).await;
    assert!(matches!(early, Err(AppError::YearNotOpen(_))), "the next year is opened first");
    office.app.open_year(&OPERATOR, &school, years.1).await.expect("opened");

    let options = RollOptions {
        decisions: BTreeMap::from([
            ((class("8A1"), 1), Move::Repeat),
            ((class("8A1"), 2), Move::Transfer),
            ((last.class.clone(), 1), Move::Promote),
        ]),
        ..RollOptions::default()
    };
    let shown = office.app.roll_over(&OPERATOR, &school, years, &options, Mode::Preview).await.expect("shown");
    assert_eq!(office.database.count("SELECT COUNT(*) FROM class_members").await, 0, "a preview writes nothing");
    let one = RollOptions { class: Some(class("8A1")), ..RollOptions::default() };
    let of_class = office.app.roll_over(&OPERATOR, &school, years, &one, Mode::Preview).await.expect("shown");
    let all = RollOptions::default();
    let whole = office.app.roll_over(&OPERATOR, &school, years, &all, Mode::Preview).await.expect("shown");
    let lines = whole.pupils.iter().filter(|line| line.class == class("8A1"));
    assert!(lines.eq(&of_class.pupils), "a class by itself is shown as it is among the others");
    let done = office.app.roll_over(&OPERATOR, &school, years, &options, Mode::Apply).await.expect("rolled");
    assert_eq!(done.pupils, shown.pupils);
    assert_eq!(done.pupils.len(), pupils);
    let counts = done.counts();
    let of_grade = |n: u8| {
        sample.classes.iter().filter(|c| c.options.grade.number() == n).map(|c| c.options.pupils).sum::<usize>()
    };
    assert_eq!(counts[&Move::Leave], of_grade(9), "the last grade leaves");
    assert_eq!(counts[&Move::Undecided], last.pupils - 1, "no sealed record, no guess");
    assert_eq!((counts[&Move::Repeat], counts[&Move::Transfer]), (1, 1));
    assert_eq!(done.placed, counts[&Move::Promote] + counts[&Move::Repeat]);
    let repeats = done.pupils.iter().find(|l| l.what == Move::Repeat).expect("one");
    assert_eq!((repeats.into.as_ref(), repeats.decided), (Some(&class("8A1")), true));
    let up = done.pupils.iter().find(|l| (l.class.as_str(), l.number) == ("8A1", 3)).expect("one");
    assert_eq!(up.into, Some(class("9A1")));
    let on_lists = office.database.count("SELECT COUNT(*) FROM class_members").await;
    assert_eq!(on_lists, i64::try_from(done.placed).expect("a count"));

    // Done again it changes nothing, and who was decided since is moved.
    let audited = office.database.count("SELECT COUNT(*) FROM audit_events").await;
    let again = office.app.roll_over(&OPERATOR, &school, years, &options, Mode::Apply).await.expect("rolled");
    assert_eq!((again.placed, again.unchanged, again.new_classes.len()), (0, done.placed, 0));
    assert_eq!(office.database.count("SELECT COUNT(*) FROM audit_events").await, audited);
    let decided =
        RollOptions { decisions: BTreeMap::from([((class("8A1"), 3), Move::Leave)]), ..RollOptions::default() };
    office.app.roll_over(&OPERATOR, &school, years, &decided, Mode::Apply).await.expect("rolled");
    assert_eq!(office.database.count("SELECT COUNT(*) FROM class_members").await, on_lists - 1);

    // Nothing that was signed is another, and all of it verifies.
    assert_eq!(statements(&office, &ids).await, before);
    assert_eq!(before.len(), pupils - last.pupils);
    for class in ids.iter().take(3) {
        let line = &office.lines(class).await[0];
        let bundle = office.app.bundle(&OPERATOR, &line.record, Scope::Whole).await.expect("a bundle");
        let report = office.app.verify(&bundle.to_bytes()).await;
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    }
    for id in &ids {
        let mut tx = office.app.store().read().await.expect("read");
        let class = tx.class(id).await.expect("read").expect("there");
        for version in tx.records_of(id).await.expect("read") {
            office.app.check_personal(&class, &version).expect("sound");
        }
    }
    let strangers =
        RollOptions { decisions: BTreeMap::from([((class("8A1"), 99), Move::Leave)]), ..RollOptions::default() };
    let refused = office.app.roll_over(&OPERATOR, &school, years, &strangers, Mode::Apply).await;
    assert!(matches!(refused, Err(AppError::UnknownNumber(99))));
    let far = office.app.roll_over(&OPERATOR, &school, (years.0, year(2028)), &none, Mode::Apply).await;
    assert!(matches!(far, Err(AppError::RollOver(_))));
}

#[tokio::test]
async fn a_small_school_is_rolled_over_and_its_records_stay_as_they_are() {
    rolls_over(27, 2).await;
}

/// The same of a school of a tenth, in 45 classes; of 1,900 with `HOCBA_SCHOOL=1900`, which seals as many records first and
/// takes some minutes.
#[tokio::test]
async fn a_school_of_45_classes_is_rolled_over_and_its_records_stay_as_they_are() {
    let pupils = std::env::var("HOCBA_SCHOOL").ok().map(|text| text.parse().expect("a number of pupils"));
    rolls_over(pupils.unwrap_or(190), 11).await;
}

#[tokio::test]
async fn the_pupils_of_a_closed_school_go_on_at_its_successor_and_two_classes_of_one_name_are_not_mixed() {
    let office = opened().await;
    let (old, new) = (code(SCHOOL), code("79DEMO002"));
    for other in ["79DEMO002", "79DEMO003"] {
        let school = School { code: code(other), issuer: "so-demo".parse().expect("issuer") };
        office.app.add_school(&OPERATOR, &school).await.expect("added");
        office.app.open_year(&OPERATOR, &code(other), year(2026)).await.expect("opened");
        office.app.open_year(&OPERATOR, &code(other), year(2027)).await.expect("opened");
    }
    // The successor has an 8A1 of its own.
    let own = "Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n8A1;1;Lê Văn Tám;05/03/2013;Nam;T8\n";
    office
        .app
        .import_lists(
            &OPERATOR,
            &new,
            year(2026),
            &Lists::of_classes(b"L\xe1\xbb\x9bp;Kh\xe1\xbb\x91i\n8A1;8\n"),
            Mode::Apply,
        )
        .await
        .expect("planned");
    office
        .app
        .import_lists(&OPERATOR, &new, year(2026), &Lists::of_pupils(own.as_bytes()), Mode::Apply)
        .await
        .expect("taken");
    let decide = |class_name: &str, count: u32| RollOptions {
        decisions: (1..=count).map(|n| ((class(class_name), n), Move::Promote)).collect(),
        ..RollOptions::default()
    };
    let years = (year(2026), year(2027));
    office.app.roll_over(&OPERATOR, &new, years, &decide("8A1", 1), Mode::Apply).await.expect("its own go up");

    let fate = SchoolFate::Closed { successors: vec![new.clone(), code("79DEMO003")] };
    office.app.school_changed(&OPERATOR, &old, &fate, None).await.expect("closed");
    let which = office.app.roll_over(&OPERATOR, &old, years, &decide("8A1", 2), Mode::Apply).await;
    assert!(matches!(which, Err(AppError::SchoolClosed { .. })), "two go on: which one is said");
    let into = RollOptions { into: Some(new.clone()), ..decide("8A1", 2) };
    let mixed = office.app.roll_over(&OPERATOR, &old, years, &into, Mode::Apply).await;
    assert!(matches!(&mixed, Err(AppError::ClassTaken(name)) if *name == class("9A1")), "{mixed:?}");
    let named = RollOptions { names: BTreeMap::from([(class("8A1"), class("9B1"))]), ..into };
    let done = office.app.roll_over(&OPERATOR, &old, years, &named, Mode::Apply).await.expect("rolled");
    assert_eq!((done.school, done.placed, done.new_classes), (new.clone(), 2, vec![class("9B1")]));
    let sql = "SELECT COUNT(*) FROM class_members m JOIN planned_classes p ON p.id = m.class WHERE p.school = '79DEMO002' AND p.year = 2027";
    assert_eq!(office.database.count(sql).await, 3);
}

const PUPILS: &str = "Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n\
    8A1;1;Lê Văn Tám;05/03/2013;Nam;T1\n8A1;2;Trần Thị Chín;06/03/2013;Nữ;T2\n\
    8A1;3;Phan Văn Mười;07/03/2013;Nam;T3\nTám;1;Vũ Thị Hai;08/03/2013;Nữ;T4\n";

/// A school with two classes of grade 8, one of which is not called by its grade.
async fn school_of_lists() -> Office {
    let office = Office::open().await;
    let app = &office.app;
    for start in [2026, 2027] {
        app.open_year(&OPERATOR, &code(SCHOOL), year(start)).await.expect("opened");
    }
    let classes = "Lớp;Khối\n8A1;8\nTám;8\n";
    let lists = Lists { staff: None, classes: Some(classes.as_bytes()), pupils: Some(PUPILS.as_bytes()) };
    app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &lists, Mode::Apply).await.expect("taken");
    office
}

#[tokio::test]
async fn a_decision_alone_puts_nobody_on_a_list_and_moves_whoever_is_on_one() {
    let office = school_of_lists().await;
    let (app, school, years) = (&office.app, code(SCHOOL), (year(2026), year(2027)));
    let decide = |reach: Reach, decisions: &[(&str, u32, Move)]| RollOptions {
        decisions: decisions.iter().map(|(name, n, what)| ((class(name), *n), *what)).collect(),
        reach,
        ..RollOptions::default()
    };
    let members = async || {
        office
            .database
            .count("SELECT COUNT(*) FROM class_members m JOIN planned_classes p ON p.id = m.class WHERE p.year = 2027")
            .await
    };
    let first =
        decide(Reach::Decided, &[("8A1", 1, Move::Promote), ("8A1", 2, Move::Promote), ("Tám", 1, Move::Leave)]);
    let done = app.roll_over(&OPERATOR, &school, years, &first, Mode::Apply).await.expect("kept");
    assert_eq!((done.placed, members().await), (0, 0), "nothing is rolled over by it");
    let kept = office.database.count("SELECT COUNT(*) FROM pupil_moves").await;
    assert_eq!(kept, 3);
    let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'decide_moves'";
    assert_eq!(office.database.count(sql).await, 1);
    app.roll_over(&OPERATOR, &school, years, &first, Mode::Apply).await.expect("the same again");
    assert_eq!(office.database.count(sql).await, 1, "said again, it is no event");

    let all = RollOptions::default();
    let rolled = app.roll_over(&OPERATOR, &school, years, &all, Mode::Apply).await.expect("rolled");
    assert_eq!((rolled.placed, members().await), (2, 2), "the decisions were kept");
    // Whoever is on a list of the next year is moved at once, and the one who is on none is not put on one.
    let then = decide(Reach::Decided, &[("8A1", 1, Move::Repeat), ("8A1", 3, Move::Promote)]);
    app.roll_over(&OPERATOR, &school, years, &then, Mode::Apply).await.expect("kept");
    let in_class = async |name: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM class_members m JOIN planned_classes p ON p.id = m.class WHERE p.year = 2027 AND p.name = '{name}'"
        );
        office.database.count(&sql).await
    };
    assert_eq!((in_class("8A1").await, in_class("9A1").await), (1, 1));
    app.roll_over(&OPERATOR, &school, years, &all, Mode::Apply).await.expect("rolled");
    assert_eq!((in_class("8A1").await, in_class("9A1").await), (1, 2), "the third one follows");
    let leaves = decide(Reach::Decided, &[("8A1", 1, Move::Leave)]);
    app.roll_over(&OPERATOR, &school, years, &leaves, Mode::Apply).await.expect("kept");
    assert_eq!((in_class("8A1").await, in_class("9A1").await), (0, 2));
}

#[tokio::test]
async fn a_preview_says_which_classes_need_a_name_and_rolling_over_stops_there() {
    let office = school_of_lists().await;
    let (app, school, years) = (&office.app, code(SCHOOL), (year(2026), year(2027)));
    let decisions = [("8A1", 1), ("Tám", 1)].map(|(name, n)| ((class(name), n), Move::Promote));
    let options = RollOptions { decisions: decisions.into(), ..RollOptions::default() };
    let shown = app.roll_over(&OPERATOR, &school, years, &options, Mode::Preview).await.expect("shown");
    assert_eq!(shown.unnamed, BTreeSet::from([class("Tám")]));
    assert_eq!(shown.placed, 1, "the others are shown as they would be");
    let stopped = app.roll_over(&OPERATOR, &school, years, &options, Mode::Apply).await;
    assert!(matches!(stopped, Err(AppError::RollOver(_))), "{stopped:?}");
    assert_eq!(office.database.count("SELECT COUNT(*) FROM pupil_moves").await, 0, "nothing half-written");

    // A name of another grade.
    let classes = "Lớp;Khối\n6B1;6\n";
    app.import_lists(&OPERATOR, &school, year(2027), &Lists::of_classes(classes.as_bytes()), Mode::Apply)
        .await
        .expect("planned");
    let named = |name: &str| RollOptions { names: [(class("Tám"), class(name))].into(), ..options.clone() };
    let shown = app.roll_over(&OPERATOR, &school, years, &named("6B1"), Mode::Preview).await.expect("shown");
    assert_eq!((shown.unnamed.len(), shown.taken), (0, BTreeSet::from([class("6B1")])));
    assert!(app.roll_over(&OPERATOR, &school, years, &named("6B1"), Mode::Apply).await.is_err());
    let done = app.roll_over(&OPERATOR, &school, years, &named("9B1"), Mode::Apply).await.expect("rolled");
    assert_eq!((done.placed, done.taken.len()), (2, 0));
}

#[tokio::test]
async fn a_name_comes_from_the_class_list_and_from_a_record_only_for_whoever_reads_records() {
    let (office, _) = Office::with_class(2).await;
    let (app, school, years) = (&office.app, code(SCHOOL), (year(2026), year(2027)));
    for start in [2026, 2027] {
        app.open_year(&OPERATOR, &school, year(start)).await.expect("opened");
    }
    let classes = "Lớp;Khối\n8A1;8\n";
    let pupils = "Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n8A1;1;Lê Văn Tám;05/03/2013;Nam;T1\n";
    let lists = Lists { staff: None, classes: Some(classes.as_bytes()), pupils: Some(pupils.as_bytes()) };
    app.import_lists(&OPERATOR, &school, year(2026), &lists, Mode::Apply).await.expect("taken");
    for (role, of_records) in [(GrantRole::SchoolAdministrator, false), (GrantRole::Principal, true)] {
        let actor = of(vec![Grant::of_school(role, school.clone(), None)]);
        let shown = app.roll_over(&actor, &school, years, &RollOptions::default(), Mode::Preview).await.expect("shown");
        let known = |name: &str| {
            let lines = shown.pupils.iter().filter(|line| line.class.as_str() == name);
            lines.map(|line| line.name.is_some()).collect::<Vec<_>>()
        };
        assert_eq!((known("8A1"), known("9A3")), (vec![true], vec![of_records; 2]), "{role}");
    }
}
