//! The demonstration: a made-up authority, school and class, through every step.

mod authority;
mod book;
mod walk;

pub use authority::{ISSUER, begin_database, init};
pub use walk::{DemoArgs, run};
