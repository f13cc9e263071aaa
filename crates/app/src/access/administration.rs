//! What a school's administrator does with the accounts of the school, and the department with its administrators'.
//!
//! What it takes to touch an account is what it takes to give its grants, every one of them
//! ([`policy::to_give`](crate::policy::to_give)). The account of an administrator has a grant that only the department
//! gives, so nobody raises, resets or unlocks themself.

use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolCode, Text},
};
use hocba_store::{
    Tx,
    model::{Access, Account, AuditEvent, Grant, GrantRole, Id, StoredSlip},
    retrying,
};

use super::{AccessError, AccountLine, AccountState, NewSchoolAccount, SessionLine, Slip, openid::united};
use crate::{
    Actor, App, AppError, OpenSchool, code,
    opening::write_school,
    people::plain,
    policy::{Action, Place, may, not_a_grant, require, to_give},
};

/// Most slips made at once: a large school.
pub const MAX_SLIPS: usize = 200;
/// Most grants of an account: a teacher of many classes over some years.
pub const MAX_GRANTS: usize = 20;

/// Whether the actor may touch the account.
fn may_change(actor: &Actor, account: &Account) -> Result<(), AppError> {
    if let Actor::Account(own) = actor
        && own.id == account.id
    {
        return Err(AppError::Forbidden(Action::ManageSchoolAccounts));
    }
    if account.grants.is_empty() {
        return require(actor, Action::ManageAccounts, Place::Everywhere);
    }
    may_give(actor, &account.grants)
}

/// Whether the actor may give each of these.
fn may_give(actor: &Actor, grants: &[Grant]) -> Result<(), AppError> {
    grants.iter().try_for_each(|grant| {
        let (action, place) = to_give(grant);
        require(actor, action, place)
    })
}

/// Whether grants are such as somebody can have.
fn sound(grants: &[Grant]) -> Result<(), AccessError> {
    if grants.is_empty() || grants.len() > MAX_GRANTS {
        return Err(AccessError::Grants);
    }
    match grants.iter().find_map(not_a_grant) {
        Some(why) => Err(AppError::Grant(why).into()),
        None => Ok(()),
    }
}

/// Whether it is a login that can be typed on any keyboard.
pub(super) fn is_login(login: &str) -> bool {
    (3..=40).contains(&login.len())
        && login.starts_with(|c: char| c.is_ascii_lowercase())
        && login.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
}

/// The account that is to be touched, with what the OpenID Connect provider gives it besides: whoever may not give that may
/// not touch it either.
async fn account(tx: &mut Tx, actor: &Actor, id: &Id) -> Result<Account, AccessError> {
    // Where there is none, whoever may touch any learns that; to others it is as one that they may not touch.
    match tx.account(id).await? {
        Some(account) => {
            let given = tx.openid_grants_of(id).await?;
            let account = united(account, given);
            may_change(actor, &account)?;
            Ok(account)
        }
        None => {
            require(actor, Action::ManageAccounts, Place::Everywhere)?;
            Err(AppError::NotFound("account").into())
        }
    }
}

impl App {
    /// The accounts of a school's people.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn school_accounts(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<AccountLine>, AccessError> {
        require(actor, Action::ManageSchoolAccounts, Place::School(school))?;
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let mut lines = Vec::new();
        for account in tx.accounts_of_school(school).await? {
            let given = tx.openid_grants_of(&account.id).await?;
            let account = united(account, given);
            let access = tx.access_of(&account.id).await?;
            let slip = tx.slip_of(&account.id).await?;
            let sessions = self.lines(tx.sessions_of(&account.id).await?, None, now);
            lines.push(AccountLine {
                state: AccountState::of(&access, slip.as_ref(), now),
                has_totp: access.totp.is_some(),
                may_change: may_change(actor, &account).is_ok(),
                sessions: u32::try_from(sessions.len()).unwrap_or(u32::MAX),
                seen_at: sessions.iter().map(|session| session.seen_at).max(),
                account,
            });
        }
        Ok(lines)
    }

    /// The schools whose accounts the actor may manage, by code.
    ///
    /// # Errors
    /// The database's.
    pub async fn administered_schools(&self, actor: &Actor) -> Result<Vec<SchoolCode>, AccessError> {
        let schools = self.store().read().await?.schools().await?;
        let codes = schools.into_iter().map(|school| school.code);
        Ok(codes.filter(|school| administers(actor, school)).collect())
    }

    /// Makes an account at a school.
    ///
    /// # Errors
    /// `Forbidden` for a grant that the actor may not give; [`AccessError::Login`], [`AccessError::Name`],
    /// [`AccessError::Grants`], `Grant`; `UnknownSchool`; `Exists` for a login that is taken, at whatever school.
    pub async fn add_school_account(&self, actor: &Actor, new: &NewSchoolAccount) -> Result<Account, AccessError> {
        let now = self.edges().now();
        let account = self.account_of(actor, new)?;
        let done: Result<(), AccessError> = retrying(|| async {
            let mut tx = self.store().begin("add_school_account").await?;
            self.schools_are_here(&mut tx, &account.grants).await?;
            tx.add_account(&account, now).await?;
            tx.audit(&plain(actor, "add_account", account.id.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| account)
    }

    /// Opens a school that is not served yet, with its first administrator and the slip to begin with: all of it or
    /// nothing.
    ///
    /// # Errors
    /// As [`App::open_school`]; `Exists` where the school is served already, or the login is taken, at whatever school;
    /// `Forbidden`; [`AccessError::Login`], [`AccessError::Name`].
    pub async fn begin_school(
        &self,
        actor: &Actor,
        new: &OpenSchool,
        (login, name): (&str, &str),
    ) -> Result<Slip, AccessError> {
        require(actor, Action::AppointSchool, Place::School(&new.code))?;
        let grants = vec![Grant::of_school(GrantRole::SchoolAdministrator, new.code.clone(), None)];
        let first = NewSchoolAccount { login: login.to_owned(), name: name.to_owned(), grants };
        let now = self.edges().now();
        let account = self.account_of(actor, &first)?;
        retrying(|| async {
            let mut tx = self.store().begin("begin_school").await?;
            if tx.school(&new.code).await?.is_some() {
                return Err(AppError::Exists("the school").into());
            }
            write_school(&mut tx, actor, new, now).await?;
            tx.add_account(&account, now).await?;
            tx.audit(&plain(actor, "add_account", account.id.to_string(), now)).await?;
            let slip = self.slip_for(&mut tx, actor, &account).await?;
            tx.audit(&plain(actor, "make_slip", account.id.to_string(), now)).await?;
            tx.commit().await?;
            Ok(slip)
        })
        .await
    }

    /// A new account at a school, as far as it can be looked at without the database.
    fn account_of(&self, actor: &Actor, new: &NewSchoolAccount) -> Result<Account, AccessError> {
        if new.grants.is_empty() {
            require(actor, Action::ManageAccounts, Place::Everywhere)?;
        }
        may_give(actor, &new.grants)?;
        sound(&new.grants)?;
        if !is_login(&new.login) {
            return Err(AccessError::Login);
        }
        let name: Text = new.name.parse().map_err(|_| AccessError::Name)?;
        if name.as_str().chars().count() > 100 || name.as_str().contains('\n') {
            return Err(AccessError::Name);
        }
        Ok(Account {
            id: Id::from_bytes(self.edges().bytes()?),
            login: new.login.clone(),
            name: name.as_str().to_owned(),
            certificate: None,
            grants: new.grants.clone(),
        })
    }

    async fn schools_are_here(&self, tx: &mut Tx, grants: &[Grant]) -> Result<(), AccessError> {
        for school in grants.iter().filter_map(|grant| grant.school.as_ref()) {
            if tx.school(school).await?.is_none() {
                return Err(AppError::UnknownSchool(school.clone()).into());
            }
        }
        Ok(())
    }

    /// Gives an account these things to do, and no others; what the OpenID Connect provider gives it stays as it is.
    ///
    /// # Errors
    /// `Forbidden` where the actor may not give what the account has or what it gets; [`AccessError::Grants`], `Grant`;
    /// `UnknownSchool`; `NotFound`.
    pub async fn set_grants(&self, actor: &Actor, id: &Id, grants: &[Grant]) -> Result<(), AccessError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("set_grants").await?;
            account(&mut tx, actor, id).await?;
            may_give(actor, grants)?;
            sound(grants)?;
            self.schools_are_here(&mut tx, grants).await?;
            if tx.account(id).await?.is_none_or(|account| account.grants != grants) {
                tx.set_grants(id, grants).await?;
                tx.audit(&plain(actor, "set_grants", id.to_string(), now)).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// A slip within a transaction, in the place of the one before.
    pub(crate) async fn slip_for(&self, tx: &mut Tx, actor: &Actor, account: &Account) -> Result<Slip, AccessError> {
        let now = self.edges().now();
        let code = code::make(&self.edges().bytes::<{ code::SLIP - 1 }>()?);
        let expires_at = now.plus(self.access().slip_life);
        let stored = StoredSlip {
            account: account.id,
            hash: Sha256Digest::of(code.as_bytes()),
            made_by: actor.id(),
            made_at: now,
            expires_at,
        };
        tx.set_slip(&stored).await?;
        let code = code::grouped(&code, 4);
        Ok(Slip { account: account.id, login: account.login.clone(), name: account.name.clone(), code, expires_at })
    }

    /// Makes slips for accounts that have no password yet, all of them or none. Slips made before are void.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `TooMany`; `Exists` for an account that has a password: that one is reset.
    pub async fn make_slips(&self, actor: &Actor, accounts: &[Id]) -> Result<Vec<Slip>, AccessError> {
        if accounts.len() > MAX_SLIPS {
            return Err(AppError::TooMany { found: accounts.len(), max: MAX_SLIPS }.into());
        }
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("make_slips").await?;
            let mut slips = Vec::new();
            for id in accounts {
                let account = account(&mut tx, actor, id).await?;
                if tx.access_of(id).await?.password.is_some() {
                    return Err(AppError::Exists("the account's password").into());
                }
                slips.push(self.slip_for(&mut tx, actor, &account).await?);
                tx.audit(&plain(actor, "make_slip", id.to_string(), now)).await?;
            }
            tx.commit().await?;
            Ok(slips)
        })
        .await
    }

    /// Takes password, second factor, recovery codes, sessions and known browsers from an account, and makes a slip to
    /// begin again with. A lock stays.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn reset_account(&self, actor: &Actor, id: &Id) -> Result<Slip, AccessError> {
        retrying(|| async {
            let mut tx = self.store().begin("reset_account").await?;
            let account = account(&mut tx, actor, id).await?;
            let slip = self.reset_in(&mut tx, actor, &account).await?;
            tx.commit().await?;
            Ok(slip)
        })
        .await
    }

    /// The same within a transaction, for whoever has looked whether the actor may.
    pub(crate) async fn reset_in(&self, tx: &mut Tx, actor: &Actor, account: &Account) -> Result<Slip, AccessError> {
        let id = &account.id;
        tx.clear_access(id).await?;
        tx.end_sessions_of(id, None).await?;
        tx.forget_devices(id).await?;
        let slip = self.slip_for(tx, actor, account).await?;
        tx.audit(&plain(actor, "reset_account", id.to_string(), self.edges().now())).await?;
        Ok(slip)
    }

    /// Keeps an account shut until it is unlocked, and ends its sessions; its API tokens do nothing meanwhile.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn lock_account(&self, actor: &Actor, id: &Id) -> Result<(), AccessError> {
        self.set_locked(actor, id, true).await
    }

    /// Opens a locked account again: with its password and second factor as they were.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn unlock_account(&self, actor: &Actor, id: &Id) -> Result<(), AccessError> {
        self.set_locked(actor, id, false).await
    }

    async fn set_locked(&self, actor: &Actor, id: &Id, locked: bool) -> Result<(), AccessError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("set_locked").await?;
            account(&mut tx, actor, id).await?;
            let changed = tx.set_locked(id, locked.then_some(now)).await?;
            if locked {
                tx.end_sessions_of(id, None).await?;
            }
            if changed {
                let action = if locked { "lock_account" } else { "unlock_account" };
                tx.audit(&plain(actor, action, id.to_string(), now)).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Where an account is signed in.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn account_sessions(&self, actor: &Actor, id: &Id) -> Result<Vec<SessionLine>, AccessError> {
        let mut tx = self.store().read().await?;
        account(&mut tx, actor, id).await?;
        Ok(self.lines(tx.sessions_of(id).await?, None, self.edges().now()))
    }

    /// Ends a session of an account, or all of them; how many.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn end_session_of(&self, actor: &Actor, id: &Id, session: Option<&Id>) -> Result<u32, AccessError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("end_session_of").await?;
            account(&mut tx, actor, id).await?;
            let ended = match session {
                Some(session) => u32::from(tx.end_session(id, session).await?),
                None => tx.end_sessions_of(id, None).await?,
            };
            if ended > 0 {
                let event = AuditEvent {
                    reason: Some("by_administrator".to_owned()),
                    ..plain(actor, "end_session", id.to_string(), now)
                };
                tx.audit(&event).await?;
            }
            tx.commit().await?;
            Ok(ended)
        })
        .await
    }

    /// What is wrong with what an account signs in with, for `hocba fsck`: whether it is of its form and opens with the
    /// data key.
    pub fn check_access(&self, id: &Id, access: &Access) -> Option<&'static str> {
        match (&access.password, &access.totp) {
            (Some((hash, _)), _) if !super::password::is_hash(hash) => Some("its password is not stored as one"),
            (_, Some(totp)) if self.totp_secret(id, totp).is_none() => Some("its second factor does not open"),
            _ => None,
        }
    }
}

/// Whether somebody may see accounts of any school at all: for menus.
pub fn administers(actor: &Actor, school: &SchoolCode) -> bool {
    may(actor, Action::ManageSchoolAccounts, Place::School(school))
}
