//! PKCS#12 files, as `tests/fixtures/make.sh` makes them with OpenSSL.

use std::{fs, path::Path, process::Command};

use hocba_keystore::{KeystoreError, Mode, Passphrase, SigningError, SigningKey};
use hocba_signature::algorithm::Algorithm;

use crate::class::{chmod, fixtures, passphrase, private_copy, sign_class};

fn open(path: &Path) -> Result<SigningKey, KeystoreError> {
    open_with(path, &passphrase())
}

fn open_with(path: &Path, passphrase: &Passphrase) -> Result<SigningKey, KeystoreError> {
    SigningKey::open_file(path, None, passphrase, None, Mode::Production).map_err(|error| match error {
        SigningError::File(error) => error,
        other => panic!("{other}"),
    })
}

#[test]
fn a_class_is_signed_from_a_file_of_each_kind_with_the_chain_inside() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    for (name, algorithm) in [
        ("ed25519", Algorithm::Ed25519),
        ("p256", Algorithm::Es256),
        ("p384", Algorithm::Es384),
        ("rsa2048", Algorithm::Rs256),
        ("rsa3072", Algorithm::Rs256),
        ("rsa4096", Algorithm::Rs256),
    ] {
        let path = private_copy(desk.path(), &format!("{name}.p12"));
        let mut key = open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let beside = hocba_keystore::read_certificate_chain(&fixtures().join(format!("{name}.crt.pem"))).expect("PEM");
        assert_eq!(key.certificate_chain(), beside, "{name}: the same chain in the same order");
        assert_eq!(key.algorithm(), algorithm);
        sign_class(&mut key);
    }
}

#[test]
fn files_that_differ_a_little_open() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    for (name, certificates) in [("leaf-only", 1), ("mac-sha512", 3), ("plain-certificates", 1)] {
        let key = open(&private_copy(desk.path(), &format!("{name}.p12")));
        assert_eq!(key.unwrap_or_else(|e| panic!("{name}: {e}")).certificate_chain().len(), certificates, "{name}");
    }
}

#[test]
fn old_protection_is_refused_with_the_way_to_convert_it() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    for (name, named) in [
        ("legacy-3des", "1.3.14.3.2.26"),
        ("legacy-rc2", "1.3.14.3.2.26"),
        ("mac-sha1", "1.3.14.3.2.26"),
        ("aes128", "2.16.840.1.101.3.4.1.2"),
        ("no-mac", "no MAC"),
    ] {
        match open(&private_copy(desk.path(), &format!("{name}.p12"))) {
            Err(error @ KeystoreError::OldPkcs12 { .. }) => {
                let text = error.to_string();
                assert!(text.contains(named) && text.contains("openssl pkcs12 -legacy -in"), "{name}: {text}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// What the message of the refusal above says, said to openssl.
#[test]
fn a_file_converted_as_the_message_says_opens() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    private_copy(desk.path(), "legacy-rc2.p12");
    let script = "openssl pkcs12 -legacy -in legacy-rc2.p12 -nodes -passin pass:hocba-test | \
                  openssl pkcs12 -export -out new.p12 -passout pass:hocba-test";
    let output = Command::new("sh").current_dir(desk.path()).args(["-c", script]).output();
    if !output.is_ok_and(|output| output.status.success()) || !desk.path().join("new.p12").exists() {
        println!("SKIPPED: needs `sh` and the openssl program with its legacy provider (apt-get install openssl)");
        return;
    }
    chmod(&desk.path().join("new.p12"));
    sign_class(&mut open(&desk.path().join("new.p12")).expect("modern now"));
}

#[test]
fn what_is_not_one_key_with_a_certificate_is_refused_by_name() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    let error = |name: &str| open(&private_copy(desk.path(), name)).expect_err(name);
    assert!(matches!(error("no-key.p12"), KeystoreError::Malformed { what, .. } if what.contains("0 private keys")));
    assert!(matches!(error("no-certificate.p12"), KeystoreError::CertificateMissing { .. }));
    assert!(matches!(error("rsa1024.p12"), KeystoreError::UnsupportedKey { .. }));
    assert!(matches!(error("too-much-work.p12"), KeystoreError::CostTooHigh { .. }));
}

#[test]
fn a_chain_beside_the_file_serves_where_there_is_none_inside() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    let path = private_copy(desk.path(), "no-certificate.p12");
    let chain = fixtures().join("rsa2048.crt.pem");
    let key = SigningKey::open_file(&path, Some(&chain), &passphrase(), None, Mode::Production).expect("opened");
    assert_eq!(key.certificate_chain().len(), 3);
    let other = fixtures().join("rsa3072.crt.pem");
    let error = SigningKey::open_file(&path, Some(&other), &passphrase(), None, Mode::Production).unwrap_err();
    assert!(matches!(error, SigningError::File(KeystoreError::CertificateMismatch { .. })), "{error}");
}

#[test]
fn a_wrong_passphrase_is_a_wrong_passphrase_every_time() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    let path = private_copy(desk.path(), "p256.p12");
    for n in 0..40 {
        let error = open_with(&path, &Passphrase::new(format!("wrong {n}"))).unwrap_err();
        assert!(matches!(error, KeystoreError::WrongPassphrase { .. }), "{error}");
    }
}

#[test]
fn truncated_and_changed_files_are_refused_without_panic() {
    let desk = tempfile::tempdir().expect("a temporary folder");
    let path = private_copy(desk.path(), "p256.p12");
    let good = fs::read(&path).expect("a file");
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).expect("written");
        if bytes.first() == Some(&0x30) {
            assert!(open(&path).is_err(), "{what}");
        }
    };
    for end in (0..good.len()).step_by(7) {
        refused(&good[..end], &format!("cut at {end}"));
    }
    refused(&[&good[..], &[0]].concat(), "a byte behind");
    // The outer and the inner parts of the structure byte by byte, what is encrypted or under the MAC in steps.
    for at in (0..good.len()).filter(|at| *at < 120 || *at + 120 > good.len() || at % 11 == 0) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        refused(&bad, &format!("byte {at} changed"));
    }
}
