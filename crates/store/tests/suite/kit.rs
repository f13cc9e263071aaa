//! Made-up rows, without anything that would make them true: the store asks no such questions.

use hocba_bundle::facts::IssuerCode;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{Grade, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::statement::Statement;
use hocba_store::{
    Advance, NewDraft, Store, StoreError,
    model::{Class, Envelope, Id, Leaf, LeafKind, RecordState, School},
};
use hocba_tests::database::TestDatabase;

pub const NOW: i64 = 1_800_000_000;

pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(NOW + seconds).expect("a time")
}

pub fn id(n: u64) -> Id {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    RecordId::from_bytes(bytes)
}

pub fn digest(n: u64) -> Sha256Digest {
    Sha256Digest::of(&n.to_be_bytes())
}

pub fn issuer() -> IssuerCode {
    "so-demo".parse().expect("an issuer")
}

pub fn school() -> SchoolCode {
    "79DEMO001".parse().expect("a school")
}

pub fn envelope(n: u64) -> Envelope {
    Envelope { key_id: "key".into(), nonce: [7; 12], bytes: n.to_be_bytes().repeat(8) }
}

pub fn statement(n: u64) -> Statement {
    Statement::unsigned(format!("{{\"n\":{n}}}").into_bytes())
}

pub fn leaf(n: u64) -> Leaf {
    Leaf {
        leaf: digest(n),
        kind: LeafKind::Record,
        subject: id(n),
        version: 1,
        school: school(),
        issuer: issuer(),
        ready_at: at(0),
    }
}

pub fn class() -> Class {
    Class {
        id: id(1),
        school: school(),
        year: SchoolYear::starting(2026).expect("a year"),
        grade: Grade::new(9).expect("a grade"),
        name: "9A3".parse().expect("a name"),
        revision: 1,
        kind: hocba_store::model::ClassKind::Year,
    }
}

/// A database with a school and a class of so many drafts: records 101, 102 …
pub async fn with_drafts(drafts: u64) -> (TestDatabase, Store) {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let mut tx = store.begin("begin").await.expect("begun");
    tx.add_school(&School { code: school(), issuer: issuer() }, NOW).await.expect("a school");
    tx.add_class(&class(), at(0)).await.expect("a class");
    let new: Vec<NewDraft> = (1..=drafts)
        .map(|n| NewDraft {
            record: id(100 + n),
            number: n.try_into().expect("small"),
            pupil: None,
            personal: envelope(n),
        })
        .collect();
    tx.add_drafts(&class().id, &new, at(0)).await.expect("drafts");
    tx.commit().await.expect("committed");
    (database, store)
}

/// One step of a record, as a use case makes it.
pub async fn advance(
    store: &Store,
    record: u64,
    revision: i64,
    from: RecordState,
    to: RecordState,
) -> Result<(), StoreError> {
    let mut tx = store.begin("advance").await?;
    let (record, statement) = (id(record), statement(record));
    let step = Advance { record: &record, version: 1, revision, from, to, statement: &statement };
    tx.advance(&step, at(1)).await?;
    tx.commit().await
}
