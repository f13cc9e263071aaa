//! `cargo xtask browser`: the link of a fresh demonstration in a real browser, on a phone's screen and a desktop's.
//!
//! Checks the verdict sentence in the page that the browser built (decrypted there, from the key in the fragment), and
//! leaves screenshots to look at in the target folder.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::Value;

use crate::{
    check::cargo,
    steps::{Show, run as run_command},
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
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a demonstration and looks at it.
pub fn run(args: &Args) -> anyhow::Result<()> {
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
