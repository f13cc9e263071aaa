//! Every page, every sample, both languages, as files that are reviewed like code. `UPDATE_PAGES=1` writes them anew.

use std::{fs, path::Path};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use hocba_server::{language, language::Language, problem, view::view};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::common;

const LANGUAGES: [Language; 2] = [Language::Vietnamese, Language::English];

/// Compares with the committed file, or writes it.
fn agrees(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, found).expect("writable");
        return;
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    let place = committed.lines().zip(found.lines()).position(|(a, b)| a != b);
    assert!(
        committed == found,
        "{} has changed from line {:?} on; if that is meant: UPDATE_PAGES=1 cargo test -p hocba-server",
        path.display(),
        place.map_or(committed.lines().count().min(found.lines().count()), |line| line) + 1,
    );
}

/// A page without what changes with every touch of style or script.
fn stable(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(at) = rest.find("/assets/") {
        let (before, from) = rest.split_at(at);
        let end = from.find('"').expect("addresses stand in quotes");
        let mut parts = from[..end].split('.');
        let (name, kind) = (parts.next().expect("name"), parts.next_back().expect("kind"));
        out.push_str(&format!("{before}{name}.HASH.{kind}"));
        rest = &from[end..];
    }
    out + rest
}

async fn page(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, stable(std::str::from_utf8(&bytes).expect("pages are UTF-8")))
}

fn golden(name: &str, language: Language) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pages/{name}.{}.html", language::code(language)))
}

#[tokio::test]
async fn every_sample_renders_in_both_languages_as_reviewed() {
    let samples = common::Samples::new();
    let router = common::public_of(samples.clone());
    for (name, bytes) in samples.files() {
        for language in LANGUAGES {
            let address = format!("/v/report?lang={}", language::code(language));
            let request = Request::post(address).body(Body::from(bytes.clone())).expect("request");
            let (status, found) = page(&router, request).await;
            assert_eq!(status, StatusCode::OK, "a verdict is an answer: {name}");
            agrees(&golden(&format!("report_{name}"), language), &found);
        }
    }
}

#[tokio::test]
async fn every_other_page_renders_in_both_languages_as_reviewed() {
    let router = common::public();
    for (name, address) in
        [("check", "/v"), ("problems", "/problems"), ("problem", "/problems/link-expired"), ("failure", "/nowhere")]
    {
        for language in LANGUAGES {
            let address = format!("{address}?lang={}", language::code(language));
            let request =
                Request::get(address).header(header::ACCEPT, "text/html").body(Body::empty()).expect("request");
            agrees(&golden(name, language), &page(&router, request).await.1);
        }
    }
    let operator = hocba_server::operator(&common::server(common::config()));
    let (_, found) = page(&operator, Request::get("/").body(Body::empty()).expect("request")).await;
    agrees(&golden("operator", Language::Vietnamese), &found);
}

#[test]
fn the_page_of_problems_agrees_with_the_code() {
    agrees(&hocba_tests::repository().join("docs/problems.md"), &problem::markdown());
}

#[test]
fn a_changed_mark_names_the_subject_and_marks_its_row() {
    let samples = common::samples();
    let changed = samples.iter().find(|s| s.name == "changed_mark").expect("sample");
    let v = view(&changed.report, Language::Vietnamese);
    assert!(v.headline.contains("môn Toán đã bị sửa sau khi ký"), "{}", v.headline);
    assert!(!v.trusted);
    let rows: Vec<&str> = v.records[0].subjects.iter().filter(|s| s.changed).map(|s| s.name.as_str()).collect();
    assert_eq!(rows, ["Toán"]);
}

#[test]
fn what_could_not_be_checked_is_never_called_forged_or_invalid() {
    for sample in common::samples().iter().filter(|s| s.name == "inconclusive") {
        for language in LANGUAGES {
            let v = view(&sample.report, language);
            let told = [vec![v.headline, v.word.to_owned()], v.problems].concat().join(" ").to_lowercase();
            for word in ["giả", "không hợp lệ", "forged", "not valid", "invalid"] {
                assert!(!told.contains(word), "{word} in {told}");
            }
        }
    }
}

#[test]
fn words_of_the_machine_room_stay_off_the_page() {
    for sample in common::samples() {
        let v = view(&sample.report, Language::Vietnamese);
        let told = format!("{v:?}").to_lowercase();
        for word in ["merkle", "niêm phong", "đồng ký", "biên nhận neo", "giả mạo"] {
            assert!(!told.contains(word), "{word} in {}", sample.name);
        }
    }
}

#[test]
fn a_name_of_a_pupil_stands_behind_its_fold_and_nowhere_else() {
    for sample in common::samples() {
        for language in LANGUAGES {
            let v = view(&sample.report, language);
            for record in &v.records {
                let hocba_server::view::Pupil::Shown { name, .. } = &record.pupil else { continue };
                let mut rest = record.clone();
                rest.pupil = hocba_server::view::Pupil::Withheld;
                let told = format!("{rest:?} {:?} {:?} {} {}", v.groups, v.problems, v.headline, v.file_name);
                assert!(!told.contains(name.as_str()), "{}", sample.name);
            }
        }
    }
}
