//! The anchoring service over a data folder.

use std::{future::Future, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use hocba_anchor::{AnchorService, Event, Outcome, Settings};
use hocba_app::Actor;
use hocba_chain::Operators;
use hocba_keystore::Secp256k1Key;
use hocba_store::model::LeafKind;

use crate::{
    edge::{now, random},
    error::{Exit, Failure},
    folder::Folder,
    ledger::{self, Node},
    output::{Output, words},
    people::open_chain_key,
    site::{BATCH_AGE, Site, app_failure},
};

/// The key that sets statuses.
#[derive(Debug, Clone, Default, Args)]
pub struct StatusKeyArgs {
    /// Khoá ghi việc chấm dứt bổ nhiệm lên sổ chung / Key that records ends of appointments (PEM)
    ///
    /// Bỏ qua thì việc chấm dứt chờ máy khác có khoá này; thư mục demo có sẵn / Without it, ends wait for a process that has it.
    #[arg(long, value_name = "FILE", requires = "status_passphrase_file")]
    status_key: Option<PathBuf>,
    /// Tệp có mật khẩu của khoá đó ở dòng đầu / File whose first line is that key's passphrase
    #[arg(long, value_name = "FILE", requires = "status_key")]
    status_passphrase_file: Option<PathBuf>,
}

impl StatusKeyArgs {
    /// The key, where it was given or the folder is a demonstration that has it.
    ///
    /// # Errors
    /// When it does not open.
    pub fn open(&self, folder: &Folder) -> anyhow::Result<Option<Secp256k1Key>> {
        // A demonstration of an earlier release has none.
        let of_demo = folder.is_demo() && folder.path("keys/status-keeper.key.pem").try_exists()?;
        if self.status_key.is_none() && !of_demo {
            return Ok(None);
        }
        let (key, passphrase) = (self.status_key.as_deref(), self.status_passphrase_file.as_deref());
        open_chain_key(folder, "status-keeper", key, passphrase).map(Some)
    }
}

/// What was anchored.
#[derive(Debug, Default, Clone, Copy)]
pub struct Anchored {
    /// Batches.
    pub batches: usize,
    /// Records in them.
    pub records: u32,
    /// Appointments in them.
    pub appointments: u32,
    /// Answers of authorities in them.
    pub evidence: u32,
    /// Ends of appointments.
    pub statuses: usize,
}

/// The service of a site. Without the key that sets statuses, ends of appointments wait for a service that has it.
///
/// # Errors
/// For a key that cannot sign for the chain.
pub fn service(
    site: &Site,
    operators: Operators<Node>,
    key: &Secp256k1Key,
    status_key: Option<&Secp256k1Key>,
) -> anyhow::Result<AnchorService<Node>> {
    let deployment = operators.deployment();
    // A name of its own for each process: two must never both believe that they lead.
    let holder = format!("{}-{}", std::process::id(), hex::encode(random::<4>()?));
    let (finality, fees) = (ledger::finality(&site.folder), ledger::fees(&site.folder));
    let before = (site.app.settings().first_batch(), site.app.settings().first_status());
    let settings = Settings { batch_age: BATCH_AGE, finality, fees, before, ..Settings::new(holder) };
    let signer = ledger::signer(key, deployment.chain)?;
    let service = AnchorService::of(site.app.store().clone(), operators, signer, settings, now);
    Ok(match status_key {
        Some(key) => service.status_keeper(ledger::signer(key, deployment.chain)?),
        None => service,
    })
}

/// Anchors until `until` is there.
pub async fn run(mut service: AnchorService<Node>, until: impl Future<Output = ()> + Send) {
    service.run(until).await;
}

/// Anchors everything that waits, now.
///
/// # Errors
/// When the chain does not answer or refuses, or another process anchors and does not get on.
pub async fn until_idle(
    site: &Site,
    operators: Operators<Node>,
    key: &Secp256k1Key,
    out: &Output,
) -> anyhow::Result<Anchored> {
    let status_key = StatusKeyArgs::default().open(&site.folder)?;
    until_idle_with(site, operators, key, status_key.as_ref(), out).await
}

/// The same, with the key that sets statuses.
///
/// # Errors
/// As for [`until_idle`].
pub async fn until_idle_with(
    site: &Site,
    operators: Operators<Node>,
    key: &Secp256k1Key,
    status_key: Option<&Secp256k1Key>,
    out: &Output,
) -> anyhow::Result<Anchored> {
    let operator = Actor::LocalOperator;
    site.app.close_batches(&operator).await.map_err(|e| app_failure(&e, out.lang))?;
    let waiting = waiting(site).await?;
    let bar = out.progress(waiting, &words("Ghi sổ chung", "Public record"));
    let mut anchored = Anchored::default();
    let mut service = service(site, operators, key, status_key)?;
    let outcome = service
        .run_until_idle(|event| match event {
            Event::Anchored { kind, leaves, .. } => {
                anchored.batches += 1;
                match kind {
                    LeafKind::Appointment => anchored.appointments += leaves,
                    LeafKind::Record => anchored.records += leaves,
                    LeafKind::Evidence => anchored.evidence += leaves,
                }
                bar.inc(u64::from(*leaves));
            }
            Event::Published { statuses, .. } => {
                anchored.statuses += statuses;
                bar.inc(*statuses as u64);
            }
            _ => {}
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

/// Leaves and statuses that are not on the chain yet.
async fn waiting(site: &Site) -> anyhow::Result<usize> {
    let mut tx = site.app.store().read().await?;
    let mut waiting = 0;
    for school in tx.schools().await? {
        for kind in LeafKind::ALL.iter().copied() {
            waiting += tx.waiting(&school.issuer, kind).await?.map_or(0, |w| w.count);
        }
    }
    waiting += tx.waiting_statuses(1000).await?.len() as u64;
    let batches = tx.batches().await?;
    waiting += batches.iter().filter(|b| b.receipt.is_none()).map(|b| u64::from(b.size)).sum::<u64>();
    Ok(usize::try_from(waiting)?)
}
