//! What a department watches: the kept figures are those of a recount whatever happened, each day is what it was, and it is
//! quick for as many schools as a province has.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::Instant,
};

use hocba_app::{
    AUDITED, Actor, Alarm, AppError, AuditQuery, Figures, Import, Lists, Mode, OpenSchool, ProgressPage, ProgressQuery,
    PublicState, Selection, ServiceState, Step, Subject, Sum, WardChoice, day_of,
    model::{AuditEvent, ClassKind, Grant, GrantRole, Id, LeftOut, ListedSchool, Renewal, ReturnReason},
    public_state,
};
use hocba_record::types::{EducationLevel, SchoolCode};
use hocba_signature::statement::Role;
use hocba_store::bulk::{Bulk, Value};
use hocba_tests::{
    DAY, OTHER_SCHOOL, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};

use crate::{
    department::{Dice, Province, Shape, of},
    names::{class, code, year},
};

fn officer(prefix: &str) -> Actor {
    of(vec![Grant::of_prefix(GrantRole::Department, prefix.parse().expect("prefix"))])
}

/// The figures of a school's year, counted by what that school's own pages show.
async fn naive(office: &Office, school: &SchoolCode) -> BTreeMap<String, Figures> {
    let mut tx = office.app.store().read().await.expect("read");
    let mut found: BTreeMap<String, Figures> = BTreeMap::new();
    let mut with_record: BTreeSet<Id> = BTreeSet::new();
    for made in tx.classes_of(school, year(2026)).await.expect("classes") {
        if made.kind != ClassKind::Year {
            continue;
        }
        let figures = found.entry(made.name.to_string()).or_default();
        for line in tx.record_lines(&made.id).await.expect("lines") {
            match public_state(&line) {
                PublicState::LeftOut => figures.left_out += 1,
                PublicState::Returned => {
                    figures.returned += 1;
                    figures.drafted += 1;
                }
                PublicState::Draft => figures.drafted += 1,
                PublicState::TeacherSigned => figures.signed += 1,
                PublicState::CoSigned => figures.signed_off += 1,
                PublicState::Sealed => figures.sealed += 1,
                PublicState::InForce => figures.in_force += 1,
            }
        }
    }
    for record in tx.year_records(school, year(2026)).await.expect("records") {
        with_record.extend(record.pupil);
    }
    let planned = tx.planned_classes(school, year(2026)).await.expect("classes");
    for class in &planned {
        found.entry(class.name.to_string()).or_default();
    }
    for member in tx.members_of_year(school, year(2026)).await.expect("members") {
        let class = planned.iter().find(|class| class.id == member.class).expect("a class");
        if !with_record.contains(&member.pupil) {
            found.entry(class.name.to_string()).or_default().waiting += 1;
        }
    }
    found
}

/// All figures counted anew, as `hocba database recount` does.
async fn recount(office: &Office) -> Result<usize, hocba_store::StoreError> {
    office.app.store().recount(office.app.edges().now()).await
}

async fn kept(office: &Office, school: &SchoolCode) -> BTreeMap<String, Figures> {
    let mut tx = office.app.store().read().await.expect("read");
    let rows = tx.class_progress(school).await.expect("figures");
    rows.into_iter().map(|row| (row.class.to_string(), row.figures)).collect()
}

fn summed(figures: &BTreeMap<String, Figures>) -> Figures {
    figures.values().fold(Figures::default(), |sum, figures| sum + *figures)
}

/// A step of whatever is ready; what is not is refused, and that is right.
async fn try_step(office: &Office, class: &Id, step: Step, which: &Selection) {
    let (person, name) = office.person(step);
    let Ok(signer) = office.app.signer(&OPERATOR, step, false, &chain_of(name)).await else { return };
    let Ok(list) = office.app.prepare(&OPERATOR, class, &signer, which).await else { return };
    let signed: Vec<_> = list.tasks.iter().map(|t| t.signed(person.key.sign(t.bytes()).to_vec())).collect();
    let _ = office.app.submit(&OPERATOR, class, &signer, &signed).await;
}

/// A list of pupils of the sample's class, in these classes.
fn list(of: &[(&str, std::ops::Range<usize>)]) -> Vec<u8> {
    let mut lines = String::from("Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Số định danh;Mã định danh Bộ\n");
    let options = hocba_sample::Options::lower_secondary().with_pupils(12);
    let (_, drafts) = hocba_sample::class(7, &options);
    for (class, range) in of {
        for (number, draft) in (1..).zip(&drafts[range.clone()]) {
            let identity = &draft.identity;
            let sex = if identity.sex == hocba_record::section::Sex::Female { "Nữ" } else { "Nam" };
            let (ministry, personal) = (&identity.identifiers[0].value, &identity.identifiers[1].value);
            let (name, born) = (&identity.name, identity.birth_date.vietnamese());
            lines.push_str(&format!("{class};{number};{name};{born};{sex};{personal};{ministry}\n"));
        }
    }
    lines.into_bytes()
}

#[tokio::test]
async fn whatever_happens_the_kept_figures_are_those_of_a_recount_and_each_day_is_what_it_was() {
    for seed in 1..=4 {
        let mut dice = Dice(seed);
        let office = Office::open().await;
        let (app, school) = (&office.app, code(SCHOOL));
        app.open_year(&OPERATOR, &school, year(2026)).await.expect("opened");
        for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
            assert!(office.appoint(role).await);
        }
        let names = ["9A3", "9A4", "8A1"];
        let mut days: BTreeMap<i64, Figures> = BTreeMap::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for _ in 0..70 {
            let classes: Vec<Id> = {
                let mut tx = app.store().read().await.expect("read");
                tx.classes_of(&school, year(2026)).await.expect("classes").into_iter().map(|c| c.id).collect()
            };
            let pick = usize::try_from(dice.below(classes.len().max(1) as u64)).expect("small");
            let which = if dice.often(50) { Selection::All } else { Selection::Only(BTreeSet::from([1, 2])) };
            match dice.below(13) {
                0 | 1 => {
                    let name = names[usize::try_from(dice.below(3)).expect("small")];
                    let (from, count) = (dice.below(8), 1 + dice.below(5));
                    let bytes = workbook(12, |header, drafts| {
                        header.class = class(name);
                        header.grade = hocba_record::types::Grade::new(name.as_bytes()[0] - b'0').expect("a grade");
                        let from = usize::try_from(from).expect("small");
                        *drafts =
                            drafts.drain(from..from + usize::try_from(count).expect("small").min(12 - from)).collect();
                    });
                    let _ = app.import(&OPERATOR, &bytes, &Import::default()).await;
                }
                2 => {
                    let (a, b) = (
                        usize::try_from(dice.below(6)).expect("small"),
                        usize::try_from(dice.below(6)).expect("small"),
                    );
                    let pupils = list(&[("9A3", 0..a), ("9A4", a..a + b)]);
                    let lists = Lists {
                        staff: None,
                        classes: Some("Lớp;Khối\n9A3;9\n9A4;9\n".as_bytes()),
                        pupils: Some(&pupils),
                    };
                    let _ = app.import_lists(&OPERATOR, &school, year(2026), &lists, Mode::Apply).await;
                }
                3 | 4 => {
                    if let Some(class) = classes.get(pick)
                        && let Some(line) = office.lines(class).await.first()
                    {
                        let reason = dice.often(60).then_some(LeftOut::WaitingForReassessment);
                        let _ = app.leave_out(&OPERATOR, &line.record, reason).await;
                    }
                }
                5 | 6 => {
                    if let Some(class) = classes.get(pick) {
                        try_step(&office, class, Step::Sign, &which).await;
                    }
                }
                7 => {
                    if let Some(class) = classes.get(pick) {
                        try_step(&office, class, Step::CoSign, &which).await;
                    }
                }
                8 => {
                    if let Some(class) = classes.get(pick) {
                        let lines = office.lines(class).await;
                        let at = usize::try_from(dice.below(lines.len().max(1) as u64)).expect("small");
                        if let Some(line) = lines.get(at) {
                            let _ = app.return_record(&OPERATOR, &line.record, ReturnReason::WrongMark).await;
                        }
                    }
                }
                9 => {
                    if let Some(class) = classes.get(pick) {
                        try_step(&office, class, Step::Seal, &which).await;
                    }
                }
                10 => office.anchor().await,
                _ => {
                    office.clock.fetch_add(DAY, Ordering::Relaxed);
                }
            }
            let counted = naive(&office, &school).await;
            let mut stored = kept(&office, &school).await;
            stored.retain(|name, _| counted.contains_key(name));
            assert_eq!(stored, counted, "seed {seed}");
            let sum = summed(&counted);
            for (figure, count) in sum.named() {
                if count > 0 {
                    seen.insert(figure);
                }
            }
            let page = app.progress(&OPERATOR, &ProgressQuery::default()).await.expect("a page");
            assert_eq!(page.total.figures, sum, "seed {seed}");
            let standing = app.school_progress(&OPERATOR, &school).await.expect("classes");
            assert_eq!((standing.school.sum.figures, standing.classes.len()), (sum, counted.len()));
            days.insert(day_of(app.edges().now()), sum);
        }
        // Every day as it was when it ended, though nobody wrote it down then.
        let today = day_of(app.edges().now());
        let ended = |day: i64| days.range(..=day).next_back().map(|(_, sum)| *sum).unwrap_or_default();
        let daily = app.daily(&OPERATOR).await.expect("a day");
        assert_eq!(
            daily.days.map(|sum| sum.figures),
            [ended(today), ended(today - 1), ended(today - 7)],
            "seed {seed}"
        );
        for (day, figures) in &days {
            let mut tx = app.store().read().await.expect("read");
            let rows = tx.level_figures(Some(*day)).await.expect("figures");
            let sum = rows.iter().fold(Figures::default(), |sum, row| sum + row.figures);
            assert_eq!(sum, *figures, "seed {seed}, day {day}");
        }
        assert!(days.len() > 5, "seed {seed}: days went by");
        for figure in ["waiting", "drafted", "signed"] {
            assert!(seen.contains(figure), "seed {seed}: nothing was ever {figure}");
        }
    }
}

#[tokio::test]
async fn a_class_that_is_done_reads_so_on_each_page_and_a_correction_shows() {
    let (office, id) = Office::anchored(2).await;
    let app = &office.app;
    app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    let done = Figures { in_force: 2, ..Figures::default() };
    let one = Sum { schools: 1, schools_done: 1, classes: 1, classes_done: 1, figures: done };
    let page = app.progress(&OPERATOR, &ProgressQuery::default()).await.expect("a page");
    assert_eq!((page.total, page.schools.len(), page.next), (one, 1, None));
    assert_eq!(page.levels, [(EducationLevel::LowerSecondary, one)]);
    assert_eq!(page.wards.iter().map(|w| (w.ward.clone(), w.sum)).collect::<Vec<_>>(), [(None, one)]);
    let unfinished = ProgressQuery { unfinished: true, ..ProgressQuery::default() };
    assert_eq!(app.progress(&OPERATOR, &unfinished).await.expect("a page").schools, []);
    let daily = app.daily(&OPERATOR).await.expect("a day");
    assert_eq!((daily.days[0], daily.unfinished, daily.lagging.len()), (one, 0, 0));
    assert_eq!(daily.days[1].figures, Figures::default(), "it was all done today");

    // The next day a mark is corrected.
    office.clock.fetch_add(DAY, Ordering::Relaxed);
    let bytes = workbook(2, |_, drafts| {
        drafts[0].attendance.with_leave += 1;
    });
    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    app.import(&OPERATOR, &bytes, &import).await.expect("imported");
    assert_eq!(office.lines(&id).await.iter().filter(|line| line.version == 2).count(), 1);
    let daily = app.daily(&OPERATOR).await.expect("a day");
    let corrected = Figures { in_force: 1, drafted: 1, ..Figures::default() };
    assert_eq!(daily.days.map(|sum| sum.figures), [corrected, done, Figures::default()]);
    assert_eq!((daily.unfinished, daily.lagging[0].sum.figures), (1, corrected));
}

/// All pages of the schools.
async fn all(office: &Office, actor: &Actor, query: &ProgressQuery) -> (ProgressPage, Vec<hocba_app::SchoolProgress>) {
    let first = office.app.progress(actor, query).await.expect("a page");
    let (mut found, mut next) = (first.schools.clone(), first.next.clone());
    while let Some(after) = next {
        let query = ProgressQuery { after: Some(after), ..query.clone() };
        let page = office.app.progress(actor, &query).await.expect("a page");
        assert_eq!((page.total, page.found), (first.total, first.found), "the head is the same on each page");
        found.extend(page.schools);
        next = page.next;
    }
    (first, found)
}

#[tokio::test]
async fn schools_come_with_those_that_lag_first_each_once_and_by_ward_and_level_they_add_up() {
    let office = Office::open().await;
    let shape = Shape { schools: 70, teachers: 0, classes: 3, pupils: 4, there: 80 };
    let codes = Province::settle(&office, 5, &shape).await;
    // Rows written past the store's functions: as a release before would have.
    let (_, blank) = all(&office, &officer("79S"), &ProgressQuery::default()).await;
    assert!(blank.iter().all(|school| school.sum.figures == Figures::default()));
    assert_eq!(recount(&office).await.expect("counted"), codes.len() + 1);
    let listed = |n: usize, ward: Option<&str>| ListedSchool {
        code: codes[n].clone(),
        name: format!("Trường Số {n}").parse().expect("text"),
        levels: Vec::new(),
        ward: ward.map(|ward| ward.parse().expect("text")),
    };
    let wards = [Some("Phường Bến Thành"), Some("Xã Bình Chánh"), None];
    let list: Vec<ListedSchool> = (0..codes.len()).map(|n| listed(n, wards[n % 3])).collect();
    office.app.note_schools(&OPERATOR, &list).await.expect("noted");
    // Some classes of another level.
    office.database.sql("UPDATE classes SET grade = 3, name = '3A1' WHERE name = '9A1' AND school < '79S00035'").await;
    office
        .database
        .sql("UPDATE planned_classes SET grade = 3, name = '3A1' WHERE name = '9A1' AND school < '79S00035'")
        .await;
    office.database.sql("DELETE FROM class_progress_days").await;
    office.database.sql("DELETE FROM class_progress").await;
    recount(&office).await.expect("counted");

    let department = officer("79S");
    let (page, schools) = all(&office, &department, &ProgressQuery::default()).await;
    let mut naively: BTreeMap<SchoolCode, Figures> = BTreeMap::new();
    for line in office.app.store().read().await.expect("read").school_lines().await.expect("lines") {
        if line.closed || !codes.contains(&line.code) {
            continue;
        }
        // The newest open year may be last year's.
        let mut sum = Figures::default();
        if let Some(open) = line.year {
            let mut tx = office.app.store().read().await.expect("read");
            for row in tx.counted_progress(&line.code).await.expect("counted").into_iter().filter(|r| r.year == open) {
                sum += row.figures;
            }
        }
        naively.insert(line.code, sum);
    }
    assert_eq!(schools.len(), naively.len(), "each that goes on, once");
    for school in &schools {
        assert_eq!(school.sum.figures, naively[&school.code], "{}", school.code);
    }
    let order = |s: &hocba_app::SchoolProgress| (s.sum.figures.permille(), s.code.clone());
    assert!(schools.is_sorted_by_key(order), "the furthest behind first");
    assert!(schools.first().is_some_and(|s| order(s).0 == 0) && schools.last().is_some_and(|s| order(s).0 > 0));
    let total = schools.iter().fold(Figures::default(), |sum, s| sum + s.sum.figures);
    assert_eq!((page.total.figures, page.found), (total, schools.len() as u64));
    let by_ward = page.wards.iter().fold(Sum::default(), |sum, ward| sum + ward.sum);
    assert_eq!((by_ward, page.wards.len()), (page.total, 3));
    assert_eq!(page.wards.last().expect("three").ward, None, "the unknown one is last");
    let by_level = page.levels.iter().fold(Figures::default(), |sum, (_, level)| sum + level.figures);
    assert_eq!((by_level, page.levels.len()), (total, 2));
    assert!(page.without_year > 0 && page.total.schools + page.without_year == page.found);

    // A part: its head is that part's.
    for ward in &page.wards {
        let choice = ward.ward.clone().map_or(WardChoice::Unknown, WardChoice::Named);
        let query = ProgressQuery { ward: Some(choice), ..ProgressQuery::default() };
        let (part, schools) = all(&office, &department, &query).await;
        assert_eq!(part.total, ward.sum);
        assert!(schools.iter().all(|school| school.ward == ward.ward) && !schools.is_empty());
    }
    for (level, sum) in &page.levels {
        let query = ProgressQuery { level: Some(*level), ..ProgressQuery::default() };
        let (part, _) = all(&office, &department, &query).await;
        assert_eq!((part.total, part.levels.len()), (*sum, 1));
    }
    let search = ProgressQuery { search: "truong so 12".into(), ..ProgressQuery::default() };
    let (found, schools) = all(&office, &department, &search).await;
    assert_eq!((found.found, found.total), (schools.len() as u64, page.total), "a search narrows the list alone");
    assert!(schools.len() <= 1, "{schools:?}");
    let unfinished = ProgressQuery { unfinished: true, ..ProgressQuery::default() };
    let (_, left) = all(&office, &department, &unfinished).await;
    assert!(left.iter().all(|school| !school.sum.figures.is_done()));

    // Another department, and those who watch nothing.
    let (other, none) = all(&office, &officer("78"), &ProgressQuery::default()).await;
    assert_eq!((other.total, none.len()), (Sum::default(), 0));
    let standing = office.app.school_progress(&officer("78"), &codes[0]).await;
    assert!(matches!(standing, Err(AppError::Forbidden(_))));
    for role in [GrantRole::Principal, GrantRole::SchoolAdministrator, GrantRole::Clerk] {
        let somebody = of(vec![Grant::of_school(role, codes[0].clone(), None)]);
        let query = ProgressQuery::default();
        assert!(matches!(office.app.progress(&somebody, &query).await, Err(AppError::Forbidden(_))), "{role}");
        assert!(matches!(office.app.daily(&somebody).await, Err(AppError::Forbidden(_))), "{role}");
        assert!(matches!(office.app.chain_page(&somebody, None).await, Err(AppError::Forbidden(_))), "{role}");
    }
}

/// How long a department of so many schools waits: 60 schools, or as many as `HOCBA_SCHOOLS` says, each with 45 classes;
/// `HOCBA_PUPILS` of a class. Figures do not depend on the number of pupils, which is why one is enough to measure with.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn figures_of_many_schools_are_added_up_without_reading_a_record() {
    let schools = std::env::var("HOCBA_SCHOOLS").ok().map(|text| text.parse().expect("a number of schools"));
    let pupils = std::env::var("HOCBA_PUPILS").ok().map(|text| text.parse().expect("pupils of a class"));
    let shape =
        Shape { schools: schools.unwrap_or(60), teachers: 1, classes: 45, pupils: pupils.unwrap_or(1), there: 100 };
    let office = Office::open().await;
    Province::settle(&office, 7, &shape).await;
    let began = Instant::now();
    recount(&office).await.expect("counted");
    println!("recount of {} schools: {:?}", shape.schools, began.elapsed());
    let department = officer("79S");
    let before = office.app.progress(&department, &ProgressQuery::default()).await.expect("a page");
    let began = Instant::now();
    let page = office.app.progress(&department, &ProgressQuery::default()).await.expect("a page");
    println!("progress: {} schools, {} classes in {:?}", page.found, page.total.classes, began.elapsed());
    let began = Instant::now();
    let daily = office.app.daily(&department).await.expect("a day");
    println!("daily: {:?}", began.elapsed());
    assert_eq!(daily.days[0], page.total);
    // All changed today: each class is looked up as it was.
    office.clock.fetch_add(8 * DAY, Ordering::Relaxed);
    let today = day_of(office.app.edges().now());
    office.database.sql(&format!("UPDATE class_progress SET day = {today}, drafted = drafted + 1")).await;
    let began = Instant::now();
    let daily = office.app.daily(&department).await.expect("a day");
    println!("daily, every class changed since: {:?}", began.elapsed());
    assert_eq!(daily.days[1], before.total, "as it was yesterday");
    assert_eq!(daily.days[0].figures.drafted, before.total.figures.drafted + before.total.classes);
    // No record is read: with all of them gone the page says the same.
    office.database.sql("DELETE FROM record_versions").await;
    let after = office.app.progress(&department, &ProgressQuery::default()).await.expect("a page");
    assert_eq!(after.total.classes, page.total.classes);
}

#[tokio::test]
async fn the_public_record_is_told_from_what_the_service_left_and_batches_come_a_page_at_a_time() {
    let (office, _) = Office::anchored(3).await;
    let app = &office.app;
    let page = app.chain_page(&OPERATOR, None).await.expect("a page");
    assert_eq!(page.health.alarms, [Alarm::ServiceAway], "nobody anchors in this office");
    assert_eq!((page.health.service, page.health.look), (ServiceState::Away { until: None }, None));
    assert_eq!((page.health.batches, page.health.unanchored, page.batches.len()), (2, 0, 2));
    assert!(page.batches.is_sorted_by(|a, b| a.batch.id > b.batch.id), "the newest first");
    assert!(page.batches.iter().all(|line| line.took == Some(0)) && page.next.is_none());

    let now = app.edges().now();
    let mut tx = app.store().begin("lead").await.expect("begun");
    assert!(tx.take_lease(hocba_app::ANCHORING_LEASE, "one", now, now.plus(15)).await.expect("taken"));
    let look = hocba_app::ChainLook {
        at: now,
        operators: 4,
        needed: 3,
        answered: 2,
        block: None,
        funds: Some(hocba_app::Funds::Free),
    };
    tx.note_chain_look(&look).await.expect("noted");
    tx.commit().await.expect("committed");
    let health = app.chain_page(&OPERATOR, None).await.expect("a page").health;
    assert_eq!(health.look.as_ref(), Some(&look));
    assert_eq!(health.alarms, [Alarm::TooFewOperators { answered: 2, needed: 3 }]);
    // The service died: what the operators said then is no alarm of now.
    office.clock.fetch_add(60, Ordering::Relaxed);
    let health = app.chain_page(&OPERATOR, None).await.expect("a page").health;
    assert_eq!(
        (health.service, health.alarms),
        (ServiceState::Away { until: Some(now.plus(15)) }, vec![Alarm::ServiceAway])
    );

    // Many batches.
    let mut bulk = Bulk::connect(&office.database.database()).await.expect("connected");
    let table = hocba_store::tables::Table::named("batches").expect("a table");
    let row = |id: i64| -> Vec<Value> {
        let value = |name: &str| match name {
            "id" => Value::Int(id),
            "issuer" => Value::Text("so-demo".into()),
            "kind" => Value::Text("record".into()),
            "root" => Value::Bytes(vec![0; 32]),
            "size" => Value::Int(1),
            "closed_at" => Value::Int(now.seconds()),
            _ => Value::Null,
        };
        table.columns.iter().map(|(name, _)| value(name)).collect()
    };
    bulk.insert(table, (3..=120).map(row).collect()).await.expect("inserted");
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = app.chain_page(&officer("79"), before).await.expect("a page");
        found.extend(page.batches.iter().map(|line| line.batch.id));
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(found, (1..=120).rev().collect::<Vec<i64>>(), "each once");
}

/// All pages of the log: actions, the newest first.
async fn log(office: &Office, actor: &Actor, query: &AuditQuery) -> Vec<hocba_app::TrailLine> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let query = AuditQuery { before, ..query.clone() };
        let page = office.app.audit_log(actor, &query).await.expect("a page");
        assert!(page.lines.len() <= hocba_app::AUDIT_PAGE);
        found.extend(page.lines);
        match page.next {
            Some(next) => before = Some(next),
            None => return found,
        }
    }
}

#[tokio::test]
async fn the_log_says_who_did_what_at_which_school_and_class_and_never_to_which_pupil() {
    let (office, id) = Office::anchored(2).await;
    let app = &office.app;
    let other = OpenSchool {
        code: code(OTHER_SCHOOL),
        name: Some("Trường Khác".parse().expect("text")),
        levels: Vec::new(),
        issuer: "so-demo".parse().expect("issuer"),
    };
    app.open_school(&OPERATOR, &other).await.expect("opened");
    let principal = of(vec![Grant::of_school(GrantRole::Principal, code(SCHOOL), None)]);
    let of_school = AuditQuery { school: Some(code(SCHOOL)), ..AuditQuery::default() };
    let lines = log(&office, &principal, &of_school).await;
    assert!(lines.is_sorted_by(|a, b| (a.line.place.at, a.line.place.id) > (b.line.place.at, b.line.place.id)));
    let count = |action: &str| lines.iter().filter(|l| l.line.event.action == action).count();
    for (action, times) in [
        ("sign_records", 2),
        ("co_sign_records", 2),
        ("seal_records", 2),
        ("import_class", 1),
        ("appoint", 3),
        ("add_school", 1),
    ] {
        assert_eq!(count(action), times, "{action}");
    }
    assert!(lines.iter().all(|l| l.line.school.as_deref() == Some(SCHOOL)));
    let of_class = |l: &&hocba_app::TrailLine| matches!(l.about, Subject::Record | Subject::Class);
    assert!(lines.iter().filter(of_class).all(|l| l.line.class.as_deref() == Some("9A3")));
    let view = app.class(&OPERATOR, &id).await.expect("a class");
    let told = format!("{lines:?}");
    for pupil in view.pupils {
        assert!(!told.contains(&pupil.name.expect("a name")), "a pupil is named");
    }

    // What is looked for has to hold, all of it.
    let search = |change: fn(&mut AuditQuery)| {
        let mut query = AuditQuery { school: Some(code(SCHOOL)), ..AuditQuery::default() };
        change(&mut query);
        query
    };
    let found = log(&office, &principal, &search(|q| q.action = Some("seal_records".into()))).await;
    assert_eq!(found.len(), 2);
    assert_eq!(log(&office, &principal, &search(|q| q.class = Some(class("9A4")))).await, []);
    assert_eq!(log(&office, &principal, &search(|q| q.who = Some("nobody".into()))).await, []);
    assert_eq!(log(&office, &principal, &search(|q| q.action = Some("no_such".into()))).await, []);
    assert_eq!(log(&office, &principal, &search(|q| q.who = Some("operator".into()))).await.len(), lines.len());
    let first = lines.last().expect("some").line.place.at;
    let from = AuditQuery { from: Some(at(first + 1)), ..of_school.clone() };
    let until = AuditQuery { until: Some(at(first + 1)), ..of_school.clone() };
    let (later, earlier) = (log(&office, &principal, &from).await, log(&office, &principal, &until).await);
    assert!(!earlier.is_empty() && later.len() + earlier.len() == lines.len());

    // Whose it is to see.
    let other_school = AuditQuery { school: Some(code(OTHER_SCHOOL)), ..AuditQuery::default() };
    for (actor, query) in [
        (&principal, &other_school),
        (&of(vec![Grant::of_school(GrantRole::Clerk, code(SCHOOL), None)]), &of_school),
        (&of(vec![Grant::of_school(GrantRole::HomeroomTeacher, code(SCHOOL), None)]), &of_school),
        (&of(vec![Grant::everywhere(GrantRole::Operator)]), &of_school),
        (&officer("78"), &of_school),
        (&of(Vec::new()), &AuditQuery::default()),
    ] {
        assert!(matches!(app.audit_log(actor, query).await, Err(AppError::Forbidden(_))), "{actor:?}");
    }
    let everything = AuditQuery::default();
    let part = log(&office, &officer(OTHER_SCHOOL), &everything).await;
    assert_eq!(part.iter().map(|l| l.line.event.action.as_str()).collect::<Vec<_>>(), ["open_school"]);
    let both = log(&office, &officer("79"), &everything).await;
    assert_eq!(both.len(), lines.len() + 1, "batches are of no one school");
    let whole = log(&office, &of(vec![Grant::everywhere(GrantRole::Department)]), &everything).await;
    assert_eq!(whole.len() as i64, office.database.count("SELECT COUNT(*) FROM audit_events").await);
    let mine = log(&office, &principal, &everything).await;
    assert_eq!(mine.len(), lines.len(), "without a school, those one may see");
}

#[tokio::test]
async fn an_account_of_one_school_has_its_events_there_with_its_name_and_one_of_two_schools_has_none() {
    let office = Office::open().await;
    let app = &office.app;
    let other = hocba_app::model::School { code: code(OTHER_SCHOOL), issuer: "so-demo".parse().expect("issuer") };
    app.add_school(&OPERATOR, &other).await.expect("added");
    let new = |login: &str, grants: Vec<Grant>| hocba_app::NewAccount {
        login: login.into(),
        name: format!("Tên {login}"),
        certificate: None,
        grants,
    };
    let here = Grant::of_school(GrantRole::Clerk, code(SCHOOL), None);
    let there = Grant::of_school(GrantRole::Clerk, code(OTHER_SCHOOL), None);
    let one = app.add_account(&OPERATOR, new("mot", vec![here.clone()])).await.expect("added");
    app.add_account(&OPERATOR, new("hai", vec![here, there])).await.expect("added");
    app.lock_account(&Actor::LocalOperator, &one.id).await.expect("locked");
    let query = AuditQuery { school: Some(code(SCHOOL)), ..AuditQuery::default() };
    let lines = log(&office, &OPERATOR, &query).await;
    let about: Vec<_> =
        lines.iter().filter_map(|l| Some((l.line.event.action.as_str(), l.whom.as_ref()?.login.as_str()))).collect();
    assert_eq!(about, [("lock_account", "mot"), ("add_account", "mot")]);
    let whole = log(&office, &OPERATOR, &AuditQuery::default()).await;
    assert!(whole.iter().any(|l| l.whom.as_ref().is_some_and(|p| p.login == "hai") && l.line.school.is_none()));
}

/// A log of 60,000 events, or as many as `HOCBA_EVENTS` says.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn a_rare_event_of_a_long_log_is_found_a_walk_at_a_time_and_each_event_once() {
    let events: i64 = std::env::var("HOCBA_EVENTS").ok().map_or(60_000, |text| text.parse().expect("a number"));
    let office = Office::open().await;
    let table = hocba_store::tables::Table::named("audit_events").expect("a table");
    let mut bulk = Bulk::connect(&office.database.database()).await.expect("connected");
    let first = 1000;
    for chunk in (0..events).collect::<Vec<_>>().chunks(20_000) {
        let row = |n: &i64| -> Vec<Value> {
            let value = |name: &str| match name {
                "id" => Value::Int(first + n),
                // Several of one second.
                "at" => Value::Int(1_000_000 + n / 7),
                "actor" => Value::Text(if n % 3 == 0 { "system".into() } else { "operator".into() }),
                "action" => Value::Text(if n % 19_997 == 5 { "open_year".into() } else { "sign_records".into() }),
                "subject" => Value::Text("x".into()),
                "school" => Value::Text(format!("79S{:05}", n % 2000)),
                _ => Value::Null,
            };
            table.columns.iter().map(|(name, _)| value(name)).collect()
        };
        bulk.insert(table, chunk.iter().map(row).collect()).await.expect("inserted");
    }
    let department = officer("79S");
    let began = Instant::now();
    let page = office.app.audit_log(&department, &AuditQuery::default()).await.expect("a page");
    println!("first page of {events}: {:?}", began.elapsed());
    assert_eq!(page.lines.len(), hocba_app::AUDIT_PAGE);
    // A walk along the time, since `who` is not narrow and the schools are many.
    let rare = AuditQuery { action: Some("open_year".into()), who: Some("operator".into()), ..AuditQuery::default() };
    let began = Instant::now();
    let found = log(&office, &department, &rare).await;
    println!("all that are rare: {} in {:?}", found.len(), began.elapsed());
    let wanted = (0..events).filter(|n| n % 19_997 == 5 && n % 3 != 0).count();
    assert_eq!(found.len(), wanted);
    let of_school = AuditQuery { school: Some(code("79S00007")), ..AuditQuery::default() };
    let began = Instant::now();
    let found = log(&office, &department, &of_school).await;
    println!("all of one school: {} in {:?}", found.len(), began.elapsed());
    assert_eq!(found.len() as i64, (0..events).filter(|n| n % 2000 == 7).count() as i64);
    let places: BTreeSet<i64> = found.iter().map(|line| line.line.place.id).collect();
    assert_eq!(places.len(), found.len(), "each once");
    let narrow = officer("79S0000");
    let began = Instant::now();
    let found = log(&office, &narrow, &AuditQuery::default()).await;
    println!("all of ten schools of two thousand: {} in {:?}", found.len(), began.elapsed());
    assert_eq!(found.len() as i64, (0..events).filter(|n| n % 2000 < 10).count() as i64);
}

/// The actions that the sources note: written out where an event is made.
fn noted_in_the_sources() -> BTreeSet<String> {
    let crates = hocba_tests::repository().join("crates");
    let mut folders = vec![crates.join("app/src"), crates.join("anchor/src"), crates.join("evidence/src")];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).expect("UTF-8");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            // An event is made by `plain`, `event`, `by_system`, or by name; or its action is chosen before.
            for maker in ["plain(", "event(", "by_system(", "action: \"", "let action = ", ".end(session, "] {
                for (place, _) in text.match_indices(maker) {
                    let rest: String = text[place + maker.len()..].chars().take(160).collect();
                    let rest = if maker == "action: \"" { format!("\"{rest}") } else { rest };
                    // To the bracket that closes the call, or to the end of the statement.
                    let mut depth = 0;
                    let ends = |c: char| {
                        depth += i32::from(c == '(') - i32::from(c == ')');
                        depth < 0 || c == ';'
                    };
                    let statement = rest.split(ends).next().unwrap_or_default();
                    for word in statement.split('"').skip(1).step_by(2) {
                        let code = word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                        // Subjects and reasons are words, too.
                        if code && word.contains('_') || matches!(word, "appoint" | "activate") {
                            found.insert(word.to_owned());
                        }
                    }
                }
            }
        }
    }
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        found.insert(step.name().to_owned());
    }
    found
}

#[test]
fn every_action_that_the_sources_note_is_known_with_its_subject() {
    let known: BTreeSet<String> = AUDITED.iter().map(|(code, _)| (*code).to_owned()).collect();
    let noted = noted_in_the_sources();
    let unknown: Vec<_> = noted.difference(&known).collect();
    assert!(unknown.is_empty(), "no words and no subject for {unknown:?}: see crates/store/src/audit.rs");
    let idle: Vec<_> = known.difference(&noted).collect();
    assert!(idle.is_empty(), "nobody notes {idle:?}");
}

#[tokio::test]
async fn an_event_of_an_unknown_action_is_kept_and_is_of_no_school() {
    let office = Office::open().await;
    let event = AuditEvent {
        at: office.app.edges().now(),
        actor: "system".into(),
        action: "of_a_later_release".into(),
        subject: SCHOOL.into(),
        version: None,
        reason: None,
    };
    let mut tx = office.app.store().begin("later").await.expect("begun");
    tx.audit(&event).await.expect("noted");
    tx.commit().await.expect("committed");
    let lines = log(&office, &OPERATOR, &AuditQuery::default()).await;
    assert_eq!(
        (lines[0].line.event.clone(), lines[0].line.school.as_deref(), lines[0].about),
        (event, None, Subject::Other)
    );
}
