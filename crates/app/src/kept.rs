//! Files that were sent and are looked at before they are taken: sealed, of one account at one school, for a day.

use std::fmt;

use hocba_record::types::{SchoolCode, SchoolYear, UnixTime};
use hocba_store::{
    model::{Id, KeptFile, KeptKind},
    retrying,
};
use hocba_workbook::ListMapping;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Actor, App, AppError,
    policy::{Action, Place, may_within, require},
};

/// Seconds that a file is kept.
const LIFE: i64 = 86_400;

/// A file that was sent.
pub struct Kept {
    /// What it is.
    pub kind: KeptKind,
    /// Year a list is for; a workbook of marks says it itself.
    pub year: Option<SchoolYear>,
    /// Its name, as it was sent.
    pub name: String,
    /// How columns are to be taken, where somebody said so.
    pub mapping: ListMapping,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Sent at.
    pub kept_at: UnixTime,
    /// Gone from then on.
    pub expires_at: UnixTime,
    /// Names this file among those that were in its place.
    pub version: [u8; 12],
}

impl fmt::Debug for Kept {
    /// Neither its name nor what is in it: both may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// What stands before the file.
#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    mapping: ListMapping,
}

fn place(account: &Id, school: &SchoolCode, kind: KeptKind) -> String {
    format!("kept-file/{account}/{school}/{kind}")
}

fn allowed(actor: &Actor, school: &SchoolCode, kind: KeptKind) -> Result<(), AppError> {
    match kind {
        KeptKind::Staff | KeptKind::Classes | KeptKind::Pupils => {
            require(actor, Action::PrepareSchool, Place::School(school))
        }
        // Of which class it is, the file tells when it is read; a clerk's are of years that stand on paper.
        KeptKind::Marks if [Action::Import, Action::Convert].iter().any(|what| may_within(actor, *what, school)) => {
            Ok(())
        }
        KeptKind::Marks => Err(AppError::Forbidden(Action::Import)),
    }
}

impl App {
    /// Keeps a file for a day, in the place of the actor's file of this kind before. A list is for a year; a workbook of marks
    /// says its own.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for an actor without an account, and for a school that is not here.
    pub async fn keep_file(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        (kind, year): (KeptKind, Option<SchoolYear>),
        (name, bytes): (&str, &[u8]),
        mapping: &ListMapping,
    ) -> Result<(), AppError> {
        allowed(actor, school, kind)?;
        let account = actor.account().ok_or(AppError::NotFound("account"))?.id;
        let head = Head { name: name.to_owned(), mapping: mapping.clone() };
        let head = serde_json::to_vec(&head).map_err(|_| AppError::Damaged { number: 0, what: "a file's name" })?;
        let length = u32::try_from(head.len()).map_err(|_| AppError::Damaged { number: 0, what: "a file's name" })?;
        let mut plain = Zeroizing::new(Vec::with_capacity(4 + head.len() + bytes.len()));
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(&head);
        plain.extend_from_slice(bytes);
        let now = self.edges().now();
        let file = KeptFile {
            account,
            school: school.clone(),
            kind,
            year,
            personal: self.seal_envelope(&place(&account, school, kind), &plain)?,
            kept_at: now,
            expires_at: now.plus(LIFE),
        };
        retrying(|| async {
            let mut tx = self.store().begin("keep_file").await?;
            tx.school(school).await?.ok_or(AppError::NotFound("school"))?;
            tx.keep_file(&file).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// The files that the actor has kept at a school, of the kinds that they may still do something with.
    ///
    /// # Errors
    /// The database's; `Damaged` for one that does not open.
    pub async fn kept_files(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<Kept>, AppError> {
        let Some(account) = actor.account() else { return Ok(Vec::new()) };
        let files = self.store().read().await?.kept_files(&account.id, school, self.edges().now()).await?;
        files.iter().filter(|file| allowed(actor, school, file.kind).is_ok()).map(|file| self.open_kept(file)).collect()
    }

    /// What is wrong with a kept file; for `hocba fsck`.
    pub fn check_kept(&self, file: &KeptFile) -> Option<&'static str> {
        match self.open_kept(file) {
            Err(AppError::Damaged { what, .. }) => Some(what),
            _ => None,
        }
    }

    fn open_kept(&self, file: &KeptFile) -> Result<Kept, AppError> {
        let damaged = |what| AppError::Damaged { number: 0, what };
        let place = place(&file.account, &file.school, file.kind);
        let words = ["a kept file was sealed with another data key", "a kept file does not open"];
        let mut plain = self.open_envelope(&place, &file.personal, words).map_err(damaged)?;
        let not_of_its_form = || damaged("a kept file is not of its form");
        let (length, rest) = plain.split_first_chunk::<4>().ok_or_else(not_of_its_form)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| not_of_its_form())?;
        let (head, _) = rest.split_at_checked(length).ok_or_else(not_of_its_form)?;
        let Head { name, mapping } = serde_json::from_slice(head).map_err(|_| not_of_its_form())?;
        plain.drain(..4 + length);
        Ok(Kept {
            kind: file.kind,
            year: file.year,
            name,
            mapping,
            bytes: plain,
            kept_at: file.kept_at,
            expires_at: file.expires_at,
            version: file.personal.nonce,
        })
    }

    /// Removes a kept file, unless another one took its place since. Gives whether it was there.
    ///
    /// # Errors
    /// `Forbidden`; the database's.
    pub async fn drop_kept_file(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        kind: KeptKind,
        version: &[u8; 12],
    ) -> Result<bool, AppError> {
        allowed(actor, school, kind)?;
        let Some(account) = actor.account() else { return Ok(false) };
        retrying(|| async {
            let mut tx = self.store().begin("drop_kept_file").await?;
            let gone = tx.drop_kept_file(&account.id, school, kind, version).await?;
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }
}
