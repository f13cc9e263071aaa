//! Signing in, and activating an account by its slip.
//!
//! Each is two transactions with the password's computation between them: the first counts the try, the second writes all
//! that follows from it. A crash between them leaves a try counted and nothing else.

use std::net::IpAddr;

use hocba_record::{
    encoding::{Sha256Digest, base64url},
    types::UnixTime,
};
use hocba_store::{
    Tx,
    model::{Access, Account, Device, Envelope, Id, SessionOrigin, StoredSession, StoredSlip, Totp, TryKind},
    retrying,
};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::{
    AccessError, Activated, Activation, Client, NewSession, NewTotp, SignIn, SignInError, SignedIn, SlipView, label,
    password,
    throttle::{ADDRESSES, Manner, STRANGERS, Track, network},
    totp,
};
use crate::{Actor, App, AppError, code, people::plain};

/// Sessions of one account at most; the oldest one ends for a new one.
pub const MOST_SESSIONS: u32 = 20;
/// Browsers of one account that are known at most.
pub const MOST_DEVICES: u32 = 10;
/// A browser is known for so long after its last signing in: half a year, in seconds.
pub const DEVICE_LIFE: i64 = 180 * 86_400;

/// By what a try is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    key: [u8; 32],
    manner: Manner,
}

impl Counter {
    async fn stored(&self, tx: &mut Tx) -> Result<Option<Track>, AccessError> {
        Ok(tx.tries(&self.key).await?.map(|(level, at)| Track { level, at }))
    }

    async fn store(&self, tx: &mut Tx, track: Option<Track>) -> Result<(), AccessError> {
        let kind = match self.manner {
            Manner::Penalty => TryKind::Penalty,
            Manner::Bucket => TryKind::Bucket,
        };
        match track {
            Some(track) => {
                let stale_at = self.manner.stale_at(track);
                tx.set_tries(&self.key, kind, (track.level, track.at), stale_at).await?;
            }
            None => tx.forget_tries(&self.key).await?,
        }
        Ok(())
    }

    /// Takes a try off again.
    pub(super) async fn take_off(&self, tx: &mut Tx, now: UnixTime) -> Result<(), AccessError> {
        let track = self.stored(tx).await?;
        let left = self.manner.taken_off(track, now.seconds());
        self.store(tx, left).await
    }

    /// A right try: a penalty is forgotten, a bucket has one less in it.
    pub(super) async fn right(&self, tx: &mut Tx, now: UnixTime) -> Result<(), AccessError> {
        match self.manner {
            Manner::Penalty => Ok(tx.forget_tries(&self.key).await?),
            Manner::Bucket => self.take_off(tx, now).await,
        }
    }
}

/// Counts a try by all of these, or by none where one of them refuses; the highest level that was reached.
pub(super) async fn count(tx: &mut Tx, counters: &[Counter], now: UnixTime) -> Result<i64, AccessError> {
    let (mut tracks, mut wait) = (Vec::new(), 0);
    for counter in counters {
        match counter.manner.count(counter.stored(tx).await?, now.seconds()) {
            Ok(track) => tracks.push((counter, track)),
            Err(seconds) => wait = wait.max(seconds),
        }
    }
    if wait > 0 {
        return Err(AccessError::SlowDown { retry_after: wait });
    }
    let mut highest = 0;
    for (counter, track) in tracks {
        counter.store(tx, Some(track)).await?;
        if counter.manner == Manner::Penalty {
            highest = highest.max(track.level);
        }
    }
    Ok(highest)
}

/// What the first transaction of signing in found.
struct Tried {
    account: Option<Account>,
    access: Access,
    /// The device that was brought, where it is one of the account.
    device: Option<Sha256Digest>,
    counters: Vec<Counter>,
}

/// What stands for the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    None,
    Step(i64),
    Recovery([u8; 32]),
}

impl Second {
    fn reason(self) -> &'static str {
        match self {
            Second::None => "password",
            Second::Step(_) => "totp",
            Second::Recovery(_) => "recovery_code",
        }
    }

    /// Takes it, within the transaction that it is used in; whether it was not used before.
    pub(super) async fn take(self, tx: &mut Tx, account: &Id) -> Result<bool, AccessError> {
        Ok(match self {
            Second::None => true,
            Second::Step(step) => tx.take_totp_step(account, step).await?,
            Second::Recovery(hash) => tx.take_recovery_code(account, &hash).await?,
        })
    }
}

impl App {
    /// Under which an account, a session or a device is counted.
    pub(super) fn penalty(&self, kind: &str, whose: &str) -> Counter {
        Counter { key: self.key().index(&format!("tries/{kind}/{whose}")), manner: Manner::Penalty }
    }

    pub(super) fn bucket(&self, address: IpAddr) -> Counter {
        let number = self.spread(&format!("address/{}", base64url(&network(address))), ADDRESSES);
        Counter { key: self.key().index(&format!("tries/address/{number}")), manner: Manner::Bucket }
    }

    /// One of so many numbers, which whoever lacks the data key cannot foretell.
    fn spread(&self, text: &str, numbers: u32) -> u32 {
        let index = self.key().index(&format!("tries/spread/{text}"));
        u32::from_be_bytes([index[0], index[1], index[2], index[3]]) % numbers
    }

    /// An address as it is kept: under the data key.
    fn address_tag(&self, address: IpAddr) -> [u8; 32] {
        self.key().index(&format!("address/{}", base64url(&network(address))))
    }

    fn recovery_tag(&self, account: &Id, code: &str) -> [u8; 32] {
        self.key().index(&format!("recovery/{account}/{code}"))
    }

    /// A secret for a second factor that is nowhere until it is confirmed: it follows from what asks for it.
    pub(super) fn offered(&self, what: &str, login: &str) -> (Zeroizing<Vec<u8>>, NewTotp) {
        let index = Zeroizing::new(self.key().index(&format!("totp/{what}")));
        let secret = Zeroizing::new(index[..totp::SECRET].to_vec());
        let uri = totp::uri(&secret, &self.access().issuer, login);
        let totp = NewTotp { secret: totp::base32(&secret), uri };
        (secret, totp)
    }

    fn totp_place(account: &Id) -> String {
        format!("totp/{account}")
    }

    pub(super) fn seal_totp(&self, account: &Id, secret: &[u8]) -> Result<Envelope, AppError> {
        self.seal_envelope(&Self::totp_place(account), secret)
    }

    /// The secret of a second factor; none where it does not open, and nobody gets in by it.
    pub(super) fn totp_secret(&self, account: &Id, totp: &Totp) -> Option<Zeroizing<Vec<u8>>> {
        self.open_envelope(&Self::totp_place(account), &totp.secret, Default::default()).ok()
    }

    /// Fresh recovery codes: as shown, and as kept.
    pub(super) fn fresh_recovery(&self, account: &Id) -> Result<(Vec<String>, Vec<[u8; 32]>), AppError> {
        let (mut shown, mut kept) = (Vec::new(), Vec::new());
        for _ in 0..code::RECOVERY_CODES {
            let code = code::make(&self.edges().bytes::<{ code::RECOVERY - 1 }>()?);
            kept.push(self.recovery_tag(account, &code));
            shown.push(code::grouped(&code, 5));
        }
        Ok((shown, kept))
    }

    /// Signs somebody in, by login, password and, where the account has one, a second factor.
    ///
    /// A password takes tens of milliseconds of a core: call it where that holds up nobody.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] for whatever does not fit; [`AccessError::SlowDown`]; [`AccessError::Locked`] where
    /// everything fits.
    pub async fn sign_in(&self, with: &SignIn<'_>) -> Result<SignedIn, SignInError> {
        let now = self.edges().now();
        let tried = retrying(|| self.try_sign_in(with, now)).await?;
        let stored = tried.access.password.as_ref().map(|p| p.0.as_str());
        let right = password::verify(with.password, stored);
        let Some(account) = tried.account.as_ref().filter(|_| right) else { return Err(AccessError::Wrong) };
        let second = match (&tried.access.totp, with.code) {
            (None, _) => Second::None,
            (Some(_), None) => {
                let done: Result<(), AccessError> = retrying(|| async {
                    let mut tx = self.store().begin("sign_in_half").await?;
                    for counter in &tried.counters {
                        counter.take_off(&mut tx, now).await?;
                    }
                    Ok(tx.commit().await?)
                })
                .await;
                return done.map(|()| SignedIn::CodeNeeded);
            }
            (Some(totp), Some(code)) => self.second(account, totp, code, now).ok_or(AccessError::Wrong)?,
        };
        if tried.access.locked_at.is_some() {
            return Err(AccessError::Locked);
        }
        let done: Result<NewSession, AccessError> = retrying(|| async {
            let mut tx = self.store().begin("sign_in").await?;
            // What was looked at before the transaction is still so, or it is not what was shown to be right.
            let access = tx.access_of(&account.id).await?;
            let same_secrets = access.password == tried.access.password
                && access.totp.as_ref().map(|t| &t.secret) == tried.access.totp.as_ref().map(|t| &t.secret)
                && access.locked_at.is_none();
            let taken = second.take(&mut tx, &account.id).await?;
            if !same_secrets || !taken {
                return Err(AccessError::Wrong);
            }
            for counter in &tried.counters {
                counter.right(&mut tx, now).await?;
            }
            let (device, has_totp) = (tried.device.as_ref(), access.totp.is_some());
            let new = self.begin_session(&mut tx, account, with.client, device, has_totp, SessionOrigin::Here).await?;
            let mut event = plain(&Actor::Account(account.clone()), "sign_in", account.id.to_string(), now);
            event.reason = Some(second.reason().to_owned());
            tx.audit(&event).await?;
            tx.commit().await?;
            Ok(new)
        })
        .await;
        done.map(SignedIn::Session)
    }

    async fn try_sign_in(&self, with: &SignIn<'_>, now: UnixTime) -> Result<Tried, AccessError> {
        // A login is short; what is longer is none, and is not looked for.
        let login: String = with.login.trim().nfc().take(100).collect();
        let mut tx = self.store().begin("try_sign_in").await?;
        let mut account = tx.account_of_login(&login).await?;
        if account.is_none() {
            // Phones begin with a capital letter.
            account = tx.account_of_login(&login.to_lowercase()).await?;
        }
        let (mut counters, mut access, mut device) = (Vec::new(), Access::default(), None);
        match &account {
            Some(account) => {
                access = tx.access_of(&account.id).await?;
                (counters, device) = self.counters(&mut tx, account, with.device, with.client, now).await?;
            }
            None => {
                let number = self.spread(&format!("stranger/{}", login.to_lowercase()), STRANGERS);
                counters.push(self.penalty("stranger", &number.to_string()));
                counters.push(self.bucket(with.client.address));
            }
        }
        let level = count(&mut tx, &counters, now).await?;
        if let (Some(account), super::throttle::FREE) = (&account, level) {
            // Once for each time that an account begins to be slow, so the log does not grow with the guesses.
            let mut event = plain(&Actor::LocalOperator, "sign_in_slowed", account.id.to_string(), now);
            "system".clone_into(&mut event.actor);
            tx.audit(&event).await?;
        }
        tx.commit().await?;
        Ok(Tried { account, access, device, counters })
    }

    /// The device that was brought, where it is one of the account.
    pub(super) async fn device_of(
        &self,
        tx: &mut Tx,
        account: &Account,
        brought: Option<&str>,
        now: UnixTime,
    ) -> Result<Option<Sha256Digest>, AccessError> {
        let Some(token) = brought else { return Ok(None) };
        let known = tx.device_of_token(&Sha256Digest::of(token.as_bytes())).await?;
        Ok(known.filter(|d| d.account == account.id && d.expires_at > now).map(|d| d.hash))
    }

    /// By what a try at an account is counted, and the device that was brought where it is one of the account.
    pub(super) async fn counters(
        &self,
        tx: &mut Tx,
        account: &Account,
        brought: Option<&str>,
        client: Client<'_>,
        now: UnixTime,
    ) -> Result<(Vec<Counter>, Option<Sha256Digest>), AccessError> {
        let device = self.device_of(tx, account, brought, now).await?;
        // Whoever guesses elsewhere is counted elsewhere.
        if let Some(device) = device {
            return Ok((vec![self.penalty("device", &device.to_string())], Some(device)));
        }
        let mut counters = vec![self.penalty("account", &account.id.to_string())];
        // Somebody at this address who tries everyone keeps nobody out who signed in there before.
        if !tx.is_known_at(&account.id, &self.address_tag(client.address), now).await? {
            counters.push(self.bucket(client.address));
        }
        Ok((counters, None))
    }

    /// What a code stands for; whether it was used is the transaction's to find.
    pub(super) fn second(&self, account: &Account, totp: &Totp, typed: &str, now: UnixTime) -> Option<Second> {
        if let Ok(code) = code::parse(typed, code::RECOVERY) {
            return Some(Second::Recovery(self.recovery_tag(&account.id, &code)));
        }
        let secret = self.totp_secret(&account.id, totp)?;
        totp::step_for(&secret, typed, now.seconds(), Some(totp.step)).map(Second::Step)
    }

    /// Begins a session and makes its browser known, within a transaction.
    pub(super) async fn begin_session(
        &self,
        tx: &mut Tx,
        account: &Account,
        client: Client<'_>,
        device: Option<&Sha256Digest>,
        has_totp: bool,
        began: SessionOrigin,
    ) -> Result<NewSession, AccessError> {
        let now = self.edges().now();
        let token = base64url(&self.edges().bytes::<32>()?);
        let device_token = base64url(&self.edges().bytes::<32>()?);
        let (expires_at, device_until) = (now.plus(self.access().absolute), now.plus(DEVICE_LIFE));
        let address = self.address_tag(client.address);
        let session = StoredSession {
            id: Id::from_bytes(self.edges().bytes()?),
            hash: Sha256Digest::of(token.as_bytes()),
            account: account.id,
            label: label(client.agent),
            address,
            created_at: now,
            seen_at: now,
            expires_at,
            began,
        };
        tx.add_session(&session, MOST_SESSIONS).await?;
        let known = Device {
            hash: Sha256Digest::of(device_token.as_bytes()),
            account: account.id,
            address,
            used_at: now,
            expires_at: device_until,
        };
        tx.add_device(&known, device, MOST_DEVICES).await?;
        let has_second = has_totp || began == SessionOrigin::ProviderFactor;
        let must_enrol = self.access().needs_second_factor(&account.grants) && !has_second;
        Ok(NewSession { token, device_token, device_until, expires_at, account: account.id, must_enrol })
    }

    /// A slip's code, counted as a try of the address it came from until it proves right; and whom it is for.
    async fn slip_account(
        &self,
        typed: &str,
        client: Client<'_>,
        now: UnixTime,
    ) -> Result<(StoredSlip, Account), AccessError> {
        let code = code::parse(typed, code::SLIP).map_err(|_| AccessError::SlipMistyped)?;
        let hash = Sha256Digest::of(code.as_bytes());
        let bucket = self.bucket(client.address);
        retrying(|| async {
            let mut tx = self.store().begin("try_slip").await?;
            let slip = tx.slip_of_code(&hash).await?.filter(|slip| slip.expires_at > now);
            let account = match &slip {
                Some(slip) => tx.account(&slip.account).await?,
                None => None,
            };
            if let Some(found) = slip.zip(account) {
                return Ok(found);
            }
            count(&mut tx, &[bucket], now).await?;
            tx.commit().await?;
            Err(AccessError::Slip)
        })
        .await
    }

    fn slip_totp(&self, slip: &StoredSlip, account: &Account) -> (Zeroizing<Vec<u8>>, NewTotp) {
        self.offered(&format!("slip/{}", slip.hash), &account.login)
    }

    /// Whom a slip is for, and the second factor that goes with it.
    ///
    /// # Errors
    /// [`AccessError::SlipMistyped`], [`AccessError::Slip`], [`AccessError::SlowDown`].
    pub async fn slip(&self, code: &str, client: Client<'_>) -> Result<SlipView, AccessError> {
        let (slip, account) = self.slip_account(code, client, self.edges().now()).await?;
        let (_, totp) = self.slip_totp(&slip, &account);
        let second_factor = self.access().needs_second_factor(&account.grants);
        Ok(SlipView { name: account.name, login: account.login, expires_at: slip.expires_at, second_factor, totp })
    }

    /// Activates an account by its slip: takes the slip, sets the password and the second factor, and signs in.
    ///
    /// A password takes tens of milliseconds of a core: call it where that holds up nobody.
    ///
    /// # Errors
    /// [`AccessError::SlipMistyped`], [`AccessError::Slip`], [`AccessError::SlowDown`], [`AccessError::Password`],
    /// [`AccessError::SecondFactorNeeded`], [`AccessError::Code`], [`AccessError::Locked`]. The slip still works then.
    pub async fn activate(&self, with: &Activation<'_>) -> Result<Activated, AccessError> {
        let now = self.edges().now();
        let (slip, account) = self.slip_account(with.slip, with.client, now).await?;
        password::check(with.password, &account.login, &account.name).map_err(AccessError::Password)?;
        let totp = match with.code {
            None if self.access().needs_second_factor(&account.grants) => return Err(AccessError::SecondFactorNeeded),
            None => None,
            Some(code) => {
                let (secret, _) = self.slip_totp(&slip, &account);
                let step = totp::step_for(&secret, code, now.seconds(), None).ok_or(AccessError::Code)?;
                Some(Totp { secret: self.seal_totp(&account.id, &secret)?, since: now, step })
            }
        };
        let (shown, kept) = if totp.is_some() { self.fresh_recovery(&account.id)? } else { Default::default() };
        let hash = password::hash(with.password, &self.edges().bytes()?);
        let done: Result<NewSession, AccessError> = retrying(|| async {
            let mut tx = self.store().begin("activate").await?;
            // Used meanwhile, or made anew.
            if !tx.take_slip(&slip.hash).await? {
                return Err(AccessError::Slip);
            }
            if tx.access_of(&account.id).await?.locked_at.is_some() {
                return Err(AccessError::Locked);
            }
            // Whatever was there of an earlier owner of the phone or the password.
            tx.clear_access(&account.id).await?;
            tx.set_password(&account.id, &hash, now).await?;
            if let Some(totp) = &totp {
                tx.set_totp(&account.id, totp).await?;
                tx.set_recovery_codes(&account.id, &kept, now).await?;
            }
            tx.end_sessions_of(&account.id, None).await?;
            tx.forget_devices(&account.id).await?;
            self.penalty("account", &account.id.to_string()).right(&mut tx, now).await?;
            let has_totp = totp.is_some();
            let new = self.begin_session(&mut tx, &account, with.client, None, has_totp, SessionOrigin::Here).await?;
            let mut event = plain(&Actor::Account(account.clone()), "activate", account.id.to_string(), now);
            event.reason = Some(if totp.is_some() { "totp" } else { "password" }.to_owned());
            tx.audit(&event).await?;
            tx.commit().await?;
            Ok(new)
        })
        .await;
        done.map(|session| Activated { session, recovery: shown })
    }
}
