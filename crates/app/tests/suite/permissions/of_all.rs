//! Use cases about the whole installation, and those that show what the actor may see.

use std::collections::BTreeSet;

use hocba_app::{
    Actor, AppError, AuditQuery, NewAccount, ProgressQuery, SchoolQuery, Waiting,
    access::AccessError,
    own_schools,
    policy::{Action, Place, may, may_within},
};
use hocba_exchange::{contract::Event, package::Answers};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::SchoolCode,
};
use hocba_signature::statement::Statement;
use hocba_store::{
    StoredPackage,
    model::{Account, Class, Grant, GrantRole, Id, KeptKind, TaskKind},
};
use hocba_tests::{CHAIN, CONTRACT, Ledger, NOW, OTHER_SCHOOL, SCHOOL, at, office::chain_of};
use hocba_workbook::ListMapping;

use super::{
    UseCase, anywhere, is_forbidden,
    town::{ClassTarget, PACKAGE, STEPS, Town, WHOSE, known, message, school, year},
};

/// What is shown to whoever may do this somewhere. Whoever may nowhere is told so, rather than shown nothing.
fn told_anywhere<T>(seen: Result<T, AppError>, actor: &Actor, action: Action) -> Result<Option<T>, AppError> {
    let seen = match seen {
        Err(AppError::Forbidden(_)) => None,
        seen => Some(seen?),
    };
    assert_eq!(seen.is_some(), anywhere(actor, action), "{action:?}: {actor:?}");
    Ok(seen)
}

impl Town {
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
                let page = app.audit_log(actor, &AuditQuery::default()).await;
                let whole = may(actor, Action::ReadAudit, Place::Everywhere);
                for line in told_anywhere(page, actor, Action::ReadAudit)?.into_iter().flat_map(|page| page.lines) {
                    let school = line.line.school.and_then(|code| code.parse().ok());
                    let here = school.is_some_and(|code| may(actor, Action::ReadAudit, Place::School(&code)));
                    assert!(whole || here, "{actor:?} sees an event of elsewhere");
                }
                Ok(())
            }
            "daily" => told_anywhere(app.daily(actor).await, actor, Action::AppointSchool).map(|_| ()),
            "chain_page" => told_anywhere(app.chain_page(actor, None).await, actor, Action::AppointSchool).map(|_| ()),
            "department_tasks" => {
                told_anywhere(app.department_tasks(actor).await, actor, Action::AppointSchool).map(|_| ())
            }
            "schools_to_open" => {
                told_anywhere(app.schools_to_open(actor, "").await, actor, Action::AppointSchool).map(|_| ())
            }
            "progress" | "department_schools" => {
                let seen: Result<Vec<SchoolCode>, AppError> = match name {
                    "progress" => {
                        let page = app.progress(actor, &ProgressQuery::default()).await;
                        page.map(|page| page.schools.into_iter().map(|school| school.code).collect())
                    }
                    _ => {
                        let page = app.department_schools(actor, &SchoolQuery::default()).await;
                        page.map(|page| page.schools.into_iter().map(|school| school.code).collect())
                    }
                };
                if let Some(mut seen) = told_anywhere(seen, actor, Action::AppointSchool)? {
                    // Progress has the slowest first; schools are listed by code.
                    if name == "progress" {
                        seen.sort();
                    }
                    let may = |code: &SchoolCode| may(actor, Action::AppointSchool, Place::School(code));
                    let all = [SCHOOL, OTHER_SCHOOL].map(school);
                    let expected: Vec<SchoolCode> = all.into_iter().filter(may).collect();
                    assert_eq!(seen, expected, "{name}: {actor:?}");
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
}
