//! Two schools with everything a use case can be about, and every use case asked for there.

use hocba_app::{
    Actor, AppError, Import, Lists, Mode, NewAccount, NewTask, Scope, Step,
    policy::{Action, Place},
};
use hocba_exchange::contract::{Event, Incoming};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear},
};
use hocba_signature::{
    statement::{Role, Statement},
    status::ReasonClass,
};
use hocba_store::model::{
    Account, Envelope, Grant, GrantRole, Id, Link, LinkContent, RequestState, School, StoredRequest, TaskKind,
};
use hocba_tests::{
    DAY, NOW, OTHER_SCHOOL, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};

/// The lists of a small school.
pub(super) const STAFF: &str = "Họ và tên;Chức vụ\nPhan Thị Thảo;Giáo viên\n";
pub(super) const CLASSES: &str = "Lớp;Khối\n6A1;6\n";
pub(super) const PUPILS: &str = "Lớp;Họ và tên;Ngày sinh;Giới tính;Mã học sinh\n6A1;Lê Văn Tám;05/03/2015;Nam;T8\n";

/// The one package of these tests.
pub(super) const PACKAGE: RecordId = RecordId::from_bytes([77; 16]);

/// A message about one record.
pub(super) fn message(key: &str, event: Event) -> Incoming {
    Incoming { id: key.parse().expect("a key"), version: 1, at: at(NOW), event, warnings: Vec::new() }
}

/// Whoever learns that the package is there, or is not, was let in.
pub(super) fn known(done: Result<(), AppError>) -> Result<(), AppError> {
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
pub(super) fn without_account(actor: &Actor, done: Result<(), AppError>) -> Result<(), AppError> {
    match done {
        Err(AppError::NotFound("account")) if *actor == Actor::LocalOperator => Ok(()),
        done => done,
    }
}

pub(super) const STEPS: [(Step, &str, &str); 3] =
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

    pub(super) fn listed_at(&self, school: &SchoolCode) -> Id {
        self.listed.iter().find(|s| s.0 == *school).expect("staff").1
    }

    pub(super) fn appointment(&self, role: Role, school: &SchoolCode) -> Statement {
        let class = (role == Role::HomeroomTeacher).then_some("9A3");
        let mut appointment = self.office.people.appointment(role, class);
        appointment.school = school.clone();
        self.office.people.appoint(&appointment)
    }

    pub(super) fn end(&self, by: Role, school: &SchoolCode) -> Statement {
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

    pub(super) async fn audited(&self) -> i64 {
        self.office.database.count("SELECT COUNT(*) FROM audit_events").await
    }
}

/// A task that may not be seen is not there.
pub(super) fn unseen(done: Result<(), AppError>) -> Result<(), AppError> {
    match done {
        Err(AppError::NotFound("task")) => Err(AppError::Forbidden(Action::ReadStates)),
        done => done,
    }
}

impl ClassTarget {
    pub(super) fn task(&self) -> NewTask {
        let class = Some(self.name.clone());
        NewTask { kind: TaskKind::ImportMarks, school: self.school.clone(), year: self.year, class }
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place::Class(&self.school, self.year, &self.name)
    }
}
