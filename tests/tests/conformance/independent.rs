//! A second opinion from libraries no one here wrote: npm `jose` on signatures, npm `canonicalize` on canonical bytes,
//! node's own crypto on digests, HKDF, certificates and Merkle paths.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use hocba_record::canonical::{Limits, parse};
use hocba_tests::World;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

use crate::json::{LIMITS, spell, value};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("js")
}

/// Whether node is here and the packages are installed. Without node the tests below are skipped, and say so.
fn node_is_ready() -> bool {
    static READY: OnceLock<bool> = OnceLock::new();
    *READY.get_or_init(|| {
        if Command::new("node").arg("--version").output().is_err() {
            // Not by println: the test runner would keep it to itself.
            let _ =
                writeln!(std::io::stderr(), "skipped: needs node 20 or newer on the PATH, and npm once for tests/js");
            return false;
        }
        if !scripts().join("node_modules/.package-lock.json").exists() {
            let npm = Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(scripts()).output();
            let output = npm.expect("node comes with npm");
            assert!(output.status.success(), "npm ci in tests/js: {}", String::from_utf8_lossy(&output.stderr));
        }
        true
    })
}

/// Runs a script of `tests/js` with JSON on its standard input and takes JSON from its standard output.
fn ask(script: &str, input: &Value) -> Value {
    let mut node = Command::new("node")
        .arg(scripts().join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut stdin = node.stdin.take().expect("piped");
    let input = input.to_string();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("no panic").expect("node reads all of it");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{script}: {e}"))
}

#[test]
fn jose_verifies_each_signature_and_recomputes_what_is_hashed() {
    if !node_is_ready() {
        return;
    }
    let world = World::new(5);
    for n in [0, 4] {
        let bundle = world.bundle(n);
        let batch = &world.ledger.facts.batches[usize::try_from(world.anchors[n].batch).expect("small")];
        let signers: Vec<Value> = [&world.school.teacher, &world.school.principal, &world.school.seal]
            .map(|person| {
                let key = person.certificate.key().as_ed25519().expect("example keys are Ed25519");
                let key = hocba_record::encoding::base64url(key);
                json!({ "key": key, "certificate": person.digest().to_string() })
            })
            .to_vec();
        let file = String::from_utf8(bundle.to_bytes()).expect("JSON");
        let answer = ask("verify-bundle.mjs", &json!({ "bundle": file, "signers": signers }));

        let record = &bundle.records[0];
        assert_eq!(answer["roles"], json!(["homeroom_teacher", "principal", "school_seal"]));
        assert_eq!(answer["countersigned"], json!([false, true, true]));
        assert_eq!(answer["leaf"], json!(record.statement.leaf_hash().to_string()));
        assert_eq!(answer["root"], json!(batch.root.to_string()));
        assert_eq!(answer["disclosures"], json!(record.disclosures.len()));
        assert_eq!(answer["decoys"], json!(32 - record.disclosures.len()));
        // Three signatures of 512 bits, and one bit of each byte of three headers and three times the payload.
        let refused = answer["refused"].as_u64().expect("a count");
        assert!(refused > 3 * 512 + 3 * record.statement.payload().len() as u64, "{refused}");
    }
}

#[test]
fn canonicalize_writes_the_same_bytes() {
    if !node_is_ready() {
        return;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[85; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut choices = proptest::collection::vec(proptest::num::u8::ANY, 4096).new_tree(&mut runner).expect("bytes");
    let mut spelled = Vec::new();
    let mut ours = Vec::new();
    for n in 0..4000 {
        if n % 100 == 0 {
            choices = proptest::collection::vec(proptest::num::u8::ANY, 4096).new_tree(&mut runner).expect("bytes");
        }
        let value = value().new_tree(&mut runner).expect("a value").current();
        let text = spell(&value, &mut choices.current().into_iter().skip(n % 100).cycle());
        assert_eq!(parse(text.as_bytes(), LIMITS).as_ref(), Ok(&value));
        spelled.push(text);
        ours.push(String::from_utf8(value.to_bytes()).expect("UTF-8"));
    }
    let theirs = ask("canonicalize.mjs", &json!(spelled));
    let theirs = theirs.as_array().expect("list");
    assert_eq!(theirs.len(), ours.len());
    for ((theirs, ours), spelled) in theirs.iter().zip(&ours).zip(&spelled) {
        assert_eq!(theirs.as_str(), Some(ours.as_str()), "{spelled}");
    }
}

/// Real bytes too: every structure of a bundle and of a snapshot is what `canonicalize` makes of it.
#[test]
fn canonicalize_leaves_our_files_as_they_are() {
    if !node_is_ready() {
        return;
    }
    let world = World::new(2);
    let bundle = world.bundle(1);
    let mut files = vec![bundle.to_bytes(), world.ledger.snapshot().to_bytes()];
    files.push(hocba_tests::profile_file(&hocba_tests::profile_content()));
    files.push(bundle.records[0].statement.payload().to_vec());
    let limits = Limits { bytes: 1 << 20, depth: 12 };
    assert!(files.iter().all(|file| hocba_record::canonical::parse_canonical(file, limits).is_ok()));
    let files: Vec<String> = files.into_iter().map(|file| String::from_utf8(file).expect("JSON")).collect();
    assert_eq!(ask("canonicalize.mjs", &json!(files)), json!(files));
}
