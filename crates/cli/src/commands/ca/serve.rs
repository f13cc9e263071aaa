//! `ca serve`: OCSP answers, CRLs and CA certificates over HTTP.
//!
//! Plain HTTP on purpose: everything is signed. It holds the OCSP key only, reads the register as it grows, and hands out
//! CRLs as they lie in the folder.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as Segment, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use hocba_ca::{
    SerialNumber,
    ocsp::{MAX_REQUEST_BYTES, NoAnswer, Responder, Status},
};
use hocba_server::{config::ServerConfig, listener};
use serde_json::json;

use super::{
    DAY,
    folder::{self, CaFolder, FileKey, Tier},
    refused,
    register::Register,
};
use crate::{
    commands::{Context, serve::stopped},
    edge::now,
    error::{Exit, Failure},
    ledger,
    output::words,
};

/// How long an answer may be kept: a day, so that a revocation is known within one.
const ANSWER_LIFE: i64 = DAY;

/// Arguments of `ca serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Địa chỉ / Address
    #[arg(long, default_value = "127.0.0.1:8791")]
    listen: SocketAddr,
    /// Tệp có mật khẩu của khoá OCSP / File with the OCSP key's passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
}

struct Site {
    folder: CaFolder,
    key: FileKey,
    ca: Vec<u8>,
    certificate: Vec<u8>,
    /// Length of the register when it was read, and what it said.
    known: Mutex<(u64, Arc<HashMap<SerialNumber, Status>>)>,
}

impl Site {
    /// What the register says now; read again when it has grown.
    fn known(&self) -> anyhow::Result<Arc<HashMap<SerialNumber, Status>>> {
        let length = std::fs::metadata(self.folder.path("register.jsonl"))?.len();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != length {
            let register = Register::read(&self.folder)?;
            let of = |issued: &super::register::Issued| {
                let serial = SerialNumber::from_bytes(&hex::decode(&issued.serial).ok()?)?;
                Some((serial, register.revocation(&issued.serial).map_or(Status::Good, Status::Revoked)))
            };
            let issued = register.issued().filter(|issued| issued.issuer == Tier::Issuing);
            *known = (length, Arc::new(issued.filter_map(of).collect()));
        }
        Ok(known.1.clone())
    }

    fn answer(&self, request: &[u8]) -> Response {
        let now = now();
        let answered = self.known().map_err(|_| NoAnswer::InternalError).and_then(|known| {
            let responder = Responder::new(&self.ca, &self.certificate, &self.key);
            let responder = responder.map_err(|_| NoAnswer::InternalError)?;
            let status = |serial: &SerialNumber| known.get(serial).copied().unwrap_or(Status::Unknown);
            responder.answer(request, now, now.plus(ANSWER_LIFE), status)
        });
        // 200 whatever the answer (RFC 6960 appendix A.2).
        ([(header::CONTENT_TYPE, "application/ocsp-response")], answered.unwrap_or_else(NoAnswer::to_der))
            .into_response()
    }
}

/// `ca serve`.
///
/// # Errors
/// When the folder, the key or the port cannot be used.
pub fn run(context: &Context, folder: &Path, args: &ServeArgs) -> anyhow::Result<Exit> {
    let folder = CaFolder::open(folder)?;
    let key = folder.open_key(Tier::Ocsp, &folder::passphrase(&args.passphrase_file)?)?;
    let (ca, certificate) = (folder.certificate(Tier::Issuing)?, folder.certificate(Tier::Ocsp)?);
    Responder::new(&ca, &certificate, &key).map_err(refused)?;
    let site = Arc::new(Site { folder, key, ca, certificate, known: Mutex::default() });
    let out = &context.out;
    ledger::runtime()?.block_on(async {
        let listener = listener::bind(args.listen).await.map_err(|e| {
            Failure::new(Exit::Environment, "port", words(format!("không mở được cổng: {e}"), e.to_string()))
                .hint(words("chọn cổng khác bằng --listen", "choose another one with --listen"))
        })?;
        let address = listener.local_addr()?;
        let limits = ServerConfig::default().limits;
        out.say(&words(
            format!("CA thử nghiệm: http://{address}/ (OCSP: /ocsp, danh sách thu hồi: /issuing.crl, /root.crl)"),
            format!("Pilot CA: http://{address}/ (OCSP: /ocsp, CRLs: /issuing.crl, /root.crl)"),
        ));
        out.document(&json!({ "command": "ca serve", "ok": true, "url": format!("http://{address}") }));
        listener::serve(listener, router(site), &limits, async {
            let _ = stopped().await;
        })
        .await;
        anyhow::Ok(())
    })?;
    Ok(Exit::Ok)
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/ocsp", post(posted))
        .route("/ocsp/{*request}", get(got))
        .route("/{file}", get(file))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(site)
}

async fn posted(State(site): State<Arc<Site>>, request: Bytes) -> Response {
    site.answer(&request)
}

/// RFC 6960 appendix A.1: base64 of the request, percent-encoded where it has to be; axum has decoded that.
async fn got(State(site): State<Arc<Site>>, Segment(request): Segment<String>) -> Response {
    // Some programs leave a slash too many between address and request.
    let text = request.trim_start_matches('/');
    match STANDARD.decode(text) {
        Ok(request) => site.answer(&request),
        Err(_) => site.answer(&[]),
    }
}

async fn file(State(site): State<Arc<Site>>, Segment(name): Segment<String>) -> Response {
    let (kind, bytes) = match name.as_str() {
        "root.crl" => ("application/pkix-crl", std::fs::read(site.folder.crl_path(Tier::Root)).ok()),
        "issuing.crl" => ("application/pkix-crl", std::fs::read(site.folder.crl_path(Tier::Issuing)).ok()),
        "root.cer" => ("application/pkix-cert", site.folder.certificate(Tier::Root).ok()),
        "issuing.cer" => ("application/pkix-cert", Some(site.ca.clone())),
        _ => ("", None),
    };
    match bytes {
        Some(bytes) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
