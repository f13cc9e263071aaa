//! What homeroom teachers, principals and clerks do on their pages: pupils left out, records returned, marks taken with
//! what is wrong beside them, classes looked at and signed off.

use axum::http::StatusCode;
use hocba_app::{
    Import, PublicState, Selection, Step,
    model::{GrantRole, Id},
};
use hocba_record::{
    draft::{Assessment, Draft},
    encoding::{Sha256Digest, base64url, from_base64url},
    types::Mark,
};
use hocba_signature::statement::Role;
use hocba_tests::{
    NOW, OTHER_SCHOOL, Person, SCHOOL, at,
    office::{OPERATOR, Office, chain_of, workbook},
};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, Desk, by_script};

const NOTE: &str = "Xem lại điểm Toán cuối kì II";

fn import() -> String {
    format!("/school/{SCHOOL}/classes/import")
}

fn place(class: &Id) -> String {
    format!("/school/{SCHOOL}/classes/{class}")
}

async fn appointed(office: &Office) {
    for role in [Role::Principal, Role::SchoolSeal, Role::HomeroomTeacher] {
        assert!(office.appoint(role).await);
    }
}

/// A class of so many pupils, of which the teacher signed all.
async fn signed(desk: &Desk, pupils: usize) -> Id {
    let bytes = workbook(pupils, |_, _| {});
    let class = desk.office.app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
    appointed(&desk.office).await;
    desk.office.step(&class, Step::Sign, &Selection::All).await;
    class
}

async fn states(desk: &Desk, class: &Id) -> Vec<PublicState> {
    let view = desk.office.app.class(&OPERATOR, class).await.expect("a class");
    view.pupils.iter().map(|line| line.state).collect()
}

/// The page that a task ends on.
async fn ended(browser: &mut Browser, address: &str) -> Answer {
    for _ in 0..600 {
        let page = browser.get(address).await;
        if !page.text.contains("data-again") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{address} does not end")
}

/// Sends a workbook to be looked at; the page that shows it.
async fn send(browser: &mut Browser, name: &str, bytes: &[u8]) -> Answer {
    let page = browser.get(&import()).await;
    assert_eq!(browser.choose(&page, &import(), &[("file", name, bytes)]).await.location(), import());
    browser.get(&import()).await
}

/// Says the year's average of a pupil's first subject with marks otherwise than its marks give it.
fn declared_wrongly(draft: &mut Draft) {
    let scored = draft.subjects.iter_mut().find_map(|subject| match &mut subject.assessment {
        Assessment::Score { year, .. } => Some(year),
        _ => None,
    });
    *scored.expect("a subject with marks") = Some(Mark::from_tenths(13).expect("a mark"));
}

#[tokio::test]
async fn a_teacher_leaves_a_pupil_out_with_a_reason_and_takes_the_pupil_back_in() {
    let desk = Desk::open().await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let bytes = workbook(3, |_, _| {});
    let class = desk.office.app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported").class;
    let (address, leave) = (place(&class), format!("{}/leave-out", place(&class)));
    let page = teacher.get(&address).await;
    assert!(page.text.contains("Ký 3 học bạ") && page.text.contains("Sẽ ký: 3 học sinh"), "{}", page.text);
    let record = desk.office.lines(&class).await[1].record.to_string();
    let refused = teacher.fill(&page, &leave, &[("record", &record), ("reason", "lười")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let reason = [("record", record.as_str()), ("reason", "waiting_for_reassessment")];
    let done = teacher.fill(&page, &leave, &reason).await;
    assert_eq!(done.location(), format!("{address}?done=left-out"));
    let page = teacher.get(&address).await;
    assert!(page.text.contains("Ký 2 học bạ") && page.text.contains("Để lại: 1 học sinh"), "{}", page.text);
    assert!(page.find(".pupils tbody tr").contains("chờ kiểm tra lại"), "needs somebody first: {}", page.text);
    let back = format!("{address}/take-in");
    assert_eq!(teacher.fill(&page, &back, &[]).await.location(), format!("{address}?done=taken-in"));
    assert_eq!(states(&desk, &class).await, [PublicState::Draft; 3]);
    // A record of another class is not reached by this class's form.
    let other = workbook(1, |header, _| header.class = "9A4".parse().expect("a class"));
    let other = desk.office.app.import(&OPERATOR, &other, &Import::default()).await.expect("imported").class;
    let record = desk.office.lines(&other).await[0].record.to_string();
    let page = teacher.get(&address).await;
    let reason = [("record", record.as_str()), ("reason", "other")];
    assert_eq!(teacher.fill(&page, &leave, &reason).await.status, StatusCode::NOT_FOUND);
    assert_eq!(states(&desk, &other).await, [PublicState::Draft]);
}

#[tokio::test]
async fn a_pupil_whose_marks_are_not_all_there_comes_back_by_a_workbook_only() {
    let desk = Desk::open().await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let faulty = workbook(3, |_, drafts| drafts[1].conduct.term2 = None);
    let page = send(&mut teacher, "9A3.xlsx", &faulty).await;
    assert!(page.text.contains("2 học sinh sẵn sàng, 1 học sinh để lại hoặc chưa đủ."), "{}", page.text);
    let take = format!("{}/take", import());
    // Without a reason nothing is taken.
    let refused = teacher.fill(&page, &take, &[("leave-2", "no")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("để lại và chọn lý do"), "{}", refused.text);
    let done = teacher.fill(&refused, &take, &[("leave-2", "waiting_for_reassessment")]).await;
    let page = ended(&mut teacher, done.location()).await;
    assert!(page.text.contains("1 học sinh để lại"), "{}", page.text);
    let class = desk.office.app.classes(&OPERATOR).await.expect("listed")[0].0.id;
    let page = teacher.get(&place(&class)).await;
    assert!(page.text.contains("Ký 2 học bạ") && page.text.contains("Nhập lại bảng điểm để đưa trở lại"));
    let record = desk.office.lines(&class).await[1].record.to_string();
    let mut form = page.form(&format!("{}/leave-out", place(&class)));
    form.insert("record".into(), record);
    form.insert("csrf".into(), desk.token(&teacher, &format!("{}/take-in", place(&class))).await);
    let refused = teacher.post(&format!("{}/take-in", place(&class)), &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("nhập lại bảng điểm đã đủ"), "{}", refused.text);
    // The workbook that has them takes the pupil back in, and says that this is asked.
    let page = send(&mut teacher, "9A3.xlsx", &workbook(3, |_, _| {})).await;
    assert!(page.text.contains("đang để lại: chờ kiểm tra lại"), "{}", page.text);
    let done = teacher.fill(&page, &take, &[("leave-2", "no")]).await;
    ended(&mut teacher, done.location()).await;
    assert_eq!(states(&desk, &class).await, [PublicState::Draft; 3]);
}

#[tokio::test]
async fn what_is_wrong_is_shown_in_its_cell_under_its_heading_beside_the_name() {
    let desk = Desk::open().await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let csv = "Mã trường;Tên trường;Năm học;Khối;Lớp;STT;Họ và tên;Ngày sinh;Giới tính;Mã học sinh;\
        Mã môn;HK1 ĐTB;HK2 ĐTB;Rèn luyện HK1;Rèn luyện HK2;Nghỉ có phép;Nghỉ không phép\n\
        79DEMO001;THCS Trần Phú (DEMO);2026-2027;9;9A3;1;Lê Thị Hoa;05/03/2012;Nữ;HS01;toan;8,5;10,5;T;T;0;0\n";
    let page = send(&mut teacher, "9A3.csv", csv.as_bytes()).await;
    assert!(page.text.contains("<mark>10,5</mark>"), "{}", page.text);
    for part in ["<span class=\"letters\">2</span> Lê Thị Hoa</th>", "<span class=\"letters\">M</span> HK2 ĐTB</th>"]
    {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    // Home says what is left, until it is taken or forgotten.
    let home = teacher.get("/home").await;
    assert!(home.text.contains("Lớp 9A3: 1 học sinh, còn") && home.text.contains("lỗi trong bảng điểm"));
    let page = teacher.get(&import()).await;
    teacher.fill(&page, &format!("{}/forget", import()), &[]).await;
    assert!(!teacher.get("/home").await.text.contains("trong bảng điểm"));
}

#[tokio::test]
async fn a_returned_record_says_why_to_its_teacher_and_the_note_goes_with_the_next_signature() {
    let desk = Desk::open().await;
    let class = signed(&desk, 3).await;
    let (mut principal, ..) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let (mut department, ..) = desk.signed_in("admin", GrantRole::SchoolAdministrator, SCHOOL).await;
    let (address, back) = (place(&class), format!("{}/return", place(&class)));
    let record = desk.office.lines(&class).await[1].record.to_string();
    let page = principal.get(&address).await;
    let long = "đ".repeat(301);
    for wrong in [[("reason", "wrong_mark"), ("note", long.as_str())], [("reason", "lười"), ("note", NOTE)]] {
        let fields = [wrong.as_slice(), &[("record", record.as_str())]].concat();
        assert_eq!(principal.fill(&page, &back, &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(states(&desk, &class).await, [PublicState::TeacherSigned; 3], "nothing was returned");
    let fields = [("record", record.as_str()), ("reason", "wrong_mark"), ("note", NOTE)];
    assert_eq!(principal.fill(&page, &back, &fields).await.location(), format!("{address}?done=returned"));
    let stored = desk.office.database.count("SELECT COUNT(*) FROM record_versions WHERE note IS NOT NULL").await;
    assert_eq!(stored, 1);
    let text = desk.office.database.count("SELECT COUNT(*) FROM audit_events WHERE reason LIKE '%Xem%'").await;
    assert_eq!(text, 0, "the note is sealed, and nowhere else");

    let page = teacher.get(&address).await;
    assert!(page.find(".pupils tbody tr").contains(NOTE) && page.text.contains("sai điểm"), "{}", page.text);
    assert!(page.text.contains("Ký lại 1 học bạ") && page.text.contains("1 học bạ bị trả lại chưa sửa"));
    assert!(!department.get(&address).await.text.contains(NOTE), "whoever reads no records does not read it");

    // She mends it, takes the workbook again, signs; the principal is told that it is not what was signed before.
    let corrected = workbook(3, |_, drafts| drafts[1].remark = Some("Nhận xét đã sửa.".parse().expect("text")));
    desk.office.app.import(&OPERATOR, &corrected, &Import::default()).await.expect("imported");
    let page = teacher.get(&address).await;
    assert!(page.text.contains("đã sửa, chờ ký lại") && !page.text.contains("bị trả lại chưa sửa"), "{}", page.text);
    desk.office.step(&class, Step::Sign, &Selection::All).await;
    assert!(!teacher.get(&address).await.text.contains(NOTE));
    assert_eq!(desk.office.database.count("SELECT COUNT(*) FROM record_versions WHERE note IS NOT NULL").await, 0);
    let review = format!("/school/{SCHOOL}/review");
    let drawn = principal.get(&review).await.location().to_owned();
    assert!(principal.get(&drawn).await.text.contains("Đã sửa sau khi bị trả lại"), "a late change is told");

    // All that wait go back at once.
    let page = principal.get(&address).await;
    let fields = [("record", "all"), ("reason", "other"), ("note", "")];
    assert_eq!(principal.fill(&page, &back, &fields).await.location(), format!("{address}?done=returned"));
    assert_eq!(states(&desk, &class).await, [PublicState::Returned; 3]);
}

#[tokio::test]
async fn what_would_change_complete_records_says_which_and_asks_why_and_signed_ones_are_refused() {
    let desk = Desk::open().await;
    let class = signed(&desk, 3).await;
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let changed = workbook(3, |_, drafts| drafts[1].remark = Some("Nhận xét đã sửa.".parse().expect("text")));
    let take = format!("{}/take", import());
    let page = send(&mut teacher, "9A3.xlsx", &changed).await;
    assert!(page.text.contains("Nhờ hiệu trưởng trả lại") && !page.text.contains(&take), "{}", page.text);
    for step in [Step::CoSign, Step::Seal] {
        desk.office.step(&class, step, &Selection::All).await;
    }
    let page = teacher.get(&import()).await;
    assert!(page.find(".note").starts_with("1 học bạ đã ký đủ") && page.find(".note li").starts_with("2. "));
    let refused = teacher.fill(&page, &take, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("chọn lý do có bản mới"), "{}", refused.text);
    let done = teacher.fill(&refused, &take, &[("renew", "reassessment")]).await;
    let page = ended(&mut teacher, done.location()).await;
    assert!(page.text.contains("1 học bạ có bản mới"), "{}", page.text);
    let page = teacher.get(&place(&class)).await;
    assert!(page.text.contains("bản 2: đánh giá lại, rèn luyện trong hè"), "{}", page.text);
    assert!(page.text.contains("Tiếp tục 1 còn lại"), "{}", page.text);
}

#[tokio::test]
async fn classes_wait_with_oddities_first_and_are_signed_off_class_by_class_by_one_action() {
    let desk = Desk::open().await;
    let app = &desk.office.app;
    appointed(&desk.office).await;
    let (mut principal, account, _) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    let odd = workbook(5, |_, drafts| declared_wrongly(&mut drafts[2]));
    let class = app.import(&OPERATOR, &odd, &Import::default()).await.expect("imported").class;
    let review = format!("/school/{SCHOOL}/review");
    let drawn = principal.get(&review).await.location().to_owned();
    assert!(principal.get(&drawn).await.text.contains("Hiện không có học bạ nào chờ ở đây."));
    desk.office.step(&class, Step::Sign, &Selection::All).await;

    let page = principal.get(&drawn).await;
    assert!(page.find("main h2").contains("Ký cả lớp") && page.text.contains("Lớp có điểm cần xem"), "{}", page.text);
    assert!(page.find(".looks li").contains("bảng điểm ghi 1,3, tính lại là"), "{}", page.find(".looks"));
    // A reload shows the same ones; another seed others, in the end.
    assert_eq!(principal.get(&drawn).await.find(".review details"), page.find(".review details"));
    let mut others = std::collections::BTreeSet::new();
    for seed in 0..20 {
        others.insert(principal.get(&format!("{review}?draw={seed:016x}")).await.find(".review details"));
    }
    assert!(others.len() > 3, "{others:?}");
    assert!(principal.get(&format!("{review}?draw=x")).await.location().starts_with(&format!("{review}?draw=")));

    // What the script does: a class by its id, in chunks; what is left is told.
    let leaf = chain_of("principal").remove(0);
    let mut tx = app.store().begin("test").await.expect("begun");
    tx.add_certificate(&Sha256Digest::of(&leaf), &leaf, at(NOW)).await.expect("added");
    tx.set_certificate(&account.id, &Sha256Digest::of(&leaf)).await.expect("set");
    tx.commit().await.expect("committed");
    let (tasks, signatures) = (format!("{review}/tasks"), format!("{review}/signatures"));
    let of_class = ("class", class.to_string());
    let list = by_script(&mut principal, &page, &tasks, "principal", std::slice::from_ref(&of_class)).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text);
    let list: Value = serde_json::from_str(&list.text).expect("JSON");
    assert_eq!((&list["class"], &list["role"]), (&json!("9A3"), &json!("principal")));
    let key = Person::example("principal").key;
    let sign = |task: &Value| {
        let bytes = from_base64url(task["to_sign"].as_str().expect("text")).expect("base64url");
        let signature = base64url(&key.sign(&bytes));
        let (record, version, revision, at) = (&task["record"], &task["version"], &task["revision"], &task["at"]);
        json!({ "record": record, "version": version, "revision": revision, "at": at, "signature": signature })
    };
    let all: Vec<Value> = list["tasks"].as_array().expect("tasks").iter().map(sign).collect();
    assert_eq!(all.len(), 5);
    let two = [of_class.clone(), ("signatures", Value::Array(all[..2].to_vec()).to_string())];
    let taken = by_script(&mut principal, &page, &signatures, "principal", &two).await;
    assert_eq!((taken.status, taken.text.as_str()), (StatusCode::OK, "{\"taken\":2,\"already\":0}"));
    let page = principal.get(&drawn).await;
    assert!(page.text.contains("Đã ký 2 trên 5 học bạ.") && page.text.contains("Tiếp tục 3 còn lại"), "{}", page.text);
    // Sent again with the rest: nothing is signed twice.
    let rest = [of_class, ("signatures", Value::Array(all).to_string())];
    let taken = by_script(&mut principal, &page, &signatures, "principal", &rest).await;
    assert_eq!(taken.text, "{\"taken\":3,\"already\":2}");
    assert_eq!(states(&desk, &class).await, [PublicState::CoSigned; 5]);

    // The clerk's list has them now, and nobody else's class.
    let (mut clerk, ..) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let seal = format!("/school/{SCHOOL}/seal");
    let drawn = clerk.get(&seal).await.location().to_owned();
    let page = clerk.get(&drawn).await;
    assert!(page.text.contains("5 học bạ của 1 lớp đã ký duyệt") && page.text.contains("Ký số 5 học bạ"));
    assert!(!page.text.contains(&format!("{review}/return")), "whoever seals returns nothing");
    assert_eq!(clerk.get(&review).await.status, StatusCode::FORBIDDEN);
    let elsewhere = workbook(1, |header, _| header.school = OTHER_SCHOOL.parse().expect("code"));
    let other = app.import(&OPERATOR, &elsewhere, &Import::default()).await.expect("imported").class;
    let of_other = [("class", other.to_string())];
    let refused = by_script(&mut clerk, &page, &format!("{seal}/tasks"), "seal", &of_other).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_record_or_a_whole_class_is_returned_from_the_list_of_classes() {
    let desk = Desk::open().await;
    let class = signed(&desk, 3).await;
    let (mut principal, ..) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    let (review, of_class) = (format!("/school/{SCHOOL}/review"), class.to_string());
    let back = format!("{review}/return");
    let drawn = principal.get(&review).await.location().to_owned();
    let page = principal.get(&drawn).await;
    let record = desk.office.lines(&class).await[0].record.to_string();
    let wrong = [("record", record.as_str()), ("reason", "lười"), ("note", "")];
    assert_eq!(principal.fill(&page, &back, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let one = [("record", record.as_str()), ("reason", "wrong_result"), ("note", NOTE)];
    assert_eq!(principal.fill(&page, &back, &one).await.location(), format!("{review}?done=returned"));
    assert_eq!(states(&desk, &class).await[0], PublicState::Returned);
    let all = [("record", "all"), ("reason", "other"), ("note", "")];
    principal.fill(&page, &back, &all).await;
    assert_eq!(states(&desk, &class).await, [PublicState::Returned; 3]);
    // Sent again, there is nothing to return.
    assert_eq!(principal.fill(&page, &back, &all).await.location(), format!("{review}?done=nothing-changed"));
    assert!(page.text.contains(&of_class));
}

#[tokio::test]
async fn a_clerk_brings_in_a_year_on_paper_and_says_who_copied_and_who_compared_it() {
    let desk = Desk::open().await;
    let (mut clerk, account, _) = desk.signed_in("clerk", GrantRole::Clerk, SCHOOL).await;
    let address = format!("/school/{SCHOOL}/classes/convert");
    let home = clerk.get("/home").await;
    assert!(home.text.contains(&address), "the clerk is led there");
    assert_eq!(clerk.get(&import()).await.status, StatusCode::FORBIDDEN, "marks of this year are the teacher's");

    // A fault stops the whole class: nobody is left out of what stands on paper.
    let faulty = workbook(3, |_, drafts| drafts[1].conduct.term2 = None);
    let page = clerk.get(&address).await;
    assert_eq!(clerk.choose(&page, &address, &[("file", "so-3.xlsx", &faulty)]).await.location(), address);
    let page = clerk.get(&address).await;
    let take = format!("{address}/take");
    assert!(page.text.contains("nên chưa nhập được") && !page.text.contains(&take), "{}", page.text);
    let annotated = clerk.get(&format!("{address}/annotated")).await;
    assert_eq!(annotated.status, StatusCode::OK);

    let page = clerk.get(&address).await;
    let sound = workbook(3, |_, _| {});
    assert_eq!(clerk.choose(&page, &address, &[("file", "so-3.xlsx", &sound)]).await.location(), address);
    let page = clerk.get(&address).await;
    assert_eq!(page.attribute("input[name=converter]", "value"), account.name);
    let same = [("converter", "Lê Thị Văn Thư"), ("compared", "Lê Thị Văn Thư")];
    for (fields, wrong) in [
        (&same[..], "compared-error"),
        (&[("converter", "Lê Thị Văn Thư"), ("compared", "")][..], "compared-error"),
        (&[("converter", "a\u{202e}b"), ("compared", "Trần Văn Soát")][..], "converter-error"),
    ] {
        let page = clerk.get(&address).await;
        let refused = clerk.fill(&page, &take, fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(refused.text.contains(wrong), "{fields:?}: {}", refused.text);
    }
    assert!(
        desk.office
            .app
            .school_classes(&OPERATOR, &SCHOOL.parse().expect("a code"), None)
            .await
            .expect("read")
            .is_empty()
    );
    let page = clerk.get(&address).await;
    let fields = [("converter", "Lê Thị Văn Thư"), ("compared", "Trần Văn Soát"), ("paper", "Sổ 3, trang 12")];
    let done = clerk.fill(&page, &take, &fields).await;
    let class = done.location().split('?').next().expect("an address").to_owned();
    assert!(class.starts_with(&format!("/school/{SCHOOL}/classes/")), "{}", done.text);
    let shown = clerk.get(&class).await;
    assert!(shown.text.contains("Lớp 9A3"), "{}", shown.text);
    assert!(!clerk.get(&address).await.text.contains("so-3.xlsx"), "what was taken is not kept");
    let again = clerk.fill(&page, &take, &fields).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "sent again, it leads to the classes");

    // It goes to the principal and the seal, not to a teacher; each record says that it was on paper.
    appointed(&desk.office).await;
    let id = class.rsplit('/').next().expect("an id").parse::<Id>().expect("an id");
    let (mut teacher, ..) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    assert!(!teacher.get(&class).await.text.contains("data-signing="));
    for step in [Step::CoSign, Step::Seal] {
        assert_eq!(desk.office.step(&id, step, &Selection::All).await.taken, 3);
    }
    let record = desk.office.lines(&id).await[0].record;
    let page = clerk.get(&format!("/school/{SCHOOL}/records/{record}")).await;
    assert!(page.text.contains("Lê Thị Văn Thư") && page.text.contains("Trần Văn Soát"), "{}", page.text);
    assert!(page.text.contains("Sổ 3, trang 12"), "{}", page.text);
}
