//! Opening a school from its lists, what it still lacks, and going on to the next year.

use std::collections::{BTreeMap, BTreeSet};

use hocba_app::{
    AppError, Item, ItemState, Lists, Mode, Move, OpenSchool, Outcome, RollOptions, SchoolFate, Scope, Selection, Step,
};
use hocba_bundle::report::Verdict;
use hocba_exchange::contract::{Content, Event, Incoming};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, Grade, SchoolCode, SchoolYear},
};
use hocba_sample::{Options, SampleSchool, SchoolOptions};
use hocba_signature::{policy::SigningMode, statement::Role};
use hocba_store::model::{Id, ListedSchool, School};
use hocba_tests::{
    NOW, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};
use hocba_workbook::{Code, table_workbook};

const STAFF: &str = "Họ và tên;Mã giáo viên;Chức vụ;Tên đăng nhập;Chủ nhiệm lớp\n\
    Trần Văn Minh;GV01;Hiệu trưởng;;\n\
    Lê Thu Hà;GV02;Phó hiệu trưởng;;\n\
    Phan Thị Thảo;GV03;Văn thư;;\n\
    Nguyễn Thị Hoa;GV04;Giáo viên;;9A3\n\
    Nguyễn Văn An;GV05;Giáo viên;an@truong.vn;9A4\n\
    Nguyễn Văn An;GV06;Giáo viên;;\n";
const CLASSES: &str = "Lớp;Khối\n9A3;9\n9A4;9\n8A1;8\n";

fn code(text: &str) -> SchoolCode {
    text.parse().expect("code")
}
fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("year")
}
fn class(name: &str) -> ClassName {
    name.parse().expect("class")
}

/// A list of pupils of the sample's class 9A3, in these classes.
fn pupils(of: &[(&str, usize)]) -> Vec<u8> {
    let mut lines = String::from("Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Số định danh;Mã định danh Bộ\n");
    let (_, drafts) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(20));
    let mut drafts = drafts.into_iter();
    for (class, count) in of {
        for (number, draft) in (1..=*count).zip(drafts.by_ref()) {
            let identity = draft.identity;
            let sex = if identity.sex == hocba_record::section::Sex::Female { "Nữ" } else { "Nam" };
            let (ministry, personal) = (&identity.identifiers[0].value, &identity.identifiers[1].value);
            let (name, born) = (&identity.name, identity.birth_date.vietnamese());
            lines.push_str(&format!("{class};{number};{name};{born};{sex};{personal};{ministry}\n"));
        }
    }
    lines.into_bytes()
}

/// An office whose school is open for 2026-2027.
async fn office() -> Office {
    let office = Office::open().await;
    office.app.open_school(&OPERATOR, &opening()).await.expect("opened");
    assert!(office.app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened"));
    office
}

fn opening() -> OpenSchool {
    OpenSchool {
        code: code(SCHOOL),
        name: Some("Trường THCS Trần Phú".parse().expect("text")),
        levels: Vec::new(),
        issuer: "so-demo".parse().expect("issuer"),
    }
}

async fn take(office: &Office, lists: &Lists<'_>, mode: Mode) -> Result<hocba_app::ListsDone, AppError> {
    office.app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), lists, mode).await
}

/// The usual lists, taken.
async fn opened() -> Office {
    let office = office().await;
    let pupils = pupils(&[("9A3", 3), ("9A4", 2), ("8A1", 2)]);
    let lists = Lists { staff: Some(STAFF.as_bytes()), classes: Some(CLASSES.as_bytes()), pupils: Some(&pupils) };
    take(&office, &lists, Mode::Apply).await.expect("taken");
    office
}

async fn account(office: &Office, login: &str) -> Id {
    let found = office.app.store().read().await.expect("read").account_of_login(login).await.expect("read");
    found.unwrap_or_else(|| panic!("no {login}")).id
}

/// What stands in every table that lists write.
async fn rows(office: &Office) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in
        ["accounts", "grants", "staff", "planned_classes", "class_members", "pupils", "pupil_keys", "audit_events"]
    {
        counts.push(office.database.count(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

fn codes(error: AppError) -> Vec<Code> {
    match error {
        AppError::Unsound(findings) => findings.iter().filter(|f| f.is_error()).map(|f| f.code).collect(),
        other => panic!("{other:?}"),
    }
}

async fn state(office: &Office) -> Vec<Item> {
    office.app.opening_state(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("a state")
}

fn of<'a>(items: &'a [Item], code: &str) -> &'a Item {
    items.iter().find(|item| item.code == code).unwrap_or_else(|| panic!("no {code}"))
}

#[tokio::test]
async fn lists_make_accounts_classes_and_pupils_and_taken_again_they_change_nothing() {
    let office = office().await;
    let pupils = pupils(&[("9A3", 3), ("9A4", 2)]);
    let lists = Lists { staff: Some(STAFF.as_bytes()), classes: Some(CLASSES.as_bytes()), pupils: Some(&pupils) };

    let before = rows(&office).await;
    let shown = take(&office, &lists, Mode::Preview).await.expect("sound");
    assert_eq!(rows(&office).await, before, "a preview writes nothing");

    let done = take(&office, &lists, Mode::Apply).await.expect("taken");
    assert_eq!(done.staff, shown.staff, "what was shown is what was done");
    let logins: Vec<&str> = done.staff.iter().map(|line| line.login.as_str()).collect();
    assert_eq!(
        logins,
        ["tranvan.minh", "lethu.ha", "phanthi.thao", "nguyenthi.hoa", "an@truong.vn", "nguyenvan.an"],
        "each a login of their own"
    );
    assert_eq!((done.pupils[&class("9A3")], done.pupils_changed), (3, 5));
    assert_eq!(done.homerooms, [class("9A3"), class("9A4")]);

    let after = rows(&office).await;
    let again = take(&office, &lists, Mode::Apply).await.expect("taken");
    assert!(!again.is_change() && again.staff.iter().all(|line| line.outcome == Outcome::Unchanged));
    assert_eq!(rows(&office).await, after);
}

#[tokio::test]
async fn names_of_pupils_are_nowhere_in_the_open() {
    let office = opened().await;
    let bytes = office.database.bytes().await;
    let (_, drafts) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(20));
    let has = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(has("Nguyễn Thị Hoa"), "names of staff are");
    for draft in &drafts[..7] {
        assert!(!has(draft.identity.name.as_str()) && !has(draft.identity.identifiers[1].value.as_str()));
    }
}

#[tokio::test]
async fn one_fault_in_any_list_and_nothing_of_all_three_is_stored() {
    let sound = pupils(&[("9A3", 2)]);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let born = text(&sound).replacen("9A3;1;", "9A3;1;X ", 1);
    let other_year = |text: &str, from: &str, to: &str| text.replace(from, to);
    // One mutation each: staff, classes, pupils, the codes found.
    let cases: Vec<(String, String, String, Code)> = vec![
        (other_year(STAFF, "Văn thư", "Bạn bè"), CLASSES.into(), text(&sound), Code::NotAPosition),
        (other_year(STAFF, "GV05", "GV04"), CLASSES.into(), text(&sound), Code::StaffTwice),
        (other_year(STAFF, "an@truong.vn", "an truong"), CLASSES.into(), text(&sound), Code::BadLogin),
        (other_year(STAFF, ";;9A3", ";an@truong.vn;9A3"), CLASSES.into(), text(&sound), Code::LoginTaken),
        (other_year(STAFF, "9A4", "9AA4"), CLASSES.into(), text(&sound), Code::UnknownClass),
        (other_year(STAFF, "9A4", "9A3"), CLASSES.into(), text(&sound), Code::HomeroomTwice),
        (other_year(STAFF, "Phó hiệu trưởng", "Hiệu trưởng"), CLASSES.into(), text(&sound), Code::TwoPrincipals),
        (STAFF.into(), other_year(CLASSES, "8A1;8", "8A1;7"), text(&sound), Code::ClassDisagrees),
        (STAFF.into(), other_year(CLASSES, "8A1;8", "9A3;9"), text(&sound), Code::ClassTwice),
        (
            STAFF.into(),
            "Lớp;Khối;GVCN\n9A3;9;Nguyễn Văn An\n9A4;9;\n8A1;8;\n".into(),
            text(&sound),
            Code::UnknownTeacher,
        ),
        (STAFF.into(), "Lớp;Khối;GVCN\n9A3;9;GV06\n9A4;9;\n8A1;8;\n".into(), text(&sound), Code::HomeroomTwice),
        (STAFF.into(), CLASSES.into(), other_year(&text(&sound), "9A3;2", "9A7;2"), Code::UnknownClass),
        (STAFF.into(), CLASSES.into(), other_year(&text(&sound), "9A3;2", "9A3;1"), Code::DuplicateNumber),
    ];
    for (staff, classes, pupils, code) in cases {
        let office = office().await;
        let before = rows(&office).await;
        let lists =
            Lists { staff: Some(staff.as_bytes()), classes: Some(classes.as_bytes()), pupils: Some(pupils.as_bytes()) };
        for mode in [Mode::Preview, Mode::Apply] {
            let found = codes(take(&office, &lists, mode).await.expect_err("a fault"));
            assert!(found.contains(&code), "{code}: {found:?}");
        }
        assert_eq!(rows(&office).await, before, "{code}");
    }
    assert!(born.contains("X "), "the sample's lines are as expected");
}

#[tokio::test]
async fn a_birth_date_that_is_none_and_a_pupil_without_a_number_are_told_at_their_cells() {
    let office = opened().await;
    let text = String::from_utf8(pupils(&[("9A3", 2)])).expect("UTF-8");
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let mut cells: Vec<&str> = lines[1].split(';').collect();
    cells[3] = "31/02/2012";
    let first = cells.join(";");
    let mut cells: Vec<&str> = lines[2].split(';').collect();
    (cells[5], cells[6]) = ("", "");
    let second = cells.join(";");
    (lines[1], lines[2]) = (first, second);
    let bytes = lines.join("\n").into_bytes();
    let error =
        take(&office, &Lists { pupils: Some(&bytes), ..Lists::default() }, Mode::Apply).await.expect_err("two faults");
    let AppError::Unsound(findings) = error else { panic!("{error:?}") };
    let told: Vec<String> = findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect();
    assert_eq!(told, ["not_a_date at CSV!D2", "no_identifier at CSV!C3"]);
}

#[tokio::test]
async fn another_schools_account_is_not_taken_over_by_a_list() {
    let office = office().await;
    let grant = hocba_store::model::Grant::everywhere(hocba_store::model::GrantRole::Department);
    let new = hocba_app::NewAccount {
        login: "sogd".into(),
        name: "Trần Văn Minh".into(),
        certificate: None,
        grants: vec![grant],
    };
    office.app.add_account(&OPERATOR, new).await.expect("added");
    let staff = "Họ và tên;Chức vụ;Tên đăng nhập\nTrần Văn Minh;Hiệu trưởng;sogd\n";
    let lists = Lists { staff: Some(staff.as_bytes()), ..Lists::default() };
    assert_eq!(codes(take(&office, &lists, Mode::Apply).await.expect_err("taken")), [Code::LoginTaken]);
    assert_eq!(office.database.count("SELECT COUNT(*) FROM grants").await, 1);
}

#[tokio::test]
async fn whoever_changes_position_loses_the_grant_of_the_old_one() {
    let office = opened().await;
    let staff = STAFF.replace("GV02;Phó hiệu trưởng", "GV02;Giáo viên");
    let done = take(&office, &Lists { staff: Some(staff.as_bytes()), ..Lists::default() }, Mode::Apply).await;
    let changed: Vec<_> = done.expect("taken").staff.into_iter().filter(|l| l.outcome == Outcome::Changed).collect();
    assert_eq!(changed.len(), 1);
    let sql = "SELECT COUNT(*) FROM grants WHERE role = 'deputy_principal'";
    assert_eq!(office.database.count(sql).await, 0);
}

#[tokio::test]
async fn a_class_has_one_homeroom_teacher_and_the_one_before_may_no_longer() {
    let office = opened().await;
    let sql = "SELECT COUNT(*) FROM grants WHERE role = 'homeroom_teacher' AND class = '9A3'";
    let other = account(&office, "nguyenvan.an").await;
    let (school, year) = (code(SCHOOL), year(2026));
    let given = office.app.assign_homeroom(&OPERATOR, &school, year, &class("9A3"), &other).await.expect("given");
    assert!(given && office.database.count(sql).await == 1);
    let again = office.app.assign_homeroom(&OPERATOR, &school, year, &class("9A3"), &other).await.expect("given");
    assert!(!again);
    let before = account(&office, "nguyenthi.hoa").await;
    let old = office.app.store().read().await.expect("read").account(&before).await.expect("read").expect("there");
    assert!(old.grants.is_empty());
    let unknown = office.app.assign_homeroom(&OPERATOR, &school, year, &class("9A9"), &other).await;
    assert!(matches!(unknown, Err(AppError::UnknownClass(_))));
    let stranger = office.app.assign_homeroom(&OPERATOR, &school, year, &class("9A3"), &Id::from_bytes([9; 16])).await;
    assert!(matches!(stranger, Err(AppError::NotFound("account"))));
}

#[tokio::test]
async fn a_certificate_is_enrolled_for_whom_it_names_from_a_recognised_root_and_once() {
    let office = opened().await;
    let (principal, teacher) = (account(&office, "tranvan.minh").await, account(&office, "nguyenthi.hoa").await);
    let clerk = account(&office, "phanthi.thao").await;
    let enrol =
        async |account: &Id, name: &str| office.app.enrol_certificate(&OPERATOR, account, &chain_of(name)).await;

    assert!(matches!(enrol(&teacher, "principal").await, Err(AppError::CertificateName)));
    assert!(matches!(enrol(&teacher, "seal").await, Err(AppError::CertificateName)), "the school's is for its clerk");
    assert!(matches!(enrol(&principal, "stranger-principal").await, Err(AppError::Certificate(_))));
    assert_eq!(office.database.count("SELECT COUNT(*) FROM accounts WHERE certificate IS NOT NULL").await, 0);

    assert!(enrol(&principal, "principal").await.expect("enrolled"));
    assert!(!enrol(&principal, "principal").await.expect("there"));
    assert!(enrol(&clerk, "seal").await.expect("the school's seal"));

    // Somebody of the same name at another school does not get it as well, and is not told whose it is.
    let other = School { code: code("79DEMO009"), issuer: "so-demo".parse().expect("issuer") };
    office.app.add_school(&OPERATOR, &other).await.expect("added");
    office.app.open_year(&OPERATOR, &other.code, year(2026)).await.expect("opened");
    let staff = "Họ và tên;Chức vụ\nTrần Văn Minh;Hiệu trưởng\n".as_bytes();
    let done = office
        .app
        .import_lists(&OPERATOR, &other.code, year(2026), &Lists::of_staff(staff), Mode::Apply)
        .await
        .expect("taken");
    let namesake = account(&office, &done.staff[0].login).await;
    let refused = enrol(&namesake, "principal").await.expect_err("taken");
    assert!(matches!(refused, AppError::Exists("the certificate")), "{refused:?}");
    assert!(!refused.to_string().contains("Minh"));
}

#[tokio::test]
async fn an_import_of_marks_says_who_is_not_on_the_class_list_and_who_is_missing() {
    let office = opened().await;
    // Four pupils with marks; three of them are on the list, which has nobody else.
    let bytes = workbook(4, |_, _| {});
    let (_, four) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(4));
    let (_, twenty) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(20));
    let numbers = |drafts: &[hocba_record::draft::Draft]| -> BTreeSet<String> {
        drafts.iter().map(|d| d.identity.identifiers[1].value.to_string()).collect()
    };
    let (marks, listed) = (numbers(&four), numbers(&twenty[..3]));
    let done = office.app.import(&OPERATOR, &bytes, &Default::default()).await.expect("imported");
    let count = |code| done.warnings.iter().filter(|f| f.code == code).count();
    assert_eq!(count(Code::NotOnClassList), marks.difference(&listed).count());
    assert_eq!(count(Code::MissingFromClass), listed.difference(&marks).count());
    assert!(count(Code::NotOnClassList) > 0, "the sample's classes differ");
}

/// Counts by the tables alone, without a word of the code that is tried.
struct Naive {
    staff: i64,
    principal: (i64, i64),
    clerk: (i64, i64),
    classes: i64,
    no_homeroom: i64,
    no_certificate: i64,
    no_appointment: i64,
    waiting: i64,
    no_pupils: i64,
}

async fn recount(office: &Office) -> Naive {
    let count = async |sql: String| office.database.count(&sql).await;
    let holders = async |position: &str| {
        let of = format!("FROM staff s JOIN accounts a ON a.id = s.account WHERE s.position = '{position}'");
        (
            count(format!("SELECT COUNT(*) {of}")).await,
            count(format!("SELECT COUNT(*) {of} AND a.certificate IS NOT NULL")).await,
        )
    };
    let appointed = |anchored: &str| {
        format!(
            "EXISTS (SELECT 1 FROM accounts t JOIN appointments a ON a.certificate = t.certificate \
             JOIN leaves l ON l.subject = a.id LEFT JOIN batches b ON b.id = l.batch \
             WHERE t.id = p.homeroom AND a.role = 'homeroom_teacher' AND p.name = '9A3' {anchored})"
        )
    };
    let classes = "SELECT COUNT(*) FROM planned_classes p WHERE p.year = 2026";
    let on_chain = appointed("AND b.chain_index IS NOT NULL");
    let signed = appointed("");
    Naive {
        staff: count("SELECT COUNT(*) FROM staff".into()).await,
        principal: holders("principal").await,
        clerk: holders("clerk").await,
        classes: count(classes.into()).await,
        no_homeroom: count(format!("{classes} AND p.homeroom IS NULL")).await,
        no_certificate: count(format!(
            "{classes} AND NOT EXISTS (SELECT 1 FROM accounts t WHERE t.id = p.homeroom AND t.certificate IS NOT NULL)"
        ))
        .await,
        no_appointment: count(format!("{classes} AND NOT {signed}")).await,
        waiting: count(format!("{classes} AND {signed} AND NOT {on_chain}")).await,
        no_pupils: count(format!("{classes} AND NOT EXISTS (SELECT 1 FROM class_members m WHERE m.class = p.id)"))
            .await,
    }
}

/// An item says what was counted: done where nothing is missing, how many where not; or waits for what is not done.
fn agrees(items: &[Item], code: &str, missing: i64, of_all: i64, waiting: i64, seen: &str) {
    let item = of(items, code);
    let missing = usize::try_from(missing).expect("a count");
    match item.state {
        ItemState::Done => assert!(missing == 0 && waiting == 0 && of_all > 0, "{seen}: {code} is not done"),
        ItemState::Missing { missing: said, of } => {
            assert_eq!((said, of), (missing, usize::try_from(of_all).expect("a count")), "{seen}: {code}");
        }
        ItemState::Waiting { waiting: said } => {
            assert_eq!((said as i64, missing), (waiting, 0), "{seen}: {code}");
        }
        ItemState::Blocked { by } => {
            assert!(missing > 0 || of_all == 0, "{seen}: {code} is done and blocked by {by}");
            assert!(!of(items, by).is_settled(), "{seen}: {code} is blocked by {by}, which is done");
        }
        ItemState::Optional => panic!("{seen}: {code} is not optional"),
    }
}

#[tokio::test]
async fn the_checklist_is_true_after_every_step_of_any_sequence() {
    let mut reached = BTreeSet::new();
    for seed in 1..=6_u64 {
        let office = Office::open().await;
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut roll = |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % sides
        };
        let (school, y) = (code(SCHOOL), year(2026));
        let mut seen = format!("seed {seed}");
        for _ in 0..24 {
            let step = roll(11);
            seen.push_str(&format!(" {step}"));
            // Whatever is refused changes nothing; what the state says has to be true either way.
            match step {
                0 => drop(office.app.open_school(&OPERATOR, &opening()).await),
                1 => drop(office.app.open_year(&OPERATOR, &school, y).await),
                2 => {
                    let lines = 2 + usize::try_from(roll(5)).expect("small");
                    let text: String = STAFF.lines().take(lines).map(|l| format!("{l}\n")).collect();
                    drop(
                        office
                            .app
                            .import_lists(&OPERATOR, &school, y, &Lists::of_staff(text.as_bytes()), Mode::Apply)
                            .await,
                    );
                }
                3 => {
                    let lines = 2 + usize::try_from(roll(3)).expect("small");
                    let text: String = CLASSES.lines().take(lines).map(|l| format!("{l}\n")).collect();
                    drop(
                        office
                            .app
                            .import_lists(&OPERATOR, &school, y, &Lists::of_classes(text.as_bytes()), Mode::Apply)
                            .await,
                    );
                }
                4 => {
                    let list = pupils([&[("9A3", 2)][..], &[("9A3", 1), ("8A1", 2)]][usize::from(roll(2) == 1)]);
                    drop(office.app.import_lists(&OPERATOR, &school, y, &Lists::of_pupils(&list), Mode::Apply).await);
                }
                5 => {
                    let staff = office.app.store().read().await.expect("read").staff_of(&school).await.expect("read");
                    if let Some(member) = staff.get(usize::try_from(roll(6)).expect("small")) {
                        let name = class(["9A3", "9A4", "8A1"][usize::try_from(roll(3)).expect("small")]);
                        drop(office.app.assign_homeroom(&OPERATOR, &school, y, &name, &member.account).await);
                    }
                }
                6 | 7 => {
                    let (login, file) =
                        [("tranvan.minh", "principal"), ("nguyenthi.hoa", "teacher"), ("phanthi.thao", "seal")]
                            [usize::try_from(roll(3)).expect("small")];
                    let found = office.app.store().read().await.expect("read").account_of_login(login).await;
                    if let Some(account) = found.expect("read") {
                        drop(office.app.enrol_certificate(&OPERATOR, &account.id, &chain_of(file)).await);
                    }
                }
                8 | 9 => {
                    let role = [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher]
                        [usize::try_from(roll(3)).expect("small")];
                    let class = (role == Role::HomeroomTeacher).then_some("9A3");
                    let statement = office.people.appoint(&office.people.appointment(role, class));
                    let (by, whom) = match role {
                        Role::HomeroomTeacher => ("principal", "teacher"),
                        Role::SchoolSeal => ("department", "seal"),
                        _ => ("department", "principal"),
                    };
                    drop(office.app.appoint(&OPERATOR, &statement, &chain_of(by), &chain_of(whom)).await);
                }
                _ => office.anchor().await,
            }
            let (items, naive) = (state(&office).await, recount(&office).await);
            let agrees = |code, missing, of, waiting| agrees(&items, code, missing, of, waiting, &seen);
            agrees("staff", i64::from(naive.staff == 0), 1, 0);
            agrees("principal_account", i64::from(naive.principal.0 == 0), 1, 0);
            agrees("principal_certificate", i64::from(naive.principal.1 == 0), 1, 0);
            agrees("clerk", i64::from(naive.clerk.0 == 0), 1, 0);
            agrees("seal_certificate", i64::from(naive.clerk.1 == 0), 1, 0);
            agrees("classes", i64::from(naive.classes == 0), 1, 0);
            agrees("homerooms", naive.no_homeroom, naive.classes, 0);
            agrees("homeroom_certificates", naive.no_certificate, naive.classes, 0);
            agrees("homeroom_appointments", naive.no_appointment, naive.classes, naive.waiting);
            agrees("pupils", naive.no_pupils, naive.classes, 0);
            reached.extend(items.iter().filter(|item| item.is_settled()).map(|item| item.code));
        }
    }
    for code in ["staff", "classes", "principal_certificate", "seal_appointment"] {
        assert!(reached.contains(code), "no sequence got as far as {code}: {reached:?}");
    }
}

#[tokio::test]
async fn when_nothing_is_missing_the_class_can_be_signed_and_not_before() {
    let office = office().await;
    let staff = STAFF.replace("9A4", "");
    let pupils = pupils(&[("9A3", 3)]);
    let lists = Lists {
        staff: Some(staff.as_bytes()),
        classes: Some(b"L\xe1\xbb\x9bp;Kh\xe1\xbb\x91i\n9A3;9\n"),
        pupils: Some(&pupils),
    };
    take(&office, &lists, Mode::Apply).await.expect("taken");
    for (login, file) in [("tranvan.minh", "principal"), ("nguyenthi.hoa", "teacher"), ("phanthi.thao", "seal")] {
        let account = account(&office, login).await;
        assert!(office.app.enrol_certificate(&OPERATOR, &account, &chain_of(file)).await.expect("enrolled"));
    }
    for role in [Role::Principal, Role::SchoolSeal] {
        assert!(office.appoint(role).await);
    }
    let needed = office.app.needed_appointments(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("asked");
    assert_eq!(needed.len(), 1);
    assert_eq!((needed[0].class.as_str(), needed[0].chain[0].clone()), ("9A3", chain_of("teacher")[0].clone()));
    assert!(office.appoint(Role::HomeroomTeacher).await);
    assert!(office.app.needed_appointments(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("asked").is_empty());
    assert!(!state(&office).await.iter().all(Item::is_settled), "nothing is on the public record yet");
    office.anchor().await;
    let items = state(&office).await;
    assert!(items.iter().all(Item::is_settled), "{items:?}");
    let class =
        office.app.import(&OPERATOR, &workbook(2, |_, _| {}), &Default::default()).await.expect("imported").class;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        assert_eq!(office.step(&class, step, &Selection::All).await.taken, 2);
    }
}

#[tokio::test]
async fn the_departments_list_names_a_school_and_another_name_is_refused() {
    let office = Office::open().await;
    let listed = ListedSchool {
        code: code(SCHOOL),
        name: "Trường THCS Trần Phú".parse().expect("text"),
        levels: vec![hocba_record::types::EducationLevel::LowerSecondary],
    };
    assert_eq!(office.app.note_schools(&OPERATOR, std::slice::from_ref(&listed)).await.expect("noted"), 1);
    assert_eq!(office.app.note_schools(&OPERATOR, &[listed]).await.expect("noted"), 0);
    let other = OpenSchool { name: Some("Trường THCS Khác".parse().expect("text")), ..opening() };
    assert!(matches!(office.app.open_school(&OPERATOR, &other).await, Err(AppError::SchoolName)));
    let nameless = OpenSchool { name: None, code: code("79DEMO008"), ..opening() };
    assert!(matches!(office.app.open_school(&OPERATOR, &nameless).await, Err(AppError::SchoolName)));
    let by_list = OpenSchool { name: None, ..opening() };
    office.app.open_school(&OPERATOR, &by_list).await.expect("opened");
    let view = office.app.school(&code(SCHOOL)).await.expect("there");
    assert_eq!(view.name.expect("a name").as_str(), "Trường THCS Trần Phú");
    office.app.open_year(&OPERATOR, &code(SCHOOL), year(2026)).await.expect("opened");
    let classes = "Lớp;Khối\n10A1;10\n".as_bytes();
    let wrong =
        office.app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), &Lists::of_classes(classes), Mode::Apply).await;
    assert_eq!(codes(wrong.expect_err("no such level")), [Code::UnknownGrade]);
}

#[tokio::test]
async fn a_year_is_closed_when_it_is_done_or_for_a_reason_and_its_lists_stay() {
    let office = opened().await;
    let (school, y) = (code(SCHOOL), year(2026));
    let closed = office.app.close_year(&OPERATOR, &school, y, None).await;
    assert!(matches!(closed, Err(AppError::YearUnfinished { unfinished: 7 })), "{closed:?}");
    let reason = "Trường chuyển hệ thống".parse().expect("text");
    let done = office.app.close_year(&OPERATOR, &school, y, Some(&reason)).await.expect("closed");
    assert!(done.new && done.unfinished == 7);
    assert!(!office.app.close_year(&OPERATOR, &school, y, None).await.expect("closed before").new);
    let again = take(&office, &Lists { staff: Some(STAFF.as_bytes()), ..Lists::default() }, Mode::Apply).await;
    assert!(matches!(again, Err(AppError::YearClosed(_))));
    assert!(matches!(office.app.open_year(&OPERATOR, &school, y).await, Err(AppError::YearClosed(_))));
    let never = office.app.close_year(&OPERATOR, &school, year(2030), None).await;
    assert!(matches!(never, Err(AppError::YearNotOpen(_))));
    let years = office.app.school_years(&OPERATOR, &school).await.expect("years");
    assert_eq!((years.len(), years[0].pupils, years[0].unfinished), (1, 7, 7));
    assert_eq!(years[0].row.reason.as_ref().map(ToString::to_string).as_deref(), Some("Trường chuyển hệ thống"));
}

/// A school of so many pupils whose year is sealed and anchored: all classes but the last.
async fn sealed_school(pupils: usize, per_grade: usize) -> (Office, Vec<Id>, SampleSchool) {
    let mut office = office().await;
    office.sign_by(SigningMode::List);
    let grade = |n| Grade::new(n).expect("grade");
    let options = SchoolOptions {
        grades: vec![(grade(9), per_grade), (grade(8), per_grade), (grade(7), per_grade), (grade(6), per_grade + 1)],
        pupils,
        ..SchoolOptions::lower_secondary()
    };
    let sample = hocba_sample::school(5, &options);
    for role in [Role::Principal, Role::SchoolSeal] {
        assert!(office.appoint(role).await);
    }
    let mut ids = Vec::new();
    for (place, class) in sample.classes.iter().enumerate() {
        let (header, drafts) = class.drafts();
        let messages: Vec<Incoming> = drafts
            .into_iter()
            .enumerate()
            .map(|(n, draft)| Incoming {
                id: format!("MAU-{}-{n}", header.class).parse().expect("a key"),
                version: 1,
                at: at(NOW),
                event: Event::New(Box::new(Content { header: header.clone(), draft, earlier: Vec::new() })),
                warnings: Vec::new(),
            })
            .collect();
        let taken = office.app.take_messages(&OPERATOR, &messages, &Default::default()).await.expect("taken");
        assert!(taken.refused.is_empty(), "{:?}", taken.refused);
        let mut tx = office.app.store().read().await.expect("read");
        let stored = tx.class_named(&header.school, header.year, &header.class).await.expect("read").expect("there");
        drop(tx);
        ids.push(stored.id);
        let mut appointment = office.people.appointment(Role::HomeroomTeacher, Some(header.class.as_str()));
        appointment.id = RecordId::from_bytes([u8::try_from(place + 1).expect("small"); 16]);
        let statement = office.people.appoint(&appointment);
        let done = office.app.appoint(&OPERATOR, &statement, &chain_of("principal"), &chain_of("teacher")).await;
        assert!(done.expect("appointed"));
    }
    office.anchor().await;
    let (last, sealed) = ids.split_last().expect("classes");
    for class in sealed {
        for step in [Step::Sign, Step::CoSign, Step::Seal] {
            office.step(class, step, &Selection::All).await;
        }
    }
    assert!(office.lines(last).await.iter().all(|line| line.left_out.is_none()));
    office.anchor().await;
    (office, ids, sample)
}

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

#[tokio::test]
async fn a_workbook_with_a_sheet_for_each_class_is_read_as_the_csv_is() {
    let office = opened().await;
    let (_, drafts) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(20));
    let sheet = |name: &str, from: usize, to: usize| {
        let mut rows = vec![
            ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Số định danh", "Mã định danh Bộ"]
                .map(String::from)
                .to_vec(),
        ];
        for (n, draft) in (1..).zip(&drafts[from..to]) {
            let identity = &draft.identity;
            let sex = if identity.sex == hocba_record::section::Sex::Female { "Nữ" } else { "Nam" };
            rows.push(vec![
                format!("{n}"),
                identity.name.to_string(),
                identity.birth_date.vietnamese(),
                sex.to_owned(),
                identity.identifiers[1].value.to_string(),
                identity.identifiers[0].value.to_string(),
            ]);
        }
        (name.to_owned(), rows)
    };
    let sheets = [sheet("9A3", 0, 3), sheet("9A4", 3, 5), sheet("8A1", 5, 7)];
    let bytes = table_workbook(&sheets).expect("a workbook");
    let done = take(&office, &Lists { pupils: Some(&bytes), ..Lists::default() }, Mode::Apply).await.expect("taken");
    assert!(!done.is_change(), "the same pupils: {done:?}");
}
