//! Signing in through the department's OpenID Connect provider.
//!
//! Whoever speaks the protocol brings [`OpenIdClaims`] that it verified; here is decided whose account they are, what they
//! give it to do, and whether a session begins, in one transaction. docs/accounts.md says what the rules mean, ADR 0023 why.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use hocba_record::{
    encoding::{Sha256Digest, base64url},
    types::{SchoolCode, SchoolPrefix, Text, UnixTime},
};
use hocba_store::{
    StoreError, Tx,
    model::{Access, Account, AuditEvent, Grant, GrantRole, Id, SessionOrigin},
    retrying,
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    AccessError, Client, MAX_GRANTS, NewSession, SignedIn,
    administration::is_login,
    entering::{Second, count},
    same,
};
use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, not_a_grant, require},
};

/// From leaving for the provider to coming back, in seconds: 10 minutes, for a password, a phone and a change of password
/// there.
pub const OPENID_LIFE: i64 = 600;
/// Most rules: seven roles under a few names each, for several kinds of schools.
pub const MAX_RULES: usize = 100;
/// Longest issuer, claim name, claim value of a rule, in bytes.
const MAX_TEXT: usize = 512;

/// What a deployment decided about its provider. How it is reached is not its business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdSettings {
    /// The provider, as its ID tokens name it (`iss`).
    pub issuer: String,
    /// What the button says: the name by which people know the provider.
    pub name: String,
    /// The claim with the login: `preferred_username`.
    pub login_claim: String,
    /// Whether an account that nobody is linked to becomes the subject's whose login claim is its login. Whoever can choose
    /// their login at the provider can choose the account then.
    pub link_by_login: bool,
    /// Values of `amr` or `acr` (OpenID Connect Core §2, RFC 8176) by which the provider says that it asked for a second
    /// factor; ours is not asked for then.
    pub second_factor: BTreeSet<String>,
    /// Which claims give what to do. Without any, only grants given here count.
    pub rules: Vec<OpenIdRule>,
}

/// A rule: whoever has this value in this claim gets this role there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdRule {
    /// Name of the claim; of one within another, `outer.inner`.
    pub claim: String,
    /// The value, or one of the values, that it has to have.
    pub value: String,
    /// What it gives.
    pub role: GrantRole,
    /// Where.
    pub reach: OpenIdReach,
}

/// Where the role of a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenIdReach {
    /// In this school.
    School(SchoolCode),
    /// In the schools whose codes are in a claim, if they are served here.
    SchoolClaim {
        /// Name of the claim.
        claim: String,
        /// Only in those whose codes begin so.
        prefix: Option<SchoolPrefix>,
    },
    /// In all schools, or those whose codes begin so: a department's or an operator's role, and no other.
    Schools(Option<SchoolPrefix>),
}

impl OpenIdRule {
    /// Whether the role can have this reach.
    fn is_sound(&self) -> bool {
        let everywhere = matches!(self.role, GrantRole::Department | GrantRole::Operator);
        let short = |text: &str| (1..=MAX_TEXT).contains(&text.len());
        let reach = match &self.reach {
            OpenIdReach::School(_) => !everywhere,
            OpenIdReach::SchoolClaim { claim, .. } => !everywhere && short(claim),
            OpenIdReach::Schools(prefix) => everywhere && (prefix.is_none() || self.role == GrantRole::Department),
        };
        reach && short(&self.claim) && short(&self.value)
    }
}

impl OpenIdSettings {
    /// Whether the settings are within their bounds: what is outside, by its name in `hocba.json`.
    ///
    /// # Errors
    /// The name of the setting.
    pub fn check(&self) -> Result<(), &'static str> {
        let short = |text: &str| (1..=MAX_TEXT).contains(&text.len());
        match self {
            s if !short(&s.issuer) => Err("issuer"),
            s if s.name.trim().is_empty() || s.name.chars().count() > 60 || s.name.contains('\n') => Err("name"),
            s if !short(&s.login_claim) => Err("login_claim"),
            s if s.second_factor.iter().any(|value| !short(value)) => Err("amr_second_factor"),
            s if s.rules.len() > MAX_RULES || !s.rules.iter().all(OpenIdRule::is_sound) => Err("rules"),
            _ => Ok(()),
        }
    }

    /// The claims that are looked at. All others are dropped as soon as the token is verified.
    pub fn wanted(&self) -> BTreeSet<&str> {
        let mut wanted = BTreeSet::from([self.login_claim.as_str(), NAME, AMR, ACR]);
        for rule in &self.rules {
            wanted.insert(&rule.claim);
            if let OpenIdReach::SchoolClaim { claim, .. } = &rule.reach {
                wanted.insert(claim);
            }
        }
        wanted
    }

    /// What the claims give, by the rules and nothing else. `served`: whether a school is served here.
    pub fn grants(&self, claims: &OpenIdClaims, served: impl Fn(&SchoolCode) -> bool) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for rule in self.rules.iter().filter(|rule| claims.has(&rule.claim, &rule.value)) {
            let given: Vec<Grant> = match &rule.reach {
                OpenIdReach::School(school) => vec![Grant::of_school(rule.role, school.clone(), None)],
                OpenIdReach::SchoolClaim { claim, prefix } => {
                    let named = claims.schools(claim).into_iter();
                    let within = named.filter(|school| prefix.as_ref().is_none_or(|p| p.covers(school)));
                    within.map(|school| Grant::of_school(rule.role, school, None)).collect()
                }
                OpenIdReach::Schools(None) => vec![Grant::everywhere(rule.role)],
                OpenIdReach::Schools(Some(prefix)) => vec![Grant::of_prefix(rule.role, prefix.clone())],
            };
            for grant in given {
                let here = grant.school.as_ref().is_none_or(&served);
                if here && not_a_grant(&grant).is_none() && !grants.contains(&grant) {
                    grants.push(grant);
                }
            }
        }
        grants.sort_by_key(|grant| {
            (grant.role, grant.school.as_ref().map(ToString::to_string), grant.prefix.as_ref().map(ToString::to_string))
        });
        grants
    }

    /// Whether the provider says that it asked for a second factor.
    fn asked_for_second_factor(&self, claims: &OpenIdClaims) -> bool {
        [AMR, ACR].iter().any(|name| claims.values(name).iter().any(|value| self.second_factor.contains(value)))
    }
}

const NAME: &str = "name";
const AMR: &str = "amr";
const ACR: &str = "acr";

/// What a verified ID token says about somebody, as far as it was asked for. Its `Debug` is silent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdClaims {
    /// `iss`.
    pub issuer: String,
    /// `sub`: the person, for good.
    pub subject: String,
    /// Claims by name, each with its values as text.
    pub values: BTreeMap<String, Vec<String>>,
}

impl fmt::Debug for OpenIdClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenIdClaims(…)")
    }
}

impl OpenIdClaims {
    fn values(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }
    fn has(&self, name: &str, value: &str) -> bool {
        self.values(name).iter().any(|found| found == value)
    }
    /// The only value of a claim.
    fn one(&self, name: &str) -> Option<&str> {
        match self.values(name) {
            [value] => Some(value.trim()),
            _ => None,
        }
    }
    /// What is a school's code of the values of a claim; the rest gives nothing.
    fn schools(&self, name: &str) -> BTreeSet<SchoolCode> {
        self.values(name).iter().filter_map(|value| value.parse().ok()).collect()
    }
}

/// Why nobody got in through the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdFault {
    /// There is no provider here.
    #[error("there is no OpenID Connect provider")]
    Off,
    /// The return is of another browser, of another signing in, too late, or came before.
    #[error("the return is not of a signing in that this browser began a moment ago")]
    Stale,
    /// The provider did not confirm who it is, or its word does not verify.
    #[error("the provider's answer does not verify")]
    Refused,
    /// The provider says who it is, and nobody here is that.
    #[error("there is no account for this person of the provider")]
    NoAccount,
    /// The provider does not answer.
    #[error("the provider does not answer")]
    Away,
}

impl OpenIdFault {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            OpenIdFault::Off => "openid_off",
            OpenIdFault::Stale => "openid_stale",
            OpenIdFault::Refused => "openid_refused",
            OpenIdFault::NoAccount => "openid_no_account",
            OpenIdFault::Away => "openid_away",
        }
    }

    /// What the page says, in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            OpenIdFault::Off => "Nơi này không đăng nhập qua hệ thống khác.",
            OpenIdFault::Stale => "Lần đăng nhập này đã quá lâu hoặc đã dùng. Hãy bắt đầu lại.",
            OpenIdFault::Refused => "Hệ thống đăng nhập của sở không xác nhận được bạn. Hãy thử lại.",
            OpenIdFault::NoAccount => {
                "Bạn chưa có tài khoản ở đây. Hãy nhờ quản trị của trường mở tài khoản hoặc cấp vai trò."
            }
            OpenIdFault::Away => "Hệ thống đăng nhập của sở không trả lời. Hãy thử lại sau ít phút.",
        }
    }
}

/// A signing in that a browser began: what goes to the provider, and what its answer is held against. Not printable.
pub struct OpenIdAttempt {
    /// `state` (RFC 6749 §10.12).
    pub state: String,
    /// `nonce` (OpenID Connect Core §3.1.2.1).
    pub nonce: String,
    /// The PKCE code verifier (RFC 7636 §4.1).
    pub verifier: String,
    /// Where the person wanted to go; not checked, empty for nowhere in particular.
    pub next: String,
    /// Whether the return was counted at its address, and is to be taken off again.
    counted: bool,
}

impl OpenIdAttempt {
    /// To be handed to [`OpenIdSignIn::counted`].
    pub const fn counted(&self) -> bool {
        self.counted
    }
}

/// What somebody signs in with through the provider. Not printable: it holds a code.
#[derive(Clone, Copy)]
pub struct OpenIdSignIn<'a> {
    /// What the provider says, verified.
    pub claims: &'a OpenIdClaims,
    /// Six digits of the authenticator app, or a recovery code; none in the first step.
    pub code: Option<&'a str>,
    /// The device token that an earlier signing in gave this browser.
    pub device: Option<&'a str>,
    /// From where.
    pub client: Client<'a>,
    /// As [`OpenIdAttempt::counted`]; false in the second step.
    pub counted: bool,
}

/// Whose account the claims are.
struct Whose {
    account: Account,
    /// Made just now.
    is_new: bool,
    /// To be linked now.
    link: bool,
    /// What the claims give.
    grants: Vec<Grant>,
}

fn fault(fault: OpenIdFault) -> AccessError {
    AccessError::OpenId(fault)
}

fn by_system(action: &str, subject: &Id, now: UnixTime) -> AuditEvent {
    AuditEvent {
        actor: "system".to_owned(),
        reason: Some("openid".to_owned()),
        ..plain(&Actor::LocalOperator, action, subject.to_string(), now)
    }
}

/// What an account has to do where the provider's word counts: what was given here, and what the claims give.
pub(super) fn united(mut account: Account, given: Vec<Grant>) -> Account {
    for grant in given {
        if !account.grants.contains(&grant) {
            account.grants.push(grant);
        }
    }
    account
}

impl App {
    fn openid(&self) -> Result<&OpenIdSettings, AccessError> {
        self.access().openid.as_ref().ok_or(fault(OpenIdFault::Off))
    }

    /// What follows from a browser's cookie: nothing is stored for it, and only who has the data key can tell.
    fn openid_attempt(&self, cookie: &str, next: &str, counted: bool) -> OpenIdAttempt {
        let of = |what: &str| base64url(&self.key().index(&format!("openid/{what}/{cookie}")));
        OpenIdAttempt {
            state: of("state"),
            nonce: of("nonce"),
            verifier: of("verifier"),
            next: next.to_owned(),
            counted,
        }
    }

    /// Begins a signing in through the provider: what the browser is to bring again in a cookie, and what goes to the
    /// provider. `next`: where the person wants to go.
    ///
    /// # Errors
    /// [`OpenIdFault::Off`]; no randomness.
    pub fn begin_openid(&self, next: &str) -> Result<(String, OpenIdAttempt), AccessError> {
        self.openid()?;
        let seed = base64url(&self.edges().bytes::<32>()?);
        let until = self.edges().now().seconds() + OPENID_LIFE;
        let cookie = format!("{seed}.{until}.{next}");
        let attempt = self.openid_attempt(&cookie, next, false);
        Ok((cookie, attempt))
    }

    /// A return from the provider: whether it answers what this browser began, for the first time. It is counted at its
    /// address before it is looked at, unless somebody signed in with this browser before.
    ///
    /// # Errors
    /// [`OpenIdFault::Off`], [`OpenIdFault::Stale`], [`AccessError::SlowDown`].
    pub async fn openid_return(
        &self,
        cookie: Option<&str>,
        state: &str,
        device: Option<&str>,
        client: Client<'_>,
    ) -> Result<OpenIdAttempt, AccessError> {
        self.openid()?;
        let now = self.edges().now();
        let (answer, counted) = retrying(|| async {
            let mut tx = self.store().begin("openid_return").await?;
            let known = match device {
                Some(token) => tx.device_of_token(&Sha256Digest::of(token.as_bytes())).await?,
                None => None,
            };
            let counted = known.is_none_or(|device| device.expires_at <= now);
            if counted {
                count(&mut tx, &[self.bucket(client.address)], now).await?;
            }
            let answer = cookie.and_then(|cookie| self.is_answered(cookie, state, now));
            let answer = match answer {
                // Noted until it would be too late anyway.
                Some((attempt, until)) => {
                    let hash = Sha256Digest::of(format!("openid\n{state}").as_bytes());
                    tx.use_form(&hash, now, until).await?.then_some(attempt)
                }
                None => None,
            };
            tx.commit().await?;
            Ok::<_, AccessError>((answer, counted))
        })
        .await?;
        let attempt = answer.ok_or(fault(OpenIdFault::Stale))?;
        Ok(OpenIdAttempt { counted, ..attempt })
    }

    /// What a browser's cookie began, where the state is its, and until when.
    fn is_answered(&self, cookie: &str, state: &str, now: UnixTime) -> Option<(OpenIdAttempt, UnixTime)> {
        let mut parts = cookie.splitn(3, '.');
        let (_, until, next) = (parts.next()?, parts.next()?.parse::<i64>().ok()?, parts.next()?);
        let attempt = self.openid_attempt(cookie, next, false);
        // Before the time is believed: it stands in what the state follows from.
        if !same(attempt.state.as_bytes(), state.as_bytes()) {
            return None;
        }
        let left = until.checked_sub(now.seconds()).filter(|left| (1..=OPENID_LIFE).contains(left))?;
        Some((attempt, now.plus(left)))
    }

    /// Whose account the claims are, and what they give; within a transaction, so that it holds until it is written.
    async fn whose(&self, tx: &mut Tx, claims: &OpenIdClaims, fresh: Id) -> Result<Whose, AccessError> {
        let settings = self.openid()?;
        if claims.issuer != settings.issuer || !(1..=255).contains(&claims.subject.len()) {
            return Err(fault(OpenIdFault::Refused));
        }
        let mut served = BTreeSet::new();
        for school in settings.grants(claims, |_| true).iter().filter_map(|grant| grant.school.clone()) {
            if tx.school(&school).await?.is_some() {
                served.insert(school);
            }
        }
        let grants = settings.grants(claims, |school| served.contains(school));
        if grants.len() > MAX_GRANTS {
            return Err(AccessError::Grants);
        }
        let no_account = || fault(OpenIdFault::NoAccount);
        if let Some(id) = tx.openid_account(&claims.issuer, &claims.subject).await? {
            let account = tx.account(&id).await?.ok_or_else(no_account)?;
            return Ok(Whose { account, is_new: false, link: false, grants });
        }
        let login: String = claims.one(&settings.login_claim).unwrap_or_default().nfc().take(100).collect();
        let lower = login.to_lowercase();
        let mut found = tx.account_of_login(&login).await?;
        if found.is_none() {
            found = tx.account_of_login(&lower).await?;
        }
        if let Some(account) = found {
            // By its name alone nobody becomes what only the operator of this installation gives.
            let of_schools = account.grants.iter().all(|grant| grant.school.is_some());
            let free = !tx.has_openid_link(&account.id, &claims.issuer).await?;
            if settings.link_by_login && of_schools && free {
                return Ok(Whose { account, is_new: false, link: true, grants });
            }
            return Err(no_account());
        }
        let name = claims.one(NAME).unwrap_or_default();
        let name = name.parse::<Text>().ok().filter(|name| {
            let text = name.as_str();
            (1..=100).contains(&text.chars().count()) && !text.contains('\n')
        });
        match name {
            Some(name) if !grants.is_empty() && is_login(&lower) => {
                let account = Account {
                    id: fresh,
                    login: lower,
                    name: name.as_str().to_owned(),
                    certificate: None,
                    grants: Vec::new(),
                };
                Ok(Whose { account, is_new: true, link: true, grants })
            }
            _ => Err(no_account()),
        }
    }

    /// Signs somebody in whom the provider knows: finds, links or makes their account, puts what the claims give in the
    /// place of what they gave before, and begins a session.
    ///
    /// # Errors
    /// [`OpenIdFault::Off`], [`OpenIdFault::NoAccount`], [`OpenIdFault::Refused`] for claims of another issuer;
    /// [`AccessError::Locked`]; [`AccessError::Code`] and [`AccessError::SlowDown`] in the second step;
    /// [`AccessError::Grants`] where the claims give more than an account can have.
    pub async fn sign_in_openid(&self, with: &OpenIdSignIn<'_>) -> Result<SignedIn, AccessError> {
        let now = self.edges().now();
        let fresh = Id::from_bytes(self.edges().bytes()?);
        let mut counters = if with.counted { vec![self.bucket(with.client.address)] } else { Vec::new() };
        if with.code.is_some() {
            let counted = retrying(|| async {
                let mut tx = self.store().begin("try_openid_code").await?;
                let account = self.whose(&mut tx, with.claims, fresh).await?.account;
                let (counters, _) = self.counters(&mut tx, &account, with.device, with.client, now).await?;
                count(&mut tx, &counters, now).await?;
                tx.commit().await?;
                Ok::<_, AccessError>(counters)
            });
            counters.extend(counted.await?);
        }
        retrying(|| async {
            let mut tx = self.store().begin("sign_in_openid").await?;
            let whose = self.whose(&mut tx, with.claims, fresh).await?;
            let account = &whose.account;
            let access = if whose.is_new { Access::default() } else { tx.access_of(&account.id).await? };
            if access.locked_at.is_some() {
                return Err(AccessError::Locked);
            }
            let outside = self.openid()?.asked_for_second_factor(with.claims);
            let reason = match (&access.totp, with.code) {
                _ if outside => "openid_factor",
                (None, _) => "openid",
                (Some(_), None) => {
                    // The provider's word was right as far as it went.
                    for counter in &counters {
                        counter.take_off(&mut tx, now).await?;
                    }
                    tx.commit().await?;
                    return Ok(SignedIn::CodeNeeded);
                }
                (Some(totp), Some(code)) => {
                    let second = self.second(account, totp, code, now).ok_or(AccessError::Code)?;
                    if !second.take(&mut tx, &account.id).await? {
                        return Err(AccessError::Code);
                    }
                    match second {
                        Second::Recovery(_) => "openid_recovery_code",
                        _ => "openid_totp",
                    }
                }
            };
            self.keep_openid(&mut tx, with.claims, &whose, now).await?;
            for counter in &counters {
                counter.right(&mut tx, now).await?;
            }
            let began = if outside { SessionOrigin::ProviderFactor } else { SessionOrigin::Provider };
            let device = self.device_of(&mut tx, account, with.device, now).await?;
            let acting = united(account.clone(), whose.grants.clone());
            let new: NewSession = self
                .begin_session(&mut tx, &acting, with.client, device.as_ref(), access.totp.is_some(), began)
                .await?;
            let mut event = plain(&Actor::Account(account.clone()), "sign_in", account.id.to_string(), now);
            event.reason = Some(reason.to_owned());
            tx.audit(&event).await?;
            tx.commit().await?;
            Ok(SignedIn::Session(new))
        })
        .await
    }

    /// Writes account, link and grants as they are decided.
    async fn keep_openid(
        &self,
        tx: &mut Tx,
        claims: &OpenIdClaims,
        whose: &Whose,
        now: UnixTime,
    ) -> Result<(), AccessError> {
        let account = &whose.account;
        // Somebody who was closed has the login, or another return made the account a moment ago: as if it were taken.
        let taken = |error: StoreError| match error {
            StoreError::Exists { .. } => fault(OpenIdFault::NoAccount),
            other => other.into(),
        };
        if whose.is_new {
            tx.add_account(account, now).await.map_err(taken)?;
            tx.audit(&by_system("add_account", &account.id, now)).await?;
        }
        if whose.link {
            tx.add_openid_link(&claims.issuer, &claims.subject, &account.id, now).await.map_err(taken)?;
            tx.audit(&by_system("link_openid", &account.id, now)).await?;
        }
        let before = tx.openid_grants_of(&account.id).await?;
        if before.len() != whose.grants.len() || whose.grants.iter().any(|grant| !before.contains(grant)) {
            tx.set_openid_grants(&account.id, &whose.grants).await?;
            tx.audit(&by_system("set_openid_grants", &account.id, now)).await?;
        }
        Ok(())
    }

    /// Makes an account a subject's of the provider: for accounts that are not linked by their login.
    ///
    /// # Errors
    /// `Forbidden` (only where the data lies), `NotFound`; `Exists` where the subject has an account or the account a
    /// subject; [`OpenIdFault::Off`].
    pub async fn link_openid(&self, actor: &Actor, id: &Id, subject: &str) -> Result<(), AccessError> {
        require(actor, Action::ManageAccounts, Place::Everywhere)?;
        let settings = self.openid()?;
        if !(1..=255).contains(&subject.len()) || subject.chars().any(char::is_control) {
            return Err(AppError::NotFound("subject").into());
        }
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("link_openid").await?;
            if tx.account(id).await?.is_none() {
                return Err(AppError::NotFound("account").into());
            }
            tx.add_openid_link(&settings.issuer, subject, id, now).await.map_err(|error| match error {
                StoreError::Exists { .. } => AppError::Exists("the link"),
                other => other.into(),
            })?;
            tx.audit(&plain(actor, "link_openid", id.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Takes an account away from its subject, with what claims gave it, and ends its sessions; whether it had one.
    ///
    /// # Errors
    /// `Forbidden` (only where the data lies), `NotFound`.
    pub async fn unlink_openid(&self, actor: &Actor, id: &Id) -> Result<bool, AccessError> {
        require(actor, Action::ManageAccounts, Place::Everywhere)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("unlink_openid").await?;
            if tx.account(id).await?.is_none() {
                return Err(AppError::NotFound("account").into());
            }
            let removed = tx.remove_openid_links(id).await? > 0;
            if removed {
                tx.set_openid_grants(id, &[]).await?;
                tx.end_sessions_of(id, None).await?;
                tx.audit(&plain(actor, "unlink_openid", id.to_string(), now)).await?;
            }
            tx.commit().await?;
            Ok(removed)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(values: &[(&str, &[&str])]) -> OpenIdClaims {
        let values = values.iter().map(|(name, values)| {
            ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        });
        OpenIdClaims { issuer: "https://id.example.vn".into(), subject: "s".into(), values: values.collect() }
    }

    fn rule(value: &str, role: GrantRole, reach: OpenIdReach) -> OpenIdRule {
        OpenIdRule { claim: "roles".into(), value: value.into(), role, reach }
    }

    fn settings(rules: Vec<OpenIdRule>) -> OpenIdSettings {
        OpenIdSettings {
            issuer: "https://id.example.vn".into(),
            name: "Sở".into(),
            login_claim: "preferred_username".into(),
            link_by_login: false,
            second_factor: BTreeSet::from(["mfa".to_owned()]),
            rules,
        }
    }

    fn by_claim(prefix: Option<&str>) -> OpenIdReach {
        let prefix = prefix.map(|prefix| prefix.parse().expect("prefix"));
        OpenIdReach::SchoolClaim { claim: "schools".into(), prefix }
    }

    fn school(code: &str) -> SchoolCode {
        code.parse().expect("code")
    }

    #[test]
    fn a_rule_gives_its_role_in_the_schools_that_the_claim_names_and_that_are_served_here() {
        let settings = settings(vec![rule("gv", GrantRole::HomeroomTeacher, by_claim(None))]);
        let of = |claims: &OpenIdClaims| settings.grants(claims, |code| *code == school("79DEMO001"));
        let given = of(&claims(&[("roles", &["gv", "x"]), ("schools", &["79DEMO001", "79DEMO002", "not a code", ""])]));
        assert_eq!(given, [Grant::of_school(GrantRole::HomeroomTeacher, school("79DEMO001"), None)]);
        assert!(of(&claims(&[("roles", &["GV"]), ("schools", &["79DEMO001"])])).is_empty(), "letters count");
        assert!(of(&claims(&[("roles", &["gv"])])).is_empty(), "no school, nothing");
        assert!(of(&claims(&[("schools", &["79DEMO001"])])).is_empty(), "no role, nothing");
        assert!(of(&claims(&[("other", &["gv"]), ("schools", &["79DEMO001"])])).is_empty(), "another claim");
    }

    #[test]
    fn claims_reach_no_other_school_and_no_department_than_the_rules_say() {
        let rules = vec![
            rule("ht", GrantRole::Principal, OpenIdReach::School(school("79DEMO001"))),
            rule("vt", GrantRole::Clerk, by_claim(Some("79"))),
        ];
        let settings = settings(rules);
        let bold = claims(&[
            ("roles", &["ht", "vt", "department", "operator", "school_administrator"]),
            ("schools", &["79DEMO002", "01DEMO001"]),
            ("role", &["department"]),
        ]);
        let given = settings.grants(&bold, |_| true);
        assert_eq!(
            given,
            [
                Grant::of_school(GrantRole::Principal, school("79DEMO001"), None),
                Grant::of_school(GrantRole::Clerk, school("79DEMO002"), None),
            ]
        );
    }

    #[test]
    fn a_department_is_given_only_by_a_rule_that_names_it_without_a_school() {
        use GrantRole::{Clerk, Department, Operator, SchoolAdministrator};
        let prefix = || Some("79".parse().expect("prefix"));
        for (role, reach, sound) in [
            (Department, OpenIdReach::Schools(None), true),
            (Department, OpenIdReach::Schools(prefix()), true),
            (Operator, OpenIdReach::Schools(None), true),
            (Operator, OpenIdReach::Schools(prefix()), false),
            (Department, by_claim(None), false),
            (Department, OpenIdReach::School(school("79DEMO001")), false),
            (Operator, by_claim(None), false),
            (Clerk, OpenIdReach::Schools(None), false),
            (Clerk, OpenIdReach::Schools(prefix()), false),
            (SchoolAdministrator, by_claim(None), true),
        ] {
            let settings = settings(vec![rule("x", role, reach.clone())]);
            assert_eq!(settings.check().is_ok(), sound, "{role} {reach:?}");
        }
        let settings = settings(vec![rule("so", Department, OpenIdReach::Schools(prefix()))]);
        let given = settings.grants(&claims(&[("roles", &["so"])]), |_| true);
        assert_eq!(given, [Grant::of_prefix(Department, "79".parse().expect("prefix"))]);
    }

    #[test]
    fn settings_outside_their_bounds_are_named() {
        let good = settings(Vec::new());
        assert_eq!(good.check(), Ok(()));
        let with = |change: fn(&mut OpenIdSettings)| {
            let mut settings = good.clone();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|s| s.issuer.clear()), Err("issuer"));
        assert_eq!(with(|s| s.name = "x".repeat(61)), Err("name"));
        assert_eq!(with(|s| s.name = " ".into()), Err("name"));
        assert_eq!(with(|s| s.login_claim.clear()), Err("login_claim"));
        assert_eq!(with(|s| s.second_factor = [String::new()].into()), Err("amr_second_factor"));
        let many = |s: &mut OpenIdSettings| {
            s.rules = vec![rule("x", GrantRole::Clerk, by_claim(None)); MAX_RULES + 1];
        };
        assert_eq!(with(many), Err("rules"));
        assert_eq!(with(|s| s.rules = vec![rule("", GrantRole::Clerk, by_claim(None))]), Err("rules"));
    }

    #[test]
    fn only_claims_that_are_asked_for_are_wanted_and_none_is_printed() {
        let settings = settings(vec![rule("gv", GrantRole::Clerk, by_claim(None))]);
        let wanted: Vec<&str> = settings.wanted().into_iter().collect();
        assert_eq!(wanted, ["acr", "amr", "name", "preferred_username", "roles", "schools"]);
        let text = format!("{:?}", claims(&[("email", &["anh@example.vn"])]));
        assert!(!text.contains("anh"), "{text}");
    }

    #[test]
    fn a_second_factor_is_what_the_settings_call_one() {
        let settings = settings(Vec::new());
        for (name, value, is) in
            [("amr", "mfa", true), ("acr", "mfa", true), ("amr", "pwd", false), ("x", "mfa", false)]
        {
            assert_eq!(settings.asked_for_second_factor(&claims(&[(name, &["pwd", value])])), is, "{name} {value}");
        }
    }
}
