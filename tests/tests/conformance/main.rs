//! Conformance: what we build is held against what others published (RFC examples, Wycheproof, the JCS test data) and
//! against independent libraries (npm `jose` and `canonicalize`, run by node); and properties that hold whatever comes.
//!
//! Each vector names its source. Where we refuse what a source accepts, the test says so and why.

mod ed25519;
mod events;
mod hkdf;
mod independent;
mod jcs;
mod json;
mod jws;
mod properties;
mod sd_jwt;
mod signatures;
mod spki;

use std::path::PathBuf;

/// A file of `tests/vectors`.
fn vector_file(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "vectors", name].iter().collect();
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A file of `tests/vectors` as JSON, read by serde_json and not by our own reader.
fn vectors(name: &str) -> serde_json::Value {
    serde_json::from_slice(&vector_file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A text member.
fn text<'a>(value: &'a serde_json::Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is text"))
}

/// A member of hex digits.
fn hex(value: &serde_json::Value, name: &str) -> Vec<u8> {
    let digits = text(value, name).as_bytes();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(pair, 16).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    digits.chunks(2).map(byte).collect()
}
