//! Samples of every verdict, and a service that answers with them: pages can be reviewed without a database.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use hocba_bundle::{
    format::{Bundle, Der, RecordPart},
    report::{ChainProblem, Report},
    snapshot::OpenSnapshot,
    verify::ChainView,
};
use hocba_record::{
    disclosure::Disclosure,
    encoding::Sha256Digest,
    section::{Section, SubjectResult},
    types::Mark,
};
use hocba_server::{
    Server,
    config::ServerConfig,
    http::request_id::RequestIds,
    service::{Cause, LinkError, Overview, Part, Readiness, SealedBundle, Service},
};
use hocba_signature::{
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{DAY, NOW, Person, World, at};
use sha2::{Digest as _, Sha256};

/// One sample: what the file holds, and what a verifier says of it.
pub struct Sample {
    /// Short name, for files.
    pub name: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// The report.
    pub report: Report,
}

/// One of every verdict.
pub fn samples() -> Vec<Sample> {
    let world = World::new(1);
    let whole = world.bundle(0);
    let of = |name, bytes: Vec<u8>| Sample { name, report: world.verify(&bytes), bytes };
    let resaved = {
        let value: serde_json::Value = serde_json::from_slice(&whole.to_bytes()).expect("a bundle is JSON");
        serde_json::to_vec_pretty(&value).expect("JSON")
    };
    let inconclusive = Sample {
        name: "inconclusive",
        bytes: whole.to_bytes(),
        report: world.verify_with(&whole.to_bytes(), ChainView::Unavailable(ChainProblem::Unreachable)),
    };
    vec![
        of("valid", whole.to_bytes()),
        of("changed_mark", changed_mark(&whole).to_bytes()),
        inconclusive,
        with_status("superseded", StatusAction::Supersede, ReasonClass::Reassessment, 2),
        with_status("revoked", StatusAction::Revoke, ReasonClass::IssuedInError, 1),
        of("resaved", resaved),
        of("partial", world.assemble(vec![partial(&world)]).to_bytes()),
        {
            let (world, book) = hocba_tests::book::book();
            Sample { name: "book", report: world.verify(&book.to_bytes()), bytes: book.to_bytes() }
        },
        of("unreadable", b"{\"hocba\":\"bundle-1\",\"rec".to_vec()),
    ]
}

/// Mathematics of the year, one mark better.
fn changed_mark(whole: &Bundle) -> Bundle {
    let mut bundle = whole.clone();
    let disclosures = &mut bundle.records[0].disclosures;
    let maths = disclosures.iter_mut().find(|d| d.name().as_str() == "subject.toan").expect("the sample has maths");
    let Ok(Section::Subject(mut subject)) = Section::from_value(maths.name(), maths.value()) else {
        panic!("a subject's section")
    };
    if let SubjectResult::Score { year, .. } = &mut subject.result {
        *year = Mark::from_tenths(97).expect("a mark");
    }
    *maths = Disclosure::new(*maths.salt(), &Section::Subject(subject));
    bundle
}

/// Two subjects and no name.
fn partial(world: &World) -> RecordPart {
    let mut part = World::part(&world.records[0], &world.anchors[0]);
    part.seed = None;
    part.disclosures
        .retain(|d| matches!(d.name().as_str(), "manifest" | "school_details" | "subject.toan" | "subject.ngu_van"));
    part
}

fn with_status(name: &'static str, action: StatusAction, reason: ReasonClass, live_version: u32) -> Sample {
    let mut world = World::new(1);
    let change = StatusChange {
        action,
        decision: None,
        live_version,
        reason,
        replacement: (action == StatusAction::Supersede).then(|| Sha256Digest::of(b"version 2")),
        school: world.school.code.parse().expect("code"),
        since: None,
        subject: hocba_tests::open_claims(&world.school.code, 0).id,
    };
    let unsigned = Statement::unsigned(change.to_bytes());
    let department = &world.school.department;
    let statement = department.sign(unsigned, StatementType::Status, Role::Department, NOW - 7200);
    world.ledger.set_status(&change, action == StatusAction::Revoke, &statement, NOW - 7200);
    let mut snapshot = world.ledger.snapshot();
    snapshot.statuses.statements.push(statement);
    snapshot.statuses.authority.certificates =
        ["department", "issuing"].map(|name| Der(Person::example(name).certificate.der().to_vec())).to_vec();
    snapshot.statuses.authority = snapshot.statuses.authority.in_order();
    let snapshot = OpenSnapshot::open(&snapshot.to_bytes()).expect("the ledger's digests are its own");
    let bytes = world.bundle(0).to_bytes();
    Sample { name, report: world.verify_with(&bytes, ChainView::Snapshot(&snapshot)), bytes }
}

/// The secret of the sample's link.
pub fn secret(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

/// What a link's secret gives for this purpose, as `assets/v.js` derives it.
pub fn derive(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, secret).expand(purpose.as_bytes(), &mut key).expect("32 bytes are few");
    key
}

/// A bundle as a link stores it, and the link's token.
pub fn seal(secret: &[u8; 32], bytes: &[u8]) -> ([u8; 32], SealedBundle) {
    seal_with(secret, [7; 12], bytes)
}

/// The same with this nonce.
pub fn seal_with(secret: &[u8; 32], nonce: [u8; 12], bytes: &[u8]) -> ([u8; 32], SealedBundle) {
    let token = derive(secret, "hocba-link-token-v1");
    let cipher = Aes256Gcm::new(&derive(secret, "hocba-link-key-v1").into());
    let aad = Sha256::digest(token);
    let ciphertext = cipher.encrypt(&nonce.into(), Payload { msg: bytes, aad: &aad }).expect("encrypts");
    (token, SealedBundle { nonce, ciphertext })
}

/// Answers with the samples.
#[derive(Clone)]
pub struct Samples {
    files: Arc<Vec<(&'static str, Vec<u8>)>>,
    reports: Arc<HashMap<Vec<u8>, Report>>,
    links: Arc<HashMap<[u8; 32], Result<SealedBundle, LinkError>>>,
    unreadable: Arc<Report>,
    /// Whether the database is said to be up.
    pub up: bool,
}

impl Samples {
    /// Links: one for each sample by its name, and `expired`, `withdrawn`, `sealed` (by another key), `failing`.
    ///
    /// Made once for all tests: opening the people's key files takes most of a second.
    pub fn new() -> Self {
        static MADE: LazyLock<Samples> = LazyLock::new(Samples::make);
        MADE.clone()
    }

    fn make() -> Self {
        let (mut files, mut reports, mut links) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut unreadable = None;
        for (place, mut sample) in samples().into_iter().enumerate() {
            // Four samples are the same file at different times; here the bytes alone tell which is meant.
            sample.bytes.extend(std::iter::repeat_n(b'\n', place));
            let (token, sealed) = seal(&secret(sample.name), &sample.bytes);
            links.insert(token, Ok(sealed));
            if sample.name == "unreadable" {
                unreadable = Some(sample.report.clone());
            }
            files.push((sample.name, sample.bytes.clone()));
            reports.insert(sample.bytes, sample.report);
        }
        let token = |name: &str| seal(&secret(name), b"").0;
        links.insert(token("expired"), Err(LinkError::Expired { at: at(NOW - DAY) }));
        links.insert(token("withdrawn"), Err(LinkError::Withdrawn { at: at(NOW - DAY) }));
        links.insert(token("sealed"), Ok(seal(&secret("another"), b"{}").1));
        links.insert(
            token("failing"),
            Err(LinkError::Failed(Arc::new(std::io::Error::other("disk of pupil Nguyễn Văn A")))),
        );
        let unreadable = Arc::new(unreadable.expect("among the samples"));
        Self { files: Arc::new(files), reports: Arc::new(reports), links: Arc::new(links), unreadable, up: true }
    }
}

impl Samples {
    /// The files by which the samples are told apart.
    pub fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        self.files.to_vec()
    }
}

impl Service for Samples {
    async fn verify(&self, bytes: &[u8]) -> Report {
        assert_ne!(bytes, b"panic", "asked to panic");
        if bytes == b"sleep" {
            std::future::pending::<()>().await;
        }
        self.reports.get(bytes).unwrap_or(&self.unreadable).clone()
    }
    async fn open_link(&self, token: [u8; 32]) -> Result<SealedBundle, LinkError> {
        self.links.get(&token).cloned().unwrap_or(Err(LinkError::Unknown))
    }
    async fn ready(&self) -> Readiness {
        Readiness {
            parts: vec![
                Part { name: "database", up: self.up, required: true },
                Part { name: "chain", up: false, required: false },
            ],
        }
    }
    async fn overview(&self) -> Result<Overview, Cause> {
        if !self.up {
            return Err(Arc::new(std::io::Error::other("the database is down")));
        }
        Ok(Overview {
            records: vec![("draft", 1), ("teacher_signed", 0), ("co_signed", 0), ("sealed", 39)],
            batches_waiting: 1,
            batches_anchored: 2,
            oldest_waiting: Some(std::time::Duration::from_secs(90)),
            chain_head: Some((5, at(NOW - 4))),
            leader: Some(("hocba-1".to_owned(), at(NOW + 30))),
            ..Overview::default()
        })
    }
}

/// The server of the samples, with fixed request ids and these settings.
pub fn server(config: ServerConfig) -> Server<Samples> {
    Server::new(Samples::new(), config, RequestIds::new([0xab; 8]))
}
