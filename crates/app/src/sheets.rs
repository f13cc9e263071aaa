//! A record as it is shown and printed: one pupil's year, a whole class, a whole book.
//!
//! What is signed is shown as it was signed: signatures and disclosures are compared each time, and a record that does not
//! fit together is an error, never a sheet. What is not signed is shown as it would be signed.

use std::collections::BTreeMap;

use hocba_record::{
    book::BookNumber,
    encoding::{RecordId, Sha256Digest},
    form::{self, Form},
    payload::RecordPayload,
    section::Section,
    types::{EducationLevel, SchoolCode, UnixTime},
};
use hocba_signature::{
    certificate::Certificate,
    statement::{Header, Role, StatementType},
};
use hocba_store::{
    Tx,
    model::{Class, Id, LeafKind, LeftOut, RecordLine, RecordState, RecordVersion, Renewal, ReturnReason},
};

use crate::{
    Actor, App, AppError, PublicState,
    appointments::Staff,
    classes::record_in,
    policy::{Action, Place, may, require},
    public_state,
    signing::{certificates, scope},
};

/// Who signed a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetSigner {
    /// In which capacity.
    pub role: Role,
    /// Name as printed in the appointment.
    pub name: String,
    /// Title as printed there: `KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG` for a deputy.
    pub title: String,
    /// When they say they signed.
    pub at: UnixTime,
}

/// A version of a record, to be shown.
#[derive(Debug, Clone)]
pub struct SheetContent {
    /// Class, with school, year and grade.
    pub class: Class,
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Number in the class list.
    pub number: u32,
    /// The form it is laid out in: of a signed version the one that was signed.
    pub form: Form,
    /// Where it is.
    pub state: PublicState,
    /// Why the class goes on without it.
    pub left_out: Option<LeftOut>,
    /// Why it was last returned.
    pub returned: Option<ReturnReason>,
    /// Why there is this version; none in the first.
    pub renewed: Option<Renewal>,
    /// Last change of this version.
    pub changed_at: UnixTime,
    /// Whether all of it is there: a pupil who was left out may be half there.
    pub complete: bool,
    /// The sections, manifest and history left out, in the order they are stored.
    pub sections: Vec<Section>,
    /// Who signed so far, in order.
    pub signers: Vec<SheetSigner>,
    /// Block time, once it is on the public record.
    pub in_force_since: Option<UnixTime>,
}

impl SheetContent {
    /// The pupil's name as printed.
    pub fn pupil_name(&self) -> Option<&str> {
        self.sections.iter().find_map(|section| match section {
            Section::Identity(identity) => Some(identity.name.as_str()),
            _ => None,
        })
    }
}

/// A year of a pupil's book that whoever asks may see.
#[derive(Debug, Clone)]
pub struct YearOfBook {
    /// Record.
    pub record: RecordId,
    /// Class, with school and year.
    pub class: Class,
    /// Where it is.
    pub state: PublicState,
}

/// One record, to be shown.
#[derive(Debug, Clone)]
pub struct RecordSheets {
    /// The latest version.
    pub latest: SheetContent,
    /// The last sealed version before it, where the latest one is not sealed: what differences are marked against.
    pub before: Option<SheetContent>,
    /// The latest version on the public record, where that is another one than the latest.
    pub in_force: Option<SheetContent>,
    /// The pupil's years that whoever asks may see, this one among them, the earliest first.
    pub years: Vec<YearOfBook>,
}

impl RecordSheets {
    /// The version that is printed with a look-up code, once there is one.
    pub fn printed(&self) -> &SheetContent {
        self.in_force.as_ref().unwrap_or(&self.latest)
    }
}

/// A class, to be shown.
#[derive(Debug, Clone)]
pub struct ClassSheets {
    /// The class.
    pub class: Class,
    /// Of each pupil the version on the public record, else the latest one; by number.
    pub sheets: Vec<SheetContent>,
}

/// A pupil's whole book, to be shown.
#[derive(Debug, Clone)]
pub struct BookSheets {
    /// Management numbers, one for each level that began here.
    pub numbers: BTreeMap<EducationLevel, BookNumber>,
    /// Of each year the version on the public record, else the latest one; the earliest first.
    pub years: Vec<SheetContent>,
}

/// What the sheets of one school share, read once.
struct Shelf {
    certificates: BTreeMap<Sha256Digest, Certificate>,
    staff: Staff,
}

impl Shelf {
    async fn of(tx: &mut Tx, school: &SchoolCode) -> Result<Self, AppError> {
        Ok(Self { certificates: certificates(tx).await?, staff: Staff::of(tx, school).await? })
    }

    /// Name and title as printed in the appointment that was in force when they signed; of several the first.
    fn signer(&self, class: &Class, header: &Header) -> SheetSigner {
        let of_role = || self.staff.held_by(&header.certificate, header.role, Some(scope(class)));
        let held = of_role().find(|held| held.appointment.covers(header.iat)).or_else(|| of_role().next());
        let (name, title) = match held {
            Some(held) => (held.appointment.appointee.name.to_string(), held.appointment.appointee.title.to_string()),
            None => (String::new(), String::new()),
        };
        SheetSigner { role: header.role, name, title, at: header.iat }
    }
}

impl App {
    /// A version, checked where it is signed.
    fn sheet(
        &self,
        shelf: &Shelf,
        class: &Class,
        version: &RecordVersion,
        in_force_since: Option<UnixTime>,
    ) -> Result<SheetContent, AppError> {
        let damaged = |what| AppError::Damaged { number: version.number, what };
        let personal = self.personal(version)?;
        let sections = personal.sections().map_err(|_| damaged("its sections are not of their form"))?;
        let (mut form, mut signers) = (Form::of(class.grade, class.year), Vec::new());
        if let Some(statement) = &version.statement {
            // Compares signatures and disclosures with what is stored.
            self.statement(class, version, &shelf.certificates)?;
            let changed = || damaged("it was changed after it was signed");
            let payload = RecordPayload::from_bytes(statement.payload()).map_err(|_| changed())?;
            form = form::by_id(&payload.form).ok_or_else(|| damaged("its form is none of ours"))?;
            let headers = statement.headers(StatementType::Record).map_err(|_| changed())?;
            signers = headers.iter().map(|header| shelf.signer(class, header)).collect();
        }
        let line = RecordLine {
            record: version.record,
            version: version.version,
            class: version.class,
            number: version.number,
            state: version.state,
            revision: version.revision,
            left_out: version.left_out,
            returned: version.returned,
            batched: in_force_since.is_some(),
            anchored_at: in_force_since,
        };
        Ok(SheetContent {
            class: class.clone(),
            record: version.record,
            version: version.version,
            number: version.number,
            form,
            state: public_state(&line),
            left_out: version.left_out,
            returned: version.returned,
            renewed: version.renewed,
            changed_at: version.changed_at,
            complete: personal.complete,
            sections,
            signers,
            in_force_since,
        })
    }

    /// Block time of a version, once it is on the public record.
    async fn in_force(tx: &mut Tx, version: &RecordVersion) -> Result<Option<UnixTime>, AppError> {
        if version.state != RecordState::Sealed {
            return Ok(None);
        }
        let located = tx.locate(LeafKind::Record, &version.record, version.version).await?;
        Ok(located.and_then(|located| located.batch.receipt).map(|receipt| receipt.time))
    }

    /// The version on the public record, else this one, which is the latest.
    async fn printed(
        &self,
        tx: &mut Tx,
        shelf: &Shelf,
        class: &Class,
        latest: &RecordVersion,
    ) -> Result<SheetContent, AppError> {
        if let Some(since) = Self::in_force(tx, latest).await? {
            return self.sheet(shelf, class, latest, Some(since));
        }
        for number in (1..latest.version).rev() {
            let Some(version) = tx.record_version(&latest.record, number).await? else { continue };
            if let Some(since) = Self::in_force(tx, &version).await? {
                return self.sheet(shelf, class, &version, Some(since));
            }
        }
        self.sheet(shelf, class, latest, None)
    }

    /// A record as it is or would be signed, with what it replaces, and the pupil's other years.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn record_sheets(&self, actor: &Actor, record: &RecordId) -> Result<RecordSheets, AppError> {
        let mut tx = self.store().read().await?;
        let (class, version) = record_in(&mut tx, actor, Action::ReadRecords, record).await?;
        let shelf = Shelf::of(&mut tx, &class.school).await?;
        let since = Self::in_force(&mut tx, &version).await?;
        let latest = self.sheet(&shelf, &class, &version, since)?;
        let (mut before, mut in_force) = (None, None);
        if since.is_none() {
            for number in (1..version.version).rev() {
                let Some(earlier) = tx.record_version(record, number).await? else { continue };
                if earlier.state != RecordState::Sealed {
                    continue;
                }
                let since = Self::in_force(&mut tx, &earlier).await?;
                let sheet = self.sheet(&shelf, &class, &earlier, since)?;
                if since.is_some() {
                    in_force = Some(sheet.clone());
                }
                before.get_or_insert(sheet);
                if in_force.is_some() {
                    break;
                }
            }
        }
        if version.state == RecordState::Sealed {
            before = None;
        }
        let mut years = Vec::new();
        for (class, version) in self.years_of(&mut tx, class, version).await? {
            if !may(actor, Action::ReadRecords, Place::of(&class)) {
                continue;
            }
            let states = tx.record_lines(&class.id).await?;
            let state = states.iter().find(|line| line.record == version.record).map(public_state);
            years.push(YearOfBook { record: version.record, class, state: state.unwrap_or(PublicState::Draft) });
        }
        Ok(RecordSheets { latest, before, in_force, years })
    }

    /// Every pupil of a class, read in one pass.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn class_sheets(&self, actor: &Actor, class: &Id) -> Result<ClassSheets, AppError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::ReadRecords, Place::of(&class))?;
        let sheets = self.sheets_of(&mut tx, &class).await?;
        Ok(ClassSheets { class, sheets })
    }

    /// The sheets of a class, by number.
    pub(crate) async fn sheets_of(&self, tx: &mut Tx, class: &Class) -> Result<Vec<SheetContent>, AppError> {
        let shelf = Shelf::of(tx, &class.school).await?;
        let versions = tx.records_of(&class.id).await?;
        let mut sheets = Vec::with_capacity(versions.len());
        for version in &versions {
            sheets.push(self.printed(tx, &shelf, class, version).await?);
        }
        Ok(sheets)
    }

    /// The whole book of the pupil whose record this is, years at other schools among it: as [`App::book`].
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn book_sheets(&self, actor: &Actor, record: &RecordId) -> Result<BookSheets, AppError> {
        let mut tx = self.store().read().await?;
        let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
        self.sheets_of_book(&mut tx, class, version).await
    }

    /// The sheets of all years of the pupil whose record this is.
    pub(crate) async fn sheets_of_book(
        &self,
        tx: &mut Tx,
        class: Class,
        version: RecordVersion,
    ) -> Result<BookSheets, AppError> {
        let years = self.years_of(tx, class, version).await?;
        let mut numbers = BTreeMap::new();
        if let Some(pupil) = years.last().and_then(|(_, version)| version.pupil) {
            for level in [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary] {
                numbers.extend(tx.books_of(&[pupil], level).await?.remove(&pupil).map(|number| (level, number)));
            }
        }
        let mut shelves: BTreeMap<SchoolCode, Shelf> = BTreeMap::new();
        let mut sheets = Vec::with_capacity(years.len());
        for (class, version) in &years {
            let shelf = match shelves.remove(&class.school) {
                Some(shelf) => shelf,
                None => Shelf::of(tx, &class.school).await?,
            };
            sheets.push(self.printed(tx, &shelf, class, version).await?);
            shelves.insert(class.school.clone(), shelf);
        }
        Ok(BookSheets { numbers, years: sheets })
    }

    /// The sheet of one record: the version on the public record, else the latest one.
    pub(crate) async fn sheet_of(
        &self,
        tx: &mut Tx,
        class: &Class,
        version: &RecordVersion,
    ) -> Result<SheetContent, AppError> {
        let shelf = Shelf::of(tx, &class.school).await?;
        self.printed(tx, &shelf, class, version).await
    }
}
