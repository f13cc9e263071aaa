//! `cargo xtask lighthouse`: what two pages weigh, and what Lighthouse says of them: a class of forty before its teacher signs,
//! and the check of a transcript by its link.
//!
//! From a real server with the headers it has in earnest. Lighthouse imitates a slow phone on a slow line (its defaults); of several
//! runs the median counts: run it where nothing else runs. Fails below the limits, and where anything
//! is asked of another host. Figures are in `docs/performance.md`.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::{Value, json};

use crate::{
    browser::find,
    check::cargo,
    steps::{Show, run as run_command},
    test::node_packages,
};

const SCHOOL: &str = "79DEMO001";
/// Pupils of the class, as the law has it for secondary schools.
const PUPILS: usize = 40;
/// The least of each score, of 100.
const LEAST_SCORE: u32 = 95;
/// The most bytes that a page transfers with all that belongs to it: three seconds of a weak mobile line (256 kbit/s).
const MOST_BYTES: u32 = 100_000;

/// With what, and how often.
#[derive(Parser)]
pub struct Args {
    /// A Chromium.
    #[arg(long, default_value = "chromium")]
    browser: String,
    /// Runs of each page; the median counts.
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Use this program instead of building one (unoptimised).
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Serves both pages, lets Lighthouse look at them, and compares.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let browser = find(&args.browser)?;
    let scripts = root.join("tests/js/lighthouse");
    node_packages(&scripts).context("Lighthouse is an npm package of tests/js/lighthouse (node 20 with npm)")?;
    let target = crate::test::target_folder(&root)?;
    let program = match &args.program {
        Some(program) => fs::canonicalize(program)?,
        None => {
            // With the features that the tests have, so that nothing else is built anew.
            let build = ["build", "--locked", "--quiet", "--workspace", "--bins", "--example", "samples"];
            run_command(cargo(&root).args(build), Show::Nothing)?;
            target.join("debug/hocba")
        }
    };
    let home = target.join("xtask/lighthouse");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let hocba = Hocba { program, home: home.clone() };

    let (_demo, said) = hocba.start(&["demo", "--data-dir", "demo"])?;
    let link = said["link"].as_str().context("the demo gave no link")?;
    let (slip, classes) = class(&hocba)?;
    let (_school, said) =
        hocba.start(&["serve", "--data-dir", "school", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"])?;
    let told = json!({
        "chromium": browser, "runs": args.runs, "score": LEAST_SCORE, "bytes": MOST_BYTES, "reports": home,
        "link": link, "base": said["url"], "slip": slip, "classes": classes, "class": "9A3", "pupils": PUPILS,
    });
    let mut node = Command::new("node");
    node.arg("measure.mjs").arg(told.to_string()).current_dir(&scripts).stdin(Stdio::null());
    let status = node.status().context("`node` (20 or newer)")?;
    ensure!(status.success(), "a page is not as light as it should be; whole reports are in {}", home.display());
    Ok(())
}

/// A school with a class whose marks are in and whose teacher has not signed: the page with most on it. Gives the slip of the
/// teacher and the address of the list of classes.
fn class(hocba: &Hocba) -> anyhow::Result<(Value, String)> {
    hocba.done(&["init", "--demo", "--data-dir", "school"])?;
    let path = hocba.home.join("school/hocba.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path)?)?;
    config["chain"]["port"] = free_port().into();
    fs::write(&path, config.to_string())?;
    let (header, drafts) = hocba_sample::class(7, &hocba_sample::Options::lower_secondary().with_pupils(PUPILS));
    fs::write(hocba.home.join("9A3.xlsx"), hocba_workbook::template(Some(&header), &[], &drafts)?)?;
    hocba.done(&["import", "9A3.xlsx", "--data-dir", "school"])?;
    let slip = hocba.done(&["account", "reset", "giaovien", "--data-dir", "school"])?;
    Ok((slip["slips"][0]["code"].clone(), format!("/school/{SCHOOL}/classes")))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_or(0, |address| address.port())
}

/// The program, with a home of its own.
struct Hocba {
    program: PathBuf,
    home: PathBuf,
}

impl Hocba {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).arg("--json").current_dir(&self.home).env("XDG_STATE_HOME", self.home.join("state"));
        command.env_remove("HOCBA_DATABASE_URL").stdin(Stdio::null());
        command
    }

    /// A command that has to succeed; gives its document.
    fn done(&self, args: &[&str]) -> anyhow::Result<Value> {
        let output = self.command(args).output()?;
        let complained = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`hocba {}` ended with {}: {complained}", args.join(" "), output.status);
        serde_json::from_slice(&output.stdout).with_context(|| format!("`hocba {}` gave no document", args.join(" ")))
    }

    /// Starts a command that serves; gives its first document.
    fn start(&self, args: &[&str]) -> anyhow::Result<(Serving, Value)> {
        let log = fs::File::create(self.home.join(format!("{}.log", args[0])))?;
        let mut child = self.command(args).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("piped")?);
        let serving = Serving(child);
        let (mut text, mut line) = (String::new(), String::new());
        while out.read_line(&mut line)? > 0 {
            text.push_str(&line);
            line.clear();
            if let Ok(said) = serde_json::from_str(&text) {
                // What it says later is read on, or it would stop at a full pipe.
                std::thread::spawn(move || out.lines().for_each(drop));
                return Ok((serving, said));
            }
        }
        anyhow::bail!("`hocba {}` ended without a document: {text}", args.join(" "))
    }
}

/// A server; killed when this is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
