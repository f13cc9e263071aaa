//! What certificate authorities said, by the command line.

use std::fs;

use serde_json::Value;

use crate::common::World;

fn json(world: &World, args: &[&str], code: i32) -> Value {
    let run = world.on_demo(&[args, &["--json"]].concat()).expect(code);
    serde_json::from_str(&run.out).expect("one document")
}

#[test]
fn a_profile_that_asks_nobody_says_so_and_what_is_no_evidence_is_refused_by_name() {
    let world = World::empty();
    world.on_demo(&["init", "--demo"]).expect(0);
    let list = json(&world, &["evidence"], 0);
    assert_eq!((list["kept"].as_u64(), list["due"].as_u64()), (Some(0), Some(0)), "{list}");
    let said = world.on_demo(&["evidence"]).expect(0).out;
    assert!(said.contains("không yêu cầu"), "{said}");
    fs::write(world.path("ca.crl"), "not a list").expect("written");
    let refused = json(&world, &["evidence", "add", "ca.crl"], 3);
    assert_eq!(refused["error"]["code"].as_str(), Some("not_evidence"), "{refused}");
    assert_eq!(json(&world, &["status"], 0)["evidence"]["kept"].as_u64(), Some(0));
}
