//! `cargo xtask sweeps`: the tests that begin hundreds of worlds, on PostgreSQL, where each world is a database of its own.
//! `test` runs them on SQLite, in a third of the time; a quarter of an hour or so here, so no part of it.

use clap::Parser;
use hocba_test_postgres::{Postgres, Settings};

use crate::{
    check::cargo,
    steps::{Show, Steps, run as run_command},
    test::DATABASE_URL,
};

/// Names of tests, each of one test: sweeps over every commit or request of a story, and what computes or asks for minutes
/// and touches the database little.
pub const SWEEPS: [&str; 9] = [
    "crash::a_crash_at_every_commit_of_the_story_on_a_quick_chain_is_survived",
    "crash::a_crash_at_every_commit_of_the_story_on_a_slow_chain_is_survived",
    "crash::every_request_to_the_node_may_fail_in_each_way_and_every_batch_is_anchored_once",
    "ends::a_crash_at_every_commit_of_the_story_is_survived_and_sets_nothing_twice",
    "ends::a_crash_during_recovery_is_survived",
    "ends::every_request_to_the_node_may_fail_in_each_way_and_every_status_is_set_once",
    "paper::forty_pupils_of_a_class_are_printed_and_every_code_is_read_and_opens_to_a_valid_verdict",
    "access::a_school_behind_one_address_goes_on_while_one_of_them_tries_everybody",
    "permissions::what_is_refused_is_what_the_policy_refuses",
];

/// Nothing to choose.
#[derive(Parser)]
pub struct Args {}

/// Starts a server, unless `DATABASE_URL` names one, and runs them.
pub fn run(_: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let mut steps = Steps::default();
    let given = std::env::var(DATABASE_URL).ok().filter(|url| !url.is_empty());
    let server = if given.is_none() { Some(Postgres::start(&Settings::default())?) } else { None };
    let url = given.or_else(|| server.as_ref().map(|server| server.url("postgres"))).unwrap_or_default();
    steps.run("sweeps on PostgreSQL", || {
        let mut command = cargo(&root);
        command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
        command.args(["--test=suite", "--", "--exact"]).args(SWEEPS).env(DATABASE_URL, &url);
        let said = run_command(&mut command, Show::ButPassedTests)?;
        // A name that is no test's any more would pass without a word.
        let passed: usize = said.matches("... ok").count();
        anyhow::ensure!(passed == SWEEPS.len(), "{passed} of {} tests ran:\n{said}", SWEEPS.len());
        Ok(said)
    })?;
    steps.summary();
    Ok(())
}
