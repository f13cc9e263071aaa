//! The API over a real office: the whole story, who may do what, and every problem a client can meet.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use hocba_app::{App, PublicRecord, PublicRecordFuture, Step, model::GrantRole};
use hocba_bundle::format::Bundle;
use hocba_keystore::DataKey;
use hocba_merkle::{LeafHash, Tree};
use hocba_record::{
    draft::Draft,
    encoding::{RecordId, Sha256Digest, base64url, from_base64url},
};
use hocba_server::{Server, config::ServerConfig, http::request_id::RequestIds, problem::Kind};
use hocba_signature::statement::Role;
use hocba_tests::{
    DAY, NOW, at,
    office::{OPERATOR, Office, chain_of, workbook},
};
use serde_json::{Value, json};

use crate::{
    client::{self, Answer, send},
    common,
    desk::{Desk, EVERYBODY, certificates, everywhere, grant, signer_of},
};

#[tokio::test]
async fn a_class_goes_from_a_spreadsheet_to_a_link_that_verifies() {
    let (desk, class) = Desk::with_class(3).await;
    for (step, who) in [(Step::Sign, "teacher"), (Step::CoSign, "principal"), (Step::Seal, "clerk")] {
        let signed = desk.signed(&class, step).await;
        let address = format!("/classes/{class}/signatures");
        assert_eq!(desk.post(who, &address, &signed).await.json(), json!({ "taken": 3, "already": 0 }));
        // The answer got lost; the same again is harmless.
        assert_eq!(desk.post(who, &address, &signed).await.json(), json!({ "taken": 0, "already": 3 }));
    }
    desk.office.anchor().await;
    let list = desk.get("teacher", "/classes").await.json();
    assert_eq!((&list["classes"][0]["id"], &list["classes"][0]["name"]), (&json!(class), &json!("9A3")));
    assert_eq!(
        (&list["classes"][0]["states"]["in_force"], &list["classes"][0]["states"]["draft"]),
        (&json!(3), &json!(0))
    );

    desk.later();
    let record = desk.records(&class).await.swap_remove(1);
    let address = format!("/records/{record}/links");
    let made = desk.post("clerk", &address, &json!({ "scope": "results", "expires_at": NOW + DAY })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    let made = made.json();
    assert!(made["qr_svg"].as_str().is_some_and(|svg| svg.starts_with("<svg ")));

    // Whoever has the link derives token and key from its fragment.
    let secret = made["url"].as_str().and_then(|url| url.strip_prefix("https://hocba.example.vn/v#")).expect("a link");
    let secret: [u8; 32] = from_base64url(secret).expect("base64url").try_into().expect("32 bytes");
    let token = common::derive(&secret, "hocba-link-token-v1");
    let open = json!({ "token": base64url(&token) });
    let sealed = desk.post("stranger", "/links/open", &open).await.json();
    let bytes = |name: &str| from_base64url(sealed[name].as_str().expect("text")).expect("base64url");
    let nonce = bytes("nonce").try_into().expect("12 bytes");
    let file = hocba_keystore::unseal(
        &common::derive(&secret, "hocba-link-key-v1"),
        &nonce,
        Sha256Digest::of(&token).as_bytes(),
        &bytes("ciphertext"),
    );
    let file = file.expect("the link's key opens it").to_vec();
    let report = desk.call("stranger", Method::POST, "/verify", file.clone()).await;
    assert_eq!((report.status, &report.json()["verdict"]), (StatusCode::OK, &json!("valid")), "{}", report.text());
    // What is no transcript is a verdict, too.
    let report = desk.call("stranger", Method::POST, "/verify", "{}").await;
    assert_eq!((report.status, &report.json()["verdict"]), (StatusCode::OK, &json!("invalid")));

    let links = desk.get("clerk", &address).await.json();
    assert_eq!((&links["links"][0]["scope"], &links["links"][0]["looks"]), (&json!("results"), &json!(1)));
    assert_eq!(links["links"][0]["id"], made["id"]);
    let link = format!("/links/{}", made["id"].as_str().expect("an id"));
    for _ in 0..2 {
        let withdrawn = desk.call("clerk", Method::DELETE, &link, Body::empty()).await;
        assert_eq!(withdrawn.status, StatusCode::NO_CONTENT, "{}", withdrawn.text());
    }
    assert_eq!(desk.post("stranger", "/links/open", &open).await.problem(), "link-withdrawn");
}

#[tokio::test]
async fn a_transcript_file_and_the_list_of_what_was_issued_agree() {
    let (desk, class) = Desk::anchored(2).await;
    let record = desk.records(&class).await.swap_remove(0);
    let file = desk.get("clerk", &format!("/records/{record}/bundle?scope=whole")).await;
    assert_eq!(file.headers[header::CONTENT_TYPE], "application/json");
    let name = format!("attachment; filename=\"hoc-ba-{record}.hocba.json\"");
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], name);
    desk.later();
    assert_eq!(desk.call("stranger", Method::POST, "/verify", file.body.clone()).await.json()["verdict"], "valid");

    let bundle = Bundle::read(&file.body).expect("a bundle").bundle;
    let (part, anchor) = (&bundle.records[0], &bundle.records[0].anchor);
    let leaves = desk.get("clerk", &format!("/schools/79DEMO001/batches/{}/leaves", anchor.batch)).await.json();
    assert_eq!(leaves["leaves"].as_array().map(Vec::len), Some(2));
    let line = json!({
        "position": anchor.index, "leaf": format!("sha256:{}", part.statement.leaf_hash().to_hex()),
        "kind": "record", "subject": record, "version": 1,
    });
    assert!(leaves["leaves"].as_array().is_some_and(|all| all.contains(&line)), "{line} in {leaves}");
}

#[tokio::test]
async fn anyone_computes_the_root_of_a_batch_again_and_sees_nothing_else_of_it() {
    let (desk, _) = Desk::anchored(3).await;
    let list = desk.get("stranger", "/batches").await.json();
    let batches = list["batches"].as_array().expect("batches");
    assert!(batches.len() >= 2, "appointments, then records: {list}");
    let facts = desk.office.chain.0.lock().expect("no test panics with it").facts.clone();
    for (index, batch) in batches.iter().enumerate() {
        let fact = &facts.batches[index];
        let found = ["index", "root", "size", "issuer", "time"].map(|member| batch[member].clone());
        let root = format!("sha256:{}", fact.root.to_hex());
        let expected = [json!(index), json!(root), json!(fact.size), json!(fact.issuer), json!(fact.time)];
        assert_eq!(found, expected);
        let answer = desk.get("stranger", &format!("/batches/{index}/leaves")).await.json();
        let leaves: Vec<LeafHash> = answer["leaves"].as_array().expect("leaves").iter().map(hash).collect();
        assert_eq!(Tree::new(&leaves).expect("a tree").root().as_bytes(), fact.root.as_bytes());
        let members: Vec<&String> = answer.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["index", "leaves"]);

        let schools = desk.get("clerk", &format!("/batches/{index}/schools")).await.json();
        assert_eq!(schools, json!({ "index": index, "schools": vec!["79DEMO001"; leaves.len()] }));
    }
    let last = batches.len() - 1;
    let rest = desk.get("stranger", &format!("/batches?from={last}")).await.json();
    assert_eq!(rest["batches"], json!([batches[last]]));
    assert_eq!(desk.get("stranger", "/batches?from=99").await.json(), json!({ "batches": [] }));
    problem(&desk.get("stranger", "/batches?from=first").await, "malformed");
}

/// A leaf as the API writes it.
fn hash(text: &Value) -> LeafHash {
    let digits = text.as_str().and_then(|text| text.strip_prefix("sha256:")).expect("a digest");
    let bytes = (0..32).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).expect("hex"));
    LeafHash::from_bytes(bytes.collect::<Vec<_>>().try_into().expect("32 bytes"))
}

#[tokio::test]
async fn a_record_is_returned_corrected_and_signed_again_and_a_pupil_left_out_and_taken_back() {
    let (desk, class) = Desk::with_class(2).await;
    desk.sign(&class, Step::Sign).await;
    let record = desk.records(&class).await.swap_remove(1);
    let returned =
        desk.post("principal", &format!("/records/{record}/return"), &json!({ "reason": "wrong_mark" })).await;
    assert_eq!(returned.status, StatusCode::NO_CONTENT, "{}", returned.text());
    let view = desk.get("teacher", &format!("/classes/{class}")).await.json();
    assert_eq!(
        (&view["pupils"][1]["state"], &view["pupils"][1]["returned"]),
        (&json!("returned"), &json!("wrong_mark"))
    );
    let corrected = workbook(2, |_, drafts| drafts[1].remark = Some("Nhận xét đã sửa.".parse().expect("text")));
    let imported = desk.call("teacher", Method::POST, "/classes", corrected).await;
    assert_eq!(imported.status, StatusCode::CREATED, "{}", imported.text());
    assert_eq!((&imported.json()["ready"], &imported.json()["unchanged"]), (&json!(1), &json!(1)));

    let left_out = format!("/records/{record}/left-out");
    for (reason, to_sign) in [(json!("incomplete"), 0), (Value::Null, 1)] {
        let answer = desk.call("teacher", Method::PUT, &left_out, json!({ "reason": reason }).to_string()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        let tasks = format!("/classes/{class}/signing-tasks");
        let tasks = desk.post("teacher", &tasks, &signer_of(Step::Sign, &certificates("teacher"))).await.json();
        assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(to_sign));
        assert_eq!((&tasks["already"], tasks["left_out"] == json!([2])), (&json!(1), to_sign == 0));
    }
    // The principal's turn has not come for the second.
    let tasks = format!("/classes/{class}/signing-tasks");
    let tasks = desk.post("principal", &tasks, &signer_of(Step::CoSign, &certificates("principal"))).await.json();
    assert_eq!(tasks["waiting"], json!([{ "number": 2, "state": "draft" }]));
    assert!(
        tasks["tasks"][0]["disclosures"].as_array().is_some_and(|d| d.len() > 10),
        "the signer sees what is signed"
    );
}

/// An endpoint, a request to it that is in order, and who is answered how; everybody else is not allowed.
struct Row {
    method: Method,
    route: &'static str,
    path: String,
    body: Vec<u8>,
    allowed: &'static [(&'static str, u16)],
}

#[tokio::test]
async fn everybody_may_do_their_own_work_and_no_other() {
    let (desk, class) = Desk::anchored(1).await;
    let record = desk.records(&class).await.swap_remove(0);
    let link = desk.post("clerk", &format!("/records/{record}/links"), &json!({ "scope": "whole" })).await.json();
    let link = link["id"].as_str().expect("an id");
    let row = |method, route: &'static str, body: Vec<u8>, allowed| {
        let path = route.replace("{class}", &class).replace("{record}", &record).replace("{link}", link);
        let path = path.replace("{school}", "79DEMO001").replace("{index}", "1");
        Row { method, route, path, body, allowed }
    };
    let json = |document: Value| document.to_string().into_bytes();
    let tasks = |step, name| json(signer_of(step, &certificates(name)));
    let none = |step, name| json(json!({ "step": step, "certificates": certificates(name), "signatures": [] }));
    let reason = |word| json(json!({ "reason": word }));
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let all = [
        row(
            get.clone(),
            "/classes",
            vec![],
            &[
                ("nobody", 200),
                ("other", 200),
                ("department", 200),
                ("operator", 200),
                ("principal", 200),
                ("teacher", 200),
                ("clerk", 200),
            ],
        ),
        row(
            get.clone(),
            "/classes/{class}",
            vec![],
            &[("department", 200), ("principal", 200), ("teacher", 200), ("clerk", 200)],
        ),
        row(post.clone(), "/classes", workbook(1, |_, _| {}), &[("teacher", 201)]),
        row(post.clone(), "/classes/{class}/signing-tasks", tasks(Step::Sign, "teacher"), &[("teacher", 200)]),
        row(post.clone(), "/classes/{class}/signing-tasks", tasks(Step::CoSign, "principal"), &[("principal", 200)]),
        row(post.clone(), "/classes/{class}/signing-tasks", tasks(Step::Seal, "seal"), &[("clerk", 200)]),
        // With one's own certificate, the other steps are nobody's.
        row(post.clone(), "/classes/{class}/signing-tasks", tasks(Step::CoSign, "teacher"), &[]),
        row(post.clone(), "/classes/{class}/signing-tasks", tasks(Step::Sign, "principal"), &[]),
        row(post.clone(), "/classes/{class}/signatures", none(Step::Sign, "teacher"), &[("teacher", 200)]),
        row(post.clone(), "/classes/{class}/signatures", none(Step::Seal, "seal"), &[("clerk", 200)]),
        row(post.clone(), "/classes/{class}/signatures", none(Step::Seal, "principal"), &[]),
        row(post.clone(), "/records/{record}/return", reason("other"), &[("principal", 409)]),
        row(put.clone(), "/records/{record}/left-out", reason("other"), &[("teacher", 409)]),
        row(get.clone(), "/records/{record}/bundle?scope=whole", vec![], &[("clerk", 200)]),
        row(get.clone(), "/records/{record}/links", vec![], &[("clerk", 200)]),
        row(post.clone(), "/records/{record}/links", json(json!({ "scope": "whole" })), &[("clerk", 201)]),
        row(Method::DELETE, "/links/{link}", vec![], &[("clerk", 204)]),
        row(
            get.clone(),
            "/schools/{school}/batches/{index}/leaves",
            vec![],
            &[("department", 200), ("principal", 200), ("clerk", 200)],
        ),
        row(
            get.clone(),
            "/batches/{index}/schools",
            vec![],
            &[("department", 200), ("principal", 200), ("clerk", 200)],
        ),
        row(post.clone(), "/batches/close", vec![], &[("department", 202), ("operator", 202)]),
    ];
    let mut seen = BTreeSet::new();
    for Row { method, route, path, body, allowed } in all {
        seen.insert(format!("{method} /api/v1{}", route.split('?').next().expect("a path")));
        let answer = desk.call("stranger", method.clone(), &path, body.clone()).await;
        assert_eq!((answer.problem().as_str(), answer.status.as_u16()), ("unauthenticated", 401), "{method} {route}");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        for who in EVERYBODY {
            let answer = desk.call(who, method.clone(), &path, body.clone()).await;
            let expected = allowed.iter().find(|(name, _)| *name == who).map_or(403, |(_, status)| *status);
            assert_eq!(answer.status.as_u16(), expected, "{who}: {method} {route}: {}", answer.text());
            if expected == 403 {
                assert_eq!(answer.problem(), "forbidden");
                assert!(answer.json()["action"].is_string());
            }
        }
    }
    let open =
        ["POST /api/v1/links/open", "POST /api/v1/verify", "GET /api/v1/batches", "GET /api/v1/batches/{index}/leaves"];
    seen.extend(open.map(str::to_owned));
    let endpoints: BTreeSet<String> =
        hocba_server::endpoints().iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(seen, endpoints, "each endpoint stands in this table");
}

#[tokio::test]
async fn names_are_for_those_who_may_see_records() {
    let (desk, class) = Desk::with_class(2).await;
    for (who, named) in [("teacher", true), ("principal", true), ("clerk", true), ("department", false)] {
        let view = desk.get(who, &format!("/classes/{class}")).await.json();
        assert_eq!(view["pupils"][0]["name"].is_string(), named, "{who}");
        assert_eq!(view["pupils"][0]["state"], "draft");
    }
    for (who, classes) in [("teacher", 1), ("department", 1), ("other", 0), ("operator", 0), ("nobody", 0)] {
        let list = desk.get(who, "/classes").await.json();
        assert_eq!(list["classes"].as_array().map(Vec::len), Some(classes), "{who}");
    }
}

/// Checks a problem's code and gives its document.
fn problem(answer: &Answer, code: &str) -> Value {
    assert_eq!(answer.problem(), code, "{}", answer.text());
    answer.json()
}

/// A pupil whose conduct of the second term is missing.
fn half_a_year(draft: &mut Draft) {
    draft.conduct.term2 = None;
}

#[tokio::test]
async fn only_a_token_that_holds_opens_the_door() {
    let mut desk = Desk::open(false).await;
    let with = |value: String| Request::get("/api/v1/classes").header(header::AUTHORIZATION, value).body(Body::empty());
    for value in ["Bearer hocba_nonsense".to_owned(), format!("Basic {}", desk.token("teacher")), "Bearer ".to_owned()]
    {
        let answer = send(&desk.router, with(value).expect("request")).await;
        problem(&answer, "unauthenticated");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
    assert_eq!(desk.get("teacher", "/classes").await.status, StatusCode::OK);
    desk.office.clock.fetch_add(30 * DAY, Ordering::Relaxed);
    problem(&desk.get("teacher", "/classes").await, "unauthenticated");
    // A stranger's body is not even read.
    let large = desk.call("stranger", Method::POST, "/classes", vec![0; 21 * 1024 * 1024]).await;
    problem(&large, "unauthenticated");
    desk.account("new", None, vec![]).await;
    problem(&desk.call("new", Method::POST, "/classes", vec![0; 21 * 1024 * 1024]).await, "forbidden");
}

#[tokio::test]
async fn what_is_out_of_form_is_said_by_name() {
    let (desk, class) = Desk::with_class(1).await;
    let record = desk.records(&class).await.swap_remove(0);
    let nobody = RecordId::from_bytes([7; 16]);
    for path in [
        "/classes/short".to_owned(),
        format!("/classes/{nobody}"),
        format!("/records/{nobody}/links"),
        format!("/records/{nobody}/bundle?scope=whole"),
        "/schools/79DEMO001/batches/first/leaves".to_owned(),
        "/schools/79DEMO001/batches/0/leaves".to_owned(),
        "/batches/0/leaves".to_owned(),
        "/batches/-1/leaves".to_owned(),
        "/batches/0/schools".to_owned(),
        "/nothing".to_owned(),
    ] {
        problem(&desk.get("clerk", &path).await, "not-found");
    }
    problem(&desk.call("clerk", Method::DELETE, &format!("/links/{nobody}"), Body::empty()).await, "not-found");
    let answer = desk.call("teacher", Method::PATCH, "/classes", Body::empty()).await;
    problem(&answer, "method-not-allowed");
    assert!(answer.headers[header::ALLOW].to_str().is_ok_and(|allow| allow.contains("GET") && allow.contains("POST")));

    let signer = certificates("teacher");
    let (tasks, signatures) = (format!("/classes/{class}/signing-tasks"), format!("/classes/{class}/signatures"));
    for (path, body) in [
        (&tasks, "Nguyen".to_owned()),
        (&tasks, json!({ "step": "approve", "certificates": signer }).to_string()),
        (&tasks, json!({ "step": "sign", "certificates": ["Nguyen+/"] }).to_string()),
        (&tasks, json!({ "step": "sign", "certificates": signer, "Nguyen": 1 }).to_string()),
        (&signatures, json!({ "step": "sign", "certificates": signer }).to_string()),
        (&format!("/records/{record}/return"), json!({ "reason": "Nguyen" }).to_string()),
        (&format!("/records/{record}/links"), json!({ "scope": "results", "expires_at": "Nguyen" }).to_string()),
    ] {
        let answer = desk.call("teacher", Method::POST, path, body).await;
        assert_eq!(problem(&answer, "malformed")["member"], "body");
        assert!(!answer.text().contains("Nguyen"), "{}", answer.text());
    }
    let answer = desk.call("teacher", Method::PUT, &format!("/records/{record}/left-out"), "{}").await;
    assert_eq!(problem(&answer, "malformed")["member"], "body", "taking a pupil back in is said, not left out");
    for scope in ["", "?scope=all", "?scope=whole&scope=whole"] {
        let answer = desk.get("clerk", &format!("/records/{record}/bundle{scope}")).await;
        assert_eq!(problem(&answer, "malformed")["member"], "scope");
    }
    let answer = desk.call("teacher", Method::POST, "/classes?leave_out=7", workbook(1, |_, _| {})).await;
    assert_eq!(problem(&answer, "malformed")["member"], "leave_out");

    let answer = desk.call("teacher", Method::POST, &tasks, vec![b' '; hocba_server::MAX_BODY + 1]).await;
    assert_eq!(problem(&answer, "too-large")["limit"], hocba_server::MAX_BODY);
    let limit = hocba_workbook::Limits::default().input_bytes;
    let answer = desk.call("teacher", Method::POST, "/classes", vec![b' '; limit + 1]).await;
    assert_eq!(problem(&answer, "too-large")["limit"], limit);
    let form = Request::post("/api/v1/classes")
        .header(header::AUTHORIZATION, format!("Bearer {}", desk.token("teacher")))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    problem(&send(&desk.router, form.body(Body::empty()).expect("request")).await, "unsupported-media-type");

    let many: Vec<Value> = (0..201)
        .map(|_| json!({ "record": nobody, "version": 1, "revision": 1, "at": NOW, "signature": "AAAA" }))
        .collect();
    let body = json!({ "step": "sign", "certificates": signer, "signatures": many });
    let found = problem(&desk.post("teacher", &signatures, &body).await, "too-many");
    assert_eq!((&found["member"], &found["limit"]), (&json!("signatures"), &json!(200)));
    let body = signer_of(Step::Sign, &vec![signer[0].clone(); 9]);
    assert_eq!(problem(&desk.post("teacher", &tasks, &body).await, "too-many")["member"], "certificates");
}

#[tokio::test]
async fn a_faulty_spreadsheet_is_told_with_every_cell() {
    let (mut desk, class) = Desk::with_class(2).await;
    let import = |bytes: Vec<u8>| desk.call("teacher", Method::POST, "/classes", bytes);
    let found = problem(&import(workbook(2, |_, drafts| half_a_year(&mut drafts[1]))).await, "workbook");
    let findings = found["findings"].as_array().expect("findings");
    let of_a_cell = findings.iter().find(|f| f["cell"].is_string()).expect("one is about a cell");
    for member in ["code", "severity", "sheet", "cell", "value", "expected", "how_to_mend"] {
        assert!(of_a_cell.get(member).is_some(), "{member} in {of_a_cell}");
    }
    assert!(of_a_cell["how_to_mend"]["vi"].is_string() && of_a_cell["how_to_mend"]["en"].is_string());
    assert!(findings.iter().any(|f| f["severity"] == "error"));
    assert_eq!(problem(&import(b"PK no workbook".to_vec()).await, "workbook")["findings"][0]["severity"], "error");
    assert_eq!(problem(&import(Vec::new()).await, "workbook")["findings"][0]["code"], "empty_file");

    let leaving = async |query: &str, bytes: Vec<u8>| {
        desk.call("teacher", Method::POST, &format!("/classes?leave_out={query}"), bytes).await
    };
    let unknown = leaving("9:other", workbook(2, |_, _| {})).await;
    assert_eq!(problem(&unknown, "unknown-number")["number"], 9);
    let half = leaving("2:waiting_for_reassessment", workbook(2, |_, drafts| half_a_year(&mut drafts[1]))).await;
    assert_eq!((half.status, &half.json()["left_out"]), (StatusCode::CREATED, &json!([2])), "{}", half.text());
    assert_eq!((&half.json()["ready"], &half.json()["class"]), (&json!(1), &json!(class)));
    let record = desk.records(&class).await.swap_remove(1);
    let path = format!("/records/{record}/left-out");
    let back = desk.call("teacher", Method::PUT, &path, json!({ "reason": null }).to_string()).await;
    assert_eq!(problem(&back, "record-incomplete")["number"], 2);

    assert_eq!(desk.sign(&class, Step::Sign).await.json()["taken"], 1);
    let other = workbook(2, |_, drafts| drafts[0].remark = Some("Một nhận xét khác.".parse().expect("text")));
    let found = problem(&desk.call("teacher", Method::POST, "/classes", other).await, "signed-would-change");
    assert_eq!((&found["class"], &found["numbers"]), (&json!("9A3"), &json!([1])));
    let signed = desk.call("teacher", Method::POST, "/classes?leave_out=1:other", workbook(2, |_, _| {})).await;
    let found = problem(&signed, "wrong-state");
    assert_eq!((&found["found_state"], &found["expected_state"]), (&json!("teacher_signed"), &json!("draft")));
    assert_eq!(found["number"], 1);

    desk.account("everywhere", None, vec![everywhere(GrantRole::HomeroomTeacher)]).await;
    let elsewhere = workbook(1, |header, _| header.school = "79DEMO009".parse().expect("code"));
    let found = desk.call("everywhere", Method::POST, "/classes", elsewhere).await;
    assert_eq!(problem(&found, "unknown-school")["school"], "79DEMO009");
}

#[tokio::test]
async fn a_signature_that_does_not_hold_says_what_is_wrong_with_it() {
    let (desk, class) = Desk::with_class(2).await;
    let (tasks, signatures) = (format!("/classes/{class}/signing-tasks"), format!("/classes/{class}/signatures"));
    let mut body = signer_of(Step::Sign, &certificates("teacher"));
    body["only"] = json!([9]);
    assert_eq!(problem(&desk.post("teacher", &tasks, &body).await, "unknown-number")["number"], 9);
    problem(&desk.post("teacher", &tasks, &signer_of(Step::Sign, &[])).await, "certificate-unusable");
    let stranger = signer_of(Step::Sign, &certificates("stranger-department"));
    problem(&desk.post("teacher", &tasks, &stranger).await, "certificate-unusable");
    // A colleague's certificate is usable, and not the account's.
    let borrowed = desk.post("teacher", &tasks, &signer_of(Step::Sign, &certificates("principal"))).await;
    assert_eq!(problem(&borrowed, "forbidden")["action"], "sign");

    let good = desk.signed(&class, Step::Sign).await;
    let wrong = |member: &str, value: Value| {
        let mut body = good.clone();
        body["signatures"][1][member] = value;
        body
    };
    let bad = wrong("signature", json!(base64url(&[1; 64])));
    let found = problem(&desk.post("teacher", &signatures, &bad).await, "signature-wrong");
    assert_eq!(found["record"], good["signatures"][1]["record"]);
    problem(&desk.post("teacher", &signatures, &wrong("revision", json!(9))).await, "stale");
    problem(&desk.post("teacher", &signatures, &wrong("at", json!(NOW))).await, "time-impossible");
    let unknown = wrong("record", json!(RecordId::from_bytes([7; 16])));
    problem(&desk.post("teacher", &signatures, &unknown).await, "not-found");
    // None of those calls left anything behind.
    assert_eq!(desk.get("teacher", "/classes").await.json()["classes"][0]["states"]["draft"], 2);
    assert_eq!(desk.post("teacher", &signatures, &good).await.json()["taken"], 2);

    let record = good["signatures"][0]["record"].as_str().expect("an id");
    problem(&desk.get("clerk", &format!("/records/{record}/bundle?scope=whole")).await, "not-anchored");
    let past = json!({ "scope": "whole", "expires_at": 0 });
    problem(&desk.post("clerk", &format!("/records/{record}/links"), &past).await, "time-impossible");

    // A teacher who is made principal as well, without another key.
    let mut appointment = desk.office.people.appointment(Role::Principal, None);
    appointment.id = RecordId::from_bytes([3; 16]);
    appointment.appointee = desk.office.people.appointment(Role::HomeroomTeacher, Some("9A3")).appointee;
    let statement = desk.office.people.appoint(&appointment);
    let (by, whom) = (chain_of("department"), chain_of("teacher"));
    assert!(desk.office.app.appoint(&OPERATOR, &statement, &by, &whom).await.expect("appointed"));
    let teacher = desk.office.app.actor("teacher").await.expect("known");
    let hocba_app::Actor::Account(teacher) = teacher else { panic!("an account") };
    let mut tx = desk.office.app.store().begin("grant").await.expect("begun");
    tx.add_grant(&teacher.id, &grant(GrantRole::Principal, None)).await.expect("granted");
    tx.commit().await.expect("committed");
    let mut second = signer_of(Step::CoSign, &certificates("teacher"));
    let task = desk.post("teacher", &tasks, &second).await.json()["tasks"][0].clone();
    let key = &desk.office.people.teacher.key;
    let bytes = from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url");
    second["signatures"] = json!([{
        "record": task["record"], "version": task["version"], "revision": task["revision"], "at": task["at"],
        "signature": base64url(&key.sign(&bytes)),
    }]);
    assert_eq!(problem(&desk.post("teacher", &signatures, &second).await, "same-key")["number"], 1);

    let desk = Desk::open(false).await;
    let class = desk.call("teacher", Method::POST, "/classes", workbook(1, |_, _| {})).await.json();
    let tasks = format!("/classes/{}/signing-tasks", class["class"].as_str().expect("imported"));
    let found = desk.post("teacher", &tasks, &signer_of(Step::Sign, &certificates("teacher"))).await;
    let found = problem(&found, "not-appointed");
    assert_eq!((&found["role"], &found["reason"]), (&"homeroom_teacher".into(), &"not_appointed".into()));
}

#[tokio::test]
async fn what_is_damaged_here_is_told_as_a_reference_only() {
    let (desk, class) = Desk::with_class(2).await;
    let id = class.parse().expect("an id");
    let lines = desk.office.lines(&id).await;
    let mut tx = desk.office.app.store().begin("damage").await.expect("begun");
    let other = tx.record(&lines[1].record).await.expect("read").expect("there");
    tx.replace_draft(&lines[0].record, 1, lines[0].revision, &other.personal, at(NOW)).await.expect("replaced");
    tx.commit().await.expect("committed");
    let answer = desk.get("teacher", &format!("/classes/{class}")).await;
    problem(&answer, "internal");
    assert!(!answer.text().contains("personal part"), "{}", answer.text());
    // Whoever sees no names is not stopped by it.
    assert_eq!(desk.get("department", &format!("/classes/{class}")).await.status, StatusCode::OK);
}

#[test]
fn the_page_lists_every_endpoint_with_an_example_and_no_other() {
    let page = std::fs::read_to_string(hocba_tests::repository().join("docs/api.md")).expect("the page");
    let listed: BTreeSet<&str> = page
        .split("\n### `")
        .skip(1)
        .map(|part| {
            let (name, text) = part.split_once('`').expect("its name is closed");
            assert!(text.contains("```sh\ncurl "), "{name} has an example");
            name
        })
        .collect();
    let endpoints = hocba_server::endpoints();
    let endpoints: Vec<String> = endpoints.iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(listed, endpoints.iter().map(String::as_str).collect());
    for code in page.split("problems.md#").skip(1).map(|rest| rest.split(')').next().expect("a link")) {
        assert!(Kind::of_code(code).is_some(), "{code}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_worth_asking_again() {
    let (desk, _) = Desk::with_class(1).await;
    // As good as gone: nobody gets a connection any more.
    desk.office.app.store().close().await;
    let open = json!({ "token": base64url(&[7; 32]) });
    for answer in [desk.get("teacher", "/classes").await, desk.post("stranger", "/links/open", &open).await] {
        problem(&answer, "unavailable");
        assert_eq!((answer.status.as_u16(), &answer.headers[header::RETRY_AFTER]), (503, &"5".parse().expect("value")));
        assert!(!answer.text().contains("pool"), "the cause is for the log: {}", answer.text());
    }
    let ready = client::get(&desk.router, "/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["parts"]["database"]["up"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!(false))
    );
}

#[tokio::test]
async fn readiness_does_not_wait_for_a_connection_as_long_as_a_request_does() {
    let (desk, _) = Desk::with_class(1).await;
    let store = desk.office.app.store();
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(store.read().await.expect("begun"));
    }
    let ready = tokio::time::timeout(Duration::from_secs(5), client::get(&desk.router, "/readyz")).await;
    assert_eq!(ready.expect("within a second or so").status, StatusCode::SERVICE_UNAVAILABLE);
    drop(taken);
    assert_eq!(client::get(&desk.router, "/readyz").await.status, StatusCode::OK);
}

/// A node that takes the question and never answers.
struct Hangs;

impl PublicRecord for Hangs {
    fn facts(&self) -> PublicRecordFuture<'_> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn readiness_and_the_operator_see_the_public_record_and_do_not_wait_for_it() {
    let office = Office::open().await;
    let server = |app: App| Server::new(app, ServerConfig::default(), RequestIds::new([0xab; 8]));
    let here = server(office.app.clone());
    let ready = client::get(&hocba_server::public(&here), "/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.json()["parts"]["chain"], json!({ "up": true, "required": false }));
    let page = client::get(&hocba_server::operator(&here), "/").await;
    let block = office.chain.0.lock().expect("unharmed").facts.block;
    assert!(page.text().contains(&format!("<dd>{block} <small>01/06/2027 07:00</small></dd>")), "{}", page.text());

    let app = &office.app;
    let (store, key) = (app.store().clone(), DataKey::from_bytes([9; 32]));
    let away = server(App::new(
        store,
        key,
        app.profile().clone(),
        Arc::new(Hangs),
        app.edges().clone(),
        app.settings().clone(),
    ));
    let ready = client::get(&hocba_server::public(&away), "/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (StatusCode::OK, &json!(true)));
    assert_eq!(ready.json()["parts"]["chain"], json!({ "up": false, "required": false }));
    let page = client::get(&hocba_server::operator(&away), "/").await;
    assert!(page.text().contains("<dt>khối mới nhất <small lang=\"en\">latest block</small></dt><dd>–</dd>"));
}
