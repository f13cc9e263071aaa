//! What the script of a page with something to sign does: fetches what is to be signed, brings signatures.

use axum::http::{StatusCode, header};
use hocba_app::{
    Import, Lists, Mode, PublicState, Selection, Step,
    model::{GrantRole, Id, Renewal},
};
use hocba_record::{
    encoding::{Sha256Digest, base64url, from_base64url},
    section::Rating,
};
use hocba_signature::statement::Role;
use hocba_tests::{
    NOW, Person, SCHOOL, at,
    office::{OPERATOR, chain_of, workbook},
};
use serde_json::{Value, json};

use crate::browser::{Answer, Desk, by_script};

fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    serde_json::from_str(&answer.text).expect("JSON")
}

/// The signatures of somebody of the example people over tasks, as the page's script sends them.
fn signed(file: &str, tasks: &[Value], one: impl Fn(&Value, &str) -> Value) -> (&'static str, String) {
    let key = Person::example(file).key;
    let sign = |task: &Value| {
        let bytes = from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url");
        one(task, &base64url(&key.sign(&bytes)))
    };
    ("signatures", Value::Array(tasks.iter().map(sign).collect()).to_string())
}

fn of_record(task: &Value, signature: &str) -> Value {
    let (record, version, revision, at) = (&task["record"], &task["version"], &task["revision"], &task["at"]);
    json!({ "record": record, "version": version, "revision": revision, "at": at, "signature": signature })
}

fn of_appointment(task: &Value, signature: &str) -> Value {
    let bytes = from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url");
    let text = String::from_utf8(bytes).expect("ASCII");
    let (_, payload) = text.split_once('.').expect("header and payload");
    json!({ "payload": payload, "at": task["at"], "signature": signature })
}

/// Enrols a certificate of the example people for somebody who is called otherwise.
async fn enrol(desk: &Desk, account: &Id, file: &str) {
    let leaf = chain_of(file).remove(0);
    let mut tx = desk.office.app.store().begin("test").await.expect("begun");
    tx.add_certificate(&Sha256Digest::of(&leaf), &leaf, at(NOW)).await.expect("added");
    tx.set_certificate(account, &Sha256Digest::of(&leaf)).await.expect("set");
    tx.commit().await.expect("committed");
}

async fn states(desk: &Desk, class: &Id) -> Vec<PublicState> {
    let view = desk.office.app.class(&OPERATOR, class).await.expect("a class");
    view.pupils.iter().map(|line| line.state).collect()
}

#[tokio::test]
async fn a_class_is_signed_co_signed_and_sealed_through_its_page_and_what_was_sent_again_changes_nothing() {
    let desk = Desk::open().await;
    let (bytes, import) = (workbook(3, |_, _| {}), Import::default());
    let class = desk.office.app.import(&OPERATOR, &bytes, &import).await.expect("imported").class;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    let address = format!("/school/{SCHOOL}/classes/{class}");
    for (login, role, file, step, after) in [
        ("teacher", GrantRole::HomeroomTeacher, "teacher", "sign", PublicState::TeacherSigned),
        ("principal", GrantRole::Principal, "principal", "co-sign", PublicState::CoSigned),
        ("clerk", GrantRole::Clerk, "seal", "seal", PublicState::Sealed),
    ] {
        let (mut browser, account, _) = desk.signed_in(login, role, SCHOOL).await;
        let page = browser.get(&address).await;
        assert_eq!(page.text.matches("data-signing=").count(), 1, "{step}: the one step that is theirs");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("ASCII");
        assert!(policy.contains("connect-src 'self' http://127.0.0.1:8792;"), "{policy}");
        let (tasks, signatures) = (format!("{address}/{step}/tasks"), format!("{address}/{step}/signatures"));
        // A key that is not theirs is told as such.
        let refused = by_script(&mut browser, &page, &tasks, file, &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{step}");
        assert!(refused.text.contains("không phải chứng thư đã ghi"), "{}", refused.text);
        enrol(&desk, &account.id, file).await;
        let list = json_of(&by_script(&mut browser, &page, &tasks, file, &[]).await);
        assert_eq!(
            (&list["school"], &list["year"], &list["class"]),
            (&json!(SCHOOL), &json!("2026-2027"), &json!("9A3"))
        );
        let all = list["tasks"].as_array().expect("tasks").clone();
        assert_eq!(all.len(), 3);

        // The line breaks after two of three; opened again, the page asks for the third alone.
        let two = signed(file, &all[..2], of_record);
        let taken = json_of(&by_script(&mut browser, &page, &signatures, file, std::slice::from_ref(&two)).await);
        assert_eq!(taken, json!({ "taken": 2, "already": 0 }), "{step}");
        let again = json_of(&by_script(&mut browser, &page, &signatures, file, &[two]).await);
        assert_eq!(again, json!({ "taken": 0, "already": 2 }), "{step}");
        let page = browser.get(&address).await;
        let rest = json_of(&by_script(&mut browser, &page, &tasks, file, &[]).await);
        let rest = rest["tasks"].as_array().expect("tasks").clone();
        assert_eq!(rest.len(), 1, "{step}: what is left");

        // Somebody else's signature is told as such, in JSON, and nothing is stored.
        let forged = signed("other-teacher", &rest, of_record);
        let refused = by_script(&mut browser, &page, &signatures, file, &[forged]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        let said: Value = serde_json::from_str(&refused.text).expect("JSON");
        assert!(
            said["detail"].as_str().is_some_and(|text| !text.is_empty()) && said["reference"].is_string(),
            "{said}"
        );
        json_of(&by_script(&mut browser, &page, &signatures, file, &[signed(file, &rest, of_record)]).await);
        assert_eq!(states(&desk, &class).await, [after; 3], "{step}");
        let page = browser.get(&address).await;
        assert!(!page.text.contains("data-signing="), "{step}: nothing is left to sign");
    }
}

#[tokio::test]
async fn who_may_sign_is_given_through_the_page_and_no_other_class_or_page_is_reached() {
    let desk = Desk::open().await;
    let (app, school) = (&desk.office.app, SCHOOL.parse().expect("a code"));
    let year = "2026-2027".parse().expect("a year");
    app.open_year(&OPERATOR, &school, year).await.expect("opened");
    let staff = "Họ và tên;Chức vụ;Chủ nhiệm lớp\nTrần Văn Minh;Hiệu trưởng;\nNguyễn Thị Hoa;Giáo viên;9A3\n";
    let lists =
        Lists { staff: Some(staff.as_bytes()), classes: Some("Lớp;Khối\n9A3;9\n".as_bytes()), pupils: None };
    app.import_lists(&OPERATOR, &school, year, &lists, Mode::Apply).await.expect("taken");
    let mut tx = app.store().read().await.expect("read");
    for (login, file) in [("tranvan.minh", "principal"), ("nguyenthi.hoa", "teacher")] {
        let account = tx.account_of_login(login).await.expect("read").expect("somebody").id;
        assert!(app.enrol_certificate(&OPERATOR, &account, &chain_of(file)).await.expect("enrolled"));
    }
    drop(tx);
    let address = format!("/school/{SCHOOL}/appointments");
    for (login, role, file, part) in [
        ("so.giaoduc", GrantRole::Department, "department", "school"),
        ("hieutruong", GrantRole::Principal, "principal", "homerooms"),
    ] {
        let (mut browser, ..) = desk.signed_in(login, role, SCHOOL).await;
        let page = browser.get(&address).await;
        let (tasks, signatures) = (format!("{address}/{part}/tasks"), format!("{address}/{part}/signatures"));
        let list = json_of(&by_script(&mut browser, &page, &tasks, file, &[]).await);
        let all = list["tasks"].as_array().expect("tasks").clone();
        assert_eq!(all.len(), 1, "{part}");
        let taken = by_script(&mut browser, &page, &signatures, file, &[signed(file, &all, of_appointment)]).await;
        assert_eq!(json_of(&taken), json!({ "taken": 1, "already": 0 }));
        assert!(!browser.get(&address).await.text.contains("data-signing="), "{part}: nothing is left to sign");
    }
    // A school's administrator sees who may sign, and has nothing to sign.
    let (mut admin, ..) = desk.signed_in("tinhoc", GrantRole::SchoolAdministrator, SCHOOL).await;
    let page = admin.get(&address).await;
    assert!(page.text.contains("Nguyễn Thị Hoa") && !page.text.contains("data-signing="));
    // A page without something to sign lets its script reach nobody.
    let home = admin.get("/home").await;
    let policy = home.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("ASCII").to_owned();
    assert!(policy.contains("connect-src 'self';"), "{policy}");
}

#[tokio::test]
async fn a_substitute_is_given_a_class_through_the_page_of_an_appointment() {
    let desk = Desk::open().await;
    let (app, school) = (&desk.office.app, SCHOOL.parse().expect("a code"));
    let year = "2026-2027".parse().expect("a year");
    app.open_year(&OPERATOR, &school, year).await.expect("opened");
    let staff = "Họ và tên;Chức vụ;Chủ nhiệm lớp\nTrần Văn Minh;Hiệu trưởng;\nNguyễn Thị Hoa;Giáo viên;9A3\n\
                 Đặng Thị Lan;Giáo viên;\n";
    let lists =
        Lists { staff: Some(staff.as_bytes()), classes: Some("Lớp;Khối\n9A3;9\n".as_bytes()), pupils: None };
    app.import_lists(&OPERATOR, &school, year, &lists, Mode::Apply).await.expect("taken");
    for (login, file) in [("nguyenthi.hoa", "teacher"), ("dangthi.lan", "other-teacher")] {
        let mut tx = app.store().read().await.expect("read");
        let account = tx.account_of_login(login).await.expect("read").expect("somebody").id;
        drop(tx);
        assert!(app.enrol_certificate(&OPERATOR, &account, &chain_of(file)).await.expect("enrolled"));
    }
    for role in [Role::Principal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    let (mut browser, ..) = desk.signed_in("hieutruong", GrantRole::Principal, SCHOOL).await;
    let list = browser.get(&format!("/school/{SCHOOL}/appointments")).await;
    let address = list.attribute("th a[href*='/appointments/homerooms/']", "href");
    let page = browser.get(&address).await;
    assert!(page.text.contains("Nguyễn Thị Hoa") && page.text.contains("Đặng Thị Lan"), "{}", page.text);
    assert!(!page.text.contains("data-signing="), "nothing is signed before it was chosen");
    // The principal's own appointment is the department's.
    assert_eq!(list.text.matches("/appointments/homerooms/").count(), 1);
    assert!(!list.text.contains("/appointments/school/"));
    let lan = page.attribute("select[name=successor] option:nth-child(2)", "value");

    for (query, said) in [
        ("reason=nonsense".to_owned(), "reason-error"),
        ("reason=key_compromised".to_owned(), "since-error"),
        ("reason=key_compromised&since=1%2F1%2F2999".to_owned(), "since-error"),
        (format!("reason=left_role&since=1%2F1%2F2026&successor={lan}"), "since-error"),
        ("reason=left_role&successor=nobody".to_owned(), "successor-error"),
        (format!("reason=left_role&decision={}", "x".repeat(5000)), "decision-error"),
    ] {
        let refused = browser.get(&format!("{address}?{query}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(refused.text.contains(said) && !refused.text.contains("data-signing="), "{query}");
    }
    let query = format!("reason=left_role&decision=12%2FQ%C4%90%22%3Cb%3E&successor={lan}");
    let page = browser.get(&format!("{address}?{query}")).await;
    assert!(page.text.contains("Đặng Thị Lan làm Giáo viên chủ nhiệm 9A3"), "{}", page.text);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("ASCII");
    assert!(policy.contains("connect-src 'self' http://127.0.0.1:8792;"), "{policy}");

    let (tasks, signatures) = (format!("{address}/tasks"), format!("{address}/signatures"));
    let said = json_of(&by_script(&mut browser, &page, &tasks, "principal", &[]).await);
    let all = said["tasks"].as_array().expect("tasks").clone();
    assert_eq!(all.len(), 2);
    assert!(all[0]["appointment"].is_string() && all[1]["appointment"].is_null(), "{said}");
    let end = of_appointment(&all[0], "")["payload"].as_str().expect("text").to_owned();
    let end = String::from_utf8(from_base64url(&end).expect("base64url")).expect("JSON");
    assert!(end.contains(r#"12/QĐ\"<b>"#), "what was typed is what is signed: {end}");
    // Half of it is neither; the whole is taken once.
    let half = signed("principal", &all[1..], of_appointment);
    let refused = by_script(&mut browser, &page, &signatures, "principal", &[half]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let whole = signed("principal", &all, of_appointment);
    let taken = by_script(&mut browser, &page, &signatures, "principal", std::slice::from_ref(&whole)).await;
    assert_eq!(json_of(&taken), json!({ "taken": 2, "already": 0 }));
    let again = by_script(&mut browser, &page, &signatures, "principal", &[whole]).await;
    assert_eq!(json_of(&again), json!({ "taken": 0, "already": 2 }));

    let over = browser.get(&format!("{address}?done=signed")).await;
    assert!(over.text.contains("không còn hiệu lực") && !over.text.contains("<select"), "{}", over.text);
    let list = browser.get(&format!("/school/{SCHOOL}/appointments")).await;
    let now = list.attribute("th a[href*='/appointments/homerooms/']", "href");
    assert!(now != address && list.text.contains("thôi giữ vai trò"), "{}", list.text);
}

#[tokio::test]
async fn a_sealed_correction_is_signed_to_take_the_old_ones_place_through_the_page() {
    let desk = Desk::open().await;
    let class =
        desk.office.app.import(&OPERATOR, &workbook(2, |_, _| {}), &Import::default()).await.expect("imported").class;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    let signed_by_all = async || {
        for step in Step::ALL {
            desk.office.step(&class, step, &Selection::All).await;
        }
        desk.office.anchor().await;
    };
    signed_by_all().await;
    let (mut clerk, account, _) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    enrol(&desk, &account.id, "seal").await;
    let address = format!("/school/{SCHOOL}/classes/{class}");
    assert!(!clerk.get(&address).await.text.contains("data-signing="), "nothing takes anything's place yet");

    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    let corrected = workbook(2, |_, drafts| drafts[1].conduct.term2 = Some(Rating::Dat));
    desk.office.app.import(&OPERATOR, &corrected, &import).await.expect("imported");
    assert!(!clerk.get(&address).await.text.contains("thay bản cũ"), "not before it is sealed");
    signed_by_all().await;
    assert!(clerk.get("/home").await.text.contains("1 bản mới chờ ký thay bản cũ"));
    let page = clerk.get(&address).await;
    assert!(page.text.contains("Ký cho 1 bản mới thay bản cũ"), "{}", page.text);
    let (mut principal, ..) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    assert!(!principal.get(&address).await.text.contains("thay bản cũ"), "who seals says it");

    let (tasks, signatures) = (format!("{address}/supersede/tasks"), format!("{address}/supersede/signatures"));
    let list = json_of(&by_script(&mut clerk, &page, &tasks, "seal", &[]).await);
    let all = list["tasks"].as_array().expect("tasks").clone();
    assert_eq!((all.len(), &all[0]["version"], &list["class"]), (1, &json!(2), &json!("9A3")));
    assert!(all[0]["statement"].is_string(), "what takes the place comes along");
    let of_status = |task: &Value, signature: &str| {
        let (record, version, at) = (&task["record"], &task["version"], &task["at"]);
        json!({ "record": record, "version": version, "at": at, "signature": signature })
    };
    let forged = signed("other-seal", &all, of_status);
    let refused = by_script(&mut clerk, &page, &signatures, "seal", &[forged]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let own = signed("seal", &all, of_status);
    let taken = by_script(&mut clerk, &page, &signatures, "seal", std::slice::from_ref(&own)).await;
    assert_eq!(json_of(&taken), json!({ "taken": 1, "already": 0 }));
    let again = by_script(&mut clerk, &page, &signatures, "seal", &[own]).await;
    assert_eq!(json_of(&again), json!({ "taken": 0, "already": 1 }));
    assert!(!clerk.get(&address).await.text.contains("thay bản cũ"), "nothing is left to sign");
    assert!(!clerk.get("/home").await.text.contains("thay bản cũ"));
}
