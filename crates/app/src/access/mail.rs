//! The e-mail address of an account: given by its owner, confirmed by a code that was sent there, taken away by them, or with
//! password and second factor when somebody else gets the account.
//!
//! The address is sealed for its account, and in no log, event or page address. Who sends the code is the caller: it is
//! returned once, and kept as a keyed hash, since 45 bits could be tried against a plain one.

use std::fmt;

use hocba_record::types::UnixTime;
use hocba_store::{
    model::{Account, Envelope, Id, MailAddress, MailCode},
    retrying,
};

use super::{AccessError, Session, entering::count};
use crate::{App, AppError, code, people::plain};

/// A code that was sent works for so many seconds: an hour. Some mail servers keep a first letter waiting for half of one.
pub const MAIL_CODE_LIFE: i64 = 3600;

/// What is known of an account's address. Its `Debug` is silent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MailState {
    /// Where it is written to.
    pub confirmed: Option<String>,
    /// Which address waits for its code.
    pub waiting: Option<String>,
}

impl fmt::Debug for MailState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { confirmed, waiting } = self;
        write!(f, "MailState({}, {})", confirmed.is_some(), waiting.is_some())
    }
}

fn place(account: &Id) -> String {
    format!("mail/{account}")
}

/// Whether there is anything to write to somebody about: something at a school, given to the account itself. What an OpenID
/// Connect provider gives holds in its sessions only, and a family is told nothing by e-mail.
fn is_offered(account: &Account) -> bool {
    account.grants.iter().any(|grant| grant.school.is_some())
}

impl App {
    fn mail_tag(&self, account: &Id, code: &str) -> [u8; 32] {
        self.key().index(&format!("mail-code/{account}/{code}"))
    }

    /// An address that was sealed for an account.
    pub(crate) fn open_mail(&self, account: &Id, address: &Envelope) -> Result<String, AppError> {
        let words = ["an e-mail address was sealed with another data key", "an e-mail address does not open"];
        let damaged = |what| AppError::Damaged { number: 0, what };
        let bytes = self.open_envelope(&place(account), address, words).map_err(damaged)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| damaged("an e-mail address is not of its form"))
    }

    /// What is wrong with an address, or one that waits for its code; for `hocba fsck`.
    pub fn check_mail(&self, account: &Id, address: &Envelope) -> Option<&'static str> {
        match self.open_mail(account, address) {
            Err(AppError::Damaged { what, .. }) => Some(what),
            _ => None,
        }
    }

    /// Where the account of a session is written to. None where there is nothing to write about: to people who do nothing at a
    /// school, or only by an OpenID Connect provider's word.
    ///
    /// # Errors
    /// [`AccessError::SecondFactorNeeded`]; `Damaged` for an address that does not open.
    pub async fn mail_state(&self, session: &Session) -> Result<Option<MailState>, AccessError> {
        let (id, now) = (&session.account.id, self.edges().now());
        let mut tx = self.store().read().await?;
        if !tx.account(id).await?.is_some_and(|account| is_offered(&account)) {
            return Ok(None);
        }
        if session.must_enrol {
            return Err(AccessError::SecondFactorNeeded);
        }
        let (confirmed, waiting) = (tx.mail_address(id).await?, tx.mail_code(id, now).await?);
        drop(tx);
        let open = |envelope: Option<&Envelope>| envelope.map(|address| self.open_mail(id, address)).transpose();
        Ok(Some(MailState {
            confirmed: open(confirmed.as_ref().map(|mail| &mail.address))?,
            waiting: open(waiting.as_ref().map(|mail| &mail.address))?,
        }))
    }

    async fn mail_must_be_offered(&self, session: &Session) -> Result<(), AccessError> {
        match self.mail_state(session).await? {
            Some(_) => Ok(()),
            None => Err(AppError::NotFound("mail").into()),
        }
    }

    /// Lets an address wait for its code, in the place of one that waited before; where the account is written to stays until
    /// then. Gives the code, in groups, to be sent there and nowhere else. `address` is one as the mail server takes it.
    ///
    /// Each is counted and none taken off, so that nobody's letter box is filled from here: five at once, then as guessing is
    /// slowed.
    ///
    /// # Errors
    /// [`AccessError::SlowDown`]; [`AccessError::SecondFactorNeeded`]; `NotFound` where it is not offered.
    pub async fn give_mail(&self, session: &Session, address: &str) -> Result<String, AccessError> {
        self.mail_must_be_offered(session).await?;
        let (account, now) = (session.account.id, self.edges().now());
        let code = code::make(&self.edges().bytes::<{ code::RECOVERY - 1 }>()?);
        let waits = MailCode {
            account,
            hash: self.mail_tag(&account, &code),
            address: self.seal_envelope(&place(&account), address.as_bytes())?,
            made_at: now,
            expires_at: now.plus(MAIL_CODE_LIFE),
        };
        let counter = self.penalty("mail_sent", &account.to_string());
        retrying(|| async {
            let mut tx = self.store().begin("send_mail_code").await?;
            count(&mut tx, &[counter], now).await?;
            tx.set_mail_code(&waits).await?;
            tx.audit(&plain(&session.actor, "send_mail_code", account.to_string(), now)).await?;
            Ok::<_, AccessError>(tx.commit().await?)
        })
        .await?;
        Ok(code::grouped(&code, 5))
    }

    /// Confirms the address that waits, by the code that was sent there: the account is written to from now on.
    ///
    /// # Errors
    /// [`AccessError::MailCode`] for one that does not fit, was used or is over; [`AccessError::SlowDown`];
    /// [`AccessError::SecondFactorNeeded`]; `NotFound` where it is not offered.
    pub async fn confirm_mail(&self, session: &Session, typed: &str) -> Result<(), AccessError> {
        self.mail_must_be_offered(session).await?;
        let (account, now) = (session.account.id, self.edges().now());
        // Mistyped, and nothing was looked up.
        let code = code::parse(typed, code::RECOVERY).map_err(|_| AccessError::MailCode)?;
        let hash = self.mail_tag(&account, &code);
        let counter = self.penalty("mail_code", &account.to_string());
        retrying(|| async {
            let mut tx = self.store().begin("try_mail_code").await?;
            count(&mut tx, &[counter], now).await?;
            Ok::<_, AccessError>(tx.commit().await?)
        })
        .await?;
        retrying(|| async {
            let mut tx = self.store().begin("confirm_mail").await?;
            let waits = tx.mail_code(&account, now).await?.ok_or(AccessError::MailCode)?;
            if !tx.take_mail_code(&account, &hash, now).await? {
                return Err(AccessError::MailCode);
            }
            tx.set_mail_address(&MailAddress { account, address: waits.address, confirmed_at: now }).await?;
            counter.right(&mut tx, now).await?;
            tx.audit(&plain(&session.actor, "confirm_mail", account.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Writes to the account no more; whether it was written to, or an address waited.
    ///
    /// # Errors
    /// The database's.
    pub async fn remove_mail(&self, session: &Session) -> Result<bool, AccessError> {
        let (account, now): (Id, UnixTime) = (session.account.id, self.edges().now());
        retrying(|| async {
            let mut tx = self.store().begin("remove_mail").await?;
            let was = tx.remove_mail(&account).await?;
            if was {
                tx.audit(&plain(&session.actor, "remove_mail", account.to_string(), now)).await?;
            }
            tx.commit().await?;
            Ok(was)
        })
        .await
    }
}
