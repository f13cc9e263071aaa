//! `verify`: is this transcript genuine, and does it stand?

mod show;
mod sources;
mod trust;

use std::path::PathBuf;

use clap::Args;
use hocba_bundle::{
    format::MAX_BUNDLE_BYTES,
    report::{Report, Verdict},
    text::ReportJson,
    verify::{Context as VerifyContext, verify},
};
use serde_json::{Value, json};

use super::Context;
use crate::{
    edge::{now, read_input},
    error::{Exit, Failure},
};

pub use sources::Sources;
pub use trust::{open as open_trusted, open_own};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Tệp học bạ / Bundles (*.hocba.json); - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Danh sách nơi cấp được công nhận / Trust profile, if not the data folder's own
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Chỉ nhận danh sách của nơi phát hành này / Whose profile to accept: SHA-256 of its certificate
    ///
    /// Dạng base64url hoặc hex; không có thì chỉ nhận danh sách DEMO / As base64url or hex; without it only the published
    /// demo profile is accepted, as DEMO.
    #[arg(long, value_name = "DIGEST")]
    publisher: Option<String>,
    /// Bản chụp sổ chung (hocba snapshot), không dùng mạng / A snapshot of the public record; no network
    #[arg(long, value_name = "FILE", conflicts_with = "rpc")]
    snapshot: Option<PathBuf>,
    /// Hỏi nút mạng này / Ask this node instead of those of the profile
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// Bản chụp của sổ chung đã khoá trước đây / A snapshot of an earlier, closed part of the public record
    #[arg(long, value_name = "FILE", conflicts_with = "snapshot")]
    era: Vec<PathBuf>,
    /// Không dùng mạng / Use no network
    #[arg(long, conflicts_with = "rpc")]
    offline: bool,
    /// Nơi nhớ số danh sách mới nhất đã thấy / Where the highest profile number seen is remembered
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Không nhớ và không xem điều đã nhớ / Remember nothing, look at nothing remembered
    #[arg(long, conflicts_with = "state_dir")]
    no_state: bool,
}

impl VerifyArgs {
    /// What another command goes by that looks at the chain as this one does: a profile, and where facts come from.
    pub fn looking(
        profile: Option<PathBuf>,
        publisher: Option<String>,
        state_dir: PathBuf,
        (rpc, snapshot, era): (Option<String>, Option<PathBuf>, Vec<PathBuf>),
    ) -> Self {
        let (files, offline, no_state) = (Vec::new(), false, false);
        Self { files, profile, publisher, snapshot, rpc, era, offline, state_dir: Some(state_dir), no_state }
    }
}

/// `verify`.
///
/// # Errors
/// When there is no profile to go by, or the snapshot cannot be used. What is wrong with a bundle is a report.
pub fn run(context: &Context, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let profile = trust::open(context, args)?;
    let mut sources = sources::Sources::new(args, &profile)?;
    let out = context.out;
    let mut worst = Verdict::Valid;
    let mut unreadable = false;
    let mut documents: Vec<Value> = Vec::new();
    for (place, file) in args.files.iter().enumerate() {
        if place > 0 {
            out.line("");
        }
        if args.files.len() > 1 {
            out.line(&format!("{}:", file.display()));
        }
        let bytes = match read_input(file, MAX_BUNDLE_BYTES) {
            Ok(bytes) => bytes,
            Err(failure) => {
                unreadable = true;
                out.note(&failure.words);
                documents.push(json!({ "file": file, "error": failure.code, "en": failure.words.en }));
                continue;
            }
        };
        let view = sources.view()?;
        let mut report = verify(&bytes, &VerifyContext { profile: &profile, chain: view.chain(), now: now() });
        report.as_of.agreement = view.agreement();
        worst = worst.max(report.verdict);
        show::print(&out, &report, bytes.is_empty());
        documents.push(json!({ "file": file, "report": document(&report) }));
    }
    let exit = match worst {
        Verdict::Invalid => Exit::Invalid,
        _ if unreadable => Exit::BadInput,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Valid => Exit::Ok,
    };
    out.document(&json!({
        "command": "verify",
        "ok": exit == Exit::Ok,
        "verdict": (documents.len() > 1 || !unreadable).then_some(worst),
        "files": documents,
    }));
    Ok(exit)
}

fn document(report: &Report) -> Value {
    // Only a map with keys that are no strings could fail, and a report has none.
    serde_json::to_value(ReportJson::from(report)).unwrap_or_default()
}

/// A failure of this command's own input.
fn bad_input(code: &'static str, vi: String, en: String) -> Failure {
    Failure::new(Exit::BadInput, code, crate::output::words(vi, en))
}
