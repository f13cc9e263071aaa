//! `cargo xtask guides`: makes the pictures of `docs/guides` again, from the samples of pages.
//!
//! `docs/guides/pictures.json` says of what; `tests/js/guides.mjs` takes them. Fonts are the machine's, so a picture that was
//! made elsewhere differs in bytes: look at what changed before it is committed.

use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::Parser;

use crate::{
    browser::{Samples, find},
    test::node_packages,
};

/// Which browser. With Debian's `chromium-l10n` its own words, such as those of a file's button, are Vietnamese.
#[derive(Parser)]
pub struct Args {
    /// A Chromium.
    #[arg(long, default_value = "chromium")]
    browser: String,
}

/// Serves the samples and takes the pictures.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let browser = find(&args.browser)?;
    let scripts = root.join("tests/js");
    node_packages(&scripts)?;
    let samples = Samples::serve(&root)?;
    let mut node = Command::new("node");
    node.arg("guides.mjs").arg(&samples.address).arg(root.join("docs/guides")).arg(&samples.said).arg(&browser);
    let status = node.current_dir(&scripts).status().context("`node` (20 or newer)")?;
    ensure!(status.success(), "not every picture was made");
    Ok(())
}
