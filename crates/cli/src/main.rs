//! The `hocba` program: the service and its tools over a data folder.
//!
//! **For**: the composition root. It reads the clock, files and keys, and puts use cases, database, keystore, chain,
//! anchoring service and server together; [`folder`] says what is where. **Will not**: decide anything: `hocba-app` and
//! `hocba-bundle` do.
//!
//! Standard output carries the answer: sentences, or with `--json` one document. Progress, remarks and the log
//! (`HOCBA_LOG=info`) go to standard error. Exit codes are those of [`error::Exit`].

mod anchoring;
mod commands;
mod demo;
mod edge;
mod error;
mod folder;
mod ledger;
mod output;
mod people;
mod report;
mod site;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};
use commands::{
    Context, account, anchor, appoint, bench, bundle, chain, database, doctor, fsck, import, init, inspect, link,
    serve, sign, snapshot, status, template, verify,
};
use error::{Exit, Failure};
use hocba_app::Step;
use output::{Lang, Output, words};

const EXIT_CODES: &str = "\
Exit codes / Mã kết thúc:
  0  done; verify: every file is valid            xong; verify: mọi tệp hợp lệ
  1  verify: some file is invalid                 verify: có tệp không hợp lệ
  2  verify: some file could not be checked       verify: có tệp chưa kiểm tra được
  3  wrong usage, or input that cannot be used    sai cách dùng, hoặc dữ liệu vào phải sửa
  4  files, locks or keys                         tệp, khoá thư mục hoặc khoá ký
  5  a step out of its order                      làm sai thứ tự các bước
  6  the chain does not answer or refuses         sổ chung không trả lời hoặc từ chối";

/// Học bạ số: nhập, ký, ghi sổ chung và xác minh. Student transcripts: import, sign, anchor, verify.
#[derive(Debug, Parser)]
#[command(name = "hocba", version, after_help = EXIT_CODES)]
struct Cli {
    /// The data folder of this deployment.
    #[arg(long, global = true, value_name = "DIR", default_value = "hocba-data")]
    data_dir: PathBuf,
    /// One JSON document on standard output instead of sentences.
    #[arg(long, global = true)]
    json: bool,
    /// Language of the sentences.
    #[arg(long, global = true, value_enum, default_value = "vi")]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a data folder, for a demonstration or for a school.
    Init(init::InitArgs),
    /// Write the workbook that a school fills in.
    Template(template::TemplateArgs),
    /// Read a filled workbook; all faults at once, nothing written unless it is sound.
    Import(import::ImportArgs),
    /// Look at a filled workbook with all checks, and write nothing.
    Check(import::ImportArgs),
    /// Sign appointments: who may sign for the school and the class.
    Appoint(appoint::AppointArgs),
    /// Sign drafts as homeroom teacher.
    Sign(sign::SignArgs),
    /// Co-sign as principal or deputy.
    Cosign(sign::SignArgs),
    /// Return signed records to their teacher.
    Return(sign::ReturnArgs),
    /// Apply the school's seal.
    Seal(sign::SignArgs),
    /// Show where each class and pupil is.
    Status(status::StatusArgs),
    /// Anchor what waits, until stopped; with --once until nothing waits.
    Anchor(anchor::AnchorArgs),
    /// Write a bundle for each anchored record.
    Bundle(bundle::BundleArgs),
    /// Make a link and QR code for a transcript, or withdraw one.
    Link(link::LinkArgs),
    /// Keep what the chain says now, for verifying without a network.
    Snapshot(snapshot::SnapshotArgs),
    /// Verify bundles.
    Verify(verify::VerifyArgs),
    /// Show what a file says, not verified.
    Inspect(inspect::InspectArgs),
    /// Serve API and pages, and anchor.
    Serve(serve::ServeArgs),
    /// Accounts of people, and tokens for their programs.
    Account(account::AccountArgs),
    /// Bring the database up to date, look at it, or move it to another one.
    Database(database::DatabaseArgs),
    /// Derive every digest, signature, root and receipt again from what is stored.
    Fsck,
    /// Say what is wrong with this deployment, and what to do.
    Doctor,
    /// Measure the whole way of many records, in a folder of its own.
    Bench(bench::BenchArgs),
    /// Serve the folder's development chain on this machine.
    Chain(chain::ChainArgs),
    /// Show the whole story with a made-up class of forty.
    Demo(demo::DemoArgs),
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Command::Init(_) => "init",
            Command::Template(_) => "template",
            Command::Import(_) => "import",
            Command::Check(_) => "check",
            Command::Appoint(_) => "appoint",
            Command::Sign(_) => "sign",
            Command::Cosign(_) => "cosign",
            Command::Return(_) => "return",
            Command::Seal(_) => "seal",
            Command::Status(_) => "status",
            Command::Anchor(_) => "anchor",
            Command::Bundle(_) => "bundle",
            Command::Link(_) => "link",
            Command::Snapshot(_) => "snapshot",
            Command::Verify(_) => "verify",
            Command::Inspect(_) => "inspect",
            Command::Serve(_) => "serve",
            Command::Account(_) => "account",
            Command::Database(_) => "database",
            Command::Fsck => "fsck",
            Command::Doctor => "doctor",
            Command::Bench(_) => "bench",
            Command::Chain(_) => "chain",
            Command::Demo(_) => "demo",
        }
    }
}

/// The log goes to standard error; nothing personal is in it. Warnings, unless `HOCBA_LOG` asks for more.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("HOCBA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,hocba_chain::embedded=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap ends with 2, which means something else here.
            let fine = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = error.print();
            return ExitCode::from(if fine { Exit::Ok } else { Exit::BadInput }.code());
        }
    };
    log();
    let out = Output { lang: cli.lang, json: cli.json };
    let context = Context { out, data_dir: cli.data_dir };
    let name = cli.command.name();
    match run(&context, cli.command) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            let failure = error.downcast::<Failure>().unwrap_or_else(|error| {
                let text = format!("{error:#}");
                Failure::new(Exit::Environment, "environment", words(text.clone(), text))
            });
            out.failure(name, &failure);
            ExitCode::from(failure.exit.code())
        }
    }
}

fn run(context: &Context, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Template(args) => template::run(context, &args),
        Command::Import(args) => import::run(context, &args),
        Command::Check(args) => import::run_check(context, &args),
        Command::Appoint(args) => appoint::run(context, args),
        Command::Sign(args) => sign::run(context, Step::Sign, &args),
        Command::Cosign(args) => sign::run(context, Step::CoSign, &args),
        Command::Return(args) => sign::run_return(context, &args),
        Command::Seal(args) => sign::run(context, Step::Seal, &args),
        Command::Status(args) => status::run(context, &args),
        Command::Anchor(args) => anchor::run(context, &args),
        Command::Bundle(args) => bundle::run(context, &args),
        Command::Link(args) => link::run(context, &args),
        Command::Snapshot(args) => snapshot::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Inspect(args) => inspect::run(context, &args),
        Command::Serve(args) => serve::run(context, &args),
        Command::Account(args) => account::run(context, args),
        Command::Database(args) => database::run(context, &args),
        Command::Fsck => fsck::run(context),
        Command::Doctor => doctor::run(context),
        Command::Bench(args) => bench::run(context, &args),
        Command::Chain(args) => chain::run(context, &args),
        Command::Demo(args) => demo::run(context, &args),
    }
}
