//! `inspect`: what a file says, taken apart and not verified.

use std::path::PathBuf;

use clap::Args;
use hocba_bundle::snapshot::MAX_SNAPSHOT_BYTES;
use hocba_record::encoding::{Sha256Digest, from_base64url};
use hocba_signature::certificate::Certificate;
use serde_json::{Map, Value, json};

use super::Context;
use crate::{
    edge::read_input,
    error::{Exit, Failure},
    output::words,
};

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Tệp học bạ, bản chụp sổ chung … / Bundle, snapshot, trust profile or statement; - reads standard input
    file: PathBuf,
}

/// `inspect`.
///
/// # Errors
/// For a file that is none of these.
pub fn run(context: &Context, args: &InspectArgs) -> anyhow::Result<Exit> {
    let bytes = read_input(&args.file, MAX_SNAPSHOT_BYTES)?;
    let name = args.file.display();
    let no = |vi: &str, en: &str| {
        Failure::new(Exit::BadInput, "not_ours", words(format!("{name}: {vi}"), format!("{name}: {en}")))
    };
    if bytes.len() > MAX_SNAPSHOT_BYTES {
        return Err(no("tệp quá lớn", "the file is too large").into());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // The parser's message is left out: it may repeat what it found.
    let value: Value = serde_json::from_slice(bytes).map_err(|_| no("không phải JSON", "this is no JSON"))?;
    let kind = kind(&value).ok_or_else(|| no("không phải tệp của hocba", "this is no file of hocba"))?;
    let open = opened(value);
    context.out.say(&words(
        format!("{name}: {kind}. CHƯA XÁC MINH – chỉ là những gì tệp này tự nói; dùng `hocba verify` để xác minh."),
        format!("{name}: {kind}. NOT VERIFIED – this is only what the file says; use `hocba verify`."),
    ));
    context.out.line(&format!("{open:#}"));
    context.out.document(&json!({ "command": "inspect", "ok": true, "kind": kind, "verified": false, "says": open }));
    Ok(Exit::Ok)
}

fn kind(value: &Value) -> Option<&'static str> {
    match value.get("hocba").and_then(Value::as_str) {
        Some("bundle-1") => Some("bundle"),
        Some("profile-1") => Some("trust profile"),
        Some("snapshot-1") => Some("snapshot"),
        Some(_) => None,
        None => is_statement(value).then_some("signed statement"),
    }
}

fn is_statement(value: &Value) -> bool {
    value.get("payload").is_some_and(Value::is_string) && value.get("signatures").is_some_and(Value::is_array)
}

/// The same value with payloads, headers and certificates opened.
fn opened(value: Value) -> Value {
    if is_statement(&value) {
        let payload = value.get("payload").map(decoded);
        let signatures = value.get("signatures").and_then(Value::as_array).into_iter().flatten();
        let headers: Vec<_> = signatures.filter_map(|s| s.get("protected")).map(decoded).collect();
        return json!({ "payload": payload, "signed_by": headers });
    }
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(opened).collect()),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = match (name.as_str(), value) {
                    ("certificates" | "roots", Value::Array(all)) => all.iter().map(certificate).collect(),
                    ("certificate", Value::String(text)) => certificate(&Value::String(text)),
                    (_, value) => opened(value),
                };
                (name, value)
            };
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn decoded(text: &Value) -> Value {
    let bytes = text.as_str().and_then(|t| from_base64url(t).ok());
    bytes.and_then(|b| serde_json::from_slice(&b).ok()).map_or_else(|| text.clone(), opened)
}

/// A certificate's subject and validity; a digest or anything else stays as it is.
fn certificate(text: &Value) -> Value {
    let der = text.as_str().and_then(|t| from_base64url(t).ok()).unwrap_or_default();
    match Certificate::from_der(&der) {
        Ok(certificate) => json!({
            "subject": certificate.subject(),
            "sha256": Sha256Digest::of(&der),
            "not_before": certificate.not_before(),
            "not_after": certificate.not_after(),
        }),
        Err(_) => text.clone(),
    }
}
