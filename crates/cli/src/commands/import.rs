//! `import` and `check`: a spreadsheet becomes drafts, or all its faults are shown at once.

mod bulk;
mod contract;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context as _;
use clap::Args;
use hocba_app::{Actor, App, AppError, Conversion, Import, Imported};
use hocba_record::{
    section::SchoolSection,
    types::{ClassName, Grade, SchoolCode, SchoolYear, Text},
};
use hocba_store::model::{LeftOut, Renewal};
use hocba_workbook::{Finding, Hints, Limits, Mapping, Words};
use serde_json::json;

use super::Context;
use crate::{
    edge::read_input,
    error::{Exit, Failure},
    folder::{Folder, write_whole},
    ledger,
    output::{Output, words},
    report::{documents, table},
    site::{Site, app_failure, list},
};

/// Arguments of `import` and `check`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Bảng tính của lớp (.xlsx), CSV, hoặc JSON theo hợp đồng dữ liệu / Class workbook, CSV, or the contract's JSON
    ///
    /// - đọc từ đầu vào chuẩn / - reads standard input (workbook and CSV).
    file: PathBuf,
    /// Để lại học sinh này, làm tiếp với cả lớp / Go on without this pupil: 7=waiting_for_reassessment
    ///
    /// Lý do / Reasons: waiting_for_reassessment (chờ kiểm tra lại), incomplete (chưa đủ điểm), transferred (đã chuyển
    /// đi), other (lý do khác). Dùng được nhiều lần / May be given several times.
    #[arg(long, value_name = "NUMBER=REASON")]
    leave_out: Vec<LeaveOut>,
    /// Đính chính học bạ đã ký số của trường / Correct sealed records: they get a new version
    #[arg(long, conflicts_with = "reassess")]
    correct: bool,
    /// Ghi kết quả đánh giá lại trong hè / Record results of summer re-assessment: a new version, both values kept
    #[arg(long)]
    reassess: bool,
    /// Số hoá từ học bạ giấy: họ tên người chuyển đổi / Taken over from paper: full name of who entered it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["leave_out"])]
    converted_by: Option<Text>,
    /// Họ tên người đối chiếu với bản giấy / Full name of who compared it with the paper
    #[arg(long, value_name = "NAME", requires = "converted_by")]
    compared_by: Option<Text>,
    /// Trường lập học bạ giấy, nếu là trường khác / The school that made the paper, if it is another one
    #[arg(long, value_name = "SCHOOL", requires = "converted_by")]
    made_by: Option<Text>,
    /// Xem mỗi cột được hiểu là gì, chưa đọc điểm / Show what each column is taken for, and stop
    #[arg(long)]
    preview: bool,
    /// Ghi lại bảng tính này với lỗi thành ghi chú trong ô / Also write the workbook with the findings as cell comments
    #[arg(long, value_name = "FILE")]
    annotate: Option<PathBuf>,
    /// Nhiều lớp trong một tệp CSV, đọc dần / Many classes in one CSV file, read as it goes
    #[arg(long, conflicts_with_all = ["leave_out", "preview", "annotate", "converted_by"])]
    bulk: bool,
    /// Cách hiểu cột khác, tệp JSON như --preview --json in ra / Columns to be taken otherwise: JSON
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Mã trường, khi tệp không ghi / School, where the file does not say it
    #[arg(long, value_name = "CODE")]
    school: Option<SchoolCode>,
    /// Tên trường, khi tệp không ghi / The school's name, where the file does not say it
    #[arg(long, value_name = "NAME")]
    school_name: Option<Text>,
    /// Năm học, khi tệp không ghi / School year, where the file does not say it: 2026-2027
    #[arg(long, value_name = "YEAR")]
    year: Option<SchoolYear>,
    /// Khối, khi tệp không ghi / Grade, where the file does not say it
    #[arg(long, value_name = "GRADE", value_parser = grade)]
    grade: Option<Grade>,
    /// Lớp, khi tệp không ghi / Class, where the file does not say it
    #[arg(long, value_name = "NAME")]
    class: Option<ClassName>,
    /// Sổ, trang của bản giấy / Which paper: register and page
    #[arg(long, value_name = "TEXT", requires = "converted_by")]
    paper: Option<Text>,
}

/// A pupil left out, and why.
#[derive(Debug, Clone, Copy)]
pub struct LeaveOut(u32, LeftOut);

impl FromStr for LeaveOut {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}`: 7=waiting_for_reassessment");
        let (number, reason) = text.split_once('=').ok_or_else(wrong)?;
        Ok(Self(number.trim().parse().map_err(|_| wrong())?, reason.trim().parse().map_err(|_| wrong())?))
    }
}

/// A grade as typed.
pub fn grade(text: &str) -> Result<Grade, String> {
    text.parse().ok().and_then(|n| Grade::new(n).ok()).ok_or_else(|| "1 … 12".to_owned())
}

impl ImportArgs {
    fn import(&self) -> anyhow::Result<Import> {
        let leave_out: BTreeMap<u32, LeftOut> = self.leave_out.iter().map(|l| (l.0, l.1)).collect();
        let renew = match (self.correct, self.reassess) {
            (true, _) => Some(Renewal::Correction),
            (_, true) => Some(Renewal::Reassessment),
            _ => None,
        };
        let conversion = self.converted_by.clone().map(|converter| Conversion {
            converter,
            compared_by: self.compared_by.clone(),
            made_by: self.made_by.clone(),
            paper: self.paper.clone(),
        });
        let hints = Hints {
            school: self.school.clone(),
            school_name: self.school_name.clone().map(SchoolSection::named),
            year: self.year,
            grade: self.grade,
            class: self.class.clone(),
        };
        let mapping = self.mapping.as_deref().map(read_mapping).transpose()?.unwrap_or_default();
        Ok(Import { leave_out, renew, conversion, hints, mapping })
    }
}

impl ImportArgs {
    /// Refuses what is about a spreadsheet of one class, where there is none.
    fn of_a_class_only(&self) -> Result<(), Failure> {
        let hinted = self.school.is_some() || self.year.is_some() || self.grade.is_some() || self.class.is_some();
        let sheet = self.annotate.is_some() || self.mapping.is_some() || self.school_name.is_some();
        if !hinted && !sheet && self.leave_out.is_empty() && self.converted_by.is_none() {
            return Ok(());
        }
        Err(Failure::new(
            Exit::BadInput,
            "not_for_messages",
            words(
                "tệp JSON tự ghi trường, lớp của từng bản ghi; chỉ dùng được --correct, --reassess với tệp này",
                "a JSON file says school and class of each record; only --correct and --reassess go with it",
            ),
        ))
    }
}

/// Imports a spreadsheet.
///
/// # Errors
/// A failure with all findings; see [`App::import`].
pub async fn import(site: &Site, bytes: &[u8], import: &Import, out: &Output) -> anyhow::Result<Imported> {
    Ok(site.app.import(&Actor::LocalOperator, bytes, import).await.map_err(|e| app_failure(&e, out.lang))?)
}

fn show(out: &Output, command: &str, findings: &[Finding], done: &Words, more: &serde_json::Value) {
    if !findings.is_empty() {
        out.line(&table(findings, out.lang));
    }
    out.say(done);
    let mut document = json!({ "command": command, "ok": true, "findings": documents(findings) });
    if let (Some(document), Some(more)) = (document.as_object_mut(), more.as_object()) {
        document.extend(more.clone());
    }
    out.document(&document);
}

/// `import`.
///
/// # Errors
/// See [`import`].
pub fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    if args.preview {
        return run_preview(context, args);
    }
    let folder = Folder::open(&context.data_dir)?;
    let what = args.import()?;
    if args.bulk {
        return bulk::run(context, folder, &args.file, &what);
    }
    if contract::is_contract(&args.file) {
        args.of_a_class_only()?;
        return contract::run(context, folder, &args.file, &what);
    }
    let bytes = read_input(&args.file, Limits::default().input_bytes)?;
    let imported = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        anyhow::Ok(site.app.import(&Actor::LocalOperator, &bytes, &what).await)
    })?;
    let imported = match imported {
        Ok(imported) => imported,
        Err(error) => return Err(refused(context, args, &bytes, &error)?.into()),
    };
    let converted = args.converted_by.is_some();
    let Imported { class, ready, kept, left_out, unchanged, renewed, warnings } = imported;
    let (mut vi, mut en) = (format!("Đã nhập {ready} học sinh"), format!("Imported {ready} pupils"));
    if kept > 0 {
        vi.push_str(&format!(", {kept} vẫn như cũ"));
        en.push_str(&format!(", {kept} as before"));
    }
    if !left_out.is_empty() {
        vi.push_str(&format!(", để lại STT {}", list(&left_out)));
        en.push_str(&format!(", left out numbers {}", list(&left_out)));
    }
    if unchanged > 0 {
        vi.push_str(&format!(", {unchanged} đã ký và giữ nguyên"));
        en.push_str(&format!(", {unchanged} signed before and unchanged"));
    }
    if renewed > 0 {
        vi.push_str(&format!(", {renewed} có bản mới chờ ký lại"));
        en.push_str(&format!(", {renewed} have a new version to be signed"));
    }
    let next = if converted { "hocba cosign" } else { "hocba sign" };
    let done = words(format!("{vi}. Tiếp theo: {next}"), format!("{en}. Next: {next}"));
    let more = json!({
        "class": class.to_string(), "pupils": ready, "kept": kept, "left_out": left_out, "unchanged": unchanged, "renewed": renewed,
    });
    show(&context.out, "import", &warnings, &done, &more);
    Ok(Exit::Ok)
}

/// `check`: all checks of a spreadsheet, nothing written.
///
/// # Errors
/// With the findings where something has to be mended.
pub fn run_check(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    if args.preview {
        return run_preview(context, args);
    }
    let bytes = read_input(&args.file, Limits::default().input_bytes)?;
    let findings = match App::look_at(&bytes, &args.import()?) {
        Ok(findings) => findings,
        Err(error) => return Err(refused(context, args, &bytes, &error)?.into()),
    };
    annotated(context, args, &bytes, &findings)?;
    let n = findings.len();
    let done = words(format!("Không có lỗi; {n} chỗ nên xem lại."), format!("No error; {n} places deserve a look."));
    show(&context.out, "check", &findings, &done, &json!({}));
    Ok(Exit::Ok)
}

/// What an import or check was refused for; the findings also as comments in the teacher's own file, if asked for.
fn refused(context: &Context, args: &ImportArgs, bytes: &[u8], error: &AppError) -> anyhow::Result<Failure> {
    if let AppError::Unsound(findings) = error {
        annotated(context, args, bytes, findings)?;
    }
    Ok(app_failure(error, context.out.lang))
}

/// Writes the workbook back with the findings beside what they are about.
fn annotated(context: &Context, args: &ImportArgs, bytes: &[u8], findings: &[Finding]) -> anyhow::Result<()> {
    let Some(file) = &args.annotate else { return Ok(()) };
    let written = hocba_workbook::annotate(bytes, findings, &Limits::default()).map_err(|error| {
        Failure::new(
            Exit::BadInput,
            "annotate",
            words(
                "không ghi được ghi chú vào tệp này (chỉ ghi được vào .xlsx)".to_owned(),
                format!("comments cannot be written into this file: {error}"),
            ),
        )
    })?;
    write_whole(file, &written)?;
    let name = file.display();
    context.out.note(&words(
        format!("đã ghi {name}: lỗi nằm trong ghi chú của từng ô"),
        format!("wrote {name}: the findings are comments in its cells"),
    ));
    Ok(())
}

fn read_mapping(file: &Path) -> anyhow::Result<Mapping> {
    let bytes = read_input(file, 1024 * 1024)?;
    let refused = |what: String| {
        Failure::new(
            Exit::BadInput,
            "mapping",
            words(format!("tệp cách hiểu cột không dùng được: {what}"), format!("the mapping cannot be used: {what}")),
        )
    };
    let mapping: Mapping = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    match mapping.unknown().first() {
        Some(entry) => Err(refused(format!("{} {}", entry.sheet, entry.column)).into()),
        None => Ok(mapping),
    }
}

/// What each sheet and column is taken for; nothing is read, nothing is written.
fn run_preview(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let bytes = read_input(&args.file, Limits::default().input_bytes)?;
    let import = args.import()?;
    let preview = hocba_workbook::preview(&bytes, &Limits::default(), &import.hints, &import.mapping);
    let preview = match preview {
        Ok(preview) => preview,
        Err(findings) => return Err(refused(context, args, &bytes, &AppError::Unsound(findings))?.into()),
    };
    let out = &context.out;
    let pick = |vi: &str, en: &str| words(vi.to_owned(), en.to_owned());
    for field in &preview.class {
        let value = field.value.as_deref().unwrap_or("?");
        out.say(&pick(&format!("{}: {value}", field.label.vi), &format!("{}: {value}", field.label.en)));
    }
    for sheet in &preview.sheets {
        let pupils = sheet.pupils;
        out.say(&pick(
            &format!("{}: {} ({pupils} dòng)", sheet.sheet, sheet.label.vi),
            &format!("{}: {} ({pupils} rows)", sheet.sheet, sheet.label.en),
        ));
        for column in &sheet.columns {
            let examples = column.examples.join(", ");
            let line = |label: &str| format!("  {:>3}  {} → {label}  {examples}", column.column, column.heading);
            match &column.label {
                Some(label) => out.say(&pick(&line(&label.vi), &line(&label.en))),
                None => out.say(&pick(&line("không đọc"), &line("not read"))),
            }
        }
    }
    let document = serde_json::to_value(&preview).context("a preview is plain data")?;
    out.document(&json!({ "command": "preview", "ok": true, "preview": document }));
    Ok(Exit::Ok)
}
