//! Who may sign: appointments, signed elsewhere, kept here, anchored before the records that rest on them.

use hocba_record::{
    encoding::Sha256Digest,
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
};
use hocba_store::{
    model::{JobKind, Leaf, LeafKind, StoredAppointment},
    retrying,
};

use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, require},
};

/// A signed appointment whose signature, certificates and right to be given were looked at.
struct Given<'a> {
    appointment: Appointment,
    statement: &'a Statement,
    /// As what it was given.
    role: Role,
    appointer: Certificate,
    appointer_chain: &'a [Vec<u8>],
    appointee_chain: &'a [Vec<u8>],
}

impl App {
    /// Takes a signed appointment, with the certificates (leaf first) of who gives it and who gets it. One that gives
    /// the same certificate the same role in the same place now is there already: nothing happens. Gives whether it was
    /// new.
    ///
    /// # Errors
    /// `Forbidden`; `Certificate`; `NotAppointed` where the appointer holds no appointment, or gives it as a department
    /// and is none of the trust profile's for this school; `Appointment`.
    pub async fn appoint(
        &self,
        actor: &Actor,
        statement: &Statement,
        appointer_chain: &[Vec<u8>],
        appointee_chain: &[Vec<u8>],
    ) -> Result<bool, AppError> {
        let refused = |what: String| AppError::Appointment(what);
        let now = self.edges().now();
        let appointment = Appointment::from_bytes(statement.payload()).map_err(|e| refused(e.to_string()))?;
        let action = match appointment.role {
            Role::HomeroomTeacher => Action::AppointTeacher,
            _ => Action::AppointSchool,
        };
        require(actor, action, Place::School(&appointment.school))?;
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
            self.require_department(appointer.digest(), &appointment.school, now)?;
        }
        let given = Given { appointment, statement, role: header.role, appointer, appointer_chain, appointee_chain };
        retrying(|| self.take_appointment(actor, &given, now)).await
    }

    /// Whether the trust profile has a department of this certificate for the school now. Without it, an appointment
    /// would be taken that no verdict ever believes.
    fn require_department(
        &self,
        certificate: &Sha256Digest,
        school: &SchoolCode,
        now: UnixTime,
    ) -> Result<(), AppError> {
        let mut departments = self.profile().profile().departments.iter();
        let known = departments.any(|d| d.certificate == *certificate && d.covers(school) && d.recognised_at(now));
        if known { Ok(()) } else { Err(AppError::NotAppointed { role: Role::Department }) }
    }

    async fn take_appointment(&self, actor: &Actor, given: &Given<'_>, now: UnixTime) -> Result<bool, AppError> {
        let Given { appointment, statement, role, appointer, appointer_chain, appointee_chain } = given;
        let mut tx = self.store().begin("appoint").await?;
        let school =
            tx.school(&appointment.school).await?.ok_or(AppError::UnknownSchool(appointment.school.clone()))?;
        let existing = tx.appointments_of(&appointment.school).await?;
        let read = |s: &StoredAppointment| Appointment::from_bytes(s.statement.payload()).ok();
        let holds =
            |a: &Appointment| a.appointee.certificate == *appointer.digest() && a.role == *role && a.covers(now);
        if *role != Role::Department && !existing.iter().filter_map(read).any(|a| holds(&a)) {
            return Err(AppError::NotAppointed { role: *role });
        }
        let same = |a: &Appointment| {
            a.appointee.certificate == appointment.appointee.certificate
                && (a.role, &a.class, a.year) == (appointment.role, &appointment.class, appointment.year)
                && a.covers(now)
        };
        if existing.iter().filter_map(read).any(|a| same(&a)) {
            return Ok(false);
        }
        for der in appointer_chain.iter().chain(*appointee_chain) {
            tx.add_certificate(&Sha256Digest::of(der), der, now).await?;
        }
        let stored = StoredAppointment {
            id: appointment.id,
            school: appointment.school.clone(),
            role: appointment.role,
            certificate: appointment.appointee.certificate,
            valid_from: appointment.from,
            valid_until: appointment.until,
            statement: (*statement).clone(),
        };
        tx.add_appointment(&stored).await?;
        let leaf = Leaf {
            leaf: statement.leaf_hash(),
            kind: LeafKind::Appointment,
            subject: appointment.id,
            version: 1,
            school: appointment.school.clone(),
            issuer: school.issuer.clone(),
            ready_at: now,
        };
        tx.add_leaf(&leaf).await?;
        tx.add_job(JobKind::CloseAppointments, school.issuer.as_str(), now).await?;
        tx.audit(&plain(actor, "appoint", appointment.id.to_string(), now)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Appointments of a school that hold at a time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments(&self, school: &SchoolCode, at: UnixTime) -> Result<Vec<Appointment>, AppError> {
        let stored = self.store().read().await?.appointments_of(school).await?;
        let read = stored.iter().filter_map(|a| Appointment::from_bytes(a.statement.payload()).ok());
        Ok(read.filter(|a| a.covers(at)).collect())
    }
}
