//! `anchor`: the anchoring service in a process of its own.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use hocba_anchor::LiveFacts;
use hocba_app::Actor;
use hocba_keystore::Secp256k1Key;
use serde_json::json;

use super::{Context, serve::stopped};
use crate::{
    anchoring::{self, Anchored, StatusKeyArgs},
    collecting::{self, Collected},
    edge::now,
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::words,
    people::open_chain_key,
    site::{Site, app_failure},
};

/// Arguments of `anchor`.
#[derive(Debug, Args)]
pub struct AnchorArgs {
    /// Ghi hết phần đang chờ rồi dừng / Anchor what waits, and end
    #[arg(long)]
    once: bool,
    /// Khoá gửi giao dịch lên sổ chung; thư mục demo có sẵn / Key that sends transactions (PEM)
    #[arg(long, value_name = "FILE", requires = "passphrase_file")]
    key: Option<PathBuf>,
    /// Tệp có mật khẩu của khoá ở dòng đầu / File whose first line is its passphrase
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    status_key: StatusKeyArgs,
}

/// `anchor`.
///
/// # Errors
/// With `--once`, when there is nothing to anchor and never was, and when the chain does not answer or refuses.
pub fn run(context: &Context, args: &AnchorArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let key = open_chain_key(&folder, "anchorer", args.key.as_deref(), args.passphrase_file.as_deref())?;
    let status_key = args.status_key.open(&folder)?;
    ledger::runtime()?.block_on(work(context, args, folder, key, status_key))
}

async fn work(
    context: &Context,
    args: &AnchorArgs,
    folder: Folder,
    key: Secp256k1Key,
    status_key: Option<Secp256k1Key>,
) -> anyhow::Result<Exit> {
    let out = &context.out;
    let operators = ledger::operators(&folder).await?;
    // What is stamped is a digest that the chain says.
    let earlier = ledger::earlier(&folder, ledger::open_profile(&folder)?.profile())?;
    let facts = LiveFacts::of(operators.clone(), ledger::finality(&folder)).with_earlier(earlier);
    let site = Site::with(folder, Arc::new(facts)).await?;
    if !args.once {
        out.note(&words("Đang ghi sổ chung; Ctrl-C để dừng.", "Anchoring; Ctrl-C to stop."));
        let service = anchoring::service(&site, operators, &key, status_key.as_ref())?;
        let mut collector = collecting::collector(&site)?;
        let until = || async {
            let _ = stopped().await;
        };
        tokio::join!(anchoring::run(service, until()), collector.run(until()));
        return Ok(Exit::Ok);
    }
    refuse_nothing(&site).await?;
    let mut anchored = anchoring::until_idle_with(&site, operators.clone(), &key, status_key.as_ref(), out).await?;
    let Collected { kept, put_off, stamped, stamps_put_off } = collecting::until_idle(&site).await?;
    if kept > 0 {
        let more = anchoring::until_idle_with(&site, operators, &key, status_key.as_ref(), out).await?;
        anchored.batches += more.batches;
        anchored.evidence += more.evidence;
    }
    let Anchored { batches, records, appointments, evidence, statuses } = anchored;
    out.say(&words(
        format!("Đã ghi sổ chung {records} học bạ và {appointments} bổ nhiệm. Tiếp theo: hocba bundle"),
        format!("Anchored {records} records and {appointments} appointments. Next: hocba bundle"),
    ));
    if statuses > 0 {
        out.say(&words(
            format!("Đã ghi sổ chung {statuses} việc chấm dứt bổ nhiệm."),
            format!("Recorded the end of {statuses} appointments."),
        ));
    }
    if evidence > 0 {
        out.say(&words(
            format!("Đã ghi sổ chung {evidence} bằng chứng của nơi cấp chứng thư."),
            format!("Anchored {evidence} answers of certificate authorities."),
        ));
    }
    let state = site.app.evidence_kept(&Actor::LocalOperator, 0).await.map_err(|e| app_failure(&e, out.lang))?.1;
    if let Some(remark) = collecting::remark(&state, now()) {
        out.note(&remark);
    }
    if stamped > 0 {
        out.say(&words(format!("Đã nhận {stamped} dấu thời gian."), format!("{stamped} time-stamps were made.")));
    }
    let overview = site.app.overview(&Actor::LocalOperator).await.map_err(|e| app_failure(&e, out.lang))?;
    if let Some((_, remark)) = overview.time_stamps.and_then(|state| collecting::stamps_remark(&state, now()))
        && stamps_put_off > 0
    {
        out.note(&remark);
    }
    let waiting = site.app.store().read().await?.waiting_statuses(1000).await?.len();
    if waiting > 0 {
        out.note(&words(
            format!("{waiting} việc chấm dứt bổ nhiệm chờ khoá ghi (--status-key)"),
            format!("{waiting} ends of appointments wait for the key that records them (--status-key)"),
        ));
    }
    out.document(&json!({
        "command": "anchor", "ok": true, "batches": batches, "records": records, "appointments": appointments,
        "statuses": statuses, "statuses_waiting": waiting, "evidence": evidence, "evidence_put_off": put_off,
        "time_stamps": stamped, "time_stamps_put_off": stamps_put_off,
    }));
    Ok(Exit::Ok)
}

/// Refuses where there is nothing to anchor and never was: a step was forgotten.
async fn refuse_nothing(site: &Site) -> anyhow::Result<()> {
    let overview = site.app.overview(&hocba_app::Actor::LocalOperator).await?;
    if overview.anchored == 0 && overview.unanchored.is_empty() && overview.waiting == 0 && overview.jobs.is_empty() {
        let text = words("chưa có học bạ nào đã ký số của trường", "no record was sealed by the school yet");
        let hint = words(
            "chạy lần lượt `hocba appoint`, `hocba sign`, `hocba cosign`, `hocba seal`",
            "run `hocba appoint`, `hocba sign`, `hocba cosign`, `hocba seal` in this order",
        );
        return Err(Failure::new(Exit::Order, "nothing_sealed", text).hint(hint).into());
    }
    Ok(())
}
