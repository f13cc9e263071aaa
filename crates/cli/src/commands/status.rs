//! `status`: where each class and pupil is.

use std::collections::BTreeMap;

use clap::Args;
use hocba_app::{Actor, AppError, AtStore, PublicState};
use hocba_store::model::{LeftOut, ReturnReason, StoreAnswer};
use serde_json::{Value, json};

use super::Context;
use crate::{
    collecting::remark,
    edge::now,
    error::Exit,
    folder::Folder,
    ledger,
    output::{Words, words},
    site::{ClassChoice, Site, app_failure},
};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Một lớp, từng học sinh / One class, pupil by pupil
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
    /// Kèm họ tên học sinh / With the pupils' names
    #[arg(long, requires = "class")]
    names: bool,
}

/// `status`.
///
/// # Errors
/// When there is no such class.
pub fn run(context: &Context, args: &StatusArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(work(context, folder, args))
}

async fn work(context: &Context, folder: Folder, args: &StatusArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let site = Site::open(folder).await?;
    let operator = Actor::LocalOperator;
    if args.class.is_some() {
        let class = site.class(args.class.as_ref()).await?;
        let view = site.app.class(&operator, &class.id).await.map_err(refused)?;
        let mut pupils: Vec<Value> = Vec::new();
        for pupil in &view.pupils {
            let (vi, en) = pupil.state.words();
            let name = pupil.name.as_deref().filter(|_| args.names).unwrap_or_default();
            let reason = pupil.left_out.map(LeftOut::as_str).or(pupil.returned.map(ReturnReason::as_str));
            let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
            let line = |state: &str| format!("{:>3}  {name}{}{state}{reason}", pupil.number, tab(name));
            out.say(&words(line(vi), line(en)));
            if let Some(at_store) = &pupil.at_store {
                out.say(&told(at_store));
            }
            pupils.push(json!({
                "number": pupil.number, "record": pupil.record.to_string(), "version": pupil.version,
                "state": pupil.state, "left_out": pupil.left_out.map(LeftOut::as_str),
                "returned": pupil.returned.map(ReturnReason::as_str),
                "at_store": pupil.at_store.as_ref().map(|at| json!({
                    "version": at.version, "code": at.answer.as_str(),
                    "errors": at.errors.iter().map(|e| json!({ "code": e.code, "text": e.text })).collect::<Vec<_>>(),
                })),
            }));
        }
        out.document(&json!({ "command": "status", "ok": true, "class": class.name, "pupils": pupils }));
        return Ok(Exit::Ok);
    }
    let mut classes: Vec<Value> = Vec::new();
    for (class, counts) in site.app.classes(&operator).await.map_err(refused)? {
        let part = |pick: fn((&'static str, &'static str)) -> &'static str| {
            let parts: Vec<String> = counts.iter().map(|(s, n)| format!("{n} {}", pick(s.words()))).collect();
            format!("{} {} ({}): {}", class.name, class.year, class.school, parts.join("; "))
        };
        out.say(&words(part(|w| w.0), part(|w| w.1)));
        let counts: BTreeMap<&PublicState, &usize> = counts.iter().collect();
        classes.push(json!({ "school": class.school, "year": class.year, "class": class.name, "states": counts }));
    }
    if classes.is_empty() {
        out.say(&words("Chưa nhập lớp nào.", "No class was imported yet."));
    }
    let state = site.app.evidence_kept(&operator, 0).await.map_err(refused)?.1;
    if let Some(remark) = remark(&state, now()) {
        out.say(&remark);
    }
    let evidence = json!({
        "kept": state.kept, "early": state.wanted.early, "due": state.wanted.due, "silent": state.wanted.silent,
    });
    out.document(&json!({ "command": "status", "ok": true, "classes": classes, "evidence": evidence }));
    Ok(Exit::Ok)
}

/// What the ministry's store says of a record, as lines below the pupil's.
fn told(at_store: &AtStore) -> Words {
    let (vi, en) = match at_store.answer {
        StoreAnswer::Waiting => ("00 chưa xử lý", "00 not processed yet"),
        StoreAnswer::Accepted => ("01 đã tiếp nhận", "01 accepted"),
        StoreAnswer::Rejected => ("02 có lỗi", "02 has errors"),
    };
    let errors: String = at_store.errors.iter().map(|e| format!("\n       {}: {}", e.code, e.text)).collect();
    let version = at_store.version;
    words(
        format!("     kho của Bộ, bản {version}: {vi}{errors}"),
        format!("     store, version {version}: {en}{errors}"),
    )
}

fn tab(name: &str) -> &'static str {
    if name.is_empty() { "" } else { "  " }
}
