//! `hocba ca`: OpenSSL makes requests, verifies certificates and lists, and asks the responder.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::Command,
};

use serde_json::Value;

use crate::common::{Run, World, hocba, start};

/// A world with passphrases; OpenSSL 3 is on the project's machines.
struct Pilot(World);

impl Pilot {
    fn new() -> Self {
        let world = World::empty();
        for (name, text) in [("root.pass", "một câu dài\n"), ("ca.pass", "một câu khác\n")] {
            fs::write(world.path(name), text).expect("written");
            fs::set_permissions(world.path(name), fs::Permissions::from_mode(0o600)).expect("set");
        }
        Self(world)
    }

    /// With a CA that says where it is asked.
    fn begun(kind: &str) -> Self {
        let pilot = Self::new();
        pilot
            .ca(&[
                "init",
                "--name",
                "Phòng GD&ĐT Quận 3",
                "--key-type",
                kind,
                "--root-passphrase-file",
                "root.pass",
                "--passphrase-file",
                "ca.pass",
                "--base-url",
                "http://127.0.0.1:8791",
            ])
            .expect(0);
        pilot
    }

    fn ca(&self, args: &[&str]) -> Run {
        self.0.run(&[&["ca"], args, &["--folder", "ca"]].concat())
    }

    fn json(&self, args: &[&str]) -> Value {
        let run = self.ca(&[args, &["--json"]].concat()).expect(0);
        serde_json::from_str(&run.out).expect("one document")
    }

    fn openssl(&self, args: &str) -> Run {
        let run = Command::new("openssl").args(args.split_whitespace()).current_dir(self.0.home.path()).output();
        run.expect("OpenSSL 3 is installed").into()
    }

    /// A key of the teacher's own and a certificate for it.
    fn issue(&self, key: &str, name: &str, more: &[&str]) -> Value {
        self.openssl(&format!("genpkey {key} -out key.pem")).expect(0);
        self.openssl("req -new -key key.pem -subj /CN=x -out request.pem").expect(0);
        let args = [
            "issue",
            "--csr",
            "request.pem",
            "--name",
            name,
            "--organisation",
            "Trường THCS Trần Phú",
            "--role",
            "teacher",
            "--school",
            "79DEMO001",
            "--passphrase-file",
            "ca.pass",
        ];
        self.json(&[&args[..], more].concat())
    }
}

#[test]
fn a_pilot_ca_issues_revokes_and_publishes_and_openssl_follows() {
    for kind in ["ed25519", "p256"] {
        let pilot = Pilot::begun(kind);
        let hoa = pilot.issue("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "Nguyễn Thị Hoa", &[]);
        let minh = pilot.issue("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "Trần Văn Minh", &["--days", "100"]);
        let file = |of: &Value| of["file"].as_str().expect("a file").to_owned();
        let verify = |of: &Value| {
            for name in ["root", "issuing"] {
                pilot.openssl(&format!("crl -in ca/{name}.crl -inform DER -out {name}.crl.pem")).expect(0);
            }
            let crls = ["root", "issuing"].map(|n| fs::read(pilot.0.path(&format!("{n}.crl.pem"))).expect("a list"));
            fs::write(pilot.0.path("crls.pem"), crls.concat()).expect("written");
            pilot.openssl(&format!(
                "verify -x509_strict -crl_check_all -CRLfile crls.pem -CAfile ca/root.crt.pem -untrusted ca/issuing.crt.pem {}",
                file(of)
            ))
        };
        verify(&hoa).expect(0);
        verify(&minh).expect(0);

        let serial = hoa["serial"].as_str().expect("a number");
        let revoked = pilot.json(&["revoke", serial, "--reason", "keyCompromise", "--invalid-since", "2026-03-05"]);
        assert_eq!((&revoked["crl"], &revoked["invalid_since"]), (&Value::Null, &Value::from(1_772_643_600)));
        verify(&hoa).expect(0);
        assert_eq!(pilot.json(&["crl", "--passphrase-file", "ca.pass"])["number"], 2);
        assert!(verify(&hoa).expect(2).err.contains("certificate revoked"));
        let printed = pilot.openssl("crl -in ca/issuing.crl -inform DER -noout -text").expect(0).out;
        assert!(printed.contains("Key Compromise") && printed.contains("Mar  4 17:00:00 2026 GMT"), "{printed}");
        verify(&minh).expect(0);

        // By its certificate, with the list made at once.
        let revoked = pilot.json(&[
            "revoke",
            "--certificate",
            &file(&minh),
            "--reason",
            "superseded",
            "--passphrase-file",
            "ca.pass",
        ]);
        assert_eq!(revoked["crl"], 3);
        verify(&minh).expect(2);
        pilot.ca(&["revoke", serial, "--reason", "superseded"]).expect(5);
        pilot.ca(&["revoke", "00", "--reason", "superseded"]).expect(3);

        let status = pilot.json(&["status"]);
        let states: Vec<_> =
            status["certificates"].as_array().expect("some").iter().map(|c| (&c["role"], &c["state"])).collect();
        let wanted = [
            ("root", "valid"),
            ("issuing_ca", "valid"),
            ("ocsp", "valid"),
            ("teacher", "revoked"),
            ("teacher", "revoked"),
        ];
        assert_eq!(
            states,
            wanted
                .map(|(role, state)| (Value::from(role), Value::from(state)))
                .iter()
                .map(|(r, s)| (r, s))
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn openssl_asks_the_responder_over_http() {
    let pilot = Pilot::begun("p256");
    let hoa = pilot.issue("-algorithm ED25519", "Nguyễn Thị Hoa", &[]);
    let mut command = hocba(pilot.0.home.path());
    command.args([
        "ca",
        "serve",
        "--folder",
        "ca",
        "--listen",
        "127.0.0.1:0",
        "--passphrase-file",
        "ca.pass",
        "--json",
    ]);
    let (_running, said) = start(command);
    let url = said["url"].as_str().expect("an address");
    let ask = || {
        let file = hoa["file"].as_str().expect("a file");
        let run = pilot
            .openssl(&format!("ocsp -url {url}/ocsp -CAfile ca/root.crt.pem -issuer ca/issuing.crt.pem -cert {file}"));
        let run = run.expect(0);
        assert!(run.err.contains("Response verify OK"), "{} {}", run.out, run.err);
        run.out
    };
    assert!(ask().contains(": good"));
    pilot.ca(&["revoke", hoa["serial"].as_str().expect("a number"), "--reason", "affiliationChanged"]).expect(0);
    let said = ask();
    assert!(said.contains(": revoked") && said.contains("Reason: affiliationChanged"), "{said}");
    // What certificates point to.
    let host = url.strip_prefix("http://").expect("plain HTTP");
    for (name, status) in [
        ("issuing.crl", "200"),
        ("root.crl", "200"),
        ("root.cer", "200"),
        ("issuing.cer", "200"),
        ("issuing.key.pem", "404"),
        ("ca.json", "404"),
    ] {
        let mut stream = std::net::TcpStream::connect(host).expect("it listens");
        write!(stream, "GET /{name} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut answer).expect("answered");
        assert_eq!(String::from_utf8_lossy(&answer).split(' ').nth(1), Some(status), "{name}");
    }
    let get = pilot.openssl(&format!(
        "ocsp -issuer ca/issuing.crt.pem -cert {} -no_nonce -reqout r.der",
        hoa["file"].as_str().expect("a file")
    ));
    get.expect(0);
    let request = pilot
        .openssl("base64 -A -in r.der")
        .expect(0)
        .out
        .trim()
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    let mut stream = std::net::TcpStream::connect(host).expect("it listens");
    write!(stream, "GET /ocsp/{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut answer).expect("answered");
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    fs::write(pilot.0.path("a.der"), &answer[end..]).expect("written");
    let run =
        pilot.openssl("ocsp -respin a.der -CAfile ca/root.crt.pem -issuer ca/issuing.crt.pem -resp_text").expect(0);
    assert!(
        run.err.contains("Response verify OK") && run.out.contains("Cert Status: revoked"),
        "{} {}",
        run.out,
        run.err
    );
    // A new key for it.
    pilot.ca(&["responder", "--passphrase-file", "ca.pass"]).expect(0);
}

#[test]
fn what_is_refused_leaves_the_register_as_it_was() {
    let pilot = Pilot::begun("ed25519");
    pilot.issue("-algorithm ED25519", "Nguyễn Thị Hoa", &[]);
    let register = pilot.0.path("ca/register.jsonl");
    let before = fs::read(&register).expect("a register");
    let issue = |more: &[&str]| {
        let args =
            ["issue", "--name", "Hoa", "--organisation", "Trường", "--role", "teacher", "--passphrase-file", "ca.pass"];
        pilot.ca(&[&args[..], more].concat())
    };
    // A request whose signature does not verify; one that is none; a key that is too weak; a validity beyond the CA's.
    let good = fs::read_to_string(pilot.0.path("request.pem")).expect("a request");
    pilot.openssl("req -in request.pem -outform DER -out request.der").expect(0);
    let mut bad = fs::read(pilot.0.path("request.der")).expect("a request");
    *bad.last_mut().expect("not empty") ^= 1;
    fs::write(pilot.0.path("bad.der"), bad).expect("written");
    let run = issue(&["--csr", "bad.der"]).expect(3);
    assert!(run.err.contains("not signed with its own key"), "{}", run.err);
    fs::write(pilot.0.path("bad.pem"), good.replace("REQUEST", "THING")).expect("written");
    issue(&["--csr", "bad.pem"]).expect(3);
    pilot.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem").expect(0);
    pilot.openssl("pkey -in weak.pem -pubout -out weak.pub").expect(0);
    issue(&["--spki", "weak.pub"]).expect(3);
    issue(&["--csr", "request.pem", "--days", "3660"]).expect(3);
    issue(&["--csr", "request.pem", "--code", &"a".repeat(65)]).expect(3);
    pilot.ca(&["crl", "--passphrase-file", "root.pass"]).expect(4);
    assert_eq!(fs::read(&register).expect("a register"), before);
    // The CA is not begun twice.
    pilot.ca(&["init", "--name", "x", "--root-passphrase-file", "root.pass", "--passphrase-file", "ca.pass"]).expect(3);

    // Somebody else is at it.
    let lock = File::open(pilot.0.path("ca/register.lock")).expect("a lock");
    lock.lock().expect("free");
    let run = issue(&["--csr", "request.pem"]).expect(4);
    assert!(run.err.contains("một lệnh khác"), "{}", run.err);
    lock.unlock().expect("held");

    // A line that a crash cut off never counted; the next one takes its place.
    let mut file = OpenOptions::new().append(true).open(&register).expect("a register");
    file.write_all(br#"{"event":"revoked","at":1,"ser"#).expect("written");
    drop(file);
    assert_eq!(pilot.json(&["status"])["certificates"].as_array().map(Vec::len), Some(4));
    issue(&["--csr", "request.pem"]).expect(0);
    let after = fs::read(&register).expect("a register");
    assert!(after.starts_with(&before) && after.ends_with(b"}\n"));
    assert_eq!(pilot.json(&["status"])["certificates"].as_array().map(Vec::len), Some(5));
}

#[test]
fn the_roots_key_can_be_put_away() {
    let pilot = Pilot::begun("ed25519");
    fs::rename(pilot.0.path("ca/root.key.pem"), pilot.0.path("safe.pem")).expect("moved");
    pilot.issue("-algorithm ED25519", "Nguyễn Thị Hoa", &[]);
    pilot.ca(&["crl", "--passphrase-file", "ca.pass"]).expect(0);
    pilot.ca(&["crl", "--root", "--passphrase-file", "root.pass"]).expect(4);
    fs::rename(pilot.0.path("safe.pem"), pilot.0.path("ca/root.key.pem")).expect("moved");
    assert_eq!(pilot.json(&["crl", "--root", "--passphrase-file", "root.pass"])["number"], 2);
    // The issuing CA itself can be revoked, by the root.
    let status = pilot.json(&["status"]);
    let issuing =
        status["certificates"].as_array().expect("some").iter().find(|c| c["role"] == "issuing_ca").expect("one");
    let serial = issuing["serial"].as_str().expect("a number");
    let revoked = pilot.json(&["revoke", serial, "--reason", "cACompromise", "--passphrase-file", "root.pass"]);
    assert_eq!(revoked["crl"], 3);
    let printed = pilot.openssl("crl -in ca/root.crl -inform DER -noout -text").expect(0).out;
    assert!(printed.contains("CA Compromise"), "{printed}");
}
