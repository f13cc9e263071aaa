//! The one place of the tests that knows what a database is made of: how it is created, kept, and changed behind the
//! service's back.
//!
//! SQLite, a file for each test, unless `DATABASE_URL` names a PostgreSQL server: then a database for each test. Both
//! are made from a template that has the schema. `cargo xtask test` runs the suites both ways; by hand:
//! `DATABASE_URL=… cargo nextest run -p hocba-app`, with the address that `cargo xtask postgres` prints.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use futures_util::TryStreamExt as _;
use hocba_record::encoding::Sha256Digest;
use hocba_store::{Backend, Database, DatabaseUrl, Store, tables::TABLES};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _, SqlStr,
    SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

/// A database of a test's own, gone with it. It begins with the schema and nothing in it.
#[derive(Debug)]
pub struct TestDatabase(Place);

#[derive(Debug)]
enum Place {
    File(TempDir),
    Server(Arc<OnServer>),
}

/// All that a database held, to begin others with.
#[derive(Debug, Clone)]
pub struct Saved(Kept);

#[derive(Debug, Clone)]
enum Kept {
    Bytes(Vec<u8>),
    Template(Arc<OnServer>),
}

impl Saved {
    /// A copy of a file of SQLite's, whoever made it.
    pub fn file(path: &Path) -> Self {
        Self(Kept::Bytes(std::fs::read(path).expect("the copy is a file")))
    }
}

/// The engine that this run of the tests is about.
pub fn backend() -> Backend {
    if server().is_some() { Backend::Postgres } else { Backend::Sqlite }
}

/// The maintenance database of the server that `DATABASE_URL` names.
fn server() -> Option<String> {
    std::env::var("DATABASE_URL").ok().filter(|url| url.starts_with("postgres"))
}

impl TestDatabase {
    /// A database with nothing in it, on the engine that this run is about.
    pub async fn new() -> Self {
        match server() {
            None => {
                let database = Self::file();
                std::fs::copy(template_file().await, database.path()).expect("the schema is copied");
                database
            }
            Some(server) => {
                let template = template(&server).await;
                Self(Place::Server(OnServer::make(&server, &template).await))
            }
        }
    }

    /// A database with nothing in it on a server of the test's own (its maintenance database), whatever this run is
    /// about.
    pub async fn on(server: &str) -> Self {
        let made = OnServer::make(server, "template0").await;
        Store::migrate(&Database::at(made.url())).await.expect("the schema is made");
        Self(Place::Server(made))
    }

    /// A file of SQLite's, whatever this run is about.
    pub fn file() -> Self {
        Self(Place::File(tempfile::tempdir().expect("a temporary folder")))
    }

    /// A database without a table in it, on the engine that this run is about.
    pub async fn without_schema() -> Self {
        match server() {
            None => Self::file(),
            Some(server) => Self(Place::Server(OnServer::make(&server, "template0").await)),
        }
    }

    /// A database as an earlier release left it: with the first so many migrations.
    pub async fn of_version(version: i64) -> Self {
        let database = Self::without_schema().await;
        let migrations = (1..=version).zip(hocba_store::migration_texts(backend())).map(|(number, text)| {
            let text = SqlStr::from_static(text);
            Migration::new(number, "earlier".into(), MigrationType::Simple, text, false)
        });
        let migrator = Migrator::with_migrations(migrations.collect());
        let done = match &database.0 {
            Place::File(_) => {
                let options = SqliteConnectOptions::new().filename(database.path()).create_if_missing(true);
                let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
                migrator.run(&mut connection).await
            }
            Place::Server(on) => migrator.run(&mut on.connect().await).await,
        };
        done.expect("the earlier schema");
        database
    }

    /// Table, column and type, of every column.
    pub async fn columns(&self) -> Vec<(String, String, String)> {
        match &self.0 {
            Place::File(_) => {
                let options = SqliteConnectOptions::new().filename(self.path());
                let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
                let sql = "SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                           WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> '_sqlx_migrations'";
                sqlx::query_as(sql).fetch_all(&mut connection).await.expect("read")
            }
            Place::Server(on) => {
                let sql = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
                           WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
                sqlx::query_as(sql).fetch_all(&mut on.connect().await).await.expect("read")
            }
        }
    }

    /// A database that holds what was saved.
    pub async fn of(saved: &Saved) -> Self {
        match &saved.0 {
            Kept::Bytes(bytes) => {
                let database = Self::file();
                std::fs::write(database.path(), bytes).expect("written");
                database
            }
            Kept::Template(kept) => Self(Place::Server(OnServer::make(&kept.server, &kept.name).await)),
        }
    }

    /// The database of this name on another server, which is this one's copy.
    ///
    /// # Panics
    /// Where it is a file.
    pub fn on_copy(&self, server: &str) -> Self {
        match &self.0 {
            Place::File(_) => panic!("a file has no server to be copied"),
            Place::Server(on) => {
                Self(Place::Server(Arc::new(OnServer { server: server.into(), name: on.name.clone() })))
            }
        }
    }

    /// Where it is, with the settings of a small deployment.
    pub fn database(&self) -> Database {
        let url = match &self.0 {
            Place::File(_) => DatabaseUrl::file(self.path()),
            Place::Server(on) => on.url(),
        };
        // Some hundred tests share one server.
        Database { connections: 4, ..Database::at(url) }
    }

    /// A connection of the test's own.
    ///
    /// # Panics
    /// Where it is a file.
    pub async fn session(&self) -> Session {
        match &self.0 {
            Place::File(_) => panic!("a file has no server to connect to"),
            Place::Server(on) => Session(on.connect().await),
        }
    }

    /// Opens it, as the service does when it starts.
    pub async fn open(&self) -> Store {
        Store::open(&self.database()).await.expect("the database opens")
    }

    /// Its file.
    ///
    /// # Panics
    /// Where it is on a server.
    pub fn path(&self) -> PathBuf {
        match &self.0 {
            Place::File(folder) => folder.path().join("hocba.sqlite"),
            Place::Server(_) => panic!("a database on a server has no file"),
        }
    }

    /// What it holds. Whoever has it open closes it before.
    pub async fn save(&self) -> Saved {
        match &self.0 {
            Place::File(_) => {
                let log = self.path().with_extension("sqlite-wal");
                assert!(!log.exists(), "somebody has the database open");
                Saved(Kept::Bytes(std::fs::read(self.path()).expect("the database is a file")))
            }
            Place::Server(on) => Saved(Kept::Template(OnServer::make(&on.server, &on.name).await)),
        }
    }

    /// Every byte that it keeps: the file and its log; on a server all rows as they are sent in binary.
    pub async fn bytes(&self) -> Vec<u8> {
        let mut read = Vec::new();
        match &self.0 {
            Place::File(folder) => {
                for entry in std::fs::read_dir(folder.path()).expect("a folder") {
                    read.extend(std::fs::read(entry.expect("an entry").path()).expect("readable"));
                }
            }
            Place::Server(on) => {
                let mut connection = on.connect().await;
                for table in TABLES {
                    let sql = format!("COPY {} TO STDOUT (FORMAT binary)", table.name);
                    let mut rows = connection.copy_out_raw(&sql).await.expect("sent");
                    while let Some(chunk) = rows.try_next().await.expect("sent") {
                        read.extend_from_slice(&chunk);
                    }
                }
            }
        }
        read
    }

    /// The number that a query of one row and one column gives.
    pub async fn count(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        let (n,): (i64,) = match &self.0 {
            Place::File(_) => {
                let options = SqliteConnectOptions::new().filename(self.path());
                let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
                sqlx::query_as(sql).fetch_one(&mut connection).await.expect("counted")
            }
            Place::Server(on) => sqlx::query_as(sql).fetch_one(&mut on.connect().await).await.expect("counted"),
        };
        n
    }

    /// Changes it behind the service's back, but not past its constraints; how many rows were touched.
    ///
    /// # Errors
    /// What the engine refuses.
    pub async fn try_sql(&self, sql: &str) -> Result<u64, sqlx::Error> {
        match &self.0 {
            Place::File(_) => {
                let options = SqliteConnectOptions::new().filename(self.path()).foreign_keys(true);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                Ok(connection.execute(AssertSqlSafe(sql)).await?.rows_affected())
            }
            Place::Server(on) => {
                let sql = sql.replace(" x'", " '\\x");
                Ok(on.connect().await.execute(AssertSqlSafe(sql)).await?.rows_affected())
            }
        }
    }

    /// Changes it behind the service's back, past all constraints; how many rows were touched. Bytes are written as
    /// SQLite has them: `x'00ff'`.
    pub async fn sql(&self, sql: &str) -> u64 {
        match &self.0 {
            Place::File(_) => {
                let options = SqliteConnectOptions::new().filename(self.path());
                let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
                let past = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;";
                connection.execute(past).await.expect("pragma");
                let done = connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
                connection.close().await.expect("closed");
                done.rows_affected()
            }
            Place::Server(on) => {
                let mut connection = on.connect().await;
                // Foreign keys are triggers there; checks can only be dropped.
                let past = "SET session_replication_role = replica; DO $$ DECLARE c record; BEGIN \
                            FOR c IN SELECT conname, conrelid::regclass AS t FROM pg_constraint \
                            WHERE contype = 'c' AND connamespace = 'public'::regnamespace LOOP \
                            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$;";
                connection.execute(past).await.expect("constraints are dropped");
                let sql = sql.replace(" x'", " '\\x");
                let done =
                    connection.execute(AssertSqlSafe(sql.clone())).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
                connection.close().await.expect("closed");
                done.rows_affected()
            }
        }
    }
}

/// A connection to a server of PostgreSQL's, beside those of the service: what a test begins in it lasts until it says
/// otherwise, or the server is gone.
#[derive(Debug)]
pub struct Session(PgConnection);

impl Session {
    /// Does something, or several things.
    pub async fn run(&mut self, sql: &str) {
        self.0.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// The one row of text that a query gives.
    pub async fn row(&mut self, sql: &str) -> Vec<String> {
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut self.0).await;
        let row = row.unwrap_or_else(|e| panic!("{sql}: {e}"));
        (0..row.len()).map(|column| row.try_get(column).unwrap_or_else(|e| panic!("{sql}: {e}"))).collect()
    }

    /// Waits until a condition holds, or `given_up` says that it will not; whether it holds.
    pub async fn until(&mut self, condition: &str, given_up: impl Fn() -> bool) -> bool {
        let sql = format!("SELECT {condition}");
        loop {
            // Asked first: what happened before the work ended is seen by the question after it.
            let last = given_up();
            let holds: Result<Option<bool>, _> =
                sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_one(&mut self.0).await;
            if holds.unwrap_or_else(|e| panic!("{sql}: {e}")) == Some(true) {
                return true;
            }
            if last {
                return false;
            }
            // A server tells nobody that somebody waits in it.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A database on a server, dropped after its last owner.
#[derive(Debug)]
struct OnServer {
    server: String,
    name: String,
}

impl OnServer {
    /// Copies another database. Nobody may be connected to that one.
    async fn make(server: &str, template: &str) -> Arc<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hocba_test_{}_{count}_{:08x}", std::process::id(), chance());
        let mut connection = connect(server, None).await;
        create(&mut connection, &name, template).await;
        connection.close().await.expect("closed");
        Arc::new(Self { server: server.to_owned(), name })
    }

    fn url(&self) -> DatabaseUrl {
        let (before, after) = self.server.split_once("//").expect("a URL");
        let (host, rest) = after.split_once('/').unwrap_or((after, ""));
        let parameters = rest.split_once('?').map(|(_, p)| format!("?{p}")).unwrap_or_default();
        format!("{before}//{host}/{}{parameters}", self.name).parse().expect("a URL")
    }

    async fn connect(&self) -> PgConnection {
        connect(&self.server, Some(&self.name)).await
    }
}

impl Drop for OnServer {
    fn drop(&mut self) {
        // Dropping waits until the last connection is gone, a tenth of a second at a time; no test has to wait for that.
        // What the end of the process cuts off, the next one sweeps.
        static DROPPER: OnceLock<Sender<(String, String)>> = OnceLock::new();
        let dropper = DROPPER.get_or_init(|| {
            let (send, names) = channel();
            std::thread::spawn(move || drop_all(&names));
            send
        });
        let _ = dropper.send((self.server.clone(), self.name.clone()));
    }
}

fn drop_all(names: &Receiver<(String, String)>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    for (server, name) in names {
        // A server that is gone took its databases with it.
        let _ = runtime.block_on(async {
            let mut connection = PgConnection::connect(&server).await?;
            connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
            connection.close().await
        });
    }
}

/// Drops the databases of test processes that are gone.
async fn sweep(connection: &mut PgConnection) {
    let names: Vec<(String,)> =
        sqlx::query_as("SELECT datname::text FROM pg_database WHERE datname LIKE 'hocba_test_%'")
            .fetch_all(&mut *connection)
            .await
            .expect("asked");
    for (name,) in names {
        let owner = name.split('_').nth(2).unwrap_or_default();
        if !Path::new("/proc").join(owner).exists() {
            // Another process may sweep it as well.
            let _ = connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await;
        }
    }
}

async fn connect(server: &str, name: Option<&str>) -> PgConnection {
    let options: PgConnectOptions = server.parse().expect("DATABASE_URL is a URL of PostgreSQL's");
    let options = match name {
        Some(name) => options.database(name),
        None => options,
    };
    options.connect().await.expect("the server of DATABASE_URL answers")
}

/// Copies a database. Connections that were just closed take a moment to be gone, and two tests may want the same
/// template.
async fn create(connection: &mut PgConnection, name: &str, template: &str) {
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    for attempt in 0.. {
        match connection.execute(AssertSqlSafe(sql.clone())).await {
            Ok(_) => return,
            Err(e) if attempt < 200 && code(&e) == "55006" => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(e) => panic!("{sql}: {e}"),
        }
    }
}

fn code(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default()
}

fn chance() -> u32 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::hash::RandomState::new().build_hasher().finish() as u32
}

/// The file with the schema that others are copied from: made by whichever test comes first, kept for the next run. A
/// dozen migrations for each of the worlds that a sweep begins with took longer than the sweep.
async fn template_file() -> PathBuf {
    static PATH: tokio::sync::OnceCell<PathBuf> = tokio::sync::OnceCell::const_new();
    let make = || async {
        let schema: String = hocba_store::migration_texts(Backend::Sqlite).concat();
        let digest = hex(&Sha256Digest::of(schema.as_bytes()));
        let path = std::env::temp_dir().join(format!("hocba-template-{}.sqlite", &digest[..16]));
        if !path.exists() {
            // Beside it, so that it is whole when it gets its name; whoever comes second replaces it by the same.
            let folder = tempfile::tempdir_in(std::env::temp_dir()).expect("a temporary folder");
            let made = folder.path().join("hocba.sqlite");
            Store::migrate(&Database::at(DatabaseUrl::file(&made))).await.expect("the schema is made");
            assert!(!made.with_extension("sqlite-wal").exists(), "all of it is in the file");
            std::fs::rename(&made, &path).expect("it gets its name");
        }
        path
    };
    PATH.get_or_init(make).await.clone()
}

/// The database with the schema that others are copied from: made by whichever test comes first, kept for the next run.
async fn template(server: &str) -> String {
    static NAME: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    NAME.get_or_init(|| make_template(server)).await.clone()
}

async fn make_template(server: &str) -> String {
    let schema: String = hocba_store::migration_texts(Backend::Postgres).concat();
    let name = format!("hocba_template_{}", &hex(&Sha256Digest::of(schema.as_bytes()))[..16]);
    let mut connection = connect(server, None).await;
    // Held until this connection ends; every test process waits for the first.
    connection.execute("SELECT pg_advisory_lock(4736251)").await.expect("a lock");
    let there: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut connection)
        .await
        .expect("asked");
    sweep(&mut connection).await;
    if there.is_none() {
        // Under another name until it is whole.
        let made = OnServer::make(server, "template0").await;
        Store::migrate(&Database::at(made.url())).await.expect("the schema is made");
        create(&mut connection, &name, &made.name).await;
    }
    connection.close().await.expect("closed");
    name
}

fn hex(digest: &Sha256Digest) -> String {
    digest.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
}
