//! The accounts by which pupils and parents of a class read their books: made, printed as slips, reset.

use std::collections::BTreeMap;

use hocba_record::{encoding::RecordId, types::UnixTime};
use hocba_store::{
    Tx,
    model::{Account, Class, Id, Reader, RecordVersion, Relation},
    retrying,
};

use super::ReaderError;
use crate::{
    Actor, App, AppError,
    access::{AccountState, MAX_SLIPS, Slip},
    people::plain,
    policy::{Action, Place, require},
};

/// A pupil of a class, with who reads their book.
#[derive(Debug, Clone)]
pub struct ReaderLine {
    /// Record of the class's year.
    pub record: RecordId,
    /// Number in the class list.
    pub number: u32,
    /// Name as printed.
    pub name: Option<String>,
    /// Whether they can have readers: somebody whom nothing identifies has no book.
    pub has_book: bool,
    /// Accounts, and how far each is.
    pub readers: Vec<(Relation, Id, AccountState)>,
}

/// A slip for a reader, to be printed once.
#[derive(Clone)]
pub struct Invitation {
    /// Number in the class list.
    pub number: u32,
    /// The pupil's name, for the slip.
    pub name: Option<String>,
    /// As whom.
    pub relation: Relation,
    /// The slip.
    pub slip: Slip,
}

impl App {
    /// The pupils of a class with who reads their books.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn class_readers(&self, actor: &Actor, class: &Id) -> Result<(Class, Vec<ReaderLine>), ReaderError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::InviteReaders, Place::of(&class))?;
        let now = self.edges().now();
        let mut readers = tx.readers_of_class(&class.id).await?;
        let mut lines = Vec::new();
        for version in tx.records_of(&class.id).await? {
            let of_pupil = version.pupil.and_then(|pupil| readers.remove(&pupil)).unwrap_or_default();
            let mut known = Vec::with_capacity(of_pupil.len());
            for reader in of_pupil {
                let access = tx.access_of(&reader.account).await?;
                let slip = tx.slip_of(&reader.account).await?;
                known.push((reader.relation, reader.account, AccountState::of(&access, slip.as_ref(), now)));
            }
            lines.push(ReaderLine {
                record: version.record,
                number: version.number,
                name: self.personal(&version)?.pupil_name(),
                has_book: version.pupil.is_some(),
                readers: known,
            });
        }
        Ok((class, lines))
    }

    /// Makes accounts for readers of the books of a class's pupils, and slips for those who have no password yet; whoever
    /// has one gets nothing. All of them or none.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound` for a record that is not of the class or whose pupil has no book, `TooMany`.
    pub async fn invite_readers(
        &self,
        actor: &Actor,
        class: &Id,
        wanted: &[(RecordId, Relation)],
    ) -> Result<Vec<Invitation>, ReaderError> {
        if wanted.len() > MAX_SLIPS {
            return Err(AppError::TooMany { found: wanted.len(), max: MAX_SLIPS }.into());
        }
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("invite_readers").await?;
            let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
            require(actor, Action::InviteReaders, Place::of(&class))?;
            let versions: BTreeMap<RecordId, RecordVersion> =
                tx.records_of(&class.id).await?.into_iter().map(|version| (version.record, version)).collect();
            let readers = tx.readers_of_class(&class.id).await?;
            let mut made = Vec::new();
            for (record, relation) in wanted {
                let version = versions.get(record).ok_or(AppError::NotFound("record"))?;
                let pupil = version.pupil.ok_or(AppError::NotFound("book"))?;
                let known = readers.get(&pupil).into_iter().flatten().find(|reader| reader.relation == *relation);
                let account = match known {
                    Some(reader) if tx.access_of(&reader.account).await?.password.is_some() => continue,
                    Some(reader) => tx.account(&reader.account).await?.ok_or(AppError::NotFound("account"))?,
                    None => self.new_reader(&mut tx, actor, &pupil, *relation, now).await?,
                };
                let slip = self.slip_for(&mut tx, actor, &account).await?;
                tx.audit(&plain(actor, "make_slip", account.id.to_string(), now)).await?;
                let name = self.personal(version)?.pupil_name();
                made.push(Invitation { number: version.number, name, relation: *relation, slip });
            }
            tx.commit().await?;
            Ok(made)
        })
        .await
    }

    async fn new_reader(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        pupil: &Id,
        relation: Relation,
        now: UnixTime,
    ) -> Result<Account, ReaderError> {
        // Names of pupils are nowhere in the open: neither login nor name says who it is.
        let (prefix, name) = match relation {
            Relation::Pupil => ("hs", "Học sinh"),
            Relation::Guardian => ("ph", "Phụ huynh"),
        };
        let digits: String = self.edges().bytes::<10>()?.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        let account = Account {
            id: Id::from_bytes(self.edges().bytes()?),
            login: format!("{prefix}{digits}"),
            name: name.to_owned(),
            certificate: None,
            grants: Vec::new(),
        };
        tx.add_account(&account, now).await?;
        let reader = Reader { account: account.id, pupil: *pupil, relation, made_by: actor.id(), made_at: now };
        tx.add_reader(&reader).await?;
        tx.audit(&plain(actor, "add_reader", account.id.to_string(), now)).await?;
        Ok(account)
    }

    /// Takes the password from a reader of a class's pupil, ends their sessions, and makes a slip to begin again with.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for an account that reads no book of this class.
    pub async fn reset_reader(&self, actor: &Actor, class: &Id, account: &Id) -> Result<Invitation, ReaderError> {
        retrying(|| async {
            let mut tx = self.store().begin("reset_reader").await?;
            let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
            require(actor, Action::InviteReaders, Place::of(&class))?;
            let readers = tx.readers_of_class(&class.id).await?;
            let reader = readers.into_values().flatten().find(|reader| reader.account == *account);
            let reader = reader.ok_or(AppError::NotFound("account"))?;
            let versions = tx.records_of(&class.id).await?;
            let version = versions.iter().find(|version| version.pupil == Some(reader.pupil));
            let version = version.ok_or(AppError::NotFound("record"))?;
            let account = tx.account(account).await?.ok_or(AppError::NotFound("account"))?;
            let slip = self.reset_in(&mut tx, actor, &account).await?;
            tx.commit().await?;
            let name = self.personal(version)?.pupil_name();
            Ok(Invitation { number: version.number, name, relation: reader.relation, slip })
        })
        .await
    }
}
