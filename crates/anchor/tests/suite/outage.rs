//! The database's server dies in the middle of sealing, again and again; it is started again, and the clerk goes on.
//!
//! What a test of faults put in (`crash`) says about our transactions, this one says about the engine below them and
//! the pool of connections between: `pg_ctl stop -m immediate` is a crash, after which the server recovers from its log.

use std::collections::BTreeMap;

use hocba_app::{Actor, App, AppError, Selection, Signed, Signer, Step};
use hocba_store::{
    StoreError,
    model::{Id, LeafKind, RecordState},
};
use hocba_test_postgres::{Mode, Postgres, Settings};
use hocba_tests::{
    database::{Session, TestDatabase},
    office::chain_of,
};

use crate::{
    common::{Setup, World, school},
    servers::own_server,
};

/// Records in a chunk that is submitted.
const CHUNK: usize = 2;

/// When the server is stopped.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// As soon as so many chunks were about to be committed. `pg_ctl` takes some milliseconds to get there: it may hit
    /// anything, reading and committing too.
    Commits(usize),
    /// Within a chunk's transaction, which waits to write to this table: what it wrote before is half of it.
    Writing(&'static str),
    /// After a chunk's commit is on the disk, before the clerk learns of it.
    Answering,
}

use Moment::{Answering, Commits, Writing};

/// In the order in which a chunk writes to them: certificates, the record, its event, its leaf, the job.
const MOMENTS: [Moment; 10] = [
    Commits(1),
    Writing("certificates"),
    Writing("record_versions"),
    Answering,
    Commits(2),
    Writing("audit_events"),
    Writing("leaves"),
    Answering,
    Commits(3),
    Writing("jobs"),
];

/// The clerk's program: whoever seals, and the chunk whose answer it still waits for.
struct Clerk {
    app: App,
    class: Id,
    signer: Signer,
    unanswered: Vec<Signed>,
    /// Chunks that had been taken when they were submitted again: their commit's answer got lost.
    already: usize,
}

impl Clerk {
    async fn new(world: &World, unanswered: Vec<Signed>) -> Self {
        let app = world.app();
        let class = world.class().await.expect("no fault was put in");
        let signer = app.signer(&Actor::LocalOperator, Step::Seal, false, &chain_of("seal")).await;
        Self { app, class, signer: signer.expect("a signer"), unanswered, already: 0 }
    }

    /// Seals up to so many chunks, in the order of the class list; first what was not answered, byte for byte.
    async fn seal(&mut self, most: usize) -> Result<(), AppError> {
        self.submit().await?;
        let list = self.app.prepare(&Actor::LocalOperator, &self.class, &self.signer, &Selection::All).await?;
        for tasks in list.tasks.chunks(CHUNK).take(most) {
            self.unanswered = tasks.iter().map(|t| t.signed(school().seal.key.sign(t.bytes()).to_vec())).collect();
            self.submit().await?;
        }
        Ok(())
    }

    async fn submit(&mut self) -> Result<(), AppError> {
        let done = self.app.submit(&Actor::LocalOperator, &self.class, &self.signer, &self.unanswered).await?;
        let whole = self.unanswered.len();
        assert!([(whole, 0), (0, whole)].contains(&(done.taken, done.already)), "half of a chunk lasted: {done:?}");
        self.already += usize::from(done.already > 0);
        self.unanswered.clear();
        Ok(())
    }
}

/// The database is away, says the error; whoever asked may ask again.
fn assert_unavailable(error: &AppError, what: &str) {
    assert!(matches!(error, AppError::Store(StoreError::Unavailable(_))), "{what}: {error:?}");
}

fn commits(world: &World) -> usize {
    world.store.faults().seen().iter().filter(|name| **name == Step::Seal.name()).count()
}

/// Gets ready for a moment while nobody works.
async fn prepare(moment: Moment, session: &mut Session) {
    match moment {
        Commits(_) => {}
        Writing(table) => session.run(&format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE")).await,
        // A commit waits for a standby that does not exist, as durable as it will ever be.
        Answering => {
            session.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").await;
            session.run("SELECT pg_reload_conf()").await;
        }
    }
}

/// Waits for a moment, or for the end of the work.
async fn wait_for(moment: Moment, world: &World, session: &mut Session, before: usize, ended: impl Fn() -> bool) {
    match moment {
        Commits(n) => {
            while commits(world) < before + n && !ended() {
                tokio::task::yield_now().await;
            }
        }
        Writing(_) => {
            let reached = session.until("EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)", ended).await;
            assert!(reached, "{moment:?}: the chunk did not get there");
        }
        Answering => {
            let waits = "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep')";
            assert!(session.until(waits, ended).await, "{moment:?}: no commit waited");
        }
    }
}

/// Each record is as it was or sealed whole: with one leaf and one event. How many are sealed.
async fn sealed_whole(world: &World, what: &str) -> usize {
    let class = world.class().await.expect("no fault was put in");
    let mut tx = world.store.read().await.expect("read");
    let mut leaves: BTreeMap<Id, usize> = BTreeMap::new();
    let keys = tx.leaf_keys_after(None, 1000).await.expect("leaves");
    for leaf in keys.iter().filter(|leaf| leaf.kind == LeafKind::Record) {
        *leaves.entry(leaf.subject).or_default() += 1;
    }
    let lines = tx.record_lines(&class).await.expect("lines");
    assert_eq!(lines.len(), world.setup.pupils, "{what}: no record is lost");
    let mut sealed = 0;
    for line in lines {
        let wanted = match line.state {
            RecordState::Sealed => 1,
            RecordState::CoSigned => 0,
            state => panic!("{what}: number {} is {state}", line.number),
        };
        let events = tx.events_of(&line.record.to_string()).await.expect("events");
        let events = events.iter().filter(|event| event.action == Step::Seal.name()).count();
        let found = (leaves.get(&line.record).copied().unwrap_or_default(), events);
        assert_eq!(found, (wanted, wanted), "{what}: leaves and events of number {}", line.number);
        sealed += wanted;
    }
    sealed
}

async fn stop(server: &mut Postgres) {
    tokio::task::block_in_place(|| server.stop(Mode::Immediate)).expect("it stops");
}

/// Once, whatever `DATABASE_URL` says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_crashes_of_the_server_in_the_middle_of_sealing_lose_nothing_and_leave_nothing_half_written() {
    let Some(mut server) = own_server(&Settings { durable: true, ..Settings::default() }) else { return };
    let setup = Setup { pupils: 40, batch: 4096, ..Setup::QUICK };
    let mut world = World::on(setup, TestDatabase::on(&server.url("postgres")).await).await;
    world.school_work_up_to(Step::CoSign).await.expect("no fault was put in");
    assert_eq!(sealed_whole(&world, "before").await, 0);

    let (mut hit, mut already, mut sealed) = (Vec::new(), 0, 0);
    let mut clerk = Clerk::new(&world, Vec::new()).await;
    world.store.faults().watch();
    for (round, moment) in MOMENTS.into_iter().enumerate() {
        let what = format!("outage {round}, {moment:?}");
        let mut session = world.database.session().await;
        prepare(moment, &mut session).await;
        // The rounds after this one have two chunks each to be hit in.
        let most = (setup.pupils - sealed).div_ceil(CHUNK) - 2 * (MOMENTS.len() - 1 - round);
        let before = commits(&world);
        let work = tokio::spawn(async move { (clerk.seal(most).await, clerk) });
        wait_for(moment, &world, &mut session, before, || work.is_finished()).await;
        stop(&mut server).await;
        let (done, its) = work.await.expect("the clerk's program does not die of it");
        clerk = its;
        if let Err(error) = done {
            assert_unavailable(&error, &what);
            hit.push(round);
            let away = clerk.submit().await.expect_err("there is no server");
            assert_unavailable(&away, &what);
        }
        server.start_again().expect("it recovers");
        if matches!(moment, Answering) {
            let mut session = world.database.session().await;
            session.run("ALTER SYSTEM RESET synchronous_standby_names").await;
            session.run("SELECT pg_reload_conf()").await;
        }
        // Two of them the clerk's program does not live through either; what it had signed is sent again all the same.
        if round % 5 == 4 {
            world.restart().await;
            already += clerk.already;
            clerk = Clerk::new(&world, clerk.unanswered).await;
            world.store.faults().watch();
        }
        let now = sealed_whole(&world, &what).await;
        assert!(now >= sealed, "{what}: what was sealed stays so");
        sealed = now;
        world.assert_clean(&what).await;
    }
    assert!(sealed < setup.pupils, "the last outage met work, too");
    clerk.seal(setup.pupils).await.expect("no more outages");
    already += clerk.already;
    assert_eq!(sealed_whole(&world, "in the end").await, setup.pupils);
    world.anchor(&mut world.service("one")).await.expect("no fault was put in");
    world.assert_whole("in the end").await;
    world.assert_recorded("in the end").await;
    world.assert_clean("in the end").await;

    println!("outages {hit:?} hit a submission, {already} of them after its commit");
    for (round, moment) in MOMENTS.into_iter().enumerate() {
        let certain = !matches!(moment, Commits(_));
        assert!(!certain || hit.contains(&round), "{moment:?} missed");
    }
    assert!(already >= 2, "two answers were lost for certain");
    drop(server);
}
