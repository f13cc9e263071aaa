//! `appoint`: who may sign for the school and the class.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolYear, Text, UnixTime},
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
};
use serde_json::json;

use super::{Context, import::nothing_imported};
use crate::{
    edge::now,
    error::{Exit, Failure},
    folder::Folder,
    output::words,
    people::{KeyArgs, Person, read_certificates},
};

const DAY: i64 = 86_400;

/// Arguments of `appoint`. In a demo folder without arguments: principal, seal and homeroom teacher of the class.
#[derive(Debug, Args)]
pub struct AppointArgs {
    /// The role to give.
    #[arg(long, value_enum, requires = "appointee", requires = "name", requires = "title")]
    role: Option<GivenRole>,
    /// The appointee's certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "role")]
    appointee: Option<PathBuf>,
    /// The appointee's name as printed.
    #[arg(long, requires = "role")]
    name: Option<Text>,
    /// The appointee's title as printed.
    #[arg(long, requires = "role")]
    title: Option<Text>,
    /// Where the appointee's key lives.
    #[arg(long, value_enum, default_value = "file")]
    key_storage: Storage,
    /// Days from now that the appointment holds.
    #[arg(long, default_value_t = 366, value_parser = clap::value_parser!(i64).range(1..=3660))]
    days: i64,
    /// Sign as deputy principal ("KT. HIỆU TRƯỞNG") rather than as principal; for homeroom teachers.
    #[arg(long)]
    deputy: bool,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GivenRole {
    Principal,
    DeputyPrincipal,
    SchoolSeal,
    HomeroomTeacher,
}

impl From<GivenRole> for Role {
    fn from(role: GivenRole) -> Self {
        match role {
            GivenRole::Principal => Role::Principal,
            GivenRole::DeputyPrincipal => Role::DeputyPrincipal,
            GivenRole::SchoolSeal => Role::SchoolSeal,
            GivenRole::HomeroomTeacher => Role::HomeroomTeacher,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Storage {
    File,
    Token,
    Hsm,
    Remote,
}

impl From<Storage> for KeyStorage {
    fn from(storage: Storage) -> Self {
        match storage {
            Storage::File => KeyStorage::File,
            Storage::Token => KeyStorage::Token,
            Storage::Hsm => KeyStorage::Hsm,
            Storage::Remote => KeyStorage::Remote,
        }
    }
}

/// What an appointment says besides school and id.
struct Given {
    role: Role,
    certificate: Certificate,
    name: Text,
    title: Text,
    key_storage: KeyStorage,
    from: UnixTime,
    until: UnixTime,
}

/// Gives the demo people their roles; those who have them keep them. Gives the number of new appointments.
///
/// # Errors
/// When no class was imported, and when a key does not open.
pub fn appoint_demo(folder: &Folder) -> anyhow::Result<usize> {
    let mut new = 0;
    for (role, title) in [
        (Role::Principal, "Hiệu trưởng"),
        (Role::DeputyPrincipal, "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"),
        (Role::SchoolSeal, "Con dấu của trường"),
        (Role::HomeroomTeacher, "Giáo viên chủ nhiệm"),
    ] {
        let person = Person::open(folder, role, &KeyArgs::default())?;
        let given = Given {
            role,
            certificate: person.certificate().clone(),
            name: person.certificate().subject().parse()?,
            title: title.parse()?,
            key_storage: KeyStorage::File,
            from: now().plus(-DAY),
            until: now().plus(366 * DAY),
        };
        let appointer = if role == Role::HomeroomTeacher { Role::Principal } else { Role::Department };
        new += usize::from(appoint(folder, given, appointer, &KeyArgs::default())?);
    }
    Ok(new)
}

/// Signs one appointment, unless the same person holds the same role already.
fn appoint(folder: &Folder, given: Given, appointer: Role, key: &KeyArgs) -> anyhow::Result<bool> {
    let scope: Option<(ClassName, SchoolYear)> = if given.role == Role::HomeroomTeacher {
        let drafts = folder.drafts()?.ok_or_else(nothing_imported)?;
        Some((drafts.class, drafts.year))
    } else {
        None
    };
    let (class, year) = scope.unzip();
    let existing = folder.appointments()?;
    let number = u32::try_from(existing.len()).unwrap_or(u32::MAX);
    let appointment = Appointment {
        appointee: Appointee { certificate: *given.certificate.digest(), name: given.name, title: given.title },
        class,
        from: given.from,
        id: RecordId::from_bytes(folder.chance().bytes("appointment id", number)?),
        key_storage: given.key_storage,
        role: given.role,
        school: folder.config().school.clone(),
        until: given.until,
        year,
    };
    let same = |other: Appointment| {
        other.appointee.certificate == appointment.appointee.certificate
            && (other.role, &other.class, other.year) == (appointment.role, &appointment.class, appointment.year)
            && other.covers(now())
    };
    if existing.iter().filter_map(|s| Appointment::from_bytes(s.payload()).ok()).any(same) {
        return Ok(false);
    }
    if appointer != Role::Department {
        refuse_unappointed(&existing, appointer)?;
    }
    let person = Person::open(folder, appointer, key)?;
    folder.save_certificate(given.certificate.der())?;
    let statement = Statement::unsigned(appointment.to_bytes());
    let statement = person.sign(statement, StatementType::Appointment, appointer, now());
    folder.save_appointment(&appointment.id, &statement)?;
    Ok(true)
}

fn refuse_unappointed(existing: &[Statement], appointer: Role) -> anyhow::Result<()> {
    let holds = |s: &Statement| Appointment::from_bytes(s.payload()).is_ok_and(|a| a.role == appointer);
    if existing.iter().any(holds) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Order,
        "appointer_not_appointed",
        words("hiệu trưởng chưa được bổ nhiệm", "the principal has not been appointed yet"),
    )
    .hint(words("bổ nhiệm hiệu trưởng trước", "appoint the principal first"))
    .into())
}

/// `appoint`.
///
/// # Errors
/// For missing arguments, steps out of order and keys that do not open.
pub fn run(context: &Context, args: AppointArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    let new = match (args.role, args.appointee, args.name, args.title) {
        (Some(role), Some(certificate), Some(name), Some(title)) => {
            let role = Role::from(role);
            let certificate = read_certificates(&certificate)?.swap_remove(0);
            let appointer = match (role, args.deputy) {
                (Role::HomeroomTeacher, true) => Role::DeputyPrincipal,
                (Role::HomeroomTeacher, false) => Role::Principal,
                _ => Role::Department,
            };
            let given = Given {
                role,
                certificate,
                name,
                title,
                key_storage: args.key_storage.into(),
                from: now(),
                until: now().plus(args.days * DAY),
            };
            usize::from(appoint(&folder, given, appointer, &args.key)?)
        }
        _ if folder.is_demo() => appoint_demo(&folder)?,
        _ => {
            return Err(Failure::new(
                Exit::BadInput,
                "no_appointee",
                words("chưa nói bổ nhiệm ai, vai trò gì", "whom to appoint to what is missing"),
            )
            .hint(words("xem `hocba appoint --help`", "see `hocba appoint --help`"))
            .into());
        }
    };
    let all = folder.appointments()?.len();
    context.out.say(&words(
        format!("Đã ký {new} bổ nhiệm / phân công mới, tất cả {all}. Tiếp theo: hocba sign"),
        format!("Signed {new} new appointments, {all} in all. Next: hocba sign"),
    ));
    context.out.document(&json!({ "command": "appoint", "ok": true, "new": new, "all": all }));
    Ok(Exit::Ok)
}
