//! The mail server in `hocba.json`.

use serde_json::Value;

use crate::common::World;

/// The settings of docs/operations.md, and each with something in it that cannot be.
#[test]
fn a_mail_server_is_set_as_the_page_says_and_what_cannot_be_is_refused_by_name() {
    let world = World::demo();
    let page = include_str!("../../../../docs/operations.md");
    let (_, rest) = page.split_once("```json\n\"mail\": ").expect("the page shows it");
    let mail: Value = serde_json::from_str(rest.split("```").next().expect("its end")).expect("JSON");
    let path = world.path("demo/hocba.json");
    let plain: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    let set = |mail: &Value| {
        let mut config = plain.clone();
        config["mail"] = mail.clone();
        std::fs::write(&path, config.to_string()).expect("written");
    };
    set(&mail);
    world.on_demo(&["account", "list"]).expect(0);
    let refused = |name: &str| {
        let run = world.on_demo(&["account", "list"]).expect(3);
        assert!(run.err.contains("mail") && run.err.contains(name), "{name}: {}", run.err);
    };
    for (name, wrong) in [
        ("host", Value::from("")),
        ("host", "smtp.so.example.vn:587".into()),
        ("port", 0.into()),
        ("security", "ssl".into()),
        ("security", "none".into()),
        ("username", "".into()),
        ("username", Value::Null),
        ("from", "hocba".into()),
        ("hour", 24.into()),
    ] {
        let mut mail = mail.clone();
        mail[name] = wrong;
        set(&mail);
        refused(name);
    }
    // A password has no place in the settings themselves.
    let mut secret = mail.clone();
    secret["password"] = "s".into();
    set(&secret);
    assert_ne!(world.on_demo(&["account", "list"]).code, 0);

    // Files are read by whoever sends: `serve` does not begin without them.
    let refused = |name: &str| {
        let run =
            world.on_demo(&["serve", "--no-anchor", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]).expect(3);
        assert!(run.err.contains("mail") && run.err.contains(name), "{name}: {}", run.err);
    };
    set(&mail);
    refused("password_file");
    std::fs::write(world.path("demo/smtp.secret"), "\n").expect("written");
    refused("password_file");
    std::fs::write(world.path("demo/smtp.secret"), "mật khẩu\n").expect("written");
    refused("ca_file");
    std::fs::write(world.path("demo/smtp-ca.pem"), "no certificate").expect("written");
    refused("ca_file");
}
