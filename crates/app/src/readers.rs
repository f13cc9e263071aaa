//! Pupils and parents: whose book an account reads, what they hand out of it, who looked, what they ask the school.
//!
//! A reader's account has no grants: policy opens nothing to it, and everything here asks first whether the book is
//! theirs. Somebody else's book is as one that is not there. docs/readers.md narrates it.

mod accounts;
mod book;
mod links;
mod requests;

use hocba_record::types::Text;
use hocba_store::{
    MayConflict, StoreError, Tx,
    model::{Class, Envelope, Id, Reader, RecordVersion},
};
use serde::{Serialize, de::DeserializeOwned};

pub use accounts::{Invitation, ReaderLine};
pub use book::{ReadBook, ReadYear, Reading};
pub use links::{Choice, MAX_LABEL, MAX_LINKS, ReadLink};
pub use requests::{ClassRequest, MAX_REQUEST, ReaderRequest};

use crate::{Actor, App, AppError, access::AccessError};

/// Why something of a reader's was not done. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The text is empty, too long or holds characters that no text has.
    #[error("the {0} is empty, too long or not a text")]
    Text(&'static str),
    /// No year, or none that is in force, was chosen.
    #[error("nothing was chosen that can be handed out")]
    NothingChosen,
    /// There are as many living links as may be: withdraw some.
    #[error("there are {MAX_LINKS} links already")]
    TooManyLinks,
    /// A request of this year waits for the school already.
    #[error("a request of this year is open already")]
    RequestOpen,
    /// Accounts and slips.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<AppError> for ReaderError {
    fn from(error: AppError) -> Self {
        ReaderError::Access(error.into())
    }
}

impl From<StoreError> for ReaderError {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl MayConflict for ReaderError {
    fn is_conflict(&self) -> bool {
        matches!(self, ReaderError::Access(error) if error.is_conflict())
    }
}

/// A text of people: one paragraph or several, neither empty nor too long.
fn text(typed: &str, what: &'static str, most: usize) -> Result<String, ReaderError> {
    let text: Text = typed.trim().parse().map_err(|_| ReaderError::Text(what))?;
    if text.as_str().chars().count() > most { Err(ReaderError::Text(what)) } else { Ok(text.as_str().to_owned()) }
}

impl App {
    fn seal_json(&self, place: &str, value: &impl Serialize) -> Result<Envelope, AppError> {
        let plain =
            serde_json::to_vec(value).map_err(|_| AppError::Damaged { number: 0, what: "what is to be sealed" })?;
        self.seal_envelope(place, &zeroize::Zeroizing::new(plain))
    }

    fn open_json<T: DeserializeOwned>(
        &self,
        place: &str,
        sealed: &Envelope,
        what: &'static str,
    ) -> Result<T, AppError> {
        let damaged = || AppError::Damaged { number: 0, what };
        let plain = self.open_envelope(place, sealed, [what; 2]).map_err(|_| damaged())?;
        serde_json::from_slice(&plain).map_err(|_| damaged())
    }
}

impl App {
    /// Whether the book is one that the actor reads: everything that a reader does begins with it.
    async fn own(&self, tx: &mut Tx, actor: &Actor, pupil: &Id) -> Result<Reader, AppError> {
        let account = actor.account().ok_or(AppError::NotFound("book"))?;
        let readings = tx.readings_of(&account.id).await?;
        readings.into_iter().find(|reader| reader.pupil == *pupil).ok_or(AppError::NotFound("book"))
    }

    /// The years of a book that the actor reads, the earliest first.
    async fn own_years(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        pupil: &Id,
    ) -> Result<(Reader, Vec<(Class, RecordVersion)>), AppError> {
        let reader = self.own(tx, actor, pupil).await?;
        let mut years = Vec::new();
        for version in tx.records_of_pupil(pupil).await? {
            let class = tx.class(&version.class).await?.ok_or(AppError::NotFound("class"))?;
            years.push((class, version));
        }
        Ok((reader, years))
    }
}
