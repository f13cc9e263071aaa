//! Lists that are signed: shown as they are, confirmed once, resumed, never signed twice.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use hocba_agent::{Entry, Shown, State};
use hocba_record::encoding::from_base64url;
use hocba_signature::statement::Role;
use hocba_tests::{NOW, Person};
use serde_json::{Value, json};

use crate::kit::{ORIGIN, Token, World, bytes_of, list, listed, record, task_of, tasks};

fn signatures(progress: &Value) -> Vec<(u64, String)> {
    let of =
        |s: &Value| (s["number"].as_u64().expect("a number"), s["signature"].as_str().expect("a signature").to_owned());
    progress["signatures"].as_array().expect("signatures").iter().map(of).collect()
}

#[tokio::test]
async fn a_class_is_shown_as_it_is_signed_and_confirmed_once() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let tasks = tasks(1..=40);
    let done = world.sign(&token, &list(&tasks)).await;
    assert_eq!((&done["state"], &done["of"], &done["signed"]), (&json!("done"), &json!(40), &json!(40)));
    let teacher = Person::example("teacher");
    let signed = signatures(&done);
    assert_eq!(signed.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
    for ((_, signature), task) in signed.iter().zip(&tasks) {
        let signature = from_base64url(signature).expect("base64url");
        let alg = hocba_signature::algorithm::Algorithm::Ed25519;
        assert_eq!(teacher.certificate.key().verify(alg, &bytes_of(task), &signature), Ok(()));
    }
    let shown = world.desk.shown.lock().expect("no panic");
    let [(origin, review)] = shown.as_slice() else { panic!("asked once: {}", shown.len()) };
    assert_eq!((origin.as_str(), review.entries.len()), (ORIGIN, 40));
    assert_eq!(done["short"], review.short_digest());
    let whole = |entry: &Entry| matches!(&entry.shown, Shown::Record(shown) if !shown.name.is_empty() && shown.mean_mark().is_some());
    assert!(review.entries.iter().all(whole));
    assert_eq!(*world.desk.told.lock().expect("no panic"), [(State::Done, 40)]);
}

#[tokio::test]
async fn after_a_token_was_pulled_out_at_17_the_other_23_are_signed_and_none_twice() {
    let world = World::new(Token::new(17));
    let token = world.pair().await;
    let list = list(&tasks(1..=40));
    let stopped = world.sign(&token, &list).await;
    assert_eq!((&stopped["state"], &stopped["signed"]), (&json!("stopped"), &json!(17)));
    assert_eq!(stopped["why"], "no token");
    // Still out.
    let again = world.sign(&token, &list).await;
    assert_eq!((&again["state"], &again["signed"]), (&json!("stopped"), &json!(17)));
    // In again.
    world.token.left.store(usize::MAX, Ordering::SeqCst);
    let done = world.sign(&token, &list).await;
    assert_eq!((&done["state"], &done["signed"]), (&json!("done"), &json!(40)));
    assert_eq!(signatures(&done)[..17], signatures(&stopped)[..]);
    assert_eq!(world.token.made.load(Ordering::SeqCst), 40, "nothing was signed twice");
    assert_eq!(world.desk.shown.lock().expect("no panic").len(), 1, "and confirmed once");
}

#[tokio::test]
async fn a_class_that_is_signed_as_a_list_needs_one_signature() {
    for role in [Role::HomeroomTeacher, Role::Principal] {
        let world = World::new(Token::new(1));
        let token = world.pair().await;
        let tasks = listed(1..=40, role, NOW);
        let mut asked = list(&tasks);
        asked["role"] = json!(role);
        let done = world.sign(&token, &asked).await;
        assert_eq!((&done["state"], &done["of"], &done["signed"]), (&json!("done"), &json!(40), &json!(40)));
        assert_eq!(world.token.made.load(Ordering::SeqCst), 1);
        let teacher = Person::example("teacher");
        let signed = done["signatures"].as_array().expect("signatures");
        for (signature, task) in signed.iter().zip(&tasks) {
            assert_eq!((&signature["number"], &signature["list"]), (&task["number"], &task["list"]));
            let bytes = from_base64url(signature["signature"].as_str().expect("text")).expect("base64url");
            let alg = hocba_signature::algorithm::Algorithm::Ed25519;
            assert_eq!(teacher.certificate.key().verify(alg, &bytes_of(task), &bytes), Ok(()));
        }
        // The same list, prepared anew after the page was closed: the signature that there is.
        let mut again = list(&listed(1..=40, role, NOW + 60));
        again["role"] = json!(role);
        assert_eq!(signatures(&world.sign(&token, &again).await), signatures(&done));
        assert_eq!(world.token.made.load(Ordering::SeqCst), 1);
        let shown = world.desk.shown.lock().expect("no panic");
        let [(_, review)] = shown.as_slice() else { panic!("asked once: {}", shown.len()) };
        assert_eq!((review.entries.len(), review.signatures()), (40, 1));
    }
}

#[tokio::test]
async fn tasks_that_were_prepared_anew_get_the_signatures_there_are() {
    let world = World::new(Token::new(17));
    let token = world.pair().await;
    let stopped = world.sign(&token, &list(&tasks(1..=40))).await;
    world.token.left.store(usize::MAX, Ordering::SeqCst);
    // The page was closed; the server, asked again, makes the same tasks with a later time.
    let anew = (1..=40).map(|n| task_of(&record(n), n, "teacher", Role::HomeroomTeacher, NOW + 60));
    let done = world.sign(&token, &list(&anew.collect::<Vec<_>>())).await;
    assert_eq!((&done["state"], &done["id"]), (&json!("done"), &stopped["id"]));
    assert_eq!(world.token.made.load(Ordering::SeqCst), 40);
    let times: BTreeSet<i64> =
        done["signatures"].as_array().expect("some").iter().map(|s| s["at"].as_i64().expect("a time")).collect();
    assert_eq!(times, BTreeSet::from([NOW, NOW + 60]), "each with the time it was signed with");
}

#[tokio::test]
async fn a_page_loaded_again_while_its_list_is_at_work_gets_what_that_list_signs_meanwhile() {
    let world = World::new(Token::slow_after(17));
    let token = world.pair().await;
    let first = world.page("POST", "/v1/sign", Some(&token), &list(&tasks(1..=40))).await.expect(202).body;
    let first = first["id"].as_str().expect("an id");
    let path = format!("/v1/lists/{first}");
    let mut progress = Value::Null;
    while progress["signed"] != 17 {
        progress =
            world.page("GET", &format!("{path}?wait=5&from=0"), Some(&token), &Value::Null).await.expect(200).body;
    }
    // The page brought ten of them and was loaded again: the server has thirty left, the agent signs on.
    let rest = world.page("POST", "/v1/sign", Some(&token), &list(&tasks(11..=40))).await.expect(202).body;
    assert_eq!(rest["state"], "waiting", "behind the first");
    world.token.go_on();
    let done = world.ended(&token, rest["id"].as_str().expect("an id")).await;
    assert_eq!((&done["state"], &done["signed"]), (&json!("done"), &json!(30)), "{done}");
    assert_eq!(signatures(&done).iter().map(|(n, _)| *n).collect::<BTreeSet<_>>(), (11..=40).collect());
    assert_eq!(world.token.made.load(Ordering::SeqCst), 40, "nothing was signed twice");
}

#[tokio::test]
async fn a_smaller_list_of_the_same_records_is_asked_about_and_signed_once() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    world.sign(&token, &list(&tasks(1..=3))).await;
    let done = world.sign(&token, &list(&tasks(2..=5))).await;
    assert_eq!(signatures(&done).iter().map(|(n, _)| *n).collect::<BTreeSet<_>>(), BTreeSet::from([2, 3, 4, 5]));
    assert_eq!(world.token.made.load(Ordering::SeqCst), 5);
    assert_eq!(world.desk.shown.lock().expect("no panic").len(), 2, "another list is another question");
}

#[tokio::test]
async fn what_was_confirmed_in_one_role_is_asked_about_in_another() {
    let world = World::new(Token::new(0));
    let token = world.pair().await;
    let as_teacher = world.sign(&token, &list(&tasks([1]))).await;
    assert_eq!(as_teacher["state"], "stopped");
    let mut list = list(&[task_of(&record(1), 1, "teacher", Role::Principal, NOW)]);
    list["role"] = json!("principal");
    let as_principal = world.sign(&token, &list).await;
    assert_eq!(as_principal["list"], as_teacher["list"], "the same records");
    assert_ne!(as_principal["id"], as_teacher["id"]);
    assert_eq!(world.desk.shown.lock().expect("no panic").len(), 2);
}

#[tokio::test]
async fn a_fault_in_a_tokens_library_stops_the_list_and_leaves_what_was_signed() {
    let world = World::new(Token::faulty(3));
    let token = world.pair().await;
    let stopped = world.sign(&token, &list(&tasks(1..=5))).await;
    assert_eq!((&stopped["state"], &stopped["signed"]), (&json!("stopped"), &json!(3)));
    world.token.left.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(world.sign(&token, &list(&tasks(1..=5))).await["state"], "done");
    assert_eq!(world.token.made.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn what_is_declined_is_not_signed_and_may_be_asked_again() {
    let world = World::new(Token::new(usize::MAX));
    world.desk.says.store(false, Ordering::SeqCst);
    let token = world.pair().await;
    let list = list(&tasks(1..=2));
    let declined = world.sign(&token, &list).await;
    assert_eq!((&declined["state"], &declined["signed"]), (&json!("declined"), &json!(0)));
    assert_eq!(world.token.made.load(Ordering::SeqCst), 0);
    world.desk.says.store(true, Ordering::SeqCst);
    assert_eq!(world.sign(&token, &list).await["state"], "done");
}

#[tokio::test]
async fn a_principal_countersigns_and_certificates_are_told_to_the_paired_page() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let told = world.page("GET", "/v1/certificates", Some(&token), &Value::Null).await.expect(200).body;
    let [signer] = told["signers"].as_array().expect("signers").as_slice() else { panic!("{told}") };
    assert_eq!(signer["sha256"], json!(Person::example("teacher").digest()));
    assert_eq!((&signer["alg"], signer["certificates"].as_array().map(Vec::len)), (&json!("Ed25519"), Some(2)));
    // The same key as a principal's, over what a teacher signed: `prev` is there, and it is this role's turn.
    let mut list = list(&[task_of(&record(1), 1, "teacher", Role::Principal, NOW)]);
    list["role"] = json!("principal");
    assert_eq!(world.sign(&token, &list).await["state"], "done");
}
