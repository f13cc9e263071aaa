//! From an empty folder to the first signed class of a school of 45 classes: the commands of docs/opening.md as they stand
//! there, and the year after.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::common::{Run, World};

/// The shell block of a page below docs.
pub fn script(page: &str) -> String {
    let page = hocba_tests::repository().join("docs").join(page);
    let page = fs::read_to_string(page).expect("a page");
    let (_, rest) = page.split_once("```sh\n").expect("a block of commands");
    rest.split_once("\n```").expect("its end").0.to_owned()
}

/// Runs lines of a shell as somebody who has `hocba` on their path; ends at the first that fails.
pub fn shell(world: &World, script: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_hocba"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(program.parent().expect("a folder").to_owned()).chain(std::env::split_paths(&path));
    let mut command = Command::new("sh");
    command.arg("-e").arg("-c").arg(script).current_dir(world.home.path());
    command.env("PATH", std::env::join_paths(folders).expect("a path"));
    command.env("HOME", world.home.path()).env("XDG_STATE_HOME", world.path("state"));
    command.env_remove("HOCBA_DATABASE_URL");
    if let Some(url) = world.database_url() {
        command.env("HOCBA_DATABASE_URL", url);
    }
    command.output().expect("there is a shell").into()
}

fn json(world: &World, args: &[&str]) -> Value {
    let run = world.run(&[args, &["--json"]].concat()).expect(0);
    serde_json::from_str(&run.out).expect("one document")
}

#[test]
fn the_commands_of_the_page_lead_from_nothing_to_the_first_signed_class_and_the_next_year() {
    let world = World::empty();
    let script = script("opening.md");
    let run = shell(&world, &script).expect(0);
    assert!(run.out.contains("Học sinh: 1900 em trong 45 lớp"), "{}", run.out);

    let status = json(&world, &["status", "--class", "12A1"]);
    let pupils = status["pupils"].as_array().expect("pupils");
    assert!(pupils.len() >= 42 && pupils.iter().all(|p| p["state"] == "in_force"), "{status}");

    // What is missing after the page is what the page did not do: certificates of the other 44 teachers.
    let state = json(&world, &["school", "state", "79DEMO002"]);
    let items = state["items"].as_array().expect("items");
    let of = |code: &str| items.iter().find(|i| i["code"] == code).unwrap_or_else(|| panic!("no {code}"));
    for done in ["school", "staff", "principal_appointment", "seal_appointment", "classes", "homerooms", "pupils"] {
        assert_eq!(of(done)["state"], "done", "{}", of(done));
    }
    for code in ["homeroom_certificates", "homeroom_appointments"] {
        assert_eq!((of(code)["missing"].as_u64(), of(code)["of"].as_u64()), (Some(44), Some(45)), "{code}");
    }
    assert!(of("homeroom_appointments")["command"].as_str().expect("one").contains("--planned"));

    // The lists again: nothing is new. With faults: nothing is stored.
    let open = |staff: &str, pupils: &str| {
        let args =
            ["school", "open", "79DEMO002", "--year", "2026-2027", "--staff", staff, "--pupils", pupils, "--json"];
        world.run(&args)
    };
    let again: Value =
        serde_json::from_str(&open("truong/nhan-su.xlsx", "truong/hoc-sinh.xlsx").expect(0).out).expect("a document");
    assert_eq!(again["changed"], false);
    let faulty = open("truong/nhan-su-loi.xlsx", "truong/hoc-sinh-loi.xlsx").expect(3);
    let faulty: Value = serde_json::from_str(&faulty.out).expect("a document");
    let findings = faulty["error"]["findings"].as_array().or(faulty["error"]["details"]["findings"].as_array());
    let codes: Vec<&str> = findings.expect("findings").iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"login_taken") && codes.contains(&"not_a_date"), "{codes:?}");

    // The next year: grade 12 leaves where it is sealed, the rest is undecided; and all that is stored still holds.
    json(&world, &["year", "open", "79DEMO002", "2027-2028"]);
    let rolled = json(&world, &["year", "roll", "79DEMO002", "2026-2027"]);
    assert_eq!(rolled["counts"]["leave"].as_u64(), Some(pupils.len() as u64));
    assert_eq!(rolled["undecided"].as_array().expect("a list").len(), 1_900 - pupils.len());
    fs::write(world.path("quyet-dinh.csv"), "11A1; 1; promote\n11A1; 2; repeat\n").expect("written");
    let decided = json(&world, &["year", "roll", "79DEMO002", "2026-2027", "--decisions", "quyet-dinh.csv"]);
    assert_eq!((decided["placed"].as_u64(), &decided["new_classes"]), (Some(2), &serde_json::json!(["12A1", "11A1"])));
    world.run(&["year", "close", "79DEMO002", "2026-2027"]).expect(5);
    world.run(&["year", "close", "79DEMO002", "2026-2027", "--force", "thử nghiệm"]).expect(0);
    world.run(&["fsck"]).expect(0);
}
