//! `chain move`: a data folder goes on in the successor of its contract.
//!
//! The trust profile says which: its era in use is the successor, the one before it is the folder's, with its closing digest.
//! Database first, then profile, then configuration; run again, it goes on where it was cut off.

use std::path::PathBuf;

use clap::Args;
use hocba_app::{Actor, Moved};
use hocba_bundle::profile::{Era, MAX_PROFILE_BYTES, OpenProfile};
use hocba_chain::{AnchorClient, Deployment};
use serde_json::json;

use crate::{
    commands::{Context, chain::target::predecessor_fits},
    edge::read_input,
    error::{Exit, Failure},
    folder::{ChainConfig, Folder, PROFILE, PastConfig},
    ledger::{self, ERAS},
    output::words,
    site::{Site, app_failure},
};

/// Arguments of `chain move`.
#[derive(Debug, Args)]
pub struct MoveArgs {
    /// Danh sách nơi cấp số mới, ghi cả sổ đã khoá và sổ nối tiếp / The next trust profile, which names both contracts
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Nút mạng, nếu khác trước / A node, if another than before
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// Khối tạo hợp đồng nối tiếp / The successor was not there before this block
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    since: u64,
}

/// `chain move`.
///
/// # Errors
/// When the profile does not lead from the folder's contract to another, when the closed register is not at hand or holds
/// what has no receipt here, when the successor did not grow from it.
pub fn run(context: &Context, args: &MoveArgs) -> anyhow::Result<Exit> {
    let mut folder = Folder::open(&context.data_dir)?;
    let name = args.profile.display();
    let refused = |vi: &str, en: String| {
        Failure::new(Exit::BadInput, "profile", words(format!("{name}: {vi}"), format!("{name}: {en}")))
    };
    let old_profile = ledger::open_profile(&folder)?;
    let bytes = read_input(&args.profile, MAX_PROFILE_BYTES)?;
    let seen = old_profile.profile().number;
    let profile = OpenProfile::open(&bytes, old_profile.publisher().digest(), Some(seen))
        .map_err(|e| refused("không phải danh sách số mới của cùng nơi phát hành", e.to_string()))?;
    let ChainConfig::Network { chain, contract, past, .. } = folder.config().chain.clone() else {
        return Err(Failure::new(
            Exit::BadInput,
            "embedded_chain",
            words("sổ chung thử nghiệm không có sổ nối tiếp", "a demonstration's chain has no successor"),
        )
        .into());
    };
    let eras = &profile.profile().eras;
    let Some((next, earlier)) = eras.split_last() else {
        return Err(refused("không ghi sổ chung nào", "it names no contract".into()).into());
    };
    let out = context.out;
    let document = |moved: bool, past: usize| {
        json!({
            "command": "chain move", "ok": true, "moved": moved, "chain": next.chain, "contract": next.contract,
            "past": past,
        })
    };
    if (next.chain, next.contract) == (chain, contract) {
        folder.write(PROFILE, &bytes)?;
        out.say(&words("Thư mục này đã ở sổ nối tiếp.", "This folder is at the successor already."));
        out.document(&document(false, past.len()));
        return Ok(Exit::Ok);
    }
    let before = earlier.last().filter(|era| (era.chain, era.contract) == (chain, contract));
    let Some((before, closing)) = before.and_then(|era| era.closing.map(|closing| (era, closing))) else {
        let en = "it does not name this folder's contract as closed, right before the one in use";
        return Err(refused("không ghi sổ của thư mục này là vừa khoá", en.into()).into());
    };
    let closed = closed(&folder, before)?;
    let (batches, statuses) =
        (closed.facts().batches.len() as u64, closed.facts().statuses.as_ref().map_or(0, Vec::len) as u64);

    // The same settings with the successor in the place of the contract.
    let mut config = folder.config().clone();
    if let ChainConfig::Network { chain, contract, past, since, url, .. } = &mut config.chain {
        past.push(PastConfig { chain: *chain, contract: *contract, batches, statuses });
        (*chain, *contract, *since) = (next.chain, next.contract, args.since);
        if let Some(rpc) = &args.rpc {
            ledger::http(rpc)?;
            *url = Some(rpc.clone());
        }
    }
    let past = past.len() + 1;
    ledger::runtime()?.block_on(async {
        let deployment = Deployment { chain: next.chain, contract: next.contract, code: next.code };
        let operators = match &config.chain {
            ChainConfig::Network { url: Some(url), .. } => {
                ledger::of_urls(vec![("node".to_owned(), vec![url.clone()])], 1, deployment)?
            }
            _ => {
                let listed = profile.profile().operators.iter().map(|o| (o.id.clone(), o.urls.clone())).collect();
                ledger::of_urls(listed, profile.profile().quorum, deployment)?
            }
        };
        let client = AnchorClient::connect(operators.pool(), deployment).await.map_err(ledger::refused)?;
        predecessor_fits(client.predecessor().await.map_err(ledger::refused)?.as_ref(), before, &closing)?;

        let site = Site::to_move(folder.clone()).await?;
        let to = (next.chain, &next.contract);
        let moved = site.app.move_to(&Actor::LocalOperator, to, &closed).await;
        match moved.map_err(|e| app_failure(&e, out.lang))? {
            Moved::Done | Moved::Already => Ok(()),
            Moved::WithoutReceipt { batches, statuses } => Err(anyhow::Error::from(
                Failure::new(
                    Exit::Order,
                    "without_receipt",
                    words(
                        format!("{batches} lô, {statuses} trạng thái đã ở sổ cũ mà chưa có biên nhận ở đây"),
                        format!(
                            "{batches} batches and {statuses} statuses are in the closed contract without a receipt"
                        ),
                    ),
                )
                .hint(words("chạy `hocba anchor --once` trước", "run `hocba anchor --once` first")),
            )),
        }
    })?;
    folder.write(PROFILE, &bytes)?;
    folder.set_config(config)?;
    out.say(&words(
        format!("Thư mục này nay ghi vào sổ nối tiếp {} (mạng {}).", next.contract, next.chain),
        format!("This folder anchors in the successor {} (chain {}) now.", next.contract, next.chain),
    ));
    out.document(&document(true, past));
    Ok(Exit::Ok)
}

/// The closed register, which `chain close` kept.
fn closed(folder: &Folder, era: &Era) -> anyhow::Result<hocba_bundle::facts::CheckedFacts> {
    let name = format!("{ERAS}/{}-{}.hocba-snapshot.json", era.chain, era.contract);
    let Some(bytes) = folder.read(&name)? else {
        return Err(Failure::new(
            Exit::BadInput,
            "era",
            words(
                format!("thiếu bản chụp của sổ đã khoá: {name}"),
                format!("the closed register's snapshot is missing: {name}"),
            ),
        )
        .hint(words(
            "chạy `hocba chain close`, hoặc chép từ nơi đã khoá sổ",
            "run `hocba chain close`, or copy it from where that was run",
        ))
        .into());
    };
    Ok(ledger::of_era(&bytes, era, &name)?)
}
