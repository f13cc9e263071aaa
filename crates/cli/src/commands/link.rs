//! `link`: a link and QR code that show one transcript to whoever has them.

use std::io::IsTerminal as _;

use clap::Args;
use hocba_app::{Actor, App, AppError, NewLink, Scope};
use hocba_record::encoding::RecordId;
use hocba_server::{
    config::PublicUrl,
    qr::{Qr, Terminal},
};
use hocba_store::model::Id;
use serde_json::json;

use super::Context;
use crate::{
    edge::now,
    error::{Exit, Failure},
    folder::{Folder, write_whole},
    ledger,
    output::{Output, words},
    site::{ClassChoice, Site, app_failure},
};

/// Arguments of `link`.
#[derive(Debug, Args)]
pub struct LinkArgs {
    /// Số thứ tự của học sinh trong lớp / Pupil's number in the class list
    #[arg(required_unless_present = "withdraw")]
    number: Option<u32>,
    /// Lớp; bỏ qua được khi chỉ có một lớp / Class, if there are several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
    /// Cho xem bao nhiêu / How much is shown: whole, results, identity_and_completion
    #[arg(long, default_value = "whole")]
    scope: Scope,
    /// Số ngày xem được; bỏ qua là đến khi thu hồi / Days that it opens; until withdrawn where left out
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3660))]
    days: Option<i64>,
    /// Lưu mã QR thành ảnh SVG / Also write the QR code as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<std::path::PathBuf>,
    /// Thu hồi liên kết có mã này / Withdraw the link of this id
    // One in sixty-four ids begins with a hyphen.
    #[arg(long, value_name = "ID", allow_hyphen_values = true, conflicts_with_all = ["number", "days", "svg"])]
    withdraw: Option<Id>,
}

/// A link made, as people get it.
#[derive(Debug, Clone)]
pub struct Made {
    /// To withdraw it by.
    pub id: Id,
    /// `https://…/v#…`
    pub url: String,
}

/// Makes a link to a record.
///
/// # Errors
/// When the record is not anchored.
pub async fn link(
    app: &App,
    base_url: &PublicUrl,
    record: &RecordId,
    scope: Scope,
    days: Option<i64>,
) -> Result<Made, AppError> {
    let expires_at = days.map(|days| now().plus(days * 86_400));
    let NewLink { id, secret } = app.create_link(&Actor::LocalOperator, record, scope, expires_at).await?;
    Ok(Made { id, url: base_url.link(&secret) })
}

/// Shows a link with its QR code.
pub fn show(out: &Output, made: &Made) {
    if let Ok(code) = Qr::of(&made.url) {
        let how = if std::io::stdout().is_terminal() { Terminal::Colours } else { Terminal::Plain };
        out.line(&code.terminal(how));
    }
    out.line(&made.url);
}

/// `link`.
///
/// # Errors
/// When the folder does not know its pages' address, when the record is not anchored.
pub fn run(context: &Context, args: &LinkArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(work(context, folder, args))
}

async fn work(context: &Context, folder: Folder, args: &LinkArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let base_url = folder.config().base_url.clone();
    let site = Site::open(folder).await?;
    if let Some(id) = &args.withdraw {
        site.app.withdraw_link(&Actor::LocalOperator, id).await.map_err(refused)?;
        out.say(&words("Đã thu hồi liên kết.", "The link is withdrawn."));
        out.document(&json!({ "command": "link", "ok": true, "withdrawn": id.to_string() }));
        return Ok(Exit::Ok);
    }
    let base_url = base_url.ok_or_else(|| {
        Failure::new(
            Exit::BadInput,
            "no_base_url",
            words("chưa biết địa chỉ trang tra cứu", "the address of the pages is not known"),
        )
        .hint(words("chạy `hocba serve --base-url https://…` một lần", "run `hocba serve --base-url https://…` once"))
    })?;
    let class = site.class(args.class.as_ref()).await?;
    let number = args.number.unwrap_or_default();
    let lines = site.app.store().read().await?.record_lines(&class.id).await?;
    let line = lines.iter().find(|l| l.number == number).ok_or_else(|| refused(AppError::UnknownNumber(number)))?;
    let made = link(&site.app, &base_url, &line.record, args.scope, args.days).await.map_err(refused)?;
    if let Some(path) = &args.svg {
        write_whole(path, Qr::of(&made.url)?.svg("Mã QR").as_bytes())?;
    }
    if !out.json {
        show(out, &made);
    }
    out.say(&words(
        format!("Ai có liên kết này đều xem được. Thu hồi: hocba link --withdraw {}", made.id),
        format!("Whoever has this link sees the transcript. Withdraw it: hocba link --withdraw {}", made.id),
    ));
    out.document(&json!({ "command": "link", "ok": true, "id": made.id.to_string(), "url": made.url }));
    Ok(Exit::Ok)
}
