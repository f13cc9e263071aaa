//! Several at a time, as several processes would: no change is lost, none rests on what was not so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use hocba_record::types::Grade;
use hocba_store::{
    Backend, Store, StoreError,
    model::{LeafKind, RecordState},
    retrying,
};
use hocba_tests::database::backend;

use crate::kit::{advance, at, class, id, issuer, leaf, with_drafts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_sign_one_record_one_is_told_that_it_changed() {
    let (database, one) = with_drafts(20).await;
    let two = database.open().await;
    for record in 101..=120 {
        let sign = async |store: &Store| {
            retrying(|| advance(store, record, 1, RecordState::Draft, RecordState::TeacherSigned)).await
        };
        let (first, second) = tokio::join!(sign(&one), sign(&two));
        let changed = |r: &Result<(), StoreError>| matches!(r, Err(StoreError::Changed { what: "the record" }));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert!(changed(&first) || changed(&second), "{first:?} {second:?}");
    }
}

/// Reads a class and writes it.
async fn import(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.begin("import").await?;
    let class = tx.class(&id(1)).await?.expect("there");
    tx.class_imported_again(&class, Grade::new(9).expect("a grade"), at(1)).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_of_many_writers_is_lost() {
    const WRITERS: usize = 6;
    const EACH: usize = 15;
    let (database, store) = with_drafts(0).await;
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let store = database.open().await;
        writers.push(tokio::spawn(async move {
            for _ in 0..EACH {
                retrying(|| import(&store)).await.expect("imported");
            }
        }));
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    let class = store.read().await.expect("read").class(&id(1)).await.expect("read").expect("there");
    assert_eq!(class.revision, 1 + (WRITERS * EACH) as i64);
}

/// Two that look whether something is there and put it there if it is not: reading and writing different rows, so that
/// no row's own lock keeps them apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_decide_by_what_they_read_do_not_both_go_through() {
    let (database, one) = with_drafts(0).await;
    let two = database.open().await;
    let tries = AtomicU32::new(0);
    let put = async |store: &Store, n: u64| {
        retrying(|| async {
            tries.fetch_add(1, Ordering::SeqCst);
            let mut tx = store.begin("put").await?;
            if tx.waiting(&issuer(), LeafKind::Record).await?.is_none() {
                // Long enough for the other one to have looked as well, where it can.
                tokio::time::sleep(Duration::from_millis(100)).await;
                tx.add_leaf(&leaf(n)).await?;
            }
            tx.commit().await
        })
        .await
    };
    let (first, second) = tokio::join!(put(&one, 1), put(&two, 2));
    first.expect("done");
    second.expect("done");
    let waiting = one.read().await.expect("read").waiting(&issuer(), LeafKind::Record).await.expect("read");
    assert_eq!(waiting.map(|w| w.count), Some(1), "one of them saw that the other had been there");
    let tries = tries.load(Ordering::SeqCst);
    match backend() {
        Backend::Sqlite => assert_eq!(tries, 2, "the second waited"),
        Backend::Postgres => assert!(tries > 2, "one was taken back and done again"),
    }
}

/// A slow one that reads what quick ones write, and writes what they read: taken back whenever one of them was done
/// meanwhile, which is always.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_one_among_many_quick_ones_is_let_in_alone() {
    let (database, slow) = with_drafts(0).await;
    let (done, tries) = (Arc::new(AtomicBool::new(false)), AtomicU32::new(0));
    let mut quick = Vec::new();
    for _ in 0..2 {
        let (store, done) = (database.open().await, Arc::clone(&done));
        quick.push(tokio::spawn(async move {
            let mut changes = 0_u32;
            while !done.load(Ordering::SeqCst) {
                retrying(|| import(&store)).await.expect("imported");
                changes += 1;
            }
            changes
        }));
    }
    let changed = retrying(|| async {
        tries.fetch_add(1, Ordering::SeqCst);
        let mut tx = slow.begin("slow").await?;
        let class = tx.class(&id(1)).await?.expect("there");
        // Many times as long as theirs take.
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.class_imported_again(&class, Grade::new(9).expect("a grade"), at(1)).await?;
        tx.commit().await
    })
    .await;
    done.store(true, Ordering::SeqCst);
    let mut changes = 1;
    for quick in quick {
        changes += i64::from(quick.await.expect("a quick one"));
    }
    changed.expect("changed");
    let class = slow.read().await.expect("read").class(&id(1)).await.expect("read").expect("there");
    assert_eq!(class.revision, 1 + changes, "none is lost");
    let tries = tries.load(Ordering::SeqCst);
    match backend() {
        Backend::Sqlite => assert_eq!(tries, 1, "it waited"),
        Backend::Postgres => assert!((2..8).contains(&tries), "tried {tries} times"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_anchoring_leaders_one_has_the_lease() {
    let (database, one) = with_drafts(0).await;
    let two = database.open().await;
    let take = async |store: &Store, holder: &str, now: i64| {
        retrying(|| async {
            let mut tx = store.begin("take_lease").await?;
            let taken = tx.take_lease("anchoring", holder, at(now), at(now + 10)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(taken)
        })
        .await
        .expect("asked")
    };
    for round in 0..20 {
        let now = round * 100; // The lease of the round before ran out.
        let (first, second) = tokio::join!(take(&one, "one", now), take(&two, "two", now));
        assert!(first != second, "round {round}: {first} {second}");
        let (holder, _) =
            one.read().await.expect("read").lease("anchoring", at(now)).await.expect("read").expect("held");
        assert_eq!(holder, if first { "one" } else { "two" });
    }
}

/// PostgreSQL only: on SQLite a second writer waits for the first whatever it wants.
#[tokio::test]
async fn whoever_asks_for_a_lease_does_not_wait_behind_a_leader_at_work() {
    if backend() == Backend::Sqlite {
        return;
    }
    let (database, one) = with_drafts(0).await;
    let two = database.open().await;
    let mut tx = one.begin("take_lease").await.expect("begun");
    assert!(tx.take_lease("anchoring", "one", at(0), at(10)).await.expect("asked"));
    tx.commit().await.expect("committed");
    let mut leader = one.begin("close_batch").await.expect("begun");
    assert!(leader.take_lease("anchoring", "one", at(1), at(11)).await.expect("asked"));
    let mut other = two.begin("take_lease").await.expect("begun");
    // Even for a clock that says the lease ran out.
    let asked =
        tokio::time::timeout(Duration::from_secs(2), other.take_lease("anchoring", "two", at(50), at(60))).await;
    assert!(!asked.expect("answered at once").expect("asked"));
    leader.commit().await.expect("committed");
    assert!(database.database().url.to_string().starts_with("postgres"));
    assert_eq!(one.read().await.expect("read").classes().await.expect("read"), [class()]);
}
