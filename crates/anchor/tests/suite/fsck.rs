//! Each kind of fault is made by hand and is found; a database that is whole has none.

use std::collections::BTreeSet;

use hocba_anchor::{Fault, Report, fsck};
use hocba_app::{
    AccessSettings, Actor, NewAccount, NewTask,
    access::{Activation, Client},
    model::{Grant, GrantRole, KeptKind, TaskKind, TaskState},
};
use hocba_bundle::facts::{ALG_RFC6962_SHA256, IssuerCode};
use hocba_chain::{Anchor, Fee, Terms, transaction::ANCHOR_GAS};
use hocba_record::{
    canonical::Limits,
    encoding::Sha256Digest,
    types::{SchoolCode, SchoolYear},
};
use hocba_signature::{
    algorithm::Algorithm,
    statement::{Role, Statement, StatementType},
};
use hocba_store::Backend;
use hocba_tests::{NOW, SCHOOL, database::backend};

use crate::common::{Setup, World, anchorer, hex, now, school};

const SETUP: Setup = Setup { batch: 4096, ..Setup::QUICK };

/// Everything anchored.
async fn anchored() -> World {
    let world = World::sealed(SETUP).await;
    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
    world
}

fn codes(report: &Report) -> BTreeSet<&'static str> {
    report.faults.iter().map(|f| f.what.code()).collect()
}

/// Database statements, and the codes that at least are found. SQL that any database understands, but for bytes, which
/// are written `x'00'`.
const BY_SQL: &[(&str, &[&str])] = &[
    (
        "UPDATE record_versions SET state = 'co_signed' WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["signature_count", "stray_leaf", "lost_transition"],
    ),
    (
        "UPDATE record_versions SET state = 'signed' WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["unreadable"],
    ),
    (
        "UPDATE record_versions SET nonce = x'00' WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["unreadable"],
    ),
    (
        "UPDATE record_versions SET statement = x'7b7d' WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["unreadable"],
    ),
    (
        "UPDATE record_versions SET statement = \
         (SELECT v.statement FROM record_versions v JOIN records r ON r.id = v.record WHERE r.number = 2) \
         WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["claims", "other_leaf", "personal"],
    ),
    (
        "UPDATE record_versions SET personal = x'00' WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["personal"],
    ),
    (
        "UPDATE record_versions SET key_id = 'another' WHERE record = (SELECT id FROM records WHERE number = 1)",
        &["personal"],
    ),
    ("DELETE FROM record_versions WHERE record = (SELECT id FROM records WHERE number = 1)", &["stray_leaf"]),
    ("DELETE FROM certificates", &["certificate"]),
    ("UPDATE classes SET name = '9A4'", &["claims"]),
    ("UPDATE classes SET grade = 8", &["claims"]),
    ("UPDATE classes SET year = 2025", &["claims"]),
    ("UPDATE appointments SET valid_until = valid_until + 1", &["claims"]),
    ("UPDATE appointments SET role = 'school_seal'", &["claims"]),
    ("DELETE FROM leaves WHERE kind = 'record' AND position = 0", &["no_leaf", "positions", "root", "tiles"]),
    (
        "UPDATE leaves SET leaf = x'0000000000000000000000000000000000000000000000000000000000000000' \
         WHERE kind = 'record' AND position = 1",
        &["other_leaf", "root", "tiles"],
    ),
    ("UPDATE leaves SET position = 7 WHERE kind = 'record' AND position = 0", &["positions", "root"]),
    ("UPDATE leaves SET issuer = 'so-khac' WHERE kind = 'record' AND position = 0", &["foreign_leaf"]),
    ("UPDATE leaves SET issuer = 'NOT A CODE' WHERE kind = 'record' AND position = 0", &["unreadable"]),
    (
        "UPDATE leaves SET batch = NULL, position = NULL WHERE kind = 'record' AND position = 2",
        &["positions", "no_job"],
    ),
    (
        "UPDATE batches SET root = x'0000000000000000000000000000000000000000000000000000000000000000' WHERE id = 1",
        &["root", "other_on_chain", "unknown_batch"],
    ),
    ("UPDATE batches SET size = 4 WHERE id = 1", &["positions", "other_on_chain"]),
    (
        "UPDATE batch_tiles SET hashes = x'0000000000000000000000000000000000000000000000000000000000000000' \
         WHERE batch = 1",
        &["tiles"],
    ),
    ("DELETE FROM batch_tiles WHERE batch = 2", &["tiles"]),
    ("UPDATE batches SET block_time = block_time + 1 WHERE id = 1", &["other_on_chain"]),
    ("UPDATE batches SET chain_index = chain_index + 7 WHERE id = 2", &["other_on_chain"]),
    (
        "UPDATE batches SET chain_index = NULL, block = NULL, block_time = NULL, tx_hash = NULL WHERE id = 2",
        &["receipt", "lost_transition", "no_job"],
    ),
    ("UPDATE batches SET tx_hash = '0x00' WHERE id = 2", &["receipt"]),
    ("UPDATE anchor_attempts SET state = 'dropped', block = NULL WHERE batch = 1", &["receipt"]),
    ("UPDATE anchor_attempts SET raw = x'00' WHERE batch = 1", &["attempt_bytes"]),
    ("UPDATE anchor_attempts SET nonce = nonce + 1 WHERE batch = 1", &["attempt_bytes"]),
    (
        "INSERT INTO anchor_attempts (batch, state, sender, nonce, tx_hash, raw, made_at, changed_at) \
         SELECT batch, 'broadcast', sender, nonce, '0x01', raw, made_at, changed_at FROM anchor_attempts WHERE batch = 1",
        &["live_attempts", "attempt_bytes"],
    ),
    ("INSERT INTO jobs (kind, subject, due_at) VALUES ('deliver_batch', '999', 0)", &["idle_job"]),
    ("INSERT INTO jobs (kind, subject, due_at) VALUES ('close_records', 'so-demo', 0)", &["idle_job"]),
    ("DELETE FROM audit_events WHERE action = 'appoint'", &["no_event"]),
    ("DELETE FROM audit_events WHERE action = 'sign_records'", &["no_event"]),
    ("DELETE FROM audit_events WHERE action = 'co_sign_records'", &["no_event"]),
    ("DELETE FROM audit_events WHERE action = 'seal_records'", &["no_event"]),
    ("DELETE FROM audit_events WHERE action = 'close_batch'", &["no_event"]),
    ("DELETE FROM audit_events WHERE action = 'anchor_batch'", &["no_event"]),
    ("UPDATE class_progress SET in_force = in_force - 1", &["figure", "figures"]),
    ("UPDATE class_progress SET grade = 8", &["claims"]),
    ("DELETE FROM class_progress", &["figures"]),
    ("DELETE FROM class_progress_days", &["figures"]),
    ("UPDATE class_progress_days SET in_force = in_force + 1", &["figures"]),
    ("UPDATE class_progress SET class = '9A9'", &["figures"]),
];

/// What is wrong with a statement in other ways than the database can say.
fn statements(signed: &Statement) -> Vec<(&'static str, Statement)> {
    let garbage = {
        let seal = school().seal.digest();
        let input = signed.clone().truncated(2).prepare(
            StatementType::Record,
            Role::SchoolSeal,
            Algorithm::Ed25519,
            seal,
            now(),
        );
        signed.clone().truncated(2).attach(input, vec![7; 64])
    };
    let reversed = {
        let mut json: serde_json::Value = serde_json::from_slice(&signed.to_bytes()).expect("JSON");
        json["signatures"].as_array_mut().expect("list").reverse();
        let limits = Limits { bytes: 512 * 1024, depth: 4 };
        Statement::from_bytes(json.to_string().as_bytes(), limits).expect("still a statement")
    };
    let one_key_twice = {
        let twice = school().teacher.sign(signed.clone().truncated(1), StatementType::Record, Role::Principal, NOW);
        school().seal.sign(twice, StatementType::Record, Role::SchoolSeal, NOW)
    };
    vec![("signature", garbage), ("headers", reversed), ("signers", one_key_twice)]
}

async fn put_statement(world: &World, statement: &Statement) {
    let bytes = hex(&statement.to_bytes());
    let first = "WHERE record = (SELECT id FROM records WHERE number = 1)";
    world.sql(&format!("UPDATE record_versions SET statement = x'{bytes}' {first}")).await;
}

async fn anchor_on_chain(world: &World, root: Sha256Digest, size: u32) {
    let issuer: IssuerCode = "so-demo".parse().expect("issuer");
    world
        .send_foreign(async |client| {
            let head = client.head().await.expect("head");
            let (index, previous) = (head.count, head.digest);
            let anchor = Anchor { index, previous, root, size, issuer, alg: ALG_RFC6962_SHA256 };
            let nonce = client.mined_transactions(&anchorer().address()).await.expect("nonce");
            let terms = Terms { nonce, gas: ANCHOR_GAS, fee: Fee::FREE };
            client.prepare_anchor(&anchorer(), &anchor, terms).expect("signed")
        })
        .await;
}

#[tokio::test]
async fn every_kind_of_fault_is_found_and_none_where_there_is_none() {
    let whole = anchored().await;
    let report = whole.assert_clean("untouched").await;
    assert_eq!(report.counted.records, 3);
    assert_eq!(report.counted.opened, 3);
    assert_eq!(report.counted.signatures, 3 * 3 + 3);
    assert_eq!((report.counted.batches, report.counted.receipts, report.counted.leaves), (2, 2, 6));
    let facts = whole.facts().await;
    let saved = whole.save().await;

    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    let mut check = |what: &str, report: &Report, wanted: &[&str]| {
        let found = codes(report);
        for code in wanted {
            assert!(found.contains(code), "{what}: {code} was not found, but {:#?}", report.faults);
        }
        assert!(report.faults.iter().all(|f: &Fault| !f.to_string().is_empty()));
        seen.extend(found);
    };
    for (sql, wanted) in BY_SQL {
        let world = World::of(SETUP, &saved).await;
        world.sql(sql).await;
        let report = fsck(&world.store, Some(&world.app()), Some(&facts)).await.expect("read");
        check(sql, &report, wanted);
    }
    let signed = {
        let world = World::of(SETUP, &saved).await;
        let mut tx = world.store.read().await.expect("read");
        let keys = tx.version_keys_after(None, 500).await.expect("keys");
        let mut statement = None;
        for (record, version) in keys {
            // The one that `put_statement` changes.
            let stored = tx.record_version(&record, version).await.expect("read").expect("there");
            if stored.number == 1 {
                statement = stored.statement;
            }
        }
        statement.expect("sealed")
    };
    for (wanted, statement) in statements(&signed) {
        let world = World::of(SETUP, &saved).await;
        put_statement(&world, &statement).await;
        let report = fsck(&world.store, Some(&world.app()), Some(&facts)).await.expect("read");
        check(wanted, &report, &[wanted, "other_leaf"]);
        // Without the data key, too; only what is sealed is not looked at.
        let report = fsck(&world.store, None, None).await.expect("read");
        check(wanted, &report, &[wanted]);
        assert_eq!(report.counted.opened, 0);
    }
    // On the chain: a root of ours a second time, and one under our name that we do not know.
    let world = anchored().await;
    let batch = world.store.read().await.expect("read").batch(1).await.expect("read").expect("there");
    anchor_on_chain(&world, batch.root, batch.size).await;
    check("twice", &world.fsck().await, &["anchored_twice"]);
    let world = anchored().await;
    anchor_on_chain(&world, Sha256Digest::of(b"unknown"), 9).await;
    check("unknown", &world.fsck().await, &["unknown_batch"]);

    // What the engine finds by itself: SQLite reads all rows again; on PostgreSQL a check that was dropped is not missed.
    assert_eq!(seen.remove("file"), backend() == Backend::Sqlite);
    let all: BTreeSet<_> = [
        "unreadable",
        "signature_count",
        "headers",
        "signers",
        "certificate",
        "signature",
        "claims",
        "personal",
        "no_leaf",
        "other_leaf",
        "stray_leaf",
        "positions",
        "foreign_leaf",
        "root",
        "tiles",
        "no_job",
        "idle_job",
        "live_attempts",
        "attempt_bytes",
        "receipt",
        "no_event",
        "lost_transition",
        "other_on_chain",
        "anchored_twice",
        "unknown_batch",
        "figure",
        "figures",
    ]
    .into();
    assert_eq!(seen, all, "a kind of fault that no test makes");
    println!("{} changes, {} kinds of faults", BY_SQL.len() + 5, all.len());
}

#[tokio::test]
async fn a_batch_without_its_delivery_and_leaves_without_their_closing_are_found() {
    let world = World::sealed(SETUP).await;
    let report = world.assert_clean("waiting").await;
    assert_eq!(report.counted.leaves, 6);
    world.sql("DELETE FROM jobs").await;
    let report = world.fsck().await;
    assert_eq!(report.faults.iter().filter(|f| f.what.code() == "no_job").count(), 2, "{:#?}", report.faults);
}

#[tokio::test]
async fn receipts_after_the_block_that_was_looked_at_are_counted_and_not_called_wrong() {
    let world = World::sealed(SETUP).await;
    let before = world.facts().await;
    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
    let report = fsck(&world.store, None, Some(&before)).await.expect("read");
    assert!(report.is_clean(), "{:#?}", report.faults);
    assert_eq!((report.counted.receipts, report.counted.receipts_after), (0, 2));
}

#[tokio::test]
async fn what_came_of_a_task_and_a_file_that_waits_are_opened_too() {
    let world = World::sealed(SETUP).await;
    let app = world.app();
    let school: SchoolCode = SCHOOL.parse().expect("code");
    let grants = vec![Grant::of_school(GrantRole::Principal, school.clone(), None)];
    let new = NewAccount { login: "nguoi.nhap".into(), name: "A".into(), certificate: None, grants };
    let actor = Actor::Account(app.add_account(&Actor::LocalOperator, new).await.expect("added"));
    let year = SchoolYear::starting(2026).expect("year");
    let new = NewTask { kind: TaskKind::TakeLists, school: school.clone(), year, class: None };
    let task = app.begin_task(&actor, &new).await.expect("begun");
    app.end_task(&task, TaskState::Done, b"{}").await.expect("ended");
    let file = ("nhan-su.csv", b"x".as_slice());
    let kind = (KeptKind::Staff, Some(year));
    app.keep_file(&actor, &school, kind, file, &Default::default()).await.expect("kept");
    world.assert_clean("a task and a kept file").await;
    for (sql, places) in [
        ("UPDATE tasks SET result = x'00'", 1),
        ("UPDATE kept_files SET personal = x'00'", 2),
        ("UPDATE kept_files SET key_id = 'another'", 2),
    ] {
        world.sql(sql).await;
        let found = world.fsck().await.faults;
        let sealed: Vec<&Fault> = found.iter().filter(|fault| fault.what.code() == "personal").collect();
        assert_eq!(sealed.len(), places, "{sql}: {found:?}");
    }
}

#[tokio::test]
async fn addresses_that_people_are_written_to_are_opened_too() {
    let world = World::sealed(SETUP).await;
    let let_off = AccessSettings { second_factor: Default::default(), ..AccessSettings::default() };
    let app = world.app().with_access(let_off);
    let grants = vec![Grant::of_school(GrantRole::Clerk, SCHOOL.parse().expect("code"), None)];
    let new = NewAccount { login: "nguoi.nhan".into(), name: "A".into(), certificate: None, grants };
    let account = app.add_account(&Actor::LocalOperator, new).await.expect("added");
    let slip = app.make_slips(&Actor::LocalOperator, &[account.id]).await.expect("made").remove(0).code;
    let client = Client { address: [203, 0, 113, 9].into(), agent: "" };
    let with = Activation { slip: &slip, password: "mùa hè ở Đà Lạt", code: None, client };
    let token = app.activate(&with).await.expect("activated").session.token;
    let session = app.session(&token).await.expect("alive");
    let code = app.give_mail(&session, "a@b.vn").await.expect("given");
    app.confirm_mail(&session, &code).await.expect("confirmed");
    app.give_mail(&session, "c@d.vn").await.expect("given");
    world.assert_clean("an address, and one that waits").await;
    for (sql, places) in
        [("UPDATE mail_codes SET address = x'00'", 1), ("UPDATE mail_addresses SET key_id = 'another'", 2)]
    {
        world.sql(sql).await;
        let found = world.fsck().await.faults;
        let sealed: Vec<&Fault> = found.iter().filter(|fault| fault.what.code() == "personal").collect();
        assert_eq!(sealed.len(), places, "{sql}: {found:?}");
    }
}
