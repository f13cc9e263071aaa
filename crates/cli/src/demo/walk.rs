//! The walk: spreadsheet → import → appoint → sign → co-sign → seal → anchor → snapshot → bundle → verify, with the
//! same code as the single commands. Every step skips what is done, so a walk that was cut off goes on where it ended.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;
use hocba_anchor::LiveFacts;
use hocba_app::{AppError, Import, Scope, Step};
use hocba_chain::Operators;
use hocba_chain::embedded;
use hocba_sample::{Options, class};
use hocba_signature::policy::SigningMode;
use hocba_store::model::Class;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    authority::{self, SCHOOL},
    book,
};
use crate::{
    anchoring,
    commands::{
        Context,
        appoint::appoint_demo,
        bundle::{Bundled, bundle},
        chain::listen,
        import::import,
        link::{self, link},
        serve,
        sign::{SignArgs, step},
        snapshot,
    },
    error::{Exit, Failure},
    folder::{ChainConfig, Folder, PROFILE, SNAPSHOT},
    ledger::{self, Node},
    output::{Output, words},
    people::open_chain_key,
    site::{Site, app_failure},
};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Xác minh xong thì dừng / End after the verdicts instead of serving
    #[arg(long)]
    once: bool,
    /// Số chọn lớp mẫu; cùng số thì cùng lớp / Which made-up class
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Lập thêm sổ 12 năm học của một học sinh / Also make a pupil's book of twelve years
    #[arg(long)]
    book: bool,
    /// Làm lại từ đầu; không xoá thư mục khác / Make a demonstration anew; other folders are left alone
    #[arg(long)]
    force: bool,
}

/// `demo`.
///
/// # Errors
/// When the folder is no demonstration's, and when a step fails.
pub fn run(context: &Context, args: &DemoArgs) -> anyhow::Result<Exit> {
    ledger::runtime()?.block_on(work(context, args))
}

async fn work(context: &Context, args: &DemoArgs) -> anyhow::Result<Exit> {
    let out = context.out;
    out.say(&words(
        "DEMO – trường, học sinh, khoá ký và sổ chung ở đây đều là ví dụ, không có giá trị.",
        "DEMO – school, pupils, keys and public record are made up; nothing here counts.",
    ));
    let folder = open(&context.data_dir, args, &out).await?;
    let ChainConfig::Embedded { port } = folder.config().chain else {
        anyhow::bail!("a demonstration has a chain of its own");
    };
    let chain = ledger::open_embedded(&folder).await?;
    let operators = Operators::single(Node::Embedded(chain.clone()), ledger::deployment(&folder)?);
    let facts = Arc::new(LiveFacts::of(operators.clone(), ledger::finality(&folder)));
    let site = Site::with(folder, facts).await?;
    let (class, mut bundles) = walk(&site, &operators, args, &out).await?;
    if args.book {
        bundles.files.push(book::book(&site, &operators, &out).await?);
    }
    let listener = served(port).await?;
    let url = format!("http://{}", listener.local_addr().context("the listener's address")?);
    let chain_server = tokio::spawn(embedded::serve(chain, listener));
    let valid = verify_each(&site.folder, &bundles, &url, &out).await?;
    let all = bundles.files.len();
    try_next(&site.folder, &class, &out, !args.once);
    let mut document = json!({
        "command": "demo", "ok": valid == all, "valid": valid, "records": all, "data_dir": context.data_dir, "rpc": url,
    });
    let exit = if valid == all { Exit::Ok } else { Exit::Invalid };
    let verdict = format!("{valid} of {all} records valid");
    if args.once {
        out.document(&document);
        // In every language and last, for scripts and people alike.
        out.line(&verdict);
        site.app.store().close().await;
    } else {
        out.line(&verdict);
        let serving = serve::begin(site, operators, &serve::Listen::default(), &out).await?;
        let first = serving.app().store().read().await?.record_lines(&class.id).await?;
        let first = first.iter().find(|l| l.anchored_at.is_some()).context("an anchored record")?;
        let base = serving.base_url();
        let made = link(serving.app(), base, &first.record, Scope::Whole, None).await;
        let made = made.map_err(|e: AppError| app_failure(&e, out.lang))?;
        if let Some(document) = document.as_object_mut() {
            document.insert("url".into(), json!(base.to_string()));
            document.insert("link".into(), json!(made.url));
        }
        out.document(&document);
        if !out.json {
            out.say(&words(
                format!("Quét mã này bằng điện thoại cùng máy, hoặc mở liên kết (học bạ STT {}):", first.number),
                format!("Scan this, or open the link (the transcript of number {}):", first.number),
            ));
            link::show(&out, &made);
        }
        out.say(&words("Ctrl-C để dừng.", "Ctrl-C to stop."));
        serving.until_stopped(&out).await?;
    }
    chain_server.abort();
    Ok(exit)
}

/// The demo folder: as it is, anew, or begun.
async fn open(root: &Path, args: &DemoArgs, out: &Output) -> anyhow::Result<Folder> {
    if !Folder::exists(root) {
        refuse_foreign(root)?;
        return authority::init(root, SigningMode::Each).await;
    }
    let folder = Folder::open(root)?;
    if !folder.is_demo() {
        return Err(not_a_demo(root).into());
    }
    if args.force {
        // Not under the feet of a service: whoever serves a demonstration holds its chain.
        drop(ledger::open_embedded(&folder).await?);
        for entry in std::fs::read_dir(root)? {
            let path = entry?.path();
            if path.is_dir() { std::fs::remove_dir_all(&path)? } else { std::fs::remove_file(&path)? }
        }
        return authority::init(root, SigningMode::Each).await;
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
    match entries.next() {
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

/// The walk; gives the class and its bundles.
async fn walk(
    site: &Site,
    operators: &Operators<Node>,
    args: &DemoArgs,
    out: &Output,
) -> anyhow::Result<(Class, Bundled)> {
    let folder = &site.folder;
    if site.app.store().read().await?.classes().await?.iter().all(|class| !is_the_class(class)) {
        let (header, drafts) = class(args.seed, &Options::lower_secondary());
        let workbook = hocba_workbook::template(Some(&header), &[], &drafts).context("the made-up class")?;
        folder.write("class.xlsx", &workbook)?;
        // From the file, as a teacher would.
        let read = folder.read("class.xlsx")?.context("the spreadsheet that was just written")?;
        let n = import(site, &read, &Import::default(), out).await?.ready;
        out.say(&words(format!("Đã nhập {n} học sinh từ class.xlsx"), format!("Imported {n} pupils from class.xlsx")));
    }
    let class = the_class(site).await?;
    appoint_demo(site, &SCHOOL.parse()?, "", Some(&class), out).await?;
    for which in [Step::Sign, Step::CoSign, Step::Seal] {
        step(site, std::slice::from_ref(&class), which, &SignArgs::default(), out).await?;
    }
    let key = open_chain_key(folder, "anchorer", None, None)?;
    anchoring::until_idle(site, operators.clone(), &key, out).await?;
    let (facts, _) = ledger::facts(operators, ledger::finality(folder)).await?;
    folder.write(SNAPSHOT, &snapshot::of(&facts, site.app.status_evidence().await?).to_bytes())?;
    let bundles = bundle(site, &class, Scope::Whole, false, out).await?;
    out.say(&words(
        "Đã phân công, ký, ký duyệt, ký số của trường, ghi sổ chung, chụp sổ chung, làm tệp học bạ",
        "Appointed, signed, co-signed, sealed, anchored, took a snapshot, made the bundles",
    ));
    Ok((class, bundles))
}

/// The class of forty, of all there may be.
async fn the_class(site: &Site) -> anyhow::Result<Class> {
    let classes = site.app.store().read().await?.classes().await?;
    classes.into_iter().find(is_the_class).context("the class that was just imported")
}

fn is_the_class(class: &Class) -> bool {
    let options = Options::lower_secondary();
    (&class.school, class.year, &class.name) == (&options.school, options.year, &options.class)
}

/// The port the profile names, or any other if somebody sits there.
async fn served(port: u16) -> anyhow::Result<TcpListener> {
    match listen(port).await {
        Ok(listener) => Ok(listener),
        Err(_) => listen(0).await,
    }
}

/// Verifies each bundle in a process of its own, which knows nothing but the files and the address.
async fn verify_each(folder: &Folder, bundles: &Bundled, url: &str, out: &Output) -> anyhow::Result<usize> {
    let program = std::env::current_exe().context("the path of this program")?;
    let bar = out.progress(bundles.files.len(), &words("Xác minh từng tệp", "Verifying each bundle"));
    let mut valid = 0;
    for file in &bundles.files {
        let mut command = Command::new(&program);
        command.args(["verify", "--json", "--no-state", "--rpc", url, "--profile"]);
        command.arg(folder.path(PROFILE)).arg(folder.path(file)).stdin(Stdio::null());
        // On a thread of its own: the chain that the process asks is served by this one.
        let output = tokio::task::spawn_blocking(move || command.output()).await?;
        let output = output.with_context(|| program.display().to_string())?;
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

fn try_next(folder: &Folder, class: &Class, out: &Output, serving: bool) {
    let root = folder.root().display();
    let profile = format!("--profile {root}/{PROFILE}");
    let bundles = format!("{root}/bundles/{}", class.name);
    out.say(&words("Thử tiếp:", "Try next:"));
    let lines = [
        (
            "xác minh khi không có mạng, bằng bản chụp",
            "verify without a network, by the snapshot",
            format!("hocba verify {bundles}/01.hocba.json {profile} --snapshot {root}/{SNAPSHOT}"),
        ),
        (
            "sửa một điểm trong tệp rồi xác minh lại",
            "change a mark in the file and verify again",
            format!("hocba verify {bundles}/02.hocba.json {profile} --snapshot {root}/{SNAPSHOT}"),
        ),
        (
            "xác minh khi không có sổ chung: chưa kiểm tra được, không phải giả",
            "verify without the public record: could not check, never forged",
            format!("hocba verify {bundles}/03.hocba.json {profile} --offline"),
        ),
        ("xem tệp nói gì", "see what a file says", format!("hocba inspect {bundles}/01.hocba.json")),
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
