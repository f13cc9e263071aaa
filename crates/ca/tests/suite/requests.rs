//! Whose key is certified: requests made by OpenSSL.

use hocba_ca::{MAX_REQUEST_BYTES, Request, RequestError};

use crate::kit::{Desk, Pki, TestKey, YEAR, addresses, serial, subject, validity};

/// Kinds of keys, as `openssl genpkey` takes them.
const KEYS: [&str; 6] = [
    "-algorithm ED25519",
    "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
    "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
    "-algorithm RSA -pkeyopt rsa_keygen_bits:4096",
];

fn request(desk: &Desk, key: &str, digest: &str) -> Vec<u8> {
    desk.openssl(&format!("genpkey {key} -out key.pem")).expect();
    let digest = if key.contains("ED25519") { "" } else { digest };
    let args = format!("req -new -key key.pem -subj /CN=x -utf8 -outform DER -out request.der {digest}");
    desk.openssl(args.trim()).expect();
    desk.get("request.der")
}

#[test]
fn every_kind_of_key_is_certified_and_openssl_verifies_the_certificate() {
    for pki in Pki::both() {
        let desk = Desk::of(&pki);
        for key in KEYS {
            let digest = if key.contains("P-384") { "-sha384" } else { "-sha256" };
            let request = Request::from_csr(&request(&desk, key, digest)).unwrap_or_else(|e| panic!("{key}: {e}"));
            let made =
                pki.issuing().signer(&request, &subject("Hoa"), validity(0, YEAR), serial(9), &addresses()).expect(key);
            desk.pem("leaf.pem", "CERTIFICATE", &[&made]);
            desk.openssl("verify -x509_strict -attime 1797897600 -CAfile root.pem -untrusted issuing.pem leaf.pem")
                .expect();
            // The very key of the request.
            let of_key = desk.openssl("pkey -in key.pem -pubout").expect();
            assert_eq!(desk.openssl("x509 -in leaf.pem -noout -pubkey").expect(), of_key, "{key}");
        }
    }
}

#[test]
fn a_request_that_is_not_signed_with_its_own_key_is_refused() {
    let desk = Desk::new();
    for key in &KEYS[..4] {
        let good = request(&desk, key, "-sha256");
        let good = if key.contains("P-384") { request(&desk, key, "-sha384") } else { good };
        // The last byte is the signature's; of the bytes before it, some are the name's.
        let mut bad = good.clone();
        *bad.last_mut().expect("not empty") ^= 1;
        assert_eq!(Request::from_csr(&bad), Err(RequestError::Signature), "{key}");
        let place = good.windows(3).position(|w| w == [0x0c, 0x01, b'x']).expect("CN=x") + 2;
        let mut bad = good.clone();
        bad[place] = b'y';
        assert_eq!(Request::from_csr(&bad), Err(RequestError::Signature), "{key}");
        assert!(Request::from_csr(&good).is_ok(), "{key}");
    }
}

#[test]
fn weak_and_foreign_keys_and_digests_are_refused() {
    let desk = Desk::new();
    for key in [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "-algorithm ED448",
    ] {
        let digest = if key.contains("ED448") { "" } else { "-sha256" };
        let refused = Request::from_csr(&request(&desk, key, digest));
        assert!(matches!(refused, Err(RequestError::Key(_))), "{key}: {refused:?}");
    }
    for (key, digest) in [(KEYS[3], "-sha1"), (KEYS[1], "-sha1"), (KEYS[1], "-sha384"), (KEYS[3], "-sha512")] {
        assert_eq!(Request::from_csr(&request(&desk, key, digest)), Err(RequestError::Algorithm), "{key} {digest}");
    }
}

#[test]
fn anything_but_one_request_is_refused() {
    let desk = Desk::new();
    let good = request(&desk, KEYS[0], "");
    for bad in
        [&[][..], &good[1..], &good[..good.len() - 1], &[&good[..], &[0]].concat(), &Pki::new(TestKey::ed25519).root]
    {
        assert_eq!(Request::from_csr(bad), Err(RequestError::Malformed));
    }
    assert_eq!(Request::from_csr(&vec![0; MAX_REQUEST_BYTES + 1]), Err(RequestError::TooLarge));
}
