//! `template`: the workbook a school fills in.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hocba_record::types::EducationLevel;
use serde_json::json;

use super::Context;
use crate::{
    error::{Exit, Failure},
    folder::write_whole,
    output::words,
};

/// Arguments of `template`.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Ghi vào tệp này / Where to write it
    #[arg(value_name = "FILE", default_value = "lop.xlsx")]
    out: PathBuf,
    /// Cấp học / Level
    #[arg(long, value_enum, default_value = "thcs")]
    level: Level,
    /// Ghi đè nếu đã có tệp / Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

/// A level that has a form.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    /// Trung học cơ sở.
    Thcs,
    /// Trung học phổ thông.
    Thpt,
}

/// Writes the template.
///
/// # Errors
/// When the file is there or cannot be written.
pub fn run(context: &Context, args: &TemplateArgs) -> anyhow::Result<Exit> {
    let name = args.out.display();
    if !args.force && args.out.try_exists()? {
        return Err(Failure::new(
            Exit::BadInput,
            "file_exists",
            words(format!("{name} đã có sẵn"), format!("{name} is there already")),
        )
        .hint(words("chọn tên khác, hoặc thêm --force", "choose another name, or add --force"))
        .into());
    }
    let level = match args.level {
        Level::Thcs => EducationLevel::LowerSecondary,
        Level::Thpt => EducationLevel::UpperSecondary,
    };
    let bytes = hocba_workbook::template(None, &hocba_workbook::mandatory_subjects(level), &[])
        .context("the template of a level")?;
    write_whole(&args.out, &bytes)?;
    context.out.say(&words(
        format!("Đã ghi mẫu {name}. Điền xong rồi chạy: hocba import {name}"),
        format!("Wrote {name}. Fill it in, then run: hocba import {name}"),
    ));
    context.out.document(&json!({ "command": "template", "ok": true, "file": args.out }));
    Ok(Exit::Ok)
}
