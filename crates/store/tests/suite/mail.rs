//! Telling people by e-mail: addresses, their codes, and the mail of a day.

use hocba_store::{
    Store, StoreError,
    model::{Account, MailAddress, MailCode, MailDayState},
};
use hocba_tests::database::TestDatabase;

use crate::kit::{at, envelope, id, with_drafts};

/// A database with three accounts.
async fn with_accounts() -> (TestDatabase, Store) {
    let (database, store) = with_drafts(1).await;
    let mut tx = store.begin("accounts").await.expect("begun");
    for n in 1..=3 {
        let login = format!("login{n}");
        let account = Account { id: id(n), login, name: "A".into(), certificate: None, grants: Vec::new() };
        tx.add_account(&account, at(0)).await.expect("added");
    }
    tx.commit().await.expect("committed");
    (database, store)
}

fn address(n: u64) -> MailAddress {
    MailAddress { account: id(n), address: envelope(n), confirmed_at: at(0) }
}

fn code(n: u64, hash: u8, made: i64) -> MailCode {
    MailCode { account: id(n), hash: [hash; 32], address: envelope(n), made_at: at(made), expires_at: at(made + 100) }
}

#[tokio::test]
async fn a_code_takes_the_place_of_the_one_before_is_taken_once_and_ends() {
    let (_database, store) = with_accounts().await;
    let mut tx = store.begin("codes").await.expect("begun");
    tx.set_mail_code(&code(1, 1, 0)).await.expect("kept");
    tx.set_mail_code(&code(1, 2, 10)).await.expect("kept");
    tx.set_mail_code(&code(2, 3, 0)).await.expect("kept");
    assert_eq!(tx.mail_code(&id(1), at(20)).await.expect("read"), Some(code(1, 2, 10)));
    assert!(!tx.take_mail_code(&id(1), &[1; 32], at(20)).await.expect("asked"), "made anew");
    assert!(!tx.take_mail_code(&id(1), &[3; 32], at(20)).await.expect("asked"), "another's");
    assert!(!tx.take_mail_code(&id(1), &[2; 32], at(110)).await.expect("asked"), "over");
    assert_eq!(tx.mail_code(&id(1), at(110)).await.expect("read"), None);
    assert!(tx.take_mail_code(&id(1), &[2; 32], at(109)).await.expect("asked"));
    assert!(!tx.take_mail_code(&id(1), &[2; 32], at(109)).await.expect("asked"), "once");
    tx.set_mail_code(&code(3, 4, 100)).await.expect("kept");
    let left: Vec<_> = tx.mail_codes_after(None, 9).await.expect("read").into_iter().map(|c| c.account).collect();
    assert_eq!(left, [id(3)], "those that are over go");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn a_days_mail_is_claimed_once_and_again_only_when_it_was_put_off_and_its_time_came() {
    let (_database, store) = with_accounts().await;
    let mut tx = store.begin("days").await.expect("begun");
    for n in 1..=3 {
        tx.set_mail_address(&address(n)).await.expect("set");
    }
    assert_eq!(tx.mail_due(7, at(0), None, 2).await.expect("read"), [id(1), id(2)]);
    assert_eq!(tx.mail_due(7, at(0), Some(&id(2)), 2).await.expect("read"), [id(3)]);
    let sending = MailDayState::Sending;
    assert_eq!(tx.claim_mail_day(&id(1), 7, sending, at(0)).await.expect("claimed"), Some(1));
    for later in [0, 1_000_000] {
        assert_eq!(tx.claim_mail_day(&id(1), 7, sending, at(later)).await.expect("asked"), None, "it is in hand");
    }
    assert_eq!(tx.claim_mail_day(&id(1), 8, sending, at(0)).await.expect("claimed"), Some(1), "another day");
    assert_eq!(tx.claim_mail_day(&id(2), 7, MailDayState::Nothing, at(0)).await.expect("claimed"), Some(1));
    assert_eq!(tx.claim_mail_day(&id(2), 7, sending, at(9)).await.expect("asked"), None);
    tx.settle_mail_day(&id(1), 7, MailDayState::PutOff, Some(at(300))).await.expect("put off");
    assert_eq!(tx.mail_due(7, at(299), None, 9).await.expect("read"), [id(3)]);
    assert_eq!(tx.claim_mail_day(&id(1), 7, sending, at(299)).await.expect("asked"), None, "too early");
    assert_eq!(tx.mail_due(7, at(300), None, 9).await.expect("read"), [id(1), id(3)]);
    assert_eq!(tx.claim_mail_day(&id(1), 7, sending, at(300)).await.expect("claimed"), Some(2));
    tx.settle_mail_day(&id(1), 7, MailDayState::Sent, None).await.expect("sent");
    let again = tx.settle_mail_day(&id(1), 7, MailDayState::GivenUp, None).await;
    assert!(matches!(again, Err(StoreError::Changed { .. })), "{again:?}");
    assert_eq!(tx.mail_day(&id(1), 7).await.expect("read"), Some((MailDayState::Sent, 2)));
    tx.forget_mail_days(8).await.expect("forgotten");
    assert_eq!(tx.mail_day(&id(1), 7).await.expect("read"), None);
    assert_eq!(tx.mail_day(&id(1), 8).await.expect("read"), Some((sending, 1)));
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn nothing_is_due_to_whoever_is_locked_or_has_no_address_any_more() {
    let (_database, store) = with_accounts().await;
    let mut tx = store.begin("people").await.expect("begun");
    for n in 1..=3 {
        tx.set_mail_address(&address(n)).await.expect("set");
        tx.set_mail_code(&code(n, 1, 0)).await.expect("kept");
    }
    tx.set_locked(&id(1), Some(at(0))).await.expect("locked");
    tx.clear_access(&id(2)).await.expect("reset");
    assert_eq!(tx.mail_due(7, at(0), None, 9).await.expect("read"), [id(3)]);
    assert_eq!(tx.mail_address(&id(2)).await.expect("read"), None);
    assert_eq!(tx.mail_code(&id(2), at(1)).await.expect("read"), None, "nor one that waits");
    assert!(tx.remove_mail(&id(3)).await.expect("removed"));
    assert!(!tx.remove_mail(&id(3)).await.expect("removed"), "there is none");
    tx.set_locked(&id(1), None).await.expect("unlocked");
    assert_eq!(tx.mail_due(7, at(0), None, 9).await.expect("read"), [id(1)]);
    let left: Vec<_> = tx.mail_addresses_after(None, 9).await.expect("read").into_iter().map(|m| m.account).collect();
    assert_eq!(left, [id(1)]);
    tx.commit().await.expect("committed");
}
