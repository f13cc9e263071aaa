//! The made-up authority: a folder with example keys, a development chain with the contract, a trust profile, a school
//! and its people.

use std::path::Path;

use hocba_app::{Actor, AppError, NewAccount};
use hocba_bundle::{
    format::Der,
    profile::{AcceptedPolicy, CaFamily, Department, Era, Operator, ProfileFile, ProfileFormat, TrustProfile},
};
use hocba_chain::embedded::CHAIN_ID;
use hocba_keystore::DataKey;
use hocba_record::types::{ClassName, SchoolCode, SchoolYear};
use hocba_signature::{
    policy::{SigningMode, SigningPolicy},
    statement::{Role, Statement, StatementType},
};
use hocba_store::{
    Store,
    model::{Grant, GrantRole, School},
};

use crate::{
    commands::chain::listen,
    edge::{now, random},
    folder::{ChainConfig, Config, DATA_KEY, Folder, PROFILE},
    ledger,
    output::Lang,
    people::{KeyArgs, Person, keystore, read_certificates, write_example_keys},
    site::{Site, app_failure, grant_of, store_failure},
};

const DAY: i64 = 86_400;
/// The made-up school; the prefix is reserved for demonstrations.
pub const SCHOOL: &str = "79DEMO001";
/// The made-up department's issuer code.
pub const ISSUER: &str = "so-demo";

/// Begins a demo folder. Made in an order in which [`complete`] can finish what a crash left.
///
/// # Errors
/// When a folder is there already, or cannot be written.
pub async fn init(root: &Path, signing: SigningMode) -> anyhow::Result<Folder> {
    if Folder::exists(root) && !root.join(PROFILE).try_exists()? {
        let folder = Folder::open(root)?;
        if folder.is_demo() {
            // An earlier run was cut off before the profile, which is written last.
            complete(&folder).await?;
            return Ok(folder);
        }
    }
    let port = free_port().await?;
    let config = Config::new(true, ChainConfig::Embedded { port }, signing);
    let folder = Folder::create(root, config)?;
    complete(&folder).await?;
    Ok(folder)
}

/// Puts into a demo folder what is not there yet: keys, database, contract, profile, school and accounts.
///
/// # Errors
/// When something cannot be written.
pub async fn complete(folder: &Folder) -> anyhow::Result<()> {
    if folder.read(PROFILE)?.is_none() {
        write_example_keys(folder)?;
        begin_database(folder).await?;
        drop(ledger::open_embedded(folder).await?);
        folder.write(PROFILE, &profile(folder)?)?;
    }
    let site = Site::open(folder.clone()).await?;
    people(&site).await
}

/// Makes the data key and the database, where they are not there.
///
/// # Errors
/// When they cannot be written.
pub async fn begin_database(folder: &Folder) -> anyhow::Result<()> {
    let key = folder.path(DATA_KEY);
    if !key.try_exists()? {
        DataKey::from_bytes(random()?).save(&key).map_err(keystore)?;
    }
    Ok(Store::migrate(&folder.database()?).await.map_err(|e| store_failure(&e))?)
}

/// The school and an account for each of its people.
async fn people(site: &Site) -> anyhow::Result<()> {
    let operator = Actor::LocalOperator;
    let refused = |e: AppError| app_failure(&e, Lang::Vi);
    let school: SchoolCode = SCHOOL.parse()?;
    if site.app.store().read().await?.school(&school).await?.is_none() {
        let made = School { code: school.clone(), issuer: ISSUER.parse()? };
        site.app.add_school(&operator, &made).await.map_err(refused)?;
    }
    for (login, role) in [
        ("giaovien", Role::HomeroomTeacher),
        ("hieutruong", Role::Principal),
        ("phohieutruong", Role::DeputyPrincipal),
        ("vanthu", Role::SchoolSeal),
        ("sogd", Role::Department),
    ] {
        let person = Person::open(&site.folder, role, &KeyArgs::default())?;
        let class: (SchoolYear, ClassName) = (SchoolYear::starting(2026)?, "9A3".parse()?);
        let grant = Grant {
            role: grant_of(role),
            school: (role != Role::Department).then(|| school.clone()),
            prefix: None,
            class: (grant_of(role) == GrantRole::HomeroomTeacher).then_some(class),
        };
        let new = NewAccount {
            login: login.to_owned(),
            name: person.certificate().subject().to_owned(),
            certificate: Some(person.digest()),
            grants: vec![grant],
        };
        match site.app.add_account(&operator, new).await {
            Ok(_) | Err(AppError::Exists(_)) => {}
            Err(e) => return Err(refused(e).into()),
        }
    }
    Ok(())
}

/// The chain's own number if it is free as a port, so that two demonstrations do not meet; else any free one.
async fn free_port() -> anyhow::Result<u16> {
    let wanted = u16::try_from(CHAIN_ID)?;
    let listener = match listen(wanted).await {
        Ok(listener) => listener,
        Err(_) => listen(0).await?,
    };
    Ok(listener.local_addr()?.port())
}

fn profile(folder: &Folder) -> anyhow::Result<Vec<u8>> {
    let deployment = ledger::deployment(folder)?;
    let ChainConfig::Embedded { port } = folder.config().chain else {
        anyhow::bail!("a demonstration has a chain of its own");
    };
    let department = Person::open(folder, Role::Department, &KeyArgs::default())?;
    let roots = read_certificates(&folder.path("keys/root.crt.pem"))?;
    let (from, until) = (now().plus(-DAY), now().plus(3650 * DAY));
    // Lists are off unless they are asked for, as a department would have it.
    let lists = folder.config().signing == SigningMode::List;
    let ours = SigningPolicy::ours().into_iter();
    let policies = ours.filter(|policy| policy.mode == SigningMode::Each || lists);
    let content = TrustProfile {
        accepted_age: 7 * 86_400,
        departments: vec![Department {
            certificate: department.digest(),
            cut_off: None,
            from,
            issuer: ISSUER.parse()?,
            name: "Sở Giáo dục và Đào tạo (DEMO)".parse()?,
            schools: vec!["79DEMO".parse()?],
            until,
        }],
        eras: vec![Era {
            chain: deployment.chain,
            closing: None,
            code: deployment.code,
            contract: deployment.contract,
            first: 0,
            last: None,
        }],
        expires: now().plus(366 * DAY),
        families: vec![CaFamily {
            id: "demo".into(),
            policies: None,
            revocation: None,
            roots: roots.iter().map(Into::into).collect(),
        }],
        id: "hocba-demo".into(),
        issued: now(),
        mandatory: Vec::new(),
        name: "DEMO – không có giá trị".parse()?,
        number: 1,
        operators: vec![Operator { id: "demo".into(), urls: vec![format!("http://127.0.0.1:{port}")] }],
        policies: policies.map(|policy| AcceptedPolicy { from, policy, until: None }).collect(),
        quorum: 1,
        time_stamps: None,
    };
    let publisher = Person::open(folder, Role::ProfilePublisher, &KeyArgs::default())?;
    let statement = Statement::unsigned(content.to_bytes());
    let statement = publisher.sign(statement, StatementType::Profile, Role::ProfilePublisher, content.issued)?;
    let certificate = Der(publisher.certificate().der().to_vec());
    Ok(ProfileFile { certificate, hocba: ProfileFormat::V1, statement }.to_bytes())
}
