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
    // What cargo tells a program that it runs, such as this one. The build script of `ring` looks at it, so that `ring` and
    // all above it, half of the workspace, would be built again whenever `cargo build` comes after `cargo xtask`.
    for (name, _) in std::env::vars_os() {
        let of_the_caller = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
        });
        if of_the_caller {
            command.env_remove(name);
        }
    }
    command
}
