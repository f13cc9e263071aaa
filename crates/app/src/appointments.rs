//! Who may sign: appointments, signed elsewhere, kept here, anchored before the records that rest on them.

use std::collections::BTreeMap;

use hocba_bundle::report::AppointmentProblem;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
    status::ReasonClass,
};
use hocba_store::{
    Tx,
    model::{JobKind, Leaf, LeafKind, School, StatusKind, StoredAppointment, StoredStatus},
    retrying,
};

use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, require},
    signing::readable,
};

/// Most appointments in one [`App::appoint_many`]: the homeroom teachers of a large school. One transaction of so many
/// holds SQLite's writer for some tens of milliseconds.
pub const MAX_APPOINTMENTS: usize = 64;

/// A signed appointment, with the certificates (leaf first) of who gives it and who gets it.
#[derive(Debug, Clone, Copy)]
pub struct NewAppointment<'a> {
    /// Signed.
    pub statement: &'a Statement,
    /// Of who gives it.
    pub appointer_chain: &'a [Vec<u8>],
    /// Of who gets it.
    pub appointee_chain: &'a [Vec<u8>],
}

/// One whose signature, certificates and right to be given were looked at.
pub(crate) struct Given<'a> {
    pub(crate) appointment: Appointment,
    new: NewAppointment<'a>,
    /// As what it was given.
    role: Role,
    appointer: Certificate,
}

/// An appointment as it was given, and how it ended.
pub(crate) struct Held {
    pub(crate) appointment: Appointment,
    pub(crate) statement: Statement,
    pub(crate) ends: Vec<StoredStatus>,
}

impl Held {
    /// The first word that ended it.
    pub(crate) fn ended(&self) -> Option<&StoredStatus> {
        self.ends.first()
    }

    /// Whether it is in force: it began, did not run out, and nobody ended it. An end counts here from the moment it was
    /// taken, before the chain has it.
    pub(crate) fn in_force(&self, now: UnixTime) -> bool {
        self.appointment.covers(now) && self.ends.is_empty()
    }

    /// Whether it makes someone this in this class; a role of the whole school reaches all its classes.
    pub(crate) fn reaches(&self, role: Role, class: Option<(SchoolYear, &ClassName)>) -> bool {
        self.appointment.role == role
            && match (&self.appointment.class, self.appointment.year, class) {
                (Some(name), Some(year), Some((y, n))) => (year, name) == (y, n),
                (None, None, _) => true,
                _ => false,
            }
    }
}

/// The appointments of a school, in the order they begin.
pub(crate) struct Staff(pub(crate) Vec<Held>);

impl Staff {
    pub(crate) async fn of(tx: &mut Tx, school: &SchoolCode) -> Result<Self, AppError> {
        let mut ends: BTreeMap<RecordId, Vec<StoredStatus>> = BTreeMap::new();
        for status in tx.statuses_of_school(school).await? {
            if status.action == StatusKind::End {
                ends.entry(status.subject).or_default().push(status);
            }
        }
        let read = |stored: StoredAppointment| {
            let appointment = Appointment::from_bytes(stored.statement.payload()).ok()?;
            let ends = ends.remove(&stored.id).unwrap_or_default();
            Some(Held { appointment, statement: stored.statement, ends })
        };
        Ok(Self(tx.appointments_of(school).await?.into_iter().filter_map(read).collect()))
    }

    /// Appointments of this certificate to this role in this class.
    pub(crate) fn held_by(
        &self,
        certificate: &Sha256Digest,
        role: Role,
        class: Option<(SchoolYear, &ClassName)>,
    ) -> impl Iterator<Item = &Held> {
        self.0.iter().filter(move |h| h.appointment.appointee.certificate == *certificate && h.reaches(role, class))
    }

    /// Whether a certificate may sign in this role now.
    pub(crate) fn may_sign(
        &self,
        certificate: &Sha256Digest,
        role: Role,
        class: Option<(SchoolYear, &ClassName)>,
        now: UnixTime,
    ) -> bool {
        self.held_by(certificate, role, class).any(|h| h.in_force(now))
    }

    /// The same as an error, with what comes nearest to the right that is missing.
    ///
    /// # Errors
    /// [`AppError::AppointmentEnded`] where an appointment that would serve was ended; [`AppError::NotAppointed`].
    pub(crate) async fn require(
        &self,
        tx: &mut Tx,
        certificate: &Sha256Digest,
        role: Role,
        class: Option<(SchoolYear, &ClassName)>,
        now: UnixTime,
    ) -> Result<(), AppError> {
        if self.may_sign(certificate, role, class, now) {
            return Ok(());
        }
        let mut over = self.held_by(certificate, role, class).filter(|h| h.appointment.covers(now));
        match over.find_map(Held::ended).and_then(|end| ReasonClass::from_code(end.reason)) {
            Some(reason) => Err(AppError::AppointmentEnded { role, reason }),
            None => Err(AppError::NotAppointed { role, why: self.nearest(tx, certificate, role, class).await? }),
        }
    }

    /// What of an appointment is missing, in the order in which a verdict asks: of several the one that gets furthest.
    async fn nearest(
        &self,
        tx: &mut Tx,
        certificate: &Sha256Digest,
        role: Role,
        class: Option<(SchoolYear, &ClassName)>,
    ) -> Result<AppointmentProblem, AppError> {
        use AppointmentProblem::{NotAppointed, OutsideInterval, WrongClass, WrongRole, WrongSchool, WrongYear};
        if self.held_by(certificate, role, class).next().is_some() {
            return Ok(OutsideInterval);
        }
        let year = class.map(|(year, _)| year);
        let mut here =
            self.0.iter().filter(|h| (h.appointment.appointee.certificate, h.appointment.role) == (*certificate, role));
        if let Some(first) = here.next() {
            let this_year = std::iter::once(first).chain(here).any(|h| h.appointment.year == year);
            return Ok(if this_year { WrongClass } else { WrongYear });
        }
        let anywhere = tx.appointments_held_by(certificate).await?;
        Ok(match anywhere.iter().any(|a| a.role == role) {
            true => WrongSchool,
            false if anywhere.is_empty() => NotAppointed,
            false => WrongRole,
        })
    }
}

/// What an actor needs to be allowed, to give or to end an appointment as a signer in this role.
pub(crate) const fn action_of(signer: Role) -> Action {
    match signer {
        Role::Principal | Role::DeputyPrincipal => Action::AppointTeacher,
        _ => Action::AppointSchool,
    }
}

/// What an appointment says, if the actor may bring in one like it.
pub(crate) fn permitted_appointment(actor: &Actor, statement: &Statement) -> Result<Appointment, AppError> {
    let read = Appointment::from_bytes(statement.payload());
    let appointment = read.map_err(|e| AppError::Appointment(e.to_string()))?;
    let action = match appointment.role {
        Role::HomeroomTeacher => Action::AppointTeacher,
        _ => Action::AppointSchool,
    };
    require(actor, action, Place::School(&appointment.school))?;
    Ok(appointment)
}

/// What is missing of an appointment, said of a certificate: Vietnamese, English.
pub const fn not_appointed_words(why: AppointmentProblem) -> (&'static str, &'static str) {
    match why {
        AppointmentProblem::NotAppointed => {
            ("chứng thư này chưa được giao vai trò nào", "this certificate was given no role")
        }
        AppointmentProblem::WrongRole => {
            ("chứng thư này được giao vai trò khác", "this certificate was given another role")
        }
        AppointmentProblem::WrongSchool => {
            ("chứng thư này được giao vai trò ở trường khác", "this certificate was given the role at another school")
        }
        AppointmentProblem::WrongYear => {
            ("chứng thư này được giao vai trò cho năm học khác", "this certificate was given the role for another year")
        }
        AppointmentProblem::WrongClass => {
            ("chứng thư này được giao lớp khác", "this certificate was given the role for another class")
        }
        AppointmentProblem::OutsideInterval => {
            ("chưa đến, hoặc đã hết thời hạn được giao", "the role is not held yet, or not any more")
        }
        AppointmentProblem::DepartmentNotRecognised => (
            "đây không phải cơ quan quản lý được công nhận của trường này",
            "this is not the recognised department of the school",
        ),
        // The rest is about statements in a bundle and times of blocks: verdicts alone say it.
        _ => ("chứng thư này không có quyền đó", "this certificate has no right to it"),
    }
}

impl App {
    /// Takes a signed appointment, with the certificates (leaf first) of who gives it and who gets it. One that gives the
    /// same certificate the same role in the same place now is there already: nothing happens. Gives whether it was new.
    ///
    /// # Errors
    /// `Forbidden`; `Certificate`; `NotAppointed` and `AppointmentEnded` where the appointer holds no appointment, or gives
    /// it as a department and is none of the trust profile's for this school; `Appointment`.
    pub async fn appoint(
        &self,
        actor: &Actor,
        statement: &Statement,
        appointer_chain: &[Vec<u8>],
        appointee_chain: &[Vec<u8>],
    ) -> Result<bool, AppError> {
        let new = NewAppointment { statement, appointer_chain, appointee_chain };
        let given = self.check_appointment(actor, &new)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("appoint").await?;
            let new = self.write_appointment(&mut tx, actor, &given, now).await?;
            tx.commit().await?;
            Ok(new)
        })
        .await
    }

    /// Takes several, all or none: a principal gives the homeroom teachers of a school their classes. Gives how many were
    /// new.
    ///
    /// # Errors
    /// `OneOfMany` with the place of the first that is refused, and why; `TooMany` beyond [`MAX_APPOINTMENTS`].
    pub async fn appoint_many(&self, actor: &Actor, new: &[NewAppointment<'_>]) -> Result<usize, AppError> {
        if new.len() > MAX_APPOINTMENTS {
            return Err(AppError::TooMany { found: new.len(), max: MAX_APPOINTMENTS });
        }
        // What the actor may not do at all is told before what is wrong with one of them.
        for (index, new) in new.iter().enumerate() {
            permitted_appointment(actor, new.statement).map_err(|error| error.at(index))?;
        }
        let check = |(index, new)| self.check_appointment(actor, new).map_err(|error| error.at(index));
        let given: Vec<Given<'_>> = new.iter().enumerate().map(check).collect::<Result<_, _>>()?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("appoint_many").await?;
            let mut new = 0;
            for (index, given) in given.iter().enumerate() {
                let taken = self.write_appointment(&mut tx, actor, given, now).await;
                new += usize::from(taken.map_err(|error| error.at(index))?);
            }
            tx.commit().await?;
            Ok(new)
        })
        .await
    }

    /// What can be said of an appointment without the database.
    pub(crate) fn check_appointment<'a>(&self, actor: &Actor, new: &NewAppointment<'a>) -> Result<Given<'a>, AppError> {
        let refused = |what: String| AppError::Appointment(what);
        let NewAppointment { statement, appointer_chain, appointee_chain } = *new;
        let appointment = permitted_appointment(actor, statement)?;
        let appointer = self.usable_certificate(appointer_chain)?;
        let appointee = self.usable_certificate(appointee_chain)?;
        let headers = statement.headers(StatementType::Appointment).map_err(|e| refused(e.to_string()))?;
        let [header] = headers.as_slice() else { return Err(refused("it has one signature".into())) };
        if header.certificate != *appointer.digest() || appointment.appointee.certificate != *appointee.digest() {
            return Err(refused("the certificates are not the ones it names".into()));
        }
        statement.verify(0, appointer.key()).map_err(|e| refused(e.to_string()))?;
        if !appointment.may_be_given_by(header.role) || appointer.spki_sha256() == appointee.spki_sha256() {
            return Err(refused(format!("{} does not appoint {} here", header.role, appointment.role)));
        }
        if header.role == Role::Department {
            self.require_department(appointer.digest(), &appointment.school)?;
        }
        Ok(Given { appointment, new: *new, role: header.role, appointer })
    }

    /// Whether the trust profile has a department of this certificate for the school now. Without this, an appointment
    /// would be taken that no verdict would ever believe.
    pub(crate) fn require_department(&self, certificate: &Sha256Digest, school: &SchoolCode) -> Result<(), AppError> {
        let now = self.edges().now();
        let departments = &self.profile().profile().departments;
        let known =
            departments.iter().any(|d| d.certificate == *certificate && d.covers(school) && d.recognised_at(now));
        let why = AppointmentProblem::DepartmentNotRecognised;
        if known { Ok(()) } else { Err(AppError::NotAppointed { role: Role::Department, why }) }
    }

    /// Takes a checked appointment in a transaction; whether it is new.
    pub(crate) async fn write_appointment(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        given: &Given<'_>,
        now: UnixTime,
    ) -> Result<bool, AppError> {
        let Given { appointment, new, role, appointer } = given;
        let school =
            tx.school(&appointment.school).await?.ok_or(AppError::UnknownSchool(appointment.school.clone()))?;
        let staff = Staff::of(tx, &appointment.school).await?;
        if *role != Role::Department {
            staff.require(tx, appointer.digest(), *role, None, now).await?;
        }
        let class = appointment.year.zip(appointment.class.as_ref());
        if staff.held_by(&appointment.appointee.certificate, appointment.role, class).any(|h| h.in_force(now)) {
            return Ok(false);
        }
        for der in new.appointer_chain.iter().chain(new.appointee_chain) {
            tx.add_certificate(&Sha256Digest::of(der), der, now).await?;
        }
        let issuers = readable(new.appointer_chain);
        self.refuse_revoked(tx, appointer, &issuers, now).await?;
        self.ask_about(tx, appointer, &issuers, now).await?;
        let stored = StoredAppointment {
            id: appointment.id,
            school: appointment.school.clone(),
            role: appointment.role,
            certificate: appointment.appointee.certificate,
            valid_from: appointment.from,
            valid_until: appointment.until,
            statement: new.statement.clone(),
        };
        tx.add_appointment(&stored).await?;
        let School { issuer, .. } = school;
        let leaf = Leaf {
            leaf: new.statement.leaf_hash(),
            kind: LeafKind::Appointment,
            subject: appointment.id,
            version: 1,
            school: appointment.school.clone(),
            issuer: issuer.clone(),
            ready_at: now,
        };
        tx.add_leaf(&leaf).await?;
        tx.add_job(JobKind::CloseAppointments, issuer.as_str(), now).await?;
        tx.audit(&plain(actor, "appoint", appointment.id.to_string(), now)).await?;
        Ok(true)
    }

    /// Appointments of a school that are in force at a time, as far as is known now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments(&self, school: &SchoolCode, at: UnixTime) -> Result<Vec<Appointment>, AppError> {
        let staff = Staff::of(&mut self.store().read().await?, school).await?;
        Ok(staff.0.into_iter().filter(|h| h.in_force(at)).map(|h| h.appointment).collect())
    }
}
