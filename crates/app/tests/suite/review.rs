//! What the principal is shown before signing: kept from import to review, and gone when the reason is.

use hocba_app::{Import, Note, Selection, Step, model::ReturnReason};
use hocba_record::{
    draft::{Assessment, Draft},
    types::Mark,
};
use hocba_tests::office::{OPERATOR, Office, workbook};

fn declare(draft: &mut Draft, tenths: u32) {
    let scored = draft.subjects.iter_mut().find_map(|subject| match &mut subject.assessment {
        Assessment::Score { year, .. } => Some(year),
        _ => None,
    });
    *scored.expect("a subject with marks") = Some(Mark::from_tenths(tenths).expect("a mark"));
}

async fn codes(office: &Office, step: Step) -> Vec<(u32, &'static str)> {
    let school = hocba_tests::SCHOOL.parse().expect("a code");
    let found = office.app.review(&OPERATOR, &school, None, step).await.expect("reviewed");
    let of = |review: &hocba_app::ClassReview| {
        let pupils = review.waiting.iter().flat_map(|p| p.anomalies.iter().map(|a| (p.number, a.code())));
        pupils.collect::<Vec<_>>()
    };
    found.iter().flat_map(of).collect()
}

#[tokio::test]
async fn a_declared_average_that_disagrees_is_kept_with_the_draft_until_the_spreadsheet_is_put_right() {
    let office = Office::open().await;
    let wrong = workbook(3, |_, drafts| declare(&mut drafts[1], 13));
    let imported = office.app.import(&OPERATOR, &wrong, &Import::default()).await.expect("imported");
    assert!(imported.warnings.iter().any(|finding| finding.code.as_str() == "average.disagrees"));
    assert_eq!(codes(&office, Step::Sign).await, [(2, "average.disagrees")]);
    // Put right, with the same marks: the draft is another, though the record says the same.
    let right = workbook(3, |_, _| {});
    let again = office.app.import(&OPERATOR, &right, &Import::default()).await.expect("imported");
    assert_eq!((again.ready, again.kept), (3, 2));
    assert_eq!(codes(&office, Step::Sign).await, []);
    // And taken again it changes nothing.
    let again = office.app.import(&OPERATOR, &right, &Import::default()).await.expect("imported");
    assert_eq!(again.kept, 3);
}

#[tokio::test]
async fn what_was_seen_at_import_reaches_principal_and_seal_and_is_no_part_of_what_is_signed() {
    let (office, _) = Office::with_class(1).await;
    let wrong = workbook(2, |header, drafts| {
        header.class = "9A4".parse().expect("a class");
        declare(&mut drafts[0], 13);
    });
    let class = office.app.import(&OPERATOR, &wrong, &Import::default()).await.expect("imported").class;
    for role in [hocba_signature::statement::Role::Principal, hocba_signature::statement::Role::SchoolSeal] {
        office.appoint(role).await;
    }
    let line = office.lines(&class).await[0].record;
    let version = office.app.store().read().await.expect("read").record(&line).await.expect("read").expect("there");
    let personal = office.app.personal(&version).expect("opens");
    assert_eq!(personal.warnings.iter().filter(|f| f.message.key() == "average.disagrees").count(), 1);
    // Without the warnings the record is the same, byte for byte.
    let bare = hocba_app::Personal { warnings: Vec::new(), ..personal.clone() };
    assert!(bare.same_content(&personal) && !bare.is_same_draft(&personal));
    assert_eq!(bare.sections(), personal.sections());
}

#[tokio::test]
async fn an_envelope_of_an_earlier_release_opens_and_warns_of_nothing() {
    let (office, class) = Office::with_class(1).await;
    let record = office.lines(&class).await[0].record;
    let version = office.app.store().read().await.expect("read").record(&record).await.expect("read").expect("there");
    let personal = office.app.personal(&version).expect("opens");
    let mut json = serde_json::to_value(&personal).expect("JSON");
    json.as_object_mut().expect("an object").remove("warnings");
    let old: hocba_app::Personal = serde_json::from_value(json).expect("reads");
    assert_eq!(old.warnings, []);
    assert_eq!(old.sections, personal.sections);
}

#[tokio::test]
async fn returned_and_signed_again_is_told_and_whether_it_was_changed() {
    let (office, class) = Office::with_class(3).await;
    for role in [hocba_signature::statement::Role::Principal, hocba_signature::statement::Role::HomeroomTeacher] {
        office.appoint(role).await;
    }
    office.step(&class, Step::Sign, &Selection::All).await;
    assert_eq!(codes(&office, Step::CoSign).await, []);
    let numbers = Selection::Only([1, 2].into());
    let note = Note::typed("Xem lại").expect("short");
    let reason = ReturnReason::WrongMark;
    let returned = office.app.return_records(&OPERATOR, &class, &numbers, reason, note.as_ref()).await;
    assert_eq!(returned.expect("returned"), 2, "the third stays signed");
    let view = office.app.class(&OPERATOR, &class).await.expect("a class");
    let notes: Vec<Option<&str>> = view.pupils.iter().map(|line| line.note.as_deref()).collect();
    assert_eq!(notes, [Some("Xem lại"), Some("Xem lại"), None]);
    let changed = workbook(3, |_, drafts| drafts[1].remark = Some("Nhận xét đã sửa.".parse().expect("text")));
    office.app.import(&OPERATOR, &changed, &Import::default()).await.expect("imported");
    let view = office.app.class(&OPERATOR, &class).await.expect("a class");
    assert_eq!(view.pupils.iter().map(|line| line.corrected).collect::<Vec<_>>(), [false, true, false]);
    office.step(&class, Step::Sign, &Selection::All).await;
    assert_eq!(codes(&office, Step::CoSign).await, [(1, "late.returned"), (2, "late.changed")]);
    let view = office.app.class(&OPERATOR, &class).await.expect("a class");
    assert!(view.pupils.iter().all(|line| line.note.is_none()), "the note goes with the next signature");
    // Again: there is nothing that waits of what was not signed.
    let all = office.app.return_records(&OPERATOR, &class, &Selection::All, reason, None).await.expect("returned");
    assert_eq!(all, 3);
    let none = office.app.return_records(&OPERATOR, &class, &Selection::All, reason, None).await.expect("nothing");
    assert_eq!(none, 0);
}
