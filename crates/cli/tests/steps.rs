//! The single commands: their order, bad input, interruption.

mod common;

use std::{fs, time::Duration};

use common::{World, hocba};
use hocba_bundle::{
    format::Der,
    profile::{ProfileFile, ProfileFormat, TrustProfile},
};
use hocba_keystore::{Identity, Mode, Passphrase};
use hocba_record::{canonical, encoding::Sha256Digest};
use hocba_sample::{Options, class};
use hocba_signature::statement::{Role, Statement, StatementType};

/// A workbook of so many pupils.
fn workbook(pupils: usize) -> (Vec<u8>, Vec<String>) {
    let (header, drafts) = class(7, &Options::lower_secondary().with_pupils(pupils));
    let names = drafts.iter().map(|d| d.identity.name.as_str().to_owned()).collect();
    (hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook"), names)
}

/// A demo folder with a class of so many pupils imported, and the pupils' names.
fn imported(pupils: usize) -> (World, Vec<String>) {
    let world = World::empty();
    let (bytes, names) = workbook(pupils);
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    world.on_demo(&["init", "--demo"]).expect(0);
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    (world, names)
}

fn records(world: &World) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(world.path("demo/records")) else { return Vec::new() };
    let mut all: Vec<_> = entries
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .map(|p| (p.display().to_string(), fs::read(&p).expect("a record")))
        .collect();
    all.sort();
    all
}

#[test]
fn help_and_exit_codes() {
    let world = World::empty();
    let help = world.run(&["--help"]).expect(0);
    for word in [
        "init",
        "template",
        "import",
        "check",
        "appoint",
        "sign",
        "cosign",
        "seal",
        "anchor",
        "bundle",
        "snapshot",
        "verify",
        "inspect",
        "chain",
        "demo",
        "--json",
        "--lang",
        "--data-dir",
        "Exit codes",
    ] {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    world.run(&["--version"]).expect(0);
    for wrong in [&[][..], &["unknown"], &["verify"], &["verify", "x", "--offline", "--rpc", "http://127.0.0.1:1"]] {
        world.run(wrong).expect(3);
    }
    let run = world.run(&["check", "--json"]).expect(3);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!((document["ok"].as_bool(), document["error"]["code"].as_str()), (Some(false), Some("no_folder")));
}

#[test]
fn the_single_commands_lead_where_the_demonstration_leads() {
    let (world, names) = imported(3);
    let mut said = String::new();
    for command in
        [&["check"][..], &["appoint"], &["sign"], &["cosign"], &["seal"], &["anchor"], &["bundle"], &["snapshot"]]
    {
        let run = world.on_demo(command).expect(0);
        said.push_str(&run.err);
        if !matches!(command, ["check"]) {
            said.push_str(&run.out);
        }
    }
    world.verify("demo/bundles/03.hocba.json").expect(0);
    for name in names {
        assert!(!said.contains(&name), "a pupil's name was printed");
    }
    // Each step again changes nothing.
    let before = records(&world);
    for command in ["appoint", "sign", "cosign", "seal", "anchor", "bundle"] {
        world.on_demo(&[command]).expect(0);
    }
    assert_eq!(records(&world), before);
}

#[test]
fn steps_out_of_order_name_the_state_and_what_to_do() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    for (command, says) in [("sign", "hocba import"), ("check", "hocba import"), ("anchor", "hocba appoint")] {
        let run = world.on_demo(&[command]).expect(5);
        assert!(run.err.contains(says), "{command}: {}", run.err);
    }
    let (bytes, _) = workbook(2);
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    let run = world.on_demo(&["cosign"]).expect(5);
    assert!(run.err.contains("bản nháp") && run.err.contains("hocba sign"), "{}", run.err);
    world.on_demo(&["sign", "--only", "1"]).expect(0);
    let run = world.on_demo(&["seal", "--only", "1"]).expect(5);
    assert!(run.err.contains("giáo viên chủ nhiệm đã ký") && run.err.contains("hocba cosign"), "{}", run.err);
    world.on_demo(&["bundle"]).expect(5);
    let run = world.on_demo(&["import", "lop.xlsx"]).expect(5);
    assert!(run.err.contains("đã được ký"), "{}", run.err);
    world.on_demo(&["sign", "--only", "9"]).expect(3);
}

#[test]
fn a_record_that_is_anchored_before_its_signers_are_appointed_gets_no_bundle() {
    let (world, _) = imported(1);
    for command in ["sign", "cosign", "seal"] {
        world.on_demo(&[command]).expect(0);
    }
    let run = world.on_demo(&["anchor"]).expect(5);
    assert!(run.err.contains("hocba appoint"), "{}", run.err);
}

#[test]
fn a_record_of_a_signer_without_appointment_is_not_anchored() {
    let (world, _) = imported(1);
    let principal = ["--role", "principal", "--appointee", "demo/keys/principal.crt.pem"];
    let printed = ["--name", "Trần Văn Minh", "--title", "Hiệu trưởng"];
    world.on_demo(&[&["appoint"][..], &principal, &printed].concat()).expect(0);
    for command in ["sign", "cosign", "seal"] {
        world.on_demo(&[command]).expect(0);
    }
    let run = world.on_demo(&["anchor", "--lang", "en"]).expect(5);
    assert!(run.err.contains("homeroom teacher is not appointed"), "{}", run.err);
    assert!(!world.path("demo/batches").exists());
}

#[test]
fn a_deputy_may_co_sign_for_the_principal() {
    let (world, _) = imported(1);
    for command in
        [&["appoint"][..], &["sign"], &["cosign", "--deputy"], &["seal"], &["anchor"], &["bundle"], &["snapshot"]]
    {
        world.on_demo(command).expect(0);
    }
    let run = world.verify("demo/bundles/01.hocba.json").expect(0);
    assert!(run.out.contains("Lê Thu Hà"), "{}", run.out);
}

#[test]
fn a_demo_folder_that_was_begun_and_not_finished_is_finished() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    fs::remove_file(world.path("demo/profile.hocba-profile.json")).expect("removed");
    world.on_demo(&["init", "--demo"]).expect(0);
    assert!(world.path("demo/profile.hocba-profile.json").exists());
    world.on_demo(&["init", "--demo"]).expect(3);
}

#[test]
fn the_served_chain_answers_verify_and_the_other_commands() {
    use std::io::{BufRead as _, BufReader};
    let world = World::demo();
    let mut child = hocba(world.home.path())
        .args(["chain", "--port", "0", "--data-dir", "demo", "--lang", "en"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
    assert!(line.contains("NOT FOR PRODUCTION"), "{line}");
    let profile = "demo/profile.hocba-profile.json";
    let run = world.run(&["verify", "demo/bundles/40.hocba.json", "--profile", profile, "--rpc", &url]);
    let busy = world.on_demo(&["snapshot", "--rpc", &url, "--out", "now.json"]);
    child.kill().expect("killed");
    child.wait().expect("it ended");
    assert!(run.expect(0).out.contains("sổ chung vừa đọc"));
    busy.expect(0);
}

#[test]
fn a_faulty_workbook_writes_nothing_and_shows_every_fault() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    let csv = "Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;Mã môn;HK1 ĐTB;HK2 ĐTB;\
        Rèn luyện HK1;Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép\n\
        79DEMO001;THCS Trần Phú (DEMO);2026-2027;9;9A3;1;Lê Thị Hoa;05/03/2012;Nữ;HS01;toan;10,5;x;T;T;0;0\n";
    fs::write(world.path("lop.csv"), csv).expect("written");
    let run = world.on_demo(&["import", "lop.csv"]).expect(3);
    assert!(run.err.contains("L2") && run.err.contains("M2"), "{}", run.err);
    assert!(!world.path("demo/class.csv").exists() && !world.path("demo/drafts").exists());

    let run = world.on_demo(&["import", "lop.csv", "--json"]).expect(3);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    let findings = document["error"]["details"]["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|f| f["code"] == "mark_out_of_range" && f["cell"] == "L2"), "{findings:?}");
    world.on_demo(&["import", "missing.xlsx"]).expect(3);
}

#[test]
fn an_interrupted_sign_goes_on_and_signs_the_rest_once() {
    let (world, _) = imported(40);
    let mut child = hocba(world.home.path()).args(["sign", "--data-dir", "demo"]).spawn().expect("it starts");
    // Killed as soon as some are signed; if it was quicker than we are, the rest of the story still has to hold.
    while records(&world).len() < 3 && child.try_wait().expect("a state").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = child.kill();
    child.wait().expect("it ended");
    let before = records(&world);
    assert!(!before.is_empty());

    let run = world.on_demo(&["sign", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!(document["already"], before.len());
    assert_eq!(document["signed"], 40 - before.len());
    let after = records(&world);
    assert_eq!(after.len(), 40);
    assert!(before.iter().all(|record| after.contains(record)), "no record was signed twice");
}

#[test]
fn a_record_that_was_changed_after_the_teacher_signed_is_not_co_signed() {
    let (world, _) = imported(1);
    world.on_demo(&["sign"]).expect(0);
    let (path, bytes) = records(&world).swap_remove(0);
    let text = String::from_utf8(bytes).expect("JSON");
    let changed = text.replacen("\"with_leave\": ", "\"with_leave\": 1", 1);
    assert_ne!(changed, text);
    fs::write(path, changed).expect("written");
    let run = world.on_demo(&["cosign"]).expect(4);
    assert!(run.err.contains("đã bị sửa sau khi ký"), "{}", run.err);
}

#[test]
fn an_anchor_that_was_sent_before_a_crash_is_found_and_not_sent_again() {
    let (world, _) = imported(2);
    for command in ["appoint", "sign", "cosign", "seal", "anchor"] {
        world.on_demo(&[command]).expect(0);
    }
    // As if the program had died after sending and before noting the receipt.
    let path = world.path("demo/batches/00001.json");
    let mut batch: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("a batch")).expect("JSON");
    let receipt = batch.as_object_mut().expect("an object").remove("receipt").expect("a receipt");
    fs::write(&path, batch.to_string()).expect("written");
    world.on_demo(&["anchor"]).expect(0);
    let again: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("a batch")).expect("JSON");
    assert_eq!(again["receipt"], receipt);
    world.on_demo(&["bundle"]).expect(0);
    world.on_demo(&["snapshot"]).expect(0);
    let snapshot: serde_json::Value =
        serde_json::from_slice(&fs::read(world.path("demo/snapshot.hocba-snapshot.json")).expect("a snapshot"))
            .expect("JSON");
    assert_eq!(snapshot["facts"]["batches"].as_array().map(Vec::len), Some(2));
}

#[test]
fn two_commands_do_not_interleave() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    let lock = fs::File::open(world.path("demo/.lock")).expect("the lock");
    lock.lock().expect("locked");
    let run = world.on_demo(&["check"]).expect(4);
    assert!(run.err.contains("một lệnh khác đang dùng"), "{}", run.err);
}

#[test]
fn a_folder_of_a_real_school_refuses_example_keys_and_the_development_chain() {
    let world = World::demo();
    let path = world.path("demo/hocba.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    config.as_object_mut().expect("an object").remove("demo");
    fs::write(&path, config.to_string()).expect("written");
    world.on_demo(&["demo", "--once", "--force"]).expect(3);
    fs::write(world.path("pass"), "hocba-demo\n").expect("written");
    let run = world.on_demo(&["anchor"]).expect(3);
    assert!(run.err.contains("--key"), "{}", run.err);
    let key = ["--key", "demo/keys/anchorer.key.pem", "--passphrase-file", "pass"];
    world.on_demo(&[&["anchor"][..], &key].concat()).expect(4);
}

/// The demo's profile, changed and signed again.
fn profile(world: &World, number: u32, publisher: &str) -> (Vec<u8>, Sha256Digest) {
    let bytes = fs::read(world.path("demo/profile.hocba-profile.json")).expect("a profile");
    let limits = canonical::Limits { bytes: bytes.len(), depth: 8 };
    let file: ProfileFile = canonical::from_slice(&bytes, limits).expect("a profile");
    let mut content: TrustProfile = canonical::from_slice(file.statement.payload(), limits).expect("a profile");
    content.number = number;
    let keys = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../keys-example");
    let path = |ending: &str| keys.join(format!("{publisher}.{ending}.pem"));
    let identity =
        Identity::open(&path("key"), &path("crt"), &Passphrase::new("hocba-demo"), Mode::Demo).expect("keys");
    let digest = Sha256Digest::from_bytes(identity.leaf_sha256());
    let statement = Statement::unsigned(content.to_bytes());
    let input = statement.prepare(StatementType::Profile, Role::ProfilePublisher, digest, content.issued);
    let signature = identity.key().sign(input.bytes()).to_vec();
    let statement = statement.attach(input, signature);
    let certificate = Der(identity.certificate_chain()[0].clone());
    (ProfileFile { certificate, hocba: ProfileFormat::V1, statement }.to_bytes(), digest)
}

#[test]
fn a_lower_profile_number_than_seen_before_is_refused() {
    let world = World::demo();
    fs::write(world.path("newer.json"), profile(&world, 7, "profile").0).expect("written");
    let verify = |profile: &str, more: &[&str]| {
        let snapshot = "demo/snapshot.hocba-snapshot.json";
        let args = ["verify", "demo/bundles/01.hocba.json", "--snapshot", snapshot, "--profile", profile];
        world.run(&[&args[..], more].concat())
    };
    verify("demo/profile.hocba-profile.json", &[]).expect(0);
    verify("newer.json", &[]).expect(0);
    let run = verify("demo/profile.hocba-profile.json", &[]).expect(3);
    assert!(run.err.contains("cũ hơn số 7"), "{}", run.err);
    verify("demo/profile.hocba-profile.json", &["--no-state"]).expect(0);
    verify("demo/profile.hocba-profile.json", &["--state-dir", "elsewhere"]).expect(0);
}

#[test]
fn a_strangers_profile_is_refused_with_its_digest_until_it_is_pinned() {
    let world = World::demo();
    let (bytes, digest) = profile(&world, 1, "stranger-department");
    fs::write(world.path("stranger.json"), bytes).expect("written");
    let verify = |more: &[&str]| {
        let snapshot = "demo/snapshot.hocba-snapshot.json";
        let args = ["verify", "demo/bundles/01.hocba.json", "--snapshot", snapshot, "--profile", "stranger.json"];
        world.run(&[&args[..], more].concat())
    };
    let run = verify(&[]).expect(3);
    assert!(run.err.contains(&digest.to_hex()) && run.err.contains("--publisher"), "{}", run.err);
    verify(&["--publisher", &digest.to_hex()]).expect(0);
    verify(&["--publisher", &digest.to_string()]).expect(0);
    verify(&["--publisher", "nonsense"]).expect(3);
}

#[test]
fn the_template_is_not_written_over_another_file() {
    let world = World::empty();
    world.run(&["template", "lop.xlsx"]).expect(0);
    assert!(fs::read(world.path("lop.xlsx")).expect("a workbook").starts_with(b"PK"));
    world.run(&["template", "lop.xlsx"]).expect(3);
    world.run(&["template", "lop.xlsx", "--force"]).expect(0);
}
