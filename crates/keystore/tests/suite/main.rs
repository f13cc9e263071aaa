//! Classes of forty, signed with keys wherever they live.

mod class;
mod files;
mod pkcs12;
mod tokens;
