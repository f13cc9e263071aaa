//! Backups, made as docs/operations.md says, and what they bring back. Each once, whatever `DATABASE_URL` says.

use std::fs;

use hocba_anchor::{Event, Progress};
use hocba_app::{Actor, Step};
use hocba_store::model::{JobKind, LeafKind, RecordState};
use hocba_test_postgres::{Mode, Postgres, Settings};
use hocba_tests::database::{Saved, TestDatabase};

use crate::{
    common::{Setup, World},
    servers::{base_backup, extra, own_server},
};

const SETUP: Setup = Setup { batch: 4096, ..Setup::QUICK };

/// A class that waits to be sealed; the appointments are anchored.
async fn co_signed(world: &World) {
    world.school_work_up_to(Step::CoSign).await.expect("no fault was put in");
    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
}

/// Steps until the batch of records is closed, but not sent.
async fn until_closed(world: &World) {
    world.app().close_batches(&Actor::LocalOperator).await.expect("closed now");
    let mut service = world.service("one");
    loop {
        match service.step().await.expect("step") {
            Progress::Did(Event::BatchClosed { kind: LeafKind::Record, .. }) => break,
            Progress::Idle { .. } => panic!("there is no batch to close"),
            _ => {}
        }
    }
    let batches = world.store.read().await.expect("read").batches().await.expect("batches");
    assert_eq!(batches.iter().map(|b| b.receipt.is_some()).collect::<Vec<_>>(), [true, false]);
    service.give_back().await;
}

/// A database that was brought back knows less than the chain: what it lacks is found there, and nothing is sent twice.
async fn assert_sends_nothing(world: &World, on_chain: usize) {
    let mut service = world.service("two");
    let mut told = Vec::new();
    service.run_until_idle(|event| told.push(event.clone())).await.expect("run");
    assert!(told.iter().any(|e| matches!(e, Event::Anchored { .. })), "{told:?}");
    assert!(told.iter().all(|e| !matches!(e, Event::Sent { .. })), "{told:?}");
    assert_eq!(world.facts().await.facts().batches.len(), on_chain);
    world.anchor(&mut service).await.expect("no fault was put in");
    world.assert_whole("after the restore").await;
    world.assert_clean("after the restore").await;
}

async fn states(world: &World) -> Vec<RecordState> {
    let class = world.class().await.expect("no fault was put in");
    let lines = world.store.read().await.expect("read").record_lines(&class).await.expect("lines");
    lines.into_iter().map(|line| line.state).collect()
}

#[tokio::test]
async fn a_base_backup_and_the_archived_log_bring_back_the_moment_before_a_disaster() {
    // A relative path is of the data folder; whoever runs the server may write beside it.
    let archive = "mkdir -p ../archive && test ! -f ../archive/%f && cp %p ../archive/%f";
    let settings =
        Settings { extra: extra(&[("archive_mode", "on"), ("archive_command", archive)]), ..Settings::default() };
    let Some(mut server) = own_server(&settings) else { return };
    let mut world = World::on(SETUP, TestDatabase::on(&server.url("postgres")).await).await;
    co_signed(&world).await;

    // In the night, while the service is at work.
    let backup = tempfile::tempdir().expect("a temporary folder");
    let mut session = world.database.session().await;
    base_backup(&server, &mut session, backup.path(), "recovery.signal").await;

    // The day after: sealed, closed, and after the moment to come back to, anchored.
    world.school_work().await.expect("no fault was put in");
    until_closed(&world).await;
    session.run("SELECT pg_create_restore_point('before the disaster')").await;
    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
    world.assert_whole("the day").await;
    let on_chain = world.facts().await.facts().batches.len();

    world.sql("DELETE FROM record_versions").await;
    assert!(!world.fsck().await.is_clean());
    let last = session.row("SELECT pg_walfile_name(pg_switch_wal())").await.remove(0);
    let archived = format!("(SELECT coalesce(last_archived_wal, '') >= '{last}' FROM pg_stat_archiver)");
    session.until(&archived, || false).await;
    world.store.close().await;
    server.stop(Mode::Fast).expect("it stops");

    let archive = server.data_folder().with_file_name("archive");
    let restored = Settings {
        data: Some(backup.path().to_owned()),
        extra: extra(&[
            ("restore_command", &format!("cp {}/%f %p", archive.display())),
            ("recovery_target_name", "before the disaster"),
            ("recovery_target_action", "promote"),
        ]),
        ..Settings::default()
    };
    let restored = Postgres::start(&restored).expect("it recovers");
    world.database = world.database.on_copy(&restored.url("postgres"));
    // It answers before it has read the log to its end.
    world.database.session().await.until("NOT pg_is_in_recovery()", || false).await;
    world.store = world.database.open().await;
    assert_eq!(states(&world).await, [RecordState::Sealed; 3], "sealed after the backup, before the disaster");
    world.assert_clean("restored").await;
    assert_sends_nothing(&world, on_chain).await;
}

#[tokio::test]
async fn a_copy_that_sqlite_makes_of_a_file_at_work_is_whole() {
    let mut world = World::on(SETUP, TestDatabase::file()).await;
    co_signed(&world).await;
    world.school_work().await.expect("no fault was put in");
    until_closed(&world).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("backup.sqlite");
    // Somebody has changed something and not said yet that it lasts; the log beside the file is not folded in.
    let mut half = world.store.begin("half").await.expect("begun");
    half.add_job(JobKind::CloseRecords, "so-khac", world.now()).await.expect("added");
    assert!(fs::metadata(world.database.path().with_extension("sqlite-wal")).is_ok_and(|log| log.len() > 0));
    world.database.try_sql(&format!("VACUUM INTO '{}'", copy.display())).await.expect("copied");
    drop(half);

    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
    let on_chain = world.facts().await.facts().batches.len();
    world.restore(&Saved::file(&copy)).await;
    assert_eq!(states(&world).await, [RecordState::Sealed; 3]);
    world.assert_clean("restored").await;
    assert_sends_nothing(&world, on_chain).await;
}

/// Its leaves wait again, and the chain has a batch that nobody here knows of: until it is closed again.
#[tokio::test]
async fn a_batch_closed_after_the_backup_is_closed_again_and_found_on_the_chain() {
    let mut world = World::on(SETUP, TestDatabase::file()).await;
    co_signed(&world).await;
    world.school_work().await.expect("no fault was put in");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("backup.sqlite");
    world.database.try_sql(&format!("VACUUM INTO '{}'", copy.display())).await.expect("copied");

    until_closed(&world).await;
    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
    let on_chain = world.facts().await.facts().batches.len();
    world.restore(&Saved::file(&copy)).await;
    let report = world.fsck().await;
    assert_eq!(report.faults.iter().map(|f| f.what.code()).collect::<Vec<_>>(), ["unknown_batch"]);
    // The service that was at work had the lease, and nobody gave it back.
    world.pass(16);
    world.app().close_batches(&Actor::LocalOperator).await.expect("closed now");
    assert_sends_nothing(&world, on_chain).await;
}
