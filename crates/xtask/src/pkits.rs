//! `cargo xtask pkits`: fetches NIST's Public Key Interoperability Test Suite for `crates/signature/tests/pkits.rs`. It
//! comes with its expectations in a source package, pinned by hash in `tests/pkits/requirements.txt`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use clap::Parser;

use crate::{
    steps::{Show, run as run_command},
    test::{python_with, target_folder},
};

/// Nothing to choose: one version, pinned by hash.
#[derive(Parser)]
pub struct Args {}

/// Names the folder with the suite, for the tests.
pub const PKITS: &str = "HOCBA_PKITS";

/// Fetches the suite and says where it is.
pub fn run(_: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let scratch = target_folder(&root)?.join("xtask");
    fetch(&root, &scratch)?;
    println!("{}", folder(&scratch).display());
    Ok(())
}

/// Where the suite is, once it was fetched.
pub fn folder(scratch: &Path) -> PathBuf {
    scratch.join("pkits")
}

/// Fetches the suite, unless it was fetched for these requirements.
pub fn fetch(root: &Path, scratch: &Path) -> anyhow::Result<String> {
    let requirements = root.join("tests/pkits/requirements.txt");
    let wanted = fs::read(&requirements).with_context(|| requirements.display().to_string())?;
    let (folder, fetched) = (folder(scratch), scratch.join("pkits-package"));
    let done = folder.join("fetched-requirements.txt");
    if fs::read(&done).is_ok_and(|had| had == wanted) {
        return Ok(String::new());
    }
    for old in [&folder, &fetched] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| old.display().to_string())?;
        }
    }
    let python = python_with(&root.join("tests/worked-example/requirements.txt"), &scratch.join("python"))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    pip.args(["--no-binary", "pyhanko-certvalidator", "--dest"]).arg(&fetched).arg("--requirement").arg(&requirements);
    run_command(&mut pip, Show::Nothing).context("the source package with NIST PKITS could not be fetched")?;

    let archive = only_entry(&fetched)?;
    let unpacked = fetched.join("unpacked");
    let mut tar = Command::new(&python);
    tar.args(["-m", "tarfile", "--extract"]).arg(&archive).arg(&unpacked);
    run_command(&mut tar, Show::Nothing).with_context(|| archive.display().to_string())?;
    let suite = only_entry(&unpacked)?.join("tests/fixtures/nist_pkits");
    fs::rename(&suite, &folder).with_context(|| suite.display().to_string())?;
    fs::remove_dir_all(&fetched)?;
    fs::write(done, wanted)?;
    Ok(String::new())
}

fn only_entry(folder: &Path) -> anyhow::Result<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<_>>()?;
    ensure!(entries.len() == 1, "{} has {} entries, not one", folder.display(), entries.len());
    Ok(entries[0].clone())
}
