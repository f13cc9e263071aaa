//! Writes `tests/fuzz/seeds/<target>/`: small good inputs of every target, from the testkit and the sample class.
//! `cargo +nightly run --bin seeds` in tests/fuzz, then look at the difference.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hocba_bundle::facts::ALG_RFC6962_SHA256;
use hocba_exchange::{
    book_json::BookExport,
    contract::{self, Content, Event, Incoming},
    package::{
        Answer, Answers, Layout as _, Package, PackageEvent, PackageHeader, PackageRecord, ResultCode, ResultError,
        State, Unchecked1,
    },
    signed::Exported,
};
use hocba_fuzz::{FIXTURE, package_parts};
use hocba_record::{
    disclosure::{self, Seed},
    draft::Draft,
    encoding::{RecordId, Sha256Digest},
    payload::{OpenClaims, PolicyReference, RecordKind},
    rules::{self, Policies},
    types::UnixTime,
};
use hocba_sample::{Options, class};
use hocba_signature::{
    statement::Role,
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::repository;
use hocba_workbook::template;
use serde_json::json;

fn write(target: &str, name: &str, bytes: impl AsRef<[u8]>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), bytes).expect("a file");
}

fn main() {
    let world = &FIXTURE.world;
    let record = &world.records[0];

    write("canonical", "all", r#"{"":[],"a":{"b":[true,false,-1,9007199254740991]},"é\n\"":"€ 😂 \u000f"}"#);
    write("canonical", "resaved", "\u{feff}{ \"b\" : 1,\r\n\t\"a\" : [ \"\\u0041\\/\\ud83d\\ude02\" ] }\n");
    write("statement", "record", record.statement.to_bytes());
    write("statement", "appointment", world.store.appointments[0].statement.to_bytes());
    write("payload", "record", record.statement.payload());
    for disclosure in &record.disclosures {
        write("payload", disclosure.name().as_str(), disclosure.value().to_bytes());
        write("disclosure", disclosure.name().as_str(), URL_SAFE_NO_PAD.decode(disclosure.to_text()).expect("its own"));
    }
    write("disclosure", "text", record.disclosures[0].to_text());
    write("bundle", "whole.hocba.json", FIXTURE.bundles[0].to_bytes());
    let mut part = FIXTURE.bundles[0].clone();
    part.records[0].seed = None;
    part.records[0].disclosures.truncate(2);
    write("bundle", "part.hocba.json", part.to_bytes());
    write("profile", "file", &FIXTURE.profile);
    write("profile", "content", hocba_tests::profile_content().to_bytes());
    write("snapshot", "snapshot", world.ledger.snapshot().to_bytes());
    for (n, certificate) in world.store.certificates.iter().take(3).enumerate() {
        write("certificate", &format!("{n}.der"), certificate.der());
    }
    let fixtures = repository().join("crates/signature/tests/fixtures/openssl");
    for name in
        ["good.crl", "revoked-keyCompromise-invalidity.crl", "scope-point.crl", "good-by-delegate.ocsp", "revoked.ocsp"]
    {
        write("revocation", name, fs::read(fixtures.join(name)).expect("a fixture"));
    }
    for name in ["p256.tsr", "rsa.tsr", "pss.tok", "refused.tsr"] {
        write("timestamp", name, fs::read(fixtures.with_file_name("timestamp").join(name)).expect("a fixture"));
    }
    for name in ["a-leaf-rsa.crt", "a-leaf-pss.crt", "b-leaf-p384.crt"] {
        write("certificate", name, fs::read(fixtures.join(name)).expect("a fixture"));
    }
    for (role, class) in [(Role::Principal, None), (Role::HomeroomTeacher, Some("9A3"))] {
        write("appointment", role.as_str(), world.school.appointment(role, class).to_bytes());
    }
    let appointment = world.school.appointment(Role::Principal, None);
    let change = StatusChange {
        action: StatusAction::Supersede,
        decision: Some("12/QĐ-THCS".parse().expect("text")),
        live_version: 2,
        reason: ReasonClass::Correction,
        replacement: Some(record.statement.leaf_hash()),
        school: appointment.school.clone(),
        since: None,
        subject: appointment.id,
    };
    write("status", "supersede", change.to_bytes());
    let end = StatusChange { action: StatusAction::End, decision: None, replacement: None, ..change };
    write("status", "end", end.to_bytes());

    let (header, drafts) = class(7, &Options { pupils: 2, pending: 0, ..Options::lower_secondary() });
    let mut drafts = drafts;
    drafts.iter_mut().for_each(|draft| draft.subjects.truncate(3));
    let workbook = template(Some(&header), &[], &drafts).expect("the layout holds it");
    write("workbook_xlsx", "class.xlsx", &workbook);
    for ((name, part), n) in package_parts(&workbook).into_iter().zip(0_u8..) {
        // One small sheet, the strings and what ties them together are enough to start from.
        if part.len() < 8_000 && !name.contains("theme") && !name.contains("docProps") {
            write("workbook_xlsx", &format!("part-{n:02}"), [&[n], part.as_slice()].concat());
        }
    }
    write(
        "workbook_csv",
        "class.csv",
        "\u{feff}Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;Mã môn;HK1 ĐTB;\
         HK2 ĐTB;Rèn luyện HK1;Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép\n79DEMO001;THCS Trần Phú (DEMO);2026-2027;9;\
         9A3;1;Lê Thị Hoa;05/03/2012;Nữ;HS01;toan;8,5;9,0;T;T;0;0\n;;;;;1;Lê Thị Hoa;;;;ngu_van;7,5;8,0;;;;\n",
    );
    write("workbook_csv", "commas.csv", "STT,Họ và tên,Mã môn,HK1 TX1,HK1 GK\n1,\"Đặng \"\"An\"\"\",toan,8.5,10\n");

    exchange();

    let keys = repository().join("keys-example");
    for name in ["teacher.key.pem", "teacher.crt.pem"] {
        write("key_file", name, fs::read(keys.join(name)).expect("a committed key"));
    }
    let key = fs::read_to_string(keys.join("teacher.key.pem")).expect("PEM");
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body).expect("PEM");
    write("key_file", "teacher.key.der", der);

    let answer = |result: serde_json::Value| json!({"jsonrpc": "2.0", "id": 7, "result": result}).to_string();
    let word = |n: u64| format!("{n:064x}");
    let hash = format!("0x{}", "ab".repeat(32));
    let address = format!("0x{}", "c0".repeat(20));
    write("rpc", "quantity", answer(json!("0x1b4")));
    let block = json!({"number": "0x5", "hash": hash, "parentHash": hash, "timestamp": "0x6a000000"});
    write("rpc", "block", answer(block));
    let log = json!({
        "address": address, "topics": [hash, hash, hash], "data": format!("0x{}", word(3).repeat(5)),
        "blockNumber": "0x5", "blockHash": hash, "transactionHash": hash, "removed": false,
    });
    write("rpc", "logs", answer(json!([log])));
    let receipt = json!({
        "transactionHash": hash, "blockNumber": "0x5", "blockHash": hash, "gasUsed": "0x5208", "status": "0x1",
        "contractAddress": address, "logs": [log],
    });
    write("rpc", "receipt", answer(receipt));
    let issuer = format!("{:0<64}", "so-demo".bytes().map(|b| format!("{b:02x}")).collect::<String>());
    let batch = [word(9), word(3), word(1_800_000_000), word(ALG_RFC6962_SHA256.into()), issuer].concat();
    write("rpc", "batches", answer(json!(format!("0x{}{}{batch}", word(32), word(1)))));
    let error = json!({"code": 3, "message": "execution reverted", "data": "0x08c379a0"});
    write("rpc", "error", json!({"jsonrpc": "2.0", "id": 7, "error": error}).to_string());
    println!("seeds written");
}

/// Formats of other systems: messages of the contract, a book, a package and answers to it.
fn exchange() {
    let now = UnixTime::from_seconds(1_812_589_200).expect("a time");
    let (header, drafts) = class(7, &Options { pupils: 2, pending: 0, ..Options::lower_secondary() });
    let message = |(number, draft): (usize, &Draft)| {
        let mut draft = draft.clone();
        draft.subjects.truncate(3);
        Incoming {
            id: format!("HB-{number}").parse().expect("a key"),
            version: 1,
            at: now,
            event: Event::New(Box::new(Content { header: header.clone(), draft, earlier: Vec::new() })),
            warnings: Vec::new(),
        }
    };
    let mut messages: Vec<Incoming> = drafts.iter().enumerate().map(message).collect();
    write("contract_json", "array.json", contract::write(&messages));
    messages[1].event = Event::Cancel;
    write("contract_json", "lines.jsonl", contract::write_lines(&messages));

    let mut sections = rules::sections(&header, &drafts[0], &Policies::default()).expect("a sound pupil");
    sections.retain(|s| !s.name().as_str().starts_with("subject.") || s.name().as_str() == "subject.toan");
    let open = OpenClaims {
        id: RecordId::from_bytes([1; 16]),
        version: 1,
        replaces: None,
        kind: RecordKind::Year,
        school: header.school.clone(),
        year: header.year,
        grade: header.grade,
        class: header.class.clone(),
        form: header.form(),
        policy: PolicyReference { id: "hocba-policy-1".into(), sha256: Sha256Digest::of(b"policy") },
    };
    let issued = disclosure::issue(open, &sections, Vec::new(), &Seed::from_bytes([1; 32])).expect("a record");
    let exported = Exported::of(&issued.payload, &issued.disclosures);
    write("book_json", "book.json", BookExport { exported_at: now, records: vec![exported.clone()] }.to_bytes());
    let id = RecordId::from_bytes([200; 16]);
    let header = PackageHeader {
        id,
        department: "79".parse().expect("a code"),
        period: "2026-2027".parse().expect("a text"),
        created: now,
    };
    let line = |key: &str, event| PackageRecord { id: key.parse().expect("a key"), version: 1, at: now, event };
    let records = vec![line("HB-0", PackageEvent::New(Box::new(exported))), line("HB-1", PackageEvent::Cancel)];
    let package = Unchecked1.write(&Package { header, records }).expect("the layout holds it");
    write("package_xml", "package.xml", package);

    let error =
        ResultError { code: "E01".parse().expect("text"), text: "Thiếu số định danh".parse().expect("text") };
    let answer =
        |key: &str, code, errors| Answer { id: key.parse().expect("a key"), state: State { code, errors, at: now } };
    let answers = vec![
        answer("HB-0", ResultCode::Waiting, Vec::new()),
        answer("HB-1", ResultCode::Rejected, vec![error]),
        answer("HB-2", ResultCode::Accepted, Vec::new()),
    ];
    write("result_xml", "answers.xml", Unchecked1.write_answers(&Answers { package: id, at: now, answers }));
}
