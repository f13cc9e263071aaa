//! `bundle`: one file for each anchored record, complete for an offline verifier.

use std::collections::HashMap;

use anyhow::Context as _;
use hocba_bundle::{
    assemble::{AssembleError, AuthorityStore, assemble},
    facts::BatchFact,
    format::{AnchorHint, AnchoredStatement, RecordPart},
};
use hocba_chain::Deployment;
use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::certificate::Certificate;
use serde_json::json;

use super::{Context, anchor::tree, import::nothing_imported, verify};
use crate::{
    error::{Exit, Failure},
    folder::{Folder, PROFILE},
    ledger,
    output::{Output, words},
};

/// What came of bundling.
#[derive(Debug, Default)]
pub struct Bundled {
    /// Names of the files, in the order of the class list.
    pub files: Vec<String>,
    /// Numbers of pupils whose records are not anchored.
    pub waiting: Vec<u32>,
}

/// Writes the bundles of all anchored records.
///
/// # Errors
/// When none is anchored, and when a record lacks an appointment that was anchored before it.
pub fn bundle(folder: &Folder, batches: &[BatchFact], out: &Output) -> anyhow::Result<Bundled> {
    let drafts = folder.drafts()?.ok_or_else(nothing_imported)?;
    let anchors = anchors(folder, &ledger::deployment(folder)?)?;
    let store = store(folder, &anchors)?;
    let mut result = Bundled::default();
    let bar = out.progress(drafts.pupils.len(), &words("Làm tệp học bạ", "Bundles"));
    for pupil in &drafts.pupils {
        bar.inc(1);
        let record = folder.record(&pupil.id)?;
        let anchored = record.and_then(|r| anchors.get(&r.statement.leaf_hash()).map(|anchor| (r, anchor.clone())));
        let Some((record, anchor)) = anchored else {
            result.waiting.push(pupil.number);
            continue;
        };
        let part = RecordPart {
            anchor,
            disclosures: record.disclosures,
            seed: Some(record.seed),
            statement: record.statement,
        };
        let bundle = assemble(vec![part], &store, batches).map_err(|e| incomplete(pupil.number, &e))?;
        let name = format!("bundles/{:02}.hocba.json", pupil.number);
        folder.write(&name, &bundle.to_bytes())?;
        result.files.push(name);
    }
    bar.finish();
    if result.files.is_empty() {
        return Err(Failure::new(
            Exit::Order,
            "nothing_anchored",
            words("chưa có học bạ nào được ghi sổ chung", "no record is anchored yet"),
        )
        .hint(words("chạy `hocba anchor` trước", "run `hocba anchor` first"))
        .into());
    }
    Ok(result)
}

fn incomplete(number: u32, error: &AssembleError) -> Failure {
    let failure = Failure::new(
        Exit::Order,
        "incomplete",
        words(
            format!("học bạ STT {number} chưa đủ căn cứ: {error}"),
            format!("the record of number {number} cannot be bundled: {error}"),
        ),
    );
    match error {
        AssembleError::MissingAppointment { .. } => failure.hint(words(
            "người ký phải được bổ nhiệm, và bổ nhiệm phải được ghi sổ chung trước học bạ",
            "a signer has to be appointed, and the appointment anchored before the record",
        )),
        _ => failure,
    }
}

/// Where each anchored leaf is.
fn anchors(folder: &Folder, deployment: &Deployment) -> anyhow::Result<HashMap<Sha256Digest, AnchorHint>> {
    let mut anchors = HashMap::new();
    for batch in folder.batches()? {
        let Some(receipt) = &batch.receipt else { continue };
        let tree = tree(&batch.leaves)?;
        for (index, leaf) in (0..).zip(&batch.leaves) {
            let proof = tree.path(index)?;
            let hint = AnchorHint {
                batch: receipt.index,
                chain: deployment.chain,
                contract: deployment.contract,
                index,
                path: proof.path.into_iter().map(Sha256Digest::from_bytes).collect(),
                size: proof.size,
            };
            anchors.insert(leaf.leaf, hint);
        }
    }
    Ok(anchors)
}

fn store(folder: &Folder, anchors: &HashMap<Sha256Digest, AnchorHint>) -> anyhow::Result<AuthorityStore> {
    let profile = folder.read(PROFILE)?.context("the folder has no trust profile")?;
    let roots = verify::roots_of(&profile)?;
    let mut appointments = Vec::new();
    for statement in folder.appointments()? {
        if let Some(anchor) = anchors.get(&statement.leaf_hash()) {
            appointments.push(AnchoredStatement { anchor: anchor.clone(), statement });
        }
    }
    // Of several appointments that fit, the earliest anchored one is taken.
    appointments.sort_by_key(|a| (a.anchor.batch, a.anchor.index));
    let certificates: Vec<Certificate> = folder.certificates()?;
    Ok(AuthorityStore { certificates, appointments, roots })
}

/// `bundle`.
///
/// # Errors
/// See [`bundle`].
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    if folder.batches()?.iter().all(|b| b.receipt.is_none()) {
        // Said before the chain is asked, which may not even be there yet.
        bundle(&folder, &[], &context.out)?;
    }
    let facts = ledger::runtime()?.block_on(async {
        let client = ledger::connect(&folder, ledger::node(&folder).await?).await?;
        ledger::facts(&client).await
    })?;
    let result = bundle(&folder, &facts.facts().batches, &context.out)?;
    let (n, waiting) = (result.files.len(), result.waiting.len());
    let place = folder.path("bundles");
    let place = place.display();
    context.out.say(&words(
        format!("Đã ghi {n} tệp học bạ vào {place}. Tiếp theo: hocba snapshot, hocba verify"),
        format!("Wrote {n} bundles to {place}. Next: hocba snapshot, hocba verify"),
    ));
    if waiting > 0 {
        context.out.note(&words(
            format!("{waiting} học bạ chưa ghi sổ chung nên chưa có tệp"),
            format!("{waiting} records are not anchored and have no bundle yet"),
        ));
    }
    let latest: Option<UnixTime> = facts.facts().batches.last().map(|b| b.time);
    context.out.document(&json!({
        "command": "bundle",
        "ok": true,
        "files": result.files,
        "waiting": result.waiting,
        "anchored_until": latest,
    }));
    Ok(Exit::Ok)
}
