//! One module per command. Each has its work (used by the demonstration too) and a `run` that prints what came of it.

pub mod account;
pub mod anchor;
pub mod appoint;
pub mod appointments;
pub mod bench;
pub mod book;
pub mod bundle;
pub mod ca;
pub mod chain;
pub mod database;
pub mod doctor;
pub mod evidence;
pub mod export;
pub mod fsck;
pub mod generate;
pub mod import;
pub mod init;
pub mod inspect;
pub mod link;
pub mod profile;
pub mod school;
pub mod serve;
pub mod sign;
pub mod signer;
pub mod snapshot;
pub mod status;
pub mod template;
pub mod verify;
pub mod watch;
pub mod year;

use std::path::PathBuf;

use crate::output::Output;

/// What every command gets.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where words go.
    pub out: Output,
    /// The data folder.
    pub data_dir: PathBuf,
}
