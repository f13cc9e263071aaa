//! A replica that follows: what is read from it, and what it must not decide. Each once, whatever `DATABASE_URL` says.

use std::{future::Future, os::unix::net::UnixListener, path::Path, time::Duration};

use hocba_app::{Actor, App, NewLink, OpenLinkError, Scope, link_token};
use hocba_record::encoding::Sha256Digest;
use hocba_store::{
    Database, Store, StoreError, Tx,
    model::{Link, LinkContent},
};
use hocba_test_postgres::{Mode, Postgres, Settings};
use hocba_tests::database::{Session, TestDatabase};
use tempfile::TempDir;

use crate::{
    common::{Setup, World},
    servers::{base_backup, extra, own_server},
};

/// A school with everything anchored, on a server that another one follows.
struct Pair {
    world: World,
    app: App,
    primary: Session,
    standby: Session,
    /// The database on the server that follows.
    copy: TestDatabase,
    servers: [Postgres; 2],
    _backup: TempDir,
}

impl Pair {
    async fn start() -> Option<Self> {
        let primary = own_server(&Settings::default())?;
        let setup = Setup { batch: 4096, ..Setup::QUICK };
        let mut world = World::on(setup, TestDatabase::on(&primary.url("postgres")).await).await;
        world.story().await.expect("no fault was put in");
        let mut session = world.database.session().await;
        let backup = tempfile::tempdir().expect("a temporary folder");
        base_backup(&primary, &mut session, backup.path(), "standby.signal").await;
        let folder = primary.data_folder().parent().expect("the server's folder, where its socket is");
        let follows = format!("host={} port=5432 user=hocba", folder.display());
        let settings = Settings {
            data: Some(backup.path().to_owned()),
            extra: extra(&[("primary_conninfo", &follows), ("hot_standby", "on")]),
            ..Settings::default()
        };
        let standby = Postgres::start(&settings).expect("it follows");
        let copy = world.database.on_copy(&standby.url("postgres"));
        world.store.close().await;
        let servers = [primary, standby];
        let standby = copy.session().await;
        world.store = open(&world, &copy, Duration::from_secs(30)).await;
        let app = world.app();
        let mut pair = Self { world, app, primary: session, standby, copy, servers, _backup: backup };
        pair.caught_up().await;
        Some(pair)
    }

    /// Has all that was committed written to the log, and so sent: commits of a server that is not durable wait for
    /// more to come. To where.
    async fn written(&mut self) -> String {
        self.primary.run("SET synchronous_commit = on").await;
        self.primary.row("SELECT pg_logical_emit_message(true, 'mark', '')::text").await.remove(0)
    }

    /// Waits until the replica has all that was committed.
    async fn caught_up(&mut self) {
        let mark = self.written().await;
        self.standby.until(&format!("pg_last_wal_replay_lsn() >= '{mark}'"), || false).await;
    }

    /// The replica learns of nothing more, but answers.
    async fn pause(&mut self) {
        self.standby.run("SELECT pg_wal_replay_pause()").await;
        self.standby.until("pg_get_wal_replay_pause_state() = 'paused'", || false).await;
    }

    async fn link(&self) -> NewLink {
        let class = self.world.class().await.expect("no fault was put in");
        let lines = self.world.store.read().await.expect("read").record_lines(&class).await.expect("lines");
        let made = self.app.create_link(&Actor::LocalOperator, &lines[0].record, Scope::Results, None).await;
        made.expect("made")
    }

    async fn withdraw(&self, link: &NewLink) {
        self.app.withdraw_link(&Actor::LocalOperator, &link.id).await.expect("withdrawn");
    }

    async fn open(&self, link: &NewLink) -> Result<LinkContent, OpenLinkError> {
        self.app.open_link(&link_token(&link.secret)).await
    }
}

/// The service's database with its replica.
async fn open(world: &World, copy: &TestDatabase, statement_timeout: Duration) -> Store {
    let replica = Some(copy.database().url);
    let database = Database { replica, statement_timeout, ..world.database.database() };
    Store::open(&database).await.expect("the database opens")
}

async fn stored(tx: Result<Tx, StoreError>, link: &NewLink) -> Option<(Link, Option<LinkContent>)> {
    let hash = Sha256Digest::of(&link_token(&link.secret));
    tx.expect("read").link_of_token(&hash).await.expect("read")
}

/// Well under the ten seconds after which the service gives up to reach its database.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), work).await.expect("nobody waits for a replica that is away")
}

#[tokio::test]
async fn a_replica_is_asked_for_bundles_and_never_whether_a_link_still_holds() {
    let Some(mut pair) = Pair::start().await else { return };
    let (old, withdrawn) = (pair.link().await, pair.link().await);
    pair.caught_up().await;
    pair.pause().await;

    // Withdrawn after the replica last heard of anything: it has the bundle still, and nobody is given it.
    pair.withdraw(&withdrawn).await;
    let behind = stored(pair.world.store.read_behind().await, &withdrawn).await.expect("the replica knows it");
    assert!(behind.0.withdrawn_at.is_none() && behind.1.is_some(), "the replica is behind: {:?}", behind.0);
    let now = stored(pair.world.store.read().await, &withdrawn).await.expect("there");
    assert!(now.0.withdrawn_at.is_some() && now.1.is_none());
    let refused = pair.open(&withdrawn).await;
    assert!(matches!(refused, Err(OpenLinkError::Withdrawn { .. })), "{refused:?}");

    // Too new for the replica.
    let new = pair.link().await;
    assert!(stored(pair.world.store.read_behind().await, &new).await.is_none());
    pair.open(&new).await.expect("the database itself has it");

    // The bundle is the replica's: what is done to the database behind the service's back is not seen.
    let bytes = pair.open(&old).await.expect("opens").bytes;
    pair.world.sql(&format!("UPDATE links SET bundle = x'00' WHERE id = '{}'", old.id)).await;
    assert_eq!(pair.open(&old).await.expect("opens").bytes, bytes);

    // What the replica lacks comes when it goes on.
    pair.standby.run("SELECT pg_wal_replay_resume()").await;
    pair.caught_up().await;
    let behind = stored(pair.world.store.read_behind().await, &withdrawn).await.expect("there");
    assert!(behind.1.is_none());
    assert_eq!(pair.open(&old).await.expect("opens").bytes, [0]);
    let looks = pair.world.store.read().await.expect("read").looks_at(&old.id).await.expect("read");
    assert_eq!(looks.len(), 3, "looks are noted wherever the bundle comes from");
}

#[tokio::test]
async fn without_its_replica_the_service_goes_on_at_once() {
    let Some(mut pair) = Pair::start().await else { return };
    let (link, withdrawn) = (pair.link().await, pair.link().await);
    pair.caught_up().await;
    pair.open(&link).await.expect("opens");
    pair.servers[1].stop(Mode::Immediate).expect("it stops");
    pair.withdraw(&withdrawn).await;
    let refused = soon(pair.open(&withdrawn)).await;
    assert!(matches!(refused, Err(OpenLinkError::Withdrawn { .. })), "{refused:?}");
    // Nobody listens any more, and the address says so; then, as after a power cut, it does not.
    let socket = pair.servers[1].data_folder().with_file_name(".s.PGSQL.5432");
    for refused in [false, true] {
        if refused {
            leave_behind(&socket);
        }
        soon(pair.open(&link)).await.expect("opens");
        let behind = stored(soon(pair.world.store.read_behind()).await, &link).await.expect("there");
        assert!(behind.1.is_some());
        let delay = soon(pair.world.store.replica_delay()).await;
        assert!(matches!(delay, Some(Err(StoreError::Unavailable(_)))), "{delay:?}");
        // Begun without it, too.
        let store = soon(open(&pair.world, &pair.copy, Duration::from_secs(30))).await;
        assert!(soon(store.read_behind()).await.is_ok());
    }
    pair.world.assert_clean("without the replica").await;

    // It comes back, and is asked again.
    std::fs::remove_file(&socket).expect("left behind");
    pair.servers[1].start_again().expect("it follows again");
    pair.standby = pair.copy.session().await;
    pair.caught_up().await;
    pair.pause().await;
    let new = pair.link().await;
    assert!(stored(pair.world.store.read_behind().await, &new).await.is_none(), "the replica was asked");
}

/// A socket that nobody listens on.
fn leave_behind(socket: &Path) {
    drop(UnixListener::bind(socket).expect("the place is free"));
}

#[tokio::test]
async fn a_replica_that_stops_in_the_middle_of_an_answer_costs_nothing_but_time() {
    let Some(mut pair) = Pair::start().await else { return };
    let link = pair.link().await;
    // A lock that was taken for a moment, and that the replica does not know to be free again: as after a migration.
    pair.primary.run("BEGIN; LOCK TABLE links IN ACCESS EXCLUSIVE MODE").await;
    // Without a commit nobody is in a hurry to send it.
    pair.primary.run("SELECT pg_switch_wal()").await;
    let locked = "EXISTS (SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'links'::regclass)";
    pair.standby.until(locked, || false).await;
    pair.pause().await;
    pair.primary.run("ROLLBACK").await;
    pair.world.store = open(&pair.world, &pair.copy, Duration::from_secs(2)).await;
    pair.app = pair.world.app();
    pair.open(&link).await.expect("the database itself answers");
}

#[tokio::test]
async fn the_delay_of_a_replica_is_how_long_it_lacks_something() {
    let Some(mut pair) = Pair::start().await else { return };
    // Something happened a while ago, and nothing since: the replica has it all.
    pair.link().await;
    pair.caught_up().await;
    let long_ago = "now() - pg_last_xact_replay_timestamp() > interval '2 seconds'";
    pair.standby.until(long_ago, || false).await;
    assert!(matches!(pair.world.store.replica_delay().await, Some(Ok(0))));
    pair.pause().await;
    pair.link().await;
    pair.written().await;
    pair.standby.until("pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()", || false).await;
    let delay = pair.world.store.replica_delay().await;
    assert!(matches!(delay, Some(Ok(2..))), "{delay:?}");
    // Cut off from the primary it cannot know how much it lacks.
    pair.standby.run("SELECT pg_wal_replay_resume()").await;
    pair.caught_up().await;
    pair.servers[0].stop(Mode::Immediate).expect("it stops");
    pair.standby.until("NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)", || false).await;
    pair.standby.until(long_ago, || false).await;
    let delay = pair.world.store.replica_delay().await;
    assert!(matches!(delay, Some(Ok(2..))), "{delay:?}");
    let alone = TestDatabase::file().open().await;
    assert!(alone.replica_delay().await.is_none());
}
