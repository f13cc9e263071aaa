//! `bench`: the whole way of many records, beside what raw signing alone would take on this machine in the same run.
//!
//! Nothing is left out of the pipeline: spreadsheets are read and checked, records issued, three signatures made and
//! verified, envelopes sealed, states written durably, batches built, anchored on the embedded chain and read back.

use std::{path::PathBuf, time::Instant};

use anyhow::Context as _;
use clap::Args;
use hocba_app::{Actor, Import, Scope, Selection, Step};
use hocba_bundle::{
    report::Verdict,
    snapshot::StatusEvidence,
    verify::{ChainView, Context as VerifyContext, verify},
};
use hocba_chain::Operators;
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, Grade, SchoolCode},
};
use hocba_sample::{Options, class};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    policy::SigningMode,
    statement::{Role, Statement, StatementType},
};
use hocba_store::model::{Class, School};
use serde_json::{Value, json};

use super::Context;
use crate::{
    anchoring, demo,
    edge::{now, random},
    error::Exit,
    folder::Folder,
    ledger::{self, Node},
    output::{Output, words},
    people::{KeyArgs, Person, open_chain_key},
    site::{Site, app_failure},
};

const BENCH_HELP: &str = "\
Keys of --json:
  records                          how many went the whole way
  pipeline.seconds                 from the first spreadsheet to the last anchor
  pipeline.records_per_second      records / pipeline.seconds
  pipeline.signing_limit_per_second  records whose three signatures alone this machine makes in a second, one core
  pipeline.ratio_to_signing_limit  signing_limit_per_second / records_per_second: 1 would be signing and nothing else
  pipeline.stages.*                seconds of import, sign, co_sign, seal, anchor
  verify.microseconds              one bundle, bytes to report, chain facts at hand (median)
  verify.verified                  bundles verified, each valid
  bundle.microseconds              one bundle put together from the database (median)
  database_bytes, bytes_per_record
  peak_rss_bytes                   of the whole run (Linux)";

/// Pupils of a class.
const CLASS: usize = 40;
/// Classes of a school: about a thousand pupils.
const CLASSES: usize = 25;
/// Bundles put together and verified, spread over all records.
const VERIFIED: usize = 200;

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = BENCH_HELP)]
pub struct BenchArgs {
    /// Số học bạ, làm tròn lên lớp 40 học sinh / Records, rounded up to classes of forty
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    records: u32,
    /// Nơi đặt thư mục tạm, đo xong sẽ xoá / Where its folder is made and, at the end, removed
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Để lại thư mục / Leave the folder there: true records for trying out fsck, backups, a move to PostgreSQL
    #[arg(long)]
    keep: bool,
}

/// One class on its way.
struct Bench<'a> {
    site: &'a Site,
    out: &'a Output,
    teacher: Person,
    principal: Person,
    department: Person,
    seal: Person,
}

#[allow(clippy::disallowed_methods, reason = "measuring time is what it is for")]
fn start() -> Instant {
    Instant::now()
}

/// `bench`.
///
/// # Errors
/// When a step fails or a bundle is not valid.
pub fn run(context: &Context, args: &BenchArgs) -> anyhow::Result<Exit> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("hocba-bench-");
    let place = match &args.scratch {
        Some(scratch) => builder.tempdir_in(scratch),
        None => builder.tempdir(),
    }
    .context("a temporary folder")?;
    let document = ledger::runtime()?.block_on(work(context, args, &place.path().join("data")))?;
    let out = &context.out;
    if args.keep {
        let kept = place.keep();
        out.say(&words(format!("Để lại {}", kept.display()), format!("Kept {}", kept.display())));
    }
    let number = |path: &str| document.pointer(path).and_then(Value::as_f64).unwrap_or_default();
    let (rate, ratio) = (number("/pipeline/records_per_second"), number("/pipeline/ratio_to_signing_limit"));
    let (verify, rss) = (number("/verify/microseconds"), number("/peak_rss_bytes") / 1_048_576.0);
    out.say(&words(
        format!("{rate:.0} học bạ/giây từ bảng tính đến sổ chung ({ratio:.1} lần thời gian chỉ ký); xác minh {verify:.0} µs; bộ nhớ cao nhất {rss:.0} MiB"),
        format!("{rate:.0} records/s from spreadsheet to anchor ({ratio:.1} × signing alone); verifying {verify:.0} µs; peak memory {rss:.0} MiB"),
    ));
    out.document(&document);
    Ok(Exit::Ok)
}

async fn work(context: &Context, args: &BenchArgs, root: &std::path::Path) -> anyhow::Result<Value> {
    let out = &context.out;
    let folder: Folder = demo::init(root, SigningMode::Each).await?;
    let operators = ledger::operators(&folder).await?;
    let site = Site::open(folder).await?;
    let person = |role| Person::open(&site.folder, role, &KeyArgs::default());
    let bench = Bench {
        site: &site,
        out,
        teacher: person(Role::HomeroomTeacher)?,
        principal: person(Role::Principal)?,
        department: person(Role::Department)?,
        seal: person(Role::SchoolSeal)?,
    };
    let classes = (args.records as usize).div_ceil(CLASS);
    let bar = out.progress(classes, &words("Đo", "Measuring"));
    let mut stages = [0.0_f64; 5];
    let mut made: Vec<Class> = Vec::new();
    let mut signing = Vec::new();
    for number in 0..classes {
        let workbook = workbook(number)?;
        if number % CLASSES == 0 {
            bench.school(number / CLASSES).await?;
        }
        let began = start();
        let imported = site.app.import(&Actor::LocalOperator, &workbook, &Import::default()).await;
        let imported = imported.map_err(|e| app_failure(&e, out.lang))?;
        stages[0] += began.elapsed().as_secs_f64();
        let class = site.app.store().read().await?.class(&imported.class).await?.context("the class")?;
        bench.appoint_teacher(&class).await?;
        for (place, step) in [(1, Step::Sign), (2, Step::CoSign), (3, Step::Seal)] {
            let began = start();
            let bytes = bench.step(&class, step).await?;
            stages[place] += began.elapsed().as_secs_f64();
            signing.extend(bytes.into_iter().take(1));
        }
        made.push(class);
        bar.inc(1);
    }
    bar.finish();
    let key = open_chain_key(&site.folder, "anchorer", None, None)?;
    let began = start();
    anchoring::until_idle(&site, operators.clone(), &key, out).await?;
    stages[4] += began.elapsed().as_secs_f64();

    let records = classes * CLASS;
    let seconds: f64 = stages.iter().sum();
    let limit = signing_limit(&bench.teacher, &signing);
    let (bundling, verifying, verified) = check(&site, &operators, &made).await?;
    let database = site.app.store().size().await?;
    let rate = records as f64 / seconds;
    Ok(json!({
        "command": "bench",
        "ok": true,
        "records": records,
        "pipeline": {
            "seconds": seconds,
            "records_per_second": rate,
            "signing_limit_per_second": limit,
            "ratio_to_signing_limit": limit / rate,
            "stages": {
                "import": stages[0], "sign": stages[1], "co_sign": stages[2], "seal": stages[3], "anchor": stages[4],
            },
        },
        "bundle": { "microseconds": bundling },
        "verify": { "microseconds": verifying, "verified": verified },
        "database_bytes": database,
        "bytes_per_record": database / records as u64,
        "peak_rss_bytes": peak_rss(),
    }))
}

/// The class of this number as a school's spreadsheet: a school of its own for every twenty-five.
fn workbook(number: usize) -> anyhow::Result<Vec<u8>> {
    let name: ClassName = format!("9A{}", number % CLASSES + 1).parse()?;
    let options = Options::lower_secondary().of_class(Grade::new(9)?, name).with_pupils(CLASS);
    let (mut header, drafts) = class(number as u64 + 1, &options);
    header.school = school(number / CLASSES)?;
    Ok(hocba_workbook::template(Some(&header), &[], &drafts)?)
}

fn school(number: usize) -> anyhow::Result<SchoolCode> {
    Ok(format!("79DEMO{:03}", number + 1).parse()?)
}

impl Bench<'_> {
    async fn school(&self, number: usize) -> anyhow::Result<()> {
        let code = school(number)?;
        let added = School { code: code.clone(), issuer: "so-demo".parse()? };
        let refused = |e| app_failure(&e, self.out.lang);
        self.site.app.add_school(&Actor::LocalOperator, &added).await.map_err(refused)?;
        self.appoint(&code, Role::Principal, None, &self.department, &self.principal).await?;
        self.appoint(&code, Role::SchoolSeal, None, &self.department, &self.seal).await
    }

    async fn appoint_teacher(&self, class: &Class) -> anyhow::Result<()> {
        self.appoint(&class.school, Role::HomeroomTeacher, Some(class), &self.principal, &self.teacher).await
    }

    async fn appoint(
        &self,
        school: &SchoolCode,
        role: Role,
        class: Option<&Class>,
        appointer: &Person,
        appointee: &Person,
    ) -> anyhow::Result<()> {
        let appointment = Appointment {
            appointee: Appointee {
                certificate: appointee.digest(),
                name: appointee.certificate().subject().parse()?,
                title: "DEMO".parse()?,
            },
            class: class.map(|c| c.name.clone()),
            from: now().plus(-86_400),
            id: RecordId::from_bytes(random()?),
            key_storage: KeyStorage::File,
            role,
            school: school.clone(),
            until: now().plus(86_400),
            year: class.map(|c| c.year),
        };
        let by = if role == Role::HomeroomTeacher { Role::Principal } else { Role::Department };
        let statement = Statement::unsigned(appointment.to_bytes());
        let statement = appointer.sign(statement, StatementType::Appointment, by, now())?;
        let operator = Actor::LocalOperator;
        let appointed = self.site.app.appoint(&operator, &statement, appointer.chain(), appointee.chain()).await;
        appointed.map_err(|e| app_failure(&e, self.out.lang))?;
        Ok(())
    }

    /// One step of a whole class; gives the bytes that were signed.
    async fn step(&self, class: &Class, step: Step) -> anyhow::Result<Vec<Vec<u8>>> {
        let refused = |e| app_failure(&e, self.out.lang);
        let (actor, app) = (Actor::LocalOperator, &self.site.app);
        let person = match step {
            Step::Sign => &self.teacher,
            Step::CoSign => &self.principal,
            Step::Seal => &self.seal,
        };
        let signer = app.signer(&actor, step, false, person.chain()).await.map_err(refused)?;
        let list = app.prepare(&actor, &class.id, &signer, &Selection::All).await.map_err(refused)?;
        let signed = list.tasks.iter().map(|t| Ok(t.signed(person.sign_bytes(t.bytes())?)));
        let signed: Vec<_> = signed.collect::<anyhow::Result<_>>()?;
        app.submit(&actor, &class.id, &signer, &signed).await.map_err(refused)?;
        Ok(list.tasks.iter().map(|t| t.bytes().to_vec()).collect())
    }
}

/// Records whose three signatures alone a core makes in a second: the very inputs of this run, signed again.
fn signing_limit(person: &Person, inputs: &[Vec<u8>]) -> f64 {
    let (began, mut made) = (start(), 0_u32);
    while began.elapsed().as_millis() < 1000 {
        for input in inputs.iter().take(300) {
            let _ = std::hint::black_box(person.sign_bytes(input));
            made += 1;
        }
    }
    f64::from(made) / 3.0 / began.elapsed().as_secs_f64()
}

/// Puts bundles together and verifies them; median microseconds of both, and how many.
async fn check(site: &Site, operators: &Operators<Node>, classes: &[Class]) -> anyhow::Result<(f64, f64, usize)> {
    let (facts, _) = ledger::facts(operators, ledger::finality(&site.folder)).await?;
    let statuses = StatusEvidence::default();
    let (mut bundling, mut verifying) = (Vec::new(), Vec::new());
    let every = (classes.len() * CLASS).div_ceil(VERIFIED).max(1);
    let mut place = 0;
    for class in classes {
        let lines = site.app.store().read().await?.record_lines(&class.id).await?;
        let mut bundler = None;
        for line in lines {
            place += 1;
            if place % every != 0 {
                continue;
            }
            if bundler.is_none() {
                bundler = Some(site.app.bundler(&class.school).await?);
            }
            let Some(bundler) = &bundler else { continue };
            let began = start();
            let bundle =
                site.app.bundle_with(&Actor::LocalOperator, bundler, &line.record, Scope::Whole).await?.to_bytes();
            bundling.push(began.elapsed().as_secs_f64());
            let began = start();
            let chain = ChainView::Live { facts: &facts, statuses: &statuses };
            let report = verify(&bundle, &VerifyContext { profile: site.app.profile(), chain, now: now() });
            verifying.push(began.elapsed().as_secs_f64());
            anyhow::ensure!(report.verdict == Verdict::Valid, "a bundle of the bench is {:?}", report.verdict);
        }
    }
    let verified = verifying.len();
    Ok((median(bundling) * 1e6, median(verifying) * 1e6, verified))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Most memory this process held at a time, where the system tells.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}
