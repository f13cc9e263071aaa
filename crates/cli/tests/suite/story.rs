//! The demonstration for a department (docs/guides/demo.md: its commands are run, its steps are walked), by pages alone, while
//! everything goes wrong that goes wrong in a school: `tests/js/story.mjs` is what people do; here is looked at what is stored. The chain's node is a process of its own.

#![allow(clippy::disallowed_methods, reason = "real processes take real time")]

use std::{fs, path::PathBuf};

use hocba_tests::scripts::{browser, run};
use serde_json::{Value, json};

use crate::{
    afternoon::port,
    common::{Running, World, hocba, start},
    opening::{script, shell},
    paper::READERS,
};

/// The node of the demonstration's chain, at this port.
fn node(world: &World, port: u16) -> (Running, Value) {
    let mut command = hocba(world.home.path());
    command.args(["chain", "--json", "--port", &port.to_string(), "--data-dir", "so-chung"]);
    start(command)
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says what would let it run; the story's cost is for the reader")]
fn the_demonstration_is_walked_through_a_reload_a_lost_line_and_a_killed_server_and_nothing_is_signed_twice() {
    let chromium = match browser(&READERS) {
        Ok(chromium) => chromium,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    let world = World::empty();
    // As docs/guides/demo.md says it, at a port of our own.
    let (stated, chain_port) = ("127.0.0.1:20269", port());
    let commands = script("guides/demo.md");
    assert!(commands.contains(stated));
    shell(&world, &commands.replace(stated, &format!("127.0.0.1:{chain_port}"))).expect(0);
    let (chain, _) = node(&world, chain_port);
    let slip = |login: &str| {
        let slip = document(&world.run(&["account", "reset", login, "--json"]).expect(0).out);
        slip["slips"][0]["code"].clone()
    };
    let slips = json!({
        "giaovien": slip("giaovien"), "hieutruong": slip("hieutruong"), "vanthu": slip("vanthu"), "sogd": slip("sogd"),
    });

    let pictures = std::env::var_os("HOCBA_PICTURES").map_or_else(|| world.path("pictures"), PathBuf::from);
    fs::create_dir_all(&pictures).expect("a folder");
    let env = match world.database_url() {
        Some(url) => json!({ "HOCBA_DATABASE_URL": url }),
        None => json!({}),
    };
    let told = json!({
        "base": format!("http://127.0.0.1:{}", port()), "program": env!("CARGO_BIN_EXE_hocba"), "chromium": chromium,
        "home": world.home.path(), "pictures": pictures, "signer_port": port().to_string(), "slips": slips, "env": env,
        "chain_process": chain.0.id(),
    });
    let out = run("story.mjs", &[&told.to_string()]);
    eprintln!("{out}");

    // The presenter stopped the node; it is there again, with what it had.
    drop(chain);
    let (_chain, _) = node(&world, chain_port);
    let status = document(&world.run(&["status", "--class", "9A3", "--json"]).expect(0).out);
    let states: Vec<&Value> = status["pupils"].as_array().expect("pupils").iter().map(|p| &p["state"]).collect();
    let in_force = states.iter().filter(|state| **state == "in_force").count();
    let left_out = states.iter().filter(|state| **state == "left_out").count();
    assert_eq!((in_force, left_out, states.len()), (39, 1, 40), "{status}");
    // Each signature once: every step that was taken is an event; one record was returned and signed twice over, and one
    // was corrected after it was sealed; of the
    // other classes, the one of the grade went the whole way.
    let store = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let counts = store.block_on(async {
        let database = match world.database_url() {
            Some(url) => hocba_store::Database::at(url.parse().expect("a URL")),
            None => hocba_store::Database::file(world.path("hocba-data/hocba.sqlite")),
        };
        let store = hocba_store::Store::open(&database).await.expect("opens");
        let mut tx = store.read().await.expect("read");
        let mut counts = Vec::new();
        for action in ["sign_records", "return_record", "co_sign_records", "seal_records", "supersede_record"] {
            counts.push(tx.count_events(action).await.expect("counted"));
        }
        counts
    });
    assert_eq!(counts, [47, 1, 43, 43, 1]);
    // And what is stored is what was signed, by exactly the policy's signers in their order.
    for command in [&["fsck"][..], &["bundle", "--class", "9A3"], &["snapshot"]] {
        world.run(command).expect(0);
    }
    for n in (1..=40).filter(|n| *n != 7) {
        let file = format!("hocba-data/bundles/9A3/{n:02}.hocba.json");
        let profile = "hocba-data/profile.hocba-profile.json";
        let snapshot = "hocba-data/snapshot.hocba-snapshot.json";
        world.run(&["verify", &file, "--profile", profile, "--snapshot", snapshot]).expect(0);
    }
}
