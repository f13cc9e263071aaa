//! The anchoring service and its node, killed while batches are anchored.
//!
//! One folder, whose chain is an anvil of its own. Each round seals one pupil of a class of a hundred and lets
//! `hocba anchor --once` bring the batch on chain, killed at random moments and, in some rounds, with the node killed under
//! it. In the end the register holds a batch for each of these records and one of appointments before them, no root twice,
//! and everything that is stored derives again.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use hocba_sample::{Options, class};
use hocba_test_network::{Anvil, AnvilSettings, Error as NetworkError};
use serde_json::{Value, json};

use super::{Args, Dice, Hocba};

/// Kills in one round at most: then the round has to come to its end.
const IN_ONE_ROUND: u32 = 3;
/// How often the end of a round is tried: the node comes back within seconds.
const TRIES: u32 = 20;

/// Runs the rounds.
pub fn run(args: &Args, hocba: &Hocba, folder: &Path) -> anyhow::Result<()> {
    hocba.done(folder, &["init", "--demo"])?;
    // The node takes the place of the chain that the demonstration would make of itself: of the same number, and the
    // contract, its administrator's first transaction, at the same address. So database and trust profile stay right.
    let shown: Value = serde_json::from_str(&hocba.done(folder, &["chain", "show"])?)?;
    let settings = AnvilSettings {
        chain_id: shown["chain"].as_u64().context("a chain's number")?,
        extra: ["--gas-price", "0", "--block-base-fee-per-gas", "0"].map(str::to_owned).to_vec(),
        ..AnvilSettings::default()
    };
    let mut node = match Anvil::start(&settings) {
        Ok(node) => node,
        Err(error @ NetworkError::NotInstalled { .. }) => bail!("the chain's part: {error}"),
        Err(error) => return Err(error.into()),
    };
    // One more: how long a batch takes that nobody disturbs says when to strike.
    let pupils = args.batches + 1;
    prepare(hocba, folder, &node, settings.chain_id, &shown["contract"], pupils)?;
    let clean = {
        hocba.done(folder, &["seal", "--only", &pupils.to_string()])?;
        let began = Instant::now();
        hocba.done(folder, &["anchor", "--once"])?;
        began.elapsed()
    };
    println!(
        "{} batches on anvil, the service killed {} times and the node {} times; undisturbed, one takes {clean:.1?}",
        args.batches, args.batches, args.node_kills
    );

    let mut dice = Dice(args.seed ^ 0x6368_6169_6e00);
    let (mut kills, mut node_kills) = (0, 0);
    for round in 1..=args.batches {
        hocba.done(folder, &["seal", "--only", &round.to_string()])?;
        let due = args.node_kills * round / args.batches;
        if node_kills < due {
            let moment = clean.mul_f64(dice.unit());
            let mut service = hocba.command(folder, &["anchor", "--once"]).spawn()?;
            thread::sleep(moment);
            node.kill()?;
            node_kills += 1;
            // The service may wait for the node, or have ended; in either case it is killed without one.
            thread::sleep(Duration::from_millis(200));
            service.kill()?;
            service.wait()?;
            node.restart()?;
        }
        for _ in 0..IN_ONE_ROUND {
            if kills >= round {
                break;
            }
            if killed(hocba, folder, clean.mul_f64(dice.unit()))? {
                kills += 1;
            } else {
                break;
            }
        }
        end(hocba, folder).with_context(|| format!("round {round}"))?;
        if round % 10 == 0 {
            hocba.fsck(folder).with_context(|| format!("round {round}"))?;
            println!("  {round} batches, {kills} kills of the service, {node_kills} of the node");
        }
    }
    // Rounds that came to their end before they were struck.
    while kills < args.batches {
        let moment = clean.mul_f64(0.5 * dice.unit());
        kills += u32::from(killed(hocba, folder, moment)?);
    }
    check(hocba, folder, pupils)?;
    println!(
        "{} batches, {kills} kills of the service, {node_kills} of the node: each root on chain once, fsck clean",
        args.batches
    );
    Ok(())
}

/// A demonstration's folder that anchors on the node instead of its own chain, with a class that lacks only the seal.
fn prepare(
    hocba: &Hocba,
    folder: &Path,
    node: &Anvil,
    chain: u64,
    contract: &Value,
    pupils: u32,
) -> anyhow::Result<()> {
    let url = node.url();
    let deployed: Value = serde_json::from_str(
        &hocba.done(folder, &["chain", "deploy", "--rpc", &url, "--chain-id", &chain.to_string(), "--delay", "0"])?,
    )?;
    ensure!(deployed["contract"] == *contract, "{deployed}: not where the demonstration has it, {contract}");
    let path = folder.join("hocba.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path)?)?;
    config["chain"] = json!({
        "kind": "network", "chain": deployed["chain"], "contract": deployed["contract"], "url": url,
    });
    fs::write(&path, config.to_string())?;
    let account = |name: &str| -> anyhow::Result<String> {
        let key = folder.join(format!("keys/{name}.key.pem"));
        let passphrase = hocba.home.join("passphrase");
        fs::write(&passphrase, "hocba-demo\n")?;
        let said = hocba.done(
            folder,
            &[
                "chain",
                "address",
                "--chain-key",
                &key.display().to_string(),
                "--chain-passphrase-file",
                &passphrase.display().to_string(),
            ],
        )?;
        let said: Value = serde_json::from_str(&said)?;
        Ok(said["address"].as_str().context("an address")?.to_owned())
    };
    hocba.done(folder, &["chain", "issuer", "so-demo", "--schools", "*"])?;
    hocba.done(folder, &["chain", "grant", "anchorer", &account("anchorer")?, "--issuer", "so-demo"])?;
    hocba.done(folder, &["chain", "grant", "status-keeper", &account("status-keeper")?])?;

    let (header, drafts) = class(7, &Options::lower_secondary().with_pupils(usize::try_from(pupils)?));
    let workbook = hocba_workbook::template(Some(&header), &[], &drafts)?;
    fs::write(hocba.home.join("soak.xlsx"), workbook)?;
    for command in [&["import", "soak.xlsx"][..], &["appoint"], &["sign"], &["cosign"]] {
        hocba.done(folder, command)?;
    }
    Ok(())
}

/// Kills the service after this time; `false` if it had ended.
fn killed(hocba: &Hocba, folder: &Path, after: Duration) -> anyhow::Result<bool> {
    let mut service = hocba.command(folder, &["anchor", "--once"]).spawn()?;
    thread::sleep(after);
    let running = service.try_wait()?.is_none();
    if running {
        service.kill()?;
    }
    service.wait()?;
    Ok(running)
}

/// Lets the service come to its end. It may find the node just started, and ask again.
fn end(hocba: &Hocba, folder: &Path) -> anyhow::Result<()> {
    let mut last = Ok(());
    for _ in 0..TRIES {
        match hocba.done(folder, &["anchor", "--once"]) {
            Ok(_) => return Ok(()),
            Err(error) => last = Err(error),
        }
        thread::sleep(Duration::from_millis(500));
    }
    last
}

/// Each root once, and as many as were sealed; everything derives again.
fn check(hocba: &Hocba, folder: &Path, batches: u32) -> anyhow::Result<()> {
    let report = hocba.fsck(folder)?;
    let anchored = report.pointer("/checked/anchored").and_then(Value::as_u64);
    ensure!(anchored == Some(batches.into()), "{batches} records were to be anchored: {report}");
    hocba.done(folder, &["snapshot"])?;
    let snapshot: Value = serde_json::from_slice(&fs::read(folder.join("snapshot.hocba-snapshot.json"))?)?;
    let roots = snapshot.pointer("/facts/batches").and_then(Value::as_array).context("a list of batches")?;
    let different: BTreeSet<&str> = roots.iter().filter_map(|batch| batch["root"].as_str()).collect();
    // One of appointments went before.
    let expected = usize::try_from(batches)? + 1;
    ensure!(roots.len() == expected, "{} batches on chain, not {expected}", roots.len());
    ensure!(different.len() == expected, "{} roots on chain twice", expected - different.len());
    Ok(())
}
