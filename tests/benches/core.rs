//! The four operations that a school's and a verifier's time goes into, each beside what no implementation can do
//! without: SHA-256 over the same number of bytes, and as many Ed25519 operations. `cargo xtask bench` runs it and makes
//! the table of docs/performance.md; the names here are the ones it looks for.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use hocba_bundle::{
    format::Bundle,
    verify::{ChainView, Context, verify},
};
use hocba_record::disclosure::{Disclosure, Seed, issue};
use hocba_signature::{
    algorithm::Algorithm,
    statement::{Role, Statement, StatementType},
};
use hocba_tests::{NOW, SCHOOL, World, at, open_claims, sample_sections};
use sha2::{Digest as _, Sha256};

const POLICY: [Role; 3] = [Role::HomeroomTeacher, Role::Principal, Role::SchoolSeal];

/// Signatures checked for one record: its own 3; those of 3 appointments (teacher, principal, seal); those of 5
/// certificates (teacher, principal, seal, department, issuing CA). Each is checked once, however many paths it is on.
const CHECKED_SIGNATURES: usize = 3 + 3 + 5;

/// SHA-256 over so many bytes, in one go.
fn raw_sha256(c: &mut Criterion, beside: &str, bytes: usize) {
    let data = vec![0x5a_u8; bytes];
    c.bench_function(&format!("{beside}/sha256 {bytes}"), |b| b.iter(|| Sha256::digest(black_box(&data))));
}

fn section_and_salt(c: &mut Criterion) {
    let sections = sample_sections();
    let seed = Seed::from_bytes([7; 32]);
    let open = open_claims(SCHOOL, 1);
    let issued = issue(open.clone(), &sections, Vec::new(), &seed).expect("a record");
    c.bench_function("issue/hocba", |b| {
        b.iter(|| issue(black_box(open.clone()), black_box(&sections), Vec::new(), &seed).expect("a record"));
    });
    raw_sha256(c, "issue", issued.disclosures.iter().map(Disclosure::to_text).map(|text| text.len()).sum());
}

fn sign_three_times(c: &mut Criterion) {
    let world = World::new(1);
    let payload = world.records[0].statement.payload().to_vec();
    let sign = |role: Role, statement: Statement| {
        let person = world.school.person(role);
        let input = statement.prepare(StatementType::Record, role, Algorithm::Ed25519, person.digest(), at(NOW));
        let signature = person.key.sign(input.bytes()).to_vec();
        statement.attach(input, signature)
    };
    c.bench_function("sign/hocba", |b| {
        b.iter(|| {
            let unsigned = Statement::unsigned(black_box(payload.clone()));
            POLICY.into_iter().fold(unsigned, |statement, role| sign(role, statement))
        });
    });
    let mut lengths = Vec::new();
    let mut statement = Statement::unsigned(payload.clone());
    for role in POLICY {
        let person = world.school.person(role);
        let input = statement.prepare(StatementType::Record, role, Algorithm::Ed25519, person.digest(), at(NOW));
        lengths.push(input.bytes().len());
        statement = sign(role, statement);
    }
    let key = SigningKey::from_bytes(&[7; 32]);
    let messages: Vec<Vec<u8>> = lengths.iter().map(|length| vec![0x5a; *length]).collect();
    c.bench_function("sign/ed25519 3", |b| {
        b.iter(|| messages.iter().map(|m| key.sign(black_box(m))).collect::<Vec<_>>());
    });
    raw_sha256(c, "sign", lengths.iter().sum());
}

fn leaf(c: &mut Criterion) {
    let world = World::new(1);
    let statement = &world.records[0].statement;
    c.bench_function("leaf/hocba", |b| b.iter(|| black_box(statement).leaf_hash()));
    raw_sha256(c, "leaf", 1 + statement.to_bytes().len());
}

fn verify_one_bundle(c: &mut Criterion) {
    let world = World::new(45);
    let file = world.bundle(7).to_bytes();
    let snapshot = world.snapshot();
    let context = Context { profile: &world.profile, chain: ChainView::Snapshot(&snapshot), now: at(NOW) };
    let report = verify(&file, &context);
    assert_eq!(report.verdict, hocba_bundle::report::Verdict::Valid, "{:#?}", report.checks);
    c.bench_function("read/hocba", |b| b.iter(|| Bundle::read(black_box(&file)).expect("a bundle")));
    raw_sha256(c, "read", file.len());
    c.bench_function("verify/hocba", |b| b.iter(|| verify(black_box(&file), &context)));

    let key = SigningKey::from_bytes(&[7; 32]);
    let message = vec![0x5a; 1000];
    let signature: Signature = key.sign(&message);
    let public = key.verifying_key();
    c.bench_function(&format!("verify/ed25519 {CHECKED_SIGNATURES}"), |b| {
        b.iter(|| (0..CHECKED_SIGNATURES).all(|_| public.verify_strict(black_box(&message), &signature).is_ok()));
    });
    raw_sha256(c, "verify", file.len());
}

criterion_group!(core, section_and_salt, sign_three_times, leaf, verify_one_bundle);
criterion_main!(core);
