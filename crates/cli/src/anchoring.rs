//! The anchoring service over a data folder.

use std::future::Future;

use anyhow::Context as _;
use hocba_anchor::{AnchorService, Event, Outcome, Settings};
use hocba_app::Actor;
use hocba_keystore::Secp256k1Key;
use hocba_store::model::LeafKind;

use crate::{
    edge::{now, random},
    error::{Exit, Failure},
    folder::ChainConfig,
    ledger::{self, Node},
    output::{Output, words},
    site::{BATCH_AGE, Site, app_failure},
};

/// What was anchored.
#[derive(Debug, Default, Clone, Copy)]
pub struct Anchored {
    /// Batches.
    pub batches: usize,
    /// Records in them.
    pub records: u32,
    /// Appointments in them.
    pub appointments: u32,
}

/// The service of a site.
///
/// # Errors
/// For a key that cannot sign for the chain.
pub fn service(site: &Site, node: Node, key: &Secp256k1Key) -> anyhow::Result<AnchorService<Node>> {
    let deployment = ledger::deployment(&site.folder)?;
    let gas_price = match site.folder.config().chain {
        ChainConfig::Embedded { .. } => 0,
        ChainConfig::Network { gas_price, .. } => u128::from(gas_price),
    };
    // A name of its own for each process: two must never both believe that they lead.
    let holder = format!("{}-{}", std::process::id(), hex::encode(random::<4>()?));
    let settings =
        Settings { batch_age: BATCH_AGE, finality: ledger::finality(&site.folder), gas_price, ..Settings::new(holder) };
    let signer = ledger::signer(key, deployment.chain)?;
    Ok(AnchorService::new(site.app.store().clone(), node, deployment, signer, settings, now))
}

/// Anchors until `until` is there.
pub async fn run(mut service: AnchorService<Node>, until: impl Future<Output = ()> + Send) {
    service.run(until).await;
}

/// Anchors everything that waits, now.
///
/// # Errors
/// When the chain does not answer or refuses, or another process anchors and does not get on.
pub async fn until_idle(site: &Site, node: Node, key: &Secp256k1Key, out: &Output) -> anyhow::Result<Anchored> {
    let operator = Actor::LocalOperator;
    site.app.close_batches(&operator).await.map_err(|e| app_failure(&e, out.lang))?;
    let waiting = waiting(site).await?;
    let bar = out.progress(waiting, &words("Ghi sổ chung", "Public record"));
    let mut anchored = Anchored::default();
    let mut service = service(site, node, key)?;
    let outcome = service
        .run_until_idle(|event| {
            if let Event::Anchored { kind, leaves, .. } = event {
                anchored.batches += 1;
                match kind {
                    LeafKind::Appointment => anchored.appointments += leaves,
                    LeafKind::Record => anchored.records += leaves,
                }
                bar.inc(u64::from(*leaves));
            }
        })
        .await
        .context("the anchoring service")?;
    bar.finish();
    let refused = |code: &'static str, vi: String, en: String| {
        let hint = words(
            "việc đã làm vẫn giữ nguyên; chạy lại lệnh này khi nối được, `hocba doctor` cho biết thêm",
            "what was done is kept; run this command again when the chain answers, `hocba doctor` says more",
        );
        anyhow::Error::from(Failure::new(Exit::Chain, code, words(vi, en)).hint(hint))
    };
    match outcome {
        Outcome::Done | Outcome::Later(_) => Ok(anchored),
        Outcome::PutOff { code, .. } => Err(refused(
            "chain",
            format!("chưa ghi được sổ chung ({code})"),
            format!("the chain does not answer or refuses ({code})"),
        )),
        Outcome::NotLeader => Err(refused(
            "not_leader",
            "một chương trình khác đang ghi sổ chung".into(),
            "another process is anchoring".into(),
        )),
    }
}

/// Leaves that are not anchored yet.
async fn waiting(site: &Site) -> anyhow::Result<usize> {
    let mut tx = site.app.store().read().await?;
    let mut waiting = 0;
    for school in tx.schools().await? {
        for kind in [LeafKind::Appointment, LeafKind::Record] {
            waiting += tx.waiting(&school.issuer, kind).await?.map_or(0, |w| w.count);
        }
    }
    let batches = tx.batches().await?;
    waiting += batches.iter().filter(|b| b.receipt.is_none()).map(|b| u64::from(b.size)).sum::<u64>();
    Ok(usize::try_from(waiting)?)
}
