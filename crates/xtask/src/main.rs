//! Developer commands: `cargo xtask <command>`.
//!
//! One module per command, with an `Args` and a `run`. To add one: a module, a line in [`Command`], a line in [`main`].
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks on stdout and stderr")]

mod bench;
mod browser;
mod check;
mod fuzz;
mod guides;
mod keys_example;
mod layers;
mod lighthouse;
mod load;
mod network;
mod pkits;
mod postgres;
mod soak;
mod softhsm;
mod steps;
mod sweeps;
mod test;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

/// What can be asked for.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Developer commands of hocba")]
enum Command {
    /// Time the core operations beside raw SHA-256 and Ed25519
    Bench(bench::Args),
    /// Look at a fresh demonstration in a real browser (Chromium)
    Browser(browser::Args),
    /// Serve the samples of all pages on this machine, without a database, to look at them
    Pages,
    /// Format, lints and layers: the fast part of `test`
    Check(check::Args),
    /// Fuzz every parser of outside bytes (nightly compiler and cargo-fuzz)
    Fuzz(fuzz::Args),
    /// Take the pictures of docs/guides again (Chromium)
    Guides(guides::Args),
    /// Make the example keys and certificates again, or check that the committed ones are unchanged
    KeysExample(keys_example::Args),
    /// Weigh the class's page and the check page: Lighthouse's scores and bytes, from a real server
    Lighthouse(lighthouse::Args),
    /// 300 homeroom teachers sign their classes at once while pages are read: how much slower pages are then
    Load(load::Args),
    /// Run client and anchoring service on real nodes, and kill some of them in the middle of deliveries
    Network(network::Args),
    /// Fetch NIST PKITS, which the tests of certificate paths and revocation read
    Pkits(pkits::Args),
    /// Run a throw-away PostgreSQL server and print its URL
    Postgres(postgres::Args),
    /// Kill the program at random moments of a class's way, and look whether anything was lost
    Soak(soak::Args),
    /// Fetch a software token for the tests of PKCS#11, where none is installed
    Softhsm(softhsm::Args),
    /// The tests that begin hundreds of worlds, on PostgreSQL
    Sweeps(sweeps::Args),
    /// Everything that CI runs
    Test(test::Args),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Bench(args) => bench::run(&args),
        Command::Browser(args) => browser::run(&args),
        Command::Pages => browser::serve_samples(),
        Command::Check(args) => check::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Guides(args) => guides::run(&args),
        Command::KeysExample(args) => keys_example::run(&args),
        Command::Lighthouse(args) => lighthouse::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Network(args) => network::run(&args),
        Command::Pkits(args) => pkits::run(&args),
        Command::Postgres(args) => postgres::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Softhsm(args) => softhsm::run(&args),
        Command::Sweeps(args) => sweeps::run(&args),
        Command::Test(args) => test::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not by `?`: with RUST_BACKTRACE set, anyhow would bury a step's output under a backtrace.
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace, wherever the command was called from.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies in crates/xtask").to_owned()
}
