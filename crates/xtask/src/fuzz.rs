//! `fuzz`: builds the targets of tests/fuzz with the nightly compiler and runs each for a while.
//!
//! The committed seeds are read only; what a run finds worth keeping goes to tests/fuzz/corpus (not committed), what made
//! a target fail to tests/fuzz/artifacts.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, bail, ensure};

use crate::{
    steps::{self, Show},
    workspace_root,
};

/// Memory a target may take, in MiB: the largest parsers' own limits are a quarter of a gibibyte, the sanitizer triples
/// it.
const RSS_LIMIT_MB: u32 = 2048;
/// Seconds one input may take: the costliest key file that is not refused takes a second without sanitizer.
const TIMEOUT: u32 = 60;

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub struct Args {
    /// Seconds for each target
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Only this target; may be given more than once
    #[arg(long)]
    target: Vec<String>,
    /// Targets that run at the same time
    #[arg(long, default_value_t = 1)]
    jobs: usize,
}

struct Outcome {
    target: String,
    executions: Option<u64>,
    /// The end of its output, if it failed.
    failure: Option<String>,
}

/// Runs the targets; fails if one of them did.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = workspace_root();
    let folder = root.join("tests/fuzz");
    let targets = targets(&folder, &args.target)?;
    if steps::run(&mut cargo_fuzz(&root, "--version"), Show::Nothing).is_err() {
        bail!(
            "the targets need a nightly compiler and cargo-fuzz:\n    rustup toolchain install nightly\n    cargo install cargo-fuzz"
        );
    }
    println!("==> building {} targets", targets.len());
    let mut build = cargo_fuzz_command(&root, "build");
    if let [only] = targets.as_slice() {
        build.arg(only);
    }
    steps::run(&mut build, Show::Nothing)?;

    println!("==> {} s each, {} at a time", args.seconds, args.jobs);
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..args.jobs.clamp(1, targets.len()) {
            scope.spawn(|| {
                while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run_target(&root, &folder, target, args.seconds);
                    println!("{}", line(&outcome));
                    outcomes.lock().expect("no thread panics with it").push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no thread panics with it");
    let failed: Vec<&Outcome> = outcomes.iter().filter(|o| o.failure.is_some()).collect();
    for outcome in &failed {
        println!("\n==> {}\n{}", outcome.target, outcome.failure.as_deref().unwrap_or_default());
    }
    ensure!(failed.is_empty(), "{} of {} targets failed; inputs in tests/fuzz/artifacts", failed.len(), outcomes.len());
    let executions: u64 = outcomes.iter().filter_map(|o| o.executions).sum();
    println!("{} targets, {executions} executions, no failure", outcomes.len());
    Ok(())
}

fn line(outcome: &Outcome) -> String {
    let executions = outcome.executions.map_or("?".to_owned(), |n| n.to_string());
    let result = if outcome.failure.is_some() { "FAILED" } else { "ok" };
    format!("{:<16} {executions:>12} executions  {result}", outcome.target)
}

/// The targets asked for, or all.
fn targets(folder: &Path, wanted: &[String]) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder.join("fuzz_targets")).context("tests/fuzz/fuzz_targets")? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "rs") {
            all.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    all.sort();
    for target in wanted {
        ensure!(all.contains(target), "no target is called {target}; there are {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

fn run_target(root: &Path, folder: &Path, target: &str, seconds: u64) -> Outcome {
    let ended = (|| {
        let (corpus, seeds) = (folder.join("corpus").join(target), folder.join("seeds").join(target));
        fs::create_dir_all(&corpus)?;
        let mut run = cargo_fuzz_command(root, "run");
        run.arg(target).args([corpus, seeds]).arg("--");
        run.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
        run.arg(format!("-timeout={TIMEOUT}")).arg(format!("-rss_limit_mb={RSS_LIMIT_MB}"));
        steps::capture(&mut run, Show::Nothing)
    })();
    let target = target.to_owned();
    match ended {
        Err(error) => Outcome { target, executions: None, failure: Some(format!("{error:#}")) },
        Ok((status, output)) => {
            let executions = executions(&output);
            let failure = (!status.success()).then(|| tail(&output, 60));
            Outcome { target, executions, failure }
        }
    }
}

/// libFuzzer's own count at the end of a run.
fn executions(output: &str) -> Option<u64> {
    output.lines().find_map(|line| line.trim().strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok())
}

fn tail(output: &str, lines: usize) -> String {
    let all: Vec<&str> = output.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn cargo_fuzz_command(root: &Path, command: &str) -> Command {
    let mut fuzz = cargo_fuzz(root, command);
    fuzz.args(["--fuzz-dir", "tests/fuzz"]);
    fuzz
}

/// `cargo +nightly fuzz …`, out of reach of the stable toolchain that runs this program.
fn cargo_fuzz(root: &Path, command: &str) -> Command {
    let mut fuzz = Command::new("rustup");
    fuzz.args(["run", "nightly", "cargo", "fuzz", command]).current_dir(root);
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTFLAGS"] {
        fuzz.env_remove(variable);
    }
    fuzz
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_read_from_the_final_statistics() {
        let output = "#2 INITED cov: 3\nDone 91 runs in 2 second(s)\nstat::number_of_executed_units: 91\nstat::x: 1\n";
        assert_eq!(executions(output), Some(91));
        assert_eq!(executions("==1== ERROR: libFuzzer: deadly signal"), None);
    }

    #[test]
    fn every_target_has_a_line_in_the_manifest_and_seeds() {
        let folder = workspace_root().join("tests/fuzz");
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("manifest");
        let all = targets(&folder, &[]).expect("targets");
        assert!(all.len() >= 14, "{all:?}");
        for target in all {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
            assert!(folder.join("seeds").join(&target).is_dir(), "{target} has no seeds");
        }
    }
}
