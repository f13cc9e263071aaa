#![no_main]
//! A bundle, verified end to end.

use hocba_bundle::format::Bundle;
use hocba_fuzz::FIXTURE;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    FIXTURE.check(data);
    // Most changes end at the canonical form; look behind it too.
    if let Ok(read) = Bundle::read(data)
        && read.resaved_at.is_some()
    {
        FIXTURE.check(&read.bundle.to_bytes());
    }
});
