//! What a test may rely on: nodes that answer, are nobody else's, survive a kill and leave nothing behind; and the habits
//! of these nodes that the crate's documentation tells clients of.
//!
//! Skipped where node or the npm packages are not installed, and where tests of minutes were not asked for; each then says
//! what would let it run.

mod anvil;
mod habits;
mod network;
mod support;
