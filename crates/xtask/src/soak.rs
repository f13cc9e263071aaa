//! `cargo xtask soak`: kills the program at random moments of a class's way, again and again, and looks whether
//! anything was lost, doubled or half-written.
//!
//! Each round begins with a class of forty that was imported and appointed for. It is signed, co-signed, sealed and
//! anchored by the commands a school would use; SIGKILL strikes at a random moment of that, several times if it strikes
//! early; after each, `hocba fsck` must be clean, and the same commands must lead to the end: forty records in force,
//! each anchored once, every bundle valid.
//!
//! Then the chain's part ([`chain`]): a hundred batches on a node of its own, the service killed a hundred times and the
//! node ten times.
#![allow(clippy::disallowed_methods, reason = "when to kill is what the clock is for")]

mod chain;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use serde_json::Value;

use crate::{
    check::cargo,
    steps::{Show, run as run_command},
};

/// The way of a class, command by command.
const WAY: [&[&str]; 6] = [&["sign"], &["cosign"], &["seal"], &["anchor", "--once"], &["snapshot"], &["bundle"]];

/// How long and how hard.
#[derive(Parser)]
pub struct Args {
    /// How many times the program is killed.
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// The same number kills at the same places of the clock.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many batches are anchored while service and node are killed; 0 leaves that part out.
    #[arg(long, default_value_t = 100)]
    batches: u32,
    /// How many times the node is killed meanwhile.
    #[arg(long, default_value_t = 10)]
    node_kills: u32,
    /// Use this program instead of building one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Runs the rounds.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let program = match &args.program {
        Some(program) => program.clone(),
        None => {
            run_command(cargo(&root).args(["build", "--locked", "--quiet", "--package", "hocba-cli"]), Show::Nothing)?;
            crate::test::target_folder(&root)?.join("debug/hocba")
        }
    };
    let scratch = crate::test::target_folder(&root)?.join("xtask/soak");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    let hocba = Hocba { program, home: scratch.clone() };
    if args.kills > 0 {
        class(args, &hocba, &scratch)?;
    }
    if args.batches > 0 {
        chain::run(args, &hocba, &scratch.join("chain"))?;
    }
    Ok(())
}

/// A class's way, from its import to its bundles.
fn class(args: &Args, hocba: &Hocba, scratch: &Path) -> anyhow::Result<()> {
    let base = scratch.join("base");
    hocba.done(&base, &["init", "--demo"])?;
    fs::copy(example_class(hocba, scratch)?, scratch.join("class.xlsx"))?;
    hocba.done(&base, &["import", "class.xlsx"])?;
    hocba.done(&base, &["appoint"])?;
    let clean = {
        let folder = scratch.join("clean");
        copy(&base, &folder)?;
        let began = Instant::now();
        for command in WAY {
            hocba.done(&folder, command)?;
        }
        began.elapsed()
    };
    println!("a clean way takes {clean:.1?}; killing {} times, seed {}", args.kills, args.seed);

    let mut dice = Dice(args.seed);
    let mut struck: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut kills, mut rounds) = (0, 0);
    while kills < args.kills {
        rounds += 1;
        let folder = scratch.join(format!("round-{rounds}"));
        copy(&base, &folder)?;
        // Up to three kills in one round; then the way has to lead to its end.
        for _ in 0..3 {
            if kills == args.kills {
                break;
            }
            let after = Duration::from_secs_f64(clean.as_secs_f64() * dice.unit());
            let Some(command) = hocba.kill_after(&folder, after)? else { break };
            kills += 1;
            *struck.entry(command).or_default() += 1;
            hocba.fsck(&folder).with_context(|| format!("round {rounds}, killed in `{command}` after {after:.1?}"))?;
        }
        hocba.end(&folder).with_context(|| format!("round {rounds}"))?;
        fs::remove_dir_all(&folder)?;
        if rounds % 5 == 0 {
            println!("  {kills} kills, {rounds} rounds");
        }
    }
    let struck: Vec<String> = struck.iter().map(|(command, n)| format!("{command} {n}")).collect();
    println!("{kills} kills in {rounds} rounds ({}): nothing lost, nothing doubled, fsck clean", struck.join(", "));
    Ok(())
}

/// The demonstration's spreadsheet.
fn example_class(hocba: &Hocba, scratch: &Path) -> anyhow::Result<PathBuf> {
    let demo = scratch.join("demo");
    hocba.done(&demo, &["demo", "--once"])?;
    Ok(demo.join("class.xlsx"))
}

struct Hocba {
    program: PathBuf,
    home: PathBuf,
}

impl Hocba {
    fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).arg("--data-dir").arg(folder).arg("--json").current_dir(&self.home);
        command.env("XDG_STATE_HOME", self.home.join("state")).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A command that has to succeed; gives what it said.
    fn done(&self, folder: &Path, args: &[&str]) -> anyhow::Result<String> {
        let output = self.command(folder, args).stdout(Stdio::piped()).stderr(Stdio::piped()).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "`hocba {}` ended with {}:\n{said}{}",
            args.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// Walks the way and kills whatever runs after this time. Gives the command that was killed, if it was not at the
    /// end before.
    fn kill_after(&self, folder: &Path, after: Duration) -> anyhow::Result<Option<&'static str>> {
        let deadline = Instant::now() + after;
        for args in WAY {
            let mut child = self.command(folder, args).spawn()?;
            loop {
                if let Some(status) = child.try_wait()? {
                    ensure!(status.success(), "`hocba {}` ended with {status}", args.join(" "));
                    break;
                }
                if Instant::now() >= deadline {
                    child.kill()?;
                    child.wait()?;
                    return Ok(args.first().copied());
                }
                thread::sleep(Duration::from_millis(2));
            }
        }
        Ok(None)
    }

    fn fsck(&self, folder: &Path) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.done(folder, &["fsck"])?)?)
    }

    /// The way to its end, and what has to be true there.
    fn end(&self, folder: &Path) -> anyhow::Result<()> {
        for command in WAY {
            self.done(folder, command)?;
        }
        let report = self.fsck(folder)?;
        let number = |path: &str| report.pointer(path).and_then(Value::as_u64);
        ensure!(number("/checked/records") == Some(40), "forty records were there: {report}");
        ensure!(number("/checked/anchored") == Some(40), "forty records were to be anchored: {report}");
        let profile = folder.join("profile.hocba-profile.json");
        let snapshot = folder.join("snapshot.hocba-snapshot.json");
        let mut bundles: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(folder.join("bundles/9A3"))? {
            bundles.push(entry?.path());
        }
        if bundles.len() != 40 {
            bail!("{} bundles, not forty", bundles.len());
        }
        let mut verify = self.command(folder, &["verify", "--no-state"]);
        verify.arg("--profile").arg(profile).arg("--snapshot").arg(snapshot).args(bundles);
        let output = verify.stdout(Stdio::piped()).output()?;
        ensure!(output.status.success(), "not all bundles are valid:\n{}", String::from_utf8_lossy(&output.stdout));
        Ok(())
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): random enough for when to kill.
struct Dice(u64);

impl Dice {
    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
