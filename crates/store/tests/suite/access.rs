//! What people sign in with: one row where there may be one, nothing raised that only rises, nothing that piles up.

use hocba_record::encoding::Sha256Digest;
use hocba_store::{
    Store, StoreError,
    model::{
        Access, Account, Device, Grant, GrantRole, School, SessionOrigin, StoredSession, StoredSlip, Totp, TryKind,
    },
};
use hocba_tests::database::TestDatabase;

use crate::kit::{at, digest, envelope, id, issuer, school};

async fn with_account() -> (TestDatabase, Store) {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let mut tx = store.begin("accounts").await.expect("begun");
    tx.add_school(&School { code: school(), issuer: issuer() }, 0).await.expect("added");
    for n in 1..=2 {
        let account = Account {
            id: id(n),
            login: format!("login{n}"),
            name: "Tên".into(),
            certificate: None,
            grants: vec![Grant::of_school(GrantRole::Clerk, school(), None)],
        };
        tx.add_account(&account, at(0)).await.expect("added");
    }
    tx.commit().await.expect("committed");
    (database, store)
}

fn session(n: u64, account: u64) -> StoredSession {
    StoredSession {
        id: id(n),
        hash: digest(n),
        account: id(account),
        label: "Chrome trên Windows".into(),
        address: [n as u8; 32],
        created_at: at(n as i64),
        seen_at: at(n as i64),
        expires_at: at(n as i64 + 100),
        began: SessionOrigin::Here,
    }
}

fn device(n: u64, account: u64) -> Device {
    Device {
        hash: digest(n),
        account: id(account),
        address: [7; 32],
        used_at: at(n as i64),
        expires_at: at(n as i64 + 100),
    }
}

#[tokio::test]
async fn a_subject_has_one_account_and_an_account_one_subject_of_a_provider() {
    let (_database, store) = with_account().await;
    let mut tx = store.begin("links").await.expect("begun");
    tx.add_openid_link("https://id.example.vn", "s-1", &id(1), at(5)).await.expect("added");
    tx.add_openid_link("https://other.example.vn", "s-1", &id(1), at(5)).await.expect("another provider's s-1");
    tx.commit().await.expect("committed");
    for (subject, account) in [("s-1", 2), ("s-2", 1)] {
        let mut tx = store.begin("links").await.expect("begun");
        let refused = tx.add_openid_link("https://id.example.vn", subject, &id(account), at(6)).await;
        assert!(matches!(refused, Err(StoreError::Exists { .. })), "{subject} {account}");
    }
    let mut tx = store.begin("links").await.expect("begun");
    assert_eq!(tx.openid_account("https://id.example.vn", "s-1").await.expect("read"), Some(id(1)));
    assert_eq!(tx.openid_account("https://id.example.vn", "S-1").await.expect("read"), None, "letters count");
    assert!(tx.has_openid_link(&id(1), "https://id.example.vn").await.expect("read"));
    assert!(!tx.has_openid_link(&id(2), "https://id.example.vn").await.expect("read"));
    assert_eq!(tx.remove_openid_links(&id(1)).await.expect("removed"), 2);
    assert_eq!(tx.openid_account("https://id.example.vn", "s-1").await.expect("read"), None);
}

#[tokio::test]
async fn what_a_provider_gives_stands_apart_and_is_replaced_as_a_whole() {
    let (database, store) = with_account().await;
    let administrator = Grant::of_school(GrantRole::SchoolAdministrator, school(), None);
    let part = Grant::of_prefix(GrantRole::Department, "79".parse().expect("prefix"));
    let mut tx = store.begin("grants").await.expect("begun");
    tx.set_grants(&id(2), &[]).await.expect("set");
    tx.set_openid_grants(&id(2), &[administrator.clone(), part.clone()]).await.expect("set");
    let given = tx.openid_grants_of(&id(2)).await.expect("read");
    assert!(given.len() == 2 && given.contains(&administrator) && given.contains(&part));
    assert!(tx.account(&id(2)).await.expect("read").expect("there").grants.is_empty(), "not among those given here");
    let logins = |accounts: Vec<Account>| accounts.into_iter().map(|a| a.login).collect::<Vec<_>>();
    let there = tx.accounts_of_school(&school()).await.expect("read");
    assert_eq!(logins(there), ["login1", "login2"], "and yet one of the school's people");
    tx.set_openid_grants(&id(2), std::slice::from_ref(&part)).await.expect("set");
    assert_eq!(tx.openid_grants_of(&id(2)).await.expect("read"), [part]);
    assert_eq!(logins(tx.accounts_of_school(&school()).await.expect("read")), ["login1"]);
    tx.commit().await.expect("committed");
    for values in ["'clerk', NULL, NULL", "'department', '79DEMO001', NULL", "'operator', NULL, '79'"] {
        let sql = format!("INSERT INTO openid_grants (account, role, school, prefix) VALUES ('{}', {values})", id(1));
        assert!(database.try_sql(&sql).await.is_err(), "{values}");
    }
}

#[tokio::test]
async fn a_session_says_where_it_began() {
    let (database, store) = with_account().await;
    let mut tx = store.begin("sessions").await.expect("begun");
    for (n, began) in (1..).zip(SessionOrigin::ALL) {
        tx.add_session(&StoredSession { began: *began, ..session(n, 1) }, 20).await.expect("added");
        let found = tx.session_of_token(&digest(n)).await.expect("read").expect("there");
        assert_eq!(found.began, *began);
    }
    tx.commit().await.expect("committed");
    assert!(database.try_sql("UPDATE sessions SET began = 'elsewhere'").await.is_err());
}

#[tokio::test]
async fn a_grant_with_a_prefix_comes_back_and_one_that_means_nothing_is_refused() {
    let (database, store) = with_account().await;
    let part = Grant::of_prefix(GrantRole::Department, "79".parse().expect("prefix"));
    let administrator = Grant::of_school(GrantRole::SchoolAdministrator, school(), None);
    let mut tx = store.begin("grants").await.expect("begun");
    tx.set_grants(&id(1), &[part.clone(), administrator.clone()]).await.expect("set");
    tx.commit().await.expect("committed");
    let mut tx = store.read().await.expect("read");
    assert_eq!(tx.account(&id(1)).await.expect("read").expect("there").grants, [part, administrator]);
    let of_school = tx.accounts_of_school(&school()).await.expect("read");
    assert_eq!(of_school.iter().map(|a| a.login.as_str()).collect::<Vec<_>>(), ["login1", "login2"]);
    drop(tx);
    for values in [
        "'clerk', NULL, '79'",
        "'school_administrator', NULL, '79'",
        "'department', '79DEMO001', '79'",
        "'department', NULL, '7'",
        "'headmaster', NULL, NULL",
    ] {
        let sql = format!("INSERT INTO grants (account, role, school, prefix) VALUES ('{}', {values})", id(1));
        assert!(database.try_sql(&sql).await.is_err(), "{values}");
    }
}

#[tokio::test]
async fn grants_of_an_earlier_release_are_kept() {
    let database = TestDatabase::of_version(8).await;
    database
        .try_sql(&format!(
            "INSERT INTO schools (code, issuer, created_at) VALUES ('79DEMO001', 'so', 0); \
             INSERT INTO accounts (id, login, name, created_at) VALUES ('{0}', 'anh', 'Ánh', 0); \
             INSERT INTO grants (account, role, school, year, class) VALUES ('{0}', 'homeroom_teacher', '79DEMO001', 2026, '9A3'); \
             INSERT INTO grants (account, role) VALUES ('{0}', 'department')",
            id(1)
        ))
        .await
        .expect("as it was");
    Store::migrate(&database.database()).await.expect("migrated");
    let store = database.open().await;
    let mut tx = store.read().await.expect("read");
    let grants = tx.account(&id(1)).await.expect("read").expect("there").grants;
    assert_eq!(grants[0], Grant::everywhere(GrantRole::Department));
    assert_eq!(
        (grants[1].role, grants[1].school.clone(), grants.len()),
        (GrantRole::HomeroomTeacher, Some(school()), 2)
    );
    assert!(grants[1].class.is_some() && grants[1].prefix.is_none());
    assert!(tx.access_of(&id(1)).await.expect("read") == Access::default(), "nobody has done anything about it yet");
}

#[tokio::test]
async fn a_step_is_taken_once_and_only_rises_and_a_reset_leaves_the_lock() {
    let (_database, store) = with_account().await;
    let mut tx = store.begin("access").await.expect("begun");
    assert!(!tx.take_totp_step(&id(1), 5).await.expect("asked"), "there is no factor");
    let totp = Totp { secret: envelope(1), since: at(0), step: 100 };
    tx.set_password(&id(1), "$argon2id$", at(0)).await.expect("set");
    tx.set_totp(&id(1), &totp).await.expect("set");
    for (step, taken) in [(99, false), (100, false), (101, true), (101, false), (100, false), (103, true)] {
        assert_eq!(tx.take_totp_step(&id(1), step).await.expect("asked"), taken, "{step}");
    }
    assert!(!tx.take_totp_step(&id(2), 200).await.expect("asked"), "another's");
    tx.set_recovery_codes(&id(1), &[[1; 32], [2; 32]], at(0)).await.expect("set");
    assert!(!tx.take_recovery_code(&id(2), &[1; 32]).await.expect("asked"), "another's");
    assert!(tx.take_recovery_code(&id(1), &[1; 32]).await.expect("asked"));
    assert!(!tx.take_recovery_code(&id(1), &[1; 32]).await.expect("asked"));
    assert!(tx.set_locked(&id(1), Some(at(9))).await.expect("locked"));
    assert!(!tx.set_locked(&id(1), Some(at(10))).await.expect("locked"), "it is");
    tx.clear_access(&id(1)).await.expect("reset");
    let access = tx.access_of(&id(1)).await.expect("read");
    assert!(access == Access { password: None, totp: None, locked_at: Some(at(9)) });
    assert_eq!(tx.recovery_codes_left(&id(1)).await.expect("read"), 0);
    assert!(tx.set_locked(&id(1), None).await.expect("unlocked"));
    assert!(!tx.set_locked(&id(2), None).await.expect("unlocked"), "it was not locked");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn a_slip_takes_the_place_of_the_one_before_and_is_taken_once() {
    let (_database, store) = with_account().await;
    let slip = |n: u64| StoredSlip {
        account: id(1),
        hash: digest(n),
        made_by: "operator".into(),
        made_at: at(0),
        expires_at: at(100),
    };
    let mut tx = store.begin("slips").await.expect("begun");
    tx.set_slip(&slip(1)).await.expect("kept");
    tx.set_slip(&slip(2)).await.expect("kept");
    assert_eq!(tx.slip_of_code(&digest(1)).await.expect("read"), None);
    assert_eq!(tx.slip_of_code(&digest(2)).await.expect("read"), Some(slip(2)));
    assert!(!tx.take_slip(&digest(1)).await.expect("asked"));
    assert!(tx.take_slip(&digest(2)).await.expect("asked"));
    assert!(!tx.take_slip(&digest(2)).await.expect("asked"));
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn sessions_and_devices_beyond_the_last_few_go_and_those_that_are_over_are_swept() {
    let (_database, store) = with_account().await;
    let mut tx = store.begin("sessions").await.expect("begun");
    for n in 1..=5 {
        tx.add_session(&session(n, 1), 3).await.expect("added");
        tx.add_device(&device(n, 1), None, 3).await.expect("added");
    }
    let ids = |sessions: Vec<StoredSession>| sessions.into_iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!(ids(tx.sessions_of(&id(1)).await.expect("read")), [id(5), id(4), id(3)]);
    assert!(tx.device_of_token(&digest(2)).await.expect("read").is_none());
    assert_eq!(tx.device_of_token(&digest(3)).await.expect("read"), Some(device(3, 1)));
    assert!(tx.is_known_at(&id(1), &[7; 32], at(0)).await.expect("read"));
    assert!(!tx.is_known_at(&id(1), &[7; 32], at(105)).await.expect("read"), "over");
    assert!(!tx.is_known_at(&id(1), &[8; 32], at(0)).await.expect("read"), "elsewhere");
    assert!(!tx.is_known_at(&id(2), &[7; 32], at(0)).await.expect("read"), "somebody else");
    // A device that is used again is replaced; another's is not.
    tx.add_device(&device(6, 1), Some(&digest(5)), 3).await.expect("added");
    assert!(tx.device_of_token(&digest(5)).await.expect("read").is_none());
    tx.add_device(&device(7, 2), Some(&digest(6)), 3).await.expect("added");
    assert!(tx.device_of_token(&digest(6)).await.expect("read").is_some());
    // Seen never goes back.
    tx.touch_session(&id(5), at(50)).await.expect("touched");
    tx.touch_session(&id(5), at(40)).await.expect("touched");
    let five = tx.session_of_token(&digest(5)).await.expect("read").expect("there");
    assert_eq!(five.seen_at, at(50));
    assert!(!tx.end_session(&id(2), &id(5)).await.expect("asked"), "another's");
    assert!(tx.end_session(&id(1), &id(4)).await.expect("ended"));
    assert_eq!(tx.end_sessions_of(&id(1), Some(&id(5))).await.expect("ended"), 1);
    // Much later somebody else signs in.
    tx.add_session(&session(1000, 2), 3).await.expect("added");
    assert!(tx.sessions_of(&id(1)).await.expect("read").is_empty(), "what is over is swept");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn what_was_tried_is_changed_in_place_and_goes_when_it_says_nothing() {
    let (database, store) = with_account().await;
    let key = |n: u64| *Sha256Digest::of(&n.to_be_bytes()).as_bytes();
    let mut tx = store.begin("tries").await.expect("begun");
    for n in 0..5 {
        tx.set_tries(&key(n), TryKind::Penalty, (1, 100), 200).await.expect("noted");
        tx.set_tries(&key(n), TryKind::Penalty, (2, 110), 210).await.expect("noted");
    }
    assert_eq!(tx.tries(&key(3)).await.expect("read"), Some((2, 110)));
    tx.forget_tries(&key(3)).await.expect("forgotten");
    assert_eq!(tx.tries(&key(3)).await.expect("read"), None);
    tx.set_tries(&key(9), TryKind::Bucket, (1, 209), 221).await.expect("noted");
    assert_eq!(tx.tries(&key(0)).await.expect("read"), Some((2, 110)), "not yet");
    tx.set_tries(&key(10), TryKind::Bucket, (1, 210), 222).await.expect("noted");
    tx.commit().await.expect("committed");
    assert_eq!(database.count("SELECT COUNT(*) FROM tries").await, 2);
}
