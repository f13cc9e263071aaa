//! `chain close`: the end of an era.
//!
//! In this order, each step found done when the command is run again: the department signs what the register holds, the
//! contract is told, the closed register is kept as a snapshot that the trust profile's closing digest stands for.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use hocba_bundle::{
    closing::{ClosingStatement, MAX_CLOSING_BYTES},
    facts::CheckedFacts,
    text::date_time,
};
use hocba_chain::{Administration, Wait, administer};
use hocba_signature::statement::{Role, Statement, StatementType};
use serde_json::json;

use super::target::{ChainKeyArgs, Target, TargetArgs};
use crate::{
    commands::{Context, snapshot},
    edge::{now, read_input},
    error::{Exit, Failure},
    folder::{Folder, write_whole},
    ledger::{self, ERAS},
    output::words,
    people::{KeyArgs, Person, read_certificates},
};

/// Arguments of `chain close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    chain_key: ChainKeyArgs,
    /// Văn bản khoá sổ do sở đã ký ở máy khác, cùng --certificate / A closing statement signed elsewhere, with --certificate
    #[arg(long, value_name = "FILE", requires = "certificate", conflicts_with_all = ["key", "pkcs11_module", "remote"])]
    statement: Option<PathBuf>,
    /// Chỉ ký văn bản khoá sổ, chưa khoá / Only sign the statement, close nothing
    #[arg(long, conflicts_with = "statement")]
    sign_only: bool,
    #[command(flatten)]
    key: KeyArgs,
}

/// How long to wait for a closing to settle.
const SETTLES: Wait = Wait { every: Duration::from_secs(1), looks: 60 };

/// `chain close`.
///
/// # Errors
/// When the register moved since the statement was signed; when the contract or the network refuses.
pub fn run(context: &Context, args: &CloseArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let out = context.out;
    ledger::runtime()?.block_on(async {
        let target = args.target.open(Some(&folder)).await?;
        let (mut facts, _) = ledger::facts(&target.operators, target.finality).await?;
        let (chain, contract) = (facts.facts().chain, facts.facts().contract);
        let name = format!("{ERAS}/{chain}-{contract}");
        let statement_file = format!("{name}.closing.json");
        if facts.facts().closing.is_none() {
            let statement = statement(&folder, args, &facts, &statement_file)?;
            if args.sign_only {
                let path = folder.path(&statement_file);
                out.say(&words(
                    format!("Đã ký văn bản khoá sổ: {}. Chưa khoá.", path.display()),
                    format!("Signed the closing statement: {}. Nothing is closed.", path.display()),
                ));
                out.document(&json!({
                    "command": "chain close", "ok": true, "closed": false, "statement": path,
                    "leaf": statement.leaf_hash(),
                }));
                return Ok(Exit::Ok);
            }
            close(context, args, &target, &facts, &statement).await?;
            facts = settled(&target).await?;
        }
        let (Some(closing), Some(closed)) = (facts.closing_digest(), facts.facts().closing.clone()) else {
            anyhow::bail!("a closed era has a closing digest");
        };
        let path = folder.path(&format!("{name}.hocba-snapshot.json"));
        let statuses = match snapshot::statements(folder.clone()).await {
            Ok(statuses) => statuses,
            Err(error) => {
                out.note(&words(
                    format!("bản chụp không có văn bản trạng thái: {error:#}"),
                    format!("no status statements in the snapshot: {error:#}"),
                ));
                Default::default()
            }
        };
        write_whole(&path, &snapshot::of(&facts, statuses).to_bytes())?;
        let last = facts.facts().batches.len().checked_sub(1);
        out.say(&words(
            format!(
                "Sổ chung {contract} đã khoá lúc {}. Mã khoá sổ: {closing}\n  Bản chụp: {}\n  Tiếp theo: `hocba chain \
                 deploy --predecessor {}`, rồi `hocba profile next`, `hocba chain move`",
                date_time(closed.time),
                path.display(),
                path.display()
            ),
            format!(
                "The register {contract} was closed at {}. Closing digest: {closing}\n  Snapshot: {}\n  Next: `hocba chain \
                 deploy --predecessor {}`, then `hocba profile next`, `hocba chain move`",
                date_time(closed.time),
                path.display(),
                path.display()
            ),
        ));
        out.document(&json!({
            "command": "chain close", "ok": true, "closed": true, "chain": chain, "contract": contract,
            "closing": closing, "closed_at": closed.time, "leaf": closed.statement, "last": last, "snapshot": path,
        }));
        Ok(Exit::Ok)
    })
}

/// The signed statement: given, signed before and still true, or signed now.
fn statement(folder: &Folder, args: &CloseArgs, facts: &CheckedFacts, file: &str) -> anyhow::Result<Statement> {
    let is =
        ClosingStatement::of(facts.facts()).ok_or_else(|| anyhow::anyhow!("facts from a node have a status log"))?;
    if let (Some(path), Some(certificate)) = (&args.statement, &args.key.certificate) {
        let bytes = read_input(path, MAX_CLOSING_BYTES)?;
        let name = path.display();
        let refused = |vi: &str, en: String| {
            Failure::new(Exit::BadInput, "closing", words(format!("{name}: {vi}"), format!("{name}: {en}")))
        };
        let certificates = read_certificates(certificate)?;
        let certificate = certificates.first().ok_or_else(|| anyhow::anyhow!("a certificate file has one"))?;
        let (said, statement) = ClosingStatement::open(&bytes, certificate)
            .map_err(|e| refused("không phải văn bản khoá sổ do chứng thư này ký", e.to_string()))?;
        if said != is {
            return Err(moved().into());
        }
        folder.write(file, &bytes)?;
        return Ok(statement);
    }
    let person = Person::open(folder, Role::Department, &args.key)?;
    if let Some(bytes) = folder.read(file)?
        && let Ok((said, statement)) = ClosingStatement::open(&bytes, person.certificate())
        && said == is
    {
        return Ok(statement);
    }
    let unsigned = Statement::unsigned(is.to_bytes());
    let statement = person.sign(unsigned, StatementType::Closing, Role::Department, now())?;
    folder.write(file, &statement.to_bytes())?;
    Ok(statement)
}

fn moved() -> Failure {
    Failure::new(
        Exit::Order,
        "closing_moved",
        words(
            "sau khi văn bản khoá sổ được ký, sổ chung đã ghi thêm",
            "the register holds more than when the closing statement was signed",
        ),
    )
    .hint(words(
        "tạm dừng ghi (`hocba chain pause`), đợi mọi lô có hiệu lực, rồi ký lại",
        "pause anchoring (`hocba chain pause`), wait until every batch is settled, and sign again",
    ))
}

async fn close(
    context: &Context,
    args: &CloseArgs,
    target: &Target,
    facts: &CheckedFacts,
    statement: &Statement,
) -> anyhow::Result<()> {
    let is =
        ClosingStatement::of(facts.facts()).ok_or_else(|| anyhow::anyhow!("facts from a node have a status log"))?;
    let deployment = target.operators.deployment();
    let signer = args.chain_key.signer(context, deployment.chain)?;
    let what = Administration::Close {
        head: (is.batches, is.head),
        status_head: (is.statuses, is.status_head),
        statement: statement.leaf_hash(),
    };
    let fee = target.fee().await?;
    let pool = target.operators.pool();
    match administer(&pool, &signer, &deployment, &what, fee, Wait::default()).await {
        Ok(_) => Ok(()),
        Err(hocba_chain::ClientError::Reverted(
            hocba_chain::Revert::IndexMismatch { .. }
            | hocba_chain::Revert::PrevDigestMismatch { .. }
            | hocba_chain::Revert::StatusIndexMismatch { .. }
            | hocba_chain::Revert::StatusDigestMismatch { .. },
        )) => Err(moved().into()),
        Err(error) => Err(ledger::refused(error).into()),
    }
}

/// The facts once enough operators say that it is closed.
async fn settled(target: &Target) -> anyhow::Result<CheckedFacts> {
    for _ in 0..SETTLES.looks {
        let (facts, _) = ledger::facts(&target.operators, target.finality).await?;
        if facts.facts().closing.is_some() {
            return Ok(facts);
        }
        tokio::time::sleep(SETTLES.every).await;
    }
    Err(Failure::new(
        Exit::Chain,
        "closing_unsettled",
        words("đã gửi lệnh khoá sổ, nhưng chưa đủ khối xác nhận", "the closing was sent, but it is not settled yet"),
    )
    .hint(words("lát nữa chạy lại lệnh này", "run this command again in a while"))
    .into())
}
