//! TBD
pub mod facts;
