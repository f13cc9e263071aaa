//! What is on disk after an end, a crash, or somebody's hands.

mod common;

use std::{fs, path::PathBuf};

use common::{NOW, anchor, change, connected, set_status};
use hocba_chain::{
    AnchorClient, Finality,
    embedded::{EmbeddedChain, EmbeddedError, Mode},
};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hocba-chain-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
    fn open(&self) -> Result<EmbeddedChain, EmbeddedError> {
        EmbeddedChain::open(&self.0, Mode::Development, || NOW)
    }
    fn log(&self) -> PathBuf {
        self.0.join("blocks.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Three anchors and a status, then the end of the process.
async fn with_a_history(folder: &Folder) -> hocba_chain::Deployment {
    let client = connected(folder.open().expect("new chain")).await;
    for n in 0..3 {
        anchor(&client, &format!("batch {n}")).await;
    }
    set_status(&client, &[change("an", 2, false)]).await;
    *client.deployment()
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let folder = Folder::new("again");
    let client = connected(folder.open().expect("new chain")).await;
    let receipt = anchor(&client, "one").await;
    set_status(&client, &[change("an", 2, false)]).await;
    let facts = client.facts(Finality::Instant).await.expect("facts");
    let earlier = client.facts(Finality::Depth(1)).await.expect("facts");
    let deployment = *client.deployment();
    drop(client);

    let client = AnchorClient::connect(folder.open().expect("again"), deployment).await.expect("same contract");
    assert_eq!(client.facts(Finality::Instant).await.expect("facts"), facts);
    assert_eq!(client.facts(Finality::Depth(1)).await.expect("history too"), earlier);
    assert_eq!(client.receipt(&receipt.transaction).await.expect("answer"), Some(receipt));
    anchor(&client, "two").await;
    assert_eq!(client.head().await.expect("head").count, 2);
}

#[tokio::test]
async fn a_block_that_a_crash_cut_off_is_set_aside_wherever_it_was_cut() {
    let folder = Folder::new("cut");
    let deployment = with_a_history(&folder).await;
    let whole = fs::read(folder.log()).expect("file");
    let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').expect("lines") + 1;
    let cuts: Vec<usize> = (last + 1..last + 80).chain((last + 80..whole.len()).step_by(97)).collect();
    for cut in cuts.into_iter().chain([whole.len() - 1]) {
        fs::write(folder.log(), &whole[..cut]).expect("written");
        let chain = folder.open().unwrap_or_else(|e| panic!("cut at {cut}: {e}"));
        assert_eq!(chain.height(), 7, "cut at {cut}");
        drop(chain);
        assert_eq!(fs::read(folder.log()).expect("file"), whole[..last]);
        assert_eq!(fs::read(folder.0.join("blocks.log.torn")).expect("file"), whole[last..cut]);
    }
    // A file that grew before its content came.
    let zeros = vec![0; 500];
    for torn in [[&whole[last..last + 100], &zeros].concat(), zeros.clone(), {
        let mut line = whole[last..].to_vec();
        line[300..].fill(0);
        line
    }] {
        fs::write(folder.log(), [&whole[..last], &torn].concat()).expect("written");
        assert_eq!(folder.open().expect("recovered").height(), 7);
    }
    // And it goes on from there.
    let client = AnchorClient::connect(folder.open().expect("open"), deployment).await.expect("contract");
    set_status(&client, &[change("an", 2, false)]).await;
    client.facts(Finality::Instant).await.expect("facts").check().expect("whole");
}

#[tokio::test]
async fn damage_that_no_crash_explains_is_refused_and_named() {
    let folder = Folder::new("damage");
    with_a_history(&folder).await;
    let whole = fs::read(folder.log()).expect("file");
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
    assert_eq!(ends.len(), 9);
    let refusal = |bytes: &[u8]| {
        fs::write(folder.log(), bytes).expect("written");
        let error = folder.open().expect_err("damaged");
        assert_eq!(fs::read(folder.log()).expect("file"), bytes, "a refused file is left as it is");
        error
    };
    // One flipped bit, in each line, in the length, the checksum and the content.
    for (line, start) in [0].iter().chain(&ends).take(9).enumerate() {
        for place in [0, 4, 7, 8, 10, 40, 73, 80, 200] {
            let mut bytes = whole.clone();
            bytes[start + place] ^= 1;
            match refusal(&bytes) {
                EmbeddedError::Damaged { line: found, .. } => assert_eq!(found, line + 1),
                other => panic!("{other}"),
            }
        }
    }
    // A line removed, doubled, or out of order: each is whole in itself, the chain is not.
    let without = [&whole[..ends[1]], &whole[ends[2]..]].concat();
    let doubled = [&whole[..ends[2]], &whole[ends[1]..]].concat();
    for bytes in [without, doubled] {
        assert!(refusal(&bytes).to_string().contains("does not follow"), "named");
    }
    assert!(matches!(refusal(b""), EmbeddedError::Damaged { line: 1, .. }));
    assert!(matches!(refusal(b"something else entirely\n"), EmbeddedError::Damaged { line: 1, .. }));
    assert!(matches!(refusal(&whole[..ends[0] - 5]), EmbeddedError::Damaged { line: 1, .. }));
}

#[tokio::test]
async fn what_a_crash_left_while_creating_the_chain_is_cleared_away() {
    let folder = Folder::new("creating");
    fs::create_dir_all(&folder.0).expect("folder");
    fs::write(folder.0.join("blocks.log.new"), b"half a li").expect("written");
    assert_eq!(folder.open().expect("created").height(), 0);
    assert!(!folder.0.join("blocks.log.new").exists());
}

#[tokio::test]
async fn a_second_opener_is_told_who_is_in_the_way() {
    let folder = Folder::new("two");
    let first = folder.open().expect("first");
    let clone = first.clone();
    let error = folder.open().expect_err("in use");
    assert!(matches!(error, EmbeddedError::InUse { .. }), "{error}");
    drop(first);
    assert!(folder.open().is_err(), "a clone still has it");
    drop(clone);
    folder.open().expect("free again");
}

#[test]
fn production_is_refused() {
    let folder = Folder::new("production");
    let error = EmbeddedChain::open(&folder.0, Mode::Production, || NOW).expect_err("refused");
    assert!(matches!(error, EmbeddedError::NotForProduction));
    assert!(!folder.0.exists(), "and nothing is created");
}

#[tokio::test]
#[ignore = "20,000 anchors on disk, some minutes: a measurement, run by hand"]
async fn twenty_thousand_anchors() {
    let folder = Folder::new("many");
    let client = connected(folder.open().expect("new")).await;
    #[allow(clippy::disallowed_methods, reason = "a measurement")]
    let now = std::time::Instant::now;
    let start = now();
    let mut head = client.head().await.expect("head");
    let mut terms = common::terms(&client, &common::signer(), hocba_chain::transaction::ANCHOR_GAS).await;
    for n in 0..20_000 {
        let anchor = hocba_chain::Anchor {
            index: head.count,
            previous: head.digest,
            root: common::digest(&format!("{n}")),
            size: 1,
            issuer: "so-hanoi".parse().expect("code"),
            alg: 1,
        };
        let transaction = client.prepare_anchor(&common::signer(), &anchor, terms).expect("signed");
        let receipt = common::send(&client, &transaction).await;
        let Some(hocba_chain::Event::Anchored { digest, .. }) = receipt.anchored() else { panic!("anchored") };
        head = hocba_chain::Head { count: head.count + 1, digest: *digest };
        terms.nonce += 1;
        if n % 5000 == 4999 {
            println!("{} anchors: {:?}", n + 1, start.elapsed());
        }
    }
    let deployment = *client.deployment();
    let size = fs::metadata(folder.log()).expect("file").len();
    drop(client);
    let start = now();
    let chain = folder.open().expect("again");
    println!("{size} bytes opened in {:?}", start.elapsed());
    let client = AnchorClient::connect(chain, deployment).await.expect("contract");
    let start = now();
    let facts = client.facts(Finality::Instant).await.expect("facts");
    println!("facts in {:?}", start.elapsed());
    assert_eq!(facts.check().expect("whole").facts().batches.len(), 20_000);
}
