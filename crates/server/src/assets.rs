//! Style, script and icon, compiled in. Each is served under a name that holds the hash of its content, so it may be
//! kept for ever and a new release is never mixed with an old page.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use hocba_record::encoding::Sha256Digest;

use crate::problem::Problem;

/// Addresses of the assets, as pages link them.
#[derive(Debug)]
pub(crate) struct Assets {
    pub style: String,
    pub script: String,
    pub icon: String,
    pub staff: String,
    pub staff_script: String,
    pub sign_script: String,
    pub print: String,
}

const STYLE: &str = concat!(include_str!("../assets/base.css"), include_str!("../assets/style.css"));
const SCRIPT: &str = include_str!("../assets/v.js");
const STAFF: &str = concat!(include_str!("../assets/base.css"), include_str!("../assets/staff.css"));
const STAFF_SCRIPT: &str = include_str!("../assets/staff.js");
const SIGN_SCRIPT: &str = include_str!("../assets/sign.js");
const PRINT: &str = include_str!("../assets/print.css");
const ICON: &str = include_str!("../assets/icon.svg");

pub(crate) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: address("style", STYLE, "css"),
    script: address("v", SCRIPT, "js"),
    icon: address("icon", ICON, "svg"),
    staff: address("staff", STAFF, "css"),
    staff_script: address("staff", STAFF_SCRIPT, "js"),
    sign_script: address("sign", SIGN_SCRIPT, "js"),
    print: address("print", PRINT, "css"),
});

fn address(name: &str, content: &str, kind: &str) -> String {
    let digest = Sha256Digest::of(content.as_bytes()).to_hex();
    format!("/assets/{name}.{}.{kind}", &digest[..16])
}

/// `GET /assets/{name}`
pub(crate) async fn serve(Path(name): Path<String>) -> Result<Response, Problem> {
    let address = format!("/assets/{name}");
    let (kind, content) = match address {
        a if a == ASSETS.style => ("text/css; charset=utf-8", STYLE),
        a if a == ASSETS.script => ("text/javascript; charset=utf-8", SCRIPT),
        a if a == ASSETS.staff => ("text/css; charset=utf-8", STAFF),
        a if a == ASSETS.staff_script => ("text/javascript; charset=utf-8", STAFF_SCRIPT),
        a if a == ASSETS.sign_script => ("text/javascript; charset=utf-8", SIGN_SCRIPT),
        a if a == ASSETS.print => ("text/css; charset=utf-8", PRINT),
        a if a == ASSETS.icon => ("image/svg+xml", ICON),
        _ => return Err(Problem::NotFound),
    };
    let keep = "public, max-age=31536000, immutable";
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)], content).into_response())
}
