#![no_main]
//! A certificate in DER: as signer, as intermediate, and as something that claims a path to our root.

use hocba_fuzz::FIXTURE;
use hocba_signature::certificate::Certificate;
use hocba_tests::{NOW, at};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert_eq!(certificate.der(), data);
    let store = &FIXTURE.world.store;
    if certificate.path(&store.certificates, &store.roots, at(NOW)).is_ok() {
        let known = store.certificates.iter().chain(&store.roots).any(|c| c.digest() == certificate.digest());
        assert!(known, "no one issued this certificate");
    }
    let leaf = &FIXTURE.world.school.teacher.certificate;
    let others = std::slice::from_ref(&certificate);
    if leaf.path(others, &store.roots, at(NOW)).is_ok() {
        assert!(store.certificates.contains(&certificate), "a made-up intermediate is believed");
    }
    let _ = leaf.path(others, others, at(NOW));
});
