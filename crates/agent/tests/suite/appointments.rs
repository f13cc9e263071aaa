//! Appointments and ends of them: shown whole, signed once; what a page says beside the bytes is not believed.

use std::sync::atomic::Ordering;

use hocba_agent::{Matter, Shown};
use hocba_record::encoding::{RecordId, base64url, from_base64url};
use hocba_signature::{
    algorithm::Algorithm,
    appointment::{Appointee, Appointment, KeyStorage},
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{DAY, NOW, OTHER_SCHOOL, Person, SCHOOL, at};
use serde_json::{Value, json};

use crate::kit::{ORIGIN, Token, World};

/// A class given to somebody else than the signer, whose key is the one of the example teacher.
fn homeroom(n: u8) -> Appointment {
    Appointment {
        appointee: Appointee {
            certificate: Person::example("principal").digest(),
            name: "Nguyễn Thị Hoa".parse().expect("a name"),
            title: "Giáo viên chủ nhiệm".parse().expect("a title"),
        },
        class: Some(format!("9A{n}").parse().expect("a class")),
        from: at(NOW),
        id: RecordId::from_bytes([n; 16]),
        key_storage: KeyStorage::Token,
        role: Role::HomeroomTeacher,
        school: SCHOOL.parse().expect("a school"),
        until: at(NOW + 366 * DAY),
        year: Some("2026-2027".parse().expect("a year")),
    }
}

fn task_with(number: u8, appointment: &Appointment, typ: StatementType, role: Role, time: i64) -> Value {
    let statement = Statement::unsigned(appointment.to_bytes());
    let signer = Person::example("teacher").digest();
    let input = statement.prepare(typ, role, Algorithm::Ed25519, signer, at(time));
    json!({ "number": number, "at": time, "to_sign": base64url(input.bytes()) })
}

fn task(number: u8, appointment: &Appointment) -> Value {
    task_with(number, appointment, StatementType::Appointment, Role::Principal, NOW)
}

fn request(tasks: &[Value]) -> Value {
    let certificate = Person::example("teacher").digest();
    json!({ "certificate": certificate, "role": "principal", "school": SCHOOL, "appointments": tasks })
}

async fn refused(request: &Value, code: &str) {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    world.page("POST", "/v1/sign-appointments", Some(&token), request).await.refused(422, code);
    assert!(world.desk.shown.lock().expect("no panic").is_empty(), "{code}: nobody is asked");
    assert_eq!(world.token.made.load(Ordering::SeqCst), 0, "{code}: nothing is signed");
}

#[tokio::test]
async fn forty_five_classes_are_shown_confirmed_once_and_signed() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let given: Vec<Appointment> = (1..=45).map(homeroom).collect();
    let tasks: Vec<Value> = (1..).zip(&given).map(|(n, appointment)| task(n, appointment)).collect();
    let taken = world.page("POST", "/v1/sign-appointments", Some(&token), &request(&tasks)).await.expect(202).body;
    let done = world.ended(&token, taken["id"].as_str().expect("an id")).await;
    assert_eq!((done["state"].as_str(), done["of"].as_u64()), (Some("done"), Some(45)));

    let shown = world.desk.shown.lock().expect("no panic").clone();
    let [(origin, review)] = shown.as_slice() else { panic!("asked once: {}", shown.len()) };
    assert_eq!((origin.as_str(), review.role, &review.matter), (ORIGIN, Role::Principal, &Matter::Appointments));
    assert_eq!(review.short_digest(), done["short"].as_str().expect("text"));
    let is = |(entry, given): (&hocba_agent::Entry, &Appointment)| entry.shown == Shown::Appointment(given.clone());
    assert!(review.entries.len() == 45 && review.entries.iter().zip(&given).all(is), "each as it is signed");

    for (signed, task) in done["signatures"].as_array().expect("signatures").iter().zip(&tasks) {
        let place = usize::try_from(signed["number"].as_u64().expect("a number") - 1).expect("small");
        assert_eq!(signed["appointment"], json!(given[place].id));
        let input = Statement::unsigned(given[place].to_bytes());
        let teacher = Person::example("teacher");
        let input_of = input.prepare(
            StatementType::Appointment,
            Role::Principal,
            Algorithm::Ed25519,
            teacher.digest(),
            at(task["at"].as_i64().expect("a time")),
        );
        let signature = from_base64url(signed["signature"].as_str().expect("text")).expect("base64url");
        let statement = input.attach(input_of, signature);
        statement.verify(0, teacher.certificate.key()).expect("a signature over what was shown");
    }
    // Sent again, what is signed is handed out again.
    let again = world.page("POST", "/v1/sign-appointments", Some(&token), &request(&tasks)).await.expect(202).body;
    assert_eq!((again["state"].as_str(), again["signed"].as_u64()), (Some("done"), Some(45)));
    assert_eq!(world.token.made.load(Ordering::SeqCst), 45);
}

#[tokio::test]
async fn nothing_else_is_signed_as_an_appointment() {
    let good = homeroom(1);
    // Another type of statement over the same bytes; bytes that are no appointment; no bytes.
    refused(&request(&[task_with(1, &good, StatementType::Status, Role::Principal, NOW)]), "not-an-appointment").await;
    refused(&request(&[task_with(1, &good, StatementType::Record, Role::Principal, NOW)]), "not-an-appointment").await;
    let other = Statement::unsigned(b"{}".to_vec()).prepare(
        StatementType::Appointment,
        Role::Principal,
        Algorithm::Ed25519,
        Person::example("teacher").digest(),
        at(NOW),
    );
    let other = json!({ "number": 1, "at": NOW, "to_sign": base64url(other.bytes()) });
    refused(&request(&[other]), "not-an-appointment").await;
    refused(&request(&[json!({ "number": 1, "at": NOW, "to_sign": "" })]), "not-an-appointment").await;
    refused(&request(&[]), "too-many").await;
}

#[tokio::test]
async fn each_thing_that_a_page_might_slip_in_is_refused() {
    let good = homeroom(1);
    let here = |appointment: &Appointment| request(&[task(1, appointment)]);
    let there = Appointment { school: OTHER_SCHOOL.parse().expect("a school"), ..good.clone() };
    refused(&here(&there), "other-school").await;
    // A principal makes no principals, and nobody gives themselves a class.
    let principal = Appointment { role: Role::Principal, class: None, year: None, ..good.clone() };
    refused(&here(&principal), "rank").await;
    let own = Appointee { certificate: Person::example("teacher").digest(), ..good.appointee.clone() };
    refused(&here(&Appointment { appointee: own, ..good.clone() }), "rank").await;
    refused(&request(&[task(1, &good), task(1, &homeroom(2))]), "twice").await;
    refused(&request(&[task(1, &good), task(2, &good)]), "twice").await;
    let late = task_with(1, &good, StatementType::Appointment, Role::Principal, NOW + 301);
    refused(&request(&[late]), "time").await;
    let early = task_with(1, &good, StatementType::Appointment, Role::Principal, NOW - DAY - 1);
    refused(&request(&[early]), "time").await;
    let deputy = task_with(1, &good, StatementType::Appointment, Role::DeputyPrincipal, NOW);
    refused(&request(&[deputy]), "other-role").await;
    let mut other = here(&good);
    other["certificate"] = json!(Person::example("principal").digest());
    refused(&other, "other-certificate").await;
}

/// The end of an appointment.
fn end_of(appointment: &Appointment) -> StatusChange {
    StatusChange {
        action: StatusAction::End,
        decision: Some("12/QĐ-THCS".parse().expect("a text")),
        live_version: 1,
        reason: ReasonClass::LeftRole,
        replacement: None,
        school: appointment.school.clone(),
        since: None,
        subject: appointment.id,
    }
}

fn end_with(number: u8, change: &StatusChange, appointment: &Appointment, typ: StatementType, role: Role) -> Value {
    let signer = Person::example("teacher").digest();
    let statement = Statement::unsigned(change.to_bytes());
    let input = statement.prepare(typ, role, Algorithm::Ed25519, signer, at(NOW));
    let appointment = base64url(&appointment.to_bytes());
    json!({ "number": number, "at": NOW, "to_sign": base64url(input.bytes()), "appointment": appointment })
}

fn end(number: u8, change: &StatusChange, appointment: &Appointment) -> Value {
    end_with(number, change, appointment, StatementType::Status, Role::Principal)
}

fn replacing(ends: &[Value], tasks: &[Value]) -> Value {
    let mut request = request(tasks);
    request["ends"] = json!(ends);
    request
}

#[tokio::test]
async fn an_end_and_who_takes_the_place_are_shown_confirmed_once_and_signed() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let (before, after) = (homeroom(1), Appointment { id: RecordId::from_bytes([9; 16]), ..homeroom(1) });
    let change = end_of(&before);
    let request = replacing(&[end(1, &change, &before)], &[task(2, &after)]);
    let taken = world.page("POST", "/v1/sign-appointments", Some(&token), &request).await.expect(202).body;
    let done = world.ended(&token, taken["id"].as_str().expect("an id")).await;
    assert_eq!((done["state"].as_str(), done["of"].as_u64()), (Some("done"), Some(2)));
    let shown = world.desk.shown.lock().expect("no panic").clone();
    let [(_, review)] = shown.as_slice() else { panic!("asked once: {}", shown.len()) };
    let entries: Vec<&Shown> = review.entries.iter().map(|entry| &entry.shown).collect();
    let ended = Shown::End { change: change.clone(), appointment: before.clone() };
    assert_eq!(entries, [&ended, &Shown::Appointment(after.clone())]);

    let [first, second] = done["signatures"].as_array().expect("signatures").as_slice() else { panic!("{done}") };
    assert_eq!((&first["end"], &first["appointment"]), (&json!(before.id), &Value::Null));
    assert_eq!((&second["end"], &second["appointment"]), (&Value::Null, &json!(after.id)));
    let teacher = Person::example("teacher");
    for (signed, typ, payload) in
        [(first, StatementType::Status, change.to_bytes()), (second, StatementType::Appointment, after.to_bytes())]
    {
        let statement = Statement::unsigned(payload);
        let input = statement.prepare(typ, Role::Principal, Algorithm::Ed25519, teacher.digest(), at(NOW));
        let signature = from_base64url(signed["signature"].as_str().expect("text")).expect("base64url");
        statement.attach(input, signature).verify(0, teacher.certificate.key()).expect("over what was shown");
    }
    assert_eq!(world.token.made.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_end_alone_is_signed_and_nothing_else_is_as_one() {
    let before = homeroom(1);
    let change = end_of(&before);
    let only = |task: Value| replacing(&[task], &[]);
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let request = only(end(1, &change, &before));
    let taken = world.page("POST", "/v1/sign-appointments", Some(&token), &request).await.expect(202).body;
    assert_eq!(world.ended(&token, taken["id"].as_str().expect("an id")).await["state"], "done");

    // Other statements over the same bytes; another change of status; no change at all.
    let as_typ = |typ| only(end_with(1, &change, &before, typ, Role::Principal));
    refused(&as_typ(StatementType::Appointment), "not-an-end").await;
    refused(&as_typ(StatementType::Record), "not-an-end").await;
    let revoke = StatusChange { action: StatusAction::Revoke, ..change.clone() };
    refused(&only(end(1, &revoke, &before)), "not-an-end").await;
    refused(&only(json!({ "number": 1, "at": NOW, "to_sign": "", "appointment": "" })), "not-an-end").await;
    // The appointment that is shown is the one of the id that is signed.
    refused(&only(end(1, &change, &homeroom(2))), "other-appointment").await;
    let mut without = end(1, &change, &before);
    without["appointment"] = json!("");
    refused(&only(without), "other-appointment").await;
    // Another school, whether the bytes say it or the appointment; a role that does not end it; one again.
    let elsewhere = StatusChange { school: OTHER_SCHOOL.parse().expect("a school"), ..change.clone() };
    refused(&only(end(1, &elsewhere, &before)), "other-school").await;
    let there = Appointment { school: OTHER_SCHOOL.parse().expect("a school"), ..before.clone() };
    refused(&only(end(1, &change, &there)), "other-school").await;
    let principal = Appointment { role: Role::Principal, class: None, year: None, ..before.clone() };
    refused(&only(end(1, &change, &principal)), "rank").await;
    let deputy = end_with(1, &change, &before, StatementType::Status, Role::DeputyPrincipal);
    refused(&only(deputy), "other-role").await;
    refused(&replacing(&[end(1, &change, &before), end(2, &change, &before)], &[]), "twice").await;
    refused(&replacing(&[end(1, &change, &before)], &[task(1, &homeroom(2))]), "twice").await;
}
