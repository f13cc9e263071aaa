//! Keys of each kind in encrypted PKCS#8 files.

use std::{fs, ops::ControlFlow, path::Path};

use hocba_keystore::{Cost, KeystoreError, Mode, Passphrase, SigningError, SigningKey, SoftwareKey};
use hocba_signature::algorithm::Algorithm;
use tempfile::TempDir;

use crate::class::{PUPILS, fixtures, messages, openssl_verifies, passphrase, private_copy, sign_class};

fn desk() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn open(folder: &Path, name: &str, algorithm: Option<Algorithm>) -> Result<SigningKey, SigningError> {
    let key = private_copy(folder, &format!("{name}.key.pem"));
    let chain = fixtures().join(format!("{name}.crt.pem"));
    SigningKey::open_file(&key, Some(&chain), &passphrase(), algorithm, Mode::Production)
}

#[test]
fn a_class_is_signed_from_a_file_of_each_kind_and_all_verify() {
    let desk = desk();
    for (name, wanted, algorithm, length) in [
        ("ed25519", None, Algorithm::Ed25519, 64),
        ("p256", None, Algorithm::Es256, 64),
        ("p384", None, Algorithm::Es384, 96),
        ("rsa2048", None, Algorithm::Rs256, 256),
        ("rsa3072", Some(Algorithm::Rs256), Algorithm::Rs256, 384),
        ("rsa4096", Some(Algorithm::Ps256), Algorithm::Ps256, 512),
    ] {
        let mut key = open(desk.path(), name, wanted).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((key.algorithm(), key.certificate_chain().len()), (algorithm, 3), "{name}");
        let signatures = sign_class(&mut key);
        assert!(signatures.iter().all(|signature| signature.len() == length), "{name}");
        openssl_verifies(&key, &messages(PUPILS)[16], &signatures[16]);
    }
}

#[test]
fn an_algorithm_that_is_not_the_keys_is_refused() {
    let desk = desk();
    for (name, algorithm) in [
        ("ed25519", Algorithm::Es256),
        ("p256", Algorithm::Es384),
        ("p384", Algorithm::Es256),
        ("rsa2048", Algorithm::Ed25519),
    ] {
        let error = open(desk.path(), name, Some(algorithm)).unwrap_err();
        assert!(matches!(error, SigningError::UnsupportedMechanism { .. }), "{name}: {error}");
    }
}

#[test]
fn keys_of_other_kinds_are_refused_with_what_they_are() {
    let desk = desk();
    for (name, found) in [("rsa1024", "1.2.840.113549.1.1.1 (RSA) of 1024 bits"), ("p521", "1.3.132.0.35")] {
        let key = private_copy(desk.path(), &format!("{name}.key.pem"));
        match SoftwareKey::open(&key, &passphrase(), Mode::Production) {
            Err(KeystoreError::UnsupportedKey { found: kind, .. }) => assert_eq!(kind, found),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_wrong_passphrase_is_refused_for_each_kind_of_key() {
    let desk = desk();
    for name in ["ed25519", "p256", "p384", "rsa2048"] {
        let key = private_copy(desk.path(), &format!("{name}.key.pem"));
        // CBC accepts the padding of one wrong key in some 256.
        for n in 0..60 {
            let error = SoftwareKey::open(&key, &Passphrase::new(format!("wrong {n}")), Mode::Production).unwrap_err();
            assert!(matches!(error, KeystoreError::WrongPassphrase { .. }), "{name}: {error}");
        }
    }
}

#[test]
fn the_certificate_of_another_key_is_refused() {
    let desk = desk();
    for (name, other) in [("p256", "p384"), ("rsa2048", "rsa3072"), ("rsa2048", "p256"), ("ed25519", "p256")] {
        let key = private_copy(desk.path(), &format!("{name}.key.pem"));
        let chain = fixtures().join(format!("{other}.crt.pem"));
        let error = SigningKey::open_file(&key, Some(&chain), &passphrase(), None, Mode::Production).unwrap_err();
        assert!(matches!(error, SigningError::File(KeystoreError::CertificateMismatch { .. })), "{name}: {error}");
    }
}

#[test]
fn a_key_without_certificates_asks_for_them() {
    let desk = desk();
    let key = private_copy(desk.path(), "p256.key.pem");
    let error = SigningKey::open_file(&key, None, &passphrase(), None, Mode::Production).unwrap_err();
    assert!(matches!(error, SigningError::File(KeystoreError::CertificateMissing { .. })), "{error}");
}

#[test]
fn keys_made_here_are_saved_and_opened_again() {
    let desk = desk();
    for (n, key) in [
        SoftwareKey::p256_from_secret(&[7; 32]).expect("a number of the curve"),
        SoftwareKey::p384_from_secret(&[7; 48]).expect("a number of the curve"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = desk.path().join(format!("{n}.pem"));
        key.save_encrypted(&path, &passphrase(), Cost::Example, &[9; 32]).expect("saved");
        let again = SoftwareKey::open(&path, &passphrase(), Mode::Production).expect("opened");
        assert_eq!(again.spki_der(), key.spki_der());
    }
    assert!(SoftwareKey::p256_from_secret(&[0; 32]).is_none());
    assert!(SoftwareKey::p384_from_secret(&[0xff; 48]).is_none());
}

#[test]
fn signing_ends_where_the_taker_says_so() {
    let desk = desk();
    let mut key = open(desk.path(), "p256", None).expect("opened");
    let messages = messages(PUPILS);
    let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let mut taken = 0;
    key.sign_each(&slices, &mut |_, _| {
        taken += 1;
        if taken == 17 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("no error");
    assert_eq!(taken, 17);
}

#[test]
fn no_secret_shows_in_debug_output() {
    let desk = desk();
    for name in ["p256", "rsa2048"] {
        let key = open(desk.path(), name, None).expect("opened");
        let shown = format!("{key:?}");
        assert!(shown.contains("place") && shown.len() < 300, "{shown}");
    }
    let shown = format!("{:?}", SoftwareKey::p256_from_secret(&[0x77; 32]));
    assert!(!shown.contains("7777") && !shown.contains("119, 119"), "{shown}");
}

#[test]
fn a_damaged_key_file_is_refused_without_panic() {
    let desk = desk();
    for name in ["p256", "rsa2048"] {
        let path = private_copy(desk.path(), &format!("{name}.key.pem"));
        let text = fs::read_to_string(&path).expect("text");
        for at in (0..text.len()).step_by(23) {
            let mut bad = text.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            fs::write(&path, &bad).expect("written");
            // A flipped bit of CBC may land where nobody looks, such as the name of an attribute; a key that opens all the
            // same has to be the same key.
            if let Ok(key) = SoftwareKey::open(&path, &passphrase(), Mode::Production) {
                let chain = fixtures().join(format!("{name}.crt.pem"));
                let leaf = hocba_keystore::read_certificate_chain(&chain).expect("a chain").remove(0);
                SigningKey::from_parts(key, vec![leaf], None, &path)
                    .unwrap_or_else(|error| panic!("byte {at}: {error}"));
            }
        }
    }
}

#[test]
fn certificates_that_somebody_sent_are_pem_or_der_and_nothing_else() {
    use hocba_keystore::{CertificatesFault, MAX_CERTIFICATES, certificates_of};
    let path = fixtures().join("p256.crt.pem");
    let (pem, chain) = (fs::read(&path).expect("PEM"), hocba_keystore::read_certificate_chain(&path).expect("a chain"));
    assert_eq!(certificates_of(&pem).expect("PEM"), chain);
    assert_eq!(certificates_of(&chain[0]).expect("DER"), chain[..1]);
    let key = fs::read(fixtures().join("p256.key.pem")).expect("a key");
    let both = [pem.clone(), key.clone()].concat();
    for bad in [b"".as_slice(), b"GIF89a", b"\x30\xff", &key, &both, &pem[..pem.len() / 2]] {
        assert!(matches!(certificates_of(bad), Err(CertificatesFault::Malformed(_))), "{}", bad.len());
    }
    assert_eq!(certificates_of(&pem.repeat(MAX_CERTIFICATES + 1)), Err(CertificatesFault::TooMany));
}
