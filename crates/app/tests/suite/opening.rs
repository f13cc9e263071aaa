//! Opening a school from its lists, and what it still lacks.

use std::collections::BTreeSet;

use hocba_app::{
    AppError, Appointing, AppointmentTask, Item, ItemState, Lists, Mode, OpenSchool, Outcome, Selection,
    SignedAppointment, Step,
};
use hocba_record::encoding::Sha256Digest;
use hocba_sample::Options;
use hocba_signature::{appointment::Appointment, statement::Role};
use hocba_store::model::{Id, ListedSchool, School};
use hocba_tests::{
    Person, SCHOOL,
    office::{OPERATOR, Office, chain_of, workbook},
};
use hocba_workbook::{Code, table_workbook};

use crate::names::{class, code, year};

const STAFF: &str = "Họ và tên;Mã giáo viên;Chức vụ;Tên đăng nhập;Chủ nhiệm lớp\n\
    Trần Văn Minh;GV01;Hiệu trưởng;;\n\
    Lê Thu Hà;GV02;Phó hiệu trưởng;;\n\
    Phan Thị Thảo;GV03;Văn thư;;\n\
    Nguyễn Thị Hoa;GV04;Giáo viên;;9A3\n\
    Nguyễn Văn An;GV05;Giáo viên;an@truong.vn;9A4\n\
    Nguyễn Văn An;GV06;Giáo viên;;\n";
const CLASSES: &str = "Lớp;Khối\n9A3;9\n9A4;9\n8A1;8\n";

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
pub async fn office() -> Office {
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

pub async fn take(office: &Office, lists: &Lists<'_>, mode: Mode) -> Result<hocba_app::ListsDone, AppError> {
    office.app.import_lists(&OPERATOR, &code(SCHOOL), year(2026), lists, mode).await
}

/// The usual lists, taken.
pub async fn opened() -> Office {
    let office = office().await;
    let pupils = pupils(&[("9A3", 3), ("9A4", 2), ("8A1", 2)]);
    let lists = Lists { staff: Some(STAFF.as_bytes()), classes: Some(CLASSES.as_bytes()), pupils: Some(&pupils) };
    take(&office, &lists, Mode::Apply).await.expect("taken");
    office
}

pub async fn account(office: &Office, login: &str) -> Id {
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

/// Signs what is to be signed, as somebody of the example people.
fn signed_by(file: &str, tasks: &[AppointmentTask]) -> Vec<SignedAppointment> {
    let key = Person::example(file).key;
    let sign = |task: &AppointmentTask| SignedAppointment {
        payload: task.appointment.to_bytes(),
        at: task.at,
        signature: key.sign(task.bytes()).to_vec(),
    };
    tasks.iter().map(sign).collect()
}

#[tokio::test]
async fn appointments_are_prepared_signed_elsewhere_and_taken_back_all_or_none() {
    let office = opened().await;
    let (app, school) = (&office.app, code(SCHOOL));
    for (login, file) in
        [("tranvan.minh", "principal"), ("lethu.ha", "deputy"), ("nguyenthi.hoa", "teacher"), ("phanthi.thao", "seal")]
    {
        let account = account(&office, login).await;
        assert!(app.enrol_certificate(&OPERATOR, &account, &chain_of(file)).await.expect("enrolled"));
    }
    let (department, principal) = (chain_of("department"), chain_of("principal"));
    let homerooms = Appointing::Homerooms { year: year(2026), deputy: false };

    // The principal is nobody yet; somebody else's department is none of this school.
    let early = app.prepare_appointments(&OPERATOR, &school, homerooms, &principal).await;
    assert!(matches!(early, Err(AppError::NotAppointed { role: Role::Principal, .. })), "{early:?}");
    let foreign = app.prepare_appointments(&OPERATOR, &school, Appointing::School, &chain_of("other-principal")).await;
    assert!(matches!(foreign, Err(AppError::NotAppointed { role: Role::Department, .. })), "{foreign:?}");

    let tasks = app.prepare_appointments(&OPERATOR, &school, Appointing::School, &department).await.expect("tasks");
    let roles: Vec<Role> = tasks.iter().map(|task| task.appointment.role).collect();
    assert_eq!(roles, [Role::Principal, Role::DeputyPrincipal, Role::SchoolSeal]);
    assert_eq!(tasks[2].appointment.appointee.name.as_str(), "Trường THCS Trần Phú", "a seal is the school's");
    let signed = signed_by("department", &tasks);

    // One thing wrong with one of them, and none is taken.
    let appointments = || app.list_appointments(&OPERATOR, &school);
    let wrong = |change: &dyn Fn(&mut SignedAppointment)| {
        let mut signed = signed.clone();
        change(&mut signed[1]);
        signed
    };
    let other_key = signed_by("principal", &tasks)[1].signature.clone();
    let changed = |change: &dyn Fn(&mut Appointment)| {
        let mut appointment = tasks[1].appointment.clone();
        change(&mut appointment);
        appointment.to_bytes()
    };
    let stranger = Sha256Digest::of(&chain_of("other-teacher")[0]);
    for signed in [
        wrong(&|one| one.signature[0] ^= 1),
        wrong(&|one| one.signature.clone_from(&other_key)),
        wrong(&|one| one.at = one.at.plus(1)),
        wrong(&|one| one.at = one.at.plus(-2 * 86_400)),
        wrong(&|one| one.payload = changed(&|a| a.role = Role::Principal)),
        wrong(&|one| one.payload = changed(&|a| a.school = code(hocba_tests::OTHER_SCHOOL))),
        wrong(&|one| one.payload = changed(&|a| a.appointee.certificate = stranger)),
        wrong(&|one| one.payload.clear()),
    ] {
        let refused = app.submit_appointments(&OPERATOR, &school, Appointing::School, &department, &signed).await;
        assert!(matches!(refused, Err(AppError::OneOfMany { index: 1, .. })), "{refused:?}");
        assert!(appointments().await.expect("asked").is_empty(), "none of three");
    }
    // Those of the whole school do not come in as homeroom teachers.
    let beside = app.submit_appointments(&OPERATOR, &school, homerooms, &department, &signed).await;
    assert!(matches!(beside, Err(AppError::OneOfMany { index: 0, .. })), "{beside:?}");

    let submit = || app.submit_appointments(&OPERATOR, &school, Appointing::School, &department, &signed);
    assert_eq!(submit().await.expect("taken"), 3);
    assert_eq!(submit().await.expect("sent again"), 0);
    let none = app.prepare_appointments(&OPERATOR, &school, Appointing::School, &department).await.expect("asked");
    assert!(none.is_empty(), "nothing is asked for twice");

    // Now the principal may: of two classes, the one whose teacher has a certificate.
    let tasks = app.prepare_appointments(&OPERATOR, &school, homerooms, &principal).await.expect("tasks");
    let classes: Vec<_> = tasks.iter().map(|task| task.appointment.class.clone()).collect();
    assert_eq!(classes, [Some(class("9A3"))]);
    let signed = signed_by("principal", &tasks);
    assert_eq!(app.submit_appointments(&OPERATOR, &school, homerooms, &principal, &signed).await.expect("taken"), 1);
    assert_eq!(appointments().await.expect("asked").len(), 4);
    let none = app.prepare_appointments(&OPERATOR, &school, homerooms, &principal).await.expect("asked");
    assert!(none.is_empty(), "nothing is asked for twice");
    // Signed and not recorded yet; the other two classes have nobody with a certificate.
    assert!(matches!(of(&state(&office).await, "principal_appointment").state, ItemState::Waiting { waiting: 1 }));
    let homerooms = of(&state(&office).await, "homeroom_appointments").clone();
    assert!(matches!(homerooms.state, ItemState::Missing { missing: 2, of: 3 }), "{homerooms:?}");
}

#[tokio::test]
async fn the_departments_list_names_a_school_and_another_name_is_refused() {
    let office = Office::open().await;
    let listed = ListedSchool {
        code: code(SCHOOL),
        name: "Trường THCS Trần Phú".parse().expect("text"),
        levels: vec![hocba_record::types::EducationLevel::LowerSecondary],
        ward: None,
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
