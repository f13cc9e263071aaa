#![no_main]
//! Canonical JSON: every value has one form, and serde_json reads the same value in it.

use hocba_record::canonical::{CanonicalError, Json, Limits, from_slice, parse, parse_canonical};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { bytes: 1 << 16, depth: 12 };

fuzz_target!(|data: &[u8]| {
    let value = match parse(data, LIMITS) {
        Ok(value) => value,
        Err(error) => {
            assert!(!matches!(error, CanonicalError::NotCanonical { .. } | CanonicalError::Shape { .. }));
            assert!(parse_canonical(data, LIMITS).is_err());
            return;
        }
    };
    let bytes = value.to_bytes();
    assert_eq!(parse_canonical(&bytes, LIMITS).as_ref(), Ok(&value));
    assert_eq!(from_slice::<Json>(&bytes, LIMITS).as_ref(), Ok(&value));
    assert_eq!(parse_canonical(data, LIMITS).is_ok(), data == bytes);
    let text = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    let theirs: serde_json::Value = serde_json::from_slice(text).expect("what we take is JSON");
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&bytes).expect("so is what we write"), theirs);
});
