//! `cargo xtask test`: exactly what CI runs. Installs what the project's own lock files name (npm and pip packages, under
//! `contracts/`, `tests/js/` and the target folder) and needs Rust, a C compiler, node 20 and Python 3 for it.
//!
//! What touches the database runs twice, on SQLite and, but for the longest of it (`sweeps`), on PostgreSQL: on a throw-away server, or on the one that
//! `DATABASE_URL` names, where its user may create databases and its database is empty (the demo fills it).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use hocba_test_postgres::{Postgres, Settings};
use serde_json::Value;

use crate::{
    check::{self, cargo},
    pkits,
    steps::{Show, Steps, capture, run as run_command},
    sweeps::SWEEPS,
};

/// Nothing to choose: what passes here passes in CI.
#[derive(Parser)]
pub struct Args {}

/// Files that a command of ours or a tool writes, committed so that readers need neither. A run must leave them as
/// they are.
const DERIVED: [&str; 10] = [
    "Cargo.lock",
    "contracts/.gas-snapshot",
    "contracts/abi",
    "contracts/bytecode",
    "contracts/gas.json",
    "contracts/package-lock.json",
    "contracts/test/vectors.json",
    "docs/spec/worked-example.md",
    "keys-example",
    "tests/worked-example",
];

/// Crates whose tests use a database: `DATABASE_URL`, or SQLite without it.
const ON_DATABASE: [&str; 5] = ["hocba-store", "hocba-app", "hocba-anchor", "hocba-server", "hocba-cli"];

/// Runs everything.
pub fn run(_: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let scratch = target_folder(&root)?.join("xtask");
    fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let before = derived_state(&root)?;
    let mut steps = Steps::default();

    check::fast(&mut steps, &root)?;
    steps.run("example keys", || {
        let xtask = std::env::current_exe()?;
        run_command(Command::new(xtask).args(["keys-example", "--check"]).current_dir(&root), Show::Nothing)
    })?;
    steps.run("contracts (npm test)", || {
        run_command(Command::new("npm").arg("test").current_dir(root.join("contracts")), Show::Nothing)
    })?;
    steps.run("files of the reference network", || {
        let check = root.join("docs/operations/besu/check.mjs");
        run_command(Command::new("node").arg(&check), Show::Nothing)?;
        run_command(Command::new("node").arg(&check).arg("--self-test"), Show::Nothing)
    })?;
    let scripts = root.join("tests/js");
    if scripts.join("package.json").exists() {
        steps.run("npm packages of tests/js", || node_packages(&scripts))?;
        steps.run("npm packages of tests/js/network", || node_packages(&scripts.join("network")))?;
    }
    steps.run("software token (SoftHSM 2)", || Ok(hocba_test_softhsm::fetch(&scratch.join("softhsm"))?))?;
    steps.run("build", || {
        let arguments = ["build", "--workspace", "--all-targets", "--locked", "--quiet"];
        run_command(cargo(&root).args(arguments), Show::Nothing)
    })?;
    steps.run("NIST PKITS (pip)", || pkits::fetch(&root, &scratch))?;
    steps.run("tests", || tests(&root, &scratch, None))?;
    let database = Database::open(&mut steps)?;
    steps.run("tests on PostgreSQL", || tests(&root, &scratch, Some(&database.url)))?;
    steps.run("documentation tests", || {
        let arguments = ["test", "--workspace", "--doc", "--locked"];
        run_command(cargo(&root).args(arguments).env_remove(DATABASE_URL), Show::ButPassedTests)
    })?;
    steps.run("worked example in Python", || worked_example(&root, &scratch))?;
    steps.run("demo", || demo(&root, &scratch.join("demo"), None))?;
    steps.run("demo on PostgreSQL", || demo(&root, &scratch.join("demo-postgres"), Some(&database.url)))?;
    drop(database);
    steps.run("derived files unchanged", || {
        let after = derived_state(&root)?;
        ensure!(after == before, "this run changed derived files:\n{after}");
        let strict = std::env::var("CI").is_ok_and(|v| v == "true");
        ensure!(!strict || after.is_empty(), "derived files differ from the commit:\n{after}");
        Ok(String::new())
    })?;
    steps.summary();
    Ok(())
}

/// Where cargo builds, by its own word.
pub fn target_folder(root: &Path) -> anyhow::Result<PathBuf> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--locked", "--quiet"];
    let output = run_command(cargo(root).args(arguments), Show::Nothing)?;
    let json = output.lines().find(|line| line.starts_with('{')).context("cargo metadata wrote no JSON")?;
    let metadata: Value = serde_json::from_str(json)?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names no target folder")?.into())
}

/// What of the derived files differs from the commit; empty in a clean clone, and outside a git work tree.
fn derived_state(root: &Path) -> anyhow::Result<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--is-inside-work-tree"]).current_dir(root);
    let Ok((status, inside)) = capture(&mut git, Show::Nothing) else { return Ok(String::new()) };
    if !status.success() || inside.trim() != "true" {
        return Ok(String::new());
    }
    let changed =
        run_command(Command::new("git").args(["diff", "HEAD", "--"]).args(DERIVED).current_dir(root), Show::Nothing)?;
    let arguments = ["ls-files", "--others", "--exclude-standard", "--"];
    let new = run_command(Command::new("git").args(arguments).args(DERIVED).current_dir(root), Show::Nothing)?;
    Ok(changed + &new)
}

/// Names the server on which tests make their databases.
pub const DATABASE_URL: &str = "DATABASE_URL";
/// Names the database of the program.
const PROGRAM_DATABASE_URL: &str = "HOCBA_DATABASE_URL";

/// The PostgreSQL server of this run.
struct Database {
    url: String,
    /// Held, if it is ours: it stops when dropped.
    _server: Option<Postgres>,
}

impl Database {
    fn open(steps: &mut Steps) -> anyhow::Result<Self> {
        let mut server = None;
        let given = std::env::var(DATABASE_URL).ok().filter(|url| !url.is_empty());
        steps.run("PostgreSQL", || {
            if given.is_none() {
                server = Some(Postgres::start(&Settings::default())?);
            }
            Ok(String::new())
        })?;
        let url = given.or_else(|| server.as_ref().map(|server| server.url("postgres")));
        Ok(Self { url: url.context("a server was started")?, _server: server })
    }
}

/// All tests but those in documentation, on SQLite; or those of the crates that use a database, on the given server.
/// With nextest where it is installed.
fn tests(root: &Path, scratch: &Path, database: Option<&str>) -> anyhow::Result<String> {
    let nextest = capture(cargo(root).args(["nextest", "--version"]), Show::Nothing).is_ok_and(|(s, _)| s.success());
    let mut command = cargo(root);
    command.args(if nextest { &["nextest", "run"][..] } else { &["test"] });
    command.args(["--all-targets", "--locked", "--no-fail-fast"]).env(pkits::PKITS, pkits::folder(scratch));
    // A test waits for its disk a third of its time, for a server more than half of it.
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let threads = if database.is_some() { cores * 2 } else { cores + cores / 2 };
    command.env(if nextest { "NEXTEST_TEST_THREADS" } else { "RUST_TEST_THREADS" }, threads.to_string());
    match database {
        None => command.arg("--workspace").env_remove(DATABASE_URL),
        // Not by --package: features would be those of fewer crates, and much would be built again.
        Some(url) if nextest => {
            let filter = ON_DATABASE.map(|name| format!("package({name})")).join(" + ");
            let sweeps = SWEEPS.map(|name| format!("test(={name})")).join(" + ");
            let filter = format!("({filter}) - ({sweeps})");
            command.args(["--workspace", "--filterset", &filter]).env(DATABASE_URL, url)
        }
        Some(url) => {
            command.args(ON_DATABASE.map(|name| format!("--package={name}"))).arg("--").env(DATABASE_URL, url);
            command.args(SWEEPS.iter().flat_map(|name| ["--skip", name]))
        }
    };
    run_command(&mut command, Show::ButPassedTests)
}

/// `npm ci`, unless it was done for this lock file.
pub fn node_packages(folder: &Path) -> anyhow::Result<String> {
    let lock = fs::read(folder.join("package-lock.json"))?;
    let done = folder.join("node_modules/.installed-lock.json");
    if fs::read(&done).is_ok_and(|installed| installed == lock) {
        return Ok(String::new());
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let output = run_command(Command::new("npm").args(arguments).current_dir(folder), Show::Nothing)?;
    fs::write(done, lock)?;
    Ok(output)
}

/// Lets `tests/worked-example/check.py` compute the values of the specification's example, and makes sure that it says
/// no to an example with one mark changed.
fn worked_example(root: &Path, scratch: &Path) -> anyhow::Result<String> {
    let folder = root.join("tests/worked-example");
    let python = python_with(&folder.join("requirements.txt"), &scratch.join("python"))?;
    let script = folder.join("check.py");
    let said = run_command(Command::new(&python).arg(&script), Show::Nothing)?;

    let values = fs::read_to_string(folder.join("values.json"))?;
    let changed = values.replacen("\"term1\": 80", "\"term1\": 81", 1);
    ensure!(changed != values, "the example no longer has the mark that this step changes");
    let file = scratch.join("changed-values.json");
    fs::write(&file, changed)?;
    let (status, output) = capture(Command::new(&python).arg(&script).arg(&file), Show::Nothing)?;
    ensure!(status.code() == Some(1), "check.py accepts a changed example:\n{output}");
    Ok(said)
}

/// A Python that has these packages: a virtual environment in the target folder, made once for each requirements file.
pub fn python_with(requirements: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let wanted = fs::read(requirements)?;
    let (python, done) = (folder.join("bin/python"), folder.join("installed-requirements.txt"));
    if python.exists() && fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let made = run_command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder), Show::Nothing);
    made.context("the worked example needs python3 with venv and pip (Debian: python3-venv)")?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run_command(Command::new(&python).args(install).arg(requirements), Show::Nothing)
        .context("the packages of tests/worked-example/requirements.txt could not be installed")?;
    fs::write(done, wanted)?;
    Ok(python)
}

/// The demo, in the profile that the tests were built in: forty records from spreadsheet to verdict, with the database
/// in the data folder or on a server.
fn demo(root: &Path, data: &Path, database: Option<&str>) -> anyhow::Result<String> {
    if data.exists() {
        fs::remove_dir_all(data).with_context(|| data.display().to_string())?;
    }
    let program = target_folder(root)?.join("debug/hocba");
    let mut demo = Command::new(&program);
    demo.args(["demo", "--once", "--data-dir"]).arg(data).current_dir(root);
    match database {
        None => demo.env_remove(PROGRAM_DATABASE_URL),
        Some(url) => demo.env(PROGRAM_DATABASE_URL, url),
    };
    let said = run_command(&mut demo, Show::Nothing)?;
    if !said.contains("40 of 40 records valid") {
        bail!("{said}\nthe demo did not say `40 of 40 records valid`");
    }
    Ok(said)
}
