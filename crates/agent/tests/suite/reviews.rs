//! What is refused before anybody is asked: each test changes one thing of a list that is otherwise good.

use hocba_record::encoding::base64url;
use hocba_signature::statement::Role;
use hocba_tests::{DAY, NOW, OTHER_SCHOOL, Person, open_claims};
use serde_json::{Value, json};

use crate::kit::{Token, World, bytes_of, list, listed, record, task, task_of, tasks};

/// Sends it; nobody may have been asked, and nothing signed.
async fn refused(list: &Value, code: &str) {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    world.page("POST", "/v1/sign", Some(&token), list).await.refused(422, code);
    assert!(world.desk.shown.lock().expect("no panic").is_empty());
    assert_eq!(world.token.made.load(std::sync::atomic::Ordering::SeqCst), 0);
}

/// The list of two of which the second is this.
fn with(second: Value) -> Value {
    list(&[task(1), second])
}

/// The task with other bytes to sign.
fn over(task: &Value, change: impl FnOnce(String) -> String) -> Value {
    let text = String::from_utf8(bytes_of(task)).expect("ASCII");
    let mut task = task.clone();
    task["to_sign"] = base64url(change(text).as_bytes()).into();
    task
}

#[tokio::test]
async fn a_mark_changed_between_what_is_shown_and_what_is_signed() {
    let mut changed = task(2);
    let disclosures = changed["disclosures"].as_array_mut().expect("disclosures");
    let toan = disclosures.iter_mut().find(|d| d[1] == "subject.toan").expect("a subject");
    let mark = toan[2]["result"]["year"].as_u64().expect("a mark");
    toan[2]["result"]["year"] = json!(if mark == 100 { 99 } else { mark + 1 });
    refused(&with(changed), "changed").await;
}

#[tokio::test]
async fn a_name_of_another_pupil_beside_a_record() {
    let (mut one, two) = (task(2), task(3));
    one["disclosures"] = two["disclosures"].clone();
    refused(&with(one), "changed").await;
}

#[tokio::test]
async fn something_signed_that_is_not_shown() {
    for withheld in ["subject.toan", "identity", "manifest", "remarks"] {
        let mut task = task(2);
        task["disclosures"].as_array_mut().expect("disclosures").retain(|d| d[1] != withheld);
        refused(&with(task), "withheld").await;
    }
}

#[tokio::test]
async fn sections_out_of_order_or_twice() {
    let mut twice = task(2);
    let disclosures = twice["disclosures"].as_array_mut().expect("disclosures");
    disclosures.push(disclosures.last().expect("some").clone());
    refused(&with(twice), "changed").await;
}

#[tokio::test]
async fn a_record_of_another_class_year_or_school() {
    for (member, value) in [("class", json!("9A9")), ("year", json!("2025-2026")), ("school", json!(OTHER_SCHOOL))] {
        let mut list = list(&tasks(1..=2));
        list[member] = value;
        refused(&list, "other-class").await;
    }
    // One among the right ones.
    let mut other = record(2);
    other.payload.class = "9A9".parse().expect("a class");
    refused(&with(task_of(&other, 2, "teacher", Role::HomeroomTeacher, NOW)), "other-class").await;
    assert_eq!(open_claims(OTHER_SCHOOL, 2).class, record(2).payload.class, "only the school differs");
}

#[tokio::test]
async fn another_record_than_the_task_says() {
    let mut task = task(2);
    task["record"] = json!(record(3).payload.id);
    refused(&with(task), "other-record").await;
    let mut task = crate::kit::task(2);
    task["version"] = json!(2);
    refused(&with(task), "other-record").await;
}

#[tokio::test]
async fn another_certificate_in_a_header_or_in_the_list() {
    let other = task_of(&record(2), 2, "principal", Role::HomeroomTeacher, NOW);
    refused(&with(other), "other-certificate").await;
    let mut list = list(&tasks(1..=2));
    list["certificate"] = json!(Person::example("principal").digest());
    refused(&list, "other-certificate").await;
}

#[tokio::test]
async fn another_role_than_the_list_says() {
    let other = task_of(&record(2), 2, "teacher", Role::Principal, NOW);
    refused(&with(other.clone()), "other-role").await;
    let mut list = list(&tasks(1..=2));
    list["role"] = json!("principal");
    refused(&list, "other-role").await;
}

#[tokio::test]
async fn a_first_signature_in_the_place_of_a_countersignature() {
    let mut list = list(&[over(&task(1), |text| header(&text, |h| h["role"] = json!("principal")))]);
    list["role"] = json!("principal");
    refused(&list, "not-the-turn").await;
}

/// The bytes to sign with another header, in its canonical form.
fn header(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let (protected, payload) = text.split_once('.').expect("two parts");
    let bytes = hocba_record::encoding::from_base64url(protected).expect("base64url");
    let mut header: Value = serde_json::from_slice(&bytes).expect("JSON");
    change(&mut header);
    format!("{}.{payload}", base64url(header.to_string().as_bytes()))
}

#[tokio::test]
async fn an_algorithm_that_is_not_the_keys() {
    refused(&with(over(&task(2), |text| header(&text, |h| h["alg"] = json!("ES256")))), "other-algorithm").await;
}

#[tokio::test]
async fn bytes_that_are_no_record() {
    let appointment = |h: &mut Value| h["typ"] = json!("hocba-appointment+jws");
    let none = |h: &mut Value| h["alg"] = json!("none");
    let kid = |h: &mut Value| h["kid"] = json!("x");
    for bad in [
        over(&task(2), |text| header(&text, appointment)),
        over(&task(2), |text| header(&text, none)),
        over(&task(2), |text| header(&text, kid)),
        over(&task(2), |text| text.replace('.', "")),
        over(&task(2), |text| format!("{text}.x")),
        over(&task(2), |text| text.split_once('.').map(|(h, _)| format!("{h}.e30")).expect("two parts")),
        over(&task(2), |_| "x".repeat(100_000)),
    ] {
        refused(&with(bad), "not-a-record").await;
    }
}

#[tokio::test]
async fn a_time_that_is_not_now() {
    for time in [NOW + 301, NOW - DAY - 1] {
        refused(&with(task_of(&record(2), 2, "teacher", Role::HomeroomTeacher, time)), "time").await;
    }
    let mut other = task(2);
    other["at"] = json!(NOW - 1);
    refused(&with(other), "time").await;
}

#[tokio::test]
async fn none_too_many_and_the_same_twice() {
    refused(&list(&[]), "too-many").await;
    let many: Vec<Value> = std::iter::repeat_n(task(1), 201).collect();
    refused(&list(&many), "too-many").await;
    refused(&with(task(1)), "twice").await;
    let mut same = task(1);
    same["number"] = json!(2);
    refused(&with(same), "twice").await;
}

/// A list signed as one, of five pupils, after a change of its tasks.
async fn listed_and(change: impl FnOnce(&mut Vec<Value>), code: &str) {
    let mut tasks = listed(1..=5, Role::HomeroomTeacher, NOW);
    change(&mut tasks);
    refused(&list(&tasks), code).await;
}

#[tokio::test]
async fn a_list_with_a_record_that_is_not_shown() {
    listed_and(|tasks| drop(tasks.pop()), "other-list").await;
    listed_and(|tasks| drop(tasks.remove(0)), "other-list").await;
    // Nor is a record of the class signed by itself beside it, in its place.
    listed_and(|tasks| tasks[4] = task(5), "other-list").await;
}

#[tokio::test]
async fn a_place_in_another_list() {
    listed_and(|tasks| tasks[2]["list"]["index"] = json!(3), "other-list").await;
    listed_and(|tasks| tasks[2]["list"]["size"] = json!(6), "other-list").await;
    listed_and(|tasks| tasks[2]["list"] = tasks[3]["list"].clone(), "other-list").await;
    // The bytes of a list of four, beside the places of one of five.
    let four = listed(1..=4, Role::HomeroomTeacher, NOW)[0]["to_sign"].clone();
    listed_and(|tasks| tasks[0]["to_sign"] = four, "other-list").await;
    // What was signed before, where nobody was to sign before.
    listed_and(|tasks| tasks[0]["prev"] = tasks[1]["list"]["path"][0].clone(), "not-the-turn").await;
}

#[tokio::test]
async fn a_mark_of_a_list_changed_between_what_is_shown_and_what_is_signed() {
    let other = task(6);
    listed_and(|tasks| tasks[1]["disclosures"] = other["disclosures"].clone(), "changed").await;
    let payload = listed([6], Role::HomeroomTeacher, NOW)[0]["payload"].clone();
    listed_and(|tasks| tasks[1]["payload"] = payload, "other-list").await;
    listed_and(|tasks| drop(tasks[1].as_object_mut().expect("a task").remove("payload")), "not-a-record").await;
    // A list's bytes are not a record's.
    listed_and(|tasks| drop(tasks[1].as_object_mut().expect("a task").remove("list")), "not-a-record").await;
}
