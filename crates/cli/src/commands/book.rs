//! `book`: the years of a pupil's book, and where each is.

use clap::Args;
use hocba_app::{Actor, AppError};
use hocba_record::types::EducationLevel;
use hocba_store::model::ClassKind;
use serde_json::json;

use super::Context;
use crate::{
    error::Exit,
    folder::Folder,
    ledger,
    output::words,
    site::{ClassChoice, Site, app_failure},
};

/// Arguments of `book`.
#[derive(Debug, Args)]
pub struct BookArgs {
    /// Số thứ tự của học sinh trong lớp / Pupil's number in the class list
    number: u32,
    /// Lớp (9A3 hoặc 9A3:2026-2027); bỏ qua được khi chỉ có một lớp / Class, if there are several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
}

/// `book`.
///
/// # Errors
/// When there is no such pupil.
pub fn run(context: &Context, args: &BookArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let refused = |e: AppError| app_failure(&e, context.out.lang);
    let view = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        let class = site.class(args.class.as_ref()).await?;
        let lines = site.app.store().read().await?.record_lines(&class.id).await?;
        let line = lines.iter().find(|l| l.number == args.number);
        let line = line.ok_or_else(|| refused(AppError::UnknownNumber(args.number)))?;
        anyhow::Ok(site.app.book(&Actor::LocalOperator, &line.record).await.map_err(refused)?)
    })?;
    let out = &context.out;
    for (level, number) in &view.numbers {
        let (vi, en) = match level {
            EducationLevel::Primary => ("tiểu học", "primary"),
            EducationLevel::LowerSecondary => ("THCS", "lower secondary"),
            EducationLevel::UpperSecondary => ("THPT", "upper secondary"),
        };
        out.say(&words(format!("Mã học bạ {vi}: {number}"), format!("Book number, {en}: {number}")));
    }
    let mut years = Vec::new();
    for year in &view.years {
        let class = &year.class;
        let (vi, en) = year.state.words();
        let paper = class.kind == ClassKind::Converted;
        let (from_vi, from_en) = if paper { (", số hoá từ giấy", ", from paper") } else { ("", "") };
        let line = |version: &str, from: &str, state: &str| {
            format!(
                "  {}  {:<6} {:<12} {version} {}{from}: {state}",
                class.year, class.name, class.school, year.version
            )
        };
        out.say(&words(line("bản", from_vi, vi), line("version", from_en, en)));
        years.push(json!({
            "record": year.record.to_string(), "version": year.version, "school": class.school, "year": class.year,
            "grade": class.grade, "class": class.name, "kind": class.kind.as_str(), "state": year.state,
        }));
    }
    let numbers: Vec<String> = view.numbers.values().map(ToString::to_string).collect();
    out.document(&json!({ "command": "book", "ok": true, "numbers": numbers, "years": years }));
    Ok(Exit::Ok)
}
