//! Every use case, asked for by every role, wherever it holds, about everything near and far: what is refused is what the
//! policy refuses. The expectation comes from the policy; the policy itself is the reviewed page `docs/permissions.md`.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use hocba_app::{
    Actor, AppError, Conversion, Import, Lists, Mode, NewAccount, NewAppointment, NewEnd, OpenSchool, RollOptions,
    SchoolFate, Scope, Selection, Step,
    access::{AccessError, NewSchoolAccount},
    policy::{Action, Place, may, role_may},
};
use hocba_exchange::{
    contract::{Content, Event, Incoming},
    package::Answers,
};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear},
};
use hocba_signature::{
    statement::{Role, Statement},
    status::ReasonClass,
};
use hocba_store::StoredPackage;
use hocba_store::model::{Account, Grant, GrantRole, Id, LeftOut, Link, LinkContent, ReturnReason, School};
use hocba_tests::{
    CHAIN, CONTRACT, DAY, Ledger, NOW, OTHER_SCHOOL, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};

/// What a use case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// A class or one of its records.
    Class,
    /// A school.
    School,
    /// The whole installation.
    Everything,
    /// Nothing yet: who may do it anywhere may do this.
    Somewhere,
    /// Everything that the actor may see: the answer differs, nothing is refused.
    WhatOneSees,
}

/// A use case in one of its forms: name, form, what it needs, about what.
type UseCase = (&'static str, &'static str, &'static [Action], About);

use About::{Class, Everything, Somewhere, WhatOneSees};

#[rustfmt::skip]
const USE_CASES: &[UseCase] = &[
    ("import",              "",                  &[Action::Import],          Class),
    ("import",              "from paper",        &[Action::Convert],         Class),
    ("import_sheet",        "",                  &[Action::Import],          Class),
    ("take_messages",       "",                  &[Action::Import],          Class),
    ("take_cancellation",   "",                  &[Action::Import],          Somewhere),
    ("leave_out",           "",                  &[Action::Import],          Class),
    ("return_record",       "",                  &[Action::Return],          Class),
    ("class",               "",                  &[Action::ReadStates],      Class),
    ("classes",             "",                  &[Action::ReadStates],      WhatOneSees),
    ("signer",              "sign",              &[Action::Sign],            Somewhere),
    ("signer",              "co_sign",           &[Action::CoSign],          Somewhere),
    ("signer",              "seal",              &[Action::Seal],            Somewhere),
    ("prepare",             "sign",              &[Action::Sign],            Class),
    ("prepare",             "co_sign",           &[Action::CoSign],          Class),
    ("prepare",             "seal",              &[Action::Seal],            Class),
    ("submit",              "sign",              &[Action::Sign],            Class),
    ("submit",              "co_sign",           &[Action::CoSign],          Class),
    ("submit",              "seal",              &[Action::Seal],            Class),
    ("superseding",         "seal",              &[Action::Seal],            Class),
    ("submit_superseding",  "seal",              &[Action::Seal],            Class),
    ("bundle",              "",                  &[Action::HandOut],         Class),
    ("book",                "",                  &[Action::HandOut],         Class),
    ("sealed_class",        "",                  &[Action::HandOut],         Class),
    ("sealed_book",         "",                  &[Action::HandOut],         Class),
    ("book_bundle",         "",                  &[Action::HandOut],         Class),
    ("bundle_with",         "",                  &[Action::HandOut],         Class),
    ("create_link",         "",                  &[Action::HandOut],         Class),
    ("withdraw_link",       "",                  &[Action::HandOut],         Class),
    ("links",               "",                  &[Action::HandOut],         Class),
    ("manifest",            "",                  &[Action::ReadManifest],    About::School),
    ("batch_schools",       "",                  &[Action::ReadManifest],    Somewhere),
    ("add_school",          "",                  &[Action::AppointSchool],   About::School),
    ("school_changed",      "",                  &[Action::ChangeSchool],    About::School),
    ("open_school",         "",                  &[Action::AppointSchool],   About::School),
    ("import_lists",        "staff",            &[Action::PrepareSchool],   About::School),
    ("import_lists",        "classes",          &[Action::PrepareSchool],   About::School),
    ("import_lists",        "pupils",           &[Action::PrepareSchool],   About::School),
    ("import_lists",        "looked at",         &[Action::PrepareSchool],   About::School),
    ("assign_homeroom",     "",                  &[Action::PrepareSchool],   About::School),
    ("enrol_certificate",   "",                  &[Action::PrepareSchool],   About::School),
    ("open_year",           "",                  &[Action::PrepareSchool],   About::School),
    ("roll_over",           "",                  &[Action::PrepareSchool],   About::School),
    ("close_year",          "",                  &[Action::PrepareSchool],   About::School),
    ("school_years",        "",                  &[Action::ReadStates],      About::School),
    ("opening_state",       "",                  &[Action::ReadStates],      About::School),
    ("needed_appointments", "",                  &[Action::AppointTeacher],  About::School),
    ("enrolled_chain",      "",                  &[Action::ReadStates],      About::School),
    ("appoint",             "teacher",           &[Action::AppointTeacher],  About::School),
    ("appoint",             "principal",         &[Action::AppointSchool],   About::School),
    ("appoint",             "deputy",            &[Action::AppointSchool],   About::School),
    ("appoint",             "seal",              &[Action::AppointSchool],   About::School),
    ("appoint_many",        "teacher",           &[Action::AppointTeacher],  About::School),
    ("appoint_many",        "principal",         &[Action::AppointSchool],   About::School),
    ("appoint_many",        "both",              &[Action::AppointTeacher, Action::AppointSchool], About::School),
    ("end_appointment",     "by principal",      &[Action::AppointTeacher],  About::School),
    ("end_appointment",     "by deputy",         &[Action::AppointTeacher],  About::School),
    ("end_appointment",     "by department",     &[Action::AppointSchool],   About::School),
    ("replace_appointment", "teacher",           &[Action::AppointTeacher],  About::School),
    ("replace_appointment", "principal",         &[Action::AppointSchool],   About::School),
    ("replace_appointment", "ended by department, appointed by principal",
                                                 &[Action::AppointSchool, Action::AppointTeacher], About::School),
    ("list_appointments",   "",                  &[Action::ReadStates],      About::School),
    ("orphaned_work",       "",                  &[Action::ReadStates],      About::School),
    ("resigning_queue",     "",                  &[Action::ReadStates],      About::School),
    ("overview",            "",                  &[Action::ReadOverview],    Everything),
    ("close_batches",       "",                  &[Action::CloseBatch],      Everything),
    ("move_to",             "",                  &[Action::CloseBatch],      Everything),
    ("evidence_kept",       "",                  &[Action::ReadOverview],    Everything),
    ("add_evidence",        "",                  &[Action::CloseBatch],      Everything),
    ("note_package",        "",                  &[Action::HandOut],         Everything),
    ("package_records",     "",                  &[Action::HandOut],         Everything),
    ("take_answers",        "",                  &[Action::HandOut],         Everything),
    ("school_accounts",     "",                  &[Action::ManageSchoolAccounts], About::School),
    ("administered_schools", "",                 &[Action::ManageSchoolAccounts], WhatOneSees),
    ("add_school_account",  "teacher",           &[Action::ManageSchoolAccounts], About::School),
    ("add_school_account",  "administrator",     &[Action::AppointAdministrator], About::School),
    ("set_grants",          "of a teacher",      &[Action::ManageSchoolAccounts], About::School),
    ("set_grants",          "a teacher becomes administrator",
                                                 &[Action::ManageSchoolAccounts, Action::AppointAdministrator], About::School),
    ("make_slips",          "",                  &[Action::ManageSchoolAccounts], About::School),
    ("reset_account",       "of a teacher",      &[Action::ManageSchoolAccounts], About::School),
    ("reset_account",       "of an administrator", &[Action::AppointAdministrator], About::School),
    ("lock_account",        "",                  &[Action::ManageSchoolAccounts], About::School),
    ("unlock_account",      "",                  &[Action::ManageSchoolAccounts], About::School),
    ("account_sessions",    "",                  &[Action::ManageSchoolAccounts], About::School),
    ("end_session_of",      "",                  &[Action::ManageSchoolAccounts], About::School),
    ("note_schools",        "",                  &[Action::AppointSchool],   Everything),
    ("add_account",         "",                  &[Action::ManageAccounts],  Everything),
    ("add_token",           "",                  &[Action::ManageAccounts],  Everything),
];

/// Use cases without an actor, each for a reason: they are for anyone, or say who the actor is, or are for programs.
const FOR_ANYONE: &[&str] = &[
    "actor",           // says who the actor is
    "actor_of",        // the same
    "authenticate",    // the same
    "agree",           // of a program about its own settings
    "ready",           // whether the database answers
    "bundler",         // opaque; opens nothing by itself
    "appointments",    // public by nature: in every bundle
    "school",          // says nothing of anyone
    "batch_list",      // on the chain
    "batch_leaves",    // hashes that tell nothing to whoever does not hold what was hashed
    "status_evidence", // on the chain or on its way there
    "chain_head",      // public
    "verify",          // public
    "open_link",       // for whoever has the secret
    "beside",          // public: what is on the chain, or an authority said
    "note_wants",      // of the collector, in its own transaction; as the next six
    "issuers",
    "question",
    "settle",
    "keep",
    "time_stamp_question",
    "keep_time_stamp",
    "sign_in", // says who the actor is, by a password; as the next
    "slip",    // for whoever holds the slip; as the next
    "activate",
    "session", // says who the actor is; the next are of the session's own account
    "sign_out",
    "use_form",
    "sessions",
    "end_session",
    "end_other_sessions",
    "change_password",
    "enrol_totp",
    "confirm_totp",
    "recovery_codes",
    "recovery_codes_left",
];

/// The lists of a small school.
const STAFF: &str = "Họ và tên;Chức vụ\nPhan Thị Thảo;Giáo viên\n";
const CLASSES: &str = "Lớp;Khối\n6A1;6\n";
const PUPILS: &str = "Lớp;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n6A1;Lê Văn Tám;05/03/2015;Nam;T8\n";

/// The one package of these tests.
const PACKAGE: RecordId = RecordId::from_bytes([77; 16]);

/// A message about one record.
fn message(key: &str, event: Event) -> Incoming {
    Incoming { id: key.parse().expect("a key"), version: 1, at: at(NOW), event, warnings: Vec::new() }
}

/// Whoever learns that the package is there, or is not, was let in.
fn known(done: Result<(), AppError>) -> Result<(), AppError> {
    match done {
        Err(AppError::NotFound("package") | AppError::Exists("the package")) => Ok(()),
        done => done,
    }
}

/// The functions of `App` that are use cases, as the sources have them: name, and whether an actor is asked for.
fn in_the_sources() -> BTreeSet<(String, bool)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let (mut found, mut files) = (BTreeSet::new(), Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for file in files {
        let text = std::fs::read_to_string(file).expect("UTF-8");
        for rest in text.split("    pub async fn ").skip(1) {
            let (name, rest) = rest.split_once('(').expect("arguments");
            let arguments = rest.split(") ->").next().expect("a result");
            found.insert((name.to_owned(), arguments.contains("actor: &Actor")));
        }
    }
    found
}

#[test]
fn no_use_case_is_left_out_of_the_matrix() {
    let mut known: BTreeSet<(String, bool)> = USE_CASES.iter().map(|u| (u.0.to_owned(), true)).collect();
    known.extend(FOR_ANYONE.iter().map(|name| ((*name).to_owned(), false)));
    assert_eq!(in_the_sources(), known, "a use case without a row, or a row without its use case");
}

/// The policy as the page has it: actions by roles.
fn actions_table() -> String {
    let mut table = String::from("| |");
    for role in GrantRole::ALL {
        let _ = write!(table, " {role} |");
    }
    let _ = write!(table, "\n|---|{}\n", "---|".repeat(GrantRole::ALL.len()));
    for action in Action::ALL {
        let _ = write!(table, "| {action} |");
        for role in GrantRole::ALL {
            let _ = write!(table, " {} |", if role_may(*role, action) { "yes" } else { "–" });
        }
        table.push('\n');
    }
    table
}

/// What each use case needs, as the page has it.
fn use_cases_table() -> String {
    let mut table = String::from("| use case | form | needs | about |\n|---|---|---|---|\n");
    for (name, form, actions, about) in USE_CASES {
        let actions: Vec<String> = actions.iter().map(ToString::to_string).collect();
        let about = match about {
            Class => "class",
            About::School => "school",
            Everything => "installation",
            Somewhere if *name == "signer" => "anywhere, with the account's own certificate",
            Somewhere if *name == "batch_schools" => "anywhere",
            Somewhere => "anywhere; then the record's class",
            WhatOneSees => "shows what the actor may see",
        };
        let _ = writeln!(table, "| `{name}` | {form} | {} | {about} |", actions.join(" and "));
    }
    table
}

#[test]
fn the_policy_is_the_one_that_was_reviewed() {
    let path = hocba_tests::repository().join("docs/permissions.md");
    let page = std::fs::read_to_string(path).expect("docs/permissions.md");
    for table in [actions_table(), use_cases_table()] {
        assert!(page.contains(&table), "docs/permissions.md says otherwise than the code, which says:\n\n{table}");
    }
}

/// A class with a record and a link.
struct ClassTarget {
    what: &'static str,
    school: SchoolCode,
    year: SchoolYear,
    name: ClassName,
    id: Id,
    record: RecordId,
    link: Id,
    workbook: Vec<u8>,
}

/// Two schools, three classes of the one and one of the other.
struct Town {
    office: Office,
    classes: Vec<ClassTarget>,
    schools: Vec<(&'static str, SchoolCode)>,
    signers: Vec<(Step, hocba_app::Signer)>,
    bundlers: Vec<(SchoolCode, hocba_app::Bundler)>,
    /// Of each school a teacher, who is changed, and an administrator.
    staff: Vec<(SchoolCode, Id, Id)>,
    logins: std::sync::atomic::AtomicU32,
    /// Somebody of each school's staff list.
    listed: Vec<(SchoolCode, Id)>,
}

const STEPS: [(Step, &str, &str); 3] =
    [(Step::Sign, "sign", "teacher"), (Step::CoSign, "co_sign", "principal"), (Step::Seal, "seal", "seal")];

fn school(code: &str) -> SchoolCode {
    code.parse().expect("code")
}

fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("year")
}

impl Town {
    async fn new() -> Self {
        let (office, _) = Office::with_class(1).await;
        let other = School { code: school(OTHER_SCHOOL), issuer: "so-demo-2".parse().expect("issuer") };
        office.app.add_school(&OPERATOR, &other).await.expect("added");
        let mut classes = Vec::new();
        for (n, (what, code, start, name)) in [
            ("own class", SCHOOL, 2026, "9A3"),
            ("other class", SCHOOL, 2026, "9A4"),
            ("same class last year", SCHOOL, 2025, "9A3"),
            ("same class, other school", OTHER_SCHOOL, 2026, "9A3"),
        ]
        .into_iter()
        .enumerate()
        {
            let workbook = workbook(1, |header, _| {
                (header.school, header.year) = (school(code), year(start));
                header.class = name.parse().expect("class");
            });
            let id = office.app.import(&OPERATOR, &workbook, &Import::default()).await.expect("imported").class;
            let record = office.lines(&id).await[0].record;
            let link = RecordId::from_bytes([n as u8 + 1; 16]);
            let made = Link {
                id: link,
                record,
                scope: Scope::Whole,
                created_by: "operator".into(),
                created_at: at(NOW),
                expires_at: None,
                withdrawn_at: None,
            };
            let content = LinkContent { nonce: [0; 12], bytes: vec![1] };
            let mut tx = office.app.store().begin("link").await.expect("begun");
            tx.add_link(&made, &Sha256Digest::of(&[n as u8]), &content).await.expect("added");
            tx.commit().await.expect("committed");
            let (school, year, name) = (school(code), year(start), name.parse().expect("class"));
            classes.push(ClassTarget { what, school, year, name, id, record, link, workbook });
        }
        let (mut signers, mut bundlers) = (Vec::new(), Vec::new());
        for (step, _, person) in STEPS {
            signers.push((step, office.app.signer(&OPERATOR, step, false, &chain_of(person)).await.expect("a signer")));
        }
        for code in [SCHOOL, OTHER_SCHOOL] {
            bundlers.push((school(code), office.app.bundler(&school(code)).await.expect("a bundler")));
        }
        let schools = vec![("own school", school(SCHOOL)), ("other school", school(OTHER_SCHOOL))];
        let mut staff = Vec::new();
        for (n, code) in [SCHOOL, OTHER_SCHOOL].into_iter().enumerate() {
            let mut ids = Vec::new();
            for role in [GrantRole::Clerk, GrantRole::SchoolAdministrator] {
                let new = NewAccount {
                    login: format!("{role}{n}"),
                    name: "x".into(),
                    certificate: None,
                    grants: vec![Grant::of_school(role, school(code), None)],
                };
                ids.push(office.app.add_account(&OPERATOR, new).await.expect("added").id);
            }
            staff.push((school(code), ids[0], ids[1]));
        }
        let mut listed = Vec::new();
        for (_, code) in &schools {
            office.app.open_year(&OPERATOR, code, year(2026)).await.expect("opened");
            let list = STAFF.as_bytes();
            let done = office
                .app
                .import_lists(&OPERATOR, code, year(2026), &Lists::of_staff(list), Mode::Apply)
                .await
                .expect("taken");
            let Actor::Account(account) = office.app.actor(&done.staff[0].login).await.expect("there") else {
                panic!("an account");
            };
            listed.push((code.clone(), account.id));
        }
        let logins = Default::default();
        Self { office, classes, schools, signers, bundlers, staff, listed, logins }
    }

    fn listed_at(&self, school: &SchoolCode) -> Id {
        self.listed.iter().find(|s| s.0 == *school).expect("staff").1
    }

    fn appointment(&self, role: Role, school: &SchoolCode) -> Statement {
        let class = (role == Role::HomeroomTeacher).then_some("9A3");
        let mut appointment = self.office.people.appointment(role, class);
        appointment.school = school.clone();
        self.office.people.appoint(&appointment)
    }

    fn end(&self, by: Role, school: &SchoolCode) -> Statement {
        let change = hocba_signature::status::StatusChange {
            action: hocba_signature::status::StatusAction::End,
            decision: None,
            live_version: 1,
            reason: ReasonClass::LeftRole,
            replacement: None,
            school: school.clone(),
            since: None,
            subject: self.office.people.appointment(Role::SchoolSeal, None).id,
        };
        let statement = Statement::unsigned(change.to_bytes());
        self.office.people.person(by).sign(
            statement,
            hocba_signature::statement::StatementType::Status,
            by,
            NOW - 9 * DAY,
        )
    }

    /// Asks for a use case about a class.
    async fn about_class(&self, (name, form, ..): UseCase, actor: &Actor, class: &ClassTarget) -> Result<(), AppError> {
        let app = &self.office.app;
        let signer = || {
            let (step, ..) = STEPS.into_iter().find(|s| s.1 == form).expect("a step");
            &self.signers.iter().find(|s| s.0 == step).expect("a signer").1
        };
        let nothing = |_| ();
        match name {
            "import" if form == "from paper" => {
                let converter = "Lê Thị Văn Thư".parse().expect("text");
                let conversion = Some(Conversion { converter, compared_by: None, made_by: None, paper: None });
                let import = Import { conversion, ..Import::default() };
                app.import(actor, &class.workbook, &import).await.map(|_| ())
            }
            "import" => app.import(actor, &class.workbook, &Import::default()).await.map(|_| ()),
            "import_sheet" => {
                let sheet = hocba_workbook::read(&class.workbook, &hocba_workbook::Limits::default());
                app.import_sheet(actor, &sheet.expect("sound"), &Import::default()).await.map(|_| ())
            }
            "take_messages" => {
                let sheet = hocba_workbook::read(&class.workbook, &hocba_workbook::Limits::default()).expect("sound");
                let draft = sheet.rows[0].draft.clone();
                let content = Box::new(Content { header: sheet.header, draft, earlier: Vec::new() });
                app.take_messages(actor, &[message(class.what, Event::New(content))], &Import::default())
                    .await
                    .map(|_| ())
            }
            "leave_out" => app.leave_out(actor, &class.record, Some(LeftOut::Other)).await,
            "return_record" => app.return_record(actor, &class.record, ReturnReason::Other).await,
            "class" => {
                let view = app.class(actor, &class.id).await?;
                let names = may(actor, Action::ReadRecords, class.place());
                assert_eq!(view.pupils[0].name.is_some(), names, "{actor:?} sees names where marks may be seen");
                Ok(())
            }
            "prepare" => app.prepare(actor, &class.id, signer(), &Selection::All).await.map(|_| ()),
            "submit" => app.submit(actor, &class.id, signer(), &[]).await.map(|_| ()),
            "superseding" => app.superseding(actor, &class.id, signer()).await.map(|_| ()),
            "submit_superseding" => app.submit_superseding(actor, &class.id, signer(), &[]).await.map(|_| ()),
            "sealed_class" => app.sealed_class(actor, &class.id).await.map(|_| ()),
            "sealed_book" => app.sealed_book(actor, &class.record).await.map(|_| ()),
            "book" => app.book(actor, &class.record).await.map(|_| ()),
            "book_bundle" => app.book_bundle(actor, &class.record, Scope::Whole).await.map(|_| ()),
            "bundle" => app.bundle(actor, &class.record, Scope::Whole).await.map(|_| ()),
            "bundle_with" => {
                let bundler = &self.bundlers.iter().find(|b| b.0 == class.school).expect("a bundler").1;
                app.bundle_with(actor, bundler, &class.record, Scope::Whole).await.map(|_| ())
            }
            "create_link" => app.create_link(actor, &class.record, Scope::Whole, None).await.map(|_| ()),
            "withdraw_link" => app.withdraw_link(actor, &class.link).await.map(nothing),
            "links" => app.links(actor, &class.record).await.map(|_| ()),
            other => panic!("{other} is about a class, and nobody said how to ask for it"),
        }
    }

    /// Asks for a use case about a school.
    async fn about_school(&self, (name, form, ..): UseCase, actor: &Actor, code: &SchoolCode) -> Result<(), AppError> {
        let app = &self.office.app;
        let by = |role| if role == Role::HomeroomTeacher { "principal" } else { "department" };
        let role = match form {
            "teacher" => Role::HomeroomTeacher,
            "deputy" => Role::DeputyPrincipal,
            "seal" => Role::SchoolSeal,
            _ => Role::Principal,
        };
        let (given, chain) = (self.appointment(role, code), chain_of(by(role)));
        let whom = chain_of(if role == Role::HomeroomTeacher { "teacher" } else { "seal" });
        let new = NewAppointment { statement: &given, appointer_chain: &chain, appointee_chain: &whom };
        match name {
            "manifest" => app.manifest(actor, code, 0).await.map(|_| ()),
            "add_school" => {
                let school = app.store().read().await?.school(code).await?.expect("there");
                app.add_school(actor, &school).await
            }
            "school_changed" => {
                let fate = SchoolFate::Renamed { name: "Tên mới".parse().expect("text") };
                app.school_changed(actor, code, &fate, None).await
            }
            "open_school" => {
                let issuer = app.store().read().await?.school(code).await?.expect("there").issuer;
                let name = Some("Trường mẫu".parse().expect("text"));
                let new = OpenSchool { code: code.clone(), name, levels: Vec::new(), issuer };
                app.open_school(actor, &new).await.map(|_| ())
            }
            "import_lists" if form == "staff" => app
                .import_lists(actor, code, year(2026), &Lists::of_staff(STAFF.as_bytes()), Mode::Apply)
                .await
                .map(|_| ()),
            "import_lists" if form == "classes" => app
                .import_lists(actor, code, year(2026), &Lists::of_classes(CLASSES.as_bytes()), Mode::Apply)
                .await
                .map(|_| ()),
            "import_lists" if form == "pupils" => app
                .import_lists(actor, code, year(2026), &Lists::of_pupils(PUPILS.as_bytes()), Mode::Apply)
                .await
                .map(|_| ()),
            "import_lists" => {
                let lists = Lists { classes: Some(CLASSES.as_bytes()), ..Lists::default() };
                app.import_lists(actor, code, year(2026), &lists, Mode::Preview).await.map(|_| ())
            }
            "assign_homeroom" => {
                let name = "6A1".parse().expect("class");
                let known = app.assign_homeroom(actor, code, year(2026), &name, &self.listed_at(code)).await;
                known.map(|_| ())
            }
            "enrol_certificate" => match app.enrol_certificate(actor, &self.listed_at(code), &chain_of("seal")).await {
                Err(AppError::CertificateName) => Ok(()),
                other => other.map(|_| ()),
            },
            "open_year" => app.open_year(actor, code, year(2027)).await.map(|_| ()),
            "roll_over" => {
                let years = (year(2026), year(2027));
                app.roll_over(actor, code, years, &RollOptions::default(), Mode::Preview).await.map(|_| ())
            }
            "close_year" => app.close_year(actor, code, year(2026), None).await.map(|_| ()),
            "school_years" => app.school_years(actor, code).await.map(|_| ()),
            "opening_state" => app.opening_state(actor, code, year(2026)).await.map(|_| ()),
            "needed_appointments" => app.needed_appointments(actor, code, year(2026)).await.map(|_| ()),
            "enrolled_chain" => app.enrolled_chain(actor, code, &self.listed_at(code)).await.map(|_| ()),
            "appoint" => app.appoint(actor, &given, &chain, &whom).await.map(|_| ()),
            "appoint_many" if form == "both" => {
                let teacher = self.appointment(Role::HomeroomTeacher, code);
                let (by, whom) = (chain_of("principal"), chain_of("teacher"));
                let teacher = NewAppointment { statement: &teacher, appointer_chain: &by, appointee_chain: &whom };
                // In either order: the first that is refused ends it.
                app.appoint_many(actor, &[teacher, new]).await.map(|_| ())
            }
            "appoint_many" => app.appoint_many(actor, &[new]).await.map(|_| ()),
            "end_appointment" => {
                let (role, file) = match form {
                    "by principal" => (Role::Principal, "principal"),
                    "by deputy" => (Role::DeputyPrincipal, "principal"),
                    _ => (Role::Department, "department"),
                };
                app.end_appointment(actor, &self.end(role, code), &chain_of(file)).await.map(|_| ())
            }
            "replace_appointment" => {
                let mixed = form.starts_with("ended by department");
                let (signer, file) = match form {
                    "teacher" => (Role::Principal, "principal"),
                    _ => (Role::Department, "department"),
                };
                let (end, chain) = (self.end(signer, code), chain_of(file));
                let end = NewEnd { statement: &end, chain: &chain };
                let teacher = self.appointment(Role::HomeroomTeacher, code);
                let (by, whom) = (chain_of("principal"), chain_of("teacher"));
                let teacher = NewAppointment { statement: &teacher, appointer_chain: &by, appointee_chain: &whom };
                app.replace_appointment(actor, &end, if mixed { &teacher } else { &new }).await.map(|_| ())
            }
            "list_appointments" => app.list_appointments(actor, code).await.map(|_| ()),
            "orphaned_work" => app.orphaned_work(actor, code).await.map(|_| ()),
            "resigning_queue" => app.resigning_queue(actor, code).await.map(|_| ()),
            other => self.about_staff((other, form), actor, code).await,
        }
    }

    /// Asks for a use case about the accounts of a school.
    async fn about_staff(&self, (name, form): (&str, &str), actor: &Actor, code: &SchoolCode) -> Result<(), AppError> {
        let app = &self.office.app;
        let (_, clerk, administrator) = self.staff.iter().find(|s| s.0 == *code).expect("a school");
        let as_clerk = Grant::of_school(GrantRole::Clerk, code.clone(), None);
        let as_administrator = Grant::of_school(GrantRole::SchoolAdministrator, code.clone(), None);
        let done = match name {
            "school_accounts" => app.school_accounts(actor, code).await.map(|_| ()),
            "add_school_account" => {
                let grant = if form == "teacher" { as_clerk } else { as_administrator };
                let number = self.logins.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let login = format!("new{number}");
                app.add_school_account(actor, &NewSchoolAccount { login, name: "Tên".into(), grants: vec![grant] })
                    .await
                    .map(|_| ())
            }
            "set_grants" if form == "of a teacher" => app.set_grants(actor, clerk, &[as_clerk]).await,
            "set_grants" => {
                let done = app.set_grants(actor, clerk, &[as_administrator]).await;
                if done.is_ok() {
                    app.set_grants(&OPERATOR, clerk, &[as_clerk]).await.expect("as before");
                }
                done
            }
            "make_slips" => app.make_slips(actor, &[*clerk]).await.map(|_| ()),
            "reset_account" => {
                let whose = if form == "of a teacher" { clerk } else { administrator };
                app.reset_account(actor, whose).await.map(|_| ())
            }
            "lock_account" => app.lock_account(actor, clerk).await,
            "unlock_account" => app.unlock_account(actor, clerk).await,
            "account_sessions" => app.account_sessions(actor, clerk).await.map(|_| ()),
            "end_session_of" => app.end_session_of(actor, clerk, None).await.map(|_| ()),
            other => panic!("{other} is about a school, and nobody said how to ask for it"),
        };
        done.map_err(|error| match error {
            AccessError::App(error) => error,
            other => panic!("{name}: {other}"),
        })
    }

    /// Asks for a use case about no place in particular.
    async fn about_all(&self, (name, form, ..): UseCase, actor: &Actor) -> Result<(), AppError> {
        let app = &self.office.app;
        match name {
            "overview" => app.overview(actor).await.map(|_| ()),
            "batch_schools" => app.batch_schools(actor, 0).await.map(|_| ()),
            "close_batches" => app.close_batches(actor).await,
            "move_to" => {
                let closed = Ledger::default().facts.check().expect("its digests are its own");
                app.move_to(actor, (CHAIN, &CONTRACT), &closed).await.map(|_| ())
            }
            "evidence_kept" => app.evidence_kept(actor, 1).await.map(|_| ()),
            "add_evidence" => match app.add_evidence(actor, b"no evidence").await {
                Err(AppError::Evidence(_)) => Ok(()),
                other => other.map(|_| ()),
            },
            "take_cancellation" => app.take_cancellation(actor, &message("nobody's", Event::Cancel)).await.map(|_| ()),
            "note_package" => {
                let package = StoredPackage {
                    id: PACKAGE,
                    department: "79".into(),
                    created_at: at(NOW),
                    statement: Statement::unsigned(b"{}".to_vec()),
                };
                known(app.note_package(actor, &package, &[]).await)
            }
            "package_records" => known(app.package_records(actor, &PACKAGE).await.map(|_| ())),
            "take_answers" => {
                let answers = Answers { package: PACKAGE, at: at(NOW), answers: Vec::new() };
                known(app.take_answers(actor, &answers).await.map(|_| ()))
            }
            "note_schools" => app.note_schools(actor, &[]).await.map(|_| ()),
            "add_account" => {
                let new = NewAccount { login: "x".into(), name: "x".into(), certificate: None, grants: Vec::new() };
                app.add_account(actor, new).await.map(|_| ())
            }
            "add_token" => app.add_token(actor, &RecordId::from_bytes([9; 16]), 60).await.map(|_| ()),
            "signer" => {
                let (step, _, person) = STEPS.into_iter().find(|s| s.1 == form).expect("a step");
                // With the account's own certificate; with another one it is refused to everyone but the operator.
                let own = match actor {
                    Actor::LocalOperator => Actor::LocalOperator,
                    Actor::Account(account) => {
                        let certificate = Some(Sha256Digest::of(&chain_of(person)[0]));
                        let stranger = app.signer(actor, step, false, &chain_of(person)).await;
                        assert!(is_forbidden(&stranger.map(|_| ())), "{actor:?} signs with another's certificate");
                        Actor::Account(Account { certificate, ..account.clone() })
                    }
                };
                app.signer(&own, step, false, &chain_of(person)).await.map(|_| ())
            }
            "administered_schools" => {
                let seen = app.administered_schools(actor).await.expect("the database is there");
                let may = |code: &&SchoolCode| may(actor, Action::ManageSchoolAccounts, Place::School(code));
                let all = [SCHOOL, OTHER_SCHOOL].map(school);
                assert_eq!(seen.iter().collect::<Vec<_>>(), all.iter().filter(may).collect::<Vec<_>>(), "{actor:?}");
                Ok(())
            }
            "classes" => {
                let seen: BTreeSet<Id> = app.classes(actor).await?.into_iter().map(|(class, _)| class.id).collect();
                let may = |c: &&ClassTarget| may(actor, Action::ReadStates, c.place());
                let expected: BTreeSet<Id> = self.classes.iter().filter(may).map(|c| c.id).collect();
                assert_eq!(seen, expected, "{actor:?}");
                Ok(())
            }
            other => panic!("{other}: nobody said how to ask for it"),
        }
    }

    async fn audited(&self) -> i64 {
        self.office.database.count("SELECT COUNT(*) FROM audit_events").await
    }
}

impl ClassTarget {
    fn place(&self) -> Place<'_> {
        Place::Class(&self.school, self.year, &self.name)
    }
}

fn is_forbidden(done: &Result<(), AppError>) -> bool {
    match done {
        Err(AppError::Forbidden(_)) => true,
        Err(AppError::OneOfMany { error, .. }) => matches!(**error, AppError::Forbidden(_)),
        _ => false,
    }
}

/// Everyone who may ask: each role, held for a class, a school, everywhere; nobody in particular; the operator.
fn actors() -> Vec<(String, Actor)> {
    let account = |grants| {
        Actor::Account(Account {
            id: RecordId::from_bytes([7; 16]),
            login: "a".into(),
            name: "A".into(),
            certificate: None,
            grants,
        })
    };
    let mut actors = vec![("operator".to_owned(), OPERATOR), ("nobody".to_owned(), account(Vec::new()))];
    for role in GrantRole::ALL {
        for (held, of, class) in [
            ("a class", Some(SCHOOL), Some((year(2026), "9A3".parse().expect("class")))),
            ("a school", Some(SCHOOL), None),
            ("everywhere", None, None),
        ] {
            let grant = Grant { role: *role, school: of.map(school), prefix: None, class };
            actors.push((format!("{role} of {held}"), account(vec![grant])));
        }
    }
    actors
}

/// Whether a role holds an action at all.
fn anywhere(actor: &Actor, action: Action) -> bool {
    match actor {
        Actor::LocalOperator => true,
        Actor::Account(account) => account.grants.iter().any(|g| role_may(g.role, action)),
    }
}

#[tokio::test]
async fn what_is_refused_is_what_the_policy_refuses() {
    let town = Town::new().await;
    let (mut cases, mut refused, mut wrong) = (0, 0, Vec::new());
    // First all that is refused, which must leave no trace; then all that is not.
    for allowed in [false, true] {
        let before = town.audited().await;
        for (who, actor) in &actors() {
            for use_case in USE_CASES {
                let (name, form, actions, about) = *use_case;
                let mut ask = Vec::new();
                let all = |place: Place<'_>| actions.iter().all(|action| may(actor, *action, place));
                match about {
                    Class => {
                        for class in &town.classes {
                            if all(class.place()) == allowed {
                                ask.push((class.what, town.about_class(*use_case, actor, class).await));
                            }
                        }
                    }
                    About::School => {
                        for (what, code) in &town.schools {
                            if all(Place::School(code)) == allowed {
                                ask.push((*what, town.about_school(*use_case, actor, code).await));
                            }
                        }
                    }
                    Everything if all(Place::Everywhere) == allowed => {
                        ask.push(("the installation", town.about_all(*use_case, actor).await));
                    }
                    Somewhere if actions.iter().all(|action| anywhere(actor, *action)) == allowed => {
                        ask.push(("somewhere", town.about_all(*use_case, actor).await));
                    }
                    WhatOneSees if allowed => ask.push(("what one sees", town.about_all(*use_case, actor).await)),
                    Everything | Somewhere | WhatOneSees => {}
                }
                for (what, done) in ask {
                    cases += 1;
                    refused += usize::from(!allowed);
                    if is_forbidden(&done) == allowed {
                        wrong.push(format!("{who}: {name} {form}, {what}: {done:?}"));
                    }
                }
            }
        }
        if !allowed {
            assert_eq!(town.audited().await, before, "something that was refused was done all the same");
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases are not as the policy has them:\n{}", wrong.len(), wrong.join("\n"));
    let expected: usize = USE_CASES
        .iter()
        .map(|u| match u.3 {
            Class => town.classes.len(),
            About::School => town.schools.len(),
            _ => 1,
        })
        .sum();
    assert_eq!(cases, expected * actors().len(), "each case once");
    println!(
        "{cases} cases: {} use cases in {} forms, {} actors; {refused} refused",
        USE_CASES.iter().map(|u| u.0).collect::<BTreeSet<_>>().len(),
        USE_CASES.len(),
        actors().len()
    );
}
