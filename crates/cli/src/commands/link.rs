//! `link`: a link and QR code that show one transcript to whoever has them.

use std::{io::IsTerminal as _, path::Path};

use clap::Args;
use hocba_app::{Actor, App, AppError, LinkSecret, NewLink, OpenLinkError, PaperState, Scope, link_key, link_token};
use hocba_record::encoding::{RecordId, Sha256Digest};
use hocba_server::{
    config::PublicUrl,
    qr::{Qr, Terminal},
};
use hocba_store::model::Id;
use serde_json::json;
use zeroize::Zeroizing;

use super::Context;
use crate::{
    edge::{now, read_input},
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
    #[arg(required_unless_present_any = ["withdraw", "open"])]
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
    /// Dùng mã ngắn in trên giấy (docs/paper.md); tạo khi chưa có / The short code that is printed on paper, made where there is none
    #[arg(long, conflicts_with_all = ["days", "scope", "withdraw"])]
    paper: bool,
    /// Mở liên kết hoặc mã tra cứu ghi trong tệp này; - là đầu vào chuẩn / Open the link or look-up code in this file; - is standard input
    ///
    /// Không ghi mã vào dòng lệnh: máy khác người dùng cũng đọc được / Never on the command line, which others on the machine can read.
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ["number", "days", "svg", "withdraw", "paper"])]
    open: Option<std::path::PathBuf>,
    /// Nơi ghi tệp học bạ vừa mở / Where the transcript file goes that was opened
    #[arg(long, value_name = "FILE", requires = "open")]
    out: Option<std::path::PathBuf>,
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

/// Makes the link that stands on paper, or finds the one that was made.
///
/// # Errors
/// When the record is not anchored.
async fn paper(app: &App, base_url: &PublicUrl, record: &RecordId) -> Result<Option<Made>, AppError> {
    app.make_paper_link(&Actor::LocalOperator, record).await?;
    let sheet = app.print_record(&Actor::LocalOperator, record).await?;
    let (PaperState::Code(code), Some(id)) = (&sheet.paper, sheet.link) else { return Ok(None) };
    Ok(Some(Made { id, url: base_url.code_link(code) }))
}

/// Opens a link or a code, and writes what is behind it: a file like any other, to be verified.
async fn open(context: &Context, app: &App, from: &Path, to: &Path) -> anyhow::Result<Exit> {
    let out = &context.out;
    let typed = Zeroizing::new(read_input(from, 4096)?);
    let typed = Zeroizing::new(String::from_utf8_lossy(&typed).trim().to_owned());
    let secret = typed.rsplit('#').next().and_then(LinkSecret::from_text).ok_or_else(|| {
        Failure::new(
            Exit::BadInput,
            "code_mistyped",
            words("mã hoặc liên kết bị chép sai", "the code or link is mistyped"),
        )
    })?;
    let token = link_token(&secret);
    let content = app.open_link(&token).await.map_err(|error| link_failure(error, out))?;
    let hash = Sha256Digest::of(&token);
    let bundle = hocba_keystore::unseal(&link_key(&secret), &content.nonce, hash.as_bytes(), &content.bytes);
    let bundle = bundle.map_err(|_| {
        let text = words("học bạ không mở được bằng liên kết này", "the transcript does not open with this link");
        Failure::new(Exit::BadInput, "link_sealed", text)
    })?;
    write_whole(to, &bundle)?;
    let name = to.display();
    out.say(&words(
        format!("Đã mở: {name}. Kiểm tra: hocba verify {name}"),
        format!("Opened: {name}. Verify it: hocba verify {name}"),
    ));
    out.document(&json!({ "command": "link", "ok": true, "file": to }));
    Ok(Exit::Ok)
}

fn link_failure(error: OpenLinkError, out: &Output) -> Failure {
    match error {
        OpenLinkError::Unknown => {
            let text = words("không có liên kết nào như vậy ở đây", "there is no such link here");
            Failure::new(Exit::BadInput, "link_unknown", text)
        }
        OpenLinkError::Expired { .. } => {
            Failure::new(Exit::BadInput, "link_expired", words("liên kết đã hết hạn", "the link ended"))
        }
        OpenLinkError::Withdrawn { .. } => {
            Failure::new(Exit::BadInput, "link_withdrawn", words("liên kết đã bị thu hồi", "the link was withdrawn"))
        }
        OpenLinkError::App(error) => app_failure(&error, out.lang),
    }
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
    if let (Some(from), Some(to)) = (&args.open, &args.out) {
        return open(context, &site.app, from, to).await;
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
    let made = if args.paper {
        let made = paper(&site.app, &base_url, &line.record).await.map_err(refused)?;
        made.ok_or_else(|| refused(AppError::NotAnchored))?
    } else {
        link(&site.app, &base_url, &line.record, args.scope, args.days).await.map_err(refused)?
    };
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
