//! What reaches the log: routes, statuses, ids. Never addresses, bodies, tokens or names.

use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

use crate::{common, desk, everything::Everything};

#[tokio::test]
async fn the_log_tells_what_happened_and_not_to_whom() {
    let (log, _guard) = Everything::listen();
    let router = common::public();
    let send = |request: Request<Body>| router.clone().oneshot(request);
    let (_, file) = common::Samples::new().files().swap_remove(0);
    let token = hocba_record::encoding::base64url(&common::derive(&common::secret("valid"), "hocba-link-token-v1"));
    let open = serde_json::json!({ "token": token }).to_string();
    for request in [
        Request::post("/v/report?lang=en&for=Nguyen").body(Body::from(file)),
        Request::post("/api/v1/links/open").body(Body::from(open)),
        Request::get("/pupil/Nguyen?secret=Nguyen").header("referer", "https://a.vn/Nguyen").body(Body::empty()),
        Request::post("/v/report").body(Body::from("panic")),
    ] {
        send(request.expect("request")).await.expect("an answer");
    }
    let log = log.text();
    for line in [
        "message=POST /v/report: 200",
        "message=GET (none): 404",
        "message=POST /api/v1/links/open: 200",
        "http.status=500",
    ] {
        assert!(log.contains(line), "{line} in\n{log}");
    }
    assert_eq!(log.matches("failed inside").count(), 1, "a cause is logged once:\n{log}");
    for secret in ["Nguy", token.as_str(), "Toán", "lang=", "panic\""] {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}

#[tokio::test]
async fn the_log_tells_once_why_the_database_does_not_answer() {
    let (desk, _) = desk::Desk::with_class(1).await;
    desk.office.app.store().close().await;
    let (log, guard) = Everything::listen();
    desk.get("teacher", "/classes").await;
    let token = hocba_record::encoding::base64url(&[7; 32]);
    desk.post("stranger", "/links/open", &serde_json::json!({ "token": token })).await;
    drop(guard);
    let log = log.text();
    assert_eq!(log.matches("needs something that does not answer").count(), 2, "one line each:\n{log}");
    assert_eq!(log.matches("cause=\"the database does not answer").count(), 2, "{log}");
    assert!(!log.contains("failed inside") && !log.contains(&token) && !log.contains(desk.token("teacher")), "{log}");
}

#[tokio::test]
async fn the_log_tells_nothing_of_tokens_spreadsheets_and_links() {
    let (mut desk, class) = desk::Desk::with_class(1).await;
    let (log, guard) = Everything::listen();
    let faulty = hocba_tests::office::workbook(1, |_, drafts| drafts[0].conduct.term2 = None);
    let (post, record) = (axum::http::Method::POST, desk.records(&class).await.swap_remove(0));
    desk.account("late", None, vec![]).await;
    for (who, path, body) in [
        ("teacher", "/classes".to_owned(), faulty),
        ("late", "/classes?leave_out=7:other".to_owned(), b"Nguyen".to_vec()),
        ("stranger", "/classes".to_owned(), vec![]),
        ("teacher", format!("/classes/{class}/signing-tasks"), b"{}".to_vec()),
        ("clerk", format!("/records/{record}/links"), b"{\"scope\":\"whole\"}".to_vec()),
    ] {
        desk.call(who, post.clone(), &path, body).await;
    }
    drop(guard);
    let log = log.text();
    for line in [
        "message=POST /api/v1/classes: 422",
        "message=POST /api/v1/classes: 403",
        "message=POST /api/v1/classes: 401",
        "message=POST /api/v1/records/{record}/links: 409",
    ] {
        assert!(log.contains(line), "{line} in\n{log}");
    }
    let (_, drafts) = hocba_sample::class(7, &hocba_sample::Options::lower_secondary().with_pupils(1));
    let name = drafts[0].identity.name.as_str();
    for secret in [desk.token("teacher"), desk.token("late"), "hocba_", name, "Nguyen", "leave_out=7", record.as_str()]
    {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}
