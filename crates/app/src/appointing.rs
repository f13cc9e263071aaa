//! The appointments that a school still needs, as bytes for whoever signs them elsewhere; and their signatures taken back.
//!
//! Nothing is kept between the two: what was signed comes back whole, and is looked at like any other appointment. Only
//! people whose certificate is enrolled here are appointed this way.

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_signature::{
    appointment::{Appointee, Appointment, KeyStorage},
    certificate::Certificate,
    statement::{Role, SigningInput, Statement, StatementType},
};
use hocba_store::{
    Tx,
    model::{Account, Position},
};

use crate::{
    Actor, App, AppError, MAX_APPOINTMENTS, NewAppointment, YearView,
    appointments::{Staff, action_of},
    policy::{Place, require},
    signing::CLOCK_AHEAD,
};

/// How long an appointment holds that is made here, in seconds: a school year and a month, so that who is appointed in
/// August can still sign re-assessments next August.
const HOLDS: i64 = 400 * 86_400;
/// How old what was signed may be when it comes back, in seconds.
const SIGNED_BEFORE: i64 = 86_400;

/// Which appointments, and as what they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appointing {
    /// The homeroom teachers of a year, by the principal or a deputy.
    Homerooms {
        /// Year.
        year: SchoolYear,
        /// Whether a deputy gives them.
        deputy: bool,
    },
    /// Principal, deputies and seal, by the department.
    School,
}

impl Appointing {
    /// As what they are given.
    pub const fn role(self) -> Role {
        match self {
            Appointing::Homerooms { deputy: false, .. } => Role::Principal,
            Appointing::Homerooms { deputy: true, .. } => Role::DeputyPrincipal,
            Appointing::School => Role::Department,
        }
    }
    /// Whether an appointment is of these.
    pub fn includes(self, appointment: &Appointment) -> bool {
        match self {
            Appointing::Homerooms { year, .. } => appointment.year == Some(year),
            Appointing::School => appointment.role != Role::HomeroomTeacher,
        }
    }
}

impl Appointing {
    /// What an appointment says that comes back, if it is of these, of this school, and signed about now.
    pub(crate) fn read(
        self,
        school: &SchoolCode,
        signed: &SignedAppointment,
        now: UnixTime,
    ) -> Result<Appointment, AppError> {
        let refused = |what: &str| AppError::Appointment(what.into());
        let appointment = Appointment::from_bytes(&signed.payload).map_err(|e| refused(&e.to_string()))?;
        if appointment.school != *school || !self.includes(&appointment) {
            return Err(refused("it is not one that was asked for"));
        }
        if !is_signed_now(signed.at, now) || appointment.from > signed.at {
            return Err(refused("it was not signed now"));
        }
        Ok(appointment)
    }
}

/// The title that an appointee of this role is printed with.
pub const fn title_of(role: Role) -> &'static str {
    match role {
        Role::Principal => "Hiệu trưởng",
        Role::DeputyPrincipal => "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG",
        Role::SchoolSeal => "Con dấu của trường",
        _ => "Giáo viên chủ nhiệm",
    }
}

/// An appointment to be signed.
#[derive(Debug, Clone)]
pub struct AppointmentTask {
    /// Its place in the list, from 1.
    pub number: u32,
    /// What it says.
    pub appointment: Appointment,
    /// The signer's time, as it stands in the bytes.
    pub at: UnixTime,
    input: SigningInput,
}

impl AppointmentTask {
    /// The bytes to sign (RFC 7515 §5.1).
    pub fn bytes(&self) -> &[u8] {
        self.input.bytes()
    }
}

/// An appointment as it comes back.
#[derive(Debug, Clone)]
pub struct SignedAppointment {
    /// The payload that was signed.
    pub payload: Vec<u8>,
    /// The time of the task.
    pub at: UnixTime,
    /// The signature over its bytes.
    pub signature: Vec<u8>,
}

/// Somebody who can be appointed now and is not: their certificate is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Role.
    pub role: Role,
    /// Certificate.
    pub certificate: Sha256Digest,
    /// Name as it will be printed.
    pub name: Text,
    /// Class and year of a homeroom teacher.
    pub class: Option<(ClassName, SchoolYear)>,
}

impl App {
    /// The homeroom teachers whom the actor appoints: those of the newest year that is open, where one is.
    ///
    /// # Errors
    /// Those of [`App::school_years`].
    pub async fn homerooms(&self, actor: &Actor, school: &SchoolCode) -> Result<Option<Appointing>, AppError> {
        let year = YearView::newest_open(&self.school_years(actor, school).await?);
        Ok(year.map(|year| Appointing::Homerooms { year, deputy: actor.is_deputy(school) }))
    }

    /// Whoever can be appointed now and is not.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn to_be_appointed(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        what: Appointing,
    ) -> Result<Vec<Needed>, AppError> {
        require(actor, action_of(what.role()), Place::School(school))?;
        match what {
            Appointing::Homerooms { year, .. } => self.needed_homerooms(actor, school, year).await,
            Appointing::School => self.needed_of_the_school(school).await,
        }
    }

    /// Appointments that can be signed now by this certificate (its issuers after it) and are not in force, at most
    /// [`MAX_APPOINTMENTS`] of them: of those whose certificate is enrolled.
    ///
    /// # Errors
    /// `Forbidden`; `Certificate`; `NotAppointed` and `AppointmentEnded` where the signer may not give them.
    pub async fn prepare_appointments(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        what: Appointing,
        chain: &[Vec<u8>],
    ) -> Result<Vec<AppointmentTask>, AppError> {
        require(actor, action_of(what.role()), Place::School(school))?;
        let now = self.edges().now();
        let signer = self.giver(school, what, chain, now).await?;
        let needed = self.to_be_appointed(actor, school, what).await?;
        // Nobody appoints themselves.
        let others = needed.into_iter().filter(|needed| needed.certificate != *signer.digest());
        let mut tasks = Vec::new();
        for (number, needed) in (1..).zip(others.take(MAX_APPOINTMENTS)) {
            tasks.push(self.appointment_task(number, school, needed, what.role(), &signer, now)?);
        }
        Ok(tasks)
    }

    /// The certificate of whoever gives or ends appointments of this kind, if they may.
    pub(crate) async fn giver(
        &self,
        school: &SchoolCode,
        what: Appointing,
        chain: &[Vec<u8>],
        now: UnixTime,
    ) -> Result<Certificate, AppError> {
        let signer = self.usable_certificate(chain)?;
        match what {
            Appointing::School => self.require_department(signer.digest(), school)?,
            Appointing::Homerooms { .. } => {
                let mut tx = self.store().read().await?;
                let staff = Staff::of(&mut tx, school).await?;
                staff.require(&mut tx, signer.digest(), what.role(), None, now).await?;
            }
        }
        Ok(signer)
    }

    /// An appointment from now on, as bytes to sign.
    pub(crate) fn appointment_task(
        &self,
        number: u32,
        school: &SchoolCode,
        Needed { role, certificate, name, class }: Needed,
        giver: Role,
        signer: &Certificate,
        now: UnixTime,
    ) -> Result<AppointmentTask, AppError> {
        let (class, year) = class.unzip();
        let title = title_of(role).parse().map_err(|_| AppError::NotFound("title"))?;
        let appointment = Appointment {
            appointee: Appointee { certificate, name, title },
            class,
            from: now,
            id: RecordId::from_bytes(self.edges().bytes()?),
            key_storage: KeyStorage::File,
            role,
            school: school.clone(),
            until: now.plus(HOLDS),
            year,
        };
        let input = input_of(StatementType::Appointment, &appointment.to_bytes(), giver, signer, now);
        Ok(AppointmentTask { number, appointment, at: now, input })
    }

    /// Takes appointments that were signed, all or none. Gives how many were new.
    ///
    /// # Errors
    /// As [`App::appoint_many`]; `Appointment` also for one of another school, kind or time than asked for, or of a
    /// certificate that is enrolled by nobody of the school.
    pub async fn submit_appointments(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        what: Appointing,
        chain: &[Vec<u8>],
        signed: &[SignedAppointment],
    ) -> Result<usize, AppError> {
        require(actor, action_of(what.role()), Place::School(school))?;
        if signed.len() > MAX_APPOINTMENTS {
            return Err(AppError::TooMany { found: signed.len(), max: MAX_APPOINTMENTS });
        }
        let signer = self.usable_certificate(chain)?;
        let now = self.edges().now();
        let enrolled = self.enrolled_of(school).await?;
        let (mut statements, mut chains) = (Vec::new(), Vec::new());
        for (index, signed_one) in signed.iter().enumerate() {
            let SignedAppointment { payload, at, signature } = signed_one;
            let refused = |what: &str| AppError::Appointment(what.into()).at(index);
            let appointment = what.read(school, signed_one, now).map_err(|error| error.at(index))?;
            let chain = chain_of(&enrolled, &appointment.appointee.certificate);
            chains.push(chain.ok_or_else(|| refused("its certificate is enrolled by nobody of the school"))?);
            let input = input_of(StatementType::Appointment, payload, what.role(), &signer, *at);
            statements.push(Statement::unsigned(payload.clone()).attach(input, signature.clone()));
        }
        let new: Vec<NewAppointment<'_>> = statements
            .iter()
            .zip(&chains)
            .map(|(statement, appointee)| NewAppointment {
                statement,
                appointer_chain: chain,
                appointee_chain: appointee,
            })
            .collect();
        self.appoint_many(actor, &new).await
    }

    async fn needed_homerooms(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        year: SchoolYear,
    ) -> Result<Vec<Needed>, AppError> {
        let needed = self.needed_appointments(actor, school, year).await?.into_iter().filter_map(|needed| {
            let certificate = Sha256Digest::of(needed.chain.first()?);
            let class = Some((needed.class, year));
            Some(Needed { role: Role::HomeroomTeacher, certificate, name: needed.name, class })
        });
        Ok(needed.collect())
    }

    /// Principal, deputies and seal whose certificate is enrolled and has no appointment in force.
    async fn needed_of_the_school(&self, school: &SchoolCode) -> Result<Vec<Needed>, AppError> {
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let staff = Staff::of(&mut tx, school).await?;
        let mut needed: Vec<Needed> = Vec::new();
        for member in tx.staff_of(school).await? {
            let role = match member.position {
                Position::Principal => Role::Principal,
                Position::DeputyPrincipal => Role::DeputyPrincipal,
                Position::Clerk => Role::SchoolSeal,
                Position::Teacher | Position::Administrator => continue,
            };
            let Some(account) = tx.account(&member.account).await? else { continue };
            let Some(certificate) = account.certificate else { continue };
            if staff.may_sign(&certificate, role, None, now) {
                continue;
            }
            let name = printed_name(&mut tx, &account, role).await?;
            needed.push(Needed { role, certificate, name, class: None });
        }
        // As a list of a school's people is read: the principal first.
        let place =
            |role: Role| [Role::Principal, Role::DeputyPrincipal, Role::SchoolSeal].iter().position(|r| *r == role);
        needed.sort_by_key(|needed| place(needed.role));
        Ok(needed)
    }
}

/// As what somebody with a certificate is printed.
pub(crate) async fn printed_name(tx: &mut Tx, account: &Account, role: Role) -> Result<Text, AppError> {
    let name = match (role, &account.certificate) {
        // A seal is the school's, whoever keeps it: it is called as its certificate.
        (Role::SchoolSeal, Some(certificate)) => {
            let leaf = tx.certificate(certificate).await?.ok_or(AppError::NotFound("certificate"))?;
            let leaf = Certificate::from_der(&leaf).map_err(|e| AppError::Certificate(e.to_string()))?;
            leaf.subject().to_owned()
        }
        _ => account.name.clone(),
    };
    name.parse().map_err(|_| AppError::NotFound("name"))
}

/// Whether what comes back was signed about now.
pub(crate) fn is_signed_now(at: UnixTime, now: UnixTime) -> bool {
    now.plus(-SIGNED_BEFORE) <= at && at <= now.plus(CLOCK_AHEAD)
}

/// The chain of a certificate that is enrolled.
pub(crate) fn chain_of<'a>(enrolled: &'a [Vec<Vec<u8>>], certificate: &Sha256Digest) -> Option<&'a [Vec<u8>]> {
    let is = |chain: &&Vec<Vec<u8>>| chain.first().is_some_and(|leaf| Sha256Digest::of(leaf) == *certificate);
    enrolled.iter().find(is).map(Vec::as_slice)
}

/// The bytes of a statement that this signer signs.
pub(crate) fn input_of(
    typ: StatementType,
    payload: &[u8],
    role: Role,
    signer: &Certificate,
    at: UnixTime,
) -> SigningInput {
    let alg = signer.key().default_algorithm();
    Statement::unsigned(payload.to_vec()).prepare(typ, role, alg, *signer.digest(), at)
}
