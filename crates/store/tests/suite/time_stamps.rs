//! Time-stamps over batches, and which batches have none.

use hocba_store::{
    NewBatch, Store, Tx, Unstamped,
    model::{Batch, Leaf, LeafKind, Receipt, StoredTimeStamp},
};
use hocba_tests::database::TestDatabase;

use crate::kit::{at, digest, id, issuer, leaf, with_drafts};

/// A closed batch of one leaf.
async fn closed(tx: &mut Tx, n: u64, kind: LeafKind) -> Batch {
    let leaf = Leaf { kind, subject: id(n), ..leaf(n) };
    tx.add_leaf(&leaf).await.expect("added");
    let (issuer, leaves) = (issuer(), [leaf]);
    let new = NewBatch { issuer: &issuer, kind, root: digest(n), leaves: &leaves, tiles: &[] };
    tx.add_batch(&new, at(0)).await.expect("closed")
}

async fn anchor(tx: &mut Tx, batch: &Batch, index: u64, time: i64) {
    let receipt = Receipt { index, block: index + 1, time: at(time), tx_hash: format!("0x{index}") };
    tx.add_receipt(batch.id, &receipt).await.expect("noted");
}

fn stamp(batch: i64, authority: &str, time: i64) -> StoredTimeStamp {
    let token = vec![u8::try_from(batch).expect("few"); 3];
    StoredTimeStamp { batch, authority: authority.into(), token, gen_time: at(time), fetched_at: at(time + 1) }
}

/// Four batches: of appointments, and three of records at the indices 3, 5 and 8, the last not anchored.
async fn batches() -> (TestDatabase, Store, Vec<i64>) {
    let (database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    let mut ids = Vec::new();
    for (n, kind, place) in [
        (1, LeafKind::Appointment, Some((2, 10))),
        (2, LeafKind::Record, Some((3, 20))),
        (3, LeafKind::Record, Some((5, 30))),
        (4, LeafKind::Record, None),
    ] {
        let batch = closed(&mut tx, n, kind).await;
        if let Some((index, time)) = place {
            anchor(&mut tx, &batch, index, time).await;
        }
        ids.push(batch.id);
    }
    tx.commit().await.expect("committed");
    (database, store, ids)
}

#[tokio::test]
async fn a_batch_without_a_time_stamp_is_one_that_none_of_a_later_batch_covers() {
    let (_database, store, ids) = batches().await;
    let mut tx = store.begin("test").await.expect("begun");
    let of = |batches, since, newest| Some(Unstamped { batches, since: at(since), newest });
    assert_eq!(tx.unstamped(None, at(0)).await.expect("read"), of(2, 20, 5), "records that are anchored");
    assert_eq!(tx.unstamped(None, at(20)).await.expect("read"), of(2, 20, 5));
    assert_eq!(tx.unstamped(None, at(21)).await.expect("read"), of(1, 30, 5));
    assert_eq!(tx.unstamped(None, at(31)).await.expect("read"), None);
    tx.add_time_stamp(&stamp(ids[1], "a", 21)).await.expect("kept");
    assert_eq!(tx.unstamped(Some("a"), at(0)).await.expect("read"), of(1, 30, 5));
    assert_eq!(tx.unstamped(Some("b"), at(0)).await.expect("read"), of(2, 20, 5), "each authority by itself");
    assert_eq!(tx.unstamped(None, at(0)).await.expect("read"), of(1, 30, 5), "any will do");
    tx.add_time_stamp(&stamp(ids[2], "b", 31)).await.expect("kept");
    assert_eq!(tx.unstamped(Some("b"), at(0)).await.expect("read"), None, "one of the later batch covers both");
    let last = tx.batch(ids[3]).await.expect("read").expect("there");
    anchor(&mut tx, &last, 8, 40).await;
    assert_eq!(tx.unstamped(None, at(0)).await.expect("read"), of(1, 40, 8));
}

#[tokio::test]
async fn a_time_stamp_is_kept_once_for_each_batch_and_authority() {
    let (_database, store, ids) = batches().await;
    let mut tx = store.begin("test").await.expect("begun");
    let (first, second, other) = (stamp(ids[1], "a", 21), stamp(ids[2], "a", 31), stamp(ids[1], "b", 22));
    for kept in [&second, &first, &other] {
        assert!(tx.add_time_stamp(kept).await.expect("kept"));
    }
    assert!(!tx.add_time_stamp(&stamp(ids[1], "a", 99)).await.expect("there"), "the first stays");
    assert_eq!(tx.count_time_stamps().await.expect("read"), 3);
    let all = [first.clone(), other.clone(), second.clone()];
    assert_eq!(tx.time_stamps_after(None, 10).await.expect("read"), all);
    assert_eq!(tx.time_stamps_after(Some((ids[1], "a")), 1).await.expect("read"), std::slice::from_ref(&other));
    assert_eq!(tx.time_stamps_after(Some((ids[1], "b")), 9).await.expect("read"), std::slice::from_ref(&second));
    assert_eq!(tx.placed_time_stamps().await.expect("read"), [(3, first), (3, other), (5, second)]);
}

#[tokio::test]
async fn a_time_stamp_of_no_batch_is_refused() {
    let (_database, store, _) = batches().await;
    let mut tx = store.begin("test").await.expect("begun");
    assert!(tx.add_time_stamp(&stamp(77, "a", 1)).await.is_err());
}
