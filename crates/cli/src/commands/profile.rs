//! `profile`: the next trust profile of a publisher: what it will say, as a file to edit, and the signing of it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use hocba_bundle::{
    facts::Address,
    format::Der,
    profile::{Era, MAX_PROFILE_BYTES, OpenProfile, ProfileFile, ProfileFormat, TrustProfile},
    snapshot::{MAX_SNAPSHOT_BYTES, OpenSnapshot},
};
use hocba_chain::code_digest;
use hocba_record::types::UnixTime;
use hocba_signature::statement::{Role, Statement, StatementType};
use serde_json::json;

use super::{Context, verify::open_own};
use crate::{
    day::day,
    edge::{now, read_input},
    error::{Exit, Failure},
    folder::{Folder, PROFILE, write_whole},
    output::words,
    people::{KeyArgs, Person},
};

/// Arguments of `profile`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
enum ProfileCommand {
    /// Soạn nội dung của lần phát hành sau, để sửa rồi ký / Write what the next number will say, to edit and sign
    Next(NextArgs),
    /// Ký nội dung đã soạn thành danh sách nơi cấp / Sign it
    Sign(Box<SignArgs>),
}

#[derive(Debug, Args)]
struct NextArgs {
    /// Danh sách đang dùng; bỏ qua là của thư mục dữ liệu / The profile in use; without it the data folder's
    file: Option<PathBuf>,
    /// Ghi nội dung vào tệp này / Where to write the content
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Bản chụp của sổ vừa khoá / Snapshot of the era that was closed
    #[arg(long, value_name = "SNAPSHOT", requires = "contract")]
    closed: Option<PathBuf>,
    /// Hợp đồng của sổ mới / Contract of the new era
    #[arg(long, value_name = "ADDRESS", requires = "closed")]
    contract: Option<Address>,
    /// Mã mạng của sổ mới; bỏ qua là mạng cũ / Its chain id; without it that of the era before
    #[arg(long, requires = "contract")]
    chain_id: Option<u64>,
    /// Dùng đến ngày (NGÀY/THÁNG/NĂM); bỏ qua là như cũ / First day on which it is no longer used; without it as before
    #[arg(long, value_name = "DATE", value_parser = day)]
    expires: Option<UnixTime>,
}

#[derive(Debug, Args)]
struct SignArgs {
    /// Nội dung đã soạn / The content
    content: PathBuf,
    /// Ghi danh sách đã ký vào tệp này / Where to write the signed profile
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
}

/// `profile`.
///
/// # Errors
/// For content that is none; when the key does not open.
pub fn run(context: &Context, args: &ProfileArgs) -> anyhow::Result<Exit> {
    match &args.command {
        ProfileCommand::Next(args) => next(context, args),
        ProfileCommand::Sign(args) => sign(context, args),
    }
}

fn refused(file: &std::path::Path, vi: &str, en: impl std::fmt::Display) -> Failure {
    let name = file.display();
    Failure::new(Exit::BadInput, "profile", words(format!("{name}: {vi}"), format!("{name}: {en}")))
}

fn next(context: &Context, args: &NextArgs) -> anyhow::Result<Exit> {
    let current = match &args.file {
        Some(path) => {
            let bytes = read_input(path, MAX_PROFILE_BYTES)?;
            open_own(&bytes).map_err(|e| refused(path, "không phải danh sách nơi cấp", format!("{e:#}")))?
        }
        None => open_own(&Folder::open(&context.data_dir)?.read(PROFILE)?.context("the folder has no trust profile")?)?,
    };
    let mut content: TrustProfile = current.profile().clone();
    content.number = content.number.checked_add(1).context("the number is at its end")?;
    content.issued = now();
    if let Some(expires) = args.expires {
        content.expires = expires;
    }
    if let (Some(path), Some(contract)) = (&args.closed, args.contract) {
        let snapshot = OpenSnapshot::open(&read_input(path, MAX_SNAPSHOT_BYTES)?)
            .map_err(|e| refused(path, "không phải bản chụp sổ chung", e))?;
        let facts = snapshot.facts.facts();
        let closing = snapshot
            .facts
            .closing_digest()
            .ok_or_else(|| refused(path, "sổ này chưa khoá", "this era is not closed"))?;
        let era = content.eras.last_mut().filter(|era| (era.chain, era.contract) == (facts.chain, facts.contract));
        let era = era.ok_or_else(|| {
            refused(path, "không phải sổ đang dùng của danh sách", "this is not the profile's era in use")
        })?;
        era.closing = Some(closing);
        era.last = facts.batches.len().checked_sub(1).map(|last| last as u64);
        let chain = args.chain_id.unwrap_or(facts.chain);
        content.eras.push(Era { chain, closing: None, code: code_digest(), contract, first: 0, last: None });
    }
    let mut text = serde_json::to_vec_pretty(&content)?;
    text.push(b'\n');
    write_whole(&args.out, &text)?;
    let (number, out) = (content.number, args.out.display());
    context.out.say(&words(
        format!(
            "Đã soạn nội dung số {number} vào {out}. Xem lại, sửa nếu cần, rồi: hocba profile sign {out} --out TỆP"
        ),
        format!(
            "Wrote what number {number} will say to {out}. Read it, edit it, then: hocba profile sign {out} --out FILE"
        ),
    ));
    context.out.document(&json!({
        "command": "profile next", "ok": true, "number": number, "file": args.out, "eras": content.eras.len(),
    }));
    Ok(Exit::Ok)
}

fn sign(context: &Context, args: &SignArgs) -> anyhow::Result<Exit> {
    let bytes = read_input(&args.content, MAX_PROFILE_BYTES)?;
    let content: TrustProfile = serde_json::from_slice(&bytes)
        .map_err(|e| refused(&args.content, "không phải nội dung danh sách nơi cấp", e))?;
    let folder = Folder::open(&context.data_dir)?;
    let publisher = Person::open(&folder, Role::ProfilePublisher, &args.key)?;
    let statement = Statement::unsigned(content.to_bytes());
    let statement = publisher.sign(statement, StatementType::Profile, Role::ProfilePublisher, content.issued)?;
    let certificate = Der(publisher.certificate().der().to_vec());
    let file = ProfileFile { certificate, hocba: ProfileFormat::V1, statement }.to_bytes();
    // What verifiers will not read is not written.
    OpenProfile::open(&file, &publisher.digest(), None)
        .map_err(|e| refused(&args.content, "không ai đọc được danh sách này", e))?;
    write_whole(&args.out, &file)?;
    let (number, out, digest) = (content.number, args.out.display(), publisher.digest());
    context.out.say(&words(
        format!("Đã ký danh sách nơi cấp số {number}: {out}, do {digest} phát hành"),
        format!("Signed number {number} of the trust profile: {out}, published by {digest}"),
    ));
    context.out.document(&json!({
        "command": "profile sign", "ok": true, "number": number, "file": args.out, "publisher": digest,
    }));
    Ok(Exit::Ok)
}
