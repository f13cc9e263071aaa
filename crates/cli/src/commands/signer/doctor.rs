//! `signer doctor`: what is there to sign with, and what to do where something is not.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use hocba_keystore::{Finding as Found, PinState, TokenReport, inspect_module, read_certificate_chain};
use hocba_record::types::UnixTime;
use hocba_signature::certificate::Certificate;
use serde_json::json;

use super::{Context, SettingsArgs};
use crate::{
    edge::now,
    error::Exit,
    output::{Words, words},
};

/// Certificates that end within these days are told of.
const SOON: i64 = 30;
/// 2026-01-01: a clock before it is wrong, since this program is younger.
const OLDEST_CLOCK: i64 = 1_767_225_600;

struct Finding {
    code: &'static str,
    ok: bool,
    words: Words,
}

/// Looks at everything; opens no key, so that no PIN is tried.
pub fn run(context: &Context, args: &SettingsArgs) -> Exit {
    let mut findings = Vec::new();
    let mut add = |ok, code, vi: String, en: String| findings.push(Finding { code, ok, words: words(vi, en) });
    let now = now();
    if now.seconds() < OLDEST_CLOCK {
        add(
            false,
            "clock",
            "đồng hồ máy này chạy sai; chỉnh lại giờ rồi thử lại".into(),
            "this machine's clock is wrong; set it and try again".into(),
        );
    } else {
        add(true, "clock", "đồng hồ máy này có vẻ đúng".into(), "this machine's clock looks right".into());
    }
    if args.allow.is_empty() {
        add(
            false,
            "origins",
            "chưa cho trang nào yêu cầu ký; thêm --allow https://…".into(),
            "no page may ask for signatures; add --allow https://…".into(),
        );
    }
    for origin in &args.allow {
        add(true, "origins", format!("được phép: {origin}"), format!("allowed: {origin}"));
    }
    match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))) {
        Ok(_) => add(true, "port", format!("cổng {} còn trống", args.port), format!("port {} is free", args.port)),
        Err(error) => add(
            false,
            "port",
            format!(
                "cổng {} không dùng được ({error}); hocba signer đang chạy? Nếu không, chọn --port khác",
                args.port
            ),
            format!(
                "port {} cannot be used ({error}); is hocba signer running? If not, choose another --port",
                args.port
            ),
        ),
    }
    let mut certificates = Vec::new();
    match (&args.key.pkcs11_module, &args.key.key) {
        (Some(module), _) => match inspect_module(module) {
            Ok(report) => {
                add(true, "module", format!("thư viện: {}", report.library), format!("library: {}", report.library));
                let tokens: Vec<&TokenReport> = report.slots.iter().filter_map(|slot| slot.token.as_ref()).collect();
                if tokens.is_empty() {
                    add(
                        false,
                        "token",
                        "chưa cắm token nào; cắm token rồi chạy lại".into(),
                        "no token is plugged in; plug it in and run again".into(),
                    );
                }
                for token in tokens {
                    let name = format!("{} ({}, {})", token.label, token.model, token.serial);
                    add(true, "token", format!("token: {name}"), format!("token: {name}"));
                    for (ok, words) in token.findings.iter().map(|found| told(*found, token)) {
                        add(ok, "token", words.vi, words.en);
                    }
                    certificates.extend(token.certificates.iter().map(|c| c.der.clone()));
                }
            }
            Err(error) => add(
                false,
                "module",
                format!("thư viện không nạp được: {error}. Cài phần mềm của hãng làm token, đúng bản 64 bit"),
                error.to_string(),
            ),
        },
        (None, Some(key)) => {
            let there = key.is_file();
            let name = key.display();
            add(
                there,
                "key",
                if there { format!("tệp khoá: {name}") } else { format!("không có tệp khoá {name}") },
                if there { format!("key file: {name}") } else { format!("there is no key file {name}") },
            );
        }
        (None, None) if args.key.remote.is_some() => add(
            true,
            "key",
            "khoá ở dịch vụ ký từ xa; chỉ biết khi đăng nhập".into(),
            "the key is at a signing service; known when it is opened".into(),
        ),
        (None, None) => add(
            false,
            "key",
            "chưa nói ký bằng khoá nào; thêm --pkcs11-module THƯ-VIỆN hoặc --key TỆP".into(),
            "which key to sign with is missing; add --pkcs11-module LIBRARY or --key FILE".into(),
        ),
    }
    if let Some(path) = &args.key.certificate {
        match read_certificate_chain(path) {
            Ok(chain) => certificates.extend(chain.into_iter().take(1)),
            Err(error) => {
                add(false, "certificate", format!("không đọc được chứng thư: {error}"), error.to_string());
            }
        }
    }
    for der in &certificates {
        let (ok, words) = certificate(der, now);
        add(ok, "certificate", words.vi, words.en);
    }
    let out = &context.out;
    for finding in &findings {
        let mark = if finding.ok { "✓" } else { "✗" };
        out.say(&words(format!("{mark} {}", finding.words.vi), format!("{mark} {}", finding.words.en)));
    }
    let ok = findings.iter().all(|finding| finding.ok);
    let list: Vec<_> = findings.iter().map(|f| json!({ "code": f.code, "ok": f.ok, "en": f.words.en })).collect();
    out.document(&json!({ "command": "signer doctor", "ok": ok, "findings": list }));
    if ok { Exit::Ok } else { Exit::Environment }
}

fn told(found: Found, token: &TokenReport) -> (bool, Words) {
    match found {
        Found::NotInitialised => {
            (false, words("  chưa được khởi tạo; liên hệ nơi cấp", "  is not set up; ask whoever issued it"))
        }
        Found::NoCertificate => (
            false,
            words("  không có chứng thư; thêm --certificate TỆP", "  has no certificate; add --certificate FILE"),
        ),
        Found::NothingToSignWith => {
            (false, words("  không có khoá nào ký được ở đây", "  has no key that signatures here can be made with"))
        }
        Found::PinUnusable => {
            let why = if token.pin == PinState::Locked {
                ("đã khoá", "is locked")
            } else {
                ("phải đổi", "must be changed")
            };
            (
                false,
                words(
                    format!("  mã PIN {}; dùng phần mềm của hãng hoặc đến nơi cấp", why.0),
                    format!("  the PIN {}; use the vendor's program or go to whoever issued it", why.1),
                ),
            )
        }
        Found::LastTry => (
            false,
            words(
                "  nhập sai PIN một lần nữa là khoá; kiểm tra kỹ trước khi nhập",
                "  one more wrong PIN locks it; be sure before typing",
            ),
        ),
        Found::Faulty => {
            (false, words("  trả lời lỗi; rút ra cắm lại", "  answers with errors; pull it out and plug it in"))
        }
    }
}

fn certificate(der: &[u8], now: UnixTime) -> (bool, Words) {
    const DAY: i64 = 86_400;
    let Ok(read) = Certificate::from_der(der) else {
        return (false, words("một chứng thư không dùng được ở đây", "a certificate cannot be used here"));
    };
    let name = read.subject();
    let days = (read.not_after().seconds() - now.seconds()).div_euclid(DAY);
    if now < read.not_before() {
        (
            false,
            words(
                format!("chứng thư của {name} chưa có hiệu lực; đồng hồ máy này có đúng không?"),
                format!("the certificate of {name} is not valid yet; is this machine's clock right?"),
            ),
        )
    } else if days < 0 {
        (
            false,
            words(
                format!("chứng thư của {name} đã hết hạn; xin cấp mới, rồi xin bổ nhiệm lại với chứng thư mới"),
                format!("the certificate of {name} has expired; get a new one, and a new appointment for it"),
            ),
        )
    } else if days < SOON {
        (
            true,
            words(
                format!("chứng thư của {name} còn {days} ngày; xin cấp mới từ bây giờ"),
                format!("the certificate of {name} ends in {days} days; ask for a new one now"),
            ),
        )
    } else {
        (
            true,
            words(
                format!("chứng thư của {name}, còn {days} ngày"),
                format!("the certificate of {name}, {days} days left"),
            ),
        )
    }
}
