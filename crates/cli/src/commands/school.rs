//! `school`: opening one, what it still lacks; what became of it, and who goes on with its work.

mod opening;

use clap::{Args, Subcommand};
use hocba_app::{AppError, SchoolFate};
use hocba_record::types::{SchoolCode, Text};
use serde_json::json;

use super::Context;
use crate::{
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::words,
    site::{Site, app_failure},
};

/// Arguments of `school`. With a code alone it shows what became of the school.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SchoolArgs {
    #[command(subcommand)]
    command: Option<SchoolCommand>,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Debug, Subcommand)]
enum SchoolCommand {
    /// Mở trường: nhân sự, lớp, học sinh từ các danh sách / Open a school from its lists
    Open(Box<opening::OpenArgs>),
    /// Còn thiếu gì trước khi ký lớp đầu tiên / What is missing before the first class is signed
    State(opening::StateArgs),
    /// Xem hoặc nhập danh sách trường của sở / The department's list of schools
    List(opening::ListArgs),
}

#[derive(Debug, Args)]
struct ChangeArgs {
    /// Mã trường / The school
    #[arg(required = true)]
    school: Option<SchoolCode>,
    /// Đổi tên thành / It goes on under this name
    #[arg(long, value_name = "NAME", group = "change")]
    renamed: Option<Text>,
    /// Sáp nhập vào trường có mã này / It ends, and this school goes on with its work
    #[arg(long, value_name = "CODE", group = "change")]
    merged_into: Option<SchoolCode>,
    /// Tách một phần cho các trường này / These schools take over a part
    #[arg(long, value_name = "CODE", group = "change", value_delimiter = ',')]
    split_into: Vec<SchoolCode>,
    /// Giải thể / It ends
    #[arg(long, group = "change")]
    closed: bool,
    /// Trường tiếp nhận khi giải thể / Who goes on with the work of a closed school
    #[arg(long, value_name = "CODE", requires = "closed", value_delimiter = ',')]
    successor: Vec<SchoolCode>,
    /// Số quyết định / Number of the decision
    #[arg(long, requires = "change")]
    decision: Option<Text>,
    /// Người ghi, theo tên đăng nhập; bỏ qua là người vận hành / Who says so, by login; the operator where left out
    #[arg(long, requires = "change")]
    login: Option<String>,
}

/// `school`.
///
/// # Errors
/// For a school that is not here, and a change that cannot be.
pub fn run(context: &Context, args: &SchoolArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let runtime = ledger::runtime()?;
    match (&args.command, &args.change.school) {
        (Some(SchoolCommand::Open(args)), _) => runtime.block_on(opening::open(context, folder, args)),
        (Some(SchoolCommand::State(args)), _) => runtime.block_on(opening::state(context, folder, args)),
        (Some(SchoolCommand::List(args)), _) => runtime.block_on(opening::list(context, folder, args)),
        (None, Some(school)) => runtime.block_on(work(context, folder, school, &args.change)),
        (None, None) => anyhow::bail!("clap asks for one of the two"),
    }
}

async fn work(context: &Context, folder: Folder, school: &SchoolCode, args: &ChangeArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let site = Site::open(folder).await?;
    let fate = if let Some(name) = &args.renamed {
        Some(SchoolFate::Renamed { name: name.clone() })
    } else if let Some(into) = &args.merged_into {
        Some(SchoolFate::Merged { into: into.clone() })
    } else if !args.split_into.is_empty() {
        Some(SchoolFate::Split { into: args.split_into.clone() })
    } else if args.closed {
        Some(SchoolFate::Closed { successors: args.successor.clone() })
    } else {
        None
    };
    if let Some(fate) = &fate {
        let actor = match &args.login {
            Some(login) => site.app.actor(login).await.map_err(refused)?,
            None => hocba_app::Actor::LocalOperator,
        };
        let done = site.app.school_changed(&actor, school, fate, args.decision.as_ref()).await;
        done.map_err(|e| unknown(&e).unwrap_or_else(|| refused(e)))?;
    }
    let view = site.app.school(school).await.map_err(|e| unknown(&e).unwrap_or_else(|| refused(e)))?;
    let list = |codes: &[SchoolCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let name = view.name.as_ref().map(|name| format!(" – {name}")).unwrap_or_default();
    out.line(&format!("{}{name}", view.school.code));
    match view.closed_at {
        Some(at) => {
            let at = hocba_bundle::text::date(at);
            out.say(&words(format!("  đã ngừng hoạt động ngày {at}"), format!("  closed on {at}")));
        }
        None => out.say(&words("  đang hoạt động", "  open")),
    }
    if !view.successors.is_empty() {
        let (named, today) = (list(&view.successors), list(&view.today));
        out.say(&words(
            format!("  nơi tiếp nhận: {named}; hiện nay: {today}"),
            format!("  its work went to {named}; today: {today}"),
        ));
    }
    let changes: Vec<_> = view
        .changes
        .iter()
        .map(|c| {
            json!({
                "change": c.change.as_str(), "successor": c.successor, "name": c.name, "decision": c.decision, "at": c.changed_at,
            })
        })
        .collect();
    out.document(&json!({
        "command": "school", "ok": true, "school": view.school.code, "name": view.name, "closed_at": view.closed_at,
        "successors": view.successors, "today": view.today, "changes": changes, "changed": fate.is_some(),
    }));
    Ok(Exit::Ok)
}

/// A school that is not here, without the words about a spreadsheet.
fn unknown(error: &AppError) -> Option<Failure> {
    let AppError::UnknownSchool(school) = error else { return None };
    let text = words(format!("không có trường {school} ở đây"), format!("school {school} is not served here"));
    Some(Failure::new(Exit::BadInput, "unknown_school", text))
}
