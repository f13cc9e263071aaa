//! The `hocba` program: the service and its tools over a data folder.
//!
//! **For**: the composition root. It reads the clock, files and keys, and puts use cases, database, keystore, chain,
//! anchoring service and server together; [`folder`] says what is where. **Will not**: decide anything: `hocba-app` and
//! `hocba-bundle` do.
//!
//! Standard output carries the answer: sentences, or with `--json` one document. Progress, remarks and the log
//! (`HOCBA_LOG=info`) go to standard error. Exit codes are those of [`error::Exit`].

mod anchoring;
mod collecting;
mod commands;
mod day;
mod demo;
mod edge;
mod error;
mod folder;
mod ledger;
mod mail;
mod output;
mod people;
mod report;
mod site;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};
use commands::{
    Context, account, anchor, appoint, appointments, bench, book, bundle, ca, chain, database, doctor, evidence,
    export, fsck, generate, import, init, inspect, link, profile, school, serve, sign, signer, snapshot, status,
    template, verify, watch, year,
};
use error::{Exit, Failure};
use hocba_app::Step;
use output::{Lang, Output, words};

/// The first lines of the help: what to do next.
const START: &str = "\
Bắt đầu / Start: `hocba demo` – làm thử cả quy trình với một lớp mẫu / the whole way with a made-up class
Lớp của mình / Your class: `hocba template lop.xlsx` – lấy mẫu, điền, rồi `hocba check lop.xlsx` / fill in, check";

/// What every command takes stands below what is a command's own.
const COMMON: usize = 900;

const EXIT_CODES: &str = "\
Mã kết thúc / Exit codes:
  0  xong; verify: mọi tệp hợp lệ                done; verify: every file is valid
  1  verify: có tệp không hợp lệ                 verify: some file is invalid
     watch: thấy điều không khớp                 watch: something does not go together
  2  verify: có tệp chưa kiểm tra được           verify: some file could not be checked
     watch: có chỗ chưa đối chiếu được           watch: something could not be compared
  3  sai cách dùng, hoặc dữ liệu vào phải sửa    wrong usage, or input that cannot be used
  4  tệp, khoá thư mục hoặc khoá ký              files, locks or keys
  5  làm sai thứ tự các bước                     a step out of its order
  6  sổ chung không trả lời hoặc từ chối         the chain does not answer or refuses";

/// Học bạ số: nhập, ký, ghi sổ chung và xác minh / Student transcripts: import, sign, anchor, verify
#[derive(Debug, Parser)]
#[command(name = "hocba", version, before_help = START, after_help = EXIT_CODES)]
struct Cli {
    /// Thư mục dữ liệu / Data folder
    #[arg(long, global = true, value_name = "DIR", default_value = "hocba-data", display_order = COMMON)]
    data_dir: PathBuf,
    /// In ra một văn bản JSON thay cho câu chữ / One JSON document instead of sentences
    #[arg(long, global = true, display_order = COMMON)]
    json: bool,
    /// Ngôn ngữ của câu chữ / Language of sentences: vi, en
    #[arg(long, global = true, value_enum, default_value = "vi", hide_possible_values = true, display_order = COMMON)]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tạo thư mục dữ liệu cho trường, hoặc để dùng thử / Begin a data folder
    Init(init::InitArgs),
    /// Lấy mẫu bảng tính để điền điểm / Write the workbook to fill in
    Template(template::TemplateArgs),
    /// Nhập bảng tính đã điền; còn lỗi thì không ghi gì / Import a workbook, if sound
    Import(import::ImportArgs),
    /// Xem bảng tính đã điền có lỗi không, chưa ghi gì / Check a workbook, write nothing
    Check(import::ImportArgs),
    /// Ký bổ nhiệm, phân công người được ký / Sign appointments: who may sign
    Appoint(appoint::AppointArgs),
    /// Xem ai được ký, việc chờ người đã thôi / Who may sign, what waits for who left
    Appointments(appointments::AppointmentsArgs),
    /// Mở trường, còn thiếu gì; đổi tên, sáp nhập, giải thể / Open a school; its changes
    School(school::SchoolArgs),
    /// Năm học: mở, chuyển học sinh lên lớp, đóng / School years: open, roll over, close
    Year(year::YearArgs),
    /// Giáo viên chủ nhiệm ký / Sign as homeroom teacher
    Sign(sign::SignArgs),
    /// Hiệu trưởng, phó hiệu trưởng ký duyệt / Co-sign as principal or deputy
    Cosign(sign::SignArgs),
    /// Trả học bạ đã ký về cho giáo viên sửa / Return signed records to their teacher
    Return(sign::ReturnArgs),
    /// Ký số của trường / Apply the school's seal
    Seal(sign::SignArgs),
    /// Xem từng lớp, từng học sinh đến bước nào / Show where each class and pupil is
    Status(status::StatusArgs),
    /// Ghi học bạ đã ký đủ lên sổ chung / Anchor what waits on the public record
    Anchor(anchor::AnchorArgs),
    /// Xem, thêm trả lời của nơi cấp chứng thư / What authorities said of revocations
    Evidence(evidence::EvidenceArgs),
    /// Xem cả sổ của một học sinh: các năm học, mã học bạ / The years of a pupil's book
    Book(book::BookArgs),
    /// Xuất tệp học bạ đã có hiệu lực / Write a bundle for each anchored record
    Bundle(bundle::BundleArgs),
    /// Xuất cho hệ thống khác: CSV, JSON, gói XML / Export for other systems
    Export(export::ExportArgs),
    /// Tạo hoặc thu hồi liên kết, mã QR xem học bạ / Make or withdraw a link and QR code
    Link(link::LinkArgs),
    /// Chụp sổ chung để xác minh khi không có mạng / Keep the public record for offline use
    Snapshot(snapshot::SnapshotArgs),
    /// Xác minh tệp học bạ / Verify bundles
    Verify(verify::VerifyArgs),
    /// Theo dõi sổ chung và máy chủ từ bên ngoài / Follow chain and service from outside
    Watch(Box<watch::WatchArgs>),
    /// Xem tệp ghi gì, chưa xác minh / Show what a file says, not verified
    Inspect(inspect::InspectArgs),
    /// Chạy máy chủ: trang tra cứu, API, ghi sổ chung / Serve pages and API, and anchor
    Serve(serve::ServeArgs),
    /// Tài khoản và mã truy cập / Accounts, and tokens for their programs
    Account(account::AccountArgs),
    /// Ký cho trang web bằng khoá trên máy này / Sign for a page, with keys on this machine
    Signer(Box<signer::SignerArgs>),
    /// Nơi cấp chứng thư thử nghiệm / A certificate authority for pilots
    Ca(ca::CaArgs),
    /// Nâng cấp, xem hoặc chuyển cơ sở dữ liệu / Migrate, look at or move the database
    Database(database::DatabaseArgs),
    /// Kiểm tra lại toàn bộ dữ liệu đã lưu / Derive again everything that is stored
    Fsck,
    /// Tìm chỗ hỏng trong cài đặt và cách sửa / Say what is wrong here, and what to do
    Doctor,
    /// Đo tốc độ cả quy trình với nhiều học bạ / Measure the whole way of many records
    Bench(bench::BenchArgs),
    /// Hợp đồng trên sổ chung, ai được ghi / The contract, who may write
    Chain(chain::ChainArgs),
    /// Danh sách nơi cấp được công nhận: soạn, ký / Make and sign a trust profile
    Profile(profile::ProfileArgs),
    /// Lập lớp mẫu để thử: bảng tính hoặc CSV / Made-up classes for trials
    Generate(generate::GenerateArgs),
    /// Làm thử cả quy trình với lớp mẫu 40 học sinh / The whole way with a made-up class
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
            Command::Appointments(_) => "appointments",
            Command::School(_) => "school",
            Command::Year(_) => "year",
            Command::Sign(_) => "sign",
            Command::Cosign(_) => "cosign",
            Command::Return(_) => "return",
            Command::Seal(_) => "seal",
            Command::Status(_) => "status",
            Command::Anchor(_) => "anchor",
            Command::Evidence(_) => "evidence",
            Command::Book(_) => "book",
            Command::Bundle(_) => "bundle",
            Command::Export(_) => "export",
            Command::Link(_) => "link",
            Command::Snapshot(_) => "snapshot",
            Command::Verify(_) => "verify",
            Command::Watch(_) => "watch",
            Command::Inspect(_) => "inspect",
            Command::Serve(_) => "serve",
            Command::Account(_) => "account",
            Command::Signer(_) => "signer",
            Command::Ca(_) => "ca",
            Command::Database(_) => "database",
            Command::Fsck => "fsck",
            Command::Doctor => "doctor",
            Command::Bench(_) => "bench",
            Command::Chain(_) => "chain",
            Command::Profile(_) => "profile",
            Command::Generate(_) => "generate",
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

/// The arguments, with what clap would say in English only in both languages.
fn arguments() -> clap::Command {
    fn in_both(command: clap::Command) -> clap::Command {
        command
            .help_template("{before-help}{about-with-newline}\nCách dùng / Usage: {usage}\n\n{all-args}{after-help}")
            .subcommand_help_heading("Lệnh / Commands")
            .mut_args(|arg| {
                let heading = if arg.is_positional() { "Tham số / Arguments" } else { "Tuỳ chọn / Options" };
                match arg.get_id().as_str() {
                    "help" => arg.help("Xem hướng dẫn / Print help").long_help(None),
                    "version" => arg.help("Xem phiên bản / Print version"),
                    _ => arg,
                }
                .help_heading(heading)
            })
            .mut_subcommands(|command| match command.get_name() {
                "help" => in_both(command.about("Xem hướng dẫn của một lệnh / Print the help of a command")),
                _ => in_both(command),
            })
    }
    let mut command = Cli::command();
    // What clap adds by itself is there only from now on.
    command.build();
    in_both(command)
}

fn main() -> ExitCode {
    let cli = match arguments().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            match error.kind() {
                // Not asked for, and all the same what the reader needs now: an answer, not a complaint.
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => output::write_out(&error.to_string()),
                _ => drop(error.print()),
            }
            // clap ends with 2, which means something else here.
            let fine = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
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
        Command::Appointments(args) => appointments::run(context, &args),
        Command::School(args) => school::run(context, &args),
        Command::Year(args) => year::run(context, &args),
        Command::Sign(args) => sign::run(context, Step::Sign, &args),
        Command::Cosign(args) => sign::run(context, Step::CoSign, &args),
        Command::Return(args) => sign::run_return(context, &args),
        Command::Seal(args) => sign::run(context, Step::Seal, &args),
        Command::Status(args) => status::run(context, &args),
        Command::Anchor(args) => anchor::run(context, &args),
        Command::Evidence(args) => evidence::run(context, &args),
        Command::Book(args) => book::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Generate(args) => generate::run(context, &args),
        Command::Bundle(args) => bundle::run(context, &args),
        Command::Link(args) => link::run(context, &args),
        Command::Snapshot(args) => snapshot::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Watch(args) => watch::run(context, &args),
        Command::Inspect(args) => inspect::run(context, &args),
        Command::Serve(args) => serve::run(context, &args),
        Command::Account(args) => account::run(context, args),
        Command::Signer(args) => signer::run(context, &args),
        Command::Ca(args) => ca::run(context, &args),
        Command::Database(args) => database::run(context, &args),
        Command::Fsck => fsck::run(context),
        Command::Doctor => doctor::run(context),
        Command::Bench(args) => bench::run(context, &args),
        Command::Chain(args) => chain::run(context, &args),
        Command::Profile(args) => profile::run(context, &args),
        Command::Demo(args) => demo::run(context, &args),
    }
}
