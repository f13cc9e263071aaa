//! `appointments`: who may sign, what waits for those who left, and which records fell.

use clap::Args;
use hocba_app::{
    Actor, AppError, AppointmentView, Fallen, Fault, Orphaned, Standing, Stuck, reason_code, reason_words,
};
use hocba_bundle::text::{Language, date, role};
use hocba_record::types::SchoolCode;
use hocba_workbook::Words;
use serde_json::{Value, json};

use super::Context;
use crate::{
    error::Exit,
    folder::Folder,
    ledger,
    output::words,
    site::{Site, app_failure},
};

/// Arguments of `appointments`.
#[derive(Debug, Args)]
pub struct AppointmentsArgs {
    /// Mã trường; bỏ qua là mọi trường ở đây / School; all that are here where left out
    #[arg(long, value_name = "CODE")]
    school: Option<SchoolCode>,
}

/// `appointments`.
///
/// # Errors
/// When the database cannot be read.
pub fn run(context: &Context, args: &AppointmentsArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(work(context, folder, args))
}

async fn work(context: &Context, folder: Folder, args: &AppointmentsArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let site = Site::open(folder).await?;
    let operator = Actor::LocalOperator;
    let mut schools = site.app.store().read().await?.schools().await?;
    schools.retain(|s| args.school.as_ref().is_none_or(|wanted| *wanted == s.code));
    if let Some(unknown) = args.school.clone().filter(|_| schools.is_empty()) {
        return Err(app_failure(&AppError::UnknownSchool(unknown), out.lang).into());
    }
    let mut documents: Vec<Value> = Vec::new();
    for school in schools {
        let appointments = site.app.list_appointments(&operator, &school.code).await.map_err(refused)?;
        let orphaned = site.app.orphaned_work(&operator, &school.code).await.map_err(refused)?;
        let queue = site.app.resigning_queue(&operator, &school.code).await.map_err(refused)?;
        out.line(school.code.as_str());
        for view in &appointments {
            out.say(&appointment_line(view));
        }
        for waiting in &orphaned {
            out.say(&orphaned_line(waiting));
        }
        for fallen in &queue.fallen {
            out.say(&fallen_line(fallen));
        }
        if queue.more {
            out.say(&words("  … và còn nữa", "  … and more"));
        }
        documents.push(json!({
            "school": school.code,
            "appointments": appointments.iter().map(appointment_json).collect::<Vec<_>>(),
            "orphaned": orphaned.iter().map(orphaned_json).collect::<Vec<_>>(),
            "resigning": { "more": queue.more, "records": queue.fallen.iter().map(fallen_json).collect::<Vec<_>>() },
        }));
    }
    out.document(&json!({ "command": "appointments", "ok": true, "schools": documents }));
    Ok(Exit::Ok)
}

/// How an appointment stands, in words.
fn standing_words(standing: &Standing) -> Words {
    match standing {
        Standing::NotYet => words("chưa bắt đầu", "not begun"),
        Standing::InForce => words("đang có hiệu lực", "in force"),
        Standing::RanOut => words("hết thời hạn", "ran out"),
        Standing::Ended { reason, at, since, published } => {
            let (vi, en) = reason.map_or(("lý do khác", "another reason"), reason_words);
            let mut said = (format!("đã chấm dứt ngày {} ({vi})", date(*at)), format!("ended on {} ({en})", date(*at)));
            if let Some(since) = since {
                said.0.push_str(&format!(", khoá bị lộ từ {}", date(*since)));
                said.1.push_str(&format!(", key compromised since {}", date(*since)));
            }
            if published.is_none() {
                said.0.push_str(", chờ ghi sổ chung");
                said.1.push_str(", not on the public record yet");
            }
            words(said.0, said.1)
        }
    }
}

fn appointment_line(view: &AppointmentView) -> Words {
    let appointment = &view.appointment;
    let class = appointment.class.as_ref().zip(appointment.year).map(|(class, year)| format!(" {class} {year}"));
    let class = class.unwrap_or_default();
    let standing = standing_words(&view.standing);
    let line = |language, standing: &str| {
        format!(
            "  {}  {}{class}: {} – {standing}",
            appointment.id,
            role(appointment.role, language),
            appointment.appointee.name
        )
    };
    words(line(Language::Vietnamese, &standing.vi), line(Language::English, &standing.en))
}

fn orphaned_line(waiting: &Orphaned) -> Words {
    let (class, count) = (&waiting.class.name, waiting.count);
    let needed = waiting.step.role(false);
    let gone: Vec<String> = waiting.gone.iter().map(|g| g.name.to_string()).collect();
    let gone = if gone.is_empty() { String::new() } else { format!(" ({})", gone.join(", ")) };
    match waiting.stuck {
        Stuck::NobodyToSign => words(
            format!("  {class}: {count} học bạ chờ {}, chưa có ai được giao{gone}", role(needed, Language::Vietnamese)),
            format!("  {class}: {count} records wait for the {}, and nobody is{gone}", role(needed, Language::English)),
        ),
        Stuck::SignerGone => words(
            format!("  {class}: {count} học bạ do người nay đã thôi ký{gone}; trả lại để ký lại (hocba return)"),
            format!("  {class}: {count} records were signed by somebody who left{gone}; return them (hocba return)"),
        ),
    }
}

fn fallen_line(fallen: &Fallen) -> Words {
    let number = fallen.number;
    let why = match fallen.fault {
        Fault::Compromised { since, .. } => {
            words(format!("khoá bị lộ từ {}", date(since)), format!("a key was compromised since {}", date(since)))
        }
        Fault::Revoked { .. } => words("chứng thư đã bị thu hồi khi ghi sổ", "a certificate was revoked by then"),
        Fault::Unproven { .. } => words(
            "chứng thư hết hạn trước khi nơi cấp xác nhận",
            "a certificate expired before its authority had spoken",
        ),
    };
    words(
        format!(
            "  học bạ {} (STT {number}): chữ ký của {} không còn giá trị, {}; phải cấp lại",
            fallen.record,
            role(fallen.role, Language::Vietnamese),
            why.vi
        ),
        format!(
            "  record {} (number {number}): the signature of the {} fell, {}; issue it anew",
            fallen.record,
            role(fallen.role, Language::English),
            why.en
        ),
    )
}

fn standing_json(standing: &Standing) -> Value {
    match standing {
        Standing::NotYet => json!({ "state": "not_yet" }),
        Standing::InForce => json!({ "state": "in_force" }),
        Standing::RanOut => json!({ "state": "ran_out" }),
        Standing::Ended { reason, at, since, published } => json!({
            "state": "ended", "reason": reason.map(reason_code), "at": at, "since": since, "published": published,
        }),
    }
}

fn appointment_json(view: &AppointmentView) -> Value {
    let appointment = &view.appointment;
    json!({
        "id": appointment.id.to_string(), "role": appointment.role, "name": appointment.appointee.name,
        "class": appointment.class, "year": appointment.year, "from": appointment.from, "until": appointment.until,
        "anchored": view.anchored, "standing": standing_json(&view.standing),
    })
}

fn orphaned_json(waiting: &Orphaned) -> Value {
    let gone = waiting.gone.iter().map(
        |g| json!({ "appointment": g.appointment.to_string(), "role": g.role, "standing": standing_json(&g.standing) }),
    );
    json!({
        "class": waiting.class.name, "year": waiting.class.year, "step": waiting.step, "count": waiting.count,
        "why": match waiting.stuck { Stuck::NobodyToSign => "nobody_to_sign", Stuck::SignerGone => "signer_gone" },
        "gone": gone.collect::<Vec<_>>(),
    })
}

fn fallen_json(fallen: &Fallen) -> Value {
    let fault = match fallen.fault {
        Fault::Compromised { appointment, since } => {
            json!({ "kind": "compromised", "appointment": appointment.to_string(), "since": since })
        }
        Fault::Revoked { certificate } => json!({ "kind": "revoked", "certificate": certificate }),
        Fault::Unproven { certificate } => json!({ "kind": "unproven", "certificate": certificate }),
    };
    json!({
        "record": fallen.record.to_string(), "version": fallen.version, "number": fallen.number, "role": fallen.role,
        "anchored_at": fallen.anchored_at, "fault": fault, "through": fallen.through.map(|id| id.to_string()),
    })
}
