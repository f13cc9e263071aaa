//! `watch`: does what the service shows go together with the chain, with what the chain said before, and with what the
//! school sent? `hocba-watch` decides; here are the edges: chain, service, files and the clock.

mod service;
mod state;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use clap::Args;
use hocba_bundle::{
    facts::{CheckedFacts, IssuerCode},
    profile::TrustProfile,
    report::{Agreement, ChainProblem},
    verify::ChainView,
};
use hocba_record::types::{SchoolCode, Text, UnixTime};
use hocba_watch::{
    Answers, Books, Finding, History, Look, Outcome, Settings, Unchecked, Verdict,
    books::MAX_BOOKS_BYTES,
    disagreement,
    text::{told, unchecked},
};
use serde_json::{Value, json};

use self::{
    service::{Service, Source},
    state::State,
};
use super::{
    Context,
    verify::{Sources, VerifyArgs, open_trusted},
};
use crate::{
    edge::{now, read_input},
    error::{Exit, Failure},
    ledger,
    output::{Lang, words},
};

/// Longest token file: a token has under 100 characters.
const MAX_TOKEN: usize = 4096;

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Máy chủ cần theo dõi; không có thì chỉ xem sổ chung / The service; without it only the chain is watched
    #[arg(long, value_name = "URL", conflicts_with = "manifests")]
    service: Option<String>,
    /// Thư mục các danh sách đã tải về từ máy chủ / Lists that were downloaded from the service
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// Tệp chứa mã truy cập (hocba account token) / A file with an account's token
    #[arg(long, value_name = "FILE", requires = "service")]
    token_file: Option<PathBuf>,
    /// Mã trường: xem mọi bản ghi mang mã này / Whose leaves are looked for
    #[arg(long, value_name = "CODE")]
    school: Option<SchoolCode>,
    /// Sổ gửi đi của trường (hocba export books) / What the school sent
    #[arg(long, value_name = "FILE")]
    books: Option<PathBuf>,
    /// Nơi nhớ những gì sổ chung đã nói / Where it is kept what the chain said
    #[arg(long, value_name = "DIR", default_value = "hocba-watch")]
    state: PathBuf,
    /// Xem một lần rồi thôi / Look once
    #[arg(long)]
    once: bool,
    /// Số giây giữa hai lần xem / Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(10..=604_800))]
    every: u64,
    /// Chỉ xem danh sách từ lần ghi này trở đi / Lists from this batch on; the chain always whole
    #[arg(long, value_name = "BATCH", default_value_t = 0)]
    since: u64,
    /// Số giây máy chủ được chậm hơn sổ chung / Seconds that the service may be behind the chain
    #[arg(long, value_name = "SECONDS", default_value_t = Settings::GRACE, value_parser = clap::value_parser!(i64).range(0..=86_400))]
    grace: i64,
    /// Nơi ghi sổ; bỏ qua là của sở phụ trách trường, hoặc mọi nơi / Whose batches; else those of the school's department
    #[arg(long, value_name = "CODE")]
    issuer: Vec<IssuerCode>,
    /// Danh sách nơi cấp được công nhận / Trust profile, if not the data folder's own
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Chỉ nhận danh sách của nơi phát hành này / Whose profile to accept: SHA-256 of its certificate
    #[arg(long, value_name = "DIGEST")]
    publisher: Option<String>,
    /// Hỏi nút mạng này / Ask this node instead of those of the profile
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// Dùng bản chụp sổ chung của mình, không dùng mạng / A snapshot of one's own instead of the chain
    #[arg(long, value_name = "FILE", conflicts_with = "rpc", requires = "once")]
    snapshot: Option<PathBuf>,
    /// Bản chụp của sổ chung đã khoá trước đây / A snapshot of an earlier, closed part of the public record
    #[arg(long, value_name = "FILE", conflicts_with = "snapshot")]
    era: Vec<PathBuf>,
}

/// What the chain says, or why it is not known, and whose word that is.
struct Seen {
    facts: Result<CheckedFacts, ChainProblem>,
    agreement: Option<Agreement>,
    issuers: Option<BTreeSet<IssuerCode>>,
}

/// What came of a look, with what is told beside it.
struct Looked {
    outcome: Outcome,
    seen: Seen,
    history: Option<History>,
    /// Where a history that does not go on was kept.
    kept: Option<PathBuf>,
}

/// `watch`. Ends with what the last look found.
///
/// # Errors
/// When there is no profile to go by, when books, token or state cannot be used, and when the service refuses the token.
pub fn run(context: &Context, args: &WatchArgs) -> anyhow::Result<Exit> {
    let mut source = source(args)?;
    let books = args.books.as_ref().map(|path| open_books(path)).transpose()?;
    let mut first = true;
    loop {
        let exit = match look(context, args, source.as_mut(), books.as_ref()) {
            Ok(looked) => tell(context, &looked),
            Err(error) if first => return Err(error),
            // The next look may fare better; this one is told like any failure.
            Err(error) => {
                let failure = error.downcast::<Failure>().unwrap_or_else(|error| {
                    let text = format!("{error:#}");
                    Failure::new(Exit::Environment, "environment", words(text.clone(), text))
                });
                context.out.failure("watch", &failure);
                failure.exit
            }
        };
        first = false;
        if args.once || !wait(args.every)? {
            return Ok(exit);
        }
    }
}

/// Waits for the next look; `false` where somebody ends it.
fn wait(seconds: u64) -> anyhow::Result<bool> {
    ledger::runtime()?.block_on(async {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => Ok(true),
            ended = tokio::signal::ctrl_c() => {
                ended?;
                Ok(false)
            }
        }
    })
}

fn source(args: &WatchArgs) -> anyhow::Result<Option<Source>> {
    if let Some(folder) = &args.manifests {
        return Ok(Some(Source::Folder(folder.clone())));
    }
    let Some(url) = &args.service else { return Ok(None) };
    let token = match &args.token_file {
        Some(path) => Some(String::from_utf8_lossy(&read_input(path, MAX_TOKEN)?).trim().to_owned()),
        None if args.school.is_some() => {
            return Err(Failure::new(
                Exit::BadInput,
                "no_token",
                words(
                    "--school cần --token-file: máy chủ chỉ đưa danh sách của trường cho người có tài khoản",
                    "--school needs --token-file: the service gives a school's list to accounts only",
                ),
            )
            .hint(words(
                "không có tài khoản thì bỏ --school: sổ gửi đi vẫn được đối chiếu",
                "without an account leave --school out: the books are compared all the same",
            ))
            .into());
        }
        None => None,
    };
    Ok(Some(Source::Service(Box::new(Service::new(url, token)?))))
}

fn open_books(path: &std::path::Path) -> Result<Books, Failure> {
    let name = path.display();
    Books::read(&read_input(path, MAX_BOOKS_BYTES)?).map_err(|e| {
        Failure::new(
            Exit::BadInput,
            "books",
            words(
                format!("{name} không dùng được làm sổ gửi đi: {e}"),
                format!("{name} cannot be used as the school's books: {e}"),
            ),
        )
        .hint(words("lập lại bằng hocba export books", "make them with hocba export books"))
    })
}

/// What the chain says now.
fn see(context: &Context, args: &WatchArgs) -> anyhow::Result<Seen> {
    let from = (args.rpc.clone(), args.snapshot.clone(), args.era.clone());
    let looking = VerifyArgs::looking(args.profile.clone(), args.publisher.clone(), args.state.clone(), from);
    let profile = open_trusted(context, &looking)?;
    let issuers = issuers(args, profile.profile())?;
    let mut sources = Sources::new(&looking, &profile)?;
    let view = sources.view()?;
    let facts = match view.chain() {
        ChainView::Live { facts, .. } => Ok(facts.clone()),
        ChainView::Snapshot(snapshot) => Ok(snapshot.facts.clone()),
        ChainView::Unavailable(problem) => Err(problem),
    };
    Ok(Seen { facts, agreement: view.agreement(), issuers })
}

/// Whose batches the service has to have: a school's service those of the departments that answer for it.
fn issuers(args: &WatchArgs, profile: &TrustProfile) -> Result<Option<BTreeSet<IssuerCode>>, Failure> {
    if !args.issuer.is_empty() {
        return Ok(Some(args.issuer.iter().cloned().collect()));
    }
    let Some(school) = &args.school else { return Ok(None) };
    let covering = profile.departments.iter().filter(|department| department.covers(school));
    let issuers: BTreeSet<IssuerCode> = covering.map(|department| department.issuer.clone()).collect();
    if issuers.is_empty() {
        // Nothing would be asked for, and nothing found.
        return Err(Failure::new(
            Exit::BadInput,
            "unknown_school",
            words(
                format!("danh sách nơi cấp không có sở nào phụ trách trường {school}"),
                format!("no department of the trust profile answers for the school {school}"),
            ),
        ));
    }
    Ok(Some(issuers))
}

fn look(
    context: &Context,
    args: &WatchArgs,
    source: Option<&mut Source>,
    books: Option<&Books>,
) -> anyhow::Result<Looked> {
    let seen = see(context, args)?;
    let facts = match &seen.facts {
        Ok(facts) => facts,
        Err(problem) => {
            let findings: Vec<Finding> = seen.agreement.as_ref().and_then(disagreement).into_iter().collect();
            let unchecked = vec![Unchecked::Chain { problem: *problem }];
            let outcome = Outcome { findings, unchecked, ..Outcome::default() };
            return Ok(Looked { outcome, seen, history: None, kept: None });
        }
    };
    let (state, at) = (State::new(&args.state), now());
    let before = state.facts()?;
    let settings = Settings {
        school: args.school.clone(),
        issuers: seen.issuers.clone(),
        since: args.since,
        now: at,
        grace: args.grace,
    };
    let mut look = Look::new(facts, settings, books);
    let history = before.as_ref().map(|before| look.history(before, facts));
    if let Some(agreement) = &seen.agreement {
        look.operators(agreement);
    }
    let kept = keep(&state, before.as_ref(), facts, history.as_ref(), at)?;
    if let Some(source) = source {
        ledger::runtime()?.block_on(ask(context, args, source, &mut look))?;
    }
    let outcome = look.finish();
    Ok(Looked { outcome, seen, history, kept })
}

/// Keeps what the chain said, before the service is asked for anything: whatever it does, history is not lost.
fn keep(
    state: &State,
    before: Option<&CheckedFacts>,
    facts: &CheckedFacts,
    history: Option<&History>,
    at: UnixTime,
) -> Result<Option<PathBuf>, Failure> {
    match history {
        None | Some(History::GoesOn { .. }) => state.keep(before, facts, at).map(|()| None),
        Some(History::Behind { .. }) => Ok(None),
        Some(History::Rewritten(_)) => state.keep_beside(facts, at).map(Some),
    }
}

/// Asks the service for its lists, one after the other.
async fn ask(context: &Context, args: &WatchArgs, source: &mut Source, look: &mut Look<'_>) -> anyhow::Result<()> {
    if let Source::Service(service) = source {
        service.again();
    }
    let mut next = Some(0);
    while let Some(from) = next {
        next = look.list(from, source.list(from).await?);
    }
    let wanted = look.wanted();
    let bar = context.out.progress(wanted.len(), &words("Đối chiếu", "Comparing"));
    for index in wanted {
        let leaves = source.leaves(index).await?;
        let of_school = match &args.school {
            Some(school) => Some(source.of_school(school, index).await?),
            None => None,
        };
        look.batch(index, Answers { leaves, of_school, schools: source.schools(index).await? });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Says what came of a look.
fn tell(context: &Context, looked: &Looked) -> Exit {
    let (out, outcome) = (&context.out, &looked.outcome);
    let language = out.lang.of_report();
    for finding in &outcome.findings {
        let told = told(finding, language);
        out.line(&format!("✗ [{}] {}\n  → {}", finding.code(), told.what, told.act));
    }
    if outcome.more > 0 {
        out.say(&words(format!("… và {} điều nữa", outcome.more), format!("… and {} more", outcome.more)));
    }
    for one in &outcome.unchecked {
        out.line(&format!("? [{}] {}", one.code(), unchecked(one, language)));
    }
    if let Some(path) = &looked.kept {
        let name = path.display();
        out.say(&words(
            format!("Lịch sử mới được giữ riêng trong {name}; bản cũ còn nguyên."),
            format!("The new history is kept in {name}; the old one is as it was."),
        ));
    }
    let none = words("không thuộc lớp nào", "no class");
    for count in &outcome.classes {
        let class = count.class.as_ref().map_or(out.lang.pick(&none), Text::as_str);
        out.say(&words(
            format!(
                "{class}: sổ gửi đi {}, đã ghi sổ chung {}, thấy trong lần ghi {}, máy chủ kê {}",
                count.books, count.anchored, count.found, count.listed
            ),
            format!(
                "{class}: {} in the books, {} of them anchored, {} found in a batch, {} listed by the service",
                count.books, count.anchored, count.found, count.listed
            ),
        ));
    }
    let verdict = outcome.verdict();
    summary(context, looked, verdict);
    out.document(&document(looked, verdict));
    match verdict {
        Verdict::Clean => Exit::Ok,
        Verdict::Found => Exit::Invalid,
        Verdict::Unchecked => Exit::Inconclusive,
    }
}

fn summary(context: &Context, looked: &Looked, verdict: Verdict) {
    let (out, outcome) = (&context.out, &looked.outcome);
    if let Ok(facts) = &looked.seen.facts {
        let facts = facts.facts();
        let (block, all) = (facts.block, facts.batches.len());
        let (batches, leaves, pending) = (outcome.batches, outcome.leaves, outcome.pending.len());
        let (vi, en) = match &looked.history {
            None => ("lần xem đầu, chưa có gì để so".to_owned(), "the first look, nothing to compare with".to_owned()),
            Some(History::GoesOn { batches, statuses }) => (
                format!("nối tiếp lần trước, thêm {batches} lần ghi, {statuses} mục trạng thái"),
                format!("goes on from the last look, {batches} batches and {statuses} statuses more"),
            ),
            Some(History::Behind { .. }) => ("chậm hơn lần trước".to_owned(), "behind the last look".to_owned()),
            Some(History::Rewritten(_)) => {
                ("không nối tiếp lần trước".to_owned(), "does not go on from the last look".to_owned())
            }
        };
        out.say(&words(
            format!(
                "Sổ chung: khối {block}, {all} lần ghi; {vi}. Tính lại được {batches} lần ghi, {leaves} bản ghi; chờ thêm \
                 {pending}."
            ),
            format!(
                "The public record: block {block}, {all} batches; {en}. {batches} batches with {leaves} leaves computed \
                 again; {pending} are awaited."
            ),
        ));
    }
    let found = outcome.findings.len() as u64 + outcome.more;
    out.say(&match verdict {
        Verdict::Clean => words("Không thấy điều gì không khớp.", "Nothing was found."),
        Verdict::Found => words(format!("Thấy {found} điều không khớp."), format!("{found} findings.")),
        Verdict::Unchecked => words(
            "Không thấy điều gì không khớp, nhưng có chỗ chưa đối chiếu được; thử lại sau.",
            "Nothing was found, and something could not be compared; try again later.",
        ),
    });
}

fn document(looked: &Looked, verdict: Verdict) -> Value {
    let (outcome, facts) = (&looked.outcome, looked.seen.facts.as_ref().ok().map(CheckedFacts::facts));
    // Only a map with keys that are no strings could fail, and findings have none.
    let of = |finding: &Finding| {
        let mut value = serde_json::to_value(finding).unwrap_or_default();
        let [vi, en] = [Lang::Vi, Lang::En].map(|lang| told(finding, lang.of_report()));
        value["vi"] = vi.what.into();
        value["en"] = en.what.into();
        value["act_vi"] = vi.act.into();
        value["act_en"] = en.act.into();
        value
    };
    let history = match &looked.history {
        None => json!({ "state": "first" }),
        Some(History::GoesOn { batches, statuses }) => {
            json!({ "state": "goes_on", "batches": batches, "statuses": statuses })
        }
        Some(History::Behind { before, now }) => json!({ "state": "behind", "before": before, "now": now }),
        Some(History::Rewritten(_)) => json!({ "state": "rewritten", "kept": looked.kept }),
    };
    json!({
        "command": "watch",
        "ok": verdict == Verdict::Clean,
        "verdict": verdict,
        "block": facts.map(|facts| facts.block),
        "block_time": facts.map(|facts| facts.block_time),
        "batches": facts.map(|facts| facts.batches.len()),
        "history": facts.map(|_| history),
        "checked": { "batches": outcome.batches, "leaves": outcome.leaves },
        "findings": outcome.findings.iter().map(of).collect::<Vec<_>>(),
        "more": outcome.more,
        "unchecked": outcome.unchecked,
        "pending": outcome.pending,
        "classes": outcome.classes,
        "operators": looked.seen.agreement.as_ref().map(|agreement| &agreement.operators),
    })
}
