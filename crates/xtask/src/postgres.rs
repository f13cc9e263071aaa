//! `cargo xtask postgres`: a throw-away PostgreSQL for a developer, until Ctrl-C or the end of standard input.

use std::io::Read as _;

use clap::Parser;
use hocba_test_postgres::{Postgres, Settings};

/// What kind of server.
#[derive(Parser)]
pub struct Args {
    /// Let commits wait for the disk, as in production
    #[arg(long)]
    durable: bool,
}

/// Starts a server and says where it is. Needs nothing to be done at its end: killed by Ctrl-C, it is cleared away by
/// the shell that watches over it.
pub fn run(args: &Args) -> anyhow::Result<()> {
    crate::test::node_packages(&crate::workspace_root().join("tests/js"))?;
    let server = Postgres::start(&Settings { durable: args.durable, ..Settings::default() })?;
    let url = server.url("postgres");
    println!("{url}\n\nTests on it, in another shell:\n  DATABASE_URL='{url}' cargo nextest run -p hocba-store");
    println!("It stops, and all that is in it goes, at Ctrl-C.");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
