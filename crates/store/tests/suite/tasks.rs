//! Work that takes longer than a request, and the files that wait for it.

use hocba_record::types::SchoolYear;
use hocba_store::{
    StoreError,
    model::{Account, KeptFile, KeptKind, Task, TaskKind, TaskState},
};

use crate::kit::{at, envelope, id, school, with_drafts};

fn task(n: u64, begun: i64) -> Task {
    Task {
        id: id(n),
        school: school(),
        account: id(1),
        kind: TaskKind::ImportMarks,
        year: SchoolYear::starting(2026).expect("year"),
        class: Some("9A3".parse().expect("class")),
        done: 0,
        steps: 0,
        state: TaskState::Running,
        result: None,
        begun_at: at(begun),
        beat_at: at(begun),
        ended_at: None,
    }
}

fn account() -> Account {
    Account { id: id(1), login: "one".into(), name: "A".into(), certificate: None, grants: Vec::new() }
}

#[tokio::test]
async fn a_task_is_told_how_far_it_is_ends_once_and_is_forgotten() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    tx.add_account(&account(), at(0)).await.expect("added");
    for n in [11, 12, 13] {
        tx.add_task(&task(n, i64::try_from(n).expect("small")), at(0)).await.expect("added");
    }
    let newest: Vec<_> = tx.tasks_of(&school(), 2).await.expect("read").into_iter().map(|t| t.id).collect();
    assert_eq!(newest, [id(13), id(12)]);
    tx.beat_task(&id(11), 3, 9, at(100)).await.expect("beaten");
    assert_eq!(tx.interrupt_tasks(at(50), at(60)).await.expect("marked"), 2, "those that were not heard of");
    let alive = tx.task(&id(11)).await.expect("read").expect("there");
    assert_eq!((alive.done, alive.steps, alive.state), (3, 9, TaskState::Running));
    let dead = tx.task(&id(12)).await.expect("read").expect("there");
    assert_eq!((dead.state, dead.ended_at), (TaskState::Interrupted, Some(at(60))));
    tx.beat_task(&id(12), 5, 9, at(200)).await.expect("no fault");
    assert_eq!(tx.task(&id(12)).await.expect("read").expect("there").done, 0, "what has ended is not told any more");

    tx.end_task(&id(11), TaskState::Done, &envelope(1), at(101)).await.expect("ended");
    tx.end_task(&id(12), TaskState::Refused, &envelope(2), at(102)).await.expect("it ended after all");
    let again = tx.end_task(&id(11), TaskState::Refused, &envelope(3), at(103)).await;
    assert!(matches!(again, Err(StoreError::Changed { .. })), "{again:?}");
    let done = tx.task(&id(11)).await.expect("read").expect("there");
    assert_eq!((done.state, done.result, done.done), (TaskState::Done, Some(envelope(1)), 9));
    assert_eq!(tx.tasks_after(None, 2).await.expect("read").len(), 2);
    tx.add_task(&task(14, 200), at(13)).await.expect("added");
    let left: Vec<_> = tx.tasks_of(&school(), 9).await.expect("read").into_iter().map(|t| t.id).collect();
    assert_eq!(left, [id(14), id(13)], "those of before are forgotten");
}

#[tokio::test]
async fn a_kept_file_takes_the_place_of_its_kind_and_goes_when_it_is_over_or_taken() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    tx.add_account(&account(), at(0)).await.expect("added");
    let file = |kind: KeptKind, n: u8, kept: i64| KeptFile {
        account: id(1),
        school: school(),
        kind,
        year: (kind != KeptKind::Marks).then(|| SchoolYear::starting(2026).expect("year")),
        personal: hocba_store::model::Envelope { nonce: [n; 12], ..envelope(1) },
        kept_at: at(kept),
        expires_at: at(kept + 100),
    };
    let of = KeptKind::Staff;
    tx.keep_file(&file(of, 1, 0)).await.expect("kept");
    tx.keep_file(&file(of, 2, 10)).await.expect("kept");
    tx.keep_file(&file(KeptKind::Marks, 3, 20)).await.expect("kept");
    let kept = tx.kept_files(&id(1), &school(), at(50)).await.expect("read");
    assert_eq!(kept, [file(KeptKind::Marks, 3, 20), file(of, 2, 10)]);
    assert!(!tx.drop_kept_file(&id(1), &school(), of, &[1; 12]).await.expect("asked"), "another one is there");
    assert!(tx.drop_kept_file(&id(1), &school(), of, &[2; 12]).await.expect("asked"));
    assert_eq!(tx.kept_files(&id(1), &school(), at(120)).await.expect("read"), [], "over");
    assert_eq!(tx.kept_file_keys().await.expect("read").len(), 1, "and still there");
    tx.keep_file(&file(of, 4, 120)).await.expect("kept");
    let keys = tx.kept_file_keys().await.expect("read");
    assert_eq!(keys, [(id(1), school(), of)], "swept");
    assert_eq!(tx.kept_file(&keys[0]).await.expect("read"), Some(file(of, 4, 120)));
}
