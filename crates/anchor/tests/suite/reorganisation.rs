//! A real node takes blocks back.

use std::time::Duration;

use hocba_anchor::{Event, Progress};
use hocba_chain::Finality;
use hocba_store::model::AttemptState;
use hocba_test_network::{Anvil, AnvilSettings};
use serde_json::json;

use crate::stage::{Site, Stage, started};

/// Blocks on top of the one that counts as settled.
const DEPTH: u64 = 3;

/// The block in which the first batch was included.
async fn included(stage: &mut Stage) -> u64 {
    let of = |progress: &Progress| match progress {
        Progress::Did(Event::Included { block, .. }) => Some(*block),
        _ => None,
    };
    let mut block = None;
    stage
        .drive(|progress| {
            block = of(progress);
            block.is_some()
        })
        .await;
    block.expect("it is included")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_block_is_taken_away_is_anchored_again_once_and_its_receipt_is_the_new_one() {
    let Some(anvil) = started(Anvil::start(&AnvilSettings::default())) else { return };
    let site = Site::funded("anvil", vec![anvil.url()], 31_337, Finality::Depth(DEPTH));
    let mut stage = Stage::open(site, 2).await;
    let first = included(&mut stage).await;
    // Two blocks more, and the three are taken back for three others, in which the transaction is not.
    tokio::task::block_in_place(|| anvil.mine(2)).expect("it mines");
    let hash = |stage: &Stage| {
        let store = stage.world.store.clone();
        async move { store.read().await.expect("read").attempts_of(1).await.expect("attempts") }
    };
    let [attempt] = &hash(&stage).await[..] else { panic!("one transaction") };
    assert_eq!((attempt.state, attempt.block), (AttemptState::Included, Some(first)));
    let reorganised = tokio::task::block_in_place(|| anvil.rpc("anvil_reorg", json!([3, []])));
    reorganised.expect("it takes them back");
    let transaction = attempt.tx_hash.parse().expect("a hash");
    assert_eq!(stage.client.head().await.expect("head").count, 0, "the batch is gone");
    assert_eq!(stage.client.receipt(&transaction).await, Ok(None));

    let mut taken_back = false;
    let second = loop {
        let progress = stage.service.step().await.expect("step");
        match progress {
            Progress::Did(Event::Reorganised { .. }) => taken_back = true,
            Progress::Did(Event::Included { block, .. }) => break block,
            Progress::PutOff { until, .. } => stage.world.tick(until.seconds() - stage.world.now().seconds()),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(taken_back);
    assert!(second > first + 2, "{second} after {first}: above what was taken back");
    // Blocks come, and it is settled; so are those after it.
    let chain = anvil.url();
    let miner = tokio::spawn(async move {
        loop {
            let url = chain.clone();
            let mined =
                tokio::task::spawn_blocking(move || hocba_test_network::rpc::call(&url, "anvil_mine", json!(["0x1"])));
            mined.await.expect("no panic").expect("it mines");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    stage.drive(|_| false).await;
    stage.finish().await;
    miner.abort();
    stage.assert_whole("after the reorganisation").await;
    let batches = stage.world.store.read().await.expect("read").batches().await.expect("batches");
    let receipt = batches[0].receipt.as_ref().expect("anchored");
    assert_eq!((receipt.index, receipt.block), (0, second));
    let attempts = hash(&stage).await;
    assert_eq!(attempts.iter().filter(|a| a.state == AttemptState::Final).count(), 1, "{attempts:?}");
}
