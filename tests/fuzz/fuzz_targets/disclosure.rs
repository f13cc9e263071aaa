#![no_main]
//! A disclosure, as text and as the JSON inside it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hocba_fuzz::FIXTURE;
use hocba_record::{
    disclosure::{Disclosure, check_disclosures},
    payload::RecordPayload,
    section::Section,
};
use libfuzzer_sys::fuzz_target;

fn check(text: &str) {
    let Ok(disclosure) = Disclosure::from_text(text) else { return };
    assert_eq!(disclosure.to_text(), text);
    let _ = Section::from_value(disclosure.name(), disclosure.value());
    for record in &FIXTURE.world.records {
        let payload = RecordPayload::from_bytes(record.statement.payload()).expect("a record");
        if check_disclosures(&payload, std::slice::from_ref(&disclosure)).is_empty() {
            assert!(record.disclosures.contains(&disclosure), "no one signed this section");
        }
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
    }
    check(&URL_SAFE_NO_PAD.encode(data));
});
