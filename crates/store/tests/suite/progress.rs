//! The figures of classes: what the migration counts of what was there is what the store counts.

use hocba_record::types::SchoolCode;
use hocba_store::{Figures, Store};
use hocba_tests::database::TestDatabase;

/// A school as a release before migration 17 left it: a class in every state, one that is only planned, one from paper.
async fn before() -> TestDatabase {
    let database = TestDatabase::of_version(14).await;
    let id = |n: u32| format!("{n:022}");
    let mut rows = vec![
        "INSERT INTO schools (code, issuer, created_at) VALUES ('79DEMO001', 'so-demo', 1)".to_owned(),
        "INSERT INTO batches (id, issuer, kind, root, size, closed_at, chain_index, block, block_time, tx_hash) VALUES \
         (1, 'so-demo', 'record', x'0000000000000000000000000000000000000000000000000000000000000000', 1, 1, 0, 1, 1, '0x0')"
            .to_owned(),
    ];
    for (n, name, kind) in [(1, "9A3", "year"), (2, "9A4", "converted")] {
        rows.push(format!(
            "INSERT INTO classes (id, school, year, grade, name, revision, imported_at, kind) \
             VALUES ('{}', '79DEMO001', 2026, 9, '{name}', 1, 1, '{kind}')",
            id(n)
        ));
    }
    for (n, grade, name) in [(1, 8, "9A3"), (3, 6, "6A1")] {
        rows.push(format!(
            "INSERT INTO planned_classes (id, school, year, grade, name, planned_at) \
             VALUES ('{}', '79DEMO001', 2026, {grade}, '{name}', 1)",
            id(n)
        ));
    }
    let states = [
        ("draft", "NULL", "NULL"),
        ("draft", "NULL", "'wrong_mark'"),
        ("draft", "'other'", "NULL"),
        ("teacher_signed", "NULL", "NULL"),
        ("co_signed", "NULL", "NULL"),
        ("sealed", "NULL", "NULL"),
        ("sealed", "NULL", "NULL"),
    ];
    for (n, (state, left_out, returned)) in (1_u32..).zip(states) {
        let (pupil, statement) = (id(100 + n), if state == "draft" { "NULL" } else { "x'7b7d'" });
        rows.push(format!("INSERT INTO pupils (id, created_at) VALUES ('{pupil}', 1)"));
        rows.push(format!(
            "INSERT INTO records (id, class, number, pupil) VALUES ('{}', '{}', {n}, '{pupil}')",
            id(n),
            id(1)
        ));
        rows.push(format!(
            "INSERT INTO record_versions (record, version, state, revision, statement, key_id, nonce, personal, left_out, \
             returned, changed_at) VALUES ('{}', 1, '{state}', 1, {statement}, 'k', x'000000000000000000000000', x'00', \
             {left_out}, {returned}, {})",
            id(n),
            86_400 * i64::from(n)
        ));
        // Everybody is on the list of 6A1, where nobody has a record of that class, and two more are.
        rows.push(member(&id(3), n, &pupil));
    }
    for n in [8, 9] {
        let pupil = id(100 + n);
        rows.push(format!("INSERT INTO pupils (id, created_at) VALUES ('{pupil}', 1)"));
        rows.push(member(&id(3), n, &pupil));
    }
    rows.push(format!(
        "INSERT INTO leaves (leaf, kind, subject, version, school, issuer, ready_at, batch, position) VALUES \
         ( x'0100000000000000000000000000000000000000000000000000000000000000', 'record', '{}', 1, '79DEMO001', 'so-demo', \
         1, 1, 0)",
        id(7)
    ));
    for sql in rows {
        database.try_sql(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
    database
}

fn member(class: &str, number: u32, pupil: &str) -> String {
    format!(
        "INSERT INTO class_members (class, number, pupil, key_id, nonce, personal) \
         VALUES ('{class}', {number}, '{pupil}', 'k', x'000000000000000000000000', x'00')"
    )
}

#[tokio::test]
async fn what_was_there_before_is_counted_by_the_migration_as_the_store_counts_it() {
    let database = before().await;
    Store::migrate(&database.database()).await.expect("migrated");
    let store = database.open().await;
    let school: SchoolCode = "79DEMO001".parse().expect("code");
    let mut tx = store.read().await.expect("read");
    let kept = tx.class_progress(&school).await.expect("kept");
    let figures = |name: &str| kept.iter().find(|row| row.class.as_str() == name).expect("a class");
    let nine =
        Figures { waiting: 0, drafted: 2, signed: 1, signed_off: 1, sealed: 1, in_force: 1, left_out: 1, returned: 1 };
    assert_eq!((figures("9A3").figures, figures("9A3").grade.number(), figures("9A3").day), (nine, 9, 7));
    let six = Figures { waiting: 2, ..Figures::default() };
    assert_eq!((figures("6A1").figures, figures("6A1").grade.number(), figures("6A1").day), (six, 6, 0));
    assert_eq!(kept.len(), 2, "records from paper are of no year that is open");
    assert_eq!(kept, tx.counted_progress(&school).await.expect("counted"));
    assert_eq!(kept, tx.last_days(&school).await.expect("days"));
}
