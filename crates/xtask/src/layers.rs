//! The layer check (docs/architecture.md): the pure crates rest on no crate that does I/O or is built from C, and take
//! time and randomness as arguments. A third party can build a verifier from them, for any target.
//!
//! Two looks: at the graph of normal dependencies, on a server and in a browser; and at the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::steps::{self, Show};

/// Crates that neither do I/O nor read a clock or a random source, each with the dependencies it may have all the same.
const PURE: [Pure; 6] = [
    Pure { name: "hocba-record", may: &[] },
    Pure { name: "hocba-merkle", may: &[] },
    Pure { name: "hocba-signature", may: &[] },
    Pure { name: "hocba-bundle", may: &[] },
    Pure { name: "hocba-sample", may: &[] },
    // `zip`, below calamine and rust_xlsxwriter, depends on it whatever its features; archives are bytes to us, and
    // sources are scanned for calls of ours.
    Pure { name: "hocba-workbook", may: &["getrandom"] },
];

struct Pure {
    name: &'static str,
    may: &'static [&'static str],
}

/// Where the pure crates have to build: a server and a browser.
const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"];

/// Crates that do I/O, read clocks or make random numbers.
const IO_CRATES: &[&str] = &[
    "async-std",
    "axum",
    "chrono-tz",
    "cap-std",
    "curl",
    "fs-err",
    "getrandom",
    "hyper",
    "hyper-util",
    "iana-time-zone",
    "indicatif",
    "isahc",
    "memmap2",
    "mio",
    "notify",
    "polling",
    "postgres",
    "quinn",
    "rand",
    "reqwest",
    "rusqlite",
    "rustix",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "surf",
    "tempfile",
    "tokio",
    "tokio-postgres",
    "ureq",
    "walkdir",
];

/// Names that no pure source may use, wherever they come from.
const NAMES: &[&str] = &[
    "SystemTime",
    "Instant",
    "OsRng",
    "SysRng",
    "ThreadRng",
    "thread_rng",
    "getrandom",
    "from_entropy",
    "from_os_rng",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "UnixStream",
    "ToSocketAddrs",
];
/// Modules of `std` that no pure source may use.
const MODULES: &[&str] = &["env", "fs", "net", "os", "process"];
/// Functions of `rand` that draw from the machine.
const RAND: &[&str] = &["random", "rng", "fill"];

/// Checks the workspace; returns a line that says what was looked at.
pub fn check(root: &Path) -> anyhow::Result<String> {
    let mut problems = BTreeSet::new();
    for target in TARGETS {
        problems.extend(graph_problems(&metadata(root, target)?));
    }
    let mut files = 0;
    for pure in &PURE {
        let folder = root.join("crates").join(pure.name.trim_start_matches("hocba-")).join("src");
        for path in rust_files(&folder)? {
            files += 1;
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            problems.extend(source_problems(&text).into_iter().map(|(line, what)| format!("{shown}:{line}: {what}")));
        }
    }
    if !problems.is_empty() {
        let list: Vec<String> = problems.into_iter().collect();
        bail!("{}", list.join("\n"));
    }
    Ok(format!("{} pure crates, {} targets, {files} source files", PURE.len(), TARGETS.len()))
}

fn metadata(root: &Path, target: &str) -> anyhow::Result<Value> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["metadata", "--format-version", "1", "--locked", "--quiet", "--filter-platform", target]);
    let output = steps::run(command.current_dir(root), Show::Nothing)?;
    let json = output.lines().find(|line| line.starts_with('{')).context("cargo metadata wrote no JSON")?;
    Ok(serde_json::from_str(json)?)
}

fn rust_files(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What is wrong with the dependencies of the pure crates, each with the way that leads there.
fn graph_problems(metadata: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|p| (string(&p["id"]), p)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|n| (string(&n["id"]), n)).collect();
    let name = |id: &str| packages.get(id).map(|p| string(&p["name"])).unwrap_or_default();
    // (name, whether a normal dependency) of each dependency of a node.
    let dependencies = |id: &str| -> Vec<(String, bool, bool)> {
        list(&nodes.get(id).map_or(Value::Null, |n| n["deps"].clone()))
            .iter()
            .map(|d| {
                let kinds = list(&d["dep_kinds"]);
                let has = |kind: &str| kinds.iter().any(|k| k["kind"].as_str().unwrap_or("normal") == kind);
                (string(&d["pkg"]), has("normal"), has("build"))
            })
            .collect()
    };
    let mut problems = Vec::new();
    for pure in &PURE {
        let Some(start) = nodes.keys().find(|id| name(id) == pure.name) else {
            problems.push(format!("{}: no such crate in the workspace; mend the list in the layer check", pure.name));
            continue;
        };
        let mut ways: BTreeMap<String, String> = BTreeMap::from([(start.clone(), pure.name.to_owned())]);
        let mut queue = vec![start.clone()];
        while let Some(id) = queue.pop() {
            for (dependency, normal, build) in dependencies(&id) {
                let found = name(&dependency);
                let way = format!("{} → {found}", ways[&id]);
                if build && matches!(found.as_str(), "cc" | "cmake" | "bindgen") && !pure.may.contains(&found.as_str())
                {
                    problems.push(format!("{way}: built from C"));
                }
                if !normal || ways.contains_key(&dependency) {
                    continue;
                }
                if let Some(why) =
                    refused(&found, &packages[&dependency]).filter(|_| !pure.may.contains(&found.as_str()))
                {
                    problems.push(format!("{way}: {why}"));
                }
                ways.insert(dependency.clone(), way);
                queue.push(dependency);
            }
        }
    }
    problems
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Why a pure crate must not depend on this one.
fn refused(name: &str, package: &Value) -> Option<&'static str> {
    if IO_CRATES.contains(&name) {
        Some("does I/O, or reads the clock or the random source")
    } else if name == "ring" || name.starts_with("aws-lc") {
        Some("cryptography built from C or assembler")
    } else if name.ends_with("-sys") || package["links"].is_string() {
        Some("binds a native library")
    } else if name.starts_with("hocba-") && !PURE.iter().any(|pure| pure.name == name) {
        Some("is of an upper layer")
    } else {
        None
    }
}

/// Lines of a source that use the clock, randomness, files, the network, the environment or processes.
///
/// Comments and the content of strings do not count. Tests inside a source file do: vectors lie in `tests/`.
fn source_problems(text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let at = |i: usize| tokens.get(i).map_or("", |(_, token)| token.as_str());
    let mut problems = Vec::new();
    for (i, (line, token)) in tokens.iter().enumerate() {
        let mut refuse = |what: String| problems.push((*line, what));
        if NAMES.contains(&token.as_str()) {
            refuse(format!("{token}: time, randomness and connections come in as arguments"));
        }
        let is_path = at(i + 1) == "::";
        if token == "std" && at(i + 1) == "as" {
            refuse("std under another name: this check reads std by its name".into());
        }
        if token == "std" && is_path {
            for segment in first_segments(&tokens, i + 2) {
                if segment == "*" || MODULES.contains(&segment.as_str()) {
                    refuse(format!("std::{segment}: a pure crate does no I/O"));
                }
            }
        }
        if token == "rand" && is_path {
            for segment in first_segments(&tokens, i + 2) {
                if RAND.contains(&segment.as_str()) {
                    refuse(format!("rand::{segment}: randomness comes in as an argument"));
                }
            }
        }
    }
    problems
}

/// The first segment of a path from here on, or the first segments of each branch of a group `{a::b, c::{d}}`.
fn first_segments(tokens: &[(usize, String)], from: usize) -> Vec<String> {
    let Some((_, first)) = tokens.get(from) else { return Vec::new() };
    if first != "{" {
        return vec![first.clone()];
    }
    let (mut depth, mut fresh, mut found) = (0, true, Vec::new());
    for (_, token) in &tokens[from..] {
        match token.as_str() {
            "{" => {
                depth += 1;
                fresh = depth == 1;
            }
            "}" => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            "," if depth == 1 => fresh = true,
            _ if depth == 1 && fresh => {
                found.push(token.clone());
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

/// Names and punctuation with their lines; comments, strings and characters left out. Enough of Rust for this check.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut i, mut line, mut found) = (0, 1, Vec::new());
    while i < chars.len() {
        let c = chars[i];
        let start = i;
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if c == 'r' && matches!(at(i + 1), '"' | '#') && raw_string_end(&chars, i + 1).is_some() {
            i = raw_string_end(&chars, i + 1).unwrap_or(chars.len());
        } else if c == '"' {
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                i += if chars[i] == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            // A character; `'a` without a closing quote is a lifetime and falls through to punctuation and a name.
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < chars.len() && chars[i] != '\'' {
                i += 1;
            }
            i += 1;
        } else if c.is_alphanumeric() || c == '_' {
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            found.push((line, chars[start..i].iter().collect()));
        } else if c == ':' && at(i + 1) == ':' {
            found.push((line, "::".to_owned()));
            i += 2;
        } else {
            if !c.is_whitespace() {
                found.push((line, c.to_string()));
            }
            i += 1;
        }
        i = i.min(chars.len());
        line += chars[start..i].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// The end of a raw string whose hashes or quote begin here; `None` for a raw identifier.
fn raw_string_end(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from..].iter().take_while(|c| **c == '#').count();
    if chars.get(from + hashes) != Some(&'"') {
        return None;
    }
    let body = from + hashes + 1;
    (body..chars.len())
        .find(|i| chars[*i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes)
        .map(|i| i + 1 + hashes)
        .or(Some(chars.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of the pure crates, where `hocba-bundle` has the given further dependency of the given kind.
    fn workspace(dependency: &str, kind: Option<&str>, links: Option<&str>) -> Value {
        let id = |name: &str| format!("path+file:///x#{name}");
        let mut packages: Vec<Value> =
            PURE.iter().map(|p| json!({"id": id(p.name), "name": p.name, "links": null})).collect();
        packages.push(json!({"id": id("between"), "name": "between", "links": null}));
        packages.push(json!({"id": id(dependency), "name": dependency, "links": links}));
        let mut nodes: Vec<Value> = PURE
            .iter()
            .map(|p| {
                let to_between = json!({"pkg": id("between"), "dep_kinds": [{"kind": null}]});
                json!({"id": id(p.name), "deps": if p.name == "hocba-bundle" { vec![to_between] } else { vec![] }})
            })
            .collect();
        nodes.push(json!({"id": id("between"), "deps": [{"pkg": id(dependency), "dep_kinds": [{"kind": kind}]}]}));
        nodes.push(json!({"id": id(dependency), "deps": []}));
        json!({"packages": packages, "resolve": {"nodes": nodes}})
    }

    #[test]
    fn what_a_pure_crate_must_not_rest_on_is_refused_with_the_way_to_it() {
        for dependency in IO_CRATES.iter().chain(&["ring", "aws-lc-rs", "aws-lc-sys", "openssl-sys", "hocba-chain"]) {
            let problems = graph_problems(&workspace(dependency, None, None));
            let [problem] = problems.as_slice() else { panic!("{dependency}: {problems:?}") };
            assert!(problem.starts_with(&format!("hocba-bundle → between → {dependency}: ")), "{problem}");
        }
        let native = graph_problems(&workspace("innocent", None, Some("z")));
        assert_eq!(native, ["hocba-bundle → between → innocent: binds a native library"]);
        let from_c = graph_problems(&workspace("cc", Some("build"), None));
        assert_eq!(from_c, ["hocba-bundle → between → cc: built from C"]);
    }

    #[test]
    fn what_only_tests_or_build_scripts_use_is_no_concern() {
        assert_eq!(graph_problems(&workspace("tokio", Some("dev"), None)), [""; 0]);
        assert_eq!(graph_problems(&workspace("walkdir", Some("build"), None)), [""; 0]);
        assert_eq!(graph_problems(&workspace("serde", None, None)), [""; 0]);
        assert_eq!(graph_problems(&workspace("hocba-record", None, None)), [""; 0]);
    }

    #[test]
    fn a_pure_crate_that_is_gone_is_noticed() {
        let mut metadata = workspace("serde", None, None);
        metadata["packages"][0]["name"] = json!("hocba-renamed");
        assert!(graph_problems(&metadata)[0].starts_with("hocba-record: no such crate"));
    }

    #[test]
    fn each_forbidden_use_in_a_source_is_found_on_its_line() {
        for (source, what) in [
            ("let now = std::time::SystemTime::now();", "SystemTime"),
            ("use std::time::{Duration, Instant};", "Instant"),
            ("let s: Seed = rand::random();", "rand::random"),
            ("use rand::{RngExt, rng};", "rand::rng"),
            ("let mut r = thread_rng();", "thread_rng"),
            ("OsRng.fill_bytes(&mut b);", "OsRng"),
            ("getrandom::fill(&mut b)", "getrandom"),
            ("std::fs::read(path)", "std::fs"),
            ("use std :: fs;", "std::fs"),
            ("use std::{collections::{BTreeMap, env}, fmt, net::IpAddr};", "std::net"),
            ("use std::{\n    fmt,\n    fs::File,\n};", "std::fs"),
            ("std::env::var(\"HOME\")", "std::env"),
            ("std::process::exit(1)", "std::process"),
            ("use std::os::unix::fs::MetadataExt;", "std::os"),
            ("use std::*;", "std::*"),
            ("use std as s;", "std under another name"),
        ] {
            let problems = source_problems(&format!("\n{source}\n"));
            assert!(problems.iter().any(|(line, p)| *line == 2 && p.starts_with(what)), "{source}: {problems:?}");
        }
    }

    #[test]
    fn comments_strings_and_what_only_looks_alike_are_no_use() {
        for source in [
            "// std::fs::read\n/// SystemTime /* */\n/* std::net /* nested */ std::env */ fn a<'a>(x: &'a str) {}",
            r##"let s = "std::fs \" SystemTime"; let r = r#"Instant " std::env"#; let c = '"'; let n = '\u{1}';"##,
            "use std::{collections::{HashMap, hash_map}, fmt}; let fs = 1; mod env {} my::net::thing();",
            "let fits = |x| x; let instant = 5; r#type.operator();",
        ] {
            assert_eq!(source_problems(source), [], "{source}");
        }
    }
}
