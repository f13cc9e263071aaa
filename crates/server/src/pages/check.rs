//! `GET /v`: the check page. Empty until a link or a file is opened in it.

use askama::Template;
use axum::{http::Uri, response::Response};

use super::html;
use crate::{
    assets::{ASSETS, Assets},
    language::{self, Language},
    problem::Kind,
    view::words::{self, Words},
};

/// The page, with a report where one was asked for without a script.
#[derive(Template)]
#[template(path = "check.html")]
pub(super) struct CheckPage<'a> {
    w: &'static Words,
    assets: &'static Assets,
    here: &'static str,
    says: Vec<Say>,
    report: Option<&'a str>,
}

/// What the script may have to say instead of a verdict.
struct Say {
    name: &'static str,
    title: &'static str,
    text: &'static str,
    retry: bool,
}

impl<'a> CheckPage<'a> {
    pub(super) fn new(language: Language, report: Option<&'a str>) -> Self {
        Self { w: words::of(language), assets: &ASSETS, here: "/v", says: says(language), report }
    }
}

fn says(language: Language) -> Vec<Say> {
    let w = words::of(language);
    let own = |name, title, text, retry| Say { name, title, text, retry };
    // What the server says as a problem, the page says in the same words.
    let of = |name, kind: Kind| own(name, kind.title(language), kind.meaning(language), true);
    vec![
        of("unknown", Kind::LinkUnknown),
        of("expired", Kind::LinkExpired),
        of("withdrawn", Kind::LinkWithdrawn),
        own("network", w.network, w.network_text, true),
        own("sealed", w.sealed, w.sealed_text, true),
        own("broken", w.broken, w.broken_text, false),
        own("insecure", w.insecure, w.insecure_text, false),
        own("large", w.large, w.large_text, false),
        own("reloaded", w.reloaded, w.reloaded_text, false),
    ]
}

pub(crate) async fn handle(uri: Uri) -> Response {
    html(&CheckPage::new(language::of_page(&uri), None))
}
