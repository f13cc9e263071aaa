//! A pupil's page, and sheets of a class: who sees what, what is said of it, and the codes that are made.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use hocba_app::{
    Import, LinkSecret, PaperState, Selection, Step, Superseding, SupersedingTask, link_key, link_token,
    model::{Grant, GrantRole, Id, Renewal, ReturnReason},
};
use hocba_record::{
    draft::{Assessment, Draft},
    encoding::{Sha256Digest, base64url, from_base64url},
    types::{Mark, SchoolYear},
};
use hocba_signature::statement::Role;
use hocba_tests::{
    NOW, OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, chain_of, workbook},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::{
    browser::{Answer, Browser, Desk, HERE},
    everything::Everything,
};

/// A class of three at a desk, with everybody appointed.
async fn class_of_three(desk: &Desk) -> Id {
    let bytes = workbook(3, |_, _| {});
    let class = desk.office.app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(desk.office.appoint(role).await);
    }
    class
}

async fn in_force(desk: &Desk, class: &Id) {
    for step in Step::ALL {
        desk.office.step(class, step, &Selection::All).await;
    }
    desk.office.anchor().await;
}

/// Somebody who has the class as its teacher, and nothing else.
async fn teacher(desk: &Desk) -> Browser {
    let (browser, account, _) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let of_class = Some((SchoolYear::starting(2026).expect("a year"), "9A3".parse().expect("a class")));
    let grant = Grant::of_school(GrantRole::HomeroomTeacher, SCHOOL.parse().expect("a code"), of_class);
    desk.office.app.set_grants(&OPERATOR, &account.id, std::slice::from_ref(&grant)).await.expect("set");
    browser
}

async fn record(desk: &Desk, class: &Id, place: usize) -> (Id, String) {
    let record = desk.office.lines(class).await[place].record;
    (record, format!("/school/{SCHOOL}/records/{record}"))
}

/// The codes on a page of sheets.
fn codes(page: &Answer) -> Vec<String> {
    let parts = page.text.split("Mã tra cứu: <strong>").skip(1);
    parts.filter_map(|part| part.split("</strong>").next().map(str::to_owned)).collect()
}

fn sheets(page: &Answer) -> usize {
    page.text.matches("<div class=\"sheet\"").count()
}

fn corrected(drafts: &mut [Draft]) {
    let toan = drafts[0].subjects.iter_mut().find(|s| s.code.as_str() == "toan").expect("Toán");
    let Assessment::Score { reassessed, .. } = &mut toan.assessment else { panic!("a scored subject") };
    *reassessed = Some(Mark::from_tenths(80).expect("a mark"));
}

/// Presses the button of a page of sheets that makes codes, and waits for the task.
async fn make_codes(browser: &mut Browser, page: &Answer, action: &str) -> Answer {
    let begun = browser.fill(page, action, &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    let task = begun.location().to_owned();
    for _ in 0..600 {
        let page = browser.get(&task).await;
        if !page.text.contains("data-again") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the task does not end")
}

#[tokio::test]
async fn a_draft_is_shown_as_it_will_print_and_says_across_it_that_nobody_signed() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    let (id, address) = record(&desk, &class, 0).await;
    let name = desk.office.app.class(&OPERATOR, &class).await.expect("a class").pupils[0].name.clone().expect("a name");
    let mut teacher = teacher(&desk).await;
    // From the class to the pupil, and on to the sheets.
    let list = teacher.get(&format!("/school/{SCHOOL}/classes/{class}")).await;
    assert!(list.text.contains(&format!("<a href=\"{address}\">{name}</a>")), "{}", list.text);
    let page = teacher.get(&address).await;
    assert_eq!((page.status, page.find("h1")), (StatusCode::OK, name.clone()));
    assert!(page.text.contains("chờ giáo viên chủ nhiệm ký"));
    assert_eq!((sheets(&page), page.find(".is-not")), (2, "BẢN NHÁP – CHƯA KÝ".to_owned()));
    assert!(page.text.contains("Nội dung giáo dục của địa phương") && page.text.contains("Kết quả rèn luyện"));
    assert!(page.text.contains("(chưa ký)") && !page.text.contains("class=\"qr\""), "no code on a draft");
    let sheets_page = teacher.get(&format!("{address}/print")).await;
    assert_eq!((sheets_page.status, sheets(&sheets_page)), (StatusCode::OK, 2));
    assert!(codes(&sheets_page).is_empty() && !sheets_page.text.contains("/print/code\""), "no button for a teacher");
    assert_eq!(teacher.get(&format!("{address}/print?book")).await.status, StatusCode::FORBIDDEN);
    assert!(!address.contains(&name) && address.contains(&id.to_string()));

    desk.office.step(&class, Step::Sign, &Selection::All).await;
    let page = teacher.get(&address).await;
    assert_eq!(page.find(".is-not"), "CHƯA KÝ ĐỦ");
    assert!(page.find(".signature .signed").starts_with("Đã ký số lúc"));
    desk.office.app.return_record(&OPERATOR, &id, ReturnReason::WrongMark).await.expect("returned");
    let page = teacher.get(&address).await;
    assert!(page.find(".note").starts_with("Bị trả lại: sai điểm"), "{}", page.find(".note"));
}

#[tokio::test]
async fn a_record_of_another_class_or_school_is_as_one_that_is_not_there() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    let other = workbook(1, |header, _| header.class = "9A4".parse().expect("a class"));
    let other = desk.office.app.import(&OPERATOR, &other, &Import::default()).await.expect("imported").class;
    let (id, address) = record(&desk, &other, 0).await;
    let mut teacher = teacher(&desk).await;
    let (mut stranger, ..) = desk.signed_in("stranger", GrantRole::Clerk, OTHER_SCHOOL).await;
    let own = record(&desk, &class, 0).await.0;
    for (own_school, address) in [
        (true, address.clone()),
        (true, format!("{address}/print")),
        (true, format!("/school/{SCHOOL}/classes/{other}/print")),
        (true, format!("/school/{SCHOOL}/records/{class}")),
        (false, address.clone()),
        (false, format!("/school/{OTHER_SCHOOL}/records/{id}")),
        (false, format!("/school/{OTHER_SCHOOL}/records/{own}/print?book")),
        (false, format!("/school/{OTHER_SCHOOL}/classes/{class}/print")),
    ] {
        let browser = if own_school { &mut teacher } else { &mut stranger };
        let answer = browser.get(&address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
    }
    let seen = desk.office.database.count("SELECT COUNT(*) FROM audit_events WHERE action = 'print_record'").await;
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn a_clerk_makes_the_codes_of_a_class_once_and_prints_them_and_each_is_in_the_log() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    in_force(&desk, &class).await;
    let (mut clerk, ..) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let (log, _guard) = Everything::listen();
    let address = format!("/school/{SCHOOL}/classes/{class}/print");
    let page = clerk.get(&address).await;
    assert!(page.text.contains("3 học bạ đã có hiệu lực nhưng chưa có mã tra cứu"), "{}", page.find(".note"));
    assert_eq!((codes(&page).len(), page.find(".is-not")), (0, "BẢN XEM – KHÔNG CÓ MÃ TRA CỨU".to_owned()));
    let action = format!("{address}/codes");
    let done = make_codes(&mut clerk, &page, &action).await;
    assert!(
        done.text.contains("3 mã tra cứu mới") && done.text.contains(&format!("href=\"{address}\"")),
        "{}",
        done.text
    );
    // The same form again does nothing; the page has no other.
    let again = clerk.fill(&page, &action, &[]).await;
    assert_eq!(
        (again.status, again.location()),
        (StatusCode::SEE_OTHER, format!("{address}?done=already-sent").as_str())
    );
    let page = clerk.get(&address).await;
    let all = codes(&page);
    assert_eq!((sheets(&page), all.len()), (6, 6), "a code on each sheet");
    assert!(!page.text.contains(&action) && !page.text.contains("class=\"is-not\""));
    assert_eq!(page.text.matches("Tờ 1/2").count() + page.text.matches("Tờ 2/2").count(), 12, "shown and said");
    assert!(page.text.contains("Bản giấy chuyển từ học bạ số lúc") && page.text.contains("người in: Tên clerk"));
    assert!(page.text.contains(&format!("Tra cứu: {HERE}/v")));
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), 3, "one for each pupil");
    for code in &distinct {
        let token = link_token(&LinkSecret::from_code(code).expect("a code"));
        desk.office.app.open_link(&token).await.expect("it opens");
        assert!(!log.text().contains(code.as_str()), "no code in the log");
    }
    let events = |action: &str| format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'");
    assert_eq!(desk.office.database.count(&events("create_paper_link")).await, 3);
    assert_eq!(desk.office.database.count(&events("print_record")).await, 3);
    // A teacher sees the same sheets without a code.
    let mut teacher = teacher(&desk).await;
    let seen = teacher.get(&address).await;
    assert_eq!((seen.status, sheets(&seen), codes(&seen).len()), (StatusCode::OK, 6, 0));
    assert_eq!(desk.office.database.count(&events("print_record")).await, 3, "which is no extract");
}

#[tokio::test]
async fn a_lost_sheet_is_withdrawn_on_the_pupils_page_and_opens_no_more() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    in_force(&desk, &class).await;
    let (id, address) = record(&desk, &class, 0).await;
    let (mut clerk, ..) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let nothing = clerk.get(&address).await;
    assert!(!nothing.text.contains("Đã phát ra"), "nothing was handed out yet");
    let sheet = clerk.get(&format!("{address}/print")).await;
    clerk.fill(&sheet, &format!("{address}/print/code"), &[]).await;
    let [code, ..] = &codes(&clerk.get(&format!("{address}/print")).await)[..] else { panic!("a code") };
    let token = link_token(&LinkSecret::from_code(code).expect("a code"));
    desk.office.app.open_link(&token).await.expect("opens");

    let page = clerk.get(&address).await;
    assert!(page.text.contains("Mã tra cứu trên giấy, phiên bản 1"), "{}", page.text);
    assert!(page.text.contains("Đã xem 1 lần"), "{}", page.text);
    assert!(!page.text.contains(code.as_str()), "the code stands on the sheet alone");
    // The code of another pupil is not withdrawn from here.
    let (_, other) = record(&desk, &class, 1).await;
    let sheet = clerk.get(&format!("{other}/print")).await;
    clerk.fill(&sheet, &format!("{other}/print/code"), &[]).await;
    let of_other = clerk.get(&other).await;
    let link = desk.office.app.links(&OPERATOR, &id).await.expect("links")[0].handed.link.id.to_string();
    let refused = clerk.fill(&of_other, &format!("{other}/withdraw"), &[("link", &link)]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    desk.office.app.open_link(&token).await.expect("still opens");

    let done = clerk.fill(&page, &format!("{address}/withdraw"), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let page = clerk.get(done.location()).await;
    assert!(page.text.contains("Đã thu hồi. Bản") && page.text.contains("thu hồi lúc"), "{}", page.text);
    assert!(desk.office.app.open_link(&token).await.is_err());
    assert!(
        codes(&clerk.get(&format!("{address}/print")).await).is_empty(),
        "a new one is made, by whoever asks for it"
    );
}

#[tokio::test]
async fn a_confirmation_shows_its_part_and_no_marks_and_what_is_handed_out_is_noted() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    let (_, address) = record(&desk, &class, 0).await;
    let (mut clerk, ..) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let links = format!("{address}/links");
    assert!(!clerk.get(&address).await.text.contains(&links), "nothing could be checked yet");
    assert_eq!(clerk.get(&format!("{address}/file")).await.status, StatusCode::CONFLICT);
    in_force(&desk, &class).await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let seen = teacher.get(&address).await;
    assert!(seen.status == StatusCode::OK && !seen.text.contains(&links), "who hands out is the clerk");

    let page = clerk.get(&address).await;
    let wrong = clerk.fill(&page, &links, &[("scope", "everything")]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    for (scope, marks) in [("identity_and_completion", false), ("results", true)] {
        let page = clerk.get(&address).await;
        let made = clerk.fill(&page, &links, &[("scope", scope), ("days", "7")]).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        let secret = made.find(".slip code");
        let secret = LinkSecret::from_text(secret.split_once('#').expect("a fragment").1).expect("a secret");
        let report = opened(&desk, &secret).await;
        assert!(report.contains("Học bạ này là thật và đang có hiệu lực"), "{scope}: {report}");
        assert_eq!(
            report.contains("<th scope=\"row\">Toán"),
            marks,
            "{scope}: names of what is withheld are shown, marks are not"
        );
        let again = clerk.fill(&page, &links, &[("scope", scope), ("days", "7")]).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "{scope}: sent again, it makes no other");
    }
    let file = clerk.get(&format!("{address}/file")).await;
    let disposition = file.headers[header::CONTENT_DISPOSITION].to_str().expect("ASCII").to_owned();
    assert!(file.status == StatusCode::OK && disposition.contains("hoc-ba-2026-2027.hocba.json"), "{disposition}");
    assert!(report(&desk, file.bytes).await.contains("Học bạ này là thật và đang có hiệu lực"));
    let noted = |action: &str| format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'");
    assert_eq!(desk.office.database.count(&noted("create_link")).await, 2);
    assert_eq!(desk.office.database.count(&noted("hand_out_bundle")).await, 1);
    let page = clerk.get(&address).await;
    assert!(
        page.text.contains("họ tên và hoàn thành chương trình") && page.text.contains("Đã xem 1 lần"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn one_pupil_gets_a_code_and_the_whole_book_is_printed_with_a_cover() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    in_force(&desk, &class).await;
    let (mut clerk, ..) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let (_, address) = record(&desk, &class, 1).await;
    let print = format!("{address}/print");
    let page = clerk.get(&print).await;
    let done = clerk.fill(&page, &format!("{print}/code"), &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, format!("{print}?done=codes-made").as_str()));
    let page = clerk.get(&print).await;
    assert_eq!((sheets(&page), codes(&page).len()), (2, 2));
    let book = clerk.get(&format!("{print}?book")).await;
    assert_eq!((book.status, sheets(&book), codes(&book).len()), (StatusCode::OK, 4, 4));
    for said in ["HỌC BẠ", "TRUNG HỌC CƠ SỞ", "THÔNG TIN HỌC SINH", "QUÁ TRÌNH HỌC TẬP", "Tờ 4/4", "Mã học bạ"]
    {
        assert!(book.text.contains(said), "{said}");
    }
    assert_eq!(codes(&book)[0], codes(&page)[0], "the cover opens the latest year");
}

/// What the check page shows whoever typed a code: the sealed bundle fetched by its token, opened, and sent to be checked.
async fn checked(desk: &Desk, code: &str) -> String {
    opened(desk, &LinkSecret::from_code(code).expect("a code")).await
}

/// The same for whoever has a link.
async fn opened(desk: &Desk, secret: &LinkSecret) -> String {
    let token = link_token(secret);
    let open = serde_json::json!({ "token": base64url(&token) }).to_string();
    let request = Request::post("/api/v1/links/open").header(header::CONTENT_TYPE, "application/json");
    let answer = desk.router.clone().oneshot(request.body(Body::from(open)).expect("a request")).await;
    let sealed = answer.expect("answered").into_body();
    let sealed = sealed.collect().await.expect("a body").to_bytes();
    let sealed: serde_json::Value = serde_json::from_slice(&sealed).expect("JSON");
    let bytes = |member: &str| from_base64url(sealed[member].as_str().expect("text")).expect("base64url");
    let nonce: [u8; 12] = bytes("nonce").try_into().expect("96 bits");
    let hash = Sha256Digest::of(&token);
    let bundle = hocba_keystore::unseal(&link_key(secret), &nonce, hash.as_bytes(), &bytes("ciphertext"));
    report(desk, bundle.expect("it opens").to_vec()).await
}

/// What the check page says of a transcript file.
async fn report(desk: &Desk, file: Vec<u8>) -> String {
    let request = Request::post("/v/report?lang=vi").header(header::CONTENT_TYPE, "application/json");
    let now = desk.office.clock.swap(NOW, Ordering::Relaxed);
    let answer = desk.router.clone().oneshot(request.body(Body::from(file)).expect("a request")).await;
    desk.office.clock.store(now, Ordering::Relaxed);
    let report = answer.expect("answered").into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8_lossy(&report).into_owned()
}

#[tokio::test]
async fn the_paper_of_before_a_correction_says_on_the_check_page_by_what_it_was_replaced() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    in_force(&desk, &class).await;
    let (id, _) = record(&desk, &class, 0).await;
    let app = &desk.office.app;
    let code = async || {
        app.make_paper_link(&OPERATOR, &id).await.expect("made");
        match app.print_record(&OPERATOR, &id).await.expect("printed").paper {
            PaperState::Code(code) => code.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let old = code().await;
    assert!(checked(&desk, &old).await.contains("Học bạ này là thật và đang có hiệu lực"));
    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    app.import(&OPERATOR, &workbook(3, |_, drafts| corrected(drafts)), &import).await.expect("imported");
    for step in Step::ALL {
        desk.office.step(&class, step, &Selection::All).await;
    }
    let signer = app.signer(&OPERATOR, Step::Seal, false, &chain_of("seal")).await.expect("the seal");
    let tasks = app.superseding(&OPERATOR, &class, &signer).await.expect("tasks");
    let signed = |task: SupersedingTask| Superseding {
        record: task.record,
        version: task.version,
        at: task.at,
        signature: desk.office.people.seal.key.sign(&task.bytes).to_vec(),
    };
    let signed: Vec<Superseding> = tasks.into_iter().map(signed).collect();
    app.submit_superseding(&OPERATOR, &class, &signer, &signed).await.expect("taken");
    desk.office.anchor().await;
    desk.office.publish().await;
    let said = checked(&desk, &old).await;
    assert!(said.contains("đã được thay bằng bản sửa ngày"), "{said}");
    let new = code().await;
    assert_ne!(new, old);
    assert!(checked(&desk, &new).await.contains("Học bạ này là thật và đang có hiệu lực"));
}

#[tokio::test]
async fn a_correction_shows_what_it_changes_beside_what_is_in_force() {
    let desk = Desk::open().await;
    let class = class_of_three(&desk).await;
    in_force(&desk, &class).await;
    let import = Import { renew: Some(Renewal::Correction), ..Import::default() };
    desk.office.app.import(&OPERATOR, &workbook(3, |_, drafts| corrected(drafts)), &import).await.expect("imported");
    let (_, address) = record(&desk, &class, 0).await;
    let mut teacher = teacher(&desk).await;
    let page = teacher.get(&address).await;
    assert!(page.text.contains("Phiên bản 1 đang có hiệu lực; phiên bản 2"), "{}", page.text);
    assert!(page.find(".changes li").starts_with("Toán, sau đánh giá lại"), "{}", page.find(".changes"));
    assert_eq!(page.find(".sheet ins"), "nay: 8,0");
    assert_eq!(page.find(".is-not"), "BẢN NHÁP – CHƯA KÝ");
    // What is printed meanwhile is what is in force.
    let print = teacher.get(&format!("{address}/print")).await;
    assert_eq!(print.find(".is-not"), "BẢN XEM – KHÔNG CÓ MÃ TRA CỨU");
    assert!(print.text.contains("Bản ghi phiên bản 1,") && !print.text.contains("<ins>"));
    let untouched = record(&desk, &class, 1).await.1;
    assert!(!teacher.get(&untouched).await.text.contains("changes-title"));
}
