//! `doctor`: what is wrong with a deployment, in plain words, and what to do next.

use hocba_app::Actor;
use hocba_keystore::DataKey;
use hocba_record::types::UnixTime;
use hocba_store::{Store, model::JobKind};
use serde_json::json;

use super::Context;
use crate::{
    edge::now,
    error::Exit,
    folder::{DATA_KEY, Folder, PROFILE},
    ledger,
    output::{Words, words},
    site::{Site, app_failure, store_failure},
};

/// One thing looked at.
struct Finding {
    code: &'static str,
    ok: bool,
    words: Words,
}

fn good(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding { code, ok: true, words: words(vi.into(), en.into()) }
}
fn bad(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding { code, ok: false, words: words(vi.into(), en.into()) }
}

/// A sealed record that waits longer than this is a sign that nobody anchors, in seconds.
const PATIENCE: i64 = 600;

/// `doctor`. Ends with [`Exit::Environment`] where something has to be done.
///
/// # Errors
/// When there is no data folder at all.
pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let findings = ledger::runtime()?.block_on(look(folder));
    let out = &context.out;
    for finding in &findings {
        let mark = if finding.ok { "✓" } else { "✗" };
        out.say(&words(format!("{mark} {}", finding.words.vi), format!("{mark} {}", finding.words.en)));
    }
    let ok = findings.iter().all(|f| f.ok);
    let list: Vec<_> = findings.iter().map(|f| json!({ "code": f.code, "ok": f.ok, "en": f.words.en })).collect();
    out.document(&json!({ "command": "doctor", "ok": ok, "findings": list }));
    Ok(if ok { Exit::Ok } else { Exit::Environment })
}

async fn look(folder: Folder) -> Vec<Finding> {
    let mut findings = vec![if folder.is_demo() {
        good("demo", "thư mục DEMO: không có giá trị", "a DEMO folder: nothing here counts")
    } else {
        good("mode", "thư mục thật", "not a demonstration")
    }];
    let key = match DataKey::open(&folder.path(DATA_KEY), folder.mode()) {
        Ok(key) => {
            let id = key.id().to_owned();
            findings.push(good(
                "data_key",
                format!("khoá dữ liệu {id} mở được; nhớ sao lưu riêng với cơ sở dữ liệu"),
                format!("the data key {id} opens; back it up apart from the database"),
            ));
            true
        }
        Err(e) => {
            findings.push(bad(
                "data_key",
                format!("khoá dữ liệu không mở được: {e}. Khôi phục data.key từ bản sao lưu; mất nó là mất điểm"),
                format!("the data key does not open: {e}. Restore data.key from its backup; without it marks are lost"),
            ));
            false
        }
    };
    let database = match open(&folder).await {
        Ok(store) => match store.integrity().await {
            Ok(broken) if broken.is_empty() => {
                findings.push(good("database", "cơ sở dữ liệu đọc được và nguyên vẹn", "the database is sound"));
                true
            }
            _ => {
                findings.push(bad(
                    "database",
                    "cơ sở dữ liệu bị hỏng: khôi phục bản sao lưu gần nhất, rồi chạy `hocba fsck`",
                    "the database is damaged: restore the latest backup, then run `hocba fsck`",
                ));
                false
            }
        },
        Err(e) => {
            findings.push(bad(
                "database",
                format!("cơ sở dữ liệu không mở được: {e}"),
                format!("the database does not open: {e}"),
            ));
            false
        }
    };
    profile(&folder, &mut findings);
    chain(&folder, &mut findings).await;
    if key && database {
        work(folder, &mut findings).await;
    }
    findings
}

async fn open(folder: &Folder) -> anyhow::Result<Store> {
    Ok(Store::open(&folder.database()?).await.map_err(|e| store_failure(&e))?)
}

fn profile(folder: &Folder, findings: &mut Vec<Finding>) {
    let opened = folder.read(PROFILE).ok().flatten().and_then(|bytes| super::verify::open_own(&bytes).ok());
    findings.push(match opened {
        None => bad(
            "profile",
            "danh sách nơi cấp được công nhận không mở được: lấy lại từ sở",
            "the trust profile does not open: get it again from the department",
        ),
        Some(profile) => {
            let (number, expires) = (profile.profile().number, profile.profile().expires);
            let date = hocba_bundle::text::date(expires);
            if expires <= now() {
                bad(
                    "profile",
                    format!("danh sách nơi cấp số {number} đã hết hạn ngày {date}: lấy số mới từ sở"),
                    format!("trust profile {number} ended on {date}: get a newer one from the department"),
                )
            } else {
                good(
                    "profile",
                    format!("danh sách nơi cấp số {number}, dùng đến {date}"),
                    format!("trust profile {number}, good until {date}"),
                )
            }
        }
    });
}

async fn chain(folder: &Folder, findings: &mut Vec<Finding>) {
    let reached = async { ledger::facts(&ledger::operators(folder).await?, ledger::finality(folder)).await };
    let reached = reached.await;
    if let Ok((_, agreement)) = &reached
        && agreement.others().next().is_some()
    {
        use hocba_bundle::text::{Language, agreement as told};
        let (vi, en) = (told(agreement, Language::Vietnamese), told(agreement, Language::English));
        findings.push(bad("operators", vi, en));
    }
    findings.push(match reached {
        Ok((facts, _)) => {
            let (block, batches) = (facts.facts().block, facts.facts().batches.len());
            good(
                "chain",
                format!("sổ chung trả lời: khối {block}, {batches} lần ghi"),
                format!("the chain answers: block {block}, {batches} batches"),
            )
        }
        Err(e) => bad(
            "chain",
            format!(
                "sổ chung không dùng được: {e}. Việc đã làm vẫn giữ nguyên; kiểm tra nút và địa chỉ trong hocba.json"
            ),
            format!("the chain cannot be used: {e}. Nothing is lost; check the node and its address in hocba.json"),
        ),
    });
}

async fn work(folder: Folder, findings: &mut Vec<Finding>) {
    let overview = async {
        let site = Site::open(folder).await?;
        let overview = site.app.overview(&Actor::LocalOperator).await;
        overview.map_err(|e| anyhow::Error::from(app_failure(&e, crate::output::Lang::Vi)))
    };
    let Ok(overview) = overview.await else {
        findings.push(bad("work", "không đọc được tình trạng công việc", "the state of the work cannot be read"));
        return;
    };
    let age = |since: UnixTime| overview.at.seconds() - since.seconds();
    let oldest = overview.unanchored.first().map(|b| b.closed_at).into_iter().chain(overview.waiting_since).min();
    findings.push(match oldest {
        Some(since) if age(since) > PATIENCE => bad(
            "waiting",
            format!("có học bạ chờ ghi sổ chung {} phút; chạy `hocba serve` hoặc `hocba anchor`", age(since) / 60),
            format!(
                "records wait for their anchor since {} minutes; run `hocba serve` or `hocba anchor`",
                age(since) / 60
            ),
        ),
        _ => good("waiting", "không có gì chờ lâu", "nothing waits for long"),
    });
    if let Some(remark) = crate::collecting::remark(&overview.evidence, overview.at) {
        let late = overview.evidence.late_since(overview.at).is_some();
        findings.push(Finding { code: "evidence", ok: !late, words: remark });
    }
    let stamps = overview.time_stamps.as_ref().and_then(|s| crate::collecting::stamps_remark(s, overview.at));
    if let Some((ok, words)) = stamps {
        findings.push(Finding { code: "time_stamps", ok, words });
    }
    let ours = overview.jobs.iter().filter(|j| !matches!(j.kind, JobKind::FetchEvidence | JobKind::FetchTimeStamp));
    for job in ours.filter(|j| j.last_error.is_some()) {
        let (tries, error) = (job.tries, job.last_error.clone().unwrap_or_default());
        findings.push(bad(
            "job",
            format!("việc {} đã thử {tries} lần không được ({error})", job.kind),
            format!("job {} failed {tries} times ({error})", job.kind),
        ));
    }
}
