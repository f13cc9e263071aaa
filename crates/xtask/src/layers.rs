//! The layer check (docs/architecture.md): the pure crates rest on no crate that does I/O or is built from C, and take
//! time and randomness as arguments. A third party can build a verifier from them, for any target.
//!
//! Two looks: at the graph of normal dependencies, on a server and in a browser; and at the sources.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{
    check::cargo,
    steps::{self, Show},
};
use anyhow::{Context as _, bail};

/// Crates that neither do I/O nor read a clock or a random source, each with the dependencies it may have all the same.
const PURE: [Pure; 9] = [
    Pure { name: "hocba-record", may: &[] },
    Pure { name: "hocba-merkle", may: &[] },
    Pure { name: "hocba-signature", may: &[] },
    Pure { name: "hocba-bundle", may: &[] },
    Pure { name: "hocba-ca", may: &[] },
    Pure { name: "hocba-sample", may: &[] },
    Pure { name: "hocba-exchange", may: &[] },
    Pure { name: "hocba-watch", may: &[] },
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

/// Crates by which build scripts build C.
const C_BUILDERS: [&str; 3] = ["bindgen", "cc", "cmake"];

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
    for pure in &PURE {
        for target in TARGETS {
            problems.extend(graph_problems(pure, &tree(root, pure.name, target, "normal")?));
        }
        problems.extend(build_problems(pure, &tree(root, pure.name, TARGETS[0], "normal,build")?));
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

/// The dependencies of one crate as it is built by itself: `depth name version` on each line. Not `cargo metadata`, whose
/// graph unites the features of the whole workspace and names dependencies that no build of the crate has.
fn tree(root: &Path, name: &str, target: &str, edges: &str) -> anyhow::Result<String> {
    let mut command = cargo(root);
    command.args(["tree", "--package", name, "--target", target, "--edges", edges, "--locked", "--quiet"]);
    command.args(["--prefix", "depth", "--format", " {p}"]);
    steps::run(&mut command, Show::Nothing)
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

/// What is wrong with the dependencies of a pure crate, each with the way that leads there.
fn graph_problems(pure: &Pure, tree: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut allowed_below: Option<usize> = None;
    for (depth, way) in ways(tree) {
        // What an allowed dependency rests on is its own affair.
        if allowed_below.is_some_and(|limit| depth > limit) {
            continue;
        }
        let name = *way.last().expect("a way has at least its end");
        allowed_below = pure.may.contains(&name).then_some(depth);
        if let Some(why) = refused(name).filter(|_| allowed_below.is_none()) {
            problems.push(format!("{}: {why}", way.join(" → ")));
        }
    }
    if problems.is_empty() && !tree.contains(pure.name) {
        problems.push(format!("{}: no such crate in the workspace; mend the list in the layer check", pure.name));
    }
    problems
}

/// What is built from C below a pure crate.
fn build_problems(pure: &Pure, tree: &str) -> Vec<String> {
    ways(tree)
        .into_iter()
        .filter(|(_, way)| way.last().is_some_and(|n| C_BUILDERS.contains(n) && !pure.may.contains(n)))
        .map(|(_, way)| format!("{}: builds C", way.join(" → ")))
        .collect()
}

/// Each line of `cargo tree` as its depth and the names from the root to it.
fn ways(tree: &str) -> Vec<(usize, Vec<&str>)> {
    let mut way = Vec::new();
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (depth, name) = (words.next()?.parse::<usize>().ok()?, words.next()?);
            way.truncate(depth);
            way.push(name);
            Some((depth, way.clone()))
        })
        .collect()
}

/// Why a pure crate must not depend on this one.
fn refused(name: &str) -> Option<&'static str> {
    if IO_CRATES.contains(&name) {
        Some("does I/O, or reads the clock or the random source")
    } else if name == "ring" || name.starts_with("aws-lc") {
        Some("cryptography built from C or assembler")
    } else if name.ends_with("-sys") {
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
    use super::*;

    const BUNDLE: Pure = Pure { name: "hocba-bundle", may: &["permitted"] };

    /// What `cargo tree` says of a crate with this dependency of a dependency.
    fn with(dependency: &str) -> String {
        format!(
            "0 hocba-bundle v0.1.0 (/x)\n1 serde v1.0.0\n1 between v2.0.0\n2 {dependency} v3.0.0\n1 last v1.0.0 (*)\n"
        )
    }

    #[test]
    fn what_a_pure_crate_must_not_rest_on_is_refused_with_the_way_to_it() {
        for dependency in IO_CRATES.iter().chain(&["ring", "aws-lc-rs", "aws-lc-sys", "openssl-sys", "hocba-chain"]) {
            let problems = graph_problems(&BUNDLE, &with(dependency));
            let [problem] = problems.as_slice() else { panic!("{dependency}: {problems:?}") };
            assert!(problem.starts_with(&format!("hocba-bundle → between → {dependency}: ")), "{problem}");
        }
        for builder in C_BUILDERS {
            let problems = build_problems(&BUNDLE, &with(builder));
            assert_eq!(problems, [format!("hocba-bundle → between → {builder}: builds C")]);
        }
    }

    #[test]
    fn an_exception_holds_for_what_is_below_it_and_for_nothing_else() {
        let tree = "0 hocba-bundle v0.1.0\n1 permitted v1.0.0\n2 windows-sys v1.0.0\n1 tokio v1.0.0\n";
        assert_eq!(
            graph_problems(&BUNDLE, tree),
            ["hocba-bundle → tokio: does I/O, or reads the clock or the random source"]
        );
        for harmless in ["serde", "hocba-record", "ringbuffer", "sysinfo-names"] {
            assert_eq!(graph_problems(&BUNDLE, &with(harmless)), [""; 0]);
        }
    }

    #[test]
    fn a_pure_crate_that_is_gone_is_noticed() {
        assert!(graph_problems(&BUNDLE, "0 hocba-renamed v0.1.0\n")[0].contains("upper layer"));
        assert!(graph_problems(&BUNDLE, "")[0].contains("no such crate"));
    }

    #[test]
    fn the_workspace_keeps_its_layers() {
        let said = check(&crate::workspace_root()).unwrap_or_else(|e| panic!("{e:#}"));
        assert!(said.starts_with("9 pure crates, 2 targets"), "{said}");
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
