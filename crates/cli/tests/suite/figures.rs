//! The department's figures, counted anew on the command line.

use crate::steps::imported;

#[test]
fn figures_are_counted_anew_and_are_what_fsck_counts() {
    let (world, _) = imported(3);
    let run = world.on_demo(&["database", "recount", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("one document");
    assert_eq!((document["command"].as_str(), document["ok"].as_bool()), (Some("database recount"), Some(true)));
    assert!(document["schools"].as_u64().is_some_and(|schools| schools > 0), "{document}");
    world.on_demo(&["fsck"]).expect(0);
}
