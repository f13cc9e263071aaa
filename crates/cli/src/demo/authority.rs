//! The made-up authority: a folder with example keys, a development chain with the contract, and a trust profile.

use std::path::Path;

use hocba_bundle::{
    format::Der,
    profile::{AcceptedPolicy, CaFamily, Department, Era, Operator, ProfileFile, ProfileFormat, TrustProfile},
};
use hocba_chain::embedded::CHAIN_ID;
use hocba_signature::{
    policy::SigningPolicy,
    statement::{Role, Statement, StatementType},
};

use crate::{
    commands::chain::listen,
    edge::now,
    folder::{ChainConfig, Config, DemoConfig, Folder, FolderFormat, PROFILE},
    ledger,
    people::{KeyArgs, Person, read_certificates, write_example_keys},
};

const DAY: i64 = 86_400;

/// Begins a demo folder. Made in an order in which [`complete`] can finish what a crash left.
///
/// # Errors
/// When a folder is there already, or cannot be written.
pub async fn init(root: &Path, seed: Option<u64>) -> anyhow::Result<Folder> {
    let begun = root.join("hocba.json").try_exists()? && !root.join(PROFILE).try_exists()?;
    if begun && Folder::config_of(root)?.demo.is_some() {
        // An earlier run was cut off before the profile, which is written last.
        let folder = Folder::open(root)?;
        complete(&folder).await?;
        return Ok(folder);
    }
    let port = free_port().await?;
    let config = Config {
        hocba: FolderFormat::V1,
        demo: Some(DemoConfig { seed }),
        school: "79DEMO001".parse()?,
        issuer: "so-demo".parse()?,
        chain: ChainConfig::Embedded { port },
    };
    let folder = Folder::create(root, config)?;
    complete(&folder).await?;
    Ok(folder)
}

/// Puts into a demo folder what is not there yet: keys, contract, profile.
///
/// # Errors
/// When something cannot be written.
pub async fn complete(folder: &Folder) -> anyhow::Result<()> {
    if folder.read(PROFILE)?.is_none() {
        write_example_keys(folder)?;
        drop(ledger::open_embedded(folder).await?);
        folder.write(PROFILE, &profile(folder)?)?;
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
    let content = TrustProfile {
        accepted_age: 7 * 86_400,
        departments: vec![Department {
            certificate: department.digest(),
            cut_off: None,
            from,
            issuer: folder.config().issuer.clone(),
            name: "Sở Giáo dục và Đào tạo (DEMO)".parse()?,
            schools: vec!["79DEMO".parse()?],
            until,
        }],
        eras: vec![Era {
            chain: deployment.chain,
            code: deployment.code,
            contract: deployment.contract,
            first: 0,
            last: None,
        }],
        expires: now().plus(366 * DAY),
        families: vec![CaFamily {
            id: "demo".into(),
            roots: roots.iter().map(|root| Der(root.der().to_vec())).collect(),
        }],
        id: "hocba-demo".into(),
        issued: now(),
        mandatory: Vec::new(),
        name: "DEMO – không có giá trị".parse()?,
        number: 1,
        operators: vec![Operator { id: "demo".into(), urls: vec![format!("http://127.0.0.1:{port}")] }],
        policies: vec![AcceptedPolicy { from, policy: SigningPolicy::policy_1(), until: None }],
        quorum: 1,
    };
    let publisher = Person::open(folder, Role::ProfilePublisher, &KeyArgs::default())?;
    let statement = Statement::unsigned(content.to_bytes());
    let statement = publisher.sign(statement, StatementType::Profile, Role::ProfilePublisher, content.issued);
    let certificate = Der(publisher.certificate().der().to_vec());
    Ok(ProfileFile { certificate, hocba: ProfileFormat::V1, statement }.to_bytes())
}
