//! Use cases about a school and its people, asked for there.

use hocba_app::{
    Actor, AppError, Appointing, AuditQuery, CertificateFile, ListMappings, Lists, Mode, NewAppointment, NewEnd,
    NewTask, OpenSchool, RollOptions, SchoolFate, WantedEnd,
    access::{AccessError, NewSchoolAccount},
};
use hocba_record::{encoding::RecordId, types::SchoolCode};
use hocba_signature::{statement::Role, status::ReasonClass};
use hocba_store::model::{Grant, GrantRole, KeptKind, TaskKind};
use hocba_tests::office::{OPERATOR, chain_of};
use hocba_workbook::ListMapping;

use super::{
    UseCase,
    town::{CLASSES, PUPILS, STAFF, Town, unseen, without_account, year},
};

impl Town {
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
    pub(super) async fn about_staff(
        &self,
        (name, form): (&str, &str),
        actor: &Actor,
        code: &SchoolCode,
    ) -> Result<(), AppError> {
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
}
