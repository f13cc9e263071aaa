//! `cargo xtask softhsm`: SoftHSM 2 under the target folder, where the tests look for it.

use clap::Parser;

use crate::test::target_folder;

/// Nothing to choose.
#[derive(Parser)]
pub struct Args {}

/// Fetches Debian's packages and unpacks them, unless SoftHSM is installed or there already.
pub fn run(_: &Args) -> anyhow::Result<()> {
    let folder = target_folder(&crate::workspace_root())?.join("xtask/softhsm");
    let said = hocba_test_softhsm::fetch(&folder)?;
    print!("{said}");
    println!("SoftHSM 2 is installed, or in {}", folder.display());
    Ok(())
}
