//! Signing with keys wherever they live: a class whose teacher has one P-256 key in a `.p12` file, on a token, and at a
//! signing service.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use hocba_test_csc::{Server, Settings, service::TOKEN};
use hocba_test_softhsm::{PIN, SoftHsm};

use crate::{
    common::{Run, World, hocba},
    steps::{count, imported},
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixtures() -> PathBuf {
    repository().join("crates/keystore/tests/fixtures")
}

/// A certificate of the demo's authority for the fixture's P-256 key, with its issuer: `leaf.pem`. `false` where there is
/// no openssl.
#[expect(clippy::print_stdout, reason = "a skipped test says what would let it run")]
fn certificate(world: &World) -> bool {
    let extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\n\
                      subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
    fs::write(world.path("extensions"), extensions).expect("written");
    let (keys, fixtures) = (repository().join("keys-example"), fixtures());
    let path = |folder: &Path, name: &str| folder.join(name).display().to_string();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").current_dir(world.path("")).args(arguments).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(())
    };
    let (key, issuer) = (path(&fixtures, "p256.key.pem"), path(&keys, "issuing.crt.pem"));
    let made =
        openssl(&["req", "-new", "-key", &key, "-passin", "pass:hocba-test", "-subj", "/CN=Token", "-out", "csr"]);
    if made.is_none() {
        println!("SKIPPED: the openssl program is not on PATH; `apt-get install openssl` lets this test run");
        return false;
    }
    let issuing = ["-CA", &issuer, "-CAkey", &path(&keys, "issuing.key.pem"), "-passin", "pass:hocba-demo"];
    let rest = ["-days", "30", "-set_serial", "4711", "-extfile", "extensions", "-out", "leaf.crt"];
    openssl(&[&["x509", "-req", "-in", "csr"][..], &issuing, &rest].concat());
    let chain =
        fs::read_to_string(world.path("leaf.crt")).expect("issued") + &fs::read_to_string(&issuer).expect("PEM");
    fs::write(world.path("leaf.pem"), chain).expect("written");
    true
}

fn file(world: &World, name: &str, bytes: &[u8]) {
    fs::write(world.path(name), bytes).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(world.path(name), fs::Permissions::from_mode(0o600)).expect("our own");
    }
}

#[test]
fn a_class_is_signed_from_a_file_a_token_and_a_service_that_falls_over() {
    let (world, _) = imported(40);
    if !certificate(&world) {
        return;
    }
    world.on_demo(&["appoint"]).expect(0);
    let given = ["--role", "homeroom-teacher", "--appointee", "leaf.pem", "--name", "Cô Token", "--title", "GVCN"];
    world.on_demo(&[&["appoint", "--key-storage", "token"], &given[..]].concat()).expect(0);

    // A file, with the passphrase in another.
    file(&world, "p256.p12", &fs::read(fixtures().join("p256.p12")).expect("a fixture"));
    file(&world, "passphrase", b"hocba-test\n");
    let key = ["--key", "p256.p12", "--certificate", "leaf.pem", "--passphrase-file", "passphrase"];
    world.on_demo(&[&["sign", "--only", "1-5"], &key[..]].concat()).expect(0);
    assert_eq!(count(&world, "teacher_signed"), 5);
    // Nobody is there to be asked.
    let run = world.on_demo(&[&["sign"], &key[..4]].concat()).expect(3);
    assert!(run.err.contains("--passphrase-file"), "{}", run.err);

    // A token.
    file(&world, "pin", PIN.as_bytes());
    match SoftHsm::new(&world.path("")) {
        Ok(hsm) => {
            hsm.init_token("teacher").expect("a token");
            hsm.import("teacher", &fixtures().join("p256.key.pem"), "hocba-test", "01").expect("imported");
            let module = hsm.module().display().to_string();
            let (name, value) = hsm.environment();
            let token = |label: &str, only: &str| -> Run {
                let key = ["--pkcs11-module", &module, "--token-label", label, "--certificate", "leaf.pem"];
                let rest = ["--pin-file", "pin", "--data-dir", "demo"];
                let mut command = hocba(&world.path(""));
                command.args(["sign", "--only", only]).args(key).args(rest).env(name, &value);
                command.output().expect("it starts").into()
            };
            token("teacher", "6-10").expect(0);
            let run = token("nobody", "6-10").expect(4);
            assert!(run.err.contains("chưa cắm token") && run.err.contains("teacher"), "{}", run.err);
        }
        Err(error) => {
            println!("SKIPPED, the token: {error}");
            world.on_demo(&[&["sign", "--only", "6-10"], &key[..]].concat()).expect(0);
        }
    }
    assert_eq!(count(&world, "teacher_signed"), 10);

    // A service that falls over in the middle of its second answer.
    file(&world, "token", TOKEN.as_bytes());
    file(&world, "otp", b"778899\n");
    let chain = fs::read_to_string(world.path("leaf.pem")).expect("issued");
    fs::create_dir(world.path("service")).expect("a folder");
    fs::write(world.path("service/p256.crt.pem"), chain).expect("written");
    fs::copy(fixtures().join("p256.key.pem"), world.path("service/p256.key.pem")).expect("copied");
    let settings = Settings::new(&world.path("service"), &["p256"], &world.path("service.log"));
    let options = ["--pin=123456", "--otp=778899"];
    let mut server = match Server::start(settings.with(&options).with(&["--crash-after=17"])) {
        Ok(server) => server,
        Err(error) => return println!("SKIPPED, the service: {error}"),
    };
    let sign = |url: &str| {
        let remote = ["--remote", url, "--remote-token-file", "token", "--pin-file", "pin", "--otp-file", "otp"];
        world.on_demo(&[&["sign"], &remote[..]].concat())
    };
    let run = sign(&server.url()).expect(4);
    assert!(run.err.contains("đã ký 10, chưa ký: STT 21-40"), "{}", run.err);
    assert!(run.err.contains("chạy lại đúng lệnh này"), "{}", run.err);
    assert_eq!(count(&world, "teacher_signed"), 20, "what was signed is kept");
    server.restart(&options).expect("it starts again");
    let run = sign(&server.url()).expect(0);
    assert!(run.out.contains("Đã ký 20 học bạ, 20 đã ký từ trước"), "{}", run.out);
    // 17 before it fell over, of which 7 in an answer that never came; then 20.
    assert_eq!((server.logged("sign").len(), server.logged("authorize").len()), (37, 2));

    world.on_demo(&["cosign"]).expect(0);
    world.on_demo(&["seal"]).expect(0);
    assert_eq!(count(&world, "sealed"), 40);
}
