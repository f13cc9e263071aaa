//! The mail of a day: whose is due, what it has to say, and what became of it. Who sends it is the server.
//!
//! Order of effects, and what a crash between them leaves:
//! 1. *claim_mail* → the account's row of the day, before a byte goes out. Before: it is found again.
//! 2. Sending. A crash here, or a line that breaks while the letter is handed over, leaves the row `sending`: the letter may
//!    have arrived, so that it is not sent again that day. One day's mail is less than the same mail twice.
//! 3. *settle_mail* → sent; or put off, which is claimed again when it is due; or given up.
//!
//! Several servers over one database claim row by row, and need nothing else.

use std::fmt;

use hocba_record::types::UnixTime;
use hocba_store::{
    model::{Id, MailDayState},
    retrying,
};

use crate::{Actor, App, AppError};

/// Accounts that are looked at in one go.
pub const MAIL_PAGE: u32 = 100;
/// How long after a try the next one waits, in seconds: 5 minutes, then three times as long each time. After the last of them
/// the day's mail is given up: in the evening nobody needs it.
pub const MAIL_WAITS: [i64; 4] = [300, 900, 2700, 8100];
/// Days that rows are kept: 14, as tasks are.
const KEPT: i64 = 14;

/// A mail that was taken in hand. Its `Debug` is silent.
pub struct MailClaim {
    account: Id,
    day: i64,
    tries: u32,
    /// Where to.
    pub address: String,
}

impl fmt::Debug for MailClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailClaim({}, day {}, try {})", self.account, self.day, self.tries)
    }
}

/// What became of a mail that was taken in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server has it.
    Sent,
    /// The mail server does not have it, and may take it later.
    NotYet,
    /// The mail server does not take it.
    Refused,
    /// It may have it.
    Unsure,
}

impl App {
    /// Accounts after one whose mail of a day is due, at most [`MAIL_PAGE`] of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn mail_due(&self, day: i64, after: Option<&Id>) -> Result<Vec<Id>, AppError> {
        Ok(self.store().read().await?.mail_due(day, self.edges().now(), after, MAIL_PAGE).await?)
    }

    /// Forgets what became of mails 14 days before a day.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget_mail(&self, day: i64) -> Result<(), AppError> {
        retrying(|| async {
            let mut tx = self.store().begin("forget_mail").await?;
            tx.forget_mail_days(day - KEPT).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// How many things wait for an account, by what was given to it here ([`App::waiting`]); none for one that was closed or
    /// locked. Reads spreadsheets: call it where that holds up nobody.
    ///
    /// # Errors
    /// The database's; `Damaged`.
    pub async fn waiting_for(&self, account: &Id) -> Result<usize, AppError> {
        let mut tx = self.store().read().await?;
        let Some(found) = tx.account(account).await? else { return Ok(0) };
        if tx.access_of(account).await?.locked_at.is_some() {
            return Ok(0);
        }
        drop(tx);
        Ok(self.waiting(&Actor::Account(found)).await?.len())
    }

    /// Says that nothing waited for an account when its mail of a day was due.
    ///
    /// # Errors
    /// The database's.
    pub async fn no_mail(&self, account: &Id, day: i64) -> Result<(), AppError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("no_mail").await?;
            tx.claim_mail_day(account, day, MailDayState::Nothing, now).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Takes the mail of a day in hand; none where somebody else did, or where the account is written to no more.
    ///
    /// # Errors
    /// The database's; `Damaged` for an address that does not open.
    pub async fn claim_mail(&self, account: &Id, day: i64) -> Result<Option<MailClaim>, AppError> {
        let now = self.edges().now();
        let claimed: Result<_, AppError> = retrying(|| async {
            let mut tx = self.store().begin("claim_mail").await?;
            let open = tx.account(account).await?.is_some() && tx.access_of(account).await?.locked_at.is_none();
            let (true, Some(mail)) = (open, tx.mail_address(account).await?) else { return Ok(None) };
            let Some(tries) = tx.claim_mail_day(account, day, MailDayState::Sending, now).await? else {
                return Ok(None);
            };
            tx.commit().await?;
            Ok(Some((mail, tries)))
        })
        .await;
        let Some((mail, tries)) = claimed? else { return Ok(None) };
        let address = self.open_mail(account, &mail.address)?;
        Ok(Some(MailClaim { account: *account, day, tries, address }))
    }

    /// Says what became of it; gives when it is tried again, of one that is.
    ///
    /// # Errors
    /// The database's.
    pub async fn settle_mail(&self, claim: &MailClaim, outcome: MailOutcome) -> Result<Option<UnixTime>, AppError> {
        let now = self.edges().now();
        let tried = usize::try_from(claim.tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let (state, due_at) = match (outcome, MAIL_WAITS.get(tried)) {
            (MailOutcome::Unsure, _) => return Ok(None),
            (MailOutcome::Sent, _) => (MailDayState::Sent, None),
            (MailOutcome::NotYet, Some(wait)) => (MailDayState::PutOff, Some(now.plus(*wait))),
            (MailOutcome::NotYet, None) | (MailOutcome::Refused, _) => (MailDayState::GivenUp, None),
        };
        retrying(|| async {
            let mut tx = self.store().begin("settle_mail").await?;
            tx.settle_mail_day(&claim.account, claim.day, state, due_at).await?;
            Ok::<_, AppError>(tx.commit().await?)
        })
        .await?;
        Ok(due_at)
    }
}
