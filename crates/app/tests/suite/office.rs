//! The use cases of a school, and what each refuses.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use hocba_app::{
    Actor, App, AppError, Conversion, Import, LinkSecret, NewAccount, NoPublicRecord, OpenLinkError, PublicState,
    Scope, Selection, Step, link_key, link_token, policy::Action,
};
use hocba_bundle::report::{ChainProblem, Problem, Verdict};
use hocba_record::{encoding::Sha256Digest, types::Mark};
use hocba_signature::statement::{Role, Statement, StatementType};
use hocba_store::model::{Grant, GrantRole, LeftOut, RecordState, ReturnReason};
use hocba_tests::{
    NOW, Person, at,
    office::{OPERATOR, Office, chain_of, leaving_out, workbook},
};

fn only(numbers: &[u32]) -> Selection {
    Selection::Only(numbers.iter().copied().collect::<BTreeSet<_>>())
}

#[tokio::test]
async fn a_class_goes_from_spreadsheet_to_a_valid_bundle() {
    let (office, class) = Office::anchored(3).await;
    let lines = office.lines(&class).await;
    assert!(lines.iter().all(|l| l.state == RecordState::Sealed && l.anchored_at.is_some()));
    for line in &lines {
        let bundle = office.app.bundle(&OPERATOR, &line.record, Scope::Whole).await.expect("a bundle");
        office.clock.store(NOW, Ordering::Relaxed);
        let report = office.app.verify(&bundle.to_bytes()).await;
        assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.checks);
    }
    let events = office.app.store().read().await.expect("read").events_of(&lines[0].record.to_string()).await;
    let actions: Vec<String> = events.expect("events").into_iter().map(|e| e.action).collect();
    assert_eq!(actions, ["sign_records", "co_sign_records", "seal_records"]);
}

#[tokio::test]
async fn the_head_of_the_public_record_is_the_one_that_verdicts_rest_on() {
    let office = Office::open().await;
    assert_eq!(office.app.chain_head().await, Ok((office.chain.0.lock().expect("unharmed").facts.block, at(NOW))));
    let store = office.app.store().clone();
    let (profile, edges) = (office.app.profile().clone(), office.app.edges().clone());
    let key = hocba_keystore::DataKey::from_bytes([9; 32]);
    let alone = App::new(store, key, profile, Arc::new(NoPublicRecord), edges, office.app.settings().clone());
    assert_eq!(alone.chain_head().await, Err(ChainProblem::NotAsked));
}

#[tokio::test]
async fn every_scope_is_valid_and_shows_no_more_than_it_says() {
    let (office, class) = Office::anchored(1).await;
    let record = office.lines(&class).await[0].record;
    office.clock.store(NOW, Ordering::Relaxed);
    for (scope, hidden) in [
        (Scope::Whole, [].as_slice()),
        (Scope::Results, ["remarks", "conduct", "attendance"].as_slice()),
        (Scope::IdentityAndCompletion, ["remarks", "conduct", "attendance", "subject.toan", "result"].as_slice()),
    ] {
        let bundle = office.app.bundle(&OPERATOR, &record, scope).await.expect("a bundle");
        let names: Vec<&str> = bundle.records[0].disclosures.iter().map(|d| d.name().as_str()).collect();
        assert!(names.contains(&"identity") && names.contains(&"manifest"), "{names:?}");
        assert!(hidden.iter().all(|h| !names.contains(h)), "{scope}: {names:?}");
        assert_eq!(bundle.records[0].seed.is_some(), scope == Scope::Whole, "{scope}: the seed tells what is hidden");
        assert_eq!(office.app.verify(&bundle.to_bytes()).await.verdict, Verdict::Valid, "{scope}");
    }
}

#[tokio::test]
async fn an_interrupted_signing_goes_on_with_what_is_left() {
    let (office, class) = Office::with_class(5).await;
    assert_eq!(office.step(&class, Step::Sign, &only(&[2, 4])).await.taken, 2);
    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 3);
    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 0);
}

#[tokio::test]
async fn a_submission_whose_answer_got_lost_can_be_sent_again() {
    let (office, class) = Office::with_class(2).await;
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let list = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list");
    let key = &office.people.teacher.key;
    let signed: Vec<_> = list.tasks.iter().map(|t| t.signed(key.sign(t.bytes()).to_vec())).collect();
    let first = office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken");
    let again = office.app.submit(&OPERATOR, &class, &signer, &signed).await.expect("taken before");
    assert_eq!((first.taken, first.already, again.taken, again.already), (2, 0, 0, 2));
}

#[tokio::test]
async fn one_bad_signature_in_a_chunk_and_nothing_of_it_is_taken() {
    let (office, class) = Office::with_class(3).await;
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let list = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list");
    let key = &office.people.teacher.key;
    let mut signed: Vec<_> = list.tasks.iter().map(|t| t.signed(key.sign(t.bytes()).to_vec())).collect();
    signed[2].signature[7] ^= 1;
    let refused = office.app.submit(&OPERATOR, &class, &signer, &signed).await;
    assert!(matches!(refused, Err(AppError::Signature(record)) if record == signed[2].record));
    assert!(office.lines(&class).await.iter().all(|l| l.state == RecordState::Draft));
}

#[tokio::test]
async fn steps_out_of_order_wait_and_nobody_signs_without_an_appointment() {
    let office = Office::open().await;
    let class =
        office.app.import(&OPERATOR, &workbook(2, |_, _| {}), &Import::default()).await.expect("imported").class;
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let refused = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await;
    assert!(matches!(refused, Err(AppError::NotAppointed { role: Role::HomeroomTeacher, .. })));

    let (office, class) = Office::with_class(2).await;
    let signer = office.app.signer(&OPERATOR, Step::Seal, false, &chain_of("seal")).await.expect("a signer");
    let list = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await.expect("a list");
    assert!(list.tasks.is_empty());
    assert_eq!(list.waiting, [(1, RecordState::Draft), (2, RecordState::Draft)]);
    // The principal's certificate is appointed, but not as the school's seal or a homeroom teacher.
    for (step, needed) in [(Step::Seal, Role::SchoolSeal), (Step::Sign, Role::HomeroomTeacher)] {
        let signer = office.app.signer(&OPERATOR, step, false, &chain_of("principal")).await.expect("a signer");
        let refused = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await;
        assert!(matches!(refused, Err(AppError::NotAppointed { role, .. }) if role == needed), "{step:?}");
    }
    // An appointment that is over is none.
    office.clock.store(NOW + 400 * 86_400, Ordering::Relaxed);
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await;
    let signer = signer.expect("the certificate outlives the appointment");
    let refused = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await;
    assert!(matches!(refused, Err(AppError::NotAppointed { role: Role::HomeroomTeacher, .. })));
}

#[tokio::test]
async fn only_the_schools_own_department_appoints_as_one() {
    let office = Office::open().await;
    let mut appointment = office.people.appointment(Role::Principal, None);
    appointment.appointee.certificate = Person::example("teacher").digest();
    // Each has a certificate with a path; neither is a department for this school in the trust profile.
    for name in ["principal", "other-department"] {
        let unsigned = Statement::unsigned(appointment.to_bytes());
        let statement = Person::example(name).sign(unsigned, StatementType::Appointment, Role::Department, NOW);
        let refused = office.app.appoint(&OPERATOR, &statement, &chain_of(name), &chain_of("teacher")).await;
        assert!(matches!(refused, Err(AppError::NotAppointed { role: Role::Department, .. })), "{name}: {refused:?}");
    }
    assert!(office.appoint(Role::Principal).await, "the department itself does");
}

#[tokio::test]
async fn a_stranger_certificate_signs_nothing() {
    let (office, _) = Office::with_class(1).await;
    let refused = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("stranger-department")).await;
    assert!(matches!(refused, Err(AppError::Certificate(_))));
    let refused = office.app.signer(&OPERATOR, Step::Sign, false, &[]).await;
    assert!(matches!(refused, Err(AppError::Certificate(_))));
}

#[tokio::test]
async fn a_returned_record_is_corrected_and_signed_again_with_fresh_salts() {
    let (office, class) = Office::with_class(3).await;
    office.step(&class, Step::Sign, &Selection::All).await;
    let before = office.lines(&class).await;
    let second = before[1].record;
    let salts = |personal: hocba_app::Personal| personal.seed;
    let seed = |version| office.app.personal(&version).map(salts).expect("opens");
    let old = office.app.store().read().await.expect("read").record(&second).await.expect("read").expect("there");
    office.app.return_record(&OPERATOR, &second, ReturnReason::WrongMark).await.expect("returned");
    let view = office.app.class(&OPERATOR, &class).await.expect("a view");
    assert_eq!(view.pupils[1].state, PublicState::Returned);
    assert_eq!(view.pupils[1].returned, Some(ReturnReason::WrongMark));

    // The others are signed: the spreadsheet may not say otherwise of them.
    let changed = workbook(3, |_, drafts| {
        drafts[0].remark = Some("Một nhận xét khác.".parse().expect("text"));
        drafts[1].remark = Some("Nhận xét đã sửa.".parse().expect("text"));
    });
    let refused = office.app.import(&OPERATOR, &changed, &Import::default()).await;
    assert!(matches!(refused, Err(AppError::SignedWouldChange { numbers, .. }) if numbers == [1]));
    // Nor may the class become one of another grade, which each signed record states.
    let regraded = workbook(3, |header, _| header.grade = hocba_record::types::Grade::new(8).expect("grade"));
    let refused = office.app.import(&OPERATOR, &regraded, &Import::default()).await;
    assert!(matches!(&refused, Err(AppError::SignedWouldChange { numbers, .. }) if *numbers == [1, 3]), "{refused:?}");
    let corrected = workbook(3, |_, drafts| drafts[1].remark = Some("Nhận xét đã sửa.".parse().expect("text")));
    let imported = office.app.import(&OPERATOR, &corrected, &Import::default()).await.expect("imported");
    assert_eq!((imported.ready, imported.unchanged), (1, 2));

    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 1);
    let new = office.app.store().read().await.expect("read").record(&second).await.expect("read").expect("there");
    assert!(seed(old) != seed(new.clone()), "salts that were seen are not used again");
    assert_eq!((new.record, new.returned), (second, None));
    // Sealed records cannot be returned any more.
    office.step(&class, Step::CoSign, &Selection::All).await;
    office.step(&class, Step::Seal, &Selection::All).await;
    let refused = office.app.return_record(&OPERATOR, &second, ReturnReason::Other).await;
    assert!(matches!(refused, Err(AppError::WrongState { found: RecordState::Sealed, .. })));
}

#[tokio::test]
async fn a_pupil_who_is_not_ready_is_left_out_and_stops_nobody() {
    let office = Office::open().await;
    let faulty = workbook(3, |_, drafts| drafts[1].conduct.term2 = None);
    let refused = office.app.import(&OPERATOR, &faulty, &Import::default()).await;
    assert!(matches!(refused, Err(AppError::Unsound(_))), "{refused:?}");
    let import = leaving_out(&[(2, LeftOut::WaitingForReassessment)]);
    let imported = office.app.import(&OPERATOR, &faulty, &import).await.expect("imported");
    assert_eq!((imported.ready, imported.left_out.as_slice()), (2, [2].as_slice()));
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        office.appoint(role).await;
    }
    let class = imported.class;
    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 2);
    let record = office.lines(&class).await[1].record;
    let refused = office.app.leave_out(&OPERATOR, &record, None).await;
    assert!(matches!(refused, Err(AppError::Incomplete { number: 2 })));
    // Re-assessed: the complete spreadsheet takes the pupil back in.
    let imported = office.app.import(&OPERATOR, &workbook(3, |_, _| {}), &Import::default()).await.expect("imported");
    assert_eq!((imported.ready, imported.unchanged), (1, 2));
    assert_eq!(office.step(&class, Step::Sign, &Selection::All).await.taken, 1);
    let unknown = leaving_out(&[(9, LeftOut::Other)]);
    let refused = office.app.import(&OPERATOR, &workbook(3, |_, _| {}), &unknown).await;
    assert!(matches!(refused, Err(AppError::UnknownNumber(9))));
}

#[tokio::test]
async fn a_link_opens_with_its_secret_until_it_ends_or_is_withdrawn_and_every_look_counts() {
    let (office, class) = Office::anchored(1).await;
    let record = office.lines(&class).await[0].record;
    let end = at(NOW + 100);
    office.clock.store(NOW, Ordering::Relaxed);
    let made = office.app.create_link(&OPERATOR, &record, Scope::Results, Some(end)).await.expect("made");
    let token = link_token(&made.secret);
    let content = office.app.open_link(&token).await.expect("opens");
    let hash = Sha256Digest::of(&token);
    let bytes = hocba_keystore::unseal(&link_key(&made.secret), &content.nonce, hash.as_bytes(), &content.bytes);
    assert_eq!(office.app.verify(&bytes.expect("opens")).await.verdict, Verdict::Valid);
    // With the database alone nothing opens: the token's hash is not the token.
    let stranger = LinkSecret::from_bytes([1; 32]);
    assert!(matches!(office.app.open_link(&link_token(&stranger)).await, Err(OpenLinkError::Unknown)));
    assert!(matches!(office.app.open_link(hash.as_bytes()).await, Err(OpenLinkError::Unknown)));
    let views = office.app.links(&OPERATOR, &record).await.expect("links");
    let seen =
        views.iter().map(|line| (line.handed.link.id, line.handed.looks, line.handed.last_look, line.handed.paper));
    assert_eq!(seen.collect::<Vec<_>>(), [(made.id, 1, Some(at(NOW)), None)]);

    office.clock.store(end.seconds(), Ordering::Relaxed);
    assert!(matches!(office.app.open_link(&token).await, Err(OpenLinkError::Expired { at }) if at == end));
    office.app.withdraw_link(&OPERATOR, &made.id).await.expect("withdrawn");
    assert!(matches!(office.app.open_link(&token).await, Err(OpenLinkError::Withdrawn { .. })));
    assert!(matches!(office.app.withdraw_link(&OPERATOR, &made.id).await, Err(AppError::Changed(_))));
    let past = office.app.create_link(&OPERATOR, &record, Scope::Whole, Some(at(NOW))).await;
    assert!(matches!(past, Err(AppError::Time(_))));
    assert_eq!(LinkSecret::from_text(&made.secret.to_text()), Some(made.secret));
}

#[tokio::test]
async fn what_is_not_anchored_is_not_handed_out() {
    let (office, class) = Office::with_class(1).await;
    let record = office.lines(&class).await[0].record;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        office.step(&class, step, &Selection::All).await;
        let refused = office.app.bundle(&OPERATOR, &record, Scope::Whole).await;
        assert!(matches!(refused, Err(AppError::NotAnchored)), "{step:?}");
    }
}

#[tokio::test]
async fn a_teacher_of_another_class_sees_and_signs_nothing() {
    let (office, class) = Office::with_class(2).await;
    let grant = |class: &str| Grant {
        role: GrantRole::HomeroomTeacher,
        school: Some("79DEMO001".parse().expect("code")),
        prefix: None,
        class: Some((hocba_record::types::SchoolYear::starting(2026).expect("year"), class.parse().expect("class"))),
    };
    let new = |login: &str, class: &str, certificate| NewAccount {
        login: login.into(),
        name: login.into(),
        certificate,
        grants: vec![grant(class)],
    };
    let own = new("own", "9A3", Some(office.people.teacher.digest()));
    let own = Actor::Account(office.app.add_account(&OPERATOR, own).await.expect("added"));
    let other = Actor::Account(office.app.add_account(&OPERATOR, new("other", "9A4", None)).await.expect("added"));
    assert_eq!(office.app.class(&own, &class).await.expect("a view").pupils.len(), 2);
    assert!(office.app.classes(&other).await.expect("none").is_empty());
    assert!(matches!(office.app.class(&other, &class).await, Err(AppError::Forbidden(Action::ReadStates))));
    let import = office.app.import(&other, &workbook(2, |_, _| {}), &Import::default()).await;
    assert!(matches!(import, Err(AppError::Forbidden(Action::Import))));
    // Not even with the colleague's certificate, which is not the account's.
    let signer = office.app.signer(&other, Step::Sign, false, &chain_of("teacher")).await;
    assert!(matches!(signer, Err(AppError::Forbidden(Action::Sign))));
    let signer = office.app.signer(&own, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let refused = office.app.prepare(&other, &class, &signer, &Selection::All).await;
    assert!(matches!(refused, Err(AppError::Forbidden(Action::Sign))));
    // Accounts are made where the data lies, not through another account.
    assert!(office.app.add_account(&own, new("third", "9A3", None)).await.is_err());
    let token = office
        .app
        .add_token(
            &OPERATOR,
            &match &own {
                Actor::Account(a) => a.id,
                _ => unreachable!(),
            },
            60,
        )
        .await;
    let token = token.expect("a token");
    assert_eq!(office.app.authenticate(&token.token).await.expect("known"), own);
    assert!(office.app.authenticate("hocba_nonsense").await.is_err());
    office.clock.fetch_add(60, Ordering::Relaxed);
    assert!(office.app.authenticate(&token.token).await.is_err(), "its time is over");
}

#[tokio::test]
async fn nothing_of_a_pupil_is_readable_in_the_database() {
    let (office, class) = Office::anchored(2).await;
    let record = office.lines(&class).await[0].record;
    office.clock.store(NOW, Ordering::Relaxed);
    office.app.create_link(&OPERATOR, &record, Scope::Whole, None).await.expect("made");
    let (_, drafts) = hocba_sample::class(7, &hocba_sample::Options::lower_secondary().with_pupils(2));
    let read = office.database.bytes().await;
    assert!(read.len() > 20_000, "all of it was read");
    let found = |needle: &[u8]| read.windows(needle.len()).any(|w| w == needle);
    assert!(found(b"79DEMO001"), "the search finds what is there");
    for draft in &drafts {
        let name = draft.identity.name.as_str();
        assert!(!found(name.as_bytes()), "a name");
        if let Some(remark) = &draft.remark {
            assert!(!found(remark.as_str().as_bytes()), "a remark");
        }
        for identifier in &draft.identity.identifiers {
            assert!(!found(identifier.value.as_str().as_bytes()), "an identifier");
        }
    }
}

#[tokio::test]
async fn a_damaged_envelope_stops_its_record_and_says_so() {
    let (office, class) = Office::with_class(2).await;
    let lines = office.lines(&class).await;
    let mut tx = office.app.store().begin("damage").await.expect("begun");
    let other = tx.record(&lines[1].record).await.expect("read").expect("there");
    // The neighbour's envelope in the wrong place does not open there.
    tx.replace_draft(&lines[0].record, 1, lines[0].revision, &other.personal, at(NOW)).await.expect("replaced");
    tx.commit().await.expect("committed");
    let signer = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a signer");
    let refused = office.app.prepare(&OPERATOR, &class, &signer, &Selection::All).await;
    assert!(matches!(refused, Err(AppError::Damaged { number: 1, .. })));
    let list = office.app.prepare(&OPERATOR, &class, &signer, &only(&[2])).await.expect("the other one is whole");
    assert_eq!(list.tasks.len(), 1);
}

#[tokio::test]
async fn a_changed_mark_in_a_bundle_is_named() {
    let (office, class) = Office::anchored(1).await;
    let record = office.lines(&class).await[0].record;
    office.clock.store(NOW, Ordering::Relaxed);
    let bytes = office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("a bundle").to_bytes();
    let text = String::from_utf8(bytes).expect("JSON");
    let start = text.find("\"subject.toan\",{").expect("mathematics");
    let year = start + text[start..].find("\"year\":").expect("a mark") + 7;
    let end = year + text[year..].find(['}', ',']).expect("its end");
    let mark = Mark::from_tenths(text[year..end].parse().expect("tenths")).expect("a mark");
    let other = if mark == Mark::MAX { 99 } else { mark.tenths() + 1 };
    let changed = format!("{}{other}{}", &text[..year], &text[end..]);
    let report = office.app.verify(changed.as_bytes()).await;
    assert_eq!(report.verdict, Verdict::Invalid);
    let names = |p: &Problem| hocba_bundle::text::problem(p, hocba_bundle::text::Language::Vietnamese).contains("Toán");
    assert!(report.checks.iter().flat_map(|c| c.outcome.problems()).any(names), "{:?}", report.checks);
}

#[tokio::test]
async fn a_spreadsheet_that_is_taken_again_changes_nothing_and_one_mark_changes_one_record() {
    let converter = "Lê Thị Văn Thư".parse().expect("text");
    let conversion = Conversion { converter, compared_by: None, made_by: None, paper: None };
    let from_paper = Import { conversion: Some(conversion), ..Import::default() };
    let left_out = Import { leave_out: [(2, LeftOut::Other)].into(), ..Import::default() };
    for import in [Import::default(), left_out, from_paper] {
        let office = Office::open().await;
        let written = || async {
            let mut all = Vec::new();
            for sql in [
                "SELECT COUNT(*) FROM audit_events",
                "SELECT CAST(SUM(revision) AS BIGINT) FROM classes",
                "SELECT CAST(SUM(revision) AS BIGINT) FROM record_versions",
                "SELECT CAST(SUM(changed_at) AS BIGINT) FROM record_versions",
                "SELECT COUNT(*) FROM pupils",
                "SELECT COUNT(*) FROM jobs",
            ] {
                all.push(office.database.count(sql).await);
            }
            all
        };
        let sheet = workbook(3, |_, _| {});
        let first = office.app.import(&OPERATOR, &sheet, &import).await.expect("imported");
        assert_eq!(first.kept, 0);
        let before = written().await;
        office.clock.fetch_add(3600, Ordering::SeqCst);
        let again = office.app.import(&OPERATOR, &sheet, &import).await.expect("imported");
        assert_eq!((again.class, again.ready, again.kept), (first.class, first.ready, 3));
        assert_eq!(written().await, before, "{import:?}");

        let changed = workbook(3, |_, drafts| drafts[0].remark = Some("Chăm học hơn".parse().expect("text")));
        let one = office.app.import(&OPERATOR, &changed, &import).await.expect("imported");
        assert_eq!((one.ready, one.kept), (first.ready, 2));
        let after = written().await;
        assert_eq!(after[0], before[0] + 1, "one event");
        assert_eq!(after[2], before[2] + 1, "one record");
        // Whoever is taken back in is a change, though no mark is.
        if !import.leave_out.is_empty() {
            let back = office.app.import(&OPERATOR, &changed, &Import::default()).await.expect("imported");
            assert_eq!((back.ready, back.kept), (3, 3));
            assert_eq!(written().await[2], after[2] + 1, "the one who is back");
        }
    }
}
