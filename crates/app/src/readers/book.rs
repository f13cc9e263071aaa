//! A book as its reader sees it: its years with a verdict on each, and the file of one.

use std::collections::BTreeMap;

use hocba_bundle::report::Report;
use hocba_record::{
    book::BookNumber,
    encoding::RecordId,
    types::{EducationLevel, Text},
};
use hocba_store::model::{Class, Id, Reader, RecordVersion, Relation};

use super::ReaderRequest;
use crate::{
    Actor, App, AppError, Scope,
    bundles::Shown,
    state::{PublicState, public_state},
};

/// A book that an account reads.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Whose.
    pub pupil: Id,
    /// As whom.
    pub relation: Relation,
    /// The pupil's name as last signed, or as it stands in a draft.
    pub name: Option<String>,
    /// The latest class.
    pub class: Option<Class>,
}

/// One year of a book that an account reads.
#[derive(Debug, Clone)]
pub struct ReadYear {
    /// Record.
    pub record: RecordId,
    /// Class, with school and year.
    pub class: Class,
    /// The school's name, where it is known.
    pub school: Option<Text>,
    /// Where its latest version is.
    pub state: PublicState,
    /// What a verifier says of what can be handed out; none where nothing can yet.
    pub report: Option<Report>,
    /// What was asked of the school, the newest first.
    pub requests: Vec<ReaderRequest>,
}

/// A book as its reader sees it.
#[derive(Debug, Clone)]
pub struct ReadBook {
    /// Whose, and as whom it is read.
    pub reading: Reading,
    /// Management numbers, one for each level that began here.
    pub numbers: Vec<BookNumber>,
    /// The years, the latest first.
    pub years: Vec<ReadYear>,
}

impl App {
    fn reading_of(&self, reader: &Reader, years: &[(Class, RecordVersion)]) -> Result<Reading, AppError> {
        let last = years.last();
        Ok(Reading {
            pupil: reader.pupil,
            relation: reader.relation,
            name: last.map(|(_, version)| self.personal(version)).transpose()?.and_then(|p| p.pupil_name()),
            class: last.map(|(class, _)| class.clone()),
        })
    }

    /// Whose books the actor reads; nobody's for whoever is no reader.
    ///
    /// # Errors
    /// The database's, `Damaged`.
    pub async fn readings(&self, actor: &Actor) -> Result<Vec<Reading>, AppError> {
        let Some(account) = actor.account() else { return Ok(Vec::new()) };
        let mut tx = self.store().read().await?;
        let mut found = Vec::new();
        for reader in tx.readings_of(&account.id).await? {
            let (_, years) = self.own_years(&mut tx, actor, &reader.pupil).await?;
            found.push(self.reading_of(&reader, &years)?);
        }
        Ok(found)
    }

    /// A book with the verdict on each of its years that is in force. What is still a draft, or waits for a signature, is
    /// told as a state, never by its marks.
    ///
    /// # Errors
    /// `NotFound` for a book that the actor does not read; the database's, `Damaged`.
    pub async fn reading(&self, actor: &Actor, pupil: &Id) -> Result<ReadBook, AppError> {
        let mut tx = self.store().read().await?;
        let (reader, years) = self.own_years(&mut tx, actor, pupil).await?;
        let mut numbers = Vec::new();
        for level in [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary] {
            numbers.extend(tx.books_of(&[*pupil], level).await?.remove(pupil));
        }
        let reading = self.reading_of(&reader, &years)?;
        let mut states = Vec::with_capacity(years.len());
        let mut requests = Vec::with_capacity(years.len());
        for (class, version) in &years {
            let lines = tx.record_lines(&class.id).await?;
            let state = lines.iter().find(|line| line.record == version.record).map(public_state);
            states.push(state.unwrap_or(PublicState::Draft));
            let stored = tx.requests_of(&version.record).await?;
            requests
                .push(stored.into_iter().map(|request| self.opened_request(request)).collect::<Result<Vec<_>, _>>()?);
        }
        drop(tx);
        let mut bundlers = BTreeMap::new();
        let mut read = Vec::with_capacity(years.len());
        for ((year, state), requests) in years.into_iter().zip(states).zip(requests) {
            let (record, class) = (year.1.record, year.0.clone());
            let school = self.school(&class.school).await?.name;
            let bundle =
                self.years_bundle(&mut bundlers, std::slice::from_ref(&year), Shown::Scope(Scope::Whole)).await;
            let report = match bundle {
                Ok(bundle) => Some(self.verify(&bundle.to_bytes()).await),
                Err(AppError::NotAnchored) => None,
                Err(error) => return Err(error),
            };
            read.push(ReadYear { record, class, school, state, report, requests });
        }
        read.reverse();
        Ok(ReadBook { reading, numbers, years: read })
    }

    /// One year of a book in full, as a file: what a reader keeps.
    ///
    /// # Errors
    /// `NotFound`; `NotAnchored` where it is not in force yet.
    pub async fn reading_year(&self, actor: &Actor, pupil: &Id, record: &RecordId) -> Result<Vec<u8>, AppError> {
        let mut tx = self.store().read().await?;
        let (_, years) = self.own_years(&mut tx, actor, pupil).await?;
        drop(tx);
        let year = years.into_iter().find(|(_, version)| version.record == *record);
        let year = year.ok_or(AppError::NotFound("record"))?;
        let bundle = self.years_bundle(&mut BTreeMap::new(), &[year], Shown::Scope(Scope::Whole)).await?;
        Ok(bundle.to_bytes())
    }
}
