//! `cargo xtask browser`: the link of a fresh demonstration in a real browser, on a phone's screen and a desktop's.
//!
//! Checks the verdict sentence in the page that the browser built (decrypted there, from the key in the fragment), and
//! leaves screenshots to look at in the target folder.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::Value;

use crate::{
    check::cargo,
    steps::{Show, run as run_command},
    test::node_packages,
};

/// Screens: name, width and height in CSS pixels.
const SCREENS: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desktop", 1280, 900)];
/// The sentence that a valid transcript's page begins with.
const GENUINE: &str = "Học bạ này là thật và đang có hiệu lực";

/// Which browser.
#[derive(Parser)]
pub struct Args {
    /// A Chromium.
    #[arg(long, default_value = "chromium")]
    browser: String,
    /// Look at the samples of the staff pages instead, with axe-core (several minutes)
    #[arg(long)]
    pages: bool,
}

/// `cargo xtask pages`: the samples of all pages on this machine, without a database, until it is interrupted.
pub fn serve_samples() -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let status = Command::new(samples_program(&root)?).status()?;
    ensure!(status.success(), "the samples server ended with {status}");
    Ok(())
}

/// The samples server, built with the features of the workspace, so that nothing else is built anew.
fn samples_program(root: &Path) -> anyhow::Result<PathBuf> {
    run_command(cargo(root).args(["build", "--locked", "--workspace", "--example", "samples"]), Show::Nothing)?;
    Ok(crate::test::target_folder(root)?.join("debug/examples/samples"))
}

/// The whole path of a program.
///
/// # Errors
/// When it is not installed, saying how to get it.
pub fn find(browser: &str) -> anyhow::Result<String> {
    let found = Command::new("sh").args(["-c", &format!("command -v '{browser}'")]).output()?;
    ensure!(found.status.success(), "no `{browser}` (Debian: apt-get install chromium)");
    Ok(String::from_utf8(found.stdout)?.trim().to_owned())
}

/// The samples server; ends when this is dropped.
pub struct Samples {
    /// Where it listens: scheme, host and port.
    pub address: String,
    /// What it said until then, line by line: names of links, and where they lead.
    pub said: String,
    _serving: Serving,
}

impl Samples {
    /// Builds it and starts it.
    ///
    /// # Errors
    /// When it cannot be built, or ends before it serves.
    pub fn serve(root: &Path) -> anyhow::Result<Self> {
        let mut samples = Command::new(samples_program(root)?);
        let mut child = samples.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("the output of the samples server")?);
        let serving = Serving(child);
        let mut said = String::new();
        let address = loop {
            let before = said.len();
            ensure!(out.read_line(&mut said)? > 0, "the samples server ended before it served");
            let line = said[before..].trim();
            if let Some(address) =
                line.strip_prefix("staff pages").and_then(|rest| rest.trim().strip_suffix("/samples"))
            {
                break address.to_owned();
            }
        };
        // The line stands before the listener answers; what is read goes on being read, or the server would stop at a full pipe.
        std::thread::spawn(move || out.lines().for_each(drop));
        Ok(Self { address, said, _serving: serving })
    }
}

/// Every sample of the staff pages: languages, colours, screens (tests/js/pages.mjs).
fn look_at_pages(args: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let browser = find(&args.browser)?;
    let scripts = root.join("tests/js");
    node_packages(&scripts)?;
    let folder = crate::test::target_folder(&root)?.join("xtask/pages");
    let samples = Samples::serve(&root)?;
    let mut node = Command::new("node");
    let status =
        node.arg("pages.mjs").arg(&samples.address).args([&folder]).arg(&browser).current_dir(&scripts).status();
    let status = status.context("node")?;
    ensure!(status.success(), "the pages have faults");
    Ok(())
}

/// A program that ends when this is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a demonstration and looks at it.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.pages {
        return look_at_pages(args);
    }
    let root = crate::workspace_root();
    run_command(cargo(&root).args(["build", "--locked", "--quiet", "--package", "hocba-cli"]), Show::Nothing)?;
    let target = crate::test::target_folder(&root)?;
    let scratch = target.join("xtask/browser");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    let mut demo = Command::new(target.join("debug/hocba"));
    demo.args(["demo", "--json", "--data-dir"]).arg(scratch.join("demo"));
    let mut child = demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut out = BufReader::new(child.stdout.take().context("the demo's output")?);
    let _serving = Serving(child);
    let mut said = String::new();
    let link = loop {
        ensure!(out.read_line(&mut said)? > 0, "the demo ended before it served: {said}");
        if let Ok(document) = serde_json::from_str::<Value>(&said) {
            break document["link"].as_str().context("the demo gave no link")?.to_owned();
        }
    };
    for (name, width, height) in SCREENS {
        let picture = scratch.join(format!("{name}.png"));
        look(
            args,
            &link,
            &[&format!("--window-size={width},{height}"), &format!("--screenshot={}", picture.display())],
        )?;
        ensure!(fs::metadata(&picture).is_ok_and(|m| m.len() > 10_000), "no screenshot for {name}");
    }
    let page = look(args, &link, &["--dump-dom"])?;
    ensure!(page.contains(GENUINE), "the page does not say `{GENUINE}`:\n{page}");
    let other = format!("{}{}", &link[..link.len() - 4], if link.ends_with("AAAA") { "AAAE" } else { "AAAA" });
    let page = look(args, &other, &["--dump-dom"])?;
    ensure!(!page.contains(GENUINE), "another secret opened the transcript");
    println!("{GENUINE}: seen in the browser; screenshots in {}", scratch.display());
    Ok(())
}

fn look(args: &Args, link: &str, more: &[&str]) -> anyhow::Result<String> {
    let mut browser = Command::new(&args.browser);
    browser.args([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--virtual-time-budget=10000",
    ]);
    let output = browser.args(more).arg(link).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.with_context(|| format!("`{}` (Debian: apt-get install chromium)", args.browser))?;
    ensure!(output.status.success(), "the browser ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
