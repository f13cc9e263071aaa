//! The single commands: their order, bad input, interruption.

use std::fs;

use hocba_bundle::{
    format::Der,
    profile::{ProfileFile, ProfileFormat, TrustProfile},
};
use hocba_keystore::{Mode, Passphrase, SigningKey};
use hocba_record::{canonical, encoding::Sha256Digest};
use hocba_sample::{Options, class};
use hocba_signature::{
    algorithm::Algorithm,
    statement::{Role, Statement, StatementType},
};
use hocba_store::Backend;
use hocba_tests::database::backend;

use crate::common::{Run, World, hocba};

/// A workbook of so many pupils.
fn workbook(pupils: usize) -> (Vec<u8>, Vec<String>) {
    let (header, drafts) = class(7, &Options::lower_secondary().with_pupils(pupils));
    let names = drafts.iter().map(|d| d.identity.name.as_str().to_owned()).collect();
    (hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook"), names)
}

/// A demo folder with a class of so many pupils imported, and the pupils' names.
pub fn imported(pupils: usize) -> (World, Vec<String>) {
    let world = World::empty();
    let (bytes, names) = workbook(pupils);
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    world.on_demo(&["init", "--demo"]).expect(0);
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    (world, names)
}

/// What `hocba status` says of each pupil.
fn pupils(world: &World) -> Vec<serde_json::Value> {
    let run = world.on_demo(&["status", "--class", "9A3", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    document["pupils"].as_array().expect("pupils").clone()
}

/// How many are in a state.
pub fn count(world: &World, state: &str) -> usize {
    pupils(world).iter().filter(|p| p["state"] == state).count()
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
        "appointments",
        "school",
        "year",
        "sign",
        "cosign",
        "return",
        "seal",
        "status",
        "anchor",
        "evidence",
        "bundle",
        "link",
        "serve",
        "account",
        "signer",
        "ca",
        "fsck",
        "doctor",
        "bench",
        "snapshot",
        "verify",
        "watch",
        "inspect",
        "chain",
        "demo",
        "book",
        "export",
        "generate",
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
    let run = world.run(&["sign", "--json"]).expect(3);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!((document["ok"].as_bool(), document["error"]["code"].as_str()), (Some(false), Some("no_folder")));
}

#[test]
fn the_help_says_what_to_do_first_and_is_in_both_languages() {
    let world = World::empty();
    let help = world.run(&["--help"]).expect(0).out;
    assert!(help.starts_with("Bắt đầu / Start: `hocba demo`"), "{help}");
    let (_, commands) = help.split_once("Lệnh / Commands:\n").expect("a list of commands");
    let (commands, _) = commands.split_once("\n\n").expect("its end");
    assert_eq!(commands.lines().count(), 36, "{commands}");
    for line in commands.lines() {
        let (name, summary) = line.trim().split_once(' ').expect("a summary");
        let (vietnamese, english) = summary.split_once(" / ").expect(line);
        assert!(!vietnamese.is_ascii() && english.is_ascii() && line.chars().count() <= 100, "{line}");
        if name == "help" {
            continue; // has no options, not even --help
        }
        let of_command = world.run(&[name, "--help"]).expect(0).out;
        let said = of_command.replace(" / Arguments:", "").replace(" / Options:", "").replace(" / Commands:", "");
        for english in ["Print help\n", "Usage:", "Arguments:", "Options:", "Commands:"] {
            let alone = said.lines().find(|line| line.trim_start().starts_with(english.trim_end()));
            assert_eq!(alone, None, "{name}: {of_command}");
        }
    }
}

#[test]
fn without_a_command_the_help_is_the_answer_and_the_usage_is_wrong_all_the_same() {
    let run = World::empty().run(&[]).expect(3);
    assert!(run.out.starts_with("Bắt đầu / Start: `hocba demo`"), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn the_single_commands_lead_where_the_demonstration_leads() {
    let (world, names) = imported(3);
    let mut said = String::new();
    for command in [
        &["check", "lop.xlsx"][..],
        &["appoint"],
        &["sign"],
        &["cosign"],
        &["seal"],
        &["anchor", "--once"],
        &["bundle"],
        &["snapshot"],
        &["status"],
        &["fsck"],
        &["doctor"],
    ] {
        let run = world.on_demo(command).expect(0);
        said.push_str(&run.err);
        if command[0] != "check" {
            said.push_str(&run.out);
        }
    }
    world.verify("demo/bundles/9A3/03.hocba.json").expect(0);
    for name in names {
        assert!(!said.contains(&name), "a pupil's name was printed");
    }
    // Each step again changes nothing.
    let bundle = || fs::read(world.path("demo/bundles/9A3/03.hocba.json")).expect("a bundle");
    let before = bundle();
    for command in [&["appoint"][..], &["sign"], &["cosign"], &["seal"], &["anchor", "--once"], &["bundle"]] {
        world.on_demo(command).expect(0);
    }
    assert_eq!(bundle(), before);
    assert_eq!(count(&world, "in_force"), 3);
}

#[test]
fn steps_out_of_order_name_the_state_and_what_to_do() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    for (command, says) in
        [(&["sign"][..], "hocba import"), (&["bundle"], "hocba import"), (&["anchor", "--once"], "hocba appoint")]
    {
        let run = world.on_demo(command).expect(5);
        assert!(run.err.contains(says), "{command:?}: {}", run.err);
    }
    let (bytes, _) = workbook(2);
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    let run = world.on_demo(&["sign"]).expect(5);
    assert!(run.err.contains("hocba appoint"), "{}", run.err);
    world.on_demo(&["appoint"]).expect(0);
    let run = world.on_demo(&["cosign"]).expect(5);
    assert!(run.err.contains("bản nháp") && run.err.contains("hocba sign"), "{}", run.err);
    world.on_demo(&["sign", "--only", "1"]).expect(0);
    let run = world.on_demo(&["seal", "--only", "1"]).expect(5);
    assert!(run.err.contains("giáo viên chủ nhiệm đã ký") && run.err.contains("hocba cosign"), "{}", run.err);
    world.on_demo(&["bundle"]).expect(5);
    world.on_demo(&["sign", "--only", "9"]).expect(3);
    // The same spreadsheet again is fine; another class's would change what is signed.
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    let (header, drafts) = class(8, &Options::lower_secondary().with_pupils(2));
    let other = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
    fs::write(world.path("other.xlsx"), other).expect("written");
    let run = world.on_demo(&["import", "other.xlsx"]).expect(5);
    assert!(run.err.contains("đã được ký") && run.err.contains("hocba return"), "{}", run.err);
    world.on_demo(&["return", "--only", "1", "--reason", "wrong_mark"]).expect(0);
    assert_eq!(count(&world, "returned"), 1);
    world.on_demo(&["import", "other.xlsx"]).expect(0);
}

#[test]
fn a_pupil_who_is_not_ready_is_left_out_by_number_and_the_others_go_on() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    let (header, mut drafts) = class(7, &Options::lower_secondary().with_pupils(3));
    drafts[1].conduct.term2 = None;
    let bytes = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    let run = world.on_demo(&["import", "lop.xlsx"]).expect(3);
    assert!(run.err.contains("--leave-out"), "{}", run.err);
    world.on_demo(&["import", "lop.xlsx", "--leave-out", "2=waiting_for_reassessment"]).expect(0);
    for command in ["appoint", "sign", "cosign", "seal"] {
        world.on_demo(&[command]).expect(0);
    }
    assert_eq!((count(&world, "sealed"), count(&world, "left_out")), (2, 1));
    world.on_demo(&["import", "lop.xlsx", "--leave-out", "2=nonsense"]).expect(3);
}

#[test]
fn a_deputy_may_co_sign_for_the_principal() {
    let (world, _) = imported(1);
    for command in [
        &["appoint"][..],
        &["sign"],
        &["cosign", "--deputy"],
        &["seal"],
        &["anchor", "--once"],
        &["bundle"],
        &["snapshot"],
    ] {
        world.on_demo(command).expect(0);
    }
    let run = world.verify("demo/bundles/9A3/01.hocba.json").expect(0);
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
    let run = world.run(&["verify", "demo/bundles/9A3/40.hocba.json", "--profile", profile, "--rpc", &url]);
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
    let run = world.on_demo(&["status", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!(document["classes"].as_array().map(Vec::len), Some(0), "nothing was written");

    let run = world.on_demo(&["import", "lop.csv", "--json"]).expect(3);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    let findings = document["error"]["details"]["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|f| f["code"] == "mark_out_of_range" && f["cell"] == "L2"), "{findings:?}");
    world.on_demo(&["import", "missing.xlsx"]).expect(3);
}

#[test]
fn an_interrupted_sign_goes_on_and_signs_the_rest_once() {
    let (world, _) = imported(40);
    world.on_demo(&["appoint"]).expect(0);
    let mut child = hocba(world.home.path()).args(["sign", "--data-dir", "demo"]).spawn().expect("it starts");
    // Killed as soon as some are signed; if it was quicker than we are, the rest of the story still has to hold.
    while count(&world, "teacher_signed") == 0 && child.try_wait().expect("a state").is_none() {}
    let _ = child.kill();
    child.wait().expect("it ended");
    let before = count(&world, "teacher_signed");
    assert!(before > 0);

    let run = world.on_demo(&["sign", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!(document["already"], before);
    assert_eq!(document["signed"], 40 - before);
    assert_eq!(count(&world, "teacher_signed"), 40);
    world.on_demo(&["fsck"]).expect(0);
}

#[test]
fn two_who_sign_at_once_sign_each_record_once() {
    let (world, _) = imported(20);
    world.on_demo(&["appoint"]).expect(0);
    let sign = || hocba(world.home.path()).args(["sign", "--data-dir", "demo"]).spawn().expect("it starts");
    let (mut first, mut second) = (sign(), sign());
    let codes = [first.wait().expect("it ended").code(), second.wait().expect("it ended").code()];
    // The later one is told that somebody was quicker, and to look again.
    assert!(codes.iter().all(|c| matches!(c, Some(0 | 5))) && codes.contains(&Some(0)), "{codes:?}");
    world.on_demo(&["sign"]).expect(0);
    assert_eq!(count(&world, "teacher_signed"), 20);
    world.on_demo(&["fsck"]).expect(0);
}

/// SQLite only, whose files are ours: a server's are its administrator's.
#[test]
fn a_limit_on_the_size_of_files_is_said_and_nothing_is_lost() {
    if backend() == Backend::Postgres {
        return;
    }
    let (world, _) = imported(40);
    world.on_demo(&["appoint"]).expect(0);
    // 192 KiB in blocks of 512 bytes: some of the forty statements go into the log, and then no more.
    let limited = "ulimit -f 384; exec \"$0\" sign --data-dir demo --json";
    let program = hocba(world.home.path());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited]).arg(program.get_program()).current_dir(world.home.path());
    let run: Run = shell.output().expect("it starts").into();
    let run = run.expect(4);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!(document["error"]["code"], "no_room", "{}", run.out);
    assert!(run.err.contains("hết chỗ") && run.err.contains("việc đã làm còn nguyên"), "{}", run.err);
    let before = count(&world, "teacher_signed");
    assert!(before < 40, "the limit was too wide to say anything");
    world.on_demo(&["fsck"]).expect(0);

    let run = world.on_demo(&["sign", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!((&document["already"], &document["signed"]), (&before.into(), &(40 - before).into()));
    world.on_demo(&["fsck"]).expect(0);
}

#[test]
fn another_data_key_opens_nothing_and_says_so() {
    let (world, _) = imported(1);
    world.on_demo(&["appoint"]).expect(0);
    fs::remove_file(world.path("demo/data.key")).expect("removed");
    world.on_demo(&["sign"]).expect(4);
    fs::write(world.path("demo/data.key"), format!("hocba-data-key-1 {}\n", "07".repeat(32))).expect("written");
    let run = world.on_demo(&["sign"]).expect(4);
    for told in ["another data_key", "thuộc nơi triển khai khác", "mọi máy chủ dùng chung một data.key"] {
        assert!(run.err.contains(told), "{told}: {}", run.err);
    }
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
    let run = world.on_demo(&["anchor", "--once"]).expect(3);
    assert!(run.err.contains("--key"), "{}", run.err);
    let key = ["--key", "demo/keys/anchorer.key.pem", "--passphrase-file", "pass"];
    world.on_demo(&[&["anchor", "--once"][..], &key].concat()).expect(4);
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
    let passphrase = Passphrase::new("hocba-demo");
    let mut identity =
        SigningKey::open_file(&path("key"), Some(&path("crt")), &passphrase, None, Mode::Demo).expect("keys");
    let digest = Sha256Digest::from_bytes(identity.leaf_sha256());
    let statement = Statement::unsigned(content.to_bytes());
    let input =
        statement.prepare(StatementType::Profile, Role::ProfilePublisher, Algorithm::Ed25519, digest, content.issued);
    let signature = identity.sign(input.bytes()).expect("it signs");
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
        let args = ["verify", "demo/bundles/9A3/01.hocba.json", "--snapshot", snapshot, "--profile", profile];
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
        let args = ["verify", "demo/bundles/9A3/01.hocba.json", "--snapshot", snapshot, "--profile", "stranger.json"];
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
