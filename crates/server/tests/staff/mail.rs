//! Telling people by e-mail, through a mail server that nobody here wrote: npm `smtp-server` in a process of its own.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use axum::http::StatusCode;
use hocba_app::{
    AppError, Import, MAIL_WAITS,
    access::{AccessError, MAIL_CODE_LIFE, Session},
    code, day_of,
    model::{Account, Grant, GrantRole, Id, MailDayState},
};
use hocba_mail::{Address, Letter, PostError, Security, Smtp, SmtpSettings};
use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolYear, UnixTime},
};
use hocba_server::{
    Server,
    config::ServerConfig,
    http::request_id::RequestIds,
    mail::{DailyMail, Passed},
};
use hocba_tests::{
    SCHOOL,
    office::{OPERATOR, workbook},
    repository,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    browser::{Browser, Desk, HERE},
    everything::Everything,
    peer::Peer,
};

const USER: &str = "hocba@so.example.vn";
const SECRET: &str = "mật khẩu của máy chủ thư";
/// The hour of the mails here.
const HOUR: u8 = 6;

/// The mail server.
struct Post {
    peer: Peer,
    port: u16,
}

/// A mail that it has.
struct Mail {
    to: String,
    user: String,
    secure: bool,
    /// Its bytes, as text: they are ASCII.
    raw: String,
    subject: String,
    text: String,
}

impl Post {
    /// None where node or the packages are missing; it says so.
    fn start(told: &Value) -> Option<Self> {
        let (peer, said) = Peer::start("smtp-peer.mjs", &["smtp-server", "postal-mime"], told)?;
        let port = said["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        Some(Self { peer, port })
    }

    /// As a department has one: STARTTLS, and a login.
    fn usual() -> Option<Self> {
        Self::start(&json!({ "tls": "starttls", "user": USER, "pass": SECRET }))
    }

    fn tell(&mut self, command: &Value) -> Value {
        self.peer.tell(command)
    }

    fn mails(&mut self) -> Vec<Mail> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mail = |mail: &Value| {
            assert_eq!(mail["to"].as_array().map(Vec::len), Some(1), "to one person");
            assert_eq!(mail["from"], USER);
            Mail {
                to: text(&mail["to"][0]),
                user: text(&mail["user"]),
                secure: mail["secure"] == true,
                raw: text(&mail["raw"]),
                subject: text(&mail["subject"]),
                text: text(&mail["text"]),
            }
        };
        self.tell(&json!({ "do": "mails" })).as_array().expect("a list").iter().map(mail).collect()
    }

    fn settings(&self, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".into(),
            port: self.port,
            security,
            login: Some((USER.into(), Zeroizing::new(SECRET.into()))),
            from: USER.into(),
            roots: Some(std::fs::read(repository().join("tests/fixtures/smtp/localhost.crt.pem")).expect("readable")),
            hello: "hocba.example.vn".into(),
        }
    }

    fn smtp(&self) -> Smtp {
        Smtp::new(self.settings(Security::StartTls)).expect("settings")
    }
}

/// A desk whose people may be told by e-mail.
async fn desk(smtp: &Smtp) -> Desk {
    let desk = Desk::open().await;
    let config = ServerConfig { public_url: HERE.parse().expect("url"), ..Default::default() };
    let server = Server::new(desk.office.app.clone(), config, RequestIds::new([0xab; 8])).with_mail(smtp.clone());
    Desk { router: hocba_server::public(&server), office: desk.office }
}

fn daily(desk: &Desk, smtp: &Smtp) -> DailyMail {
    DailyMail::new(desk.office.app.clone(), smtp.clone(), HOUR, &HERE.parse().expect("url"))
}

fn now(desk: &Desk) -> UnixTime {
    UnixTime::from_seconds(desk.office.clock.load(Ordering::Relaxed)).expect("a time")
}

fn today(desk: &Desk) -> i64 {
    day_of(now(desk))
}

/// Sets the clock to this hour of the next day in Vietnam, a minute after.
fn next_day(desk: &Desk, hour: i64) {
    let midnight = (today(desk) + 1) * 86_400 - 7 * 3600;
    desk.office.clock.store(midnight + hour * 3600 + 60, Ordering::Relaxed);
}

async fn session(desk: &Desk, browser: &Browser) -> Session {
    desk.office.app.session(&browser.cookies["__Host-hocba"]).await.expect("alive")
}

/// Somebody for whom something waits (a year has to be opened), with a confirmed address.
async fn told(desk: &Desk, login: &str) -> (Account, String) {
    let (browser, account, _) = desk.signed_in(login, GrantRole::Principal, SCHOOL).await;
    let address = format!("hop.thu.{login}@truong.edu.vn");
    let session = session(desk, &browser).await;
    let code = desk.office.app.give_mail(&session, &address).await.expect("given");
    desk.office.app.confirm_mail(&session, &code).await.expect("confirmed");
    (account, address)
}

async fn day_state(desk: &Desk, account: &Id) -> Option<(MailDayState, u32)> {
    desk.office.app.store().read().await.expect("read").mail_day(account, today(desk)).await.expect("read")
}

fn sent(sent: u32) -> Passed {
    Passed { sent, ..Passed::default() }
}

/// The code in a letter.
fn code_in(mail: &Mail) -> String {
    let is_code = |line: &&str| line.len() == 11 && code::parse(line, code::RECOVERY).is_ok();
    mail.text.lines().map(str::trim).find(is_code).expect("a code").to_owned()
}

#[tokio::test]
async fn an_address_is_confirmed_by_a_code_and_then_one_mail_a_day_says_how_many_things_wait_and_nothing_else() {
    let Some(mut peer) = Post::usual() else { return };
    let (smtp, address) = (peer.smtp(), "co.lan@truong.edu.vn");
    let desk = desk(&smtp).await;
    let app = &desk.office.app;
    let (log, _guard) = Everything::listen();
    let (mut teacher, account, _) = desk.signed_in("teacher", GrantRole::HomeroomTeacher, SCHOOL).await;
    let class = Some((SchoolYear::starting(2026).expect("a year"), "9A3".parse().expect("a class")));
    let grant = Grant::of_school(GrantRole::HomeroomTeacher, SCHOOL.parse().expect("a code"), class);
    app.set_grants(&OPERATOR, &account.id, std::slice::from_ref(&grant)).await.expect("set");
    let mut names = BTreeSet::new();
    let bytes = workbook(3, |_, drafts| {
        names.extend(drafts.iter().map(|draft| draft.identity.name.to_string()));
    });
    app.import(&OPERATOR, &bytes, &Import::default()).await.expect("imported");

    let home = teacher.get("/home").await;
    assert!(home.text.contains("href=\"/me/mail\"") && home.text.contains("3 học bạ chờ bạn ký"));
    let page = teacher.get("/me/mail").await;
    let wrong = teacher.fill(&page, "/me/mail", &[("address", "co.lan@truong.edu.vn\r\nBcc: x@y.vn")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.find(".faults").contains("không đúng dạng"));
    assert!(peer.mails().is_empty(), "nothing was sent for it");
    let page = teacher.get("/me/mail").await;
    let given = teacher.fill(&page, "/me/mail", &[("address", address)]).await;
    assert_eq!(
        (given.status, given.location()),
        (StatusCode::SEE_OTHER, "/me/mail?done=mail-code-sent"),
        "{}",
        given.text
    );
    let mails = peer.mails();
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!((mail.to.as_str(), mail.user.as_str(), mail.secure), (address, USER, true));
    assert_eq!(mail.subject, "Mã xác nhận của Học bạ số / Your code");
    let code = code_in(mail);

    // What is stored opens with the data key alone.
    let waits = app.store().read().await.expect("read").mail_code(&account.id, now(&desk)).await.expect("read");
    let waits = waits.expect("it waits");
    assert!(!waits.address.bytes.windows(8).any(|part| address.as_bytes().windows(8).any(|of| of == part)));
    let plain = code::parse(&code, code::RECOVERY).expect("a code");
    for tried in [plain.as_bytes(), code.as_bytes()] {
        assert_ne!(&waits.hash, Sha256Digest::of(tried).as_bytes(), "not a hash that can be tried");
    }

    // Somebody else's code is none.
    let page = teacher.get("/me/mail").await;
    assert!(page.text.contains(address), "it says where the code went");
    let other = code::grouped(&code::make(&[3; 9]), 5);
    let refused = teacher.fill(&page, "/me/mail/confirm", &[("code", &other)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.find(".faults").contains("Mã trong thư không đúng"));
    let typed = code.to_lowercase().replace('-', " ");
    let done = teacher.fill(&page, "/me/mail/confirm", &[("code", &typed)]).await;
    assert_eq!(done.location(), "/me/mail?done=mail-confirmed");
    let again = teacher.fill(&page, "/me/mail/confirm", &[("code", &code)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "once");

    let daily = daily(&desk, &smtp);
    next_day(&desk, i64::from(HOUR) - 1);
    assert_eq!(daily.pass().await.expect("passed"), sent(0), "before the hour");
    next_day(&desk, i64::from(HOUR));
    assert_eq!(daily.pass().await.expect("passed"), sent(1));
    assert_eq!(daily.pass().await.expect("passed"), sent(0), "once a day");
    desk.pass(10 * 3600);
    assert_eq!(daily.pass().await.expect("passed"), sent(0), "once a day, however late");
    let mails = peer.mails();
    let [_, mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.subject, "Học bạ số: có việc chờ bạn / something waits for you");
    assert!(mail.text.starts_with("1 việc đang chờ bạn.") && mail.text.contains("One thing waits for you."));
    assert!(mail.text.contains(&format!("{HERE}/home")), "{}", mail.text);
    for secret in [SCHOOL, "9A3", "teacher", "Tên", "co.lan@truong.edu.vn/", SECRET, "học bạ chờ", "Toán"] {
        assert!(!mail.text.contains(secret) && !mail.raw.contains(secret), "{secret}");
    }
    assert_eq!(names.len(), 3, "there are names that it could say");
    for name in &names {
        let last = name.split(' ').next_back().expect("a name");
        assert!(!mail.text.contains(name) && !mail.text.contains(&format!(" {last} ")), "a name is in the mail");
    }
    // Letters of two people differ in address, id and time, and in nothing else.
    assert_eq!(mail.raw.matches(address).count(), 1, "the address stands in `To` alone");
    next_day(&desk, i64::from(HOUR));
    assert_eq!(daily.pass().await.expect("passed"), sent(1), "the next day");

    let log = log.text();
    assert!(log.contains("mails of the day") || log.contains("POST /me/mail"), "the log was listened to");
    for secret in [address, "co.lan", code.as_str(), &plain, SECRET] {
        assert!(!log.contains(secret), "in the log");
    }
    let events = app.store().read().await.expect("read").events_of(&account.id.to_string()).await.expect("events");
    let told: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert!(told.ends_with(&["send_mail_code", "confirm_mail"]), "{told:?}");
    assert!(events.iter().all(|event| event.reason.is_none() || event.action != "confirm_mail"));
}

#[tokio::test]
async fn a_mail_server_that_is_away_claims_nothing_and_one_that_wants_to_wait_is_asked_ever_later_and_then_no_more() {
    let Some(mut peer) = Post::usual() else { return };
    let smtp = peer.smtp();
    let desk = desk(&smtp).await;
    let (account, address) = told(&desk, "principal").await;
    let daily = daily(&desk, &smtp);
    next_day(&desk, i64::from(HOUR));
    peer.tell(&json!({ "do": "close" }));
    for _ in 0..2 {
        let away = Passed { away: Some(PostError::Away), ..Passed::default() };
        assert_eq!(daily.pass().await.expect("passed"), away);
        assert_eq!(day_state(&desk, &account.id).await, None, "nothing was tried");
    }
    peer.tell(&json!({ "do": "open" }));
    peer.tell(&json!({ "do": "say", "to": "data", "code": 451 }));
    let failed = Passed { failed: 1, ..Passed::default() };
    for (tries, wait) in (1..).zip(MAIL_WAITS) {
        assert_eq!(daily.pass().await.expect("passed"), failed, "try {tries}");
        assert_eq!(day_state(&desk, &account.id).await, Some((MailDayState::PutOff, tries)));
        desk.pass(wait - 1);
        assert_eq!(daily.pass().await.expect("passed"), sent(0), "too early after try {tries}");
        desk.pass(1);
    }
    assert_eq!(daily.pass().await.expect("passed"), failed);
    assert_eq!(day_state(&desk, &account.id).await, Some((MailDayState::GivenUp, 5)));
    peer.tell(&json!({ "do": "say", "to": "data", "code": 0 }));
    desk.pass(3600);
    assert_eq!(daily.pass().await.expect("passed"), sent(0), "given up for that day");
    assert!(peer.mails().is_empty());

    // Put off once and taken then.
    next_day(&desk, i64::from(HOUR));
    peer.tell(&json!({ "do": "say", "to": "rcpt", "code": 450 }));
    assert_eq!(daily.pass().await.expect("passed"), failed);
    peer.tell(&json!({ "do": "say", "to": "rcpt", "code": 0 }));
    desk.pass(MAIL_WAITS[0]);
    assert_eq!(daily.pass().await.expect("passed"), sent(1));
    assert_eq!(day_state(&desk, &account.id).await, Some((MailDayState::Sent, 2)));
    assert_eq!(peer.mails().iter().map(|mail| mail.to.clone()).collect::<Vec<_>>(), [address]);

    // Refused for good: not tried again that day.
    next_day(&desk, i64::from(HOUR));
    peer.tell(&json!({ "do": "say", "to": "rcpt", "code": 550 }));
    assert_eq!(daily.pass().await.expect("passed"), failed);
    assert_eq!(day_state(&desk, &account.id).await, Some((MailDayState::GivenUp, 1)));
}

#[tokio::test]
async fn one_address_that_is_refused_keeps_nobody_else_from_their_mail() {
    let Some(mut peer) = Post::usual() else { return };
    let smtp = peer.smtp();
    let desk = desk(&smtp).await;
    let mut ids = Vec::new();
    for login in ["one", "two", "three"] {
        ids.push(told(&desk, login).await.0.id);
    }
    next_day(&desk, i64::from(HOUR));
    ids.sort_unstable_by_key(ToString::to_string);
    // The first of them has what the data key does not open: it is told in the log, and stays where it is.
    let mut tx = desk.office.app.store().begin("test").await.expect("begun");
    let mut broken = tx.mail_address(&ids[0]).await.expect("read").expect("there");
    broken.address.bytes[0] ^= 1;
    tx.set_mail_address(&broken).await.expect("set");
    tx.commit().await.expect("committed");
    assert_eq!(daily(&desk, &smtp).pass().await.expect("passed"), sent(2));
    assert_eq!(peer.mails().len(), 2);
}

#[tokio::test]
async fn a_crash_between_claim_and_sending_or_a_line_that_breaks_over_a_letter_sends_no_second() {
    let Some(mut peer) = Post::usual() else { return };
    let smtp = peer.smtp();
    let desk = desk(&smtp).await;
    let (account, _) = told(&desk, "principal").await;
    let app = &desk.office.app;
    next_day(&desk, i64::from(HOUR));
    let claim = app.claim_mail(&account.id, today(&desk)).await.expect("claimed").expect("it is due");
    assert!(!format!("{claim:?}").contains('@'));
    drop(claim); // and its process with it
    assert!(app.claim_mail(&account.id, today(&desk)).await.expect("asked").is_none(), "by nobody else");
    for _ in 0..3 {
        assert_eq!(daily(&desk, &smtp).pass().await.expect("passed"), sent(0));
        desk.pass(3 * 3600);
    }
    assert!(peer.mails().is_empty(), "that day's mail is lost, not doubled");
    assert_eq!(day_state(&desk, &account.id).await, Some((MailDayState::Sending, 1)));

    next_day(&desk, i64::from(HOUR));
    peer.tell(&json!({ "do": "break" }));
    let unsure = Passed { failed: 1, ..Passed::default() };
    assert_eq!(daily(&desk, &smtp).pass().await.expect("passed"), unsure);
    assert_eq!(day_state(&desk, &account.id).await, Some((MailDayState::Sending, 1)));
    desk.pass(3 * 3600);
    assert_eq!(daily(&desk, &smtp).pass().await.expect("passed"), sent(0));
    assert_eq!(peer.mails().len(), 1, "the server had it after all");
}

#[tokio::test]
async fn several_servers_at_once_send_one_mail_to_each() {
    let Some(mut peer) = Post::usual() else { return };
    let smtp = peer.smtp();
    let desk = desk(&smtp).await;
    let mut addresses = BTreeSet::new();
    for login in ["one", "two", "three", "four"] {
        addresses.insert(told(&desk, login).await.1);
    }
    next_day(&desk, i64::from(HOUR));
    let servers = [daily(&desk, &smtp), daily(&desk, &smtp), daily(&desk, &smtp)];
    let (a, b, c) = tokio::join!(servers[0].pass(), servers[1].pass(), servers[2].pass());
    let passed = [a, b, c].map(|passed| passed.expect("passed"));
    assert_eq!(passed.iter().map(|passed| passed.sent).sum::<u32>(), 4, "{passed:?}");
    let mails = peer.mails();
    assert_eq!(mails.len(), 4);
    assert_eq!(mails.into_iter().map(|mail| mail.to).collect::<BTreeSet<_>>(), addresses);
}

#[tokio::test]
async fn whoever_is_locked_reset_or_took_their_address_away_is_written_to_no_more_nor_whoever_has_nothing_to_do() {
    let Some(mut peer) = Post::usual() else { return };
    let smtp = peer.smtp();
    let desk = desk(&smtp).await;
    let app = &desk.office.app;
    let (locked, _) = told(&desk, "locked").await;
    let (reset, _) = told(&desk, "reset").await;
    let (mut browser, removed, _) = desk.signed_in("removed", GrantRole::Principal, SCHOOL).await;
    let (idle, of_idle, _) = desk.signed_in("idle", GrantRole::Clerk, SCHOOL).await;
    for browser in [&browser, &idle] {
        let session = session(&desk, browser).await;
        let code = app.give_mail(&session, "a@b.vn").await.expect("given");
        app.confirm_mail(&session, &code).await.expect("confirmed");
    }
    let page = browser.get("/me/mail").await;
    assert!(page.text.contains("a@b.vn"));
    let gone = browser.fill(&page, "/me/mail/remove", &[]).await;
    assert_eq!(gone.location(), "/me/mail?done=mail-removed");
    assert!(!browser.get("/me/mail").await.text.contains("a@b.vn"));
    app.lock_account(&OPERATOR, &locked.id).await.expect("locked");
    app.reset_account(&OPERATOR, &reset.id).await.expect("reset");
    let daily = daily(&desk, &smtp);
    next_day(&desk, i64::from(HOUR));
    assert_eq!(daily.pass().await.expect("passed"), Passed { nothing: 1, ..Passed::default() });
    assert_eq!(day_state(&desk, &of_idle.id).await, Some((MailDayState::Nothing, 1)));
    for account in [&locked, &reset, &removed] {
        assert_eq!(day_state(&desk, &account.id).await, None);
        assert!(app.claim_mail(&account.id, today(&desk)).await.expect("asked").is_none(), "whoever asks");
    }
    assert!(peer.mails().is_empty());
    app.unlock_account(&OPERATOR, &locked.id).await.expect("unlocked");
    assert_eq!(daily.pass().await.expect("passed"), sent(1), "who is let in again is told again");
}

#[tokio::test]
async fn without_a_mail_server_or_anything_to_be_told_the_page_is_not_there() {
    let bare = Desk::open().await;
    let settings = SmtpSettings {
        host: "localhost".into(),
        port: 1,
        security: Security::None,
        login: None,
        from: USER.into(),
        roots: None,
        hello: "localhost".into(),
    };
    let with = desk(&Smtp::new(settings).expect("settings")).await;
    for (desk, role, there) in [
        (&bare, GrantRole::Principal, false),
        (&with, GrantRole::Principal, true),
        (&with, GrantRole::Department, false),
    ] {
        let (mut browser, account, _) = desk.signed_in(&format!("nguoi.{role}").replace('_', "."), role, SCHOOL).await;
        if role == GrantRole::Department {
            let grant = Grant::everywhere(GrantRole::Department);
            desk.office.app.set_grants(&OPERATOR, &account.id, &[grant]).await.expect("set");
        }
        assert_eq!(browser.get("/home").await.text.contains("/me/mail"), there, "{role}");
        let found = if there { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(browser.get("/me/mail").await.status, found, "{role}");
        if !there {
            for action in ["/me/mail", "/me/mail/confirm", "/me/mail/remove"] {
                let csrf = desk.token(&browser, action).await;
                let code = code::make(&[1; 9]);
                let fields =
                    [("csrf", csrf.as_str()), ("form", "0123456789abcdef"), ("address", "a@b.vn"), ("code", &code)];
                let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                let status = browser.post(action, &fields).await.status;
                // What is there is taken away by whoever asks for it.
                let taken = action.ends_with("remove") && role == GrantRole::Department;
                assert_eq!(
                    status,
                    if taken { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND },
                    "{role} {action}"
                );
            }
        }
    }
    // A mail server that is away: it is said, and can be tried again.
    let (mut browser, account, _) = with.signed_in("away", GrantRole::Principal, SCHOOL).await;
    let page = browser.get("/me/mail").await;
    let answer = browser.fill(&page, "/me/mail", &[("address", "a@b.vn")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.find(".faults").contains("Chưa gửi được thư"));
    assert!(
        with.office.app.store().read().await.expect("read").mail_address(&account.id).await.expect("read").is_none()
    );
}

#[tokio::test]
async fn a_code_is_guessed_as_slowly_as_a_password_ends_after_an_hour_and_nobodys_letter_box_is_filled() {
    let desk = Desk::open().await;
    let app = &desk.office.app;
    let (browser, account, _) = desk.signed_in("principal", GrantRole::Principal, SCHOOL).await;
    let principal = session(&desk, &browser).await;
    let first = app.give_mail(&principal, "a@b.vn").await.expect("given");
    let second = app.give_mail(&principal, "c@d.vn").await.expect("given");
    assert!(matches!(app.confirm_mail(&principal, &first).await, Err(AccessError::MailCode)), "made anew");
    // The code of one account is none of another.
    let (other, ..) = desk.signed_in("other", GrantRole::Principal, SCHOOL).await;
    let other = session(&desk, &other).await;
    app.give_mail(&other, "e@f.vn").await.expect("given");
    assert!(matches!(app.confirm_mail(&other, &second).await, Err(AccessError::MailCode)));
    for number in 0..4 {
        let guess = code::make(&[number; 9]);
        assert!(matches!(app.confirm_mail(&principal, &guess).await, Err(AccessError::MailCode)), "{number}");
    }
    let slow = app.confirm_mail(&principal, &second).await;
    assert!(matches!(slow, Err(AccessError::SlowDown { retry_after: 30 })), "right or not: {slow:?}");
    assert!(app.mail_state(&principal).await.expect("read").expect("offered").confirmed.is_none());
    desk.pass(30);
    app.confirm_mail(&principal, &second).await.expect("its turn came");
    let state = app.mail_state(&principal).await.expect("read").expect("offered");
    assert_eq!((state.confirmed.as_deref(), state.waiting), (Some("c@d.vn"), None));

    // Another address changes nothing until it is confirmed; its code is over after an hour.
    let third = app.give_mail(&principal, "g@h.vn").await.expect("given");
    let state = app.mail_state(&principal).await.expect("read").expect("offered");
    assert_eq!((state.confirmed.as_deref(), state.waiting.as_deref()), (Some("c@d.vn"), Some("g@h.vn")));
    desk.pass(MAIL_CODE_LIFE);
    assert!(matches!(app.confirm_mail(&principal, &third).await, Err(AccessError::MailCode)), "over");
    assert_eq!(app.mail_state(&principal).await.expect("read").expect("offered").waiting, None);
    for _ in 0..2 {
        app.give_mail(&principal, "x@y.vn").await.expect("five are free");
    }
    let slow = app.give_mail(&principal, "x@y.vn").await;
    assert!(matches!(slow, Err(AccessError::SlowDown { .. })), "{slow:?}");

    // Whoever still needs a second factor, or has nothing to be told of, gives none.
    let bound = Session { must_enrol: true, ..principal.clone() };
    assert!(matches!(app.give_mail(&bound, "a@b.vn").await, Err(AccessError::SecondFactorNeeded)));
    app.set_grants(&OPERATOR, &account.id, &[Grant::everywhere(GrantRole::Department)]).await.expect("set");
    let refused = app.give_mail(&principal, "a@b.vn").await;
    assert!(matches!(refused, Err(AccessError::App(AppError::NotFound(_)))), "{refused:?}");
}

fn letter() -> Letter {
    let to: Address = "a@b.vn".parse().expect("an address");
    let at = UnixTime::from_seconds(1_800_000_000).expect("a time");
    Letter { to, subject: "Thử".into(), text: "Dòng một.\n.\nDòng ba.\n".into(), at, id: [7; 16] }
}

#[tokio::test]
async fn letters_go_over_tls_to_whom_the_certificate_names_and_never_bare_where_starttls_was_wanted() {
    let Some(mut starttls) = Post::usual() else { return };
    let Some(mut tls) = Post::start(&json!({ "tls": "tls", "user": USER, "pass": SECRET })) else { return };
    let Some(mut bare) = Post::start(&json!({})) else { return };
    let with = |settings: SmtpSettings| Smtp::new(settings).expect("settings");
    assert_eq!(starttls.smtp().send(&letter()).await, Ok(()));
    assert_eq!(with(tls.settings(Security::Tls)).send(&letter()).await, Ok(()));
    let alone = SmtpSettings { login: None, roots: None, ..bare.settings(Security::None) };
    assert_eq!(with(alone.clone()).send(&letter()).await, Ok(()));
    for (peer, secure) in [(&mut starttls, true), (&mut tls, true), (&mut bare, false)] {
        let mails = peer.mails();
        let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
        assert_eq!(mail.secure, secure);
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Thử", "Dòng một.\n.\nDòng ba.\n"), "whole");
        assert!(mail.raw.is_ascii());
    }
    // No STARTTLS there: nothing of password or letter goes out.
    let wants = SmtpSettings { login: None, ..bare.settings(Security::StartTls) };
    assert_eq!(with(wants).send(&letter()).await, Err(PostError::Bare));
    // A certificate that this machine does not trust.
    for (peer, security) in [(&starttls, Security::StartTls), (&tls, Security::Tls)] {
        let stranger = SmtpSettings { roots: None, ..peer.settings(security) };
        assert_eq!(with(stranger).send(&letter()).await, Err(PostError::Away));
    }
    let wrong = Some((USER.to_owned(), Zeroizing::new("khác".to_owned())));
    let wrong = SmtpSettings { login: wrong, ..starttls.settings(Security::StartTls) };
    assert_eq!(with(wrong).send(&letter()).await, Err(PostError::Login));
    assert_eq!((starttls.mails().len(), tls.mails().len(), bare.mails().len()), (1, 1, 1), "nothing more");
    // One line, letter after letter, past one that is refused.
    bare.tell(&json!({ "do": "say", "to": "rcpt", "code": 550 }));
    let mut line = with(alone).connect().await.expect("a line");
    assert_eq!(line.send(&letter()).await, Err(PostError::Refused(550)));
    bare.tell(&json!({ "do": "say", "to": "rcpt", "code": 0 }));
    assert!(line.holds());
    assert_eq!(line.send(&letter()).await, Ok(()));
    line.close().await;
    assert_eq!(bare.mails().len(), 2);
}
