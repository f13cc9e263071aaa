//! Every staff page × sample × language: well formed, labelled, of this host alone.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use hocba_server::{
    language::{self, Language},
    staff,
};
use scraper::{ElementRef, Html, Selector};

const LANGUAGES: [Language; 2] = [Language::Vietnamese, Language::English];

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

/// What is wrong with a page, in words.
fn faults(name: &str, language: Language, text: &str) -> Vec<String> {
    let page = Html::parse_document(text);
    let mut found: Vec<String> = page.errors.iter().map(|error| format!("HTML: {error}")).collect();
    let mut say = |what: String| found.push(what);
    if text.contains('⟦') {
        say("a text is missing".into());
    }
    if page.root_element().value().attr("lang") != Some(language::code(language)) {
        say("lang".into());
    }
    for (selector, count) in [("h1", 1), ("main", 1), ("head > title", 1), ("header", 1), ("a.skip[href='#main']", 1)] {
        if all(&page, selector).len() != count {
            say(format!("{selector} is not there {count} times"));
        }
    }
    let mut ids = BTreeSet::new();
    for element in all(&page, "[id]") {
        if !ids.insert(element.value().attr("id").unwrap_or_default()) {
            say(format!("id {:?} is there twice", element.value().attr("id")));
        }
    }
    for name in ["aria-describedby", "aria-labelledby", "for"] {
        for element in all(&page, &format!("[{name}]")) {
            for id in element.value().attr(name).unwrap_or_default().split(' ') {
                if !ids.contains(id) {
                    say(format!("{name} names {id:?}, which is not there"));
                }
            }
        }
    }
    let labelled: BTreeSet<&str> = all(&page, "label").iter().filter_map(|l| l.value().attr("for")).collect();
    for field in all(&page, "input:not([type=hidden]), select, textarea") {
        let id = field.value().attr("id").unwrap_or_default();
        if !labelled.contains(id) && field.value().attr("aria-label").is_none() {
            say(format!("field {:?} has no label", field.value().attr("name")));
        }
    }
    for element in all(&page, "*") {
        for (attribute, value) in element.value().attrs() {
            if attribute == "style" || attribute.starts_with("on") {
                say(format!("{attribute} is not allowed by the policy"));
            }
            if matches!(attribute, "href" | "src" | "action") && !(value.starts_with('/') || value.starts_with('#')) {
                say(format!("{attribute} leads elsewhere: {value}"));
            }
        }
    }
    if all(&page, "style").len() + all(&page, "script:not([src])").len() > 0 {
        say("inline style or script".into());
    }
    for form in all(&page, "form") {
        let action = form.value().attr("action").unwrap_or_default();
        // A search changes nothing: it needs no token, and carries none in the address.
        if form.value().attr("method") == Some("get") {
            let hidden = Selector::parse("input[type=hidden]").expect("a selector");
            if !is_listed("GET", action) || form.select(&hidden).next().is_some() {
                say(format!("not a search of ours: {action}"));
            }
            continue;
        }
        if form.value().attr("method") != Some("post") || !is_listed("POST", action) {
            say(format!("no such form: {action}"));
        }
        let files = form.select(&Selector::parse("input[type=file]").expect("a selector")).count() > 0;
        let sent = form.value().attr("enctype") == Some("multipart/form-data");
        if files != sent || files != takes_files(action) {
            say(format!("the form to {action} and its address do not agree about files"));
        }
        for hidden in ["csrf", "form"] {
            let selector = Selector::parse(&format!("input[type=hidden][name={hidden}]")).expect("a selector");
            if form.select(&selector).next().is_none_or(|i| i.value().attr("value").unwrap_or_default().is_empty()) {
                say(format!("the form to {action} has no {hidden}"));
            }
        }
    }
    for link in all(&page, "a[href^='/']") {
        let href = link.value().attr("href").unwrap_or_default().split('?').next().unwrap_or_default();
        if href != "/v" && !is_listed("GET", href) {
            say(format!("a link to nowhere: {href}"));
        }
    }
    found.into_iter().map(|what| format!("{name} ({}): {what}", language::code(language))).collect()
}

/// Whether the list has it.
fn is_listed(method: &str, address: &str) -> bool {
    found(method, address).is_some()
}

/// Whether the form of this address brings files.
fn takes_files(address: &str) -> bool {
    found("POST", address).is_some_and(|page| page.files > 0)
}

fn found(method: &str, address: &str) -> Option<staff::Listed> {
    let fits = |page: &staff::Listed| {
        let (pattern, address): (Vec<&str>, Vec<&str>) = (page.path.split('/').collect(), address.split('/').collect());
        let fits = |(p, a): (&&str, &&str)| p == a || p.starts_with('{') && !a.is_empty();
        page.method == method && pattern.len() == address.len() && pattern.iter().zip(&address).all(fits)
    };
    // An address that is written out goes before one with a parameter, as in the router.
    staff::listed().into_iter().filter(fits).min_by_key(|page| page.path.matches('{').count())
}

#[test]
fn every_sample_of_every_page_is_well_formed_labelled_and_of_this_host() {
    let mut found = Vec::new();
    for language in LANGUAGES {
        for (name, text) in staff::rendered(language) {
            found.extend(faults(&name, language, &text));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_of_pages_sees_each_kind_of_fault() {
    let (_, good) =
        staff::rendered(Language::Vietnamese).into_iter().find(|(name, _)| name == "password-2").expect("it");
    assert_eq!(faults("good", Language::Vietnamese, &good), [""; 0]);
    for (from, to) in [
        ("lang=\"vi\"", "lang=\"en\""),
        ("</label>", ""),
        ("<label for=\"old\"", "<label for=\"password\""),
        ("id=\"old\"", "id=\"again\""),
        ("id=\"password-error\"", "id=\"elsewhere\""),
        ("name=\"csrf\"", "name=\"other\""),
        ("action=\"/me/password\"", "action=\"/me/nothing\""),
        ("<h1>", "<h1 style=\"color: red\">"),
        ("<h1>", "<h1 onclick=\"x()\">"),
        ("<h1>", "<script>x()</script><h1>"),
        ("href=\"/home\"", "href=\"https://elsewhere.example/\""),
        ("href=\"/home\"", "href=\"/nowhere\""),
        ("<h1>", "<h1>⟦x⟧"),
        ("</main>", "</main></div>"),
        ("type=\"password\"", "type=\"file\""),
    ] {
        assert!(good.contains(from), "{from} is in the page");
        let bad = good.replacen(from, to, 1);
        assert!(!faults("bad", Language::Vietnamese, &bad).is_empty(), "{from} -> {to} is not seen");
    }
}

#[test]
fn every_template_has_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/staff");
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
    let names = files.map(|name| name.into_string().expect("UTF-8").trim_end_matches(".html").to_owned());
    let templates: BTreeSet<String> =
        names.filter(|name| !matches!(name.as_str(), "agent" | "base" | "field" | "findings" | "signing")).collect();
    let sampled: BTreeSet<String> = staff::SAMPLED.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(templates, sampled);
}

/// The files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_route_of_the_staff_pages_stands_outside_the_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let count = |path: &Path| fs::read_to_string(path).expect("readable").matches(".route(").count();
    assert_eq!(count(&source.join("staff.rs")), 1, "the router is made of the list, in one place");
    for path in files(&source.join("staff")) {
        let samples = path.file_name().is_some_and(|name| name == "samples.rs");
        assert_eq!(count(&path), if samples { 2 } else { 0 }, "{}", path.display());
    }
}
