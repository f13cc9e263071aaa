//! Keys on a token: SoftHSM 2, which behaves as a PKCS#11 token does and can be pulled by moving its folder away.
//!
//! A module belongs to its process and reads its settings from the environment, so each test runs itself again in a
//! process of its own.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::Command,
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    object::{Attribute, CertificateType, ObjectClass},
    session::UserType,
    types::AuthPin,
};
use hocba_keystore::{
    Finding, Passphrase, PinState, Secret, SigningError, SigningKey, TokenChoice, TokenKey, inspect_module,
    read_certificate_chain,
};
use hocba_signature::algorithm::Algorithm;
use hocba_test_softhsm::{Error, PIN, SoftHsm};

use crate::class::{PUPILS, all_verify, fixtures, messages, openssl_verifies, private_copy, sign_class, sign_from};

const FOLDER: &str = "HOCBA_TEST_TOKEN_FOLDER";

/// Runs the body in a process of its own that sees a folder of tokens.
#[expect(clippy::print_stdout, reason = "a skipped test says what would let it run")]
fn with_tokens(test: &str, body: impl FnOnce(&SoftHsm, &Path)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = PathBuf::from(folder);
        return body(&SoftHsm::new(&folder).expect("found by the parent"), &folder);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hsm = match SoftHsm::new(folder.path()) {
        Err(error @ Error::NotInstalled) => return println!("SKIPPED: {error}"),
        hsm => hsm.expect("settings written"),
    };
    let (name, value) = hsm.environment();
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args([&format!("tokens::{test}"), "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(name, value)
        .output()
        .expect("this test again");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// A token of this label with the fixture's key under id 01 (and so on), and its certificates.
fn token(hsm: &SoftHsm, folder: &Path, label: &str, keys: &[&str]) {
    hsm.init_token(label).expect("a token");
    for (n, name) in keys.iter().enumerate() {
        let key = private_copy(folder, &format!("{name}.key.pem"));
        hsm.import(label, &key, "hocba-test", &format!("{:02}", n + 1)).expect("imported");
    }
}

/// Puts certificates on a token, before this process opens the module for itself.
fn add_certificates(hsm: &SoftHsm, label: &str, id: u8, chain: &[Vec<u8>]) {
    let context = Pkcs11::new(hsm.module()).expect("a module");
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).expect("started");
    {
        let slots = context.get_slots_with_initialized_token().expect("slots");
        let fits = |slot: &&cryptoki::slot::Slot| context.get_token_info(**slot).expect("a token").label() == label;
        let slot = *slots.iter().find(fits).expect("the token");
        let session = context.open_rw_session(slot).expect("a session");
        session.login(UserType::User, Some(&AuthPin::from(PIN.to_owned()))).expect("logged in");
        for (n, der) in chain.iter().enumerate() {
            let subject = {
                let (_, parsed) = x509_parser::parse_x509_certificate(der).expect("a certificate");
                parsed.subject().as_raw().to_vec()
            };
            let id = if n == 0 { vec![id] } else { vec![0xca, id, u8::try_from(n).expect("few")] };
            let template = [
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Id(id),
                Attribute::Subject(subject),
                Attribute::Value(der.clone()),
            ];
            session.create_object(&template).expect("stored");
        }
    }
    context.finalize().expect("ended");
}

fn chain_of(name: &str) -> Vec<Vec<u8>> {
    read_certificate_chain(&fixtures().join(format!("{name}.crt.pem"))).expect("a chain")
}

fn labelled(label: &str) -> TokenKey {
    TokenKey { token: TokenChoice { label: Some(label.into()), serial: None }, ..TokenKey::default() }
}

fn pin() -> Passphrase {
    Passphrase::new(PIN)
}

fn open(hsm: &SoftHsm, which: TokenKey) -> Result<SigningKey, SigningError> {
    SigningKey::open_pkcs11(hsm.module(), which, Some(&pin()))
}

#[test]
fn a_class_is_signed_by_a_token_with_each_kind_of_key() {
    with_tokens("a_class_is_signed_by_a_token_with_each_kind_of_key", |hsm, folder| {
        let kinds = [
            ("ed25519", None, Algorithm::Ed25519),
            ("p256", None, Algorithm::Es256),
            ("p384", None, Algorithm::Es384),
            ("rsa2048", None, Algorithm::Rs256),
            ("rsa3072", Some(Algorithm::Ps256), Algorithm::Ps256),
        ];
        for (name, ..) in kinds {
            token(hsm, folder, name, &[name]);
            add_certificates(hsm, name, 1, &chain_of(name));
        }
        for (name, wanted, algorithm) in kinds {
            let which = TokenKey { algorithm: wanted, ..labelled(name) };
            let mut key = open(hsm, which).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((key.algorithm(), key.certificate_chain()), (algorithm, &chain_of(name)[..]), "{name}");
            let signatures = sign_class(&mut key);
            openssl_verifies(&key, &messages(PUPILS)[3], &signatures[3]);
        }
    });
}

#[test]
fn a_token_pulled_after_the_17th_leaves_17_and_goes_on_with_the_18th() {
    with_tokens("a_token_pulled_after_the_17th_leaves_17_and_goes_on_with_the_18th", |hsm, folder| {
        for name in ["ed25519", "p256", "rsa2048"] {
            token(hsm, folder, name, &[name]);
            let which = TokenKey { certificate_chain: Some(chain_of(name)), ..labelled(name) };
            let mut key = open(hsm, which).expect("opened");
            let messages = messages(PUPILS);
            let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            let mut signatures = Vec::new();
            let stopped = key
                .sign_each(&slices, &mut |_, signature| {
                    signatures.push(signature);
                    if signatures.len() == 17 {
                        hsm.pull().expect("pulled");
                    }
                    ControlFlow::Continue(())
                })
                .expect_err("the token is gone");
            assert_eq!((stopped.signed, stopped.of, signatures.len()), (17, 40, 17));
            assert!(matches!(&stopped.why, SigningError::TokenPulled { token } if token.contains(name)), "{stopped}");
            let text = stopped.to_string();
            assert!(text.starts_with("signed 17 of 40, then: token") && text.contains("plug it in again"), "{text}");

            // Still away.
            let (none, again) = sign_from(&mut key, &messages, 17);
            assert!(none.is_empty() && matches!(again.expect_err("away").why, SigningError::TokenPulled { .. }));

            hsm.put_back().expect("put back");
            let (rest, result) = sign_from(&mut key, &messages, 17);
            result.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(rest.len(), 23);
            signatures.extend(rest);
            all_verify(&key, &messages, &signatures);
        }
    });
}

#[test]
fn a_token_that_comes_back_at_once_is_not_noticed() {
    with_tokens("a_token_that_comes_back_at_once_is_not_noticed", |hsm, folder| {
        token(hsm, folder, "p256", &["p256"]);
        let mut key =
            open(hsm, TokenKey { certificate_chain: Some(chain_of("p256")), ..labelled("p256") }).expect("opened");
        let messages = messages(PUPILS);
        // Another part of the program looks at the module meanwhile, and it is started anew.
        let absent = open(hsm, labelled("nobody")).unwrap_err();
        assert!(matches!(absent, SigningError::TokenAbsent { .. }), "{absent}");
        let (signatures, result) = sign_from(&mut key, &messages, 0);
        result.expect("a new session");
        all_verify(&key, &messages, &signatures);
    });
}

#[test]
fn a_wrong_pin_is_tried_once() {
    with_tokens("a_wrong_pin_is_tried_once", |hsm, folder| {
        token(hsm, folder, "p256", &["p256"]);
        let which = || TokenKey { certificate_chain: Some(chain_of("p256")), ..labelled("p256") };
        let error = SigningKey::open_pkcs11(hsm.module(), which(), Some(&Passphrase::new("000000"))).unwrap_err();
        assert!(matches!(error, SigningError::WrongSecret { secret: Secret::Pin, .. }), "{error}");
        assert!(!error.to_string().contains("000000"));
        let error = SigningKey::open_pkcs11(hsm.module(), which(), None).unwrap_err();
        assert!(matches!(error, SigningError::SecretMissing { .. }), "{error}");
        let report = inspect_module(hsm.module()).expect("a report");
        let pins: Vec<PinState> = report.slots.iter().filter_map(|slot| Some(slot.token.as_ref()?.pin)).collect();
        assert!(pins.contains(&PinState::TriedWrong), "{pins:?}");
        open(hsm, which()).expect("the right one still works");
    });
}

#[test]
fn tokens_and_keys_that_do_not_fit_are_named() {
    with_tokens("tokens_and_keys_that_do_not_fit_are_named", |hsm, folder| {
        token(hsm, folder, "hai", &["p256", "rsa2048"]);
        let error = |which| open(hsm, which).unwrap_err();
        let absent = error(labelled("ba"));
        assert!(matches!(&absent, SigningError::TokenAbsent { seen, .. } if seen.len() == 1), "{absent}");
        assert!(absent.to_string().contains("\"hai\""), "{absent}");
        let of_id = |id: u8| TokenKey { id: Some(vec![id]), ..labelled("hai") };
        let unknown = error(of_id(9));
        assert!(matches!(&unknown, SigningError::KeyNotFound { seen, .. } if seen.len() == 2), "{unknown}");
        let bare = error(of_id(1));
        assert!(matches!(bare, SigningError::CertificateMissing { .. }), "{bare}");

        let wrong = |name: &str, id| TokenKey { certificate_chain: Some(chain_of(name)), ..of_id(id) };
        for which in [wrong("p384", 1), wrong("rsa3072", 2), wrong("p256", 2)] {
            let mismatch = error(which);
            assert!(matches!(mismatch, SigningError::CertificateMismatch { .. }), "{mismatch}");
        }
        let ambiguous = error(TokenKey { certificate_chain: Some(chain_of("p256")), ..labelled("hai") });
        assert!(matches!(&ambiguous, SigningError::KeyAmbiguous { seen } if seen.len() == 2), "{ambiguous}");
        sign_class(&mut open(hsm, wrong("rsa2048", 2)).expect("this one"));
        let other = error(TokenKey { algorithm: Some(Algorithm::Es256), ..wrong("rsa2048", 2) });
        assert!(matches!(other, SigningError::UnsupportedMechanism { .. }), "{other}");

        // This module looks for new tokens only when it starts; asking for one that is not there lets it.
        hsm.init_token("ba").expect("a second token");
        error(labelled("nobody"));
        let several = error(TokenKey::default());
        assert!(matches!(&several, SigningError::TokenAmbiguous { seen } if seen.len() == 2), "{several}");
    });
}

#[test]
fn a_report_shows_tokens_certificates_and_what_is_missing_without_a_pin() {
    with_tokens("a_report_shows_tokens_certificates_and_what_is_missing_without_a_pin", |hsm, folder| {
        token(hsm, folder, "co", &["p256"]);
        token(hsm, folder, "khong", &["rsa2048"]);
        add_certificates(hsm, "co", 1, &chain_of("p256"));
        let report = inspect_module(hsm.module()).expect("a report");
        assert!(report.library.contains("SoftHSM"), "{report:?}");
        let token = |label: &str| {
            let tokens = report.slots.iter().filter_map(|slot| slot.token.as_ref());
            tokens.into_iter().find(|token| token.label == label).expect("there")
        };
        let with = token("co");
        assert_eq!((with.pin, &with.findings[..]), (PinState::Good, &[][..]));
        let leaf = &with.certificates.iter().find(|certificate| certificate.id == "01").expect("the leaf");
        assert_eq!((leaf.algorithm, leaf.chain), (Some(Algorithm::Es256), 3));
        assert!(leaf.subject.contains("Giao vien p256") && leaf.not_after > 4_000_000_000, "{leaf:?}");
        assert!(with.keys.iter().any(|key| key.id == "01"), "{:?}", with.keys);
        assert_eq!(token("khong").findings, [Finding::NoCertificate]);
        assert_eq!(token("").findings, [Finding::NotInitialised]);
    });
}

#[test]
fn a_file_that_is_no_module_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("module.so");
    let open = || SigningKey::open_pkcs11(&path, TokenKey::default(), None).unwrap_err();
    assert!(matches!(open(), SigningError::Module { .. }), "missing");
    fs::write(&path, "no library").expect("written");
    assert!(matches!(open(), SigningError::Module { .. }), "text");
}
