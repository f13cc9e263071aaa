#![no_main]
//! An encrypted key file, and a certificate file. Bytes that are no PEM are taken as the DER inside one, so that changes
//! reach the structure. Files that ask for much work (at most a second, says the keystore) make this target slow.

use std::{path::PathBuf, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hocba_keystore::{Ed25519Key, Mode, Passphrase, Secp256k1Key, read_certificate_chain};
use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("hocba-fuzz-key-{}.pem", std::process::id())));

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

fn check(file: &[u8]) {
    std::fs::write(&*FILE, file).expect("the temporary folder takes files");
    let passphrase = Passphrase::new("hocba-demo");
    if let Ok(key) = Ed25519Key::open(&FILE, &passphrase, Mode::Demo) {
        let _ = key.sign(b"statement");
    }
    let _ = Secp256k1Key::open(&FILE, &passphrase, Mode::Production);
    let _ = read_certificate_chain(&FILE);
}

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"-----") {
        check(data);
    } else {
        check(&pem("ENCRYPTED PRIVATE KEY", data));
        check(&pem("CERTIFICATE", data));
    }
});
