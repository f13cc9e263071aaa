//! The end of an appointment, and who takes the place, as bytes for whoever signs them elsewhere; and their signatures
//! taken back: a teacher on leave and the substitute, a principal who left, a key that was lost.
//!
//! Nothing is kept between the two, as with `appointing`. What an end means for who works where follows in the same
//! transaction: the class is the successor's, or nobody's; a key that is lost, or of somebody who left the school's office,
//! is enrolled no longer.

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, Text, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    statement::{Role, SigningInput, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::{
    Tx,
    model::{Account, Grant, GrantRole, Id, LeafKind, PlannedClass, Position},
    retrying,
};

use crate::{
    Actor, App, AppError, Appointing, AppointmentTask, AppointmentView, END_REASONS, Needed, NewAppointment, NewEnd,
    Replaced, SignedAppointment, Standing,
    appointing::{chain_of, input_of, is_signed_now, printed_name},
    appointments::{Held, Staff, action_of},
    opening::give_class,
    people::plain,
    policy::{Place, require},
};

/// An end as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedEnd {
    /// The appointment.
    pub appointment: RecordId,
    /// Why: one of [`END_REASONS`](crate::END_REASONS).
    pub reason: ReasonClass,
    /// For a lost key: the last moment at which nobody else is known to have had it.
    pub since: Option<UnixTime>,
    /// Number of the decision behind it.
    pub decision: Option<Text>,
    /// Who takes the place, by account.
    pub successor: Option<Id>,
}

/// The end of an appointment, to be signed.
#[derive(Debug, Clone)]
pub struct EndTask {
    /// The appointment.
    pub appointment: Appointment,
    /// What it says.
    pub change: StatusChange,
    /// The signer's time, as it stands in the bytes.
    pub at: UnixTime,
    input: SigningInput,
}

impl EndTask {
    /// The bytes to sign (RFC 7515 §5.1).
    pub fn bytes(&self) -> &[u8] {
        self.input.bytes()
    }
}

/// An end, and the appointment in its place, to be signed by one person in one action.
#[derive(Debug, Clone)]
pub struct ReplacementTasks {
    /// The end; number 1.
    pub end: EndTask,
    /// Who takes the place; number 2.
    pub appointment: Option<AppointmentTask>,
}

/// Somebody who can take a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Their account.
    pub account: Id,
    /// Name as it will be printed.
    pub name: Text,
    /// As what they will be appointed.
    pub role: Role,
    /// Their certificate.
    pub certificate: Sha256Digest,
}

/// An appointment that somebody thinks of ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaceable {
    /// How it stands; only what is in force can be ended.
    pub view: AppointmentView,
    /// Whoever can take the place, by name; nobody where it is not in force.
    pub successors: Vec<Successor>,
}

impl App {
    /// An appointment of this kind, and who can take its place.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn replaceable(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        what: Appointing,
        id: &RecordId,
    ) -> Result<Replaceable, AppError> {
        require(actor, action_of(what.role()), Place::School(school))?;
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let staff = Staff::of(&mut tx, school).await?;
        let held = held_of(&staff, what, id)?;
        let successors = match held.in_force(now) {
            true => successors(&mut tx, school, &staff, &held.appointment, now).await?,
            false => Vec::new(),
        };
        let located = tx.locate(LeafKind::Appointment, id, 1).await?;
        let anchored = located.is_some_and(|l| l.batch.receipt.is_some());
        let view =
            AppointmentView { appointment: held.appointment.clone(), standing: Standing::of(held, now), anchored };
        Ok(Replaceable { view, successors })
    }

    /// The end that is wanted, and the appointment in its place, to be signed by this certificate (its issuers after it).
    ///
    /// # Errors
    /// `Forbidden`; `Certificate`; `NotAppointed` and `AppointmentEnded` where the signer may not end it; `NotFound` for
    /// an appointment that is not in force here, and for a successor who cannot take the place; `Status` for a reason
    /// that nothing ends for.
    pub async fn prepare_replacement(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        what: Appointing,
        wanted: &WantedEnd,
        chain: &[Vec<u8>],
    ) -> Result<ReplacementTasks, AppError> {
        require(actor, action_of(what.role()), Place::School(school))?;
        let now = self.edges().now();
        let signer = self.giver(school, what, chain, now).await?;
        let mut tx = self.store().read().await?;
        let staff = Staff::of(&mut tx, school).await?;
        let held = held_of(&staff, what, &wanted.appointment)?;
        if !held.in_force(now) {
            return Err(AppError::NotFound("appointment"));
        }
        let before = held.appointment.clone();
        let change = StatusChange {
            action: StatusAction::End,
            decision: wanted.decision.clone(),
            live_version: 1,
            reason: wanted.reason,
            replacement: None,
            school: school.clone(),
            since: wanted.since,
            subject: before.id,
        };
        change.validate().map_err(|e| AppError::Status(e.to_string()))?;
        if !END_REASONS.contains(&wanted.reason) {
            return Err(AppError::Status("nothing ends for this reason".into()));
        }
        let input = input_of(StatementType::Status, &change.to_bytes(), what.role(), &signer, now);
        let appointment = match &wanted.successor {
            None => None,
            Some(account) => {
                let found = successors(&mut tx, school, &staff, &before, now).await?;
                let found = found.into_iter().find(|s| s.account == *account && s.certificate != *signer.digest());
                let Successor { name, role, certificate, .. } = found.ok_or(AppError::NotFound("account"))?;
                let needed = Needed { role, certificate, name, class: before.class.clone().zip(before.year) };
                Some(self.appointment_task(2, school, needed, what.role(), &signer, now)?)
            }
        };
        Ok(ReplacementTasks { end: EndTask { appointment: before, change, at: now, input }, appointment })
    }

    /// Takes the signed end of an appointment, and the signed appointment in its place, both or neither; with what follows
    /// from them.
    ///
    /// # Errors
    /// As [`App::replace_appointment`]; `Status` and `Appointment` also for one of another appointment, school, kind or time
    /// than asked for, for two of a kind, and for the certificate of nobody of the school.
    pub async fn submit_replacement(
        &self,
        actor: &Actor,
        school: &SchoolCode,
        (what, id): (Appointing, &RecordId),
        chain: &[Vec<u8>],
        signed: &[SignedAppointment],
    ) -> Result<Replaced, AppError> {
        require(actor, action_of(what.role()), Place::School(school))?;
        let signer = self.usable_certificate(chain)?;
        let now = self.edges().now();
        let (mut end, mut new) = (None, None);
        for one in signed {
            let SignedAppointment { payload, at, signature } = one;
            let statement = |typ| {
                let input = input_of(typ, payload, what.role(), &signer, *at);
                Statement::unsigned(payload.clone()).attach(input, signature.clone())
            };
            let twice = match StatusChange::from_bytes(payload) {
                Ok(change) if (&change.school, &change.subject) != (school, id) => {
                    return Err(AppError::Status("it is not the end that was asked for".into()));
                }
                Ok(_) if !is_signed_now(*at, now) => {
                    return Err(AppError::Status("it was not signed now".into()));
                }
                Ok(_) => end.replace(statement(StatementType::Status)).is_some(),
                Err(_) => {
                    let certificate = what.read(school, one, now)?.appointee.certificate;
                    new.replace((statement(StatementType::Appointment), certificate)).is_some()
                }
            };
            if twice {
                return Err(AppError::Status("there are two of a kind".into()));
            }
        }
        let end = end.ok_or_else(|| AppError::Status("nothing ends".into()))?;
        let enrolled = self.enrolled_of(school).await?;
        let new = match &new {
            None => None,
            Some((statement, certificate)) => {
                let appointee = chain_of(&enrolled, certificate);
                let refused = || AppError::Appointment("its certificate is enrolled by nobody of the school".into());
                let appointee_chain = appointee.ok_or_else(refused)?;
                Some((NewAppointment { statement, appointer_chain: chain, appointee_chain }, *certificate))
            }
        };
        let ending = self.check_end(actor, &NewEnd { statement: &end, chain })?;
        let given = new.as_ref().map(|(new, _)| self.check_appointment(actor, new)).transpose()?;
        retrying(|| async {
            let mut tx = self.store().begin("replace_appointment").await?;
            held_of(&Staff::of(&mut tx, school).await?, what, id)?;
            let (done, before) = match &given {
                Some(given) => self.write_replacement(&mut tx, actor, &ending, given, now).await?,
                None => {
                    let (ended, before) = self.write_end(&mut tx, actor, &ending, now).await?;
                    (Replaced { ended, appointed: false }, before)
                }
            };
            // Sent again, it was followed before; and what was assigned since is not taken back.
            if done.ended {
                let after = new.as_ref().map(|(_, certificate)| certificate);
                follow(&mut tx, actor, &before, ending.change.reason, after, now).await?;
            }
            tx.commit().await?;
            Ok(done)
        })
        .await
    }
}

/// The appointment of this id, if it is of this kind.
fn held_of<'a>(staff: &'a Staff, what: Appointing, id: &RecordId) -> Result<&'a Held, AppError> {
    let held = staff.0.iter().find(|held| held.appointment.id == *id && what.includes(&held.appointment));
    held.ok_or(AppError::NotFound("appointment"))
}

/// As what somebody in this position takes a place; nobody is given what they are.
const fn succeeds(position: Position, place: Role) -> Option<Role> {
    match (place, position) {
        (Role::HomeroomTeacher, Position::Teacher | Position::Administrator) => Some(Role::HomeroomTeacher),
        (Role::Principal, Position::Principal) => Some(Role::Principal),
        // Acting for a principal on leave.
        (Role::Principal | Role::DeputyPrincipal, Position::DeputyPrincipal) => Some(Role::DeputyPrincipal),
        (Role::SchoolSeal, Position::Clerk) => Some(Role::SchoolSeal),
        _ => None,
    }
}

/// Whoever of the staff can take the place of an appointment now, by name.
async fn successors(
    tx: &mut Tx,
    school: &SchoolCode,
    staff: &Staff,
    before: &Appointment,
    now: UnixTime,
) -> Result<Vec<Successor>, AppError> {
    let class = before.year.zip(before.class.as_ref());
    let mut found = Vec::new();
    for member in tx.staff_of(school).await? {
        let Some(role) = succeeds(member.position, before.role) else { continue };
        let Some(account) = tx.account(&member.account).await? else { continue };
        let Some(certificate) = account.certificate else { continue };
        if certificate == before.appointee.certificate || staff.may_sign(&certificate, role, class, now) {
            continue;
        }
        let name = printed_name(tx, &account, role).await?;
        found.push(Successor { account: account.id, name, role, certificate });
    }
    found.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    Ok(found)
}

/// Whoever of a school signs by this certificate.
async fn holder(tx: &mut Tx, school: &SchoolCode, certificate: &Sha256Digest) -> Result<Option<Account>, AppError> {
    for member in tx.staff_of(school).await? {
        let account = tx.account(&member.account).await?;
        if let Some(account) = account.filter(|account| account.certificate == Some(*certificate)) {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

/// What an end means for who works where.
async fn follow(
    tx: &mut Tx,
    actor: &Actor,
    before: &Appointment,
    reason: ReasonClass,
    after: Option<&Sha256Digest>,
    now: UnixTime,
) -> Result<(), AppError> {
    let school = &before.school;
    let left = holder(tx, school, &before.appointee.certificate).await?;
    let next = match after {
        Some(certificate) => holder(tx, school, certificate).await?,
        None => None,
    };
    // A teacher whose key is lost goes on with a new one, where nobody takes the place.
    let stays = reason == ReasonClass::KeyCompromised && next.is_none();
    if let (Some(year), Some(name), false) = (before.year, &before.class, stays) {
        if let Some(left) = &left {
            tx.remove_class_grant(&left.id, (school, year, name)).await?;
        }
        let planned = tx.planned_classes(school, year).await?.into_iter().find(|class| class.name == *name);
        match (planned, &next) {
            (Some(class), Some(next)) => {
                give_class(tx, &class, &next.id, now).await?;
                tx.audit(&plain(actor, "assign_homeroom", class.id.to_string(), now)).await?;
            }
            (Some(class), None) => {
                // It may be somebody else's by now, who waits to be appointed.
                if class.homeroom == left.as_ref().map(|left| left.id) {
                    tx.put_planned_class(&PlannedClass { homeroom: None, ..class }, now).await?;
                }
            }
            // A class that was brought with its marks is on no list.
            (None, Some(next)) => {
                let wanted = Grant::of_school(GrantRole::HomeroomTeacher, school.clone(), Some((year, name.clone())));
                if !next.grants.contains(&wanted) {
                    tx.add_grant(&next.id, &wanted).await?;
                }
            }
            (None, None) => {}
        }
    }
    // Else the same certificate would wait to be appointed again at once. Of a teacher with another class it goes on.
    if let (Some(left), true) = (left, reason == ReasonClass::KeyCompromised || before.class.is_none()) {
        tx.withdraw_certificate(&left.id).await?;
        tx.audit(&plain(actor, "withdraw_certificate", left.id.to_string(), now)).await?;
    }
    Ok(())
}
