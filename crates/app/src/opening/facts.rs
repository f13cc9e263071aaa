//! What is there of a school, for the checklist and for whoever signs what is missing.

use std::collections::BTreeMap;

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_signature::{certificate::Certificate, statement::Role};
use hocba_store::{
    Tx,
    model::{Account, Id, LeafKind, PlannedClass, Position},
};

use super::{Facts, Holder, Item, PlannedClassFacts, Stage, checklist};
use crate::{
    Actor, App, AppError,
    appointments::Staff,
    policy::{Action, Place, require},
};

/// A homeroom appointment that is planned and not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededAppointment {
    /// The class.
    pub class: ClassName,
    /// The teacher, as printed.
    pub name: Text,
    /// The teacher's certificates, leaf first.
    pub chain: Vec<Vec<u8>>,
}

/// The appointments in force at a school, with whether they are on the public record.
struct InForce(Vec<(hocba_signature::appointment::Appointment, Stage)>);

impl InForce {
    async fn of(tx: &mut Tx, school: &SchoolCode, now: UnixTime) -> Result<Self, AppError> {
        let mut found = Vec::new();
        for held in Staff::of(tx, school).await?.0.into_iter().filter(|held| held.in_force(now)) {
            let id: RecordId = held.appointment.id;
            let located = tx.locate(LeafKind::Appointment, &id, 1).await?;
            let anchored = located.is_some_and(|l| l.batch.receipt.is_some());
            found.push((held.appointment, if anchored { Stage::Anchored } else { Stage::Signed }));
        }
        Ok(Self(found))
    }

    /// How far a role of the whole school is.
    fn role(&self, role: Role) -> Stage {
        self.0.iter().filter(|(a, _)| a.role == role).map(|(_, stage)| *stage).max().unwrap_or(Stage::None)
    }

    /// How far it is that this certificate is given this class.
    fn class(&self, certificate: Option<Sha256Digest>, year: SchoolYear, class: &ClassName) -> Stage {
        self.0
            .iter()
            .filter(|(a, _)| a.role == Role::HomeroomTeacher && a.year == Some(year) && a.class.as_ref() == Some(class))
            .filter(|(a, _)| Some(a.appointee.certificate) == certificate)
            .map(|(_, stage)| *stage)
            .max()
            .unwrap_or(Stage::None)
    }
}

/// The certificates that issue others, of all that were ever brought.
async fn issuers(tx: &mut Tx) -> Result<Vec<Vec<u8>>, AppError> {
    let certificates = tx.certificates().await?.into_iter();
    Ok(certificates.filter(|der| Certificate::from_der(der).is_ok_and(|c| c.is_ca())).collect())
}

impl App {
    /// Còn thiếu gì: what a school lacks before its first class of a year can be signed, in the order in which it is done.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn opening_state(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<Vec<Item>, AppError> {
        require(actor, Action::ReadStates, Place::School(school))?;
        let mut tx = self.store().read().await?;
        Ok(checklist(&self.facts(&mut tx, school, year).await?))
    }

    async fn facts(&self, tx: &mut Tx, school: &SchoolCode, year: SchoolYear) -> Result<Facts, AppError> {
        let now = self.edges().now();
        let served = tx.school(school).await?.is_some();
        let closed = tx.school_changes(school).await?.iter().any(|change| change.change.closes());
        let years = tx.school_years(school).await?;
        let accounts: BTreeMap<Id, Account> = tx.accounts().await?.into_iter().map(|a| (a.id, a)).collect();
        let staff = tx.staff_of(school).await?;
        let appointments = InForce::of(tx, school, now).await?;
        let holder = |position: Position, role: Role| {
            let of_position = || {
                let here = staff.iter().filter(|member| member.position == position);
                here.filter_map(|member| accounts.get(&member.account))
            };
            Holder {
                accounts: of_position().count(),
                certificates: of_position().filter(|account| account.certificate.is_some()).count(),
                appointment: appointments.role(role),
            }
        };
        let members = tx.count_members(school, year).await?;
        let classes = tx.planned_classes(school, year).await?.into_iter().map(|class| {
            let teacher = class.homeroom.and_then(|id| accounts.get(&id));
            let certificate = teacher.and_then(|account| account.certificate);
            PlannedClassFacts {
                homeroom: teacher.is_some(),
                certificate: certificate.is_some(),
                appointment: appointments.class(certificate, year, &class.name),
                pupils: members.get(&class.id).copied().unwrap_or(0),
                name: class.name,
            }
        });
        Ok(Facts {
            school: school.clone(),
            year,
            open: served && !closed,
            year_open: years.iter().any(|row| row.year == year && row.closed_at.is_none()),
            staff: staff.iter().filter(|member| accounts.contains_key(&member.account)).count(),
            principal: holder(Position::Principal, Role::Principal),
            deputy: holder(Position::DeputyPrincipal, Role::DeputyPrincipal),
            clerk: holder(Position::Clerk, Role::SchoolSeal),
            classes: classes.collect(),
        })
    }

    /// The homeroom appointments of a year that are planned, can be signed, and are not in force: classes whose teacher
    /// has a certificate. In the order of the classes.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn needed_appointments(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<Vec<NeededAppointment>, AppError> {
        require(actor, Action::AppointTeacher, Place::School(school))?;
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let appointments = InForce::of(&mut tx, school, now).await?;
        let issuers = issuers(&mut tx).await?;
        let mut needed = Vec::new();
        for PlannedClass { name: class, homeroom, .. } in tx.planned_classes(school, year).await? {
            let Some(teacher) = homeroom else { continue };
            let Some(account) = tx.account(&teacher).await? else { continue };
            let Some(certificate) = account.certificate else { continue };
            if appointments.class(Some(certificate), year, &class) > Stage::None {
                continue;
            }
            let leaf = tx.certificate(&certificate).await?.ok_or(AppError::NotFound("certificate"))?;
            let name = account.name.parse().map_err(|_| AppError::NotFound("name"))?;
            needed.push(NeededAppointment { class, name, chain: self.with_issuers(&leaf, &issuers) });
        }
        Ok(needed)
    }

    /// A person's certificate, enrolled before, with its issuers.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn enrolled_chain(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        account: &Id,
    ) -> Result<Vec<Vec<u8>>, AppError> {
        require(actor, Action::ReadStates, Place::School(school))?;
        let mut tx = self.store().read().await?;
        if !tx.staff_of(school).await?.iter().any(|member| member.account == *account) {
            return Err(AppError::NotFound("account"));
        }
        let account = tx.account(account).await?.ok_or(AppError::NotFound("account"))?;
        let digest = account.certificate.ok_or(AppError::NotFound("certificate"))?;
        let leaf = tx.certificate(&digest).await?.ok_or(AppError::NotFound("certificate"))?;
        let issuers = issuers(&mut tx).await?;
        Ok(self.with_issuers(&leaf, &issuers))
    }

    /// The chains of everybody of a school's staff who has a certificate enrolled.
    pub(crate) async fn enrolled_of(&self, school: &SchoolCode) -> Result<Vec<Vec<Vec<u8>>>, AppError> {
        let mut tx = self.store().read().await?;
        let issuers = issuers(&mut tx).await?;
        let mut chains = Vec::new();
        for member in tx.staff_of(school).await? {
            let Some(digest) = tx.account(&member.account).await?.and_then(|account| account.certificate) else {
                continue;
            };
            if let Some(leaf) = tx.certificate(&digest).await? {
                chains.push(self.with_issuers(&leaf, &issuers));
            }
        }
        Ok(chains)
    }

    /// The shortest chain that leads to a recognised root; with every issuer that is known where none does.
    fn with_issuers(&self, leaf: &[u8], issuers: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let alone = vec![leaf.to_vec()];
        let with_one = issuers.iter().map(|issuer| vec![leaf.to_vec(), issuer.clone()]);
        std::iter::once(alone)
            .chain(with_one)
            .find(|chain| self.usable_certificate(chain).is_ok())
            .unwrap_or_else(|| std::iter::once(leaf.to_vec()).chain(issuers.iter().cloned()).collect())
    }
}
