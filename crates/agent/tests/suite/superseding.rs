//! New versions that take the place of old ones: signed only for records that this key has signed, of the class that is said.

use std::sync::atomic::Ordering;

use hocba_agent::{Matter, Shown};
use hocba_record::encoding::{Sha256Digest, base64url, from_base64url};
use hocba_signature::{
    algorithm::Algorithm,
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{DAY, NOW, OTHER_SCHOOL, Person, at};
use serde_json::{Value, json};

use crate::kit::{ORIGIN, Token, World, record};

/// A record that this person signed first.
fn signed_by(person: &str, n: u16) -> Statement {
    let statement = Statement::unsigned(record(n).payload.to_bytes());
    Person::example(person).sign(statement, StatementType::Record, Role::HomeroomTeacher, NOW)
}

/// That this record takes the place of what was before.
fn change_of(n: u16, statement: &Statement) -> StatusChange {
    let payload = record(n).payload;
    StatusChange {
        action: StatusAction::Supersede,
        decision: None,
        live_version: payload.version,
        reason: ReasonClass::Correction,
        replacement: Some(statement.leaf_hash()),
        school: payload.school,
        since: None,
        subject: payload.id,
    }
}

fn task_with(number: u16, change: &StatusChange, statement: &Statement, typ: StatementType, time: i64) -> Value {
    let signer = Person::example("teacher").digest();
    let input = Statement::unsigned(change.to_bytes());
    let input = input.prepare(typ, Role::HomeroomTeacher, Algorithm::Ed25519, signer, at(time));
    let statement = base64url(&statement.to_bytes());
    json!({ "number": number, "at": time, "to_sign": base64url(input.bytes()), "statement": statement })
}

fn task(number: u16, change: &StatusChange, statement: &Statement) -> Value {
    task_with(number, change, statement, StatementType::Status, NOW)
}

fn request(tasks: &[Value]) -> Value {
    let payload = record(1).payload;
    json!({
        "certificate": Person::example("teacher").digest(), "role": "homeroom_teacher", "school": payload.school,
        "year": payload.year, "class": payload.class, "superseding": tasks,
    })
}

async fn refused(request: &Value, code: &str) {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    world.page("POST", "/v1/sign-superseding", Some(&token), request).await.refused(422, code);
    assert!(world.desk.shown.lock().expect("no panic").is_empty(), "{code}: nobody is asked");
    assert_eq!(world.token.made.load(Ordering::SeqCst), 0, "{code}: nothing is signed");
}

#[tokio::test]
async fn new_versions_are_shown_confirmed_once_and_signed() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let statements = [signed_by("teacher", 1), signed_by("teacher", 2)];
    let changes = [change_of(1, &statements[0]), change_of(2, &statements[1])];
    let tasks = [task(1, &changes[0], &statements[0]), task(2, &changes[1], &statements[1])];
    let taken = world.page("POST", "/v1/sign-superseding", Some(&token), &request(&tasks)).await.expect(202).body;
    let done = world.ended(&token, taken["id"].as_str().expect("an id")).await;
    assert_eq!((done["state"].as_str(), done["of"].as_u64()), (Some("done"), Some(2)));
    let shown = world.desk.shown.lock().expect("no panic").clone();
    let [(origin, review)] = shown.as_slice() else { panic!("asked once: {}", shown.len()) };
    assert!(origin == ORIGIN && matches!(&review.matter, Matter::Superseding { .. }), "{review:?}");
    let entries: Vec<&Shown> = review.entries.iter().map(|entry| &entry.shown).collect();
    assert_eq!(entries, [&Shown::Superseding(changes[0].clone()), &Shown::Superseding(changes[1].clone())]);
    let teacher = Person::example("teacher");
    for (signed, change) in done["signatures"].as_array().expect("signatures").iter().zip(&changes) {
        assert_eq!((&signed["record"], &signed["version"]), (&json!(change.subject), &json!(change.live_version)));
        let statement = Statement::unsigned(change.to_bytes());
        let alg = Algorithm::Ed25519;
        let input = statement.prepare(StatementType::Status, Role::HomeroomTeacher, alg, teacher.digest(), at(NOW));
        let signature = from_base64url(signed["signature"].as_str().expect("text")).expect("base64url");
        statement.attach(input, signature).verify(0, teacher.certificate.key()).expect("over what was shown");
    }
}

#[tokio::test]
async fn nothing_else_is_signed_as_a_new_version() {
    let statement = signed_by("teacher", 1);
    let change = change_of(1, &statement);
    let one = |change: &StatusChange, statement: &Statement| request(&[task(1, change, statement)]);
    // Another type of statement, another change of status, no bytes, none at all.
    for typ in [StatementType::Appointment, StatementType::Record] {
        refused(&request(&[task_with(1, &change, &statement, typ, NOW)]), "not-a-superseding").await;
    }
    let revoked = StatusChange { action: StatusAction::Revoke, replacement: None, ..change.clone() };
    refused(&one(&revoked, &statement), "not-a-superseding").await;
    let nothing = json!({ "number": 1, "at": NOW, "to_sign": "", "statement": "" });
    refused(&request(&[nothing]), "not-a-superseding").await;
    refused(&request(&[]), "too-many").await;
    // A version that somebody else signed; one that came along and is another than is named; one whose signature is none.
    let foreign = signed_by("principal", 1);
    refused(&one(&change_of(1, &foreign), &foreign), "not-yours").await;
    refused(&one(&change, &signed_by("teacher", 2)), "not-yours").await;
    let other = StatusChange { replacement: Some(Sha256Digest::of(b"another")), ..change.clone() };
    refused(&one(&other, &statement), "not-yours").await;
    let unsigned = Statement::unsigned(record(1).payload.to_bytes());
    let header = unsigned.prepare(
        StatementType::Record,
        Role::HomeroomTeacher,
        Algorithm::Ed25519,
        Person::example("teacher").digest(),
        at(NOW),
    );
    let forged = unsigned.attach(header, vec![7; 64]);
    refused(&one(&change_of(1, &forged), &forged), "not-yours").await;
    // Of another record or version than the one that came along; of another school or class; twice; late.
    let elsewhere = StatusChange { subject: record(2).payload.id, ..change.clone() };
    refused(&one(&elsewhere, &statement), "other-record").await;
    let later = StatusChange { live_version: 9, ..change.clone() };
    refused(&one(&later, &statement), "other-record").await;
    let school = StatusChange { school: OTHER_SCHOOL.parse().expect("a school"), ..change.clone() };
    refused(&one(&school, &statement), "other-class").await;
    let mut class = one(&change, &statement);
    class["class"] = json!("9A9");
    refused(&class, "other-class").await;
    refused(&request(&[task(1, &change, &statement), task(2, &change, &statement)]), "twice").await;
    let early = task_with(1, &change, &statement, StatementType::Status, NOW - DAY - 1);
    refused(&request(&[early]), "time").await;
}
