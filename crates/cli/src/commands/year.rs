//! `year`: a school's years: opened, rolled over into the next one, closed.

use std::{collections::BTreeMap, path::Path, path::PathBuf};

use clap::{Args, Subcommand};
use hocba_app::{Actor, AppError, Mode, Move, Reach, RollOptions};
use hocba_record::types::{ClassName, SchoolCode, SchoolYear, Text};
use serde_json::json;

use super::Context;
use crate::{
    edge::read_input,
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::words,
    site::{Site, app_failure},
};

/// Largest file of decisions in bytes: a line for each pupil of a large school.
const MAX_BYTES: usize = 256 * 1024;

/// Arguments of `year`.
#[derive(Debug, Args)]
pub struct YearArgs {
    #[command(subcommand)]
    command: YearCommand,
}

#[derive(Debug, Subcommand)]
enum YearCommand {
    /// Mở năm học / Open a school year
    Open(OneArgs),
    /// Chuyển học sinh sang năm học sau: lên lớp, ở lại, ra trường / Roll over into the next year
    Roll(RollArgs),
    /// Đóng năm học: danh sách không đổi nữa / Close a school year
    Close(CloseArgs),
    /// Xem các năm học của trường / A school's years
    List(ListArgs),
}

#[derive(Debug, Args)]
struct OneArgs {
    /// Mã trường / The school
    school: SchoolCode,
    /// Năm học / School year: 2026-2027
    year: SchoolYear,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Mã trường / The school
    school: SchoolCode,
}

#[derive(Debug, Args)]
struct CloseArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Vẫn đóng khi còn học bạ chưa xong, vì lý do này / Close it although records are unfinished, for this reason
    #[arg(long, value_name = "REASON")]
    force: Option<Text>,
}

#[derive(Debug, Args)]
struct RollArgs {
    /// Mã trường / The school
    school: SchoolCode,
    /// Năm học vừa xong / The year that ends: 2026-2027
    from: SchoolYear,
    /// Quyết định khác với đề nghị, mỗi dòng LỚP; STT; promote|repeat|leave|transfer|undecided / Decisions, a line each
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Lớp năm sau có tên khác: 8A3=9B1 / A class that is called otherwise next year
    #[arg(long, value_name = "CLASS=NAME", value_parser = rename)]
    rename: Vec<(ClassName, ClassName)>,
    /// Trường tiếp nhận, khi trường đã ngừng và có nhiều nơi / Who goes on, where several do
    #[arg(long, value_name = "CODE")]
    into: Option<SchoolCode>,
    /// Chỉ xem, chưa ghi / Show, write nothing
    #[arg(long)]
    preview: bool,
}

fn rename(text: &str) -> Result<(ClassName, ClassName), String> {
    let parsed = text.split_once('=').and_then(|(old, new)| Some((old.parse().ok()?, new.parse().ok()?)));
    parsed.ok_or_else(|| "8A3=9B1".to_owned())
}

/// `year`.
///
/// # Errors
/// For years that are not open, unfinished years and files of another form.
pub fn run(context: &Context, args: &YearArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(work(context, folder, &args.command))
}

async fn work(context: &Context, folder: Folder, command: &YearCommand) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let site = Site::open(folder).await?;
    let operator = Actor::LocalOperator;
    match command {
        YearCommand::Open(OneArgs { school, year }) => {
            let new = site.app.open_year(&operator, school, *year).await.map_err(refused)?;
            out.say(&match new {
                true => words(format!("Đã mở năm học {year}"), format!("Opened school year {year}")),
                false => words(format!("Năm học {year} đã mở"), format!("School year {year} was open")),
            });
            out.document(&json!({ "command": "year open", "ok": true, "school": school, "year": year, "new": new }));
        }
        YearCommand::Close(CloseArgs { one: OneArgs { school, year }, force }) => {
            let done = site.app.close_year(&operator, school, *year, force.as_ref()).await.map_err(refused)?;
            let unfinished = done.unfinished;
            out.say(&match (done.new, unfinished) {
                (false, _) => words(format!("Năm học {year} đã đóng"), format!("School year {year} was closed")),
                (true, 0) => words(format!("Đã đóng năm học {year}"), format!("Closed school year {year}")),
                (true, _) => words(
                    format!("Đã đóng năm học {year}; còn {unfinished} học sinh chưa có học bạ ký đủ"),
                    format!("Closed school year {year}; {unfinished} pupils have no sealed record"),
                ),
            });
            out.document(&json!({
                "command": "year close", "ok": true, "school": school, "year": year, "new": done.new,
                "unfinished": unfinished,
            }));
        }
        YearCommand::List(ListArgs { school }) => {
            let years = site.app.school_years(&operator, school).await.map_err(refused)?;
            let mut documents = Vec::with_capacity(years.len());
            for view in &years {
                let (year, closed) = (view.row.year, view.row.closed_at);
                let (classes, pupils, unfinished) = (view.classes, view.pupils, view.unfinished);
                let (vi, en) = if closed.is_some() { ("đã đóng", "closed") } else { ("đang mở", "open") };
                out.say(&words(
                    format!("{year}  {vi}, {classes} lớp, {pupils} học sinh, {unfinished} chưa có học bạ ký đủ"),
                    format!("{year}  {en}, {classes} classes, {pupils} pupils, {unfinished} without a sealed record"),
                ));
                documents.push(json!({
                    "year": year, "closed_at": closed, "reason": view.row.reason, "classes": classes,
                    "pupils": pupils, "unfinished": unfinished,
                }));
            }
            out.document(&json!({ "command": "year list", "ok": true, "school": school, "years": documents }));
        }
        YearCommand::Roll(args) => return roll(context, &site, args).await,
    }
    Ok(Exit::Ok)
}

async fn roll(context: &Context, site: &Site, args: &RollArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let to = SchoolYear::starting(args.from.start() + 1)?;
    let options = RollOptions {
        decisions: args.decisions.as_deref().map(decisions).transpose()?.unwrap_or_default(),
        names: args.rename.iter().cloned().collect(),
        into: args.into.clone(),
        reach: Reach::All,
        class: None,
    };
    let mode = if args.preview { Mode::Preview } else { Mode::Apply };
    let actor = Actor::LocalOperator;
    let done = site.app.roll_over(&actor, &args.school, (args.from, to), &options, mode).await.map_err(refused)?;
    let counts = done.counts();
    for (what, count) in &counts {
        let (vi, en) = what.words();
        out.say(&words(format!("  {vi}: {count}"), format!("  {en}: {count}")));
    }
    let undecided: Vec<String> =
        done.pupils.iter().filter(|l| l.what == Move::Undecided).map(|l| format!("{}:{}", l.class, l.number)).collect();
    if !undecided.is_empty() {
        let list = undecided.join(", ");
        out.say(&words(format!("Chưa quyết định (lớp:STT): {list}"), format!("Undecided (class:number): {list}")));
    }
    let (placed, unchanged, new) = (done.placed, done.unchanged, done.new_classes.len());
    let school = &done.school;
    out.say(&match args.preview {
        true => words(
            format!(
                "Sẽ xếp {placed} học sinh vào lớp năm {to} của trường {school}, {new} lớp mới; {unchanged} đã có lớp"
            ),
            format!(
                "Would put {placed} pupils into classes of {to} at {school}, {new} of them new; {unchanged} have one"
            ),
        ),
        false => words(
            format!(
                "Đã xếp {placed} học sinh vào lớp năm {to} của trường {school}, {new} lớp mới; {unchanged} đã có lớp"
            ),
            format!("Put {placed} pupils into classes of {to} at {school}, {new} of them new; {unchanged} have one"),
        ),
    });
    let counts: BTreeMap<&str, usize> = counts.iter().map(|(what, count)| (what.as_str(), *count)).collect();
    out.document(&json!({
        "command": "year roll", "ok": true, "school": args.school, "into": school, "from": args.from, "to": to,
        "preview": args.preview, "counts": counts, "undecided": undecided, "new_classes": done.new_classes,
        "placed": placed, "unchanged": unchanged,
    }));
    Ok(Exit::Ok)
}

/// Reads `CLASS; NUMBER; WORD`, a line each.
fn decisions(path: &Path) -> anyhow::Result<BTreeMap<(ClassName, u32), Move>> {
    let bytes = read_input(path, MAX_BYTES)?;
    let refused = |place: usize| {
        Failure::new(
            Exit::BadInput,
            "decisions",
            words(
                format!(
                    "dòng {place}: cần LỚP; STT; promote, repeat, leave, transfer hoặc undecided, mỗi học sinh một lần"
                ),
                format!("line {place}: CLASS; NUMBER; promote, repeat, leave, transfer or undecided, each pupil once"),
            ),
        )
    };
    let text = std::str::from_utf8(&bytes).ok().filter(|_| bytes.len() <= MAX_BYTES).ok_or_else(|| refused(1))?;
    read_decisions(text).map_err(|place| refused(place).into())
}

/// The same of a text; else the line that is none.
fn read_decisions(text: &str) -> Result<BTreeMap<(ClassName, u32), Move>, usize> {
    let mut decided = BTreeMap::new();
    for (place, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split([';', '\t']).map(|cell| cell.trim().trim_matches('"')).collect();
        let [class, number, word] = cells.as_slice() else { return Err(place) };
        let what = Move::named(word);
        let read = class.parse().ok().zip(number.parse().ok()).zip(what);
        let (key, what) = read.ok_or(place)?;
        if decided.insert(key, what).is_some() {
            return Err(place);
        }
    }
    Ok(decided)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_read_and_a_line_that_is_none_is_named() {
        let read = read_decisions("\u{feff}8A3; 5; repeat\n\n8A3\t6\tleave\r\n").expect("read");
        assert_eq!(read.values().copied().collect::<Vec<_>>(), [Move::Repeat, Move::Leave]);
        for (text, place) in [("8A3; 5", 1), ("8A3; x; repeat", 1), ("8A3; 5; up", 1), ("8A3;5;leave\n8A3;5;repeat", 2)]
        {
            assert_eq!(read_decisions(text).expect_err(text), place, "{text}");
        }
    }
}
