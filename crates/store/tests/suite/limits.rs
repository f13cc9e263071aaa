//! No room: what was done is kept, what was not is not half there, and the error says so.

use hocba_store::{Database, NewDraft, Store, StoreError, model::Envelope};
use hocba_tests::database::TestDatabase;

use crate::kit::{NOW, at, class, id, issuer, school};

/// SQLite only, whatever this run is about: a file that may not grow.
#[tokio::test]
async fn a_file_that_may_not_grow_keeps_what_it_has() {
    let database = TestDatabase::file();
    let small = Database { max_bytes: Some(900 * 1024), ..database.database() };
    let store = Store::open(&small).await.expect("opened");
    let mut tx = store.begin("begin").await.expect("begun");
    tx.add_school(&hocba_store::model::School { code: school(), issuer: issuer() }, NOW).await.expect("a school");
    tx.add_class(&class(), at(0)).await.expect("a class");
    tx.commit().await.expect("committed");
    let ten = |round: u64| -> Vec<NewDraft> {
        let personal = Envelope { key_id: "key".into(), nonce: [7; 12], bytes: vec![5; 3000] };
        (round * 10..round * 10 + 10)
            .map(|n| NewDraft { record: id(100 + n), number: n as u32 + 1, pupil: None, personal: personal.clone() })
            .collect()
    };
    let add = async |store: &Store, round: u64| {
        let mut tx = store.begin("add").await?;
        tx.add_drafts(&class().id, &ten(round), at(0)).await?;
        tx.commit().await
    };
    let mut kept = 0;
    let refused = loop {
        match add(&store, kept).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 100, "900 KiB hold no thousand drafts of 3 KB");
    };
    assert!(matches!(refused, StoreError::NoRoom(_)), "{refused:?}");
    assert!(refused.to_string().contains("cannot grow"), "{refused}");
    assert!(kept > 2, "some found room");
    let count = async |store: &Store| store.read().await.expect("read").record_lines(&id(1)).await.expect("read").len();
    assert_eq!(count(&store).await as u64, kept * 10, "whole transactions only");
    assert!(store.integrity().await.expect("looked").is_empty());
    store.close().await;
    // With room again, it goes on.
    let store = database.open().await;
    add(&store, kept).await.expect("there is room");
    assert_eq!(count(&store).await as u64, (kept + 1) * 10);
    assert!(store.integrity().await.expect("looked").is_empty());
}
