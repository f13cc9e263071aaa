//! `account`: the people who work here, and tokens for their programs.

use clap::{Args, Subcommand};
use hocba_app::{Actor, AppError, NewAccount};
use hocba_record::types::{ClassName, SchoolCode, SchoolYear};
use hocba_store::model::{Grant, GrantRole};
use serde_json::json;

use super::Context;
use crate::{
    error::Exit,
    folder::Folder,
    ledger,
    output::words,
    people::read_certificates,
    site::{Site, app_failure},
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
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Tên đăng nhập / Name to log in with
    login: String,
    /// Họ và tên / Name as shown
    #[arg(long)]
    name: String,
    /// Vai trò / Role: homeroom_teacher, principal, deputy_principal, clerk, department, operator
    #[arg(long)]
    role: GrantRole,
    /// Mã trường; bỏ qua là mọi trường / School; all where left out
    #[arg(long)]
    school: Option<SchoolCode>,
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
    match command {
        AccountCommand::Add(args) => {
            let certificate = match &args.certificate {
                Some(path) => read_certificates(path)?.first().map(|c| *c.digest()),
                None => None,
            };
            let grant = Grant { role: args.role, school: args.school, class: args.year.zip(args.class) };
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
