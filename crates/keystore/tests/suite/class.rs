//! A class, its signatures, and who checks them: the verifier's own code, and the openssl program.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::Command,
};

use hocba_keystore::{Passphrase, SigningKey, Stopped};
use hocba_signature::{algorithm::Algorithm, certificate::Certificate};

pub const PUPILS: usize = 40;

pub fn passphrase() -> Passphrase {
    Passphrase::new("hocba-test")
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A fixture as a careful owner would leave it; git does not keep modes.
pub fn private_copy(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::copy(fixtures().join(name), &path).expect("a fixture");
    chmod(&path);
    path
}

#[cfg(unix)]
pub fn chmod(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("our own file");
}

#[cfg(not(unix))]
pub fn chmod(_: &Path) {}

/// Signing inputs of a class, each some hundred bytes.
pub fn messages(pupils: usize) -> Vec<Vec<u8>> {
    (1..=pupils).map(|n| format!("eyJhbGciOiJ.{}.học sinh STT {n}", "payload".repeat(40)).into_bytes()).collect()
}

/// Signs the messages from one on; what was handed over comes back whatever happened, by the places in `messages`.
pub fn sign_from(key: &mut SigningKey, messages: &[Vec<u8>], from: usize) -> (Vec<Vec<u8>>, Result<(), Stopped>) {
    let slices: Vec<&[u8]> = messages[from..].iter().map(Vec::as_slice).collect();
    let mut signatures = Vec::new();
    let result = key.sign_each(&slices, &mut |place, signature| {
        assert_eq!(place, signatures.len(), "in order, each once");
        signatures.push(signature);
        ControlFlow::Continue(())
    });
    (signatures, result)
}

/// Signs a whole class and checks it.
pub fn sign_class(key: &mut SigningKey) -> Vec<Vec<u8>> {
    let messages = messages(PUPILS);
    let (signatures, result) = sign_from(key, &messages, 0);
    result.unwrap_or_else(|error| panic!("{error}"));
    all_verify(key, &messages, &signatures);
    signatures
}

/// Each signature is of its message, in the length that JWS wants, and of no other message.
pub fn all_verify(key: &SigningKey, messages: &[Vec<u8>], signatures: &[Vec<u8>]) {
    assert_eq!(signatures.len(), messages.len());
    let certificate = Certificate::from_der(&key.certificate_chain()[0]).expect("a certificate");
    for (n, (message, signature)) in messages.iter().zip(signatures).enumerate() {
        certificate.key().verify(key.algorithm(), message, signature).unwrap_or_else(|error| panic!("{n}: {error}"));
        let other = &messages[(n + 1) % messages.len()];
        assert!(certificate.key().verify(key.algorithm(), other, signature).is_err());
    }
}

/// What openssl says of one signature; does nothing, and says so, where there is no openssl.
#[expect(clippy::print_stdout, reason = "a skipped check says what would let it run")]
pub fn openssl_verifies(key: &SigningKey, message: &[u8], signature: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("leaf.der"), &key.certificate_chain()[0]).expect("written");
    fs::write(path("message"), message).expect("written");
    let ecdsa = matches!(key.algorithm(), Algorithm::Es256 | Algorithm::Es384);
    fs::write(path("signature"), if ecdsa { ecdsa_der(signature) } else { signature.to_vec() }).expect("written");
    let openssl = |arguments: &[&str]| Command::new("openssl").current_dir(folder.path()).args(arguments).output();
    let Ok(output) = openssl(&["x509", "-inform", "DER", "-in", "leaf.der", "-pubkey", "-noout", "-out", "pub.pem"])
    else {
        println!("SKIPPED: the openssl program is not on PATH; `apt-get install openssl` lets this check run");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let dgst = ["dgst", "-verify", "pub.pem", "-signature", "signature", "message"];
    let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256"];
    let arguments = match key.algorithm() {
        Algorithm::Ed25519 => {
            vec![
                "pkeyutl",
                "-verify",
                "-pubin",
                "-inkey",
                "pub.pem",
                "-rawin",
                "-in",
                "message",
                "-sigfile",
                "signature",
            ]
        }
        Algorithm::Es384 => [&dgst[..1], &["-sha384"], &dgst[1..]].concat(),
        Algorithm::Es256 | Algorithm::Rs256 => [&dgst[..1], &["-sha256"], &dgst[1..]].concat(),
        Algorithm::Ps256 => [&dgst[..1], &["-sha256"], &pss, &dgst[1..]].concat(),
    };
    let output = openssl(&arguments).expect("ran before");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `r || s` as the structure that openssl wants.
fn ecdsa_der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1)..];
        let zero: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
        [&[0x02, u8::try_from(zero.len() + bytes.len()).expect("short")], zero, bytes].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let both = [number(r), number(s)].concat();
    [&[0x30, u8::try_from(both.len()).expect("below 128")], &both[..]].concat()
}
