//! `import --bulk`: many classes from one text file, each of them whole or not at all, at the memory of one.

use std::{fs::File, io::BufReader, path::Path};

use anyhow::Context as _;
use hocba_app::{Actor, AppError, Import};
use hocba_workbook::{Limits, bulk::classes};
use serde_json::json;

use crate::{
    commands::Context,
    edge::steady,
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::words,
    report::table,
    site::{Site, app_failure},
};

/// Imports what is sound, class by class, and shows the findings of what is not.
///
/// # Errors
/// When a class was refused; the others are imported.
pub fn run(context: &Context, folder: Folder, file: &Path, import: &Import) -> anyhow::Result<Exit> {
    let out = &context.out;
    let reader = BufReader::new(File::open(file).with_context(|| file.display().to_string())?);
    let begun = steady();
    let (mut done, mut pupils, mut kept, mut faulty) = (0_usize, 0_usize, 0_usize, Vec::new());
    ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        for class in classes(reader, &Limits::default()) {
            let (name, line, findings) = match class {
                Ok(sheet) => {
                    let header = &sheet.header;
                    let name = format!("{} {} {}", header.school, header.year, header.class);
                    match site.app.import_sheet(&Actor::LocalOperator, &sheet, import).await {
                        Ok(imported) => {
                            done += 1;
                            pupils += imported.ready + imported.unchanged;
                            kept += imported.kept + imported.unchanged;
                            continue;
                        }
                        Err(AppError::Unsound(findings)) => (name, 0, findings),
                        // Nothing about this class; the next one would fare no better.
                        Err(error @ (AppError::Store(_) | AppError::NoRandomness)) => {
                            return Err(app_failure(&error, out.lang).into());
                        }
                        Err(error) => {
                            let failure = app_failure(&error, out.lang);
                            out.note(&words(
                                format!("{name}: {}", failure.words.vi),
                                format!("{name}: {}", failure.words.en),
                            ));
                            faulty.push(json!({ "class": name, "code": failure.code }));
                            continue;
                        }
                    }
                }
                Err(refused) => (refused.class, refused.line, refused.findings),
            };
            out.line(&table(&findings, out.lang));
            faulty.push(json!({ "class": name, "line": line, "findings": findings.len() }));
        }
        anyhow::Ok(())
    })?;
    let seconds = begun.elapsed().as_secs_f64().max(0.001);
    let rate = pupils as f64 / seconds;
    out.say(&words(
        format!("Đã nhập {done} lớp, {pupils} học sinh, {kept} vẫn như cũ, {rate:.0} học sinh một giây"),
        format!("Imported {done} classes, {pupils} pupils, {kept} as before, {rate:.0} pupils a second"),
    ));
    let refused = faulty.len();
    let details = json!({ "classes": done, "pupils": pupils, "kept": kept, "seconds": seconds, "refused": faulty });
    if refused > 0 {
        let failure = Failure::new(
            Exit::BadInput,
            "workbook",
            words(
                format!("{refused} lớp còn lỗi nên chưa nhập"),
                format!("{refused} classes have faults and were not imported"),
            ),
        );
        return Err(failure.details(details).into());
    }
    out.document(&json!({ "command": "import", "ok": true, "classes": done, "pupils": pupils, "kept": kept, "seconds": seconds }));
    Ok(Exit::Ok)
}
