//! Records as another system sends them: each version once, in whatever order, and one faulty message stops nobody else.

use hocba_app::{AppError, Import, MessageFault, Selection, Step, Taken, model::Renewal};
use hocba_exchange::contract::{Content, Event, Incoming};
use hocba_record::{
    canonical::Json,
    check::Message,
    draft::{Assessment, Draft},
    section::IdentifierKind,
    types::{Mark, UnixTime},
};
use hocba_sample::Options;
use hocba_signature::statement::Role;
use hocba_store::model::RecordState;
use hocba_tests::office::{OPERATOR, Office};

/// A class of so many, as version 1 of each pupil.
fn class(pupils: usize) -> Vec<Incoming> {
    let (header, drafts) = hocba_sample::class(7, &Options::lower_secondary().with_pupils(pupils));
    let message = |(place, draft): (usize, Draft)| Incoming {
        id: format!("HB-{place}").parse().expect("a key"),
        version: 1,
        at: UnixTime::from_seconds(1_812_589_200).expect("a time"),
        event: Event::New(Box::new(Content { header: header.clone(), draft, earlier: Vec::new() })),
        warnings: Vec::new(),
    };
    drafts.into_iter().enumerate().map(message).collect()
}

/// The same record in another version.
fn update(message: &Incoming, version: u64, change: impl FnOnce(&mut Content)) -> Incoming {
    let mut content = message.event.content().expect("content").clone();
    change(&mut content);
    Incoming { version, event: Event::Update(Box::new(content)), ..message.clone() }
}

fn cancel(message: &Incoming, version: u64) -> Incoming {
    Incoming { version, event: Event::Cancel, ..message.clone() }
}

fn with_leave(content: &mut Content, days: u16) {
    content.draft.attendance.with_leave = days;
}

async fn take(office: &Office, messages: &[Incoming]) -> Taken {
    office.app.take_messages(&OPERATOR, messages, &Import::default()).await.expect("taken")
}

/// Days with leave of each pupil, by number.
async fn leaves(office: &Office) -> Vec<(u32, i64)> {
    let mut tx = office.app.store().read().await.expect("read");
    let mut found = Vec::new();
    for class in tx.classes().await.expect("classes") {
        for version in tx.records_of(&class.id).await.expect("records") {
            let personal = office.app.personal(&version).expect("opens");
            let attendance = personal.sections.iter().find(|(name, _)| name.as_str() == "attendance");
            let days = match attendance.and_then(|(_, value)| value.get("with_leave")) {
                Some(Json::Integer(days)) => *days,
                other => panic!("{other:?}"),
            };
            found.push((version.number, days));
        }
    }
    found.sort_unstable();
    found
}

#[tokio::test]
async fn the_same_messages_change_nothing_the_second_time_and_older_ones_never() {
    let office = Office::open().await;
    let first = class(3);
    let taken = take(&office, &first).await;
    assert_eq!((taken.added, taken.passed_over, taken.refused.len()), (3, 0, 0));
    let before = leaves(&office).await;
    let again = take(&office, &first).await;
    assert_eq!((again.added, again.updated, again.passed_over), (0, 0, 3));
    assert_eq!(leaves(&office).await, before);

    let third = update(&first[1], 3, |content| with_leave(content, 33));
    assert_eq!(take(&office, std::slice::from_ref(&third)).await.updated, 1);
    let second = update(&first[1], 2, |content| with_leave(content, 22));
    assert_eq!(take(&office, &[second, third]).await.passed_over, 2, "versions only rise");
    let now = leaves(&office).await;
    assert_eq!((now.len(), now[1]), (3, (2, 33)), "nobody wrote of the others: {now:?}");
    assert_eq!((now[0], now[2]), (before[0], before[2]));
}

#[tokio::test]
async fn whatever_the_order_the_highest_version_stands() {
    let first = class(1);
    let versions: Vec<Incoming> =
        (2..=4).map(|n| update(&first[0], n, |content| with_leave(content, 10 * n as u16))).collect();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let all = [&first[0], &versions[0], &versions[1], &versions[2]];
        // In one go, and one at a time.
        let office = Office::open().await;
        let list: Vec<Incoming> = order.iter().map(|n| all[*n].clone()).collect();
        let taken = take(&office, &list).await;
        assert_eq!((taken.added, taken.passed_over), (1, 3), "{order:?}");
        assert_eq!(leaves(&office).await, [(1, 40)], "{order:?}");
        let office = Office::open().await;
        for message in &list {
            take(&office, std::slice::from_ref(message)).await;
        }
        assert_eq!(leaves(&office).await, [(1, 40)], "{order:?}");
    }
}

#[tokio::test]
async fn a_cancelled_record_is_gone_and_stays_so_until_a_higher_version() {
    let office = Office::open().await;
    let first = class(2);
    take(&office, &first).await;
    let gone = office.app.take_cancellation(&OPERATOR, &cancel(&first[0], 2)).await.expect("taken");
    assert_eq!(gone.cancelled, 1);
    assert_eq!(leaves(&office).await.len(), 1);
    let again = office.app.take_cancellation(&OPERATOR, &cancel(&first[0], 2)).await.expect("taken");
    assert_eq!((again.cancelled, again.passed_over), (0, 1));
    assert_eq!(take(&office, &first[..1]).await.passed_over, 1, "an older message that comes late");
    let back = update(&first[0], 3, |_| {});
    assert_eq!(take(&office, &[back]).await.added, 1);
    // Of a record nobody knows yet: remembered all the same.
    let office = Office::open().await;
    office.app.take_cancellation(&OPERATOR, &cancel(&first[0], 2)).await.expect("taken");
    assert_eq!(take(&office, &first).await.added, 1, "the other pupil");
}

#[tokio::test]
async fn a_faulty_message_stops_nobody_else_and_is_looked_at_again_when_it_is_mended() {
    let office = Office::open().await;
    let mut messages = class(4);
    let strip = |draft: &mut Draft| draft.subjects.retain(|s| s.code.as_str() != "toan");
    let mended = messages[1].clone();
    let Event::New(content) = &mut messages[1].event else { panic!("new") };
    strip(&mut content.draft);
    let grade = hocba_record::types::Grade::new(8).expect("a grade");
    let Event::New(content) = &mut messages[2].event else { panic!("new") };
    content.header.grade = grade;
    let taken = take(&office, &messages).await;
    assert_eq!(taken.added, 2);
    assert!(
        matches!(&taken.refused[..], [(1, MessageFault::Unsound(found)), (2, MessageFault::OtherGrade)]
            if found.iter().any(|f| f.message == Message::SubjectMissing)),
        "{:?}",
        taken.refused
    );
    // The same version: it was never taken.
    assert_eq!(take(&office, &[mended]).await.added, 1);
}

#[tokio::test]
async fn identifiers_of_two_pupils_are_refused_and_the_others_taken() {
    let (office, _) = Office::anchored(2).await;
    let mut messages = class(2);
    messages.extend(class(3).pop());
    for (place, message) in messages.iter_mut().enumerate() {
        let Event::New(content) = &mut message.event else { panic!("new") };
        content.header.class = "9A4".parse().expect("a class");
        if place == 2 {
            let own = content.draft.identity.identifiers.iter_mut().find(|i| i.kind == IdentifierKind::School);
            own.expect("the school's own number").value = "HS-99".parse().expect("text");
        }
    }
    let other = messages[1].event.content().expect("content").draft.identity.identifiers.clone();
    let ministry = other.into_iter().find(|i| i.kind == IdentifierKind::Ministry).expect("a number");
    let Event::New(content) = &mut messages[0].event else { panic!("new") };
    content.draft.identity.identifiers.retain(|i| i.kind != IdentifierKind::Ministry);
    content.draft.identity.identifiers.push(ministry);
    content.draft.identity.identifiers.sort();
    let messages = [messages[0].clone(), messages[2].clone()];
    let taken = take(&office, &messages).await;
    assert_eq!(taken.refused, [(0, MessageFault::TwoPupils)]);
    assert_eq!(taken.added, 1);
}

#[tokio::test]
async fn what_is_signed_stays_and_after_the_seal_a_correction_is_a_new_version() {
    let office = Office::open().await;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        office.appoint(role).await;
    }
    let first = class(2);
    take(&office, &first).await;
    let class_id = office.app.store().read().await.expect("read").classes().await.expect("classes")[0].id;
    office.step(&class_id, Step::Sign, &Selection::All).await;

    let toan = |content: &mut Content| {
        let toan = content.draft.subjects.iter_mut().find(|s| s.code.as_str() == "toan").expect("Toán");
        let Assessment::Score { reassessed, .. } = &mut toan.assessment else { panic!("a scored subject") };
        *reassessed = Some(Mark::from_tenths(80).expect("a mark"));
    };
    let changed = update(&first[0], 2, toan);
    let same = update(&first[1], 2, |_| {});
    let taken = take(&office, &[changed.clone(), same]).await;
    assert_eq!(taken.refused, [(0, MessageFault::Signed { number: 1 })]);
    assert_eq!(taken.unchanged, 1, "it says the same");
    let refused = office.app.take_cancellation(&OPERATOR, &cancel(&first[1], 9)).await.expect("looked at");
    assert_eq!(refused.refused, [(0, MessageFault::Signed { number: 2 })]);
    // Named for another class, while it is signed in this one.
    let moved = update(&first[1], 5, |content| content.header.class = "9A7".parse().expect("a class"));
    let taken = take(&office, &[moved]).await;
    assert!(matches!(&taken.refused[..], [(0, MessageFault::SignedElsewhere { class })] if class.as_str() == "9A3"));

    office.step(&class_id, Step::CoSign, &Selection::All).await;
    office.step(&class_id, Step::Seal, &Selection::All).await;
    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    let taken = office.app.take_messages(&OPERATOR, &[changed], &import).await.expect("taken");
    assert_eq!((taken.renewed, taken.refused.len()), (1, 0));
    let versions = office.app.store().read().await.expect("read").records_of(&class_id).await.expect("records");
    let states: Vec<(u32, RecordState)> = versions.iter().map(|v| (v.version, v.state)).collect();
    assert_eq!(states, [(2, RecordState::Draft), (1, RecordState::Sealed)]);
}

#[tokio::test]
async fn a_draft_moves_to_the_class_that_a_later_version_names() {
    let office = Office::open().await;
    let first = class(2);
    take(&office, &first).await;
    let moved = update(&first[0], 2, |content| content.header.class = "9A7".parse().expect("a class"));
    let taken = take(&office, &[moved]).await;
    assert_eq!((taken.added, taken.refused.len()), (1, 0));
    let mut tx = office.app.store().read().await.expect("read");
    let mut sizes = Vec::new();
    for class in tx.classes().await.expect("classes") {
        sizes.push((class.name.to_string(), tx.record_lines(&class.id).await.expect("lines").len()));
    }
    assert_eq!(sizes, [("9A3".to_owned(), 1), ("9A7".to_owned(), 1)]);
}

#[tokio::test]
async fn a_class_of_a_school_that_is_not_here_is_refused_whole() {
    let office = Office::open().await;
    let mut messages = class(1);
    let Event::New(content) = &mut messages[0].event else { panic!("new") };
    content.header.school = "79DEMO777".parse().expect("a code");
    let refused = office.app.take_messages(&OPERATOR, &messages, &Import::default()).await;
    assert!(matches!(refused, Err(AppError::UnknownSchool(_))), "{refused:?}");
    assert_eq!(office.app.take_messages(&OPERATOR, &[], &Import::default()).await.expect("nothing"), Taken::default());
}
