//! A whole database into another one: every row, also when it was cut off, and nothing that is not the same.

use hocba_store::{
    CopyError, CopyEvent, SchemaFault, Store, StoreError, copy,
    model::{AuditEvent, JobKind},
    tables::TABLES,
};
use hocba_tests::database::TestDatabase;

use crate::kit::{at, class, digest, id, leaf, with_drafts};

/// SQLite's file as the source, whatever this run is about, with something in many tables.
async fn source(drafts: u64) -> TestDatabase {
    let (made, store) = with_drafts(drafts).await;
    let mut tx = store.begin("more").await.expect("begun");
    tx.add_certificate(&digest(1), b"der", at(0)).await.expect("added");
    for n in 0..drafts {
        tx.add_leaf(&leaf(n)).await.expect("added");
    }
    tx.add_job(JobKind::CloseRecords, "so-demo", at(5)).await.expect("added");
    for n in 0..drafts {
        let event = AuditEvent {
            at: at(1),
            actor: "operator".into(),
            action: "seal".into(),
            subject: id(n).to_string(),
            version: (n % 2 == 0).then_some(1),
            reason: None,
        };
        tx.audit(&event).await.expect("noted");
    }
    tx.commit().await.expect("committed");
    store.close().await;
    made
}

async fn target() -> TestDatabase {
    TestDatabase::without_schema().await
}

#[tokio::test]
async fn everything_is_copied_and_numbers_go_on_where_they_were() {
    let (from, to) = (source(700).await, target().await);
    let mut checked = 0;
    let copied = copy(&from.database(), &to.database(), |event| {
        checked += usize::from(matches!(event, CopyEvent::Checked { .. }));
    })
    .await
    .expect("copied");
    assert_eq!((copied.len(), checked), (TABLES.len(), TABLES.len()));
    let rows = |name: &str| copied.iter().find(|t| t.table == name).map(|t| t.rows);
    assert_eq!((rows("records"), rows("leaves"), rows("audit_events")), (Some(700), Some(700), Some(700)));
    let store = to.open().await;
    let mut tx = store.begin("after").await.expect("begun");
    let lines = tx.record_lines(&class().id).await.expect("read");
    assert_eq!(lines.len(), 700);
    // The database numbers these itself; a number given twice would be refused.
    tx.add_job(JobKind::DeliverBatch, "1", at(5)).await.expect("added");
    let event = tx.events_of(&id(3).to_string()).await.expect("read").remove(0);
    tx.audit(&event).await.expect("noted");
    tx.commit().await.expect("committed");
    assert_eq!(to.count("SELECT MAX(id) FROM audit_events").await, 701);
}

#[tokio::test]
async fn a_copy_that_was_cut_off_goes_on_and_nobody_opens_it_before() {
    let (from, to) = (source(900).await, target().await);
    let (a, b) = (from.database(), to.database());
    let cut = tokio::spawn(async move {
        copy(&a, &b, |event| {
            assert!(!matches!(event, CopyEvent::Rows { table: "leaves", .. }), "the process dies here");
        })
        .await
        .map(|_| ())
    })
    .await;
    assert!(cut.is_err_and(|e| e.is_panic()), "it was cut off in the middle of the leaves");
    let opened = Store::open(&to.database()).await.err();
    assert!(matches!(opened, Some(StoreError::Schema(SchemaFault::Copying))), "{opened:?}");
    let there = to.count("SELECT COUNT(*) FROM leaves").await;
    assert!(0 < there && there < 900, "{there}");

    let mut again = Vec::new();
    let copied = copy(&from.database(), &to.database(), |event| {
        if let CopyEvent::Rows { table, .. } = event {
            again.push(table);
        }
    })
    .await
    .expect("goes on");
    let leaves = copied.iter().find(|t| t.table == "leaves").expect("a table");
    assert_eq!((leaves.before as i64, leaves.rows), (there, 900));
    assert!(!again.contains(&"records"), "what was there is not sent again: {again:?}");
    let store = to.open().await;
    assert_eq!(store.read().await.expect("read").record_lines(&class().id).await.expect("read").len(), 900);
}

#[tokio::test]
async fn a_target_that_holds_something_is_not_copied_into() {
    let from = source(3).await;
    let (to, store) = with_drafts(2).await;
    store.close().await;
    let refused = copy(&from.database(), &to.database(), |_| ()).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty("schools"))), "{refused:?}");
    assert_eq!(to.count("SELECT COUNT(*) FROM records").await, 2);
    to.open().await.close().await;
}

#[tokio::test]
async fn a_source_that_changed_between_two_runs_is_found() {
    let (from, to) = (source(50).await, target().await);
    let (a, b) = (from.database(), to.database());
    let cut = tokio::spawn(async move {
        copy(&a, &b, |event| {
            assert!(!matches!(event, CopyEvent::Rows { table: "leaves", .. }), "the process dies here");
        })
        .await
        .map(|_| ())
    });
    assert!(cut.await.is_err());
    from.try_sql(
        "UPDATE record_versions SET left_out = 'other' WHERE record = (SELECT MIN(record) FROM record_versions)",
    )
    .await
    .expect("changed");
    let refused = copy(&from.database(), &to.database(), |_| ()).await;
    assert!(matches!(refused, Err(CopyError::Differs("record_versions"))), "{refused:?}");
    let opened = Store::open(&to.database()).await.err();
    assert!(matches!(opened, Some(StoreError::Schema(SchemaFault::Copying))), "{opened:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_to_the_source_meanwhile() {
    let (from, to) = (source(50).await, target().await);
    let store = from.open().await;
    let writing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut writer = None;
    copy(&from.database(), &to.database(), |_| {
        if writer.is_none() {
            let (store, writing) = (store.clone(), writing.clone());
            writer = Some(tokio::spawn(async move {
                let mut tx = store.begin("late").await?;
                tx.add_leaf(&leaf(7000)).await?;
                tx.commit().await?;
                writing.store(true, std::sync::atomic::Ordering::SeqCst);
                Ok::<_, StoreError>(())
            }));
        }
        assert!(!writing.load(std::sync::atomic::Ordering::SeqCst), "the writer got in between");
    })
    .await
    .expect("copied, and the same on both sides");
    writer.expect("begun").await.expect("no panic").expect("after the copy, it may");
    assert_eq!(to.count("SELECT COUNT(*) FROM leaves").await, 50);
    assert_eq!(from.count("SELECT COUNT(*) FROM leaves").await, 51);
}
