//! Sessions, and what their owners change about their own account.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hocba_record::{
    encoding::{Sha256Digest, base64url},
    types::UnixTime,
};
use hocba_store::{
    model::{Id, SessionOrigin, StoredSession, Totp},
    retrying,
};
use sha2::Sha256;

use super::{AccessError, Csrf, NewTotp, Session, SessionLine, entering::count, openid::united, password, totp};
use crate::{Actor, App, people::plain};

/// A session is written to at most once in so many seconds.
const TOUCHED_EVERY: i64 = 60;

/// After so many seconds a session that began at the provider no longer shows who somebody is: 10 minutes.
const PROVEN_FOR: i64 = 600;

/// What the forms of a session carry. It follows from the token, which only the browser has, and says nothing about it.
fn csrf(token: &str) -> Csrf {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"hocba-csrf-v1");
    Csrf(base64url(&mac.finalize().into_bytes()))
}

impl App {
    /// Whether a session is over: by rest, or by its end.
    fn is_over(&self, session: &StoredSession, now: UnixTime) -> bool {
        session.expires_at <= now || session.seen_at.plus(self.access().idle) <= now
    }

    pub(super) fn lines(&self, sessions: Vec<StoredSession>, current: Option<&Id>, now: UnixTime) -> Vec<SessionLine> {
        let alive = sessions.into_iter().filter(|session| !self.is_over(session, now));
        let line = |session: StoredSession| SessionLine {
            current: current == Some(&session.id),
            id: session.id,
            label: session.label,
            created_at: session.created_at,
            seen_at: session.seen_at,
            expires_at: session.expires_at,
        };
        alive.map(line).collect()
    }

    /// Whose session a token is. Seen is noted, at most once a minute.
    ///
    /// # Errors
    /// [`AccessError::NoSession`] for one that is unknown, ended, over, or of an account that was closed or locked.
    pub async fn session(&self, token: &str) -> Result<Session, AccessError> {
        let now = self.edges().now();
        let hash = Sha256Digest::of(token.as_bytes());
        let mut tx = self.store().read().await?;
        let found = tx.session_of_token(&hash).await?.filter(|session| !self.is_over(session, now));
        let Some(stored) = found else { return Err(AccessError::NoSession) };
        let Some(mut account) = tx.account(&stored.account).await? else { return Err(AccessError::NoSession) };
        let openid = stored.began != SessionOrigin::Here;
        // What the provider gives holds where the provider's word opened the door, while there is a provider.
        if openid && self.access().openid.is_some() {
            let given = tx.openid_grants_of(&account.id).await?;
            account = united(account, given);
        }
        let access = tx.access_of(&account.id).await?;
        drop(tx);
        if access.locked_at.is_some() {
            return Err(AccessError::NoSession);
        }
        if now.seconds() - stored.seen_at.seconds() >= TOUCHED_EVERY {
            let done: Result<(), AccessError> = retrying(|| async {
                let mut tx = self.store().begin("touch_session").await?;
                tx.touch_session(&stored.id, now).await?;
                Ok(tx.commit().await?)
            })
            .await;
            done?;
        }
        let has_totp = access.totp.is_some();
        let has_second = has_totp || stored.began == SessionOrigin::ProviderFactor;
        let must_enrol = self.access().needs_second_factor(&account.grants) && !has_second;
        let proven = openid && now.seconds() - stored.created_at.seconds() < PROVEN_FOR;
        let mut acting = account.clone();
        if must_enrol {
            acting.grants.clear();
        }
        let (id, expires_at) = (stored.id, stored.expires_at);
        let (actor, csrf) = (Actor::Account(acting), csrf(token));
        Ok(Session { id, actor, account, csrf, must_enrol, has_totp, openid, proven, expires_at })
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The database's.
    pub async fn sign_out(&self, session: &Session) -> Result<(), AccessError> {
        let done = self.end(session, "sign_out", Some(&session.id)).await?;
        tracing::debug!(ended = done, "signed out");
        Ok(())
    }

    /// Where the account is signed in.
    ///
    /// # Errors
    /// The database's.
    pub async fn sessions(&self, session: &Session) -> Result<Vec<SessionLine>, AccessError> {
        let found = self.store().read().await?.sessions_of(&session.account.id).await?;
        Ok(self.lines(found, Some(&session.id), self.edges().now()))
    }

    /// Ends one session of the account; whether it was there.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_session(&self, session: &Session, id: &Id) -> Result<bool, AccessError> {
        Ok(self.end(session, "end_session", Some(id)).await? == 1)
    }

    /// Ends all sessions of the account but the one that asks; how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_other_sessions(&self, session: &Session) -> Result<u32, AccessError> {
        self.end(session, "end_other_sessions", None).await
    }

    /// Ends one session, or all others.
    async fn end(&self, session: &Session, action: &str, one: Option<&Id>) -> Result<u32, AccessError> {
        let (account, now) = (&session.account.id, self.edges().now());
        retrying(|| async {
            let mut tx = self.store().begin("end_session").await?;
            let ended = match one {
                Some(id) => u32::from(tx.end_session(account, id).await?),
                None => tx.end_sessions_of(account, Some(&session.id)).await?,
            };
            if ended > 0 {
                tx.audit(&plain(&session.actor, action, account.to_string(), now)).await?;
            }
            tx.commit().await?;
            Ok(ended)
        })
        .await
    }

    /// Asks for the password again, within a session. Counted by session: whoever took one over guesses as slowly, and
    /// closes the account to nobody else.
    async fn password_again(&self, session: &Session, brought: &str) -> Result<(), AccessError> {
        let now = self.edges().now();
        let counter = self.penalty("session", &session.id.to_string());
        let access = retrying(|| async {
            let mut tx = self.store().begin("try_password").await?;
            count(&mut tx, &[counter], now).await?;
            let access = tx.access_of(&session.account.id).await?;
            tx.commit().await?;
            Ok::<_, AccessError>(access)
        })
        .await?;
        if !password::verify(brought, access.password.as_ref().map(|p| p.0.as_str())) {
            return Err(AccessError::Wrong);
        }
        retrying(|| async {
            let mut tx = self.store().begin("password_right").await?;
            counter.take_off(&mut tx, now).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Changes the password, and ends all other sessions. Browsers that were known stay known to nobody but this one.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] for the old one, [`AccessError::Password`] for the new, [`AccessError::SlowDown`].
    pub async fn change_password(&self, session: &Session, old: &str, new: &str) -> Result<(), AccessError> {
        let account = &session.account;
        password::check(new, &account.login, &account.name).map_err(AccessError::Password)?;
        self.password_again(session, old).await?;
        let hash = password::hash(new, &self.edges().bytes()?);
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("change_password").await?;
            tx.set_password(&account.id, &hash, now).await?;
            tx.end_sessions_of(&account.id, Some(&session.id)).await?;
            tx.forget_devices(&account.id).await?;
            tx.audit(&plain(&session.actor, "change_password", account.id.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// The secret that a session may enrol: it follows from the session, and from the factor that it replaces.
    async fn offer(&self, session: &Session) -> Result<(zeroize::Zeroizing<Vec<u8>>, NewTotp), AccessError> {
        let access = self.store().read().await?.access_of(&session.account.id).await?;
        let since = access.totp.map_or(0, |totp| totp.since.seconds());
        Ok(self.offered(&format!("session/{}/{since}", session.id), &session.account.login))
    }

    /// A new second factor to be confirmed, with the password again; without it in a session that the provider opened a
    /// moment ago ([`Session::proven`]).
    ///
    /// # Errors
    /// [`AccessError::Wrong`], [`AccessError::SlowDown`].
    pub async fn enrol_totp(&self, session: &Session, password: &str) -> Result<NewTotp, AccessError> {
        if !session.proven {
            self.password_again(session, password).await?;
        }
        Ok(self.offer(session).await?.1)
    }

    /// Confirms the second factor that [`App::enrol_totp`] offered to this session, by the first of its codes. Gives fresh
    /// recovery codes, and ends all other sessions.
    ///
    /// # Errors
    /// [`AccessError::Code`], [`AccessError::SlowDown`].
    pub async fn confirm_totp(&self, session: &Session, code: &str) -> Result<Vec<String>, AccessError> {
        let (account, now) = (&session.account.id, self.edges().now());
        let (secret, _) = self.offer(session).await?;
        let counter = self.code_try(session, now).await?;
        let step = totp::step_for(&secret, code, now.seconds(), None).ok_or(AccessError::Code)?;
        let totp = Totp { secret: self.seal_totp(account, &secret)?, since: now, step };
        let (shown, kept) = self.fresh_recovery(account)?;
        let done: Result<(), AccessError> = retrying(|| async {
            let mut tx = self.store().begin("confirm_totp").await?;
            tx.set_totp(account, &totp).await?;
            tx.set_recovery_codes(account, &kept, now).await?;
            tx.end_sessions_of(account, Some(&session.id)).await?;
            counter.take_off(&mut tx, now).await?;
            tx.audit(&plain(&session.actor, "confirm_totp", account.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| shown)
    }

    /// Counts a try of a code within a session.
    async fn code_try(&self, session: &Session, now: UnixTime) -> Result<super::entering::Counter, AccessError> {
        let counter = self.penalty("session_code", &session.id.to_string());
        retrying(|| async {
            let mut tx = self.store().begin("try_code").await?;
            count(&mut tx, &[counter], now).await?;
            tx.commit().await?;
            Ok(counter)
        })
        .await
    }

    /// Makes the recovery codes anew, with a code of the authenticator app; those before are void.
    ///
    /// # Errors
    /// [`AccessError::Code`], [`AccessError::NoSecondFactor`], [`AccessError::SlowDown`].
    pub async fn recovery_codes(&self, session: &Session, code: &str) -> Result<Vec<String>, AccessError> {
        let (account, now) = (&session.account.id, self.edges().now());
        let counter = self.code_try(session, now).await?;
        let (shown, kept) = self.fresh_recovery(account)?;
        let done: Result<(), AccessError> = retrying(|| async {
            let mut tx = self.store().begin("recovery_codes").await?;
            let totp = tx.access_of(account).await?.totp.ok_or(AccessError::NoSecondFactor)?;
            let secret = self.totp_secret(account, &totp).ok_or(AccessError::Code)?;
            let step = totp::step_for(&secret, code, now.seconds(), Some(totp.step)).ok_or(AccessError::Code)?;
            if !tx.take_totp_step(account, step).await? {
                return Err(AccessError::Code);
            }
            tx.set_recovery_codes(account, &kept, now).await?;
            counter.take_off(&mut tx, now).await?;
            tx.audit(&plain(&session.actor, "recovery_codes", account.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| shown)
    }

    /// How many of the [`RECOVERY_CODES`](crate::code::RECOVERY_CODES) are left.
    ///
    /// # Errors
    /// The database's.
    pub async fn recovery_codes_left(&self, session: &Session) -> Result<u32, AccessError> {
        Ok(self.store().read().await?.recovery_codes_left(&session.account.id).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code;

    #[test]
    fn forms_of_two_sessions_carry_different_secrets_that_are_not_the_token() {
        let (a, b) = (csrf("token-a"), csrf("token-b"));
        assert!(a == csrf("token-a") && a != b);
        assert!(a.matches(a.as_str()) && !a.matches(b.as_str()) && !a.matches("") && !a.matches(&a.as_str()[1..]));
        assert!(!a.as_str().contains("token") && !format!("{a:?}").contains(a.as_str()));
    }

    #[test]
    fn a_recovery_code_is_no_code_of_an_app_and_the_other_way_round() {
        assert!(code::parse("123456", code::RECOVERY).is_err());
    }
}
