//! `anchor`: batches onto the public record. Appointments first, in a batch of their own, because a record counts only
//! if its signers' appointments were there before it.
//!
//! A batch is open until its file is written (closed: leaves and root are fixed), and anchored once it has a receipt.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use hocba_bundle::text::{Language, role};
use hocba_chain::AnchorClient;
use hocba_keystore::Secp256k1Key;
use hocba_merkle::{LeafHash, MAX_LEAVES, Tree};
use hocba_record::{encoding::Sha256Digest, payload::RecordPayload};
use hocba_signature::{appointment::Appointment, statement::StatementType};
use serde_json::json;

use super::Context;
use crate::{
    edge::now,
    error::{Exit, Failure},
    folder::{BatchFile, BatchKind, ChainConfig, Folder, Leaf},
    ledger::{self, Node},
    output::{Output, words},
    people::open_chain_key,
};

/// Arguments of `anchor`.
#[derive(Debug, Args)]
pub struct AnchorArgs {
    /// Encrypted secp256k1 key of the anchoring account. In a demo folder the demo account where this is left out.
    #[arg(long, value_name = "FILE", requires = "passphrase_file")]
    key: Option<PathBuf>,
    /// File whose first line is the key's passphrase.
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
}

/// What came of anchoring.
#[derive(Debug, Default)]
pub struct Anchored {
    /// Batches anchored now.
    pub batches: usize,
    /// Records in them.
    pub records: usize,
    /// Appointments in them.
    pub appointments: usize,
}

/// Finishes what an earlier run left, then closes and anchors batches for what is new.
///
/// # Errors
/// When nothing was ever sealed, and when the chain does not answer or refuses.
pub async fn anchor(folder: &Folder, node: Node, key: &Secp256k1Key, out: &Output) -> anyhow::Result<Anchored> {
    let client = ledger::connect(folder, node).await?;
    let mut result = Anchored::default();
    for (number, batch) in folder.batches()?.into_iter().enumerate() {
        if batch.receipt.is_none() {
            finish(folder, &client, key, number, batch, &mut result, out).await?;
        }
    }
    for kind in [BatchKind::Appointments, BatchKind::Records] {
        let leaves = match kind {
            BatchKind::Appointments => new_appointments(folder)?,
            BatchKind::Records => new_records(folder)?,
        };
        for leaves in leaves.chunks(usize::try_from(MAX_LEAVES)?) {
            let root = tree(leaves)?.root();
            let root = Sha256Digest::from_bytes(*root.as_bytes());
            let batch = BatchFile { attempt: None, kind, leaves: leaves.to_vec(), receipt: None, root };
            let number = folder.batches()?.len();
            folder.save_batch(number, &batch)?;
            finish(folder, &client, key, number, batch, &mut result, out).await?;
        }
    }
    Ok(result)
}

async fn finish(
    folder: &Folder,
    client: &AnchorClient<Node>,
    key: &Secp256k1Key,
    number: usize,
    batch: BatchFile,
    result: &mut Anchored,
    out: &Output,
) -> anyhow::Result<()> {
    let (kind, leaves) = (batch.kind, batch.leaves.len());
    let bar = out.progress(
        leaves,
        &match kind {
            BatchKind::Appointments => words("Ghi sổ chung: bổ nhiệm", "Public record: appointments"),
            BatchKind::Records => words("Ghi sổ chung: học bạ", "Public record: transcripts"),
        },
    );
    let signer = ledger::signer(key, client.deployment().chain)?;
    let gas_price = match folder.config().chain {
        ChainConfig::Embedded { .. } => 0,
        ChainConfig::Network { gas_price, .. } => u128::from(gas_price),
    };
    ledger::deliver(client, &signer, &folder.config().issuer, gas_price, batch, |batch| {
        folder.save_batch(number, batch)
    })
    .await?;
    bar.inc(leaves as u64);
    bar.finish();
    result.batches += 1;
    match kind {
        BatchKind::Appointments => result.appointments += leaves,
        BatchKind::Records => result.records += leaves,
    }
    Ok(())
}

/// The tree over a batch's leaves.
///
/// # Errors
/// For an empty batch.
pub fn tree(leaves: &[Leaf]) -> anyhow::Result<Tree> {
    let leaves: Vec<LeafHash> = leaves.iter().map(|l| LeafHash::from_bytes(*l.leaf.as_bytes())).collect();
    Ok(Tree::new(&leaves)?)
}

fn in_batches(folder: &Folder) -> anyhow::Result<BTreeSet<Sha256Digest>> {
    Ok(folder.batches()?.iter().flat_map(|b| &b.leaves).map(|l| l.leaf).collect())
}

fn new_appointments(folder: &Folder) -> anyhow::Result<Vec<Leaf>> {
    let there = in_batches(folder)?;
    let mut leaves = Vec::new();
    for statement in folder.appointments()? {
        let leaf = statement.leaf_hash();
        if !there.contains(&leaf) {
            let appointment = Appointment::from_bytes(statement.payload())?;
            leaves.push(Leaf { id: appointment.id, leaf, school: appointment.school });
        }
    }
    Ok(leaves)
}

fn new_records(folder: &Folder) -> anyhow::Result<Vec<Leaf>> {
    let there = in_batches(folder)?;
    let mut leaves = Vec::new();
    for pupil in folder.drafts()?.iter().flat_map(|d| &d.pupils) {
        let Some(record) = folder.record(&pupil.id)? else { continue };
        let leaf = record.statement.leaf_hash();
        if record.statement.len() == 3 && !there.contains(&leaf) {
            let payload = RecordPayload::from_bytes(record.statement.payload())?;
            leaves.push(Leaf { id: payload.id, leaf, school: payload.school });
        }
    }
    Ok(leaves)
}

/// Refuses records whose signers have no appointment here: anchored before it, they could never become valid.
fn refuse_unappointed(folder: &Folder) -> anyhow::Result<()> {
    let appointments: Vec<Appointment> =
        folder.appointments()?.iter().filter_map(|s| Appointment::from_bytes(s.payload()).ok()).collect();
    let time = now();
    for leaf in new_records(folder)? {
        let Some(record) = folder.record(&leaf.id)? else { continue };
        let payload = RecordPayload::from_bytes(record.statement.payload())?;
        for header in record.statement.headers(StatementType::Record)? {
            let fits = |a: &Appointment| {
                (a.appointee.certificate, a.role) == (header.certificate, header.role)
                    && a.school == payload.school
                    && a.class.as_ref().is_none_or(|class| *class == payload.class)
                    && a.year.is_none_or(|year| year == payload.year)
                    && a.covers(time)
            };
            if !appointments.iter().any(fits) {
                let number = record.number;
                let (vi, en) = (role(header.role, Language::Vietnamese), role(header.role, Language::English));
                let text = words(
                    format!("học bạ STT {number}: {vi} chưa được bổ nhiệm, phân công cho lớp và năm học này"),
                    format!("the record of number {number}: the {en} is not appointed for this class and year"),
                );
                let hint = words(
                    "chạy `hocba appoint` trước; phân công phải được ghi sổ chung trước học bạ",
                    "run `hocba appoint` first; an appointment has to be anchored before the record",
                );
                return Err(Failure::new(Exit::Order, "not_appointed", text).hint(hint).into());
            }
        }
    }
    Ok(())
}

/// Refuses where there is nothing to anchor and never was.
fn refuse_nothing(folder: &Folder) -> anyhow::Result<()> {
    if folder.appointments()?.is_empty() {
        let text = words("chưa bổ nhiệm ai ký học bạ", "nobody was appointed to sign");
        let hint = words("chạy `hocba appoint` trước", "run `hocba appoint` first");
        return Err(Failure::new(Exit::Order, "not_appointed", text).hint(hint).into());
    }
    let some = folder.batches()?.iter().any(|b| b.kind == BatchKind::Records);
    if !some && new_records(folder)?.is_empty() {
        let text = words("chưa có học bạ nào đã ký số của trường", "no record was sealed by the school yet");
        let hint = words(
            "chạy lần lượt `hocba sign`, `hocba cosign`, `hocba seal`",
            "run `hocba sign`, `hocba cosign`, `hocba seal` in this order",
        );
        return Err(Failure::new(Exit::Order, "nothing_sealed", text).hint(hint).into());
    }
    Ok(())
}

/// `anchor`.
///
/// # Errors
/// See [`anchor`].
pub fn run(context: &Context, args: &AnchorArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    refuse_nothing(&folder)?;
    refuse_unappointed(&folder)?;
    let key = open_chain_key(&folder, "anchorer", args.key.as_deref(), args.passphrase_file.as_deref())?;
    let result = ledger::runtime()?.block_on(async {
        let node = ledger::node(&folder).await?;
        anchor(&folder, node, &key, &context.out).await
    })?;
    let Anchored { batches, records, appointments } = result;
    context.out.say(&words(
        format!("Đã ghi sổ chung {records} học bạ và {appointments} bổ nhiệm. Tiếp theo: hocba bundle"),
        format!("Anchored {records} records and {appointments} appointments. Next: hocba bundle"),
    ));
    let document = json!({
        "command": "anchor", "ok": true, "batches": batches, "records": records, "appointments": appointments,
    });
    context.out.document(&document);
    Ok(Exit::Ok)
}
