#![no_main]
//! A snapshot; one that opens is used to verify a good bundle.

use std::sync::LazyLock;

use hocba_bundle::{
    snapshot::OpenSnapshot,
    verify::{ChainView, Context, verify},
};
use hocba_fuzz::FIXTURE;
use hocba_tests::{NOW, at};
use libfuzzer_sys::fuzz_target;

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| FIXTURE.bundles[0].to_bytes());

fuzz_target!(|data: &[u8]| {
    let Ok(snapshot) = OpenSnapshot::open(data) else { return };
    let profile = &FIXTURE.world.profile;
    let _ = verify(&GOOD, &Context { profile, chain: ChainView::Snapshot(&snapshot), now: at(NOW) });
});
