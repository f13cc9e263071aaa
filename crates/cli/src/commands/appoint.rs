//! `appoint`: who may sign for the school and the class; with `--end` who no longer may, with `--replace` who does instead.

mod list;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use hocba_app::{Actor, AppError, NewAppointment, NewEnd, Standing, title_of};
use hocba_record::{
    encoding::RecordId,
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::model::{Class, ClassKind, School};
use serde_json::json;

use super::Context;
use crate::{
    day::day,
    edge::{now, random},
    error::{Exit, Failure},
    folder::Folder,
    ledger,
    output::{Output, words},
    people::{KeyArgs, Person, read_certificates},
    site::{ClassChoice, Site, app_failure},
};

const DAY: i64 = 86_400;

/// Arguments of `appoint`. In a demo folder without arguments: principal, seal and homeroom teacher of the class.
#[derive(Debug, Args)]
pub struct AppointArgs {
    /// Chấm dứt bổ nhiệm, phân công có mã này (--end=MÃ), hoặc của --login / End this appointment (--end=ID), or that of --login
    #[arg(long, value_name = "ID", num_args = 0..=1, requires = "reason", conflicts_with_all = ["replace", "role"])]
    end: Option<Option<RecordId>>,
    /// Chấm dứt, và giao người khác vào chỗ đó / End it, and appoint somebody else in its place
    #[arg(long, value_name = "ID", num_args = 0..=1, requires = "reason", requires = "appointee")]
    replace: Option<Option<RecordId>>,
    /// Người được chấm dứt, theo tên đăng nhập / Whose appointment ends, by login
    #[arg(long, requires = "reason")]
    login: Option<String>,
    /// Vì sao chấm dứt / Why it ends
    #[arg(long, value_enum)]
    reason: Option<EndReason>,
    /// Khoá bị lộ từ ngày này (NGÀY/THÁNG/NĂM): học bạ ghi sổ từ đó mất hiệu lực / Since when the key was compromised (YYYY-MM-DD)
    #[arg(long, value_name = "DATE", value_parser = day, requires = "reason")]
    since: Option<UnixTime>,
    /// Số quyết định / Number of the decision
    #[arg(long, requires = "reason")]
    decision: Option<Text>,
    /// Sở, phòng ký việc chấm dứt thay cho hiệu trưởng / The department signs the end of a homeroom teacher's
    #[arg(long, requires = "reason", conflicts_with = "deputy")]
    department: bool,
    /// Phân công chủ nhiệm nhiều lớp bằng một chữ ký; mỗi dòng LỚP; HỌ VÀ TÊN; TỆP CHỨNG THƯ / Homeroom teachers of many classes by one signature: a line each CLASS; NAME; CERTIFICATE FILE
    #[arg(long, value_name = "FILE", requires = "year", conflicts_with_all = ["end", "replace", "role", "appointee", "class"])]
    list: Option<PathBuf>,
    /// Phân công mọi chủ nhiệm đã xếp mà chưa ký, bằng một chữ ký / Every planned homeroom teacher, by one signature
    #[arg(long, requires = "year", conflicts_with_all = ["end", "replace", "role", "appointee", "class", "list", "person"])]
    planned: bool,
    /// Năm học của danh sách / School year of the list (2026-2027)
    #[arg(long, value_name = "YEAR")]
    year: Option<SchoolYear>,
    /// Vai trò được giao / Role to give
    #[arg(long, value_enum)]
    role: Option<GivenRole>,
    /// Người được giao, theo tên đăng nhập, đã ghi chứng thư / Appointee by login, with a certificate enrolled
    #[arg(long, value_name = "LOGIN", requires = "role", conflicts_with_all = ["end", "replace", "appointee"])]
    person: Option<String>,
    /// Chứng thư của người được giao / Appointee's certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "name", requires = "title")]
    appointee: Option<PathBuf>,
    /// Họ và tên người được giao, như khi in / Appointee's name as printed
    #[arg(long, requires = "appointee")]
    name: Option<Text>,
    /// Chức danh, như khi in / Appointee's title as printed
    #[arg(long, requires = "appointee")]
    title: Option<Text>,
    /// Khoá ký của người được giao nằm ở đâu / Where the appointee's key lives
    #[arg(long, value_enum, default_value = "file")]
    key_storage: Storage,
    /// Số ngày có hiệu lực kể từ hôm nay / Days that it holds, from now
    #[arg(long, default_value_t = 366, value_parser = clap::value_parser!(i64).range(1..=3660))]
    days: i64,
    /// Lớp chủ nhiệm; bỏ qua được khi chỉ có một lớp / Class of a homeroom teacher, if several
    #[arg(long, value_name = "NAME")]
    class: Option<ClassChoice>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum EndReason {
    /// Thôi giữ vai trò / left the role
    LeftRole,
    /// Theo quyết định / by decision
    Decision,
    /// Lộ hoặc mất khoá ký / the key was lost or stolen
    KeyCompromised,
}

impl From<EndReason> for ReasonClass {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::LeftRole => ReasonClass::LeftRole,
            EndReason::Decision => ReasonClass::Decision,
            EndReason::KeyCompromised => ReasonClass::KeyCompromised,
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

/// Gives the demo people of a school their roles; those who have them keep them. Without a class that is named, the homeroom
/// teacher is that of the only one, and classes from paper have none. Gives the number of new appointments.
///
/// # Errors
/// When no class was imported, and when a key does not open.
pub async fn appoint_demo(
    site: &Site,
    school: &SchoolCode,
    prefix: &'static str,
    class: Option<&Class>,
    out: &Output,
) -> anyhow::Result<usize> {
    let keys = KeyArgs { demo: prefix, ..KeyArgs::default() };
    let choice = class.map(|class| ClassChoice { name: class.name.clone(), year: Some(class.year) });
    let mut new = 0;
    for role in [Role::Principal, Role::DeputyPrincipal, Role::SchoolSeal, Role::HomeroomTeacher] {
        let from_paper = class.is_some_and(|class| class.kind == ClassKind::Converted);
        // Other schools' people are a principal, a teacher and a seal.
        if role == Role::HomeroomTeacher && from_paper || role == Role::DeputyPrincipal && !prefix.is_empty() {
            continue;
        }
        let person = Person::open(&site.folder, role, &keys)?;
        let given = Given {
            role,
            chain: person.chain().to_vec(),
            name: person.certificate().subject().parse()?,
            title: title_of(role).parse()?,
            key_storage: KeyStorage::File,
            from: now().plus(-DAY),
            until: now().plus(366 * DAY),
            school: school.clone(),
        };
        let (appointer, key) = match role {
            Role::HomeroomTeacher => (Role::Principal, &keys),
            _ => (Role::Department, &KeyArgs::default()),
        };
        new += usize::from(appoint(site, given, choice.as_ref(), appointer, key, out).await?);
    }
    Ok(new)
}

/// An appointment about to be signed, and as what.
fn unsigned(given: &Given, class: Option<(ClassName, SchoolYear)>) -> anyhow::Result<Statement> {
    let leaf = Certificate::from_der(given.chain.first().context("a certificate file holds one")?)?;
    let (class, year) = class.unzip();
    let appointment = Appointment {
        appointee: Appointee { certificate: *leaf.digest(), name: given.name.clone(), title: given.title.clone() },
        class,
        from: given.from,
        id: RecordId::from_bytes(random()?),
        key_storage: given.key_storage,
        role: given.role,
        school: given.school.clone(),
        until: given.until,
        year,
    };
    Ok(Statement::unsigned(appointment.to_bytes()))
}

/// Signs one appointment, unless the same person holds the same role already.
async fn appoint(
    site: &Site,
    given: Given,
    class: Option<&ClassChoice>,
    appointer: Role,
    key: &KeyArgs,
    out: &Output,
) -> anyhow::Result<bool> {
    let class = if given.role == Role::HomeroomTeacher {
        let class = site.class(class).await?;
        Some((class.name, class.year))
    } else {
        None
    };
    let statement = unsigned(&given, class)?;
    let person = Person::open(&site.folder, appointer, key)?;
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
    if let Some(id) = args.end.or(args.replace) {
        return end(context, &site, &school, id, args).await;
    }
    if let (true, Some(year)) = (args.planned, args.year) {
        let new = list::appoint_planned(&site, &school, year, &args, out).await?;
        return appointed(&site, &schools, new, out).await;
    }
    if let (Some(login), Some(role)) = (&args.person, args.role) {
        let new = appoint_person(&site, &school, (login, role.into()), &args, out).await?;
        return appointed(&site, &schools, usize::from(new), out).await;
    }
    if let (Some(path), Some(year)) = (&args.list, args.year) {
        let new = list::appoint(&site, &school, (path, year), &args, out).await?;
        return appointed(&site, &schools, new, out).await;
    }
    let new = match (args.role, args.appointee, args.name, args.title) {
        (Some(role), Some(certificate), Some(name), Some(title)) => {
            let role = Role::from(role);
            let chain = read_certificates(&certificate)?.iter().map(|c| c.der().to_vec()).collect();
            let appointer = appointer(role, args.deputy);
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
        _ if site.folder.is_demo() => {
            let class = match &args.class {
                Some(choice) => Some(site.class(Some(choice)).await?),
                None => None,
            };
            appoint_demo(&site, &school, "", class.as_ref(), out).await?
        }
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
    appointed(&site, &schools, new, out).await
}

/// Who signs an appointment to this role: the department, or for teachers the principal or an acting deputy.
fn appointer(role: Role, deputy: bool) -> Role {
    match (role, deputy) {
        (Role::HomeroomTeacher, true) => Role::DeputyPrincipal,
        (Role::HomeroomTeacher, false) => Role::Principal,
        _ => Role::Department,
    }
}

/// Gives somebody of the staff a role, by the certificate they enrolled.
async fn appoint_person(
    site: &Site,
    school: &SchoolCode,
    (login, role): (&str, Role),
    args: &AppointArgs,
    out: &Output,
) -> anyhow::Result<bool> {
    let refused = |e: AppError| app_failure(&e, out.lang);
    let account = site.app.store().read().await?.account_of_login(login).await?;
    let account = account.ok_or_else(|| refused(AppError::NotFound("account")))?;
    let chain = site.app.enrolled_chain(&Actor::LocalOperator, school, &account.id).await.map_err(refused)?;
    let name = match role {
        // A seal is the school's, whoever keeps it.
        Role::SchoolSeal => Certificate::from_der(chain.first().context("a chain has a leaf")?)?.subject().to_owned(),
        _ => account.name.clone(),
    };
    let appointer = appointer(role, args.deputy);
    let given = Given {
        role,
        chain,
        name: name.parse()?,
        title: title_of(role).parse()?,
        key_storage: args.key_storage.into(),
        from: now(),
        until: now().plus(args.days * DAY),
        school: school.clone(),
    };
    appoint(site, given, args.class.as_ref(), appointer, &args.key, out).await
}

/// Says how many are new, and how many there are.
async fn appointed(site: &Site, schools: &[School], new: usize, out: &Output) -> anyhow::Result<Exit> {
    let mut all = 0;
    for school in schools {
        all += site.app.appointments(&school.code, now()).await.map_err(|e| app_failure(&e, out.lang))?.len();
    }
    out.say(&words(
        format!("Đã ký {new} bổ nhiệm / phân công mới, tất cả {all}. Tiếp theo: hocba sign"),
        format!("Signed {new} new appointments, {all} in all. Next: hocba sign"),
    ));
    out.document(&json!({ "command": "appoint", "ok": true, "new": new, "all": all }));
    Ok(Exit::Ok)
}

/// The appointment that is meant: the one of this id, or the only one in force of whoever logs in by this name.
async fn meant(
    site: &Site,
    school: &SchoolCode,
    id: Option<RecordId>,
    login: Option<&str>,
    out: &Output,
) -> anyhow::Result<Appointment> {
    let refused = |code, vi: &str, en: &str| {
        Failure::new(Exit::BadInput, code, words(vi, en))
            .hint(words("`hocba appointments` cho xem mã từng bổ nhiệm", "`hocba appointments` shows each one's id"))
    };
    let all = site.app.list_appointments(&Actor::LocalOperator, school).await.map_err(|e| app_failure(&e, out.lang))?;
    let found: Vec<Appointment> = match (id, login) {
        (Some(id), _) => all.into_iter().map(|v| v.appointment).filter(|a| a.id == id).collect(),
        (None, Some(login)) => {
            let actor = site.app.actor(login).await.map_err(|e| app_failure(&e, out.lang))?;
            let certificate = match actor {
                Actor::Account(account) => account.certificate,
                Actor::LocalOperator => None,
            };
            let in_force = all.into_iter().filter(|v| v.standing == Standing::InForce).map(|v| v.appointment);
            in_force.filter(|a| Some(a.appointee.certificate) == certificate).collect()
        }
        (None, None) => {
            let (vi, en) =
                ("chưa nói chấm dứt của ai: thêm mã hoặc --login", "whose is missing: add the id or --login");
            return Err(refused("which_appointment", vi, en).into());
        }
    };
    match <[Appointment; 1]>::try_from(found) {
        Ok([one]) => Ok(one),
        Err(none) if none.is_empty() => {
            let (vi, en) = ("trường không có bổ nhiệm này", "the school has no such appointment");
            Err(refused("unknown_appointment", vi, en).into())
        }
        Err(_) => {
            let (vi, en) = ("người này có nhiều bổ nhiệm; chọn bằng mã", "they hold several; name one by its id");
            Err(refused("which_appointment", vi, en).into())
        }
    }
}

/// Ends an appointment, and with `--replace` gives another one in its place.
async fn end(
    context: &Context,
    site: &Site,
    school: &SchoolCode,
    id: Option<RecordId>,
    args: AppointArgs,
) -> anyhow::Result<Exit> {
    let out = &context.out;
    let refused = |e: AppError| app_failure(&e, out.lang);
    let reason = ReasonClass::from(args.reason.context("clap asks for a reason")?);
    if args.since.is_some() != (reason == ReasonClass::KeyCompromised) {
        let text = words(
            "--since đi cùng --reason key_compromised, và chỉ với lý do đó",
            "--since goes with --reason key_compromised and nothing else",
        );
        return Err(Failure::new(Exit::BadInput, "since", text).into());
    }
    let before = meant(site, school, id, args.login.as_deref(), out).await?;
    let signer = match before.role {
        Role::HomeroomTeacher if args.deputy => Role::DeputyPrincipal,
        Role::HomeroomTeacher if !args.department => Role::Principal,
        _ => Role::Department,
    };
    let person = Person::open(&site.folder, signer, &args.key)?;
    let actor = site.actor_of(&person.digest()).await?;
    let change = StatusChange {
        action: StatusAction::End,
        decision: args.decision,
        live_version: 1,
        reason,
        replacement: None,
        school: school.clone(),
        since: args.since,
        subject: before.id,
    };
    let statement = Statement::unsigned(change.to_bytes());
    let statement = person.sign(statement, StatementType::Status, signer, now())?;
    let (ended, appointed) = match (args.replace, args.appointee, args.name, args.title) {
        (Some(_), Some(certificate), Some(name), Some(title)) => {
            let given = Given {
                role: args.role.map_or(before.role, Role::from),
                chain: read_certificates(&certificate)?.iter().map(|c| c.der().to_vec()).collect(),
                name,
                title,
                key_storage: args.key_storage.into(),
                from: now(),
                until: now().plus(args.days * DAY),
                school: school.clone(),
            };
            let new = unsigned(&given, before.class.clone().zip(before.year))?;
            let new = person.sign(new, StatementType::Appointment, signer, now())?;
            let end = NewEnd { statement: &statement, chain: person.chain() };
            let new =
                NewAppointment { statement: &new, appointer_chain: person.chain(), appointee_chain: &given.chain };
            let done = site.app.replace_appointment(&actor, &end, &new).await.map_err(refused)?;
            (done.ended, done.appointed)
        }
        _ => (site.app.end_appointment(&actor, &statement, person.chain()).await.map_err(refused)?, false),
    };
    let because = hocba_app::reason_words(reason);
    let name = &before.appointee.name;
    out.say(&match ended {
        true => words(
            format!("Đã chấm dứt bổ nhiệm, phân công của {name} ({}). Tiếp theo: hocba anchor --once", because.0),
            format!("Ended the appointment of {name} ({}). Next: hocba anchor --once", because.1),
        ),
        false => {
            words(format!("Bổ nhiệm của {name} đã chấm dứt trước đó."), format!("That of {name} had ended before."))
        }
    });
    if appointed {
        out.say(&words("Đã giao người mới vào chỗ đó.", "Appointed somebody else in its place."));
    }
    out.document(&json!({
        "command": "appoint", "ok": true, "appointment": before.id.to_string(), "ended": ended, "new": usize::from(appointed),
        "reason": hocba_app::reason_code(reason), "since": args.since,
    }));
    Ok(Exit::Ok)
}
