//! A pupil through the years: new versions that take the place of old ones, years taken over from paper, the whole book.

use std::sync::atomic::Ordering;

use hocba_app::{Actor, AppError, Conversion, Import, Scope, Selection, Step, Superseding, model::Renewal};
use hocba_bundle::{
    book::{self, Whole},
    format::Bundle,
    report::{Headline, Report, Verdict},
};
use hocba_record::{
    draft::{Assessment, ClassHeader, Draft},
    encoding::{RecordId, Sha256Digest},
    payload::{RecordKind, RecordPayload},
    section::{Identifier, IdentifierKind, Section},
    types::{Grade, Mark, SchoolYear},
};
use hocba_signature::statement::Role;
use hocba_store::model::{Account, Grant, GrantRole, Id, RecordState};
use hocba_tests::{
    NOW, OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, Office, chain_of, workbook},
};

pub(crate) fn reassessed(drafts: &mut [Draft], number: usize) {
    let toan = drafts[number].subjects.iter_mut().find(|s| s.code.as_str() == "toan").expect("Toán");
    let Assessment::Score { reassessed, .. } = &mut toan.assessment else { panic!("a scored subject") };
    *reassessed = Some(Mark::from_tenths(80).expect("a mark"));
}

fn renewing(renewal: Renewal) -> Import {
    Import { renew: Some(renewal), ..Import::default() }
}

pub(crate) async fn all_steps(office: &Office, class: &Id, steps: &[Step]) {
    for step in steps {
        office.step(class, *step, &Selection::All).await;
    }
}

/// The seal says what takes the place of what; how many statements were new.
pub(crate) async fn supersede(office: &Office, class: &Id) -> usize {
    let signer = office.app.signer(&OPERATOR, Step::Seal, false, &chain_of("seal")).await.expect("the seal");
    let tasks = office.app.superseding(&OPERATOR, class, &signer).await.expect("tasks");
    let signed: Vec<Superseding> = tasks
        .into_iter()
        .map(|task| Superseding {
            record: task.record,
            version: task.version,
            at: task.at,
            signature: office.people.seal.key.sign(&task.bytes).to_vec(),
        })
        .collect();
    office.app.submit_superseding(&OPERATOR, class, &signer, &signed).await.expect("taken")
}

async fn verified(office: &Office, bundle: &Bundle) -> Report {
    let now = office.clock.swap(NOW, Ordering::Relaxed);
    let report = office.app.verify(&bundle.to_bytes()).await;
    office.clock.store(now, Ordering::Relaxed);
    report
}

fn codes(report: &Report) -> Vec<&'static str> {
    book::notes(&report.records).iter().map(|note| note.what.code()).collect()
}

#[tokio::test]
async fn a_summer_re_assessment_is_version_two_and_the_old_paper_says_so() {
    let (office, class) = Office::anchored(2).await;
    let record = office.lines(&class).await[0].record;
    let paper = office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("version 1");
    let august = workbook(2, |_, drafts| reassessed(drafts, 0));

    let refused = office.app.import(&OPERATOR, &august, &Import::default()).await;
    assert!(matches!(refused, Err(AppError::SignedWouldChange { numbers, .. }) if numbers == [1]));
    let imported = office.app.import(&OPERATOR, &august, &renewing(Renewal::Reassessment)).await.expect("imported");
    assert_eq!((imported.renewed, imported.unchanged), (1, 1));
    // While version 2 is under way, version 1 stands and is handed out.
    let still = office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("version 1");
    assert_eq!(still.to_bytes(), paper.to_bytes());
    assert_eq!(supersede(&office, &class).await, 0, "nothing is sealed yet");

    all_steps(&office, &class, &Step::ALL).await;
    assert_eq!(supersede(&office, &class).await, 1);
    assert_eq!(supersede(&office, &class).await, 0, "once is enough");
    office.anchor().await;
    office.publish().await;

    let newest = office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("version 2");
    let report = verified(&office, &newest).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!((report.records[0].version, codes(&report)), (2, vec!["reassessed", "completed"]));
    let payload = |bundle: &Bundle| RecordPayload::from_bytes(bundle.records[0].statement.payload()).expect("a record");
    assert_eq!(payload(&newest).replaces, Some(payload(&paper).digest()));
    assert_eq!(payload(&newest).id, payload(&paper).id);
    assert_eq!(verified(&office, &paper).await.headline, Headline::Superseded);

    // Importing the same again changes nothing.
    let again = office.app.import(&OPERATOR, &august, &renewing(Renewal::Reassessment)).await.expect("imported");
    assert_eq!((again.renewed, again.unchanged, again.ready), (0, 2, 0));
    let events = office.app.store().read().await.expect("read").events_of(&record.to_string()).await.expect("events");
    let actions: Vec<String> = events.into_iter().map(|e| e.action).collect();
    let steps = ["sign_records", "co_sign_records", "seal_records"];
    assert_eq!(actions[..3], steps);
    assert_eq!(actions[3..], ["renew_record", "sign_records", "co_sign_records", "seal_records", "supersede_record"]);
}

#[tokio::test]
async fn a_superseding_is_taken_from_the_seal_that_signed_it_and_for_what_is_sealed() {
    let (office, class) = Office::anchored(1).await;
    let record = office.lines(&class).await[0].record;
    let corrected = workbook(1, |_, drafts| reassessed(drafts, 0));
    office.app.import(&OPERATOR, &corrected, &renewing(Renewal::Correction)).await.expect("imported");
    let signer = office.app.signer(&OPERATOR, Step::Seal, false, &chain_of("seal")).await.expect("the seal");
    let at = office.app.edges().now();
    let signed = |signature| [Superseding { record, version: 2, at, signature }];
    let early = office.app.submit_superseding(&OPERATOR, &class, &signer, &signed(vec![0; 64])).await;
    assert!(matches!(early, Err(AppError::Changed(_))), "version 2 is a draft");
    all_steps(&office, &class, &Step::ALL).await;
    let forged = office.app.submit_superseding(&OPERATOR, &class, &signer, &signed(vec![0; 64])).await;
    assert!(matches!(forged, Err(AppError::Signature(_))));
    let tasks = office.app.superseding(&OPERATOR, &class, &signer).await.expect("tasks");
    let others = office.people.principal.key.sign(&tasks[0].bytes).to_vec();
    let other = office.app.submit_superseding(&OPERATOR, &class, &signer, &signed(others)).await;
    assert!(matches!(other, Err(AppError::Signature(_))), "another's key");
}

#[tokio::test]
async fn what_is_to_take_an_old_ones_place_is_due_once_sealed_until_somebody_said_so_and_to_who_seals_alone() {
    let (office, class) = Office::anchored(3).await;
    let school = SCHOOL.parse().expect("a school");
    let holding = |role, school: &str| {
        let grants = vec![Grant::of_school(role, school.parse().expect("a school"), None)];
        let (id, login, name) = (Id::from_bytes([9; 16]), "a".to_owned(), "A".to_owned());
        Actor::Account(Account { id, login, name, certificate: None, grants })
    };
    let clerk = holding(GrantRole::Clerk, SCHOOL);
    let due = async |actor: &Actor| {
        let due = office.app.superseding_due(actor, &school).await.expect("asked");
        due.into_iter().map(|(class, count)| (class.id, count)).collect::<Vec<_>>()
    };
    assert!(due(&clerk).await.is_empty(), "first versions take nobody's place");
    let corrected = workbook(3, |_, drafts| {
        reassessed(drafts, 0);
        reassessed(drafts, 2);
    });
    office.app.import(&OPERATOR, &corrected, &renewing(Renewal::Correction)).await.expect("imported");
    all_steps(&office, &class, &[Step::Sign, Step::CoSign]).await;
    assert!(due(&clerk).await.is_empty(), "not before the seal");
    all_steps(&office, &class, &[Step::Seal]).await;
    for seals in [&OPERATOR, &clerk] {
        assert_eq!(due(seals).await, [(class, 2)], "{seals:?}");
    }
    for role in GrantRole::ALL.iter().copied().filter(|role| *role != GrantRole::Clerk) {
        assert!(due(&holding(role, SCHOOL)).await.is_empty(), "{role:?}");
    }
    assert!(due(&holding(GrantRole::Clerk, OTHER_SCHOOL)).await.is_empty());
    assert_eq!(supersede(&office, &class).await, 2);
    assert!(due(&clerk).await.is_empty(), "it was said");
}

fn from_paper() -> Import {
    let text = |text: &str| text.parse().expect("text");
    let conversion = Conversion {
        converter: text("Lê Thị Văn Thư"),
        compared_by: Some(text("Trần Văn Minh")),
        made_by: Some(text("Trường THCS Kim Đồng")),
        paper: Some(text("Sổ đăng bộ số 1234/THCS")),
    };
    Import { conversion: Some(conversion), ..Import::default() }
}

/// The same pupils a year earlier.
fn grade_8(header: &mut ClassHeader) {
    header.year = SchoolYear::starting(2025).expect("a year");
    header.grade = Grade::new(8).expect("a grade");
    header.class = "8A3".parse().expect("a class");
}

#[tokio::test]
async fn a_year_from_paper_is_signed_by_principal_and_seal_and_says_so() {
    let (office, _) = Office::with_class(1).await;
    let paper = workbook(1, |header, _| grade_8(header));
    let class = office.app.import(&OPERATOR, &paper, &from_paper()).await.expect("imported").class;
    let other = office.app.import(&OPERATOR, &paper, &Import::default()).await;
    assert!(matches!(other, Err(AppError::OtherKind { .. })), "a class is of one kind");
    let teacher = office.app.signer(&OPERATOR, Step::Sign, false, &chain_of("teacher")).await.expect("a teacher");
    let refused = office.app.prepare(&OPERATOR, &class, &teacher, &Selection::All).await;
    assert!(matches!(refused, Err(AppError::NoTeacherSigns { .. })));
    let refused = office.app.submit(&OPERATOR, &class, &teacher, &[]).await;
    assert!(matches!(refused, Err(AppError::NoTeacherSigns { .. })));

    all_steps(&office, &class, &[Step::CoSign, Step::Seal]).await;
    office.anchor().await;
    let record = office.lines(&class).await[0].record;
    let bundle = office.app.bundle(&OPERATOR, &record, Scope::Whole).await.expect("a bundle");
    let report = verified(&office, &bundle).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(report.records[0].kind, RecordKind::Converted);
    let roles: Vec<Role> = report.records[0].signers.iter().map(|s| s.role).collect();
    assert_eq!(roles, [Role::Principal, Role::SchoolSeal]);
    let note = &book::notes(&report.records)[0];
    let words = book::in_words(note, &report.records, hocba_bundle::text::Language::Vietnamese);
    assert!(words.contains("số hoá từ học bạ giấy ngày") && words.contains("Lê Thị Văn Thư"), "{words}");
    // Entered again, whenever that is, it is the same.
    let again = office.app.import(&OPERATOR, &paper, &from_paper()).await.expect("imported");
    assert_eq!((again.unchanged, again.ready), (1, 0));
}

/// Two years of one pupil, both anchored: records of grade 8 and 9.
async fn two_years() -> (Office, RecordId, RecordId) {
    let office = Office::open().await;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        office.appoint(role).await;
    }
    let mut records = Vec::new();
    for (bytes, import, steps) in [
        (workbook(2, |header, _| grade_8(header)), from_paper(), &[Step::CoSign, Step::Seal] as &[Step]),
        (workbook(2, |_, _| {}), Import::default(), &Step::ALL),
    ] {
        let class = office.app.import(&OPERATOR, &bytes, &import).await.expect("imported").class;
        all_steps(&office, &class, steps).await;
        office.anchor().await;
        records.push(office.lines(&class).await[0].record);
    }
    (office, records[0], records[1])
}

#[tokio::test]
async fn a_book_has_its_years_and_says_when_one_is_dropped() {
    let (office, earlier, later) = two_years().await;
    let view = office.app.book(&OPERATOR, &later).await.expect("a book");
    assert_eq!(view.years.iter().map(|y| y.record).collect::<Vec<_>>(), [earlier, later]);
    assert_eq!(view.numbers.len(), 1, "one level, one number");

    let bundle = office.app.book_bundle(&OPERATOR, &later, Scope::Whole).await.expect("the book");
    let report = verified(&office, &bundle).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(book::whole(&report.records), Whole::NothingDropped { years: 2 });
    assert_eq!(codes(&report), ["converted", "completed"]);
    let numbers: Vec<_> = report
        .records
        .iter()
        .map(|r| {
            r.sections[&"identity".parse().expect("a name")].get("book").and_then(|b| b.as_str().map(str::to_owned))
        })
        .collect();
    assert_eq!(numbers[0], numbers[1]);
    assert_eq!(numbers[0], view.numbers.values().next().map(ToString::to_string));

    let alone = office.app.bundle(&OPERATOR, &later, Scope::Whole).await.expect("a year");
    assert_eq!(book::whole(&verified(&office, &alone).await.records), Whole::Missing { years: 1 });
    // Who leaves a year out of the book cannot hide it.
    let mut cut = bundle;
    cut.records.remove(0);
    assert_eq!(book::whole(&verified(&office, &cut).await.records), Whole::Missing { years: 1 });
}

#[tokio::test]
async fn a_correction_of_an_earlier_year_leaves_the_later_one_valid() {
    let (office, earlier, later) = two_years().await;
    let class =
        office.app.store().read().await.expect("read").record(&earlier).await.expect("read").expect("there").class;
    let corrected = workbook(2, |header, drafts| {
        grade_8(header);
        drafts[0].attendance.with_leave += 1;
    });
    let import = Import { renew: Some(Renewal::Correction), ..from_paper() };
    assert_eq!(office.app.import(&OPERATOR, &corrected, &import).await.expect("imported").renewed, 1);
    all_steps(&office, &class, &[Step::CoSign, Step::Seal]).await;
    assert_eq!(supersede(&office, &class).await, 1);
    office.anchor().await;
    office.publish().await;
    let bundle = office.app.book_bundle(&OPERATOR, &later, Scope::Whole).await.expect("the book");
    let report = verified(&office, &bundle).await;
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(report.records[0].version, 2);
    assert_eq!(codes(&report), ["converted", "corrected", "completed"]);
    assert_eq!(book::whole(&report.records), Whole::NothingDropped { years: 2 });
}

#[tokio::test]
async fn a_mistyped_number_finds_nobody_once_it_is_mended() {
    let office = Office::open().await;
    let number = |drafts: &mut [Draft], pupil: usize, value: &str| {
        let identifiers = &mut drafts[pupil].identity.identifiers;
        identifiers.retain(|i| i.kind == IdentifierKind::School);
        identifiers.push(Identifier::new(IdentifierKind::Ministry, value.parse().expect("text")));
        identifiers.sort();
    };
    let wrong = workbook(2, |_, drafts| {
        number(drafts, 0, "0012345678");
        number(drafts, 1, "0099999999");
    });
    let class = office.app.import(&OPERATOR, &wrong, &Import::default()).await.expect("imported").class;
    let owners = async || {
        let mut tx = office.app.store().read().await.expect("read");
        let owners = tx.pupils_of_class(&class).await.expect("owners");
        let lines = tx.record_lines(&class).await.expect("lines");
        lines.iter().map(|line| owners[&line.record]).collect::<Vec<_>>()
    };
    let first = owners().await;
    assert_ne!(first[0], first[1]);
    // The first pupil had the second one's number, who has another: nothing of that is left.
    let right = workbook(2, |_, drafts| {
        number(drafts, 0, "0011111111");
        number(drafts, 1, "0012345678");
    });
    office.app.import(&OPERATOR, &right, &Import::default()).await.expect("the number is free again");
    assert_eq!(owners().await, first, "and each keeps their book");
}

#[tokio::test]
async fn identifiers_of_two_pupils_in_one_row_are_refused() {
    let (office, _) = Office::anchored(2).await;
    let mixed = workbook(2, |header, drafts| {
        header.class = "9A4".parse().expect("a class");
        let other = drafts[1].identity.identifiers.clone();
        let ministry = other.into_iter().find(|i| i.kind == IdentifierKind::Ministry).expect("a number");
        drafts.truncate(1);
        drafts[0].identity.identifiers.retain(|i| i.kind != IdentifierKind::Ministry);
        drafts[0].identity.identifiers.push(ministry);
        drafts[0].identity.identifiers.sort();
    });
    let refused = office.app.import(&OPERATOR, &mixed, &Import::default()).await;
    assert!(matches!(refused, Err(AppError::TwoPupils { number: 1 })), "{refused:?}");
}

#[tokio::test]
async fn a_pupil_key_tells_nothing_without_the_data_key() {
    let (office, class) = Office::with_class(1).await;
    let version = office.app.store().read().await.expect("read").records_of(&class).await.expect("records").remove(0);
    assert_eq!((version.state, version.pupil.is_some()), (RecordState::Draft, true));
    let personal = office.app.personal(&version).expect("opens");
    let identity = personal.sections().expect("sections").into_iter().find_map(|section| match section {
        Section::Identity(identity) => Some(identity),
        _ => None,
    });
    let number = &identity.expect("an identity").identifiers[0].value;
    let plain = Sha256Digest::of(number.as_str().as_bytes());
    let found = office.app.store().read().await.expect("read").pupils_by_keys(&[*plain.as_bytes()]).await;
    assert!(found.expect("read").is_empty());
}
