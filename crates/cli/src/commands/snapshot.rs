//! `snapshot`: what the public record says now, kept for verifying without a network.

use std::path::PathBuf;

use clap::Args;
use hocba_bundle::{
    facts::CheckedFacts,
    snapshot::{Snapshot, SnapshotFormat, StatusEvidence},
    text::{Language, agreement as told},
};
use hocba_chain::Operators;
use serde_json::json;

use super::Context;
use crate::{
    edge::now,
    error::Exit,
    folder::{Folder, SNAPSHOT, write_whole},
    ledger,
    output::words,
    site::Site,
};

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Ghi vào tệp này; bỏ qua là trong thư mục dữ liệu / Where to write it, if not in the data folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Hỏi nút mạng này / Ask this node instead of the folder's own
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
}

/// A snapshot of facts that were just read, with the status statements kept here.
pub fn of(facts: &CheckedFacts, statuses: StatusEvidence) -> Snapshot {
    let earlier = facts.earlier().iter().map(|era| era.facts().clone()).collect();
    Snapshot { earlier, facts: facts.facts().clone(), hocba: SnapshotFormat::V1, statuses, taken_at: now() }
}

/// The status statements that this installation keeps.
///
/// # Errors
/// When its database cannot be read.
pub async fn statements(folder: Folder) -> anyhow::Result<StatusEvidence> {
    let site = Site::open(folder).await?;
    Ok(site.app.status_evidence().await?)
}

/// `snapshot`.
///
/// # Errors
/// When the chain does not answer, and when the file cannot be written.
pub fn run(context: &Context, args: &SnapshotArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let path = args.out.clone().unwrap_or_else(|| folder.path(SNAPSHOT));
    let (facts, statuses, agreement) = ledger::runtime()?.block_on(async {
        let operators = match &args.rpc {
            Some(url) => Operators::single(ledger::http(url)?, ledger::deployment(&folder)?),
            None => ledger::operators(&folder).await?,
        };
        let (facts, agreement) = ledger::facts(&operators, ledger::finality(&folder)).await?;
        let earlier = ledger::earlier(&folder, ledger::open_profile(&folder)?.profile())?;
        let facts = facts.with_earlier(earlier);
        // They name who ended or withdrew something; the facts stand without them.
        let statuses = match statements(folder).await {
            Ok(statuses) => statuses,
            Err(error) => {
                context.out.note(&words(
                    format!("bản chụp không có văn bản trạng thái: {error:#}"),
                    format!("no status statements in the snapshot: {error:#}"),
                ));
                StatusEvidence::default()
            }
        };
        anyhow::Ok((facts, statuses, agreement))
    })?;
    if agreement.others().next().is_some() {
        context.out.note(&words(told(&agreement, Language::Vietnamese), told(&agreement, Language::English)));
    }
    let statements = statuses.statements.len();
    write_whole(&path, &of(&facts, statuses).to_bytes())?;
    let facts = facts.facts();
    let (name, block, batches) = (path.display(), facts.block, facts.batches.len());
    context.out.say(&words(
        format!("Đã chụp sổ chung (khối {block}, {batches} lần ghi) vào {name}"),
        format!("Wrote a snapshot of the public record (block {block}, {batches} batches) to {name}"),
    ));
    context.out.document(&json!({
        "command": "snapshot", "ok": true, "file": path, "block": block, "batches": batches, "statements": statements,
        "operators": agreement.operators,
    }));
    Ok(Exit::Ok)
}
