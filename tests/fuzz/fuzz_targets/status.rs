#![no_main]
//! A status statement's payload.

use hocba_signature::status::StatusChange;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(change) = StatusChange::from_bytes(data) {
        assert_eq!(change.to_bytes(), data);
    }
});
