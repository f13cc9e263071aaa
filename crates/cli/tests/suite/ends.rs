//! People leave, others take over, keys are stolen, schools are merged: by the command line.

use std::fs;

use hocba_sample::{Options, class};
use serde_json::Value;

use crate::common::World;

/// A demo folder with a class of so many imported, and everybody appointed.
fn appointed(pupils: usize) -> World {
    let world = World::empty();
    fs::write(world.path("lop.xlsx"), workbook(pupils, "9A3")).expect("written");
    world.on_demo(&["init", "--demo"]).expect(0);
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    world.on_demo(&["appoint"]).expect(0);
    fs::write(world.path("pass"), "hocba-demo\n").expect("written");
    world
}

pub(crate) fn workbook(pupils: usize, name: &str) -> Vec<u8> {
    let (mut header, drafts) = class(7, &Options::lower_secondary().with_pupils(pupils));
    header.class = name.parse().expect("a class");
    hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook")
}

/// A file of an example person who has no account in a demo folder.
fn example(name: &str) -> String {
    let keys = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../keys-example");
    keys.join(name).display().to_string()
}

fn json(world: &World, args: &[&str], code: i32) -> Value {
    let run = world.on_demo(&[args, &["--json"]].concat()).expect(code);
    serde_json::from_str(&run.out).expect("one document")
}

/// What `hocba appointments` says of the school.
fn school(world: &World) -> Value {
    json(world, &["appointments"], 0)["schools"][0].clone()
}

fn states(school: &Value) -> Vec<String> {
    let all = school["appointments"].as_array().expect("a list").iter();
    all.map(|a| a["standing"]["state"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_teacher_leaves_what_they_signed_is_returned_and_a_substitute_goes_on() {
    let world = appointed(2);
    world.on_demo(&["sign"]).expect(0);
    let before = school(&world);
    assert_eq!(
        (states(&before), before["orphaned"].as_array().map(Vec::len)),
        (vec!["in_force".to_owned(); 4], Some(0))
    );

    let ended = json(&world, &["appoint", "--end", "--login", "giaovien", "--reason", "left_role"], 0);
    assert_eq!((ended["ended"].as_bool(), ended["reason"].as_str()), (Some(true), Some("left_role")));
    let run = world.on_demo(&["cosign"]).expect(5);
    assert!(run.err.contains("không còn giữ vai trò") && run.err.contains("hocba return"), "{}", run.err);
    let said = school(&world);
    let [waiting] = said["orphaned"].as_array().expect("a list").as_slice() else { panic!("{said}") };
    assert_eq!(
        (&waiting["why"], &waiting["count"], &waiting["step"]),
        (&"signer_gone".into(), &2.into(), &"co_sign".into())
    );
    world.on_demo(&["return", "--only", "1-2", "--reason", "other"]).expect(0);
    let refused = json(&world, &["sign"], 5);
    assert_eq!(refused["error"]["code"], "appointment_ended");
    assert_eq!(refused["error"]["details"]["reason"], "left_role");
    let run = world.on_demo(&["appointments", "--lang", "en"]).expect(0);
    for told in ["ended on", "left the role", "not on the public record yet", "2 records wait for the homeroom teacher"]
    {
        assert!(run.out.contains(told), "{told}: {}", run.out);
    }

    let certificate = example("other-teacher.crt.pem");
    let appoint = ["appoint", "--role", "homeroom-teacher", "--appointee", &certificate, "--name", "Trần Thị Bé"];
    world.on_demo(&[&appoint[..], &["--title", "Giáo viên chủ nhiệm"]].concat()).expect(0);
    let key = example("other-teacher.key.pem");
    world.on_demo(&["sign", "--key", &key, "--certificate", &certificate, "--passphrase-file", "pass"]).expect(0);
    for command in ["cosign", "seal"] {
        world.on_demo(&[command]).expect(0);
    }
    let anchored = json(&world, &["anchor", "--once"], 0);
    let counts = (&anchored["records"], &anchored["appointments"], &anchored["statuses"]);
    assert_eq!(counts, (&2.into(), &5.into(), &1.into()), "{anchored}");
    world.on_demo(&["bundle"]).expect(0);
    let snapshot = json(&world, &["snapshot"], 0);
    assert_eq!(snapshot["statements"], 1);
    world.verify("demo/bundles/9A3/01.hocba.json").expect(0);
    world.on_demo(&["fsck"]).expect(0);
    assert!(school(&world)["appointments"].as_array().expect("a list").iter().all(|a| a["anchored"] == true));
}

#[test]
fn the_homeroom_teachers_of_45_classes_are_one_list_and_one_signature() {
    let world = appointed(1);
    let certificate = example("other-teacher.crt.pem");
    let list = |classes: std::ops::Range<u32>| -> String {
        classes.map(|n| format!("{}A{}; Trần Thị Bé; {certificate}\n", 6 + n % 4, 10 + n / 4)).collect()
    };
    let appoint = ["appoint", "--list", "phan-cong.csv", "--year", "2026-2027"];
    let given = |text: &str, code| {
        fs::write(world.path("phan-cong.csv"), text).expect("written");
        json(&world, &appoint, code)
    };
    assert_eq!(given(&format!("{}9B1; Hoa\n", list(0..44)), 3)["error"]["code"], "list_line");
    assert_eq!(given(&format!("{}9B1; Hoa; none.pem\n", list(0..44)), 4)["ok"], false);
    assert_eq!(given(&list(0..65), 3)["error"]["code"], "too_many");
    assert_eq!(states(&school(&world)).len(), 4, "nothing was taken");
    let done = given(&list(0..45), 0);
    assert_eq!((done["new"].as_i64(), done["all"].as_i64()), (Some(45), Some(49)));
    assert_eq!(given(&list(0..45), 0)["new"], 0);
    let anchored = json(&world, &["anchor", "--once"], 0);
    assert_eq!(anchored["appointments"], 49);
    world.on_demo(&["fsck"]).expect(0);
    world.on_demo(&["appoint", "--list", "phan-cong.csv"]).expect(3);
}

#[test]
fn a_replacement_is_one_command() {
    let world = appointed(1);
    let certificate = example("other-teacher.crt.pem");
    let whom = ["--appointee", certificate.as_str(), "--name", "Trần Thị Bé", "--title", "Giáo viên chủ nhiệm"];
    let replace = ["appoint", "--replace", "--login", "giaovien", "--reason", "decision", "--decision", "12/QĐ-THCS"];
    let done = json(&world, &[&replace[..], &whom].concat(), 0);
    assert_eq!((done["ended"].as_bool(), done["new"].as_i64()), (Some(true), Some(1)));
    let said = school(&world);
    assert_eq!(states(&said).iter().filter(|s| *s == "in_force").count(), 4);
    assert!(said["orphaned"].as_array().is_some_and(Vec::is_empty), "{said}");
    // Whoever left holds nothing that could be replaced.
    let again = json(&world, &[&replace[..], &whom].concat(), 3);
    assert_eq!(again["error"]["code"], "unknown_appointment");
    // By its id it is found, and it had ended before.
    let ended = said["appointments"].as_array().expect("a list").iter().find(|a| a["standing"]["state"] == "ended");
    let id = ended.expect("one ended")["id"].as_str().expect("an id").to_owned();
    // `=`, because an id may begin with a dash.
    let id = format!("--end={id}");
    let end = json(&world, &["appoint", &id, "--reason", "decision", "--department"], 0);
    assert_eq!(end["ended"], false);
    let other = json(&world, &["appoint", &id, "--reason", "left_role"], 3);
    assert_eq!(other["error"]["code"], "ended_before");
    world.on_demo(&["anchor", "--once"]).expect(0);
    world.on_demo(&["fsck"]).expect(0);
}

#[test]
fn with_a_stolen_key_records_fall_and_are_listed() {
    let world = World::demo();
    for (args, code) in [
        (&["appoint", "--end", "--login", "hieutruong"][..], 3),
        (&["appoint", "--end", "--login", "hieutruong", "--reason", "key_compromised"], 3),
        (&["appoint", "--end", "--login", "hieutruong", "--reason", "left_role", "--since", "01/01/2020"], 3),
        (&["appoint", "--end", "--login", "hieutruong", "--reason", "key_compromised", "--since", "31/02/2020"], 3),
        (&["appoint", "--end", "--reason", "left_role"], 3),
        (&["appoint", "--end", "--login", "nobody", "--reason", "left_role"], 3),
        (&["appoint", "--end", "AAAAAAAAAAAAAAAAAAAAAA", "--reason", "left_role"], 3),
    ] {
        world.on_demo(args).expect(code);
    }
    world.verify("demo/bundles/9A3/01.hocba.json").expect(0);
    assert_eq!(school(&world)["resigning"]["records"].as_array().map(Vec::len), Some(0));
    let stolen = ["--reason", "key_compromised", "--since", "01/01/2020"];
    world.on_demo(&[&["appoint", "--end", "--login", "hieutruong"][..], &stolen].concat()).expect(0);
    let queue = school(&world)["resigning"].clone();
    assert_eq!(queue["records"].as_array().map(Vec::len), Some(40), "{queue}");
    // The first signature that fell is the teacher's: the stolen key had given them the class.
    assert_eq!(queue["records"][0]["role"], "homeroom_teacher");
    assert!(queue["records"][0]["through"].is_string(), "{queue}");
    assert_eq!(queue["records"][0]["fault"]["kind"], "compromised");
    let anchored = json(&world, &["anchor", "--once"], 0);
    assert_eq!(anchored["statuses"], 1);
    world.on_demo(&["snapshot"]).expect(0);
    let run = world.verify("demo/bundles/9A3/01.hocba.json").expect(1);
    assert!(!run.out.contains("giả mạo"), "{}", run.out);
    world.on_demo(&["fsck"]).expect(0);
}

#[test]
fn without_its_key_a_real_service_says_that_ends_wait() {
    let world = appointed(1);
    world.on_demo(&["appoint", "--end", "--login", "giaovien", "--reason", "left_role"]).expect(0);
    // The keys are given, as outside of a demonstration; that for statuses only afterwards.
    let key = ["--key", "demo/keys/anchorer.key.pem", "--passphrase-file", "pass"];
    let both = ["--status-key", "demo/keys/status-keeper.key.pem", "--status-passphrase-file", "pass"];
    world.on_demo(&[&["anchor", "--once"][..], &key, &both[..2]].concat()).expect(3);
    let done = json(&world, &[&["anchor", "--once"][..], &key, &both].concat(), 0);
    assert_eq!((done["statuses"].as_i64(), done["statuses_waiting"].as_i64()), (Some(1), Some(0)));
}

#[test]
fn a_school_that_closed_takes_no_new_class() {
    let world = appointed(1);
    let open = json(&world, &["school", "79DEMO001"], 0);
    assert_eq!((open["closed_at"].is_null(), open["changed"].as_bool()), (true, Some(false)));
    assert_eq!(json(&world, &["school", "79DEMO009"], 3)["error"]["code"], "unknown_school");
    let merged = json(&world, &["school", "79DEMO001", "--merged-into", "79DEMO009"], 3);
    assert_eq!(merged["error"]["code"], "unknown_school");
    world.on_demo(&["school", "79DEMO001", "--closed", "--renamed", "X"]).expect(3);
    let denied = json(&world, &["school", "79DEMO001", "--closed", "--login", "hieutruong"], 3);
    assert_eq!(denied["error"]["code"], "forbidden");
    world.on_demo(&["school", "79DEMO001", "--renamed", "THCS Trần Phú mới", "--decision", "7/QĐ"]).expect(0);
    let run = world.on_demo(&["school", "79DEMO001", "--closed", "--login", "sogd"]).expect(0);
    assert!(run.out.contains("THCS Trần Phú mới") && run.out.contains("đã ngừng hoạt động"), "{}", run.out);
    fs::write(world.path("moi.xlsx"), workbook(1, "9A4")).expect("written");
    assert_eq!(json(&world, &["import", "moi.xlsx"], 3)["error"]["code"], "school_closed");
    world.on_demo(&["import", "lop.xlsx"]).expect(0);
    world.on_demo(&["sign"]).expect(0);
    assert_eq!(json(&world, &["school", "79DEMO001", "--closed"], 3)["error"]["code"], "school_closed");
}
