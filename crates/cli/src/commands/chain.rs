//! `chain`: the contract and the accounts on it. Alone, it serves a demonstration's chain.
//!
//! What a department does with its register, one command each: look, deploy, register issuers, give and take roles, pause,
//! hand the administration over, close an era. `docs/anchoring.md` says in which order.

mod administer;
mod close;
mod deploy;
mod move_on;
mod serve;
mod show;
mod target;

use clap::{Args, Subcommand};

pub use serve::listen;

use super::Context;
use crate::error::Exit;

/// Arguments of `chain`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ChainArgs {
    #[command(flatten)]
    serve: serve::PortArgs,
    #[command(subcommand)]
    command: Option<ChainCommand>,
}

#[derive(Debug, Subcommand)]
enum ChainCommand {
    /// Xem hợp đồng đang ghi gì, ai được làm gì / What the contract holds, and who may do what
    Show(target::TargetArgs),
    /// Xem địa chỉ tài khoản của một khoá / The account of a key
    Address(target::ChainKeyArgs),
    /// Tạo hợp đồng mới / Deploy the contract
    Deploy(deploy::DeployArgs),
    /// Đăng ký nơi cấp, hoặc đổi hạn và trường / Register an issuer, or change its interval and schools
    Issuer(administer::IssuerArgs),
    /// Giao quyền cho một tài khoản / Give a role to an account
    Grant(administer::RoleArgs),
    /// Thu quyền của một tài khoản / Take a role from an account
    Revoke(administer::RoleArgs),
    /// Tạm dừng ghi lô; vẫn xem được, vẫn ghi trạng thái được / Stop anchoring; reading and statuses go on
    Pause(administer::SendArgs),
    /// Cho ghi lô trở lại / Let anchoring go on
    Unpause(administer::SendArgs),
    /// Bắt đầu bàn giao quyền quản trị / Begin to hand the administration over
    HandOver(administer::HandOverArgs),
    /// Thôi bàn giao / Take the hand-over back
    CancelHandOver(administer::SendArgs),
    /// Nhận bàn giao, bằng khoá của người nhận / Accept it, with the key of who takes it
    Accept(administer::SendArgs),
    /// Khoá sổ của hợp đồng này, vĩnh viễn / Close this contract's era, for good
    Close(Box<close::CloseArgs>),
    /// Chuyển thư mục dữ liệu sang hợp đồng nối tiếp / Move the data folder to the successor
    Move(move_on::MoveArgs),
}

/// `chain`.
///
/// # Errors
/// Those of what is asked for.
pub fn run(context: &Context, args: &ChainArgs) -> anyhow::Result<Exit> {
    use administer::Asked;
    match &args.command {
        None => serve::run(context, &args.serve),
        Some(ChainCommand::Show(args)) => show::run(context, args),
        Some(ChainCommand::Address(args)) => show::address(context, args),
        Some(ChainCommand::Deploy(args)) => deploy::run(context, args),
        Some(ChainCommand::Close(args)) => close::run(context, args),
        Some(ChainCommand::Move(args)) => move_on::run(context, args),
        Some(ChainCommand::Issuer(args)) => administer::run(context, &args.send, &Asked::Issuer(args)),
        Some(ChainCommand::Grant(args)) => administer::run(context, &args.send, &Asked::Grant(args)),
        Some(ChainCommand::Revoke(args)) => administer::run(context, &args.send, &Asked::Revoke(args)),
        Some(ChainCommand::Pause(send)) => administer::run(context, send, &Asked::Pause),
        Some(ChainCommand::Unpause(send)) => administer::run(context, send, &Asked::Unpause),
        Some(ChainCommand::HandOver(args)) => administer::run(context, &args.send, &Asked::HandOver(args)),
        Some(ChainCommand::CancelHandOver(send)) => administer::run(context, send, &Asked::CancelHandOver),
        Some(ChainCommand::Accept(send)) => administer::run(context, send, &Asked::Accept),
    }
}
