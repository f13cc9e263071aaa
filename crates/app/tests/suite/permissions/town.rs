//! Two schools with everything a use case can be about, and every use case asked for there.

use std::collections::BTreeSet;

use hocba_app::{
    Actor, AppError, Appointing, AuditQuery, CertificateFile, Choice, Conversion, Import, ListMappings, Lists, Mode,
    NewAccount, NewAppointment, NewEnd, NewTask, Note, OpenSchool, ProgressQuery, ReaderError, RollOptions, SchoolFate,
    SchoolQuery, Scope, Selection, Step, Waiting, WantedEnd,
    access::{AccessError, NewSchoolAccount},
    own_schools,
    policy::{Action, Place, may, may_within},
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
use hocba_store::{
    StoredPackage,
    model::{
        Account, Class, Envelope, Grant, GrantRole, Id, KeptKind, LeftOut, Link, LinkContent, Relation, RequestState,
        ReturnReason, School, StoredRequest, TaskKind,
    },
};
use hocba_tests::{
    CHAIN, CONTRACT, DAY, Ledger, NOW, OTHER_SCHOOL, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};
use hocba_workbook::ListMapping;

use super::{UseCase, anywhere, is_forbidden};

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

/// A class with a record and a link.
pub(super) struct ClassTarget {
    pub(super) what: &'static str,
    pub(super) school: SchoolCode,
    pub(super) year: SchoolYear,
    pub(super) name: ClassName,
    pub(super) id: Id,
    pub(super) record: RecordId,
    pub(super) link: Id,
    /// What is asked about the record.
    pub(super) request: Id,
    /// Whose record it is.
    pub(super) pupil: Id,
    pub(super) workbook: Vec<u8>,
}

/// Two schools, three classes of the one and one of the other.
pub(super) struct Town {
    pub(super) office: Office,
    pub(super) classes: Vec<ClassTarget>,
    pub(super) schools: Vec<(&'static str, SchoolCode)>,
    pub(super) signers: Vec<(Step, hocba_app::Signer)>,
    pub(super) bundlers: Vec<(SchoolCode, hocba_app::Bundler)>,
    /// Of each school a teacher, who is changed, and an administrator.
    pub(super) staff: Vec<(SchoolCode, Id, Id)>,
    pub(super) logins: std::sync::atomic::AtomicU32,
    /// Somebody of each school's staff list.
    pub(super) listed: Vec<(SchoolCode, Id)>,
    /// A task of each school, and one of each class.
    pub(super) tasks: Vec<(SchoolCode, Id)>,
    pub(super) class_tasks: Vec<Id>,
}

/// The account that every actor of these tests has: what they begin and keep is somebody's.
pub(super) const WHOSE: Id = RecordId::from_bytes([7; 16]);

/// Whoever runs commands has no account, and begins and keeps nothing.
fn without_account(actor: &Actor, done: Result<(), AppError>) -> Result<(), AppError> {
    match done {
        Err(AppError::NotFound("account")) if *actor == Actor::LocalOperator => Ok(()),
        done => done,
    }
}

const STEPS: [(Step, &str, &str); 3] =
    [(Step::Sign, "sign", "teacher"), (Step::CoSign, "co_sign", "principal"), (Step::Seal, "seal", "seal")];

pub(super) fn school(code: &str) -> SchoolCode {
    code.parse().expect("code")
}

pub(super) fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("year")
}

impl Town {
    pub(super) async fn new() -> Self {
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
            let request = RecordId::from_bytes([n as u8 + 0x40; 16]);
            let pupils = office.app.store().read().await.expect("read").pupils_of_class(&id).await.expect("pupils");
            let pupil = pupils[&record];
            classes.push(ClassTarget { what, school, year, name, id, record, link, request, pupil, workbook });
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
        let account = Account { id: WHOSE, login: "a".into(), name: "A".into(), certificate: None, grants: Vec::new() };
        let mut tx = office.app.store().begin("account").await.expect("begun");
        tx.add_account(&account, at(NOW)).await.expect("added");
        for class in &classes {
            let personal = Envelope { key_id: "k".into(), nonce: [0; 12], bytes: vec![1] };
            let (state, asked_at) = (RequestState::Open, at(NOW));
            let request = StoredRequest {
                id: class.request,
                record: class.record,
                version: 1,
                account: WHOSE,
                state,
                personal,
                asked_at,
                ended_at: None,
                answered_by: None,
            };
            tx.add_request(&request).await.expect("added");
        }
        tx.commit().await.expect("committed");
        let grants = vec![Grant::everywhere(GrantRole::Principal), Grant::everywhere(GrantRole::HomeroomTeacher)];
        let beginner = Actor::Account(Account { grants, ..account });
        let (mut tasks, mut class_tasks) = (Vec::new(), Vec::new());
        for (_, school) in &schools {
            let new = NewTask { kind: TaskKind::TakeLists, school: school.clone(), year: year(2026), class: None };
            tasks.push((school.clone(), office.app.begin_task(&beginner, &new).await.expect("begun")));
        }
        for class in &classes {
            class_tasks.push(office.app.begin_task(&beginner, &class.task()).await.expect("begun"));
        }
        let logins = Default::default();
        Self { office, classes, schools, signers, bundlers, staff, listed, tasks, class_tasks, logins }
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
    pub(super) async fn about_class(
        &self,
        (name, form, ..): UseCase,
        actor: &Actor,
        class: &ClassTarget,
    ) -> Result<(), AppError> {
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
            "begin_task" => {
                let kind = if form == "marks" { TaskKind::ImportMarks } else { TaskKind::PaperLinks };
                let new = NewTask { kind, ..class.task() };
                without_account(actor, app.begin_task(actor, &new).await.map(|_| ()))
            }
            "task" => {
                let place = self.classes.iter().position(|c| c.id == class.id).expect("a class");
                unseen(app.task(actor, &class.school, &self.class_tasks[place]).await.map(|_| ()))
            }
            "leave_out" => app.leave_out(actor, &class.record, Some(LeftOut::Other)).await,
            "return_record" => app.return_record(actor, &class.record, ReturnReason::Other).await,
            "return_record_with" => {
                let note = Note::typed("Xem lại").expect("short");
                app.return_record_with(actor, &class.record, ReturnReason::Other, note.as_ref()).await
            }
            "return_records" => {
                app.return_records(actor, &class.id, &Selection::All, ReturnReason::Other, None).await.map(|_| ())
            }
            "look_at_import" => {
                let sheet = hocba_workbook::read(&class.workbook, &hocba_workbook::Limits::default()).expect("sound");
                app.look_at_import(actor, &sheet, &Import::default()).await.map(|_| ())
            }
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
            "hand_out_file" => app.hand_out_file(actor, &class.record, Scope::Whole).await.map(|_| ()),
            "create_link" => app.create_link(actor, &class.record, Scope::Whole, None).await.map(|_| ()),
            "withdraw_link" => app.withdraw_link(actor, &class.link).await.map(nothing),
            "links" => app.links(actor, &class.record).await.map(|_| ()),
            "class_readers" | "invite_readers" | "reset_reader" | "class_requests" | "answer_request" => {
                self.about_readers(name, actor, class).await
            }
            "record_sheets" => app.record_sheets(actor, &class.record).await.map(|_| ()),
            "class_sheets" => app.class_sheets(actor, &class.id).await.map(|_| ()),
            "book_sheets" => app.book_sheets(actor, &class.record).await.map(|_| ()),
            "print_record" => app.print_record(actor, &class.record).await.map(|_| ()),
            "print_class" => app.print_class(actor, &class.id).await.map(|_| ()),
            "print_book" => app.print_book(actor, &class.record).await.map(|_| ()),
            "make_paper_links" => app.make_paper_links(actor, &class.id, &|_, _| ()).await.map(|_| ()),
            "make_paper_link" => app.make_paper_link(actor, &class.record).await.map(|_| ()),
            other => panic!("{other} is about a class, and nobody said how to ask for it"),
        }
    }

    /// Asks for a use case about the readers of a class.
    async fn about_readers(&self, name: &str, actor: &Actor, class: &ClassTarget) -> Result<(), AppError> {
        let app = &self.office.app;
        let done = match name {
            "class_readers" => app.class_readers(actor, &class.id).await.map(|_| ()),
            "invite_readers" => {
                let wanted = [(class.record, Relation::Guardian)];
                app.invite_readers(actor, &class.id, &wanted).await.map(|_| ())
            }
            "reset_reader" => app.reset_reader(actor, &class.id, &WHOSE).await.map(|_| ()),
            "class_requests" => app.class_requests(actor, &class.id).await.map(|_| ()),
            _ => app.answer_request(actor, &class.request, "Đã xem lại.").await,
        };
        match done {
            Err(ReaderError::Access(AccessError::App(error))) => Err(error),
            Err(error) => panic!("{name}: {error}"),
            Ok(()) => Ok(()),
        }
    }

    /// Asks for a use case of a book's readers, which nobody here is: to each the book is not there.
    async fn about_a_book(&self, name: &str, actor: &Actor) -> Result<(), AppError> {
        let app = &self.office.app;
        let (record, pupil) = (self.classes[0].record, self.classes[0].pupil);
        let choice = Choice { years: [record].into(), parts: None, label: "x".into() };
        let done: Result<(), ReaderError> = match name {
            "readings" => {
                assert!(app.readings(actor).await?.is_empty(), "{actor:?}");
                return Ok(());
            }
            "reading" => app.reading(actor, &pupil).await.map(|_| ()).map_err(Into::into),
            "reading_year" => app.reading_year(actor, &pupil, &record).await.map(|_| ()).map_err(Into::into),
            "to_choose" => app.to_choose(actor, &pupil).await.map(|_| ()).map_err(Into::into),
            "create_reader_link" => app.create_reader_link(actor, &pupil, &choice, None).await.map(|_| ()),
            "reader_links" => app.reader_links(actor, &pupil).await.map(|_| ()).map_err(Into::into),
            "withdraw_reader_link" => {
                app.withdraw_reader_link(actor, &pupil, &self.classes[0].link).await.map_err(Into::into)
            }
            "ask_request" => app.ask_request(actor, &pupil, &record, "x").await.map(|_| ()),
            _ => app.withdraw_request(actor, &pupil, &self.classes[0].request).await.map_err(Into::into),
        };
        let refused = matches!(done, Err(ReaderError::Access(AccessError::App(AppError::NotFound("book")))));
        assert!(refused, "{name} as {actor:?}: {done:?}");
        Ok(())
    }

    /// Asks for a use case about a school.
    pub(super) async fn about_school(
        &self,
        (name, form, ..): UseCase,
        actor: &Actor,
        code: &SchoolCode,
    ) -> Result<(), AppError> {
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
            "school_progress" => app.school_progress(actor, code).await.map(|_| ()),
            "audit_log" => {
                let query = AuditQuery { school: Some(code.clone()), ..AuditQuery::default() };
                app.audit_log(actor, &query).await.map(|_| ())
            }
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
            "take_lists" => {
                let lists = Lists { classes: Some(CLASSES.as_bytes()), ..Lists::default() };
                let mappings = ListMappings::default();
                app.take_lists(actor, (code, year(2026)), &lists, &mappings, Mode::Preview, &|_, _| ())
                    .await
                    .map(|_| ())
            }
            "enrol_certificates" => {
                let file = CertificateFile { name: "x.pem", bytes: b"x" };
                app.enrol_certificates(actor, code, &[file], None).await.map(|_| ())
            }
            "staff_certificates" => app.staff_certificates(actor, code).await.map(|_| ()),
            "begin_task" => {
                let new = NewTask { kind: TaskKind::TakeLists, school: code.clone(), year: year(2026), class: None };
                without_account(actor, app.begin_task(actor, &new).await.map(|_| ()))
            }
            "task" => {
                let task = &self.tasks.iter().find(|(school, _)| school == code).expect("a task").1;
                unseen(app.task(actor, code, task).await.map(|_| ()))
            }
            "keep_file" => {
                let (kind, file) = ((KeptKind::Staff, Some(year(2026))), ("x.csv", b"x".as_slice()));
                without_account(actor, app.keep_file(actor, code, kind, file, &ListMapping::default()).await)
            }
            "drop_kept_file" => app.drop_kept_file(actor, code, KeptKind::Staff, &[0; 12]).await.map(|_| ()),
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
            "homerooms" => app.homerooms(actor, code).await.map(|_| ()),
            "enrolled_chain" => app.enrolled_chain(actor, code, &self.listed_at(code)).await.map(|_| ()),
            "replaceable" | "prepare_replacement" | "submit_replacement" => {
                let (what, chain) = match form {
                    "school" => (Appointing::School, chain_of("department")),
                    _ => (Appointing::Homerooms { year: year(2026), deputy: false }, chain_of("principal")),
                };
                let nothing = RecordId::from_bytes([0x77; 16]);
                let wanted = WantedEnd {
                    appointment: nothing,
                    reason: ReasonClass::LeftRole,
                    since: None,
                    decision: None,
                    successor: None,
                };
                let done = match name {
                    "replaceable" => app.replaceable(actor, code, what, &nothing).await.map(|_| ()),
                    "prepare_replacement" => {
                        app.prepare_replacement(actor, code, what, &wanted, &chain).await.map(|_| ())
                    }
                    _ => app.submit_replacement(actor, code, (what, &nothing), &chain, &[]).await.map(|_| ()),
                };
                match done {
                    // There is nothing to end: whoever may ask is told so.
                    Err(AppError::NotAppointed { .. } | AppError::NotFound("appointment") | AppError::Status(_)) => {
                        Ok(())
                    }
                    other => other,
                }
            }
            "to_be_appointed" | "prepare_appointments" | "submit_appointments" => {
                let (what, chain) = match form {
                    "school" => (Appointing::School, chain_of("department")),
                    _ => (Appointing::Homerooms { year: year(2026), deputy: false }, chain_of("principal")),
                };
                let done = match name {
                    "to_be_appointed" => app.to_be_appointed(actor, code, what).await.map(|_| ()),
                    "prepare_appointments" => app.prepare_appointments(actor, code, what, &chain).await.map(|_| ()),
                    _ => app.submit_appointments(actor, code, what, &chain, &[]).await.map(|_| ()),
                };
                match done {
                    // Not every school here has a principal: whoever may ask is told so.
                    Err(AppError::NotAppointed { .. }) => Ok(()),
                    other => other,
                }
            }
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
            "begin_school" => {
                let issuer = app.store().read().await?.school(code).await?.expect("there").issuer;
                let new = OpenSchool { code: code.clone(), name: None, levels: Vec::new(), issuer };
                match app.begin_school(actor, &new, ("first", "Tên")).await {
                    // Whoever learns that it is served already was let in.
                    Err(AccessError::App(AppError::Exists("the school"))) => Ok(()),
                    done => done.map(|_| ()),
                }
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
    pub(super) async fn about_all(&self, (name, form, ..): UseCase, actor: &Actor) -> Result<(), AppError> {
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
            "link_openid" => {
                // There is no provider here, which whoever may link learns.
                match app.link_openid(actor, &RecordId::from_bytes([9; 16]), "s-1").await {
                    Err(AccessError::App(error)) => Err(error),
                    _ => Ok(()),
                }
            }
            "unlink_openid" => match app.unlink_openid(actor, &RecordId::from_bytes([9; 16])).await {
                Err(AccessError::App(error)) => Err(error),
                _ => Ok(()),
            },
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
            "tasks" => {
                for (school, id) in &self.tasks {
                    // Others of the same second may go before it.
                    let seen = app.tasks(actor, school).await?;
                    let of_lists = seen.iter().any(|task| task.kind == TaskKind::TakeLists);
                    assert_eq!(of_lists, may(actor, Action::PrepareSchool, Place::School(school)), "{actor:?} {id}");
                }
                Ok(())
            }
            "kept_files" => {
                for (_, school) in &self.schools {
                    let owner = Grant::of_school(GrantRole::Principal, school.clone(), None);
                    let owner = Actor::Account(Account {
                        id: WHOSE,
                        login: "a".into(),
                        name: "A".into(),
                        certificate: None,
                        grants: vec![owner],
                    });
                    let (kind, file) = ((KeptKind::Staff, Some(year(2026))), ("x.csv", b"x".as_slice()));
                    app.keep_file(&owner, school, kind, file, &ListMapping::default()).await?;
                    let seen = !app.kept_files(actor, school).await?.is_empty();
                    let own = *actor != Actor::LocalOperator;
                    assert_eq!(seen, own && may(actor, Action::PrepareSchool, Place::School(school)), "{actor:?}");
                }
                Ok(())
            }
            "sent_marks" | "sent_conversion" => {
                let sent = async |actor: &Actor, school: &SchoolCode| match name {
                    "sent_marks" => app.sent_marks(actor, school).await,
                    _ => app.sent_conversion(actor, school).await,
                };
                let (role, action) = match name {
                    "sent_marks" => (GrantRole::HomeroomTeacher, Action::Import),
                    _ => (GrantRole::Clerk, Action::Convert),
                };
                for (_, school) in &self.schools {
                    let grants = vec![Grant::of_school(role, school.clone(), None)];
                    let (login, name) = ("a".into(), "A".into());
                    let owner = Actor::Account(Account { id: WHOSE, login, name, certificate: None, grants });
                    let file = ("x.xlsx", b"x".as_slice());
                    app.keep_file(&owner, school, (KeptKind::Marks, None), file, &ListMapping::default()).await?;
                    let seen = sent(actor, school).await?.is_some();
                    let own = *actor != Actor::LocalOperator;
                    assert_eq!(seen, own && may_within(actor, action, school), "{actor:?}");
                    let kept = sent(&owner, school).await?.expect("just kept");
                    app.drop_kept_file(&owner, school, kept.kind, &kept.version).await?;
                }
                Ok(())
            }
            "superseding_due" => {
                for (_, school) in &self.schools {
                    for (class, _) in app.superseding_due(actor, school).await? {
                        assert!(may(actor, Action::Seal, Place::of(&class)), "{actor:?}");
                    }
                }
                Ok(())
            }
            "waiting_at" => {
                let mut asked: BTreeSet<Id> = BTreeSet::new();
                for (_, school) in &self.schools {
                    for what in app.waiting_at(actor, school, None).await? {
                        let may = |action, class: &Class| may(actor, action, Place::of(class));
                        let here = |action, school| may_within(actor, action, school);
                        let allowed = match &what {
                            Waiting::Marks { school, .. } | Waiting::Faults { school, .. } => {
                                here(Action::Import, school)
                            }
                            Waiting::Returned { class, .. } | Waiting::ToSign { class, .. } => may(Action::Sign, class),
                            Waiting::ToCoSign { school, .. } => here(Action::CoSign, school),
                            Waiting::ToSeal { school, .. } => here(Action::Seal, school),
                            Waiting::ToSupersede { class, .. } => may(Action::Seal, class),
                            Waiting::Requests { class, .. } => {
                                asked.insert(class.id);
                                may(Action::AnswerRequests, class)
                            }
                            Waiting::ToAppoint { school, .. } => here(Action::AppointTeacher, school),
                            Waiting::Year { school } | Waiting::Opening { school, .. } => {
                                here(Action::PrepareSchool, school)
                            }
                        };
                        assert!(allowed, "{actor:?}: {what:?}");
                    }
                }
                let may = |c: &&ClassTarget| may(actor, Action::AnswerRequests, c.place());
                let expected: BTreeSet<Id> = self.classes.iter().filter(may).map(|c| c.id).collect();
                assert_eq!(asked, expected, "{actor:?}");
                Ok(())
            }
            "waiting" => {
                let mut at_own = Vec::new();
                for school in actor.account().map(own_schools).unwrap_or_default() {
                    at_own.extend(app.waiting_at(actor, &school, None).await?);
                }
                let found = app.waiting(actor).await?;
                assert_eq!(format!("{found:?}"), format!("{at_own:?}"), "{actor:?}");
                Ok(())
            }
            "audit_log" => {
                match app.audit_log(actor, &AuditQuery::default()).await {
                    // Whoever reads nowhere is told so, rather than shown nothing.
                    Err(AppError::Forbidden(_)) => assert!(!anywhere(actor, Action::ReadAudit), "{actor:?}"),
                    Err(error) => return Err(error),
                    Ok(page) => {
                        assert!(anywhere(actor, Action::ReadAudit), "{actor:?}");
                        let whole = may(actor, Action::ReadAudit, Place::Everywhere);
                        for line in page.lines {
                            let school = line.line.school.and_then(|code| code.parse().ok());
                            let here = school.is_some_and(|code| may(actor, Action::ReadAudit, Place::School(&code)));
                            assert!(whole || here, "{actor:?} sees an event of elsewhere");
                        }
                    }
                }
                Ok(())
            }
            "progress" | "daily" | "chain_page" => {
                let seen = match name {
                    "progress" => {
                        let page = app.progress(actor, &ProgressQuery::default()).await;
                        page.map(|page| page.schools.into_iter().map(|school| school.code).collect::<BTreeSet<_>>())
                    }
                    "daily" => app.daily(actor).await.map(|_| BTreeSet::new()),
                    _ => app.chain_page(actor, None).await.map(|_| BTreeSet::new()),
                };
                match seen {
                    Err(AppError::Forbidden(_)) => assert!(!anywhere(actor, Action::AppointSchool), "{name} {actor:?}"),
                    Err(error) => return Err(error),
                    Ok(seen) => {
                        assert!(anywhere(actor, Action::AppointSchool), "{name} {actor:?}");
                        let may = |code: &SchoolCode| may(actor, Action::AppointSchool, Place::School(code));
                        let expected: BTreeSet<SchoolCode> =
                            [SCHOOL, OTHER_SCHOOL].map(school).into_iter().filter(may).collect();
                        assert!(name != "progress" || seen == expected, "{actor:?} sees {seen:?}");
                    }
                }
                Ok(())
            }
            "department_schools" | "department_tasks" | "schools_to_open" => {
                let seen = match name {
                    "department_schools" => {
                        let page = app.department_schools(actor, &SchoolQuery::default()).await;
                        page.map(|page| page.schools.into_iter().map(|school| school.code).collect::<Vec<_>>())
                    }
                    "department_tasks" => app.department_tasks(actor).await.map(|_| Vec::new()),
                    _ => app.schools_to_open(actor, "").await.map(|_| Vec::new()),
                };
                match seen {
                    // Whoever appoints nowhere is told so, rather than shown nothing.
                    Err(AppError::Forbidden(_)) => assert!(!anywhere(actor, Action::AppointSchool), "{name} {actor:?}"),
                    Err(error) => return Err(error),
                    Ok(seen) => {
                        assert!(anywhere(actor, Action::AppointSchool), "{name} {actor:?}");
                        let may = |code: &SchoolCode| may(actor, Action::AppointSchool, Place::School(code));
                        let all = [SCHOOL, OTHER_SCHOOL].map(school);
                        let expected: Vec<SchoolCode> = all.into_iter().filter(may).collect();
                        assert!(name != "department_schools" || seen == expected, "{actor:?} sees {seen:?}");
                    }
                }
                Ok(())
            }
            "open_requests" => {
                let mut seen: BTreeSet<Id> = BTreeSet::new();
                for (_, school) in &self.schools {
                    seen.extend(app.open_requests(actor, school).await?.into_iter().map(|(class, _)| class.id));
                }
                let may = |c: &&ClassTarget| may(actor, Action::AnswerRequests, c.place());
                // What is asked here opens with no key, so nobody answers it and it stays open.
                let expected: BTreeSet<Id> = self.classes.iter().filter(may).map(|c| c.id).collect();
                assert_eq!(seen, expected, "{actor:?}");
                Ok(())
            }
            "readings"
            | "reading"
            | "reading_year"
            | "to_choose"
            | "create_reader_link"
            | "reader_links"
            | "withdraw_reader_link"
            | "ask_request"
            | "withdraw_request" => self.about_a_book(name, actor).await,
            "classes" | "school_classes" => {
                let mut seen: BTreeSet<Id> = BTreeSet::new();
                if name == "classes" {
                    seen.extend(app.classes(actor).await?.into_iter().map(|(class, _)| class.id));
                } else {
                    for (_, school) in &self.schools {
                        seen.extend(app.school_classes(actor, school, None).await?.iter().map(|(class, _)| class.id));
                    }
                }
                let may = |c: &&ClassTarget| may(actor, Action::ReadStates, c.place());
                let expected: BTreeSet<Id> = self.classes.iter().filter(may).map(|c| c.id).collect();
                assert_eq!(seen, expected, "{actor:?}");
                Ok(())
            }
            "review" => {
                let (step, ..) = STEPS.into_iter().find(|step| step.1 == form).expect("a step");
                let may = |c: &&ClassTarget| may(actor, step.action(), c.place());
                let expected: BTreeSet<Id> = self.classes.iter().filter(may).map(|c| c.id).collect();
                for (_, school) in &self.schools {
                    // Of those, the ones in which a record waits.
                    for review in app.review(actor, school, None, step).await? {
                        assert!(expected.contains(&review.class.id), "{actor:?} sees {:?}", review.class.name);
                    }
                }
                Ok(())
            }
            other => panic!("{other}: nobody said how to ask for it"),
        }
    }

    pub(super) async fn audited(&self) -> i64 {
        self.office.database.count("SELECT COUNT(*) FROM audit_events").await
    }
}

/// A task that may not be seen is not there.
fn unseen(done: Result<(), AppError>) -> Result<(), AppError> {
    match done {
        Err(AppError::NotFound("task")) => Err(AppError::Forbidden(Action::ReadStates)),
        done => done,
    }
}

impl ClassTarget {
    fn task(&self) -> NewTask {
        let class = Some(self.name.clone());
        NewTask { kind: TaskKind::ImportMarks, school: self.school.clone(), year: self.year, class }
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place::Class(&self.school, self.year, &self.name)
    }
}
