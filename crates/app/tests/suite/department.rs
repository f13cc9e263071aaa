//! A department's view of its schools: what it says of each is what each school's own checklist and lists say, whatever
//! there is; and it is quick for as many schools as a province has.

mod province;

use std::{collections::BTreeSet, time::Instant};

use hocba_app::{
    AccessError, Actor, AppError, EXPIRING, ItemState, Lists, Mode, NewAccount, OfficeState, OpenSchool, SCHOOLS_PAGE,
    SchoolFate, SchoolGlance, SchoolQuery, Standing,
    access::{AccountState, Activation, Client},
    model::{Grant, GrantRole, ListedSchool, Position, School},
};
use hocba_signature::statement::Role;
use hocba_store::model::Id;
use hocba_tests::{
    DAY, NOW, SCHOOL,
    office::{OPERATOR, Office},
};

pub use self::province::{Dice, Province, Shape};
use crate::names::{code, year};

/// An officer of a part of the schools, or of all.
fn officer(prefix: Option<&str>) -> Actor {
    let grant = match prefix {
        Some(prefix) => Grant::of_prefix(GrantRole::Department, prefix.parse().expect("prefix")),
        None => Grant::everywhere(GrantRole::Department),
    };
    of(vec![grant])
}

pub fn of(grants: Vec<Grant>) -> Actor {
    let account = hocba_app::model::Account {
        id: Id::from_bytes([200; 16]),
        login: "so".into(),
        name: "Sở".into(),
        certificate: None,
        grants,
    };
    Actor::Account(account)
}

/// All pages of the list.
async fn all(office: &Office, actor: &Actor, query: &SchoolQuery) -> Vec<SchoolGlance> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let query = SchoolQuery { after, ..query.clone() };
        let page = office.app.department_schools(actor, &query).await.expect("a page");
        assert!(page.schools.len() <= SCHOOLS_PAGE);
        found.extend(page.schools);
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

/// The same figures, counted for one school by the use cases of that school.
async fn recounted(office: &Office, glance: &SchoolGlance) -> SchoolGlance {
    let (app, code) = (&office.app, &glance.code);
    let now = app.edges().now();
    let years = app.school_years(&OPERATOR, code).await.expect("years");
    let open = years.iter().filter(|y| y.row.closed_at.is_none()).max_by_key(|y| y.row.year);
    // Where no year is open, what is missing is that one is: any year without a class says so.
    let items = app.opening_state(&OPERATOR, code, open.map_or(year(1999), |y| y.row.year)).await.expect("a state");
    let state = |code: &str| items.iter().find(|item| item.code == code).expect("an item").state;
    let view = app.school(code).await.expect("a school");
    let lines = app.school_accounts(&OPERATOR, code).await.expect("accounts");
    let mut tx = app.store().read().await.expect("read");
    let staff = tx.staff_of(code).await.expect("staff");
    let mut people = BTreeSet::new();
    let mut on_staff = Vec::new();
    for member in &staff {
        if let Some(account) = tx.account(&member.account).await.expect("read") {
            people.insert(account.id);
            on_staff.push((member.position, account));
        }
    }
    people.extend(lines.iter().map(|line| line.account.id));
    let (mut expired, mut expiring) = (0, 0);
    for id in people {
        let account = tx.account(&id).await.expect("read").expect("there");
        let Some(digest) = account.certificate else { continue };
        let until =
            office.database.count(&format!("SELECT not_after FROM certificates WHERE digest = '{digest}'")).await;
        expired += usize::from(until < now.seconds());
        expiring += usize::from(until >= now.seconds() && until <= now.seconds() + EXPIRING);
    }
    let mut states = hocba_app::ClassStates::default();
    for class in tx.classes().await.expect("classes") {
        if class.school != *code || Some(class.year) != open.map(|y| y.row.year) {
            continue;
        }
        if class.kind != hocba_app::model::ClassKind::Year {
            continue;
        }
        let far = tx.record_lines(&class.id).await.expect("lines").into_iter().filter(|line| line.left_out.is_none());
        let far = far.map(|line| match (line.anchored_at, line.state.as_str()) {
            (Some(_), _) => 3,
            (None, "sealed") => 2,
            (None, "draft") => 0,
            (None, _) => 1,
        });
        match far.min() {
            Some(0) => states.drafted += 1,
            Some(1) => states.signed += 1,
            Some(2) => states.sealed += 1,
            Some(_) => states.in_force += 1,
            None => {}
        }
    }
    let held = app.list_appointments(&OPERATOR, code).await.expect("appointments");
    let office_of = |role: Role, position: Position| {
        let in_force = held.iter().filter(|v| v.appointment.role == role && v.standing == Standing::InForce);
        let certificate = on_staff.iter().any(|(p, account)| *p == position && account.certificate.is_some());
        match in_force.map(|view| view.anchored).max() {
            Some(true) => OfficeState::Appointed,
            Some(false) => OfficeState::Waiting,
            None if certificate => OfficeState::ToAppoint,
            None => OfficeState::NoCertificate,
        }
    };
    let first = items.iter().find(|i| matches!(i.state, ItemState::Missing { .. } | ItemState::Waiting { .. }));
    if open.is_some() {
        assert_eq!(state("year"), ItemState::Done);
    }
    SchoolGlance {
        code: code.clone(),
        name: view.name,
        closed: view.closed_at.is_some(),
        year: open.map(|y| y.row.year),
        staff: on_staff.len(),
        accounts: lines.len() as u64,
        active: lines.iter().filter(|line| line.state == AccountState::Active).count() as u64,
        classes: open.map_or(0, |y| y.classes),
        pupils: open.map_or(0, |y| y.pupils as u64),
        settled: items.iter().filter(|item| item.is_settled()).count(),
        items: items.len(),
        next: first.cloned(),
        principal: office_of(Role::Principal, Position::Principal),
        seal: office_of(Role::SchoolSeal, Position::Clerk),
        expiring,
        expired,
        states,
    }
}

/// Without the words of the command, which name a year that is not open.
fn plain(mut glance: SchoolGlance) -> SchoolGlance {
    if let Some(item) = &mut glance.next {
        item.command = None;
    }
    glance
}

#[tokio::test]
async fn whatever_there_is_the_figures_of_each_school_are_those_of_its_own_checklist_and_lists() {
    for seed in 1..=3 {
        let office = Office::open().await;
        let shape = Shape { schools: 60, teachers: 4, classes: 3, pupils: 3, there: 80 };
        let codes = Province::settle(&office, seed, &shape).await;
        let department = officer(Some("79S"));
        let seen = all(&office, &department, &SchoolQuery::default()).await;
        assert_eq!(
            seen.iter().map(|s| s.code.clone()).collect::<Vec<_>>(),
            codes,
            "by code, over two pages, each once"
        );
        let mut naive = Vec::new();
        for glance in &seen {
            let counted = recounted(&office, glance).await;
            assert_eq!(plain(glance.clone()), plain(counted.clone()), "seed {seed}");
            naive.push(counted);
        }
        // The made-up schools are of all kinds, or the comparison says little.
        for (what, some) in [
            ("done", naive.iter().any(|s| s.settled == s.items)),
            ("closed", naive.iter().any(|s| s.closed)),
            ("without a year", naive.iter().any(|s| s.year.is_none() && !s.closed)),
            ("to appoint", naive.iter().any(|s| s.principal == OfficeState::ToAppoint)),
            ("waiting", naive.iter().any(|s| s.seal == OfficeState::Waiting)),
            ("expired", naive.iter().any(|s| s.expired > 0) && naive.iter().any(|s| s.expiring > 0)),
            ("in force", naive.iter().any(|s| s.states.in_force > 0) && naive.iter().any(|s| s.states.signed > 0)),
        ] {
            assert!(some, "seed {seed}: no school is {what}");
        }
        let lacking = all(&office, &department, &SchoolQuery { lacking: true, ..SchoolQuery::default() }).await;
        let wanted = naive.iter().filter(|s| !s.closed && s.settled < s.items).map(|s| &s.code);
        assert!(lacking.iter().map(|s| &s.code).eq(wanted), "seed {seed}: those that lack something, and no others");

        // What the department has to do.
        let tasks = office.app.department_tasks(&department).await.expect("tasks");
        let over: usize = naive.iter().map(|s| s.expired + s.expiring).sum();
        assert_eq!(tasks.certificates.len(), over.min(hocba_app::MAX_LINES));
        assert!(tasks.certificates.is_sorted_by_key(|line| line.not_after), "the soonest first");
        let mut to_appoint = BTreeSet::new();
        for school in naive.iter().filter(|s| !s.closed) {
            let held = office.app.list_appointments(&OPERATOR, &school.code).await.expect("appointments");
            let held: Vec<_> = held.iter().filter(|view| view.standing == Standing::InForce).collect();
            let mut tx = office.app.store().read().await.expect("read");
            for member in tx.staff_of(&school.code).await.expect("staff") {
                let Some(account) = tx.account(&member.account).await.expect("read") else { continue };
                let Some(certificate) = account.certificate else { continue };
                let waits = match member.position {
                    Position::Principal => !held.iter().any(|view| {
                        view.appointment.role == Role::Principal
                            && view.appointment.appointee.certificate == certificate
                    }),
                    Position::Clerk => !held.iter().any(|view| view.appointment.role == Role::SchoolSeal),
                    _ => false,
                };
                if waits {
                    to_appoint.insert((school.code.clone(), account.login));
                }
            }
        }
        let told: BTreeSet<_> = tasks.unappointed.iter().map(|l| (l.school.clone(), l.login.clone())).collect();
        assert_eq!(told, to_appoint, "seed {seed}");
        assert!(!told.is_empty());
    }
}

#[tokio::test]
async fn a_department_sees_its_part_of_the_schools_and_finds_them_without_marks() {
    let office = Office::open().await;
    for (school, name) in [("79DEMO002", "Trường THCS Nguyễn Du"), ("78DEMO001", "Trường THCS Đống Đa")] {
        let new = OpenSchool {
            code: code(school),
            name: Some(name.parse().expect("text")),
            levels: Vec::new(),
            issuer: "so-demo".parse().expect("issuer"),
        };
        office.app.open_school(&OPERATOR, &new).await.expect("opened");
    }
    let codes = async |actor: &Actor, search: &str| {
        let query = SchoolQuery { search: search.into(), ..SchoolQuery::default() };
        all(&office, actor, &query).await.into_iter().map(|s| s.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&officer(Some("79")), "").await, [SCHOOL, "79DEMO002"]);
    assert_eq!(codes(&officer(Some("79")), "dong da").await, [""; 0], "another province's");
    assert_eq!(codes(&officer(None), "dong da").await, ["78DEMO001"]);
    assert_eq!(codes(&officer(None), "NGUYEN  du").await, ["79DEMO002"]);
    assert_eq!(codes(&officer(None), "demo00").await.len(), 3, "by code");
    // Renamed, it is found by the name it has.
    let fate = SchoolFate::Renamed { name: "Trường THCS Hồ Xuân Hương".parse().expect("text") };
    office.app.school_changed(&OPERATOR, &code("79DEMO002"), &fate, None).await.expect("renamed");
    assert_eq!(codes(&officer(None), "xuan huong").await, ["79DEMO002"]);
    assert_eq!(codes(&officer(None), "nguyen du").await, [""; 0]);

    for role in [GrantRole::Principal, GrantRole::SchoolAdministrator, GrantRole::Operator, GrantRole::Clerk] {
        let somebody = of(vec![match role {
            GrantRole::Operator => Grant::everywhere(role),
            _ => Grant::of_school(role, code(SCHOOL), None),
        }]);
        let query = SchoolQuery::default();
        assert!(
            matches!(office.app.department_schools(&somebody, &query).await, Err(AppError::Forbidden(_))),
            "{role}"
        );
        assert!(matches!(office.app.department_tasks(&somebody).await, Err(AppError::Forbidden(_))), "{role}");
        assert!(matches!(office.app.schools_to_open(&somebody, "").await, Err(AppError::Forbidden(_))), "{role}");
    }
}

#[tokio::test]
async fn a_row_that_an_earlier_release_wrote_is_read_from_its_statement_and_its_certificate() {
    let (office, _) = Office::with_class(1).await;
    let app = &office.app;
    app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    let staff = "Họ và tên;Chức vụ;Tên đăng nhập;Chủ nhiệm lớp\nNguyễn Thị Hoa;Giáo viên;hoa;9A3\n";
    let lists =
        Lists { staff: Some(staff.as_bytes()), classes: Some("Lớp;Khối\n9A3;9\n".as_bytes()), pupils: None };
    app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &lists, Mode::Apply).await.expect("taken");
    let teacher = hocba_tests::example_certificates("teacher")[0].digest().to_owned();
    office.database.sql(&format!("UPDATE accounts SET certificate = '{teacher}' WHERE login = 'hoa'")).await;
    // Close to the end of the example certificate, so that it is told.
    let until = hocba_tests::example_certificates("teacher")[0].not_after().seconds();
    office.clock.store(until - 10 * DAY, std::sync::atomic::Ordering::Relaxed);
    let look = async || {
        let tasks = app.department_tasks(&OPERATOR).await.expect("tasks");
        let page = app.department_schools(&OPERATOR, &SchoolQuery::default()).await.expect("a page");
        (tasks.certificates, page.schools)
    };
    let noted = look().await;
    assert_eq!(noted.0.len(), 1);
    assert_eq!((noted.0[0].not_after.seconds(), noted.1[0].expiring), (until, 1));
    let forgotten = office.database.sql("UPDATE certificates SET not_after = NULL").await;
    assert!(forgotten > 0);
    assert_eq!(look().await, noted);

    // And the class of an appointment.
    office.anchor().await;
    office.clock.store(NOW - 10 * DAY, std::sync::atomic::Ordering::Relaxed);
    let noted = look().await;
    assert_eq!(office.database.count("SELECT COUNT(*) FROM appointments WHERE class = '9A3' AND year = 2026").await, 1);
    assert_eq!(office.database.sql("UPDATE appointments SET class = NULL, year = NULL").await, 3);
    assert_eq!(look().await, noted);
    let items = app.opening_state(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("a state");
    assert_eq!(noted.1[0].settled, items.iter().filter(|item| item.is_settled()).count());
    let settled = async |code: &str| {
        let items = app.opening_state(&OPERATOR, &self::code(SCHOOL), year(2026)).await.expect("a state");
        items.iter().find(|item| item.code == code).expect("an item").is_settled()
    };
    assert!(settled("homeroom_appointments").await);
    office.database.sql("UPDATE appointments SET valid_until = valid_from + 1 WHERE role = 'homeroom_teacher'").await;
    assert_ne!(look().await, noted, "the appointment is what was told");
}

#[tokio::test]
async fn a_school_is_opened_with_its_first_administrator_and_a_slip_or_not_at_all() {
    let office = Office::open().await;
    let app = &office.app;
    let listed = |school: &str, name: &str| ListedSchool {
        code: code(school),
        name: name.parse().expect("text"),
        levels: Vec::new(),
        ward: None,
    };
    let list =
        [listed("79DEMO005", "Trường Tiểu học Kim Đồng"), listed("78DEMO001", "Trường Xa"), listed(SCHOOL, "Cũ")];
    app.note_schools(&OPERATOR, &list).await.expect("noted");
    let department = officer(Some("79"));
    let offered = app.schools_to_open(&department, "kim dong").await.expect("offered");
    assert_eq!((offered.found, offered.issuers.len()), (1, 1));
    assert_eq!(app.schools_to_open(&department, "").await.expect("offered").found, 1, "not served, and of the part");
    let new = |school: &str| OpenSchool {
        code: code(school),
        name: None,
        levels: Vec::new(),
        issuer: "so-demo".parse().expect("issuer"),
    };
    let rows = async || {
        let mut counts = Vec::new();
        for table in ["schools", "school_list", "accounts", "grants", "slips", "audit_events"] {
            counts.push(office.database.count(&format!("SELECT COUNT(*) FROM {table}")).await);
        }
        counts
    };
    let taken = NewAccount { login: "taken".into(), name: "Ai".into(), certificate: None, grants: Vec::new() };
    app.add_account(&OPERATOR, taken).await.expect("added");
    let before = rows().await;
    let refused = [
        app.begin_school(&department, &new("79DEMO005"), ("taken", "Nguyễn Thị Ánh")).await,
        app.begin_school(&department, &new("79DEMO005"), ("Ánh", "Nguyễn Thị Ánh")).await,
        app.begin_school(&department, &new("79DEMO005"), ("anh", "")).await,
        app.begin_school(&department, &new("79DEMO006"), ("anh", "Nguyễn Thị Ánh")).await,
        app.begin_school(&department, &new(SCHOOL), ("anh", "Nguyễn Thị Ánh")).await,
        app.begin_school(&department, &new("78DEMO001"), ("anh", "Nguyễn Thị Ánh")).await,
    ];
    let [login, form, name, unnamed, served, elsewhere] = refused.map(|done| done.err().expect("refused"));
    assert!(matches!(login, AccessError::App(AppError::Exists("the account"))), "{login:?}");
    assert!(matches!(form, AccessError::Login) && matches!(name, AccessError::Name));
    assert!(matches!(unnamed, AccessError::App(AppError::SchoolName)), "{unnamed:?}");
    assert!(matches!(served, AccessError::App(AppError::Exists("the school"))), "{served:?}");
    assert!(matches!(elsewhere, AccessError::App(AppError::Forbidden(_))), "{elsewhere:?}");
    assert_eq!(rows().await, before, "nothing half-written");

    let slip = app.begin_school(&department, &new("79DEMO005"), ("anh", "Nguyễn Thị Ánh")).await.expect("opened");
    let view = app.school(&code("79DEMO005")).await.expect("served");
    assert_eq!(view.name.expect("a name").as_str(), "Trường Tiểu học Kim Đồng");
    let client = Client { address: [203, 0, 113, 9].into(), agent: "" };
    let secret = app.slip(&slip.code, client).await.expect("a slip").totp.secret;
    assert!(!secret.is_empty());
    let without = Activation { slip: &slip.code, password: "mùa hè ở Đà Lạt", code: None, client };
    assert!(matches!(app.activate(&without).await, Err(AccessError::Code | AccessError::SecondFactorNeeded)));
    let Actor::Account(account) = app.actor("anh").await.expect("an account") else { panic!("an account") };
    assert_eq!(account.grants, [Grant::of_school(GrantRole::SchoolAdministrator, code("79DEMO005"), None)]);
    assert_eq!(app.schools_to_open(&department, "").await.expect("offered").found, 0);
}

#[tokio::test]
async fn a_department_without_a_school_is_offered_the_codes_of_all() {
    let office = Office::open().await;
    let other = School { code: code("78DEMO001"), issuer: "so-khac".parse().expect("issuer") };
    office.app.add_school(&OPERATOR, &other).await.expect("added");
    let issuers = async |prefix: &str| {
        let offered = office.app.schools_to_open(&officer(Some(prefix)), "").await.expect("offered");
        offered.issuers.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(issuers("79").await, ["so-demo"]);
    assert_eq!(issuers("77").await, ["so-demo", "so-khac"]);
}

/// How long a department of so many schools waits for its pages: 60 schools, or as many as `HOCBA_SCHOOLS` says, each with
/// 45 classes and 48 of its people. `HOCBA_SCHOOLS=2000` makes some 4 million rows first, which takes minutes.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn a_department_of_many_schools_is_walked_to_its_end_each_school_once() {
    let schools = std::env::var("HOCBA_SCHOOLS").ok().map(|text| text.parse().expect("a number of schools"));
    let pupils = std::env::var("HOCBA_PUPILS").ok().map(|text| text.parse().expect("pupils of a class"));
    let shape =
        Shape { schools: schools.unwrap_or(60), teachers: 45, classes: 45, pupils: pupils.unwrap_or(1), there: 100 };
    let office = Office::open().await;
    let codes = Province::settle(&office, 7, &shape).await;
    let department = officer(Some("79S"));
    let lacking = SchoolQuery { lacking: true, ..SchoolQuery::default() };
    // Nobody finds anything: every school is walked through.
    let nothing = SchoolQuery { search: "khong co".into(), ..SchoolQuery::default() };
    let last = SchoolQuery { after: codes.iter().rev().nth(10).cloned(), ..lacking.clone() };
    for (what, query) in
        [("first page", SchoolQuery::default()), ("lacking", lacking.clone()), ("last page", last), ("none", nothing)]
    {
        let began = Instant::now();
        let page = office.app.department_schools(&department, &query).await.expect("a page");
        println!("{what}: {} of {} schools in {:?}", page.schools.len(), page.all, began.elapsed());
        assert_eq!(page.all, shape.schools);
    }
    let walked = all(&office, &department, &SchoolQuery::default()).await;
    assert!(walked.iter().map(|school| &school.code).eq(&codes), "each once, by code");
    let began = Instant::now();
    let tasks = office.app.department_tasks(&department).await.expect("tasks");
    println!("tasks: {} and {} in {:?}", tasks.certificates.len(), tasks.unappointed.len(), began.elapsed());
    // The worst: all schools are done but the last.
    let began = Instant::now();
    let walked = all(&office, &department, &lacking).await;
    println!("all that lack something: {} in {:?}", walked.len(), began.elapsed());
}
