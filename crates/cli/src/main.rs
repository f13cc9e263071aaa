//! The `hocba` program: a class of transcripts over a data folder, from spreadsheet to verdict.
//!
//! **For**: the composition root. It reads the clock, files and keys, and puts the pure crates, the keystore and the
//! chain together; [`folder`] says what is where. **Will not**: decide anything about validity (`hocba-bundle` does), or
//! serve pages (that comes with the running service).
//!
//! Standard output carries the answer: sentences, or with `--json` one document. Progress and remarks go to standard
//! error. Exit codes are those of [`error::Exit`].

mod commands;
mod demo;
mod edge;
mod error;
mod folder;
mod ledger;
mod output;
mod people;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};
use commands::{
    Context, anchor, appoint, bundle, chain, import, init, inspect,
    sign::{self, Step},
    snapshot, template, verify,
};
use error::{Exit, Failure};
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
    /// The data folder: one class of one school.
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
    /// Check the imported class again.
    Check,
    /// Sign appointments: who may sign for the school and the class.
    Appoint(appoint::AppointArgs),
    /// Sign drafts as homeroom teacher.
    Sign(sign::SignArgs),
    /// Co-sign as principal or deputy.
    Cosign(sign::SignArgs),
    /// Apply the school's seal.
    Seal(sign::SignArgs),
    /// Anchor appointments and sealed records on the chain.
    Anchor(anchor::AnchorArgs),
    /// Write a bundle for each anchored record.
    Bundle,
    /// Keep what the chain says now, for verifying without a network.
    Snapshot(snapshot::SnapshotArgs),
    /// Verify bundles.
    Verify(verify::VerifyArgs),
    /// Show what a file says, not verified.
    Inspect(inspect::InspectArgs),
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
            Command::Check => "check",
            Command::Appoint(_) => "appoint",
            Command::Sign(_) => "sign",
            Command::Cosign(_) => "cosign",
            Command::Seal(_) => "seal",
            Command::Anchor(_) => "anchor",
            Command::Bundle => "bundle",
            Command::Snapshot(_) => "snapshot",
            Command::Verify(_) => "verify",
            Command::Inspect(_) => "inspect",
            Command::Chain(_) => "chain",
            Command::Demo(_) => "demo",
        }
    }
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
        Command::Check => import::run_check(context),
        Command::Appoint(args) => appoint::run(context, args),
        Command::Sign(args) => sign::run(context, Step::Sign, &args),
        Command::Cosign(args) => sign::run(context, Step::CoSign, &args),
        Command::Seal(args) => sign::run(context, Step::Seal, &args),
        Command::Anchor(args) => anchor::run(context, &args),
        Command::Bundle => bundle::run(context),
        Command::Snapshot(args) => snapshot::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Inspect(args) => inspect::run(context, &args),
        Command::Chain(args) => chain::run(context, &args),
        Command::Demo(args) => demo::run(context, &args),
    }
}
