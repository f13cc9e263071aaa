//! `cargo xtask load`: the last week of May in one school. 300 homeroom teachers sign their classes of 40 at the same moment
//! while others read pages; then the principal and the seal, until all of it is in force.
//!
//! A real server (release build, SQLite unless `--database` says otherwise), real sessions and forms, real signatures: `tests/js/load.mjs`
//! is everybody. What it found is printed as figures; a time is a ratio to the same page when nobody signs, since seconds
//! are the machine's. Fails where something was refused, lost or left over, or `hocba fsck` is not clean.
#![allow(clippy::disallowed_methods, reason = "how long it takes is what the clock is for")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use hocba_ca::{Addresses, Authority, CaKey, Request, SerialNumber, SignFailed, Subject, Validity, pem};
use hocba_keystore::{Ed25519Key, Mode, Passphrase};
use hocba_record::{encoding::base64url, types::UnixTime};
use hocba_signature::algorithm::Algorithm;
use serde_json::{Value, json};

use crate::{
    check::cargo,
    steps::{Show, run as run_command},
};

/// Opens every example key.
const PASSPHRASE: &str = "hocba-demo";
const SCHOOL: &str = "79DEMO002";
const SCHOOL_NAME: &str = "Trường THPT Nguyễn Du";
const DAY: i64 = 86_400;

/// How large.
#[derive(Parser)]
pub struct Args {
    /// Homeroom teachers, each with a class.
    #[arg(long, default_value_t = 300)]
    teachers: usize,
    /// Pupils of a class.
    #[arg(long, default_value_t = 40)]
    pupils: usize,
    /// People who read pages meanwhile.
    #[arg(long, default_value_t = 20)]
    readers: usize,
    /// Seconds of reading before anybody signs.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Use this program instead of building one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// A PostgreSQL database instead of SQLite: its URL.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Prepares the school, starts the server, lets everybody in, and looks at what is left.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = crate::workspace_root();
    let target = crate::test::target_folder(&root)?;
    let program = match &args.program {
        Some(program) => fs::canonicalize(program)?,
        None => {
            let mut build = cargo(&root);
            build.args(["build", "--locked", "--quiet", "--release", "--package", "hocba-cli"]);
            run_command(&mut build, Show::Nothing)?;
            target.join("release/hocba")
        }
    };
    let home = target.join("xtask/load");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let hocba = Hocba { program, home: home.clone(), database: args.database.clone() };
    let began = Instant::now();
    let people = prepare(args, &root, &hocba)?;
    println!("{} classes of {} are ready after {:.0?}", args.teachers, args.pupils, began.elapsed());

    let mut serving = hocba.serve()?;
    let told = json!({
        "base": serving.url, "school": SCHOOL, "readers": args.readers, "seconds": args.seconds,
        "teachers": people.teachers, "principal": people.principal, "seal": people.seal,
        "records": args.teachers * args.pupils,
    });
    let file = home.join("load.json");
    fs::write(&file, told.to_string())?;
    let mut node = Command::new("node");
    node.arg(root.join("tests/js/load.mjs")).arg(&file).stdin(Stdio::null()).stderr(Stdio::inherit());
    let figures = node.output().context("`node` (20 or newer)")?;
    ensure!(figures.status.success(), "not everybody got through");
    let figures: Value = serde_json::from_slice(&figures.stdout).context("the script's figures")?;

    // What was sealed drains by itself, as the server anchors.
    let wanted = args.teachers * args.pupils;
    let draining = Instant::now();
    loop {
        let in_force = hocba.in_force()?;
        if in_force == wanted {
            break;
        }
        ensure!(draining.elapsed() < Duration::from_secs(600), "{in_force} of {wanted} records are in force");
        thread::sleep(Duration::from_secs(1));
    }
    println!("{figures:#}");
    println!("all {wanted} are in force {:.0?} after the last seal", draining.elapsed());
    serving.stop()?;
    hocba.done(&["fsck"])?;
    println!("fsck is clean");
    Ok(())
}

/// Who signs, as the script is told.
struct People {
    teachers: Vec<Value>,
    principal: Value,
    seal: Value,
}

/// A key with its certificates, for the script: PKCS#8 (RFC 8410 §7) and DER.
fn signer(slip: &str, class: Option<&str>, seed: &[u8; 32], chain: &[Vec<u8>]) -> Value {
    let mut key = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    key.extend_from_slice(seed);
    let chain: Vec<String> = chain.iter().map(|der| base64url(der)).collect();
    json!({ "slip": slip, "class": class, "key": base64url(&key), "chain": chain })
}

/// Opens the school by commands: lists, certificates, appointments, marks of every class.
fn prepare(args: &Args, root: &Path, hocba: &Hocba) -> anyhow::Result<People> {
    hocba.done(&["init", "--demo"])?;
    hocba.set(|config| config["chain"]["port"] = free_port().into())?;
    let (teachers, pupils) = (args.teachers.to_string(), (args.teachers * args.pupils).to_string());
    let lists = ["generate", "--whole-school", "--grade", "12", "--out", "truong", "--workbooks"];
    hocba.done(&[&lists[..], &["--classes", &teachers, "--students", &pupils]].concat())?;
    hocba.done(&["school", "list", "--import", "truong/truong.csv"])?;
    let open = ["school", "open", SCHOOL, "--year", "2026-2027", "--staff", "truong/nhan-su.xlsx"];
    let rest = ["--classes", "truong/lop.xlsx", "--pupils", "truong/hoc-sinh.xlsx"];
    let opened: Value = serde_json::from_str(&hocba.done(&[&open[..], &rest].concat())?)?;
    let logins: Vec<&str> =
        opened["staff"].as_array().into_iter().flatten().filter_map(|s| s["login"].as_str()).collect();
    let staff = hocba_workbook::read_staff(&fs::read(hocba.home.join("truong/nhan-su.xlsx"))?, &Default::default());
    let staff = staff.map_err(|findings| anyhow::anyhow!("the staff list has {} findings", findings.len()))?.rows;
    ensure!(staff.len() == logins.len(), "{} of the staff, {} logins", staff.len(), logins.len());

    let issuer = Issuer::open(root)?;
    let example = |name: &str| -> anyhow::Result<([u8; 32], Vec<Vec<u8>>, PathBuf)> {
        let file = root.join(format!("keys-example/{name}.crt.pem"));
        Ok((crate::keys_example::seed(name), chain_of(&file)?, file))
    };
    let (mut teachers, mut keys) = (Vec::new(), Vec::new());
    for (n, (person, login)) in staff.iter().zip(&logins).enumerate() {
        let Some(class) = &person.homeroom else { continue };
        // The first class's teacher has an example key; everybody else gets one here.
        let (seed, chain, file) = match person.name.as_str() {
            "Hồ Thị Thanh" => example("upper-teacher")?,
            name => issuer.issue(n, name, &hocba.home)?,
        };
        hocba.done(&["account", "enrol", login, "--certificate", &file.display().to_string()])?;
        keys.push((login.to_string(), class.to_string(), seed, chain));
    }
    for (login, name) in [("doquang.vinh", "upper-principal"), ("vanthu.truong", "upper-seal")] {
        hocba.done(&["account", "enrol", login, "--certificate", &example(name)?.2.display().to_string()])?;
    }
    for (role, login) in [("principal", "doquang.vinh"), ("school-seal", "vanthu.truong")] {
        hocba.done(&["appoint", "--school", SCHOOL, "--role", role, "--person", login])?;
    }
    let key = |what: &str| format!("hocba-data/keys/upper-principal.{what}.pem");
    fs::write(hocba.home.join("mat-khau.txt"), format!("{PASSPHRASE}\n"))?;
    fs::set_permissions(hocba.home.join("mat-khau.txt"), fs::Permissions::from_mode(0o600))?;
    let planned = ["appoint", "--school", SCHOOL, "--planned", "--year", "2026-2027"];
    let with = ["--key", &key("key"), "--certificate", &key("crt"), "--passphrase-file", "mat-khau.txt"];
    // One transaction takes some tens of them.
    let mut appointed = 0;
    while appointed < keys.len() {
        let said: Value = serde_json::from_str(&hocba.done(&[&planned[..], &with].concat())?)?;
        let new = said["new"].as_u64().and_then(|new| usize::try_from(new).ok()).filter(|new| *new > 0);
        appointed += new.context("not every class has a teacher who is appointed")?;
    }
    hocba.done(&["anchor", "--once"])?;
    for (_, class, ..) in &keys {
        hocba.done(&["import", &format!("truong/{class}.xlsx")])?;
    }
    let slips: Value = serde_json::from_str(&hocba.done(&["account", "slips", "--school", SCHOOL])?)?;
    let slip = |login: &str| -> anyhow::Result<String> {
        let mut slips = slips["slips"].as_array().into_iter().flatten();
        let slip = slips.find(|slip| slip["login"] == login).and_then(|slip| slip["code"].as_str());
        Ok(slip.with_context(|| format!("no slip for {login}"))?.to_owned())
    };
    for (login, class, seed, chain) in &keys {
        teachers.push(signer(&slip(login)?, Some(class), seed, chain));
    }
    ensure!(teachers.len() == args.teachers, "{} teachers", teachers.len());
    let office = |login: &str, name: &str| -> anyhow::Result<Value> {
        let (seed, chain, _) = example(name)?;
        Ok(signer(&slip(login)?, None, &seed, &chain))
    };
    let (principal, seal) = (office("doquang.vinh", "upper-principal")?, office("vanthu.truong", "upper-seal")?);
    Ok(People { teachers, principal, seal })
}

/// The certificates of a PEM file, in its order.
fn chain_of(file: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let blocks = text.split_inclusive("-----END CERTIFICATE-----").filter(|block| block.contains("BEGIN"));
    blocks.map(|block| Ok(pem::decode(block.as_bytes()).context("PEM")?.1)).collect()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_or(0, |address| address.port())
}

/// The issuing key among the example keys.
struct IssuingKey(Ed25519Key, [u8; 44]);

impl CaKey for IssuingKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }
    fn spki(&self) -> &[u8] {
        &self.1
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        Ok(self.0.sign(message).to_vec())
    }
}

/// The example CA, which every demo folder believes.
struct Issuer {
    key: IssuingKey,
    certificate: Vec<u8>,
}

impl Issuer {
    fn open(root: &Path) -> anyhow::Result<Self> {
        let folder = root.join("keys-example");
        let key = Ed25519Key::open(&folder.join("issuing.key.pem"), &Passphrase::new(PASSPHRASE), Mode::Demo)?;
        let spki = key.spki_der();
        let certificate = chain_of(&folder.join("issuing.crt.pem"))?.swap_remove(0);
        Ok(Self { key: IssuingKey(key, spki), certificate })
    }

    /// A key and a certificate for somebody, and where it was written.
    fn issue(&self, n: usize, name: &str, home: &Path) -> anyhow::Result<([u8; 32], Vec<Vec<u8>>, PathBuf)> {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
        let request = Request::from_spki(&Ed25519Key::from_seed(&seed).spki_der())?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
        let now = UnixTime::from_seconds(i64::try_from(now)?)?;
        let validity = Validity::new(now.plus(-DAY), now.plus(300 * DAY))?;
        let mut serial = [9; 16];
        serial[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let authority = Authority::open(&self.certificate, &self.key)?;
        let subject = Subject::new(SCHOOL_NAME, name)?;
        let serial = SerialNumber::from_random(serial);
        let certificate = authority.signer(&request, &subject, validity, serial, &Addresses::default())?;
        let chain = vec![certificate, self.certificate.clone()];
        let file = home.join(format!("{n}.crt.pem"));
        fs::write(&file, chain.iter().map(|der| pem::encode("CERTIFICATE", der)).collect::<String>())?;
        Ok((seed, chain, file))
    }
}

/// The program over the school's data folder.
struct Hocba {
    program: PathBuf,
    home: PathBuf,
    database: Option<String>,
}

impl Hocba {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).arg("--json").current_dir(&self.home).env("XDG_STATE_HOME", self.home.join("state"));
        command.stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.env("HOCBA_DATABASE_URL", url);
        }
        command
    }

    /// A command that has to succeed; gives what it said.
    fn done(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.command(args).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "`hocba {}` ended with {}:\n{said}{complained}",
            args.join(" "),
            output.status
        );
        Ok(said)
    }

    fn set(&self, change: impl FnOnce(&mut Value)) -> anyhow::Result<()> {
        let path = self.home.join("hocba-data/hocba.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path)?)?;
        change(&mut config);
        Ok(fs::write(&path, config.to_string())?)
    }

    /// How many records are in force.
    fn in_force(&self) -> anyhow::Result<usize> {
        let status: Value = serde_json::from_str(&self.done(&["status"])?)?;
        let classes = status["classes"].as_array().into_iter().flatten();
        let sum: u64 = classes.filter_map(|class| class["states"]["in_force"].as_u64()).sum();
        Ok(usize::try_from(sum)?)
    }

    fn serve(&self) -> anyhow::Result<Serving> {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0"]);
        let log = fs::File::create(self.home.join("serve.log"))?;
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let out = child.stdout.take().context("piped")?;
        let mut text = String::new();
        for line in BufReader::new(out).lines() {
            text.push_str(&line?);
            if let Ok(said) = serde_json::from_str::<Value>(&text) {
                let url = said["url"].as_str().context("it says where it is")?.to_owned();
                return Ok(Serving { child, url });
            }
        }
        anyhow::bail!("`hocba serve` ended without a word")
    }
}

/// The server; killed when this is dropped.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    /// Stops as it is stopped in earnest.
    fn stop(&mut self) -> anyhow::Result<()> {
        ensure!(Command::new("kill").arg(self.child.id().to_string()).status()?.success(), "told to stop");
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
