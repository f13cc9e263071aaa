#![no_main]
//! A trust profile: only the publisher's own bytes open.

use hocba_bundle::profile::{OpenProfile, TrustProfile};
use hocba_fuzz::FIXTURE;
use hocba_record::canonical::{Limits, from_slice};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let pinned = FIXTURE.world.profile.publisher().digest();
    if OpenProfile::open(data, pinned, Some(1)).is_ok() {
        assert_eq!(data, FIXTURE.profile);
    }
    let _ = OpenProfile::publisher_of(data);
    if let Ok(profile) = from_slice::<TrustProfile>(data, Limits { bytes: 1 << 18, depth: 8 }) {
        assert_eq!(profile.to_bytes(), data);
    }
});
