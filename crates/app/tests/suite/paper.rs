//! What is shown and printed of a record, and the codes that stand on paper.

use std::sync::atomic::Ordering;

use hocba_app::{
    AppError, Import, LinkSecret, MadePaperLinks, OpenLinkError, PaperState, PrintedSheet, PublicState, Selection,
    Step, code, link_key, link_token, model::Renewal,
};
use hocba_bundle::report::{Headline, Report, Verdict};
use hocba_keystore::DataKey;
use hocba_record::{
    encoding::{RecordId, Sha256Digest, base64url},
    section::{Section, SubjectResult},
    types::Mark,
};
use hocba_store::model::{Id, LeftOut, ReturnReason};
use hocba_tests::{
    NOW,
    office::{OPERATOR, Office, workbook},
    repository,
};

use crate::books::{all_steps, reassessed, supersede};

/// The value of a row of the tables of vectors in docs/spec/links.md.
fn vector(name: &str) -> String {
    let page = std::fs::read_to_string(repository().join("docs/spec/links.md")).expect("the page");
    let row = page.lines().find(|line| line.starts_with(&format!("| {name} |"))).expect("a row of this name");
    row.split('`').nth(1).expect("a value").to_owned()
}

/// Version 2 of the first pupil's record is signed, and the seal says what it replaces.
async fn correct(office: &Office, class: &Id, pupils: usize) {
    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    let renewed = office
        .app
        .import(&OPERATOR, &workbook(pupils, |_, drafts| reassessed(drafts, 0)), &import)
        .await
        .expect("imported");
    assert_eq!(renewed.renewed, 1);
    all_steps(office, class, &Step::ALL).await;
    assert_eq!(supersede(office, class).await, 1);
    office.anchor().await;
    office.publish().await;
}

async fn make(office: &Office, class: &Id) -> MadePaperLinks {
    office.app.make_paper_links(&OPERATOR, class, &|_, _| ()).await.expect("made")
}

async fn printed(office: &Office, class: &Id) -> Vec<PrintedSheet> {
    office.app.print_class(&OPERATOR, class).await.expect("printed").1
}

fn code_of(sheet: &PrintedSheet) -> String {
    match &sheet.paper {
        PaperState::Code(code) => code.to_string(),
        other => panic!("no code: {other:?}"),
    }
}

/// What somebody who typed a code gets to see.
async fn looked_up(office: &Office, typed: &str) -> Report {
    let secret = LinkSecret::from_code(typed).expect("a code");
    let token = link_token(&secret);
    let content = office.app.open_link(&token).await.expect("opens");
    let hash = Sha256Digest::of(&token);
    let bytes = hocba_keystore::unseal(&link_key(&secret), &content.nonce, hash.as_bytes(), &content.bytes);
    let now = office.clock.swap(NOW, Ordering::Relaxed);
    let report = office.app.verify(&bytes.expect("it opens with the code's key")).await;
    office.clock.store(now, Ordering::Relaxed);
    report
}

fn marks(sections: &[Section]) -> Option<(u32, Option<u32>)> {
    sections.iter().find_map(|section| match section {
        Section::Subject(subject) if subject.code.as_str() == "toan" => match &subject.result {
            SubjectResult::Score { year, reassessed, .. } => Some((year.tenths(), reassessed.map(Mark::tenths))),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn the_vectors_of_the_specification_hold() {
    let typed = vector("code");
    let secret = LinkSecret::from_code(&typed.to_lowercase().replace('-', " ").replace('0', "o")).expect("a code");
    assert_eq!(secret.to_text(), typed);
    let bytes = LinkSecret::from_text(&vector("secret of the code")).expect("32 bytes");
    assert!(secret != bytes, "one remembers its code");
    assert_eq!((link_token(&secret), link_key(&secret)), (link_token(&bytes), link_key(&bytes)));
    assert_eq!(base64url(&link_token(&secret)), vector("token of the code"));
    assert_eq!(base64url(&*link_key(&secret)), vector("key of the code"));
    assert_eq!(base64url(Sha256Digest::of(&link_token(&secret)).as_bytes()), vector("id of the code"));
    // Where a paper link's code comes from.
    let key = DataKey::from_bytes(std::array::from_fn(|n| u8::try_from(n).expect("small")));
    let chance = key.code(&vector("link"));
    assert_eq!(code::grouped(&code::make(&*chance), 4), vector("code of the link"));
    assert_ne!(key.index(&vector("link"))[..15], chance[..], "another purpose, another value");
}

#[test]
fn a_code_of_another_check_character_or_another_length_is_no_secret() {
    let good = vector("code");
    for wrong in [good.replace('4', "5"), good[1..].to_owned(), format!("{good}0"), String::new(), "47DEQpj8".into()] {
        assert!(LinkSecret::from_code(&wrong).is_err() && LinkSecret::from_text(&wrong).is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn a_sheet_printed_again_has_the_same_code_which_opens_to_a_valid_verdict() {
    let (office, class) = Office::anchored(2).await;
    let before = printed(&office, &class).await;
    assert!(before.iter().all(|sheet| sheet.paper == PaperState::NotMade));
    let events =
        || async { office.database.count("SELECT COUNT(*) FROM audit_events WHERE action = 'print_record'").await };
    assert_eq!(events().await, 0, "a sheet without a code is no extract");

    assert_eq!(make(&office, &class).await, MadePaperLinks { made: 2, kept: 0, waiting: 0 });
    let first = printed(&office, &class).await;
    let codes: Vec<String> = first.iter().map(code_of).collect();
    assert!(codes[0] != codes[1] && codes.iter().all(|code| code.len() == 19), "{codes:?}");
    assert_eq!(make(&office, &class).await, MadePaperLinks { made: 0, kept: 2, waiting: 0 }, "once is enough");
    let again: Vec<String> = printed(&office, &class).await.iter().map(code_of).collect();
    assert_eq!(codes, again);
    assert_eq!(events().await, 4, "each sheet, each time");
    let one = office.app.print_record(&OPERATOR, &first[0].content.record).await.expect("printed");
    assert_eq!((code_of(&one), one.link), (codes[0].clone(), first[0].link));

    let report = looked_up(&office, &codes[0]).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(report.records[0].id, first[0].content.record);
    // Neither the code nor what it opens by is in the database.
    let stored = office.database.bytes().await;
    let plain = codes[0].replace('-', "");
    for secret in [codes[0].as_bytes(), plain.as_bytes()] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret), "a code is stored");
    }
}

#[tokio::test]
async fn a_withdrawn_code_opens_nothing_and_a_new_one_takes_its_place() {
    let (office, class) = Office::anchored(1).await;
    make(&office, &class).await;
    let sheet = printed(&office, &class).await.remove(0);
    let old = code_of(&sheet);
    let record = sheet.content.record;
    let lines = office.app.links(&OPERATOR, &record).await.expect("links");
    assert_eq!(
        lines.iter().map(|line| (Some(line.handed.link.id), line.handed.paper)).collect::<Vec<_>>(),
        [(sheet.link, Some(1))]
    );
    office.app.withdraw_link(&OPERATOR, &sheet.link.expect("a link")).await.expect("withdrawn");
    let token = link_token(&LinkSecret::from_code(&old).expect("a code"));
    assert!(matches!(office.app.open_link(&token).await, Err(OpenLinkError::Withdrawn { .. })));
    let none = office.app.print_record(&OPERATOR, &sheet.content.record).await.expect("printed");
    assert_eq!((none.paper, none.link), (PaperState::NotMade, None));
    let made = office.app.make_paper_link(&OPERATOR, &sheet.content.record).await.expect("made");
    assert_eq!(made.made, 1);
    let new = code_of(&printed(&office, &class).await[0]);
    assert_ne!(new, old);
    assert_eq!(looked_up(&office, &new).await.verdict, Verdict::Valid);
}

#[tokio::test]
async fn a_correction_gets_a_code_of_its_own_and_the_old_paper_says_that_it_was_replaced() {
    let (office, class) = Office::anchored(2).await;
    make(&office, &class).await;
    let old: Vec<String> = printed(&office, &class).await.iter().map(code_of).collect();
    correct(&office, &class, 2).await;
    let sheets = printed(&office, &class).await;
    assert_eq!((sheets[0].content.version, &sheets[0].paper), (2, &PaperState::NotMade), "not the code of version 1");
    assert_eq!(code_of(&sheets[1]), old[1], "nobody else's changed");
    assert_eq!(make(&office, &class).await, MadePaperLinks { made: 1, kept: 1, waiting: 0 });
    let new = code_of(&printed(&office, &class).await[0]);
    assert_ne!(new, old[0]);
    let (first, second) = (looked_up(&office, &old[0]).await, looked_up(&office, &new).await);
    assert_eq!((first.headline, first.records[0].version), (Headline::Superseded, 1));
    assert_eq!((second.verdict, second.records[0].version), (Verdict::Valid, 2));
}

#[tokio::test]
async fn what_is_not_on_the_public_record_gets_no_code() {
    let (office, class) = Office::with_class(2).await;
    assert_eq!(make(&office, &class).await, MadePaperLinks { made: 0, kept: 0, waiting: 2 });
    all_steps(&office, &class, &Step::ALL).await;
    assert_eq!(make(&office, &class).await.waiting, 2, "sealed is not enough");
    assert!(printed(&office, &class).await.iter().all(|sheet| sheet.paper == PaperState::NotInForce));
    let links = office.database.count("SELECT COUNT(*) FROM links").await;
    assert_eq!(links, 0);
}

#[tokio::test]
async fn two_who_make_the_codes_of_a_class_at_once_leave_one_for_each_record() {
    let (office, class) = Office::anchored(1).await;
    let (one, other) = tokio::join!(
        office.app.make_paper_links(&OPERATOR, &class, &|_, _| ()),
        office.app.make_paper_links(&OPERATOR, &class, &|_, _| ())
    );
    let made = |done: &Result<MadePaperLinks, AppError>| matches!(done, Ok(done) if done.made == 1);
    let late = |done: &Result<MadePaperLinks, AppError>| {
        matches!(done, Err(AppError::Changed(_) | AppError::Store(_))) || matches!(done, Ok(done) if done.kept == 1)
    };
    assert!(made(&one) && late(&other) || made(&other) && late(&one), "{one:?} {other:?}");
    assert_eq!(office.database.count("SELECT COUNT(*) FROM links").await, 1);
}

#[tokio::test]
async fn a_record_is_shown_with_its_state_its_signers_as_printed_and_why_it_was_returned() {
    let (office, class) = Office::with_class(2).await;
    let record = office.lines(&class).await[0].record;
    let view = office.app.record_sheets(&OPERATOR, &record).await.expect("seen");
    assert_eq!((view.latest.state, view.latest.signers.len(), view.before.is_none()), (PublicState::Draft, 0, true));
    assert!(view.latest.pupil_name().is_some() && view.latest.complete);
    office.step(&class, Step::Sign, &Selection::All).await;
    let view = office.app.record_sheets(&OPERATOR, &record).await.expect("seen");
    let teacher = &office.people.appointment(hocba_signature::statement::Role::HomeroomTeacher, Some("9A3")).appointee;
    let signer = &view.latest.signers[0];
    assert_eq!((signer.name.as_str(), signer.title.as_str()), (teacher.name.as_str(), teacher.title.as_str()));
    office.app.return_record(&OPERATOR, &record, ReturnReason::WrongMark).await.expect("returned");
    let view = office.app.record_sheets(&OPERATOR, &record).await.expect("seen");
    assert_eq!((view.latest.state, view.latest.returned), (PublicState::Returned, Some(ReturnReason::WrongMark)));
    assert!(view.latest.signers.is_empty(), "the signatures went");

    office.app.leave_out(&OPERATOR, &record, Some(LeftOut::Other)).await.expect("left out");
    let sheets = office.app.class_sheets(&OPERATOR, &class).await.expect("seen").sheets;
    let states: Vec<PublicState> = sheets.iter().map(|sheet| sheet.state).collect();
    assert_eq!(states, [PublicState::LeftOut, PublicState::TeacherSigned]);
    assert_eq!(sheets[0].left_out, Some(LeftOut::Other));
}

#[tokio::test]
async fn a_draft_of_a_correction_stands_beside_what_it_corrects_and_what_is_in_force_is_printed() {
    let (office, class) = Office::anchored(1).await;
    let record = office.lines(&class).await[0].record;
    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    office.app.import(&OPERATOR, &workbook(1, |_, drafts| reassessed(drafts, 0)), &import).await.expect("imported");
    let view = office.app.record_sheets(&OPERATOR, &record).await.expect("seen");
    let before = view.before.as_ref().expect("version 1");
    assert_eq!((view.latest.version, view.latest.renewed), (2, Some(Renewal::Correction)));
    assert_eq!((before.version, before.state), (1, PublicState::InForce));
    assert_eq!(view.printed().version, 1, "the draft is no extract");
    let (now, was) = (marks(&view.latest.sections).expect("Toán"), marks(&before.sections).expect("Toán"));
    assert_eq!((now.1, was.1, now.0), (Some(80), None, was.0));
    let sheets = office.app.class_sheets(&OPERATOR, &class).await.expect("seen").sheets;
    assert_eq!((sheets.len(), sheets[0].version), (1, 1));
}

#[tokio::test]
async fn a_book_is_printed_with_a_code_for_each_year_that_has_one() {
    let (office, class) = Office::anchored(1).await;
    let record = office.lines(&class).await[0].record;
    make(&office, &class).await;
    let next = workbook(1, |header, _| {
        header.year = hocba_record::types::SchoolYear::starting(2025).expect("a year");
        header.grade = hocba_record::types::Grade::new(8).expect("a grade");
        header.class = "8A3".parse().expect("a class");
    });
    office.app.import(&OPERATOR, &next, &Import::default()).await.expect("imported");
    let years = office.app.print_book(&OPERATOR, &record).await.expect("printed");
    let states: Vec<bool> = years.1.iter().map(|paper| matches!(paper, PaperState::Code(_))).collect();
    assert_eq!(states, [false, true], "the year before is a draft");
    let view = office.app.record_sheets(&OPERATOR, &record).await.expect("seen");
    assert_eq!(view.years.len(), 2);
    assert!(view.years.iter().any(|year| year.record == record));
    assert_eq!(office.app.book_sheets(&OPERATOR, &record).await.expect("seen").years.len(), 2);
}

#[tokio::test]
async fn a_changed_record_is_an_error_and_never_a_sheet() {
    let (office, class) = Office::anchored(1).await;
    let record: RecordId = office.lines(&class).await[0].record;
    office.database.sql("UPDATE record_versions SET personal = nonce").await;
    for refused in [
        office.app.record_sheets(&OPERATOR, &record).await.err(),
        office.app.print_record(&OPERATOR, &record).await.err(),
        office.app.class_sheets(&OPERATOR, &class).await.err(),
    ] {
        assert!(matches!(refused, Some(AppError::Damaged { number: 1, .. })), "{refused:?}");
    }
}
