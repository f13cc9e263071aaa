//! `export books`: what a school sent, by leaf, class, record and version, for `watch`. From the transcript files that the
//! school keeps, or from a data folder; a folder of the service that is watched proves nothing against it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use hocba_bundle::format::{AnchoredStatement, Bundle, MAX_BUNDLE_BYTES};
use hocba_record::{
    encoding::RecordId,
    payload::RecordPayload,
    types::{ClassName, SchoolCode, SchoolYear, Text},
};
use hocba_signature::appointment::Appointment;
use hocba_store::model::{Leaf, LeafKind, StoredEvidence};
use hocba_watch::{Books, Entry, Kind, books::MAX_ENTRIES};
use serde_json::json;

use crate::{
    commands::Context,
    edge::read_input,
    error::{Exit, Failure},
    folder::write_whole,
    output::words,
    site::Site,
};

/// Arguments of `export books`.
#[derive(Debug, Args)]
pub struct BooksArgs {
    /// Mã trường; bỏ qua được khi chỉ có một trường / School, if there are several
    #[arg(long, value_name = "CODE")]
    school: Option<SchoolCode>,
    /// Lập từ các tệp học bạ mà trường giữ, không từ thư mục dữ liệu / From the transcript files in this folder
    #[arg(long, value_name = "DIR")]
    bundles: Option<PathBuf>,
    /// Ghi vào tệp này / Where to write it
    #[arg(long, value_name = "FILE", default_value = "so-gui-di.csv")]
    out: PathBuf,
}

impl BooksArgs {
    /// Whether they are made from files alone.
    pub fn needs_no_folder(&self) -> bool {
        self.bundles.is_some()
    }
}

/// Where a school counts a record.
fn label(class: &ClassName, year: SchoolYear) -> Option<Text> {
    format!("{class} {year}").parse().ok()
}

fn kind(word: &str) -> anyhow::Result<Kind> {
    Ok(word.parse()?)
}

/// From the transcript files that a school keeps, whoever stores them elsewhere.
///
/// # Errors
/// For a file that is no transcript file, and when nothing can be written.
pub fn from_files(context: &Context, args: &BooksArgs) -> anyhow::Result<Exit> {
    let mut files = Vec::new();
    if let Some(folder) = &args.bundles {
        find(folder, 0, &mut files)?;
    }
    files.sort();
    let mut found: BTreeMap<SchoolCode, Vec<Entry>> = BTreeMap::new();
    for path in &files {
        let unreadable = |cause: String| {
            let name = path.display();
            Failure::new(
                Exit::BadInput,
                "bundle",
                words(
                    format!("{name} không phải tệp học bạ: {cause}"),
                    format!("{name} is no transcript file: {cause}"),
                ),
            )
        };
        let bytes = read_input(path, MAX_BUNDLE_BYTES)?;
        let bundle = Bundle::read(&bytes).map_err(|e| unreadable(e.to_string()))?.bundle;
        let mut schools = Vec::new();
        for part in &bundle.records {
            let payload = RecordPayload::from_bytes(part.statement.payload()).map_err(|e| unreadable(e.to_string()))?;
            let entry = Entry {
                leaf: part.statement.leaf_hash(),
                kind: kind("record")?,
                subject: payload.id,
                version: payload.version,
                class: label(&payload.class, payload.year),
                batch: Some(part.anchor.batch),
            };
            found.entry(payload.school.clone()).or_default().push(entry);
            schools.push(payload.school);
        }
        for AnchoredStatement { anchor, statement } in &bundle.authority.appointments {
            let appointment = Appointment::from_bytes(statement.payload()).map_err(|e| unreadable(e.to_string()))?;
            let (leaf, subject) = (statement.leaf_hash(), appointment.id);
            let kind = kind("appointment")?;
            let entry = Entry { leaf, kind, subject, version: 1, class: None, batch: Some(anchor.batch) };
            found.entry(appointment.school).or_default().push(entry);
        }
        for AnchoredStatement { anchor, statement } in &bundle.authority.evidence {
            let (leaf, subject) = (statement.leaf_hash(), StoredEvidence::id_of(statement));
            let entry =
                Entry { leaf, kind: kind("evidence")?, subject, version: 1, class: None, batch: Some(anchor.batch) };
            for school in &schools {
                found.entry(school.clone()).or_default().push(entry.clone());
            }
        }
    }
    let school = chosen(args, found.keys())?;
    write(context, args, &school, found.remove(&school).unwrap_or_default())
}

/// The transcript files below a folder; links are not followed.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    /// A folder for each year and class, and some to spare.
    const DEEPEST: usize = 8;
    use anyhow::Context as _;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && depth < DEEPEST {
            find(&path, depth + 1, files)?;
        } else if kind.is_file() && path.to_string_lossy().ends_with(".hocba.json") {
            files.push(path);
        }
    }
    Ok(())
}

/// From a data folder: all that was issued in a school's name there, anchored or waiting.
///
/// # Errors
/// When the database cannot be read, and when nothing can be written.
pub async fn from_folder(context: &Context, site: &Site, args: &BooksArgs) -> anyhow::Result<Exit> {
    let mut tx = site.app.store().read().await?;
    let schools = tx.schools().await?;
    let code = chosen(args, schools.iter().map(|school| &school.code))?;
    let mut classes: BTreeMap<RecordId, Option<Text>> = BTreeMap::new();
    for class in tx.classes().await?.into_iter().filter(|class| class.school == code) {
        let label = label(&class.name, class.year);
        let lines = tx.record_lines(&class.id).await?;
        classes.extend(lines.into_iter().map(|line| (line.record, label.clone())));
    }
    let entry = |leaf: Leaf, batch| -> anyhow::Result<Entry> {
        let Leaf { leaf, kind: of, subject, version, .. } = leaf;
        let class = classes.get(&subject).cloned().flatten();
        Ok(Entry { leaf, kind: kind(of.as_str())?, subject, version, class, batch })
    };
    let mut entries = Vec::new();
    for batch in tx.batches().await? {
        // Of the contract in use, which is what is watched; those before it are closed, and change no more.
        let index = match &batch.receipt {
            Some(receipt) => match receipt.index.checked_sub(site.app.settings().first_batch()) {
                Some(index) => Some(index),
                None => continue,
            },
            None => None,
        };
        for (_, leaf) in tx.leaves_of(batch.id, Some(&code)).await? {
            entries.push(entry(leaf, index)?);
        }
    }
    if let Some(school) = schools.iter().find(|school| school.code == code) {
        let limit = u32::try_from(MAX_ENTRIES).unwrap_or(u32::MAX);
        for kind in [LeafKind::Appointment, LeafKind::Record, LeafKind::Evidence] {
            for leaf in tx.waiting_leaves(&school.issuer, kind, limit).await? {
                if leaf.school == code {
                    entries.push(entry(leaf, None)?);
                }
            }
        }
    }
    write(context, args, &code, entries)
}

/// The school that is meant: the one named, or the only one.
fn chosen<'a>(args: &BooksArgs, mut all: impl Iterator<Item = &'a SchoolCode>) -> Result<SchoolCode, Failure> {
    if let Some(school) = &args.school {
        return Ok(school.clone());
    }
    match (all.next(), all.next()) {
        (Some(school), None) => Ok(school.clone()),
        (None, _) => Err(super::nothing_sealed()),
        _ => Err(Failure::new(
            Exit::BadInput,
            "which_school",
            words("có nhiều trường; chọn bằng --school", "there are several schools; choose one with --school"),
        )),
    }
}

fn write(context: &Context, args: &BooksArgs, school: &SchoolCode, entries: Vec<Entry>) -> anyhow::Result<Exit> {
    let books = Books::of(entries);
    if books.is_empty() {
        return Err(super::nothing_sealed().into());
    }
    write_whole(&args.out, &books.to_csv())?;
    let (name, count) = (args.out.display(), books.len());
    context.out.say(&words(
        format!("Đã ghi {count} dòng của trường {school} vào {name}"),
        format!("Wrote {count} lines of the school {school} to {name}"),
    ));
    context.out.document(&json!({
        "command": "export", "ok": true, "what": "books", "file": args.out, "school": school, "statements": count,
    }));
    Ok(Exit::Ok)
}
