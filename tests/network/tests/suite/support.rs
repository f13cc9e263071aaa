//! What the tests share.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use hocba_test_network::{ACCOUNTS, Account, Error, LONG_TESTS, Network, NetworkSettings, Node, long_tests, rpc};
use serde_json::{Value, json};

/// Says why a test does nothing.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// The started node or network, or nothing where its programs are not installed.
pub(crate) fn started<T>(started: Result<T, Error>) -> Option<T> {
    match started {
        Err(error @ Error::NotInstalled { .. }) => {
            skipped(&error.to_string());
            None
        }
        started => Some(started.unwrap_or_else(|error| panic!("{error}"))),
    }
}

/// A network for a test of minutes, if such are asked for.
pub(crate) fn network() -> Option<Network> {
    if long_tests() {
        return started(Network::start(&NetworkSettings::default()));
    }
    skipped(&format!("it takes a minute; `{LONG_TESTS}=1 cargo test -p hocba-test-network` lets it run"));
    None
}

/// Creates a contract that is empty and logs once on the way: `PUSH1 0, PUSH1 0, LOG0, STOP`.
pub(crate) const LOGS: &str = "0x60006000a000";
/// Reverts with four bytes: `PUSH4 deadbeef, PUSH1 0, MSTORE, PUSH1 4, PUSH1 28, REVERT`.
pub(crate) const REVERTS: &str = "0x63deadbeef6000526004601cfd";
/// 1 gwei, well above what the nodes ask for.
pub(crate) const PRICE: &str = "0x3b9aca00";

/// The bytes of a transaction that creates a contract, by the npm package that the nodes themselves use.
pub(crate) fn signed(from: Account, nonce: u64, price: &str, code: &str) -> String {
    let settings = NetworkSettings::default();
    let transaction = json!({
        "key": from.secret,
        "chainId": format!("{:#x}", settings.chain_id),
        "nonce": format!("{nonce:#x}"),
        "gasPrice": price,
        "gasLimit": "0x186a0",
        "data": code,
    });
    let mut node = Command::new("node");
    let output = node.arg(settings.scripts.join("sign.cjs")).arg(transaction.to_string()).output().expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A transaction of the first account that logs once.
pub(crate) fn logging(nonce: u64) -> String {
    signed(ACCOUNTS[0], nonce, PRICE, LOGS)
}

/// Sends the bytes to one node; gives the hash.
pub(crate) fn send(network: &Network, node: Node, raw: &str) -> Result<String, Error> {
    let hash = network.rpc(node, "eth_sendRawTransaction", json!([raw]))?;
    Ok(hash.as_str().expect("a hash is text").to_owned())
}

/// Sends the bytes to a node until it has them: it may refuse for a moment, and it may keep what it refuses.
pub(crate) fn send_until_taken(network: &mut Network, node: Node, raw: &str) -> String {
    let taken = |network: &Network| match send(network, node, raw) {
        Ok(hash) => Some(hash),
        Err(Error::Rpc(rpc::Error::Refused { message, .. })) => {
            message.strip_suffix(": this transaction is already in the TxPool").map(str::to_owned)
        }
        Err(_) => None,
    };
    network.wait_for("a transaction is taken", taken).expect("it is taken")
}

/// The receipt on one node, once it is mined there.
pub(crate) fn receipt(network: &Network, node: Node, hash: &str) -> Option<Value> {
    let receipt = network.rpc(node, "eth_getTransactionReceipt", json!([hash])).ok()?;
    (!receipt.is_null()).then_some(receipt)
}

/// Waits until a transaction is mined on these nodes; gives its receipt, which is the same on all.
pub(crate) fn mined(network: &mut Network, nodes: &[Node], hash: &str) -> Value {
    let receipts = |network: &Network| nodes.iter().map(|node| receipt(network, *node, hash)).collect();
    let receipts: Vec<Value> = network.wait_for(&format!("transaction {hash} mined"), receipts).expect("it is mined");
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "{receipts:#?}");
    receipts.into_iter().next().expect("at least one node was asked")
}

/// The code and the words of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> (i64, String) {
    match answer {
        Err(Error::Rpc(rpc::Error::Refused { code, message })) => (code, message),
        other => panic!("not refused: {other:?}"),
    }
}

/// Holds that something is so for a while: there is no event to wait for when nothing is to happen.
#[allow(clippy::disallowed_methods, reason = "watches other processes")]
pub(crate) fn stays(during: Duration, mut so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < during {
        if !so() {
            return false;
        }
        thread::sleep(Duration::from_millis(100));
    }
    true
}

/// Whether it becomes so within half a minute.
pub(crate) fn becomes(mut so: impl FnMut() -> bool) -> bool {
    !stays(Duration::from_secs(30), || !so())
}

/// The folder of a server, and the numbers of the processes in it, by the log of one of its nodes.
pub(crate) fn folder_and_processes(log: &Path) -> (PathBuf, Vec<String>) {
    let folder = log.ancestors().nth(2).expect("a log lies in its node's folder").to_owned();
    let nodes = fs::read_dir(&folder).expect("it exists").flatten();
    let pids = nodes.filter_map(|node| fs::read_to_string(node.path().join("pid")).ok());
    (folder, pids.map(|pid| pid.trim().to_owned()).collect())
}

/// Whether a process runs; one that ended and was not fetched by its parent does not.
pub(crate) fn runs(process: &str) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", process]).output().expect("ps runs");
    let state = String::from_utf8_lossy(&state.stdout);
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// The variable by which [`killed_holder`] names the test that is to hold something.
const HOLDER: &str = "HOCBA_TEST_NETWORK_HOLDER";

/// Runs a test of this program that calls [`hold`], kills it by SIGKILL, and holds that what it held goes away.
pub(crate) fn killed_holder(test: &str) {
    let own_program = std::env::current_exe().expect("this test is a program");
    let mut holder = Command::new(own_program)
        .args(["--exact", test, "--nocapture"])
        .env(HOLDER, test)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test runs once more");
    let said = BufReader::new(holder.stdout.take().expect("piped")).lines().map_while(Result::ok);
    // The test runner writes onto the same line first.
    let log = said.into_iter().find_map(|line| line.split_once("log: ").map(|(_, log)| PathBuf::from(log)));
    let Some(log) = log else {
        assert!(holder.wait().expect("it ends").success(), "the holder failed");
        return skipped("what it would hold is not installed");
    };
    let (folder, processes) = folder_and_processes(&log);
    assert!(!processes.is_empty() && processes.iter().all(|process| runs(process)), "{processes:?}");
    holder.kill().expect("SIGKILL");
    holder.wait().expect("it ends");
    assert!(becomes(|| !processes.iter().any(|process| runs(process))), "a node of a killed process still runs");
    assert!(becomes(|| !folder.exists()), "{} is still there", folder.display());
}

/// Whether this process is the one that [`killed_holder`] started for this test.
pub(crate) fn is_holder(test: &str) -> bool {
    std::env::var_os(HOLDER).is_some_and(|wanted| wanted == test)
}

/// Holds what has this log until killed, or until the test at the other end is.
#[allow(clippy::print_stdout, reason = "read by the test at the other end")]
pub(crate) fn hold(log: &Path) {
    println!("log: {}", log.display());
    std::io::stdin().read_to_end(&mut Vec::new()).expect("standard input is a pipe");
}
