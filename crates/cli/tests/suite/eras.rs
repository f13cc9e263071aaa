//! A department administers its register: roles, issuers, pause, hand-over; closes the era and goes on in another.

use std::fs;

use serde_json::{Value, json};

use crate::{
    common::{World, copy, hocba, start},
    ends::workbook,
};

fn on_demo(world: &World, args: &[&str], code: i32) -> Value {
    let run = world.on_demo(&[args, &["--json"]].concat()).expect(code);
    serde_json::from_str(&run.out).expect("one document")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

const BUNDLE: &str = "demo/bundles/9A3/02.hocba.json";

#[test]
fn roles_are_given_and_taken_by_the_administrator_and_by_nobody_else() {
    let world = World::demo();
    fs::write(world.path("pass"), "hocba-demo\n").expect("written");
    let before = on_demo(&world, &["chain", "show"], 0);
    assert_eq!((&before["paused"], &before["closing"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(before["issuers"][0]["code"], "so-demo");

    let other = ["--chain-key", "demo/keys/status-keeper.key.pem", "--chain-passphrase-file", "pass"];
    let refused = on_demo(&world, &[&["chain", "pause"][..], &other].concat(), 6);
    assert_eq!(refused["error"]["code"], "contract_refuses");
    assert!(text(&refused["error"]["vi"]).contains("không có quyền này"), "{refused}");
    let account = on_demo(&world, &[&["chain", "address"][..], &other].concat(), 0)["address"].clone();
    on_demo(&world, &["chain", "grant", "pauser", text(&account)], 0);
    on_demo(&world, &[&["chain", "pause"][..], &other].concat(), 0);
    assert_eq!(on_demo(&world, &["chain", "show"], 0)["paused"], true);
    on_demo(&world, &[&["chain", "unpause"][..], &other].concat(), 6);
    on_demo(&world, &["chain", "unpause"], 0);
    on_demo(&world, &["chain", "revoke", "pauser", text(&account)], 0);
    on_demo(&world, &[&["chain", "pause"][..], &other].concat(), 6);

    on_demo(
        &world,
        &["chain", "issuer", "phong-1", "--schools", "79QUAN1, 79QUAN10,79QUAN1", "--until", "01/09/2030"],
        0,
    );
    world.on_demo(&["chain", "grant", "anchorer", text(&account)]).expect(3);
    on_demo(&world, &["chain", "grant", "anchorer", text(&account), "--issuer", "phong-1"], 0);
    let shown = on_demo(&world, &["chain", "show"], 0);
    assert_eq!(shown["issuers"][1]["schools"], "79QUAN1,79QUAN10");
    assert_eq!(shown["issuers"][1]["until"], 1_914_426_000);

    // Two steps: named by the one who has it, taken by the one who is to have it.
    on_demo(&world, &["chain", "hand-over", text(&account)], 0);
    assert_eq!(on_demo(&world, &["chain", "show"], 0)["pending_admin"], account);
    on_demo(&world, &["chain", "accept"], 6);
    // Only in a later second than that of the first step, though the delay is none.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    on_demo(&world, &[&["chain", "accept"][..], &other].concat(), 0);
    assert_eq!(on_demo(&world, &["chain", "show"], 0)["admin"], account);
    on_demo(&world, &["chain", "pause"], 6);
}

#[test]
fn an_era_is_closed_a_successor_goes_on_and_what_was_anchored_before_stays_valid() {
    let world = World::demo();
    let profile = "demo/profile.hocba-profile.json";
    // A successor of a register that is open would let it be written behind the successor's back.
    let open = on_demo(&world, &["chain", "deploy", "--predecessor", "demo/snapshot.hocba-snapshot.json"], 3);
    assert_eq!(open["error"]["code"], "era");

    let signed = on_demo(&world, &["chain", "close", "--sign-only"], 0);
    let statement = text(&signed["statement"]).to_owned();
    assert_eq!(on_demo(&world, &["chain", "show"], 0)["closing"], Value::Null);
    // The register goes on after the department signed: the statement does not close what it does not name.
    on_demo(&world, &["appoint", "--end", "--login", "phohieutruong", "--reason", "left_role"], 0);
    on_demo(&world, &["anchor", "--once"], 0);
    let with = ["--statement", &statement, "--certificate", "demo/keys/department.crt.pem"];
    let moved = on_demo(&world, &[&["chain", "close"][..], &with].concat(), 5);
    assert_eq!(moved["error"]["code"], "closing_moved");

    let closed = on_demo(&world, &["chain", "close"], 0);
    let (closing, snapshot) = (closed["closing"].clone(), text(&closed["snapshot"]).to_owned());
    assert_eq!(on_demo(&world, &["chain", "show"], 0)["closing"], closing);
    let again = on_demo(&world, &["chain", "close"], 0);
    assert_eq!((&again["closing"], &again["leaf"]), (&closing, &closed["leaf"]), "run again, it finds it done");
    on_demo(&world, &["chain", "pause"], 6);

    let new = on_demo(&world, &["chain", "deploy", "--predecessor", &snapshot, "--delay", "0"], 0);
    assert_eq!(new["predecessor"], closing);
    let contract = text(&new["contract"]).to_owned();
    assert_ne!(new["contract"], closed["contract"]);
    let next = ["profile", "next", "--closed", &snapshot, "--contract", &contract, "--out", "next.json"];
    assert_eq!(on_demo(&world, &next, 0)["number"], 2);
    on_demo(&world, &["profile", "sign", "next.json", "--out", "next.hocba-profile.json"], 0);

    // Under the new profile the register in use is the successor's; the closed one is what its closing digest stands for.
    let mut chain = hocba(world.home.path());
    chain.args(["chain", "--json", "--port", "0", "--data-dir", "demo"]);
    let (_chain, served) = start(chain);
    let url = text(&served["url"]);
    let verify = |more: &[&str], code: i32| {
        let args = [&["verify", BUNDLE, "--no-state", "--json", "--rpc", url, "--profile"][..], more].concat();
        let run = world.run(&args).expect(code);
        serde_json::from_str::<Value>(&run.out).expect("one document")
    };
    verify(&[profile], 0);
    // From the node, held against the closing digest; or from the kept file, whoever's.
    verify(&["next.hocba-profile.json"], 0);
    verify(&["next.hocba-profile.json", "--era", &snapshot], 0);
    // A snapshot of the same contract from before its end is not the closed era.
    let early = world.run(&[
        "verify",
        BUNDLE,
        "--no-state",
        "--rpc",
        url,
        "--profile",
        "next.hocba-profile.json",
        "--era",
        "demo/snapshot.hocba-snapshot.json",
    ]);
    early.expect(3);
    // Nor one in which something was changed.
    let other = fs::read_to_string(world.path(&snapshot)).expect("a snapshot");
    let changed = other.replacen("\"reason\":5", "\"reason\":4", 1);
    assert_ne!(changed, other, "the end of an appointment is in its status log");
    fs::write(world.path("changed.json"), changed).expect("written");
    let args =
        ["verify", BUNDLE, "--no-state", "--rpc", url, "--profile", "next.hocba-profile.json", "--era", "changed.json"];
    world.run(&args).expect(3);
}

#[test]
fn a_data_folder_goes_on_in_the_successor_with_all_it_has() {
    let world = World::demo();
    fs::write(world.path("pass"), "hocba-demo\n").expect("written");
    // A folder whose chain is a network's: that of the demonstration, served by another process.
    copy(&world.path("demo"), &world.path("school"));
    let mut chain = hocba(world.home.path());
    chain.args(["chain", "--json", "--port", "0", "--data-dir", "demo"]);
    let (_chain, served) = start(chain);
    let config = |change: &dyn Fn(&mut Value)| {
        let path = world.path("school/hocba.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        change(&mut config);
        fs::write(&path, config.to_string()).expect("written");
    };
    config(&|config| {
        config["chain"] = json!({
            "kind": "network", "chain": served["chain"], "contract": served["contract"], "url": served["url"],
        });
    });
    let school = |args: &[&str], code: i32| {
        let run = world.run(&[args, &["--data-dir", "school", "--json"]].concat()).expect(code);
        serde_json::from_str::<Value>(&run.out).expect("one document")
    };

    // The register is closed with an end in it that the folder has no receipt for: it is found before anything moves.
    school(&["appoint", "--end", "--login", "phohieutruong", "--reason", "left_role"], 0);
    copy(&world.path("school"), &world.path("restored"));
    school(&["anchor", "--once"], 0);
    let closed = school(&["chain", "close"], 0);
    let snapshot = text(&closed["snapshot"]).to_owned();
    let contract =
        text(&school(&["chain", "deploy", "--predecessor", &snapshot, "--delay", "0"], 0)["contract"]).to_owned();
    school(&["profile", "next", "--closed", &snapshot, "--contract", &contract, "--out", "next.json"], 0);
    school(&["profile", "sign", "next.json", "--out", "next.hocba-profile.json"], 0);
    let to_next = ["chain", "move", "--profile", "next.hocba-profile.json"];
    // A folder restored from before the end was anchored; on a server both folders have one database.
    if world.database_url().is_none() {
        copy(&world.path("school/eras"), &world.path("restored/eras"));
        let args = [&to_next[..], &["--data-dir", "restored", "--json"]].concat();
        let refused: Value = serde_json::from_str(&world.run(&args).expect(5).out).expect("one document");
        assert_eq!(refused["error"]["code"], "without_receipt");
    }
    // The profile in use leads nowhere.
    assert_eq!(school(&["chain", "move", "--profile", "school/profile.hocba-profile.json"], 0)["moved"], false);

    let before = fs::read(world.path("school/hocba.json")).expect("a file");
    assert_eq!(school(&to_next, 0)["moved"], true);
    // Cut off between database and configuration, it goes on.
    fs::write(world.path("school/hocba.json"), before).expect("written");
    school(&["status"], 4);
    assert_eq!(school(&to_next, 0)["moved"], true);
    assert_eq!(school(&to_next, 0)["moved"], false);

    // In the successor, with its own roles: another appointment, another end.
    let account = |name: &str| {
        let key = format!("demo/keys/{name}.key.pem");
        let args = ["chain", "address", "--chain-key", &key, "--chain-passphrase-file", "pass"];
        text(&school(&args, 0)["address"]).to_owned()
    };
    school(&["chain", "issuer", "so-demo", "--schools", "*"], 0);
    school(&["chain", "grant", "anchorer", &account("anchorer"), "--issuer", "so-demo"], 0);
    school(&["chain", "grant", "status-keeper", &account("status-keeper")], 0);
    fs::write(world.path("lop.xlsx"), workbook(2, "9A4")).expect("written");
    school(&["import", "lop.xlsx"], 0);
    school(&["appoint", "--class", "9A4"], 0);
    school(&["anchor", "--once"], 0);
    school(&["appoint", "--end", "--login", "vanthu", "--reason", "left_role"], 0);
    school(&["anchor", "--once"], 0);
    let shown = school(&["chain", "show"], 0);
    assert!(shown["batches"].as_u64() >= Some(1) && shown["statuses"].as_u64() >= Some(1), "{shown}");

    let found = school(&["fsck"], 0);
    assert_eq!((&found["chain"], &found["faults"]), (&json!(true), &json!([])), "{found}");
    school(&["snapshot"], 0);
    fs::remove_dir_all(world.path("school/bundles")).expect("a folder");
    school(&["bundle", "--class", "9A3"], 0);
    let verify = |file: &str, code: i32| {
        let snapshot = ["--snapshot", "school/snapshot.hocba-snapshot.json"];
        let args = [&["verify", file, "--no-state", "--profile", "school/profile.hocba-profile.json"][..], &snapshot];
        world.run(&args.concat()).expect(code)
    };
    verify("school/bundles/9A3/02.hocba.json", 0);
    let old: Value = serde_json::from_slice(&fs::read(world.path("school/bundles/9A3/02.hocba.json")).expect("a file"))
        .expect("JSON");
    assert_eq!(old["records"][0]["anchor"]["contract"], closed["contract"]);

    // Without the closed register's snapshot its receipts cannot be compared, and that is said.
    fs::remove_file(world.path(&snapshot)).expect("there");
    assert_eq!(school(&["fsck"], 0)["chain"], false);
}
