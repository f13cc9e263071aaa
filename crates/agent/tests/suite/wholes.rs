//! Several classes confirmed as one: shown class by class, asked about once, signed without another question; and nothing
//! that was not among them.

use std::sync::atomic::Ordering;

use hocba_record::{
    disclosure::{Seed, issue},
    encoding::Sha256Digest,
    payload::OpenClaims,
};
use hocba_signature::statement::Role;
use hocba_tests::{NOW, Person, SCHOOL, open_claims};
use serde_json::{Value, json};

use crate::kit::{Token, World, list, task_of};

/// Tasks of a class: its pupils have ids of their own.
fn class(name: &str, first: u16, pupils: u16, time: i64) -> Value {
    let task = |n: u16| {
        let claims = OpenClaims { class: name.parse().expect("a class"), ..open_claims(SCHOOL, first + n) };
        let sections = hocba_sample::record_sections(u64::from(first + n));
        let seed = Seed::from_bytes([(first + n).to_le_bytes()[0]; 32]);
        let issued = issue(claims, &sections, Vec::new(), &seed).expect("issued");
        task_of(&issued, n, "teacher", Role::HomeroomTeacher, time)
    };
    let mut asked = list(&(1..=pupils).map(task).collect::<Vec<_>>());
    asked["class"] = json!(name);
    asked
}

fn begin() -> Value {
    json!({ "certificate": Person::example("teacher").digest(), "role": "homeroom_teacher", "school": SCHOOL })
}

/// Sends classes as one, and has them confirmed.
async fn gathered(world: &World, token: &str, classes: &[Value]) -> Value {
    let id = world.page("POST", "/v1/wholes", Some(token), &begin()).await.expect(201).body["id"].clone();
    for class in classes {
        world.page("POST", &format!("/v1/wholes/{id}/classes"), Some(token), class).await.expect(200);
    }
    world.page("POST", &format!("/v1/wholes/{id}/confirm"), Some(token), &json!({})).await.expect(202);
    world.page("GET", &format!("/v1/wholes/{id}?wait=20"), Some(token), &Value::Null).await.expect(200).body
}

#[tokio::test]
async fn three_classes_are_shown_asked_about_once_and_signed_without_another_question() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let classes = [class("9A1", 100, 5, NOW), class("9A2", 200, 4, NOW), class("9A3", 300, 3, NOW)];
    let whole = gathered(&world, &token, &classes).await;
    assert_eq!((&whole["state"], &whole["classes"], &whole["records"]), (&json!("confirmed"), &json!(3), &json!(12)));
    for asked in &classes {
        let done = world.sign(&token, asked).await;
        assert_eq!((&done["state"], &done["signed"]), (&json!("done"), &done["of"]));
    }
    let parts = world.desk.parts.lock().expect("no panic");
    assert_eq!(parts.iter().map(|(_, review)| review.entries.len()).collect::<Vec<_>>(), [5, 4, 3], "each was shown");
    assert!(world.desk.shown.lock().expect("no panic").is_empty(), "none was asked about by itself");
    let asked = world.desk.wholes.lock().expect("no panic");
    let [shown] = asked.as_slice() else { panic!("asked once: {}", asked.len()) };
    assert_eq!(whole["short"], shown.short_digest());
    // As docs/signer.md says it.
    let mut bytes = b"hocba-lists-v1\0".to_vec();
    parts.iter().for_each(|(_, review)| bytes.extend(review.digest.as_bytes()));
    assert_eq!(whole["list"], json!(Sha256Digest::of(&bytes)));
}

#[tokio::test]
async fn what_was_not_among_the_confirmed_classes_is_asked_about() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    gathered(&world, &token, &[class("9A1", 100, 3, NOW)]).await;
    // One pupil more than was shown.
    world.sign(&token, &class("9A1", 100, 4, NOW)).await;
    assert_eq!(world.desk.shown.lock().expect("no panic").len(), 1);
    // Another class.
    world.sign(&token, &class("9A2", 200, 3, NOW)).await;
    assert_eq!(world.desk.shown.lock().expect("no panic").len(), 2);
}

#[tokio::test]
async fn classes_that_were_declined_are_not_signed_and_their_lists_are_asked_about() {
    let world = World::new(Token::new(usize::MAX));
    world.desk.says.store(false, Ordering::SeqCst);
    let token = world.pair().await;
    let asked = class("9A1", 100, 3, NOW);
    let whole = gathered(&world, &token, std::slice::from_ref(&asked)).await;
    assert_eq!(whole["state"], "declined");
    let ended = world.sign(&token, &asked).await;
    assert_eq!((&ended["state"], &ended["signed"]), (&json!("declined"), &json!(0)));
    assert_eq!(world.token.made.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn after_a_break_the_rest_goes_on_without_a_question_and_nothing_is_signed_twice() {
    let world = World::new(Token::new(4));
    let token = world.pair().await;
    let classes = [class("9A1", 100, 3, NOW), class("9A2", 200, 3, NOW)];
    gathered(&world, &token, &classes).await;
    assert_eq!(world.sign(&token, &classes[0]).await["state"], "done");
    assert_eq!(world.sign(&token, &classes[1]).await["state"], "stopped");
    world.token.left.store(usize::MAX, Ordering::SeqCst);
    // The page was opened anew, later: of the second class two are left, with another time.
    let mut rest = class("9A2", 200, 3, NOW + 60);
    let left = rest["tasks"].as_array().expect("tasks")[1..].to_vec();
    rest["tasks"] = json!(left);
    let whole = gathered(&world, &token, std::slice::from_ref(&rest)).await;
    assert_eq!((&whole["state"], &whole["records"]), (&json!("confirmed"), &json!(2)));
    assert_eq!(world.desk.wholes.lock().expect("no panic").len(), 1, "asked once");
    assert_eq!(world.sign(&token, &rest).await["state"], "done");
    assert_eq!(world.token.made.load(Ordering::SeqCst), 6, "nothing was signed twice");
}

#[tokio::test]
async fn a_class_twice_of_another_school_or_after_the_question_is_refused_and_so_is_nothing() {
    let world = World::new(Token::new(usize::MAX));
    let token = world.pair().await;
    let id = world.page("POST", "/v1/wholes", Some(&token), &begin()).await.expect(201).body["id"].clone();
    let (add, confirm) = (format!("/v1/wholes/{id}/classes"), format!("/v1/wholes/{id}/confirm"));
    world.page("POST", &confirm, Some(&token), &json!({})).await.refused(422, "too-many");
    let first = class("9A1", 100, 2, NOW);
    world.page("POST", &add, Some(&token), &first).await.expect(200);
    world.page("POST", &add, Some(&token), &first).await.refused(422, "twice");
    // Everything that every list is looked at for.
    let mut other = class("9A2", 200, 2, NOW);
    other["class"] = json!("9A9");
    world.page("POST", &add, Some(&token), &other).await.refused(422, "other-class");
    world.page("POST", &confirm, Some(&token), &json!({})).await.expect(202);
    world.page("POST", &add, Some(&token), &class("9A2", 200, 2, NOW)).await.refused(404, "unknown-list");
    // Begun for another school than the class's.
    let mut elsewhere = begin();
    elsewhere["school"] = json!("79DEMO002");
    let id = world.page("POST", "/v1/wholes", Some(&token), &elsewhere).await.expect(201).body["id"].clone();
    world.page("POST", &format!("/v1/wholes/{id}/classes"), Some(&token), &first).await.refused(422, "other-class");
    // Without a token there is none, and another origin sees none of these.
    world.page("GET", &format!("/v1/wholes/{id}"), None, &Value::Null).await.refused(401, "not-paired");
    world.page("GET", "/v1/wholes/99", Some(&token), &Value::Null).await.refused(404, "unknown-list");
}
