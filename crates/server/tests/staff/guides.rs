//! `docs/guides`, against what is there: pictures, samples, addresses, and the words of the pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use hocba_server::{language::Language, staff};
use scraper::Html;
use serde_json::Value;

/// The most bytes of a picture: somebody reads this with a phone.
const MOST_BYTES: u64 = 60_000;
/// The most bytes of all of them, which everybody who clones the repository has.
const MOST_IN_ALL: u64 = 1_500_000;
/// Pages that are not in the list of the staff's.
const OPEN: [&str; 1] = ["/v"];
/// A guide's own words end, and the English ones begin.
const ENGLISH: &str = "## In English";

/// What the guides are compared with.
#[derive(Clone)]
struct There {
    /// File name of each picture, and its bytes.
    images: BTreeMap<String, u64>,
    /// `pictures.json`.
    pictures: Value,
    samples: BTreeSet<String>,
    links: String,
    /// Addresses with parameters in braces.
    addresses: Vec<&'static str>,
    /// What pages say, in Vietnamese and in English.
    words: [String; 2],
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &Path, end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    entries.map(|name| name.into_string().expect("UTF-8")).filter(|name| name.ends_with(end)).collect()
}

fn guides() -> BTreeMap<String, String> {
    let folder = folder();
    names(&folder, ".md").into_iter().map(|name| (name.clone(), read(&folder.join(&name)))).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(html: &str) -> String {
    one_line(&Html::parse_document(html).root_element().text().collect::<String>()) + "\n"
}

impl There {
    fn now() -> Self {
        let (folder, here) = (folder(), Path::new(env!("CARGO_MANIFEST_DIR")));
        let images = names(&folder.join("images"), "").into_iter();
        let images = images.map(|name| {
            let bytes = fs::metadata(folder.join("images").join(&name)).expect("a file").len();
            (name, bytes)
        });
        let words = [(Language::Vietnamese, ".vi.html"), (Language::English, ".en.html")].map(|(language, end)| {
            let staff = staff::rendered(language).into_iter().map(|(_, html)| said(&html));
            let open = here.join("tests/pages");
            staff.chain(names(&open, end).iter().map(|name| said(&read(&open.join(name))))).collect()
        });
        Self {
            images: images.collect(),
            pictures: serde_json::from_str(&read(&folder.join("pictures.json"))).expect("JSON"),
            samples: staff::rendered(Language::Vietnamese).into_iter().map(|(name, _)| name).collect(),
            links: read(&here.join("examples/samples.rs")),
            addresses: staff::listed().iter().filter(|page| page.method == "GET").map(|page| page.path).collect(),
            words,
        }
    }

    fn has_address(&self, address: &str) -> bool {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let fits = |known: &str| {
            let (known, asked): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
            known.len() == asked.len() && known.iter().zip(&asked).all(|(k, a)| k == a || k.starts_with('{'))
        };
        OPEN.contains(&path) || self.addresses.iter().any(|known| fits(known))
    }
}

/// What stands between these, in order.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inside, _)| inside).collect()
}

/// Words in *emphasis*, which are those of a page; **strong** ones are our own, and `code` is neither.
fn emphasised(text: &str) -> Vec<String> {
    let without = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let without = without.split("**").step_by(2).collect::<Vec<_>>().join(" ");
    without.split('*').skip(1).step_by(2).map(one_line).collect()
}

/// What is wrong with the guides, in words.
fn faults(guides: &BTreeMap<String, String>, there: &There) -> Vec<String> {
    let mut found = Vec::new();
    let mut named = BTreeSet::new();
    let index = guides.get("README.md").map(String::as_str).unwrap_or_default();
    for (guide, text) in guides {
        for (alt, image) in between(text, "![", ")").iter().filter_map(|picture| picture.split_once("](images/")) {
            if alt.trim().is_empty() {
                found.push(format!("{guide}: {image} says nothing to who cannot see it"));
            }
            if !there.images.contains_key(image) {
                found.push(format!("{guide}: no picture {image}"));
            }
            named.insert(image.to_owned());
        }
        // The demonstration is a story with commands and their output, and nobody's guide.
        if guide == "demo.md" {
            continue;
        }
        for address in between(text, "`/", "`") {
            if !there.has_address(&format!("/{address}")) {
                found.push(format!("{guide}: no page /{address}"));
            }
        }
        if guide != "README.md" && !index.contains(&format!("]({guide})")) {
            found.push(format!("README.md does not lead to {guide}"));
        }
        let (vietnamese, english) = text.split_once(ENGLISH).unwrap_or((text, ""));
        for (part, words) in [vietnamese, english].into_iter().zip(&there.words) {
            let strange = emphasised(part).into_iter().filter(|quoted| !words.contains(quoted.as_str()));
            found.extend(strange.map(|quoted| format!("{guide}: no page says {quoted:?}")));
        }
    }
    let pictures: Vec<(String, &Value)> =
        there.pictures.as_object().expect("an object").iter().map(|(name, of)| (format!("{name}.png"), of)).collect();
    for image in there.images.keys() {
        if !named.contains(image) {
            found.push(format!("no guide shows {image}"));
        }
        if !pictures.iter().any(|(name, _)| name == image) {
            found.push(format!("pictures.json does not say what {image} is of"));
        }
    }
    for (name, of) in &pictures {
        if !there.images.contains_key(name) {
            found.push(format!("{name} was not made: cargo xtask guides"));
        }
        let known = match (of["sample"].as_str(), of["link"].as_str(), of["page"].as_str()) {
            (Some(sample), None, None) => there.samples.contains(sample),
            (None, Some(link), None) => there.links.contains(&format!("    \"{link}\",\n")),
            (None, None, Some(page)) => there.has_address(page),
            _ => false,
        };
        if !known {
            found.push(format!("{name} is of nothing there is"));
        }
    }
    let large = there.images.iter().filter(|(_, bytes)| **bytes > MOST_BYTES);
    found.extend(large.map(|(image, bytes)| format!("{image} has {bytes} bytes")));
    if there.images.values().sum::<u64>() > MOST_IN_ALL {
        found.push("the pictures are too many or too large".into());
    }
    found
}

#[test]
fn guides_show_pictures_that_are_there_name_pages_that_exist_and_say_what_pages_say() {
    let guides = guides();
    assert!(guides.len() > 5, "{:?}", guides.keys());
    assert_eq!(faults(&guides, &There::now()), Vec::<String>::new());
}

#[test]
fn a_guide_that_is_out_of_date_is_told() {
    let one = |text: &str| {
        let index = ("README.md".to_owned(), "[](a.md)".to_owned());
        BTreeMap::from([index, ("a.md".to_owned(), text.to_owned())])
    };
    let now = There {
        images: BTreeMap::from([("a.png".to_owned(), 10)]),
        pictures: serde_json::json!({ "a": { "sample": "class-1" } }),
        ..There::now()
    };
    let there = || now.clone();
    let good = "![Lớp](images/a.png) *Đăng xuất* ở `/school/MÃ/classes`, `/v`.\n\n## In English\n*Sign out*";
    assert_eq!(faults(&one(good), &there()), Vec::<String>::new());
    for (from, to, told) in [
        ("images/a.png", "images/b.png", "a.md: no picture b.png"),
        ("![Lớp]", "![]", "a.md: a.png says nothing to who cannot see it"),
        ("![Lớp](images/a.png)", "", "no guide shows a.png"),
        ("/classes", "/klasses", "a.md: no page /school/MÃ/klasses"),
        ("`/v`", "`/w`", "a.md: no page /w"),
        ("*Đăng xuất*", "*Thoát ra*", "a.md: no page says \"Thoát ra\""),
        ("*Sign out*", "*Đăng xuất*", "a.md: no page says \"Đăng xuất\""),
    ] {
        let found = faults(&one(&good.replace(from, to)), &there());
        assert!(found.contains(&told.to_owned()), "{told}: {found:?}");
    }
    let mut orphan = one(good);
    orphan.insert("README.md".into(), String::new());
    assert_eq!(faults(&orphan, &there()), ["README.md does not lead to a.md"]);
    let changed = |change: fn(&mut There)| {
        let mut there = there();
        change(&mut there);
        faults(&one(good), &there)
    };
    let large = changed(|there| there.images.extend([("a.png".to_owned(), MOST_BYTES + 1)]));
    assert_eq!(large, [format!("a.png has {} bytes", MOST_BYTES + 1)]);
    let unmade = changed(|there| there.pictures["b"] = serde_json::json!({ "sample": "class-1" }));
    assert_eq!(unmade, ["b.png was not made: cargo xtask guides"]);
    for of in [serde_json::json!({ "sample": "class-99" }), serde_json::json!({ "link": "good" })] {
        let mut there = there();
        there.pictures["a"] = of;
        assert_eq!(faults(&one(good), &there), ["a.png is of nothing there is"]);
    }
}
