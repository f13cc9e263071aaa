//! `fsck`.
use super::Context;
use crate::error::Exit;
pub fn run(_: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("not yet")
}
