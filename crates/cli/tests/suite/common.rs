//! Runs the built program; one finished demonstration is shared and copied.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use serde_json::Value;
use tempfile::TempDir;

/// The program with a home of its own, so that nothing of the machine's user is read or written.
pub fn hocba(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hocba"));
    command.env("XDG_STATE_HOME", home.join("state")).env("HOME", home).current_dir(home).stdin(Stdio::null());
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
}

impl World {
    pub fn empty() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A copy of the finished demonstration.
    pub fn demo() -> Self {
        let world = Self::empty();
        copy(finished().0.as_path(), &world.path("demo"));
        world
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

/// The finished demonstration and what it printed.
pub fn finished() -> &'static (PathBuf, String) {
    static DEMO: OnceLock<(TempDir, (PathBuf, String))> = OnceLock::new();
    let (_, demo) = DEMO.get_or_init(|| {
        let home = tempfile::tempdir().expect("a temporary folder");
        let run: Run =
            hocba(home.path()).args(["demo", "--once", "--data-dir", "demo"]).output().expect("it starts").into();
        let run = run.expect(0);
        let place = home.path().join("demo");
        (home, (place, run.out))
    });
    demo
}

fn copy(from: &Path, to: &Path) {
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
