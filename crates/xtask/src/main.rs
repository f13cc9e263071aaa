//! Developer commands: `cargo xtask <command>`.
//!
//! One module per command, with an `Args` and a `run`. To add one: a module, a line in [`Command`], a line in [`main`].
#![allow(clippy::print_stdout, reason = "a command line tool talks on stdout")]

mod check;
mod keys_example;
mod layers;
mod steps;
mod test;

use std::path::{Path, PathBuf};

use clap::Parser;

/// What can be asked for.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Developer commands of hocba")]
enum Command {
    /// Format, lints and layers: the fast part of `test`
    Check(check::Args),
    /// Make the example keys and certificates again, or check that the committed ones are unchanged
    KeysExample(keys_example::Args),
    /// Everything that CI runs
    Test(test::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Check(args) => check::run(&args),
        Command::KeysExample(args) => keys_example::run(&args),
        Command::Test(args) => test::run(&args),
    }
}

/// The root of the workspace, wherever the command was called from.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies in crates/xtask").to_owned()
}
