//! Runs the built program; one finished demonstration is shared and copied. On SQLite a folder's database is its own
//! file; where `DATABASE_URL` names a server, each world has a database there, which `HOCBA_DATABASE_URL` tells the
//! program.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use hocba_store::Backend;
use hocba_tests::database::{Saved, TestDatabase, backend};
use serde_json::Value;
use tempfile::TempDir;

/// Beside the data folders of a world: the address of its database, where that is on a server.
const ADDRESS: &str = ".database";

/// The program with a home of its own, so that nothing of the machine's user is read or written.
pub fn hocba(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hocba"));
    command.env("XDG_STATE_HOME", home.join("state")).env("HOME", home).current_dir(home).stdin(Stdio::null());
    command.env_remove("HOCBA_DATABASE_URL");
    if let Ok(address) = fs::read_to_string(home.join(ADDRESS)) {
        command.env("HOCBA_DATABASE_URL", address);
    }
    command
}

/// What a run said and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Run {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

/// A program that is killed when the test ends, however it ends.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a command that serves, and gives its first JSON document.
pub fn start(mut command: Command) -> (Running, Value) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let out = child.stdout.take().expect("piped");
    let running = Running(child);
    let mut text = String::new();
    for line in BufReader::new(out).lines() {
        text.push_str(&line.expect("UTF-8"));
        text.push('\n');
        if let Ok(document) = serde_json::from_str(&text) {
            return (running, document);
        }
    }
    panic!("it ended without a document: {text}");
}

/// Sends it a signal: `TERM`, `KILL`.
#[cfg(unix)]
pub fn signal(running: &Running, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &running.0.id().to_string()]).status();
    assert!(sent.expect("there is a kill").success());
}

/// A folder to work in, with or without a demonstration in `demo/`.
pub struct World {
    pub home: TempDir,
    /// Where it is not a file in the folder.
    database: Option<TestDatabase>,
}

/// What the kit does with a server, from tests that have no runtime.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

impl World {
    pub fn empty() -> Self {
        Self::with(|| wait(TestDatabase::new()))
    }

    fn with(database: impl FnOnce() -> TestDatabase) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let database = (backend() == Backend::Postgres).then(database);
        if let Some(database) = &database {
            fs::write(home.path().join(ADDRESS), database.database().url.secret()).expect("written");
        }
        Self { home, database }
    }

    /// A world whose database is this one, whatever the run is about; somebody else's to drop.
    pub fn on(url: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::write(home.path().join(ADDRESS), url).expect("written");
        Self { home, database: None }
    }

    /// The URL of its database, where that is on a server.
    pub fn database_url(&self) -> Option<String> {
        fs::read_to_string(self.path(ADDRESS)).ok()
    }

    /// A copy of the finished demonstration.
    pub fn demo() -> Self {
        let demo = finished();
        let world = Self::with(|| wait(TestDatabase::of(demo.database.as_ref().expect("saved"))));
        copy(&demo.place, &world.path("demo"));
        world
    }

    /// Writes all that its database on a server keeps into a file; a database that is a file is there anyway.
    pub fn write_rows(&self, name: &str) {
        if let Some(database) = &self.database {
            fs::write(self.path(name), wait(database.bytes())).expect("written");
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn run(&self, args: &[&str]) -> Run {
        hocba(self.home.path()).args(args).output().expect("the program starts").into()
    }

    /// A command on the folder `demo`.
    pub fn on_demo(&self, args: &[&str]) -> Run {
        self.run(&[args, &["--data-dir", "demo"]].concat())
    }

    /// Verifies a file by the demo's snapshot.
    pub fn verify(&self, file: &str) -> Run {
        let profile = "demo/profile.hocba-profile.json";
        self.run(&["verify", file, "--profile", profile, "--snapshot", "demo/snapshot.hocba-snapshot.json"])
    }
}

/// The finished demonstration.
pub struct Finished {
    _world: World,
    pub place: PathBuf,
    /// What it printed.
    pub said: String,
    database: Option<Saved>,
}

pub fn finished() -> &'static Finished {
    static DEMO: OnceLock<Finished> = OnceLock::new();
    DEMO.get_or_init(|| {
        let world = World::empty();
        let said = world.run(&["demo", "--once", "--data-dir", "demo"]).expect(0).out;
        let database = world.database.as_ref().map(|database| wait(database.save()));
        Finished { place: world.path("demo"), said, database, _world: world }
    })
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
