//! From an empty installation to the first signed class, and on to the next year: a school is opened, its staff, classes
//! and pupils are taken from lists, certificates are enrolled; and at every moment what is still missing is said.
//!
//! What is planned is kept beside the classes that have records. A list changes no record: a pupil who is expected and has
//! none, or has one and is not expected, is a finding of the import of marks.

mod certificates;
mod checklist;
mod facts;
mod lists;
mod rolling;
mod years;

use hocba_bundle::facts::IssuerCode;
use hocba_record::{
    encoding::Sha256Digest,
    section::Identity,
    types::{ClassName, EducationLevel, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_store::{
    Tx,
    model::{
        Account, AuditEvent, Envelope, Grant, GrantRole, Id, ListedSchool, PlannedClass, Position, School,
        SchoolYearRow,
    },
    retrying,
};
use hocba_workbook::name_key;

pub use certificates::{
    CertificateFacts, CertificateFile, CertificateRefusal, Enrolled, MAX_CERTIFICATE_FILES, StaffCertificate,
};
pub use checklist::{Facts, Holder, Item, ItemState, PlannedClassFacts, Stage, checklist};
pub use facts::NeededAppointment;
pub use lists::{ListMappings, Lists, ListsDone, ListsLook, Mode, Outcome, StaffLine};
pub use rolling::{Move, MoveLine, Reach, RollOptions, RolledOver};
pub use years::{ClosedYear, YearView};

use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, require},
    schools::require_open,
};

/// A school to be opened.
#[derive(Debug, Clone)]
pub struct OpenSchool {
    /// Its code.
    pub code: SchoolCode,
    /// Its name as printed; the list's where it is left out.
    pub name: Option<Text>,
    /// The levels it teaches; the list's where left out.
    pub levels: Vec<EducationLevel>,
    /// Under which its batches are anchored.
    pub issuer: IssuerCode,
}

impl App {
    /// Takes the department's list of schools, served here or not. Gives how many are new or say something else now.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn note_schools(&self, actor: &Actor, schools: &[ListedSchool]) -> Result<usize, AppError> {
        require(actor, Action::AppointSchool, Place::Everywhere)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("note_schools").await?;
            let known = tx.listed_schools().await?;
            let changed: Vec<ListedSchool> = schools.iter().filter(|s| !known.contains(s)).cloned().collect();
            if changed.is_empty() {
                return Ok(0);
            }
            tx.note_schools(&changed, now).await?;
            let reason = Some(changed.len().to_string());
            tx.audit(&AuditEvent { reason, ..plain(actor, "note_schools", "all".into(), now) }).await?;
            tx.commit().await?;
            Ok(changed.len())
        })
        .await
    }

    /// Opens a school: it is served from now on, under the name of the department's list. Gives whether anything is new.
    ///
    /// # Errors
    /// `Forbidden`; `SchoolName` where nothing says its name, or the list says another one; `SchoolClosed`.
    pub async fn open_school(&self, actor: &Actor, new: &OpenSchool) -> Result<bool, AppError> {
        require(actor, Action::AppointSchool, Place::School(&new.code))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("open_school").await?;
            let opened = write_school(&mut tx, actor, new, now).await?;
            tx.commit().await?;
            Ok(opened)
        })
        .await
    }

    /// Gives a planned class its homeroom teacher; whoever had it before has it no longer. The right to sign comes from
    /// an appointment besides. Gives whether it is new.
    ///
    /// # Errors
    /// `Forbidden`, `YearNotOpen`, `YearClosed`, `UnknownClass`; `NotFound` for whoever is not of the school's staff.
    pub async fn assign_homeroom(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: SchoolYear,
        class: &ClassName,
        account: &Id,
    ) -> Result<bool, AppError> {
        require(actor, Action::PrepareSchool, Place::School(school))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("assign_homeroom").await?;
            require_year(&mut tx, school, year).await?;
            let planned = tx.planned_classes(school, year).await?.into_iter().find(|c| c.name == *class);
            let planned = planned.ok_or_else(|| AppError::UnknownClass(class.clone()))?;
            if !tx.staff_of(school).await?.iter().any(|member| member.account == *account) {
                return Err(AppError::NotFound("account"));
            }
            if planned.homeroom == Some(*account) {
                return Ok(false);
            }
            give_class(&mut tx, &planned, account, now).await?;
            tx.audit(&plain(actor, "assign_homeroom", planned.id.to_string(), now)).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Says by which certificate a person signs, leaf first: it leads to a recognised root now, and its subject is called
    /// as the person, or, for a clerk's, as the school whose seal it is. Gives whether it is new.
    ///
    /// # Errors
    /// `Forbidden` where the account works at a place that is not the actor's; `NotFound`; `Certificate`;
    /// `CertificateName`; `Exists` for another account's certificate, without saying whose.
    pub async fn enrol_certificate(&self, actor: &Actor, account: &Id, chain: &[Vec<u8>]) -> Result<bool, AppError> {
        crate::policy::require_somewhere(actor, Action::PrepareSchool)?;
        let now = self.edges().now();
        let certificate = self.usable_certificate(chain);
        retrying(|| async {
            let mut tx = self.store().begin("enrol_certificate").await?;
            // An account of another school is as good as none to whoever may not know of it.
            let account = tx.account(account).await?.ok_or(AppError::NotFound("account"))?;
            let schools = self.workplaces(&mut tx, &account).await?;
            if schools.is_empty() || account.grants.iter().any(|g| g.school.is_none()) {
                require(actor, Action::PrepareSchool, Place::Everywhere)?;
            }
            for school in &schools {
                require(actor, Action::PrepareSchool, Place::School(school))?;
            }
            let certificate = match &certificate {
                Ok(certificate) => certificate,
                Err(AppError::Certificate(what)) => return Err(AppError::Certificate(what.clone())),
                Err(_) => return Err(AppError::Certificate("it cannot be used".into())),
            };
            let subject = name_key(certificate.subject());
            let mut called = subject == name_key(&account.name);
            for school in &schools {
                let clerk =
                    account.grants.iter().any(|g| g.role == GrantRole::Clerk && g.school.as_ref() == Some(school));
                let name = tx.school_changes(school).await?.into_iter().rev().find_map(|change| change.name);
                let name = match name {
                    Some(name) => Some(name),
                    None => tx.listed_school(school).await?.map(|listed| listed.name),
                };
                called |= clerk && name.is_some_and(|name| name_key(name.as_str()) == subject);
            }
            if subject.is_empty() || !called {
                return Err(AppError::CertificateName);
            }
            if account.certificate == Some(*certificate.digest()) {
                return Ok(false);
            }
            for der in chain {
                tx.add_certificate(&Sha256Digest::of(der), der, now).await?;
            }
            tx.set_certificate(&account.id, certificate.digest()).await?;
            tx.audit(&plain(actor, "enrol_certificate", account.id.to_string(), now)).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    /// The schools somebody works at.
    async fn workplaces(
        &self,
        tx: &mut Tx,
        account: &Account,
    ) -> Result<std::collections::BTreeSet<SchoolCode>, AppError> {
        let mut schools: std::collections::BTreeSet<SchoolCode> =
            account.grants.iter().filter_map(|g| g.school.clone()).collect();
        for school in tx.schools().await? {
            if tx.staff_of(&school.code).await?.iter().any(|m| m.account == account.id) {
                schools.insert(school.code);
            }
        }
        Ok(schools)
    }

    /// Seals the identity of a pupil on a class list.
    pub(crate) fn seal_member(&self, class: &Id, number: u32, identity: &Identity) -> Result<Envelope, AppError> {
        let bytes = hocba_record::canonical::to_vec(identity)
            .map(zeroize::Zeroizing::new)
            .map_err(|_| AppError::Damaged { number, what: "its identity" })?;
        self.seal_envelope(&member_place(class, number), &bytes)
    }

    /// Opens it.
    pub(crate) fn open_member(&self, member: &hocba_store::model::ClassMember) -> Result<Identity, AppError> {
        let damaged = |what| AppError::Damaged { number: member.number, what };
        let place = member_place(&member.class, member.number);
        let words = ["it was sealed with another data key", "its identity does not open"];
        let plain = self.open_envelope(&place, &member.personal, words).map_err(damaged)?;
        let limits = hocba_record::canonical::Limits { bytes: 64 * 1024, depth: 8 };
        hocba_record::canonical::from_slice(&plain, limits).map_err(|_| damaged("its identity is not of its form"))
    }
}

/// Where an envelope belongs; it opens nowhere else.
fn member_place(class: &Id, number: u32) -> String {
    format!("member/{class}/{number}")
}

/// Opens a school in a transaction; whether anything is new.
pub(crate) async fn write_school(
    tx: &mut Tx,
    actor: &Actor,
    new: &OpenSchool,
    now: UnixTime,
) -> Result<bool, AppError> {
    require_open(tx, &new.code).await?;
    let listed = tx.listed_school(&new.code).await?;
    let name = match (&new.name, &listed) {
        (Some(name), Some(listed)) if name_key(name.as_str()) != name_key(listed.name.as_str()) => {
            return Err(AppError::SchoolName);
        }
        (_, Some(listed)) => listed.name.clone(),
        (Some(name), None) => name.clone(),
        (None, None) => return Err(AppError::SchoolName),
    };
    let levels = match &listed {
        Some(listed) if new.levels.is_empty() => listed.levels.clone(),
        _ => in_order(&new.levels),
    };
    // Where it lies is the list's to say.
    let ward = listed.as_ref().and_then(|listed| listed.ward.clone());
    let wanted = ListedSchool { code: new.code.clone(), name, levels, ward };
    let school = School { code: new.code.clone(), issuer: new.issuer.clone() };
    if listed.as_ref() == Some(&wanted) && tx.school(&new.code).await?.as_ref() == Some(&school) {
        return Ok(false);
    }
    tx.note_schools(&[wanted], now).await?;
    tx.add_school(&school, now.seconds()).await?;
    tx.audit(&plain(actor, "open_school", new.code.to_string(), now)).await?;
    Ok(true)
}

/// The levels in their order, each once.
fn in_order(levels: &[EducationLevel]) -> Vec<EducationLevel> {
    [EducationLevel::Primary, EducationLevel::LowerSecondary, EducationLevel::UpperSecondary]
        .into_iter()
        .filter(|level| levels.contains(level))
        .collect()
}

/// The open year of a school that is served here.
async fn require_year(tx: &mut Tx, school: &SchoolCode, year: SchoolYear) -> Result<SchoolYearRow, AppError> {
    tx.school(school).await?.ok_or_else(|| AppError::UnknownSchool(school.clone()))?;
    let found = tx.school_years(school).await?.into_iter().find(|row| row.year == year);
    let found = found.ok_or(AppError::YearNotOpen(year))?;
    if found.closed_at.is_some() { Err(AppError::YearClosed(year)) } else { Ok(found) }
}

/// What an account in this position is granted in the whole school.
const fn role_of(position: Position) -> Option<GrantRole> {
    match position {
        Position::Principal => Some(GrantRole::Principal),
        Position::DeputyPrincipal => Some(GrantRole::DeputyPrincipal),
        Position::Clerk => Some(GrantRole::Clerk),
        Position::Administrator => Some(GrantRole::SchoolAdministrator),
        Position::Teacher => None,
    }
}

/// Writes who the homeroom teacher of a class is, and moves the grant.
pub(crate) async fn give_class(tx: &mut Tx, class: &PlannedClass, account: &Id, now: UnixTime) -> Result<(), AppError> {
    if let Some(before) = class.homeroom.filter(|before| before != account) {
        tx.remove_class_grant(&before, (&class.school, class.year, &class.name)).await?;
    }
    let of = Some((class.year, class.name.clone()));
    let wanted = Grant::of_school(GrantRole::HomeroomTeacher, class.school.clone(), of);
    let has = tx.account(account).await?.is_some_and(|a| a.grants.contains(&wanted));
    if !has {
        tx.add_grant(account, &wanted).await?;
    }
    tx.put_planned_class(&PlannedClass { homeroom: Some(*account), ..class.clone() }, now).await?;
    Ok(())
}
