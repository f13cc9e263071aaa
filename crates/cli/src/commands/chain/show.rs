//! `chain show` and `chain address`.

use hocba_bundle::text::{Language, agreement as told, date, date_time};
use hocba_chain::Issuer;
use hocba_record::types::UnixTime;
use serde_json::json;

use super::target::{ChainKeyArgs, TargetArgs};
use crate::{commands::Context, error::Exit, ledger, output::words};

/// `chain address`: whose account a key is. Asks nobody.
///
/// # Errors
/// When the key is missing or does not open.
pub fn address(context: &Context, args: &ChainKeyArgs) -> anyhow::Result<Exit> {
    // An account is the same on every chain.
    let address = args.signer(context, 1)?.address();
    context.out.line(&address.to_string());
    context.out.document(&json!({ "command": "chain address", "ok": true, "address": address }));
    Ok(Exit::Ok)
}

/// `chain show`.
///
/// # Errors
/// When not enough operators say the same.
pub fn run(context: &Context, args: &TargetArgs) -> anyhow::Result<Exit> {
    let folder = args.folder(context)?;
    let out = context.out;
    ledger::runtime()?.block_on(async {
        let target = args.open(folder.as_ref()).await?;
        let (facts, agreement) = ledger::facts(&target.operators, target.finality).await?;
        let client = ledger::connect(&target.operators).await?;
        let (admin, pending) = client.admin().await.map_err(ledger::refused)?;
        let paused = client.paused().await.map_err(ledger::refused)?;
        let issuers = client.issuers().await.map_err(ledger::refused)?;
        let predecessor = client.predecessor().await.map_err(ledger::refused)?;
        let closing = facts.closing_digest();
        let facts = facts.facts();
        let statuses = facts.statuses.as_ref().map_or(0, Vec::len);
        let (contract, chain, block, batches) = (facts.contract, facts.chain, facts.block, facts.batches.len());
        out.say(&words(
            format!("Hợp đồng {contract} trên mạng {chain}, khối {block}: {batches} lô, {statuses} lần ghi trạng thái"),
            format!("Contract {contract} on chain {chain}, block {block}: {batches} batches, {statuses} statuses"),
        ));
        if !target.operators.is_single() {
            out.say(&words(told(&agreement, Language::Vietnamese), told(&agreement, Language::English)));
        }
        out.say(&words(format!("  Quản trị: {admin}"), format!("  Administrator: {admin}")));
        if let Some((account, from)) = pending {
            out.say(&words(
                format!("  Đang bàn giao cho {account}, nhận được từ {}", date_time(from)),
                format!("  Being handed over to {account}, which can accept from {} on", date_time(from)),
            ));
        }
        for Issuer { code, from, until, schools } in &issuers {
            let (from, end) = (day_of(*from), day_of(*until));
            out.say(&words(
                format!("  Nơi cấp {code}: {from} – {end}, trường {schools}"),
                format!("  Issuer {code}: {from} to {end}, schools {schools}"),
            ));
        }
        if paused {
            out.say(&words("  Đang tạm dừng ghi lô", "  Anchoring is paused"));
        }
        if let Some(before) = &predecessor {
            out.say(&words(
                format!("  Nối tiếp {} trên mạng {}", before.contract, before.chain),
                format!("  Goes on from {} on chain {}", before.contract, before.chain),
            ));
        }
        if let (Some(closed), Some(digest)) = (&facts.closing, &closing) {
            out.say(&words(
                format!("  Đã khoá sổ lúc {}, mã {digest}", date_time(closed.time)),
                format!("  Closed at {}, digest {digest}", date_time(closed.time)),
            ));
        }
        let issuer = |i: &Issuer| json!({ "code": i.code, "from": i.from, "until": i.until, "schools": i.schools });
        out.document(&json!({
            "command": "chain show", "ok": true, "chain": chain, "contract": contract, "code": facts.code,
            "block": block, "batches": batches, "head": facts.head, "statuses": statuses,
            "status_head": facts.status_head, "admin": admin, "pending_admin": pending.map(|(account, _)| account),
            "paused": paused, "issuers": issuers.iter().map(issuer).collect::<Vec<_>>(),
            "predecessor": predecessor.map(|p| p.closing), "closing": closing, "operators": agreement.operators,
        }));
        anyhow::Ok(Exit::Ok)
    })
}

/// The day of a block time; open where it is the beginning or beyond the end of all dates.
fn day_of(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().filter(|s| *s > 0).and_then(|s| UnixTime::from_seconds(s).ok());
    time.map_or("…".to_owned(), date)
}
