//! `cargo xtask check`: the fast part of `test`, for before a commit: format, lints, documentation, layers.

use std::{ffi::OsString, path::Path, process::Command};

use clap::Parser;

use crate::{
    layers,
    steps::{Show, Steps, run as run_command},
};

/// Nothing to choose.
#[derive(Parser)]
pub struct Args {}

/// Runs the checks.
pub fn run(_: &Args) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    fast(&mut steps, &crate::workspace_root())?;
    steps.summary();
    Ok(())
}

/// The steps that `check` and `test` share.
pub fn fast(steps: &mut Steps, root: &Path) -> anyhow::Result<()> {
    steps.run("format", || run_command(cargo(root).args(["fmt", "--all", "--check"]), Show::Nothing))?;
    steps.run("lints (clippy)", || {
        let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
        run_command(cargo(root).args(arguments), Show::Nothing)
    })?;
    steps.run("documentation (rustdoc)", || {
        let arguments = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
        run_command(cargo(root).args(arguments).env("RUSTDOCFLAGS", "-D warnings"), Show::Nothing)
    })?;
    steps.run("layers", || layers::check(root))
}

/// Cargo, as it was called, at the root.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    command
}
