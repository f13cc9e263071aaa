//! Links: a way in for a verifier, by a secret that this service forgets.
//!
//! The secret stands in the fragment of the link, which browsers do not send: 256 random bits, or a code that is read from
//! paper and stretched ([`LinkSecret::from_code`]; `paper` says where such codes come from). From it follow, by HKDF-SHA256
//! (RFC 5869), a token that finds the bundle and a key that opens it (AES-256-GCM, the token's hash as associated
//! data). The database has the token's hash and the ciphertext: who steals it opens nothing.

use std::collections::BTreeMap;

use hkdf::Hkdf;
use hocba_keystore::{seal, stretch};
use hocba_record::{
    encoding::{RecordId, Sha256Digest, base64url, from_base64url},
    types::UnixTime,
};
use hocba_store::{
    MayConflict, StoreError,
    model::{AuditEvent, HandedOut, Id, Link, LinkContent},
    retrying,
};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    Actor, App, AppError, Scope,
    classes::record_in,
    code::{self, Mistyped},
    policy::Action,
    signing::event,
};

/// HKDF info of the token.
const TOKEN_INFO: &[u8] = b"hocba-link-token-v1";
/// HKDF info of the key.
const KEY_INFO: &[u8] = b"hocba-link-key-v1";
/// Longest life of a link, in seconds: ten years; a transcript is asked for long after school.
pub(crate) const MAX_LIFE: i64 = 3660 * 86_400;

/// Salt by which a code is stretched (docs/spec/links.md §2). One for all links: whoever looks a code up knows nothing but
/// the code, so there is nothing of the link to take a salt from.
pub const CODE_SALT: &[u8] = b"hocba-code-v1";
/// Rounds of HMAC-SHA-256 by which a code is stretched.
///
/// A code has 75 bits of chance. 600,000 rounds of two compressions each are 2^20.2, so a search for the code of one link
/// whose ciphertext somebody stole is of 2^95 compressions, and of 2^74 for any one of two million links at once, since
/// all have one salt. A thousand graphics cards of 10^10 compressions a second (2^43 together) need 140,000,000 years for
/// the first and 70 years for the second. It is 0.1 to 0.5 s for the phone of whoever typed it.
pub const CODE_ROUNDS: u32 = 600_000;

/// The secret of a link: 256 random bits, shown once, in the link; or what follows from a code on paper.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret {
    bytes: Zeroizing<[u8; 32]>,
    /// In groups of four, where it follows from one.
    code: Option<Zeroizing<String>>,
}

impl LinkSecret {
    /// Wraps the bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes: Zeroizing::new(bytes), code: None }
    }
    /// What follows from a code as somebody typed it: about a tenth of a second of a core.
    ///
    /// # Errors
    /// [`Mistyped`], at once.
    pub fn from_code(typed: &str) -> Result<Self, Mistyped> {
        let code = code::parse(typed, code::PAPER)?;
        let bytes = stretch(code.as_bytes(), CODE_SALT, CODE_ROUNDS);
        Ok(Self { bytes, code: Some(Zeroizing::new(code::grouped(&code, 4))) })
    }
    /// As it stands in the fragment of a link.
    pub fn to_text(&self) -> String {
        self.code.as_ref().map_or_else(|| base64url(&*self.bytes), |code| code.to_string())
    }
    /// From the fragment of a link, of either form.
    pub fn from_text(text: &str) -> Option<Self> {
        let random = from_base64url(text).ok().and_then(|bytes| bytes.try_into().ok()).map(Self::from_bytes);
        random.or_else(|| Self::from_code(text).ok())
    }
}

impl std::fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSecret")
    }
}

/// The token that finds a link's bundle.
pub fn link_token(secret: &LinkSecret) -> [u8; 32] {
    expand(secret, TOKEN_INFO)
}

/// The key that opens it.
pub fn link_key(secret: &LinkSecret) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(expand(secret, KEY_INFO))
}

fn expand(secret: &LinkSecret, info: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(None, &*secret.bytes).expand(info, &mut out).expect("HKDF-SHA256 gives up to 8160 bytes");
    out
}

/// A link just made.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Identity, to withdraw it by.
    pub id: Id,
    /// Its secret, which is nowhere else.
    pub secret: LinkSecret,
}

/// A link that is made and not stored yet.
pub(crate) struct SealedLink {
    pub id: Id,
    pub secret: LinkSecret,
    /// SHA-256 of its token.
    pub hash: Sha256Digest,
    pub content: LinkContent,
}

impl SealedLink {
    /// What is stored of it.
    pub fn link(
        &self,
        record: RecordId,
        scope: Scope,
        actor: &Actor,
        now: UnixTime,
        expires_at: Option<UnixTime>,
    ) -> Link {
        let created_by = actor.id();
        Link { id: self.id, record, scope, created_by, created_at: now, expires_at, withdrawn_at: None }
    }
}

/// A link as its maker and its pupil see it.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// The link.
    pub link: Link,
    /// How often somebody looked.
    pub looks: u64,
}

/// A link as the log of what was handed out has it.
#[derive(Debug, Clone)]
pub struct LinkLine {
    /// The link, and the looks taken.
    pub handed: HandedOut,
    /// Name of whoever made it; none where that was a command, or the account is gone.
    pub by: Option<String>,
}

/// Why a link does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenLinkError {
    /// There is no such link.
    #[error("there is no such link")]
    Unknown,
    /// Its time is over.
    #[error("the link ended")]
    Expired {
        /// When.
        at: UnixTime,
    },
    /// Whoever made it took it back.
    #[error("the link was withdrawn")]
    Withdrawn {
        /// When.
        at: UnixTime,
    },
    /// The database.
    #[error(transparent)]
    App(#[from] AppError),
}

impl MayConflict for OpenLinkError {
    fn is_conflict(&self) -> bool {
        matches!(self, OpenLinkError::App(error) if error.is_conflict())
    }
}

impl From<StoreError> for OpenLinkError {
    fn from(error: StoreError) -> Self {
        OpenLinkError::App(error.into())
    }
}

impl App {
    /// Makes a link to a record's latest version, cut to a scope, open until it ends or is withdrawn.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `NotAnchored`, `Time`, `Assemble`.
    pub async fn create_link(
        &self,
        actor: &Actor,
        record: &RecordId,
        scope: Scope,
        expires_at: Option<UnixTime>,
    ) -> Result<NewLink, AppError> {
        let now = self.edges().now();
        if expires_at.is_some_and(|end| end <= now || end > now.plus(MAX_LIFE)) {
            return Err(AppError::Time("the link's end"));
        }
        let bundle = self.bundle(actor, record, scope).await?.to_bytes();
        let made = self.sealed_link(&bundle)?;
        let link = made.link(*record, scope, actor, now, expires_at);
        let done: Result<(), AppError> = retrying(|| async {
            let mut tx = self.store().begin("create_link").await?;
            let (_, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
            tx.add_link(&link, &made.hash, &made.content).await?;
            let reason = Some(scope.to_string());
            tx.audit(&AuditEvent { reason, ..event(actor, "create_link", &version, now) }).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| NewLink { id: link.id, secret: made.secret })
    }

    /// The bundle of a record's latest version, given out as a file: it is noted like a link.
    ///
    /// # Errors
    /// As for [`App::bundle`].
    pub async fn hand_out_bundle(&self, actor: &Actor, record: &RecordId, scope: Scope) -> Result<Vec<u8>, AppError> {
        let bytes = self.bundle(actor, record, scope).await?.to_bytes();
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("hand_out_bundle").await?;
            let (_, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
            let reason = Some(scope.to_string());
            tx.audit(&AuditEvent { reason, ..event(actor, "hand_out_bundle", &version, now) }).await?;
            Ok::<_, AppError>(tx.commit().await?)
        })
        .await?;
        Ok(bytes)
    }

    /// A bundle under a fresh secret.
    pub(crate) fn sealed_link(&self, bundle: &[u8]) -> Result<SealedLink, AppError> {
        let secret = LinkSecret::from_bytes(self.edges().bytes()?);
        let id = Id::from_bytes(self.edges().bytes()?);
        let hash = Sha256Digest::of(&link_token(&secret));
        let nonce = self.edges().bytes()?;
        let content = LinkContent { nonce, bytes: seal(&link_key(&secret), &nonce, hash.as_bytes(), bundle) };
        Ok(SealedLink { id, secret, hash, content })
    }

    /// The sealed bundle of a token, for anyone who has it; the look is noted for the pupil.
    ///
    /// # Errors
    /// See [`OpenLinkError`].
    pub async fn open_link(&self, token: &[u8; 32]) -> Result<LinkContent, OpenLinkError> {
        let now = self.edges().now();
        let hash = Sha256Digest::of(token);
        // The bundle may come from a replica; whether it may be handed out, the database itself says with the look.
        let behind = async { self.store().read_behind().await?.link_of_token(&hash).await }.await;
        let found = match behind {
            Ok(Some((link, Some(content)))) => Some((link, Some(content))),
            // Perhaps too new for the replica; and when it was withdrawn is for the database to say.
            Ok(_) => self.store().read().await?.link_of_token(&hash).await?,
            // A replica may give up what it began: it stops, or what it is sent to replay is in the way.
            Err(error) => {
                tracing::warn!(%error, "the replica does not answer; asking the database itself");
                self.store().read().await?.link_of_token(&hash).await?
            }
        };
        let (link, content) = found.ok_or(OpenLinkError::Unknown)?;
        if let Some(at) = link.withdrawn_at {
            return Err(OpenLinkError::Withdrawn { at });
        }
        if let Some(at) = link.expires_at.filter(|end| *end <= now) {
            return Err(OpenLinkError::Expired { at });
        }
        let content = content.ok_or(OpenLinkError::Unknown)?;
        retrying(|| async {
            let mut tx = self.store().begin("open_link").await?;
            let link = tx.link(&link.id).await?.ok_or(OpenLinkError::Unknown)?;
            if let Some(at) = link.withdrawn_at {
                return Err(OpenLinkError::Withdrawn { at });
            }
            tx.add_look(&link.id, now).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(content)
    }

    /// Withdraws a link that the house handed out: its bundle is deleted here, a sheet with its code opens no more. Copies
    /// that were taken remain with whoever took them.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound` (a link of a pupil or parent is theirs to withdraw), `Changed` where it was withdrawn before.
    pub async fn withdraw_link(&self, actor: &Actor, id: &Id) -> Result<(), AppError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("withdraw_link").await?;
            let link = tx.link(id).await?.ok_or(AppError::NotFound("link"))?;
            let (_, version) = record_in(&mut tx, actor, Action::HandOut, &link.record).await?;
            if tx.is_readers_link(id).await? {
                return Err(AppError::NotFound("link"));
            }
            tx.withdraw_link(id, now).await?;
            tx.audit(&event(actor, "withdraw_link", &version, now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// The links to a record that the house handed out, the newest first, with the looks taken: those on paper and the
    /// others. What a pupil or parent shares is theirs to see ([`App::reader_links`]).
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn links(&self, actor: &Actor, record: &RecordId) -> Result<Vec<LinkLine>, AppError> {
        let mut tx = self.store().read().await?;
        record_in(&mut tx, actor, Action::HandOut, record).await?;
        let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut lines = Vec::new();
        for handed in tx.handed_out_of(record).await? {
            let by = &handed.link.created_by;
            if !names.contains_key(by) {
                let account = match by.parse() {
                    Ok(id) => tx.account(&id).await?,
                    Err(_) => None,
                };
                names.insert(by.clone(), account.map(|account| account.name));
            }
            let by = names.get(by).cloned().flatten();
            lines.push(LinkLine { handed, by });
        }
        Ok(lines)
    }
}
