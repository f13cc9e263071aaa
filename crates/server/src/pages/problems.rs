//! `GET /problems`, `GET /problems/{code}`: what the `type` of a problem points at. And the page of a failure.

use askama::Template;
use axum::{
    extract::Path,
    http::Uri,
    response::{IntoResponse as _, Response},
};

use super::html;
use crate::{
    assets::{ASSETS, Assets},
    http::request_id::RequestId,
    language::{self, Language},
    problem::{Kind, Problem},
    view::words::{self, Words},
};

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage {
    w: &'static Words,
    assets: &'static Assets,
    here: String,
    kinds: Vec<KindView>,
}

struct KindView {
    code: &'static str,
    uri: String,
    title: &'static str,
    meaning: &'static str,
    status: u16,
}

fn page(kinds: &[Kind], here: String, language: Language) -> Response {
    let kinds = kinds.iter().map(|kind| KindView {
        code: kind.code(),
        uri: kind.uri(),
        title: kind.title(language),
        meaning: kind.meaning(language),
        status: kind.status().as_u16(),
    });
    html(&ProblemsPage { w: words::of(language), assets: &ASSETS, here, kinds: kinds.collect() })
}

pub(crate) async fn list(uri: Uri) -> Response {
    page(Kind::ALL, "/problems".to_owned(), language::of_page(&uri))
}

pub(crate) async fn one(Path(code): Path<String>, uri: Uri) -> Result<Response, Problem> {
    let kind = Kind::of_code(&code).ok_or(Problem::NotFound)?;
    Ok(page(&[kind], kind.uri(), language::of_page(&uri)))
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    w: &'static Words,
    assets: &'static Assets,
    here: &'static str,
    title: &'static str,
    detail: String,
    reference: &'a str,
    about: String,
}

/// A failure as a page. Its language switch leads to the check page: the failed request cannot be repeated by a link.
pub(crate) fn failure(problem: &Problem, id: &RequestId, language: Language) -> Response {
    let page = FailurePage {
        w: words::of(language),
        assets: &ASSETS,
        here: "/v",
        title: problem.kind().title(language),
        detail: problem.detail(language),
        reference: id.as_str(),
        about: problem.kind().uri(),
    };
    // Were this page itself broken, `html` would make a problem of it, and nobody would write that one.
    page.render().map_or_else(|_| problem.status().into_response(), |text| axum::response::Html(text).into_response())
}
