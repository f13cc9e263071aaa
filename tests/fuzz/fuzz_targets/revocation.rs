#![no_main]
//! A CRL or an OCSP response: read whatever it is, and believed only if it is one that OpenSSL made for our fixtures.

use std::{collections::HashSet, sync::LazyLock};

use hocba_signature::{
    certificate::{Certificate, SignatureCache},
    revocation::Evidence,
};
use libfuzzer_sys::fuzz_target;

/// The leaf of the fixtures with its issuers, and everything that answers for it.
static KNOWN: LazyLock<(Vec<Certificate>, HashSet<Vec<u8>>)> = LazyLock::new(|| {
    let folder = hocba_tests::repository().join("crates/signature/tests/fixtures/openssl");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a fixture");
    let path =
        ["a-leaf-rsa.crt", "a-issuing.crt", "a-root.crt"].map(|name| Certificate::from_der(&read(name)).expect("DER"));
    let files = std::fs::read_dir(&folder).expect("fixtures").map(|file| file.expect("a file").path());
    (path.to_vec(), files.map(|file| std::fs::read(file).expect("a file")).collect())
});

fuzz_target!(|data: &[u8]| {
    let Ok(evidence) = Evidence::from_der(data) else { return };
    assert_eq!(evidence.der(), data);
    let (path, known) = &*KNOWN;
    let path: Vec<&Certificate> = path.iter().collect();
    if evidence.answer(&path, &SignatureCache::default()).is_ok() && !known.contains(data) {
        // The certificates beside an OCSP response are not signed; whatever they are, the answer is the same.
        let Evidence::Ocsp(_) = evidence else { panic!("no one signed this CRL") };
    }
});
