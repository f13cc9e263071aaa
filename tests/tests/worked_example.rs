//! The worked example of `docs/spec`: one record with every value that is hashed or signed on the way.
//!
//! `tests/worked-example/values.json` and `docs/spec/worked-example.md` are written from here and committed;
//! `tests/worked-example/check.py` computes the values again without our code. After a change of protocol:
//! `HOCBA_BLESS=1 cargo test -p hocba-tests --test worked_example`, then read the difference like code.

use std::{fmt::Write as _, fs, path::Path};

use hocba_bundle::facts::{
    ALG_RFC6962_SHA256, ANCHOR_TAG, BatchFact, STATUS_LOG_TAG, StatusFact, batch_digest, genesis_digest, status_digest,
    status_key,
};
use hocba_merkle::{LeafHash, Tree, leaf_hash};
use hocba_record::{
    canonical::{self, Json},
    disclosure::{Disclosure, Seed, issue},
    encoding::{RecordId, Sha256Digest, base64url, from_base64url},
    form::TT22_THCS,
    payload::{OpenClaims, RecordKind},
    section::{Attendance, Identifier, IdentifierKind, Identity, Section, Sex, SubjectResult, SubjectSection},
    types::{Grade, Mark, SchoolYear},
};
use hocba_signature::{
    algorithm::Algorithm,
    policy::SigningPolicy,
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{CHAIN, CONTRACT, DAY, NOW, Person, SCHOOL, at, repository};
use serde_json::{Value, json};

const SEED: [u8; 32] = [0x2a; 32];
const ID: [u8; 16] = [0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18, 0x29, 0x3a, 0x4b, 0x5c, 0x6d, 0x7e, 0x8f, 0x90];
const SIGNERS: [(&str, Role); 3] =
    [("teacher", Role::HomeroomTeacher), ("principal", Role::Principal), ("seal", Role::SchoolSeal)];
/// The two other leaves of the batch, before and after the record's.
const OTHER_LEAVES: [&str; 2] = ["another statement", "yet another statement"];

fn sections() -> Vec<Section> {
    let mark = |tenths| Mark::from_tenths(tenths).expect("mark");
    let text = |text: &str| text.parse().expect("text");
    vec![
        Section::Identity(Identity {
            name: text("Nguyễn Thị Ánh"),
            birth_date: "2012-03-05".parse().expect("date"),
            sex: Sex::Female,
            ethnicity: Some(text("Kinh")),
            nationality: None,
            birth_place: None,
            birth_province: None,
            identifiers: vec![Identifier::new(IdentifierKind::School, text("HS-0001"))],
            book: None,
        }),
        Section::Subject(SubjectSection {
            code: "toan".parse().expect("code"),
            name: text("Toán"),
            result: SubjectResult::Score { term1: mark(80), term2: mark(88), year: mark(85), reassessed: None },
            study_topics: false,
            remark: Some(text("Tiến bộ rõ.\nCần \"cẩn thận\" hơn.")),
            teacher: None,
            locked_at: None,
            source: None,
        }),
        Section::Attendance(Attendance { with_leave: 2, without_leave: 0 }),
    ]
}

fn example() -> Value {
    let policy = SigningPolicy::policy_1();
    let policy_bytes = canonical::to_vec(&policy).expect("policy");
    let open = OpenClaims {
        id: RecordId::from_bytes(ID),
        version: 1,
        replaces: None,
        kind: RecordKind::Year,
        school: SCHOOL.parse().expect("code"),
        year: SchoolYear::starting(2026).expect("year"),
        grade: Grade::new(9).expect("grade"),
        class: "9A3".parse().expect("class"),
        form: TT22_THCS,
        policy: policy.reference(),
    };
    let seed = Seed::from_bytes(SEED);
    let issued = issue(open, &sections(), Vec::new(), &seed).expect("the example's sections fit the form");
    let payload = issued.payload.to_bytes();

    let mut statement = Statement::unsigned(payload.clone());
    let mut signers = Vec::new();
    let mut entries = Vec::new();
    for ((name, role), hours) in SIGNERS.into_iter().zip(0..) {
        let person = Person::example(name);
        let iat = at(NOW - 2 * DAY + hours * 3600);
        let prev = statement.prev_for_next();
        let input = statement.prepare(StatementType::Record, role, Algorithm::Ed25519, person.digest(), iat);
        let signature = person.key.sign(input.bytes()).to_vec();
        let protected = input.bytes().split(|b| *b == b'.').next().expect("a signing input has two parts").to_vec();
        let protected = from_base64url(std::str::from_utf8(&protected).expect("ASCII")).expect("our own base64url");
        signers.push(json!({
            "certificate": base64url(person.certificate.der()),
            "iat": iat.seconds(),
            "name": name,
            "role": role.as_str(),
        }));
        entries.push(json!({
            "certificate_sha256": person.digest().to_string(),
            "prev": prev.map(|p| p.to_string()).unwrap_or_default(),
            "protected": text(&protected),
            "public_key": base64url(person.certificate.key().as_ed25519().expect("example keys are Ed25519")),
            "signature": base64url(&signature),
            "signing_input_sha256": Sha256Digest::of(input.bytes()).to_hex(),
        }));
        statement = statement.attach(input, signature);
    }
    let statement_bytes = statement.to_bytes();

    let leaves = [
        leaf_hash(OTHER_LEAVES[0].as_bytes()),
        LeafHash::from_bytes(*statement.leaf_hash().as_bytes()),
        leaf_hash(OTHER_LEAVES[1].as_bytes()),
    ];
    let tree = Tree::new(&leaves).expect("three leaves");
    let batch = BatchFact {
        root: Sha256Digest::from_bytes(*tree.root().as_bytes()),
        size: tree.size(),
        issuer: "so-demo".parse().expect("issuer"),
        alg: ALG_RFC6962_SHA256,
        time: at(NOW - DAY),
    };
    let anchor_genesis = genesis_digest(ANCHOR_TAG, CHAIN, &CONTRACT, None);

    let change = StatusChange {
        action: StatusAction::Revoke,
        decision: None,
        live_version: 1,
        reason: ReasonClass::IssuedInError,
        replacement: None,
        school: SCHOOL.parse().expect("code"),
        since: None,
        subject: RecordId::from_bytes(ID),
    };
    let principal = Person::example("principal");
    let status_statement =
        principal.sign(Statement::unsigned(change.to_bytes()), StatementType::Status, Role::Principal, NOW - DAY / 2);
    let status = StatusFact {
        key: status_key(&change.subject),
        live_version: change.live_version,
        revoked: true,
        reason: change.reason.code(),
        time: at(NOW - DAY / 4),
        statement: status_statement.leaf_hash(),
    };
    let status_genesis = genesis_digest(STATUS_LOG_TAG, CHAIN, &CONTRACT, None);

    let disclosed = |d: &Disclosure| {
        json!({
            "array": text(&canonical::to_vec(d).expect("disclosure")),
            "digest": d.digest().to_string(),
            "name": d.name().as_str(),
            "salt": d.salt().to_string(),
            "text": d.to_text(),
        })
    };
    let claims: Value = serde_json::from_slice(&payload).expect("JSON");
    let open_claims: serde_json::Map<String, Value> = claims
        .as_object()
        .expect("object")
        .iter()
        .filter(|(name, _)| !name.starts_with("_sd") && *name != "policy")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let value = |section: &Section| serde_json::to_value(section.value()).expect("JSON");
    json!({
        "inputs": {
            "batch": {
                "alg": batch.alg, "index": 0, "issuer": batch.issuer.as_str(), "time": batch.time.seconds(),
            },
            "chain": CHAIN,
            "contract": CONTRACT.to_string(),
            "history": [],
            "leaf_index": 1,
            "open_claims": open_claims,
            "other_leaves": OTHER_LEAVES,
            "policy": serde_json::to_value(&policy).expect("JSON"),
            "sections": sections().iter().map(|s| json!({"name": s.name().as_str(), "value": value(s)})).collect::<Vec<_>>(),
            "seed": base64url(&SEED),
            "signers": signers,
            "slots": TT22_THCS.slots,
            "status": {
                "change": serde_json::to_value(&change).expect("JSON"),
                "iat": NOW - DAY / 2,
                "log_index": 0,
                "revoked": true,
                "reason_code": change.reason.code(),
                "signer": "principal",
                "time": status.time.seconds(),
            },
        },
        "values": {
            "batch": {
                "anchor_genesis": anchor_genesis.to_hex(),
                "digest": batch_digest(CHAIN, &CONTRACT, 0, &batch, &anchor_genesis).to_hex(),
                "issuer_bytes16": hex(&batch.issuer.to_bytes16()),
            },
            "decoys": (0..TT22_THCS.slots - issued.disclosures.len())
                .map(|n| seed.decoy(u16::try_from(n).expect("small")).to_string()).collect::<Vec<_>>(),
            "disclosures": issued.disclosures.iter().map(disclosed).collect::<Vec<_>>(),
            "payload": {
                "bytes": text(&payload),
                "sha256": issued.payload.digest().to_string(),
            },
            "policy": {"bytes": text(&policy_bytes), "sha256": policy.reference().sha256.to_string()},
            "signatures": entries,
            "statement": {
                "bytes": text(&statement_bytes),
                "length": statement_bytes.len(),
                "sha256": Sha256Digest::of(&statement_bytes).to_hex(),
            },
            "status": {
                "digest": status_digest(CHAIN, &CONTRACT, 0, &status, &status_genesis).to_hex(),
                "genesis": status_genesis.to_hex(),
                "key": status.key.to_hex(),
                "leaf": status.statement.to_hex(),
                "statement": text(&status_statement.to_bytes()),
            },
            "tree": {
                "leaves": leaves.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "paths": (0..3).map(|n| tree.path(n).expect("leaf").path.iter().map(|n| hex(n)).collect::<Vec<_>>())
                    .collect::<Vec<_>>(),
                "root": tree.root().to_string(),
                "size": tree.size(),
            },
        },
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("canonical JSON is UTF-8")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Indented, members sorted whatever serde_json was built with.
fn pretty(value: &Json, indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent + 1);
    let leaf = |v: &Json| String::from_utf8(v.to_bytes()).expect("UTF-8");
    match value {
        Json::Object(members) if !members.is_empty() => {
            out.push_str("{\n");
            for (i, (name, member)) in members.iter().enumerate() {
                write!(out, "{pad}{}: ", leaf(&Json::String(name.clone()))).expect("a String takes all");
                pretty(member, indent + 1, out);
                out.push_str(if i + 1 < members.len() { ",\n" } else { "\n" });
            }
            write!(out, "{}}}", "  ".repeat(indent)).expect("a String takes all");
        }
        Json::Array(items) if !items.is_empty() => {
            out.push_str("[\n");
            for (i, item) in items.iter().enumerate() {
                out.push_str(&pad);
                pretty(item, indent + 1, out);
                out.push_str(if i + 1 < items.len() { ",\n" } else { "\n" });
            }
            write!(out, "{}]", "  ".repeat(indent)).expect("a String takes all");
        }
        other => out.push_str(&leaf(other)),
    }
}

/// The page, from the values. Each value stands in the section of the spec that it shows at work.
fn page(v: &Value) -> String {
    let s = |pointer: &str| -> String {
        match v.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in values.json")) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    };
    let list = |pointer: &str| v.pointer(pointer).and_then(Value::as_array).expect("a list").clone();
    let block = |text: &str| format!("```text\n{text}\n```\n");
    let mut page = String::new();
    let mut p = |text: String| {
        page.push_str(&text);
        page.push('\n');
    };
    p("# Worked example\n\n<!-- Written by tests/tests/worked_example.rs from tests/worked-example/values.json. Do not edit. -->\n".into());
    p("One record of one made-up pupil, from its sections to the digests on chain, with every value that is hashed or \
       signed on the way. The keys are the published ones of `keys-example/`, so every value can be made again. All of \
       it, in one JSON file: `tests/worked-example/values.json`. `tests/worked-example/check.py` computes it without \
       our code; `cargo xtask test` runs both.\n\nLong lines are one line of bytes without a line end. Digests are \
       base64url inside JSON and hexadecimal elsewhere, as in the protocol.\n".into());
    p("## 1. Policy (statement.md)\n".into());
    p(block(&s("/values/policy/bytes")));
    p(format!("SHA-256: `{}`\n", s("/values/policy/sha256")));
    p("## 2. Salts, disclosures, decoys (disclosure.md)\n".into());
    p(format!("Seed (32 bytes): `{}`\n", s("/inputs/seed")));
    p("| section | salt | digest in `_sd` |\n|---|---|---|".into());
    for d in list("/values/disclosures") {
        let m = |name: &str| d[name].as_str().expect("text").to_owned();
        p(format!("| `{}` | `{}` | `{}` |", m("name"), m("salt"), m("digest")));
    }
    let shown = list("/values/disclosures")
        .iter()
        .position(|d| d["name"] == "subject.toan")
        .expect("the example has mathematics");
    p("\nThe disclosure of `subject.toan` as an array (canonical bytes), and as RFC 9901 text:\n".into());
    p(block(&s(&format!("/values/disclosures/{shown}/array"))));
    p(block(&s(&format!("/values/disclosures/{shown}/text"))));
    p(format!(
        "{} sections and {} decoys make {} digests. Decoy 0: `{}`\n",
        list("/values/disclosures").len(),
        list("/values/decoys").len(),
        s("/inputs/slots"),
        s("/values/decoys/0")
    ));
    p("## 3. Payload (record.md)\n".into());
    p(block(&s("/values/payload/bytes")));
    p(format!(
        "Its digest, for a later version's `replaces` or a later year's `history`: `{}`\n",
        s("/values/payload/sha256")
    ));
    p("## 4. Signatures (statement.md)\n".into());
    for (i, signer) in list("/inputs/signers").iter().enumerate() {
        p(format!("### {} (`{}`)\n", signer["role"].as_str().expect("role"), signer["name"].as_str().expect("name")));
        let value = |name: &str| s(&format!("/values/signatures/{i}/{name}"));
        p(format!("Protected header:\n\n{}", block(&value("protected"))));
        p("| value | |\n|---|---|".into());
        for (label, name) in [
            ("public key", "public_key"),
            ("SHA-256 of the certificate", "certificate_sha256"),
            ("`prev`", "prev"),
            ("SHA-256 of the signing input (hex)", "signing_input_sha256"),
            ("signature", "signature"),
        ] {
            let value = value(name);
            p(format!(
                "| {label} | {} |",
                if value.is_empty() { "none, the first".into() } else { format!("`{value}`") }
            ));
        }
        p(String::new());
    }
    p("## 5. Statement, leaf, tree (statement.md, anchor.md)\n".into());
    p(format!(
        "The statement's canonical bytes ({} of them, in values.json) have SHA-256 `{}`. The leaf is the SHA-256 of a \
         zero byte and the same bytes; it stands at place {} of a batch of {}.\n",
        s("/values/statement/length"),
        s("/values/statement/sha256"),
        s("/inputs/leaf_index"),
        s("/values/tree/size")
    ));
    p("| place | leaf | path, from the leaf up |\n|---|---|---|".into());
    for (n, leaf) in list("/values/tree/leaves").iter().enumerate() {
        let path: Vec<String> = list(&format!("/values/tree/paths/{n}"))
            .iter()
            .map(|node| format!("`{}`", node.as_str().expect("hex")))
            .collect();
        p(format!("| {n} | `{}` | {} |", leaf.as_str().expect("hex"), path.join("<br>")));
    }
    p(format!("\nRoot: `{}`\n", s("/values/tree/root")));
    p("## 6. The contract's digests (anchor.md)\n".into());
    p("| value | |\n|---|---|".into());
    for (label, pointer) in [
        ("chain id", "/inputs/chain"),
        ("contract", "/inputs/contract"),
        ("issuer as `bytes16`", "/values/batch/issuer_bytes16"),
        ("block time", "/inputs/batch/time"),
        ("genesis of the anchor chain", "/values/batch/anchor_genesis"),
        ("digest of batch 0", "/values/batch/digest"),
    ] {
        p(format!("| {label} | `{}` |", s(pointer)));
    }
    p("\n## 7. A status (status.md)\n".into());
    p("The principal withdraws the record:\n".into());
    p(block(&s("/values/status/statement")));
    p("| value | |\n|---|---|".into());
    for (label, pointer) in [
        ("status key", "/values/status/key"),
        ("leaf hash of the statement", "/values/status/leaf"),
        ("genesis of the status log", "/values/status/genesis"),
        ("digest after entry 0", "/values/status/digest"),
    ] {
        p(format!("| {label} | `{}` |", s(pointer)));
    }
    page
}

fn same_as_committed(path: &Path, fresh: &str) {
    if std::env::var_os("HOCBA_BLESS").is_some() {
        fs::write(path, fresh).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return;
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == fresh,
        "{} is not what the code computes. If the protocol changed on purpose: HOCBA_BLESS=1 cargo test -p hocba-tests \
         --test worked_example",
        path.display()
    );
}

#[test]
fn the_committed_example_is_what_the_code_computes() {
    let values = example();
    let mut json = String::new();
    pretty(&canonical::to_json(&values).expect("no floats, no null"), 0, &mut json);
    json.push('\n');
    same_as_committed(&repository().join("tests/worked-example/values.json"), &json);
    same_as_committed(&repository().join("docs/spec/worked-example.md"), &page(&values));
}
