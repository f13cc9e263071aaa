//! `bench`: runs tests/benches/core.rs and sets each of its operations beside raw SHA-256 and raw Ed25519 of the same
//! run, as a table; with `--write` into docs/performance.md.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};

use crate::{
    steps::{self, Show},
    workspace_root,
};

/// What to do with the table.
#[derive(clap::Args)]
pub struct Args {
    /// Put the table into docs/performance.md
    #[arg(long)]
    write: bool,
    /// Sealed records in bulk on both databases instead, so many, beside a raw COPY and raw statements
    #[arg(long, value_name = "RECORDS", num_args = 0..=1, default_missing_value = "200000")]
    bulk: Option<u32>,
}

/// Name of a group in core.rs, and what it is.
const OPERATIONS: [(&str, &str); 5] = [
    ("issue", "sections to payload: salts, digests, decoys"),
    ("sign", "three signatures, each over the one before"),
    ("leaf", "leaf hash of a signed record"),
    ("read", "reading one bundle, the first part of verifying it"),
    ("verify", "verifying it: whole record, snapshot open"),
];
const BEGIN: &str = "<!-- table: cargo xtask bench --write -->\n";
const END: &str = "<!-- end of table -->";

/// Runs the benches and prints the table.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = workspace_root();
    if let Some(records) = args.bulk {
        crate::test::node_packages(&root.join("tests/js"))?;
        let mut bench = Command::new("cargo");
        bench.args(["bench", "--package", "hocba-store", "--bench", "bulk", "--", &records.to_string()]);
        steps::run(bench.current_dir(&root), Show::ButPassedTests)?;
        return Ok(());
    }
    let home = root.join("target/criterion");
    // Figures of a bench that has another name now would end up in the table.
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| home.display().to_string())?;
    }
    let mut bench = Command::new("cargo");
    bench.args(["bench", "--package", "hocba-tests", "--bench", "core"]).current_dir(&root);
    steps::run(bench.env("CRITERION_HOME", &home), Show::ButPassedTests)?;
    let table = table(&medians(&home)?)?;
    println!("\n{table}");
    if args.write {
        let path = root.join("docs/performance.md");
        let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(&path, replaced(&page, &table)?)?;
        println!("written to docs/performance.md; say there on what machine, and what else it was doing");
    }
    Ok(())
}

/// Medians in nanoseconds by full name, as criterion left them.
fn medians(home: &Path) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut medians = BTreeMap::new();
    for entry in fs::read_dir(home).with_context(|| home.display().to_string())? {
        let folder = entry?.path().join("new");
        let Ok(estimates) = fs::read(folder.join("estimates.json")) else { continue };
        let estimates: serde_json::Value = serde_json::from_slice(&estimates)?;
        let about: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("benchmark.json"))?)?;
        let name = about["full_id"].as_str().context("criterion names its benches")?;
        let median = estimates["median"]["point_estimate"].as_f64().context("criterion has medians")?;
        medians.insert(name.to_owned(), median);
    }
    Ok(medians)
}

/// The raw measurement beside an operation: how many (bytes or signatures), and its median.
fn beside(medians: &BTreeMap<String, f64>, group: &str, what: &str) -> Option<(u64, f64)> {
    let prefix = format!("{group}/{what} ");
    medians.iter().find_map(|(name, median)| Some((name.strip_prefix(&prefix)?.parse().ok()?, *median)))
}

fn table(medians: &BTreeMap<String, f64>) -> anyhow::Result<String> {
    let mut table = String::from(
        "| operation | median | a second, one core | bytes | SHA-256 of them | ratio | Ed25519 | of as many | ratio |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (group, what) in OPERATIONS {
        let ours = medians.get(&format!("{group}/hocba")).with_context(|| format!("{group} was not measured"))?;
        let (bytes, sha256) = beside(medians, group, "sha256").with_context(|| format!("{group} has no SHA-256"))?;
        write!(
            table,
            "| {what} | {} | {:.0} | {bytes} | {} | {:.1} |",
            time(*ours),
            1e9 / ours,
            time(sha256),
            ours / sha256
        )?;
        match beside(medians, group, "ed25519") {
            Some((count, raw)) => writeln!(table, " {count} | {} | {:.2} |", time(raw), ours / raw)?,
            None => writeln!(table, " – | – | – |")?,
        }
    }
    Ok(table)
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

fn replaced(page: &str, table: &str) -> anyhow::Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("docs/performance.md has no place for the table")?;
    let (_, after) = rest.split_once(END).context("docs/performance.md has no end of the table")?;
    ensure!(!after.contains(BEGIN), "docs/performance.md has two places for the table");
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_stand_beside_what_they_are_of() {
        let measured = [
            ("issue/hocba", 40_000.0),
            ("issue/sha256 8000", 4_000.0),
            ("sign/hocba", 66_000.0),
            ("sign/sha256 7000", 3_300.0),
            ("sign/ed25519 3", 60_000.0),
            ("leaf/hocba", 900.0),
            ("leaf/sha256 3000", 300.0),
            ("read/hocba", 500_000.0),
            ("read/sha256 15000", 7_500.0),
            ("verify/hocba", 1_500_000.0),
            ("verify/sha256 15000", 7_500.0),
            ("verify/ed25519 11", 1_000_000.0),
        ];
        let table = table(&measured.map(|(name, median)| (name.to_owned(), median)).into()).expect("complete");
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert!(lines[0].ends_with("| 40.0 µs | 25000 | 8000 | 4.0 µs | 10.0 | – | – | – |"), "{}", lines[0]);
        assert!(lines[1].ends_with("| 20.0 | 3 | 60.0 µs | 1.10 |"), "{}", lines[1]);
        assert!(lines[4].contains("| 1.50 ms | 667 | 15000 | 7.5 µs | 200.0 | 11 | 1.00 ms | 1.50 |"), "{}", lines[3]);
        assert!(super::table(&BTreeMap::new()).is_err());
    }

    #[test]
    fn the_page_has_a_place_for_the_table() {
        let page = fs::read_to_string(workspace_root().join("docs/performance.md")).expect("the page");
        let once = replaced(&page, "| new |\n").expect("a place");
        assert!(once.contains(&format!("{BEGIN}| new |\n{END}")));
        assert_eq!(replaced(&once, "| new |\n").expect("a place"), once);
    }
}
