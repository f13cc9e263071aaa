//! `account`: the people who work here, how they get in, and tokens for their programs.

mod paper;

use std::{fs::OpenOptions, io::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use hocba_app::{
    AccessError, Actor, App, AppError, NewAccount,
    access::{AccountState, MAX_SLIPS, Slip},
};
use hocba_bundle::text::date_time;
use hocba_record::types::{ClassName, SchoolCode, SchoolPrefix, SchoolYear};
use hocba_store::model::{Account, Grant, GrantRole, Id};
use serde_json::json;

use super::Context;
use crate::{
    error::Exit,
    folder::Folder,
    ledger,
    output::words,
    people::read_certificates,
    site::{Site, access_failure, app_failure},
};

/// Arguments of `account`.
#[derive(Debug, Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Thêm tài khoản / Add an account
    Add(AddArgs),
    /// Xem danh sách tài khoản / List accounts
    List,
    /// Ghi chứng thư mà người này ký bằng / Enrol the certificate a person signs with
    Enrol(EnrolArgs),
    /// Tạo mã truy cập, chỉ hiện một lần / Make a token, shown once
    Token(TokenArgs),
    /// In phiếu kích hoạt cho những người của trường chưa kích hoạt / Print slips for those of a school without a password
    Slips(SlipsArgs),
    /// Xóa mật khẩu và mã xác nhận, làm phiếu mới / Take password and second factor away, make a slip
    Reset(WhoArgs),
    /// Khóa tài khoản / Lock an account
    Lock(WhoArgs),
    /// Mở khóa tài khoản / Unlock an account
    Unlock(WhoArgs),
    /// Xem tài khoản đang đăng nhập ở đâu / Where an account is signed in
    Sessions(WhoArgs),
    /// Chấm dứt phiên đăng nhập / End sessions
    EndSession(EndArgs),
    /// Gắn tài khoản với người này ở nơi đăng nhập OpenID Connect / Link an account to somebody of the OpenID Connect provider
    Link(LinkArgs),
    /// Gỡ tài khoản khỏi nơi đăng nhập OpenID Connect / Take the link away
    Unlink(WhoArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Tên đăng nhập / Name to log in with
    login: String,
    /// Họ và tên / Name as shown
    #[arg(long)]
    name: String,
    /// Vai trò / Role: homeroom_teacher, principal, deputy_principal, clerk, department, operator,
    /// school_administrator
    #[arg(long)]
    role: GrantRole,
    /// Mã trường; bỏ qua là mọi trường / School; all where left out
    #[arg(long)]
    school: Option<SchoolCode>,
    /// Sở, phòng: phần đầu của mã các trường / Department: how the codes of its schools begin
    #[arg(long, conflicts_with = "school")]
    prefix: Option<SchoolPrefix>,
    /// Lớp, kèm --year; bỏ qua là mọi lớp / Class, with --year; all where left out
    #[arg(long, requires = "year", requires = "school")]
    class: Option<ClassName>,
    /// Năm học / School year: 2026-2027
    #[arg(long, requires = "class")]
    year: Option<SchoolYear>,
    /// Chứng thư chữ ký số của người này / Their signing certificate (PEM)
    #[arg(long, value_name = "FILE")]
    certificate: Option<std::path::PathBuf>,
}

#[derive(Debug, Args)]
struct EnrolArgs {
    /// Tên đăng nhập / Whose
    login: String,
    /// Chứng thư của người này, rồi nơi cấp (PEM) / Their certificate, its issuers after it
    #[arg(long, value_name = "FILE")]
    certificate: std::path::PathBuf,
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// Tên đăng nhập / Whose
    login: String,
    /// Số ngày có hiệu lực / Days that it works
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
}

#[derive(Debug, Args)]
struct SlipsArgs {
    /// Mã trường / School
    #[arg(long)]
    school: SchoolCode,
    /// Ghi trang A4 để in, tám phiếu một trang; không ghi đè / Write a page to print, eight slips to an A4 page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Địa chỉ trang của hệ thống, in trên phiếu / Where the pages are, printed on the slips
    #[arg(long, value_name = "URL")]
    address: Option<String>,
}

#[derive(Debug, Args)]
struct WhoArgs {
    /// Tên đăng nhập / Whose
    login: String,
}

#[derive(Debug, Args)]
struct LinkArgs {
    /// Tên đăng nhập / Whose
    login: String,
    /// Mã `sub` của người này ở đó / Their `sub` there
    #[arg(long)]
    subject: String,
}

#[derive(Debug, Args)]
struct EndArgs {
    /// Tên đăng nhập / Whose
    login: String,
    /// Mã phiên; bỏ qua là mọi phiên / Which session; all where left out
    #[arg(long)]
    session: Option<Id>,
}

/// `account`.
///
/// # Errors
/// For a login that is taken or unknown.
pub fn run(context: &Context, args: AccountArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(work(context, folder, args.command))
}

async fn work(context: &Context, folder: Folder, command: AccountCommand) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let site = Site::open(folder).await?;
    let operator = Actor::LocalOperator;
    let refused_access = |e: AccessError| access_failure(&e, out.lang);
    match command {
        AccountCommand::Slips(args) => return slips(context, &site, args).await,
        AccountCommand::Reset(who) => {
            let account = find(&site.app, &who.login).await.map_err(refused)?;
            let slip = site.app.reset_account(&operator, &account.id).await.map_err(refused_access)?;
            show(context, &[slip]);
        }
        AccountCommand::Lock(who) => {
            let account = find(&site.app, &who.login).await.map_err(refused)?;
            site.app.lock_account(&operator, &account.id).await.map_err(refused_access)?;
            out.say(&words(format!("Đã khóa {}", account.login), format!("Locked {}", account.login)));
            out.document(&json!({ "command": "account", "ok": true, "id": account.id.to_string() }));
        }
        AccountCommand::Unlock(who) => {
            let account = find(&site.app, &who.login).await.map_err(refused)?;
            site.app.unlock_account(&operator, &account.id).await.map_err(refused_access)?;
            out.say(&words(format!("Đã mở khóa {}", account.login), format!("Unlocked {}", account.login)));
            out.document(&json!({ "command": "account", "ok": true, "id": account.id.to_string() }));
        }
        AccountCommand::Sessions(who) => {
            let account = find(&site.app, &who.login).await.map_err(refused)?;
            let lines = site.app.account_sessions(&operator, &account.id).await.map_err(refused_access)?;
            for line in &lines {
                out.line(&format!("{}  {:<24} {}", line.id, line.label, date_time(line.seen_at)));
            }
            let lines: Vec<_> = lines
                .iter()
                .map(|line| {
                    json!({
                        "id": line.id.to_string(), "label": line.label, "created_at": line.created_at.seconds(),
                        "seen_at": line.seen_at.seconds(), "expires_at": line.expires_at.seconds(),
                    })
                })
                .collect();
            out.document(&json!({ "command": "account", "ok": true, "sessions": lines }));
        }
        AccountCommand::EndSession(args) => {
            let account = find(&site.app, &args.login).await.map_err(refused)?;
            let ended = site.app.end_session_of(&operator, &account.id, args.session.as_ref()).await;
            let ended = ended.map_err(refused_access)?;
            out.say(&words(format!("Đã chấm dứt {ended} phiên"), format!("Ended {ended} sessions")));
            out.document(&json!({ "command": "account", "ok": true, "ended": ended }));
        }
        AccountCommand::Link(args) => {
            let account = find(&site.app, &args.login).await.map_err(refused)?;
            site.app.link_openid(&operator, &account.id, &args.subject).await.map_err(refused_access)?;
            out.say(&words(format!("Đã gắn {}", account.login), format!("Linked {}", account.login)));
            out.document(&json!({ "command": "account", "ok": true, "id": account.id.to_string() }));
        }
        AccountCommand::Unlink(who) => {
            let account = find(&site.app, &who.login).await.map_err(refused)?;
            let was = site.app.unlink_openid(&operator, &account.id).await.map_err(refused_access)?;
            out.say(&match was {
                true => words(format!("Đã gỡ {}", account.login), format!("Unlinked {}", account.login)),
                false => words(
                    format!("{} không gắn với nơi nào", account.login),
                    format!("{} was not linked", account.login),
                ),
            });
            out.document(&json!({ "command": "account", "ok": true, "unlinked": was }));
        }
        AccountCommand::Add(args) => {
            let certificate = match &args.certificate {
                Some(path) => read_certificates(path)?.first().map(|c| *c.digest()),
                None => None,
            };
            let grant =
                Grant { role: args.role, school: args.school, prefix: args.prefix, class: args.year.zip(args.class) };
            let new = NewAccount { login: args.login, name: args.name, certificate, grants: vec![grant] };
            let account = site.app.add_account(&operator, new).await.map_err(refused)?;
            let login = &account.login;
            out.say(&words(format!("Đã thêm tài khoản {login}"), format!("Added the account {login}")));
            out.document(&json!({ "command": "account", "ok": true, "id": account.id.to_string() }));
        }
        AccountCommand::Enrol(args) => {
            let chain: Vec<Vec<u8>> = read_certificates(&args.certificate)?.iter().map(|c| c.der().to_vec()).collect();
            let account = site.app.store().read().await?.account_of_login(&args.login).await?;
            let account = account.ok_or_else(|| refused(AppError::NotFound("account")))?;
            let new = site.app.enrol_certificate(&operator, &account.id, &chain).await.map_err(refused)?;
            let login = &args.login;
            out.say(&match new {
                true => words(format!("Đã ghi chứng thư của {login}"), format!("Enrolled the certificate of {login}")),
                false => words(format!("{login} đã có chứng thư này"), format!("{login} has this certificate")),
            });
            out.document(&json!({ "command": "account enrol", "ok": true, "login": login, "new": new }));
        }
        AccountCommand::List => {
            let accounts = site.app.store().read().await?.accounts().await?;
            for account in &accounts {
                let roles: Vec<&str> = account.grants.iter().map(|g| g.role.as_str()).collect();
                out.line(&format!("{:<16} {:<28} {}", account.login, account.name, roles.join(", ")));
            }
            let logins: Vec<&str> = accounts.iter().map(|a| a.login.as_str()).collect();
            out.document(&json!({ "command": "account", "ok": true, "accounts": logins }));
        }
        AccountCommand::Token(args) => {
            let account = site.app.store().read().await?.account_of_login(&args.login).await?;
            let account = account.ok_or_else(|| refused(AppError::NotFound("account")))?;
            let made = site.app.add_token(&operator, &account.id, args.days * 86_400).await.map_err(refused)?;
            if !out.json {
                out.line(&made.token);
            }
            out.note(&words(
                "giữ kín mã này; nó không được hiện lại",
                "keep this token to yourself; it is not shown again",
            ));
            out.document(&json!({
                "command": "account", "ok": true, "token": made.token, "expires_at": made.expires_at.seconds(),
            }));
        }
    }
    Ok(Exit::Ok)
}

async fn find(app: &App, login: &str) -> Result<Account, AppError> {
    let account = app.store().read().await?.account_of_login(login).await?;
    account.ok_or(AppError::NotFound("account"))
}

/// Slips for everyone of a school who has no password yet.
async fn slips(context: &Context, site: &Site, args: SlipsArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let operator = Actor::LocalOperator;
    let refused = |e: AccessError| access_failure(&e, out.lang);
    // Made before the slips: those before them are void as soon as there are new ones.
    let file = args.html.as_ref().map(|path| new_file(path)).transpose()?;
    let lines = site.app.school_accounts(&operator, &args.school).await.map_err(refused)?;
    let waiting = |state| matches!(state, AccountState::New | AccountState::Invited(_) | AccountState::SlipOver);
    let ids: Vec<Id> = lines.iter().filter(|l| waiting(l.state)).map(|l| l.account.id).collect();
    let mut slips = Vec::new();
    for ids in ids.chunks(MAX_SLIPS) {
        slips.extend(site.app.make_slips(&operator, ids).await.map_err(refused)?);
    }
    match file {
        Some(mut file) => {
            let html = paper::page(&slips, args.school.as_str(), args.address.as_deref());
            file.write_all(html.as_bytes()).and_then(|()| file.sync_all()).context("the page could not be written")?;
            let count = slips.len();
            out.say(&words(format!("Đã ghi {count} phiếu"), format!("Wrote {count} slips")));
            out.note(&words(
                "in xong hãy xóa tệp này: ai có mã trên phiếu đều kích hoạt được",
                "delete the file when it is printed: whoever has a code can activate",
            ));
            out.document(&json!({ "command": "account", "ok": true, "slips": count }));
        }
        None => show(context, &slips),
    }
    Ok(Exit::Ok)
}

/// A file of the owner's only, where there is none.
fn new_file(path: &std::path::Path) -> anyhow::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("{} could not be made", path.display()))
}

/// Shows slips, once.
fn show(context: &Context, slips: &[Slip]) {
    let out = &context.out;
    for slip in slips {
        out.line(&format!("{:<16} {:<28} {}  {}", slip.login, slip.name, slip.code, date_time(slip.expires_at)));
    }
    out.note(&words("trao tận tay; mã không được hiện lại", "hand them over yourself; a code is not shown again"));
    let slips: Vec<_> = slips
        .iter()
        .map(|s| json!({ "login": s.login, "code": s.code, "expires_at": s.expires_at.seconds() }))
        .collect();
    out.document(&json!({ "command": "account", "ok": true, "slips": slips }));
}
