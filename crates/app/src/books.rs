//! A pupil through the years: found again by their identifiers, with one book of each level; and the whole book handed
//! out as one bundle.

use std::collections::{BTreeMap, BTreeSet};

use hocba_bundle::{
    assemble::{AuthorityStore, assemble_each},
    format::{Bundle, RecordPart},
};
use hocba_record::{
    book::BookNumber,
    encoding::{RecordId, Sha256Digest},
    payload::RecordPayload,
    section::{HistoryEntry, Identifier, IdentifierKind, Identity},
    types::{EducationLevel, SchoolCode, SchoolYear, UnixTime},
};
use hocba_store::{
    PupilKey, Tx,
    model::{Class, Id, RecordVersion},
};

use crate::{
    Actor, App, AppError, Bundler, Scope,
    bundles::Shown,
    classes::record_in,
    eras::{BatchPlace, place_of},
    policy::Action,
    state::PublicState,
};

/// A pupil of an import, found or new.
pub(crate) struct Known {
    pub pupil: Id,
    /// The management number of the book of this level.
    pub book: BookNumber,
    /// The years before, as they stand now.
    pub history: Vec<HistoryEntry>,
}

/// A row of an import.
pub(crate) struct Row<'a> {
    pub number: u32,
    pub identity: &'a Identity,
    /// Who this number was, of those who can be nobody else any more.
    pub before: Option<Id>,
}

/// One year of a pupil's book.
#[derive(Debug, Clone)]
pub struct BookLine {
    /// Record.
    pub record: RecordId,
    /// Latest version.
    pub version: u32,
    /// Class, with school and year.
    pub class: Class,
    /// Where it is.
    pub state: PublicState,
}

/// A pupil's book, of all levels and schools known here.
#[derive(Debug, Clone)]
pub struct BookView {
    /// Management numbers, one for each level that began here.
    pub numbers: BTreeMap<EducationLevel, BookNumber>,
    /// The years, the earliest first.
    pub years: Vec<BookLine>,
}

impl App {
    /// Finds the pupils of an import, in its order; adds those who are new, and books that are missing. `None` for whom
    /// nothing identifies.
    ///
    /// Two identifiers of one row that are of two pupils are nothing to guess at.
    ///
    /// # Errors
    /// [`AppError::TwoPupils`].
    pub(crate) async fn know_pupils(
        &self,
        tx: &mut Tx,
        class: &Class,
        pupils: &[Row<'_>],
    ) -> Result<Vec<Option<Known>>, AppError> {
        let (now, level) = (self.edges().now(), class.grade.level());
        let keys: Vec<Vec<PupilKey>> = pupils.iter().map(|row| self.keys_of(&class.school, row.identity)).collect();
        let all: Vec<PupilKey> = keys.iter().flatten().copied().collect();
        let mut known = tx.pupils_by_keys(&all).await?;
        let (mut new, mut new_keys) = (Vec::new(), Vec::new());
        let mut found: Vec<Option<Id>> = Vec::with_capacity(pupils.len());
        for (row, keys) in pupils.iter().zip(&keys) {
            let owners: BTreeSet<Id> = keys.iter().filter_map(|key| known.get(key)).copied().collect();
            let pupil = match (owners.len(), keys.is_empty()) {
                (_, true) => None,
                (0, _) if row.before.is_some() => row.before,
                (0, _) => {
                    let pupil = Id::from_bytes(self.edges().bytes()?);
                    new.push(pupil);
                    Some(pupil)
                }
                (1, _) => owners.first().copied(),
                _ => return Err(AppError::TwoPupils { number: row.number }),
            };
            if let Some(pupil) = pupil {
                for key in keys {
                    if known.insert(*key, pupil).is_none() {
                        new_keys.push((*key, pupil));
                    }
                }
            }
            found.push(pupil);
        }
        tx.add_pupils(&new, now).await?;
        tx.add_pupil_keys(&new_keys, now).await?;

        let ids: Vec<Id> = found.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut books = tx.books_of(&ids, level).await?;
        let mut new_books = Vec::new();
        for pupil in &ids {
            if !books.contains_key(pupil) {
                let number = BookNumber::from_random(level, self.edges().bytes()?);
                books.insert(*pupil, number);
                new_books.push((number, *pupil));
            }
        }
        tx.add_books(&new_books, now).await?;

        let mut history = BTreeMap::new();
        for (pupil, versions) in tx.sealed_before(&ids, class.year.start()).await? {
            let entries: Vec<HistoryEntry> = versions.iter().map(entry).collect::<Result<_, AppError>>()?;
            history.insert(pupil, entries);
        }
        let known = |pupil: Option<Id>| {
            let pupil = pupil?;
            let book = books.get(&pupil).copied()?;
            Some(Known { pupil, book, history: history.get(&pupil).cloned().unwrap_or_default() })
        };
        Ok(found.into_iter().map(known).collect())
    }

    /// Under which a pupil's identifiers are found: national ones anywhere, the others within the school that gave them.
    pub(crate) fn keys_of(&self, school: &SchoolCode, identity: &Identity) -> Vec<PupilKey> {
        let key = |identifier: &Identifier| {
            let Identifier { kind, value, .. } = identifier;
            let scope = if kind.is_national() { "" } else { school.as_str() };
            self.key().index(&format!("pupil/{}/{scope}/{value}", kind_word(*kind)))
        };
        identity.identifiers.iter().map(key).collect()
    }

    /// The book of the pupil whose record this is.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn book(&self, actor: &Actor, record: &RecordId) -> Result<BookView, AppError> {
        let mut tx = self.store().read().await?;
        let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
        let years = self.years_of(&mut tx, class, version).await?;
        let pupil = years.last().and_then(|(_, version)| version.pupil);
        let mut numbers = BTreeMap::new();
        for level in [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary] {
            if let Some(pupil) = pupil {
                numbers.extend(tx.books_of(&[pupil], level).await?.remove(&pupil).map(|number| (level, number)));
            }
        }
        let mut lines = Vec::with_capacity(years.len());
        for (class, version) in years {
            let states = tx.record_lines(&class.id).await?;
            let state = states.iter().find(|line| line.record == version.record).map(crate::public_state);
            let state = state.unwrap_or(PublicState::Draft);
            lines.push(BookLine { record: version.record, version: version.version, class, state });
        }
        Ok(BookView { numbers, years: lines })
    }

    /// All years of the pupil whose record this is, with their classes, the earliest first.
    ///
    /// Whoever hands out a pupil's record hands out the book it is in, other schools' years among it: the paper book goes
    /// with the pupil, too.
    pub(crate) async fn years_of(
        &self,
        tx: &mut Tx,
        class: Class,
        version: RecordVersion,
    ) -> Result<Vec<(Class, RecordVersion)>, AppError> {
        let Some(pupil) = version.pupil else { return Ok(vec![(class, version)]) };
        let mut years = Vec::new();
        for version in tx.records_of_pupil(&pupil).await? {
            let class = tx.class(&version.class).await?.ok_or(AppError::NotFound("class"))?;
            years.push((class, version));
        }
        Ok(years)
    }

    /// The whole book of the pupil whose record this is, as one bundle: the latest anchored version of every year.
    ///
    /// # Errors
    /// As for [`App::bundle`]; `NotAnchored` where no year is.
    pub async fn book_bundle(&self, actor: &Actor, record: &RecordId, scope: Scope) -> Result<Bundle, AppError> {
        let years = {
            let mut tx = self.store().read().await?;
            let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
            self.years_of(&mut tx, class, version).await?
        };
        self.years_bundle(&mut BTreeMap::new(), &years, Shown::Scope(scope)).await
    }

    /// Some years of a pupil's book as one bundle: of each the latest anchored version. `bundlers` are made as they are
    /// needed, one for each school.
    ///
    /// # Errors
    /// As for [`App::bundle`]; `NotAnchored` where no year is.
    pub(crate) async fn years_bundle(
        &self,
        bundlers: &mut BTreeMap<SchoolCode, Bundler>,
        years: &[(Class, RecordVersion)],
        shown: Shown<'_>,
    ) -> Result<Bundle, AppError> {
        let mut parts: Vec<(SchoolYear, RecordPart, std::sync::Arc<AuthorityStore>)> = Vec::new();
        let mut times: BTreeMap<BatchPlace, UnixTime> = BTreeMap::new();
        for (class, version) in years {
            if !bundlers.contains_key(&class.school) {
                bundlers.insert(class.school.clone(), self.bundler(&class.school).await?);
            }
            let Some(bundler) = bundlers.get(&class.school) else { continue };
            let mut tx = self.store().read().await?;
            let Some((part, at)) = self.anchored_part(&mut tx, bundler, class, version, shown).await? else { continue };
            times.insert(place_of(&part.anchor), at);
            parts.push((class.year, part, bundler.authority_at(at)));
        }
        if parts.is_empty() {
            return Err(AppError::NotAnchored);
        }
        parts.sort_by_key(|(year, ..)| *year);
        for bundler in bundlers.values() {
            times.extend(bundler.times());
        }
        let parts = parts.into_iter().map(|(_, part, authority)| (part, authority));
        Ok(assemble_each(parts.collect(), &|hint| times.get(&place_of(hint)).copied())?)
    }
}

/// What a later year's history says of a sealed version.
fn entry(version: &RecordVersion) -> Result<HistoryEntry, AppError> {
    Ok(HistoryEntry { id: version.record, version: version.version, payload: payload_digest(version)? })
}

/// The digest of a signed version's payload.
pub(crate) fn payload_digest(version: &RecordVersion) -> Result<Sha256Digest, AppError> {
    let damaged = || AppError::Damaged { number: version.number, what: "it was changed after it was signed" };
    let statement = version.statement.as_ref().ok_or_else(damaged)?;
    let payload = RecordPayload::from_bytes(statement.payload()).map_err(|_| damaged())?;
    Ok(payload.digest())
}

const fn kind_word(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::ForeignPaper => "foreign_paper",
        IdentifierKind::Lifelong => "lifelong",
        IdentifierKind::Ministry => "ministry",
        IdentifierKind::Personal => "personal",
        IdentifierKind::School => "school",
        IdentifierKind::Temporary => "temporary",
    }
}
