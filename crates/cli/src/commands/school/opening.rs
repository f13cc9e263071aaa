//! `school open`, `school state`, `school list`: from an empty installation to the first signed class.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hocba_app::{Actor, AppError, Item, ItemState, Lists, ListsDone, Mode, OpenSchool, Outcome};
use hocba_bundle::facts::IssuerCode;
use hocba_record::types::{EducationLevel, SchoolCode, SchoolYear, Text};
use hocba_store::model::ListedSchool;
use hocba_workbook::{Finding, Limits, ListKind, preview_list, read_classes, read_pupils, read_schools, read_staff};
use serde_json::{Value, json};

use super::{Context, unknown};
use crate::{
    edge::read_input,
    error::{Exit, Failure},
    folder::Folder,
    output::{Lang, Output, words},
    report,
    site::{Site, app_failure},
};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Th,
    Thcs,
    Thpt,
}

impl From<Level> for EducationLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Th => EducationLevel::Primary,
            Level::Thcs => EducationLevel::LowerSecondary,
            Level::Thpt => EducationLevel::UpperSecondary,
        }
    }
}

/// Arguments of `school open`. Done again it changes nothing.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Mã trường / The school
    school: SchoolCode,
    /// Năm học / School year: 2026-2027
    #[arg(long)]
    year: SchoolYear,
    /// Tên trường như khi in; bỏ qua khi danh sách của sở có / Its name as printed; without it the department's list's
    #[arg(long)]
    name: Option<Text>,
    /// Cấp học: th, thcs, thpt / Levels it teaches
    #[arg(long, value_enum, value_delimiter = ',')]
    level: Vec<Level>,
    /// Mã của sở khi ghi sổ chung; bỏ qua khi chỉ có một / Code the department anchors under, if there are several
    #[arg(long)]
    issuer: Option<IssuerCode>,
    /// Danh sách nhân sự (.xlsx, .csv) / Staff list
    #[arg(long, value_name = "FILE")]
    staff: Option<PathBuf>,
    /// Danh sách lớp / Class list
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,
    /// Danh sách học sinh: mỗi lớp một trang, hoặc có cột Lớp / Pupils: a sheet a class, or a column Lớp
    #[arg(long, value_name = "FILE")]
    pupils: Option<PathBuf>,
    /// Chỉ xem cột nào được hiểu là gì và sẽ làm gì, chưa ghi / Show how columns are read and what would be done
    #[arg(long)]
    preview: bool,
}

/// Arguments of `school state`.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// Mã trường / The school
    school: SchoolCode,
    /// Năm học; bỏ qua là năm mới nhất đang mở / School year; without it the latest that is open
    #[arg(long)]
    year: Option<SchoolYear>,
}

/// Arguments of `school list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Nhập danh sách: Mã trường, Tên trường, Cấp học / Take a list: code, name, levels
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
}

fn refused(error: &AppError, lang: Lang) -> Failure {
    unknown(error).unwrap_or_else(|| app_failure(error, lang))
}

fn read(path: Option<&PathBuf>) -> Result<Option<Vec<u8>>, Failure> {
    path.map(|path| read_input(path, Limits::default().input_bytes)).transpose()
}

/// `school open`.
///
/// # Errors
/// For lists with faults, and a school without a name.
pub async fn open(context: &Context, folder: Folder, args: &OpenArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let site = Site::open(folder).await?;
    let fail = |e: AppError| refused(&e, out.lang);
    let (staff, classes, pupils) =
        (read(args.staff.as_ref())?, read(args.classes.as_ref())?, read(args.pupils.as_ref())?);
    let lists = Lists { staff: staff.as_deref(), classes: classes.as_deref(), pupils: pupils.as_deref() };
    let mut columns = Vec::new();
    if args.preview {
        for (kind, bytes) in
            [(ListKind::Staff, lists.staff), (ListKind::Classes, lists.classes), (ListKind::Pupils, lists.pupils)]
        {
            if let Some(bytes) = bytes {
                columns.push(show_columns(kind, bytes, out)?);
            }
        }
        faults(&lists, out)?;
    }
    let operator = Actor::LocalOperator;
    let new = OpenSchool {
        code: args.school.clone(),
        name: args.name.clone(),
        levels: args.level.iter().map(|level| (*level).into()).collect(),
        issuer: issuer(&site, args).await?,
    };
    // A preview writes nothing: of a school that is not open yet it shows the columns and each list's own faults, and what
    // the lists say of one another is told once it is.
    let served = site.app.store().read().await?.school_years(&args.school).await?.iter().any(|y| y.year == args.year);
    let brought = lists.staff.or(lists.classes).or(lists.pupils).is_some();
    let (mut opened, mut done) = (false, ListsDone::default());
    if !args.preview {
        opened = site.app.open_school(&operator, &new).await.map_err(fail)?;
        opened |= site.app.open_year(&operator, &args.school, args.year).await.map_err(fail)?;
    }
    if brought && (served || !args.preview) {
        let mode = if args.preview { Mode::Preview } else { Mode::Apply };
        done = site.app.import_lists(&operator, &args.school, args.year, &lists, mode).await.map_err(fail)?;
    }
    say_done(&done, args.preview, out);
    let changed = !args.preview && (opened || done.is_change());
    if !args.preview {
        out.say(&match changed {
            true => words(
                format!("Đã mở trường {}, năm học {}.", args.school, args.year),
                format!("Opened school {}, year {}.", args.school, args.year),
            ),
            false => words("Không có gì mới: đã như trong danh sách.", "Nothing is new: all is as the lists have it."),
        });
    }
    let items = site.app.opening_state(&operator, &args.school, args.year).await.map_err(fail)?;
    let next = next(&items);
    if let Some(item) = next {
        let command = item.command.as_deref().unwrap_or_default();
        out.say(&words(format!("Tiếp theo: {} – {command}", item.vi), format!("Next: {} – {command}", item.en)));
    }
    let staff: Vec<Value> = done
        .staff
        .iter()
        .map(|line| json!({ "login": line.login, "position": line.position.as_str(), "outcome": line.outcome }))
        .collect();
    out.document(&json!({
        "command": "school open", "ok": true, "school": args.school, "year": args.year, "preview": args.preview,
        "changed": changed, "columns": columns, "staff": staff, "classes": done.classes,
        "homerooms": done.homerooms, "pupils": done.pupils, "pupils_changed": done.pupils_changed,
        "pupils_removed": done.pupils_removed, "warnings": report::documents(&done.warnings),
        "next": next.map(|item| item.code),
    }));
    Ok(Exit::Ok)
}

/// The faults of each list by itself.
fn faults(lists: &Lists<'_>, out: &Output) -> Result<(), Failure> {
    let limits = Limits::default();
    let mut found = Vec::new();
    let mut note = |read: Option<Result<(), Vec<Finding>>>| {
        if let Some(Err(findings)) = read {
            found.extend(findings);
        }
    };
    note(lists.staff.map(|bytes| read_staff(bytes, &limits).map(|_| ())));
    note(lists.classes.map(|bytes| read_classes(bytes, &limits).map(|_| ())));
    note(lists.pupils.map(|bytes| read_pupils(bytes, &limits).map(|_| ())));
    if found.is_empty() { Ok(()) } else { Err(report::unsound(&found, out.lang)) }
}

/// The issuer that was named, the one the school has, or the only one there is.
async fn issuer(site: &Site, args: &OpenArgs) -> anyhow::Result<IssuerCode> {
    if let Some(issuer) = &args.issuer {
        return Ok(issuer.clone());
    }
    let schools = site.app.store().read().await?.schools().await?;
    if let Some(school) = schools.iter().find(|school| school.code == args.school) {
        return Ok(school.issuer.clone());
    }
    let issuers: std::collections::BTreeSet<_> = schools.into_iter().map(|school| school.issuer).collect();
    match (issuers.len(), issuers.into_iter().next()) {
        (1, Some(only)) => Ok(only),
        _ => Err(Failure::new(
            Exit::BadInput,
            "which_issuer",
            words("chưa biết mã của sở; thêm --issuer", "which issuer is not clear; add --issuer"),
        )
        .into()),
    }
}

/// The first item that somebody can do something about.
fn next(items: &[Item]) -> Option<&Item> {
    items.iter().find(|item| matches!(item.state, ItemState::Missing { .. } | ItemState::Waiting { .. }))
}

/// Says how the columns of a list are read.
fn show_columns(kind: ListKind, bytes: &[u8], out: &Output) -> anyhow::Result<Value> {
    let preview =
        preview_list(kind, bytes, &Limits::default()).map_err(|findings| report::unsound(&findings, out.lang))?;
    let (name, vi, en) = match kind {
        ListKind::Staff => ("staff", "Nhân sự", "Staff"),
        ListKind::Classes => ("classes", "Lớp", "Classes"),
        ListKind::Pupils => ("pupils", "Học sinh", "Pupils"),
        ListKind::Schools => ("schools", "Trường", "Schools"),
    };
    out.say(&words(format!("{vi}:"), format!("{en}:")));
    // Sheets of one form, as those of classes are, are shown once.
    let mut before: Option<Vec<(String, Option<String>)>> = None;
    for sheet in &preview.sheets {
        let form: Vec<(String, Option<String>)> =
            sheet.columns.iter().map(|c| (c.heading.clone(), c.field.clone())).collect();
        let lines = sheet.lines;
        out.say(&words(format!("  {} – {lines} dòng", sheet.sheet), format!("  {} – {lines} lines", sheet.sheet)));
        if before.as_ref() == Some(&form) {
            continue;
        }
        for column in &sheet.columns {
            let taken = match &column.label {
                Some(label) => words(label.vi.clone(), label.en.clone()),
                None => words("không đọc", "not read"),
            };
            let shown = column.examples.join("; ");
            out.line(&format!(
                "    {:<3} {:<24} → {:<24} {shown}",
                column.column,
                column.heading,
                out.lang.pick(&taken)
            ));
        }
        before = Some(form);
    }
    Ok(json!({ "list": name, "preview": preview }))
}

fn say_done(done: &ListsDone, preview: bool, out: &Output) {
    let count = |outcome: Outcome| done.staff.iter().filter(|line| line.outcome == outcome).count();
    let (added, changed) = (count(Outcome::Added), count(Outcome::Changed));
    if preview {
        for line in done.staff.iter().filter(|line| line.outcome == Outcome::Added) {
            out.line(&format!("  {:<28} {:<16} {}", line.name, line.position, line.login));
        }
    }
    if !done.staff.is_empty() {
        let all = done.staff.len();
        out.say(&words(
            format!("Nhân sự: {all} người, {added} tài khoản mới, {changed} thay đổi"),
            format!("Staff: {all} people, {added} new accounts, {changed} changed"),
        ));
    }
    if !done.classes.is_empty() || !done.homerooms.is_empty() {
        let (all, given) = (done.classes.len(), done.homerooms.len());
        out.say(&words(
            format!("Lớp: {all} lớp trong danh sách, {given} lớp có chủ nhiệm mới"),
            format!("Classes: {all} on the list, {given} with a new homeroom teacher"),
        ));
    }
    if !done.pupils.is_empty() {
        let all: usize = done.pupils.values().sum();
        let (classes, new, gone) = (done.pupils.len(), done.pupils_changed, done.pupils_removed);
        out.say(&words(
            format!("Học sinh: {all} em trong {classes} lớp, {new} mới hoặc đổi, {gone} ra khỏi danh sách"),
            format!("Pupils: {all} in {classes} classes, {new} new or changed, {gone} taken off"),
        ));
    }
    let warnings: Vec<Finding> = done.warnings.clone();
    if !warnings.is_empty() {
        out.line(&report::table(&warnings, out.lang));
    }
}

/// `school state`.
///
/// # Errors
/// When the database cannot be read.
pub async fn state(context: &Context, folder: Folder, args: &StateArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let site = Site::open(folder).await?;
    let year = match args.year {
        Some(year) => year,
        None => {
            let years = site.app.store().read().await?.school_years(&args.school).await?;
            let open = years.iter().rev().find(|row| row.closed_at.is_none());
            open.map(|row| row.year).ok_or_else(|| {
                Failure::new(
                    Exit::BadInput,
                    "which_year",
                    words("trường chưa mở năm học nào; thêm --year", "no school year is open; add --year"),
                )
            })?
        }
    };
    let items = site.app.opening_state(&Actor::LocalOperator, &args.school, year).await;
    let items = items.map_err(|e| refused(&e, out.lang))?;
    for item in &items {
        let mark = match item.state {
            ItemState::Done => "✓",
            ItemState::Missing { .. } => "✗",
            ItemState::Waiting { .. } => "…",
            ItemState::Blocked { .. } => "–",
            ItemState::Optional => " ",
        };
        let mut text = words(format!("{mark} {}", item.vi), format!("{mark} {}", item.en));
        if matches!(item.state, ItemState::Missing { .. }) && !item.classes.is_empty() {
            let classes: Vec<String> = item.classes.iter().map(ToString::to_string).collect();
            let classes = classes.join(", ");
            text = words(format!("{} ({classes})", text.vi), format!("{} ({classes})", text.en));
        }
        out.say(&text);
        if let (Some(command), ItemState::Missing { .. } | ItemState::Waiting { .. }) = (&item.command, item.state) {
            out.line(&format!("    {command}"));
        }
    }
    let ready = items.iter().all(Item::is_settled);
    if ready {
        out.say(&words(
            "Đủ cả. Tiếp theo: hocba import LỚP.xlsx, rồi hocba sign",
            "Nothing is missing. Next: hocba import CLASS.xlsx, then hocba sign",
        ));
    }
    out.document(&json!({
        "command": "school state", "ok": true, "school": args.school, "year": year, "ready": ready, "items": items,
    }));
    Ok(Exit::Ok)
}

/// `school list`.
///
/// # Errors
/// For a list with faults.
pub async fn list(context: &Context, folder: Folder, args: &ListArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let site = Site::open(folder).await?;
    let mut changed = 0;
    if let Some(path) = &args.import {
        let schools = read_list(path, out)?;
        changed = site.app.note_schools(&Actor::LocalOperator, &schools).await.map_err(|e| refused(&e, out.lang))?;
        let all = schools.len();
        out.say(&words(
            format!("Danh sách có {all} trường, {changed} mới hoặc đổi."),
            format!("The list has {all} schools, {changed} new or changed."),
        ));
    }
    let mut tx = site.app.store().read().await?;
    let (listed, served) = (tx.listed_schools().await?, tx.schools().await?);
    let mut schools = Vec::with_capacity(listed.len());
    for school in &listed {
        let open = served.iter().any(|s| s.code == school.code);
        if args.import.is_none() {
            out.line(&format!("{} {:<14} {}", if open { "✓" } else { " " }, school.code, school.name));
        }
        schools.push(json!({ "code": school.code, "name": school.name, "levels": school.levels, "open": open }));
    }
    out.document(&json!({ "command": "school list", "ok": true, "changed": changed, "schools": schools }));
    Ok(Exit::Ok)
}

fn read_list(path: &Path, out: &Output) -> anyhow::Result<Vec<ListedSchool>> {
    let bytes = read_input(path, Limits::default().input_bytes)?;
    let list = read_schools(&bytes, &Limits::default()).map_err(|findings| report::unsound(&findings, out.lang))?;
    Ok(list
        .rows
        .into_iter()
        .map(|row| ListedSchool { code: row.code, name: row.name, levels: row.levels, ward: row.ward })
        .collect())
}
