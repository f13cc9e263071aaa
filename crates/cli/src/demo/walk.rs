//! The walk: spreadsheet → import → appoint → sign → co-sign → seal → anchor → snapshot → bundle → verify, with the
//! same code as the single commands. Every step skips what is done, so a walk that was cut off goes on where it ended.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use clap::Args;
use hocba_chain::embedded::{self, EmbeddedChain};
use hocba_sample::{Options, class};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::authority;
use crate::{
    commands::{
        Context,
        anchor::anchor,
        appoint::appoint_demo,
        bundle::{Bundled, bundle},
        chain::listen,
        import::import,
        sign::{SignArgs, Step, step},
        snapshot,
    },
    error::{Exit, Failure},
    folder::{ChainConfig, Folder, PROFILE, SNAPSHOT},
    ledger::{self, Node},
    output::{Output, words},
    people::open_chain_key,
};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End after the verdicts instead of serving the development chain until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// Which made-up class, ids and salts; the same number makes the same ones.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make a finished demonstration anew. Never removes a folder that is no demonstration.
    #[arg(long)]
    force: bool,
}

/// `demo`.
///
/// # Errors
/// When the folder is no demonstration's, and when a step fails.
pub fn run(context: &Context, args: &DemoArgs) -> anyhow::Result<Exit> {
    let out = context.out;
    out.say(&words(
        "DEMO – trường, học sinh, khoá ký và sổ chung ở đây đều là ví dụ, không có giá trị.",
        "DEMO – school, pupils, keys and public record are made up; nothing here counts.",
    ));
    let runtime = ledger::runtime()?;
    let folder = runtime.block_on(open(&context.data_dir, args, &out))?;
    let ChainConfig::Embedded { port } = folder.config().chain else {
        anyhow::bail!("a demonstration has a chain of its own");
    };
    let (chain, bundles) = runtime.block_on(walk(&folder, args, &out))?;
    let listener = runtime.block_on(served(port))?;
    let url = format!("http://{}", listener.local_addr().context("the listener's address")?);
    let server = runtime.spawn(embedded::serve(chain.clone(), listener));
    let valid = verify_each(&folder, &bundles, &url, &out)?;
    let all = bundles.files.len();
    if !args.once {
        out.say(&words(
            format!("Sổ chung thử nghiệm đang chạy: {url} (Ctrl-C để dừng)"),
            format!("The development chain is served: {url} (Ctrl-C to stop)"),
        ));
    }
    try_next(&folder, &out, !args.once);
    out.document(&json!({
        "command": "demo", "ok": valid == all, "valid": valid, "records": all, "data_dir": context.data_dir, "rpc": url,
    }));
    // In every language and last, for scripts and people alike.
    out.line(&format!("{valid} of {all} records valid"));
    if !args.once {
        // The folder's lock ends here, so that other commands can be tried on it; the chain keeps its own.
        drop(folder);
        runtime.block_on(tokio::signal::ctrl_c()).context("waiting for Ctrl-C")?;
    }
    server.abort();
    Ok(if valid == all { Exit::Ok } else { Exit::Invalid })
}

/// The demo folder: as it is, anew, or begun.
async fn open(root: &Path, args: &DemoArgs, out: &Output) -> anyhow::Result<Folder> {
    if !root.join("hocba.json").try_exists()? {
        refuse_foreign(root)?;
        return authority::init(root, Some(args.seed)).await;
    }
    let folder = Folder::open(root)?;
    if !folder.is_demo() {
        return Err(not_a_demo(root).into());
    }
    if args.force {
        // Emptied while its lock is held; the lock's own file stays.
        for entry in std::fs::read_dir(root)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|n| n == ".lock") {
                continue;
            }
            if path.is_dir() { std::fs::remove_dir_all(&path)? } else { std::fs::remove_file(&path)? }
        }
        drop(folder);
        return authority::init(root, Some(args.seed)).await;
    }
    authority::complete(&folder).await?;
    if folder.path("bundles").try_exists()? {
        let name = root.display();
        out.say(&words(
            format!("{name} đã có một bản demo; xác minh lại. Thêm --force để làm mới từ đầu."),
            format!("{name} holds a demonstration already; verifying again. Add --force to begin anew."),
        ));
    }
    Ok(folder)
}

/// A folder with other things in it is not ours to fill.
fn refuse_foreign(root: &Path) -> anyhow::Result<()> {
    let Ok(mut entries) = std::fs::read_dir(root) else { return Ok(()) };
    match entries.find(|e| e.as_ref().is_ok_and(|e| e.file_name() != ".lock")) {
        Some(_) => Err(not_a_demo(root).into()),
        None => Ok(()),
    }
}

fn not_a_demo(root: &Path) -> Failure {
    let name = root.display();
    Failure::new(
        Exit::BadInput,
        "not_a_demo",
        words(format!("{name} không phải thư mục demo"), format!("{name} is no folder of a demonstration")),
    )
    .hint(words("chọn thư mục khác bằng --data-dir", "choose another one with --data-dir"))
}

async fn walk(folder: &Folder, args: &DemoArgs, out: &Output) -> anyhow::Result<(EmbeddedChain, Bundled)> {
    if folder.drafts()?.is_none() {
        let (header, drafts) = class(args.seed, &Options::lower_secondary());
        let workbook = hocba_workbook::template(Some(&header), &[], &drafts).context("the made-up class")?;
        folder.write("class.xlsx", &workbook)?;
        // From the file, as a teacher would.
        let read = folder.read("class.xlsx")?.context("the spreadsheet that was just written")?;
        let imported = import(folder, &read, out.lang)?;
        let n = imported.pupils;
        out.say(&words(format!("Đã nhập {n} học sinh từ class.xlsx"), format!("Imported {n} pupils from class.xlsx")));
    }
    appoint_demo(folder)?;
    for which in [Step::Sign, Step::CoSign, Step::Seal] {
        step(folder, which, &SignArgs::default(), out)?;
    }
    let chain = ledger::open_embedded(folder).await?;
    let key = open_chain_key(folder, "anchorer", None, None)?;
    anchor(folder, Node::Embedded(chain.clone()), &key, out).await?;
    let client = ledger::connect(folder, Node::Embedded(chain.clone())).await?;
    let facts = ledger::facts(&client).await?;
    folder.write(SNAPSHOT, &snapshot::of(&facts).to_bytes())?;
    let bundles = bundle(folder, &facts.facts().batches, out)?;
    out.say(&words(
        "Đã phân công, ký, ký duyệt, ký số của trường, ghi sổ chung, chụp sổ chung, làm tệp học bạ",
        "Appointed, signed, co-signed, sealed, anchored, took a snapshot, made the bundles",
    ));
    Ok((chain, bundles))
}

/// The port the profile names, or any other if somebody sits there.
async fn served(port: u16) -> anyhow::Result<TcpListener> {
    match listen(port).await {
        Ok(listener) => Ok(listener),
        Err(_) => listen(0).await,
    }
}

/// Verifies each bundle in a process of its own, which knows nothing but the files and the address.
fn verify_each(folder: &Folder, bundles: &Bundled, url: &str, out: &Output) -> anyhow::Result<usize> {
    let program = std::env::current_exe().context("the path of this program")?;
    let bar = out.progress(bundles.files.len(), &words("Xác minh từng tệp", "Verifying each bundle"));
    let mut valid = 0;
    for file in &bundles.files {
        let output = Command::new(&program)
            .args(["verify", "--json", "--no-state", "--rpc", url, "--profile"])
            .arg(folder.path(PROFILE))
            .arg(folder.path(file))
            .stdin(Stdio::null())
            .output()
            .with_context(|| program.display().to_string())?;
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if output.status.success() && document.get("verdict").is_some_and(|v| v == "valid") {
            valid += 1;
        } else {
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().unwrap_or(-1);
            out.note(&words(
                format!("{file}: không hợp lệ (mã {code}) {said}"),
                format!("{file}: not valid (exit {code}) {said}"),
            ));
        }
        bar.inc(1);
    }
    bar.finish();
    Ok(valid)
}

fn try_next(folder: &Folder, out: &Output, serving: bool) {
    let root = folder.root().display();
    let profile = format!("--profile {root}/{PROFILE}");
    out.say(&words("Thử tiếp:", "Try next:"));
    let lines = [
        (
            "xác minh khi không có mạng, bằng bản chụp",
            "verify without a network, by the snapshot",
            format!("hocba verify {root}/bundles/01.hocba.json {profile} --snapshot {root}/{SNAPSHOT}"),
        ),
        (
            "sửa một điểm trong tệp rồi xác minh lại",
            "change a mark in the file and verify again",
            format!("hocba verify {root}/bundles/02.hocba.json {profile} --snapshot {root}/{SNAPSHOT}"),
        ),
        (
            "xác minh khi không có sổ chung: chưa kiểm tra được, không phải giả",
            "verify without the public record: could not check, never forged",
            format!("hocba verify {root}/bundles/03.hocba.json {profile} --offline"),
        ),
        ("xem tệp nói gì", "see what a file says", format!("hocba inspect {root}/bundles/01.hocba.json")),
    ];
    for (vi, en, command) in lines {
        out.say(&words(format!("  {vi}:\n    {command}"), format!("  {en}:\n    {command}")));
    }
    if !serving {
        out.say(&words(
            format!("  mở lại sổ chung thử nghiệm:\n    hocba chain --data-dir {root}"),
            format!("  serve the development chain again:\n    hocba chain --data-dir {root}"),
        ));
    }
}
