//! `template`: the workbook a school fills in.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hocba_record::{
    form::Form,
    types::{Grade, SchoolYear},
};
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
    /// Khối, thay cho cấp học / Grade, instead of the level
    #[arg(long, value_name = "GRADE", value_parser = super::import::grade)]
    grade: Option<Grade>,
    /// Năm học, để lấy mẫu của thông tư áp dụng năm đó / School year, for the circular of that year
    #[arg(long, value_name = "YEAR")]
    year: Option<SchoolYear>,
    /// Ghi đè nếu đã có tệp / Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

/// A level that has a form.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    /// Tiểu học.
    TieuHoc,
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
    let of_level = match args.level {
        Level::TieuHoc => 5,
        Level::Thcs => 9,
        Level::Thpt => 12,
    };
    let grade = args.grade.map_or_else(|| Grade::new(of_level), Ok).context("a grade of the level")?;
    let year = args.year.map_or_else(|| SchoolYear::starting(2026), Ok).context("a school year")?;
    let curriculum = Form::of(grade, year).curriculum();
    let bytes = hocba_workbook::template(None, &hocba_workbook::mandatory_subjects(curriculum, grade), &[])
        .context("the template of a level")?;
    write_whole(&args.out, &bytes)?;
    context.out.say(&words(
        format!("Đã ghi mẫu {name}. Điền xong rồi chạy: hocba import {name}"),
        format!("Wrote {name}. Fill it in, then run: hocba import {name}"),
    ));
    context.out.document(&json!({ "command": "template", "ok": true, "file": args.out }));
    Ok(Exit::Ok)
}
