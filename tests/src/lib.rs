//! The kit that cross-crate tests, benches and fuzz targets share: a school with its people, a class that is signed
//! and anchored, and chain facts with the digests the contract would compute.
//!
//! For tests only. Keys are the published ones of `keys-example/`; the clock stands at [`NOW`].
//!
//! With the feature `office` it has what needs a database, too: a school's office (`office`) and the database itself
//! (`database`). Without, nothing of it is built: the fuzz targets stay free of C and of async.

pub mod book;
#[cfg(feature = "office")]
pub mod database;
#[cfg(feature = "office")]
pub mod office;
#[cfg(feature = "office")]
pub mod school;
pub mod scripts;
pub mod stamper;

use std::path::{Path, PathBuf};

use hocba_bundle::{
    assemble::{AuthorityStore, assemble},
    facts::{
        ALG_RFC6962_SHA256, ANCHOR_TAG, Address, BatchFact, ChainFacts, IssuerCode, STATUS_LOG_TAG, StatusFact,
        batch_digest, genesis_digest, status_digest, status_key,
    },
    format::{AnchorHint, AnchoredStatement, Bundle, Der, RecordPart},
    profile::{AcceptedPolicy, CaFamily, Department, Era, OpenProfile, ProfileFile, ProfileFormat, TrustProfile},
    report::{Problem, Report},
    snapshot::{OpenSnapshot, Snapshot, SnapshotFormat, StatusEvidence},
    verify::{ChainView, Context, verify},
};
use hocba_keystore::{Ed25519Key, Mode, Passphrase};
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{
    disclosure::{Disclosure, Seed, issue},
    encoding::{RecordId, Sha256Digest},
    form::TT22_THCS,
    payload::{OpenClaims, RecordKind},
    section::{HistoryEntry, Section},
    types::{SchoolYear, UnixTime},
};
use hocba_signature::{
    algorithm::Algorithm,
    appointment::{Appointee, Appointment, KeyStorage},
    certificate::Certificate,
    policy::SigningPolicy,
    statement::{Role, Statement, StatementType},
    status::StatusChange,
};

/// 2027-06-01T00:00:00Z, after the school year's end.
pub const NOW: i64 = 1_811_808_000;
/// The chain id of the tests.
pub const CHAIN: u64 = 20_269;
/// The contract's address of the tests.
pub const CONTRACT: Address = Address::from_bytes([0xc0; 20]);

/// A moment.
pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds).expect("test times are in range")
}

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_path_buf()
}

/// One of the example people: key and certificate.
pub struct Person {
    /// The key.
    pub key: Ed25519Key,
    /// The certificate.
    pub certificate: Certificate,
}

impl Person {
    /// The person of this name in `keys-example/`.
    pub fn example(name: &str) -> Self {
        let folder = repository().join("keys-example");
        let passphrase = Passphrase::new("hocba-demo");
        let key = Ed25519Key::open(&folder.join(format!("{name}.key.pem")), &passphrase, Mode::Demo)
            .unwrap_or_else(|e| panic!("keys-example/{name}.key.pem: {e}"));
        Self { key, certificate: example_certificates(name).swap_remove(0) }
    }

    /// The certificate's digest.
    pub fn digest(&self) -> Sha256Digest {
        *self.certificate.digest()
    }

    /// Signs a statement in a role.
    pub fn sign(&self, statement: Statement, typ: StatementType, role: Role, iat: i64) -> Statement {
        let input = statement.prepare(typ, role, Algorithm::Ed25519, self.digest(), at(iat));
        let signature = self.key.sign(input.bytes()).to_vec();
        statement.attach(input, signature)
    }
}

/// The certificates in `keys-example/<name>.crt.pem`, leaf first.
pub fn example_certificates(name: &str) -> Vec<Certificate> {
    let path = repository().join("keys-example").join(format!("{name}.crt.pem"));
    hocba_keystore::read_certificate_chain(&path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .iter()
        .map(|der| Certificate::from_der(der).expect("example certificates are read"))
        .collect()
}

/// The people of one school.
pub struct School {
    /// Sở.
    pub department: Person,
    /// Hiệu trưởng.
    pub principal: Person,
    /// Giáo viên chủ nhiệm.
    pub teacher: Person,
    /// Con dấu.
    pub seal: Person,
    /// School code.
    pub code: String,
}

impl School {
    /// The school whose people are called `<prefix>teacher` and so on in `keys-example/`.
    pub fn example(prefix: &str, code: &str) -> Self {
        let person = |name: &str| Person::example(&format!("{prefix}{name}"));
        Self {
            department: person("department"),
            principal: person("principal"),
            teacher: person("teacher"),
            seal: person("seal"),
            code: code.to_owned(),
        }
    }

    /// Who signs in this role.
    pub fn person(&self, role: Role) -> &Person {
        match role {
            Role::HomeroomTeacher => &self.teacher,
            Role::Principal | Role::DeputyPrincipal => &self.principal,
            Role::SchoolSeal => &self.seal,
            Role::Department | Role::ProfilePublisher => &self.department,
        }
    }

    /// An appointment's content for one of the school's people.
    pub fn appointment(&self, role: Role, class: Option<&str>) -> Appointment {
        let tag = [role.as_str().as_bytes(), self.code.as_bytes()].concat();
        Appointment {
            appointee: Appointee {
                certificate: self.person(role).digest(),
                name: self.person(role).certificate.subject().parse().expect("example names are text"),
                title: role.as_str().parse().expect("text"),
            },
            class: class.map(|c| c.parse().expect("class")),
            from: at(NOW - 300 * DAY),
            id: RecordId::from_bytes(first_16(&Sha256Digest::of(&tag))),
            key_storage: KeyStorage::File,
            role,
            school: self.code.parse().expect("school code"),
            until: at(NOW + 300 * DAY),
            year: class.map(|_| SchoolYear::starting(2026).expect("year")),
        }
    }

    /// Signs an appointment as whoever may give it.
    pub fn appoint(&self, appointment: &Appointment) -> Statement {
        let appointer = match appointment.role {
            Role::HomeroomTeacher => Role::Principal,
            _ => Role::Department,
        };
        let statement = Statement::unsigned(appointment.to_bytes());
        self.person(appointer).sign(statement, StatementType::Appointment, appointer, NOW - 200 * DAY)
    }

    /// Signs a record as policy 1 asks.
    pub fn sign_record(&self, payload: Vec<u8>) -> Statement {
        [Role::HomeroomTeacher, Role::Principal, Role::SchoolSeal].into_iter().zip(0..).fold(
            Statement::unsigned(payload),
            |statement, (role, hours)| {
                self.person(role).sign(statement, StatementType::Record, role, NOW - 2 * DAY + hours * 3600)
            },
        )
    }
}

/// Seconds in a day.
pub const DAY: i64 = 86_400;

fn first_16(digest: &Sha256Digest) -> [u8; 16] {
    digest.as_bytes()[..16].try_into().expect("a digest has 32 bytes")
}

/// A record before and after signing.
#[derive(Clone)]
pub struct SignedRecord {
    /// The signed statement.
    pub statement: Statement,
    /// All disclosures.
    pub disclosures: Vec<Disclosure>,
    /// The seed.
    pub seed: [u8; 32],
}

/// Open claims of the n-th record of a class in the given school.
pub fn open_claims(school: &str, n: u16) -> OpenClaims {
    OpenClaims {
        id: RecordId::from_bytes(first_16(&Sha256Digest::of(&[school.as_bytes(), &n.to_be_bytes()].concat()))),
        version: 1,
        replaces: None,
        kind: RecordKind::Year,
        school: school.parse().expect("school code"),
        year: SchoolYear::starting(2026).expect("year"),
        grade: hocba_record::types::Grade::new(9).expect("grade"),
        class: "9A3".parse().expect("class"),
        form: TT22_THCS,
        policy: SigningPolicy::policy_1().reference(),
    }
}

/// The sections of one sample pupil: a whole year record of lower secondary.
pub fn sample_sections() -> Vec<Section> {
    hocba_sample::record_sections(42)
}

/// A few of them, for tests whose time grows with the size of the record.
pub fn few_sections() -> Vec<Section> {
    let few = ["subject.toan", "subject.ngu_van", "attendance"];
    sample_sections().into_iter().filter(|s| few.contains(&s.name().as_str())).collect()
}

/// Issues and signs a record.
pub fn signed_record(
    school: &School,
    open: OpenClaims,
    sections: &[Section],
    history: Vec<HistoryEntry>,
) -> SignedRecord {
    let seed =
        *Sha256Digest::of(&[b"seed".as_slice(), open.id.as_bytes(), &open.version.to_be_bytes()].concat()).as_bytes();
    let issued = issue(open, sections, history, &Seed::from_bytes(seed)).expect("sample sections make a record");
    let statement = school.sign_record(issued.payload.to_bytes());
    SignedRecord { statement, disclosures: issued.disclosures, seed }
}

/// A chain kept in memory, with the contract's digests and none of its machinery.
pub struct Ledger {
    /// Facts so far.
    pub facts: ChainFacts,
    trees: Vec<Tree>,
}

impl Default for Ledger {
    fn default() -> Self {
        let head = genesis_digest(ANCHOR_TAG, CHAIN, &CONTRACT, None);
        let status_head = genesis_digest(STATUS_LOG_TAG, CHAIN, &CONTRACT, None);
        Self {
            facts: ChainFacts {
                chain: CHAIN,
                contract: CONTRACT,
                code: Sha256Digest::of(b"runtime code"),
                block: 0,
                block_time: at(NOW - 250 * DAY),
                block_hash: Sha256Digest::of(b"block"),
                batches: Vec::new(),
                closing: None,
                head,
                predecessor: None,
                statuses: Some(Vec::new()),
                status_head,
            },
            trees: Vec::new(),
        }
    }
}

impl Ledger {
    /// Anchors statements as one batch at a block time; returns where each of them is.
    pub fn anchor(&mut self, issuer: &str, statements: &[Statement], time: i64) -> Vec<AnchorHint> {
        let leaves: Vec<LeafHash> =
            statements.iter().map(|s| LeafHash::from_bytes(*s.leaf_hash().as_bytes())).collect();
        let tree = Tree::new(&leaves).expect("test batches have 1 to 65,536 leaves");
        let batch = BatchFact {
            root: Sha256Digest::from_bytes(*tree.root().as_bytes()),
            size: tree.size(),
            issuer: issuer.parse::<IssuerCode>().expect("issuer code"),
            alg: ALG_RFC6962_SHA256,
            time: at(time),
        };
        let index = self.facts.batches.len() as u64;
        self.facts.head = batch_digest(CHAIN, &CONTRACT, index, &batch, &self.facts.head);
        self.facts.batches.push(batch);
        self.facts.block += 1;
        self.facts.block_time = self.facts.block_time.max(at(time));
        let hints = (0..tree.size()).map(|leaf| {
            let proof = tree.path(leaf).expect("the leaf is in the tree");
            AnchorHint {
                batch: index,
                chain: CHAIN,
                contract: CONTRACT,
                index: leaf,
                path: proof.path.into_iter().map(Sha256Digest::from_bytes).collect(),
                size: tree.size(),
            }
        });
        let hints = hints.collect();
        self.trees.push(tree);
        hints
    }

    /// Adds an entry to the status log.
    pub fn set_status(&mut self, change: &StatusChange, revoked: bool, statement: &Statement, time: i64) {
        let status = StatusFact {
            key: status_key(&change.subject),
            live_version: change.live_version,
            revoked,
            reason: change.reason.code(),
            time: at(time),
            statement: statement.leaf_hash(),
        };
        let statuses = self.facts.statuses.get_or_insert_default();
        let index = statuses.len() as u64;
        self.facts.status_head = status_digest(CHAIN, &CONTRACT, index, &status, &self.facts.status_head);
        statuses.push(status);
        self.facts.block += 1;
        self.facts.block_time = self.facts.block_time.max(at(time));
    }

    /// A snapshot taken an hour before [`NOW`].
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            earlier: Vec::new(),
            facts: self.facts.clone(),
            hocba: SnapshotFormat::V1,
            statuses: StatusEvidence::default(),
            taken_at: at(NOW - 3600),
        }
    }
}

/// Codes of everything that failed or could not be told, once each, in order.
pub fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report.checks.iter().flat_map(|c| c.outcome.problems()).map(Problem::code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The code of the tests' school.
pub const SCHOOL: &str = "79DEMO001";
/// The code of another school under the same department's root.
pub const OTHER_SCHOOL: &str = "79DEMO002";

/// The demo profile of the tests, before signing: roots of the demo CA, one department for each of the two schools.
pub fn profile_content() -> TrustProfile {
    let root = &example_certificates("root")[0];
    let department = |name: &str, issuer: &str, prefix: &str| Department {
        certificate: *example_certificates(name)[0].digest(),
        cut_off: None,
        from: at(NOW - 400 * DAY),
        issuer: issuer.parse().expect("issuer"),
        name: "Sở Giáo dục và Đào tạo (DEMO)".parse().expect("text"),
        schools: vec![prefix.parse().expect("prefix")],
        until: at(NOW + 400 * DAY),
    };
    TrustProfile {
        accepted_age: 7 * 86_400,
        departments: vec![
            department("department", "so-demo", SCHOOL),
            department("other-department", "so-demo-2", OTHER_SCHOOL),
        ],
        eras: vec![Era {
            chain: CHAIN,
            closing: None,
            code: Sha256Digest::of(b"runtime code"),
            contract: CONTRACT,
            first: 0,
            last: None,
        }],
        expires: at(NOW + 100 * DAY),
        families: vec![CaFamily { id: "demo".into(), policies: None, revocation: None, roots: vec![root.into()] }],
        id: "hocba-demo".into(),
        issued: at(NOW - 100 * DAY),
        mandatory: Vec::new(),
        name: "DEMO – không có giá trị".parse().expect("text"),
        number: 1,
        operators: Vec::new(),
        policies: [SigningPolicy::policy_1(), SigningPolicy::converted_1()]
            .map(|policy| AcceptedPolicy { from: at(NOW - 400 * DAY), policy, until: None })
            .to_vec(),
        quorum: 1,
        time_stamps: None,
    }
}

/// Signs a profile as the demo publisher and returns the file's bytes.
pub fn profile_file(content: &TrustProfile) -> Vec<u8> {
    let publisher = Person::example("profile");
    let statement = Statement::unsigned(content.to_bytes());
    let statement = publisher.sign(statement, StatementType::Profile, Role::ProfilePublisher, content.issued.seconds());
    let certificate = Der(publisher.certificate.der().to_vec());
    ProfileFile { certificate, hocba: ProfileFormat::V1, statement }.to_bytes()
}

/// Opens a profile signed by the demo publisher.
pub fn open_profile(content: &TrustProfile) -> OpenProfile {
    let pinned = Person::example("profile").digest();
    OpenProfile::open(&profile_file(content), &pinned, None).expect("the demo profile opens")
}

/// A school, its class anchored, and all that a verifier needs.
pub struct World {
    /// The school.
    pub school: School,
    /// Another school, with a department, appointments and a valid batch of its own.
    pub other: School,
    /// The chain.
    pub ledger: Ledger,
    /// Certificates and appointments of both.
    pub store: AuthorityStore,
    /// The school's signed records.
    pub records: Vec<SignedRecord>,
    /// Where they are anchored.
    pub anchors: Vec<AnchorHint>,
    /// The other school's signed records.
    pub other_records: Vec<SignedRecord>,
    /// Where they are anchored.
    pub other_anchors: Vec<AnchorHint>,
    /// The profile.
    pub profile: OpenProfile,
}

impl World {
    /// Two schools with their appointments, and nothing signed or anchored since.
    pub fn bare() -> Self {
        let school = School::example("", SCHOOL);
        let other = School::example("other-", OTHER_SCHOOL);
        let mut ledger = Ledger::default();
        let mut store = AuthorityStore {
            certificates: example_certificates("teacher").split_off(1),
            appointments: Vec::new(),
            roots: example_certificates("root"),
            ..AuthorityStore::default()
        };
        for (school, issuer) in [(&school, "so-demo"), (&other, "so-demo-2")] {
            for role in [Role::Department, Role::Principal, Role::HomeroomTeacher, Role::SchoolSeal] {
                store.certificates.push(school.person(role).certificate.clone());
            }
            let statements: Vec<Statement> =
                [(Role::Principal, None), (Role::SchoolSeal, None), (Role::HomeroomTeacher, Some("9A3"))]
                    .map(|(role, class)| school.appoint(&school.appointment(role, class)))
                    .to_vec();
            let hints = ledger.anchor(issuer, &statements, NOW - 200 * DAY);
            let anchored =
                hints.into_iter().zip(statements).map(|(anchor, statement)| AnchoredStatement { anchor, statement });
            store.appointments.extend(anchored);
        }
        let profile = open_profile(&profile_content());
        Self {
            school,
            other,
            ledger,
            store,
            records: Vec::new(),
            anchors: Vec::new(),
            other_records: Vec::new(),
            other_anchors: Vec::new(),
            profile,
        }
    }

    /// Two schools with `pupils` records each.
    pub fn new(pupils: u16) -> Self {
        let mut world = Self::bare();
        let sections = sample_sections();
        let class = |school: &School| -> Vec<SignedRecord> {
            (0..pupils).map(|n| signed_record(school, open_claims(&school.code, n), &sections, Vec::new())).collect()
        };
        (world.records, world.other_records) = (class(&world.school), class(&world.other));
        let statements =
            |records: &[SignedRecord]| -> Vec<Statement> { records.iter().map(|r| r.statement.clone()).collect() };
        world.anchors = world.ledger.anchor("so-demo", &statements(&world.records), NOW - DAY);
        world.other_anchors = world.ledger.anchor("so-demo-2", &statements(&world.other_records), NOW - DAY);
        world
    }

    /// The bundle part of a record, everything shown, seed included.
    pub fn part(record: &SignedRecord, anchor: &AnchorHint) -> RecordPart {
        RecordPart {
            anchor: anchor.clone(),
            disclosures: record.disclosures.clone(),
            seed: Some(Seed::from_bytes(record.seed)),
            statement: record.statement.clone(),
        }
    }

    /// The bundle of the school's n-th record, everything shown.
    pub fn bundle(&self, n: usize) -> Bundle {
        self.assemble(vec![Self::part(&self.records[n], &self.anchors[n])])
    }

    /// A bundle of these parts.
    pub fn assemble(&self, parts: Vec<RecordPart>) -> Bundle {
        let times = |hint: &AnchorHint| {
            usize::try_from(hint.batch).ok().and_then(|i| self.ledger.facts.batches.get(i)).map(|b| b.time)
        };
        assemble(parts, &self.store, &times).expect("the store has what the records need")
    }

    /// The snapshot, opened.
    pub fn snapshot(&self) -> OpenSnapshot {
        OpenSnapshot::open(&self.ledger.snapshot().to_bytes()).expect("the ledger's digests are its own")
    }

    /// Verifies bytes against the world's snapshot.
    pub fn verify(&self, bytes: &[u8]) -> Report {
        let snapshot = self.snapshot();
        self.verify_with(bytes, ChainView::Snapshot(&snapshot))
    }

    /// Verifies bytes against any view of the chain.
    pub fn verify_with(&self, bytes: &[u8], chain: ChainView<'_>) -> Report {
        verify(bytes, &Context { profile: &self.profile, chain, now: at(NOW) })
    }
}
