//! `fsck`: derives every digest, signature, root and receipt again from what is stored.

use hocba_app::Actor;
use serde_json::{Value, json};

use super::Context;
use crate::{
    error::Exit,
    folder::Folder,
    ledger,
    output::{Output, words},
    site::{Site, app_failure},
};

/// `fsck`. Ends with [`Exit::Environment`] where something does not fit together.
///
/// # Errors
/// When the database cannot be read at all.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let found = ledger::runtime()?.block_on(look(&context.out, folder))?;
    context.out.document(&found.document);
    Ok(found.exit)
}

/// What was found, for programs, and how a command ends that found it.
pub struct Found {
    /// The document.
    pub document: Value,
    /// [`Exit::Ok`] where nothing is wrong.
    pub exit: Exit,
}

/// Walks the whole database of a folder and says what is wrong with it, sentence by sentence.
///
/// # Errors
/// When the database cannot be read at all.
pub async fn look(out: &Output, folder: Folder) -> anyhow::Result<Found> {
    // A chain that does not answer is no fault of the database; then receipts are not compared, and it is said.
    let chain = async { ledger::facts(&ledger::operators(&folder).await?, ledger::finality(&folder)).await };
    let facts = chain.await.ok().map(|(facts, _)| facts);
    // Receipts count over all contracts that batches stand in; without one of them none could be compared.
    let earlier = ledger::earlier(&folder, ledger::open_profile(&folder)?.profile())?;
    let facts =
        (earlier.len() == ledger::past(&folder).len()).then(|| facts.map(|f| f.with_earlier(earlier))).flatten();
    let site = Site::open(folder).await?;
    let overview = site.app.overview(&Actor::LocalOperator).await.map_err(|e| app_failure(&e, out.lang))?;
    let anchored: u64 = overview.records.iter().filter(|r| r.2).map(|r| r.3).sum();
    let total: u64 = overview.records.iter().map(|r| r.3).sum();
    let bar = out.progress(usize::try_from(total)?, &words("Kiểm tra", "Checking"));
    let tell = |counted: &hocba_anchor::Counted| bar.set_position(counted.records);
    let report = hocba_anchor::fsck_telling(site.app.store(), Some(&site.app), facts.as_ref(), tell).await?;
    bar.finish();
    for fault in &report.faults {
        out.line(&format!("✗ {fault}"));
    }
    let c = &report.counted;
    let chain = match &facts {
        Some(_) => words(format!("{} biên nhận khớp", c.receipts), format!("{} receipts compared", c.receipts)),
        None => words("không hỏi được sổ chung", "the chain did not answer, receipts not compared"),
    };
    let faults = report.faults.len() as u64 + report.more;
    out.say(&words(
        format!(
            "{} học bạ, {} chữ ký, {} lá, {} lô, {}: {faults} chỗ sai",
            c.records, c.signatures, c.leaves, c.batches, chain.vi
        ),
        format!(
            "{} records, {} signatures, {} leaves, {} batches, {}: {faults} faults",
            c.records, c.signatures, c.leaves, c.batches, chain.en
        ),
    ));
    let list: Vec<Value> = report
        .faults
        .iter()
        .map(|f| json!({ "place": f.place.to_string(), "code": f.what.code(), "en": f.what.to_string() }))
        .collect();
    let document = json!({
        "command": "fsck",
        "ok": report.is_clean(),
        "chain": facts.is_some(),
        "checked": {
            "records": c.records, "anchored": anchored, "signatures": c.signatures, "opened": c.opened,
            "appointments": c.appointments, "leaves": c.leaves, "batches": c.batches, "attempts": c.attempts,
            "receipts": c.receipts,
        },
        "faults": list,
        "more": report.more,
    });
    Ok(Found { document, exit: if report.is_clean() { Exit::Ok } else { Exit::Environment } })
}
