//! The committed example keys: they open for a demo, quickly, and nowhere else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hocba_keystore::{
    Ed25519Key, KeystoreError, Mode, Passphrase, Secp256k1Key, SigningError, SigningKey, is_example_key,
};

const CHAIN_KEYS: [&str; 3] = ["anchorer", "chain-admin", "status-keeper"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../keys-example")
}

fn key_file(name: &str) -> PathBuf {
    folder().join(format!("{name}.key.pem"))
}

fn passphrase() -> Passphrase {
    Passphrase::new("hocba-demo")
}

/// Names of all keys in the folder, Ed25519 ones and others apart.
fn names() -> (Vec<String>, Vec<String>) {
    let names = fs::read_dir(folder()).expect("the folder is committed").filter_map(|entry| {
        let name = entry.expect("a readable folder").file_name().into_string().expect("ASCII names");
        name.strip_suffix(".key.pem").map(str::to_owned)
    });
    names.partition(|name| !CHAIN_KEYS.contains(&name.as_str()))
}

#[test]
fn every_example_identity_opens_in_demo_mode_and_is_on_the_list() {
    let (signers, _) = names();
    assert_eq!(signers.len(), 24);
    for name in signers {
        let chain = folder().join(format!("{name}.crt.pem"));
        let key = Ed25519Key::open(&key_file(&name), &passphrase(), Mode::Demo).unwrap();
        assert_eq!(is_example_key(&key.spki_sha256()), Some(name.as_str()));
        let identity = SigningKey::open_file(&key_file(&name), Some(&chain), &passphrase(), None, Mode::Demo).unwrap();
        let certificates = if name.ends_with("root") || name.ends_with("issuing") { 1 } else { 2 };
        assert_eq!(identity.certificate_chain().len(), certificates, "{name}");
    }
}

#[test]
fn every_chain_key_opens_in_demo_mode_and_is_on_the_list() {
    let (_, chain_keys) = names();
    assert_eq!(chain_keys.len(), CHAIN_KEYS.len());
    for name in chain_keys {
        let key = Secp256k1Key::open(&key_file(&name), &passphrase(), Mode::Demo).unwrap();
        assert_eq!(is_example_key(&key.public_key_sha256()), Some(name.as_str()));
    }
}

#[test]
fn no_example_key_opens_in_production() {
    let (signers, chain_keys) = names();
    for name in &signers {
        let error = Ed25519Key::open(&key_file(name), &passphrase(), Mode::Production).unwrap_err();
        assert!(matches!(error, KeystoreError::ExampleKeyRefused { name: found, .. } if found == name), "{error}");
    }
    for name in &chain_keys {
        let error = Secp256k1Key::open(&key_file(name), &passphrase(), Mode::Production).unwrap_err();
        assert!(matches!(error, KeystoreError::ExampleKeyRefused { name: found, .. } if found == name), "{error}");
    }
}

#[test]
fn an_example_key_stays_refused_when_saved_again_under_another_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.key.pem");
    let key = Ed25519Key::open(&key_file("teacher"), &passphrase(), Mode::Demo).unwrap();
    let mine = Passphrase::new("mine now");
    key.save_encrypted(&path, &mine, hocba_keystore::Cost::Example, &[3; 32]).unwrap();
    let error = Ed25519Key::open(&path, &mine, Mode::Production).unwrap_err();
    assert!(matches!(error, KeystoreError::ExampleKeyRefused { name: "teacher", .. }), "{error}");
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let chain = folder().join("principal.crt.pem");
    let opened = SigningKey::open_file(&key_file("teacher"), Some(&chain), &passphrase(), None, Mode::Demo);
    let Err(SigningError::File(KeystoreError::CertificateMismatch { path, .. })) = opened else {
        panic!("{opened:?}");
    };
    assert_eq!(path, chain);
}
