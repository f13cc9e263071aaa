//! Every use case, asked for by every role, wherever it holds, about everything near and far: what is refused is what the
//! policy refuses. The expectation comes from the policy; the policy itself is the reviewed page `docs/permissions.md`.

mod of_all;
mod of_class;
mod of_school;
mod town;

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use hocba_app::{
    Actor, AppError,
    policy::{Action, Place, may, role_may},
};
use hocba_store::model::{Account, Grant, GrantRole};
use hocba_tests::{SCHOOL, office::OPERATOR};

use self::town::{Town, WHOSE, school, year};

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
    ("look_at_import",      "",                  &[Action::Import],          Class),
    ("return_record",       "",                  &[Action::Return],          Class),
    ("return_record_with",  "",                  &[Action::Return],          Class),
    ("return_records",      "",                  &[Action::Return],          Class),
    ("review",              "sign",              &[Action::Sign],            WhatOneSees),
    ("review",              "co_sign",           &[Action::CoSign],          WhatOneSees),
    ("review",              "seal",              &[Action::Seal],            WhatOneSees),
    ("class",               "",                  &[Action::ReadStates],      Class),
    ("classes",             "",                  &[Action::ReadStates],      WhatOneSees),
    ("school_classes",      "",                  &[Action::ReadStates],      WhatOneSees),
    ("signer",              "sign",              &[Action::Sign],            Somewhere),
    ("signer",              "co_sign",           &[Action::CoSign],          Somewhere),
    ("signer",              "seal",              &[Action::Seal],            Somewhere),
    ("prepare",             "sign",              &[Action::Sign],            Class),
    ("prepare",             "co_sign",           &[Action::CoSign],          Class),
    ("prepare",             "seal",              &[Action::Seal],            Class),
    ("submit",              "sign",              &[Action::Sign],            Class),
    ("submit",              "co_sign",           &[Action::CoSign],          Class),
    ("submit",              "seal",              &[Action::Seal],            Class),
    ("superseding_due",     "",                  &[Action::Seal],            WhatOneSees),
    ("superseding",         "seal",              &[Action::Seal],            Class),
    ("submit_superseding",  "seal",              &[Action::Seal],            Class),
    ("bundle",              "",                  &[Action::HandOut],         Class),
    ("book",                "",                  &[Action::HandOut],         Class),
    ("sealed_class",        "",                  &[Action::HandOut],         Class),
    ("sealed_book",         "",                  &[Action::HandOut],         Class),
    ("book_bundle",         "",                  &[Action::HandOut],         Class),
    ("bundle_with",         "",                  &[Action::HandOut],         Class),
    ("hand_out_bundle",     "",                  &[Action::HandOut],         Class),
    ("create_link",         "",                  &[Action::HandOut],         Class),
    ("withdraw_link",       "",                  &[Action::HandOut],         Class),
    ("links",               "",                  &[Action::HandOut],         Class),
    ("class_readers",       "",                  &[Action::InviteReaders],   Class),
    ("invite_readers",      "",                  &[Action::InviteReaders],   Class),
    ("reset_reader",        "",                  &[Action::InviteReaders],   Class),
    ("class_requests",       "",                  &[Action::AnswerRequests],   Class),
    ("answer_request",       "",                  &[Action::AnswerRequests],   Class),
    ("open_requests",       "",                  &[Action::AnswerRequests],  WhatOneSees),
    ("waiting",             "",                  &[Action::ReadStates],      WhatOneSees),
    ("waiting_at",          "",                  &[Action::ReadStates],      WhatOneSees),
    ("sent_marks",          "",                  &[Action::Import],          WhatOneSees),
    ("sent_conversion",     "",                  &[Action::Convert],         WhatOneSees),
    ("readings",            "",                  &[],                        WhatOneSees),
    ("reading",             "",                  &[],                        WhatOneSees),
    ("reading_year",        "",                  &[],                        WhatOneSees),
    ("to_choose",           "",                  &[],                        WhatOneSees),
    ("create_reader_link",  "",                  &[],                        WhatOneSees),
    ("reader_links",        "",                  &[],                        WhatOneSees),
    ("withdraw_reader_link", "",                 &[],                        WhatOneSees),
    ("ask_request",          "",                  &[],                        WhatOneSees),
    ("withdraw_request",     "",                  &[],                        WhatOneSees),
    ("record_sheets",       "",                  &[Action::ReadRecords],     Class),
    ("class_sheets",        "",                  &[Action::ReadRecords],     Class),
    ("book_sheets",         "",                  &[Action::HandOut],         Class),
    ("print_record",        "",                  &[Action::HandOut],         Class),
    ("print_class",         "",                  &[Action::HandOut],         Class),
    ("print_book",          "",                  &[Action::HandOut],         Class),
    ("make_paper_links",    "",                  &[Action::HandOut],         Class),
    ("make_paper_link",     "",                  &[Action::HandOut],         Class),
    ("manifest",            "",                  &[Action::ReadManifest],    About::School),
    ("batch_schools",       "",                  &[Action::ReadManifest],    Somewhere),
    ("add_school",          "",                  &[Action::AppointSchool],   About::School),
    ("school_changed",      "",                  &[Action::ChangeSchool],    About::School),
    ("open_school",         "",                  &[Action::AppointSchool],   About::School),
    ("begin_school",        "",                  &[Action::AppointSchool, Action::AppointAdministrator], About::School),
    ("department_schools",  "",                  &[Action::AppointSchool],   WhatOneSees),
    ("department_tasks",    "",                  &[Action::AppointSchool],   WhatOneSees),
    ("schools_to_open",     "",                  &[Action::AppointSchool],   WhatOneSees),
    ("progress",            "",                  &[Action::AppointSchool],   WhatOneSees),
    ("school_progress",     "",                  &[Action::AppointSchool],   About::School),
    ("daily",               "",                  &[Action::AppointSchool],   WhatOneSees),
    ("chain_page",          "",                  &[Action::AppointSchool],   WhatOneSees),
    ("audit_log",           "of a school",       &[Action::ReadAudit],       About::School),
    ("audit_log",           "of all",            &[Action::ReadAudit],       WhatOneSees),
    ("import_lists",        "staff",            &[Action::PrepareSchool],   About::School),
    ("import_lists",        "classes",          &[Action::PrepareSchool],   About::School),
    ("import_lists",        "pupils",           &[Action::PrepareSchool],   About::School),
    ("import_lists",        "looked at",         &[Action::PrepareSchool],   About::School),
    ("take_lists",          "",                  &[Action::PrepareSchool],   About::School),
    ("assign_homeroom",     "",                  &[Action::PrepareSchool],   About::School),
    ("enrol_certificate",   "",                  &[Action::PrepareSchool],   About::School),
    ("enrol_certificates",  "",                  &[Action::PrepareSchool],   About::School),
    ("staff_certificates",  "",                  &[Action::PrepareSchool],   About::School),
    ("begin_task",          "lists",             &[Action::PrepareSchool],   About::School),
    ("begin_task",          "marks",             &[Action::Import],          Class),
    ("begin_task",          "paper links",       &[Action::HandOut],         Class),
    ("task",                "lists",             &[Action::PrepareSchool],   About::School),
    ("task",                "marks",             &[Action::Import],          Class),
    ("tasks",               "",                  &[Action::PrepareSchool],   WhatOneSees),
    ("keep_file",           "",                  &[Action::PrepareSchool],   About::School),
    ("kept_files",          "",                  &[Action::PrepareSchool],   WhatOneSees),
    ("drop_kept_file",      "",                  &[Action::PrepareSchool],   About::School),
    ("open_year",           "",                  &[Action::PrepareSchool],   About::School),
    ("roll_over",           "",                  &[Action::PrepareSchool],   About::School),
    ("close_year",          "",                  &[Action::PrepareSchool],   About::School),
    ("school_years",        "",                  &[Action::ReadStates],      About::School),
    ("opening_state",       "",                  &[Action::ReadStates],      About::School),
    ("needed_appointments", "",                  &[Action::AppointTeacher],  About::School),
    ("enrolled_chain",      "",                  &[Action::ReadStates],      About::School),
    ("homerooms",           "",                  &[Action::ReadStates],      About::School),
    ("to_be_appointed",     "homerooms",         &[Action::AppointTeacher],  About::School),
    ("to_be_appointed",     "school",            &[Action::AppointSchool],   About::School),
    ("prepare_appointments", "homerooms",        &[Action::AppointTeacher],  About::School),
    ("prepare_appointments", "school",           &[Action::AppointSchool],   About::School),
    ("submit_appointments", "homerooms",         &[Action::AppointTeacher],  About::School),
    ("submit_appointments", "school",            &[Action::AppointSchool],   About::School),
    ("replaceable",         "homerooms",         &[Action::AppointTeacher],  About::School),
    ("replaceable",         "school",            &[Action::AppointSchool],   About::School),
    ("prepare_replacement", "homerooms",         &[Action::AppointTeacher],  About::School),
    ("prepare_replacement", "school",            &[Action::AppointSchool],   About::School),
    ("submit_replacement",  "homerooms",         &[Action::AppointTeacher],  About::School),
    ("submit_replacement",  "school",            &[Action::AppointSchool],   About::School),
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
    ("link_openid",         "",                  &[Action::ManageAccounts],  Everything),
    ("unlink_openid",       "",                  &[Action::ManageAccounts],  Everything),
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
    "beat_task",       // of the process that works on it; as the next
    "end_task",
    "note_wants", // of the collector, in its own transaction; as the next six
    "issuers",
    "question",
    "settle",
    "keep",
    "time_stamp_question",
    "keep_time_stamp",
    "sign_in",       // says who the actor is, by a password; as the next
    "openid_return", // by what a browser began at the provider; as the next
    "sign_in_openid",
    "slip", // for whoever holds the slip; as the next
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
    "mail_state",
    "give_mail",
    "confirm_mail",
    "remove_mail",
    "mail_due", // of the server that sends the mails of a day; as the next five
    "forget_mail",
    "waiting_for",
    "no_mail",
    "claim_mail",
    "settle_mail",
];

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
        let needs: Vec<String> = actions.iter().map(ToString::to_string).collect();
        let about = match about {
            _ if actions.is_empty() => "the book of whoever reads it as pupil or parent",
            Class => "class",
            About::School => "school",
            Everything => "installation",
            Somewhere if *name == "signer" => "anywhere, with the account's own certificate",
            Somewhere if *name == "batch_schools" => "anywhere",
            Somewhere => "anywhere; then the record's class",
            WhatOneSees => "shows what the actor may see",
        };
        let _ = writeln!(table, "| `{name}` | {form} | {} | {about} |", needs.join(" and "));
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

fn is_forbidden(done: &Result<(), AppError>) -> bool {
    match done {
        Err(AppError::Forbidden(_)) => true,
        Err(AppError::OneOfMany { error, .. }) => matches!(**error, AppError::Forbidden(_)),
        _ => false,
    }
}

/// Everyone who may ask: each role, held for a class, a school, everywhere; nobody in particular; the operator.
fn actors() -> Vec<(String, Actor)> {
    let account =
        |grants| Actor::Account(Account { id: WHOSE, login: "a".into(), name: "A".into(), certificate: None, grants });
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
