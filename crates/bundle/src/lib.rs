//! TBD
pub mod assemble;
pub mod facts;
pub mod format;
pub mod profile;
pub mod report;
pub mod snapshot;
pub mod verify;
