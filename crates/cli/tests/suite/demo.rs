//! The demonstration and what can be tried after it.

use std::fs;

use hocba_store::Backend;
use hocba_tests::database::backend;

use crate::common::{Finished, World, finished};

#[test]
fn the_demonstration_ends_with_forty_valid_records() {
    let Finished { place: folder, said: out, .. } = finished();
    assert_eq!(out.lines().last(), Some("40 of 40 records valid"), "{out}");
    assert!(out.contains("DEMO"));
    assert_eq!(fs::read_dir(folder.join("bundles/9A3")).expect("bundles").count(), 40);
}

#[test]
fn a_changed_mark_makes_verify_name_the_subject() {
    let world = World::demo();
    let path = world.path("demo/bundles/9A3/02.hocba.json");
    let text = fs::read_to_string(&path).expect("a bundle");
    // The disclosure of Toán: ["salt","subject.toan",{"code":"toan",…,"result":{"kind":"score",…,"year":NN}}]
    let start = text.find("\"subject.toan\",{").expect("mathematics is shown");
    let year = start + text[start..].find("\"year\":").expect("the year's mark") + 7;
    let end = year + text[year..].find(['}', ',']).expect("the end of the number");
    let mark: u32 = text[year..end].parse().expect("tenths");
    let other = if mark == 100 { 99 } else { mark + 1 };
    fs::write(&path, format!("{}{other}{}", &text[..year], &text[end..])).expect("written");

    let run = world.verify("demo/bundles/9A3/02.hocba.json").expect(1);
    assert!(run.out.contains("Toán"), "{}", run.out);
    assert!(run.out.starts_with("[KHÔNG HỢP LỆ]"), "{}", run.out);
}

#[test]
fn without_chain_or_snapshot_nothing_is_called_false() {
    let world = World::demo();
    let profile = "demo/profile.hocba-profile.json";
    let file = "demo/bundles/9A3/03.hocba.json";
    let run = world.run(&["verify", file, "--profile", profile, "--offline"]).expect(2);
    assert!(run.out.starts_with("[CHƯA KIỂM TRA ĐƯỢC]"), "{}", run.out);
    assert!(!run.out.contains("giả mạo") && !run.out.contains("[X]"), "{}", run.out);
    // A node that is not there is the same.
    world.run(&["verify", file, "--profile", profile, "--rpc", "http://127.0.0.1:1"]).expect(2);
}

#[test]
fn a_saved_snapshot_makes_it_valid_offline_with_its_age() {
    let run = World::demo().verify("demo/bundles/9A3/01.hocba.json").expect(0);
    assert!(run.out.starts_with("[HỢP LỆ]"), "{}", run.out);
    assert!(run.out.contains("bản chụp sổ chung cách đây"), "{}", run.out);
    assert!(run.out.contains("DEMO"), "{}", run.out);
    assert!(run.out.contains("Nguyễn Thị Hoa"), "{}", run.out);
}

#[test]
fn the_worst_of_several_files_decides() {
    let world = World::demo();
    fs::write(world.path("broken.json"), b"{").expect("written");
    let args = [
        "verify",
        "demo/bundles/9A3/01.hocba.json",
        "broken.json",
        "--json",
        "--profile",
        "demo/profile.hocba-profile.json",
        "--snapshot",
        "demo/snapshot.hocba-snapshot.json",
    ];
    let run = world.run(&args).expect(1);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!(document["verdict"], "invalid");
    assert_eq!(document["files"][0]["report"]["verdict"], "valid");
    assert_eq!(document["files"][1]["report"]["verdict"], "invalid");
}

#[test]
fn a_saved_again_file_says_that_it_was_saved_again() {
    let world = World::demo();
    let bytes = fs::read(world.path("demo/bundles/9A3/04.hocba.json")).expect("a bundle");
    let mut spaced = bytes.clone();
    spaced.push(b'\n');
    for (name, content) in [("bom.json", [b"\xef\xbb\xbf".as_slice(), &bytes].concat()), ("space.json", spaced)] {
        fs::write(world.path(name), content).expect("written");
        let run = world.verify(name).expect(1);
        assert!(run.out.to_lowercase().contains("đã bị lưu lại"), "{name}: {}", run.out);
        assert!(!run.out.contains("giả mạo"), "{name}: {}", run.out);
    }
}

#[test]
fn files_that_are_no_bundles_get_an_answer_and_no_panic() {
    let world = World::demo();
    let bytes = fs::read(world.path("demo/bundles/9A3/05.hocba.json")).expect("a bundle");
    fs::write(world.path("truncated.json"), &bytes[..bytes.len() / 2]).expect("written");
    fs::write(world.path("empty.json"), b"").expect("written");
    fs::write(world.path("oversize.json"), vec![b' '; 2 << 20]).expect("written");
    fs::create_dir(world.path("folder.json")).expect("made");
    for (name, code) in
        [("truncated.json", 1), ("empty.json", 1), ("oversize.json", 1), ("folder.json", 3), ("missing.json", 3)]
    {
        let run = world.verify(name).expect(code);
        assert!(!run.err.contains("panicked"), "{name}: {}", run.err);
    }
}

#[test]
fn a_finished_demonstration_is_verified_again_and_not_begun_anew() {
    let world = World::demo();
    let before = fs::read(world.path("demo/bundles/9A3/01.hocba.json")).expect("a bundle");
    let run = world.on_demo(&["demo", "--once"]).expect(0);
    assert!(run.out.contains("--force"), "{}", run.out);
    assert_eq!(run.out.lines().last(), Some("40 of 40 records valid"));
    assert_eq!(fs::read(world.path("demo/bundles/9A3/01.hocba.json")).expect("a bundle"), before);
}

#[test]
fn the_demonstration_leaves_other_folders_alone() {
    let world = World::empty();
    fs::create_dir(world.path("mine")).expect("made");
    fs::write(world.path("mine/letter.txt"), "keep").expect("written");
    for args in [&["demo", "--once", "--data-dir", "mine"][..], &["demo", "--once", "--force", "--data-dir", "mine"]] {
        world.run(args).expect(3);
    }
    assert_eq!(fs::read_to_string(world.path("mine/letter.txt")).expect("still there"), "keep");
}

#[test]
fn no_name_of_a_pupil_is_in_a_file_name() {
    let folder = &finished().place;
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("UTF-8");
            assert!(name.is_ascii() && !name.contains(' '), "{name}");
            if entry.file_type().expect("a type").is_dir() {
                folders.push(entry.path());
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = &finished().place;
    let mut names = vec!["hocba.json", "data.key", "bundles/9A3/01.hocba.json", "keys/teacher.key.pem"];
    if backend() == Backend::Sqlite {
        names.push("hocba.sqlite");
    }
    for name in names {
        let mode = fs::metadata(folder.join(name)).expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(folder).expect("metadata").permissions().mode() & 0o777, 0o700);
}

#[test]
fn inspect_shows_what_a_file_says_and_that_it_is_not_verified() {
    let world = World::demo();
    for (file, says) in [
        ("demo/bundles/9A3/01.hocba.json", "79DEMO001"),
        ("demo/profile.hocba-profile.json", "so-demo"),
        ("demo/snapshot.hocba-snapshot.json", "block_time"),
    ] {
        let run = world.run(&["inspect", file]).expect(0);
        assert!(run.out.contains("CHƯA XÁC MINH") && run.out.contains(says), "{file}: {}", run.out);
    }
    world.run(&["inspect", "missing.json"]).expect(3);
}
