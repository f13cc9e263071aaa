//! Many rows at once arrive as they were sent, or not at all.

use hocba_store::{
    StoreError,
    bulk::{Bulk, Value},
    tables::Table,
};
use hocba_tests::database::TestDatabase;

fn table(name: &str) -> &'static Table {
    Table::named(name).expect("a table")
}

fn account(n: i64) -> Vec<Value> {
    let text = |t: &str| Value::Text(t.to_owned());
    let certificate = if n % 2 == 0 { Value::Null } else { text(&format!("c{n}")) };
    vec![
        text(&format!("id{n:06}")),
        text(&format!("Đỗ {n}")),
        text(""),
        certificate,
        Value::Int(i64::MAX - n),
        Value::Null,
    ]
}

#[tokio::test]
async fn every_kind_of_value_arrives() {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let mut bulk = Bulk::connect(&database.database()).await.expect("connected");
    assert_eq!(bulk.backend(), store.backend());
    bulk.insert(table("accounts"), (0..1234).map(account).collect()).await.expect("inserted");
    bulk.insert(table("accounts"), Vec::new()).await.expect("nothing to do");
    let bytes: Vec<u8> = (0..=255).collect();
    bulk.insert(
        table("certificates"),
        vec![vec![Value::Text("d".into()), Value::Bytes(bytes.clone()), Value::Int(-5), Value::Null]],
    )
    .await
    .expect("inserted");
    let mut tx = store.read().await.expect("read");
    let accounts = tx.accounts().await.err();
    assert!(accounts.is_some(), "ids of this test are none of ours, and reading says so: {accounts:?}");
    assert_eq!(tx.certificates().await.expect("read"), [bytes]);
    drop(tx);
    assert_eq!(database.count("SELECT COUNT(*) FROM accounts WHERE name = '' AND disabled_at IS NULL").await, 1234);
    assert_eq!(database.count("SELECT COUNT(*) FROM accounts WHERE certificate IS NULL").await, 617);
    assert_eq!(database.count("SELECT MIN(created_at) FROM accounts").await, i64::MAX - 1233);
    assert_eq!(database.count("SELECT COUNT(*) FROM accounts WHERE login = 'Đỗ 700' AND id = 'id000700'").await, 1);
}

#[tokio::test]
async fn a_row_that_is_too_short_or_too_long_is_refused_and_moves_nothing_into_the_next() {
    let database = TestDatabase::new().await;
    drop(database.open().await);
    let mut bulk = Bulk::connect(&database.database()).await.expect("connected");
    for change in [|row: &mut Vec<Value>| drop(row.pop()), |row: &mut Vec<Value>| row.push(Value::Null)] {
        let mut rows: Vec<_> = (0..3).map(account).collect();
        change(&mut rows[1]);
        let refused = bulk.insert(table("accounts"), rows).await;
        assert!(matches!(refused, Err(StoreError::Inconsistent { table: "accounts", .. })), "{refused:?}");
        assert_eq!(database.count("SELECT COUNT(*) FROM accounts").await, 0);
    }
}

#[tokio::test]
async fn a_row_that_is_refused_takes_all_with_it() {
    let database = TestDatabase::new().await;
    drop(database.open().await);
    let mut bulk = Bulk::connect(&database.database()).await.expect("connected");
    let mut rows: Vec<_> = (0..1500).map(account).collect();
    rows.push(account(3));
    let refused = bulk.insert(table("accounts"), rows).await;
    assert!(matches!(refused, Err(StoreError::Exists { .. })), "{refused:?}");
    assert_eq!(database.count("SELECT COUNT(*) FROM accounts").await, 0);
    bulk.insert(table("accounts"), vec![account(3)]).await.expect("the connection goes on");
    assert_eq!(database.count("SELECT COUNT(*) FROM accounts").await, 1);
}
