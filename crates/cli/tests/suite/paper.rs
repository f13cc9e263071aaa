//! Sheets on paper: 40 pupils of a class printed to PDF by Chromium over the real pages, read back by programs that we did
//! not write, and each code opened. `tests/js/paper.mjs` is what the clerk and the readers do.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use hocba_sample::Options;
use hocba_tests::{
    repository,
    scripts::{browser, run},
};
use serde_json::{Value, json};

use crate::{
    afternoon::port,
    common::{Running, World, hocba, start},
};

/// Packages by which sheets are read.
pub const READERS: [&str; 3] = ["pdfjs-dist", "jsqr", "@undecaf/zbar-wasm"];

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// An installation that serves a class of so many, all of it in force.
fn in_force(options: &Options) -> (World, Running, String) {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    let path = world.path("demo/hocba.json");
    let mut config = document(&fs::read_to_string(&path).expect("a file"));
    config["chain"]["port"] = port().into();
    config["system"] = json!({ "name": "Hệ thống học bạ số Thành phố Mẫu", "owner": "Sở GD&ĐT Thành phố Mẫu" });
    fs::write(&path, config.to_string()).expect("written");
    let (header, drafts) = hocba_sample::class(11, options);
    let bytes = hocba_workbook::template(Some(&header), &[], &drafts).expect("a workbook");
    fs::write(world.path("lop.xlsx"), bytes).expect("written");
    for command in [&["import", "lop.xlsx"][..], &["appoint"], &["sign"], &["cosign"], &["seal"]] {
        world.on_demo(command).expect(0);
    }
    let mut command = hocba(world.home.path());
    command.args(["serve", "--json", "--data-dir", "demo", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
    let (serving, said) = start(command);
    let base = said["url"].as_str().expect("an address").to_owned();
    for tries in 0.. {
        let status = document(&world.on_demo(&["status", "--class", options.class.as_str(), "--json"]).expect(0).out);
        let pupils = status["pupils"].as_array().expect("pupils");
        if pupils.iter().all(|pupil| pupil["state"] == "in_force") {
            assert_eq!(pupils.len(), drafts.len());
            break;
        }
        assert!(tries < 120, "{status}");
        std::thread::sleep(Duration::from_millis(500));
    }
    (world, serving, base)
}

/// Prints and reads a class; what was seen.
fn printed(chromium: &Path, options: &Options, says: &[&str]) -> (World, Value) {
    let (world, serving, base) = in_force(options);
    let add = ["account", "add", "lethi.vanthu", "--name", "Lê Thị Văn Thư", "--role", "clerk", "--school"];
    world.on_demo(&[&add[..], &[options.school.as_str()]].concat()).expect(0);
    let slip = document(&world.on_demo(&["account", "reset", "lethi.vanthu", "--json"]).expect(0).out);
    let slip = slip["slips"][0]["code"].as_str().expect("a slip").to_owned();
    let pictures = std::env::var_os("HOCBA_PICTURES").map_or_else(|| world.path("pictures"), PathBuf::from);
    fs::create_dir_all(&pictures).expect("a folder");
    let told = json!({
        "base": base, "chromium": chromium, "pictures": pictures, "slip": slip, "school": options.school,
        "class": options.class, "pupils": options.pupils, "says": says,
    });
    let out = run("paper.mjs", &[&told.to_string()]);
    drop(serving);
    (world, document(out.lines().last().unwrap_or_default()))
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run; what was seen is for the reader")]
fn forty_pupils_of_a_class_are_printed_and_every_code_is_read_and_opens_to_a_valid_verdict() {
    let chromium = match browser(&READERS) {
        Ok(chromium) => chromium,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    let says = [
        "Kết quả rèn luyện",
        "Được lên lớp",
        "Nội dung giáo dục của địa phương",
        "GIÁO VIÊN CHỦ NHIỆM",
        "HIỆU TRƯỞNG",
        "Hệ thống: Hệ thống học bạ số Thành phố Mẫu. Chủ quản: Sở GD&ĐT Thành phố Mẫu.",
        "người in: Lê Thị Văn Thư",
        "Thông tư 22/2021/TT-BGDĐT",
    ];
    let (world, seen) = printed(&chromium, &Options::lower_secondary().with_pupils(40), &says);
    eprintln!("{seen}");
    assert_eq!((&seen["pupils"], &seen["opened"]), (&json!(40), &json!(41)));
    let pages = seen["pages"].as_u64().expect("a number");
    assert!(pages >= 80 && seen["read"] == pages, "{seen}");
    world.on_demo(&["fsck"]).expect(0);

    // The command line finds the code that stands on the sheet, and opens it as it would be typed.
    let made = document(&world.on_demo(&["link", "1", "--paper", "--json"]).expect(0).out);
    let url = made["url"].as_str().expect("a link");
    let code = url.rsplit('#').next().expect("a fragment");
    assert_eq!(code.len(), 19, "{url}");
    let again = document(&world.on_demo(&["link", "1", "--paper", "--json"]).expect(0).out);
    assert_eq!(again, made, "the same paper");
    fs::write(world.path("ma.txt"), format!("{}\n", code.to_lowercase().replace('-', " "))).expect("written");
    world.on_demo(&["link", "--open", "ma.txt", "--out", "em.hocba.json"]).expect(0);
    world.run(&["verify", "em.hocba.json", "--profile", "demo/profile.hocba-profile.json", "--offline"]).expect(2);
    let bundle = fs::read(world.path("em.hocba.json")).expect("the file");
    assert_eq!(hocba_bundle::format::Bundle::read(&bundle).expect("a bundle").bundle.records.len(), 1);
    let last = if code.ends_with('2') { '3' } else { '2' };
    fs::write(world.path("sai.txt"), format!("{}{last}", &code[..18])).expect("written");
    let wrong = world.on_demo(&["link", "--open", "sai.txt", "--out", "sai.hocba.json", "--json"]).expect(3);
    assert_eq!(document(&wrong.out)["error"]["code"], "code_mistyped", "{}", wrong.out);
    assert!(!world.path("sai.hocba.json").exists());
    world.on_demo(&["link", "--withdraw", made["id"].as_str().expect("an id")]).expect(0);
    let gone = world.on_demo(&["link", "--open", "ma.txt", "--out", "nua.hocba.json", "--json"]).expect(3);
    assert_eq!(document(&gone.out)["error"]["code"], "link_withdrawn", "{}", gone.out);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run; what was seen is for the reader")]
fn a_class_of_primary_school_is_printed_in_its_own_form() {
    let chromium = match browser(&READERS) {
        Ok(chromium) => chromium,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    let says = [
        "1. Các môn học và hoạt động giáo dục",
        "2. Những phẩm chất chủ yếu",
        "3. Những năng lực cốt lõi",
        "Đánh giá kết quả giáo dục",
        "Thông tư 27/2020/TT-BGDĐT",
    ];
    // School and class are those that the people of the demonstration have.
    let Options { school, class, .. } = Options::lower_secondary();
    let (_, seen) = printed(&chromium, &Options { school, class, ..Options::primary() }.with_pupils(5), &says);
    eprintln!("{seen}");
    assert_eq!((&seen["pupils"], &seen["opened"]), (&json!(5), &json!(6)));
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run")]
fn the_values_of_the_specification_hold_in_webcrypto() {
    if let Err(missing) = browser(&[]) {
        return eprintln!("skipped: {missing}");
    }
    let values = repository().join("docs/spec/links.md").display().to_string();
    run("codes.mjs", &[&values]);
}
