//! `chain deploy`: a new contract, the first or a successor.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use hocba_bundle::{
    facts::Address,
    snapshot::{MAX_SNAPSHOT_BYTES, OpenSnapshot},
};
use hocba_chain::{Deployment, Fee, Opening, Predecessor, Rpc, Wait, deploy, latest_block};
use serde_json::json;

use super::target::ChainKeyArgs;
use crate::{
    commands::Context,
    edge::{now, read_input},
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::words,
};

const DAY: u64 = 86_400;
/// Half seconds to wait for the time after a predecessor's end: clocks differ by less.
const PATIENCE: u32 = 60;

/// Arguments of `chain deploy`.
#[derive(Debug, Args)]
pub struct DeployArgs {
    /// Nút mạng, thay cho mạng của thư mục dữ liệu / A node, in place of the data folder's network
    #[arg(long, value_name = "URL", requires = "chain_id")]
    rpc: Option<String>,
    /// Mã mạng / EIP-155 chain id
    #[arg(long, requires = "rpc")]
    chain_id: Option<u64>,
    /// Giá mỗi đơn vị gas, tính bằng wei / Price per gas, in wei
    #[arg(long, value_name = "WEI", requires = "rpc", default_value_t = 0)]
    gas_price: u64,
    /// Tài khoản quản trị của sở; bỏ qua là tài khoản của khoá / The department's account; without it that of the key
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<Address>,
    /// Số ngày giữa hai bước bàn giao quản trị / Days between the two steps of a hand-over of the administration
    #[arg(long, value_name = "DAYS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=366))]
    delay: u64,
    /// Bản chụp của sổ đã khoá, để sổ mới nối tiếp / Snapshot of the closed era that this contract goes on from
    #[arg(long, value_name = "FILE")]
    predecessor: Option<PathBuf>,
    #[command(flatten)]
    key: ChainKeyArgs,
}

/// `chain deploy`.
///
/// # Errors
/// For a predecessor that is not closed; when the network refuses.
pub fn run(context: &Context, args: &DeployArgs) -> anyhow::Result<Exit> {
    let predecessor = args.predecessor.as_deref().map(predecessor).transpose()?;
    let (deployment, since) = ledger::runtime()?.block_on(async {
        match (&args.rpc, args.chain_id) {
            (Some(url), Some(chain)) => {
                let signer = args.key.signer(context, chain)?;
                let price = args.gas_price.into();
                put(&ledger::http(url)?, &signer, args, predecessor, Fee::Legacy { price }).await
            }
            _ => {
                let folder = Folder::open(&context.data_dir)?;
                let operators = ledger::operators(&folder).await?;
                let signer = args.key.signer(context, operators.deployment().chain)?;
                // Not by what a block costs: the folder's contract may not be there yet.
                let fee = ledger::fees(&folder).first(None);
                put(&operators.pool(), &signer, args, predecessor, fee).await
            }
        }
    })?;
    let Deployment { chain, contract, code } = deployment;
    context.out.say(&words(
        format!(
            "Đã tạo hợp đồng {contract} trên mạng {chain}.\n  Tiếp theo: `hocba chain issuer`, `hocba chain grant`; \
             rồi `hocba init --chain-id {chain} --contract {contract} --since {since} …`"
        ),
        format!(
            "Deployed the contract {contract} on chain {chain}.\n  Next: `hocba chain issuer`, `hocba chain grant`; \
             then `hocba init --chain-id {chain} --contract {contract} --since {since} …`"
        ),
    ));
    context.out.document(&json!({
        "command": "chain deploy", "ok": true, "chain": chain, "contract": contract, "code": code, "since": since,
        "predecessor": predecessor.map(|p| p.closing),
    }));
    Ok(Exit::Ok)
}

async fn put(
    rpc: &impl Rpc,
    signer: &hocba_chain::Signer,
    args: &DeployArgs,
    predecessor: Option<Predecessor>,
    fee: Fee,
) -> anyhow::Result<(Deployment, u64)> {
    // A successor's time is later than its predecessor's end; both may fall in one second where this is run by a script.
    if let Some(before) = &predecessor {
        let end = before.closed_at.plus(1);
        for _ in 0..PATIENCE {
            if now() > end {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    let since = latest_block(rpc).await.map_err(ledger::refused)?;
    let opening =
        Opening { admin: args.admin.unwrap_or_else(|| signer.address()), admin_delay: args.delay * DAY, predecessor };
    let deployment = deploy(rpc, signer, &opening, fee, Wait::default()).await.map_err(ledger::refused)?;
    Ok((deployment, since))
}

/// What a successor says of the era before: it is the snapshot's word, and everybody can compute it again.
fn predecessor(path: &std::path::Path) -> anyhow::Result<Predecessor> {
    let refused = |vi: &str, en: String| {
        let name = path.display();
        Failure::new(Exit::BadInput, "era", words(format!("{name}: {vi}"), format!("{name}: {en}")))
    };
    let snapshot = OpenSnapshot::open(&read_input(path, MAX_SNAPSHOT_BYTES)?)
        .map_err(|e| refused("không phải bản chụp sổ chung", e.to_string()))?;
    let facts = snapshot.facts.facts();
    match (snapshot.facts.closing_digest(), &facts.closing) {
        (Some(closing), Some(closed)) => {
            Ok(Predecessor { chain: facts.chain, contract: facts.contract, closing, closed_at: closed.time })
        }
        _ => Err(refused("sổ này chưa khoá", "this era is not closed".into())
            .hint(words("khoá sổ cũ bằng `hocba chain close` trước", "close it with `hocba chain close` first"))
            .into()),
    }
}
