//! `evidence`: what certificate authorities said of revocations, and bringing what was fetched elsewhere.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use hocba_app::{Actor, AppError};
use hocba_bundle::{evidence::EvidenceKind, text::date_time};
use serde_json::json;

use super::Context;
use crate::{
    collecting::remark,
    error::Exit,
    folder::Folder,
    ledger,
    output::words,
    site::{Site, app_failure},
};

/// How many are listed.
const NEWEST: u32 = 50;

/// Arguments of `evidence`.
#[derive(Debug, Args)]
pub struct EvidenceArgs {
    #[command(subcommand)]
    action: Option<EvidenceAction>,
}

#[derive(Debug, Subcommand)]
enum EvidenceAction {
    /// Thêm tệp lấy tay: danh sách thu hồi (CRL) hoặc câu trả lời OCSP / Add a CRL or OCSP answer fetched by hand
    Add {
        /// Tệp, dạng DER hoặc PEM / Files, DER or PEM
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// `evidence`.
///
/// # Errors
/// When a file is no evidence that could be kept.
pub fn run(context: &Context, args: &EvidenceArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        match &args.action {
            Some(EvidenceAction::Add { files }) => add(context, &site, files).await,
            None => list(context, &site).await,
        }
    })
}

fn kind_word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Crl => "crl",
        EvidenceKind::Ocsp => "ocsp",
    }
}

async fn add(context: &Context, site: &Site, files: &[PathBuf]) -> anyhow::Result<Exit> {
    let out = &context.out;
    let mut documents = Vec::new();
    for file in files {
        let name = file.display();
        let bytes = std::fs::read(file).with_context(|| name.to_string())?;
        let der = hocba_ca::pem::decode(&bytes).map_or(bytes, |(_, der)| der);
        let added = site.app.add_evidence(&Actor::LocalOperator, &der).await.map_err(|e| app_failure(&e, out.lang))?;
        let (certificates, settled, when) = (added.certificates, added.settled, date_time(added.this_update));
        let new = if added.new { ("đã thêm", "added") } else { ("đã có", "was there") };
        out.say(&words(
            format!("{name}: {}, nói về {certificates} chứng thư lúc {when}, giải quyết {settled} việc chờ", new.0),
            format!("{name}: {}, speaks of {certificates} certificates as of {when}, settles {settled}", new.1),
        ));
        documents.push(json!({
            "file": name.to_string(), "kind": kind_word(added.kind), "new": added.new, "certificates": certificates,
            "settled": settled, "this_update": added.this_update,
        }));
    }
    out.note(&words("Tiếp theo: hocba anchor", "Next: hocba anchor"));
    out.document(&json!({ "command": "evidence", "ok": true, "added": documents }));
    Ok(Exit::Ok)
}

async fn list(context: &Context, site: &Site) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let (lines, state) = site.app.evidence_kept(&Actor::LocalOperator, NEWEST).await.map_err(refused)?;
    if !site.app.asks_authorities() {
        out.say(&words(
            "Danh sách nơi cấp được công nhận không yêu cầu hỏi về thu hồi chứng thư.",
            "The trust profile asks no authority about revocations.",
        ));
    }
    for line in &lines {
        let (kind, when) = (kind_word(line.kind), date_time(line.this_update));
        let of = line.certificate.as_ref().map_or(line.issuer, |certificate| *certificate).to_hex();
        let part = |vi: &str, en: &str| (vi.to_owned(), en.to_owned());
        let anchored = match line.anchored_at {
            Some(at) => (format!("đã ghi sổ chung {}", date_time(at)), format!("anchored {}", date_time(at))),
            None => part("chờ ghi sổ chung", "not anchored yet"),
        };
        out.say(&words(
            format!("{kind:<4} {} {when}  {}", &of[..16], anchored.0),
            format!("{kind:<4} {} {when}  {}", &of[..16], anchored.1),
        ));
    }
    for failing in &state.failing {
        let (certificate, code, tries) = (&failing.certificate, &failing.code, failing.tries);
        let next = date_time(failing.next);
        out.say(&words(
            format!("✗ {certificate}: hỏi {tries} lần chưa được ({code}), hỏi lại {next}"),
            format!("✗ {certificate}: asked {tries} times in vain ({code}), again {next}"),
        ));
    }
    if state.wanted.silent > 0 {
        let silent = state.wanted.silent;
        out.say(&words(
            format!(
                "{silent} chứng thư hết hạn trước khi nơi cấp kịp xác nhận: chữ ký cuối của chúng phải được ký lại"
            ),
            format!(
                "{silent} certificates expired before their authority's final word: sign again what they signed last"
            ),
        ));
    }
    if let Some(remark) = remark(&state, crate::edge::now()) {
        out.say(&remark);
    }
    out.document(&json!({
        "command": "evidence", "ok": true, "kept": state.kept, "early": state.wanted.early, "due": state.wanted.due,
        "due_since": state.wanted.due_since, "silent": state.wanted.silent,
        "evidence": lines.iter().map(|line| json!({
            "id": line.id.to_string(), "kind": kind_word(line.kind), "issuer_key": line.issuer,
            "certificate": line.certificate, "this_update": line.this_update, "next_update": line.next_update,
            "fetched_at": line.fetched_at, "anchored_at": line.anchored_at,
        })).collect::<Vec<_>>(),
        "failing": state.failing.iter().map(|f| json!({
            "certificate": f.certificate, "code": f.code, "tries": f.tries, "next": f.next,
        })).collect::<Vec<_>>(),
    }));
    Ok(Exit::Ok)
}
