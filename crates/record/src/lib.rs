//! TBD
pub mod canonical;
pub mod draft;
pub mod encoding;
pub mod form;
pub mod section;
pub mod types;
