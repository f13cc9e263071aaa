//! Before a commit nothing is there, after it everything, however the process or its connection ends.

use hocba_store::{Backend, Fault, Moment, StoreError, model::RecordState};
use hocba_tests::database::backend;

use crate::kit::{advance, at, class, id, leaf, with_drafts};

#[tokio::test]
async fn what_was_not_committed_never_was() {
    let (database, store) = with_drafts(1).await;
    let mut tx = store.begin("seal").await.expect("begun");
    tx.add_leaf(&leaf(1)).await.expect("added");
    tx.remove_draft(&id(101), 1).await.expect("removed");
    drop(tx);
    store.close().await;
    let store = database.open().await;
    let mut tx = store.read().await.expect("read");
    assert!(tx.leaf_keys_after(None, 9).await.expect("read").is_empty());
    assert_eq!(tx.record_lines(&class().id).await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_commit_that_fails_left_nothing_and_one_whose_answer_got_lost_left_everything() {
    let (_database, store) = with_drafts(2).await;
    for (record, moment, there) in [(101, Moment::Failed, false), (102, Moment::FailedButPersisted, true)] {
        store.faults().put(Fault { transaction: "advance", moment });
        let done = advance(&store, record, 1, RecordState::Draft, RecordState::TeacherSigned).await;
        assert!(matches!(done, Err(StoreError::Injected("advance"))), "{done:?}");
        let version = store.read().await.expect("read").record(&id(record)).await.expect("read").expect("there");
        assert_eq!(version.state == RecordState::TeacherSigned, there, "{moment:?}");
    }
}

/// PostgreSQL only: the server ends the connection, as an administrator or a failover does. SQLite has no server.
#[tokio::test]
async fn a_connection_that_is_cut_takes_its_transaction_back_and_the_next_one_works() {
    if backend() == Backend::Sqlite {
        return;
    }
    let (database, store) = with_drafts(1).await;
    let mut tx = store.begin("seal").await.expect("begun");
    tx.add_leaf(&leaf(1)).await.expect("added");
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'";
    assert_eq!(database.try_sql(cut).await.expect("cut"), 1);
    let refused = tx.commit().await;
    assert!(matches!(&refused, Err(e) if e.is_unavailable()), "{refused:?}");
    let mut tx = store.begin("seal").await.expect("the pool has another connection");
    assert!(tx.leaf_keys_after(None, 9).await.expect("read").is_empty());
    tx.add_leaf(&leaf(1)).await.expect("added");
    tx.commit().await.expect("committed");
    assert_eq!(store.read().await.expect("read").leaf_keys_after(None, 9).await.expect("read").len(), 1);
}

/// PostgreSQL only: a statement that takes too long, because another one has the row.
#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_said_to_be_so() {
    if backend() == Backend::Sqlite {
        return;
    }
    let (database, store) = with_drafts(1).await;
    let hasty =
        hocba_store::Database { statement_timeout: std::time::Duration::from_millis(200), ..database.database() };
    let hasty = hocba_store::Store::open(&hasty).await.expect("opened");
    let mut slow = store.begin("slow").await.expect("begun");
    slow.leave_out(&id(101), 1, 1, Some(hocba_store::model::LeftOut::Other), at(1)).await.expect("locked");
    let given_up = advance(&hasty, 101, 1, RecordState::Draft, RecordState::TeacherSigned).await;
    assert!(matches!(&given_up, Err(StoreError::Unavailable(_))), "{given_up:?}");
    slow.commit().await.expect("committed");
    let changed = advance(&hasty, 101, 1, RecordState::Draft, RecordState::TeacherSigned).await;
    assert!(matches!(changed, Err(StoreError::Changed { .. })), "{changed:?}");
}
