//! The afternoon in a browser: from an empty installation to the first signed class of a school of 45 classes and 1,900
//! pupils, by pages alone, each person with a browser and a key of their own. `tests/js/opening.mjs` is what people do.

#![allow(clippy::disallowed_methods, reason = "real certificates have a real time")]

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::PathBuf};

use hocba_ca::{Addresses, Authority, CaKey, Request, SerialNumber, SignFailed, Subject, Validity, pem};
use hocba_keystore::{Ed25519Key, Mode, Passphrase};
use hocba_record::types::UnixTime;
use hocba_signature::algorithm::Algorithm;
use hocba_tests::{
    DAY, repository,
    scripts::{browser, run},
};
use serde_json::{Value, json};

use crate::common::{World, hocba, start};

const PASSPHRASE: &str = "hocba-demo";

/// The issuing key among the example keys.
struct IssuingKey(Ed25519Key, [u8; 44]);

impl CaKey for IssuingKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }
    fn spki(&self) -> &[u8] {
        &self.1
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        Ok(self.0.sign(message).to_vec())
    }
}

pub fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

/// A folder of certificates of these people, as a school gets them from its CA, here the example one; and those of the
/// example people, who alone sign in this story.
fn certificates(world: &World, names: &[String]) {
    let folder = world.path("chung-thu");
    fs::create_dir_all(&folder).expect("a folder");
    let example = |name: &str| repository().join("keys-example").join(name);
    let issuer = fs::read(example("issuing.crt.pem")).expect("the issuer's certificate");
    let (_, issuer) = pem::decode(&issuer).expect("PEM");
    let key = Ed25519Key::open(&example("issuing.key.pem"), &Passphrase::new(PASSPHRASE), Mode::Demo).expect("opens");
    let spki = key.spki_der();
    let key = IssuingKey(key, spki);
    let authority = Authority::open(&issuer, &key).expect("a CA");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let now = UnixTime::from_seconds(i64::try_from(now).expect("a time")).expect("a time");
    let validity = Validity::new(now.plus(-DAY), now.plus(300 * DAY)).expect("an interval");
    for (n, name) in (1_u16..).zip(names) {
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&n.to_le_bytes());
        let theirs = Ed25519Key::from_seed(&seed);
        let request = Request::from_spki(&theirs.spki_der()).expect("a key");
        let subject = Subject::new("Trường THPT Nguyễn Du", name).expect("a name");
        let mut serial = [9; 16];
        serial[..2].copy_from_slice(&n.to_be_bytes());
        let serial = SerialNumber::from_random(serial);
        let certificate =
            authority.signer(&request, &subject, validity, serial, &Addresses::default()).expect("issued");
        fs::write(folder.join(format!("{n:02}.crt.pem")), pem::encode("CERTIFICATE", &certificate)).expect("written");
    }
    for name in ["upper-principal", "upper-teacher", "upper-seal"] {
        fs::copy(example(&format!("{name}.crt.pem")), folder.join(format!("{name}.crt.pem"))).expect("copied");
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run; the story's cost is for the reader")]
fn a_school_of_45_classes_opens_by_pages_in_an_afternoon() {
    let chromium = match browser(&[]) {
        Ok(chromium) => chromium,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    let world = World::empty();
    world.run(&["init", "--demo"]).expect(0);
    let path = world.path("hocba-data/hocba.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    config["chain"]["port"] = port().into();
    fs::write(&path, config.to_string()).expect("written");
    let generated = world.run(&["generate", "--whole-school", "--grade", "12", "--out", "truong", "--json"]).expect(0);
    assert!(generated.out.contains("1900"), "{}", generated.out);
    let staff =
        hocba_workbook::read_staff(&fs::read(world.path("truong/nhan-su.xlsx")).expect("a list"), &Default::default());
    let example = ["Đỗ Quang Vinh", "Hồ Thị Thanh"];
    let names: Vec<String> = staff
        .expect("sound")
        .rows
        .iter()
        .filter(|row| row.homeroom.is_some() && !example.contains(&row.name.as_str()))
        .map(|row| row.name.to_string())
        .collect();
    assert_eq!(names.len(), 44, "the first class's teacher is an example person");
    certificates(&world, &names);
    fs::write(world.path("mat-khau.txt"), format!("{PASSPHRASE}\n")).expect("written");
    fs::set_permissions(world.path("mat-khau.txt"), fs::Permissions::from_mode(0o600)).expect("set");

    // All that is done by command: the department's own account, and its slip.
    let add = ["account", "add", "so.giaoduc", "--name", "Nguyễn Văn Sở", "--role", "department", "--json"];
    world.run(&add).expect(0);
    let slip = world.run(&["account", "reset", "so.giaoduc", "--json"]).expect(0);
    let slip: Value = serde_json::from_str(&slip.out).expect("JSON");
    let slip = slip["slips"][0]["code"].as_str().expect("a slip").to_owned();

    let signer_port = port().to_string();
    let mut command = hocba(world.home.path());
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
    command.args(["--signer-port", &signer_port]);
    let (serving, said) = start(command);
    let pictures = std::env::var_os("HOCBA_PICTURES").map_or_else(|| world.path("pictures"), PathBuf::from);
    fs::create_dir_all(&pictures).expect("a folder");
    let told = json!({
        "base": said["url"], "program": env!("CARGO_BIN_EXE_hocba"), "chromium": chromium, "home": world.home.path(),
        "pictures": pictures, "signer_port": signer_port, "slip": slip,
    });
    let out = run("opening.mjs", &[&told.to_string()]);
    eprintln!("{out}");
    drop(serving);

    let status: Value =
        serde_json::from_str(&world.run(&["status", "--class", "12A1", "--json"]).expect(0).out).expect("JSON");
    let pupils = status["pupils"].as_array().expect("pupils");
    assert!(pupils.len() >= 42 && pupils.iter().all(|p| p["state"] == "teacher_signed"), "{status}");
    world.run(&["fsck"]).expect(0);
}
