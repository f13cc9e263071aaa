//! Signing with keys wherever they live: a class whose teacher has one P-256 key in a `.p12` file, on a token, and at a
//! signing service.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use hocba_test_csc::{Server, Settings, service::TOKEN};
use hocba_test_softhsm::{PIN, SoftHsm};
use serde_json::{Value, json};

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

/// A certificate of the demo's authority for a fixture's key, with its issuer: `leaf.pem`. `false` where there is no
/// openssl.
#[expect(clippy::print_stdout, reason = "a skipped test says what would let it run")]
fn certificate(world: &World, key: &str) -> bool {
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
    let (key, issuer) = (path(&fixtures, &format!("{key}.key.pem")), path(&keys, "issuing.crt.pem"));
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

/// Appoints everybody of the demonstration, and whoever has `leaf.pem` to this role as well.
fn appoint(world: &World, role: &str) {
    world.on_demo(&["appoint"]).expect(0);
    let given = ["--role", role, "--appointee", "leaf.pem", "--name", "Cô Token", "--title", "GV"];
    world.on_demo(&[&["appoint", "--key-storage", "token"], &given[..]].concat()).expect(0);
}

/// The rest of the way, and the verdict of each of the forty: the same wherever they were signed.
fn all_verify_alike(world: &World) {
    for command in [&["cosign"][..], &["seal"], &["anchor", "--once"], &["bundle"], &["snapshot"]] {
        world.on_demo(command).expect(0);
    }
    let verdicts = (1..=40).map(|n| {
        let bundle = format!("demo/bundles/9A3/{n:02}.hocba.json");
        let (profile, snapshot) = ("demo/profile.hocba-profile.json", "demo/snapshot.hocba-snapshot.json");
        let files = ["--profile", profile, "--snapshot", snapshot];
        let report = world.run(&[&["verify", "--json", &bundle], &files[..]].concat()).expect(0).out;
        let report: Value = serde_json::from_str(&report).expect("one document");
        let check = |c: &Value| (c["id"].clone(), c["outcome"].clone());
        let report = &report["files"][0]["report"];
        let checks: Vec<_> = report["checks"].as_array().expect("checks").iter().map(check).collect();
        assert!(!checks.is_empty());
        (report["verdict"].clone(), checks)
    });
    let verdicts: Vec<_> = verdicts.collect();
    assert_eq!(verdicts[0].0, "valid");
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]));
}

/// A class whose teacher's key is on a token, which is pulled out after the 17th.
#[expect(clippy::print_stdout, reason = "a skipped test says what would let it run")]
fn signed_on_a_token(key: &str) {
    let (world, _) = imported(40);
    if !certificate(&world, key) {
        return;
    }
    appoint(&world, "homeroom-teacher");
    file(&world, "pin", PIN.as_bytes());
    let hsm = match SoftHsm::new(&world.path("")) {
        Ok(hsm) => hsm,
        Err(error) => return println!("SKIPPED, the token: {error}"),
    };
    hsm.init_token("teacher").expect("a token");
    hsm.import("teacher", &fixtures().join(format!("{key}.key.pem")), "hocba-test", "01").expect("imported");
    let module = hsm.module().display().to_string();
    let sign = |more: &[&str]| -> Run {
        let (name, value) = hsm.environment();
        let mut command = hocba(&world.path(""));
        command.args(["sign", "--data-dir", "demo", "--pkcs11-module", &module, "--token-label", "teacher"]);
        command.args(["--certificate", "leaf.pem", "--pin-file", "pin"]).args(more).env(name, value);
        command.output().expect("it starts").into()
    };
    sign(&["--only", "1-17"]).expect(0);
    hsm.pull().expect("pulled");
    let run = sign(&[]).expect(4);
    assert!(run.err.contains("chưa cắm token"), "{}", run.err);
    assert_eq!(count(&world, "teacher_signed"), 17);
    hsm.put_back().expect("put back");
    let run = sign(&[]).expect(0);
    assert!(run.out.contains("Đã ký 23 học bạ, 17 đã ký từ trước"), "{}", run.out);
    all_verify_alike(&world);
}

#[test]
fn a_class_signed_on_a_token_with_ed25519_verifies() {
    signed_on_a_token("ed25519");
}

#[test]
fn a_class_signed_on_a_token_with_rsa_verifies() {
    signed_on_a_token("rsa2048");
}

/// Secrets, key and certificate of a service, in the world's folder.
fn service(world: &World, key: &str, options: &[&str]) -> Result<Server, String> {
    file(world, "pin", PIN.as_bytes());
    file(world, "token", TOKEN.as_bytes());
    file(world, "otp", b"778899\n");
    let chain = fs::read_to_string(world.path("leaf.pem")).expect("issued");
    fs::create_dir(world.path("service")).expect("a folder");
    fs::write(world.path(&format!("service/{key}.crt.pem")), chain).expect("written");
    let of = format!("{key}.key.pem");
    fs::copy(fixtures().join(&of), world.path(&format!("service/{of}"))).expect("copied");
    let settings = Settings::new(&world.path("service"), &[key], &world.path("service.log"));
    Server::start(settings.with(&SERVICE).with(options)).map_err(|error| error.to_string())
}

const SERVICE: [&str; 2] = ["--pin=123456", "--otp=778899"];

/// A command with the key at a service.
fn at(world: &World, url: &str, command: &[&str]) -> Run {
    let remote = ["--remote", url, "--remote-token-file", "token", "--pin-file", "pin", "--otp-file", "otp"];
    world.on_demo(&[command, &remote].concat())
}

/// A class whose teacher's key is at a service, which is killed after the 17th.
#[expect(clippy::print_stdout, reason = "a skipped test says what would let it run")]
fn signed_at_a_service(key: &str) {
    let (world, _) = imported(40);
    if !certificate(&world, key) {
        return;
    }
    appoint(&world, "homeroom-teacher");
    let mut server = match service(&world, key, &[]) {
        Ok(server) => server,
        Err(error) => return println!("SKIPPED, the service: {error}"),
    };
    at(&world, &server.url(), &["sign", "--only", "1-17"]).expect(0);
    server.restart(&[&SERVICE[..], &["--crash-after=17"]].concat()).expect("it starts again");
    // It falls over with its first answer already: 17 signatures are given in it.
    at(&world, &server.url(), &["sign"]).expect(4);
    let signed = count(&world, "teacher_signed");
    server.restart(&SERVICE).expect("it starts again");
    let run = at(&world, &server.url(), &["sign"]).expect(0);
    let said = format!("Đã ký {} học bạ, {signed} đã ký từ trước", 40 - signed);
    assert!(run.out.contains(&said), "{said}: {}", run.out);
    all_verify_alike(&world);
}

#[test]
fn a_class_signed_at_a_service_with_rsa_verifies() {
    signed_at_a_service("rsa2048");
}

#[test]
fn a_class_signed_at_a_service_with_p256_verifies() {
    signed_at_a_service("p256");
}

/// Two classes, signed by lists; the principal's key is at a service that asks for a code for each signature.
#[test]
fn a_principal_signs_every_class_with_one_signature_where_lists_are_signed() {
    let world = World::empty();
    world.on_demo(&["init", "--demo", "--signing", "list"]).expect(0);
    if !certificate(&world, "rsa2048") {
        return;
    }
    let import = |name: &str, seed| {
        let (mut header, drafts) = hocba_sample::class(seed, &hocba_sample::Options::lower_secondary().with_pupils(20));
        header.class = name.parse().expect("a name");
        let workbook = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
        fs::write(world.path("lop.xlsx"), workbook).expect("written");
        world.on_demo(&["import", "lop.xlsx"]).expect(0);
    };
    import("9A3", 7);
    appoint(&world, "principal");
    import("9A4", 8);
    let other =
        |ending: &str| repository().join(format!("keys-example/other-teacher.{ending}.pem")).display().to_string();
    let (key, chain) = (other("key"), other("crt"));
    let teacher = ["--appointee", &chain, "--name", "Nguyễn Thị Hoa", "--title", "GVCN"];
    world.on_demo(&[&["appoint", "--role", "homeroom-teacher", "--class", "9A4"], &teacher[..]].concat()).expect(0);
    // A homeroom teacher's classes are those they are given.
    let run = world.on_demo(&["sign", "--all"]).expect(0);
    assert!(run.out.contains("Đã ký 20 học bạ") && run.err.contains("9A4"), "{} {}", run.out, run.err);
    file(&world, "passphrase", b"hocba-demo\n");
    let key = ["--key", &key, "--certificate", &chain, "--passphrase-file", "passphrase"];
    world.on_demo(&[&["sign", "--all"], &key[..]].concat()).expect(0);
    let server = match service(&world, "rsa2048", &["--cap=1"]) {
        Ok(server) => server,
        Err(error) => return println!("SKIPPED, the service: {error}"),
    };
    let run = at(&world, &server.url(), &["cosign", "--all", "--json"]).expect(0);
    let said: Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!((&said["signed"], said["classes"].as_array().map(Vec::len)), (&json!(40), Some(2)), "{said}");
    assert_eq!((server.logged("sign").len(), server.logged("authorize").len()), (1, 1));
    for command in [&["seal", "--all"][..], &["anchor", "--once"], &["snapshot"]] {
        world.on_demo(command).expect(0);
    }
    for class in ["9A3", "9A4"] {
        world.on_demo(&["bundle", "--class", class]).expect(0);
        for n in 1..=20 {
            world.verify(&format!("demo/bundles/{class}/{n:02}.hocba.json")).expect(0);
        }
    }
    world.on_demo(&["fsck"]).expect(0);
}

#[test]
fn a_class_is_signed_from_a_file_a_token_and_a_service_that_falls_over() {
    let (world, _) = imported(40);
    if !certificate(&world, "p256") {
        return;
    }
    appoint(&world, "homeroom-teacher");

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
    let mut server = match service(&world, "p256", &["--crash-after=17"]) {
        Ok(server) => server,
        Err(error) => return println!("SKIPPED, the service: {error}"),
    };
    let run = at(&world, &server.url(), &["sign"]).expect(4);
    assert!(run.err.contains("đã ký 10, chưa ký: STT 21-40"), "{}", run.err);
    assert!(run.err.contains("chạy lại đúng lệnh này"), "{}", run.err);
    assert_eq!(count(&world, "teacher_signed"), 20, "what was signed is kept");
    server.restart(&SERVICE).expect("it starts again");
    let run = at(&world, &server.url(), &["sign"]).expect(0);
    assert!(run.out.contains("Đã ký 20 học bạ, 20 đã ký từ trước"), "{}", run.out);
    // 17 before it fell over, of which 7 in an answer that never came; then 20.
    assert_eq!((server.logged("sign").len(), server.logged("authorize").len()), (37, 2));

    world.on_demo(&["cosign"]).expect(0);
    world.on_demo(&["seal"]).expect(0);
    assert_eq!(count(&world, "sealed"), 40);
}
