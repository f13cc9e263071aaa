//! Accounts from the command line: slips on paper, a reset, a lock, a department's part of the schools.

use serde_json::Value;

use crate::common::World;

fn document(out: &str) -> Value {
    serde_json::from_str(out).expect("one document")
}

#[test]
fn an_administrator_and_a_teacher_get_slips_that_are_printed_once_and_reset_by_name() {
    let world = World::demo();
    let add = |login: &str, rest: &[&str]| {
        let args = [&["account", "add", login, "--name", "Nguyễn Thị <Ánh>"], rest].concat();
        world.on_demo(&args)
    };
    add("quantri", &["--role", "school_administrator", "--school", "79DEMO001"]).expect(0);
    add("phong", &["--role", "department", "--prefix", "79DEMO"]).expect(0);
    // What means nothing is refused in words.
    let run = add("moi", &["--role", "school_administrator"]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("vai trò không dùng được"), "{}", run.err);
    assert_ne!(add("moi", &["--role", "clerk", "--prefix", "79"]).code, 0);
    assert_ne!(add("moi", &["--role", "department", "--prefix", "79", "--school", "79DEMO001"]).code, 0);

    let slips = ["account", "slips", "--school", "79DEMO001"];
    let print = [&slips[..], &["--html", "slips.html", "--address", "https://hocba.example.vn"]].concat();
    let said = world.on_demo(&print).expect(0);
    let page = std::fs::read_to_string(world.path("slips.html")).expect("written");
    for text in ["quantri", "Nguyễn Thị &lt;Ánh&gt;", "https://hocba.example.vn/activate"] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    assert!(!page.contains("<Ánh>") && !page.contains("phong<"), "the department is not the school's");
    let code = page.split("class=\"code\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a code");
    assert!(!said.out.contains(code) && !said.err.contains(code), "what is on paper is not on the screen");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(world.path("slips.html")).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may not read it");
    }
    assert_ne!(world.on_demo(&print).code, 0, "no file is written over");
    assert_eq!(std::fs::read_to_string(world.path("slips.html")).expect("there"), page);

    let first = document(&world.on_demo(&["account", "reset", "quantri", "--json"]).expect(0).out);
    let again = document(&world.on_demo(&["account", "reset", "quantri", "--json"]).expect(0).out);
    assert_ne!(first["slips"][0]["code"], again["slips"][0]["code"]);
    world.on_demo(&["account", "lock", "quantri"]).expect(0);
    let locked = document(&world.on_demo(&[&slips[..], &["--json"]].concat()).expect(0).out);
    let logins: Vec<&str> =
        locked["slips"].as_array().expect("a list").iter().filter_map(|s| s["login"].as_str()).collect();
    assert!(!logins.contains(&"quantri") && !logins.is_empty(), "no slip for who is locked: {logins:?}");
    world.on_demo(&["account", "unlock", "quantri"]).expect(0);
    let sessions = document(&world.on_demo(&["account", "sessions", "quantri", "--json"]).expect(0).out);
    assert_eq!(sessions["sessions"], Value::Array(Vec::new()));
    let ended = document(&world.on_demo(&["account", "end-session", "quantri", "--json"]).expect(0).out);
    assert_eq!(ended["ended"], 0);
    let unknown = world.on_demo(&["account", "lock", "nobody"]);
    assert_ne!(unknown.code, 0);
    world.on_demo(&["fsck"]).expect(0);
}

/// The settings of docs/accounts.md, and each with something in it that cannot be.
#[test]
fn how_people_sign_in_is_set_as_the_page_says_and_what_cannot_be_is_refused_by_name() {
    let world = World::demo();
    let page = include_str!("../../../../docs/accounts.md");
    let (_, rest) = page.split_once("```json\n\"access\": ").expect("the page shows it");
    let access: Value = serde_json::from_str(rest.split("```").next().expect("its end")).expect("JSON");
    let path = world.path("demo/hocba.json");
    let plain: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    let set = |access: &Value| {
        let mut config = plain.clone();
        config["access"] = access.clone();
        std::fs::write(&path, config.to_string()).expect("written");
    };
    set(&access);
    world.on_demo(&["account", "list"]).expect(0);
    for (name, wrong) in [
        ("idle_minutes", Value::from(29)),
        ("session_hours", 25.into()),
        ("slip_days", 61.into()),
        ("second_factor", Value::from(vec!["teacher"])),
        ("name", "a:b".into()),
    ] {
        let mut access = access.clone();
        access[name] = wrong;
        set(&access);
        let run = world.on_demo(&["account", "list"]).expect(3);
        assert!(run.err.contains(name), "{name}: {}", run.err);
    }
}

/// The same of the OpenID Connect provider.
#[test]
fn a_provider_is_set_as_the_page_says_and_what_cannot_be_is_refused_by_name() {
    let world = World::demo();
    let page = include_str!("../../../../docs/accounts.md");
    let (_, rest) = page.split_once("```json\n\"openid\": ").expect("the page shows it");
    let openid: Value = serde_json::from_str(rest.split("```").next().expect("its end")).expect("JSON");
    let path = world.path("demo/hocba.json");
    let plain: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    let set = |openid: &Value| {
        let mut config = plain.clone();
        config["openid"] = openid.clone();
        std::fs::write(&path, config.to_string()).expect("written");
    };
    set(&openid);
    world.on_demo(&["account", "list"]).expect(0);
    let rule = |change: &[(&str, Value)]| {
        let mut rule = openid["rules"][0].clone();
        for (name, value) in change {
            rule[*name] = value.clone();
        }
        Value::Array(vec![rule])
    };
    for (name, wrong) in [
        ("issuer", Value::from("http://dangnhap.so.example.vn")),
        ("client_id", "".into()),
        ("name", "x".repeat(61).into()),
        ("scopes", vec!["a b"].into()),
        ("login_claim", "".into()),
        ("amr_second_factor", vec![""].into()),
        ("rules", rule(&[("role", "teacher".into())])),
        ("rules", rule(&[("role", "department".into())])),
        ("rules", rule(&[("role", "operator".into())])),
        ("rules", rule(&[("school_claim", Value::Null)])),
        ("rules", rule(&[("school", "79DEMO001".into())])),
        ("rules", rule(&[("school", "79DEMO001".into()), ("school_claim", Value::Null), ("prefix", "79".into())])),
        ("rules", rule(&[("school_claim", Value::Null), ("school", "trường".into())])),
        ("rules", rule(&[("prefix", "?".into())])),
        ("rules", rule(&[("value", "".into())])),
    ] {
        let mut openid = openid.clone();
        openid[name] = wrong.clone();
        set(&openid);
        let run = world.on_demo(&["account", "list"]).expect(3);
        assert!(run.err.contains("openid") && run.err.contains(name), "{name} {wrong}: {}", run.err);
    }
    // A secret has no place in the settings themselves.
    let mut secret = openid.clone();
    secret["client_secret"] = "s".into();
    set(&secret);
    assert_ne!(world.on_demo(&["account", "list"]).code, 0);
    // An account is linked to one person there, and to nobody else until it is unlinked.
    set(&openid);
    let add = ["account", "add", "binh", "--name", "Bình", "--role", "clerk", "--school", "79DEMO001"];
    world.on_demo(&add).expect(0);
    let link = |subject: &str| world.on_demo(&["account", "link", "binh", "--subject", subject]);
    link("s-1").expect(0);
    assert_ne!(link("s-2").code, 0);
    let unlink = ["account", "unlink", "binh", "--json"];
    assert_eq!(document(&world.on_demo(&unlink).expect(0).out)["unlinked"], true);
    assert_eq!(document(&world.on_demo(&unlink).expect(0).out)["unlinked"], false);
    link("s-2").expect(0);
    std::fs::write(&path, plain.to_string()).expect("written");
    let off = link("s-3");
    assert!(off.code != 0 && off.err.contains("không đăng nhập qua"), "{}", off.err);
}
