//! Key files as they come from outside: our own, OpenSSL's, broken and hostile ones.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ed25519_dalek::{Signature, VerifyingKey};
use hocba_keystore::{
    Cost, Ed25519Key, KeystoreError, MAX_FILE_BYTES, Mode, Passphrase, Secp256k1Key, SigningError, SigningKey,
};
use tempfile::TempDir;

const SEED: [u8; 32] = [7; 32];
const SALT: [u8; 32] = [9; 32];

fn passphrase() -> Passphrase {
    Passphrase::new("một câu dài dễ nhớ")
}

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file as a careful owner would leave it.
    fn file(&self, text: &str) -> PathBuf {
        let path = self.path("some.pem");
        fs::write(&path, text).expect("a writable folder");
        chmod(&path, 0o600);
        path
    }

    fn saved_key(&self) -> PathBuf {
        let path = self.path("key.pem");
        let key = Ed25519Key::from_seed(&SEED);
        key.save_encrypted(&path, &passphrase(), Cost::Example, &SALT).expect("a fresh folder");
        path
    }

    /// Runs openssl here and hands back what it printed; `None` if this machine has none.
    #[expect(clippy::print_stdout, reason = "a skipped test says what would let it run")]
    fn openssl(&self, arguments: &[&str]) -> Option<String> {
        let Ok(output) = Command::new("openssl").current_dir(self.folder.path()).args(arguments).output() else {
            println!("SKIPPED: the openssl program is not on PATH; `apt-get install openssl` lets this test run");
            return None;
        };
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

#[cfg(unix)]
fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

#[cfg(not(unix))]
fn chmod(_: &Path, _: u32) {}

fn open(path: &Path) -> Result<Ed25519Key, KeystoreError> {
    Ed25519Key::open(path, &passphrase(), Mode::Production)
}

#[test]
fn a_saved_key_opens_again_and_its_signatures_verify() {
    let desk = Desk::new();
    let key = open(&desk.saved_key()).unwrap();
    assert_eq!(key.public_key(), Ed25519Key::from_seed(&SEED).public_key());
    let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
    public.verify_strict(b"statement", &Signature::from_bytes(&key.sign(b"statement"))).unwrap();
}

#[test]
fn signatures_are_those_of_rfc_8032() {
    // RFC 8032 §7.1, TEST 2.
    let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    let key = Ed25519Key::from_seed(&seed.try_into().unwrap());
    assert_eq!(hex::encode(key.sign(&[0x72])), signature);
}

#[test]
fn a_saved_chain_key_opens_again() {
    let desk = Desk::new();
    let path = desk.path("chain.pem");
    let key = Secp256k1Key::from_secret(&SEED).unwrap();
    key.save_encrypted(&path, &passphrase(), Cost::Standard, &SALT).unwrap();
    let opened = Secp256k1Key::open(&path, &passphrase(), Mode::Production).unwrap();
    assert_eq!((opened.secret(), opened.public_key()), (key.secret(), key.public_key()));
}

#[test]
fn a_number_outside_the_curve_is_no_chain_key() {
    assert!(Secp256k1Key::from_secret(&[0; 32]).is_none());
    assert!(Secp256k1Key::from_secret(&[0xff; 32]).is_none());
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let secret = hex::encode(SEED);
    let shown = format!("{:?} {:?}", Ed25519Key::from_seed(&SEED), Secp256k1Key::from_secret(&SEED).unwrap());
    assert!(!shown.contains(&secret) && !shown.contains("[7, 7"), "{shown}");
    assert_eq!(format!("{:?}", passphrase()), "Passphrase(..)");
}

#[cfg(unix)]
#[test]
fn a_saved_key_is_for_its_owner_only_and_leaves_no_temporary_file() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let mode = fs::metadata(desk.saved_key()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(desk.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_key_is_never_overwritten() {
    let desk = Desk::new();
    let path = desk.saved_key();
    let before = fs::read(&path).unwrap();
    let other = Ed25519Key::from_seed(&[8; 32]);
    let error = other.save_encrypted(&path, &passphrase(), Cost::Example, &[1; 32]).unwrap_err();
    assert!(matches!(error, KeystoreError::AlreadyExists { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_missing_file_and_a_missing_folder_are_named() {
    let desk = Desk::new();
    let path = desk.path("no/such.pem");
    assert!(matches!(open(&path), Err(KeystoreError::FileNotFound { path: found }) if found == path));
    let saved = Ed25519Key::from_seed(&SEED).save_encrypted(&path, &passphrase(), Cost::Example, &SALT);
    assert!(matches!(saved, Err(KeystoreError::FileNotFound { .. })));
}

#[test]
fn a_wrong_passphrase_is_refused_every_time() {
    // CBC accepts the padding of one wrong key in some 256, so one try would prove little.
    let desk = Desk::new();
    let path = desk.saved_key();
    for n in 0..600 {
        let error = Ed25519Key::open(&path, &Passphrase::new(format!("wrong {n}")), Mode::Production).unwrap_err();
        assert!(matches!(error, KeystoreError::WrongPassphrase { .. }), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_in_both_modes() {
    let desk = Desk::new();
    let path = desk.saved_key();
    for mode in [0o640, 0o604, 0o644, 0o620] {
        chmod(&path, mode);
        for run in [Mode::Demo, Mode::Production] {
            let error = Ed25519Key::open(&path, &passphrase(), run).unwrap_err();
            assert!(matches!(error, KeystoreError::PermissionsTooOpen { mode: found, .. } if found == mode), "{error}");
        }
    }
    chmod(&path, 0o400);
    open(&path).unwrap();
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let desk = Desk::new();
    let size = usize::try_from(MAX_FILE_BYTES).unwrap();
    assert!(matches!(open(&desk.file(&"a".repeat(size))), Err(KeystoreError::Malformed { .. })));
    assert!(matches!(open(&desk.file(&"a".repeat(size + 1))), Err(KeystoreError::TooLarge { .. })));
}

#[test]
fn files_that_are_no_key_are_malformed() {
    let desk = Desk::new();
    let empty_sequence = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for text in ["", "no PEM at all", empty_sequence, certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----"] {
        let error = open(&desk.file(text)).unwrap_err();
        assert!(matches!(error, KeystoreError::Malformed { .. }), "{text}: {error}");
    }
}

#[test]
fn every_truncation_of_a_key_file_is_refused_without_panic() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.saved_key()).unwrap();
    for end in 0..text.trim_end().len() {
        assert!(open(&desk.file(&text[..end])).is_err(), "cut at {end}");
    }
}

#[test]
fn a_chain_key_is_refused_where_a_signing_key_is_wanted_and_the_other_way_round() {
    let desk = Desk::new();
    let path = desk.path("chain.pem");
    Secp256k1Key::from_secret(&SEED).unwrap().save_encrypted(&path, &passphrase(), Cost::Example, &SALT).unwrap();
    let error = open(&path).unwrap_err();
    assert!(
        matches!(error, KeystoreError::UnsupportedKey { ref found, .. } if found == "1.2.840.10045.2.1"),
        "{error}"
    );
    let error = Secp256k1Key::open(&desk.saved_key(), &passphrase(), Mode::Production).unwrap_err();
    assert!(matches!(error, KeystoreError::UnsupportedKey { ref found, .. } if found == "1.3.101.112"), "{error}");
}

#[test]
fn a_passphrase_file_loses_one_line_end_and_nothing_else() {
    let desk = Desk::new();
    let key = desk.saved_key();
    let text = "một câu dài dễ nhớ";
    for (written, opens) in [("", true), ("\n", true), ("\r\n", true), (" \n", false), ("\n\n", false)] {
        let path = desk.file(&format!("{text}{written}"));
        let read = Passphrase::read(&path, Mode::Production).unwrap();
        assert_eq!(Ed25519Key::open(&key, &read, Mode::Production).is_ok(), opens, "{written:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_passphrase_file_that_others_can_read_is_refused_in_production() {
    let desk = Desk::new();
    let path = desk.file("secret\n");
    chmod(&path, 0o644);
    let error = Passphrase::read(&path, Mode::Production).unwrap_err();
    assert!(matches!(error, KeystoreError::PermissionsTooOpen { .. }), "{error}");
    Passphrase::read(&path, Mode::Demo).unwrap();
}

#[test]
fn a_chain_file_holds_certificates_and_nothing_else() {
    let desk = Desk::new();
    let key = desk.saved_key();
    let block = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let refused =
        |chain: &str| match SigningKey::open_file(&key, Some(&desk.file(chain)), &passphrase(), None, Mode::Production)
        {
            Err(SigningError::File(error)) => error,
            other => panic!("{other:?}"),
        };
    assert!(matches!(refused(""), KeystoreError::Malformed { .. }));
    assert!(matches!(refused(block), KeystoreError::Malformed { .. }), "an empty sequence is no certificate");
    assert!(matches!(refused(&block.repeat(17)), KeystoreError::TooLarge { .. }));
    let key_behind = format!("{block}{}", fs::read_to_string(&key).unwrap());
    assert!(matches!(refused(&key_behind), KeystoreError::Malformed { .. }));
}

/// Makes a key with openssl and encrypts it as told; `None` if there is no openssl.
fn openssl_key(desk: &Desk, kind: &[&str], encryption: &[&str]) -> Option<PathBuf> {
    desk.openssl(&[&["genpkey", "-out", "plain.pem"], kind].concat())?;
    let convert = ["pkcs8", "-topk8", "-in", "plain.pem", "-out", "key.pem", "-passout", "pass:một câu dài dễ nhớ"];
    desk.openssl(&[&convert[..], encryption].concat())?;
    let path = desk.path("key.pem");
    chmod(&path, 0o600);
    Some(path)
}

const ED25519: &[&str] = &["-algorithm", "ed25519"];
const SECP256K1: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"];

#[test]
fn key_files_made_by_openssl_open() {
    for encryption in [&["-v2", "aes-256-cbc"][..], &["-v2", "aes-256-cbc", "-iter", "600000"], &["-scrypt"]] {
        let desk = Desk::new();
        let Some(path) = openssl_key(&desk, ED25519, encryption) else { return };
        let key = open(&path).unwrap_or_else(|error| panic!("{encryption:?}: {error}"));
        let printed = desk.openssl(&["pkey", "-in", "plain.pem", "-pubout", "-outform", "DER", "-out", "pub.der"]);
        assert!(printed.is_some());
        assert_eq!(fs::read(desk.path("pub.der")).unwrap(), key.spki_der());
    }
}

#[test]
fn chain_keys_made_by_openssl_open_and_other_curves_are_refused() {
    let desk = Desk::new();
    let Some(path) = openssl_key(&desk, SECP256K1, &["-v2", "aes-256-cbc"]) else { return };
    let key = Secp256k1Key::open(&path, &passphrase(), Mode::Production).unwrap();
    desk.openssl(&["pkey", "-in", "plain.pem", "-pubout", "-outform", "DER", "-out", "pub.der"]);
    assert!(fs::read(desk.path("pub.der")).unwrap().ends_with(key.public_key()));

    let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let path = openssl_key(&desk, &p256, &["-v2", "aes-256-cbc"]).unwrap();
    let error = Secp256k1Key::open(&path, &passphrase(), Mode::Production).unwrap_err();
    assert!(
        matches!(error, KeystoreError::UnsupportedKey { ref found, .. } if found == "1.2.840.10045.3.1.7"),
        "{error}"
    );
}

#[test]
fn our_key_files_open_in_openssl() {
    let desk = Desk::new();
    for (name, cost) in [("standard.pem", Cost::Standard), ("example.pem", Cost::Example)] {
        let key = Ed25519Key::from_seed(&SEED);
        key.save_encrypted(&desk.path(name), &passphrase(), cost, &SALT).unwrap();
        let passin = ["-passin", "pass:một câu dài dễ nhớ"];
        let arguments = [&["pkey", "-in", name, "-pubout", "-outform", "DER", "-out", "pub.der"][..], &passin].concat();
        if desk.openssl(&arguments).is_none() {
            return;
        }
        assert_eq!(fs::read(desk.path("pub.der")).unwrap(), key.spki_der());
    }
    let chain_key = Secp256k1Key::from_secret(&SEED).unwrap();
    chain_key.save_encrypted(&desk.path("chain.pem"), &passphrase(), Cost::Standard, &SALT).unwrap();
    let printed =
        desk.openssl(&["pkey", "-in", "chain.pem", "-passin", "pass:một câu dài dễ nhớ", "-noout", "-text_pub"]);
    assert!(printed.unwrap().contains("ASN1 OID: secp256k1"));
}

#[test]
fn a_plain_key_is_refused_with_the_way_to_encrypt_it() {
    let desk = Desk::new();
    if desk.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "key.pem"]).is_none() {
        return;
    }
    chmod(&desk.path("key.pem"), 0o600);
    let error = open(&desk.path("key.pem")).unwrap_err();
    assert!(matches!(error, KeystoreError::NotEncrypted { .. }), "{error}");
    assert!(error.to_string().contains("openssl pkcs8 -topk8"), "{error}");
}

#[test]
fn weak_encryption_is_refused_with_its_name() {
    for (encryption, found) in [
        (&["-v2", "aes-128-cbc"][..], "2.16.840.1.101.3.4.1.2"),
        (&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"], "1.2.840.113549.2.7"),
        (&["-v2", "des3"], "1.2.840.113549.3.7"),
        (&["-v1", "PBE-SHA1-3DES"], "1.2.840.113549.1.12.1.3"),
    ] {
        let desk = Desk::new();
        let Some(path) = openssl_key(&desk, ED25519, encryption) else { return };
        match open(&path) {
            Err(KeystoreError::UnsupportedEncryption { found: oid, .. }) => assert_eq!(oid, found),
            other => panic!("{encryption:?}: {other:?}"),
        }
    }
}
