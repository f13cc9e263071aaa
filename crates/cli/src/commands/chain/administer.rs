//! What an administrator does to the contract, one transaction each: tried first, so that a refusal costs nothing.

use clap::{Args, ValueEnum};
use hocba_bundle::facts::{Address, IssuerCode};
use hocba_chain::{Administration, FOR_EVER, Issuer, Role, Wait, administer};
use hocba_record::types::UnixTime;
use serde_json::json;

use super::target::{ChainKeyArgs, TargetArgs};
use crate::{
    commands::Context,
    day::day,
    error::{Exit, Failure},
    ledger,
    output::{Words, words},
};

/// Where a transaction goes, and who sends it.
#[derive(Debug, Clone, Args)]
pub struct SendArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    key: ChainKeyArgs,
}

/// Arguments of `chain issuer`.
#[derive(Debug, Args)]
pub struct IssuerArgs {
    /// Mã nơi cấp / Code of the issuer
    code: IssuerCode,
    /// Được ghi từ ngày (NGÀY/THÁNG/NĂM); bỏ qua là từ đầu / First day on which it may anchor; without it, always could
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<UnixTime>,
    /// Hết quyền ghi từ ngày; bỏ qua là không có hạn / First day on which it no longer may; without it, no end
    #[arg(long, value_name = "DATE", value_parser = day)]
    until: Option<UnixTime>,
    /// Đầu mã của các trường, cách nhau bằng dấu phẩy; * là mọi trường / Prefixes of its schools' codes; * for every school
    #[arg(long, value_name = "PREFIXES")]
    schools: String,
    #[command(flatten)]
    pub send: SendArgs,
}

/// Arguments of `chain grant` and `chain revoke`.
#[derive(Debug, Args)]
pub struct RoleArgs {
    /// Quyền gì / Which role
    #[arg(value_enum)]
    role: GivenRole,
    /// Của tài khoản nào / Whose
    account: Address,
    /// Ghi lô cho nơi cấp nào / The issuer it anchors for
    #[arg(long, value_name = "CODE", required_if_eq("role", "anchorer"))]
    issuer: Option<IssuerCode>,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GivenRole {
    /// Ghi lô của một nơi cấp / Anchors batches of one issuer
    Anchorer,
    /// Ghi trạng thái / Sets statuses
    StatusKeeper,
    /// Tạm dừng / Pauses
    Pauser,
}

/// Arguments of `chain hand-over`.
#[derive(Debug, Args)]
pub struct HandOverArgs {
    /// Tài khoản nhận / The account that takes it
    account: Address,
    #[command(flatten)]
    pub send: SendArgs,
}

/// What is asked for.
pub enum Asked<'a> {
    /// `issuer`.
    Issuer(&'a IssuerArgs),
    /// `grant`.
    Grant(&'a RoleArgs),
    /// `revoke`.
    Revoke(&'a RoleArgs),
    /// `pause`.
    Pause,
    /// `unpause`.
    Unpause,
    /// `hand-over`.
    HandOver(&'a HandOverArgs),
    /// `cancel-hand-over`.
    CancelHandOver,
    /// `accept`.
    Accept,
}

impl Asked<'_> {
    fn administration(&self) -> Result<Administration, Failure> {
        Ok(match self {
            Asked::Issuer(args) => Administration::SetIssuer(issuer(args)?),
            Asked::Grant(args) => Administration::Grant(role(args)?, args.account),
            Asked::Revoke(args) => Administration::Revoke(role(args)?, args.account),
            Asked::Pause => Administration::Pause,
            Asked::Unpause => Administration::Unpause,
            Asked::HandOver(args) => Administration::BeginHandOver(args.account),
            Asked::CancelHandOver => Administration::CancelHandOver,
            Asked::Accept => Administration::AcceptHandOver,
        })
    }

    /// The command's name in `--json`, and what was done.
    fn done(&self) -> (&'static str, Words) {
        match self {
            Asked::Issuer(args) => (
                "chain issuer",
                words(format!("Đã đăng ký nơi cấp {}", args.code), format!("Registered the issuer {}", args.code)),
            ),
            Asked::Grant(args) => (
                "chain grant",
                words(format!("Đã giao quyền cho {}", args.account), format!("{} has it", args.account)),
            ),
            Asked::Revoke(args) => (
                "chain revoke",
                words(format!("Đã thu quyền của {}", args.account), format!("{} no longer has it", args.account)),
            ),
            Asked::Pause => ("chain pause", words("Đã tạm dừng ghi lô", "Anchoring is paused")),
            Asked::Unpause => ("chain unpause", words("Đã cho ghi lô trở lại", "Anchoring goes on")),
            Asked::HandOver(args) => (
                "chain hand-over",
                words(
                    format!(
                        "Đã bắt đầu bàn giao quản trị cho {}; hết thời gian chờ thì nhận bằng `accept`",
                        args.account
                    ),
                    format!("The hand-over to {} has begun; `accept` ends it once the delay is over", args.account),
                ),
            ),
            Asked::CancelHandOver => {
                ("chain cancel-hand-over", words("Đã thôi bàn giao", "The hand-over was taken back"))
            }
            Asked::Accept => ("chain accept", words("Đã nhận quyền quản trị", "The administration was taken over")),
        }
    }
}

fn role(args: &RoleArgs) -> Result<Role, Failure> {
    match (args.role, &args.issuer) {
        (GivenRole::Anchorer, Some(issuer)) => Ok(Role::Anchorer(issuer.clone())),
        (GivenRole::StatusKeeper, None) => Ok(Role::StatusKeeper),
        (GivenRole::Pauser, None) => Ok(Role::Pauser),
        _ => Err(Failure::new(
            Exit::BadInput,
            "issuer",
            words("chỉ quyền ghi lô mới gắn với một nơi cấp", "only an anchorer belongs to an issuer"),
        )),
    }
}

/// As the contract wants it: prefixes sorted, none twice.
fn issuer(args: &IssuerArgs) -> Result<Issuer, Failure> {
    let seconds = |time: UnixTime| u64::try_from(time.seconds()).unwrap_or(0);
    let schools = if args.schools == "*" {
        "*".to_owned()
    } else {
        let mut prefixes: Vec<&str> = args.schools.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes.join(",")
    };
    let legible = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ',';
    if schools != "*" && !schools.chars().all(legible) {
        return Err(Failure::new(
            Exit::BadInput,
            "schools",
            words("đầu mã trường chỉ gồm A–Z và 0–9", "prefixes of school codes are of A-Z and 0-9"),
        ));
    }
    Ok(Issuer {
        code: args.code.clone(),
        from: args.from.map_or(0, seconds),
        until: args.until.map_or(FOR_EVER, seconds),
        schools,
    })
}

/// Does it and waits until it is done.
///
/// # Errors
/// When the contract refuses, with its reason; when the network does.
pub fn run(context: &Context, send: &SendArgs, asked: &Asked<'_>) -> anyhow::Result<Exit> {
    let what = asked.administration()?;
    let folder = send.target.folder(context)?;
    let receipt = ledger::runtime()?.block_on(async {
        let target = send.target.open(folder.as_ref()).await?;
        let deployment = target.operators.deployment();
        let signer = send.key.signer(context, deployment.chain)?;
        // Says whether this is the right chain with the right code there.
        ledger::connect(&target.operators).await?;
        let pool = target.operators.pool();
        let fee = target.fee().await?;
        anyhow::Ok(administer(&pool, &signer, &deployment, &what, fee, Wait::default()).await.map_err(ledger::refused)?)
    })?;
    let (command, done) = asked.done();
    let (transaction, block) = (receipt.transaction, receipt.block);
    context.out.say(&words(
        format!("{} (giao dịch {transaction}, khối {block}).", done.vi),
        format!("{} (transaction {transaction}, block {block}).", done.en),
    ));
    context.out.document(&json!({
        "command": command, "ok": true, "transaction": transaction.to_string(), "block": block,
    }));
    Ok(Exit::Ok)
}
