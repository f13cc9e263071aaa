//! Signing in: who gets in, who is slowed, and what a crash leaves.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::Ordering,
};

use hocba_app::{
    AccessError, AccessSettings, Actor, AppError, NewAccount, SignIn, SignedIn,
    access::{
        AccountState, Activated, Activation, Client, MOST_DEVICES, MOST_SESSIONS, NewSchoolAccount, NewSession,
        PasswordFault, Session, Slip, throttle, totp,
    },
    policy::Action,
};
use hocba_record::types::SchoolCode;
use hocba_store::{
    Moment,
    model::{Account, Grant, GrantRole, Id},
};
use hocba_tests::{
    OTHER_SCHOOL, SCHOOL,
    office::{OPERATOR, Office},
};

const PASSWORD: &str = "mùa hè ở Đà Lạt";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36";

fn school() -> SchoolCode {
    SCHOOL.parse().expect("code")
}

/// A client at an address of its own.
fn at(last: u8) -> Client<'static> {
    Client { address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)), agent: CHROME }
}

fn now(office: &Office) -> i64 {
    office.clock.load(Ordering::Relaxed)
}

fn pass(office: &Office, seconds: i64) {
    office.clock.fetch_add(seconds, Ordering::Relaxed);
}

async fn staff(office: &Office, login: &str, role: GrantRole) -> Account {
    let new = NewSchoolAccount {
        login: login.into(),
        name: "Nguyễn Thị Ánh".into(),
        grants: vec![Grant::of_school(role, school(), None)],
    };
    office.app.add_school_account(&OPERATOR, &new).await.expect("added")
}

async fn slip(office: &Office, account: &Account) -> Slip {
    office.app.make_slips(&OPERATOR, &[account.id]).await.expect("made").remove(0)
}

/// The bytes behind a base32 secret as it is typed.
fn secret_of(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut value) = (Vec::new(), 0, 0_u32);
    for c in text.bytes() {
        value = value << 5 | u32::from(if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 });
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((value >> bits) as u8);
            value &= (1 << bits) - 1;
        }
    }
    bytes
}

/// An active account, its secret, and what activating gave.
async fn active(office: &Office, login: &str, role: GrantRole, client: Client<'_>) -> (Account, Vec<u8>, Activated) {
    let account = staff(office, login, role).await;
    let slip = slip(office, &account).await;
    let view = office.app.slip(&slip.code, client).await.expect("it is there");
    let secret = secret_of(&view.totp.secret);
    let code = totp::code_of(&secret, totp::step_of(now(office)));
    let with = Activation { slip: &slip.code, password: PASSWORD, code: Some(&code), client };
    let activated = office.app.activate(&with).await.expect("activated");
    (account, secret, activated)
}

fn code(office: &Office, secret: &[u8]) -> String {
    totp::code_of(secret, totp::step_of(now(office)))
}

/// Signs in with the password and, after a step has passed, a fresh code.
async fn enter(
    office: &Office,
    login: &str,
    secret: &[u8],
    device: Option<&str>,
    client: Client<'_>,
) -> Result<NewSession, AccessError> {
    pass(office, 30);
    let code = code(office, secret);
    let with = SignIn { login, password: PASSWORD, code: Some(&code), device, client };
    match office.app.sign_in(&with).await? {
        SignedIn::Session(session) => Ok(session),
        SignedIn::CodeNeeded => panic!("a code was given"),
    }
}

async fn guess(office: &Office, login: &str, client: Client<'_>) -> Result<(), AccessError> {
    let with = SignIn { login, password: "not the password", code: None, device: None, client };
    office.app.sign_in(&with).await.map(|_| ())
}

async fn session(office: &Office, new: &NewSession) -> Session {
    office.app.session(&new.token).await.expect("alive")
}

async fn checked(office: &Office, id: &Id) -> Option<&'static str> {
    let access = office.app.store().read().await.expect("read").access_of(id).await.expect("read");
    office.app.check_access(id, &access)
}

async fn audited(office: &Office, id: &Id) -> Vec<String> {
    let events = office.app.store().read().await.expect("read").events_of(&id.to_string()).await.expect("events");
    events.into_iter().map(|event| event.action).collect()
}

#[tokio::test]
async fn a_slip_leads_to_a_password_a_second_factor_and_a_session_once() {
    let office = Office::open().await;
    let account = staff(&office, "anh.nguyen", GrantRole::Clerk).await;
    let made = slip(&office, &account).await;
    let app = &office.app;
    let view = app.slip(&made.code.to_lowercase(), at(1)).await.expect("it is there");
    assert_eq!((view.name.as_str(), view.login.as_str(), view.second_factor), ("Nguyễn Thị Ánh", "anh.nguyen", true));
    assert!(view.totp == app.slip(&made.code, at(1)).await.expect("again").totp, "the same each time");
    let secret = secret_of(&view.totp.secret);
    let right = code(&office, &secret);
    let with = Activation { slip: &made.code, password: PASSWORD, code: Some(&right), client: at(1) };
    // Each refused by itself; the slip still works.
    let refused = app.activate(&Activation { password: "short", ..with }).await.err();
    assert!(matches!(refused, Some(AccessError::Password(PasswordFault::Short))));
    let refused = app.activate(&Activation { code: None, ..with }).await.err();
    assert!(matches!(refused, Some(AccessError::SecondFactorNeeded)));
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let refused = app.activate(&Activation { code: Some(wrong), ..with }).await.err();
    assert!(matches!(refused, Some(AccessError::Code)));
    let mistyped = format!("{}{}", if made.code.starts_with('7') { '8' } else { '7' }, &made.code[1..]);
    let refused = app.activate(&Activation { slip: &mistyped, ..with }).await.err();
    assert!(matches!(refused, Some(AccessError::SlipMistyped)));

    let activated = app.activate(&with).await.expect("activated");
    assert_eq!(activated.recovery.len(), 8);
    assert!(!activated.session.must_enrol);
    let session = session(&office, &activated.session).await;
    assert_eq!(session.actor, Actor::Account(account.clone()));
    assert!(matches!(app.activate(&with).await.err(), Some(AccessError::Slip)), "a slip is used once");
    assert!(matches!(app.slip(&made.code, at(1)).await.err(), Some(AccessError::Slip)));
    assert!(matches!(guess(&office, "anh.nguyen", at(1)).await, Err(AccessError::Wrong)));
    // The code that confirmed the factor is used.
    let with = SignIn { login: "anh.nguyen", password: PASSWORD, code: Some(&right), device: None, client: at(1) };
    assert!(matches!(app.sign_in(&with).await.err(), Some(AccessError::Wrong)));
    assert!(matches!(app.sign_in(&SignIn { code: None, ..with }).await, Ok(SignedIn::CodeNeeded)));
    enter(&office, "anh.nguyen", &secret, None, at(1)).await.expect("in");
    // As a phone begins a word.
    enter(&office, " Anh.nguyen ", &secret, None, at(1)).await.expect("in");
    assert_eq!(audited(&office, &account.id).await, ["add_account", "make_slip", "activate", "sign_in", "sign_in"]);
}

#[tokio::test]
async fn a_slip_made_anew_voids_the_one_before_and_one_that_is_over_is_refused() {
    let office = Office::open().await;
    let account = staff(&office, "anh", GrantRole::Clerk).await;
    let first = slip(&office, &account).await;
    let second = slip(&office, &account).await;
    assert!(matches!(office.app.slip(&first.code, at(1)).await.err(), Some(AccessError::Slip)));
    pass(&office, 14 * 86_400 - 1);
    assert!(office.app.slip(&second.code, at(1)).await.is_ok());
    pass(&office, 1);
    assert!(matches!(office.app.slip(&second.code, at(1)).await.err(), Some(AccessError::Slip)));
    let lines = office.app.school_accounts(&OPERATOR, &school()).await.expect("listed");
    assert_eq!(lines[0].state, AccountState::SlipOver);
    let bytes = office.database.bytes().await;
    for kept in [&first.code, &second.code, &second.code.replace('-', "")] {
        assert!(!bytes.windows(kept.len()).any(|window| window == kept.as_bytes()), "a code is in the database");
    }
}

#[tokio::test]
async fn an_unknown_login_a_wrong_password_and_a_wrong_code_are_told_from_each_other_by_nothing() {
    let office = Office::open().await;
    let (_, secret, _) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    let mut answers = Vec::new();
    for (login, password, code) in [
        ("nobody", PASSWORD, Some("123456")),
        ("anh", "not the password", Some("123456")),
        ("anh", PASSWORD, Some("12345")),
        ("anh", "", None),
    ] {
        let with = SignIn { login, password, code, device: None, client: at(2) };
        answers.push(format!("{:?}", office.app.sign_in(&with).await.err().expect("refused")));
    }
    assert_eq!(answers, ["Wrong"; 4]);
    // Slowed alike: a login that is not there as one that is.
    for login in ["nobody", "anh"] {
        let mut refused = Vec::new();
        for _ in 0..7 {
            refused.push(match guess(&office, login, at(3)).await {
                Err(AccessError::SlowDown { retry_after }) => retry_after,
                Err(AccessError::Wrong) => 0,
                other => panic!("{other:?}"),
            });
        }
        let before = if login == "anh" { 3 } else { 1 };
        assert_eq!(refused.iter().filter(|wait| **wait == 0).count(), 5 - before, "{login}: {refused:?}");
        assert!(refused.iter().skip(5 - before).all(|wait| *wait == 30), "{login}: {refused:?}");
    }
    let refused = enter(&office, "anh", &secret, None, at(4)).await.err();
    // 30 seconds have passed with `enter`.
    assert!(refused.is_none(), "{refused:?}");
}

#[tokio::test]
async fn a_code_is_taken_once_and_a_recovery_code_once() {
    let office = Office::open().await;
    let (account, secret, activated) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    pass(&office, 60);
    let code = code(&office, &secret);
    let with = SignIn { login: "anh", password: PASSWORD, code: Some(&code), device: None, client: at(1) };
    assert!(matches!(office.app.sign_in(&with).await, Ok(SignedIn::Session(_))));
    assert!(matches!(office.app.sign_in(&with).await.err(), Some(AccessError::Wrong)), "looked over the shoulder");
    let recovery = activated.recovery[3].to_lowercase();
    let with = SignIn { code: Some(&recovery), ..with };
    assert!(matches!(office.app.sign_in(&with).await, Ok(SignedIn::Session(_))));
    assert!(matches!(office.app.sign_in(&with).await.err(), Some(AccessError::Wrong)));
    let session = session(&office, &activated.session).await;
    assert_eq!(office.app.recovery_codes_left(&session).await.expect("counted"), 7);
    pass(&office, 30);
    let fresh = office.app.recovery_codes(&session, &self::code(&office, &secret)).await.expect("made anew");
    assert!(matches!(office.app.recovery_codes(&session, &self::code(&office, &secret)).await, Err(AccessError::Code)));
    let old = SignIn { code: Some(&activated.recovery[0]), ..with };
    assert!(matches!(office.app.sign_in(&old).await.err(), Some(AccessError::Wrong)), "void");
    assert!(matches!(office.app.sign_in(&SignIn { code: Some(&fresh[0]), ..with }).await, Ok(SignedIn::Session(_))));
    // Another's recovery code is nobody's.
    let (_, _, other) = active(&office, "binh", GrantRole::Clerk, at(1)).await;
    let foreign = SignIn { code: Some(&other.recovery[0]), ..with };
    assert!(matches!(office.app.sign_in(&foreign).await.err(), Some(AccessError::Wrong)));
    assert!(audited(&office, &account.id).await.contains(&"recovery_codes".to_owned()));
}

#[tokio::test]
async fn who_needs_a_second_factor_and_has_none_may_do_nothing_but_enrol() {
    let mut office = Office::open().await;
    let lax = AccessSettings { second_factor: [GrantRole::Principal].into(), ..AccessSettings::default() };
    let strict = office.app.clone();
    office.app = strict.with_access(lax);
    let account = staff(&office, "anh", GrantRole::HomeroomTeacher).await;
    let made = slip(&office, &account).await;
    let with = Activation { slip: &made.code, password: PASSWORD, code: None, client: at(1) };
    let activated = office.app.activate(&with).await.expect("let off");
    assert!(activated.recovery.is_empty() && !activated.session.must_enrol);
    let let_off = session(&office, &activated.session).await;
    assert!(!let_off.has_totp && matches!(&let_off.actor, Actor::Account(a) if a.grants.len() == 1));
    assert!(matches!(office.app.recovery_codes(&let_off, "123456").await, Err(AccessError::NoSecondFactor)));
    // The setting changes.
    office.app = strict;
    let stripped = session(&office, &activated.session).await;
    assert!(stripped.must_enrol && matches!(&stripped.actor, Actor::Account(a) if a.grants.is_empty()));
    assert!(matches!(office.app.enrol_totp(&stripped, "wrong password").await, Err(AccessError::Wrong)));
    let offered = office.app.enrol_totp(&stripped, PASSWORD).await.expect("offered");
    let secret = secret_of(&offered.secret);
    let wrong = if code(&office, &secret) == "000000" { "000001" } else { "000000" };
    assert!(matches!(office.app.confirm_totp(&stripped, wrong).await, Err(AccessError::Code)));
    assert_eq!(office.app.confirm_totp(&stripped, &code(&office, &secret)).await.expect("confirmed").len(), 8);
    let whole = session(&office, &activated.session).await;
    assert!(!whole.must_enrol && whole.has_totp && matches!(&whole.actor, Actor::Account(a) if a.grants.len() == 1));
    enter(&office, "anh", &secret, None, at(1)).await.expect("in");
    // A factor that replaces it is another.
    let again = office.app.enrol_totp(&whole, PASSWORD).await.expect("offered");
    assert_ne!(again.secret, offered.secret);
}

#[tokio::test]
async fn a_session_ends_by_rest_by_age_and_by_hand_and_is_written_to_once_a_minute() {
    let office = Office::open().await;
    let (_, secret, activated) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    let idle = office.app.access().idle;
    for _ in 0..3 {
        pass(&office, idle - 1);
        assert!(office.app.session(&activated.session.token).await.is_ok());
    }
    pass(&office, idle);
    assert!(matches!(office.app.session(&activated.session.token).await.err(), Some(AccessError::NoSession)), "rest");
    let new = enter(&office, "anh", &secret, None, at(1)).await.expect("in");
    let mut age = 0;
    while age + 1800 < office.app.access().absolute {
        pass(&office, 1800);
        age += 1800;
        assert!(office.app.session(&new.token).await.is_ok(), "{age}");
    }
    pass(&office, office.app.access().absolute - age);
    assert!(matches!(office.app.session(&new.token).await.err(), Some(AccessError::NoSession)), "age");

    let new = enter(&office, "anh", &secret, None, at(1)).await.expect("in");
    let other = enter(&office, "anh", &secret, None, at(2)).await.expect("in");
    office.app.store().faults().watch();
    for _ in 0..3 {
        office.app.session(&other.token).await.expect("alive");
        pass(&office, 15);
    }
    pass(&office, 15);
    office.app.session(&other.token).await.expect("alive");
    assert_eq!(office.app.store().faults().seen(), ["touch_session"]);
    let session = session(&office, &new).await;
    let lines = office.app.sessions(&session).await.expect("listed");
    assert_eq!(lines.len(), 2, "those that are over are not shown");
    assert_eq!(lines.iter().filter(|line| line.current).map(|line| line.id).collect::<Vec<_>>(), [session.id]);
    assert_eq!(lines[0].label, "Chrome trên Windows");
    let theirs = lines.iter().find(|line| !line.current).expect("the other").id;
    // Nobody ends another's.
    let (_, _, stranger) = active(&office, "binh", GrantRole::Clerk, at(3)).await;
    let stranger = self::session(&office, &stranger.session).await;
    assert!(!office.app.end_session(&stranger, &theirs).await.expect("asked"));
    assert!(office.app.session(&other.token).await.is_ok());
    assert!(office.app.end_session(&session, &theirs).await.expect("ended"));
    assert!(matches!(office.app.session(&other.token).await.err(), Some(AccessError::NoSession)));
    office.app.sign_out(&session).await.expect("out");
    assert!(matches!(office.app.session(&new.token).await.err(), Some(AccessError::NoSession)));
    let bytes = office.database.bytes().await;
    for kept in [&new.token, &other.token, &other.device_token, &"203.0.113.3".to_owned(), &PASSWORD.to_owned()] {
        assert!(!bytes.windows(kept.len()).any(|window| window == kept.as_bytes()), "something secret is kept");
    }
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_forgets_the_browsers() {
    let office = Office::open().await;
    let (account, secret, activated) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    let new = enter(&office, "anh", &secret, None, at(2)).await.expect("in");
    let session = session(&office, &new).await;
    let next = "mùa đông ở Sa Pa";
    assert!(matches!(office.app.change_password(&session, "wrong", next).await, Err(AccessError::Wrong)));
    let refused = office.app.change_password(&session, PASSWORD, "1234567890").await;
    assert!(matches!(refused, Err(AccessError::Password(PasswordFault::Common))));
    office.app.change_password(&session, PASSWORD, next).await.expect("changed");
    assert!(office.app.session(&new.token).await.is_ok(), "the one that asked goes on");
    assert!(matches!(office.app.session(&activated.session.token).await.err(), Some(AccessError::NoSession)));
    assert!(matches!(enter(&office, "anh", &secret, None, at(1)).await.err(), Some(AccessError::Wrong)), "the old one");
    assert_eq!(office.database.count("SELECT COUNT(*) FROM devices").await, 0);
    assert!(audited(&office, &account.id).await.contains(&"change_password".to_owned()));
}

#[tokio::test]
async fn a_reset_and_a_lock_shut_an_account_at_once_and_its_owner_comes_back_each_in_its_way() {
    let office = Office::open().await;
    let (account, secret, activated) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    let app = &office.app;
    let token = app.add_token(&OPERATOR, &account.id, 86_400).await.expect("made").token;
    app.lock_account(&OPERATOR, &account.id).await.expect("locked");
    assert!(matches!(app.session(&activated.session.token).await.err(), Some(AccessError::NoSession)));
    assert!(matches!(app.authenticate(&token).await, Err(AppError::NotFound("token"))), "tokens of it do nothing");
    assert!(matches!(enter(&office, "anh", &secret, None, at(1)).await.err(), Some(AccessError::Locked)));
    assert!(matches!(guess(&office, "anh", at(1)).await, Err(AccessError::Wrong)), "to a guesser it is as any other");
    app.unlock_account(&OPERATOR, &account.id).await.expect("unlocked");
    assert!(app.authenticate(&token).await.is_ok());
    let new = enter(&office, "anh", &secret, None, at(1)).await.expect("as before");

    assert!(matches!(
        app.make_slips(&OPERATOR, &[account.id]).await.err(),
        Some(AccessError::App(AppError::Exists(_)))
    ));
    let slip = app.reset_account(&OPERATOR, &account.id).await.expect("reset");
    assert!(matches!(app.session(&new.token).await.err(), Some(AccessError::NoSession)));
    assert!(matches!(enter(&office, "anh", &secret, None, at(1)).await.err(), Some(AccessError::Wrong)));
    let refused = enter(&office, "anh", &secret, Some(&new.device_token), at(1)).await.err();
    assert!(matches!(refused, Some(AccessError::Wrong)));
    let view = app.slip(&slip.code, at(1)).await.expect("a slip");
    assert_ne!(secret_of(&view.totp.secret), secret, "another factor");
    let done = audited(&office, &account.id).await;
    for action in ["lock_account", "unlock_account", "reset_account"] {
        assert!(done.contains(&action.to_owned()), "{action} is not among {done:?}");
    }
    // A slip does not open a locked account.
    app.lock_account(&OPERATOR, &account.id).await.expect("locked");
    let code = code(&office, &secret_of(&view.totp.secret));
    let with = Activation { slip: &slip.code, password: PASSWORD, code: Some(&code), client: at(1) };
    assert!(matches!(app.activate(&with).await.err(), Some(AccessError::Locked)));
    app.unlock_account(&OPERATOR, &account.id).await.expect("unlocked");
    assert!(app.activate(&with).await.is_ok(), "and still works afterwards");
}

#[tokio::test]
async fn guesses_from_everywhere_at_one_account_do_not_keep_its_owner_out_of_a_browser_they_used() {
    let office = Office::open().await;
    let (account, secret, activated) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    let mut looked_at = 0;
    // Half an hour, a guess every ten seconds, each from another address.
    for n in 0..180 {
        pass(&office, 10);
        if !matches!(guess(&office, "anh", at((n % 200) as u8 + 20)).await, Err(AccessError::SlowDown { .. })) {
            looked_at += 1;
        }
    }
    // 5 at once, and after 30, 90, 210, 450, 930 and 1,830 seconds from the fifth.
    assert!((10..=11).contains(&looked_at), "{looked_at}");
    let device = Some(activated.session.device_token.as_str());
    let refused = enter(&office, "anh", &secret, None, at(1)).await.err();
    assert!(matches!(refused, Some(AccessError::SlowDown { .. })), "a new browser waits: {refused:?}");
    let new = enter(&office, "anh", &secret, device, at(9)).await.expect("the browser that was here before does not");
    assert_ne!(Some(new.device_token.as_str()), device, "a fresh one each time");
    // Another's device opens no way.
    let (_, _, other) = active(&office, "binh", GrantRole::Clerk, at(9)).await;
    // The guesser takes the next try as soon as it is let through.
    pass(&office, 60);
    let taken = guess(&office, "anh", at(9)).await;
    assert!(matches!(taken, Err(AccessError::Wrong)), "{taken:?}");
    let refused = enter(&office, "anh", &secret, Some(&other.session.device_token), at(9)).await.err();
    assert!(matches!(refused, Some(AccessError::SlowDown { .. })), "{refused:?}");
    // One who took a device's token over guesses as slowly with it.
    let mut looked_at = 0;
    for _ in 0..20 {
        let with =
            SignIn { login: "anh", password: "wrong", code: None, device: Some(&new.device_token), client: at(9) };
        looked_at += usize::from(matches!(office.app.sign_in(&with).await, Err(AccessError::Wrong)));
    }
    assert_eq!(looked_at, 5);
    assert_eq!(audited(&office, &account.id).await.iter().filter(|a| *a == "sign_in_slowed").count(), 2);
}

#[tokio::test]
async fn a_school_behind_one_address_goes_on_while_one_of_them_tries_everybody() {
    let office = Office::open().await;
    let lax = AccessSettings { second_factor: [GrantRole::Principal].into(), ..AccessSettings::default() };
    let school_app = office.app.with_access(lax);
    let (mut logins, mut devices) = (Vec::new(), Vec::new());
    // A hundred people; what a password costs is not what this is about, so they share what was made of one.
    let shared = hocba_app::access::password::hash(PASSWORD, &[1; 16]);
    for n in 0..100 {
        let login = format!("gv{n:03}");
        let account = staff(&office, &login, GrantRole::HomeroomTeacher).await;
        let mut tx = office.app.store().begin("shared").await.expect("begun");
        tx.set_password(&account.id, &shared, hocba_tests::at(now(&office))).await.expect("set");
        tx.commit().await.expect("committed");
        logins.push(login);
    }
    let sign = |login: String, device: Option<String>| {
        let app = school_app.clone();
        async move {
            let device = device.as_deref();
            let with = SignIn { login: &login, password: PASSWORD, code: None, device, client: at(1) };
            match app.sign_in(&with).await {
                Ok(SignedIn::Session(session)) => Ok(session),
                Ok(SignedIn::CodeNeeded) => panic!("no second factor"),
                Err(error) => Err(error),
            }
        }
    };
    for login in &logins {
        devices.push(sign(login.clone(), None).await.expect("in on the first day").device_token);
    }
    // One of them tries five passwords for each colleague, and logins that are not there until the address is used up.
    let mut slowed = 0;
    for n in 0..700 {
        let login = if n < 250 { logins[n % 50].clone() } else { format!("khong-co-{n}") };
        slowed += usize::from(matches!(guess(&office, &login, at(1)).await, Err(AccessError::SlowDown { .. })));
    }
    assert!(slowed >= 150, "the address is used up: {slowed}");
    let refused = guess(&office, "khong-co", at(1)).await;
    assert!(matches!(refused, Err(AccessError::SlowDown { .. })), "{refused:?}");
    for (n, login) in logins.iter().enumerate() {
        let with_device = sign(login.clone(), Some(devices[n].clone())).await;
        assert!(with_device.is_ok(), "{login} in their own browser");
        if n >= 50 {
            assert!(sign(login.clone(), None).await.is_ok(), "{login}, who signed in here before, in another browser");
        }
    }
    // Those whose own account was tried wait, in another browser, no longer than an account waits.
    match sign(logins[0].clone(), None).await {
        Err(AccessError::SlowDown { retry_after }) => assert!(retry_after <= throttle::LONGEST_WAIT),
        other => panic!("{:?}", other.err()),
    }
    assert!(matches!(guess(&office, "khong-co", at(2)).await, Err(AccessError::Wrong)), "other addresses go on");
}

#[tokio::test]
async fn what_was_tried_is_forgotten_and_does_not_pile_up() {
    let office = Office::open().await;
    for n in 0..40 {
        let _ = guess(&office, &format!("khong-co-{n}"), at(n)).await;
    }
    let rows = "SELECT COUNT(*) FROM tries";
    assert_eq!(office.database.count(rows).await, 80);
    pass(&office, throttle::FORGOTTEN);
    for n in 0..10 {
        let _ = guess(&office, &format!("khong-co-{n}-2"), at(100)).await;
    }
    let left = office.database.count(rows).await;
    assert!(left <= 11, "{left} rows");
}

#[tokio::test]
async fn sessions_and_browsers_of_an_account_are_bounded() {
    let office = Office::open().await;
    let (_, secret, first) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    for _ in 0..MOST_SESSIONS {
        enter(&office, "anh", &secret, None, at(1)).await.expect("in");
    }
    assert_eq!(office.database.count("SELECT COUNT(*) FROM sessions").await, i64::from(MOST_SESSIONS));
    assert_eq!(office.database.count("SELECT COUNT(*) FROM devices").await, i64::from(MOST_DEVICES));
    assert!(matches!(office.app.session(&first.session.token).await.err(), Some(AccessError::NoSession)), "the oldest");
}

fn forbidden<T>(done: Result<T, AccessError>) -> Option<Action> {
    match done.err()? {
        AccessError::App(AppError::Forbidden(action)) => Some(action),
        _ => None,
    }
}

#[tokio::test]
async fn an_administrator_cannot_raise_themself_nor_reach_beyond_their_school() {
    let office = Office::open().await;
    let app = &office.app;
    let own = staff(&office, "quantri", GrantRole::SchoolAdministrator).await;
    let colleague = staff(&office, "quantri2", GrantRole::SchoolAdministrator).await;
    let clerk = staff(&office, "vanthu", GrantRole::Clerk).await;
    let actor = Actor::Account(own.clone());
    let principal = Grant::of_school(GrantRole::Principal, school(), None);
    let administrator = Grant::of_school(GrantRole::SchoolAdministrator, school(), None);
    let with = |grant: &Grant| vec![administrator.clone(), grant.clone()];
    assert!(forbidden(app.set_grants(&actor, &own.id, &with(&principal)).await).is_some(), "themself");
    assert!(forbidden(app.set_grants(&actor, &own.id, std::slice::from_ref(&principal)).await).is_some());
    assert!(forbidden(app.reset_account(&actor, &own.id).await).is_some());
    assert!(forbidden(app.unlock_account(&actor, &own.id).await).is_some());
    assert_eq!(
        forbidden(app.set_grants(&actor, &colleague.id, std::slice::from_ref(&principal)).await),
        Some(Action::AppointAdministrator),
        "nor two of them each other"
    );
    for grant in [
        administrator.clone(),
        Grant::of_school(GrantRole::Department, school(), None),
        Grant::everywhere(GrantRole::Operator),
        Grant::everywhere(GrantRole::Principal),
        Grant::of_school(GrantRole::Clerk, OTHER_SCHOOL.parse().expect("code"), None),
    ] {
        let new = NewSchoolAccount { login: "moi".into(), name: "Mới".into(), grants: vec![grant.clone()] };
        assert!(forbidden(app.add_school_account(&actor, &new).await).is_some(), "{grant:?}");
        assert!(
            forbidden(app.set_grants(&actor, &clerk.id, std::slice::from_ref(&grant)).await).is_some(),
            "{grant:?}"
        );
    }
    app.set_grants(&actor, &clerk.id, &[principal]).await.expect("a working role of the own school");
    // Somebody who works at two schools is nobody's alone.
    let both = NewAccount {
        login: "haitruong".into(),
        name: "x".into(),
        certificate: None,
        grants: vec![
            Grant::of_school(GrantRole::Clerk, school(), None),
            Grant::of_school(GrantRole::Clerk, OTHER_SCHOOL.parse().expect("code"), None),
        ],
    };
    let other = hocba_store::model::School {
        code: OTHER_SCHOOL.parse().expect("code"),
        issuer: "so-demo".parse().expect("issuer"),
    };
    app.add_school(&OPERATOR, &other).await.expect("added");
    let both = app.add_account(&OPERATOR, both).await.expect("added");
    assert!(forbidden(app.reset_account(&actor, &both.id).await).is_some());
    let lines = app.school_accounts(&actor, &school()).await.expect("listed");
    let may_change: Vec<(&str, bool)> = lines.iter().map(|l| (l.account.login.as_str(), l.may_change)).collect();
    assert_eq!(may_change, [("haitruong", false), ("quantri", false), ("quantri2", false), ("vanthu", true)]);
    // All slips of a list, or none.
    let before = office.database.count("SELECT COUNT(*) FROM slips").await;
    assert!(forbidden(app.make_slips(&actor, &[clerk.id, own.id]).await).is_some());
    assert_eq!(office.database.count("SELECT COUNT(*) FROM slips").await, before);
    // The department of the province makes administrators, that of the next one does not.
    let department = |prefix: &str| {
        let grants = vec![Grant::of_prefix(GrantRole::Department, prefix.parse().expect("prefix"))];
        Actor::Account(Account {
            id: Id::from_bytes([8; 16]),
            login: "so".into(),
            name: "S".into(),
            certificate: None,
            grants,
        })
    };
    let new = NewSchoolAccount { login: "quantri3".into(), name: "Ba".into(), grants: vec![administrator] };
    assert!(forbidden(app.add_school_account(&department("80"), &new).await).is_some());
    app.add_school_account(&department("79"), &new).await.expect("made");
}

#[tokio::test]
async fn what_is_no_login_no_name_or_no_grant_is_refused_with_a_code() {
    let office = Office::open().await;
    let good = NewSchoolAccount {
        login: "anh".into(),
        name: "Ánh".into(),
        grants: vec![Grant::of_school(GrantRole::Clerk, school(), None)],
    };
    for login in ["", "ab", "Anh", "anh nguyen", "1anh", "ánh", "anh@x", &"a".repeat(41)] {
        let new = NewSchoolAccount { login: login.into(), ..good.clone() };
        let refused = office.app.add_school_account(&OPERATOR, &new);
        assert_eq!(refused.await.err().map(|e| e.code()), Some("login_form"), "{login}");
    }
    for name in ["", " Ánh", "Á\u{200b}nh", "a\nb", &"a".repeat(101)] {
        let new = NewSchoolAccount { name: name.into(), ..good.clone() };
        let refused = office.app.add_school_account(&OPERATOR, &new);
        assert_eq!(refused.await.err().map(|e| e.code()), Some("name_form"), "{name}");
    }
    let none = NewSchoolAccount { grants: Vec::new(), ..good.clone() };
    assert_eq!(office.app.add_school_account(&OPERATOR, &none).await.err().map(|e| e.code()), Some("grants_count"));
    let unknown = Grant::of_school(GrantRole::Clerk, "79DEMO777".parse().expect("code"), None);
    let unknown = NewSchoolAccount { grants: vec![unknown], ..good.clone() };
    let refused = office.app.add_school_account(&OPERATOR, &unknown).await;
    assert!(matches!(refused, Err(AccessError::App(AppError::UnknownSchool(_)))), "{refused:?}");
    office.app.add_school_account(&OPERATOR, &good).await.expect("good");
    let taken = office.app.add_school_account(&OPERATOR, &good).await;
    assert!(matches!(taken, Err(AccessError::App(AppError::Exists("the account")))), "{taken:?}");
}

/// From a slip to a second signing in. Done again after a crash, it goes on from wherever that left it.
async fn story(office: &Office, account: &Account, made: &Slip) -> Result<NewSession, AccessError> {
    let view = match office.app.slip(&made.code, at(1)).await {
        // The activation lasted, though nobody was told.
        Err(AccessError::Slip) => None,
        other => Some(other?),
    };
    // The secret as the phone has it: shown before the slip was used.
    let secret = office.app.store().read().await?.access_of(&account.id).await?.totp;
    if let Some(view) = view {
        let secret = secret_of(&view.totp.secret);
        let code = code(office, &secret);
        let with = Activation { slip: &made.code, password: PASSWORD, code: Some(&code), client: at(1) };
        office.app.activate(&with).await?;
        return enter(office, &account.login, &secret, None, at(1)).await;
    }
    assert!(secret.is_some(), "the factor lasts with the password");
    Err(AccessError::Slip)
}

#[tokio::test]
async fn a_failure_at_every_commit_of_activating_and_signing_in_leaves_a_state_that_works() {
    let prepared = async || {
        let office = Office::open().await;
        let account = staff(&office, "anh", GrantRole::Clerk).await;
        let made = slip(&office, &account).await;
        (office, account, made)
    };
    let (office, account, made) = prepared().await;
    office.app.store().faults().watch();
    story(&office, &account, &made).await.expect("no fault was put in");
    let names = office.app.store().faults().seen();
    assert_eq!(names, ["activate", "try_sign_in", "sign_in"]);
    for (place, name) in names.iter().enumerate() {
        for moment in [Moment::Failed, Moment::FailedButPersisted] {
            let what = format!("{name} {moment:?}");
            let (office, account, made) = prepared().await;
            let view = office.app.slip(&made.code, at(1)).await.expect("it is there");
            let secret = secret_of(&view.totp.secret);
            office.app.store().faults().put_after(place, moment);
            assert!(story(&office, &account, &made).await.is_err(), "{what}: the fault did not strike");
            assert!(office.app.store().faults().struck(), "{what}");
            if (*name, moment) == ("activate", Moment::Failed) {
                assert!(office.app.slip(&made.code, at(1)).await.is_ok(), "{what}: the slip still works");
                story(&office, &account, &made).await.unwrap_or_else(|e| panic!("{what}: {e}"));
            } else {
                assert!(matches!(office.app.slip(&made.code, at(1)).await.err(), Some(AccessError::Slip)), "{what}");
            }
            let new = enter(&office, "anh", &secret, None, at(1)).await.unwrap_or_else(|e| panic!("{what}: {e}"));
            let session = session(&office, &new).await;
            assert_eq!(office.app.recovery_codes_left(&session).await.expect("counted"), 8, "{what}");
            assert_eq!(checked(&office, &account.id).await, None, "{what}");
            // A session that nobody was told of is in the list, and can be ended.
            office.app.end_other_sessions(&session).await.expect("ended");
            assert_eq!(office.app.sessions(&session).await.expect("listed").len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn fsck_finds_a_second_factor_that_does_not_open_and_a_password_that_is_none() {
    let office = Office::open().await;
    let (account, secret, _) = active(&office, "anh", GrantRole::Clerk, at(1)).await;
    assert_eq!(checked(&office, &account.id).await, None);
    office.database.sql("UPDATE account_access SET nonce = x'000000000000000000000000'").await;
    assert_eq!(checked(&office, &account.id).await, Some("its second factor does not open"));
    assert!(matches!(enter(&office, "anh", &secret, None, at(1)).await.err(), Some(AccessError::Wrong)));
    office.database.sql("UPDATE account_access SET password = 'plain'").await;
    assert_eq!(checked(&office, &account.id).await, Some("its password is not stored as one"));
}
