#![no_main]
//! A record's payload; and, since both are JSON, a section of every name.

use hocba_record::{
    canonical::{Limits, parse_canonical},
    disclosure::extent,
    payload::RecordPayload,
    section::Section,
};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 12] = [
    "school_details",
    "identity",
    "result",
    "conduct",
    "attendance",
    "promotion",
    "awards",
    "remarks",
    "completion",
    "manifest",
    "history",
    "subject.toan",
];

fuzz_target!(|data: &[u8]| {
    if let Ok(payload) = RecordPayload::from_bytes(data) {
        assert_eq!(payload.to_bytes(), data);
    }
    let Ok(value) = parse_canonical(data, Limits { bytes: 1 << 14, depth: 8 }) else { return };
    for name in NAMES {
        let name = name.parse().expect("section name");
        if let Ok(section) = Section::from_value(&name, &value) {
            assert_eq!((section.name(), section.value()), (name, value.clone()));
            let _ = extent(&[section]);
        }
    }
});
