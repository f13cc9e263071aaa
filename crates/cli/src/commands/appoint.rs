//! `appoint`: who may sign for the school and the class.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolCode, Text, UnixTime},
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
};
use serde_json::json;

use super::Context;
use crate::{
    edge::{now, random},
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::{Output, words},
    people::{KeyArgs, Person, read_certificates},
    site::{Site, app_failure},
};

const DAY: i64 = 86_400;

/// Arguments of `appoint`. In a demo folder without arguments: principal, seal and homeroom teacher of the class.
#[derive(Debug, Args)]
pub struct AppointArgs {
    /// Vai trò được giao / Role to give
    #[arg(long, value_enum, requires = "appointee", requires = "name", requires = "title")]
    role: Option<GivenRole>,
    /// Chứng thư của người được giao / Appointee's certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "role")]
    appointee: Option<PathBuf>,
    /// Họ và tên người được giao, như khi in / Appointee's name as printed
    #[arg(long, requires = "role")]
    name: Option<Text>,
    /// Chức danh, như khi in / Appointee's title as printed
    #[arg(long, requires = "role")]
    title: Option<Text>,
    /// Khoá ký của người được giao nằm ở đâu / Where the appointee's key lives
    #[arg(long, value_enum, default_value = "file")]
    key_storage: Storage,
    /// Số ngày có hiệu lực kể từ hôm nay / Days that it holds, from now
    #[arg(long, default_value_t = 366, value_parser = clap::value_parser!(i64).range(1..=3660))]
    days: i64,
    /// Lớp chủ nhiệm; bỏ qua được khi chỉ có một lớp / Class of a homeroom teacher, if several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassName>,
    /// Mã trường; bỏ qua được khi chỉ có một trường / School, if there are several
    #[arg(long, value_name = "CODE")]
    school: Option<SchoolCode>,
    /// Phó hiệu trưởng ký thay (KT. HIỆU TRƯỞNG) khi phân công chủ nhiệm / Sign as deputy principal
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
    /// The appointee's certificate and its issuers.
    chain: Vec<Vec<u8>>,
    name: Text,
    title: Text,
    key_storage: KeyStorage,
    from: UnixTime,
    until: UnixTime,
    school: SchoolCode,
}

/// Gives the demo people their roles; those who have them keep them. Gives the number of new appointments.
///
/// # Errors
/// When no class was imported, and when a key does not open.
pub async fn appoint_demo(site: &Site, school: &SchoolCode, out: &Output) -> anyhow::Result<usize> {
    let mut new = 0;
    for (role, title) in [
        (Role::Principal, "Hiệu trưởng"),
        (Role::DeputyPrincipal, "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"),
        (Role::SchoolSeal, "Con dấu của trường"),
        (Role::HomeroomTeacher, "Giáo viên chủ nhiệm"),
    ] {
        let person = Person::open(&site.folder, role, &KeyArgs::default())?;
        let given = Given {
            role,
            chain: person.chain().to_vec(),
            name: person.certificate().subject().parse()?,
            title: title.parse()?,
            key_storage: KeyStorage::File,
            from: now().plus(-DAY),
            until: now().plus(366 * DAY),
            school: school.clone(),
        };
        let appointer = if role == Role::HomeroomTeacher { Role::Principal } else { Role::Department };
        new += usize::from(appoint(site, given, None, appointer, &KeyArgs::default(), out).await?);
    }
    Ok(new)
}

/// Signs one appointment, unless the same person holds the same role already.
async fn appoint(
    site: &Site,
    given: Given,
    class: Option<&ClassName>,
    appointer: Role,
    key: &KeyArgs,
    out: &Output,
) -> anyhow::Result<bool> {
    let (class, year) = if given.role == Role::HomeroomTeacher {
        let class = site.class(class).await?;
        (Some(class.name), Some(class.year))
    } else {
        (None, None)
    };
    let leaf = Certificate::from_der(given.chain.first().context("a certificate file holds one")?)?;
    let appointment = Appointment {
        appointee: Appointee { certificate: *leaf.digest(), name: given.name, title: given.title },
        class,
        from: given.from,
        id: RecordId::from_bytes(random()?),
        key_storage: given.key_storage,
        role: given.role,
        school: given.school,
        until: given.until,
        year,
    };
    let person = Person::open(&site.folder, appointer, key)?;
    let statement = Statement::unsigned(appointment.to_bytes());
    let statement = person.sign(statement, StatementType::Appointment, appointer, now())?;
    let actor = site.actor_of(&person.digest()).await?;
    let new = site.app.appoint(&actor, &statement, person.chain(), &given.chain).await;
    Ok(new.map_err(|e| app_failure(&e, out.lang))?)
}

/// `appoint`.
///
/// # Errors
/// For missing arguments, steps out of order and keys that do not open.
pub fn run(context: &Context, args: AppointArgs) -> anyhow::Result<Exit> {
    let folder = Folder::open(&context.data_dir)?;
    ledger::runtime()?.block_on(work(context, folder, args))
}

async fn work(context: &Context, folder: Folder, args: AppointArgs) -> anyhow::Result<Exit> {
    let out = &context.out;
    let site = Site::open(folder).await?;
    let schools = site.app.store().read().await?.schools().await?;
    let school = match (&args.school, schools.as_slice()) {
        (Some(school), _) => school.clone(),
        (None, [only]) => only.code.clone(),
        (None, _) => {
            return Err(Failure::new(
                Exit::BadInput,
                "which_school",
                words("có nhiều trường; chọn bằng --school", "there are several schools; choose one with --school"),
            )
            .into());
        }
    };
    let new = match (args.role, args.appointee, args.name, args.title) {
        (Some(role), Some(certificate), Some(name), Some(title)) => {
            let role = Role::from(role);
            let chain = read_certificates(&certificate)?.iter().map(|c| c.der().to_vec()).collect();
            let appointer = match (role, args.deputy) {
                (Role::HomeroomTeacher, true) => Role::DeputyPrincipal,
                (Role::HomeroomTeacher, false) => Role::Principal,
                _ => Role::Department,
            };
            let given = Given {
                role,
                chain,
                name,
                title,
                key_storage: args.key_storage.into(),
                from: now(),
                until: now().plus(args.days * DAY),
                school,
            };
            usize::from(appoint(&site, given, args.class.as_ref(), appointer, &args.key, out).await?)
        }
        _ if site.folder.is_demo() => appoint_demo(&site, &school, out).await?,
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
    let mut all = 0;
    for school in &schools {
        all += site.app.appointments(&school.code, now()).await.map_err(|e| app_failure(&e, out.lang))?.len();
    }
    context.out.say(&words(
        format!("Đã ký {new} bổ nhiệm / phân công mới, tất cả {all}. Tiếp theo: hocba sign"),
        format!("Signed {new} new appointments, {all} in all. Next: hocba sign"),
    ));
    context.out.document(&json!({ "command": "appoint", "ok": true, "new": new, "all": all }));
    Ok(Exit::Ok)
}
