#![no_main]
//! An authority's answer, or a token by itself: read whatever it is, and believed only if it says what one of our fixtures
//! says. What is not signed may be anything (docs/spec/time-stamp.md §6).

use std::sync::LazyLock;

use hocba_record::encoding::Sha256Digest;
use hocba_signature::{
    certificate::{Certificate, SignatureCache},
    timestamp::{TimeStampResponse, TimeStampToken, VerifiedTime},
};
use libfuzzer_sys::fuzz_target;

/// The root of the fixtures, the digest that they are of, and what they prove.
static KNOWN: LazyLock<(Vec<Certificate>, Sha256Digest, Vec<VerifiedTime>)> = LazyLock::new(|| {
    let folder = hocba_tests::repository().join("crates/signature/tests/fixtures/timestamp");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a fixture");
    let (roots, digest) = (vec![Certificate::from_der(&read("root.crt")).expect("DER")], Sha256Digest::of(b"a batch"));
    let token = |name: &str| TimeStampResponse::parse(&read(name)).expect("granted").token().to_vec();
    let tokens = [token("p256.tsr"), token("rsa.tsr"), read("pss.tok")];
    let known = tokens.map(|t| TimeStampToken::parse(&t).expect("a token").verify(&digest, &roots).expect("good"));
    (roots, digest, known.to_vec())
});

fuzz_target!(|data: &[u8]| {
    let response = TimeStampResponse::parse(data);
    if let Ok(response) = &response {
        assert!(data.ends_with(response.token()));
    }
    let bytes = response.as_ref().map_or(data, TimeStampResponse::token);
    let Ok(token) = TimeStampToken::parse(bytes) else { return };
    assert_eq!(token.der(), bytes);
    let (roots, digest, known) = &*KNOWN;
    if let Ok(verified) = token.verify(digest, roots) {
        assert!(known.contains(&verified), "no one signed this time-stamp");
    }
    // Under its own certificates, whoever they are, and with signatures remembered.
    let cache = SignatureCache::default();
    let first = token.verify_with(&cache, digest, token.certificates());
    assert_eq!(first, token.verify_with(&cache, digest, token.certificates()));
});
