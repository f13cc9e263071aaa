//! Schools, accounts and API tokens.

use hocba_record::{
    encoding::{Sha256Digest, base64url},
    types::UnixTime,
};
use hocba_store::{
    model::{Account, AuditEvent, Grant, Id, School},
    retrying,
};

use crate::{
    Actor, App, AppError,
    policy::{Action, Place, not_a_grant, require},
};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Name to log in with.
    pub login: String,
    /// Name as shown.
    pub name: String,
    /// The certificate this person signs with.
    pub certificate: Option<Sha256Digest>,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
}

/// A token just made; shown once.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token: `hocba_` and 256 random bits.
    pub token: String,
    /// Ends at.
    pub expires_at: UnixTime,
}

/// Longest life of a token: a school year.
const MAX_TOKEN_LIFE: i64 = 366 * 86_400;

impl App {
    /// Serves a school from now on, or gives it another issuer code.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn add_school(&self, actor: &Actor, school: &School) -> Result<(), AppError> {
        require(actor, Action::AppointSchool, Place::School(&school.code))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("add_school").await?;
            tx.add_school(school, now.seconds()).await?;
            tx.audit(&plain(actor, "add_school", school.code.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `Forbidden` (only where the data lies), `Grant`, `Exists`.
    pub async fn add_account(&self, actor: &Actor, new: NewAccount) -> Result<Account, AppError> {
        require(actor, Action::ManageAccounts, Place::Everywhere)?;
        if let Some(why) = new.grants.iter().find_map(not_a_grant) {
            return Err(AppError::Grant(why));
        }
        let now = self.edges().now();
        let NewAccount { login, name, certificate, grants } = new;
        let account = Account { id: Id::from_bytes(self.edges().bytes()?), login, name, certificate, grants };
        let done: Result<(), AppError> = retrying(|| async {
            let mut tx = self.store().begin("add_account").await?;
            tx.add_account(&account, now).await?;
            tx.audit(&plain(actor, "add_account", account.id.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| account)
    }

    /// Makes a token for an account's programs, for so many seconds.
    ///
    /// # Errors
    /// `Forbidden` (only where the data lies), `Time`.
    pub async fn add_token(&self, actor: &Actor, account: &Id, life: i64) -> Result<NewToken, AppError> {
        require(actor, Action::ManageAccounts, Place::Everywhere)?;
        if !(1..=MAX_TOKEN_LIFE).contains(&life) {
            return Err(AppError::Time("the token's end"));
        }
        let now = self.edges().now();
        let token = format!("hocba_{}", base64url(&self.edges().bytes::<32>()?));
        let expires_at = now.plus(life);
        let done: Result<(), AppError> = retrying(|| async {
            let mut tx = self.store().begin("add_token").await?;
            tx.add_token(&Sha256Digest::of(token.as_bytes()), account, now, expires_at).await?;
            tx.audit(&plain(actor, "add_token", account.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| NewToken { token, expires_at })
    }

    /// Who a token belongs to.
    ///
    /// # Errors
    /// `NotFound` for a token that is unknown, expired, or of an account that was closed.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, AppError> {
        let hash = Sha256Digest::of(token.as_bytes());
        let account = self.store().read().await?.account_of_token(&hash, self.edges().now()).await?;
        account.map(Actor::Account).ok_or(AppError::NotFound("token"))
    }

    /// The account of this login, as an actor.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn actor(&self, login: &str) -> Result<Actor, AppError> {
        let account = self.store().read().await?.account_of_login(login).await?;
        account.map(Actor::Account).ok_or(AppError::NotFound("account"))
    }

    /// The account that signs with this certificate, as an actor.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn actor_of(&self, certificate: &Sha256Digest) -> Result<Actor, AppError> {
        let account = self.store().read().await?.account_of_certificate(certificate).await?;
        account.map(Actor::Account).ok_or(AppError::NotFound("account"))
    }
}

/// An event without version and reason.
pub(crate) fn plain(actor: &Actor, action: &str, subject: String, at: UnixTime) -> AuditEvent {
    AuditEvent { at, actor: actor.id(), action: action.to_owned(), subject, version: None, reason: None }
}
