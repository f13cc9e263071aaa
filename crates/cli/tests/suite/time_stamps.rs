//! Time-stamps by the command line, against OpenSSL's authority.
#![allow(clippy::print_stdout, reason = "says what would let a skipped test run")]

use std::fs;

use hocba_bundle::profile::{PinnedRoot, ProfileFile, TimeStampAuthority, TimeStampRule, TrustProfile};
use hocba_record::canonical;
use hocba_signature::certificate::Certificate;
use hocba_test_tsa::{Error, Key, POLICY, TimeStampAuthority as Tsa};
use hocba_tests::{at, profile_file, stamper::Stamper};
use serde_json::{Value, json};

use crate::{common::World, steps::imported};

/// A folder whose class is sealed, with a profile that asks for time-stamps of this authority, which is asked there.
fn sealed(root: &Certificate, url: &str) -> World {
    let (world, _) = imported(1);
    let path = world.path("demo/profile.hocba-profile.json");
    let bytes = fs::read(&path).expect("a profile");
    let limits = canonical::Limits { bytes: bytes.len(), depth: 8 };
    let file: ProfileFile = canonical::from_slice(&bytes, limits).expect("a profile");
    let mut content: TrustProfile = canonical::from_slice(file.statement.payload(), limits).expect("a profile");
    let policies = Some(vec![POLICY.parse().expect("an identifier")]);
    let authority = TimeStampAuthority { id: "tsa-thu".into(), policies, roots: vec![PinnedRoot::from(root)] };
    content.number += 1;
    content.time_stamps = Some(TimeStampRule { authorities: vec![authority], from: at(0), required: true });
    fs::write(&path, profile_file(&content)).expect("written");
    let path = world.path("demo/hocba.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).expect("settings")).expect("JSON");
    config["evidence"] = json!({ "time_stamps": [{ "authority": "tsa-thu", "url": url }] });
    fs::write(&path, config.to_string()).expect("written");
    for command in ["appoint", "sign", "cosign", "seal"] {
        world.on_demo(&[command]).expect(0);
    }
    world
}

fn anchored(world: &World) -> Value {
    let run = world.on_demo(&["anchor", "--once", "--json"]).expect(0);
    world.on_demo(&["bundle"]).expect(0);
    world.on_demo(&["snapshot"]).expect(0);
    serde_json::from_str(&run.out).expect("one document")
}

const BUNDLE: &str = "demo/bundles/9A3/01.hocba.json";

#[test]
fn from_the_seal_to_a_verdict_that_shows_when_the_authority_saw_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let tsa = match Tsa::start(folder.path(), Key::P256) {
        Err(error @ Error::NotInstalled) => return println!("SKIPPED: {error}"),
        other => other.unwrap_or_else(|e| panic!("{e}")),
    };
    let root = Certificate::from_der(&tsa.root().expect("its root")).expect("a certificate");
    let world = sealed(&root, &tsa.url());
    let said = anchored(&world);
    assert_eq!((said["time_stamps"].as_u64(), said["time_stamps_put_off"].as_u64()), (Some(1), Some(0)), "{said}");
    assert_eq!(tsa.asked(), 1, "of appointments and records, the records' batch");
    let run = world.verify(BUNDLE).expect(0);
    assert!(run.out.contains("Dấu thời gian của tsa-thu: lúc"), "{}", run.out);
    world.on_demo(&["fsck"]).expect(0);
    let doctor = world.on_demo(&["doctor"]).expect(0);
    assert!(doctor.out.contains("mọi lô đều có dấu thời gian (1)"), "{}", doctor.out);
    assert_eq!(anchored(&world)["time_stamps"].as_u64(), Some(0), "once is enough");
    assert_eq!(tsa.asked(), 1);

    // The same bundle without it, and with a flipped bit.
    let mut bundle: Value = serde_json::from_slice(&fs::read(world.path(BUNDLE)).expect("a bundle")).expect("JSON");
    let token = &mut bundle["authority"]["time_stamps"][0]["token"];
    let changed: String = token.as_str().expect("text").chars().rev().enumerate().map(swap).collect();
    *token = Value::String(changed.chars().rev().collect());
    let write = |bundle: &Value| fs::write(world.path("changed.json"), bundle.to_string()).expect("written");
    write(&bundle);
    let run = world.verify("changed.json").expect(1);
    assert!(run.out.contains("dấu thời gian không đúng"), "{}", run.out);
    bundle["authority"].as_object_mut().expect("an object").remove("time_stamps");
    write(&bundle);
    let run = world.verify("changed.json").expect(2);
    assert!(run.out.contains("yêu cầu dấu thời gian"), "{}", run.out);
}

/// Another character in place of the fourth from the end: within the signature.
fn swap((place, character): (usize, char)) -> char {
    match (place, character) {
        (4, 'A') => 'B',
        (4, _) => 'A',
        (_, other) => other,
    }
}

#[test]
fn a_dead_authority_keeps_nobody_from_anchoring_and_is_told_of() {
    // Nobody listens there.
    let world = sealed(&Stamper::new(1).root(), "http://127.0.0.1:9/tsa");
    let said = anchored(&world);
    assert_eq!(said["records"].as_u64(), Some(1), "{said}");
    assert_eq!((said["time_stamps"].as_u64(), said["time_stamps_put_off"].as_u64()), (Some(0), Some(1)), "{said}");
    let run = world.verify(BUNDLE).expect(2);
    assert!(run.out.contains("yêu cầu dấu thời gian"), "{}", run.out);
    let doctor = world.on_demo(&["doctor"]).expect(0);
    assert!(doctor.out.contains("1 lô chưa có dấu thời gian") && doctor.out.contains("unreachable"), "{}", doctor.out);
    world.on_demo(&["fsck"]).expect(0);
}
