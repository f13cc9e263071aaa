//! `bundle`: one file for each anchored record, complete for an offline verifier.

use clap::Args;
use hocba_app::{Actor, AppError, Scope};
use hocba_store::model::Class;
use serde_json::json;

use super::Context;
use crate::{
    error::{Exit, Failure},
    folder::{Folder, sweep},
    ledger,
    output::{Output, words},
    site::{ClassChoice, Site, app_failure},
};

/// Arguments of `bundle`.
#[derive(Debug, Default, Args)]
pub struct BundleArgs {
    /// Lớp; bỏ qua được khi chỉ có một lớp / Class, if there are several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
    /// Cho xem bao nhiêu / How much is shown: whole, results, identity_and_completion
    #[arg(long, default_value = "whole")]
    scope: Option<Scope>,
    /// Cả sổ: mọi năm học, mọi cấp, mọi trường trong một tệp / The whole book: every year, level and school in one file
    #[arg(long)]
    book: bool,
}

/// What came of bundling.
#[derive(Debug, Default)]
pub struct Bundled {
    /// Names of the files, in the order of the class list.
    pub files: Vec<String>,
    /// Numbers of pupils whose records are not anchored.
    pub waiting: Vec<u32>,
}

/// Writes the bundles of a class's anchored records.
///
/// # Errors
/// When none is anchored, and when a record lacks an appointment that was anchored before it.
pub async fn bundle(site: &Site, class: &Class, scope: Scope, book: bool, out: &Output) -> anyhow::Result<Bundled> {
    let refused = |e: AppError| app_failure(&e, out.lang);
    let lines = site.app.store().read().await?.record_lines(&class.id).await?;
    let bundler = site.app.bundler(&class.school).await.map_err(refused)?;
    let place = if book { "books" } else { "bundles" };
    sweep(&site.folder.path(&format!("{place}/{}", class.name)))?;
    let mut result = Bundled::default();
    let bar = out.progress(lines.len(), &words("Làm tệp học bạ", "Bundles"));
    for line in &lines {
        bar.inc(1);
        let actor = Actor::LocalOperator;
        let bundle = match book {
            true => site.app.book_bundle(&actor, &line.record, scope).await,
            false => site.app.bundle_with(&actor, &bundler, &line.record, scope).await,
        };
        let bundle = match bundle {
            Err(AppError::NotAnchored) => {
                result.waiting.push(line.number);
                continue;
            }
            bundle => bundle.map_err(|e| of_number(&e, line.number, out))?,
        };
        let name = format!("{place}/{}/{:02}.hocba.json", class.name, line.number);
        site.folder.write(&name, &bundle.to_bytes())?;
        result.files.push(name);
    }
    bar.finish();
    if result.files.is_empty() {
        return Err(refused(AppError::NotAnchored).into());
    }
    Ok(result)
}

fn of_number(error: &AppError, number: u32, out: &Output) -> Failure {
    let mut failure = app_failure(error, out.lang);
    failure.words = words(
        format!("học bạ STT {number}: {}", failure.words.vi),
        format!("the record of number {number}: {}", failure.words.en),
    );
    failure
}

/// `bundle`.
///
/// # Errors
/// See [`bundle`].
pub fn run(context: &Context, args: &BundleArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let place = folder.path(if args.book { "books" } else { "bundles" });
    let result = ledger::runtime()?.block_on(async {
        let site = Site::open(folder).await?;
        let class = site.class(args.class.as_ref()).await?;
        bundle(&site, &class, args.scope.unwrap_or(Scope::Whole), args.book, &context.out).await
    })?;
    let (n, waiting) = (result.files.len(), result.waiting.len());
    let place = place.display();
    context.out.say(&words(
        format!("Đã ghi {n} tệp học bạ vào {place}. Tiếp theo: hocba snapshot, hocba verify"),
        format!("Wrote {n} bundles to {place}. Next: hocba snapshot, hocba verify"),
    ));
    if waiting > 0 {
        context.out.note(&words(
            format!("{waiting} học bạ chưa ghi sổ chung nên chưa có tệp"),
            format!("{waiting} records are not anchored and have no bundle yet"),
        ));
    }
    context.out.document(&json!({
        "command": "bundle", "ok": true, "files": result.files, "waiting": result.waiting,
    }));
    Ok(Exit::Ok)
}
