//! Ends of appointments, by a signed status statement: taken and counted here at once, on the chain soon after; and what
//! they leave behind: work that waits for nobody. What fell is `resigning`'s.

use std::collections::BTreeMap;

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, Text, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::Certificate,
    statement::{Header, Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::{
    Tx,
    model::{AuditEvent, Class, ClassKind, JobKind, LeafKind, RecordState, RecordVersion, StatusKind, StoredStatus},
    retrying,
};

use crate::{
    Actor, App, AppError, NewAppointment, Step,
    appointments::{Given, Held, Staff, action_of, permitted_appointment},
    people::plain,
    policy::{Action, Place, require},
    signing::{CLOCK_AHEAD, scope},
};

/// The subject of the one job that brings statuses onto the chain.
pub const ALL_STATUSES: &str = "all";
/// The reasons for which an appointment is ended.
pub const END_REASONS: [ReasonClass; 3] = [ReasonClass::LeftRole, ReasonClass::Decision, ReasonClass::KeyCompromised];

/// A signed end, with the certificates (leaf first) of who signed it.
#[derive(Debug, Clone, Copy)]
pub struct NewEnd<'a> {
    /// A status statement with action `end`.
    pub statement: &'a Statement,
    /// Of its signer.
    pub chain: &'a [Vec<u8>],
}

/// One whose form, signature and certificate were looked at.
pub(crate) struct Ending<'a> {
    pub(crate) change: StatusChange,
    new: NewEnd<'a>,
    /// As what it was signed.
    role: Role,
    signer: Certificate,
}

/// What a replacement did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Whether the end was new.
    pub ended: bool,
    /// Whether the appointment was new.
    pub appointed: bool,
}

/// An appointment with how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentView {
    /// What was signed.
    pub appointment: Appointment,
    /// How it stands.
    pub standing: Standing,
    /// Whether it is on the chain.
    pub anchored: bool,
}

/// How an appointment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has not begun.
    NotYet,
    /// In force.
    InForce,
    /// It ran out.
    RanOut,
    /// Somebody ended it.
    Ended {
        /// Why.
        reason: Option<ReasonClass>,
        /// When that was taken here.
        at: UnixTime,
        /// For a compromised key: since when it is believed to have been.
        since: Option<UnixTime>,
        /// Block time of the entry in the status log, once it is final.
        published: Option<UnixTime>,
    },
}

/// Someone who does not sign any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The appointment.
    pub appointment: RecordId,
    /// Role.
    pub role: Role,
    /// Name as printed.
    pub name: Text,
    /// How it stands.
    pub standing: Standing,
}

/// Why records do not get on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stuck {
    /// Nobody is appointed to take the next step.
    NobodyToSign,
    /// Someone signed before who is no longer in office: sealed and anchored now, the record would not be valid. It is
    /// returned and signed again.
    SignerGone,
}

/// Records of a class that wait for someone who left.
#[derive(Debug, Clone)]
pub struct Orphaned {
    /// The class.
    pub class: Class,
    /// The next step.
    pub step: Step,
    /// Why it is not taken.
    pub stuck: Stuck,
    /// How many records.
    pub count: usize,
    /// Who left; empty where nobody was ever appointed.
    pub gone: Vec<Gone>,
}

impl Standing {
    pub(crate) fn of(held: &Held, now: UnixTime) -> Self {
        // Of several ends the one that says most: a key that turned out to be compromised after its owner left.
        let end = held.ends.iter().filter(|e| e.since.is_some()).min_by_key(|e| e.since).or(held.ended());
        match end {
            Some(end) => Standing::Ended {
                reason: ReasonClass::from_code(end.reason),
                at: held.ended().map_or(end.taken_at, |first| first.taken_at),
                since: end.since,
                published: end.receipt.as_ref().map(|r| r.time),
            },
            None if now < held.appointment.from => Standing::NotYet,
            None if held.appointment.covers(now) => Standing::InForce,
            None => Standing::RanOut,
        }
    }
}

/// A reason class as the API and the audit log have it.
pub const fn reason_code(reason: ReasonClass) -> &'static str {
    match reason {
        ReasonClass::Correction => "correction",
        ReasonClass::Reassessment => "reassessment",
        ReasonClass::IssuedInError => "issued_in_error",
        ReasonClass::Decision => "decision",
        ReasonClass::LeftRole => "left_role",
        ReasonClass::KeyCompromised => "key_compromised",
    }
}

/// A reason class in words: Vietnamese, English.
pub const fn reason_words(reason: ReasonClass) -> (&'static str, &'static str) {
    match reason {
        ReasonClass::Correction => ("đính chính", "correction"),
        ReasonClass::Reassessment => ("đánh giá lại trong hè", "summer re-assessment"),
        ReasonClass::IssuedInError => ("cấp nhầm", "issued in error"),
        ReasonClass::Decision => ("theo quyết định", "by decision"),
        ReasonClass::LeftRole => ("thôi giữ vai trò", "left the role"),
        ReasonClass::KeyCompromised => ("lộ hoặc mất khoá ký", "key lost or stolen"),
    }
}

impl App {
    /// Ends an appointment, by a signed status statement with the certificates (leaf first) of its signer. From now on
    /// nothing that it would be needed for is taken here; the anchoring service has the contract say so. Ended in the same
    /// way before: nothing happens. Gives whether it was new.
    ///
    /// After an end for another reason, only that the key was compromised is still news; and after that, only that it was
    /// so earlier than was thought (with a higher `live_version`, or the contract would not see a difference).
    ///
    /// # Errors
    /// `Forbidden`; `Status` for a statement that is not an end, or one by somebody who may not end this appointment;
    /// `NotFound`; `Certificate`; `NotAppointed`, `AppointmentEnded` for a signer out of office; `EndedBefore`; `Time`.
    pub async fn end_appointment(
        &self,
        actor: &Actor,
        statement: &Statement,
        chain: &[Vec<u8>],
    ) -> Result<bool, AppError> {
        let ending = self.check_end(actor, &NewEnd { statement, chain })?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("end_appointment").await?;
            let (new, _) = self.write_end(&mut tx, actor, &ending, now).await?;
            tx.commit().await?;
            Ok(new)
        })
        .await
    }

    /// Ends an appointment and gives another one in its place, both or neither: a substitute teacher, a principal on
    /// leave with an acting deputy.
    ///
    /// # Errors
    /// As for [`App::end_appointment`] and [`App::appoint`]; `Appointment` for one that does not take the place.
    pub async fn replace_appointment(
        &self,
        actor: &Actor,
        end: &NewEnd<'_>,
        new: &NewAppointment<'_>,
    ) -> Result<Replaced, AppError> {
        // What the actor may not do at all is told before what is wrong with either.
        permitted_end(actor, end.statement)?;
        permitted_appointment(actor, new.statement)?;
        let ending = self.check_end(actor, end)?;
        let given = self.check_appointment(actor, new)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("replace_appointment").await?;
            let (done, _) = self.write_replacement(&mut tx, actor, &ending, &given, now).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await
    }

    /// Takes a checked end and a checked appointment in its place, in a transaction; also gives what ended.
    pub(crate) async fn write_replacement(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        ending: &Ending<'_>,
        given: &Given<'_>,
        now: UnixTime,
    ) -> Result<(Replaced, Appointment), AppError> {
        let (ended, before) = self.write_end(tx, actor, ending, now).await?;
        if !takes_the_place(&before, &given.appointment) {
            let what = format!("{} does not take the place of {} here", given.appointment.role, before.role);
            return Err(AppError::Appointment(what));
        }
        let appointed = self.write_appointment(tx, actor, given, now).await?;
        Ok((Replaced { ended, appointed }, before))
    }

    /// What can be said of an end without the database.
    pub(crate) fn check_end<'a>(&self, actor: &Actor, new: &NewEnd<'a>) -> Result<Ending<'a>, AppError> {
        let refused = |what: String| AppError::Status(what);
        let (change, header) = permitted_end(actor, new.statement)?;
        if change.action != StatusAction::End || !END_REASONS.contains(&change.reason) {
            return Err(refused("it does not end an appointment for a reason that one ends for".into()));
        }
        if change.since.is_some_and(|since| since > self.edges().now().plus(CLOCK_AHEAD)) {
            return Err(AppError::Time("the moment of compromise"));
        }
        let signer = self.usable_certificate(new.chain)?;
        if header.certificate != *signer.digest() {
            return Err(refused("the certificate is not the one it names".into()));
        }
        new.statement.verify(0, signer.key()).map_err(|e| refused(e.to_string()))?;
        if header.role == Role::Department {
            self.require_department(signer.digest(), &change.school)?;
        }
        Ok(Ending { change, new: *new, role: header.role, signer })
    }

    /// Takes a checked end in a transaction: whether it is new, and what it ends.
    pub(crate) async fn write_end(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        ending: &Ending<'_>,
        now: UnixTime,
    ) -> Result<(bool, Appointment), AppError> {
        let Ending { change, new, role, signer } = ending;
        let school = tx.school(&change.school).await?.ok_or(AppError::UnknownSchool(change.school.clone()))?;
        let staff = Staff::of(tx, &change.school).await?;
        let held = staff.0.iter().find(|h| h.appointment.id == change.subject);
        let held = held.ok_or(AppError::NotFound("appointment"))?;
        if *role != Role::Department {
            if !held.appointment.may_be_given_by(*role) {
                return Err(AppError::Status(format!("{role} does not end the office of a {}", held.appointment.role)));
            }
            staff.require(tx, signer.digest(), *role, None, now).await?;
        }
        if !is_news(&held.ends, change)? {
            return Ok((false, held.appointment.clone()));
        }
        for der in new.chain {
            tx.add_certificate(&Sha256Digest::of(der), der, now).await?;
        }
        let status = StoredStatus {
            id: 0,
            subject: change.subject,
            action: StatusKind::End,
            live_version: change.live_version,
            reason: change.reason.code(),
            since: change.since,
            school: change.school.clone(),
            statement: new.statement.clone(),
            taken_at: now,
            receipt: None,
        };
        tx.add_status(&status).await?;
        tx.add_job(JobKind::DeliverStatuses, ALL_STATUSES, now).await?;
        // What was signed in office counts only if it is anchored before the end is: it need not wait for others now.
        if change.since.is_none() && tx.waiting(&school.issuer, LeafKind::Record).await?.is_some() {
            tx.add_job(JobKind::CloseRecords, school.issuer.as_str(), now).await?;
        }
        let reason = Some(reason_code(change.reason).to_owned());
        let event = plain(actor, "end_appointment", change.subject.to_string(), now);
        tx.audit(&AuditEvent { reason, ..event }).await?;
        Ok((true, held.appointment.clone()))
    }

    /// All appointments of a school with how they stand, in the order they begin.
    ///
    /// # Errors
    /// `Forbidden`, and when the database cannot be read.
    pub async fn list_appointments(
        &self,
        actor: &Actor,
        school: &SchoolCode,
    ) -> Result<Vec<AppointmentView>, AppError> {
        require(actor, Action::ReadStates, Place::School(school))?;
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let mut views = Vec::new();
        for held in Staff::of(&mut tx, school).await?.0 {
            let located = tx.locate(LeafKind::Appointment, &held.appointment.id, 1).await?;
            let anchored = located.is_some_and(|l| l.batch.receipt.is_some());
            let standing = Standing::of(&held, now);
            views.push(AppointmentView { appointment: held.appointment, standing, anchored });
        }
        Ok(views)
    }

    /// Work of a school that waits for someone who left: by class and step, how many records, and who it was.
    ///
    /// # Errors
    /// `Forbidden`, and when the database cannot be read.
    pub async fn orphaned_work(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<Orphaned>, AppError> {
        require(actor, Action::ReadStates, Place::School(school))?;
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let staff = Staff::of(&mut tx, school).await?;
        let mut orphaned = Vec::new();
        for class in tx.classes().await?.into_iter().filter(|c| c.school == *school) {
            let mut groups: BTreeMap<(Step, Stuck), (usize, BTreeMap<RecordId, Gone>)> = BTreeMap::new();
            for version in tx.records_of(&class.id).await? {
                let Some((step, stuck, gone)) = stuck(&staff, &class, &version, now) else { continue };
                let group = groups.entry((step, stuck)).or_default();
                group.0 += 1;
                group.1.extend(gone.into_iter().map(|g| (g.appointment, g)));
            }
            for ((step, stuck), (count, gone)) in groups {
                let gone = gone.into_values().collect();
                orphaned.push(Orphaned { class: class.clone(), step, stuck, count, gone });
            }
        }
        Ok(orphaned)
    }
}

/// What an end says and who signed it, if the actor may bring in one like it.
fn permitted_end(actor: &Actor, statement: &Statement) -> Result<(StatusChange, Header), AppError> {
    let refused = |what: String| AppError::Status(what);
    let change = StatusChange::from_bytes(statement.payload()).map_err(|e| refused(e.to_string()))?;
    let headers = statement.headers(StatementType::Status).map_err(|e| refused(e.to_string()))?;
    let [header] = headers.as_slice() else { return Err(refused("it has one signature".into())) };
    require(actor, action_of(header.role), Place::School(&change.school))?;
    Ok((change, header.clone()))
}

/// Whether an end says something that those before it do not.
fn is_news(before: &[StoredStatus], change: &StatusChange) -> Result<bool, AppError> {
    let refused = || Err(AppError::EndedBefore { appointment: change.subject });
    let Some(last) = before.last() else { return Ok(true) };
    if before.iter().any(|e| e.reason == change.reason.code() && e.since == change.since) {
        return Ok(false);
    }
    let earliest = before.iter().filter_map(|e| e.since).min();
    match (change.since, earliest) {
        // The contract takes a change only where it sees one, and versions never go down.
        (Some(_), None) if change.live_version >= last.live_version => Ok(true),
        (Some(since), Some(known)) if since < known && change.live_version > last.live_version => Ok(true),
        _ => refused(),
    }
}

/// Whether an appointment takes the place of another: the same office, or a deputy acting for a principal.
fn takes_the_place(before: &Appointment, after: &Appointment) -> bool {
    let same = (before.role, &before.class, before.year) == (after.role, &after.class, after.year);
    let acting = before.role == Role::Principal && after.role == Role::DeputyPrincipal;
    before.school == after.school && (same || acting)
}

/// Whether a record gets on; if not, at which step and why.
fn stuck(staff: &Staff, class: &Class, version: &RecordVersion, now: UnixTime) -> Option<(Step, Stuck, Vec<Gone>)> {
    let (step, roles): (Step, &[Role]) = match version.state {
        RecordState::Draft if class.kind == ClassKind::Year => (Step::Sign, &[Role::HomeroomTeacher]),
        RecordState::Draft | RecordState::TeacherSigned => (Step::CoSign, &[Role::Principal, Role::DeputyPrincipal]),
        RecordState::CoSigned => (Step::Seal, &[Role::SchoolSeal]),
        RecordState::Sealed => return None,
    };
    if version.left_out.is_some() {
        return None;
    }
    let gone = |held: &Held| Gone {
        appointment: held.appointment.id,
        role: held.appointment.role,
        name: held.appointment.appointee.name.clone(),
        standing: Standing::of(held, now),
    };
    let headers = version.statement.as_ref().and_then(|s| s.headers(StatementType::Record).ok()).unwrap_or_default();
    let mut signers_gone = Vec::new();
    for header in headers {
        if !staff.may_sign(&header.certificate, header.role, Some(scope(class)), now) {
            signers_gone.extend(staff.held_by(&header.certificate, header.role, Some(scope(class))).map(gone));
        }
    }
    if !signers_gone.is_empty() {
        return Some((step, Stuck::SignerGone, signers_gone));
    }
    let office = |h: &&Held| roles.iter().any(|role| h.reaches(*role, Some(scope(class))));
    if staff.0.iter().filter(office).any(|h| h.in_force(now)) {
        return None;
    }
    Some((step, Stuck::NobodyToSign, staff.0.iter().filter(office).map(gone).collect()))
}
