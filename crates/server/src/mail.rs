//! The mail of a day: sent once at most to each account that something waits for, by whichever server comes first.
//!
//! What is due, what it may say and what became of it is `hocba-app`'s to say; this asks it, account by account, and hands
//! the letters to the mail server. Where that is away nothing is claimed: it is tried again, each time after a longer wait,
//! until the day is over.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hocba_app::{App, AppError, MailOutcome, VIETNAM, day_of, model::Id};
use hocba_mail::{Address, Line, PostError, Smtp};
use hocba_record::types::UnixTime;

use crate::{config::PublicUrl, heavy::off_thread, staff};

/// How often it is looked whether something is due; an index and no row, as a rule.
const LOOK: Duration = Duration::from_secs(60);
/// The longest wait for a mail server that is away: an hour.
const LONGEST: Duration = Duration::from_secs(3600);
/// What a letter that is being handed over gets, where the server ends.
const LAST: Duration = Duration::from_secs(20);

/// What one look at everybody led to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Letters that the mail server has.
    pub sent: u32,
    /// People for whom nothing waits.
    pub nothing: u32,
    /// Letters that it did not take; each is tried again or given up.
    pub failed: u32,
    /// Why there was no line to the mail server, where there was none.
    pub away: Option<PostError>,
}

/// Sends the mails of each day.
#[derive(Debug)]
pub struct DailyMail {
    app: AppOf,
    smtp: Smtp,
    hour: i64,
    public_url: String,
    stopping: AtomicBool,
}

/// The use cases, which have no `Debug`.
struct AppOf(App);

impl std::fmt::Debug for AppOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

impl DailyMail {
    /// From this hour of the day on, by the clock of Vietnam, 0 to 23.
    pub fn new(app: App, smtp: Smtp, hour: u8, public_url: &PublicUrl) -> Self {
        let hour = i64::from(hour.min(23));
        Self { app: AppOf(app), smtp, hour, public_url: public_url.to_string(), stopping: AtomicBool::new(false) }
    }

    /// The day whose mail is due at a moment, in days since 1970-01-01 by the clock of Vietnam; none before the hour.
    fn due(&self, now: UnixTime) -> Option<i64> {
        let seconds = now.seconds().saturating_add(VIETNAM).rem_euclid(86_400);
        (seconds >= self.hour * 3600).then(|| day_of(now))
    }

    /// Looks once at everybody whose mail is due, and sends it.
    ///
    /// # Errors
    /// The database's. What one account's data lead to is logged, and the others get theirs.
    pub async fn pass(&self) -> Result<Passed, AppError> {
        let app = &self.app.0;
        let mut passed = Passed::default();
        let Some(day) = self.due(app.edges().now()) else { return Ok(passed) };
        let (mut line, mut after): (Option<Line>, Option<Id>) = (None, None);
        loop {
            let page = app.mail_due(day, after.as_ref()).await?;
            let Some(last) = page.last() else { break };
            if after.is_none() {
                app.forget_mail(day).await?;
            }
            after = Some(*last);
            for account in &page {
                // A day that ends meanwhile takes its mail along.
                if self.stopping.load(Ordering::Relaxed) || self.due(app.edges().now()) != Some(day) {
                    break;
                }
                match self.one(account, day, &mut line, &mut passed).await {
                    Ok(()) => {}
                    Err(Halt::Away(error)) => passed.away = Some(error),
                    // Somebody's data that do not open are in the way of nobody else.
                    Err(Halt::App(error @ AppError::Damaged { .. })) => {
                        tracing::error!(%error, "no mail for account {account}: {error}");
                    }
                    Err(Halt::App(error)) => return Err(error),
                }
                if passed.away.is_some() {
                    break;
                }
            }
            if passed.away.is_some() || self.stopping.load(Ordering::Relaxed) {
                break;
            }
        }
        if let Some(line) = line {
            line.close().await;
        }
        Ok(passed)
    }

    async fn one(&self, account: &Id, day: i64, line: &mut Option<Line>, passed: &mut Passed) -> Result<(), Halt> {
        let app = &self.app.0;
        let count = {
            let (app, account) = (app.clone(), *account);
            off_thread(async move { app.waiting_for(&account).await }).await?
        };
        if count == 0 {
            app.no_mail(account, day).await?;
            passed.nothing += 1;
            return Ok(());
        }
        // Before anything is claimed: without a line nothing was tried.
        if line.as_ref().is_none_or(|line| !line.holds()) {
            *line = Some(self.smtp.connect().await.map_err(Halt::Away)?);
        }
        let Some(line) = line else { return Ok(()) };
        let Some(claim) = app.claim_mail(account, day).await? else { return Ok(()) };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let sent = match claim.address.parse::<Address>() {
            Ok(to) => match staff::daily_letter(app, to, count, &self.public_url) {
                Ok(letter) => line.send(&letter).await,
                Err(_) => Err(PostError::Letter),
            },
            Err(_) => Err(PostError::Letter),
        };
        let outcome = match sent {
            Ok(()) => MailOutcome::Sent,
            Err(PostError::Unsure) => MailOutcome::Unsure,
            Err(PostError::Refused(_) | PostError::Letter) => MailOutcome::Refused,
            Err(_) => MailOutcome::NotYet,
        };
        let next = app.settle_mail(&claim, outcome).await?;
        match sent {
            Ok(()) => passed.sent += 1,
            Err(error) => {
                passed.failed += 1;
                let again = if next.is_some() { "tried again later" } else { "not tried again today" };
                tracing::warn!(code = error.code(), "mail of account {account}: {error}; {again}");
            }
        }
        Ok(())
    }

    /// Sends what is due, day after day, until `until` is there; a letter that is being handed over then gets some seconds.
    pub async fn run(&self, until: impl Future<Output = ()> + Send) {
        tokio::pin!(until);
        let mut away = 0;
        loop {
            let pass = self.pass();
            tokio::pin!(pass);
            let passed = tokio::select! {
                biased;
                () = &mut until => {
                    self.stopping.store(true, Ordering::Relaxed);
                    let _ = tokio::time::timeout(LAST, pass).await;
                    return;
                }
                passed = &mut pass => passed,
            };
            let pause = match passed {
                Ok(Passed { away: Some(error), .. }) => {
                    let pause = waits(away);
                    away += 1;
                    let minutes = pause.as_secs() / 60;
                    tracing::warn!(code = error.code(), "no mail goes out: {error}; again in {minutes} minutes");
                    pause
                }
                Ok(passed) => {
                    if passed.sent + passed.nothing + passed.failed > 0 {
                        away = 0;
                        let Passed { sent, nothing, failed, .. } = passed;
                        tracing::info!(sent, nothing, failed, "mails of the day: {sent} sent, {failed} not");
                    }
                    LOOK
                }
                Err(error) => {
                    tracing::error!(%error, "mails of the day stand still: {error}");
                    LOOK
                }
            };
            tokio::select! {
                biased;
                () = &mut until => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Why a look ends before everybody was looked at.
enum Halt {
    Away(PostError),
    App(AppError),
}

impl From<AppError> for Halt {
    fn from(error: AppError) -> Self {
        Halt::App(error)
    }
}

/// How long a mail server is left alone that was away so often before: a minute, then twice as long each time, an hour at most.
fn waits(before: u32) -> Duration {
    LOOK.saturating_mul(1_u32.checked_shl(before.min(6)).unwrap_or(u32::MAX)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_that_is_away_is_asked_ever_less_often() {
        let minutes: Vec<u64> = [0, 1, 2, 3, 4, 5, 6, 7, 40].map(|n| waits(n).as_secs() / 60).into();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
