//! `cargo xtask network`: client and anchoring service on real nodes, three of which agree by proof of authority and are
//! killed in the middle of deliveries. Ten minutes or so, and hard on the machine, so no part of `test`.

use clap::Parser;

use crate::{
    check::cargo,
    steps::{Show, Steps, capture, run as run_command},
    test::node_packages,
};

/// Asks for tests of minutes (`hocba_test_network::LONG_TESTS`).
const LONG_TESTS: &str = "HOCBA_NETWORK";

/// The tests on nodes, wherever they are.
const FILTER: &str = "package(hocba-test-network) + \
     (package(hocba-anchor) & test(/^(conformance|network|reorganisation)::/))";

/// Nothing to choose.
#[derive(Parser)]
pub struct Args {}

/// Installs the nodes and runs everything that is about them.
pub fn run(_: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let mut steps = Steps::default();
    for folder in ["tests/js", "tests/js/network"] {
        steps.run("npm packages", || node_packages(&root.join(folder)))?;
    }
    steps.run("tests on real nodes", || {
        let nextest = capture(cargo(&root).args(["nextest", "--version"]), Show::Nothing);
        let mut command = cargo(&root);
        // One network at a time: three nodes with a block every two seconds keep two cores busy.
        if nextest.is_ok_and(|(status, _)| status.success()) {
            command.args(["nextest", "run", "--workspace", "--no-fail-fast", "--filterset", FILTER]);
            command.env("NEXTEST_TEST_THREADS", "1");
        } else {
            command.args(["test", "--package=hocba-test-network", "--package=hocba-anchor", "--test=suite"]);
            command.arg("--no-fail-fast").env("RUST_TEST_THREADS", "1");
        }
        command.arg("--locked").env(LONG_TESTS, "1").env_remove("DATABASE_URL");
        run_command(&mut command, Show::ButPassedTests)
    })?;
    steps.summary();
    Ok(())
}
