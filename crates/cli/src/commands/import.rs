//! `import` and `check`: a spreadsheet becomes drafts, or all its faults are shown at once.

use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

use clap::Args;
use hocba_app::{Actor, App, Import, Imported};
use hocba_store::model::LeftOut;
use hocba_workbook::{Finding, Limits, Words};
use serde_json::json;

use super::Context;
use crate::{
    edge::read_input,
    error::Exit,
    folder::Folder,
    ledger,
    output::{Output, words},
    report::{documents, table},
    site::{Site, app_failure, list},
};

/// Arguments of `import` and `check`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Bảng tính của lớp (.xlsx) hoặc CSV / Class workbook or CSV; - reads standard input
    file: PathBuf,
    /// Để lại học sinh này, làm tiếp với cả lớp / Go on without this pupil: 7=waiting_for_reassessment
    ///
    /// Lý do / Reasons: waiting_for_reassessment (chờ kiểm tra lại), incomplete (chưa đủ điểm), transferred (đã chuyển
    /// đi), other (lý do khác). Dùng được nhiều lần / May be given several times.
    #[arg(long, value_name = "NUMBER=REASON")]
    leave_out: Vec<LeaveOut>,
}

/// A pupil left out, and why.
#[derive(Debug, Clone, Copy)]
pub struct LeaveOut(u32, LeftOut);

impl FromStr for LeaveOut {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}`: 7=waiting_for_reassessment");
        let (number, reason) = text.split_once('=').ok_or_else(wrong)?;
        Ok(Self(number.trim().parse().map_err(|_| wrong())?, reason.trim().parse().map_err(|_| wrong())?))
    }
}

impl ImportArgs {
    fn import(&self) -> Import {
        let leave_out: BTreeMap<u32, LeftOut> = self.leave_out.iter().map(|l| (l.0, l.1)).collect();
        Import { leave_out }
    }
}

/// Imports a spreadsheet.
///
/// # Errors
/// A failure with all findings; see [`App::import`].
pub async fn import(site: &Site, bytes: &[u8], import: &Import, out: &Output) -> anyhow::Result<Imported> {
    Ok(site.app.import(&Actor::LocalOperator, bytes, import).await.map_err(|e| app_failure(&e, out.lang))?)
}

fn show(out: &Output, command: &str, findings: &[Finding], done: &Words, more: &serde_json::Value) {
    if !findings.is_empty() {
        out.line(&table(findings, out.lang));
    }
    out.say(done);
    let mut document = json!({ "command": command, "ok": true, "findings": documents(findings) });
    if let (Some(document), Some(more)) = (document.as_object_mut(), more.as_object()) {
        document.extend(more.clone());
    }
    out.document(&document);
}

/// `import`.
///
/// # Errors
/// See [`import`].
pub fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let bytes = read_input(&args.file, Limits::default().input_bytes)?;
    let imported = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        import(&site, &bytes, &args.import(), &context.out).await
    })?;
    let Imported { class, ready, left_out, unchanged, warnings } = imported;
    let (mut vi, mut en) = (format!("Đã nhập {ready} học sinh"), format!("Imported {ready} pupils"));
    if !left_out.is_empty() {
        vi.push_str(&format!(", để lại STT {}", list(&left_out)));
        en.push_str(&format!(", left out numbers {}", list(&left_out)));
    }
    if unchanged > 0 {
        vi.push_str(&format!(", {unchanged} đã ký và giữ nguyên"));
        en.push_str(&format!(", {unchanged} signed before and unchanged"));
    }
    let done = words(format!("{vi}. Tiếp theo: hocba sign"), format!("{en}. Next: hocba sign"));
    let more = json!({
        "class": class.to_string(), "pupils": ready, "left_out": left_out, "unchanged": unchanged,
    });
    show(&context.out, "import", &warnings, &done, &more);
    Ok(Exit::Ok)
}

/// `check`: all checks of a spreadsheet, nothing written.
///
/// # Errors
/// With the findings where something has to be mended.
pub fn run_check(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let bytes = read_input(&args.file, Limits::default().input_bytes)?;
    let findings = App::look_at(&bytes, &args.import()).map_err(|e| app_failure(&e, context.out.lang))?;
    let n = findings.len();
    let done = words(format!("Không có lỗi; {n} chỗ nên xem lại."), format!("No error; {n} places deserve a look."));
    show(&context.out, "check", &findings, &done, &json!({}));
    Ok(Exit::Ok)
}
