//! Programs of others that tests need: node with packages of `tests/js`, a browser; and scripts of ours that run on them.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::repository;

fn on_the_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The folder of scripts, where node is there and has these packages.
///
/// # Errors
/// What is missing, and how to get it: for a test to say when it skips.
pub fn scripts(packages: &[&str]) -> Result<PathBuf, String> {
    if on_the_path("node").is_none() {
        return Err("no `node` (20 or newer)".into());
    }
    let folder = repository().join("tests/js");
    let lacks = |package: &&&str| !folder.join("node_modules").join(package).join("package.json").is_file();
    match packages.iter().find(lacks) {
        Some(package) => Err(format!("no npm package {package} (`npm ci --ignore-scripts` in tests/js)")),
        None => Ok(folder),
    }
}

/// A Chromium, where node can drive it and has these packages besides.
///
/// # Errors
/// As [`scripts`].
pub fn browser(packages: &[&str]) -> Result<PathBuf, String> {
    scripts(&["playwright-core"])?;
    scripts(packages)?;
    on_the_path("chromium").ok_or_else(|| "no `chromium` (Debian: apt-get install chromium)".into())
}

/// Runs a script of `tests/js` to its good end; what it printed.
///
/// # Panics
/// With all that it said, where it ends otherwise.
pub fn run(script: &str, arguments: &[&str]) -> String {
    let file = repository().join("tests/js").join(script);
    let ended = Command::new("node").arg(file).args(arguments).stdin(Stdio::null()).output().expect("node runs");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{script}: {out}\n{err}");
    out.into_owned()
}
